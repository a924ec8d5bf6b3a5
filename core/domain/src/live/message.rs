//! What devices say to each other in a live session.

use serde::{Deserialize, Serialize};

use crate::ids::DeviceName;
use crate::player::{At, Checkpoint, Input};

/// Who leads. The greater one wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Term {
    /// One higher with every take-over.
    pub number: u64,
    /// The device that leads.
    pub leader: DeviceName,
}

/// The whole state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Who leads.
    pub term: Term,
    /// How many inputs are in it.
    pub n: u64,
    /// An instant of the session …
    pub at: At,
    /// … and the shared millisecond it was.
    pub shared_ms: i64,
    /// The session as it stands.
    pub checkpoint: Box<Checkpoint>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who leads.
    pub term: Term,
    /// Which input, from 0.
    pub n: u64,
    /// When, on the session's instants.
    pub at: At,
    /// What.
    pub input: Input,
}

/// A sign of life: what time it is in the session, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Who leads.
    pub term: Term,
    /// How many inputs were said so far.
    pub n: u64,
    /// An instant of the session …
    pub at: At,
    /// … and the shared millisecond it was.
    pub shared_ms: i64,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum Message {
    /// "I am here; go on from where I am."
    Hello {
        /// Who.
        from: DeviceName,
        /// The term it follows and how many inputs it has; nothing when it needs the whole state.
        have: Option<(Term, u64)>,
    },
    /// The whole state.
    Snapshot(Snapshot),
    /// An input that the leader applied.
    Said(Said),
    /// A sign of life.
    Beat(Beat),
    /// Somebody who follows asks the leader to apply an input.
    Ask {
        /// Who.
        from: DeviceName,
        /// Which of its askings, from 1: the same one twice is one.
        no: u64,
        /// The input, with the position its sender saw.
        input: Input,
    },
}
