//! The player: a deterministic state machine that conducts a session. Inputs at instants go in,
//! effects come out. Refuses to know of clocks, speech, screens and storage.
//!
//! # Running it
//!
//! 1. Make a [`Player`] from a [`Plan`], and apply [`Action::Start`].
//! 2. Do what the effects say. Give each [`Effect::Cue`] and confirm it with
//!    [`Action::Delivered`]; store [`Effect::Log`] and [`Player::checkpoint`] in one transaction.
//! 3. Tick at [`Player::next_due`], or, where nothing can tick, give [`Player::timeline`] ahead of
//!    time and confirm what was given once awake. Draw [`Player::view`].
//!
//! # Who attended
//!
//! Only a confirmed cue or a person's input tells that somebody could attend; a tick does not.
//! The state is kept as of that instant, and the present is worked out from it, so no pattern of
//! ticks can change a hold. A hold is logged, and the session over, once the cue that ended it is
//! confirmed. While time runs, a cue falls due at least every 20 s. When nothing was confirmed for
//! more than 30 s, the running hold is broken off at the last attended instant and logged as
//! interrupted, and "did you finish?" waits for an answer: *yes* confirms the target of that one
//! hold (marked manual), *no* leaves what was attended, *resume* goes on with it. What fell due in
//! between did not happen. A confirmation that comes late, before any answer, undoes the breaking
//! off.

mod advance;
mod beats;
mod checkpoint;
mod command;
mod course;
mod cue;
mod easing;
mod effect;
mod input;
mod instant;
mod layout;
mod log;
mod plan;
pub mod script;
mod view;

use std::collections::BTreeMap;

use advance::Given;
pub use advance::UNATTENDED_AFTER;
pub use checkpoint::{BadCheckpoint, Checkpoint};
pub use course::EASE_CHECK_AFTER;
use course::{Course, Stage};
use cue::Said;
pub use cue::{Cue, Haptic, Importance, TimedCue, Tone};
pub use effect::{Effect, Ignored, Question, SessionEnd};
pub use input::{
    Action, EaseAnswer, Input, MAX_EXTENSION, PainWhen, PauseReason, Position, Seen, StopReason,
};
use instant::SessionClock;
pub use instant::{At, BootId, SessionTime};
pub use layout::StepOnSide;
pub use log::HoldToLog;
pub use plan::{
    Lead, LeadKind, MAX_HOLDS, MAX_LENGTH, MAX_PLAN, MIN_PHASE, PacedPhase, Plan, PlanError,
    PlannedHold, Timing, Work,
};
pub use view::{NextUp, StageView, Summary, View};

use crate::units::Millis;
use crate::vocabulary::EndedBy;

/// A cue later than this is not given any more: 2 s (ours).
pub const STALE_AFTER: Millis = Millis::from_secs(2);
/// Of a hold that only the person ends, the timeline shows the marks of 10 min (ours).
const OPEN_HORIZON: Millis = Millis::from_secs(600);

/// Conducts one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Player {
    plan: Plan,
    clock: SessionClock,
    /// The session at the last attended instant.
    settled: Course,
    /// What was handed out to be logged, by `log_no`, in its latest revision.
    logged: BTreeMap<u32, HoldToLog>,
    /// The question that was handed out last.
    asked: Option<(Question, Position)>,
    /// The end that was handed out, while it is one.
    over: Option<SessionEnd>,
    /// Whether it was said that nobody attends.
    left_alone: bool,
}

impl Player {
    /// A session that has not begun. `at` is the zero of its clock.
    #[must_use]
    pub fn new(plan: Plan, at: At) -> Self {
        let settled = Course::ready(&plan);
        let clock = SessionClock::starting_at(at);
        Self {
            plan,
            clock,
            settled,
            logged: BTreeMap::new(),
            asked: None,
            over: None,
            left_alone: false,
        }
    }

    /// The plan it plays.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The instant up to which somebody attended, on the session's clock.
    #[must_use]
    pub const fn attended_until(&self) -> SessionTime {
        self.settled.time
    }

    /// Takes an input that happened at `at`, and says what to do. Never fails: what cannot be
    /// followed is [`Effect::Ignored`]. An instant before the latest one counts as that one.
    pub fn apply(&mut self, at: At, input: &Input) -> Vec<Effect> {
        let told = self.clock.latest();
        let now = self.clock.observe(at);
        let mut changed = false;
        if let Action::Delivered { due } = input.action {
            changed = self.confirm(due.min(now));
            self.clock.anchor_to(at);
        }
        let mut heard = Heard { clock: self.clock, since: told, cues: Vec::new() };
        let mut live = self.live(now, &mut heard);
        let mut effects = Vec::new();
        if !matches!(input.action, Action::Tick | Action::Delivered { .. }) {
            let attended = !self.is_unattended(now);
            match self.follow(&live, input, &mut heard.cues) {
                Ok(after) => live = after,
                Err(reason) => {
                    effects.push(Effect::Ignored { reason, position: live.position() });
                }
            }
            // Even what is not followed tells that somebody is there, but it does not answer
            // whether somebody was there all along.
            if attended || effects.is_empty() {
                self.settled = live.clone();
                self.clock.anchor_to(at);
                changed = true;
            }
        }
        let unattended = self.is_unattended(now);
        give(heard.cues, now, &mut effects);
        if unattended && !self.left_alone {
            effects.extend(self.say_left_alone(&live).map(Effect::Cue));
        }
        self.left_alone = unattended;
        self.ask(&live, &mut effects);
        // What is not attended yet is not logged yet; a hold that was broken off is.
        let attended = if unattended { live } else { self.settled.clone() };
        changed |= self.log(&attended, &mut effects);
        changed |= self.end(&attended, &mut effects);
        if changed {
            effects.push(Effect::Checkpoint);
        }
        effects
    }

    /// What a person's input makes of the present.
    fn follow(
        &self,
        live: &Course,
        input: &Input,
        cues: &mut Vec<TimedCue>,
    ) -> Result<Course, Ignored> {
        let given = Given { plan: &self.plan, clock: &self.clock };
        let mut after = live.clone();
        let mut said = Vec::new();
        after.follow(given, input, &mut |due, position, what| {
            said.push(timed(&self.clock, due, position, what));
        })?;
        cues.append(&mut said);
        Ok(after)
    }

    /// The cues to come from `at` on, as ticking with every cue confirmed would give them: up to
    /// where the session waits for a person. Of a hold that only the person ends, the marks of
    /// the next 10 min; at most a day ahead.
    #[must_use]
    pub fn timeline(&self, at: At) -> Vec<TimedCue> {
        let now = self.clock.reading(at);
        let given = Given { plan: &self.plan, clock: &self.clock };
        let mut cues = Vec::new();
        let mut course = self.live(now, &mut Heard::nothing(self.clock));
        loop {
            let horizon = match (&course.stage, course.planned(&self.plan)) {
                (Stage::Hold(running), Some(hold)) if running.target(&hold.work).is_none() => {
                    running.span.when(OPEN_HORIZON).max(now.plus(OPEN_HORIZON))
                }
                _ => now.plus(MAX_PLAN),
            };
            let went_on = course.step(given, horizon, &mut |due, position, said| {
                cues.push(timed(&self.clock, due, position, said));
            });
            if !went_on {
                return cues;
            }
        }
    }

    /// When something next falls due, seen from `at`: the instant to tick at. Nothing while the
    /// session waits for a person.
    #[must_use]
    pub fn next_due(&self, at: At) -> Option<At> {
        let live = self.live(self.clock.reading(at), &mut Heard::nothing(self.clock));
        live.next_due(&self.plan).map(|due| self.clock.instant_of(due))
    }

    /// The present, worked out from the last attended instant.
    fn live(&self, now: SessionTime, heard: &mut Heard) -> Course {
        let given = Given { plan: &self.plan, clock: &self.clock };
        self.settled.attended_until_here(given, now, &mut |due, position, said| {
            heard.hear(due, position, said);
        })
    }

    fn is_unattended(&self, now: SessionTime) -> bool {
        self.settled.is_running() && now.since(self.settled.time) > UNATTENDED_AFTER
    }

    /// Said once, however late it is found out. It is due where the session was left alone, so
    /// that its confirmation does not tell of anybody there since.
    fn say_left_alone(&self, live: &Course) -> Option<TimedCue> {
        let said = match live.stage {
            Stage::BrokenOff(..) => Said::DidYouFinish(live.planned(&self.plan)?),
            _ => Said::Paused,
        };
        let cue = timed(&self.clock, self.settled.time, live.position(), said);
        Some(TimedCue { at: self.clock.instant_of(live.time), ..cue })
    }

    /// Somebody could attend up to `due`.
    fn confirm(&mut self, due: SessionTime) -> bool {
        if !self.settled.is_running() || due <= self.settled.time {
            return false;
        }
        // A bound for what a strange clock can ask for: nobody attends for longer than a day.
        let due = due.min(self.settled.time.plus(MAX_PLAN));
        let given = Given { plan: &self.plan, clock: &self.clock };
        self.settled.advance(given, due, &mut |_, _, _| {});
        true
    }

    /// Hands out a question once.
    fn ask(&mut self, live: &Course, effects: &mut Vec<Effect>) {
        let open = live.open_question().map(|question| (question, live.position()));
        let news = match (open, self.asked) {
            (Some((question, at)), Some((last, last_at))) => {
                (question, at.question) != (last, last_at.question)
            }
            (Some(_), None) => true,
            (None, _) => false,
        };
        if let Some((question, position)) = open.filter(|_| news) {
            effects.push(Effect::Ask { question, position });
        }
        self.asked = open;
    }

    /// Hands out every record that is not yet what it should be.
    fn log(&mut self, attended: &Course, effects: &mut Vec<Effect>) -> bool {
        let before = effects.len();
        for (log_no, hold) in (0..).zip(self.plan.holds()) {
            let done = attended.done_of(&self.plan, log_no as usize);
            let Some(mut record) = done.record(log_no, hold) else { continue };
            if let Some(logged) = self.logged.get(&log_no) {
                record.revision = logged.revision;
                if record == *logged {
                    continue;
                }
                record.revision = logged.revision.saturating_add(1);
            }
            self.logged.insert(log_no, record.clone());
            effects.push(Effect::Log(Box::new(record)));
        }
        effects.len() > before
    }

    /// Hands out the end of the session once.
    fn end(&mut self, attended: &Course, effects: &mut Vec<Effect>) -> bool {
        let over = match &attended.stage {
            Stage::Over(end) => Some(end.clone()),
            _ => None,
        };
        let changed = over != self.over;
        if let (Some(end), true) = (&over, changed) {
            effects.push(Effect::Over { end: end.clone() });
        }
        self.over = over;
        changed
    }

    /// Ends a session nobody will go on with.
    fn give_up(&mut self, at: At) -> Vec<Effect> {
        let now = self.clock.observe(at);
        let mut live = self.live(now, &mut Heard::nothing(self.clock));
        if !matches!(live.stage, Stage::Over(_)) {
            let given = Given { plan: &self.plan, clock: &self.clock };
            live.settle_pause();
            live.leave(given, EndedBy::Interrupted);
            live.end_session(SessionEnd::Discarded, Said::Stopped, &mut |_, _, _| {});
        }
        let mut effects = Vec::new();
        self.log(&live, &mut effects);
        self.end(&live, &mut effects);
        self.settled = live;
        self.asked = None;
        effects.push(Effect::Checkpoint);
        effects
    }
}

/// Collects the cues that fell due after what was told already.
struct Heard {
    clock: SessionClock,
    since: SessionTime,
    cues: Vec<TimedCue>,
}

impl Heard {
    /// For looking only.
    const fn nothing(clock: SessionClock) -> Self {
        Self { clock, since: SessionTime(u64::MAX), cues: Vec::new() }
    }

    fn hear(&mut self, due: SessionTime, position: Position, said: Said<'_>) {
        if due > self.since {
            self.cues.push(timed(&self.clock, due, position, said));
        }
    }
}

fn timed(clock: &SessionClock, due: SessionTime, position: Position, said: Said<'_>) -> TimedCue {
    let cue = said.cue();
    TimedCue {
        due,
        at: clock.instant_of(due),
        position,
        cue,
        text: said.message(),
        tone: cue.tone(),
        haptic: cue.haptic(),
        importance: cue.importance(),
    }
}

/// Gives the cues that are still of use; the others become one note.
fn give(cues: Vec<TimedCue>, now: SessionTime, effects: &mut Vec<Effect>) {
    let (stale, fresh): (Vec<_>, Vec<_>) =
        cues.into_iter().partition(|cue| now.since(cue.due) > STALE_AFTER);
    let count = u32::try_from(stale.len()).unwrap_or(u32::MAX);
    if let Some(latest) = stale.into_iter().next_back() {
        effects.push(Effect::Missed { count, latest });
    }
    effects.extend(fresh.into_iter().map(Effect::Cue));
}
