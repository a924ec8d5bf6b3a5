//! An export as tables for spreadsheets: a folder of CSV files (RFC 4180, UTF-8), one record a row,
//! with ids, units in the headings and times with their offset. It is for reading elsewhere; only the
//! other formats can be imported again. docs/csv.md says what each column means.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ::csv::{Terminator, WriterBuilder};
use holdfast_domain::dose::Range;
use holdfast_domain::prescription::{Settled, Standing};
use holdfast_domain::record::{DayFact, Event};
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::{DayKind, Side};
use rusqlite::Connection;
use serde::Serialize;

use crate::audit::exports;
use crate::commands::days::DayView;
use crate::commands::prescription::PrescriptionView;
use crate::documents::plan::PlanReading;
use crate::error::{Error, Result};
use crate::projection::days::{self, DayFilter};
use crate::projection::history::{self, Filter, MAX_PAGE};
use crate::views::{HoldView, SessionView};
use crate::{Engine, HoldfastError, Inner};
use holdfast_domain::words::Message;

/// The files of the folder.
const FILES: [&str; 7] = [
    "holds.csv",
    "sessions.csv",
    "tests.csv",
    "habits.csv",
    "events.csv",
    "plan.csv",
    "prescriptions.csv",
];

/// How many rows each table has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TablesReport {
    /// The folder.
    pub path: PathBuf,
    /// Rows of `holds.csv`.
    pub holds: usize,
    /// Rows of `sessions.csv`.
    pub sessions: usize,
    /// Rows of `tests.csv`.
    pub tests: usize,
    /// Rows of `habits.csv`.
    pub habits: usize,
    /// Rows of `events.csv`.
    pub events: usize,
    /// Rows of `plan.csv`: steps.
    pub plan: usize,
    /// Rows of `prescriptions.csv`.
    pub prescriptions: usize,
}

impl Engine {
    /// Writes the chart as tables into the folder `path`. It is made beside its place and moved
    /// there when it is whole. With `overwrite`, a folder of such tables, and nothing else, gives way.
    ///
    /// # Errors
    /// When something stands at `path` that may not give way, or it cannot be written.
    pub fn export_tables(
        &self,
        path: &Path,
        overwrite: bool,
    ) -> std::result::Result<TablesReport, HoldfastError> {
        self.guarded(|inner| {
            let stands = path.symlink_metadata().is_ok();
            if stands && !overwrite {
                let message = Message::new("export.exists_or_overwrite");
                return Err(Error::bad("out", message.with("path", path.display().to_string())));
            }
            if stands && !is_ours(path) {
                let message = Message::new("export.not_our_tables");
                return Err(Error::bad("out", message.with("path", path.display().to_string())));
            }
            let beside = beside(path, ".part");
            let made = inner.fill(&beside).and_then(|report| {
                put_in_place(&beside, path, stands)?;
                Ok(TablesReport { path: path.to_owned(), ..report })
            });
            if made.is_err() {
                // What is left of a failed attempt is of no use to anybody.
                let _ = fs::remove_dir_all(&beside);
            }
            let made = made?;
            exports::note(inner, "csv", false)?;
            Ok(made)
        })
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(ending);
    PathBuf::from(beside)
}

/// Whether a folder holds our tables and nothing else.
fn is_ours(path: &Path) -> bool {
    let plain = path.symlink_metadata().is_ok_and(|about| about.is_dir());
    let Ok(entries) = fs::read_dir(path) else { return false };
    let mut names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    plain && names.all(|name| name.is_ok_and(|name| FILES.iter().any(|file| name == **file)))
}

fn put_in_place(made: &Path, path: &Path, stands: bool) -> Result<()> {
    let failed = |error| Error::io("error.io.write", path, error);
    if !stands {
        return fs::rename(made, path).map_err(failed);
    }
    let old = beside(path, ".old");
    fs::rename(path, &old).map_err(failed)?;
    if let Err(error) = fs::rename(made, path) {
        // The tables that were there come back.
        let _ = fs::rename(&old, path);
        return Err(failed(error));
    }
    fs::remove_dir_all(&old).map_err(failed)
}

impl Inner {
    fn fill(&self, folder: &Path) -> Result<TablesReport> {
        let failed = |error| Error::io("error.io.write", folder, error);
        if folder.symlink_metadata().is_ok() {
            if !is_ours(folder) {
                let message = Message::new("export.in_the_way");
                return Err(Error::bad("out", message.with("path", folder.display().to_string())));
            }
            fs::remove_dir_all(folder).map_err(failed)?;
        }
        fs::create_dir_all(folder).map_err(failed)?;
        self.store.read(|conn| {
            let plan = self.plan(conn)?;
            Ok(TablesReport {
                path: PathBuf::new(),
                holds: self.holds_table(conn, Table::new(folder, "holds.csv", &HOLDS)?)?,
                sessions: self
                    .sessions_table(conn, Table::new(folder, "sessions.csv", &SESSIONS)?)?,
                tests: self.days_table(
                    conn,
                    DayKind::Test,
                    Table::new(folder, "tests.csv", &TESTS)?,
                )?,
                habits: self.days_table(
                    conn,
                    DayKind::Tick,
                    Table::new(folder, "habits.csv", &HABITS)?,
                )?,
                events: self.days_table(
                    conn,
                    DayKind::Event,
                    Table::new(folder, "events.csv", &EVENTS)?,
                )?,
                plan: plan_table(&plan, Table::new(folder, "plan.csv", &PLAN)?)?,
                prescriptions: self.prescriptions_table(
                    conn,
                    &plan,
                    Table::new(folder, "prescriptions.csv", &PRESCRIPTIONS)?,
                )?,
            })
        })
    }

    fn holds_table(&self, conn: &Connection, mut table: Table) -> Result<usize> {
        let Some(chart) = self.log_chart(conn)? else { return table.end() };
        let statuses = self.statuses(conn)?;
        let mut after = None;
        loop {
            let (holds, next) = history::holds(conn, chart, &page(after.as_ref()))?;
            for hold in holds {
                table.row(hold_row(&self.hold_view(conn, chart, hold, &statuses)?))?;
            }
            after = next;
            if after.is_none() {
                return table.end();
            }
        }
    }

    fn sessions_table(&self, conn: &Connection, mut table: Table) -> Result<usize> {
        let Some(chart) = self.log_chart(conn)? else { return table.end() };
        let statuses = self.statuses(conn)?;
        let mut after = None;
        loop {
            let (sessions, next) = history::sessions(conn, chart, &page(after.as_ref()))?;
            for (number, session) in sessions {
                table.row(session_row(&self.session_view(conn, number, session, &statuses)?))?;
            }
            after = next;
            if after.is_none() {
                return table.end();
            }
        }
    }

    /// What was proposed; nothing where this account may not read it.
    fn prescriptions_table(
        &self,
        conn: &Connection,
        plan: &PlanReading,
        mut table: Table,
    ) -> Result<usize> {
        for view in self.readable_prescriptions(conn, plan)? {
            table.row(prescription_row(&view))?;
        }
        table.end()
    }

    /// The records of days of one kind, page by page.
    fn days_table(&self, conn: &Connection, kind: DayKind, mut table: Table) -> Result<usize> {
        let Some(chart) = self.log_chart(conn)? else { return table.end() };
        let statuses = self.statuses(conn)?;
        let filter = DayFilter { kind: Some(kind), ..DayFilter::default() };
        loop {
            let rows = days::records_after(conn, chart, &filter, table.rows)?;
            if rows.is_empty() {
                return table.end();
            }
            for row in rows {
                table.row(day_row(&self.day_view(conn, row, &statuses)?))?;
            }
        }
    }
}

const fn page(after: Option<&crate::views::Cursor>) -> Filter<'_> {
    let (since, until, exercise, side): (Option<LocalDay>, _, _, Option<Side>) =
        (None, None, None, None);
    Filter { since, until, exercise, side, after, limit: MAX_PAGE }
}

/// A table being written.
struct Table {
    writer: ::csv::Writer<File>,
    path: PathBuf,
    rows: usize,
}

impl Table {
    fn new(folder: &Path, name: &str, header: &[&str]) -> Result<Self> {
        let path = folder.join(name);
        let file =
            File::create_new(&path).map_err(|error| Error::io("error.io.write", &path, error))?;
        let writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(file);
        let mut table = Self { writer, path, rows: 0 };
        table.record(header.iter().map(|name| (*name).to_owned()).collect())?;
        Ok(table)
    }

    fn record(&mut self, cells: Vec<String>) -> Result<()> {
        self.writer
            .write_record(&cells)
            .map_err(|error| Error::io("error.io.write", &self.path, std::io::Error::other(error)))
    }

    fn row(&mut self, cells: Vec<String>) -> Result<()> {
        self.rows += 1;
        self.record(cells)
    }

    /// Brings it to the disk, and gives the number of rows.
    fn end(self) -> Result<usize> {
        let Self { writer, path, rows } = self;
        let file = writer.into_inner().map_err(::csv::IntoInnerError::into_error);
        let done = file.and_then(|file| file.sync_all());
        done.map(|()| rows).map_err(|error| Error::io("error.io.write", &path, error))
    }
}

/// A text somebody wrote. Spreadsheets take a cell that begins with one of these for a formula, also
/// inside quotes: a `'` before it says that it is text. One that begins so itself gets one more, so
/// that taking one away always gives what was written.
fn text(written: &str) -> String {
    match written.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\'') => format!("'{written}"),
        _ => written.to_owned(),
    }
}

fn texts(written: Option<&String>) -> String {
    written.map(|written| text(written)).unwrap_or_default()
}

fn maybe<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A word of a list, as JSON has it.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Null) | Err(_) => String::new(),
        Ok(other) => other.to_string(),
    }
}

fn listed<T: ToString>(items: impl IntoIterator<Item = T>, between: &str) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(between)
}

const HOLDS: [&str; 36] = [
    "hold_id",
    "session_id",
    "routine",
    "step",
    "exercise",
    "exercise_name",
    "side",
    "set",
    "rep",
    "target_ms",
    "held_ms",
    "under_pressure_ms",
    "paused_ms",
    "attempts_ms",
    "eased_ms",
    "pain_before",
    "pain_after",
    "pain_site",
    "reps",
    "load",
    "load_unit",
    "tempo_s",
    "tool",
    "ended_by",
    "started_at",
    "utc_offset",
    "local_day",
    "assisted_by",
    "logged_by",
    "device",
    "note",
    "corrected",
    "findings",
    "counts",
    "source",
    "status",
];

fn hold_row(hold: &HoldView) -> Vec<String> {
    vec![
        hold.hold_id.clone(),
        hold.session_id.clone(),
        maybe(hold.routine.as_ref()),
        maybe(hold.step.as_ref()),
        hold.exercise.clone(),
        texts(hold.exercise_name.as_ref()),
        maybe(hold.side),
        hold.set.to_string(),
        hold.rep.to_string(),
        maybe(hold.target_ms),
        hold.held_ms.to_string(),
        hold.under_pressure_ms.to_string(),
        hold.paused_ms.to_string(),
        listed(hold.attempts.iter().map(|attempt| attempt.held.0), ";"),
        maybe(hold.eased_ms),
        maybe(hold.pain_before.map(u8::from)),
        maybe(hold.pain_after.map(u8::from)),
        maybe(hold.pain_site.as_ref()),
        maybe(hold.reps),
        maybe(hold.load.as_ref().map(|load| load.value)),
        hold.load.as_ref().map(|load| text(&load.unit)).unwrap_or_default(),
        listed(&hold.tempo, ":"),
        texts(hold.tool.as_ref()),
        word(hold.ended_by),
        hold.started_at.clone(),
        text(&hold.utc_offset),
        hold.local_day.clone(),
        texts(hold.assisted_by.as_ref()),
        texts(hold.logged_by.as_ref()),
        hold.device.clone(),
        texts(hold.note.as_ref()),
        hold.corrected.to_string(),
        listed(hold.findings.iter().map(|finding| &finding.rule), ";"),
        hold.counts.to_string(),
        word(hold.source),
        word(hold.status),
    ]
}

const SESSIONS: [&str; 17] = [
    "session_id",
    "routine",
    "routine_version",
    "slot",
    "local_day",
    "started_at",
    "utc_offset",
    "ended_at",
    "paused_ms",
    "finished",
    "assisted_by",
    "holds",
    "held_ms",
    "pain_before",
    "pain_after",
    "findings",
    "status",
];

fn session_row(session: &SessionView) -> Vec<String> {
    vec![
        session.id.clone(),
        maybe(session.routine.as_ref()),
        maybe(session.routine_version),
        maybe(session.slot.as_ref()),
        session.local_day.clone(),
        session.started_at.clone(),
        text(&session.utc_offset),
        maybe(session.ended_at.as_ref()),
        session.paused_ms.to_string(),
        session.finished.to_string(),
        text(&session.assisted_by.join("; ")),
        session.holds.to_string(),
        session.held_ms.to_string(),
        maybe(session.pain_before.map(u8::from)),
        maybe(session.pain_after.map(u8::from)),
        listed(session.findings.iter().map(|finding| &finding.rule), ";"),
        word(session.status),
    ]
}

const TESTS: [&str; 10] = [
    "record_id",
    "test",
    "side",
    "answers",
    "at",
    "local_day",
    "note",
    "source",
    "device",
    "status",
];
const HABITS: [&str; 11] = [
    "record_id",
    "habit",
    "count",
    "value",
    "nightly",
    "at",
    "local_day",
    "note",
    "source",
    "device",
    "status",
];
const EVENTS: [&str; 12] = [
    "record_id",
    "event",
    "minutes",
    "pain_site",
    "side",
    "pain",
    "at",
    "local_day",
    "note",
    "source",
    "device",
    "status",
];

fn day_row(day: &DayView) -> Vec<String> {
    let side = |side: Side| if side == Side::None { String::new() } else { side.to_string() };
    let what = match &day.what {
        DayFact::Test(result) => {
            vec![result.test.to_string(), side(result.side), word(&result.answers)]
        }
        DayFact::Tick(tick) => vec![
            tick.habit.to_string(),
            tick.count.to_string(),
            maybe(tick.value),
            tick.nightly.to_string(),
        ],
        DayFact::Event(event) => {
            let about = day.what.about().to_owned();
            match event {
                Event::Run { minutes } | Event::Walk { minutes } => {
                    let nothing = String::new;
                    vec![about, minutes.to_string(), nothing(), nothing(), nothing()]
                }
                Event::Pain { site, side: on, score } => vec![
                    about,
                    String::new(),
                    site.to_string(),
                    side(*on),
                    u8::from(*score).to_string(),
                ],
            }
        }
    };
    let rest = [
        day.at.clone(),
        day.local_day.to_string(),
        texts(day.note.as_ref()),
        word(day.source),
        day.device.clone(),
        word(day.status),
    ];
    std::iter::once(day.id.clone()).chain(what).chain(rest).collect()
}

const PRESCRIPTIONS: [&str; 13] = [
    "prescription_id",
    "routine_id",
    "routine",
    "by",
    "by_name",
    "imported",
    "proposed_at",
    "reason",
    "based_on",
    "standing",
    "decided_on",
    "superseded_by",
    "status",
];

fn prescription_row(view: &PrescriptionView) -> Vec<String> {
    let (standing, decided_on, superseded_by) = match &view.standing {
        Standing::Open { .. } => ("open", None, None),
        Standing::Settled(Settled::Accepted { on }) => ("accepted", Some(*on), None),
        Standing::Settled(Settled::Kept { on }) => ("kept", Some(*on), None),
        Standing::Superseded { by } => ("superseded", None, Some(by)),
    };
    vec![
        view.id.clone(),
        view.routine.clone(),
        text(&view.name),
        maybe(view.by.as_ref()),
        texts(view.by_name.as_ref()),
        view.imported.to_string(),
        view.proposed_at.clone(),
        texts(view.reason.as_ref()),
        maybe(view.based_on),
        standing.to_owned(),
        maybe(decided_on),
        maybe(superseded_by),
        word(view.status),
    ]
}

const PLAN: [&str; 34] = [
    "routine_id",
    "routine",
    "version",
    "block_id",
    "block_order",
    "alternatives",
    "alternative_played",
    "step_id",
    "exercise",
    "exercise_name",
    "side",
    "mode",
    "hold_min_s",
    "hold_default_s",
    "hold_max_s",
    "hold_or_longer",
    "reps_min",
    "reps_default",
    "reps_max",
    "reps_or_more",
    "sets_min",
    "sets_default",
    "sets_max",
    "sets_or_more",
    "rest_min_s",
    "rest_default_s",
    "rest_max_s",
    "rest_or_longer",
    "tempo_s",
    "tool",
    "optional",
    "played",
    "condition",
    "note",
];

fn plan_table(plan: &PlanReading, mut table: Table) -> Result<usize> {
    let range = |range: Range| {
        let open =
            if range == Range::UNSTATED { String::new() } else { range.open_ended().to_string() };
        [maybe(range.min()), maybe(range.default()), maybe(range.max()), open]
    };
    for routine in plan.routines.values() {
        for (block, step) in routine
            .blocks
            .iter()
            .flat_map(|block| block.steps.iter().map(move |step| (block, step)))
        {
            let dose = &step.dose;
            let mut cells = vec![
                routine.id.to_string(),
                text(&routine.name),
                routine.version.to_string(),
                block.id.to_string(),
                block.order.to_string(),
                texts(block.alt.as_ref()),
                routine.is_chosen(block).to_string(),
                step.id.to_string(),
                step.exercise.to_string(),
                plan.own.get(&step.exercise).map(|own| text(&own.name)).unwrap_or_default(),
                step.side.to_string(),
                dose.mode.to_string(),
            ];
            for part in [dose.hold_s, dose.reps, dose.sets, dose.rest_s] {
                cells.extend(range(part));
            }
            cells.extend([
                listed(dose.tempo.iter().map(|phase| maybe(phase.secs)), ":"),
                maybe(step.tool.as_ref()),
                step.optional.to_string(),
                (routine.is_chosen(block) && step.is_on()).to_string(),
                maybe(step.condition.as_ref()),
                texts(step.note.as_ref()),
            ]);
            table.row(cells)?;
        }
    }
    table.end()
}
