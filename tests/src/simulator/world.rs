//! A world: devices, a network, a relay, and what happens to them step by step. When the plan is over the
//! world heals, and then everything that was promised must be so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use holdfast::domain::units::Millis;
use holdfast::routine::{StepPlace, StepRequest};
use holdfast::views::{HoldView, StatusKind};
use holdfast::{Budget, SyncOutcome, SyncReport};
use holdfast::{
    Done, Engine, HistoryQuery, HoldEdit, HoldfastError, LogRequest, LogSide, NewAccount,
};
use tempfile::TempDir;

use super::care;
use super::device::Device;
use super::ledger::{Holders, Ledger, Sure, THE_RELAY, notes_of};
use super::logs;
use super::network::Network;
use super::oracle;
use super::plan::{Act, KEYS, MOST_DEVICES, Step};
use super::relay_house::RelayHouse;
use super::trace::Trace;

/// The relay's address. Nothing listens there: the network is the simulation's own.
pub const RELAY: &str = "http://127.0.0.1:7377";
/// How long an invite is good, in milliseconds: longer than anybody here tries.
const PAIR_MS: u64 = 24 * 3_600_000;
/// What a device that was removed is told.
const REVOKED: &str = "device_revoked";

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
fn room() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = tempfile::Builder::new().prefix("holdfast-world-").tempdir_in(memory);
    made.or_else(|_| TempDir::with_prefix("holdfast-world-")).expect("a directory can be made")
}

fn one(text: impl Into<String>) -> Broken {
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
            Act::Wait(ms) => {
                self.network.pass(*ms);
                Ok(())
            }
            Act::SetClock(by_ms) => {
                let clock = &self.devices[device].clock;
                clock.set_wall(holdfast::clock::Clock::wall_ms(&**clock) + by_ms);
                Ok(())
            }
            Act::Travel(zone) => {
                self.devices[device].clock.set_zone(zone);
                Ok(())
            }
            Act::Reboot => {
                self.devices[device].clock.reboot(45_000);
                self.devices[device].reopen()
            }
            Act::CrashAt(point) => {
                self.devices[device].die_at(*point);
                Ok(())
            }
            Act::Kill => self.devices[device].die(),
            Act::Suspend => {
                let engine = self.devices[device].engine();
                engine.suspend().map_err(|e| format!("suspend: {e}"))?;
                engine.resume().map_err(|e| format!("resume: {e}"))
            }
            Act::Backup => {
                self.devices[device].back_up();
                Ok(())
            }
            Act::Restore => self.restore(device),
            Act::Offline(offline) => {
                self.network.set_offline(self.devices[device].number, *offline);
                Ok(())
            }
            Act::Weather(weather) => {
                self.network.set_weather(*weather);
                Ok(())
            }
            Act::LateArrivals => {
                self.network.late_arrivals();
                Ok(())
            }
            Act::RelayRestart => {
                self.network.with_house(|house, _| house.die());
                Ok(())
            }
            Act::RelayBackup => {
                self.network.with_house(|house, _| house.back_up());
                Ok(())
            }
            Act::RelayRestore => self.restore_relay(),
            Act::Reopen => self.devices[device].reopen(),
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

    fn log(&mut self, n: u32, device: usize, key: u8, held_s: u32) -> Result<(), String> {
        let note = format!("d{device}-s{n}");
        let done = self.devices[device].engine().log(&request(key, held_s, &note));
        let (_, sure) = self.sure(device, "log", done)?;
        self.ledger.wrote(&note, device, (key, held_s), sure);
        Ok(())
    }

    fn binge(&mut self, n: u32, device: usize, sessions: u32) -> Result<(), String> {
        for session in 0..sessions {
            let note = format!("d{device}-s{n}-{session}");
            let mut wish = request(0, 30, &note);
            wish.session = Some(format!("binge-{n}-{session}"));
            let done = self.devices[device].engine().log(&wish);
            let (_, sure) = self.sure(device, "log", done)?;
            self.ledger.wrote(&note, device, (KEYS, 30), sure);
            if sure == Sure::Perhaps {
                break;
            }
        }
        Ok(())
    }

    /// Edits the plan in one of a few ways.
    fn plan(&mut self, n: u32, device: usize, pick: u32) -> Result<(), String> {
        let engine = self.devices[device].engine();
        let routines = engine.routines().map_err(|e| format!("routines: {e}"))?;
        let some = routines.get(pick as usize / 5 % routines.len().max(1));
        let Some(routine) = some.filter(|_| !pick.is_multiple_of(5)) else {
            let done = engine.new_routine(&format!("routine {n}"));
            let (made, _) = self.sure(device, "new routine", done)?;
            if let Some(made) = made {
                self.ledger.routines.insert(made.routine.id.to_string(), Sure::Promised);
            }
            return Ok(());
        };
        let id = routine.id.as_str();
        let done = match pick % 5 {
            1 => engine.rename_routine(id, &format!("renamed {n}")).map(|_| ()),
            2 => engine.remove_routine(id).map(|_| ()),
            3 => {
                let view = engine.routine(id).map_err(|e| format!("routine: {e}"))?;
                match view.routine.steps().next() {
                    Some(step) => engine.remove_step(id, step.id.as_str(), &[]).map(|_| ()),
                    None => Ok(()),
                }
            }
            _ => {
                let step =
                    StepRequest { exercise: "childs-pose".to_owned(), ..StepRequest::default() };
                engine.add_step(id, &step, &StepPlace::default(), &[]).map(|_| ())
            }
        };
        if pick % 5 == 2 {
            self.ledger.routines.remove(id);
        }
        self.sure(device, "a plan edit", done).map(|_| ())
    }

    fn revoke(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let others: Vec<usize> = (0..self.devices.len()).filter(|d| *d != device).collect();
        let Some(other) = others.get(pick as usize % others.len().max(1)) else { return Ok(()) };
        let identity = self.devices[*other].engine().identity();
        let id = identity.map_err(|e| format!("identity: {e}"))?.device;
        match self.devices[device].engine().revoke_device(&id) {
            // It may not have heard of that device yet.
            Err(HoldfastError::NotFound { .. }) => Ok(()),
            done => self.sure(device, "revoke", done).map(|_| ()),
        }
    }

    fn edit(&mut self, device: usize, pick: u32, held_s: u32) -> Result<(), String> {
        let Some(hold) = self.pick(device, pick)? else { return Ok(()) };
        let edit = HoldEdit {
            held: Some(Millis::from_secs(held_s.into())),
            yes: true,
            ..HoldEdit::default()
        };
        let done = self.devices[device].engine().edit_hold(&hold.hold_id, &edit);
        self.sure(device, "edit", done)?;
        self.ledger.edited(&hold);
        Ok(())
    }

    fn remove(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let Some(hold) = self.pick(device, pick)? else { return Ok(()) };
        let done = self.devices[device].engine().remove_hold(&hold.hold_id);
        let (_, sure) = self.sure(device, "remove", done)?;
        self.ledger.removed(device, &hold, sure);
        Ok(())
    }

    fn pick(&self, device: usize, pick: u32) -> Result<Option<HoldView>, String> {
        let mut holds = self.history(device)?;
        if holds.is_empty() {
            return Ok(None);
        }
        let at = pick as usize % holds.len();
        Ok(Some(holds.swap_remove(at)))
    }

    /// Writes one hold with a note.
    ///
    /// # Errors
    /// What the engine says.
    pub fn write_note(&mut self, device: usize, note: &str) -> Result<(), String> {
        let done = self.devices[device].engine().log(&request(0, 30, note));
        done.map(|_| ()).map_err(|e| format!("log on device {device}: {e}"))
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

    fn sync_and_log(&mut self, n: u32, device: usize, key: u8, during: u8) -> Result<(), String> {
        let note = format!("d{device}-s{n}");
        let engine = self.devices[device].engine().clone();
        let logged = Arc::new(Mutex::new(None));
        let (asked, told) = (request(key, 30, &note), Arc::clone(&logged));
        self.network.interject(
            u64::from(during),
            Box::new(move || {
                let done = engine.log(&asked);
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
            }),
        );
        let synced = self.sync(device);
        // The world keeps no second handle: the engine must be able to close.
        self.network.begin_step(u64::from(n));
        let done = logged.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(done) = done {
            let (_, sure) = self.sure(device, "log", done)?;
            self.ledger.wrote(&note, device, (key, 30), sure);
        }
        synced.map(|_| ())
    }

    /// Every note that some device has on its disk, and who has it.
    fn known(&self) -> Result<BTreeMap<String, Holders>, String> {
        let mut known: BTreeMap<String, Holders> = BTreeMap::new();
        for device in 0..self.devices.len() {
            for note in self.history(device)?.iter().flat_map(notes_of) {
                known.entry(note).or_default().insert(device);
            }
            for note in
                care::days(self.devices[device].engine())?.into_iter().filter_map(|d| d.note)
            {
                known.entry(note).or_default().insert(device);
            }
        }
        Ok(known)
    }

    fn restore(&mut self, device: usize) -> Result<(), String> {
        // What the relay has comes back to this device; what was only here is gone.
        let came_far = |status| matches!(status, StatusKind::Relayed | StatusKind::Seen);
        let mut relayed: Vec<String> = self
            .history(device)?
            .iter()
            .filter(|hold| came_far(hold.status))
            .flat_map(notes_of)
            .collect();
        let days = care::days(self.devices[device].engine())?.into_iter();
        relayed.extend(days.filter(|day| came_far(day.status)).filter_map(|day| day.note));
        // Unless the relay was set back since, and this device has not heard of it.
        let here = logs::of_device(&self.devices[device])?;
        let there = self.network.with_house(|house, _| logs::of_relay(house))?;
        let relay_has_it = logs::holds_all_of(&there, &here);
        if !self.devices[device].restore()? {
            return Ok(());
        }
        let mut known = self.known()?;
        for note in relayed.into_iter().filter(|_| relay_has_it) {
            known.entry(note).or_default().insert(THE_RELAY);
        }
        self.ledger.set_back(&known);
        Ok(())
    }

    fn restore_relay(&mut self) -> Result<(), String> {
        if self.network.with_house(|house, _| house.restore(true)) {
            let known = self.known()?;
            self.ledger.set_back(&known);
        }
        Ok(())
    }

    /// The whole history of a device.
    ///
    /// # Errors
    /// What the engine says.
    pub fn history(&self, device: usize) -> Result<Vec<HoldView>, String> {
        history(self.devices[device].engine())
    }

    /// Lets the world heal and syncs until nothing moves any more.
    ///
    /// # Errors
    /// When it never comes to rest.
    pub fn heal(&mut self) -> Result<(), Broken> {
        /// Rounds until it must be quiet. Every round is some hours, so that nothing waits for a day that
        /// never comes.
        const ROUNDS: u64 = 12;
        self.trace.line("the world heals");
        self.network.begin_step(1 << 32);
        self.network.heal();
        for device in 0..self.devices.len() {
            self.devices[device].die_at(0);
        }
        let mut last = Vec::new();
        for round in 0..ROUNDS {
            self.network.begin_step((1 << 32) + 1 + round);
            self.network.pass(5 * 3_600_000);
            let mut quiet = true;
            last.clear();
            for device in 0..self.devices.len() {
                let report = self.sync_to_the_end(device).map_err(one)?;
                let removed = report.problems.iter().any(|problem| problem.code == REVOKED);
                let still = report.pushed == 0 && report.pulled == 0 && report.queued == 0;
                quiet &= removed || (still && report.outcome == SyncOutcome::Done);
                last.push(report);
            }
            // A day and more: what is said only once a day was said, too.
            if quiet && round >= 5 {
                return Ok(());
            }
        }
        Err(one(format!("after {ROUNDS} rounds of syncing something still moves: {last:?}")))
    }

    fn sync_to_the_end(&mut self, device: usize) -> Result<SyncReport, String> {
        for _ in 0..40 {
            match self.sync(device)? {
                Some(report) if report.outcome == SyncOutcome::More => {}
                Some(report) => return Ok(report),
                None => return Err(format!("device {device} dies in a healed world")),
            }
        }
        Err(format!("device {device} always has more to sync"))
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

/// The whole history of an engine, page by page.
///
/// # Errors
/// What the engine says.
pub fn history(engine: &Engine) -> Result<Vec<HoldView>, String> {
    let mut query = HistoryQuery { limit: Some(500), ..HistoryQuery::default() };
    let mut all = Vec::new();
    loop {
        let page = engine.history(&query).map_err(|e| format!("history: {e}"))?;
        all.extend(page.holds.unwrap_or_default());
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// A hold under one of the keys that devices meet in.
fn request(key: u8, held_s: u32, note: &str) -> LogRequest {
    let held = Done::Held(Millis::from_secs(held_s.into()));
    let (exercise, side) = match key % 3 {
        0 => ("childs-pose", None),
        1 => ("kneeling-hip-flexor", Some(LogSide::Left)),
        _ => ("kneeling-hip-flexor", Some(LogSide::Right)),
    };
    let mut request = LogRequest::new(exercise, held);
    request.side = side;
    request.session = Some(format!("night-{}", key / 3));
    request.set = Some(1);
    request.rep = Some(1);
    request.note = Some(note.to_owned());
    request.yes = true;
    request
}
