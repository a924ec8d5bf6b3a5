//! What a schedule asks for in the coming week. A schedule that leaves the days open says so: no day
//! is made up for it.

use holdfast::domain::routine::{Rhythm, Schedule, Span};
use holdfast::domain::units::LocalDay;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;

/// How many days ahead, today among them.
const DAYS_AHEAD: i8 = 7;

/// Something due: on a day, or on any days of a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The day; nothing where it may be any of `from` to `to`.
    pub date: Option<LocalDay>,
    /// The slot of the day, where one is named.
    pub slot: Option<String>,
    /// The first day it may be done on.
    pub from: LocalDay,
    /// The last day it may be done on.
    pub to: LocalDay,
    /// How often, at least.
    pub times: u32,
}

/// What is due from `today` on for a week.
pub fn in_the_coming_week(schedule: &Schedule, today: Date) -> Vec<Due> {
    let days: Vec<Date> =
        (0..DAYS_AHEAD).filter_map(|n| today.checked_add(i64::from(n).days()).ok()).collect();
    let last = days.last().copied().unwrap_or(today);
    let named = |day: &&Date| {
        let weekday = (day.weekday().to_monday_zero_offset()) as usize;
        let listed = schedule.weekdays.iter().any(|known| *known as usize == weekday);
        schedule.dates.contains(&LocalDay(**day)) || listed
    };
    let anyone = schedule.weekdays.is_empty() && schedule.dates.is_empty();
    let on: Vec<Date> = match schedule.rhythm {
        Some(Rhythm::Every { days: every }) if anyone => {
            let step = every.to_play().unwrap_or(1).max(1) as usize;
            days.iter().copied().step_by(step).collect()
        }
        Some(Rhythm::Times { count, per: Span::Week }) if anyone => {
            let times = count.min().or(count.to_play()).unwrap_or(1);
            return vec![Due {
                date: None,
                slot: schedule.slots.first().map(ToString::to_string),
                from: LocalDay(today),
                to: LocalDay(last),
                times,
            }];
        }
        _ if anyone => days,
        _ => days.iter().filter(named).copied().collect(),
    };
    let times = match schedule.rhythm {
        Some(Rhythm::Times { count, per: Span::Day }) => {
            count.min().or(count.to_play()).unwrap_or(1)
        }
        _ => 1,
    };
    let due = |day: Date, slot: Option<String>, times| Due {
        date: Some(LocalDay(day)),
        slot,
        from: LocalDay(day),
        to: LocalDay(day),
        times,
    };
    on.into_iter()
        .flat_map(|day| match schedule.slots.as_slice() {
            [] => vec![due(day, None, times)],
            slots => slots.iter().map(|slot| due(day, Some(slot.to_string()), 1)).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use holdfast::domain::dose::Range;
    use holdfast::domain::ids::Slot;
    use holdfast::domain::vocabulary::Weekday;

    use super::*;

    /// A Sunday.
    const TODAY: Date = jiff::civil::date(2026, 3, 1);

    #[test]
    fn days_of_the_week_and_slots_give_one_each() {
        let schedule = Schedule {
            weekdays: vec![Weekday::ALL[0], Weekday::ALL[2]],
            slots: vec![Slot::new("bedtime").unwrap()],
            ..Schedule::default()
        };
        let due = in_the_coming_week(&schedule, TODAY);
        let days: Vec<String> = due.iter().map(|due| due.from.to_string()).collect();
        assert_eq!(days, ["2026-03-02", "2026-03-04"], "Monday and Wednesday");
        assert!(due.iter().all(|due| due.slot.as_deref() == Some("bedtime")));
    }

    #[test]
    fn so_many_times_a_week_names_no_day() {
        let count = Range::new(Some(3), None, Some(5), false).unwrap();
        let rhythm = Some(Rhythm::Times { count, per: Span::Week });
        let due = in_the_coming_week(&Schedule { rhythm, ..Schedule::default() }, TODAY);
        assert_eq!((due.len(), due[0].date, due[0].times), (1, None, 3));
        assert_eq!(due[0].to.to_string(), "2026-03-07");
    }

    #[test]
    fn every_third_day_begins_today() {
        let rhythm = Some(Rhythm::Every { days: Range::exactly(3) });
        let due = in_the_coming_week(&Schedule { rhythm, ..Schedule::default() }, TODAY);
        let days: Vec<String> = due.iter().map(|due| due.from.to_string()).collect();
        assert_eq!(days, ["2026-03-01", "2026-03-04", "2026-03-07"]);
    }
}
