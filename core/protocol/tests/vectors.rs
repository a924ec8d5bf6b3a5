//! The test vectors of docs/protocol.md: what another implementation must compute bit for bit.
//! `HOLDFAST_WRITE_VECTORS=1 cargo test -p holdfast-protocol --test vectors` writes them anew, for a
//! change of the protocol that is meant.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use holdfast_protocol::attest::{Attestation, actor_id};
use holdfast_protocol::body::padme;
use holdfast_protocol::checkpoint::LiveRoot;
use holdfast_protocol::content::{DocChanges, DocId};
use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::entry::{Entry, Header, Kind, Position, SeqRange};
use holdfast_protocol::hash::{next_running, space_id};
use holdfast_protocol::ids::{Class, DeviceId, EntryHash, Generation, RunningHash, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, DeviceKind, ReceiveSecret, Wrapped, wrap};
use holdfast_protocol::pairing::PairingLink;
use holdfast_protocol::phrase::Phrase;
use holdfast_protocol::secret::Secret32;
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
