//! What this device wrote in a chart and no relay has taken: all that is left to somebody who lost the right to write
//! there. It says which records those are; writing them to a file is the export's business.

use std::collections::BTreeSet;

use holdfast_protocol::ids::{Class, SpaceId};
use rusqlite::Connection;

use super::contents::Contents;
use crate::error::Result;
use crate::store::docs::class_number;

/// The records of a chart that no relay has taken, by their ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unsent {
    sessions: BTreeSet<String>,
    observations: BTreeSet<String>,
    corrections: BTreeSet<String>,
    days: BTreeSet<String>,
    prescriptions: BTreeSet<String>,
    plan: bool,
    profile: bool,
}

/// The records that one query lists.
fn ids(conn: &Connection, chart: SpaceId, table: &str, id: &str) -> Result<BTreeSet<String>> {
    let sql = format!(
        "SELECT {id} FROM outbox CROSS JOIN {table} ON {table}.doc = outbox.doc
             AND {table}.outbox = outbox.id
         WHERE outbox.space = ?1 AND {table}.entry IS NULL"
    );
    let mut found = conn.prepare_cached(&sql)?;
    let rows = found.query_map([chart.as_bytes()], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

impl Unsent {
    /// Looks a chart through.
    pub(crate) fn of_chart(conn: &Connection, chart: SpaceId) -> Result<Self> {
        let has = |class: Class| -> Result<bool> {
            let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE space = ?1 AND class = ?2)";
            let of = (chart.as_bytes(), class_number(class));
            Ok(conn.prepare_cached(sql)?.query_row(of, |row| row.get(0))?)
        };
        let by_id = |table: &str| ids(conn, chart, table, &format!("{table}.id"));
        let session = "(SELECT key FROM session WHERE session.id = session_record.session)";
        Ok(Self {
            sessions: ids(conn, chart, "session_record", session)?,
            observations: by_id("observation")?,
            corrections: by_id("correction")?,
            days: by_id("day_record")?,
            prescriptions: by_id("prescription")?,
            plan: has(Class::Plan)?,
            profile: has(Class::Profile)?,
        })
    }

    /// Whether everything was taken by a relay.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many records there are; a plan or a profile with unsent changes counts as one.
    pub(crate) fn count(&self) -> u64 {
        let records = self.sessions.len() + self.observations.len();
        let others = self.corrections.len() + self.days.len() + self.prescriptions.len();
        (records + others) as u64 + u64::from(self.plan) + u64::from(self.profile)
    }

    /// Takes everything else out. The sessions that holds belong to stay with them.
    pub(super) fn keep_only(&self, contents: &mut Contents) {
        contents.observations.retain(|id, _| self.observations.contains(id.as_str()));
        contents.corrections.retain(|id, _| self.corrections.contains(id));
        contents.days.retain(|(_, id), _| self.days.contains(id.as_str()));
        contents.prescriptions.retain(|id, _| self.prescriptions.contains(&id.to_string()));
        let with_holds: BTreeSet<String> =
            contents.observations.values().map(|one| one.key.session.id().to_string()).collect();
        contents.sessions.retain(|key, _| {
            let key = key.id().to_string();
            self.sessions.contains(&key) || with_holds.contains(&key)
        });
        if !self.plan {
            contents.routines.clear();
            contents.exercises.clear();
            contents.habits.clear();
            contents.pauses.clear();
            contents.slots.clear();
        }
        if !self.profile {
            contents.profile.clear();
        }
    }
}
