//! Doses: sets, reps, hold and rest as ranges, never one number. What nobody stated stays unstated.

use crate::words::{Message, Words};
use serde::{Deserialize, Serialize};

use crate::vocabulary::Mode;

/// A range of whole numbers (seconds or counts) of which any part may be unstated.
///
/// Illegal ranges cannot be made: `min ≤ default ≤ max` wherever both are stated, and an
/// open-ended range ("or longer") has no maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "RawRange", into = "RawRange")]
pub struct Range {
    min: Option<u32>,
    default: Option<u32>,
    max: Option<u32>,
    open_ended: bool,
}

/// Why four parts make no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub enum BadRange {
    /// A smaller part is above a larger one.
    Reversed {
        /// The part that should be the smaller.
        low: u32,
        /// The part that should be the larger.
        high: u32,
    },
    /// "Or longer" with a maximum.
    OpenWithMax(u32),
}

impl BadRange {
    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        match *self {
            Self::Reversed { low, high } => {
                Message::new("range.backwards").with("low", low).with("high", high)
            }
            Self::OpenWithMax(max) => Message::new("range.open_with_maximum").with("max", max),
        }
    }
}

impl Range {
    /// Nothing stated.
    pub const UNSTATED: Self = Self { min: None, default: None, max: None, open_ended: false };

    /// Makes a range of its parts.
    ///
    /// # Errors
    /// [`BadRange`] when the parts contradict each other.
    pub fn new(
        min: Option<u32>,
        default: Option<u32>,
        max: Option<u32>,
        open_ended: bool,
    ) -> Result<Self, BadRange> {
        let ordered = |low: Option<u32>, high: Option<u32>| match (low, high) {
            (Some(low), Some(high)) if low > high => Err(BadRange::Reversed { low, high }),
            _ => Ok(()),
        };
        ordered(min, default)?;
        ordered(default, max)?;
        ordered(min, max)?;
        match max {
            Some(max) if open_ended => Err(BadRange::OpenWithMax(max)),
            _ => Ok(Self { min, default, max, open_ended }),
        }
    }

    /// A lone figure: the default, with no floor and no ceiling.
    #[must_use]
    pub const fn exactly(value: u32) -> Self {
        Self { min: None, default: Some(value), max: None, open_ended: false }
    }

    /// The stated floor.
    #[must_use]
    pub const fn min(self) -> Option<u32> {
        self.min
    }

    /// The stated figure to use.
    #[must_use]
    pub const fn default(self) -> Option<u32> {
        self.default
    }

    /// The stated ceiling.
    #[must_use]
    pub const fn max(self) -> Option<u32> {
        self.max
    }

    /// Whether a source says "at least" or "or longer".
    #[must_use]
    pub const fn open_ended(self) -> bool {
        self.open_ended
    }

    /// The figure to play: the default, else the floor, else the ceiling; nothing when unstated.
    #[must_use]
    pub fn to_play(self) -> Option<u32> {
        self.default.or(self.min).or(self.max)
    }
}

#[derive(Serialize, Deserialize)]
struct RawRange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    open_ended: bool,
}

impl TryFrom<RawRange> for Range {
    type Error = BadRange;
    fn try_from(raw: RawRange) -> Result<Self, BadRange> {
        Self::new(raw.min, raw.default, raw.max, raw.open_ended)
    }
}

impl From<Range> for RawRange {
    fn from(range: Range) -> Self {
        Self {
            min: range.min,
            default: range.default,
            max: range.max,
            open_ended: range.open_ended,
        }
    }
}

/// One phase of a tempo. A phase nobody timed has no seconds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TempoPhase {
    /// What is done (`push`, `lower`, `hold`).
    pub name: String,
    /// Seconds, where stated.
    pub secs: Option<u32>,
}

/// What a step asks for. One atomic value: concurrent edits of its parts must never mix.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dose {
    /// How it is done and counted.
    pub mode: Mode,
    /// Hold, in seconds.
    #[serde(default)]
    pub hold_s: Range,
    /// Repetitions (per side where the exercise alternates).
    #[serde(default)]
    pub reps: Range,
    /// Sets.
    #[serde(default)]
    pub sets: Range,
    /// Rest between sets or repetitions, in seconds.
    #[serde(default)]
    pub rest_s: Range,
    /// Tempo of one repetition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tempo: Vec<TempoPhase>,
}
