//! Days of recovery after very long runs, read from what was written down. What a run asks for, and
//! which days of a range are excused, is the domain's matter.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::record::DayRecord;
use holdfast_domain::running::Recovery;
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::DayKind;
use rusqlite::Connection;

use super::habits::{RECOVERY_DAYS, RECOVERY_REACHES_DAYS};
use crate::Inner;
use crate::error::{Error, Result};
use crate::projection::days::DayFilter;

/// Recoveries, and the days that were ticked as days of recovery.
pub(crate) type Recoveries = (Vec<Recovery>, BTreeSet<LocalDay>);

impl Inner {
    /// The recoveries that days of a range, both ends included, may belong to, and the days of it
    /// that were ticked as days of recovery.
    pub(crate) fn recoveries_between(
        &self,
        conn: &Connection,
        from: LocalDay,
        to: LocalDay,
    ) -> Result<Recoveries> {
        let since = from.plus(-i64::from(RECOVERY_REACHES_DAYS));
        let of = |kind, about, since| DayFilter {
            kind: Some(kind),
            about: Some(about),
            since: Some(since),
            until: Some(to),
            ..DayFilter::default()
        };
        let runs = self.day_rows(conn, &of(DayKind::Event, "run", since))?;
        let records: Vec<&DayRecord> = runs.iter().map(|row| &row.record.value).collect();
        let mut all = Recovery::all(Catalogue::built_in(), records);
        all.retain(|recovery| recovery.to_older >= from && recovery.from <= to);
        if all.is_empty() {
            return Ok(Recoveries::default());
        }
        let ticks = self.day_rows(conn, &of(DayKind::Tick, RECOVERY_DAYS, from))?;
        Ok((all, ticks.iter().map(|row| row.record.value.local_day).collect()))
    }
}

/// Which days recovery excuses, read by the month as they are asked for: a streak of years looks at
/// idle days only.
pub(crate) struct RestDays<'a> {
    inner: &'a Inner,
    conn: &'a Connection,
    months: RefCell<BTreeMap<LocalDay, Recoveries>>,
    failed: RefCell<Option<Error>>,
}

impl<'a> RestDays<'a> {
    pub(crate) fn new(inner: &'a Inner, conn: &'a Connection) -> Self {
        Self { inner, conn, months: RefCell::default(), failed: RefCell::default() }
    }

    /// Whether what a day asks for is excused.
    pub(crate) fn excuses(&self, day: LocalDay) -> bool {
        let first = LocalDay(day.0.first_of_month());
        let mut months = self.months.borrow_mut();
        let (recoveries, ticked) = months.entry(first).or_insert_with(|| {
            let last = LocalDay(day.0.last_of_month());
            self.inner.recoveries_between(self.conn, first, last).unwrap_or_else(|error| {
                self.failed.borrow_mut().get_or_insert(error);
                Recoveries::default()
            })
        });
        recoveries.iter().any(|recovery| recovery.excuses(day, ticked.contains(&day)))
    }

    /// What went wrong while the days were asked for, where anything did.
    pub(crate) fn finish(self) -> Result<()> {
        self.failed.into_inner().map_or(Ok(()), Err)
    }
}
