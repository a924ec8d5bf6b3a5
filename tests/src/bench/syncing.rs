//! P3, P4 and P8: what a sync costs with nothing to say, what a new device costs that catches up five years,
//! and how much memory it all takes. Memory is that of a fresh process that does nothing else.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use holdfast::domain::units::Millis;
use holdfast::sync::transport::Transport;
use holdfast::{Budget, SyncOutcome, SyncReport};
use holdfast::{Config, Done, Engine, ExportFormat, LogRequest};
use serde::{Deserialize, Serialize};

use super::Measure;
use super::meter::Meter;

/// The most rounds a sync of everything may take.
const ROUNDS: usize = 200;

fn to_the_end(engine: &Engine) -> SyncReport {
    let mut all: Option<SyncReport> = None;
    for _ in 0..ROUNDS {
        let report = engine.sync_once(&Budget::default()).expect("sync does not fail");
        let outcome = report.outcome;
        match &mut all {
            None => all = Some(report),
            Some(all) => {
                all.pushed += report.pushed;
                all.pulled += report.pulled;
                all.round_trips += report.round_trips;
                all.bytes_sent += report.bytes_sent;
                all.bytes_received += report.bytes_received;
                all.outcome = outcome;
            }
        }
        if outcome == SyncOutcome::Done {
            break;
        }
    }
    let all = all.expect("at least one round");
    assert_eq!(all.outcome, SyncOutcome::Done, "{all:?}");
    all
}

/// Pushes everything a home has.
pub fn push_everything(engine: &Engine) -> SyncReport {
    to_the_end(engine)
}

/// P3: a sync with nothing to say.
#[must_use]
pub fn silence(engine: &Engine) -> Vec<Measure> {
    to_the_end(engine);
    to_the_end(engine);
    let begun = Instant::now();
    let report = to_the_end(engine);
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    let (trips, bytes) =
        (report.round_trips as f64, (report.bytes_sent + report.bytes_received) as f64);
    vec![
        Measure::at_most("P3", "no-op sync, round trips", trips, "", 1.0),
        Measure::at_most("P3b", "no-op sync, bytes of bodies", bytes, "B", 200.0),
        Measure::told("P3c", "no-op sync, time on this machine", took, "ms"),
    ]
}

/// What a child process reports.
#[derive(Debug, Serialize, Deserialize)]
pub struct Child {
    seconds: f64,
    bytes: u64,
    round_trips: u64,
    peak_kib: u64,
    start_kib: u64,
    holds: u64,
}

/// This process's memory, in KiB: `VmHWM` is its highest, `VmRSS` today's.
fn memory_kib(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// In a child process: joins with a link and catches up.
///
/// # Panics
/// When it cannot.
#[must_use]
pub fn child_catch_up(link: &str, home: &Path) -> Child {
    let start_kib = memory_kib("VmRSS");
    let begun = Instant::now();
    let meter = Arc::new(Meter::new());
    let mut config = Config::command_line(home);
    config.transport = Some(Arc::clone(&meter) as Arc<dyn Transport>);
    let engine = Engine::join(config, link, "second").expect("the device joins");
    to_the_end(&engine);
    let seconds = begun.elapsed().as_secs_f64();
    // Before the history is listed, which is this program's wish and not the engine's.
    let peak_kib = memory_kib("VmHWM");
    let holds = crate::simulator::history(&engine).map_or(0, |holds| holds.len() as u64);
    Child {
        seconds,
        bytes: meter.bytes.load(Ordering::Relaxed),
        round_trips: meter.round_trips.load(Ordering::Relaxed),
        peak_kib,
        start_kib,
        holds,
    }
}

/// In a child process: opens a home, logs a hold, syncs.
///
/// # Panics
/// When it cannot.
#[must_use]
pub fn child_evening(home: &Path) -> Child {
    let start_kib = memory_kib("VmRSS");
    let begun = Instant::now();
    let engine = Engine::open(Config::command_line(home)).expect("the home opens");
    let mut request = LogRequest::new("childs-pose", Done::Held(Millis::from_secs(45)));
    request.session = Some("bench-evening".to_owned());
    request.yes = true;
    engine.log(&request).expect("a hold is logged");
    let report = to_the_end(&engine);
    Child {
        seconds: begun.elapsed().as_secs_f64(),
        bytes: report.bytes_sent + report.bytes_received,
        round_trips: report.round_trips,
        peak_kib: memory_kib("VmHWM"),
        start_kib,
        holds: 1,
    }
}

/// Runs this program again as a child that does one thing.
fn child(arguments: &[&str]) -> Child {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program).args(arguments).output().expect("a child starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("a child reports")
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// P4: a new device catches up, against the sum of the documents as Automerge saves them.
///
/// # Panics
/// When it cannot.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn catching_up(engine: &Engine, room: &Path) -> Vec<Measure> {
    let saved = saved_bytes(engine, &room.join("documents"));
    let link = engine.pair(600_000).expect("a link is made");
    let home = room.join("second");
    let found = child(&["--child-catch-up", &link.link, &home.display().to_string()]);
    let ratio = found.bytes as f64 / saved as f64;
    vec![
        Measure::at_most("P4", "a new device, bytes ÷ saved documents", ratio, "", 0.7),
        Measure::told("P4a", "a new device, bytes of bodies", found.bytes as f64 / 1e6, "MB"),
        Measure::told("P4b", "sum of the saved documents", saved as f64 / 1e6, "MB"),
        Measure::told("P4c", "a new device, holds", found.holds as f64, ""),
        Measure::told("P4d", "a new device, time", found.seconds, "s"),
        Measure::told("P4e", "a new device, peak memory", mib(found.peak_kib), "MiB"),
        Measure::told("P4f", "a new device, round trips", found.round_trips as f64, ""),
    ]
}

/// Every document, loaded and saved as Automerge does it by default.
fn saved_bytes(engine: &Engine, folder: &Path) -> u64 {
    engine.export(ExportFormat::Automerge, folder).expect("the documents are exported");
    let files = std::fs::read_dir(folder).expect("the export is a folder");
    let documents = files
        .filter_map(Result::ok)
        .filter(|file| file.path().extension().is_some_and(|kind| kind == "automerge"));
    documents
        .map(|file| {
            let bytes = std::fs::read(file.path()).expect("a document is read");
            let mut document = automerge::AutoCommit::load(&bytes).expect("a document loads");
            document.save().len() as u64
        })
        .sum()
}

/// P8: opening, logging and syncing on five years.
#[must_use]
pub fn evening(home: &Path) -> Vec<Measure> {
    let found = child(&["--child-evening", &home.display().to_string()]);
    let peak = mib(found.peak_kib);
    vec![
        Measure::at_most("P8", "open, log and sync on five years, peak memory", peak, "MiB", 38.1),
        Measure::told("P8a", "of it before anything is opened", mib(found.start_kib), "MiB"),
        Measure::told("P8b", "open, log and sync, time", found.seconds, "s"),
    ]
}
