//! The accounts of others: the membership of each that shares a chart with this one, or once did.

use holdfast_protocol::ids::AccountId;
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::wire;
use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::store::Tx;
use crate::store::docs::space_of;

/// An account as this device was last shown it.
#[derive(Debug, Clone)]
pub(crate) struct AccountRow {
    pub(crate) state: SpaceState,
    /// Whether the relay's store began another life since: it may well know less of the account.
    pub(crate) doubted: bool,
}

/// Reads a state as it is stored.
pub(crate) fn state_of(bytes: &[u8]) -> Result<SpaceState> {
    wire::decode("account", bytes).map_err(|error| Error::Unreadable(error.to_string()))
}

/// One account; nothing where this device was never shown it.
pub(crate) fn get(conn: &Connection, account: AccountId) -> Result<Option<AccountRow>> {
    let mut found = conn.prepare_cached("SELECT state, doubted FROM account WHERE id = ?1")?;
    let mut rows = found.query([account.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let state = state_of(&row.get::<_, Vec<u8>>(0)?)?;
    Ok(Some(AccountRow { state, doubted: row.get(1)? }))
}

/// Every account with the bytes of its state: whoever judges reads only those that a chart names.
pub(crate) fn all(conn: &Connection) -> Result<Vec<(AccountId, Vec<u8>)>> {
    let mut found = conn.prepare_cached("SELECT id, state FROM account")?;
    let rows = found.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (id, state) = row?;
        Ok((space_of(&id)?, state))
    })
    .collect()
}

/// Keeps an account as the relay shows it now.
pub(crate) fn put(tx: &Tx<'_>, state: &SpaceState) -> Result<()> {
    let sql = "INSERT INTO account (id, state) VALUES (?1, ?2)
               ON CONFLICT (id) DO UPDATE SET state = excluded.state, doubted = 0";
    tx.execute(sql, (state.space().as_bytes(), wire::encode(state))).map(|_| ())
}

/// The relay's store began another life: what it knows of the accounts may be older.
pub(crate) fn doubt(tx: &Tx<'_>) -> Result<()> {
    tx.execute("UPDATE account SET doubted = 1", []).map(|_| ())
}
