//! An export as one JSON file: records sorted by id, one a line, so that two exports of the same
//! records are the same bytes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use holdfast_domain::catalogue::OwnExercise;
use holdfast_domain::habit::HabitPlan;
use holdfast_domain::ids::{HabitId, PrescriptionId};
use holdfast_domain::prescription::{Prescription, Settled};
use holdfast_domain::record::{Correction, DayRecord, Observation, SessionRecord};
use holdfast_domain::routine::Routine;
use holdfast_domain::schedule::Pause;
use serde::{Deserialize, Serialize};

use super::contents::{Contents, SlotTime};
use super::{checked_schema, not_an_export};
use crate::commands::profile::ExportedProfile;
use crate::error::{Error, Result};
use holdfast_domain::words::{Arg, Message};

/// The version of the format.
pub(super) const SCHEMA: u32 = 1;
/// What the file says it is.
const KIND: &str = "holdfast-export";
/// The largest file that is read, in bytes: some 40 years of nightly holds.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

#[derive(Deserialize)]
struct Heading {
    schema: u32,
    kind: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    routines: Vec<Routine>,
    #[serde(default)]
    pauses: Vec<Pause>,
    #[serde(default)]
    slots: Vec<SlotTime>,
    #[serde(default)]
    exercises: Vec<OwnExercise>,
    #[serde(default)]
    sessions: Vec<SessionRecord>,
    #[serde(default)]
    observations: Vec<Observation>,
    #[serde(default)]
    corrections: Vec<Correction>,
    #[serde(default)]
    days: Vec<DayRecord>,
    #[serde(default)]
    habits: Vec<PlannedHabit>,
    #[serde(default)]
    prescriptions: Vec<Prescription>,
    #[serde(default)]
    settled: Vec<SettledPrescription>,
    #[serde(default)]
    profile: ExportedProfile,
}

/// What became of a prescription.
#[derive(Serialize, Deserialize)]
struct SettledPrescription {
    prescription: PrescriptionId,
    #[serde(flatten)]
    settled: Settled,
}

/// A habit with its plan.
#[derive(Serialize, Deserialize)]
struct PlannedHabit {
    habit: HabitId,
    plan: HabitPlan,
}

/// Writes the file beside its place, and moves it there when it is whole and on the disk.
pub(super) fn write(contents: &Contents, path: &Path) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = Path::new(&beside);
    let written = (|| {
        let file = File::create(beside)?;
        let mut out = BufWriter::new(file);
        render(contents, &mut out)?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(beside, path)
    })();
    written.map_err(|error| {
        // What is left of a failed attempt is of no use to anybody.
        let _ = std::fs::remove_file(beside);
        Error::io("error.io.write", path, error)
    })
}

fn render(contents: &Contents, out: &mut impl Write) -> std::io::Result<()> {
    write!(out, "{{\n\"schema\": {SCHEMA},\n\"kind\": \"{KIND}\"")?;
    list(out, "routines", contents.routines.values())?;
    list(out, "pauses", contents.pauses.values())?;
    list(out, "slots", contents.slots.values())?;
    list(out, "exercises", contents.exercises.values())?;
    list(out, "sessions", contents.sessions.values())?;
    list(out, "observations", contents.observations.values())?;
    list(out, "corrections", contents.corrections.values())?;
    list(out, "days", contents.days.values())?;
    let planned = contents.habits.iter();
    let planned: Vec<PlannedHabit> = planned
        .map(|(habit, plan)| PlannedHabit { habit: habit.clone(), plan: plan.clone() })
        .collect();
    list(out, "habits", planned.iter())?;
    list(out, "prescriptions", contents.prescriptions.values())?;
    let settled = contents.settled.iter();
    let settled: Vec<SettledPrescription> = settled
        .map(|(id, settled)| SettledPrescription { prescription: id.clone(), settled: *settled })
        .collect();
    list(out, "settled", settled.iter())?;
    write!(out, ",\n\"profile\": ")?;
    serde_json::to_writer(&mut *out, &contents.profile)?;
    out.write_all(b"\n}\n")
}

fn list<'a, T: Serialize + 'a>(
    out: &mut impl Write,
    name: &str,
    items: impl Iterator<Item = &'a T>,
) -> std::io::Result<()> {
    write!(out, ",\n\"{name}\": [")?;
    for (index, item) in items.enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, item)?;
    }
    out.write_all(b"\n]")
}

/// Reads a file.
pub(super) fn text_of(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    let size = std::fs::metadata(path).map_err(|e| Error::io("error.io.read", path, e))?.len();
    if size > MAX_BYTES {
        return Err(not_an_export(&name, Message::new("export.too_large").with("most", MAX_BYTES)));
    }
    let bytes = std::fs::read(path).map_err(|e| Error::io("error.io.read", path, e))?;
    String::from_utf8(bytes).map_err(|_| not_an_export(&name, Message::new("export.no_text")))
}

/// Reads the text of a file.
pub(super) fn read(text: &str, name: &str) -> Result<Contents> {
    let unreadable = |error: serde_json::Error| {
        let why = if error.is_eof() {
            Message::new("export.cut_off").with("line", error.line() as u64)
        } else {
            Message::new("export.bad_line")
                .with("line", error.line() as u64)
                .with("detail", error.to_string())
        };
        not_an_export(name, why)
    };
    let heading: Heading = serde_json::from_str(text).map_err(unreadable)?;
    if heading.kind != KIND {
        return Err(not_an_export(
            name,
            Message::new("export.other_kind").with("kind", heading.kind),
        ));
    }
    checked_schema(heading.schema, name)?;
    let document: Document = serde_json::from_str(text).map_err(unreadable)?;
    let mut contents = Contents::default();
    let twice = |what, id: String| {
        not_an_export(
            name,
            Message::new("export.twice").with("what", Arg::code(what)).with("id", id),
        )
    };
    for routine in document.routines {
        let id = routine.id.clone();
        if contents.routines.insert(id.clone(), routine).is_some() {
            return Err(twice("import.what.routine", id.to_string()));
        }
    }
    for pause in document.pauses {
        if contents.pauses.insert(pause.from, pause).is_some() {
            return Err(twice("import.what.pause", pause.from.to_string()));
        }
    }
    for time in document.slots {
        let slot = time.slot.clone();
        if contents.slots.insert(slot.clone(), time).is_some() {
            return Err(twice("import.what.slot", slot.to_string()));
        }
    }
    for own in document.exercises {
        let id = own.id.clone();
        if contents.exercises.insert(id.clone(), own).is_some() {
            return Err(twice("import.what.exercise", id.to_string()));
        }
    }
    for session in document.sessions {
        contents.take_session(session);
    }
    for observation in document.observations {
        let id = observation.id.clone();
        if contents.observations.insert(id.clone(), observation).is_some() {
            return Err(twice("import.what.observation", id.to_string()));
        }
    }
    for correction in document.corrections {
        let id = correction.id.clone();
        if contents.corrections.insert(id.clone(), correction).is_some() {
            return Err(twice("import.what.correction", id));
        }
    }
    for record in document.days {
        let key = (record.kind(), record.id.clone());
        if contents.days.insert(key.clone(), record).is_some() {
            return Err(twice("record of a day", key.1.to_string()));
        }
    }
    for PlannedHabit { habit, plan } in document.habits {
        if contents.habits.insert(habit.clone(), plan).is_some() {
            return Err(twice("plan of the habit", habit.to_string()));
        }
    }
    for prescription in document.prescriptions {
        let id = prescription.id.clone();
        if contents.prescriptions.insert(id.clone(), prescription).is_some() {
            return Err(twice("import.what.prescription", id.to_string()));
        }
    }
    for SettledPrescription { prescription, settled } in document.settled {
        if contents.settled.insert(prescription.clone(), settled).is_some() {
            return Err(twice("import.what.settled", prescription.to_string()));
        }
    }
    contents.profile = document.profile;
    Ok(contents)
}
