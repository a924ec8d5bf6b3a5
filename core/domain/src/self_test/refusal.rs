//! Why a result of a self-test is not taken. Each is a sentence that says what to give instead.

use crate::ids::TestId;
use crate::record::Amount;
use crate::words::{Message, refusals_in_words};

/// Why a result is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the fields are the test, its field, what was given and what there is"
)]
pub enum TestRefusal {
    /// Each side is tested on its own.
    SideMissing { test: TestId },
    /// The test has no sides.
    NoSides { test: TestId },
    /// A muscle, where the test asks of none.
    NoMuscles { test: TestId },
    /// A muscle that the test does not ask about.
    UnknownMuscle { test: TestId, muscle: String, known: String },
    /// A value alone, where each muscle has its own.
    MuscleMissing { test: TestId, known: String },
    /// A field that the test does not have.
    UnknownField { test: TestId, field: String, known: String },
    /// A value alone, where the test asks several things.
    WhichField { test: TestId, known: String },
    /// One field said twice.
    Twice { field: String },
    /// Fields that are needed.
    Missing { test: TestId, missing: String },
    /// Nothing at all.
    Nothing { test: TestId, known: String },
    /// Neither yes nor no.
    NotYesOrNo { field: String, given: String },
    /// No number of seconds.
    NotSeconds { field: String, given: String },
    /// No number of degrees.
    NotDegrees { field: String, given: String },
    /// No number.
    NotScore { field: String, given: String },
    /// None of the options.
    NotOption { field: String, given: String, known: String },
    /// A score that is not whole, or beyond its scale.
    ScoreOutOfRange { field: String, given: Amount, lowest: Amount, highest: Amount },
    /// A number beyond what can be.
    OutOfRange { field: String, given: Amount, lowest: Amount, highest: Amount },
}

refusals_in_words!(TestRefusal);

impl TestRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::SideMissing { .. } => "test_record.side_missing",
            Self::NoSides { .. } => "test_record.no_sides",
            Self::NoMuscles { .. } => "test_record.no_muscles",
            Self::UnknownMuscle { .. } => "test_record.unknown_muscle",
            Self::MuscleMissing { .. } => "test_record.muscle_missing",
            Self::UnknownField { .. } => "test_record.unknown_field",
            Self::WhichField { .. } => "test_record.which_field",
            Self::Twice { .. } => "test_record.twice",
            Self::Missing { .. } => "test_record.missing",
            Self::Nothing { .. } => "test_record.nothing",
            Self::NotYesOrNo { .. } => "test_record.not_yes_or_no",
            Self::NotSeconds { .. } => "test_record.not_seconds",
            Self::NotDegrees { .. } => "test_record.not_degrees",
            Self::NotScore { .. } => "test_record.not_score",
            Self::NotOption { .. } => "test_record.not_option",
            Self::ScoreOutOfRange { .. } => "test_record.score_out_of_range",
            Self::OutOfRange { .. } => "test_record.out_of_range",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::SideMissing { test } | Self::NoSides { test } | Self::NoMuscles { test } => {
                message.with("test", test.as_str())
            }
            Self::UnknownMuscle { test, muscle, known } => message
                .with("test", test.as_str())
                .with("muscle", muscle.as_str())
                .with("known", known.as_str()),
            Self::MuscleMissing { test, known }
            | Self::WhichField { test, known }
            | Self::Nothing { test, known } => {
                message.with("test", test.as_str()).with("known", known.as_str())
            }
            Self::UnknownField { test, field, known } => message
                .with("test", test.as_str())
                .with("field", field.as_str())
                .with("known", known.as_str()),
            Self::Twice { field } => message.with("field", field.as_str()),
            Self::Missing { test, missing } => {
                message.with("test", test.as_str()).with("missing", missing.as_str())
            }
            Self::NotYesOrNo { field, given }
            | Self::NotSeconds { field, given }
            | Self::NotDegrees { field, given }
            | Self::NotScore { field, given } => {
                message.with("field", field.as_str()).with("given", given.as_str())
            }
            Self::NotOption { field, given, known } => message
                .with("field", field.as_str())
                .with("given", given.as_str())
                .with("known", known.as_str()),
            Self::ScoreOutOfRange { field, given, lowest, highest }
            | Self::OutOfRange { field, given, lowest, highest } => message
                .with("field", field.as_str())
                .with("given", given.to_string())
                .with("lowest", lowest.to_string())
                .with("highest", highest.to_string()),
        }
    }

    /// The argument the person gave that is at fault, as the command line names it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::SideMissing { .. } | Self::NoSides { .. } => "side",
            Self::NoMuscles { .. } | Self::UnknownMuscle { .. } | Self::MuscleMissing { .. } => {
                "muscle"
            }
            _ => "result",
        }
    }
}
