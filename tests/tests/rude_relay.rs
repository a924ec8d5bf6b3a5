//! A relay that answers rubbish, errors, half a body, or never: sync says so in a sentence, nothing is
//! half-written, what is recorded stays, and once the relay is itself again everything goes through.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use holdfast::{Budget, Cancel, SyncOutcome};
use holdfast_tests::rude::{MANNERS, Manner, RudeRelay};
use holdfast_tests::scene::{Scene, held, history_json, settle};

#[test]
fn whatever_a_relay_answers_the_record_stays_and_goes_through_later() {
    let mut scene = Scene::new();
    let (first, second) = scene.two_devices();
    for (n, manner) in MANNERS.into_iter().enumerate() {
        scene.stop_relay();
        let rude = RudeRelay::start_at(scene.address(), manner);
        let note = format!("written while the relay is {manner:?}");
        first.log(&held("childs-pose", 30 + u32::try_from(n).unwrap(), &note)).unwrap();
        let before = history_json(&first);
        let begun = Instant::now();
        let budget = Budget { max_ms: 3_000, ..Budget::default() };
        let report = first.sync_once(&budget).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10), "{manner:?}: {:?}", begun.elapsed());
        assert!(rude.asked() > 0, "{manner:?}: nobody asked");
        assert!(
            matches!(report.outcome, SyncOutcome::Offline | SyncOutcome::More),
            "{manner:?}: {report:?}"
        );
        assert!(report.queued > 0, "{manner:?}: {report:?}");
        if manner != Manner::Never {
            let problem = report.problems.first().expect("a problem is named");
            let said = problem.message.to_string();
            assert!(said.len() > 20 && said.is_ascii(), "{manner:?}: {said}");
        }
        assert_eq!(before, history_json(&first), "{manner:?} changed the record");
        let doctor = first.doctor(false).unwrap();
        assert!(doctor.findings.iter().all(|f| f.code != "damaged"), "{manner:?}: {doctor:?}");
        drop(rude);
        scene.start_relay();
    }
    settle(&[&first, &second]);
    assert_eq!(history_json(&second).as_array().unwrap().len(), MANNERS.len());
    assert!(first.doctor(false).unwrap().ok);
}

#[test]
fn a_sync_that_waits_for_an_answer_stops_soon_when_it_is_cancelled() {
    let scene = Scene::new();
    let rude = RudeRelay::start(Manner::Never);
    let engine = scene.create_at("home", &rude.url());
    let cancel = Cancel::new();
    let asked = cancel.clone();
    let waits = std::thread::spawn(move || {
        let budget = Budget { cancel: asked, ..Budget::default() };
        engine.sync_once(&budget).unwrap()
    });
    std::thread::sleep(Duration::from_millis(400));
    let begun = Instant::now();
    cancel.cancel();
    let report = waits.join().unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
    assert_eq!(report.outcome, SyncOutcome::More);
}
