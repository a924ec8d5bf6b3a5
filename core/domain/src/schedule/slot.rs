//! Slots of the day and their times of day. Which instant a time is on a day is worked out elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::Slot;
use crate::routine::Schedule;
use crate::words::{Message, Words};

/// The slot of a session of a routine whose schedule names none that fits (ours). It has no time of
/// day: any time of that day.
pub const ANY_SLOT: &str = "any";

/// [`ANY_SLOT`] as a slot.
#[must_use]
pub fn any_slot() -> Slot {
    slot(ANY_SLOT)
}

pub(super) fn slot(word: &str) -> Slot {
    Slot::new(word).expect("a plain word is an id")
}

/// A time of day, to the minute. Text form: `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

/// A text that is no time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub struct BadTimeOfDay(pub String);

impl BadTimeOfDay {
    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::new("given.bad_time_of_day").with("text", self.0.as_str())
    }
}

impl TimeOfDay {
    /// Takes an hour (0–23) and a minute (0–59).
    #[must_use]
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        if hour < 24 && minute < 60 { Some(Self(hour * 60 + minute)) } else { None }
    }

    /// Minutes since midnight.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    const fn at(hour: u16, minute: u16) -> Self {
        Self(hour * 60 + minute)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = BadTimeOfDay;
    fn from_str(text: &str) -> Result<Self, BadTimeOfDay> {
        let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
            let plain = digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| part.parse().ok()).flatten()
        };
        let read = || {
            let (hour, minute) = text.trim().split_once(':')?;
            Self::new(number(hour, 1..=2)?, number(minute, 2..=2)?)
        };
        read().ok_or_else(|| BadTimeOfDay(text.to_owned()))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Our times of the named slots.
const OURS: [(&str, TimeOfDay); 4] = [
    ("morning", TimeOfDay::at(8, 0)),
    ("midday", TimeOfDay::at(12, 30)),
    ("evening", TimeOfDay::at(18, 0)),
    ("bedtime", TimeOfDay::at(22, 0)),
];

/// The times of slots that a chart gave itself. What it did not is ours, for the named slots; a free
/// name has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlotTimes(pub BTreeMap<Slot, TimeOfDay>);

impl SlotTimes {
    /// The first slot of a schedule that has no time: a free name that nobody gave one.
    #[must_use]
    pub fn without_time<'a>(&self, schedule: &'a Schedule) -> Option<&'a Slot> {
        let timeless = |slot: &&Slot| slot.as_str() != ANY_SLOT && self.of(slot).is_none();
        schedule.slots.iter().filter(timeless).find(|slot| !schedule.times.contains_key(slot))
    }

    /// The time of a slot, where it has one.
    #[must_use]
    pub fn of(&self, slot: &Slot) -> Option<TimeOfDay> {
        self.0.get(slot).copied().or_else(|| Self::ours(slot))
    }

    /// Our time of a slot; nothing for a free name.
    #[must_use]
    pub fn ours(slot: &Slot) -> Option<TimeOfDay> {
        OURS.iter().find(|(word, _)| *word == slot.as_str()).map(|(_, time)| *time)
    }

    /// The slots that have a time of ours, in the order of the day.
    pub fn named() -> impl Iterator<Item = (Slot, TimeOfDay)> {
        OURS.iter().map(|(word, time)| (slot(word), *time))
    }
}

/// So many slots of a day, where a schedule says how often and names none (ours).
pub(super) fn so_many(times: u32) -> Option<Vec<Slot>> {
    let words: &[&str] = match times {
        1 => &[ANY_SLOT],
        2 => &["morning", "evening"],
        3 => &["morning", "midday", "evening"],
        4 => &["morning", "midday", "evening", "bedtime"],
        _ => return None,
    };
    Some(words.iter().map(|word| slot(word)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_reads_back_from_its_text_and_others_are_refused() {
        for (text, shown) in [("22:30", "22:30"), ("0:05", "00:05"), (" 08:00 ", "08:00")] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), shown);
        }
        for text in ["24:00", "12:60", "12", "12:5", "-1:00", "+1:00", "12:300", "noon", ""] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_chart_s_time_goes_before_ours_and_a_free_name_has_none() {
        let bedtime = slot("bedtime");
        let mut times = SlotTimes::default();
        assert_eq!(times.of(&bedtime), TimeOfDay::new(22, 0));
        times.0.insert(bedtime.clone(), TimeOfDay::at(0, 30));
        assert_eq!(times.of(&bedtime), TimeOfDay::new(0, 30));
        assert_eq!((times.of(&slot("after-work")), times.of(&any_slot())), (None, None));
    }
}
