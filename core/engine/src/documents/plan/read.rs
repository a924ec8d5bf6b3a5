//! Reading the plan: routines put together again from their keys, and everything that two devices
//! wrote at once laid open. A part that does not read is left out and named; the rest stands.

use std::collections::BTreeMap;

use holdfast_domain::catalogue::OwnExercise;
use holdfast_domain::ids::{BlockId, ExerciseId, PrescriptionId, RoutineId, StepId};
use holdfast_domain::prescription::{Prescription, Settled};
use holdfast_domain::routine::{Block, Override, Routine, Schedule, Step};
use holdfast_domain::schedule::{Pause, Pauses, SlotTimes, TimeOfDay, Timetable};
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::{BlockOrder, Mode, SideRule};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::fields::{
    ENDED_WITH, EXERCISE, FOR_EXERCISE, ForExercise, Key, NOTE, NOTHING_ASKED, PAUSE, PLACE, Part,
    PauseEnd, REMOVED, SCHEDULE, SLOT, StepPlace, VERSION, unescaped,
};
use super::habits::{self, PlannedHabits};
use super::own::{self, OwnConflict};
use super::prescriptions;
use crate::documents::actor::ActorId;
use crate::documents::document::{Document, Held, MIN_READER};

/// The plan as it stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanReading {
    /// The routines, by id. Removed ones are left out.
    pub routines: BTreeMap<RoutineId, Routine>,
    /// Routines that were removed and can be brought back.
    pub removed: Vec<RoutineId>,
    /// The removed ones as they were left: what they asked for before they were removed.
    pub ended: BTreeMap<RoutineId, Routine>,
    /// The schedule that each of them had when it was removed.
    pub ended_with: BTreeMap<RoutineId, Schedule>,
    /// The pauses of the whole plan.
    pub pauses: Pauses,
    /// The chart's own times of slots.
    pub slot_times: SlotTimes,
    /// What two devices wrote at once and a person must settle.
    pub conflicts: Vec<Conflict>,
    /// The plans of habits.
    pub habits: PlannedHabits,
    /// The person's own exercises, by id. Removed ones are marked: their names stay known.
    pub own: BTreeMap<ExerciseId, OwnExercise>,
    /// What two devices wrote at once of own exercises.
    pub own_conflicts: Vec<OwnConflict>,
    /// What became of prescriptions.
    pub settled: BTreeMap<PrescriptionId, Settled>,
    /// Prescriptions that an import told of.
    pub told: BTreeMap<PrescriptionId, Prescription>,
    /// Keys that do not read, with the reason. They are kept as they are.
    pub unreadable: Vec<(String, String)>,
    /// How many keys are of kinds that only newer versions know. They are kept as they are.
    pub newer: usize,
}

/// Several values written at once at one key. The one that stands is the same on every device.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Where: routine, part and field.
    pub key: Key,
    /// The values, no two equal; the one that stands is marked. None does where all were meant for
    /// another exercise than the step's.
    pub values: Vec<ConflictValue>,
}

/// One of several values.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictValue {
    /// Who wrote it. Of several who wrote the same, one.
    pub actor: ActorId,
    /// The value: for a dose with the exercise it was meant for, for a note its text.
    pub value: Value,
    /// Whether it is the one that is read until somebody settles it.
    pub stands: bool,
    pub(super) text: String,
    pub(super) editable: bool,
}

impl Conflict {
    /// The step it is about.
    #[must_use]
    pub const fn step(&self) -> Option<&StepId> {
        match &self.key.part {
            Part::Step(step) => Some(step),
            _ => None,
        }
    }
}

pub(super) type Fields = BTreeMap<String, Vec<Held>>;

#[derive(Default)]
struct Parts {
    own: Fields,
    overrides: Vec<(Key, Vec<Held>)>,
    schedules: Vec<(LocalDay, Vec<Held>)>,
    blocks: BTreeMap<BlockId, Fields>,
    steps: BTreeMap<StepId, Fields>,
}

pub(super) fn read(document: &Document) -> PlanReading {
    let mut reading = PlanReading::default();
    let mut routines: BTreeMap<RoutineId, Parts> = BTreeMap::new();
    let mut pauses = Vec::new();
    let mut exercises: BTreeMap<ExerciseId, Fields> = BTreeMap::new();
    for text in document.keys() {
        if habits::read_key(document, &text, &mut reading)
            || prescriptions::read_key(document, &text, &mut reading)
        {
            continue;
        }
        if let Some(from) = text.strip_prefix(PAUSE).and_then(|day| day.parse().ok()) {
            let end: Option<PauseEnd> = standing(document, &text, &mut reading);
            pauses.extend(end.map(|end| Pause { from, until: end.until }));
            continue;
        }
        if let Some(slot) = text.strip_prefix(SLOT).and_then(|slot| slot.parse().ok()) {
            let time: Option<TimeOfDay> = standing(document, &text, &mut reading);
            reading.slot_times.0.extend(time.map(|time| (slot, time)));
            continue;
        }
        if let Some((id, field)) = own::parse(&text) {
            exercises.entry(id).or_default().insert(field.to_owned(), document.all(&text));
            continue;
        }
        let Some(key) = Key::parse(&text) else {
            reading.newer += usize::from(text != MIN_READER);
            continue;
        };
        let values = document.all(&text);
        let parts = routines.entry(key.routine.clone()).or_default();
        match &key.part {
            Part::Routine => parts.own.insert(key.field, values),
            Part::Block(id) => {
                parts.blocks.entry(id.clone()).or_default().insert(key.field, values)
            }
            Part::Step(id) => parts.steps.entry(id.clone()).or_default().insert(key.field, values),
            Part::Override(..) => {
                parts.overrides.push((key, values));
                None
            }
            Part::Schedule(since) => {
                parts.schedules.push((*since, values));
                None
            }
        };
    }
    for (id, fields) in exercises {
        own::read(&id, &fields, &mut reading);
    }
    for (id, parts) in routines {
        if is_removed(&parts.own) {
            // What is unsettled or does not read in it is nobody's concern any more.
            let mut unheard = PlanReading::default();
            if let Some(routine) = routine(&id, &parts, &mut unheard) {
                reading.ended.insert(id.clone(), routine);
                reading.ended_with.extend(ended_with(&parts.own).map(|had| (id.clone(), had)));
            }
            reading.removed.push(id);
        } else if let Some(routine) = routine(&id, &parts, &mut reading) {
            reading.routines.insert(id, routine);
        }
    }
    reading.pauses = pauses.into_iter().collect();
    reading
}

/// The value that stands at a key of its own; nothing where it was taken away or does not read.
fn standing<T: DeserializeOwned>(
    document: &Document,
    key: &str,
    reading: &mut PlanReading,
) -> Option<T> {
    match serde_json::from_str(&document.get(key)?.text) {
        Ok(value) => value,
        Err(error) => {
            reading.unreadable.push((key.to_owned(), error.to_string()));
            None
        }
    }
}

fn routine(id: &RoutineId, parts: &Parts, reading: &mut PlanReading) -> Option<Routine> {
    let own = Place { routine: id, part: Part::Routine };
    let mut object = own.object(&parts.own, None, reading);
    // Versions rise on each device alone: the highest is the newest.
    let versions = parts.own.get(VERSION).into_iter().flatten();
    if let Some(version) = versions.filter_map(|held| held.text.parse::<u64>().ok()).max() {
        object.insert(VERSION.to_owned(), Value::from(version));
    }
    object.insert("id".to_owned(), Value::from(id.as_str()));
    let mut routine: Routine = own.whole(object, reading)?;
    routine.timetable = timetable(id, parts, &routine, reading);

    let mut by_block: BTreeMap<BlockId, Vec<Step>> = BTreeMap::new();
    for (step_id, fields) in parts.steps.iter().filter(|(_, fields)| !is_removed(fields)) {
        let at = Place { routine: id, part: Part::Step(step_id.clone()) };
        if let Some((block, step)) = at.step(step_id, fields, reading) {
            by_block.entry(block).or_default().push(step);
        }
    }
    for (block_id, steps) in by_block {
        let at = Place { routine: id, part: Part::Block(block_id.clone()) };
        let empty = Fields::new();
        let fields = parts.blocks.get(&block_id).unwrap_or(&empty);
        let object = at.object(fields, None, reading);
        routine.blocks.push(at.block(&block_id, object, steps, reading)?);
    }
    for (key, values) in &parts.overrides {
        let at = Place { routine: id, part: key.part.clone() };
        let Some(value) = at.value("", values, None, reading).filter(|v| !v.is_null()) else {
            continue;
        };
        match serde_json::from_value::<Override>(value) {
            Ok(decided) => routine.overrides.push(decided),
            Err(error) => reading.unreadable.push((key.to_string(), error.to_string())),
        }
    }
    Some(routine.settled())
}

/// The schedules by the day each begins. One without a day began with the routine.
fn timetable(
    id: &RoutineId,
    parts: &Parts,
    routine: &Routine,
    reading: &mut PlanReading,
) -> Timetable {
    let mut versions = BTreeMap::new();
    for (since, values) in &parts.schedules {
        let at = Place { routine: id, part: Part::Schedule(*since) };
        let value = at.value(SCHEDULE, values, None, reading);
        let Some(value) = value.filter(|value| !value.is_null()) else { continue };
        match serde_json::from_value::<Schedule>(value) {
            Ok(schedule) => {
                versions.insert(*since, Some(schedule).filter(|one| *one != *NOTHING_ASKED));
            }
            Err(error) => {
                reading.unreadable.push((at.key(SCHEDULE).to_string(), error.to_string()));
            }
        }
    }
    let began = routine.created_at.as_ref().map(|at| at.local_day(0));
    routine.timetable.clone().and(versions, began)
}

pub(super) fn is_removed(fields: &Fields) -> bool {
    fields.get(REMOVED).and_then(|values| values.last()).is_some_and(|held| held.text == "true")
}

/// The schedule that a routine had when it was removed. One that does not read is none: it can be
/// given again.
fn ended_with(fields: &Fields) -> Option<Schedule> {
    let held = fields.get(ENDED_WITH).and_then(|values| values.last())?;
    serde_json::from_str::<Option<Schedule>>(&held.text).ok()?
}

fn meant_for(value: &Value, exercise: &ExerciseId) -> bool {
    value.get(EXERCISE).and_then(Value::as_str) == Some(exercise.as_str())
}

/// What is read where every value was meant for another exercise, as when a person settled on an
/// exercise and, before, on the dose of the other one: the dose is unstated and the side is asked.
fn undecided(field: &str) -> Option<(String, Value)> {
    let value = match field {
        "dose" => json!({ "mode": Mode::Open }),
        "side" => json!(SideRule::Ask),
        _ => return None,
    };
    Some((field.to_owned(), value))
}

/// A part of a routine being read.
struct Place<'a> {
    routine: &'a RoutineId,
    part: Part,
}

impl Place<'_> {
    fn key(&self, field: &str) -> Key {
        Key::of(self.routine, self.part.clone(), field)
    }

    /// The value that stands at a field. Several different ones are noted as a conflict.
    ///
    /// Where values carry the exercise they were meant for, only one for the step's own can stand.
    fn value(
        &self,
        field: &str,
        values: &[Held],
        exercise: Option<&ExerciseId>,
        reading: &mut PlanReading,
    ) -> Option<Value> {
        let mut read: Vec<ConflictValue> = Vec::new();
        for held in values {
            let value = if held.editable {
                Value::from(held.text.as_str())
            } else {
                match serde_json::from_str(&held.text) {
                    Ok(value) => value,
                    Err(error) => {
                        let key = self.key(field).to_string();
                        reading.unreadable.push((key, error.to_string()));
                        continue;
                    }
                }
            };
            // The one that stands in the document is the last: keep that of equals.
            read.retain(|other| other.value != value);
            let (actor, text, editable) = (held.actor, held.text.clone(), held.editable);
            read.push(ConflictValue { actor, value, stands: false, text, editable });
        }
        let stands = match exercise {
            None => read.len().checked_sub(1),
            Some(id) => read.iter().rposition(|v| meant_for(&v.value, id)),
        };
        if let Some(stands) = stands {
            read[stands].stands = true;
        }
        let value = stands.map(|stands| read[stands].value.clone());
        if read.len() > usize::from(value.is_some()) && field != VERSION {
            reading.conflicts.push(Conflict { key: self.key(field), values: read });
        }
        value
    }

    /// The simple fields of a part as one JSON object.
    fn object(
        &self,
        fields: &Fields,
        exercise: Option<&ExerciseId>,
        reading: &mut PlanReading,
    ) -> Map<String, Value> {
        let mut object = Map::new();
        for (field, values) in fields {
            let name = match field.as_str() {
                REMOVED | ENDED_WITH | PLACE => continue,
                NOTE => NOTE.to_owned(),
                field => match unescaped(field) {
                    Some(name) => name,
                    None => {
                        reading.newer += 1;
                        continue;
                    }
                },
            };
            let for_exercise = exercise.filter(|_| FOR_EXERCISE.contains(&field.as_str()));
            let Some(value) = self.value(field, values, for_exercise, reading) else {
                object.extend(for_exercise.and_then(|_| undecided(field)));
                continue;
            };
            let value = match for_exercise {
                None => value,
                Some(_) => match serde_json::from_value::<ForExercise>(value) {
                    Ok(meant) => meant.value,
                    Err(error) => {
                        reading.unreadable.push((self.key(field).to_string(), error.to_string()));
                        continue;
                    }
                },
            };
            let empty_note = field == NOTE && value.as_str() == Some("");
            if !value.is_null() && !empty_note {
                object.insert(name, value);
            }
        }
        object
    }

    /// A block with its steps; a plain one where its own fields do not read, so that no step is lost.
    fn block(
        &self,
        id: &BlockId,
        mut object: Map<String, Value>,
        steps: Vec<Step>,
        reading: &mut PlanReading,
    ) -> Option<Block> {
        let named = |object: &mut Map<String, Value>| {
            object.insert("block_id".to_owned(), Value::from(id.as_str()));
            object.insert("steps".to_owned(), Value::Array(Vec::new()));
            object.entry("order").or_insert_with(|| Value::from(BlockOrder::StepMajor.as_str()));
        };
        named(&mut object);
        let block = self.whole::<Block>(object, reading).or_else(|| {
            let mut plain = Map::new();
            named(&mut plain);
            self.whole(plain, reading)
        });
        block.map(|block| Block { steps, ..block })
    }

    fn step(
        &self,
        id: &StepId,
        fields: &Fields,
        reading: &mut PlanReading,
    ) -> Option<(BlockId, Step)> {
        let exercise = fields
            .get(EXERCISE)
            .and_then(|values| values.last())
            .and_then(|held| serde_json::from_str::<ExerciseId>(&held.text).ok());
        let place = self.value(PLACE, fields.get(PLACE)?, None, reading)?;
        let place: StepPlace = match serde_json::from_value(place) {
            Ok(place) => place,
            Err(error) => {
                reading.unreadable.push((self.key(PLACE).to_string(), error.to_string()));
                return None;
            }
        };
        let mut object = self.object(fields, exercise.as_ref(), reading);
        object.insert("step_id".to_owned(), Value::from(id.as_str()));
        object.insert("position".to_owned(), Value::from(place.position.as_str()));
        Some((place.block, self.whole(object, reading)?))
    }

    fn whole<T: DeserializeOwned>(
        &self,
        object: Map<String, Value>,
        reading: &mut PlanReading,
    ) -> Option<T> {
        match serde_json::from_value(Value::Object(object)) {
            Ok(whole) => Some(whole),
            Err(error) => {
                reading.unreadable.push((self.key("").to_string(), error.to_string()));
                None
            }
        }
    }
}
