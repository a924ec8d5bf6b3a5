//! Prescriptions: proposed by a therapist, looked at, and accepted or not by the owner. Which are there and where
//! each stands is put together here, of the verified strands and of the plan; what it means is the domain's.

mod edits;
mod propose;
mod settle;
mod views;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::{AccountName, RoutineId};
use holdfast_domain::prescription::{Prescription, PrescriptionRefusal, Standing, differences};
use holdfast_domain::routine::Routine;
use holdfast_domain::rules::{self, Profile};
use holdfast_domain::words::Message;
use holdfast_protocol::ids::Class;
use rusqlite::Connection;

pub use edits::RoutineEdit;
pub use propose::{Proposal, ProposedFrom};
pub use settle::AcceptOptions;
pub use views::{Accepted, PrescriptionDiff, PrescriptionView};

use crate::commands::routine::find::{self, Named};
use crate::documents::plan::PlanReading;
use crate::error::{Error, HoldfastError, Result};
use crate::projection::status::{Statuses, Travel};
use crate::rights::part;
use crate::views::rfc3339;
use crate::{Engine, Inner, projection};

/// A prescription with what is known about it.
pub(crate) struct Known {
    /// As said by its verified author.
    pub(crate) prescription: Prescription,
    /// Who proposed it; as an import says, where it came with one.
    by: Option<AccountName>,
    /// How it came here; nothing where an import told of it.
    travel: Option<Travel>,
    standing: Standing,
    /// The version of the owner's routine, where there is one.
    current_version: Option<u64>,
}

impl Known {
    fn is_of(&self, account: &str) -> bool {
        self.by.as_ref().is_some_and(|by| by.as_str() == account)
    }

    fn is_about(&self, routine: &RoutineId) -> bool {
        self.prescription.routine.id == *routine
    }
}

impl From<PrescriptionRefusal> for Error {
    fn from(refused: PrescriptionRefusal) -> Self {
        let message = refused.message();
        match refused {
            PrescriptionRefusal::Routine(refused) => refused.into(),
            PrescriptionRefusal::Schedule(refused) => refused.into(),
            PrescriptionRefusal::ReasonTooLong { .. } => Self::bad_value("reason", message),
            PrescriptionRefusal::NoDifference
            | PrescriptionRefusal::SettledBefore
            | PrescriptionRefusal::Superseded { .. } => Self::forbidden(message),
        }
    }
}

/// What a version of a routine says, as a short text to compare.
fn digest(routine: &Routine) -> Result<String> {
    let text = serde_json::to_vec(routine).map_err(|e| Error::Unreadable(e.to_string()))?;
    Ok(blake3::hash(&text).to_hex().as_str()[..32].to_owned())
}

/// The exercises that a proposal is read with: those of the sources, the chart's own, and what it brings along.
fn catalogue_with(plan: &PlanReading, prescription: &Prescription) -> Catalogue {
    let brought = prescription.exercises.iter().filter(|own| !plan.own.contains_key(&own.id));
    let brought = brought.filter_map(|own| own.clone().checked().ok());
    plan.catalogue().with_own(brought)
}

impl Inner {
    /// Refuses whoever may not read prescriptions.
    fn must_read_prescriptions(&self, conn: &Connection) -> Result<()> {
        if self.may_read(conn, Class::Prescription)? {
            return Ok(());
        }
        let message = Message::new("chart.not_given").with("part", part(Class::Prescription));
        Err(Error::forbidden(message))
    }

    /// Every prescription of the chart that is known here, the newest first.
    pub(crate) fn known_prescriptions(
        &self,
        conn: &Connection,
        plan: &PlanReading,
    ) -> Result<Vec<Known>> {
        let rows = match projection::chart(conn, self.who.chart)? {
            Some(chart) => projection::prescriptions::all(conn, chart)?,
            None => Vec::new(),
        };
        let current = |one: &Prescription| plan.routines.get(&one.routine.id);
        let mut all: Vec<(Option<AccountName>, Prescription, Option<Travel>)> = Vec::new();
        for row in rows {
            let by = row.author.account;
            let said = current(&row.prescription);
            let said = row.prescription.clone().by(&by, said);
            all.push((Some(by), said, Some(row.travel)));
        }
        for (id, told) in &plan.told {
            if all.iter().all(|(_, known, _)| known.id != *id) {
                let by = told.routine.author.as_ref().and_then(|by| AccountName::new(by).ok());
                all.push((by, told.clone(), None));
            }
        }
        let order = |one: &Prescription| (one.proposed_at.utc_ms, one.revision, one.id.clone());
        all.sort_by_key(|(_, one, _)| std::cmp::Reverse(order(one)));
        let standings: Vec<Standing> = all
            .iter()
            .map(|(by, one, _)| {
                let same = all.iter().filter(|(other, ..)| other == by).map(|(_, one, _)| one);
                let now = current(one);
                let settled = plan.settled.get(&one.id).copied();
                match one.standing(same, now, settled) {
                    Standing::Open { moved_on: false } => {
                        let said = now.map(digest).transpose()?;
                        let known = one.based_on_digest.is_some();
                        Ok(Standing::Open { moved_on: known && said != one.based_on_digest })
                    }
                    standing => Ok(standing),
                }
            })
            .collect::<Result<_>>()?;
        let known = all.into_iter().zip(standings).map(|((by, prescription, travel), standing)| {
            let current_version = current(&prescription).map(|routine| routine.version);
            Known { prescription, by, travel, standing, current_version }
        });
        Ok(known.collect())
    }

    /// The same as people see them; none where this account may not read them.
    pub(crate) fn readable_prescriptions(
        &self,
        conn: &Connection,
        plan: &PlanReading,
    ) -> Result<Vec<PrescriptionView>> {
        if !self.may_read(conn, Class::Prescription)? {
            return Ok(Vec::new());
        }
        let statuses = self.prescription_statuses(conn)?;
        let all = self.known_prescriptions(conn, plan)?;
        all.iter().map(|known| self.prescription_view(conn, known, &statuses)).collect()
    }

    /// The prescription a key means: its id, the beginning of one, or, of those nobody decided, its routine's name.
    fn prescription_named(
        &self,
        conn: &Connection,
        plan: &PlanReading,
        key: &str,
    ) -> Result<Known> {
        self.must_read_prescriptions(conn)?;
        let mut all = self.known_prescriptions(conn, plan)?;
        let named: Vec<Named<'_, usize>> = all
            .iter()
            .enumerate()
            .map(|(n, known)| Named {
                id: known.prescription.id.as_str(),
                name: match known.standing {
                    Standing::Open { .. } => &known.prescription.routine.name,
                    _ => "",
                },
                thing: n,
            })
            .collect();
        let place = find::pick("prescription", key, &named)?;
        Ok(all.swap_remove(place))
    }

    fn prescription_view(
        &self,
        conn: &Connection,
        known: &Known,
        statuses: &Statuses,
    ) -> Result<PrescriptionView> {
        let Known { prescription, by, travel, standing, current_version } = known;
        let status = statuses.of(travel.as_slice());
        Ok(PrescriptionView {
            id: prescription.id.to_string(),
            routine: prescription.routine.id.to_string(),
            name: prescription.routine.name.clone(),
            by: by.as_ref().map(ToString::to_string),
            by_name: match by {
                Some(by) => self.called(conn, by.as_str())?,
                None => None,
            },
            imported: travel.is_none(),
            proposed_at: rfc3339(&prescription.proposed_at),
            reason: prescription.reason.clone(),
            based_on: prescription.based_on,
            current_version: *current_version,
            standing: standing.clone(),
            status: status.kind,
            seen_by: status.seen_by,
        })
    }

    fn prescription_statuses(&self, conn: &Connection) -> Result<Statuses> {
        let statuses = Statuses::read(
            conn,
            (self.who.chart, Class::Prescription),
            &self.who.device.to_hex(),
            |devices| self.whose(conn, devices),
        )?;
        let rights = self.rights(conn)?;
        let reads_only = rights.is_some_and(|rights| !rights.writes(Class::Prescription));
        Ok(if reads_only { statuses.blocked() } else { statuses })
    }
}

impl Engine {
    /// What was proposed in this chart, the newest first, with what became of it.
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] where the chart does not give its prescriptions to this account.
    pub fn prescriptions(&self) -> Result<Vec<PrescriptionView>, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                inner.must_read_prescriptions(conn)?;
                inner.readable_prescriptions(conn, &*inner.plan(conn)?)
            })
        })
    }

    /// How a proposal differs from the owner's routine as it is now, step by step, by its id, the beginning of it,
    /// or the name of its routine where nobody decided it yet.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Forbidden`].
    pub fn prescription_diff(&self, id: &str) -> Result<PrescriptionDiff, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let plan = inner.plan(conn)?;
                let known = inner.prescription_named(conn, &plan, id)?;
                let statuses = inner.prescription_statuses(conn)?;
                let view = inner.prescription_view(conn, &known, &statuses)?;
                let proposed = known.prescription.routine.clone();
                let current = plan.routines.get(&proposed.id).cloned();
                let catalogue = catalogue_with(&plan, &known.prescription);
                let empty = Routine::new(proposed.id.clone(), proposed.name.clone());
                let differences = differences(current.as_ref().unwrap_or(&empty), &proposed);
                let broken =
                    rules::admit(current.as_ref(), &proposed, &catalogue, &Profile::default());
                Ok(PrescriptionDiff {
                    prescription: view,
                    differences,
                    proposed,
                    current,
                    exercises: known.prescription.exercises,
                    breaks: broken.err().map(|broken| broken.findings).unwrap_or_default(),
                    catalogue,
                })
            })
        })
    }
}
