//! Five people with two devices each, a relay, and one chart that they come into and go from. Several of them may
//! own it. Devices sign against what they had seen, which may be old; the relay takes or refuses.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::entry::{Entry, Header};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch};
use holdfast_protocol::ids::{AccountId, Class, DeviceId, EntryHash};
use holdfast_protocol::keys::{DeviceKeys, InviteKeys};
use holdfast_protocol::membership::{
    Access, Act, AdmitDevice, ChartState, Grant, NotAccepted, Refusal, Role, SpaceState,
};
use holdfast_protocol::secret::Secret32;

use crate::logs::{ClassKeys, Log, NOW_MS, Seeded, found, found_chart, reader, statement};

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
    pub invites: Vec<InviteKeys>,
    pub taken: BTreeMap<&'static str, u32>,
    pub refused: u32,
}

/// What a statement brings with it once it is taken.
#[derive(Default)]
pub struct Brings {
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

    pub fn view(&self, device: usize, log: usize) -> SpaceState {
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

    pub fn placed(&mut self, device: usize, log: usize, header: Header) -> Header {
        let seen = self.view(device, log).head();
        let device = &mut self.devices[device];
        device.counters[log] += 1;
        Header { counter: device.counters[log], prev: device.acknowledged[log], seen, ..header }
    }

    pub fn account_epoch(
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

    pub fn epochs(
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

    pub fn say(
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
    pub fn push(
        &mut self,
        device: usize,
        log: usize,
        entry: Entry,
        brings: Brings,
        what: &'static str,
    ) -> bool {
        let entry = Entry::from_bytes(&entry.to_bytes()).unwrap();
        let accounts = self.accounts();
        let Ok(accepted) = self.logs[log].judge(&entry, &accounts, only_the_relay_knows) else {
            self.refused += 1;
            return false;
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
    pub fn epochs(&self) -> Vec<ClassEpoch> {
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
