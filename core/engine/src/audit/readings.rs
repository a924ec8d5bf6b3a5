//! Who has read what of a chart: what signed cursors prove, class by class. Each cursor is its device's word, verified
//! here, and counts only where the log gave its account the class; the time beside it is the relay's. It proves
//! reading, never not-reading.

use holdfast_protocol::ids::{Class, Seq};
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::People;
use crate::charts::class_name;
use crate::error::{HoldfastError, Result};
use crate::rights::Rights;
use crate::store::docs::class_number;
use crate::store::outbox::{self, Seen};
use crate::store::sync_tables::spaces;
use crate::{Engine, Inner, projection};

/// How far a device has read a class of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadingView {
    /// Whose device it is: what this account calls them, or itself.
    pub name: String,
    /// Its account, as hex.
    pub account: String,
    /// Whether it is a device of this account.
    pub mine: bool,
    /// The device, as hex.
    pub device: String,
    /// What a device of this account is called; nothing for those of others.
    pub device_name: Option<String>,
    /// The class: `plan`, `log`, `notes`, `prescription` or `profile`.
    pub class: &'static str,
    /// The place in the chart's log up to which it has applied everything of that class that it was given.
    pub up_to: u64,
    /// Of the log: the newest local day of which it has a record.
    pub day: Option<String>,
    /// Of the log: the hold that came last of those it has.
    pub hold: Option<String>,
    /// How many entries of the class, written by others, this device knows of further up: of these it is not said
    /// that they were read, and not that they were not.
    pub not_said: u64,
    /// When the relay says that it heard of it, in milliseconds since 1970.
    pub relay_noted_ms: u64,
}

impl Engine {
    /// Who has read what of the chart, as the cursors prove that this device was shown: members by name, then by
    /// class. An owner sees all; a member sees its own devices, and of others the classes it may read itself. This
    /// device is not among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn readings(&self) -> std::result::Result<Vec<ReadingView>, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| readings(inner, conn)))
    }
}

pub(super) fn readings(inner: &Inner, conn: &Connection) -> Result<Vec<ReadingView>> {
    let people = People::of(inner, conn, inner.who.chart)?;
    let rights = inner.rights(conn)?;
    let owns = people.chart().is_some_and(|chart| chart.is_owner(&inner.who.account));
    let mut views = Vec::new();
    for seen in outbox::seen(conn, inner.who.chart)? {
        let Some(whose) = people.seen_by(&seen.device) else { continue };
        let reads = |rights: &Rights| rights.reads(seen.class);
        if !(owns || whose.mine || rights.as_ref().is_some_and(reads)) {
            continue;
        }
        let (day, hold) = match seen.class {
            Class::Log => newest(inner, conn, seen.seq)?,
            _ => (None, None),
        };
        views.push(ReadingView {
            name: whose.name,
            account: whose.account,
            mine: whose.mine,
            device: whose.device,
            device_name: whose.device_name,
            class: class_name(seen.class),
            up_to: seen.seq,
            day,
            hold,
            not_said: not_said(inner, conn, &seen)?,
            relay_noted_ms: seen.noted_ms,
        });
    }
    views.sort_by(|a, b| (!a.mine, &a.name, &a.device).cmp(&(!b.mine, &b.name, &b.device)));
    Ok(views)
}

/// The newest day of the records up to a place of the log, and the hold of the last of them.
fn newest(inner: &Inner, conn: &Connection, upto: Seq) -> Result<(Option<String>, Option<String>)> {
    let Some(chart) = projection::chart(conn, inner.who.chart)? else { return Ok((None, None)) };
    let sql = "SELECT hold.day, hold.hold_id FROM observation
               JOIN hold ON hold.session = observation.session AND hold.step = observation.step
                    AND hold.side = observation.side AND hold.set_n = observation.set_n
                    AND hold.rep = observation.rep
               WHERE hold.chart = ?1 AND observation.entry <= ?2
               ORDER BY observation.entry DESC, hold.started_ms DESC LIMIT 1";
    let last: Option<(String, String)> = conn
        .prepare_cached(sql)?
        .query_row((chart, upto), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let sql = "SELECT max(day) FROM (
                   SELECT max(hold.day) AS day FROM observation
                   JOIN hold ON hold.session = observation.session
                        AND hold.step = observation.step AND hold.side = observation.side
                        AND hold.set_n = observation.set_n AND hold.rep = observation.rep
                   WHERE hold.chart = ?1 AND observation.entry <= ?2
                   UNION ALL
                   SELECT max(day) FROM day_record WHERE chart = ?1 AND entry <= ?2)";
    let day = conn.prepare_cached(sql)?.query_row((chart, upto), |row| row.get(0))?;
    Ok((day, last.map(|(_, hold)| hold)))
}

/// How many entries of the class others than the device wrote further up.
fn not_said(inner: &Inner, conn: &Connection, seen: &Seen) -> Result<u64> {
    let Some(space) = spaces::get(conn, inner.who.chart)? else { return Ok(0) };
    let sql = "SELECT count(*) FROM entry WHERE space = ?1 AND seq > ?2 AND class = ?3
               AND kind IN (1, 2) AND standing IN (0, 1) AND author <> ?4";
    let of = (space.no.0, seen.seq, class_number(seen.class), seen.device.as_bytes());
    Ok(conn.prepare_cached(sql)?.query_row(of, |row| row.get(0))?)
}
