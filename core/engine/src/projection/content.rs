//! Making the projection anew from all documents, and saying what it holds, so that the two can be
//! compared: rebuilt must equal kept.

use std::fmt::Write as _;

use holdfast_protocol::ids::ActorId;
use rusqlite::Connection;

use super::Travelled;
use crate::error::{Error, Result};
use crate::open_documents::document_of;
use crate::store::docs::DocEntry;
use crate::store::{Tx, docs};

/// Documents walked at a time.
const PAGE: u32 = 256;

const TABLES: [&str; 16] = [
    "prescription",
    "set_total",
    "session_asked",
    "active_day",
    "active_month",
    "day_record",
    "hold",
    "gone",
    "session_record",
    "correction",
    "observation",
    "session",
    "strand",
    "routine",
    "unreadable",
    "chart",
];

/// Throws the projection away and makes it anew from all documents. How records travelled is kept:
/// no document says it. Gives the documents that do not load: they are left out.
pub(crate) fn rebuild(tx: &Tx<'_>) -> Result<Vec<Error>> {
    tx.execute(
        "CREATE TEMP TABLE IF NOT EXISTS kept
             (kind TEXT, doc INTEGER, id TEXT, v INTEGER, body TEXT, outbox INTEGER,
              entry INTEGER, PRIMARY KEY (kind, doc, id, v))",
        [],
    )?;
    tx.execute("DELETE FROM kept", [])?;
    for (kind, id) in TRAVELLERS {
        let sql = format!(
            "INSERT INTO kept SELECT '{kind}', doc, {id}, v, body, outbox, entry FROM {kind}
             WHERE outbox IS NOT NULL OR entry IS NOT NULL"
        );
        tx.execute(&sql, [])?;
    }
    for table in TABLES {
        tx.execute(&format!("DELETE FROM {table}"), [])?;
    }
    let mut left_out = Vec::new();
    let mut after = 0;
    loop {
        let page = docs::list(tx.reader(), after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for entry in &page {
            match refresh(tx, entry) {
                Err(error @ (Error::Document { .. } | Error::UnknownAuthor { .. })) => {
                    left_out.push(error);
                }
                done => done?,
            }
        }
    }
    for (kind, id) in TRAVELLERS {
        let sql = format!(
            "UPDATE {kind} SET outbox = kept.outbox, entry = kept.entry FROM kept
             WHERE kept.kind = '{kind}' AND kept.doc = {kind}.doc AND kept.id = {id}
               AND kept.v = {kind}.v AND kept.body = {kind}.body"
        );
        tx.execute(&sql, [])?;
    }
    tx.execute("DELETE FROM kept", [])?;
    Ok(left_out)
}

/// Tables whose rows know how they travelled, with their id.
const TRAVELLERS: [(&str, &str); 5] = [
    ("prescription", "lower(prescription.id)"),
    ("observation", "observation.id"),
    ("correction", "correction.id"),
    ("session_record", "'session'"),
    ("day_record", "day_record.kind || ':' || day_record.id"),
];

/// Whoever reads only needs no actor of its own.
pub(crate) const READER_ACTOR: ActorId = ActorId([0; 16]);

fn refresh(tx: &Tx<'_>, entry: &DocEntry) -> Result<()> {
    let DocEntry { space, name, .. } = entry;
    let Some(stored) = docs::load(tx.reader(), *space, name)? else { return Ok(()) };
    let document = document_of(name, &stored, READER_ACTOR)?;
    super::refresh(tx, *space, name, document, Travelled::Unknown).map(|_| ())
}

/// What the projection holds, as one hash: the same documents give the same, however they came.
pub(crate) fn digest(conn: &Connection) -> Result<[u8; 32]> {
    let mut hashes = Vec::new();
    visit(conn, |line| hashes.push(*blake3::hash(line.as_bytes()).as_bytes()))?;
    hashes.sort_unstable();
    let mut all = blake3::Hasher::new();
    for hash in &hashes {
        all.update(hash);
    }
    Ok(*all.finalize().as_bytes())
}

/// What the projection holds, one line each, in one order.
#[cfg(test)]
pub(crate) fn content(conn: &Connection) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    visit(conn, |line| lines.push(line.to_owned()))?;
    lines.sort();
    Ok(lines)
}

/// Row numbers are left out, because they tell the order of arrival.
fn visit(conn: &Connection, mut line_of: impl FnMut(&str)) -> Result<()> {
    let queries = [
        "SELECT 'hold', hex(chart.space), hold.hold_id, session.key, hold.step, hold.side,
                hold.set_n, hold.rep, hold.exercise, hold.routine, hold.day, hold.started_ms,
                hold.held_ms, hold.counts, hold.body
         FROM hold JOIN chart ON chart.id = hold.chart JOIN session ON session.id = hold.session",
        "SELECT 'gone', hex(chart.space), gone.hold_id, session.key, gone.step, gone.side,
                gone.set_n, gone.rep
         FROM gone JOIN chart ON chart.id = gone.chart JOIN session ON session.id = gone.session",
        "SELECT 'session', hex(chart.space), session.key, session.started_ms, session.day,
                session.body
         FROM session JOIN chart ON chart.id = session.chart WHERE session.body IS NOT NULL",
        "SELECT 'observation', doc.name, observation.id, observation.v, session.key,
                observation.step, observation.side, observation.set_n, observation.rep,
                observation.body, observation.outbox, observation.entry
         FROM observation JOIN doc ON doc.id = observation.doc
         JOIN session ON session.id = observation.session",
        "SELECT 'correction', doc.name, correction.id, correction.v, correction.target,
                correction.counter, correction.body, correction.outbox, correction.entry
         FROM correction JOIN doc ON doc.id = correction.doc",
        "SELECT 'session_record', doc.name, session_record.v, session.key, session_record.body,
                session_record.outbox, session_record.entry
         FROM session_record JOIN doc ON doc.id = session_record.doc
         JOIN session ON session.id = session_record.session",
        "SELECT 'day_record', doc.name, day_record.kind, day_record.id, day_record.v,
                day_record.about, day_record.side, day_record.day, day_record.at_ms,
                day_record.stands, day_record.body, day_record.outbox, day_record.entry
         FROM day_record JOIN doc ON doc.id = day_record.doc",
        "SELECT 'set_total', hex(chart.space), set_total.day, session.key, set_total.step,
                set_total.side, set_total.set_n, set_total.routine, set_total.exercise, holds,
                held_ms, capped_ms, spared_ms, reps, paused_ms, eased_ms, before_ms, before_nrs,
                after_ms, after_nrs, first_ms, first_offset_s, first_zone, last_ms, last_offset_s,
                last_zone
         FROM set_total JOIN chart ON chart.id = set_total.chart
         JOIN session ON session.id = set_total.session",
        "SELECT 'session_asked', hex(chart.space), session_asked.day, session.key,
                session_asked.routine, session_asked.items
         FROM session_asked JOIN chart ON chart.id = session_asked.chart
         JOIN session ON session.id = session_asked.session",
        "SELECT 'active_day', hex(chart.space), active_day.day, first_ms, first_offset_s,
                first_zone, last_ms, last_offset_s, last_zone
         FROM active_day JOIN chart ON chart.id = active_day.chart",
        "SELECT 'active_month', hex(chart.space), active_month.month, active_month.days
         FROM active_month JOIN chart ON chart.id = active_month.chart",
        "SELECT 'prescription', doc.name, prescription.id, prescription.routine,
                prescription.proposed_ms, prescription.body, prescription.outbox,
                prescription.entry
         FROM prescription JOIN doc ON doc.id = prescription.doc",
        "SELECT 'strand', doc.name, strand.device, strand.account, strand.subject
         FROM strand JOIN doc ON doc.id = strand.doc",
        "SELECT 'routine', hex(chart.space), routine.id, routine.name, routine.body
         FROM routine JOIN chart ON chart.id = routine.chart",
        "SELECT 'unreadable', doc.name, unreadable.key, unreadable.reason
         FROM unreadable JOIN doc ON doc.id = unreadable.doc",
    ];
    let mut line = String::new();
    for sql in queries {
        let mut found = conn.prepare_cached(sql)?;
        let columns = found.column_count();
        let mut rows = found.query([])?;
        while let Some(row) = rows.next()? {
            line.clear();
            for column in 0..columns {
                let value: rusqlite::types::Value = row.get(column)?;
                let _ = write!(line, "{value:?} ");
            }
            line_of(&line);
        }
    }
    Ok(())
}
