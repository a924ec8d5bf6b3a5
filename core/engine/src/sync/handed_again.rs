//! The keys of open invites, wrapped anew for a restored relay: wraps lie beside the log, so entries that are given
//! back would bring invites that hand out nothing. Does not know who comes in with them.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{Class, InviteId, SpaceId};
use holdfast_protocol::keys::{ReceiveKey, wrap};
use holdfast_protocol::membership::{Judge, SpaceKind, SpaceState};
use holdfast_protocol::pairing::{invite_wrap_info, member_wrap_info};
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::InviteWrap;
use rusqlite::Connection;

use super::accounts::Known;
use super::site::Site;
use crate::error::Result;
use crate::identity::keys;
use crate::store::sync_tables::sealed::Sealed;
use crate::store::sync_tables::spaces::{self, SpaceRow};

/// Adds the wraps to the statements of a batch that are given back without them, as far as their keys are here.
/// Each gets the keys of its own place in the log, which its invite had there before, and no later ones.
pub(crate) fn wrap_again(site: &Site<'_>, batch: &mut [Sealed]) -> Result<()> {
    let is_given_back = |one: &Sealed| one.held && one.kind == Kind::Membership;
    let given: BTreeSet<SpaceId> =
        batch.iter().filter(|one| is_given_back(one)).map(|one| one.space).collect();
    if given.is_empty() {
        return Ok(());
    }
    site.store.read(|conn| {
        let accounts = Known::load(conn, site.account)?;
        for space in given {
            let row = spaces::get(conn, space)?;
            let mut state = row.as_ref().and_then(SpaceRow::settled).cloned();
            let statements =
                batch.iter_mut().filter(|one| one.space == space && one.kind == Kind::Membership);
            for one in statements {
                let Ok(entry) = Entry::from_trusted_bytes(&one.bytes) else { break };
                let Some(before) = state.take() else {
                    // The relay lost the log altogether.
                    state = SpaceState::start(&entry, &accounts, Judge::Outline).ok();
                    continue;
                };
                // The log goes another way there by now: what follows is not taken as it was.
                let Ok(accepted) = before.check(&entry, &accounts, Judge::Outline) else { break };
                let mut after = before.clone();
                after.apply(&entry, &accepted);
                if one.held && one.wraps.is_empty() {
                    one.wraps = wraps_of(site, conn, &before, &after)?;
                }
                state = Some(after);
            }
        }
        Ok(())
    })
}

/// The receivers of the open invites, with the classes whose keys each is to get.
fn open_invites(state: &SpaceState) -> BTreeMap<InviteId, (ReceiveKey, Vec<Class>)> {
    match state.kind() {
        SpaceKind::Account(account) => account
            .invites
            .iter()
            .map(|(invite, open)| (*invite, (open.receive, vec![Class::Account])))
            .collect(),
        SpaceKind::Chart(chart) => chart
            .invites
            .iter()
            .map(|(invite, open)| {
                let reads = Class::CHART.into_iter().filter(|class| open.reads(*class));
                (*invite, (open.receive, reads.collect()))
            })
            .collect(),
    }
}

/// The wraps that come with a statement: of the invite that it opens, and of the keys that it replaces.
fn wraps_of(
    site: &Site<'_>,
    conn: &Connection,
    before: &SpaceState,
    after: &SpaceState,
) -> Result<Vec<InviteWrap>> {
    let known = open_invites(before);
    let space = after.space();
    let mut wraps = Vec::new();
    for (invite, (receive, classes)) in open_invites(after) {
        for class in classes {
            if known.contains_key(&invite) && before.epoch(class) == after.epoch(class) {
                continue;
            }
            let Some(secret) = current(site, conn, after, class)? else { continue };
            let info = match class {
                Class::Account => invite_wrap_info(space, invite),
                _ => member_wrap_info(space, invite, class),
            };
            let wrapped = site.with_entropy(|e| wrap(&receive, &info, secret.expose(), e));
            // To a receiver that is no point of the curve nothing can be wrapped, now or before.
            let Ok(wrapped) = wrapped else { continue };
            wraps.push(InviteWrap { invite, class, wrapped });
        }
    }
    Ok(wraps)
}

/// The secret that the log commits to, where this device has it.
fn current(
    site: &Site<'_>,
    conn: &Connection,
    state: &SpaceState,
    class: Class,
) -> Result<Option<Secret32>> {
    let number = state.epoch(class);
    let (secret, commitment) = match state.kind() {
        SpaceKind::Account(account) => {
            let secret = keys::account_secret(conn, site.seal, state.space(), number)?;
            (secret.map(|secret| secret.0), Some(account.epoch().commitment))
        }
        SpaceKind::Chart(chart) => {
            let epoch = chart.epochs.get(&class).and_then(|epochs| epochs.last());
            let secret = keys::content(conn, site.seal, state.space(), class, number)?;
            (secret, epoch.map(|epoch| epoch.commitment))
        }
    };
    Ok(secret.filter(|secret| commitment == Some(secret.commitment())))
}
