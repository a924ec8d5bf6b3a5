//! What may be written down at all. A refusal here is a mistake of data; what the rules think of
//! the exercise is a finding and never stops a record of what happened.

use crate::record::key::MAX_SETS;
use crate::record::observation::Observation;
use crate::units::Millis;
use crate::vocabulary::{EndedBy, Laterality, Mode, Side, Source};
use crate::words::{Message, refusals_in_words};

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

/// Why a record is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordRefusal {
    /// Far longer than the target: asked, not forbidden.
    NeedsConfirmation {
        /// The exercise.
        exercise: String,
        /// What was given.
        held: Millis,
        /// What was asked for.
        target: Millis,
    },
    /// A side on an exercise that is done with both at once.
    SideOnBilateral {
        /// The exercise.
        exercise: String,
    },
    /// No side where each counts on its own.
    SideMissing {
        /// The exercise.
        exercise: String,
    },
    /// The realignment on both sides.
    BothSidesOfOne {
        /// The exercise.
        exercise: String,
    },
    /// A timed hold without a time.
    HeldMissing {
        /// The exercise.
        exercise: String,
    },
    /// Repetitions without a count.
    RepsMissing {
        /// The exercise.
        exercise: String,
    },
    /// A place in a routine that names no exercise.
    SlotNotFilled {
        /// The place.
        exercise: String,
    },
    /// A set or repetition outside of what can be counted.
    NumberOutOfRange {
        /// `set`, `rep` or `reps`.
        what: &'static str,
        /// What was given.
        given: u16,
        /// The lowest possible.
        lowest: u16,
    },
    /// A weight below nothing, or none at all.
    BadLoad {
        /// What was given.
        given: String,
    },
    /// Eased later than the hold lasted.
    EasedAfterEnd {
        /// When it eased.
        eased: Millis,
        /// How long it was held.
        held: Millis,
    },
}

refusals_in_words!(RecordRefusal);

impl RecordRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::NeedsConfirmation { .. } => "record.held_needs_confirmation",
            Self::SideOnBilateral { .. } => "record.side_on_bilateral",
            Self::SideMissing { .. } => "record.side_missing",
            Self::BothSidesOfOne { .. } => "record.both_sides_of_one",
            Self::HeldMissing { .. } => "record.held_missing",
            Self::RepsMissing { .. } => "record.reps_missing",
            Self::SlotNotFilled { .. } => "record.slot_not_filled",
            Self::NumberOutOfRange { .. } => "record.number_out_of_range",
            Self::BadLoad { .. } => "record.bad_load",
            Self::EasedAfterEnd { .. } => "record.eased_after_end",
        }
    }

    /// What it says, times in seconds.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::NeedsConfirmation { exercise, held, target } => message
                .with("exercise", exercise.as_str())
                .with("held", held.as_secs())
                .with("target", target.as_secs())
                .with("factor", LONG_HOLD_FACTOR),
            Self::SideOnBilateral { exercise }
            | Self::SideMissing { exercise }
            | Self::BothSidesOfOne { exercise }
            | Self::HeldMissing { exercise }
            | Self::RepsMissing { exercise }
            | Self::SlotNotFilled { exercise } => message.with("exercise", exercise.as_str()),
            Self::NumberOutOfRange { what, given, lowest } => message
                .with("what", *what)
                .with("given", *given)
                .with("lowest", *lowest)
                .with("highest", MAX_SETS),
            Self::BadLoad { given } => message.with("given", given.as_str()),
            Self::EasedAfterEnd { eased, held } => {
                message.with("eased", eased.as_secs()).with("held", held.as_secs())
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
