//! Live messages: they open for who has the log's key, say whose they are, and are never too large.

#![allow(clippy::unwrap_used)]

mod logs;

use holdfast_protocol::ids::{LiveId, SpaceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::live::{
    Heard, LIVE_FLOOR_BYTES, LiveError, LiveHeader, LiveMessage, MAX_LIVE_BYTES,
    MAX_LIVE_CONTENT_BYTES,
};
use holdfast_protocol::secret::Secret32;
use logs::Seeded;
use proptest::prelude::*;

fn header(keys: &DeviceKeys) -> LiveHeader {
    LiveHeader {
        chart: SpaceId([2; 32]),
        session: LiveId([3; 16]),
        term: u64::MAX,
        sender: keys.id(),
        counter: u64::MAX,
        epoch: u32::MAX,
    }
}

fn device() -> DeviceKeys {
    DeviceKeys::from_seed(Secret32::from_bytes([1; 32]))
}

const KEY: Secret32 = Secret32::from_bytes([9; 32]);

fn sealed(content: &[u8]) -> LiveMessage {
    let keys = device();
    LiveMessage::seal(header(&keys), &KEY, content, &keys, &mut Seeded::new(1)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_is_said_opens_again_whatever_its_length_and_fits(
        content in prop::collection::vec(any::<u8>(), 0..=MAX_LIVE_CONTENT_BYTES)
    ) {
        let bytes = sealed(&content).to_bytes();
        assert!(bytes.len() <= MAX_LIVE_BYTES);
        let read = LiveMessage::from_bytes(&bytes).unwrap();
        assert_eq!(read.open(&KEY).unwrap().as_slice(), content.as_slice());
    }

    #[test]
    fn a_live_message_altered_in_any_one_bit_is_refused(at in 0usize..8 * 600, bit in 0u8..8) {
        let mut bytes = sealed(b"pause").to_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        assert!(LiveMessage::from_bytes(&bytes).is_err());
    }
}

#[test]
fn a_message_holds_so_much_and_is_refused_when_it_says_more() {
    let keys = device();
    let seal = |content: &[u8]| {
        LiveMessage::seal(header(&keys), &KEY, content, &keys, &mut Seeded::new(1))
    };
    let full = vec![7; MAX_LIVE_CONTENT_BYTES];
    assert!(seal(&full).unwrap().to_bytes().len() <= MAX_LIVE_BYTES);
    let more = [full.as_slice(), &[7]].concat();
    assert_eq!(seal(&more), Err(LiveError::TooMuch(MAX_LIVE_CONTENT_BYTES + 1)));
    assert_eq!(LiveMessage::from_bytes(&vec![0; MAX_LIVE_BYTES + 1]), Err(LiveError::TooLarge));
}

#[test]
fn a_pause_and_an_answer_look_alike() {
    let lengths = [0, 1, 40, 200].map(|n| sealed(&vec![5; n]).to_bytes().len());
    assert!(lengths.iter().all(|len| *len == lengths[0]), "{lengths:?}");
    assert!(lengths[0] > LIVE_FLOOR_BYTES);
}

#[test]
fn it_opens_under_no_other_key_chart_or_epoch() {
    let message = sealed(b"pause");
    assert_eq!(message.open(&Secret32::from_bytes([8; 32])), Err(LiveError::DoesNotOpen));
    // What the log's key seals in an entry's body, or for another purpose, is no live message.
    let derived = KEY.derive(&[b"live", &[2; 32], &u32::MAX.to_le_bytes()]);
    assert_eq!(message.open(&derived), Err(LiveError::DoesNotOpen));
}

#[test]
fn nobody_speaks_for_another_device() {
    let (ana, ben) = (device(), DeviceKeys::from_seed(Secret32::from_bytes([6; 32])));
    // The sender is who signs, whatever the header was made with.
    let said = LiveMessage::seal(header(&ana), &KEY, b"stop", &ben, &mut Seeded::new(2)).unwrap();
    assert_eq!(said.header().sender, ben.id());
    let mut bytes = said.to_bytes();
    let at = bytes.windows(32).position(|w| w == ben.id().0).unwrap();
    bytes[at..at + 32].copy_from_slice(&ana.id().0);
    assert_eq!(LiveMessage::from_bytes(&bytes), Err(LiveError::BadSignature));
}

#[test]
fn what_was_heard_once_is_not_heard_again() {
    let (ana, ben) = (device(), DeviceKeys::from_seed(Secret32::from_bytes([6; 32])));
    let at = |keys: &DeviceKeys, counter| LiveHeader { counter, ..header(keys) };
    let mut heard = Heard::default();
    assert!(heard.is_new(&at(&ana, 5)) && heard.is_new(&at(&ben, 2)));
    assert!(!heard.is_new(&at(&ana, 5)) && !heard.is_new(&at(&ana, 4)));
    assert!(heard.is_new(&at(&ana, 9)) && heard.is_new(&at(&ben, 3)));
}

#[test]
fn a_newer_version_says_so() {
    let mut bytes = sealed(b"pause").to_bytes();
    bytes[1] = 2;
    let refused = LiveMessage::from_bytes(&bytes).unwrap_err();
    assert!(refused.to_string().contains("update"), "{refused}");
}
