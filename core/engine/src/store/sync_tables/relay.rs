//! The relay in use: its address, how far its feed was followed, and the token it gave.

use holdfast_protocol::ids::Generation;
use rusqlite::Connection;

use crate::error::Result;
use crate::store::Tx;

/// The relay in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelayRow {
    pub(crate) url: String,
    /// The life of its store; nothing before the first answer.
    pub(crate) generation: Option<Generation>,
    /// How many lives of relays' stores this device has met.
    pub(crate) lives: u32,
    /// The feed position this device has caught up with.
    pub(crate) feed: u64,
    /// Whether the account is known there.
    pub(crate) registered: bool,
    /// The token, sealed, with the boot and the time since boot (ms) until which it is good.
    pub(crate) token: Option<(Vec<u8>, String, u64)>,
    /// How far the relay's clock is ahead of the wall clock here, in milliseconds.
    pub(crate) ahead_ms: i64,
    /// When positions were last sent in full, by the wall clock, in milliseconds since 1970.
    pub(crate) full_ms: Option<i64>,
    /// The feed position up to which the accounts of others are known.
    pub(crate) accounts_feed: u64,
}

/// The relay; nothing where none is set.
pub(crate) fn get(conn: &Connection) -> Result<Option<RelayRow>> {
    let sql = "SELECT url, generation, feed, registered, token, token_boot, token_until, full_ms,
               lives, ahead_ms, accounts_feed FROM relay";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let generation: Option<Vec<u8>> = row.get(1)?;
    let token: Option<Vec<u8>> = row.get(4)?;
    let boot: Option<String> = row.get(5)?;
    let until: Option<u64> = row.get(6)?;
    Ok(Some(RelayRow {
        url: row.get(0)?,
        generation: generation.as_deref().and_then(Generation::from_slice),
        feed: row.get(2)?,
        registered: row.get(3)?,
        token: token.zip(boot).zip(until).map(|((token, boot), until)| (token, boot, until)),
        full_ms: row.get(7)?,
        lives: row.get(8)?,
        ahead_ms: row.get(9)?,
        accounts_feed: row.get(10)?,
    }))
}

/// Sets the relay. Another address is another relay: nothing is known of what it has, which a zero
/// generation says. The first relay of all has no generation yet.
pub(crate) fn set(tx: &Tx<'_>, url: &str, registered: bool) -> Result<()> {
    let sql = "INSERT INTO relay (id, url, registered) VALUES (1, ?1, ?2)
               ON CONFLICT (id) DO UPDATE SET url = excluded.url, registered = excluded.registered,
               generation = zeroblob(16), feed = 0, accounts_feed = 0, token = NULL, full_ms = NULL
               WHERE relay.url <> excluded.url";
    tx.execute(sql, (url, registered)).map(|_| ())
}

/// Forgets the relay's token and address, and keeps that there was one.
pub(crate) fn unset(tx: &Tx<'_>) -> Result<()> {
    tx.execute("UPDATE relay SET url = '', token = NULL", []).map(|_| ())
}

/// Notes whether the account is known there.
pub(crate) fn set_registered(tx: &Tx<'_>, registered: bool) -> Result<()> {
    tx.execute("UPDATE relay SET registered = ?1", [registered]).map(|_| ())
}

/// Keeps a token; nothing forgets it.
pub(crate) fn set_token(tx: &Tx<'_>, token: Option<(&[u8], &str, u64)>) -> Result<()> {
    let sql = "UPDATE relay SET token = ?1, token_boot = ?2, token_until = ?3";
    tx.execute(sql, (token.map(|t| t.0), token.map(|t| t.1), token.map(|t| t.2))).map(|_| ())
}

/// Notes how far the feed was followed.
pub(crate) fn set_feed(tx: &Tx<'_>, feed: u64) -> Result<()> {
    tx.execute("UPDATE relay SET feed = ?1 WHERE feed <> ?1", [feed]).map(|_| ())
}

/// Notes up to where the accounts of others are known.
pub(crate) fn set_accounts_feed(tx: &Tx<'_>, feed: u64) -> Result<()> {
    let sql = "UPDATE relay SET accounts_feed = ?1 WHERE accounts_feed <> ?1";
    tx.execute(sql, [feed]).map(|_| ())
}

/// Notes the life of the relay's store. In another one, nothing of the feed before holds.
pub(crate) fn set_generation(tx: &Tx<'_>, generation: Generation) -> Result<()> {
    let sql = "UPDATE relay SET generation = ?1, feed = 0, accounts_feed = 0, full_ms = NULL,
               lives = lives + 1";
    tx.execute(sql, [generation.as_bytes()]).map(|_| ())
}

/// Notes when positions were sent in full; nothing asks for it at the next sync.
pub(crate) fn set_full(tx: &Tx<'_>, at_ms: Option<i64>) -> Result<()> {
    tx.execute("UPDATE relay SET full_ms = ?1", [at_ms]).map(|_| ())
}

/// Notes how far the relay's clock is ahead of the one here.
pub(crate) fn set_ahead(tx: &Tx<'_>, ahead_ms: i64) -> Result<()> {
    tx.execute("UPDATE relay SET ahead_ms = ?1", [ahead_ms]).map(|_| ())
}
