//! Instants as a device reads them, and the session's own clock made of them.
//! Refuses to know where an instant comes from: whoever holds a clock hands it in.

use serde::{Deserialize, Serialize};

use crate::units::Millis;

/// One run of a device from power-on to power-off. The platform's boot id, folded to 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BootId(pub u64);

/// When something happened, as a device saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct At {
    /// The run of the device that `since_boot_ms` counts from.
    pub boot: BootId,
    /// Milliseconds since that boot, counting sleep (CLOCK_BOOTTIME; CLOCK_MONOTONIC on Darwin).
    pub since_boot_ms: u64,
    /// The wall clock, milliseconds since 1970-01-01T00:00Z. It may jump either way.
    pub wall_ms: i64,
}

impl At {
    /// The instant `ms` later on both clocks.
    #[must_use]
    pub const fn plus(self, ms: u64) -> Self {
        Self {
            boot: self.boot,
            since_boot_ms: self.since_boot_ms.saturating_add(ms),
            wall_ms: self.wall_ms.saturating_add_unsigned(ms),
        }
    }

    /// The instant `ms` earlier on both clocks, at the earliest the boot itself.
    #[must_use]
    pub const fn minus(self, ms: u64) -> Self {
        Self {
            boot: self.boot,
            since_boot_ms: self.since_boot_ms.saturating_sub(ms),
            wall_ms: self.wall_ms.saturating_sub_unsigned(ms),
        }
    }
}

/// A point on the session's own clock: milliseconds since the player was made. It never runs
/// backwards, whatever the device's clocks do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SessionTime(pub u64);

impl SessionTime {
    /// This point, `length` later.
    #[must_use]
    pub const fn plus(self, length: Millis) -> Self {
        Self(self.0.saturating_add(length.0))
    }

    /// The time from `earlier` to this point; nothing where that would be negative.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

/// Turns device instants into session time: by `since_boot` within a boot, by clamped wall time
/// across boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SessionClock {
    anchor: At,
    anchor_time: SessionTime,
    latest: SessionTime,
}

impl SessionClock {
    pub(super) const fn starting_at(at: At) -> Self {
        Self { anchor: at, anchor_time: SessionTime(0), latest: SessionTime(0) }
    }

    /// The latest session time any input has shown.
    pub(super) const fn latest(&self) -> SessionTime {
        self.latest
    }

    /// What session time it is at `at`; never earlier than [`Self::latest`].
    pub(super) fn reading(&self, at: At) -> SessionTime {
        let run = if at.boot == self.anchor.boot {
            at.since_boot_ms.saturating_sub(self.anchor.since_boot_ms)
        } else {
            u64::try_from(at.wall_ms.saturating_sub(self.anchor.wall_ms)).unwrap_or(0)
        };
        self.anchor_time.plus(Millis(run)).max(self.latest)
    }

    /// Takes note of an instant. Only a new boot moves the anchor, so that how often this is
    /// called changes no reading.
    pub(super) fn observe(&mut self, at: At) -> SessionTime {
        let now = self.reading(at);
        self.latest = now;
        if at.boot != self.anchor.boot {
            self.anchor = at;
            self.anchor_time = now;
        }
        now
    }

    /// Ties session time to the wall clock of `at`, the instant just observed. Called for inputs
    /// other than ticks: after a wall-clock step the next reboot is measured from here.
    pub(super) fn anchor_to(&mut self, at: At) {
        let unclamped = at.boot == self.anchor.boot
            && self
                .anchor_time
                .0
                .checked_add(at.since_boot_ms.saturating_sub(self.anchor.since_boot_ms))
                == Some(self.latest.0)
            && at.since_boot_ms >= self.anchor.since_boot_ms;
        if unclamped {
            self.anchor = at;
            self.anchor_time = self.latest;
        }
    }

    /// The device instant of a session time, past or to come.
    pub(super) const fn instant_of(&self, time: SessionTime) -> At {
        if time.0 >= self.anchor_time.0 {
            self.anchor.plus(time.0 - self.anchor_time.0)
        } else {
            self.anchor.minus(self.anchor_time.0 - time.0)
        }
    }
}
