//! The places of a log: what stands there, and whether a pack stands in for it.

use holdfast_protocol::entry::{Kind, SeqRange};
use holdfast_protocol::ids::{Class, DeviceId, EntryHash, RunningHash, Seq, SpaceId};
use rusqlite::{Connection, OptionalExtension};

use super::hash_of;
use super::spaces::SpaceNo;
use crate::error::{Error, Result};
use crate::observe::Key;
use crate::store::Tx;
use crate::store::docs::{class_number, class_of};

/// What became of an entry here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Applied.
    Applied,
    /// It waits for its key.
    Waiting,
    /// It does not fit the space; only its place counts.
    Ignored,
    /// Its content was not taken.
    Quarantined,
    /// Its content follows a change that is not here. It is taken when that comes.
    Early,
}

impl Standing {
    const fn number(self) -> i64 {
        match self {
            Self::Applied => 0,
            Self::Waiting => 1,
            Self::Ignored => 2,
            Self::Quarantined => 3,
            Self::Early => 4,
        }
    }
}

/// One place of a log, to be kept.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) seq: Seq,
    pub(crate) hash: EntryHash,
    /// Unknown below a checkpoint.
    pub(crate) running: Option<RunningHash>,
    /// The entry; nothing where only its hash is known.
    pub(crate) entry: Option<Whole<'a>>,
    pub(crate) standing: Standing,
    /// When the relay says that it took it, in milliseconds since 1970; of membership entries alone.
    pub(crate) noted_ms: Option<u64>,
}

/// What is kept of a whole entry.
#[derive(Debug)]
pub(crate) struct Whole<'a> {
    pub(crate) kind: Kind,
    pub(crate) class: Class,
    pub(crate) author: DeviceId,
    /// The document of a change, where it could be opened.
    pub(crate) doc: Option<&'a str>,
    /// Nothing where only its place is kept.
    pub(crate) bytes: Option<&'a [u8]>,
}

/// The number a kind has in the database.
pub(crate) const fn kind_number(kind: Kind) -> i64 {
    match kind {
        Kind::Membership => 0,
        Kind::Change => 1,
        Kind::Pack => 2,
        Kind::Checkpoint => 3,
    }
}

/// The kind of a number in the database.
pub(crate) fn kind_of(number: i64) -> Result<Kind> {
    [Kind::Membership, Kind::Change, Kind::Pack, Kind::Checkpoint]
        .into_iter()
        .find(|kind| kind_number(*kind) == number)
        .ok_or_else(|| Error::Unreadable(format!("there is no kind {number} of entries")))
}

/// Keeps a place.
pub(crate) fn put(tx: &Tx<'_>, space: SpaceNo, place: &Place<'_>) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO entry
               (space, seq, hash, running, kind, class, author, doc, standing, bytes, noted_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let whole = place.entry.as_ref();
    tx.execute(
        sql,
        (
            space.0,
            place.seq,
            place.hash.as_bytes(),
            place.running.as_ref().map(RunningHash::as_bytes),
            whole.map(|w| kind_number(w.kind)),
            whole.map(|w| class_number(w.class)),
            whole.map(|w| w.author.0),
            whole.and_then(|w| w.doc),
            place.standing.number(),
            whole.and_then(|w| w.bytes),
            place.noted_ms,
        ),
    )
    .map(|_| ())
}

/// The running hash at a place; nothing where it is not known.
pub(crate) fn running_at(
    conn: &Connection,
    space: SpaceNo,
    seq: Seq,
) -> Result<Option<RunningHash>> {
    let sql = "SELECT running FROM entry WHERE space = ?1 AND seq = ?2";
    let found: Option<Option<Vec<u8>>> =
        conn.prepare_cached(sql)?.query_row((space.0, seq), |row| row.get(0)).optional()?;
    Ok(found.flatten().as_deref().and_then(RunningHash::from_slice))
}

/// Whether an entry is in the log.
pub(crate) fn has(conn: &Connection, space: SpaceNo, hash: EntryHash) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM entry WHERE space = ?1 AND hash = ?2)";
    Ok(conn.prepare_cached(sql)?.query_row((space.0, hash.as_bytes()), |row| row.get(0))?)
}

/// The bytes of the entry at a place.
pub(crate) fn bytes_at(conn: &Connection, space: SpaceNo, seq: Seq) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT bytes FROM entry WHERE space = ?1 AND seq = ?2";
    let found: Option<Option<Vec<u8>>> =
        conn.prepare_cached(sql)?.query_row((space.0, seq), |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Entries that wait for a key, oldest first, after one of them.
pub(crate) fn waiting(
    conn: &Connection,
    space: SpaceNo,
    after: Seq,
    limit: u32,
) -> Result<Vec<Seq>> {
    let sql = "SELECT seq FROM entry WHERE space = ?1 AND standing = 1 AND seq > ?2
               ORDER BY seq LIMIT ?3";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map((space.0, after, limit), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Entries that came before what they follow, oldest first; of one document, where one is named.
pub(crate) fn early(conn: &Connection, space: SpaceNo, doc: Option<&str>) -> Result<Vec<Seq>> {
    let sql = "SELECT seq FROM entry WHERE space = ?1 AND standing = 4 AND (?2 IS NULL OR doc = ?2)
               ORDER BY seq";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map((space.0, doc), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether there are places of which only the hash is known, and which no pack covers.
pub(crate) fn has_stubs(conn: &Connection, space: SpaceNo) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM entry WHERE space = ?1 AND kind IS NULL
               AND covered IS NULL)";
    Ok(conn.prepare_cached(sql)?.query_row([space.0], |row| row.get(0))?)
}

/// How many entries wait for a key.
pub(crate) fn count_waiting(conn: &Connection) -> Result<u64> {
    let sql = "SELECT count(*) FROM entry WHERE standing = 1";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Notes what became of an entry that had waited.
pub(crate) fn settle(
    tx: &Tx<'_>,
    space: SpaceNo,
    seq: Seq,
    standing: Standing,
    doc: Option<&str>,
) -> Result<()> {
    let sql =
        "UPDATE entry SET standing = ?3, doc = coalesce(?4, doc) WHERE space = ?1 AND seq = ?2";
    tx.execute(sql, (space.0, seq, standing.number(), doc)).map(|_| ())
}

/// A pack at `pack` covers these places, of changes and packs of its class. Their bytes go where the pack was
/// taken; where it was put aside they stay, and the places count as covered all the same, as the relay counts.
pub(crate) fn cover(
    tx: &Tx<'_>,
    space: SpaceNo,
    class: Class,
    ranges: &[SeqRange],
    pack: Seq,
    was_taken: bool,
) -> Result<()> {
    let sql =
        "UPDATE entry SET covered = ?4, bytes = iif(?6 AND standing NOT IN (3, 4), NULL, bytes)
               WHERE space = ?1 AND seq BETWEEN ?2 AND ?3 AND seq < ?4 AND covered IS NULL
               AND (kind IS NULL OR (kind IN (1, 2) AND class = ?5))";
    for range in ranges {
        tx.execute(sql, (space.0, range.first, range.last, pack, class_number(class), was_taken))?;
    }
    Ok(())
}

/// A document with changes that no pack stands in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unpacked {
    pub(crate) doc: String,
    pub(crate) class: Class,
    /// How many entries carry its changes.
    pub(crate) entries: u64,
    /// The last of them.
    pub(crate) last: Seq,
}

/// The documents of a space whose changes no pack stands in for, those that moved longest ago first.
pub(crate) fn unpacked(conn: &Connection, space: SpaceNo) -> Result<Vec<Unpacked>> {
    let sql = "SELECT doc, min(class), count(*), max(seq) AS last FROM entry
               WHERE space = ?1 AND covered IS NULL AND doc IS NOT NULL AND kind = 1 AND standing = 0
               GROUP BY doc ORDER BY last";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([space.0])?;
    let mut docs = Vec::new();
    while let Some(row) = rows.next()? {
        docs.push(Unpacked {
            doc: row.get(0)?,
            class: class_of(row.get(1)?)?,
            entries: row.get(2)?,
            last: row.get(3)?,
        });
    }
    Ok(docs)
}

/// The places of a document's changes that no pack stands in for, up to one of them.
pub(crate) fn of_doc(conn: &Connection, space: SpaceNo, doc: &str) -> Result<Vec<Seq>> {
    let sql = "SELECT seq FROM entry WHERE space = ?1 AND doc = ?2 AND covered IS NULL
               AND kind = 1 AND standing = 0 ORDER BY seq";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map((space.0, doc), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A place with what the retained set of a checkpoint depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) seq: Seq,
    pub(crate) hash: EntryHash,
    /// Nothing where only the hash is known.
    pub(crate) kind: Option<Kind>,
    pub(crate) covered: Option<Seq>,
}

/// Goes through the places of a space in order.
pub(crate) fn each(
    conn: &Connection,
    space: SpaceNo,
    mut take: impl FnMut(Listed) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT seq, hash, kind, covered FROM entry WHERE space = ?1 ORDER BY seq";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([space.0])?;
    while let Some(row) = rows.next()? {
        let kind: Option<i64> = row.get(2)?;
        take(Listed {
            seq: row.get(0)?,
            hash: hash_of(&row.get::<_, Vec<u8>>(1)?)?,
            kind: kind.map(kind_of).transpose()?,
            covered: row.get(3)?,
        })?;
    }
    Ok(())
}

/// Goes through the changes and packs of a space whose content was taken and is still here, in order.
pub(crate) fn each_content(
    conn: &Connection,
    space: SpaceNo,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT bytes FROM entry WHERE space = ?1 AND kind IN (1, 2) AND standing = 0
               AND bytes IS NOT NULL ORDER BY seq";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([space.0])?;
    while let Some(row) = rows.next()? {
        take(&row.get::<_, Vec<u8>>(0)?)?;
    }
    Ok(())
}

/// A membership entry that counted when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SaidRow {
    pub(crate) seq: Seq,
    pub(crate) hash: EntryHash,
    /// When the relay says that it took it, in milliseconds since 1970.
    pub(crate) noted_ms: Option<u64>,
    pub(crate) bytes: Vec<u8>,
}

/// The membership entries of a space that counted, in order.
pub(crate) fn membership(conn: &Connection, space: SpaceNo) -> Result<Vec<SaidRow>> {
    let sql = "SELECT seq, hash, noted_ms, bytes FROM entry INDEXED BY entry_membership
               WHERE space = ?1 AND kind = 0 AND standing = 0 AND bytes IS NOT NULL ORDER BY seq";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([space.0])?;
    let mut said = Vec::new();
    while let Some(row) = rows.next()? {
        said.push(SaidRow {
            seq: row.get(0)?,
            hash: hash_of(&row.get::<_, Vec<u8>>(1)?)?,
            noted_ms: row.get(2)?,
            bytes: row.get(3)?,
        });
    }
    Ok(said)
}

/// How many entries of a space are packs, and the place of the newest pack and checkpoint.
pub(crate) fn newest_of(conn: &Connection, space: SpaceNo, kind: Kind) -> Result<Option<Seq>> {
    let sql = "SELECT max(seq) FROM entry WHERE space = ?1 AND kind = ?2 AND standing = 0";
    Ok(conn.prepare_cached(sql)?.query_row((space.0, kind_number(kind)), |row| row.get(0))?)
}

/// Puts something that was not taken aside, with the reason, for `doctor` to show.
pub(crate) fn quarantine(
    tx: &Tx<'_>,
    space: SpaceId,
    seq: Option<Seq>,
    hash: EntryHash,
    doc: Option<&str>,
    reason: &str,
) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO quarantine (space, seq, hash, doc, reason, at_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.touch(Key::Warnings);
    tx.execute(
        sql,
        (space.as_bytes(), seq, hash.as_bytes(), doc.unwrap_or_default(), reason, tx.now_ms()),
    )
    .map(|_| ())
}

/// What was put aside was taken after all.
pub(crate) fn release(tx: &Tx<'_>, space: SpaceId, hash: EntryHash) -> Result<()> {
    let sql = "DELETE FROM quarantine WHERE space = ?1 AND hash = ?2";
    tx.execute(sql, (space.as_bytes(), hash.as_bytes())).map(|_| ())
}

/// Something that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quarantined {
    pub(crate) space: Vec<u8>,
    pub(crate) seq: Option<Seq>,
    pub(crate) hash: Vec<u8>,
    /// Empty where it is not known.
    pub(crate) doc: String,
    pub(crate) reason: String,
}

/// Who wrote an entry, of what, and what became of it here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) author: DeviceId,
    pub(crate) class: Class,
    pub(crate) standing: Standing,
}

/// The outline of the entry with this hash; nothing where only its hash is known.
pub(crate) fn outline(conn: &Connection, space: SpaceId, hash: &[u8]) -> Result<Option<Outline>> {
    let sql = "SELECT author, class, standing FROM entry
               WHERE space = (SELECT no FROM space WHERE id = ?1) AND hash = ?2
                     AND author IS NOT NULL";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let found: Option<([u8; 32], i64, i64)> =
        conn.prepare_cached(sql)?.query_row((space.as_bytes(), hash), read).optional()?;
    let Some((author, class, standing)) = found else { return Ok(None) };
    let all = [
        Standing::Applied,
        Standing::Waiting,
        Standing::Ignored,
        Standing::Quarantined,
        Standing::Early,
    ];
    let standing = all.into_iter().find(|one| one.number() == standing);
    let standing =
        standing.ok_or_else(|| Error::Unreadable("what became of an entry".to_owned()))?;
    Ok(Some(Outline { author: DeviceId(author), class: class_of(class)?, standing }))
}

/// What was not taken, newest last.
pub(crate) fn quarantined(conn: &Connection, limit: u32) -> Result<Vec<Quarantined>> {
    let sql = "SELECT space, seq, hash, doc, reason FROM quarantine ORDER BY id LIMIT ?1";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map([limit], |row| {
        Ok(Quarantined {
            space: row.get(0)?,
            seq: row.get(1)?,
            hash: row.get(2)?,
            doc: row.get(3)?,
            reason: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
