//! The sources' conditions of the person ("only while lying on the stomach is possible"), as far as
//! the profile decides them. What it does not decide is told, and the person judges.

use super::Act;
use super::finding::{Concern, Finding};
use super::profile::Profile;
use crate::catalogue::Catalogue;
use crate::ids::{ConditionId, RuleId, SourceId};
use crate::vocabulary::Severity;
use crate::words::{Arg, Message};

/// Whether a condition holds, as far as the profile tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// The person judges.
    Unknown,
}

impl From<Option<bool>> for Meant {
    fn from(answer: Option<bool>) -> Self {
        match answer {
            Some(true) => Self::Yes,
            Some(false) => Self::No,
            None => Self::Unknown,
        }
    }
}

/// Whether a condition of the sources holds for this person. Which answers decide it is ours; a run
/// counts by the figure of the condition.
#[must_use]
pub fn meant(condition: &ConditionId, profile: &Profile) -> Meant {
    let either = |a: Option<bool>, b: Option<bool>| match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    };
    let both = |a: Option<bool>, b: Option<bool>| match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    let not = |answer: Option<bool>| answer.map(|yes| !yes);
    match condition.as_str() {
        "very-tight-or-new" => either(profile.tight_hip_flexors, profile.new_to_pressure).into(),
        "sciatica-at-night" => both(profile.sciatica, profile.sciatica_at_night).into(),
        // Who is not pregnant needs nobody's word for it: the condition is one of pregnancy.
        "doctor-ok-and-prone" if profile.pregnant == Some(false) => profile.can_lie_prone.into(),
        "doctor-ok-and-prone" => {
            both(profile.doctor_ok_front_pressure, profile.can_lie_prone).into()
        }
        // A knot is tension, but tension need not be a knot.
        "holds-tension" if profile.knots == Some(true) => Meant::Yes,
        "run-over-90-min" => {
            let figures = Catalogue::built_in().condition(condition).map(|c| c.values.as_slice());
            let limit = figures.and_then(|figures| figures.first());
            limit.zip(profile.last_run_min_over).map(|(limit, run)| run > *limit).into()
        }
        "cannot-get-to-floor" => not(profile.floor_ok).into(),
        "back-hurts-now" => profile.back_pain_now.into(),
        "floor-ok" => profile.floor_ok.into(),
        "tool-hook" => profile.has_hook.into(),
        "tool-ball" => both(profile.has_ball, not(profile.has_hook)).into(),
        "no-lasting-relief-before" => profile.no_lasting_relief.into(),
        // How the muscle is after the earlier steps is known only then.
        _ => Meant::Unknown,
    }
}

/// Steps that are played though the condition of their source does not hold: a warning (ours).
pub(super) fn judged(acts: &[Act<'_>], profile: &Profile) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for act in acts {
        let (step, block) = (act.turn.step, act.turn.block);
        let conditions = step.condition.iter().chain(&block.condition);
        for condition in conditions.filter(|id| meant(id, profile) == Meant::No) {
            let Some(entry) = Catalogue::built_in().condition(condition) else { continue };
            let rule = RuleId::new(condition.as_str()).expect("an id of a condition is an id");
            if findings.iter().any(|f| f.rule == rule && f.step.as_ref() == Some(&step.id)) {
                continue;
            }
            let sources: Vec<SourceId> =
                entry.provenance.sources.all().into_iter().cloned().collect();
            findings.push(Finding {
                severity: Severity::Soft,
                rule,
                step: Some(step.id.clone()),
                side: None,
                sentence: Message::new("finding.only_when")
                    .with("condition", Arg::code(entry.text.clone())),
                detail: Message::new("finding.not_so").with("exercise", act.exercise.name.arg()),
                ours: sources.is_empty(),
                sources,
                concern: Concern::Person,
                overridable: false,
                overridden: None,
                gate: None,
                asks: None,
                instead: None,
                dispute: None,
            });
        }
    }
    findings
}
