//! A routine as a file to hand on: the routine and the own exercises it needs, and nothing about a
//! person: no author, no time, no reason for a broken rule, no history. It is JSON that can be read,
//! and written, by hand; what comes from elsewhere is checked like anything a stranger hands in.

use std::fs::{self, File as OnDisk};
use std::io::Write as _;
use std::path::Path;

use holdfast_domain::catalogue::{Catalogue, OwnExercise};
use holdfast_domain::ids::RoutineId;
use holdfast_domain::routine::Routine;
use serde::Serialize;
use serde_json::{Map, Value};

use super::create::name_is_free;
use super::refusal::bad_id;
use super::{ImportOptions, RoutineView, admit, find, same};
use crate::commands::exercise;
use crate::documents::plan::PlanReading;
use crate::error::{Error, HoldfastError, Result};
use crate::plans::PlanEdit;
use crate::{Engine, Inner};
use holdfast_domain::words::Message;

/// What the file says it is.
const KIND: &str = "holdfast-routine";
/// The version of the format.
const SCHEMA: u64 = 1;
/// The largest routine file that is looked at, in bytes (ours): 200 steps with long notes fit.
const MAX_FILE: usize = 4 << 20;

/// A routine that was taken in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoutineImport {
    /// The routine as it is here now; as it would be, where nothing was written.
    #[serde(flatten)]
    pub view: RoutineView,
    /// Whether it is new here.
    pub added: bool,
    /// The names of own exercises that came with it.
    pub exercises_added: Vec<String>,
}

#[derive(Serialize)]
struct File<'a> {
    schema: u64,
    kind: &'static str,
    routine: &'a Routine,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exercises: Vec<OwnExercise>,
}

/// A file that was read.
struct Parsed {
    routine: Routine,
    exercises: Vec<OwnExercise>,
}

impl Engine {
    /// The text of a routine file: JSON of the routine and of the own exercises it needs.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn routine_file(&self, key: &str) -> Result<String, HoldfastError> {
        self.guarded(|inner| {
            let plan = inner.store.read(|conn| inner.plan(conn))?;
            text_of(&plan, find::routine(&plan, key)?)
        })
    }

    /// Writes a routine file to `path`, where nothing may stand yet. Nothing is left there when it
    /// fails half-way.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] when something stands at `path`; or
    /// why it cannot be written.
    pub fn export_routine(&self, key: &str, path: &Path) -> Result<RoutineView, HoldfastError> {
        let text = self.routine_file(key)?;
        self.guarded(|inner| {
            written_whole(text.as_bytes(), path)?;
            inner.store.read(|conn| {
                let plan = inner.plan(conn)?;
                inner.routine_view(conn, &plan, find::routine(&plan, key)?)
            })
        })
    }

    /// Takes in a routine file: what [`Self::routine_file`] gives, or the JSON of a routine alone or
    /// as `routine` of a document. The same file a second time changes nothing. The rules judge it:
    /// whoever takes it in decides anew about what it breaks.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for what is no routine, or one that is here already with other
    /// content; [`HoldfastError::Broken`]. Nothing is written then.
    pub fn import_routine(
        &self,
        json: &str,
        options: &ImportOptions,
    ) -> Result<RoutineImport, HoldfastError> {
        self.guarded(|inner| inner.import_routine(json, options))
    }
}

/// Writes a file beside its place, and moves it there when it is whole and on the disk.
fn written_whole(bytes: &[u8], path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        let message = Message::new("export.exists").with("path", path.display().to_string());
        return Err(Error::bad("out", message));
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = Path::new(&beside);
    let written = OnDisk::create(beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(beside, path)
    });
    written.map_err(|error| {
        // What is left of a failed attempt is of no use to anybody.
        let _ = fs::remove_file(beside);
        Error::io("error.io.write", path, error)
    })
}

impl Inner {
    pub(crate) fn import_routine(
        &self,
        json: &str,
        options: &ImportOptions,
    ) -> Result<RoutineImport> {
        let mut file = parse(json)?;
        if let Some(name) = &options.name {
            file.routine.name = name.trim().to_owned();
        }
        self.edit_plan("import a routine", |plan| self.take_in(plan, file, options))
    }

    fn take_in(
        &self,
        plan: &mut PlanEdit<'_, '_>,
        file: Parsed,
        options: &ImportOptions,
    ) -> Result<RoutineImport> {
        let new = own_to_write(plan.reading(), &file.routine, &file.exercises)?;
        let here = plan.reading().own.values().cloned();
        let here = here.filter(|own| new.iter().all(|(_, new)| new.id != own.id));
        let own = here.chain(new.iter().map(|(_, new)| new.clone()));
        let catalogue = Catalogue::built_in().with_own(own);
        let mut routine = file.routine.checked(&catalogue)?;
        let known = plan.reading().routines.get(&routine.id).cloned();
        if let Some(known) = known {
            if same(&to_hand_on(&known), &to_hand_on(&routine)) {
                let view = self.view_of(plan, &known)?;
                return Ok(RoutineImport { view, added: false, exercises_added: Vec::new() });
            }
            if !options.as_copy {
                return Err(Error::BadInput {
                    field: "routine",
                    code: "routine_exists",
                    message: Message::new("input.routine_exists").with("name", known.name.as_str()),
                });
            }
            routine.id = RoutineId::new(self.fresh_id()).map_err(|bad| bad_id("routine", &bad))?;
        }
        // A file says no day: what it asks for, it asks for from today on.
        routine.timetable = routine.timetable.dated(self.today(plan.conn())?);
        name_is_free(plan.reading(), &routine)?;
        let (routine, _) = self.with_overrides(None, routine, &options.overrides, &catalogue)?;
        admit(None, &routine, &catalogue)?;
        let exercises_added = new.iter().map(|(_, new)| new.name.clone()).collect();
        if options.dry_run {
            let view = self.view_of(plan, &routine)?;
            return Ok(RoutineImport { view, added: true, exercises_added });
        }
        for (old, new) in &new {
            plan.write_own(old.as_ref(), new, &std::collections::BTreeSet::new())?;
        }
        let mut before = None;
        if plan.reading().removed.contains(&routine.id) {
            // It was removed once: it comes back, as the file has it.
            plan.restore(&routine.id)?;
            before = plan.reading().routines.get(&routine.id).cloned();
        }
        plan.write(before.as_ref(), &routine)?;
        Ok(RoutineImport { view: self.view_of(plan, &routine)?, added: true, exercises_added })
    }
}

/// The own exercises of a file that are not here yet, each with what is here of it.
pub(crate) fn own_to_write(
    plan: &PlanReading,
    routine: &Routine,
    exercises: &[OwnExercise],
) -> Result<Vec<(Option<OwnExercise>, OwnExercise)>> {
    let needed = |own: &&OwnExercise| routine.steps().any(|step| step.exercise == own.id);
    let mut new: Vec<(Option<OwnExercise>, OwnExercise)> = Vec::new();
    for own in exercises.iter().filter(needed) {
        let known = plan.own.get(&own.id);
        // The one that is here is the person's own: a file does not edit it.
        let stands = known.is_some_and(|known| !known.removed);
        if stands || new.iter().any(|(_, other)| other.id == own.id) {
            continue;
        }
        let plain = OwnExercise { removed: false, unknown: Map::new(), ..own.clone() }.checked()?;
        exercise::name_is_free(plan, &plain)?;
        new.push((known.cloned(), plain));
    }
    Ok(new)
}

fn text_of(plan: &PlanReading, routine: &Routine) -> Result<String> {
    let used = |own: &&OwnExercise| routine.steps().any(|step| step.exercise == own.id);
    let plain =
        |own: &OwnExercise| OwnExercise { removed: false, unknown: Map::new(), ..own.clone() };
    let file = File {
        schema: SCHEMA,
        kind: KIND,
        routine: &to_hand_on(routine),
        exercises: plan.own.values().filter(used).map(plain).collect(),
    };
    let text = serde_json::to_string_pretty(&file);
    text.map(|text| text + "\n").map_err(|error| Error::Unreadable(error.to_string()))
}

/// The routine without anything about a person: who made it and when, since when it was to be done, what they decided to break and
/// why, and fields of newer versions, of which nobody here knows what they tell.
pub(crate) fn to_hand_on(routine: &Routine) -> Routine {
    let mut plain = Routine {
        author: None,
        created_at: None,
        timetable: routine.timetable.without_days(),
        overrides: Vec::new(),
        unknown: Map::new(),
        ..routine.clone()
    };
    for block in &mut plain.blocks {
        block.unknown.clear();
        for step in &mut block.steps {
            step.unknown.clear();
        }
    }
    plain
}

/// The routine of a file's text without anything about a person, and the own exercises it came with.
pub(crate) fn routine_of(json: &str) -> Result<(Routine, Vec<OwnExercise>)> {
    let parsed = parse(json)?;
    let plain =
        Routine { overrides: parsed.routine.overrides.clone(), ..to_hand_on(&parsed.routine) };
    Ok((plain, parsed.exercises))
}

/// Whether a text says of itself that it is a routine file.
pub(crate) fn is_routine_file(json: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Heading {
        kind: String,
    }
    json.len() <= MAX_FILE
        && serde_json::from_str::<Heading>(json).is_ok_and(|heading| heading.kind == KIND)
}

fn parse(json: &str) -> Result<Parsed> {
    let bad = |why: Message| Error::BadInput {
        field: "routine",
        code: "bad_routine",
        message: Message::new("export.no_routine_file").with("why", why),
    };
    if json.len() > MAX_FILE {
        return Err(bad(Message::new("export.too_large").with("most", MAX_FILE as u64)));
    }
    let mut value: Value = serde_json::from_str(json).map_err(|error| {
        bad(if error.is_eof() {
            Message::new("export.cut_off").with("line", error.line() as u64)
        } else {
            Message::new("export.bad_line")
                .with("line", error.line() as u64)
                .with("detail", error.to_string())
        })
    })?;
    match value.get("kind").map(|kind| kind.as_str().unwrap_or_default().to_owned()).as_deref() {
        None | Some(KIND) => {}
        Some("holdfast-export") => {
            return Err(bad(Message::new("export.whole_record")));
        }
        Some(other) => return Err(bad(Message::new("export.other_kind").with("kind", other))),
    }
    match value.get("schema").map(Value::as_u64) {
        None | Some(Some(SCHEMA)) => {}
        Some(Some(schema)) if schema > SCHEMA => {
            return Err(bad(Message::new("export.newer_format")
                .with("found", schema)
                .with("known", SCHEMA)));
        }
        Some(_) => return Err(bad(Message::new("export.no_schema"))),
    }
    if !value.is_object() {
        return Err(bad(Message::new("export.no_object")));
    }
    let mut exercises = Vec::new();
    for name in ["exercises", "own_exercises"] {
        if let Some(listed) = value.get_mut(name).map(Value::take) {
            let read: Vec<OwnExercise> = serde_json::from_value(listed).map_err(|error| {
                bad(Message::new("export.bad_exercises").with("detail", error.to_string()))
            })?;
            exercises.extend(read);
        }
    }
    let inner = value.get_mut("routine").map(Value::take);
    let routine: Routine = serde_json::from_value(inner.unwrap_or(value)).map_err(|error| {
        bad(Message::new("export.bad_routine").with("detail", error.to_string()))
    })?;
    let own = to_hand_on(&routine);
    // A routine of one's own, brought back from what `routine show` printed, keeps its author and
    // what was decided about it.
    let routine = Routine {
        author: routine.author,
        created_at: routine.created_at,
        timetable: routine.timetable,
        overrides: routine.overrides,
        ..own
    };
    Ok(Parsed { routine, exercises })
}
