//! Sessions that two phones do together, over a real relay: the same second on both, either may pause, stop and
//! answer, and the other goes on when one vanishes.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use holdfast::domain::ids::DeviceName;
use holdfast::domain::live::{Beat, Message, Term};
use holdfast::domain::player::{
    Action, EaseAnswer, Input, PauseReason, Question, StageView, StopReason, View,
};
use holdfast::domain::record::{PainRating, Reporter};
use holdfast::domain::units::{Millis, Nrs};
use holdfast::live::LivePart;
use holdfast::sharing::Role;
use holdfast::{Config, Done, Engine, HistoryQuery, LogRequest, LogSide, ProgressQuery};
use holdfast_protocol::live::LiveOutcome;
use holdfast_tests::live::{
    Intruder, LyingClock, Phone, SkewedClock, let_in, pair, person, person_by, reopen, tonight,
    until,
};
use holdfast_tests::scene::{Scene, day, settle, sync};

/// How far two screens may be apart, in milliseconds: half of the quickest way there and back on each side, and the
/// time between the two looks of this test on a busy machine.
const TOLERANCE_MS: u64 = 250;
const YEAR_MS: i64 = 365 * 24 * 3_600_000;

/// Ana with a routine, Ben in her chart, and clocks that agree on nothing.
struct Room {
    scene: Scene,
    ana: Engine,
    ben: Engine,
    /// Ben's view of Ana's chart.
    anas: Engine,
    pace: u32,
}

impl Room {
    fn new(role: Role, hold_s: u32, pace: u32) -> Self {
        let scene = Scene::new();
        let ana = person(&scene, "Ana", SkewedClock::new("ana", 5_000, 0, pace));
        let ben = person(&scene, "Ben", SkewedClock::new("ben", 86_400_000, -3 * YEAR_MS, pace));
        pair(&ana, hold_s);
        let anas = let_in(&ana, &ben, "Ben", role);
        Self { scene, ana, ben, anas, pace }
    }

    fn together(role: Role, hold_s: u32, pace: u32) -> (Self, Phone, Phone) {
        let room = Self::new(role, hold_s, pace);
        let leader = Phone::lead(room.ana.play("Pair", &tonight()).unwrap());
        let follower = Phone::follow(&room.anas);
        until("Ben's phone knows the session", 20, || {
            follower.live().standing().part == LivePart::Follows
                && follower.live().view().is_some_and(|view| view.stage != StageView::Ready)
        });
        (room, leader, follower)
    }
}

fn view(phone: &Phone) -> View {
    phone.live().view().unwrap()
}

fn apart_ms(leader: &Phone, follower: &Phone) -> u64 {
    let (a, b) = (view(leader), view(follower));
    assert_eq!((a.step_no, a.side, a.stage), (b.step_no, b.side, b.stage));
    a.elapsed.0.abs_diff(b.elapsed.0)
}

#[test]
fn both_show_the_same_second_though_their_clocks_are_years_apart() {
    let (_room, leader, follower) = Room::together(Role::Partner, 60, 1);
    until("the clock is known well", 20, || {
        follower.live().standing().within_ms.is_some_and(|within| within < 100)
            && leader.live().standing().within_ms.is_some_and(|within| within < 100)
    });
    until("Ana is holding", 20, || view(&leader).stage == StageView::Hold);
    std::thread::sleep(Duration::from_millis(1_000));
    for _ in 0..10 {
        let apart = apart_ms(&leader, &follower);
        assert!(apart <= TOLERANCE_MS, "{apart} ms apart");
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(follower.live().standing().leader.as_deref(), Some("Ana"));
    assert_eq!(leader.live().standing().others[0].name, "Ben");
}

#[test]
fn what_the_relay_s_clock_says_moves_screens_and_no_hold() {
    let (clock, relay) = (SkewedClock::new("ana", 5_000, 0, 10), LyingClock::new());
    let scene = Scene::new();
    let config = Config::command_line(scene.home("Ana"));
    let config = Config { clock: clock.clone(), transport: Some(relay.clone()), ..config };
    let ana = person_by(&scene, "Ana", config);
    pair(&ana, 20);
    let leader = Phone::lead(ana.play("Pair", &tonight()).unwrap());
    until("the first hold is logged", 20, || {
        relay.jump(7_777);
        clock.jump(60_000);
        !leader.live().summary().unwrap().holds.is_empty()
    });
    let first = leader.live().summary().unwrap().holds[0].clone();
    assert_eq!(first.held().0, 20_000, "whatever the relay's and the wall clock say");
    assert!(leader.live().standing().within_ms.is_some(), "it was listened to");
}

#[test]
fn a_session_that_is_not_in_the_plan_is_not_taken_over() {
    let (room, leader, follower) = Room::together(Role::Partner, 60, 10);
    room.ana.remove_routine("Pair").unwrap();
    settle(&[&room.ana, &room.ben]);
    leader.die();
    until("she is gone", 20, || follower.live().standing().leader_is_gone);
    let refused = follower.live().take_over().unwrap_err();
    assert!(refused.to_string().contains("not of a routine"), "{refused}");
    assert_eq!(follower.live().standing().part, LivePart::Follows, "he still sees it");
}

#[test]
fn either_pauses_goes_on_and_stops_and_the_follower_answers_the_ease_check() {
    let (room, leader, follower) = Room::together(Role::Partner, 60, 10);
    until("Ana is holding", 20, || view(&leader).stage == StageView::Hold);
    follower.press(Action::Pause { reason: PauseReason::Person });
    let partner = Some(PauseReason::Partner);
    until("Ana's phone paused for Ben", 20, || view(&leader).paused == partner);
    until("Ben sees it", 20, || view(&follower).paused == partner);
    leader.press(Action::Resume);
    until("both go on", 20, || view(&leader).paused.is_none() && view(&follower).paused.is_none());
    leader.press(Action::Pause { reason: PauseReason::Person });
    until("Ben sees that Ana paused", 20, || view(&follower).paused == Some(PauseReason::Person));
    follower.press(Action::Resume);
    until("Ben let it go on", 20, || view(&leader).paused.is_none());

    let asks = |phone: &Phone| view(phone).question == Some(Question::EaseCheck);
    until("both ask whether it eases", 20, || asks(&leader) && asks(&follower));
    follower.press(Action::Ease { answer: EaseAnswer::Eased });
    until("it is answered on both", 20, || !asks(&leader) && !asks(&follower));
    let refused = follower.live().apply(&Input::unseeing(Action::Skip));
    let refused = refused.error.unwrap();
    assert!(refused.to_string().contains("up to whoever leads"), "{refused}");

    // What Ben feels of Ana's pain is Ben's word.
    let nrs = Nrs::try_from(7).unwrap();
    let rating = PainRating { nrs, site: None, reported_by: Reporter::Subject };
    follower.press(Action::Stop { reason: StopReason::Pain { rating: Some(rating), site: None } });
    until("it is over on both", 20, || {
        view(&leader).stage == StageView::Over && view(&follower).stage == StageView::Over
    });
    let done = leader.finish().unwrap().summary;
    assert!(follower.finish().is_none(), "whoever follows logs nothing");
    let held = &done.holds[0];
    assert!(held.attempts[0].eased_after.is_some(), "{held:?}");
    assert_eq!(held.pain_after.as_ref().unwrap().reported_by, Reporter::Other("Ben".to_owned()));
    settle(&[&room.ana, &room.ben]);
    let people = [("Ana", &room.ana), ("Ben", &room.ben)];
    assert_eq!(names(&room.ana, &people), ["Ana"]);
    assert_eq!(names(&room.anas, &people), ["Ana"]);
}

/// Who logged the holds of a chart, in order.
fn names(engine: &Engine, people: &[(&str, &Engine)]) -> Vec<String> {
    let page = engine.history(&HistoryQuery::default()).unwrap();
    let mut holds: Vec<_> = page.holds.into_iter().flatten().collect();
    holds.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    let by = |hold: holdfast::views::HoldView| {
        let mine = |engine: &Engine| engine.identity().unwrap().device == hold.device;
        people.iter().find(|(_, engine)| mine(engine)).unwrap().0.to_owned()
    };
    holds.into_iter().map(by).collect()
}

#[test]
fn when_the_leader_s_phone_dies_the_partner_leads_on_and_every_hold_is_there_once() {
    let (room, leader, follower) = Room::together(Role::Partner, 20, 10);
    until("Ana is in her second hold", 20, || {
        leader.live().summary().unwrap().holds.len() == 1 && view(&leader).stage == StageView::Hold
    });
    let still_led = follower.live().take_over().unwrap_err();
    assert!(still_led.to_string().contains("still there"), "{still_led}");
    until("Ben's phone knows as much", 20, || view(&follower).position == view(&leader).position);
    leader.die();
    until("Ben's phone says that she is gone", 20, || follower.live().standing().leader_is_gone);
    follower.live().take_over().unwrap();
    assert_eq!(follower.live().standing().part, LivePart::Leads);
    assert_eq!(follower.live().standing().term, 2);
    until("it is over", 60, || view(&follower).stage == StageView::Over);
    let done = follower.finish().unwrap();
    assert_eq!(done.summary.holds.len(), 4);

    // Ana's phone comes back to itself: what it had of the running hold is kept as what it was.
    let ana = reopen(&room.scene, "Ana", SkewedClock::new("ana", 5_000_000, 0, room.pace));
    assert!(ana.unfinished_play().unwrap().is_some());
    ana.discard_play().unwrap();
    settle(&[&ana, &room.ben]);
    for engine in [&ana, &room.anas] {
        let people = [("Ana", &ana), ("Ben", &room.ben)];
        assert_eq!(names(engine, &people), ["Ana", "Ben", "Ben", "Ben"]);
        let page = engine.history(&HistoryQuery::default()).unwrap();
        let holds: Vec<_> = page.holds.into_iter().flatten().collect();
        assert!(holds.iter().all(|hold| hold.session_id == holds[0].session_id), "one session");
        assert!(holds.iter().all(|hold| hold.held_ms == 20_000), "{holds:?}");
    }
}

#[test]
fn a_leader_that_comes_back_follows_whoever_took_over() {
    let (room, leader, follower) = Room::together(Role::Partner, 60, 10);
    until("Ana is holding", 20, || view(&leader).stage == StageView::Hold);
    leader.die();
    until("she is gone", 20, || follower.live().standing().leader_is_gone);
    follower.live().take_over().unwrap();
    let (playing, _) = room.ana.resume_play().unwrap();
    let back = Phone::hold(playing.together(|| {}).unwrap());
    until("Ana's phone follows Ben's", 20, || {
        let standing = back.live().standing();
        standing.part == LivePart::Follows && standing.leader.as_deref() == Some("Ben")
    });
    assert!(room.ana.unfinished_play().unwrap().is_none(), "nothing waits to be resumed here");
    back.press(Action::Pause { reason: PauseReason::Person });
    until("she pauses what Ben leads", 20, || view(&follower).paused == Some(PauseReason::Person));
    // And Ben's phone dies in turn.
    follower.die();
    until("he is gone", 20, || back.live().standing().leader_is_gone);
    back.live().take_over().unwrap();
    assert_eq!(back.live().standing().term, 3);
    back.press(Action::Stop { reason: StopReason::DoneEarly });
    assert!(back.finish().is_some());
}

#[test]
fn a_viewer_sees_the_same_second_and_nothing_it_says_counts() {
    let (room, leader, follower) = Room::together(Role::Viewer, 60, 1);
    until("Ana is holding", 20, || view(&leader).stage == StageView::Hold);
    assert!(!follower.live().standing().may_ask);
    let pause = Input::unseeing(Action::Pause { reason: PauseReason::Partner });
    let refused = follower.live().apply(&pause).error.unwrap();
    assert!(refused.to_string().contains("may look on"), "{refused}");

    // A viewer whose program does not keep to the rules.
    let mut viewer = Intruder::of(&room.scene, "Ben", "Ana");
    let me = DeviceName::new(viewer.device()).unwrap();
    let live_id = leader.live().standing().live_id.unwrap();
    let asks = Message::Ask { from: me.clone(), no: u64::MAX, input: pause.clone() };
    assert_eq!(viewer.say(&live_id, &Intruder::content(&asks)), LiveOutcome::Sent);
    let at = room.ana.at();
    let term = Term { number: 9, leader: me };
    let beat = Beat { term, n: 0, at, shared_ms: 0 };
    assert_eq!(viewer.say(&live_id, &Intruder::content(&Message::Beat(beat))), LiveOutcome::Sent);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(view(&leader).paused, None);
    assert_eq!(leader.live().standing().part, LivePart::Leads);
    assert!(apart_ms(&leader, &follower) <= TOLERANCE_MS, "he still sees the same second");
}

#[test]
fn a_partner_speaks_for_itself_and_nobody_replays_what_it_said() {
    let (room, leader, follower) = Room::together(Role::Partner, 60, 1);
    until("Ana is holding", 20, || view(&leader).stage == StageView::Hold);
    drop(follower);
    let mut partner = Intruder::of(&room.scene, "Ben", "Ana");
    let me = DeviceName::new(partner.device()).unwrap();
    let ana = DeviceName::new(room.ana.identity().unwrap().device).unwrap();
    let live_id = leader.live().standing().live_id.unwrap();
    let pause = Input::unseeing(Action::Pause { reason: PauseReason::Partner });
    let ask = |from: &DeviceName, no| Message::Ask { from: from.clone(), no, input: pause.clone() };
    // In Ana's name.
    partner.say(&live_id, &Intruder::content(&ask(&ana, 1)));
    // Said a while ago, and kept back.
    let mut old =
        serde_json::from_slice::<serde_json::Value>(&Intruder::content(&ask(&me, 1 << 60))[1..])
            .unwrap();
    old["shared_ms"] = (old["shared_ms"].as_i64().unwrap() - 16_000).into();
    let old = [&[0], old.to_string().as_bytes()].concat();
    partner.say(&live_id, &old);
    // In another session.
    partner.say(&"ab".repeat(16), &Intruder::content(&ask(&me, 1 << 61)));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(view(&leader).paused, None);
    partner.say(&live_id, &Intruder::content(&ask(&me, 1 << 62)));
    until("said in form, it counts", 20, || view(&leader).paused == Some(PauseReason::Partner));
}

#[test]
fn a_removed_member_neither_hears_nor_speaks() {
    let (room, leader, follower) = Room::together(Role::Partner, 60, 1);
    until("Ana is holding", 20, || view(&leader).stage == StageView::Hold);
    let mut removed = Intruder::of(&room.scene, "Ben", "Ana");
    let me = DeviceName::new(removed.device()).unwrap();
    room.ana.remove_member("Ben").unwrap();
    sync(&room.ana);
    until("Ben's phone says why it is out", 30, || follower.live().lost().is_some());
    leader.press(Action::Pause { reason: PauseReason::Person });
    std::thread::sleep(Duration::from_millis(700));
    assert_ne!(view(&follower).paused, Some(PauseReason::Person), "he hears nothing any more");
    leader.press(Action::Resume);
    let refused =
        follower.live().apply(&Input::unseeing(Action::Pause { reason: PauseReason::Person }));
    assert!(refused.error.is_some());
    let live_id = leader.live().standing().live_id.unwrap();
    let pause = Input::unseeing(Action::Pause { reason: PauseReason::Partner });
    let ask = Message::Ask { from: me, no: 1 << 62, input: pause };
    let outcome = removed.say(&live_id, &Intruder::content(&ask));
    assert_ne!(outcome, LiveOutcome::Sent, "the relay hands nothing on");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(view(&leader).paused, None);
}

#[test]
fn when_the_relay_goes_away_the_leader_plays_on_and_the_follower_comes_back_with_it() {
    let (mut room, leader, follower) = Room::together(Role::Partner, 20, 10);
    until("Ana is holding", 20, || view(&leader).stage == StageView::Hold);
    room.scene.stop_relay();
    until("both say so", 20, || {
        !leader.live().standing().connected && !follower.live().standing().connected
    });
    let before = leader.live().summary().unwrap().holds.len();
    until("Ana goes on", 30, || leader.live().summary().unwrap().holds.len() > before);
    leader.press(Action::Pause { reason: PauseReason::Person });
    room.scene.start_relay();
    until("Ben's phone is where Ana's is", 30, || {
        view(&follower).paused == Some(PauseReason::Person)
            && view(&follower).position == view(&leader).position
    });
    leader.press(Action::Resume);
    until("it is over on both", 60, || {
        view(&leader).stage == StageView::Over && view(&follower).stage == StageView::Over
    });
    assert_eq!(leader.finish().unwrap().summary.holds.len(), 4);
}

#[test]
fn a_suspended_phone_closes_its_stream_and_comes_back_to_the_same_second() {
    let (room, leader, follower) = Room::together(Role::Partner, 60, 1);
    until("Ana is holding", 20, || view(&leader).stage == StageView::Hold);
    room.ben.suspend().unwrap();
    until("the stream is closed", 2, || !follower.live().standing().connected);
    leader.press(Action::Pause { reason: PauseReason::Person });
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(view(&follower).paused, None);
    room.ben.resume().unwrap();
    until("Ben's phone is back", 20, || view(&follower).paused == Some(PauseReason::Person));
}

#[test]
fn done_apart_and_offline_by_both_it_is_one_session_and_both_observations_are_shown() {
    let mut room = Room::new(Role::Partner, 60, 1);
    let routine = room.ana.routine("Pair").unwrap().routine;
    let step = routine.steps().next().unwrap().id.to_string();
    room.scene.stop_relay();
    let log = |engine: &Engine, seconds: u64, pain: u8, note: &str| {
        let request = LogRequest {
            side: Some(LogSide::Left),
            routine: Some("Pair".to_owned()),
            date: Some(day("2026-03-01")),
            slot: Some("bedtime".to_owned()),
            step: Some(step.clone()),
            set: Some(1),
            rep: Some(1),
            pain_after: Some(pain),
            note: Some(note.to_owned()),
            at: Some(holdfast::clock::moment(1_772_395_200_000, "Europe/Berlin")),
            ..LogRequest::new("psoas-release-hook", Done::Held(Millis::from_secs(seconds)))
        };
        engine.log(&request).unwrap();
    };
    log(&room.ana, 60, 3, "mine");
    log(&room.anas, 75, 7, "as I saw it");
    room.scene.start_relay();
    settle(&[&room.ana, &room.ben]);
    for engine in [&room.ana, &room.anas] {
        let page = engine.history(&HistoryQuery::default()).unwrap();
        let holds: Vec<_> = page.holds.into_iter().flatten().collect();
        assert_eq!(holds.len(), 1, "{holds:?}");
        assert_eq!(holds[0].held_ms, 75_000, "the longer stands");
        assert_eq!(holds[0].pain_after, Some(Nrs::try_from(3).unwrap()), "her own rating wins");
        let observations = engine.hold_observations(&holds[0].hold_id).unwrap();
        let mut by: Vec<_> = observations.iter().map(|seen| seen.held_ms).collect();
        by.sort_unstable();
        assert_eq!(by, [60_000, 75_000], "both are shown");
        let days = ProgressQuery { days: Some(7), until: Some(day("2026-03-02")) };
        let adherence = engine.progress(&days).unwrap().adherence;
        assert_eq!(adherence.sessions.done, 1, "{adherence:?}");
    }
}
