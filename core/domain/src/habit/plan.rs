//! The plan of a habit: so many a day, or one every so many minutes between two local times. It
//! knows no day yet; when it is due on one is worked out elsewhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Habit;
use crate::words::{Arg, Code, Message, Words, refusals_in_words};

/// The most a day that can be planned. Ours: a bound, not a judgement.
pub const MOST_A_DAY: u32 = 50;
/// The shortest interval that can be planned, in minutes. Ours: a bound, not a judgement.
pub const SHORTEST_INTERVAL_MIN: u32 = 5;
/// The longest interval that can be planned, in minutes. Ours: a bound, not a judgement.
pub const LONGEST_INTERVAL_MIN: u32 = 720;

const DAY_MIN: u16 = 24 * 60;

/// A time on the local clock, to the minute: `09:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime {
    minute: u16,
}

/// A text that is no time on the clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub struct NotClockTime(pub String);

impl NotClockTime {
    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::new("given.bad_clock_time").with("text", self.0.as_str())
    }
}

impl ClockTime {
    /// A time of the day; nothing where the clock does not show it.
    #[must_use]
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        if hour < 24 && minute < 60 { Some(Self { minute: hour * 60 + minute }) } else { None }
    }

    /// Minutes after local midnight, 0 to 1439.
    #[must_use]
    pub const fn minute_of_day(self) -> u16 {
        self.minute
    }

    /// Minutes after the start of the day, 0 to 1439. `day_start_min` is minutes after midnight.
    #[must_use]
    pub const fn since_day_start(self, day_start_min: u16) -> u16 {
        (self.minute + DAY_MIN - day_start_min % DAY_MIN) % DAY_MIN
    }

    /// The same of minutes after midnight, taken round the clock.
    const fn of_minute(minute: u16) -> Self {
        Self { minute: minute % DAY_MIN }
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

impl FromStr for ClockTime {
    type Err = NotClockTime;

    fn from_str(text: &str) -> Result<Self, NotClockTime> {
        let digits = |part: &str| {
            let plain = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| part.parse().ok()).flatten()
        };
        let read = text.trim().split_once(':').filter(|(_, minute)| minute.len() == 2);
        read.and_then(|(hour, minute)| Self::new(digits(hour)?, digits(minute)?))
            .ok_or_else(|| NotClockTime(text.to_owned()))
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How often a habit is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HabitRhythm {
    /// So many times a day, at no particular time.
    PerDay(u32),
    /// One every so many minutes, between two local times of the day.
    Every {
        /// Minutes from one to the next, and from the beginning to the first.
        minutes: u32,
        /// When it begins.
        from: ClockTime,
        /// When it ends.
        to: ClockTime,
    },
}

/// The plan of one habit. No source gives an interval: every figure is the person's own choice.
/// Fields of newer versions survive in `unknown`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HabitPlan {
    /// How often.
    pub rhythm: HabitRhythm,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

impl HabitPlan {
    /// A plan of a rhythm.
    #[must_use]
    pub fn new(rhythm: HabitRhythm) -> Self {
        Self { rhythm, unknown: serde_json::Map::new() }
    }

    /// Takes a plan that makes sense for the habit, on days that begin `day_start_min` minutes after
    /// local midnight.
    ///
    /// # Errors
    /// [`BadPlan`] with what to change.
    pub fn checked(self, habit: &Habit<'_>, day_start_min: u16) -> Result<Self, BadPlan> {
        let once = habit.counting().is_once();
        match self.rhythm {
            HabitRhythm::PerDay(given) if !(1..=MOST_A_DAY).contains(&given) => {
                Err(BadPlan::TimesOutOfRange { given })
            }
            HabitRhythm::PerDay(given) if once && given > 1 => {
                Err(BadPlan::OnlyOnce { habit: habit.name() })
            }
            HabitRhythm::Every { .. } if once => Err(BadPlan::OnlyOnce { habit: habit.name() }),
            HabitRhythm::PerDay(_) => Ok(self),
            HabitRhythm::Every { minutes, from, to } => {
                if !(SHORTEST_INTERVAL_MIN..=LONGEST_INTERVAL_MIN).contains(&minutes) {
                    return Err(BadPlan::IntervalOutOfRange { given: minutes });
                }
                if from == to {
                    return Err(BadPlan::WindowEmpty { at: from });
                }
                let begins = from.since_day_start(day_start_min);
                let ends = to.since_day_start(day_start_min);
                if ends < begins {
                    let day_start = ClockTime::of_minute(day_start_min);
                    return Err(BadPlan::WindowReversed { from, to, day_start });
                }
                let window = u32::from(ends - begins);
                if minutes > window {
                    return Err(BadPlan::IntervalTooLong { minutes, window });
                }
                Ok(self)
            }
        }
    }
}

/// Why a plan makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadPlan {
    /// Never, or too often.
    TimesOutOfRange {
        /// What was given.
        given: u32,
    },
    /// It counts once a day or night.
    OnlyOnce {
        /// What the habit is called.
        habit: Code,
    },
    /// Too short or too long.
    IntervalOutOfRange {
        /// What was given, in minutes.
        given: u32,
    },
    /// It ends when it begins.
    WindowEmpty {
        /// When.
        at: ClockTime,
    },
    /// It ends before it begins, counted from the start of the day.
    WindowReversed {
        /// When it begins.
        from: ClockTime,
        /// When it ends.
        to: ClockTime,
        /// When the day starts.
        day_start: ClockTime,
    },
    /// The window is over before the first is due.
    IntervalTooLong {
        /// The interval, in minutes.
        minutes: u32,
        /// The length of the window, in minutes.
        window: u32,
    },
}

refusals_in_words!(BadPlan);

impl BadPlan {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::TimesOutOfRange { .. } => "habit.times_out_of_range",
            Self::OnlyOnce { .. } => "habit.plan_only_once",
            Self::IntervalOutOfRange { .. } => "habit.interval_out_of_range",
            Self::WindowEmpty { .. } => "habit.window_empty",
            Self::WindowReversed { .. } => "habit.window_reversed",
            Self::IntervalTooLong { .. } => "habit.interval_too_long",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::TimesOutOfRange { given } => {
                message.with("given", *given).with("most", MOST_A_DAY)
            }
            Self::OnlyOnce { habit } => message.with("habit", Arg::code(habit.clone())),
            Self::IntervalOutOfRange { given } => message
                .with("given", *given)
                .with("least", SHORTEST_INTERVAL_MIN)
                .with("most", LONGEST_INTERVAL_MIN),
            Self::WindowEmpty { at } => message.with("at", at.to_string()),
            Self::WindowReversed { from, to, day_start } => message
                .with("from", from.to_string())
                .with("to", to.to_string())
                .with("day_start", day_start.to_string()),
            Self::IntervalTooLong { minutes, window } => {
                message.with("minutes", *minutes).with("window", *window)
            }
        }
    }

    /// The argument the person gave that is at fault, as the command line names it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::TimesOutOfRange { .. } | Self::OnlyOnce { .. } => "per_day",
            Self::IntervalOutOfRange { .. } | Self::IntervalTooLong { .. } => "every",
            Self::WindowEmpty { .. } | Self::WindowReversed { .. } => "between",
        }
    }
}
