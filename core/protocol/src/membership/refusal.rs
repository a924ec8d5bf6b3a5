//! Why an entry is not accepted. The codes cross the wire; the sentences are for people who look into a log.

use minicbor::{Decode, Encode};

use crate::entry::BadEntry;
use crate::ids::{AccountId, EntryHash};
use crate::sync::Outcome;

/// Why an entry will never be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, thiserror::Error)]
#[cbor(index_only)]
pub enum Refusal {
    /// Not the canonical encoding.
    #[n(0)]
    #[error("the entry is not in its canonical encoding")]
    Malformed,
    /// Too large.
    #[n(1)]
    #[error("the entry is too large")]
    TooLarge,
    /// The signature is not its author's, or the body is not the signed one.
    #[n(2)]
    #[error("the entry's signature does not hold")]
    BadSignature,
    /// It names another space.
    #[n(3)]
    #[error("the entry belongs to another space")]
    WrongSpace,
    /// No such space here.
    #[n(4)]
    #[error("the entry's space is not known here")]
    UnknownSpace,
    /// The author is no device of any member.
    #[n(5)]
    #[error("the author is not a device of a member")]
    NotAMember,
    /// The author's device was revoked.
    #[n(6)]
    #[error("the author's device was revoked")]
    Revoked,
    /// The author's account may not write this class.
    #[n(7)]
    #[error("the author may not write this")]
    NoWriteGrant,
    /// Kind and class do not go together, or this space has no such class.
    #[n(8)]
    #[error("the entry's kind and class do not fit the space")]
    WrongClass,
    /// An epoch that does not exist yet.
    #[n(9)]
    #[error("the entry names a key that does not exist")]
    UnknownEpoch,
    /// The author's counter did not rise.
    #[n(10)]
    #[error("the author's counter did not rise: a replay, or a cloned device")]
    Counter,
    /// It does not follow the author's earlier entries.
    #[n(11)]
    #[error("the entry does not follow its author's earlier ones")]
    Chain,
    /// The author has seen another history than the one here.
    #[n(12)]
    #[error("the author has seen another history of this space")]
    Fork,
    /// A membership statement of a kind that is not known.
    #[n(13)]
    #[error("a membership statement of an unknown kind; update the app")]
    UnknownStatement,
    /// A membership statement that contradicts the state.
    #[n(14)]
    #[error("the membership statement does not fit the membership")]
    BadStatement,
    /// Keys are not wrapped for exactly those who may read.
    #[n(15)]
    #[error("the new key is not wrapped for exactly those who may read")]
    BadWraps,
    /// No such invite, or it has ended.
    #[n(16)]
    #[error("the invite is not open")]
    InviteGone,
    /// The invite was used.
    #[n(17)]
    #[error("the invite was used before")]
    InviteUsed,
    /// A pack covers what it may not.
    #[n(18)]
    #[error("the pack covers entries that it may not")]
    BadCovers,
    /// A checkpoint that does not describe the log.
    #[n(19)]
    #[error("the checkpoint does not describe this log")]
    BadCheckpoint,
    /// The author's share of the store is used up.
    #[n(20)]
    #[error("the author's share of the relay is used up")]
    Quota,
    /// The space was closed by its owner.
    #[n(21)]
    #[error("the space was closed by its owner")]
    Closed,
    /// The time of the author's grant is over.
    #[n(22)]
    #[error("the time that the author's account was given is over")]
    GrantEnded,
    /// A chart must keep an owner.
    #[n(23)]
    #[error("the last owner cannot go: nobody could hand on the keys")]
    LastOwner,
}

impl From<&BadEntry> for Refusal {
    fn from(bad: &BadEntry) -> Self {
        match bad {
            BadEntry::Malformed(_) => Self::Malformed,
            BadEntry::TooLarge { .. } => Self::TooLarge,
            BadEntry::BodyMismatch | BadEntry::BadSignature => Self::BadSignature,
        }
    }
}

/// Why an entry is not accepted now; some of these mend themselves when the author pulls and signs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// Never.
    #[error(transparent)]
    Never(Refusal),
    /// Sealed under a key that is no longer current.
    #[error("the key of epoch {epoch} is current; seal again")]
    Reseal {
        /// The current epoch.
        epoch: u32,
    },
    /// The membership has moved on.
    #[error("the membership has moved on; pull and sign again")]
    StaleMembership {
        /// Its head.
        head: EntryHash,
    },
    /// The cut is not the tip.
    #[error("the cut is not the device's tip; pull and sign again")]
    StaleCut,
    /// A wrap was made for an account's older membership.
    #[error("a key is wrapped for an older membership of an account; pull and sign again")]
    StaleWrap,
    /// The reader does not know the membership of an account that this speaks of, and has to read it first.
    #[error("the membership of account {0} has to be read first")]
    NeedsAccount(AccountId),
}

impl From<Refusal> for NotAccepted {
    fn from(refusal: Refusal) -> Self {
        Self::Never(refusal)
    }
}

impl From<NotAccepted> for Outcome {
    fn from(not: NotAccepted) -> Self {
        match not {
            NotAccepted::Never(why) => Self::Never { why },
            NotAccepted::Reseal { epoch } => Self::Reseal { epoch },
            NotAccepted::StaleMembership { head } => Self::StaleMembership { head },
            NotAccepted::StaleCut => Self::StaleCut,
            NotAccepted::StaleWrap => Self::StaleWrap,
            // The relay knows every account that it may have to judge.
            NotAccepted::NeedsAccount(_) => Self::Never { why: Refusal::NotAMember },
        }
    }
}
