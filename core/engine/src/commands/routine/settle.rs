//! What two devices wrote at once: a person picks one of the values, or says the field anew.

use holdfast_domain::routine::Routine;

use super::{RoutineView, RuleOverride, Said, admit, find, views};
use crate::Engine;
use crate::documents::plan::{Conflict, ConflictValue, Part};
use crate::error::{Error, HoldfastError, Result};
use crate::plans::PlanEdit;

impl Engine {
    /// Settles a conflict that [`Engine::routine`] shows on one of its values: `value` counts from 0
    /// in the order shown.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`] where there is no such routine, conflict or value (any more);
    /// [`HoldfastError::Broken`] where the value would break a rule.
    pub fn settle_routine(
        &self,
        key: &str,
        conflict: &str,
        value: usize,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.edit_plan("settle a routine", |plan| {
                let before = find::routine(plan.reading(), key)?.clone();
                let (conflict, picked) = picked(plan, &before, conflict, value)?;
                plan.settle(&conflict, &picked)?;
                let Some(settled) = plan.reading().routines.get(&before.id).cloned() else {
                    return inner.view_of(plan, &before);
                };
                let catalogue = plan.reading().catalogue();
                let (after, overridden) =
                    inner.with_overrides(Some(&before), settled.clone(), overrides, &catalogue)?;
                admit(Some(&before), &after, &catalogue)?;
                if overridden {
                    plan.write(Some(&settled), &after)?;
                }
                inner.view_of(plan, &after)
            })
        })
    }
}

fn picked(
    plan: &PlanEdit<'_, '_>,
    routine: &Routine,
    conflict: &str,
    value: usize,
) -> Result<(Conflict, ConflictValue)> {
    let found = views::of_routine(plan.reading(), routine)
        .find(|one| one.key.to_string() == conflict)
        .ok_or_else(|| Error::NotFound { what: "conflict", id: conflict.to_owned() })?;
    let value = found.values.get(value).ok_or_else(|| Error::NotFound {
        what: "value of this conflict",
        id: format!("number {value}"),
    })?;
    Ok((found.clone(), value.clone()))
}

/// Settles everything of a routine on what stands: for whoever has just said the whole of it.
pub(crate) fn settle_all(plan: &mut PlanEdit<'_, '_>, routine: &Routine) -> Result<()> {
    let open: Vec<Conflict> = views::of_routine(plan.reading(), routine).cloned().collect();
    for conflict in &open {
        if let Some(stands) = conflict.values.iter().find(|value| value.stands) {
            plan.settle(conflict, stands)?;
        }
    }
    Ok(())
}

/// What a person gave a value for is settled, also where that value is the one that stands: then
/// the edit itself changed nothing.
pub(super) fn settle_what_was_said(
    plan: &mut PlanEdit<'_, '_>,
    routine: &Routine,
    said: &Said,
) -> Result<()> {
    let about = |conflict: &&Conflict| {
        let here = match (&conflict.key.part, &said.step) {
            (Part::Routine | Part::Schedule(_), None) => true,
            (Part::Step(step), Some(said)) => step == said,
            _ => false,
        };
        here && said.fields.contains(&conflict.key.field.as_str())
    };
    let open: Vec<Conflict> =
        views::of_routine(plan.reading(), routine).filter(about).cloned().collect();
    for conflict in &open {
        if let Some(stands) = conflict.values.iter().find(|value| value.stands) {
            plan.settle(conflict, stands)?;
        }
    }
    Ok(())
}
