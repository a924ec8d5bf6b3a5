//! Two phones in one room: clocks that agree on nothing, hands that hold a phone, and a chart that is shared.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use holdfast::clock::{Clock, SystemClock};
use holdfast::domain::dose::Range;
use holdfast::domain::player::{Action, Effect, Input};
use holdfast::domain::profile::Change;
use holdfast::live::Live;
use holdfast::play::{PlayOptions, PlaySummary, Playing};
use holdfast::routine::{DoseEdit, StepPlace, StepRequest};
use holdfast::sharing::Role;
use holdfast::sync::transport::{
    self, Answer, Ask, Cancel, StreamEvent, Transport, TransportError,
};
use holdfast::{Config, Engine, GrantRequest, Invitation, NewAccount};

use holdfast::domain::live::Message;
use holdfast_protocol::auth::{ChallengeRequest, ChallengeResponse, TokenRequest, TokenResponse};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::ids::{Class, DeviceId, LiveId, SpaceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::live::{LiveHeader, LiveMessage, LiveOutcome, LiveResponse};
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::wire;

use crate::by_hand::Hand;
use crate::near_relay::NearRelay;
use crate::scene::{Scene, carry, settle, sync};

/// A year, in milliseconds: further ahead than any counter that an engine begins with.
const YEAR_MS: u64 = 365 * 24 * 3_600_000;

/// A clock that runs as the machine's does, or so many times faster, and shows something else.
#[derive(Debug)]
pub struct SkewedClock {
    name: String,
    begun_ms: u64,
    boot_ms: u64,
    wall_ms: i64,
    pace: u32,
    wall_jump_ms: AtomicU64,
}

impl SkewedClock {
    /// A device that has run for `boot_ms`, and whose wall clock is `wall_ms` off.
    #[must_use]
    pub fn new(name: &str, boot_ms: u64, wall_ms: i64, pace: u32) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            begun_ms: SystemClock.since_boot_ms(),
            boot_ms,
            wall_ms: SystemClock.wall_ms() + wall_ms,
            pace,
            wall_jump_ms: AtomicU64::new(0),
        })
    }

    /// Somebody sets the wall clock forward.
    pub fn jump(&self, ms: u64) {
        self.wall_jump_ms.fetch_add(ms, Ordering::AcqRel);
    }

    fn passed(&self) -> u64 {
        (SystemClock.since_boot_ms() - self.begun_ms) * u64::from(self.pace)
    }
}

impl Clock for SkewedClock {
    fn wall_ms(&self) -> i64 {
        let jump = self.wall_jump_ms.load(Ordering::Acquire);
        self.wall_ms.saturating_add_unsigned(self.passed() + jump)
    }

    fn since_boot_ms(&self) -> u64 {
        self.boot_ms + self.passed()
    }

    fn boot_id(&self) -> String {
        self.name.clone()
    }

    fn zone(&self) -> String {
        "Europe/Berlin".to_owned()
    }

    fn pace(&self) -> u32 {
        self.pace
    }
}

/// A relay that lies about the time: whatever it answers to a live message, its clock is so far off.
pub struct LyingClock {
    http: Arc<dyn Transport>,
    off_ms: AtomicU64,
}

impl LyingClock {
    /// One that tells the truth so far.
    ///
    /// # Panics
    /// When there is no HTTP client.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let http = transport::http(None).expect("an HTTP client");
        Arc::new(Self { http, off_ms: AtomicU64::new(0) })
    }

    /// It puts its clock forward.
    pub fn jump(&self, ms: u64) {
        self.off_ms.fetch_add(ms, Ordering::AcqRel);
    }
}

impl Transport for LyingClock {
    fn exchange(
        &self,
        ask: &Ask,
        timeout_ms: u64,
        cancel: &Cancel,
    ) -> Result<Answer, TransportError> {
        let answer = self.http.exchange(ask, timeout_ms, cancel)?;
        match wire::decode::<LiveResponse>("live answer", &answer.body) {
            Ok(mut told) if ask.path == "/v1/live" => {
                told.now_ms += self.off_ms.load(Ordering::Acquire);
                Ok(Answer { status: answer.status, body: wire::encode(&told) })
            }
            _ => Ok(answer),
        }
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

/// A person's first device, with a clock.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn person(scene: &Scene, name: &str, clock: Arc<SkewedClock>) -> Engine {
    person_by(scene, name, Config { clock, ..Config::command_line(scene.home(name)) })
}

/// The same with whatever else a device is opened with.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn person_by(scene: &Scene, name: &str, config: Config) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    };
    Engine::create(config, account).expect("an account is made").0
}

/// Opens a home again, as another process does.
///
/// # Panics
/// When it does not open.
#[must_use]
pub fn reopen(scene: &Scene, name: &str, clock: Arc<SkewedClock>) -> Engine {
    Engine::open(Config { clock, ..Config::command_line(scene.home(name)) }).expect("a home")
}

/// Lets somebody into the own chart. Gives it as they see it.
///
/// # Panics
/// When they do not come in.
#[must_use]
pub fn let_in(owner: &Engine, guest: &Engine, name: &str, role: Role) -> Engine {
    let invitation = Invitation {
        name: Some(name.to_owned()),
        grant: GrantRequest::of(role),
        valid_ms: 3_600_000,
        confirm_first: false,
    };
    let invited = owner.invite(&invitation).expect("an invite");
    let chart = guest.accept_invite(&invited.link).expect("the guest comes in");
    settle(&[owner, guest]);
    guest.chart(&chart.id).expect("the chart")
}

/// A routine of the hook pair with holds of so many seconds, and nothing that stands in its way.
///
/// # Panics
/// When it is refused.
pub fn pair(engine: &Engine, seconds: u32) {
    let no = ["pregnant", "ask_first", "serious_injury", "strain", "hip_flexor_pain"];
    let said = no.iter().map(|key| format!("{key}=no"));
    let said = said.chain(["tight_hip_flexors=no".to_owned(), "prone_ok=yes".to_owned()]);
    let changes: Vec<Change> = said
        .map(|said| {
            let (key, value) = said.split_once('=').expect("a pair");
            Change::parse(key, value).expect("an answer")
        })
        .collect();
    engine.set_profile(&changes).expect("the profile is taken");
    engine.new_routine("Pair").expect("a routine");
    for exercise in ["psoas-release-hook", "iliacus-release-hook"] {
        let dose = DoseEdit { hold_s: Some(Range::exactly(seconds)), ..DoseEdit::default() };
        let step = StepRequest { exercise: exercise.into(), dose, ..StepRequest::default() };
        engine.add_step("Pair", &step, &StepPlace::End, &[]).expect("a step");
    }
    sync(engine);
}

/// The session of tonight, so that it has a key that others find too.
#[must_use]
pub fn tonight() -> PlayOptions {
    PlayOptions { slot: Some("bedtime".to_owned()), ..PlayOptions::default() }
}

/// A phone in somebody's hand: time passes on it, and every cue is heard.
pub struct Phone {
    live: Option<Arc<Live>>,
    stop: Arc<AtomicBool>,
    hand: Option<JoinHandle<()>>,
}

impl Phone {
    /// Takes it up.
    #[must_use]
    pub fn hold(live: Live) -> Self {
        let live = Arc::new(live);
        let stop = Arc::new(AtomicBool::new(false));
        let (held, let_go) = (Arc::clone(&live), Arc::clone(&stop));
        let hand = std::thread::spawn(move || {
            while !let_go.load(Ordering::Acquire) {
                attend(&held, &Input::unseeing(Action::Tick));
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        Self { live: Some(live), stop, hand: Some(hand) }
    }

    /// Leads a session, and begins it.
    ///
    /// # Panics
    /// When it cannot be led.
    #[must_use]
    pub fn lead(playing: Playing) -> Self {
        let live = playing.together(|| {}).expect("a relay is set");
        attend(&live, &Input::unseeing(Action::Start));
        Self::hold(live)
    }

    /// Follows a session of a chart.
    ///
    /// # Panics
    /// When it may not.
    #[must_use]
    pub fn follow(chart: &Engine) -> Self {
        Self::hold(chart.follow(|| {}).expect("the log may be read"))
    }

    /// The session.
    ///
    /// # Panics
    /// Never: it is let go of at the end.
    #[must_use]
    pub fn live(&self) -> &Live {
        self.live.as_ref().expect("held")
    }

    /// Presses a key.
    pub fn press(&self, action: Action) -> Vec<Effect> {
        let view = self.live().view();
        let input = match view {
            Some(view) => Input::seeing(view.position, action),
            None => Input::unseeing(action),
        };
        attend(self.live(), &input)
    }

    fn let_go(&mut self) -> Option<Live> {
        self.stop.store(true, Ordering::Release);
        if let Some(hand) = self.hand.take() {
            hand.join().expect("the hand did not slip");
        }
        self.live.take().and_then(Arc::into_inner)
    }

    /// Ends the session on this phone.
    ///
    /// # Panics
    /// When it could not be written.
    #[must_use]
    pub fn finish(mut self) -> Option<PlaySummary> {
        self.let_go().expect("nobody else holds it").finish().expect("the session is written")
    }

    /// The phone dies: nothing is said any more, and nothing is written.
    pub fn die(mut self) {
        drop(self.let_go());
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        drop(self.let_go());
    }
}

/// Gives an input and confirms the cues it brings, as one does who hears them.
fn attend(live: &Live, input: &Input) -> Vec<Effect> {
    let at = live.at();
    let mut effects = live.apply_at(at, input).effects;
    let due = effects.iter().filter_map(|effect| match effect {
        Effect::Cue(cue) => Some(cue.due),
        _ => None,
    });
    if let Some(due) = due.max() {
        let heard = Input::unseeing(Action::Delivered { due });
        effects.extend(live.apply_at(at, &heard).effects);
    }
    effects
}

/// Waits until something is so.
///
/// # Panics
/// When it is not so within `seconds`.
pub fn until(what: &str, seconds: u64, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !so() {
        assert!(Instant::now() < end, "not within {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Posts a body, with a token, and gives the status and the answer.
type Carry = Box<dyn FnMut(&str, Option<&str>, &[u8]) -> (u16, Vec<u8>)>;

/// Somebody with the keys of a home who says what it likes, past every engine.
pub struct Intruder {
    keys: DeviceKeys,
    token: String,
    carry: Carry,
    chart: SpaceId,
    log_key: (u32, Secret32),
    counter: u64,
}

impl Intruder {
    /// Takes the keys out of a home that takes part in the chart of another home, and signs in.
    ///
    /// # Panics
    /// When the homes are not of this version, or the relay does not let it in.
    #[must_use]
    pub fn of(scene: &Scene, home: &str, owner: &str) -> Self {
        let unused = NearRelay::in_memory();
        let hand = Hand::of(&scene.home(home), &unused);
        let chart = Hand::of(&scene.home(owner), &unused).chart;
        let epoch = hand.state(chart).epoch(Class::Log);
        let key = hand.key(chart, Class::Log, epoch).expect("a key of the log");
        let mut carry: Carry = Box::new(carry(&scene.url()));
        let request = ChallengeRequest { version: 1, device: hand.keys.id() };
        let (_, body) = carry("/v1/challenge", None, &wire::encode(&request));
        let challenge: ChallengeResponse = wire::decode("challenge", &body).expect("a challenge");
        let request = TokenRequest::sign(&hand.keys, challenge.challenge, &scene.url());
        let (_, body) = carry("/v1/token", None, &wire::encode(&request));
        let token: TokenResponse = wire::decode("token", &body).expect("a token");
        let token = data_encoding::BASE64URL_NOPAD.encode(&token.token);
        let counter = u64::try_from(SystemClock.wall_ms()).expect("after 1970") + YEAR_MS;
        Self { keys: hand.keys.clone(), token, carry, chart, log_key: (epoch, key), counter }
    }

    /// Its device, as hex.
    #[must_use]
    pub fn device(&self) -> String {
        self.keys.id().to_hex()
    }

    /// Seals what it likes for a live session, and has the relay hand it on.
    ///
    /// # Panics
    /// When the relay does not answer in form.
    pub fn say(&mut self, live_id: &str, content: &[u8]) -> LiveOutcome {
        let mut session = [0; 16];
        let bytes = data_encoding::HEXLOWER.decode(live_id.as_bytes()).expect("hex");
        session.copy_from_slice(&bytes);
        self.counter += 1;
        let header = LiveHeader {
            chart: self.chart,
            session: LiveId(session),
            term: 1,
            sender: DeviceId::ZERO,
            counter: self.counter,
            epoch: self.log_key.0,
        };
        let mut entropy = SystemEntropy;
        let sealed = LiveMessage::seal(header, &self.log_key.1, content, &self.keys, &mut entropy);
        let bytes = sealed.expect("it fits").to_bytes();
        let (status, body) = (self.carry)("/v1/live", Some(&self.token), &bytes);
        assert_eq!(status, 200);
        wire::decode::<LiveResponse>("live answer", &body).expect("an answer").outcome
    }

    /// One of the domain's messages, as an engine of this version would have said it just now.
    #[must_use]
    pub fn content(message: &Message) -> Vec<u8> {
        let shared_ms = SystemClock.wall_ms();
        let said =
            serde_json::json!({ "form": 1, "pace": 1, "shared_ms": shared_ms, "message": message });
        let mut content = vec![0];
        content.extend(said.to_string().into_bytes());
        content
    }
}
