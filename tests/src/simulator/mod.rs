//! Worlds of devices and a relay under faults, each from one seed. No wall clock, no randomness of the
//! system, one thread: a failing seed replays exactly, and says how.

mod care;
pub mod chance;
mod deeds;
mod device;
mod healing;
mod keys;
mod ledger;
mod logs;
mod network;
mod oracle;
mod parts;
pub mod people;
mod plan;
mod relay_house;
mod setbacks;
mod trace;
mod trouble;
mod world;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use care::Care;
pub use deeds::history;
pub use device::Device;
pub use keys::MemoryKeys;
pub use ledger::{Ledger, Record, Sure};
pub use network::{Network, Wire};
pub use plan::{Act, Step, draw};
pub use relay_house::{RelayHouse, copy_files};
pub use trace::Trace;
pub use trouble::{Trouble, Weather};
pub use world::{Broken, World};

/// How large the worlds are.
#[derive(Debug, Clone)]
pub struct Size {
    /// Devices of the one account.
    pub devices: usize,
    /// Steps before the world heals.
    pub steps: u32,
}

impl Size {
    /// What a seed is run with when nobody says otherwise: mostly two devices, sometimes three.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Self { devices: if seed % 4 == 3 { 3 } else { 2 }, steps: 60 }
    }
}

/// How one seed ended.
pub struct Run {
    /// Everything that was not as it must be.
    pub broken: Broken,
    /// What happened.
    pub trace: Trace,
}

/// Runs a seed. With `only`, just the steps of these numbers happen.
#[must_use]
pub fn run(seed: u64, size: &Size, only: Option<&BTreeSet<u32>>) -> Run {
    let mut steps = draw(seed, size.steps);
    if let Some(only) = only {
        steps.retain(|step| only.contains(&step.n));
    }
    run_steps(seed, size.devices, &steps)
}

/// Runs given steps in a world of a seed.
#[must_use]
pub fn run_steps(seed: u64, devices: usize, steps: &[Step]) -> Run {
    let trace = Trace::default();
    let lived = catch_unwind(AssertUnwindSafe(|| live(seed, devices, steps, &trace)));
    let broken = said_by(lived);
    for line in &broken {
        trace.line(format!("BROKEN: {line}"));
    }
    Run { broken, trace }
}

/// What was broken in a world that was lived; a panic breaks it, too.
fn said_by(lived: std::thread::Result<Result<(), Broken>>) -> Broken {
    match lived {
        Ok(Ok(())) => Vec::new(),
        Ok(Err(broken)) => broken,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            vec![format!("a panic: {}", text.unwrap_or_default())]
        }
    }
}

fn live(seed: u64, devices: usize, steps: &[Step], trace: &Trace) -> Result<(), Broken> {
    let mut world = World::begin(seed, devices, trace.clone())?;
    for step in steps {
        world.perform(step)?;
    }
    world.heal()?;
    world.judge()
}

/// A plain evening on two devices in calm weather, in which the first dies at the so-manyth write or commit.
fn evening(dies_at: u32) -> Vec<Step> {
    let log = |key, held_s| Act::Log { key, held_s };
    let acts = [
        (0, Act::Trouble(Trouble::CrashAt(dies_at))),
        (0, log(0, 40)),
        (1, log(0, 50)),
        (1, log(1, 20)),
        (0, Act::Plan { pick: 0 }),
        (1, Act::Sync),
        (0, Act::Sync),
        (0, Act::Edit { pick: 0, held_s: 45 }),
        (1, log(2, 30)),
        (1, Act::Sync),
        (0, Act::Remove { pick: 1 }),
        (0, Act::Join { deaths: [0; 2] }),
        (0, Act::Sync),
        (0, Act::RelayBackup),
        (0, log(3, 25)),
        (0, Act::Sync),
        (0, Act::RelayRestore),
        (0, Act::Sync),
        (1, Act::Sync),
        (0, Act::Sync),
        (0, Act::Revoke { pick: 0 }),
        (0, Act::Sync),
        (0, log(4, 35)),
    ];
    let step = |(n, (device, act))| Step { n, device, act };
    (0..).zip(acts).map(step).collect()
}

/// Runs the same evening again and again, with a death at every `stride`th write or commit from `first` on,
/// until there is none left to die at. Gives how many were died at, and the failures with their point.
#[must_use]
pub fn sweep(first: u32, stride: u32) -> (u32, Vec<(u32, Run)>) {
    let mut failed = Vec::new();
    for (count, dies_at) in (0..).zip((first.max(1)..).step_by(stride as usize)) {
        let run = run_steps(0, 2, &evening(dies_at));
        let died = run.trace.lines().iter().any(|line| line.contains("dies at"));
        if !run.broken.is_empty() {
            failed.push((dies_at, run));
        }
        if !died {
            return (count, failed);
        }
    }
    (0, failed)
}

/// Lets a device join in calm weather and die at every `stride`th write or commit of its first try, and at
/// every `again`th of its second. The same link must bring it there each time. Gives how many pairs of deaths
/// were died, and the failures with their points.
#[must_use]
pub fn sweep_join(stride: usize, again: usize) -> (u32, Vec<([u32; 2], Broken)>) {
    let (mut died, mut failed) = (0, Vec::new());
    for first in (1..).step_by(stride) {
        for second in (1..).step_by(again) {
            let deaths = [first, second];
            let trace = Trace::default();
            let broken = die_joining(&deaths, &trace).err().unwrap_or_default();
            let times = trace.lines().iter().filter(|line| line.contains("dies at")).count();
            died += u32::from(times > 0);
            if !broken.is_empty() {
                failed.push((deaths, broken));
            }
            match times {
                0 => return (died, failed),
                1 => break,
                _ => {}
            }
        }
    }
    (died, failed)
}

fn die_joining(deaths: &[u32], trace: &Trace) -> Result<(), Broken> {
    let mut world = World::begin(0, 1, trace.clone())?;
    let joined = world.admit(0, deaths).map_err(|error| vec![error])?;
    if !joined {
        return Err(vec!["it did not get there".to_owned()]);
    }
    world.heal()?;
    world.judge()
}

/// Cuts a failing seed down to steps that all are needed for it to fail as it does. Gives their numbers.
#[must_use]
pub fn shrink(seed: u64, size: &Size) -> BTreeSet<u32> {
    cut_down(size.steps, &|only| run(seed, size, only).broken)
}

/// Cuts steps down to those that all are needed to break what breaks with all of them.
fn cut_down(steps: u32, run: &dyn Fn(Option<&BTreeSet<u32>>) -> Broken) -> BTreeSet<u32> {
    let mut kept: Vec<u32> = (0..steps).collect();
    let how = |only: Option<&BTreeSet<u32>>| {
        let plain = |line: &String| {
            line.chars().filter(|c| !c.is_ascii_digit()).take(60).collect::<String>()
        };
        run(only).first().map(plain)
    };
    // Another failure met on the way is another failure.
    let failure = how(None);
    let fails = |steps: &[u32]| how(Some(&steps.iter().copied().collect())) == failure;
    let mut chunk = kept.len().div_ceil(2);
    while chunk > 0 {
        let mut at = 0;
        while at < kept.len() {
            let end = (at + chunk).min(kept.len());
            let without: Vec<u32> = [&kept[..at], &kept[end..]].concat();
            if fails(&without) {
                kept = without;
            } else {
                at = end;
            }
        }
        chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
    }
    kept.into_iter().collect()
}
