//! Five people with two devices each, a relay, and one chart that they come into and go from. Several of them may
//! own it. Devices sign against what they had seen, which may be old; the relay takes or refuses.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::checkpoint::Checkpoint;
use holdfast_protocol::entry::{Entry, Header, Kind, SeqRange};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch};
use holdfast_protocol::ids::{AccountId, Class, DeviceId, EntryHash};
use holdfast_protocol::keys::{DeviceKeys, InviteKeys};
use holdfast_protocol::membership::{
    Access, Act, AdmitDevice, AdmitMember, ChangeGrant, ChartState, CloseInvite, ConfirmMember,
    DeviceCut, DeviceEnd, Grant, InviteMember, Judge, KeepKeys, KeptKey, Leave, MemberProof,
    NotAccepted, Refusal, RemoveMember, RevokeDevice, Role, SpaceState,
};
use holdfast_protocol::secret::Secret32;

use crate::logs::{
    ClassKeys, Log, NOW_MS, RELAY, Seeded, found, found_chart, header, reader, statement,
};

pub const PEOPLE: usize = 5;
/// Where the chart's log stands behind the accounts'.
pub const CHART: usize = PEOPLE;

/// What a device tries. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
pub struct Step {
    pub device: usize,
    /// Whether it pulls first.
    pub looks: bool,
    pub deed: Deed,
}

#[derive(Debug, Clone)]
pub enum Deed {
    Invite { grant: usize, confirm: bool, late: bool },
    CloseInvite { which: usize },
    Join { which: usize },
    Keep,
    Confirm { whom: usize },
    Change { whom: usize, grant: usize },
    Remove { whom: usize },
    Leave,
    Close,
    Rotate { mask: u8 },
    Write { class: usize, pack: bool },
    Checkpoint,
    RotateAccount,
    RevokeOther,
    CutOther,
}

pub struct Device {
    pub keys: DeviceKeys,
    pub person: usize,
    seen: [usize; PEOPLE + 1],
    counters: [u64; PEOPLE + 1],
    acknowledged: [EntryHash; PEOPLE + 1],
}

/// A class epoch of the chart, and who read the class when it was taken.
pub struct TakenEpoch {
    pub epoch: ClassEpoch,
    pub readers: BTreeSet<usize>,
}

pub struct Company {
    pub e: Seeded,
    pub devices: Vec<Device>,
    pub logs: Vec<Log>,
    /// `secrets[person][n]` is of epoch n + 1.
    pub secrets: Vec<Vec<AccountSecret>>,
    pub class_keys: ClassKeys,
    pub taken_epochs: Vec<TakenEpoch>,
    /// Who was handed which key with an invite.
    pub handed: Vec<(usize, Class, u32)>,
    invites: Vec<InviteKeys>,
    pub taken: BTreeMap<&'static str, u32>,
    pub refused: u32,
}

/// What a statement brings with it once it is taken.
#[derive(Default)]
struct Brings {
    secret: Option<AccountSecret>,
    classes: Vec<(ClassEpoch, Secret32)>,
}

pub fn grants() -> Vec<Grant> {
    let mut notes = Grant::preset(Role::Therapist);
    notes.classes.insert(Class::Notes, Access::Write);
    let mut looking = Grant::preset(Role::Partner);
    looking.classes.insert(Class::Log, Access::Read);
    let over = Grant { until_ms: Some(NOW_MS), ..Grant::preset(Role::Viewer) };
    let mut all = Role::ALL.map(Grant::preset).to_vec();
    all.extend([Grant::preset(Role::Owner), notes, looking, over]);
    all
}

impl Company {
    pub fn new(seed: u64) -> Self {
        let e = &mut Seeded::new(seed);
        let founded: Vec<_> = (0..PEOPLE).map(|_| found(e)).collect();
        let (_, chart, class_keys) = found_chart(&founded[0], e);
        let owner = BTreeSet::from([0]);
        let first = |epochs: &Vec<ClassEpoch>| TakenEpoch {
            epoch: epochs[0].clone(),
            readers: owner.clone(),
        };
        let taken_epochs = chart.as_chart().unwrap().epochs.values().map(first).collect();
        let (mut devices, mut logs, mut secrets) = (Vec::new(), Vec::new(), Vec::new());
        for (person, founded) in founded.into_iter().enumerate() {
            let mut phone = Device::new(founded.phone.clone(), person);
            phone.counters[person] = 1;
            if person == 0 {
                phone.counters[CHART] = 1;
                phone.acknowledged[CHART] = chart.tip(&phone.keys.id()).entry;
            }
            phone.acknowledged[person] = founded.genesis.hash();
            devices.extend([phone, Device::new(DeviceKeys::generate(e), person)]);
            logs.push(Log { entries: vec![], states: vec![founded.state] });
            secrets.push(vec![founded.secret]);
        }
        logs.push(Log { entries: vec![], states: vec![chart] });
        let mut company = Self {
            e: Seeded::new(seed ^ 1),
            devices,
            logs,
            secrets,
            class_keys,
            taken_epochs,
            handed: Vec::new(),
            invites: Vec::new(),
            taken: BTreeMap::new(),
            refused: 0,
        };
        for person in 0..PEOPLE {
            let tablet = company.devices[2 * person + 1].keys.clone();
            let act = Act::AdmitDevice(AdmitDevice::by_consent(&tablet, company.account(person)));
            assert!(company.say(2 * person, person, act, Brings::default(), "admit"));
        }
        company
    }

    pub fn accounts(&self) -> BTreeMap<AccountId, SpaceState> {
        self.logs[..PEOPLE].iter().map(|log| (log.state().space(), log.state().clone())).collect()
    }

    pub fn account(&self, person: usize) -> AccountId {
        self.logs[person].state().space()
    }

    pub fn person_of(&self, account: &AccountId) -> usize {
        (0..PEOPLE).find(|p| self.account(*p) == *account).unwrap()
    }

    pub fn chart(&self) -> &ChartState {
        self.logs[CHART].state().as_chart().unwrap()
    }

    fn view(&self, device: usize, log: usize) -> SpaceState {
        self.logs[log].states[self.devices[device].seen[log]].clone()
    }

    pub fn look(&mut self, device: usize) {
        for log in 0..=CHART {
            self.devices[device].seen[log] = self.logs[log].entries.len();
        }
    }

    pub fn take(&mut self, step: &Step) {
        let fitting = self.fitting(&step.deed);
        let device = match step.device.checked_rem(fitting.len()) {
            // Now and then anybody tries.
            Some(n) if !step.device.is_multiple_of(5) => fitting[n],
            _ => step.device % self.devices.len(),
        };
        if step.looks {
            self.look(device);
        }
        self.try_deed(device, &step.deed);
    }

    /// The devices from which something may come to be.
    fn fitting(&self, deed: &Deed) -> Vec<usize> {
        let chart = self.chart();
        let fits = |device: &usize| {
            let person = self.devices[*device].person;
            let account = self.account(person);
            let gone = self.logs[person].state().as_account().unwrap();
            let member = chart.members.contains_key(&account);
            let keyless = |class| {
                let epoch = chart.epochs[&class].last().unwrap();
                chart.may_read(&account, class) && epoch.wraps.iter().all(|w| w.account != account)
            };
            let other = self.devices[*device ^ 1].keys.id();
            gone.is_active(&self.devices[*device].keys.id())
                && match deed {
                    Deed::Join { .. } => !member,
                    Deed::Keep => Class::CHART.into_iter().any(keyless),
                    Deed::Write { .. } | Deed::Leave => member,
                    Deed::CutOther => {
                        member && !gone.is_active(&other) && !chart.cuts.contains_key(&other)
                    }
                    Deed::RotateAccount | Deed::RevokeOther => true,
                    _ => chart.is_owner(&account),
                }
        };
        (0..self.devices.len()).filter(fits).collect()
    }

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
        let act = Act::AdmitMember(AdmitMember { account, account_membership, proof });
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

    fn placed(&mut self, device: usize, log: usize, header: Header) -> Header {
        let seen = self.view(device, log).head();
        let device = &mut self.devices[device];
        device.counters[log] += 1;
        Header { counter: device.counters[log], prev: device.acknowledged[log], seen, ..header }
    }

    fn account_epoch(
        &mut self,
        device: usize,
        leaving: Option<DeviceId>,
    ) -> (AccountEpoch, Brings) {
        let person = self.devices[device].person;
        let view = self.view(device, person);
        let state = view.as_account().unwrap();
        let staying: Vec<_> =
            state.active().filter(|d| Some(d.device) != leaving).cloned().collect();
        let next = AccountSecret(Secret32::random(&mut self.e));
        let number = state.epoch().number;
        let old = self.secrets[person][number as usize - 1].clone();
        let e = &mut self.e;
        let epoch = AccountEpoch::create(number + 1, &next, Some(&old), &staying, e).unwrap();
        (epoch, Brings { secret: Some(next), ..Brings::default() })
    }

    fn epochs(
        &mut self,
        device: usize,
        seen: &SpaceState,
        classes: &[Class],
        reads: impl Fn(&AccountId, Class) -> bool,
    ) -> Brings {
        let members: Vec<_> = seen.as_chart().unwrap().members.keys().copied().collect();
        let mut brings = Brings::default();
        for class in classes {
            let readers: Vec<_> = members
                .iter()
                .filter(|account| reads(account, *class))
                .map(|account| reader(&self.view(device, self.person_of(account))))
                .collect();
            let number = seen.epoch(*class);
            let old = self.class_keys[&(*class, number)].clone();
            let next = Secret32::random(&mut self.e);
            let e = &mut self.e;
            let epoch =
                ClassEpoch::create(*class, number + 1, &next, Some(&old), &readers, e).unwrap();
            brings.classes.push((epoch, next));
        }
        brings
    }

    fn say(
        &mut self,
        device: usize,
        log: usize,
        act: Act,
        brings: Brings,
        what: &'static str,
    ) -> bool {
        let view = self.view(device, log);
        let entry = statement(&view, act, &self.devices[device].keys);
        let head = self.placed(device, log, entry.header().clone());
        let entry = Entry::sign(head, entry.body().to_vec(), &self.devices[device].keys);
        self.push(device, log, entry, brings, what)
    }

    /// The relay judges; what it takes, a member takes too, and what it refuses, a member refuses for the same
    /// reason, unless the relay alone can know it.
    fn push(
        &mut self,
        device: usize,
        log: usize,
        entry: Entry,
        brings: Brings,
        what: &'static str,
    ) -> bool {
        let entry = Entry::from_bytes(&entry.to_bytes()).unwrap();
        let accounts = self.accounts();
        let state = self.logs[log].state();
        let verdict = state.check(&entry, &accounts, RELAY);
        let member = state.check(&entry, &accounts, Judge::Member);
        let accepted = match verdict {
            Ok(accepted) => {
                assert_eq!(member, Ok(accepted.clone()));
                accepted
            }
            Err(why) => {
                assert!(
                    member == Err(why) || only_the_relay_knows(why),
                    "{what}: the relay says {why:?}, a member {member:?}"
                );
                self.refused += 1;
                return false;
            }
        };
        *self.taken.entry(what).or_default() += 1;
        self.devices[device].acknowledged[log] = entry.hash();
        if let Some(secret) = brings.secret {
            self.secrets[log].push(secret);
        }
        self.logs[log].append(entry, &accepted);
        for (epoch, key) in brings.classes {
            let readers = self.chart().readers(epoch.class).map(|a| self.person_of(&a)).collect();
            self.class_keys.insert((epoch.class, epoch.number), key);
            self.taken_epochs.push(TakenEpoch { epoch, readers });
        }
        true
    }
}

impl Brings {
    fn epochs(&self) -> Vec<ClassEpoch> {
        self.classes.iter().map(|(epoch, _)| epoch.clone()).collect()
    }
}

impl Device {
    fn new(keys: DeviceKeys, person: usize) -> Self {
        Self {
            keys,
            person,
            seen: [0; PEOPLE + 1],
            counters: [0; PEOPLE + 1],
            acknowledged: [EntryHash::ZERO; PEOPLE + 1],
        }
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

/// The clock, the order between two logs, and how current a wrap is.
fn only_the_relay_knows(why: NotAccepted) -> bool {
    matches!(
        why,
        NotAccepted::StaleWrap
            | NotAccepted::Never(
                Refusal::InviteGone
                    | Refusal::Revoked
                    | Refusal::GrantEnded
                    // A cut of a device that the account has not revoked.
                    | Refusal::BadStatement
            )
    )
}
