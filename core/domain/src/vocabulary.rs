//! The closed word lists of the catalogue: kinds, modes, sides, positions.

use serde::{Deserialize, Serialize};

use crate::words::{Message, Words};

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
#[error("{}", Words::english().say(&self.message()))]
pub struct UnknownWord {
    /// What was given.
    pub text: String,
    /// The words there are, joined by commas.
    pub known: String,
}

pub(crate) use words;

impl UnknownWord {
    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::new("given.not_listed")
            .with("text", self.text.as_str())
            .with("known", self.known.as_str())
    }
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

words! {
    /// How the body is placed.
    Position {
        /// On one knee.
        HalfKneeling = "half_kneeling",
        /// On hands and knees.
        HandsAndKnees = "hands_and_knees",
        /// On hands and toes, arms straight.
        HighPlank = "high_plank",
        /// On both knees.
        Kneeling = "kneeling",
        /// In a lunge.
        Lunge = "lunge",
        /// On the stomach.
        Prone = "prone",
        /// Sitting.
        Seated = "seated",
        /// On the side.
        SideLying = "side_lying",
        /// Standing.
        Standing = "standing",
        /// On the back.
        Supine = "supine",
    }
}

words! {
    /// What else is known of an exercise.
    Tag {
        /// Fits a day at the desk.
        Desk = "desk",
        /// The sources only name it.
        NamedOnly = "named_only",
        /// Given for pregnancy.
        Pregnancy = "pregnancy",
        /// Given for runners.
        Runner = "runner",
        /// Given for older people.
        Senior = "senior",
    }
}

words! {
    /// Who may do the pressing.
    Assistant {
        /// A partner.
        Partner = "partner",
        /// A physical therapist.
        Therapist = "therapist",
        /// Another practitioner.
        Practitioner = "practitioner",
    }
}

words! {
    /// The span a frequency counts in.
    Per {
        /// A day.
        Day = "day",
        /// A night.
        Night = "night",
        /// A week.
        Week = "week",
        /// A run.
        Run = "run",
    }
}

words! {
    /// The occasion a frequency names.
    When {
        /// After a run.
        AfterRun = "after_run",
        /// On a rest day.
        RestDay = "rest_day",
        /// As a warm-up.
        WarmUp = "warm_up",
        /// As a cool-down.
        CoolDown = "cool_down",
        /// Between sets.
        BetweenSets = "between_sets",
        /// Before bed.
        BeforeBed = "before_bed",
    }
}

words! {
    /// What a profile condition asks of the person. Unknown is an answer: it is asked, never taken as no.
    ProfileField {
        /// Pregnant.
        Pregnant = "pregnant",
        /// The trimester, 1 to 3.
        Trimester = "trimester",
        /// A doctor agrees to pressure on the front of the belly.
        DoctorOkFrontPressure = "doctor_ok_front_pressure",
        /// Can lie on the stomach.
        CanLieProne = "can_lie_prone",
        /// Has knots.
        Knots = "knots",
        /// Hypermobile.
        Hypermobile = "hypermobile",
        /// Has tight hip flexors.
        TightHipFlexors = "tight_hip_flexors",
        /// Has pain in the hip flexors.
        HipFlexorPain = "hip_flexor_pain",
        /// May have a more serious injury.
        SuspectedSeriousInjury = "suspected_serious_injury",
        /// Has a strained muscle.
        Strain = "strain",
        /// Has a hip impingement.
        Impingement = "impingement",
        /// The back hurts now.
        BackPainNow = "back_pain_now",
        /// The last run was longer than so many minutes.
        LastRunMinOver = "last_run_min_over",
        /// The muscles are warm.
        Warm = "warm",
        /// The hip is irritable.
        HipIrritable = "hip_irritable",
        /// New to exercise.
        NewToExercise = "new_to_exercise",
        /// Has sciatica.
        Sciatica = "sciatica",
        /// Said yes to something on the ask-first card.
        AskFirstAny = "ask_first_any",
        /// A workout follows.
        BeforeWorkout = "before_workout",
    }
}

words! {
    /// A day of the week.
    Weekday {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

words! {
    /// What kind of record of a day it is.
    DayKind {
        /// The result of a self-test.
        Test = "test",
        /// A habit that was kept.
        Tick = "tick",
        /// Something that happened: a run, a walk, pain.
        Event = "event",
    }
}
