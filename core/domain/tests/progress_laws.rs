//! Laws of progress: never more than all of it, the same in whatever order things arrive and wherever
//! somebody looks from, and no day of rest ever breaks a streak.

#![allow(clippy::unwrap_used)]

mod progress_plans;

use holdfast_domain::progress::{Material, SetDone, Window, progress};
use holdfast_domain::units::Moment;
use holdfast_domain::vocabulary::{Side, Weekday};
use progress_plans::{Days, Plan, day, of, sessions, set_at};
use proptest::prelude::*;

fn plan() -> impl Strategy<Value = Plan> {
    let weekdays = proptest::sample::subsequence(Weekday::ALL.to_vec(), 0..=7);
    let some_days = || proptest::collection::btree_set((0..40_i32).prop_map(day), 0..6);
    let (paused, recovery) = (some_days(), some_days());
    let a_week = proptest::option::of(1..=7_u32);
    (0..20_i32, weekdays, 1..=3_u32, a_week, paused, recovery).prop_map(
        |(from, weekdays, times, a_week, paused, recovery)| Plan {
            from: Some(day(from)),
            weekdays,
            times,
            a_week,
            paused,
            recovery,
        },
    )
}

fn done() -> impl Strategy<Value = Vec<SetDone>> {
    let side = prop_oneof![Just(Side::Left), Just(Side::Right)];
    let offset = prop_oneof![Just(3600), Just(9 * 3600), Just(-7 * 3600)];
    let one = (0..40_i32, offset, side, 0..300_u64, 1..4_u16, 0..80_u64, 0..3_u8);
    let one = one.prop_map(|(n, offset_s, side, held_s, set, spared, session)| {
        let mut done = set_at(day(n), offset_s, side, held_s);
        done.set = set;
        done.spared_ms = spared * 1000;
        done.session = format!("at:{}:slot{session}:evening", day(n)).parse().unwrap();
        done
    });
    proptest::collection::vec(one, 0..60)
}

proptest! {
    #[test]
    fn never_more_than_all_of_it(plan in plan(), done in done(), until in 0..45_i32) {
        let adherence = of(&plan, &done, until, 42).adherence;
        let figures =
            [adherence.sessions, adherence.exercises, adherence.hold_seconds, adherence.active_days];
        for figure in figures {
            match figure.pct {
                Some(pct) => {
                    prop_assert!(figure.due > 0 && figure.done <= figure.due && pct <= 100);
                    prop_assert_eq!(pct == 100, figure.done == figure.due);
                }
                None => prop_assert_eq!(figure.due, 0),
            }
        }
    }

    #[test]
    fn the_order_of_arrival_changes_nothing(
        plan in plan(),
        (done, other) in done().prop_flat_map(|d| (Just(d.clone()), Just(d).prop_shuffle())),
    ) {
        prop_assert_eq!(of(&plan, &done, 40, 40), of(&plan, &other, 40, 40));
    }

    #[test]
    fn a_day_of_rest_never_breaks_a_streak(
        done in done(),
        resting in proptest::collection::vec(proptest::bool::weighted(0.3), 40),
    ) {
        // Every idle day made one of rest: the streak reaches back to the first day.
        let mut plan = Plan::nightly(day(0));
        let days = Days::of(&done);
        plan.paused = (0..=40).map(day).filter(|d| !days.0.contains_key(d)).collect();
        let all = of(&plan, &done, 40, 40);
        prop_assert_eq!(all.streak.days as usize, days.0.len());
        // Some of them only: more rest never makes a streak shorter.
        let some = Plan {
            paused: plan.paused.iter().zip(&resting).filter(|(_, rest)| **rest).map(|(d, _)| *d).collect(),
            ..plan
        };
        let none = Plan { paused: std::collections::BTreeSet::new(), ..some.clone() };
        prop_assert!(of(&some, &done, 40, 40).streak.days >= of(&none, &done, 40, 40).streak.days);
    }

    #[test]
    fn where_nothing_moved_the_zone_changes_nothing(
        days in proptest::collection::btree_set(0..40_i32, 0..40),
        one in -11..=13_i32,
        other in -11..=13_i32,
        plan in plan(),
    ) {
        let at = |hours: i32| -> Vec<SetDone> {
            days.iter().map(|n| set_at(day(*n), hours * 3600, Side::Left, 60)).collect()
        };
        let (one, other) = (of(&plan, &at(one), 40, 40), of(&plan, &at(other), 40, 40));
        prop_assert_eq!((one.streak, one.adherence), (other.streak, other.adherence));
    }

    #[test]
    fn who_looks_from_a_day_ahead_sees_the_same_days_in_a_row(plan in plan(), done in done()) {
        // A viewer's date may be one ahead of the person's: what counts is the person's.
        let window = |until| Window { since: day(0), until: day(until), today: day(40) };
        let sessions = sessions(&done);
        let material = Material { sets: &done, sessions: &sessions, tests: &[], recovery: &[] };
        let days = Days::of(&done);
        let here = progress(window(40), &plan, &days, material);
        let ahead = progress(window(41), &plan, &days, material);
        prop_assert_eq!(here.streak, ahead.streak);
        prop_assert_eq!(here.adherence, ahead.adherence);
    }

    #[test]
    fn moments_far_from_any_calendar_do_no_harm(utc_ms in any::<i64>(), offset_s in any::<i32>()) {
        let mut far = set_at(day(3), 0, Side::Left, 60);
        let strange = Moment { utc_ms, offset_s: offset_s.clamp(-100_000, 100_000), zone: String::new() };
        (far.first, far.last) = (strange.clone(), strange);
        of(&Plan::nightly(day(0)), &[set_at(day(1), 0, Side::Left, 60), far], 6, 6);
    }
}
