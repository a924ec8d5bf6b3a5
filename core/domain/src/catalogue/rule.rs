//! Rules, gates and pain rules as data. Checking a routine against them is the routine's affair.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Exercise, Provenance};
use crate::ids::TemplateId;
use crate::ids::{ConditionId, ExerciseId, GateId, MuscleId, PainRuleId, RuleId, SourceId};
use crate::vocabulary::{Kind, ProfileField, Severity};
use crate::words::Code;

/// What a rule asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// Every `after` needs a `before` earlier in the routine.
    Requires,
    /// Where both are there, `before` comes first.
    AfterIfPresent,
    /// The subject is done on exactly one side.
    OneSideOnly,
    /// The subject does not go with the condition.
    NotWith,
    /// The subject stands behind a gate.
    Gate,
    /// A walk (`before`) comes before `after` while the condition holds.
    WalkFirst,
    /// An easier exercise leads to a harder one.
    Progression,
}

/// A rule about what comes before what, and on what. Every severity is ours: sources do not grade.
/// source: ../domain/protocols.md
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// What it asks.
    #[serde(rename = "type")]
    pub kind: RuleKind,
    /// How serious breaking it is (ours).
    pub severity: Severity,
    /// What comes first.
    #[serde(default)]
    pub before: Option<Selector>,
    /// What comes later.
    #[serde(default)]
    pub after: Option<Selector>,
    /// What it is about.
    #[serde(default)]
    pub subject: Option<Selector>,
    /// When it holds; always, where there is none.
    #[serde(default)]
    pub condition: Option<RuleCondition>,
    /// The templates it holds for; empty means all.
    #[serde(default)]
    pub scope: Vec<TemplateId>,
    /// Whether `before` and `after` count only on the same side of the body.
    #[serde(default)]
    pub same_side: bool,
    /// Whether it counts only for exercises that share a muscle.
    #[serde(default)]
    pub same_muscle: bool,
    /// The gate it points at.
    #[serde(default)]
    pub gate: Option<GateId>,
    /// Figures and steps of the rule.
    #[serde(default)]
    pub params: RuleParams,
    /// The rule in words.
    pub text: Code,
    /// Sources by field, and what is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// Figures and steps of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleParams {
    /// On how many sides.
    pub sides: Option<u32>,
    /// From easier to harder.
    pub ladder: Vec<Code>,
}

/// When a rule holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleCondition {
    /// While the profile is so.
    Profile(ProfileCondition),
    /// While this condition of the person holds.
    #[serde(rename = "id")]
    Person(ConditionId),
}

/// Answers of the profile that must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ProfileCondition(pub BTreeMap<ProfileField, ProfileValue>);

/// An answer of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ProfileValue {
    /// Yes or no.
    Bool(bool),
    /// A number, or minutes.
    Number(u32),
}

/// Picks exercises: those listed, and those of a kind (and, where muscles are given, for one of them).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selector {
    /// Listed exercises.
    pub ids: Vec<ExerciseId>,
    /// Kinds.
    pub kinds: Vec<Kind>,
    /// Muscles that narrow the kinds; groups expand.
    pub muscles: Vec<MuscleId>,
    /// Whether all of the listed ids must be there, not just one.
    pub match_all: bool,
}

impl Selector {
    /// Whether it picks an exercise.
    #[must_use]
    pub fn matches(&self, exercise: &Exercise) -> bool {
        self.ids.contains(&exercise.id)
            || (self.kinds.contains(&exercise.kind)
                && (self.muscles.is_empty() || exercise.works_any(&self.muscles)))
    }
}

/// What a gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateAction {
    /// Not while the profile is so.
    Block,
    /// Not until a clinician has agreed.
    BlockUntilCleared,
    /// Something else comes first.
    RequireBefore,
    /// Says so and goes on.
    Warn,
    /// Offers another exercise.
    Prefer,
    /// Is shown.
    Show,
}

/// Who decided which exercises a gate stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// A source.
    Stated,
    /// We did.
    Ours,
}

/// A gate before exercises, keyed to the profile. Severity and action are ours.
/// source: ../domain/protocols.md
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Gate {
    /// Its id.
    pub id: GateId,
    /// When it stands: all of these answers together.
    pub profile: ProfileCondition,
    /// How serious it is (ours).
    pub severity: Severity,
    /// What it does (ours).
    pub action: GateAction,
    /// The gate in words.
    pub text: Code,
    /// The exercises it stands before.
    pub applies_to: Vec<ExerciseId>,
    /// What to do instead.
    #[serde(default)]
    pub prefer: Vec<ExerciseId>,
    /// Who decided which exercises.
    pub mapping: Mapping,
    /// Sources by field, and what is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// A condition of the person that a template or rule names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Condition {
    /// Its id.
    pub id: ConditionId,
    /// The condition in words.
    pub text: Code,
    /// Its figures (minutes).
    #[serde(default)]
    pub values: Vec<u32>,
    /// Sources, and whether it is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// How pain is to be read during an exercise. source: ../domain/protocols.md
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PainRule {
    /// Its id.
    pub id: PainRuleId,
    /// Its name.
    pub name: Code,
    /// When to ask whether it eases, in seconds.
    #[serde(default)]
    pub ease_check_s: Option<u32>,
    /// What it says.
    pub parts: Vec<PainRulePart>,
    /// A remark.
    #[serde(default)]
    pub note: Option<Code>,
    /// Sources by field, and what is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// One thing a pain rule says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PainRulePart {
    /// Its id inside the rule.
    pub id: String,
    /// What it says.
    pub text: Code,
    /// What the sources state it for.
    pub stated_for: Code,
    /// Who says it.
    pub sources: Vec<SourceId>,
}
