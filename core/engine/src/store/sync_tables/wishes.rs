//! What a person wants of a chart's membership and is not in force yet.

use holdfast_protocol::ids::SpaceId;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::observe::Key;
use crate::store::Tx;
use crate::store::docs::space_of;

/// What is wanted. The subject says of whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "snake_case")]
pub(crate) enum What {
    /// A member is to go.
    Remove,
    /// A member is to have another grant: its canonical bytes, as hex.
    Change { grant: String },
    /// A member that waits is to have its keys.
    Confirm,
    /// An invite is to end.
    CloseInvite,
    /// This account is to go.
    Leave,
    /// The chart is to be closed for good.
    Close,
}

impl What {
    /// Whether it stands, whatever is wanted of the same subject afterwards: what takes away beats what gives.
    const fn is_final(&self) -> bool {
        matches!(self, Self::Remove | Self::Leave | Self::Close | Self::CloseInvite)
    }
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) id: i64,
    pub(crate) chart: SpaceId,
    /// The account, the invite, or the chart.
    pub(crate) subject: [u8; 32],
    pub(crate) what: What,
    /// When it was first wished for, in milliseconds since 1970, by the clock here.
    pub(crate) created_ms: i64,
}

/// Notes a wish, in place of an earlier one of the same subject; one that takes away stands.
pub(crate) fn put(tx: &Tx<'_>, chart: SpaceId, subject: [u8; 32], what: &What) -> Result<()> {
    let known = of_chart(tx.reader(), chart)?;
    if known.iter().any(|known| known.subject == subject && known.what.is_final()) {
        return Ok(());
    }
    let text = serde_json::to_string(what).map_err(|error| Error::Unreadable(error.to_string()))?;
    tx.touch(Key::Charts);
    let sql = "INSERT INTO wish (chart, subject, what, created_ms) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (chart, subject) DO UPDATE SET what = excluded.what";
    tx.execute(sql, (chart.as_bytes(), &subject, text, tx.now_ms())).map(|_| ())
}

/// It is in force, or not wanted any more.
pub(crate) fn drop(tx: &Tx<'_>, wish: &Wish) -> Result<()> {
    tx.touch(Key::Charts);
    tx.execute("DELETE FROM wish WHERE id = ?1", [wish.id]).map(|_| ())
}

/// The wishes of a chart, oldest first.
pub(crate) fn of_chart(conn: &Connection, chart: SpaceId) -> Result<Vec<Wish>> {
    let all = all(conn)?;
    Ok(all.into_iter().filter(|wish| wish.chart == chart).collect())
}

/// Every wish, oldest first. There are few.
pub(crate) fn all(conn: &Connection) -> Result<Vec<Wish>> {
    let sql = "SELECT id, chart, subject, what, created_ms FROM wish ORDER BY id";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(3)?;
        let bad = || Error::Unreadable("what is wanted of a chart's membership".to_owned());
        all.push(Wish {
            id: row.get(0)?,
            chart: space_of(&row.get::<_, Vec<u8>>(1)?)?,
            subject: row.get::<_, Vec<u8>>(2)?.try_into().map_err(|_| bad())?,
            what: serde_json::from_str(&text).map_err(|_| bad())?,
            created_ms: row.get(4)?,
        });
    }
    Ok(all)
}
