//! Two devices over real HTTP: pairing, keeping in step, stopping in time, and a relay that answers rubbish,
//! fails, breaks off, or never answers.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use holdfast::{Budget, Cancel, Config, Engine, NewAccount, SyncOutcome, WatchEvent};
use holdfast_relay::{Relay, RelayConfig};
use holdfast_tests::near_relay::{log, shown, sync};

fn first(home: &Path, url: &str) -> Engine {
    let account = NewAccount {
        name: "Ana".to_owned(),
        device_name: "phone".to_owned(),
        relay: Some(url.to_owned()),
    };
    Engine::create(Config::command_line(home), account).unwrap().0
}

#[test]
fn a_watching_device_shows_what_the_other_logs_within_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::spawn(RelayConfig::in_memory()).unwrap();
    let phone = first(&dir.path().join("phone"), &relay.url());
    let link = phone.pair(60_000).unwrap().link;
    let tablet =
        Engine::join(Config::command_line(dir.path().join("tablet")), &link, "tablet").unwrap();
    let (send, events) = channel();
    let watching = tablet.watch(move |event| drop(send.send(event))).unwrap();
    let wait_for = |what: &str, is: &dyn Fn(&WatchEvent) -> bool| loop {
        let event = events.recv_timeout(Duration::from_secs(20));
        let event = event.unwrap_or_else(|_| panic!("no event: {what}"));
        if is(&event) {
            break;
        }
    };
    wait_for("connected", &|event| *event == WatchEvent::Connected);
    log(&phone, "evening", 45);
    sync(&phone);
    wait_for("pulled", &|event| matches!(event, WatchEvent::Synced(report) if report.pulled > 0));
    assert_eq!(shown(&tablet), shown(&phone));

    // What is written on the watching device goes out by itself.
    log(&tablet, "morning", 30);
    wait_for("pushed", &|event| matches!(event, WatchEvent::Synced(report) if report.pushed > 0));
    sync(&phone);
    assert_eq!(shown(&tablet), shown(&phone));

    tablet.suspend().unwrap();
    log(&phone, "later", 20);
    sync(&phone);
    tablet.resume().unwrap();
    wait_for(
        "pulled after the pause",
        &|event| matches!(event, WatchEvent::Synced(report) if report.pulled > 0),
    );
    assert_eq!(shown(&tablet).len(), 3);

    let started = Instant::now();
    drop(watching);
    while events.recv_timeout(Duration::from_secs(5)).is_ok() {}
    assert!(started.elapsed() < Duration::from_millis(1500), "{:?}", started.elapsed());
}

#[test]
fn a_watch_finds_a_relay_again_that_was_away() {
    let dir = tempfile::tempdir().unwrap();
    let config = || RelayConfig::in_directory(dir.path().join("relay"));
    let relay = Relay::spawn(config()).unwrap();
    let (url, address) = (relay.url(), relay.address());
    let phone = first(&dir.path().join("phone"), &url);
    sync(&phone);
    let (send, events) = channel();
    let _watching = phone.watch(move |event| drop(send.send(event))).unwrap();
    let wait_for = |is: &dyn Fn(&WatchEvent) -> bool| {
        while !is(&events.recv_timeout(Duration::from_secs(30)).unwrap()) {}
    };
    wait_for(&|event| *event == WatchEvent::Connected);
    relay.stop();
    wait_for(&|event| matches!(event, WatchEvent::Waiting { .. }));
    log(&phone, "evening", 45);
    let _relay = Relay::spawn_at(config(), address).unwrap();
    phone.network_changed();
    wait_for(&|event| matches!(event, WatchEvent::Synced(report) if report.pushed > 0));
}

/// Answers every connection in the same way.
fn false_relay(answer: impl Fn(&mut std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 8192];
            let _ = stream.read(&mut request);
            answer(&mut stream);
        }
    });
    url
}

#[test]
fn a_relay_that_talks_rubbish_changes_nothing_and_is_told_of_in_a_sentence() {
    let whole = |status: &'static str, body: &'static [u8]| {
        move |stream: &mut std::net::TcpStream| {
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(body);
        }
    };
    let relays: Vec<(&str, String)> = vec![
        ("rubbish", false_relay(whole("200 OK", b"<html>hello</html>"))),
        ("empty", false_relay(whole("200 OK", b""))),
        ("500", false_relay(whole("500 Internal Server Error", b"oh no"))),
        ("redirect", false_relay(whole("302 Found\r\nlocation: http://example.org", b""))),
        (
            "half a body",
            false_relay(|stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n\x81");
            }),
        ),
        ("no http", false_relay(|stream| drop(stream.write_all(b"\x00\xff\x00\xff")))),
        ("closed", false_relay(|_| {})),
    ];
    let dir = tempfile::tempdir().unwrap();
    let phone = first(&dir.path().join("phone"), "http://127.0.0.1:1");
    log(&phone, "evening", 45);
    for (what, url) in &relays {
        phone.set_relay(Some(url)).unwrap();
        let report = phone.sync_once(&Budget::default()).unwrap();
        assert_eq!(report.outcome, SyncOutcome::Offline, "{what}: {report:?}");
        assert!(report.queued > 0 && !report.problems.is_empty(), "{what}: {report:?}");
        assert!(report.problems[0].message.to_string().len() > 20, "{what}: {report:?}");
        assert!(phone.doctor(false).unwrap().ok, "{what}");
    }
    let good = Relay::spawn(RelayConfig::in_memory()).unwrap();
    phone.set_relay(Some(&good.url())).unwrap();
    sync(&phone);
    assert_eq!(shown(&phone).len(), 1);
}

#[test]
fn a_relay_that_never_answers_is_left_within_the_budget_and_within_half_a_second_of_a_wish() {
    let url = false_relay(|_| thread::sleep(Duration::from_secs(60)));
    let dir = tempfile::tempdir().unwrap();
    let phone = first(&dir.path().join("phone"), &url);
    log(&phone, "evening", 45);
    let started = Instant::now();
    let report = phone.sync_once(&Budget { max_ms: 700, ..Budget::default() }).unwrap();
    assert!(started.elapsed() < Duration::from_millis(1500), "{:?}", started.elapsed());
    assert_ne!(report.outcome, SyncOutcome::Done);

    let cancel = Cancel::new();
    let budget = Budget { cancel: cancel.clone(), ..Budget::default() };
    let asked = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        cancel.cancel();
        Instant::now()
    });
    let report = phone.sync_once(&budget).unwrap();
    let ended = Instant::now();
    assert_eq!(report.outcome, SyncOutcome::More);
    assert!(ended - asked.join().unwrap() < Duration::from_millis(500));
    assert_eq!(shown(&phone).len(), 1);
}

#[test]
fn a_watch_sends_what_another_process_writes_into_the_same_home() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::spawn(RelayConfig::in_memory()).unwrap();
    let home = dir.path().join("phone");
    let phone = first(&home, &relay.url());
    let (send, events) = channel();
    let _watching = phone.watch(move |event| drop(send.send(event))).unwrap();
    let wait_for = |is: &dyn Fn(&WatchEvent) -> bool| {
        while !is(&events.recv_timeout(Duration::from_secs(20)).unwrap()) {}
    };
    wait_for(&|event| *event == WatchEvent::Connected);
    // An engine of its own over the same home, as a second command is.
    let other = Engine::open(Config::command_line(&home)).unwrap();
    log(&other, "evening", 45);
    wait_for(&|event| matches!(event, WatchEvent::Synced(report) if report.pushed > 0));
}
