//! The encoding: CBOR arrays with one canonical form. What does not encode back to the same bytes is refused.

use minicbor::{Decode, Encode};

/// Bytes that are not the canonical form of what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not the expected structure.
    #[error("not a valid {what}: {why}")]
    Structure {
        /// What was expected.
        what: &'static str,
        /// What the decoder said.
        why: String,
    },
    /// The same meaning in other bytes, or bytes left over.
    #[error("not the canonical encoding of a {0}")]
    NotCanonical(&'static str),
    /// A version this build does not know.
    #[error("version {found} of a {what} is newer than this build understands; update the app")]
    NewerVersion {
        /// What was read.
        what: &'static str,
        /// Its version.
        found: u8,
    },
}

/// Encodes to canonical bytes.
#[must_use]
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    // Writing to a Vec cannot fail, and our types have no fallible encoders.
    minicbor::to_vec(value).expect("encoding to memory does not fail")
}

/// Decodes canonical bytes.
///
/// # Errors
/// [`Malformed`] when they are anything else.
pub fn decode<T>(what: &'static str, bytes: &[u8]) -> Result<T, Malformed>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    let value: T =
        minicbor::decode(bytes).map_err(|e| Malformed::Structure { what, why: e.to_string() })?;
    if encode(&value) == bytes { Ok(value) } else { Err(Malformed::NotCanonical(what)) }
}
