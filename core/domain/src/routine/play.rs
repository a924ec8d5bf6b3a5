//! From a routine to what the player plays: sides resolved, steps chosen, doses laid out.
//! Refuses to start what still has a question open; whether the rules allow it is asked apart.

use super::{Choices, Routine, Step, Turn};
use crate::catalogue::{Catalogue, Exercise};
use crate::dose::{Dose, TempoPhase};
use crate::ids::{ExerciseId, StepId, ToolId};
use crate::player::{Plan, PlanError, PlannedHold, StepOnSide, Timing};
use crate::record::{PlayedStep, StepRef};
use crate::vocabulary::{Mode, SideRule};
use crate::words::{Message, refusals_in_words};

/// A plan, and what a person should know of how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Playable {
    /// What the player plays.
    pub plan: Plan,
    /// The steps it plays with the doses of this moment, for the session's record.
    pub steps: Vec<PlayedStep>,
    /// Steps that are off: optional ones nobody chose, other alternatives, steps left out.
    pub left_out: Vec<StepId>,
    /// Steps played that are meant only under a condition, which the person judges.
    pub conditional: Vec<StepId>,
}

/// Why a routine cannot be played yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayRefusal {
    /// Steps that ask for their side.
    SidesToSay(Vec<StepId>),
    /// Places for an exercise of the person's choice.
    SlotsToFill(Vec<StepId>),
    /// Everything is optional and nothing is chosen.
    NothingChosen(Vec<StepId>),
    /// Exercises that are not in the catalogue of this version.
    UnknownExercise(ExerciseId),
    /// The player cannot play it.
    Plan(PlanError),
}

refusals_in_words!(PlayRefusal);

impl PlayRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::SidesToSay(_) => "routine.sides_to_say",
            Self::SlotsToFill(_) => "routine.slots_to_fill",
            Self::NothingChosen(_) => "routine.nothing_chosen",
            Self::UnknownExercise(_) => "routine.exercise_of_another_version",
            Self::Plan(_) => "routine.cannot_play",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::SidesToSay(steps) | Self::SlotsToFill(steps) | Self::NothingChosen(steps) => {
                message.with("steps", listed(steps))
            }
            Self::UnknownExercise(id) => message.with("id", id.as_str()),
            Self::Plan(refused) => message.with("why", refused.message()),
        }
    }
}

impl From<PlanError> for PlayRefusal {
    fn from(refused: PlanError) -> Self {
        Self::Plan(refused)
    }
}

fn listed(steps: &[StepId]) -> String {
    steps.iter().map(StepId::as_str).collect::<Vec<_>>().join(", ")
}

impl Routine {
    /// Lays the routine out for the player, in the order the rules judged it.
    ///
    /// A time nobody stated is played as an open hold; a count nobody stated is the person's.
    ///
    /// # Errors
    /// [`PlayRefusal`] while a side is to be said, a slot to be filled, or nothing is chosen.
    pub fn to_plan(
        &self,
        catalogue: &Catalogue,
        choices: &Choices,
        timing: Timing,
    ) -> Result<Playable, PlayRefusal> {
        let turns = self.sequence(choices);
        let played = |step: &Step| turns.iter().any(|turn| turn.step.id == step.id);
        let left_out: Vec<StepId> =
            self.steps().filter(|step| !played(step)).map(|step| step.id.clone()).collect();
        if turns.is_empty() && !left_out.is_empty() {
            return Err(PlayRefusal::NothingChosen(left_out));
        }
        ask_first(&turns)?;
        let mut holds: Vec<PlannedHold> = Vec::new();
        for turn in &turns {
            holds.extend(on_side(turn, catalogue)?.holds()?);
        }
        let on = || self.steps().filter(|step| played(step));
        let conditional = |step: &&Step| {
            let block = turns.iter().find(|turn| turn.step.id == step.id).map(|turn| turn.block);
            step.condition.is_some() || block.is_some_and(|block| block.condition.is_some())
        };
        Ok(Playable {
            plan: Plan::new(timing, holds)?,
            steps: on().map(played_step).collect(),
            left_out,
            conditional: on().filter(conditional).map(|step| step.id.clone()).collect(),
        })
    }
}

fn ask_first(turns: &[Turn<'_>]) -> Result<(), PlayRefusal> {
    let steps = |wanted: &dyn Fn(&Turn<'_>) -> bool| -> Vec<StepId> {
        turns.iter().filter(|turn| wanted(turn)).map(|turn| turn.step.id.clone()).collect()
    };
    let slots = steps(&|turn| turn.step.dose.mode == Mode::Slot);
    if !slots.is_empty() {
        return Err(PlayRefusal::SlotsToFill(slots));
    }
    let sides = steps(&|turn| turn.side.side().is_none());
    if sides.is_empty() { Ok(()) } else { Err(PlayRefusal::SidesToSay(sides)) }
}

fn on_side(turn: &Turn<'_>, catalogue: &Catalogue) -> Result<StepOnSide, PlayRefusal> {
    let step = turn.step;
    let exercise = catalogue
        .exercise(&step.exercise)
        .ok_or_else(|| PlayRefusal::UnknownExercise(step.exercise.clone()))?;
    let side = turn.side.side().ok_or_else(|| PlayRefusal::SidesToSay(vec![step.id.clone()]))?;
    Ok(StepOnSide {
        step: step.id.clone(),
        exercise: step.exercise.clone(),
        name: exercise.name.arg(),
        side,
        dose: dose_to_play(step),
        ease_check: exercise.ease_check,
        tool: step.tool.clone().or_else(|| only_tool(exercise)),
    })
}

/// Alternating repetitions count per side: with hold seconds stated, one repetition is a hold on
/// the left and one on the right, paced.
fn dose_to_play(step: &Step) -> Dose {
    let mut dose = step.dose.clone();
    let alternates = step.side == SideRule::Alternating && dose.mode == Mode::Reps;
    if let Some(secs) = dose.hold_s.to_play().filter(|_| alternates && dose.tempo.is_empty()) {
        let phase = |name: &str| TempoPhase { name: name.to_owned(), secs: Some(secs) };
        dose.mode = Mode::Tempo;
        dose.tempo = vec![phase("left"), phase("right")];
    }
    dose
}

/// The tool that is certain: the catalogue names exactly one.
fn only_tool(exercise: &Exercise) -> Option<ToolId> {
    match exercise.tools.as_slice() {
        [tool] => Some(tool.clone()),
        _ => None,
    }
}

fn played_step(step: &Step) -> PlayedStep {
    PlayedStep {
        step: StepRef::Step(step.id.clone()),
        exercise: step.exercise.clone(),
        side: step.side,
        dose: step.dose.clone(),
    }
}
