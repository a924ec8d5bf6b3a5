//! The totals that progress is made of, kept where holds and sessions are merged. A set's total is made
//! anew of its holds, a day's of its sets: nothing is added to what stood there before, so what is kept
//! cannot drift from what a rebuild makes. What the totals mean is the domain's matter.

use std::collections::BTreeSet;

use holdfast_domain::progress::{SetDone, items};
use holdfast_domain::record::{Hold, Session};
use holdfast_domain::units::{LocalDay, Moment};
use rusqlite::{Connection, OptionalExtension, Row};

use super::groups::Group;
use super::{DAY_START_MIN, json};
use crate::error::{Error, Result};
use crate::store::Tx;

/// The days whose totals changed, as they stand in the tables.
pub(super) type Days = BTreeSet<String>;

/// Brings the totals of a set to its holds. `old` are the days its holds were on before.
pub(super) fn of_group(
    tx: &Tx<'_>,
    chart: i64,
    group: &Group,
    old: &Days,
    holds: &[Hold],
    changed: &mut Days,
) -> Result<()> {
    let totals = SetDone::of(holds, DAY_START_MIN);
    let mut gone = old.clone();
    for total in &totals {
        let day = total.day.to_string();
        gone.remove(&day);
        put(tx, chart, group, &day, total)?;
        changed.insert(day);
    }
    for day in &gone {
        let sql = "DELETE FROM set_total WHERE chart = ?1 AND day = ?2 AND session = ?3
                   AND step = ?4 AND side = ?5 AND set_n = ?6";
        let Group { session, step, side, set } = group;
        tx.execute(sql, (chart, day, session, step, side, set))?;
    }
    changed.extend(gone);
    Ok(())
}

fn put(tx: &Tx<'_>, chart: i64, group: &Group, day: &str, total: &SetDone) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO set_total
                   (chart, day, session, step, side, set_n, routine, exercise, holds, held_ms,
                    capped_ms, spared_ms, reps, paused_ms, eased_ms, before_ms, before_nrs,
                    after_ms, after_nrs, first_ms, first_offset_s, first_zone,
                    last_ms, last_offset_s, last_zone)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                       ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)";
    let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    let eased: Vec<String> = total.eased_ms.iter().map(ToString::to_string).collect();
    let params = rusqlite::params![
        chart,
        day,
        group.session,
        group.step,
        group.side,
        group.set,
        total.routine.as_ref().map(holdfast_domain::ids::RoutineId::as_str),
        total.exercise.as_str(),
        total.holds,
        ms(total.held_ms),
        ms(total.capped_ms),
        ms(total.spared_ms),
        total.reps,
        ms(total.paused_ms),
        eased.join(" "),
        total.pain_before.map(|rated| rated.at_ms),
        total.pain_before.map(|rated| rated.nrs),
        total.pain_after.map(|rated| rated.at_ms),
        total.pain_after.map(|rated| rated.nrs),
        total.first.utc_ms,
        total.first.offset_s,
        total.first.zone,
        total.last.utc_ms,
        total.last.offset_s,
        total.last.zone,
    ];
    tx.execute(sql, params).map(|_| ())
}

/// Brings what a session asked for to its records. `old` is the day it was on before.
pub(super) fn of_session(
    tx: &Tx<'_>,
    chart: i64,
    session: i64,
    old: Option<&str>,
    now: Option<(&str, &Session)>,
) -> Result<()> {
    if let Some(old) = old.filter(|old| now.is_none_or(|(day, _)| day != *old)) {
        let sql = "DELETE FROM session_asked WHERE chart = ?1 AND day = ?2 AND session = ?3";
        tx.execute(sql, (chart, old, session))?;
    }
    let Some((day, merged)) = now else { return Ok(()) };
    let routine = merged.routine.as_ref().or_else(|| merged.key.routine());
    let routine = routine.map(holdfast_domain::ids::RoutineId::as_str);
    let sql = "INSERT OR REPLACE INTO session_asked (chart, day, session, routine, items)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.execute(sql, (chart, day, session, routine, json(&items(&merged.steps))?)).map(|_| ())
}

/// The first and last moment of an active day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) first: Moment,
    pub(super) last: Moment,
}

impl Ends {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { first: moment(row, 0)?, last: moment(row, 3)? })
    }
}

/// A moment of three columns.
pub(super) fn moment(row: &Row<'_>, from: usize) -> rusqlite::Result<Moment> {
    Ok(Moment { utc_ms: row.get(from)?, offset_s: row.get(from + 1)?, zone: row.get(from + 2)? })
}

/// Brings the days to the totals of their sets.
pub(super) fn of_days(tx: &Tx<'_>, chart: i64, changed: &Days) -> Result<()> {
    for day in changed {
        of_day(tx, chart, day)?;
    }
    Ok(())
}

fn of_day(tx: &Tx<'_>, chart: i64, day: &str) -> Result<()> {
    let (before, now) = (ends(tx.reader(), chart, day)?, made_ends(tx.reader(), chart, day)?);
    if before == now {
        return Ok(());
    }
    match &now {
        Some(Ends { first, last }) => {
            let sql = "INSERT OR REPLACE INTO active_day
                           (chart, day, first_ms, first_offset_s, first_zone,
                            last_ms, last_offset_s, last_zone)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let first = (first.utc_ms, first.offset_s, &first.zone);
            let last = (last.utc_ms, last.offset_s, &last.zone);
            tx.execute(sql, (chart, day, first.0, first.1, first.2, last.0, last.1, last.2))?;
        }
        None => {
            tx.execute("DELETE FROM active_day WHERE chart = ?1 AND day = ?2", (chart, day))?;
        }
    }
    if before.is_some() == now.is_some() {
        return Ok(());
    }
    let day: LocalDay = day.parse().map_err(|_| Error::Unreadable(format!("the day \"{day}\"")))?;
    let (month, bit) = (day.0.strftime("%Y-%m").to_string(), bit(day));
    if now.is_some() {
        let sql = "INSERT INTO active_month (chart, month, days) VALUES (?1, ?2, ?3)
                   ON CONFLICT (chart, month) DO UPDATE SET days = days | excluded.days";
        tx.execute(sql, (chart, month, bit))?;
    } else {
        let sql = "UPDATE active_month SET days = days & ~?3 WHERE chart = ?1 AND month = ?2";
        tx.execute(sql, (chart, &month, bit))?;
        let sql = "DELETE FROM active_month WHERE chart = ?1 AND month = ?2 AND days = 0";
        tx.execute(sql, (chart, month))?;
    }
    Ok(())
}

/// A day's ends as they are kept.
pub(super) fn ends(conn: &Connection, chart: i64, day: &str) -> Result<Option<Ends>> {
    let sql = "SELECT first_ms, first_offset_s, first_zone, last_ms, last_offset_s, last_zone
               FROM active_day WHERE chart = ?1 AND day = ?2";
    Ok(conn.prepare_cached(sql)?.query_row((chart, day), Ends::of).optional()?)
}

/// A day's ends as its sets make them; nothing where nothing was done.
fn made_ends(conn: &Connection, chart: i64, day: &str) -> Result<Option<Ends>> {
    let sql = "SELECT first_ms, first_offset_s, first_zone, last_ms, last_offset_s, last_zone
               FROM set_total WHERE chart = ?1 AND day = ?2 AND holds > 0";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query((chart, day))?;
    let key = |moment: &Moment| (moment.utc_ms, moment.offset_s, moment.zone.clone());
    let mut made: Option<Ends> = None;
    while let Some(row) = rows.next()? {
        let Ends { first, last } = Ends::of(row)?;
        made = Some(match made {
            None => Ends { first, last },
            Some(so_far) => Ends {
                first: std::cmp::min_by_key(so_far.first, first, key),
                last: std::cmp::max_by_key(so_far.last, last, key),
            },
        });
    }
    Ok(made)
}

/// The bit of a day in its month.
pub(super) fn bit(LocalDay(date): LocalDay) -> u32 {
    1 << (date.day() - 1)
}
