//! What the relay has on its disk, read from outside of it: every log, entry by entry, and what each adds up to.

use std::collections::BTreeMap;

use holdfast_protocol::ids::{EntryHash, SpaceId};
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::wire;
use rusqlite::{Connection, OpenFlags};

use crate::simulator::relay_house::RelayHouse;

/// One place of a log: its number, its entry's hash, and the entry's bytes unless they were dropped.
pub type Place = (u64, EntryHash, Option<Vec<u8>>);

/// The relay's disk.
pub struct Relay {
    /// Membership as of the last membership entry.
    pub states: BTreeMap<SpaceId, SpaceState>,
    /// The logs.
    pub logs: BTreeMap<SpaceId, Vec<Place>>,
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn open(house: &RelayHouse) -> Result<Connection, Failed> {
    Ok(Connection::open_with_flags(house.database(), OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

fn states(db: &Connection) -> Result<BTreeMap<SpaceId, SpaceState>, Failed> {
    let mut found = db.prepare("SELECT id, state FROM space JOIN snapshot ON space = no")?;
    let mut rows = found.query([])?;
    let mut states = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (id, state): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let id = SpaceId::from_slice(&id).ok_or("a space without an id")?;
        states.insert(id, wire::decode("space", &state)?);
    }
    Ok(states)
}

impl Relay {
    /// Reads all of it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn read(house: &RelayHouse) -> Result<Self, String> {
        Self::all(house).map_err(|e| format!("the relay's disk: {e}"))
    }

    fn all(house: &RelayHouse) -> Result<Self, Failed> {
        let db = open(house)?;
        let mut logs: BTreeMap<SpaceId, Vec<Place>> = BTreeMap::new();
        let sql = "SELECT id, place & 0xffffffff, hash, body FROM entry JOIN space
                   ON no = place >> 32 ORDER BY place";
        let mut found = db.prepare(sql)?;
        let mut rows = found.query([])?;
        while let Some(row) = rows.next()? {
            let (id, hash): (Vec<u8>, [u8; 32]) = (row.get(0)?, row.get(2)?);
            let id = SpaceId::from_slice(&id).ok_or("a space without an id")?;
            logs.entry(id).or_default().push((row.get(1)?, EntryHash(hash), row.get(3)?));
        }
        Ok(Self { states: states(&db)?, logs })
    }

    /// What a log adds up to, and how many places it has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn state_of(
        house: &RelayHouse,
        space: SpaceId,
    ) -> Result<Option<(SpaceState, u64)>, String> {
        let read = || -> Result<Option<(SpaceState, u64)>, Failed> {
            let db = open(house)?;
            let Some(state) = states(&db)?.remove(&space) else { return Ok(None) };
            let sql = "SELECT max(place & 0xffffffff) FROM entry JOIN space ON no = place >> 32
                       WHERE id = ?1";
            let head: Option<u64> = db.query_row(sql, [space.as_bytes()], |row| row.get(0))?;
            Ok(Some((state, head.unwrap_or_default())))
        };
        read().map_err(|e| format!("the relay's disk: {e}"))
    }
}
