//! The time of a session: the machine's, or faster, or from another hour. A clock for the engine and
//! the wait for an instant; it knows no player.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdfast::clock::{Clock, SystemClock};
use holdfast::domain::player::At;

/// A clock that stands where another one stood until it is started, and then runs so many times
/// faster than the machine.
pub struct PacedClock {
    wall_ms: i64,
    since_boot_ms: u64,
    boot_id: String,
    zone: String,
    set_by_hand: bool,
    begun_ms: OnceLock<u64>,
    ahead_ms: AtomicU64,
    fast: u32,
}

impl PacedClock {
    /// Stands where `clock` stands now.
    pub fn standing_at(clock: &dyn Clock, fast: u32) -> Self {
        Self {
            wall_ms: clock.wall_ms(),
            since_boot_ms: clock.since_boot_ms(),
            boot_id: clock.boot_id(),
            zone: clock.zone(),
            set_by_hand: clock.is_set_by_hand() || fast > 1,
            begun_ms: OnceLock::new(),
            ahead_ms: AtomicU64::new(0),
            fast,
        }
    }

    /// Lets it run.
    pub fn start(&self) {
        self.begun_ms.get_or_init(|| SystemClock.since_boot_ms());
    }

    /// Puts the clock forward to a wall time, so that a session that ran fast goes on where it was.
    /// It is never put back.
    pub fn forward_to(&self, wall_ms: i64) {
        let ahead = u64::try_from(wall_ms.saturating_sub(self.wall_ms())).unwrap_or(0);
        self.ahead_ms.fetch_add(ahead, Ordering::AcqRel);
    }

    /// How long the machine has to wait until an instant.
    pub fn until(&self, at: At) -> Duration {
        let left = at.since_boot_ms.saturating_sub(self.since_boot_ms());
        Duration::from_millis(left.div_ceil(u64::from(self.fast)))
    }

    fn passed(&self) -> u64 {
        let begun = self.begun_ms.get();
        let passed = begun.map_or(0, |begun| SystemClock.since_boot_ms().saturating_sub(*begun));
        let ahead = self.ahead_ms.load(Ordering::Acquire);
        passed.saturating_mul(u64::from(self.fast)).saturating_add(ahead)
    }
}

impl Clock for PacedClock {
    fn wall_ms(&self) -> i64 {
        self.wall_ms.saturating_add_unsigned(self.passed())
    }

    fn since_boot_ms(&self) -> u64 {
        self.since_boot_ms.saturating_add(self.passed())
    }

    fn boot_id(&self) -> String {
        self.boot_id.clone()
    }

    fn zone(&self) -> String {
        self.zone.clone()
    }

    fn is_set_by_hand(&self) -> bool {
        self.set_by_hand
    }

    fn pace(&self) -> u32 {
        self.fast
    }
}
