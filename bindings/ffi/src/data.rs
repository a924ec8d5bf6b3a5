//! Everything out and in again, and looking after the data.

use std::path::PathBuf;

use holdfast::ExportFormat;
use holdfast::domain::words::{Message, Words};

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::{Failure, Said};
use crate::given::bad;

/// What was written.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct ExportReport {
    /// The file.
    pub path: String,
    /// Routines.
    pub routines: u64,
    /// The person's own exercises.
    pub exercises: u64,
    /// Sessions.
    pub sessions: u64,
    /// Records of holds.
    pub observations: u64,
    /// Corrections.
    pub corrections: u64,
    /// Self-tests, habits and events.
    pub days: u64,
    /// Plans of habits.
    pub habits: u64,
    /// Answers of the profile.
    pub answers: u64,
}

/// The tables that were written.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct TablesReport {
    /// The folder.
    pub path: String,
    /// Holds.
    pub holds: u64,
    /// Sessions.
    pub sessions: u64,
    /// Results of self-tests.
    pub tests: u64,
    /// Ticks of habits.
    pub habits: u64,
    /// Events.
    pub events: u64,
    /// Steps of the plan.
    pub plan: u64,
}

/// Something that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RefusedRecord {
    /// What it is.
    pub what: String,
    /// Its id.
    pub id: String,
    /// Why.
    pub why: Said,
}

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ImportReport {
    /// Records that were not there before.
    pub added: u64,
    /// Records that were.
    pub unchanged: u64,
    /// What was not taken.
    pub refused: Vec<RefusedRecord>,
}

impl ImportReport {
    fn of(report: &holdfast::ImportReport, words: &Words) -> Self {
        let refused = report.refused.iter().map(|refused| RefusedRecord {
            what: refused.what.to_owned(),
            id: refused.id.clone(),
            why: Said::of(&refused.why, words),
        });
        Self {
            added: report.added as u64,
            unchanged: report.unchanged as u64,
            refused: refused.collect(),
        }
    }
}

/// Something the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DoctorFinding {
    /// The code.
    pub code: String,
    /// The sentence.
    pub said: Said,
    /// Whether something is wrong.
    pub fault: bool,
    /// Whether it was put right.
    pub repaired: bool,
}

/// What the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DoctorReport {
    /// Whether nothing is wrong (any more).
    pub ok: bool,
    /// What was found.
    pub findings: Vec<DoctorFinding>,
}

#[uniffi::export]
impl EngineHandle {
    /// Writes everything into one file: `json` or `automerge`.
    pub async fn export(&self, format: String, path: String) -> Result<ExportReport, Failure> {
        self.run(move |engine| {
            let format = match format.as_str() {
                "json" => ExportFormat::Json,
                "automerge" => ExportFormat::Automerge,
                other => {
                    let message = Message::new("given.not_listed")
                        .with("text", other)
                        .with("known", "json, automerge");
                    return Err(bad("format", "not_listed", message));
                }
            };
            carried(&engine.export(format, &PathBuf::from(path))?)
        })
        .await
    }

    /// Writes tables for a spreadsheet into a folder.
    pub async fn export_tables(
        &self,
        path: String,
        overwrite: bool,
    ) -> Result<TablesReport, Failure> {
        self.run(move |engine| carried(&engine.export_tables(&PathBuf::from(path), overwrite)?))
            .await
    }

    /// Takes in a file that was written before, or only looks whether it would.
    pub async fn import_file(&self, path: String, dry_run: bool) -> Result<ImportReport, Failure> {
        let words = self.words();
        self.run(move |engine| {
            Ok(ImportReport::of(&engine.import(&PathBuf::from(path), dry_run)?, words))
        })
        .await
    }

    /// Takes in the text of a JSON export.
    pub async fn import_json(&self, text: String) -> Result<ImportReport, Failure> {
        let words = self.words();
        self.run(move |engine| Ok(ImportReport::of(&engine.import_json(&text)?, words))).await
    }

    /// Looks after the data, and puts right what can be.
    pub async fn doctor(&self, repair: bool) -> Result<DoctorReport, Failure> {
        let words = self.words();
        self.run(move |engine| {
            let report = engine.doctor(repair)?;
            let findings = report.findings.iter().map(|finding| DoctorFinding {
                code: finding.code.to_owned(),
                said: Said::of(&finding.sentence, words),
                fault: finding.fault,
                repaired: finding.repaired,
            });
            Ok(DoctorReport { ok: report.ok, findings: findings.collect() })
        })
        .await
    }
}
