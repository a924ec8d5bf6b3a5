//! What is inside a body once it is opened. A decrypted content is another type than a sealed body,
//! so that one is never taken for the other.

use minicbor::{Decode, Decoder, Encode, Encoder};

use crate::attest::Attestation;
use crate::ids::DeviceId;
use crate::wire::{Malformed, decode, encode};

/// The name of a document inside its space, as text. The engine chooses it; here it is opaque.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocId(String);

/// The longest document name, in bytes.
pub const MAX_DOC_ID_BYTES: usize = 320;

impl DocId {
    /// Takes a name of 1 to [`MAX_DOC_ID_BYTES`] bytes of printable ASCII without spaces.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let ok = (1..=MAX_DOC_ID_BYTES).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic());
        ok.then_some(Self(text))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for DocId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<C> Encode<C> for DocId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for DocId {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::new(d.str()?).ok_or_else(|| minicbor::decode::Error::message("not a document name"))
    }
}

/// The content of a [`crate::entry::Kind::Change`]: changes of one document by the entry's author.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DocChanges {
    /// The document.
    #[n(0)]
    pub doc: DocId,
    /// Raw change chunks, one after the other, in their author's order.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub changes: Vec<u8>,
    /// The author's word for the last of them.
    #[n(2)]
    pub attestation: Attestation,
}

/// One author's attested tip of a packed document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AttestedTip {
    /// The author.
    #[n(0)]
    pub author: DeviceId,
    /// Its attestation, copied from the change entry that carried it.
    #[n(1)]
    pub attestation: Attestation,
}

/// The most documents of one pack.
pub const MAX_PACKED_DOCS: usize = 4096;

/// One document of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PackedDoc {
    /// The document.
    #[n(0)]
    pub doc: DocId,
    /// It, saved without compression (the pack is compressed as a whole).
    #[cbor(n(1), with = "minicbor::bytes")]
    pub saved: Vec<u8>,
    /// Every author's attested tip.
    #[n(2)]
    pub tips: Vec<AttestedTip>,
}

/// The content of a [`crate::entry::Kind::Pack`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Pack {
    /// The documents; at most [`MAX_PACKED_DOCS`].
    #[cbor(n(0), decode_with = "crate::wire::at_most::<_, _, { MAX_PACKED_DOCS as u64 }>")]
    pub docs: Vec<PackedDoc>,
}

macro_rules! content {
    ($name:ident, $what:literal) => {
        impl $name {
            /// The bytes to seal.
            #[must_use]
            pub fn to_bytes(&self) -> Vec<u8> {
                encode(self)
            }

            /// Reads opened bytes.
            ///
            /// # Errors
            /// [`Malformed`].
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
                decode($what, bytes)
            }
        }
    };
}
content!(DocChanges, "change");
content!(Pack, "pack");
