//! What a run asks for: a walk, a cool-down, days of recovery.

#![allow(clippy::unwrap_used)]

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::{DayRecordId, HabitId};
use holdfast_domain::record::{DayFact, DayRecord, Event, HabitTick};
use holdfast_domain::running::{
    LastRun, Lately, RUN_MATTERS_MS, Recovery, WALKS, cool_down_min, recovery_figures,
    very_long_above_min,
};
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_domain::vocabulary::Source;

const MINUTE_MS: i64 = 60_000;
const NOW: i64 = 1_772_000_000_000;

fn catalogue() -> &'static Catalogue {
    Catalogue::built_in()
}

fn day(text: &str) -> LocalDay {
    text.parse().unwrap()
}

fn record(minutes_ago: i64, what: DayFact) -> DayRecord {
    DayRecord {
        id: DayRecordId::new(format!("r{}", minutes_ago.unsigned_abs())).unwrap(),
        at: Moment { utc_ms: NOW - minutes_ago * MINUTE_MS, offset_s: 0, zone: "UTC".to_owned() },
        local_day: day("2026-03-01"),
        what,
        source: Source::Manual,
        note: None,
        unknown: serde_json::Map::new(),
    }
}

fn run(ago: i64, minutes: u32) -> DayRecord {
    record(ago, DayFact::Event(Event::Run { minutes }))
}

fn walk(ago: i64) -> DayRecord {
    record(ago, DayFact::Event(Event::Walk { minutes: 10 }))
}

fn tick(ago: i64, habit: &str) -> DayRecord {
    let habit = HabitId::new(habit).unwrap();
    record(ago, DayFact::Tick(HabitTick { habit, count: 1, value: None, nightly: false }))
}

fn open(records: &[DayRecord]) -> Option<u32> {
    Lately::of(records, NOW).minutes_not_walked_off()
}

#[test]
fn a_run_matters_for_three_hours() {
    assert_eq!(open(&[]), None, "nobody has said that there was none");
    assert_eq!(open(&[run(60, 105)]), Some(105));
    assert_eq!(open(&[run(180, 105)]), Some(105));
    assert_eq!(open(&[run(181, 105)]), None);
    assert_eq!(open(&[run(-5, 105)]), None, "what has not happened yet");
    assert_eq!(RUN_MATTERS_MS, 180 * MINUTE_MS);
}

#[test]
fn a_walk_after_the_run_satisfies_it_and_one_before_does_not() {
    assert_eq!(open(&[run(60, 105), walk(30)]), Some(0));
    assert_eq!(open(&[run(60, 105), walk(90)]), Some(105));
    for habit in WALKS {
        assert_eq!(open(&[run(60, 105), tick(30, habit)]), Some(0), "{habit}");
    }
    assert_eq!(open(&[run(60, 105), tick(30, "sit-break")]), Some(105));
}

#[test]
fn a_short_jog_does_not_hide_the_long_run_before_it() {
    let lately = Lately::of(&[run(120, 105), run(20, 10)], NOW);
    let long = LastRun { minutes: 105, ended_ms: NOW - 120 * MINUTE_MS };
    assert_eq!((lately.last_run, lately.walked_since), (Some(long), false));
    assert_eq!(open(&[run(120, 105), walk(60), run(20, 10)]), Some(10));
}

#[test]
fn habits_that_are_a_walk_are_those_of_the_rule() {
    let rule = catalogue().rules().iter().find(|rule| rule.id.as_str() == "walk-after-long-run");
    let before = rule.unwrap().before.as_ref().unwrap();
    let ids: Vec<&str> = before.ids.iter().map(|id| id.as_str()).collect();
    assert_eq!(ids, WALKS);
}

#[test]
fn recovery_is_what_the_source_states_and_no_more() {
    assert_eq!(very_long_above_min(catalogue()), Some(90));
    assert_eq!(cool_down_min(catalogue()), Some(20));
    let after = |minutes| Recovery::after(catalogue(), day("2026-03-01"), minutes);
    assert_eq!(after(90), None, "of a run up to 90 minutes no days are stated");
    let recovery = after(105).unwrap();
    assert_eq!(
        (recovery.from, recovery.to_younger, recovery.to_older),
        (day("2026-03-02"), day("2026-03-03"), day("2026-03-04"))
    );
    assert_eq!(recovery.sources.iter().map(|s| s.as_str()).collect::<Vec<_>>(), ["000"]);
    assert!(!recovery.covers(day("2026-03-01")), "the day of the run is none of them");
    assert!(recovery.covers(day("2026-03-03")) && !recovery.covers(day("2026-03-04")));
    assert!(recovery.may_cover(day("2026-03-04")) && !recovery.may_cover(day("2026-03-05")));
    let figures: Vec<_> = recovery_figures(catalogue()).map(|f| f.values.clone()).collect();
    assert_eq!(figures, [vec![2, 3], vec![1, 1, 2], vec![2, 3]]);
}

#[test]
fn each_very_long_run_has_its_own_recovery() {
    let records = [run(60, 105), run(50, 30), walk(10), run(40, 200)];
    let minutes: Vec<u32> =
        Recovery::all(catalogue(), &records).iter().map(|recovery| recovery.minutes).collect();
    assert_eq!(minutes, [105, 200]);
}
