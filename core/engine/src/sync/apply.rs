//! From an entry that fits its space to the documents: opened, its attestation compared, its bytes checked
//! before Automerge sees them, applied one entry at a time. What does not pass is put aside with a reason; the
//! record stays writable.

use std::panic::{AssertUnwindSafe, catch_unwind};

use holdfast_domain::ids::DeviceName;
use holdfast_protocol::content::{AttestedTip, DocChanges, DocId, Pack, PackedDoc};
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{Class, Seq, SpaceId};

use super::site::Site;
use crate::documents::document::{Document, Refused};
use crate::documents::foreign;
use crate::documents::name::DocName;
use crate::documents::pack::{self, Comparison};
use crate::error::{Error, Result};
use crate::identity::keys;
use crate::open_documents::document_of;
use crate::projection::{self, Travelled};
use crate::store::sync_tables::spaces::SpaceNo;
use crate::store::sync_tables::{entries, tips};
use crate::store::{Tx, docs, outbox};

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
    tx.execute("SAVEPOINT entry", [])?;
    let taken = catch_unwind(AssertUnwindSafe(|| match entry.open(&key) {
        Err(error) => Ok(Taken::refused(None, error)),
        Ok(content) if header.kind == Kind::Pack => take_pack(site, tx, at, seq, entry, &content),
        Ok(content) => take_change(site, tx, space, seq, entry, &content),
    }));
    let taken = match taken {
        Ok(Ok(taken @ Taken::Applied(_))) => taken,
        Ok(Ok(other)) => {
            tx.execute("ROLLBACK TO entry", [])?;
            other
        }
        // What cannot be known without the membership, or what is damaged here, is not the entry's fault
        // only when the store itself failed.
        Ok(Err(
            error @ (Error::UnknownAuthor { .. } | Error::Document { .. } | Error::Write(_)),
        )) => {
            tx.execute("ROLLBACK TO entry", [])?;
            Taken::refused(None, error)
        }
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
        Err(error @ Refused::MissingDep(_)) => {
            return Ok(Taken::Early { doc: id.to_string(), reason: error.to_string() });
        }
        Err(error) => return refused(&error),
    };
    if new > 0 {
        docs::append_foreign(tx, space, header.class, id, &change.changes)?;
        projection::refresh(tx, space, id, document, Travelled::Entry(seq))?;
    }
    tips::put(tx, space, id.as_str(), header.author, &change.attestation)?;
    Ok(Taken::Applied(Some(id.as_str().to_owned())))
}

/// Takes the documents of a pack that stand the checks. It stands in for what it covers only when all do.
fn take_pack(
    site: &Site<'_>,
    tx: &Tx<'_>,
    at: (SpaceId, SpaceNo),
    seq: Seq,
    entry: &Entry,
    content: &[u8],
) -> Result<Taken> {
    let packed = match Pack::from_bytes(content) {
        Ok(packed) => packed,
        Err(error) => return Ok(Taken::refused(None, error)),
    };
    for doc in &packed.docs {
        if let Err(reason) = take_packed(site, tx, at, seq, entry, doc)? {
            return Ok(Taken::refused(Some(doc.doc.as_str()), reason));
        }
    }
    Ok(Taken::Applied(None))
}

fn take_packed(
    site: &Site<'_>,
    tx: &Tx<'_>,
    (space, no): (SpaceId, SpaceNo),
    seq: Seq,
    entry: &Entry,
    packed: &PackedDoc,
) -> Result<std::result::Result<(), String>> {
    let header = entry.header();
    let verified = match pack::verify(space, packed, site.actor) {
        Ok(verified) => verified,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if class_of(&verified.name) != header.class {
        return Ok(Err("the document belongs to another class".to_owned()));
    }
    for author in &verified.authors {
        let known = header.class == Class::Account
            || projection::author(tx.reader(), space, &author.to_hex())?.is_some();
        if !known {
            return Ok(Err(format!("{author} never was a member's device")));
        }
    }
    let id = &packed.doc;
    let stored = docs::load(tx.reader(), space, id)?;
    let Some(stored) = stored else {
        keep_whole(tx, space, seq, header.class, id, &packed.saved, verified.document)?;
        return keep_tips(tx, space, id, &verified.tips).map(Ok);
    };
    let ours = document_of(id, &stored, site.actor)?;
    match pack::compare(&verified.document, &ours) {
        Comparison::Same => {
            if !stored.changes.is_empty() {
                docs::compact(tx, space, id, &packed.saved)?;
            }
        }
        Comparison::Differs { only_packed, only_held } if only_held.is_empty() => {
            debug_assert!(!only_packed.is_empty());
            keep_whole(tx, space, seq, header.class, id, &packed.saved, verified.document)?;
        }
        Comparison::Differs { only_packed, .. } => {
            // What is held here and not in the pack must stand in entries that the pack leaves alone, or wait
            // to be sent; else the pack hides it.
            let elsewhere = entries::of_doc(tx.reader(), no, id.as_str())?
                .into_iter()
                .any(|at| !header.covers.iter().any(|r| (r.first..=r.last).contains(&at)));
            let waits = outbox::has_changes_of(tx.reader(), space, id)?;
            if !elsewhere && !waits {
                return Ok(Err("it leaves out changes that it claims to stand in for".to_owned()));
            }
            if !only_packed.is_empty() {
                let more = verified.document.raw_not_in(&ours);
                let mut merged = ours;
                if let Err(error) = merged.replay_more(more.iter().map(Vec::as_slice)) {
                    return Ok(Err(error.to_string()));
                }
                let bytes: Vec<u8> = more.concat();
                docs::append_foreign(tx, space, header.class, id, &bytes)?;
                projection::refresh(tx, space, id, merged, Travelled::Entry(seq))?;
            }
        }
    }
    keep_tips(tx, space, id, &verified.tips).map(Ok)
}

fn keep_whole(
    tx: &Tx<'_>,
    space: SpaceId,
    seq: Seq,
    class: Class,
    id: &DocId,
    saved: &[u8],
    document: Document,
) -> Result<()> {
    docs::replace(tx, space, class, id, saved)?;
    projection::refresh(tx, space, id, document, Travelled::Entry(seq)).map(|_| ())
}

fn keep_tips(tx: &Tx<'_>, space: SpaceId, id: &DocId, all: &[AttestedTip]) -> Result<()> {
    for tip in all {
        tips::put(tx, space, id.as_str(), tip.author, &tip.attestation)?;
    }
    Ok(())
}
