//! Sync: one bounded call that can be cancelled, and where things stand with the relay.

use std::sync::Arc;

use holdfast::domain::words::Words;
use holdfast::{Budget, Cancel, SyncOutcome};

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::{Failure, Said};

/// What one sync may cost. Running out of it is an outcome, not an error.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncBudget {
    /// How long it may take, in milliseconds.
    #[uniffi(default = 600000)]
    pub max_ms: u64,
    /// How many bytes of bodies it may send and receive; any number where it is left out.
    #[uniffi(default = None)]
    pub max_bytes: Option<u64>,
}

/// What is in the way of something.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncProblem {
    /// The code.
    pub code: String,
    /// The sentence.
    pub said: Said,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncReport {
    /// `done`, `more`, `offline` or `locked`.
    pub outcome: String,
    /// Entries sent.
    pub pushed: u64,
    /// Entries fetched.
    pub pulled: u64,
    /// Requests.
    pub round_trips: u64,
    /// Bytes of bodies sent.
    pub bytes_sent: u64,
    /// Bytes of bodies received.
    pub bytes_received: u64,
    /// What still waits.
    pub queued: u64,
    /// When to try again, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
    /// What is in the way.
    pub problems: Vec<SyncProblem>,
}

impl SyncReport {
    pub(crate) fn of(report: &holdfast::SyncReport, words: &Words) -> Self {
        let outcome = match report.outcome {
            SyncOutcome::Done => "done",
            SyncOutcome::More => "more",
            SyncOutcome::Offline => "offline",
            SyncOutcome::Locked => "locked",
        };
        let problem = |problem: &holdfast::SyncProblem| SyncProblem {
            code: problem.code.clone(),
            said: Said::of(&problem.message, words),
        };
        Self {
            outcome: outcome.to_owned(),
            pushed: report.pushed,
            pulled: report.pulled,
            round_trips: report.round_trips,
            bytes_sent: report.bytes_sent,
            bytes_received: report.bytes_received,
            queued: report.queued,
            retry_after_ms: report.retry_after_ms,
            problems: report.problems.iter().map(problem).collect(),
        }
    }
}

/// Where things stand with the relay.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct RelayStatus {
    /// Its address.
    pub url: String,
    /// Whether this device is known there.
    pub registered: bool,
    /// What waits for it.
    pub queued: u64,
}

/// A wish to stop a sync: for callers whose own cancelling does not reach a call under way.
#[derive(uniffi::Object)]
pub struct Canceller {
    cancel: Cancel,
}

#[uniffi::export]
impl Canceller {
    /// One that nobody has asked for yet.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self { cancel: Cancel::new() })
    }

    /// Asks to stop; what it was given to does within 500 ms.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether it was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

#[uniffi::export]
impl EngineHandle {
    /// Syncs once, within a budget. Dropping the call asks it to stop, as the canceller does.
    #[uniffi::method(default(canceller = None))]
    pub async fn sync_once(
        &self,
        budget: SyncBudget,
        canceller: Option<Arc<Canceller>>,
    ) -> Result<SyncReport, Failure> {
        let dropped = Cancel::new();
        let mut cancel = dropped.or(&self.common().cancel());
        if let Some(canceller) = canceller {
            cancel = cancel.or(&canceller.cancel);
        }
        let max_bytes = budget.max_bytes.unwrap_or(u64::MAX);
        let budget = Budget { max_ms: budget.max_ms, max_bytes, cancel };
        let report = self.run_until(dropped, move |engine| engine.sync_once(&budget)).await?;
        Ok(SyncReport::of(&report, self.words()))
    }

    /// Sets the relay, or takes it away.
    pub async fn set_relay(&self, url: Option<String>) -> Result<(), Failure> {
        self.run(move |engine| engine.set_relay(url.as_deref())).await
    }

    /// Where things stand with the relay; nothing where there is none.
    pub async fn relay(&self) -> Result<Option<RelayStatus>, Failure> {
        self.run(|engine| carried(&engine.relay()?)).await
    }
}
