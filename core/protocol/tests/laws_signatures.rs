//! Laws of signatures: one altered bit is refused, and what was signed for one purpose or place serves no other.

#![allow(clippy::unwrap_used)]

mod logs;

use holdfast_protocol::attest::Attestation;
use holdfast_protocol::auth::{TokenRequest, TokenResponse};
use holdfast_protocol::content::DocId;
use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::entry::{Entry, Kind, Position};
use holdfast_protocol::ids::{Class, DeviceId, Generation, RunningHash, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, InviteKeys};
use holdfast_protocol::membership::{Act, AdmitDevice, InviteProof};
use holdfast_protocol::pairing::PeekRequest;
use holdfast_protocol::secret::Secret32;
use logs::{Seeded, found, header, statement};

#[test]
fn an_entry_altered_in_any_one_bit_is_refused() {
    let e = &mut Seeded::new(2);
    let account = found(e);
    let admit = Act::AdmitDevice(AdmitDevice::by_consent(&DeviceKeys::generate(e), account.id()));
    let head = header(account.id(), Class::Account, Kind::Change, 1);
    for entry in [
        Entry::seal(head, &account.secret.class_key(), b"a hold", 3, &account.phone, e),
        statement(&account.state, admit, &account.phone),
    ] {
        let bytes = entry.to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(Entry::from_bytes(&altered).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn a_signature_for_one_purpose_or_place_serves_no_other() {
    let e = &mut Seeded::new(3);
    let keys = DeviceKeys::generate(e);
    let other = DeviceKeys::generate(e);
    let doc = |name: &str| DocId::new(name).unwrap();
    let space = SpaceId([1; 32]);
    let good = Attestation::sign(&keys, space, &doc("plan"), 1, 2, [3; 32]);
    assert!(good.is_valid(keys.id(), space, &doc("plan")));
    assert!(!good.is_valid(other.id(), space, &doc("plan")));
    assert!(!good.is_valid(keys.id(), SpaceId([2; 32]), &doc("plan")));
    assert!(!good.is_valid(keys.id(), space, &doc("pla")));
    for bad in [
        Attestation { incarnation: 2, ..good.clone() },
        Attestation { seq: 3, ..good.clone() },
        Attestation { change: [4; 32], ..good.clone() },
    ] {
        assert!(!bad.is_valid(keys.id(), space, &doc("plan")));
    }
    let position = Position { seq: 5, running: RunningHash([6; 32]) };
    let cursor = SignedCursor::sign(&keys, space, Generation([1; 16]), position);
    assert!(cursor.is_valid());
    for bad in [
        SignedCursor { device: other.id(), ..cursor.clone() },
        SignedCursor { space: SpaceId([2; 32]), ..cursor.clone() },
        SignedCursor { generation: Generation([2; 16]), ..cursor.clone() },
        SignedCursor { position: Position { seq: 6, ..position }, ..cursor.clone() },
    ] {
        assert!(!bad.is_valid());
    }
    // Challenge and audience cannot lend each other a byte.
    let token = TokenRequest::sign(&keys, b"challenge".to_vec(), "https://relay.example");
    assert!(token.is_valid());
    let mut moved = token.clone();
    moved.challenge.push(b'h');
    moved.audience = "ttps://relay.example".into();
    assert!(!moved.is_valid());
    assert!(!TokenRequest { audience: "https://other.example".into(), ..token }.is_valid());
    let invite = InviteKeys::from_secret(&Secret32::from_bytes(e.array()));
    let peek = PeekRequest::sign(&invite, space);
    assert!(peek.is_valid());
    assert!(!PeekRequest { account: SpaceId([2; 32]), ..peek.clone() }.is_valid());
    // The same 64 bytes are signed for a proof; the purpose tells them apart.
    let proof = InviteProof { invite: invite.id(), signature: peek.signature };
    assert!(!proof.is_valid(space, DeviceId(invite.id().0)));
}

#[test]
fn secrets_stay_out_of_debug() {
    let e = &mut Seeded::new(4);
    let account = found(e);
    let token = TokenResponse { token: vec![0xAB; 32], account: account.id(), lives_ms: 5 };
    let shown = format!(
        "{:?} {:?} {:?} {:?} {token:?}",
        account.phone,
        account.secret,
        account.phone.receive(),
        InviteKeys::from_secret(&Secret32::from_bytes([0xAB; 32])),
    );
    assert!(!shown.contains("171"), "{shown}");
    let seed: Vec<String> = account.phone.seed().expose().iter().map(u8::to_string).collect();
    assert!(!shown.contains(&seed[..4].join(", ")), "{shown}");
}
