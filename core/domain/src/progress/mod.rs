//! How it goes: what was done of what was asked, streaks, pain, sides and trends, made of day totals
//! and never of single holds, so that it costs the same after a month and after years.
//! It knows no clock and no store, gives no score, and says what is: a day of rest is kept, not missed.

mod adherence;
mod asked;
mod course;
mod days;
mod done;
mod known;
mod median;
mod plan;
mod streak;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::running::Recovery;
use crate::units::LocalDay;

pub use adherence::{Adherence, Figure};
pub use asked::{AskedItem, AskedOfDay, AskedSide, Calendar, Goal, Routinely, items};
pub use course::{
    Change, Eased, Pain, PainPair, PerSide, SideSum, TestPoint, TestSeries, Trend, tests_over_time,
};
pub use days::{ActiveDays, MIN_TRAVEL_S, Neighbours, is_skipped_by_travel};
pub use done::{Rated, SessionDone, SetDone};
pub use plan::Planned;
pub use streak::Streak;

use known::Known;

/// The days looked at where nobody says (four whole weeks, ours).
pub const DEFAULT_DAYS: u16 = 28;

/// The most days that can be looked at at once: ten years (a bound of ours, not a judgement).
pub const MAX_DAYS: u16 = 3_660;

/// Which days are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first day.
    pub since: LocalDay,
    /// The last day.
    pub until: LocalDay,
    /// The day it is where the person is. What it asks and was not done yet is not due before it ends.
    pub today: LocalDay,
}

impl Window {
    /// The first day whose totals are needed: that of the week in which the window begins.
    #[must_use]
    pub fn loads_from(&self) -> LocalDay {
        self.since.monday()
    }

    fn contains(&self, day: LocalDay) -> bool {
        self.since <= day && day <= self.until
    }

    fn days(&self) -> impl Iterator<Item = LocalDay> + use<> {
        self.since.through(self.until)
    }
}

/// What was done in all, asked for or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Sessions with something done in them.
    pub sessions: u32,
    /// Exercises, each side for itself.
    pub exercises: u32,
    /// All of what was held, in milliseconds.
    pub held_ms: u64,
    /// Days with something done.
    pub active_days: u32,
}

/// One day of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySum {
    /// The day.
    pub day: LocalDay,
    /// What kind of day it was.
    pub kind: DayKind,
    /// Sessions with something done in them.
    pub sessions: u32,
    /// What was held, in milliseconds.
    pub held_ms: u64,
}

/// What a day asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// Something was asked for.
    Asked,
    /// Nothing was asked for; or a weekly goal left the day free.
    Rest,
    /// The plan was paused.
    Paused,
    /// Travel skipped it.
    Skipped,
    /// A day of recovery after a very long run: what it asked for was not done, and is not missed.
    Recovery,
    /// No plan said anything yet.
    Unplanned,
}

/// How it goes in a window of days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The first day looked at.
    pub since: LocalDay,
    /// The last day looked at.
    pub until: LocalDay,
    /// What was done of what was asked.
    pub adherence: Adherence,
    /// What was done in all.
    pub totals: Totals,
    /// Days in a row.
    pub streak: Streak,
    /// Left and right.
    pub per_side: PerSide,
    /// Pain before and after.
    pub pain: Pain,
    /// How long it took to ease.
    pub eased: Eased,
    /// Self-tests over time.
    pub tests: Vec<TestSeries>,
    /// Days of the window on which the plan was paused.
    pub paused_days: u32,
    /// Days of the window on which something was asked for that recovery excused.
    #[serde(default)]
    pub recovery_days: u32,
    /// The runs that days of the window are days of recovery after, as the sources state them.
    #[serde(default)]
    pub recovery: Vec<Recovery>,
    /// The first day that anything here is counted from; nothing where nothing was asked or done.
    pub counted_from: Option<LocalDay>,
    /// The days one by one.
    pub by_day: Vec<DaySum>,
}

/// What progress is made of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The sets done from [`Window::loads_from`] on, in any order.
    pub sets: &'a [SetDone],
    /// What the sessions of those days asked for as they were played, in any order.
    pub sessions: &'a [SessionDone],
    /// Results of self-tests, in any order.
    pub tests: &'a [TestPoint],
    /// The recoveries that days of the window may belong to, the earliest first.
    pub recovery: &'a [Recovery],
}

/// Makes progress of its material: pure, and the same in whatever order the material comes.
#[must_use]
pub fn progress(
    window: Window,
    calendar: &impl Calendar,
    active: &impl ActiveDays,
    material: Material<'_>,
) -> Progress {
    let known = Known { sessions: material.sessions, today: window.today, calendar };
    let doings = done::doings(material.sets, &known);
    let skipped = |day| is_skipped_by_travel(day, active);
    let adherence = adherence::adherence(window, &known, &skipped, &doings);
    let inside: Vec<&SetDone> =
        material.sets.iter().filter(|set| window.contains(set.day)).collect();
    let by_day = by_day(window, calendar, &skipped, &inside);
    let of_kind = |kind| {
        let days = by_day.iter().filter(|day| day.kind == kind).count();
        u32::try_from(days).unwrap_or(u32::MAX)
    };
    let (paused_days, recovery_days) = (of_kind(DayKind::Paused), of_kind(DayKind::Recovery));
    let counted_from = by_day
        .iter()
        .find(|day| day.kind != DayKind::Unplanned || day.sessions > 0 || day.held_ms > 0)
        .map(|day| day.day);
    Progress {
        since: window.since,
        until: window.until,
        totals: totals(&inside),
        streak: streak::streak(window.until.min(window.today), window.today, calendar, active),
        per_side: course::per_side(&inside),
        pain: course::pain(&inside),
        eased: course::eased(&inside),
        tests: tests_over_time(material.tests),
        paused_days,
        recovery_days,
        recovery: material.recovery.to_vec(),
        adherence,
        counted_from,
        by_day,
    }
}

fn totals(sets: &[&SetDone]) -> Totals {
    let done = || sets.iter().filter(|set| set.is_done());
    let sessions: BTreeSet<_> = done().map(|set| &set.session).collect();
    let exercises: BTreeSet<_> =
        done().map(|set| (&set.session, set.day, &set.step, set.side)).collect();
    let days: BTreeSet<_> = done().map(|set| set.day).collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Totals {
        sessions: count(sessions.len()),
        exercises: count(exercises.len()),
        held_ms: done().fold(0, |sum, set| sum.saturating_add(set.held_ms)),
        active_days: count(days.len()),
    }
}

fn by_day(
    window: Window,
    calendar: &impl Calendar,
    skipped: &impl Fn(LocalDay) -> bool,
    sets: &[&SetDone],
) -> Vec<DaySum> {
    let mut sums: BTreeMap<LocalDay, (BTreeSet<&str>, u64)> = BTreeMap::new();
    for set in sets.iter().filter(|set| set.is_done()) {
        let (sessions, held) = sums.entry(set.day).or_default();
        sessions.insert(set.session.as_str());
        *held = held.saturating_add(set.held_ms);
    }
    window
        .days()
        .map(|day| {
            let (sessions, held_ms) =
                sums.get(&day).map_or((0, 0), |(sessions, held)| (sessions.len(), *held));
            let kind = match calendar.of_day(day) {
                AskedOfDay::Unplanned => DayKind::Unplanned,
                AskedOfDay::Paused => DayKind::Paused,
                AskedOfDay::Sessions(asked) if asked.is_empty() => DayKind::Rest,
                AskedOfDay::Sessions(_) if sessions == 0 && skipped(day) => DayKind::Skipped,
                AskedOfDay::Sessions(_) if sessions == 0 && calendar.is_recovery(day) => {
                    DayKind::Recovery
                }
                AskedOfDay::Sessions(_) => DayKind::Asked,
            };
            DaySum { day, kind, sessions: u32::try_from(sessions).unwrap_or(u32::MAX), held_ms }
        })
        .collect()
}
