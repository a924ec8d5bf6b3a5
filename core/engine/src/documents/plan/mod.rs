//! The plan: one document that all of the owner's devices write and merge. Edits of different
//! fields and steps merge; two edits of one dose never mix, they are shown until somebody settles
//! them. What a routine means, and whether it makes sense, is the domain's matter.

mod fields;
mod habits;
mod own;
mod prescriptions;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use automerge::transaction::{Transactable, Transaction};
use automerge::{ObjType, ROOT, ReadDoc};
use holdfast_domain::ids::RoutineId;
use holdfast_domain::routine::{Routine, Schedule};
use holdfast_domain::schedule::{Pause, Pauses, SlotTimes};

pub use fields::{Key, Part};
pub use habits::{PlannedHabit, PlannedHabits};
pub use own::OwnConflict;
pub use read::{Conflict, ConflictValue, PlanReading};

use super::document::{Document, WriteError, Written, put};
use super::foreign::{MAX_CHANGE_OPS, Shape};
use super::kind::document_kind;
use fields::{
    Cell, ENDED_WITH, EXERCISE, FOR_EXERCISE, ForExercise, NOTE, PauseEnd, REMOVED, fields,
    pause_key, slot_key,
};

/// How many operations one commit of ours may take: each character of a note is one. The rest of
/// what a change may hold is room for what a text edit costs beyond its characters.
const COMMIT_OPS: u64 = MAX_CHANGE_OPS / 2;

/// The plan document.
#[derive(Debug, Clone)]
pub struct Plan(Document);

document_kind!(Plan, Shape::Plan);

impl Plan {
    /// The routines, and what is unsettled between devices.
    #[must_use]
    pub fn read(&self) -> PlanReading {
        read::read(&self.0)
    }

    /// Writes what an edit changed: `old` is the routine as it was read, nothing for a new one.
    /// Fields that the edit left alone are not touched, so that they merge with others' edits.
    ///
    /// Nearly always one commit. A routine with very long notes is made in several, the first of
    /// which holds everything but the notes.
    ///
    /// # Errors
    /// [`WriteError`]. Commits made before the one that failed stand.
    pub fn write(
        &mut self,
        old: Option<&Routine>,
        new: &Routine,
    ) -> Result<Vec<Written>, WriteError> {
        let cells = |routine| fields(routine).map_err(|e| WriteError::Automerge(e.to_string()));
        let before = old.map(cells).transpose()?.unwrap_or_default();
        let after = cells(new)?;
        let edits = self.difference(&new.id, &before, &after);
        self.commit(edits)
    }

    /// Removes a routine. History keeps what was played of it.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn remove(
        &mut self,
        routine: &RoutineId,
        had: Option<&Schedule>,
    ) -> Result<Vec<Written>, WriteError> {
        let key = |field| Key::of(routine, Part::Routine, field).to_string();
        let had = serde_json::to_string(&had).map_err(|e| WriteError::Automerge(e.to_string()))?;
        let mut written: Vec<Written> = self.0.put(&key(ENDED_WITH), &had)?.into_iter().collect();
        written.extend(self.0.put(&key(REMOVED), "true")?);
        Ok(written)
    }

    /// Brings a removed routine back.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn restore(&mut self, routine: &RoutineId) -> Result<Option<Written>, WriteError> {
        self.0.put(&Key::of(routine, Part::Routine, REMOVED).to_string(), "false")
    }

    /// Writes what a change of the pauses changed, as one commit: nothing where nothing did.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn write_pauses(
        &mut self,
        before: &Pauses,
        after: &Pauses,
    ) -> Result<Vec<Written>, WriteError> {
        let cells = |pauses: &Pauses| -> Result<BTreeMap<String, String>, WriteError> {
            let cell = |pause: Pause| {
                let end = serde_json::to_string(&PauseEnd { until: pause.until });
                Ok((pause_key(pause.from), end.map_err(|e| WriteError::Automerge(e.to_string()))?))
            };
            pauses.iter().map(cell).collect()
        };
        self.put_difference(&cells(before)?, &cells(after)?)
    }

    /// Writes what a change of the chart's slot times changed, as one commit.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn write_slot_times(
        &mut self,
        before: &SlotTimes,
        after: &SlotTimes,
    ) -> Result<Vec<Written>, WriteError> {
        let cells = |times: &SlotTimes| -> BTreeMap<String, String> {
            times.0.iter().map(|(slot, time)| (slot_key(slot), format!("\"{time}\""))).collect()
        };
        self.put_difference(&cells(before), &cells(after))
    }

    /// What is gone is written as nothing: keys are never deleted.
    fn put_difference(
        &mut self,
        before: &BTreeMap<String, String>,
        after: &BTreeMap<String, String>,
    ) -> Result<Vec<Written>, WriteError> {
        let gone = before.keys().filter(|key| !after.contains_key(*key));
        let gone = gone.map(|key| (key.clone(), Edit::Put("null".to_owned())));
        let new = after.iter().filter(|(key, text)| before.get(*key) != Some(text));
        let new = new.map(|(key, text)| (key.clone(), Edit::Put(text.clone())));
        let edits: Vec<(String, Edit)> = gone.chain(new).collect();
        if edits.is_empty() { Ok(Vec::new()) } else { self.commit(edits) }
    }

    /// Settles a conflict on one of its values. Gives nothing where it is settled already.
    ///
    /// A dose, side or tool that was meant for another exercise becomes that of the exercise the
    /// step has now: the person who picks it has seen both.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn settle(
        &mut self,
        conflict: &Conflict,
        value: &ConflictValue,
    ) -> Result<Option<Written>, WriteError> {
        let key = conflict.key.to_string();
        if value.editable {
            return self.0.write(|transaction| new_text(transaction, &key, &value.text));
        }
        match self.meant_for_this(&conflict.key, &value.text) {
            Some(text) => self.0.put(&key, &text),
            None => self.0.put(&key, &value.text),
        }
    }

    /// A value of another exercise, meant for the step's own.
    fn meant_for_this(&self, key: &Key, text: &str) -> Option<String> {
        if !FOR_EXERCISE.contains(&key.field.as_str()) {
            return None;
        }
        let exercise = Key { field: EXERCISE.to_owned(), ..key.clone() }.to_string();
        let exercise = serde_json::from_str(&self.0.get(&exercise)?.text).ok()?;
        let meant: ForExercise = serde_json::from_str(text).ok()?;
        let moved = meant.exercise != exercise;
        moved.then(|| serde_json::to_string(&ForExercise { exercise, ..meant }).ok())?
    }

    /// What has to be written to get from one routine to the other.
    fn difference(
        &self,
        routine: &RoutineId,
        before: &BTreeMap<Key, Cell>,
        after: &BTreeMap<Key, Cell>,
    ) -> Vec<(String, Edit)> {
        let mut edits = BTreeMap::new();
        let steps = |cells: &BTreeMap<Key, Cell>| -> BTreeSet<Part> {
            cells
                .keys()
                .map(|key| &key.part)
                .filter(|p| matches!(p, Part::Step(_)))
                .cloned()
                .collect()
        };
        let (had, has) = (steps(before), steps(after));
        for (key, cell) in after.iter().filter(|(key, cell)| before.get(key) != Some(cell)) {
            let edit = match cell {
                Cell::Json(text) => Edit::Put(text.clone()),
                Cell::Text(text) => Edit::Text(text.clone()),
            };
            edits.insert(key.to_string(), edit);
        }
        for key in before.keys().filter(|key| !after.contains_key(key)) {
            match &key.part {
                // A block without steps is not read; its fields do no harm.
                Part::Block(_) if key.field == NOTE => {}
                part @ Part::Step(_) if !has.contains(part) => {
                    let removed = Key::of(routine, part.clone(), REMOVED);
                    edits.insert(removed.to_string(), Edit::Put("true".to_owned()));
                }
                _ => {
                    edits.insert(key.to_string(), Edit::Put("null".to_owned()));
                }
            }
        }
        // What was removed and is there again.
        let back = has.difference(&had).cloned().chain(before.is_empty().then_some(Part::Routine));
        for part in back {
            let removed = Key::of(routine, part, REMOVED).to_string();
            if self.0.get(&removed).is_some_and(|held| held.text == "true") {
                edits.insert(removed, Edit::Put("false".to_owned()));
            }
        }
        edits.into_iter().collect()
    }

    fn commit(&mut self, edits: Vec<(String, Edit)>) -> Result<Vec<Written>, WriteError> {
        // First everything that is one operation each, new texts still empty; then the texts.
        let mut first = Vec::new();
        let mut texts: Vec<(String, String, u64)> = Vec::new();
        for (key, edit) in edits {
            match edit {
                Edit::Put(text) => first.push((key, Edit::Put(text))),
                Edit::Text(text) => {
                    let stands = self.0.all(&key);
                    let replaced =
                        stands.iter().map(|held| held.text.chars().count()).sum::<usize>();
                    let cost = (text.chars().count() + replaced) as u64;
                    if stands.len() != 1 || !stands[0].editable {
                        first.push((key.clone(), Edit::Text(String::new())));
                    }
                    if !text.is_empty() || cost > 0 {
                        texts.push((key, text, cost));
                    }
                }
            }
        }
        let mut spent = first.len() as u64;
        let mut commits = vec![(first, Vec::new())];
        for (key, text, cost) in texts {
            if spent + cost > COMMIT_OPS && spent > 0 {
                commits.push((Vec::new(), Vec::new()));
                spent = 0;
            }
            spent += cost;
            if let Some((_, texts)) = commits.last_mut() {
                texts.push((key, text));
            }
        }
        let mut written = Vec::new();
        for (puts, texts) in commits {
            written.extend(self.0.write(|transaction| {
                for (key, edit) in &puts {
                    match edit {
                        Edit::Put(text) => put(transaction, Shape::Plan, key, text)?,
                        Edit::Text(text) => new_text(transaction, key, text)?,
                    }
                }
                texts.iter().try_for_each(|(key, text)| set_text(transaction, key, text))
            })?);
        }
        Ok(written)
    }
}

/// One key to write.
enum Edit {
    Put(String),
    Text(String),
}

/// Makes an editable text, in the commit that makes what it belongs to: made by two devices at
/// once, one would hide the other. Where that happened all the same, a new one settles it.
fn new_text(transaction: &mut Transaction<'_>, key: &str, text: &str) -> Result<(), WriteError> {
    let id = transaction.put_object(ROOT, key, ObjType::Text)?;
    Ok(transaction.splice_text(id, 0, 0, text)?)
}

/// Edits a text by what differs, so that two people's edits merge.
fn set_text(transaction: &mut Transaction<'_>, key: &str, text: &str) -> Result<(), WriteError> {
    match transaction.get(ROOT, key)? {
        Some((automerge::Value::Object(ObjType::Text), id)) => {
            Ok(transaction.update_text(&id, text)?)
        }
        _ => new_text(transaction, key, text),
    }
}

#[cfg(test)]
mod tests;
