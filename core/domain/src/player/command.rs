//! What people's inputs do to a session. Refuses to know how late they arrive: the state they
//! meet is already that of their instant.

use super::advance::{Given, Say};
use super::course::{Course, Pause, Running, Stage};
use super::cue::Said;
use super::effect::{Ignored, SessionEnd};
use super::input::{Action, Input, MAX_EXTENSION, PainWhen, PauseReason, Seen, StopReason};
use super::log::Take;
use super::plan::{PlannedHold, Work};
use crate::record::{MAX_SETS, PainRating};
use crate::units::Millis;
use crate::vocabulary::EndedBy;

/// So far into a hold, back begins it again; before, it goes to the hold before. 3 s (ours).
const BACK_RESTARTS_AFTER: Millis = Millis::from_secs(3);

pub(super) type Followed = Result<(), Ignored>;

impl Course {
    /// Follows a person's input.
    pub(super) fn follow(
        &mut self,
        given: Given<'_>,
        input: &Input,
        say: &mut Say<'_>,
    ) -> Followed {
        self.settle_pause();
        match &input.action {
            Action::Start => self.start(given, say),
            Action::Pause { reason } => self.pause_for(*reason, say),
            Action::Resume => self.resume(say),
            Action::Skip => self.skip(given, input.seen, say),
            Action::Back => self.back(given, input.seen, say),
            Action::Extend { ms } => self.extend(given, input.seen, Millis(*ms)),
            Action::Stop { reason } => self.stop(given, reason, say),
            Action::Ease { answer } => self.answer_ease(given, input.seen, *answer, say),
            Action::Finished { yes } => self.answer_finished(given, input.seen, *yes, say),
            Action::RatePain { when, of, rating } => self.rate(*when, *of, rating),
            Action::Count { reps } => self.count(given, input.seen, *reps, say),
            Action::Finish { reps } => self.finish(given, input.seen, *reps, say),
            Action::Tick | Action::Delivered { .. } => Ok(()),
        }
    }

    /// Books a running pause up to now, so that what follows need not think of it.
    pub(super) fn settle_pause(&mut self) {
        let now = self.time;
        let Some(pause) = &mut self.pause else { return };
        let stood = now.since(pause.since);
        pause.since = now;
        self.paused += stood;
        match &mut self.stage {
            Stage::Lead(leading) => leading.span.paused += stood,
            Stage::Hold(running) => {
                running.span.paused += stood;
                running.paused += stood;
            }
            Stage::Ready | Stage::BrokenOff(..) | Stage::Over(_) => {}
        }
    }

    fn start(&mut self, given: Given<'_>, say: &mut Say<'_>) -> Followed {
        match self.stage {
            Stage::Ready => {}
            Stage::Over(_) => return Err(Ignored::Over),
            _ => return Err(Ignored::Already),
        }
        self.started = Some(self.time);
        self.begin_or_finish(given, 0, given.plan.leads(0), say);
        Ok(())
    }

    fn pause_for(&mut self, reason: PauseReason, say: &mut Say<'_>) -> Followed {
        self.must_have_started()?;
        if self.pause.is_some() {
            return Err(Ignored::Already);
        }
        if !self.is_running() {
            return Err(Ignored::NotNow);
        }
        self.pause = Some(Pause { since: self.time, reason });
        say(self.time, self.position(), Said::Paused);
        Ok(())
    }

    fn resume(&mut self, say: &mut Say<'_>) -> Followed {
        self.must_have_started()?;
        if let Stage::BrokenOff(running, left) = &self.stage {
            let away = self.time.since(*left);
            let mut running = running.clone();
            running.span.paused += away;
            running.paused += away;
            self.paused += away;
            self.stage = Stage::Hold(running);
        } else if self.pause.take().is_none() {
            return Err(Ignored::Already);
        }
        say(self.time, self.position(), Said::Resumed);
        Ok(())
    }

    fn skip(&mut self, given: Given<'_>, seen: Seen, say: &mut Say<'_>) -> Followed {
        self.must_have_started()?;
        self.same_hold(seen)?;
        self.leave(given, EndedBy::Skipped);
        self.jump(given, self.hold.saturating_add(1), say);
        Ok(())
    }

    fn back(&mut self, given: Given<'_>, seen: Seen, say: &mut Say<'_>) -> Followed {
        if matches!(self.stage, Stage::Over(SessionEnd::Finished)) {
            self.same_hold(seen)?;
            self.finished = None;
            self.jump(given, self.hold, say);
            return Ok(());
        }
        self.must_have_started()?;
        self.same_hold(seen)?;
        let restarts = match &self.stage {
            Stage::Hold(running) => {
                let here = running.span.elapsed(self.time);
                !running.closed.is_empty() || here > BACK_RESTARTS_AFTER
            }
            Stage::Lead(leading) => leading.attempt_of.is_some(),
            Stage::BrokenOff(..) | Stage::Ready | Stage::Over(_) => true,
        };
        self.leave(given, EndedBy::Stopped);
        let to = if restarts { self.hold } else { self.hold.saturating_sub(1) };
        self.jump(given, to, say);
        Ok(())
    }

    fn extend(&mut self, given: Given<'_>, seen: Seen, by: Millis) -> Followed {
        self.must_have_started()?;
        self.same_hold(seen)?;
        let by = by.min(MAX_EXTENSION);
        let timed = self.planned(given.plan).is_some_and(|hold| {
            hold.work.target().is_some() && !matches!(hold.work, Work::Tempo { .. })
        });
        match &mut self.stage {
            Stage::Lead(leading) => leading.span.extended += by,
            Stage::Hold(running) if timed => {
                running.span.extended += by;
                running.extended += by;
            }
            _ => return Err(Ignored::NotNow),
        }
        self.extended += by;
        Ok(())
    }

    fn stop(&mut self, given: Given<'_>, reason: &StopReason, say: &mut Say<'_>) -> Followed {
        if matches!(self.stage, Stage::Over(_)) {
            return Err(Ignored::Over);
        }
        let pain = matches!(reason, StopReason::Pain { .. });
        if matches!(self.stage, Stage::Hold(_) | Stage::BrokenOff(..)) || self.between_attempts() {
            self.leave(given, if pain { EndedBy::Pain } else { EndedBy::Stopped });
        }
        if let StopReason::Pain { rating: Some(rating), .. } = reason
            && let Some(done) = self.ended.and_then(|last| self.done.get_mut(last as usize))
        {
            done.pain_after = Some(rating.clone());
        }
        let said = if pain { Said::StoppedByPain } else { Said::Stopped };
        self.easing = None;
        self.end_session(SessionEnd::Stopped { reason: reason.clone() }, said, say);
        Ok(())
    }

    fn answer_finished(
        &mut self,
        given: Given<'_>,
        seen: Seen,
        yes: bool,
        say: &mut Say<'_>,
    ) -> Followed {
        let Stage::BrokenOff(running, left) = &self.stage else {
            return Err(Ignored::NothingAsked);
        };
        self.same_question(seen)?;
        let Some(hold) = self.planned(given.plan) else { return Err(Ignored::NotNow) };
        let ended_by = if yes { EndedBy::Target } else { EndedBy::Interrupted };
        let mut take = running.take(&hold.work, *left, ended_by);
        if yes {
            confirm(&mut take, running, hold);
        }
        self.keep(take);
        self.jump(given, self.hold.saturating_add(1), say);
        Ok(())
    }

    fn rate(&mut self, when: PainWhen, of: Option<u32>, rating: &PainRating) -> Followed {
        let over = matches!(self.stage, Stage::Over(_));
        let index = match (when, of) {
            (_, Some(of)) => of,
            (PainWhen::Before, None) if !over => self.hold,
            (PainWhen::Before, None) => return Err(Ignored::Over),
            (PainWhen::After, None) => self.ended.ok_or(Ignored::NotNow)?,
        };
        let done = self.done.get_mut(index as usize).ok_or(Ignored::NotNow)?;
        match when {
            PainWhen::Before => done.pain_before = Some(rating.clone()),
            PainWhen::After if done.takes.is_empty() => return Err(Ignored::NotNow),
            PainWhen::After => done.pain_after = Some(rating.clone()),
        }
        Ok(())
    }

    fn count(&mut self, given: Given<'_>, seen: Seen, reps: u16, say: &mut Say<'_>) -> Followed {
        self.must_have_started()?;
        self.same_hold(seen)?;
        let Some(PlannedHold { work: Work::Reps { target }, .. }) = self.planned(given.plan) else {
            return Err(Ignored::NotNow);
        };
        let Stage::Hold(running) = &mut self.stage else { return Err(Ignored::NotNow) };
        let counted = running.reps.unwrap_or(0).saturating_add(reps).min(MAX_SETS);
        running.reps = Some(counted);
        if target.is_some_and(|target| counted >= target) {
            self.end_hold(given, EndedBy::Target, say);
        }
        Ok(())
    }

    fn finish(
        &mut self,
        given: Given<'_>,
        seen: Seen,
        reps: Option<u16>,
        say: &mut Say<'_>,
    ) -> Followed {
        self.must_have_started()?;
        self.same_hold(seen)?;
        let Some(hold) = self.planned(given.plan) else { return Err(Ignored::NotNow) };
        let Stage::Hold(running) = &mut self.stage else { return Err(Ignored::NotNow) };
        let reps = reps.map(|reps| reps.min(MAX_SETS));
        running.reps = reps.or(running.reps);
        let whole = match &hold.work {
            Work::Open | Work::Tick => true,
            Work::Reps { target } => {
                // "Done" without a number means what was asked for, unless they were counted.
                running.reps = running.reps.or(*target);
                target.is_none_or(|target| running.reps >= Some(target))
            }
            Work::Tempo { reps: target, .. } => target.is_none(),
            Work::Timed { .. } | Work::UntilEased { .. } => false,
        };
        self.end_hold(given, if whole { EndedBy::Target } else { EndedBy::Stopped }, say);
        Ok(())
    }

    /// Ends what is under way of the current entry, and keeps what was done of it.
    pub(super) fn leave(&mut self, given: Given<'_>, ended_by: EndedBy) {
        self.easing = None;
        let Some(hold) = self.planned(given.plan) else { return };
        let skipped = ended_by == EndedBy::Skipped;
        let take = match &self.stage {
            Stage::Hold(running) => Some(running.take(&hold.work, self.time, ended_by))
                .filter(|take| skipped || take.took > Millis::ZERO || ended_by == EndedBy::Pain),
            Stage::BrokenOff(running, left) => {
                let pain = ended_by == EndedBy::Pain;
                let ended_by = if pain { ended_by } else { EndedBy::Interrupted };
                Some(running.take(&hold.work, *left, ended_by))
            }
            Stage::Lead(leading) => match &leading.attempt_of {
                Some(running) => Some(running.take_between(ended_by)),
                None if skipped => self.skipped_before_it_began(given),
                None => None,
            },
            Stage::Ready | Stage::Over(_) => None,
        };
        if let Some(take) = take {
            self.keep(take);
        }
    }

    /// Skipping an entry that was done before takes nothing away from it.
    fn skipped_before_it_began(&self, given: Given<'_>) -> Option<Take> {
        let first = self.done.get(self.hold as usize).is_some_and(|done| done.takes.is_empty());
        let instant = given.clock.instant_of(self.time);
        first.then(|| Take::never_began(self.time, instant, EndedBy::Skipped))
    }

    fn jump(&mut self, given: Given<'_>, to: u32, say: &mut Say<'_>) {
        self.easing = None;
        let leads = self.leads_of_jump(given.plan, to);
        self.begin_or_finish(given, to, leads, say);
    }

    fn between_attempts(&self) -> bool {
        matches!(&self.stage, Stage::Lead(leading) if leading.attempt_of.is_some())
    }

    pub(super) const fn must_have_started(&self) -> Followed {
        match self.stage {
            Stage::Ready => Err(Ignored::NotStarted),
            Stage::Over(_) => Err(Ignored::Over),
            Stage::Lead(_) | Stage::Hold(_) | Stage::BrokenOff(..) => Ok(()),
        }
    }

    pub(super) fn same_hold(&self, seen: Seen) -> Followed {
        match seen {
            Seen::Position(at) if (at.hold, at.visit) != (self.hold, self.visit) => {
                Err(Ignored::OtherHold)
            }
            Seen::Position(_) | Seen::Whatever => Ok(()),
        }
    }

    pub(super) fn same_question(&self, seen: Seen) -> Followed {
        match seen {
            Seen::Position(at) if at.question != self.question => Err(Ignored::OtherQuestion),
            Seen::Position(_) | Seen::Whatever => Ok(()),
        }
    }
}

/// The person says the hold was finished though nobody attended: that confirms the target of this
/// one hold and no more. Without a target what was attended stands.
fn confirm(take: &mut Take, running: &Running, hold: &PlannedHold) {
    take.by_hand = true;
    if let (Some(target), Some(last)) = (running.target(&hold.work), take.attempts.last_mut()) {
        let added = target.saturating_sub(last.held);
        last.held += added;
        take.took += added;
    }
    take.reps = hold.work.target_reps().or(take.reps);
}
