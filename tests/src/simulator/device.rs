//! One device of a world: its process, its disk, its clock and its key store. A death leaves exactly the
//! files as they were at that instant, in the middle of a transaction if need be.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use holdfast::clock::FakeClock;
use holdfast::{Config, Crash, Engine, FaultPoint, Faults, HoldfastError, Sharing};

use super::chance::SeededEntropy;
use super::keys::MemoryKeys;
use super::network::Network;
use super::relay_house::{copy_files, remove};
use super::trace::Trace;

/// When a process dies, and what its disk looked like then.
#[derive(Clone)]
struct Death {
    /// Writes and commits until it dies; 0 for never.
    countdown: Arc<AtomicU32>,
    /// How many writes and commits there were since it was last asked.
    passed: Arc<AtomicU32>,
    died: Arc<AtomicBool>,
    /// Where it keeps its files now, and where they are copied to.
    place: Arc<Mutex<(PathBuf, PathBuf)>>,
    trace: Trace,
}

impl Death {
    fn at(&self, point: FaultPoint, command: &'static str) -> Result<(), Crash> {
        if self.died.load(Ordering::Acquire) {
            return Err(Crash);
        }
        self.passed.fetch_add(1, Ordering::AcqRel);
        let left = self.countdown.load(Ordering::Acquire);
        if left == 0 {
            return Ok(());
        }
        self.countdown.store(left - 1, Ordering::Release);
        if left > 1 {
            return Ok(());
        }
        self.trace.line(format!("  dies at {point:?} of \"{command}\""));
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        copy_files(&place.0, &place.1);
        self.died.store(true, Ordering::Release);
        Err(Crash)
    }
}

/// A device.
pub struct Device {
    /// Its number in the world.
    pub number: usize,
    /// Its clock.
    pub clock: Arc<FakeClock>,
    /// Its key store.
    pub keys: MemoryKeys,
    root: PathBuf,
    seed: u64,
    life: u64,
    opens: u64,
    sharing: Sharing,
    engine: Option<Engine>,
    network: Network,
    death: Death,
    backup: Option<PathBuf>,
}

impl Device {
    /// A device without an identity.
    #[must_use]
    pub fn new(root: &Path, seed: u64, number: usize, network: &Network, trace: &Trace) -> Self {
        let now_ms = i64::try_from(network.now_ms()).expect("a date");
        let clock = FakeClock::new(now_ms, "Europe/Berlin");
        // Some devices are apps, some are command lines.
        let sharing = if (seed + number as u64).is_multiple_of(3) {
            Sharing::PerTransaction
        } else {
            Sharing::OneProcess
        };
        Self {
            number,
            clock: Arc::new(clock),
            keys: MemoryKeys::default(),
            root: root.to_owned(),
            seed,
            life: 0,
            opens: 0,
            sharing,
            engine: None,
            network: network.clone(),
            death: Death {
                countdown: Arc::default(),
                passed: Arc::default(),
                died: Arc::default(),
                place: Arc::default(),
                trace: trace.clone(),
            },
            backup: None,
        }
    }

    fn directory(&self, life: u64) -> PathBuf {
        self.root.join(format!("device-{}-{life}", self.number))
    }

    /// What its engine is opened with now.
    #[must_use]
    pub fn config(&mut self) -> Config {
        let here = self.directory(self.life);
        *self.death.place.lock().unwrap_or_else(PoisonError::into_inner) =
            (here.clone(), self.directory(self.life + 1));
        self.death.died.store(false, Ordering::Release);
        let death = self.death.clone();
        // Every start of the process has randomness of its own.
        self.opens += 1;
        let parts = [self.number as u64, self.opens];
        let mut config = Config::new(here, Arc::new(self.keys.clone()));
        config.clock = Arc::clone(&self.clock) as _;
        config.sharing = self.sharing;
        config.entropy = Box::new(SeededEntropy::new(self.seed, "device", &parts));
        config.transport = Some(Arc::new(self.network.wire(self.number, &self.clock)));
        config.faults = Faults::new(move |point, command| death.at(point, command));
        config
    }

    /// Joins an account with a link, and goes on with it where it broke off. At each try it dies at the
    /// so-manyth write or commit, 0 for never. Says whether it got there.
    ///
    /// # Errors
    /// When it cannot be started again after it died of it.
    pub fn join(&mut self, link: &str, deaths: &[u32]) -> Result<bool, String> {
        /// How often somebody has the patience to try.
        const PATIENCE: usize = 6;
        for attempt in 0..PATIENCE {
            let config = self.config();
            self.die_at(deaths.get(attempt).copied().unwrap_or_default());
            let name = format!("device {}", self.number);
            let joined = Engine::join(config, link, &name);
            if self.is_dead() {
                drop(joined);
                remove(&self.home());
                self.life += 1;
                continue;
            }
            match joined {
                Ok(engine) => {
                    self.die_at(0);
                    self.engine = Some(engine);
                    return Ok(true);
                }
                Err(HoldfastError::Relay { .. }) => self.network.pass(30_000),
                // It died when all was done but the first sync of its own.
                Err(error) if error.code() == "already_a_home" => {
                    self.die_at(0);
                    return self.open().map(|()| true);
                }
                Err(error) => return Err(format!("{error} ({})", error.code())),
            }
        }
        Ok(false)
    }

    /// Starts with an engine that was just made.
    pub fn start(&mut self, engine: Engine) {
        self.engine = Some(engine);
    }

    /// Its engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("a device runs")
    }

    /// Where its files are.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.directory(self.life)
    }

    /// Dies at the so-manyth write or commit from now.
    pub fn die_at(&self, point: u32) {
        self.death.countdown.store(point, Ordering::Release);
    }

    /// Whether it died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.death.died.load(Ordering::Acquire)
    }

    /// How many writes and commits there were since this was last asked.
    #[must_use]
    pub fn writes_passed(&self) -> u32 {
        self.death.passed.swap(0, Ordering::AcqRel)
    }

    /// Starts again after it died in the middle of something. Gives why it cannot.
    ///
    /// # Errors
    /// What the engine says.
    pub fn rise(&mut self) -> Result<(), String> {
        let before = self.home();
        self.life += 1;
        self.engine = None;
        remove(&before);
        self.death.countdown.store(0, Ordering::Release);
        self.open()
    }

    /// Its process dies now, and starts again.
    ///
    /// # Errors
    /// What the engine says.
    pub fn die(&mut self) -> Result<(), String> {
        copy_files(&self.home(), &self.directory(self.life + 1));
        self.rise()
    }

    /// Is closed and opened, orderly.
    ///
    /// # Errors
    /// What the engine says.
    pub fn reopen(&mut self) -> Result<(), String> {
        self.engine = None;
        self.open()
    }

    fn open(&mut self) -> Result<(), String> {
        let config = self.config();
        let opened = Engine::open(config);
        if self.is_dead() {
            // It may die while it opens, too.
            return self.rise();
        }
        self.engine = Some(opened.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Takes a copy of it.
    pub fn back_up(&mut self) {
        let to = self.root.join(format!("device-{}-backup", self.number));
        remove(&to);
        copy_files(&self.home(), &to);
        self.backup = Some(to);
    }

    /// Sets it back to its copy, where there is one: says whether there was. The platform's key store knows
    /// that this is another installation.
    ///
    /// # Errors
    /// What the engine says.
    pub fn restore(&mut self) -> Result<bool, String> {
        let Some(backup) = self.backup.clone() else { return Ok(false) };
        copy_files(&backup, &self.directory(self.life + 1));
        self.keys.mark_restored();
        self.rise().map(|()| true)
    }
}
