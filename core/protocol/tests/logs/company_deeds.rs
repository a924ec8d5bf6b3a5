//! What the people of a company try, as an honest device would, from what it had seen.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::checkpoint::Checkpoint;
use holdfast_protocol::entry::{Entry, Kind, SeqRange};
use holdfast_protocol::ids::{AccountId, Class, DeviceId};
use holdfast_protocol::keys::InviteKeys;
use holdfast_protocol::membership::{
    Act, AdmitMember, ChangeGrant, ChartState, CloseInvite, ConfirmMember, DeviceCut, DeviceEnd,
    InviteMember, KeepKeys, KeptKey, Leave, MemberProof, RemoveMember, RevokeDevice, SpaceState,
};
use holdfast_protocol::secret::Secret32;

use crate::company::{Brings, CHART, Company, Deed, grants};
use crate::logs::{NOW_MS, header, reader};

impl Company {
    /// Tries something; says whether the relay took it.
    pub fn try_deed(&mut self, device: usize, deed: &Deed) -> bool {
        let person = self.devices[device].person;
        let own = self.account(person);
        let seen = self.view(device, CHART);
        let chart = seen.as_chart().unwrap().clone();
        let reads = |who: &AccountId, class: Class| chart.may_read(who, class);
        match deed {
            Deed::Invite { grant, confirm, late } => {
                let invite = InviteKeys::from_secret(&Secret32::random(&mut self.e));
                let act = Act::InviteMember(InviteMember {
                    invite: invite.id(),
                    receive: invite.receive().public(),
                    grant: grants()[grant % grants().len()].clone(),
                    expires_at_ms: if *late { NOW_MS } else { NOW_MS + 1 },
                    confirm_first: *confirm,
                    by: own,
                });
                self.invites.push(invite);
                self.say(device, CHART, act, Brings::default(), "invite")
            }
            Deed::CloseInvite { which } => {
                let Some((invite, open)) = nth(&chart.invites, *which) else { return false };
                let classes: Vec<_> = Class::CHART.into_iter().filter(|c| open.reads(*c)).collect();
                let brings = self.epochs(device, &seen, &classes, reads);
                let act = Act::CloseInvite(CloseInvite { invite, epochs: brings.epochs() });
                self.say(device, CHART, act, brings, "close invite")
            }
            Deed::Join { which } => self.join(device, *which, &seen),
            Deed::Keep => {
                let mine = reader(&self.view(device, person));
                let keys: Vec<_> = Class::CHART
                    .into_iter()
                    .filter(|class| chart.may_read(&own, *class))
                    .filter_map(|class| {
                        let epoch = chart.epochs[&class].last().unwrap();
                        let missing = epoch.wraps.iter().all(|wrap| wrap.account != own);
                        let key = &self.class_keys[&(class, epoch.number)];
                        let wrap = epoch.wrap_for(key, &mine, &mut self.e).unwrap();
                        missing.then_some(KeptKey { class, epoch: epoch.number, wrap })
                    })
                    .collect();
                let act = Act::KeepKeys(KeepKeys { keys });
                self.say(device, CHART, act, Brings::default(), "keep keys")
            }
            Deed::Confirm { whom } => {
                let waiting: BTreeMap<_, _> = chart
                    .members
                    .iter()
                    .filter(|(_, m)| m.waiting)
                    .map(|(a, m)| (*a, m.clone()))
                    .collect();
                let Some((account, member)) = nth(&waiting, *whom) else { return false };
                let classes: Vec<_> = member.grant.classes.keys().copied().collect();
                let brings = self.epochs(device, &seen, &classes, |who, class| {
                    if *who == account { member.grant.reads(class) } else { reads(who, class) }
                });
                let epochs = brings.epochs();
                let act = Act::ConfirmMember(ConfirmMember { account, epochs });
                self.say(device, CHART, act, brings, "confirm")
            }
            Deed::Change { whom, grant } => {
                let Some((account, member)) = nth(&chart.members, *whom) else { return false };
                let grant = grants()[grant % grants().len()].clone();
                let then = |class| !member.waiting && grant.reads(class);
                let void = if grant.owner { None } else { Some(account) };
                let of_void = read_by_invites(&chart, |by, _| Some(by) == void);
                let classes: Vec<_> = Class::CHART
                    .into_iter()
                    .filter(|c| reads(&account, *c) != then(*c) || of_void.contains(c))
                    .collect();
                let brings = self.epochs(device, &seen, &classes, |who, class| {
                    if *who == account { then(class) } else { reads(who, class) }
                });
                let reduces = grant.reduces(&member.grant);
                let cuts = if reduces { self.ends(device, &seen, &account) } else { vec![] };
                let epochs = brings.epochs();
                let act =
                    Act::ChangeGrant(ChangeGrant { account, grant: grant.clone(), cuts, epochs });
                self.say(device, CHART, act, brings, if reduces { "narrow" } else { "widen" })
            }
            Deed::Remove { whom } => {
                let Some((account, _)) = nth(&chart.members, *whom) else { return false };
                let of_void = read_by_invites(&chart, |by, _| by == account);
                let classes: Vec<_> = Class::CHART
                    .into_iter()
                    .filter(|c| reads(&account, *c) || of_void.contains(c))
                    .collect();
                let brings = self.epochs(device, &seen, &classes, |who, class| {
                    *who != account && reads(who, class)
                });
                let (cuts, epochs) = (self.ends(device, &seen, &account), brings.epochs());
                let act = Act::RemoveMember(RemoveMember { account, cuts, epochs });
                self.say(device, CHART, act, brings, "remove")
            }
            Deed::Leave => {
                let cuts = self.ends(device, &seen, &own);
                let act = Act::Leave(Leave { account: own, cuts });
                self.say(device, CHART, act, Brings::default(), "leave")
            }
            Deed::Close => self.say(device, CHART, Act::Close, Brings::default(), "close"),
            Deed::Rotate { mask } => {
                let classes: Vec<_> =
                    (0..5).filter(|n| mask >> n & 1 == 1).map(|n| Class::CHART[n]).collect();
                let brings = self.epochs(device, &seen, &classes, reads);
                let act = Act::RotateClasses(brings.epochs());
                self.say(device, CHART, act, brings, "rotate classes")
            }
            Deed::Write { class, pack } => {
                let class = Class::CHART[class % 5];
                let kind = if *pack { Kind::Pack } else { Kind::Change };
                let head = header(seen.space(), class, kind, seen.epoch(class));
                let mut head = self.placed(device, CHART, head);
                if *pack {
                    head.covers = SeqRange::from_sorted([seen.head().seq]);
                }
                let entry = Entry::sign(head, vec![0; 512], &self.devices[device].keys);
                self.push(
                    device,
                    CHART,
                    entry,
                    Brings::default(),
                    if *pack { "pack" } else { "change" },
                )
            }
            Deed::Checkpoint => {
                let checkpoint = Checkpoint {
                    at: seen.head(),
                    membership: seen.membership_head(),
                    live_root: [0; 32],
                    live_count: 0,
                    tips: seen.checkpoint_tips(),
                };
                let head = header(seen.space(), Class::Membership, Kind::Checkpoint, 0);
                let head = self.placed(device, CHART, head);
                let entry = Entry::sign(head, checkpoint.to_bytes(), &self.devices[device].keys);
                self.push(device, CHART, entry, Brings::default(), "checkpoint")
            }
            Deed::RotateAccount => {
                let (epoch, brings) = self.account_epoch(device, None);
                self.say(device, person, Act::RotateAccount(epoch), brings, "rotate account")
            }
            Deed::RevokeOther => {
                let gone = self.devices[device ^ 1].keys.id();
                let cut = self.view(device, person).tip(&gone);
                let (epoch, brings) = self.account_epoch(device, Some(gone));
                let act = Act::RevokeDevice(RevokeDevice { device: gone, cut, epoch });
                self.say(device, person, act, brings, "revoke")
            }
            Deed::CutOther => {
                let gone = self.devices[device ^ 1].keys.id();
                let classes: Vec<_> =
                    Class::CHART.into_iter().filter(|c| reads(&own, *c)).collect();
                let brings = self.epochs(device, &seen, &classes, reads);
                let (cut, epochs) = (seen.tip(&gone), brings.epochs());
                let act = Act::DeviceCut(DeviceCut { device: gone, cut, epochs });
                self.say(device, CHART, act, brings, "cut")
            }
        }
    }

    fn join(&mut self, device: usize, which: usize, seen: &SpaceState) -> bool {
        if self.invites.is_empty() {
            return false;
        }
        // Mostly one that is open; now and then any that there ever was.
        let open = &self.logs[CHART].state().as_chart().unwrap().invites;
        let any = |n: usize| self.invites[n % self.invites.len()].clone();
        let is_open = |invite: &&InviteKeys| open.contains_key(&invite.id());
        let found = self.invites.iter().filter(is_open).cycle().nth(which % 16).cloned();
        let invite = found.filter(|_| !which.is_multiple_of(7)).unwrap_or_else(|| any(which));
        let person = self.devices[device].person;
        let keys = self.devices[device].keys.clone();
        let account = self.account(person);
        let proof = MemberProof::sign(&invite, seen.space(), account, keys.id());
        let account_membership = self.view(device, person).membership_head();
        let act =
            Act::AdmitMember(AdmitMember { account, account_membership, proof, greetings: None });
        let gives: Vec<_> = open
            .get(&invite.id())
            .map(|open| Class::CHART.into_iter().filter(|class| open.reads(*class)).collect())
            .unwrap_or_default();
        let joined = self.say(device, CHART, act, Brings::default(), "join");
        if joined {
            let state = self.logs[CHART].state();
            let handed: Vec<_> = gives.iter().map(|c| (person, *c, state.epoch(*c))).collect();
            self.handed.extend(handed);
        }
        joined
    }

    fn ends(&self, device: usize, seen: &SpaceState, account: &AccountId) -> Vec<DeviceEnd> {
        let known = self.view(device, self.person_of(account));
        let known = known.as_account().unwrap();
        let cuts = &seen.as_chart().unwrap().cuts;
        let own =
            |device: &&DeviceId| known.devices.contains_key(device) && !cuts.contains_key(device);
        let authors = seen.authors().keys().filter(own);
        authors.map(|device| DeviceEnd { device: *device, cut: seen.tip(device) }).collect()
    }
}

fn nth<K: Copy + Ord, V: Clone>(of: &BTreeMap<K, V>, n: usize) -> Option<(K, V)> {
    let n = n.checked_rem(of.len())?;
    of.iter().nth(n).map(|(k, v)| (*k, v.clone()))
}

/// The classes whose keys are wrapped for open invites of these makers.
fn read_by_invites(
    chart: &ChartState,
    made: impl Fn(AccountId, DeviceId) -> bool,
) -> BTreeSet<Class> {
    let void = chart.invites.values().filter(|open| made(open.by, open.device));
    void.flat_map(|open| Class::CHART.into_iter().filter(|class| open.reads(*class))).collect()
}
