//! How far what was written has come: on this disk, queued, on the relay, seen by other devices.
//! The same on every device that knows the same cursors.
//!
//! CROSS JOIN keeps the order of the tables: SQLite has no statistics to choose well by itself.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::record::{Authored, Hold, Observation, Target};
use holdfast_protocol::ids::{Class, SpaceId};
use rusqlite::{Connection, Row};

use super::rows::target_text;
use crate::assisted::Names;
use crate::error::Result;
use crate::store::docs::class_number;
use crate::store::{meta, outbox};
use crate::views::{SeenBy, Status, StatusKind};

/// What is needed to tell statuses: read once for a page.
pub(crate) struct Statuses {
    has_relay: bool,
    /// How far each other device has read the log, as its signed cursor proves.
    seen: BTreeMap<String, i64>,
    me: String,
    /// Whose the devices are.
    whose: BTreeMap<String, SeenBy>,
    /// Rows of the outbox whose entry the relay will never take.
    refused: BTreeSet<i64>,
    /// Whether what is not on its way yet may not be written any more.
    blocked: bool,
    /// Names of people that records of the page speak of.
    pub(crate) names: Names,
}

/// How one record travelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Travel {
    author: String,
    outbox: Option<i64>,
    entry: Option<i64>,
}

impl Travel {
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { author: row.get(0)?, outbox: row.get(1)?, entry: row.get(2)? })
    }
}

impl Statuses {
    /// `whose` says of devices whose they are: it is asked once, for those that have read something.
    pub(crate) fn read(
        conn: &Connection,
        (space, class): (SpaceId, Class),
        me: &str,
        whose: impl FnOnce(&BTreeSet<String>) -> Result<Vec<SeenBy>>,
    ) -> Result<Self> {
        let sql = "SELECT device, seq FROM seen WHERE space = ?1 AND class = ?2";
        let mut found = conn.prepare_cached(sql)?;
        let rows = found.query_map((space.as_bytes(), class_number(class)), |row| {
            Ok((hex::encode(row.get::<_, Vec<u8>>(0)?), row.get(1)?))
        })?;
        let seen: BTreeMap<String, i64> = rows.collect::<Result<_, _>>()?;
        let has_relay = meta::get(conn, meta::RELAY)?.is_some();
        let refused = outbox::refused(conn, space)?;
        let devices = seen.keys().cloned().chain([me.to_owned()]).collect();
        let whose = whose(&devices)?.into_iter().map(|one| (one.device.clone(), one)).collect();
        Ok(Self {
            has_relay,
            seen,
            me: me.to_owned(),
            whose,
            refused,
            blocked: false,
            names: Names::default(),
        })
    }

    /// The same in a chart whose log this account may not write any more.
    pub(crate) fn blocked(self) -> Self {
        Self { blocked: true, ..self }
    }

    /// The status of what these records make together: that of the one that has come least far.
    pub(crate) fn of(&self, travels: &[Travel]) -> Status {
        let here = travels.iter().any(|t| t.entry.is_none() && t.outbox.is_some());
        if here {
            let is_refused = |id: i64| self.blocked || self.refused.contains(&id);
            let waiting = travels.iter().filter(|t| t.entry.is_none()).filter_map(|t| t.outbox);
            let kind = match self.has_relay {
                true if waiting.into_iter().any(is_refused) => StatusKind::Refused,
                true => StatusKind::Queued,
                false => StatusKind::Saved,
            };
            return Status { kind, seen_by: BTreeSet::new() };
        }
        let has = |device: &str| {
            let only_author = travels.iter().all(|travel| travel.author == device);
            !only_author
                && travels.iter().all(|travel| {
                    let applied = device == self.me
                        || travel.entry.is_some_and(|entry| {
                            self.seen.get(device).is_some_and(|seq| *seq >= entry)
                        });
                    travel.author == device || applied
                })
        };
        let devices = self.seen.keys().chain(std::iter::once(&self.me));
        let having = devices.filter(|device| has(device));
        let seen_by: BTreeSet<SeenBy> =
            having.filter_map(|device| self.whose.get(device)).cloned().collect();
        let kind = if seen_by.is_empty() { StatusKind::Relayed } else { StatusKind::Seen };
        Status { kind, seen_by }
    }
}

/// How everything that makes a hold travelled: its observations and corrections.
pub(crate) fn of_hold(conn: &Connection, chart: i64, hold: &Hold) -> Result<Vec<Travel>> {
    let sql = "SELECT strand.device, observation.outbox, observation.entry
               FROM observation CROSS JOIN strand ON strand.doc = observation.doc
               WHERE observation.id = ?1 AND strand.chart = ?2 AND strand.device = ?3";
    let mut found = conn.prepare_cached(sql)?;
    let mut travels = Vec::new();
    for part in &hold.observations {
        let params = (part.id.as_str(), chart, part.author.device.as_str());
        for travel in found.query_map(params, Travel::of)? {
            travels.push(travel?);
        }
    }
    if hold.corrected() || hold.observations.iter().any(|part| part.removed) {
        let mut targets: BTreeSet<String> = hold
            .observations
            .iter()
            .map(|part| target_text(&Target::Observation(part.id.clone())))
            .collect();
        targets.insert(target_text(&Target::Hold(hold.key.clone())));
        targets.insert(target_text(&Target::Session(hold.key.session.clone())));
        let sql = "SELECT strand.device, correction.outbox, correction.entry
                   FROM correction CROSS JOIN strand ON strand.doc = correction.doc
                   WHERE correction.chart = ?1 AND correction.target = ?2";
        let mut found = conn.prepare_cached(sql)?;
        for target in &targets {
            for travel in found.query_map((chart, target), Travel::of)? {
                travels.push(travel?);
            }
        }
    }
    Ok(travels)
}

/// How one observation travelled.
pub(crate) fn of_observation(
    conn: &Connection,
    chart: i64,
    record: &Authored<Observation>,
) -> Result<Vec<Travel>> {
    let sql = "SELECT strand.device, observation.outbox, observation.entry
               FROM observation CROSS JOIN strand ON strand.doc = observation.doc
               WHERE observation.id = ?1 AND strand.chart = ?2 AND strand.device = ?3";
    let mut found = conn.prepare_cached(sql)?;
    let params = (record.value.id.as_str(), chart, record.author.device.as_str());
    Ok(found.query_map(params, Travel::of)?.collect::<Result<_, _>>()?)
}

/// How the records of a session travelled.
pub(crate) fn of_session(conn: &Connection, session: i64) -> Result<Vec<Travel>> {
    let sql = "SELECT strand.device, session_record.outbox, session_record.entry
               FROM session_record CROSS JOIN strand ON strand.doc = session_record.doc
               WHERE session_record.session = ?1";
    let mut found = conn.prepare_cached(sql)?;
    Ok(found.query_map([session], Travel::of)?.collect::<Result<_, _>>()?)
}
