//! What befalls devices, the network and the relay, whoever they belong to. It knows nothing of what people do.

use holdfast::clock::Clock;

use super::device::Device;
use super::network::Network;

/// How bad the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Everything arrives, once and in order.
    Calm,
    /// Some requests and answers are lost, repeated or late.
    Rough,
    /// Most of them are.
    Storm,
}

/// Where devices travel to.
pub(super) const ZONES: &[&str] =
    &["Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Apia"];

/// One thing that befalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Time passes everywhere, in milliseconds.
    Wait(u64),
    /// Somebody sets the device's clock, by so many milliseconds.
    SetClock(i64),
    /// The device travels.
    Travel(&'static str),
    /// The device restarts.
    Reboot,
    /// At the so-manyth write or commit from now the device's process dies.
    CrashAt(u32),
    /// The device's process dies now.
    Kill,
    /// The app goes to the background and comes back.
    Suspend,
    /// The device loses the network, or finds it again.
    Offline(bool),
    /// The network changes.
    Weather(Weather),
    /// What the network held back arrives now.
    LateArrivals,
    /// The relay's process dies and starts again.
    RelayRestart,
    /// The device is closed and opened, orderly.
    Reopen,
}

impl Trouble {
    /// Lets it befall a device in a network.
    ///
    /// # Errors
    /// When the device does not bear it.
    pub fn befall(self, device: &mut Device, network: &Network) -> Result<(), String> {
        match self {
            Self::Wait(ms) => network.pass(ms),
            Self::SetClock(by_ms) => device.clock.set_wall(device.clock.wall_ms() + by_ms),
            Self::Travel(zone) => device.clock.set_zone(zone),
            Self::Reboot => {
                device.clock.reboot(45_000);
                device.reopen()?;
            }
            Self::CrashAt(point) => device.die_at(point),
            Self::Kill => device.die()?,
            Self::Suspend => {
                let engine = device.engine();
                engine.suspend().map_err(|e| format!("suspend: {e}"))?;
                engine.resume().map_err(|e| format!("resume: {e}"))?;
            }
            Self::Offline(offline) => network.set_offline(device.number, offline),
            Self::Weather(weather) => network.set_weather(weather),
            Self::LateArrivals => network.late_arrivals(),
            Self::RelayRestart => network.with_house(|house, _| house.die()),
            Self::Reopen => device.reopen()?,
        }
        Ok(())
    }
}
