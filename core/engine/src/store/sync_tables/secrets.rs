//! Account secrets and class keys, sealed. They are opened by whoever holds the platform's key.

use holdfast_protocol::ids::{Class, SpaceId};
use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;
use crate::store::Tx;
use crate::store::docs::class_number;

/// A sealed secret; nothing where this device does not have it.
pub(crate) fn get(
    conn: &Connection,
    space: SpaceId,
    class: Class,
    epoch: u32,
) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT sealed FROM secret WHERE space = ?1 AND class = ?2 AND epoch = ?3";
    let mut found = conn.prepare_cached(sql)?;
    let key = (space.as_bytes(), class_number(class), epoch);
    Ok(found.query_row(key, |row| row.get(0)).optional()?)
}

/// Keeps a sealed secret.
pub(crate) fn put(
    tx: &Tx<'_>,
    space: SpaceId,
    class: Class,
    epoch: u32,
    sealed: &[u8],
) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO secret (space, class, epoch, sealed) VALUES (?1, ?2, ?3, ?4)";
    tx.execute(sql, (space.as_bytes(), class_number(class), epoch, sealed)).map(|_| ())
}
