//! The plan as progress asks it: the timetables of its routines and its pauses. When a schedule was
//! valid, and what it makes of a day, the schedules themselves know.

use std::collections::BTreeMap;

use super::asked::{AskedItem, AskedOfDay, Calendar, Goal, Routinely, items};
use crate::ids::RoutineId;
use crate::record::{PlayedStep, StepRef};
use crate::routine::Routine;
use crate::schedule::{Ask, AskSpan, Pauses, Rhythm, Span};
use crate::units::LocalDay;

/// The routines of a plan, and its pauses.
#[derive(Debug, Clone)]
pub struct Planned<'a> {
    routines: &'a BTreeMap<RoutineId, Routine>,
    pauses: &'a Pauses,
    /// Those that ever asked for something of several days: most plans have none.
    open: Vec<&'a Routine>,
}

impl<'a> Planned<'a> {
    /// The plan made of these.
    #[must_use]
    pub fn new(routines: &'a BTreeMap<RoutineId, Routine>, pauses: &'a Pauses) -> Self {
        let leaves_open = |routine: &&Routine| {
            let mut schedules = routine.timetable.versions().values().flatten();
            schedules.any(|schedule| {
                let rhythm = &schedule.rhythm;
                matches!(rhythm, Some(Rhythm::Times { per: Span::Week, .. } | Rhythm::Every { .. }))
            })
        };
        Self { routines, pauses, open: routines.values().filter(leaves_open).collect() }
    }
}

fn asked(routine: &Routine, ask: &Ask) -> Routinely {
    Routinely { routine: routine.id.clone(), times: ask.least }
}

impl Calendar for Planned<'_> {
    fn of_day(&self, day: LocalDay) -> AskedOfDay {
        if !self.routines.values().any(|routine| routine.timetable.on(day).is_some()) {
            return AskedOfDay::Unplanned;
        }
        if self.pauses.covers(day) {
            return AskedOfDay::Paused;
        }
        let of = |routine: &Routine| {
            let ask = routine.timetable.due_on(day, self.pauses)?;
            (ask.span == AskSpan::Day).then(|| asked(routine, &ask))
        };
        AskedOfDay::Sessions(self.routines.values().filter_map(of).collect())
    }

    fn goals_on(&self, day: LocalDay) -> Vec<Goal> {
        let of = |routine: &&Routine| {
            let ask = routine.timetable.due_on(day, self.pauses)?;
            let of_week = ask.span == AskSpan::Week;
            let open = ask.span != AskSpan::Day;
            open.then(|| Goal { asked: asked(routine, &ask), days: ask.days, of_week })
        };
        self.open.iter().filter_map(of).collect()
    }

    fn items(&self, routine: &RoutineId) -> Vec<AskedItem> {
        let Some(routine) = self.routines.get(routine) else { return Vec::new() };
        let chosen = routine.blocks.iter().filter(|block| routine.is_chosen(block));
        let on = chosen.flat_map(|block| &block.steps).filter(|step| step.is_on());
        let steps: Vec<PlayedStep> = on
            .map(|step| PlayedStep {
                step: StepRef::Step(step.id.clone()),
                exercise: step.exercise.clone(),
                side: step.side,
                dose: step.dose.clone(),
            })
            .collect();
        items(&steps)
    }
}
