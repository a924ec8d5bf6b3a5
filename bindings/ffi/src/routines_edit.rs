//! Changing a routine: its steps, its blocks, the rules somebody decided to break.

use holdfast::Engine;
use holdfast::HoldfastError;
use holdfast::routine::{BlockTo, DoseEdit as EngineDose, RuleOverride as EngineOverride};
use holdfast::routine::{StepEdit as EngineEdit, StepPlace, StepRequest as EngineStep};

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::given::{self, DoseRange};
use crate::routines::{RoutineView, RuleOverride, overrides};

/// What to change of a dose. What is absent stays; a range with nothing in it empties.
#[derive(Debug, Clone, PartialEq, Eq, Default, uniffi::Record)]
pub struct DoseEdit {
    /// How it is done and counted.
    #[uniffi(default = None)]
    pub mode: Option<String>,
    /// Hold, in seconds.
    #[uniffi(default = None)]
    pub hold_s: Option<DoseRange>,
    /// Repetitions, per side where sides alternate.
    #[uniffi(default = None)]
    pub reps: Option<DoseRange>,
    /// Sets.
    #[uniffi(default = None)]
    pub sets: Option<DoseRange>,
    /// Rest between sets or repetitions, in seconds.
    #[uniffi(default = None)]
    pub rest_s: Option<DoseRange>,
    /// Seconds of each phase of a repetition.
    #[uniffi(default = None)]
    pub tempo: Option<Vec<u32>>,
}

impl DoseEdit {
    pub(crate) fn edit(self) -> Result<EngineDose, HoldfastError> {
        let range = |field: &str, range: Option<DoseRange>| {
            range.map(|range| range.range(field)).transpose()
        };
        Ok(EngineDose {
            mode: given::some_word("mode", self.mode.as_deref())?,
            hold_s: range("hold_s", self.hold_s)?,
            reps: range("reps", self.reps)?,
            sets: range("sets", self.sets)?,
            rest_s: range("rest_s", self.rest_s)?,
            tempo: self.tempo,
        })
    }
}

/// A step to add. What is left out is the exercise's own.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct StepRequest {
    /// The exercise.
    pub exercise: String,
    /// What it asks for.
    #[uniffi(default = None)]
    pub dose: Option<DoseEdit>,
    /// The sides.
    #[uniffi(default = None)]
    pub side: Option<String>,
    /// The tool.
    #[uniffi(default = None)]
    pub tool: Option<String>,
    /// A note.
    #[uniffi(default = None)]
    pub note: Option<String>,
    /// Whether it may be left out.
    #[uniffi(default = false)]
    pub optional: bool,
}

/// What to change of a step. What is absent stays; an empty tool or note empties it.
#[derive(Debug, Clone, PartialEq, Default, uniffi::Record)]
pub struct StepEdit {
    /// Another exercise.
    #[uniffi(default = None)]
    pub exercise: Option<String>,
    /// What it asks for.
    #[uniffi(default = None)]
    pub dose: Option<DoseEdit>,
    /// The sides.
    #[uniffi(default = None)]
    pub side: Option<String>,
    /// The tool.
    #[uniffi(default = None)]
    pub tool: Option<String>,
    /// The note.
    #[uniffi(default = None)]
    pub note: Option<String>,
    /// Whether it may be left out.
    #[uniffi(default = None)]
    pub optional: Option<bool>,
    /// Whether it is played.
    #[uniffi(default = None)]
    pub included: Option<bool>,
}

/// Where a step or block goes.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Place {
    /// First.
    First,
    /// Behind another one.
    After {
        /// That one.
        id: String,
    },
    /// Last.
    Last,
}

impl Place {
    fn step(self) -> StepPlace {
        match self {
            Self::First => StepPlace::Start,
            Self::After { id } => StepPlace::After(id),
            Self::Last => StepPlace::End,
        }
    }

    fn block(self) -> BlockTo {
        match self {
            Self::First => BlockTo::Start,
            Self::After { id } => BlockTo::After(id),
            Self::Last => BlockTo::End,
        }
    }
}

/// A routine with the step that was added to it.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct StepAdded {
    /// The routine.
    pub view: RoutineView,
    /// The new step.
    pub step_id: String,
}

/// Nothing where the text is empty.
fn emptied(text: Option<String>) -> Option<Option<String>> {
    text.map(|text| (!text.is_empty()).then_some(text))
}

#[uniffi::export]
impl EngineHandle {
    /// Adds a step.
    pub async fn add_step(
        &self,
        routine: String,
        step: StepRequest,
        place: Place,
        overrides: Vec<RuleOverride>,
    ) -> Result<StepAdded, Failure> {
        self.run(move |engine| {
            let step = EngineStep {
                exercise: step.exercise,
                dose: step.dose.unwrap_or_default().edit()?,
                side: given::some_word("side", step.side.as_deref())?,
                tool: step.tool,
                note: step.note,
                optional: step.optional,
            };
            let asked = self::overrides(overrides);
            let (view, step_id) = engine.add_step(&routine, &step, &place.step(), &asked)?;
            Ok(StepAdded { view: carried(&view)?, step_id })
        })
        .await
    }

    /// Changes a step.
    pub async fn set_step(
        &self,
        routine: String,
        step: String,
        edit: StepEdit,
        overrides: Vec<RuleOverride>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            let edit = EngineEdit {
                exercise: edit.exercise,
                dose: edit.dose.unwrap_or_default().edit()?,
                side: given::some_word("side", edit.side.as_deref())?,
                tool: emptied(edit.tool),
                note: emptied(edit.note),
                optional: edit.optional,
                included: edit.included,
            };
            carried(&engine.set_step(&routine, &step, &edit, &self::overrides(overrides))?)
        })
        .await
    }

    /// Moves a step.
    pub async fn move_step(
        &self,
        routine: String,
        step: String,
        place: Place,
        overrides: Vec<RuleOverride>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine: &Engine| {
            let asked = self::overrides(overrides);
            carried(&engine.move_step(&routine, &step, &place.step(), &asked)?)
        })
        .await
    }

    /// Takes a step out.
    pub async fn remove_step(
        &self,
        routine: String,
        step: String,
        overrides: Vec<RuleOverride>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            carried(&engine.remove_step(&routine, &step, &self::overrides(overrides))?)
        })
        .await
    }

    /// Adds a block of exercises. `order` is `side_major` or `step_major`.
    pub async fn add_block(
        &self,
        routine: String,
        exercises: Vec<String>,
        order: String,
        place: Place,
        overrides: Vec<RuleOverride>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            let (order, asked) = (given::word("order", &order)?, self::overrides(overrides));
            carried(&engine.add_block(&routine, &exercises, order, &place.block(), &asked)?)
        })
        .await
    }

    /// Moves a block.
    pub async fn move_block(
        &self,
        routine: String,
        block: String,
        place: Place,
        overrides: Vec<RuleOverride>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            let asked = self::overrides(overrides);
            carried(&engine.move_block(&routine, &block, &place.block(), &asked)?)
        })
        .await
    }

    /// Takes a block out.
    pub async fn remove_block(
        &self,
        routine: String,
        block: String,
        overrides: Vec<RuleOverride>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            carried(&engine.remove_block(&routine, &block, &self::overrides(overrides))?)
        })
        .await
    }

    /// Writes a note on a block, or takes it away.
    pub async fn note_block(
        &self,
        routine: String,
        block: String,
        note: Option<String>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| carried(&engine.note_block(&routine, &block, note.as_deref())?))
            .await
    }

    /// Chooses one of several alternatives.
    pub async fn choose_block(
        &self,
        routine: String,
        block: String,
        overrides: Vec<RuleOverride>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            carried(&engine.choose_block(&routine, &block, &self::overrides(overrides))?)
        })
        .await
    }

    /// Says in which order the sides and steps of a block are done.
    pub async fn order_block(
        &self,
        routine: String,
        block: String,
        order: String,
        overrides: Vec<RuleOverride>,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            let (order, asked) = (given::word("order", &order)?, self::overrides(overrides));
            carried(&engine.order_block(&routine, &block, order, &asked)?)
        })
        .await
    }

    /// Takes responsibility for breaking a rule here.
    pub async fn override_rule(
        &self,
        routine: String,
        asked: RuleOverride,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| {
            let RuleOverride { rule, reason } = asked;
            carried(&engine.override_rule(&routine, &EngineOverride { rule, reason })?)
        })
        .await
    }

    /// Takes that back.
    pub async fn drop_override(
        &self,
        routine: String,
        rule: String,
    ) -> Result<RoutineView, Failure> {
        self.run(move |engine| carried(&engine.drop_override(&routine, &rule)?)).await
    }
}
