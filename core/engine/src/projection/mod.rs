//! The documents laid out in ordinary tables that every query reads. What a change touches is merged
//! anew in the same transaction; the whole can be rebuilt at will and comes out the same.
//! It makes no document and decides nothing: what records mean together is the domain's merge.

mod content;
pub(crate) mod days;
pub(crate) mod done;
mod groups;
pub(crate) mod history;
pub(crate) mod prescriptions;
pub(crate) mod progress;
mod rows;
pub(crate) mod status;
mod totals;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use holdfast_domain::ids::{AccountName, DeviceName};
use holdfast_domain::record::Author;
use holdfast_domain::routine::Routine;
use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{AccountId, DeviceId, Seq, SpaceId};
use rusqlite::{Connection, OptionalExtension};

use crate::commands::routine::find::{self, Named};
use crate::documents::document::{Document, MIN_READER};
use crate::documents::name::DocName;
use crate::documents::plan::{Plan, PlanReading};
use crate::documents::prescription::PrescriptionStrand;
use crate::documents::profile::{ProfileDocument, ProfileReading};
use crate::documents::strand::{Record, Strand};
use crate::error::{Error, Result};
use crate::observe::Key;
use crate::store::{Tx, docs};

pub(crate) use content::READER_ACTOR;
pub(crate) use content::{digest, rebuild};
pub(crate) use groups::{Affected, observations, removed_until};
pub(crate) use rows::session;

/// When the day of a record starts that does not say otherwise.
pub(crate) use holdfast_domain::profile::DAY_START_MIN;

/// How a record came to stand in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Travelled {
    /// This device wrote it: the row of the outbox that carries it.
    Own {
        /// That row.
        outbox: i64,
    },
    /// It came in the entry at this place of the space's log.
    Entry(Seq),
    /// Nobody knows any more.
    Unknown,
}

impl Travelled {
    const fn columns(self) -> (Option<i64>, Option<Seq>) {
        match self {
            Self::Own { outbox } => (Some(outbox), None),
            Self::Entry(seq) => (None, Some(seq)),
            Self::Unknown => (None, None),
        }
    }
}

/// A strand as the projection knows it.
#[derive(Debug, Clone)]
pub(crate) struct StrandPlace {
    pub(crate) doc: i64,
    pub(crate) chart: i64,
}

/// The number of a chart in this database; nothing where nothing of it was ever projected.
pub(crate) fn chart(conn: &Connection, space: SpaceId) -> Result<Option<i64>> {
    let mut found = conn.prepare_cached("SELECT id FROM chart WHERE space = ?1")?;
    Ok(found.query_row([space.as_bytes()], |row| row.get(0)).optional()?)
}

fn chart_made(tx: &Tx<'_>, space: SpaceId) -> Result<i64> {
    match chart(tx.reader(), space)? {
        Some(id) => Ok(id),
        None => tx.insert("INSERT INTO chart (space) VALUES (?1)", [space.as_bytes()]),
    }
}

/// Notes whose device it is: from a verified membership. Records of a device not known here are
/// refused. Never taken back: what a device wrote before it was removed stays its own.
pub(crate) fn know_author(
    tx: &Tx<'_>,
    space: SpaceId,
    device: DeviceId,
    account: AccountId,
    is_subject: bool,
) -> Result<()> {
    let (device, account) = (device.to_hex(), account.to_hex());
    let sql = "INSERT INTO author (space, device, account, subject) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (space, device)
               DO UPDATE SET account = excluded.account, subject = excluded.subject
               WHERE account <> excluded.account OR subject <> excluded.subject";
    if tx.execute(sql, (space.as_bytes(), &device, &account, is_subject))? == 0 {
        return Ok(());
    }
    let Some(chart) = chart(tx.reader(), space)? else { return Ok(()) };
    let sql = "UPDATE strand SET account = ?3, subject = ?4 WHERE chart = ?1 AND device = ?2";
    if tx.execute(sql, (chart, &device, &account, is_subject))? == 0 {
        return Ok(());
    }
    let mut affected = Affected::default();
    affected.of_device(tx.reader(), chart, &device)?;
    affected.settle(tx, chart)
}

/// Whose device it is in a space.
pub(crate) fn author(conn: &Connection, space: SpaceId, device: &str) -> Result<Option<Author>> {
    let sql = "SELECT account, subject FROM author WHERE space = ?1 AND device = ?2";
    let mut found = conn.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
    let found = found.query_row((space.as_bytes(), device), read).optional()?;
    found.map(|(account, is_subject)| author_of(&account, device, is_subject)).transpose()
}

fn author_of(account: &str, device: &str, is_subject: bool) -> Result<Author> {
    let unreadable = |error: holdfast_domain::ids::BadId| Error::Unreadable(error.to_string());
    Ok(Author {
        account: AccountName::new(account).map_err(unreadable)?,
        device: DeviceName::new(device).map_err(unreadable)?,
        is_subject,
    })
}

/// Brings the tables up to date with a document, after any change of it, in the same transaction.
/// Records that are new or changed came by `travelled`. Gives the document back.
pub(crate) fn refresh(
    tx: &Tx<'_>,
    space: SpaceId,
    doc: &DocId,
    document: Document,
    travelled: Travelled,
) -> Result<Document> {
    match doc.as_str().parse::<DocName>() {
        Ok(DocName::Plan) => {
            let plan = Plan::from(document);
            refresh_plan(tx, space, doc, &plan.read())?;
            Ok(plan.into())
        }
        Ok(DocName::Profile) => {
            let profile = ProfileDocument::from(document);
            refresh_profile(tx, space, doc, &profile.read())?;
            Ok(profile.into())
        }
        Ok(DocName::PrescriptionStrand { .. }) => {
            let strand = PrescriptionStrand::from(document);
            prescriptions::refresh(tx, space, doc, strand.all(), travelled)?;
            Ok(strand.into())
        }
        Ok(name) if name.only_author().is_some() => {
            let strand = Strand::from(document);
            refresh_strand(tx, space, doc, &strand, travelled)?;
            Ok(strand.into())
        }
        _ => Ok(document),
    }
}

/// [`refresh`] for a strand.
pub(crate) fn refresh_strand(
    tx: &Tx<'_>,
    space: SpaceId,
    doc: &DocId,
    strand: &Strand,
    travelled: Travelled,
) -> Result<()> {
    let Some(place) = strand_place(tx, space, doc)? else { return Ok(()) };
    let mut affected = Affected::default();
    rows::replace_all(tx, &place, strand, travelled, &mut affected)?;
    affected.settle(tx, place.chart)
}

/// The same for one record that this device just wrote: what it costs does not grow with the strand.
pub(crate) fn record_written(
    tx: &Tx<'_>,
    space: SpaceId,
    doc: &DocId,
    records: &[Record],
    outbox: i64,
) -> Result<()> {
    let Some(place) = strand_place(tx, space, doc)? else { return Ok(()) };
    let mut affected = Affected::default();
    for record in records {
        rows::replace_one(tx, &place, record, Travelled::Own { outbox }, &mut affected)?;
    }
    affected.settle(tx, place.chart)
}

/// The row of a strand, made where there is none; nothing where the document is no strand.
fn strand_place(tx: &Tx<'_>, space: SpaceId, doc: &DocId) -> Result<Option<StrandPlace>> {
    let Ok(name) = doc.as_str().parse::<DocName>() else { return Ok(None) };
    let Some(device) = name.only_author() else { return Ok(None) };
    let Some(row) = docs::row(tx.reader(), space, doc)? else { return Ok(None) };
    let chart = chart_made(tx, space)?;
    let sql = "SELECT 1 FROM strand WHERE doc = ?1";
    let known = tx.reader().prepare_cached(sql)?.exists([row.id])?;
    if !known {
        let author = author(tx.reader(), space, device.as_str())?.ok_or_else(|| {
            Error::UnknownAuthor { doc: doc.to_string(), device: device.to_string() }
        })?;
        let sql = "INSERT INTO strand (doc, chart, device, account, subject)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        tx.execute(
            sql,
            (row.id, chart, device.as_str(), author.account.as_str(), author.is_subject),
        )?;
    }
    Ok(Some(StrandPlace { doc: row.id, chart }))
}

/// [`refresh`] for the plan.
pub(crate) fn refresh_plan(
    tx: &Tx<'_>,
    space: SpaceId,
    doc: &DocId,
    plan: &PlanReading,
) -> Result<()> {
    let chart = chart_made(tx, space)?;
    let mut found = tx.reader().prepare_cached("SELECT id, body FROM routine WHERE chart = ?1")?;
    let rows = found.query_map([chart], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut old: BTreeMap<String, String> = rows.collect::<Result<_, _>>()?;
    for (id, routine) in &plan.routines {
        let body = json(routine)?;
        if old.remove(id.as_str()).as_ref() != Some(&body) {
            let sql = "INSERT INTO routine (chart, id, name, body) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (chart, id)
                       DO UPDATE SET name = excluded.name, body = excluded.body";
            tx.execute(sql, (chart, id.as_str(), &routine.name, body))?;
        }
    }
    for id in old.keys() {
        tx.execute("DELETE FROM routine WHERE chart = ?1 AND id = ?2", (chart, id))?;
    }
    if let Some(row) = docs::row(tx.reader(), space, doc)? {
        rows::note_unreadable(tx, row.id, &plan.unreadable)?;
    }
    // Plans of habits are in it too, and what became of prescriptions.
    tx.touch(Key::Prescriptions);
    tx.touch(Key::Routines);
    tx.touch(Key::Days);
    Ok(())
}

/// [`refresh`] for the profile. It has no table: its document is small and read as a whole.
pub(crate) fn refresh_profile(
    tx: &Tx<'_>,
    space: SpaceId,
    doc: &DocId,
    profile: &ProfileReading,
) -> Result<()> {
    if let Some(row) = docs::row(tx.reader(), space, doc)? {
        rows::note_unreadable(tx, row.id, &profile.unreadable)?;
    }
    tx.touch(Key::Profile);
    Ok(())
}

/// Keys that are no record.
fn is_record_key(key: &str) -> bool {
    key != MIN_READER
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Unreadable(error.to_string()))
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::Unreadable(error.to_string()))
}

/// The routine a key means, see [`find::pick`].
pub(crate) fn routine(conn: &Connection, chart: i64, key: &str) -> Result<Routine> {
    let sql = "SELECT id, name, body FROM routine WHERE chart = ?1 ORDER BY id";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map([chart], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let all: Vec<(String, String, String)> = rows.collect::<Result<_, _>>()?;
    let named: Vec<Named<'_, &str>> =
        all.iter().map(|(id, name, body)| Named { id, name, thing: body.as_str() }).collect();
    from_json(find::pick("routine", key, &named)?)
}
