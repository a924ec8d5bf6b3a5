//! What goes to a relay and comes back, free of any network: the machine asks, a transport carries.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_protocol::sync::Problem;
use holdfast_protocol::wire;

use super::http::Http;
use crate::error::HoldfastError;

/// One request to the relay.
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    /// The relay's address, without a path and without a slash at its end.
    pub relay: String,
    /// The path, for example `/v1/sync`.
    pub path: &'static str,
    /// The bearer token in unpadded base64url, where the path wants one.
    pub token: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask")
            .field("path", &self.path)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What the relay said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// As in HTTP.
    pub status: u16,
    /// The body: an answer, or a refusal.
    pub body: Vec<u8>,
}

impl Answer {
    /// The refusal, where it is one that reads.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        if self.status == 200 { None } else { wire::decode("problem", &self.body).ok() }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The address does not name a relay that may be asked.
    #[error("{0}")]
    BadAddress(String),
    /// It could not be reached.
    #[error("the relay cannot be reached: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("the relay did not answer in time")]
    TimedOut,
    /// The answer broke off, or is larger than any answer.
    #[error("the relay's answer is not whole: {0}")]
    Broken(String),
    /// The caller wants no answer any more.
    #[error("the request was cancelled")]
    Cancelled,
}

/// A wish to stop, shared between whoever waits and whoever works. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    /// Wishes of others that count as this one.
    others: Vec<Arc<AtomicBool>>,
}

impl Cancel {
    /// One that nobody has asked for yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop.
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::Release);
    }

    /// Whether it was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::Acquire)
            || self.others.iter().any(|other| other.load(Ordering::Acquire))
    }

    /// A new wish that is also there when this or the other one is. Asking for it asks for neither.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let both = [self, other];
        let all = both.iter().flat_map(|one| one.others.iter().chain([&one.asked]));
        Self { asked: Arc::default(), others: all.cloned().collect() }
    }
}

/// What a relay's event stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// It is open.
    Open,
    /// The account's feed number.
    Feed(u64),
    /// What a device says in a live session, as it was sent.
    Live(Vec<u8>),
}

/// Carries requests to a relay.
pub trait Transport: Send + Sync {
    /// Asks and waits for the answer, at most `timeout_ms` milliseconds, and at most 500 ms after `cancel`.
    ///
    /// # Errors
    /// [`TransportError`]: there is no answer, and nobody knows whether the relay did what was asked.
    fn exchange(
        &self,
        ask: &Ask,
        timeout_ms: u64,
        cancel: &Cancel,
    ) -> Result<Answer, TransportError>;

    /// Follows the relay's event stream (`GET`) until it ends, `cancel` is asked for, or `on_event` breaks.
    /// However much a relay sends, only a few events wait to be looked at.
    ///
    /// # Errors
    /// [`TransportError`]: the stream could not be had, or broke.
    fn follow(
        &self,
        ask: &Ask,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(StreamEvent) -> ControlFlow<()>,
    ) -> Result<(), TransportError>;
}

/// The transport an engine makes for itself: HTTP. For whoever puts something around it, to count or to watch.
///
/// # Errors
/// When an extra root certificate does not read.
pub fn http(extra_root_pem: Option<&[u8]>) -> Result<Arc<dyn Transport>, HoldfastError> {
    Ok(Arc::new(Http::new(extra_root_pem)?))
}
