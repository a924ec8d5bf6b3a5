//! Charts that have ended here, and how far what was held of them is erased. A tombstone of a closed chart stands for
//! good; one of a chart that this account left gives way when the person comes in again.

use holdfast_protocol::ids::SpaceId;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::{Error, Result};
use crate::observe::Key;
use crate::store::Tx;
use crate::store::docs::space_of;

/// Why a chart has ended here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// An owner closed it, by a statement that was verified here.
    Closed,
    /// This account left it, and its person wanted nothing to stay.
    Left,
    /// The person erased what was left of it on this device.
    ByHand,
}

impl Why {
    const fn number(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::Left => 1,
            Self::ByHand => 2,
        }
    }
}

/// How far erasing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// What is held is kept, to be read and exported.
    Kept,
    /// It is being erased: whatever breaks it off, it goes on.
    Erasing,
    /// Nothing of it is left but the membership.
    Erased,
}

impl Stage {
    const fn number(self) -> i64 {
        match self {
            Self::Kept => 0,
            Self::Erasing => 1,
            Self::Erased => 2,
        }
    }
}

/// A chart that has ended here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tombstone {
    pub(crate) space: SpaceId,
    pub(crate) why: Why,
    /// The owner's statement.
    pub(crate) entry: Option<Vec<u8>>,
    /// When this device learned of it, in milliseconds since 1970, by the clock here.
    pub(crate) since_ms: i64,
    pub(crate) stage: Stage,
}

impl Tombstone {
    /// Whether an owner closed the chart.
    pub(crate) fn is_closed(&self) -> bool {
        self.why == Why::Closed
    }

    /// Whether nothing of the chart is shown any more.
    pub(crate) fn hides(&self) -> bool {
        self.stage > Stage::Kept
    }

    /// Whether content that still comes is passed over: the chart has ended, whatever a relay shows.
    pub(crate) fn takes_nothing(&self) -> bool {
        self.is_closed() || self.hides()
    }
}

/// The columns of a row.
type Raw = (Vec<u8>, i64, Option<Vec<u8>>, i64, i64);

const COLUMNS: &str = "SELECT space, why, entry, since_ms, stage FROM tombstone";

fn of(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn read(found: Raw) -> Result<Tombstone> {
    let (space, why, entry, since_ms, stage) = found;
    let bad = || Error::Unreadable("why a chart has ended here".to_owned());
    let why = [Why::Closed, Why::Left, Why::ByHand].into_iter().find(|one| one.number() == why);
    let stages = [Stage::Kept, Stage::Erasing, Stage::Erased];
    let stage = stages.into_iter().find(|one| one.number() == stage);
    Ok(Tombstone {
        space: space_of(&space)?,
        why: why.ok_or_else(bad)?,
        entry,
        since_ms,
        stage: stage.ok_or_else(bad)?,
    })
}

/// The tombstone of a chart; nothing where it has not ended here.
pub(crate) fn get(conn: &Connection, space: SpaceId) -> Result<Option<Tombstone>> {
    let sql = format!("{COLUMNS} WHERE space = ?1");
    let found = conn.prepare_cached(&sql)?.query_row([space.as_bytes()], of).optional()?;
    found.map(read).transpose()
}

/// Every tombstone.
pub(crate) fn all(conn: &Connection) -> Result<Vec<Tombstone>> {
    let sql = format!("{COLUMNS} ORDER BY since_ms, space");
    let mut found = conn.prepare_cached(&sql)?;
    let rows = found.query_map([], of)?;
    rows.map(|row| read(row?)).collect()
}

/// Notes that a chart has ended. That an owner closed it stands above every other reason, and how far erasing has come
/// is never taken back.
pub(crate) fn put(
    tx: &Tx<'_>,
    space: SpaceId,
    why: Why,
    entry: Option<&[u8]>,
    since_ms: i64,
) -> Result<()> {
    let sql =
        "INSERT INTO tombstone (space, why, entry, since_ms, stage) VALUES (?1, ?2, ?3, ?4, 0)
               ON CONFLICT (space) DO UPDATE
               SET why = excluded.why, entry = excluded.entry, since_ms = excluded.since_ms
               WHERE excluded.why = 0 AND tombstone.why <> 0";
    let done = tx.execute(sql, (space.as_bytes(), why.number(), entry, since_ms))?;
    if done > 0 {
        tx.touch(Key::Charts);
    }
    Ok(())
}

/// Notes how far erasing has come.
pub(crate) fn set_stage(tx: &Tx<'_>, space: SpaceId, stage: Stage) -> Result<()> {
    tx.touch(Key::Charts);
    let sql = "UPDATE tombstone SET stage = ?2 WHERE space = ?1 AND stage < ?2";
    tx.execute(sql, (space.as_bytes(), stage.number())).map(|_| ())
}

/// The person comes in again, or stays after all. A closed chart has no way back.
pub(crate) fn lift(tx: &Tx<'_>, space: SpaceId) -> Result<bool> {
    let sql = "DELETE FROM tombstone WHERE space = ?1 AND why <> 0";
    Ok(tx.execute(sql, [space.as_bytes()])? > 0)
}
