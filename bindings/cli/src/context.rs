//! Where a command runs: which home, whose chart, which clock. It opens the engine and does nothing
//! with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast::clock::{Clock, SystemClock};
use holdfast::sharing::Class;
use holdfast::{Config, Engine};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::args::Global;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, words};
use crate::when::{DAY_START_MIN, Here};

/// Where a command runs.
pub struct Context {
    /// The folder of the record.
    pub home: PathBuf,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Whose chart was named.
    chart: Option<String>,
    /// Where to say whose chart it is.
    output: Output,
}

impl Context {
    /// Reads the global flags.
    pub fn new(global: &Global) -> Outcome<Self> {
        let home = match &global.home {
            Some(home) if home.as_os_str().is_empty() => {
                return Err(Failure::bad_value("home", words::plain("prompt.home.empty")));
            }
            Some(home) => home.clone(),
            None => data_folder()
                .ok_or_else(|| Failure::usage(words::plain("prompt.home.no_data_folder")))?,
        };
        let clock: Arc<dyn Clock> = match &global.now {
            Some(now) => Arc::new(Frozen::at(now)),
            None => Arc::new(SystemClock),
        };
        let output = Output::new(global.json, global.quiet, global.no_color);
        Ok(Self { home, clock, chart: global.chart.clone(), output })
    }

    /// What the engine is opened with.
    pub fn config(&self) -> Config {
        self.config_for(&self.home)
    }

    /// The same for another folder.
    pub fn config_for(&self, home: &Path) -> Config {
        Config { clock: Arc::clone(&self.clock), ..Config::command_line(home) }
    }

    /// Opens the record, at the chart that was named; else at the one that was chosen before.
    pub fn open(&self) -> Outcome<Engine> {
        self.look_at(self.open_account()?)
    }

    /// The same with a record that was opened by another clock.
    pub fn look_at(&self, engine: Engine) -> Outcome<Engine> {
        let list = || words::plain("prompt.people.list_charts");
        if let Some(name) = &self.chart {
            let named = engine.chart(name);
            return named.map_err(|error| Failure::from(error).field("chart").hint(list()));
        }
        if engine.uses_own_chart()? {
            return Ok(engine);
        }
        let chosen = engine.chart_in_use();
        let chosen = chosen.map_err(|error| {
            Failure::from(error).field("chart").hint(words::plain("prompt.people.use_own"))
        })?;
        let name = chosen.current_chart()?.name;
        self.output.remark(&words::say("prompt.people.in_chart", &[("chart", name.into())]));
        Ok(chosen)
    }

    /// The same for a command about one part of the chart: where that was not given, it says so and shows nothing.
    pub fn open_for(&self, class: Class) -> Outcome<Engine> {
        let engine = self.open()?;
        engine.must_be_given(class)?;
        Ok(engine)
    }

    /// Opens the record for what is about the account, whatever chart is worked on.
    pub fn open_account(&self) -> Outcome<Engine> {
        Ok(Engine::open(self.config())?)
    }

    /// Whether a chart was named at the prompt.
    pub const fn names_chart(&self) -> bool {
        self.chart.is_some()
    }

    /// Where and when this is.
    pub fn here(&self) -> Here {
        let zone = TimeZone::get(&self.clock.zone()).unwrap_or(TimeZone::UTC);
        let now =
            Timestamp::from_millisecond(self.clock.wall_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        Here { now: now.to_zoned(zone), day_start_min: DAY_START_MIN }
    }

    /// The same by the zone and the day start of the record's profile.
    pub fn here_by(&self, engine: &Engine) -> Outcome<Here> {
        let here = self.here();
        let zone = TimeZone::get(&engine.zone()?).unwrap_or(here.now.time_zone().clone());
        let day_start_min = engine.day_start_min()?;
        Ok(Here { now: here.now.with_time_zone(zone), day_start_min })
    }
}

/// The platform's folder for the data of a program.
fn data_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let folder = if cfg!(target_os = "macos") {
        std::env::home_dir()?.join("Library").join("Application Support")
    } else if cfg!(windows) {
        set("APPDATA")?
    } else {
        match set("XDG_DATA_HOME") {
            Some(folder) => folder,
            None => std::env::home_dir()?.join(".local").join("share"),
        }
    };
    Some(folder.join("holdfast"))
}

/// The clock of `--now`: it stands where it was set.
#[derive(Debug)]
struct Frozen {
    wall_ms: i64,
    since_boot_ms: u64,
    zone: String,
}

impl Frozen {
    fn at(now: &Zoned) -> Self {
        Self {
            wall_ms: now.timestamp().as_millisecond(),
            since_boot_ms: SystemClock.since_boot_ms(),
            zone: now.time_zone().iana_name().map_or_else(|| SystemClock.zone(), str::to_owned),
        }
    }
}

impl Clock for Frozen {
    fn wall_ms(&self) -> i64 {
        self.wall_ms
    }

    fn since_boot_ms(&self) -> u64 {
        self.since_boot_ms
    }

    fn boot_id(&self) -> String {
        SystemClock.boot_id()
    }

    fn zone(&self) -> String {
        self.zone.clone()
    }

    fn is_set_by_hand(&self) -> bool {
        true
    }
}
