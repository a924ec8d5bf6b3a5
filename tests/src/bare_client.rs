//! A client made of nothing but the protocol crate: what anyone with valid keys can build, honest or not.
//! It has no store and no checks, so that tests can send what the engine never would.

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use holdfast_protocol::attest::{Attestation, actor_id};
use holdfast_protocol::auth::{
    ChallengeRequest, ChallengeResponse, RegisterRequest, TokenRequest, TokenResponse,
};
use holdfast_protocol::content::{DocChanges, DocId};
use holdfast_protocol::entropy::{Entropy, SystemEntropy};
use holdfast_protocol::entry::{Entry, Header, Kind, Position};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch, Reader};
use holdfast_protocol::ids::{AccountId, ActorId, Class, DeviceId, EntryHash, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, DeviceKind};
use holdfast_protocol::link::Link;
use holdfast_protocol::membership::{
    AccountGenesis, Act, AdmitDevice, ChartGenesis, Judge, SpaceState, Statement,
};
use holdfast_protocol::pairing::{
    JoinRequest, JoinResponse, PairingLink, PeekRequest, PeekResponse, invite_wrap_info,
};
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{
    DEFAULT_PAGE_BYTES, Item, Outcome, Push, SyncRequest, SyncResponse, Want,
};
use holdfast_protocol::{VERSION, wire};

/// Carries one request to a relay: path, token, body; gives status and body.
pub type Carry<'a> = dyn FnMut(&str, Option<&str>, &[u8]) -> (u16, Vec<u8>) + 'a;

/// A device of an account, signed in at a relay.
pub struct BareClient {
    /// Its keys.
    pub keys: DeviceKeys,
    /// Its account.
    pub account: AccountId,
    /// The account's own chart.
    pub chart: SpaceId,
    /// The newest key of each class of the chart it has, with its epoch.
    pub class_keys: BTreeMap<Class, (u32, Secret32)>,
    /// Its token.
    pub token: String,
    /// Every space as it was last pulled.
    pub spaces: BTreeMap<SpaceId, SpaceState>,
    /// Every entry it was shown whole, in order.
    pub entries: Vec<Entry>,
    counters: BTreeMap<SpaceId, u64>,
    incarnation: u64,
}

/// What went wrong, as text: only tests read it.
pub type Failed = String;

fn good<T>(what: &'static str, (status, body): (u16, Vec<u8>)) -> Result<T, Failed>
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
{
    if status == 200 {
        return wire::decode(what, &body).map_err(|e| e.to_string());
    }
    let problem = wire::decode::<holdfast_protocol::sync::Problem>("problem", &body);
    Err(format!("{what}: status {status}, {problem:?}"))
}

fn header(space: SpaceId, class: Class, kind: Kind, epoch: u32, counter: u64) -> Header {
    Header {
        version: VERSION,
        space,
        class,
        kind,
        epoch,
        author: DeviceId::ZERO,
        counter,
        prev: EntryHash::ZERO,
        seen: Position::START,
        covers: Vec::new(),
        body_hash: [0; 32],
        body_len: 0,
    }
}

fn statement(space: SpaceId, after: EntryHash, act: Act, keys: &DeviceKeys) -> Entry {
    let header = header(space, Class::Membership, Kind::Membership, 0, 1);
    Entry::sign(header, Statement { after, act }.to_bytes(), keys)
}

impl BareClient {
    /// Founds an account and its chart, and registers them.
    ///
    /// # Errors
    /// What the relay said.
    pub fn found(carry: &mut Carry<'_>) -> Result<Self, Failed> {
        let mut entropy = SystemEntropy;
        let keys = DeviceKeys::generate(&mut entropy);
        let paper = DeviceKeys::generate(&mut entropy);
        let secret = AccountSecret(Secret32::random(&mut entropy));
        let devices =
            vec![keys.certificate(DeviceKind::Machine), paper.certificate(DeviceKind::Paper)];
        let epoch = AccountEpoch::create(1, &secret, None, &devices, &mut entropy)
            .map_err(|e| e.to_string())?;
        let act = Act::AccountGenesis(AccountGenesis { nonce: entropy.array(), devices, epoch });
        let genesis = statement(SpaceId::ZERO, EntryHash::ZERO, act, &keys);
        let state = SpaceState::start(&genesis, &(), Judge::Member).map_err(|e| e.to_string())?;
        let account = state.space();
        let request = RegisterRequest { version: VERSION, genesis: genesis.to_bytes() };
        let answer = carry("/v1/account", None, &wire::encode(&request));
        if answer.0 != 200 {
            return Err(format!("registering: status {}", answer.0));
        }
        let receive = state.as_account().expect("just founded").epoch().receive;
        let readers = [Reader { account, epoch: 1, membership: state.membership_head(), receive }];
        let epochs = Class::CHART
            .into_iter()
            .map(|class| {
                let key = Secret32::random(&mut entropy);
                ClassEpoch::create(class, 1, &key, None, &readers, &mut SystemEntropy)
            })
            .collect::<Result<_, _>>()
            .map_err(|e| e.to_string())?;
        let act = Act::ChartGenesis(ChartGenesis {
            nonce: entropy.array(),
            owner: account,
            subject: account,
            epochs,
        });
        let chart = statement(SpaceId::ZERO, EntryHash::ZERO, act, &keys);
        let mut client = Self::of(keys, account);
        client.sign_in(carry, "")?;
        client.push(carry, vec![chart.to_bytes()])?;
        client.counters.insert(chart.space(), 1);
        client.pull(carry, &secret)?;
        Ok(client)
    }

    /// Joins an account by a pairing link, as an honest device does.
    ///
    /// # Errors
    /// What the relay said.
    pub fn join(link: &str, carry: &mut Carry<'_>) -> Result<Self, Failed> {
        let link = PairingLink::parse(link).map_err(|e| e.to_string())?;
        let (invite, account) = (link.keys(), link.account);
        let peek = wire::encode(&PeekRequest::sign(&invite, account));
        let peek: PeekResponse = good("peek", carry("/v1/peek", None, &peek))?;
        let mut state: Option<SpaceState> = None;
        for item in &peek.membership {
            let Item::Entry { bytes, .. } = item else { continue };
            let entry = Entry::from_bytes(bytes).map_err(|e| e.to_string())?;
            match &mut state {
                None => {
                    let start = SpaceState::start(&entry, &(), Judge::Outline);
                    state = Some(start.map_err(|e| e.to_string())?);
                }
                Some(state) => {
                    let ok = state.check(&entry, &(), Judge::Outline).map_err(|e| e.to_string())?;
                    state.apply(&entry, &ok);
                }
            }
        }
        let state = state.ok_or("the peek was empty")?;
        let keys = DeviceKeys::generate(&mut SystemEntropy);
        let act = Act::AdmitDevice(AdmitDevice::by_invite(&keys, &invite, account));
        let admission = statement(account, state.membership_head(), act, &keys).to_bytes();
        let join = wire::encode(&JoinRequest { version: VERSION, account, admission });
        let join: JoinResponse = good("join", carry("/v1/join", None, &join))?;
        let wrapped =
            join.key(Class::Account).ok_or_else(|| format!("no wrap: {:?}", join.outcome))?;
        let info = invite_wrap_info(account, invite.id());
        let secret = invite.receive().unwrap_secret(&info, wrapped).map_err(|e| e.to_string())?;
        let epoch = state.as_account().ok_or("not an account")?.epoch();
        let secret = epoch.check(secret).map_err(|e| e.to_string())?;
        let mut client = Self::of(keys, account);
        client.counters.insert(account, 1);
        client.sign_in(carry, &link.relay)?;
        client.pull(carry, &secret)?;
        Ok(client)
    }

    fn of(keys: DeviceKeys, account: AccountId) -> Self {
        Self {
            keys,
            account,
            chart: SpaceId::ZERO,
            class_keys: BTreeMap::new(),
            token: String::new(),
            spaces: BTreeMap::new(),
            entries: Vec::new(),
            counters: BTreeMap::new(),
            incarnation: 1,
        }
    }

    /// Answers the relay's challenge for a token.
    ///
    /// # Errors
    /// What the relay said.
    pub fn sign_in(&mut self, carry: &mut Carry<'_>, audience: &str) -> Result<(), Failed> {
        let ask = wire::encode(&ChallengeRequest { version: VERSION, device: self.keys.id() });
        let challenge: ChallengeResponse = good("challenge", carry("/v1/challenge", None, &ask))?;
        let request = TokenRequest::sign(&self.keys, challenge.challenge, audience);
        let token: TokenResponse =
            good("token", carry("/v1/token", None, &wire::encode(&request)))?;
        self.token = BASE64URL_NOPAD.encode(&token.token);
        Ok(())
    }

    /// Sends one sync request as it is.
    ///
    /// # Errors
    /// What the relay said.
    pub fn sync(
        &self,
        carry: &mut Carry<'_>,
        request: &SyncRequest,
    ) -> Result<SyncResponse, Failed> {
        good("sync", carry("/v1/sync", Some(&self.token), &wire::encode(request)))
    }

    /// A request that pushes entries and asks for nothing.
    #[must_use]
    pub fn request(push: Vec<Vec<u8>>) -> SyncRequest {
        let push = push.into_iter().map(|entry| Push { entry, invite_wraps: Vec::new() });
        SyncRequest {
            version: VERSION,
            feed: u64::MAX,
            push: push.collect(),
            cursors: Vec::new(),
            want: Vec::new(),
            page_bytes: DEFAULT_PAGE_BYTES,
            accounts_feed: 0,
        }
    }

    /// Pushes entries.
    ///
    /// # Errors
    /// What the relay said of the request; of each entry it says its own outcome.
    pub fn push(
        &self,
        carry: &mut Carry<'_>,
        entries: Vec<Vec<u8>>,
    ) -> Result<Vec<Outcome>, Failed> {
        let answer = self.sync(carry, &Self::request(entries))?;
        Ok(answer.acks.into_iter().map(|ack| ack.outcome).collect())
    }

    /// Pulls both spaces from the start, checks them, and opens the class keys.
    ///
    /// # Errors
    /// What the relay said, or what does not fit.
    pub fn pull(&mut self, carry: &mut Carry<'_>, secret: &AccountSecret) -> Result<(), Failed> {
        self.spaces.clear();
        self.entries.clear();
        loop {
            let mut request = Self::request(Vec::new());
            request.feed = 0;
            let spaces = self.spaces.values();
            request.want = spaces
                .map(|s| Want { space: s.space(), after: s.head().seq, starting_at: None })
                .collect();
            if self.chart.is_zero() && request.want.is_empty() {
                request.want.push(Want { space: self.account, after: 0, starting_at: None });
            }
            let answer = self.sync(carry, &request)?;
            let mut moved = false;
            let mut pages = answer.spaces;
            // The account first: the chart's entries are judged by its devices.
            pages.sort_by_key(|page| page.space != self.account);
            for page in pages {
                for item in page.items {
                    moved |= self.take(page.space, &item)?;
                }
            }
            if !moved && !answer.more {
                break;
            }
        }
        let found = self.spaces.values().find_map(|s| s.as_chart().map(|c| (s.space(), c)));
        let (chart, state) = found.ok_or("no chart came")?;
        for (class, epochs) in &state.epochs {
            let Some(epoch) = epochs.last() else { continue };
            let key = epoch.open(self.account, secret).map_err(|e| e.to_string())?;
            self.class_keys.insert(*class, (epoch.number, key));
        }
        self.chart = chart;
        Ok(())
    }

    fn take(&mut self, space: SpaceId, item: &Item) -> Result<bool, Failed> {
        let (seq, entry) = match item {
            Item::Entry { seq, bytes } => {
                (*seq, Some(Entry::from_bytes(bytes).map_err(|e| e.to_string())?))
            }
            Item::Stub { seq, .. } => (*seq, None),
        };
        let at = self.spaces.get(&space).map_or(0, |s| s.head().seq);
        if seq != at + 1 {
            return Ok(false);
        }
        let Some(mut state) = self.spaces.remove(&space) else {
            let entry = entry.ok_or("a log that starts with a stub")?;
            let start = SpaceState::start(&entry, &self.spaces, Judge::Member);
            self.spaces.insert(space, start.map_err(|e| e.to_string())?);
            self.entries.push(entry);
            return Ok(true);
        };
        match (entry, item) {
            (Some(entry), _) => {
                match state.check(&entry, &self.spaces, Judge::Member) {
                    Ok(ok) => state.apply(&entry, &ok),
                    Err(_) => state.skip(entry.hash()),
                }
                self.entries.push(entry);
            }
            (None, Item::Stub { hash, .. }) => state.skip(*hash),
            (None, Item::Entry { .. }) => {}
        }
        self.spaces.insert(space, state);
        Ok(true)
    }

    /// The actor that this device must write as.
    #[must_use]
    pub fn actor(&self) -> ActorId {
        actor_id(self.keys.id(), self.incarnation)
    }

    /// Attests to a change of this device.
    #[must_use]
    pub fn attest(&self, doc: &DocId, seq: u64, change: [u8; 32]) -> Attestation {
        Attestation::sign(&self.keys, self.chart, doc, self.incarnation, seq, change)
    }

    /// Seals changes of a document, whatever they are, as this device's next entry of the chart.
    #[must_use]
    pub fn seal(&mut self, class: Class, changes: &DocChanges) -> Entry {
        self.seal_bytes(class, &changes.to_bytes(), Kind::Change)
    }

    /// Seals any bytes as this device's next entry of the chart.
    #[must_use]
    pub fn seal_bytes(&mut self, class: Class, content: &[u8], kind: Kind) -> Entry {
        let counter = self.counters.entry(self.chart).or_default();
        *counter += 1;
        let (epoch, key) = self.class_keys[&class].clone();
        let header = header(self.chart, class, kind, epoch, *counter);
        Entry::seal(header, &key, content, 3, &self.keys, &mut SystemEntropy)
    }
}
