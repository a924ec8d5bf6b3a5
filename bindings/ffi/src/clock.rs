//! Where time comes from. The engine asks for it inside of its transactions, where nothing foreign may be
//! called: so a clock is an object of ours, which the app tells what it knows better.

use std::sync::{Arc, Mutex, PoisonError};

use holdfast::clock::{Clock, FakeClock, SystemClock};

/// What a clock says.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClockReading {
    /// Milliseconds since 1970-01-01T00:00Z, by the wall clock.
    pub wall_ms: i64,
    /// Milliseconds since the machine started, sleep counted.
    pub since_boot_ms: u64,
    /// Differs from boot to boot.
    pub boot_id: String,
    /// The IANA zone.
    pub zone: String,
}

enum Source {
    System,
    Fake(FakeClock),
}

/// What the platform knows better than the machine.
#[derive(Default)]
struct Told {
    zone: Option<String>,
    boot_id: Option<String>,
}

/// A clock: the machine's, or one that stands still until it is told to move.
#[derive(uniffi::Object)]
pub struct ClockHandle {
    source: Source,
    told: Mutex<Told>,
}

#[uniffi::export]
impl ClockHandle {
    /// The machine's clock.
    #[uniffi::constructor]
    pub fn system() -> Arc<Self> {
        Arc::new(Self { source: Source::System, told: Mutex::default() })
    }

    /// A clock for tests: it stands at `wall_ms` in a zone, ten minutes after its first boot.
    #[uniffi::constructor]
    pub fn fake(wall_ms: i64, zone: String) -> Arc<Self> {
        let source = Source::Fake(FakeClock::new(wall_ms, &zone));
        Arc::new(Self { source, told: Mutex::default() })
    }

    /// What it says now.
    pub fn reading(&self) -> ClockReading {
        ClockReading {
            wall_ms: self.wall_ms(),
            since_boot_ms: self.since_boot_ms(),
            boot_id: self.boot_id(),
            zone: self.zone(),
        }
    }

    /// The device travels: tell it whenever the platform says so.
    pub fn set_zone(&self, zone: String) {
        self.tell(|told| told.zone = Some(zone));
    }

    /// The platform's own name of this boot, where the machine's cannot be read.
    pub fn set_boot_id(&self, boot_id: String) {
        self.tell(|told| told.boot_id = Some(boot_id));
    }

    /// Time passes. The machine's clock takes no notice.
    pub fn advance(&self, ms: u64) {
        if let Source::Fake(clock) = &self.source {
            clock.advance(ms);
        }
    }

    /// Somebody sets the wall clock; no time passes. The machine's clock takes no notice.
    pub fn set_wall(&self, wall_ms: i64) {
        if let Source::Fake(clock) = &self.source {
            clock.set_wall(wall_ms);
        }
    }

    /// The device restarts, which takes `down_ms`. The machine's clock takes no notice.
    pub fn reboot(&self, down_ms: u64) {
        if let Source::Fake(clock) = &self.source {
            clock.reboot(down_ms);
        }
    }
}

impl ClockHandle {
    fn tell(&self, tell: impl FnOnce(&mut Told)) {
        tell(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn told(&self, ask: impl FnOnce(&Told) -> Option<String>) -> Option<String> {
        ask(&self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn source(&self) -> &dyn Clock {
        match &self.source {
            Source::System => &SystemClock,
            Source::Fake(clock) => clock,
        }
    }
}

impl Clock for ClockHandle {
    fn wall_ms(&self) -> i64 {
        self.source().wall_ms()
    }

    fn since_boot_ms(&self) -> u64 {
        self.source().since_boot_ms()
    }

    fn boot_id(&self) -> String {
        self.told(|told| told.boot_id.clone()).unwrap_or_else(|| self.source().boot_id())
    }

    fn zone(&self) -> String {
        self.told(|told| told.zone.clone()).unwrap_or_else(|| self.source().zone())
    }
}
