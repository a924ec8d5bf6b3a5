//! What was done of what was asked, day by day and week by week.

#![allow(clippy::unwrap_used)]

mod progress_plans;

use holdfast_domain::progress::{
    Change, DayKind, Figure, Material, TestPoint, Trend, Window, progress, tests_over_time,
};
use holdfast_domain::vocabulary::{Side, Weekday};
use progress_plans::{Days, Plan, day, evening, evenings, of, rated, set, set_at};

const fn figure(done: u64, due: u64, pct: u8) -> Figure {
    Figure { done, due, pct: Some(pct) }
}

#[test]
fn a_week_with_a_missed_day_says_six_of_seven() {
    let done = evenings([0, 1, 2, 4, 5, 6]);
    let progress = of(&Plan::nightly(day(0)), &done, 6, 6);
    let adherence = progress.adherence;
    assert_eq!(adherence.sessions, figure(6, 7, 85));
    assert_eq!(adherence.exercises, figure(12, 14, 85));
    assert_eq!(adherence.hold_seconds, figure(720, 840, 85));
    assert_eq!(adherence.active_days, figure(6, 7, 85));
    assert_eq!((progress.streak.days, progress.streak.rest_ok), (3, true));
    assert_eq!(progress.counted_from, Some(day(0)));
    assert_eq!(progress.totals.sessions, 6);
}

#[test]
fn what_nobody_asked_for_has_no_percentage() {
    let done = evenings([0, 2]);
    let progress = of(&Plan::default(), &done, 6, 6);
    let sessions = progress.adherence.sessions;
    assert_eq!(sessions, Figure { done: 2, due: 0, pct: None });
    assert_eq!(progress.adherence.hold_seconds, Figure { done: 240, due: 0, pct: None });
    let nothing = of(&Plan::default(), &[], 6, 6);
    assert_eq!(nothing.adherence.active_days, Figure { done: 0, due: 0, pct: None });
    assert_eq!((nothing.counted_from, nothing.streak.days), (None, 0));
}

#[test]
fn days_before_the_plan_rest_days_and_pauses_are_not_in_the_denominators() {
    let mut plan = Plan::nightly(day(2));
    plan.weekdays.retain(|weekday| *weekday != Weekday::Sunday);
    plan.paused.insert(day(4));
    let progress = of(&plan, &evenings([2, 3, 5]), 6, 7);
    assert_eq!(progress.adherence.sessions, figure(3, 3, 100));
    assert_eq!(progress.adherence.active_days, figure(3, 3, 100));
    assert_eq!((progress.paused_days, progress.counted_from), (1, Some(day(2))));
    let kinds: Vec<DayKind> = progress.by_day.iter().map(|day| day.kind).collect();
    use DayKind::{Asked, Paused, Rest, Unplanned};
    assert_eq!(kinds, [Unplanned, Unplanned, Asked, Asked, Paused, Asked, Rest]);
    assert_eq!(progress.streak.days, 3);
}

#[test]
fn what_today_asks_for_is_not_due_before_it_is_done_or_over() {
    let plan = Plan::nightly(day(0));
    let before = of(&plan, &evenings([0, 1]), 2, 2);
    assert_eq!(before.adherence.sessions, figure(2, 2, 100));
    assert_eq!((before.streak.days, before.streak.rest_ok), (2, false));
    let after = of(&plan, &evenings([0, 1]), 2, 3);
    assert_eq!(after.adherence.sessions, figure(2, 3, 66));
    let done = of(&plan, &evenings([0, 1, 2]), 2, 2);
    assert_eq!((done.adherence.sessions, done.streak.days), (figure(3, 3, 100), 3));
}

#[test]
fn a_step_counts_for_no_more_than_it_asked() {
    let done = [set(day(0), Side::Left, 600), set(day(0), Side::Right, 15)];
    let progress = of(&Plan::nightly(day(0)), &done, 0, 0);
    assert_eq!(progress.adherence.hold_seconds, figure(75, 120, 62));
    assert_eq!(progress.adherence.exercises, figure(2, 2, 100));
    assert_eq!(progress.totals.held_ms, 615_000);
    assert_eq!(progress.per_side.less, Some(Side::Right));
    assert_eq!(progress.per_side.difference_pct, Some(97));
}

#[test]
fn who_eased_early_owes_nothing() {
    let mut early = set(day(0), Side::Left, 40);
    (early.spared_ms, early.eased_ms) = (20_000, vec![40_000]);
    let progress = of(&Plan::nightly(day(0)), &[early, set(day(0), Side::Right, 60)], 0, 0);
    assert_eq!(progress.adherence.hold_seconds, figure(100, 100, 100));
    assert_eq!((progress.eased.median_ms, progress.eased.n), (Some(40_000), 1));
    assert_eq!(progress.eased.trend, None);
}

#[test]
fn a_weekly_goal_is_kept_by_its_week_and_not_by_its_days() {
    let plan = Plan::weekly(day(0), 3);
    let progress = of(&plan, &evenings([0, 3, 6, 7, 9, 10, 15]), 16, 16);
    assert_eq!(progress.adherence.sessions, figure(7, 7, 100));
    assert_eq!(progress.adherence.active_days, figure(7, 7, 100));
    assert_eq!((progress.streak.days, progress.streak.weeks), (7, Some(2)));
    assert!(progress.streak.rest_ok, "four days are left for two sessions");
    let late = of(&plan, &evenings([0, 3, 6, 7, 9, 10, 15]), 18, 18);
    assert!(late.streak.rest_ok && late.streak.days == 7);
    let last_chance = of(&plan, &evenings([0, 3, 6, 7, 9, 10, 15]), 19, 19);
    assert!(!last_chance.streak.rest_ok);
    let over = of(&plan, &evenings([0, 3, 6, 7, 9, 10, 15]), 21, 21);
    assert_eq!(over.adherence.sessions, figure(7, 9, 77));
    assert_eq!((over.streak.days, over.streak.weeks), (0, Some(0)));
}

#[test]
fn more_than_the_goal_is_not_more_than_all() {
    let progress = of(&Plan::weekly(day(0), 2), &evenings(0..7), 6, 7);
    assert_eq!(progress.adherence.sessions, figure(2, 2, 100));
    assert_eq!(progress.adherence.active_days, figure(2, 2, 100));
    assert_eq!(progress.totals.sessions, 7);
}

const TOKYO: i32 = 9 * 3600;
const LOS_ANGELES: i32 = -7 * 3600;

#[test]
fn a_date_that_travel_repeats_counts_once() {
    let mut done =
        vec![set_at(day(0), TOKYO, Side::Left, 60), set_at(day(1), TOKYO, Side::Left, 60)];
    let mut again = set_at(day(1), LOS_ANGELES, Side::Right, 60);
    again.session = "at:2026-03-03:any:evening".parse().unwrap();
    done.push(again);
    done.push(set_at(day(2), LOS_ANGELES, Side::Left, 60));
    let progress = of(&Plan::nightly(day(0)), &done, 2, 2);
    assert_eq!(progress.adherence.sessions, figure(3, 3, 100));
    assert_eq!((progress.adherence.active_days.done, progress.streak.days), (3, 3));
    assert_eq!(progress.totals.sessions, 4);
}

#[test]
fn a_date_that_travel_skips_is_excused() {
    let done = vec![
        set_at(day(0), LOS_ANGELES, Side::Left, 60),
        set_at(day(1), LOS_ANGELES, Side::Left, 60),
        set_at(day(3), TOKYO, Side::Left, 60),
    ];
    let progress = of(&Plan::nightly(day(0)), &done, 3, 3);
    assert_eq!(progress.adherence.active_days, figure(3, 3, 100));
    assert_eq!(progress.streak.days, 3);
    assert_eq!(progress.by_day[2].kind, DayKind::Skipped);
    // The same gap at home is a missed day, also over a night that summer time shortens.
    for offset in [LOS_ANGELES, LOS_ANGELES + 3600] {
        let mut home = done.clone();
        let moved = set_at(day(3), offset, Side::Left, 60);
        home[2] = moved;
        let progress = of(&Plan::nightly(day(0)), &home, 3, 3);
        assert_eq!((progress.adherence.active_days, progress.streak.days), (figure(3, 4, 75), 1));
    }
    // Of three idle dates one was in the air, and two were missed.
    let mut long = done;
    long[2] = set_at(day(5), TOKYO, Side::Left, 60);
    let progress = of(&Plan::nightly(day(0)), &long, 5, 5);
    assert_eq!((progress.adherence.active_days, progress.streak.days), (figure(3, 5, 60), 1));
    assert_eq!(progress.by_day[4].kind, DayKind::Skipped);
}

#[test]
fn pain_is_the_median_of_what_has_both_ratings() {
    let mut done: Vec<_> = [(6, 3), (5, 4), (8, 4)]
        .into_iter()
        .zip(0..)
        .map(|((before, after), n)| rated(set(day(n), Side::Left, 60), before, after))
        .collect();
    let mut half = rated(set(day(4), Side::Left, 60), 9, 9);
    half.pain_after = None;
    done.push(half);
    let pain = of(&Plan::nightly(day(0)), &done, 6, 6).pain;
    assert_eq!((pain.before, pain.after, pain.n), (Some(6.0), Some(4.0), 3));
    assert_eq!(pain.change, Some(Change::MuchBetter));
    let even = of(&Plan::nightly(day(0)), &done[..2], 6, 6).pain;
    assert_eq!((even.before, even.after), (Some(5.5), Some(3.5)));
    assert_eq!(of(&Plan::nightly(day(0)), &[], 6, 6).pain.change, None);
}

#[test]
fn a_session_of_a_routine_has_its_first_rating_before_and_its_last_after() {
    let first = rated(set(day(0), Side::Left, 60), 6, 5);
    let mut last = rated(set(day(0), Side::Right, 60), 4, 3);
    for rating in [&mut last.pain_before, &mut last.pain_after] {
        rating.as_mut().unwrap().at_ms += 60_000;
    }
    let pain = of(&Plan::default(), &[last.clone(), first.clone()], 0, 0).pain;
    assert_eq!((pain.before, pain.after, pain.n), (Some(6.0), Some(3.0), 1));
    let loose: Vec<_> = [first, last]
        .into_iter()
        .map(|set| holdfast_domain::progress::SetDone {
            routine: None,
            session: "loose".parse().unwrap(),
            ..set
        })
        .collect();
    assert_eq!(of(&Plan::default(), &loose, 0, 0).pain.n, 2, "each hold stands for itself");
}

#[test]
fn the_words_for_a_change_go_by_points_and_by_share() {
    use Change::{AboutTheSame, MuchBetter, MuchWorse, SlightlyBetter, SlightlyWorse};
    for (before, after, word) in [
        (6.0, 4.0, MuchBetter),
        (3.0, 2.0, MuchBetter),
        (4.0, 3.0, SlightlyBetter),
        (9.0, 8.0, SlightlyBetter),
        (3.0, 2.5, SlightlyBetter),
        (9.0, 8.5, AboutTheSame),
        (5.0, 5.0, AboutTheSame),
        (0.0, 0.0, AboutTheSame),
        (0.0, 1.0, SlightlyWorse),
        (4.0, 5.0, SlightlyWorse),
        (3.0, 4.0, MuchWorse),
        (5.0, 7.0, MuchWorse),
    ] {
        assert_eq!(Change::between(before, after), word, "{before} to {after}");
    }
}

#[test]
fn easing_sooner_shows_as_a_trend() {
    let eased = |secs: [u64; 4]| {
        let done: Vec<_> = secs
            .into_iter()
            .zip(0..)
            .map(|(secs, n)| {
                let mut set = set(day(n), Side::Left, 60);
                set.eased_ms = vec![secs * 1000];
                set
            })
            .collect();
        of(&Plan::default(), &done, 6, 6).eased
    };
    let sooner = eased([40, 30, 20, 10]);
    assert_eq!((sooner.median_ms, sooner.n, sooner.trend), (Some(25_000), 4, Some(Trend::Shorter)));
    assert_eq!((sooner.earlier_ms, sooner.later_ms), (Some(35_000), Some(15_000)));
    assert_eq!(eased([10, 20, 30, 40]).trend, Some(Trend::Longer));
    assert_eq!(eased([20, 21, 20, 21]).trend, Some(Trend::AboutTheSame));
}

#[test]
fn tests_are_told_apart_by_side_and_part_and_go_by_day() {
    let point = |n: i32, side, value| TestPoint {
        test: "single-leg-knee-raise".parse().unwrap(),
        part: None,
        side,
        day: day(n),
        at_ms: evening(day(n), 0).utc_ms,
        value,
    };
    let points =
        [point(14, Side::Left, 28.0), point(0, Side::Left, 12.0), point(0, Side::Right, 30.0)];
    let series = tests_over_time(&points);
    assert_eq!(series.len(), 2);
    assert_eq!((series[0].side, series[0].first, series[0].last), (Some(Side::Left), 12.0, 28.0));
    assert_eq!((series[1].side, series[1].n), (Some(Side::Right), 1));
}

#[test]
fn a_day_of_recovery_is_kept_and_what_is_done_on_it_counts() {
    let mut plan = Plan::nightly(day(0));
    plan.recovery = [day(1), day(2)].into();
    let rested = of(&plan, &evenings([0, 3, 4]), 4, 5);
    assert_eq!(rested.adherence.sessions, figure(3, 3, 100));
    assert_eq!(rested.adherence.active_days, figure(3, 3, 100));
    assert_eq!((rested.streak.days, rested.recovery_days), (3, 2));
    assert_eq!(rested.by_day[1].kind, DayKind::Recovery);
    let done = of(&plan, &evenings([0, 1, 3, 4]), 4, 5);
    assert_eq!(done.adherence.sessions, figure(4, 4, 100));
    assert_eq!((done.streak.days, done.recovery_days), (4, 1));
    assert_eq!(done.by_day[1].kind, DayKind::Asked);
}

#[test]
fn a_missed_session_is_measured_against_the_steps_of_the_nearest_day_that_is_known() {
    // A session of one step on Monday; the plan, looked at a fortnight later, has two.
    let one = set(day(0), Side::Left, 60);
    let mut copies = progress_plans::sessions(std::slice::from_ref(&one));
    copies[0].items.truncate(1);
    let missed = |until, today| {
        let window = Window { since: day(until), until: day(until), today: day(today) };
        let material = Material {
            sets: std::slice::from_ref(&one),
            sessions: &copies,
            tests: &[],
            recovery: &[],
        };
        let days = Days::of(std::slice::from_ref(&one));
        progress(window, &Plan::nightly(day(0)), &days, material).adherence.exercises
    };
    assert_eq!(missed(1, 14), figure(0, 1, 0), "Monday is nearer than today");
    assert_eq!(missed(13, 14), figure(0, 2, 0), "today is nearer than Monday");
    assert_eq!(missed(7, 14), figure(0, 1, 0), "of two as near, the earlier");
}

#[test]
fn a_weekly_goal_is_reached_by_its_own_routine() {
    let plan = Plan::weekly(day(0), 3);
    let own = of(&plan, &evenings([0, 2, 4]), 7, 7);
    assert_eq!(own.streak.weeks, Some(1));
    let mut others = evenings([0, 2, 4]);
    others.iter_mut().for_each(|set| set.routine = Some("neck".parse().unwrap()));
    let other = of(&plan, &others, 7, 7);
    assert_eq!(other.streak.weeks, Some(0), "another routine does not reach it");
}
