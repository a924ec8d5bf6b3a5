//! Signing in: who gets a token, how long it lives, and when it ends early.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{Device, Line, NOON, challenge, new_account, register, second_device, sign_in};
use holdfast_protocol::auth::{CHALLENGE_MS, MAX_TOKEN_MS, TokenRequest};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::ids::{Class, DeviceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::membership::Refusal;
use holdfast_protocol::sync::{Outcome, ProblemCode};
use holdfast_protocol::wire;
use holdfast_relay::{Limits, Relay, RelayConfig};

fn line() -> Line {
    let config = RelayConfig::in_memory().with_limits(Limits::without_rates());
    Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON)
}

fn refused(reply: &common::Reply) -> (u16, ProblemCode) {
    (reply.status, reply.problem().expect("a refusal says why").code)
}

#[test]
fn a_token_runs_out_after_a_day_and_a_new_one_is_had_for_the_asking() {
    let line = line();
    let (account, phone) = Device::first(&line);
    let later = |ms| Device { line: line.at(NOON + ms), ..Device::sign_in(&line, &account.phone) };
    let almost = later(MAX_TOKEN_MS - 1);
    assert_eq!(almost.send(&phone.request()).status, 200);
    let over = later(MAX_TOKEN_MS);
    assert_eq!(refused(&over.send(&phone.request())), (401, ProblemCode::Unauthorized));
    let again = Device::sign_in(&line.at(NOON + MAX_TOKEN_MS), &account.phone);
    assert_eq!(again.send(&phone.request()).status, 200);
}

#[test]
fn a_challenge_is_good_for_a_minute_for_one_device_at_one_relay() {
    let line = line();
    let (account, _) = Device::first(&line);
    let ask = |line: &Line, keys: &DeviceKeys, challenge: Vec<u8>| {
        let request = TokenRequest::sign(keys, challenge, "http://relay.example");
        line.post("/v1/token", None, &wire::encode(&request))
    };
    let good = challenge(&line, account.phone.id());
    assert!(good.len() <= 128);
    assert_eq!(ask(&line, &account.phone, good.clone()).status, 200);
    let too_late = ask(&line.at(NOON + CHALLENGE_MS), &account.phone, good.clone());
    assert_eq!(refused(&too_late), (401, ProblemCode::Unauthorized));
    assert_eq!(
        refused(&ask(&line, &account.paper, good.clone())),
        (401, ProblemCode::Unauthorized)
    );
    for at in 0..good.len() {
        let mut bent = good.clone();
        bent[at] ^= 1;
        assert_eq!(ask(&line, &account.phone, bent).status, 401);
    }
    let other = self::line();
    register(&other, &account);
    assert_eq!(refused(&ask(&other, &account.phone, good)), (401, ProblemCode::Unauthorized));
}

#[test]
fn a_signature_for_another_relay_or_by_another_key_signs_nobody_in() {
    let config = RelayConfig::in_memory()
        .with_limits(Limits::without_rates())
        .with_public_url("https://relay.example/");
    let line = Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON);
    let account = new_account();
    register(&line, &account);
    assert_eq!(sign_in(&line, &account.phone, "https://relay.example").status, 200);
    assert_eq!(sign_in(&line, &account.phone, "https://relay.example/").status, 200);
    let passed_on = sign_in(&line, &account.phone, "https://evil.example");
    assert_eq!(refused(&passed_on), (401, ProblemCode::Unauthorized));

    let thief = DeviceKeys::generate(&mut SystemEntropy);
    let mut request =
        TokenRequest::sign(&thief, challenge(&line, account.phone.id()), "https://relay.example");
    request.device = account.phone.id();
    let reply = line.post("/v1/token", None, &wire::encode(&request));
    assert_eq!(refused(&reply), (401, ProblemCode::Unauthorized));
}

#[test]
fn a_device_that_was_never_admitted_gets_no_token() {
    let line = line();
    let stranger = DeviceKeys::generate(&mut SystemEntropy);
    let reply = sign_in(&line, &stranger, "http://relay.example");
    assert_eq!(refused(&reply), (403, ProblemCode::UnknownDevice));
}

#[test]
fn the_paper_device_signs_in_and_learns_its_account() {
    let line = line();
    let (account, _) = Device::first(&line);
    assert_eq!(Device::sign_in(&line, &account.paper).account, account.id);
}

#[test]
fn a_revoked_device_is_out_with_its_next_request() {
    let line = line();
    let (mut account, mut phone) = Device::first(&line);
    let mut tablet = second_device(&mut phone, &account);
    let late = tablet.change(account.id, Class::Account);
    assert_eq!(tablet.send(&tablet.request()).status, 200);

    let gone = tablet.keys.id();
    let outcome = phone.revoke(&mut account, gone, vec![]);
    assert!(matches!(outcome, Outcome::Stored { .. }), "{outcome:?}");
    let reply = tablet.send(&tablet.request());
    assert!([401, 403].contains(&reply.status), "{}", reply.status);
    let reply = sign_in(&line, &tablet.keys, "http://relay.example");
    assert_eq!(refused(&reply), (403, ProblemCode::UnknownDevice));
    // Nor does anyone else get its late entries in.
    assert_eq!(phone.push(&[&late]), vec![Outcome::Never { why: Refusal::Revoked }]);
}

#[test]
fn no_token_no_service() {
    let line = line();
    let (_, phone) = Device::first(&line);
    for token in [None, Some(""), Some("AAAA"), Some("not base64!"), Some(&"A".repeat(43))] {
        let reply = line.post("/v1/sync", token, &wire::encode(&phone.request()));
        assert_eq!(refused(&reply), (401, ProblemCode::Unauthorized));
    }
}

#[test]
fn an_account_cannot_be_registered_with_somebody_elses_device() {
    let line = line();
    let (victim, _) = Device::first(&line);
    let thief = new_account();
    let genesis = common::account_genesis(&thief.phone, &[&victim.phone]);
    let request = holdfast_protocol::auth::RegisterRequest {
        version: holdfast_protocol::VERSION,
        genesis: genesis.to_bytes(),
    };
    let reply = line.post("/v1/account", None, &wire::encode(&request));
    assert_eq!(refused(&reply), (422, ProblemCode::Refused));
    assert_eq!(Device::sign_in(&line, &victim.phone).account, victim.id);
}

#[test]
fn a_request_of_another_version_is_told_so() {
    let line = line();
    let request =
        holdfast_protocol::auth::ChallengeRequest { version: 9, device: DeviceId([1; 32]) };
    let reply = line.post("/v1/challenge", None, &wire::encode(&request));
    assert_eq!(refused(&reply), (400, ProblemCode::Version));
}
