//! Routines as they are: what they consist of, when they are to be done, and taking one in or away.

use holdfast::domain::routine::Schedule as EngineSchedule;
use holdfast::domain::vocabulary::SideRule;
use holdfast::routine::{
    ImportOptions as EngineImport, RuleOverride as EngineOverride,
    TemplateOptions as EngineTemplate,
};
use holdfast::{Engine, HoldfastError};
use serde_json::json;

use crate::carried::{carried, read};
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::findings::Finding;
use crate::given::{self, DoseRange};

/// One phase of a tempo. A phase nobody timed has no seconds.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct TempoPhase {
    /// What is done (`push`, `lower`, `hold`).
    pub name: String,
    /// For how many seconds.
    pub secs: Option<u32>,
}

/// What an exercise asks for: ranges, never one number.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Dose {
    /// How it is done and counted: `timed`, `until_eased`, `open`, `reps`, `tempo`, `tick`, `slot`, `test`.
    pub mode: String,
    /// Hold, in seconds.
    #[serde(default)]
    pub hold_s: DoseRange,
    /// Repetitions.
    #[serde(default)]
    pub reps: DoseRange,
    /// Sets.
    #[serde(default)]
    pub sets: DoseRange,
    /// Rest, in seconds.
    #[serde(default)]
    pub rest_s: DoseRange,
    /// The phases of a repetition.
    #[serde(default)]
    pub tempo: Vec<TempoPhase>,
}

/// One step of a routine.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
pub struct RoutineStep {
    /// Its id.
    pub step_id: String,
    /// The exercise.
    pub exercise: String,
    /// On which sides.
    pub side: String,
    /// What it asks for.
    pub dose: Dose,
    /// The tool.
    #[serde(default)]
    pub tool: Option<String>,
    /// A note.
    #[serde(default)]
    pub note: Option<String>,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
    /// Whether it is played; nothing where nobody said.
    #[serde(default)]
    pub included: Option<bool>,
    /// The condition it is meant under.
    #[serde(default)]
    pub condition: Option<String>,
}

/// A block of steps.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
pub struct RoutineBlock {
    /// Its id.
    pub block_id: String,
    /// `side_major` or `step_major`.
    pub order: String,
    /// The group of alternatives it is one of.
    #[serde(default)]
    pub alt: Option<String>,
    /// Whether it is the chosen one of them.
    #[serde(default)]
    pub chosen: bool,
    /// The condition it is meant under.
    #[serde(default)]
    pub condition: Option<String>,
    /// A note.
    #[serde(default)]
    pub note: Option<String>,
    /// Its steps.
    pub steps: Vec<RoutineStep>,
}

/// A rule somebody decided to break, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, uniffi::Record)]
pub struct RuleOverride {
    /// The rule.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// When a routine is to be done. Of `times` and `every_days` at most one is given.
#[derive(Debug, Clone, PartialEq, Eq, Default, uniffi::Record)]
pub struct Schedule {
    /// So many times …
    #[uniffi(default = None)]
    pub times: Option<DoseRange>,
    /// … a `day` or a `week`.
    #[uniffi(default = None)]
    pub per: Option<String>,
    /// Every so many days.
    #[uniffi(default = None)]
    pub every_days: Option<DoseRange>,
    /// On these days of the week: `mon`, `tue`, …
    #[uniffi(default = [])]
    pub weekdays: Vec<String>,
    /// On these days.
    #[uniffi(default = [])]
    pub dates: Vec<String>,
    /// In these slots of the day.
    #[uniffi(default = [])]
    pub slots: Vec<String>,
}

impl Schedule {
    fn schedule(&self) -> Result<EngineSchedule, HoldfastError> {
        let rhythm = match (&self.times, &self.every_days) {
            (Some(count), _) => {
                let per = self.per.as_deref().unwrap_or("day");
                json!({ "times": { "count": count, "per": per } })
            }
            (None, Some(days)) => json!({ "every": { "days": days } }),
            (None, None) => serde_json::Value::Null,
        };
        let (weekdays, dates, slots) = (&self.weekdays, &self.dates, &self.slots);
        let given =
            json!({ "rhythm": rhythm, "weekdays": weekdays, "dates": dates, "slots": slots });
        read("schedule", given)
    }
}

impl<'de> serde::Deserialize<'de> for Schedule {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Rhythm {
            Times { count: DoseRange, per: String },
            Every { days: DoseRange },
        }
        #[derive(serde::Deserialize)]
        struct Fields {
            #[serde(default)]
            rhythm: Option<Rhythm>,
            #[serde(default)]
            weekdays: Vec<String>,
            #[serde(default)]
            dates: Vec<String>,
            #[serde(default)]
            slots: Vec<String>,
        }
        let fields = Fields::deserialize(from).map_err(D::Error::custom)?;
        let Fields { rhythm, weekdays, dates, slots } = fields;
        let (times, per, every_days) = match rhythm {
            Some(Rhythm::Times { count, per }) => (Some(count), Some(per), None),
            Some(Rhythm::Every { days }) => (None, None, Some(days)),
            None => (None, None, None),
        };
        Ok(Self { times, per, every_days, weekdays, dates, slots })
    }
}

/// A routine.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
pub struct Routine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Which version.
    #[serde(default)]
    pub version: u64,
    /// Who made it.
    #[serde(default)]
    pub author: Option<String>,
    /// The template it was made from.
    #[serde(default)]
    pub from_template: Option<String>,
    /// Its blocks, in order.
    #[serde(default)]
    pub blocks: Vec<RoutineBlock>,
    /// When it is to be done.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// The rules somebody decided to break.
    #[serde(default)]
    pub overrides: Vec<RuleOverride>,
}

/// One of the values two devices gave a field.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct ConflictValue {
    /// The value, as text or JSON.
    #[serde(deserialize_with = "crate::carried::text_of")]
    pub value: String,
    /// Whether it stands for now.
    pub stands: bool,
    /// Whether it is this device's.
    pub this_device: bool,
}

/// Something two devices changed at once, for a person to decide.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct RoutineConflict {
    /// Its id.
    pub id: String,
    /// The step.
    pub step: Option<String>,
    /// The field.
    pub field: String,
    /// The values.
    pub values: Vec<ConflictValue>,
}

/// A routine with what is to be known of it.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
pub struct RoutineView {
    /// The routine.
    pub routine: Routine,
    /// How its author is called, where that is somebody else.
    #[serde(default)]
    pub author_name: Option<String>,
    /// What is to be decided.
    pub conflicts: Vec<RoutineConflict>,
    /// The person's own exercises in it, by their ids.
    #[serde(default, deserialize_with = "ids")]
    pub own_exercises: Vec<String>,
    /// How far it has come.
    pub status: String,
}

fn ids<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Own {
        id: String,
    }
    let own: Vec<Own> = serde::Deserialize::deserialize(from)?;
    Ok(own.into_iter().map(|own| own.id).collect())
}

/// A routine in a list.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct RoutineSummary {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Which version.
    pub version: u64,
    /// Who made it.
    pub author: Option<String>,
    /// How they are called, where that is somebody else.
    #[serde(default)]
    pub author_name: Option<String>,
    /// The template it was made from.
    pub from_template: Option<String>,
    /// How many steps it has.
    pub steps: u64,
    /// When it is to be done.
    pub schedule: Option<Schedule>,
    /// How much is to be decided.
    pub conflicts: u64,
}

/// A routine that was taken in.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
pub struct RoutineImport {
    /// The routine.
    #[serde(flatten)]
    pub view: RoutineView,
    /// Whether it was not there before.
    pub added: bool,
    /// The person's own exercises that came with it.
    pub exercises_added: Vec<String>,
}

/// What can be decided when a template becomes a routine.
#[derive(Debug, Clone, PartialEq, Eq, Default, uniffi::Record)]
pub struct TemplateOptions {
    /// The name; the template's own, where none is given.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// The side of the one-sided exercises: `left`, `right`, or asked before each play.
    #[uniffi(default = None)]
    pub realign_side: Option<String>,
    /// Alternatives to choose, by their condition.
    #[uniffi(default = [])]
    pub choose: Vec<String>,
    /// Optional exercises to play.
    #[uniffi(default = [])]
    pub include: Vec<String>,
    /// Hard rules to break.
    #[uniffi(default = [])]
    pub overrides: Vec<RuleOverride>,
}

/// How a routine file or link is taken in.
#[derive(Debug, Clone, PartialEq, Eq, Default, uniffi::Record)]
pub struct RoutineImportOptions {
    /// Another name than its own.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// Whether it becomes a routine of its own where one with its id is here already.
    #[uniffi(default = false)]
    pub as_copy: bool,
    /// Hard rules to break.
    #[uniffi(default = [])]
    pub overrides: Vec<RuleOverride>,
    /// Whether it is only looked at: nothing is written then.
    #[uniffi(default = false)]
    pub dry_run: bool,
}

impl RoutineImportOptions {
    pub(crate) fn options(self) -> EngineImport {
        let Self { name, as_copy, overrides: asked, dry_run } = self;
        EngineImport { name, as_copy, overrides: overrides(asked), dry_run }
    }
}

pub(crate) fn overrides(asked: Vec<RuleOverride>) -> Vec<EngineOverride> {
    let one = |RuleOverride { rule, reason }| EngineOverride { rule, reason };
    asked.into_iter().map(one).collect()
}

#[uniffi::export]
impl EngineHandle {
    /// The routines.
    pub async fn routines(&self) -> Result<Vec<RoutineSummary>, Failure> {
        self.run(|engine| carried(&engine.routines()?)).await
    }

    /// A routine, by its id, any unambiguous beginning of it, or its name.
    pub async fn routine(&self, key: String) -> Result<RoutineView, Failure> {
        self.run(move |engine| carried(&engine.routine(&key)?)).await
    }

    /// What the rules have to say about a routine, as the person is today.
    pub async fn check_routine(&self, key: String) -> Result<Vec<Finding>, Failure> {
        let words = self.words();
        self.run(move |engine| Ok(Finding::all(&engine.check_routine(&key)?, words))).await
    }

    /// Makes a routine of a template of the catalogue.
    pub async fn add_template(
        &self,
        template: String,
        options: TemplateOptions,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            let side = options.realign_side.as_deref();
            let options = EngineTemplate {
                name: options.name,
                realign_side: given::some_word::<SideRule>("realign_side", side)?,
                choose: options.choose,
                include: options.include,
                overrides: overrides(options.overrides),
            };
            carried(&engine.add_template(&template, &options)?)
        })
        .await
    }

    /// Makes an empty routine.
    pub async fn new_routine(&self, name: String) -> Result<RoutineView, Failure> {
        self.run(move |engine| carried(&engine.new_routine(&name)?)).await
    }

    /// Gives a routine another name.
    pub async fn rename_routine(&self, key: String, name: String) -> Result<RoutineView, Failure> {
        self.run(move |engine| carried(&engine.rename_routine(&key, &name)?)).await
    }

    /// Takes a routine away. It can be restored.
    pub async fn remove_routine(&self, key: String) -> Result<RoutineView, Failure> {
        self.run(move |engine| carried(&engine.remove_routine(&key)?)).await
    }

    /// Brings a removed routine back.
    pub async fn restore_routine(&self, id: String) -> Result<RoutineView, Failure> {
        self.run(move |engine| carried(&engine.restore_routine(&id)?)).await
    }

    /// Says when a routine is to be done, or that it is not scheduled.
    pub async fn schedule_routine(
        &self,
        key: String,
        schedule: Option<Schedule>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            let schedule = schedule.map(|schedule| schedule.schedule()).transpose()?;
            carried(&engine.schedule_routine(&key, schedule)?)
        })
        .await
    }

    /// A routine as the text of a file.
    pub async fn routine_file(&self, key: String) -> Result<String, Failure> {
        self.run(move |engine| engine.routine_file(&key)).await
    }

    /// Takes a routine in from the text of a file.
    pub async fn import_routine(
        &self,
        text: String,
        options: RoutineImportOptions,
    ) -> Result<RoutineImport, Failure> {
        self.run(move |engine: &Engine| carried(&engine.import_routine(&text, &options.options())?))
            .await
    }

    /// Decides between the values of a conflict: `value` counts from 0.
    pub async fn settle_routine(
        &self,
        key: String,
        conflict: String,
        value: u32,
        overrides: Vec<RuleOverride>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            let asked = self::overrides(overrides);
            let value = usize::try_from(value).unwrap_or(usize::MAX);
            carried(&engine.settle_routine(&key, &conflict, value, &asked)?)
        })
        .await
    }
}
