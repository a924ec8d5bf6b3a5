//! Worlds of people who share charts, each from one seed: several accounts with grants, some with several devices,
//! under the same troubles as the worlds of one account.

mod belonging;
mod circle;
mod deeds;
mod judge;
mod logs;
mod plan;
mod readers;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use circle::Circle;
pub use plan::{Deed, PeopleStep, draw};

use super::trace::Trace;
use super::world::Broken;
use super::{Run, cut_down, said_by};

/// How large these worlds are.
#[derive(Debug, Clone)]
pub struct PeopleSize {
    /// Accounts.
    pub people: usize,
    /// Steps before the world heals.
    pub steps: u32,
}

impl PeopleSize {
    /// What a seed is run with when nobody says otherwise: mostly three people, sometimes four.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Self { people: if seed % 4 == 3 { 4 } else { 3 }, steps: 60 }
    }
}

/// Runs a seed. With `only`, just the steps of these numbers happen.
#[must_use]
pub fn run(seed: u64, size: &PeopleSize, only: Option<&BTreeSet<u32>>) -> Run {
    let mut steps = draw(seed, size.steps);
    if let Some(only) = only {
        steps.retain(|step| only.contains(&step.n));
    }
    let trace = Trace::default();
    let lived = catch_unwind(AssertUnwindSafe(|| live(seed, size.people, &steps, &trace)));
    let broken = said_by(lived);
    for line in &broken {
        trace.line(format!("BROKEN: {line}"));
    }
    Run { broken, trace }
}

fn live(seed: u64, people: usize, steps: &[PeopleStep], trace: &Trace) -> Result<(), Broken> {
    let mut circle = Circle::begin(seed, people, trace.clone())?;
    for step in steps {
        circle.perform(step)?;
    }
    circle.heal()?;
    let broken = judge::judge(&mut circle);
    if broken.is_empty() { Ok(()) } else { Err(broken) }
}

/// Cuts a failing seed down to steps that all are needed for it to fail as it does. Gives their numbers.
#[must_use]
pub fn shrink(seed: u64, size: &PeopleSize) -> BTreeSet<u32> {
    cut_down(size.steps, &|only| run(seed, size, only).broken)
}
