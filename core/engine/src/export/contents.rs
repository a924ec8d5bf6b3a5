//! The records of a chart without their authors, each once: what an export holds and an import brings.

use std::collections::BTreeMap;

use holdfast_domain::catalogue::OwnExercise;
use holdfast_domain::habit::HabitPlan;
use holdfast_domain::ids::{
    AccountName, DayRecordId, DeviceName, ExerciseId, HabitId, ObservationId, PrescriptionId,
    RoutineId, Slot,
};
use holdfast_domain::prescription::{Prescription, Settled};
use holdfast_domain::profile::Answers;
use holdfast_domain::record::{
    Author, Authored, Correction, DayRecord, Observation, SessionKey, SessionRecord, merge_sessions,
};
use holdfast_domain::routine::Routine;
use holdfast_domain::schedule::{Pause, TimeOfDay};
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::DayKind;
use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{ActorId, Class, SpaceId};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::Inner;
use crate::commands::profile::{ExportedAnswer, ExportedProfile};
use crate::documents::name::DocName;
use crate::documents::plan::Plan;
use crate::documents::prescription::{PrescriptionStrand, Said};
use crate::documents::profile::ProfileDocument;
use crate::documents::strand::{Record, Stored, Strand};
use crate::error::Result;
use crate::open_documents::document_of;
use crate::projection;
use crate::store::docs::{self, DocEntry, StoredDoc};

/// How many documents are listed at once.
const PAGE: u32 = 256;

/// Every record once, by its id.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Contents {
    pub(super) routines: BTreeMap<RoutineId, Routine>,
    pub(super) pauses: BTreeMap<LocalDay, Pause>,
    pub(super) slots: BTreeMap<Slot, SlotTime>,
    /// Own exercises; removed ones too, whose names the history needs.
    pub(super) exercises: BTreeMap<ExerciseId, OwnExercise>,
    pub(super) sessions: BTreeMap<SessionKey, SessionRecord>,
    pub(super) observations: BTreeMap<ObservationId, Observation>,
    pub(super) corrections: BTreeMap<String, Correction>,
    /// Records of days by their kind and id.
    pub(super) days: BTreeMap<(DayKind, DayRecordId), DayRecord>,
    /// The plans of habits that stand.
    pub(super) habits: BTreeMap<HabitId, HabitPlan>,
    /// What was proposed, under the account that proposed it.
    pub(super) prescriptions: BTreeMap<PrescriptionId, Prescription>,
    /// What became of it.
    pub(super) settled: BTreeMap<PrescriptionId, Settled>,
    /// Answers of the profile.
    pub(super) profile: ExportedProfile,
}

/// The chart's own time of a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SlotTime {
    pub(super) slot: Slot,
    pub(super) at: TimeOfDay,
}

/// A document of the chart, opened.
pub(super) enum Opened {
    Plan(Plan),
    Strand(Strand),
    Profile(ProfileDocument),
    Prescriptions(PrescriptionStrand),
}

impl Contents {
    /// Reads every document of the chart that is looked at, of the classes this account may read.
    pub(super) fn of_chart(inner: &Inner, conn: &Connection) -> Result<Self> {
        let mut contents = Self::default();
        each_document(inner, conn, |_, document| {
            contents.take(document);
            Ok(())
        })?;
        contents.verified(conn, inner.who.chart)?;
        Ok(contents)
    }

    /// The same whatever the account may still read, and of strands only this device's own: of a session that others
    /// recorded too, their part stays out.
    pub(super) fn of_own(inner: &Inner, conn: &Connection) -> Result<Self> {
        let mut contents = Self::default();
        let device = inner.device_name();
        each_of(inner, conn, &Class::CHART, |id, document| {
            let name: Option<DocName> = id.as_str().parse().ok();
            let author = name.as_ref().and_then(DocName::only_author);
            if author.is_none_or(|author| *author == device) {
                contents.take(document);
            }
            Ok(())
        })?;
        contents.verified(conn, inner.who.chart)?;
        Ok(contents)
    }

    /// Takes in what a document holds.
    pub(super) fn take(&mut self, document: &Opened) {
        match document {
            Opened::Plan(plan) => {
                let reading = plan.read();
                self.routines.extend(reading.routines);
                self.exercises.extend(reading.own);
                self.settled.extend(reading.settled);
                for (id, told) in reading.told {
                    // What its author's device says goes before what an import told.
                    self.prescriptions.entry(id).or_insert(told);
                }
                let planned = reading.habits.into_iter();
                self.habits.extend(planned.filter_map(|(id, planned)| Some((id, planned.plan?))));
                self.pauses.extend(reading.pauses.iter().map(|pause| (pause.from, pause)));
                let times = reading.slot_times.0.into_iter();
                self.slots.extend(times.map(|(slot, at)| (slot.clone(), SlotTime { slot, at })));
            }
            Opened::Prescriptions(strand) => {
                for (_, said) in strand.all() {
                    if let Said::Prescription(one, _) = said {
                        self.prescriptions.insert(one.id.clone(), *one);
                    }
                }
            }
            Opened::Profile(profile) => self.take_profile(&profile.read().answers),
            Opened::Strand(strand) => {
                for (_, stored) in strand.records() {
                    if let Stored::Record(record) = stored {
                        self.take_record(record);
                    }
                }
            }
        }
    }

    /// Puts prescriptions under the account whose device said them, whatever they say of themselves.
    fn verified(&mut self, conn: &Connection, chart: SpaceId) -> Result<()> {
        let Some(chart) = projection::chart(conn, chart)? else { return Ok(()) };
        for row in projection::prescriptions::all(conn, chart)? {
            if let Some(known) = self.prescriptions.get_mut(&row.prescription.id) {
                known.routine.author = Some(row.author.account.to_string());
            }
        }
        Ok(())
    }

    /// What is disputed between devices is no answer, and is not exported.
    fn take_profile(&mut self, answers: &Answers) {
        self.profile.extend(answers.all().map(|(question, answer)| {
            let exported = ExportedAnswer {
                value: answer.value.to_json(),
                day: answer.said.day,
                at_ms: answer.said.at_ms,
            };
            (question.to_string(), exported)
        }));
    }

    fn take_record(&mut self, record: Record) {
        match record {
            Record::Session(record) => self.take_session(*record),
            Record::Observation(new) => {
                let known = self.observations.get(&new.id);
                if known.is_none_or(|known| rank(known) < rank(&new)) {
                    self.observations.insert(new.id.clone(), *new);
                }
            }
            Record::Correction(correction) => {
                self.corrections.insert(correction.id.clone(), *correction);
            }
            Record::Day(record) => self.take_day(*record),
        }
    }

    /// Two devices that brought one record, as an import does, have it once. Where they differ, all
    /// exports choose the same.
    fn take_day(&mut self, record: DayRecord) {
        let text = |record: &DayRecord| serde_json::to_string(record).unwrap_or_default();
        let key = (record.kind(), record.id.clone());
        if self.days.get(&key).is_none_or(|known| text(known) < text(&record)) {
            self.days.insert(key, record);
        }
    }

    /// Several devices recorded one session: the export has the one that is made of them.
    pub(super) fn take_session(&mut self, record: SessionRecord) {
        let key = record.key.clone();
        let one = match self.sessions.remove(&key) {
            Some(known) => joined(&known, &record),
            None => record,
        };
        self.sessions.insert(key, one);
    }
}

/// Clones of one device may have written two versions under one id; all exports choose the same one.
fn rank(observation: &Observation) -> (u32, String) {
    (observation.revision, serde_json::to_string(observation).unwrap_or_default())
}

/// The records of two devices as one record.
pub(super) fn joined(one: &SessionRecord, other: &SessionRecord) -> SessionRecord {
    let nobody = |device: &str| Author {
        account: AccountName::new("nobody").expect("a word is a name"),
        device: DeviceName::new(device).expect("a word is a name"),
        is_subject: true,
    };
    let records = [
        Authored { author: nobody("one"), value: one.clone() },
        Authored { author: nobody("other"), value: other.clone() },
    ];
    let Some(session) = merge_sessions(&records, &[]).pop() else { return one.clone() };
    let mut unknown = other.unknown.clone();
    unknown.extend(one.unknown.clone());
    SessionRecord {
        key: session.key,
        routine: session.routine,
        routine_version: session.routine_version,
        started_at: session.started_at,
        ended_at: session.ended_at,
        paused: session.paused,
        finished: session.finished,
        assisted_by: (!session.assisted_by.is_empty()).then(|| session.assisted_by.join(", ")),
        steps: session.steps,
        findings: session.findings,
        unknown,
    }
}

/// Opens every plan, profile and strand of the chart that is looked at, one after the other. What is here of a class
/// that was taken away from this account is passed over, as it is by every query: nobody is handed in a file what
/// they are not shown.
pub(super) fn each_document(
    inner: &Inner,
    conn: &Connection,
    visit: impl FnMut(&DocId, &Opened) -> Result<()>,
) -> Result<()> {
    let mut readable = Vec::new();
    for class in Class::CHART {
        if inner.may_read(conn, class)? {
            readable.push(class);
        }
    }
    each_of(inner, conn, &readable, visit)
}

fn each_of(
    inner: &Inner,
    conn: &Connection,
    classes: &[Class],
    mut visit: impl FnMut(&DocId, &Opened) -> Result<()>,
) -> Result<()> {
    let (chart, actor) = (inner.who.chart, inner.who.actor);
    let shown = |entry: &&DocEntry| entry.space == chart && classes.contains(&entry.class);
    let mut after = 0;
    loop {
        let page = docs::list(conn, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for entry in page.iter().filter(shown) {
            let Some(stored) = docs::load(conn, chart, &entry.name)? else { continue };
            if let Some(opened) = open(&entry.name, &stored, actor)? {
                visit(&entry.name, &opened)?;
            }
        }
    }
}

fn open(name: &DocId, stored: &StoredDoc, actor: ActorId) -> Result<Option<Opened>> {
    Ok(match name.as_str().parse::<DocName>() {
        Ok(DocName::Plan) => Some(Opened::Plan(Plan::from(document_of(name, stored, actor)?))),
        Ok(DocName::Profile) => {
            Some(Opened::Profile(ProfileDocument::from(document_of(name, stored, actor)?)))
        }
        Ok(DocName::SessionStrand { .. } | DocName::DayStrand { .. }) => {
            Some(Opened::Strand(Strand::from(document_of(name, stored, actor)?)))
        }
        Ok(DocName::PrescriptionStrand { .. }) => {
            Some(Opened::Prescriptions(PrescriptionStrand::from(document_of(name, stored, actor)?)))
        }
        _ => None,
    })
}
