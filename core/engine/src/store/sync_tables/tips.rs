//! Every author's newest attestation of a document, as it came in that author's own entry: what a pack
//! must carry.

use holdfast_protocol::attest::Attestation;
use holdfast_protocol::content::AttestedTip;
use holdfast_protocol::ids::{DeviceId, SpaceId};
use holdfast_protocol::wire;
use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::store::Tx;

/// Keeps an attestation, unless a newer one of the same actor is there.
pub(crate) fn put(
    tx: &Tx<'_>,
    space: SpaceId,
    doc: &str,
    author: DeviceId,
    attestation: &Attestation,
) -> Result<()> {
    let sql = "INSERT INTO tip (space, doc, actor, author, attestation, seq)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (space, doc, actor) DO UPDATE
               SET attestation = excluded.attestation, seq = excluded.seq
               WHERE excluded.seq > tip.seq";
    tx.execute(
        sql,
        (
            space.as_bytes(),
            doc,
            attestation.actor(author).0,
            author.as_bytes(),
            wire::encode(attestation),
            attestation.seq,
        ),
    )
    .map(|_| ())
}

/// The attestations of a document.
pub(crate) fn of(conn: &Connection, space: SpaceId, doc: &str) -> Result<Vec<AttestedTip>> {
    let sql = "SELECT author, attestation FROM tip WHERE space = ?1 AND doc = ?2 ORDER BY actor";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query((space.as_bytes(), doc))?;
    let mut tips = Vec::new();
    while let Some(row) = rows.next()? {
        let author = DeviceId::from_slice(&row.get::<_, Vec<u8>>(0)?)
            .ok_or_else(|| Error::Unreadable("an attestation's author".to_owned()))?;
        let attestation = wire::decode("attestation", &row.get::<_, Vec<u8>>(1)?)
            .map_err(|error| Error::Unreadable(error.to_string()))?;
        tips.push(AttestedTip { author, attestation });
    }
    Ok(tips)
}
