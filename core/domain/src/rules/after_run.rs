//! A release soon after a very long run. The sources ask for a walk before a stretch then, and say
//! nothing of releases: that is told as information, ours, and asked for by nobody.

use super::finding::{Concern, Finding};
use super::{Act, Profile};
use crate::catalogue::{Catalogue, ProfileValue, Rule, RuleCondition, RuleKind};
use crate::ids::{RuleId, SourceId};
use crate::vocabulary::{Kind, ProfileField, Severity};
use crate::words::{Arg, Message};

/// The id of what is told. Ours.
pub const RELEASE_AFTER_LONG_RUN: &str = "release-after-long-run";

/// What is told of the first release of a sequence that no walk comes before, where the last run was
/// longer than the sources' limit and was not walked off.
pub(super) fn told(acts: &[Act<'_>], catalogue: &Catalogue, profile: &Profile) -> Option<Finding> {
    let rule = catalogue.rules().iter().find(|rule| limit(rule).is_some())?;
    profile.last_run_min_over.filter(|run| Some(*run) > limit(rule))?;
    let first = acts.iter().position(|act| act.exercise.kind == Kind::Release)?;
    let walk = |act: &Act<'_>| rule.before.as_ref().is_some_and(|b| b.matches(act.exercise));
    if acts[..first].iter().any(walk) {
        return None;
    }
    let act = &acts[first];
    Some(Finding {
        severity: Severity::Info,
        rule: RuleId::new(RELEASE_AFTER_LONG_RUN).expect("words and dashes are an id"),
        step: Some(act.turn.step.id.clone()),
        side: None,
        sentence: said(rule)?,
        detail: Message::new("finding.to_know").with("exercise", act.exercise.name.arg()),
        sources: Vec::new(),
        ours: true,
        concern: Concern::Person,
        overridable: false,
        overridden: None,
        gate: None,
        asks: None,
        instead: None,
        dispute: None,
    })
}

/// What is told, in words: it quotes the sources' rule.
pub(super) fn sentence(catalogue: &Catalogue) -> Option<Message> {
    catalogue.rules().iter().find_map(said)
}

fn said(rule: &Rule) -> Option<Message> {
    let sources = rule.provenance.sources.all();
    let sources: Vec<&str> = sources.into_iter().map(SourceId::as_str).collect();
    let message = Message::new("finding.release_after_run").with("limit", limit(rule)?);
    Some(message.with("says", Arg::code(rule.text.clone())).with("sources", sources.join(", ")))
}

/// The minutes of running above which a rule asks for a walk; nothing for any other rule.
fn limit(rule: &Rule) -> Option<u32> {
    let Some(RuleCondition::Profile(condition)) = &rule.condition else { return None };
    match condition.0.get(&ProfileField::LastRunMinOver) {
        Some(ProfileValue::Number(limit)) if rule.kind == RuleKind::WalkFirst => Some(*limit),
        _ => None,
    }
}
