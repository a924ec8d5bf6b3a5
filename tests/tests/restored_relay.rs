//! A relay that was set back to a backup. One that says so is given back what it lost; one that does not
//! raises an alarm, and the devices work on.

#![allow(clippy::unwrap_used)]

use holdfast::{Budget, SyncOutcome};
use holdfast_tests::scene::{Scene, held, history_json, settle, sync};

#[test]
fn a_restored_relay_gets_back_what_it_lost() {
    let mut scene = Scene::new();
    let (first, second) = scene.two_devices();
    first.log(&held("childs-pose", 30, "before the backup")).unwrap();
    settle(&[&first, &second]);
    let backup = scene.back_up_relay();
    first.log(&held("childs-pose", 31, "after the backup, first")).unwrap();
    second.log(&held("childs-pose", 32, "after the backup, second")).unwrap();
    settle(&[&first, &second]);

    scene.set_relay_back(&backup, true);
    second.log(&held("childs-pose", 33, "after the restore")).unwrap();
    settle(&[&first, &second]);
    settle(&[&first, &second]);
    let third = scene.pair(&first, "third");
    settle(&[&third, &first, &second]);
    assert_eq!(history_json(&third).as_array().unwrap().len(), 4, "a new device finds all of it");
    for engine in [&first, &second, &third] {
        let doctor = engine.doctor(false).unwrap();
        assert!(doctor.ok, "{:?}", doctor.findings);
    }
}

#[test]
fn a_relay_rolled_back_in_silence_raises_an_alarm_and_the_device_works_on() {
    let mut scene = Scene::new();
    let (first, second) = scene.two_devices();
    let backup = scene.back_up_relay();
    first.log(&held("childs-pose", 30, "soon rolled back")).unwrap();
    settle(&[&first, &second]);
    assert!(first.doctor(false).unwrap().ok);

    scene.set_relay_back(&backup, false);
    first.log(&held("childs-pose", 31, "written during the alarm")).unwrap();
    let report = first.sync_once(&Budget::default()).unwrap();
    assert_ne!(report.outcome, SyncOutcome::Done, "{report:?}");
    assert!(report.problems.iter().any(|p| p.code == "relay_rolled_back"), "{report:?}");
    let doctor = first.doctor(false).unwrap();
    assert!(
        doctor.findings.iter().any(|f| f.code == "alarm"),
        "doctor shows the alarm: {doctor:?}"
    );
    assert!(doctor.ok, "and that the home itself is sound");
    assert_eq!(history_json(&first).as_array().unwrap().len(), 2, "the record is whole");
    first.log(&held("childs-pose", 32, "and writable")).unwrap();
    assert_eq!(history_json(&first).as_array().unwrap().len(), 3);
}

#[test]
fn a_relay_that_was_away_is_no_alarm() {
    let mut scene = Scene::new();
    let (first, second) = scene.two_devices();
    scene.stop_relay();
    first.log(&held("childs-pose", 30, "while it was away")).unwrap();
    scene.start_relay();
    sync(&first);
    settle(&[&second, &first]);
    assert!(first.doctor(false).unwrap().ok);
}
