//! Starting from a checkpoint: the retained entries below it, in order and without those between, checked
//! against its root; then the log goes on as usual.

use holdfast_protocol::checkpoint::{Checkpoint, LiveRoot};
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::membership::{Act, Judge, NotAccepted, Refusal, SpaceState};
use holdfast_protocol::sync::SpacePage;

use super::apply::pack::Ahead;
use super::pull::{Brought, Chunk, Found, PageEnd, Pulling, kept, portion, take_ahead, take_found};
use super::site::Site;
use crate::erasure;
use crate::error::Result;
use crate::protocol_words::{self, not_accepted};
use crate::store::Priority;
use crate::store::sync_tables::alarms;
use crate::store::sync_tables::entries::{self, Standing};
use crate::store::sync_tables::spaces::{self, SpaceRow, Starting};

/// Takes a page of a start.
pub(crate) fn take_page(
    site: &Site<'_>,
    page: &SpacePage,
    found: Vec<Found>,
    row: Option<&SpaceRow>,
    pulling: &Pulling<'_>,
) -> Result<Brought> {
    let ended = |end| Ok(Brought { end, entries: 0 });
    let garbled = |why: &str| ended(PageEnd::Garbled(why.to_owned()));
    let known = row.and_then(|row| row.starting.clone());
    let starting = match (known, page.starting_at, &page.checkpoint) {
        (Some(known), at, _) if at.is_none_or(|at| at == known.at) => known,
        (known, Some(at), Some(bytes)) => {
            if known.is_some() {
                // A newer checkpoint took the place of the one it was started from.
                forget(site, row)?;
            }
            Starting { checkpoint: bytes.clone(), at, upto: 0 }
        }
        _ => return garbled("a start from a checkpoint without the checkpoint"),
    };
    let Ok(checkpoint_entry) = Entry::from_bytes(&starting.checkpoint) else {
        return garbled("the checkpoint does not read");
    };
    let header = checkpoint_entry.header();
    let Some(checkpoint) = Some(header)
        .filter(|header| header.kind == Kind::Checkpoint && header.space == page.space)
        .and_then(|_| Checkpoint::from_bytes(checkpoint_entry.body()).ok())
    else {
        return garbled("the checkpoint is none");
    };
    let below = found.partition_point(|one| one.seq <= checkpoint.at.seq);
    let (retained, after) = found.split_at(below);
    // In a chart, what the account may not read comes as its hash; the root counts it all the same.
    let own = page.space == site.account;
    let ascending = retained.windows(2).all(|two| two[0].seq < two[1].seq)
        && retained.iter().all(|one| !own || one.entry.is_some());
    if !ascending {
        return garbled("retained entries are out of order or without their content");
    }
    let mut brought = Brought { end: PageEnd::Whole, entries: 0 };
    let mut rest: Vec<&Found> = retained.iter().filter(|one| one.seq > starting.upto).collect();
    let mut starting = starting;
    while !rest.is_empty() {
        if (pulling.stop)() {
            brought.end = PageEnd::Interrupted;
            return Ok(brought);
        }
        let first = retained.len() - rest.len();
        let some: Vec<&Found> = rest.drain(..portion(&retained[first..])).collect();
        let ahead = take_ahead(site, page.space, some[0], pulling)?;
        if ahead == Ahead::Interrupted {
            brought.end = PageEnd::Interrupted;
            return Ok(brought);
        }
        let end = site.store.write(Priority::Sync, "sync", |tx| {
            let mut chunk = Chunk::open(site, tx, page.space, pulling.account_is_whole)?;
            chunk.ahead = ahead;
            for one in &some {
                take_retained(&mut chunk, one)?;
                if chunk.end != PageEnd::Whole {
                    spaces::forget_foreign(tx, chunk.no)?;
                    return Ok(Err(chunk.end));
                }
                starting.upto = one.seq;
            }
            if chunk.membership_moved {
                chunk.learn()?;
                chunk.take_waiting()?;
            }
            if let Some(state) = &chunk.state {
                spaces::set_state(tx, chunk.no, state)?;
            }
            spaces::set_starting(tx, chunk.no, Some(&starting))?;
            spaces::set_above(tx, chunk.no, page.head.seq)?;
            Ok(Ok(chunk.others))
        })?;
        match end {
            Ok(others) => brought.entries += others,
            Err(end) => {
                brought.end = end;
                return Ok(brought);
            }
        }
    }
    let retained_end = !after.is_empty() || !page.more;
    if !retained_end {
        return Ok(brought);
    }
    let settled = site.store.write(Priority::Sync, "sync", |tx| {
        let mut chunk = Chunk::open(site, tx, page.space, pulling.account_is_whole)?;
        settle(&mut chunk, &checkpoint_entry, &checkpoint)
    })?;
    if !settled {
        return ended(PageEnd::Diverged);
    }
    let after: Vec<Found> = found.into_iter().skip(below).collect();
    let rest = take_found(site, page, after, checkpoint.at, pulling)?;
    Ok(Brought { end: rest.end, entries: brought.entries + rest.entries })
}

/// Takes one retained entry. Who signed it and whether they may is judged; that nothing is missing between is
/// the root's word.
fn take_retained(chunk: &mut Chunk<'_, '_>, one: &Found) -> Result<()> {
    let Some(entry) = &one.entry else {
        let place = entries::Place {
            seq: one.seq,
            hash: one.hash,
            running: None,
            entry: None,
            standing: Standing::Applied,
            noted_ms: None,
        };
        return entries::put(chunk.tx, chunk.no, &place);
    };
    if entry.header().kind == Kind::Membership {
        match &mut chunk.state {
            None => {
                let started = SpaceState::start(entry, &chunk.accounts, Judge::Outline);
                match started {
                    Ok(state)
                        if state.space() == chunk.space
                            && (state.as_chart().is_some()
                                || state.space() == chunk.site.account) =>
                    {
                        chunk.state = Some(state);
                    }
                    Ok(_) => {
                        chunk.end = PageEnd::Foreign;
                        return Ok(());
                    }
                    Err(not) => {
                        chunk.end = chunk.waits_for(entry, &not)?.unwrap_or(PageEnd::Foreign);
                        return Ok(());
                    }
                }
            }
            Some(state) => match state.check(entry, &chunk.accounts, Judge::Outline) {
                Ok(accepted) => {
                    state.apply(entry, &accepted);
                    if let Some(Act::Close) = accepted.act() {
                        erasure::note_closing(chunk.tx, chunk.space, entry)?;
                        chunk.ended = true;
                    }
                }
                Err(NotAccepted::Never(Refusal::UnknownStatement)) => state.freeze(entry),
                Err(not) => {
                    if let Some(end) = chunk.waits_for(entry, &not)? {
                        chunk.end = end;
                        return Ok(());
                    }
                    // It was ignored by everyone when it came.
                    return keep(chunk, one, entry, Standing::Ignored, None);
                }
            },
        }
        chunk.membership_moved = true;
        return keep(chunk, one, entry, Standing::Applied, None);
    }
    let Some(state) = &chunk.state else {
        chunk.end = PageEnd::Garbled("a log cannot start with content".to_owned());
        return Ok(());
    };
    if let Err(not) = state.check_retained(entry.header(), &chunk.accounts) {
        if let Some(end) = chunk.waits_for(entry, &not)? {
            chunk.end = end;
            return Ok(());
        }
        let why = protocol_words::keep(&not_accepted(&not));
        entries::quarantine(chunk.tx, chunk.space, Some(one.seq), one.hash, None, &why)?;
        return keep(chunk, one, entry, Standing::Ignored, None);
    }
    chunk.others += 1;
    let (standing, doc) = chunk.content(one.seq, entry)?;
    if entry.header().author == chunk.site.me() {
        let counter = entry.header().counter;
        spaces::set_prev(chunk.tx, chunk.no, one.hash, counter)?;
    }
    keep(chunk, one, entry, standing, doc.as_deref())
}

fn keep(
    chunk: &Chunk<'_, '_>,
    one: &Found,
    entry: &Entry,
    standing: Standing,
    doc: Option<&str>,
) -> Result<()> {
    let header = entry.header();
    let bytes = kept(entry, chunk.ended);
    let place = entries::Place {
        seq: one.seq,
        hash: one.hash,
        running: None,
        entry: Some(entries::Whole {
            kind: header.kind,
            class: header.class,
            author: header.author,
            doc: doc.filter(|_| bytes.is_some()),
            bytes: bytes.as_deref(),
        }),
        standing,
        noted_ms: one.noted_ms,
    };
    entries::put(chunk.tx, chunk.no, &place)
}

/// All that is retained came: it must be exactly what the checkpoint counts, and the checkpoint by one who may
/// make one.
fn settle(
    chunk: &mut Chunk<'_, '_>,
    checkpoint_entry: &Entry,
    checkpoint: &Checkpoint,
) -> Result<bool> {
    let mut root = LiveRoot::default();
    entries::each(chunk.tx.reader(), chunk.no, |place| {
        root.push(place.seq, place.hash);
        Ok(())
    })?;
    let fits = root.root() == checkpoint.live_root && root.count() == checkpoint.live_count;
    let Some(state) = &mut chunk.state else { return Ok(false) };
    let by_an_owner = state.check_retained(checkpoint_entry.header(), &chunk.accounts).is_ok()
        && state.membership_head() == checkpoint.membership;
    if !fits || !by_an_owner {
        alarms::raise(chunk.tx, "bad_checkpoint", chunk.space, "sync.alarm.bad_checkpoint")?;
        return Ok(false);
    }
    state.start_from(checkpoint);
    spaces::set_state(chunk.tx, chunk.no, state)?;
    spaces::set_starting(chunk.tx, chunk.no, None)?;
    alarms::clear(chunk.tx, "bad_checkpoint", chunk.space)?;
    Ok(true)
}

/// Gives up a start that was under way: it begins again.
fn forget(site: &Site<'_>, row: Option<&SpaceRow>) -> Result<()> {
    let Some(row) = row else { return Ok(()) };
    site.store.write(Priority::Sync, "sync", |tx| spaces::start_again(tx, row.no))
}
