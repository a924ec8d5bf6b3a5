//! The plan as progress asks it: the timetables of its routines and its pauses. When a schedule was
//! valid, and what it makes of a day, the schedules themselves know.

use super::asked::{AskedItem, AskedOfDay, Calendar, Goal, Routinely, items};
use crate::ids::RoutineId;
use crate::record::{PlayedStep, StepRef};
use crate::routine::Routine;
use crate::schedule::{Ask, AskSpan, Pauses, Rhythm, Span};
use crate::units::LocalDay;

/// Whether a day is one of recovery.
type IsRecovery<'a> = dyn Fn(LocalDay) -> bool + 'a;

/// The routines of a plan, those that were removed among them, and its pauses.
#[derive(Clone)]
pub struct Planned<'a> {
    routines: Vec<&'a Routine>,
    pauses: &'a Pauses,
    /// Those that ever asked for something of several days: most plans have none.
    open: Vec<&'a Routine>,
    recovery: &'a IsRecovery<'a>,
}

impl<'a> Planned<'a> {
    /// The plan made of these. A routine that was removed asks for what it asked for before it was.
    /// `recovery` says which days are days of recovery.
    #[must_use]
    pub fn new(
        routines: impl IntoIterator<Item = &'a Routine>,
        pauses: &'a Pauses,
        recovery: &'a IsRecovery<'a>,
    ) -> Self {
        let routines: Vec<&Routine> = routines.into_iter().collect();
        let leaves_open = |routine: &&&Routine| {
            let mut schedules = routine.timetable.versions().values().flatten();
            schedules.any(|schedule| {
                let rhythm = &schedule.rhythm;
                matches!(rhythm, Some(Rhythm::Times { per: Span::Week, .. } | Rhythm::Every { .. }))
            })
        };
        let open = routines.iter().filter(leaves_open).copied().collect();
        Self { routines, pauses, open, recovery }
    }
}

/// Days of recovery lessen what is asked of several days by their share, rounded down (ours).
fn less_rests(times: u32, days: usize, rests: usize) -> u32 {
    let share = u64::from(times) * (days - rests) as u64 / days.max(1) as u64;
    u32::try_from(share).unwrap_or(u32::MAX)
}

fn asked(routine: &Routine, ask: &Ask) -> Routinely {
    Routinely { routine: routine.id.clone(), times: ask.least }
}

impl Calendar for Planned<'_> {
    fn of_day(&self, day: LocalDay) -> AskedOfDay {
        if !self.routines.iter().any(|routine| routine.timetable.on(day).is_some()) {
            return AskedOfDay::Unplanned;
        }
        if self.pauses.covers(day) {
            return AskedOfDay::Paused;
        }
        let of = |routine: &&Routine| {
            let ask = routine.timetable.due_on(day, self.pauses)?;
            (ask.span == AskSpan::Day).then(|| asked(routine, &ask))
        };
        AskedOfDay::Sessions(self.routines.iter().filter_map(of).collect())
    }

    fn is_recovery(&self, day: LocalDay) -> bool {
        (self.recovery)(day)
    }

    fn goals_on(&self, day: LocalDay) -> Vec<Goal> {
        let of = |routine: &&Routine| {
            let ask = routine.timetable.due_on(day, self.pauses)?;
            let of_week = ask.span == AskSpan::Week;
            let open = ask.span != AskSpan::Day;
            let rests = ask.days.iter().filter(|day| (self.recovery)(**day)).count();
            let mut asked = asked(routine, &ask);
            asked.times = less_rests(asked.times, ask.days.len(), rests);
            (open && asked.times > 0).then_some(Goal { asked, days: ask.days, of_week })
        };
        self.open.iter().filter_map(of).collect()
    }

    fn items(&self, routine: &RoutineId) -> Vec<AskedItem> {
        let found = self.routines.iter().find(|known| known.id == *routine);
        let Some(routine) = found else { return Vec::new() };
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
