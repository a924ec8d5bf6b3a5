//! Which routines had something done on the last days. Its cost is that of those days.

use holdfast_domain::ids::RoutineId;
use holdfast_domain::record::SessionKey;
use holdfast_domain::units::LocalDay;
use rusqlite::Connection;

use crate::error::{Error, Result};

/// The sessions since a day in which something of a routine was done and not only skipped: the key,
/// the routine and the local day.
pub(crate) fn since(
    conn: &Connection,
    chart: i64,
    since: LocalDay,
) -> Result<Vec<(SessionKey, RoutineId, LocalDay)>> {
    let sql = "SELECT DISTINCT session.key, hold.routine, hold.day
               FROM hold JOIN session ON session.id = hold.session
               WHERE hold.chart = ?1 AND hold.day >= ?2 AND hold.routine IS NOT NULL
                 AND hold.counts = 1 AND json_extract(hold.body, '$.ended_by') <> 'skipped'";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map((chart, since.to_string()), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?;
    rows.map(|row| {
        let (key, routine, day) = row?;
        let unreadable = |what: &str| Error::Unreadable(what.to_owned());
        Ok((
            key.parse().map_err(|_| unreadable(&key))?,
            RoutineId::new(routine.as_str()).map_err(|_| unreadable(&routine))?,
            day.parse().map_err(|_| unreadable(&day))?,
        ))
    })
    .collect()
}
