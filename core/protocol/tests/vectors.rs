//! The test vectors of docs/protocol.md: what another implementation must compute bit for bit.
//! `HOLDFAST_WRITE_VECTORS=1 cargo test -p holdfast-protocol --test vectors` writes them anew, for a
//! change of the protocol that is meant.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use holdfast_protocol::attest::{Attestation, actor_id};
use holdfast_protocol::body::padme;
use holdfast_protocol::checkpoint::LiveRoot;
use holdfast_protocol::content::{DocChanges, DocId};
use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::entry::{Entry, Header, Kind, Position, SeqRange};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch, Reader};
use holdfast_protocol::hash::{next_running, space_id};
use holdfast_protocol::ids::{
    Class, DeviceId, EntryHash, Generation, InviteId, LiveId, RunningHash, SpaceId,
};
use holdfast_protocol::invitation::{MemberLink, safety_phrase};
use holdfast_protocol::keys::{DeviceKeys, DeviceKind, InviteKeys, ReceiveSecret, Wrapped, wrap};
use holdfast_protocol::link::Link as _;
use holdfast_protocol::live::{LiveHeader, LiveMessage};
use holdfast_protocol::membership::{
    AccountGenesis, Act, AdmitDevice, ChartGenesis, Grant, InviteProof, Judge, MemberProof,
    Refusal, Role, SpaceState, Statement,
};
use holdfast_protocol::pairing::{PairingLink, member_wrap_info};
use holdfast_protocol::phrase::Phrase;
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{Item, Outcome, Problem, ProblemCode, Want};
use holdfast_protocol::wire;
use serde_json::{Value, json};

/// Counts up: 0, 1, 2 … so that the vectors need no random source.
struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

fn keys() -> DeviceKeys {
    DeviceKeys::from_seed(Secret32::from_bytes([1; 32]))
}

fn header() -> Header {
    Header {
        version: 1,
        space: SpaceId([2; 32]),
        class: Class::Log,
        kind: Kind::Change,
        epoch: 3,
        author: keys().id(),
        counter: 7,
        prev: EntryHash([4; 32]),
        seen: Position { seq: 300, running: RunningHash([5; 32]) },
        covers: vec![],
        body_hash: [0; 32],
        body_len: 0,
    }
}

fn computed() -> Value {
    let device = keys();
    let phrase = Phrase::parse(
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
    )
    .unwrap();
    let doc = DocId::new("s:night.2026-11-20.bedtime:0101").unwrap();
    let class_key = Secret32::from_bytes([9; 32]);
    let attestation = Attestation::sign(&device, SpaceId([2; 32]), &doc, 1, 12, [6; 32]);
    let content =
        DocChanges { doc, changes: b"changes".to_vec(), attestation: attestation.clone() };
    let sealed = Entry::seal(header(), &class_key, b"content", 3, &device, &mut Counting(0));
    assert_eq!(sealed.open(&class_key).unwrap(), b"content");
    let pack = Entry::sign(
        Header { kind: Kind::Pack, covers: SeqRange::from_sorted([3, 4, 5, 9]), ..header() },
        b"body".to_vec(),
        &device,
    );
    let receiver = ReceiveSecret::from_secret(&Secret32::from_bytes([8; 32]));
    let wrapped = wrap(&receiver.public(), b"info", &[7; 32], &mut Counting(0)).unwrap();
    assert_eq!(receiver.unwrap_secret(b"info", &wrapped).unwrap().expose(), &[7; 32]);
    let cursor = SignedCursor::sign(
        &device,
        SpaceId([2; 32]),
        Generation([3; 16]),
        Position { seq: 5, running: RunningHash([6; 32]) },
    );
    let link = PairingLink {
        secret: Secret32::from_bytes([10; 32]),
        account: SpaceId([11; 32]),
        membership: EntryHash([12; 32]),
        relay: "https://relay.example".into(),
        expires_at_ms: 1_800_000_000_000,
    };
    let roots: Vec<_> = [0u64, 1, 2, 3, 5, 8]
        .iter()
        .map(|n| {
            let mut root = LiveRoot::default();
            (1..=*n).for_each(|seq| root.push(seq, EntryHash([u8::try_from(seq).unwrap(); 32])));
            json!({ "leaves": n, "root": hex(&root.root()) })
        })
        .collect();
    let padded: Vec<_> = [1usize, 9, 100, 512, 513, 1000, 65_537, 1_000_000]
        .iter()
        .map(|n| json!([n, padme(*n)]))
        .collect();
    json!({
        "device": {
            "seed": hex(&[1; 32]),
            "id": device.id().to_hex(),
            "receive": hex(&device.receive().public().0),
            "certificate_machine": hex(&wire::encode(&device.certificate(DeviceKind::Machine))),
            "actor_incarnation_1": hex(&actor_id(device.id(), 1).0),
        },
        "phrase": { "words": phrase.words(), "device": phrase.device().id().to_hex() },
        "header": { "encoded": hex(&wire::encode(&header())), "associated_data": hex(&header().associated_data()) },
        "sealed_entry": {
            "class_key": hex(&[9; 32]), "content": hex(b"content"), "nonce": "000102…17",
            "bytes": hex(&sealed.to_bytes()), "hash": sealed.hash().to_hex(),
        },
        "pack_entry_with_readable_body": { "bytes": hex(&pack.to_bytes()), "hash": pack.hash().to_hex() },
        "change_content": hex(&content.to_bytes()),
        "attestation": hex(&wire::encode(&attestation)),
        "wrap": {
            "receiver_secret_seed": hex(&[8; 32]), "info": "info", "plain": hex(&[7; 32]),
            "bytes": hex(&wrapped.0),
        },
        "cursor": hex(&wire::encode(&cursor)),
        "pairing_link": link.to_text().as_str(),
        "space_id_of_entry_01": space_id(EntryHash([1; 32])).to_hex(),
        "running_after_01": next_running(RunningHash::ZERO, EntryHash([1; 32])).to_hex(),
        "merkle": roots,
        "padme": padded,
        "derived_from_01": derived(),
        "account": account(),
        "chart": chart(),
        "members": members(),
        "live": live(),
        "encodings": encodings(),
    })
}

/// HKDF for every purpose, from 32 bytes of 01.
fn derived() -> Value {
    let secret = Secret32::from_bytes([1; 32]);
    let one = |info: &[&[u8]]| hex(secret.derive(info).expose());
    json!({
        "device sign": one(&[b"device sign"]),
        "device receive": one(&[b"device receive"]),
        "paper device": one(&[b"paper device"]),
        "invite sign": one(&[b"invite sign"]),
        "invite receive": one(&[b"invite receive"]),
        "account class": one(&[b"account class"]),
        "account receive": one(&[b"account receive"]),
        "account nonce ‖ 02…02": one(&[b"account nonce", &[2; 32]]),
        "previous key": one(&[b"previous key"]),
        "live ‖ 02…02 ‖ epoch 3": one(&[b"live", &[2; 32], &3u32.to_le_bytes()]),
        "seal": one(&[b"seal"]),
        "entry body ‖ 02…02 ‖ class 3 ‖ epoch 3":
            one(&[b"entry body", &[2; 32], &[3], &3u32.to_le_bytes()]),
        "commitment": hex(&secret.commitment()),
    })
}

fn paper() -> DeviceKeys {
    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    Phrase::parse(words).unwrap().device()
}

fn account_genesis() -> (Entry, AccountSecret) {
    let secret = AccountSecret(Secret32::from_bytes([20; 32]));
    let devices =
        vec![keys().certificate(DeviceKind::Machine), paper().certificate(DeviceKind::Paper)];
    let epoch = AccountEpoch::create(1, &secret, None, &devices, &mut Counting(0)).unwrap();
    let nonce = AccountGenesis::nonce_of(&paper(), keys().id());
    let act = Act::AccountGenesis(AccountGenesis { nonce, devices, epoch });
    (genesis(act), secret)
}

fn genesis(act: Act) -> Entry {
    let header = Header {
        space: SpaceId::ZERO,
        class: Class::Membership,
        kind: Kind::Membership,
        epoch: 0,
        counter: 1,
        prev: EntryHash::ZERO,
        seen: Position::START,
        ..header()
    };
    Entry::sign(header, Statement { after: EntryHash::ZERO, act }.to_bytes(), &keys())
}

/// An account of the device and the phrase above, and its second epoch. The device opens both.
fn account() -> Value {
    let (genesis, secret) = account_genesis();
    let state = SpaceState::start(&genesis, &(), Judge::Member).unwrap();
    let first = state.as_account().unwrap().epoch();
    assert_eq!(first.open(&keys()).unwrap(), secret);
    assert_eq!(first.open(&paper()).unwrap(), secret);
    let next = AccountSecret(Secret32::from_bytes([21; 32]));
    let devices: Vec<_> = state.as_account().unwrap().active().cloned().collect();
    let second =
        AccountEpoch::create(2, &next, Some(&secret), &devices, &mut Counting(100)).unwrap();
    assert_eq!(second.open(&keys()).unwrap(), next);
    assert_eq!(second.open_previous(&next).unwrap(), secret);
    json!({
        "genesis": hex(&genesis.to_bytes()),
        "genesis_hash": genesis.hash().to_hex(),
        "account": state.space().to_hex(),
        "running_after_genesis": state.head().running.to_hex(),
        "secret_1": hex(secret.0.expose()),
        "class_key_1": hex(secret.class_key().expose()),
        "receive_1": hex(&secret.receive().public().0),
        "epoch_2": hex(&wire::encode(&second)),
        "secret_2": hex(next.0.expose()),
    })
}

/// A chart of that account, and the second epoch of its log. The account's secret opens both.
fn chart() -> Value {
    let (account, secret) = account_genesis();
    let account = SpaceState::start(&account, &(), Judge::Member).unwrap();
    let reader = Reader {
        account: account.space(),
        epoch: 1,
        membership: account.membership_head(),
        receive: account.as_account().unwrap().epoch().receive,
    };
    let key = |class: Class| Secret32::from_bytes([30 + class as u8; 32]);
    let create = |class, number, key: &Secret32, previous| {
        let readers = std::slice::from_ref(&reader);
        ClassEpoch::create(class, number, key, previous, readers, &mut Counting(class as u8))
            .unwrap()
    };
    let epochs = Class::CHART.map(|class| create(class, 1, &key(class), None)).to_vec();
    let owner = account.space();
    let act = ChartGenesis { nonce: [5; 16], owner, subject: owner, epochs };
    let genesis = genesis(Act::ChartGenesis(act));
    let accounts = BTreeMap::from([(owner, account)]);
    let state = SpaceState::start(&genesis, &accounts, Judge::Member).unwrap();
    let first = &state.as_chart().unwrap().epochs[&Class::Log][0];
    assert_eq!(first.open(owner, &secret).unwrap(), key(Class::Log));
    let next = Secret32::from_bytes([40; 32]);
    let second = create(Class::Log, 2, &next, Some(&key(Class::Log)));
    assert_eq!(second.open(owner, &secret).unwrap(), next);
    assert_eq!(second.open_previous(&next).unwrap(), key(Class::Log));
    json!({
        "genesis": hex(&genesis.to_bytes()),
        "chart": state.space().to_hex(),
        "log_key_1": hex(key(Class::Log).expose()),
        "log_epoch_2": hex(&wire::encode(&second)),
        "log_key_2": hex(next.expose()),
    })
}

fn member_link() -> MemberLink {
    MemberLink {
        secret: Secret32::from_bytes([10; 32]),
        chart: SpaceId([11; 32]),
        from: SpaceId([12; 32]),
        name: "Ana".into(),
        membership: EntryHash([13; 32]),
        relay: "https://relay.example".into(),
        grant: Grant { until_ms: Some(1_900_000_000_000), ..Grant::preset(Role::Therapist) },
        expires_at_ms: 1_800_000_000_000,
        confirm_first: false,
    }
}

/// A link into a chart, what is derived from it, and the phrase that two people compare.
fn members() -> Value {
    let link = member_link();
    let invite = link.keys();
    let info = member_wrap_info(link.chart, invite.id(), Class::Log);
    let log_key = [7; 32];
    let wrapped = wrap(&invite.receive().public(), &info, &log_key, &mut Counting(0)).unwrap();
    assert_eq!(invite.receive().unwrap_secret(&info, &wrapped).unwrap().expose(), &log_key);
    let account = SpaceId([14; 32]);
    let proof = MemberProof::sign(&invite, link.chart, account, keys().id());
    let phrase = |one, other| safety_phrase(link.chart, one, other, InviteId([15; 32])).join(" ");
    assert_eq!(phrase(account, link.from), phrase(link.from, account), "the same on both sides");
    let grants: Vec<_> = Role::ALL
        .into_iter()
        .map(|role| json!([format!("{role:?}"), hex(&wire::encode(&Grant::preset(role)))]))
        .collect();
    json!({
        "link": link.to_text().as_str(),
        "link_in_capitals": link.to_capitals().as_str(),
        "invite": invite.id().to_hex(),
        "receive": hex(&invite.receive().public().0),
        "wrap_info_log": hex(&info),
        "wrap_log_key_07": hex(&wrapped.0),
        "proof_for_account_0e": hex(&wire::encode(&proof)),
        "safety_phrase_0b_0c_0e_0f": phrase(link.from, account),
        "grants": grants,
    })
}

/// A live message under the log's key of epoch 3.
fn live() -> Value {
    let header = LiveHeader {
        chart: SpaceId([2; 32]),
        session: LiveId([3; 16]),
        term: 2,
        sender: keys().id(),
        counter: 300,
        epoch: 3,
    };
    let key = Secret32::from_bytes([9; 32]);
    let said = LiveMessage::seal(header, &key, b"pause", &keys(), &mut Counting(0)).unwrap();
    json!({ "log_key": hex(key.expose()), "content": hex(b"pause"), "bytes": hex(&said.to_bytes()) })
}

/// How an absent value, an alternative, and an alternative with nothing in it are written.
fn encodings() -> Value {
    let invite = InviteKeys::from_secret(&Secret32::from_bytes([10; 32]));
    let account = SpaceId([11; 32]);
    let device = keys().certificate(DeviceKind::Machine);
    let proof = InviteProof::sign(&invite, account, device.device);
    let admit = |proof| {
        let act = Act::AdmitDevice(AdmitDevice { device: device.clone(), proof, consent: None });
        hex(&Statement { after: EntryHash([12; 32]), act }.to_bytes())
    };
    json!({
        "admission_without_a_proof": admit(None),
        "admission_with_a_proof": admit(Some(proof)),
        "want_from_the_start": hex(&wire::encode(&Want { space: account, after: 0, starting_at: None })),
        "outcome_stored_at_5": hex(&wire::encode(&Outcome::Stored { seq: 5 })),
        "outcome_stale_cut": hex(&wire::encode(&Outcome::StaleCut)),
        "outcome_never_revoked": hex(&wire::encode(&Outcome::Never { why: Refusal::Revoked })),
        "item_stub": hex(&wire::encode(&Item::Stub { seq: 7, hash: EntryHash([1; 32]) })),
        "problem": hex(&wire::encode(&Problem {
            code: ProblemCode::TooMany,
            message: "slower".into(),
            retry_after_ms: None,
        })),
    })
}

#[test]
fn the_vectors_in_the_docs_are_what_the_code_computes() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/protocol-1.json");
    let computed = computed();
    if std::env::var_os("HOLDFAST_WRITE_VECTORS").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(&computed).unwrap() + "\n").unwrap();
    }
    let stored: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for (name, value) in stored.as_object().unwrap() {
        assert_eq!(&computed[name], value, "vector \"{name}\"");
    }
    assert_eq!(stored.as_object().unwrap().len(), computed.as_object().unwrap().len());
}

#[test]
fn the_epochs_of_the_vectors_open_from_their_bytes_alone() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/protocol-1.json");
    let stored: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let bytes = |part: &str, name: &str| hex::decode(stored[part][name].as_str().unwrap()).unwrap();
    let secret = |part: &str, name: &str| Secret32::from_slice(&bytes(part, name)).unwrap();
    let genesis = Entry::from_bytes(&bytes("account", "genesis")).unwrap();
    let account = SpaceState::start(&genesis, &(), Judge::Member).unwrap();
    assert_eq!(account.space().to_hex(), stored["account"]["account"]);
    let opened = account.as_account().unwrap().epoch().open(&keys()).unwrap();
    assert_eq!(opened.0, secret("account", "secret_1"));
    let second: AccountEpoch = wire::decode("epoch", &bytes("account", "epoch_2")).unwrap();
    let newest = second.open(&paper()).unwrap();
    assert_eq!(newest.0, secret("account", "secret_2"));
    assert_eq!(second.open_previous(&newest).unwrap(), opened);
    let chart = Entry::from_bytes(&bytes("chart", "genesis")).unwrap();
    let owner = account.space();
    let accounts = BTreeMap::from([(owner, account)]);
    let chart = SpaceState::start(&chart, &accounts, Judge::Member).unwrap();
    let log = &chart.as_chart().unwrap().epochs[&Class::Log][0];
    assert_eq!(log.open(owner, &opened).unwrap(), secret("chart", "log_key_1"));
    let second: ClassEpoch = wire::decode("epoch", &bytes("chart", "log_epoch_2")).unwrap();
    let newest = second.open(owner, &opened).unwrap();
    assert_eq!(newest, secret("chart", "log_key_2"));
    assert_eq!(second.open_previous(&newest).unwrap(), secret("chart", "log_key_1"));
}

#[test]
fn the_member_link_wrap_and_live_message_of_the_vectors_read_from_their_bytes_alone() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/protocol-1.json");
    let stored: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let text = |part: &str, name: &str| stored[part][name].as_str().unwrap().to_owned();
    let link = MemberLink::parse(&text("members", "link")).unwrap();
    assert_eq!(link, member_link());
    assert_eq!(MemberLink::parse(&text("members", "link_in_capitals")).unwrap(), link);
    let wrapped = Wrapped(hex::decode(text("members", "wrap_log_key_07")).unwrap());
    let info = hex::decode(text("members", "wrap_info_log")).unwrap();
    let key = link.keys().receive().unwrap_secret(&info, &wrapped).unwrap();
    assert_eq!(key.expose(), &[7; 32]);
    let proof = hex::decode(text("members", "proof_for_account_0e")).unwrap();
    let proof: MemberProof = wire::decode("proof", &proof).unwrap();
    assert!(proof.is_valid(link.chart, SpaceId([14; 32]), keys().id()));
    assert_eq!(text("members", "safety_phrase_0b_0c_0e_0f").split(' ').count(), 7);
    let said = hex::decode(text("live", "bytes")).unwrap();
    let said = LiveMessage::from_bytes(&said).unwrap();
    assert_eq!(said.open(&Secret32::from_bytes([9; 32])).unwrap().as_slice(), b"pause");
    assert_eq!(said.header().sender, keys().id());
}

#[test]
fn padding_costs_at_most_an_eighth_and_never_shrinks() {
    for n in 1..200_000usize {
        let padded = padme(n);
        assert!(padded >= n && padded - n <= n / 8 + 1, "{n} → {padded}");
        assert_eq!(padme(padded), padded, "padding is idempotent at {n}");
    }
}

#[test]
fn the_opened_wrap_of_the_vectors_is_the_stored_secret() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/protocol-1.json");
    let stored: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let bytes = hex::decode(stored["wrap"]["bytes"].as_str().unwrap()).unwrap();
    let receiver = ReceiveSecret::from_secret(&Secret32::from_bytes([8; 32]));
    assert_eq!(receiver.unwrap_secret(b"info", &Wrapped(bytes)).unwrap().expose(), &[7; 32]);
    let entry = hex::decode(stored["sealed_entry"]["bytes"].as_str().unwrap()).unwrap();
    let entry = Entry::from_bytes(&entry).unwrap();
    assert_eq!(entry.header().author, DeviceId(keys().id().0));
    assert_eq!(entry.open(&Secret32::from_bytes([9; 32])).unwrap(), b"content");
}
