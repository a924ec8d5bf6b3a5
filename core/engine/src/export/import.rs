//! Takes records in: what is new is written in this device's own strands and plan, in one
//! transaction, or none of it.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::catalogue::{Catalogue, OwnExercise};
use holdfast_domain::habit::{Habit, HabitPlan};
use holdfast_domain::ids::{DayRecordId, ExerciseId, HabitId, ObservationId, PrescriptionId};
use holdfast_domain::prescription::{Prescription, Settled};
use holdfast_domain::profile::{Answer, Question, Said, Value};
use holdfast_domain::record::{
    Context, Correction, DayFact, DayRecord, HoldKey, Observation, SessionKey, Target,
};
use holdfast_domain::routine::Routine;
use holdfast_domain::rules::{self, Profile};
use holdfast_domain::schedule::Pause;
use holdfast_domain::self_test;
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::Side;
use holdfast_domain::words::Message;

use super::contents::{Contents, SlotTime, joined};
use super::{ImportReport, Refused};
use crate::commands::journal::Journal;
use crate::commands::profile::ExportedProfile;
use crate::documents::name::DocName;
use crate::documents::plan::Plan;
use crate::documents::strand::Record;
use crate::error::{Result, finding};
use crate::observe::Key;
use crate::store::Tx;
use crate::{Inner, projection};
use holdfast_protocol::ids::Class;

/// Records of one commit: far below what one change may hold.
const COMMIT: usize = 500;

pub(super) fn import(inner: &Inner, mut new: Contents, dry_run: bool) -> Result<ImportReport> {
    let report = inner.command("import", |tx, journal| {
        let here = Contents::of_chart(inner, tx.reader())?;
        let answers = std::mem::take(&mut new.profile);
        let (to_write, mut report) = sort_out(&here, new);
        if !dry_run {
            to_write.write(inner, tx, journal)?;
        }
        answered(inner, tx, journal, answers, &mut report, dry_run)?;
        Ok(report)
    })?;
    inner.store.copy_back();
    Ok(report)
}

/// Takes answers of a profile in, as they were given. What was answered here stands.
fn answered(
    inner: &Inner,
    tx: &Tx<'_>,
    journal: &mut Journal<'_>,
    new: ExportedProfile,
    report: &mut ImportReport,
    dry_run: bool,
) -> Result<()> {
    let before = inner.profile_reading(tx.reader())?;
    let mut after = before.answers.clone();
    for (key, given) in new {
        let question = key.parse::<Question>().ok();
        let value = question.and_then(|question| Value::from_json(question, &given.value));
        let (Some(question), Some(value)) = (question, value) else {
            report.refuse("answer", &key, Message::new("import.unknown_answer"));
            continue;
        };
        let said = Said { day: given.day, at_ms: given.at_ms };
        let disputed = !before.answers.disputed(question).is_empty();
        match before.answers.given(question) {
            Some(known) if known.value == value => report.unchanged += 1,
            None if !disputed => {
                report.added += 1;
                after.keep(question, Answer { value, said });
            }
            _ => report.refuse("answer", &key, Message::new("import.other_answer")),
        }
    }
    if dry_run {
        return Ok(());
    }
    let now = inner.said_now(&before.answers);
    inner.write_profile(tx, journal, &before.answers, &after, now)
}

/// What is new, by the session or day whose strand it goes to.
#[derive(Default)]
struct ToWrite {
    routines: Vec<Routine>,
    pauses: Vec<Pause>,
    slots: Vec<SlotTime>,
    exercises: Vec<OwnExercise>,
    strands: BTreeMap<SessionKey, Vec<Record>>,
    days: BTreeMap<LocalDay, Vec<Record>>,
    habits: BTreeMap<HabitId, HabitPlan>,
    prescriptions: Vec<Prescription>,
    settled: BTreeMap<PrescriptionId, Settled>,
}

fn sort_out(here: &Contents, new: Contents) -> (ToWrite, ImportReport) {
    let mut to_write = ToWrite::default();
    let mut report = ImportReport::default();
    // What is here stands where both have an exercise of one id.
    let known = {
        let mut both = new.exercises.clone();
        both.extend(here.exercises.clone());
        Catalogue::built_in().with_own(both.into_values())
    };
    for (id, own) in new.exercises {
        match here.exercises.get(&id) {
            Some(known) if *known == own => report.unchanged += 1,
            Some(_) => report.refuse("exercise", &id, Message::new("import.exercise_differs")),
            None => match own.checked() {
                Ok(own) => {
                    report.added += 1;
                    to_write.exercises.push(own);
                }
                Err(why) => report.refuse("exercise", &id, why.message()),
            },
        }
    }
    for (id, routine) in new.routines {
        match here.routines.get(&id) {
            Some(known) if *known == routine => report.unchanged += 1,
            Some(_) => report.refuse("routine", &id, Message::new("import.routine_differs")),
            None => match admitted(routine, &known) {
                Ok(routine) => {
                    report.added += 1;
                    to_write.routines.push(routine);
                }
                Err(why) => report.refuse("routine", &id, why),
            },
        }
    }
    for (from, pause) in new.pauses {
        match here.pauses.get(&from) {
            Some(known) if *known == pause => report.unchanged += 1,
            Some(_) => report.refuse("pause", &from, Message::new("import.pause_differs")),
            None if pause.until.is_some_and(|until| until < from) => {
                report.refuse("pause", &from, Message::new("import.pause_backwards"));
            }
            None => {
                report.added += 1;
                to_write.pauses.push(pause);
            }
        }
    }
    for (slot, time) in new.slots {
        match here.slots.get(&slot) {
            Some(known) if *known == time => report.unchanged += 1,
            Some(_) => report.refuse("slot", &slot, Message::new("import.slot_differs")),
            None => {
                report.added += 1;
                to_write.slots.push(time);
            }
        }
    }
    for (key, record) in new.sessions {
        let one = here.sessions.get(&key).map(|known| joined(known, &record));
        if here.sessions.get(&key) == Some(one.as_ref().unwrap_or(&record)) {
            report.unchanged += 1;
        } else {
            report.added += 1;
            let record = one.unwrap_or(record);
            to_write.strand(&key, Record::Session(Box::new(record)));
        }
    }
    let mut sessions_of: BTreeMap<ObservationId, SessionKey> = BTreeMap::new();
    for known in here.observations.values() {
        sessions_of.insert(known.id.clone(), known.key.session.clone());
    }
    let mut sides = one_sided(here.observations.values());
    for (id, observation) in new.observations {
        match here.observations.get(&id) {
            Some(known) if *known == observation => report.unchanged += 1,
            Some(known) if known.revision >= observation.revision => {
                report.refuse("observation", &id, Message::new("import.record_differs"))
            }
            _ => match checked(observation, &mut sides, &known) {
                Ok(observation) => {
                    report.added += 1;
                    sessions_of.insert(id, observation.key.session.clone());
                    let session = observation.key.session.clone();
                    to_write.strand(&session, Record::Observation(Box::new(observation)));
                }
                Err(why) => report.refuse("observation", &id, why),
            },
        }
    }
    for (id, plan) in new.habits {
        match here.habits.get(&id) {
            Some(known) if *known == plan => report.unchanged += 1,
            Some(_) => report.refuse("habit", &id, Message::new("import.habit_differs")),
            None => match sound(&id, plan) {
                Ok(plan) => {
                    report.added += 1;
                    to_write.habits.insert(id, plan);
                }
                Err(why) => report.refuse("habit", &id, why),
            },
        }
    }
    for (id, prescription) in new.prescriptions {
        match here.prescriptions.get(&id) {
            Some(known) if *known == prescription => report.unchanged += 1,
            Some(_) => {
                report.refuse("prescription", &id, Message::new("import.prescription_differs"));
            }
            None => match told(prescription, &known) {
                Ok(prescription) => {
                    report.added += 1;
                    to_write.prescriptions.push(prescription);
                }
                Err(why) => report.refuse("prescription", &id, why),
            },
        }
    }
    for (id, settled) in new.settled {
        match here.settled.get(&id) {
            Some(known) if *known == settled => report.unchanged += 1,
            Some(_) => report.refuse("settled", &id, Message::new("import.settled_differs")),
            None => {
                report.added += 1;
                to_write.settled.insert(id, settled);
            }
        }
    }
    let mut days_of: BTreeMap<DayRecordId, LocalDay> = BTreeMap::new();
    for known in here.days.values() {
        days_of.insert(known.id.clone(), known.local_day);
    }
    for (key, record) in new.days {
        let (kind, id) = &key;
        match here.days.get(&key) {
            Some(known) if *known == record => report.unchanged += 1,
            Some(_) => report.refuse(kind.as_str(), id, Message::new("import.record_differs")),
            None => match possible(record) {
                Ok(record) => {
                    report.added += 1;
                    days_of.insert(id.clone(), record.local_day);
                    let of_day = to_write.days.entry(record.local_day).or_default();
                    of_day.push(Record::Day(Box::new(record)));
                }
                Err(why) => report.refuse(kind.as_str(), id, why),
            },
        }
    }
    for (id, correction) in new.corrections {
        match here.corrections.get(&id) {
            Some(known) if *known == correction => report.unchanged += 1,
            Some(_) => report.refuse("correction", &id, Message::new("import.correction_differs")),
            None => match place_of(&correction, &sessions_of, &days_of) {
                Some(place) => {
                    report.added += 1;
                    let record = Record::Correction(Box::new(correction));
                    match place {
                        Place::Session(session) => to_write.strand(&session, record),
                        Place::Day(day) => to_write.days.entry(day).or_default().push(record),
                    }
                }
                None => {
                    report.refuse("correction", &id, Message::new("import.corrects_nothing"));
                }
            },
        }
    }
    (to_write, report)
}

/// A routine that is whole and breaks no hard rule that nobody decided to break.
fn admitted(routine: Routine, catalogue: &Catalogue) -> std::result::Result<Routine, Message> {
    let routine = routine.checked(catalogue).map_err(|refused| refused.message())?;
    rules::check(&routine, catalogue, &Profile::default())
        .iter()
        .find(|finding| finding.blocks())
        .map_or(Ok(()), |found| Err(finding(found)))?;
    Ok(routine)
}

/// A prescription that makes sense. What it breaks is judged when it is accepted.
fn told(
    prescription: Prescription,
    known: &Catalogue,
) -> std::result::Result<Prescription, Message> {
    let own = prescription.exercises.iter().cloned();
    let own = own.map(|own| own.checked().map_err(|refused| refused.message()));
    let catalogue = known.with_own(own.collect::<std::result::Result<Vec<_>, _>>()?);
    prescription.clone().checked(None, &catalogue).map_err(|refused| refused.message())?;
    Ok(prescription)
}

/// The plan of a habit that makes sense. One of a habit that only another version knows is kept.
fn sound(id: &HabitId, plan: HabitPlan) -> std::result::Result<HabitPlan, Message> {
    match Habit::find(Catalogue::built_in(), id) {
        Some(habit) => {
            plan.checked(&habit, projection::DAY_START_MIN).map_err(|refused| refused.message())
        }
        None => Ok(plan),
    }
}

type Sides = BTreeMap<(SessionKey, ExerciseId), BTreeSet<Side>>;

fn one_sided<'a>(observations: impl Iterator<Item = &'a Observation>) -> Sides {
    let mut sides = Sides::new();
    for observation in observations {
        let key = (observation.key.session.clone(), observation.exercise.clone());
        sides.entry(key).or_default().insert(observation.key.side);
    }
    sides
}

/// An observation that can be true. What was confirmed once is not asked again.
fn checked(
    observation: Observation,
    sides: &mut Sides,
    catalogue: &Catalogue,
) -> std::result::Result<Observation, Message> {
    // An exercise that only another version or another chart knows is kept as it was recorded.
    let Some(exercise) = catalogue.exercise(&observation.exercise) else { return Ok(observation) };
    let key = (observation.key.session.clone(), observation.exercise.clone());
    let done = sides.entry(key).or_default();
    let sides_done: Vec<Side> = done.iter().copied().collect();
    let context = Context {
        laterality: exercise.laterality,
        mode: exercise.dose.mode,
        sides_done: &sides_done,
        yes: true,
    };
    let side = observation.key.side;
    let observation = observation.checked(context).map_err(|refused| refused.message())?;
    done.insert(side);
    Ok(observation)
}

/// A record of a day that can be true. What only another version asks of a test is kept as it is.
fn possible(record: DayRecord) -> std::result::Result<DayRecord, Message> {
    if let DayFact::Test(result) = &record.what
        && let Some(test) = self_test::find(&result.test)
    {
        let mut answers = result.answers.clone();
        answers.retain(|field, _| test.field(field).is_some());
        let side = (result.side != Side::None).then_some(result.side);
        if !answers.is_empty() {
            test.checked(side, answers).map_err(|refused| refused.message())?;
        }
    }
    let at = record.at.clone();
    record.checked(&at).map_err(|refused| refused.message())
}

/// Whose strand a correction goes to.
enum Place {
    Session(SessionKey),
    Day(LocalDay),
}

fn place_of(
    correction: &Correction,
    sessions_of: &BTreeMap<ObservationId, SessionKey>,
    days_of: &BTreeMap<DayRecordId, LocalDay>,
) -> Option<Place> {
    match &correction.target {
        Target::Observation(id) => sessions_of.get(id).cloned().map(Place::Session),
        Target::Hold(HoldKey { session, .. }) | Target::Session(session) => {
            Some(Place::Session(session.clone()))
        }
        Target::DayRecord(id) => days_of.get(id).copied().map(Place::Day),
    }
}

impl ImportReport {
    fn refuse(&mut self, what: &'static str, id: &impl ToString, why: Message) {
        self.refused.push(Refused { what, id: id.to_string(), why });
    }
}

impl ToWrite {
    fn strand(&mut self, session: &SessionKey, record: Record) {
        self.strands.entry(session.clone()).or_default().push(record);
    }

    fn write(self, inner: &Inner, tx: &Tx<'_>, journal: &mut Journal<'_>) -> Result<()> {
        let chart = inner.who.chart;
        let plans = self.routines.len() + self.habits.len() + self.pauses.len() + self.slots.len();
        let told = self.prescriptions.len() + self.settled.len();
        if plans + self.exercises.len() + told > 0 {
            let doc = DocName::Plan.to_id().expect("the plan's name is a document name");
            let (reading, _) = journal.change(tx, chart, Class::Plan, doc.clone(), |document| {
                let mut plan = Plan::from(document);
                let mut written = Vec::new();
                for own in &self.exercises {
                    written.extend(plan.write_own(None, own, &BTreeSet::new())?);
                }
                for routine in &self.routines {
                    written.extend(plan.write(None, routine)?);
                }
                for (habit, planned) in &self.habits {
                    written.extend(plan.write_habit(habit, Some(planned))?);
                }
                for prescription in &self.prescriptions {
                    written.extend(plan.write_told(prescription)?);
                }
                for (id, settled) in &self.settled {
                    written.extend(plan.write_settled(id, *settled)?);
                }
                let here = plan.read();
                let pauses = here.pauses.iter().chain(self.pauses.iter().copied()).collect();
                written.extend(plan.write_pauses(&here.pauses, &pauses)?);
                let mut times = here.slot_times.clone();
                times.0.extend(self.slots.iter().map(|time| (time.slot.clone(), time.at)));
                written.extend(plan.write_slot_times(&here.slot_times, &times)?);
                let reading = plan.read();
                Ok((plan.into(), written, reading))
            })?;
            projection::refresh_plan(tx, chart, &doc, &reading)?;
        }
        for (session, records) in self.strands {
            for commit in records.chunks(COMMIT) {
                journal.write(tx, chart, &session, commit)?;
            }
            // Years of sessions need not all stay in memory until the end.
            journal.let_go();
        }
        for (day, records) in self.days {
            for commit in records.chunks(COMMIT) {
                journal.write_day(tx, chart, day, commit)?;
            }
            journal.let_go();
        }
        tx.touch(Key::History);
        Ok(())
    }
}
