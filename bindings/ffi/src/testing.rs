//! For the tests of whoever builds an app: a relay inside, with what can go wrong with it, and an engine that
//! crashes on purpose. Only in builds with the feature `testing`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use holdfast::domain::words::{Message, Words};
use holdfast::{Crash, FaultPoint, Faults, HoldfastError};
use holdfast_relay::{Limits, Relay, RelayConfig, RunningRelay};

use crate::engine::{EngineConfig, EngineHandle, lock, opened};
use crate::failure::Failure;

/// A relay in this process, on a free port of this machine.
#[derive(uniffi::Object)]
pub struct TestRelay {
    running: Mutex<Option<RunningRelay>>,
    url: String,
}

#[uniffi::export]
impl TestRelay {
    /// Starts one that keeps everything in memory, or in a directory.
    #[uniffi::constructor(default(directory = None))]
    pub fn start(directory: Option<String>) -> Result<Arc<Self>, Failure> {
        let config = match directory {
            Some(directory) => RelayConfig::in_directory(directory),
            None => RelayConfig::in_memory(),
        };
        let running = Relay::spawn(config.with_limits(Limits::without_rates()));
        let running = running.map_err(|error| {
            let message = Message::from(error.to_string());
            Failure::of(&HoldfastError::Failed { message }, Words::english())
        })?;
        let url = format!("http://{}", running.address());
        Ok(Arc::new(Self { running: Mutex::new(Some(running)), url }))
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Stops it.
    pub fn stop(&self) {
        let running = lock(&self.running).take();
        drop(running);
    }
}

/// An engine that crashes at one of its writes.
#[derive(uniffi::Object, Default)]
pub struct CrashPlan {
    /// Writes still to come before the crash; 0 is none planned.
    left: AtomicU64,
}

#[uniffi::export]
impl CrashPlan {
    /// None planned yet.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Crashes at the write after so many more, counted in statements and commits.
    pub fn crash_after(&self, writes: u64) {
        self.left.store(writes.saturating_add(1), Ordering::Release);
    }
}

impl CrashPlan {
    fn faults(self: Arc<Self>) -> Faults {
        Faults::new(move |_: FaultPoint, _| {
            let count = |left: u64| left.checked_sub(1);
            match self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, count) {
                Ok(1) => Err(Crash),
                _ => Ok(()),
            }
        })
    }
}

/// Opens a home with an engine that crashes as planned.
#[uniffi::export]
pub async fn open_engine_that_crashes(
    config: EngineConfig,
    plan: Arc<CrashPlan>,
) -> Result<Arc<EngineHandle>, Failure> {
    opened(config, plan.faults()).await
}
