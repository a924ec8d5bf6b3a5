//! Prescriptions as rows, each with its verified author. They never change, so a row is written once.
//! Where a prescription stands is not known here.

use std::collections::BTreeSet;

use holdfast_domain::prescription::Prescription;
use holdfast_domain::record::Author;
use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::SpaceId;
use rusqlite::Connection;

use super::rows::note_unreadable;
use super::status::Travel;
use super::{Travelled, author_of, strand_place};
use crate::documents::prescription::{Said, prescription_of};
use crate::error::{Error, Result};
use crate::observe::Key;
use crate::store::Tx;

/// A prescription with its verified author and how it travelled.
pub(crate) struct PrescriptionRow {
    pub(crate) author: Author,
    pub(crate) prescription: Prescription,
    pub(crate) travel: Travel,
}

/// Brings the rows of one device's prescriptions to what it said.
pub(crate) fn refresh(
    tx: &Tx<'_>,
    space: SpaceId,
    doc: &DocId,
    said: Vec<(String, Said)>,
    travelled: Travelled,
) -> Result<()> {
    let Some(place) = strand_place(tx, space, doc)? else { return Ok(()) };
    let mut known: BTreeSet<String> = {
        let mut found = tx.reader().prepare_cached("SELECT id FROM prescription WHERE doc = ?1")?;
        found.query_map([place.doc], |row| row.get(0))?.collect::<Result<_, _>>()?
    };
    let (outbox, entry) = travelled.columns();
    let mut unreadable = Vec::new();
    for (key, said) in said {
        match said {
            Said::Prescription(one, text) => {
                if known.remove(one.id.as_str()) {
                    continue;
                }
                let sql = "INSERT INTO prescription
                               (doc, id, v, chart, routine, proposed_ms, body, outbox, entry)
                           VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8)";
                tx.execute(
                    sql,
                    (
                        place.doc,
                        one.id.as_str(),
                        place.chart,
                        one.routine.id.as_str(),
                        one.proposed_at.utc_ms,
                        text,
                        outbox,
                        entry,
                    ),
                )?;
            }
            Said::NewerKind => {}
            Said::Unreadable { reason } => unreadable.push((key, reason)),
        }
    }
    for id in known {
        tx.execute("DELETE FROM prescription WHERE doc = ?1 AND id = ?2", (place.doc, id))?;
    }
    note_unreadable(tx, place.doc, &unreadable)?;
    tx.touch(Key::Prescriptions);
    Ok(())
}

/// Every prescription of a chart, the newest first.
pub(crate) fn all(conn: &Connection, chart: i64) -> Result<Vec<PrescriptionRow>> {
    let sql = "SELECT strand.device, prescription.outbox, prescription.entry, prescription.id,
                      prescription.body, strand.account, strand.subject
               FROM prescription CROSS JOIN strand ON strand.doc = prescription.doc
               WHERE prescription.chart = ?1
               ORDER BY prescription.proposed_ms DESC, prescription.id DESC";
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query([chart])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let travel = Travel::of(row)?;
        let (device, id): (String, String) = (row.get(0)?, row.get(3)?);
        let (body, account): (String, String) = (row.get(4)?, row.get(5)?);
        let author = author_of(&account, &device, row.get(6)?)?;
        let prescription = prescription_of(&id, &body);
        let prescription = prescription.map_err(|error| Error::Unreadable(error.to_string()))?;
        all.push(PrescriptionRow { author, prescription, travel });
    }
    Ok(all)
}
