//! What crosses the wire: ids, keys, entries, membership, sync messages, and the one verifier that
//! the relay and the clients share.
//!
//! Pure: no disk, no network, no clock, no Automerge, and not a word about exercises. Randomness is
//! handed in through [`entropy::Entropy`], so that a simulator with a seed replays exactly.
//! The page docs/protocol.md says the same in prose, with test vectors.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod attest;
pub mod auth;
pub mod body;
pub mod checkpoint;
pub mod content;
pub mod copy;
pub mod cursor;
pub mod entropy;
pub mod entry;
pub mod epoch;
pub mod hash;
pub mod ids;
pub mod invitation;
pub mod keys;
pub mod link;
pub mod live;
pub mod membership;
pub mod pairing;
pub mod phrase;
pub mod secret;
pub mod sync;
pub mod wire;

/// The version of everything in this crate. It leads every header, message and link.
pub const VERSION: u8 = 1;
