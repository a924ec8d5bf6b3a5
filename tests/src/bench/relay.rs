//! P5: how many entries a second the relay makes durable, against SQLite alone writing the same rows in
//! groups of the same size, in the same run on the same disk.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Instant;

use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::Class;
use holdfast_protocol::sync::Outcome;
use holdfast_protocol::wire;
use holdfast_relay::{Ask, Limits, Relay, RelayConfig};
use rusqlite::{Connection, params};

use super::Measure;
use crate::bare_client::BareClient;

/// A row as the relay stores it: space, sequence, hash, bytes.
type Row = (i64, i64, Vec<u8>, Vec<u8>);

/// Devices that push at the same time.
const DEVICES: usize = 32;
/// Entries in one request: what a phone has after some days offline.
const BATCH: usize = 32;
/// Requests of each device.
const REQUESTS: usize = 32;
/// Any instant will do.
const NOW_MS: u64 = 1_800_000_000_000;

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Measures, in a directory on the disk in question.
///
/// # Panics
/// When the relay refuses what it should take: then there is nothing to measure.
#[must_use]
pub fn measure(directory: &Path) -> Vec<Measure> {
    let config =
        RelayConfig::in_directory(directory.join("relay")).with_limits(Limits::without_rates());
    let relay = Relay::open(config).expect("a relay opens");
    let mut carry = |path: &str, token: Option<&str>, body: &[u8]| {
        let answer = relay.answer(Ask { path, token, body, peer: PEER }, NOW_MS);
        (answer.status, answer.body)
    };
    let mut clients: Vec<BareClient> =
        (0..DEVICES).map(|_| BareClient::found(&mut carry).expect("an account")).collect();
    // Signed and sealed beforehand: that is the phones' work, not the relay's.
    let batches: Vec<Vec<Vec<Entry>>> = clients.iter_mut().map(batches).collect();
    let bodies: Vec<Vec<Vec<u8>>> =
        batches.iter().map(|batches| batches.iter().map(|batch| body(batch)).collect()).collect();

    let begun = Instant::now();
    std::thread::scope(|scope| {
        for (client, bodies) in clients.iter().zip(&bodies) {
            let relay = &relay;
            scope.spawn(move || push(relay, client, bodies));
        }
    });
    #[allow(clippy::cast_precision_loss, reason = "some ten thousand entries")]
    let entries = (DEVICES * BATCH * REQUESTS) as f64;
    let relay_rate = entries / begun.elapsed().as_secs_f64();
    let raw_rate = entries / raw(&directory.join("raw.sqlite3"), &batches);
    let signature_rate = entries / signatures(&batches);
    let bound = bound(signature_rate, raw_rate);
    vec![
        Measure::at_least("P5", "relay, durable entries a second", relay_rate, "1/s", 10_000.0),
        Measure::at_least("P5b", "the same ÷ SQLite alone", relay_rate / raw_rate, "", 0.5),
        Measure::told("P5c", "SQLite alone, the same rows and groups", raw_rate, "1/s"),
        Measure::told("P5d", "signatures alone, on every core", signature_rate, "1/s"),
        Measure::told("P5e", "these two and nothing else ÷ SQLite alone", bound / raw_rate, ""),
        Measure::told("P5f", "the relay ÷ these two and nothing else", relay_rate / bound, ""),
    ]
}

#[allow(clippy::cast_precision_loss, reason = "a few cores")]
fn cores() -> f64 {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64
}

/// Entries a second that this machine has processor time for when it checks one signature and writes one row
/// for each, and does nothing else. Rows are written by one core; signatures may use all.
fn bound(signature_rate: f64, raw_rate: f64) -> f64 {
    let seconds_of_all_cores = 1.0 / signature_rate + 1.0 / (raw_rate * cores());
    (1.0 / seconds_of_all_cores).min(raw_rate)
}

/// Seconds to read and check the same entries, on every core.
fn signatures(batches: &[Vec<Vec<Entry>>]) -> f64 {
    let bytes: Vec<Vec<u8>> = batches.iter().flatten().flatten().map(Entry::to_bytes).collect();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few cores")]
    let share = bytes.len().div_ceil(cores() as usize);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for share in bytes.chunks(share) {
            scope.spawn(move || {
                for bytes in share {
                    Entry::from_bytes(bytes).expect("an entry that was just made");
                }
            });
        }
    });
    begun.elapsed().as_secs_f64()
}

fn batches(client: &mut BareClient) -> Vec<Vec<Entry>> {
    let mut next = || client.seal_bytes(Class::Log, &[7; 300], Kind::Change);
    (0..REQUESTS).map(|_| (0..BATCH).map(|_| next()).collect()).collect()
}

fn body(batch: &[Entry]) -> Vec<u8> {
    wire::encode(&BareClient::request(batch.iter().map(Entry::to_bytes).collect()))
}

fn push(relay: &Relay, client: &BareClient, bodies: &[Vec<u8>]) {
    for body in bodies {
        let token = Some(client.token.as_str());
        let answer = relay.answer(Ask { path: "/v1/sync", token, body, peer: PEER }, NOW_MS);
        let answer: holdfast_protocol::sync::SyncResponse =
            wire::decode("answer", &answer.body).expect("the relay takes the push");
        let stored = answer.acks.iter().filter(|a| matches!(a.outcome, Outcome::Stored { .. }));
        assert_eq!(stored.count(), BATCH, "every entry is stored");
    }
}

/// Seconds that SQLite alone takes for the same rows: the relay's own table and indexes, one commit for as
/// many rows as all devices push at once.
fn raw(path: &Path, batches: &[Vec<Vec<Entry>>]) -> f64 {
    let connection = Connection::open(path).expect("a database opens");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE entry (place INTEGER PRIMARY KEY, hash BLOB NOT NULL,
                 running BLOB NOT NULL, author INTEGER NOT NULL, counter INTEGER NOT NULL,
                 mark INTEGER NOT NULL, covered_by INTEGER, body BLOB);
             CREATE INDEX entry_by_author ON entry (author, counter);
             CREATE INDEX entry_superseded ON entry (covered_by)
                 WHERE covered_by IS NOT NULL AND body IS NOT NULL;",
        )
        .expect("a table is made");
    let rows: Vec<Vec<Vec<Row>>> = (0..REQUESTS)
        .map(|request| {
            let of_device = |(device, batches): (usize, &Vec<Vec<Entry>>)| {
                let row = |entry: &Entry| {
                    let counter = i64::try_from(entry.header().counter).expect("small");
                    let device = i64::try_from(device).expect("small");
                    (device, counter, entry.hash().0.to_vec(), entry.to_bytes())
                };
                batches[request].iter().map(row).collect()
            };
            batches.iter().enumerate().map(of_device).collect()
        })
        .collect();
    let begun = Instant::now();
    for group in &rows {
        connection.execute_batch("BEGIN IMMEDIATE").expect("begins");
        for (device, counter, hash, bytes) in group.iter().flatten() {
            let sql = "INSERT INTO entry (place, hash, running, author, counter, mark, body)
                       VALUES (?1, ?2, ?2, ?3, ?4, 18, ?5)";
            connection
                .prepare_cached(sql)
                .and_then(|mut insert| {
                    insert.execute(params![device << 32 | counter, hash, device, counter, bytes])
                })
                .expect("a row is written");
        }
        connection.execute_batch("COMMIT").expect("commits");
    }
    begun.elapsed().as_secs_f64()
}
