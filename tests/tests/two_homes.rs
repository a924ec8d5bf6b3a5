//! Two homes, real files, real HTTP: what each recorded offline becomes one record on both.

#![allow(clippy::unwrap_used)]

use holdfast::domain::units::Millis;
use holdfast::routine::{StepPlace, StepRequest};
use holdfast::{HistoryQuery, LogRequest, LogSide};
use holdfast_tests::scene::{Scene, day, held, history_json, settle, sync};

/// The first exercise of the routine on its left side, under one day, slot, step, set and repetition.
fn tonight(routine: &str, step: &str, exercise: &str, seconds: u32, note: &str) -> LogRequest {
    LogRequest {
        routine: Some(routine.to_owned()),
        date: Some(day("2026-03-01")),
        slot: Some("bedtime".to_owned()),
        step: Some(step.to_owned()),
        side: Some(LogSide::Left),
        set: Some(1),
        rep: Some(1),
        yes: true,
        ..held(exercise, seconds, note)
    }
}

#[test]
fn the_same_hold_logged_in_two_homes_offline_is_one_hold_with_both_notes() {
    let mut scene = Scene::new();
    let (first, second) = scene.two_devices();
    let routine = first.new_routine("Tonight").unwrap().routine.id.to_string();
    let step = StepRequest { exercise: "kneeling-hip-flexor".to_owned(), ..StepRequest::default() };
    let (_, step) = first.add_step(&routine, &step, &StepPlace::default(), &[]).unwrap();
    settle(&[&first, &second]);
    assert!(second.routine(&routine).is_ok(), "the routine came over");

    scene.stop_relay();
    let exercise = "kneeling-hip-flexor";
    first.log(&tonight(&routine, &step, exercise, 28, "tight today")).unwrap();
    second.log(&tonight(&routine, &step, exercise, 33, "the other phone says")).unwrap();
    scene.start_relay();
    settle(&[&first, &second]);

    for engine in [&first, &second] {
        let page = engine.history(&HistoryQuery::default()).unwrap();
        let holds = page.holds.unwrap();
        assert_eq!(holds.len(), 1, "one hold");
        let hold = &holds[0];
        assert_eq!(Millis(hold.held_ms), Millis::from_secs(33), "the longer one stands");
        let mut notes: Vec<&str> = hold.notes.iter().map(|note| note.text.as_str()).collect();
        notes.sort_unstable();
        assert_eq!(notes, ["the other phone says", "tight today"]);
        let observations = engine.hold_observations(&hold.hold_id).unwrap();
        let mut lengths: Vec<u64> = observations.iter().map(|o| o.held_ms).collect();
        lengths.sort_unstable();
        assert_eq!(lengths, [28_000, 33_000], "both are listed");
        let doctor = engine.doctor(false).unwrap();
        assert!(doctor.ok, "{:?}", doctor.findings);
    }
    let history = (history_json(&first), history_json(&second));
    assert_eq!(without_views(history.0), without_views(history.1));
}

/// Who else has a hold is told from where one stands.
fn without_views(mut history: serde_json::Value) -> serde_json::Value {
    for hold in history.as_array_mut().unwrap() {
        hold.as_object_mut().unwrap().remove("seen_by");
    }
    history
}

#[test]
fn a_hold_says_where_it_has_got_to() {
    let mut scene = Scene::new();
    let (first, second) = scene.two_devices();
    scene.stop_relay();
    let hold = first.log(&held("childs-pose", 40, "")).unwrap().remove(0);
    let status = |engine: &holdfast::Engine| engine.hold(&hold.hold_id).unwrap().status;
    assert_eq!(status(&first), holdfast::views::StatusKind::Queued);
    scene.start_relay();
    sync(&first);
    assert_eq!(status(&first), holdfast::views::StatusKind::Relayed);
    sync(&second);
    sync(&first);
    assert_eq!(status(&first), holdfast::views::StatusKind::Seen);
}

#[test]
fn a_device_that_was_offline_for_long_catches_up_both_ways() {
    let mut scene = Scene::new();
    let (first, second) = scene.two_devices();
    scene.stop_relay();
    for n in 0..40 {
        first.log(&held("childs-pose", 30 + n, &format!("first {n}"))).unwrap();
        second.log(&held("childs-pose", 30 + n, &format!("second {n}"))).unwrap();
    }
    scene.start_relay();
    settle(&[&first, &second]);
    let both = (history_json(&first), history_json(&second));
    assert_eq!(both.0.as_array().unwrap().len(), 80);
    assert_eq!(without_views(both.0), without_views(both.1));
}
