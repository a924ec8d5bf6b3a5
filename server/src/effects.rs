//! What an appended entry brings about besides its place in the log: covers, checkpoints, wraps, tokens.

use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::SpaceId;
use holdfast_protocol::membership::Act;
use holdfast_protocol::sync::InviteWrap;

use crate::store::{Pending, Stored, Writing};
use crate::working_set::WorkingSet;
use crate::{checkpoints, compaction, invites};

/// Follows an entry that was just appended; the space's state is the one after it.
pub(crate) fn follow(
    w: &mut dyn Writing,
    set: &mut WorkingSet,
    id: &SpaceId,
    entry: &Entry,
    act: Option<&Act>,
    wraps: &[InviteWrap],
    now_ms: u64,
) -> Stored<()> {
    let Some(held) = set.get_mut(id) else { return Ok(()) };
    let (no, seq) = (held.row.no, held.state.head().seq);
    match entry.header().kind {
        Kind::Change => {}
        Kind::Pack => {
            for range in &entry.header().covers {
                w.cover(no, *range, seq)?;
            }
            w.put_pending(no, Pending { by: seq, since_ms: now_ms })?;
        }
        Kind::Checkpoint => {
            checkpoints::remember(w, held, entry)?;
            compaction::compact(w, set, id, now_ms)?;
        }
        Kind::Membership => {
            let after = held.clone();
            if let Some(act) = act {
                follow_act(w, &after, entry, act, wraps)?;
            }
        }
    }
    Ok(())
}

fn follow_act(
    w: &mut dyn Writing,
    after: &crate::store::Held,
    entry: &Entry,
    act: &Act,
    wraps: &[InviteWrap],
) -> Stored<()> {
    match act {
        Act::AdmitDevice(admit) => {
            if let Some(proof) = &admit.proof {
                invites::hand_out(w, after, entry, &proof.invite)?;
            }
        }
        Act::RevokeDevice(revoke) => w.drop_tokens(&revoke.device)?,
        _ => {}
    }
    match act {
        Act::InviteDevice(_)
        | Act::RevokeInvite(_)
        | Act::RevokeDevice(_)
        | Act::RotateAccount(_) => {
            let rotated = matches!(act, Act::RevokeDevice(_) | Act::RotateAccount(_));
            invites::keep_wraps(w, after, wraps, rotated)
        }
        _ => Ok(()),
    }
}
