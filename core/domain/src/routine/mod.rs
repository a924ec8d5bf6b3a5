//! A routine: blocks of steps, each an exercise with a dose and a side rule, and a schedule.
//! Knows the catalogue; knows no document and no history. Every edit gives a new routine.

mod blocks;
mod edit;
mod place;
mod play;
pub mod position;
mod put;
mod read;
mod schedule;
mod sequence;
mod template;

use serde::{Deserialize, Serialize};

pub use blocks::BlockPlace;
pub use edit::{EditRefusal, Ids, NewStep, Place, StepChange};
pub use play::{PlayRefusal, Playable};
pub use position::Position;
pub use read::{MAX_COUNT, MAX_DOSE_S, MAX_NAME_CHARS, MAX_STEPS, RoutineRefusal};
pub(crate) use read::{check_dose, check_text};
pub use schedule::{BadSchedule, MAX_LISTED, Rhythm, Schedule, Span};
pub use sequence::{Choices, Turn, TurnSide};
pub use template::{FromTemplate, TemplateRefusal};

use crate::dose::Dose;
use crate::ids::{BlockId, ConditionId, ExerciseId, RoutineId, RuleId, StepId, TemplateId, ToolId};
use crate::schedule::Timetable;
use crate::units::Moment;
use crate::vocabulary::{BlockOrder, SideRule};

/// An ordered list of blocks. Its JSON is also the form of a routine file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Routine {
    /// Its id.
    pub id: RoutineId,
    /// What people call it.
    pub name: String,
    /// Goes up with every edit; sessions note which one was played.
    #[serde(default)]
    pub version: u64,
    /// Who made it, as the record names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The template it began as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_template: Option<TemplateId>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Moment>,
    /// The blocks, in order.
    #[serde(default)]
    pub blocks: Vec<Block>,
    /// When it is to be done, and was before. In JSON: `schedule`, the newest, and `schedules`.
    #[serde(flatten)]
    pub timetable: Timetable,
    /// Rules somebody decided to break, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

/// Steps that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Its id.
    #[serde(rename = "block_id")]
    pub id: BlockId,
    /// Where it stands.
    #[serde(default)]
    pub position: Position,
    /// The order of its steps.
    pub order: BlockOrder,
    /// Blocks of the same name are alternatives: the chosen one is played, or else the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// Whether it is the chosen alternative.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chosen: bool,
    /// When it is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionId>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

/// One exercise with its dose and its sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its id.
    #[serde(rename = "step_id")]
    pub id: StepId,
    /// Where it stands in its block.
    #[serde(default)]
    pub position: Position,
    /// The exercise.
    pub exercise: ExerciseId,
    /// On which sides. A one-sided exercise has its side, or asks for it.
    pub side: SideRule,
    /// The dose. One atomic value.
    pub dose: Dose,
    /// The tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolId>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether it may be left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether it is played. Unsaid, an optional step is not and any other is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub included: Option<bool>,
    /// When it is to be done. Shown; the person decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionId>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

/// A hard rule somebody decided to break.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Override {
    /// The rule.
    pub rule: RuleId,
    /// The step it is broken at; every step, where none is named.
    #[serde(rename = "step_id", default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// Why.
    pub reason: String,
    /// Who decided, as the record names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl Routine {
    /// An empty routine.
    #[must_use]
    pub fn new(id: RoutineId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            version: 1,
            author: None,
            from_template: None,
            created_at: None,
            blocks: Vec::new(),
            timetable: Timetable::default(),
            overrides: Vec::new(),
            unknown: serde_json::Map::new(),
        }
    }

    /// When it is to be done: the newest schedule.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        self.timetable.newest()
    }

    /// Every step, alternatives and left-out ones too, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.blocks.iter().flat_map(|block| &block.steps)
    }

    /// One step.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps().find(|step| step.id == *id)
    }

    /// Whether a block is played: it stands alone, or is the chosen one of its alternatives.
    #[must_use]
    pub fn is_chosen(&self, block: &Block) -> bool {
        let Some(alt) = &block.alt else { return true };
        let others = || self.blocks.iter().filter(|other| other.alt.as_ref() == Some(alt));
        let played = others().find(|other| other.chosen).or_else(|| others().next());
        played.is_none_or(|played| played.id == block.id)
    }
}

impl Step {
    /// Whether it is played when nobody says otherwise.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.included.unwrap_or(!self.optional)
    }
}
