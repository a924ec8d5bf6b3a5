//! The spaces this device takes part in, and how far it is in each.

use holdfast_protocol::ids::{DeviceId, EntryHash, Seq, SpaceId};
use holdfast_protocol::membership::{Cut, SpaceState};
use holdfast_protocol::wire;
use rusqlite::{Connection, OptionalExtension, Row};

use super::hash_of;
use crate::error::{Error, Result};
use crate::store::Tx;
use crate::store::docs::space_of;

/// A space's number in this database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SpaceNo(pub(crate) i64);

/// How far a start from a checkpoint has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Starting {
    /// The checkpoint entry's bytes.
    pub(crate) checkpoint: Vec<u8>,
    /// Its own place in the log.
    pub(crate) at: Seq,
    /// The sequence of the last retained entry that came.
    pub(crate) upto: Seq,
}

/// A space as this device knows it.
#[derive(Debug, Clone)]
pub(crate) struct SpaceRow {
    pub(crate) no: SpaceNo,
    pub(crate) id: SpaceId,
    /// What its log adds up to; nothing before the first entry.
    pub(crate) state: Option<SpaceState>,
    /// The highest counter this device used in it.
    pub(crate) counter: u64,
    /// This device's last entry that a relay acknowledged; zero before the first.
    pub(crate) prev: EntryHash,
    /// Set while it is started from a checkpoint. `state` is then only its membership.
    pub(crate) starting: Option<Starting>,
    /// How far the relay knows this device to be.
    pub(crate) cursor_seq: Seq,
    /// Where the relay's log ended when it was last heard.
    pub(crate) above: Seq,
    /// Whether the relay's store began another life and this log was not compared with it since.
    pub(crate) doubted: bool,
    /// Whether the relay says that the account belongs to it no more.
    pub(crate) gone: bool,
    /// The classes, one bit each, in which the log was shown whole when it was last read to its end.
    pub(crate) shown: Option<u32>,
}

impl SpaceRow {
    /// The state, where the log is known up to some place and not only in part.
    pub(crate) fn settled(&self) -> Option<&SpaceState> {
        if self.starting.is_some() { None } else { self.state.as_ref() }
    }

    /// The last sequence applied.
    pub(crate) fn position(&self) -> Seq {
        match &self.starting {
            Some(starting) => starting.upto,
            None => self.state.as_ref().map_or(0, |state| state.head().seq),
        }
    }
}

const COLUMNS: &str =
    "SELECT no, id, state, counter, prev, starting, start_seq, cursor_seq, above, start_at, doubted,
     gone, shown FROM space";

fn state_of(bytes: &[u8]) -> Result<SpaceState> {
    wire::decode("space", bytes).map_err(|error| Error::Unreadable(error.to_string()))
}

fn row_of(row: &Row<'_>) -> Result<SpaceRow> {
    let state: Option<Vec<u8>> = row.get(2)?;
    let prev: Option<Vec<u8>> = row.get(4)?;
    let starting: Option<Vec<u8>> = row.get(5)?;
    let upto: Option<Seq> = row.get(6)?;
    let at: Option<Seq> = row.get(9)?;
    Ok(SpaceRow {
        no: SpaceNo(row.get(0)?),
        id: space_of(&row.get::<_, Vec<u8>>(1)?)?,
        state: state.as_deref().map(state_of).transpose()?,
        counter: row.get(3)?,
        prev: prev.as_deref().map_or(Ok(EntryHash::ZERO), hash_of)?,
        starting: starting.map(|checkpoint| Starting {
            checkpoint,
            at: at.unwrap_or_default(),
            upto: upto.unwrap_or_default(),
        }),
        cursor_seq: row.get(7)?,
        above: row.get(8)?,
        doubted: row.get(10)?,
        gone: row.get(11)?,
        shown: row.get(12)?,
    })
}

/// One space; nothing where this device does not know it.
pub(crate) fn get(conn: &Connection, space: SpaceId) -> Result<Option<SpaceRow>> {
    let sql = format!("{COLUMNS} WHERE id = ?1");
    let mut found = conn.prepare_cached(&sql)?;
    let mut rows = found.query([space.as_bytes()])?;
    rows.next()?.map(row_of).transpose()
}

/// Every space, in the order they became known.
pub(crate) fn all(conn: &Connection) -> Result<Vec<SpaceRow>> {
    let sql = format!("{COLUMNS} ORDER BY no");
    let mut found = conn.prepare_cached(&sql)?;
    let mut rows = found.query([])?;
    let mut spaces = Vec::new();
    while let Some(row) = rows.next()? {
        spaces.push(row_of(row)?);
    }
    Ok(spaces)
}

/// The number of a space, made known where it was not.
pub(crate) fn number(tx: &Tx<'_>, space: SpaceId) -> Result<SpaceNo> {
    let mut found = tx.reader().prepare_cached("SELECT no FROM space WHERE id = ?1")?;
    if let Some(no) = found.query_row([space.as_bytes()], |row| row.get(0)).optional()? {
        return Ok(SpaceNo(no));
    }
    tx.insert("INSERT INTO space (id) VALUES (?1)", [space.as_bytes()]).map(SpaceNo)
}

/// The newest membership known of a space, even while its log is read again from the start.
pub(crate) fn known_state(conn: &Connection, space: SpaceId) -> Result<Option<SpaceState>> {
    let sql = "SELECT coalesce(before, state) FROM space WHERE id = ?1";
    let mut found = conn.prepare_cached(sql)?;
    let bytes: Option<Option<Vec<u8>>> =
        found.query_row([space.as_bytes()], |row| row.get(0)).optional()?;
    bytes.flatten().as_deref().map(state_of).transpose()
}

/// Keeps the state after some more entries.
pub(crate) fn set_state(tx: &Tx<'_>, no: SpaceNo, state: &SpaceState) -> Result<()> {
    tx.execute("UPDATE space SET state = ?2 WHERE no = ?1", (no.0, wire::encode(state))).map(|_| ())
}

/// The log was read again as far as it goes: the state before is not needed any more.
pub(crate) fn forget_before(tx: &Tx<'_>, no: SpaceNo) -> Result<()> {
    tx.execute("UPDATE space SET before = NULL WHERE no = ?1 AND before IS NOT NULL", [no.0])
        .map(|_| ())
}

/// A start from a checkpoint begins, goes on, or is done.
pub(crate) fn set_starting(tx: &Tx<'_>, no: SpaceNo, starting: Option<&Starting>) -> Result<()> {
    let sql = "UPDATE space SET starting = ?2, start_seq = ?3, start_at = ?4 WHERE no = ?1";
    let checkpoint = starting.map(|s| s.checkpoint.as_slice());
    tx.execute(sql, (no.0, checkpoint, starting.map(|s| s.upto), starting.map(|s| s.at)))
        .map(|_| ())
}

/// Takes the next counter of this device in a space. It only rises; gaps are legal.
pub(crate) fn next_counter(tx: &Tx<'_>, no: SpaceNo, seen: u64) -> Result<u64> {
    let sql = "SELECT counter FROM space WHERE no = ?1";
    let used: u64 = tx.reader().prepare_cached(sql)?.query_row([no.0], |row| row.get(0))?;
    let next = used.max(seen) + 1;
    tx.execute("UPDATE space SET counter = ?2 WHERE no = ?1", (no.0, next))?;
    Ok(next)
}

/// Notes an entry of this device that a relay acknowledged. The newest is what the next one cites.
pub(crate) fn set_prev(tx: &Tx<'_>, no: SpaceNo, hash: EntryHash, counter: u64) -> Result<()> {
    let sql = "UPDATE space SET prev = ?2, prev_counter = ?3 WHERE no = ?1 AND prev_counter < ?3";
    tx.execute(sql, (no.0, hash.as_bytes(), counter)).map(|_| ())
}

/// Notes how far the relay knows this device to be.
pub(crate) fn set_cursor(tx: &Tx<'_>, space: SpaceId, seq: Seq) -> Result<()> {
    tx.execute("UPDATE space SET cursor_seq = ?2 WHERE id = ?1", (space.as_bytes(), seq))
        .map(|_| ())
}

/// Notes where the relay's log ends.
pub(crate) fn set_above(tx: &Tx<'_>, no: SpaceNo, seq: Seq) -> Result<()> {
    tx.execute("UPDATE space SET above = ?2 WHERE no = ?1 AND above <> ?2", (no.0, seq)).map(|_| ())
}

/// A relay with another history: every cursor it had of this device is gone, every log is to be compared,
/// and of this device's entries only those that were seen in the log may be cited.
pub(crate) fn forget_cursors(tx: &Tx<'_>, me: DeviceId) -> Result<()> {
    let sql =
        "UPDATE space SET cursor_seq = 0, above = 0, doubted = 1, prev = ?2, prev_counter = ?3
               WHERE no = ?1";
    for space in all(tx.reader())? {
        let tip = space.state.as_ref().map_or(Cut::NOTHING, |state| state.tip(&me));
        tx.execute(sql, (space.no.0, tip.entry.as_bytes(), tip.counter))?;
    }
    Ok(())
}

/// The relay says whether the account still belongs to a chart. Gives whether that is news.
pub(crate) fn set_gone(tx: &Tx<'_>, space: SpaceId, gone: bool) -> Result<bool> {
    let sql = "UPDATE space SET gone = ?2 WHERE id = ?1 AND gone <> ?2";
    Ok(tx.execute(sql, (space.as_bytes(), gone))? > 0)
}

/// Whether the relay says that the account belongs to a space no more.
pub(crate) fn is_gone(conn: &Connection, space: SpaceId) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM space WHERE id = ?1 AND gone = 1)";
    Ok(conn.prepare_cached(sql)?.query_row([space.as_bytes()], |row| row.get(0))?)
}

/// Notes in which classes the log was shown whole.
pub(crate) fn set_shown(tx: &Tx<'_>, no: SpaceNo, classes: u32) -> Result<()> {
    tx.execute("UPDATE space SET shown = ?2 WHERE no = ?1", (no.0, classes)).map(|_| ())
}

/// The log is read once more from its start: places of which only the hash came may now be read.
pub(crate) fn read_wider(tx: &Tx<'_>, no: SpaceNo) -> Result<()> {
    tx.execute("DELETE FROM entry WHERE space = ?1", [no.0])?;
    let sql = "UPDATE space SET before = coalesce(before, state), state = NULL, starting = NULL,
               start_seq = NULL, start_at = NULL, shown = NULL WHERE no = ?1";
    tx.execute(sql, [no.0]).map(|_| ())
}

/// Forgets a chart that was read and of which the account never was a member.
pub(crate) fn forget_stranger(tx: &Tx<'_>, no: SpaceNo) -> Result<()> {
    tx.execute("DELETE FROM entry WHERE space = ?1", [no.0])?;
    tx.execute("DELETE FROM space WHERE no = ?1", [no.0]).map(|_| ())
}

/// The relay's log was compared with this one.
pub(crate) fn believe(tx: &Tx<'_>, space: SpaceId) -> Result<()> {
    tx.execute("UPDATE space SET doubted = 0 WHERE id = ?1 AND doubted <> 0", [space.as_bytes()])
        .map(|_| ())
}

/// The log is read again from its start. What this device holds of it is kept to be sent, in the order in
/// which this device got to know all logs, so that a relay is given back what it lost.
pub(crate) fn read_again(tx: &Tx<'_>, space: &SpaceRow, me: &[u8; 32]) -> Result<()> {
    // What is left of an earlier time comes after what was in the log since.
    let sql = "UPDATE sealed SET seq = NULL, turn = turn + (1 << 40) WHERE space = ?1";
    tx.execute(sql, [space.id.as_bytes()])?;
    let sql = "INSERT INTO sealed (space, hash, kind, doc, bytes, own, held, turn)
               SELECT ?2, hash, kind, doc, bytes, author = ?3, 1, rowid FROM entry
               WHERE space = ?1 AND bytes IS NOT NULL AND standing = 0
                     AND (kind = 0 OR NOT EXISTS
                          (SELECT 1 FROM tombstone WHERE tombstone.space = ?2 AND (why = 0 OR stage > 0)))
               ORDER BY seq ON CONFLICT (hash) DO UPDATE SET held = 1, turn = excluded.turn";
    tx.execute(sql, (space.no.0, space.id.as_bytes(), me))?;
    tx.execute("DELETE FROM entry WHERE space = ?1", [space.no.0])?;
    let sql = "UPDATE space SET before = coalesce(before, state), state = NULL, starting = NULL,
               start_seq = NULL, start_at = NULL, cursor_seq = 0, above = 0, prev = NULL,
               prev_counter = 0, doubted = 0 WHERE no = ?1";
    tx.execute(sql, [space.no.0]).map(|_| ())
}

/// Forgets a space that turned out to be none of this device's.
pub(crate) fn forget_foreign(tx: &Tx<'_>, no: SpaceNo) -> Result<()> {
    let sql = "DELETE FROM space WHERE no = ?1 AND state IS NULL AND before IS NULL
               AND NOT EXISTS (SELECT 1 FROM entry WHERE space = ?1)";
    tx.execute(sql, [no.0]).map(|_| ())
}

/// A start from a checkpoint that was under way begins again.
pub(crate) fn start_again(tx: &Tx<'_>, no: SpaceNo) -> Result<()> {
    tx.execute("DELETE FROM entry WHERE space = ?1", [no.0])?;
    let sql = "UPDATE space SET state = NULL, starting = NULL, start_seq = NULL, start_at = NULL
               WHERE no = ?1";
    tx.execute(sql, [no.0]).map(|_| ())
}
