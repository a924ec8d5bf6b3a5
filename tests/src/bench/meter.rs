//! Counts what goes over the wire, the join among it, which answers no report.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use holdfast::Cancel;
use holdfast::sync::transport::{self, Answer, Ask, StreamEvent, Transport, TransportError};

/// The engine's own transport with a meter at it.
pub struct Meter {
    http: Arc<dyn Transport>,
    /// Bytes of bodies, both ways.
    pub bytes: AtomicU64,
    /// Requests that were answered.
    pub round_trips: AtomicU64,
}

impl Meter {
    /// A meter at nothing yet.
    ///
    /// # Panics
    /// When the machine gives no HTTP client.
    #[must_use]
    pub fn new() -> Self {
        let http = transport::http(None).expect("an HTTP client");
        Self { http, bytes: AtomicU64::new(0), round_trips: AtomicU64::new(0) }
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}

impl Transport for Meter {
    fn exchange(
        &self,
        ask: &Ask,
        timeout_ms: u64,
        cancel: &Cancel,
    ) -> Result<Answer, TransportError> {
        let answer = self.http.exchange(ask, timeout_ms, cancel)?;
        self.bytes.fetch_add((ask.body.len() + answer.body.len()) as u64, Ordering::Relaxed);
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        Ok(answer)
    }

    fn follow(
        &self,
        ask: &Ask,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(StreamEvent) -> ControlFlow<()>,
    ) -> Result<(), TransportError> {
        self.http.follow(ask, cancel, on_event)
    }
}
