//! The state of a chart: its members with their grants, its class epochs, its open invites, and where the
//! word of those ended who lost it. What statements do to it: `chart_acts`.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};

use super::grant::{Access, Grant};
use super::greeting::Greeting;
use super::refusal::{NotAccepted, Refusal};
use super::space::{Accounts, Judge};
use super::statement::{ChartGenesis, Cut};
use crate::epoch::ClassEpoch;
use crate::ids::{AccountId, Class, DeviceId, InviteId};
use crate::keys::ReceiveKey;

/// The most members a chart may have at once, and the most accounts that may ever have belonged to it.
pub const MAX_MEMBERS: usize = 64;
pub(super) const MAX_EVER: usize = 512;
/// The most generations of one key. Each is kept for ever; ours, far above what a life needs.
pub const MAX_EPOCHS: usize = 4096;
/// Wraps of older epochs are let go: who has the newest key opens the ones before it.
const EPOCHS_WITH_WRAPS: usize = 2;

/// A member of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Member {
    /// What it may do.
    #[n(0)]
    pub grant: Grant,
    /// Whether it waits for the owner to compare the safety phrase. Until then it has no key and no say.
    #[n(1)]
    pub waiting: bool,
    /// The invite it came in with; none for whoever founded the chart.
    #[n(2)]
    pub invite: Option<InviteId>,
    /// What it wants to be called, sealed for those who took part when it came in.
    #[n(3)]
    pub greetings: Option<Vec<Greeting>>,
}

impl Member {
    /// Whoever founds a chart.
    #[must_use]
    pub fn founder() -> Self {
        let grant = Grant::preset(super::Role::Owner);
        Self { grant, waiting: false, invite: None, greetings: None }
    }
}

/// An invite that nobody has used yet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct OpenMemberInvite {
    /// Its receiver.
    #[n(0)]
    pub receive: ReceiveKey,
    /// What it gives.
    #[n(1)]
    pub grant: Grant,
    /// When it ends, in milliseconds since 1970.
    #[n(2)]
    pub expires_at_ms: u64,
    /// Whether whoever comes in with it waits for the owner to compare.
    #[n(3)]
    pub confirm_first: bool,
    /// The owner who opened it. Void once that one is removed.
    #[n(4)]
    pub by: AccountId,
    /// The device it was made on. Void once that one is cut off: whoever stole the phone must not come back
    /// through an invite made on it.
    #[n(5)]
    pub device: DeviceId,
}

impl OpenMemberInvite {
    /// Whether keys of a class are wrapped for it.
    #[must_use]
    pub fn reads(&self, class: Class) -> bool {
        !self.confirm_first && self.grant.reads(class)
    }
}

/// A stretch of a device's entries that does not count: it had lost the right to write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Lost {
    /// What it lost; [`Class::Membership`] stands for the owner's rights (packs and checkpoints).
    #[n(0)]
    pub class: Class,
    /// The last counter that counts.
    #[n(1)]
    pub after: u64,
    /// Where the right was given back: counters above this count again.
    #[n(2)]
    pub until: Option<u64>,
}

/// The membership of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ChartState {
    /// The account of the person whose body it is.
    #[n(0)]
    pub subject: AccountId,
    /// The members.
    #[n(1)]
    pub members: BTreeMap<AccountId, Member>,
    /// Every epoch of every class, in order; the last is current.
    #[n(2)]
    pub epochs: BTreeMap<Class, Vec<ClassEpoch>>,
    /// Devices whose accounts revoked them, with the last of their entries that counts here.
    #[n(3)]
    pub cuts: BTreeMap<DeviceId, Cut>,
    /// Invites that are open.
    #[n(4)]
    pub invites: BTreeMap<InviteId, OpenMemberInvite>,
    /// Invites that were used.
    #[n(5)]
    pub used: BTreeSet<InviteId>,
    /// Accounts that belonged here once and do not any more, with what they had been given at last. What they
    /// wrote stays theirs.
    #[n(6)]
    pub former: BTreeMap<AccountId, Grant>,
    /// What devices of members, or of former ones, lost and when.
    #[n(7)]
    pub lost: BTreeMap<AccountId, BTreeMap<DeviceId, Vec<Lost>>>,
    /// Classes whose current key somebody has who may not read them any more: an owner is to rotate them.
    #[n(8)]
    pub due: BTreeSet<Class>,
    /// Whether an owner has closed the chart for good.
    #[n(9)]
    pub closed: bool,
}

impl ChartState {
    pub(super) fn genesis(
        author: DeviceId,
        genesis: &ChartGenesis,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<Self, NotAccepted> {
        let mut state = Self {
            subject: genesis.subject,
            members: BTreeMap::from([(genesis.owner, Member::founder())]),
            epochs: BTreeMap::new(),
            cuts: BTreeMap::new(),
            invites: BTreeMap::new(),
            used: BTreeSet::new(),
            former: BTreeMap::new(),
            lost: BTreeMap::new(),
            due: BTreeSet::new(),
            closed: false,
        };
        if state.account_of(&author, accounts, judge)? != genesis.owner {
            return Err(Refusal::NotAMember.into());
        }
        state.check_epochs(&genesis.epochs, &BTreeSet::from(Class::CHART), accounts, judge)?;
        state.push_epochs(&genesis.epochs);
        Ok(state)
    }

    /// The member account that a device acts for.
    ///
    /// The relay asks whether the device may act now. A reader of the log asks only whether it ever was a
    /// device of the account: when its word ended here is said by this chart's own cuts, because two logs
    /// have no common order.
    ///
    /// # Errors
    /// [`Refusal::NotAMember`], [`Refusal::Revoked`], [`Refusal::GrantEnded`], or [`Refusal::NoWriteGrant`]
    /// for a recovery phrase.
    pub fn account_of(
        &self,
        device: &DeviceId,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<AccountId, NotAccepted> {
        let account = holder(self.members.keys(), device, accounts).ok_or(Refusal::NotAMember)?;
        let known = accounts.account(&account).and_then(|space| space.as_account());
        if let Judge::Relay { now_ms } = judge {
            let device = known.and_then(|known| known.devices.get(device));
            if device.is_some_and(|device| device.revoked.is_some()) {
                return Err(Refusal::Revoked.into());
            }
            if self.members.get(&account).is_some_and(|member| member.grant.has_ended(now_ms)) {
                return Err(Refusal::GrantEnded.into());
            }
        }
        if self.cuts.contains_key(device) {
            return Err(Refusal::Revoked.into());
        }
        let paper = known.is_some_and(|state| state.is_paper(device));
        if paper { Err(Refusal::NoWriteGrant.into()) } else { Ok(account) }
    }

    /// The account that a device belongs or once belonged to, of those that belong here or once did.
    #[must_use]
    pub fn ever_account_of(&self, device: &DeviceId, accounts: &dyn Accounts) -> Option<AccountId> {
        holder(self.members.keys().chain(self.former.keys()), device, accounts)
    }

    /// Every account that belongs here or once did: what a reader has to know to judge the log.
    pub fn ever_members(&self) -> impl Iterator<Item = AccountId> + '_ {
        self.members.keys().chain(self.former.keys()).copied()
    }

    /// The current epoch number of a class; 0 before the first.
    #[must_use]
    pub fn epoch(&self, class: Class) -> u32 {
        self.epochs.get(&class).and_then(|e| e.last()).map_or(0, |e| e.number)
    }

    /// The accounts that may read a class.
    pub fn readers(&self, class: Class) -> impl Iterator<Item = AccountId> + '_ {
        let reads = move |member: &Member| !member.waiting && member.grant.reads(class);
        self.members.iter().filter(move |(_, member)| reads(member)).map(|(account, _)| *account)
    }

    /// The open invites that keys of a class are wrapped for.
    pub fn invited_readers(
        &self,
        class: Class,
    ) -> impl Iterator<Item = (&InviteId, &OpenMemberInvite)> {
        self.invites.iter().filter(move |(_, invite)| invite.reads(class))
    }

    /// Whether an account may write a class.
    #[must_use]
    pub fn may_write(&self, account: &AccountId, class: Class) -> bool {
        self.confirmed(account).is_some_and(|grant| grant.writes(class))
    }

    /// Whether an account may read a class.
    #[must_use]
    pub fn may_read(&self, account: &AccountId, class: Class) -> bool {
        self.confirmed(account).is_some_and(|grant| grant.reads(class))
    }

    /// Whether an account may read a class now, by the relay's clock, in milliseconds since 1970.
    #[must_use]
    pub fn may_read_at(&self, account: &AccountId, class: Class, now_ms: u64) -> bool {
        self.confirmed(account).is_some_and(|grant| grant.reads(class) && !grant.has_ended(now_ms))
    }

    /// Whether an account may change the membership.
    #[must_use]
    pub fn is_owner(&self, account: &AccountId) -> bool {
        self.confirmed(account).is_some_and(|grant| grant.owner)
    }

    /// What an account may do, once nothing has to be compared any more.
    #[must_use]
    pub fn confirmed(&self, account: &AccountId) -> Option<&Grant> {
        self.members.get(account).filter(|member| !member.waiting).map(|member| &member.grant)
    }

    /// Whether an entry that a device wrote with this counter counts, as far as rights go: it has the right
    /// now and wrote no entry while it had lost it, or it lost the right afterwards.
    /// [`Class::Membership`] asks for the owner's rights.
    #[must_use]
    pub fn counts(
        &self,
        account: &AccountId,
        device: &DeviceId,
        class: Class,
        counter: u64,
    ) -> bool {
        let lost = self.lost.get(account).and_then(|devices| devices.get(device));
        let of_class = || lost.into_iter().flatten().filter(move |lost| lost.class == class);
        let in_between =
            |lost: &Lost| counter > lost.after && lost.until.is_none_or(|until| counter <= until);
        if of_class().any(in_between) {
            return false;
        }
        let now = match class {
            Class::Membership => self.is_owner(account),
            class => self.may_write(account, class),
        };
        now || of_class().any(|lost| counter <= lost.after)
    }

    /// New epochs are of exactly these classes, each with the next number, a previous key, and a wrap for each
    /// account that reads, no more. The relay also refuses wraps made for an account's older membership: a
    /// revoked phone could open them.
    pub(super) fn check_epochs(
        &self,
        epochs: &[ClassEpoch],
        of: &BTreeSet<Class>,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<(), NotAccepted> {
        let classes: BTreeSet<_> = epochs.iter().map(|epoch| epoch.class).collect();
        if classes != *of || classes.len() != epochs.len() {
            return Err(Refusal::BadWraps.into());
        }
        for epoch in epochs {
            let next = self.epoch(epoch.class) + 1;
            let fits = Class::CHART.contains(&epoch.class)
                && epoch.number == next
                && next as usize <= MAX_EPOCHS
                && epoch.previous.is_some() == (next > 1);
            if !fits {
                return Err(Refusal::BadStatement.into());
            }
            let readers: BTreeSet<_> = self.readers(epoch.class).collect();
            let wrapped: BTreeSet<_> = epoch.wraps.iter().map(|w| w.account).collect();
            let exact = readers == wrapped && wrapped.len() == epoch.wraps.len();
            if !exact || !epoch.has_fitting_keys() {
                return Err(Refusal::BadWraps.into());
            }
            for wrap in &epoch.wraps {
                if judge.is_relay() && !wrap.is_current(accounts) {
                    return Err(NotAccepted::StaleWrap);
                }
            }
        }
        Ok(())
    }

    pub(super) fn push_epochs(&mut self, epochs: &[ClassEpoch]) {
        for epoch in epochs {
            self.due.remove(&epoch.class);
            let all = self.epochs.entry(epoch.class).or_default();
            all.push(epoch.clone());
            if let Some(old) = all.len().checked_sub(EPOCHS_WITH_WRAPS + 1) {
                all[old].wraps.clear();
            }
        }
    }

    /// The classes that any of these may read.
    pub(super) fn read_by<'a>(grants: impl IntoIterator<Item = &'a Grant>) -> BTreeSet<Class> {
        grants.into_iter().flat_map(|grant| grant.classes.keys().copied()).collect()
    }

    /// What a grant lets its holder write, the owner's rights among it.
    pub(super) fn rights(grant: &Grant) -> BTreeSet<Class> {
        let written = grant.classes.iter().filter(|(_, access)| **access == Access::Write);
        written.map(|(class, _)| *class).chain(grant.owner.then_some(Class::Membership)).collect()
    }
}

/// The account among these that a device belongs or once belonged to.
fn holder<'a>(
    mut among: impl Iterator<Item = &'a AccountId>,
    device: &DeviceId,
    accounts: &dyn Accounts,
) -> Option<AccountId> {
    let has = |account: &&AccountId| {
        accounts
            .account(account)
            .and_then(|space| space.as_account())
            .is_some_and(|state| state.devices.contains_key(device))
    };
    among.find(has).copied()
}
