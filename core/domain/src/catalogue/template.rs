//! Composed routines of the sources, as templates to make a routine of. They never change.

use serde::Deserialize;

use super::{Exercise, Frequency, Provenance};
use crate::dose::{Dose, Range};
use crate::ids::{ConditionId, ExerciseId, SourceId, TemplateId};
use crate::vocabulary::{BlockOrder, Kind, SideRule};
use crate::words::{Code, Words};

/// What a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateKind {
    /// Done from first to last.
    Sequence,
    /// Picked from.
    Menu,
    /// An order of stages, with no or few exercises.
    Principle,
}

/// How the template came together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Composition {
    /// A source prescribes it.
    Prescribed,
    /// A source lists its parts.
    Listed,
    /// It follows from what sources say.
    Derived,
    /// We put it together.
    Ours,
}

/// A composed routine. source: ../domain/protocols.md
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// Its name.
    pub name: Code,
    /// What it is.
    pub kind: TemplateKind,
    /// How it came together.
    pub composition: Composition,
    /// Blocks in order; none where it is only a principle.
    #[serde(default)]
    pub blocks: Vec<TemplateBlock>,
    /// Stages of a principle, in order.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// The time the source states for all of it, in seconds.
    #[serde(default)]
    pub stated_time_s: Range,
    /// How often.
    #[serde(default)]
    pub frequency: Option<Frequency>,
    /// What adding up the doses gives, against the stated time (ours).
    #[serde(default)]
    pub time_check: Option<TimeCheck>,
    /// A remark.
    #[serde(default)]
    pub note: Option<Code>,
    /// What we are not sure of.
    #[serde(default)]
    pub uncertain: Vec<Code>,
    /// Sources by field, and what is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

impl Template {
    /// Its name in a language.
    #[must_use]
    pub fn name(&self, words: &Words) -> String {
        words.plain(self.name.as_str())
    }

    /// Every step, block by block.
    pub fn steps(&self) -> impl Iterator<Item = &TemplateStep> {
        self.blocks.iter().flat_map(|block| &block.steps)
    }
}

/// Steps that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateBlock {
    /// The order of its steps.
    pub order: BlockOrder,
    /// Who states that order.
    #[serde(default)]
    pub order_sources: Vec<SourceId>,
    /// Whether no source states it.
    #[serde(default)]
    pub order_ours: bool,
    /// Blocks of the same name are alternatives; the first is the default.
    #[serde(default)]
    pub alt: Option<String>,
    /// When it is done.
    #[serde(default)]
    pub condition: Option<ConditionId>,
    /// A remark.
    #[serde(default)]
    pub note: Option<Code>,
    /// Its steps in order.
    pub steps: Vec<TemplateStep>,
}

/// One step of a template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateStep {
    /// Which exercise.
    pub exercise: ExerciseId,
    /// On which sides.
    pub sides: SideRule,
    /// What the template itself states of the dose.
    #[serde(default)]
    pub dose: Option<DoseOverride>,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
    /// When it is done.
    #[serde(default)]
    pub condition: Option<ConditionId>,
    /// Who puts it here.
    #[serde(default)]
    pub sources: Vec<SourceId>,
    /// Whether we put it here.
    #[serde(default)]
    pub ours: bool,
}

impl TemplateStep {
    /// The exercise's dose with what the template states laid over it.
    #[must_use]
    pub fn dose_for(&self, exercise: &Exercise) -> Dose {
        let mut dose = exercise.dose.clone();
        if let Some(stated) = &self.dose {
            dose.hold_s = laid_over(dose.hold_s, stated.hold_s);
            dose.reps = laid_over(dose.reps, stated.reps);
            dose.sets = laid_over(dose.sets, stated.sets);
        }
        dose
    }
}

/// What a template states of a dose: hold in seconds, counts. Unstated parts are the exercise's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DoseOverride {
    /// Hold in seconds.
    pub hold_s: Range,
    /// Repetitions.
    pub reps: Range,
    /// Sets.
    pub sets: Range,
}

/// Part by part, the stated figures before the general ones. A stated ceiling closes an open
/// range; where the parts contradict each other the statement stands alone.
fn laid_over(general: Range, stated: Range) -> Range {
    if stated == Range::UNSTATED {
        return general;
    }
    let max = stated.max().or(if stated.open_ended() { None } else { general.max() });
    Range::new(
        stated.min().or(general.min()),
        stated.default().or(general.default()),
        max,
        max.is_none() && (stated.open_ended() || general.open_ended()),
    )
    .unwrap_or(stated)
}

/// A stage of a principle.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What it is called.
    pub label: Code,
    /// Kinds of exercise that belong to it.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Exercises named for it.
    #[serde(default)]
    pub exercises: Vec<ExerciseId>,
}

/// The doses added up, against the time a source states. Ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeCheck {
    /// The sum in seconds.
    pub computed_s: u32,
    /// What it means.
    pub note: Code,
}
