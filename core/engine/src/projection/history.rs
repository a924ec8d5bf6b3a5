//! Reading holds and sessions back, by id and in pages. Every query runs on an index, so its cost is
//! that of the page and not of the history.

use holdfast_domain::ids::{BadId, HoldId, ObservationId, SessionId};
use holdfast_domain::record::{Hold, Session};
use holdfast_domain::units::{LocalDay, Nrs};
use holdfast_domain::vocabulary::Side;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::from_json;
use super::groups::Group;
use crate::error::{Error, Result};
use crate::views::{Cursor, Sums};

/// The most rows of one page.
pub const MAX_PAGE: u32 = 500;

/// The items of a page, and where the next one begins.
pub(crate) type Page<T> = (Vec<T>, Option<Cursor>);

/// Which part of the history.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) since: Option<LocalDay>,
    pub(crate) until: Option<LocalDay>,
    pub(crate) exercise: Option<&'a str>,
    pub(crate) side: Option<Side>,
    pub(crate) after: Option<&'a Cursor>,
    pub(crate) limit: u32,
}

/// A SQL condition that grows.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn of_chart(table: &str, chart: i64) -> Self {
        Self { sql: format!("{table}.chart = ?"), values: vec![Value::Integer(chart)] }
    }

    fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    fn days(&mut self, filter: &Filter<'_>) {
        if let Some(since) = filter.since {
            self.and("day >= ?", [Value::Text(since.to_string())]);
        }
        if let Some(until) = filter.until {
            self.and("day <= ?", [Value::Text(until.to_string())]);
        }
    }

    fn after(&mut self, columns: &str, filter: &Filter<'_>) {
        if let Some(Cursor { day, started_ms, id }) = filter.after {
            let place =
                [Value::Text(day.clone()), Value::Integer(*started_ms), Value::Text(id.clone())];
            self.and(&format!("({columns}) < (?, ?, ?)"), place);
        }
    }
}

/// A page of holds, the newest first, and where the next one begins.
pub(crate) fn holds(conn: &Connection, chart: i64, filter: &Filter<'_>) -> Result<Page<Hold>> {
    let mut conditions = Conditions::of_chart("hold", chart);
    if let Some(exercise) = filter.exercise {
        conditions.and("exercise = ?", [Value::Text(exercise.to_owned())]);
    }
    conditions.days(filter);
    if let Some(side) = filter.side {
        conditions.and("side = ?", [Value::Text(side.to_string())]);
    }
    conditions.after("day, started_ms, hold_id", filter);
    let sql = format!(
        "SELECT day, started_ms, hold_id, body FROM hold WHERE {}
         ORDER BY day DESC, started_ms DESC, hold_id DESC LIMIT {}",
        conditions.sql,
        filter.limit + 1
    );
    let read = |row: &Row<'_>| Ok((place(row)?, row.get::<_, String>(3)?));
    page(conn, &sql, conditions.values, filter.limit, read)
}

/// A page of sessions with their numbers, the newest first, and where the next one begins.
pub(crate) fn sessions(
    conn: &Connection,
    chart: i64,
    filter: &Filter<'_>,
) -> Result<Page<(i64, Session)>> {
    let mut conditions = Conditions::of_chart("session", chart);
    conditions.and("body IS NOT NULL", []);
    conditions.days(filter);
    if filter.exercise.is_some() || filter.side.is_some() {
        let mut sql = "EXISTS (SELECT 1 FROM hold WHERE hold.session = session.id".to_owned();
        let mut values = Vec::new();
        if let Some(exercise) = filter.exercise {
            sql.push_str(" AND hold.exercise = ?");
            values.push(Value::Text(exercise.to_owned()));
        }
        if let Some(side) = filter.side {
            sql.push_str(" AND hold.side = ?");
            values.push(Value::Text(side.to_string()));
        }
        sql.push(')');
        conditions.and(&sql, values);
    }
    conditions.after("day, started_ms, key", filter);
    let sql = format!(
        "SELECT day, started_ms, key, body, id FROM session WHERE {}
         ORDER BY day DESC, started_ms DESC, key DESC LIMIT {}",
        conditions.sql,
        filter.limit + 1
    );
    let mut ids = Vec::new();
    let read = |row: &Row<'_>| {
        ids.push(row.get::<_, i64>(4)?);
        Ok((place(row)?, row.get::<_, String>(3)?))
    };
    let (sessions, next) = page::<Session>(conn, &sql, conditions.values, filter.limit, read)?;
    Ok((ids.into_iter().zip(sessions).collect(), next))
}

fn place(row: &Row<'_>) -> rusqlite::Result<Cursor> {
    Ok(Cursor { day: row.get(0)?, started_ms: row.get(1)?, id: row.get(2)? })
}

/// One row more than asked for tells whether there is a next page.
fn page<T: serde::de::DeserializeOwned>(
    conn: &Connection,
    sql: &str,
    values: Vec<Value>,
    limit: u32,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<(Cursor, String)>,
) -> Result<Page<T>> {
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query(params_from_iter(values))?;
    let (mut items, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        if items.len() == limit as usize {
            return Ok((items, last));
        }
        let (cursor, body) = read(row)?;
        items.push(from_json(&body)?);
        last = Some(cursor);
    }
    Ok((items, None))
}

/// One hold, by its id or the beginning of it.
pub(crate) fn hold(conn: &Connection, chart: i64, id: &str) -> Result<Hold> {
    let not_found = || Error::NotFound { what: "hold", id: id.to_owned() };
    // Only what could be an id is looked for: its characters are a range of the index.
    HoldId::new(id).map_err(|_| not_found())?;
    let sql = "SELECT hold_id, body FROM hold
               WHERE chart = ?1 AND hold_id >= ?2 AND hold_id < ?2 || '~' LIMIT 3";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map((chart, id), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    one("hold", id, rows, not_found)
}

/// One session with its number, by its id or the beginning of it.
pub(crate) fn session(conn: &Connection, chart: i64, id: &str) -> Result<(i64, Session)> {
    let not_found = || Error::NotFound { what: "session", id: id.to_owned() };
    SessionId::new(id).map_err(|_| not_found())?;
    let sql = "SELECT key, body FROM session
               WHERE chart = ?1 AND key >= ?2 AND key < ?2 || '~' AND body IS NOT NULL LIMIT 3";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map((chart, id), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    let session: Session = one("session", id, rows, not_found)?;
    let number = super::rows::session(conn, chart, &session.key)?;
    Ok((number.ok_or_else(not_found)?, session))
}

/// The one that is named in full, or the only one that begins so.
fn one<T: serde::de::DeserializeOwned>(
    what: &'static str,
    id: &str,
    rows: Vec<(String, String)>,
    not_found: impl Fn() -> Error,
) -> Result<T> {
    let exact = rows.iter().find(|(found, _)| found == id);
    match (exact, &rows[..]) {
        (Some((_, body)), _) | (None, [(_, body)]) => from_json(body),
        (None, []) => Err(not_found()),
        (None, _) => {
            let candidates = rows.into_iter().map(|(found, _)| found).collect();
            Err(Error::Ambiguous { what, id: id.to_owned(), candidates })
        }
    }
}

/// The holds of a session in the order of their start.
pub(crate) fn holds_of(conn: &Connection, session: i64) -> Result<Vec<Hold>> {
    let sql = "SELECT body FROM hold WHERE session = ?1 ORDER BY started_ms, hold_id";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([session])?;
    let mut holds = Vec::new();
    while let Some(row) = rows.next()? {
        holds.push(from_json(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok(holds)
}

/// What the holds of a session add up to.
pub(crate) fn sums(conn: &Connection, session: i64) -> Result<Sums> {
    let sql = "SELECT count(*), coalesce(sum(held_ms), 0),
                  (SELECT body ->> '$.pain_before.nrs' FROM hold
                   WHERE session = ?1 AND body ->> '$.pain_before.nrs' IS NOT NULL
                   ORDER BY started_ms, hold_id LIMIT 1),
                  (SELECT body ->> '$.pain_after.nrs' FROM hold
                   WHERE session = ?1 AND body ->> '$.pain_after.nrs' IS NOT NULL
                   ORDER BY started_ms DESC, hold_id DESC LIMIT 1)
               FROM hold WHERE session = ?1";
    let nrs = |value: Option<u8>| value.and_then(|value| Nrs::try_from(value).ok());
    let mut found = conn.prepare_cached(sql)?;
    Ok(found.query_row([session], |row| {
        Ok(Sums {
            holds: row.get(0)?,
            held_ms: row.get(1)?,
            pain_before: nrs(row.get(2)?),
            pain_after: nrs(row.get(3)?),
        })
    })?)
}

/// The group a hold was merged in.
pub(crate) fn group_of(conn: &Connection, chart: i64, hold: &Hold) -> Result<Option<Group>> {
    let sql = "SELECT session, step, side, set_n FROM hold WHERE chart = ?1 AND hold_id = ?2";
    let mut found = conn.prepare_cached(sql)?;
    let group = found.query_row((chart, hold.hold_id.as_str()), |row| {
        Ok(Group { session: row.get(0)?, step: row.get(1)?, side: row.get(2)?, set: row.get(3)? })
    });
    Ok(group.optional()?)
}

/// The group and repetition of a hold of which everything was removed, by its full id.
pub(crate) fn gone(conn: &Connection, chart: i64, id: &str) -> Result<Option<(Group, u16)>> {
    let sql = "SELECT session, step, side, set_n, rep FROM gone WHERE chart = ?1 AND hold_id = ?2";
    let mut found = conn.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        let group =
            Group { session: row.get(0)?, step: row.get(1)?, side: row.get(2)?, set: row.get(3)? };
        Ok((group, row.get(4)?))
    };
    Ok(found.query_row((chart, id), read).optional()?)
}

/// The sets and repetitions already used under a session, step and side, removed ones included.
pub(crate) fn taken(
    conn: &Connection,
    session: i64,
    step: &str,
    side: Side,
) -> Result<Vec<(u16, u16)>> {
    let sql = "SELECT DISTINCT set_n, rep FROM observation
               WHERE session = ?1 AND step = ?2 AND side = ?3";
    let mut found = conn.prepare_cached(sql)?;
    let rows =
        found.query_map((session, step, side.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was done in a session so far, in order: exercise, step and side.
pub(crate) fn done(conn: &Connection, session: i64) -> Result<Vec<(String, String, Side)>> {
    let sql =
        "SELECT exercise, step, side FROM hold WHERE session = ?1 ORDER BY started_ms, hold_id";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map([session], |row| {
        let side: String = row.get(2)?;
        Ok((row.get(0)?, row.get(1)?, side.parse().unwrap_or(Side::None)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The highest counter of any correction of a chart.
pub(crate) fn highest_counter(conn: &Connection, chart: i64) -> Result<u64> {
    let sql = "SELECT coalesce(max(counter), 0) FROM correction WHERE chart = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([chart], |row| row.get(0))?)
}

/// The observations of a session, removed ones too.
pub(crate) fn observation_ids(conn: &Connection, session: i64) -> Result<Vec<ObservationId>> {
    let sql = "SELECT DISTINCT id FROM observation WHERE session = ?1 ORDER BY id";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map([session], |row| row.get::<_, String>(0))?;
    let unreadable = |error: BadId| Error::Unreadable(error.to_string());
    rows.map(|id| ObservationId::new(id?).map_err(unreadable)).collect()
}
