//! What the sources say of a result, how two sides differ, how a result changed. Comparing only:
//! whether a difference matters no source says, so nothing here does.

use serde::Serialize;

use crate::catalogue::{Comparison, SelfTest, TestValue, Threshold};
use crate::record::{Amount, TestAnswer, TestResult};

/// The thresholds that a result meets, in the order of the test. Information, not diagnosis.
pub fn readings<'a>(
    test: &'a SelfTest,
    result: &'a TestResult,
) -> impl Iterator<Item = &'a Threshold> {
    test.thresholds.iter().filter(|threshold| {
        result.answers.get(&threshold.field).is_some_and(|answer| meets(answer, threshold))
    })
}

fn meets(answer: &TestAnswer, threshold: &Threshold) -> bool {
    match (answer, &threshold.value) {
        (TestAnswer::Bool(answer), TestValue::Bool(value)) => {
            threshold.op == Comparison::Equal && answer == value
        }
        (TestAnswer::Option(answer), TestValue::Option(value)) => {
            threshold.op == Comparison::Equal && answer == value
        }
        (TestAnswer::Number(answer), TestValue::Number(value)) => {
            let value = Amount::whole(*value);
            match threshold.op {
                Comparison::Equal => *answer == value,
                Comparison::Less => *answer < value,
                Comparison::AtMost => *answer <= value,
                Comparison::More => *answer > value,
                Comparison::AtLeast => *answer >= value,
            }
        }
        _ => false,
    }
}

/// Two answers to one field, and how far apart they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// The field.
    pub field: String,
    /// Whether they are the same.
    pub same: bool,
    /// The second less the first, in the field's unit, where they are numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Amount>,
}

fn measured(field: &str, first: &TestAnswer, second: &TestAnswer) -> Measured {
    let difference = match (first, second) {
        (TestAnswer::Number(first), TestAnswer::Number(second)) => {
            Some(Amount::from_thousandths(second.thousandths() - first.thousandths()))
        }
        _ => None,
    };
    Measured { field: field.to_owned(), same: first == second, difference }
}

/// What one field says on the left and on the right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SideDifference {
    /// The answer on the left.
    pub left: TestAnswer,
    /// The answer on the right.
    pub right: TestAnswer,
    /// How they differ: the right less the left.
    #[serde(flatten)]
    pub by: Measured,
}

/// How the two sides differ, field by field, where both were answered. The sources ask to compare the
/// sides (001); from when on a difference matters they do not say.
#[must_use]
pub fn differences(left: &TestResult, right: &TestResult) -> Vec<SideDifference> {
    pairs(left, right)
        .map(|(field, left, right)| SideDifference {
            left: left.clone(),
            right: right.clone(),
            by: measured(field, left, right),
        })
        .collect()
}

/// What one field said first and says last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The first answer.
    pub first: TestAnswer,
    /// The last answer.
    pub last: TestAnswer,
    /// How they differ: the last less the first.
    #[serde(flatten)]
    pub by: Measured,
}

/// How a result of one side changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The fields that both results answer.
    pub fields: Vec<Moved>,
}

/// What changed between two results.
#[must_use]
pub fn change(first: &TestResult, last: &TestResult) -> Change {
    let fields = pairs(first, last)
        .map(|(field, first, last)| Moved {
            first: first.clone(),
            last: last.clone(),
            by: measured(field, first, last),
        })
        .collect();
    Change { fields }
}

fn pairs<'a>(
    one: &'a TestResult,
    other: &'a TestResult,
) -> impl Iterator<Item = (&'a str, &'a TestAnswer, &'a TestAnswer)> {
    one.answers.iter().filter_map(|(field, answer)| {
        other.answers.get(field).map(|second| (field.as_str(), answer, second))
    })
}
