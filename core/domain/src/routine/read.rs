//! What makes a routine whole: a file or an edit that gives something else is refused.
//! The order of exercises is not judged here; that is the rules' part.

use super::{BadSchedule, Override, Routine, Step};
use crate::catalogue::Catalogue;
use crate::dose::{Dose, Range};
use crate::ids::ExerciseId;
use crate::vocabulary::{Laterality, SideRule};
use crate::words::{Message, refusals_in_words};

/// The longest name of a routine, in characters. Ours.
pub const MAX_NAME_CHARS: usize = 120;
/// The most steps of a routine. Ours: a bound for what a stranger may hand in.
pub const MAX_STEPS: usize = 200;
/// The longest hold or rest, in seconds (4 h, ours).
pub const MAX_DOSE_S: u32 = 4 * 3600;
/// The most repetitions or sets. Ours.
pub const MAX_COUNT: u32 = 999;
/// The longest note or reason, in characters. Ours.
const MAX_TEXT_CHARS: usize = 2000;

/// Why something is no routine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoutineRefusal {
    /// No name, or one too long or with line breaks.
    BadName,
    /// Too many steps.
    TooManySteps(usize),
    /// A block or step id twice.
    IdTwice(String),
    /// An exercise the catalogue does not have.
    UnknownExercise(ExerciseId),
    /// A side where there is none.
    NoSides {
        /// The exercise.
        exercise: ExerciseId,
    },
    /// No side where one is needed.
    SideMissing {
        /// The exercise.
        exercise: ExerciseId,
    },
    /// No side for the one-sided.
    OneSideMissing {
        /// The exercise.
        exercise: ExerciseId,
    },
    /// A dose of nothing, or beyond bounds.
    DoseOutOfBounds {
        /// The step or own exercise, by its id.
        of: String,
        /// Hold, rest, reps or sets.
        what: &'static str,
        /// What was given.
        given: u32,
        /// The most there can be.
        most: u32,
    },
    /// A note or reason that is too long.
    TextTooLong(usize),
    /// An override that names no rule there is.
    UnknownRule(String),
    /// An override without a reason.
    NoReason(String),
    /// The schedule.
    Schedule(BadSchedule),
}

refusals_in_words!(RoutineRefusal);

impl RoutineRefusal {
    pub(crate) const fn sentence(&self) -> &'static str {
        match self {
            Self::BadName => "routine.bad_name",
            Self::TooManySteps(_) => "routine.too_many_steps",
            Self::IdTwice(_) => "routine.id_twice",
            Self::UnknownExercise(_) => "routine.unknown_exercise",
            Self::NoSides { .. } => "routine.no_sides",
            Self::SideMissing { .. } => "routine.step_side_missing",
            Self::OneSideMissing { .. } => "routine.one_side_missing",
            Self::DoseOutOfBounds { .. } => "routine.dose_out_of_bounds",
            Self::TextTooLong(_) => "routine.text_too_long",
            Self::UnknownRule(_) => "routine.unknown_rule",
            Self::NoReason(_) => "routine.no_reason",
            Self::Schedule(bad) => bad.sentence(),
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::BadName => message.with("most", count(MAX_NAME_CHARS)),
            Self::TooManySteps(given) => {
                message.with("given", count(*given)).with("most", count(MAX_STEPS))
            }
            Self::IdTwice(id) => message.with("id", id.as_str()),
            Self::UnknownExercise(id) => message.with("id", id.as_str()),
            Self::NoSides { exercise }
            | Self::SideMissing { exercise }
            | Self::OneSideMissing { exercise } => message.with("exercise", exercise.as_str()),
            Self::DoseOutOfBounds { of, what, given, most } => message
                .with("step", of.as_str())
                .with("what", *what)
                .with("given", *given)
                .with("most", *most),
            Self::TextTooLong(given) => {
                message.with("given", count(*given)).with("most", count(MAX_TEXT_CHARS))
            }
            Self::UnknownRule(rule) | Self::NoReason(rule) => message.with("rule", rule.as_str()),
            Self::Schedule(bad) => bad.message(),
        }
    }
}

impl From<BadSchedule> for RoutineRefusal {
    fn from(bad: BadSchedule) -> Self {
        Self::Schedule(bad)
    }
}

/// A number of things as an argument of a sentence.
pub(super) fn count(things: usize) -> u64 {
    u64::try_from(things).unwrap_or(u64::MAX)
}

impl Routine {
    /// Takes a routine that is whole: ids unique, exercises known, sides that fit them, doses
    /// within bounds. Its blocks and steps come out settled.
    ///
    /// # Errors
    /// [`RoutineRefusal`] for the first thing that is wrong.
    pub fn checked(self, catalogue: &Catalogue) -> Result<Self, RoutineRefusal> {
        let routine = self.settled();
        check_name(&routine.name)?;
        let count = routine.steps().count();
        if count > MAX_STEPS {
            return Err(RoutineRefusal::TooManySteps(count));
        }
        let blocks = routine.blocks.iter().map(|block| block.id.as_str());
        no_twice(blocks)?;
        no_twice(routine.steps().map(|step| step.id.as_str()))?;
        for note in routine.blocks.iter().filter_map(|block| block.note.as_ref()) {
            check_text(note)?;
        }
        for step in routine.steps() {
            step.check(catalogue)?;
        }
        for decided in &routine.overrides {
            check_override(decided, catalogue)?;
        }
        routine.timetable.check()?;
        Ok(routine)
    }
}

impl Step {
    /// Whether the step is whole in itself.
    ///
    /// # Errors
    /// [`RoutineRefusal`] for an unknown exercise, a side that does not fit it, a dose out of bounds.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), RoutineRefusal> {
        let exercise = catalogue
            .exercise(&self.exercise)
            .ok_or_else(|| RoutineRefusal::UnknownExercise(self.exercise.clone()))?;
        check_side(self.side, exercise.laterality, &self.exercise)?;
        check_text(self.note.as_deref().unwrap_or(""))?;
        check_dose(&self.dose, self.id.as_str())
    }
}

/// Whether a dose is within bounds. `of` is the id of the step or own exercise that it is of.
pub(crate) fn check_dose(dose: &Dose, of: &str) -> Result<(), RoutineRefusal> {
    let Dose { hold_s, rest_s, reps, sets, tempo, .. } = dose;
    let mut parts = vec![
        ("hold", *hold_s, MAX_DOSE_S),
        ("rest", *rest_s, MAX_DOSE_S),
        ("reps", *reps, MAX_COUNT),
        ("sets", *sets, MAX_COUNT),
    ];
    let phases = tempo.iter().filter_map(|phase| phase.secs);
    parts.extend(phases.map(|secs| ("tempo", Range::exactly(secs), MAX_DOSE_S)));
    for (what, range, most) in parts {
        let stated = [range.min(), range.default(), range.max()].into_iter().flatten();
        let nothing = range.to_play().filter(|played| *played == 0 && what != "rest");
        if let Some(given) = stated.into_iter().find(|given| *given > most).or(nothing) {
            let of = of.to_owned();
            return Err(RoutineRefusal::DoseOutOfBounds { of, what, given, most });
        }
    }
    Ok(())
}

fn check_side(
    side: SideRule,
    laterality: Laterality,
    exercise: &ExerciseId,
) -> Result<(), RoutineRefusal> {
    use SideRule as S;
    let exercise = || exercise.clone();
    match (laterality, side) {
        (Laterality::Bilateral, side) if side != S::NoSide => {
            Err(RoutineRefusal::NoSides { exercise: exercise() })
        }
        (Laterality::PerSide, S::NoSide | S::Alternating) => {
            Err(RoutineRefusal::SideMissing { exercise: exercise() })
        }
        (Laterality::OneSideOnly, S::NoSide | S::Alternating) => {
            Err(RoutineRefusal::OneSideMissing { exercise: exercise() })
        }
        // Alternating ones may be done with one leg; an unstated laterality stays the person's;
        // a habit of the affected side is ticked without one; both sides of a one-sided exercise
        // is a matter for the rule that says so.
        _ => Ok(()),
    }
}

pub(super) fn check_name(name: &str) -> Result<(), RoutineRefusal> {
    let length = name.chars().count();
    let lines = name.chars().any(char::is_control);
    if name.trim().is_empty() || length > MAX_NAME_CHARS || lines {
        Err(RoutineRefusal::BadName)
    } else {
        Ok(())
    }
}

pub(crate) fn check_text(text: &str) -> Result<(), RoutineRefusal> {
    let length = text.chars().count();
    if length > MAX_TEXT_CHARS { Err(RoutineRefusal::TextTooLong(length)) } else { Ok(()) }
}

pub(super) fn check_override(
    decided: &Override,
    catalogue: &Catalogue,
) -> Result<(), RoutineRefusal> {
    if catalogue.rule(&decided.rule).is_none() {
        return Err(RoutineRefusal::UnknownRule(decided.rule.to_string()));
    }
    if decided.reason.trim().is_empty() {
        return Err(RoutineRefusal::NoReason(decided.rule.to_string()));
    }
    check_text(&decided.reason)
}

fn no_twice<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), RoutineRefusal> {
    let mut seen = std::collections::HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(RoutineRefusal::IdTwice(id.to_owned()));
        }
    }
    Ok(())
}
