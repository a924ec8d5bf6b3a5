//! Names of things. Every id is its own type, so a step id can never stand where a routine id is meant.
//! The domain makes no random ids: whoever holds a source of randomness hands them in.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::words::{Message, Words};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub struct BadId {
    /// What was given.
    pub text: String,
    /// The longest this kind of id may be, in characters.
    pub longest: usize,
}

impl BadId {
    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::new("given.bad_id")
            .with("text", self.text.as_str())
            .with("longest", self.longest as u64)
    }
}

/// The longest id, in characters.
pub const MAX_ID_CHARS: usize = 160;

/// The longest session id, in characters: it may carry a routine id, a day and a slot.
pub const MAX_SESSION_ID_CHARS: usize = 512;

fn is_id(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b':'))
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => { text_id! { $(#[$doc])* $name, MAX_ID_CHARS } };
    ($(#[$doc:meta])* $name:ident, $longest:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a text that is an id.
            ///
            /// # Errors
            /// [`BadId`] when it is empty, too long, or has another character.
            pub fn new(text: impl Into<String>) -> Result<Self, BadId> {
                let text = text.into();
                if is_id(&text, $longest) {
                    Ok(Self(text))
                } else {
                    Err(BadId { text, longest: $longest })
                }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id! {
    /// A catalogue entry (`psoas-release-hook`) or an own exercise of the chart (`own:…`).
    ExerciseId
}
text_id! {
    /// A routine of a chart.
    RoutineId
}
text_id! {
    /// A proposed version of a routine.
    PrescriptionId
}
text_id! {
    /// A block inside a routine.
    BlockId
}
text_id! {
    /// A step inside a routine.
    StepId
}
text_id! {
    /// A composed routine of the sources (`bedtime-10`).
    TemplateId
}
text_id! {
    /// A rule of the sources (`iliacus-after-psoas`).
    RuleId
}
text_id! {
    /// A gate, keyed to the profile.
    GateId
}
text_id! {
    /// A self-test.
    TestId
}
text_id! {
    /// A condition a template puts before a block or step (`tool-hook`).
    ConditionId
}
text_id! {
    /// How pain is to be read during an exercise (`still-pressure`).
    PainRuleId
}
text_id! {
    /// One of the documents the facts come from (`000`), as ../domain/protocols.md numbers them.
    SourceId
}
text_id! {
    /// A tool (`hook-tool`).
    ToolId
}
text_id! {
    /// A muscle or muscle group (`psoas`).
    MuscleId
}
text_id! {
    /// A place on the body (`front-hip`): the regions of the catalogue, also used as pain sites.
    Site
}
text_id! {
    /// A slot of the day: `morning`, `midday`, `evening`, `bedtime`, or a free name.
    Slot
}
text_id! {
    /// One doing of a routine, see [`crate::record::SessionKey`].
    SessionId, MAX_SESSION_ID_CHARS
}
text_id! {
    /// One hold as the projection shows it.
    HoldId
}
text_id! {
    /// One device's record of a hold.
    ObservationId
}
text_id! {
    /// One record of a day: a self-test's result, a tick of a habit, an event.
    DayRecordId
}
text_id! {
    /// A habit: the catalogue exercise of it, or something tracked beside it (`sleep-hours`).
    HabitId
}
text_id! {
    /// One device, as the record names it: the lower-case hex of its public key, or a test's short name.
    DeviceName
}
text_id! {
    /// One account, as the record names it.
    AccountName
}
