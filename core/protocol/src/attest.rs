//! Attestations: an author's own signature over what it wrote, which survives inside packs, so that
//! whoever packs several documents cannot rewrite what others recorded.

use minicbor::{Decode, Encode};

use crate::content::DocId;
use crate::hash::{Purpose, hash};
use crate::ids::{ActorId, DeviceId, SpaceId};
use crate::keys::{DeviceKeys, Sig, Signed, verify};

/// The CRDT actor of a device. A new incarnation (a restored backup, a cloned directory) is a new actor,
/// so that two copies of one device never write under one name.
#[must_use]
pub fn actor_id(device: DeviceId, incarnation: u64) -> ActorId {
    let full = hash(Purpose::Actor, &[&device.0, &incarnation.to_le_bytes()]);
    let mut actor = [0; 16];
    actor.copy_from_slice(&full[..16]);
    ActorId(actor)
}

/// A device says: in this document, my change number `seq` is the one with this hash. The hash covers
/// the changes it depends on, so one attestation vouches for the author's whole history up to there.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Attestation {
    /// Which life of the device wrote it.
    #[n(0)]
    pub incarnation: u64,
    /// The change's number within its actor.
    #[n(1)]
    pub seq: u64,
    /// The change's hash.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub change: [u8; 32],
    /// The device's signature.
    #[n(3)]
    pub signature: Sig,
}

impl Attestation {
    /// Attests to a change that `keys` wrote in `doc` of `space`.
    #[must_use]
    pub fn sign(
        keys: &DeviceKeys,
        space: SpaceId,
        doc: &DocId,
        incarnation: u64,
        seq: u64,
        change: [u8; 32],
    ) -> Self {
        let bytes = signed_bytes(space, doc, actor_id(keys.id(), incarnation), seq, &change);
        Self { incarnation, seq, change, signature: keys.sign(Signed::Attestation, &[&bytes]) }
    }

    /// The actor this speaks for, when `author` made it.
    #[must_use]
    pub fn actor(&self, author: DeviceId) -> ActorId {
        actor_id(author, self.incarnation)
    }

    /// Whether `author` made this for `doc` of `space`.
    #[must_use]
    pub fn is_valid(&self, author: DeviceId, space: SpaceId, doc: &DocId) -> bool {
        let bytes = signed_bytes(space, doc, self.actor(author), self.seq, &self.change);
        verify(&author.0, Signed::Attestation, &[&bytes], &self.signature)
    }
}

fn signed_bytes(
    space: SpaceId,
    doc: &DocId,
    actor: ActorId,
    seq: u64,
    change: &[u8; 32],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(96 + doc.as_str().len());
    out.extend_from_slice(&space.0);
    out.extend_from_slice(&actor.0);
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(change);
    out.extend_from_slice(doc.as_str().as_bytes());
    out
}
