//! The session's time at the prompt: the machine's clock, or that clock run faster. It knows no
//! player.

use std::time::Duration;

use holdfast::clock::{Clock, SystemClock};
use holdfast::domain::player::{At, BootId};

/// Turns the machine's time into the session's instants.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    begin: At,
    begun_ms: u64,
    fast: u32,
}

impl Pace {
    /// Starts now, at the instant that `clock` shows, `fast` times faster than the machine.
    /// `not_before` is an instant the session has already seen.
    pub fn starting(clock: &dyn Clock, fast: u32, not_before: Option<At>) -> Self {
        let now = instant(clock);
        let begin = match not_before {
            Some(seen) if seen.boot == now.boot && seen.since_boot_ms > now.since_boot_ms => seen,
            _ => now,
        };
        Self { begin, begun_ms: SystemClock.since_boot_ms(), fast }
    }

    /// Now.
    pub fn now(&self) -> At {
        let passed = SystemClock.since_boot_ms().saturating_sub(self.begun_ms);
        self.begin.plus(passed.saturating_mul(u64::from(self.fast)))
    }

    /// How long the machine has to wait until an instant.
    pub fn until(&self, at: At) -> Duration {
        let left = at.since_boot_ms.saturating_sub(self.now().since_boot_ms);
        Duration::from_millis(left.div_ceil(u64::from(self.fast)))
    }

    /// The first instant.
    pub const fn begin(&self) -> At {
        self.begin
    }
}

/// What a clock shows, as the player takes it.
pub fn instant(clock: &dyn Clock) -> At {
    At {
        boot: BootId(folded(&clock.boot_id())),
        since_boot_ms: clock.since_boot_ms(),
        wall_ms: clock.wall_ms(),
    }
}

/// A boot id folded to 64 bits (FNV-1a): the same on every start of the program.
fn folded(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
