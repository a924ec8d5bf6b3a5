//! Who writes in a document, and how its changes are named. An actor is one incarnation of one
//! device: a restored backup must write as another actor, or two changes would claim one place.

use std::fmt;

/// The author of changes: the first 16 bytes of a hash over device key and incarnation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub [u8; 16]);

impl ActorId {
    /// The actor of one incarnation of a device.
    ///
    /// A new incarnation begins whenever the install marker does not match: restored backups
    /// clone devices, and two clones must never write as one actor.
    #[must_use]
    pub fn new(device: &[u8; 32], incarnation: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("holdfast 1 actor");
        hasher.update(device);
        hasher.update(&incarnation.to_le_bytes());
        let mut actor = [0; 16];
        hasher.finalize_xof().fill(&mut actor);
        Self(actor)
    }

    pub(super) fn to_automerge(self) -> automerge::ActorId {
        automerge::ActorId::from(&self.0)
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorId({self})")
    }
}

/// The hash of one change, as Automerge names it (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeHash(pub [u8; 32]);

impl fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChangeHash({})", hex::encode(&self.0[..6]))
    }
}

impl From<automerge::ChangeHash> for ChangeHash {
    fn from(hash: automerge::ChangeHash) -> Self {
        Self(hash.0)
    }
}

impl From<ChangeHash> for automerge::ChangeHash {
    fn from(hash: ChangeHash) -> Self {
        Self(hash.0)
    }
}
