//! What members of charts said they want to be called. Read from the charts' logs, and made anew from them.

use std::collections::BTreeMap;

use holdfast_protocol::ids::{AccountId, InviteId, SpaceId};
use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::observe::Key;
use crate::store::Tx;

/// Whether what somebody said on coming in with an invite was looked at.
pub(crate) fn is_noted(
    conn: &Connection,
    chart: SpaceId,
    account: AccountId,
    invite: InviteId,
) -> Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM greeted WHERE chart = ?1 AND account = ?2 AND invite = ?3)";
    let mut found = conn.prepare_cached(sql)?;
    Ok(found.query_row((&chart.0, &account.0, &invite.0), |row| row.get(0))?)
}

/// Notes it; an empty name where nothing can be shown.
pub(crate) fn put(
    tx: &Tx<'_>,
    chart: SpaceId,
    account: AccountId,
    invite: InviteId,
    name: &str,
) -> Result<()> {
    tx.touch(Key::Charts);
    let sql =
        "INSERT OR REPLACE INTO greeted (chart, account, invite, name) VALUES (?1, ?2, ?3, ?4)";
    tx.execute(sql, (&chart.0, &account.0, &invite.0, name)).map(|_| ())
}

/// The names by account. Who said several, in several charts, has the last in the order of charts.
pub(crate) fn all(conn: &Connection) -> Result<BTreeMap<AccountId, String>> {
    let mut found =
        conn.prepare_cached("SELECT account, name FROM greeted WHERE name != '' ORDER BY chart")?;
    let rows =
        found.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (account, name) = row?;
        let account = AccountId::from_slice(&account)
            .ok_or_else(|| Error::Unreadable("an account that said its name".to_owned()))?;
        Ok((account, name))
    })
    .collect()
}

/// How many said anything.
pub(crate) fn count(conn: &Connection) -> Result<u64> {
    let mut found = conn.prepare_cached("SELECT count(*) FROM greeted")?;
    let count: i64 = found.query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
