//! Proposing a version of a routine: of the routine as it is, of one from elsewhere, with edits. It changes nothing
//! of the owner's; the rules judge it all the same, so that nothing is proposed that could not be done.

use holdfast_domain::catalogue::{Catalogue, OwnExercise};
use holdfast_domain::ids::PrescriptionId;
use holdfast_domain::prescription::Prescription;
use holdfast_domain::routine::{Override, Routine};
use holdfast_domain::words::Message;
use holdfast_protocol::ids::Class;
use rusqlite::Connection;

use super::{PrescriptionView, RoutineEdit, digest};
use crate::commands::routine::{self, RuleOverride, TemplateOptions, create, file, find};
use crate::documents::name::DocName;
use crate::documents::plan::PlanReading;
use crate::documents::prescription::PrescriptionStrand;
use crate::error::{Error, HoldfastError, Result};
use crate::projection::{self, Travelled};
use crate::sharing::Inspection;
use crate::{Engine, Inner, sharing};

/// What is to be proposed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposal {
    /// The routine of this chart that it is about: its id, the beginning of it, or its name. Where nothing is
    /// said, the one with the id of what is proposed; else it is a new routine.
    pub routine: Option<String>,
    /// Where the proposed routine comes from.
    pub from: ProposedFrom,
    /// What is changed of it, in order.
    pub edits: Vec<RoutineEdit>,
    /// Why.
    pub reason: Option<String>,
    /// The version of the owner's routine that was looked at; where nothing is said, the one known here.
    pub based_on: Option<u64>,
    /// Hard rules to break.
    pub overrides: Vec<RuleOverride>,
}

/// Where a proposed routine comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ProposedFrom {
    /// The chart's routine as it is.
    #[default]
    Chart,
    /// A routine of the own chart, by its id, the beginning of it, or its name.
    Own(String),
    /// The text of a routine file.
    File(String),
    /// A link that carries a copy of a routine.
    Link(String),
    /// A template of the catalogue, by its id or the beginning of it.
    Template(String, Box<TemplateOptions>),
}

/// A routine from somewhere, with the exercises of its own that it needs.
type Brought = (Routine, Vec<OwnExercise>);

impl Engine {
    /// Proposes a version of a routine in this chart. It is never changed afterwards: a better one is a new one.
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] where this account may not prescribe here, or nothing would change;
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`]; [`HoldfastError::Broken`] where it breaks a hard
    /// rule that the owner's routine does not break already; [`HoldfastError::Link`].
    pub fn propose(&self, proposal: &Proposal) -> Result<PrescriptionView, HoldfastError> {
        let brought = match &proposal.from {
            ProposedFrom::Link(link) => match sharing::inspect(link)? {
                Inspection::Routine(inside) => Some((inside.routine, inside.exercises)),
                _ => return Err(Error::Linked(Message::new("share.no_link")).into()),
            },
            _ => None,
        };
        self.guarded(|inner| inner.propose(proposal, brought))
    }
}

impl Inner {
    fn propose(&self, asked: &Proposal, link: Option<Brought>) -> Result<PrescriptionView> {
        self.store.read(|conn| {
            let owns = self.rights(conn)?.and_then(|rights| rights.grant).is_none_or(|g| g.owner);
            if owns {
                return Err(Error::forbidden(Message::new("prescription.own_chart")));
            }
            self.must_write(conn, Class::Prescription)
        })?;
        self.command_on(Some(Class::Prescription), "propose a routine", |tx, journal| {
            let plan = self.plan(tx.reader())?;
            let prescription = self.proposed(tx.reader(), &plan, asked, link)?;
            let device = self.device_name();
            let doc = DocName::PrescriptionStrand { device: device.clone() };
            let doc = doc.to_id().expect("a device is a document name");
            let space = self.who.chart;
            let ((id, all), outbox) =
                journal.change(tx, space, Class::Prescription, doc.clone(), |document| {
                    let mut strand = PrescriptionStrand::from(document);
                    let (said, written) = strand.say(prescription, &device)?;
                    let all = strand.all();
                    Ok((strand.into(), written.into_iter().collect(), (said.id, all)))
                })?;
            if let Some(outbox) = outbox {
                projection::prescriptions::refresh(
                    tx,
                    space,
                    &doc,
                    all,
                    Travelled::Own { outbox },
                )?;
            }
            let known = self.prescription_named(tx.reader(), &plan, id.as_str())?;
            let statuses = self.prescription_statuses(tx.reader())?;
            self.prescription_view(tx.reader(), &known, &statuses)
        })
    }

    fn proposed(
        &self,
        conn: &Connection,
        plan: &PlanReading,
        asked: &Proposal,
        link: Option<Brought>,
    ) -> Result<Prescription> {
        let named = asked.routine.as_deref().map(|key| find::routine(plan, key)).transpose()?;
        let (mut routine, exercises) = match (&asked.from, named) {
            (ProposedFrom::Chart, Some(named)) => (named.clone(), Vec::new()),
            (ProposedFrom::Chart, None) => {
                return Err(Error::bad_value("routine", Message::new("prescription.of_nothing")));
            }
            (ProposedFrom::Own(key), _) => self.of_own_chart(conn, key)?,
            (ProposedFrom::File(text), _) => file::routine_of(text)?,
            (ProposedFrom::Link(_), _) => {
                link.ok_or_else(|| Error::Linked(Message::new("share.no_link")))?
            }
            (ProposedFrom::Template(key, options), _) => {
                let template = find::template(key)?;
                let from = create::from_template(self, options)?;
                let mut ids = || self.fresh_id();
                let built_in = Catalogue::built_in();
                (Routine::from_template(template, built_in, &from, &mut ids)?, Vec::new())
            }
        };
        if let Some(named) = named {
            routine.id = named.id.clone();
        }
        let current = plan.routines.get(&routine.id);
        // Whoever takes it up is told of nothing that somebody else once took on themselves.
        let known = |one: &Override| current.is_some_and(|now| now.overrides.contains(one));
        routine.overrides.retain(known);
        routine.author = Some(self.who.account.to_hex());
        routine.created_at = None;
        routine.timetable = routine.timetable.without_days();
        let exercises = exercises.into_iter().filter(|own| !plan.own.contains_key(&own.id));
        let exercises =
            exercises.map(OwnExercise::checked).collect::<std::result::Result<Vec<_>, _>>()?;
        let catalogue = plan.catalogue().with_own(exercises.iter().cloned());
        for edit in &asked.edits {
            routine = self.edited(&routine, edit, &catalogue)?;
        }
        routine.version = current.map_or(1, |now| now.version.saturating_add(1));
        let based_on = based_on(asked.based_on, current)?;
        let looked_at = current.filter(|now| Some(now.version) == based_on);
        let reason = asked.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let prescription = Prescription {
            // The one that follows from it is given to it when it is said.
            id: PrescriptionId::new(self.fresh_id()).expect("base32 is an id"),
            revision: self.next_revision(conn, plan, &routine)?,
            routine,
            based_on,
            based_on_digest: looked_at.map(digest).transpose()?,
            exercises,
            reason: reason.map(str::to_owned),
            proposed_at: self.now(),
            unknown: self.clock_mark(),
        };
        let prescription = prescription.checked(current, &catalogue)?;
        routine::name_is_free(plan, &prescription.routine)?;
        let schedule = prescription.routine.schedule();
        if let Some(slot) = schedule.and_then(|one| plan.slot_times.without_time(one)) {
            let message = Message::new("schedule.slot_without_time");
            return Err(Error::bad_value("slots", message.with("slot", slot.as_str())));
        }
        let (routine, _) =
            self.with_overrides(current, prescription.routine, &asked.overrides, &catalogue)?;
        routine::admit(current, &routine, &catalogue)?;
        Ok(Prescription { routine, ..prescription })
    }

    /// One more than the highest that this account proposed of a routine, as far as it is known here.
    fn next_revision(
        &self,
        conn: &Connection,
        plan: &PlanReading,
        routine: &Routine,
    ) -> Result<u32> {
        let me = self.who.account.to_hex();
        let all = self.known_prescriptions(conn, plan)?.into_iter();
        let mine = all.filter(|known| known.is_of(&me) && known.is_about(&routine.id));
        Ok(mine.map(|known| known.prescription.revision.saturating_add(1)).max().unwrap_or(0))
    }

    /// A routine of the own chart, to be proposed in another.
    fn of_own_chart(&self, conn: &Connection, key: &str) -> Result<Brought> {
        let plan = self.of(self.me.chart).plan(conn)?;
        let routine = find::routine(&plan, key)?.clone();
        let used = |own: &&OwnExercise| routine.steps().any(|step| step.exercise == own.id);
        let exercises = plan.own.values().filter(used).cloned().collect();
        Ok((file::to_hand_on(&routine), exercises))
    }
}

/// The version that was looked at.
fn based_on(said: Option<u64>, current: Option<&Routine>) -> Result<Option<u64>> {
    let now = current.map(|routine| routine.version);
    match (said, now) {
        (None, now) => Ok(now),
        (Some(said), Some(now)) if (1..=now).contains(&said) => Ok(Some(said)),
        (Some(said), now) => {
            let message = Message::new("prescription.no_such_version").with("given", said);
            Err(Error::bad_value("based-on", message.with("newest", now.unwrap_or(0))))
        }
    }
}
