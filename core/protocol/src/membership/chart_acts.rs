//! What statements ask of a chart and do to it. A statement is judged against the state as it would be
//! afterwards, so that new keys go to exactly those who may read from then on.

use std::collections::BTreeSet;

use super::MAX_OPEN_INVITES;
use super::chart::{ChartState, Lost, MAX_EVER, MAX_MEMBERS, Member, OpenMemberInvite};
use super::chart_statement::{
    AdmitMember, ChangeGrant, CloseInvite, DeviceEnd, InviteMember, KeepKeys,
};
use super::greeting::Greeting;
use super::refusal::{NotAccepted, Refusal};
use super::space::{Accounts, Judge};
use super::statement::{Act, Cut};
use crate::ids::{AccountId, Class, DeviceId};

/// What the log says of the devices that wrote here, as far as the judge has read it.
pub(super) trait Authors {
    /// Whether a cut names a device's last entry.
    fn is_tip(&self, device: &DeviceId, cut: Cut) -> bool;
    /// The devices that wrote here; nothing where that is not known in full.
    fn all(&self) -> Option<Vec<DeviceId>>;
}

/// Who says something, and to whom it is said.
#[derive(Clone, Copy)]
pub(super) struct Hearing<'a> {
    pub author: DeviceId,
    pub accounts: &'a dyn Accounts,
    pub judge: Judge,
    pub authors: &'a dyn Authors,
}

type Checked = Result<(), NotAccepted>;

const BAD: NotAccepted = NotAccepted::Never(Refusal::BadStatement);

impl ChartState {
    /// Judges an act of a device that acts for `account`.
    pub(super) fn check(&self, act: &Act, account: AccountId, at: Hearing<'_>) -> Checked {
        // Before the phrase is compared, a member may do nothing but go.
        if self.confirmed(&account).is_none() && !matches!(act, Act::Leave(_)) {
            return Err(Refusal::NoWriteGrant.into());
        }
        match act {
            Act::DeviceCut(_) | Act::KeepKeys(_) | Act::Leave(_) | Act::Unknown(_) => {}
            _ if !self.is_owner(&account) => return Err(Refusal::NoWriteGrant.into()),
            _ => {}
        }
        // Who belongs where is asked before the keys are: it is the answer that can be acted on.
        self.check_who(act, account, at)?;
        let mut after = self.clone();
        after.settle(act, at.author, &|_| 0);
        let (epochs, of) = match act {
            Act::DeviceCut(cut) => (&cut.epochs, self.read_by_account(&account)),
            Act::RotateClasses(epochs) => (epochs, epochs.iter().map(|e| e.class).collect()),
            Act::CloseInvite(close) => (&close.epochs, self.read_by_invite(close)),
            Act::ConfirmMember(confirm) => {
                (&confirm.epochs, after.read_by_account(&confirm.account))
            }
            Act::ChangeGrant(change) => {
                let before = self.read_by_account(&change.account);
                let then = after.read_by_account(&change.account);
                let mut of: BTreeSet<_> = before.symmetric_difference(&then).copied().collect();
                of.extend(self.read_by_void_invites(&after));
                (&change.epochs, of)
            }
            Act::RemoveMember(remove) => {
                let mut of = self.read_by_account(&remove.account);
                of.extend(self.read_by_void_invites(&after));
                (&remove.epochs, of)
            }
            Act::Unknown(_) => return Err(Refusal::UnknownStatement.into()),
            _ => return Ok(()),
        };
        after.check_epochs(epochs, &of, at.accounts, at.judge)
    }

    /// What an act asks of the members before its keys are looked at.
    fn check_who(&self, act: &Act, account: AccountId, at: Hearing<'_>) -> Checked {
        match act {
            Act::DeviceCut(cut) => {
                let known = at.accounts.account(&account).and_then(|s| s.as_account());
                let own = known.and_then(|known| known.devices.get(&cut.device));
                // Only the relay knows both logs in one order; to a reader, the account's may lag behind.
                let not_yet = at.judge.is_relay() && own.is_some_and(|d| d.revoked.is_none());
                let again = self.cuts.contains_key(&cut.device);
                if own.is_none() || cut.device == at.author || again || not_yet {
                    return Err(BAD);
                }
                stale_unless(at.authors.is_tip(&cut.device, cut.cut))
            }
            Act::RotateClasses(epochs) if epochs.is_empty() => Err(BAD),
            Act::InviteMember(invite) => self.check_invite(invite, account),
            Act::CloseInvite(close) if self.used.contains(&close.invite) => {
                Err(Refusal::InviteUsed.into())
            }
            Act::CloseInvite(close) if !self.invites.contains_key(&close.invite) => {
                Err(Refusal::InviteGone.into())
            }
            Act::KeepKeys(keep) => self.check_kept(keep, account, at),
            Act::ConfirmMember(confirm) => match self.members.get(&confirm.account) {
                Some(member) if member.waiting => Ok(()),
                _ => Err(BAD),
            },
            Act::ChangeGrant(change) => self.check_change(change, at),
            Act::RemoveMember(remove) => {
                if remove.account == account || !self.members.contains_key(&remove.account) {
                    return Err(BAD);
                }
                self.keeps_an_owner(&remove.account)?;
                self.check_ends(&remove.account, &remove.cuts, at)
            }
            Act::Leave(leave) if leave.account != account => Err(BAD),
            Act::Leave(leave) => {
                self.keeps_an_owner(&account)?;
                self.check_ends(&account, &leave.cuts, at)
            }
            Act::AccountGenesis(_)
            | Act::InviteDevice(_)
            | Act::RevokeInvite(_)
            | Act::AdmitDevice(_)
            | Act::RevokeDevice(_)
            | Act::RotateAccount(_)
            | Act::ChartGenesis(_)
            | Act::AdmitMember(_) => Err(BAD),
            Act::RotateClasses(_) | Act::CloseInvite(_) | Act::Close | Act::Unknown(_) => Ok(()),
        }
    }

    fn check_invite(&self, invite: &InviteMember, account: AccountId) -> Checked {
        let known = self.invites.contains_key(&invite.invite) || self.used.contains(&invite.invite);
        let fits = !known
            && invite.by == account
            && self.invites.len() < MAX_OPEN_INVITES
            && invite.receive.is_usable()
            && invite.grant.is_fitting();
        if fits { Ok(()) } else { Err(BAD) }
    }

    fn check_kept(&self, keep: &KeepKeys, account: AccountId, at: Hearing<'_>) -> Checked {
        let classes: BTreeSet<_> = keep.keys.iter().map(|kept| kept.class).collect();
        if keep.keys.is_empty() || classes.len() != keep.keys.len() {
            return Err(BAD);
        }
        for kept in &keep.keys {
            let current = self.epochs.get(&kept.class).and_then(|epochs| epochs.last());
            let fits = self.may_read(&account, kept.class)
                && kept.wrap.account == account
                && kept.wrap.has_fitting_length()
                && current.is_some_and(|epoch| {
                    epoch.number == kept.epoch && epoch.wraps.iter().all(|w| w.account != account)
                });
            if !fits {
                return Err(Refusal::BadWraps.into());
            }
            if at.judge.is_relay() && !kept.wrap.is_current(at.accounts) {
                return Err(NotAccepted::StaleWrap);
            }
        }
        Ok(())
    }

    fn check_change(&self, change: &ChangeGrant, at: Hearing<'_>) -> Checked {
        let member = self.members.get(&change.account).ok_or(BAD)?;
        if !change.grant.is_fitting() || member.grant == change.grant {
            return Err(BAD);
        }
        if !change.grant.owner {
            self.keeps_an_owner(&change.account)?;
        }
        if change.grant.reduces(&member.grant) {
            self.check_ends(&change.account, &change.cuts, at)
        } else if change.cuts.is_empty() {
            Ok(())
        } else {
            Err(BAD)
        }
    }

    fn keeps_an_owner(&self, without: &AccountId) -> Checked {
        let mut owners = self.members.keys().filter(|account| self.is_owner(account));
        if owners.any(|owner| owner != without) { Ok(()) } else { Err(Refusal::LastOwner.into()) }
    }

    /// Each device of the account that wrote here is named once, with its last entry.
    fn check_ends(&self, account: &AccountId, ends: &[DeviceEnd], at: Hearing<'_>) -> Checked {
        let known = at.accounts.account(account).and_then(|space| space.as_account());
        let known = known.ok_or(NotAccepted::NeedsAccount(*account))?;
        let named: BTreeSet<_> = ends.iter().map(|end| end.device).collect();
        let own = named.iter().all(|device| known.devices.contains_key(device));
        if named.len() != ends.len() || !own {
            return Err(BAD);
        }
        let wrote = |device: &DeviceId| {
            known.devices.contains_key(device) && !self.cuts.contains_key(device)
        };
        let missing = at.authors.all().is_some_and(|authors| {
            authors.into_iter().filter(wrote).any(|device| !named.contains(&device))
        });
        let tips = ends.iter().all(|end| at.authors.is_tip(&end.device, end.cut));
        stale_unless(!missing && tips)
    }

    /// Judges an admission: who signs it is no member yet.
    pub(super) fn check_admission(
        &self,
        chart: AccountId,
        admit: &AdmitMember,
        at: Hearing<'_>,
    ) -> Checked {
        let proof = &admit.proof;
        if self.used.contains(&proof.invite) {
            return Err(Refusal::InviteUsed.into());
        }
        let invite = self.invites.get(&proof.invite).ok_or(Refusal::InviteGone)?;
        // Only the relay's clock decides about the end of an invite, or of what it would give.
        if let Judge::Relay { now_ms } = at.judge
            && (now_ms >= invite.expires_at_ms || invite.grant.has_ended(now_ms))
        {
            return Err(Refusal::InviteGone.into());
        }
        if !proof.is_valid(chart, admit.account, at.author) {
            return Err(Refusal::BadSignature.into());
        }
        let known = at.accounts.account(&admit.account);
        let space = known.ok_or(NotAccepted::NeedsAccount(admit.account))?;
        let account = space.as_account().ok_or(BAD)?;
        let device = account.devices.get(&at.author).ok_or(Refusal::NotAMember)?;
        if at.judge.is_relay() {
            if device.revoked.is_some() {
                return Err(Refusal::Revoked.into());
            }
            if space.membership_head() != admit.account_membership {
                return Err(NotAccepted::StaleWrap);
            }
        }
        let ever = self.members.len() + self.former.len();
        let fits = !account.is_paper(&at.author)
            && Greeting::fit(admit.greetings.as_deref().unwrap_or_default())
            && !self.cuts.contains_key(&at.author)
            && !self.members.contains_key(&admit.account)
            && self.members.len() < MAX_MEMBERS
            && (self.former.contains_key(&admit.account) || ever < MAX_EVER);
        if fits { Ok(()) } else { Err(BAD) }
    }

    fn read_by_account(&self, account: &AccountId) -> BTreeSet<Class> {
        Self::read_by(self.confirmed(account))
    }

    fn read_by_invite(&self, close: &CloseInvite) -> BTreeSet<Class> {
        let open = self.invites.get(&close.invite).filter(|open| !open.confirm_first);
        Self::read_by(open.map(|open| &open.grant))
    }

    /// What was wrapped for invites that are not open any more afterwards.
    fn read_by_void_invites(&self, after: &Self) -> BTreeSet<Class> {
        let void = self
            .invites
            .iter()
            .filter(|(invite, open)| !open.confirm_first && !after.invites.contains_key(invite));
        Self::read_by(void.map(|(_, open)| &open.grant))
    }

    /// Applies an act of `author` that was judged good. `tip` gives a device's last counter.
    pub(super) fn apply(&mut self, act: &Act, author: DeviceId, tip: &dyn Fn(&DeviceId) -> u64) {
        self.settle(act, author, tip);
        match act {
            Act::DeviceCut(cut) => self.push_epochs(&cut.epochs),
            Act::RotateClasses(epochs) => self.push_epochs(epochs),
            Act::CloseInvite(close) => self.push_epochs(&close.epochs),
            Act::ConfirmMember(confirm) => self.push_epochs(&confirm.epochs),
            Act::ChangeGrant(change) => self.push_epochs(&change.epochs),
            Act::RemoveMember(remove) => self.push_epochs(&remove.epochs),
            _ => {}
        }
    }

    /// Everything an act does but its new keys.
    fn settle(&mut self, act: &Act, author: DeviceId, tip: &dyn Fn(&DeviceId) -> u64) {
        match act {
            Act::DeviceCut(cut) => {
                self.cuts.insert(cut.device, cut.cut);
                let void = |open: &OpenMemberInvite| open.device == cut.device;
                self.due.extend(Self::read_by(
                    self.invites.values().filter(|o| void(o) && !o.confirm_first).map(|o| &o.grant),
                ));
                self.invites.retain(|_, open| !void(open));
            }
            Act::InviteMember(invite) => {
                let open = OpenMemberInvite {
                    receive: invite.receive,
                    grant: invite.grant.clone(),
                    expires_at_ms: invite.expires_at_ms,
                    confirm_first: invite.confirm_first,
                    by: invite.by,
                    device: author,
                };
                self.invites.insert(invite.invite, open);
            }
            Act::CloseInvite(close) => {
                self.invites.remove(&close.invite);
            }
            Act::AdmitMember(admit) => self.admit(admit, tip),
            Act::KeepKeys(keep) => {
                for kept in &keep.keys {
                    let epochs = self.epochs.get_mut(&kept.class);
                    if let Some(epoch) = epochs.and_then(|epochs| epochs.last_mut()) {
                        epoch.wraps.push(kept.wrap.clone());
                    }
                }
            }
            Act::ConfirmMember(confirm) => {
                if let Some(member) = self.members.get_mut(&confirm.account) {
                    member.waiting = false;
                }
            }
            Act::ChangeGrant(change) => {
                let Some(member) = self.members.get_mut(&change.account) else { return };
                let before = std::mem::replace(&mut member.grant, change.grant.clone());
                if before.owner && !change.grant.owner {
                    self.invites.retain(|_, open| open.by != change.account);
                }
                let (had, has) = (Self::rights(&before), Self::rights(&change.grant));
                self.lose(&change.account, &change.cuts, &(&had - &has));
                self.regain(&change.account, &has, tip);
            }
            Act::RemoveMember(remove) => self.part(&remove.account, &remove.cuts),
            Act::Leave(leave) => {
                let before = self.clone();
                self.part(&leave.account, &leave.cuts);
                self.due.extend(before.read_by_account(&leave.account));
                self.due.extend(before.read_by_void_invites(self));
            }
            Act::Close => self.closed = true,
            _ => {}
        }
    }

    fn admit(&mut self, admit: &AdmitMember, tip: &dyn Fn(&DeviceId) -> u64) {
        let Some(open) = self.invites.remove(&admit.proof.invite) else { return };
        self.used.insert(admit.proof.invite);
        self.former.remove(&admit.account);
        self.regain(&admit.account, &Self::rights(&open.grant), tip);
        let invite = Some(admit.proof.invite);
        let greetings = admit.greetings.clone();
        let member = Member { grant: open.grant, waiting: open.confirm_first, invite, greetings };
        self.members.insert(admit.account, member);
    }

    fn part(&mut self, account: &AccountId, ends: &[DeviceEnd]) {
        let Some(member) = self.members.remove(account) else { return };
        self.invites.retain(|_, open| open.by != *account);
        self.lose(account, ends, &Self::rights(&member.grant));
        self.former.insert(*account, member.grant);
    }

    /// What each device of the account wrote up to its end goes on counting. A device that was cut off before has
    /// its end already; whose it is does not matter, because what is asked later is asked of an account's own.
    fn lose(&mut self, account: &AccountId, ends: &[DeviceEnd], classes: &BTreeSet<Class>) {
        if classes.is_empty() {
            return;
        }
        let cut = self.cuts.iter().map(|(device, cut)| (*device, cut.counter));
        let ends = ends.iter().map(|end| (end.device, end.cut.counter)).chain(cut);
        let devices = self.lost.entry(*account).or_default();
        for (device, after) in ends {
            let lost = devices.entry(device).or_default();
            let open = |lost: &[Lost], class| {
                lost.iter().any(|lost: &Lost| lost.class == class && lost.until.is_none())
            };
            for class in classes {
                if !open(lost, *class) {
                    lost.push(Lost { class: *class, after, until: None });
                }
            }
        }
        self.lost.retain(|_, devices| !devices.is_empty());
    }

    /// What was lost counts again from the device's next entry on.
    fn regain(
        &mut self,
        account: &AccountId,
        classes: &BTreeSet<Class>,
        tip: &dyn Fn(&DeviceId) -> u64,
    ) {
        for (device, lost) in self.lost.get_mut(account).into_iter().flatten() {
            let regained = |lost: &&mut Lost| lost.until.is_none() && classes.contains(&lost.class);
            for lost in lost.iter_mut().filter(regained) {
                lost.until = Some(tip(device).max(lost.after));
            }
        }
    }
}

fn stale_unless(good: bool) -> Checked {
    if good { Ok(()) } else { Err(NotAccepted::StaleCut) }
}
