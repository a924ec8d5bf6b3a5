//! What goes wrong: one rich enum inside, one small enum that a caller acts on, and the one place
//! where the first becomes the second. Every text says what, on what, and what to do.

#[path = "error_words.rs"]
mod error_words;

use std::io;
use std::path::{Path, PathBuf};

use holdfast_domain::record::{DayRefusal, RecordRefusal};
use holdfast_domain::rules::{Broken, Finding};
use holdfast_domain::words::{Message, Words};
use holdfast_protocol::phrase::BadPhrase;

pub(crate) use self::error_words::finding;
use self::error_words::said;
use crate::documents::document::{Refused, WriteError};
use crate::identity::statements::NotMade;
use crate::key_provider::KeyError;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that goes wrong inside the engine.
#[derive(Debug, thiserror::Error)]
#[error("{}", Words::english().say(&said(self)))]
pub(crate) enum Error {
    // The home and its database.
    /// `why` is the code of the sentence.
    NotAHome {
        path: PathBuf,
        why: &'static str,
    },
    AlreadyAHome {
        path: PathBuf,
        name: String,
    },
    HomeInUse {
        path: PathBuf,
        pid: u32,
        command: String,
    },
    NewerData {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    Damaged {
        path: PathBuf,
        detail: String,
    },
    DiskFull {
        path: PathBuf,
    },
    ReadOnly {
        path: PathBuf,
    },
    /// `doing` is the code of the sentence.
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    Sqlite(rusqlite::Error),
    Suspended,
    Crashed,
    RestartNeeded(String),
    // Keys.
    Key(#[from] KeyError),
    /// With the code of the reason.
    RecoveryNeeded(&'static str),
    // Membership and the relay.
    NotMade(#[from] NotMade),
    Relay {
        code: &'static str,
        message: Message,
    },
    Link {
        code: &'static str,
        message: Message,
    },
    /// A link that leads nowhere, in words that have a code.
    Linked(Message),
    Phrase(#[from] BadPhrase),
    // Documents.
    Document {
        doc: String,
        source: Refused,
    },
    Write(#[from] WriteError),
    UnknownAuthor {
        doc: String,
        device: String,
    },
    Unreadable(String),
    // What a person asked for.
    NotFound {
        what: &'static str,
        id: String,
    },
    Ambiguous {
        what: &'static str,
        id: String,
        candidates: Vec<String>,
    },
    BadInput {
        field: &'static str,
        code: &'static str,
        message: Message,
    },
    Record(#[from] RecordRefusal),
    Day(#[from] DayRefusal),
    /// Refused in words that have a code: as a value where there is a field, else as the state
    /// of things.
    Said {
        field: Option<&'static str>,
        message: Message,
    },
    // Routines and play.
    Unknown {
        what: &'static str,
        id: String,
        near: Vec<String>,
    },
    Broken {
        broken: Broken,
        way_on: WayOn,
    },
    AskFirst {
        code: &'static str,
        message: Message,
        steps: Vec<String>,
    },
    Forbidden {
        code: &'static str,
        message: Message,
    },
    PlayInUse {
        pid: u32,
    },
}

/// What a person can do about a hard rule that stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WayOn {
    /// Override it, with a reason.
    Override,
    /// Acknowledge it, for this once.
    Acknowledge,
}

impl WayOn {
    fn hint(self, findings: &[Finding]) -> Option<Message> {
        let code = match self {
            Self::Override => "hint.override",
            Self::Acknowledge => "hint.acknowledge",
        };
        findings.iter().all(|finding| finding.overridable).then(|| Message::new(code))
    }
}

/// For scripts, that go by the code; a person is told in their own language.
pub(crate) fn in_english<S: serde::Serializer>(
    message: &Message,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(message)
}

impl Error {
    /// The sentence, as a code and arguments.
    pub(crate) fn message(&self) -> Message {
        said(self)
    }

    /// A value that cannot be, under the code that most such have.
    pub(crate) const fn bad(field: &'static str, message: Message) -> Self {
        Self::BadInput { field, code: "bad_value", message }
    }

    /// A value that cannot be, in words with a code. The error's code is what follows the section:
    /// `habit.in_the_future` is `in_the_future`.
    pub(crate) const fn bad_value(field: &'static str, message: Message) -> Self {
        Self::Said { field: Some(field), message }
    }

    /// What the state of things forbids, in words with a code.
    pub(crate) const fn forbidden(message: Message) -> Self {
        Self::Said { field: None, message }
    }

    /// An input or output error, told apart by what a person can do about it. `doing` is the code
    /// of what it says otherwise.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path }
            }
            _ => Self::Io { doing, path, source },
        }
    }

    /// A database error, told apart by what a person can do about it.
    pub(crate) fn sqlite(error: rusqlite::Error, path: &Path) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(Code::DiskFull) => Self::DiskFull { path },
            // SQLite cannot grow its shared memory on a full disk, and calls that an I/O error.
            Some(Code::SystemIoFailure) if is_full(&path) => Self::DiskFull { path },
            Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied) => {
                Self::ReadOnly { path }
            }
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => {
                Self::Damaged { path, detail: error.to_string() }
            }
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => {
                Self::HomeInUse { path, pid: 0, command: "unknown".to_owned() }
            }
            _ => Self::Sqlite(error),
        }
    }
}

/// Whether the disk that a file is on has no room for another page.
fn is_full(file: &Path) -> bool {
    let folder = if file.is_dir() { Some(file) } else { file.parent() };
    let about = folder.and_then(|folder| rustix::fs::statvfs(folder).ok());
    about.is_some_and(|about| about.f_bavail.saturating_mul(about.f_frsize) < 64 << 10)
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// What a caller of the engine can act on. Every variant has a stable [`Self::code`], a sentence for
/// people (its `Display`), and, where there is one, the input at fault and a hint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HoldfastError {
    /// Something that was named does not exist, or several things answer to the name.
    #[error("{message}")]
    NotFound {
        /// The sentence.
        message: Message,
        /// What answers to the name, where several do.
        candidates: Vec<String>,
    },
    /// A value that cannot be.
    #[error("{message}")]
    BadInput {
        /// The input at fault, as the command line names it.
        field: String,
        /// A finer code.
        code: String,
        /// The sentence.
        message: Message,
    },
    /// Asked before it is taken: the same call with `yes` does it.
    #[error("{message}")]
    NeedsConfirmation {
        /// The input in question, as the command line names it.
        field: String,
        /// The question.
        message: Message,
    },
    /// The state of things forbids it.
    #[error("{message}")]
    Forbidden {
        /// The finer code.
        code: String,
        /// The sentence.
        message: Message,
    },
    /// Hard rules stand in the way, and nobody took responsibility for breaking them.
    #[error("{message}")]
    Broken {
        /// The findings that stand in the way.
        findings: Vec<Finding>,
        /// The sentence.
        message: Message,
        /// What can be done, where something can.
        hint: Option<Message>,
    },
    /// Something is to be decided before the routine can be played.
    #[error("{message}")]
    AskFirst {
        /// What: `sides_to_say`, `slots_to_fill` or `nothing_chosen`.
        code: String,
        /// The sentence.
        message: Message,
        /// The steps it is about.
        steps: Vec<String>,
    },
    /// Another process plays this chart.
    #[error("{message}")]
    PlayInUse {
        /// That process; 0 where it did not say.
        pid: u32,
        /// The sentence.
        message: Message,
    },
    /// Another process has the directory.
    #[error("{message}")]
    HomeInUse {
        /// That process; 0 where it did not say.
        pid: u32,
        /// What it is doing.
        command: String,
        /// The sentence.
        message: Message,
    },
    /// The directory is no home, or not a fresh one.
    #[error("{message}")]
    NotAHome {
        /// The sentence.
        message: Message,
    },
    /// A home is already there.
    #[error("{message}")]
    AlreadyAHome {
        /// The sentence.
        message: Message,
    },
    /// The data was written by a newer version. It was not touched.
    #[error("{message}")]
    NewerData {
        /// The sentence.
        message: Message,
    },
    /// The database is damaged.
    #[error("{message}")]
    Damaged {
        /// The sentence.
        message: Message,
    },
    /// The disk is full. Nothing was half-written.
    #[error("{message}")]
    DiskFull {
        /// The sentence.
        message: Message,
    },
    /// The directory cannot be written to.
    #[error("{message}")]
    ReadOnly {
        /// The sentence.
        message: Message,
    },
    /// The key store is locked, or the engine suspended: later it works.
    #[error("{message}")]
    Locked {
        /// The sentence.
        message: Message,
    },
    /// The key is lost: the phrase, a pairing, or a fresh start. No file was touched.
    #[error("{message}")]
    RecoveryNeeded {
        /// The sentence.
        message: Message,
    },
    /// The relay could not be used, or refused.
    #[error("{message}")]
    Relay {
        /// The finer code.
        code: String,
        /// The sentence.
        message: Message,
    },
    /// A link that leads nowhere (any more).
    #[error("{message}")]
    Link {
        /// The finer code.
        code: String,
        /// The sentence.
        message: Message,
    },
    /// Words that are no recovery phrase, or none of this relay's.
    #[error("{message}")]
    Phrase {
        /// The sentence.
        message: Message,
    },
    /// The engine stopped over an error of its own. What was saved is safe: drop it and open again.
    #[error("{message}")]
    RestartNeeded {
        /// The sentence.
        message: Message,
    },
    /// Anything else: reading or writing failed in a way nobody can act on but try again.
    #[error("{message}")]
    Failed {
        /// The sentence.
        message: Message,
    },
}

impl HoldfastError {
    /// The stable code, as `error.code` of the command line's JSON.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NotFound { candidates, .. } if !candidates.is_empty() => "ambiguous",
            Self::NotFound { .. } => "not_found",
            Self::BadInput { code, .. }
            | Self::Forbidden { code, .. }
            | Self::Relay { code, .. }
            | Self::Link { code, .. }
            | Self::AskFirst { code, .. } => code,
            Self::Phrase { .. } => "bad_phrase",
            Self::Broken { findings, .. } if findings.iter().all(|f| f.asks.is_some()) => {
                "unanswered"
            }
            Self::Broken { .. } => "hard_rule",
            Self::PlayInUse { .. } => "play_in_use",
            Self::NeedsConfirmation { .. } => "needs_confirmation",
            Self::HomeInUse { .. } => "home_in_use",
            Self::NotAHome { .. } => "not_a_home",
            Self::AlreadyAHome { .. } => "already_a_home",
            Self::NewerData { .. } => "newer_data",
            Self::Damaged { .. } => "damaged",
            Self::DiskFull { .. } => "disk_full",
            Self::ReadOnly { .. } => "read_only",
            Self::Locked { .. } => "locked",
            Self::RecoveryNeeded { .. } => "recovery_needed",
            Self::RestartNeeded { .. } => "restart_needed",
            Self::Failed { .. } => "failed",
        }
    }

    /// The input at fault, as the command line names it.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::BadInput { field, .. } | Self::NeedsConfirmation { field, .. } => Some(field),
            _ => None,
        }
    }

    /// What to do, where the sentence does not say it already.
    #[must_use]
    pub fn hint(&self) -> Option<Message> {
        let code = match self {
            Self::NotFound { candidates, .. } if !candidates.is_empty() => "hint.more_of_the_id",
            Self::Broken { hint, .. } => return hint.clone(),
            Self::HomeInUse { .. } => "hint.wait",
            Self::NotAHome { .. } => "hint.make_a_home",
            Self::NewerData { .. } => "hint.update",
            Self::Damaged { .. } => "hint.repair",
            Self::DiskFull { .. } => "hint.free_space",
            Self::ReadOnly { .. } => "hint.write_access",
            Self::RecoveryNeeded { .. } => "hint.recover",
            Self::RestartNeeded { .. } => "hint.start_again",
            _ => return None,
        };
        Some(Message::new(code))
    }

    /// The sentence for people, in their language.
    #[must_use]
    pub fn said(&self, words: &Words) -> String {
        match self {
            Self::Broken { findings, .. } => {
                let said = |f: &Finding| format!("{} ({})", f.text(words), f.rule);
                findings.iter().map(said).collect::<Vec<_>>().join(" ")
            }
            other => words.say(other.message()),
        }
    }

    /// The sentence as a code and arguments, for whoever has words of their own.
    #[must_use]
    pub const fn message(&self) -> &Message {
        match self {
            Self::Broken { message, .. }
            | Self::NotFound { message, .. }
            | Self::BadInput { message, .. }
            | Self::NeedsConfirmation { message, .. }
            | Self::Forbidden { message, .. }
            | Self::AskFirst { message, .. }
            | Self::PlayInUse { message, .. }
            | Self::HomeInUse { message, .. }
            | Self::NotAHome { message }
            | Self::AlreadyAHome { message }
            | Self::NewerData { message }
            | Self::Damaged { message }
            | Self::DiskFull { message }
            | Self::ReadOnly { message }
            | Self::Locked { message }
            | Self::RecoveryNeeded { message }
            | Self::Relay { message, .. }
            | Self::Link { message, .. }
            | Self::Phrase { message }
            | Self::RestartNeeded { message }
            | Self::Failed { message } => message,
        }
    }

    /// Whether the value given is at fault, rather than the state of things.
    #[must_use]
    pub const fn is_bad_input(&self) -> bool {
        matches!(self, Self::BadInput { .. } | Self::Link { .. } | Self::Phrase { .. })
    }
}

/// The code of a sentence, without its section.
fn code_of(said: &Message) -> String {
    let code = said.code.as_str();
    code.split_once('.').map_or(code, |(_, code)| code).to_owned()
}

/// The one place where what went wrong inside becomes what a caller can act on.
impl From<Error> for HoldfastError {
    fn from(error: Error) -> Self {
        let message = said(&error);
        match error {
            Error::NotAHome { .. } => Self::NotAHome { message },
            Error::AlreadyAHome { .. } => Self::AlreadyAHome { message },
            Error::HomeInUse { pid, command, .. } => Self::HomeInUse { pid, command, message },
            Error::NewerData { .. } => Self::NewerData { message },
            Error::Damaged { .. } => Self::Damaged { message },
            Error::DiskFull { .. } => Self::DiskFull { message },
            Error::ReadOnly { .. } => Self::ReadOnly { message },
            Error::Suspended | Error::Key(KeyError::LockedRetryLater | KeyError::UserCancelled) => {
                Self::Locked { message }
            }
            Error::Key(KeyError::Lost) | Error::RecoveryNeeded(_) => {
                Self::RecoveryNeeded { message }
            }
            Error::Relay { code, .. } => Self::Relay { code: code.to_owned(), message },
            Error::Link { code, .. } => Self::Link { code: code.to_owned(), message },
            Error::Forbidden { code, .. } => Self::Forbidden { code: code.to_owned(), message },
            Error::Phrase(_) => Self::Phrase { message },
            Error::Crashed | Error::RestartNeeded(_) => Self::RestartNeeded { message },
            Error::NotFound { .. } => Self::NotFound { message, candidates: Vec::new() },
            Error::Unknown { .. } => Self::NotFound { message, candidates: Vec::new() },
            Error::Ambiguous { candidates, .. } => Self::NotFound { message, candidates },
            Error::Broken { broken: Broken { findings }, way_on } => {
                let hint = way_on.hint(&findings);
                Self::Broken { findings, message, hint }
            }
            Error::AskFirst { code, steps, .. } => {
                Self::AskFirst { code: code.to_owned(), message, steps }
            }
            Error::PlayInUse { pid } => Self::PlayInUse { pid, message },
            Error::BadInput { field, code, .. } => {
                Self::BadInput { field: field.to_owned(), code: code.to_owned(), message }
            }
            Error::Linked(said) => Self::Link { code: code_of(&said), message },
            Error::Said { field, message: said } => {
                let code = code_of(&said);
                match field {
                    Some(field) => Self::BadInput { field: field.to_owned(), code, message },
                    None => Self::Forbidden { code, message },
                }
            }
            Error::Record(refusal) => {
                let (field, code) = (refusal.field().to_owned(), refusal.code().to_owned());
                match refusal {
                    RecordRefusal::NeedsConfirmation { .. } => {
                        Self::NeedsConfirmation { field, message }
                    }
                    RecordRefusal::BothSidesOfOne { .. } => Self::Forbidden { code, message },
                    _ => Self::BadInput { field, code, message },
                }
            }
            Error::Day(refusal) => Self::BadInput {
                field: refusal.field().to_owned(),
                code: refusal.code().to_owned(),
                message,
            },
            Error::Write(refusal) => match refusal {
                WriteError::TooNew { .. } => Self::NewerData { message },
                WriteError::ValueTooLong { .. }
                | WriteError::KeyTooLong { .. }
                | WriteError::TooManyOps => Self::BadInput {
                    field: "note".to_owned(),
                    code: "too_long".to_owned(),
                    message,
                },
                WriteError::Automerge(_) | WriteError::Full => Self::Failed { message },
            },
            Error::Sqlite(ref inner) => match Error::sqlite_kind(inner) {
                Some(kind) => kind.into(),
                None => Self::Failed { message },
            },
            Error::Io { .. }
            | Error::NotMade(_)
            | Error::Key(KeyError::Other(_) | KeyError::OpenToOthers { .. })
            | Error::Document { .. }
            | Error::UnknownAuthor { .. }
            | Error::Unreadable(_) => Self::Failed { message },
        }
    }
}

/// For whoever asks a key store besides the engine.
impl From<KeyError> for HoldfastError {
    fn from(error: KeyError) -> Self {
        Error::Key(error).into()
    }
}

impl Error {
    /// A database error that came without a path, told apart all the same.
    fn sqlite_kind(error: &rusqlite::Error) -> Option<Self> {
        let code = error.sqlite_error_code()?;
        let again = rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error { code, extended_code: 0 },
            Some(error.to_string()),
        );
        match Self::sqlite(again, Path::new("of this home")) {
            Self::Sqlite(_) => None,
            kind => Some(kind),
        }
    }
}
