//! A world: devices, a network, a relay, and what happens to them step by step. When the plan is over the
//! world heals, and then everything that was promised must be so.

use holdfast::views::HoldView;
use holdfast::{Budget, Engine, HoldfastError, NewAccount, SyncOutcome, SyncReport};
use tempfile::TempDir;

use super::deeds::history;
use super::device::Device;
use super::ledger::{Ledger, Sure};
use super::network::Network;
use super::oracle;
use super::plan::{Act, MOST_DEVICES, Step};
use super::relay_house::RelayHouse;
use super::trace::Trace;

/// The relay's address. Nothing listens there: the network is the simulation's own.
pub const RELAY: &str = "http://127.0.0.1:7377";
/// How long an invite is good, in milliseconds: longer than anybody here tries.
pub(super) const PAIR_MS: u64 = 24 * 3_600_000;
/// What a device that was removed is told.
pub(super) const REVOKED: &str = "device_revoked";

/// What went wrong in a world, as sentences.
pub type Broken = Vec<String>;

/// A world.
pub struct World {
    /// What happened so far.
    pub trace: Trace,
    /// What was promised.
    pub ledger: Ledger,
    /// The devices.
    pub devices: Vec<Device>,
    /// The network, with the relay behind it.
    pub network: Network,
    seed: u64,
    born: usize,
    room: TempDir,
}

/// A directory in memory where there is one: a world writes a lot, and nobody needs it afterwards.
pub(super) fn room() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = tempfile::Builder::new().prefix("holdfast-world-").tempdir_in(memory);
    made.or_else(|_| TempDir::with_prefix("holdfast-world-")).expect("a directory can be made")
}

pub(super) fn one(text: impl Into<String>) -> Broken {
    vec![text.into()]
}

impl World {
    /// Makes a world of so many paired devices, in calm weather.
    ///
    /// # Errors
    /// When the devices cannot even be paired.
    pub fn begin(seed: u64, devices: usize, trace: Trace) -> Result<Self, Broken> {
        let room = room();
        let house = RelayHouse::new(room.path(), seed);
        let network = Network::new(seed, house, trace.clone());
        let ledger = Ledger::default();
        let devices_of_it = Vec::new();
        let mut world =
            Self { trace, ledger, devices: devices_of_it, network, seed, born: 0, room };
        world.found()?;
        while world.devices.len() < devices {
            if !world.admit(0, &[]).map_err(one)? {
                return Err(one("a device cannot join in calm weather"));
            }
            let report = world.sync(world.devices.len() - 1).map_err(one)?;
            if !report.is_some_and(|report| report.outcome == SyncOutcome::Done) {
                return Err(one("a device cannot sync in calm weather"));
            }
        }
        Ok(world)
    }

    fn new_device(&mut self) -> Device {
        self.born += 1;
        Device::new(self.room.path(), self.seed, self.born - 1, &self.network, &self.trace)
    }

    /// The first device founds the account.
    fn found(&mut self) -> Result<(), Broken> {
        let mut device = self.new_device();
        let account = NewAccount {
            name: "Ana".to_owned(),
            device_name: "device 0".to_owned(),
            relay: Some(RELAY.to_owned()),
        };
        let (engine, _) =
            Engine::create(device.config(), account).map_err(|e| one(format!("init: {e}")))?;
        device.start(engine);
        self.devices.push(device);
        self.sync(0).map_err(one)?;
        Ok(())
    }

    /// One more device joins, by a link that another makes, and dies of it as often as it is told to. Says
    /// whether it got there.
    ///
    /// # Errors
    /// When it fails for another reason than the weather.
    pub fn admit(&mut self, by: usize, deaths: &[u32]) -> Result<bool, String> {
        let link = match self.devices[by].engine().pair(PAIR_MS) {
            Ok(pairing) => pairing.link,
            Err(HoldfastError::Relay { .. }) => return Ok(false),
            Err(_) if self.devices[by].is_dead() => return Ok(false),
            Err(error) => return Err(format!("pair: {error} ({})", error.code())),
        };
        let mut device = self.new_device();
        let number = device.number;
        let joined = device.join(&link, deaths).map_err(|e| format!("join {number}: {e}"))?;
        self.trace.line(format!("  device {number} joins: {joined}"));
        if joined {
            self.devices.push(device);
        }
        Ok(joined)
    }

    /// Does one step.
    ///
    /// # Errors
    /// What must not be.
    pub fn perform(&mut self, step: &Step) -> Result<(), Broken> {
        let Step { n, device, act } = step;
        let device = device % self.devices.len();
        self.trace.line(format!("{n}: device {device}: {act:?}"));
        self.network.begin_step(u64::from(*n));
        self.act(*n, device, act).map_err(one)?;
        self.raise_the_dead().map_err(one)
    }

    fn raise_the_dead(&mut self) -> Result<(), String> {
        for device in &mut self.devices {
            if device.is_dead() {
                device.rise().map_err(|e| format!("device {} stays dead: {e}", device.number))?;
            }
        }
        Ok(())
    }

    fn act(&mut self, n: u32, device: usize, act: &Act) -> Result<(), String> {
        match act {
            Act::Log { key, held_s } => self.log(n, device, *key, *held_s),
            Act::Edit { pick, held_s } => self.edit(device, *pick, *held_s),
            Act::Remove { pick } => self.remove(device, *pick),
            Act::Plan { pick } => self.plan(n, device, *pick),
            Act::Care(care) => self.care(n, device, *care),
            Act::Binge(sessions) => self.binge(n, device, *sessions),
            Act::Join { deaths } if self.devices.len() < MOST_DEVICES => {
                self.admit(device, deaths).map(|_| ())
            }
            Act::Join { .. } => Ok(()),
            Act::Revoke { pick } => self.revoke(device, *pick),
            Act::Sync => self.sync(device).map(|_| ()),
            Act::SyncAndLog { key, during } => self.sync_and_log(n, device, *key, *during),
            Act::Trouble(trouble) => trouble.befall(&mut self.devices[device], &self.network),
            Act::Backup => {
                self.devices[device].back_up();
                Ok(())
            }
            Act::Restore => self.restore(device),
            Act::RelayBackup => {
                self.network.with_house(|house, _| house.back_up());
                Ok(())
            }
            Act::RelayRestore => self.restore_relay(),
        }
    }

    /// What a command's outcome means for the ledger: done, or perhaps done when the process died of it.
    pub(super) fn sure<T>(
        &self,
        device: usize,
        what: &str,
        done: Result<T, HoldfastError>,
    ) -> Result<(Option<T>, Sure), String> {
        match done {
            Ok(value) => Ok((Some(value), Sure::Promised)),
            Err(_) if self.devices[device].is_dead() => Ok((None, Sure::Perhaps)),
            Err(error) => {
                Err(format!("{what} on device {device} failed: {error} ({})", error.code()))
            }
        }
    }

    /// Syncs once. Gives nothing when the process died of it.
    ///
    /// # Errors
    /// When it failed in any other way: being offline is an outcome, not an error.
    pub fn sync(&mut self, device: usize) -> Result<Option<SyncReport>, String> {
        let done = self.devices[device].engine().sync_once(&Budget::default());
        let (report, _) = self.sure(device, "sync", done)?;
        if let Some(report) = &report {
            self.trace.line(format!(
                "  sync: {:?}, pushed {}, pulled {}, queued {}, problems {:?}",
                report.outcome,
                report.pushed,
                report.pulled,
                report.queued,
                report.problems.iter().map(|p| p.code.as_str()).collect::<Vec<_>>()
            ));
        }
        Ok(report)
    }

    /// The whole history of a device.
    ///
    /// # Errors
    /// What the engine says.
    pub fn history(&self, device: usize) -> Result<Vec<HoldView>, String> {
        history(self.devices[device].engine())
    }

    /// The devices that belong to the account, as the relay tells them apart in a healed world.
    ///
    /// # Errors
    /// What the engine says.
    pub fn members(&self) -> Result<Vec<usize>, String> {
        let mut members = Vec::new();
        for (device, one) in self.devices.iter().enumerate() {
            let report = one.engine().sync_once(&Budget::default());
            let report = report.map_err(|e| format!("device {device}: {e}"))?;
            if !report.problems.iter().any(|problem| problem.code == REVOKED) {
                members.push(device);
            }
        }
        Ok(members)
    }

    /// Everything that must be so in a healed world.
    ///
    /// # Errors
    /// Everything that is not.
    pub fn judge(&mut self) -> Result<(), Broken> {
        let broken = oracle::judge(self);
        if broken.is_empty() { Ok(()) } else { Err(broken) }
    }
}
