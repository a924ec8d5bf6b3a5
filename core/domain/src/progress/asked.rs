//! What was asked for: of a day, of a week, and in one session. Where the plan comes from, and what
//! it said on an earlier day, is the business of whoever answers as [`Calendar`].

use serde::{Deserialize, Serialize};

use crate::ids::RoutineId;
use crate::record::{PlayedStep, StepRef};
use crate::units::LocalDay;
use crate::vocabulary::{Mode, Side, SideRule};

/// A routine asked for so many times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routinely {
    /// The routine.
    pub routine: RoutineId,
    /// How many sessions of it, at least.
    pub times: u32,
}

/// What a day asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedOfDay {
    /// No plan said anything yet: the day is before all of them.
    Unplanned,
    /// The plan was paused.
    Paused,
    /// These; none of them is a day of rest.
    Sessions(Vec<Routinely>),
}

impl AskedOfDay {
    /// Whether the day by itself asked for anything.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        matches!(self, Self::Sessions(asked) if !asked.is_empty())
    }
}

/// Something asked of several days, on those of the person's choice: a week, or once in so many days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// What and how often.
    pub asked: Routinely,
    /// The days it may be done on, in order; without any it asks for nothing.
    pub days: Vec<LocalDay>,
    /// Whether it is one of a calendar week.
    pub of_week: bool,
}

impl Goal {
    pub(super) fn last(&self) -> Option<LocalDay> {
        self.days.last().copied()
    }

    /// On how many days something has to be done: no more than there are.
    pub(super) fn least_days(&self) -> usize {
        (self.asked.times as usize).min(self.days.len())
    }
}

/// What the plan asked for, as it stood on each day.
pub trait Calendar {
    /// What a day asked for by itself.
    fn of_day(&self, day: LocalDay) -> AskedOfDay;

    /// Whether a day is one of recovery after a run: what it asks for may be done, and is not missed.
    fn is_recovery(&self, _day: LocalDay) -> bool {
        false
    }

    /// What was asked of several days that this is one of.
    fn goals_on(&self, day: LocalDay) -> Vec<Goal>;

    /// What a session of a routine asks for as the plan stands now: for one that was never begun, and
    /// so has no copy.
    fn items(&self, routine: &RoutineId) -> Vec<AskedItem>;
}

/// On which side something was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedSide {
    /// The left.
    Left,
    /// The right.
    Right,
    /// Both at once, or no side.
    None,
    /// One of them, whichever was chosen.
    Either,
}

impl AskedSide {
    /// Whether a hold on this side answers it.
    #[must_use]
    pub const fn is_met_by(self, side: Side) -> bool {
        match self {
            Self::Left => matches!(side, Side::Left),
            Self::Right => matches!(side, Side::Right),
            Self::None => matches!(side, Side::None),
            Self::Either => true,
        }
    }
}

/// One step on one side that a session asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedItem {
    /// The step.
    pub step: StepRef,
    /// The side.
    pub side: AskedSide,
    /// How long it is held in all, in milliseconds; nothing where nobody stated a time, and for
    /// repetitions.
    #[serde(rename = "ms", default, skip_serializing_if = "Option::is_none")]
    pub hold_ms: Option<u64>,
}

/// What the steps of a session ask for, each side for itself.
#[must_use]
pub fn items(steps: &[PlayedStep]) -> Vec<AskedItem> {
    let asked = steps.iter().filter(|step| !matches!(step.dose.mode, Mode::Slot | Mode::Test));
    asked
        .flat_map(|step| {
            let hold_ms = hold_ms(step);
            sides(step.side).iter().map(move |side| AskedItem {
                step: step.step.clone(),
                side: *side,
                hold_ms,
            })
        })
        .collect()
}

const fn sides(rule: SideRule) -> &'static [AskedSide] {
    match rule {
        SideRule::Both => &[AskedSide::Left, AskedSide::Right],
        SideRule::Left => &[AskedSide::Left],
        SideRule::Right => &[AskedSide::Right],
        SideRule::Ask | SideRule::Affected => &[AskedSide::Either],
        // Who types an alternating one in may have said the sides.
        SideRule::Alternating => &[AskedSide::Either],
        SideRule::NoSide => &[AskedSide::None],
    }
}

/// All sets and repetitions of a timed hold, at the figure that is played.
fn hold_ms(step: &PlayedStep) -> Option<u64> {
    let dose = &step.dose;
    match dose.mode {
        Mode::Timed | Mode::UntilEased | Mode::Open => {}
        Mode::Reps | Mode::Tempo | Mode::Tick | Mode::Slot | Mode::Test => return None,
    }
    let each = u64::from(dose.hold_s.to_play()?) * 1000;
    let times = |range: crate::dose::Range| u64::from(range.to_play().unwrap_or(1).max(1));
    Some(each.saturating_mul(times(dose.reps)).saturating_mul(times(dose.sets)))
}
