//! Documents as rows: what was saved of each, and the changes since. It knows their names and bytes;
//! what is inside is the business of `documents`.

use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{Class, SpaceId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::Tx;
use crate::documents::document::Written;
use crate::error::{Error, Result};
use crate::store::outbox::{self, Local};

/// The row of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DocRow {
    /// Its number in this database.
    pub(crate) id: i64,
    /// Goes up with every change: what was kept in memory at another number is stale.
    pub(crate) rev: i64,
}

/// The bytes of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredDoc {
    /// Its row.
    pub(crate) row: DocRow,
    /// What was saved of it; nothing where it is all changes.
    pub(crate) saved: Option<Vec<u8>>,
    /// The changes since, in the order they were taken. One item may hold several chunks.
    pub(crate) changes: Vec<Vec<u8>>,
}

/// A document's name and class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocEntry {
    /// Its number in this database.
    pub(crate) id: i64,
    /// Its space.
    pub(crate) space: SpaceId,
    /// Its name.
    pub(crate) name: DocId,
    /// Its class.
    pub(crate) class: Class,
    /// How many changes were not folded in yet.
    pub(crate) changes: u64,
}

/// The number a class has in the database.
pub(crate) const fn class_number(class: Class) -> i64 {
    match class {
        Class::Membership => 0,
        Class::Account => 1,
        Class::Plan => 2,
        Class::Log => 3,
        Class::Notes => 4,
        Class::Prescription => 5,
        Class::Profile => 6,
    }
}

/// The class of a number in the database.
pub(crate) fn class_of(number: i64) -> Result<Class> {
    [Class::Membership, Class::Account]
        .into_iter()
        .chain(Class::CHART)
        .find(|class| class_number(*class) == number)
        .ok_or_else(|| Error::Unreadable(format!("there is no class {number}")))
}

/// A space id as a column gives it.
pub(crate) fn space_of(bytes: &[u8]) -> Result<SpaceId> {
    SpaceId::from_slice(bytes).ok_or_else(|| Error::Unreadable("a space id is too short".into()))
}

/// A document's row; nothing where there is none.
pub(crate) fn row(conn: &Connection, space: SpaceId, doc: &DocId) -> Result<Option<DocRow>> {
    let sql = "SELECT id, rev FROM doc WHERE space = ?1 AND name = ?2";
    let mut found = conn.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok(DocRow { id: row.get(0)?, rev: row.get(1)? });
    Ok(found.query_row((space.as_bytes(), doc.as_str()), read).optional()?)
}

/// The row, made where there is none, its revision gone up by one.
fn touched(tx: &Tx<'_>, space: SpaceId, class: Class, doc: &DocId) -> Result<DocRow> {
    if let Some(DocRow { id, rev }) = row(tx.reader(), space, doc)? {
        tx.execute("UPDATE doc SET rev = ?2 WHERE id = ?1", (id, rev + 1))?;
        return Ok(DocRow { id, rev: rev + 1 });
    }
    let sql = "INSERT INTO doc (space, name, class, rev) VALUES (?1, ?2, ?3, 1)";
    let id = tx.insert(sql, (space.as_bytes(), doc.as_str(), class_number(class)))?;
    Ok(DocRow { id, rev: 1 })
}

fn append(tx: &Tx<'_>, doc: DocRow, bytes: &[u8]) -> Result<()> {
    let sql = "INSERT INTO doc_change (doc, n, bytes)
               SELECT ?1, 1 + coalesce(max(n), 0), ?2 FROM doc_change WHERE doc = ?1";
    tx.execute(sql, (doc.id, bytes)).map(|_| ())
}

/// Adds a change this device made, to the document and to the outbox. Gives the document's row and
/// the number of the outbox row. `incarnation` is the life of the device that wrote it.
pub(crate) fn append_local(
    tx: &Tx<'_>,
    space: SpaceId,
    class: Class,
    doc: &DocId,
    written: &Written,
    incarnation: u64,
) -> Result<(DocRow, i64)> {
    let row = touched(tx, space, class, doc)?;
    append(tx, row, &written.bytes)?;
    let local = Local { space, class, doc: row.id, incarnation, written };
    Ok((row, outbox::add(tx, &local)?))
}

/// Adds changes another device made. They were checked, and applied in memory.
pub(crate) fn append_foreign(
    tx: &Tx<'_>,
    space: SpaceId,
    class: Class,
    doc: &DocId,
    changes: &[u8],
) -> Result<DocRow> {
    let row = touched(tx, space, class, doc)?;
    append(tx, row, changes)?;
    Ok(row)
}

/// Puts a whole document in place of what is there: from a pack, whose content was compared.
pub(crate) fn replace(
    tx: &Tx<'_>,
    space: SpaceId,
    class: Class,
    doc: &DocId,
    saved: &[u8],
) -> Result<DocRow> {
    let row = touched(tx, space, class, doc)?;
    tx.execute("UPDATE doc SET saved = ?2 WHERE id = ?1", (row.id, saved))?;
    tx.execute("DELETE FROM doc_change WHERE doc = ?1", [row.id])?;
    Ok(row)
}

/// Folds the changes into one saved form, which must hold all of them. The content stays the same,
/// and so does the revision.
pub(crate) fn compact(tx: &Tx<'_>, space: SpaceId, doc: &DocId, saved: &[u8]) -> Result<()> {
    let Some(row) = row(tx.reader(), space, doc)? else { return Ok(()) };
    tx.execute("UPDATE doc SET saved = ?2 WHERE id = ?1", (row.id, saved))?;
    tx.execute("DELETE FROM doc_change WHERE doc = ?1", [row.id]).map(|_| ())
}

/// The bytes of a document; nothing where there is none.
pub(crate) fn load(conn: &Connection, space: SpaceId, doc: &DocId) -> Result<Option<StoredDoc>> {
    let sql = "SELECT id, rev, saved FROM doc WHERE space = ?1 AND name = ?2";
    let mut found = conn.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        Ok((DocRow { id: row.get(0)?, rev: row.get(1)? }, row.get::<_, Option<_>>(2)?))
    };
    let found = found.query_row((space.as_bytes(), doc.as_str()), read).optional()?;
    let Some((row, saved)) = found else { return Ok(None) };
    let mut changes =
        conn.prepare_cached("SELECT bytes FROM doc_change WHERE doc = ?1 ORDER BY n")?;
    let changes = changes.query_map([row.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Some(StoredDoc { row, saved, changes }))
}

/// Documents in the order of their numbers, after one of them: walk all of them in pages.
pub(crate) fn list(conn: &Connection, after: i64, limit: u32) -> Result<Vec<DocEntry>> {
    let sql = "SELECT id, space, name, class,
                      (SELECT count(*) FROM doc_change WHERE doc_change.doc = doc.id)
               FROM doc WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query((after, limit))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(2)?;
        entries.push(DocEntry {
            id: row.get(0)?,
            space: space_of(&row.get::<_, Vec<u8>>(1)?)?,
            name: DocId::new(name.clone())
                .ok_or_else(|| Error::Unreadable(format!("the document name \"{name}\"")))?,
            class: class_of(row.get(3)?)?,
            changes: row.get(4)?,
        });
    }
    Ok(entries)
}
