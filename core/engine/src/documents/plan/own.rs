//! Own exercises in the plan: each field is a key of its own, so that edits of different fields on
//! two devices merge. Nothing is ever deleted: what was done of a removed one keeps its name.
//!
//! ```text
//! exercise/own:ID/name   exercise/own:ID/kind   exercise/own:ID/dose   exercise/own:ID/removed  …
//! ```

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::catalogue::own::is_own;
use holdfast_domain::catalogue::{Catalogue, OwnExercise};
use holdfast_domain::ids::ExerciseId;
use serde_json::{Map, Value};

use super::fields::{Cell, NOTE, REMOVED, escaped, json, note, unescaped, without};
use super::read::{Fields, PlanReading, is_removed};
use super::{Edit, Plan};
use crate::documents::document::{WriteError, Written};

/// Several values that devices wrote at once at one field of an own exercise. Until somebody says
/// the field anew, one of them stands, the same on every device.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnConflict {
    /// The exercise.
    pub exercise: ExerciseId,
    /// The field.
    pub field: String,
    /// The values, no two equal; the last one stands.
    pub values: Vec<Value>,
}

impl PlanReading {
    /// What the sources say, and the own exercises beside it.
    #[must_use]
    pub fn catalogue(&self) -> Cow<'static, Catalogue> {
        if self.own.is_empty() {
            return Cow::Borrowed(Catalogue::built_in());
        }
        Cow::Owned(Catalogue::built_in().with_own(self.own.values().cloned()))
    }
}

impl Plan {
    /// Writes what an edit changed of an own exercise: `old` is it as it was read, nothing for a new
    /// one. Fields that are `said` are written even where they are as before: that settles what two
    /// devices wrote at once.
    ///
    /// # Errors
    /// [`WriteError`]. Commits made before the one that failed stand.
    pub fn write_own(
        &mut self,
        old: Option<&OwnExercise>,
        new: &OwnExercise,
        said: &BTreeSet<&str>,
    ) -> Result<Vec<Written>, WriteError> {
        let cells = |own| cells(own).map_err(|e| WriteError::Automerge(e.to_string()));
        let before = old.map(cells).transpose()?.unwrap_or_default();
        let after = cells(new)?;
        let mut edits = BTreeMap::new();
        for (field, cell) in &after {
            if before.get(field) != Some(cell) || said.contains(field.as_str()) {
                let edit = match cell {
                    Cell::Json(text) => Edit::Put(text.clone()),
                    Cell::Text(text) => Edit::Text(text.clone()),
                };
                edits.insert(key(&new.id, field), edit);
            }
        }
        let said_empty = said.iter().map(|field| (*field).to_owned());
        for field in before.keys().cloned().chain(said_empty).filter(|f| !after.contains_key(f)) {
            edits.insert(key(&new.id, &field), Edit::Put("null".to_owned()));
        }
        self.commit(edits.into_iter().collect())
    }
}

fn key(id: &ExerciseId, field: &str) -> String {
    format!("exercise/{id}/{field}")
}

/// The exercise and field of a key; nothing where it is no key of an own exercise.
pub(super) fn parse(key: &str) -> Option<(ExerciseId, &str)> {
    let (id, field) = key.strip_prefix("exercise/")?.split_once('/')?;
    let id = ExerciseId::new(id).ok().filter(is_own)?;
    Some((id, field))
}

fn cells(own: &OwnExercise) -> Result<BTreeMap<String, Cell>, serde_json::Error> {
    let mut cells = BTreeMap::new();
    for (name, value) in without(own, &["id", "note", "removed"])? {
        if !value.is_null() {
            cells.insert(escaped(&name), json(&value)?);
        }
    }
    cells.insert(NOTE.to_owned(), note(own.note.as_ref()));
    cells.insert(REMOVED.to_owned(), json(&own.removed)?);
    Ok(cells)
}

/// Puts an own exercise together again. One that makes no sense here is named and left out.
pub(super) fn read(id: &ExerciseId, fields: &Fields, reading: &mut PlanReading) {
    let mut object = Map::new();
    for (field, held) in fields.iter().filter(|(field, _)| *field != REMOVED) {
        let name = if field == NOTE { Some(NOTE.to_owned()) } else { unescaped(field) };
        let Some(name) = name else {
            reading.newer += 1;
            continue;
        };
        let mut values: Vec<Value> = Vec::new();
        for one in held {
            let value = match one.editable {
                true => Ok(Value::from(one.text.as_str())),
                false => serde_json::from_str(&one.text),
            };
            match value {
                Ok(value) => {
                    // The one that stands in the document is the last: keep that of equals.
                    values.retain(|other| *other != value);
                    values.push(value);
                }
                Err(error) => reading.unreadable.push((key(id, field), error.to_string())),
            }
        }
        let Some(stands) = values.last().cloned() else { continue };
        if values.len() > 1 {
            let (exercise, field) = (id.clone(), name.clone());
            reading.own_conflicts.push(OwnConflict { exercise, field, values });
        }
        let empty_note = name == NOTE && stands.as_str() == Some("");
        if !stands.is_null() && !empty_note {
            object.insert(name, stands);
        }
    }
    object.insert("id".to_owned(), Value::from(id.as_str()));
    object.insert(REMOVED.to_owned(), Value::from(is_removed(fields)));
    let read = serde_json::from_value::<OwnExercise>(Value::Object(object));
    let whole = read.map_err(|error| error.to_string());
    match whole.and_then(|own| own.checked().map_err(|refused| refused.to_string())) {
        Ok(own) => {
            reading.own.insert(id.clone(), own);
        }
        Err(why) => reading.unreadable.push((key(id, ""), why)),
    }
}
