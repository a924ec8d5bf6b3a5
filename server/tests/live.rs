//! Live sessions at the relay: what one device says reaches the streams of those who may hear it, at once and
//! nowhere else, and nothing of it stays.

#![allow(clippy::unwrap_used)]

mod common;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::people::{HOUR, Person, stored};
use common::streams::{A_WHILE, SOON, Stream};
use common::{Http, Line, NOON, Reply, join, second_device};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::ids::{Class, LiveId, SpaceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::live::{
    LiveHeader, LiveMessage, LiveOutcome, LiveResponse, MAX_LIVE_BYTES, MAX_LIVE_CONTENT_BYTES,
};
use holdfast_protocol::membership::{Act, Grant, Refusal, Role};
use holdfast_protocol::sync::ProblemCode;
use holdfast_relay::{Limits, Rate, Relay, RelayConfig, Watch};

fn line_with(limits: Limits) -> Line {
    let config = RelayConfig::in_memory().with_limits(limits);
    Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON)
}

fn line() -> Line {
    line_with(Limits::without_rates())
}

fn watch(line: &Line, token: &str) -> Watch {
    let Line::Direct(relay, now_ms) = line else { panic!("direct") };
    relay.watch(Some(token), IpAddr::V4(Ipv4Addr::LOCALHOST), *now_ms).ok().unwrap()
}

const SESSION: LiveId = LiveId([3; 16]);

/// What somebody says in a chart, sealed with the newest key it has.
fn said(person: &Person, chart: SpaceId, counter: u64, content: &[u8]) -> LiveMessage {
    said_by(&person.device.keys, person, chart, counter, content)
}

fn said_by(
    keys: &DeviceKeys,
    knows: &Person,
    chart: SpaceId,
    counter: u64,
    content: &[u8],
) -> LiveMessage {
    let of_log = |(at, class, _): &&(SpaceId, Class, u32)| *at == chart && *class == Class::Log;
    let newest = knows.keys.keys().filter(of_log).max().copied();
    // Whoever has no key makes one up: the relay could not tell.
    let (epoch, key) = newest.map_or_else(
        || (1, holdfast_protocol::secret::Secret32::random(&mut SystemEntropy)),
        |at| (at.2, knows.keys[&at].clone()),
    );
    let header = LiveHeader { chart, session: SESSION, term: 1, sender: keys.id(), counter, epoch };
    LiveMessage::seal(header, &key, content, keys, &mut SystemEntropy).unwrap()
}

fn post(person: &Person, bytes: &[u8]) -> Reply {
    person.device.line.post("/v1/live", Some(&person.device.token), bytes)
}

fn outcome(person: &Person, message: &LiveMessage) -> LiveOutcome {
    post(person, &message.to_bytes()).read::<LiveResponse>().outcome
}

fn never(why: Refusal) -> LiveOutcome {
    LiveOutcome::Never { why }
}

/// An owner, a chart, and a partner.
fn pair(line: &Line) -> (Person, SpaceId, Person) {
    let mut ana = Person::new(line);
    let chart = ana.found_chart();
    let ben = came(line, &mut ana, chart, Grant::preset(Role::Partner));
    (ana, chart, ben)
}

fn came(line: &Line, ana: &mut Person, chart: SpaceId, grant: Grant) -> Person {
    let mut person = Person::new(line);
    let ticket = ana.invite(chart, grant);
    person.join(&ticket);
    ana.pull();
    person
}

#[test]
fn what_a_partner_says_is_on_the_others_streams_at_once_and_the_answer_has_the_relays_clock() {
    let relay = Relay::spawn(RelayConfig::in_memory()).unwrap();
    let http = Http::new(relay.url());
    let line = Line::Http(http.clone());
    let mut ana = Person::new(&line);
    let chart = ana.found_chart();
    let mut ben = Person::new(&line);
    let ticket = ana.invite_until(chart, Grant::preset(Role::Partner), u64::MAX / 4, false);
    ben.join(&ticket);
    ana.pull();
    let tablet = second_device(&mut ben.device, &ben.account);
    let open = |token: &str| {
        let mut stream = Stream::open(&http, token).unwrap();
        stream.next(SOON).unwrap();
        stream
    };
    let mut anas = open(&ana.device.token);
    let (mut own, mut other) = (open(&ben.device.token), open(&tablet.token));

    let message = said(&ben, chart, 1, b"pause at 12.4 s");
    let before = now_ms();
    let answer: LiveResponse = post(&ben, &message.to_bytes()).read();
    assert_eq!(answer.outcome, LiveOutcome::Sent);
    assert!((before..=now_ms()).contains(&answer.now_ms));
    for stream in [&mut anas, &mut other] {
        let heard = LiveMessage::from_bytes(&stream.live(SOON).unwrap().unwrap()).unwrap();
        assert_eq!(heard.header().sender, ben.device.keys.id());
        let key = &ana.keys[&(chart, Class::Log, 1)];
        assert_eq!(heard.open(key).unwrap().as_slice(), b"pause at 12.4 s");
    }
    assert_eq!(own.live(A_WHILE), Err(()), "nobody hears its own echo");

    // The largest message there is goes the same way, and the feed goes on beside it.
    let largest = said(&ana, chart, 1, &vec![7; MAX_LIVE_CONTENT_BYTES]);
    assert_eq!(outcome(&ana, &largest), LiveOutcome::Sent);
    assert_eq!(own.live(SOON).unwrap().unwrap(), largest.to_bytes());
    stored(ana.write(chart, Class::Log));
    assert!(own.next(SOON).unwrap().is_some());
    // One byte more than a message may have is refused before it is looked at.
    let reply = post(&ana, &vec![0x89; MAX_LIVE_BYTES + 1]);
    assert_eq!((reply.status, reply.problem().unwrap().code), (413, ProblemCode::Malformed));
    let unsigned = http_without_token(&line, &largest);
    assert_eq!(
        (unsigned.status, unsigned.problem().unwrap().code),
        (401, ProblemCode::Unauthorized)
    );
}

fn http_without_token(line: &Line, message: &LiveMessage) -> Reply {
    line.post("/v1/live", None, &message.to_bytes())
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[test]
fn strangers_and_members_without_the_log_hear_nothing_and_are_not_heard() {
    let line = line();
    let (mut ana, chart, ben) = pair(&line);
    let stranger = Person::new(&line);
    // Reads prescriptions alone.
    let mut narrow = Grant::preset(Role::Therapist);
    narrow.classes.remove(&Class::Log);
    let cruz = came(&line, &mut ana, chart, narrow);
    // Waits for the comparison.
    let mut waiting = Person::new(&line);
    let partner = Grant::preset(Role::Partner);
    let ticket = ana.invite_until(chart, partner.clone(), NOON + HOUR, true);
    let entry = waiting.admission(&ticket);
    stored(join(&line, chart, &entry).outcome);
    ana.pull();
    // Its time is over soon.
    let ending = Grant { until_ms: Some(NOON + HOUR), ..partner };
    let mut late = came(&line, &mut ana, chart, ending);
    // The recovery phrase of the owner, which reads everything.
    let paper = common::Device::sign_in(&line, &ana.account.paper);

    let deaf = [&stranger, &cruz, &waiting];
    let mut streams: Vec<_> = deaf.iter().map(|p| watch(&line, &p.device.token)).collect();
    streams.push(watch(&line, &paper.token));
    let mut hears = watch(&line, &late.device.token);
    assert_eq!(outcome(&ben, &said(&ben, chart, 1, b"hello")), LiveOutcome::Sent);
    assert!(hears.take_live().is_some(), "until its end it hears");
    assert!(streams.iter_mut().all(|stream| stream.take_live().is_none()));

    // An end is by the relay's clock, whoever asks.
    let evening = line.at(NOON + HOUR);
    let message = said(&ben, chart, 2, b"hello").to_bytes();
    let reply = evening.post("/v1/live", Some(&ben.device.token), &message);
    assert_eq!(reply.read::<LiveResponse>().outcome, LiveOutcome::Sent);
    assert!(hears.take_live().is_none());
    late.device.line = evening;
    assert_eq!(outcome(&late, &said(&late, chart, 1, b"stop")), never(Refusal::GrantEnded));

    let heard = &mut watch(&line, &ana.device.token);
    let speaks = |person: &Person| outcome(person, &said(person, chart, 1, b"stop"));
    assert_eq!(speaks(&stranger), never(Refusal::UnknownSpace));
    assert_eq!(speaks(&cruz), never(Refusal::NoWriteGrant));
    assert_eq!(speaks(&waiting), never(Refusal::NoWriteGrant));
    let phrase = said_by(&ana.account.paper, &ana, chart, 1, b"stop").to_bytes();
    let reply = line.post("/v1/live", Some(&paper.token), &phrase);
    assert_eq!(reply.read::<LiveResponse>().outcome, never(Refusal::NoWriteGrant));
    assert!(heard.take_live().is_none());
}

#[test]
fn a_removed_member_neither_hears_nor_is_heard_from_then_on() {
    let line = line();
    let (mut ana, chart, ben) = pair(&line);
    let cruz = came(&line, &mut ana, chart, Grant::preset(Role::Therapist));
    let mut bens = watch(&line, &ben.device.token);
    let mut cruzs = watch(&line, &cruz.device.token);
    assert_eq!(outcome(&ana, &said(&ana, chart, 1, b"hello")), LiveOutcome::Sent);
    assert!(bens.take_live().is_some() && cruzs.take_live().is_some());
    stored(ana.remove(chart, ben.id()));
    assert_eq!(outcome(&ana, &said(&ana, chart, 2, b"hello")), LiveOutcome::Sent);
    assert!(bens.take_live().is_none() && cruzs.take_live().is_some());
    assert_eq!(outcome(&ben, &said(&ben, chart, 9, b"stop")), never(Refusal::UnknownSpace));

    // Whoever stays and still has the old key is told to get the new one: the removed one could read it.
    assert_eq!(outcome(&cruz, &said(&cruz, chart, 1, b"pause")), LiveOutcome::Reseal { epoch: 2 });
    stored(ana.say(chart, Act::Close));
    assert_eq!(outcome(&ana, &said(&ana, chart, 3, b"hello")), never(Refusal::Closed));
}

#[test]
fn a_revoked_device_neither_hears_nor_is_heard() {
    let line = line();
    let (mut ana, chart, mut ben) = pair(&line);
    let mut tablet = second_device(&mut ben.device, &ben.account);
    tablet.pull();
    let mut stream = watch(&line, &tablet.token);
    let mut anas = watch(&line, &ana.device.token);
    let first = said_by(&tablet.keys, &ben, chart, 1, b"hello").to_bytes();
    let reply = line.post("/v1/live", Some(&tablet.token), &first);
    assert_eq!(reply.read::<LiveResponse>().outcome, LiveOutcome::Sent);
    assert!(anas.take_live().is_some());
    stored(ben.revoke(tablet.keys.id()));
    let next = said_by(&tablet.keys, &ben, chart, 2, b"stop");
    let reply = line.post("/v1/live", Some(&tablet.token), &next.to_bytes());
    assert!(matches!(reply.status, 401 | 403));
    assert_eq!(outcome(&ben, &next), never(Refusal::BadSignature), "nor through another's hands");
    ana.pull();
    assert_eq!(outcome(&ana, &said(&ana, chart, 1, b"hello")), LiveOutcome::Sent);
    assert!(stream.take_live().is_none() && anas.take_live().is_none());
}

#[test]
fn replays_and_what_speaks_for_another_are_refused() {
    let line = line();
    let (ana, chart, ben) = pair(&line);
    let mut stream = watch(&line, &ana.device.token);
    let pause = said(&ben, chart, 7, b"pause");
    assert_eq!(outcome(&ben, &pause), LiveOutcome::Sent);
    assert_eq!(outcome(&ben, &pause), never(Refusal::Counter), "again");
    let older = said(&ben, chart, 6, b"go on");
    assert_eq!(outcome(&ben, &older), never(Refusal::Counter), "kept back");
    let cruz = Person::new(&line);
    assert_eq!(outcome(&cruz, &said(&ben, chart, 8, b"x")), never(Refusal::UnknownSpace));
    assert_eq!(outcome(&ana, &said(&ben, chart, 8, b"x")), never(Refusal::BadSignature));
    let mut bent = said(&ben, chart, 8, b"x").to_bytes();
    *bent.last_mut().unwrap() ^= 1;
    let reply: LiveResponse = post(&ben, &bent).read();
    assert_eq!(reply.outcome, never(Refusal::BadSignature));
    let key = &ben.keys[&(chart, Class::Log, 1)];
    for (epoch, why) in [(0, Refusal::UnknownEpoch), (2, Refusal::UnknownEpoch)] {
        let header = LiveHeader { epoch, counter: 9, ..*pause.header() };
        let keys = &ben.device.keys;
        let early = LiveMessage::seal(header, key, b"x", keys, &mut SystemEntropy).unwrap();
        assert_eq!(outcome(&ben, &early), never(why));
    }
    assert_eq!(stream.take_live().as_deref(), Some(pause.to_bytes().as_slice()));
    assert!(stream.take_live().is_none(), "only the one got through");
    assert_eq!(outcome(&ben, &said(&ben, chart, 8, b"go on")), LiveOutcome::Sent);

    let rubbish = post(&ben, &[0x89, 1, 2, 3]);
    assert_eq!((rubbish.status, rubbish.problem().unwrap().code), (400, ProblemCode::Malformed));
    let mut newer = pause.to_bytes();
    newer[1] = 2;
    assert_eq!(post(&ben, &newer).problem().unwrap().code, ProblemCode::Version);
    let large = post(&ben, &vec![0; MAX_LIVE_BYTES + 1]);
    assert_eq!(large.status, 413);
}

#[test]
fn a_slow_listener_loses_the_oldest_and_keeps_nobody_waiting() {
    let line = line();
    let (ana, chart, ben) = pair(&line);
    let mut slow = watch(&line, &ana.device.token);
    let messages: Vec<_> = (1..=100).map(|n| said(&ben, chart, n, &[0; 3000])).collect();
    let began = Instant::now();
    for message in &messages {
        assert_eq!(outcome(&ben, message), LiveOutcome::Sent);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let waiting: Vec<_> = std::iter::from_fn(|| slow.take_live()).collect();
    assert_eq!(waiting.len(), 32, "bounded, whatever was said");
    let newest = messages[68..].iter().map(LiveMessage::to_bytes);
    assert!(waiting.iter().map(|m| m.to_vec()).eq(newest), "the newest, in order");
}

#[test]
fn an_account_says_so_much_in_a_second_and_still_syncs() {
    let limits =
        Limits { live_rate: Some(Rate { per_second: 1, burst: 3 }), ..Limits::without_rates() };
    let line = line_with(limits);
    let (ana, chart, ben) = pair(&line);
    for counter in 1..=3 {
        assert_eq!(outcome(&ben, &said(&ben, chart, counter, b"x")), LiveOutcome::Sent);
    }
    let reply = post(&ben, &said(&ben, chart, 4, b"x").to_bytes());
    let problem = reply.problem().unwrap();
    assert_eq!((reply.status, problem.code), (429, ProblemCode::TooMany));
    let wait = problem.retry_after_ms.unwrap();
    assert!((1..=1000).contains(&wait), "{wait}");
    assert_eq!(outcome(&ana, &said(&ana, chart, 1, b"x")), LiveOutcome::Sent, "another's measure");
    assert_eq!(ben.device.send(&ben.device.request()).status, 200);
    let later = line.at(NOON + 1000);
    let message = said(&ben, chart, 4, b"x").to_bytes();
    let reply = later.post("/v1/live", Some(&ben.device.token), &message);
    assert_eq!(reply.read::<LiveResponse>().outcome, LiveOutcome::Sent);
}

#[test]
fn nothing_that_is_said_live_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let config = RelayConfig::in_directory(directory.path()).with_limits(Limits::without_rates());
    let line = Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON);
    let (ana, chart, ben) = pair(&line);
    let mut stream = watch(&line, &ana.device.token);
    let message = said(&ben, chart, 1, b"pause").to_bytes();
    let feed = stream.feed();
    post(&ben, &message).read::<LiveResponse>();
    assert!(stream.take_live().is_some());
    assert_eq!(stream.feed(), feed, "no feed moves for it");
    let Line::Direct(relay, _) = &line else { panic!("direct") };
    relay.maintain(NOON).unwrap();
    let (body, session) = (&message[message.len() - 100..message.len() - 70], &SESSION.0[..]);
    let mut looked = 0;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        looked += bytes.len();
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(!holds(body) && !holds(session));
    }
    assert!(looked > 10_000, "{looked}");
}

#[test]
fn a_device_that_was_silent_for_long_may_begin_its_session_again() {
    let line = line();
    let (_ana, chart, ben) = pair(&line);
    assert_eq!(outcome(&ben, &said(&ben, chart, 5, b"x")), LiveOutcome::Sent);
    let Line::Direct(relay, _) = &line else { panic!("direct") };
    relay.maintain(NOON + 9 * 60_000).unwrap();
    assert_eq!(outcome(&ben, &said(&ben, chart, 5, b"x")), never(Refusal::Counter));
    relay.maintain(NOON + 10 * 60_000).unwrap();
    assert_eq!(outcome(&ben, &said(&ben, chart, 5, b"x")), LiveOutcome::Sent);
}
