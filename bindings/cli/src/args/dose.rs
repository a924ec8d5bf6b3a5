//! What an exercise or a step asks for, as it is typed: of an own exercise and of a step alike.

use clap::Args;
use holdfast::domain::dose::Range;
use holdfast::domain::vocabulary::Mode;
use holdfast::routine::DoseEdit;

use super::values::{self, Tempo};

/// What it asks for.
#[derive(Debug, Args)]
pub struct Dose {
    /// timed, until_eased, open, reps, tempo, tick or slot
    #[arg(long)]
    pub mode: Option<Mode>,
    /// Seconds: 60, 30-90, 30-60-90 (the middle one to start at), 60+
    #[arg(long, value_name = "RANGE", value_parser = values::range, allow_hyphen_values = true)]
    pub hold: Option<Range>,
    /// Repetitions, per side where sides alternate
    #[arg(long, value_name = "RANGE", value_parser = values::range, allow_hyphen_values = true)]
    pub reps: Option<Range>,
    /// Sets
    #[arg(long, value_name = "RANGE", value_parser = values::range, allow_hyphen_values = true)]
    pub sets: Option<Range>,
    /// Seconds of rest between sets
    #[arg(long, value_name = "RANGE", value_parser = values::range, allow_hyphen_values = true)]
    pub rest: Option<Range>,
    /// Seconds of each phase of a repetition, such as 3:2:1
    #[arg(long, value_parser = values::tempo, allow_hyphen_values = true)]
    pub tempo: Option<Tempo>,
}

impl From<&Dose> for DoseEdit {
    fn from(given: &Dose) -> Self {
        Self {
            mode: given.mode,
            hold_s: given.hold,
            reps: given.reps,
            sets: given.sets,
            rest_s: given.rest,
            tempo: given.tempo.as_ref().map(|tempo| tempo.0.clone()),
        }
    }
}
