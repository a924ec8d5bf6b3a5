//! What the rules have to say, as it crosses.

use holdfast::domain::rules;
use holdfast::domain::words::Words;

/// What a rule has to say about a step.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Finding {
    /// `info`, `warn` or `hard` (ours).
    pub severity: String,
    /// The rule.
    pub rule: String,
    /// The step.
    pub step: Option<String>,
    /// The side, where only one of the step's is concerned.
    pub side: Option<String>,
    /// Rule and what it is here, in the engine's language.
    pub text: String,
    /// Who says so; empty where it is ours.
    pub sources: Vec<String>,
    /// Whether the rule itself is ours. Its grading always is.
    pub ours: bool,
    /// `routine`, or `person`: whether it is about doing it as the person is today.
    pub concern: String,
    /// Whether it can be overridden or acknowledged with its rule id.
    pub overridable: bool,
    /// Why somebody decided to break the rule here.
    pub overridden_reason: Option<String>,
    /// The gate it is about.
    pub gate: Option<String>,
    /// The answer of the profile that would decide it, where that is missing.
    pub asks: Option<String>,
    /// Whether it stands in the way.
    pub blocks: bool,
    /// Whether play waits for it.
    pub stops_play: bool,
    /// What a source gives to do instead.
    pub instead: Vec<String>,
}

impl Finding {
    pub(crate) fn of(finding: &rules::Finding, words: &Words) -> Self {
        let concern = match finding.concern {
            rules::Concern::Routine => "routine",
            rules::Concern::Person => "person",
        };
        let instead = finding.instead.iter().flat_map(|instead| &instead.exercises);
        Self {
            severity: finding.severity.to_string(),
            rule: finding.rule.to_string(),
            step: finding.step.as_ref().map(ToString::to_string),
            side: finding.side.map(|side| side.to_string()),
            text: finding.text(words),
            sources: finding.sources.iter().map(ToString::to_string).collect(),
            ours: finding.ours,
            concern: concern.to_owned(),
            overridable: finding.overridable,
            overridden_reason: finding.overridden.as_ref().map(|by| by.reason.clone()),
            gate: finding.gate.as_ref().map(ToString::to_string),
            asks: finding.asks.map(|field| field.to_string()),
            blocks: finding.blocks(),
            stops_play: finding.stops_play(),
            instead: instead.map(ToString::to_string).collect(),
        }
    }

    pub(crate) fn all(findings: &[rules::Finding], words: &Words) -> Vec<Self> {
        findings.iter().map(|finding| Self::of(finding, words)).collect()
    }
}
