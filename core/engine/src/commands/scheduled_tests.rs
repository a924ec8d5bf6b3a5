//! Logging into the sessions of a routine: which step, which slot, and two devices that meet offline.

use holdfast_domain::routine::Schedule;
use holdfast_domain::units::Millis;

use super::testing::{carry, devices};
use crate::routine::TemplateOptions;
use crate::store::Priority;
use crate::{Done, Engine, HistoryQuery, LogRequest, LogSide};

fn psoas(routine: &str, secs: u64) -> LogRequest {
    LogRequest {
        side: Some(LogSide::Left),
        routine: Some(routine.to_owned()),
        ..LogRequest::new("psoas-release-hook", Done::Held(Millis::from_secs(secs)))
    }
}

fn bedtime(engine: &Engine) -> String {
    let options = TemplateOptions::default();
    engine.add_template("bedtime-10", &options).unwrap().routine.id.to_string()
}

#[test]
fn a_hold_of_a_routine_meets_its_session_and_step_and_the_session_keeps_the_doses() {
    let [home] = devices::<1>();
    let engine = home.open();
    let id = bedtime(&engine);
    let hold = engine.log(&psoas(&id, 60)).unwrap().remove(0);
    let routine = engine.routine(&id).unwrap().routine;
    let step = routine.steps().find(|s| s.exercise.as_str() == "psoas-release-hook").unwrap();
    assert_eq!(hold.step.as_deref(), Some(step.id.as_str()));
    assert_eq!(hold.routine.as_deref(), Some(id.as_str()));
    assert_eq!(hold.session_id, format!("at:2026-03-01:any:{id}"));
    let session = engine.session(&hold.session_id).unwrap().session;
    assert_eq!((session.slot.as_deref(), session.local_day.as_str()), (Some("any"), "2026-03-01"));
    assert!(session.steps.iter().any(|played| played.dose == step.dose));
    // What is done of it that the routine has not is part of the session, and of no step.
    let other = LogRequest { exercise: "childs-pose".into(), side: None, ..psoas(&id, 30) };
    let other = engine.log(&other).unwrap().remove(0);
    assert_eq!((other.step, other.session_id), (None, hold.session_id.clone()));
    // The name will do, and the schedule says the slot.
    let schedule = Schedule { slots: vec!["bedtime".parse().unwrap()], ..Schedule::default() };
    engine.schedule_routine(&id, Some(schedule)).unwrap();
    let by_name = LogRequest { routine: Some(routine.name.to_uppercase()), ..psoas(&id, 50) };
    let named = engine.log(&by_name).unwrap().remove(0);
    assert_eq!(named.session_id, format!("at:2026-03-01:bedtime:{id}"));
    // Gone from the plan, its session can still be added to.
    engine.remove_routine(&id).unwrap();
    let still = LogRequest { session: Some(named.session_id.clone()), routine: None, ..by_name };
    assert_eq!(engine.log(&still).unwrap()[0].session_id, named.session_id);
    let error = engine.log(&psoas(&id, 50)).unwrap_err();
    assert_eq!(error.code(), "not_found");
    let step = LogRequest { step: Some("nothing".into()), session: None, ..still };
    assert_eq!(engine.log(&step).unwrap_err().field(), Some("step"));
}

#[test]
fn the_same_hold_logged_on_two_offline_devices_is_one_on_both_the_longer_with_both_notes() {
    let homes = devices::<2>();
    let [one, two] = [homes[0].open(), homes[1].open()];
    let id = bedtime(&one);
    carry(&one, &two);
    let same = |secs, note: &str| LogRequest {
        slot: Some("bedtime".into()),
        set: Some(1),
        rep: Some(1),
        note: Some(note.to_owned()),
        ..psoas(&id, secs)
    };
    one.log(&same(60, "tight")).unwrap();
    homes[1].clock.advance(120_000);
    two.log(&same(85, "better")).unwrap();
    for _ in 0..2 {
        carry(&one, &two);
        carry(&two, &one);
    }
    let page = |engine: &Engine| engine.history(&HistoryQuery::default()).unwrap().holds.unwrap();
    let (first, second) = (page(&one), page(&two));
    assert_eq!((first.len(), second.len()), (1, 1));
    let hold = &first[0];
    assert_eq!(hold.held_ms, 85_000);
    assert_eq!(hold.note.as_deref(), Some("better\ntight"));
    assert_eq!(hold.observations.len(), 2);
    let mut other = second[0].clone();
    (other.status, other.seen_by) = (hold.status, hold.seen_by.clone());
    assert_eq!(*hold, other);
    for engine in [&one, &two] {
        let recorded = engine.hold_observations(&hold.hold_id).unwrap();
        let held: Vec<u64> = recorded.iter().map(|record| record.held_ms).collect();
        assert_eq!(held, [85_000, 60_000]);
        // Their home has no keys of a real account; what concerns the store is sound.
        let report = engine.doctor(false).unwrap();
        assert!(report.findings.iter().all(|found| found.code == "keys"), "{report:?}");
    }
    let sessions = HistoryQuery { by_session: true, ..HistoryQuery::default() };
    let session = one.history(&sessions).unwrap().sessions.unwrap().remove(0);
    assert_eq!(session.recorded_by.len(), 2);
}

#[test]
fn the_doctor_finds_a_wrong_projection_repairs_it_and_names_a_damaged_document() {
    let [home] = devices::<1>();
    let engine = home.open();
    let id = bedtime(&engine);
    engine.log(&psoas(&id, 60)).unwrap();
    let tamper = |sql: &'static str| {
        let inner = &engine.inner;
        inner.store.write(Priority::User, "test", |tx| tx.execute(sql, [])).unwrap();
        inner.documents.clear();
    };
    let codes = |repair| {
        let report = engine.doctor(repair).unwrap();
        let codes = report.findings.into_iter().map(|found| (found.code, found.repaired));
        codes.filter(|(code, _)| *code != "keys").collect::<Vec<_>>()
    };
    assert_eq!(codes(false), []);
    for wrong in [
        "UPDATE hold SET held_ms = 1",
        "DELETE FROM hold",
        "DELETE FROM routine",
        "UPDATE session SET day = '1999-01-01'",
        "DELETE FROM observation",
    ] {
        tamper(wrong);
        assert_eq!(codes(false), [("projection", false)], "{wrong}");
        assert_eq!(codes(true), [("projection", true)], "{wrong}");
        assert_eq!(codes(false), [], "{wrong}");
    }
    assert_eq!(engine.history(&HistoryQuery::default()).unwrap().holds.unwrap().len(), 1);
    tamper("UPDATE doc_change SET bytes = substr(bytes, 1, 40)");
    assert_eq!(codes(true), [("document", false), ("document", false)]);
    // What is shown is kept while the documents cannot say it.
    assert_eq!(engine.history(&HistoryQuery::default()).unwrap().holds.unwrap().len(), 1);
    let error = engine.log(&psoas(&id, 60)).unwrap_err();
    assert_eq!(error.code(), "failed", "{error}");
}
