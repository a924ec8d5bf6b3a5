//! Where the sources disagree about what a rule or gate says: every position with its sources, and
//! none is chosen. Which rule stands in which disagreement is ours.

use serde::{Deserialize, Serialize};

use super::{Act, Finding, Profile};
use crate::catalogue::Catalogue;
use crate::ids::{RuleId, SourceId};
use crate::words::{Arg, Code, Words};

/// What the sources disagree about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Its id among the catalogue's conflicts.
    pub id: String,
    /// What it is about.
    pub topic: Code,
    /// Every position.
    pub positions: Vec<Position>,
}

/// What some of the sources say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// What.
    pub says: Code,
    /// Which ones.
    pub sources: Vec<SourceId>,
}

const HOOK_IN_PREGNANCY: &str = "hook-in-pregnancy";

/// Rules and gates, and the catalogue's conflict that each stands in.
const DISPUTED: [(&str, &str); 20] = [
    ("front-pressure-in-pregnancy", HOOK_IN_PREGNANCY),
    ("pregnancy-front-pressure", HOOK_IN_PREGNANCY),
    ("no-deep-stretch-of-knot", "stretching-knots"),
    ("knot-no-deep-stretch", "stretching-knots"),
    ("deep-stretch-after-exercise", "when-to-stretch-deep"),
    ("walk-after-long-run", "when-to-stretch-deep"),
    ("long-run-walk-first", "when-to-stretch-deep"),
    ("irritable-hip-load", "lowering-load"),
    ("impinged-hip", "lowering-load"),
    ("impingement-deep-flexion", "lowering-load"),
    ("serious-injury", "stretching-an-injury"),
    ("serious-injury-no-stretch", "stretching-an-injury"),
    ("strained-muscle", "stretching-an-injury"),
    ("strain-no-load", "stretching-an-injury"),
    ("primary-core-first", "core-order"),
    ("relax-before-strength", "release-stretch-activate"),
    ("release-before-stretch", "release-stretch-activate"),
    ("front-and-back-before-sciatica-stretch", "release-stretch-activate"),
    ("runner-mobility-first", "release-stretch-activate"),
    ("runner-activation-second", "release-stretch-activate"),
];

/// What the sources disagree about where a rule speaks.
pub(super) fn of_rule(rule: &RuleId) -> Option<Dispute> {
    of_rule_or_gate(rule.as_str())
}

/// The same for a gate.
pub(super) fn of_rule_or_gate(id: &str) -> Option<Dispute> {
    let (_, conflict) = DISPUTED.iter().find(|(rule, _)| *rule == id)?;
    let conflict = Catalogue::built_in().conflicts().iter().find(|known| known.id == *conflict)?;
    let position = |fact: &crate::catalogue::Fact| Position {
        says: fact.code.clone(),
        sources: fact.sources.clone(),
    };
    Some(Dispute {
        id: conflict.id.clone(),
        topic: conflict.topic.clone(),
        positions: conflict.positions.iter().map(position).collect(),
    })
}

/// Whether a disagreement concerns what a finding says. A question is short, and what the sources
/// say of the hook in pregnancy is for those who are pregnant and use it.
pub(super) fn is_about(finding: &Finding, acts: &[Act<'_>], profile: &Profile) -> bool {
    let Some(dispute) = &finding.dispute else { return false };
    if dispute.id != HOOK_IN_PREGNANCY {
        return finding.asks.is_none();
    }
    let here = acts
        .iter()
        .filter(|act| finding.step.as_ref().is_none_or(|step| *step == act.turn.step.id));
    let hook = |act: &Act<'_>| act.exercise.tools.iter().any(|tool| tool.as_str() == "hook-tool");
    profile.pregnant == Some(true) && here.into_iter().any(hook)
}

impl Dispute {
    /// Every position with its sources, in a language.
    #[must_use]
    pub fn text(&self, words: &Words) -> String {
        let mut text = words.plain("finding.sources_disagree");
        for position in &self.positions {
            let sources: Vec<&str> = position.sources.iter().map(SourceId::as_str).collect();
            let args = [
                ("says", Arg::code(position.says.clone())),
                ("sources", Arg::from(sources.join(", "))),
            ];
            text.push(' ');
            text.push_str(&words.text("finding.position", &args));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disputed_rule_or_gate_and_its_conflict_are_in_the_catalogue() {
        let catalogue = Catalogue::built_in();
        for (id, conflict) in DISPUTED {
            let rule = catalogue.rules().iter().any(|rule| rule.id.as_str() == id);
            let gate = catalogue.gates().iter().any(|gate| gate.id.as_str() == id);
            assert!(rule || gate, "{id}");
            let dispute = of_rule_or_gate(id).unwrap();
            assert_eq!(dispute.id, conflict);
            assert!(dispute.positions.len() >= 2, "{conflict}");
        }
    }

    #[test]
    fn every_position_is_said_with_its_sources_and_none_is_chosen() {
        let text = of_rule_or_gate("pregnancy-front-pressure").unwrap().text(Words::english());
        assert!(text.contains("001") && text.contains("000"), "{text}");
        assert!(!text.contains("We go with"), "{text}");
    }
}
