//! Records of days: writing them down, listing them, taking them back. What a self-test asks for and
//! what a habit is, their own commands know.

use std::collections::BTreeSet;

use holdfast_domain::ids::DayRecordId;
use holdfast_domain::record::{Author, Change, DayFact, DayRecord, Target};
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_domain::vocabulary::{DayKind, Side, Source};
use rusqlite::Connection;
use serde::Serialize;

use super::journal::Journal;
use super::log::{MAX_NOTE_BYTES, text};
use crate::documents::strand::Record;
use crate::error::{Error, Result};
use crate::projection::days::{self, DayFilter, DayRow};
use crate::projection::status::Statuses;
use crate::store::Tx;
use crate::views::{SeenBy, StatusKind, rfc3339};
use crate::{Engine, HoldfastError, Inner};

/// Which records of days to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayQuery {
    /// Only this kind.
    pub kind: Option<DayKind>,
    /// Only this test, this habit, or `run`, `walk`, `pain`.
    pub about: Option<String>,
    /// Only this side.
    pub side: Option<Side>,
    /// The first local day.
    pub since: Option<LocalDay>,
    /// The last local day.
    pub until: Option<LocalDay>,
    /// At most so many, the newest; 10,000 where nothing is said, and never more.
    pub limit: Option<u32>,
}

/// A record of a day as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayView {
    /// Its id.
    pub id: String,
    /// Which kind of record.
    pub kind: DayKind,
    /// When it was, RFC 3339 with the offset of there and then.
    pub at: String,
    /// The local day it counts for.
    pub local_day: LocalDay,
    /// What it says.
    pub what: DayFact,
    /// A note.
    pub note: Option<String>,
    /// Typed in, or imported.
    pub source: Source,
    /// Who wrote it down, where that is not the person: what this account calls them. Verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_by: Option<String>,
    /// The device that recorded it, as hex.
    pub device: String,
    /// How far it has come.
    pub status: StatusKind,
    /// The devices that have it besides its author.
    pub seen_by: BTreeSet<SeenBy>,
}

impl DayView {
    fn new(row: DayRow, statuses: &Statuses) -> Self {
        let status = statuses.of(std::slice::from_ref(&row.travel));
        let (author, record) = (row.record.author, row.record.value);
        Self {
            id: record.id.to_string(),
            kind: record.kind(),
            at: rfc3339(&record.at),
            local_day: record.local_day,
            what: record.what,
            note: record.note,
            source: record.source,
            logged_by: None,
            device: author.device.to_string(),
            status: status.kind,
            seen_by: status.seen_by,
        }
    }
}

impl Engine {
    /// Self-tests, ticks of habits and events, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn days(&self, query: &DayQuery) -> std::result::Result<Vec<DayView>, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let filter = DayFilter {
                    kind: query.kind,
                    about: query.about.as_deref(),
                    side: query.side,
                    since: query.since,
                    until: query.until,
                    before_ms: None,
                    limit: query.limit,
                };
                inner.day_views(conn, &filter)
            })
        })
    }

    /// Takes a record of a day back, by its id or any unambiguous beginning of it. What was recorded
    /// stays stored. `kind` names the kind it has to be of, where that matters.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn remove_day_record(
        &self,
        kind: Option<DayKind>,
        id: &str,
    ) -> std::result::Result<DayView, HoldfastError> {
        self.guarded(|inner| {
            inner.command("record remove", |tx, journal| {
                let row = inner.find_day(tx.reader(), kind, id)?;
                let statuses = inner.statuses(tx.reader())?;
                inner.take_back(tx, journal, &row.record.value)?;
                inner.day_view(tx.reader(), row, &statuses)
            })
        })
    }
}

impl Inner {
    /// Writes something down that happened at `at`, or just now. It counts for the local day it was
    /// there and then.
    ///
    /// # Errors
    /// [`Error::Day`] when it cannot be, [`Error::BadInput`] for a note that is too long.
    pub(crate) fn record_day(
        &self,
        tx: &Tx<'_>,
        journal: &mut Journal<'_>,
        at: Option<&Moment>,
        what: DayFact,
        note: Option<&str>,
    ) -> Result<DayRecord> {
        let now = self.here_and_now(tx.reader())?;
        let day_start_min = self.day_start_min(tx.reader())?;
        let at = at.unwrap_or(&now).clone();
        let record = DayRecord {
            id: DayRecordId::new(self.record_id()).expect("base32 is an id"),
            local_day: at.local_day(day_start_min),
            at,
            what,
            source: Source::Manual,
            note: text("note", note, MAX_NOTE_BYTES)?,
            unknown: self.clock_mark(),
        };
        let record = record.checked(&now)?;
        let (day, record) = (record.local_day, Record::Day(Box::new(record)));
        journal.write_day(tx, self.who.chart, day, std::slice::from_ref(&record))?;
        match record {
            Record::Day(record) => Ok(*record),
            _ => Err(Error::Unreadable("a record of a day is none".to_owned())),
        }
    }

    /// Takes a record of a day back: by a record of its own, which holds in whatever order they come.
    pub(crate) fn take_back(
        &self,
        tx: &Tx<'_>,
        journal: &mut Journal<'_>,
        record: &DayRecord,
    ) -> Result<()> {
        let target = Target::DayRecord(record.id.clone());
        let correction = self.correction(tx, target, Vec::new(), Change::Remove)?;
        journal.write_day(tx, self.who.chart, record.local_day, &[correction])
    }

    /// The records that stand in this person's own chart, the newest first.
    pub(crate) fn day_rows(
        &self,
        conn: &Connection,
        filter: &DayFilter<'_>,
    ) -> Result<Vec<DayRow>> {
        match self.log_chart(conn)? {
            Some(chart) => days::records(conn, chart, filter),
            None => Ok(Vec::new()),
        }
    }

    /// The same as people see them.
    pub(crate) fn day_views(
        &self,
        conn: &Connection,
        filter: &DayFilter<'_>,
    ) -> Result<Vec<DayView>> {
        let statuses = self.statuses(conn)?;
        let rows = self.day_rows(conn, filter)?;
        rows.into_iter().map(|row| self.day_view(conn, row, &statuses)).collect()
    }

    /// A record as people see it.
    pub(crate) fn day_view(
        &self,
        conn: &Connection,
        row: DayRow,
        statuses: &Statuses,
    ) -> Result<DayView> {
        let logged_by = self.logger(conn, &row.record.author)?;
        Ok(DayView { logged_by, ..DayView::new(row, statuses) })
    }

    /// What whoever wrote something down is called, where that is not the person.
    pub(crate) fn logger(&self, conn: &Connection, author: &Author) -> Result<Option<String>> {
        if author.is_subject {
            return Ok(None);
        }
        self.called_somehow(conn, author.account.as_str()).map(Some)
    }

    /// One record that stands, by its id or the beginning of it.
    pub(crate) fn find_day(
        &self,
        conn: &Connection,
        kind: Option<DayKind>,
        id: &str,
    ) -> Result<DayRow> {
        match self.log_chart(conn)? {
            Some(chart) => days::record(conn, chart, kind, id),
            None => {
                let what = kind.map_or("record", DayKind::as_str);
                Err(Error::NotFound { what, id: id.to_owned() })
            }
        }
    }
}
