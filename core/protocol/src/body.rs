//! Sealing a body: zstd, padding, XChaCha20-Poly1305, with the header as associated data.

use std::io::Read;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::entry::{Header, Kind};
use crate::secret::Secret32;

const NONCE: usize = 24;
const TAG: usize = 16;
/// A sealed change is never shorter than this, in bytes, so that a short note looks like a long hold.
pub const CHANGE_FLOOR_BYTES: usize = 512;
/// The most that a body may hold once decompressed, in bytes.
pub const MAX_CONTENT_BYTES: usize = 16 * 1024 * 1024;
/// The largest zstd window a reader accepts: 8 MiB.
const WINDOW_LOG_MAX: u32 = 23;

/// Why a body did not open. It says no more than that: details would help only an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The seal does not fit the key and the header.
    #[error("the body does not open with this key and header")]
    DoesNotOpen,
    /// The seal is good, but what is inside is not a padded zstd frame.
    #[error("the body opens, but its content is damaged")]
    BadContent,
    /// The content is larger than allowed.
    #[error("the body's content is larger than {MAX_CONTENT_BYTES} bytes")]
    TooLarge,
}

/// The padded length for `len` bytes: Padmé, which leaks at most O(log log len) bits for ≤ 12 % more.
#[must_use]
pub fn padme(len: usize) -> usize {
    if len < 2 {
        return len;
    }
    let exponent = usize::BITS - 1 - len.leading_zeros();
    let low_bits = exponent - (u32::BITS - exponent.leading_zeros()).min(exponent);
    let mask = (1usize << low_bits) - 1;
    (len + mask) & !mask
}

/// Seals content for a header. The header's body fields are ignored; the rest must not change afterwards.
/// `level` is zstd's compression level.
#[must_use]
pub fn seal(
    header: &Header,
    key: &Secret32,
    content: &[u8],
    level: i32,
    entropy: &mut dyn Entropy,
) -> Vec<u8> {
    let packed = Zeroizing::new(
        zstd::bulk::compress(content, level).expect("compressing memory does not fail"),
    );
    let overhead = NONCE + TAG + 4;
    let floor = if header.kind == Kind::Change { CHANGE_FLOOR_BYTES } else { 0 };
    let total = padme(packed.len() + overhead).max(floor);
    let mut plain = Zeroizing::new(Vec::with_capacity(total - NONCE - TAG));
    plain.extend_from_slice(
        &u32::try_from(packed.len()).expect("bodies are far below 4 GiB").to_le_bytes(),
    );
    plain.extend_from_slice(&packed);
    plain.resize(total - NONCE - TAG, 0);
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce);
    let sealed = cipher(key, header)
        .encrypt(&XNonce::from(nonce), Payload { msg: &plain, aad: &header.associated_data() })
        .expect("sealing memory does not fail");
    let mut body = nonce.to_vec();
    body.extend_from_slice(&sealed);
    body
}

/// Opens a sealed body.
///
/// # Errors
/// [`BodyError`].
pub fn open(header: &Header, key: &Secret32, body: &[u8]) -> Result<Vec<u8>, BodyError> {
    let (nonce, sealed) = body.split_at_checked(NONCE).ok_or(BodyError::DoesNotOpen)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| BodyError::DoesNotOpen)?;
    let plain = cipher(key, header)
        .decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: &header.associated_data() })
        .map(Zeroizing::new)
        .map_err(|_| BodyError::DoesNotOpen)?;
    let (length, rest) = plain.split_at_checked(4).ok_or(BodyError::BadContent)?;
    let length = u32::from_le_bytes(length.try_into().map_err(|_| BodyError::BadContent)?) as usize;
    let (packed, padding) = rest.split_at_checked(length).ok_or(BodyError::BadContent)?;
    if padding.iter().any(|&b| b != 0) {
        return Err(BodyError::BadContent);
    }
    unpack(packed)
}

/// Decompresses with a cap on the output and on the window, so that a bomb costs its author more than us.
fn unpack(packed: &[u8]) -> Result<Vec<u8>, BodyError> {
    let mut decoder =
        zstd::stream::read::Decoder::with_buffer(packed).map_err(|_| BodyError::BadContent)?;
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(|_| BodyError::BadContent)?;
    let mut out = Vec::new();
    decoder
        .take(MAX_CONTENT_BYTES as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|_| BodyError::BadContent)?;
    if out.len() > MAX_CONTENT_BYTES { Err(BodyError::TooLarge) } else { Ok(out) }
}

fn cipher(key: &Secret32, header: &Header) -> XChaCha20Poly1305 {
    let derived = key.derive(&[
        b"entry body",
        &header.space.0,
        &[header.class as u8],
        &header.epoch.to_le_bytes(),
    ]);
    XChaCha20Poly1305::new(derived.expose().into())
}
