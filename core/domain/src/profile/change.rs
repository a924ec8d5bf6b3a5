//! Setting and taking back answers. What cannot be, or contradicts another answer, is refused before
//! anything is written.

use super::pregnancy::{LATEST_DUE_DAYS, days_between, trimester_on};
use super::{Answer, Answers, Question, Said, Value};
use crate::units::LocalDay;
use crate::words::{Arg, Message, refusals_in_words};

/// One thing a person says of their profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This is the answer.
    Set(Question, Value),
    /// Nobody knows any more.
    Unset(Question),
}

impl Change {
    /// Reads an answer as people type it.
    ///
    /// # Errors
    /// [`ProfileRefusal::UnknownQuestion`] and [`ProfileRefusal::NoAnswer`].
    pub fn parse(key: &str, text: &str) -> Result<Self, ProfileRefusal> {
        let question = Self::question(key)?;
        let value = Value::parse(question, text);
        let refused = || ProfileRefusal::NoAnswer { question, given: text.to_owned() };
        Ok(Self::Set(question, value.ok_or_else(refused)?))
    }

    /// The question of a key as people type it.
    ///
    /// # Errors
    /// [`ProfileRefusal::UnknownQuestion`].
    pub fn question(key: &str) -> Result<Question, ProfileRefusal> {
        let plain = key.trim().to_ascii_lowercase().replace('-', "_");
        plain.parse().map_err(|_| ProfileRefusal::UnknownQuestion { given: key.to_owned() })
    }
}

/// Why an answer is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileRefusal {
    /// The profile asks no such thing.
    UnknownQuestion {
        /// What was given.
        given: String,
    },
    /// Not an answer to this question.
    NoAnswer {
        /// The question.
        question: Question,
        /// What was given.
        given: String,
    },
    /// The same question twice.
    Twice(Question),
    /// The due date is over.
    DueInThePast {
        /// The due date.
        due: LocalDay,
        /// The day it is.
        today: LocalDay,
    },
    /// The due date is farther ahead than a pregnancy lasts.
    DueTooFar {
        /// The due date.
        due: LocalDay,
        /// The last day that could be one.
        latest: LocalDay,
    },
    /// The trimester is not the one that the due date makes of the day.
    TrimesterContradicts {
        /// What was said.
        said: u8,
        /// On which day.
        on: LocalDay,
        /// The due date.
        due: LocalDay,
        /// What it makes of that day.
        counted: u8,
    },
    /// A due date or a trimester where there is no pregnancy.
    NotPregnant(Question),
}

refusals_in_words!(ProfileRefusal);

impl ProfileRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::UnknownQuestion { .. } => "answer.unknown_question",
            Self::NoAnswer { question, .. } => match question.asked() {
                super::Asked::YesNo => "answer.not_yes_or_no",
                super::Asked::Day => "answer.not_a_day",
                super::Asked::Trimester => "answer.not_a_trimester",
                super::Asked::Side => "answer.not_a_side",
                super::Asked::Zone => "answer.not_a_zone",
                super::Asked::TimeOfDay => "answer.not_a_time_of_day",
            },
            Self::Twice(_) => "answer.said_twice",
            Self::DueInThePast { .. } => "answer.due_date_in_the_past",
            Self::DueTooFar { .. } => "answer.due_date_too_far",
            Self::TrimesterContradicts { .. } => "answer.trimester_contradicts_due_date",
            Self::NotPregnant(_) => "answer.not_pregnant",
        }
    }

    /// The question at fault.
    #[must_use]
    pub const fn question(&self) -> Option<Question> {
        match self {
            Self::UnknownQuestion { .. } => None,
            Self::NoAnswer { question, .. }
            | Self::Twice(question)
            | Self::NotPregnant(question) => Some(*question),
            Self::DueInThePast { .. } | Self::DueTooFar { .. } => Some(Question::DueDate),
            Self::TrimesterContradicts { .. } => Some(Question::Trimester),
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        let day = |day: &LocalDay| Arg::from(day.to_string());
        match self {
            Self::UnknownQuestion { given } => message.with("key", given.as_str()),
            Self::NoAnswer { question, given } => {
                message.with("key", question.as_str()).with("given", given.as_str())
            }
            Self::Twice(question) | Self::NotPregnant(question) => {
                message.with("key", question.as_str())
            }
            Self::DueInThePast { due, today } => {
                message.with("due", day(due)).with("today", day(today))
            }
            Self::DueTooFar { due, latest } => {
                message.with("due", day(due)).with("latest", day(latest))
            }
            Self::TrimesterContradicts { said, on, due, counted } => message
                .with("said", *said)
                .with("on", day(on))
                .with("due", day(due))
                .with("counted", *counted),
        }
    }
}

impl Answers {
    /// The answers after some changes, said at one moment. Saying that there is no pregnancy takes
    /// back its due date and trimester.
    ///
    /// # Errors
    /// [`ProfileRefusal`]; nothing is changed then.
    pub fn changed(&self, changes: &[Change], now: Said) -> Result<Self, ProfileRefusal> {
        let mut after = self.clone();
        let mut named = Vec::new();
        for change in changes {
            let (Change::Set(question, _) | Change::Unset(question)) = change;
            if named.contains(question) {
                return Err(ProfileRefusal::Twice(*question));
            }
            named.push(*question);
            after.disputed.remove(question);
            match change {
                Change::Set(_, value) => {
                    after.given.insert(*question, Answer { value: value.clone(), said: now });
                }
                Change::Unset(_) => {
                    after.given.remove(question);
                }
            }
        }
        let said: Vec<Question> =
            named.into_iter().filter(|question| after.given.contains_key(question)).collect();
        let says = |question| said.contains(&question);
        let of_pregnancy = [Question::DueDate, Question::Trimester].into_iter().find(|q| says(*q));
        if after.says_no(Question::Pregnant) {
            match of_pregnancy {
                Some(question) => return Err(ProfileRefusal::NotPregnant(question)),
                None if says(Question::Pregnant) => {
                    for question in [Question::DueDate, Question::Trimester] {
                        after.given.remove(&question);
                        after.disputed.remove(&question);
                    }
                }
                None => {}
            }
        }
        if says(Question::DueDate) {
            after.check_due_date(now.day)?;
        }
        if of_pregnancy.is_some() {
            after.check_trimester()?;
        }
        Ok(after)
    }

    fn says_no(&self, question: Question) -> bool {
        self.given(question).is_some_and(|answer| answer.value == Value::YesNo(false))
    }

    fn check_due_date(&self, today: LocalDay) -> Result<(), ProfileRefusal> {
        let Some(due) = self.due_date() else { return Ok(()) };
        let ahead = days_between(today, due);
        if ahead < 0 {
            return Err(ProfileRefusal::DueInThePast { due, today });
        }
        if ahead > LATEST_DUE_DAYS {
            let span = jiff::Span::new().days(LATEST_DUE_DAYS);
            let latest = LocalDay(today.0.checked_add(span).unwrap_or(jiff::civil::Date::MAX));
            return Err(ProfileRefusal::DueTooFar { due, latest });
        }
        Ok(())
    }

    /// A trimester is held against the due date on the day it was said: it has moved on since.
    fn check_trimester(&self) -> Result<(), ProfileRefusal> {
        let (Some(due), Some(answer)) = (self.due_date(), self.given(Question::Trimester)) else {
            return Ok(());
        };
        let Value::Trimester(said) = answer.value else { return Ok(()) };
        let on = answer.said.day;
        let counted = trimester_on(due, on);
        if counted == said {
            return Ok(());
        }
        Err(ProfileRefusal::TrimesterContradicts { said, on, due, counted })
    }
}
