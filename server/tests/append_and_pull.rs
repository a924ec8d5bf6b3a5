//! Appending and pulling, over real HTTP and a real file.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Device, Line, second_device};
use holdfast_protocol::ids::Class;
use holdfast_protocol::membership::Refusal;
use holdfast_protocol::sync::{Item, Outcome, SyncResponse};
use holdfast_protocol::wire;
use holdfast_relay::{Relay, RelayConfig, RunningRelay};

fn relay() -> (tempfile::TempDir, RunningRelay, Line) {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::spawn(RelayConfig::in_directory(directory.path())).unwrap();
    let line = Line::http(relay.url());
    (directory, relay, line)
}

#[test]
fn what_one_device_pushes_the_other_pulls_in_the_same_order() {
    let (_directory, _relay, line) = relay();
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let mut tablet = second_device(&mut phone, &account);

    let entries: Vec<_> = (0..40).map(|_| phone.change(chart, Class::Log)).collect();
    let outcomes = phone.push(&entries.iter().collect::<Vec<_>>());
    let expected: Vec<_> = (2..42).map(|seq| Outcome::Stored { seq }).collect();
    assert_eq!(outcomes, expected);

    let note = tablet.change(chart, Class::Notes);
    assert_eq!(tablet.push(&[&note]), vec![Outcome::Stored { seq: 42 }]);
    tablet.pull();
    phone.pull();
    assert_eq!(tablet.logs[&chart].items, phone.logs[&chart].items);
    assert_eq!(phone.logs[&chart].head, 42);
    let last = &phone.logs[&chart].items[&42];
    assert_eq!(last, &Item::Entry { seq: 42, bytes: note.to_bytes() });
}

#[test]
fn an_entry_that_is_sent_again_is_had_and_stored_once() {
    let (_directory, _relay, line) = relay();
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let entry = phone.change(chart, Class::Log);
    assert_eq!(phone.push(&[&entry]), vec![Outcome::Stored { seq: 2 }]);
    assert_eq!(
        phone.push(&[&entry, &entry]),
        vec![Outcome::Have { seq: 2 }, Outcome::Have { seq: 2 }]
    );
    common::register(&line, &account);
    phone.pull();
    assert_eq!(phone.logs[&chart].head, 2);
}

#[test]
fn a_bad_entry_in_a_push_does_not_keep_the_others_out() {
    let (_directory, _relay, line) = relay();
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let first = phone.change(chart, Class::Log);
    let wrong = phone.change(chart, Class::Account);
    let last = phone.change(chart, Class::Log);
    assert_eq!(
        phone.push(&[&first, &wrong, &last]),
        vec![
            Outcome::Stored { seq: 2 },
            Outcome::Never { why: Refusal::WrongClass },
            Outcome::Stored { seq: 3 }
        ]
    );
}

#[test]
fn nothing_to_say_costs_one_round_trip_of_a_few_bytes() {
    let (_directory, _relay, line) = relay();
    let (account, mut phone) = Device::first(&line);
    for _ in 0..30 {
        phone.start_chart(&account);
    }
    phone.pull();
    let request = phone.request();
    let reply = phone.send(&request);
    let response: SyncResponse = reply.read();
    assert!(response.spaces.is_empty() && !response.more);
    assert!(reply.body.len() <= 60, "{} bytes", reply.body.len());
    assert!(wire::encode(&request).len() <= 40);
}

#[test]
fn pages_hold_what_was_asked_for_and_go_on_where_they_stopped() {
    let (_directory, _relay, line) = relay();
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let entries: Vec<_> = (0..60).map(|_| phone.change(chart, Class::Log)).collect();
    phone.push(&entries.iter().collect::<Vec<_>>());

    let mut other = Device::sign_in(&line, &account.phone);
    let mut trips = 0;
    loop {
        trips += 1;
        let mut request = other.request();
        request.want = other.wants();
        request.page_bytes = 8 * 1024;
        let reply = other.send(&request);
        assert!(reply.body.len() < 9 * 1024, "{} bytes", reply.body.len());
        let response: SyncResponse = reply.read();
        other.apply(&response);
        if !response.more {
            break;
        }
        assert_eq!(response.feed, request.feed, "while there is more, the feed stands still");
    }
    assert!(trips > 4);
    assert_eq!(other.logs[&chart].items, phone.logs[&chart].items);
}

#[test]
fn cursors_travel_to_other_devices_and_wake_nobody() {
    let (_directory, _relay, line) = relay();
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let mut tablet = second_device(&mut phone, &account);
    tablet.pull();
    phone.seen_by.clear();
    let answer = tablet.send_cursors();
    assert!(answer.cursors.is_empty(), "a device is not told its own cursor");

    phone.pull();
    let seen: Vec<_> = phone.seen_by.iter().filter(|c| c.space == chart).collect();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].device, tablet.keys.id());
    assert!(seen[0].is_valid());

    // From now on the phone need not say where it is: the relay has its word.
    phone.send_cursors();
    let entry = tablet.change(chart, Class::Log);
    tablet.push(&[&entry]);
    let response: SyncResponse = phone.send(&phone.request()).read();
    assert_eq!(response.spaces.len(), 1);
    assert_eq!(response.spaces[0].items.len(), 1);
}
