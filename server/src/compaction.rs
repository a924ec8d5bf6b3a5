//! Dropping bodies that a pack stands in for. An entry's hash and place stay for ever; membership and
//! checkpoints are never touched.
//!
//! A body goes when the pack that covers it stands at or below the newest checkpoint's position, and every
//! active device that has said how far it is has passed it (a device that has not will start from the
//! checkpoint), or the pack is 30 days old.

use holdfast_protocol::ids::{Seq, SpaceId};
use holdfast_protocol::membership::Accounts;

use crate::store::{Stored, Writing};
use crate::working_set::WorkingSet;

/// How long a device that stays away keeps superseded bodies alive, in milliseconds: 30 days.
pub(crate) const PATIENCE_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// Drops what may go in one space.
pub(crate) fn compact(
    w: &mut dyn Writing,
    set: &mut WorkingSet,
    id: &SpaceId,
    now_ms: u64,
) -> Stored<()> {
    let Some(held) = set.get(id) else { return Ok(()) };
    let row = held.row;
    let Some(checkpoint) = row.checkpoint else { return Ok(()) };
    let pending = w.reading().pending(row.no)?;
    let ripe: Vec<_> = pending.into_iter().filter(|p| p.by <= checkpoint.at).collect();
    if ripe.is_empty() {
        return Ok(());
    }
    let passed = passed_by_all(w, set, id)?;
    if let Some(held) = set.get_mut(id)
        && held.snapshot < held.state.head().seq
    {
        // What is replayed after a restart must be there: the snapshot moves above what is dropped.
        w.save_snapshot(row.no, &held.state, row.membership)?;
        held.snapshot = held.state.head().seq;
    }
    for pack in ripe {
        let old = now_ms.saturating_sub(pack.since_ms) >= PATIENCE_MS;
        w.drop_bodies(row.no, pack.by, if old { pack.by } else { passed.min(pack.by) })?;
        w.settle_pending(row.no, pack.by)?;
    }
    Ok(())
}

/// The position that every active device of the space's members with a cursor has passed.
fn passed_by_all(w: &dyn Writing, set: &WorkingSet, id: &SpaceId) -> Stored<Seq> {
    let Some(held) = set.get(id) else { return Ok(0) };
    let members = held.state.member_accounts();
    let mut passed = Seq::MAX;
    for (device, seq) in w.reading().cursors(held.row.no)? {
        let active = members.iter().any(|account| {
            set.account(account)
                .and_then(|space| space.as_account())
                .is_some_and(|state| state.is_active(&device))
        });
        if active {
            passed = passed.min(seq);
        }
    }
    Ok(passed)
}
