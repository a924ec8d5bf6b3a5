//! Changes of a routine: its name and schedule, its steps, what of it is played, what it may break.

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::{StepId, ToolId};
use holdfast_domain::routine::{NewStep, Override, Place, Routine, Schedule, StepChange};
use holdfast_domain::rules::{self, Profile};
use holdfast_domain::vocabulary::BlockOrder;

use super::refusal::bad_id;
use super::{RoutineView, RuleOverride, Said, StepEdit, StepPlace, StepRequest, find};
use crate::error::{Error, HoldfastError, Result};
use crate::{Engine, Inner};
use holdfast_domain::words::Message;

impl Engine {
    /// Gives a routine another name.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] for a name that is none, or is in use.
    pub fn rename_routine(&self, key: &str, name: &str) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("rename a routine", key, &[], |routine, _| {
                Ok((routine.renamed(name.trim())?, Said::of_routine("name")))
            })
        })
    }

    /// Says when a routine is to be done from today on; nothing for no schedule. What earlier days
    /// asked for stays.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] for a schedule that makes no sense.
    pub fn schedule_routine(
        &self,
        key: &str,
        schedule: Option<Schedule>,
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.slots_have_times(schedule.as_ref())?;
            let today = inner.store.read(|conn| inner.today(conn))?;
            inner.change_routine("schedule a routine", key, &[], |routine, _| {
                Ok((routine.scheduled(schedule, today)?, Said::of_routine("schedule")))
            })
        })
    }

    /// Adds a step. A step that must follow another on the same side, put right behind it, shares a
    /// side-major block with it.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], [`HoldfastError::BadInput`], [`HoldfastError::Broken`].
    pub fn add_step(
        &self,
        key: &str,
        step: &StepRequest,
        place: &StepPlace,
        overrides: &[RuleOverride],
    ) -> Result<(RoutineView, String), HoldfastError> {
        self.guarded(|inner| {
            let mut added = None;
            let view =
                inner.change_routine("add a step", key, overrides, |routine, catalogue| {
                    let (routine, id) = with_added(inner, routine, catalogue, step, place)?;
                    added = Some(id.to_string());
                    Ok((routine, Said::default()))
                })?;
            Ok((view, added.unwrap_or_default()))
        })
    }

    /// Changes a step. A value that is given settles what two devices had written at once, even
    /// where it is the one that stands.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], [`HoldfastError::BadInput`], [`HoldfastError::Broken`].
    pub fn set_step(
        &self,
        key: &str,
        step: &str,
        edit: &StepEdit,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("change a step", key, overrides, |routine, catalogue| {
                let id = find::step(routine, step)?.clone();
                let change = change_of(routine, &id, edit, catalogue)?;
                let fields = said(&change);
                let changed = routine.with_step_changed(&id, change, catalogue)?;
                Ok((changed, Said { step: Some(id), fields }))
            })
        })
    }

    /// Moves a step.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], [`HoldfastError::BadInput`], [`HoldfastError::Broken`].
    pub fn move_step(
        &self,
        key: &str,
        step: &str,
        place: &StepPlace,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("move a step", key, overrides, |routine, catalogue| {
                let id = find::step(routine, step)?.clone();
                let place = placed(routine, place)?;
                let mut ids = || inner.fresh_id();
                let moved = routine.with_step_moved(&id, &place, catalogue, &mut ids)?;
                Ok((moved, Said { step: Some(id), fields: vec!["place"] }))
            })
        })
    }

    /// Removes a step.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Broken`] where a later step depends on it.
    pub fn remove_step(
        &self,
        key: &str,
        step: &str,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("remove a step", key, overrides, |routine, _| {
                let id = find::step(routine, step)?.clone();
                Ok((routine.without_step(&id)?, Said::default()))
            })
        })
    }

    /// Says whether an optional step is played, or any step left out.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Broken`] where a later step depends on it.
    pub fn include_step(
        &self,
        key: &str,
        step: &str,
        included: bool,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        let edit = StepEdit { included: Some(included), ..StepEdit::default() };
        self.set_step(key, step, &edit, overrides)
    }

    /// Chooses one of several alternative blocks, by its id or its condition (`tool-ball`).
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] where the block stands alone;
    /// [`HoldfastError::Broken`].
    pub fn choose_block(
        &self,
        key: &str,
        block: &str,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("choose an alternative", key, overrides, |routine, _| {
                let id = find::block(routine, block)?;
                Ok((routine.with_choice(id)?, Said::default()))
            })
        })
    }

    /// Does a block side by side, or step by step.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], [`HoldfastError::Broken`].
    pub fn order_block(
        &self,
        key: &str,
        block: &str,
        order: BlockOrder,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("order a block", key, overrides, |routine, _| {
                let id = find::block(routine, block)?;
                Ok((routine.with_order(id, order)?, Said::default()))
            })
        })
    }

    /// Takes on oneself that a routine breaks a rule as it stands: at every step where it does.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] without a reason, or where the rule
    /// is not broken or cannot be overridden.
    pub fn override_rule(
        &self,
        key: &str,
        asked: &RuleOverride,
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("override a rule", key, &[], |routine, catalogue| {
                let rule = find::rule(&asked.rule)?;
                let findings = rules::check(routine, catalogue, &Profile::default());
                let here: Vec<_> = findings
                    .into_iter()
                    .filter(|f| f.rule == rule && f.blocks() && f.overridable)
                    .collect();
                if here.is_empty() {
                    return Err(Error::BadInput {
                        field: "override",
                        code: "nothing_to_override",
                        message: Message::new("input.not_overridable")
                            .with("routine", routine.name.as_str())
                            .with("rule", rule.to_string()),
                    });
                }
                let mut after = routine.clone();
                for finding in here {
                    let decided = Override {
                        rule: rule.clone(),
                        step: finding.step,
                        reason: asked.reason.clone(),
                        author: Some(inner.who.account.to_hex()),
                    };
                    after = after.with_override(decided, catalogue)?;
                }
                Ok((after, Said::default()))
            })
        })
    }

    /// Lets a rule hold again that was overridden, at every step.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] where it is not overridden;
    /// [`HoldfastError::Broken`] while the routine breaks it: change the routine first.
    pub fn drop_override(&self, key: &str, rule: &str) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("drop an override", key, &[], |routine, _| {
                let rule = find::rule(rule)?;
                Ok((routine.without_override(&rule)?, Said::default()))
            })
        })
    }
}

/// A routine with one more step, and the step.
pub(crate) fn with_added(
    inner: &Inner,
    routine: &Routine,
    catalogue: &Catalogue,
    step: &StepRequest,
    place: &StepPlace,
) -> Result<(Routine, StepId)> {
    let exercise = find::exercise(catalogue, &step.exercise)?;
    let dose = (!step.dose.is_empty()).then(|| step.dose.over(&exercise.dose));
    let new = NewStep {
        dose,
        side: step.side,
        tool: step.tool.as_deref().map(tool).transpose()?,
        note: step.note.clone(),
        optional: step.optional,
        ..NewStep::of(exercise.id.clone())
    };
    let place = placed(routine, place)?;
    let mut ids = || inner.fresh_id();
    Ok(routine.with_step(new, &place, catalogue, &mut ids)?)
}

pub(crate) fn placed(routine: &Routine, place: &StepPlace) -> Result<Place> {
    Ok(match place {
        StepPlace::Start => Place::Start,
        StepPlace::After(key) => Place::After(find::step(routine, key)?.clone()),
        StepPlace::End => Place::End,
    })
}

fn tool(text: &str) -> Result<ToolId> {
    ToolId::new(text).map_err(|bad| bad_id("tool", &bad))
}

pub(crate) fn change_of(
    routine: &Routine,
    id: &StepId,
    edit: &StepEdit,
    catalogue: &Catalogue,
) -> Result<StepChange> {
    let named = edit.exercise.as_deref();
    let exercise = named.map(|key| find::exercise(catalogue, key)).transpose()?;
    let own = routine.step(id).map(|step| &step.dose);
    let base = exercise.map(|exercise| &exercise.dose).or(own);
    let dose = base.filter(|_| !edit.dose.is_empty()).map(|base| edit.dose.over(base));
    let tool = edit.tool.as_ref().map(|given| given.as_deref().map(tool).transpose());
    Ok(StepChange {
        exercise: exercise.map(|exercise| exercise.id.clone()),
        dose,
        side: edit.side,
        tool: tool.transpose()?,
        note: edit.note.as_ref().map(|note| note.clone().filter(|text| !text.is_empty())),
        optional: edit.optional,
        included: edit.included,
    })
}

/// The fields a change gives a value for.
fn said(change: &StepChange) -> Vec<&'static str> {
    [
        ("exercise", change.exercise.is_some()),
        ("dose", change.dose.is_some() || change.exercise.is_some()),
        ("side", change.side.is_some() || change.exercise.is_some()),
        ("tool", change.tool.is_some() || change.exercise.is_some()),
        ("note", change.note.is_some()),
        ("optional", change.optional.is_some()),
        ("included", change.included.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, given)| given.then_some(field))
    .collect()
}
