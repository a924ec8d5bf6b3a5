//! Plans and days to try progress with: what a store and a schedule would answer, in memory.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses a part of these.
use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::ids::{RoutineId, SessionId};
use holdfast_domain::progress::{
    ActiveDays, AskedItem, AskedOfDay, AskedSide, Calendar, Goal, Material, Neighbours, Progress,
    Rated, Routinely, SessionDone, SetDone, Window, progress,
};
use holdfast_domain::record::{SessionKey, StepRef};
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_domain::vocabulary::{Side, Weekday};

/// A Monday.
pub const MONDAY: LocalDay = LocalDay(jiff::civil::date(2026, 3, 2));

pub fn day(n: i32) -> LocalDay {
    MONDAY.plus(n.into())
}

pub fn routine() -> RoutineId {
    "evening".parse().unwrap()
}

/// Half past nine in the evening of a day, by a clock so far from UTC.
pub fn evening(day: LocalDay, offset_s: i32) -> Moment {
    let days = day.0.since(jiff::civil::date(1970, 1, 1)).unwrap().get_days();
    let utc_ms = (i64::from(days) * 86_400 + 77_400 - i64::from(offset_s)) * 1000;
    Moment { utc_ms, offset_s, zone: String::new() }
}

/// What one routine asks for.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The first day it says anything about.
    pub from: Option<LocalDay>,
    /// So many times on each of these days of the week.
    pub weekdays: Vec<Weekday>,
    pub times: u32,
    /// So many times a week.
    pub a_week: Option<u32>,
    pub paused: BTreeSet<LocalDay>,
    pub recovery: BTreeSet<LocalDay>,
}

impl Plan {
    pub fn nightly(from: LocalDay) -> Self {
        let weekdays = Weekday::ALL.to_vec();
        Self { from: Some(from), weekdays, times: 1, ..Self::default() }
    }

    pub fn weekly(from: LocalDay, times: u32) -> Self {
        Self { from: Some(from), a_week: Some(times), ..Self::default() }
    }

    fn begun(&self, day: LocalDay) -> bool {
        self.from.is_some_and(|from| from <= day)
    }
}

pub fn item(step: &str, side: AskedSide, hold_s: Option<u64>) -> AskedItem {
    let step = StepRef::Step(step.parse().unwrap());
    AskedItem { step, side, hold_ms: hold_s.map(|secs| secs * 1000) }
}

/// A minute on each side.
pub fn items() -> Vec<AskedItem> {
    vec![item("psoas", AskedSide::Left, Some(60)), item("psoas", AskedSide::Right, Some(60))]
}

impl Calendar for Plan {
    fn of_day(&self, day: LocalDay) -> AskedOfDay {
        if !self.begun(day) {
            return AskedOfDay::Unplanned;
        }
        if self.paused.contains(&day) {
            return AskedOfDay::Paused;
        }
        let weekday = Weekday::ALL[day.0.weekday().to_monday_zero_offset() as usize];
        let asked = self.weekdays.contains(&weekday);
        let asked = asked.then(|| Routinely { routine: routine(), times: self.times });
        AskedOfDay::Sessions(asked.into_iter().collect())
    }

    fn is_recovery(&self, day: LocalDay) -> bool {
        self.recovery.contains(&day)
    }

    fn goals_on(&self, day: LocalDay) -> Vec<Goal> {
        let week = day.monday();
        let days = (0..7).map(|n| week.plus(n));
        let days: Vec<LocalDay> = days.filter(|day| self.begun(*day)).collect();
        let asked = self.a_week.filter(|_| self.begun(day));
        asked
            .map(|times| Goal {
                asked: Routinely { routine: routine(), times },
                days,
                of_week: true,
            })
            .into_iter()
            .collect()
    }

    fn items(&self, _: &RoutineId) -> Vec<AskedItem> {
        items()
    }
}

/// The days on which anything was done, with their first and last moment.
#[derive(Debug, Clone, Default)]
pub struct Days(pub BTreeMap<LocalDay, (Moment, Moment)>, pub BTreeSet<(RoutineId, LocalDay)>);

impl Days {
    pub fn of(sets: &[SetDone]) -> Self {
        let mut days: BTreeMap<LocalDay, (Moment, Moment)> = BTreeMap::new();
        for set in sets.iter().filter(|set| set.is_done()) {
            let entry = days.entry(set.day);
            let (first, last) = entry.or_insert_with(|| (set.first.clone(), set.last.clone()));
            if set.first.utc_ms < first.utc_ms {
                *first = set.first.clone();
            }
            if set.last.utc_ms > last.utc_ms {
                *last = set.last.clone();
            }
        }
        let done = sets.iter().filter(|set| set.is_done());
        let routines = done.filter_map(|set| Some((set.routine.clone()?, set.day)));
        Self(days, routines.collect())
    }
}

impl ActiveDays for Days {
    fn is_active(&self, day: LocalDay) -> bool {
        self.0.contains_key(&day)
    }

    fn days_done(&self, routine: &RoutineId, days: &[LocalDay]) -> usize {
        days.iter().filter(|day| self.1.contains(&(routine.clone(), **day))).count()
    }

    fn first(&self) -> Option<LocalDay> {
        self.0.keys().next().copied()
    }

    fn neighbours(&self, idle: LocalDay) -> Option<Neighbours> {
        let (before, (_, last)) = self.0.range(..idle).next_back()?;
        let (after, (first, _)) = self.0.range(idle..).next()?;
        let (last, first) = (last.clone(), first.clone());
        Some(Neighbours { before: *before, last, after: *after, first, day_start_min: 180 })
    }
}

/// One set of a minute asked for, held for so long, in the evening of a day where the clock is so far from UTC.
pub fn set_at(day: LocalDay, offset_s: i32, side: Side, held_s: u64) -> SetDone {
    let key = SessionKey::Scheduled { routine: routine(), day, slot: "bedtime".parse().unwrap() };
    let at = evening(day, offset_s);
    SetDone {
        day,
        session: key.id(),
        routine: Some(routine()),
        step: StepRef::Step("psoas".parse().unwrap()),
        exercise: "psoas-release-hook".parse().unwrap(),
        side,
        set: 1,
        holds: 1,
        held_ms: held_s * 1000,
        capped_ms: held_s.min(60) * 1000,
        spared_ms: 0,
        reps: 1,
        paused_ms: 0,
        eased_ms: vec![],
        pain_before: None,
        pain_after: None,
        first: at.clone(),
        last: at,
    }
}

pub fn set(day: LocalDay, side: Side, held_s: u64) -> SetDone {
    set_at(day, 3600, side, held_s)
}

/// Both sides, a minute each, on each of these days.
pub fn evenings(days: impl IntoIterator<Item = i32>) -> Vec<SetDone> {
    let both = |n| [set(day(n), Side::Left, 60), set(day(n), Side::Right, 60)];
    days.into_iter().flat_map(both).collect()
}

pub fn rated(mut set: SetDone, before: u8, after: u8) -> SetDone {
    let at_ms = set.first.utc_ms;
    set.pain_before = Some(Rated { at_ms, nrs: before });
    set.pain_after = Some(Rated { at_ms, nrs: after });
    set
}

pub fn sessions(sets: &[SetDone]) -> Vec<SessionDone> {
    let ids: BTreeMap<SessionId, &SetDone> =
        sets.iter().map(|set| (set.session.clone(), set)).collect();
    let of = |(session, set): (SessionId, &SetDone)| SessionDone {
        session,
        routine: set.routine.clone(),
        day: set.day,
        items: items(),
    };
    ids.into_iter().map(of).collect()
}

/// The progress of the days from the first Monday to day `until`, looked at on day `today`.
pub fn of(plan: &Plan, sets: &[SetDone], until: i32, today: i32) -> Progress {
    let window = Window { since: day(0), until: day(until), today: day(today) };
    assert!(window.loads_from() == day(0).monday());
    let sessions = sessions(sets);
    let material = Material { sets, sessions: &sessions, tests: &[], recovery: &[] };
    progress(window, plan, &Days::of(sets), material)
}
