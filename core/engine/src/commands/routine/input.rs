//! What a person says of a routine: steps, doses, places, rules to break. Ids come as text and are
//! looked up where they are used.

use holdfast_domain::dose::{Dose, Range, TempoPhase};
use holdfast_domain::vocabulary::{Mode, SideRule};

use super::refusal::bad_range;
use crate::error::{Error, HoldfastError};
use holdfast_domain::words::Message;

/// A hard rule to break, and why. It covers what the change at hand breaks, nothing to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOverride {
    /// The rule.
    pub rule: String,
    /// Why. Kept with the name of who decided it.
    pub reason: String,
}

/// What can be decided when a template becomes a routine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateOptions {
    /// The name; the template's own, where none is given.
    pub name: Option<String>,
    /// The side of the one-sided exercises: left, right, or asked before each play.
    pub realign_side: Option<SideRule>,
    /// Alternatives to choose, by their condition; else the first of each is played.
    pub choose: Vec<String>,
    /// Optional exercises to play.
    pub include: Vec<String>,
    /// Hard rules to break.
    pub overrides: Vec<RuleOverride>,
}

/// How a routine file is taken in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// Another name than the file's.
    pub name: Option<String>,
    /// Whether it becomes a routine of its own where one with its id is here already.
    pub as_copy: bool,
    /// Hard rules to break.
    pub overrides: Vec<RuleOverride>,
    /// Whether it is only looked at: nothing is written then.
    pub dry_run: bool,
}

/// A step to add. What is left out is the exercise's own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepRequest {
    /// The exercise: its id, or an unambiguous beginning of it.
    pub exercise: String,
    /// What it asks for.
    pub dose: DoseEdit,
    /// The sides.
    pub side: Option<SideRule>,
    /// The tool.
    pub tool: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Whether it may be left out.
    pub optional: bool,
}

/// What to change of a step. What is absent stays; `Some(None)` empties.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepEdit {
    /// Another exercise, as when a slot is filled. Dose, side and tool become that exercise's own,
    /// unless given here too.
    pub exercise: Option<String>,
    /// What it asks for.
    pub dose: DoseEdit,
    /// The sides.
    pub side: Option<SideRule>,
    /// The tool.
    pub tool: Option<Option<String>>,
    /// The note.
    pub note: Option<Option<String>>,
    /// Whether it may be left out.
    pub optional: Option<bool>,
    /// Whether it is played.
    pub included: Option<bool>,
}

/// What to change of a dose. What is absent stays; [`Range::UNSTATED`] empties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoseEdit {
    /// How it is done and counted. Where only a figure is given to a step that nobody timed, the
    /// figure tells: seconds make it timed, repetitions counted, a tempo paced.
    pub mode: Option<Mode>,
    /// Hold, in seconds.
    pub hold_s: Option<Range>,
    /// Repetitions, per side where sides alternate.
    pub reps: Option<Range>,
    /// Sets.
    pub sets: Option<Range>,
    /// Rest between sets or repetitions, in seconds.
    pub rest_s: Option<Range>,
    /// Seconds of each phase of a repetition. Names of phases stay where their number does.
    pub tempo: Option<Vec<u32>>,
}

impl DoseEdit {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The dose with this laid over it.
    pub(crate) fn over(&self, dose: &Dose) -> Dose {
        let mut edited = dose.clone();
        let parts = [
            (&mut edited.hold_s, self.hold_s),
            (&mut edited.reps, self.reps),
            (&mut edited.sets, self.sets),
            (&mut edited.rest_s, self.rest_s),
        ];
        for (part, given) in parts {
            *part = given.unwrap_or(*part);
        }
        if let Some(secs) = &self.tempo {
            edited.tempo = phases(secs, &dose.tempo);
        }
        edited.mode = self.mode.unwrap_or_else(|| self.mode_told(dose.mode));
        edited
    }

    fn mode_told(&self, mode: Mode) -> Mode {
        let stated = |range: Option<Range>| range.is_some_and(|range| range.to_play().is_some());
        let paced = self.tempo.as_ref().is_some_and(|secs| !secs.is_empty());
        match mode {
            Mode::Open | Mode::Reps if paced => Mode::Tempo,
            Mode::Open if stated(self.reps) => Mode::Reps,
            Mode::Open if stated(self.hold_s) => Mode::Timed,
            mode => mode,
        }
    }
}

fn phases(secs: &[u32], before: &[TempoPhase]) -> Vec<TempoPhase> {
    let named = secs.len() == before.len();
    let name = |n: usize| match before.get(n) {
        Some(phase) if named => phase.name.clone(),
        _ => format!("part {}", n + 1),
    };
    secs.iter()
        .enumerate()
        .map(|(n, secs)| TempoPhase { name: name(n), secs: Some(*secs) })
        .collect()
}

/// Where a step goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StepPlace {
    /// Before everything.
    Start,
    /// Right after a step.
    After(String),
    /// After everything.
    #[default]
    End,
}

/// Where a block goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum BlockTo {
    /// Before everything.
    Start,
    /// Right after a block, by its id, the beginning of one, or its condition.
    After(String),
    /// After everything.
    #[default]
    End,
}

/// Reads a range as people write it: `60`, `30-90`, `30-60-90` (the middle one is the figure to use)
/// or `60+` (that or more). `field` is the input it was given at.
///
/// # Errors
/// [`HoldfastError::BadInput`] when it is none, or runs backwards.
pub fn parse_range(field: &'static str, text: &str) -> Result<Range, HoldfastError> {
    let bad = || {
        let message = Message::new("input.no_range").with("text", text);
        HoldfastError::from(Error::bad(field, message))
    };
    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| bad());
    let made = match text.trim().strip_suffix('+') {
        Some(floor) => Range::new(Some(number(floor)?), None, None, true),
        None => match text.split('-').map(number).collect::<Result<Vec<_>, _>>()?[..] {
            [one] => Ok(Range::exactly(one)),
            [min, max] => Range::new(Some(min), None, Some(max), false),
            [min, default, max] => Range::new(Some(min), Some(default), Some(max), false),
            _ => return Err(bad()),
        },
    };
    made.map_err(|error| bad_range(field, &error).into())
}
