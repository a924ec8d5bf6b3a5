//! The plan as a calendar on real homes: what earlier days asked for survives edits, removals and
//! merges; listeners hear of it; and what is due costs the same after years.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use holdfast_domain::routine::Schedule;
use holdfast_domain::schedule::TimeOfDay;
use holdfast_domain::units::{LocalDay, Millis};

use super::testing::{carry, devices};
use crate::observe::Key;
use crate::{Done, Engine, LogRequest, LogSide};

const DAY_MS: u64 = 86_400_000;

fn bedtime() -> Schedule {
    Schedule { slots: vec!["bedtime".parse().unwrap()], ..Schedule::default() }
}

fn morning() -> Schedule {
    Schedule { slots: vec!["morning".parse().unwrap()], ..Schedule::default() }
}

fn day(text: &str) -> LocalDay {
    text.parse().unwrap()
}

fn log(engine: &Engine, date: Option<LocalDay>) {
    let request = LogRequest {
        routine: Some("Evening".into()),
        side: Some(LogSide::Left),
        date,
        ..LogRequest::new("psoas-release-hook", Done::Held(Millis::from_secs(60)))
    };
    engine.log(&request).unwrap();
}

#[test]
fn schedules_of_two_devices_on_different_days_both_stand_and_pauses_add_up() {
    let homes = devices::<2>();
    let [one, two] = [homes[0].open(), homes[1].open()];
    let id = one.new_routine("Evening").unwrap().routine.id;
    one.schedule_routine("Evening", Some(bedtime())).unwrap();
    carry(&one, &two);
    homes[0].clock.advance(2 * DAY_MS);
    homes[1].clock.advance(5 * DAY_MS);
    one.schedule_routine("Evening", Some(morning())).unwrap();
    two.schedule_routine("Evening", None).unwrap();
    one.pause_plan(day("2026-03-10"), None).unwrap();
    two.pause_plan(day("2026-03-12"), Some(day("2026-03-14"))).unwrap();
    one.set_slot_time("bedtime", TimeOfDay::new(23, 0)).unwrap();
    carry(&one, &two);
    carry(&two, &one);
    for engine in [&one, &two] {
        let plan = engine.inner.store.read(|conn| engine.inner.plan(conn)).unwrap();
        let timetable = &plan.routines[&id].timetable;
        let asked = |on: &str| timetable.on(day(on)).map(|schedule| schedule.slots[0].to_string());
        assert_eq!(asked("2026-03-02").as_deref(), Some("bedtime"));
        assert_eq!(asked("2026-03-03").as_deref(), Some("morning"));
        assert_eq!((asked("2026-02-28"), asked("2026-03-06")), (None, None));
        assert!(plan.pauses.covers(day("2026-03-20")) && !plan.pauses.covers(day("2026-03-09")));
        assert!(plan.conflicts.is_empty() && plan.unreadable.is_empty() && plan.newer == 0);
        assert_eq!(
            engine.plan_view().unwrap().slots[&"bedtime".parse().unwrap()].to_string(),
            "23:00"
        );
    }
}

#[test]
fn a_removed_routine_keeps_what_it_asked_for_until_then() {
    let [home] = devices::<1>();
    let engine = home.open();
    let id = engine.new_routine("Evening").unwrap().routine.id;
    engine.schedule_routine("Evening", Some(bedtime())).unwrap();
    home.clock.advance(3 * DAY_MS);
    engine.remove_routine("Evening").unwrap();
    let plan = engine.inner.store.read(|conn| engine.inner.plan(conn)).unwrap();
    let ended = &plan.ended[&id].timetable;
    assert!(ended.on(day("2026-03-03")).is_some() && ended.on(day("2026-03-04")).is_none());
    assert!(engine.due(7).unwrap().is_empty());

    // Restored, it asks from then on for what it asked for; the days between stay as they were.
    home.clock.advance(2 * DAY_MS);
    let back = engine.restore_routine(id.as_str()).unwrap().routine.timetable;
    assert_eq!(engine.due(7).unwrap().len(), 7);
    assert!(back.on(day("2026-03-05")).is_none() && back.on(day("2026-03-06")).is_some());
    assert!(back.on(day("2026-03-03")).is_some());
    // One whose schedule was taken away before comes back without.
    engine.schedule_routine("Evening", None).unwrap();
    engine.remove_routine("Evening").unwrap();
    engine.restore_routine(id.as_str()).unwrap();
    assert!(engine.due(7).unwrap().is_empty());
}

#[test]
fn listeners_hear_of_schedules_and_pauses() {
    let [home] = devices::<1>();
    let engine = home.open();
    engine.new_routine("Evening").unwrap();
    let (send, heard) = mpsc::channel();
    let _listening = engine.observe(move |keys| send.send(keys).unwrap_or(()));
    let next = || heard.recv_timeout(Duration::from_secs(5)).unwrap();
    next();
    engine.schedule_routine("Evening", Some(bedtime())).unwrap();
    assert!(next().has(Key::Routines));
    engine.pause_plan(day("2026-03-10"), None).unwrap();
    assert!(next().has(Key::Routines));
}

#[test]
fn what_is_due_costs_the_same_after_a_month_and_after_years() {
    let [home] = devices::<1>();
    let engine = home.open_alone();
    engine.add_template("bedtime-10", &crate::routine::TemplateOptions::default()).unwrap();
    let id = engine.routines().unwrap()[0].id.clone();
    engine.rename_routine(&id, "Evening").unwrap();
    engine.schedule_routine("Evening", Some(bedtime())).unwrap();
    let today = engine.now().local_day(180);
    let fastest = || {
        let once = |_| {
            let begun = Instant::now();
            assert_eq!(engine.due(7).unwrap().len(), 7);
            begun.elapsed()
        };
        (0..15).map(once).min().unwrap()
    };
    (1..=30).for_each(|n| log(&engine, Some(today.plus(-n))));
    let month = fastest();
    (31..=1_000).for_each(|n| log(&engine, Some(today.plus(-n))));
    let years = fastest();
    // Thirty times the history; the bound only has to tell constant from growing.
    assert!(years < month * 5 + Duration::from_millis(2), "{month:?} became {years:?}");
    log(&engine, None);
    assert_eq!(engine.due(7).unwrap().len(), 6);
}
