//! What goes wrong, as callers can act on it: one conversion from the engine's errors, none elsewhere.

use std::collections::HashMap;

use holdfast::HoldfastError;
use holdfast::domain::words::{Message, Words};

use crate::findings::Finding;

/// A sentence: its code and arguments for whoever has words of their own, and the sentence itself.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Said {
    /// The code, as in the words' source.
    pub code: String,
    /// The arguments, each said in the engine's language.
    pub args: HashMap<String, String>,
    /// The sentence, in the engine's language.
    pub text: String,
}

impl Said {
    /// Says a message.
    pub(crate) fn of(message: &Message, words: &Words) -> Self {
        let args = message.args.iter();
        Self {
            code: message.code.as_str().to_owned(),
            args: args.map(|(name, arg)| (name.clone(), words.said(arg))).collect(),
            text: words.say(message),
        }
    }
}

/// What is known of something that went wrong.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Problem {
    /// What a program acts on; it may grow finer with versions.
    pub code: String,
    /// The sentence for people.
    pub said: Said,
    /// The input at fault.
    pub field: Option<String>,
    /// What to do, where the sentence does not say it already.
    pub hint: Option<String>,
    /// The ids it may have meant, where it was ambiguous; the steps it is about, where something is to be decided.
    pub candidates: Vec<String>,
    /// The rules that stand in the way.
    pub findings: Vec<Finding>,
}

/// Why a call did not do what was asked. Each variant is something a caller would act on.
#[derive(Debug, Clone, PartialEq, thiserror::Error, uniffi::Error)]
pub enum Failure {
    /// There is none, or more than one.
    #[error("{}", problem.said.text)]
    NotFound {
        /// What.
        problem: Problem,
    },
    /// A value that cannot be.
    #[error("{}", problem.said.text)]
    BadInput {
        /// What.
        problem: Problem,
    },
    /// Asked before it is taken: the same call with `yes` does it.
    #[error("{}", problem.said.text)]
    NeedsConfirmation {
        /// What.
        problem: Problem,
    },
    /// The state of things forbids it.
    #[error("{}", problem.said.text)]
    Forbidden {
        /// What.
        problem: Problem,
    },
    /// Hard rules stand in the way, and nobody took responsibility for breaking them.
    #[error("{}", problem.said.text)]
    Broken {
        /// What.
        problem: Problem,
    },
    /// Something is to be decided before the routine can be played.
    #[error("{}", problem.said.text)]
    AskFirst {
        /// What.
        problem: Problem,
    },
    /// Another process has it, or plays.
    #[error("{}", problem.said.text)]
    InUse {
        /// What.
        problem: Problem,
    },
    /// The directory is no home.
    #[error("{}", problem.said.text)]
    NotAHome {
        /// What.
        problem: Problem,
    },
    /// A home is there already.
    #[error("{}", problem.said.text)]
    AlreadyAHome {
        /// What.
        problem: Problem,
    },
    /// The data was written by a newer version. It was not touched.
    #[error("{}", problem.said.text)]
    NewerData {
        /// What.
        problem: Problem,
    },
    /// The database is damaged.
    #[error("{}", problem.said.text)]
    Damaged {
        /// What.
        problem: Problem,
    },
    /// The disk is full. Nothing was half-written.
    #[error("{}", problem.said.text)]
    DiskFull {
        /// What.
        problem: Problem,
    },
    /// The directory cannot be written to.
    #[error("{}", problem.said.text)]
    ReadOnly {
        /// What.
        problem: Problem,
    },
    /// The key store is locked, or the engine suspended: later it works.
    #[error("{}", problem.said.text)]
    Locked {
        /// What.
        problem: Problem,
    },
    /// The key is lost: the phrase, a pairing, or a fresh start. No file was touched.
    #[error("{}", problem.said.text)]
    RecoveryNeeded {
        /// What.
        problem: Problem,
    },
    /// The relay could not be used, or refused.
    #[error("{}", problem.said.text)]
    Relay {
        /// What.
        problem: Problem,
    },
    /// A link that leads nowhere (any more).
    #[error("{}", problem.said.text)]
    Link {
        /// What.
        problem: Problem,
    },
    /// Words that are no recovery phrase, or none of this relay's.
    #[error("{}", problem.said.text)]
    Phrase {
        /// What.
        problem: Problem,
    },
    /// The engine stopped over an error of its own. What was saved is safe: close it and open again.
    #[error("{}", problem.said.text)]
    RestartNeeded {
        /// What.
        problem: Problem,
    },
    /// The engine was closed.
    #[error("{}", problem.said.text)]
    Closed {
        /// What.
        problem: Problem,
    },
    /// Anything else: it can only be tried again.
    #[error("{}", problem.said.text)]
    Failed {
        /// What.
        problem: Problem,
    },
}

impl Failure {
    /// The one place where the engine's errors become those of the bindings.
    pub(crate) fn of(error: &HoldfastError, words: &Words) -> Self {
        let (findings, candidates) = match error {
            HoldfastError::Broken { findings, .. } => {
                (findings.iter().map(|finding| Finding::of(finding, words)).collect(), Vec::new())
            }
            HoldfastError::NotFound { candidates, .. } => (Vec::new(), candidates.clone()),
            HoldfastError::AskFirst { steps, .. } => (Vec::new(), steps.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        let problem = Problem {
            code: error.code().to_owned(),
            said: Said { text: error.said(words), ..Said::of(error.message(), words) },
            field: error.field().map(str::to_owned),
            hint: error.hint().map(|hint| words.say(&hint)),
            candidates,
            findings,
        };
        match error {
            HoldfastError::NotFound { .. } => Self::NotFound { problem },
            HoldfastError::BadInput { .. } => Self::BadInput { problem },
            HoldfastError::NeedsConfirmation { .. } => Self::NeedsConfirmation { problem },
            HoldfastError::Forbidden { .. } => Self::Forbidden { problem },
            HoldfastError::Broken { .. } => Self::Broken { problem },
            HoldfastError::AskFirst { .. } => Self::AskFirst { problem },
            HoldfastError::PlayInUse { .. } | HoldfastError::HomeInUse { .. } => {
                Self::InUse { problem }
            }
            HoldfastError::NotAHome { .. } => Self::NotAHome { problem },
            HoldfastError::AlreadyAHome { .. } => Self::AlreadyAHome { problem },
            HoldfastError::NewerData { .. } => Self::NewerData { problem },
            HoldfastError::Damaged { .. } => Self::Damaged { problem },
            HoldfastError::DiskFull { .. } => Self::DiskFull { problem },
            HoldfastError::ReadOnly { .. } => Self::ReadOnly { problem },
            HoldfastError::Locked { .. } => Self::Locked { problem },
            HoldfastError::RecoveryNeeded { .. } => Self::RecoveryNeeded { problem },
            HoldfastError::Relay { .. } => Self::Relay { problem },
            HoldfastError::Link { .. } => Self::Link { problem },
            HoldfastError::Phrase { .. } => Self::Phrase { problem },
            HoldfastError::RestartNeeded { .. } => Self::RestartNeeded { problem },
            // What a caller of today has no name for.
            _ => Self::Failed { problem },
        }
    }

    /// The sentence.
    pub(crate) fn said(self) -> Said {
        match self {
            Self::NotFound { problem }
            | Self::BadInput { problem }
            | Self::NeedsConfirmation { problem }
            | Self::Forbidden { problem }
            | Self::Broken { problem }
            | Self::AskFirst { problem }
            | Self::InUse { problem }
            | Self::NotAHome { problem }
            | Self::AlreadyAHome { problem }
            | Self::NewerData { problem }
            | Self::Damaged { problem }
            | Self::DiskFull { problem }
            | Self::ReadOnly { problem }
            | Self::Locked { problem }
            | Self::RecoveryNeeded { problem }
            | Self::Relay { problem }
            | Self::Link { problem }
            | Self::Phrase { problem }
            | Self::RestartNeeded { problem }
            | Self::Closed { problem }
            | Self::Failed { problem } => problem.said,
        }
    }

    /// The engine was closed.
    pub(crate) fn closed(words: &Words) -> Self {
        let message = Message::new("ffi.closed");
        Self::Closed {
            problem: Problem {
                code: "closed".to_owned(),
                said: Said::of(&message, words),
                field: None,
                hint: None,
                candidates: Vec::new(),
                findings: Vec::new(),
            },
        }
    }
}
