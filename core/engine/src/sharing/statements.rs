//! What is said in a chart about its people, as pure functions of state, keys and entropy. Whatever takes a right
//! away brings new keys along, for those who read afterwards and for the invites that stay open. Nothing here is
//! sent or stored.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::entry::Entry;
use holdfast_protocol::epoch::{ClassEpoch, Reader};
use holdfast_protocol::ids::{AccountId, Class, DeviceId, InviteId};
use holdfast_protocol::keys::{InviteKeys, wrap};
use holdfast_protocol::membership::{
    Accounts, Act, AdmitMember, ChangeGrant, ChartState, CloseInvite, ConfirmMember, DeviceCut,
    DeviceEnd, Grant, Greeting, InviteMember, KeepKeys, KeptKey, Leave, Member, MemberProof,
    OpenMemberInvite, RemoveMember, SpaceState,
};
use holdfast_protocol::pairing::member_wrap_info;
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::InviteWrap;

use crate::identity::statements::{By, NotMade, reader, statement};

/// A statement with the wraps of open invites that go with it.
pub(crate) type Said = (Entry, Vec<InviteWrap>);

/// What a statement is made of, apart from the randomness.
#[derive(Clone, Copy)]
pub(crate) struct Making<'a> {
    /// The chart as its log has it.
    pub(crate) space: &'a SpaceState,
    pub(crate) chart: &'a ChartState,
    pub(crate) accounts: &'a dyn Accounts,
    /// The account that speaks.
    pub(crate) mine: AccountId,
    /// The key of a class in an epoch, where this device has it.
    pub(crate) class_key: &'a dyn Fn(Class, u32) -> Option<Secret32>,
    pub(crate) by: By<'a>,
}

/// Who reads once the statement is in force.
struct After {
    members: BTreeMap<AccountId, Member>,
    invites: BTreeMap<InviteId, OpenMemberInvite>,
}

impl After {
    /// The classes whose keys were wrapped for invites that are not open any more.
    fn void_invites_read(&self, before: &ChartState) -> BTreeSet<Class> {
        let void = before.invites.iter().filter(|(invite, _)| !self.invites.contains_key(*invite));
        Class::CHART
            .into_iter()
            .filter(|class| void.clone().any(|(_, open)| open.reads(*class)))
            .collect()
    }
}

fn read_by(chart: &ChartState, account: &AccountId) -> BTreeSet<Class> {
    Class::CHART.into_iter().filter(|class| chart.may_read(account, *class)).collect()
}

impl Making<'_> {
    fn after(&self) -> After {
        After { members: self.chart.members.clone(), invites: self.chart.invites.clone() }
    }

    fn say(&self, act: Act) -> Entry {
        statement(self.space, act, self.by)
    }

    fn current(&self, class: Class) -> Result<(u32, Secret32), NotMade> {
        let epoch = self.chart.epoch(class);
        let key = (self.class_key)(class, epoch);
        // A key that is not the one committed to would lock everybody out of what comes next.
        let committed = self.chart.epochs.get(&class).and_then(|epochs| epochs.last());
        let fits = |key: &Secret32| committed.is_some_and(|e| e.commitment == key.commitment());
        key.filter(fits).map(|key| (epoch, key)).ok_or(NotMade::NoKey { class, epoch })
    }

    /// New keys of these classes, for those who read them afterwards, and the wraps of the invites that stay open.
    fn rotate(
        &self,
        of: &BTreeSet<Class>,
        after: &After,
        entropy: &mut dyn Entropy,
    ) -> Result<(Vec<ClassEpoch>, Vec<InviteWrap>), NotMade> {
        let (mut epochs, mut wraps) = (Vec::new(), Vec::new());
        for class in of {
            let (epoch, current) = self.current(*class)?;
            let reads = |member: &Member| !member.waiting && member.grant.reads(*class);
            let readers: Vec<Reader> = after
                .members
                .iter()
                .filter(|(_, member)| reads(member))
                .map(|(account, _)| reader(*account, self.accounts))
                .collect::<Result<_, _>>()?;
            let next = Secret32::random(entropy);
            for (invite, open) in after.invites.iter().filter(|(_, open)| open.reads(*class)) {
                wraps.push(self.wrap_for(invite, open, *class, &next, entropy)?);
            }
            let made =
                ClassEpoch::create(*class, epoch + 1, &next, Some(&current), &readers, entropy)?;
            epochs.push(made);
        }
        Ok((epochs, wraps))
    }

    fn wrap_for(
        &self,
        invite: &InviteId,
        open: &OpenMemberInvite,
        class: Class,
        key: &Secret32,
        entropy: &mut dyn Entropy,
    ) -> Result<InviteWrap, NotMade> {
        let info = member_wrap_info(self.space.space(), *invite, class);
        let wrapped = wrap(&open.receive, &info, key.expose(), entropy)?;
        Ok(InviteWrap { invite: *invite, class, wrapped })
    }

    /// The last entry of each device of an account that wrote here and is not cut off.
    fn ends(&self, account: AccountId) -> Result<Vec<DeviceEnd>, NotMade> {
        let known = self.accounts.account(&account).and_then(SpaceState::as_account);
        let known = known.ok_or(NotMade::UnknownAccount(account))?;
        let ends = self.space.authors().keys().filter(|device| {
            known.devices.contains_key(device) && !self.chart.cuts.contains_key(device)
        });
        Ok(ends.map(|device| DeviceEnd { device: *device, cut: self.space.tip(device) }).collect())
    }

    /// Opens an invite, with the current key of every class that it gives.
    pub(crate) fn invite(
        &self,
        invite: &InviteKeys,
        grant: Grant,
        expires_at_ms: u64,
        confirm_first: bool,
        entropy: &mut dyn Entropy,
    ) -> Result<Said, NotMade> {
        let open = OpenMemberInvite {
            receive: invite.receive().public(),
            grant: grant.clone(),
            expires_at_ms,
            confirm_first,
            by: self.mine,
            device: self.by.keys.id(),
        };
        let mut wraps = Vec::new();
        for class in Class::CHART.into_iter().filter(|class| open.reads(*class)) {
            let (_, key) = self.current(class)?;
            wraps.push(self.wrap_for(&invite.id(), &open, class, &key, entropy)?);
        }
        let act = InviteMember {
            invite: invite.id(),
            receive: open.receive,
            grant,
            expires_at_ms,
            confirm_first,
            by: self.mine,
        };
        Ok((self.say(Act::InviteMember(act)), wraps))
    }

    /// Ends an invite, with new keys where some were wrapped for it.
    pub(crate) fn close_invite(
        &self,
        invite: InviteId,
        entropy: &mut dyn Entropy,
    ) -> Result<Said, NotMade> {
        let mut after = self.after();
        after.invites.remove(&invite);
        let of = after.void_invites_read(self.chart);
        let (epochs, wraps) = self.rotate(&of, &after, entropy)?;
        Ok((self.say(Act::CloseInvite(CloseInvite { invite, epochs })), wraps))
    }

    /// Gives the keys to a member that waited for them.
    pub(crate) fn confirm(
        &self,
        account: AccountId,
        entropy: &mut dyn Entropy,
    ) -> Result<Said, NotMade> {
        let mut after = self.after();
        let mut of = BTreeSet::new();
        if let Some(member) = after.members.get_mut(&account) {
            member.waiting = false;
            of.extend(member.grant.classes.keys().copied());
        }
        let (epochs, wraps) = self.rotate(&of, &after, entropy)?;
        Ok((self.say(Act::ConfirmMember(ConfirmMember { account, epochs })), wraps))
    }

    /// Changes what a member may do.
    pub(crate) fn change(
        &self,
        account: AccountId,
        grant: Grant,
        entropy: &mut dyn Entropy,
    ) -> Result<Said, NotMade> {
        let mut after = self.after();
        let mut of = BTreeSet::new();
        let mut cuts = Vec::new();
        if let Some(member) = after.members.get_mut(&account) {
            if grant.reduces(&member.grant) {
                cuts = self.ends(account)?;
            }
            if member.grant.owner && !grant.owner {
                after.invites.retain(|_, open| open.by != account);
            }
            let had = read_by(self.chart, &account);
            let has: BTreeSet<Class> = if member.waiting {
                BTreeSet::new()
            } else {
                grant.classes.keys().copied().collect()
            };
            member.grant = grant.clone();
            of.extend(had.symmetric_difference(&has).copied());
        }
        of.extend(after.void_invites_read(self.chart));
        let (epochs, wraps) = self.rotate(&of, &after, entropy)?;
        Ok((self.say(Act::ChangeGrant(ChangeGrant { account, grant, cuts, epochs })), wraps))
    }

    /// Removes a member.
    pub(crate) fn remove(
        &self,
        account: AccountId,
        entropy: &mut dyn Entropy,
    ) -> Result<Said, NotMade> {
        let mut after = self.after();
        after.members.remove(&account);
        after.invites.retain(|_, open| open.by != account);
        let mut of = read_by(self.chart, &account);
        of.extend(after.void_invites_read(self.chart));
        let cuts = self.ends(account)?;
        let (epochs, wraps) = self.rotate(&of, &after, entropy)?;
        Ok((self.say(Act::RemoveMember(RemoveMember { account, cuts, epochs })), wraps))
    }

    /// Goes of one's own accord.
    pub(crate) fn leave(&self) -> Result<Said, NotMade> {
        let cuts = self.ends(self.mine)?;
        Ok((self.say(Act::Leave(Leave { account: self.mine, cuts })), Vec::new()))
    }

    /// Closes the chart for good.
    pub(crate) fn close(&self) -> Said {
        (self.say(Act::Close), Vec::new())
    }

    /// New keys of the classes whose current one somebody has who may not read them any more.
    pub(crate) fn rotate_due(&self, entropy: &mut dyn Entropy) -> Result<Said, NotMade> {
        let (epochs, wraps) = self.rotate(&self.chart.due, &self.after(), entropy)?;
        Ok((self.say(Act::RotateClasses(epochs)), wraps))
    }

    /// Ends the word of a device that this account has revoked, with new keys of what the account reads.
    pub(crate) fn cut_device(
        &self,
        device: DeviceId,
        entropy: &mut dyn Entropy,
    ) -> Result<Said, NotMade> {
        let mut after = self.after();
        after.invites.retain(|_, open| open.device != device);
        let of = read_by(self.chart, &self.mine);
        let (epochs, wraps) = self.rotate(&of, &after, entropy)?;
        let cut = self.space.tip(&device);
        Ok((self.say(Act::DeviceCut(DeviceCut { device, cut, epochs })), wraps))
    }

    /// The current keys that this account reads and that are here, but not wrapped for it: an invite handed them out.
    pub(crate) fn unkept(&self) -> BTreeSet<Class> {
        let unkept = |class: &Class| {
            self.chart.epochs.get(class).and_then(|epochs| epochs.last()).is_some_and(|epoch| {
                epoch.wraps.iter().all(|wrap| wrap.account != self.mine)
                    && self.current(*class).is_ok()
            })
        };
        read_by(self.chart, &self.mine).into_iter().filter(unkept).collect()
    }

    /// Keeps such keys for the account's other devices.
    pub(crate) fn keep_keys(&self, entropy: &mut dyn Entropy) -> Result<Said, NotMade> {
        let me = reader(self.mine, self.accounts)?;
        let mut keys = Vec::new();
        for class in self.unkept() {
            let (number, key) = self.current(class)?;
            let epoch = self.chart.epochs.get(&class).and_then(|epochs| epochs.last());
            let epoch = epoch.ok_or(NotMade::NoKey { class, epoch: number })?;
            let wrap = epoch.wrap_for(&key, &me, entropy)?;
            keys.push(KeptKey { class, epoch: number, wrap });
        }
        Ok((self.say(Act::KeepKeys(KeepKeys { keys })), Vec::new()))
    }
}

/// An account brings itself into a chart with an invite.
pub(crate) fn admit(
    chart: &SpaceState,
    account: &SpaceState,
    invite: &InviteKeys,
    greetings: Vec<Greeting>,
    by: By<'_>,
) -> Entry {
    let proof = MemberProof::sign(invite, chart.space(), account.space(), by.keys.id());
    let act = AdmitMember {
        account: account.space(),
        account_membership: account.membership_head(),
        proof,
        greetings: (!greetings.is_empty()).then_some(greetings),
    };
    statement(chart, Act::AdmitMember(act), by)
}
