//! Logging, looking back, putting right: on a real home with a real account.

use std::sync::Arc;

use holdfast_domain::record::EditField;
use holdfast_domain::units::{LocalDay, Millis, Moment};
use holdfast_domain::vocabulary::{EndedBy, Side};

use crate::clock::FakeClock;
use crate::config::Config;
use crate::views::StatusKind;
use crate::{
    Done, Eased, Engine, HistoryQuery, HoldEdit, HoldfastError, LogRequest, LogSide, NewAccount,
};

/// Sunday 2026-03-01, 21:00 in Berlin.
pub(crate) const EVENING: i64 = 1_772_395_200_000;
pub(crate) const PSOAS: &str = "psoas-release-hook";

pub(crate) struct Home {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<FakeClock>,
    _dir: tempfile::TempDir,
}

pub(crate) fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(FakeClock::new(EVENING, "Europe/Berlin"));
    let shared: Arc<dyn crate::clock::Clock> = clock.clone();
    let config = Config { clock: shared, ..Config::command_line(dir.path().join("home")) };
    let account = NewAccount { name: "Ana".into(), device_name: "phone".into(), relay: None };
    let (engine, _) = Engine::create(config, account).unwrap();
    Home { engine, clock, _dir: dir }
}

pub(crate) fn held(exercise: &str, secs: u64) -> LogRequest {
    LogRequest::new(exercise, Done::Held(Millis::from_secs(secs)))
}

pub(crate) fn left(secs: u64) -> LogRequest {
    LogRequest { side: Some(LogSide::Left), ..held(PSOAS, secs) }
}

fn day(text: &str) -> LocalDay {
    text.parse().unwrap()
}

fn field(error: &HoldfastError) -> &str {
    error.field().unwrap_or_default()
}

#[test]
fn what_is_logged_comes_back_with_everything_that_was_said() {
    let home = home();
    let request = LogRequest {
        pain_before: Some(6),
        pain_after: Some(3),
        pain_site: Some("front-hip".into()),
        eased: Some(Eased::After(Millis::from_secs(41))),
        moves: 1,
        paused: Millis::from_secs(5),
        tool: Some("hook-tool".into()),
        by: Some("Ben".into()),
        note: Some("  felt tight ".into()),
        ..left(90)
    };
    let logged = home.engine.log(&request).unwrap();
    assert_eq!(logged.len(), 1);
    let hold = &logged[0];
    assert_eq!(home.engine.hold(&hold.hold_id).unwrap(), *hold);
    assert_eq!((hold.exercise.as_str(), hold.side), (PSOAS, Some(Side::Left)));
    assert_eq!((hold.set, hold.rep, hold.held_ms, hold.paused_ms), (1, 1, 90_000, 5_000));
    assert_eq!((hold.attempts.len(), hold.eased_ms), (2, Some(41_000)));
    let pain = |nrs| Some(holdfast_domain::units::Nrs::try_from(nrs).unwrap());
    assert_eq!((hold.pain_before, hold.pain_after), (pain(6), pain(3)));
    assert_eq!(hold.pain_site.as_deref(), Some("front-hip"));
    assert_eq!(hold.started_at, "2026-03-01T21:00:00+01:00");
    assert_eq!((hold.utc_offset.as_str(), hold.local_day.as_str()), ("+01:00", "2026-03-01"));
    assert_eq!(
        (hold.note.as_deref(), hold.assisted_by.as_deref()),
        (Some("felt tight"), Some("Ben"))
    );
    assert_eq!((hold.status, hold.routine.as_deref()), (StatusKind::Saved, None));
    assert_eq!(hold.target_ms, Some(90_000));
    assert_eq!(hold.ended_by, EndedBy::Target);
}

#[test]
fn both_sides_are_two_holds_in_one_transaction() {
    let home = home();
    let both = LogRequest { side: Some(LogSide::Both), ..held(PSOAS, 60) };
    let logged = home.engine.log(&both).unwrap();
    let sides: Vec<_> = logged.iter().map(|hold| (hold.side, hold.set)).collect();
    assert_eq!(sides, [(Some(Side::Left), 1), (Some(Side::Right), 1)]);
    assert!(logged.iter().all(|hold| hold.ended_by == EndedBy::Stopped));
}

#[test]
fn an_omitted_set_takes_the_next_free_one() {
    let home = home();
    for set in 1..=3 {
        assert_eq!(home.engine.log(&left(60)).unwrap()[0].set, set);
    }
    let removed = home.engine.log(&left(60)).unwrap().remove(0);
    home.engine.remove_hold(&removed.hold_id).unwrap();
    assert_eq!(home.engine.log(&left(60)).unwrap()[0].set, 5, "a removed key is not given again");
    let within = LogRequest { set: Some(2), ..left(30) };
    let hold = home.engine.log(&within).unwrap().remove(0);
    assert_eq!((hold.set, hold.rep, hold.observations.len()), (2, 2, 1));
    let again = LogRequest { rep: Some(1), ..within };
    let hold = home.engine.log(&again).unwrap().remove(0);
    assert_eq!((hold.set, hold.rep, hold.observations.len()), (2, 1, 2));
}

#[test]
fn what_cannot_be_is_refused_with_the_field_and_nothing_is_written() {
    let home = home();
    let cases: Vec<(LogRequest, &str)> = vec![
        (held("no-such-exercise", 60), "exercise"),
        (held(PSOAS, 60), "side"),
        (LogRequest { pain_after: Some(11), ..left(60) }, "pain_after"),
        (LogRequest { pain_site: Some("hip".into()), ..left(60) }, "pain_site"),
        (LogRequest { set: Some(0), ..left(60) }, "set"),
        (LogRequest { note: Some("n".repeat(20_000)), ..left(60) }, "note"),
        (LogRequest { eased: Some(Eased::After(Millis::from_secs(61))), ..left(60) }, "eased"),
        (left(90_000), "held"),
        (LogRequest { done: Done::Ticked, ..left(1) }, "held"),
        (LogRequest { slot: Some("bedtime".into()), ..left(60) }, "slot"),
        (LogRequest { step: Some("x".into()), ..left(60) }, "step"),
        (LogRequest { session: Some("Not An Id".into()), ..left(60) }, "session"),
        (LogRequest { tool: Some("Hook Tool".into()), ..left(60) }, "tool"),
    ];
    for (request, at) in cases {
        let error = home.engine.log(&request).unwrap_err();
        assert_eq!(field(&error), at, "{error}");
    }
    let error = home.engine.log(&LogRequest { routine: Some("r".into()), ..left(60) }).unwrap_err();
    assert_eq!(error.code(), "not_found");
    let page = home.engine.history(&HistoryQuery::default()).unwrap();
    assert_eq!(page.holds.unwrap(), []);
    let sessions = HistoryQuery { by_session: true, ..HistoryQuery::default() };
    assert_eq!(home.engine.history(&sessions).unwrap().sessions.unwrap(), []);
}

#[test]
fn far_longer_than_the_target_is_asked_before_it_is_taken() {
    let home = home();
    let long = left(271);
    let asked = home.engine.log(&long).unwrap_err();
    assert_eq!((asked.code(), field(&asked)), ("needs_confirmation", "held"));
    home.engine.log(&LogRequest { yes: true, ..long }).unwrap();
}

#[test]
fn the_realignment_on_both_sides_is_refused_whole() {
    let home = home();
    let both = LogRequest { side: Some(LogSide::Both), ..held("pelvic-realignment", 30) };
    let id = holdfast_domain::catalogue::Catalogue::built_in()
        .exercises()
        .iter()
        .find(|e| e.laterality == holdfast_domain::vocabulary::Laterality::OneSideOnly)
        .unwrap()
        .id
        .to_string();
    let both = LogRequest {
        exercise: id.clone(),
        done: Done::Reps { count: 5, hold_each: Some(Millis::from_secs(5)) },
        ..both
    };
    let refused = home.engine.log(&both).unwrap_err();
    assert_eq!(refused.code(), "both_sides_of_one", "{refused}");
    assert_eq!(home.engine.history(&HistoryQuery::default()).unwrap().holds.unwrap(), []);
    let one = |side| LogRequest { side: Some(side), ..both.clone() };
    home.engine.log(&one(LogSide::Left)).unwrap();
    assert!(home.engine.log(&one(LogSide::Right)).is_err());
}

#[test]
fn a_broken_rule_is_noted_and_the_hold_is_taken() {
    let home = home();
    let iliacus = LogRequest { exercise: "iliacus-release-hook".into(), ..left(60) };
    let hold = home.engine.log(&iliacus).unwrap().remove(0);
    assert_eq!(hold.findings.len(), 1, "{:?}", hold.findings);
    home.clock.advance(600_000);
    home.engine.log(&left(60)).unwrap();
    home.clock.advance(90_000);
    let after = home.engine.log(&iliacus).unwrap().remove(0);
    assert_eq!(after.findings, []);
}

#[test]
fn a_local_day_begins_at_three_and_can_be_said() {
    let home = home();
    let at_night = LogRequest {
        at: Some(Moment {
            utc_ms: EVENING + 5 * 3_600_000,
            offset_s: 3600,
            zone: "Europe/Berlin".into(),
        }),
        ..left(60)
    };
    assert_eq!(home.engine.log(&at_night).unwrap()[0].local_day, "2026-03-01");
    let yesterday = LogRequest { date: Some(day("2026-02-27")), ..left(60) };
    let hold = home.engine.log(&yesterday).unwrap().remove(0);
    assert_eq!(hold.local_day, "2026-02-27");
    assert_eq!(hold.started_at, "2026-02-27T21:00:00+01:00");
    let clash = LogRequest { date: Some(day("2026-02-27")), ..at_night };
    assert_eq!(field(&home.engine.log(&clash).unwrap_err()), "date");
}

#[test]
fn a_hold_is_put_right_and_taken_out_and_what_was_recorded_stays() {
    let home = home();
    let hold =
        home.engine.log(&LogRequest { note: Some("first".into()), ..left(90) }).unwrap().remove(0);
    let edit = HoldEdit {
        held: Some(Millis::from_secs(45)),
        pain_after: Some(2),
        note: Some("put right".into()),
        ..HoldEdit::default()
    };
    let edited = home.engine.edit_hold(&hold.hold_id[..6], &edit).unwrap();
    assert!(edited.corrected);
    assert_eq!((edited.held_ms, edited.note.as_deref()), (45_000, Some("put right")));
    let recorded = home.engine.hold_observations(&hold.hold_id).unwrap();
    assert_eq!((recorded.len(), recorded[0].held_ms, recorded[0].stands), (1, 90_000, true));
    let cleared = HoldEdit { clear: [EditField::PainAfter].into(), ..HoldEdit::default() };
    assert_eq!(home.engine.edit_hold(&hold.hold_id, &cleared).unwrap().pain_after, None);

    assert_eq!(
        field(&home.engine.edit_hold(&hold.hold_id, &HoldEdit::default()).unwrap_err()),
        "edit"
    );
    let long = HoldEdit { held: Some(Millis::from_secs(900)), ..HoldEdit::default() };
    let asked = home.engine.edit_hold(&hold.hold_id, &long).unwrap_err();
    assert_eq!(asked.code(), "needs_confirmation");
    assert_eq!(home.engine.hold("zzzz").unwrap_err().code(), "not_found");

    home.engine.remove_hold(&hold.hold_id).unwrap();
    assert_eq!(home.engine.hold(&hold.hold_id).unwrap_err().code(), "not_found");
    let stored = home.engine.hold_observations(&hold.hold_id).unwrap();
    assert_eq!((stored.len(), stored[0].removed, stored[0].held_ms), (1, true, 90_000));
    assert_eq!(home.engine.history(&HistoryQuery::default()).unwrap().holds.unwrap(), []);
}

#[test]
fn a_session_shows_its_holds_and_can_be_taken_out_and_begun_again() {
    let home = home();
    let logged = home.engine.log(&left(90)).unwrap().remove(0);
    home.clock.advance(60_000);
    home.engine.log(&left(30)).unwrap();
    let both = home.engine.session(&logged.session_id).unwrap();
    assert_eq!((both.session.holds, both.session.held_ms, both.holds.len()), (2, 120_000, 2));
    home.clock.advance(60_000);
    home.engine.remove_session(&logged.session_id).unwrap();
    assert_eq!(home.engine.session(&logged.session_id).unwrap_err().code(), "not_found");
    assert_eq!(home.engine.history(&HistoryQuery::default()).unwrap().holds.unwrap(), []);
    home.clock.advance(60_000);
    home.engine.log(&left(20)).unwrap();
    let again = home.engine.session(&logged.session_id).unwrap();
    assert_eq!((again.session.holds, again.session.held_ms), (1, 20_000));
}

#[test]
fn the_history_comes_in_pages_the_newest_first_and_filtered() {
    let home = home();
    for n in 0..7_u64 {
        let request = if n % 2 == 0 {
            left(n + 10)
        } else {
            LogRequest { side: Some(LogSide::Right), ..left(n + 10) }
        };
        home.engine.log(&request).unwrap();
        home.clock.advance(86_400_000);
    }
    let mut query = HistoryQuery { limit: Some(3), ..HistoryQuery::default() };
    let mut seen = Vec::new();
    loop {
        let page = home.engine.history(&query).unwrap();
        seen.extend(page.holds.unwrap().into_iter().map(|hold| hold.held_ms / 1000));
        let Some(next) = page.next else { break };
        query.after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(seen, [16, 15, 14, 13, 12, 11, 10]);
    let some = |query: HistoryQuery| home.engine.history(&query).unwrap().holds.unwrap().len();
    let all = HistoryQuery::default;
    assert_eq!(some(HistoryQuery { side: Some(Side::Left), ..all() }), 4);
    assert_eq!(
        some(HistoryQuery {
            since: Some(day("2026-03-03")),
            until: Some(day("2026-03-05")),
            ..all()
        }),
        3
    );
    assert_eq!(some(HistoryQuery { exercise: Some("psoas-release-h".into()), ..all() }), 7);
    let sessions =
        home.engine.history(&HistoryQuery { by_session: true, limit: Some(2), ..all() }).unwrap();
    assert_eq!(sessions.sessions.unwrap().len(), 2);
    for (bad, at) in [
        (HistoryQuery { limit: Some(501), ..all() }, "limit"),
        (HistoryQuery { limit: Some(0), ..all() }, "limit"),
        (
            HistoryQuery {
                since: Some(day("2026-03-05")),
                until: Some(day("2026-03-03")),
                ..all()
            },
            "until",
        ),
        (HistoryQuery { exercise: Some("nothing".into()), ..all() }, "exercise"),
    ] {
        assert_eq!(field(&home.engine.history(&bad).unwrap_err()), at);
    }
}

#[test]
fn two_doings_of_one_key_far_apart_are_both_kept_and_flagged() {
    let home = home();
    let first = LogRequest { set: Some(1), rep: Some(1), ..left(60) };
    home.engine.log(&first).unwrap();
    home.clock.advance(3_600_000);
    let second = home.engine.log(&first).unwrap().remove(0);
    assert_eq!((second.doing.n, second.doing.of, second.counts), (2, 2, false));
    assert!(second.hold_id.ends_with("-2"));
}
