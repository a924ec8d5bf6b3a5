//! Habits of the day: which there are, how each is counted, when a plan of one is due. They stand
//! beside the routines and never count in adherence. No clock is read here and no day is judged.

mod day;
mod due;
mod plan;

pub use day::{HabitDay, habit_day};
pub use due::{Due, Window, due, due_on};
pub use plan::{
    BadPlan, ClockTime, HabitPlan, HabitRhythm, LONGEST_INTERVAL_MIN, MOST_A_DAY,
    SHORTEST_INTERVAL_MIN,
};

use crate::catalogue::{Catalogue, Exercise, Title, Tracked, TrackedAs};
use crate::ids::{ExerciseId, HabitId};
use crate::record::{Amount, HabitTick};
use crate::vocabulary::{Kind, Per, When};
use crate::words::{Arg, Code, Message, refusals_in_words};

/// The most that one tick may count, and a day of ticks may show. Ours: a bound, not a judgement.
pub const MOST_AT_ONCE: u32 = 100;

/// The most hours that can be told of one day. A fact of the clock.
pub const MOST_HOURS: u32 = 24;

/// How ticks of a habit come together. Ours: the sources state how often, not how to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counting {
    /// Every tick counts; ticks add up.
    AddsUp,
    /// Once a local day, however often it is ticked: a rest day is one day.
    OnceADay,
    /// Once a night, however often it is ticked: what a source gives per night.
    OnceANight,
    /// A number once a night, in hours. The one told last stands.
    Hours {
        /// The unit's name.
        unit: Code,
    },
}

impl Counting {
    /// The word for it in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AddsUp => "adds_up",
            Self::OnceADay => "once_a_day",
            Self::OnceANight => "once_a_night",
            Self::Hours { .. } => "hours",
        }
    }

    /// Whether several ticks of one local day count as one.
    #[must_use]
    pub const fn is_once(&self) -> bool {
        !matches!(self, Self::AddsUp)
    }
}

/// A habit: an exercise of the catalogue that is one, or hours worth tracking beside them.
#[derive(Debug, Clone, Copy)]
pub enum Habit<'a> {
    /// An exercise of the kind habit.
    Exercise(&'a Exercise),
    /// Something told in hours (`sleep-hours`).
    Tracked(&'a Tracked),
}

impl<'a> Habit<'a> {
    /// Every habit, in the order of the catalogue; a chart's own habits are among them.
    pub fn all(catalogue: &'a Catalogue) -> impl Iterator<Item = Self> {
        let exercises = catalogue.all().filter(|entry| entry.kind == Kind::Habit);
        let tracked = catalogue.track().iter().filter(|entry| entry.kind == TrackedAs::Hours);
        exercises.map(Self::Exercise).chain(tracked.map(Self::Tracked))
    }

    /// The habit of an id. One of a chart's own that was removed is known still, for its ticks.
    #[must_use]
    pub fn find(catalogue: &'a Catalogue, id: &HabitId) -> Option<Self> {
        let exercise = ExerciseId::new(id.as_str()).ok();
        let exercise = exercise.and_then(|id| catalogue.exercise(&id));
        match exercise.filter(|entry| entry.kind == Kind::Habit) {
            Some(entry) => Some(Self::Exercise(entry)),
            None => Self::all(catalogue).find(|habit| habit.id() == id.as_str()),
        }
    }

    /// Its name, where a person of the chart gave it.
    #[must_use]
    pub fn own_name(&self) -> Option<&'a str> {
        match self {
            Self::Exercise(Exercise { name: Title::Own(name), .. }) => Some(name),
            Self::Exercise(_) | Self::Tracked(_) => None,
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &'a str {
        match self {
            Self::Exercise(entry) => entry.id.as_str(),
            Self::Tracked(entry) => &entry.id,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> Code {
        match self {
            Self::Exercise(Exercise { name: Title::Words(code), .. }) => code.clone(),
            // A code without words is its own text.
            Self::Exercise(Exercise { name: Title::Own(name), .. }) => Code::new(name.as_str()),
            Self::Tracked(entry) => entry.label.clone(),
        }
    }

    /// The catalogue's entry; nothing for what is only tracked.
    #[must_use]
    pub const fn exercise(&self) -> Option<&'a Exercise> {
        match self {
            Self::Exercise(entry) => Some(entry),
            Self::Tracked(_) => None,
        }
    }

    /// How its ticks come together: by the frequency that the sources give. What is given per night
    /// counts once a night; what is given for rest days counts once a day (ours).
    #[must_use]
    pub fn counting(&self) -> Counting {
        let Self::Exercise(entry) = self else {
            let Self::Tracked(Tracked { unit, .. }) = self else { return Counting::AddsUp };
            let unit = unit.clone().unwrap_or_else(|| Code::new("unit.h"));
            return Counting::Hours { unit };
        };
        match &entry.frequency {
            Some(frequency) if frequency.per == Some(Per::Night) => Counting::OnceANight,
            Some(frequency) if frequency.when.contains(&When::RestDay) => Counting::OnceADay,
            _ => Counting::AddsUp,
        }
    }

    /// Whether a source states how often in figures. Where none does, a plan is the person's choice.
    #[must_use]
    pub fn is_frequency_stated(&self) -> bool {
        self.exercise().is_some_and(|entry| {
            let figures = |f: &crate::catalogue::Frequency| {
                f.per.is_some() || f.times.is_some() || f.min.is_some()
            };
            entry.frequency.as_ref().is_some_and(figures) && !entry.is_ours("frequency")
        })
    }

    /// A tick of it, as the person gives it.
    ///
    /// # Errors
    /// [`BadTick`] where it is counted and a value is given, or the other way round, or the number
    /// is out of bounds.
    pub fn tick(&self, given: Given) -> Result<HabitTick, BadTick> {
        let (habit, counting) = (self.name(), self.counting());
        let hours = matches!(counting, Counting::Hours { .. });
        let (count, value) = match given {
            Given::Value(_) if !hours => return Err(BadTick::ValueForCount { habit }),
            Given::Count(_) | Given::Done if hours => return Err(BadTick::ValueMissing { habit }),
            Given::Count(given) if counting.is_once() && given != 1 => {
                return Err(BadTick::OnlyOnce { habit, given });
            }
            Given::Count(given) if !(1..=MOST_AT_ONCE).contains(&given) => {
                return Err(BadTick::CountOutOfRange { given });
            }
            Given::Count(count) => (count, None),
            Given::Done => (1, None),
            Given::Value(value) => {
                let most = Amount::whole(MOST_HOURS);
                if value <= Amount::default() || value > most {
                    return Err(BadTick::HoursOutOfRange { given: value });
                }
                (1, Some(value))
            }
        };
        let habit = HabitId::new(self.id()).expect("ids of the catalogue are ids");
        Ok(HabitTick { habit, count, value, nightly: counting.is_once() })
    }
}

/// What a person gives with a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// That it was done.
    Done,
    /// That it was done so many times.
    Count(u32),
    /// A number, in the habit's unit.
    Value(Amount),
}

/// Why a tick is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadTick {
    /// A value where it is counted.
    ValueForCount {
        /// What the habit is called.
        habit: Code,
    },
    /// No value where one is told.
    ValueMissing {
        /// What the habit is called.
        habit: Code,
    },
    /// More than once a day or night.
    OnlyOnce {
        /// What the habit is called.
        habit: Code,
        /// What was given.
        given: u32,
    },
    /// Nothing, or too much at once.
    CountOutOfRange {
        /// What was given.
        given: u32,
    },
    /// No hours, or more than a day has.
    HoursOutOfRange {
        /// What was given.
        given: Amount,
    },
}

refusals_in_words!(BadTick);

impl BadTick {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::ValueForCount { .. } => "habit.value_for_count",
            Self::ValueMissing { .. } => "habit.value_missing",
            Self::OnlyOnce { .. } => "habit.only_once",
            Self::CountOutOfRange { .. } => "habit.count_out_of_range",
            Self::HoursOutOfRange { .. } => "habit.hours_out_of_range",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::ValueForCount { habit } | Self::ValueMissing { habit } => {
                message.with("habit", Arg::code(habit.clone()))
            }
            Self::OnlyOnce { habit, given } => {
                message.with("habit", Arg::code(habit.clone())).with("given", *given)
            }
            Self::CountOutOfRange { given } => {
                message.with("given", *given).with("most", MOST_AT_ONCE)
            }
            Self::HoursOutOfRange { given } => {
                message.with("given", given.to_string()).with("most", MOST_HOURS)
            }
        }
    }

    /// The argument the person gave that is at fault, as the command line names it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::ValueForCount { .. }
            | Self::ValueMissing { .. }
            | Self::HoursOutOfRange { .. } => "value",
            Self::OnlyOnce { .. } | Self::CountOutOfRange { .. } => "count",
        }
    }
}
