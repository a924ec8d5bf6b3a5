//! A chart's plan: read once for as long as nobody writes it, and written as one transaction
//! with its outbox rows and its list of routines. What routines mean is the domain's business.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_domain::catalogue::own::OWN_PREFIX;
use holdfast_domain::catalogue::{Catalogue, OwnExercise};
use holdfast_domain::habit::HabitPlan;
use holdfast_domain::ids::{HabitId, PrescriptionId, RoutineId};
use holdfast_domain::prescription::Settled;
use holdfast_domain::routine::{Routine, Schedule};
use holdfast_domain::schedule::{Pauses, SlotTimes};
use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{Class, SpaceId};
use rusqlite::Connection;

use crate::commands::journal::Journal;
use crate::documents::document::{WriteError, Written};
use crate::documents::name::DocName;
use crate::documents::plan::{Conflict, ConflictValue, Plan, PlanReading};
use crate::error::Result;
use crate::open_documents::Taken;
use crate::store::Tx;
use crate::store::docs::{self, DocRow};
use crate::{Inner, projection};

/// What the plans of the charts looked at said when they were read last.
#[derive(Default)]
pub(crate) struct Plans(Mutex<BTreeMap<SpaceId, Kept>>);

struct Kept {
    row: DocRow,
    reading: Arc<PlanReading>,
}

/// Plans kept at once.
const MOST: usize = 8;

/// The name of a chart's plan.
pub(crate) fn plan_doc() -> DocId {
    DocName::Plan.to_id().expect("the name of the plan is short")
}

impl Plans {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<SpaceId, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets it.
    pub(crate) fn clear(&self) {
        self.kept().clear();
    }

    fn put(&self, space: SpaceId, plan: Kept) {
        let mut kept = self.kept();
        // A therapist's command goes through many charts: the one asked for least is not known, so all go.
        if kept.len() >= MOST && !kept.contains_key(&space) {
            kept.clear();
        }
        kept.insert(space, plan);
    }

    fn find(&self, space: SpaceId, row: DocRow) -> Option<Arc<PlanReading>> {
        let kept = self.kept();
        let current = kept.get(&space).filter(|kept| kept.row == row);
        current.map(|kept| Arc::clone(&kept.reading))
    }
}

impl Inner {
    /// What stands in the chart's plan: routines, and what is unsettled between devices.
    ///
    /// # Errors
    /// When the stored bytes are damaged.
    pub(crate) fn plan(&self, conn: &Connection) -> Result<Arc<PlanReading>> {
        let (space, doc) = (self.who.chart, plan_doc());
        if !self.may_read(conn, Class::Plan)? {
            return Ok(Arc::default());
        }
        let Some(row) = docs::row(conn, space, &doc)? else { return Ok(Arc::default()) };
        if let Some(reading) = self.plans.find(space, row) {
            return Ok(reading);
        }
        let Taken { document, scattered } =
            self.documents.take(conn, space, &doc, self.who.actor)?;
        let plan = Plan::from(document);
        let reading = Arc::new(plan.read());
        // Whoever writes it next is to see that it is in many parts, and fold them.
        if !scattered {
            self.documents.keep(space, doc, row, plan.into());
        }
        self.plans.put(space, Kept { row, reading: Arc::clone(&reading) });
        Ok(reading)
    }

    /// The exercises of the own chart: what the sources say, and its own.
    ///
    /// # Errors
    /// When the stored bytes are damaged.
    pub(crate) fn catalogue(&self, conn: &Connection) -> Result<Cow<'static, Catalogue>> {
        Ok(self.plan(conn)?.catalogue())
    }

    /// The same where only these exercises matter: the plan is opened only if one is the chart's own.
    ///
    /// # Errors
    /// When the stored bytes are damaged.
    pub(crate) fn catalogue_for<'a>(
        &self,
        conn: &Connection,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Cow<'static, Catalogue>> {
        if ids.into_iter().any(|id| id.starts_with(OWN_PREFIX)) {
            return self.catalogue(conn);
        }
        Ok(Cow::Borrowed(Catalogue::built_in()))
    }

    /// Runs one edit of the chart's plan as one transaction. `command` is what another process
    /// is told while it waits.
    ///
    /// # Errors
    /// What `work` says, or why nothing could be written; nothing is then.
    pub(crate) fn edit_plan<T>(
        &self,
        command: &'static str,
        work: impl FnOnce(&mut PlanEdit<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        self.command_on(Some(Class::Plan), command, |tx, journal| {
            let reading = self.plan(tx.reader())?;
            let mut edit = PlanEdit { inner: self, tx, journal, reading, wrote: false };
            let value = work(&mut edit)?;
            if edit.wrote {
                projection::refresh_plan(tx, self.who.chart, &plan_doc(), &edit.reading)?;
            }
            Ok(value)
        })
    }
}

/// The chart's plan, being edited in a transaction.
pub(crate) struct PlanEdit<'a, 'j> {
    inner: &'a Inner,
    tx: &'a Tx<'a>,
    journal: &'a mut Journal<'j>,
    reading: Arc<PlanReading>,
    wrote: bool,
}

impl PlanEdit<'_, '_> {
    /// The plan as it stands, what was written here included.
    pub(crate) fn reading(&self) -> &PlanReading {
        &self.reading
    }

    /// What the transaction sees.
    pub(crate) const fn conn(&self) -> &Connection {
        self.tx.reader()
    }

    /// Writes what an edit changed. `old` is the routine as it was read, nothing for a new one.
    pub(crate) fn write(&mut self, old: Option<&Routine>, new: &Routine) -> Result<()> {
        self.change(|plan| plan.write(old, new))
    }

    /// Writes what an edit changed of an own exercise, and settles the fields that were said.
    pub(crate) fn write_own(
        &mut self,
        old: Option<&OwnExercise>,
        new: &OwnExercise,
        said: &BTreeSet<&str>,
    ) -> Result<()> {
        self.change(|plan| plan.write_own(old, new, said))
    }

    /// Removes a routine and keeps the schedule it had. What was played of it stays in the history.
    pub(crate) fn remove(&mut self, routine: &RoutineId, had: Option<&Schedule>) -> Result<()> {
        self.change(|plan| plan.remove(routine, had))
    }

    /// Brings a removed routine back.
    pub(crate) fn restore(&mut self, routine: &RoutineId) -> Result<()> {
        self.change(|plan| Ok(plan.restore(routine)?.into_iter().collect()))
    }

    /// Writes other pauses.
    pub(crate) fn write_pauses(&mut self, after: &Pauses) -> Result<()> {
        let before = self.reading.pauses.clone();
        self.change(|plan| plan.write_pauses(&before, after))
    }

    /// Writes other times of slots.
    pub(crate) fn write_slot_times(&mut self, after: &SlotTimes) -> Result<()> {
        let before = self.reading.slot_times.clone();
        self.change(|plan| plan.write_slot_times(&before, after))
    }

    /// Settles what two devices wrote at once on one of its values.
    pub(crate) fn settle(&mut self, conflict: &Conflict, value: &ConflictValue) -> Result<()> {
        self.change(|plan| Ok(plan.settle(conflict, value)?.into_iter().collect()))
    }

    /// Notes what became of a prescription.
    pub(crate) fn settle_prescription(
        &mut self,
        id: &PrescriptionId,
        settled: Settled,
    ) -> Result<()> {
        self.change(|plan| Ok(plan.write_settled(id, settled)?.into_iter().collect()))
    }

    /// Plans a habit, or ends its plan.
    pub(crate) fn plan_habit(&mut self, habit: &HabitId, plan: Option<&HabitPlan>) -> Result<()> {
        self.change(|document| Ok(document.write_habit(habit, plan)?.into_iter().collect()))
    }

    fn change(
        &mut self,
        change: impl FnOnce(&mut Plan) -> Result<Vec<Written>, WriteError>,
    ) -> Result<()> {
        let space = self.inner.who.chart;
        let (reading, outbox) =
            self.journal.change(self.tx, space, Class::Plan, plan_doc(), |document| {
                let mut plan = Plan::from(document);
                let written = change(&mut plan)?;
                let reading = plan.read();
                Ok((plan.into(), written, reading))
            })?;
        if outbox.is_some() {
            self.reading = Arc::new(reading);
            self.wrote = true;
        }
        Ok(())
    }
}
