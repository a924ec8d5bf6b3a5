//! The verifier: the state of one space's log, and whether one more entry fits it. The relay asks before it
//! appends; every reader asks again before it applies.

use std::collections::{BTreeMap, HashMap, VecDeque};

use minicbor::{Decode, Encode};

use super::account::AccountState;
use super::chart::ChartState;
use super::chart_acts::{Authors, Hearing};
use super::refusal::{NotAccepted, Refusal};
use super::statement::{Act, Cut, Statement};
use crate::entry::{Entry, Header, Kind, Position};
use crate::hash::next_running;
use crate::ids::{AccountId, Class, DeviceId, EntryHash, SpaceId};
use crate::wire::Malformed;

/// How many entries an author may have appended since the one it last cited as acknowledged.
pub const MAX_UNCITED: usize = 4096;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// The relay, before it appends, with its clock in milliseconds since 1970.
    Relay {
        /// The relay's clock.
        now_ms: u64,
    },
    /// A member, reading the log.
    Member,
    /// A reader of the membership alone: a device that looks before it joins, or that starts from a
    /// checkpoint. It has not seen the entries between, so it judges neither chains nor cuts; that each
    /// statement follows the one before it, and who signed it, it does judge.
    Outline,
}

impl Judge {
    /// Whether the relay asks.
    #[must_use]
    pub const fn is_relay(self) -> bool {
        matches!(self, Self::Relay { .. })
    }
}

/// The accounts that a chart's members act for, as far as the asker knows them.
pub trait Accounts {
    /// The state of an account's space.
    fn account(&self, account: &AccountId) -> Option<&SpaceState>;
}

impl Accounts for () {
    fn account(&self, _: &AccountId) -> Option<&SpaceState> {
        None
    }
}

impl Accounts for HashMap<AccountId, SpaceState> {
    fn account(&self, account: &AccountId) -> Option<&SpaceState> {
        self.get(account)
    }
}

impl Accounts for BTreeMap<AccountId, SpaceState> {
    fn account(&self, account: &AccountId) -> Option<&SpaceState> {
        self.get(account)
    }
}

/// What is known of one author's entries in a space.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AuthorTip {
    /// Its highest counter.
    #[n(0)]
    pub counter: u64,
    /// The entries that its next one may cite, oldest first; the last is its tip.
    #[n(1)]
    pub citable: VecDeque<EntryHash>,
}

/// An account or a chart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum SpaceKind {
    /// A space of devices.
    #[n(0)]
    Account(#[n(0)] AccountState),
    /// A space of accounts.
    #[n(1)]
    Chart(#[n(0)] ChartState),
}

/// The state of a space at one position of its log. It can be stored and read back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SpaceState {
    #[n(0)]
    pub(super) space: SpaceId,
    #[n(1)]
    pub(super) kind: SpaceKind,
    #[n(2)]
    pub(super) head: Position,
    #[n(3)]
    pub(super) membership_head: EntryHash,
    #[n(4)]
    pub(super) authors: BTreeMap<DeviceId, AuthorTip>,
    /// Set when a membership statement of an unknown kind was met: writes freeze.
    #[n(5)]
    pub(super) frozen: bool,
    /// Set when entries were passed whose authors are not known here.
    #[n(6)]
    pub(super) gaps: bool,
}

/// The authors of a space, as far as whoever judges has read it.
struct Known<'a> {
    state: &'a SpaceState,
    judge: Judge,
}

impl Authors for Known<'_> {
    fn is_tip(&self, device: &DeviceId, cut: Cut) -> bool {
        self.judge == Judge::Outline || self.state.may_be_tip(device, cut)
    }

    fn all(&self) -> Option<Vec<DeviceId>> {
        let whole = self.judge != Judge::Outline && !self.state.gaps;
        whole.then(|| self.state.authors.keys().copied().collect())
    }
}

/// An entry that was judged to fit the state it was judged against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub(super) act: Option<Act>,
}

impl Accepted {
    /// The membership act, where the entry is one.
    #[must_use]
    pub const fn act(&self) -> Option<&Act> {
        self.act.as_ref()
    }
}

impl SpaceState {
    /// Judges a genesis entry and gives the state after it.
    ///
    /// # Errors
    /// [`NotAccepted`].
    pub fn start(
        entry: &Entry,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<Self, NotAccepted> {
        let header = entry.header();
        let proper = header.is_genesis()
            && header.kind == Kind::Membership
            && header.class == Class::Membership
            && header.epoch == 0
            && header.counter >= 1
            && header.prev.is_zero()
            && header.seen == Position::START
            && header.covers.is_empty();
        if !proper {
            return Err(Refusal::BadStatement.into());
        }
        let statement = Statement::from_bytes(entry.body()).map_err(|_| Refusal::Malformed)?;
        if !statement.after.is_zero() {
            return Err(Refusal::BadStatement.into());
        }
        let kind = match &statement.act {
            Act::AccountGenesis(genesis) => {
                SpaceKind::Account(AccountState::genesis(header.author, genesis)?)
            }
            Act::ChartGenesis(genesis) => {
                SpaceKind::Chart(ChartState::genesis(header.author, genesis, accounts, judge)?)
            }
            Act::Unknown(_) => return Err(Refusal::UnknownStatement.into()),
            _ => return Err(Refusal::BadStatement.into()),
        };
        let mut state = Self {
            space: entry.space(),
            kind,
            head: Position::START,
            membership_head: EntryHash::ZERO,
            authors: BTreeMap::new(),
            frozen: false,
            gaps: false,
        };
        state.advance(entry);
        state.membership_head = entry.hash();
        Ok(state)
    }

    /// Whether entries were passed whose authors are not known here: such a state cannot make a checkpoint.
    #[must_use]
    pub const fn has_gaps(&self) -> bool {
        self.gaps
    }

    /// The space.
    #[must_use]
    pub const fn space(&self) -> SpaceId {
        self.space
    }

    /// The end of the log as far as this state knows it.
    #[must_use]
    pub const fn head(&self) -> Position {
        self.head
    }

    /// The last membership entry.
    #[must_use]
    pub const fn membership_head(&self) -> EntryHash {
        self.membership_head
    }

    /// Whether a membership statement of an unknown kind froze writes.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Account or chart.
    #[must_use]
    pub const fn kind(&self) -> &SpaceKind {
        &self.kind
    }

    /// The account, where it is one.
    #[must_use]
    pub const fn as_account(&self) -> Option<&AccountState> {
        match &self.kind {
            SpaceKind::Account(account) => Some(account),
            SpaceKind::Chart(_) => None,
        }
    }

    /// The chart, where it is one.
    #[must_use]
    pub const fn as_chart(&self) -> Option<&ChartState> {
        match &self.kind {
            SpaceKind::Chart(chart) => Some(chart),
            SpaceKind::Account(_) => None,
        }
    }

    /// The accounts that belong to this space: the account itself, or the chart's members.
    #[must_use]
    pub fn member_accounts(&self) -> Vec<AccountId> {
        match &self.kind {
            SpaceKind::Account(_) => vec![self.space],
            SpaceKind::Chart(chart) => chart.members.keys().copied().collect(),
        }
    }

    /// What is known of each author.
    #[must_use]
    pub const fn authors(&self) -> &BTreeMap<DeviceId, AuthorTip> {
        &self.authors
    }

    /// A device's last entry here, as a cut must name it.
    #[must_use]
    pub fn tip(&self, device: &DeviceId) -> Cut {
        self.authors.get(device).map_or(Cut::NOTHING, |tip| Cut {
            counter: tip.counter,
            entry: tip.citable.back().copied().unwrap_or(EntryHash::ZERO),
        })
    }

    /// Whether a cut names a device's last entry. Where entries were passed unseen, it may name one of those.
    fn may_be_tip(&self, device: &DeviceId, cut: Cut) -> bool {
        let tip = self.tip(device);
        tip == cut || (self.gaps && cut.counter > tip.counter)
    }

    /// The current epoch number of a class; 0 where there is none.
    #[must_use]
    pub fn epoch(&self, class: Class) -> u32 {
        match &self.kind {
            SpaceKind::Account(a) if class == Class::Account => a.epoch().number,
            SpaceKind::Account(_) => 0,
            SpaceKind::Chart(chart) => chart.epoch(class),
        }
    }

    /// Judges one more entry.
    ///
    /// The caller has checked encoding and signature ([`Entry::from_bytes`]), that it is no duplicate, and
    /// compares `header.seen` with its own history ([`Refusal::Fork`]): only it has that history.
    ///
    /// # Errors
    /// [`NotAccepted`].
    pub fn check(
        &self,
        entry: &Entry,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<Accepted, NotAccepted> {
        let header = entry.header();
        if header.space != self.space {
            return Err(Refusal::WrongSpace.into());
        }
        if self.as_chart().is_some_and(|chart| chart.closed) {
            return Err(Refusal::Closed.into());
        }
        match header.kind {
            Kind::Membership => self.check_membership(entry, accounts, judge),
            Kind::Change | Kind::Pack => self.check_content(header, accounts, judge),
            Kind::Checkpoint => self.check_checkpoint(entry, accounts, judge),
        }
    }

    /// Applies an entry that was judged against exactly this state.
    pub fn apply(&mut self, entry: &Entry, accepted: &Accepted) {
        self.advance(entry);
        if self.gaps && entry.header().kind == Kind::Checkpoint {
            self.learn_tips(entry);
        }
        if let Some(act) = &accepted.act {
            match &mut self.kind {
                SpaceKind::Account(account) => account.apply(act, entry.header().author),
                SpaceKind::Chart(chart) => {
                    let tip = |device: &DeviceId| self.authors.get(device).map_or(0, |t| t.counter);
                    chart.apply(act, entry.header().author, &tip);
                }
            }
            self.membership_head = entry.hash();
        }
    }

    /// Applies an entry that was accepted at this very position before: for a store that reads its own log back.
    ///
    /// # Errors
    /// [`Malformed`] when it is a membership entry whose statement cannot be read.
    pub fn replay(&mut self, entry: &Entry) -> Result<(), Malformed> {
        let act = match entry.header().kind {
            Kind::Membership => Some(Statement::from_bytes(entry.body())?.act),
            Kind::Change | Kind::Pack | Kind::Checkpoint => None,
        };
        self.apply(entry, &Accepted { act });
        Ok(())
    }

    /// Moves over an entry of which only the hash is known: its body was dropped, or is not for this reader.
    /// Whose it was is not known either, so from here on an author may cite what was never seen here, and a cut
    /// may name it.
    pub fn pass(&mut self, hash: EntryHash) {
        self.skip(hash);
        self.gaps = true;
    }

    /// Moves over an entry that is ignored: its place in the log counts, its content does not.
    pub fn skip(&mut self, hash: EntryHash) {
        // A checkpoint's word may have put the head anywhere.
        let seq = self.head.seq.saturating_add(1);
        self.head = Position { seq, running: next_running(self.head.running, hash) };
    }

    /// Moves over a membership entry of an unknown kind, and freezes writes. Whoever knows the kind counts the
    /// entry to its author's chain, so it counts here too, where the chain allows it.
    pub fn freeze(&mut self, entry: &Entry) {
        if self.check_chain(entry.header()).is_ok() {
            self.advance(entry);
        } else {
            self.skip(entry.hash());
        }
        self.membership_head = entry.hash();
        self.frozen = true;
    }

    pub(super) fn check_chain(&self, header: &Header) -> Result<(), NotAccepted> {
        match self.authors.get(&header.author) {
            Some(tip) if header.counter <= tip.counter => Err(Refusal::Counter.into()),
            _ if self.gaps && header.counter >= 1 => Ok(()),
            None if header.prev.is_zero() && header.counter >= 1 => Ok(()),
            None => Err(Refusal::Chain.into()),
            // Before the first acknowledgement there is nothing to cite.
            Some(tip) if header.prev.is_zero() && tip.citable.len() < MAX_UNCITED => Ok(()),
            Some(tip) if tip.citable.contains(&header.prev) && tip.citable.len() < MAX_UNCITED => {
                Ok(())
            }
            // At the window's end only an entry that shortens it is taken.
            Some(tip) if tip.citable.iter().skip(1).any(|h| *h == header.prev) => Ok(()),
            Some(_) => Err(Refusal::Chain.into()),
        }
    }

    pub(super) fn author_account(
        &self,
        author: &DeviceId,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<AccountId, NotAccepted> {
        match &self.kind {
            SpaceKind::Account(account) => match account.devices.get(author) {
                None => Err(Refusal::NotAMember.into()),
                Some(device) if device.revoked.is_some() => Err(Refusal::Revoked.into()),
                Some(_) => Ok(self.space),
            },
            SpaceKind::Chart(chart) => chart.account_of(author, accounts, judge),
        }
    }

    pub(super) fn is_owner(&self, account: &AccountId) -> bool {
        match &self.kind {
            SpaceKind::Account(_) => true,
            SpaceKind::Chart(chart) => chart.is_owner(account),
        }
    }

    fn check_membership(
        &self,
        entry: &Entry,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<Accepted, NotAccepted> {
        let header = entry.header();
        let proper =
            header.class == Class::Membership && header.epoch == 0 && header.covers.is_empty();
        if !proper {
            return Err(Refusal::WrongClass.into());
        }
        let statement = Statement::from_bytes(entry.body()).map_err(|_| Refusal::Malformed)?;
        let authors = Known { state: self, judge };
        let hearing = Hearing { author: header.author, accounts, judge, authors: &authors };
        // A used invite says so before the lost race does: it is the answer the holder can act on.
        match (&self.kind, &statement.act) {
            (SpaceKind::Account(state), Act::AdmitDevice(admit)) if admit.proof.is_some() => {
                state.check_self_admission(self.space, header.author, admit, judge)?;
            }
            (SpaceKind::Chart(chart), Act::AdmitMember(admit)) => {
                chart.check_admission(self.space, admit, hearing)?;
            }
            (kind, act) => {
                let account = self.author_account(&header.author, accounts, judge)?;
                if statement.after == self.membership_head {
                    match kind {
                        SpaceKind::Account(state) => {
                            let is_tip = |device: &DeviceId, cut| authors.is_tip(device, cut);
                            state.check(self.space, act, header.author, is_tip)?;
                        }
                        SpaceKind::Chart(chart) => chart.check(act, account, hearing)?,
                    }
                }
            }
        }
        if statement.after != self.membership_head {
            return Err(NotAccepted::StaleMembership { head: self.membership_head });
        }
        if judge != Judge::Outline {
            self.check_chain(header)?;
        }
        Ok(Accepted { act: Some(statement.act) })
    }

    fn advance(&mut self, entry: &Entry) {
        self.skip(entry.hash());
        let header = entry.header();
        let tip = self
            .authors
            .entry(header.author)
            .or_insert_with(|| AuthorTip { counter: 0, citable: VecDeque::new() });
        tip.counter = header.counter;
        if let Some(at) = tip.citable.iter().position(|h| *h == header.prev) {
            tip.citable.drain(..at);
        } else if self.gaps {
            tip.citable.clear();
        }
        tip.citable.push_back(entry.hash());
        while tip.citable.len() > MAX_UNCITED {
            tip.citable.pop_front();
        }
    }
}
