//! How much of a space anyone may fill: every member a share, the owner the rest, and a reserve that only the
//! owner and the membership can use, so that a full chart can still be put in order. A member whose share is full
//! can still keep its keys, cut off a lost phone, and go: how often it may say such a thing is bounded by itself.

use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::SpaceId;
use holdfast_protocol::membership::{Refusal, SpaceKind};

use crate::append::Stop;
use crate::config::Limits;
use crate::store::{MAX_SEQ, SpaceNo, Writing};
use crate::working_set::WorkingSet;

/// Whether one more entry of `of` fits.
pub(crate) fn check(
    w: &dyn Writing,
    set: &mut WorkingSet,
    id: &SpaceId,
    of: SpaceNo,
    entry: &Entry,
    bytes: usize,
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
    let act = entry.header().kind == Kind::Membership;
    let for_all = match (entry.header().kind, owner) {
        (Kind::Membership | Kind::Checkpoint, _) => limits.space_bytes,
        (_, true) => limits.space_bytes.saturating_sub(limits.reserve_bytes / 2),
        (_, false) => limits.space_bytes.saturating_sub(limits.reserve_bytes),
    };
    let share = set.share(w, row.no, of)?;
    let bytes = bytes as u64;
    let own_fits = owner || act || share.own + bytes <= limits.author_bytes;
    let fits = share.all + bytes <= for_all && own_fits;
    if fits { Ok(()) } else { Err(Refusal::Quota.into()) }
}
