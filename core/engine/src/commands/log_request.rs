//! What a person says when something is logged by hand. It only holds what was said; reading it is the
//! command's business.

use holdfast_domain::record::Load;
use holdfast_domain::units::{LocalDay, Millis, Moment};
use holdfast_domain::vocabulary::{EndedBy, Source};

/// The side or sides something was done on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSide {
    /// The left.
    Left,
    /// The right.
    Right,
    /// Each, one after the other: two holds of that length.
    Both,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Held, or gone on, for so long.
    Held(Millis),
    /// So many repetitions, each held so long where that was timed.
    Reps {
        /// How many; per side where sides alternate.
        count: u16,
        /// How long each was held.
        hold_each: Option<Millis>,
    },
    /// Done, with nothing to count.
    Ticked,
}

/// Whether it eased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eased {
    /// After so long in the last attempt.
    After(Millis),
    /// It did not.
    No,
}

/// Something to log. Ids may be given by any unambiguous beginning, a routine by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRequest {
    /// The exercise.
    pub exercise: String,
    /// What was done.
    pub done: Done,
    /// On which side; nothing for bilateral exercises.
    pub side: Option<LogSide>,
    /// The routine it belongs to.
    pub routine: Option<String>,
    /// The local day, where it is not that of the time.
    pub date: Option<LocalDay>,
    /// The slot of the day.
    pub slot: Option<String>,
    /// The step of the routine; found by the exercise where it is left out.
    pub step: Option<String>,
    /// The session, instead of routine, date and slot. One that does not exist is begun.
    pub session: Option<String>,
    /// The set, from 1; the next free one where it is left out.
    pub set: Option<u16>,
    /// The repetition, from 1; the next free one where it is left out.
    pub rep: Option<u16>,
    /// The target; that of the dose where it is left out.
    pub target: Option<Millis>,
    /// Pain before, NRS 0–10.
    pub pain_before: Option<u8>,
    /// Pain after, NRS 0–10.
    pub pain_after: Option<u8>,
    /// Where it hurts.
    pub pain_site: Option<String>,
    /// How it ended; worked out from the rest where it is left out.
    pub ended: Option<EndedBy>,
    /// Whether it eased.
    pub eased: Option<Eased>,
    /// How often the spot was moved before the last attempt.
    pub moves: u8,
    /// How long it was paused in all.
    pub paused: Millis,
    /// Weight or resistance.
    pub load: Option<Load>,
    /// Seconds of each phase of a repetition.
    pub tempo: Vec<u32>,
    /// The tool.
    pub tool: Option<String>,
    /// Who helped: a member or free text.
    pub by: Option<String>,
    /// When it began; now where it is left out.
    pub at: Option<Moment>,
    /// A note.
    pub note: Option<String>,
    /// Whether what would otherwise be asked is confirmed.
    pub yes: bool,
    /// Typed in, or imported.
    pub source: Source,
}

impl LogRequest {
    /// Something done now, everything else left out.
    #[must_use]
    pub fn new(exercise: impl Into<String>, done: Done) -> Self {
        Self {
            exercise: exercise.into(),
            done,
            side: None,
            routine: None,
            date: None,
            slot: None,
            step: None,
            session: None,
            set: None,
            rep: None,
            target: None,
            pain_before: None,
            pain_after: None,
            pain_site: None,
            ended: None,
            eased: None,
            moves: 0,
            paused: Millis::ZERO,
            load: None,
            tempo: Vec::new(),
            tool: None,
            by: None,
            at: None,
            note: None,
            yes: false,
            source: Source::Manual,
        }
    }
}
