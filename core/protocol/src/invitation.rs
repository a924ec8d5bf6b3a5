//! The link that invites somebody into a chart: a secret, where it leads, and what it gives, so that it can be
//! looked into without any network. And the phrase that two people read to each other afterwards.

use minicbor::{Decode, Encode};

use crate::hash::{Purpose, hash};
use crate::ids::{AccountId, EntryHash, InviteId, SpaceId};
use crate::keys::InviteKeys;
use crate::link::Link;
use crate::membership::Grant;
use crate::secret::Secret32;

/// The longest name a link carries, in bytes.
pub const MAX_NAME_BYTES: usize = 120;

/// A link that lets one account into a chart, once.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct MemberLink {
    /// What the invite's keys derive from.
    #[n(0)]
    pub secret: Secret32,
    /// The chart.
    #[n(1)]
    pub chart: SpaceId,
    /// The account of whoever invites.
    #[n(2)]
    pub from: AccountId,
    /// What the inviting person is called. It is said, not proven.
    #[n(3)]
    pub name: String,
    /// The head of the chart's membership when the link was made. A relay that shows an older one lies.
    #[n(4)]
    pub membership: EntryHash,
    /// The relay's URL.
    #[n(5)]
    pub relay: String,
    /// What it gives. The chart's log has the last word.
    #[n(6)]
    pub grant: Grant,
    /// When the invite ends, in milliseconds since 1970. The relay has the last word.
    #[n(7)]
    pub expires_at_ms: u64,
    /// Whether keys are given only after the phrase was compared.
    #[n(8)]
    pub confirm_first: bool,
}

impl std::fmt::Debug for MemberLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemberLink")
            .field("chart", &self.chart)
            .field("relay", &self.relay)
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

impl Link for MemberLink {
    const PREFIX: &'static str = "holdfast:join#";
    const CAPITALS: &'static str = "HOLDFAST:JOIN:";
    const MAX_BYTES: usize = 8 * 1024;

    fn is_fitting(&self) -> bool {
        self.grant.is_fitting() && self.name.len() <= MAX_NAME_BYTES
    }
}

impl MemberLink {
    /// The invite's keys.
    #[must_use]
    pub fn keys(&self) -> InviteKeys {
        InviteKeys::from_secret(&self.secret)
    }
}

/// What two people compare after an invite was used: 77 bits (at least 66 are asked for), in words of
/// the list that recovery phrases are made of. It speaks of the chart, of both accounts, and of the invite that
/// brought them together: with another invite, or somebody else in between, the words differ.
#[must_use]
pub fn safety_phrase(
    chart: SpaceId,
    one: AccountId,
    other: AccountId,
    invite: InviteId,
) -> [&'static str; SAFETY_WORDS] {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    let digest = hash(Purpose::SafetyPhrase, &[&chart.0, &first.0, &second.0, &invite.0]);
    let list = bip39::Language::English.word_list();
    let mut words = [""; SAFETY_WORDS];
    for (n, word) in words.iter_mut().enumerate() {
        // Eleven bits each, most significant first.
        let bit = n * 11;
        let mut value = 0usize;
        for offset in bit..bit + 11 {
            value = value << 1 | usize::from(digest[offset / 8] >> (7 - offset % 8) & 1);
        }
        *word = list[value];
    }
    words
}

/// How many words a safety phrase has: 7 × 11 = 77 bits.
pub const SAFETY_WORDS: usize = 7;
