//! Cursors: a device's signed word of how far it has applied a space's log. They serve seen-by,
//! compaction and the comparison of histories.

use minicbor::{Decode, Encode};

use crate::entry::Position;
use crate::ids::{DeviceId, Generation, SpaceId};
use crate::keys::{DeviceKeys, Sig, Signed, verify};
use crate::wire::encode;

/// A device's signed position in a space.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignedCursor {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// The space.
    #[n(1)]
    pub space: SpaceId,
    /// The life of the relay's store that the sequence belongs to.
    #[n(2)]
    pub generation: Generation,
    /// How far it has applied the log.
    #[n(3)]
    pub position: Position,
    /// Its signature.
    #[n(4)]
    pub signature: Sig,
}

impl SignedCursor {
    /// Signs a position.
    #[must_use]
    pub fn sign(
        keys: &DeviceKeys,
        space: SpaceId,
        generation: Generation,
        position: Position,
    ) -> Self {
        let mut cursor =
            Self { device: keys.id(), space, generation, position, signature: Sig([0; 64]) };
        cursor.signature = keys.sign(Signed::Cursor, &[&cursor.signed_bytes()]);
        cursor
    }

    /// Whether the device signed it.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        verify(&self.device.0, Signed::Cursor, &[&self.signed_bytes()], &self.signature)
    }

    fn signed_bytes(&self) -> Vec<u8> {
        encode(&(self.device, self.space, self.generation, self.position))
    }
}
