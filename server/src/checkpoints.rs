//! Checkpoints: the relay works out what the log says at a position, and takes only exactly that.
//!
//! What a checkpoint may say is a function of the log up to its position alone (see
//! [`holdfast_protocol::checkpoint::is_retained`]), so it can be worked out before the space is locked and
//! stays true. Tips are worked out from the last checkpoint on, so bodies above it are never dropped.

use holdfast_protocol::checkpoint::{Checkpoint, LiveRoot, is_retained};
use holdfast_protocol::entry::{Entry, Kind, Position};
use holdfast_protocol::ids::{EntryHash, Seq, SpaceId};
use holdfast_protocol::membership::{Refusal, SpaceState};
use holdfast_protocol::sync::Outcome;

use crate::append::Stop;
use crate::pushed::Pushed;
use crate::store::{Checkpointed, Held, Reading, SpaceRow, StoreError, Stored, Writing};
use crate::working_set::WorkingSet;

/// The one checkpoint that the log allows at a position; `None` where it allows none: at or below the last one,
/// or above the head.
fn describe(
    r: &dyn Reading,
    row: &SpaceRow,
    state: &SpaceState,
    at: Seq,
) -> Stored<Option<Checkpoint>> {
    let base = match row.checkpoint {
        Some(last) => {
            let bytes =
                r.entry(row.no, last.seq)?.ok_or_else(|| damaged("a checkpoint is missing"))?;
            let entry = Entry::from_trusted_bytes(&bytes).map_err(|e| damaged(&e.to_string()))?;
            Checkpoint::from_bytes(entry.body()).map_err(|e| damaged(&e.to_string()))?
        }
        None => Checkpoint {
            at: Position::START,
            membership: EntryHash::ZERO,
            live_root: [0; 32],
            live_count: 0,
            tips: Vec::new(),
        },
    };
    if at <= base.at.seq {
        return Ok(None);
    }
    // Only head and tips of this state are used; its membership is of no interest here.
    let mut scratch = state.clone();
    scratch.start_from(&base);
    let mut membership = base.membership;
    r.log(row.no, base.at.seq, at, &mut |found| {
        let bytes =
            found.bytes.ok_or_else(|| damaged("a body above the last checkpoint is missing"))?;
        let entry = Entry::from_trusted_bytes(bytes).map_err(|e| damaged(&e.to_string()))?;
        if entry.header().kind == Kind::Membership {
            membership = entry.hash();
        }
        scratch.replay(&entry).map_err(|e| damaged(&e.to_string()))?;
        Ok(true)
    })?;
    if scratch.head().seq != at {
        return Ok(None);
    }
    let mut live = LiveRoot::default();
    r.outline(row.no, 0, at, &mut |found| {
        if is_retained(found.kind, found.covered_by, at) {
            live.push(found.seq, found.hash);
        }
        Ok(true)
    })?;
    Ok(Some(Checkpoint {
        at: scratch.head(),
        membership,
        live_root: live.root(),
        live_count: live.count(),
        tips: scratch.checkpoint_tips(),
    }))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}

/// Whether a pushed entry is a checkpoint.
pub(crate) fn is_one(pushed: &Pushed) -> bool {
    pushed.entry.as_ref().is_ok_and(|entry| entry.header().kind == Kind::Checkpoint)
}

/// Works out, before anything is locked, what the pushed checkpoints may say.
pub(crate) fn prepare(
    r: &dyn Reading,
    pushed: &[Pushed],
    is_own: impl Fn(&SpaceRow) -> Stored<bool>,
) -> Stored<Vec<(SpaceId, Checkpoint)>> {
    let mut found = Vec::new();
    for entry in pushed.iter().filter(|p| is_one(p)).filter_map(|p| p.entry.as_ref().ok()) {
        let Ok(claimed) = Checkpoint::from_bytes(entry.body()) else { continue };
        let id = entry.space();
        let Some(row) = r.space(&id)? else { continue };
        if claimed.at.seq > r.head(row.no)?.seq || !is_own(&row)? {
            continue;
        }
        let state = r.snapshot(row.no)?;
        // One a request is enough: a second one would have to say more than the first.
        if let Some(checkpoint) = describe(r, &row, &state, claimed.at.seq)? {
            found.push((id, checkpoint));
            break;
        }
    }
    Ok(found)
}

/// Whether a checkpoint says what the log says.
pub(crate) fn check(
    w: &dyn Writing,
    set: &mut WorkingSet,
    id: &SpaceId,
    entry: &Entry,
) -> Result<(), Stop> {
    let claimed = Checkpoint::from_bytes(entry.body()).map_err(|_| Refusal::BadCheckpoint)?;
    let row = set.get(id).ok_or(Refusal::UnknownSpace)?.row;
    if row.checkpoint.is_some_and(|last| claimed.at.seq <= last.at) {
        return Err(Refusal::BadCheckpoint.into());
    }
    let ready = set.described.iter().any(|(space, c)| space == id && *c == claimed);
    if ready {
        return Ok(());
    }
    if !set.may_scan(claimed.at.seq) {
        return Err(Stop::Not(Outcome::RetryAfter { ms: 1000 }));
    }
    let state = &set.get(id).ok_or(Refusal::UnknownSpace)?.state;
    match describe(w.reading(), &row, state, claimed.at.seq)? {
        Some(checkpoint) if checkpoint == claimed => Ok(()),
        _ => Err(Refusal::BadCheckpoint.into()),
    }
}

/// Remembers a checkpoint that was appended.
pub(crate) fn remember(w: &mut dyn Writing, held: &mut Held, entry: &Entry) -> Stored<()> {
    let claimed = Checkpoint::from_bytes(entry.body()).map_err(|e| damaged(&e.to_string()))?;
    let checkpoint = Checkpointed { seq: held.state.head().seq, at: claimed.at.seq };
    w.set_checkpoint(held.row.no, checkpoint)?;
    held.row.checkpoint = Some(checkpoint);
    Ok(())
}
