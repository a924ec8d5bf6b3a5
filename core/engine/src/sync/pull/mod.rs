//! Pages of a log: verified against the running hash, judged by the rules the relay judges by, applied in
//! short transactions. An entry that does not fit is ignored and still has its place.

mod chunk;

use std::collections::BTreeMap;

use holdfast_protocol::entry::{Entry, Position};
use holdfast_protocol::hash::next_running;
use holdfast_protocol::ids::{AccountId, EntryHash, Seq, SpaceId};
use holdfast_protocol::sync::{Item, SpacePage};

pub(crate) use chunk::{Chunk, has_ended, kept};

use super::apply::pack::{self, Ahead};
use super::site::Site;
use super::start;
use crate::error::Result;
use crate::store::Priority;
use crate::store::sync_tables::spaces;

/// Entries applied in one transaction.
const ENTRIES_AT_ONCE: usize = 16;
/// Bytes of entries applied in one transaction.
const BYTES_AT_ONCE: usize = 96 * 1024;

/// One place of a page.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) seq: Seq,
    pub(crate) hash: EntryHash,
    /// Nothing where only the hash came.
    pub(crate) entry: Option<Entry>,
    pub(crate) size: usize,
    /// When the relay says that it took it, in milliseconds since 1970; of membership entries alone.
    pub(crate) noted_ms: Option<u64>,
}

/// How a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PageEnd {
    /// All of it is applied.
    Whole,
    /// Stopped early on request; the next sync goes on there.
    Interrupted,
    /// An author is not known: the account's log, or the accounts of others, must be read further first.
    AccountFirst,
    /// The relay does not show an account that it cannot be judged without, or shows one otherwise than it
    /// should, which has an alarm of its own.
    AccountMissing(Option<AccountId>),
    /// The account reads more of it than when it was read: it is read once more.
    Again,
    /// Not a space this device takes part in.
    Foreign,
    /// The page is not what a relay sends.
    Garbled(String),
    /// It goes on further up than this device is: the relay took it to be where it was before it was
    /// set back to a copy of itself.
    Ahead,
    /// The relay's log ends before what this device has seen of it.
    Behind,
    /// The relay's log is another than the one this device has seen.
    Diverged,
}

/// What a page brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Brought {
    pub(crate) end: PageEnd,
    /// Entries of others.
    pub(crate) entries: u64,
}

/// What a pull needs to know of the run it is part of.
pub(crate) struct Pulling<'a> {
    /// Whether to stop between two transactions.
    pub(crate) stop: &'a dyn Fn() -> bool,
    /// Whether the account's log and the accounts of others are known to their end, so that an unknown author
    /// is a stranger.
    pub(crate) account_is_whole: bool,
}

/// Reads and checks what came, before anything is written.
pub(crate) fn read_items(page: &SpacePage) -> std::result::Result<Vec<Found>, String> {
    let noted: BTreeMap<Seq, u64> = page.noted.iter().map(|one| (one.seq, one.at_ms)).collect();
    let noted_ms = |seq: &Seq| noted.get(seq).copied();
    page.items
        .iter()
        .map(|item| match item {
            Item::Stub { seq, hash } => {
                Ok(Found { seq: *seq, hash: *hash, entry: None, size: 64, noted_ms: noted_ms(seq) })
            }
            Item::Entry { seq, bytes } => Entry::from_bytes(bytes)
                .map(|entry| Found {
                    seq: *seq,
                    hash: entry.hash(),
                    entry: Some(entry),
                    size: bytes.len(),
                    noted_ms: noted_ms(seq),
                })
                .map_err(|error| format!("entry {seq} does not read: {error}")),
        })
        .collect()
}

/// Takes a page of a space.
pub(crate) fn take_page(
    site: &Site<'_>,
    page: &SpacePage,
    pulling: &Pulling<'_>,
) -> Result<Brought> {
    let row = site.store.read(|conn| spaces::get(conn, page.space))?;
    let ended = |end| Ok(Brought { end, entries: 0 });
    let found = match read_items(page) {
        Ok(found) => found,
        Err(why) => return ended(PageEnd::Garbled(why)),
    };
    let starting = row.as_ref().and_then(|row| row.starting.clone());
    if page.starting_at.is_some() || starting.is_some() {
        return start::take_page(site, page, found, row.as_ref(), pulling);
    }
    let at = row.as_ref().and_then(|row| row.state.as_ref()).map_or(Position::START, |s| s.head());
    take_found(site, page, found, at, pulling)
}

/// Takes what follows a position.
pub(crate) fn take_found(
    site: &Site<'_>,
    page: &SpacePage,
    mut found: Vec<Found>,
    at: Position,
    pulling: &Pulling<'_>,
) -> Result<Brought> {
    let ended = |end| Ok(Brought { end, entries: 0 });
    if page.head.seq < at.seq {
        return ended(PageEnd::Behind);
    }
    // What came twice counts once.
    found.retain(|one| one.seq > at.seq);
    if found.first().is_some_and(|one| one.seq > at.seq + 1) {
        return ended(PageEnd::Ahead);
    }
    let mut end = at;
    for one in &found {
        if one.seq != end.seq + 1 {
            return ended(PageEnd::Garbled(format!("after {} comes {}", end.seq, one.seq)));
        }
        end = Position { seq: one.seq, running: next_running(end.running, one.hash) };
    }
    if end.seq == page.head.seq && end != page.head {
        return ended(if at == Position::START {
            PageEnd::Garbled("the entries do not add up to the log's end".to_owned())
        } else {
            PageEnd::Diverged
        });
    }
    if found.is_empty() && !page.more && page.head.seq > at.seq {
        return ended(PageEnd::Ahead);
    }
    if end.seq > page.head.seq || (!page.more && end.seq != page.head.seq) {
        return ended(PageEnd::Garbled("the page does not reach the log's end".to_owned()));
    }
    let mut brought = Brought { end: PageEnd::Whole, entries: 0 };
    let mut rest = found.as_slice();
    while !rest.is_empty() {
        if (pulling.stop)() {
            brought.end = PageEnd::Interrupted;
            return Ok(brought);
        }
        let (some, others) = rest.split_at(portion(rest));
        let ahead = take_ahead(site, page.space, &some[0], pulling)?;
        if ahead == Ahead::Interrupted {
            brought.end = PageEnd::Interrupted;
            return Ok(brought);
        }
        rest = others;
        let chunk = site.store.write(Priority::Sync, "sync", |tx| {
            let mut chunk = Chunk::open(site, tx, page.space, pulling.account_is_whole)?;
            chunk.ahead = ahead;
            chunk.take_all(some)?;
            chunk.close(page.head.seq)
        })?;
        brought.entries += chunk.others;
        if chunk.end != PageEnd::Whole {
            brought.end = chunk.end;
            return Ok(brought);
        }
    }
    if found.is_empty() {
        site.store.write(Priority::Sync, "sync", |tx| {
            match spaces::get(tx.reader(), page.space)? {
                Some(row) if row.above != page.head.seq => {
                    spaces::set_above(tx, row.no, page.head.seq)
                }
                _ => Ok(()),
            }
        })?;
    }
    Ok(brought)
}

/// Takes the documents of a pack before its place is taken.
pub(crate) fn take_ahead(
    site: &Site<'_>,
    space: SpaceId,
    first: &Found,
    pulling: &Pulling<'_>,
) -> Result<Ahead> {
    match &first.entry {
        Some(entry) if pack::is_pack(entry) => {
            pack::take_ahead(site, space, first.seq, entry, pulling.stop)
        }
        _ => Ok(Ahead::Left),
    }
}

/// How many of the next places go into one transaction. A pack comes first in its own.
pub(crate) fn portion(rest: &[Found]) -> usize {
    let mut bytes = 0;
    let mut first = true;
    let fits = rest.iter().take(ENTRIES_AT_ONCE).take_while(|one| {
        bytes += one.size;
        let starts = std::mem::take(&mut first);
        let packed = one.entry.as_ref().is_some_and(pack::is_pack);
        bytes <= BYTES_AT_ONCE && (starts || !packed)
    });
    fits.count().max(1)
}
