//! Where the engine's time comes from: the wall, the time since boot (sleep counted), and the zone.
//! A trait, so that apps hand in their platform's clock and tests hand in a fake one.

use std::sync::{Mutex, PoisonError};

use holdfast_domain::units::Moment;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A source of time. Rust's own `Instant` stands still while a phone sleeps, so it is not used.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00Z, by the wall clock. It may be set back.
    fn wall_ms(&self) -> i64;
    /// Milliseconds since the machine started, sleep counted. It never goes back within one boot.
    fn since_boot_ms(&self) -> u64;
    /// A text that differs from boot to boot.
    fn boot_id(&self) -> String;
    /// The IANA name of the zone the device is in.
    fn zone(&self) -> String;
    /// Whether somebody said what time it is. What is logged by such a clock is marked so.
    fn is_set_by_hand(&self) -> bool {
        false
    }
    /// How many times faster than time it runs: 1 but for clocks that try things out. Devices that do a session
    /// together run at the same pace.
    fn pace(&self) -> u32 {
        1
    }
}

/// The moment of a wall time in a zone. A zone that is not known counts as UTC.
#[must_use]
pub fn moment(utc_ms: i64, zone: &str) -> Moment {
    let known = TimeZone::get(zone).ok();
    let offset = known.as_ref().zip(Timestamp::from_millisecond(utc_ms).ok());
    let offset_s = offset.map_or(0, |(zone, at)| zone.to_offset(at).seconds());
    let zone = if known.is_some() { zone.to_owned() } else { "UTC".to_owned() };
    Moment { utc_ms, offset_s, zone }
}

/// Now, with the zone the device is in.
#[must_use]
pub fn now(clock: &dyn Clock) -> Moment {
    moment(clock.wall_ms(), &clock.zone())
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall_ms(&self) -> i64 {
        Timestamp::now().as_millisecond()
    }

    fn since_boot_ms(&self) -> u64 {
        // On Darwin the monotonic clock counts sleep, on Linux and Android only the boot clock does.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let id = rustix::time::ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let id = rustix::time::ClockId::Monotonic;
        let time = rustix::time::clock_gettime(id);
        let ms = time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000);
        u64::try_from(ms).unwrap_or(0)
    }

    fn boot_id(&self) -> String {
        if let Ok(id) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
            return id.trim().to_owned();
        }
        // Elsewhere the minute the machine started in tells boots apart well enough: an app hands in
        // its platform's own boot id through its clock.
        let since_boot = i64::try_from(self.since_boot_ms()).unwrap_or(0);
        format!("boot-{}", (self.wall_ms() - since_boot).div_euclid(60_000))
    }

    fn zone(&self) -> String {
        TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
    }
}

/// A clock that stands still until it is told to move. For tests, and for times given by hand.
#[derive(Debug)]
pub struct FakeClock(Mutex<FakeTime>);

#[derive(Debug, Clone)]
struct FakeTime {
    wall_ms: i64,
    since_boot_ms: u64,
    boot: u64,
    zone: String,
}

impl FakeClock {
    /// Stands at `wall_ms` (UTC) in a zone, ten minutes after its first boot.
    #[must_use]
    pub fn new(wall_ms: i64, zone: &str) -> Self {
        let zone = zone.to_owned();
        Self(Mutex::new(FakeTime { wall_ms, since_boot_ms: 600_000, boot: 1, zone }))
    }

    /// Time passes.
    pub fn advance(&self, ms: u64) {
        self.with(|time| {
            time.wall_ms = time.wall_ms.saturating_add_unsigned(ms);
            time.since_boot_ms = time.since_boot_ms.saturating_add(ms);
        });
    }

    /// Somebody sets the wall clock; no time passes.
    pub fn set_wall(&self, wall_ms: i64) {
        self.with(|time| time.wall_ms = wall_ms);
    }

    /// The device travels.
    pub fn set_zone(&self, zone: &str) {
        self.with(|time| zone.clone_into(&mut time.zone));
    }

    /// The device restarts, which takes `down_ms` of wall time.
    pub fn reboot(&self, down_ms: u64) {
        self.with(|time| {
            time.wall_ms = time.wall_ms.saturating_add_unsigned(down_ms);
            time.since_boot_ms = 0;
            time.boot += 1;
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut FakeTime) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for FakeClock {
    fn wall_ms(&self) -> i64 {
        self.with(|time| time.wall_ms)
    }

    fn since_boot_ms(&self) -> u64 {
        self.with(|time| time.since_boot_ms)
    }

    fn boot_id(&self) -> String {
        self.with(|time| format!("fake-boot-{}", time.boot))
    }

    fn zone(&self) -> String {
        self.with(|time| time.zone.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_carries_the_offset_that_held_there_and_then() {
        let winter = moment(1_772_312_400_000, "Europe/Berlin");
        assert_eq!((winter.offset_s, winter.zone.as_str()), (3600, "Europe/Berlin"));
        assert_eq!(moment(1_782_000_000_000, "Europe/Berlin").offset_s, 7200);
        let unknown = moment(0, "Mars/Olympus");
        assert_eq!((unknown.offset_s, unknown.zone.as_str()), (0, "UTC"));
    }

    #[test]
    fn the_machine_s_clock_goes_on_and_names_its_boot() {
        let clock = SystemClock;
        let before = clock.since_boot_ms();
        assert!(before > 0 && clock.since_boot_ms() >= before);
        assert_eq!(clock.boot_id(), clock.boot_id());
        assert!(clock.wall_ms() > 1_600_000_000_000);
    }

    #[test]
    fn a_fake_clock_keeps_the_wall_apart_from_the_time_that_passes() {
        let clock = FakeClock::new(1000, "Asia/Tokyo");
        clock.advance(500);
        clock.set_wall(10);
        assert_eq!((clock.wall_ms(), clock.since_boot_ms()), (10, 600_500));
        let boot = clock.boot_id();
        clock.reboot(90);
        assert_eq!((clock.wall_ms(), clock.since_boot_ms()), (100, 0));
        assert_ne!(clock.boot_id(), boot);
    }
}
