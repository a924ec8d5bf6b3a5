//! A relay that was restored from a backup, or that rolled back without saying so.

use holdfast_protocol::entry::Kind;
use holdfast_protocol::ids::{Class, Generation, SpaceId};
use rusqlite::Connection;

use super::seal;
use super::site::Site;
use crate::documents::account::Account;
use crate::documents::name::DocName;
use crate::error::Result;
use crate::observe::Key;
use crate::open_documents::document_of;
use crate::store::sync_tables::spaces::SpaceRow;
use crate::store::sync_tables::{alarms, sealed, spaces};
use crate::store::{Priority, Tx, docs};

/// The relay lost entries and says so: its log is read from the start, and what it lacks is given back to it.
pub(crate) fn read_again(site: &Site<'_>, space: SpaceId) -> Result<()> {
    site.store.write(Priority::Sync, "sync", |tx| {
        let Some(row) = spaces::get(tx.reader(), space)? else { return Ok(()) };
        spaces::read_again(tx, &row, &site.me().0)
    })
}

/// A relay that was set back to before the account came into a chart does not show it, and takes nothing of it
/// back: by what the relay has, the account is none of its members. What waits there says so instead of waiting.
pub(crate) fn note_unshown(site: &Site<'_>, known: &[SpaceRow]) -> Result<()> {
    for space in known.iter().filter(|space| space.state.is_none()) {
        site.store.write(Priority::Sync, "sync", |tx| {
            set_aside_unshown(site, tx, space.id).map(|_| ())
        })?;
    }
    Ok(())
}

/// Whether a chart is one that a restored relay does not show; if so, what waits in it is set aside. While a word
/// on its membership is still to be given back, it may yet be shown.
pub(crate) fn set_aside_unshown(site: &Site<'_>, tx: &Tx<'_>, space: SpaceId) -> Result<bool> {
    let row = spaces::get(tx.reader(), space)?;
    let unread = row.is_some_and(|row| row.state.is_none() && !row.doubted);
    if !unread || space == site.account {
        return Ok(false);
    }
    let waiting = sealed::waiting_in(tx.reader(), space)?;
    if waiting.iter().any(|one| one.kind == Kind::Membership) {
        return Ok(false);
    }
    if spaces::set_gone(tx, space, true)? {
        tx.touch(Key::Charts);
    }
    seal::set_aside(site, tx, space)?;
    Ok(true)
}

/// The relay shows less, or something else, than it did, and does not say why.
pub(crate) fn raise_rolled_back(site: &Site<'_>, space: SpaceId) -> Result<()> {
    site.store.write(Priority::Sync, "sync", |tx| {
        alarms::raise(tx, "relay_rolled_back", space, "sync.alarm.relay_rolled_back")
    })
}

/// The account's own document; nothing while this device is still reading it for the first time.
fn account(conn: &Connection, site: &Site<'_>) -> Result<Option<Account>> {
    let id = DocName::Account.to_id().expect("the name of the account document is short");
    let stored = docs::load(conn, site.account, &id)?;
    let document = stored.map(|stored| document_of(&id, &stored, site.actor)).transpose()?;
    Ok(document.map(Account::from))
}

/// Writes into the account's document that a relay's store began another life. Devices that come later cannot
/// know it from the log, and the relay's own word for it would let it hide a fork.
pub(crate) fn note(tx: &Tx<'_>, site: &Site<'_>, life: Generation) -> Result<()> {
    let Some(mut account) = account(tx.reader(), site)? else { return Ok(()) };
    if account.read().relay_lives.contains_key(&life) {
        return Ok(());
    }
    if let Some(written) = account.note_relay_life(life, tx.now_ms())? {
        let id = DocName::Account.to_id().expect("the name of the account document is short");
        docs::append_local(tx, site.account, Class::Account, &id, &written, site.incarnation)?;
    }
    Ok(())
}

/// Whether a device of the account has noted that a relay's store began another life.
pub(crate) fn is_noted(conn: &Connection, site: &Site<'_>) -> Result<bool> {
    Ok(account(conn, site)?.is_some_and(|account| !account.read().relay_lives.is_empty()))
}
