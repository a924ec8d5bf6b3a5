//! A real relay without a network: the transport hands each request to it directly. It can be taken away, lose
//! answers, and be looked at from outside.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use holdfast::sync::transport::{Answer, Ask, Cancel, StreamEvent, Transport, TransportError};
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
    answered_bytes: AtomicU64,
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
            answered_bytes: AtomicU64::new(0),
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

    /// How many bytes of bodies it has answered with.
    #[must_use]
    pub fn answered_bytes(&self) -> u64 {
        self.answered_bytes.load(Ordering::Acquire)
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
        self.answered_bytes.fetch_add(answer.body.len() as u64, Ordering::AcqRel);
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
        _: &mut dyn FnMut(StreamEvent) -> ControlFlow<()>,
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

/// A device that does not keep to the rules: it has the keys of a home and signs what it likes.
pub struct HostileDevice {
    relay: Arc<NearRelay>,
    /// Its keys.
    pub keys: holdfast_protocol::keys::DeviceKeys,
    /// The account's own chart.
    pub chart: holdfast_protocol::ids::SpaceId,
    /// The key of the class `log`.
    pub log_key: holdfast_protocol::secret::Secret32,
    counter: u64,
}

impl HostileDevice {
    /// Takes the keys out of a home, as whoever holds the phone can.
    ///
    /// # Panics
    /// When the home is not one of this version.
    #[must_use]
    pub fn of(home: &Path, relay: &Arc<NearRelay>) -> Self {
        use holdfast_protocol::ids::SpaceId;
        use holdfast_protocol::secret::Secret32;
        let text = std::fs::read_to_string(home.join("key")).expect("the key file reads");
        let secret = |bytes: &[u8]| Secret32::from_bytes(bytes.try_into().expect("32 bytes"));
        let hex = text.lines().nth(1).expect("a key");
        let seal = secret(&SpaceId::from_hex(hex).expect("hex").0);
        let db = rusqlite::Connection::open(home.join("holdfast.db")).expect("a database");
        let meta = |key: &str| -> Vec<u8> {
            db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
                .expect("a fact")
        };
        let seed = seal.open(b"holdfast device seed", &meta("seed")).expect("the seed opens");
        let me: serde_json::Value = serde_json::from_slice(&meta("me")).expect("json");
        let chart = me["chart"].as_str().and_then(SpaceId::from_hex).expect("a chart");
        let (epoch, sealed): (u32, Vec<u8>) = db
            .query_row(
                "SELECT epoch, sealed FROM secret WHERE space = ?1 AND class = 3
                 ORDER BY epoch DESC",
                [chart.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .expect("a class key");
        let mut purpose = b"holdfast class key".to_vec();
        purpose.extend_from_slice(&chart.0);
        purpose.extend_from_slice(&3_i64.to_le_bytes());
        purpose.extend_from_slice(&epoch.to_le_bytes());
        Self {
            relay: relay.clone(),
            keys: holdfast_protocol::keys::DeviceKeys::from_seed(secret(&seed)),
            chart,
            log_key: secret(&seal.open(&purpose, &sealed).expect("the class key opens")),
            counter: 1000,
        }
    }

    fn ask<T>(&self, path: &'static str, body: Vec<u8>, token: Option<String>) -> T
    where
        T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
    {
        let ask = Ask { relay: URL.to_owned(), path, token, body };
        let answer = self.relay.exchange(&ask, 0, &Cancel::new()).expect("the relay answers");
        assert_eq!(answer.status, 200, "{:?}", answer.problem());
        holdfast_protocol::wire::decode("answer", &answer.body).expect("the answer reads")
    }

    /// Seals a content as a change of the class `log`, and has the relay take it.
    ///
    /// # Panics
    /// When the relay refuses the whole request.
    pub fn push(&mut self, content: &[u8]) -> holdfast_protocol::sync::Outcome {
        self.push_as(holdfast_protocol::entry::Kind::Change, Vec::new(), content)
    }

    /// Seals a content as an entry of the class `log`, and has the relay take it.
    ///
    /// # Panics
    /// When the relay refuses the whole request.
    pub fn push_as(
        &mut self,
        kind: holdfast_protocol::entry::Kind,
        covers: Vec<holdfast_protocol::entry::SeqRange>,
        content: &[u8],
    ) -> holdfast_protocol::sync::Outcome {
        use holdfast_protocol::auth::{
            ChallengeRequest, ChallengeResponse, TokenRequest, TokenResponse,
        };
        use holdfast_protocol::entry::{Entry, Header, Position};
        use holdfast_protocol::ids::{Class, DeviceId, EntryHash};
        use holdfast_protocol::sync::{Push, SyncRequest, SyncResponse};
        use holdfast_protocol::wire::encode;
        self.counter += 1;
        let header = Header {
            version: holdfast_protocol::VERSION,
            space: self.chart,
            class: Class::Log,
            kind,
            epoch: 1,
            author: DeviceId::ZERO,
            counter: self.counter,
            prev: EntryHash::ZERO,
            seen: Position::START,
            covers,
            body_hash: [0; 32],
            body_len: 0,
        };
        let mut entropy = holdfast_protocol::entropy::SystemEntropy;
        let entry = Entry::seal(header, &self.log_key, content, 3, &self.keys, &mut entropy);
        let request = ChallengeRequest { version: 1, device: self.keys.id() };
        let challenge: ChallengeResponse = self.ask("/v1/challenge", encode(&request), None);
        let request = TokenRequest::sign(&self.keys, challenge.challenge, URL);
        let token: TokenResponse = self.ask("/v1/token", encode(&request), None);
        let token = data_encoding::BASE64URL_NOPAD.encode(&token.token);
        let request = SyncRequest {
            version: 1,
            feed: 0,
            push: vec![Push { entry: entry.to_bytes(), invite_wraps: Vec::new() }],
            cursors: Vec::new(),
            want: Vec::new(),
            page_bytes: 4096,
            accounts_feed: 0,
        };
        let response: SyncResponse = self.ask("/v1/sync", encode(&request), Some(token));
        response.acks.into_iter().next().expect("an acknowledgement").outcome
    }
}
