//! What a store hands out and takes in, row by row.

use holdfast_protocol::entry::Kind;
use holdfast_protocol::ids::{AccountId, Class, DeviceId, EntryHash, RunningHash, Seq};
use holdfast_protocol::keys::Wrapped;
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::pairing::HandedKey;

/// The store's own number for a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceNo(pub i64);

/// The newest checkpoint of a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpointed {
    /// Its own sequence in the log.
    pub seq: Seq,
    /// The position it speaks of.
    pub at: Seq,
}

/// A space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceRow {
    /// Its number.
    pub no: SpaceNo,
    /// The sequence of its newest membership entry: names the version of its membership.
    pub membership: Seq,
    /// Its newest checkpoint.
    pub checkpoint: Option<Checkpointed>,
    /// In a restored store, the head that the backup had.
    pub restored: Option<Seq>,
}

/// A space that is locked by the transaction that holds it, with its state at its head.
#[derive(Debug, Clone)]
pub struct Held {
    /// The space.
    pub row: SpaceRow,
    /// Its state.
    pub state: SpaceState,
    /// The position of the last snapshot.
    pub snapshot: Seq,
}

/// An entry to append.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    /// Its sequence.
    pub seq: Seq,
    /// Its hash.
    pub hash: EntryHash,
    /// The running hash with it.
    pub running: RunningHash,
    /// Its author.
    pub author: DeviceId,
    /// The author's counter.
    pub counter: u64,
    /// Its kind.
    pub kind: Kind,
    /// Its class.
    pub class: Class,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// An entry as it is read.
#[derive(Debug, Clone, Copy)]
pub struct LogRow<'a> {
    /// All but the bytes.
    pub outline: OutlineRow,
    /// Its bytes, unless they were dropped.
    pub bytes: Option<&'a [u8]>,
}

/// An entry without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutlineRow {
    /// Its sequence.
    pub seq: Seq,
    /// Its hash.
    pub hash: EntryHash,
    /// Its kind.
    pub kind: Kind,
    /// Its class.
    pub class: Class,
    /// The pack that covers it.
    pub covered_by: Option<Seq>,
}

/// A pack whose covered bodies may still be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// The pack.
    pub by: Seq,
    /// When it came, in milliseconds since 1970.
    pub since_ms: u64,
}

/// A token. Its hash is the key; the token itself is never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRow {
    /// Whose it is.
    pub device: DeviceId,
    /// The device's account.
    pub account: AccountId,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// The wrap of an invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWrap {
    /// What it is the key of.
    pub class: Class,
    /// It.
    pub wrapped: Wrapped,
    /// When the invite ends, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// The answer that a joining device may ask for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinAnswer {
    /// The admission.
    pub admission: EntryHash,
    /// Where it stands.
    pub seq: Seq,
    /// The keys it got.
    pub keys: Vec<HandedKey>,
    /// When the invite would have ended, in milliseconds since 1970.
    pub expires_at_ms: u64,
}
