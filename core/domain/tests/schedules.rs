//! What schedules ask for: day by day, week by week, through changes and pauses.

#![allow(clippy::unwrap_used)]

use holdfast_domain::dose::Range;
use holdfast_domain::ids::Slot;
use holdfast_domain::schedule::{
    Ask, AskSpan, Pause, Pauses, Rhythm, Schedule, Span, Timetable, any_slot,
};
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::Weekday;

fn day(text: &str) -> LocalDay {
    text.parse().unwrap()
}

fn slot(name: &str) -> Slot {
    Slot::new(name).unwrap()
}

fn range(min: u32, max: u32) -> Range {
    Range::new(Some(min), None, Some(max), false).unwrap()
}

fn per(count: Range, per: Span) -> Schedule {
    Schedule { rhythm: Some(Rhythm::Times { count, per }), ..Schedule::default() }
}

fn every(days: Range) -> Schedule {
    Schedule { rhythm: Some(Rhythm::Every { days }), ..Schedule::default() }
}

fn nightly() -> Schedule {
    Schedule { slots: vec![slot("bedtime")], ..Schedule::default() }
}

/// 2026-03-02 is a Monday.
fn since(schedule: Schedule, since: &str) -> Timetable {
    Timetable::default().with(Some(schedule), day(since)).unwrap()
}

fn days_of(asks: &[Ask]) -> Vec<String> {
    asks.iter().map(|ask| ask.from().to_string()).collect()
}

#[test]
fn days_before_the_first_schedule_ask_for_nothing() {
    let plan = since(nightly(), "2026-03-04");
    let none = Pauses::default();
    assert_eq!(plan.counted_from(), Some(day("2026-03-04")));
    assert_eq!(plan.due_on(day("2026-03-03"), &none), None);
    let ask = plan.due_on(day("2026-03-04"), &none).unwrap();
    assert_eq!((ask.span, ask.least, ask.slots), (AskSpan::Day, 1, vec![slot("bedtime")]));
    assert_eq!(plan.asked_between(day("2026-02-01"), day("2026-03-10"), &none).len(), 7);
    assert_eq!(Timetable::default().counted_from(), None);
    assert!(Timetable::default().asked_in_week(day("2026-03-04"), &none).is_empty());
}

#[test]
fn days_of_the_week_and_dates_ask_on_those_days_once_in_each_slot() {
    let schedule = Schedule {
        weekdays: vec![Weekday::Monday, Weekday::Friday],
        dates: vec![day("2026-03-04")],
        slots: vec![slot("morning"), slot("bedtime")],
        ..Schedule::default()
    };
    let plan = since(schedule, "2026-03-01");
    let asks = plan.asked_in_week(day("2026-03-05"), &Pauses::default());
    assert_eq!(days_of(&asks), ["2026-03-02", "2026-03-04", "2026-03-06"]);
    assert!(asks.iter().all(|ask| ask.least == 2 && ask.slots.len() == 2));
}

#[test]
fn the_floor_of_a_range_is_enough_and_more_is_fine() {
    let plan = since(per(range(2, 3), Span::Day), "2026-03-01");
    let ask = plan.due_on(day("2026-03-05"), &Pauses::default()).unwrap();
    assert_eq!((ask.least, ask.most), (2, Some(3)));
    assert_eq!(ask.slots, [slot("morning"), slot("midday"), slot("evening")]);
    let today = day("2026-03-05");
    let (morning, evening, any) = (slot("morning"), slot("evening"), any_slot());
    assert_eq!(ask.done([(today, &morning)]), 1);
    assert_eq!(ask.done([(today, &morning), (today, &morning)]), 1, "one doing, seen twice");
    assert_eq!(ask.done([(today, &morning), (today, &evening), (today, &any)]), 2);
    assert_eq!(ask.done([(today.plus(1), &morning)]), 0, "another day's");
}

#[test]
fn a_weekly_count_names_no_day_and_a_part_of_a_week_asks_its_share() {
    let plan = since(per(range(3, 5), Span::Week), "2026-03-05");
    let none = Pauses::default();
    // Thursday to Sunday: 3 × 4 / 7, rounded down.
    let first = plan.asked_in_week(day("2026-03-08"), &none).remove(0);
    assert_eq!((first.span, first.least, first.from()), (AskSpan::Week, 1, day("2026-03-05")));
    let whole = plan.asked_in_week(day("2026-03-12"), &none);
    assert_eq!(whole.len(), 1);
    assert_eq!((whole[0].least, whole[0].most, whole[0].days.len()), (3, Some(5), 7));
    assert_eq!((whole[0].from(), whole[0].to()), (day("2026-03-09"), day("2026-03-15")));
    let pause = Pause { from: day("2026-03-09"), until: Some(day("2026-03-10")) };
    let paused = plan.asked_in_week(day("2026-03-12"), &Pauses::default().with(pause).unwrap());
    assert_eq!((paused[0].least, paused[0].days.len()), (2, 5));
    let all = Pause { from: day("2026-03-09"), until: Some(day("2026-03-15")) };
    let paused = Pauses::default().with(all).unwrap();
    assert!(plan.asked_in_week(day("2026-03-12"), &paused).is_empty());
}

#[test]
fn a_week_s_count_on_named_days_is_kept_on_those_days() {
    let mut schedule = per(range(2, 3), Span::Week);
    schedule.weekdays = vec![Weekday::Monday, Weekday::Wednesday, Weekday::Friday];
    let none = Pauses::default();
    let asks = since(schedule.clone(), "2026-03-02").asked_in_week(day("2026-03-02"), &none);
    assert_eq!((asks.len(), asks[0].least, asks[0].days.len()), (1, 2, 3));
    // As often as there are days: each of them.
    schedule.rhythm = Some(Rhythm::Times { count: range(3, 5), per: Span::Week });
    let asks = since(schedule, "2026-03-02").asked_in_week(day("2026-03-02"), &none);
    assert_eq!(days_of(&asks), ["2026-03-02", "2026-03-04", "2026-03-06"]);
}

#[test]
fn every_so_many_days_counts_from_the_day_it_began() {
    let plan = since(every(Range::exactly(3)), "2026-03-03");
    let none = Pauses::default();
    let asks = plan.asked_between(day("2026-03-01"), day("2026-03-10"), &none);
    assert_eq!(days_of(&asks), ["2026-03-03", "2026-03-06", "2026-03-09"]);
    assert!(asks.iter().all(|ask| ask.span == AskSpan::Days && ask.days.len() == 3));
    // A day late still keeps it; the days after belong to the next.
    let (late, any) = (day("2026-03-07"), any_slot());
    assert_eq!(asks.iter().map(|ask| ask.done([(late, &any)])).sum::<u32>(), 1);
    let ranged = since(every(range(2, 3)), "2026-03-03");
    assert_eq!(
        days_of(&ranged.asked_between(day("2026-03-03"), day("2026-03-10"), &none)).len(),
        3
    );
    // A pause on the due day moves it to the first open day of its window.
    let pause = Pause { from: day("2026-03-06"), until: Some(day("2026-03-07")) };
    let paused = Pauses::default().with(pause).unwrap();
    let asks = plan.asked_between(day("2026-03-01"), day("2026-03-10"), &paused);
    assert_eq!(days_of(&asks), ["2026-03-03", "2026-03-08", "2026-03-09"]);
}

#[test]
fn changing_a_schedule_leaves_what_was_asked_before() {
    let none = Pauses::default();
    let plan = since(nightly(), "2026-03-02");
    let morning = Schedule { slots: vec![slot("morning")], ..Schedule::default() };
    let changed = plan.with(Some(morning.clone()), day("2026-03-05")).unwrap();
    let asked = |plan: &Timetable, on: &str| plan.due_on(day(on), &none).map(|ask| ask.slots);
    assert_eq!(asked(&changed, "2026-03-04"), Some(vec![slot("bedtime")]));
    assert_eq!(asked(&changed, "2026-03-05"), Some(vec![slot("morning")]));
    let off = changed.with(None, day("2026-03-08")).unwrap();
    assert_eq!(asked(&off, "2026-03-07"), Some(vec![slot("morning")]));
    assert_eq!((asked(&off, "2026-03-08"), off.newest()), (None, None));
    // A slip that is put right on the same day leaves no trace.
    assert_eq!(changed.with(Some(nightly()), day("2026-03-05")).unwrap(), plan);
    // What would have begun later gives way.
    let sooner = changed.with(Some(morning), day("2026-03-03")).unwrap();
    assert_eq!(sooner.versions().len(), 2);
}

#[test]
fn a_file_s_schedule_without_a_day_asks_for_nothing_until_it_has_one() {
    let file: Timetable = serde_json::from_str(r#"{"schedule": {"slots": ["bedtime"]}}"#).unwrap();
    let none = Pauses::default();
    assert_eq!((file.newest().is_some(), file.counted_from()), (true, None));
    assert_eq!(file.due_on(day("2026-03-02"), &none), None);
    let dated = file.dated(day("2026-03-02"));
    assert!(dated.due_on(day("2026-03-02"), &none).is_some());
    let json = serde_json::to_string(&dated).unwrap();
    assert_eq!(serde_json::from_str::<Timetable>(&json).unwrap(), dated);
    assert_eq!(serde_json::to_string(&Timetable::default()).unwrap(), "{}");
}
