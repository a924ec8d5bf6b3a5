//! A routine taken apart into flat keys, each with one atomic value, and the keys read back. What
//! belongs together is one value: a dose, the place of a step. What people edit apart merges apart.
//!
//! ```text
//! routine/ID/name            routine/ID/removed         routine/ID/schedule/DAY
//! routine/ID/ended_with
//! pause/DAY                  slot/NAME
//! routine/ID/override/RULE   routine/ID/override/RULE/STEP
//! routine/ID/block/ID/order  routine/ID/block/ID/position  routine/ID/block/ID/note  …
//! routine/ID/step/ID/place   routine/ID/step/ID/exercise   routine/ID/step/ID/dose   …
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use holdfast_domain::ids::{BlockId, ExerciseId, RoutineId, RuleId, Slot, StepId};
use holdfast_domain::routine::{Block, Position, Routine, Schedule, Step};
use holdfast_domain::units::LocalDay;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Marks a routine or a step as removed. Keys are never deleted: an edit made elsewhere at the same
/// time must not bring back half of it.
pub(super) const REMOVED: &str = "removed";
/// The schedule that a routine had when it was removed, or null: restoring it brings that back.
pub(super) const ENDED_WITH: &str = "ended_with";
/// Where a step stands: block and position, one value, so that a step is never in two blocks.
pub(super) const PLACE: &str = "place";
/// The text people edit.
pub(super) const NOTE: &str = "note";
pub(super) const EXERCISE: &str = "exercise";
/// A schedule, by the day it begins: two devices that change it on different days both stand, each
/// from its day on. An empty one says that nothing is asked any more. Without a day it was written
/// before schedules had one, and began with the routine.
pub(super) const SCHEDULE: &str = "schedule";
/// Goes up with every edit; two that went up at once are no conflict.
pub(super) const VERSION: &str = "version";
/// What is kept together with the exercise it was meant for.
pub(super) const FOR_EXERCISE: [&str; 3] = ["dose", "side", "tool"];

/// Names with a meaning of their own. A field that only a newer version knows and that is called
/// so is stored with a `+` in front.
const RESERVED: [&str; 7] = [REMOVED, ENDED_WITH, PLACE, NOTE, "block", "step", "override"];

/// A key of the plan that belongs to a routine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The routine.
    pub routine: RoutineId,
    /// Of what in it.
    pub part: Part,
    /// Which field. Empty for an override, which is one value.
    pub field: String,
}

/// A part of a routine that has fields of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The routine itself.
    Routine,
    /// An override of a rule, everywhere or at one step.
    Override(RuleId, Option<StepId>),
    /// A block.
    Block(BlockId),
    /// A step.
    Step(StepId),
    /// The schedule that begins on a day.
    Schedule(LocalDay),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { routine, part, field } = self;
        match part {
            Part::Routine => write!(f, "routine/{routine}/{field}"),
            Part::Override(rule, None) => write!(f, "routine/{routine}/override/{rule}"),
            Part::Override(rule, Some(step)) => {
                write!(f, "routine/{routine}/override/{rule}/{step}")
            }
            Part::Block(block) => write!(f, "routine/{routine}/block/{block}/{field}"),
            Part::Step(step) => write!(f, "routine/{routine}/step/{step}/{field}"),
            Part::Schedule(day) => write!(f, "routine/{routine}/{SCHEDULE}/{day}"),
        }
    }
}

impl Key {
    pub(super) fn of(routine: &RoutineId, part: Part, field: &str) -> Self {
        Self { routine: routine.clone(), part, field: field.to_owned() }
    }

    /// Reads a key; nothing where it is of a kind that only newer versions know.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, '/').collect();
        let (routine, part, field) = match parts[..] {
            ["routine", routine, field] => (routine, Part::Routine, field),
            ["routine", routine, "override", rule] => {
                (routine, Part::Override(RuleId::new(rule).ok()?, None), "")
            }
            ["routine", routine, "override", rule, step] => {
                let step = StepId::new(step).ok()?;
                (routine, Part::Override(RuleId::new(rule).ok()?, Some(step)), "")
            }
            ["routine", routine, SCHEDULE, day] => {
                let since: LocalDay =
                    day.parse().ok().filter(|d: &LocalDay| d.to_string() == day)?;
                (routine, Part::Schedule(since), SCHEDULE)
            }
            ["routine", routine, "block", block, field] => {
                (routine, Part::Block(BlockId::new(block).ok()?), field)
            }
            ["routine", routine, "step", step, field] => {
                (routine, Part::Step(StepId::new(step).ok()?), field)
            }
            _ => return None,
        };
        Some(Self { routine: RoutineId::new(routine).ok()?, part, field: field.to_owned() })
    }
}

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// One atomic JSON value.
    Json(String),
    /// A text that people edit together.
    Text(String),
}

/// The place of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StepPlace {
    pub(super) block: BlockId,
    pub(super) position: Position,
}

/// A value together with the exercise it was meant for: a dose edited on one device while another
/// fills in a different exercise must never become that exercise's dose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ForExercise {
    pub(super) exercise: ExerciseId,
    pub(super) value: Value,
}

/// What is stored where a routine is not asked for any more.
pub(super) static NOTHING_ASKED: LazyLock<Schedule> = LazyLock::new(Schedule::default);

/// A pause of the whole plan, by its first day.
pub(super) fn pause_key(from: LocalDay) -> String {
    format!("{PAUSE}{from}")
}

/// The chart's own time of a slot.
pub(super) fn slot_key(slot: &Slot) -> String {
    format!("{SLOT}{slot}")
}

/// What the keys of pauses and of slots begin with.
pub(super) const PAUSE: &str = "pause/";
pub(super) const SLOT: &str = "slot/";

/// The end of a pause, as it is stored under its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PauseEnd {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<LocalDay>,
}

/// Every key of a routine with its value.
pub(super) fn fields(routine: &Routine) -> Result<BTreeMap<Key, Cell>, serde_json::Error> {
    let mut cells = BTreeMap::new();
    let own = without(routine, &["id", "blocks", "overrides", "schedule", "schedules"])?;
    add(&mut cells, &routine.id, &Part::Routine, own)?;
    for (since, schedule) in routine.timetable.versions() {
        let schedule = schedule.as_ref().unwrap_or(&NOTHING_ASKED);
        cells.insert(Key::of(&routine.id, Part::Schedule(*since), SCHEDULE), json(schedule)?);
    }
    for decided in &routine.overrides {
        let part = Part::Override(decided.rule.clone(), decided.step.clone());
        cells.insert(Key::of(&routine.id, part, ""), json(decided)?);
    }
    for block in &routine.blocks {
        block_fields(&mut cells, &routine.id, block)?;
        for step in &block.steps {
            step_fields(&mut cells, &routine.id, &block.id, step)?;
        }
    }
    Ok(cells)
}

fn block_fields(
    cells: &mut BTreeMap<Key, Cell>,
    routine: &RoutineId,
    block: &Block,
) -> Result<(), serde_json::Error> {
    let part = Part::Block(block.id.clone());
    cells.insert(Key::of(routine, part.clone(), NOTE), note(block.note.as_ref()));
    add(cells, routine, &part, without(block, &["block_id", "steps", "note"])?)
}

fn step_fields(
    cells: &mut BTreeMap<Key, Cell>,
    routine: &RoutineId,
    block: &BlockId,
    step: &Step,
) -> Result<(), serde_json::Error> {
    let part = Part::Step(step.id.clone());
    let mut own = without(step, &["step_id", "position", "note"])?;
    // Always there, so that the value for another exercise never stands in for none.
    own.entry("tool").or_insert(Value::Null);
    for field in FOR_EXERCISE {
        let value = own.remove(field).unwrap_or(Value::Null);
        let meant = ForExercise { exercise: step.exercise.clone(), value };
        cells.insert(Key::of(routine, part.clone(), field), json(&meant)?);
    }
    let place = StepPlace { block: block.clone(), position: step.position.clone() };
    cells.insert(Key::of(routine, part.clone(), PLACE), json(&place)?);
    cells.insert(Key::of(routine, part.clone(), NOTE), note(step.note.as_ref()));
    add(cells, routine, &part, own)
}

fn add(
    cells: &mut BTreeMap<Key, Cell>,
    routine: &RoutineId,
    part: &Part,
    own: Map<String, Value>,
) -> Result<(), serde_json::Error> {
    for (name, value) in own.into_iter().filter(|(_, value)| !value.is_null()) {
        cells.insert(Key::of(routine, part.clone(), &escaped(&name)), json(&value)?);
    }
    Ok(())
}

pub(super) fn without<T: Serialize>(
    of: &T,
    names: &[&str],
) -> Result<Map<String, Value>, serde_json::Error> {
    let Value::Object(mut own) = serde_json::to_value(of)? else {
        return Ok(Map::new());
    };
    for name in names {
        own.remove(*name);
    }
    Ok(own)
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<Cell, serde_json::Error> {
    serde_json::to_string(value).map(Cell::Json)
}

pub(super) fn note(text: Option<&String>) -> Cell {
    Cell::Text(text.cloned().unwrap_or_default())
}

/// The name of a field inside a key: letters, digits and `_-.` as they are, the rest as `%` and hex.
pub(super) fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    if RESERVED.contains(&name) {
        out.push('+');
    }
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

/// The name of a field from its place in a key; nothing where it is none of ours.
pub(super) fn unescaped(field: &str) -> Option<String> {
    let plain = field.strip_prefix('+').unwrap_or(field);
    let mut out = Vec::with_capacity(plain.len());
    let mut bytes = plain.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let pair = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    let name = String::from_utf8(out).ok()?;
    (escaped(&name) == field).then_some(name)
}
