//! Membership made by hand: statements signed with the keys of a home and given to the relay one by one, as any
//! program could that speaks the protocol. It checks nothing, so that tests can say what an app never would.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast::sync::transport::{Answer, Ask, Cancel, Transport};
use holdfast_protocol::auth::{ChallengeRequest, ChallengeResponse, TokenRequest, TokenResponse};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::entry::{Entry, Header, Kind, Position};
use holdfast_protocol::epoch::{AccountSecret, ClassEpoch, Reader};
use holdfast_protocol::ids::{Class, DeviceId, EntryHash, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, InviteKeys, wrap};
use holdfast_protocol::membership::{
    Act, AdmitMember, ChangeGrant, ConfirmMember, DeviceEnd, Grant, InviteMember, KeepKeys,
    KeptKey, MemberProof, RemoveMember, SpaceState, Statement,
};
use holdfast_protocol::pairing::{JoinRequest, JoinResponse, member_wrap_info};
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{InviteWrap, Outcome, Push, SyncRequest, SyncResponse};
use holdfast_protocol::{VERSION, wire};

use crate::near_relay::{NearRelay, URL};
use crate::scene::carry;

/// When invites made here end, in milliseconds since 1970: long after any test.
const NEVER_MS: u64 = 4_000_000_000_000;

/// How the relay is reached.
enum Reached {
    Near(Arc<NearRelay>),
    Http(String),
}

/// The keys of a home, in the hands of a test.
pub struct Hand {
    home: PathBuf,
    relay: Reached,
    seal: Secret32,
    /// The device's keys.
    pub keys: DeviceKeys,
    /// The account.
    pub account: SpaceId,
    /// The account's own chart.
    pub chart: SpaceId,
}

fn secret(bytes: &[u8]) -> Secret32 {
    Secret32::from_bytes(bytes.try_into().expect("32 bytes"))
}

impl Hand {
    /// Takes the keys out of a home.
    ///
    /// # Panics
    /// When the home is not one of this version.
    #[must_use]
    pub fn of(home: &Path, relay: &Arc<NearRelay>) -> Self {
        Self::reaching(home, Reached::Near(relay.clone()))
    }

    /// The same, with a relay that is reached by HTTP.
    ///
    /// # Panics
    /// When the home is not one of this version.
    #[must_use]
    pub fn over_http(home: &Path, url: &str) -> Self {
        Self::reaching(home, Reached::Http(url.to_owned()))
    }

    fn reaching(home: &Path, relay: Reached) -> Self {
        let text = std::fs::read_to_string(home.join("key")).expect("the key file reads");
        let hex = text.lines().nth(1).expect("a key");
        let seal = secret(&SpaceId::from_hex(hex).expect("hex").0);
        let db = rusqlite::Connection::open(home.join("holdfast.db")).expect("a database");
        let meta = |key: &str| -> Vec<u8> {
            db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
                .expect("a fact")
        };
        let seed = seal.open(b"holdfast device seed", &meta("seed")).expect("the seed opens");
        let me: serde_json::Value = serde_json::from_slice(&meta("me")).expect("json");
        let id = |name: &str| me[name].as_str().and_then(SpaceId::from_hex).expect("an id");
        Self {
            home: home.to_owned(),
            relay,
            keys: DeviceKeys::from_seed(secret(&seed)),
            account: id("account"),
            chart: id("chart"),
            seal,
        }
    }

    fn db(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.home.join("holdfast.db")).expect("a database")
    }

    /// A space as the home knows it.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn state(&self, space: SpaceId) -> SpaceState {
        let sql = "SELECT state FROM space WHERE id = ?1";
        let bytes: Vec<u8> =
            self.db().query_row(sql, [space.0], |row| row.get(0)).expect("a known space");
        wire::decode("space", &bytes).expect("a state")
    }

    /// A key that the home keeps: of a class of a chart, or the account's secret.
    #[must_use]
    pub fn key(&self, space: SpaceId, class: Class, epoch: u32) -> Option<Secret32> {
        let number = class as i64;
        let sql = "SELECT sealed FROM secret WHERE space = ?1 AND class = ?2 AND epoch = ?3";
        let sealed: Option<Vec<u8>> =
            self.db().query_row(sql, (space.0, number, epoch), |row| row.get(0)).ok();
        let mut purpose = b"holdfast class key".to_vec();
        purpose.extend_from_slice(&space.0);
        purpose.extend_from_slice(&number.to_le_bytes());
        purpose.extend_from_slice(&epoch.to_le_bytes());
        self.seal.open(&purpose, &sealed?).map(|key| secret(&key))
    }

    /// This account, as one that a key can be wrapped for.
    ///
    /// # Panics
    /// Never: the account is one.
    #[must_use]
    pub fn reader(&self) -> Reader {
        let state = self.state(self.account);
        let epoch = state.as_account().expect("an account").epoch();
        Reader {
            account: self.account,
            epoch: epoch.number,
            membership: state.membership_head(),
            receive: epoch.receive,
        }
    }

    fn ask<T>(&self, path: &'static str, body: Vec<u8>, token: Option<String>) -> T
    where
        T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
    {
        let answer = match &self.relay {
            Reached::Near(relay) => {
                let ask = Ask { relay: URL.to_owned(), path, token, body };
                relay.exchange(&ask, 0, &Cancel::new()).expect("the relay answers")
            }
            Reached::Http(url) => {
                let (status, body) = carry(url)(path, token.as_deref(), &body);
                Answer { status, body }
            }
        };
        assert_eq!(answer.status, 200, "{:?}", answer.problem());
        wire::decode("answer", &answer.body).expect("the answer reads")
    }

    /// Gives the relay an entry.
    ///
    /// # Panics
    /// When the relay refuses the whole request.
    #[must_use]
    pub fn push(&self, entry: &Entry, invite_wraps: Vec<InviteWrap>) -> Outcome {
        let request = ChallengeRequest { version: VERSION, device: self.keys.id() };
        let challenge: ChallengeResponse = self.ask("/v1/challenge", wire::encode(&request), None);
        let url = match &self.relay {
            Reached::Near(_) => URL,
            Reached::Http(url) => url,
        };
        let request = TokenRequest::sign(&self.keys, challenge.challenge, url);
        let token: TokenResponse = self.ask("/v1/token", wire::encode(&request), None);
        let token = data_encoding::BASE64URL_NOPAD.encode(&token.token);
        let request = SyncRequest {
            version: VERSION,
            feed: 0,
            push: vec![Push { entry: entry.to_bytes(), invite_wraps }],
            cursors: Vec::new(),
            want: Vec::new(),
            page_bytes: 4096,
            accounts_feed: 0,
        };
        let response: SyncResponse = self.ask("/v1/sync", wire::encode(&request), Some(token));
        response.acks.into_iter().next().expect("an acknowledgement").outcome
    }

    /// The header of this device's next entry in a chart.
    #[must_use]
    pub fn header(&self, state: &SpaceState, class: Class, kind: Kind, epoch: u32) -> Header {
        Header {
            version: VERSION,
            space: state.space(),
            class,
            kind,
            epoch,
            author: DeviceId::ZERO,
            counter: state.tip(&self.keys.id()).counter + 1000,
            prev: EntryHash::ZERO,
            seen: Position::START,
            covers: Vec::new(),
            body_hash: [0; 32],
            body_len: 0,
        }
    }

    /// Signs a statement that follows a chart's membership.
    #[must_use]
    pub fn statement(&self, state: &SpaceState, act: Act) -> Entry {
        let header = self.header(state, Class::Membership, Kind::Membership, 0);
        let body = Statement { after: state.membership_head(), act }.to_bytes();
        Entry::sign(header, body, &self.keys)
    }

    /// Says something in a chart and applies it to what is known of the chart.
    ///
    /// # Panics
    /// When the relay does not take it.
    pub fn say(&self, state: &mut SpaceState, act: Act, wraps: Vec<InviteWrap>) {
        let entry = self.statement(state, act);
        let outcome = self.push(&entry, wraps);
        assert!(matches!(outcome, Outcome::Stored { .. }), "{outcome:?}");
        state.replay(&entry).expect("a statement");
    }

    /// Lets another account into this one's chart, with what its invite gives: both homes know nothing of it
    /// until they sync. Both must have synced before.
    ///
    /// # Panics
    /// When the relay does not take a part of it.
    pub fn let_in(&self, guest: &Self, grant: Grant) {
        self.let_in_by(guest, grant, false);
    }

    /// The same; with `confirm_first` no key is given before [`Self::confirm`].
    ///
    /// # Panics
    /// When the relay does not take a part of it.
    pub fn let_in_by(&self, guest: &Self, grant: Grant, confirm_first: bool) {
        let e = &mut SystemEntropy;
        let mut state = self.state(self.chart);
        let invite = InviteKeys::from_secret(&Secret32::random(e));
        let receive = invite.receive().public();
        let mut wraps = Vec::new();
        for class in grant.classes.keys().filter(|_| !confirm_first) {
            let key = self.key(self.chart, *class, state.epoch(*class)).expect("an owner's key");
            let info = member_wrap_info(self.chart, invite.id(), *class);
            let wrapped = wrap(&receive, &info, key.expose(), e).expect("a receiver");
            wraps.push(InviteWrap { invite: invite.id(), class: *class, wrapped });
        }
        let act = Act::InviteMember(InviteMember {
            invite: invite.id(),
            receive,
            grant,
            expires_at_ms: NEVER_MS,
            confirm_first,
            by: self.account,
        });
        self.say(&mut state, act, wraps);

        let proof = MemberProof::sign(&invite, self.chart, guest.account, guest.keys.id());
        let account_membership = guest.state(guest.account).membership_head();
        let act =
            AdmitMember { account: guest.account, account_membership, proof, greetings: None };
        let admission = guest.statement(&state, Act::AdmitMember(act));
        let request =
            JoinRequest { version: VERSION, account: self.chart, admission: admission.to_bytes() };
        let joined: JoinResponse = guest.ask("/v1/join", wire::encode(&request), None);
        assert!(matches!(joined.outcome, Outcome::Stored { .. }), "{:?}", joined.outcome);
        state.replay(&admission).expect("an admission");
        if confirm_first {
            return;
        }

        let chart = state.as_chart().expect("a chart");
        let keys = joined.keys.iter().map(|handed| {
            let info = member_wrap_info(self.chart, invite.id(), handed.class);
            let key = invite.receive().unwrap_secret(&info, &handed.wrapped).expect("it opens");
            let epoch = chart.epochs[&handed.class].last().expect("an epoch");
            let wrap = epoch.wrap_for(&key, &guest.reader(), e).expect("a receiver");
            KeptKey { class: handed.class, epoch: epoch.number, wrap }
        });
        let act = Act::KeepKeys(KeepKeys { keys: keys.collect() });
        guest.say(&mut state, act, Vec::new());
    }

    /// New epochs of classes for these readers, made of the keys this home has.
    ///
    /// # Panics
    /// When it lacks one.
    #[must_use]
    pub fn epochs(
        &self,
        state: &SpaceState,
        classes: &BTreeSet<Class>,
        readers: &dyn Fn(Class) -> Vec<Reader>,
    ) -> Vec<ClassEpoch> {
        let e = &mut SystemEntropy;
        let new = |class: &Class| {
            let number = state.epoch(*class);
            let old = self.key(state.space(), *class, number).expect("an owner's key");
            let key = Secret32::random(e);
            let made =
                ClassEpoch::create(*class, number + 1, &key, Some(&old), &readers(*class), e);
            made.expect("receivers")
        };
        classes.iter().map(new).collect()
    }

    fn ends(&self, state: &SpaceState, other: &Self) -> Vec<DeviceEnd> {
        let devices = other.state(other.account);
        let devices = devices.as_account().expect("an account").devices.keys();
        let ended = devices.map(|device| DeviceEnd { device: *device, cut: state.tip(device) });
        ended.filter(|end| end.cut.counter > 0).collect()
    }

    /// Gives another account another grant in this one's chart, which nobody else reads.
    ///
    /// # Panics
    /// When the relay does not take it.
    pub fn change_grant(&self, other: &Self, grant: Grant) {
        let mut state = self.state(self.chart);
        let chart = state.as_chart().expect("a chart");
        let before = chart.members[&other.account].grant.clone();
        let had: BTreeSet<Class> = before.classes.keys().copied().collect();
        let has: BTreeSet<Class> = grant.classes.keys().copied().collect();
        let readers = |class| {
            let guest = has.contains(&class).then(|| other.reader());
            std::iter::once(self.reader()).chain(guest).collect()
        };
        let epochs = self.epochs(&state, &(&had ^ &has), &readers);
        let cuts = if grant.reduces(&before) { self.ends(&state, other) } else { Vec::new() };
        let act = ChangeGrant { account: other.account, grant, cuts, epochs };
        self.say(&mut state, Act::ChangeGrant(act), Vec::new());
    }

    /// Gives another account the keys of its grant, as after comparing the safety phrase.
    ///
    /// # Panics
    /// When the relay does not take it.
    pub fn confirm(&self, other: &Self) {
        let mut state = self.state(self.chart);
        let chart = state.as_chart().expect("a chart");
        let reads = chart.members[&other.account].grant.classes.keys().copied().collect();
        let epochs = self.epochs(&state, &reads, &|_| vec![self.reader(), other.reader()]);
        let act = ConfirmMember { account: other.account, epochs };
        self.say(&mut state, Act::ConfirmMember(act), Vec::new());
    }

    /// Removes another account from this one's chart, which nobody else reads.
    ///
    /// # Panics
    /// When the relay does not take it.
    pub fn remove(&self, other: &Self) {
        let mut state = self.state(self.chart);
        let chart = state.as_chart().expect("a chart");
        let had = chart.members[&other.account].grant.classes.keys().copied().collect();
        let epochs = self.epochs(&state, &had, &|_| vec![self.reader()]);
        let cuts = self.ends(&state, other);
        let act = RemoveMember { account: other.account, cuts, epochs };
        self.say(&mut state, Act::RemoveMember(act), Vec::new());
    }

    /// The secret of the account in an epoch.
    #[must_use]
    pub fn account_secret(&self, epoch: u32) -> Option<AccountSecret> {
        self.key(self.account, Class::Account, epoch).map(AccountSecret)
    }
}
