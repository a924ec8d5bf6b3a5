//! What stands around the exercises: self-tests, signs, disagreements, figures, what is worth
//! tracking. It judges nothing.

use serde::{Deserialize, Serialize};

use super::{Fact, Provenance};
use crate::ids::{MuscleId, SourceId, TestId};
use crate::words::Code;

/// A self-test: what it records and what a result may mean. source: ../domain/protocols.md
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SelfTest {
    /// Its id, the same as its exercise's.
    pub id: TestId,
    /// Whether each side is tested.
    pub per_side: bool,
    /// What is recorded.
    pub fields: Vec<TestField>,
    /// What a result may mean.
    pub thresholds: Vec<Threshold>,
    /// What to keep in mind.
    pub caveats: Vec<Fact>,
    /// Sources by field, and what is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// What a field of a self-test holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Yes or no.
    Bool,
    /// Seconds.
    Seconds,
    /// Degrees.
    Degrees,
    /// A score between `min` and `max`.
    Score,
    /// One of the options.
    Enum,
    /// Answers to questions.
    Answers,
}

/// One thing a self-test records.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestField {
    /// Its name in records.
    pub id: String,
    /// Its name for people.
    pub label: Code,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
    /// Whether recording it is our idea.
    #[serde(default)]
    pub ours: bool,
    /// The options of an enum.
    #[serde(default)]
    pub options: Vec<TestOption>,
    /// The muscle it is about, where the test asks about several: one of them is enough.
    #[serde(default)]
    pub muscle: Option<MuscleId>,
    /// The smallest value.
    #[serde(default)]
    pub min: Option<u32>,
    /// The largest value.
    #[serde(default)]
    pub max: Option<u32>,
}

/// One answer that a field may have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestOption {
    /// Its name in records.
    pub id: String,
    /// Its name for people.
    pub label: Code,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Comparison {
    /// The same.
    #[serde(rename = "==")]
    Equal,
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// More.
    #[serde(rename = ">")]
    More,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
}

/// What a result is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum TestValue {
    /// Yes or no.
    Bool(bool),
    /// A number in the field's unit.
    Number(u32),
    /// An option.
    Option(String),
}

/// What a result may mean. Information, not diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The field it reads.
    pub field: String,
    /// How it compares.
    pub op: Comparison,
    /// With what.
    pub value: TestValue,
    /// What it may mean.
    pub meaning: Code,
    /// Who says so.
    pub sources: Vec<SourceId>,
}

/// Signs that the sources list for a condition. Not a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sign {
    /// Its id.
    pub id: String,
    /// What they are signs of.
    pub title: Code,
    /// What the list lacks.
    pub note: Code,
    /// The signs.
    pub items: Vec<Code>,
    /// Who lists them.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// Where the sources disagree, each position with its sources, and what we do about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Conflict {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub topic: Code,
    /// Who says what.
    pub positions: Vec<Fact>,
    /// How we handle it (ours).
    pub handling: Code,
    /// What is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// A figure that a source gives, with its unit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Figure {
    /// Its id.
    pub id: String,
    /// What it is a figure of.
    pub text: Code,
    /// The numbers; none where the source gives words only.
    #[serde(default)]
    pub values: Vec<u32>,
    /// Their unit, where they have one.
    #[serde(default)]
    pub unit: Option<Code>,
    /// Sources, and whether it is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// What a tracked thing is recorded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackedAs {
    /// A score.
    Score,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// A count.
    Count,
    /// Yes or no.
    Bool,
    /// One of several words.
    Enum,
    /// Text.
    Text,
    /// Several of these.
    Mixed,
    /// Computed from other records.
    Computed,
}

/// Something worth tracking.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tracked {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub label: Code,
    /// What it is recorded as.
    #[serde(rename = "type")]
    pub kind: TrackedAs,
    /// Its unit.
    #[serde(default)]
    pub unit: Option<Code>,
    /// Whether it is recorded per side.
    #[serde(default)]
    pub per_side: bool,
    /// Sources, and whether it is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}
