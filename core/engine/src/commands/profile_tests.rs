//! The profile on real files: kept, merged, exported, rebuilt, and what it stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_domain::ids::SourceId;
use holdfast_domain::profile::{Change, Question};
use holdfast_domain::units::Millis;
use holdfast_domain::vocabulary::{ProfileField, Severity};
use serde_json::json;

use super::testing::{EVENING, carry, devices, nothing_stands_in_the_way};
use crate::play::PlayOptions;
use crate::projection;
use crate::routine::{StepPlace, StepRequest, TemplateOptions};
use crate::store::Priority;
use crate::{Done, Engine, ExportFormat, HoldfastError, Key, LogRequest, LogSide};

fn say(engine: &Engine, pairs: &[(&str, &str)]) -> Result<(), HoldfastError> {
    let changes: Vec<Change> =
        pairs.iter().map(|(key, value)| Change::parse(key, value).unwrap()).collect();
    engine.set_profile(&changes).map(drop)
}

fn value(engine: &Engine, key: Question) -> Option<serde_json::Value> {
    let view = engine.profile().unwrap();
    view.answers.into_iter().find(|answer| answer.key == key).unwrap().value
}

fn own(engine: &Engine, exercises: &[&str]) {
    engine.new_routine("Mine").unwrap();
    for exercise in exercises {
        let step = StepRequest { exercise: (*exercise).into(), ..StepRequest::default() };
        engine.add_step("Mine", &step, &StepPlace::End, &[]).unwrap();
    }
}

fn stopped_by(engine: &Engine) -> Vec<(String, Option<ProfileField>)> {
    match engine.play("Mine", &PlayOptions::default()) {
        Ok(_) => Vec::new(),
        Err(HoldfastError::Broken { findings, .. }) => {
            findings.into_iter().map(|f| (f.rule.to_string(), f.asks)).collect()
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn answers_are_kept_and_taken_back_and_observers_hear_of_it() {
    let [home] = devices();
    let engine = home.open();
    assert_eq!(engine.profile().unwrap().status, None);
    assert!(engine.profile().unwrap().answers.iter().all(|answer| answer.value.is_none()));
    let heard = Arc::new(AtomicBool::new(false));
    let (armed, seen) = (Arc::new(AtomicBool::new(false)), Arc::clone(&heard));
    let arm = Arc::clone(&armed);
    let _subscription = engine.observe(move |keys| {
        if armed.load(Ordering::SeqCst) && keys.has(Key::Profile) {
            seen.store(true, Ordering::SeqCst);
        }
    });
    std::thread::sleep(std::time::Duration::from_millis(50));
    arm.store(true, Ordering::SeqCst);
    say(&engine, &[("knots", "yes"), ("forward_side", "left")]).unwrap();
    for _ in 0..100 {
        if heard.load(Ordering::SeqCst) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(heard.load(Ordering::SeqCst));
    drop(engine);
    let again = home.open();
    assert_eq!(value(&again, Question::Knots), Some(json!(true)));
    assert_eq!(value(&again, Question::ForwardSide), Some(json!("left")));
    again.unset_profile(&[Question::Knots]).unwrap();
    assert_eq!(value(&home.open(), Question::Knots), None);
}

#[test]
fn what_cannot_be_is_refused_by_its_key_and_nothing_is_written() {
    let [home] = devices();
    let engine = home.open();
    let refused = say(&engine, &[("knots", "yes"), ("due_date", "2026-02-01")]).unwrap_err();
    assert_eq!((refused.code(), refused.field()), ("due_date_in_the_past", Some("due_date")));
    assert_eq!(value(&engine, Question::Knots), None);
    say(&engine, &[("due_date", "2026-05-17")]).unwrap();
    let refused = say(&engine, &[("trimester", "1")]).unwrap_err();
    assert_eq!(refused.code(), "trimester_contradicts_due_date");
    let pregnancy = engine.profile().unwrap().pregnancy.unwrap();
    assert_eq!((pregnancy.trimester, pregnancy.week), (Some(3), Some(30)));
}

#[test]
fn two_devices_answer_offline_and_agree_on_everything_but_what_they_differ_on() {
    let [phone, tablet] = devices();
    let (phone, tablet) = (phone.open(), tablet.open());
    say(&phone, &[("knots", "yes"), ("pregnant", "no")]).unwrap();
    say(&tablet, &[("hypermobile", "yes"), ("pregnant", "yes")]).unwrap();
    carry(&phone, &tablet);
    carry(&tablet, &phone);
    let answers = |engine: &Engine| engine.profile().unwrap().answers;
    assert_eq!(answers(&phone), answers(&tablet));
    assert_eq!(value(&phone, Question::Knots), Some(json!(true)));
    assert_eq!(value(&phone, Question::Hypermobile), Some(json!(true)));
    let pregnant = answers(&phone).into_iter().find(|a| a.key == Question::Pregnant).unwrap();
    assert_eq!((pregnant.value, pregnant.disputed.len()), (None, 2));
    say(&phone, &[("pregnant", "no")]).unwrap();
    carry(&phone, &tablet);
    assert_eq!(value(&tablet, Question::Pregnant), Some(json!(false)));
}

#[test]
fn an_export_carries_the_profile_and_importing_it_twice_adds_nothing() {
    let [home, other] = devices();
    let (engine, fresh) = (home.open(), other.open());
    say(&engine, &[("due_date", "2026-05-17"), ("knots", "yes"), ("day_start", "04:30")]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (n, format) in [ExportFormat::Json, ExportFormat::Automerge].into_iter().enumerate() {
        let out = folder.path().join(format!("out-{n}"));
        assert_eq!(engine.export(format, &out).unwrap().answers, 3);
        let report = fresh.import(&out, false).unwrap();
        assert_eq!((report.added, report.unchanged), if n == 0 { (3, 0) } else { (0, 3) });
    }
    let back = folder.path().join("back");
    fresh.export(ExportFormat::Json, &back).unwrap();
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(&back), read(&folder.path().join("out-0")));
    say(&fresh, &[("knots", "no")]).unwrap();
    let report = fresh.import(&back, false).unwrap();
    assert_eq!((report.unchanged, report.refused.len()), (2, 1), "what was said here stands");
}

#[test]
fn a_hard_gate_stops_play_until_answered_or_acknowledged_and_no_log() {
    let [home] = devices();
    let engine = home.open();
    own(&engine, &["psoas-release-ball"]);
    let asks: Vec<_> = stopped_by(&engine).into_iter().filter_map(|(_, asks)| asks).collect();
    assert_eq!(asks.len(), 3, "{asks:?}");
    let error = engine.play("Mine", &PlayOptions::default()).map(drop).unwrap_err();
    assert_eq!(error.code(), "unanswered");
    say(&engine, &[("pregnant", "no"), ("ask_first", "no"), ("prone_ok", "yes")]).unwrap();
    assert_eq!(stopped_by(&engine), []);
    say(&engine, &[("pregnant", "yes"), ("doctor_ok_front", "no"), ("prone_ok", "yes")]).unwrap();
    assert_eq!(stopped_by(&engine), [("front-pressure-in-pregnancy".to_owned(), None)]);
    let acks = vec!["front-pressure-in-pregnancy".to_owned()];
    let playing = engine.play("Mine", &PlayOptions { acks, ..PlayOptions::default() }).unwrap();
    let noted = playing.findings().iter().find(|f| f.overridden.is_some()).unwrap();
    assert_eq!(noted.instead.as_ref().unwrap().sources, [SourceId::new("000").unwrap()]);
    drop(playing);

    let side = Some(LogSide::Left);
    let request = LogRequest::new("psoas-release-ball", Done::Held(Millis::from_secs(60)));
    let hold = engine.log(&LogRequest { side, ..request }).unwrap().remove(0);
    let rules: Vec<_> = hold.findings.iter().map(|f| (f.rule.as_str(), f.severity)).collect();
    assert!(rules.contains(&("front-pressure-in-pregnancy", Severity::Hard)), "{rules:?}");
}

#[test]
fn check_shows_the_gates_and_no_edit_or_import_is_refused_by_them() {
    let [home] = devices();
    let engine = home.open();
    say(&engine, &[("strain", "yes"), ("pregnant", "yes"), ("doctor_ok_front", "no")]).unwrap();
    own(&engine, &["supine-march", "psoas-release-ball", "kneeling-hip-flexor"]);
    let findings = engine.check_routine("Mine").unwrap();
    let hard: Vec<_> =
        findings.iter().filter(|f| f.severity == Severity::Hard).map(|f| f.rule.as_str()).collect();
    for rule in ["strained-muscle", "strain-no-load", "front-pressure-in-pregnancy"] {
        assert!(hard.contains(&rule), "{rule} is not in {hard:?}");
    }
    engine.add_template("bedtime-10", &TemplateOptions::default()).unwrap();
}

#[test]
fn the_profile_answers_the_side_that_a_step_asks_for() {
    let [home] = devices();
    let engine = home.open();
    nothing_stands_in_the_way(&engine);
    own(&engine, &["psoas-release-ball", "pelvic-realign-supine"]);
    let asks = engine.play("Mine", &PlayOptions::default()).map(drop).unwrap_err();
    assert_eq!(asks.code(), "sides_to_say");
    say(&engine, &[("forward_side", "right")]).unwrap();
    let playing = engine.play("Mine", &PlayOptions::default()).unwrap();
    let last = playing.plan().holds().last().unwrap();
    assert_eq!(last.side, holdfast_domain::vocabulary::Side::Right);
}

#[test]
fn a_day_start_counts_for_new_records_and_old_ones_keep_their_day() {
    let [home] = devices();
    let engine = home.open();
    let log = |engine: &Engine| {
        let request = LogRequest::new("knee-to-chest", Done::Held(Millis::from_secs(3)));
        let side = Some(LogSide::Left);
        engine.log(&LogRequest { side, ..request }).unwrap().remove(0)
    };
    // 04:00 in Berlin on the second of March.
    home.clock.set_wall(EVENING + 7 * 3_600_000);
    let first = log(&engine);
    assert_eq!(first.local_day, "2026-03-02");
    say(&engine, &[("day_start", "05:00")]).unwrap();
    let second = log(&engine);
    assert_eq!(second.local_day, "2026-03-01");
    assert_eq!(engine.hold(&first.hold_id).unwrap().local_day, "2026-03-02");
    // A session of its own, played by the same clock, belongs to the same day.
    nothing_stands_in_the_way(&engine);
    own(&engine, &["knee-to-chest"]);
    let mut playing = engine.play("Mine", &PlayOptions::default()).unwrap();
    let start = holdfast_domain::player::Action::Start;
    assert!(playing.apply(&holdfast_domain::player::Input::unseeing(start)).saved);
    playing.finish().unwrap();
    let id = playing.session_id();
    drop(playing);
    let days = || {
        let days = engine.session(id.as_str()).unwrap().session.local_day;
        (days, engine.hold(&second.hold_id).unwrap().local_day)
    };
    assert_eq!(days(), ("2026-03-01".to_owned(), "2026-03-01".to_owned()));
    engine.unset_profile(&[Question::DayStart]).unwrap();
    assert_eq!(days(), ("2026-03-01".to_owned(), "2026-03-01".to_owned()));
    let digest = || engine.inner.store.read(projection::digest).unwrap();
    let kept = digest();
    let rebuild = |tx: &crate::store::Tx<'_>| projection::rebuild(tx).map(drop);
    engine.inner.store.write(Priority::User, "rebuild", rebuild).unwrap();
    assert_eq!(digest(), kept, "rebuilt equals kept");
    assert_eq!(days(), ("2026-03-01".to_owned(), "2026-03-01".to_owned()));
}

#[test]
fn a_zone_of_the_profile_dates_new_records() {
    let [home] = devices();
    let engine = home.open();
    say(&engine, &[("time_zone", "Asia/Tokyo")]).unwrap();
    assert_eq!(engine.zone().unwrap(), "Asia/Tokyo");
    let request = LogRequest::new("knee-to-chest", Done::Held(Millis::from_secs(3)));
    let hold = engine.log(&LogRequest { side: Some(LogSide::Left), ..request }).unwrap().remove(0);
    assert_eq!(hold.utc_offset, "+09:00");
    // 21:00 in Berlin is 05:00 of the next day there.
    assert_eq!(hold.local_day, "2026-03-02");
}
