//! Habits: how ticks come together, and when a plan is due.

#![allow(clippy::unwrap_used)]

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::habit::{
    ClockTime, Counting, Due, Given, Habit, HabitPlan, HabitRhythm, due, due_on, habit_day,
};
use holdfast_domain::ids::{DayRecordId, HabitId};
use holdfast_domain::record::{Amount, DayFact, DayRecord};
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_domain::vocabulary::{Kind, Source};
use jiff::tz::TimeZone;
use proptest::prelude::*;

const DAY_START_MIN: u16 = 180;
const MINUTE_MS: i64 = 60_000;

fn catalogue() -> &'static Catalogue {
    Catalogue::built_in()
}

fn habit(id: &str) -> Habit<'static> {
    Habit::find(catalogue(), &HabitId::new(id).unwrap()).unwrap()
}

fn day(text: &str) -> LocalDay {
    text.parse().unwrap()
}

fn ms(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn every(minutes: u32, from: &str, to: &str) -> HabitPlan {
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    HabitPlan::new(HabitRhythm::Every { minutes, from, to })
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn in_berlin(plan: &HabitPlan, on: &str, done: (u32, Option<i64>), now: &str) -> Due {
    due(plan, day(on), DAY_START_MIN, (&berlin(), "Europe/Berlin"), done, ms(now))
}

/// Local times of moments, as the clock shows them there and then.
fn clock(moments: &[Moment]) -> Vec<String> {
    let shown = |at: &Moment| {
        let minutes = (at.utc_ms / 1000 + i64::from(at.offset_s)).rem_euclid(86_400) / 60;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    };
    moments.iter().map(shown).collect()
}

fn record(n: u32, id: &str, given: Given, at_ms: i64, on: &str) -> DayRecord {
    DayRecord {
        id: DayRecordId::new(format!("r{n}")).unwrap(),
        at: Moment { utc_ms: at_ms, offset_s: 3600, zone: "Europe/Berlin".to_owned() },
        local_day: day(on),
        what: DayFact::Tick(habit(id).tick(given).unwrap()),
        source: Source::Manual,
        note: None,
        unknown: serde_json::Map::new(),
    }
}

#[test]
fn every_habit_of_the_catalogue_and_the_hours_of_sleep_can_be_ticked() {
    let ids: Vec<&str> = Habit::all(catalogue()).map(|habit| habit.id()).collect();
    let of_catalogue =
        catalogue().exercises().iter().filter(|entry| entry.kind == Kind::Habit).count();
    assert_eq!(ids.len(), of_catalogue + 1);
    assert!(ids.contains(&"sit-break") && ids.contains(&"sleep-hours"), "{ids:?}");
    assert!(!ids.contains(&"psoas-release-hook"));
    for habit in Habit::all(catalogue()) {
        let given = match habit.counting() {
            Counting::Hours { .. } => Given::Value(Amount::new(7.5).unwrap()),
            _ => Given::Done,
        };
        assert_eq!(habit.tick(given).unwrap().habit.as_str(), habit.id());
    }
}

#[test]
fn what_a_source_gives_per_night_counts_once_a_night() {
    for id in ["sleep-side", "sleep-back", "sleep-stomach", "sleep-routine", "couple-positions"] {
        assert_eq!(habit(id).counting(), Counting::OnceANight, "{id}");
    }
    assert_eq!(habit("run-recovery-days").counting(), Counting::OnceADay);
    assert_eq!(habit("sit-break").counting(), Counting::AddsUp);
    assert!(!habit("sit-break").is_frequency_stated(), "no source gives an interval");
    assert!(habit("run-recovery-days").is_frequency_stated());
    assert!(!habit("sleep-side").is_frequency_stated(), "once a night is ours");
}

#[test]
fn a_value_is_refused_where_it_is_counted_and_a_count_where_a_value_is_told() {
    let hours = |n: f64| Given::Value(Amount::new(n).unwrap());
    let code = |id: &str, given| habit(id).tick(given).unwrap_err().code();
    assert_eq!(code("sit-break", hours(3.0)), "value_for_count");
    assert_eq!(code("sleep-side", hours(3.0)), "value_for_count");
    assert_eq!(code("sleep-hours", Given::Count(7)), "value_missing");
    assert_eq!(code("sleep-hours", Given::Done), "value_missing");
    assert_eq!(code("sleep-side", Given::Count(2)), "only_once");
    assert_eq!(code("sit-break", Given::Count(0)), "count_out_of_range");
    assert_eq!(code("sit-break", Given::Count(101)), "count_out_of_range");
    assert_eq!(code("sleep-hours", hours(24.5)), "hours_out_of_range");
    assert_eq!(code("sleep-hours", hours(0.0)), "hours_out_of_range");
}

#[test]
fn a_plan_that_makes_no_sense_says_why() {
    let code =
        |id: &str, plan: HabitPlan| plan.checked(&habit(id), DAY_START_MIN).map_err(|b| b.code());
    let per_day = |n| HabitPlan::new(HabitRhythm::PerDay(n));
    assert!(code("sit-break", every(50, "09:00", "17:00")).is_ok());
    assert!(code("sit-break", every(50, "22:00", "02:00")).is_ok(), "one evening");
    assert!(code("sleep-side", per_day(1)).is_ok());
    for (id, plan, wanted) in [
        ("sit-break", every(50, "17:00", "09:00"), "window_reversed"),
        ("sit-break", every(50, "22:00", "04:00"), "window_reversed"),
        ("sit-break", every(50, "09:00", "09:00"), "window_empty"),
        ("sit-break", every(481, "09:00", "17:00"), "interval_too_long"),
        ("sit-break", every(0, "09:00", "17:00"), "interval_out_of_range"),
        ("sit-break", every(4, "09:00", "17:00"), "interval_out_of_range"),
        ("sit-break", per_day(0), "times_out_of_range"),
        ("sit-break", per_day(51), "times_out_of_range"),
        ("sleep-side", per_day(2), "plan_only_once"),
        ("sleep-side", every(50, "09:00", "17:00"), "plan_only_once"),
    ] {
        assert_eq!(code(id, plan.clone()).unwrap_err(), wanted, "{id} {plan:?}");
    }
}

#[test]
fn a_clock_time_reads_as_it_is_written() {
    for (text, shown) in [("09:00", "09:00"), ("9:05", "09:05"), ("23:59", "23:59")] {
        assert_eq!(text.parse::<ClockTime>().unwrap().to_string(), shown);
    }
    for wrong in ["24:00", "9", "09:5", "09:60", "-9:00", "09:00:00", "", "a:bc", "009:00", "+9:00"]
    {
        assert!(wrong.parse::<ClockTime>().is_err(), "{wrong}");
    }
}

#[test]
fn a_plan_is_kept_as_people_would_write_it() {
    let plan = every(50, "09:00", "17:00");
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(text, r#"{"rhythm":{"every":{"minutes":50,"from":"09:00","to":"17:00"}}}"#);
    assert_eq!(serde_json::from_str::<HabitPlan>(&text).unwrap(), plan);
    let newer = r#"{"rhythm":{"per_day":3},"sound":"bell"}"#;
    let kept: HabitPlan = serde_json::from_str(newer).unwrap();
    assert_eq!(serde_json::to_string(&kept).unwrap(), newer, "what a newer version wrote stays");
}

#[test]
fn breaks_are_due_by_the_interval_from_the_last_one_and_quiet_when_the_window_is_over() {
    let plan = every(50, "09:00", "12:00");
    let morning = due_on(&plan, day("2026-03-02"), DAY_START_MIN, (&berlin(), "Europe/Berlin"));
    assert_eq!(clock(&morning.next), ["09:50", "10:40", "11:30"]);
    let missed = in_berlin(&plan, "2026-03-02", (0, None), "2026-03-02T10:00:00+01:00");
    assert_eq!(clock(missed.since.as_slice()), ["09:50"]);
    assert_eq!(clock(&missed.next), ["10:40", "11:30"]);
    let long_missed = in_berlin(&plan, "2026-03-02", (0, None), "2026-03-02T11:45:00+01:00");
    assert_eq!(
        clock(long_missed.since.as_slice()),
        ["09:50"],
        "however many were missed, it is one"
    );
    let tick = ms("2026-03-02T10:00:00+01:00");
    let after = in_berlin(&plan, "2026-03-02", (1, Some(tick)), "2026-03-02T10:01:00+01:00");
    assert_eq!(clock(&after.next), ["10:50", "11:40"]);
    assert_eq!(after.since, None, "quiet once done");
    let over = in_berlin(&plan, "2026-03-02", (0, None), "2026-03-02T12:01:00+01:00");
    assert!(over.is_quiet());
    let last = ms("2026-03-02T11:20:00+01:00");
    assert!(
        in_berlin(&plan, "2026-03-02", (1, Some(last)), "2026-03-02T11:21:00+01:00").is_quiet()
    );
}

#[test]
fn so_many_a_day_are_left_until_they_are_done() {
    let plan = HabitPlan::new(HabitRhythm::PerDay(3));
    let left = |done| in_berlin(&plan, "2026-03-02", (done, None), "2026-03-02T10:00:00+01:00");
    assert_eq!(left(1).left, 2);
    assert!(left(3).is_quiet() && left(5).is_quiet());
}

#[test]
fn on_a_night_when_clocks_change_nothing_is_due_twice_or_at_a_time_that_is_not() {
    let plan = every(30, "01:00", "02:30");
    let times =
        |on: &str| clock(&due_on(&plan, day(on), DAY_START_MIN, (&berlin(), "Europe/Berlin")).next);
    assert_eq!(times("2026-03-01"), ["01:30", "02:00", "02:30"], "a plain night");
    // The clock jumps from 02:00 to 03:00: the window ends there.
    assert_eq!(times("2026-03-28"), ["01:30", "03:00"]);
    // The clock shows 02:00 to 03:00 twice: the window ends when it first shows 02:30.
    assert_eq!(times("2026-10-24"), ["01:30", "02:00", "02:30"]);
    let jumped = every(10, "02:10", "02:40");
    let none = due_on(&jumped, day("2026-03-28"), DAY_START_MIN, (&berlin(), "Europe/Berlin"));
    assert!(none.is_quiet(), "a window that the clock jumps over");
}

#[test]
fn a_window_follows_the_traveller() {
    let plan = every(60, "09:00", "11:00");
    let los_angeles = TimeZone::get("America/Los_Angeles").unwrap();
    let zone = (&los_angeles, "America/Los_Angeles");
    let there = due_on(&plan, day("2026-03-02"), DAY_START_MIN, zone);
    assert_eq!(clock(&there.next), ["10:00", "11:00"]);
    assert_eq!(there.next[0].utc_ms, ms("2026-03-02T10:00:00-08:00"));
}

#[test]
fn the_hours_told_last_stand() {
    let hours = |n: f64| Given::Value(Amount::new(n).unwrap());
    let records = [
        record(2, "sleep-hours", hours(8.0), ms("2026-03-02T09:00:00+01:00"), "2026-03-02"),
        record(1, "sleep-hours", hours(6.5), ms("2026-03-02T07:00:00+01:00"), "2026-03-02"),
    ];
    let kept = habit_day(&records, &HabitId::new("sleep-hours").unwrap(), day("2026-03-02"));
    assert_eq!((kept.done, kept.value), (1, Amount::new(8.0)));
    assert_eq!(kept.ticks.len(), 2);
}

prop_compose! {
    fn any_window()(minutes in 5_u32..=720, a in 0_u16..1440, b in 0_u16..1440) -> (u32, ClockTime, ClockTime) {
        let at = |minute: u16| ClockTime::new(minute / 60, minute % 60).unwrap();
        (minutes, at(a), at(b))
    }
}

proptest! {
    /// Whatever the zone and the night: never before the last tick's interval is over, never outside
    /// of the window, never the past as the future.
    #[test]
    fn due_times_keep_to_the_interval_and_the_window(
        (minutes, from, to) in any_window(),
        days in 0_i64..800,
        zone in prop::sample::select(vec!["Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Tokyo", "Pacific/Apia"]),
        tick in prop::option::of(-2000_i64..4000),
        now in -2000_i64..4000,
    ) {
        let plan = HabitPlan::new(HabitRhythm::Every { minutes, from, to });
        let tz = TimeZone::get(zone).unwrap();
        let on = jiff::civil::date(2025, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        let on = LocalDay(on);
        let midnight = tz.to_zoned(on.0.to_datetime(jiff::civil::Time::midnight())).unwrap();
        let midnight = midnight.timestamp().as_millisecond();
        let (tick, now) = (tick.map(|t| midnight + t * MINUTE_MS), midnight + now * MINUTE_MS);
        let due = due(&plan, on, DAY_START_MIN, (&tz, zone), (0, tick), now);
        let window = holdfast_domain::habit::Window::of(on, (from, to), DAY_START_MIN, &tz);
        let all: Vec<&Moment> = due.since.iter().chain(&due.next).collect();
        prop_assert!(window.is_some() || all.is_empty());
        let interval = i64::from(minutes) * MINUTE_MS;
        for at in &all {
            let window = window.unwrap();
            prop_assert!((window.from_ms + interval..=window.to_ms).contains(&at.utc_ms));
            prop_assert!(tick.is_none_or(|tick| at.utc_ms >= tick + interval));
            prop_assert_eq!(tz.to_offset(jiff::Timestamp::from_millisecond(at.utc_ms).unwrap()).seconds(), at.offset_s);
        }
        prop_assert!(due.since.iter().all(|at| at.utc_ms <= now));
        prop_assert!(due.next.iter().all(|at| at.utc_ms > now));
        prop_assert!(due.next.windows(2).all(|pair| pair[1].utc_ms - pair[0].utc_ms == interval));
        prop_assert!(due.next.len() <= 300);
    }

    /// Ticks add up and nights count once, in whatever order the records are read.
    #[test]
    fn ticks_add_up_and_nights_never_double_in_any_order(
        counts in prop::collection::vec(1_u32..=100, 0..20),
        nights in prop::collection::vec(0_i64..500, 0..6),
        seed in any::<u64>(),
    ) {
        let begin = ms("2026-03-02T08:00:00+01:00");
        let mut records = Vec::new();
        for (n, count) in counts.iter().enumerate() {
            let at = begin + n as i64 * MINUTE_MS;
            records.push(record(n as u32, "sit-break", Given::Count(*count), at, "2026-03-02"));
        }
        for (n, minute) in nights.iter().enumerate() {
            let at = begin + minute * MINUTE_MS;
            records.push(record(100 + n as u32, "sleep-side", Given::Done, at, "2026-03-02"));
        }
        // A shuffle of its own, so that a failing order replays.
        let mut state = seed | 1;
        for i in (1..records.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            records.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
        }
        let id = |text| HabitId::new(text).unwrap();
        let breaks = habit_day(&records, &id("sit-break"), day("2026-03-02"));
        prop_assert_eq!(breaks.done, counts.iter().sum::<u32>());
        let night = habit_day(&records, &id("sleep-side"), day("2026-03-02"));
        prop_assert_eq!(night.done, u32::from(!nights.is_empty()));
        prop_assert_eq!(habit_day(&records, &id("sit-break"), day("2026-03-03")).done, 0);
        let sorted = breaks.ticks.clone();
        records.reverse();
        prop_assert_eq!(habit_day(&records, &id("sit-break"), day("2026-03-02")).ticks, sorted);
    }
}
