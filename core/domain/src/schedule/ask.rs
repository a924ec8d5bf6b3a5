//! What one schedule asks for on a day or over a span of days. A range keeps its floor and its
//! ceiling; the floor is what counts.

use serde::Serialize;

use super::{Pauses, slot};
use crate::dose::Range;
use crate::ids::Slot;
use crate::routine::{Rhythm, Schedule, Span};
use crate::units::LocalDay;
use crate::vocabulary::Weekday;

/// What something is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AskSpan {
    /// One day.
    Day,
    /// Once within so many days, of which the first is the due one.
    Days,
    /// A week, or the part of one that the schedule covers.
    Week,
}

/// So many doings, asked for on some days.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Ask {
    /// What it is asked of.
    pub span: AskSpan,
    /// The days it may be done on, in order: at least one. Paused days are not among them.
    pub days: Vec<LocalDay>,
    /// How many doings keep it: at least 1. More is fine.
    pub least: u32,
    /// The ceiling, where one was stated.
    pub most: Option<u32>,
    /// The slots of each day it may be done in: at least one.
    pub slots: Vec<Slot>,
}

impl Ask {
    /// Its first day.
    #[must_use]
    pub fn from(&self) -> LocalDay {
        self.days[0]
    }

    /// Its last day.
    #[must_use]
    pub fn to(&self) -> LocalDay {
        self.days[self.days.len() - 1]
    }

    /// How many of `least` are done. `done` are the days and slots of the routine's sessions: each
    /// pair counts once, in a slot of the schedule or not, and those of other days do not.
    #[must_use]
    pub fn done<'a>(&self, done: impl IntoIterator<Item = (LocalDay, &'a Slot)>) -> u32 {
        let mut seen: Vec<(LocalDay, &Slot)> =
            done.into_iter().filter(|(day, _)| self.days.binary_search(day).is_ok()).collect();
        seen.sort_unstable();
        seen.dedup();
        u32::try_from(seen.len()).unwrap_or(u32::MAX).min(self.least)
    }
}

/// How the days of a schedule come about.
enum Shape {
    /// On each of its days, so many times.
    Daily { least: u32, most: Option<u32> },
    /// Once in each window of so many days.
    Window { days: u32 },
    /// So many times a week, on any of its days.
    Weekly { least: u32, most: Option<u32> },
}

impl Schedule {
    /// The slots of a day it is asked for in: those it names; else, where it is asked for several
    /// times a day, ours; else any.
    #[must_use]
    pub fn slots_of_day(&self) -> Vec<Slot> {
        if !self.slots.is_empty() {
            return self.slots.clone();
        }
        let times = match self.rhythm {
            Some(Rhythm::Times { count, per: Span::Day }) => ceiling(count),
            _ => 1,
        };
        slot::so_many(times).unwrap_or_else(|| vec![slot::any_slot()])
    }

    /// Whether it names no day, or this one.
    #[must_use]
    pub fn allows(&self, day: LocalDay) -> bool {
        (self.weekdays.is_empty() && self.dates.is_empty())
            || self.weekdays.contains(&weekday(day))
            || self.dates.contains(&day)
    }

    /// What it asks for on a day, valid from `since` to `last`.
    pub(super) fn ask_on(
        &self,
        day: LocalDay,
        since: LocalDay,
        last: Option<LocalDay>,
        pauses: &Pauses,
    ) -> Option<Ask> {
        if pauses.covers(day) || !self.allows(day) {
            return None;
        }
        let valid = |day: &LocalDay| *day >= since && last.is_none_or(|last| *day <= last);
        let open = |day: &LocalDay| valid(day) && self.allows(*day) && !pauses.covers(*day);
        let slots = self.slots_of_day();
        match self.shape() {
            Shape::Daily { least, most } => {
                let (span, days) = (AskSpan::Day, vec![day]);
                let fits = u32::try_from(slots.len()).unwrap_or(u32::MAX);
                Some(Ask { span, days, least: least.min(fits), most, slots })
            }
            Shape::Window { days } => {
                let length = i64::from(days);
                let start = since.plus(day.days_since(since).div_euclid(length) * length);
                let days: Vec<LocalDay> =
                    start.through(start.plus(length - 1)).filter(open).collect();
                let least = if self.slots.is_empty() { 1 } else { slots.len() };
                let least = u32::try_from(least).unwrap_or(u32::MAX);
                Some(Ask { span: AskSpan::Days, days, least, most: None, slots })
            }
            Shape::Weekly { least, most } => {
                let monday = day.monday();
                let week = || monday.through(monday.plus(6));
                let whole = week().filter(|day| self.allows(*day)).count();
                let days: Vec<LocalDay> = week().filter(open).collect();
                let share = u64::from(least) * days.len() as u64 / whole.max(1) as u64;
                let least = u32::try_from(share).unwrap_or(u32::MAX);
                (least > 0).then_some(Ask { span: AskSpan::Week, days, least, most, slots })
            }
        }
    }

    fn shape(&self) -> Shape {
        let named = !self.weekdays.is_empty() || !self.dates.is_empty();
        let each_slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX).max(1);
        match self.rhythm {
            Some(Rhythm::Times { count, per: Span::Day }) => {
                Shape::Daily { least: floor(count), most: count.max() }
            }
            Some(Rhythm::Every { days }) if !named => {
                Shape::Window { days: ceiling(days).clamp(1, MAX_WINDOW) }
            }
            Some(Rhythm::Times { count, per: Span::Week }) if self.dates.is_empty() => {
                let days = if named { self.weekdays.len() } else { 7 };
                let days = u32::try_from(days).unwrap_or(7);
                match floor(count) {
                    // Every day there is: no choice is left.
                    least if least >= days && self.slots.len() <= 1 => {
                        Shape::Daily { least: 1, most: None }
                    }
                    least => {
                        Shape::Weekly { least: least.min(days * each_slot), most: count.max() }
                    }
                }
            }
            Some(Rhythm::Every { .. } | Rhythm::Times { .. }) | None => {
                Shape::Daily { least: each_slot, most: None }
            }
        }
    }
}

/// The longest "once in so many days". Ours: a bound, not a judgement.
pub(crate) const MAX_WINDOW: u32 = 366;

/// What keeps a range: its floor, else the figure it states.
pub(crate) fn floor(range: Range) -> u32 {
    range.min().or(range.to_play()).unwrap_or(1).max(1)
}

/// The most a range names.
pub(crate) fn ceiling(range: Range) -> u32 {
    range.max().or(range.default()).or(range.min()).unwrap_or(1).max(1)
}

pub(crate) fn weekday(day: LocalDay) -> Weekday {
    let monday_zero = usize::from(day.0.weekday().to_monday_zero_offset().unsigned_abs());
    Weekday::ALL[monday_zero % 7]
}
