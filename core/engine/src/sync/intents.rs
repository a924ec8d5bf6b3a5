//! What is wanted of the membership, thought through against the state as it now is. Only the wish is kept; the
//! statement is signed when it is sent, and signed again when another came first.

use holdfast_domain::words::Message;
use holdfast_protocol::entry::Kind;
use holdfast_protocol::ids::{InviteId, SpaceId};
use holdfast_protocol::membership::{Act, SpaceState};

use super::report::SyncReport;
use super::seal::place;
use super::site::Site;
use crate::error::{Error, Result};
use crate::identity::keys;
use crate::identity::statements::{self, By, NotMade};
use crate::protocol_words::not_made;
use crate::sharing::due;
use crate::store::sync_tables::{alarms, relay, sealed, spaces};
use crate::store::{Priority, Tx};

/// How long an invite is left open after its end, in milliseconds: clocks differ.
const GRACE_MS: u64 = 60_000;

/// Signs the next statements that the wishes call for. One a space: the next follows it in the log.
pub(crate) fn plan(site: &Site<'_>, report: &mut SyncReport) -> Result<()> {
    let (wanted, known) =
        site.store.read(|conn| Ok((alarms::wanted_revoked(conn)?, spaces::all(conn)?)))?;
    let account = known.iter().find(|space| space.id == site.account);
    let Some(account) = account.and_then(|space| space.settled()) else { return Ok(()) };
    let ended = ended_invite(site, account)?;
    if wanted.is_empty() && ended.is_none() {
        return due::plan(site, report);
    }
    let made = site.store.write(Priority::Sync, "sync", |tx| {
        revoke(site, tx)?;
        if let Some(invite) = ended {
            close(site, tx, invite)?;
        }
        Ok(())
    });
    match made {
        Err(Error::NotMade(why)) => {
            report.problem(
                "not_in_force",
                Message::new("sync.removal_not_in_force").with("why", not_made(&why)),
            );
        }
        other => other?,
    }
    due::plan(site, report)
}

/// Whether a statement of this device is on its way in a space.
fn under_way(tx: &Tx<'_>, space: SpaceId) -> Result<bool> {
    sealed::has_kind(tx.reader(), space, Kind::Membership)
}

/// An invite of this device whose time is over by the relay's clock. It would count as open for ever, and there
/// is room for only so many.
fn ended_invite(site: &Site<'_>, account: &SpaceState) -> Result<Option<InviteId>> {
    let ahead = site.store.read(relay::get)?.map_or(0, |relay| relay.ahead_ms);
    let now = u64::try_from(site.clock.wall_ms().saturating_add(ahead)).unwrap_or(0);
    let open = account.as_account().map(|account| &account.invites).into_iter().flatten();
    let mut ended =
        open.filter(|(_, open)| open.by == site.me() && now >= open.expires_at_ms + GRACE_MS);
    Ok(ended.next().map(|(invite, _)| *invite))
}

fn close(site: &Site<'_>, tx: &Tx<'_>, invite: InviteId) -> Result<()> {
    let Some(row) = spaces::get(tx.reader(), site.account)? else { return Ok(()) };
    let Some(state) = row.settled().filter(|state| !state.is_frozen()) else { return Ok(()) };
    if under_way(tx, site.account)? {
        return Ok(());
    }
    let by = By { keys: site.keys, at: place(site, tx, &row, state)? };
    let entry = statements::statement(state, Act::RevokeInvite(invite), by);
    sealed::put(tx, &entry, None, &[]).map(|_| ())
}

fn revoke(site: &Site<'_>, tx: &Tx<'_>) -> Result<()> {
    let Some(row) = spaces::get(tx.reader(), site.account)? else { return Ok(()) };
    let Some(state) = row.settled() else { return Ok(()) };
    let Some(account) = state.as_account() else { return Ok(()) };
    let mut wanted = Vec::new();
    for device in alarms::wanted_revoked(tx.reader())? {
        if account.is_active(&device) && device != site.me() {
            wanted.push(device);
        } else {
            // In force already, whoever said it first.
            alarms::unwant(tx, device)?;
        }
    }
    let Some(device) = wanted.first() else { return Ok(()) };
    if state.is_frozen() || under_way(tx, site.account)? {
        return Ok(());
    }
    let epoch = account.epoch().number;
    let secret = keys::account_secret(tx.reader(), site.seal, site.account, epoch)?;
    let secret =
        secret.ok_or(NotMade::NoKey { class: holdfast_protocol::ids::Class::Account, epoch })?;
    let by = By { keys: site.keys, at: place(site, tx, &row, state)? };
    let (entry, wraps) =
        site.with_entropy(|e| statements::revoke_device(state, *device, &secret, by, e))?;
    sealed::put(tx, &entry, None, &wraps).map(|_| ())
}
