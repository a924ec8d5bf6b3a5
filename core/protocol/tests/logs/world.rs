//! Four people with their devices, a relay, and one chart that three of them belong to. Devices sign against
//! what they had seen, which may be old; the relay takes or refuses.

use std::collections::BTreeMap;

use holdfast_protocol::checkpoint::Checkpoint;
use holdfast_protocol::entry::{Entry, Header, Kind, SeqRange};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch};
use holdfast_protocol::ids::{AccountId, Class, DeviceId, EntryHash};
use holdfast_protocol::keys::{DeviceKeys, InviteKeys};
use holdfast_protocol::membership::{
    Access, Act, AdmitDevice, DeviceCut, InviteDevice, NotAccepted, Refusal, RevokeDevice,
    SpaceState, Statement,
};
use holdfast_protocol::secret::Secret32;

use crate::logs::{
    ClassKeys, Log, NOW_MS, Seeded, found, found_chart, header, member, reader, statement,
    with_chart,
};

/// Owner, partner, therapist, and somebody who does not belong to the chart.
pub const PEOPLE: usize = 4;
/// Where the chart's log stands behind the accounts'.
pub const CHART: usize = PEOPLE;

/// What a device tries. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
pub struct Step {
    pub device: usize,
    /// What it pulls first.
    pub looks: Looks,
    pub deed: Deed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    Not,
    AtAccounts,
    AtAll,
}

#[derive(Debug, Clone)]
pub enum Deed {
    Invite { late: bool },
    RevokeInvite { which: usize },
    Join { which: usize },
    Admit,
    Revoke { whom: usize },
    Rotate,
    Cut { whom: usize },
    RotateClasses { mask: u8 },
    Write { class: usize, pack: bool },
    WriteAccount,
    Checkpoint { chart: bool },
}

pub struct Device {
    pub keys: DeviceKeys,
    pub person: usize,
    /// How many entries of each log it has seen.
    seen: [usize; PEOPLE + 1],
    counters: [u64; PEOPLE + 1],
    acknowledged: [EntryHash; PEOPLE + 1],
    /// The epoch that was current when it was admitted: with its secret it was received.
    pub handed: u32,
}

/// A class epoch of the chart, and how many epochs each account had when it was taken.
pub struct TakenEpoch {
    pub epoch: ClassEpoch,
    pub account_epochs: [u32; PEOPLE],
}

pub struct World {
    e: Seeded,
    pub devices: Vec<Device>,
    pub logs: Vec<Log>,
    /// `secrets[person][n]` is of epoch n + 1.
    pub secrets: Vec<Vec<AccountSecret>>,
    pub class_keys: ClassKeys,
    pub taken_epochs: Vec<TakenEpoch>,
    invites: Vec<(InviteKeys, usize)>,
    /// How often something of each kind was taken.
    pub taken: BTreeMap<&'static str, u32>,
    pub refused: u32,
}

/// What a statement brings with it once it is taken.
#[derive(Default)]
struct Brings {
    secret: Option<AccountSecret>,
    classes: Vec<(ClassEpoch, Secret32)>,
    device: Option<(DeviceKeys, usize)>,
    what: &'static str,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let e = &mut Seeded::new(seed);
        let founded: Vec<_> = (0..PEOPLE).map(|_| found(e)).collect();
        let (_, chart, mut class_keys) = found_chart(&founded[0], e);
        let mut taken_epochs = Vec::new();
        let chart = with_chart(&chart, |chart| {
            use Class::{Log as LogClass, Notes, Plan, Prescription, Profile};
            let partner = [(Plan, Access::Read), (LogClass, Access::Write), (Notes, Access::Write)];
            let therapist = [
                (Plan, Access::Read),
                (LogClass, Access::Read),
                (Prescription, Access::Write),
                (Profile, Access::Read),
            ];
            chart.members.insert(founded[1].id(), member(&partner));
            chart.members.insert(founded[2].id(), member(&therapist));
            for class in Class::CHART {
                let readers: Vec<_> = chart
                    .readers(class)
                    .map(|a| reader(&founded.iter().find(|f| f.id() == a).unwrap().state))
                    .collect();
                let key = Secret32::random(e);
                let epoch = ClassEpoch::create(class, 1, &key, None, &readers, e).unwrap();
                class_keys.insert((class, 1), key);
                chart.epochs.insert(class, vec![epoch.clone()]);
                taken_epochs.push(TakenEpoch { epoch, account_epochs: [1; PEOPLE] });
            }
        });
        let mut devices = Vec::new();
        let mut logs = Vec::new();
        let mut secrets = Vec::new();
        for (person, founded) in founded.into_iter().enumerate() {
            for keys in [&founded.phone, &founded.paper] {
                let mut device = Device::new(keys.clone(), person, 1);
                if keys.id() == founded.phone.id() {
                    device.counters[person] = 1;
                    device.acknowledged[person] = founded.genesis.hash();
                    if person == 0 {
                        device.counters[CHART] = 1;
                        device.acknowledged[CHART] = chart.tip(&keys.id()).entry;
                    }
                }
                devices.push(device);
            }
            logs.push(Log { entries: vec![], states: vec![founded.state] });
            secrets.push(vec![founded.secret]);
        }
        logs.push(Log { entries: vec![], states: vec![chart] });
        Self {
            e: Seeded::new(seed ^ 1),
            devices,
            logs,
            secrets,
            class_keys,
            taken_epochs,
            invites: Vec::new(),
            taken: BTreeMap::new(),
            refused: 0,
        }
    }

    /// The accounts as the relay knows them now.
    pub fn accounts(&self) -> BTreeMap<AccountId, SpaceState> {
        self.logs[..PEOPLE].iter().map(|log| (log.state().space(), log.state().clone())).collect()
    }

    pub fn account(&self, person: usize) -> AccountId {
        self.logs[person].state().space()
    }

    fn person_of(&self, account: &AccountId) -> usize {
        (0..PEOPLE).find(|p| self.account(*p) == *account).unwrap()
    }

    fn view(&self, device: usize, log: usize) -> SpaceState {
        self.logs[log].states[self.devices[device].seen[log]].clone()
    }

    pub fn take(&mut self, step: &Step) {
        let device = step.device % self.devices.len();
        let pulled = match step.looks {
            Looks::Not => 0..0,
            Looks::AtAccounts => 0..CHART,
            Looks::AtAll => 0..CHART + 1,
        };
        pulled.for_each(|log| self.devices[device].seen[log] = self.logs[log].entries.len());
        let person = self.devices[device].person;
        let keys = self.devices[device].keys.clone();
        let view = self.view(device, person);
        match &step.deed {
            Deed::Invite { late } => {
                let invite = InviteKeys::from_secret(&Secret32::random(&mut self.e));
                let act = Act::InviteDevice(InviteDevice {
                    invite: invite.id(),
                    receive: invite.receive().public(),
                    expires_at_ms: if *late { NOW_MS } else { NOW_MS + 1 },
                });
                self.invites.push((invite, person));
                self.say(device, person, act, Brings { what: "invite", ..Brings::default() });
            }
            Deed::RevokeInvite { which } => {
                let open = self.open_invite(Some(person));
                let known = open.or_else(|| Some(which % self.invites.len().max(1)));
                if let Some((invite, _)) = known.and_then(|n| self.invites.get(n)) {
                    let act = Act::RevokeInvite(invite.id());
                    let brings = Brings { what: "revoke invite", ..Brings::default() };
                    self.say(device, person, act, brings);
                }
            }
            Deed::Join { which } => {
                if self.invites.is_empty() {
                    return;
                }
                let open = self.open_invite(None).filter(|_| which % 4 != 0);
                let which = open.unwrap_or(which % self.invites.len());
                let of = self.invites[which].1;
                let new = DeviceKeys::generate(&mut self.e);
                let invite = &self.invites[which].0;
                let act = Act::AdmitDevice(AdmitDevice::by_invite(&new, invite, self.account(of)));
                let entry = statement(self.logs[of].state(), act, &new);
                let brings = Brings { device: Some((new, of)), what: "join", ..Brings::default() };
                self.push(None, of, entry, brings);
            }
            Deed::Admit => {
                let new = DeviceKeys::generate(&mut self.e);
                let act = Act::AdmitDevice(AdmitDevice::by_consent(&new, self.account(person)));
                let brings =
                    Brings { device: Some((new, person)), what: "admit", ..Brings::default() };
                self.say(device, person, act, brings);
            }
            Deed::Revoke { whom } => {
                let gone = self.device_of(person, *whom);
                let (epoch, brings) = self.account_epoch(&view, person, Some(gone), "revoke");
                let cut = view.tip(&gone);
                let act = Act::RevokeDevice(RevokeDevice { device: gone, cut, epoch });
                self.say(device, person, act, brings);
            }
            Deed::Rotate => {
                let (epoch, brings) = self.account_epoch(&view, person, None, "rotate");
                self.say(device, person, Act::RotateAccount(epoch), brings);
            }
            Deed::Cut { whom } => {
                let chart = self.view(device, CHART);
                let gone = self.uncut(person).unwrap_or_else(|| self.device_of(person, *whom));
                let account = self.account(person);
                let reads: Vec<_> = Class::CHART
                    .into_iter()
                    .filter(|c| chart.as_chart().unwrap().may_read(&account, *c))
                    .collect();
                let brings = self.class_epochs(device, &chart, &reads, "cut");
                let epochs = brings.classes.iter().map(|(epoch, _)| epoch.clone()).collect();
                let cut = chart.tip(&gone);
                let act = Act::DeviceCut(DeviceCut { device: gone, cut, epochs });
                self.say(device, CHART, act, brings);
            }
            Deed::RotateClasses { mask } => {
                let chart = self.view(device, CHART);
                let classes: Vec<_> =
                    (0..5).filter(|n| mask >> n & 1 == 1).map(|n| Class::CHART[n]).collect();
                let brings = self.class_epochs(device, &chart, &classes, "rotate classes");
                let epochs = brings.classes.iter().map(|(epoch, _)| epoch.clone()).collect();
                self.say(device, CHART, Act::RotateClasses(epochs), brings);
            }
            Deed::Write { class, pack } => {
                let class = [Class::CHART.as_slice(), &[Class::Account]].concat()[class % 6];
                self.write(device, CHART, class, *pack);
            }
            Deed::WriteAccount => self.write(device, person, Class::Account, false),
            Deed::Checkpoint { chart } => {
                let log = if *chart { CHART } else { person };
                let state = self.view(device, log);
                let checkpoint = Checkpoint {
                    at: state.head(),
                    membership: state.membership_head(),
                    live_root: [0; 32],
                    live_count: 0,
                    tips: state.checkpoint_tips(),
                };
                let head = header(state.space(), Class::Membership, Kind::Checkpoint, 0);
                let head = self.placed(device, log, head);
                let entry = Entry::sign(head, checkpoint.to_bytes(), &keys);
                let brings = Brings { what: "checkpoint", ..Brings::default() };
                self.push(Some(device), log, entry, brings);
            }
        }
    }

    fn device_of(&self, person: usize, number: usize) -> DeviceId {
        let own: Vec<_> = self.devices.iter().filter(|d| d.person == person).collect();
        own[number % own.len()].keys.id()
    }

    /// An invite, of this person if one is named, that is open and not late.
    fn open_invite(&self, person: Option<usize>) -> Option<usize> {
        self.invites.iter().position(|(invite, of)| {
            let account = self.logs[*of].state().as_account().unwrap();
            let open = account.invites.get(&invite.id());
            person.is_none_or(|person| person == *of)
                && open.is_some_and(|open| open.expires_at_ms > NOW_MS)
        })
    }

    /// A device that its account has revoked and the chart has not cut yet.
    fn uncut(&self, person: usize) -> Option<DeviceId> {
        let account = self.logs[person].state().as_account().unwrap();
        let cuts = &self.logs[CHART].state().as_chart().unwrap().cuts;
        let mut revoked = account.devices.iter().filter(|(_, d)| d.revoked.is_some());
        revoked.find(|(id, _)| !cuts.contains_key(id)).map(|(id, _)| *id)
    }

    fn placed(&mut self, device: usize, log: usize, header: Header) -> Header {
        let seen = self.view(device, log).head();
        let device = &mut self.devices[device];
        device.counters[log] += 1;
        Header { counter: device.counters[log], prev: device.acknowledged[log], seen, ..header }
    }

    fn write(&mut self, device: usize, log: usize, class: Class, pack: bool) {
        let state = self.view(device, log);
        let kind = if pack { Kind::Pack } else { Kind::Change };
        let head = header(state.space(), class, kind, state.epoch(class));
        let mut head = self.placed(device, log, head);
        if pack {
            head.covers = SeqRange::from_sorted([state.head().seq]);
        }
        let entry = Entry::sign(head, vec![0; 512], &self.devices[device].keys);
        let what = if pack { "pack" } else { "change" };
        self.push(Some(device), log, entry, Brings { what, ..Brings::default() });
    }

    fn account_epoch(
        &mut self,
        view: &SpaceState,
        person: usize,
        leaving: Option<DeviceId>,
        what: &'static str,
    ) -> (AccountEpoch, Brings) {
        let state = view.as_account().unwrap();
        let staying: Vec<_> =
            state.active().filter(|d| Some(d.device) != leaving).cloned().collect();
        let next = AccountSecret(Secret32::random(&mut self.e));
        let number = state.epoch().number;
        let old = self.secrets[person][number as usize - 1].clone();
        let e = &mut self.e;
        let epoch = AccountEpoch::create(number + 1, &next, Some(&old), &staying, e).unwrap();
        (epoch, Brings { secret: Some(next), what, ..Brings::default() })
    }

    fn class_epochs(
        &mut self,
        device: usize,
        chart: &SpaceState,
        classes: &[Class],
        what: &'static str,
    ) -> Brings {
        let mut brings = Brings { what, ..Brings::default() };
        for class in classes {
            let readers: Vec<_> = chart
                .as_chart()
                .unwrap()
                .readers(*class)
                .map(|account| reader(&self.view(device, self.person_of(&account))))
                .collect();
            let number = chart.epoch(*class);
            let old = self.class_keys[&(*class, number)].clone();
            let next = Secret32::random(&mut self.e);
            let e = &mut self.e;
            let epoch =
                ClassEpoch::create(*class, number + 1, &next, Some(&old), &readers, e).unwrap();
            brings.classes.push((epoch, next));
        }
        brings
    }

    fn say(&mut self, device: usize, log: usize, act: Act, brings: Brings) {
        let view = self.view(device, log);
        let entry = statement(&view, act, &self.devices[device].keys);
        // Its place is the device's own, not what it had seen of itself.
        let head = self.placed(device, log, entry.header().clone());
        let entry = Entry::sign(head, entry.body().to_vec(), &self.devices[device].keys);
        self.push(Some(device), log, entry, brings);
    }

    /// The relay judges; what it takes, a member takes too, and what it refuses, a member refuses for the same
    /// reason, unless the relay alone can know it.
    fn push(&mut self, device: Option<usize>, log: usize, entry: Entry, brings: Brings) {
        let entry = Entry::from_bytes(&entry.to_bytes()).unwrap();
        let accounts = self.accounts();
        let state = self.logs[log].state();
        let excused = |why| only_the_relay_knows(why, &entry, state, &accounts);
        let Ok(accepted) = self.logs[log].judge(&entry, &accounts, excused) else {
            self.refused += 1;
            return;
        };
        *self.taken.entry(brings.what).or_default() += 1;
        if let Some(device) = device {
            self.devices[device].acknowledged[log] = entry.hash();
        }
        if let Some((keys, person)) = brings.device {
            let handed = self.logs[person].state().as_account().unwrap().epoch().number;
            let mut new = Device::new(keys, person, handed);
            if device.is_none() {
                new.counters[log] = entry.header().counter;
                new.acknowledged[log] = entry.hash();
            }
            self.devices.push(new);
        }
        if let Some(secret) = brings.secret {
            self.secrets[log].push(secret);
        }
        let account_epochs = std::array::from_fn(|person| {
            self.logs[person].state().as_account().unwrap().epoch().number
        });
        for (epoch, key) in brings.classes {
            self.class_keys.insert((epoch.class, epoch.number), key);
            self.taken_epochs.push(TakenEpoch { epoch, account_epochs });
        }
        self.logs[log].append(entry, &accepted);
    }
}

impl Device {
    fn new(keys: DeviceKeys, person: usize, handed: u32) -> Self {
        Self {
            keys,
            person,
            seen: [0; PEOPLE + 1],
            counters: [0; PEOPLE + 1],
            acknowledged: [EntryHash::ZERO; PEOPLE + 1],
            handed,
        }
    }
}

/// The clock, the order between two logs, and how current a wrap is.
fn only_the_relay_knows(
    why: NotAccepted,
    entry: &Entry,
    state: &SpaceState,
    accounts: &BTreeMap<AccountId, SpaceState>,
) -> bool {
    let act = Statement::from_bytes(entry.body()).map(|s| s.act);
    match why {
        NotAccepted::StaleWrap => true,
        NotAccepted::Never(Refusal::InviteGone) => {
            matches!(act, Ok(Act::AdmitDevice(admit)) if admit.proof.is_some())
        }
        NotAccepted::Never(Refusal::Revoked) => {
            state.as_chart().is_some_and(|c| !c.cuts.contains_key(&entry.header().author))
        }
        NotAccepted::Never(Refusal::BadStatement) => match act {
            Ok(Act::DeviceCut(cut)) => {
                accounts.values().any(|a| a.as_account().unwrap().is_active(&cut.device))
            }
            _ => false,
        },
        _ => false,
    }
}
