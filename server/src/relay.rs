//! The relay without a network: it routes a question to what answers it, and holds what all answers share.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::ids::{AccountId, Generation, Seq, SpaceId};
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::sync::ProblemCode;

use crate::answer::{Answer, Ask, Refused};
use crate::auth::ChallengeSeal;
use crate::compaction;
use crate::config::{Limits, RelayConfig, Storage};
use crate::live::Speakers;
use crate::rates::Rates;
use crate::store::sqlite::SqliteStore;
use crate::store::{Reading, SpaceRow, Store, StoreError, Stored, read_with, write_with};
use crate::watch::{Watch, Watchers};
use crate::working_set::{Raised, WorkingSet};

/// The most spaces whose rights are kept in memory for reading.
const RIGHTS_IN_MEMORY: usize = 4096;

/// Why a relay could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be used.
    #[error("cannot use {directory} as the relay's data directory: {why}")]
    Directory {
        /// Which.
        directory: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// Another relay has it open.
    #[error(
        "another relay is using {directory}; stop it first, or choose another directory with --data"
    )]
    InUse {
        /// Which.
        directory: PathBuf,
    },
    /// The store does not open.
    #[error("cannot open the relay's store{}: {why}", in_directory(.directory.as_deref()))]
    Store {
        /// Where, unless in memory.
        directory: Option<PathBuf>,
        /// Why.
        why: StoreError,
    },
}

fn in_directory(directory: Option<&Path>) -> String {
    directory.map(|d| format!(" in {}", d.display())).unwrap_or_default()
}

/// A relay. Answers may be asked for from many threads.
pub struct Relay {
    store: Box<dyn Store>,
    limits: Limits,
    audience: Option<String>,
    behind_proxy: bool,
    entropy: Mutex<Box<dyn Entropy>>,
    seal: ChallengeSeal,
    tag_key: [u8; 32],
    rates: Rates,
    watchers: Watchers,
    speakers: Speakers,
    rights: Mutex<HashMap<SpaceId, (Seq, Arc<SpaceState>)>>,
    /// Held as long as the relay lives, so that no second one opens the same store.
    _lock: Option<File>,
}

impl Relay {
    /// Opens a relay.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(config: RelayConfig) -> Result<Self, OpenError> {
        let RelayConfig { storage, public_url, limits, behind_proxy, mut entropy } = config;
        let (store, lock, directory) = match storage {
            Storage::Memory => (SqliteStore::in_memory(entropy.as_mut()), None, None),
            Storage::Directory(directory) => {
                let lock = lock_directory(&directory)?;
                let store = SqliteStore::open(&directory, entropy.as_mut());
                (store, Some(lock), Some(directory))
            }
        };
        let failed = |why| OpenError::Store { directory: directory.clone(), why };
        let store: Box<dyn Store> = Box::new(store.map_err(failed)?);
        let secret = read_with(store.as_ref(), |r| r.secret()).map_err(failed)?;
        Ok(Self {
            store,
            audience: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            behind_proxy,
            entropy: Mutex::new(entropy),
            seal: ChallengeSeal::new(&secret),
            tag_key: blake3::derive_key("holdfast 1 relay log tags", &secret),
            rates: Rates::new(&limits),
            watchers: Watchers::default(),
            speakers: Speakers::default(),
            rights: Mutex::new(HashMap::new()),
            limits,
            _lock: lock,
        })
    }

    /// Answers a question. What the answer says is stored is on the disk. `now_ms` is the relay's clock, in
    /// milliseconds since 1970.
    #[must_use]
    pub fn answer(&self, ask: Ask<'_>, now_ms: u64) -> Answer {
        self.rates.advance(now_ms);
        self.route(ask, now_ms).unwrap_or_else(Answer::from)
    }

    fn route(&self, ask: Ask<'_>, now_ms: u64) -> Result<Answer, Refused> {
        if ask.path == "/healthz" {
            read_with(self.store(), |r| r.generation())?;
            return Ok(Answer { status: 200, body: b"ok\n".to_vec(), retry_after_ms: None });
        }
        self.rates.check_address(ask.peer)?;
        if ask.body.len() > self.limits.request_bytes {
            return Err(Refused::too_large(self.limits.request_bytes));
        }
        if ask.path == "/v1/sync" {
            return self.sync(ask.token, ask.body, now_ms);
        }
        if ask.path == "/v1/live" {
            return self.live(ask.token, ask.body, now_ms);
        }
        self.rates.check_newcomer(ask.peer)?;
        match ask.path {
            "/v1/account" => self.register(ask.body, now_ms),
            "/v1/challenge" => self.challenge(ask.body, now_ms),
            "/v1/token" => self.token(ask.body, now_ms),
            "/v1/peek" => self.peek(ask.body, now_ms),
            "/v1/join" => self.join(ask.body, now_ms),
            _ => Err(Refused::new(ProblemCode::NotFound, "there is nothing at this path")),
        }
    }

    /// Opens an event stream for the device that a token stands for.
    ///
    /// # Errors
    /// The answer that says why not.
    pub fn watch(&self, token: Option<&str>, peer: IpAddr, now_ms: u64) -> Result<Watch, Answer> {
        self.rates.advance(now_ms);
        let open = || {
            self.rates.check_address(peer)?;
            let who = self.who(token, now_ms)?;
            self.rates.check_account(&who.account)?;
            let feed = read_with(self.store(), |r| match r.space(&who.account)? {
                Some(row) => r.feed(row.no),
                None => Ok(0),
            })?;
            self.watchers.open(who.account, who.device, feed, self.limits.watches_per_account)
        };
        open().map_err(Answer::from)
    }

    /// Whether a token is good now: asked before a large body is read.
    ///
    /// # Errors
    /// The answer that says why not.
    pub fn check_token(&self, token: Option<&str>, now_ms: u64) -> Result<(), Answer> {
        self.who(token, now_ms).map(drop).map_err(Answer::from)
    }

    /// Whether the device behind an event stream may still act.
    #[must_use]
    pub fn may_watch(&self, watch: &Watch) -> bool {
        read_with(self.store(), |r| self.is_active(r, &watch.account, &watch.device))
            .unwrap_or(false)
    }

    /// What has to happen now and then: forgets what has run out, and drops superseded bodies whose time has come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn maintain(&self, now_ms: u64) -> Result<(), StoreError> {
        self.rates.advance(now_ms);
        self.rates.forget_idle();
        self.speakers.forget_silent(now_ms);
        write_with(self.store(), move |w| w.drop_expired(now_ms))?;
        for id in read_with(self.store(), |r| r.spaces_pending())? {
            write_with(self.store(), move |w| {
                let mut set = WorkingSet::default();
                if set.hold(w, &id)? {
                    compaction::compact(w, &mut set, &id, now_ms)?;
                }
                set.finish(w)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The life of this relay's store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn generation(&self) -> Result<Generation, StoreError> {
        read_with(self.store(), |r| r.generation())
    }

    /// Says that the store was restored from a backup: it starts a new generation, so that devices know to compare
    /// and to push again what it lost. Everybody has to sign in again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mark_restored(&self) -> Result<Generation, StoreError> {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        let generation = Generation(bytes);
        write_with(self.store(), move |w| w.start_generation(generation))?;
        Ok(generation)
    }

    /// The limits it was opened with.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) const fn behind_proxy(&self) -> bool {
        self.behind_proxy
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    pub(crate) const fn seal(&self) -> &ChallengeSeal {
        &self.seal
    }

    pub(crate) const fn rates(&self) -> &Rates {
        &self.rates
    }

    pub(crate) const fn watchers(&self) -> &Watchers {
        &self.watchers
    }

    pub(crate) const fn speakers(&self) -> &Speakers {
        &self.speakers
    }

    pub(crate) fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    pub(crate) fn fill(&self, out: &mut [u8]) {
        self.entropy.lock().unwrap_or_else(PoisonError::into_inner).fill(out);
    }

    /// Who shares a space, as of the view that is read. The state in memory is used only when the view says that
    /// the membership has not moved since.
    pub(crate) fn rights(
        &self,
        r: &dyn Reading,
        id: &SpaceId,
        row: &SpaceRow,
    ) -> Stored<Arc<SpaceState>> {
        let lock = || self.rights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((membership, state)) = lock().get(id)
            && *membership == row.membership
        {
            return Ok(Arc::clone(state));
        }
        let state = Arc::new(r.snapshot(row.no)?);
        let mut rights = lock();
        if rights.len() >= RIGHTS_IN_MEMORY {
            rights.clear();
        }
        rights.insert(*id, (row.membership, Arc::clone(&state)));
        Ok(state)
    }

    /// Tells watching devices which feeds moved. Cursors alone wake nobody.
    pub(crate) fn wake(&self, raised: &[Raised]) {
        for raised in raised.iter().filter(|raised| raised.spaces) {
            self.watchers.tell(&raised.account, raised.feed);
        }
    }

    /// How an account appears in the log: enough to tell lines apart, of no use anywhere else.
    pub(crate) fn tag(&self, account: &AccountId) -> String {
        let hash = blake3::keyed_hash(&self.tag_key, &account.0);
        data_encoding::HEXLOWER.encode(&hash.as_bytes()[..4])
    }
}

/// Makes the directory, only for its owner, and locks it.
fn lock_directory(directory: &Path) -> Result<File, OpenError> {
    let failed = |why| OpenError::Directory { directory: directory.to_owned(), why };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(failed)?;
    let lock = File::create(directory.join("relay.lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { directory: directory.to_owned() }),
        Err(TryLockError::Error(why)) => Err(failed(why)),
    }
}
