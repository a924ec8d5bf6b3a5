//! Where a session stands: which entry, which stage of it, what is done. Only data and the
//! questions one can ask of it; what moves it is in `advance` (time) and `command` (people).

use serde::{Deserialize, Serialize};

use super::effect::{Question, SessionEnd};
use super::input::{PauseReason, Position};
use super::instant::{At, SessionTime};
use super::log::{Done, Take};
use super::plan::{Lead, MAX_LENGTH, Plan, PlannedHold, Work};
use crate::record::Attempt;
use crate::units::Millis;
use crate::vocabulary::EndedBy;

/// A still-pressure release asks after this long, 30 s.
/// source: protocols.md, pain rule `still-pressure` and figure `pressure-ease`.
pub const EASE_CHECK_AFTER: Millis = Millis::from_secs(30);

/// The state of a session at one point of its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Course {
    pub(super) time: SessionTime,
    pub(super) hold: u32,
    pub(super) visit: u32,
    pub(super) question: u32,
    /// The entry whose ease check is unanswered. It stays open after the end of its hold, until
    /// the next one begins.
    pub(super) easing: Option<u32>,
    pub(super) stage: Stage,
    pub(super) pause: Option<Pause>,
    pub(super) done: Vec<Done>,
    /// The entry that ended last.
    pub(super) ended: Option<u32>,
    pub(super) started: Option<SessionTime>,
    pub(super) finished: Option<SessionTime>,
    pub(super) paused: Millis,
    pub(super) extended: Millis,
}

/// What is going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Ready,
    Lead(Leading),
    Hold(Running),
    /// The hold was broken off at this point, and the person is asked whether it was finished.
    BrokenOff(Running, SessionTime),
    Over(SessionEnd),
}

/// Time before a hold, or between two attempts of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leading {
    pub(super) lead: Lead,
    pub(super) span: Span,
    pub(super) then: Vec<Lead>,
    /// The hold that goes on afterwards, when its spot is being moved.
    pub(super) attempt_of: Option<Running>,
}

/// A stretch of running time, with what stopped or lengthened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) began: SessionTime,
    pub(super) paused: Millis,
    pub(super) extended: Millis,
}

impl Span {
    pub(super) const fn beginning(began: SessionTime) -> Self {
        Self { began, paused: Millis::ZERO, extended: Millis::ZERO }
    }

    pub(super) const fn elapsed(&self, now: SessionTime) -> Millis {
        now.since(self.began).saturating_sub(self.paused)
    }

    /// When so much of it has run, if it is not paused again.
    pub(super) const fn when(&self, elapsed: Millis) -> SessionTime {
        self.began.plus(self.paused).plus(elapsed)
    }
}

/// A hold under way: its earlier attempts, and the one that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) span: Span,
    pub(super) started: SessionTime,
    pub(super) started_at: At,
    pub(super) closed: Vec<Attempt>,
    pub(super) attempt: Attempt,
    pub(super) not_easing: u8,
    /// After how much of the attempt the ease check comes; nothing once it came.
    pub(super) check_after: Option<Millis>,
    /// Repetitions, as far as the person said.
    pub(super) reps: Option<u16>,
    pub(super) paused: Millis,
    pub(super) extended: Millis,
}

impl Running {
    pub(super) fn beginning(time: SessionTime, at: At, hold: &PlannedHold) -> Self {
        Self {
            span: Span::beginning(time),
            started: time,
            started_at: at,
            closed: Vec::new(),
            attempt: Attempt::default(),
            not_easing: 0,
            check_after: hold.ease_check.then_some(EASE_CHECK_AFTER),
            reps: None,
            paused: Millis::ZERO,
            extended: Millis::ZERO,
        }
    }

    /// How long the running attempt is to last, extensions included; nothing when the person
    /// ends it.
    pub(super) fn target(&self, work: &Work) -> Option<Millis> {
        work.target().map(|target| target + self.span.extended)
    }

    /// Closes the running attempt as held for `held`.
    pub(super) fn close(&mut self, held: Millis) {
        self.closed.push(Attempt { held, ..std::mem::take(&mut self.attempt) });
    }

    /// Begins another attempt on another spot, with its full target and its own ease check.
    pub(super) fn begin_attempt(&mut self, time: SessionTime) {
        self.span = Span::beginning(time);
        self.attempt = Attempt { moved_spot: true, ..Attempt::default() };
        self.check_after = Some(EASE_CHECK_AFTER);
    }

    /// The doing as it stands at `now`, ended by `ended_by`.
    pub(super) fn take(&self, work: &Work, now: SessionTime, ended_by: EndedBy) -> Take {
        let run = self.span.elapsed(now);
        let mut attempts = self.closed.clone();
        attempts.push(Attempt { held: run, ..self.attempt.clone() });
        let took = attempts.iter().map(|attempt| attempt.held).sum();
        if !work.is_hold() {
            attempts.clear();
        }
        Take {
            started: self.started,
            started_at: self.started_at,
            attempts,
            took,
            paused: self.paused,
            extended: self.extended,
            reps: self.reps_at(work, run),
            not_easing: self.not_easing,
            ended_by,
            by_hand: false,
        }
    }

    /// The doing as it stands between two attempts, ended by `ended_by`.
    pub(super) fn take_between(&self, ended_by: EndedBy) -> Take {
        Take {
            started: self.started,
            started_at: self.started_at,
            attempts: self.closed.clone(),
            took: self.closed.iter().map(|attempt| attempt.held).sum(),
            paused: self.paused,
            extended: self.extended,
            reps: None,
            not_easing: self.not_easing,
            ended_by,
            by_hand: false,
        }
    }

    /// Repetitions done once the attempt has run so long, where the work counts any.
    pub(super) fn reps_at(&self, work: &Work, run: Millis) -> Option<u16> {
        match work {
            Work::Reps { .. } => self.reps,
            Work::Tempo { phases, reps } => {
                let cycle: Millis = phases.iter().map(|phase| phase.length).sum();
                let done = u16::try_from(run.0 / cycle.0.max(1)).unwrap_or(u16::MAX);
                self.reps.or(Some(done.min(reps.unwrap_or(u16::MAX))))
            }
            Work::Timed { .. } | Work::UntilEased { .. } | Work::Open | Work::Tick => None,
        }
    }
}

/// Time stands still since, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pause {
    pub(super) since: SessionTime,
    pub(super) reason: PauseReason,
}

impl Course {
    pub(super) fn ready(plan: &Plan) -> Self {
        Self {
            time: SessionTime(0),
            hold: 0,
            visit: 0,
            question: 0,
            easing: None,
            stage: Stage::Ready,
            pause: None,
            done: vec![Done::default(); plan.holds().len()],
            ended: None,
            started: None,
            finished: None,
            paused: Millis::ZERO,
            extended: Millis::ZERO,
        }
    }

    pub(super) const fn position(&self) -> Position {
        Position { hold: self.hold, visit: self.visit, question: self.question }
    }

    /// The question that waits for an answer, or can still be answered.
    pub(super) const fn open_question(&self) -> Option<Question> {
        match (&self.stage, self.easing) {
            (Stage::BrokenOff(..), _) => Some(Question::DidYouFinish),
            (_, Some(_)) => Some(Question::EaseCheck),
            (_, None) => None,
        }
    }

    /// Whether time passes: then somebody has to attend.
    pub(super) const fn is_running(&self) -> bool {
        self.pause.is_none() && matches!(self.stage, Stage::Lead(_) | Stage::Hold(_))
    }

    /// The entry that runs or comes next.
    pub(super) fn planned<'a>(&self, plan: &'a Plan) -> Option<&'a PlannedHold> {
        plan.holds().get(self.hold as usize)
    }

    /// What is done of the entry at `index`, a broken-off hold included.
    pub(super) fn done_of(&self, plan: &Plan, index: usize) -> Done {
        let mut done = self.done.get(index).cloned().unwrap_or_default();
        if let (Stage::BrokenOff(running, left), Some(hold)) =
            (&self.stage, plan.holds().get(index))
            && self.hold as usize == index
        {
            done.takes.push(running.take(&hold.work, *left, EndedBy::Interrupted));
        }
        done
    }
}

/// How long a hold without a target runs before the player asks whether it was finished, as
/// long as the longest timed one (ours).
pub(super) const LONGEST_OPEN: Millis = MAX_LENGTH;
