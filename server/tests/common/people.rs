//! People who share charts over a relay, each with an account, a device and the keys they were given. They judge
//! what the relay shows them as a member must.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::entropy::{Entropy, SystemEntropy};
use holdfast_protocol::entry::{Entry, Header, Kind, Position};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch, Reader};
use holdfast_protocol::ids::{AccountId, Class, DeviceId, EntryHash, SpaceId};
use holdfast_protocol::keys::{InviteKeys, wrap};
use holdfast_protocol::membership::{
    Act, AdmitMember, ChangeGrant, ChartGenesis, CloseInvite, ConfirmMember, DeviceCut, DeviceEnd,
    Grant, InviteMember, Judge, KeepKeys, KeptKey, Leave, MemberProof, RemoveMember, RevokeDevice,
    SpaceState, Statement,
};
use holdfast_protocol::pairing::{JoinResponse, PeekRequest, PeekResponse, member_wrap_info};
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{InviteWrap, Item, Outcome, Push};
use holdfast_protocol::{VERSION, wire};

use super::{Account, Device, Line, NOON, Reply, genesis_entry, join};

pub const HOUR: u64 = 3_600_000;

/// An invite into a chart, as its link holds it.
#[derive(Clone)]
pub struct Ticket {
    pub chart: SpaceId,
    pub keys: InviteKeys,
}

impl Ticket {
    pub fn look(&self, line: &Line) -> Reply {
        line.post("/v1/peek", None, &wire::encode(&PeekRequest::sign(&self.keys, self.chart)))
    }
}

pub struct Person {
    pub account: Account,
    pub device: Device,
    pub keys: BTreeMap<(SpaceId, Class, u32), Secret32>,
}

pub fn reader(state: &SpaceState) -> Reader {
    let epoch = state.as_account().unwrap().epoch();
    Reader {
        account: state.space(),
        epoch: epoch.number,
        membership: state.membership_head(),
        receive: epoch.receive,
    }
}

/// An account as others see it: its membership alone.
fn outlined(items: &[Item]) -> SpaceState {
    let entries: Vec<Entry> = items
        .iter()
        .map(|item| match item {
            Item::Entry { bytes, .. } => Entry::from_bytes(bytes).unwrap(),
            Item::Stub { .. } => panic!("membership is never a stub"),
        })
        .collect();
    let mut state = SpaceState::start(&entries[0], &(), Judge::Outline).unwrap();
    for entry in &entries[1..] {
        let accepted = state.check(entry, &(), Judge::Outline).unwrap();
        state.apply(entry, &accepted);
    }
    state
}

impl Person {
    pub fn new(line: &Line) -> Self {
        let (account, device) = Device::first(line);
        Self { account, device, keys: BTreeMap::new() }
    }

    pub fn id(&self) -> AccountId {
        self.account.id
    }

    pub fn line(&self) -> Line {
        self.device.line.clone()
    }

    pub fn pull(&mut self) -> usize {
        self.device.pull()
    }

    /// The own account, judged whole.
    pub fn own(&self) -> SpaceState {
        self.judged(self.id(), &BTreeMap::new())
    }

    /// Everybody's accounts as this person was shown them.
    pub fn accounts(&self) -> BTreeMap<AccountId, SpaceState> {
        let others = self.device.outlines.iter().map(|(id, items)| (*id, outlined(items)));
        others.chain([(self.id(), self.own())]).collect()
    }

    /// A chart, judged whole as a member does.
    pub fn chart(&self, chart: SpaceId) -> SpaceState {
        self.judged(chart, &self.accounts())
    }

    fn judged(&self, space: SpaceId, accounts: &BTreeMap<AccountId, SpaceState>) -> SpaceState {
        let mut state: Option<SpaceState> = None;
        for item in self.device.logs[&space].items.values() {
            match (item, &mut state) {
                (Item::Stub { hash, .. }, Some(state)) => state.pass(*hash),
                (Item::Stub { .. }, None) => panic!("a genesis is never a stub"),
                (Item::Entry { bytes, .. }, None) => {
                    let entry = Entry::from_bytes(bytes).unwrap();
                    state = Some(SpaceState::start(&entry, accounts, Judge::Member).unwrap());
                }
                (Item::Entry { bytes, .. }, Some(state)) => {
                    let entry = Entry::from_bytes(bytes).unwrap();
                    let accepted = state.check(&entry, accounts, Judge::Member).unwrap();
                    state.apply(&entry, &accepted);
                }
            }
        }
        state.unwrap()
    }

    pub fn found_chart(&mut self) -> SpaceId {
        let e = &mut SystemEntropy;
        let owner = self.id();
        let readers = [reader(&self.own())];
        let mut made = Vec::new();
        let epochs = Class::CHART
            .iter()
            .map(|class| {
                let key = Secret32::random(e);
                made.push((*class, key.clone()));
                ClassEpoch::create(*class, 1, &key, None, &readers, e).unwrap()
            })
            .collect();
        let act = ChartGenesis { nonce: e.array(), owner, subject: owner, epochs };
        let entry = genesis_entry(Act::ChartGenesis(act), &self.device.keys);
        let chart = entry.space();
        self.keys.extend(made.into_iter().map(|(class, key)| ((chart, class, 1), key)));
        assert_eq!(self.device.push(&[&entry]), vec![Outcome::Stored { seq: 1 }]);
        self.device.log_mut(chart).counter = 1;
        chart
    }

    /// Says something in a chart, with wraps for its open invites of every new key.
    pub fn say(&mut self, chart: SpaceId, act: Act) -> Outcome {
        let wraps = self.rewraps(chart, &act);
        self.say_with(chart, act, wraps)
    }

    pub fn say_with(&mut self, chart: SpaceId, act: Act, invite_wraps: Vec<InviteWrap>) -> Outcome {
        let after = self.chart(chart).membership_head();
        let entry = self.device.statement(chart, after, act);
        self.device.push_with(vec![Push { entry: entry.to_bytes(), invite_wraps }]).remove(0)
    }

    fn rewraps(&self, chart: SpaceId, act: &Act) -> Vec<InviteWrap> {
        let epochs: &[ClassEpoch] = match act {
            Act::DeviceCut(cut) => &cut.epochs,
            Act::RotateClasses(epochs) => epochs,
            Act::CloseInvite(close) => &close.epochs,
            Act::ConfirmMember(confirm) => &confirm.epochs,
            Act::ChangeGrant(change) => &change.epochs,
            Act::RemoveMember(remove) => &remove.epochs,
            _ => &[],
        };
        let state = self.chart(chart);
        let mut wraps = Vec::new();
        for epoch in epochs {
            let key = &self.keys[&(chart, epoch.class, epoch.number)];
            for (invite, open) in state.as_chart().unwrap().invited_readers(epoch.class) {
                let info = member_wrap_info(chart, *invite, epoch.class);
                let wrapped = wrap(&open.receive, &info, key.expose(), &mut SystemEntropy).unwrap();
                wraps.push(InviteWrap { invite: *invite, class: epoch.class, wrapped });
            }
        }
        wraps
    }

    /// New epochs of these classes for whoever reads them then.
    pub fn epochs(
        &mut self,
        chart: SpaceId,
        classes: impl IntoIterator<Item = Class>,
        reads: impl Fn(&AccountId, Class) -> bool,
    ) -> Vec<ClassEpoch> {
        self.learn(chart);
        let (state, accounts) = (self.chart(chart), self.accounts());
        let members: Vec<_> = state.as_chart().unwrap().members.keys().copied().collect();
        let mut epochs = Vec::new();
        for class in classes {
            let number = state.epoch(class);
            let readers: Vec<_> = members
                .iter()
                .filter(|account| reads(account, class))
                .map(|account| reader(&accounts[account]))
                .collect();
            let key = Secret32::random(&mut SystemEntropy);
            let old = &self.keys[&(chart, class, number)];
            let e = &mut SystemEntropy;
            epochs
                .push(ClassEpoch::create(class, number + 1, &key, Some(old), &readers, e).unwrap());
            self.keys.insert((chart, class, number + 1), key);
        }
        epochs
    }

    /// Opens the current keys that others wrapped for this account.
    pub fn learn(&mut self, chart: SpaceId) {
        let state = self.chart(chart);
        let (id, secret) = (self.id(), self.account.secret.clone());
        for (class, epochs) in &state.as_chart().unwrap().epochs {
            let Some(newest) = epochs.last() else { continue };
            if let Ok(key) = newest.open(id, &secret) {
                self.keys.insert((chart, *class, newest.number), key);
            }
        }
    }

    /// The classes whose current key this person has.
    pub fn opens(&mut self, chart: SpaceId) -> BTreeSet<Class> {
        self.learn(chart);
        let state = self.chart(chart);
        let has = |class: &Class| {
            let epoch = state.as_chart().unwrap().epochs[class].last().unwrap();
            let key = self.keys.get(&(chart, *class, epoch.number));
            key.is_some_and(|key| key.commitment() == epoch.commitment)
        };
        Class::CHART.into_iter().filter(has).collect()
    }

    pub fn invite(&mut self, chart: SpaceId, grant: Grant) -> Ticket {
        self.invite_until(chart, grant, NOON + HOUR, false)
    }

    pub fn invite_until(
        &mut self,
        chart: SpaceId,
        grant: Grant,
        expires_at_ms: u64,
        confirm_first: bool,
    ) -> Ticket {
        let keys = InviteKeys::from_secret(&Secret32::random(&mut SystemEntropy));
        let state = self.chart(chart);
        let mut wraps = Vec::new();
        for class in grant.classes.keys().filter(|_| !confirm_first) {
            let key = &self.keys[&(chart, *class, state.epoch(*class))];
            let info = member_wrap_info(chart, keys.id(), *class);
            let receive = keys.receive().public();
            let wrapped = wrap(&receive, &info, key.expose(), &mut SystemEntropy).unwrap();
            wraps.push(InviteWrap { invite: keys.id(), class: *class, wrapped });
        }
        let act = InviteMember {
            invite: keys.id(),
            receive: keys.receive().public(),
            grant,
            expires_at_ms,
            confirm_first,
            by: self.id(),
        };
        stored(self.say_with(chart, Act::InviteMember(act), wraps));
        Ticket { chart, keys }
    }

    /// An admission of this account on the chart's membership as a look shows it now.
    pub fn admission(&mut self, ticket: &Ticket) -> Entry {
        let seen: PeekResponse = ticket.look(&self.line()).read();
        let accounts: BTreeMap<_, _> =
            seen.accounts.iter().map(|a| (a.account, outlined(&a.membership))).collect();
        let entries: Vec<Entry> = seen
            .membership
            .iter()
            .map(|item| match item {
                Item::Entry { bytes, .. } => Entry::from_bytes(bytes).unwrap(),
                Item::Stub { .. } => panic!("membership is never a stub"),
            })
            .collect();
        let mut state = SpaceState::start(&entries[0], &accounts, Judge::Outline).unwrap();
        for entry in &entries[1..] {
            let accepted = state.check(entry, &accounts, Judge::Outline).unwrap();
            state.apply(entry, &accepted);
        }
        self.admission_after(ticket, state.membership_head())
    }

    pub fn admission_after(&mut self, ticket: &Ticket, after: EntryHash) -> Entry {
        let (account, device) = (self.id(), self.device.keys.id());
        let proof = MemberProof::sign(&ticket.keys, ticket.chart, account, device);
        let account_membership = self.own().membership_head();
        let act =
            Act::AdmitMember(AdmitMember { account, account_membership, proof, greetings: None });
        let header = self.device.header(ticket.chart, Class::Membership, Kind::Membership, 0);
        // Nothing of the chart was seen as a member yet.
        let header = Header { version: VERSION, seen: Position::START, ..header };
        Entry::sign(header, Statement { after, act }.to_bytes(), &self.device.keys)
    }

    /// Comes in, takes the keys, and keeps them for the account's other devices.
    pub fn join(&mut self, ticket: &Ticket) {
        let entry = self.admission(ticket);
        let answer = join(&self.line(), ticket.chart, &entry);
        stored(answer.outcome.clone());
        self.came_in(ticket, &entry, &answer);
        if !answer.keys.is_empty() {
            stored(self.keep(ticket.chart));
        }
    }

    pub fn came_in(&mut self, ticket: &Ticket, admission: &Entry, answer: &JoinResponse) {
        let chart = ticket.chart;
        self.device.log_mut(chart).prev = admission.hash();
        self.pull();
        let state = self.chart(chart);
        for handed in &answer.keys {
            let info = member_wrap_info(chart, ticket.keys.id(), handed.class);
            let key = ticket.keys.receive().unwrap_secret(&info, &handed.wrapped).unwrap();
            let epoch = state.as_chart().unwrap().epochs[&handed.class].last().unwrap();
            assert_eq!(key.commitment(), epoch.commitment, "the current key");
            self.keys.insert((chart, handed.class, epoch.number), key);
        }
    }

    pub fn keep(&mut self, chart: SpaceId) -> Outcome {
        let (state, own) = (self.chart(chart), reader(&self.own()));
        let mut keys = Vec::new();
        for (class, epochs) in &state.as_chart().unwrap().epochs {
            let epoch = epochs.last().unwrap();
            if let Some(key) = self.keys.get(&(chart, *class, epoch.number)) {
                let wrap = epoch.wrap_for(key, &own, &mut SystemEntropy).unwrap();
                keys.push(KeptKey { class: *class, epoch: epoch.number, wrap });
            }
        }
        self.say(chart, Act::KeepKeys(KeepKeys { keys }))
    }

    /// Where the word of each device of an account that wrote in a chart ends.
    pub fn ends(&self, chart: SpaceId, account: AccountId) -> Vec<DeviceEnd> {
        let (state, accounts) = (self.chart(chart), self.accounts());
        let own = accounts[&account].as_account().unwrap();
        let cut = |device: &DeviceId| state.as_chart().unwrap().cuts.contains_key(device);
        state
            .authors()
            .keys()
            .filter(|device| own.devices.contains_key(device) && !cut(device))
            .map(|device| DeviceEnd { device: *device, cut: state.tip(device) })
            .collect()
    }

    fn reads_now(&self, chart: SpaceId) -> impl Fn(&AccountId, Class) -> bool + use<> {
        let state = self.chart(chart);
        move |account, class| state.as_chart().unwrap().may_read(account, class)
    }

    pub fn remove(&mut self, chart: SpaceId, account: AccountId) -> Outcome {
        let reads = self.reads_now(chart);
        let classes: Vec<_> = Class::CHART.into_iter().filter(|c| reads(&account, *c)).collect();
        let epochs = self.epochs(chart, classes, |who, c| *who != account && reads(who, c));
        let cuts = self.ends(chart, account);
        self.say(chart, Act::RemoveMember(RemoveMember { account, cuts, epochs }))
    }

    pub fn change(&mut self, chart: SpaceId, account: AccountId, grant: Grant) -> Outcome {
        let reads = self.reads_now(chart);
        let differs = |c: &Class| reads(&account, *c) != grant.reads(*c);
        let classes: Vec<_> = Class::CHART.into_iter().filter(differs).collect();
        let then = grant.clone();
        let epochs = self.epochs(chart, classes, |who, c| {
            if *who == account { then.reads(c) } else { reads(who, c) }
        });
        let before = self.chart(chart).as_chart().unwrap().members[&account].grant.clone();
        let cuts = if grant.reduces(&before) { self.ends(chart, account) } else { vec![] };
        self.say(chart, Act::ChangeGrant(ChangeGrant { account, grant, cuts, epochs }))
    }

    pub fn confirm(&mut self, chart: SpaceId, account: AccountId) -> Outcome {
        let reads = self.reads_now(chart);
        let grant = self.chart(chart).as_chart().unwrap().members[&account].grant.clone();
        let epochs = self.epochs(chart, grant.classes.keys().copied(), |who, c| {
            if *who == account { grant.reads(c) } else { reads(who, c) }
        });
        self.say(chart, Act::ConfirmMember(ConfirmMember { account, epochs }))
    }

    pub fn rotate(&mut self, chart: SpaceId, classes: &[Class]) -> Vec<ClassEpoch> {
        let reads = self.reads_now(chart);
        self.epochs(chart, classes.iter().copied(), reads)
    }

    pub fn close_invite(&mut self, ticket: &Ticket) -> Outcome {
        let invite = ticket.keys.id();
        let open = &self.chart(ticket.chart);
        let open = &open.as_chart().unwrap().invites[&invite];
        let classes: Vec<_> = Class::CHART.into_iter().filter(|c| open.reads(*c)).collect();
        let epochs = self.rotate(ticket.chart, &classes);
        let wraps = self.rewraps(ticket.chart, &Act::RotateClasses(epochs.clone()));
        let wraps = wraps.into_iter().filter(|wrap| wrap.invite != invite).collect();
        self.say_with(ticket.chart, Act::CloseInvite(CloseInvite { invite, epochs }), wraps)
    }

    pub fn leave(&mut self, chart: SpaceId) -> Outcome {
        let account = self.id();
        let cuts = self.ends(chart, account);
        self.say(chart, Act::Leave(Leave { account, cuts }))
    }

    /// Cuts a device that this account has revoked.
    pub fn cut(&mut self, chart: SpaceId, device: DeviceId) -> Outcome {
        let (reads, own) = (self.reads_now(chart), self.id());
        let classes: Vec<_> = Class::CHART.into_iter().filter(|c| reads(&own, *c)).collect();
        let epochs = self.rotate(chart, &classes);
        let cut = self.chart(chart).tip(&device);
        self.say(chart, Act::DeviceCut(DeviceCut { device, cut, epochs }))
    }

    /// Revokes a device of the own account.
    pub fn revoke(&mut self, gone: DeviceId) -> Outcome {
        let own = self.own();
        let state = own.as_account().unwrap();
        let staying: Vec<_> = state.active().filter(|d| d.device != gone).cloned().collect();
        let next = AccountSecret(Secret32::random(&mut SystemEntropy));
        let number = state.epoch().number + 1;
        let old = Some(&self.account.secret);
        let epoch = AccountEpoch::create(number, &next, old, &staying, &mut SystemEntropy).unwrap();
        let act = Act::RevokeDevice(RevokeDevice { device: gone, cut: own.tip(&gone), epoch });
        let entry = self.device.statement(self.id(), own.membership_head(), act);
        let outcome = self.device.push(&[&entry]).remove(0);
        self.account.secret = next;
        outcome
    }

    /// A change under the current key of its class.
    pub fn change_entry(&mut self, chart: SpaceId, class: Class) -> Entry {
        let epoch = self.chart(chart).epoch(class);
        let header = self.device.header(chart, class, Kind::Change, epoch);
        let body: [u8; 512] = SystemEntropy.array();
        Entry::sign(header, body.to_vec(), &self.device.keys)
    }

    pub fn write(&mut self, chart: SpaceId, class: Class) -> Outcome {
        let entry = self.change_entry(chart, class);
        self.device.push(&[&entry]).remove(0)
    }

    /// The places of a chart's log where this person got no more than a hash.
    pub fn stubs(&self, chart: SpaceId) -> Vec<u64> {
        let items = self.device.logs[&chart].items.iter();
        items.filter(|(_, i)| matches!(i, Item::Stub { .. })).map(|(seq, _)| *seq).collect()
    }
}

/// That an outcome is a good one; gives the place.
#[track_caller]
pub fn stored(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Stored { seq } => seq,
        other => panic!("not stored: {other:?}"),
    }
}
