//! Stopped at every write, and killed at any instant: nothing acknowledged is lost, nothing is half done.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdfast_domain::units::Millis;

use holdfast_protocol::ids::Class;

use super::tests::{Seeded, account, config, found, hold, open};
use crate::clock::FakeClock;
use crate::config::Config;
use crate::error::HoldfastError;
use crate::store::{docs, outbox};
use crate::{
    Crash, Engine, FaultPoint, Faults, HistoryQuery, HoldEdit, LogRequest, LogSide, projection,
};

/// A home that is the same every time, and the config to open it with the same ids to come.
fn same_home(home: &Path, clock: &Arc<FakeClock>, faults: Faults) -> Config {
    let seeded = |seed| Config { entropy: Box::new(Seeded(seed)), ..config(home, Faults::none()) };
    Engine::create(seeded(0), account()).unwrap();
    let clock: Arc<dyn crate::clock::Clock> = clock.clone();
    Config { clock, faults, ..seeded(1000) }
}

/// What a person did, one command each.
type Command = fn(&Engine, &FakeClock) -> Result<(), HoldfastError>;

const COMMANDS: [Command; 6] = [
    |engine, _| engine.log(&hold(60)).map(drop),
    |engine, _| {
        let both = LogRequest { side: Some(LogSide::Both), ..hold(80) };
        engine.log(&both).map(drop)
    },
    |engine, _| {
        let newest = engine.history(&HistoryQuery::default())?.holds.unwrap_or_default();
        let edit = HoldEdit { held: Some(Millis::from_secs(70)), ..HoldEdit::default() };
        engine.edit_hold(&newest[0].hold_id, &edit).map(drop)
    },
    |engine, _| {
        let newest = engine.history(&HistoryQuery::default())?.holds.unwrap_or_default();
        engine.remove_hold(&newest[1].hold_id)
    },
    |engine, clock| {
        clock.advance(86_400_000);
        engine.log(&hold(45)).map(drop)
    },
    |engine, _| {
        let newest = engine.history(&HistoryQuery::default())?.holds.unwrap_or_default();
        engine.remove_session(&newest[0].session_id)
    },
];

/// Everything that is stored of documents, outbox and projection, but for when the device began anew.
fn state(engine: &Engine) -> Vec<String> {
    engine
        .inner
        .store
        .read(|conn| {
            let mut lines = vec![hex::encode(projection::digest(conn)?)];
            for entry in docs::list(conn, 0, 100)? {
                let stored = docs::load(conn, entry.space, &entry.name)?.unwrap();
                let document = crate::open_documents::document_of(
                    &entry.name,
                    &stored,
                    projection::READER_ACTOR,
                )?;
                let keys: Vec<String> = document.keys().collect();
                lines.push(format!("{} {} {keys:?}", entry.name, document.changes()));
            }
            for pending in outbox::pending(conn, engine.inner.who.chart, &Class::CHART, 1000)? {
                lines.push(format!("{} {} {}", pending.id, pending.doc, pending.actor_seq));
            }
            Ok(lines)
        })
        .unwrap()
}

/// Runs the commands on a home of its own, stopping at the `stop`th point. Gives how many were
/// acknowledged, the state found on reopening, and whether the end was reached.
fn run(stop: u64) -> (usize, Vec<String>, bool) {
    let dir = tempfile::tempdir().unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    let faults = Faults::new(move |_: FaultPoint, _| {
        let n = counter.fetch_add(1, Ordering::Relaxed) + 1;
        if n == stop { Err(Crash) } else { Ok(()) }
    });
    let clock = Arc::new(FakeClock::new(1_772_312_400_000, "Europe/Berlin"));
    let mut acknowledged = 0;
    let mut whole = true;
    {
        let engine = Engine::open(same_home(dir.path(), &clock, faults)).unwrap();
        for command in COMMANDS {
            match command(&engine, &clock) {
                Ok(()) => acknowledged += 1,
                Err(error) => {
                    assert_eq!(error.code(), "restart_needed", "{error}");
                    assert_eq!(engine.log(&hold(1)).unwrap_err().code(), "restart_needed");
                    whole = false;
                    break;
                }
            }
        }
    }
    let engine = open(dir.path()).unwrap();
    let report = engine.doctor(false).unwrap();
    assert!(report.ok, "stopped at {stop}: {report:?}");
    (acknowledged, state(&engine), whole)
}

#[test]
fn stopped_at_any_write_a_home_is_as_before_the_command_or_as_after_it() {
    let states: Vec<Vec<String>> = (0..=COMMANDS.len())
        .map(|n| {
            let dir = tempfile::tempdir().unwrap();
            let clock = Arc::new(FakeClock::new(1_772_312_400_000, "Europe/Berlin"));
            let engine = Engine::open(same_home(dir.path(), &clock, Faults::none())).unwrap();
            for command in &COMMANDS[..n] {
                command(&engine, &clock).unwrap();
            }
            state(&engine)
        })
        .collect();
    for pair in states.windows(2) {
        assert_ne!(pair[0], pair[1], "every command leaves a trace");
    }
    let (mut before, mut after) = (0, 0);
    for stop in 1.. {
        let (acknowledged, found, whole) = run(stop);
        if whole {
            assert_eq!((acknowledged, &found), (COMMANDS.len(), &states[COMMANDS.len()]));
            assert!(stop > 40, "only {stop} points");
            break;
        }
        if found == states[acknowledged] {
            before += 1;
        } else {
            assert_eq!(found, states[acknowledged + 1], "stopped at {stop} in {acknowledged}");
            after += 1;
        }
    }
    // Only the point after the commit leaves a command done whose caller never heard of it.
    assert_eq!(after, COMMANDS.len());
    assert!(before > 30);
}

#[test]
#[ignore = "run as a child process by the test below"]
fn a_child_that_logs_until_it_is_killed() {
    let home = std::env::var("HOLDFAST_TEST_HOME").unwrap();
    let engine = open(Path::new(&home)).unwrap();
    for n in 1.. {
        engine.log(&hold(60)).unwrap();
        println!("logged {n}");
    }
}

#[test]
fn killed_at_any_instant_it_loses_nothing_it_acknowledged() {
    use std::io::BufRead;
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let mut expected = 0;
    for pause_ms in [40, 90, 170] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::crash_tests::a_child_that_logs_until_it_is_killed"])
            .args(["--ignored", "--nocapture"])
            .env("HOLDFAST_TEST_HOME", dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        while !said.next().unwrap().unwrap().contains("logged 1") {}
        std::thread::sleep(Duration::from_millis(pause_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged =
            1 + said.filter(|line| line.as_ref().unwrap().contains("logged")).count();
        expected += acknowledged;
        let engine = open(dir.path()).unwrap();
        let sql = "SELECT count(*) FROM hold";
        let kept: usize =
            engine.inner.store.read(|c| Ok(c.query_row(sql, [], |row| row.get(0))?)).unwrap();
        assert!(kept == expected || kept == expected + 1, "{kept} of {expected}");
        expected = kept;
        assert!(engine.doctor(false).unwrap().ok);
    }
}
