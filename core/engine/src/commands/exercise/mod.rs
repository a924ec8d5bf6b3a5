//! Exercises of the person's own: added, changed, removed, listed beside the catalogue. What was done
//! of one is history; no edit here reaches it.

mod input;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;

use holdfast_domain::catalogue::own::{OWN_PREFIX, catalogue_entry_called};
use holdfast_domain::catalogue::{Catalogue, Exercise, OwnExercise, OwnRefusal};
use holdfast_domain::ids::ExerciseId;
use holdfast_domain::routine::Routine;
use holdfast_domain::words::Words;
use rusqlite::Connection;
use serde::Serialize;

pub use input::{OwnEdit, OwnRequest};

use crate::commands::routine::find::{self, Named, pick};
use crate::commands::routine::refusal::bad_id;
use crate::documents::plan::PlanReading;
use crate::error::{Error, HoldfastError, Result};
use crate::plans::PlanEdit;
use crate::views::StatusKind;
use crate::{Engine, Inner};

/// An own exercise with what is to be known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnView {
    /// The exercise.
    #[serde(flatten)]
    pub exercise: OwnExercise,
    /// The names of the routines that have it as a step.
    pub used_in: Vec<String>,
    /// What two devices wrote at once. Saying the field anew settles it.
    pub conflicts: Vec<OwnConflictView>,
    /// How far the plan has come.
    pub status: StatusKind,
}

/// Several values written at once at one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnConflictView {
    /// The field.
    pub field: String,
    /// The values; the last one stands until the field is said anew.
    pub values: Vec<serde_json::Value>,
}

impl Engine {
    /// Where exercises are looked up: the catalogue, and the own exercises of the chart.
    ///
    /// # Errors
    /// When the plan cannot be read.
    pub fn catalogue(&self) -> Result<Cow<'static, Catalogue>, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| inner.catalogue(conn)))
    }

    /// The exercise a key means, of the catalogue or of one's own: its id, the beginning of one, or
    /// the name of an own one.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for what is none, [`HoldfastError::NotFound`] for what could be
    /// several.
    pub fn exercise(&self, key: &str) -> Result<Exercise, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| inner.exercise_named(conn, key)))
    }

    /// The own exercises by name; removed ones too where they are asked for.
    ///
    /// # Errors
    /// When the plan cannot be read.
    pub fn own_exercises(&self, removed: bool) -> Result<Vec<OwnView>, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let plan = inner.plan(conn)?;
                let wanted = plan.own.values().filter(|own| removed || !own.removed);
                let mut all: Vec<OwnView> =
                    wanted.map(|own| inner.own_view(conn, &plan, own)).collect::<Result<_>>()?;
                all.sort_by_cached_key(|one| one.exercise.name.to_lowercase());
                Ok(all)
            })
        })
    }

    /// One own exercise, by its id, an unambiguous beginning of it, or its name.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] for an entry of the catalogue.
    pub fn own_exercise(&self, key: &str) -> Result<OwnView, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let plan = inner.plan(conn)?;
                inner.own_view(conn, &plan, own(&plan, key)?)
            })
        })
    }

    /// Adds an exercise of one's own.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] with the field at fault.
    pub fn add_exercise(&self, request: &OwnRequest) -> Result<OwnView, HoldfastError> {
        self.guarded(|inner| {
            let id = format!("{OWN_PREFIX}{}", inner.fresh_id());
            let id = ExerciseId::new(id).map_err(|bad| bad_id("id", &bad))?;
            let new = request.made(id)?.checked()?;
            inner.edit_plan("add an exercise", |plan| {
                name_is_free(plan.reading(), &new)?;
                plan.write_own(None, &new, &BTreeSet::new())?;
                inner.own_view_of(plan, &new)
            })
        })
    }

    /// Changes an exercise of one's own. What was done of it stays as it was recorded, and the steps
    /// of routines keep their doses.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] with the field at fault, also where a
    /// routine uses it in a way that would no longer make sense.
    pub fn edit_exercise(&self, key: &str, edit: &OwnEdit) -> Result<OwnView, HoldfastError> {
        self.guarded(|inner| {
            inner.edit_plan("edit an exercise", |plan| {
                let old = own(plan.reading(), key)?.clone();
                let (new, said) = edit.over(&old)?;
                let new = new.checked()?;
                name_is_free(plan.reading(), &new)?;
                still_fits(plan.reading(), &new)?;
                plan.write_own(Some(&old), &new, &said)?;
                inner.own_view_of(plan, &new)
            })
        })
    }

    /// Removes an exercise of one's own. What was done of it stays, under its name.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Forbidden`] while a routine uses it.
    pub fn remove_exercise(&self, key: &str) -> Result<OwnView, HoldfastError> {
        self.guarded(|inner| {
            inner.edit_plan("remove an exercise", |plan| {
                let old = own(plan.reading(), key)?.clone();
                let routines = used_in(plan.reading(), &old.id);
                if !routines.is_empty() {
                    let (name, routines) = (old.name, routines.join(", "));
                    return Err(OwnRefusal::InUse { name, routines }.into());
                }
                let new = OwnExercise { removed: true, ..old.clone() };
                plan.write_own(Some(&old), &new, &BTreeSet::new())?;
                inner.own_view_of(plan, &new)
            })
        })
    }

    /// Brings a removed one back, by its id.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`] where none with this id was removed; [`HoldfastError::BadInput`]
    /// where its name is in use by now.
    pub fn restore_exercise(&self, id: &str) -> Result<OwnView, HoldfastError> {
        self.guarded(|inner| {
            inner.edit_plan("restore an exercise", |plan| {
                let removed = |own: &&OwnExercise| own.removed && own.id.as_str() == id;
                let found = plan.reading().own.values().find(removed).cloned();
                let old = found.ok_or_else(|| OwnRefusal::Unknown(id.to_owned()))?;
                let new = OwnExercise { removed: false, ..old.clone() };
                name_is_free(plan.reading(), &new)?;
                plan.write_own(Some(&old), &new, &BTreeSet::new())?;
                inner.own_view_of(plan, &new)
            })
        })
    }
}

impl Inner {
    /// The exercise a key means. The plan is opened only where no id of the catalogue is that key.
    pub(crate) fn exercise_named(&self, conn: &Connection, key: &str) -> Result<Exercise> {
        let exact = ExerciseId::new(key).ok();
        if let Some(found) = exact.and_then(|id| Catalogue::built_in().exercise(&id)) {
            return Ok(found.clone());
        }
        let catalogue = self.catalogue(conn)?;
        find::exercise(&catalogue, key).cloned()
    }

    /// The name of an own exercise; nothing for one of the catalogue, which the words name.
    pub(crate) fn own_name(&self, conn: &Connection, id: &ExerciseId) -> Result<Option<String>> {
        let catalogue = self.catalogue_for(conn, [id.as_str()])?;
        let own = catalogue.exercise(id).filter(|exercise| exercise.is_own());
        Ok(own.map(|exercise| exercise.name(Words::english())))
    }

    fn own_view(
        &self,
        conn: &Connection,
        plan: &PlanReading,
        own: &OwnExercise,
    ) -> Result<OwnView> {
        let conflicts = plan.own_conflicts.iter().filter(|one| one.exercise == own.id);
        Ok(OwnView {
            exercise: own.clone(),
            used_in: used_in(plan, &own.id),
            conflicts: conflicts
                .map(|one| OwnConflictView { field: one.field.clone(), values: one.values.clone() })
                .collect(),
            status: self.plan_status(conn)?,
        })
    }

    fn own_view_of(&self, plan: &PlanEdit<'_, '_>, own: &OwnExercise) -> Result<OwnView> {
        let reading = plan.reading();
        self.own_view(plan.conn(), reading, reading.own.get(&own.id).unwrap_or(own))
    }
}

/// The own exercise a key means.
fn own<'a>(plan: &'a PlanReading, key: &str) -> Result<&'a OwnExercise> {
    let listed: Vec<Named<'_, &OwnExercise>> = plan
        .own
        .values()
        .filter(|own| !own.removed)
        .map(|own| Named { id: own.id.as_str(), name: &own.name, thing: own })
        .collect();
    pick("exercise of your own", key, &listed).map_err(|error| match error {
        Error::Unknown { .. } if catalogue_entry_called(key).is_some() => {
            OwnRefusal::NotOwn(key.to_owned()).into()
        }
        other => other,
    })
}

/// The names of the routines that have it as a step.
fn used_in(plan: &PlanReading, id: &ExerciseId) -> Vec<String> {
    let uses = |routine: &&Routine| routine.steps().any(|step| step.exercise == *id);
    plan.routines.values().filter(uses).map(|routine| routine.name.clone()).collect()
}

/// Two exercises of one name could not be told apart by it.
pub(crate) fn name_is_free(plan: &PlanReading, new: &OwnExercise) -> Result<()> {
    let own = plan.own.values().filter(|own| !own.removed && own.id != new.id);
    let taken = own.clone().find(|own| own.is_called(&new.name)).map(|own| own.id.to_string());
    let taken =
        taken.or_else(|| catalogue_entry_called(&new.name).map(|exercise| exercise.id.to_string()));
    match taken {
        None => Ok(()),
        Some(by) => Err(OwnRefusal::NameTaken { name: new.name.clone(), by }.into()),
    }
}

/// Whether every routine that uses it is still whole with it.
fn still_fits(plan: &PlanReading, new: &OwnExercise) -> Result<()> {
    let others = plan.own.values().filter(|own| own.id != new.id).cloned();
    let catalogue = Catalogue::built_in().with_own(others.chain([new.clone()]));
    let uses = |routine: &&Routine| routine.steps().any(|step| step.exercise == new.id);
    for routine in plan.routines.values().filter(uses) {
        if let Err(refused) = routine.clone().checked(&catalogue) {
            let (routine, why) = (routine.name.clone(), refused.to_string());
            return Err(OwnRefusal::NoLongerFits { routine, why }.into());
        }
    }
    Ok(())
}

impl From<OwnRefusal> for Error {
    fn from(refused: OwnRefusal) -> Self {
        let (code, field, message) = (refused.code(), refused.field(), refused.message());
        match refused {
            OwnRefusal::InUse { .. } => Self::Forbidden { code, message },
            OwnRefusal::Unknown(id) => {
                Self::Unknown { what: "removed exercise", id, near: Vec::new() }
            }
            _ => Self::BadInput { field, code, message },
        }
    }
}
