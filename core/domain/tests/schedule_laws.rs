//! Laws of the plan as a calendar, over any schedules, pauses, zones and days.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use holdfast_domain::dose::Range;
use holdfast_domain::ids::Slot;
use holdfast_domain::schedule::{
    AskSpan, Asking, DueState, Pause, Pauses, Rhythm, Schedule, SlotTimes, Span, TimeOfDay,
    Timetable, any_slot, instant_of,
};
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_domain::vocabulary::Weekday;
use jiff::tz::TimeZone;
use proptest::prelude::*;

const DAY_START: u16 = 180;

/// Zones with every sort of clock change: by an hour, by half of one, at midnight, in the south, over
/// the date line, and none.
const ZONES: [&str; 12] = [
    "Europe/Berlin",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/St_Johns",
    "Antarctica/Troll",
    "UTC",
];

/// The end of the calendar is far from these: 2000-01-01 to 2037.
fn day() -> impl Strategy<Value = LocalDay> {
    (10_957..24_837_i64).prop_map(|n| LocalDay::EPOCH.plus(n))
}

fn zone() -> impl Strategy<Value = TimeZone> {
    prop::sample::select(&ZONES[..]).prop_map(|name| TimeZone::get(name).unwrap())
}

fn time() -> impl Strategy<Value = TimeOfDay> {
    (0..24_u16, 0..60_u16).prop_map(|(hour, minute)| TimeOfDay::new(hour, minute).unwrap())
}

fn range() -> impl Strategy<Value = Range> {
    (1..6_u32, 0..5_u32, any::<bool>()).prop_map(|(min, more, lone)| {
        if lone {
            Range::exactly(min)
        } else {
            Range::new(Some(min), None, Some(min + more), false).unwrap()
        }
    })
}

fn slots() -> impl Strategy<Value = Vec<Slot>> {
    let all = vec!["morning", "midday", "evening", "bedtime", "lunch"];
    prop::sample::subsequence(all, 0..=5)
        .prop_map(|some| some.into_iter().map(|name| Slot::new(name).unwrap()).collect())
}

/// Any schedule that makes sense.
fn schedule() -> impl Strategy<Value = Schedule> {
    let rhythm = prop_oneof![
        Just(None),
        range().prop_map(|count| Some(Rhythm::Times { count, per: Span::Day })),
        range().prop_map(|count| Some(Rhythm::Times { count, per: Span::Week })),
        range().prop_map(|days| Some(Rhythm::Every { days })),
    ];
    let weekdays = prop::sample::subsequence(Weekday::ALL, 0..=7);
    (rhythm, weekdays, slots(), prop::collection::vec(time(), 5)).prop_filter_map(
        "makes no sense",
        |(rhythm, weekdays, slots, at)| {
            let times = slots.iter().cloned().zip(at).step_by(2).collect();
            let schedule = Schedule { rhythm, weekdays, slots, times, ..Schedule::default() };
            schedule.checked().ok()
        },
    )
}

fn pauses() -> impl Strategy<Value = Pauses> {
    prop::collection::vec((day(), prop::option::of(0..40_i64)), 0..4).prop_map(|all| {
        let pause = |(from, days): (LocalDay, Option<i64>)| Pause {
            from,
            until: days.map(|days| from.plus(days)),
        };
        all.into_iter().map(pause).collect()
    })
}

fn at(utc_ms: i64, zone: &TimeZone) -> Moment {
    let instant = jiff::Timestamp::from_millisecond(utc_ms).unwrap();
    let offset_s = zone.to_offset(instant).seconds();
    Moment { utc_ms, offset_s, zone: zone.iana_name().unwrap().to_owned() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Neither lost nor doubled, whatever the clocks do: each day that a zone has gets one instant,
    /// on that day, after the one of the day before.
    #[test]
    fn a_bedtime_is_neither_lost_nor_doubled_in_any_zone(
        from in day(), zone in zone(), time in time(), start in 0..=360_u16,
    ) {
        let mut before = None;
        for day in from.through(from.plus(370)) {
            let instant = instant_of(day, time, start, &zone);
            // Samoa had no 30th of December 2011: the one date that any of these zones jumped.
            let gone = zone.iana_name() == Some("Pacific/Apia")
                && (day.to_string() == "2011-12-30" || day.to_string() == "2011-12-29");
            prop_assert!(instant.is_some() || gone, "{day} {time} in {zone:?}");
            let Some(instant) = instant else { continue };
            prop_assert_eq!(instant.local_day(start), day);
            prop_assert!(before.is_none_or(|before| before < instant.utc_ms), "{day} {time}");
            before = Some(instant.utc_ms);
        }
    }

    #[test]
    fn no_slot_of_a_local_day_is_due_twice_and_nothing_done_is_due(
        schedules in prop::collection::vec((0..30_i64, schedule()), 1..4),
        pauses in pauses(),
        start in day(),
        ahead in 0..60_i64,
        days in 1..60_u16,
        zone in zone(),
        second in 0..86_400_i64,
        kept in prop::collection::vec((0..70_i64, slots()), 0..6),
    ) {
        let mut timetable = Timetable::default();
        for (after, schedule) in schedules {
            let since = start.plus(after);
            timetable = timetable.with(Some(schedule), since).unwrap();
        }
        let times = SlotTimes::default();
        let asking = Asking {
            timetable: &timetable, pauses: &pauses, times: &times, day_start_min: DAY_START, zone: &zone,
        };
        let days_since = start.plus(ahead).days_since(LocalDay::EPOCH);
        let now = at((days_since * 86_400 + second) * 1000, &zone);
        let done: BTreeSet<(LocalDay, Slot)> = kept
            .into_iter()
            .flat_map(|(n, slots)| slots.into_iter().map(move |slot| (start.plus(n), slot)))
            .collect();
        let today = now.local_day(DAY_START);
        let mut seen = BTreeSet::new();
        for due in asking.due(&now, days, &done) {
            prop_assert!(due.from >= today && due.from <= due.to && due.times > 0, "{due:?}");
            prop_assert!(!pauses.covers(due.from), "{due:?}");
            let Some(day) = due.day else { continue };
            let slot = due.slot.clone().unwrap_or_else(any_slot);
            prop_assert!(!done.contains(&(day, slot.clone())), "{due:?}");
            prop_assert!(seen.insert((day, slot)), "twice: {due:?}");
            if let Some(at) = &due.at {
                prop_assert_eq!(at.local_day(DAY_START), day);
                prop_assert_eq!(at.utc_ms > now.utc_ms, due.state == DueState::Upcoming);
            }
        }
    }

    /// What is asked does not depend on where somebody looks from: on the same local day, the same.
    #[test]
    fn what_is_due_is_the_same_from_every_zone(
        schedule in schedule(), pauses in pauses(), start in day(), ahead in 0..40_i64,
        one in zone(), other in zone(),
    ) {
        let skips = |zone: &TimeZone| zone.iana_name() == Some("Pacific/Apia");
        prop_assume!(!skips(&one) && !skips(&other));
        let timetable = Timetable::default().with(Some(schedule), start).unwrap();
        let (times, noon) = (SlotTimes::default(), TimeOfDay::new(12, 0).unwrap());
        let seen = |zone: &TimeZone| {
            let asking = Asking {
                timetable: &timetable, pauses: &pauses, times: &times, day_start_min: DAY_START, zone,
            };
            let now = instant_of(start.plus(ahead), noon, DAY_START, zone).unwrap();
            let due = asking.due(&now, 30, &BTreeSet::new()).into_iter();
            due.map(|due| (due.day, due.slot, due.from, due.to, due.times)).collect::<BTreeSet<_>>()
        };
        prop_assert_eq!(seen(&one), seen(&other));
    }

    /// What earlier days asked for stays, whatever is changed later. A week or window that reaches
    /// into the change is shared between the two, and so keeps its days only.
    #[test]
    fn no_edit_changes_what_earlier_days_asked_for(
        edits in prop::collection::vec((0..25_i64, prop::option::of(schedule())), 1..7),
        pauses in pauses(),
        start in day(),
    ) {
        let (mut timetable, mut since) = (Timetable::default(), start);
        for (after, schedule) in edits {
            since = since.plus(after);
            let changed = timetable.with(schedule, since).unwrap();
            for day in start.through(since.plus(-1)) {
                prop_assert_eq!(timetable.on(day), changed.on(day));
                let before = timetable.due_on(day, &pauses);
                if before.as_ref().is_none_or(|ask| ask.span == AskSpan::Day || ask.to() < since) {
                    prop_assert_eq!(before, changed.due_on(day, &pauses), "{}", day);
                }
            }
            timetable = changed;
        }
        let json = serde_json::to_string(&timetable).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timetable>(&json).unwrap(), timetable);
    }

    /// Every ask names days that are open, and each day belongs to one ask at most.
    #[test]
    fn asks_share_no_day_and_name_open_days_only(
        schedules in prop::collection::vec((0..30_i64, prop::option::of(schedule())), 1..5),
        pauses in pauses(),
        start in day(),
    ) {
        let mut timetable = Timetable::default();
        for (after, schedule) in schedules {
            timetable = timetable.with(schedule, start.plus(after)).unwrap();
        }
        let mut seen = BTreeSet::new();
        for ask in timetable.asked_between(start, start.plus(90), &pauses) {
            prop_assert!(ask.least >= 1 && !ask.slots.is_empty(), "{ask:?}");
            prop_assert!(ask.most.is_none_or(|most| most >= 1), "{ask:?}");
            for day in &ask.days {
                prop_assert!(!pauses.covers(*day) && seen.insert(*day), "{ask:?}");
                prop_assert_eq!(timetable.due_on(*day, &pauses), Some(ask.clone()));
            }
        }
    }
}
