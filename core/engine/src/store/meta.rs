//! Small facts about this home: who it is, its relay, its sealed secrets, each under a name.

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::Tx;
use crate::error::{Error, Result};

/// Who this device is, as text. Written once an identity is made; without it a home is unfinished.
pub(crate) const ME: &str = "me";
/// The relay's address. Absent where there is none.
pub(crate) const RELAY: &str = "relay";
/// The commitment of the key provider's key, to notice another key.
pub(crate) const KEY_CHECK: &str = "key_check";
/// The marker that stood beside the key when this incarnation began.
pub(crate) const MARKER: &str = "marker";
/// The chart that commands are about where none is named, as hex. Absent where it is the own one.
pub(crate) const CHART_IN_USE: &str = "chart_in_use";

/// Who this device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Me {
    /// The account, as hex.
    pub(crate) account: String,
    /// The account's name.
    pub(crate) name: String,
    /// The device, as hex.
    pub(crate) device: String,
    /// The device's name.
    pub(crate) device_name: String,
    /// The space of the account's own chart, as hex.
    pub(crate) chart: String,
    /// Which life of the device this is: copies of one directory must differ in it.
    pub(crate) incarnation: u64,
}

/// A fact; nothing where it is not known.
pub(crate) fn get(conn: &Connection, key: &str) -> Result<Option<Vec<u8>>> {
    let mut found = conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(found.query_row([key], |row| row.get(0)).optional()?)
}

/// A fact that is text.
pub(crate) fn text(conn: &Connection, key: &str) -> Result<Option<String>> {
    let bytes = get(conn, key)?;
    let read = bytes.map(String::from_utf8).transpose();
    read.map_err(|_| Error::Unreadable(format!("the fact \"{key}\" is no text")))
}

/// Notes a fact, in place of an earlier one.
pub(crate) fn put(tx: &Tx<'_>, key: &str, value: &[u8]) -> Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    tx.execute(sql, (key, value)).map(|_| ())
}

/// Forgets a fact.
pub(crate) fn remove(tx: &Tx<'_>, key: &str) -> Result<()> {
    tx.execute("DELETE FROM meta WHERE key = ?1", [key]).map(|_| ())
}

/// Who this device is; nothing before an identity was made.
pub(crate) fn me(conn: &Connection) -> Result<Option<Me>> {
    let Some(bytes) = get(conn, ME)? else { return Ok(None) };
    let read = serde_json::from_slice(&bytes);
    read.map(Some).map_err(|error| Error::Unreadable(format!("who this device is: {error}")))
}

/// Notes who this device is.
pub(crate) fn set_me(tx: &Tx<'_>, me: &Me) -> Result<()> {
    let bytes = serde_json::to_vec(me)
        .map_err(|error| Error::Unreadable(format!("who this device is: {error}")))?;
    put(tx, ME, &bytes)
}
