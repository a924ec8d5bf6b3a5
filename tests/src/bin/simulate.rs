//! Runs worlds from seeds. A failing one prints what broke, how to replay it, and what happened.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use holdfast_tests::simulator::people::{self, PeopleSize};
use holdfast_tests::simulator::{self, Run, Size};

/// Devices, people and a relay under faults, from seeds.
#[derive(Parser)]
#[command(name = "cargo xtask simulate")]
struct Asked {
    /// How many seeds to run of each kind of world.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Runs this seed alone, and prints what happens.
    #[arg(long, requires = "kind")]
    seed: Option<u64>,
    /// Only worlds of this kind.
    #[arg(long)]
    kind: Option<Kind>,
    /// Only these steps of the seed, as numbers with commas between.
    #[arg(long, value_delimiter = ',')]
    only: Vec<u32>,
    /// Steps of each world.
    #[arg(long)]
    steps: Option<u32>,
    /// Devices of each world of one account.
    #[arg(long)]
    devices: Option<usize>,
    /// Accounts of each world of people.
    #[arg(long)]
    people: Option<usize>,
    /// Instead of seeds, lets a device die at every write and commit of one evening in turn.
    #[arg(long)]
    sweep: bool,
    /// Goes on after a failing seed.
    #[arg(long)]
    keep_going: bool,
    /// Does not cut a failing seed down.
    #[arg(long)]
    no_shrink: bool,
}

/// A kind of world.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The devices of one account.
    Account,
    /// People who share charts.
    People,
}

impl Asked {
    fn size(&self, seed: u64) -> Size {
        let mut size = Size::of_seed(seed);
        size.steps = self.steps.unwrap_or(size.steps);
        size.devices = self.devices.unwrap_or(size.devices);
        size
    }

    fn people_size(&self, seed: u64) -> PeopleSize {
        let mut size = PeopleSize::of_seed(seed);
        size.steps = self.steps.unwrap_or(size.steps);
        size.people = self.people.unwrap_or(size.people);
        size
    }

    fn run(&self, kind: Kind, seed: u64, only: Option<&BTreeSet<u32>>) -> Run {
        match kind {
            Kind::Account => simulator::run(seed, &self.size(seed), only),
            Kind::People => people::run(seed, &self.people_size(seed), only),
        }
    }

    fn shrink(&self, kind: Kind, seed: u64) -> BTreeSet<u32> {
        match kind {
            Kind::Account => simulator::shrink(seed, &self.size(seed)),
            Kind::People => people::shrink(seed, &self.people_size(seed)),
        }
    }

    /// The command that replays a seed.
    fn replay(&self, kind: Kind, seed: u64, only: Option<&BTreeSet<u32>>) -> String {
        let name = if kind == Kind::Account { "account" } else { "people" };
        let mut command = format!("cargo xtask simulate --kind {name} --seed {seed}");
        if let Some(steps) = self.steps {
            command.push_str(&format!(" --steps {steps}"));
        }
        if let Some(devices) = self.devices {
            command.push_str(&format!(" --devices {devices}"));
        }
        if let Some(people) = self.people {
            command.push_str(&format!(" --people {people}"));
        }
        if let Some(only) = only {
            let numbers: Vec<String> = only.iter().map(u32::to_string).collect();
            command.push_str(&format!(" --only {}", numbers.join(",")));
        }
        command
    }
}

fn main() -> ExitCode {
    let asked = Asked::parse();
    match (asked.seed, asked.kind) {
        _ if asked.sweep => sweep(),
        (Some(seed), Some(kind)) => one(&asked, kind, seed),
        _ => many(&asked),
    }
}

fn sweep() -> ExitCode {
    let (points, failed) = simulator::sweep(1, 1);
    for (point, run) in &failed {
        println!("a death at write {point} FAILS");
        for line in run.trace.lines() {
            println!("  {line}");
        }
    }
    println!("{points} writes and commits died at, {} failed", failed.len());
    let (pairs, joins) = simulator::sweep_join(1, 1);
    for (deaths, broken) in &joins {
        println!("deaths at writes {deaths:?} of a join FAIL: {broken:?}");
    }
    println!("{pairs} pairs of deaths of a join, {} failed", joins.len());
    if failed.is_empty() && joins.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(asked: &Asked, kind: Kind, seed: u64) -> ExitCode {
    let only: BTreeSet<u32> = asked.only.iter().copied().collect();
    let only = (!only.is_empty()).then_some(only);
    let Run { broken, trace } = asked.run(kind, seed, only.as_ref());
    for line in trace.lines() {
        println!("{line}");
    }
    println!("trace {}", trace.hash());
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn many(asked: &Asked) -> ExitCode {
    let mut failed = 0_u64;
    let kinds = asked.kind.map_or_else(|| vec![Kind::Account, Kind::People], |kind| vec![kind]);
    for seed in asked.from..asked.from + asked.seeds {
        for kind in &kinds {
            if passes(asked, *kind, seed) {
                continue;
            }
            failed += 1;
            if !asked.keep_going {
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{} seeds from {} of {} kinds, {failed} failed", asked.seeds, asked.from, kinds.len());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn passes(asked: &Asked, kind: Kind, seed: u64) -> bool {
    let run = asked.run(kind, seed, None);
    if run.broken.is_empty() {
        return true;
    }
    println!("seed {seed} FAILS");
    for line in run.broken.iter().take(6) {
        println!("  {line}");
    }
    println!("  all of it: {}", asked.replay(kind, seed, None));
    if !asked.no_shrink {
        let only = asked.shrink(kind, seed);
        println!("  cut down:  {}", asked.replay(kind, seed, Some(&only)));
        if !asked.keep_going {
            for line in asked.run(kind, seed, Some(&only)).trace.lines() {
                println!("    {line}");
            }
        }
    }
    false
}
