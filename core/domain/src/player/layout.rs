//! A step on one side, laid out into the holds of its sets and repetitions.
//! Refuses to know of blocks and of the order of sides: that is the routine's.

use super::plan::{MAX_HOLDS, PacedPhase, PlanError, PlannedHold, Work};
use crate::dose::{Dose, TempoPhase};
use crate::ids::{ExerciseId, StepId, ToolId};
use crate::record::MAX_SETS;
use crate::units::Millis;
use crate::vocabulary::{Mode, Side};
use crate::words::{Arg, Named, Words};

/// One step on one side, before its sets and repetitions are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOnSide {
    /// The step of the routine.
    pub step: StepId,
    /// What is done.
    pub exercise: ExerciseId,
    /// How it is called: the code of a catalogue name, or the text somebody gave it.
    pub name: Arg,
    /// On which side.
    pub side: Side,
    /// The dose to play.
    pub dose: Dose,
    /// See [`PlannedHold::ease_check`].
    pub ease_check: bool,
    /// The tool, where one is used.
    pub tool: Option<ToolId>,
}

impl StepOnSide {
    /// Every set and repetition of this step on this side, in order, with its rests between.
    /// Repetitions whose number and hold seconds are both stated become one hold each (the realignment's ten pushes);
    /// others are one entry a set, counted or paced. A rest nobody stated is none.
    ///
    /// # Errors
    /// [`PlanError`] for a slot, a self-test, or a dose beyond the bounds.
    pub fn holds(&self) -> Result<Vec<PlannedHold>, PlanError> {
        let (work, reps) = self.work()?;
        let sets = self.count(self.dose.sets.to_play())?;
        let rest = self.dose.rest_s.to_play().map_or(Millis::ZERO, secs);
        let last = if work.is_whole_set() { 0 } else { reps };
        let first = last.min(1);
        let mut holds = Vec::new();
        for set in 1..=sets {
            for rep in first..=last {
                if holds.len() == MAX_HOLDS {
                    return Err(PlanError::TooLong(usize::from(sets) * usize::from(reps)));
                }
                holds.push(PlannedHold {
                    step: self.step.clone(),
                    exercise: self.exercise.clone(),
                    name: self.name.clone(),
                    side: self.side,
                    set,
                    rep,
                    work: work.clone(),
                    ease_check: self.ease_check && work.is_hold(),
                    rest_before: if holds.is_empty() { Millis::ZERO } else { rest },
                    tool: self.tool.clone(),
                });
            }
        }
        Ok(holds)
    }

    /// A stated number of sets or repetitions; 1 where nobody stated one.
    fn count(&self, stated: Option<u32>) -> Result<u16, PlanError> {
        match u16::try_from(stated.unwrap_or(1)) {
            Ok(0) => Err(PlanError::Zero(self.step.clone())),
            Ok(count) if count <= MAX_SETS => Ok(count),
            _ => Err(PlanError::TooMuch(self.step.clone())),
        }
    }

    /// What one entry is, and how many there are in a set.
    fn work(&self) -> Result<(Work, u16), PlanError> {
        let dose = &self.dose;
        let hold = dose.hold_s.to_play().map(secs);
        let reps = self.count(dose.reps.to_play())?;
        let counted = dose.reps.to_play().map(|_| reps);
        Ok(match dose.mode {
            Mode::Slot => return Err(PlanError::UnfilledSlot(self.step.clone())),
            Mode::Test => return Err(PlanError::SelfTest(self.step.clone())),
            Mode::Tick => (Work::Tick, 1),
            Mode::Open => (Work::Open, 1),
            Mode::UntilEased => (Work::UntilEased { at_most: hold }, 1),
            Mode::Timed => (hold.map_or(Work::Open, |target| Work::Timed { target }), reps),
            Mode::Tempo if let Some(phases) = paced(&dose.tempo) => {
                (Work::Tempo { phases, reps: counted }, 1)
            }
            Mode::Reps | Mode::Tempo => match (hold, counted) {
                (Some(target), Some(reps)) => (Work::Timed { target }, reps),
                _ => (Work::Reps { target: counted }, 1),
            },
        })
    }
}

/// The phases to pace; nothing when one of them has no stated seconds.
fn paced(tempo: &[TempoPhase]) -> Option<Vec<PacedPhase>> {
    let phases = tempo
        .iter()
        .map(|p| Some(PacedPhase { name: name(p), length: secs(p.secs?) }))
        .collect::<Option<Vec<_>>>()?;
    (!phases.is_empty()).then_some(phases)
}

/// What a phase is called: a side, a phase that has words, or as somebody wrote it.
fn name(phase: &TempoPhase) -> Arg {
    let side: Option<Side> = phase.name.parse().ok();
    let code = side.map_or_else(|| phase.name_code(), |side| side.name_code());
    if Words::english().knows(code.as_str()) {
        Arg::code(code)
    } else {
        Arg::from(phase.name.as_str())
    }
}

fn secs(secs: u32) -> Millis {
    Millis::from_secs(u64::from(secs))
}
