//! The records of one strand as rows, one for each: written where they changed, and what they touch
//! noted. It merges nothing.

use std::collections::BTreeMap;

use holdfast_domain::record::{
    Correction, DayRecord, Observation, SessionKey, SessionRecord, Target,
};
use holdfast_domain::vocabulary::DayKind;
use rusqlite::OptionalExtension;

use super::groups::{Affected, Group};
use super::{StrandPlace, Travelled, is_record_key};
use crate::documents::strand::{Record, Stored, Strand};
use crate::error::Result;
use crate::store::Tx;

/// Brings the rows of a strand to what it holds.
pub(super) fn replace_all(
    tx: &Tx<'_>,
    place: &StrandPlace,
    strand: &Strand,
    travelled: Travelled,
    affected: &mut Affected,
) -> Result<()> {
    let texts = strand.texts().into_iter().filter(|(key, _)| is_record_key(key));
    let records = strand.records().into_iter().zip(texts);
    let mut old = bodies(tx, place.doc)?;
    let mut unreadable = Vec::new();
    let mut version: (String, i64) = (String::new(), 0);
    for ((key, stored), (_, text)) in records {
        version = if version.0 == key { (key.clone(), version.1 + 1) } else { (key.clone(), 0) };
        match stored {
            Stored::Record(record) => {
                if old.remove(&version).as_ref() != Some(&text) {
                    put(tx, place, version.1, &record, &text, travelled, affected)?;
                }
            }
            Stored::NewerKind => {}
            Stored::Unreadable { reason } => unreadable.push((key, reason)),
        }
    }
    for (key, v) in old.keys() {
        remove(tx, place, key, *v, affected)?;
    }
    note_unreadable(tx, place.doc, &unreadable)
}

/// Brings the rows of one record, which this device just wrote, to what it is now.
pub(super) fn replace_one(
    tx: &Tx<'_>,
    place: &StrandPlace,
    record: &Record,
    travelled: Travelled,
    affected: &mut Affected,
) -> Result<()> {
    // A write takes the place of every version there was.
    for v in later_versions(tx, place.doc, record)? {
        remove(tx, place, &record.key(), v, affected)?;
    }
    put(tx, place, 0, record, &record.to_text()?, travelled, affected)
}

fn later_versions(tx: &Tx<'_>, doc: i64, record: &Record) -> Result<Vec<i64>> {
    let (sql, id) = match record {
        Record::Day(record) => return super::days::later_versions(tx, doc, record),
        Record::Session(_) => ("SELECT v FROM session_record WHERE doc = ?1 AND v > 0", None),
        Record::Observation(observation) => (
            "SELECT v FROM observation WHERE doc = ?1 AND id = ?2 AND v > 0",
            Some(observation.id.as_str()),
        ),
        Record::Correction(correction) => (
            "SELECT v FROM correction WHERE doc = ?1 AND id = ?2 AND v > 0",
            Some(correction.id.as_str()),
        ),
    };
    let mut found = tx.reader().prepare_cached(sql)?;
    let version = |row: &rusqlite::Row<'_>| row.get(0);
    let rows = match id {
        Some(id) => found.query_map((doc, id), version)?,
        None => found.query_map([doc], version)?,
    };
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The rows of a document by key and version.
fn bodies(tx: &Tx<'_>, doc: i64) -> Result<BTreeMap<(String, i64), String>> {
    let sql = "SELECT 'obs:' || id, v, body FROM observation WHERE doc = ?1
               UNION ALL SELECT 'fix:' || id, v, body FROM correction WHERE doc = ?1
               UNION ALL SELECT kind || ':' || id, v, body FROM day_record WHERE doc = ?1
               UNION ALL SELECT 'session', v, body FROM session_record WHERE doc = ?1";
    let mut found = tx.reader().prepare_cached(sql)?;
    let rows = found.query_map([doc], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn put(
    tx: &Tx<'_>,
    place: &StrandPlace,
    v: i64,
    record: &Record,
    text: &str,
    travelled: Travelled,
    affected: &mut Affected,
) -> Result<()> {
    match record {
        Record::Observation(observation) => {
            put_observation(tx, place, v, observation, text, travelled, affected)
        }
        Record::Correction(correction) => {
            put_correction(tx, place, v, correction, text, travelled, affected)
        }
        Record::Session(record) => {
            put_session_record(tx, place, v, record, text, travelled, affected)
        }
        Record::Day(record) => put_day_record(tx, place, v, record, text, travelled, affected),
    }
}

fn put_observation(
    tx: &Tx<'_>,
    place: &StrandPlace,
    v: i64,
    observation: &Observation,
    text: &str,
    travelled: Travelled,
    affected: &mut Affected,
) -> Result<()> {
    let key = &observation.key;
    affected.group_of_row(tx.reader(), place.doc, observation.id.as_str(), v)?;
    let group = Group {
        session: session_made(tx, place.chart, &key.session)?,
        step: key.step.to_string(),
        side: key.side.to_string(),
        set: key.set,
    };
    let (outbox, entry) = travelled.columns();
    let sql = "INSERT INTO observation
                   (doc, id, v, session, step, side, set_n, rep, body, outbox, entry)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
               ON CONFLICT (doc, id, v) DO UPDATE SET
                   session = excluded.session, step = excluded.step, side = excluded.side,
                   set_n = excluded.set_n, rep = excluded.rep, body = excluded.body,
                   outbox = excluded.outbox, entry = excluded.entry";
    tx.execute(
        sql,
        rusqlite::params![
            place.doc,
            observation.id.as_str(),
            v,
            group.session,
            group.step,
            group.side,
            group.set,
            key.rep,
            text,
            outbox,
            entry
        ],
    )?;
    affected.group(group);
    Ok(())
}

/// A correction's target as the index has it.
pub(super) fn target_text(target: &Target) -> String {
    match target {
        Target::Observation(id) => format!("observation:{id}"),
        Target::Hold(key) => format!("hold:{key}"),
        Target::Session(key) => format!("session:{key}"),
        Target::DayRecord(id) => format!("day:{id}"),
    }
}

fn put_correction(
    tx: &Tx<'_>,
    place: &StrandPlace,
    v: i64,
    correction: &Correction,
    text: &str,
    travelled: Travelled,
    affected: &mut Affected,
) -> Result<()> {
    let sql = "SELECT body FROM correction WHERE doc = ?1 AND id = ?2 AND v = ?3";
    let mut found = tx.reader().prepare_cached(sql)?;
    let old: Option<String> =
        found.query_row((place.doc, &correction.id, v), |row| row.get(0)).optional()?;
    if let Some(old) = old {
        let old: Correction = super::from_json(&old)?;
        affected.about(tx.reader(), place.chart, &old.target)?;
    }
    let (outbox, entry) = travelled.columns();
    let sql = "INSERT INTO correction (doc, id, v, chart, target, counter, body, outbox, entry)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
               ON CONFLICT (doc, id, v) DO UPDATE SET
                   target = excluded.target, counter = excluded.counter, body = excluded.body,
                   outbox = excluded.outbox, entry = excluded.entry";
    // A counter from elsewhere may be beyond what a column holds; only its order matters here.
    let counter = i64::try_from(correction.counter).unwrap_or(i64::MAX);
    tx.execute(
        sql,
        rusqlite::params![
            place.doc,
            correction.id,
            v,
            place.chart,
            target_text(&correction.target),
            counter,
            text,
            outbox,
            entry
        ],
    )?;
    affected.about(tx.reader(), place.chart, &correction.target)
}

fn put_session_record(
    tx: &Tx<'_>,
    place: &StrandPlace,
    v: i64,
    record: &SessionRecord,
    text: &str,
    travelled: Travelled,
    affected: &mut Affected,
) -> Result<()> {
    affected.session_of_row(tx.reader(), place.doc, v)?;
    let session = session_made(tx, place.chart, &record.key)?;
    let (outbox, entry) = travelled.columns();
    let sql = "INSERT INTO session_record (doc, v, session, body, outbox, entry)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (doc, v) DO UPDATE SET
                   session = excluded.session, body = excluded.body,
                   outbox = excluded.outbox, entry = excluded.entry";
    tx.execute(sql, (place.doc, v, session, text, outbox, entry))?;
    affected.session(session);
    Ok(())
}

fn put_day_record(
    tx: &Tx<'_>,
    place: &StrandPlace,
    v: i64,
    record: &DayRecord,
    text: &str,
    travelled: Travelled,
    affected: &mut Affected,
) -> Result<()> {
    let (outbox, entry) = travelled.columns();
    let sql = "INSERT INTO day_record
                   (doc, kind, id, v, chart, about, side, day, at_ms, stands, body, outbox, entry)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12)
               ON CONFLICT (doc, kind, id, v) DO UPDATE SET
                   about = excluded.about, side = excluded.side, day = excluded.day,
                   at_ms = excluded.at_ms, body = excluded.body,
                   outbox = excluded.outbox, entry = excluded.entry";
    tx.execute(
        sql,
        rusqlite::params![
            place.doc,
            record.kind().as_str(),
            record.id.as_str(),
            v,
            place.chart,
            record.what.about(),
            record.what.side().as_str(),
            record.local_day.to_string(),
            record.at.utc_ms,
            text,
            outbox,
            entry
        ],
    )?;
    affected.day_record(record.id.as_str());
    Ok(())
}

fn remove(
    tx: &Tx<'_>,
    place: &StrandPlace,
    key: &str,
    v: i64,
    affected: &mut Affected,
) -> Result<()> {
    match key.split_once(':') {
        Some(("obs", id)) => {
            affected.group_of_row(tx.reader(), place.doc, id, v)?;
            let sql = "DELETE FROM observation WHERE doc = ?1 AND id = ?2 AND v = ?3";
            tx.execute(sql, (place.doc, id, v))?;
        }
        Some((kind, id)) if kind.parse::<DayKind>().is_ok() => {
            let sql = "DELETE FROM day_record WHERE doc = ?1 AND kind = ?2 AND id = ?3 AND v = ?4";
            tx.execute(sql, (place.doc, kind, id, v))?;
            affected.day_record(id);
        }
        Some((_, id)) => {
            let sql = "SELECT body FROM correction WHERE doc = ?1 AND id = ?2 AND v = ?3";
            let mut found = tx.reader().prepare_cached(sql)?;
            let body: String = found.query_row((place.doc, id, v), |row| row.get(0))?;
            let sql = "DELETE FROM correction WHERE doc = ?1 AND id = ?2 AND v = ?3";
            tx.execute(sql, (place.doc, id, v))?;
            let gone: Correction = super::from_json(&body)?;
            affected.about(tx.reader(), place.chart, &gone.target)?;
        }
        None => {
            affected.session_of_row(tx.reader(), place.doc, v)?;
            let sql = "DELETE FROM session_record WHERE doc = ?1 AND v = ?2";
            tx.execute(sql, (place.doc, v))?;
        }
    }
    Ok(())
}

/// The number of a session; nothing where nothing of it is known.
pub(crate) fn session(
    conn: &rusqlite::Connection,
    chart: i64,
    key: &SessionKey,
) -> Result<Option<i64>> {
    let mut found = conn.prepare_cached("SELECT id FROM session WHERE chart = ?1 AND key = ?2")?;
    Ok(found.query_row((chart, key.id().as_str()), |row| row.get(0)).optional()?)
}

fn session_made(tx: &Tx<'_>, chart: i64, key: &SessionKey) -> Result<i64> {
    match session(tx.reader(), chart, key)? {
        Some(id) => Ok(id),
        None => {
            let sql = "INSERT INTO session (chart, key) VALUES (?1, ?2)";
            tx.insert(sql, (chart, key.id().as_str()))
        }
    }
}

/// Notes what of a document does not read.
pub(super) fn note_unreadable(tx: &Tx<'_>, doc: i64, all: &[(String, String)]) -> Result<()> {
    let known =
        tx.reader().prepare_cached("SELECT 1 FROM unreadable WHERE doc = ?1")?.exists([doc])?;
    if known {
        tx.execute("DELETE FROM unreadable WHERE doc = ?1", [doc])?;
    }
    for (v, (key, reason)) in all.iter().enumerate() {
        let sql = "INSERT INTO unreadable (doc, key, v, reason) VALUES (?1, ?2, ?3, ?4)";
        tx.execute(sql, (doc, key, i64::try_from(v).unwrap_or(i64::MAX), reason))?;
    }
    Ok(())
}
