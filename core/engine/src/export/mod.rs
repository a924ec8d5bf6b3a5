//! Everything a person recorded, out of the home and into one: as one JSON document, or as the
//! Automerge documents themselves. Nothing secret leaves: no keys, no membership, no authors.

mod automerge;
mod contents;
mod csv;
mod import;
mod json;
#[cfg(test)]
mod tests;
mod unsent;

use std::path::{Path, PathBuf};

use holdfast_domain::words::Message;

use crate::audit::exports;
use crate::commands::routine::{ImportOptions, file};
use crate::error::{Error, Result};
use crate::{Engine, HoldfastError, Inner};
use contents::Contents;
pub use csv::TablesReport;
pub(crate) use unsent::Unsent;

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON file.
    Json,
    /// A folder of Automerge documents that other Automerge programs open, with an index.
    Automerge,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ExportReport {
    /// The file or folder.
    pub path: PathBuf,
    /// Routines.
    pub routines: usize,
    /// Own exercises.
    pub exercises: usize,
    /// Sessions.
    pub sessions: usize,
    /// Observations: what devices recorded of holds.
    pub observations: usize,
    /// Corrections of them.
    pub corrections: usize,
    /// Self-tests, ticks of habits and events.
    pub days: usize,
    /// Plans of habits.
    pub habits: usize,
    /// Prescriptions.
    pub prescriptions: usize,
    /// Answers of the profile.
    pub answers: usize,
}

impl ExportReport {
    fn of(path: &Path, contents: &Contents) -> Self {
        Self {
            path: path.to_owned(),
            routines: contents.routines.len(),
            exercises: contents.exercises.len(),
            sessions: contents.sessions.len(),
            observations: contents.observations.len(),
            corrections: contents.corrections.len(),
            days: contents.days.len(),
            habits: contents.habits.len(),
            prescriptions: contents.prescriptions.len(),
            answers: contents.profile.len(),
        }
    }
}

/// One record that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    /// Routine, session, observation, correction, test, tick, event, prescription, settled or answer.
    pub what: &'static str,
    /// Its id in the imported file.
    pub id: String,
    /// Why, as a sentence.
    #[serde(serialize_with = "crate::error::in_english")]
    pub why: Message,
}

/// What became of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct ImportReport {
    /// Records that are new here.
    pub added: usize,
    /// Records that were here already.
    pub unchanged: usize,
    /// Records that were not taken, each with the reason.
    pub refused: Vec<Refused>,
}

impl Engine {
    /// Writes everything of the chart that this account may read to `path`, which must not exist yet. Nothing is left there
    /// when it fails half-way.
    ///
    /// # Errors
    /// When something stands at `path`, or it cannot be written.
    pub fn export(
        &self,
        format: ExportFormat,
        path: &Path,
    ) -> std::result::Result<ExportReport, HoldfastError> {
        self.guarded(|inner| {
            if path.symlink_metadata().is_ok() {
                let path = path.display().to_string();
                let message = Message::new("export.exists").with("path", path);
                return Err(Error::bad("out", message));
            }
            let contents = inner.store.read(|conn| match format {
                ExportFormat::Json => {
                    let contents = Contents::of_chart(inner, conn)?;
                    json::write(&contents, path)?;
                    Ok(contents)
                }
                ExportFormat::Automerge => automerge::write(inner, conn, path),
            })?;
            let format = match format {
                ExportFormat::Json => "json",
                ExportFormat::Automerge => "automerge",
            };
            exports::note(inner, format, false)?;
            Ok(ExportReport::of(path, &contents))
        })
    }

    /// Writes what this device has recorded in the chart and no relay has taken to `path`, as a JSON export that
    /// [`Self::import`] reads: what is left to somebody who left a chart, was removed from it, or may write it no
    /// more. The sessions that it belongs to come along.
    ///
    /// # Errors
    /// When something stands at `path`, it cannot be written, or there is nothing that was not sent.
    pub fn export_unsent(&self, path: &Path) -> std::result::Result<ExportReport, HoldfastError> {
        self.guarded(|inner| {
            if path.symlink_metadata().is_ok() {
                let path = path.display().to_string();
                let message = Message::new("export.exists").with("path", path);
                return Err(Error::bad("out", message));
            }
            let contents = inner.store.read(|conn| {
                let unsent = Unsent::of_chart(conn, inner.who.chart)?;
                if unsent.is_empty() {
                    return Err(Error::bad_value("unsent", Message::new("export.nothing_unsent")));
                }
                let mut contents = Contents::of_own(inner, conn)?;
                unsent.keep_only(&mut contents);
                json::write(&contents, path)?;
                Ok(contents)
            })?;
            exports::note(inner, "json", true)?;
            Ok(ExportReport::of(path, &contents))
        })
    }

    /// Takes in what an export wrote: a JSON file, a folder of Automerge documents, or a routine file
    /// (see [`Self::import_routine`], which takes more to say). What is here
    /// already is left as it is; importing twice adds nothing. With `dry_run` nothing is written.
    ///
    /// # Errors
    /// When the file does not read as an export; nothing is taken then.
    pub fn import(
        &self,
        path: &Path,
        dry_run: bool,
    ) -> std::result::Result<ImportReport, HoldfastError> {
        self.guarded(|inner| {
            if path.is_dir() {
                return import::import(inner, automerge::read(path)?, dry_run);
            }
            let text = json::text_of(path)?;
            if file::is_routine_file(&text) {
                return routine(inner, &text, dry_run);
            }
            import::import(inner, json::read(&text, &path.display().to_string())?, dry_run)
        })
    }

    /// Takes in the text of a JSON export, like [`Self::import`].
    ///
    /// # Errors
    /// When the text does not read as an export; nothing is taken then.
    pub fn import_json(&self, text: &str) -> std::result::Result<ImportReport, HoldfastError> {
        self.guarded(|inner| import::import(inner, json::read(text, "the text")?, false))
    }
}

/// Takes in a routine file like an export of one routine.
fn routine(inner: &Inner, text: &str, dry_run: bool) -> Result<ImportReport> {
    let done =
        inner.import_routine(text, &ImportOptions { dry_run, ..ImportOptions::default() })?;
    let added = usize::from(done.added) + done.exercises_added.len();
    Ok(ImportReport { added, unchanged: usize::from(!done.added), refused: Vec::new() })
}

fn not_an_export(name: &str, why: Message) -> Error {
    Error::bad("path", Message::new("export.none").with("name", name).with("why", why))
}

fn checked_schema(schema: u32, name: &str) -> Result<()> {
    if schema == json::SCHEMA {
        Ok(())
    } else {
        let why = Message::new("export.other_format").with("found", schema);
        let why = why.with("known", json::SCHEMA);
        Err(not_an_export(name, why))
    }
}
