//! A real relay without a network: the transport hands each request to it directly. It can be taken away, lose
//! answers, and be looked at from outside.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use holdfast::sync::transport::{Answer, Ask, Cancel, Transport, TransportError};
use holdfast_relay::{Limits, Relay, RelayConfig};

/// The address that devices know it by.
pub const URL: &str = "https://relay.test";

type Meddler = Box<dyn FnMut(&Ask, Answer) -> Result<Answer, TransportError> + Send>;

/// A relay in this process.
pub struct NearRelay {
    relay: Mutex<Relay>,
    down: AtomicBool,
    lose_answers: AtomicU64,
    now_ms: AtomicI64,
    meddler: Mutex<Option<Meddler>>,
    asked: AtomicU64,
}

impl NearRelay {
    /// A relay that forgets everything when it is dropped.
    #[must_use]
    pub fn in_memory() -> Arc<Self> {
        Self::of(RelayConfig::in_memory())
    }

    /// A relay that stores in a directory.
    #[must_use]
    pub fn in_directory(directory: &Path) -> Arc<Self> {
        Self::of(RelayConfig::in_directory(directory))
    }

    fn of(config: RelayConfig) -> Arc<Self> {
        let config = config.with_limits(Limits::without_rates()).with_public_url(URL);
        Arc::new(Self {
            relay: Mutex::new(Relay::open(config).expect("the relay opens")),
            down: AtomicBool::new(false),
            lose_answers: AtomicU64::new(0),
            now_ms: AtomicI64::new(1_772_312_400_000),
            meddler: Mutex::new(None),
            asked: AtomicU64::new(0),
        })
    }

    /// Puts another store in its place: a restored backup, or an empty relay under the same name.
    pub fn replace(&self, config: RelayConfig, restored: bool) {
        let config = config.with_limits(Limits::without_rates()).with_public_url(URL);
        let mut relay = self.relay.lock().unwrap_or_else(PoisonError::into_inner);
        *relay = Relay::open(config).expect("the relay opens");
        if restored {
            relay.mark_restored().expect("a new generation starts");
        }
    }

    /// Looks at the relay itself.
    pub fn with<T>(&self, look: impl FnOnce(&Relay) -> T) -> T {
        look(&self.relay.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes it away, or brings it back.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Release);
    }

    /// Lets the next answers be lost: the relay did what was asked, and nobody hears of it.
    pub fn lose_answers(&self, count: u64) {
        self.lose_answers.store(count, Ordering::Release);
    }

    /// Puts somebody between the relay and its devices.
    pub fn meddle(
        &self,
        meddler: impl FnMut(&Ask, Answer) -> Result<Answer, TransportError> + Send + 'static,
    ) {
        *self.meddler.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(meddler));
    }

    /// Nobody is between any more.
    pub fn stop_meddling(&self) {
        *self.meddler.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Moves its clock.
    pub fn advance(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::AcqRel);
    }

    /// How many requests reached it.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Acquire)
    }
}

impl Transport for NearRelay {
    fn exchange(&self, ask: &Ask, _: u64, cancel: &Cancel) -> Result<Answer, TransportError> {
        if cancel.is_cancelled() {
            return Err(TransportError::Cancelled);
        }
        if self.down.load(Ordering::Acquire) {
            return Err(TransportError::Unreachable("nobody answers".to_owned()));
        }
        self.asked.fetch_add(1, Ordering::AcqRel);
        let now = u64::try_from(self.now_ms.load(Ordering::Acquire)).expect("after 1970");
        let answer = self.with(|relay| {
            relay.answer(
                holdfast_relay::Ask {
                    path: ask.path,
                    token: ask.token.as_deref(),
                    body: &ask.body,
                    peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
                },
                now,
            )
        });
        let lost = self
            .lose_answers
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
        if lost.is_ok() {
            return Err(TransportError::TimedOut);
        }
        let answer = Answer { status: answer.status, body: answer.body };
        match &mut *self.meddler.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(meddler) => meddler(ask, answer),
            None => Ok(answer),
        }
    }

    fn follow(
        &self,
        _: &Ask,
        _: &Cancel,
        _: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(), TransportError> {
        Err(TransportError::Unreachable("this relay has no event stream".to_owned()))
    }
}

/// A device's config: a clock of its own that stands still, and this relay.
#[must_use]
pub fn config(home: &Path, relay: &Arc<NearRelay>) -> holdfast::Config {
    let clock = holdfast::clock::FakeClock::new(1_772_312_400_000, "Europe/Berlin");
    holdfast::Config {
        clock: Arc::new(clock),
        transport: Some(relay.clone()),
        ..holdfast::Config::command_line(home)
    }
}

/// A person's first device.
///
/// # Panics
/// When the account cannot be made.
#[must_use]
pub fn first_device(home: &Path, relay: &Arc<NearRelay>) -> (holdfast::Engine, holdfast::Phrase) {
    let account = holdfast::NewAccount {
        name: "Ana".to_owned(),
        device_name: "phone".to_owned(),
        relay: Some(URL.to_owned()),
    };
    holdfast::Engine::create(config(home, relay), account).expect("the account is made")
}

/// Syncs, and nothing is left.
///
/// # Panics
/// When something is left, or in the way.
pub fn sync(engine: &holdfast::Engine) -> holdfast::SyncReport {
    let report = engine.sync_once(&holdfast::Budget::default()).expect("the engine works");
    assert_eq!(report.outcome, holdfast::SyncOutcome::Done, "{report:?}");
    assert!(report.problems.is_empty() && report.queued == 0, "{report:?}");
    report
}

/// Logs a hold of so many seconds on the left.
///
/// # Panics
/// When it is refused.
pub fn log(engine: &holdfast::Engine, session: &str, seconds: u64) {
    let done = holdfast::Done::Held(holdfast::domain::units::Millis::from_secs(seconds));
    let request = holdfast::LogRequest {
        side: Some(holdfast::LogSide::Left),
        session: Some(session.to_owned()),
        ..holdfast::LogRequest::new("psoas-release-hook", done)
    };
    engine.log(&request).expect("the hold is taken");
}

/// What a device shows of the history, without how far it has come.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn shown(engine: &holdfast::Engine) -> Vec<(String, u64, Option<String>)> {
    let query = holdfast::HistoryQuery { limit: Some(500), ..holdfast::HistoryQuery::default() };
    let page = engine.history(&query).expect("the history reads");
    let holds = page.holds.into_iter().flatten();
    holds.map(|hold| (hold.hold_id, hold.held_ms, hold.note)).collect()
}
