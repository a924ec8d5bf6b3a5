//! P6: how long a live input takes from one client to the other, through a relay over HTTP, against a bare echo of a
//! body of the same size by the same client in the same run.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use holdfast::domain::player::{Action, Input, PauseReason};
use holdfast::live::{Live, LivePart};
use holdfast::sharing::Role;
use holdfast::sync::transport::{self, Ask, Cancel};
use holdfast::{Config, Engine, NewAccount};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::ids::{DeviceId, LiveId, SpaceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::live::{LiveHeader, LiveMessage};
use holdfast_protocol::secret::Secret32;
use holdfast_relay::{Limits, Relay, RelayConfig};

use super::{Measure, percentile};
use crate::live::{let_in, pair, tonight};

/// How many inputs, and how many echoes.
const INPUTS: usize = 600;
/// How many of either go before the measure begins.
const WARM: usize = 50;
/// What a pause or an answer says, in bytes, before it is sealed: about.
const SAYS: usize = 420;

/// Measures, with a relay and two homes in a directory.
///
/// # Panics
/// When the session does not come about: then there is nothing to measure.
#[must_use]
pub fn measure(room: &Path) -> Vec<Measure> {
    let config = RelayConfig::in_directory(room.join("live")).with_limits(Limits::without_rates());
    let relay = Relay::spawn(config).expect("a relay starts");
    let person = |name: &str| {
        let account = NewAccount {
            name: name.to_owned(),
            device_name: "phone".to_owned(),
            relay: Some(relay.url().to_owned()),
        };
        let home = room.join(format!("live-{name}"));
        Engine::create(Config::command_line(&home), account).expect("an account").0
    };
    let (ana, ben) = (person("Ana"), person("Ben"));
    pair(&ana, 3_600);
    let anas = let_in(&ana, &ben, "Ben", Role::Partner);
    let (leader, leader_looks) = looking(|call| {
        let playing = ana.play("Pair", &tonight()).expect("it can be played");
        playing.together(call).expect("it can be led")
    });
    let _begun = leader.apply(&Input::unseeing(Action::Start));
    let (follower, follower_looks) = looking(|call| anas.follow(call).expect("it can be followed"));
    let end = Instant::now() + Duration::from_secs(30);
    while follower.standing().part != LivePart::Follows {
        assert!(Instant::now() < end, "the follower finds the session");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Both know the shared clock well by now, and say no more than a sign of life now and then.
    std::thread::sleep(Duration::from_secs(3));

    let mut echo = echoes(message_bytes());
    let mut to_follower = inputs(&leader, &follower, &follower_looks);
    let mut to_leader = inputs(&follower, &leader, &leader_looks);
    let mut echo_again = echoes(message_bytes());
    echo.append(&mut echo_again);
    drop((leader, follower));
    let (echo_50, echo_99) = (percentile(&mut echo, 0.5), percentile(&mut echo, 0.99));
    let (there_50, there_99) =
        (percentile(&mut to_follower, 0.5), percentile(&mut to_follower, 0.99));
    let (back_50, back_99) = (percentile(&mut to_leader, 0.5), percentile(&mut to_leader, 0.99));
    vec![
        Measure::told("P6", "a live input, leader to follower, p50", there_50, "ms"),
        Measure::told("P6a", "the same, p99", there_99, "ms"),
        Measure::told("P6b", "a live input, follower to leader, p50", back_50, "ms"),
        Measure::told("P6c", "the same, p99", back_99, "ms"),
        Measure::told("P6d", "a bare echo of the same size, p50", echo_50, "ms"),
        Measure::told("P6e", "the same, p99", echo_99, "ms"),
        Measure::at_most("P6f", "leader to follower ÷ echo, p50", there_50 / echo_50, "", 3.0),
        Measure::at_most("P6g", "follower to leader ÷ echo, p50", back_50 / echo_50, "", 3.0),
    ]
}

type Call = Box<dyn Fn() + Send + Sync>;

/// A session, and when it said that there is something to look at.
fn looking(begin: impl FnOnce(Call) -> Live) -> (Live, Receiver<Instant>) {
    let (send, receive): (Sender<Instant>, _) = channel();
    let live = begin(Box::new(move || send.send(Instant::now()).unwrap_or(())));
    (live, receive)
}

/// Milliseconds from the press of a key on one phone until the other one shows it.
fn inputs(from: &Live, to: &Live, looks: &Receiver<Instant>) -> Vec<f64> {
    let mut samples = Vec::new();
    for no in 0..WARM + INPUTS {
        let paused = to.view().expect("a session").paused.is_some();
        let action = match paused {
            true => Action::Resume,
            false => Action::Pause { reason: PauseReason::Person },
        };
        while looks.try_recv().is_ok() {}
        let pressed = Instant::now();
        let _asked = from.apply(&Input::unseeing(action));
        let shown = loop {
            let looked = looks
                .recv_timeout(Duration::from_secs(10))
                .expect("it is heard within ten seconds");
            if to.view().expect("a session").paused.is_some() != paused {
                break looked;
            }
        };
        // Whoever pressed sees it too before the next one.
        while from.view().expect("a session").paused.is_some() == paused {
            std::thread::sleep(Duration::from_millis(1));
        }
        if no >= WARM {
            samples.push(shown.duration_since(pressed).as_secs_f64() * 1_000.0);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    samples
}

/// How large a message with an input is on the wire.
fn message_bytes() -> usize {
    let header = LiveHeader {
        chart: SpaceId([7; 32]),
        session: LiveId([7; 16]),
        term: 1,
        sender: DeviceId::ZERO,
        counter: 1_900_000_000_000,
        epoch: 1,
    };
    let keys = DeviceKeys::from_seed(Secret32::from_bytes([7; 32]));
    let key = Secret32::from_bytes([8; 32]);
    let sealed = LiveMessage::seal(header, &key, &[7; SAYS], &keys, &mut SystemEntropy);
    sealed.expect("it fits").to_bytes().len()
}

/// Milliseconds of a request to a bare echo and its answer, by the client that the engine uses.
fn echoes(bytes: usize) -> Vec<f64> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address");
    let echo = Router::new().route("/v1/live", post(|body: Bytes| async move { body }));
    runtime.spawn(async move { axum::serve(listener, echo).await });
    let http: Arc<dyn transport::Transport> = transport::http(None).expect("a client");
    let body = vec![7; bytes];
    let mut samples = Vec::new();
    for no in 0..WARM + INPUTS {
        let relay = format!("http://{address}");
        let ask = Ask { relay, path: "/v1/live", token: None, body: body.clone() };
        let asked = Instant::now();
        let answer = http.exchange(&ask, 5_000, &Cancel::new()).expect("an echo");
        let took = asked.elapsed();
        assert_eq!(answer.body.len(), bytes);
        if no >= WARM {
            samples.push(took.as_secs_f64() * 1_000.0);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    runtime.shutdown_background();
    samples
}
