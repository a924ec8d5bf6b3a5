//! Routines of the own chart: listed, shown, made, changed, checked. Every change is judged by the
//! rules before it is written, and is one transaction.

mod blocks;
pub(crate) mod create;
pub(crate) mod edit;
pub(crate) mod file;
pub(crate) mod find;
mod input;
pub(crate) mod refusal;
mod settle;
mod views;

#[cfg(test)]
mod tests;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::routine::{Choices, Override, Routine};
use holdfast_domain::rules::{self, Finding, Profile};
use holdfast_domain::words::Message;
use rusqlite::Connection;

pub use file::RoutineImport;
pub use input::{
    BlockTo, DoseEdit, ImportOptions, RuleOverride, StepEdit, StepPlace, StepRequest,
    TemplateOptions, parse_range,
};
pub use views::{ConflictValueView, ConflictView, RoutineSummary, RoutineView};

use crate::documents::plan::PlanReading;
use crate::error::{Error, HoldfastError, Result, WayOn};
use crate::plans::{PlanEdit, plan_doc};
use crate::store::{docs, meta};
use crate::views::StatusKind;
use crate::{Engine, Inner};

pub(crate) use create::name_is_free;
pub(crate) use settle::settle_all;

impl Inner {
    /// A fresh id: 80 random bits as 16 small letters and digits.
    pub(crate) fn fresh_id(&self) -> String {
        let mut id = data_encoding::BASE32_NOPAD.encode(&self.random::<10>());
        id.make_ascii_lowercase();
        id
    }

    fn routine_view(
        &self,
        conn: &Connection,
        plan: &PlanReading,
        routine: &Routine,
    ) -> Result<RoutineView> {
        let author_name = self.author_name(conn, routine)?;
        let view = RoutineView::new(routine, plan, self.who.actor, self.plan_status(conn)?);
        Ok(RoutineView { author_name, ..view })
    }

    /// What this account calls who made a routine or prescribed it, where that is somebody else.
    fn author_name(&self, conn: &Connection, routine: &Routine) -> Result<Option<String>> {
        let me = self.who.account.to_hex();
        let author = routine.author.as_deref().filter(|author| *author != me);
        author.map_or(Ok(None), |author| self.called(conn, author))
    }

    /// How far the plan has come.
    pub(crate) fn plan_status(&self, conn: &Connection) -> Result<StatusKind> {
        let row = docs::row(conn, self.who.chart, &plan_doc())?;
        let sql = "SELECT 1 FROM outbox WHERE doc = ?1";
        let waits = match row {
            Some(row) => conn.prepare_cached(sql)?.exists([row.id])?,
            None => true,
        };
        Ok(match (waits, meta::get(conn, meta::RELAY)?) {
            (true, None) => StatusKind::Saved,
            (true, Some(_)) => StatusKind::Queued,
            (false, _) => StatusKind::Relayed,
        })
    }

    /// Changes one routine by a pure edit, if the rules allow what comes out.
    ///
    /// `said` names the fields that the person gave a value for: where two devices had written one
    /// at once, it is settled by that.
    fn change_routine(
        &self,
        command: &'static str,
        key: &str,
        overrides: &[RuleOverride],
        change: impl FnOnce(&Routine, &Catalogue) -> Result<(Routine, Said)>,
    ) -> Result<RoutineView> {
        self.edit_plan(command, |plan| {
            let catalogue = plan.reading().catalogue();
            let before = find::routine(plan.reading(), key)?.clone();
            let (after, said) = change(&before, &catalogue)?;
            if before.name != after.name {
                create::name_is_free(plan.reading(), &after)?;
            }
            let (after, overridden) =
                self.with_overrides(Some(&before), after, overrides, &catalogue)?;
            admit(Some(&before), &after, &catalogue)?;
            if overridden || !same(&before, &after) {
                plan.write(Some(&before), &after)?;
            }
            settle::settle_what_was_said(plan, &after, &said)?;
            self.view_of(plan, &after)
        })
    }

    pub(crate) fn view_of(
        &self,
        plan: &PlanEdit<'_, '_>,
        routine: &Routine,
    ) -> Result<RoutineView> {
        let reading = plan.reading();
        let stands = reading.routines.get(&routine.id).unwrap_or(routine);
        self.routine_view(plan.conn(), reading, stands)
    }

    /// The routine with what the change breaks overridden, as far as it was asked for. Says whether
    /// anything was.
    pub(crate) fn with_overrides(
        &self,
        before: Option<&Routine>,
        mut after: Routine,
        overrides: &[RuleOverride],
        catalogue: &Catalogue,
    ) -> Result<(Routine, bool)> {
        for asked in overrides {
            let rule = find::rule(&asked.rule)?;
            let broken = match rules::admit(before, &after, catalogue, &Profile::default()) {
                Ok(_) => Vec::new(),
                Err(broken) => broken.findings,
            };
            let here: Vec<&Finding> = broken.iter().filter(|f| f.rule == rule).collect();
            if here.is_empty() {
                return Err(Error::BadInput {
                    field: "override",
                    code: "nothing_to_override",
                    message: Message::new("input.breaks_no_rule").with("rule", rule.to_string()),
                });
            }
            for finding in here {
                let decided = Override {
                    rule: rule.clone(),
                    step: finding.step.clone(),
                    reason: asked.reason.clone(),
                    author: Some(self.who.account.to_hex()),
                };
                after = after.with_override(decided, catalogue)?;
            }
        }
        Ok((after, !overrides.is_empty()))
    }
}

/// What the person gave a value for: the step, where it is about one, and the fields.
#[derive(Debug, Default)]
pub(crate) struct Said {
    step: Option<holdfast_domain::ids::StepId>,
    fields: Vec<&'static str>,
}

impl Said {
    fn of_routine(field: &'static str) -> Self {
        Self { step: None, fields: vec![field] }
    }
}

/// Whether an edit left everything but the version as it was.
fn same(before: &Routine, after: &Routine) -> bool {
    let after = Routine { version: before.version, ..after.clone() };
    *before == after
}

/// Refuses what brings a hard finding that was not there before and that nobody took on themselves.
/// How the person is refuses no edit, so it is not looked at.
pub(crate) fn admit(
    before: Option<&Routine>,
    after: &Routine,
    catalogue: &Catalogue,
) -> Result<Vec<Finding>> {
    rules::admit(before, after, catalogue, &Profile::default())
        .map_err(|broken| Error::Broken { broken, way_on: WayOn::Override })
}

/// What the profile decides of how a routine is played.
pub(crate) fn choices(profile: &Profile) -> Choices {
    Choices { affected: profile.affected_side, ..Choices::default() }
}

impl Engine {
    /// The routines of the own chart, by name.
    ///
    /// # Errors
    /// When the plan cannot be read.
    pub fn routines(&self) -> Result<Vec<RoutineSummary>, HoldfastError> {
        self.guarded(|inner| {
            let mut all: Vec<RoutineSummary> = inner.store.read(|conn| {
                let plan = inner.plan(conn)?;
                let summary = |routine: &Routine| {
                    let author_name = inner.author_name(conn, routine)?;
                    Ok(RoutineSummary { author_name, ..RoutineSummary::new(routine, &plan) })
                };
                plan.routines.values().map(summary).collect::<Result<_>>()
            })?;
            all.sort_by_cached_key(|routine| (routine.name.to_lowercase(), routine.id.clone()));
            Ok(all)
        })
    }

    /// One routine, by its id, an unambiguous beginning of it, or its name.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`] with what is near, or with all that it could mean.
    pub fn routine(&self, key: &str) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let plan = inner.plan(conn)?;
                inner.routine_view(conn, &plan, find::routine(&plan, key)?)
            })
        })
    }

    /// What the rules find in a routine as it would be played now when nobody chooses otherwise, the
    /// hardest first: by how the person is, and with what is still to be asked of them.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn check_routine(&self, key: &str) -> Result<Vec<Finding>, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let plan = inner.plan(conn)?;
                let routine = find::routine(&plan, key)?;
                let (profile, catalogue) = (inner.profile_now(conn)?, plan.catalogue());
                Ok(rules::check_choices(routine, &catalogue, &profile, &choices(&profile)))
            })
        })
    }
}
