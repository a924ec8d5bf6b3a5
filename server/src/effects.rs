//! What an appended entry brings about besides its place in the log: covers, checkpoints, wraps, tokens.

use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::SpaceId;
use holdfast_protocol::membership::{Act, AdmitDevice};
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
                set.note_act(*id, act);
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
        Act::AdmitDevice(AdmitDevice { proof: Some(proof), .. }) => {
            invites::hand_out(w, after, entry, &proof.invite)?;
        }
        Act::AdmitMember(admit) => invites::hand_out(w, after, entry, &admit.proof.invite)?,
        // Whoever says this has the keys: nothing needs to be handed out again.
        Act::KeepKeys(_) => w.drop_join_answer(&entry.header().author, after.row.no)?,
        Act::RevokeDevice(revoke) => w.drop_tokens(&revoke.device)?,
        Act::Close => w.drop_content(after.row.no)?,
        _ => {}
    }
    invites::keep_wraps(w, after, act, wraps)
}
