//! The engine's handle: opening, making, closing, and how a command gets from the caller's thread to one of
//! ours and its failure back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use holdfast::domain::words::Words;
use holdfast::key_provider::{FileKeyProvider, KeyProvider};
use holdfast::{Cancel, Config, Engine, Faults, HoldfastError, NewAccount, Sharing};

use crate::clock::ClockHandle;
use crate::failure::Failure;
use crate::keys::{KeyStore, Keys};
use crate::work;

/// How long closing waits for commands under way, in milliseconds. One that takes longer ends by itself.
const CLOSING_MS: u64 = 2000;

/// What an engine is opened with.
#[derive(Clone, uniffi::Record)]
pub struct EngineConfig {
    /// The directory of the data. Made where it is not there, when an identity is made.
    pub directory: String,
    /// Keeps the key that seals this device's secrets. Left out, a file beside the data that only its owner
    /// may read: for desktops and tests.
    #[uniffi(default = None)]
    pub keys: Option<Arc<dyn KeyStore>>,
    /// Where time comes from; the machine's clock where it is left out.
    #[uniffi(default = None)]
    pub clock: Option<Arc<ClockHandle>>,
    /// The language of sentences, a BCP 47 tag; what there is none of is English.
    #[uniffi(default = "en")]
    pub language: String,
    /// One more root certificate to trust, as PEM.
    #[uniffi(default = None)]
    pub extra_root_pem: Option<String>,
}

impl EngineConfig {
    pub(crate) fn words(&self) -> &'static Words {
        Words::for_language(&self.language)
    }

    fn config(&self, provider: &Provider, faults: Faults) -> Config {
        let mut config = Config::new(&self.directory, provider.keys());
        if let Some(clock) = &self.clock {
            config.clock = Arc::clone(clock) as Arc<dyn holdfast::clock::Clock>;
        }
        config.sharing = Sharing::OneProcess;
        config.extra_root_pem = self.extra_root_pem.clone().map(String::into_bytes);
        config.faults = faults;
        config
    }
}

/// Who keeps the key.
enum Provider {
    Foreign(Arc<Keys>),
    File(Arc<FileKeyProvider>),
}

impl Provider {
    fn of(config: &EngineConfig, foreign: fn(Arc<dyn KeyStore>) -> Arc<Keys>) -> Self {
        match &config.keys {
            Some(store) => Self::Foreign(foreign(Arc::clone(store))),
            None => {
                let directory = std::path::Path::new(&config.directory);
                Self::File(Arc::new(FileKeyProvider::in_directory(directory)))
            }
        }
    }

    fn keys(&self) -> Arc<dyn KeyProvider> {
        match self {
            Self::Foreign(keys) => Arc::clone(keys) as Arc<dyn KeyProvider>,
            Self::File(keys) => Arc::clone(keys) as Arc<dyn KeyProvider>,
        }
    }

    fn foreign(self) -> Option<Arc<Keys>> {
        match self {
            Self::Foreign(keys) => Some(keys),
            Self::File(_) => None,
        }
    }
}

/// A new account.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AccountRequest {
    /// The person's name.
    pub name: String,
    /// This device's name.
    pub device_name: String,
    /// The relay's address, where there is one.
    #[uniffi(default = None)]
    pub relay: Option<String>,
}

/// An engine with a new account.
#[derive(uniffi::Record)]
pub struct CreatedEngine {
    /// The engine.
    pub engine: Arc<EngineHandle>,
    /// The recovery phrase, word by word. It is never given again.
    pub phrase: Vec<String>,
}

/// Who this device is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Identity {
    /// The account, as hex.
    pub account: String,
    /// The account's name.
    pub name: String,
    /// The device, as hex.
    pub device: String,
    /// The device's name.
    pub device_name: String,
    /// The IANA zone the device is in.
    pub zone: String,
    /// The relay's address, where there is one.
    pub relay: Option<String>,
}

/// Opens the home of an identity. A second opening in one process gives the same engine.
#[uniffi::export]
pub async fn open_engine(config: EngineConfig) -> Result<Arc<EngineHandle>, Failure> {
    opened(config, Faults::none()).await
}

pub(crate) async fn opened(
    config: EngineConfig,
    faults: Faults,
) -> Result<Arc<EngineHandle>, Failure> {
    let words = config.words();
    let open = move || {
        let provider = Provider::of(&config, Keys::fetched);
        let engine = Engine::open(config.config(&provider, faults))?;
        let keys = provider.foreign();
        if let Some(keys) = &keys {
            keys.hand_over()?;
        }
        Ok(EngineHandle::new(engine, keys, words))
    };
    work::done(Cancel::new(), open).await.map_err(|error| Failure::of(&error, words))
}

/// Makes an account and its first device.
#[uniffi::export]
pub async fn create_engine(
    config: EngineConfig,
    account: AccountRequest,
) -> Result<CreatedEngine, Failure> {
    let words = config.words();
    let create = move || {
        let provider = Provider::of(&config, Keys::through);
        let AccountRequest { name, device_name, relay } = account;
        let account = NewAccount { name, device_name, relay };
        let (engine, phrase) = Engine::create(config.config(&provider, Faults::none()), account)?;
        let phrase = phrase.words().split_whitespace().map(str::to_owned).collect();
        Ok(CreatedEngine { engine: EngineHandle::new(engine, provider.foreign(), words), phrase })
    };
    work::done(Cancel::new(), create).await.map_err(|error| Failure::of(&error, words))
}

/// Joins an account with another device's pairing link. Needs the relay.
#[uniffi::export]
pub async fn join_engine(
    config: EngineConfig,
    link: String,
    device_name: String,
) -> Result<Arc<EngineHandle>, Failure> {
    let words = config.words();
    let join = move || {
        let provider = Provider::of(&config, Keys::through);
        let engine = Engine::join(config.config(&provider, Faults::none()), &link, &device_name)?;
        Ok(EngineHandle::new(engine, provider.foreign(), words))
    };
    work::done(Cancel::new(), join).await.map_err(|error| Failure::of(&error, words))
}

/// Takes an account up again with its recovery phrase. Needs the relay.
#[uniffi::export]
pub async fn recover_engine(
    config: EngineConfig,
    phrase: String,
    relay: String,
    device_name: String,
) -> Result<Arc<EngineHandle>, Failure> {
    let words = config.words();
    let recover = move || {
        let provider = Provider::of(&config, Keys::through);
        let faults = Faults::none();
        let engine =
            Engine::recover(config.config(&provider, faults), &phrase, &relay, &device_name)?;
        Ok(EngineHandle::new(engine, provider.foreign(), words))
    };
    work::done(Cancel::new(), recover).await.map_err(|error| Failure::of(&error, words))
}

/// Something that holds on to the engine and lets go of it when the engine is closed.
pub(crate) trait Ends: Send + Sync {
    /// Lets go.
    fn end(&self);
}

/// What every view of an engine shares.
pub(crate) struct Common {
    closed: AtomicBool,
    /// Asked for when the engine is closed.
    cancel: Cancel,
    words: &'static Words,
    keys: Option<Arc<Keys>>,
    holders: Mutex<Vec<Weak<dyn Ends>>>,
    at_work: Mutex<usize>,
    idle: Condvar,
}

impl Common {
    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Lets something go when the engine is closed.
    pub(crate) fn hold(&self, holder: Weak<dyn Ends>) {
        let mut holders = lock(&self.holders);
        holders.retain(|holder| holder.strong_count() > 0);
        holders.push(holder);
    }

    /// A wish to stop that is also there when the engine is closed.
    pub(crate) fn cancel(&self) -> Cancel {
        Cancel::new().or(&self.cancel)
    }
}

/// One command under way.
pub(crate) struct AtWork {
    pub(crate) engine: Engine,
    /// Dropped after the engine: who waits for it finds the engine let go.
    _turn: Turn,
}

struct Turn(Arc<Common>);

impl Drop for Turn {
    fn drop(&mut self) {
        let mut at_work = lock(&self.0.at_work);
        *at_work -= 1;
        drop(at_work);
        self.0.idle.notify_all();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An engine, looking at one of its charts. Its methods are in the files of what they are about.
#[derive(uniffi::Object)]
pub struct EngineHandle {
    common: Arc<Common>,
    engine: Mutex<Option<Engine>>,
}

impl Ends for EngineHandle {
    fn end(&self) {
        let engine = lock(&self.engine).take();
        drop(engine);
    }
}

impl EngineHandle {
    fn new(engine: Engine, keys: Option<Arc<Keys>>, words: &'static Words) -> Arc<Self> {
        let common = Arc::new(Common {
            closed: AtomicBool::new(false),
            cancel: Cancel::new(),
            words,
            keys,
            holders: Mutex::default(),
            at_work: Mutex::new(0),
            idle: Condvar::new(),
        });
        Self::view(common, engine)
    }

    /// A view of a chart of the same engine.
    pub(crate) fn view(common: Arc<Common>, engine: Engine) -> Arc<Self> {
        let view = Arc::new(Self { common, engine: Mutex::new(Some(engine)) });
        let weak: Weak<dyn Ends> = Arc::downgrade(&view) as Weak<dyn Ends>;
        view.common.hold(weak);
        view
    }

    pub(crate) const fn common(&self) -> &Arc<Common> {
        &self.common
    }

    pub(crate) fn words(&self) -> &'static Words {
        self.common.words
    }

    /// The engine, while a command is at work on it.
    pub(crate) fn enter(&self) -> Result<AtWork, Failure> {
        let engine = lock(&self.engine).clone();
        let Some(engine) = engine.filter(|_| !self.common.is_closed()) else {
            return Err(Failure::closed(self.words()));
        };
        *lock(&self.common.at_work) += 1;
        Ok(AtWork { engine, _turn: Turn(Arc::clone(&self.common)) })
    }

    /// Runs a command on a thread of ours.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        command: impl FnOnce(&Engine) -> Result<T, HoldfastError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run_until(Cancel::new(), command).await
    }

    /// Runs a command that can be asked to stop.
    pub(crate) async fn run_until<T: Send + 'static>(
        &self,
        cancel: Cancel,
        command: impl FnOnce(&Engine) -> Result<T, HoldfastError> + Send + 'static,
    ) -> Result<T, Failure> {
        let at_work = self.enter()?;
        let work = move || command(&at_work.engine);
        work::done(cancel, work).await.map_err(|error| self.failure(&error))
    }

    pub(crate) fn failure(&self, error: &HoldfastError) -> Failure {
        Failure::of(error, self.words())
    }
}

#[uniffi::export]
impl EngineHandle {
    /// Who this device is.
    pub async fn identity(&self) -> Result<Identity, Failure> {
        self.run(|engine| crate::carried::carried(&engine.identity()?)).await
    }

    /// The folder of the home.
    pub fn directory(&self) -> Result<String, Failure> {
        Ok(self.enter()?.engine.home().display().to_string())
    }

    /// Finishes the transaction under way and lets go of every file lock and connection: call it when the app
    /// goes to the background.
    pub async fn suspend(&self) -> Result<(), Failure> {
        self.run(Engine::suspend).await
    }

    /// Takes up work again.
    pub async fn resume(&self) -> Result<(), Failure> {
        self.run(Engine::resume).await
    }

    /// Lets go of the engine: what syncs stops, what listens hears no more, what plays is put away as by a kill.
    /// Every later call says `Closed`. Closing twice is nothing.
    pub async fn shut(&self) {
        if self.common.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        let common = Arc::clone(&self.common);
        let _ = work::done(Cancel::new(), move || {
            common.cancel.cancel();
            let holders = std::mem::take(&mut *lock(&common.holders));
            for holder in holders.iter().filter_map(Weak::upgrade) {
                holder.end();
            }
            let at_work = lock(&common.at_work);
            let wait = Duration::from_millis(CLOSING_MS);
            drop(common.idle.wait_timeout_while(at_work, wait, |at_work| *at_work > 0));
            Ok(())
        })
        .await;
    }

    /// Whether it was closed.
    pub fn is_shut(&self) -> bool {
        self.common.is_closed()
    }

    /// Removes everything of this device from this machine: data, key, marker. What is on the relay stays, and so
    /// do other devices. The engine is closed then.
    pub async fn erase(&self) -> Result<(), Failure> {
        let keys = self.common.keys.clone();
        let erase = move |engine: &Engine| {
            if let Some(keys) = &keys {
                keys.forget_now()?;
            }
            engine.erase()
        };
        self.run(erase).await?;
        self.shut().await;
        Ok(())
    }
}

impl std::fmt::Debug for EngineHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineHandle").field("closed", &self.common.is_closed()).finish()
    }
}
