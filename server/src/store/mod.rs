//! What the relay needs of a store: reading in one consistent view, and writing in transactions that are
//! durable when they return. Judging entries is not its business; it never looks inside one.
//!
//! SQLite is the store that is there. The trait is drawn so that PostgreSQL fits it: [`Writing::take`] locks a
//! space and gives its state, spaces are taken in ascending order of id, and nothing is read from memory that
//! the store does not vouch for.

mod rows;
pub mod sqlite;

use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::entry::{Kind, Position, SeqRange};
use holdfast_protocol::ids::{
    AccountId, Class, DeviceId, EntryHash, Generation, InviteId, RunningHash, Seq, SpaceId,
};
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::sync::{Noted, NotedCursor};

pub use rows::{
    Checkpointed, Held, JoinAnswer, LogRow, NewEntry, OutlineRow, Pending, SpaceNo, SpaceRow,
    StoredWrap, TokenRow,
};

/// The most entries that a space's log may hold.
pub const MAX_SEQ: Seq = u32::MAX as Seq;

/// Why a store did not do what it was asked to.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No room.
    #[error("the disk is full")]
    Full,
    /// The data is not what the store wrote.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Written by a newer relay.
    #[error("the store was written by a newer relay (schema {found}, this one knows {known})")]
    Newer {
        /// Its schema.
        found: i64,
        /// The newest known one.
        known: i64,
    },
    /// Anything else that the system below says.
    #[error("{0}")]
    Io(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// The result of asking a store.
pub type Stored<T> = Result<T, StoreError>;

/// One transaction's work. It may run on another thread.
pub type Work = Box<dyn FnOnce(&mut dyn Writing) -> Stored<()> + Send>;

/// A store.
pub trait Store: Send + Sync {
    /// Runs `work` on one consistent view.
    ///
    /// # Errors
    /// [`StoreError`], the work's own among them.
    fn read(&self, work: &mut dyn FnMut(&dyn Reading) -> Stored<()>) -> Stored<()>;

    /// Runs `work` in a transaction of its own, perhaps in a group with others. When this returns `Ok`, what
    /// was written survives a power cut; on `Err` nothing of it happened.
    ///
    /// # Errors
    /// [`StoreError`], the work's own among them.
    fn write(&self, work: Work) -> Stored<()>;
}

/// Reads and gives what the work found.
pub(crate) fn read_with<T>(
    store: &dyn Store,
    work: impl FnOnce(&dyn Reading) -> Stored<T>,
) -> Stored<T> {
    let mut work = Some(work);
    let mut found = None;
    store.read(&mut |r| {
        if let Some(work) = work.take() {
            found = Some(work(r)?);
        }
        Ok(())
    })?;
    found.ok_or(StoreError::Closed)
}

/// Writes and gives what the work made, once it is durable.
pub(crate) fn write_with<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnOnce(&mut dyn Writing) -> Stored<T> + Send + 'static,
) -> Stored<T> {
    let (give, take) = std::sync::mpsc::sync_channel(1);
    store.write(Box::new(move |w| {
        // Nobody listens any more only when the store failed: then the result is void too.
        let _ = give.send(work(w)?);
        Ok(())
    }))?;
    take.try_recv().map_err(|_| StoreError::Closed)
}

/// What can be read.
pub trait Reading {
    /// The life of this store.
    fn generation(&self) -> Stored<Generation>;
    /// The relay's own secret: seals challenges and keys the tags of its log lines.
    fn secret(&self) -> Stored<[u8; 32]>;

    /// A space.
    fn space(&self, id: &SpaceId) -> Stored<Option<SpaceRow>>;
    /// The id of a space.
    fn space_id(&self, space: SpaceNo) -> Stored<SpaceId>;
    /// A space's state as of its last snapshot: its membership is current, its head and tips may lag.
    fn snapshot(&self, space: SpaceNo) -> Stored<SpaceState>;
    /// The end of a log.
    fn head(&self, space: SpaceNo) -> Stored<Position>;
    /// The running hash at a sequence number.
    fn running_at(&self, space: SpaceNo, seq: Seq) -> Stored<Option<RunningHash>>;
    /// The entry of an author with a counter.
    fn find(
        &self,
        space: SpaceNo,
        author: &DeviceId,
        counter: u64,
    ) -> Stored<Option<(Seq, EntryHash)>>;
    /// Visits entries after `after` up to `to`, in order, until the visitor says `false`.
    fn log(
        &self,
        space: SpaceNo,
        after: Seq,
        to: Seq,
        visit: &mut dyn FnMut(LogRow<'_>) -> Stored<bool>,
    ) -> Stored<()>;
    /// Like [`Reading::log`], without the entries' bytes.
    fn outline(
        &self,
        space: SpaceNo,
        after: Seq,
        to: Seq,
        visit: &mut dyn FnMut(OutlineRow) -> Stored<bool>,
    ) -> Stored<()>;
    /// Visits the membership entries of a space, in order.
    fn membership(
        &self,
        space: SpaceNo,
        visit: &mut dyn FnMut(Seq, &[u8]) -> Stored<()>,
    ) -> Stored<()>;
    /// When the membership entries between two places, both included, were taken.
    fn noted(&self, space: SpaceNo, from: Seq, to: Seq) -> Stored<Vec<Noted>>;
    /// Stored bytes of the membership entries of a space.
    fn membership_bytes(&self, space: SpaceNo) -> Stored<u64>;
    /// The bytes of one entry; `None` when it is not there or was dropped.
    fn entry(&self, space: SpaceNo, seq: Seq) -> Stored<Option<Vec<u8>>>;
    /// Whether every entry of a range is a change or pack of the class that no pack covers yet.
    fn is_coverable(&self, space: SpaceNo, range: SeqRange, class: Class) -> Stored<bool>;
    /// Packs whose covered bodies may still be there.
    fn pending(&self, space: SpaceNo) -> Stored<Vec<Pending>>;
    /// Spaces with pending packs.
    fn spaces_pending(&self) -> Stored<Vec<SpaceId>>;

    /// An account's feed.
    fn feed(&self, account: SpaceNo) -> Stored<u64>;
    /// The spaces of an account that moved after a feed position, the oldest space first.
    fn moved(&self, account: SpaceNo, since: u64) -> Stored<Vec<(SpaceNo, SpaceId)>>;
    /// Whether a space is one of the account's.
    fn belongs(&self, account: SpaceNo, space: SpaceNo) -> Stored<bool>;
    /// How many spaces an account has.
    fn count_spaces(&self, account: SpaceNo) -> Stored<u64>;
    /// Stored bytes in a space: of one member account, and of all.
    fn bytes(&self, space: SpaceNo, of: SpaceNo) -> Stored<(u64, u64)>;

    /// A device's stored cursor.
    fn cursor(&self, space: SpaceNo, device: &DeviceId) -> Stored<Option<Position>>;
    /// Every stored cursor of a space.
    fn cursors(&self, space: SpaceNo) -> Stored<Vec<(DeviceId, Seq)>>;
    /// Cursors that moved after a feed position, of other devices than `except`; the newest `limit`.
    fn moved_cursors(
        &self,
        account: SpaceNo,
        since: u64,
        except: &DeviceId,
        limit: usize,
    ) -> Stored<Vec<NotedCursor>>;

    /// The account that a device was admitted to.
    fn account_of(&self, device: &DeviceId) -> Stored<Option<AccountId>>;
    /// A token by its hash.
    fn token(&self, hash: &[u8; 32]) -> Stored<Option<TokenRow>>;
    /// The wraps of an invite, one a class.
    fn wraps_of(&self, space: SpaceNo, invite: &InviteId) -> Stored<Vec<StoredWrap>>;
    /// What a device that joined a space may still ask for again.
    fn join_answer(&self, device: &DeviceId, space: SpaceNo) -> Stored<Option<JoinAnswer>>;
    /// The accounts whose membership this one may read, where it moved after a feed position: in the order in which
    /// they moved, each with its position.
    fn acquaintances(&self, account: SpaceNo, since: u64) -> Stored<Vec<(u64, AccountId)>>;
    /// The accounts that may read the membership of this one.
    fn acquainted_with(&self, account: SpaceNo) -> Stored<Vec<(SpaceNo, AccountId)>>;
    /// The charts that an account ceased to belong to after a feed position.
    fn gone(&self, account: SpaceNo, since: u64) -> Stored<Vec<SpaceId>>;
}

/// What can be written.
pub trait Writing {
    /// What can be read, what was just written among it.
    fn reading(&self) -> &dyn Reading;

    /// Locks a space and gives its state at its head. Spaces are taken in ascending order of id.
    fn take(&mut self, id: &SpaceId) -> Stored<Option<Held>>;
    /// Gives a space's state back, so that the next one need not read it again.
    fn keep(&mut self, held: Held);
    /// Makes a space.
    fn create_space(&mut self, id: &SpaceId) -> Stored<SpaceNo>;
    /// Appends an entry.
    fn append(&mut self, space: SpaceNo, entry: &NewEntry<'_>) -> Stored<()>;
    /// Stores a space's state. `membership` is the sequence of its newest membership entry.
    fn save_snapshot(&mut self, space: SpaceNo, state: &SpaceState, membership: Seq) -> Stored<()>;
    /// Remembers the newest checkpoint.
    fn set_checkpoint(&mut self, space: SpaceNo, checkpoint: Checkpointed) -> Stored<()>;
    /// Marks a range as covered by the pack at `by`.
    fn cover(&mut self, space: SpaceNo, range: SeqRange, by: Seq) -> Stored<()>;
    /// Notes when a pack came.
    fn put_pending(&mut self, space: SpaceNo, pending: Pending) -> Stored<()>;
    /// Drops the bodies that the pack at `by` covers, up to `to`. The entries' hashes stay.
    fn drop_bodies(&mut self, space: SpaceNo, by: Seq, to: Seq) -> Stored<()>;
    /// Forgets a pack whose covered bodies are all gone; says whether they are.
    fn settle_pending(&mut self, space: SpaceNo, by: Seq) -> Stored<bool>;

    /// Raises an account's feed by one and gives it.
    fn raise_feed(&mut self, account: SpaceNo) -> Stored<u64>;
    /// Notes that a space moved for an account, and with that, that it belongs to it.
    fn set_moved(&mut self, account: SpaceNo, space: SpaceNo, feed: u64) -> Stored<()>;
    /// Adds to the bytes that an account has in a space.
    fn add_bytes(&mut self, space: SpaceNo, of: SpaceNo, bytes: u64) -> Stored<()>;

    /// Notes when a membership entry was taken.
    fn note(&mut self, space: SpaceNo, noted: Noted) -> Stored<()>;

    /// Stores a device's cursor, and when it was taken, in milliseconds since 1970.
    fn put_cursor(&mut self, space: SpaceNo, cursor: &SignedCursor, at_ms: u64) -> Stored<()>;
    /// Notes that a device's cursor moved for an account.
    fn set_cursor_moved(
        &mut self,
        account: SpaceNo,
        space: SpaceNo,
        device: &DeviceId,
        feed: u64,
    ) -> Stored<()>;

    /// Notes that a device was admitted to an account.
    fn bind_device(&mut self, device: &DeviceId, account: SpaceNo) -> Stored<()>;
    /// Stores a token. Of one device only the newest `keep` stay.
    fn put_token(&mut self, hash: &[u8; 32], token: &TokenRow, keep: usize) -> Stored<()>;
    /// Forgets the tokens of a device.
    fn drop_tokens(&mut self, device: &DeviceId) -> Stored<()>;
    /// Stores an invite's wrap, in place of an older one of the class.
    fn put_wrap(&mut self, space: SpaceNo, invite: &InviteId, wrap: &StoredWrap) -> Stored<()>;
    /// Forgets an invite's wraps of these classes.
    fn drop_wraps(&mut self, space: SpaceNo, invite: &InviteId, of: &[Class]) -> Stored<()>;
    /// Every invite of a space that has a wrap.
    fn wraps(&mut self, space: SpaceNo) -> Stored<Vec<InviteId>>;
    /// Keeps an answer for a device that joined a space.
    fn put_join_answer(
        &mut self,
        device: &DeviceId,
        space: SpaceNo,
        answer: &JoinAnswer,
    ) -> Stored<()>;
    /// Forgets it.
    fn drop_join_answer(&mut self, device: &DeviceId, space: SpaceNo) -> Stored<()>;
    /// Notes that the membership of `other` moved for an account, and with that, that it may read it.
    fn set_acquainted(&mut self, account: SpaceNo, other: SpaceNo, feed: u64) -> Stored<()>;
    /// An account may not read the membership of another any more.
    fn drop_acquainted(&mut self, account: SpaceNo, other: SpaceNo) -> Stored<()>;
    /// An account ceases to belong to a chart.
    fn set_gone(&mut self, account: SpaceNo, space: SpaceNo, feed: u64) -> Stored<()>;
    /// Drops the bodies of everything in a space but its membership: it was closed.
    fn drop_content(&mut self, space: SpaceNo) -> Stored<()>;
    /// Forgets tokens, wraps and join answers whose time is over.
    fn drop_expired(&mut self, now_ms: u64) -> Stored<()>;

    /// Starts a new life of the store after it was restored from a backup: a new generation, no cursors, no
    /// tokens; entries may cite positions above today's heads that this store never saw.
    fn start_generation(&mut self, generation: Generation) -> Stored<()>;
}

/// How an entry's kind and class are stored together in one byte.
pub(crate) fn mark(kind: Kind, class: Class) -> u8 {
    (kind as u8) << 4 | class as u8
}
