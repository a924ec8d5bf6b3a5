//! What the player plays: a flat, fully resolved list of holds in the order they are done.
//! Refuses to know of routines, blocks and rules; whoever resolves a routine makes one of these.

use serde::{Deserialize, Serialize};

use crate::ids::{ExerciseId, StepId, ToolId};
use crate::record::MAX_SETS;
use crate::units::Millis;
use crate::vocabulary::Side;
use crate::words::{Arg, Message, Words};

/// The most holds in one plan (ours): a bound for what a stranger may hand in.
pub const MAX_HOLDS: usize = 2_000;
/// The longest single hold, rest or tempo phase (ours), 4 h.
pub const MAX_LENGTH: Millis = Millis::from_secs(4 * 3600);

/// The seconds that no source states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Getting into position before the first hold of a step on a side, 5 s (ours).
    pub prepare: Millis,
    /// Changing sides, 5 s (ours). Takes the place of `prepare`.
    pub switch: Millis,
}

impl Default for Timing {
    fn default() -> Self {
        Self { prepare: Millis::from_secs(5), switch: Millis::from_secs(5) }
    }
}

/// The longest plan, its holds, rests and preparations together (ours), 24 h.
pub const MAX_PLAN: Millis = Millis::from_secs(24 * 3600);
/// The shortest phase the player paces (ours), 0.25 s: nobody moves or hears faster.
pub const MIN_PHASE: Millis = Millis(250);

/// What is done in one planned hold, and what ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Work {
    /// Held for a time.
    Timed {
        /// How long.
        target: Millis,
    },
    /// Held until it eases.
    UntilEased {
        /// At most so long, where somebody stated it.
        at_most: Option<Millis>,
    },
    /// Counts up until the person says it is done: nobody stated a time.
    Open,
    /// Repetitions that the person counts.
    Reps {
        /// How many, where somebody stated it.
        target: Option<u16>,
    },
    /// Repetitions that the player paces.
    Tempo {
        /// The phases of one repetition, in order.
        phases: Vec<PacedPhase>,
        /// How many repetitions; until the person says it is done, where nobody stated it.
        reps: Option<u16>,
    },
    /// Done or not.
    Tick,
}

/// One phase of a paced repetition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacedPhase {
    /// What is done, or on which side: the code of a name, or the text somebody gave it.
    pub name: Arg,
    /// How long.
    pub length: Millis,
}

impl Work {
    /// How long it takes when nobody ends it early; nothing when the person ends it.
    #[must_use]
    pub fn target(&self) -> Option<Millis> {
        match self {
            Self::Timed { target } => Some(*target),
            Self::UntilEased { at_most } => *at_most,
            Self::Tempo { phases, reps } => {
                let cycle: Millis = phases.iter().map(|p| p.length).sum();
                reps.map(|reps| Millis(cycle.0.saturating_mul(u64::from(reps))))
            }
            Self::Open | Self::Reps { .. } | Self::Tick => None,
        }
    }

    /// Whether something is held still.
    #[must_use]
    pub const fn is_hold(&self) -> bool {
        matches!(self, Self::Timed { .. } | Self::UntilEased { .. } | Self::Open)
    }

    /// Whether one entry is a whole set of repetitions.
    #[must_use]
    pub const fn is_whole_set(&self) -> bool {
        matches!(self, Self::Reps { .. } | Self::Tempo { .. })
    }

    /// The repetitions asked for, where the work counts any.
    #[must_use]
    pub const fn target_reps(&self) -> Option<u16> {
        match self {
            Self::Reps { target: reps } | Self::Tempo { reps, .. } => *reps,
            Self::Timed { .. } | Self::UntilEased { .. } | Self::Open | Self::Tick => None,
        }
    }
}

/// One entry of a plan: one set and repetition of one step on one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedHold {
    /// The step of the routine.
    pub step: StepId,
    /// What is done.
    pub exercise: ExerciseId,
    /// How it is called: the code of a catalogue name, or the text somebody gave it.
    pub name: Arg,
    /// On which side.
    pub side: Side,
    /// Which set, from 1.
    pub set: u16,
    /// Which repetition of the set, from 1; 0 where the entry is a whole set of counted or paced
    /// repetitions, as in [`crate::record::HoldKey`].
    pub rep: u16,
    /// What is done and what ends it.
    pub work: Work,
    /// Whether this is a still-pressure release that asks at 30 s if it is easing.
    /// source: protocols.md, pain rule `still-pressure`.
    #[serde(default)]
    pub ease_check: bool,
    /// Rest before it, after the hold before; zero for none.
    #[serde(default)]
    pub rest_before: Millis,
    /// The tool, where one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolId>,
}

/// Why something cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub enum PlanError {
    /// Nothing to play.
    Empty,
    /// More than [`MAX_HOLDS`].
    TooLong(usize),
    /// A slot nobody filled.
    UnfilledSlot(StepId),
    /// A self-test.
    SelfTest(StepId),
    /// A time, count or set number of zero.
    Zero(StepId),
    /// A single hold numbered as a whole set, or the other way round.
    Numbering(StepId),
    /// A time or count beyond the bounds.
    TooMuch(StepId),
    /// More than [`MAX_PLAN`] in all.
    LongerThanADay,
    /// A tempo nobody can follow.
    TooFast(StepId),
    /// An ease check on what presses nothing still.
    NothingEases(StepId),
    /// The same set and repetition of a step on one side, twice.
    Twice {
        /// The step.
        step: StepId,
        /// The set.
        set: u16,
        /// The repetition.
        rep: u16,
    },
}

impl PlanError {
    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        let of = |code: &str, step: &StepId| Message::new(code).with("step", step.as_str());
        match self {
            Self::Empty => Message::new("to_play.nothing"),
            Self::TooLong(holds) => Message::new("to_play.too_many")
                .with("holds", *holds as u64)
                .with("most", MAX_HOLDS as u64),
            Self::UnfilledSlot(step) => of("to_play.unfilled_slot", step),
            Self::SelfTest(step) => of("to_play.self_test", step),
            Self::Zero(step) => of("to_play.zero", step),
            Self::Numbering(step) => of("to_play.numbering", step),
            Self::TooMuch(step) => of("to_play.too_much", step).with("most", MAX_SETS),
            Self::LongerThanADay => Message::new("to_play.longer_than_a_day"),
            Self::TooFast(step) => of("to_play.too_fast", step),
            Self::NothingEases(step) => of("to_play.nothing_eases", step),
            Self::Twice { step, set, rep } => {
                of("to_play.twice", step).with("set", *set).with("rep", *rep)
            }
        }
    }
}

/// A list of holds that can be played. Made only whole: see [`Plan::new`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawPlan", into = "RawPlan")]
pub struct Plan {
    timing: Timing,
    holds: Vec<PlannedHold>,
}

impl Plan {
    /// Checks a list of holds, in the order they are played.
    ///
    /// # Errors
    /// [`PlanError`] for the first hold that cannot be played.
    pub fn new(timing: Timing, holds: Vec<PlannedHold>) -> Result<Self, PlanError> {
        if holds.is_empty() {
            return Err(PlanError::Empty);
        }
        if holds.len() > MAX_HOLDS {
            return Err(PlanError::TooLong(holds.len()));
        }
        let mut seen = std::collections::HashSet::new();
        for hold in &holds {
            hold.check()?;
            if timing.prepare.max(timing.switch) > MAX_LENGTH {
                return Err(PlanError::TooMuch(hold.step.clone()));
            }
            if !seen.insert((&hold.step, hold.side, hold.set, hold.rep)) {
                let (step, set, rep) = (hold.step.clone(), hold.set, hold.rep);
                return Err(PlanError::Twice { step, set, rep });
            }
        }
        let plan = Self { timing, holds };
        if plan.timed_length() > MAX_PLAN { Err(PlanError::LongerThanADay) } else { Ok(plan) }
    }

    /// The holds, in the order they are played.
    #[must_use]
    pub fn holds(&self) -> &[PlannedHold] {
        &self.holds
    }

    /// The seconds that no source states.
    #[must_use]
    pub const fn timing(&self) -> Timing {
        self.timing
    }

    /// What comes before the hold at `index`: rest, then changing sides, or getting into position.
    /// A rest between repetitions or sets is preparation enough.
    #[must_use]
    pub fn leads(&self, index: usize) -> Vec<Lead> {
        let Some(hold) = self.holds.get(index) else { return Vec::new() };
        let before = index.checked_sub(1).and_then(|i| self.holds.get(i));
        let mut leads = Vec::new();
        if before.is_some() && hold.rest_before > Millis::ZERO {
            leads.push(Lead { kind: LeadKind::Rest, length: hold.rest_before });
        }
        if before.is_some_and(|b| changes_side(b.side, hold.side)) {
            leads.push(Lead { kind: LeadKind::Switch, length: self.timing.switch });
        } else if before.is_none_or(|b| b.step != hold.step) || leads.is_empty() {
            leads.push(Lead { kind: LeadKind::Prepare, length: self.timing.prepare });
        }
        leads.retain(|lead| lead.length > Millis::ZERO);
        leads
    }

    /// How long the whole takes with no pause, extension, skip or new attempt; nothing when a
    /// hold ends only when the person says so.
    #[must_use]
    pub fn length(&self) -> Option<Millis> {
        let timed = self.holds.iter().all(|hold| hold.work.target().is_some());
        timed.then(|| self.timed_length())
    }

    /// How long what has a time takes.
    fn timed_length(&self) -> Millis {
        let leads = (0..self.holds.len()).flat_map(|index| self.leads(index));
        let targets = self.holds.iter().filter_map(|hold| hold.work.target());
        leads.map(|lead| lead.length).chain(targets).sum()
    }
}

pub(super) fn changes_side(from: Side, to: Side) -> bool {
    matches!((from, to), (Side::Left, Side::Right) | (Side::Right, Side::Left))
}

/// A stretch of time before a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// What it is for.
    pub kind: LeadKind,
    /// How long.
    pub length: Millis,
}

/// What a stretch of time before a hold is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadKind {
    /// Getting into position.
    Prepare,
    /// Changing sides.
    Switch,
    /// Rest between sets or repetitions.
    Rest,
    /// Moving to another spot for a new attempt.
    Move,
}

impl PlannedHold {
    fn check(&self) -> Result<(), PlanError> {
        let lengths: Vec<Millis> = match &self.work {
            Work::Timed { target } => vec![*target],
            Work::UntilEased { at_most } => at_most.iter().copied().collect(),
            Work::Tempo { phases, .. } if phases.is_empty() => vec![Millis::ZERO],
            Work::Tempo { phases, .. } => phases.iter().map(|p| p.length).collect(),
            Work::Open | Work::Reps { .. } | Work::Tick => Vec::new(),
        };
        let reps = self.work.target_reps();
        if lengths.contains(&Millis::ZERO) || reps == Some(0) || self.set == 0 {
            return Err(PlanError::Zero(self.step.clone()));
        }
        if self.work.is_whole_set() != (self.rep == 0) {
            return Err(PlanError::Numbering(self.step.clone()));
        }
        if self.ease_check && !self.work.is_hold() {
            return Err(PlanError::NothingEases(self.step.clone()));
        }
        if matches!(self.work, Work::Tempo { .. }) && lengths.iter().any(|each| *each < MIN_PHASE) {
            return Err(PlanError::TooFast(self.step.clone()));
        }
        let longest = lengths.iter().copied().chain(self.work.target()).max();
        let highest = reps.max(Some(self.set)).max(Some(self.rep));
        if longest.max(Some(self.rest_before)) > Some(MAX_LENGTH) || highest > Some(MAX_SETS) {
            return Err(PlanError::TooMuch(self.step.clone()));
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct RawPlan {
    timing: Timing,
    holds: Vec<PlannedHold>,
}

impl TryFrom<RawPlan> for Plan {
    type Error = PlanError;
    fn try_from(raw: RawPlan) -> Result<Self, PlanError> {
        Self::new(raw.timing, raw.holds)
    }
}

impl From<Plan> for RawPlan {
    fn from(plan: Plan) -> Self {
        Self { timing: plan.timing, holds: plan.holds }
    }
}
