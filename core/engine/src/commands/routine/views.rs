//! Routines as the engine hands them out, under the names of the command line's JSON.

use holdfast_domain::catalogue::OwnExercise;
use holdfast_domain::routine::{Routine, Schedule};
use serde::Serialize;

use crate::documents::actor::ActorId;
use crate::documents::plan::{Conflict, PlanReading};
use crate::views::StatusKind;

/// A routine with what is unsettled about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoutineView {
    /// The routine, in the form of a routine file.
    pub routine: Routine,
    /// What this account calls who made it, or prescribed it, where that is somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// What two devices wrote at once and a person must settle. Until then one of them stands.
    pub conflicts: Vec<ConflictView>,
    /// The person's own exercises among its steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own_exercises: Vec<OwnExercise>,
    /// How far the plan has come.
    pub status: StatusKind,
}

/// A routine in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoutineSummary {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Goes up with every edit.
    pub version: u64,
    /// Who made it: the account, as hex.
    pub author: Option<String>,
    /// What this account calls them, where that is somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// The template it began as.
    pub from_template: Option<String>,
    /// How many steps it has, left-out ones too.
    pub steps: usize,
    /// When it is to be done.
    pub schedule: Option<Schedule>,
    /// How many things two devices wrote at once and a person must settle.
    pub conflicts: usize,
}

/// Several values written at once at one place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConflictView {
    /// What to call it when it is settled.
    pub id: String,
    /// The step it is about, where it is about one.
    pub step: Option<String>,
    /// Which field: `dose`, `side`, `name`, …
    pub field: String,
    /// The values, no two equal.
    pub values: Vec<ConflictValueView>,
}

/// One of several values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConflictValueView {
    /// The value. Of a dose, side or tool: `{exercise, value}`, with the exercise it was meant for.
    pub value: serde_json::Value,
    /// Whether it is the one that is read until somebody settles it.
    pub stands: bool,
    /// Whether this device wrote it.
    pub this_device: bool,
}

impl RoutineView {
    pub(super) fn new(
        routine: &Routine,
        plan: &PlanReading,
        me: ActorId,
        status: StatusKind,
    ) -> Self {
        let conflicts = of_routine(plan, routine).map(|one| ConflictView::new(one, me)).collect();
        let used = |own: &&OwnExercise| routine.steps().any(|step| step.exercise == own.id);
        let own_exercises = plan.own.values().filter(used).cloned().collect();
        let author_name = None;
        Self { routine: routine.clone(), author_name, conflicts, own_exercises, status }
    }
}

impl RoutineSummary {
    pub(super) fn new(routine: &Routine, plan: &PlanReading) -> Self {
        Self {
            id: routine.id.to_string(),
            name: routine.name.clone(),
            version: routine.version,
            author: routine.author.clone(),
            author_name: None,
            from_template: routine.from_template.as_ref().map(ToString::to_string),
            steps: routine.steps().count(),
            schedule: routine.schedule().cloned(),
            conflicts: of_routine(plan, routine).count(),
        }
    }
}

impl ConflictView {
    fn new(conflict: &Conflict, me: ActorId) -> Self {
        let values = conflict.values.iter().map(|one| ConflictValueView {
            value: one.value.clone(),
            stands: one.stands,
            this_device: one.actor == me,
        });
        Self {
            id: conflict.key.to_string(),
            step: conflict.step().map(ToString::to_string),
            field: conflict.key.field.clone(),
            values: values.collect(),
        }
    }
}

/// What is unsettled about a routine.
pub(super) fn of_routine<'a>(
    plan: &'a PlanReading,
    routine: &'a Routine,
) -> impl Iterator<Item = &'a Conflict> {
    plan.conflicts.iter().filter(|conflict| conflict.key.routine == routine.id)
}
