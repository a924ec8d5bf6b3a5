//! Invites that this account is coming in with, from before the admission is sent until the keys are kept.

use holdfast_protocol::ids::{InviteId, SpaceId};
use holdfast_protocol::pairing::HandedKey;
use holdfast_protocol::wire;
use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::store::Tx;
use crate::store::docs::space_of;

/// An invite under way.
#[derive(Debug, Clone)]
pub(crate) struct Accepting {
    pub(crate) invite: InviteId,
    pub(crate) chart: SpaceId,
    /// The invite's secret, sealed.
    pub(crate) secret: Vec<u8>,
    /// What the chart is called at first.
    pub(crate) name: String,
    /// The role that the invite gives.
    pub(crate) role: String,
    /// The admission's bytes.
    pub(crate) admission: Vec<u8>,
    /// What the relay handed out, once it has.
    pub(crate) keys: Option<Vec<HandedKey>>,
}

/// Keeps an admission before it is sent, or what was answered to it.
pub(crate) fn put(tx: &Tx<'_>, one: &Accepting) -> Result<()> {
    let sql =
        "INSERT OR REPLACE INTO accepting (invite, chart, secret, name, role, admission, keys)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let keys = one.keys.as_ref().map(wire::encode);
    let row = (
        &one.invite.0,
        one.chart.as_bytes(),
        &one.secret,
        &one.name,
        &one.role,
        &one.admission,
        keys,
    );
    tx.execute(sql, row).map(|_| ())
}

/// It is over.
pub(crate) fn remove(tx: &Tx<'_>, invite: InviteId) -> Result<()> {
    tx.execute("DELETE FROM accepting WHERE invite = ?1", [&invite.0]).map(|_| ())
}

/// Every invite under way. There are few.
pub(crate) fn all(conn: &Connection) -> Result<Vec<Accepting>> {
    let sql = "SELECT invite, chart, secret, name, role, admission, keys FROM accepting";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let bad = || Error::Unreadable("an invite under way".to_owned());
        let keys: Option<Vec<u8>> = row.get(6)?;
        let keys = keys.map(|bytes| wire::decode("keys", &bytes)).transpose();
        all.push(Accepting {
            invite: InviteId(row.get::<_, Vec<u8>>(0)?.try_into().map_err(|_| bad())?),
            chart: space_of(&row.get::<_, Vec<u8>>(1)?)?,
            secret: row.get(2)?,
            name: row.get(3)?,
            role: row.get(4)?,
            admission: row.get(5)?,
            keys: keys.map_err(|_| bad())?,
        });
    }
    Ok(all)
}
