//! Records of days as rows: which of them stand, and looking them up. Every query runs on an index.
//! What a result or a tick means is not known here.

use holdfast_domain::ids::DayRecordId;
use holdfast_domain::record::{Authored, Correction, DayRecord, Target, standing};
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::{DayKind, Side};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::groups::{ABOUT, authored};
use super::rows::target_text;
use super::status::Travel;
use super::{author_of, from_json};
use crate::error::{Error, Result};
use crate::store::Tx;

/// The most records of one answer.
pub(crate) const MAX_RECORDS: u32 = 10_000;

/// Which records.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DayFilter<'a> {
    pub(crate) kind: Option<DayKind>,
    /// The test, the habit, or `run`, `walk`, `pain`. Only with a kind.
    pub(crate) about: Option<&'a str>,
    pub(crate) side: Option<Side>,
    /// The first local day.
    pub(crate) since: Option<LocalDay>,
    /// The last local day.
    pub(crate) until: Option<LocalDay>,
    /// Only what happened before this, in milliseconds since 1970-01-01T00:00Z.
    pub(crate) before_ms: Option<i64>,
    /// At most so many; [`MAX_RECORDS`] where nothing is said.
    pub(crate) limit: Option<u32>,
}

/// A record that stands, with its verified author and how it travelled.
#[derive(Debug, Clone)]
pub(crate) struct DayRow {
    pub(crate) record: Authored<DayRecord>,
    pub(crate) travel: Travel,
}

const COLUMNS: &str = "strand.device, day_record.outbox, day_record.entry, day_record.body,
    strand.account, strand.subject";

impl DayRow {
    fn of(row: &Row<'_>) -> Result<Self> {
        let travel = Travel::of(row)?;
        let device: String = row.get(0)?;
        let account: String = row.get(4)?;
        let author = author_of(&account, &device, row.get(5)?)?;
        let body: String = row.get(3)?;
        Ok(Self { record: Authored { author, value: from_json(&body)? }, travel })
    }
}

/// The records that stand, the newest first.
pub(crate) fn records(
    conn: &Connection,
    chart: i64,
    filter: &DayFilter<'_>,
) -> Result<Vec<DayRow>> {
    records_after(conn, chart, filter, 0)
}

/// The same without the first so many.
pub(crate) fn records_after(
    conn: &Connection,
    chart: i64,
    filter: &DayFilter<'_>,
    after: usize,
) -> Result<Vec<DayRow>> {
    let mut sql = format!(
        "SELECT {COLUMNS} FROM day_record CROSS JOIN strand ON strand.doc = day_record.doc
         WHERE day_record.chart = ? AND day_record.stands = 1"
    );
    let mut values = vec![Value::Integer(chart)];
    let mut and = |condition: &str, value: Value| {
        sql.push_str(condition);
        values.push(value);
    };
    let text = |text: String| Value::Text(text);
    if let Some(kind) = filter.kind {
        and(" AND day_record.kind = ?", text(kind.to_string()));
    }
    if let Some(about) = filter.about {
        and(" AND day_record.about = ?", text(about.to_owned()));
    }
    if let Some(side) = filter.side {
        and(" AND day_record.side = ?", text(side.to_string()));
    }
    if let Some(since) = filter.since {
        and(" AND day_record.day >= ?", text(since.to_string()));
    }
    if let Some(until) = filter.until {
        and(" AND day_record.day <= ?", text(until.to_string()));
    }
    if let Some(before) = filter.before_ms {
        and(" AND day_record.at_ms < ?", Value::Integer(before));
    }
    let limit = filter.limit.unwrap_or(MAX_RECORDS).min(MAX_RECORDS);
    sql.push_str(
        " ORDER BY day_record.day DESC, day_record.at_ms DESC, day_record.kind, day_record.id,
                   strand.device, day_record.v LIMIT ",
    );
    sql.push_str(&format!("{limit} OFFSET {after}"));
    let mut found = conn.prepare_cached(&sql)?;
    let mut rows = found.query(params_from_iter(values))?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(DayRow::of(row)?);
    }
    Ok(records)
}

/// One record that stands, by its id or the beginning of it.
pub(crate) fn record(
    conn: &Connection,
    chart: i64,
    kind: Option<DayKind>,
    id: &str,
) -> Result<DayRow> {
    let what = kind.map_or("record", DayKind::as_str);
    let not_found = || Error::NotFound { what, id: id.to_owned() };
    // Only what could be an id is looked for: its characters are a range of the index.
    DayRecordId::new(id).map_err(|_| not_found())?;
    let sql = format!(
        "SELECT {COLUMNS} FROM day_record CROSS JOIN strand ON strand.doc = day_record.doc
         WHERE day_record.chart = ?1 AND day_record.id >= ?2 AND day_record.id < ?2 || '~'
           AND day_record.stands = 1 AND (?3 IS NULL OR day_record.kind = ?3)
         ORDER BY day_record.id, day_record.kind, strand.device, day_record.v LIMIT 3"
    );
    let mut found = conn.prepare_cached(&sql)?;
    let mut rows = found.query((chart, id, kind.map(DayKind::as_str)))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(DayRow::of(row)?);
    }
    let exact = all.iter().position(|row| row.record.value.id.as_str() == id);
    match (exact, all.len()) {
        (Some(place), _) => Ok(all.swap_remove(place)),
        (None, 0) => Err(not_found()),
        (None, 1) => Ok(all.swap_remove(0)),
        (None, _) => {
            let candidates = all.iter().map(|row| row.record.value.id.to_string()).collect();
            Err(Error::Ambiguous { what, id: id.to_owned(), candidates })
        }
    }
}

/// Works out anew which of the records of one id stand.
pub(super) fn settle(tx: &Tx<'_>, chart: i64, id: &str) -> Result<()> {
    let conn = tx.reader();
    // In the order of the documents' names: the same on every device, whatever came first.
    let sql = "SELECT day_record.body, strand.account, strand.device, strand.subject
               FROM day_record CROSS JOIN strand ON strand.doc = day_record.doc
               CROSS JOIN doc ON doc.id = day_record.doc
               WHERE day_record.chart = ?1 AND day_record.id = ?2
               ORDER BY doc.name, day_record.kind, day_record.v";
    let mut records: Vec<Authored<DayRecord>> = Vec::new();
    authored(conn, sql, (chart, id), &mut records)?;
    if records.is_empty() {
        return Ok(());
    }
    let mut corrections: Vec<Authored<Correction>> = Vec::new();
    if let Ok(id) = DayRecordId::new(id) {
        let target = target_text(&Target::DayRecord(id));
        authored(conn, ABOUT, (chart, target), &mut corrections)?;
    }
    let stand = standing(&records, &corrections);
    let sql = "SELECT day_record.doc, day_record.kind, day_record.v, day_record.stands
               FROM day_record CROSS JOIN doc ON doc.id = day_record.doc
               WHERE day_record.chart = ?1 AND day_record.id = ?2
               ORDER BY doc.name, day_record.kind, day_record.v";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map((chart, id), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get(3)?))
    })?;
    let rows: Vec<(i64, String, i64, bool)> = rows.collect::<Result<_, _>>()?;
    for (place, (doc, kind, v, stood)) in rows.iter().enumerate() {
        let stands = stand.contains(&place);
        if stands != *stood {
            let sql = "UPDATE day_record SET stands = ?5
                       WHERE doc = ?1 AND kind = ?2 AND id = ?3 AND v = ?4";
            tx.execute(sql, (doc, kind, id, v, stands))?;
        }
    }
    Ok(())
}

/// The versions of a record after the first, which a write takes the place of.
pub(super) fn later_versions(tx: &Tx<'_>, doc: i64, record: &DayRecord) -> Result<Vec<i64>> {
    let sql = "SELECT v FROM day_record WHERE doc = ?1 AND kind = ?2 AND id = ?3 AND v > 0";
    let mut found = tx.reader().prepare_cached(sql)?;
    let key = (doc, record.kind().as_str(), record.id.as_str());
    Ok(found.query_map(key, |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The ids of everything a device recorded of days.
pub(super) fn ids_of_device(conn: &Connection, chart: i64, device: &str) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT day_record.id FROM day_record
               JOIN strand ON strand.doc = day_record.doc
               WHERE strand.chart = ?1 AND strand.device = ?2";
    let mut found = conn.prepare_cached(sql)?;
    Ok(found.query_map((chart, device), |row| row.get(0))?.collect::<Result<_, _>>()?)
}
