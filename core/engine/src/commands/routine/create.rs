//! Routines that come and go: made of a template or empty; removed and brought back.

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::{ConditionId, RoutineId};
use holdfast_domain::routine::{FromTemplate, Routine};
use holdfast_domain::vocabulary::{Side, SideRule};

use super::refusal::bad_id;
use super::{RoutineView, RuleOverride, TemplateOptions, admit, find};
use crate::documents::plan::PlanReading;
use crate::error::{Error, HoldfastError, Result};
use crate::plans::PlanEdit;
use crate::{Engine, Inner};
use holdfast_domain::words::{Arg, Message, Named};

impl Engine {
    /// Makes a routine of a template of the catalogue, named by its id or the beginning of it.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], [`HoldfastError::BadInput`] for a name in use or a choice that
    /// is not offered, [`HoldfastError::Broken`].
    pub fn add_template(
        &self,
        template: &str,
        options: &TemplateOptions,
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            let template = find::template(template)?;
            let from = from_template(inner, options)?;
            let mut ids = || inner.fresh_id();
            let routine = Routine::from_template(template, Catalogue::built_in(), &from, &mut ids)?;
            inner.edit_plan("add a routine", |plan| inner.add(plan, routine, &options.overrides))
        })
    }

    /// Makes an empty routine.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for a name that is none, or is in use.
    pub fn new_routine(&self, name: &str) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            let id = RoutineId::new(inner.fresh_id()).map_err(|bad| bad_id("routine", &bad))?;
            let mut routine = Routine::new(id, name.trim());
            routine.author = Some(inner.who.account.to_hex());
            routine.created_at = Some(inner.now());
            let routine = routine.checked(Catalogue::built_in())?;
            inner.edit_plan("make a routine", |plan| inner.add(plan, routine, &[]))
        })
    }

    /// Removes a routine. What was played of it stays in the history, what it asked for until today
    /// stays asked for, and [`Self::restore_routine`] brings it back.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn remove_routine(&self, key: &str) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.edit_plan("remove a routine", |plan| {
                let routine = find::routine(plan.reading(), key)?.clone();
                if routine.schedule().is_some() {
                    // What it asked for until today stays asked for.
                    let today = inner.today(plan.conn())?;
                    plan.write(Some(&routine), &routine.scheduled(None, today)?)?;
                }
                plan.remove(&routine.id, routine.schedule())?;
                inner.view_of(plan, &routine)
            })
        })
    }

    /// Brings a removed routine back, by its full id, with the schedule it had, from today on. The days
    /// between asked for nothing.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`] where none with this id was removed.
    pub fn restore_routine(&self, id: &str) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.edit_plan("restore a routine", |plan| {
                let removed = plan.reading().removed.iter().find(|one| one.as_str() == id);
                let not_found = || Error::NotFound { what: "removed routine", id: id.to_owned() };
                let id = removed.cloned().ok_or_else(not_found)?;
                let had = plan.reading().ended_with.get(&id).cloned();
                plan.restore(&id)?;
                let mut routine =
                    plan.reading().routines.get(&id).cloned().ok_or_else(not_found)?;
                if had.is_some() && routine.schedule().is_none() {
                    let today = inner.today(plan.conn())?;
                    let scheduled = routine.scheduled(had, today)?;
                    plan.write(Some(&routine), &scheduled)?;
                    routine = scheduled;
                }
                inner.view_of(plan, &routine)
            })
        })
    }
}

impl Inner {
    /// Writes a routine that is not here yet.
    fn add(
        &self,
        plan: &mut PlanEdit<'_, '_>,
        routine: Routine,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView> {
        name_is_free(plan.reading(), &routine)?;
        let catalogue = plan.reading().catalogue();
        let (routine, _) = self.with_overrides(None, routine, overrides, &catalogue)?;
        admit(None, &routine, &catalogue)?;
        plan.write(None, &routine)?;
        self.view_of(plan, &routine)
    }
}

/// Two routines of one name could not be told apart by it.
pub(crate) fn name_is_free(plan: &PlanReading, routine: &Routine) -> Result<()> {
    let name = routine.name.trim().to_lowercase();
    let taken =
        |other: &&Routine| other.id != routine.id && other.name.trim().to_lowercase() == name;
    match plan.routines.values().find(taken) {
        None => Ok(()),
        Some(other) => Err(Error::BadInput {
            field: "name",
            code: "name_in_use",
            message: Message::new("input.name_in_use").with("name", other.name.as_str()),
        }),
    }
}

pub(crate) fn from_template(inner: &Inner, options: &TemplateOptions) -> Result<FromTemplate> {
    let realign_side = options.realign_side.map(|side| match side {
        SideRule::Left => Ok(Side::Left),
        SideRule::Right => Ok(Side::Right),
        SideRule::Ask => Ok(Side::None),
        other => {
            let message = Message::new("input.realign_side");
            Err(Error::bad("realign-side", message.with("given", Arg::code(other.name_code()))))
        }
    });
    let chosen = options.choose.iter().map(|condition| {
        ConditionId::new(condition.as_str()).map_err(|bad| bad_id("choose", &bad))
    });
    let known = Catalogue::built_in();
    let include = options.include.iter().map(|key| Ok(find::exercise(known, key)?.id.clone()));
    Ok(FromTemplate {
        name: options.name.as_ref().map(|name| name.trim().to_owned()),
        realign_side: realign_side.transpose()?,
        chosen: chosen.collect::<Result<_>>()?,
        include: include.collect::<Result<_>>()?,
        author: Some(inner.who.account.to_hex()),
        created_at: Some(inner.now()),
    })
}
