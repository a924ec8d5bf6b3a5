//! What the player asks of the one who runs it. It does none of it itself.

use serde::{Deserialize, Serialize};

use super::cue::TimedCue;
use super::input::{Position, StopReason};
use super::log::HoldToLog;
use crate::words::{Message, Words};

/// Something to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Give this cue now, then confirm it with [`super::Action::Delivered`].
    Cue(TimedCue),
    /// These cues were due too long ago to be given. Redraw, say nothing, and confirm the latest:
    /// the gap was short enough to be trusted.
    Missed {
        /// How many.
        count: u32,
        /// The latest of them.
        latest: TimedCue,
    },
    /// A question to the person has opened. It is also in the view until it closes.
    Ask {
        /// Which.
        question: Question,
        /// What an answer to it will have seen.
        position: Position,
    },
    /// Log this attended hold, or put it in place of its earlier revision. Store it together with the
    /// checkpoint of the same input: then a killed app logs nothing twice and forgets nothing.
    Log(Box<HoldToLog>),
    /// Persist [`super::Player::checkpoint`].
    Checkpoint,
    /// The input was not followed.
    Ignored {
        /// Why.
        reason: Ignored,
        /// Where the player is.
        position: Position,
    },
    /// The session is over. Pain can still be rated, and an open ease check answered.
    Over {
        /// How.
        end: SessionEnd,
    },
}

/// A question to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Is it easing? Time goes on; no answer means unknown.
    EaseCheck,
    /// A hold was broken off because nobody attended: did you finish it? Time waits.
    DidYouFinish,
}

/// Why an input was not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[error("{}", Words::english().say(&self.message()))]
pub enum Ignored {
    /// Its sender saw another hold, or another doing of it.
    OtherHold,
    /// Its sender saw another question.
    OtherQuestion,
    /// Nothing was asked that this answers.
    NothingAsked,
    /// It is so already.
    Already,
    /// The session has not begun.
    NotStarted,
    /// It has no meaning at this point of the session.
    NotNow,
    /// The session is over.
    Over,
}

impl Ignored {
    /// Why, in words.
    #[must_use]
    pub fn message(self) -> Message {
        Message::new(match self {
            Self::OtherHold => "ignored.other_hold",
            Self::OtherQuestion => "ignored.other_question",
            Self::NothingAsked => "ignored.nothing_asked",
            Self::Already => "ignored.already",
            Self::NotStarted => "ignored.not_started",
            Self::NotNow => "ignored.not_now",
            Self::Over => "ignored.over",
        })
    }
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum SessionEnd {
    /// The last hold is behind.
    Finished,
    /// The person ended it earlier.
    Stopped {
        /// Why.
        reason: StopReason,
    },
    /// A killed session was not taken up again.
    Discarded,
}
