//! How time alone moves a session, and what becomes of it when nobody attended.
//! Refuses to know of inputs: what is here follows from a state and a later time.

use super::beats::Beats;
use super::course::{Course, Leading, Pause, Running, Span, Stage};
use super::cue::Said;
use super::effect::SessionEnd;
use super::input::{PauseReason, Position};
use super::instant::{SessionClock, SessionTime};
use super::plan::{Lead, LeadKind, Plan, changes_side};
use crate::units::Millis;
use crate::vocabulary::EndedBy;

/// After so long without a confirmed cue or a person's input, nobody attended: 30 s (ours).
pub const UNATTENDED_AFTER: Millis = Millis::from_secs(30);

/// What a session runs against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) plan: &'a Plan,
    pub(super) clock: &'a SessionClock,
}

/// Takes the cues as they fall due.
pub(super) type Say<'s> = dyn FnMut(SessionTime, Position, Said<'_>) + 's;

impl Course {
    /// The state at `now`, when this one is the last that anybody attended.
    ///
    /// Up to 30 s later that is what time makes of it. After that nobody attended: a running hold
    /// was broken off *here*, whatever fell due since, and a running rest or preparation waits.
    pub(super) fn attended_until_here(
        &self,
        given: Given<'_>,
        now: SessionTime,
        say: &mut Say<'_>,
    ) -> Self {
        let mut trusted = self.clone();
        let last = self.time.plus(UNATTENDED_AFTER);
        if !self.is_running() || now <= last {
            trusted.advance(given, now, say);
            return trusted;
        }
        // What fell due in the meantime is not said: it did not happen.
        trusted.advance(given, last, &mut |_, _, _| {});
        let mut left = self.break_off(&trusted);
        left.time = now;
        left
    }

    /// This state, left alone. `trusted` is what it had become when that was found out: what was
    /// seen of it since must not be taken for what comes next.
    fn break_off(&self, trusted: &Self) -> Self {
        let mut left = self.clone();
        left.visit = trusted.visit.wrapping_add(1);
        left.question = trusted.question;
        left.easing = None;
        if let Stage::Hold(running) = &self.stage {
            left.question = left.question.wrapping_add(1);
            left.stage = Stage::BrokenOff(running.clone(), self.time);
        } else {
            left.pause = Some(Pause { since: self.time, reason: PauseReason::Unattended });
        }
        left
    }

    /// Lets time pass up to `to`.
    pub(super) fn advance(&mut self, given: Given<'_>, to: SessionTime, say: &mut Say<'_>) {
        while self.step(given, to, say) {}
        self.time = self.time.max(to);
    }

    /// Lets time pass to the next moment at which something happens, if that is not after `to`.
    pub(super) fn step(&mut self, given: Given<'_>, to: SessionTime, say: &mut Say<'_>) -> bool {
        let Some(due) = self.next_due(given.plan).filter(|due| *due <= to) else { return false };
        self.time = due;
        match &self.stage {
            Stage::Lead(leading) => {
                let beats = Beats::of_lead(leading);
                let elapsed = leading.span.elapsed(due);
                beats.at(elapsed).into_iter().for_each(|said| say(due, self.position(), said));
                if elapsed >= beats.end {
                    self.end_lead(given, say);
                }
            }
            Stage::Hold(running) => {
                let Some(hold) = self.planned(given.plan) else { return false };
                let beats = Beats::of_hold(running, hold);
                let elapsed = running.span.elapsed(due);
                let untimed = running.target(&hold.work).is_none();
                for said in beats.at(elapsed) {
                    if matches!(said, Said::EaseCheck) {
                        self.ask_whether_it_eases();
                    }
                    say(due, self.position(), said);
                }
                match elapsed >= beats.end {
                    true if untimed => self.break_off_longest(hold, say),
                    true => self.end_hold(given, EndedBy::Target, say),
                    false => {}
                }
            }
            Stage::Ready | Stage::BrokenOff(..) | Stage::Over(_) => return false,
        }
        true
    }

    /// When time alone next makes something happen.
    pub(super) fn next_due(&self, plan: &Plan) -> Option<SessionTime> {
        if !self.is_running() {
            return None;
        }
        let (span, next) = match &self.stage {
            Stage::Lead(leading) => {
                let elapsed = leading.span.elapsed(self.time);
                (leading.span, Beats::of_lead(leading).next(elapsed))
            }
            Stage::Hold(running) => {
                let elapsed = running.span.elapsed(self.time);
                (running.span, Beats::of_hold(running, self.planned(plan)?).next(elapsed))
            }
            Stage::Ready | Stage::BrokenOff(..) | Stage::Over(_) => return None,
        };
        // A time at the very end of the scale would never be reached.
        next.map(|offset| span.when(offset)).filter(|due| *due > self.time)
    }

    fn ask_whether_it_eases(&mut self) {
        self.question = self.question.wrapping_add(1);
        self.easing = Some(self.hold);
        if let Stage::Hold(running) = &mut self.stage {
            running.check_after = None;
        }
    }

    /// A hold without a target has run as long as we trust one to.
    fn break_off_longest(&mut self, hold: &super::plan::PlannedHold, say: &mut Say<'_>) {
        if let Stage::Hold(running) = &self.stage {
            self.stage = Stage::BrokenOff(running.clone(), self.time);
            self.question = self.question.wrapping_add(1);
            self.easing = None;
            say(self.time, self.position(), Said::DidYouFinish(hold));
        }
    }

    /// Ends the running hold and goes on with the plan.
    pub(super) fn end_hold(&mut self, given: Given<'_>, ended_by: EndedBy, say: &mut Say<'_>) {
        if let (Stage::Hold(running), Some(hold)) = (&self.stage, self.planned(given.plan)) {
            let take = running.take(&hold.work, self.time, ended_by);
            self.keep(take);
        }
        let next = self.hold.saturating_add(1);
        self.begin_or_finish(given, next, given.plan.leads(next as usize), say);
    }

    /// Keeps a doing of the current entry.
    pub(super) fn keep(&mut self, take: super::log::Take) {
        self.ended = Some(self.hold);
        if let Some(done) = self.done.get_mut(self.hold as usize) {
            done.takes.push(take);
        }
    }

    /// Goes to an entry; past the last one the session is finished.
    pub(super) fn begin_or_finish(
        &mut self,
        given: Given<'_>,
        hold: u32,
        leads: Vec<Lead>,
        say: &mut Say<'_>,
    ) {
        if (hold as usize) < given.plan.holds().len() {
            self.visit = self.visit.wrapping_add(1);
            self.hold = hold;
            self.enter_leads(given, leads, None, say);
        } else {
            self.end_session(SessionEnd::Finished, Said::Done, say);
        }
    }

    pub(super) fn end_session(&mut self, end: SessionEnd, said: Said<'_>, say: &mut Say<'_>) {
        self.stage = Stage::Over(end);
        self.pause = None;
        self.finished = Some(self.time);
        say(self.time, self.position(), said);
    }

    /// Begins what comes before a hold, or the hold itself when nothing does.
    pub(super) fn enter_leads(
        &mut self,
        given: Given<'_>,
        mut leads: Vec<Lead>,
        attempt_of: Option<Running>,
        say: &mut Say<'_>,
    ) {
        leads.retain(|lead| lead.length > Millis::ZERO);
        if leads.is_empty() {
            return self.enter_hold(given, attempt_of, say);
        }
        let lead = leads.remove(0);
        let span = Span::beginning(self.time);
        self.stage = Stage::Lead(Leading { lead, span, then: leads, attempt_of });
        if let Some(hold) = self.planned(given.plan) {
            say(self.time, self.position(), Said::Lead(lead.kind, lead.length, hold));
        }
    }

    fn end_lead(&mut self, given: Given<'_>, say: &mut Say<'_>) {
        if let Stage::Lead(leading) = std::mem::replace(&mut self.stage, Stage::Ready) {
            self.enter_leads(given, leading.then, leading.attempt_of, say);
        }
    }

    fn enter_hold(&mut self, given: Given<'_>, attempt_of: Option<Running>, say: &mut Say<'_>) {
        let Some(hold) = self.planned(given.plan) else { return };
        let running = match attempt_of {
            Some(mut running) => {
                running.begin_attempt(self.time);
                running
            }
            None => Running::beginning(self.time, given.clock.instant_of(self.time), hold),
        };
        self.easing = None;
        self.stage = Stage::Hold(running);
        say(self.time, self.position(), Said::Go(hold));
        if let super::plan::Work::Tempo { phases, .. } = &hold.work
            && let Some(first) = phases.first()
        {
            say(self.time, self.position(), Said::Phase(first));
        }
    }

    /// What comes before a hold that a person jumped to: no rest, but the change of sides.
    pub(super) fn leads_of_jump(&self, plan: &Plan, to: u32) -> Vec<Lead> {
        let side = |index: u32| plan.holds().get(index as usize).map(|hold| hold.side);
        let timing = plan.timing();
        let switch = side(self.hold).zip(side(to)).is_some_and(|(from, to)| changes_side(from, to));
        let (kind, length) = if switch {
            (LeadKind::Switch, timing.switch)
        } else {
            (LeadKind::Prepare, timing.prepare)
        };
        vec![Lead { kind, length }]
    }
}
