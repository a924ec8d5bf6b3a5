//! What was done, as totals of one set on one day: what a store keeps and hands in. How records
//! become holds was decided before; of several doings under one key only the first is in here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::asked::{AskedItem, Calendar};
use super::known::Known;
use crate::ids::{ExerciseId, RoutineId, SessionId};
use crate::record::{Hold, StepRef};
use crate::units::{LocalDay, Moment};
use crate::vocabulary::{EndedBy, Side};

/// A pain rating and when the hold it came with began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rated {
    /// Milliseconds since 1970-01-01T00:00Z.
    pub at_ms: i64,
    /// NRS 0–10.
    pub nrs: u8,
}

/// The holds of one set of a step on one side of a session, on one day, added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetDone {
    /// The local day it happened on; the session's where that is scheduled.
    pub day: LocalDay,
    /// The session.
    pub session: SessionId,
    /// The routine it was played from.
    pub routine: Option<RoutineId>,
    /// The step or exercise.
    pub step: StepRef,
    /// The exercise.
    pub exercise: ExerciseId,
    /// The side.
    pub side: Side,
    /// The set.
    pub set: u16,
    /// Holds that count and were done; those that were skipped are not.
    pub holds: u32,
    /// What was held, in milliseconds.
    pub held_ms: u64,
    /// The same, no hold for more than its own target.
    pub capped_ms: u64,
    /// What was left of the target when a hold ended because it had eased: nobody owes that.
    pub spared_ms: u64,
    /// Repetitions.
    pub reps: u32,
    /// Pauses, in milliseconds.
    pub paused_ms: u64,
    /// After how long each hold eased, in milliseconds, the shortest first.
    pub eased_ms: Vec<u64>,
    /// The first pain rated before.
    pub pain_before: Option<Rated>,
    /// The last pain rated after.
    pub pain_after: Option<Rated>,
    /// When the first hold began.
    pub first: Moment,
    /// When the last hold began.
    pub last: Moment,
}

impl SetDone {
    /// Adds up the holds of one set, one total for each day they happened on. Doings that do not
    /// count are left out. The order of the holds makes no difference.
    #[must_use]
    pub fn of(holds: &[Hold], day_start_min: u16) -> Vec<Self> {
        let mut counted: Vec<&Hold> = holds.iter().filter(|hold| hold.counts).collect();
        counted.sort_by(|a, b| (a.started_at.utc_ms, &a.key).cmp(&(b.started_at.utc_ms, &b.key)));
        let mut totals: BTreeMap<LocalDay, Self> = BTreeMap::new();
        for hold in counted {
            let day = hold.local_day(day_start_min);
            totals.entry(day).or_insert_with(|| Self::begun_by(hold, day)).add(hold);
        }
        totals.into_values().collect()
    }

    /// Whether anything was done.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.holds > 0
    }

    fn begun_by(hold: &Hold, day: LocalDay) -> Self {
        Self {
            day,
            session: hold.session_id(),
            routine: hold.routine.clone().or_else(|| hold.key.session.routine().cloned()),
            step: hold.key.step.clone(),
            exercise: hold.exercise.clone(),
            side: hold.key.side,
            set: hold.key.set,
            holds: 0,
            held_ms: 0,
            capped_ms: 0,
            spared_ms: 0,
            reps: 0,
            paused_ms: 0,
            eased_ms: Vec::new(),
            pain_before: None,
            pain_after: None,
            first: hold.started_at.clone(),
            last: hold.started_at.clone(),
        }
    }

    fn add(&mut self, hold: &Hold) {
        let rated = |nrs: u8| Rated { at_ms: hold.started_at.utc_ms, nrs };
        if self.pain_before.is_none() {
            self.pain_before = hold.pain_before.as_ref().map(|pain| rated(pain.nrs.into()));
        }
        if let Some(pain) = &hold.pain_after {
            self.pain_after = Some(rated(pain.nrs.into()));
        }
        self.last = hold.started_at.clone();
        if !was_done(hold) {
            return;
        }
        // The record of a whole set holds what each repetition took.
        let times = if hold.key.is_set_level() { u64::from(hold.reps_counted) } else { 1 };
        let target = hold.target.map_or(u64::MAX, |target| target.0);
        let held = hold.held.0;
        let spared = match (hold.ended_by, hold.target) {
            (EndedBy::Eased, Some(target)) => target.0.saturating_sub(held),
            _ => 0,
        };
        let plus = |sum: &mut u64, each: u64| *sum = sum.saturating_add(each.saturating_mul(times));
        plus(&mut self.held_ms, held);
        plus(&mut self.capped_ms, held.min(target));
        plus(&mut self.spared_ms, spared);
        self.holds += 1;
        self.reps = self.reps.saturating_add(hold.reps_counted.into());
        self.paused_ms = self.paused_ms.saturating_add(hold.paused.0);
        if let Some(eased) = hold.eased_after {
            let at = self.eased_ms.partition_point(|known| *known <= eased.0);
            self.eased_ms.insert(at, eased.0);
        }
    }
}

/// Whether anything was done: a hold that was skipped, or broken off before it began, is none.
fn was_done(hold: &Hold) -> bool {
    match hold.ended_by {
        EndedBy::Skipped => false,
        EndedBy::Target | EndedBy::Eased | EndedBy::NotEased => true,
        EndedBy::Stopped | EndedBy::Pain | EndedBy::Interrupted => {
            hold.under_pressure.0 > 0
                || hold.took.is_some_and(|took| took.0 > 0)
                || hold.reps.unwrap_or(0) > 0
        }
    }
}

/// What one session asked for: a copy of the doses it was played against, so that editing the plan
/// never rewrites what was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDone {
    /// The session.
    pub session: SessionId,
    /// The routine.
    pub routine: Option<RoutineId>,
    /// The local day.
    pub day: LocalDay,
    /// Its steps, each side for itself. Empty where nobody recorded them.
    pub items: Vec<AskedItem>,
}

/// One doing of a routine, against what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doing {
    pub(super) session: SessionId,
    pub(super) routine: Option<RoutineId>,
    pub(super) day: LocalDay,
    /// Items asked for and items done of them.
    pub(super) items: (u32, u32),
    /// Milliseconds asked for and milliseconds held of them.
    pub(super) hold_ms: (u64, u64),
}

/// Every session in which something was done.
pub(super) fn doings(sets: &[SetDone], plan: &Known<'_, impl Calendar>) -> Vec<Doing> {
    let known: BTreeMap<&SessionId, &SessionDone> =
        plan.sessions.iter().map(|session| (&session.session, session)).collect();
    let mut by_session: BTreeMap<&SessionId, Vec<&SetDone>> = BTreeMap::new();
    for set in sets.iter().filter(|set| set.is_done()) {
        by_session.entry(&set.session).or_default().push(set);
    }
    let of_session = |(session, sets): (&SessionId, Vec<&SetDone>)| {
        let known = known.get(session);
        let routine = known
            .and_then(|known| known.routine.clone())
            .or_else(|| sets.iter().find_map(|set| set.routine.clone()));
        let day = known.map(|known| known.day).or_else(|| sets.iter().map(|set| set.day).min())?;
        let copied = known.map(|known| known.items.clone()).unwrap_or_default();
        let items = match &routine {
            Some(routine) if copied.is_empty() => plan.items(routine, day),
            _ => copied,
        };
        let (done, hold_ms) = measured(&items, &sets);
        let asked = u32::try_from(items.len()).unwrap_or(u32::MAX);
        Some(Doing { session: session.clone(), routine, day, items: (asked, done), hold_ms })
    };
    by_session.into_iter().filter_map(of_session).collect()
}

/// How many items were done, and how long they were held of how long.
fn measured(items: &[AskedItem], sets: &[&SetDone]) -> (u32, (u64, u64)) {
    let (mut done, mut due_ms, mut held_ms) = (0, 0_u64, 0_u64);
    for item in items {
        let mine = sets.iter().filter(|set| set.step == item.step && item.side.is_met_by(set.side));
        let (mut any, mut capped, mut spared) = (false, 0_u64, 0_u64);
        for set in mine {
            any = true;
            capped = capped.saturating_add(set.capped_ms);
            spared = spared.saturating_add(set.spared_ms);
        }
        done += u32::from(any);
        if let Some(hold_ms) = item.hold_ms {
            // Whoever eased early has done what was asked; whoever holds longer has not done more.
            let due = hold_ms.saturating_sub(spared);
            due_ms = due_ms.saturating_add(due);
            held_ms = held_ms.saturating_add(capped.min(due));
        }
    }
    (done, (due_ms, held_ms))
}
