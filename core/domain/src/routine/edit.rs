//! Edits of a routine. Each gives a new routine, one version up, or says why not; what the rules
//! think of it is asked separately, so that the same edit can be shown, refused or overridden.

use super::read::{MAX_STEPS, check_name, check_override};
use super::{Override, Position, Routine, RoutineRefusal, Schedule, Step};
use crate::catalogue::{Catalogue, Exercise};
use crate::dose::Dose;
use crate::ids::{BadId, BlockId, ConditionId, ExerciseId, RuleId, StepId, ToolId};
use crate::units::LocalDay;
use crate::vocabulary::{BlockOrder, Laterality, Mode, SideRule};
use crate::words::{Message, refusals_in_words};

/// A step to add. What is left out is the exercise's own.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStep {
    /// The exercise.
    pub exercise: ExerciseId,
    /// The dose.
    pub dose: Option<Dose>,
    /// The sides.
    pub side: Option<SideRule>,
    /// The tool.
    pub tool: Option<ToolId>,
    /// A note.
    pub note: Option<String>,
    /// Whether it may be left out.
    pub optional: bool,
    /// When it is to be done.
    pub condition: Option<ConditionId>,
}

impl NewStep {
    /// The exercise as the catalogue gives it.
    #[must_use]
    pub const fn of(exercise: ExerciseId) -> Self {
        let (dose, side, tool, note, condition) = (None, None, None, None, None);
        Self { exercise, dose, side, tool, note, optional: false, condition }
    }

    /// As a step of this id.
    pub(super) fn made(self, id: StepId, catalogue: &Catalogue) -> Result<Step, EditRefusal> {
        let exercise = find(catalogue, &self.exercise)?;
        let step = Step {
            id,
            position: Position::default(),
            side: self.side.unwrap_or_else(|| own_side(exercise)),
            dose: self.dose.unwrap_or_else(|| exercise.dose.clone()),
            exercise: self.exercise,
            tool: self.tool,
            note: self.note,
            optional: self.optional,
            included: None,
            condition: self.condition,
            unknown: serde_json::Map::new(),
        };
        step.check(catalogue)?;
        Ok(step)
    }
}

/// What to change of a step. What is absent stays; `Some(None)` empties.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepChange {
    /// Another exercise, as when a slot is filled. Dose and side become that exercise's own,
    /// unless given here too.
    pub exercise: Option<ExerciseId>,
    /// The dose, as a whole.
    pub dose: Option<Dose>,
    /// The sides.
    pub side: Option<SideRule>,
    /// The tool.
    pub tool: Option<Option<ToolId>>,
    /// The note.
    pub note: Option<Option<String>>,
    /// Whether it may be left out.
    pub optional: Option<bool>,
    /// Whether it is played.
    pub included: Option<bool>,
}

/// Where a step goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// Before everything.
    Start,
    /// Right after a step.
    After(StepId),
    /// After everything.
    #[default]
    End,
}

/// Why an edit is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditRefusal {
    /// No such step.
    NoSuchStep(StepId),
    /// No such block.
    NoSuchBlock(BlockId),
    /// A step or block after itself.
    AfterItself,
    /// A block without steps.
    EmptyBlock,
    /// A block that stands alone.
    NoAlternatives(BlockId),
    /// An override that is not there.
    NotOverridden(RuleId),
    /// What would come out is no routine.
    Refused(RoutineRefusal),
    /// An id handed in is none.
    BadId(BadId),
}

refusals_in_words!(EditRefusal);

impl EditRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::NoSuchStep(_) => "routine.no_such_step",
            Self::NoSuchBlock(_) => "routine.no_such_block",
            Self::AfterItself => "routine.after_itself",
            Self::EmptyBlock => "routine.empty_block",
            Self::NoAlternatives(_) => "routine.no_alternatives",
            Self::NotOverridden(_) => "routine.not_overridden",
            Self::Refused(refused) => refused.sentence(),
            Self::BadId(_) => "routine.bad_id",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::NoSuchStep(step) => message.with("step", step.as_str()),
            Self::NoSuchBlock(block) | Self::NoAlternatives(block) => {
                message.with("block", block.as_str())
            }
            Self::AfterItself | Self::EmptyBlock => message,
            Self::NotOverridden(rule) => message.with("rule", rule.as_str()),
            Self::Refused(refused) => refused.message(),
            Self::BadId(bad) => message.with("id", bad.text.as_str()),
        }
    }
}

impl From<RoutineRefusal> for EditRefusal {
    fn from(refused: RoutineRefusal) -> Self {
        Self::Refused(refused)
    }
}

impl From<BadId> for EditRefusal {
    fn from(bad: BadId) -> Self {
        Self::BadId(bad)
    }
}

/// Gives fresh ids.
pub type Ids<'a> = &'a mut dyn FnMut() -> String;

impl Routine {
    /// The same with another name.
    ///
    /// # Errors
    /// A name that is none.
    pub fn renamed(&self, name: &str) -> Result<Self, EditRefusal> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), ..self.clone() }.edited())
    }

    /// The same with another schedule, or none, from a day on.
    ///
    /// # Errors
    /// A schedule that makes no sense.
    pub fn scheduled(
        &self,
        schedule: Option<Schedule>,
        since: LocalDay,
    ) -> Result<Self, EditRefusal> {
        let timetable = self.timetable.with(schedule, since).map_err(RoutineRefusal::from)?;
        Ok(Self { timetable, ..self.clone() }.edited())
    }

    /// The same with one more step, and that step's id.
    ///
    /// A step that must follow another on the same side (the iliacus after the psoas) and is put
    /// right behind it shares a side-major block with it.
    ///
    /// # Errors
    /// [`EditRefusal`] for an unknown exercise or step, a side that does not fit, a routine too long.
    pub fn with_step(
        &self,
        new: NewStep,
        place: &Place,
        catalogue: &Catalogue,
        ids: Ids<'_>,
    ) -> Result<(Self, StepId), EditRefusal> {
        let step = new.made(StepId::new(ids())?, catalogue)?;
        let id = step.id.clone();
        let count = self.steps().count() + 1;
        if count > MAX_STEPS {
            return Err(RoutineRefusal::TooManySteps(count).into());
        }
        if self.step(&id).is_some() {
            return Err(RoutineRefusal::IdTwice(id.to_string()).into());
        }
        let mut routine = self.clone().settled();
        routine.put(step, place, catalogue, ids)?;
        Ok((routine.edited(), id))
    }

    /// The same with a step changed.
    ///
    /// # Errors
    /// [`EditRefusal`] for an unknown step or exercise, a side that does not fit, a dose out of bounds.
    pub fn with_step_changed(
        &self,
        id: &StepId,
        change: StepChange,
        catalogue: &Catalogue,
    ) -> Result<Self, EditRefusal> {
        let mut routine = self.clone();
        let step = routine.step_mut(id)?;
        if let Some(exercise) = change.exercise {
            let entry = find(catalogue, &exercise)?;
            (step.dose, step.side, step.tool) = (entry.dose.clone(), own_side(entry), None);
            step.exercise = exercise;
        }
        step.dose = change.dose.unwrap_or_else(|| step.dose.clone());
        step.side = change.side.unwrap_or(step.side);
        step.tool = change.tool.unwrap_or_else(|| step.tool.clone());
        step.note = change.note.unwrap_or_else(|| step.note.clone());
        step.optional = change.optional.unwrap_or(step.optional);
        step.included = change.included.or(step.included);
        step.check(catalogue)?;
        Ok(routine.edited())
    }

    /// The same with a step elsewhere.
    ///
    /// # Errors
    /// [`EditRefusal`] for an unknown step, or a step after itself.
    pub fn with_step_moved(
        &self,
        id: &StepId,
        place: &Place,
        catalogue: &Catalogue,
        ids: Ids<'_>,
    ) -> Result<Self, EditRefusal> {
        match place {
            Place::After(after) if after == id => return Err(EditRefusal::AfterItself),
            Place::After(after) if self.step(after).is_none() => {
                return Err(EditRefusal::NoSuchStep(after.clone()));
            }
            _ => {}
        }
        let mut routine = self.clone().settled();
        let step = routine.take(id)?;
        routine.put(step, place, catalogue, ids)?;
        Ok(routine.settled().edited())
    }

    /// The same without a step.
    ///
    /// # Errors
    /// An unknown step.
    pub fn without_step(&self, id: &StepId) -> Result<Self, EditRefusal> {
        let mut routine = self.clone();
        routine.take(id)?;
        routine.overrides.retain(|decided| decided.step.as_ref() != Some(id));
        Ok(routine.settled().edited())
    }

    /// The same with another of several alternatives chosen.
    ///
    /// # Errors
    /// An unknown block, or one that stands alone.
    pub fn with_choice(&self, id: &BlockId) -> Result<Self, EditRefusal> {
        let no_such = || EditRefusal::NoSuchBlock(id.clone());
        let block = self.blocks.iter().find(|block| block.id == *id).ok_or_else(no_such)?;
        let Some(alt) = block.alt.clone() else {
            return Err(EditRefusal::NoAlternatives(id.clone()));
        };
        let mut routine = self.clone();
        for block in routine.blocks.iter_mut().filter(|block| block.alt.as_ref() == Some(&alt)) {
            block.chosen = block.id == *id;
        }
        Ok(routine.edited())
    }

    /// The same with a block in another order.
    ///
    /// # Errors
    /// An unknown block.
    pub fn with_order(&self, id: &BlockId, order: BlockOrder) -> Result<Self, EditRefusal> {
        let mut routine = self.clone();
        let block = routine.blocks.iter_mut().find(|block| block.id == *id);
        block.ok_or_else(|| EditRefusal::NoSuchBlock(id.clone()))?.order = order;
        Ok(routine.edited())
    }

    /// The same with a rule overridden. An earlier override of the same rule and step gives way.
    ///
    /// # Errors
    /// An unknown rule or step, or no reason.
    pub fn with_override(
        &self,
        decided: Override,
        catalogue: &Catalogue,
    ) -> Result<Self, EditRefusal> {
        check_override(&decided, catalogue)?;
        if let Some(step) = &decided.step
            && self.step(step).is_none()
        {
            return Err(EditRefusal::NoSuchStep(step.clone()));
        }
        let mut routine = self.clone();
        routine.overrides.retain(|old| (&old.rule, &old.step) != (&decided.rule, &decided.step));
        routine.overrides.push(decided);
        Ok(routine.edited())
    }

    /// The same with a rule no longer overridden anywhere.
    ///
    /// # Errors
    /// A rule that is not overridden.
    pub fn without_override(&self, rule: &RuleId) -> Result<Self, EditRefusal> {
        let mut routine = self.clone();
        routine.overrides.retain(|decided| decided.rule != *rule);
        if routine.overrides.len() == self.overrides.len() {
            return Err(EditRefusal::NotOverridden(rule.clone()));
        }
        Ok(routine.edited())
    }

    pub(super) fn edited(mut self) -> Self {
        self.version = self.version.saturating_add(1);
        self
    }

    fn step_mut(&mut self, id: &StepId) -> Result<&mut Step, EditRefusal> {
        let mut steps = self.blocks.iter_mut().flat_map(|block| &mut block.steps);
        steps.find(|step| step.id == *id).ok_or_else(|| EditRefusal::NoSuchStep(id.clone()))
    }

    pub(super) fn find(&self, id: &StepId) -> Result<(usize, usize), EditRefusal> {
        let place = self.blocks.iter().enumerate().find_map(|(b, block)| {
            block.steps.iter().position(|step| step.id == *id).map(|s| (b, s))
        });
        place.ok_or_else(|| EditRefusal::NoSuchStep(id.clone()))
    }

    fn take(&mut self, id: &StepId) -> Result<Step, EditRefusal> {
        let (b, s) = self.find(id)?;
        Ok(self.blocks[b].steps.remove(s))
    }
}

fn find<'a>(catalogue: &'a Catalogue, id: &ExerciseId) -> Result<&'a Exercise, RoutineRefusal> {
    catalogue.exercise(id).ok_or_else(|| RoutineRefusal::UnknownExercise(id.clone()))
}

/// The sides of an exercise when nobody says otherwise.
fn own_side(exercise: &Exercise) -> SideRule {
    match exercise.laterality {
        Laterality::PerSide => SideRule::Both,
        Laterality::Alternating => SideRule::Alternating,
        Laterality::OneSideOnly => SideRule::Ask,
        Laterality::AffectedSide if exercise.dose.mode != Mode::Tick => SideRule::Affected,
        Laterality::AffectedSide | Laterality::Bilateral | Laterality::Unstated => SideRule::NoSide,
    }
}
