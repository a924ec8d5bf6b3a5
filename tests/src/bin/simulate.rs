//! Runs worlds from seeds. A failing one prints what broke, how to replay it, and what happened.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Parser;
use holdfast_tests::simulator::{self, Run, Size};

/// Devices and a relay under faults, from seeds.
#[derive(Parser)]
#[command(name = "cargo xtask simulate")]
struct Asked {
    /// How many seeds to run.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Runs this seed alone, and prints what happens.
    #[arg(long)]
    seed: Option<u64>,
    /// Only these steps of the seed, as numbers with commas between.
    #[arg(long, value_delimiter = ',')]
    only: Vec<u32>,
    /// Steps of each world.
    #[arg(long)]
    steps: Option<u32>,
    /// Devices of each world.
    #[arg(long)]
    devices: Option<usize>,
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

impl Asked {
    fn size(&self, seed: u64) -> Size {
        let mut size = Size::of_seed(seed);
        size.steps = self.steps.unwrap_or(size.steps);
        size.devices = self.devices.unwrap_or(size.devices);
        size
    }

    /// The command that replays a seed.
    fn replay(&self, seed: u64, only: Option<&BTreeSet<u32>>) -> String {
        let mut command = format!("cargo xtask simulate --seed {seed}");
        if let Some(steps) = self.steps {
            command.push_str(&format!(" --steps {steps}"));
        }
        if let Some(devices) = self.devices {
            command.push_str(&format!(" --devices {devices}"));
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
    match asked.seed {
        _ if asked.sweep => sweep(),
        Some(seed) => one(&asked, seed),
        None => many(&asked),
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

fn one(asked: &Asked, seed: u64) -> ExitCode {
    let only: BTreeSet<u32> = asked.only.iter().copied().collect();
    let only = (!only.is_empty()).then_some(only);
    let Run { broken, trace } = simulator::run(seed, &asked.size(seed), only.as_ref());
    for line in trace.lines() {
        println!("{line}");
    }
    println!("trace {}", trace.hash());
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn many(asked: &Asked) -> ExitCode {
    let mut failed = 0_u64;
    for seed in asked.from..asked.from + asked.seeds {
        let size = asked.size(seed);
        let run = simulator::run(seed, &size, None);
        if run.broken.is_empty() {
            continue;
        }
        failed += 1;
        println!("seed {seed} FAILS");
        for line in run.broken.iter().take(6) {
            println!("  {line}");
        }
        println!("  all of it: {}", asked.replay(seed, None));
        if !asked.no_shrink {
            let only = simulator::shrink(seed, &size);
            println!("  cut down:  {}", asked.replay(seed, Some(&only)));
            if !asked.keep_going {
                let run = simulator::run(seed, &size, Some(&only));
                for line in run.trace.lines() {
                    println!("    {line}");
                }
            }
        }
        if !asked.keep_going {
            return ExitCode::FAILURE;
        }
    }
    println!("{} seeds from {}, {failed} failed", asked.seeds, asked.from);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
