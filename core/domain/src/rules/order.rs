//! Where the order or the sides of a sequence go against a rule. It looks at what comes when;
//! how serious that is and how it is said is decided elsewhere.

use super::Act;
use crate::catalogue::{Catalogue, Exercise, Rule, RuleKind, Selector};
use crate::ids::StepId;
use crate::routine::TurnSide;
use crate::vocabulary::Side;

/// What goes against a rule at one step.
pub(super) struct Problem<'a> {
    pub(super) what: What<'a>,
    pub(super) step: StepId,
    pub(super) exercise: &'a Exercise,
    /// The side, where only one of the step's sides is concerned.
    pub(super) side: Option<Side>,
}

#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    /// What has to come before does not.
    NothingBefore,
    /// The pair is torn apart by a change of sides.
    SideChanges { before: &'a Exercise },
    /// Something stands between two that belong together.
    NotRightAfter { before: &'a Exercise, between: &'a Exercise },
    /// It comes before what it should follow.
    TooEarly { before: &'a Exercise },
    /// More than one side of a one-sided exercise.
    MoreThanOneSide,
    /// No side at all of a one-sided exercise.
    NoSide,
    /// The easier one is not there.
    EasierFirst { before: &'a Exercise },
    /// It is in the routine, which is all the rule asks.
    Present,
}

impl What<'_> {
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Every problem with one rule, step by step. The same at both sides of a step is one problem.
pub(super) fn problems<'a>(
    rule: &Rule,
    acts: &[Act<'a>],
    catalogue: &'a Catalogue,
) -> Vec<Problem<'a>> {
    let found: Vec<Option<What<'a>>> = match rule.kind {
        RuleKind::Requires | RuleKind::WalkFirst => {
            each(acts, rule.after.as_ref(), |i| required(rule, acts, i))
        }
        RuleKind::AfterIfPresent => each(acts, rule.after.as_ref(), |i| too_early(rule, acts, i)),
        RuleKind::OneSideOnly => one_side(rule, acts),
        RuleKind::Progression => {
            each(acts, rule.after.as_ref(), |i| easier(rule, acts, i, catalogue))
        }
        RuleKind::NotWith | RuleKind::Gate => {
            each(acts, rule.subject.as_ref(), |_| Some(What::Present))
        }
    };
    by_step(acts, &found)
}

fn each<'a>(
    acts: &[Act<'a>],
    selector: Option<&Selector>,
    judge: impl Fn(usize) -> Option<What<'a>>,
) -> Vec<Option<What<'a>>> {
    let Some(selector) = selector else { return vec![None; acts.len()] };
    let judged = |(i, act): (usize, &Act<'a>)| {
        if selector.matches(act.exercise) { judge(i) } else { None }
    };
    acts.iter().enumerate().map(judged).collect()
}

/// Each step's first problem of a kind; its side where the other sides of the step are free of it.
fn by_step<'a>(acts: &[Act<'a>], found: &[Option<What<'a>>]) -> Vec<Problem<'a>> {
    let mut problems: Vec<Problem<'a>> = Vec::new();
    for (act, what) in acts.iter().zip(found) {
        let Some(what) = what else { continue };
        let step = &act.turn.step.id;
        if problems.iter().any(|known| known.step == *step && known.what.is_like(what)) {
            continue;
        }
        let everywhere = acts
            .iter()
            .zip(found)
            .filter(|(other, _)| other.turn.step.id == *step)
            .all(|(_, other)| other.is_some_and(|other| other.is_like(what)));
        let side = act.turn.side.side().filter(|side| *side != Side::None && !everywhere);
        problems.push(Problem { what: *what, step: step.clone(), exercise: act.exercise, side });
    }
    problems
}

/// What a rule's `before` picks for the act at `i`, in this part of the sequence.
fn picked<'s, 'a>(
    rule: &'s Rule,
    act: Act<'a>,
    part: &'s [Act<'a>],
) -> impl DoubleEndedIterator<Item = (usize, &'s Act<'a>)> {
    part.iter().enumerate().filter(move |(_, other)| {
        let before = rule.before.as_ref();
        before.is_some_and(|before| before.matches(other.exercise))
            && other.turn.step.id != act.turn.step.id
            && (!rule.same_muscle || other.exercise.shares_a_muscle_with(act.exercise))
            && (!rule.same_side || !other.turn.side.is_opposite(act.turn.side))
    })
}

/// Every `after` needs a `before` earlier. On the same side, with nothing in between: only then
/// has the one let go when the other begins, by the tool already in place.
fn required<'a>(rule: &Rule, acts: &[Act<'a>], i: usize) -> Option<What<'a>> {
    let (act, earlier) = (acts[i], &acts[..i]);
    let before = rule.before.as_ref()?;
    let all_there = !before.match_all
        || before.ids.iter().all(|id| earlier.iter().any(|other| other.exercise.id == *id));
    let Some((last, pair)) = picked(rule, act, earlier).next_back() else {
        return Some(What::NothingBefore);
    };
    if !all_there {
        return Some(What::NothingBefore);
    }
    if !rule.same_side {
        return None;
    }
    let between = &earlier[last + 1..];
    if between.iter().any(|other| other.turn.side.is_opposite(act.turn.side)) {
        return Some(What::SideChanges { before: pair.exercise });
    }
    let other = between.iter().find(|other| other.turn.step.id != act.turn.step.id)?;
    Some(What::NotRightAfter { before: pair.exercise, between: other.exercise })
}

/// Where both are there, `before` comes first. Of listed exercises every one has to; of a kind
/// one has to, so that a stretch after strength work does not undo the one before it.
fn too_early<'a>(rule: &Rule, acts: &[Act<'a>], i: usize) -> Option<What<'a>> {
    let (act, earlier, later) = (acts[i], &acts[..i], &acts[i + 1..]);
    let listed = rule.before.as_ref()?.kinds.is_empty();
    let (_, after) = picked(rule, act, later).next()?;
    let satisfied = !listed && picked(rule, act, earlier).next().is_some();
    (!satisfied).then_some(What::TooEarly { before: after.exercise })
}

/// Exactly one side, over every step with the exercise together. A side still to be asked is
/// none yet, and no fault.
fn one_side<'a>(rule: &Rule, acts: &[Act<'a>]) -> Vec<Option<What<'a>>> {
    let subject =
        |act: &Act<'a>| rule.subject.as_ref().is_some_and(|subject| subject.matches(act.exercise));
    let on = |side| acts.iter().any(|act| subject(act) && act.turn.side == side);
    let both = on(TurnSide::Left) && on(TurnSide::Right);
    let judge = |act: &Act<'a>| match act.turn.side {
        _ if !subject(act) => None,
        TurnSide::NoSide => Some(What::NoSide),
        TurnSide::Left | TurnSide::Right if both => Some(What::MoreThanOneSide),
        _ => None,
    };
    acts.iter().map(judge).collect()
}

fn easier<'a>(
    rule: &Rule,
    acts: &[Act<'a>],
    i: usize,
    catalogue: &'a Catalogue,
) -> Option<What<'a>> {
    let easier = catalogue.exercise(rule.before.as_ref()?.ids.first()?)?;
    let there = picked(rule, acts[i], &acts[..i]).next().is_some();
    (!there).then_some(What::EasierFirst { before: easier })
}
