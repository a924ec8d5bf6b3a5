//! This device's changes that no relay has acknowledged, and what became of those that were: the
//! ground of every record's status.

use std::collections::BTreeSet;

use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{Class, DeviceId, Seq, SpaceId};
use rusqlite::{Connection, Row};

use super::Tx;
use super::docs::{class_number, class_of, space_of};
use crate::documents::actor::ChangeHash;
use crate::documents::document::Written;
use crate::error::{Error, Result};
use crate::observe::Key;

/// A change this device just made.
pub(crate) struct Local<'a> {
    pub(crate) space: SpaceId,
    pub(crate) class: Class,
    /// The document's number in this database.
    pub(crate) doc: i64,
    /// The life of the device that wrote it.
    pub(crate) incarnation: u64,
    pub(crate) written: &'a Written,
}

/// A change that waits for a relay's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Its number: never used twice.
    pub(crate) id: i64,
    /// The space.
    pub(crate) space: SpaceId,
    /// The class of its document.
    pub(crate) class: Class,
    /// The document.
    pub(crate) doc: DocId,
    /// The life of the device that wrote it: an attestation names it.
    pub(crate) incarnation: u64,
    /// The change's number within its actor.
    pub(crate) actor_seq: u64,
    /// Its hash.
    pub(crate) hash: ChangeHash,
    /// The raw change.
    pub(crate) change: Vec<u8>,
    /// When it was made, in milliseconds since 1970-01-01T00:00Z.
    pub(crate) created_ms: i64,
    /// The sealed entry that carries it, once there is one.
    pub(crate) sealed: Option<i64>,
}

/// Notes a change for the relay.
pub(super) fn add(tx: &Tx<'_>, local: &Local<'_>) -> Result<i64> {
    let sql =
        "INSERT INTO outbox (space, class, doc, incarnation, actor_seq, hash, change, created_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    tx.touch(Key::Sync);
    tx.insert(
        sql,
        (
            local.space.as_bytes(),
            class_number(local.class),
            local.doc,
            incarnation_number(local.incarnation),
            local.written.tip.seq,
            local.written.tip.hash.0,
            &local.written.bytes,
            tx.now_ms(),
        ),
    )
}

/// SQLite's integers are signed; an incarnation is any 64 bits.
const fn incarnation_number(incarnation: u64) -> i64 {
    incarnation.cast_signed()
}

const COLUMNS: &str = "SELECT outbox.id, outbox.space, outbox.class, doc.name, outbox.incarnation,
    outbox.actor_seq, outbox.hash, outbox.change, outbox.created_ms, outbox.sealed
    FROM outbox JOIN doc ON doc.id = outbox.doc";

fn pending_of(row: &Row<'_>) -> Result<Pending> {
    let name: String = row.get(3)?;
    Ok(Pending {
        id: row.get(0)?,
        space: space_of(&row.get::<_, Vec<u8>>(1)?)?,
        class: class_of(row.get(2)?)?,
        doc: DocId::new(name.clone())
            .ok_or_else(|| Error::Unreadable(format!("the document name \"{name}\"")))?,
        incarnation: row.get::<_, i64>(4)?.cast_unsigned(),
        actor_seq: row.get(5)?,
        hash: ChangeHash(row.get(6)?),
        change: row.get(7)?,
        created_ms: row.get(8)?,
        sealed: row.get(9)?,
    })
}

/// The changes of a space in some classes that no sealed entry carries yet, oldest first.
pub(crate) fn pending(
    conn: &Connection,
    space: SpaceId,
    classes: &[Class],
    limit: u32,
) -> Result<Vec<Pending>> {
    let sql = format!(
        "{COLUMNS} WHERE outbox.space = ?1 AND outbox.sealed IS NULL
         AND (?3 >> outbox.class) & 1 = 1 ORDER BY outbox.id LIMIT ?2"
    );
    let set = classes.iter().fold(0_i64, |set, class| set | 1 << class_number(*class));
    let mut found = conn.prepare_cached(&sql)?;
    let mut rows = found.query((space.as_bytes(), limit, set))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(pending_of(row)?);
    }
    Ok(all)
}

/// The spaces that have changes without a sealed entry.
pub(crate) fn spaces(conn: &Connection) -> Result<Vec<SpaceId>> {
    let sql = "SELECT DISTINCT space FROM outbox WHERE sealed IS NULL ORDER BY space";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|bytes| space_of(&bytes?)).collect()
}

/// How many changes without a sealed entry each space has in each class.
pub(crate) fn unsealed(conn: &Connection) -> Result<Vec<(SpaceId, Class, u64)>> {
    let sql = "SELECT space, class, count(*) FROM outbox WHERE sealed IS NULL
               GROUP BY space, class ORDER BY space, class";
    let mut found = conn.prepare_cached(sql)?;
    let rows =
        found.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?)))?;
    rows.map(|row| {
        let (space, class, count) = row?;
        Ok((space_of(&space)?, class_of(class)?, count))
    })
    .collect()
}

/// The changes of a space whose sealed entry will never be taken.
pub(crate) fn refused(conn: &Connection, space: SpaceId) -> Result<BTreeSet<i64>> {
    // The few that were refused come first: what waits may be the history of years.
    let sql = "SELECT outbox.id FROM sealed CROSS JOIN outbox ON outbox.sealed = sealed.id
               WHERE sealed.refused IS NOT NULL AND sealed.space = ?1";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map([space.as_bytes()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The changes that one sealed entry carries, oldest first.
pub(crate) fn of_sealed(conn: &Connection, sealed: i64) -> Result<Vec<Pending>> {
    let sql = format!("{COLUMNS} WHERE outbox.sealed = ?1 ORDER BY outbox.id");
    let mut found = conn.prepare_cached(&sql)?;
    let mut rows = found.query([sealed])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(pending_of(row)?);
    }
    Ok(all)
}

/// Whether changes of a document wait for a relay's word.
pub(crate) fn has_changes_of(conn: &Connection, space: SpaceId, doc: &DocId) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM outbox JOIN doc ON doc.id = outbox.doc
               WHERE doc.space = ?1 AND doc.name = ?2)";
    let mut found = conn.prepare_cached(sql)?;
    Ok(found.query_row((space.as_bytes(), doc.as_str()), |row| row.get(0))?)
}

/// How many changes wait, sealed or not.
pub(crate) fn count(conn: &Connection) -> Result<u64> {
    Ok(conn.prepare_cached("SELECT count(*) FROM outbox")?.query_row([], |row| row.get(0))?)
}

/// Notes that a sealed entry carries these changes.
pub(crate) fn mark_sealed(tx: &Tx<'_>, ids: &[i64], sealed: i64) -> Result<()> {
    for id in ids {
        tx.execute("UPDATE outbox SET sealed = ?2 WHERE id = ?1", (id, sealed))?;
    }
    Ok(())
}

/// The sealed entry that carried changes is given up: they are sealed again.
pub(crate) fn unseal(tx: &Tx<'_>, sealed: i64) -> Result<usize> {
    tx.execute("UPDATE outbox SET sealed = NULL WHERE sealed = ?1", [sealed])
}

/// The changes of a document that wait, sealed or not: what this device must attest to when it packs them.
pub(crate) fn of_doc(conn: &Connection, space: SpaceId, doc: &DocId) -> Result<Vec<Pending>> {
    let sql = format!("{COLUMNS} WHERE outbox.space = ?1 AND doc.name = ?2 ORDER BY outbox.id");
    let mut found = conn.prepare_cached(&sql)?;
    let mut rows = found.query((space.as_bytes(), doc.as_str()))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(pending_of(row)?);
    }
    Ok(all)
}

/// Notes that a relay keeps these changes, at place `entry` of the space's log.
pub(crate) fn acknowledge(tx: &Tx<'_>, ids: &[i64], entry: Seq) -> Result<()> {
    for id in ids {
        for table in ["observation", "correction", "session_record", "day_record", "prescription"] {
            let sql = format!(
                "UPDATE {table} SET entry = ?2
                 WHERE doc = (SELECT doc FROM outbox WHERE id = ?1) AND outbox = ?1"
            );
            tx.execute(&sql, (id, entry))?;
        }
        tx.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
    }
    if !ids.is_empty() {
        tx.touch(Key::History);
        tx.touch(Key::Days);
        tx.touch(Key::Prescriptions);
        tx.touch(Key::Sync);
    }
    Ok(())
}

/// Notes how far a device has read a class of a space's log, and when the relay heard of it.
pub(crate) fn seen_by(
    tx: &Tx<'_>,
    space: SpaceId,
    device: DeviceId,
    class: Class,
    upto: Seq,
    noted_ms: u64,
) -> Result<()> {
    let sql = "INSERT INTO seen (space, device, class, seq, noted_ms) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (space, device, class)
               DO UPDATE SET seq = excluded.seq, noted_ms = excluded.noted_ms
               WHERE excluded.seq <> seen.seq";
    let of = (space.as_bytes(), device.as_bytes(), class_number(class));
    if tx.execute(sql, (of.0, of.1, of.2, upto, noted_ms))? > 0 {
        tx.touch(Key::History);
        tx.touch(Key::Days);
        tx.touch(Key::Prescriptions);
        tx.touch(Key::Charts);
    }
    Ok(())
}

/// The relay's store began another life, and with it the places of every log: what devices said of the one before
/// proves nothing of this one. They say it again.
pub(crate) fn forget_seen(tx: &Tx<'_>) -> Result<()> {
    tx.execute("DELETE FROM seen", []).map(|_| ())
}

/// How far a device has read a class of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) device: DeviceId,
    pub(crate) class: Class,
    pub(crate) seq: Seq,
    /// When the relay says that it heard of it, in milliseconds since 1970.
    pub(crate) noted_ms: u64,
}

/// How far other devices have read the classes of a space's log.
pub(crate) fn seen(conn: &Connection, space: SpaceId) -> Result<Vec<Seen>> {
    let sql = "SELECT device, class, seq, noted_ms FROM seen WHERE space = ?1
               ORDER BY device, class";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([space.as_bytes()])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let device = DeviceId(row.get(0)?);
        let class = class_of(row.get(1)?)?;
        all.push(Seen { device, class, seq: row.get(2)?, noted_ms: row.get(3)? });
    }
    Ok(all)
}
