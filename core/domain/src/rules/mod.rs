//! What the sources' rules have to say about a routine: order, sides, and what depends on the
//! person. It finds and explains; the sources do not grade, so every severity is ours.
//! Every gate is judged for every exercise it stands before, whether a rule points at it or not.

mod after_run;
mod condition;
mod decides;
mod dispute;
mod finding;
mod gate;
mod instead;
mod order;
mod profile;

pub use after_run::RELEASE_AFTER_LONG_RUN;
pub use condition::{Meant, meant};
pub use decides::{Decided, decided_by, questions};
pub use dispute::{Dispute, Position};
pub use finding::{Broken, Concern, Finding};
pub use gate::stands;
pub use instead::Instead;
pub use profile::{Holds, Profile};

use crate::catalogue::{Catalogue, Exercise, Rule, RuleCondition};
use crate::ids::RuleId;
use crate::routine::{Choices, Routine, Turn};
use crate::words::Message;

/// What the rules find in a routine as it would be played when nobody chooses otherwise.
#[must_use]
pub fn check(routine: &Routine, catalogue: &Catalogue, profile: &Profile) -> Vec<Finding> {
    check_choices(routine, catalogue, profile, &Choices::default())
}

/// What the rules find in a routine as it would be played under these choices.
#[must_use]
pub fn check_choices(
    routine: &Routine,
    catalogue: &Catalogue,
    profile: &Profile,
    choices: &Choices,
) -> Vec<Finding> {
    let acts = acts(routine.sequence(choices), catalogue);
    let template = routine.from_template.as_ref().and_then(|id| catalogue.template(id));
    let mut findings = Vec::new();
    for rule in catalogue.rules() {
        let in_scope = rule.scope.is_empty()
            || routine.from_template.as_ref().is_some_and(|id| rule.scope.contains(id));
        if !in_scope {
            continue;
        }
        let holds = condition_holds(rule, catalogue, profile);
        if holds == Holds::No {
            continue;
        }
        let problems = order::problems(rule, &acts, catalogue);
        match holds {
            Holds::Unknown(field) if !problems.is_empty() => {
                findings.extend(finding::asked(rule, field));
            }
            _ => findings.extend(
                problems.into_iter().map(|problem| finding::of(rule, problem, template, catalogue)),
            ),
        }
    }
    findings.extend(gate::judged(&acts, &findings, catalogue, profile));
    findings.extend(condition::judged(&acts, profile));
    findings.extend(after_run::told(&acts, catalogue, profile));
    for finding in &mut findings {
        finding.instead = instead::of(finding, profile);
        if !dispute::is_about(finding, &acts, profile) {
            finding.dispute = None;
        }
        finding.overridden = routine
            .overrides
            .iter()
            .find(|decided| {
                finding.overridable
                    && decided.rule == finding.rule
                    && (decided.step.is_none() || decided.step == finding.step)
            })
            .cloned();
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// What the rule of an id says in words: a rule's or gate's own, or what is ours. Nothing for an id that
/// only another version knows.
#[must_use]
pub fn sentence_of(id: &RuleId, catalogue: &Catalogue) -> Option<Message> {
    if id.as_str() == RELEASE_AFTER_LONG_RUN {
        return after_run::sentence(catalogue);
    }
    let rule = catalogue.rules().iter().find(|rule| rule.id == *id).map(|rule| &rule.text);
    let gate = || catalogue.gates().iter().find(|gate| gate.id.as_str() == id.as_str());
    rule.or_else(|| gate().map(|gate| &gate.text)).cloned().map(Message::new)
}

/// Whether an add, edit or import may go ahead: it brings no hard finding about the routine that
/// was not there before and is not overridden. What depends on how the person is today stops
/// only play.
///
/// # Errors
/// [`Broken`] with the findings that stand in the way.
pub fn admit(
    before: Option<&Routine>,
    after: &Routine,
    catalogue: &Catalogue,
    profile: &Profile,
) -> Result<Vec<Finding>, Broken> {
    let known = before.map(|before| check(before, catalogue, profile)).unwrap_or_default();
    let findings = check(after, catalogue, profile);
    let new: Vec<Finding> = findings
        .iter()
        .filter(|finding| finding.blocks() && finding.concern == Concern::Routine)
        .filter(|finding| !known.iter().any(|old| old.blocks() && old.is_same(finding)))
        .cloned()
        .collect();
    if new.is_empty() { Ok(findings) } else { Err(Broken { findings: new }) }
}

/// Whether a routine may be played under these choices: every hard finding is overridden in the
/// routine or acknowledged now, and so is every answer that is missing for a hard one.
///
/// # Errors
/// [`Broken`] with the findings that stand in the way.
pub fn admit_play(
    routine: &Routine,
    catalogue: &Catalogue,
    profile: &Profile,
    choices: &Choices,
    acknowledged: &[RuleId],
) -> Result<Vec<Finding>, Broken> {
    let findings = check_choices(routine, catalogue, profile, choices);
    let stops = |f: &&Finding| f.stops_play() && !f.is_acknowledged(acknowledged);
    let stopping: Vec<Finding> = findings.iter().filter(stops).cloned().collect();
    if stopping.is_empty() { Ok(findings) } else { Err(Broken { findings: stopping }) }
}

/// A turn with its catalogue entry.
#[derive(Clone, Copy)]
struct Act<'a> {
    turn: Turn<'a>,
    exercise: &'a Exercise,
}

/// Turns of exercises that are not in this catalogue are not judged.
fn acts<'a>(turns: Vec<Turn<'a>>, catalogue: &'a Catalogue) -> Vec<Act<'a>> {
    let entry = |turn: Turn<'a>| {
        catalogue.exercise(&turn.step.exercise).map(|exercise| Act { turn, exercise })
    };
    turns.into_iter().filter_map(entry).collect()
}

/// A rule that points at a gate holds when that gate stands, which may ask for more than the rule.
fn condition_holds(rule: &Rule, catalogue: &Catalogue, profile: &Profile) -> Holds {
    if let Some(gate) = rule.gate.as_ref().and_then(|id| catalogue.gate(id)) {
        return gate::stands(gate, profile);
    }
    match &rule.condition {
        Some(RuleCondition::Profile(condition)) => profile.holds(condition),
        // What the profile does not decide is told in the rule's words; the person knows.
        Some(RuleCondition::Person(id)) => match meant(id, profile) {
            Meant::No => Holds::No,
            Meant::Yes | Meant::Unknown => Holds::Yes,
        },
        None => Holds::Yes,
    }
}
