//! Why a document does not take foreign changes, and why it does not make a change of our own. In
//! both cases it is as it was before.

use automerge::AutomergeError;

use super::actor::{ActorId, ChangeHash};
use super::foreign::{ForeignBytes, MAX_CHANGE_OPS, MAX_KEY_BYTES, MAX_VALUE_BYTES};

/// Why something is not taken into a document. The document is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The bytes did not pass the checks.
    #[error(transparent)]
    Foreign(#[from] ForeignBytes),
    /// A change follows one that is not here: it was refused, or never sent.
    #[error("a change follows {0}, which is not here")]
    MissingDep(ChangeHash),
    /// An author's changes have a gap.
    #[error("actor {actor} skips from change {last} to {found}")]
    SeqGap {
        /// The author.
        actor: ActorId,
        /// The last change held.
        last: u64,
        /// The one that came.
        found: u64,
    },
    /// Two different changes in one place of an author's sequence.
    #[error("actor {actor} wrote two different changes {seq}")]
    Forked {
        /// The author.
        actor: ActorId,
        /// The place.
        seq: u64,
    },
    /// A change whose operations do not begin right above those it follows, as every honest one's do.
    #[error("a change starts at operation {found}, but what it follows ends before {expected}")]
    OutOfStep {
        /// Where it starts.
        found: u64,
        /// Where an honest one starts.
        expected: u64,
    },
    /// The document is at its end.
    #[error("the document is full")]
    Full,
    /// A change edits a text that is not here.
    #[error("a change edits a text that is not here")]
    UnknownText,
    /// Saved and loaded again, the document would not be the same, or would not load at all.
    #[error("the document would not survive being saved: {0}")]
    WouldNotReload(String),
    /// Automerge refused it.
    #[error("the document cannot take it: {0}")]
    Automerge(String),
    /// Automerge panicked over it.
    #[error("the document cannot take it: Automerge panicked")]
    Panicked,
}

/// Why a write is not made. The document is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A newer version of the app wrote here.
    #[error(
        "this was written by a newer version of the app (it needs format {needs}): update the app to change it"
    )]
    TooNew {
        /// The version it asks for.
        needs: u32,
    },
    /// A key too long.
    #[error("the name \"{key}\" is longer than {MAX_KEY_BYTES} bytes")]
    KeyTooLong {
        /// The key.
        key: String,
    },
    /// A value too long.
    #[error(
        "what is to be written at \"{key}\" has {bytes} bytes, more than {MAX_VALUE_BYTES}: make it shorter"
    )]
    ValueTooLong {
        /// The key.
        key: String,
        /// Its size.
        bytes: usize,
    },
    /// A document at its end.
    #[error("this document has grown as large as it can: begin a new one")]
    Full,
    /// Too much at once.
    #[error("this is more than {MAX_CHANGE_OPS} changes at once: make it in several steps")]
    TooManyOps,
    /// Automerge failed.
    #[error("the document cannot be written: {0}")]
    Automerge(String),
}

impl From<AutomergeError> for WriteError {
    fn from(error: AutomergeError) -> Self {
        Self::Automerge(error.to_string())
    }
}
