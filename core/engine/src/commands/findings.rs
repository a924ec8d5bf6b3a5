//! What the rules have to say about a hold, given what was done in the session before it. Noted with
//! the record; it never stops one.

use holdfast_domain::catalogue::{Catalogue, Exercise};
use holdfast_domain::ids::{BlockId, ExerciseId, RoutineId, StepId};
use holdfast_domain::record::NotedFinding;
use holdfast_domain::routine::{Block, Position, Routine, Step};
use holdfast_domain::rules::{Finding, Profile, RELEASE_AFTER_LONG_RUN, check};
use holdfast_domain::vocabulary::{BlockOrder, Severity, Side, SideRule};

/// What was done, in order, and on which side.
pub(crate) type Done = (ExerciseId, Side);

/// Warnings about the last thing done, by the order and the sides of everything done and by how the
/// person is. What would be worth knowing of any doing of the exercise is not repeated with each hold.
pub(crate) fn findings(
    done: &[Done],
    now: Done,
    of: Option<&Routine>,
    profile: &Profile,
    catalogue: &Catalogue,
) -> Vec<NotedFinding> {
    let last = step_id(done.len());
    let mut sequence: Vec<&Done> = done.iter().collect();
    sequence.push(&now);
    sequence.dedup();
    let (mut routine, count) = (routine(of), sequence.len());
    for (n, (exercise, side)) in sequence.into_iter().enumerate() {
        let id = if n + 1 == count { last.clone() } else { step_id(n) };
        if let Some(entry) = catalogue.exercise(exercise) {
            routine.blocks.push(block(n, step(id, entry, *side)));
        }
    }
    let mut noted: Vec<NotedFinding> = check(&routine, catalogue, profile)
        .into_iter()
        .filter(|finding| finding.step.as_ref() == Some(&last))
        .filter(|finding| finding.severity != Severity::Info || is_of_the_day(finding))
        .map(|finding| NotedFinding {
            rule: finding.rule,
            severity: finding.severity,
            overridden_reason: finding.overridden.map(|by| by.reason),
        })
        .collect();
    noted.sort();
    noted.dedup();
    noted
}

/// Information about this day and not about the exercise: noted with the first hold it concerns.
fn is_of_the_day(finding: &Finding) -> bool {
    finding.rule.as_str() == RELEASE_AFTER_LONG_RUN
}

fn step_id(n: usize) -> StepId {
    StepId::new(format!("done-{n}")).expect("a word and a number are an id")
}

/// A routine of what was done, with the template and the overrides of the one it was played from.
fn routine(of: Option<&Routine>) -> Routine {
    let id = RoutineId::new("done").expect("a word is an id");
    let mut routine = Routine::new(id, "");
    if let Some(of) = of {
        routine.from_template.clone_from(&of.from_template);
        routine.overrides.clone_from(&of.overrides);
        // What was decided about a step was decided about the routine it stands in.
        for decided in &mut routine.overrides {
            decided.step = None;
        }
    }
    routine
}

fn block(n: usize, step: Step) -> Block {
    Block {
        id: BlockId::new(format!("done-{n}")).expect("a word and a number are an id"),
        position: Position::default(),
        order: BlockOrder::StepMajor,
        alt: None,
        chosen: false,
        condition: None,
        note: None,
        steps: vec![step],
        unknown: serde_json::Map::new(),
    }
}

fn step(id: StepId, exercise: &Exercise, side: Side) -> Step {
    Step {
        id,
        position: Position::default(),
        exercise: exercise.id.clone(),
        side: match side {
            Side::Left => SideRule::Left,
            Side::Right => SideRule::Right,
            Side::None => SideRule::NoSide,
        },
        dose: exercise.dose.clone(),
        tool: None,
        note: None,
        optional: false,
        included: None,
        condition: None,
        unknown: serde_json::Map::new(),
    }
}
