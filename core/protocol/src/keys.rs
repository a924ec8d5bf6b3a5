//! Keys of a device: Ed25519 to sign, X25519 to receive (HPKE, RFC 9180), and wrapping for a receiver.

use std::cell::Cell;
use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::entropy::{AsRng, Entropy};
use crate::ids::{DeviceId, InviteId};
use crate::secret::Secret32;

/// A signature.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Sig(#[cbor(with = "minicbor::bytes")] pub [u8; 64]);

impl fmt::Debug for Sig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sig(…)")
    }
}

/// What a signature is for. It leads the signed bytes, so a signature never serves twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Signed {
    /// An entry's header.
    Entry = 1,
    /// A device's certificate of itself.
    Device = 2,
    /// An invite's proof on an admission.
    Invite = 3,
    /// An attestation of a change.
    Attestation = 4,
    /// A cursor.
    Cursor = 5,
    /// An answer to the relay's challenge.
    Challenge = 6,
    /// A look at what an invite opens.
    Peek = 7,
    /// An invite's proof on the admission of an account into a chart.
    MemberInvite = 8,
    /// A device's consent to belong to an account that somebody else admits it to.
    Consent = 9,
    /// What is said in a live session.
    Live = 10,
}

fn message(purpose: Signed, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = b"holdfast 1 ".to_vec();
    out.push(purpose as u8);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// Checks a signature strictly (small-order and non-canonical keys are refused).
#[must_use]
pub fn verify(by: &[u8; 32], purpose: Signed, parts: &[&[u8]], signature: &Sig) -> bool {
    verifying_key(by).is_some_and(|key| {
        key.verify_strict(&message(purpose, parts), &Signature::from_bytes(&signature.0)).is_ok()
    })
}

/// Reading a public key is a tenth of a verification, and signatures come in runs of one author: the last key
/// that a thread read is kept.
fn verifying_key(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    thread_local! {
        static LAST: Cell<Option<VerifyingKey>> = const { Cell::new(None) };
    }
    if let Some(last) = LAST.get().filter(|last| last.as_bytes() == bytes) {
        return Some(last);
    }
    let key = VerifyingKey::from_bytes(bytes).ok()?;
    LAST.set(Some(key));
    Some(key)
}

/// The public half of a receiver: an X25519 key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ReceiveKey(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

impl ReceiveKey {
    /// Whether something can be wrapped for it: points of small order are refused, so that nobody can publish
    /// a key that makes everybody else's next rotation fail.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        struct Fixed;
        impl Entropy for Fixed {
            fn fill(&mut self, out: &mut [u8]) {
                out.fill(1);
            }
        }
        wrap(self, b"", b"", &mut Fixed).is_ok()
    }
}

impl fmt::Debug for ReceiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiveKey(…)")
    }
}

/// Why a wrap could not be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// The receiver's public key is not a point.
    #[error("the receiver's key is not usable")]
    BadReceiver,
    /// The wrap was made for another key or purpose, or was changed.
    #[error("the wrapped key does not open with this key")]
    DoesNotOpen,
}

/// The length of a 32-byte secret's wrap: encapsulated key, secret, tag.
pub const WRAPPED_SECRET_BYTES: usize = 32 + 32 + 16;

/// A secret sealed for one receiver: the encapsulated key (32 bytes), then the ciphertext.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Wrapped(#[cbor(with = "minicbor::bytes")] pub Vec<u8>);

/// Seals `plain` for `to`. `info` names the purpose and everything the wrap must be bound to.
///
/// # Errors
/// [`WrapError::BadReceiver`] when the key is not usable.
pub fn wrap(
    to: &ReceiveKey,
    info: &[u8],
    plain: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Wrapped, WrapError> {
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&to.0)
        .map_err(|_| WrapError::BadReceiver)?;
    let (encapsulated, sealed) = hpke::single_shot_seal_with_rng::<
        ChaCha20Poly1305,
        HkdfSha256,
        X25519HkdfSha256,
    >(
        &OpModeS::Base, &public, info, plain, b"", &mut AsRng(entropy)
    )
    .map_err(|_| WrapError::BadReceiver)?;
    let mut out = encapsulated.to_bytes().to_vec();
    out.extend_from_slice(&sealed);
    Ok(Wrapped(out))
}

/// The secret half of a receiver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveSecret(Secret32);

impl ReceiveSecret {
    /// A receiver whose key pair is derived from a secret (RFC 9180 `DeriveKeyPair`).
    #[must_use]
    pub fn from_secret(secret: &Secret32) -> Self {
        let (private, _) = X25519HkdfSha256::derive_keypair(secret.expose());
        let bytes = Zeroizing::new(<[u8; 32]>::from(private.to_bytes()));
        Self(Secret32::from_slice(bytes.as_slice()).expect("an X25519 private key has 32 bytes"))
    }

    fn private(&self) -> <X25519HkdfSha256 as Kem>::PrivateKey {
        <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(self.0.expose())
            .expect("any 32 bytes are an X25519 private key")
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> ReceiveKey {
        let public = X25519HkdfSha256::sk_to_pk(&self.private());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&public.to_bytes());
        ReceiveKey(bytes)
    }

    /// Opens a wrap made for this receiver with the same `info`.
    ///
    /// # Errors
    /// [`WrapError::DoesNotOpen`].
    pub fn unwrap(&self, info: &[u8], wrapped: &Wrapped) -> Result<Zeroizing<Vec<u8>>, WrapError> {
        let (encapsulated, sealed) =
            wrapped.0.split_at_checked(32).ok_or(WrapError::DoesNotOpen)?;
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated)
            .map_err(|_| WrapError::DoesNotOpen)?;
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private(),
            &encapsulated,
            info,
            sealed,
            b"",
        )
        .map(Zeroizing::new)
        .map_err(|_| WrapError::DoesNotOpen)
    }

    /// Opens a wrap that holds a 32-byte secret.
    ///
    /// # Errors
    /// [`WrapError::DoesNotOpen`].
    pub fn unwrap_secret(&self, info: &[u8], wrapped: &Wrapped) -> Result<Secret32, WrapError> {
        Secret32::from_slice(&self.unwrap(info, wrapped)?).ok_or(WrapError::DoesNotOpen)
    }
}

/// The private keys of one device, all derived from one seed.
#[derive(Clone)]
pub struct DeviceKeys {
    seed: Secret32,
    signing: SigningKey,
    receive: ReceiveSecret,
}

impl DeviceKeys {
    /// A new device.
    #[must_use]
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self::from_seed(Secret32::random(entropy))
    }

    /// The device that a seed stands for.
    #[must_use]
    pub fn from_seed(seed: Secret32) -> Self {
        let signing = SigningKey::from_bytes(seed.derive(&[b"device sign"]).expose());
        let receive = ReceiveSecret::from_secret(&seed.derive(&[b"device receive"]));
        Self { seed, signing, receive }
    }

    /// The seed, for the key store.
    #[must_use]
    pub const fn seed(&self) -> &Secret32 {
        &self.seed
    }

    /// The public name of this device.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        DeviceId(self.signing.verifying_key().to_bytes())
    }

    /// The secret half of its receiver.
    #[must_use]
    pub const fn receive(&self) -> &ReceiveSecret {
        &self.receive
    }

    /// Signs the parts for a purpose.
    #[must_use]
    pub fn sign(&self, purpose: Signed, parts: &[&[u8]]) -> Sig {
        Sig(self.signing.sign(&message(purpose, parts)).to_bytes())
    }

    /// This device's certificate of itself: its public keys, signed by it. It names no account.
    #[must_use]
    pub fn certificate(&self, kind: DeviceKind) -> DeviceCertificate {
        let mut certificate = DeviceCertificate {
            device: self.id(),
            receive: self.receive.public(),
            kind,
            signature: Sig([0; 64]),
        };
        certificate.signature = self.sign(Signed::Device, &[&certificate.signed_bytes()]);
        certificate
    }
}

impl fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceKeys").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum DeviceKind {
    /// A phone, tablet or computer.
    #[n(0)]
    Machine,
    /// The recovery phrase: one more device, on paper.
    #[n(1)]
    Paper,
}

/// A device's public keys, signed by itself. Its name is not here: names are content.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DeviceCertificate {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// Its key to receive wraps.
    #[n(1)]
    pub receive: ReceiveKey,
    /// Machine or paper.
    #[n(2)]
    pub kind: DeviceKind,
    /// Its own signature over the rest.
    #[n(3)]
    pub signature: Sig,
}

impl DeviceCertificate {
    fn signed_bytes(&self) -> Vec<u8> {
        crate::wire::encode(&(self.device, self.receive, self.kind))
    }

    /// Whether the device signed this itself, and something can be wrapped for it.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        verify(&self.device.0, Signed::Device, &[&self.signed_bytes()], &self.signature)
            && self.receive.is_usable()
    }
}

/// The keys that an invite's secret stands for: one to sign an admission, one to open the wraps.
#[derive(Clone)]
pub struct InviteKeys {
    signing: SigningKey,
    receive: ReceiveSecret,
}

impl InviteKeys {
    /// Derives them from the link's 32-byte secret.
    #[must_use]
    pub fn from_secret(secret: &Secret32) -> Self {
        Self {
            signing: SigningKey::from_bytes(secret.derive(&[b"invite sign"]).expose()),
            receive: ReceiveSecret::from_secret(&secret.derive(&[b"invite receive"])),
        }
    }

    /// The invite's public name.
    #[must_use]
    pub fn id(&self) -> InviteId {
        InviteId(self.signing.verifying_key().to_bytes())
    }

    /// The secret half of its receiver.
    #[must_use]
    pub const fn receive(&self) -> &ReceiveSecret {
        &self.receive
    }

    /// Signs the parts for a purpose.
    #[must_use]
    pub fn sign(&self, purpose: Signed, parts: &[&[u8]]) -> Sig {
        Sig(self.signing.sign(&message(purpose, parts)).to_bytes())
    }
}

impl fmt::Debug for InviteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InviteKeys").field("id", &self.id()).finish_non_exhaustive()
    }
}
