//! Event streams: the feed at once, then when a space moved, and an end when the device is revoked.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::streams::{A_WHILE, SOON, Stream};
use common::{Device, Http, Line, second_device};
use holdfast_protocol::ids::Class;
use holdfast_protocol::sync::Outcome;
use holdfast_relay::{Limits, Relay, RelayConfig, RunningRelay};

fn relay_with(limits: Limits) -> (RunningRelay, Http) {
    let relay = Relay::spawn(RelayConfig::in_memory().with_limits(limits)).unwrap();
    let http = Http::new(relay.url());
    (relay, http)
}

#[test]
fn a_watching_device_learns_of_a_push_and_not_of_a_cursor() {
    let (_relay, http) = relay_with(Limits::default());
    let line = Line::Http(http.clone());
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let mut tablet = second_device(&mut phone, &account);
    let mut stream = Stream::open(&http, &tablet.token).unwrap();
    let first = stream.next(SOON).unwrap().unwrap();

    let entry = phone.change(chart, Class::Log);
    phone.push(&[&entry]);
    let moved = stream.next(SOON).unwrap().unwrap();
    assert!(moved > first);
    tablet.pull();
    assert!(tablet.feed >= moved, "a device that pulled has what it was told of");

    phone.send_cursors();
    assert_eq!(stream.next(A_WHILE), Err(()), "a cursor wakes nobody");

    let (_, mut stranger) = Device::first(&line);
    let theirs = stranger.change(stranger.account, Class::Account);
    stranger.push(&[&theirs]);
    assert_eq!(stream.next(A_WHILE), Err(()), "nor does what happens to others");
}

#[test]
fn a_revoked_device_is_told_nothing_more() {
    let (_relay, http) = relay_with(Limits::default());
    let line = Line::Http(http.clone());
    let (mut account, mut phone) = Device::first(&line);
    let tablet = second_device(&mut phone, &account);
    let mut stream = Stream::open(&http, &tablet.token).unwrap();
    stream.next(SOON).unwrap();
    let outcome = phone.revoke(&mut account, tablet.keys.id(), vec![]);
    assert!(matches!(outcome, Outcome::Stored { .. }));
    assert_eq!(stream.next(SOON), Ok(None), "the stream ends");
    assert!(matches!(Stream::open(&http, &tablet.token), Err(401 | 403)));
}

#[test]
fn an_account_has_so_many_streams_and_a_closed_one_makes_room() {
    let (_relay, http) = relay_with(Limits { watches_per_account: 3, ..Limits::default() });
    let line = Line::Http(http.clone());
    let (_, phone) = Device::first(&line);
    let mut streams: Vec<_> = (0..3).map(|_| Stream::open(&http, &phone.token).unwrap()).collect();
    assert_eq!(Stream::open(&http, &phone.token).err(), Some(429));
    let (_, other) = Device::first(&line);
    assert!(Stream::open(&http, &other.token).is_ok());
    streams.pop();
    let made_room = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        Stream::open(&http, &phone.token).is_ok()
    });
    assert!(made_room);
}

#[test]
fn a_relay_that_closes_ends_its_streams_and_stops_at_once() {
    let (relay, http) = relay_with(Limits::default());
    let line = Line::Http(http.clone());
    let (_, phone) = Device::first(&line);
    let mut stream = Stream::open(&http, &phone.token).unwrap();
    stream.next(SOON).unwrap();
    let began = std::time::Instant::now();
    relay.stop();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(stream.next(SOON), Ok(None));
}
