//! Playing on a real database with a clock of the test's own: whole sessions, kills, crashes at every
//! write, two processes, two devices.

mod crashes;

use std::collections::BTreeMap;

use holdfast_domain::player::{EaseAnswer, PainWhen, PauseReason};
use holdfast_domain::record::{PainRating, Reporter};
use holdfast_domain::routine::Schedule;
use holdfast_domain::units::{Millis, Nrs};
use holdfast_domain::vocabulary::{EndedBy, SideRule};

use super::*;
use crate::commands::routine::{DoseEdit, StepEdit, StepPlace, StepRequest, TemplateOptions};
use crate::commands::testing::{Home, carry, devices, nothing_stands_in_the_way};
use crate::views::HoldView;
use crate::{Done, LogRequest, LogSide, SessionWithHolds};

const PSOAS: &str = "psoas-release-hook";
const ILIACUS: &str = "iliacus-release-hook";
const REALIGN: &str = "pelvic-realign-supine";

/// The hook pair, then the realignment on the right: the sources' own sequence.
fn evening(engine: &Engine) {
    nothing_stands_in_the_way(engine);
    engine.new_routine("Evening").unwrap();
    for (exercise, side) in [(PSOAS, None), (ILIACUS, None), (REALIGN, Some(SideRule::Right))] {
        let step = StepRequest { exercise: exercise.into(), side, ..StepRequest::default() };
        engine.add_step("Evening", &step, &StepPlace::End, &[]).unwrap();
    }
}

/// The hook pair with holds of so many seconds.
fn short_pair(engine: &Engine, seconds: u32) {
    nothing_stands_in_the_way(engine);
    engine.new_routine("Pair").unwrap();
    let hold_s = Some(holdfast_domain::dose::Range::exactly(seconds));
    for exercise in [PSOAS, ILIACUS] {
        let dose = DoseEdit { hold_s, ..DoseEdit::default() };
        let step = StepRequest { exercise: exercise.into(), dose, ..StepRequest::default() };
        engine.add_step("Pair", &step, &StepPlace::End, &[]).unwrap();
    }
}

fn does(action: Action) -> Input {
    Input::unseeing(action)
}

/// Applies an input and confirms the cues it brings, as one does who hears them.
fn give(playing: &mut Playing, input: &Input) -> Applied {
    let applied = playing.apply(input);
    hear(playing, applied)
}

/// Takes up a session that was broken off, and hears what is said then.
fn resume(engine: &Engine) -> Playing {
    let (mut playing, applied) = engine.resume_play().unwrap();
    assert!(hear(&mut playing, applied).saved);
    playing
}

fn hear(playing: &mut Playing, applied: Applied) -> Applied {
    let due = applied.effects.iter().filter_map(|effect| match effect {
        holdfast_domain::player::Effect::Cue(cue) => Some(cue.due),
        _ => None,
    });
    match due.max().filter(|_| applied.saved) {
        Some(due) => playing.apply(&does(Action::Delivered { due })),
        None => applied,
    }
}

/// Lets time pass with somebody there, for at most `ms`. Stops where a write failed.
fn attend(home: &Home, playing: &mut Playing, ms: u64) -> bool {
    let until = playing.engine().at().plus(ms);
    while let Some(due) = playing.next_due().filter(|at| at.since_boot_ms <= until.since_boot_ms) {
        let now = playing.engine().at();
        if due.since_boot_ms <= now.since_boot_ms {
            return true;
        }
        home.clock.advance(due.since_boot_ms - now.since_boot_ms);
        if !give(playing, &does(Action::Tick)).saved {
            return false;
        }
    }
    let left = until.since_boot_ms - playing.engine().at().since_boot_ms;
    home.clock.advance(left);
    give(playing, &does(Action::Tick)).saved
}

const AN_HOUR: u64 = 3_600_000;

fn start(playing: &mut Playing) {
    assert!(give(playing, &does(Action::Start)).saved);
}

fn is_over(playing: &Playing) -> bool {
    playing.view().stage == StageView::Over
}

/// What can be told apart of a hold: step, side, set, repetition.
fn place(hold: &HoldView) -> (String, Option<Side>, u16, u16) {
    (hold.exercise.clone(), hold.side, hold.set, hold.rep)
}

fn of_session(engine: &Engine, playing: &Playing) -> SessionWithHolds {
    engine.session(playing.session_id().as_str()).unwrap()
}

fn nrs(n: u8) -> PainRating {
    let nrs = Nrs::try_from(n).unwrap();
    PainRating { nrs, site: None, reported_by: Reporter::Subject }
}

#[test]
fn the_hook_pair_side_by_side_and_the_realignment_on_one_side_land_as_holds() {
    let [home] = devices();
    let engine = home.open();
    evening(&engine);
    let mut playing = engine.play("Evening", &PlayOptions::default()).unwrap();
    start(&mut playing);
    assert!(attend(&home, &mut playing, AN_HOUR));
    assert!(is_over(&playing));
    let summary = playing.finish().unwrap();
    let SessionWithHolds { session, holds } = of_session(&engine, &playing);
    let releases: Vec<_> = holds.iter().take(4).map(|h| (h.exercise.as_str(), h.side)).collect();
    let (left, right) = (Some(Side::Left), Some(Side::Right));
    assert_eq!(releases, [(PSOAS, left), (ILIACUS, left), (PSOAS, right), (ILIACUS, right)]);
    let pushes = &holds[4..];
    assert!(!pushes.is_empty());
    assert!(pushes.iter().all(|hold| hold.exercise == REALIGN && hold.side == right));
    let planned = playing.plan().holds();
    assert_eq!(holds.len(), planned.len());
    for (hold, planned) in holds.iter().zip(planned) {
        assert_eq!(Some(hold.held_ms), planned.work.target().map(|target| target.0));
        assert_eq!((hold.ended_by, hold.observations.len()), (EndedBy::Target, 1));
    }
    assert!(session.finished && session.ended_at.is_some());
    assert_eq!(summary.summary.holds.len(), planned.len());
    assert_eq!(engine.unfinished_play().unwrap(), None);
}

#[test]
fn nothing_is_written_before_it_begins() {
    let [home] = devices();
    let engine = home.open();
    evening(&engine);
    let mut playing = engine.play("Evening", &PlayOptions::default()).unwrap();
    home.clock.advance(AN_HOUR);
    assert!(playing.tick().saved);
    drop(playing);
    assert_eq!(engine.unfinished_play().unwrap(), None);
    let mut playing = engine.play("Evening", &PlayOptions::default()).unwrap();
    let summary = playing.finish().unwrap();
    assert_eq!((summary.session_id.clone(), summary.summary.holds.len()), (None, 0));
    assert!(engine.session(playing.session_id().as_str()).is_err());
}

#[test]
fn only_one_session_is_played_and_logging_goes_on_beside_it() {
    let [home] = devices();
    let (engine, other) = (home.open(), home.open());
    short_pair(&engine, 20);
    let mut playing = engine.play("Pair", &PlayOptions::default()).unwrap();
    start(&mut playing);
    for engine in [&engine, &other] {
        let error = engine.play("Pair", &PlayOptions::default()).map(drop).unwrap_err();
        assert_eq!(error.code(), "play_in_use");
        let HoldfastError::PlayInUse { pid, .. } = error else { panic!("{error:?}") };
        assert_eq!(pid, std::process::id());
    }
    let unfinished = other.unfinished_play().unwrap().unwrap();
    assert_eq!(unfinished.played_by, Some(std::process::id()));
    assert!(attend(&home, &mut playing, 12_000));
    let held = Done::Held(Millis::from_secs(30));
    let logged = LogRequest { side: Some(LogSide::Left), ..LogRequest::new("pigeon", held) };
    assert_eq!(other.log(&logged).unwrap().len(), 1);
    assert!(attend(&home, &mut playing, AN_HOUR));
    playing.finish().unwrap();
    assert_eq!(of_session(&other, &playing).holds.len(), 4);
    let again = other.play("Pair", &PlayOptions::default());
    assert!(again.is_ok());
}

#[test]
fn pain_is_kept_before_and_after_and_a_late_answer_replaces_the_record() {
    let [home] = devices();
    let engine = home.open();
    short_pair(&engine, 60);
    let mut playing = engine.play("Pair", &PlayOptions::default()).unwrap();
    start(&mut playing);
    let before = Action::RatePain { when: PainWhen::Before, of: None, rating: nrs(6) };
    assert!(give(&mut playing, &does(before)).saved);
    assert!(attend(&home, &mut playing, 45_000));
    let eased = Action::Ease { answer: EaseAnswer::Eased };
    assert!(give(&mut playing, &does(eased)).saved);
    assert!(attend(&home, &mut playing, AN_HOUR));
    let after = Action::RatePain { when: PainWhen::After, of: None, rating: nrs(3) };
    assert!(give(&mut playing, &does(after)).saved);
    let again = Action::RatePain { when: PainWhen::After, of: None, rating: nrs(2) };
    assert!(give(&mut playing, &does(again)).saved);
    let summary = playing.finish().unwrap().summary;
    assert_eq!(summary.pain_after.map(|rating| u8::from(rating.nrs)), Some(2));
    let holds = of_session(&engine, &playing).holds;
    assert_eq!(holds[0].pain_before.map(u8::from), Some(6));
    assert!(holds[0].eased_ms.is_some());
    assert_eq!(holds[3].pain_after.map(u8::from), Some(2));
    assert!(holds.iter().all(|hold| hold.observations.len() == 1));
}

#[test]
fn a_killed_session_goes_on_where_it_was_even_across_a_reboot() {
    let [home] = devices();
    short_pair(&home.open(), 40);
    for gap in [0, 5_000, 20_000] {
        for reboot in [false, true] {
            let engine = home.open();
            let mut playing = engine.play("Pair", &PlayOptions::default()).unwrap();
            start(&mut playing);
            assert!(attend(&home, &mut playing, 67_000));
            drop((playing, engine));
            if reboot {
                home.clock.reboot(gap);
            } else {
                home.clock.advance(gap);
            }
            let engine = home.open();
            let unfinished = engine.unfinished_play().unwrap().unwrap();
            assert_eq!((unfinished.planned, unfinished.played_by), (4, None));
            let waits = engine.play("Pair", &PlayOptions::default()).map(drop).unwrap_err();
            assert_eq!(waits.code(), "unfinished_play");
            let mut playing = resume(&engine);
            assert!(attend(&home, &mut playing, AN_HOUR));
            assert!(is_over(&playing), "{:?}", playing.view());
            playing.finish().unwrap();
            let holds = of_session(&engine, &playing).holds;
            assert_eq!(holds.len(), 4);
            assert!(holds.iter().all(|hold| hold.held_ms == 40_000 && hold.doing.of == 1));
        }
    }
}

#[test]
fn a_hold_nobody_attended_is_kept_as_what_it_was_and_asked_about() {
    let [home] = devices();
    short_pair(&home.open(), 60);
    let engine = home.open();
    let mut playing = engine.play("Pair", &PlayOptions::default()).unwrap();
    start(&mut playing);
    assert!(attend(&home, &mut playing, 30_000));
    drop((playing, engine));
    home.clock.advance(AN_HOUR);
    let engine = home.open();
    let (mut playing, applied) = engine.resume_play().unwrap();
    assert!(applied.saved && playing.view().stage == StageView::BrokenOff);
    let hold = &of_session(&engine, &playing).holds[0];
    assert_eq!(hold.ended_by, EndedBy::Interrupted);
    assert!(hold.held_ms > 0 && hold.held_ms <= 30_000);
    assert!(give(&mut playing, &does(Action::Finished { yes: true })).saved);
    assert!(attend(&home, &mut playing, AN_HOUR));
    playing.finish().unwrap();
    let holds = of_session(&engine, &playing).holds;
    assert_eq!((holds.len(), holds[0].held_ms, holds[0].ended_by), (4, 60_000, EndedBy::Target));
    assert_eq!(holds[0].observations.len(), 1);
}

#[test]
fn a_discarded_session_keeps_what_was_held() {
    let [home] = devices();
    short_pair(&home.open(), 60);
    let engine = home.open();
    assert_eq!(engine.discard_play().unwrap_err().code(), "no_unfinished_play");
    let mut playing = engine.play("Pair", &PlayOptions::default()).unwrap();
    start(&mut playing);
    assert!(attend(&home, &mut playing, 30_000));
    let id = playing.session_id();
    drop(playing);
    let summary = engine.discard_play().unwrap();
    assert_eq!(summary.session_id.as_deref(), Some(id.as_str()));
    let SessionWithHolds { session, holds } = engine.session(id.as_str()).unwrap();
    assert_eq!((holds.len(), holds[0].ended_by), (1, EndedBy::Interrupted));
    assert!(!session.finished && holds[0].held_ms > 0);
    assert_eq!(engine.unfinished_play().unwrap(), None);
    assert!(engine.play("Pair", &PlayOptions::default()).is_ok());
}

#[test]
fn finishing_early_keeps_the_half_done_hold_and_lets_another_be_played() {
    let [home] = devices();
    let engine = home.open();
    short_pair(&engine, 60);
    let mut playing = engine.play("Pair", &PlayOptions::default()).unwrap();
    start(&mut playing);
    assert!(attend(&home, &mut playing, 30_000));
    let pause = does(Action::Pause { reason: PauseReason::Person });
    assert!(give(&mut playing, &pause).saved);
    home.clock.advance(10_000);
    playing.finish().unwrap();
    let SessionWithHolds { session, holds } = of_session(&engine, &playing);
    assert_eq!((holds.len(), holds[0].ended_by), (1, EndedBy::Stopped));
    assert_eq!((holds[0].paused_ms, session.paused_ms, session.finished), (10_000, 10_000, false));
    assert!(playing.apply(&does(Action::Resume)).saved && playing.is_saved());
    playing.finish().unwrap();
    assert!(engine.play("Pair", &PlayOptions::default()).is_ok());
}

#[test]
fn a_side_that_is_asked_for_is_said_before_it_begins() {
    let [home] = devices();
    let engine = home.open();
    nothing_stands_in_the_way(&engine);
    engine.add_template("bedtime-10", &TemplateOptions::default()).unwrap();
    let key = engine.routines().unwrap()[0].id.clone();
    let error = engine.play(&key, &PlayOptions::default()).map(drop).unwrap_err();
    let HoldfastError::AskFirst { code, steps, .. } = &error else { panic!("{error:?}") };
    assert_eq!(code, "sides_to_say");
    let [step] = &steps[..] else { panic!("{steps:?}") };
    let sides = BTreeMap::from([(step.clone(), Side::Right)]);
    let one = PlayOptions { sides, ..PlayOptions::default() };
    assert!(engine.play(&key, &one).is_ok());
    let all = PlayOptions { side: Some(Side::Left), ..PlayOptions::default() };
    let playing = engine.play(&key, &all).unwrap();
    let realign = playing.plan().holds().iter().find(|hold| hold.exercise.as_str() == REALIGN);
    assert_eq!(realign.unwrap().side, Side::Left);
    assert!(!playing.left_out().is_empty());
}

#[test]
fn a_session_begins_at_the_step_that_was_asked_for() {
    let [home] = devices();
    let engine = home.open();
    evening(&engine);
    let from = |step: &str| PlayOptions { from_step: Some(step.into()), ..PlayOptions::default() };
    let playing = engine.play("Evening", &from(REALIGN)).unwrap();
    assert!(playing.plan().holds().iter().all(|hold| hold.exercise.as_str() == REALIGN));
    drop(playing);
    assert_eq!(engine.play("Evening", &from("nothing")).map(drop).unwrap_err().code(), "not_found");
}

#[test]
fn a_rule_broken_by_a_merge_is_acknowledged_for_this_once_and_noted() {
    let [phone, tablet] = devices();
    let (a, b) = (phone.open(), tablet.open());
    nothing_stands_in_the_way(&a);
    a.new_routine("Pair").unwrap();
    let step = |exercise: &str| StepRequest { exercise: exercise.into(), ..StepRequest::default() };
    a.add_step("Pair", &step(PSOAS), &StepPlace::End, &[]).unwrap();
    carry(&a, &b);
    a.remove_step("Pair", PSOAS, &[]).unwrap();
    b.add_step("Pair", &step(ILIACUS), &StepPlace::End, &[]).unwrap();
    carry(&b, &a);
    let error = a.play("Pair", &PlayOptions::default()).map(drop).unwrap_err();
    let HoldfastError::Broken { findings, hint, .. } = &error else { panic!("{error:?}") };
    assert!(hint.as_ref().is_some_and(|hint| hint.to_string().contains("Acknowledge")));
    let rule = findings[0].rule.to_string();
    let acks = PlayOptions { acks: vec![rule.clone()], ..PlayOptions::default() };
    let mut playing = a.play("Pair", &acks).unwrap();
    start(&mut playing);
    assert!(attend(&phone, &mut playing, AN_HOUR));
    playing.finish().unwrap();
    let SessionWithHolds { session, holds } = of_session(&a, &playing);
    let noted = &holds[0].findings[0];
    assert_eq!(noted.rule.as_str(), rule);
    assert!(noted.overridden_reason.is_some());
    assert_eq!(session.findings.len(), 1);
    let unknown = PlayOptions { acks: vec!["no-such-rule".into()], ..PlayOptions::default() };
    assert_eq!(a.play("Pair", &unknown).map(drop).unwrap_err().code(), "not_found");
}

#[test]
fn two_devices_that_play_one_slot_offline_meet_in_one_session() {
    let [phone, tablet] = devices();
    let (a, b) = (phone.open(), tablet.open());
    short_pair(&a, 30);
    let slots = vec!["bedtime".parse().unwrap()];
    a.schedule_routine("Pair", Some(Schedule { slots, ..Schedule::default() })).unwrap();
    carry(&a, &b);
    let mut ids = Vec::new();
    for (home, engine) in [(&phone, &a), (&tablet, &b)] {
        let mut playing = engine.play("Pair", &PlayOptions::default()).unwrap();
        start(&mut playing);
        assert!(attend(home, &mut playing, AN_HOUR));
        ids.push(playing.finish().unwrap().session_id.unwrap());
    }
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0].starts_with("at:2026-03-01:bedtime:"), "{}", ids[0]);
    carry(&a, &b);
    carry(&b, &a);
    for engine in [&a, &b] {
        let holds = engine.session(&ids[0]).unwrap().holds;
        assert_eq!(holds.len(), 4);
        assert!(holds.iter().all(|hold| hold.observations.len() == 2 && hold.doing.of == 1));
    }
}

#[test]
fn a_session_played_again_on_the_same_day_overwrites_nothing() {
    let [home] = devices();
    let engine = home.open();
    short_pair(&engine, 30);
    let bedtime = PlayOptions { slot: Some("bedtime".into()), ..PlayOptions::default() };
    let mut began = Vec::new();
    for _ in 0..2 {
        let mut playing = engine.play("Pair", &bedtime).unwrap();
        start(&mut playing);
        began.push(of_session(&engine, &playing).session.started_at);
        assert!(attend(&home, &mut playing, AN_HOUR));
        playing.finish().unwrap();
        home.clock.advance(AN_HOUR);
    }
    let id = engine.history(&crate::HistoryQuery::default()).unwrap().holds.unwrap()[0]
        .session_id
        .clone();
    let SessionWithHolds { session, holds } = engine.session(&id).unwrap();
    assert_eq!(holds.len(), 8, "both doings are kept");
    assert_eq!(holds.iter().filter(|hold| hold.counts).count(), 4, "adherence counts one");
    assert_eq!((&session.started_at, began[0] == began[1]), (&began[0], true));
}

#[test]
fn a_routine_without_a_slot_is_a_session_of_its_own_each_time() {
    let [home] = devices();
    let engine = home.open();
    short_pair(&engine, 30);
    let first = engine.play("Pair", &PlayOptions::default()).unwrap().session_id();
    let second = engine.play("Pair", &PlayOptions::default()).unwrap().session_id();
    assert_ne!(first, second);
}

#[test]
fn the_other_side_of_a_realignment_done_in_this_session_is_refused_before_it_begins() {
    let [home] = devices();
    let engine = home.open();
    evening(&engine);
    let log = LogRequest {
        routine: Some("Evening".into()),
        slot: Some("bedtime".into()),
        side: Some(LogSide::Left),
        ..LogRequest::new(REALIGN, Done::Reps { count: 10, hold_each: None })
    };
    let edit = StepEdit { side: Some(SideRule::Ask), ..StepEdit::default() };
    engine.set_step("Evening", REALIGN, &edit, &[]).unwrap();
    engine.log(&log).unwrap();
    let play = |side| PlayOptions {
        slot: Some("bedtime".into()),
        side: Some(side),
        ..PlayOptions::default()
    };
    let error = engine.play("Evening", &play(Side::Right)).map(drop).unwrap_err();
    assert_eq!(error.code(), "both_sides_of_one");
    assert!(engine.play("Evening", &play(Side::Left)).is_ok());
}

#[test]
fn an_app_that_has_the_directory_to_itself_holds_no_file_for_play() {
    fn is_send<T: Send>(_: &T) {}
    let [home] = devices();
    short_pair(&home.open(), 30);
    let engine = home.open_alone();
    let playing = engine.play("Pair", &PlayOptions::default()).unwrap();
    is_send(&playing);
    assert!(!engine.home().join("play.lock").exists());
    assert_eq!(
        engine.play("Pair", &PlayOptions::default()).map(drop).unwrap_err().code(),
        "play_in_use"
    );
}
