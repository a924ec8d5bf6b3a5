//! How a second device joins: a link with a secret, a look at the account, a signed admission.
//!
//! Paths: `POST /v1/peek` and `POST /v1/join` (both without a token: the invite is the proof).

use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::ids::{AccountId, EntryHash, InviteId};
use crate::keys::{InviteKeys, Sig, Signed, Wrapped, verify};
use crate::secret::Secret32;
use crate::wire;

/// What a pairing link starts with. Everything after it is one base64url text.
pub const LINK_PREFIX: &str = "holdfast:pair#";

/// What the same link starts with in capitals, which make a smaller code to scan. Everything after it is
/// one base32 text.
pub const CAPITALS_PREFIX: &str = "HOLDFAST:PAIR:";

/// A link that lets one device join an account, once.
#[derive(Clone, PartialEq, Eq)]
pub struct PairingLink {
    /// What the invite's keys derive from.
    pub secret: Secret32,
    /// The account.
    pub account: AccountId,
    /// The head of the account's membership when the link was made. A relay that shows an older one lies.
    pub membership: EntryHash,
    /// The relay's URL.
    pub relay: String,
    /// When the invite ends, in milliseconds since 1970. The relay has the last word.
    pub expires_at_ms: u64,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct RawLink {
    #[n(0)]
    version: u8,
    #[n(1)]
    secret: Secret32,
    #[n(2)]
    account: AccountId,
    #[n(3)]
    membership: EntryHash,
    #[n(4)]
    relay: String,
    #[n(5)]
    expires_at_ms: u64,
    /// First bytes of a hash over the rest: a mangled link says so instead of failing strangely.
    #[cbor(n(6), with = "minicbor::bytes")]
    check: [u8; 4],
}

/// Why a text is not a pairing link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// Another kind of text.
    #[error("this is not a pairing link; a pairing link starts with {LINK_PREFIX}")]
    NotALink,
    /// Cut off or changed on the way.
    #[error("the pairing link is damaged: copy it whole, or make a new one")]
    Damaged,
    /// Made by a newer version.
    #[error("the pairing link was made by a newer version; update this app")]
    Newer,
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

impl PairingLink {
    /// The link as text. It holds the secret: show it, never log it.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        written(LINK_PREFIX, &data_encoding::BASE64URL_NOPAD, &self.to_bytes())
    }

    /// The same link in capitals and digits alone: a code to scan holds more of them. It holds the secret.
    #[must_use]
    pub fn to_capitals(&self) -> Zeroizing<String> {
        written(CAPITALS_PREFIX, &data_encoding::BASE32_NOPAD, &self.to_bytes())
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut raw = RawLink {
            version: crate::VERSION,
            secret: self.secret.clone(),
            account: self.account,
            membership: self.membership,
            relay: self.relay.clone(),
            expires_at_ms: self.expires_at_ms,
            check: [0; 4],
        };
        raw.check = checksum(&raw);
        encoded(&raw)
    }

    /// Reads a link in either form, with any white space around it.
    ///
    /// # Errors
    /// [`BadLink`].
    pub fn parse(text: &str) -> Result<Self, BadLink> {
        let text = text.trim();
        let decoded = match (text.strip_prefix(LINK_PREFIX), text.strip_prefix(CAPITALS_PREFIX)) {
            (Some(rest), _) => data_encoding::BASE64URL_NOPAD.decode(rest.as_bytes()),
            (None, Some(rest)) => data_encoding::BASE32_NOPAD.decode(rest.as_bytes()),
            (None, None) => return Err(BadLink::NotALink),
        };
        let bytes = decoded.map(Zeroizing::new).map_err(|_| BadLink::Damaged)?;
        match wire::leading_version(&bytes) {
            Some(version) if version > crate::VERSION => return Err(BadLink::Newer),
            Some(crate::VERSION) => {}
            _ => return Err(BadLink::Damaged),
        }
        let mut raw: RawLink = wire::decode("link", &bytes).map_err(|_| BadLink::Damaged)?;
        let check = std::mem::take(&mut raw.check);
        if check != checksum(&raw) {
            return Err(BadLink::Damaged);
        }
        Ok(Self {
            secret: raw.secret,
            account: raw.account,
            membership: raw.membership,
            relay: raw.relay,
            expires_at_ms: raw.expires_at_ms,
        })
    }

    /// The invite's keys.
    #[must_use]
    pub fn keys(&self) -> InviteKeys {
        InviteKeys::from_secret(&self.secret)
    }
}

/// Prefix and encoded bytes in one string that never grows, so that no copy of the secret stays behind.
fn written(prefix: &str, encoding: &data_encoding::Encoding, bytes: &[u8]) -> Zeroizing<String> {
    let mut text =
        Zeroizing::new(String::with_capacity(prefix.len() + encoding.encode_len(bytes.len())));
    text.push_str(prefix);
    encoding.encode_append(bytes, &mut text);
    text
}

/// The link's bytes, which hold the secret: written without growing, so that no copy stays behind.
fn encoded(raw: &RawLink) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(160 + raw.relay.len()));
    minicbor::encode(raw, &mut *bytes).expect("encoding to memory does not fail");
    bytes
}

fn checksum(raw: &RawLink) -> [u8; 4] {
    let bytes = encoded(raw);
    let full = crate::hash::hash(crate::hash::Purpose::Commitment, &[&bytes]);
    [full[0], full[1], full[2], full[3]]
}

/// What a wrap for a device invite is bound to.
#[must_use]
pub fn invite_wrap_info(account: AccountId, invite: InviteId) -> Vec<u8> {
    let mut info = b"holdfast 1 device invite".to_vec();
    info.extend_from_slice(&account.0);
    info.extend_from_slice(&invite.0);
    info
}

/// `POST /v1/peek`: the membership of the account that an open invite leads to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PeekRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// The account.
    #[n(1)]
    pub account: AccountId,
    /// The invite.
    #[n(2)]
    pub invite: InviteId,
    /// The invite's signature over account and invite.
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

/// The answer to a look: every membership entry of the account so far, in order, each with its sequence.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PeekResponse {
    /// The entries.
    #[n(0)]
    pub membership: Vec<crate::sync::Item>,
}

/// `POST /v1/join`: appends the admission and takes the wrap. Sending the same admission again gives the same
/// answer until the admitted device has synced once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct JoinRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// The account.
    #[n(1)]
    pub account: AccountId,
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
    /// The account's secret, sealed to the invite's receiver, when the admission stands.
    #[n(1)]
    pub wrapped: Option<Wrapped>,
}
