//! What a live message says, as bytes: one of the domain's messages with the time it was said, packed, and in several
//! pieces where it is a whole session. What a stranger sends is bounded before it is unpacked, and while it is put
//! together. Who may say what is not judged here.

use std::collections::BTreeMap;

use holdfast_domain::live::Message;
use holdfast_protocol::ids::DeviceId;
use holdfast_protocol::live::MAX_LIVE_CONTENT_BYTES;
use serde::{Deserialize, Serialize};

use crate::commands::play::Setting;

/// The form this version speaks. One that is not known is not listened to.
const FORM: u8 = 1;
/// The most pieces of one message (ours): 54 kB packed, the state of some hundred holds.
const MAX_PIECES: usize = 16;
/// The most that a message unpacks to, in bytes (ours).
const MAX_UNPACKED: usize = 1024 * 1024;
/// What a message shorter than this would gain by being packed is not worth the time, in bytes.
const WORTH_PACKING: usize = 1024;
/// zstd's level: a session's state is packed while somebody waits.
const LEVEL: i32 = 6;
/// The head of a piece: which message, which piece, of how many.
const PIECE_HEAD: usize = 1 + 4 + 1 + 1;
/// How many senders' pieces are kept at a time.
const MAX_SENDERS: usize = 8;

const PLAIN: u8 = 0;
const PACKED: u8 = 1;
const PIECE: u8 = 2;

/// A message with what goes along.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Content {
    form: u8,
    /// How many times faster than time its sender's clock runs.
    pub(super) pace: u32,
    /// When it was said, in shared milliseconds.
    pub(super) shared_ms: i64,
    pub(super) message: Message,
    /// What the session was begun with, where the message is the whole state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) setting: Option<Box<Setting>>,
}

impl Content {
    pub(super) const fn new(
        pace: u32,
        shared_ms: i64,
        message: Message,
        setting: Option<Box<Setting>>,
    ) -> Self {
        Self { form: FORM, pace, shared_ms, message, setting }
    }

    /// What is sealed: one content or several pieces, each as long as a live message holds. Nothing where it is
    /// more than may be said.
    pub(super) fn to_pieces(&self, number: u32) -> Option<Vec<Vec<u8>>> {
        let json = serde_json::to_vec(self).ok().filter(|json| json.len() <= MAX_UNPACKED)?;
        let mut whole = vec![PLAIN];
        if json.len() < WORTH_PACKING {
            whole.extend_from_slice(&json);
        } else {
            whole[0] = PACKED;
            whole.extend(zstd::bulk::compress(&json, LEVEL).ok()?);
        }
        if whole.len() <= MAX_LIVE_CONTENT_BYTES {
            return Some(vec![whole]);
        }
        let pieces = whole.chunks(MAX_LIVE_CONTENT_BYTES - PIECE_HEAD);
        let of = u8::try_from(pieces.len()).ok().filter(|of| usize::from(*of) <= MAX_PIECES)?;
        let piece = |(no, part): (u8, &[u8])| {
            let mut piece = vec![PIECE];
            piece.extend_from_slice(&number.to_le_bytes());
            piece.extend_from_slice(&[no, of]);
            piece.extend_from_slice(part);
            piece
        };
        Some((0..of).zip(pieces).map(piece).collect())
    }

    fn from_whole(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let unpacked;
        let json = match *kind {
            PLAIN => rest,
            PACKED => {
                unpacked = zstd::bulk::decompress(rest, MAX_UNPACKED).ok()?;
                &unpacked
            }
            _ => return None,
        };
        serde_json::from_slice(json).ok().filter(|content: &Self| content.form == FORM)
    }
}

/// Puts the pieces of messages together: of each sender the last message that came in pieces, and of few senders.
#[derive(Debug, Default)]
pub(super) struct Pieces(BTreeMap<DeviceId, Begun>);

#[derive(Debug)]
struct Begun {
    number: u32,
    of: u8,
    parts: BTreeMap<u8, Vec<u8>>,
}

impl Pieces {
    /// Takes what a sender said. Gives the message once it is whole; what does not read is nothing.
    pub(super) fn take(&mut self, sender: DeviceId, bytes: &[u8]) -> Option<Content> {
        let Some((&PIECE, rest)) = bytes.split_first() else { return Content::from_whole(bytes) };
        let (number, rest) = rest.split_first_chunk()?;
        let number = u32::from_le_bytes(*number);
        let (&[no, of], part) = rest.split_first_chunk()?;
        if no >= of || usize::from(of) > MAX_PIECES {
            return None;
        }
        if !self.0.contains_key(&sender) && self.0.len() >= MAX_SENDERS {
            return None;
        }
        let fresh = || Begun { number, of, parts: BTreeMap::new() };
        let begun = self.0.entry(sender).or_insert_with(fresh);
        if (begun.number, begun.of) != (number, of) {
            *begun = fresh();
        }
        begun.parts.insert(no, part.to_vec());
        if begun.parts.len() < usize::from(of) {
            return None;
        }
        let begun = self.0.remove(&sender)?;
        let whole: Vec<u8> = begun.parts.into_values().flatten().collect();
        Content::from_whole(&whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_domain::ids::{DeviceName, ExerciseId, StepId};
    use holdfast_domain::live::Leader;
    use holdfast_domain::player::{At, BootId, Plan, PlannedHold, Timing, Work};
    use holdfast_domain::units::Millis;
    use holdfast_domain::vocabulary::Side;
    use holdfast_domain::words::Arg;
    use proptest::prelude::*;

    fn sender(no: u8) -> DeviceId {
        DeviceId([no; 32])
    }

    fn state(holds: u32) -> Content {
        let hold = |no: u32| PlannedHold {
            step: StepId::new(blake3::hash(&no.to_le_bytes()).to_hex().to_string()).unwrap(),
            exercise: ExerciseId::new("psoas-release-hook").unwrap(),
            name: Arg::from("Hook"),
            side: Side::Left,
            set: 1,
            rep: 1,
            work: Work::Timed { target: Millis::from_secs(30) },
            ease_check: false,
            rest_before: Millis::ZERO,
            tool: None,
        };
        let plan = Plan::new(Timing::default(), (0..holds).map(hold).collect()).unwrap();
        let at = At { boot: BootId(1), since_boot_ms: 5, wall_ms: 9 };
        let leader = Leader::begin(plan, DeviceName::new("a").unwrap(), at);
        Content::new(1, 77, leader.snapshot(at, 77), None)
    }

    #[test]
    fn a_state_comes_in_one_message_or_in_pieces_in_any_order() {
        let mut pieces = Pieces::default();
        for holds in [1, 20, 300] {
            let content = state(holds);
            let mut sent = content.to_pieces(9).unwrap();
            assert_eq!(sent.len() > 1, holds == 300, "{}", sent.len());
            assert!(sent.iter().all(|piece| piece.len() <= MAX_LIVE_CONTENT_BYTES));
            sent.reverse();
            let last = sent.pop().unwrap();
            assert!(sent.iter().all(|piece| pieces.take(sender(1), piece).is_none()));
            // Another's pieces are not mixed in.
            assert_eq!(pieces.take(sender(2), &last).is_some(), holds != 300);
            assert_eq!(pieces.take(sender(1), &last), Some(content));
        }
        assert_eq!(state(1_900).to_pieces(1), None, "more than may be said is not said in part");
    }

    #[test]
    fn what_waits_for_its_other_pieces_is_bounded() {
        let mut pieces = Pieces::default();
        for no in 0..=255 {
            for number in 0..4_u32 {
                let mut piece = vec![PIECE];
                piece.extend_from_slice(&number.to_le_bytes());
                piece.extend_from_slice(&[0, 16]);
                piece.resize(3_000, 7);
                assert_eq!(pieces.take(sender(no), &piece), None);
            }
        }
        assert_eq!(pieces.0.len(), MAX_SENDERS);
        assert!(pieces.0.values().all(|begun| begun.parts.len() == 1));
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let mut bomb = vec![PACKED];
        bomb.extend(zstd::bulk::compress(&vec![b' '; 64 << 20], 19).unwrap());
        assert!(bomb.len() < 16 * MAX_LIVE_CONTENT_BYTES, "{}", bomb.len());
        assert_eq!(Content::from_whole(&bomb), None);
    }

    proptest! {
        #[test]
        fn noise_is_nothing(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0_u8..4) {
            let mut pieces = Pieces::default();
            let mut said = vec![kind];
            said.extend(bytes);
            prop_assert_eq!(pieces.take(sender(1), &said), None);
        }
    }
}
