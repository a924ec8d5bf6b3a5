//! What a screen shows right now, worked out from the state and the instant alone, and the
//! session's summary for its end. Refuses to know of layout and language.

use serde::{Deserialize, Serialize};

use super::Player;
use super::beats::Beats;
use super::course::{Course, Stage};
use super::effect::{Question, SessionEnd};
use super::input::{PauseReason, Position};
use super::instant::At;
use super::log::HoldToLog;
use super::plan::{LeadKind, PlannedHold};
use crate::ids::{ExerciseId, StepId};
use crate::record::PainRating;
use crate::units::Millis;
use crate::vocabulary::Side;
use crate::words::Arg;

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageView {
    /// Not begun.
    Ready,
    /// Getting into position.
    Prepare,
    /// Changing sides.
    Switch,
    /// Resting.
    Rest,
    /// Moving to another spot.
    Move,
    /// Holding, or doing repetitions.
    Hold,
    /// A hold was broken off; the question waits.
    BrokenOff,
    /// Over.
    Over,
}

/// What comes after the current entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextUp {
    /// The exercise.
    pub exercise: ExerciseId,
    /// How it is called.
    pub name: Arg,
    /// On which side.
    pub side: Side,
}

/// A screenful.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Send this with every input.
    pub position: Position,
    /// What is going on.
    pub stage: StageView,
    /// The step of the routine that runs or comes next.
    pub step: StepId,
    /// Its exercise.
    pub exercise: ExerciseId,
    /// How that is called.
    pub name: Arg,
    /// On which side.
    pub side: Side,
    /// "2 of 5": which step on which side, from 1. Sets and repetitions do not count.
    pub step_no: u32,
    /// Of how many.
    pub step_count: u32,
    /// Which set, from 1.
    pub set: u16,
    /// Which repetition, from 1; 0 for a whole set.
    pub rep: u16,
    /// Time run of this stage, pauses left out.
    #[serde(rename = "elapsed_ms")]
    pub elapsed: Millis,
    /// Time left of this stage; nothing when a person ends it.
    #[serde(rename = "remaining_ms")]
    pub remaining: Option<Millis>,
    /// How much of this stage is over, 0 to 1; nothing when a person ends it.
    pub progress: Option<f64>,
    /// Repetitions done of a whole set, as far as known.
    pub reps: Option<u16>,
    /// Repetitions asked for.
    pub target_reps: Option<u16>,
    /// Which attempt on this hold, from 1.
    pub attempt: u32,
    /// What comes next.
    pub next: Option<NextUp>,
    /// The question that can be answered.
    pub question: Option<Question>,
    /// Why time stands still, if it does.
    pub paused: Option<PauseReason>,
    /// How the session ended, once it did.
    pub end: Option<SessionEnd>,
}

/// What a session came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Every hold that was logged, in the order of the plan.
    pub holds: Vec<HoldToLog>,
    /// Entries in the plan.
    pub planned: u32,
    /// What is judged: the last attempts of all holds together.
    #[serde(rename = "held_ms")]
    pub held: Millis,
    /// All attempts of all holds.
    #[serde(rename = "under_pressure_ms")]
    pub under_pressure: Millis,
    /// Pauses, of rests and preparations too.
    #[serde(rename = "paused_ms")]
    pub paused: Millis,
    /// Time added by the person.
    #[serde(rename = "extended_ms")]
    pub extended: Millis,
    /// From start to end, or to the last attended instant.
    #[serde(rename = "length_ms")]
    pub length: Millis,
    /// When it began, if it did.
    pub started_at: Option<At>,
    /// When it ended, if it did.
    pub ended_at: Option<At>,
    /// The first rating before a hold.
    pub pain_before: Option<PainRating>,
    /// The last rating after a hold.
    pub pain_after: Option<PainRating>,
    /// How it ended, if it did.
    pub end: Option<SessionEnd>,
}

impl Player {
    /// What a screen shows at `at`.
    #[must_use]
    pub fn view(&self, at: At) -> View {
        let live = self.live(self.clock.reading(at), &mut super::Heard::nothing(self.clock));
        let hold = live
            .planned(&self.plan)
            .or_else(|| self.plan.holds().last())
            .expect("a plan is never empty");
        let (stage, elapsed, end) = stage(&live, hold);
        let (step_no, step_count) = steps(self.plan.holds(), live.hold as usize);
        View {
            position: live.position(),
            stage,
            step: hold.step.clone(),
            exercise: hold.exercise.clone(),
            name: hold.name.clone(),
            side: hold.side,
            step_no,
            step_count,
            set: hold.set,
            rep: hold.rep,
            elapsed,
            remaining: end.map(|end| end.saturating_sub(elapsed)),
            progress: end.map(|end| share(elapsed, end)),
            reps: reps(&live, hold, elapsed),
            target_reps: hold.work.target_reps(),
            attempt: attempt(&live),
            next: self.plan.holds().get(live.hold as usize + 1).map(|next| NextUp {
                exercise: next.exercise.clone(),
                name: next.name.clone(),
                side: next.side,
            }),
            question: live.open_question(),
            paused: live.pause.map(|pause| pause.reason),
            end: match &live.stage {
                Stage::Over(end) => Some(end.clone()),
                _ => None,
            },
        }
    }

    /// What the session came to, as far as it was attended.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let attended = &self.settled;
        let holds: Vec<HoldToLog> = self.logged.values().cloned().collect();
        let until = attended.finished.unwrap_or(attended.time);
        let instant = |time| self.clock.instant_of(time);
        Summary {
            planned: u32::try_from(self.plan.holds().len()).unwrap_or(u32::MAX),
            held: holds.iter().map(HoldToLog::held).sum(),
            under_pressure: holds.iter().map(HoldToLog::under_pressure).sum(),
            paused: attended.paused,
            extended: attended.extended,
            length: attended.started.map_or(Millis::ZERO, |started| until.since(started)),
            started_at: attended.started.map(instant),
            ended_at: attended.finished.map(instant),
            pain_before: holds.iter().find_map(|hold| hold.pain_before.clone()),
            pain_after: holds.iter().rev().find_map(|hold| hold.pain_after.clone()),
            end: self.over.clone(),
            holds,
        }
    }
}

/// What is going on, for how long, and how long it lasts.
fn stage(live: &Course, hold: &PlannedHold) -> (StageView, Millis, Option<Millis>) {
    // While time stands still, so does what has run.
    let now = live.pause.map_or(live.time, |pause| pause.since.min(live.time));
    match &live.stage {
        Stage::Ready => (StageView::Ready, Millis::ZERO, hold.work.target()),
        Stage::Lead(leading) => {
            let stage = match leading.lead.kind {
                LeadKind::Prepare => StageView::Prepare,
                LeadKind::Switch => StageView::Switch,
                LeadKind::Rest => StageView::Rest,
                LeadKind::Move => StageView::Move,
            };
            let end = Beats::of_lead(leading).end;
            (stage, leading.span.elapsed(now).min(end), Some(end))
        }
        Stage::Hold(running) => {
            (StageView::Hold, running.span.elapsed(now), running.target(&hold.work))
        }
        Stage::BrokenOff(running, left) => {
            (StageView::BrokenOff, running.span.elapsed(*left), running.target(&hold.work))
        }
        Stage::Over(_) => (StageView::Over, Millis::ZERO, None),
    }
}

fn share(elapsed: Millis, end: Millis) -> f64 {
    if end == Millis::ZERO {
        return 1.0;
    }
    // Both fit a float's whole numbers many times over: a day is 86 million milliseconds.
    (elapsed.0 as f64 / end.0 as f64).clamp(0.0, 1.0)
}

fn reps(live: &Course, hold: &PlannedHold, elapsed: Millis) -> Option<u16> {
    match &live.stage {
        Stage::Hold(running) | Stage::BrokenOff(running, _) => running.reps_at(&hold.work, elapsed),
        _ => None,
    }
}

fn attempt(live: &Course) -> u32 {
    let closed = match &live.stage {
        Stage::Hold(running) | Stage::BrokenOff(running, _) => running.closed.len(),
        Stage::Lead(leading) => leading.attempt_of.as_ref().map_or(0, |of| of.closed.len()),
        Stage::Ready | Stage::Over(_) => 0,
    };
    u32::try_from(closed).unwrap_or(u32::MAX).saturating_add(1)
}

/// Which step on which side the entry belongs to, and how many there are.
fn steps(holds: &[PlannedHold], index: usize) -> (u32, u32) {
    let mut met = std::collections::HashMap::new();
    let mut here = 0;
    for (i, hold) in holds.iter().enumerate() {
        let next = u32::try_from(met.len()).unwrap_or(u32::MAX).saturating_add(1);
        let number = *met.entry((&hold.step, hold.side)).or_insert(next);
        if i == index {
            here = number;
        }
    }
    (here, u32::try_from(met.len()).unwrap_or(u32::MAX))
}
