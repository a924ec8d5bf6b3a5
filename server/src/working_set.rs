//! The spaces that one request works on, held from its first look to its end, and what it changed in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use holdfast_protocol::checkpoint::Checkpoint;
use holdfast_protocol::entry::Position;
use holdfast_protocol::ids::{AccountId, DeviceId, SpaceId};
use holdfast_protocol::membership::{Accounts, Act, ChartState, Leave, RemoveMember, SpaceState};

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
    /// Accounts whose own membership moved: whoever shares a chart with them is to see it.
    memberships: BTreeSet<AccountId>,
    /// Who came into which chart.
    came: BTreeSet<(AccountId, SpaceId)>,
    /// Who went from which chart.
    went: BTreeSet<(AccountId, SpaceId)>,
    shares: HashMap<(SpaceNo, SpaceNo), Share>,
    /// Stored bytes of membership, what this request adds among it.
    membership: HashMap<SpaceNo, u64>,
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

    /// Notes whom an act of a space's membership concerns besides its members.
    pub fn note_act(&mut self, id: SpaceId, act: &Act) {
        match act {
            Act::AdmitMember(admit) => {
                self.went.remove(&(admit.account, id));
                self.came.insert((admit.account, id));
            }
            Act::RemoveMember(RemoveMember { account, .. }) | Act::Leave(Leave { account, .. }) => {
                self.came.remove(&(*account, id));
                self.went.insert((*account, id));
            }
            _ if self.get(&id).is_some_and(|held| held.state.as_account().is_some()) => {
                self.memberships.insert(id);
            }
            _ => {}
        }
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

    /// Stored bytes of a space's membership.
    pub fn membership_bytes(&mut self, w: &dyn Writing, space: SpaceNo) -> Stored<u64> {
        if let Some(bytes) = self.membership.get(&space) {
            return Ok(*bytes);
        }
        let bytes = w.reading().membership_bytes(space)?;
        self.membership.insert(space, bytes);
        Ok(bytes)
    }

    /// Counts the bytes of an entry that is stored.
    pub fn add_bytes(&mut self, space: SpaceNo, of: SpaceNo, bytes: u64, act: bool) {
        if let Some(membership) = self.membership.get_mut(&space).filter(|_| act) {
            *membership += bytes;
        }
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
        // Whose membership whom is to be shown, and who is to be told that a chart is theirs no longer.
        let mut shown: BTreeSet<(AccountId, AccountId)> = BTreeSet::new();
        for other in &self.memberships {
            let seers = w.reading().acquainted_with(self.number(other)?)?;
            shown.extend(seers.into_iter().map(|(_, account)| (account, *other)));
        }
        for (came, chart) in &self.came {
            // Whoever comes has to judge what former members wrote; those learn of nobody who came after them.
            let Some(chart) = self.held.get(chart).and_then(|held| held.state.as_chart()) else {
                continue;
            };
            shown.extend(chart.ever_members().map(|other| (*came, other)));
            shown.extend(chart.members.keys().map(|other| (*other, *came)));
        }
        let parted = self.parted(w)?;
        for (account, other) in &parted {
            w.drop_acquainted(number(w, self, account)?, number(w, self, other)?)?;
        }
        shown.retain(|pair| !parted.contains(pair));
        shown.retain(|(account, other)| account != other);
        let told = shown.iter().map(|(account, _)| account);
        for account in told.chain(self.went.iter().map(|(account, _)| account)) {
            accounts.insert(*account, true);
        }
        let mut raised = Vec::new();
        for (account, spaces) in accounts {
            let no = number(w, self, &account)?;
            let feed = w.raise_feed(no)?;
            for (_, other) in shown.iter().filter(|(to, _)| *to == account) {
                let other = number(w, self, other)?;
                w.set_acquainted(no, other, feed)?;
            }
            for (_, chart) in self.went.iter().filter(|(whom, _)| *whom == account) {
                w.set_gone(no, self.number(chart)?, feed)?;
            }
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

    /// Who shares no chart with whom any more, and so learns nothing more of it. Those who stay go on seeing who
    /// went, because it wrote in their log.
    fn parted(&self, w: &mut dyn Writing) -> Stored<BTreeSet<(AccountId, AccountId)>> {
        let mut parted = BTreeSet::new();
        for (account, left) in &self.went {
            let mut still = BTreeSet::new();
            for (no, id) in w.reading().moved(number(w, self, account)?, 0)? {
                if id == *left || self.went.contains(&(*account, id)) {
                    continue;
                }
                let state = match self.held.get(&id) {
                    Some(held) => held.state.clone(),
                    None => w.reading().snapshot(no)?,
                };
                still.extend(state.as_chart().into_iter().flat_map(ChartState::ever_members));
            }
            let left = self.held.get(left).and_then(|held| held.state.as_chart());
            let others = left.into_iter().flat_map(ChartState::ever_members);
            parted.extend(others.filter(|o| !still.contains(o)).map(|other| (*account, other)));
        }
        Ok(parted)
    }

    /// The members of a space after this request.
    fn members(&self, id: &SpaceId) -> Vec<AccountId> {
        self.held.get(id).map(|held| held.state.member_accounts()).unwrap_or_default()
    }

    fn number(&self, id: &SpaceId) -> Stored<SpaceNo> {
        let held = self.held.get(id);
        held.map(|h| h.row.no).ok_or_else(|| StoreError::Damaged("a member is not stored".into()))
    }
}

/// The number of a space that may not be held here: an account that only reads about another.
fn number(w: &dyn Writing, set: &WorkingSet, id: &SpaceId) -> Stored<SpaceNo> {
    match set.get(id) {
        Some(held) => Ok(held.row.no),
        None => w
            .reading()
            .space(id)?
            .map(|row| row.no)
            .ok_or_else(|| StoreError::Damaged("an account is not stored".into())),
    }
}
