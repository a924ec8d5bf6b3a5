//! What can be said to the player, and what the one who says it saw. Serialisable, because a
//! checkpointed, scripted or shared session is its inputs.

use serde::{Deserialize, Serialize};

use super::instant::SessionTime;
use crate::record::PainRating;
use crate::units::Millis;
use crate::vocabulary::Pressure;

/// Where in the session a front end believed it was when somebody pressed something. Several
/// remotes drive one player; what was meant for a hold that is over must not hit the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Position {
    /// Which entry of the plan, from 0.
    pub hold: u32,
    /// How often the player has begun, repeated or broken off an entry: a repeated hold is
    /// another visit.
    pub visit: u32,
    /// How many questions the player has asked so far.
    pub question: u32,
}

/// What the one who sends an input saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// This position, from the last view or cue.
    Position(Position),
    /// Whatever is there when the input arrives: for scripts, where nobody looks.
    Whatever,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Input {
    /// What its sender saw.
    pub seen: Seen,
    /// What to do.
    #[serde(flatten)]
    pub action: Action,
}

impl Input {
    /// An input by somebody who saw `position`.
    #[must_use]
    pub const fn seeing(position: Position, action: Action) -> Self {
        Self { seen: Seen::Position(position), action }
    }

    /// An input by a script.
    #[must_use]
    pub const fn unseeing(action: Action) -> Self {
        Self { seen: Seen::Whatever, action }
    }
}

/// Everything the player can be told. There are no toggles: pausing twice is a pause.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Begin.
    Start,
    /// Stop the time.
    Pause {
        /// Why.
        reason: PauseReason,
    },
    /// Let the time go on. After a hold was broken off: continue it.
    Resume,
    /// Leave this hold and go to the next.
    Skip,
    /// Begin this hold again; in its first 3 s (ours), or before it began, go to the one before.
    Back,
    /// Add time to the running hold, or to the rest or preparation that runs.
    Extend {
        /// How much, at most one hour at a time.
        ms: u64,
    },
    /// End the session.
    Stop {
        /// Why.
        reason: StopReason,
    },
    /// Answer the ease check, or say so unasked.
    Ease {
        /// How it is.
        answer: EaseAnswer,
    },
    /// Answer "did you finish?".
    Finished {
        /// Whether the hold was done to its end.
        yes: bool,
    },
    /// Rate pain.
    RatePain {
        /// Before or after the hold.
        when: PainWhen,
        /// Which entry of the plan; otherwise as `when` says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<u32>,
        /// NRS 0–10, where, and who said so.
        rating: PainRating,
    },
    /// Count repetitions done.
    Count {
        /// How many more.
        reps: u16,
    },
    /// This hold is done: ends what has no time of its own, and any other early.
    Finish {
        /// Repetitions in all, where counting was left to the person.
        reps: Option<u16>,
    },
    /// Time has passed. Needed only to be told what fell due; changes nothing by itself.
    Tick,
    /// Everything due up to here has been spoken, sounded or shown.
    /// A batch of late confirmations may come in any order.
    Delivered {
        /// The `due` of the latest cue delivered.
        due: SessionTime,
    },
}

/// Why the time stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// Somebody pressed pause.
    Person,
    /// The helper pressed pause.
    Partner,
    /// A phone call.
    Call,
    /// Another app took the sound, or a voice assistant spoke.
    AudioTaken,
    /// Headphones were pulled.
    OutputGone,
    /// Nobody attended between two holds.
    Unattended,
}

/// Why a session ends before its last hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum StopReason {
    /// Enough for today.
    DoneEarly,
    /// It hurts. The running hold ends with pain.
    Pain {
        /// Where and how much (NRS 0–10), as far as said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rating: Option<PainRating>,
        /// Where, when no number was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<crate::ids::Site>,
    },
    /// Anything else.
    Other,
}

/// How a pressure release feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum EaseAnswer {
    /// It is easing.
    Eased,
    /// It is not easing: move to another spot and begin a new attempt.
    Move,
    /// It is not easing: press less and go on.
    Lighten {
        /// How hard it presses from now on, where said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Pressure>,
    },
}

/// Which pain is rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PainWhen {
    /// Before the hold that runs or comes next.
    Before,
    /// After the hold that ended last.
    After,
}

/// The longest extension one input can ask for, one hour (ours).
pub const MAX_EXTENSION: Millis = Millis::from_secs(3600);
