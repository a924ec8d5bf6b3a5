//! Packs: finished documents of an owner, saved together in place of the entries that carried their changes.
//! Which documents, is told from the log alone; packing twice at once on two devices costs one of them a
//! refusal and nothing else.

use holdfast_protocol::content::DocId;
use holdfast_protocol::entry::{Entry, Kind, MAX_PACK_BODY_BYTES, SeqRange};
use holdfast_protocol::ids::{Class, DeviceId, Seq};
use holdfast_protocol::keys::DeviceKind;
use holdfast_protocol::membership::{SpaceKind, SpaceState};

use super::seal::{current_key, place};
use super::site::Site;
use crate::documents::name::DocName;
use crate::documents::pack::Packing;
use crate::error::Result;
use crate::identity::statements::header;
use crate::open_documents::document_of;
use crate::store::docs::DocRow;
use crate::store::sync_tables::entries::{self, Unpacked};
use crate::store::sync_tables::spaces::{self, SpaceRow};
use crate::store::sync_tables::{sealed, tips};
use crate::store::{Priority, docs, outbox};

/// The fewest finished documents worth a pack.
const MIN_DOCS: usize = 32;
/// The most documents in a pack.
const MAX_DOCS: usize = 64;
/// Documents that moved last are not finished: people go on in them.
const STILL_OPEN: usize = 8;
/// A document whose changes fill so many entries is packed alone.
const LONG: u64 = 64;
/// How far the log has gone on before another device packs what its author has not.
const LEFT: Seq = 1024;
/// How much longer each next device waits before it packs a document that several write.
const STAGGER: u64 = 32;
/// Bytes of documents in a pack, before compression.
const RAW_BYTES: usize = 3 * 1024 * 1024;
/// zstd's level for packs: made once, fetched by every new device.
const LEVEL: i32 = 19;

/// Makes the next packs that are worth it and puts them among what is to be sent. Gives whether there was one.
pub(crate) fn plan(site: &Site<'_>, stop: &dyn Fn() -> bool) -> Result<bool> {
    let known = site.store.read(spaces::all)?;
    let mut any = false;
    for row in &known {
        if stop() {
            break;
        }
        if let Some(state) = ready(site, row)? {
            any |= pack_in(site, row, state)?;
        }
    }
    Ok(any)
}

/// The state, where this device owns the space, has read all of it, and waits for nothing of its own.
pub(crate) fn ready<'a>(site: &Site<'_>, row: &'a SpaceRow) -> Result<Option<&'a SpaceState>> {
    let Some(state) = row.settled() else { return Ok(None) };
    let owner = match state.kind() {
        SpaceKind::Account(_) => true,
        SpaceKind::Chart(chart) => chart.is_owner(&site.account),
    };
    let whole = row.above == state.head().seq && !state.is_frozen();
    if !owner || !whole || site.store.read(|conn| sealed::any_in(conn, row.id))? {
        return Ok(None);
    }
    Ok(Some(state))
}

fn pack_in(site: &Site<'_>, row: &SpaceRow, state: &SpaceState) -> Result<bool> {
    let (docs, rank) = site.store.read(|conn| {
        let account = spaces::known_state(conn, site.account)?;
        Ok((entries::unpacked(conn, row.no)?, rank(site.me(), account.as_ref())))
    })?;
    let open = docs.len().saturating_sub(STILL_OPEN);
    let head = state.head().seq;
    let mut strands = Vec::new();
    let mut any = false;
    for (place, doc) in docs.iter().enumerate() {
        let Ok(name) = doc.doc.parse::<DocName>() else { continue };
        match name.only_author() {
            // Several devices write here: one packs it when it has grown long.
            None if doc.entries >= LONG + rank * STAGGER => {
                any |= make(site, row, state, doc.class, &[doc])?;
            }
            None => {}
            Some(author) => {
                let mine = author.as_str() == site.me().to_hex();
                if !mine && head - doc.last < LEFT + LEFT * rank {
                    continue;
                }
                if doc.entries >= LONG {
                    any |= make(site, row, state, doc.class, &[doc])?;
                } else if place < open && doc.class == Class::Log {
                    strands.push(doc);
                }
            }
        }
    }
    for some in strands.chunks(MAX_DOCS).filter(|some| some.len() >= MIN_DOCS) {
        any |= make(site, row, state, Class::Log, some)?;
    }
    Ok(any)
}

/// The place of this device among the account's machines, so that not all of them pack the same at once.
fn rank(me: DeviceId, account: Option<&SpaceState>) -> u64 {
    let Some(account) = account.and_then(SpaceState::as_account) else { return 0 };
    let before = account
        .active()
        .filter(|device| device.kind == DeviceKind::Machine && device.device < me)
        .count();
    before as u64
}

fn make(
    site: &Site<'_>,
    row: &SpaceRow,
    state: &SpaceState,
    class: Class,
    some: &[&Unpacked],
) -> Result<bool> {
    let mut packing = Packing::new();
    let mut covers: Vec<Seq> = Vec::new();
    let mut saved: Vec<(DocId, DocRow, Vec<u8>)> = Vec::new();
    for doc in some {
        let Some(id) = DocId::new(doc.doc.clone()) else { continue };
        let Ok(name) = doc.doc.parse::<DocName>() else { continue };
        let read = site.store.read(|conn| {
            if outbox::has_changes_of(conn, row.id, &id)? {
                return Ok(None);
            }
            let stored = docs::load(conn, row.id, &id)?;
            let tips = tips::of(conn, row.id, &doc.doc)?;
            let at = entries::of_doc(conn, row.no, &doc.doc)?;
            Ok(stored.map(|stored| (stored, tips, at)))
        })?;
        let Some((stored, tips, at)) = read else { continue };
        let document = document_of(&id, &stored, site.actor)?;
        if packing.add(&name, &document, &tips).is_ok() {
            covers.extend(at);
            saved.push((id, stored.row, document.save_nocompress()));
        }
        if packing.bytes() > RAW_BYTES {
            break;
        }
    }
    if covers.is_empty() {
        return Ok(false);
    }
    covers.sort_unstable();
    covers.dedup();
    let content = packing.finish().to_bytes();
    let (at, epoch, key) = site.store.write(Priority::Sync, "sync", |tx| {
        let (epoch, key) = current_key(site, tx, state, class)?;
        Ok((place(site, tx, row, state)?, epoch, key))
    })?;
    let mut head = header(row.id, class, Kind::Pack, epoch, at);
    head.covers = SeqRange::from_sorted(covers);
    let entry = site.with_entropy(|e| Entry::seal(head, &key, &content, LEVEL, site.keys, e));
    if entry.body().len() > MAX_PACK_BODY_BYTES {
        return Ok(false);
    }
    site.store
        .write(Priority::Sync, "sync", |tx| sealed::put(tx, &entry, None, &[]).map(|_| ()))?;
    for some in saved.chunks(8) {
        site.store.write(Priority::Sync, "sync", |tx| {
            for (id, row_then, bytes) in some {
                // Folded here as well, where nothing was written to it since.
                if docs::row(tx.reader(), row.id, id)? == Some(*row_then) {
                    docs::compact(tx, row.id, id, bytes)?;
                }
            }
            Ok(())
        })?;
    }
    Ok(true)
}
