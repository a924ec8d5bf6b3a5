//! Entries this device has signed and not seen in the log yet. They are kept as they were first sent, so
//! that sending them again is harmless.

use holdfast_domain::words::Message;
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{EntryHash, Seq, SpaceId};
use holdfast_protocol::sync::InviteWrap;
use holdfast_protocol::wire;
use rusqlite::{Connection, OptionalExtension, Row};

use super::entries::{kind_number, kind_of};
use super::hash_of;
use crate::error::{Error, Result};
use crate::protocol_words::keep;
use crate::store::Tx;
use crate::store::docs::space_of;

/// An entry on its way.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    pub(crate) id: i64,
    pub(crate) space: SpaceId,
    pub(crate) hash: EntryHash,
    pub(crate) kind: Kind,
    /// The document of a change.
    pub(crate) doc: Option<String>,
    pub(crate) bytes: Vec<u8>,
    /// The wraps of open invites that go with a membership statement.
    pub(crate) wraps: Vec<InviteWrap>,
    /// Where the relay put it, once it has.
    pub(crate) seq: Option<Seq>,
    /// Whether this device wrote it; otherwise it is given back to a restored relay.
    pub(crate) own: bool,
    /// Whether it was in a log before, and is given back to a relay that lost it.
    pub(crate) held: bool,
    /// Whether it is not sent as it is: its document is given back in a pack.
    pub(crate) in_pack: bool,
    /// How often it was sealed anew.
    pub(crate) tries: u32,
    /// Why it will never be taken.
    pub(crate) refused: Option<String>,
}

/// `held` of what is not given back as it is.
const IN_PACK: u8 = 2;

const COLUMNS: &str = "SELECT id, space, hash, kind, doc, bytes, wraps, seq, own, tries, refused,
     held
     FROM sealed";

fn sealed_of(row: &Row<'_>) -> Result<Sealed> {
    let wraps: Option<Vec<u8>> = row.get(6)?;
    let wraps = wraps
        .map(|bytes| wire::decode("invite wraps", &bytes))
        .transpose()
        .map_err(|error| Error::Unreadable(error.to_string()))?;
    Ok(Sealed {
        id: row.get(0)?,
        space: space_of(&row.get::<_, Vec<u8>>(1)?)?,
        hash: hash_of(&row.get::<_, Vec<u8>>(2)?)?,
        kind: kind_of(row.get(3)?)?,
        doc: row.get(4)?,
        bytes: row.get(5)?,
        wraps: wraps.unwrap_or_default(),
        seq: row.get(7)?,
        own: row.get(8)?,
        tries: row.get(9)?,
        refused: row.get(10)?,
        held: row.get::<_, u8>(11)? > 0,
        in_pack: row.get::<_, u8>(11)? == IN_PACK,
    })
}

/// Keeps an entry to be sent. Gives its number.
pub(crate) fn put(
    tx: &Tx<'_>,
    entry: &Entry,
    doc: Option<&str>,
    wraps: &[InviteWrap],
) -> Result<i64> {
    let sql = "INSERT INTO sealed (space, hash, kind, doc, bytes, wraps)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let wraps = (!wraps.is_empty()).then(|| wire::encode(&wraps.to_vec()));
    tx.insert(
        sql,
        (
            entry.space().as_bytes(),
            entry.hash().as_bytes(),
            kind_number(entry.header().kind),
            doc,
            entry.to_bytes(),
            wraps,
        ),
    )
}

/// Puts a newly sealed entry in the place of one that was not taken.
pub(crate) fn replace(tx: &Tx<'_>, id: i64, entry: &Entry) -> Result<()> {
    // A pack that gives something back goes on doing so.
    let sql =
        "UPDATE sealed SET hash = ?2, bytes = ?3, tries = tries + 1, held = (kind = 2 AND held),
               own = 1 WHERE id = ?1";
    tx.execute(sql, (id, entry.hash().as_bytes(), entry.to_bytes())).map(|_| ())
}

/// The relay does not take it back as it was: its document is to go back in a pack.
pub(crate) fn give_in_pack(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.execute("UPDATE sealed SET held = ?2, seq = NULL WHERE id = ?1", (id, IN_PACK)).map(|_| ())
}

/// Puts the pack that gives its document back in its place.
pub(crate) fn become_pack(tx: &Tx<'_>, id: i64, pack: &Entry) -> Result<()> {
    let sql = "UPDATE sealed SET hash = ?2, bytes = ?3, kind = ?4, doc = NULL, held = 1, own = 1, tries = 0
               WHERE id = ?1";
    let kind = kind_number(Kind::Pack);
    tx.execute(sql, (id, pack.hash().as_bytes(), pack.to_bytes(), kind)).map(|_| ())
}

/// The spaces in which documents are to be given back in packs.
pub(crate) fn spaces_to_pack(conn: &Connection) -> Result<Vec<SpaceId>> {
    let sql =
        "SELECT DISTINCT space FROM sealed WHERE held = ?1 AND seq IS NULL AND refused IS NULL";
    let mut found = conn.prepare_cached(sql)?;
    let rows = found.query_map([IN_PACK], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|bytes| space_of(&bytes?)).collect()
}

fn list(conn: &Connection, condition: &str, params: impl rusqlite::Params) -> Result<Vec<Sealed>> {
    let sql = format!("{COLUMNS} WHERE {condition}");
    let mut found = conn.prepare_cached(&sql)?;
    let mut rows = found.query(params)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(sealed_of(row)?);
    }
    Ok(all)
}

/// The order of sending: what is given back first, then what is new.
const ORDER: &str = "ORDER BY turn IS NULL, turn, id";

/// What is to be sent, in order, after the first few.
pub(crate) fn waiting(conn: &Connection, skip: u32, limit: u32) -> Result<Vec<Sealed>> {
    let condition =
        format!("seq IS NULL AND refused IS NULL AND held <> ?3 {ORDER} LIMIT ?2 OFFSET ?1");
    list(conn, &condition, (skip, limit, IN_PACK))
}

/// What is to be sent of one space, in order.
pub(crate) fn waiting_in(conn: &Connection, space: SpaceId) -> Result<Vec<Sealed>> {
    let condition = format!("seq IS NULL AND refused IS NULL AND space = ?1 {ORDER}");
    list(conn, &condition, [space.as_bytes()])
}

/// Whether anything of a space is on its way, sent or not.
pub(crate) fn any_in(conn: &Connection, space: SpaceId) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sealed WHERE space = ?1 AND refused IS NULL)";
    Ok(conn.prepare_cached(sql)?.query_row([space.as_bytes()], |row| row.get(0))?)
}

/// Whether something of a kind is on its way in a space, sent or not.
pub(crate) fn has_kind(conn: &Connection, space: SpaceId, kind: Kind) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sealed WHERE space = ?1 AND kind = ?2
               AND refused IS NULL)";
    let found = conn
        .prepare_cached(sql)?
        .query_row((space.as_bytes(), kind_number(kind)), |row| row.get(0))?;
    Ok(found)
}

/// How many are to be sent, and how many bytes they have.
pub(crate) fn waiting_size(conn: &Connection) -> Result<(usize, usize)> {
    let sql = "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM sealed
               WHERE seq IS NULL AND refused IS NULL";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(conn.prepare_cached(sql)?.query_row([], read)?)
}

/// How many are to be sent.
pub(crate) fn count(conn: &Connection) -> Result<u64> {
    let sql = "SELECT count(*) FROM sealed WHERE seq IS NULL AND refused IS NULL";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// What the relay will never take.
pub(crate) fn refused(conn: &Connection) -> Result<Vec<Sealed>> {
    list(conn, "refused IS NOT NULL ORDER BY id", [])
}

/// The change of a document that the relay will never take: nothing that follows it is sent.
pub(crate) fn refused_of(conn: &Connection, space: SpaceId, doc: &str) -> Result<Option<i64>> {
    let sql = "SELECT min(id) FROM sealed WHERE space = ?1 AND doc = ?2 AND refused IS NOT NULL";
    Ok(conn.prepare_cached(sql)?.query_row((space.as_bytes(), doc), |row| row.get(0))?)
}

/// The entry with this hash, where it is on its way.
pub(crate) fn by_hash(conn: &Connection, hash: EntryHash) -> Result<Option<Sealed>> {
    Ok(list(conn, "hash = ?1", [hash.as_bytes()])?.pop())
}

/// Notes where the relay put it.
pub(crate) fn stored(tx: &Tx<'_>, id: i64, seq: Seq) -> Result<()> {
    tx.execute("UPDATE sealed SET seq = ?2 WHERE id = ?1", (id, seq)).map(|_| ())
}

/// The relay's store began another life: what it took in the one before may be gone, and is sent again
/// until it is seen in the log.
pub(crate) fn forget_stored(tx: &Tx<'_>) -> Result<()> {
    tx.execute("UPDATE sealed SET seq = NULL WHERE seq IS NOT NULL", []).map(|_| ())
}

/// Notes why it will never be taken.
pub(crate) fn refuse(tx: &Tx<'_>, id: i64, why: &Message) -> Result<()> {
    tx.execute("UPDATE sealed SET refused = ?2 WHERE id = ?1", (id, keep(why))).map(|_| ())
}

/// It is in the log, or not wanted any more.
pub(crate) fn remove(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.execute("DELETE FROM sealed WHERE id = ?1", [id]).map(|_| ())
}

/// The genesis entry of a space among what is on its way.
pub(crate) fn genesis(conn: &Connection, space: SpaceId) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT bytes FROM sealed WHERE space = ?1 AND kind = 0 ORDER BY id LIMIT 1";
    let mut found = conn.prepare_cached(sql)?;
    Ok(found.query_row([space.as_bytes()], |row| row.get(0)).optional()?)
}
