//! What an answer of the profile decides: the rules, gates and conditions that ask it.

use super::finding::Finding;
use crate::catalogue::{Catalogue, ProfileCondition, RuleCondition};
use crate::profile::Question;
use crate::vocabulary::{ProfileField, Severity};
use crate::words::Code;

/// Something that an answer decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The id of the rule, gate or condition.
    pub id: String,
    /// It in words.
    pub text: Code,
    /// How serious it is (ours); nothing for a condition.
    pub severity: Option<Severity>,
}

/// Answers that decide a condition of the sources.
const CONDITIONS: [(Question, &str); 12] = [
    (Question::NewToPressure, "very-tight-or-new"),
    (Question::TightHipFlexors, "very-tight-or-new"),
    (Question::Sciatica, "sciatica-at-night"),
    (Question::SciaticaAtNight, "sciatica-at-night"),
    (Question::DoctorOkFront, "doctor-ok-and-prone"),
    (Question::ProneOk, "doctor-ok-and-prone"),
    (Question::Knots, "holds-tension"),
    (Question::FloorOk, "floor-ok"),
    (Question::BackPainNow, "back-hurts-now"),
    (Question::HasHook, "tool-hook"),
    (Question::HasBall, "tool-ball"),
    (Question::NoLastingRelief, "no-lasting-relief-before"),
];

/// What an answer to a question decides, the most serious first. A gate that a rule points at is
/// named once, as the gate.
#[must_use]
pub fn decided_by(question: Question) -> Vec<Decided> {
    let catalogue = Catalogue::built_in();
    let mut decided = Vec::new();
    if let Some(field) = question.field() {
        let asks = |condition: &ProfileCondition| asks(condition, field, question);
        for gate in catalogue.gates().iter().filter(|gate| asks(&gate.profile)) {
            let severity = Some(gate.severity);
            decided.push(Decided { id: gate.id.to_string(), text: gate.text.clone(), severity });
        }
        for rule in catalogue.rules().iter().filter(|rule| rule.gate.is_none()) {
            let Some(RuleCondition::Profile(condition)) = &rule.condition else { continue };
            if asks(condition) {
                let severity = Some(rule.severity);
                decided.push(Decided {
                    id: rule.id.to_string(),
                    text: rule.text.clone(),
                    severity,
                });
            }
        }
    }
    for (_, id) in CONDITIONS.iter().filter(|(asked, _)| *asked == question) {
        let known = catalogue.conditions().iter().find(|condition| condition.id.as_str() == *id);
        decided.extend(known.map(|condition| Decided {
            id: condition.id.to_string(),
            text: condition.text.clone(),
            severity: None,
        }));
    }
    decided.sort_by_key(|one| one.severity.unwrap_or(Severity::Info));
    decided
}

fn asks(condition: &ProfileCondition, field: ProfileField, question: Question) -> bool {
    // The due date says that there is a pregnancy, and which trimester it is.
    let too = question == Question::DueDate && condition.0.contains_key(&ProfileField::Pregnant);
    // A clinician's word opens what the card holds back.
    let card =
        question == Question::DoctorOkFront && condition.0.contains_key(&ProfileField::AskFirstAny);
    condition.0.contains_key(&field) || too || card
}

/// The questions that findings wait for, each once, in their order.
#[must_use]
pub fn questions(findings: &[Finding]) -> Vec<Question> {
    let mut asked: Vec<Question> = Vec::new();
    for finding in findings {
        let question = finding.asks.and_then(Question::for_field);
        asked.extend(question.filter(|question| !asked.contains(question)));
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_that_a_rule_or_gate_asks_has_a_question() {
        let catalogue = Catalogue::built_in();
        let of_rules = catalogue.rules().iter().filter_map(|rule| match &rule.condition {
            Some(RuleCondition::Profile(condition)) => Some(condition),
            _ => None,
        });
        let all = catalogue.gates().iter().map(|gate| &gate.profile).chain(of_rules);
        for field in all.flat_map(|condition| condition.0.keys()) {
            // The last run is an event.
            let asked =
                *field == ProfileField::LastRunMinOver || Question::for_field(*field).is_some();
            assert!(asked, "nobody can answer {field}");
        }
    }

    #[test]
    fn an_answer_knows_what_it_decides() {
        let ids = |question| -> Vec<String> {
            decided_by(question).into_iter().map(|decided| decided.id).collect()
        };
        assert!(ids(Question::Pregnant).contains(&"pregnancy-front-pressure".to_owned()));
        assert!(ids(Question::ProneOk).contains(&"needs-prone".to_owned()));
        assert!(ids(Question::Hernia).contains(&"ask-first-front".to_owned()));
        assert!(ids(Question::DoctorOkFront).contains(&"ask-first-front".to_owned()));
        assert!(ids(Question::HasBall).contains(&"tool-ball".to_owned()));
        assert_eq!(ids(Question::DayStart), Vec::<String>::new());
        let known = Catalogue::built_in().conditions();
        assert!(CONDITIONS.iter().all(|(_, id)| known.iter().any(|c| c.id.as_str() == *id)));
    }
}
