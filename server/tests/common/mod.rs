//! Devices that talk to a relay as real ones do, with real keys and real entries, and keep no more than a test
//! asks about. Bodies are random bytes: the relay could not tell the difference.

#![allow(dead_code, clippy::unwrap_used)]

pub mod people;
pub mod stores;
pub mod streams;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use holdfast_protocol::auth::{
    ChallengeRequest, ChallengeResponse, RegisterRequest, TokenRequest, TokenResponse,
};
use holdfast_protocol::checkpoint::{Checkpoint, LiveRoot, is_retained};
use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::entropy::{Entropy, SystemEntropy};
use holdfast_protocol::entry::{Entry, Header, Kind, Position, SeqRange};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch, Reader};
use holdfast_protocol::hash::next_running;
use holdfast_protocol::ids::{Class, DeviceId, EntryHash, Generation, Seq, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, DeviceKind, InviteKeys, wrap};
use holdfast_protocol::membership::{
    AccountGenesis, Act, AdmitDevice, ChartGenesis, InviteDevice, Judge, RevokeDevice, SpaceState,
    Statement,
};
use holdfast_protocol::pairing::{JoinRequest, JoinResponse, invite_wrap_info};
use holdfast_protocol::phrase::Phrase;
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{
    InviteWrap, Item, Outcome, Problem, Push, SyncRequest, SyncResponse, Want,
};
use holdfast_protocol::{VERSION, wire};
use holdfast_relay::{Ask, Relay};

pub const NOON: u64 = 1_800_000_000_000;

/// How a device reaches its relay.
#[derive(Clone)]
pub enum Line {
    /// In the same process, at an instant.
    Direct(Arc<Relay>, u64),
    /// Over HTTP.
    Http(Http),
}

#[derive(Clone)]
pub struct Http {
    pub url: String,
    runtime: Arc<tokio::runtime::Runtime>,
    client: reqwest::Client,
}

impl Http {
    pub fn new(url: impl Into<String>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        Self { url: url.into(), runtime: Arc::new(runtime), client: reqwest::Client::new() }
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }
}

pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn read<T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>>(&self) -> T {
        assert_eq!(self.status, 200, "refused: {:?}", self.problem());
        wire::decode("answer", &self.body).unwrap()
    }

    pub fn problem(&self) -> Option<Problem> {
        wire::decode("problem", &self.body).ok()
    }
}

impl Line {
    pub fn http(url: impl Into<String>) -> Self {
        Self::Http(Http::new(url))
    }

    pub fn at(&self, now_ms: u64) -> Self {
        match self {
            Self::Direct(relay, _) => Self::Direct(Arc::clone(relay), now_ms),
            Self::Http(_) => panic!("HTTP has its own clock"),
        }
    }

    pub fn post(&self, path: &str, token: Option<&str>, body: &[u8]) -> Reply {
        match self {
            Self::Direct(relay, now_ms) => {
                let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
                let answer = relay.answer(Ask { path, token, body, peer }, *now_ms);
                Reply { status: answer.status, body: answer.body }
            }
            Self::Http(http) => http.block_on(async {
                let mut request = http
                    .client
                    .post(format!("{}{path}", http.url))
                    .header("content-type", "application/cbor")
                    .body(body.to_vec());
                if let Some(token) = token {
                    request = request.header("authorization", format!("Bearer {token}"));
                }
                let response = request.send().await.unwrap();
                let status = response.status().as_u16();
                Reply { status, body: response.bytes().await.unwrap().to_vec() }
            }),
        }
    }
}

/// What a device knows of one space's log.
#[derive(Clone)]
pub struct Log {
    pub head: Seq,
    pub items: BTreeMap<Seq, Item>,
    pub positions: BTreeMap<Seq, Position>,
    pub counter: u64,
    pub prev: EntryHash,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            head: 0,
            items: BTreeMap::new(),
            positions: BTreeMap::new(),
            counter: 0,
            prev: EntryHash::ZERO,
        }
    }
}

pub struct Account {
    pub id: SpaceId,
    pub genesis: Vec<u8>,
    pub secret: AccountSecret,
    pub state: SpaceState,
    pub phone: DeviceKeys,
    pub paper: DeviceKeys,
}

/// The genesis of an account that claims other devices as its own.
pub fn account_genesis(keys: &DeviceKeys, others: &[&DeviceKeys]) -> Entry {
    let e = &mut SystemEntropy;
    let devices: Vec<_> = std::iter::once(keys)
        .chain(others.iter().copied())
        .map(|k| k.certificate(DeviceKind::Machine))
        .collect();
    let secret = AccountSecret(Secret32::random(e));
    let epoch = AccountEpoch::create(1, &secret, None, &devices, e).unwrap();
    genesis_entry(Act::AccountGenesis(AccountGenesis { nonce: e.array(), devices, epoch }), keys)
}

pub fn new_account() -> Account {
    let e = &mut SystemEntropy;
    let phone = DeviceKeys::generate(e);
    let paper = Phrase::generate(e).device();
    let secret = AccountSecret(Secret32::random(e));
    let devices =
        vec![phone.certificate(DeviceKind::Machine), paper.certificate(DeviceKind::Paper)];
    let epoch = AccountEpoch::create(1, &secret, None, &devices, e).unwrap();
    let act = Act::AccountGenesis(AccountGenesis { nonce: e.array(), devices, epoch });
    let entry = genesis_entry(act, &phone);
    let state = SpaceState::start(&entry, &(), Judge::Member).unwrap();
    Account { id: entry.space(), genesis: entry.to_bytes(), secret, state, phone, paper }
}

fn genesis_entry(act: Act, keys: &DeviceKeys) -> Entry {
    let header = Header {
        version: VERSION,
        space: SpaceId::ZERO,
        class: Class::Membership,
        kind: Kind::Membership,
        epoch: 0,
        author: DeviceId::ZERO,
        counter: 1,
        prev: EntryHash::ZERO,
        seen: Position::START,
        covers: vec![],
        body_hash: [0; 32],
        body_len: 0,
    };
    Entry::sign(header, Statement { after: EntryHash::ZERO, act }.to_bytes(), keys)
}

/// A device that is signed in.
pub struct Device {
    pub line: Line,
    pub keys: DeviceKeys,
    pub account: SpaceId,
    pub token: String,
    pub feed: u64,
    pub generation: Generation,
    pub logs: BTreeMap<SpaceId, Log>,
    pub seen_by: Vec<SignedCursor>,
    /// The memberships of the accounts that share a chart with this one, as they were shown last.
    pub outlines: BTreeMap<SpaceId, Vec<Item>>,
    pub accounts_feed: u64,
    pub gone: Vec<SpaceId>,
}

pub fn register(line: &Line, account: &Account) {
    let request = RegisterRequest { version: VERSION, genesis: account.genesis.clone() };
    let reply = line.post("/v1/account", None, &wire::encode(&request));
    assert_eq!(reply.status, 200, "{:?}", reply.problem());
}

pub fn challenge(line: &Line, device: DeviceId) -> Vec<u8> {
    let request = ChallengeRequest { version: VERSION, device };
    let reply = line.post("/v1/challenge", None, &wire::encode(&request));
    reply.read::<ChallengeResponse>().challenge
}

pub fn sign_in(line: &Line, keys: &DeviceKeys, audience: &str) -> Reply {
    let challenge = challenge(line, keys.id());
    let request = TokenRequest::sign(keys, challenge, audience);
    line.post("/v1/token", None, &wire::encode(&request))
}

impl Device {
    pub fn sign_in(line: &Line, keys: &DeviceKeys) -> Self {
        let token: TokenResponse = sign_in(line, keys, "http://relay.example").read();
        Self {
            line: line.clone(),
            keys: keys.clone(),
            account: token.account,
            token: data_encoding::BASE64URL_NOPAD.encode(&token.token),
            feed: 0,
            generation: Generation::ZERO,
            logs: BTreeMap::new(),
            seen_by: Vec::new(),
            outlines: BTreeMap::new(),
            accounts_feed: 0,
            gone: Vec::new(),
        }
    }

    /// A registered account with its phone signed in and caught up.
    pub fn first(line: &Line) -> (Account, Self) {
        let account = new_account();
        register(line, &account);
        let mut phone = Self::sign_in(line, &account.phone);
        phone.log_mut(account.id).counter = 1;
        phone.pull();
        (account, phone)
    }

    pub fn log_mut(&mut self, space: SpaceId) -> &mut Log {
        self.logs.entry(space).or_default()
    }

    pub fn request(&self) -> SyncRequest {
        SyncRequest {
            version: VERSION,
            feed: self.feed,
            push: vec![],
            cursors: vec![],
            want: vec![],
            page_bytes: 1 << 20,
            accounts_feed: self.accounts_feed,
        }
    }

    pub fn send(&self, request: &SyncRequest) -> Reply {
        self.line.post("/v1/sync", Some(&self.token), &wire::encode(request))
    }

    /// A header for the next entry; the counter rises.
    pub fn header(&mut self, space: SpaceId, class: Class, kind: Kind, epoch: u32) -> Header {
        let log = self.log_mut(space);
        log.counter += 1;
        let seen = log.positions.get(&log.head).copied().unwrap_or(Position::START);
        Header {
            version: VERSION,
            space,
            class,
            kind,
            epoch,
            author: DeviceId::ZERO,
            counter: log.counter,
            prev: log.prev,
            seen,
            covers: vec![],
            body_hash: [0; 32],
            body_len: 0,
        }
    }

    /// A change with a body of random bytes, which is what a sealed one looks like.
    pub fn change(&mut self, space: SpaceId, class: Class) -> Entry {
        let header = self.header(space, class, Kind::Change, 1);
        let body: [u8; 512] = SystemEntropy.array();
        Entry::sign(header, body.to_vec(), &self.keys)
    }

    pub fn pack(&mut self, space: SpaceId, class: Class, covers: Vec<SeqRange>) -> Entry {
        let header = self.header(space, class, Kind::Pack, 1);
        let body: [u8; 700] = SystemEntropy.array();
        Entry::sign(Header { covers, ..header }, body.to_vec(), &self.keys)
    }

    pub fn statement(&mut self, space: SpaceId, after: EntryHash, act: Act) -> Entry {
        let header = self.header(space, Class::Membership, Kind::Membership, 0);
        Entry::sign(header, Statement { after, act }.to_bytes(), &self.keys)
    }

    pub fn push(&mut self, entries: &[&Entry]) -> Vec<Outcome> {
        let pushes =
            entries.iter().map(|e| Push { entry: e.to_bytes(), invite_wraps: vec![] }).collect();
        self.push_with(pushes)
    }

    /// Pushes, and applies what comes back.
    pub fn push_with(&mut self, push: Vec<Push>) -> Vec<Outcome> {
        let request = SyncRequest { push, want: self.wants(), ..self.request() };
        let names: Vec<_> =
            request.push.iter().map(|p| Entry::from_trusted_bytes(&p.entry)).collect();
        let response: SyncResponse = self.send(&request).read();
        for (ack, entry) in response.acks.iter().zip(names) {
            let Ok(entry) = entry else { continue };
            assert_eq!(ack.entry, entry.hash());
            if matches!(ack.outcome, Outcome::Stored { .. } | Outcome::Have { .. })
                && entry.header().author == self.keys.id()
            {
                self.log_mut(entry.space()).prev = entry.hash();
            }
        }
        let outcomes = response.acks.iter().map(|a| a.outcome.clone()).collect();
        self.apply_with(&response, &request.push);
        if response.more {
            self.pull();
        }
        outcomes
    }

    /// Where this device is in each space, in full.
    pub fn wants(&self) -> Vec<Want> {
        let want = |(space, log): (&SpaceId, &Log)| Want {
            space: *space,
            after: log.head,
            starting_at: None,
        };
        self.logs.iter().filter(|(_, log)| log.head > 0).map(want).collect()
    }

    /// Pulls until there is no more; gives the number of round trips.
    pub fn pull(&mut self) -> usize {
        for trips in 1.. {
            let request = SyncRequest { want: self.wants(), ..self.request() };
            let response: SyncResponse = self.send(&request).read();
            self.apply(&response);
            if !response.more {
                return trips;
            }
        }
        unreachable!()
    }

    pub fn apply(&mut self, response: &SyncResponse) {
        self.apply_with(response, &[]);
    }

    /// Applies an answer. What the request brought comes back as stubs, and is known here.
    pub fn apply_with(&mut self, response: &SyncResponse, sent: &[Push]) {
        let sent: BTreeMap<EntryHash, &[u8]> = sent
            .iter()
            .filter_map(|p| Some((Entry::from_trusted_bytes(&p.entry).ok()?.hash(), &p.entry[..])))
            .collect();
        self.generation = response.generation;
        if !response.more {
            self.feed = response.feed;
        }
        self.seen_by.extend(response.cursors.iter().map(|noted| noted.cursor.clone()));
        for outline in &response.accounts {
            self.outlines.insert(outline.account, outline.membership.clone());
        }
        self.accounts_feed = response.accounts_feed;
        self.gone.extend(&response.gone);
        for page in &response.spaces {
            assert!(
                page.starting_at.is_none(),
                "a test that starts from a checkpoint pages itself"
            );
            let log = self.log_mut(page.space);
            for item in &page.items {
                let (seq, hash) = place(item);
                if seq <= log.head {
                    continue;
                }
                assert_eq!(seq, log.head + 1, "a log has no gaps");
                let before = log.positions.get(&log.head).map_or(Position::START, |p| *p);
                let running = next_running(before.running, hash);
                log.positions.insert(seq, Position { seq, running });
                let item = match (item, sent.get(&hash)) {
                    (Item::Entry { .. }, Some(_)) => panic!("what was just sent came back whole"),
                    (Item::Stub { .. }, Some(bytes)) => Item::Entry { seq, bytes: bytes.to_vec() },
                    (other, None) => other.clone(),
                };
                log.items.insert(seq, item);
                log.head = seq;
            }
            if !page.more {
                assert_eq!(
                    log.positions.get(&log.head).copied(),
                    Some(page.head).filter(|h| h.seq > 0)
                );
            }
        }
    }

    pub fn cursor(&self, space: SpaceId) -> SignedCursor {
        let log = &self.logs[&space];
        SignedCursor::sign(&self.keys, space, self.generation, log.positions[&log.head])
    }

    pub fn send_cursors(&mut self) -> SyncResponse {
        let cursors = self
            .logs
            .iter()
            .filter(|(_, log)| log.head > 0)
            .map(|(space, _)| self.cursor(*space))
            .collect();
        let request = SyncRequest { cursors, ..self.request() };
        let response: SyncResponse = self.send(&request).read();
        self.apply(&response);
        response
    }

    /// Makes and pushes a chart that the account owns.
    pub fn start_chart(&mut self, account: &Account) -> SpaceId {
        let entry = chart_genesis(account, &self.keys);
        let space = entry.space();
        assert_eq!(self.push(&[&entry]), vec![Outcome::Stored { seq: 1 }]);
        self.log_mut(space).counter = 1;
        space
    }

    /// The only checkpoint that the log allows at this device's head, worked out as a device would.
    pub fn checkpoint(&mut self, space: SpaceId, at: Seq) -> Checkpoint {
        let log = &self.logs[&space];
        let entries: Vec<(Seq, Entry)> = log
            .items
            .iter()
            .take_while(|(seq, _)| **seq <= at)
            .map(|(seq, item)| match item {
                Item::Entry { bytes, .. } => (*seq, Entry::from_trusted_bytes(bytes).unwrap()),
                Item::Stub { .. } => panic!("a test's checkpoint needs whole entries"),
            })
            .collect();
        let mut covered = BTreeMap::new();
        for (seq, entry) in &entries {
            for range in &entry.header().covers {
                for one in range.first..=range.last {
                    covered.insert(one, *seq);
                }
            }
        }
        let mut live = LiveRoot::default();
        let mut membership = EntryHash::ZERO;
        let mut state: Option<SpaceState> = None;
        for (seq, entry) in &entries {
            if entry.header().kind == Kind::Membership {
                membership = entry.hash();
            }
            match &mut state {
                Some(state) => state.replay(entry).unwrap(),
                None => state = Some(self.genesis_state(entry)),
            }
            if is_retained(entry.header().kind, covered.get(seq).copied(), at) {
                live.push(*seq, entry.hash());
            }
        }
        let state = state.unwrap();
        Checkpoint {
            at: state.head(),
            membership,
            live_root: live.root(),
            live_count: live.count(),
            tips: state.checkpoint_tips(),
        }
    }

    fn genesis_state(&self, entry: &Entry) -> SpaceState {
        let account = self.logs.get(&self.account).and_then(|log| match log.items.get(&1) {
            Some(Item::Entry { bytes, .. }) => Entry::from_trusted_bytes(bytes).ok(),
            _ => None,
        });
        let account = SpaceState::start(&account.unwrap(), &(), Judge::Member).unwrap();
        let accounts = BTreeMap::from([(self.account, account)]);
        SpaceState::start(entry, &accounts, Judge::Member).unwrap()
    }

    pub fn checkpoint_entry(&mut self, space: SpaceId, checkpoint: &Checkpoint) -> Entry {
        let header = self.header(space, Class::Membership, Kind::Checkpoint, 0);
        Entry::sign(header, checkpoint.to_bytes(), &self.keys)
    }
}

pub fn chart_genesis(account: &Account, keys: &DeviceKeys) -> Entry {
    let e = &mut SystemEntropy;
    let reader = Reader {
        account: account.id,
        epoch: 1,
        membership: account.state.membership_head(),
        receive: account.secret.receive().public(),
    };
    let epochs = Class::CHART
        .iter()
        .map(|class| {
            let key = Secret32::random(e);
            ClassEpoch::create(*class, 1, &key, None, std::slice::from_ref(&reader), e).unwrap()
        })
        .collect();
    let owner = account.id;
    let act = Act::ChartGenesis(ChartGenesis { nonce: e.array(), owner, subject: owner, epochs });
    genesis_entry(act, keys)
}

pub fn place(item: &Item) -> (Seq, EntryHash) {
    match item {
        Item::Entry { seq, bytes } => (*seq, Entry::from_trusted_bytes(bytes).unwrap().hash()),
        Item::Stub { seq, hash } => (*seq, *hash),
    }
}

/// The membership head as a device that pulled everything knows it.
pub fn membership_head(log: &Log) -> EntryHash {
    log.items
        .values()
        .filter_map(|item| match item {
            Item::Entry { bytes, .. } => Entry::from_trusted_bytes(bytes).ok(),
            Item::Stub { .. } => None,
        })
        .rfind(|entry| entry.header().kind == Kind::Membership)
        .unwrap()
        .hash()
}

pub struct Invited {
    pub keys: InviteKeys,
    pub expires_at_ms: u64,
}

impl Device {
    /// Opens an invite whose wrap lies at the relay.
    pub fn invite(&mut self, account: &Account, expires_at_ms: u64) -> Invited {
        let e = &mut SystemEntropy;
        let keys = InviteKeys::from_secret(&Secret32::random(e));
        let act = Act::InviteDevice(InviteDevice {
            invite: keys.id(),
            receive: keys.receive().public(),
            expires_at_ms,
        });
        let after = membership_head(&self.logs[&self.account]);
        let entry = self.statement(self.account, after, act);
        let wraps = vec![invite_wrap(account.id, &keys, &account.secret)];
        let push = Push { entry: entry.to_bytes(), invite_wraps: wraps };
        let outcome = self.push_with(vec![push]);
        assert!(matches!(outcome[0], Outcome::Stored { .. }), "{outcome:?}");
        Invited { keys, expires_at_ms }
    }

    pub fn revoke(
        &mut self,
        account: &mut Account,
        gone: DeviceId,
        wraps: Vec<InviteWrap>,
    ) -> Outcome {
        let e = &mut SystemEntropy;
        let mut state: Option<SpaceState> = None;
        for item in self.logs[&account.id].items.values() {
            let Item::Entry { bytes, .. } = item else { panic!("a stub in the account") };
            let entry = Entry::from_trusted_bytes(bytes).unwrap();
            match &mut state {
                Some(state) => state.replay(&entry).unwrap(),
                None => state = Some(SpaceState::start(&entry, &(), Judge::Member).unwrap()),
            }
        }
        let state = state.unwrap();
        let staying: Vec<_> =
            state.as_account().unwrap().active().filter(|d| d.device != gone).cloned().collect();
        let next = AccountSecret(Secret32::random(e));
        let number = state.as_account().unwrap().epoch().number + 1;
        let epoch =
            AccountEpoch::create(number, &next, Some(&account.secret), &staying, e).unwrap();
        let act = Act::RevokeDevice(RevokeDevice { device: gone, cut: state.tip(&gone), epoch });
        let entry = self.statement(account.id, state.membership_head(), act);
        let push = Push { entry: entry.to_bytes(), invite_wraps: wraps };
        self.push_with(vec![push]).remove(0)
    }
}

pub fn invite_wrap(account: SpaceId, keys: &InviteKeys, secret: &AccountSecret) -> InviteWrap {
    let info = invite_wrap_info(account, keys.id());
    let wrapped =
        wrap(&keys.receive().public(), &info, secret.0.expose(), &mut SystemEntropy).unwrap();
    InviteWrap { invite: keys.id(), class: Class::Account, wrapped }
}

/// An admission that a new device signs with an invite.
pub fn admission(
    account: SpaceId,
    after: EntryHash,
    invite: &InviteKeys,
    keys: &DeviceKeys,
) -> Entry {
    let act = Act::AdmitDevice(AdmitDevice::by_invite(keys, invite, account));
    let header = Header {
        version: VERSION,
        space: account,
        class: Class::Membership,
        kind: Kind::Membership,
        epoch: 0,
        author: DeviceId::ZERO,
        counter: 1,
        prev: EntryHash::ZERO,
        seen: Position::START,
        covers: vec![],
        body_hash: [0; 32],
        body_len: 0,
    };
    Entry::sign(header, Statement { after, act }.to_bytes(), keys)
}

pub fn join(line: &Line, account: SpaceId, admission: &Entry) -> JoinResponse {
    let request = JoinRequest { version: VERSION, account, admission: admission.to_bytes() };
    line.post("/v1/join", None, &wire::encode(&request)).read()
}

/// A second device of the account, signed in and caught up.
pub fn second_device(phone: &mut Device, account: &Account) -> Device {
    let invited = phone.invite(account, u64::MAX / 2);
    let keys = DeviceKeys::generate(&mut SystemEntropy);
    let after = membership_head(&phone.logs[&account.id]);
    let response =
        join(&phone.line, account.id, &admission(account.id, after, &invited.keys, &keys));
    assert!(matches!(response.outcome, Outcome::Stored { .. }), "{response:?}");
    let mut tablet = Device::sign_in(&phone.line, &keys);
    tablet.log_mut(account.id).counter = 1;
    tablet.pull();
    phone.pull();
    tablet
}
