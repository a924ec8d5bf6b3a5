//! Secret bytes: zeroized when dropped, never printed, compared in constant time.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::entropy::Entropy;
use crate::hash::{Purpose, hash};

const NONCE: usize = 24;

/// 32 secret bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct Secret32(#[cbor(with = "minicbor::bytes")] [u8; 32]);

impl Secret32 {
    /// Wraps bytes that are already secret.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A fresh secret.
    #[must_use]
    pub fn random(entropy: &mut dyn Entropy) -> Self {
        let mut secret = Self([0; 32]);
        entropy.fill(&mut secret.0);
        secret
    }

    /// Takes a slice of 32 bytes that are already secret.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self([0; 32]);
        (bytes.len() == 32).then(|| secret.0.copy_from_slice(bytes))?;
        Some(secret)
    }

    /// The bytes, for the few places that hand them to a cipher or a key store.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Derives another secret with HKDF-SHA256. `info` names the purpose.
    #[must_use]
    pub fn derive(&self, info: &[&[u8]]) -> Self {
        let mut out = Self([0; 32]);
        Hkdf::<Sha256>::new(Some(b"holdfast 1"), &self.0)
            .expand_multi_info(info, &mut out.0)
            .expect("32 bytes are a valid HKDF-SHA256 length");
        out
    }

    /// Seals bytes under this secret. `purpose` is authenticated with them, so that what was sealed for one
    /// place does not open in another.
    #[must_use]
    pub fn seal(&self, purpose: &[u8], plain: &[u8], entropy: &mut dyn Entropy) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        entropy.fill(&mut nonce);
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: purpose })
            .expect("sealing memory does not fail");
        let mut out = nonce.to_vec();
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens what [`Self::seal`] made with the same secret and purpose; nothing where it was made with
    /// another, or was changed.
    #[must_use]
    pub fn open(&self, purpose: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: purpose };
        self.cipher().decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.derive(&[b"seal"]).expose().into())
    }

    /// A public commitment to this secret, so that two members can tell they were given the same one.
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        hash(Purpose::Commitment, &[&self.0])
    }
}

impl PartialEq for Secret32 {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret32 {}

impl fmt::Debug for Secret32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret32(…)")
    }
}
