//! What an answer to the ease check does. Refuses to know when it is asked: that is `advance`'s.

use super::advance::{Given, Say};
use super::command::Followed;
use super::course::{Course, EASE_CHECK_AFTER, Running, Span, Stage};
use super::cue::Said;
use super::effect::Ignored;
use super::input::{EaseAnswer, Seen};
use super::instant::SessionTime;
use super::log::Take;
use super::plan::{Lead, LeadKind, Work};
use crate::record::Attempt;
use crate::vocabulary::EndedBy;

/// The third "not easing" ends the hold (ours).
const NOT_EASING_ENDS_AT: u8 = 3;

impl Course {
    pub(super) fn answer_ease(
        &mut self,
        given: Given<'_>,
        seen: Seen,
        answer: EaseAnswer,
        say: &mut Say<'_>,
    ) -> Followed {
        let asked_of = match self.easing {
            Some(hold) => hold,
            None => self.hold_that_may_ease(given)?,
        };
        self.same_question(seen)?;
        if self.easing.is_none() {
            self.same_hold(seen)?;
        }
        self.easing = None;
        match &self.stage {
            Stage::Hold(_) if asked_of == self.hold => self.ease_running(given, answer, say),
            _ => self.ease_ended(given, asked_of, answer, say),
        }
    }

    /// Saying unasked how a release feels is as good as an answer.
    fn hold_that_may_ease(&self, given: Given<'_>) -> Result<u32, Ignored> {
        self.must_have_started()?;
        let may = self
            .planned(given.plan)
            .is_some_and(|hold| hold.ease_check || matches!(hold.work, Work::UntilEased { .. }));
        match self.stage {
            Stage::Hold(_) if may => Ok(self.hold),
            _ => Err(Ignored::NothingAsked),
        }
    }

    fn ease_running(
        &mut self,
        given: Given<'_>,
        answer: EaseAnswer,
        say: &mut Say<'_>,
    ) -> Followed {
        let now = self.time;
        let Some(hold) = self.planned(given.plan) else { return Err(Ignored::NotNow) };
        let Stage::Hold(running) = &mut self.stage else { return Err(Ignored::NotNow) };
        let elapsed = running.span.elapsed(now);
        if answer == EaseAnswer::Eased {
            running.check_after = None;
            running.attempt.eased_after.get_or_insert(elapsed);
            if matches!(hold.work, Work::UntilEased { .. }) {
                self.end_hold(given, EndedBy::Eased, say);
            }
            return Ok(());
        }
        running.not_easing = running.not_easing.saturating_add(1);
        if running.not_easing >= NOT_EASING_ENDS_AT {
            say(now, self.position(), Said::NotEased);
            self.end_hold(given, EndedBy::NotEased, say);
            return Ok(());
        }
        match answer {
            EaseAnswer::Move => {
                running.close(elapsed);
                let running = running.clone();
                self.move_spot(given, running, say);
            }
            EaseAnswer::Lighten { to } => {
                running.check_after = Some(elapsed + EASE_CHECK_AFTER);
                running.attempt.pressure = to.or(running.attempt.pressure);
            }
            EaseAnswer::Eased => {}
        }
        Ok(())
    }

    /// The answer comes after the end of the hold, before the next one began.
    fn ease_ended(
        &mut self,
        given: Given<'_>,
        asked_of: u32,
        answer: EaseAnswer,
        say: &mut Say<'_>,
    ) -> Followed {
        let work = given.plan.holds().get(asked_of as usize).map(|hold| &hold.work);
        let Some(done) = self.done.get_mut(asked_of as usize) else { return Err(Ignored::NotNow) };
        let Some(take) = done.takes.last_mut() else { return Err(Ignored::NotNow) };
        let Some(last) = take.attempts.last_mut() else { return Err(Ignored::NotNow) };
        match answer {
            EaseAnswer::Eased => {
                last.eased_after.get_or_insert(last.held);
                if matches!(work, Some(Work::UntilEased { .. })) {
                    take.ended_by = EndedBy::Eased;
                }
                return Ok(());
            }
            EaseAnswer::Lighten { to } => last.pressure = to.or(last.pressure),
            EaseAnswer::Move => {}
        }
        take.not_easing = take.not_easing.saturating_add(1);
        if take.not_easing >= NOT_EASING_ENDS_AT {
            take.ended_by = EndedBy::NotEased;
            say(self.time, self.position(), Said::NotEased);
        } else if answer == EaseAnswer::Move
            && let Some(take) = done.takes.pop()
        {
            self.hold = asked_of;
            self.visit = self.visit.wrapping_add(1);
            self.finished = None;
            self.move_spot(given, reopened(take, self.time), say);
        }
        Ok(())
    }

    fn move_spot(&mut self, given: Given<'_>, running: Running, say: &mut Say<'_>) {
        let lead = Lead { kind: LeadKind::Move, length: given.plan.timing().prepare };
        self.enter_leads(given, vec![lead], Some(running), say);
    }
}

/// An ended doing that goes on with another attempt.
fn reopened(take: Take, now: SessionTime) -> Running {
    Running {
        span: Span::beginning(now),
        started: take.started,
        started_at: take.started_at,
        closed: take.attempts,
        attempt: Attempt::default(),
        not_easing: take.not_easing,
        check_after: None,
        reps: None,
        paused: take.paused,
        extended: take.extended,
    }
}
