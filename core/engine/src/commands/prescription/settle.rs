//! What the owner makes of a proposal: it becomes the routine, or the own one is kept. Decided once.

use holdfast_domain::prescription::{PrescriptionRefusal, Settled, Standing};
use holdfast_domain::words::Message;

use super::{Accepted, Known, PrescriptionView, catalogue_with};
use crate::commands::routine::{self, RuleOverride, file};
use crate::error::{Error, HoldfastError, Result};
use crate::plans::PlanEdit;
use crate::{Engine, Inner};

/// How a proposal is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AcceptOptions {
    /// Another name for the routine than the proposed one, as where that is in use.
    pub name: Option<String>,
    /// Hard rules that the proposal breaks and the owner takes on themselves.
    pub overrides: Vec<RuleOverride>,
}

impl Engine {
    /// Makes a proposal the routine, from today on: its schedule counts from today, what earlier days asked for
    /// stays. By its id, the beginning of it, or the name of its routine.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Forbidden`] where it was decided before, a later version took
    /// its place, or this account does not own the chart; [`HoldfastError::BadInput`] where its name is in use or
    /// it makes no sense; [`HoldfastError::Broken`] where it breaks a hard rule. Nothing is written then.
    pub fn accept_prescription(
        &self,
        id: &str,
        options: &AcceptOptions,
    ) -> Result<Accepted, HoldfastError> {
        self.guarded(|inner| {
            let done =
                inner.edit_plan("accept a prescription", |plan| inner.accept(plan, id, options))?;
            // Who prescribed is shown with the routine, also once they belong to the chart no more.
            inner.keep_name(done.prescription.by.as_deref().unwrap_or_default())?;
            Ok(done)
        })
    }

    /// Keeps the own routine as it is, and says so.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Forbidden`] where it was decided before, a later version took
    /// its place, or this account does not own the chart.
    pub fn keep_own(&self, id: &str) -> Result<PrescriptionView, HoldfastError> {
        self.guarded(|inner| {
            inner.edit_plan("keep the own routine", |plan| {
                let known = inner.prescription_named(plan.conn(), plan.reading(), id)?;
                match &known.standing {
                    Standing::Open { .. } => {}
                    Standing::Settled(_) => return Err(PrescriptionRefusal::SettledBefore.into()),
                    Standing::Superseded { by } => {
                        return Err(PrescriptionRefusal::Superseded { by: by.clone() }.into());
                    }
                }
                let on = inner.today(plan.conn())?;
                plan.settle_prescription(&known.prescription.id, Settled::Kept { on })?;
                inner.settled_view(plan, &known)
            })
        })
    }
}

impl Inner {
    fn accept(
        &self,
        plan: &mut PlanEdit<'_, '_>,
        id: &str,
        options: &AcceptOptions,
    ) -> Result<Accepted> {
        let mut known = self.prescription_named(plan.conn(), plan.reading(), id)?;
        if let Some(name) = &options.name {
            known.prescription.routine.name = name.trim().to_owned();
        }
        let prescription = &known.prescription;
        let about = &prescription.routine.id;
        let on = self.today(plan.conn())?;
        let new =
            file::own_to_write(plan.reading(), &prescription.routine, &prescription.exercises)?;
        let catalogue = catalogue_with(plan.reading(), prescription);
        let current = plan.reading().routines.get(about).cloned();
        // One that was removed comes back with the days that it was asked for on.
        let base = current.clone().or_else(|| plan.reading().ended.get(about).cloned());
        let accepted = prescription.accept(&known.standing, base.as_ref(), on, &catalogue)?;
        routine::name_is_free(plan.reading(), &accepted)?;
        let without = accepted.schedule();
        let without = without.and_then(|one| plan.reading().slot_times.without_time(one));
        if let Some(slot) = without {
            let message = Message::new("schedule.slot_without_time");
            return Err(Error::bad_value("slots", message.with("slot", slot.as_str())));
        }
        let (accepted, _) =
            self.with_overrides(current.as_ref(), accepted, &options.overrides, &catalogue)?;
        routine::admit(current.as_ref(), &accepted, &catalogue)?;
        for (old, own) in &new {
            plan.write_own(old.as_ref(), own, &std::collections::BTreeSet::new())?;
        }
        let mut before = current;
        if plan.reading().removed.contains(about) {
            plan.restore(about)?;
            before = plan.reading().routines.get(about).cloned();
        }
        plan.write(before.as_ref(), &accepted)?;
        routine::settle_all(plan, &accepted)?;
        plan.settle_prescription(&prescription.id, Settled::Accepted { on })?;
        let prescription = self.settled_view(plan, &known)?;
        Ok(Accepted { prescription, view: self.view_of(plan, &accepted)? })
    }

    /// A prescription as it stands after it was settled in this transaction.
    fn settled_view(&self, plan: &PlanEdit<'_, '_>, known: &Known) -> Result<PrescriptionView> {
        let id = known.prescription.id.as_str();
        let known = self.prescription_named(plan.conn(), plan.reading(), id)?;
        let statuses = self.prescription_statuses(plan.conn())?;
        self.prescription_view(plan.conn(), &known, &statuses)
    }
}
