//! The relay under rubbish: everything is refused with a reason, and the others are served meanwhile.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Device, Http, Line};
use holdfast_protocol::entropy::{Entropy, SystemEntropy};
use holdfast_protocol::entry::Entry;
use holdfast_protocol::ids::{Class, EntryHash};
use holdfast_protocol::membership::Refusal;
use holdfast_protocol::sync::{
    MAX_REQUEST_BYTES, Outcome, Problem, ProblemCode, Push, SyncRequest, SyncResponse,
};
use holdfast_protocol::wire;
use holdfast_relay::{Limits, Rate, Relay, RelayConfig, RunningRelay};

const POSTS: [&str; 7] =
    ["/v1/account", "/v1/challenge", "/v1/token", "/v1/sync", "/v1/live", "/v1/peek", "/v1/join"];

fn relay_with(limits: Limits) -> (tempfile::TempDir, RunningRelay, Http) {
    let directory = tempfile::tempdir().unwrap();
    let config = RelayConfig::in_directory(directory.path()).with_limits(limits);
    let relay = Relay::spawn(config).unwrap();
    let http = Http::new(relay.url());
    (directory, relay, http)
}

fn relay() -> (tempfile::TempDir, RunningRelay, Http) {
    relay_with(Limits::without_rates())
}

fn never(why: Refusal) -> Outcome {
    Outcome::Never { why }
}

#[test]
fn random_bytes_are_malformed_wherever_they_are_sent() {
    let (_directory, _relay, http) = relay();
    let line = Line::Http(http);
    let (_, phone) = Device::first(&line);
    for path in POSTS {
        for length in [0, 1, 7, 100, 5_000, 200_000] {
            let mut bytes = vec![0; length];
            SystemEntropy.fill(&mut bytes);
            let reply = line.post(path, Some(&phone.token), &bytes);
            assert!((400..500).contains(&reply.status), "{path} {length}: {}", reply.status);
            let problem = reply.problem().expect("a reason");
            assert!(
                matches!(problem.code, ProblemCode::Malformed | ProblemCode::Version),
                "{path}: {problem:?}"
            );
        }
    }
    assert_eq!(phone.send(&phone.request()).status, 200);
}

#[test]
fn huge_bodies_are_refused_with_or_without_a_length() {
    let (_directory, _relay, http) = relay();
    let line = Line::Http(http.clone());
    let (_, phone) = Device::first(&line);
    for path in POSTS {
        let reply = line.post(path, Some(&phone.token), &vec![0x5f; MAX_REQUEST_BYTES + 1]);
        assert_eq!(reply.status, 413, "{path}");
        assert_eq!(reply.problem().unwrap().code, ProblemCode::Malformed);
    }
    // Without a length said beforehand, and without a token.
    let chunk = vec![0u8; 1 << 20];
    let chunks =
        futures_util::stream::iter((0..20).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
    let status = http.block_on(async {
        let request = http.client().post(format!("{}/v1/join", http.url));
        request.body(reqwest::Body::wrap_stream(chunks)).send().await.unwrap().status()
    });
    assert_eq!(status, 413);
    assert_eq!(phone.send(&phone.request()).status, 200);
}

#[test]
fn compressed_bodies_are_refused_and_never_inflated() {
    let (_directory, _relay, http) = relay();
    let line = Line::Http(http.clone());
    let (_, phone) = Device::first(&line);
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let (status, body) = http.block_on(async {
            let response = http
                .client()
                .post(format!("{}/v1/sync", http.url))
                .header("authorization", format!("Bearer {}", phone.token))
                .header("content-encoding", encoding)
                .body(vec![0x1f; 4096])
                .send()
                .await
                .unwrap();
            (response.status(), response.bytes().await.unwrap())
        });
        assert_eq!(status, 415, "{encoding}");
        assert!(wire::decode::<Problem>("problem", &body).is_ok());
    }
}

#[test]
fn a_bomb_of_nested_arrays_or_promised_lengths_is_malformed() {
    let (_directory, _relay, http) = relay();
    let line = Line::Http(http);
    let (_, phone) = Device::first(&line);
    let bombs = [
        vec![0x81; 1_000_000],
        vec![0x9f; 1_000_000],
        // Six fields, the third an array that promises 2^60 entries.
        vec![0x86, 1, 0, 0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0],
        // A byte string that promises 2^63 bytes.
        vec![0x86, 1, 0, 0x81, 0x82, 0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0],
    ];
    for bomb in bombs {
        let reply = line.post("/v1/sync", Some(&phone.token), &bomb);
        assert_eq!(reply.status, 400);
    }
    assert_eq!(phone.send(&phone.request()).status, 200);
}

#[test]
fn bent_entries_replays_and_strangers_entries_are_refused_one_by_one() {
    let (_directory, _relay, http) = relay();
    let line = Line::Http(http);
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let (other_account, mut other) = Device::first(&line);
    let others_chart = other.start_chart(&other_account);

    let good = phone.change(chart, Class::Log);
    let mut signature = good.to_bytes();
    let last = signature.len() - 1;
    signature[last] ^= 1;
    let mut body = good.to_bytes();
    let middle = body.len() / 2;
    body[middle] ^= 1;
    // Another device's word for a space that is not its own, and the other way round.
    let foreign_space = other.change(chart, Class::Log);
    let foreign_member = other.change(others_chart, Class::Log);
    let push = |entry: Vec<u8>| Push { entry, invite_wraps: vec![] };
    let request = SyncRequest {
        push: vec![
            push(vec![1, 2, 3]),
            push(vec![]),
            push(signature),
            push(body),
            push(foreign_space.to_bytes()),
            push(foreign_member.to_bytes()),
            push(vec![0; 5 << 20]),
            push(good.to_bytes()),
        ],
        ..phone.request()
    };
    let response: SyncResponse = phone.send(&request).read();
    let outcomes: Vec<_> = response.acks.iter().map(|a| a.outcome.clone()).collect();
    assert_eq!(
        outcomes,
        vec![
            never(Refusal::Malformed),
            never(Refusal::Malformed),
            never(Refusal::BadSignature),
            never(Refusal::BadSignature),
            never(Refusal::NotAMember),
            never(Refusal::UnknownSpace),
            never(Refusal::TooLarge),
            Outcome::Stored { seq: 2 },
        ]
    );
    assert_eq!(response.acks[0].entry, EntryHash::ZERO);
    assert_eq!(response.acks[7].entry, good.hash());
    phone.apply(&response);
    phone.log_mut(chart).prev = good.hash();

    // A replay of what is stored is had; a counter that is used twice is a replay or a clone.
    assert_eq!(phone.push(&[&good]), vec![Outcome::Have { seq: 2 }]);
    phone.log_mut(chart).counter -= 1;
    let clone = phone.change(chart, Class::Log);
    assert_eq!(phone.push(&[&clone]), vec![never(Refusal::Counter)]);
    // The same entry under another space does not verify.
    let mut header = good.header().clone();
    header.space = others_chart;
    let spliced = Entry::sign(header, good.body().to_vec(), &phone.keys);
    assert_eq!(other.push(&[&spliced]), vec![never(Refusal::NotAMember)]);
}

#[test]
fn who_asks_too_often_is_told_when_to_come_back_and_others_are_served() {
    let limits =
        Limits { account_rate: Some(Rate { per_second: 1, burst: 5 }), ..Limits::without_rates() };
    let (_directory, _relay, http) = relay_with(limits);
    let line = Line::Http(http.clone());
    let (_, eager) = Device::first(&line);
    let (_, patient) = Device::first(&line);
    let statuses: Vec<u16> = (0..10).map(|_| eager.send(&eager.request()).status).collect();
    assert_eq!(statuses.iter().filter(|s| **s == 429).count(), 6, "{statuses:?}");
    let reply = eager.send(&eager.request());
    let problem = reply.problem().unwrap();
    assert_eq!(problem.code, ProblemCode::TooMany);
    assert!(problem.retry_after_ms.is_some_and(|ms| (1..=1000).contains(&ms)), "{problem:?}");
    let said = http.block_on(async {
        let response = http
            .client()
            .post(format!("{}/v1/sync", http.url))
            .header("authorization", format!("Bearer {}", eager.token))
            .body(wire::encode(&eager.request()))
            .send()
            .await
            .unwrap();
        response.headers().get("retry-after").cloned()
    });
    assert_eq!(said.unwrap(), "1");
    assert_eq!(patient.send(&patient.request()).status, 200);
}

#[test]
fn a_thousand_slow_connections_do_not_keep_others_from_being_served() {
    let limits = Limits { head_ms: 2_000, body_ms: 2_000, ..Limits::without_rates() };
    let (_directory, relay, http) = relay_with(limits);
    let line = Line::Http(http);
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let slow: Vec<TcpStream> = (0..1000)
        .filter_map(|n| {
            let mut stream = TcpStream::connect(relay.address()).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
            let start: &[u8] = match n % 4 {
                0 => b"",
                1 => b"POST /v1/sync HTTP/1.1\r\nhost: x\r\nx-slow: ",
                2 => b"POST /v1/join HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\nab",
                _ => b"GET /v1/watch HT",
            };
            // One that was cut already is as good.
            let _ = stream.write_all(start);
            Some(stream)
        })
        .collect();
    assert!(slow.len() > 900, "{} connections", slow.len());
    let began = Instant::now();
    for _ in 0..20 {
        let entry = phone.change(chart, Class::Log);
        assert!(matches!(phone.push(&[&entry])[0], Outcome::Stored { .. }));
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(3), "20 syncs took {took:?}");

    // Each of them is told, or at least cut, in time.
    let mut told = 0;
    for mut stream in slow {
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => told += usize::from(answer.starts_with(b"HTTP/1.1 408")),
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => {}
            Err(e) => panic!("a slow connection is still open: {e}"),
        }
    }
    assert!(told > 500, "{told} were told why");
    assert!(began.elapsed() < Duration::from_secs(12));
}

#[test]
fn other_paths_and_methods_are_not_found() {
    let (_directory, _relay, http) = relay();
    let get = |path: &str| {
        http.block_on(async {
            let response = http.client().get(format!("{}{path}", http.url)).send().await.unwrap();
            (response.status().as_u16(), response.bytes().await.unwrap())
        })
    };
    assert_eq!(get("/healthz").0, 200);
    assert_eq!(get("/v1/sync").0, 405);
    assert_eq!(get("/v1/watch").0, 401);
    for path in ["/", "/etc/passwd", "/v1/sync/../../x", "/v2/sync", "/v1/nothing/at/all"] {
        let (status, body) = get(path);
        assert_eq!(status, 404, "{path}");
        let problem: Problem = wire::decode("problem", &body).unwrap();
        assert_eq!(problem.code, ProblemCode::NotFound);
    }
    let reply = Line::Http(http.clone()).post("/v1/watch", None, b"");
    assert_eq!(reply.status, 405);
    assert_eq!(Line::Http(http.clone()).post("/v1/nothing", None, b"").status, 404);
}

#[test]
fn behind_a_proxy_the_address_it_names_last_is_the_one_that_counts() {
    let limits =
        Limits { newcomer_rate: Some(Rate { per_second: 1, burst: 2 }), ..Limits::without_rates() };
    let status = |http: &Http, forwarded: &str| {
        http.block_on(async {
            let request = http.client().post(format!("{}/v1/challenge", http.url));
            let request = request.header("x-forwarded-for", forwarded).body("rubbish");
            request.send().await.unwrap().status().as_u16()
        })
    };
    let config = RelayConfig { behind_proxy: true, ..RelayConfig::in_memory() };
    let relay = Relay::spawn(config.with_limits(limits.clone())).unwrap();
    let http = Http::new(relay.url());
    let statuses: Vec<u16> =
        (0..4).map(|n| status(&http, &format!("198.51.100.{n}, 192.0.2.1"))).collect();
    assert_eq!(statuses[2..], [429, 429], "what the client claims does not help it");
    assert_eq!(status(&http, "198.51.100.1, 192.0.2.2"), 400);

    // Without a proxy nobody is believed.
    let (_directory, _relay, http) = relay_with(limits);
    let statuses: Vec<u16> = (0..4).map(|n| status(&http, &format!("192.0.2.{n}"))).collect();
    assert_eq!(statuses[2..], [429, 429]);
}
