//! The keys that an invite handed out: opened, compared with what the chart's log commits to, and kept. Needs no
//! network, so that a sync finishes what was broken off.

use holdfast_protocol::keys::InviteKeys;
use holdfast_protocol::pairing::member_wrap_info;
use holdfast_protocol::secret::Secret32;

use crate::documents::account::{Account, ChartEntry};
use crate::documents::name::DocName;
use crate::error::{Error, Result};
use crate::identity::keys;
use crate::observe::Key;
use crate::open_documents::document_of;
use crate::store::sync_tables::accepting::{self, Accepting};
use crate::store::sync_tables::{alarms, spaces};
use crate::store::{Tx, docs};
use crate::sync::pull::Chunk;
use crate::sync::site::Site;
use holdfast_protocol::ids::Class;

const PURPOSE: &[u8] = b"holdfast member invite";

/// Seals an invite's secret for this device.
pub(super) fn seal(site: &Site<'_>, secret: &Secret32) -> Vec<u8> {
    site.with_entropy(|entropy| site.seal.seal(PURPOSE, secret.expose(), entropy))
}

/// The invite's keys.
pub(super) fn open(site: &Site<'_>, one: &Accepting) -> Result<InviteKeys> {
    let secret = site.seal.open(PURPOSE, &one.secret);
    let secret = secret.and_then(|bytes| Secret32::from_slice(&bytes));
    let secret = secret.ok_or(Error::RecoveryNeeded("key.not_invite"))?;
    Ok(InviteKeys::from_secret(&secret))
}

/// Keeps the keys that were handed out, once the chart's log is here to compare them with. Gives whether it is done.
pub(super) fn finish(site: &Site<'_>, tx: &Tx<'_>, one: &Accepting) -> Result<bool> {
    let Some(row) = spaces::get(tx.reader(), one.chart)? else { return Ok(false) };
    let Some(state) = row.settled() else { return Ok(false) };
    let Some(chart) = state.as_chart() else { return Ok(false) };
    if !chart.used.contains(&one.invite) {
        // The log is not read as far as the admission.
        return Ok(false);
    }
    let member = chart.members.get(&site.account);
    if member.is_none_or(|member| member.invite != Some(one.invite)) {
        // Removed since, and perhaps invited again: these keys are of the past.
        return accepting::remove(tx, one.invite).map(|()| true);
    }
    let invite = open(site, one)?;
    for handed in one.keys.iter().flatten() {
        let info = member_wrap_info(one.chart, one.invite, handed.class);
        let Ok(key) = invite.receive().unwrap_secret(&info, &handed.wrapped) else { continue };
        // Only what the log commits to: whoever hands out another key could read what is written next.
        let epochs = chart.epochs.get(&handed.class).into_iter().flatten();
        let commitment = key.commitment();
        let Some(epoch) = epochs.rev().find(|epoch| epoch.commitment == commitment) else {
            continue;
        };
        let name = (one.chart, handed.class, epoch.number);
        site.with_entropy(|entropy| keys::keep(tx, site.seal, name, &key, entropy))?;
    }
    let mut chunk = Chunk::open(site, tx, one.chart, true)?;
    chunk.learn()?;
    chunk.take_waiting()?;
    enter(site, tx, one)?;
    missing(site, tx, one, chart)?;
    accepting::remove(tx, one.invite)?;
    tx.touch(Key::Charts);
    tx.touch(Key::History);
    tx.touch(Key::Routines);
    Ok(true)
}

/// Says so when a key did not come, or another one came.
fn missing(
    site: &Site<'_>,
    tx: &Tx<'_>,
    one: &Accepting,
    chart: &holdfast_protocol::membership::ChartState,
) -> Result<()> {
    for class in Class::CHART.into_iter().filter(|class| chart.may_read(&site.account, *class)) {
        let epoch = chart.epoch(class);
        if keys::content(tx.reader(), site.seal, one.chart, class, epoch)?.is_none() {
            let text = "sync.alarm.invite_key_missing";
            return alarms::raise(tx, "key_missing", one.chart, text);
        }
    }
    Ok(())
}

/// Writes the chart into the account's directory.
fn enter(site: &Site<'_>, tx: &Tx<'_>, one: &Accepting) -> Result<()> {
    let id = DocName::Account.to_id().expect("the name of the account document is short");
    let Some(stored) = docs::load(tx.reader(), site.account, &id)? else { return Ok(()) };
    let mut account = Account::from(document_of(&id, &stored, site.actor)?);
    let entry = ChartEntry::new(one.name.clone(), one.role.clone());
    if account.read().charts.get(&one.chart).is_some_and(|known| !known.hidden) {
        return Ok(());
    }
    if let Some(written) = account.put_chart(one.chart, &entry)? {
        docs::append_local(tx, site.account, Class::Account, &id, &written, site.incarnation)?;
        tx.touch(Key::Account);
    }
    Ok(())
}
