//! When the cues of one stretch of time fall due, as offsets from its beginning, pauses left out.
//! Refuses to know what came before it and what comes after.

use super::course::{EASE_CHECK_AFTER, LONGEST_OPEN, Leading, Running};
use super::cue::Said;
use super::plan::{PacedPhase, PlannedHold, Work};
use crate::units::Millis;

/// Half-way is said in holds of at least 20 s (ours).
const HALF_FROM: Millis = Millis::from_secs(20);
/// The last three seconds are said in stretches of at least 10 s (ours).
const LAST_THREE_FROM: Millis = Millis::from_secs(10);
const LAST_THREE: Millis = Millis::from_secs(3);
/// A quiet mark every 15 s (ours), so that whether somebody could attend is known to 15 s.
const MARK_EVERY: Millis = Millis::from_secs(15);
/// Cues closer than this would talk over each other (ours): the lesser one is left out.
const ROOM: Millis = Millis::from_secs(3);

/// The cues of a stretch of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beats<'a> {
    pub(super) end: Millis,
    half: Option<Millis>,
    last_three: Option<Millis>,
    ease_check: Option<Millis>,
    phases: &'a [PacedPhase],
}

impl<'a> Beats<'a> {
    pub(super) fn of_lead(leading: &Leading) -> Self {
        let end = leading.lead.length + leading.span.extended;
        Self { end, half: None, last_three: last_three(end), ease_check: None, phases: &[] }
    }

    pub(super) fn of_hold(running: &Running, hold: &'a PlannedHold) -> Self {
        let target = running.target(&hold.work);
        let end = target.unwrap_or(LONGEST_OPEN);
        let ease_check = running.check_after.map(|after| after.min(end));
        if let Work::Tempo { phases, .. } = &hold.work {
            return Self { end, half: None, last_three: None, ease_check, phases };
        }
        // Half of the planned time: an extension does not move it, so it is never said twice.
        let half = hold
            .work
            .target()
            .filter(|planned| *planned >= HALF_FROM)
            .map(|planned| Millis(planned.0 / 2))
            .filter(|half| !(hold.ease_check && near(*half, EASE_CHECK_AFTER)));
        let last_three = target.and_then(last_three);
        Self { end, half, last_three, ease_check, phases: &[] }
    }

    /// The first offset after `elapsed` at which something happens.
    pub(super) fn next(&self, elapsed: Millis) -> Option<Millis> {
        [
            self.half,
            self.last_three,
            self.ease_check,
            Some(self.end),
            self.phase_after(elapsed).map(|(offset, _)| offset),
            self.mark_after(elapsed),
        ]
        .into_iter()
        .flatten()
        .filter(|offset| *offset > elapsed)
        .min()
    }

    /// What is said at an offset, in this order.
    pub(super) fn at(&self, offset: Millis) -> Vec<Said<'a>> {
        let before = Millis(offset.0.saturating_sub(1));
        let mut said = Vec::new();
        if let Some((_, phase)) = self.phase_after(before).filter(|(at, _)| *at == offset) {
            said.push(Said::Phase(phase));
        }
        if self.half == Some(offset) {
            said.push(Said::HalfWay(self.end.saturating_sub(offset)));
        }
        if self.ease_check == Some(offset) {
            said.push(Said::EaseCheck);
        }
        if self.last_three == Some(offset) {
            said.push(Said::LastThree);
        }
        if self.mark_after(before) == Some(offset) {
            said.push(Said::Mark(offset));
        }
        said
    }

    /// The next beginning of a phase after `elapsed`, and which phase begins. None begins at the
    /// end.
    fn phase_after(&self, elapsed: Millis) -> Option<(Millis, &'a PacedPhase)> {
        let cycle: Millis = self.phases.iter().map(|phase| phase.length).sum();
        let mut begins = Millis(elapsed.0.checked_div(cycle.0)? * cycle.0);
        // One cycle from the one that runs, and the first phase of the next.
        for phase in self.phases.iter().chain(self.phases.first()) {
            if begins > elapsed && begins < self.end {
                return Some((begins, phase));
            }
            begins += phase.length;
        }
        None
    }

    fn mark_after(&self, elapsed: Millis) -> Option<Millis> {
        let spoken = [self.half, self.last_three, self.ease_check, Some(self.end)];
        let mut mark =
            Millis((elapsed.0 / MARK_EVERY.0).saturating_add(1).saturating_mul(MARK_EVERY.0));
        while mark < self.end {
            if !spoken.into_iter().flatten().any(|other| near(other, mark)) {
                return Some(mark);
            }
            mark += MARK_EVERY;
        }
        None
    }
}

fn last_three(end: Millis) -> Option<Millis> {
    (end >= LAST_THREE_FROM).then(|| end.saturating_sub(LAST_THREE))
}

fn near(one: Millis, other: Millis) -> bool {
    one.0.abs_diff(other.0) < ROOM.0
}
