//! Habits and events on real homes: ticked, planned, carried to another device, exported.

use std::sync::mpsc;
use std::time::Duration;

use holdfast_domain::habit::{ClockTime, Given, HabitRhythm};
use holdfast_domain::ids::Site;
use holdfast_domain::record::{Amount, Event};
use holdfast_domain::units::{Moment, Nrs};
use holdfast_domain::vocabulary::Side;
use proptest::prelude::*;

use super::testing::{EVENING, carry, devices};
use crate::{Engine, EventQuery, ExportFormat, HabitView, HoldfastError, Key, clock};

const HOUR_MS: i64 = 3_600_000;

fn at(utc_ms: i64) -> Moment {
    clock::moment(utc_ms, "Europe/Berlin")
}

fn every(minutes: u32) -> HabitRhythm {
    let time = |hour| ClockTime::new(hour, 0).unwrap();
    HabitRhythm::Every { minutes, from: time(9), to: time(23) }
}

fn habit(engine: &Engine, id: &str) -> HabitView {
    engine.habit(id, None).unwrap()
}

fn field(refused: &HoldfastError) -> (&str, Option<&str>) {
    (refused.code(), refused.field())
}

#[test]
fn a_tick_counts_is_seen_by_observers_and_can_be_taken_back() {
    let [home] = devices();
    let engine = home.open();
    let (send, heard) = mpsc::channel();
    let _listening = engine.observe(move |keys| send.send(keys).unwrap_or(()));
    heard.recv_timeout(Duration::from_secs(5)).unwrap();
    let ticked = engine.tick_habit("sit-break", Given::Count(3), None, Some("stairs")).unwrap();
    let keys = heard.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(keys.has(Key::Days) && !keys.has(Key::History), "{keys:?}");
    assert_eq!((ticked.habit.done, ticked.already), (3, false));
    engine.tick_habit("sit-br", Given::Done, None, None).unwrap();
    assert_eq!(habit(&engine, "sit-break").done, 4);
    let (tick, left) = engine.undo_tick(&ticked.tick.id).unwrap();
    assert_eq!((tick.count, tick.note.as_deref(), left.done), (3, Some("stairs"), 1));
    assert_eq!(engine.undo_tick(&ticked.tick.id).unwrap_err().code(), "not_found");
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_written() {
    let [home] = devices();
    let engine = home.open();
    let tick = |id: &str, given, when: Option<&Moment>| {
        let refused = engine.tick_habit(id, given, when, None).unwrap_err();
        let (code, field) = field(&refused);
        (code.to_owned(), field.map(str::to_owned))
    };
    let says = |code: &str, field: &str| (code.to_owned(), Some(field.to_owned()));
    let hours = Given::Value(Amount::new(3.0).unwrap());
    assert_eq!(tick("sit-brake", Given::Done, None), says("unknown_near", "habit"));
    assert_eq!(tick("psoas-release-hook", Given::Done, None).1, Some("habit".to_owned()));
    assert_eq!(tick("sit-break", hours, None), says("value_for_count", "value"));
    assert_eq!(tick("sleep-hours", Given::Count(7), None), says("value_missing", "value"));
    let soon = at(EVENING + HOUR_MS);
    assert_eq!(tick("sit-break", Given::Done, Some(&soon)), says("in_future", "at"));
    let add = |event: Event| field(&engine.add_event(event, None, None).unwrap_err()).0.to_owned();
    assert_eq!(add(Event::Run { minutes: 0 }), "minutes_out_of_range");
    assert_eq!(add(Event::Walk { minutes: 100_000 }), "minutes_out_of_range");
    let pain = |site: &str| Event::Pain {
        site: Site::new(site).unwrap(),
        side: Side::None,
        score: Nrs::try_from(3).unwrap(),
    };
    assert_eq!(add(pain("elbow")), "unknown_site");
    let plan = engine.plan_habit("sit-break", every(5 * 60 * 4)).unwrap_err();
    assert_eq!(field(&plan), ("interval_out_of_range", Some("every")));
    let none = engine.unplan_habit("sit-break").unwrap_err();
    assert_eq!(none.code(), "not_planned");
    assert_eq!(engine.events(&EventQuery::default()).unwrap(), []);
    assert!(engine.habits(None).unwrap().habits.iter().all(|habit| habit.ticks.is_empty()));
}

#[test]
fn a_plan_travels_and_two_made_at_once_are_both_shown_until_one_is_made_again() {
    let [phone, tablet] = devices();
    let (phone, tablet) = (phone.open(), tablet.open());
    phone.plan_habit("sit-break", every(50)).unwrap();
    carry(&phone, &tablet);
    assert_eq!(habit(&tablet, "sit-break").plan.unwrap().every_min, Some(50));
    phone.plan_habit("sit-break", every(40)).unwrap();
    tablet.plan_habit("sit-break", every(60)).unwrap();
    carry(&phone, &tablet);
    carry(&tablet, &phone);
    let (one, other) = (habit(&phone, "sit-break"), habit(&tablet, "sit-break"));
    assert_eq!((&one.plan, &one.other_plans), (&other.plan, &other.other_plans));
    let mut both = vec![one.plan.clone(), one.other_plans[0].clone()];
    both.sort_by_key(|plan| plan.as_ref().and_then(|plan| plan.every_min));
    let minutes: Vec<_> = both.into_iter().map(|plan| plan.unwrap().every_min).collect();
    assert_eq!(minutes, [Some(40), Some(60)]);
    phone.plan_habit("sit-break", every(60)).unwrap();
    carry(&phone, &tablet);
    assert_eq!(habit(&tablet, "sit-break").other_plans, []);
    tablet.unplan_habit("sit-break").unwrap();
    carry(&tablet, &phone);
    assert_eq!(habit(&phone, "sit-break").plan, None);
}

#[test]
fn habits_events_and_plans_come_back_from_an_export() {
    let [phone, tablet] = devices();
    let (phone, tablet) = (phone.open(), tablet.open());
    phone.plan_habit("sit-break", every(50)).unwrap();
    phone.plan_habit("stress-relief", HabitRhythm::PerDay(2)).unwrap();
    phone.tick_habit("sit-break", Given::Count(2), None, None).unwrap();
    phone.tick_habit("sleep-hours", Given::Value(Amount::new(7.5).unwrap()), None, None).unwrap();
    let undone = phone.tick_habit("stress-relief", Given::Done, None, None).unwrap();
    phone.undo_tick(&undone.tick.id).unwrap();
    phone.add_event(Event::Run { minutes: 105 }, None, Some("along the river")).unwrap();
    let path = phone.home().join("export.json");
    let written = phone.export(ExportFormat::Json, &path).unwrap();
    assert_eq!((written.habits, written.days), (2, 4));
    let report = tablet.import(&path, false).unwrap();
    assert_eq!(report.refused, []);
    let bare = |engine: &Engine| {
        let mut habits = engine.habits(None).unwrap();
        for tick in habits.habits.iter_mut().flat_map(|habit| &mut habit.ticks) {
            tick.device.clear();
        }
        habits
    };
    assert_eq!(bare(&tablet), bare(&phone));
    let event = &tablet.events(&EventQuery::default()).unwrap()[0];
    assert_eq!((event.minutes, event.note.as_deref()), (Some(105), Some("along the river")));
    let again = tablet.import(&path, false).unwrap();
    assert_eq!((again.added, again.refused.len()), (0, 0), "importing twice adds nothing");
    let back = tablet.home().join("again.json");
    tablet.export(ExportFormat::Json, &back).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), std::fs::read(back).unwrap());
}

#[test]
fn a_run_asks_for_a_walk_until_one_is_written_down_or_three_hours_have_passed() {
    let [home] = devices();
    let engine = home.open();
    let asked = |now_ms: i64| {
        let inner = &engine.inner;
        inner.store.read(|conn| inner.run_not_walked_off(conn, now_ms)).unwrap()
    };
    assert_eq!(asked(EVENING), None, "nobody knows of a run");
    let long_ago = at(EVENING - 1000 * HOUR_MS);
    engine.add_event(Event::Run { minutes: 200 }, Some(&long_ago), None).unwrap();
    assert_eq!(asked(EVENING), Some(0), "runs are written down here, and none is recent");
    let ended = at(EVENING - HOUR_MS);
    let added = engine.add_event(Event::Run { minutes: 105 }, Some(&ended), None).unwrap();
    assert!(added.walk_first && added.recovery.is_some());
    assert_eq!(asked(EVENING), Some(105));
    assert_eq!(asked(EVENING + 2 * HOUR_MS), Some(105));
    assert_eq!(asked(EVENING + 2 * HOUR_MS + 1), Some(0));
    let walk = engine.add_event(Event::Walk { minutes: 10 }, None, None).unwrap();
    assert_eq!(asked(EVENING), Some(0));
    engine.remove_event(&walk.event.id).unwrap();
    assert_eq!(asked(EVENING), Some(105), "a walk that was taken back was none");
    let short = engine.add_event(Event::Run { minutes: 90 }, None, None).unwrap();
    assert!(short.recovery.is_none(), "90 minutes are not more than 90");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Two devices tick and undo apart, and sync whenever they happen to: both end with the same
    /// counts, ticks add up, and a night never counts twice.
    #[test]
    fn ticks_of_two_devices_add_up_in_any_order_of_sync(
        acts in prop::collection::vec((any::<bool>(), 0_u8..6, 1_u32..5), 1..24),
    ) {
        let homes: [_; 2] = devices();
        let engines = homes.each_ref().map(super::testing::Home::open);
        let (mut breaks, mut nights, mut ticks) = (0, 0, Vec::new());
        for (n, (first, act, count)) in acts.iter().enumerate() {
            homes[0].clock.advance(1000 + n as u64);
            homes[1].clock.advance(1000 + n as u64);
            let (here, there) = if *first { (0, 1) } else { (1, 0) };
            match act {
                0..=2 => {
                    let given = Given::Count(*count);
                    let ticked = engines[here].tick_habit("sit-break", given, None, None).unwrap();
                    breaks += count;
                    ticks.push((here, ticked.tick.id, *count));
                }
                3 => {
                    engines[here].tick_habit("sleep-side", Given::Done, None, None).unwrap();
                    nights = 1;
                }
                4 => {
                    let own = ticks.iter().position(|(device, ..)| *device == here);
                    if let Some(own) = own {
                        let (_, id, count) = ticks.remove(own);
                        engines[here].undo_tick(&id).unwrap();
                        breaks -= count;
                    }
                }
                _ => carry(&engines[here], &engines[there]),
            }
        }
        carry(&engines[0], &engines[1]);
        carry(&engines[1], &engines[0]);
        for engine in &engines {
            prop_assert_eq!(habit(engine, "sit-break").done, breaks);
            prop_assert_eq!(habit(engine, "sleep-side").done, nights);
        }
    }
}
