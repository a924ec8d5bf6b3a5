//! Reading the totals back as the domain takes them. Every query is a range of a table's own order, so
//! its cost is that of the days asked for; the days of all years come as a row a month.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use holdfast_domain::ids::{RoutineId, SessionId};
use holdfast_domain::progress::{
    ActiveDays, AskedItem, Neighbours, Rated, SessionDone, SetDone, TestPoint,
};
use holdfast_domain::record::{DayFact, DayRecord, TestAnswer};
use holdfast_domain::units::{LocalDay, Moment};
use rusqlite::{Connection, OptionalExtension, Row};

use super::from_json;
use super::totals::{bit, moment};
use crate::error::{Error, Result};

fn read<T: std::str::FromStr>(text: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| Error::Unreadable(error.to_string()))
}

/// The sets done from one day to another, both included.
pub(crate) fn sets(
    conn: &Connection,
    chart: i64,
    from: LocalDay,
    to: LocalDay,
) -> Result<Vec<SetDone>> {
    let sql = "SELECT set_total.day, session.key, set_total.step, set_total.side, set_total.set_n,
                      set_total.routine, set_total.exercise, holds, held_ms, capped_ms, spared_ms,
                      reps, paused_ms, eased_ms, before_ms, before_nrs, after_ms, after_nrs,
                      first_ms, first_offset_s, first_zone, last_ms, last_offset_s, last_zone
               FROM set_total CROSS JOIN session ON session.id = set_total.session
               WHERE set_total.chart = ?1 AND set_total.day >= ?2 AND set_total.day <= ?3";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query((chart, from.to_string(), to.to_string()))?;
    let mut sets = Vec::new();
    while let Some(row) = rows.next()? {
        sets.push(set(row)?);
    }
    Ok(sets)
}

fn set(row: &Row<'_>) -> Result<SetDone> {
    let text = |column: usize| -> Result<&str> {
        Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
    };
    let ms = |column: usize| -> Result<u64> { Ok(row.get::<_, i64>(column)?.unsigned_abs()) };
    let rated = |column: usize| -> Result<Option<Rated>> {
        let at_ms: Option<i64> = row.get(column)?;
        let nrs: Option<u8> = row.get(column + 1)?;
        Ok(at_ms.zip(nrs).map(|(at_ms, nrs)| Rated { at_ms, nrs }))
    };
    let routine = row.get_ref(5)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    Ok(SetDone {
        day: read(text(0)?)?,
        session: read(text(1)?)?,
        step: read(text(2)?)?,
        side: read(text(3)?)?,
        set: row.get(4)?,
        routine: routine.map(read).transpose()?,
        exercise: read(text(6)?)?,
        holds: row.get(7)?,
        held_ms: ms(8)?,
        capped_ms: ms(9)?,
        spared_ms: ms(10)?,
        reps: row.get(11)?,
        paused_ms: ms(12)?,
        eased_ms: text(13)?.split_ascii_whitespace().map(read).collect::<Result<_>>()?,
        pain_before: rated(14)?,
        pain_after: rated(16)?,
        first: moment(row, 18)?,
        last: moment(row, 21)?,
    })
}

/// What the sessions of these days asked for.
pub(crate) fn sessions(
    conn: &Connection,
    chart: i64,
    from: LocalDay,
    to: LocalDay,
) -> Result<Vec<SessionDone>> {
    let sql = "SELECT session.key, session_asked.routine, session_asked.day, session_asked.items
               FROM session_asked CROSS JOIN session ON session.id = session_asked.session
               WHERE session_asked.chart = ?1
                 AND session_asked.day >= ?2 AND session_asked.day <= ?3";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query((chart, from.to_string(), to.to_string()))?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next()? {
        let (session, routine): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        let (day, items): (String, String) = (row.get(2)?, row.get(3)?);
        sessions.push(SessionDone {
            session: read::<SessionId>(&session)?,
            routine: routine.as_deref().map(read::<RoutineId>).transpose()?,
            day: read(&day)?,
            items: from_json::<Vec<AskedItem>>(&items)?,
        });
    }
    Ok(sessions)
}

/// The results of self-tests of these days that are figures: numbers, and yes and no as 1 and 0.
pub(crate) fn tests(
    conn: &Connection,
    chart: i64,
    from: LocalDay,
    to: LocalDay,
) -> Result<Vec<TestPoint>> {
    // By day and not by kind: results of other years are not walked.
    let sql = "SELECT body FROM day_record INDEXED BY day_record_day
               WHERE chart = ?1 AND day >= ?2 AND day <= ?3 AND stands = 1 AND kind = 'test'";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query((chart, from.to_string(), to.to_string()))?;
    let mut points = Vec::new();
    while let Some(row) = rows.next()? {
        let record: DayRecord =
            from_json(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        let (day, at_ms) = (record.local_day, record.at.utc_ms);
        let DayFact::Test(result) = record.what else { continue };
        for (field, answer) in result.answers {
            let value = match answer {
                TestAnswer::Number(amount) => amount.value(),
                TestAnswer::Bool(yes) => f64::from(u8::from(yes)),
                TestAnswer::Option(_) => continue,
            };
            let (test, side) = (result.test.clone(), result.side);
            points.push(TestPoint { test, part: Some(field), side, day, at_ms, value });
        }
    }
    Ok(points)
}

/// The active days of a chart.
pub(crate) struct Active<'a> {
    conn: &'a Connection,
    chart: i64,
    /// By year and month, one bit a day.
    months: BTreeMap<(i16, i8), u32>,
    first: Option<LocalDay>,
    day_start_min: u16,
    failed: RefCell<Option<Error>>,
}

impl<'a> Active<'a> {
    /// All of them, up to a day. A day starts so many minutes after local midnight.
    pub(crate) fn until(
        conn: &'a Connection,
        chart: i64,
        last: LocalDay,
        day_start_min: u16,
    ) -> Result<Self> {
        let sql = "SELECT month, days FROM active_month WHERE chart = ?1";
        let mut found = conn.prepare_cached(sql)?;
        let rows = found.query_map([chart], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let mut months = BTreeMap::new();
        for row in rows {
            let (month, mut days): (String, u32) = row?;
            let LocalDay(begins) = read(&format!("{month}-01"))?;
            let place = (begins.year(), begins.month());
            match place.cmp(&(last.0.year(), last.0.month())) {
                Ordering::Less => {}
                Ordering::Equal => days &= bit(last) | (bit(last) - 1),
                Ordering::Greater => continue,
            }
            months.insert(place, days);
        }
        let sql = "SELECT min(day) FROM active_day WHERE chart = ?1";
        let first: Option<String> =
            conn.prepare_cached(sql)?.query_row([chart], |row| row.get(0))?;
        let first = first.as_deref().map(read::<LocalDay>).transpose()?;
        Ok(Self { conn, chart, months, first, day_start_min, failed: RefCell::default() })
    }

    /// What went wrong while the domain looked around, where anything did.
    pub(crate) fn finish(self) -> Result<()> {
        self.failed.into_inner().map_or(Ok(()), Err)
    }

    /// How many of some active days had something of a routine done.
    fn days_of(&self, routine: &RoutineId, active: &[LocalDay]) -> Result<usize> {
        let mut found = self.conn.prepare_cached(
            "SELECT 1 FROM set_total
             WHERE chart = ?1 AND day = ?2 AND routine = ?3 AND holds > 0 LIMIT 1",
        )?;
        let mut days = 0;
        for day in active {
            days += usize::from(found.exists((self.chart, day.to_string(), routine.as_str()))?);
        }
        Ok(days)
    }

    fn around(&self, idle: LocalDay) -> Result<Option<Neighbours>> {
        let idle = idle.to_string();
        let mut before = self.conn.prepare_cached(
            "SELECT day, last_ms, last_offset_s, last_zone FROM active_day
             WHERE chart = ?1 AND day < ?2 ORDER BY day DESC LIMIT 1",
        )?;
        let mut after = self.conn.prepare_cached(
            "SELECT day, first_ms, first_offset_s, first_zone FROM active_day
             WHERE chart = ?1 AND day > ?2 ORDER BY day LIMIT 1",
        )?;
        let of = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, moment(row, 1)?));
        let before = before.query_row((self.chart, &idle), of).optional()?;
        let after = after.query_row((self.chart, &idle), of).optional()?;
        let Some(((before, last), (after, first))) = before.zip(after) else { return Ok(None) };
        Ok(Some(Neighbours {
            before: read(&before)?,
            last,
            after: read(&after)?,
            first,
            day_start_min: self.day_start_min,
        }))
    }
}

impl ActiveDays for Active<'_> {
    fn is_active(&self, day: LocalDay) -> bool {
        let LocalDay(date) = day;
        self.months.get(&(date.year(), date.month())).is_some_and(|days| days & bit(day) != 0)
    }

    fn days_done(&self, routine: &RoutineId, days: &[LocalDay]) -> usize {
        let active: Vec<LocalDay> =
            days.iter().copied().filter(|day| self.is_active(*day)).collect();
        self.days_of(routine, &active).unwrap_or_else(|error| {
            self.failed.borrow_mut().get_or_insert(error);
            0
        })
    }

    fn first(&self) -> Option<LocalDay> {
        self.first
    }

    fn neighbours(&self, idle: LocalDay) -> Option<Neighbours> {
        self.around(idle).unwrap_or_else(|error| {
            self.failed.borrow_mut().get_or_insert(error);
            None
        })
    }
}

/// When the last hold of the latest active days began, and the latest of those days.
pub(crate) fn latest(conn: &Connection, chart: i64) -> Result<Option<(Moment, LocalDay)>> {
    // Travel may repeat a date: the newest moment need not be on the latest day.
    let sql = "SELECT last_ms, last_offset_s, last_zone, day FROM active_day
               WHERE chart = ?1 ORDER BY day DESC LIMIT 3";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map([chart], |row| Ok((moment(row, 0)?, row.get::<_, String>(3)?)))?;
    let rows: Vec<(Moment, String)> = rows.collect::<Result<_, _>>()?;
    let Some((_, day)) = rows.first() else { return Ok(None) };
    let day = read(day)?;
    let newest = rows.into_iter().map(|(moment, _)| moment).max_by_key(|moment| moment.utc_ms);
    Ok(newest.map(|moment| (moment, day)))
}
