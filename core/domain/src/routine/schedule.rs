//! When a routine is to be done: types and their check. What a day asks for is worked out from this
//! in [`crate::schedule`]; no clock is read here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::read::count;
use crate::dose::Range;
use crate::ids::Slot;
use crate::schedule::{TimeOfDay, ask};
use crate::units::LocalDay;
use crate::vocabulary::Weekday;
use crate::words::{Message, refusals_in_words};

/// The span that times are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// A local day.
    Day,
    /// A week.
    Week,
}

/// How often. A range, as sources state it; what nobody stated stays unstated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// So many times in each day or week.
    Times {
        /// How many.
        count: Range,
        /// In which span.
        per: Span,
    },
    /// Once in so many days.
    Every {
        /// How many days from one to the next.
        days: Range,
    },
}

/// When a routine is to be done, in local time: the days move with the traveller.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Schedule {
    /// How often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhythm: Option<Rhythm>,
    /// Only on these days of the week; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// On these days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<LocalDay>,
    /// In these slots of the day, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Slot>,
    /// When its slots are, where that differs from the chart's times.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub times: BTreeMap<Slot, TimeOfDay>,
}

/// The most slots a day or dates of a schedule may have. Ours: a bound, not a judgement.
pub const MAX_LISTED: usize = 400;

/// Why a schedule makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadSchedule {
    /// Nothing in it.
    Empty,
    /// No time at all.
    Zero,
    /// More than there is room for.
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many were given.
        given: usize,
        /// How many fit.
        most: usize,
    },
    /// The same thing twice.
    Twice(String),
    /// Several times a day, and fewer slots to tell them apart.
    TooFewSlots {
        /// How many times a day.
        times: u32,
        /// How many slots.
        slots: usize,
    },
    /// More days a week than a week has.
    TooManyDays(u32),
    /// More often a week than on the days it names.
    TooFewDays {
        /// How many times a week.
        times: u32,
        /// How many days of the week.
        days: usize,
    },
    /// Days by name, and how often besides.
    DaysAndRhythm,
    /// More days from one to the next than counts.
    TooRare(u32),
    /// A time for a slot that it does not have.
    TimeWithoutSlot(Slot),
}

refusals_in_words!(BadSchedule);

impl BadSchedule {
    pub(crate) const fn sentence(&self) -> &'static str {
        match self {
            Self::Empty => "routine.schedule_empty",
            Self::Zero => "routine.schedule_zero",
            Self::TooMany { .. } => "routine.schedule_too_many",
            Self::Twice(_) => "routine.schedule_twice",
            Self::TooFewSlots { slots: 0, .. } => "schedule.no_slots",
            Self::TooFewSlots { .. } => "routine.schedule_too_few_slots",
            Self::TooManyDays(_) => "schedule.too_many_days",
            Self::TooFewDays { .. } => "schedule.too_few_days",
            Self::DaysAndRhythm => "schedule.days_and_rhythm",
            Self::TooRare(_) => "schedule.too_rare",
            Self::TimeWithoutSlot(_) => "schedule.time_without_slot",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::Empty | Self::Zero | Self::DaysAndRhythm => message,
            Self::TooMany { what, given, most } => {
                message.with("what", *what).with("given", count(*given)).with("most", count(*most))
            }
            Self::Twice(item) => message.with("item", item.as_str()),
            Self::TooFewSlots { times, slots } => {
                message.with("times", *times).with("slots", count(*slots))
            }
            Self::TooManyDays(given) => message.with("given", *given),
            Self::TooFewDays { times, days } => {
                message.with("times", *times).with("days", count(*days))
            }
            Self::TooRare(given) => message.with("given", *given).with("most", ask::MAX_WINDOW),
            Self::TimeWithoutSlot(slot) => message.with("slot", slot.as_str()),
        }
    }
}

impl Schedule {
    /// Takes a schedule that makes sense.
    ///
    /// # Errors
    /// [`BadSchedule`] with what to change.
    pub fn checked(self) -> Result<Self, BadSchedule> {
        if self == Self::default() {
            return Err(BadSchedule::Empty);
        }
        let (low, high) = match self.rhythm {
            Some(Rhythm::Times { count, .. }) => (count.min().or(count.to_play()), most(count)),
            Some(Rhythm::Every { days }) => (days.min().or(days.to_play()), most(days)),
            None => (None, None),
        };
        if self.rhythm.is_some() && (high.is_none() || high == Some(0) || low == Some(0)) {
            return Err(BadSchedule::Zero);
        }
        for (what, given, most) in [
            ("days of the week", self.weekdays.len(), 7),
            ("dates", self.dates.len(), MAX_LISTED),
            ("slots", self.slots.len(), MAX_LISTED),
        ] {
            if given > most {
                return Err(BadSchedule::TooMany { what, given, most });
            }
        }
        once(&self.weekdays)?;
        once(&self.dates)?;
        once(&self.slots)?;
        self.check_rhythm()?;
        let slots = self.slots_of_day();
        match self.times.keys().find(|slot| !slots.contains(slot)) {
            Some(slot) => Err(BadSchedule::TimeWithoutSlot(slot.clone())),
            None => Ok(self),
        }
    }

    fn check_rhythm(&self) -> Result<(), BadSchedule> {
        let days = self.weekdays.len();
        match self.rhythm {
            Some(Rhythm::Times { count, per: Span::Day }) => {
                let (times, slots) = (ask::ceiling(count), self.slots.len());
                // Up to four a day have slots of ours.
                let fits = if slots == 0 { 4 } else { slots };
                if usize::try_from(times).is_ok_and(|times| times <= fits) {
                    Ok(())
                } else {
                    Err(BadSchedule::TooFewSlots { times, slots })
                }
            }
            Some(Rhythm::Times { count, per: Span::Week }) => {
                let (times, most) = (ask::floor(count), ask::ceiling(count));
                if !self.dates.is_empty() {
                    Err(BadSchedule::DaysAndRhythm)
                } else if most > 7 {
                    Err(BadSchedule::TooManyDays(most))
                } else if days > 0 && usize::try_from(times).is_ok_and(|times| times > days) {
                    Err(BadSchedule::TooFewDays { times, days })
                } else {
                    Ok(())
                }
            }
            Some(Rhythm::Every { .. }) if days > 0 || !self.dates.is_empty() => {
                Err(BadSchedule::DaysAndRhythm)
            }
            Some(Rhythm::Every { days }) if ask::ceiling(days) > ask::MAX_WINDOW => {
                Err(BadSchedule::TooRare(ask::ceiling(days)))
            }
            _ => Ok(()),
        }
    }
}

fn most(range: Range) -> Option<u32> {
    range.max().or(range.default()).or(range.min())
}

fn once<T: PartialEq + ToString>(items: &[T]) -> Result<(), BadSchedule> {
    let twice = items.iter().enumerate().find(|(i, item)| items[..*i].contains(item));
    twice.map_or(Ok(()), |(_, item)| Err(BadSchedule::Twice(item.to_string())))
}
