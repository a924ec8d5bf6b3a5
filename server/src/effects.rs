//! What an appended entry brings about besides its place in the log: covers, checkpoints, wraps, tokens.

use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{AccountId, SpaceId};
use holdfast_protocol::membership::{Act, AdmitDevice, Leave, RemoveMember};
use holdfast_protocol::sync::InviteWrap;

use crate::store::{Held, Pending, Stored, Writing};
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
                follow_act(w, set, &after, entry, act, wraps)?;
                set.note_act(*id, act);
            }
        }
    }
    Ok(())
}

/// Whoever goes before it kept its keys has nothing more to ask for.
fn forget_answers(
    w: &mut dyn Writing,
    set: &WorkingSet,
    after: &Held,
    gone: &AccountId,
) -> Stored<()> {
    let gone = set.get(gone).and_then(|held| held.state.as_account());
    for device in gone.into_iter().flat_map(|account| account.devices.keys()) {
        w.drop_join_answer(device, after.row.no)?;
    }
    Ok(())
}

fn follow_act(
    w: &mut dyn Writing,
    set: &WorkingSet,
    after: &Held,
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
        Act::RemoveMember(RemoveMember { account, .. }) | Act::Leave(Leave { account, .. }) => {
            forget_answers(w, set, after, account)?;
        }
        Act::Close => w.drop_content(after.row.no)?,
        _ => {}
    }
    invites::keep_wraps(w, after, act, wraps)
}
