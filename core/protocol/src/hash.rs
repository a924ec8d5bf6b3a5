//! Hashes with a purpose in them: the same bytes hashed for two purposes never meet.

use crate::ids::{EntryHash, RunningHash, SpaceId};

/// What a hash is for. The text goes into BLAKE3's key derivation as context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An entry.
    Entry,
    /// A sealed body.
    Body,
    /// A space id.
    Space,
    /// A running hash.
    Running,
    /// A CRDT actor id.
    Actor,
    /// A commitment to a key.
    Commitment,
    /// A leaf of a Merkle tree.
    Leaf,
    /// A node of a Merkle tree.
    Node,
    /// The state of a membership.
    Membership,
    /// The check at the end of a link.
    Link,
    /// What two people compare.
    SafetyPhrase,
}

impl Purpose {
    const fn context(self) -> &'static str {
        match self {
            Self::Entry => "holdfast 1 entry",
            Self::Body => "holdfast 1 body",
            Self::Space => "holdfast 1 space",
            Self::Running => "holdfast 1 running",
            Self::Actor => "holdfast 1 actor",
            Self::Commitment => "holdfast 1 commitment",
            Self::Leaf => "holdfast 1 leaf",
            Self::Node => "holdfast 1 node",
            Self::Membership => "holdfast 1 membership",
            Self::Link => "holdfast 1 link",
            Self::SafetyPhrase => "holdfast 1 safety phrase",
        }
    }
}

/// Hashes the parts, one after the other, for a purpose. Callers keep the parts unambiguous
/// (fixed lengths, or one variable part at the end).
#[must_use]
pub fn hash(purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(purpose.context());
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The id of the space that a genesis entry starts.
#[must_use]
pub fn space_id(genesis: EntryHash) -> SpaceId {
    SpaceId(hash(Purpose::Space, &[&genesis.0]))
}

/// The running hash after one more entry.
#[must_use]
pub fn next_running(before: RunningHash, entry: EntryHash) -> RunningHash {
    RunningHash(hash(Purpose::Running, &[&before.0, &entry.0]))
}
