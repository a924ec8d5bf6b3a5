//! The state of a chart: its members with their grants, its class epochs, the devices that were cut.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};

use super::refusal::{NotAccepted, Refusal};
use super::space::{Accounts, Judge};
use super::statement::{Act, ChartGenesis, Cut};
use crate::epoch::ClassEpoch;
use crate::ids::{AccountId, Class, DeviceId};

/// What an account may do with a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Access {
    /// Read.
    #[n(0)]
    Read,
    /// Read and write.
    #[n(1)]
    Write,
}

/// What a member may do, class by class.
pub type Grants = BTreeMap<Class, Access>;

/// A member of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Member {
    /// Whether it may change the membership.
    #[n(0)]
    pub owner: bool,
    /// What it may do.
    #[n(1)]
    pub grants: Grants,
    /// When the grant ends, in milliseconds since 1970, by the relay's clock.
    #[n(2)]
    pub until_ms: Option<u64>,
}

impl Member {
    /// The owner's preset: writes every class but prescriptions, which are a therapist's.
    #[must_use]
    pub fn owner() -> Self {
        let grants = Class::CHART
            .into_iter()
            .map(|c| (c, if c == Class::Prescription { Access::Read } else { Access::Write }))
            .collect();
        Self { owner: true, grants, until_ms: None }
    }
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
    /// Devices whose word has ended here, with the last of their entries that counts.
    #[n(3)]
    pub cuts: BTreeMap<DeviceId, Cut>,
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
            members: BTreeMap::from([(genesis.owner, Member::owner())]),
            epochs: BTreeMap::new(),
            cuts: BTreeMap::new(),
        };
        if state.account_of(&author, accounts, judge)? != genesis.owner {
            return Err(Refusal::NotAMember.into());
        }
        let classes: BTreeSet<_> = genesis.epochs.iter().map(|e| e.class).collect();
        if classes != BTreeSet::from(Class::CHART) {
            return Err(Refusal::BadStatement.into());
        }
        state.check_epochs(&genesis.epochs, accounts, judge)?;
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
    /// [`Refusal::NotAMember`], [`Refusal::Revoked`], or [`Refusal::NoWriteGrant`] for a recovery phrase.
    pub fn account_of(
        &self,
        device: &DeviceId,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<AccountId, NotAccepted> {
        let account = self.ever_account_of(device, accounts).ok_or(Refusal::NotAMember)?;
        let revoked_now = judge.is_relay()
            && accounts
                .account(&account)
                .and_then(|space| space.as_account()?.devices.get(device))
                .is_some_and(|known| known.revoked.is_some());
        if self.cuts.contains_key(device) || revoked_now {
            return Err(Refusal::Revoked.into());
        }
        let paper = accounts
            .account(&account)
            .and_then(|space| space.as_account())
            .is_some_and(|state| state.is_paper(device));
        if paper { Err(Refusal::NoWriteGrant.into()) } else { Ok(account) }
    }

    /// The member account that a device belongs or once belonged to.
    #[must_use]
    pub fn ever_account_of(&self, device: &DeviceId, accounts: &dyn Accounts) -> Option<AccountId> {
        self.members
            .keys()
            .find(|account| {
                accounts
                    .account(account)
                    .and_then(|space| space.as_account())
                    .is_some_and(|state| state.devices.contains_key(device))
            })
            .copied()
    }

    /// The current epoch number of a class; 0 before the first.
    #[must_use]
    pub fn epoch(&self, class: Class) -> u32 {
        self.epochs.get(&class).and_then(|e| e.last()).map_or(0, |e| e.number)
    }

    /// The accounts that may read a class.
    pub fn readers(&self, class: Class) -> impl Iterator<Item = AccountId> + '_ {
        self.members.iter().filter(move |(_, m)| m.grants.contains_key(&class)).map(|(a, _)| *a)
    }

    /// Whether an account may write a class.
    #[must_use]
    pub fn may_write(&self, account: &AccountId, class: Class) -> bool {
        self.members.get(account).and_then(|m| m.grants.get(&class)) == Some(&Access::Write)
    }

    /// Whether an account may read a class.
    #[must_use]
    pub fn may_read(&self, account: &AccountId, class: Class) -> bool {
        self.members.get(account).is_some_and(|m| m.grants.contains_key(&class))
    }

    /// New epochs have the next number, a previous key, and a wrap for each account that reads, no more. The
    /// relay also refuses wraps made for an account's older membership: a revoked phone could open them.
    fn check_epochs(
        &self,
        epochs: &[ClassEpoch],
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<(), NotAccepted> {
        let mut classes = BTreeSet::new();
        for epoch in epochs {
            let next = self.epoch(epoch.class) + 1;
            let fits = Class::CHART.contains(&epoch.class)
                && classes.insert(epoch.class)
                && epoch.number == next
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
            if judge.is_relay() {
                for wrap in &epoch.wraps {
                    let current = accounts.account(&wrap.account).is_some_and(|space| {
                        space.membership_head() == wrap.account_membership
                            && space
                                .as_account()
                                .is_some_and(|a| a.epoch().number == wrap.account_epoch)
                    });
                    if !current {
                        return Err(NotAccepted::StaleWrap);
                    }
                }
            }
        }
        Ok(())
    }

    fn push_epochs(&mut self, epochs: &[ClassEpoch]) {
        for epoch in epochs {
            self.epochs.entry(epoch.class).or_default().push(epoch.clone());
        }
    }

    /// Judges an act of a device that acts for `account`. `is_tip` says whether a cut names a device's last
    /// entry in this space, as far as the judge knows it.
    pub(super) fn check(
        &self,
        act: &Act,
        author: DeviceId,
        account: AccountId,
        accounts: &dyn Accounts,
        judge: Judge,
        is_tip: impl Fn(&DeviceId, Cut) -> bool,
    ) -> Result<(), NotAccepted> {
        match act {
            Act::DeviceCut(cut) => {
                let own = accounts
                    .account(&account)
                    .and_then(|s| s.as_account()?.devices.get(&cut.device));
                // Only the relay knows both logs in one order; to a reader, the account's may lag behind.
                let not_yet = judge.is_relay() && own.is_some_and(|d| d.revoked.is_none());
                let again = self.cuts.contains_key(&cut.device);
                if own.is_none() || cut.device == author || again || not_yet {
                    return Err(Refusal::BadStatement.into());
                }
                if !is_tip(&cut.device, cut.cut) {
                    return Err(NotAccepted::StaleCut);
                }
                let read: BTreeSet<_> =
                    Class::CHART.into_iter().filter(|c| self.may_read(&account, *c)).collect();
                let rotated: BTreeSet<_> = cut.epochs.iter().map(|e| e.class).collect();
                if read != rotated {
                    return Err(Refusal::BadWraps.into());
                }
                self.check_epochs(&cut.epochs, accounts, judge)
            }
            Act::RotateClasses(epochs) => {
                if epochs.is_empty() || !self.members.get(&account).is_some_and(|m| m.owner) {
                    return Err(Refusal::NoWriteGrant.into());
                }
                self.check_epochs(epochs, accounts, judge)
            }
            Act::Unknown(_) => Err(Refusal::UnknownStatement.into()),
            _ => Err(Refusal::BadStatement.into()),
        }
    }

    /// Applies an act that was judged good.
    pub(super) fn apply(&mut self, act: &Act) {
        match act {
            Act::DeviceCut(cut) => {
                self.cuts.insert(cut.device, cut.cut);
                self.push_epochs(&cut.epochs);
            }
            Act::RotateClasses(epochs) => self.push_epochs(epochs),
            _ => {}
        }
    }
}
