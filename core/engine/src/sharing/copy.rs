//! A routine as a link: the routine and the own exercises it needs, small enough for one code to scan. Ids, days
//! and counters stay behind, for they tell of a person; whoever takes the copy in gives it new ones, which
//! follow from the content, so that the same link taken in twice is one routine.

use std::collections::BTreeMap;

use holdfast_domain::catalogue::own::OWN_PREFIX;
use holdfast_domain::catalogue::{Catalogue, OwnExercise};
use holdfast_domain::routine::{MAX_STEPS, Routine};
use holdfast_domain::words::Message;
use holdfast_protocol::copy::CopyLink;
use holdfast_protocol::link::Link;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::links;
use crate::commands::routine::{ImportOptions, RoutineImport};
use crate::error::{Error, HoldfastError, Result};
use crate::{Engine, Inner};

/// How the content is packed: JSON, by zstd with [`WORDS`].
const FORM: u8 = 1;
/// What most routines are made of. A link of form 1 reads with exactly these bytes: they are never edited.
const WORDS: &[u8] = include_bytes!("copy_words_1.txt");
/// The most that a link unpacks to, in bytes (ours): [`MAX_STEPS`] steps with notes fit.
const MAX_UNPACKED: usize = 256 * 1024;
/// zstd's level: it is packed once and scanned often.
const LEVEL: i32 = 19;
/// The format of a routine file.
const SCHEMA: u64 = 1;

/// A routine to hand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoutineCopy {
    /// What it is called.
    pub name: String,
    /// The link. It needs no relay and holds no secret.
    pub link: String,
    /// The same link in capitals and digits alone, for a code to scan.
    pub scan: String,
    /// The same content as a file: JSON that can be read, and taken in like the link.
    pub file: String,
    /// How many bytes the link carries.
    pub bytes: usize,
}

/// What is in a copy of a routine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoutineInside {
    /// The routine as it would come in.
    pub routine: Routine,
    /// The own exercises that come along.
    pub exercises: Vec<OwnExercise>,
    /// Exercises that this version does not know: made by a newer one. It cannot be taken in here.
    pub unknown: Vec<String>,
}

impl Engine {
    /// A copy of a routine to hand on, by its id, the beginning of it, or its name: the routine, the own exercises
    /// it needs, and nothing about a person.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn share_routine(&self, key: &str) -> Result<RoutineCopy, HoldfastError> {
        let file = self.routine_file(key)?;
        self.guarded(|_| pack(&file))
    }
}

impl Inner {
    /// Takes a copy in, by the same checks as a file.
    pub(super) fn accept_copy(
        &self,
        link: &CopyLink,
        options: &ImportOptions,
    ) -> Result<RoutineImport> {
        self.import_routine(&unpack(link)?.to_string(), options)
    }
}

/// What a link carries, without any network and without taking it in.
pub(super) fn look_inside(link: &CopyLink) -> Result<RoutineInside> {
    let mut file = unpack(link)?;
    let damaged = |_| links::damaged();
    let exercises = serde_json::from_value(file["exercises"].take()).map_err(damaged)?;
    let routine: Routine = serde_json::from_value(file["routine"].take()).map_err(damaged)?;
    let exercises: Vec<OwnExercise> = exercises;
    let known = |id: &str| {
        Catalogue::built_in().exercises().iter().any(|one| one.id.as_str() == id)
            || exercises.iter().any(|own| own.id.as_str() == id)
    };
    let mut unknown: Vec<String> =
        routine.steps().map(|step| step.exercise.to_string()).filter(|id| !known(id)).collect();
    unknown.sort();
    unknown.dedup();
    Ok(RoutineInside { routine, exercises, unknown })
}

fn pack(file: &str) -> Result<RoutineCopy> {
    let unreadable = |error: serde_json::Error| Error::Unreadable(error.to_string());
    let plain = plain(serde_json::from_str(file).map_err(unreadable)?);
    let text = plain.to_string();
    let packed = zstd::bulk::Compressor::with_dictionary(LEVEL, WORDS)
        .and_then(|mut zstd| zstd.compress(text.as_bytes()))
        .map_err(|error| Error::Unreadable(format!("a routine to hand on ({error})")))?;
    let link = CopyLink { form: FORM, content: packed };
    let whole = named(plain, text.as_bytes());
    let name = whole["routine"]["name"].as_str().unwrap_or_default().to_owned();
    let file = serde_json::to_string_pretty(&whole).map_err(unreadable)? + "\n";
    let bytes = link.content.len();
    Ok(RoutineCopy {
        name,
        link: link.to_text().to_string(),
        scan: link.to_capitals().to_string(),
        file,
        bytes,
    })
}

/// The JSON of the routine file that a link carries.
fn unpack(link: &CopyLink) -> Result<Value> {
    match link.form {
        FORM => {}
        newer if newer > FORM => return Err(links::newer()),
        _ => return Err(links::damaged()),
    }
    let bytes = zstd::bulk::Decompressor::with_dictionary(WORDS)
        .and_then(|mut zstd| zstd.decompress(&link.content, MAX_UNPACKED))
        .map_err(|_| links::damaged())?;
    let plain: Value = serde_json::from_slice(&bytes).map_err(|_| links::damaged())?;
    if !plain.is_object() || !plain["routine"].is_object() {
        return Err(links::damaged());
    }
    let steps = steps(&plain["routine"]).count();
    if steps > MAX_STEPS {
        let message = Message::new("share.too_many_steps").with("steps", steps as u64);
        return Err(Error::Linked(message.with("most", MAX_STEPS as u64)));
    }
    Ok(named(plain, &bytes))
}

/// Without ids, places and counters: order says where, and own exercises are called by their number.
fn plain(mut file: Value) -> Value {
    let mut numbers = BTreeMap::new();
    let mut exercises = file["exercises"].take();
    for (n, own) in list(&mut exercises).iter_mut().enumerate() {
        if let Some(id) = own.as_object_mut().and_then(|own| own.remove("id")) {
            numbers.insert(id.as_str().unwrap_or_default().to_owned(), format!("{OWN_PREFIX}{n}"));
        }
    }
    let mut routine = file["routine"].take();
    for key in ["id", "version"] {
        remove(&mut routine, key);
    }
    for block in list(&mut routine["blocks"]) {
        remove(block, "block_id");
        remove(block, "position");
        for step in list(&mut block["steps"]) {
            remove(step, "step_id");
            remove(step, "position");
            let exercise = step["exercise"].as_str().unwrap_or_default();
            if let Some(number) = numbers.get(exercise) {
                step["exercise"] = json!(number);
            }
        }
    }
    let mut plain = Map::new();
    plain.insert("routine".to_owned(), routine);
    if !numbers.is_empty() {
        plain.insert("exercises".to_owned(), exercises);
    }
    Value::Object(plain)
}

/// The file again: each part gets an id that follows from the content.
fn named(mut plain: Value, content: &[u8]) -> Value {
    let mut exercises = plain["exercises"].take();
    let mut ids = BTreeMap::new();
    for (n, own) in list(&mut exercises).iter_mut().enumerate() {
        // By its own content alone: two routines that need it bring one exercise.
        let id = format!("{OWN_PREFIX}{}", id(own.to_string().as_bytes(), "exercise", 0));
        ids.insert(format!("{OWN_PREFIX}{n}"), id.clone());
        if let Some(own) = own.as_object_mut() {
            own.insert("id".to_owned(), json!(id));
        }
    }
    let mut routine = plain["routine"].take();
    put(&mut routine, "id", id(content, "routine", 0));
    let mut step_no = 0;
    for (n, block) in list(&mut routine["blocks"]).iter_mut().enumerate() {
        put(block, "block_id", id(content, "block", n));
        for step in list(&mut block["steps"]) {
            put(step, "step_id", id(content, "step", step_no));
            step_no += 1;
            let exercise = step["exercise"].as_str().unwrap_or_default();
            if let Some(own) = ids.get(exercise) {
                step["exercise"] = json!(own);
            }
        }
    }
    let exercises = if exercises.is_array() { exercises } else { json!([]) };
    json!({ "schema": SCHEMA, "kind": "holdfast-routine", "routine": routine, "exercises": exercises })
}

/// 80 bits as 16 small letters and digits.
fn id(content: &[u8], what: &str, n: usize) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("holdfast 1 id in a copied routine");
    hasher.update(what.as_bytes()).update(&(n as u64).to_le_bytes()).update(content);
    let mut id = data_encoding::BASE32_NOPAD.encode(&hasher.finalize().as_bytes()[..10]);
    id.make_ascii_lowercase();
    id
}

fn list(value: &mut Value) -> &mut [Value] {
    value.as_array_mut().map_or(&mut [], Vec::as_mut_slice)
}

fn steps(routine: &Value) -> impl Iterator<Item = &Value> {
    let blocks = routine["blocks"].as_array().into_iter().flatten();
    blocks.flat_map(|block| block["steps"].as_array().into_iter().flatten())
}

fn remove(value: &mut Value, key: &str) {
    if let Some(map) = value.as_object_mut() {
        map.remove(key);
    }
}

fn put(value: &mut Value, key: &str, text: String) {
    if let Some(map) = value.as_object_mut() {
        map.insert(key.to_owned(), json!(text));
    }
}

#[cfg(test)]
#[path = "copy_tests.rs"]
mod tests;
