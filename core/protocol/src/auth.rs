//! How a device proves itself: a signed challenge for a short-lived token bound to the device; and how a
//! new account is registered.
//!
//! Paths: `POST /v1/account`, `POST /v1/challenge`, `POST /v1/token`.

use minicbor::{Decode, Encode};

use crate::ids::{AccountId, DeviceId};
use crate::keys::{DeviceKeys, Sig, Signed, verify};

/// How long a token lives at most, in milliseconds: 24 hours.
pub const MAX_TOKEN_MS: u64 = 24 * 60 * 60 * 1000;
/// How long a challenge may be answered, in milliseconds.
pub const CHALLENGE_MS: u64 = 60 * 1000;

/// `POST /v1/account`: registers an account by its genesis entry. Sending it again is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RegisterRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// The genesis entry's bytes.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub genesis: Vec<u8>,
}

/// The answer to a registration.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RegisterResponse {
    /// The account.
    #[n(0)]
    pub account: AccountId,
}

/// `POST /v1/challenge`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ChallengeRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// Who wants to sign in.
    #[n(1)]
    pub device: DeviceId,
}

/// The challenge. It is stateless for the relay: it carries its time and the relay's own seal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ChallengeResponse {
    /// At most 128 opaque bytes.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub challenge: Vec<u8>,
}

/// `POST /v1/token`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct TokenRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// Who signs in.
    #[n(1)]
    pub device: DeviceId,
    /// The challenge, as it came.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub challenge: Vec<u8>,
    /// The relay's URL as the device knows it, so that another relay cannot pass the signature on.
    #[n(3)]
    pub audience: String,
    /// Over challenge and audience.
    #[n(4)]
    pub signature: Sig,
}

impl TokenRequest {
    /// Answers a challenge.
    #[must_use]
    pub fn sign(keys: &DeviceKeys, challenge: Vec<u8>, audience: &str) -> Self {
        let length = (challenge.len() as u64).to_le_bytes();
        let signature = keys.sign(Signed::Challenge, &[&length, &challenge, audience.as_bytes()]);
        Self {
            version: crate::VERSION,
            device: keys.id(),
            challenge,
            audience: audience.to_owned(),
            signature,
        }
    }

    /// Whether the device signed this challenge for this audience.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let length = (self.challenge.len() as u64).to_le_bytes();
        verify(
            &self.device.0,
            Signed::Challenge,
            &[&length, &self.challenge, self.audience.as_bytes()],
            &self.signature,
        )
    }
}

/// The token: sent as `Authorization: Bearer` in unpadded base64url. Debug does not print it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct TokenResponse {
    /// Opaque.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub token: Vec<u8>,
    /// The account that this device belongs to: how a recovered device finds it.
    #[n(1)]
    pub account: AccountId,
    /// How long it lives, in milliseconds.
    #[n(2)]
    pub lives_ms: u64,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse")
            .field("account", &self.account)
            .field("lives_ms", &self.lives_ms)
            .finish_non_exhaustive()
    }
}
