//! Pauses of the plan: days that ask for nothing. Whether anything was asked is not their matter.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::LocalDay;
use crate::words::{Message, refusals_in_words};

/// Days on which the plan rests, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pause {
    /// The first day.
    pub from: LocalDay,
    /// The last day; nothing where it goes on until somebody resumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<LocalDay>,
}

impl Pause {
    /// Whether a day is in it.
    #[must_use]
    pub fn covers(self, day: LocalDay) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    fn meets(self, other: Self) -> bool {
        other.until.is_none_or(|until| self.from <= until)
            && self.until.is_none_or(|until| other.from <= until)
    }
}

/// Why a pause cannot be, or not be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PauseRefusal {
    /// It ends before it begins.
    EndsBefore(Pause),
    /// Another one holds on some of its days.
    Overlaps(Pause),
    /// There is none to end.
    NotPaused,
}

refusals_in_words!(PauseRefusal);

impl PauseRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::EndsBefore(_) => "schedule.pause_ends_before",
            Self::Overlaps(Pause { until: Some(_), .. }) => "schedule.pause_overlaps",
            Self::Overlaps(_) => "schedule.pause_overlaps_open",
            Self::NotPaused => "schedule.not_paused",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::EndsBefore(pause) | Self::Overlaps(pause) => {
                let message = message.with("from", pause.from.to_string());
                match pause.until {
                    Some(until) => message.with("until", until.to_string()),
                    None => message,
                }
            }
            Self::NotPaused => message,
        }
    }
}

/// All pauses of a plan, by their first day. Two devices may have made ones that overlap: a day is
/// paused when any of them covers it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pauses(BTreeMap<LocalDay, Option<LocalDay>>);

impl FromIterator<Pause> for Pauses {
    fn from_iter<T: IntoIterator<Item = Pause>>(pauses: T) -> Self {
        Self(pauses.into_iter().map(|pause| (pause.from, pause.until)).collect())
    }
}

impl Pauses {
    /// The pauses, the earliest first.
    pub fn iter(&self) -> impl Iterator<Item = Pause> {
        self.0.iter().map(|(from, until)| Pause { from: *from, until: *until })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the plan rests on a day.
    #[must_use]
    pub fn covers(&self, day: LocalDay) -> bool {
        self.iter().any(|pause| pause.covers(day))
    }

    /// The pause that holds on a day; of several the one that lasts longest.
    #[must_use]
    pub fn on(&self, day: LocalDay) -> Option<Pause> {
        let held = self.iter().filter(|pause| pause.covers(day));
        held.max_by_key(|pause| (pause.until.is_none(), pause.until))
    }

    /// How many of these days, both ends included, are paused.
    #[must_use]
    pub fn days_between(&self, from: LocalDay, to: LocalDay) -> usize {
        from.through(to).filter(|day| self.covers(*day)).count()
    }

    /// With one more. One that begins on the same day is replaced: that is how its end is changed.
    ///
    /// # Errors
    /// [`PauseRefusal`] where it ends before it begins, or meets another one.
    pub fn with(&self, pause: Pause) -> Result<Self, PauseRefusal> {
        if pause.until.is_some_and(|until| until < pause.from) {
            return Err(PauseRefusal::EndsBefore(pause));
        }
        let other = self.iter().find(|other| other.from != pause.from && other.meets(pause));
        if let Some(other) = other {
            return Err(PauseRefusal::Overlaps(other));
        }
        let mut pauses = self.clone();
        pauses.0.insert(pause.from, pause.until);
        Ok(pauses)
    }

    /// Resumed on `today`: the pause that holds ended yesterday, or never was where it began today.
    /// Where none holds, the ones that were planned ahead are taken back.
    ///
    /// # Errors
    /// [`PauseRefusal::NotPaused`] where none holds and none is planned.
    pub fn resumed(&self, today: LocalDay) -> Result<Self, PauseRefusal> {
        let held = self.covers(today);
        let yesterday = today.plus(-1);
        let mut pauses = self.clone();
        pauses.0.retain(|from, until| {
            let pause = Pause { from: *from, until: *until };
            if held && pause.covers(today) {
                *until = Some(yesterday);
                *from < today
            } else {
                held || *from < today
            }
        });
        if pauses == *self { Err(PauseRefusal::NotPaused) } else { Ok(pauses) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LocalDay {
        format!("2026-03-{text}").parse().unwrap()
    }

    fn pause(from: &str, until: Option<&str>) -> Pause {
        Pause { from: day(from), until: until.map(day) }
    }

    #[test]
    fn a_pause_holds_on_both_its_ends_and_an_open_one_until_it_is_ended() {
        let pauses = Pauses::default().with(pause("05", Some("07"))).unwrap();
        assert!(!pauses.covers(day("04")) && pauses.covers(day("05")));
        assert!(pauses.covers(day("07")) && !pauses.covers(day("08")));
        let pauses = pauses.with(pause("10", None)).unwrap();
        assert!(pauses.covers("2031-01-01".parse().unwrap()));
        assert_eq!(pauses.days_between(day("01"), day("12")), 6);
        let resumed = pauses.resumed(day("12")).unwrap();
        assert_eq!(resumed.on(day("11")), Some(pause("10", Some("11"))));
        assert!(!resumed.covers(day("12")));
    }

    #[test]
    fn resuming_on_the_first_day_leaves_no_pause_and_without_one_is_refused() {
        let paused = Pauses::default().with(pause("05", None)).unwrap();
        assert_eq!(paused.resumed(day("05")), Ok(Pauses::default()));
        assert_eq!(Pauses::default().resumed(day("05")), Err(PauseRefusal::NotPaused));
        // One that is over stays; one that is planned is taken back.
        let over = Pauses::default().with(pause("01", Some("02"))).unwrap();
        assert_eq!(over.resumed(day("05")), Err(PauseRefusal::NotPaused));
        assert_eq!(over.with(pause("09", None)).unwrap().resumed(day("05")), Ok(over));
    }

    #[test]
    fn a_pause_that_ends_early_or_meets_another_is_refused_and_the_same_day_changes_its_end() {
        let backwards = pause("07", Some("05"));
        assert_eq!(Pauses::default().with(backwards), Err(PauseRefusal::EndsBefore(backwards)));
        let open = pause("05", None);
        let paused = Pauses::default().with(open).unwrap();
        for other in [pause("01", Some("05")), pause("09", Some("10")), pause("01", None)] {
            assert_eq!(paused.with(other), Err(PauseRefusal::Overlaps(open)), "{other:?}");
        }
        let shorter = paused.with(pause("05", Some("06"))).unwrap();
        assert_eq!(shorter.iter().collect::<Vec<_>>(), [pause("05", Some("06"))]);
        let said = PauseRefusal::Overlaps(open).to_string();
        assert!(said.contains("2026-03-05"), "{said}");
    }
}
