//! What is wrong until it no longer is, and what a person wants of the membership that is not in force.

use holdfast_protocol::ids::{DeviceId, SpaceId};
use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::observe::Key;
use crate::store::Tx;

/// Something is wrong that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alarm {
    pub(crate) code: String,
    pub(crate) text: String,
}

/// Raises an alarm, or keeps the one that is there. `text` is the code of its sentence, or the
/// sentence as `protocol_words::keep` keeps it.
pub(crate) fn raise(tx: &Tx<'_>, code: &str, space: SpaceId, text: &str) -> Result<()> {
    let sql = "INSERT INTO alarm (code, space, text, at_ms) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (code, space) DO UPDATE SET text = excluded.text";
    tx.touch(Key::Sync);
    tx.touch(Key::Warnings);
    tx.execute(sql, (code, space.as_bytes(), text, tx.now_ms())).map(|_| ())
}

/// It is no longer so.
pub(crate) fn clear(tx: &Tx<'_>, code: &str, space: SpaceId) -> Result<()> {
    let sql = "DELETE FROM alarm WHERE code = ?1 AND space = ?2";
    if tx.execute(sql, (code, space.as_bytes()))? > 0 {
        tx.touch(Key::Sync);
        tx.touch(Key::Warnings);
    }
    Ok(())
}

/// Whether an alarm is raised, in whichever space.
pub(crate) fn is_raised(conn: &Connection, code: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM alarm WHERE code = ?1)";
    Ok(conn.prepare_cached(sql)?.query_row([code], |row| row.get(0))?)
}

/// Every alarm, oldest first.
pub(crate) fn all(conn: &Connection) -> Result<Vec<Alarm>> {
    let mut found = conn.prepare_cached("SELECT code, text FROM alarm ORDER BY at_ms, code")?;
    let rows = found.query_map([], |row| Ok(Alarm { code: row.get(0)?, text: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Someone wants a device revoked. Wanting it twice is wanting it once.
pub(crate) fn want_revoked(tx: &Tx<'_>, device: DeviceId) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO intent (device, created_ms) VALUES (?1, ?2)";
    tx.execute(sql, (device.as_bytes(), tx.now_ms())).map(|_| ())
}

/// The devices that someone wants revoked and that are not yet, oldest wish first.
pub(crate) fn wanted_revoked(conn: &Connection) -> Result<Vec<DeviceId>> {
    let mut found = conn.prepare_cached("SELECT device FROM intent ORDER BY id")?;
    let rows = found.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|bytes| {
        DeviceId::from_slice(&bytes?)
            .ok_or_else(|| Error::Unreadable("the device of an intent".to_owned()))
    })
    .collect()
}

/// It is in force, or not wanted any more.
pub(crate) fn unwant(tx: &Tx<'_>, device: DeviceId) -> Result<()> {
    tx.execute("DELETE FROM intent WHERE device = ?1", [device.as_bytes()]).map(|_| ())
}
