//! The network between the devices and the relay, as bad as the weather says: it loses, repeats, delays,
//! cuts short and garbles. It is a transport like HTTP; the engine cannot tell.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast::Cancel;
use holdfast::clock::FakeClock;
use holdfast::sync::transport::{Answer, Ask, StreamEvent, Transport, TransportError};
use holdfast_protocol::entry::Entry;
use holdfast_protocol::sync::{Item, SpacePage, SyncRequest, SyncResponse};
use holdfast_protocol::wire;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::chance;
use super::relay_house::RelayHouse;
use super::trace::Trace;
use super::trouble::Weather;

/// What befalls one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    /// The relay never sees it.
    RequestLost,
    /// The relay does it, and the answer never comes.
    AnswerLost,
    /// The relay sees it twice.
    Twice,
    /// The relay sees it much later, when nobody waits for the answer any more.
    Late,
    /// The answer is cut short.
    HalfBody,
    /// A bit of the answer is turned over.
    Garbled,
    /// Somebody on the way answers with 500 and a page; the relay never sees it.
    ServerError,
    /// Somebody on the way answers with 500 after the relay did it.
    ErrorAfter,
    /// An earlier answer to the same device comes instead.
    StaleAnswer,
    /// The relay's process dies before it looks, and starts again.
    RelayDiesBefore,
    /// The relay's process dies after it is done, and starts again.
    RelayDiesAfter,
}

const TROUBLES: [(Fate, u32); 11] = [
    (Fate::RequestLost, 6),
    (Fate::AnswerLost, 8),
    (Fate::Twice, 5),
    (Fate::Late, 5),
    (Fate::HalfBody, 2),
    (Fate::Garbled, 2),
    (Fate::ServerError, 2),
    (Fate::ErrorAfter, 2),
    (Fate::StaleAnswer, 2),
    (Fate::RelayDiesBefore, 1),
    (Fate::RelayDiesAfter, 1),
];

fn fate(rng: &mut ChaCha8Rng, weather: Weather) -> Fate {
    let trouble = match weather {
        Weather::Calm => 0.0,
        Weather::Rough => 0.25,
        Weather::Storm => 0.65,
    };
    if !rng.random_bool(trouble) {
        return Fate::Arrives;
    }
    let mut at = rng.random_range(0..TROUBLES.iter().map(|t| t.1).sum());
    for (fate, weight) in TROUBLES {
        if at < weight {
            return fate;
        }
        at -= weight;
    }
    Fate::Arrives
}

/// Something that happens while a request is on its way.
pub type Interjection = Box<dyn FnOnce() + Send>;

struct Late {
    device: usize,
    ask: Ask,
}

struct Inside {
    house: RelayHouse,
    seed: u64,
    step: u64,
    request: u64,
    weather: Weather,
    offline: Vec<bool>,
    late: Vec<Late>,
    /// The last few answers each device was given, by path.
    earlier: BTreeMap<(usize, &'static str), Vec<Answer>>,
    clocks: Vec<Arc<FakeClock>>,
    world_ms: u64,
    interjection: Option<(u64, Interjection)>,
    /// Requests and bytes of bodies, in all.
    requests: u64,
    bytes: u64,
}

/// The network. Every device has its own [`Wire`] into it.
#[derive(Clone)]
pub struct Network {
    inside: Arc<Mutex<Inside>>,
    trace: Trace,
}

/// When every world begins, in milliseconds since 1970: the evening of 2026-03-01 in Berlin.
pub const BEGIN_MS: u64 = 1_772_391_600_000;

impl Network {
    /// A calm network in front of a relay.
    #[must_use]
    pub fn new(seed: u64, house: RelayHouse, trace: Trace) -> Self {
        let inside = Inside {
            house,
            seed,
            step: 0,
            request: 0,
            weather: Weather::Calm,
            offline: Vec::new(),
            late: Vec::new(),
            earlier: BTreeMap::new(),
            clocks: Vec::new(),
            world_ms: BEGIN_MS,
            interjection: None,
            requests: 0,
            bytes: 0,
        };
        Self { inside: Arc::new(Mutex::new(inside)), trace }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plugs in one more device.
    #[must_use]
    pub fn wire(&self, device: usize, clock: &Arc<FakeClock>) -> Wire {
        let mut inside = self.inside();
        if inside.clocks.len() <= device {
            inside.clocks.push(Arc::clone(clock));
            inside.offline.push(false);
        }
        Wire { network: self.clone(), device }
    }

    /// A step of the plan begins; what happens in it is drawn from its number.
    pub fn begin_step(&self, step: u64) {
        let mut inside = self.inside();
        inside.step = step;
        inside.request = 0;
        inside.interjection = None;
    }

    /// Changes the weather.
    pub fn set_weather(&self, weather: Weather) {
        self.inside().weather = weather;
    }

    /// Takes a device off the network, or back on.
    pub fn set_offline(&self, device: usize, offline: bool) {
        self.inside().offline[device] = offline;
    }

    /// The weather clears, everybody is online, and what was held back is gone for good.
    pub fn heal(&self) {
        let mut inside = self.inside();
        inside.weather = Weather::Calm;
        inside.offline.fill(false);
        inside.late.clear();
        inside.earlier.clear();
        inside.interjection = None;
    }

    /// Lets something happen during the so-manyth request of this step.
    pub fn interject(&self, during: u64, what: Interjection) {
        self.inside().interjection = Some((during, what));
    }

    /// Time passes, for the relay and for every device.
    pub fn pass(&self, ms: u64) {
        self.inside().pass(ms);
    }

    /// What was held back arrives; nobody hears the answers.
    pub fn late_arrivals(&self) {
        let mut inside = self.inside();
        for Late { device, ask } in std::mem::take(&mut inside.late) {
            let answer = inside.answer(&ask);
            self.trace.line(format!(
                "  late: device {device} {} {} bytes → {}",
                ask.path,
                ask.body.len(),
                answer.status
            ));
        }
    }

    /// Does something with the relay.
    pub fn with_house<T>(&self, work: impl FnOnce(&mut RelayHouse, u64) -> T) -> T {
        let mut inside = self.inside();
        let now_ms = inside.world_ms;
        work(&mut inside.house, now_ms)
    }

    /// The time of the world, in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.inside().world_ms
    }

    /// Requests that the relay answered, and bytes of bodies both ways.
    #[must_use]
    pub fn figures(&self) -> (u64, u64) {
        let inside = self.inside();
        (inside.requests, inside.bytes)
    }
}

impl Inside {
    fn pass(&mut self, ms: u64) {
        self.world_ms += ms;
        for clock in &self.clocks {
            clock.advance(ms);
        }
    }

    fn answer(&mut self, ask: &Ask) -> Answer {
        let question = holdfast_relay::Ask {
            path: ask.path,
            token: ask.token.as_deref(),
            body: &ask.body,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let answer = self.house.relay().answer(question, self.world_ms);
        self.requests += 1;
        self.bytes += (ask.body.len() + answer.body.len()) as u64;
        Answer { status: answer.status, body: answer.body }
    }
}

/// One device's way to the relay.
pub struct Wire {
    network: Network,
    device: usize,
}

impl Transport for Wire {
    fn exchange(
        &self,
        ask: &Ask,
        timeout_ms: u64,
        cancel: &Cancel,
    ) -> Result<Answer, TransportError> {
        if cancel.is_cancelled() {
            return Err(TransportError::Cancelled);
        }
        let request = {
            let mut inside = self.network.inside();
            inside.request += 1;
            let request = inside.request;
            match inside.interjection.take() {
                Some((during, what)) if during == request => {
                    // It may well use the engine: the network must not be held meanwhile.
                    drop(inside);
                    what();
                }
                other => inside.interjection = other,
            }
            request
        };
        let mut inside = self.network.inside();
        let parts = [inside.step, self.device as u64, request];
        let mut rng = chance::of(inside.seed, "request", &parts);
        let fate = fate(&mut rng, inside.weather);
        let offline = inside.offline[self.device];
        let trace = &self.network.trace;
        trace.bytes(&ask.body);
        let head =
            format!("  device {} {} {} bytes{}", self.device, ask.path, ask.body.len(), asked(ask));
        if offline {
            trace.line(format!("{head}: offline"));
            return Err(TransportError::Unreachable("the network is down".to_owned()));
        }
        let way = rng.random_range(5..150);
        inside.pass(way);
        let given = inside.suffer(fate, self.device, ask, &mut rng);
        match &given {
            Ok(answer) => {
                trace.bytes(&answer.body);
                let told = (answer.status, answer.body.len());
                trace.line(format!(
                    "{head}: {fate:?} → {} {} bytes{}",
                    told.0,
                    told.1,
                    said(answer)
                ));
            }
            Err(error) => {
                if *error == TransportError::TimedOut {
                    inside.pass(timeout_ms.min(60_000));
                }
                trace.line(format!("{head}: {fate:?} → {error}"));
            }
        }
        given
    }

    fn follow(
        &self,
        _: &Ask,
        _: &Cancel,
        _: &mut dyn FnMut(StreamEvent) -> ControlFlow<()>,
    ) -> Result<(), TransportError> {
        // A stream of events runs on a thread of its own: no simulation of one thread has it.
        Err(TransportError::Unreachable("there are no event streams here".to_owned()))
    }
}

/// What a request says, for people who read traces.
fn asked(ask: &Ask) -> String {
    let Ok(request) = wire::decode::<SyncRequest>("request", &ask.body) else {
        return String::new();
    };
    let pushed = request.push.iter().filter_map(|push| Entry::from_bytes(&push.entry).ok());
    let pushed: Vec<String> = pushed
        .map(|entry| {
            let header = entry.header();
            let (space, author) = (header.space.to_hex(), header.author.to_hex());
            format!("{:?} {} by {} {}", header.kind, &space[..4], &author[..4], header.counter)
        })
        .collect();
    let wants: Vec<String> = request
        .want
        .iter()
        .map(|want| format!("{} after {}", &want.space.to_hex()[..4], want.after))
        .collect();
    format!(" (feed {}, push {pushed:?}, want {wants:?})", request.feed)
}

/// What an answer says, for people who read traces.
fn said(answer: &Answer) -> String {
    if let Ok(response) = wire::decode::<SyncResponse>("answer", &answer.body) {
        let acks: Vec<String> =
            response.acks.iter().map(|ack| format!("{:?}", ack.outcome)).collect();
        let page = |page: &SpacePage| {
            let of = |item: &Item| match item {
                Item::Entry { seq, .. } => seq.to_string(),
                Item::Stub { seq, .. } => format!("({seq})"),
            };
            let items: Vec<String> = page.items.iter().map(of).collect();
            format!("{}: {} of {}", &page.space.to_hex()[..4], items.join(" "), page.head.seq)
        };
        let pages: Vec<String> = response.spaces.iter().map(page).collect();
        let life = &response.generation.to_hex()[..4];
        return format!(", life {life}, feed {}, acks {acks:?}, pages {pages:?}", response.feed);
    }
    answer.problem().map_or_else(String::new, |problem| format!(", {:?}", problem.code))
}

impl Inside {
    fn suffer(
        &mut self,
        fate: Fate,
        device: usize,
        ask: &Ask,
        rng: &mut ChaCha8Rng,
    ) -> Result<Answer, TransportError> {
        let page = || Answer { status: 500, body: b"<html>try again</html>".to_vec() };
        match fate {
            Fate::RequestLost => return Err(TransportError::TimedOut),
            Fate::ServerError => return Ok(page()),
            Fate::Late => {
                self.late.push(Late { device, ask: ask.clone() });
                return Err(TransportError::TimedOut);
            }
            Fate::RelayDiesBefore => {
                self.house.die();
                return Err(TransportError::Broken("the connection was reset".to_owned()));
            }
            Fate::StaleAnswer => {
                let earlier = self.earlier.get(&(device, ask.path));
                if let Some(answers) = earlier.filter(|answers| !answers.is_empty()) {
                    return Ok(answers[rng.random_range(0..answers.len())].clone());
                }
            }
            _ => {}
        }
        let mut answer = self.answer(ask);
        let earlier = self.earlier.entry((device, ask.path)).or_default();
        earlier.push(answer.clone());
        if earlier.len() > 3 {
            earlier.remove(0);
        }
        match fate {
            Fate::AnswerLost => return Err(TransportError::TimedOut),
            Fate::ErrorAfter => return Ok(page()),
            Fate::Twice => answer = self.answer(ask),
            Fate::HalfBody => answer.body.truncate(answer.body.len() / 2),
            Fate::Garbled if !answer.body.is_empty() => {
                let at = rng.random_range(0..answer.body.len());
                answer.body[at] ^= 1 << rng.random_range(0..8);
            }
            Fate::RelayDiesAfter => {
                self.house.die();
                return Err(TransportError::Broken("the connection was reset".to_owned()));
            }
            _ => {}
        }
        Ok(answer)
    }
}
