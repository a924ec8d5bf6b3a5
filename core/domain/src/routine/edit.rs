//! Edits of a routine. Each gives a new routine, one version up, or says why not; what the rules
//! think of it is asked separately, so that the same edit can be shown, refused or overridden.

use super::place::insert;
use super::read::{MAX_STEPS, check_name, check_override};
use super::{Block, Override, Position, Routine, RoutineRefusal, Schedule, Step};
use crate::catalogue::{Catalogue, Exercise, RuleKind};
use crate::dose::Dose;
use crate::ids::{BadId, BlockId, ConditionId, ExerciseId, RuleId, StepId, ToolId};
use crate::vocabulary::{BlockOrder, Laterality, Mode, SideRule};

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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditRefusal {
    /// No such step.
    #[error("the routine has no step \"{0}\"")]
    NoSuchStep(StepId),
    /// No such block.
    #[error("the routine has no block \"{0}\"")]
    NoSuchBlock(BlockId),
    /// A step after itself.
    #[error("a step cannot stand after itself")]
    AfterItself,
    /// A block that stands alone.
    #[error("block \"{0}\" has no alternatives to choose from")]
    NoAlternatives(BlockId),
    /// An override that is not there.
    #[error("rule \"{0}\" is not overridden here")]
    NotOverridden(RuleId),
    /// What would come out is no routine.
    #[error(transparent)]
    Refused(#[from] RoutineRefusal),
    /// An id handed in is none.
    #[error(transparent)]
    BadId(#[from] BadId),
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

    /// The same with another schedule, or none.
    ///
    /// # Errors
    /// A schedule that makes no sense.
    pub fn scheduled(&self, schedule: Option<Schedule>) -> Result<Self, EditRefusal> {
        let schedule = schedule.map(Schedule::checked).transpose().map_err(RoutineRefusal::from)?;
        Ok(Self { schedule, ..self.clone() }.edited())
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
        let exercise = find(catalogue, &new.exercise)?;
        let id = StepId::new(ids())?;
        let step = Step {
            id: id.clone(),
            position: Position::default(),
            exercise: new.exercise,
            side: new.side.unwrap_or_else(|| own_side(exercise)),
            dose: new.dose.unwrap_or_else(|| exercise.dose.clone()),
            tool: new.tool,
            note: new.note,
            optional: new.optional,
            included: None,
            condition: new.condition,
            unknown: serde_json::Map::new(),
        };
        step.check(catalogue)?;
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

    fn edited(mut self) -> Self {
        self.version = self.version.saturating_add(1);
        self
    }

    fn step_mut(&mut self, id: &StepId) -> Result<&mut Step, EditRefusal> {
        let mut steps = self.blocks.iter_mut().flat_map(|block| &mut block.steps);
        steps.find(|step| step.id == *id).ok_or_else(|| EditRefusal::NoSuchStep(id.clone()))
    }

    fn find(&self, id: &StepId) -> Result<(usize, usize), EditRefusal> {
        let place = self.blocks.iter().enumerate().find_map(|(b, block)| {
            block.steps.iter().position(|step| step.id == *id).map(|s| (b, s))
        });
        place.ok_or_else(|| EditRefusal::NoSuchStep(id.clone()))
    }

    fn take(&mut self, id: &StepId) -> Result<Step, EditRefusal> {
        let (b, s) = self.find(id)?;
        Ok(self.blocks[b].steps.remove(s))
    }

    /// Puts a step into a settled routine.
    fn put(
        &mut self,
        step: Step,
        place: &Place,
        catalogue: &Catalogue,
        ids: Ids<'_>,
    ) -> Result<(), EditRefusal> {
        let last = || self.blocks.iter().rev().find_map(|block| block.steps.last());
        let after = match place {
            Place::Start => None,
            Place::After(id) => Some(id.clone()),
            Place::End => last().map(|step| step.id.clone()),
        };
        let Some(after) = after else {
            return match self.blocks.first_mut().filter(|block| is_open(block)) {
                Some(block) => {
                    insert(&mut block.steps, 0, step);
                    Ok(())
                }
                None => self.put_alone(0, step, BlockOrder::StepMajor, ids),
            };
        };
        let (b, s) = self.find(&after)?;
        if follows_on_the_same_side(&self.blocks[b].steps[s], &step, catalogue) {
            return self.put_beside(b, s, step, ids);
        }
        let block = &self.blocks[b];
        let behind = s + 1 == block.steps.len();
        let joins = if *place == Place::End { is_open(block) } else { !behind || is_open(block) };
        if joins {
            insert(&mut self.blocks[b].steps, s + 1, step);
            Ok(())
        } else {
            self.put_alone(b + 1, step, BlockOrder::StepMajor, ids)
        }
    }

    /// Puts a step into a block of its own.
    fn put_alone(
        &mut self,
        index: usize,
        step: Step,
        order: BlockOrder,
        ids: Ids<'_>,
    ) -> Result<(), EditRefusal> {
        let mut steps = Vec::new();
        insert(&mut steps, 0, step);
        self.put_block(index, steps, order, ids)
    }

    fn put_block(
        &mut self,
        index: usize,
        steps: Vec<Step>,
        order: BlockOrder,
        ids: Ids<'_>,
    ) -> Result<(), EditRefusal> {
        let block = Block {
            id: BlockId::new(ids())?,
            position: Position::default(),
            order,
            alt: None,
            chosen: false,
            condition: None,
            note: None,
            steps,
            unknown: serde_json::Map::new(),
        };
        insert(&mut self.blocks, index, block);
        Ok(())
    }

    /// Puts a step right behind the one it follows on the same side, both in one side-major block.
    /// Other steps of a step-major block go to blocks of their own before and after, so that only
    /// the pair is done side by side. Alternatives stay whole.
    fn put_beside(
        &mut self,
        b: usize,
        s: usize,
        step: Step,
        ids: Ids<'_>,
    ) -> Result<(), EditRefusal> {
        let block = &mut self.blocks[b];
        let alone = block.steps.len() == 1 || block.alt.is_some();
        if alone || block.order == BlockOrder::SideMajor {
            block.order = BlockOrder::SideMajor;
            insert(&mut block.steps, s + 1, step);
            return Ok(());
        }
        let (order, later) = (block.order, block.steps.split_off(s + 1));
        let mut pair = block.steps.split_off(s);
        insert(&mut pair, 1, step);
        self.put_block(b + 1, pair, BlockOrder::SideMajor, ids)?;
        if !later.is_empty() {
            self.put_block(b + 2, later, order, ids)?;
        }
        self.blocks.retain(|block| !block.steps.is_empty());
        Ok(())
    }
}

/// Whether a step can be added to a block without changing what the block is.
fn is_open(block: &Block) -> bool {
    block.order == BlockOrder::StepMajor && block.alt.is_none() && block.condition.is_none()
}

fn follows_on_the_same_side(before: &Step, after: &Step, catalogue: &Catalogue) -> bool {
    let (Some(before), Some(after)) =
        (catalogue.exercise(&before.exercise), catalogue.exercise(&after.exercise))
    else {
        return false;
    };
    catalogue.rules().iter().filter(|rule| rule.kind == RuleKind::Requires && rule.same_side).any(
        |rule| {
            let picks = |selector: &Option<crate::catalogue::Selector>, exercise| {
                selector.as_ref().is_some_and(|selector| selector.matches(exercise))
            };
            picks(&rule.before, before) && picks(&rule.after, after)
        },
    )
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
