//! What a person says of themselves: answers to questions, each with the moment it was said. Unknown is
//! a value. It knows which answers there are and how long one counts, and nothing of exercises.

mod change;
mod pregnancy;
mod question;
mod today;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use change::{Change, ProfileRefusal};
pub use pregnancy::{
    FULL_TERM_DAYS, LATEST_DUE_DAYS, SECOND_TRIMESTER_DAY, THIRD_TRIMESTER_DAY, pregnancy_day,
    trimester_on,
};
pub use question::{Asked, Lasts, Question, Value};

use crate::units::{LocalDay, Moment};

/// When a day starts where nobody says otherwise, in minutes after local midnight (03:00, ours).
pub const DAY_START_MIN: u16 = 180;

/// When something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The local day, there and then.
    pub day: LocalDay,
    /// Milliseconds since 1970-01-01T00:00Z.
    pub at_ms: i64,
}

impl Said {
    /// Said at a moment.
    #[must_use]
    pub fn at(moment: &Moment, day_start_min: u16) -> Self {
        Self { day: moment.local_day(day_start_min), at_ms: moment.utc_ms }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was answered.
    pub value: Value,
    /// When.
    pub said: Said,
}

/// The answers there are. Every one may be missing, and several devices may have given one at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    given: BTreeMap<Question, Answer>,
    /// Questions that two devices answered differently at once: nobody knows until it is said again.
    disputed: BTreeMap<Question, Vec<Answer>>,
}

impl Answers {
    /// Takes an answer as it was kept. The last one of a question stands.
    pub fn keep(&mut self, question: Question, answer: Answer) {
        self.given.insert(question, answer);
    }

    /// Notes that a question has several answers, given at once.
    pub fn dispute(&mut self, question: Question, answers: Vec<Answer>) {
        self.given.remove(&question);
        self.disputed.insert(question, answers);
    }

    /// The answer to a question as it was given, however long ago.
    #[must_use]
    pub fn given(&self, question: Question) -> Option<&Answer> {
        self.given.get(&question)
    }

    /// Every answer as it was given.
    pub fn all(&self) -> impl Iterator<Item = (Question, &Answer)> {
        self.given.iter().map(|(question, answer)| (*question, answer))
    }

    /// What several devices answered at once, where they differ.
    #[must_use]
    pub fn disputed(&self, question: Question) -> &[Answer] {
        self.disputed.get(&question).map(Vec::as_slice).unwrap_or_default()
    }

    /// Questions that are disputed.
    #[must_use]
    pub fn disputes(&self) -> BTreeSet<Question> {
        self.disputed.keys().copied().collect()
    }

    /// When a day starts, in minutes after local midnight: as said, else 03:00 (ours).
    #[must_use]
    pub fn day_start_min(&self) -> u16 {
        match self.given(Question::DayStart).map(|answer| &answer.value) {
            Some(Value::TimeOfDay(minutes)) => *minutes,
            _ => DAY_START_MIN,
        }
    }

    /// The zone the person lives by, an IANA name; nothing where it is that of the device.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        match self.given(Question::TimeZone).map(|answer| &answer.value) {
            Some(Value::Zone(zone)) => Some(zone),
            _ => None,
        }
    }
}
