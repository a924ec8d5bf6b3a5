//! Stops an engine at one of the points where it touches the disk, as a process that is killed there would be.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use holdfast::{Config, Crash, Faults};

use crate::near_relay::{NearRelay, config};

/// Stops the engine at the so-manieth point where it touches the disk, once it is lit.
#[derive(Clone)]
pub struct Fuse(Arc<AtomicI64>);

impl Default for Fuse {
    fn default() -> Self {
        Self::new()
    }
}

impl Fuse {
    /// One that is not lit.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }

    /// From now on the engine gets through so many points, and is stopped at the next.
    pub fn light(&self, at: i64) {
        self.0.store(at, Ordering::SeqCst);
    }

    /// Whether it stopped the engine.
    #[must_use]
    pub fn burnt(&self) -> bool {
        self.0.load(Ordering::SeqCst) < 0
    }

    /// A device's config with this fuse in it.
    #[must_use]
    pub fn config(&self, home: &Path, relay: &Arc<NearRelay>) -> Config {
        let left = Arc::clone(&self.0);
        let stop = move |_, _| {
            if left.fetch_sub(1, Ordering::SeqCst) == 0 { Err(Crash) } else { Ok(()) }
        };
        Config { faults: Faults::new(stop), ..config(home, relay) }
    }
}
