//! The built-in catalogue in a language: pure, and quick enough for the main thread. A person's own exercises
//! are the engine's.

use std::sync::Arc;

use holdfast::HoldfastError;
use holdfast::domain::catalogue::{
    Catalogue, Exercise as EngineExercise, Fact, Provenance, Template as EngineTemplate,
};
use holdfast::domain::ids::MuscleId;
use holdfast::domain::safety::{Safety, Shown, for_exercise};
use holdfast::domain::vocabulary::Kind;
use holdfast::domain::words::{Arg, Code, Named, Words};

use crate::carried::carried;
use crate::failure::Failure;
use crate::given;
use crate::routines::Dose;

/// Something the sources say, or we do.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SourcedText {
    /// The code of the sentence.
    pub code: String,
    /// The sentence.
    pub text: String,
    /// Who says so; empty where it is ours.
    pub sources: Vec<String>,
    /// Whether it is ours.
    pub ours: bool,
}

impl SourcedText {
    fn of(fact: &Fact, words: &Words) -> Self {
        Self {
            code: fact.code.to_string(),
            text: words.plain(fact.code.as_str()),
            sources: fact.sources.iter().map(ToString::to_string).collect(),
            ours: fact.ours,
        }
    }

    fn by(code: &Code, provenance: &Provenance, words: &Words) -> Self {
        Self {
            code: code.to_string(),
            text: words.plain(code.as_str()),
            sources: provenance.sources.all().into_iter().map(ToString::to_string).collect(),
            ours: provenance.is_ours("text"),
        }
    }
}

/// A word of a list, with its name.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Word {
    /// The word as it stands in data.
    pub id: String,
    /// Its name.
    pub name: String,
}

fn word(named: &impl Named, words: &Words) -> Word {
    Word { id: named.data_word().to_owned(), name: words.name(named) }
}

/// An exercise of the catalogue. What no source states is absent.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Exercise {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `release`, `massage`, `stretch`, `realignment`, `activation`, `strength`, `mobility`, `self_test`, `habit`.
    pub kind: String,
    /// Muscles and groups it is for.
    pub muscles: Vec<Word>,
    /// Where on the body.
    pub region: Option<Word>,
    /// `bilateral`, `per_side`, …
    pub laterality: String,
    /// How the body is placed.
    pub position: Option<Word>,
    /// Alternatives, any one of them.
    pub tools: Vec<Word>,
    /// Extras.
    pub tools_optional: Vec<Word>,
    /// What is asked.
    pub dose: Dose,
    /// The same in words.
    pub dose_text: String,
    /// Whether it asks if it eases.
    pub ease_check: bool,
    /// How it is done.
    pub cues: Vec<SourcedText>,
    /// What to mind.
    pub cautions: Vec<SourcedText>,
    /// The gates it stands behind.
    pub gates: Vec<String>,
    /// Who may press: `partner`, `therapist`.
    pub assisted: Vec<String>,
    /// A note.
    pub note: Option<String>,
    /// What the sources leave open.
    pub uncertain: Vec<String>,
    /// The sources.
    pub sources: Vec<String>,
}

impl Exercise {
    pub(crate) fn of(exercise: &EngineExercise, words: &Words) -> Result<Self, HoldfastError> {
        let facts =
            |facts: &[Fact]| facts.iter().map(|fact| SourcedText::of(fact, words)).collect();
        let said = |code: &Code| words.plain(code.as_str());
        Ok(Self {
            id: exercise.id.to_string(),
            name: exercise.name.said(words),
            kind: exercise.kind.to_string(),
            muscles: exercise.muscles.iter().map(|muscle| word(muscle, words)).collect(),
            region: exercise.region.as_ref().map(|region| word(region, words)),
            laterality: exercise.laterality.to_string(),
            position: exercise.position.as_ref().map(|position| word(position, words)),
            tools: exercise.tools.iter().map(|tool| word(tool, words)).collect(),
            tools_optional: exercise.tools_optional.iter().map(|tool| word(tool, words)).collect(),
            dose: carried(&exercise.dose)?,
            dose_text: words.dose(&exercise.dose),
            ease_check: exercise.ease_check,
            cues: facts(&exercise.cues),
            cautions: facts(&exercise.cautions),
            gates: exercise.gates.iter().map(ToString::to_string).collect(),
            assisted: exercise.assisted.iter().map(ToString::to_string).collect(),
            note: exercise.note.as_ref().map(said),
            uncertain: exercise.uncertain.iter().map(said).collect(),
            sources: exercise
                .provenance
                .sources
                .all()
                .into_iter()
                .map(ToString::to_string)
                .collect(),
        })
    }
}

/// A routine of the sources.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Template {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The exercises in it, in order.
    pub exercises: Vec<String>,
    /// A note.
    pub note: Option<String>,
    /// The sources.
    pub sources: Vec<String>,
}

impl Template {
    fn of(template: &EngineTemplate, words: &Words) -> Self {
        let steps = template.blocks.iter().flat_map(|block| &block.steps);
        let sources = template.provenance.sources.all();
        Self {
            id: template.id.to_string(),
            name: words.plain(template.name.as_str()),
            exercises: steps.map(|step| step.exercise.to_string()).collect(),
            note: template.note.as_ref().map(|note| words.plain(note.as_str())),
            sources: sources.into_iter().map(ToString::to_string).collect(),
        }
    }
}

/// A rule.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// How serious (ours).
    pub severity: String,
    /// What it says.
    pub says: SourcedText,
}

/// A sign to see somebody about.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct RedFlag {
    /// Its id.
    pub id: String,
    /// The sign.
    pub says: SourcedText,
    /// What it may point to.
    pub suspect: String,
    /// What to do.
    pub action: String,
}

/// What to mind. Information, not diagnosis.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SafetyCard {
    /// What to mind.
    pub rules: Vec<SourcedText>,
    /// When to stop.
    pub stop_rules: Vec<SourcedText>,
    /// Signs to see somebody about.
    pub red_flags: Vec<RedFlag>,
    /// What to ask a clinician about first: the title, and then each.
    pub ask_first: Vec<String>,
}

impl SafetyCard {
    fn of(shown: &Shown, words: &Words) -> Self {
        let rules = |rules: &[&holdfast::domain::safety::SafetyRule]| {
            let said =
                rules.iter().map(|rule| SourcedText::by(&rule.text, &rule.provenance, words));
            said.collect()
        };
        let flags = shown.red_flags.iter().map(|flag| RedFlag {
            id: flag.id.clone(),
            says: SourcedText::by(&flag.text, &flag.provenance, words),
            suspect: words.plain(flag.suspect.as_str()),
            action: words.plain(flag.action.as_str()),
        });
        let ask_first = shown.ask_first.iter().flat_map(|card| {
            let items = card.items.iter().map(|item| &item.text);
            std::iter::once(&card.title).chain(items).map(|code| words.plain(code.as_str()))
        });
        Self {
            rules: rules(&shown.rules),
            stop_rules: rules(&shown.stop_rules),
            red_flags: flags.collect(),
            ask_first: ask_first.collect(),
        }
    }
}

/// The built-in catalogue, in a language.
#[derive(uniffi::Object)]
pub struct CatalogueHandle {
    words: &'static Words,
}

impl CatalogueHandle {
    fn answer<T>(&self, answer: Result<T, HoldfastError>) -> Result<T, Failure> {
        answer.map_err(|error| Failure::of(&error, self.words))
    }

    fn find(&self, id: &str) -> Result<&'static EngineExercise, Failure> {
        let catalogue = Catalogue::built_in();
        let found = catalogue.exercises().iter().find(|exercise| exercise.id.as_str() == id);
        self.answer(found.ok_or_else(|| {
            HoldfastError::NotFound {
                candidates: Vec::new(),
                message: holdfast::domain::words::Message::new("error.unknown")
                    .with("what", Arg::code("error.what.exercise"))
                    .with("id", id),
            }
        }))
    }
}

#[uniffi::export]
impl CatalogueHandle {
    /// The catalogue, in a language: a BCP 47 tag.
    #[uniffi::constructor]
    pub fn new(language: String) -> Arc<Self> {
        Arc::new(Self { words: Words::for_language(&language) })
    }

    /// Every exercise.
    pub fn exercises(&self) -> Result<Vec<Exercise>, Failure> {
        let all = Catalogue::built_in().exercises().iter();
        self.answer(all.map(|exercise| Exercise::of(exercise, self.words)).collect())
    }

    /// One exercise, by its id.
    pub fn exercise(&self, id: String) -> Result<Exercise, Failure> {
        let found = self.find(&id)?;
        self.answer(Exercise::of(found, self.words))
    }

    /// Exercises that have all these words somewhere, in any language, of a kind, for a muscle.
    #[uniffi::method(default(kind = None, muscle = None))]
    pub fn search(
        &self,
        text: String,
        kind: Option<String>,
        muscle: Option<String>,
    ) -> Result<Vec<Exercise>, Failure> {
        let search = || {
            let kind = given::some_word::<Kind>("kind", kind.as_deref())?;
            let muscle = muscle.as_deref().map(|muscle| {
                let read = MuscleId::new(muscle);
                read.map_err(|bad| given::bad("muscle", "bad_id", bad.to_string().into()))
            });
            let found = Catalogue::built_in().search(&text, kind, muscle.transpose()?.as_ref());
            found.into_iter().map(|exercise| Exercise::of(exercise, self.words)).collect()
        };
        self.answer(search())
    }

    /// The routines of the sources.
    pub fn templates(&self) -> Vec<Template> {
        let all = Catalogue::built_in().templates().iter();
        all.map(|template| Template::of(template, self.words)).collect()
    }

    /// The rules.
    pub fn rules(&self) -> Vec<Rule> {
        let rules = Catalogue::built_in().rules().iter();
        rules
            .map(|rule| Rule {
                id: rule.id.to_string(),
                severity: rule.severity.to_string(),
                says: SourcedText::by(&rule.text, &rule.provenance, self.words),
            })
            .collect()
    }

    /// What to mind, with everything or with one exercise. Information, not diagnosis.
    #[uniffi::method(default(exercise = None))]
    pub fn safety(&self, exercise: Option<String>) -> Result<SafetyCard, Failure> {
        let shown = match exercise {
            Some(id) => for_exercise(self.find(&id)?),
            None => {
                let all = Safety::built_in();
                Shown {
                    rules: all.rules().iter().collect(),
                    stop_rules: all.stop_rules().iter().collect(),
                    red_flags: all.red_flags().iter().collect(),
                    ask_first: Some(all.ask_first()),
                }
            }
        };
        Ok(SafetyCard::of(&shown, self.words))
    }

    /// The name of a word of a list: `side` and `left`, `ended_by` and `target`, `question` and `pregnant`, …
    pub fn name_of(&self, list: String, word: String) -> String {
        let code = format!("{list}.{word}");
        match self.words.find(&code) {
            Some(name) => name.to_owned(),
            None => word.replace(['-', '_'], " "),
        }
    }

    /// The tag of the language it is in.
    pub fn language(&self) -> String {
        self.words.tag().to_owned()
    }
}
