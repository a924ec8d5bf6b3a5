//! The logs as they stand in the databases of the relay and of the devices, read from outside of both: places,
//! hashes, and the membership that each derived from them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use holdfast_protocol::ids::SpaceId;
use holdfast_protocol::membership::{SpaceKind, SpaceState};
use holdfast_protocol::wire;
use rusqlite::{Connection, OpenFlags};

use super::device::Device;
use super::relay_house::RelayHouse;

/// One log.
#[derive(Debug, Default)]
pub struct Log {
    /// Hashes by place.
    places: BTreeMap<u64, Vec<u8>>,
    /// What the log adds up to; at the relay, as of its last membership entry.
    state: Option<SpaceState>,
    /// Up to here only what is retained needs to be anywhere: the position of the newest checkpoint.
    checkpoint: u64,
}

/// Every log of one database, by space.
pub type Logs = BTreeMap<Vec<u8>, Log>;

fn open(file: &Path) -> Result<Connection, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(file, flags).map_err(|e| format!("{}: {e}", file.display()))
}

fn state(bytes: Option<Vec<u8>>) -> Result<Option<SpaceState>, String> {
    bytes.map(|bytes| wire::decode("space", &bytes).map_err(|e| e.to_string())).transpose()
}

fn read(
    db: &Connection,
    spaces: &str,
    places: &str,
) -> Result<Logs, Box<dyn std::error::Error + Send + Sync>> {
    let mut logs = Logs::new();
    let mut found = db.prepare(spaces)?;
    let mut rows = found.query([])?;
    while let Some(row) = rows.next()? {
        let log = Log {
            places: BTreeMap::new(),
            state: state(row.get(1)?)?,
            checkpoint: row.get::<_, Option<u64>>(2)?.unwrap_or_default(),
        };
        logs.insert(row.get(0)?, log);
    }
    let mut found = db.prepare(places)?;
    let mut rows = found.query([])?;
    while let Some(row) = rows.next()? {
        let log = logs.entry(row.get(0)?).or_default();
        log.places.insert(row.get(1)?, row.get(2)?);
    }
    Ok(logs)
}

/// The relay's logs.
///
/// # Errors
/// When its database cannot be read.
pub fn of_relay(house: &RelayHouse) -> Result<Logs, String> {
    let spaces =
        "SELECT id, state, checkpoint_at FROM space LEFT JOIN snapshot ON snapshot.space = no";
    let places = "SELECT id, place & 0xffffffff, hash FROM entry JOIN space ON no = place >> 32";
    let db = open(&house.database())?;
    read(&db, spaces, places).map_err(|e| format!("the relay's logs: {e}"))
}

/// A device's logs.
///
/// # Errors
/// When its database cannot be read.
pub fn of_device(device: &Device) -> Result<Logs, String> {
    let spaces = "SELECT id, state, NULL FROM space";
    let places = "SELECT id, seq, hash FROM entry JOIN space ON no = entry.space";
    let db = open(&device.home().join("holdfast.db"))?;
    read(&db, spaces, places).map_err(|e| format!("its logs: {e}"))
}

/// Whether every entry of one is somewhere in the other.
#[must_use]
pub fn holds_all_of(there: &Logs, here: &Logs) -> bool {
    let all: BTreeSet<&Vec<u8>> = there.values().flat_map(|log| log.places.values()).collect();
    here.values().flat_map(|log| log.places.values()).all(|hash| all.contains(hash))
}

/// Compares what a device has with what the relay has.
#[must_use]
pub fn compare(there: &Logs, here: &Logs) -> Vec<String> {
    let mut broken = Vec::new();
    for id in there.keys().chain(here.keys()).collect::<BTreeSet<_>>() {
        let name = SpaceId::from_slice(id).map_or_else(String::new, |id| id.to_hex());
        let name = &name[..8.min(name.len())];
        match (there.get(id), here.get(id)) {
            (Some(there), Some(here)) => {
                let found = compare_one(there, here);
                broken.extend(found.into_iter().map(|what| format!("log {name}: {what}")));
            }
            (Some(_), None) => broken.push(format!("log {name} is not on the device")),
            (None, _) => broken.push(format!("log {name} is not on the relay")),
        }
    }
    broken
}

/// Who belongs to a log. Where another's word ended is told by counters that only whoever saw the entries knows.
fn membership(state: &SpaceState, gaps: bool) -> SpaceKind {
    let mut kind = state.kind().clone();
    if let (SpaceKind::Chart(chart), true) = (&mut kind, gaps) {
        chart.lost.clear();
    }
    kind
}

/// Compares one log of a device with the relay's.
pub(super) fn compare_one(there: &Log, here: &Log) -> Vec<String> {
    let mut broken = Vec::new();
    for (seq, hash) in &here.places {
        if there.places.get(seq) != Some(hash) {
            broken.push(format!("place {seq} is another entry than the relay's"));
        }
    }
    for seq in there.places.keys().filter(|seq| !here.places.contains_key(seq)) {
        if *seq > there.checkpoint {
            broken.push(format!("place {seq} of the relay is missing"));
        }
    }
    let (Some(theirs), Some(ours)) = (&there.state, &here.state) else {
        broken.push("no membership is known of it".to_owned());
        return broken;
    };
    let end = there.places.keys().next_back().copied().unwrap_or_default();
    if ours.head().seq != end {
        broken.push(format!("it is read up to {} of {end}", ours.head().seq));
    }
    let same = membership(ours, ours.has_gaps()) == membership(theirs, ours.has_gaps());
    if !same || ours.membership_head() != theirs.membership_head() {
        broken.push("the membership is another than the relay's".to_owned());
    }
    broken
}
