//! A proposal made of edits of the routine that is there: the same edits that its owner could make, on a copy.

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::routine::{Routine, Schedule};

use crate::Inner;
use crate::commands::routine::{StepEdit, StepPlace, StepRequest, edit, find};
use crate::error::Result;

/// One edit of a proposed routine.
#[derive(Debug, Clone, PartialEq)]
pub enum RoutineEdit {
    /// Another name.
    Rename(String),
    /// When it is to be done from the day it is accepted; nothing for no schedule.
    Schedule(Option<Schedule>),
    /// One more step.
    AddStep {
        /// The step.
        step: Box<StepRequest>,
        /// Where it goes.
        place: StepPlace,
    },
    /// A step otherwise.
    SetStep {
        /// The step: its id, the beginning of it, or its exercise.
        step: String,
        /// What changes.
        edit: Box<StepEdit>,
    },
    /// A step elsewhere.
    MoveStep {
        /// The step: its id, the beginning of it, or its exercise.
        step: String,
        /// Where it goes.
        place: StepPlace,
    },
    /// A step less.
    RemoveStep {
        /// The step: its id, the beginning of it, or its exercise.
        step: String,
    },
}

impl Inner {
    /// A routine with one edit made.
    pub(super) fn edited(
        &self,
        routine: &Routine,
        change: &RoutineEdit,
        catalogue: &Catalogue,
    ) -> Result<Routine> {
        Ok(match change {
            RoutineEdit::Rename(name) => routine.renamed(name.trim())?,
            RoutineEdit::Schedule(schedule) => {
                let mut scheduled = routine.clone();
                let since = self.now().local_day(0);
                scheduled.timetable = scheduled.timetable.with(schedule.clone(), since)?;
                scheduled.timetable = scheduled.timetable.without_days();
                scheduled
            }
            RoutineEdit::AddStep { step, place } => {
                edit::with_added(self, routine, catalogue, step, place)?.0
            }
            RoutineEdit::SetStep { step, edit } => {
                let id = find::step(routine, step)?.clone();
                let change = edit::change_of(routine, &id, edit, catalogue)?;
                routine.with_step_changed(&id, change, catalogue)?
            }
            RoutineEdit::MoveStep { step, place } => {
                let id = find::step(routine, step)?.clone();
                let place = edit::placed(routine, place)?;
                let mut ids = || self.fresh_id();
                routine.with_step_moved(&id, &place, catalogue, &mut ids)?
            }
            RoutineEdit::RemoveStep { step } => {
                let id = find::step(routine, step)?.clone();
                routine.without_step(&id)?
            }
        })
    }
}
