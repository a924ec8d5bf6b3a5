//! The spaces that one request works on, held from its first look to its end, and what it changed in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use holdfast_protocol::checkpoint::Checkpoint;
use holdfast_protocol::entry::Position;
use holdfast_protocol::ids::{AccountId, DeviceId, SpaceId};
use holdfast_protocol::membership::{Accounts, SpaceState};

use crate::store::{Held, SpaceNo, StoreError, Stored, Writing};

/// After so many entries a space's state is stored again. It bounds what is replayed after a restart.
const SNAPSHOT_EVERY: u64 = 1024;
/// How many rows of the log one request may have looked at for packs and checkpoints.
const MAX_SCANNED: u64 = 250_000;

/// What became of an account's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Raised {
    pub account: AccountId,
    pub feed: u64,
    /// Whether a space moved, or only cursors did.
    pub spaces: bool,
}

/// Stored bytes of an account in a space and of all in it, and what this request adds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub own: u64,
    pub all: u64,
    added: u64,
}

#[derive(Default)]
pub(crate) struct WorkingSet {
    held: BTreeMap<SpaceId, Held>,
    moved: BTreeSet<SpaceId>,
    cursors: BTreeSet<(SpaceId, DeviceId)>,
    shares: HashMap<(SpaceNo, SpaceNo), Share>,
    /// A position that was found in a space's log: the entries of one push often cite the same.
    pub seen: Option<(SpaceId, Position)>,
    /// Checkpoints as this log has them, worked out before the space was locked.
    pub described: Vec<(SpaceId, Checkpoint)>,
    scanned: u64,
}

impl Accounts for WorkingSet {
    fn account(&self, account: &AccountId) -> Option<&SpaceState> {
        self.held.get(account).map(|held| &held.state)
    }
}

impl WorkingSet {
    /// Locks a space, and the accounts that belong to it. Says whether there is one.
    pub fn hold(&mut self, w: &mut dyn Writing, id: &SpaceId) -> Stored<bool> {
        if self.held.contains_key(id) {
            return Ok(true);
        }
        let Some(held) = w.take(id)? else { return Ok(false) };
        let members = held.state.member_accounts();
        self.held.insert(*id, held);
        for member in members {
            if !self.held.contains_key(&member)
                && let Some(account) = w.take(&member)?
            {
                self.held.insert(member, account);
            }
        }
        Ok(true)
    }

    pub fn get(&self, id: &SpaceId) -> Option<&Held> {
        self.held.get(id)
    }

    pub fn get_mut(&mut self, id: &SpaceId) -> Option<&mut Held> {
        self.held.get_mut(id)
    }

    /// A space that was just started.
    pub fn start(&mut self, held: Held) {
        self.held.insert(held.state.space(), held);
    }

    /// Notes that a space got an entry.
    pub fn note_moved(&mut self, id: SpaceId) {
        self.moved.insert(id);
    }

    /// Notes that a device's cursor moved.
    pub fn note_cursor(&mut self, id: SpaceId, device: DeviceId) {
        self.cursors.insert((id, device));
    }

    /// Counts rows that a pack or a checkpoint makes the relay look at; `false` when it is enough for one request.
    pub fn may_scan(&mut self, rows: u64) -> bool {
        self.scanned = self.scanned.saturating_add(rows);
        self.scanned <= MAX_SCANNED
    }

    pub fn share(&mut self, w: &dyn Writing, space: SpaceNo, of: SpaceNo) -> Stored<Share> {
        if let Some(share) = self.shares.get(&(space, of)) {
            // What others of this request added counts in the whole.
            let added: u64 =
                self.shares.iter().filter(|((s, _), _)| *s == space).map(|(_, s)| s.added).sum();
            return Ok(Share { own: share.own + share.added, all: share.all + added, ..*share });
        }
        let (own, all) = w.reading().bytes(space, of)?;
        let share = Share { own, all, added: 0 };
        self.shares.insert((space, of), share);
        self.share(w, space, of)
    }

    /// Counts the bytes of an entry that is stored.
    pub fn add_bytes(&mut self, space: SpaceNo, of: SpaceNo, bytes: u64) {
        if let Some(share) = self.shares.get_mut(&(space, of)) {
            share.added += bytes;
        }
    }

    /// Writes what is left to write once, whatever the number of entries, and gives the spaces back.
    pub fn finish(mut self, w: &mut dyn Writing) -> Stored<Vec<Raised>> {
        for ((space, of), share) in &self.shares {
            if share.added > 0 {
                w.add_bytes(*space, *of, share.added)?;
            }
        }
        for held in self.held.values_mut() {
            if held.state.head().seq >= held.snapshot + SNAPSHOT_EVERY {
                w.save_snapshot(held.row.no, &held.state, held.row.membership)?;
                held.snapshot = held.state.head().seq;
            }
        }
        let raised = self.raise_feeds(w)?;
        for held in self.held.into_values() {
            w.keep(held);
        }
        Ok(raised)
    }

    /// Once an account, however many of its spaces moved.
    fn raise_feeds(&self, w: &mut dyn Writing) -> Stored<Vec<Raised>> {
        let mut accounts: BTreeMap<AccountId, bool> = BTreeMap::new();
        for id in &self.moved {
            for account in self.members(id) {
                accounts.insert(account, true);
            }
        }
        for (id, _) in &self.cursors {
            for account in self.members(id) {
                accounts.entry(account).or_insert(false);
            }
        }
        let mut raised = Vec::new();
        for (account, spaces) in accounts {
            let no = self.number(&account)?;
            let feed = w.raise_feed(no)?;
            for id in self.moved.iter().filter(|id| self.members(id).contains(&account)) {
                w.set_moved(no, self.number(id)?, feed)?;
            }
            for (id, device) in &self.cursors {
                if self.members(id).contains(&account) {
                    w.set_cursor_moved(no, self.number(id)?, device, feed)?;
                }
            }
            raised.push(Raised { account, feed, spaces });
        }
        Ok(raised)
    }

    fn members(&self, id: &SpaceId) -> Vec<AccountId> {
        self.held.get(id).map(|held| held.state.member_accounts()).unwrap_or_default()
    }

    fn number(&self, id: &SpaceId) -> Stored<SpaceNo> {
        let held = self.held.get(id);
        held.map(|h| h.row.no).ok_or_else(|| StoreError::Damaged("a member is not stored".into()))
    }
}
