//! A world of people: accounts with their devices, one relay, and links that go from hand to hand. When the plan is
//! over the world heals, and then everybody's rights must be what the charts' logs say, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::{Budget, Engine, HoldfastError, NewAccount, SyncOutcome, SyncReport};
use tempfile::TempDir;

use super::plan::{Deed, PeopleStep};
use super::readers::GivenKey;
use crate::simulator::device::Device;
use crate::simulator::ledger::Ledger;
use crate::simulator::network::Network;
use crate::simulator::relay_house::RelayHouse;
use crate::simulator::trace::Trace;
use crate::simulator::world::{Broken, RELAY, one, room};

const NAMES: [&str; 5] = ["Ana", "Ben", "Cruz", "Dee", "Eli"];

/// Somebody with an account and a chart of their own.
pub struct Person {
    /// What everybody calls them.
    pub name: &'static str,
    /// The account, as hex.
    pub account: String,
    /// Their own chart, as hex.
    pub chart: String,
}

/// A record that was written after the chart's log had taken the right to it away.
pub struct Late {
    /// Its note.
    pub note: String,
    /// Whose chart, as a person's number.
    pub chart: usize,
    /// On which device.
    pub device: usize,
    /// How far the chart's log went then.
    pub at: u64,
}

/// A world of people.
pub struct Circle {
    /// What happened so far.
    pub trace: Trace,
    /// The people.
    pub people: Vec<Person>,
    /// Everybody's devices.
    pub devices: Vec<Device>,
    /// Whose each device is.
    pub of: Vec<usize>,
    /// The network, with the relay behind it.
    pub network: Network,
    /// What was promised, by the number of the person whose chart it is.
    pub ledgers: Vec<Ledger>,
    /// Links that are about.
    pub links: Vec<String>,
    /// What was written too late.
    pub late: Vec<Late>,
    /// Whether a device or the relay was set back: what was acknowledged before need not be anywhere then.
    pub set_back: bool,
    /// Whether the relay was: what its log took away it may have given back.
    pub relay_set_back: bool,
    /// The keys that the relay's logs had given when it was set back.
    pub given: BTreeSet<GivenKey>,
    pub(super) seed: u64,
    born: usize,
    room: TempDir,
}

impl Circle {
    /// Makes a world of so many people, in calm weather. The first has two devices, and has let the others in.
    ///
    /// # Errors
    /// When not even that goes well.
    pub fn begin(seed: u64, people: usize, trace: Trace) -> Result<Self, Broken> {
        let room = room();
        let house = RelayHouse::new(room.path(), seed);
        let network = Network::new(seed, house, trace.clone());
        let mut circle = Self {
            trace,
            people: Vec::new(),
            devices: Vec::new(),
            of: Vec::new(),
            network,
            ledgers: Vec::new(),
            links: Vec::new(),
            late: Vec::new(),
            set_back: false,
            relay_set_back: false,
            given: BTreeSet::new(),
            seed,
            born: 0,
            room,
        };
        for name in NAMES.into_iter().cycle().take(people.max(1)) {
            circle.found(name).map_err(one)?;
        }
        if !circle.pair(0, 0).map_err(one)? {
            return Err(one("a device cannot join in calm weather"));
        }
        circle.let_everybody_in().map_err(one)?;
        Ok(circle)
    }

    fn new_device(&mut self) -> Device {
        self.born += 1;
        Device::new(self.room.path(), self.seed, self.born - 1, &self.network, &self.trace)
    }

    fn found(&mut self, name: &'static str) -> Result<(), String> {
        let mut device = self.new_device();
        let account = NewAccount {
            name: name.to_owned(),
            device_name: format!("device {}", device.number),
            relay: Some(RELAY.to_owned()),
        };
        let made = Engine::create(device.config(), account);
        let (engine, _) = made.map_err(|e| format!("init: {e}"))?;
        let account = engine.identity().map_err(|e| format!("identity: {e}"))?.account;
        let chart = engine.current_chart().map_err(|e| format!("chart: {e}"))?.id;
        device.start(engine);
        self.of.push(self.people.len());
        self.people.push(Person { name, account, chart });
        self.ledgers.push(Ledger::default());
        self.devices.push(device);
        self.sync(self.devices.len() - 1).map(|_| ())
    }

    /// One more device joins the account of `by`, dying of it at the so-manyth write, 0 for never. Says whether it
    /// got there.
    ///
    /// # Errors
    /// When it fails for another reason than the weather, or that the device by which it joins was removed.
    pub fn pair(&mut self, by: usize, death: u32) -> Result<bool, String> {
        const PAIR_MS: u64 = 24 * 3_600_000;
        let paired = self.devices[by].engine().pair(PAIR_MS);
        let Some(pairing) = self.allowed(by, "pair", paired)? else { return Ok(false) };
        let mut device = self.new_device();
        let number = device.number;
        let joined = match device.join(&pairing.link, &[death]) {
            Ok(joined) => joined,
            // Whoever made the link may have been revoked meanwhile.
            Err(error) if error.contains("link_") => false,
            Err(error) => return Err(format!("join {number}: {error}")),
        };
        self.trace.line(format!("  device {number} joins {}: {joined}", self.of[by]));
        if joined {
            self.of.push(self.of[by]);
            self.devices.push(device);
        }
        Ok(joined)
    }

    /// Does one step.
    ///
    /// # Errors
    /// What must not be.
    pub fn perform(&mut self, step: &PeopleStep) -> Result<(), Broken> {
        let PeopleStep { n, device, deed } = *step;
        let device = device % self.devices.len();
        self.trace.line(format!("{n}: {}'s device {device}: {deed:?}", self.name_of(device)));
        self.network.begin_step(u64::from(n));
        self.deed(n, device, deed).map_err(one)?;
        for device in &mut self.devices {
            if device.is_dead() {
                let risen = device.rise();
                risen.map_err(|e| one(format!("device {} stays dead: {e}", device.number)))?;
            }
        }
        Ok(())
    }

    /// Who holds a device.
    #[must_use]
    pub fn name_of(&self, device: usize) -> &'static str {
        self.people[self.of[device]].name
    }

    /// What came of a command: nothing when the process died of it, when the state of things or the weather
    /// forbade it.
    ///
    /// # Errors
    /// When it failed for any other reason.
    pub fn allowed<T>(
        &self,
        device: usize,
        what: &str,
        done: Result<T, HoldfastError>,
    ) -> Result<Option<T>, String> {
        match done {
            Ok(value) => Ok(Some(value)),
            Err(_) if self.devices[device].is_dead() => Ok(None),
            Err(
                error @ (HoldfastError::Forbidden { .. }
                | HoldfastError::BadInput { .. }
                | HoldfastError::NotFound { .. }
                | HoldfastError::Link { .. }
                | HoldfastError::Relay { .. }),
            ) => {
                self.trace.line(format!("  {what}: {} ({error})", error.code()));
                Ok(None)
            }
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
        match done {
            Ok(report) => {
                self.trace.line(format!(
                    "  sync of {device}: {:?}, pushed {}, pulled {}, queued {}, problems {:?}",
                    report.outcome,
                    report.pushed,
                    report.pulled,
                    report.queued,
                    report.problems.iter().map(|p| p.code.as_str()).collect::<Vec<_>>()
                ));
                Ok(Some(report))
            }
            Err(_) if self.devices[device].is_dead() => Ok(None),
            Err(error) => {
                Err(format!("sync on device {device} failed: {error} ({})", error.code()))
            }
        }
    }

    fn deed(&mut self, n: u32, device: usize, deed: Deed) -> Result<(), String> {
        match deed {
            Deed::Log { chart, key, held_s } => self.log(n, device, chart, (key, held_s)),
            Deed::PutRight(pick) => self.put_right(device, pick),
            Deed::Plan(pick) => self.plan(n, device, pick),
            Deed::Profile(pick) => self.profile(device, pick),
            Deed::Invite { pick, confirm_first, minutes } => {
                self.invite(device, pick, confirm_first, minutes)
            }
            Deed::Accept(pick) => self.accept(device, pick),
            Deed::CloseInvite(pick) => self.close_invite(device, pick),
            Deed::Compare { pick, same } => self.compare(device, pick, same),
            Deed::Grant(pick) => self.grant(device, pick),
            Deed::Remove(pick) => self.remove(device, pick),
            Deed::Leave(pick) => self.leave(device, pick),
            Deed::Close(pick) => self.close(device, pick),
            Deed::Join(death) if self.devices.len() < self.people.len() * 2 + 1 => {
                self.pair(device, death).map(|_| ())
            }
            Deed::Join(_) => Ok(()),
            Deed::Revoke(pick) => self.revoke(device, pick),
            Deed::Sync => self.sync(device).map(|_| ()),
            Deed::SyncAgainst { pick, during } => self.sync_against(n, device, pick, during),
            Deed::Backup => {
                self.devices[device].back_up();
                Ok(())
            }
            Deed::Restore => self.restore(device),
            Deed::RelayBackup => {
                self.network.with_house(|house, _| house.back_up());
                Ok(())
            }
            Deed::RelayRestore => self.restore_relay(),
            Deed::Trouble(trouble) => trouble.befall(&mut self.devices[device], &self.network),
        }
    }

    /// Every chart, by its id, and whose it is.
    #[must_use]
    pub fn charts(&self) -> BTreeMap<&str, usize> {
        (0..).zip(&self.people).map(|(n, person)| (person.chart.as_str(), n)).collect()
    }

    /// Lets the world heal and syncs until nothing moves any more. Clocks are put right; every round is some hours,
    /// so that what ends has ended, and nothing waits for a day that never comes.
    ///
    /// # Errors
    /// When it never comes to rest.
    pub fn heal(&mut self) -> Result<(), Broken> {
        const ROUNDS: u64 = 16;
        self.trace.line("the world heals");
        self.network.begin_step(1 << 32);
        self.network.heal();
        let now = i64::try_from(self.network.now_ms()).unwrap_or(i64::MAX);
        for device in &self.devices {
            device.die_at(0);
            device.clock.set_wall(now);
        }
        let mut last = Vec::new();
        for round in 0..ROUNDS {
            self.network.begin_step((1 << 32) + 1 + round);
            self.network.pass(5 * 3_600_000);
            let mut quiet = true;
            last.clear();
            for device in 0..self.devices.len() {
                let report = self.sync_to_the_end(device).map_err(one)?;
                let revoked =
                    report.problems.iter().any(|problem| problem.code == "device_revoked");
                // What will never be taken stays here, and is said to.
                let kept = report.problems.iter().any(|problem| problem.code == "not_sendable");
                let sent = report.queued == 0 || kept;
                let still = report.pushed == 0 && report.pulled == 0 && sent;
                quiet &= revoked || (still && report.outcome == SyncOutcome::Done);
                last.push((device, report));
            }
            if quiet && round >= 7 {
                return Ok(());
            }
        }
        let moves = last.into_iter().filter(|(_, report)| {
            report.pushed + report.pulled + report.queued > 0 || report.outcome != SyncOutcome::Done
        });
        let moves: Vec<_> = moves.collect();
        Err(one(format!("after {ROUNDS} rounds of syncing something still moves: {moves:?}")))
    }

    pub(super) fn sync_to_the_end(&mut self, device: usize) -> Result<SyncReport, String> {
        for _ in 0..40 {
            match self.sync(device)? {
                Some(report) if report.outcome == SyncOutcome::More => {}
                Some(report) => return Ok(report),
                None => return Err(format!("device {device} dies in a healed world")),
            }
        }
        Err(format!("device {device} always has more to sync"))
    }
}
