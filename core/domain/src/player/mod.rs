//! The player: a deterministic state machine that conducts a session. Inputs at instants go in,
//! effects come out. Refuses to know of clocks, speech, screens and storage.

#![allow(dead_code)] // The machine that uses the rest follows.

mod course;
mod cue;
mod effect;
mod input;
mod instant;
mod log;
mod plan;

pub use course::EASE_CHECK_AFTER;
pub use cue::{Cue, Haptic, Importance, TimedCue, Tone};
pub use effect::{Effect, Ignored, Question, SessionEnd};
pub use input::{
    Action, EaseAnswer, Input, MAX_EXTENSION, PainWhen, PauseReason, Position, Seen, StopReason,
};
pub use instant::{At, BootId, SessionTime};
pub use log::HoldToLog;
pub use plan::{
    Lead, LeadKind, MAX_HOLDS, MAX_LENGTH, PacedPhase, Plan, PlanError, PlannedHold, StepOnSide,
    Timing, Work,
};
