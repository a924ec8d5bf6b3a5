//! A finding: which rule, where, how serious, in which words, by whose word.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::dispute::{self, Dispute};
use super::instead::Instead;
use super::order::{Problem, What};
use crate::catalogue::{Catalogue, Composition, Exercise, Rule, RuleCondition, RuleKind, Template};
use crate::ids::{GateId, RuleId, SourceId, StepId};
use crate::routine::Override;
use crate::vocabulary::{ProfileField, Severity, Side};
use crate::words::{Arg, Message, Words};

/// Whether a finding is about the routine itself, or about doing it as the person is today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// The routine.
    Routine,
    /// The person.
    Person,
}

/// What a rule has to say about a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How serious (ours).
    pub severity: Severity,
    /// The rule.
    pub rule: RuleId,
    /// The step.
    #[serde(rename = "step_id")]
    pub step: Option<StepId>,
    /// The side, where only one of the step's is concerned.
    pub side: Option<Side>,
    /// The rule in words.
    pub sentence: Message,
    /// What it is here.
    pub detail: Message,
    /// Who says so; empty where it is ours.
    pub sources: Vec<SourceId>,
    /// Whether the rule itself is ours. Its grading always is.
    pub ours: bool,
    /// Whether the routine or the person's day is at issue.
    pub concern: Concern,
    /// Whether it can be overridden or acknowledged with its rule id.
    pub overridable: bool,
    /// Who decided to break the rule here, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Override>,
    /// The gate it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateId>,
    /// The answer of the profile that would decide it, where that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<ProfileField>,
    /// What a source gives to do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Instead>,
    /// Where the sources disagree about it: every position, and none is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Dispute>,
}

impl Finding {
    /// Whether it stands in the way: hard, and nobody has taken responsibility for it.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.severity == Severity::Hard && self.overridden.is_none()
    }

    /// Whether play waits: it stands in the way, or would if an answer that is missing were given
    /// so. What changes from hour to hour (the last run) is told and not waited for (ours).
    #[must_use]
    pub fn stops_play(&self) -> bool {
        let waits = self.asks.is_some_and(|field| !is_of_the_moment(field)) && self.overridable;
        self.blocks() || (waits && self.overridden.is_none())
    }

    /// Whether somebody acknowledged it, by the rule or by its gate.
    #[must_use]
    pub fn is_acknowledged(&self, acks: &[RuleId]) -> bool {
        let named = |ack: &RuleId| {
            *ack == self.rule
                || self.gate.as_ref().is_some_and(|gate| gate.as_str() == ack.as_str())
        };
        self.overridable && acks.iter().any(named)
    }

    /// Rule and what it is here, in a language: with what to do instead, and with every position
    /// where the sources disagree.
    #[must_use]
    pub fn text(&self, words: &Words) -> String {
        self.text_citing(words, "")
    }

    /// The same, with what it cites right behind it: what comes then has sources of its own.
    #[must_use]
    pub fn text_citing(&self, words: &Words, cited: &str) -> String {
        let (first, then) = match self.asks {
            Some(_) => (&self.detail, &self.sentence),
            None => (&self.sentence, &self.detail),
        };
        let mut text = format!("{} {}{cited}", words.say(first), words.say(then));
        if let Some(instead) = &self.instead {
            text.push(' ');
            text.push_str(&instead.text(words));
        }
        if let Some(dispute) = &self.dispute {
            text.push(' ');
            text.push_str(&dispute.text(words));
        }
        text
    }

    /// Whether it is the same finding of another version of the routine.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.rule, &self.step, self.side, &self.detail)
            == (&other.rule, &other.step, other.side, &other.detail)
    }
}

/// Hard findings that stand in the way of an edit or of play.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Broken {
    /// The findings, at least one.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, finding) in self.findings.iter().enumerate() {
            let gap = if n > 0 { " " } else { "" };
            write!(f, "{gap}{} ({})", finding.text(Words::english()), finding.rule)?;
        }
        Ok(())
    }
}

/// The finding of a problem.
pub(super) fn of(
    rule: &Rule,
    problem: Problem<'_>,
    template: Option<&Template>,
    catalogue: &Catalogue,
) -> Finding {
    Finding {
        detail: detail(rule, &problem),
        side: problem.side,
        ..bare(rule, severity(rule, &problem, template, catalogue), Some(problem.step))
    }
}

/// What is to be asked where nobody has said whether a rule concerns the person: once, as
/// information, and only where it would be a hard finding.
pub(super) fn asked(rule: &Rule, missing: ProfileField) -> Option<Finding> {
    (rule.severity == Severity::Hard)
        .then(|| Finding { overridable: true, ..asking(bare(rule, Severity::Info, None), missing) })
}

/// A finding that waits for an answer.
pub(super) fn asking(finding: Finding, missing: ProfileField) -> Finding {
    let field = Arg::code(format!("profile.{missing}"));
    Finding {
        detail: Message::new("finding.asked").with("field", field),
        asks: Some(missing),
        ..finding
    }
}

/// Answers that change from hour to hour.
const fn is_of_the_moment(field: ProfileField) -> bool {
    matches!(
        field,
        ProfileField::LastRunMinOver
            | ProfileField::Warm
            | ProfileField::BackPainNow
            | ProfileField::BeforeWorkout
    )
}

fn bare(rule: &Rule, severity: Severity, step: Option<StepId>) -> Finding {
    let sources: Vec<SourceId> = rule.provenance.sources.all().into_iter().cloned().collect();
    // Both sides of a one-sided exercise could not even be logged: there is nothing to override.
    let overridable = severity == Severity::Hard && rule.kind != RuleKind::OneSideOnly;
    let sentence = Message::new(rule.text.clone());
    Finding {
        severity,
        rule: rule.id.clone(),
        step,
        side: None,
        detail: sentence.clone(),
        sentence,
        ours: sources.is_empty(),
        sources,
        concern: concern(rule),
        overridable,
        overridden: None,
        gate: rule.gate.clone(),
        asks: None,
        instead: None,
        dispute: dispute::of_rule(&rule.id),
    }
}

/// A rule that holds for some people only is about the person, whatever it asks of the routine.
fn concern(rule: &Rule) -> Concern {
    if matches!(rule.condition, Some(RuleCondition::Profile(_))) {
        return Concern::Person;
    }
    match rule.kind {
        RuleKind::Gate | RuleKind::WalkFirst | RuleKind::NotWith => Concern::Person,
        RuleKind::Requires
        | RuleKind::AfterIfPresent
        | RuleKind::OneSideOnly
        | RuleKind::Progression => Concern::Routine,
    }
}

fn severity(
    rule: &Rule,
    problem: &Problem<'_>,
    template: Option<&Template>,
    catalogue: &Catalogue,
) -> Severity {
    match problem.what {
        // The muscle has let go, only the tool was left: a warning, not a refusal (ours).
        // Severities go from hard to mild.
        What::NotRightAfter { .. } => rule.severity.max(Severity::Soft),
        _ if rule.severity == Severity::Soft
            && matches!(rule.kind, RuleKind::Requires | RuleKind::AfterIfPresent)
            && template.is_some_and(|t| gives_that_order(t, rule, problem, catalogue)) =>
        {
            Severity::Info
        }
        _ => rule.severity,
    }
}

/// Whether the template's own source puts things in the order that the rule warns of: then two
/// sources disagree and we stay neutral.
fn gives_that_order(
    template: &Template,
    rule: &Rule,
    problem: &Problem<'_>,
    catalogue: &Catalogue,
) -> bool {
    let prescribed =
        template.composition == Composition::Prescribed && !template.provenance.is_ours("blocks");
    let at = |exercise: &Exercise| template.steps().position(|s| s.exercise == exercise.id);
    let Some(here) = at(problem.exercise) else { return false };
    prescribed
        && match problem.what {
            What::TooEarly { before } => at(before).is_some_and(|there| here < there),
            What::NothingBefore => !template.steps().take(here).any(|step| {
                let picks = |exercise| rule.before.as_ref().is_some_and(|b| b.matches(exercise));
                catalogue.exercise(&step.exercise).is_some_and(picks)
            }),
            _ => false,
        }
}

fn detail(rule: &Rule, problem: &Problem<'_>) -> Message {
    let name = |exercise: &Exercise| exercise.name.arg();
    match problem.what {
        What::NothingBefore => match problem.side {
            Some(side) => said("finding.nothing_before_side", problem)
                .with("side", Arg::code(format!("side.{side}"))),
            None => said("finding.nothing_before", problem),
        },
        What::SideChanges { before } => {
            said("finding.side_changes_between", problem).with("before", name(before))
        }
        What::NotRightAfter { before, between } => said("finding.not_right_after", problem)
            .with("before", name(before))
            .with("between", name(between)),
        What::TooEarly { before } => {
            said("finding.comes_too_early", problem).with("before", name(before))
        }
        What::MoreThanOneSide => said("finding.more_than_one_side", problem),
        What::NoSide => said("finding.no_side", problem),
        What::EasierFirst { before } => {
            said("finding.easier_first", problem).with("before", name(before))
        }
        What::Present => match rule.condition {
            Some(RuleCondition::Profile(_)) => said("finding.as_you_are", problem),
            _ => said("finding.to_know", problem),
        },
    }
}

fn said(code: &str, problem: &Problem<'_>) -> Message {
    Message::new(code).with("exercise", problem.exercise.name.arg())
}
