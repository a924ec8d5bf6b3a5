//! Joining with an invite: once, in time, and with the same answer until it arrived.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{Device, Line, NOON, admission, invite_wrap, join, membership_head};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::ids::Class;
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::membership::{Act, Refusal};
use holdfast_protocol::pairing::{JoinRequest, PeekRequest, PeekResponse, invite_wrap_info};
use holdfast_protocol::sync::{Item, Outcome, ProblemCode};
use holdfast_protocol::{VERSION, wire};
use holdfast_relay::{Limits, Relay, RelayConfig};

const HOUR: u64 = 3_600_000;

fn line() -> Line {
    let config = RelayConfig::in_memory().with_limits(Limits::without_rates());
    Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON)
}

fn new_keys() -> DeviceKeys {
    DeviceKeys::generate(&mut SystemEntropy)
}

fn never(why: Refusal) -> Outcome {
    Outcome::Never { why }
}

#[test]
fn the_holder_of_a_link_sees_the_membership_joins_and_opens_the_wrap() {
    let line = line();
    let (account, mut phone) = Device::first(&line);
    let note = phone.change(account.id, Class::Account);
    phone.push(&[&note]);
    let invited = phone.invite(&account, NOON + HOUR);

    let look = wire::encode(&PeekRequest::sign(&invited.keys, account.id));
    let seen: PeekResponse = line.post("/v1/peek", None, &look).read();
    let places: Vec<_> = seen.membership.iter().map(|item| common::place(item).0).collect();
    assert_eq!(places, vec![1, 3], "membership only, each with its sequence");
    assert!(seen.membership.iter().all(|item| matches!(item, Item::Entry { .. })));

    let keys = new_keys();
    let after = common::place(&seen.membership[1]).1;
    let entry = admission(account.id, after, &invited.keys, &keys);
    let answer = join(&line, account.id, &entry);
    assert_eq!(answer.outcome, Outcome::Stored { seq: 4 });
    let info = invite_wrap_info(account.id, invited.keys.id());
    let secret =
        invited.keys.receive().unwrap_secret(&info, answer.key(Class::Account).unwrap()).unwrap();
    assert_eq!(&secret, &account.secret.0);

    // The answer was lost on the way: it is the same until the device has synced.
    assert_eq!(join(&line, account.id, &entry), answer);
    let mut tablet = Device::sign_in(&line, &keys);
    tablet.pull();
    let late = join(&line, account.id, &entry);
    assert_eq!((late.outcome, late.keys), (Outcome::Have { seq: 4 }, vec![]));
}

#[test]
fn an_invite_admits_one_device() {
    let line = line();
    let (account, mut phone) = Device::first(&line);
    let invited = phone.invite(&account, NOON + HOUR);
    let after = membership_head(&phone.logs[&account.id]);
    let first = admission(account.id, after, &invited.keys, &new_keys());
    let second = admission(account.id, after, &invited.keys, &new_keys());
    assert!(matches!(join(&line, account.id, &first).outcome, Outcome::Stored { .. }));
    let answer = join(&line, account.id, &second);
    assert_eq!((answer.outcome, answer.keys), (never(Refusal::InviteUsed), vec![]));

    let look = wire::encode(&PeekRequest::sign(&invited.keys, account.id));
    let reply = line.post("/v1/peek", None, &look);
    assert_eq!((reply.status, reply.problem().unwrap().code), (409, ProblemCode::InviteUsed));
}

#[test]
fn an_invite_ends_by_the_relays_clock_and_its_wrap_with_it() {
    let line = line();
    let (account, mut phone) = Device::first(&line);
    let invited = phone.invite(&account, NOON + HOUR);
    let after = membership_head(&phone.logs[&account.id]);
    let late = line.at(NOON + HOUR);
    let look = wire::encode(&PeekRequest::sign(&invited.keys, account.id));
    assert_eq!(line.post("/v1/peek", None, &look).status, 200);
    let reply = late.post("/v1/peek", None, &look);
    assert_eq!((reply.status, reply.problem().unwrap().code), (410, ProblemCode::InviteGone));
    let entry = admission(account.id, after, &invited.keys, &new_keys());
    assert_eq!(join(&late, account.id, &entry).outcome, never(Refusal::InviteGone));
    if let Line::Direct(relay, _) = &line {
        relay.maintain(NOON + HOUR).unwrap();
    }
    // Even a relay whose clock was set back has no wrap to give any more.
    assert_eq!(join(&line, account.id, &entry).keys, vec![]);
}

#[test]
fn a_revoked_invite_is_gone() {
    let line = line();
    let (account, mut phone) = Device::first(&line);
    let invited = phone.invite(&account, NOON + HOUR);
    let head = membership_head(&phone.logs[&account.id]);
    let entry = phone.statement(account.id, head, Act::RevokeInvite(invited.keys.id()));
    phone.push(&[&entry]);
    let look = wire::encode(&PeekRequest::sign(&invited.keys, account.id));
    let reply = line.post("/v1/peek", None, &look);
    assert_eq!(reply.problem().unwrap().code, ProblemCode::InviteGone);
    let head = membership_head(&phone.logs[&account.id]);
    let late = admission(account.id, head, &invited.keys, &new_keys());
    assert_eq!(join(&line, account.id, &late).outcome, never(Refusal::InviteGone));
}

#[test]
fn a_rotation_brings_wraps_for_the_open_invites() {
    let line = line();
    let (mut account, mut phone) = Device::first(&line);
    let tablet = common::second_device(&mut phone, &account);
    let invited = phone.invite(&account, NOON + HOUR);
    let gone = tablet.keys.id();
    assert_eq!(phone.revoke(&mut account, gone, vec![]), never(Refusal::BadWraps));
    // A refused entry's counter is spent, as on a real device.
    let wraps = vec![invite_wrap(account.id, &invited.keys, &account.secret)];
    let fresh = wraps[0].wrapped.clone();
    let outcome = phone.revoke(&mut account, gone, wraps);
    assert!(matches!(outcome, Outcome::Stored { .. }), "{outcome:?}");

    phone.pull();
    let after = membership_head(&phone.logs[&account.id]);
    let answer = join(&line, account.id, &admission(account.id, after, &invited.keys, &new_keys()));
    assert_eq!(answer.key(Class::Account), Some(&fresh), "the newest wrap is handed out");
}

#[test]
fn nothing_but_an_admission_comes_in_without_a_token() {
    let line = line();
    let (account, mut phone) = Device::first(&line);
    let change = phone.change(account.id, Class::Account);
    assert_eq!(join(&line, account.id, &change).outcome, never(Refusal::BadStatement));

    let ask = |admission: Vec<u8>| {
        let request = JoinRequest { version: VERSION, account: account.id, admission };
        line.post("/v1/join", None, &wire::encode(&request))
    };
    assert_eq!(ask(account.genesis.clone()).problem().unwrap().code, ProblemCode::Refused);
    assert_eq!(ask(vec![7; 300]).problem().unwrap().code, ProblemCode::Refused);
    let (other, mut others) = Device::first(&line);
    let foreign = others.change(other.id, Class::Account);
    assert_eq!(ask(foreign.to_bytes()).problem().unwrap().code, ProblemCode::Refused);
}

#[test]
fn a_look_needs_the_invites_own_signature() {
    let line = line();
    let (account, mut phone) = Device::first(&line);
    let invited = phone.invite(&account, NOON + HOUR);
    let mut look = PeekRequest::sign(&invited.keys, account.id);
    look.signature.0[3] ^= 1;
    let reply = line.post("/v1/peek", None, &wire::encode(&look));
    assert_eq!((reply.status, reply.problem().unwrap().code), (410, ProblemCode::InviteGone));
}
