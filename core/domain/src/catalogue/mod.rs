//! What the sources say about exercises: entries, templates, rules, gates, tests, figures.
//! Data only: it knows no person, no routine of a chart, and keeps codes, never sentences.
//!
//! The numbers and rules stand in `core/domain/data/*.json`, the sentences in
//! `core/domain/data/words/`. Facts and figures come from the project's notes
//! (../domain/protocols.md) and keep the short ids of their sources. Information, not diagnosis.

mod background;
mod exercise;
mod muscles;
mod provenance;
mod rule;
mod template;

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use background::{
    Comparison, Conflict, FieldType, Figure, SelfTest, Sign, TestField, TestOption, TestValue,
    Threshold, Tracked, TrackedAs,
};
pub use exercise::{Exercise, Frequency};
pub use muscles::{ProfileKind, Vocabulary};
pub use provenance::{Fact, Ours, Provenance, Source, Sources};
pub use rule::{
    Condition, Gate, GateAction, Mapping, PainRule, PainRulePart, ProfileCondition, ProfileValue,
    Rule, RuleCondition, RuleKind, RuleParams, Selector,
};
pub use template::{
    Composition, DoseOverride, Stage, Template, TemplateBlock, TemplateKind, TemplateStep,
    TimeCheck,
};

use crate::ids::{
    ConditionId, ExerciseId, GateId, MuscleId, PainRuleId, RuleId, SourceId, TemplateId, TestId,
};
use crate::vocabulary::Kind;
use crate::words::Words;

static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(Catalogue::read);

/// Reads a data file that is part of the program.
pub(crate) fn built_in<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("a test reads every data file that is built in")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed<T> {
    #[serde(rename = "about")]
    _about: String,
    records: Vec<T>,
}

fn records<T: DeserializeOwned>(json: &str) -> Vec<T> {
    built_in::<Listed<T>>(json).records
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(rename = "about")]
    _about: String,
    pain_rules: Vec<PainRule>,
    conditions: Vec<Condition>,
    gates: Vec<Gate>,
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackgroundFile {
    #[serde(rename = "about")]
    _about: String,
    signs: Vec<Sign>,
    conflicts: Vec<Conflict>,
    figures: Vec<Figure>,
    track: Vec<Tracked>,
}

/// Everything the sources say, built in and unchanging.
#[derive(Debug)]
pub struct Catalogue {
    vocabulary: Vocabulary,
    sources: Vec<Source>,
    exercises: Vec<Exercise>,
    templates: Vec<Template>,
    rules: RuleFile,
    self_tests: Vec<SelfTest>,
    background: BackgroundFile,
}

impl Catalogue {
    /// The catalogue of this program.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    fn read() -> Self {
        Self {
            vocabulary: built_in(include_str!("../../data/vocabulary.json")),
            sources: records(include_str!("../../data/sources.json")),
            exercises: records(include_str!("../../data/exercises.json")),
            templates: records(include_str!("../../data/templates.json")),
            rules: built_in(include_str!("../../data/rules.json")),
            self_tests: records(include_str!("../../data/self-tests.json")),
            background: built_in(include_str!("../../data/background.json")),
        }
    }

    /// The word lists of the data.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The documents that the facts come from.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// One of them.
    #[must_use]
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == *id)
    }

    /// Every exercise.
    #[must_use]
    pub fn exercises(&self) -> &[Exercise] {
        &self.exercises
    }

    /// One exercise.
    #[must_use]
    pub fn exercise(&self, id: &ExerciseId) -> Option<&Exercise> {
        self.exercises.iter().find(|exercise| exercise.id == *id)
    }

    /// Exercises whose id, name, muscles, region or tools contain every given word, in any
    /// language built in. No words find all. A muscle group stands for its members too.
    #[must_use]
    pub fn search(
        &self,
        words: &str,
        kind: Option<Kind>,
        muscle: Option<&MuscleId>,
    ) -> Vec<&Exercise> {
        let wanted: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        self.exercises
            .iter()
            .filter(|exercise| kind.is_none_or(|kind| exercise.kind == kind))
            .filter(|exercise| muscle.is_none_or(|muscle| exercise.works(muscle)))
            .filter(|exercise| {
                let text = searched_text(exercise);
                wanted.iter().all(|word| text.contains(word.as_str()))
            })
            .collect()
    }

    /// Every composed routine of the sources.
    #[must_use]
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// One of them.
    #[must_use]
    pub fn template(&self, id: &TemplateId) -> Option<&Template> {
        self.templates.iter().find(|template| template.id == *id)
    }

    /// Every rule.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules.rules
    }

    /// One rule.
    #[must_use]
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.rules().iter().find(|rule| rule.id == *id)
    }

    /// Every gate.
    #[must_use]
    pub fn gates(&self) -> &[Gate] {
        &self.rules.gates
    }

    /// One gate.
    #[must_use]
    pub fn gate(&self, id: &GateId) -> Option<&Gate> {
        self.gates().iter().find(|gate| gate.id == *id)
    }

    /// Every condition that templates and rules name.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.rules.conditions
    }

    /// One condition.
    #[must_use]
    pub fn condition(&self, id: &ConditionId) -> Option<&Condition> {
        self.conditions().iter().find(|condition| condition.id == *id)
    }

    /// How pain is to be read during exercises.
    #[must_use]
    pub fn pain_rules(&self) -> &[PainRule] {
        &self.rules.pain_rules
    }

    /// One pain rule.
    #[must_use]
    pub fn pain_rule(&self, id: &PainRuleId) -> Option<&PainRule> {
        self.pain_rules().iter().find(|rule| rule.id == *id)
    }

    /// Every self-test.
    #[must_use]
    pub fn self_tests(&self) -> &[SelfTest] {
        &self.self_tests
    }

    /// One self-test.
    #[must_use]
    pub fn self_test(&self, id: &TestId) -> Option<&SelfTest> {
        self.self_tests.iter().find(|test| test.id == *id)
    }

    /// Lists of signs.
    #[must_use]
    pub fn signs(&self) -> &[Sign] {
        &self.background.signs
    }

    /// Where the sources disagree.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.background.conflicts
    }

    /// Figures the sources give.
    #[must_use]
    pub fn figures(&self) -> &[Figure] {
        &self.background.figures
    }

    /// What is worth tracking.
    #[must_use]
    pub fn track(&self) -> &[Tracked] {
        &self.background.track
    }
}

fn searched_text(exercise: &Exercise) -> String {
    let mut text = format!("{} {} {}", exercise.id, exercise.kind, exercise.region);
    let codes = std::iter::once(exercise.name.as_str().to_owned())
        .chain(exercise.muscles.iter().map(|muscle| format!("muscle.{muscle}")))
        .chain(exercise.tools.iter().map(|tool| format!("tool.{tool}")));
    for code in codes {
        for sentence in Words::languages().filter_map(|words| words.find(&code)) {
            text.push(' ');
            text.push_str(sentence);
        }
    }
    text.to_lowercase()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
