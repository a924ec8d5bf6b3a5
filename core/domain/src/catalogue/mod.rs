//! What the sources say about exercises: entries, templates, rules, gates, tests, figures.
//! Data only: it knows no person, no routine of a chart, and keeps codes, never sentences.
//!
//! The numbers and rules stand in `core/domain/data/*.json`, the sentences in
//! `core/domain/data/words/`. Facts and figures come from the project's notes
//! (../domain/protocols.md) and keep the short ids of their sources. Information, not diagnosis.

mod background;
mod exercise;
mod muscles;
pub mod own;
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
pub use exercise::{Exercise, Frequency, Title};
pub use muscles::{ProfileKind, Vocabulary};
pub use own::{OwnExercise, OwnRefusal};
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

static FACTS: LazyLock<Facts> = LazyLock::new(Facts::read);
static BUILT_IN: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue { facts: &FACTS, own: Vec::new(), removed: Vec::new() });

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
struct Facts {
    vocabulary: Vocabulary,
    sources: Vec<Source>,
    exercises: Vec<Exercise>,
    templates: Vec<Template>,
    rules: RuleFile,
    self_tests: Vec<SelfTest>,
    background: BackgroundFile,
}

impl Facts {
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
}

/// The one place where exercises are looked up: what the sources say, and the own exercises of a
/// chart where [`Catalogue::with_own`] laid them beside it.
#[derive(Debug, Clone)]
pub struct Catalogue {
    facts: &'static Facts,
    own: Vec<Exercise>,
    /// Own exercises that were removed: found by their id, offered no more.
    removed: Vec<Exercise>,
}

impl Catalogue {
    /// The catalogue of this program.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The catalogue of a chart: what the sources say, and these.
    #[must_use]
    pub fn with_own(&self, own: impl IntoIterator<Item = OwnExercise>) -> Self {
        let mut catalogue = self.clone();
        for one in own {
            let list = if one.removed { &mut catalogue.removed } else { &mut catalogue.own };
            list.push(one.entry());
        }
        catalogue
    }

    /// The word lists of the data.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.facts.vocabulary
    }

    /// The documents that the facts come from.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.facts.sources
    }

    /// One of them.
    #[must_use]
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.facts.sources.iter().find(|source| source.id == *id)
    }

    /// Every exercise of the sources.
    #[must_use]
    pub fn exercises(&self) -> &[Exercise] {
        &self.facts.exercises
    }

    /// The own exercises of the chart; none in the catalogue that is built in.
    #[must_use]
    pub fn own(&self) -> &[Exercise] {
        &self.own
    }

    /// Every exercise that can be chosen: those of the sources, then the chart's own.
    pub fn all(&self) -> impl Iterator<Item = &Exercise> {
        self.facts.exercises.iter().chain(&self.own)
    }

    /// One exercise, of the sources or the chart's own, removed ones too: what was done of it keeps
    /// its name.
    #[must_use]
    pub fn exercise(&self, id: &ExerciseId) -> Option<&Exercise> {
        self.all().chain(&self.removed).find(|exercise| exercise.id == *id)
    }

    /// Whether an own exercise was removed.
    #[must_use]
    pub fn is_removed(&self, id: &ExerciseId) -> bool {
        self.removed.iter().any(|exercise| exercise.id == *id)
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
        self.all()
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
        &self.facts.templates
    }

    /// One of them.
    #[must_use]
    pub fn template(&self, id: &TemplateId) -> Option<&Template> {
        self.facts.templates.iter().find(|template| template.id == *id)
    }

    /// Every rule.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.facts.rules.rules
    }

    /// One rule.
    #[must_use]
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.rules().iter().find(|rule| rule.id == *id)
    }

    /// Every gate.
    #[must_use]
    pub fn gates(&self) -> &[Gate] {
        &self.facts.rules.gates
    }

    /// One gate.
    #[must_use]
    pub fn gate(&self, id: &GateId) -> Option<&Gate> {
        self.gates().iter().find(|gate| gate.id == *id)
    }

    /// Every condition that templates and rules name.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.facts.rules.conditions
    }

    /// One condition.
    #[must_use]
    pub fn condition(&self, id: &ConditionId) -> Option<&Condition> {
        self.conditions().iter().find(|condition| condition.id == *id)
    }

    /// How pain is to be read during exercises.
    #[must_use]
    pub fn pain_rules(&self) -> &[PainRule] {
        &self.facts.rules.pain_rules
    }

    /// One pain rule.
    #[must_use]
    pub fn pain_rule(&self, id: &PainRuleId) -> Option<&PainRule> {
        self.pain_rules().iter().find(|rule| rule.id == *id)
    }

    /// Every self-test.
    #[must_use]
    pub fn self_tests(&self) -> &[SelfTest] {
        &self.facts.self_tests
    }

    /// One self-test.
    #[must_use]
    pub fn self_test(&self, id: &TestId) -> Option<&SelfTest> {
        self.facts.self_tests.iter().find(|test| test.id == *id)
    }

    /// Lists of signs.
    #[must_use]
    pub fn signs(&self) -> &[Sign] {
        &self.facts.background.signs
    }

    /// Where the sources disagree.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.facts.background.conflicts
    }

    /// Figures the sources give.
    #[must_use]
    pub fn figures(&self) -> &[Figure] {
        &self.facts.background.figures
    }

    /// What is worth tracking.
    #[must_use]
    pub fn track(&self) -> &[Tracked] {
        &self.facts.background.track
    }
}

fn searched_text(exercise: &Exercise) -> String {
    let mut text = format!("{} {}", exercise.id, exercise.kind);
    let mut name = None;
    match &exercise.name {
        Title::Words(code) => name = Some(code.as_str().to_owned()),
        Title::Own(name) => text.push_str(&format!(" {name}")),
    }
    if let Some(region) = &exercise.region {
        text.push_str(&format!(" {region}"));
    }
    let codes = name
        .into_iter()
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
