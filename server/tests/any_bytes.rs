//! Whatever bytes come, to whatever path, with whatever token: an answer, a reason, and no panic.

#![allow(clippy::unwrap_used)]

mod common;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use common::{Device, Line, NOON};
use holdfast_protocol::auth::{ChallengeRequest, RegisterRequest, TokenRequest};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::ids::{Class, LiveId};
use holdfast_protocol::keys::Sig;
use holdfast_protocol::live::{LiveHeader, LiveMessage};
use holdfast_protocol::pairing::{JoinRequest, PeekRequest};
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{Push, SyncRequest, SyncResponse};
use holdfast_protocol::{VERSION, wire};
use holdfast_relay::{Ask, Limits, Relay, RelayConfig};
use proptest::prelude::*;

struct World {
    relay: Arc<Relay>,
    token: String,
    /// Good requests to every path: bent a little, they get further than noise.
    good: Vec<(&'static str, Vec<u8>)>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let config = RelayConfig::in_memory().with_limits(Limits::without_rates());
    let relay = Arc::new(Relay::open(config).unwrap());
    let line = Line::Direct(Arc::clone(&relay), NOON);
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let invited = phone.invite(&account, u64::MAX / 2);
    let change = phone.change(chart, Class::Log).to_bytes();
    let mut sync = phone.request();
    sync.push = vec![Push { entry: change.clone(), invite_wraps: vec![] }];
    sync.cursors = vec![phone.cursor(account.id)];
    sync.want = phone.wants();
    let token = TokenRequest {
        version: VERSION,
        device: phone.keys.id(),
        challenge: common::challenge(&line, phone.keys.id()),
        audience: "http://relay".into(),
        signature: Sig([1; 64]),
    };
    let challenge = ChallengeRequest { version: VERSION, device: phone.keys.id() };
    let register = RegisterRequest { version: VERSION, genesis: account.genesis.clone() };
    let join = JoinRequest { version: VERSION, account: account.id, admission: change };
    let said = LiveHeader {
        chart,
        session: LiveId([1; 16]),
        term: 1,
        sender: phone.keys.id(),
        counter: 1,
        epoch: 1,
    };
    let key = Secret32::from_bytes([9; 32]);
    let said = LiveMessage::seal(said, &key, b"x", &phone.keys, &mut SystemEntropy).unwrap();
    let good = vec![
        ("/v1/sync", wire::encode(&sync)),
        ("/v1/token", wire::encode(&token)),
        ("/v1/challenge", wire::encode(&challenge)),
        ("/v1/account", wire::encode(&register)),
        ("/v1/join", wire::encode(&join)),
        ("/v1/peek", wire::encode(&PeekRequest::sign(&invited.keys, account.id))),
        ("/v1/live", said.to_bytes()),
    ];
    World { relay, token: phone.token, good }
});

fn ask(path: &str, token: Option<&str>, body: &[u8]) -> holdfast_relay::Answer {
    WORLD.relay.answer(Ask { path, token, body, peer: IpAddr::V4(Ipv4Addr::LOCALHOST) }, NOON)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn noise_is_refused_with_a_reason(
        at in 0usize..6,
        signed_in in any::<bool>(),
        body in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let (path, _) = &WORLD.good[at];
        let answer = ask(path, signed_in.then_some(WORLD.token.as_str()), &body);
        prop_assert!((400..500).contains(&answer.status), "{} {}", path, answer.status);
        prop_assert!(answer.problem().is_some());
    }

    #[test]
    fn a_good_request_with_a_few_bytes_bent_is_answered_or_refused_never_failed(
        at in 0usize..6,
        bends in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let (path, good) = &WORLD.good[at];
        let mut body = good.clone();
        for (index, value) in bends {
            let at = index.index(body.len());
            body[at] ^= value;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        let answer = ask(path, Some(&WORLD.token), &body);
        prop_assert!(answer.status == 200 || (400..500).contains(&answer.status));
        prop_assert!(answer.is_good() || answer.problem().is_some());
    }

    #[test]
    fn a_sync_with_any_numbers_is_answered(
        feed in any::<u64>(),
        page_bytes in any::<u32>(),
        after in any::<u64>(),
        starting_at in proptest::option::of(any::<u64>()),
        own in any::<bool>(),
    ) {
        let mut request: SyncRequest = wire::decode("sync", &WORLD.good[0].1).unwrap();
        let mut want = request.want[0];
        if !own {
            want.space.0[0] ^= 1;
        }
        want.after = after;
        want.starting_at = starting_at;
        request.want = vec![want];
        request.push = vec![];
        request.feed = feed;
        request.page_bytes = page_bytes;
        let answer = ask("/v1/sync", Some(&WORLD.token), &wire::encode(&request));
        prop_assert_eq!(answer.status, 200);
        let response: SyncResponse = wire::decode("answer", &answer.body).unwrap();
        let named = response.spaces.iter().any(|page| page.space == want.space);
        prop_assert_eq!(named, own, "a space that is not the account's is passed over");
    }

    #[test]
    fn any_path_and_any_token_are_refused(path in "/[ -~]{0,40}", token in "[ -~]{0,80}") {
        prop_assume!(path != "/healthz");
        let answer = ask(&path, Some(&token), b"");
        prop_assert!((400..500).contains(&answer.status));
    }
}
