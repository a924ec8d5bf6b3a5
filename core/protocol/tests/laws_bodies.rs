//! Laws of sealing: what is sealed opens to the same and to nothing else, and its length says little.

#![allow(clippy::unwrap_used)]

mod logs;

use holdfast_protocol::body::{self, BodyError, CHANGE_FLOOR_BYTES, MAX_CONTENT_BYTES, padme};
use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::entry::{Entry, Header, Kind, Position, SeqRange};
use holdfast_protocol::ids::{Class, DeviceId, EntryHash, RunningHash, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, ReceiveSecret, WRAPPED_SECRET_BYTES, Wrapped, wrap};
use holdfast_protocol::secret::Secret32;
use logs::{Seeded, header};
use proptest::prelude::*;

const SEALED: [Class; 6] =
    [Class::Account, Class::Plan, Class::Log, Class::Notes, Class::Prescription, Class::Profile];

fn headers() -> impl Strategy<Value = Header> {
    let ids = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    let numbers = (any::<u32>(), any::<u64>(), any::<u64>());
    let kinds = (0usize..SEALED.len(), any::<bool>(), 0u64..9);
    (ids, numbers, kinds).prop_map(
        |((space, author, prev, running), (epoch, counter, seq), rest)| {
            let (class, pack, covers) = rest;
            let kind = if pack { Kind::Pack } else { Kind::Change };
            Header {
                author: DeviceId(author),
                counter,
                prev: EntryHash(prev),
                seen: Position { seq, running: RunningHash(running) },
                covers: SeqRange::from_sorted((1..=covers).map(|n| n * 2)),
                ..header(SpaceId(space), SEALED[class], kind, epoch)
            }
        },
    )
}

/// Every way to change one field that the seal is bound to.
fn other_headers(h: &Header) -> Vec<Header> {
    let mut all = vec![
        Header { version: h.version.wrapping_add(1), ..h.clone() },
        Header { kind: Kind::Checkpoint, ..h.clone() },
        Header { epoch: h.epoch.wrapping_add(1), ..h.clone() },
        Header { counter: h.counter ^ 1, ..h.clone() },
        Header { class: Class::Membership, ..h.clone() },
        Header { seen: Position { seq: h.seen.seq ^ 1, ..h.seen }, ..h.clone() },
        Header { covers: SeqRange::from_sorted([77]), ..h.clone() },
    ];
    let flips: [fn(&mut Header) -> &mut [u8; 32]; 4] =
        [|h| &mut h.space.0, |h| &mut h.author.0, |h| &mut h.prev.0, |h| &mut h.seen.running.0];
    for flip in flips {
        let mut other = h.clone();
        flip(&mut other)[31] ^= 1;
        all.push(other);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn a_body_opens_to_what_was_sealed_and_to_nothing_under_another_header_key_or_body(
        h in headers(),
        content in prop::collection::vec(any::<u8>(), 0..3000),
        level in 1i32..6,
        seed: u64,
        at: usize,
        bit in 0u8..8,
    ) {
        let e = &mut Seeded::new(seed);
        let key = Secret32::random(e);
        let sealed = body::seal(&h, &key, &content, level, e);
        prop_assert_eq!(&body::open(&h, &key, &sealed).unwrap(), &content);
        // The fields about the body itself are filled in afterwards.
        let filled = Header { body_hash: [9; 32], body_len: 9, ..h.clone() };
        prop_assert_eq!(&body::open(&filled, &key, &sealed).unwrap(), &content);
        for other in other_headers(&h) {
            prop_assert_eq!(body::open(&other, &key, &sealed), Err(BodyError::DoesNotOpen));
        }
        let other = Secret32::random(e);
        prop_assert_eq!(body::open(&h, &other, &sealed), Err(BodyError::DoesNotOpen));
        let mut altered = sealed.clone();
        let place = at % altered.len();
        altered[place] ^= 1 << bit;
        prop_assert_eq!(body::open(&h, &key, &altered), Err(BodyError::DoesNotOpen));
        prop_assert_eq!(
            body::open(&h, &key, &sealed[..place]), Err(BodyError::DoesNotOpen)
        );
    }

    #[test]
    fn a_length_tells_only_its_class(content in prop::collection::vec(any::<u8>(), 0..5000), seed: u64) {
        let e = &mut Seeded::new(seed);
        let key = Secret32::random(e);
        let change = header(SpaceId([1; 32]), Class::Log, Kind::Change, 1);
        let sealed = body::seal(&change, &key, &content, 3, e).len();
        prop_assert!(sealed >= CHANGE_FLOOR_BYTES);
        prop_assert_eq!(padme(sealed), sealed);
        let pack = Header { kind: Kind::Pack, ..change };
        let sealed = body::seal(&pack, &key, &content, 3, e).len();
        prop_assert_eq!(padme(sealed), sealed);
        // Nonce, length, tag, and a zstd frame's own few bytes come on top.
        prop_assert!(sealed <= padme(content.len() + 44 + 32));
    }

    #[test]
    fn an_entry_opens_with_its_key_and_is_its_authors(
        h in headers(),
        content in prop::collection::vec(any::<u8>(), 0..500),
        seed: u64,
    ) {
        let e = &mut Seeded::new(seed);
        let (key, keys) = (Secret32::random(e), DeviceKeys::generate(e));
        let entry = Entry::seal(h, &key, &content, 3, &keys, e);
        let read = Entry::from_bytes(&entry.to_bytes()).unwrap();
        prop_assert_eq!(&read, &entry);
        prop_assert_eq!(read.header().author, keys.id());
        prop_assert_eq!(read.open(&key).unwrap(), content);
        prop_assert!(read.open(&Secret32::random(e)).is_err());
    }

    #[test]
    fn a_wrap_opens_for_its_receiver_and_purpose_alone(seed: u64, at: usize, bit in 0u8..8) {
        let e = &mut Seeded::new(seed);
        let mine = ReceiveSecret::from_secret(&Secret32::random(e));
        let other = ReceiveSecret::from_secret(&Secret32::random(e));
        let key = Secret32::random(e);
        let wrapped = wrap(&mine.public(), b"this purpose", key.expose(), e).unwrap();
        prop_assert_eq!(wrapped.0.len(), WRAPPED_SECRET_BYTES);
        prop_assert_eq!(mine.unwrap_secret(b"this purpose", &wrapped).unwrap(), key);
        prop_assert!(mine.unwrap_secret(b"that purpose", &wrapped).is_err());
        prop_assert!(other.unwrap_secret(b"this purpose", &wrapped).is_err());
        let mut altered = wrapped.0.clone();
        let place = at % altered.len();
        altered[place] ^= 1 << bit;
        prop_assert!(mine.unwrap_secret(b"this purpose", &Wrapped(altered)).is_err());
        // X25519 itself ignores the highest bit of a key; the wrap does not.
        let mut high = wrapped.0;
        high[31] ^= 0x80;
        prop_assert!(mine.unwrap_secret(b"this purpose", &Wrapped(high)).is_err());
    }
}

#[test]
fn every_note_of_up_to_400_random_bytes_is_as_long_as_every_other() {
    let e = &mut Seeded::new(1);
    let key = Secret32::random(e);
    let h = header(SpaceId([1; 32]), Class::Log, Kind::Change, 1);
    for len in 0..=400 {
        let mut content = vec![0; len];
        e.fill(&mut content);
        assert_eq!(body::seal(&h, &key, &content, 3, e).len(), CHANGE_FLOOR_BYTES, "{len}");
    }
}

#[test]
fn up_to_a_mebibyte_there_are_fewer_than_256_lengths() {
    let mut lengths: Vec<usize> = (CHANGE_FLOOR_BYTES..=1 << 20).map(padme).collect();
    lengths.dedup();
    assert!(lengths.is_sorted() && lengths.len() < 256, "{}", lengths.len());
}

#[test]
fn a_body_that_unpacks_beyond_the_limit_costs_no_more_than_the_limit() {
    let e = &mut Seeded::new(2);
    let key = Secret32::random(e);
    let h = header(SpaceId([1; 32]), Class::Log, Kind::Pack, 1);
    let most = body::seal(&h, &key, &vec![0; MAX_CONTENT_BYTES], 1, e);
    assert_eq!(body::open(&h, &key, &most).unwrap().len(), MAX_CONTENT_BYTES);
    let bomb = body::seal(&h, &key, &vec![0; MAX_CONTENT_BYTES + 1], 1, e);
    assert!(bomb.len() < 16 * 1024);
    assert_eq!(body::open(&h, &key, &bomb), Err(BodyError::TooLarge));
}

#[test]
fn keys_derived_for_two_purposes_are_two_keys() {
    let secret = Secret32::from_bytes([1; 32]);
    let purposes: [&[u8]; 10] = [
        b"seal",
        b"device sign",
        b"device receive",
        b"paper device",
        b"account class",
        b"account receive",
        b"account nonce",
        b"previous key",
        b"invite sign",
        b"invite receive",
    ];
    let mut derived: Vec<_> = purposes.map(|p| *secret.derive(&[p]).expose()).to_vec();
    derived.push(secret.commitment());
    derived.sort_unstable();
    derived.dedup();
    assert_eq!(derived.len(), purposes.len() + 1);
}
