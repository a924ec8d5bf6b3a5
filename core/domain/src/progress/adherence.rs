//! The four numbers: what was done of what was asked for. Days of rest, pauses, dates that travel
//! skipped, days before the plan, and what today may still bring are not in the denominators.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Window;
use super::asked::{AskedItem, AskedOfDay, Calendar, Goal, Routinely};
use super::done::Doing;
use super::known::Known;
use crate::ids::RoutineId;
use crate::units::LocalDay;

/// Done, of what was due. Never more than all of it; where nothing was due, `done` is what was done
/// all the same, and there is no percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figure {
    /// What was done.
    pub done: u64,
    /// What was due.
    pub due: u64,
    /// Whole percent, rounded down: only all of it is 100.
    pub pct: Option<u8>,
}

impl Figure {
    /// So much of so much; `unasked` is what stands where nothing was due.
    #[must_use]
    pub fn new(done: u64, due: u64, unasked: u64) -> Self {
        if due == 0 {
            return Self { done: unasked, due, pct: None };
        }
        let done = done.min(due);
        let pct = u128::from(done) * 100 / u128::from(due);
        Self { done, due, pct: u8::try_from(pct).ok() }
    }
}

/// What was done of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Adherence {
    /// Sessions.
    pub sessions: Figure,
    /// Steps, each side for itself.
    pub exercises: Figure,
    /// Seconds held: no step counts for more than it asked, repetitions not at all.
    pub hold_seconds: Figure,
    /// Days with something done, of those that asked for something.
    pub active_days: Figure,
}

#[derive(Default)]
struct Sum {
    sessions: (u64, u64),
    items: (u64, u64),
    hold_ms: (u64, u64),
    days: (u64, u64),
}

/// The four numbers of a window.
pub(super) fn adherence(
    window: Window,
    plan: &Known<'_, impl Calendar>,
    skipped: &impl Fn(LocalDay) -> bool,
    doings: &[Doing],
) -> Adherence {
    let mut sum = Sum::default();
    let calendar = plan.calendar;
    let mut by_day: BTreeMap<(&RoutineId, LocalDay), Vec<&Doing>> = BTreeMap::new();
    let mut active: BTreeSet<LocalDay> = BTreeSet::new();
    for doing in doings {
        active.insert(doing.day);
        if let Some(routine) = &doing.routine {
            by_day.entry((routine, doing.day)).or_default().push(doing);
        }
    }
    let of_day = |routine: &RoutineId, day| by_day.get(&(routine, day)).cloned();
    let mut asked_days = BTreeSet::new();
    for day in window.days() {
        let AskedOfDay::Sessions(asked) = calendar.of_day(day) else { continue };
        if asked.is_empty() || (!active.contains(&day) && skipped(day)) {
            continue;
        }
        // What recovery excuses counts where it is done all the same.
        let open = day >= window.today || calendar.is_recovery(day);
        for Routinely { routine, times } in &asked {
            let done = of_day(routine, day).unwrap_or_default();
            sum.add(*times, done, open, || plan.items(routine, day));
        }
        // What today asks for is due once it is done, or over.
        if !open || active.contains(&day) {
            asked_days.insert(day);
            sum.days.0 += u64::from(active.contains(&day));
            sum.days.1 += 1;
        }
    }
    sum.add_goals(window, plan, &asked_days, &active, &of_day);
    let inside = || doings.iter().filter(|doing| window.contains(doing.day));
    let unasked_days: BTreeSet<LocalDay> = inside().map(|doing| doing.day).collect();
    let unasked_items = inside().map(|doing| u64::from(doing.items.1)).sum();
    let unasked_ms = inside().fold(0_u64, |sum, doing| sum.saturating_add(doing.hold_ms.1));
    Adherence {
        sessions: Figure::new(sum.sessions.0, sum.sessions.1, inside().count() as u64),
        exercises: Figure::new(sum.items.0, sum.items.1, unasked_items),
        hold_seconds: Figure::new(
            sum.hold_ms.0 / 1000,
            sum.hold_ms.1.div_ceil(1000),
            unasked_ms / 1000,
        ),
        active_days: Figure::new(sum.days.0, sum.days.1, unasked_days.len() as u64),
    }
}

/// What was asked of several days that end in the window, or that it ends in: each once. One that began
/// before the totals do is left out.
fn goals(window: Window, calendar: &impl Calendar) -> Vec<Goal> {
    let mut goals: Vec<Goal> = window.days().flat_map(|day| calendar.goals_on(day)).collect();
    goals.retain(|goal| goal.days.first().is_some_and(|first| *first >= window.loads_from()));
    goals.sort_by(|a, b| (&a.asked.routine, &a.days).cmp(&(&b.asked.routine, &b.days)));
    goals.dedup_by(|a, b| a.asked.routine == b.asked.routine && a.days == b.days);
    goals
}

impl Sum {
    /// Adds a routine asked for so many times, and what was done of it: the fullest sessions count.
    /// `items` is what each of those that are missing asked for.
    /// Where the day or week is still open, what is missing is not due yet.
    fn add(
        &mut self,
        times: u32,
        mut done: Vec<&Doing>,
        open: bool,
        items: impl Fn() -> Vec<AskedItem>,
    ) {
        done.sort_by(|a, b| {
            (b.items.1, b.hold_ms.1, &b.session).cmp(&(a.items.1, a.hold_ms.1, &a.session))
        });
        done.truncate(times as usize);
        let missing = if open { 0 } else { u64::from(times) - done.len() as u64 };
        self.sessions.0 += done.len() as u64;
        self.sessions.1 += done.len() as u64 + missing;
        for doing in done {
            self.items.0 += u64::from(doing.items.1);
            self.items.1 += u64::from(doing.items.0);
            self.hold_ms.0 = self.hold_ms.0.saturating_add(doing.hold_ms.1);
            self.hold_ms.1 = self.hold_ms.1.saturating_add(doing.hold_ms.0);
        }
        if missing > 0 {
            let items = items();
            let ms = items.iter().filter_map(|item| item.hold_ms).fold(0, u64::saturating_add);
            self.items.1 = self.items.1.saturating_add(missing * items.len() as u64);
            self.hold_ms.1 = self.hold_ms.1.saturating_add(ms.saturating_mul(missing));
        }
    }

    /// Adds what was asked of several days. Days that were asked for anyway count towards the days it
    /// wants; of several goals over one week the one that wants most days says how many (ours).
    fn add_goals<'a>(
        &mut self,
        window: Window,
        plan: &Known<'_, impl Calendar>,
        asked_days: &BTreeSet<LocalDay>,
        active: &BTreeSet<LocalDay>,
        of_day: &impl Fn(&RoutineId, LocalDay) -> Option<Vec<&'a Doing>>,
    ) {
        let mut taken: BTreeSet<LocalDay> = asked_days.clone();
        let mut wanted: BTreeMap<LocalDay, u64> = BTreeMap::new();
        for goal in goals(window, plan.calendar) {
            let Some(last) = goal.last() else { continue };
            let open = last >= window.today || last > window.until;
            let days = || goal.days.iter().filter(|day| **day <= window.until);
            let done: Vec<&Doing> =
                days().filter_map(|day| of_day(&goal.asked.routine, *day)).flatten().collect();
            let missing = || plan.items(&goal.asked.routine, last);
            self.add(goal.asked.times, done, open, missing);

            let week = last.monday();
            let known = wanted.get(&week).copied().unwrap_or(0);
            let asked = days().filter(|day| asked_days.contains(day)).count() as u64 + known;
            let due = (goal.least_days() as u64).saturating_sub(asked);
            let free: Vec<LocalDay> = days()
                .filter(|day| active.contains(day) && !taken.contains(day))
                .copied()
                .collect();
            let done = free.len().min(usize::try_from(due).unwrap_or(usize::MAX));
            taken.extend(&free[..done]);
            let due = if open { done as u64 } else { due };
            self.days.0 += done as u64;
            self.days.1 += due;
            if goal.of_week {
                *wanted.entry(week).or_default() += due;
            }
        }
    }
}
