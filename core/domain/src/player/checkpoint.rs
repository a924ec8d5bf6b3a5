//! A session as it is put away and taken up again. Stays on the device: it is no record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Player;
use super::course::Course;
use super::effect::Question;
use super::effect::{Effect, SessionEnd};
use super::input::{Action, Input, Position};
use super::instant::{At, SessionClock};
use super::log::HoldToLog;
use super::plan::Plan;
use crate::words::{Message, Words};

/// The format this version writes.
const FORMAT: u32 = 1;

/// Everything needed to take a session up again after the app was killed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    format: u32,
    plan: Plan,
    clock: SessionClock,
    settled: Course,
    logged: BTreeMap<u32, HoldToLog>,
    asked: Option<(Question, Position)>,
    over: Option<SessionEnd>,
    left_alone: bool,
}

/// Why a checkpoint cannot be taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub enum BadCheckpoint {
    /// A later version wrote it.
    Newer(u32),
    /// It contradicts itself.
    Damaged,
}

impl BadCheckpoint {
    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        match *self {
            Self::Newer(format) => Message::new("unfinished.newer").with("format", format),
            Self::Damaged => Message::new("unfinished.damaged"),
        }
    }
}

impl Player {
    /// The session as it stands, to be persisted.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            format: FORMAT,
            plan: self.plan.clone(),
            clock: self.clock,
            settled: self.settled.clone(),
            logged: self.logged.clone(),
            asked: self.asked,
            over: self.over.clone(),
            left_alone: self.left_alone,
        }
    }

    /// Takes a session up where it was. Within 30 s of the last attended instant it goes on as if
    /// nothing had been; after that a running hold is broken off there and the person is asked.
    ///
    /// # Errors
    /// [`BadCheckpoint`].
    pub fn resume(checkpoint: Checkpoint, at: At) -> Result<(Self, Vec<Effect>), BadCheckpoint> {
        let mut player = Self::from_checkpoint(checkpoint)?;
        let effects = player.apply(at, &Input::unseeing(Action::Tick));
        Ok((player, effects))
    }

    /// Gives a session up. A half-done hold is logged as what it was, `interrupted`.
    ///
    /// # Errors
    /// [`BadCheckpoint`].
    pub fn discard(checkpoint: Checkpoint, at: At) -> Result<(Self, Vec<Effect>), BadCheckpoint> {
        let mut player = Self::from_checkpoint(checkpoint)?;
        let effects = player.give_up(at);
        Ok((player, effects))
    }

    pub(crate) fn from_checkpoint(checkpoint: Checkpoint) -> Result<Self, BadCheckpoint> {
        let Checkpoint { format, plan, clock, settled, logged, asked, over, left_alone } =
            checkpoint;
        if format > FORMAT {
            return Err(BadCheckpoint::Newer(format));
        }
        let holds = plan.holds().len();
        let within = |index: u32| (index as usize) < holds;
        let sound = settled.done.len() == holds
            && within(settled.hold)
            && settled.easing.is_none_or(within)
            && settled.ended.is_none_or(within)
            && logged.keys().copied().all(within);
        if !sound {
            return Err(BadCheckpoint::Damaged);
        }
        Ok(Self { plan, clock, settled, logged, asked, over, left_alone })
    }
}
