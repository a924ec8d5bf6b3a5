//! How much of a space anyone may fill: every member a share, the owner the rest, and a reserve that only the
//! owner and the membership can use, so that a full chart can still be put in order. A member whose share is full
//! can still keep its keys, cut off a lost phone, and go: how often it may say such a thing is bounded by itself.

use holdfast_protocol::entry::Kind;
use holdfast_protocol::ids::SpaceId;
use holdfast_protocol::membership::{Act, ChartState, Refusal, SpaceKind};

use crate::append::Stop;
use crate::config::Limits;
use crate::pushed::Pushed;
use crate::store::{MAX_SEQ, SpaceNo, Writing};
use crate::working_set::WorkingSet;

/// Whether one more entry of `of` fits.
pub(crate) fn check(
    w: &dyn Writing,
    set: &mut WorkingSet,
    id: &SpaceId,
    of: SpaceNo,
    pushed: &Pushed,
    act: Option<&Act>,
    limits: &Limits,
) -> Result<(), Stop> {
    let held = set.get(id).ok_or(Refusal::UnknownSpace)?;
    if held.state.head().seq >= MAX_SEQ {
        return Err(Refusal::Quota.into());
    }
    let row = held.row;
    let owner = match held.state.kind() {
        SpaceKind::Account(_) => true,
        SpaceKind::Chart(chart) => chart
            .members
            .iter()
            .any(|(account, m)| m.grant.owner && set.get(account).is_some_and(|a| a.row.no == of)),
    };
    let is_account = held.state.as_account().is_some();
    let takes_away = act.is_some_and(|act| takes_away(act, held.state.as_chart()));
    let kind = pushed.entry.as_ref().map_err(|why| *why)?.header().kind;
    let for_all = match (kind, owner) {
        (Kind::Membership | Kind::Checkpoint, _) => limits.space_bytes,
        (_, true) => limits.space_bytes.saturating_sub(limits.reserve_bytes / 2),
        (_, false) => limits.space_bytes.saturating_sub(limits.reserve_bytes),
    };
    let share = set.share(w, row.no, of)?;
    let bytes = pushed.bytes.len() as u64;
    if act.is_some() {
        let most = limits.membership_bytes / if is_account { 8 } else { 1 };
        let most = if takes_away { most } else { most - most / 4 };
        if set.membership_bytes(w, row.no)? + bytes > most {
            return Err(Refusal::Quota.into());
        }
    }
    let own_fits = owner || act.is_some() || share.own + bytes <= limits.author_bytes;
    let fits = share.all + bytes <= for_all && own_fits;
    if fits { Ok(()) } else { Err(Refusal::Quota.into()) }
}

/// Whether an act takes something away: that must stay possible in a membership that is full. Each can be done only
/// so often, because what it takes away has to be there.
fn takes_away(act: &Act, chart: Option<&ChartState>) -> bool {
    match act {
        Act::RevokeDevice(_)
        | Act::RevokeInvite(_)
        | Act::DeviceCut(_)
        | Act::CloseInvite(_)
        | Act::RemoveMember(_)
        | Act::Leave(_)
        | Act::Close => true,
        Act::ChangeGrant(change) => chart
            .and_then(|chart| chart.members.get(&change.account))
            .is_some_and(|member| change.grant.reduces(&member.grant)),
        Act::RotateClasses(epochs) => {
            chart.is_some_and(|chart| epochs.iter().all(|epoch| chart.due.contains(&epoch.class)))
        }
        _ => false,
    }
}
