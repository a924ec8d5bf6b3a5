//! A routine made from a template of the sources.

use super::{Block, Position, Routine, RoutineRefusal, Step};
use crate::catalogue::{Catalogue, Template, TemplateBlock, TemplateStep};
use crate::ids::{BadId, BlockId, ConditionId, ExerciseId, RoutineId, StepId};
use crate::units::Moment;
use crate::vocabulary::{Laterality, Side, SideRule};
use crate::words::{Message, Words, refusals_in_words};

/// What can be decided when a template becomes a routine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FromTemplate {
    /// The name; the template's own, where none is given.
    pub name: Option<String>,
    /// The side of the one-sided exercises; where none is given, or [`Side::None`], it is asked.
    pub realign_side: Option<Side>,
    /// Alternatives to choose, by their condition (`tool-ball`); else the first of each is played.
    pub chosen: Vec<ConditionId>,
    /// Optional exercises to play.
    pub include: Vec<ExerciseId>,
    /// Who makes it, as the record names them.
    pub author: Option<String>,
    /// When it is made.
    pub created_at: Option<Moment>,
}

/// Why a template makes no routine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateRefusal {
    /// A principle.
    NoSteps(String),
    /// A choice the template does not offer.
    NoSuchAlternative {
        /// The template.
        template: String,
        /// What was asked.
        asked: ConditionId,
        /// What there is, joined by commas.
        offered: String,
    },
    /// An exercise the template does not have.
    NoSuchStep {
        /// The template.
        template: String,
        /// What was asked.
        asked: ExerciseId,
    },
    /// An id handed in is none.
    BadId(BadId),
    /// What came out is no routine (a name too long).
    Refused(RoutineRefusal),
}

refusals_in_words!(TemplateRefusal);

impl TemplateRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::NoSteps(_) => "routine.no_steps",
            Self::NoSuchAlternative { .. } => "routine.no_such_alternative",
            Self::NoSuchStep { .. } => "routine.no_such_template_step",
            Self::BadId(_) => "routine.bad_id",
            Self::Refused(refused) => refused.sentence(),
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::NoSteps(template) => message.with("template", template.as_str()),
            Self::NoSuchAlternative { template, asked, offered } => message
                .with("template", template.as_str())
                .with("asked", asked.as_str())
                .with("offered", offered.as_str()),
            Self::NoSuchStep { template, asked } => {
                message.with("template", template.as_str()).with("asked", asked.as_str())
            }
            Self::BadId(bad) => message.with("id", bad.text.as_str()),
            Self::Refused(refused) => refused.message(),
        }
    }
}

impl From<BadId> for TemplateRefusal {
    fn from(bad: BadId) -> Self {
        Self::BadId(bad)
    }
}

impl From<RoutineRefusal> for TemplateRefusal {
    fn from(refused: RoutineRefusal) -> Self {
        Self::Refused(refused)
    }
}

impl Routine {
    /// Makes a routine of a template. Doses are the template's where it states them, else the
    /// exercise's; what neither states stays unstated. `ids` gives fresh ids.
    ///
    /// # Errors
    /// [`TemplateRefusal`] for a principle without steps or a choice the template does not offer.
    pub fn from_template(
        template: &Template,
        catalogue: &Catalogue,
        options: &FromTemplate,
        ids: &mut dyn FnMut() -> String,
    ) -> Result<Self, TemplateRefusal> {
        check_choices(template, options)?;
        let name = options.name.clone().unwrap_or_else(|| template.name(Words::english()));
        let mut routine = Self::new(RoutineId::new(ids())?, name);
        routine.author.clone_from(&options.author);
        routine.created_at.clone_from(&options.created_at);
        routine.from_template = Some(template.id.clone());
        for block in &template.blocks {
            routine.blocks.push(block_of(block, catalogue, options, ids)?);
        }
        Ok(routine.checked(catalogue)?)
    }
}

fn check_choices(template: &Template, options: &FromTemplate) -> Result<(), TemplateRefusal> {
    let name = || template.id.to_string();
    if template.steps().next().is_none() {
        return Err(TemplateRefusal::NoSteps(name()));
    }
    let offered =
        || template.blocks.iter().filter(|b| b.alt.is_some()).filter_map(|b| b.condition.as_ref());
    if let Some(asked) = options.chosen.iter().find(|asked| offered().all(|o| o != *asked)) {
        let offered: Vec<&str> = offered().map(ConditionId::as_str).collect();
        let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
        let asked = asked.clone();
        return Err(TemplateRefusal::NoSuchAlternative { template: name(), asked, offered });
    }
    if let Some(asked) =
        options.include.iter().find(|asked| template.steps().all(|step| step.exercise != **asked))
    {
        return Err(TemplateRefusal::NoSuchStep { template: name(), asked: asked.clone() });
    }
    Ok(())
}

fn block_of(
    block: &TemplateBlock,
    catalogue: &Catalogue,
    options: &FromTemplate,
    ids: &mut dyn FnMut() -> String,
) -> Result<Block, TemplateRefusal> {
    let chosen = block.condition.as_ref().is_some_and(|c| options.chosen.contains(c));
    let id = BlockId::new(ids())?;
    let steps = block.steps.iter().map(|step| step_of(step, catalogue, options, ids));
    Ok(Block {
        id,
        position: Position::default(),
        order: block.order,
        alt: block.alt.clone(),
        chosen: chosen && block.alt.is_some(),
        condition: block.condition.clone(),
        note: None,
        steps: steps.collect::<Result<_, _>>()?,
        unknown: serde_json::Map::new(),
    })
}

fn step_of(
    step: &TemplateStep,
    catalogue: &Catalogue,
    options: &FromTemplate,
    ids: &mut dyn FnMut() -> String,
) -> Result<Step, TemplateRefusal> {
    let exercise = catalogue
        .exercise(&step.exercise)
        .ok_or_else(|| RoutineRefusal::UnknownExercise(step.exercise.clone()))?;
    let side = match (exercise.laterality, options.realign_side) {
        (Laterality::OneSideOnly, Some(Side::Left)) => SideRule::Left,
        (Laterality::OneSideOnly, Some(Side::Right)) => SideRule::Right,
        (Laterality::OneSideOnly, Some(Side::None)) => SideRule::Ask,
        _ => step.sides,
    };
    let included = (step.optional && options.include.contains(&step.exercise)).then_some(true);
    Ok(Step {
        id: StepId::new(ids())?,
        position: Position::default(),
        exercise: step.exercise.clone(),
        side,
        dose: step.dose_for(exercise),
        tool: None,
        note: None,
        optional: step.optional,
        included,
        condition: step.condition.clone(),
        unknown: serde_json::Map::new(),
    })
}
