//! What a change touches, and merging exactly that anew. Holds are merged by set, because the record
//! of a whole set counts only what was not logged singly; sessions by their key.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::record::{
    Authored, Change, Correction, Hold, HoldKey, Observation, SessionKey, SessionRecord, Target,
    merge, merge_sessions,
};
use rusqlite::{Connection, OptionalExtension, Row};

use super::rows::{session, target_text};
use super::{DAY_START_MIN, author_of, from_json, json, totals};
use crate::error::Result;
use crate::observe::Key;
use crate::store::Tx;

/// The holds of one set of one step on one side of a session.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group {
    pub(crate) session: i64,
    pub(crate) step: String,
    pub(crate) side: String,
    pub(crate) set: u16,
}

impl Group {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { session: row.get(0)?, step: row.get(1)?, side: row.get(2)?, set: row.get(3)? })
    }
}

/// What a change touches.
#[derive(Debug, Default)]
pub(crate) struct Affected {
    groups: BTreeSet<Group>,
    sessions: BTreeSet<i64>,
    /// Ids of records of days.
    days: BTreeSet<String>,
}

impl Affected {
    pub(super) fn group(&mut self, group: Group) {
        self.groups.insert(group);
    }

    pub(super) fn session(&mut self, session: i64) {
        self.sessions.insert(session);
    }

    pub(super) fn day_record(&mut self, id: &str) {
        self.days.insert(id.to_owned());
    }

    /// The group an observation's row is in now, where there is such a row.
    pub(super) fn group_of_row(
        &mut self,
        conn: &Connection,
        doc: i64,
        id: &str,
        v: i64,
    ) -> Result<()> {
        let sql = "SELECT session, step, side, set_n FROM observation
                   WHERE doc = ?1 AND id = ?2 AND v = ?3";
        let mut found = conn.prepare_cached(sql)?;
        self.groups.extend(found.query_row((doc, id, v), Group::of).optional()?);
        Ok(())
    }

    /// The session a session record's row is of now, where there is such a row.
    pub(super) fn session_of_row(&mut self, conn: &Connection, doc: i64, v: i64) -> Result<()> {
        let sql = "SELECT session FROM session_record WHERE doc = ?1 AND v = ?2";
        let mut found = conn.prepare_cached(sql)?;
        let session: Option<i64> = found.query_row((doc, v), |row| row.get(0)).optional()?;
        self.sessions.extend(session);
        Ok(())
    }

    /// Everything that a correction's target is about.
    pub(super) fn about(&mut self, conn: &Connection, chart: i64, target: &Target) -> Result<()> {
        match target {
            Target::Observation(id) => {
                let sql = "SELECT session, step, side, set_n FROM observation
                           CROSS JOIN strand ON strand.doc = observation.doc
                           WHERE observation.id = ?1 AND strand.chart = ?2";
                self.add(conn, sql, (id.as_str(), chart))?;
            }
            Target::Hold(key) => {
                if let Some(session) = session(conn, chart, &key.session)? {
                    let (step, side) = (key.step.to_string(), key.side.to_string());
                    self.group(Group { session, step, side, set: key.set });
                }
            }
            Target::Session(key) => {
                if let Some(session) = session(conn, chart, key)? {
                    self.session(session);
                    let sql = "SELECT DISTINCT session, step, side, set_n FROM observation
                               WHERE session = ?1";
                    self.add(conn, sql, [session])?;
                }
            }
            Target::DayRecord(id) => self.day_record(id.as_str()),
        }
        Ok(())
    }

    /// Everything that a device's records touch.
    pub(super) fn of_device(&mut self, conn: &Connection, chart: i64, device: &str) -> Result<()> {
        let sql = "SELECT DISTINCT session, step, side, set_n FROM observation
                   JOIN strand ON strand.doc = observation.doc
                   WHERE strand.chart = ?1 AND strand.device = ?2";
        self.add(conn, sql, (chart, device))?;
        let sql = "SELECT DISTINCT session FROM session_record
                   JOIN strand ON strand.doc = session_record.doc
                   WHERE strand.chart = ?1 AND strand.device = ?2";
        let mut found = conn.prepare_cached(sql)?;
        let sessions = found.query_map((chart, device), |row| row.get::<_, i64>(0))?;
        for id in sessions {
            self.session(id?);
        }
        self.days.extend(super::days::ids_of_device(conn, chart, device)?);
        let sql = "SELECT correction.body FROM correction
                   JOIN strand ON strand.doc = correction.doc
                   WHERE strand.chart = ?1 AND strand.device = ?2";
        let mut found = conn.prepare_cached(sql)?;
        let bodies = found.query_map((chart, device), |row| row.get::<_, String>(0))?;
        for body in bodies {
            let correction: Correction = from_json(&body?)?;
            self.about(conn, chart, &correction.target)?;
        }
        Ok(())
    }

    fn add(&mut self, conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
        let mut found = conn.prepare_cached(sql)?;
        for group in found.query_map(params, Group::of)? {
            self.groups.insert(group?);
        }
        Ok(())
    }

    /// Merges everything touched anew.
    pub(super) fn settle(self, tx: &Tx<'_>, chart: i64) -> Result<()> {
        if !self.days.is_empty() {
            for id in &self.days {
                super::days::settle(tx, chart, id)?;
            }
            tx.touch(Key::Days);
        }
        if self.groups.is_empty() && self.sessions.is_empty() {
            return Ok(());
        }
        let mut days = totals::Days::new();
        for group in &self.groups {
            settle_group(tx, chart, group, &mut days)?;
        }
        totals::of_days(tx, chart, &days)?;
        for session in &self.sessions {
            settle_session(tx, chart, *session)?;
        }
        tx.touch(Key::History);
        Ok(())
    }
}

/// Records with their verified authors. The first four columns are body, account, device, subject.
pub(super) fn authored<T: serde::de::DeserializeOwned>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    into: &mut Vec<Authored<T>>,
) -> Result<()> {
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query(params)?;
    while let Some(row) = rows.next()? {
        let (account, device) = (row.get_ref(1)?, row.get_ref(2)?);
        let text = |value: rusqlite::types::ValueRef<'_>| {
            value.as_str().map(str::to_owned).map_err(rusqlite::Error::from)
        };
        let author = author_of(&text(account)?, &text(device)?, row.get(3)?)?;
        let body = row.get_ref(0)?;
        let value = from_json(body.as_str().map_err(rusqlite::Error::from)?)?;
        into.push(Authored { author, value });
    }
    Ok(())
}

const OF_GROUP: &str = "SELECT observation.body, strand.account, strand.device, strand.subject
    FROM observation CROSS JOIN strand ON strand.doc = observation.doc
    WHERE session = ?1 AND step = ?2 AND side = ?3 AND set_n = ?4";

pub(super) const ABOUT: &str =
    "SELECT correction.body, strand.account, strand.device, strand.subject
    FROM correction CROSS JOIN strand ON strand.doc = correction.doc
    WHERE correction.chart = ?1 AND correction.target = ?2";

/// The observations of a group with their authors.
pub(crate) fn observations(conn: &Connection, group: &Group) -> Result<Vec<Authored<Observation>>> {
    let mut found = Vec::new();
    let params = (group.session, &group.step, &group.side, group.set);
    authored(conn, OF_GROUP, params, &mut found)?;
    Ok(found)
}

/// The corrections that are about any of these observations, or their keys or session.
pub(crate) fn corrections(
    conn: &Connection,
    chart: i64,
    observations: &[Authored<Observation>],
) -> Result<Vec<Authored<Correction>>> {
    let mut targets = BTreeSet::new();
    for Authored { value, .. } in observations {
        targets.insert(target_text(&Target::Observation(value.id.clone())));
        targets.insert(target_text(&Target::Hold(value.key.clone())));
        targets.insert(target_text(&Target::Session(value.key.session.clone())));
    }
    let mut found = Vec::new();
    for target in &targets {
        authored(conn, ABOUT, (chart, target), &mut found)?;
    }
    Ok(found)
}

fn settle_group(tx: &Tx<'_>, chart: i64, group: &Group, days: &mut totals::Days) -> Result<()> {
    let conn = tx.reader();
    let observations = observations(conn, group)?;
    let corrections = corrections(conn, chart, &observations)?;
    let holds = merge(&observations, &corrections);

    let sql = "SELECT hold_id, body, day FROM hold
               WHERE session = ?1 AND step = ?2 AND side = ?3 AND set_n = ?4";
    let mut found = conn.prepare_cached(sql)?;
    let params = (group.session, &group.step, &group.side, group.set);
    let rows = found
        .query_map(params, |row| Ok((row.get(0)?, (row.get(1)?, row.get::<_, String>(2)?))))?;
    let mut old: BTreeMap<String, (String, String)> = rows.collect::<Result<_, _>>()?;
    let old_days: totals::Days = old.values().map(|(_, day)| day.clone()).collect();
    let mut changed = false;
    for hold in &holds {
        let body = json(hold)?;
        if old.remove(hold.hold_id.as_str()).is_none_or(|(old, _)| old != body) {
            put_hold(tx, chart, group, hold, &body)?;
            changed = true;
        }
    }
    for id in old.keys() {
        tx.execute("DELETE FROM hold WHERE chart = ?1 AND hold_id = ?2", (chart, id))?;
        changed = true;
    }
    if changed {
        totals::of_group(tx, chart, group, &old_days, &holds, days)?;
    }
    note_gone(tx, chart, group, &observations, &holds)
}

/// Notes the keys of a group under which everything was removed.
fn note_gone(
    tx: &Tx<'_>,
    chart: i64,
    group: &Group,
    observations: &[Authored<Observation>],
    holds: &[Hold],
) -> Result<()> {
    let stands = |key: &HoldKey| holds.iter().any(|hold| hold.key == *key);
    let gone: BTreeSet<&HoldKey> =
        observations.iter().map(|o| &o.value.key).filter(|key| !stands(key)).collect();
    let sql = "SELECT hold_id FROM gone
               WHERE session = ?1 AND step = ?2 AND side = ?3 AND set_n = ?4";
    let mut found = tx.reader().prepare_cached(sql)?;
    let params = (group.session, &group.step, &group.side, group.set);
    let rows = found.query_map(params, |row| row.get(0))?;
    let mut old: BTreeSet<String> = rows.collect::<Result<_, _>>()?;
    for key in gone {
        let id = key.hold_id();
        if !old.remove(id.as_str()) {
            let sql = "INSERT OR REPLACE INTO gone
                           (chart, hold_id, session, step, side, set_n, rep)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let Group { session, step, side, set } = group;
            tx.execute(sql, (chart, id.as_str(), session, step, side, set, key.rep))?;
        }
    }
    for id in &old {
        tx.execute("DELETE FROM gone WHERE chart = ?1 AND hold_id = ?2", (chart, id))?;
    }
    Ok(())
}

fn put_hold(tx: &Tx<'_>, chart: i64, group: &Group, hold: &Hold, body: &str) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO hold
                   (chart, hold_id, session, step, side, set_n, rep, exercise, routine, day,
                    started_ms, held_ms, counts, body)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    let held_ms = i64::try_from(hold.held.0).unwrap_or(i64::MAX);
    tx.execute(
        sql,
        rusqlite::params![
            chart,
            hold.hold_id.as_str(),
            group.session,
            group.step,
            group.side,
            group.set,
            hold.key.rep,
            hold.exercise.as_str(),
            hold.routine.as_ref().map(holdfast_domain::ids::RoutineId::as_str),
            hold.local_day(DAY_START_MIN).to_string(),
            hold.started_at.utc_ms,
            held_ms,
            hold.counts,
            body
        ],
    )
    .map(|_| ())
}

/// The records of a session with their authors.
pub(crate) fn session_records(
    conn: &Connection,
    session: i64,
) -> Result<Vec<Authored<SessionRecord>>> {
    let sql = "SELECT session_record.body, strand.account, strand.device, strand.subject
               FROM session_record CROSS JOIN strand ON strand.doc = session_record.doc
               WHERE session_record.session = ?1";
    let mut found = Vec::new();
    authored(conn, sql, [session], &mut found)?;
    Ok(found)
}

fn settle_session(tx: &Tx<'_>, chart: i64, session: i64) -> Result<()> {
    let conn = tx.reader();
    let records = session_records(conn, session)?;
    let mut corrections: Vec<Authored<Correction>> = Vec::new();
    let keys: BTreeSet<&SessionKey> = records.iter().map(|record| &record.value.key).collect();
    for key in keys {
        let target = target_text(&Target::Session(key.clone()));
        authored(conn, ABOUT, (chart, target), &mut corrections)?;
    }
    let merged = merge_sessions(&records, &corrections).into_iter().next();
    let (started, day, body) = match &merged {
        Some(merged) => {
            let day = merged.key.day();
            let day = day.unwrap_or_else(|| merged.local_day(DAY_START_MIN));
            (Some(merged.started_at.utc_ms), Some(day.to_string()), Some(json(merged)?))
        }
        None => (None, None, None),
    };
    let mut found = conn.prepare_cached("SELECT day FROM session WHERE id = ?1")?;
    let old: Option<String> = found.query_row([session], |row| row.get(0))?;
    let now = day.as_deref().zip(merged.as_ref());
    totals::of_session(tx, chart, session, old.as_deref(), now)?;
    let sql = "UPDATE session SET started_ms = ?2, day = ?3, body = ?4 WHERE id = ?1";
    tx.execute(sql, (session, started, day, body)).map(|_| ())
}

/// Up to when a session was removed, in milliseconds since 1970-01-01T00:00Z: the latest removal.
pub(crate) fn removed_until(
    conn: &Connection,
    chart: i64,
    key: &SessionKey,
) -> Result<Option<i64>> {
    let mut corrections: Vec<Authored<Correction>> = Vec::new();
    authored(conn, ABOUT, (chart, target_text(&Target::Session(key.clone()))), &mut corrections)?;
    let removals = corrections.iter().filter(|fix| fix.value.change == Change::Remove);
    Ok(removals.map(|fix| fix.value.at.utc_ms).max())
}
