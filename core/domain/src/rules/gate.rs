//! Gates: what stands before an exercise by how the person is. Severity and action are ours; what is
//! unknown is asked once, and only where it would be hard.

use super::finding::{Concern, Finding, asking};
use super::profile::{Holds, Profile};
use super::{Act, dispute};
use crate::catalogue::{Catalogue, Gate, GateAction};
use crate::ids::{RuleId, SourceId, StepId};
use crate::vocabulary::Severity;
use crate::words::Message;

/// Whether a gate stands before this person. One that waits for a clinician's word opens with it.
#[must_use]
pub fn stands(gate: &Gate, profile: &Profile) -> Holds {
    let cleared = gate.action == GateAction::BlockUntilCleared
        && profile.doctor_ok_front_pressure == Some(true);
    if cleared { Holds::No } else { profile.holds(&gate.profile) }
}

/// What the gates say of a sequence, where no rule that points at them said it before.
pub(super) fn judged(
    acts: &[Act<'_>],
    found: &[Finding],
    catalogue: &Catalogue,
    profile: &Profile,
) -> Vec<Finding> {
    // What has to come before is a matter of order: the rule that points at the gate judges it.
    let gates = catalogue.gates().iter().filter(|gate| gate.action != GateAction::RequireBefore);
    gates.flat_map(|gate| of_gate(gate, acts, found, profile)).collect()
}

fn of_gate(gate: &Gate, acts: &[Act<'_>], found: &[Finding], profile: &Profile) -> Vec<Finding> {
    let said = |finding: &&Finding| finding.gate.as_ref() == Some(&gate.id);
    let mut before: Vec<&Act<'_>> = Vec::new();
    for act in acts.iter().filter(|act| gate.applies_to.contains(&act.exercise.id)) {
        if before.iter().all(|known| known.turn.step.id != act.turn.step.id) {
            before.push(act);
        }
    }
    match stands(gate, profile) {
        Holds::No => Vec::new(),
        Holds::Unknown(field) => {
            let asks = gate.severity == Severity::Hard
                && !before.is_empty()
                && !found.iter().any(|finding| said(&finding) && finding.asks.is_some());
            let finding =
                || Finding { severity: Severity::Info, ..asking(bare(gate, None), field) };
            asks.then(finding).into_iter().collect()
        }
        Holds::Yes => {
            let is_new = |act: &&&Act<'_>| {
                let step = &act.turn.step.id;
                !found.iter().any(|finding| said(&finding) && finding.step.as_ref() == Some(step))
            };
            let of_act = |act: &Act<'_>| Finding {
                detail: Message::new("finding.as_you_are")
                    .with("exercise", act.exercise.name.arg()),
                ..bare(gate, Some(act.turn.step.id.clone()))
            };
            before.iter().filter(is_new).map(|act| of_act(act)).collect()
        }
    }
}

fn bare(gate: &Gate, step: Option<StepId>) -> Finding {
    let sources: Vec<SourceId> = gate.provenance.sources.all().into_iter().cloned().collect();
    let sentence = Message::new(gate.text.clone());
    Finding {
        severity: gate.severity,
        rule: RuleId::new(gate.id.as_str()).expect("an id of a gate is an id"),
        step,
        side: None,
        detail: sentence.clone(),
        sentence,
        ours: sources.is_empty(),
        sources,
        concern: Concern::Person,
        overridable: gate.severity == Severity::Hard,
        overridden: None,
        gate: Some(gate.id.clone()),
        asks: None,
        instead: None,
        dispute: dispute::of_rule_or_gate(gate.id.as_str()),
    }
}
