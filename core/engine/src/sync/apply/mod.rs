//! From an entry that fits its space to the documents: opened, its attestation compared, its bytes checked
//! before Automerge sees them, applied one entry at a time. What does not pass is put aside with a reason; the
//! record stays writable.

pub(crate) mod pack;

use std::panic::{AssertUnwindSafe, catch_unwind};

use holdfast_domain::ids::DeviceName;
use holdfast_protocol::content::{DocChanges, DocId};
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{Class, Seq, SpaceId};

use super::site::Site;
use crate::documents::document::{Document, Refused};
use crate::documents::foreign;
use crate::documents::name::DocName;
use crate::documents::prescription;
use crate::error::{Error, Result};
use crate::identity::keys;
use crate::open_documents::document_of;
use crate::projection::{self, Travelled};
use crate::store::sync_tables::spaces::SpaceNo;
use crate::store::sync_tables::tips;
use crate::store::{Tx, docs};

/// What became of an entry's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is in the documents; the one it is about, where it is about one.
    Applied(Option<String>),
    /// The key is not here yet.
    Waiting,
    /// It follows a change that is not here: one that waits for its key, or one that was put aside.
    Early {
        /// The document.
        doc: String,
        /// Why, as a fragment of a sentence.
        reason: String,
    },
    /// It is put aside.
    Refused {
        /// The document, as far as it is known.
        doc: Option<String>,
        /// Why, as a fragment of a sentence.
        reason: String,
    },
}

impl Taken {
    fn refused(doc: Option<&str>, reason: impl ToString) -> Self {
        Self::Refused { doc: doc.map(str::to_owned), reason: reason.to_string() }
    }
}

/// The class of a document.
pub(crate) const fn class_of(name: &DocName) -> Class {
    match name {
        DocName::Plan => Class::Plan,
        DocName::Account => Class::Account,
        DocName::SessionStrand { .. } | DocName::DayStrand { .. } => Class::Log,
        DocName::NotesStrand { .. } => Class::Notes,
        DocName::PrescriptionStrand { .. } => Class::Prescription,
        DocName::Profile => Class::Profile,
    }
}

/// What holds inside a document beyond its shape.
///
/// # Errors
/// Why it is to be put aside, as a fragment of a sentence.
fn check_inside(name: &DocName, document: &Document) -> std::result::Result<(), String> {
    match name {
        DocName::PrescriptionStrand { device } => {
            prescription::check(document, device).map_err(|refused| refused.to_string())
        }
        _ => Ok(()),
    }
}

/// Takes the content of a change or a pack. Neither an error inside nor a panic leaves half of it.
pub(crate) fn take(
    site: &Site<'_>,
    tx: &Tx<'_>,
    at: (SpaceId, SpaceNo),
    seq: Seq,
    entry: &Entry,
) -> Result<Taken> {
    let (space, _) = at;
    let header = entry.header();
    let key = keys::content(tx.reader(), site.seal, space, header.class, header.epoch)?;
    let Some(key) = key else { return Ok(Taken::Waiting) };
    alone(tx, || match entry.open(&key) {
        Err(error) => Ok(Taken::refused(None, error)),
        Ok(content) if header.kind == Kind::Pack => pack::take(site, tx, at, seq, entry, &content),
        Ok(content) => take_change(site, tx, space, seq, entry, &content),
    })
}

/// Runs what applies something of someone else: neither an error inside nor a panic leaves half of it.
fn alone(tx: &Tx<'_>, work: impl FnOnce() -> Result<Taken>) -> Result<Taken> {
    tx.execute("SAVEPOINT entry", [])?;
    let taken = catch_unwind(AssertUnwindSafe(work));
    let taken = match taken {
        Ok(Ok(taken @ Taken::Applied(_))) => taken,
        Ok(Ok(other)) => {
            tx.execute("ROLLBACK TO entry", [])?;
            other
        }
        Ok(Err(
            error @ (Error::UnknownAuthor { .. } | Error::Document { .. } | Error::Write(_)),
        )) => {
            tx.execute("ROLLBACK TO entry", [])?;
            Taken::refused(None, error)
        }
        // The store itself failed: that is nobody's entry's fault.
        Ok(Err(error)) => return Err(error),
        Err(_) => {
            tx.execute("ROLLBACK TO entry", [])?;
            Taken::refused(None, "reading it ended in a panic")
        }
    };
    tx.execute("RELEASE entry", [])?;
    Ok(taken)
}

fn author_name(entry: &Entry) -> Option<DeviceName> {
    DeviceName::new(entry.header().author.to_hex()).ok()
}

/// A document as it is held here; a new one where there is none.
fn held(
    site: &Site<'_>,
    tx: &Tx<'_>,
    space: SpaceId,
    id: &DocId,
    name: &DocName,
) -> Result<Document> {
    match docs::load(tx.reader(), space, id)? {
        Some(stored) => document_of(id, &stored, site.actor),
        None => Ok(Document::new(site.actor, name.shape())),
    }
}

fn take_change(
    site: &Site<'_>,
    tx: &Tx<'_>,
    space: SpaceId,
    seq: Seq,
    entry: &Entry,
    content: &[u8],
) -> Result<Taken> {
    let header = entry.header();
    let change = match DocChanges::from_bytes(content) {
        Ok(change) => change,
        Err(error) => return Ok(Taken::refused(None, error)),
    };
    let id = &change.doc;
    let refused = |reason: &dyn ToString| Ok(Taken::refused(Some(id.as_str()), reason.to_string()));
    let Ok(name) = id.as_str().parse::<DocName>() else {
        return refused(&"its name is not that of a document");
    };
    if class_of(&name) != header.class {
        return refused(&"the document belongs to another class");
    }
    if !author_name(entry).is_some_and(|author| name.may_write(&author)) {
        return refused(&"its author may not write this document");
    }
    if !change.attestation.is_valid(header.author, space, id) {
        return refused(&"its author's attestation is not valid");
    }
    let mut document = held(site, tx, space, id, &name)?;
    let actor = change.attestation.actor(header.author);
    let checked =
        match foreign::check_changes(&change.changes, actor, document.max_op(), name.shape()) {
            Ok(checked) => checked,
            Err(error) => return refused(&error),
        };
    let attested = checked.last().is_some_and(|last| {
        last.seq == change.attestation.seq && last.hash.0 == change.attestation.change
    });
    if !attested {
        return refused(&"its author's attestation is for another change");
    }
    let new = match document.apply(&checked) {
        Ok(new) => new,
        Err(error @ (Refused::MissingDep(_) | Refused::SeqGap { .. })) => {
            return Ok(Taken::Early { doc: id.to_string(), reason: error.to_string() });
        }
        Err(error) => return refused(&error),
    };
    if let Err(reason) = check_inside(&name, &document) {
        return refused(&reason);
    }
    if new > 0 {
        docs::append_foreign(tx, space, header.class, id, &change.changes)?;
        projection::refresh(tx, space, id, document, Travelled::Entry(seq))?;
    }
    tips::put(tx, space, id.as_str(), header.author, &change.attestation)?;
    Ok(Taken::Applied(Some(id.as_str().to_owned())))
}
