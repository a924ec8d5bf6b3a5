//! What may be written down at all. A refusal here is a mistake of data; what the rules think of
//! the exercise is a finding and never stops a record of what happened.

use crate::record::key::MAX_SETS;
use crate::record::observation::Observation;
use crate::units::Millis;
use crate::vocabulary::{EndedBy, Laterality, Mode, Side, Source};

/// How many times its target a hold may last before we ask whether it is meant. Ours.
pub const LONG_HOLD_FACTOR: u64 = 3;

/// What must be known to judge a record.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// How the exercise relates to the sides of the body.
    pub laterality: Laterality,
    /// How it is done and counted.
    pub mode: Mode,
    /// The sides already recorded for this exercise in the same session.
    pub sides_done: &'a [Side],
    /// Whether the person has confirmed what would otherwise be asked.
    pub yes: bool,
}

/// Why a record is not taken. The text is English; front ends translate by code and arguments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordRefusal {
    /// Far longer than the target: asked, not forbidden.
    #[error(
        "{exercise} held for {} s is more than {LONG_HOLD_FACTOR} times its target of {} s: say yes if that is right",
        held.as_secs(), target.as_secs()
    )]
    NeedsConfirmation {
        /// The exercise.
        exercise: String,
        /// What was given.
        held: Millis,
        /// What was asked for.
        target: Millis,
    },
    /// A side on an exercise that is done with both at once.
    #[error("{exercise} is done on both sides at once: leave the side out")]
    SideOnBilateral {
        /// The exercise.
        exercise: String,
    },
    /// No side where each counts on its own.
    #[error("{exercise} is done on one side at a time: say left or right")]
    SideMissing {
        /// The exercise.
        exercise: String,
    },
    /// The realignment on both sides.
    #[error(
        "{exercise} is done on one side only, and this session already has the other: \
         remove that one first if it was a mistake"
    )]
    BothSidesOfOne {
        /// The exercise.
        exercise: String,
    },
    /// A timed hold without a time.
    #[error("{exercise} is held for a time: say how many seconds")]
    HeldMissing {
        /// The exercise.
        exercise: String,
    },
    /// Repetitions without a count.
    #[error("{exercise} is counted in repetitions: say how many")]
    RepsMissing {
        /// The exercise.
        exercise: String,
    },
    /// A place in a routine that names no exercise.
    #[error("{exercise} stands for an exercise of your choice: log the exercise you did")]
    SlotNotFilled {
        /// The place.
        exercise: String,
    },
    /// A set or repetition outside of what can be counted.
    #[error("{what} {given} is not possible: it goes from {lowest} to {MAX_SETS}")]
    NumberOutOfRange {
        /// `set`, `rep` or `reps`.
        what: &'static str,
        /// What was given.
        given: u16,
        /// The lowest possible.
        lowest: u16,
    },
    /// A weight below nothing, or none at all.
    #[error("a load of {given} is not possible: give a number of 0 or more")]
    BadLoad {
        /// What was given.
        given: String,
    },
    /// Eased later than the hold lasted.
    #[error("it cannot have eased after {} s in a hold of {} s", eased.as_secs(), held.as_secs())]
    EasedAfterEnd {
        /// When it eased.
        eased: Millis,
        /// How long it was held.
        held: Millis,
    },
}

impl RecordRefusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NeedsConfirmation { .. } => "held_needs_confirmation",
            Self::SideOnBilateral { .. } => "side_on_bilateral",
            Self::SideMissing { .. } => "side_missing",
            Self::BothSidesOfOne { .. } => "both_sides_of_one",
            Self::HeldMissing { .. } => "held_missing",
            Self::RepsMissing { .. } => "reps_missing",
            Self::SlotNotFilled { .. } => "slot_not_filled",
            Self::NumberOutOfRange { .. } => "number_out_of_range",
            Self::BadLoad { .. } => "bad_load",
            Self::EasedAfterEnd { .. } => "eased_after_end",
        }
    }

    /// The arguments of the sentence, by name.
    #[must_use]
    pub fn args(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NeedsConfirmation { exercise, held, target } => vec![
                ("exercise", exercise.clone()),
                ("held_ms", held.0.to_string()),
                ("target_ms", target.0.to_string()),
            ],
            Self::SideOnBilateral { exercise }
            | Self::SideMissing { exercise }
            | Self::BothSidesOfOne { exercise }
            | Self::HeldMissing { exercise }
            | Self::RepsMissing { exercise }
            | Self::SlotNotFilled { exercise } => vec![("exercise", exercise.clone())],
            Self::NumberOutOfRange { what, given, lowest } => vec![
                ("what", (*what).to_owned()),
                ("given", given.to_string()),
                ("lowest", lowest.to_string()),
            ],
            Self::BadLoad { given } => vec![("given", given.clone())],
            Self::EasedAfterEnd { eased, held } => {
                vec![("eased_ms", eased.0.to_string()), ("held_ms", held.0.to_string())]
            }
        }
    }

    /// The argument the person gave that is at fault, as the command line names it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::NeedsConfirmation { .. } | Self::HeldMissing { .. } => "held",
            Self::SideOnBilateral { .. }
            | Self::SideMissing { .. }
            | Self::BothSidesOfOne { .. } => "side",
            Self::RepsMissing { .. } => "reps",
            Self::SlotNotFilled { .. } => "exercise",
            Self::NumberOutOfRange { what, .. } => what,
            Self::BadLoad { .. } => "load",
            Self::EasedAfterEnd { .. } => "eased",
        }
    }
}

impl Observation {
    /// Takes an observation that can be true, or says why it cannot.
    ///
    /// # Errors
    /// [`RecordRefusal`]; [`RecordRefusal::NeedsConfirmation`] is a question, not a no.
    pub fn checked(self, context: Context<'_>) -> Result<Self, RecordRefusal> {
        self.check_side(context)?;
        self.check_numbers()?;
        self.check_done(context)?;
        Ok(self)
    }

    fn check_side(&self, context: Context<'_>) -> Result<(), RecordRefusal> {
        let exercise = || self.exercise.to_string();
        let side = self.key.side;
        match context.laterality {
            Laterality::Bilateral if side != Side::None => {
                Err(RecordRefusal::SideOnBilateral { exercise: exercise() })
            }
            Laterality::PerSide | Laterality::OneSideOnly if side == Side::None => {
                Err(RecordRefusal::SideMissing { exercise: exercise() })
            }
            // A habit such as a sleeping position is ticked once, not once a side.
            Laterality::AffectedSide if side == Side::None && context.mode != Mode::Tick => {
                Err(RecordRefusal::SideMissing { exercise: exercise() })
            }
            Laterality::OneSideOnly if context.sides_done.iter().any(|done| *done != side) => {
                Err(RecordRefusal::BothSidesOfOne { exercise: exercise() })
            }
            _ => Ok(()),
        }
    }

    fn check_numbers(&self) -> Result<(), RecordRefusal> {
        let within = |what, given: u16, lowest: u16| {
            if (lowest..=MAX_SETS).contains(&given) {
                Ok(())
            } else {
                Err(RecordRefusal::NumberOutOfRange { what, given, lowest })
            }
        };
        within("set", self.key.set, 1)?;
        within("rep", self.key.rep, 0)?;
        if let Some(reps) = self.reps {
            within("reps", reps, 0)?;
        }
        if let Some(load) = &self.load
            && !(load.value.is_finite() && load.value >= 0.0)
        {
            return Err(RecordRefusal::BadLoad { given: load.value.to_string() });
        }
        for attempt in &self.attempts {
            if let Some(eased) = attempt.eased_after.filter(|eased| *eased > attempt.held) {
                return Err(RecordRefusal::EasedAfterEnd { eased, held: attempt.held });
            }
        }
        Ok(())
    }

    fn check_done(&self, context: Context<'_>) -> Result<(), RecordRefusal> {
        let exercise = || self.exercise.to_string();
        let done = matches!(self.ended_by, EndedBy::Target | EndedBy::Eased | EndedBy::NotEased);
        // The player keeps a set whose count nobody said; who types one in can say it.
        let typed = self.source == Source::Manual;
        match context.mode {
            Mode::Slot => return Err(RecordRefusal::SlotNotFilled { exercise: exercise() }),
            Mode::Timed | Mode::UntilEased | Mode::Open if self.attempts.is_empty() && done => {
                return Err(RecordRefusal::HeldMissing { exercise: exercise() });
            }
            Mode::Reps | Mode::Tempo
                if self.key.is_set_level() && self.reps.is_none() && done && typed =>
            {
                return Err(RecordRefusal::RepsMissing { exercise: exercise() });
            }
            _ => {}
        }
        match self.target {
            Some(target)
                if !context.yes && self.held().0 > target.0.saturating_mul(LONG_HOLD_FACTOR) =>
            {
                Err(RecordRefusal::NeedsConfirmation {
                    exercise: exercise(),
                    held: self.held(),
                    target,
                })
            }
            _ => Ok(()),
        }
    }
}
