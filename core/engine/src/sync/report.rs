//! What a sync may cost, and what came of it.

use serde::Serialize;

use crate::error::{Error, Result};
use holdfast_domain::words::Message;

pub use super::transport::Cancel;

/// What one sync may cost. Running out of it is an outcome, not an error.
#[derive(Debug, Clone)]
pub struct Budget {
    /// How long it may take, in milliseconds.
    pub max_ms: u64,
    /// How many bytes of bodies it may send and receive.
    pub max_bytes: u64,
    /// Asks it to stop; it does within 500 ms.
    pub cancel: Cancel,
}

impl Default for Budget {
    /// Ten minutes, any number of bytes.
    fn default() -> Self {
        Self { max_ms: 600_000, max_bytes: u64::MAX, cancel: Cancel::new() }
    }
}

/// How a sync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncOutcome {
    /// Everything that could be sent and fetched was.
    Done,
    /// There is more, for another sync.
    More,
    /// The relay could not be used now.
    Offline,
    /// The engine was suspended, or its keys are locked.
    Locked,
}

/// Something that keeps a part from being synced, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncProblem {
    /// A stable code.
    pub code: String,
    /// What it is, on what, and what to do.
    #[serde(serialize_with = "crate::error::in_english")]
    pub message: Message,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// How it ended.
    pub outcome: SyncOutcome,
    /// Entries the relay took.
    pub pushed: u64,
    /// Entries that came, this device's own not counted.
    pub pulled: u64,
    /// Requests answered.
    pub round_trips: u64,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// Bytes of answer bodies.
    pub bytes_received: u64,
    /// Changes of this device that no relay has taken yet.
    pub queued: u64,
    /// When to try again, in milliseconds, where the relay said so.
    pub retry_after_ms: Option<u64>,
    /// What is in the way of the rest.
    pub problems: Vec<SyncProblem>,
}

impl SyncReport {
    pub(crate) fn new() -> Self {
        Self {
            outcome: SyncOutcome::Done,
            pushed: 0,
            pulled: 0,
            round_trips: 0,
            bytes_sent: 0,
            bytes_received: 0,
            queued: 0,
            retry_after_ms: None,
            problems: Vec::new(),
        }
    }

    /// Passes on what was done; what a single space lacks becomes a problem, and the others go on.
    pub(crate) fn note<T>(&mut self, done: Result<T>) -> Result<Option<T>> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(Error::Relay { code, message }) => {
                self.problem(code, message);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn problem(&mut self, code: &str, message: impl Into<Message>) {
        let message = message.into();
        if !self.problems.iter().any(|p| p.code == code && p.message == message) {
            self.problems.push(SyncProblem { code: code.to_owned(), message });
        }
    }
}
