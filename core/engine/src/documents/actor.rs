//! Who writes in a document, and how its changes are named. An actor is one incarnation of one
//! device: a restored backup must write as another actor, or two changes would claim one place.

use std::fmt;

pub use holdfast_protocol::attest::actor_id;
pub use holdfast_protocol::ids::ActorId;

pub(super) fn to_automerge(actor: ActorId) -> automerge::ActorId {
    automerge::ActorId::from(&actor.0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_protocol::ids::DeviceId;

    #[test]
    fn another_incarnation_or_device_is_another_actor() {
        let (a, b) = (DeviceId([1; 32]), DeviceId([2; 32]));
        assert_eq!(actor_id(a, 1), actor_id(a, 1));
        assert_ne!(actor_id(a, 1), actor_id(a, 2));
        assert_ne!(actor_id(a, 1), actor_id(b, 1));
    }
}
