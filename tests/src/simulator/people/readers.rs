//! Who can open what: every log of the relay walked through place by place, with every key that is on any device's
//! disk. What a log gives somebody to read opens for them, and what it does not give them stays shut, although they
//! may have had every byte of it from the relay.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::key_provider::KeyProvider;
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::epoch::AccountSecret;
use holdfast_protocol::ids::{Class, DeviceId, SpaceId};
use holdfast_protocol::membership::{Judge, SpaceKind, SpaceState};
use holdfast_protocol::secret::Secret32;
use rusqlite::{Connection, OpenFlags};

use super::circle::Circle;
use super::logs::{Place, Relay};
use crate::simulator::device::Device;

/// The content keys on a device's disk: by space, the number of the class, and the epoch.
pub type Keyring = BTreeMap<(SpaceId, i64, u32), Secret32>;

/// Every key that a device keeps.
///
/// # Errors
/// When its disk cannot be read.
pub fn keyring(device: &Device) -> Result<Keyring, String> {
    let read = || -> Result<Keyring, Box<dyn std::error::Error + Send + Sync>> {
        let file = device.home().join("holdfast.db");
        let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let seal = device.keys.load()?.ok_or("no key")?;
        let mut found = db.prepare("SELECT space, class, epoch, sealed FROM secret")?;
        let mut rows = found.query([])?;
        let mut keys = Keyring::new();
        while let Some(row) = rows.next()? {
            let (space, sealed): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(3)?);
            let (class, epoch): (i64, u32) = (row.get(1)?, row.get(2)?);
            let space = SpaceId::from_slice(&space).ok_or("a key of no space")?;
            let mut purpose = b"holdfast class key".to_vec();
            purpose.extend_from_slice(&space.0);
            purpose.extend_from_slice(&class.to_le_bytes());
            purpose.extend_from_slice(&epoch.to_le_bytes());
            let opened = seal.open(&purpose, &sealed).and_then(|key| Secret32::from_slice(&key));
            let secret = opened.ok_or("a key that its seal does not open")?;
            let key = if class == Class::Account as i64 {
                AccountSecret(secret).class_key()
            } else {
                secret
            };
            keys.insert((space, class, epoch), key);
        }
        Ok(keys)
    };
    read().map_err(|e| format!("its keys: {e}"))
}

/// A key that a log gave a device to read with: space, device, the number of the class, epoch, and what the log commits
/// to, which of an account's secret is left out.
pub type GivenKey = (SpaceId, DeviceId, i64, u32, Option<[u8; 32]>);

/// What a log says of rights over time, by device.
#[derive(Default)]
pub struct Walk {
    /// The last place at which a device could read a class.
    pub reads: BTreeMap<(DeviceId, i64), u64>,
    /// The last place at which a device could write records.
    pub writes: BTreeMap<DeviceId, u64>,
    /// The keys that came with these rights.
    pub given: BTreeSet<GivenKey>,
    /// Accounts that ever lost something, or had it for a time.
    pub lost: BTreeSet<SpaceId>,
    /// Sealed entries that the relay still has: place, whether new keys of the class were due then, and the entry.
    pub sealed: Vec<(u64, bool, Entry)>,
    /// Where the log ends.
    pub end: u64,
}

/// Walks through a log.
///
/// # Errors
/// When it does not read.
pub fn walk(
    log: &[Place],
    accounts: &BTreeMap<SpaceId, SpaceState>,
    devices: &BTreeMap<DeviceId, SpaceId>,
) -> Result<Walk, String> {
    let mut walk = Walk::default();
    let mut state: Option<SpaceState> = None;
    for (seq, hash, bytes) in log {
        walk.end = *seq;
        let entry = bytes.as_ref().map(|bytes| Entry::from_bytes(bytes)).transpose();
        let entry = entry.map_err(|e| format!("place {seq}: {e}"))?;
        match (&mut state, entry) {
            (Some(state), None) => state.pass(*hash),
            (Some(state), Some(entry)) => {
                let before = state.as_chart().map(|chart| chart.members.clone());
                state.replay(&entry).map_err(|e| format!("place {seq}: {e}"))?;
                let now = state.as_chart().map(|chart| &chart.members);
                for (account, was) in before.iter().flatten() {
                    let is = now.and_then(|now| now.get(account));
                    let less = is.is_none_or(|is| is.grant.reduces(&was.grant));
                    if less || was.grant.until_ms.is_some() {
                        walk.lost.insert(*account);
                    }
                }
                if matches!(entry.header().kind, Kind::Change | Kind::Pack) {
                    let class = entry.header().class;
                    let due = state.as_chart().is_some_and(|chart| chart.due.contains(&class));
                    walk.sealed.push((*seq, due, entry));
                }
            }
            (state @ None, Some(entry)) => {
                let begun = SpaceState::start(&entry, accounts, Judge::Member);
                *state = Some(begun.map_err(|e| format!("the genesis: {e:?}"))?);
            }
            (None, None) => return Err("it has no beginning".to_owned()),
        }
        if let Some(state) = &state {
            note(state, *seq, devices, &mut walk);
        }
    }
    Ok(walk)
}

fn note(state: &SpaceState, seq: u64, devices: &BTreeMap<DeviceId, SpaceId>, walk: &mut Walk) {
    match state.kind() {
        SpaceKind::Account(account) => {
            for certificate in account.active() {
                let class = Class::Account as i64;
                walk.reads.insert((certificate.device, class), seq);
                let given = account.epochs.iter().map(|epoch| epoch.number);
                let given =
                    given.map(|epoch| (state.space(), certificate.device, class, epoch, None));
                walk.given.extend(given);
            }
        }
        SpaceKind::Chart(chart) => {
            let heard = devices.iter().filter(|(device, _)| !chart.cuts.contains_key(*device));
            for (device, account) in heard {
                for class in Class::CHART.into_iter().filter(|c| chart.may_read(account, *c)) {
                    walk.reads.insert((*device, class as i64), seq);
                    // Each key opens the one before it.
                    let epochs = chart.epochs.get(&class).into_iter().flatten();
                    walk.given.extend(epochs.map(|epoch| {
                        let commitment = Some(epoch.commitment);
                        (state.space(), *device, class as i64, epoch.number, commitment)
                    }));
                }
                if chart.may_write(account, Class::Log) && !chart.closed {
                    walk.writes.insert(*device, seq);
                }
            }
        }
    }
}

/// The keys that the relay's logs, as they are now, ever gave to somebody's devices.
///
/// # Errors
/// When a log does not read.
pub fn given(circle: &Circle, relay: &Relay) -> Result<BTreeSet<GivenKey>, String> {
    let of = device_ids(circle)?.into_values().collect();
    let mut given = BTreeSet::new();
    for (space, log) in &relay.logs {
        let walk = walk(log, &relay.states, &of).map_err(|e| format!("log {space}: {e}"))?;
        given.extend(walk.given);
    }
    Ok(given)
}

/// Tries every key of every device on every sealed entry that the relay has.
///
/// # Errors
/// When a disk cannot be read.
pub fn judge(circle: &Circle, relay: &Relay, broken: &mut Vec<String>) -> Result<u64, String> {
    let devices = device_ids(circle)?;
    let of: BTreeMap<DeviceId, SpaceId> =
        devices.values().map(|(id, account)| (*id, *account)).collect();
    let mut opened = 0;
    let mut rings = Vec::new();
    for device in &circle.devices {
        rings.push(keyring(device)?);
    }
    for (space, log) in &relay.logs {
        let walk = walk(log, &relay.states, &of).map_err(|e| format!("log {space}: {e}"))?;
        for (device, (id, account)) in &devices {
            let active = relay.states.get(account).and_then(|state| state.as_account());
            let active = active.is_some_and(|account| account.is_active(id));
            for (seq, due, entry) in &walk.sealed {
                let (class, epoch) = (entry.header().class, entry.header().epoch);
                let key = rings[*device].get(&(*space, class as i64, epoch));
                let opens = key.is_some_and(|key| entry.open(key).is_ok());
                opened += u64::from(opens);
                let right = walk.reads.get(&(*id, class as i64)).copied();
                let where_ = format!(
                    "device {device} ({}), place {seq} of log {}, {class:?} of epoch {epoch}",
                    circle.name_of(*device),
                    &space.to_hex()[..8]
                );
                // What the log gave before the relay was set back is known, whatever its log says now.
                let had = key.is_some_and(|key| {
                    let commitment = (class != Class::Account).then(|| key.commitment());
                    circle.given.contains(&(*space, *id, class as i64, epoch, commitment))
                });
                if opens && right.is_none_or(|last| last < *seq) && !due && !had {
                    broken.push(format!("{where_}: it opens what it may not read ({right:?})"));
                }
                if !opens && active && right == Some(walk.end) {
                    broken.push(format!("{where_}: it cannot open what it may read"));
                }
            }
        }
    }
    Ok(opened)
}

/// The ids of the devices and of their accounts.
///
/// # Errors
/// What the engine says.
pub fn device_ids(circle: &Circle) -> Result<BTreeMap<usize, (DeviceId, SpaceId)>, String> {
    let mut ids = BTreeMap::new();
    for (n, device) in circle.devices.iter().enumerate() {
        let identity = device.engine().identity().map_err(|e| format!("identity: {e}"))?;
        let id = DeviceId::from_hex(&identity.device).ok_or("no device id")?;
        let account = SpaceId::from_hex(&identity.account).ok_or("no account id")?;
        ids.insert(n, (id, account));
    }
    Ok(ids)
}
