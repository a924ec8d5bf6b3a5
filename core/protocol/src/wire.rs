//! The encoding: CBOR arrays with one canonical form. What does not encode back to the same bytes is refused,
//! and what could not be canonical is refused before anything is allocated for it.

use minicbor::{Decode, Decoder, Encode};

/// Nothing here is nested deeper than this.
const MAX_DEPTH: usize = 16;

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
    if !is_plain(bytes) {
        return Err(Malformed::NotCanonical(what));
    }
    let value: T =
        minicbor::decode(bytes).map_err(|e| Malformed::Structure { what, why: e.to_string() })?;
    if encode(&value) == bytes { Ok(value) } else { Err(Malformed::NotCanonical(what)) }
}

/// The version that leads an array, read before the rest, which a newer version may have changed.
#[must_use]
pub fn leading_version(bytes: &[u8]) -> Option<u8> {
    let mut decoder = Decoder::new(bytes);
    decoder.array().ok().flatten().filter(|len| *len > 0)?;
    decoder.u8().ok()
}

/// Decodes a list of at most `MOST` elements; a longer one is refused before its first is read.
pub(crate) fn at_most<'b, Ctx, T, const MOST: u64>(
    d: &mut Decoder<'b>,
    ctx: &mut Ctx,
) -> Result<Vec<T>, minicbor::decode::Error>
where
    T: Decode<'b, Ctx>,
{
    if d.probe().array()?.is_none_or(|len| len > MOST) {
        return Err(minicbor::decode::Error::message("a list is too long"));
    }
    Vec::decode(d, ctx)
}

/// Whether the bytes are one item made of integers, byte and text strings, arrays, maps, booleans and null,
/// of definite length, not nested too deeply, and not longer than they are. One pass, no allocation: the
/// decoder needs memory for what it skips, up to 32 times what a stranger sent.
fn is_plain(bytes: &[u8]) -> bool {
    let mut open = [0u64; MAX_DEPTH];
    open[0] = 1;
    let mut depth = 0;
    let mut rest = bytes;
    loop {
        // Leave the containers that are complete.
        while open[depth] == 0 {
            if depth == 0 {
                return rest.is_empty();
            }
            depth -= 1;
        }
        open[depth] -= 1;
        let Some((major, value, after)) = split_head(rest) else { return false };
        rest = after;
        match major {
            0 | 1 => {}
            2 | 3 => {
                let Some(after) = usize::try_from(value).ok().and_then(|n| rest.get(n..)) else {
                    return false;
                };
                rest = after;
            }
            4 | 5 => {
                let items = if major == 4 { Some(value) } else { value.checked_mul(2) };
                // Every item has at least one byte.
                let Some(items) = items.filter(|n| *n <= rest.len() as u64) else { return false };
                depth += 1;
                if depth == MAX_DEPTH {
                    return false;
                }
                open[depth] = items;
            }
            7 if (20..=22).contains(&value) => {}
            _ => return false,
        }
    }
}

/// The major type and the argument of the first item's head, and what follows the head.
fn split_head(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let len = match first & 0x1f {
        short @ 0..=23 => return Some((first >> 5, u64::from(short), rest)),
        long @ 24..=27 => 1usize << (long - 24),
        _ => return None,
    };
    let (argument, rest) = rest.split_at_checked(len)?;
    let value = argument.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    Some((first >> 5, value, rest))
}
