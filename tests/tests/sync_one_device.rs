//! One device and a real relay: what is written arrives, waits, and is told about.
#![allow(clippy::unwrap_used)]

use holdfast::views::StatusKind;
use holdfast::{Budget, Engine, HistoryQuery, SyncOutcome};
use holdfast_tests::near_relay::{NearRelay, first_device, log, sync};

fn statuses(engine: &Engine) -> Vec<StatusKind> {
    let page = engine.history(&HistoryQuery::default()).unwrap();
    page.holds.iter().flatten().map(|hold| hold.status).collect()
}

#[test]
fn what_was_logged_offline_arrives_and_a_quiet_sync_costs_next_to_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (engine, _) = first_device(dir.path(), &relay);
    relay.set_down(true);
    log(&engine, "evening", 45);
    let report = engine.sync_once(&Budget::default()).unwrap();
    let why = report.problems[0].code.as_str();
    assert_eq!((report.outcome, why), (SyncOutcome::Offline, "offline"));
    assert!(report.queued > 0);
    assert_eq!(statuses(&engine), [StatusKind::Queued]);

    relay.set_down(false);
    sync(&engine);
    assert_eq!(statuses(&engine), [StatusKind::Relayed]);

    let report = sync(&engine);
    assert_eq!((report.round_trips, report.pushed, report.pulled), (1, 0, 0), "{report:?}");
    assert!(report.bytes_sent + report.bytes_received <= 200, "{report:?}");
}

#[test]
fn an_answer_that_was_lost_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (engine, _) = first_device(dir.path(), &relay);
    sync(&engine);
    for lost in 1..4 {
        log(&engine, "evening", 40 + lost);
        relay.lose_answers(1);
        let report = engine.sync_once(&Budget::default()).unwrap();
        assert_eq!(report.outcome, SyncOutcome::Offline);
        assert!(report.queued > 0);
        sync(&engine);
    }
    assert_eq!(statuses(&engine).len(), 3);
    assert!(statuses(&engine).iter().all(|status| *status == StatusKind::Relayed));
}

#[test]
fn a_sync_without_a_relay_says_so_and_setting_one_sends_what_waited() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (engine, _) = first_device(dir.path(), &relay);
    engine.set_relay(None).unwrap();
    log(&engine, "evening", 45);
    let report = engine.sync_once(&Budget::default()).unwrap();
    assert_eq!(report.problems[0].code, "no_relay");
    assert_eq!(statuses(&engine), [StatusKind::Saved]);
    engine.set_relay(Some(holdfast_tests::near_relay::URL)).unwrap();
    assert_eq!(statuses(&engine), [StatusKind::Queued]);
    sync(&engine);
    assert_eq!(statuses(&engine), [StatusKind::Relayed]);
}
