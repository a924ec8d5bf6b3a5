//! How a second device joins: a link with a secret, a look at the account, a signed admission.
//!
//! Paths: `POST /v1/peek` and `POST /v1/join` (both without a token: the invite is the proof).

use minicbor::{Decode, Encode};

use crate::ids::{AccountId, Class, EntryHash, InviteId, SpaceId};
use crate::keys::{InviteKeys, Sig, Signed, Wrapped, verify};
use crate::link::Link;
use crate::secret::Secret32;

/// A link that lets one device join an account, once.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PairingLink {
    /// What the invite's keys derive from.
    #[n(0)]
    pub secret: Secret32,
    /// The account.
    #[n(1)]
    pub account: AccountId,
    /// The head of the account's membership when the link was made. A relay that shows an older one lies.
    #[n(2)]
    pub membership: EntryHash,
    /// The relay's URL.
    #[n(3)]
    pub relay: String,
    /// When the invite ends, in milliseconds since 1970. The relay has the last word.
    #[n(4)]
    pub expires_at_ms: u64,
}

impl std::fmt::Debug for PairingLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PairingLink")
            .field("account", &self.account)
            .field("relay", &self.relay)
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

impl Link for PairingLink {
    const PREFIX: &'static str = "holdfast:pair#";
    const CAPITALS: &'static str = "HOLDFAST:PAIR:";
    const MAX_BYTES: usize = 8 * 1024;
}

impl PairingLink {
    /// The invite's keys.
    #[must_use]
    pub fn keys(&self) -> InviteKeys {
        InviteKeys::from_secret(&self.secret)
    }
}

/// What a wrap for an invite into a chart is bound to.
#[must_use]
pub fn member_wrap_info(chart: SpaceId, invite: InviteId, class: Class) -> Vec<u8> {
    let mut info = b"holdfast 1 member invite".to_vec();
    info.extend_from_slice(&chart.0);
    info.extend_from_slice(&invite.0);
    info.push(class as u8);
    info
}

/// What a wrap for a device invite is bound to.
#[must_use]
pub fn invite_wrap_info(account: AccountId, invite: InviteId) -> Vec<u8> {
    let mut info = b"holdfast 1 device invite".to_vec();
    info.extend_from_slice(&account.0);
    info.extend_from_slice(&invite.0);
    info
}

/// `POST /v1/peek`: the membership of the account or chart that an open invite leads to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PeekRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// The account or chart.
    #[n(1)]
    pub account: SpaceId,
    /// The invite.
    #[n(2)]
    pub invite: InviteId,
    /// The invite's signature over space and invite.
    #[n(3)]
    pub signature: Sig,
}

impl PeekRequest {
    /// Signs a look.
    #[must_use]
    pub fn sign(keys: &InviteKeys, account: AccountId) -> Self {
        let invite = keys.id();
        Self {
            version: crate::VERSION,
            account,
            invite,
            signature: keys.sign(Signed::Peek, &[&account.0, &invite.0]),
        }
    }

    /// Whether the invite's holder signed it.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        verify(&self.invite.0, Signed::Peek, &[&self.account.0, &self.invite.0], &self.signature)
    }
}

/// The answer to a look: every membership entry of the space so far, in order, each with its sequence; for a
/// chart the memberships of the accounts that belong to it or once did.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PeekResponse {
    /// The entries.
    #[n(0)]
    pub membership: Vec<crate::sync::Item>,
    /// The accounts.
    #[n(1)]
    pub accounts: Vec<crate::sync::AccountOutline>,
}

/// `POST /v1/join`: appends the admission and takes the wrap. Sending the same admission again gives the same
/// answer until the admitted device has synced once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct JoinRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// The account or chart.
    #[n(1)]
    pub account: SpaceId,
    /// The admission entry's bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub admission: Vec<u8>,
}

/// The answer to a join.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct JoinResponse {
    /// Where the admission stands in the log, or why it does not.
    #[n(0)]
    pub outcome: crate::sync::Outcome,
    /// The keys that the invite gives, sealed to its receiver, when the admission stands.
    #[n(1)]
    pub keys: Vec<HandedKey>,
}

impl JoinResponse {
    /// The key of a class, where it was handed out.
    #[must_use]
    pub fn key(&self, class: Class) -> Option<&Wrapped> {
        self.keys.iter().find(|key| key.class == class).map(|key| &key.wrapped)
    }
}

/// A key that an invite hands out.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct HandedKey {
    /// What it is the key of, see [`crate::sync::InviteWrap::class`].
    #[n(0)]
    pub class: Class,
    /// The key, sealed.
    #[n(1)]
    pub wrapped: Wrapped,
}
