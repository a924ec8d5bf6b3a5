//! The documents of a pack: each verified against its authors' own attestations and compared with what is held
//! here. A pack is large, so its documents are taken ahead of its place in the log, a few a transaction.

use holdfast_protocol::content::{AttestedTip, DocId, Pack, PackedDoc};
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{Class, EntryHash, Seq, SpaceId};
use holdfast_protocol::membership::Judge;

use super::{Taken, alone, check_inside, class_of};
use crate::documents;
use crate::documents::document::Document;
use crate::documents::pack::Comparison;
use crate::error::Result;
use crate::identity::keys;
use crate::open_documents::document_of;
use crate::projection::{self, Travelled};
use crate::store::sync_tables::spaces::{self, SpaceNo};
use crate::store::sync_tables::{entries, sealed, tips};
use crate::store::{Priority, Tx, docs, outbox};
use crate::sync::accounts::Known;
use crate::sync::pull::has_ended;
use crate::sync::site::Site;

/// Documents taken in one transaction: some milliseconds of work.
const DOCS_AT_ONCE: usize = 4;

/// What became of a pack ahead of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// All of its documents are taken.
    Taken(EntryHash),
    /// Its place will tell: it does not fit, does not open, or is this device's own.
    Left,
    /// Stopped on request.
    Interrupted,
}

/// Takes the documents of the pack that comes next in a log.
pub(crate) fn take_ahead(
    site: &Site<'_>,
    space: SpaceId,
    seq: Seq,
    entry: &Entry,
    stop: &dyn Fn() -> bool,
) -> Result<Ahead> {
    let header = entry.header();
    let Some((no, key)) = site.store.read(|conn| {
        let Some(row) = spaces::get(conn, space)? else { return Ok(None) };
        let known = Known::load(conn, site.account)?;
        let fits = match (&row.starting, &row.state) {
            (Some(_), Some(state)) => state.check_retained(header, &known).is_ok(),
            (None, Some(state)) => {
                state.head().seq + 1 == seq && state.check(entry, &known, Judge::Member).is_ok()
            }
            (_, None) => false,
        };
        if !fits || has_ended(conn, space)? || sealed::by_hash(conn, entry.hash())?.is_some() {
            return Ok(None);
        }
        let key = keys::content(conn, site.seal, space, header.class, header.epoch)?;
        Ok(key.map(|key| (row.no, key)))
    })?
    else {
        return Ok(Ahead::Left);
    };
    let Some(packed) = entry.open(&key).ok().and_then(|content| Pack::from_bytes(&content).ok())
    else {
        return Ok(Ahead::Left);
    };
    for some in packed.docs.chunks(DOCS_AT_ONCE) {
        if stop() {
            return Ok(Ahead::Interrupted);
        }
        let all = site.store.write(Priority::Sync, "sync", |tx| {
            for doc in some {
                let taken = alone(tx, || {
                    Ok(match take_one(site, tx, (space, no), seq, entry, doc)? {
                        Ok(()) => Taken::Applied(None),
                        Err(reason) => Taken::refused(Some(doc.doc.as_str()), reason),
                    })
                })?;
                if taken != Taken::Applied(None) {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        if !all {
            return Ok(Ahead::Left);
        }
    }
    Ok(Ahead::Taken(entry.hash()))
}

/// The pack at the front, where it is one.
pub(crate) fn is_pack(entry: &Entry) -> bool {
    entry.header().kind == Kind::Pack
}

/// Takes the documents of a pack that stand the checks. It stands in for what it covers only when all do.
pub(super) fn take(
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
        if let Err(reason) = take_one(site, tx, at, seq, entry, doc)? {
            return Ok(Taken::refused(Some(doc.doc.as_str()), reason));
        }
    }
    Ok(Taken::Applied(None))
}

fn take_one(
    site: &Site<'_>,
    tx: &Tx<'_>,
    (space, no): (SpaceId, SpaceNo),
    seq: Seq,
    entry: &Entry,
    packed: &PackedDoc,
) -> Result<std::result::Result<(), String>> {
    let header = entry.header();
    let verified = match documents::pack::verify(space, packed, site.actor) {
        Ok(verified) => verified,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if class_of(&verified.name) != header.class {
        return Ok(Err("the document belongs to another class".to_owned()));
    }
    if let Err(reason) = check_inside(&verified.name, &verified.document) {
        return Ok(Err(reason));
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
    match documents::pack::compare(&verified.document, &ours) {
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
