//! The one request that syncs all spaces of an account: push, acknowledgements and pull together.
//!
//! Paths: `POST /v1/sync` (token), `GET /v1/watch` (token, server-sent events).

use minicbor::{Decode, Encode};

use crate::cursor::SignedCursor;
use crate::entry::Position;
use crate::ids::{AccountId, Class, EntryHash, Generation, InviteId, Seq, SpaceId};
use crate::keys::Wrapped;
use crate::membership::Refusal;

/// The largest request body in bytes.
pub const MAX_REQUEST_BYTES: usize = 8 * 1024 * 1024;
/// The page size a client asks for when it has no reason to ask for another, in bytes.
pub const DEFAULT_PAGE_BYTES: u32 = 1024 * 1024;
/// The most entries in one push.
pub const MAX_PUSH: usize = 1024;

/// A wrap for an invite, kept by the relay outside the log until the invite is used, expires or is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct InviteWrap {
    /// The invite.
    #[n(0)]
    pub invite: InviteId,
    /// What it is the key of: [`Class::Account`] for an account's secret, else a class of the chart.
    #[n(1)]
    pub class: Class,
    /// The account's secret or the class's key, sealed to the invite's receiver.
    #[n(2)]
    pub wrapped: Wrapped,
}

/// The membership of an account, as those see it who share a chart with it: all its membership entries in
/// order, and nothing of what is between. Each names the one before it, so what was seen once can only grow.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AccountOutline {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// The membership entries, each with its sequence.
    #[n(1)]
    pub membership: Vec<Item>,
}

/// One entry to append.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Push {
    /// The entry's bytes, retried verbatim.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub entry: Vec<u8>,
    /// For a membership entry that opens invites or rotates keys: the wraps of the open invites.
    #[n(1)]
    pub invite_wraps: Vec<InviteWrap>,
}

/// Where a device is in a space, when it says so in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Want {
    /// The space.
    #[n(0)]
    pub space: SpaceId,
    /// The last sequence applied; 0 asks for the shortest way from nothing (checkpoint and live set).
    #[n(1)]
    pub after: Seq,
    /// Set while a start from a checkpoint is being paged: the checkpoint's sequence number in the log.
    #[n(2)]
    pub starting_at: Option<Seq>,
}

/// The request.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SyncRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// The account's feed position that the device has caught up with; 0 for none. One that the relay never
    /// reached moves nothing; the answer then names a lower one.
    #[n(1)]
    pub feed: u64,
    /// Entries to append, in order; at most [`MAX_PUSH`].
    #[cbor(n(2), decode_with = "crate::wire::at_most::<_, _, { MAX_PUSH as u64 }>")]
    pub push: Vec<Push>,
    /// Cursors that moved since the device last sent them. The relay applies them before it pulls.
    #[n(3)]
    pub cursors: Vec<SignedCursor>,
    /// Positions in full: at start, when the generation changed, while paging, and daily. A space that is
    /// not named is pulled from the device's stored cursor.
    #[n(4)]
    pub want: Vec<Want>,
    /// How many bytes of entries the answer may hold (at least one entry is sent).
    #[n(5)]
    pub page_bytes: u32,
    /// The feed position up to which the device knows the memberships of the accounts it shares charts with; 0
    /// for none. They come in one piece, so they are not sent again with every page.
    #[n(6)]
    pub accounts_feed: u64,
}

/// What became of one pushed entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Outcome {
    /// Appended, durable.
    #[n(0)]
    Stored {
        /// Its sequence number.
        #[n(0)]
        seq: Seq,
    },
    /// It was there already.
    #[n(1)]
    Have {
        /// Its sequence number.
        #[n(0)]
        seq: Seq,
    },
    /// Not now.
    #[n(2)]
    RetryAfter {
        /// How long to wait, in milliseconds.
        #[n(0)]
        ms: u64,
    },
    /// Sealed under a key that is no longer current: seal again, with a new counter.
    #[n(3)]
    Reseal {
        /// The current epoch.
        #[n(0)]
        epoch: u32,
    },
    /// A membership act that lost the race: pull, think again, sign again.
    #[n(4)]
    StaleMembership {
        /// The current head of the membership.
        #[n(0)]
        head: EntryHash,
    },
    /// A cut that is not the relay's tip of that device: pull and sign again.
    #[n(5)]
    StaleCut,
    /// A wrap was made for an account's older membership: pull and sign again.
    #[n(6)]
    StaleWrap,
    /// Not today and not tomorrow.
    #[n(7)]
    Never {
        /// Why.
        #[n(0)]
        why: Refusal,
    },
}

/// The answer to one pushed entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Ack {
    /// The entry, by the hash the sender computed over the bytes it sent.
    #[n(0)]
    pub entry: EntryHash,
    /// What became of it.
    #[n(1)]
    pub outcome: Outcome,
}

/// One place of a log, as it is pulled.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Item {
    /// A whole entry.
    #[n(0)]
    Entry {
        /// Its sequence number.
        #[n(0)]
        seq: Seq,
        /// Its bytes.
        #[cbor(n(1), with = "minicbor::bytes")]
        bytes: Vec<u8>,
    },
    /// Enough of an entry for the running hash: it was superseded and dropped, or this member may not read it,
    /// or this very request brought it.
    #[n(1)]
    Stub {
        /// Its sequence number.
        #[n(0)]
        seq: Seq,
        /// Its hash.
        #[n(1)]
        hash: EntryHash,
    },
}

impl Item {
    /// Its place in the log.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        match self {
            Self::Entry { seq, .. } | Self::Stub { seq, .. } => *seq,
        }
    }
}

/// A page of one space.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SpacePage {
    /// The space.
    #[n(0)]
    pub space: SpaceId,
    /// Set when this page is part of a start from a checkpoint: its sequence number. Up to the position the
    /// checkpoint speaks of, only retained entries come; they are checked against its root. None of them is a
    /// stub, except where this member may not read its class.
    #[n(1)]
    pub starting_at: Option<Seq>,
    /// On the first page of such a start: the checkpoint entry's bytes. A page that carries them starts afresh:
    /// a newer checkpoint may have taken the place of the one a start was under way from.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub checkpoint: Option<Vec<u8>>,
    /// What follows the asked position, in order.
    #[n(3)]
    pub items: Vec<Item>,
    /// The end of the log.
    #[n(4)]
    pub head: Position,
    /// Whether more of this space follows.
    #[n(5)]
    pub more: bool,
    /// When the relay took the membership entries of this page. It is the relay's word, and no part of the log.
    #[n(6)]
    pub noted: Vec<Noted>,
}

/// When the relay took an entry, by its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Noted {
    /// The entry's sequence number.
    #[n(0)]
    pub seq: Seq,
    /// When, in milliseconds since 1970.
    #[n(1)]
    pub at_ms: u64,
}

/// A device's signed cursor, and when the relay took it. The cursor is the device's word, the time the relay's.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct NotedCursor {
    /// The cursor.
    #[n(0)]
    pub cursor: SignedCursor,
    /// When the relay took it, by its own clock, in milliseconds since 1970.
    #[n(1)]
    pub at_ms: u64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SyncResponse {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// The life of the relay's store.
    #[n(1)]
    pub generation: Generation,
    /// The relay's clock, in milliseconds since 1970.
    #[n(2)]
    pub now_ms: u64,
    /// The feed position that the device has caught up with once it has applied this answer. While
    /// `more` is set it is the one the request came with.
    #[n(3)]
    pub feed: u64,
    /// One for each pushed entry, in order.
    #[n(4)]
    pub acks: Vec<Ack>,
    /// Spaces that moved.
    #[n(5)]
    pub spaces: Vec<SpacePage>,
    /// Cursors of other devices that moved since the asked feed position: who has seen what.
    #[n(6)]
    pub cursors: Vec<NotedCursor>,
    /// Whether to ask again at once.
    #[n(7)]
    pub more: bool,
    /// The accounts that share a chart with this one, or once did, and whose membership moved since the asked
    /// `accounts_feed`. They are read before the spaces: who signs there is said here.
    #[n(8)]
    pub accounts: Vec<AccountOutline>,
    /// The position up to which `accounts` are complete, to be named in the next request. Where it is not the
    /// newest, `more` is set and no pages come: the accounts are read first.
    #[n(9)]
    pub accounts_feed: u64,
    /// Charts that this account belonged to and does not any more. It is the relay's word and erases nothing.
    #[n(10)]
    pub gone: Vec<SpaceId>,
}

/// A refusal of a whole request (HTTP 4xx and 5xx bodies).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Problem {
    /// What kind.
    #[n(0)]
    pub code: ProblemCode,
    /// A sentence for the log of whoever reads it. Never content.
    #[n(1)]
    pub message: String,
    /// When to try again, in milliseconds.
    #[n(2)]
    pub retry_after_ms: Option<u64>,
}

/// The kinds of refusal of a whole request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ProblemCode {
    /// Not the canonical encoding, or too large.
    #[n(0)]
    Malformed,
    /// No token, or one that has run out: sign in again.
    #[n(1)]
    Unauthorized,
    /// The device was revoked, or was never known.
    #[n(2)]
    UnknownDevice,
    /// Too many requests.
    #[n(3)]
    TooMany,
    /// The invite is not open.
    #[n(4)]
    InviteGone,
    /// The relay failed.
    #[n(5)]
    Internal,
    /// The relay is closing, or overloaded.
    #[n(6)]
    Unavailable,
    /// Nothing here.
    #[n(7)]
    NotFound,
    /// An entry was refused (joining, registering).
    #[n(8)]
    Refused,
    /// The request has a protocol version that the relay does not speak.
    #[n(9)]
    Version,
    /// The invite was used before.
    #[n(10)]
    InviteUsed,
}
