//! Self-tests: reading what a person found, holding it against the test's schema, and saying what the
//! sources say of it. Information, never a diagnosis: it compares and cites, and concludes nothing.

mod meaning;
mod refusal;
mod signs;

use std::collections::BTreeMap;

pub use meaning::{Change, Measured, Moved, SideDifference, change, differences, readings};
pub use refusal::TestRefusal;
pub use signs::{ListedSigns, SIGNS, listed_signs};

use crate::catalogue::{Catalogue, FieldType, SelfTest, TestField};
use crate::ids::{MuscleId, TestId};
use crate::record::{Amount, TestAnswer, TestResult};
use crate::vocabulary::Side;

/// The longest time a field can say, in seconds: a day. Ours: a bound, not a judgement.
const MOST_SECONDS: u32 = 86_400;
/// The largest angle a field can say, in degrees, either way. Ours: a bound, not a judgement.
const MOST_DEGREES: u32 = 180;

/// Every self-test that can be recorded: those of the catalogue, and the questionnaire of signs (ours,
/// of the sources' lists).
pub fn all() -> impl Iterator<Item = &'static SelfTest> {
    Catalogue::built_in().self_tests().iter().chain(std::iter::once(signs::questionnaire()))
}

/// One of them.
#[must_use]
pub fn find(id: &TestId) -> Option<&'static SelfTest> {
    all().find(|test| test.id == *id)
}

impl SelfTest {
    /// A field.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&TestField> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// The muscles it asks about, each in a field of its own.
    pub fn muscles(&self) -> impl Iterator<Item = &MuscleId> {
        self.fields.iter().filter_map(|field| field.muscle.as_ref())
    }

    /// Reads what a person typed: `field=value`, a value alone where the test asks one thing, or the
    /// name alone of what is answered yes or no. `muscle` says whose value a value alone is.
    ///
    /// # Errors
    /// [`TestRefusal`] for what does not read; whether it is all that is needed, and in range, is
    /// asked by [`Self::checked`].
    pub fn read(
        &self,
        typed: &[&str],
        muscle: Option<&str>,
    ) -> Result<BTreeMap<String, TestAnswer>, TestRefusal> {
        let mut answers = BTreeMap::new();
        if muscle.is_some() && self.muscles().next().is_none() {
            return Err(TestRefusal::NoMuscles { test: self.id.clone() });
        }
        for text in typed {
            let (field, value) = match text.split_once('=') {
                Some((field, value)) => (self.named(field.trim())?, value.trim()),
                None => match self.field(text.trim()) {
                    Some(field) if field.kind == FieldType::Bool => (field, "yes"),
                    _ => (self.meant(muscle)?, text.trim()),
                },
            };
            let answer = self.answer(field, value)?;
            if answers.insert(field.id.clone(), answer).is_some() {
                return Err(TestRefusal::Twice { field: field.id.clone() });
            }
        }
        Ok(answers)
    }

    fn named(&self, id: &str) -> Result<&TestField, TestRefusal> {
        self.field(id).ok_or_else(|| TestRefusal::UnknownField {
            test: self.id.clone(),
            field: id.to_owned(),
            known: self.field_ids(),
        })
    }

    /// The field that a value alone is for.
    fn meant(&self, muscle: Option<&str>) -> Result<&TestField, TestRefusal> {
        if let Some(muscle) = muscle {
            let of_muscle = |field: &&TestField| {
                field.muscle.as_ref().is_some_and(|known| known.as_str() == muscle)
            };
            return self.fields.iter().find(of_muscle).ok_or_else(|| TestRefusal::UnknownMuscle {
                test: self.id.clone(),
                muscle: muscle.to_owned(),
                known: joined(self.muscles().map(MuscleId::as_str)),
            });
        }
        let mut needed = self.fields.iter().filter(|field| !field.optional);
        match (needed.next(), needed.next()) {
            (Some(only), None) => Ok(only),
            _ if self.muscles().next().is_some() => Err(TestRefusal::MuscleMissing {
                test: self.id.clone(),
                known: joined(self.muscles().map(MuscleId::as_str)),
            }),
            _ => Err(TestRefusal::WhichField { test: self.id.clone(), known: self.field_ids() }),
        }
    }

    fn field_ids(&self) -> String {
        joined(self.fields.iter().map(|field| field.id.as_str()))
    }

    fn answer(&self, field: &TestField, text: &str) -> Result<TestAnswer, TestRefusal> {
        let wrong = || wrong_kind(field, text);
        match field.kind {
            FieldType::Bool => {
                let yes = match text.to_ascii_lowercase().as_str() {
                    "yes" | "y" | "true" => true,
                    "no" | "n" | "false" => false,
                    // Where the sources say which answer is the one not passed.
                    "fail" | "failed" => self.failing(field).ok_or_else(wrong)?,
                    "pass" | "passed" => !self.failing(field).ok_or_else(wrong)?,
                    _ => return Err(wrong()),
                };
                Ok(TestAnswer::Bool(yes))
            }
            FieldType::Seconds | FieldType::Degrees | FieldType::Score => {
                let number = match (field.kind, text.split_once(':')) {
                    (FieldType::Seconds, Some((minutes, seconds))) => clock(minutes, seconds),
                    _ => text.parse::<f64>().ok(),
                };
                let number = number.ok_or_else(wrong)?;
                Amount::new(number).map(TestAnswer::Number).ok_or_else(wrong)
            }
            FieldType::Enum | FieldType::Answers => Ok(TestAnswer::Option(text.to_owned())),
        }
    }

    /// The answer to a yes-or-no field that a threshold is about, where the test asks nothing else.
    fn failing(&self, field: &TestField) -> Option<bool> {
        let only = self.fields.iter().filter(|other| !other.optional).count() == 1;
        let about = self.thresholds.iter().find(|threshold| threshold.field == field.id)?;
        match about.value {
            crate::catalogue::TestValue::Bool(value) if only => Some(value),
            _ => None,
        }
    }

    /// Takes a result that fits the test, or says why it does not.
    ///
    /// # Errors
    /// [`TestRefusal`].
    pub fn checked(
        &self,
        side: Option<Side>,
        answers: BTreeMap<String, TestAnswer>,
    ) -> Result<TestResult, TestRefusal> {
        let side = side.unwrap_or(Side::None);
        if self.per_side && side == Side::None {
            return Err(TestRefusal::SideMissing { test: self.id.clone() });
        }
        if !self.per_side && side != Side::None {
            return Err(TestRefusal::NoSides { test: self.id.clone() });
        }
        for (id, answer) in &answers {
            let field = self.named(id)?;
            fits(field, answer)?;
        }
        let missing = |field: &&TestField| {
            !field.optional && field.muscle.is_none() && !answers.contains_key(&field.id)
        };
        let missing: Vec<&str> =
            self.fields.iter().filter(missing).map(|field| field.id.as_str()).collect();
        if !missing.is_empty() {
            let missing = joined(missing.into_iter());
            return Err(TestRefusal::Missing { test: self.id.clone(), missing });
        }
        if answers.is_empty() {
            return Err(TestRefusal::Nothing { test: self.id.clone(), known: self.field_ids() });
        }
        Ok(TestResult { test: self.id.clone(), side, answers })
    }
}

fn fits(field: &TestField, answer: &TestAnswer) -> Result<(), TestRefusal> {
    let wrong = |given: String| wrong_kind(field, &given);
    match (field.kind, answer) {
        (FieldType::Bool, TestAnswer::Bool(_)) => Ok(()),
        (
            FieldType::Seconds | FieldType::Degrees | FieldType::Score,
            TestAnswer::Number(number),
        ) => {
            let (lowest, highest) = bounds(field);
            let within =
                (lowest.thousandths()..=highest.thousandths()).contains(&number.thousandths());
            let whole = field.kind != FieldType::Score || number.thousandths() % 1000 == 0;
            if within && whole {
                return Ok(());
            }
            Err(match field.kind {
                FieldType::Score => TestRefusal::ScoreOutOfRange {
                    field: field.id.clone(),
                    given: *number,
                    lowest,
                    highest,
                },
                _ => TestRefusal::OutOfRange {
                    field: field.id.clone(),
                    given: *number,
                    lowest,
                    highest,
                },
            })
        }
        (FieldType::Enum | FieldType::Answers, TestAnswer::Option(option)) => {
            let known = field.options.is_empty() || field.options.iter().any(|o| o.id == *option);
            if known { Ok(()) } else { Err(wrong(option.clone())) }
        }
        (_, TestAnswer::Bool(yes)) => Err(wrong(if *yes { "yes" } else { "no" }.to_owned())),
        (_, TestAnswer::Number(number)) => Err(wrong(number.to_string())),
        (_, TestAnswer::Option(option)) => Err(wrong(option.clone())),
    }
}

/// From where to where the number of a field goes: as its schema says, else our bounds.
fn bounds(field: &TestField) -> (Amount, Amount) {
    let widest = match field.kind {
        FieldType::Degrees => MOST_DEGREES,
        _ => MOST_SECONDS,
    };
    let below = Amount::from_thousandths(-Amount::whole(widest).thousandths());
    let lowest = field.min.map_or(below, Amount::whole);
    (lowest, Amount::whole(field.max.unwrap_or(widest)))
}

/// Seconds of minutes and seconds, as lengths are typed everywhere: 1:30.
fn clock(minutes: &str, seconds: &str) -> Option<f64> {
    let (minutes, seconds): (u16, u8) = (minutes.parse().ok()?, seconds.parse().ok()?);
    (seconds < 60).then(|| f64::from(minutes) * 60.0 + f64::from(seconds))
}

fn wrong_kind(field: &TestField, given: &str) -> TestRefusal {
    let (field_id, given) = (field.id.clone(), given.to_owned());
    match field.kind {
        FieldType::Bool => TestRefusal::NotYesOrNo { field: field_id, given },
        FieldType::Seconds => TestRefusal::NotSeconds { field: field_id, given },
        FieldType::Degrees => TestRefusal::NotDegrees { field: field_id, given },
        FieldType::Score => TestRefusal::NotScore { field: field_id, given },
        FieldType::Enum | FieldType::Answers => TestRefusal::NotOption {
            field: field_id,
            given,
            known: joined(field.options.iter().map(|option| option.id.as_str())),
        },
    }
}

fn joined<'a>(all: impl Iterator<Item = &'a str>) -> String {
    all.collect::<Vec<_>>().join(", ")
}
