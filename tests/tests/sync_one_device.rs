//! One device and a real relay: what is written arrives, waits, and is told about.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use holdfast::clock::FakeClock;
use holdfast::domain::units::Millis;
use holdfast::views::StatusKind;
use holdfast::{
    Budget, Config, Done, Engine, HistoryQuery, LogRequest, LogSide, NewAccount, SyncOutcome,
};
use holdfast_tests::near_relay::{NearRelay, URL};

fn config(home: &std::path::Path, relay: &Arc<NearRelay>) -> Config {
    Config {
        clock: Arc::new(FakeClock::new(1_772_312_400_000, "Europe/Berlin")),
        transport: Some(relay.clone()),
        ..Config::command_line(home)
    }
}

fn ana(home: &std::path::Path, relay: &Arc<NearRelay>) -> Engine {
    let account = NewAccount {
        name: "Ana".to_owned(),
        device_name: "phone".to_owned(),
        relay: Some(URL.to_owned()),
    };
    Engine::create(config(home, relay), account).unwrap().0
}

fn log(engine: &Engine, seconds: u64) {
    let done = Done::Held(Millis::from_secs(seconds));
    let request =
        LogRequest { side: Some(LogSide::Left), ..LogRequest::new("psoas-release-hook", done) };
    engine.log(&request).unwrap();
}

fn statuses(engine: &Engine) -> Vec<StatusKind> {
    let page = engine.history(&HistoryQuery::default()).unwrap();
    page.holds.iter().flatten().map(|hold| hold.status).collect()
}

#[test]
fn what_was_logged_offline_arrives_and_a_quiet_sync_costs_next_to_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let engine = ana(dir.path(), &relay);
    relay.set_down(true);
    log(&engine, 45);
    let report = engine.sync_once(&Budget::default()).unwrap();
    assert_eq!(
        (report.outcome, report.problems[0].code.as_str()),
        (SyncOutcome::Offline, "offline")
    );
    assert!(report.queued > 0);
    assert_eq!(statuses(&engine), [StatusKind::Queued]);

    relay.set_down(false);
    let report = engine.sync_once(&Budget::default()).unwrap();
    assert_eq!(report.outcome, SyncOutcome::Done, "{report:?}");
    assert_eq!((report.queued, report.problems.len()), (0, 0), "{report:?}");
    assert_eq!(statuses(&engine), [StatusKind::Relayed]);

    let report = engine.sync_once(&Budget::default()).unwrap();
    assert_eq!((report.round_trips, report.pushed, report.pulled), (1, 0, 0), "{report:?}");
    assert!(report.bytes_sent + report.bytes_received <= 200, "{report:?}");
}
