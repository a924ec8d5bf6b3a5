//! Accounts and a chart whose logs are kept as a relay keeps them, for the law tests. Every device signs
//! against what it had seen when it signed, which may be old.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};

use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::entry::{Entry, Header, Kind, Position};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch, Reader};
use holdfast_protocol::hash::{Purpose, hash};
use holdfast_protocol::ids::{AccountId, Class, DeviceId, EntryHash, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, DeviceKind};
use holdfast_protocol::membership::{
    Accepted, Access, AccountGenesis, Act, ChartGenesis, ChartState, Grant, Judge, Member,
    NotAccepted, SpaceKind, SpaceState, Statement,
};
use holdfast_protocol::phrase::Phrase;
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::wire;

pub const NOW_MS: u64 = 1_000;
pub const RELAY: Judge = Judge::Relay { now_ms: NOW_MS };

/// Random bytes that are the same for the same seed.
pub struct Seeded(pub u64, u64);

impl Seeded {
    pub const fn new(seed: u64) -> Self {
        Self(seed, 0)
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, out: &mut [u8]) {
        for part in out.chunks_mut(32) {
            self.1 += 1;
            let bytes = hash(Purpose::Body, &[&self.0.to_le_bytes(), &self.1.to_le_bytes()]);
            part.copy_from_slice(&bytes[..part.len()]);
        }
    }
}

pub fn header(space: SpaceId, class: Class, kind: Kind, epoch: u32) -> Header {
    Header {
        version: holdfast_protocol::VERSION,
        space,
        class,
        kind,
        epoch,
        author: DeviceId::ZERO,
        counter: 1,
        prev: EntryHash::ZERO,
        seen: Position::START,
        covers: vec![],
        body_hash: [0; 32],
        body_len: 0,
    }
}

pub fn genesis(act: Act, keys: &DeviceKeys) -> Entry {
    let header = header(SpaceId::ZERO, Class::Membership, Kind::Membership, 0);
    Entry::sign(header, Statement { after: EntryHash::ZERO, act }.to_bytes(), keys)
}

/// A statement on `state` that follows everything its author wrote there.
pub fn statement(state: &SpaceState, act: Act, keys: &DeviceKeys) -> Entry {
    let tip = state.tip(&keys.id());
    let header = Header {
        counter: tip.counter + 1,
        prev: tip.entry,
        seen: state.head(),
        ..header(state.space(), Class::Membership, Kind::Membership, 0)
    };
    Entry::sign(header, Statement { after: state.membership_head(), act }.to_bytes(), keys)
}

/// An entry of the relay's log, with the state after it.
pub struct Log {
    pub entries: Vec<Entry>,
    /// `states[n]` is after `n` entries beyond the first state.
    pub states: Vec<SpaceState>,
}

impl Log {
    pub fn state(&self) -> &SpaceState {
        self.states.last().unwrap()
    }

    pub fn append(&mut self, entry: Entry, accepted: &Accepted) {
        let mut after = self.state().clone();
        after.apply(&entry, accepted);
        self.entries.push(entry);
        self.states.push(after);
    }

    /// What the relay says of an entry that is pushed now. A member says the same, for the same reason, unless it is
    /// one that `the_relay_alone_knows`.
    pub fn judge(
        &self,
        entry: &Entry,
        accounts: &BTreeMap<AccountId, SpaceState>,
        the_relay_alone_knows: impl FnOnce(NotAccepted) -> bool,
    ) -> Result<Accepted, NotAccepted> {
        let relay = self.state().check(entry, accounts, RELAY);
        let member = read(self.state(), entry, accounts);
        match &relay {
            Err(why) if the_relay_alone_knows(*why) => {}
            _ => assert_eq!(member, relay),
        }
        relay
    }

    /// A member that reads the accounts to their end first and stores its state after every entry, and a relay that
    /// reads its own log back.
    pub fn assert_every_reader_comes_to_its_state(
        &self,
        accounts: &BTreeMap<AccountId, SpaceState>,
    ) {
        let mut state = self.states[0].clone();
        for entry in &self.entries {
            take(&mut state, entry, accounts);
            state = wire::decode("space", &wire::encode(&state)).unwrap();
        }
        assert_eq!(&state, self.state());
        let mut state = self.states[0].clone();
        self.entries.iter().for_each(|entry| state.replay(entry).unwrap());
        assert_eq!(&state, self.state());
    }
}

pub struct Founded {
    pub phone: DeviceKeys,
    pub paper: DeviceKeys,
    pub genesis: Entry,
    pub state: SpaceState,
    pub secret: AccountSecret,
}

impl Founded {
    pub fn id(&self) -> AccountId {
        self.state.space()
    }
}

pub fn found(e: &mut Seeded) -> Founded {
    let phone = DeviceKeys::generate(e);
    let paper = Phrase::generate(e).device();
    let secret = AccountSecret(Secret32::random(e));
    let devices =
        vec![phone.certificate(DeviceKind::Machine), paper.certificate(DeviceKind::Paper)];
    let epoch = AccountEpoch::create(1, &secret, None, &devices, e).unwrap();
    let nonce = AccountGenesis::nonce_of(&paper, phone.id());
    let genesis = genesis(Act::AccountGenesis(AccountGenesis { nonce, devices, epoch }), &phone);
    let state = SpaceState::start(&genesis, &(), RELAY).unwrap();
    Founded { phone, paper, genesis, state, secret }
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

pub type ClassKeys = BTreeMap<(Class, u32), Secret32>;

/// A chart of one account.
pub fn found_chart(owner: &Founded, e: &mut Seeded) -> (Entry, SpaceState, ClassKeys) {
    let readers = [reader(&owner.state)];
    let mut keys = ClassKeys::new();
    let epochs = Class::CHART
        .iter()
        .map(|class| {
            let key = Secret32::random(e);
            keys.insert((*class, 1), key.clone());
            ClassEpoch::create(*class, 1, &key, None, &readers, e).unwrap()
        })
        .collect();
    let act = ChartGenesis { nonce: e.array(), owner: owner.id(), subject: owner.id(), epochs };
    let genesis = genesis(Act::ChartGenesis(act), &owner.phone);
    let accounts = HashMap::from([(owner.id(), owner.state.clone())]);
    let state = SpaceState::start(&genesis, &accounts, RELAY).unwrap();
    (genesis, state, keys)
}

/// The same state with another chart in it, as a store could hold it: one with several members from the
/// beginning.
pub fn with_chart(state: &SpaceState, change: impl FnOnce(&mut ChartState)) -> SpaceState {
    let mut chart = state.as_chart().unwrap().clone();
    change(&mut chart);
    let stored = wire::encode(&(
        state.space(),
        SpaceKind::Chart(chart),
        state.head(),
        state.membership_head(),
        state.authors().clone(),
        state.is_frozen(),
        false,
    ));
    wire::decode("space", &stored).unwrap()
}

pub fn member(grants: &[(Class, Access)]) -> Member {
    let classes = grants.iter().copied().collect();
    let grant = Grant { owner: false, classes, until_ms: None };
    Member { grant, waiting: false, invite: None, greetings: None }
}

/// Judges as a member does; what a reader sees of an accepted entry.
pub fn read(
    state: &SpaceState,
    entry: &Entry,
    accounts: &BTreeMap<AccountId, SpaceState>,
) -> Result<Accepted, NotAccepted> {
    state.check(entry, accounts, Judge::Member)
}

/// Judges as a member does, and applies.
pub fn take(state: &mut SpaceState, entry: &Entry, accounts: &BTreeMap<AccountId, SpaceState>) {
    let accepted = read(state, entry, accounts).unwrap();
    state.apply(entry, &accepted);
}
