//! How much of the relay anyone may have, and that the owner can still put a full space in order.

#![allow(clippy::unwrap_used)]

mod common;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use common::{Device, Line, NOON};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::ids::{Class, DeviceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::membership::{Act, AdmitDevice, Refusal};
use holdfast_protocol::sync::{MAX_PUSH, Outcome, ProblemCode, Push};
use holdfast_protocol::{VERSION, wire};
use holdfast_relay::{Ask, Limits, Rate, Relay, RelayConfig};

fn line(limits: Limits) -> Line {
    let config = RelayConfig::in_memory().with_limits(limits);
    Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON)
}

#[test]
fn a_full_space_takes_no_more_content_and_still_takes_membership() {
    let limits = Limits { space_bytes: 40_000, reserve_bytes: 20_000, ..Limits::without_rates() };
    let line = line(limits);
    let (account, mut phone) = Device::first(&line);
    let outcomes: Vec<_> = (0..60)
        .map(|_| {
            let entry = phone.change(account.id, Class::Account);
            phone.push(&[&entry]).remove(0)
        })
        .collect();
    let stored = outcomes.iter().filter(|o| matches!(o, Outcome::Stored { .. })).count();
    assert!((30..50).contains(&stored), "{stored} entries of some 720 bytes fit 30,000");
    assert_eq!(outcomes.last(), Some(&Outcome::Never { why: Refusal::Quota }));

    // Other spaces have their own measure.
    phone.start_chart(&account);
    let fresh = DeviceKeys::generate(&mut SystemEntropy);
    let act = Act::AdmitDevice(AdmitDevice::by_consent(&fresh, account.id));
    let head = common::membership_head(&phone.logs[&account.id]);
    let entry = phone.statement(account.id, head, act);
    assert!(matches!(phone.push(&[&entry])[0], Outcome::Stored { .. }));
}

#[test]
fn an_account_has_so_many_spaces() {
    let line = line(Limits { spaces_per_account: 3, ..Limits::without_rates() });
    let (account, mut phone) = Device::first(&line);
    let charts: Vec<_> = (0..4).map(|_| common::chart_genesis(&account, &phone.keys)).collect();
    let outcomes = phone.push(&charts.iter().collect::<Vec<_>>());
    let full = Outcome::Never { why: Refusal::Quota };
    let stored = Outcome::Stored { seq: 1 };
    assert_eq!(outcomes, vec![stored.clone(), stored, full.clone(), full]);
}

#[test]
fn a_push_has_so_many_entries() {
    let line = line(Limits::without_rates());
    let (_, phone) = Device::first(&line);
    let mut request = phone.request();
    request.push = vec![Push { entry: vec![1], invite_wraps: vec![] }; MAX_PUSH + 1];
    let reply = phone.send(&request);
    assert_eq!((reply.status, reply.problem().unwrap().code), (400, ProblemCode::Malformed));
    request.push.pop();
    assert_eq!(phone.send(&request).status, 200);
}

#[test]
fn an_address_that_asks_too_often_waits_while_another_is_served() {
    let limits =
        Limits { newcomer_rate: Some(Rate { per_second: 2, burst: 4 }), ..Limits::without_rates() };
    let relay = Relay::open(RelayConfig::in_memory().with_limits(limits)).unwrap();
    let body = wire::encode(&holdfast_protocol::auth::ChallengeRequest {
        version: VERSION,
        device: DeviceId([1; 32]),
    });
    let ask = |peer: IpAddr, now_ms: u64| {
        relay.answer(Ask { path: "/v1/challenge", token: None, body: &body, peer }, now_ms)
    };
    let eager = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let statuses: Vec<u16> = (0..6).map(|_| ask(eager, NOON).status).collect();
    assert_eq!(statuses, vec![200, 200, 200, 200, 429, 429]);
    let wait = ask(eager, NOON).retry_after_ms.unwrap();
    assert!((1..=500).contains(&wait), "{wait}");
    assert_eq!(ask(eager, NOON + wait).status, 200);
    assert_eq!(ask(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), NOON).status, 200);

    // One IPv6 network is one address, however many it has.
    let of = |network: u16, host: u16| {
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, host))
    };
    let statuses: Vec<u16> = (0..6).map(|host| ask(of(1, host), NOON + 10_000).status).collect();
    assert_eq!(statuses, vec![200, 200, 200, 200, 429, 429]);
    assert_eq!(ask(of(2, 0), NOON + 10_000).status, 200);
}
