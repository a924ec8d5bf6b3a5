//! The Holdfast engine: documents, SQLite and sync behind one handle, [`Engine`].
//!
//! Commands block until what they did is on the disk. Only sync touches the network.

#![cfg_attr(test, allow(clippy::unwrap_used))]
// The layers land one by one; the last one takes this away.
#![allow(dead_code)]

pub mod audit;
pub mod clock;
pub mod config;
pub mod documents;
mod erasure;
pub mod error;
mod export;
mod home;
mod identity;
pub mod key_provider;
pub mod live;
pub mod observe;
mod protocol_words;
pub mod views;

mod assisted;
mod charts;
mod commands;
mod doctor;
mod names;
mod open_documents;
mod plans;
mod profiles;
mod projection;
mod rights;
pub mod sharing;
mod store;
pub mod sync;

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use charts::ChartView;
pub use commands::days::{DayQuery, DayView};
pub use commands::events::{EventAdded, EventQuery, EventView};
pub use commands::exercise::{OwnConflictView, OwnEdit, OwnRequest, OwnView};
pub use commands::habits::{HabitPlanView, HabitView, HabitsView, RecoveryView, TickView, Ticked};
pub use commands::history::{DEFAULT_PAGE, HistoryQuery};
pub use commands::hold::HoldEdit;
pub use commands::log_request::{Done, Eased, LogRequest, LogSide};
pub use commands::play;
pub use commands::prescription;
pub use commands::profile::{AnswerView, PregnancyView, ProfileView};
pub use commands::progress::ProgressQuery;
pub use commands::routine;
pub use commands::schedule::{Due, PlanView};
pub use commands::self_test::{
    Imbalance, ReadingView, SignsView, TestChange, TestHistory, TestRequest, TestResultView,
    TestView,
};
pub use commands::session::SessionWithHolds;
pub use config::{Config, Sharing};
pub use doctor::{DoctorFinding, DoctorReport};
pub use error::HoldfastError;
pub use export::{ExportFormat, ExportReport, ImportReport, Refused, TablesReport};
pub use holdfast_domain as domain;
pub use holdfast_protocol::phrase::Phrase;
pub use identity::{DeviceStanding, DeviceView, NewAccount, Pairing, PhraseView};
pub use observe::{Key, Keys, Subscription};
pub use rights::ChartStanding;
pub use sharing::{
    Compared, GrantEdit, GrantEnd, GrantRequest, Inspection, Invitation, InviteInside, InviteView,
    Invited, MemberView, Pending, RoutineCopy, RoutineInside, SafetyPhrase, inspect,
};
pub use store::faults::{Crash, FaultPoint, Faults};
pub use sync::report::{Budget, SyncOutcome, SyncProblem, SyncReport};
pub use sync::run::RelayStatus;
pub use sync::transport::Cancel;
pub use sync::watch::{WatchEvent, Watching};

use clock::Clock;
use error::{Error, Result};
use holdfast_domain::units::Moment;
use holdfast_protocol::attest::actor_id;
use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::ids::{AccountId, ActorId, DeviceId, SpaceId};
use holdfast_protocol::secret::Secret32;
use key_provider::KeyProvider;
use names::Names;
use open_documents::OpenDocuments;
use plans::Plans;
use profiles::Profiles;
use store::Store;
use store::meta::{self, Me};
use sync::http::Http;
use sync::run::Syncing;
use sync::transport::Transport;
use sync::watch::Wakes;

/// One home, opened, looking at one of its charts: the own one, until [`Engine::chart`] gives a view of another.
/// Cheap to clone; every clone and every view is the same engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

/// Who this device is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
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

/// What every clone and every view of an engine shares.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Mutex<Box<dyn Entropy + Send>>,
    pub(crate) keys: Arc<dyn KeyProvider>,
    /// The provider's key, which seals this device's secrets.
    pub(crate) key: Secret32,
    pub(crate) extra_root_pem: Option<Vec<u8>>,
    /// Who this device is, with its account's own chart.
    pub(crate) me: Who,
    pub(crate) documents: OpenDocuments,
    pub(crate) plans: Plans,
    pub(crate) profiles: Profiles,
    pub(crate) names: Names,
    pub(crate) syncing: Syncing,
    pub(crate) wakes: Wakes,
    /// Made when it is first needed: most commands never touch the network.
    transport: OnceLock<Arc<dyn Transport>>,
    /// Whether a session is played by this engine. Between processes a lock file tells.
    pub(crate) playing: AtomicBool,
}

/// A view of one chart. Commands work on the chart in `who`; everything else is shared.
pub(crate) struct Inner {
    shared: Arc<Shared>,
    /// Who this device is, with the chart this view is of.
    pub(crate) who: Who,
}

impl Deref for Inner {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

/// Who this device is, as far as it never changes while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    /// The chart that is looked at.
    pub(crate) chart: SpaceId,
    pub(crate) incarnation: u64,
    /// What this life of the device writes changes as.
    pub(crate) actor: ActorId,
}

impl Inner {
    /// Puts an engine together over an opened store, its key and the identity found in it.
    pub(crate) fn assemble(
        config: Config,
        store: Store,
        key: Secret32,
        me: &Me,
    ) -> Result<Arc<Self>> {
        let id = |text: &str, what: &str| {
            SpaceId::from_hex(text).ok_or_else(|| Error::Unreadable(format!("{what} \"{text}\"")))
        };
        let device = DeviceId(id(&me.device, "the device")?.0);
        let who = Who {
            account: id(&me.account, "the account")?,
            device,
            chart: id(&me.chart, "the chart")?,
            incarnation: me.incarnation,
            actor: actor_id(device, me.incarnation),
        };
        Ok(Self::own(Arc::new(Shared {
            store,
            clock: config.clock,
            entropy: Mutex::new(config.entropy),
            keys: config.keys,
            key,
            extra_root_pem: config.extra_root_pem,
            me: who,
            documents: OpenDocuments::default(),
            plans: Plans::default(),
            profiles: Profiles::default(),
            names: Names::default(),
            syncing: Syncing::default(),
            wakes: Wakes::default(),
            transport: config.transport.map(OnceLock::from).unwrap_or_default(),
            playing: AtomicBool::new(false),
        })))
    }

    /// The view of the account's own chart.
    pub(crate) fn own(shared: Arc<Shared>) -> Arc<Self> {
        let who = shared.me;
        Arc::new(Self { shared, who })
    }

    /// The view of another chart.
    pub(crate) fn of(&self, chart: SpaceId) -> Arc<Self> {
        Arc::new(Self { shared: Arc::clone(&self.shared), who: Who { chart, ..self.who } })
    }

    /// What all views share: for what outlives a view.
    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Shared {
    /// What carries requests to the relay.
    pub(crate) fn transport(&self) -> Result<&dyn Transport> {
        if let Some(transport) = self.transport.get() {
            return Ok(&**transport);
        }
        let http = Http::new(self.extra_root_pem.as_deref())?;
        Ok(&**self.transport.get_or_init(|| Arc::new(http)))
    }

    /// Fills an array with random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes);
        bytes
    }

    /// Now, where the device is.
    pub(crate) fn now(&self) -> Moment {
        clock::now(&*self.clock)
    }
}

impl Engine {
    /// Opens the home of an identity that was made before.
    ///
    /// # Errors
    /// No home, a file, not writable, in use, newer data, damaged, key lost or locked: each its own
    /// [`HoldfastError`]. No file is changed then.
    pub fn open(config: Config) -> std::result::Result<Self, HoldfastError> {
        let opened = catch_unwind(AssertUnwindSafe(|| home::open(config)));
        let opened = opened
            .unwrap_or_else(|panic| Err(Error::RestartNeeded(store::panic_text(panic.as_ref()))));
        Ok(Self { inner: opened? })
    }

    /// Runs a command. A panic inside becomes [`HoldfastError::RestartNeeded`]: what was not
    /// committed is rolled back, what is in memory is dropped, and every later call says the same.
    pub(crate) fn guarded<T>(
        &self,
        command: impl FnOnce(&Arc<Inner>) -> Result<T>,
    ) -> std::result::Result<T, HoldfastError> {
        let done = catch_unwind(AssertUnwindSafe(|| command(&self.inner)));
        let done = done.unwrap_or_else(|panic| {
            self.inner.store.give_up();
            self.inner.documents.clear();
            self.inner.plans.clear();
            self.inner.profiles.clear();
            Err(Error::RestartNeeded(store::panic_text(panic.as_ref())))
        });
        Ok(done?)
    }

    /// Who this device is.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn identity(&self) -> std::result::Result<Identity, HoldfastError> {
        self.guarded(|inner| {
            let (me, relay) =
                inner.store.read(|conn| Ok((meta::me(conn)?, meta::text(conn, meta::RELAY)?)))?;
            let me = me.ok_or_else(|| Error::Unreadable("who this device is: nothing".into()))?;
            let Me { account, name, device, device_name, .. } = me;
            Ok(Identity { account, name, device, device_name, zone: inner.clock.zone(), relay })
        })
    }

    /// The folder of the home.
    #[must_use]
    pub fn home(&self) -> &std::path::Path {
        self.inner.store.directory()
    }

    /// Now, where the device is.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.inner.now()
    }

    /// Tells `listener` what changed: everything at once, and from then on the keys that changed
    /// since it last returned. One thread calls all listeners in turn; a slow one gets fewer calls,
    /// never a queue. Dropping the subscription ends it.
    pub fn observe(&self, listener: impl Fn(Keys) + Send + Sync + 'static) -> Subscription {
        self.inner.store.observers.observe(listener)
    }

    /// Finishes the transaction under way and lets go of every file lock: call it when the app goes
    /// to the background. A command that comes all the same is still done.
    ///
    /// # Errors
    /// When the engine stopped over an error of its own.
    pub fn suspend(&self) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            inner.wakes.suspend();
            inner.store.suspend();
            Ok(())
        })
    }

    /// Takes up work again.
    ///
    /// # Errors
    /// [`HoldfastError::HomeInUse`] when another process took the directory meanwhile.
    pub fn resume(&self) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            inner.store.resume()?;
            inner.wakes.resume();
            Ok(())
        })
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("home", &self.home()).finish_non_exhaustive()
    }
}
