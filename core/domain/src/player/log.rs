//! What was done of each entry of the plan, and the record of it that is handed out to be logged.
//! Refuses to know of sessions, authors and documents.

use serde::{Deserialize, Serialize};

use super::instant::{At, SessionTime};
use super::plan::{PlannedHold, Work};
use crate::ids::{ExerciseId, StepId, ToolId};
use crate::record::{Attempt, PainRating};
use crate::units::Millis;
use crate::vocabulary::{EndedBy, Side, Source};

/// A hold to log.
///
/// `log_no` is the entry's place in the plan: the same for every doing of it within the session,
/// so there is exactly one record an entry, whatever the order in which revisions arrive. Of two
/// records with one `log_no` the higher `revision` stands and replaces the other whole. A hold
/// that is done again after going back, one that was broken off and then answered for or gone on
/// with, and an answer or a pain rating that comes after the end, are revisions.
///
/// When an entry was done more than once, the doing that stands is one that reached its end, else
/// the longest, else the last (ours). Its attempts come last in `attempts`, so `held` is its last
/// attempt; the attempts of the other doings come before it, so that `under_pressure` loses none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldToLog {
    /// Which entry of the plan, from 0.
    pub log_no: u32,
    /// Which version of this record, from 0.
    pub revision: u32,
    /// The step of the routine.
    pub step: StepId,
    /// What was done.
    pub exercise: ExerciseId,
    /// On which side.
    pub side: Side,
    /// Which set, from 1.
    pub set: u16,
    /// Which repetition, from 1; 0 for a whole set.
    pub rep: u16,
    /// The planned time, without extensions.
    #[serde(rename = "target_ms")]
    pub target: Option<Millis>,
    /// The planned repetitions of a whole set.
    pub target_reps: Option<u16>,
    /// The tries. Empty for a whole set and a tick, which hold nothing, and for what was skipped
    /// before it began.
    pub attempts: Vec<Attempt>,
    /// Time spent from go to end, pauses left out, over all doings. For holds the sum of
    /// `attempts`; for whole sets and ticks the only time there is.
    #[serde(rename = "took_ms")]
    pub took: Millis,
    /// Pauses, over all doings.
    #[serde(rename = "paused_ms")]
    pub paused: Millis,
    /// Time added by the person, over all doings.
    #[serde(rename = "extended_ms")]
    pub extended: Millis,
    /// Repetitions done, for a whole set; nothing when the person did not say.
    pub reps: Option<u16>,
    /// Seconds of each phase, where the player paced them.
    pub tempo: Vec<u32>,
    /// The tool.
    pub tool: Option<ToolId>,
    /// How it ended.
    pub ended_by: EndedBy,
    /// When it began.
    pub started_at: At,
    /// Pain before.
    pub pain_before: Option<PainRating>,
    /// Pain after.
    pub pain_after: Option<PainRating>,
    /// The timer's word, or (`manual`) the person's, who answered that it was finished.
    pub source: Source,
}

impl HoldToLog {
    /// What is judged against the target: the last attempt.
    #[must_use]
    pub fn held(&self) -> Millis {
        self.attempts.last().map_or(Millis::ZERO, |attempt| attempt.held)
    }

    /// All attempts together.
    #[must_use]
    pub fn under_pressure(&self) -> Millis {
        self.attempts.iter().map(|attempt| attempt.held).sum()
    }
}

/// One doing of an entry, from go to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Take {
    pub(super) started: SessionTime,
    pub(super) started_at: At,
    pub(super) attempts: Vec<Attempt>,
    pub(super) took: Millis,
    pub(super) paused: Millis,
    pub(super) extended: Millis,
    pub(super) reps: Option<u16>,
    pub(super) not_easing: u8,
    pub(super) ended_by: EndedBy,
    pub(super) by_hand: bool,
}

impl Take {
    /// An entry that was left before it began.
    pub(super) const fn never_began(at: SessionTime, instant: At, ended_by: EndedBy) -> Self {
        Self {
            started: at,
            started_at: instant,
            attempts: Vec::new(),
            took: Millis::ZERO,
            paused: Millis::ZERO,
            extended: Millis::ZERO,
            reps: None,
            not_easing: 0,
            ended_by,
            by_hand: false,
        }
    }

    fn rank(&self) -> (bool, Millis, Option<u16>) {
        let whole = matches!(self.ended_by, EndedBy::Target | EndedBy::Eased);
        let held = self.attempts.last().map_or(Millis::ZERO, |attempt| attempt.held);
        (whole, held, self.reps)
    }
}

/// Everything done of one entry of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) takes: Vec<Take>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pain_before: Option<PainRating>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pain_after: Option<PainRating>,
}

impl Done {
    /// The record of these doings, as its first revision; nothing when there was none.
    pub(super) fn record(&self, log_no: u32, hold: &PlannedHold) -> Option<HoldToLog> {
        // max_by_key gives the last of equals: of two equal doings the later stands.
        let (stands, take) = self.takes.iter().enumerate().max_by_key(|(_, take)| take.rank())?;
        let others = self.takes.iter().enumerate().filter(|(i, _)| *i != stands);
        let attempts =
            others.map(|(_, take)| take).chain([take]).flat_map(|take| take.attempts.clone());
        Some(HoldToLog {
            log_no,
            revision: 0,
            step: hold.step.clone(),
            exercise: hold.exercise.clone(),
            side: hold.side,
            set: hold.set,
            rep: hold.rep,
            target: hold.work.target(),
            target_reps: hold.work.target_reps(),
            attempts: attempts.collect(),
            took: self.takes.iter().map(|take| take.took).sum(),
            paused: self.takes.iter().map(|take| take.paused).sum(),
            extended: self.takes.iter().map(|take| take.extended).sum(),
            reps: take.reps,
            tempo: tempo(&hold.work),
            tool: hold.tool.clone(),
            ended_by: take.ended_by,
            started_at: take.started_at,
            pain_before: self.pain_before.clone(),
            pain_after: self.pain_after.clone(),
            source: if take.by_hand { Source::Manual } else { Source::Timer },
        })
    }
}

fn tempo(work: &Work) -> Vec<u32> {
    let Work::Tempo { phases, .. } = work else { return Vec::new() };
    phases.iter().map(|p| u32::try_from(p.length.as_secs()).unwrap_or(u32::MAX)).collect()
}
