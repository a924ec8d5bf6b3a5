//! The closed word lists of the catalogue: kinds, modes, sides, positions.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every word of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it stands in data and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord {
                        text: text.to_owned(),
                        known: Self::ALL.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(", "),
                    }),
                }
            }
        }
    };
}

/// A word that is not on its list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not one of: {known}")]
pub struct UnknownWord {
    /// What was given.
    pub text: String,
    /// The words there are, joined by commas.
    pub known: String,
}

words! {
    /// What kind of exercise it is.
    Kind {
        /// Still pressure on a muscle.
        Release = "release",
        /// Rolling and massage.
        Massage = "massage",
        /// A stretch.
        Stretch = "stretch",
        /// The pelvic realignment.
        Realignment = "realignment",
        /// Switching a muscle on before training.
        Activation = "activation",
        /// Strengthening.
        Strength = "strength",
        /// Moving a joint through its range.
        Mobility = "mobility",
        /// A self-test.
        SelfTest = "self_test",
        /// A habit of the day.
        Habit = "habit",
    }
}

words! {
    /// How a step is done and counted.
    Mode {
        /// Held for a target time.
        Timed = "timed",
        /// Held until it eases, at most the target.
        UntilEased = "until_eased",
        /// Counts up; nobody stated a time.
        Open = "open",
        /// Repetitions.
        Reps = "reps",
        /// Repetitions at a tempo.
        Tempo = "tempo",
        /// Done or not.
        Tick = "tick",
        /// Must be filled with an exercise before play.
        Slot = "slot",
        /// A self-test.
        Test = "test",
    }
}

words! {
    /// How an exercise relates to the two sides of the body.
    Laterality {
        /// Both at once; a side is an error.
        Bilateral = "bilateral",
        /// Each side in turn; a side is required.
        PerSide = "per_side",
        /// Sides alternate by repetition; repetitions count per side.
        Alternating = "alternating",
        /// Exactly one side.
        OneSideOnly = "one_side_only",
        /// The side with the trouble.
        AffectedSide = "affected_side",
        /// No source says.
        Unstated = "unstated",
    }
}

words! {
    /// A side of the body a hold was done on. Anatomical: never mirrored.
    Side {
        /// The left.
        Left = "left",
        /// The right.
        Right = "right",
        /// No side: bilateral or not stated.
        None = "none",
    }
}

words! {
    /// Which sides a step is done on.
    SideRule {
        /// Left and right, each with its full time.
        Both = "both",
        /// Left only.
        Left = "left",
        /// Right only.
        Right = "right",
        /// One side, to be asked before play.
        Ask = "ask",
        /// The affected side of the profile; asked when unknown.
        Affected = "affected",
        /// Alternating by repetition.
        Alternating = "alternating",
        /// Both at once, or the step has no sides.
        NoSide = "no_side",
    }
}

words! {
    /// The order of a block's steps.
    BlockOrder {
        /// All steps on one side, then all on the other.
        SideMajor = "side_major",
        /// Each step on both sides before the next.
        StepMajor = "step_major",
    }
}

words! {
    /// How serious a finding is. Every grading is ours: the sources do not grade.
    Severity {
        /// Refused unless overridden with a reason.
        Hard = "hard",
        /// A warning.
        Soft = "soft",
        /// Worth knowing.
        Info = "info",
    }
}

words! {
    /// How a hold ended.
    EndedBy {
        /// The target was reached.
        Target = "target",
        /// It eased (until-eased holds).
        Eased = "eased",
        /// It did not ease after the last allowed attempt.
        NotEased = "not_eased",
        /// Stopped by the person.
        Stopped = "stopped",
        /// Stopped because of pain.
        Pain = "pain",
        /// Skipped.
        Skipped = "skipped",
        /// Broken off: the phone died, the app was killed, nobody attended.
        Interrupted = "interrupted",
    }
}

words! {
    /// Where a record came from.
    Source {
        /// The player's timer.
        Timer = "timer",
        /// Typed in.
        Manual = "manual",
        /// An import.
        Import = "import",
    }
}

words! {
    /// How hard a release presses, as the person judged it.
    Pressure {
        /// Light.
        Light = "light",
        /// Moderate.
        Moderate = "moderate",
        /// Firm.
        Firm = "firm",
    }
}
