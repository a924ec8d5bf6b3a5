//! Erasing what this device holds of a chart: rows first, a few a transaction, then the file and its write-ahead log.
//! It may be broken off anywhere and goes on where it was; why a chart is erased is not its business.

use holdfast_protocol::ids::SpaceId;

use crate::Shared;
use crate::error::Result;
use crate::observe::Key;
use crate::store::sync_tables::tombstones::{self, Stage};
use crate::store::{Priority, Tx};

/// Rows erased in one transaction: some milliseconds of work.
const ROWS_AT_ONCE: u32 = 300;

/// The rows of documents of the space, table by table.
const OF_DOCUMENTS: [&str; 7] = [
    "observation",
    "correction",
    "session_record",
    "day_record",
    "prescription",
    "unreadable",
    "doc_change",
];

/// The rows of the chart in the projection. Sessions come after what names them.
const OF_THE_CHART: [&str; 10] = [
    "hold",
    "gone",
    "set_total",
    "session_asked",
    "active_day",
    "active_month",
    "routine",
    "session",
    "strand",
    "chart",
];

/// The rows of the space. Statements about its people stay until the relay has them.
const OF_THE_SPACE: [&str; 10] = [
    "DELETE FROM outbox WHERE space = ?1",
    "DELETE FROM sealed WHERE space = ?1 AND kind <> 0",
    "DELETE FROM doc WHERE space = ?1",
    "DELETE FROM tip WHERE space = ?1",
    "DELETE FROM seen WHERE space = ?1",
    "DELETE FROM quarantine WHERE space = ?1",
    "DELETE FROM secret WHERE space = ?1",
    "DELETE FROM alarm WHERE space = ?1",
    "DELETE FROM play_checkpoint WHERE space = ?1",
    "DELETE FROM greeted WHERE chart = ?1",
];

impl Shared {
    /// Erases a chart whose tombstone says so, to the end. What is left is the membership, which tells that it ended.
    ///
    /// Gives whether the files are clean of it: while another process reads them, the next sync or opening goes on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(super) fn wipe(&self, space: SpaceId) -> Result<bool> {
        self.documents.clear();
        self.plans.clear();
        self.profiles.clear();
        for table in OF_DOCUMENTS {
            let sql = format!(
                "DELETE FROM {table} WHERE rowid IN
                 (SELECT {table}.rowid FROM {table} JOIN doc ON doc.id = {table}.doc
                  WHERE doc.space = ?1 LIMIT {ROWS_AT_ONCE})"
            );
            self.each_of(space, &sql)?;
        }
        for table in OF_THE_CHART {
            let of = if table == "chart" { "id" } else { "chart" };
            let whose = format!("{of} = (SELECT id FROM chart WHERE space = ?1)");
            // Totals are few and have no row numbers.
            let sql = match table {
                "hold" | "routine" | "session" | "strand" => format!(
                    "DELETE FROM {table} WHERE rowid IN
                     (SELECT rowid FROM {table} WHERE {whose} LIMIT {ROWS_AT_ONCE})"
                ),
                _ => format!("DELETE FROM {table} WHERE {whose}"),
            };
            self.each_of(space, &sql)?;
        }
        for sql in OF_THE_SPACE {
            self.each_of(space, sql)?;
        }
        let bodies = format!(
            "UPDATE entry SET bytes = NULL, doc = NULL, standing = iif(standing IN (1, 4), 0, standing)
             WHERE rowid IN
             (SELECT entry.rowid FROM entry JOIN space ON space.no = entry.space
              WHERE space.id = ?1 AND kind IN (1, 2) AND (bytes IS NOT NULL OR doc IS NOT NULL)
              LIMIT {ROWS_AT_ONCE})"
        );
        self.each_of(space, &bodies)?;
        if !self.store.purge("erase")? {
            return Ok(false);
        }
        self.store.write(Priority::Sync, "erase", |tx| {
            tx.touch(Key::History);
            tx.touch(Key::Days);
            tx.touch(Key::Routines);
            tx.touch(Key::Profile);
            tombstones::set_stage(tx, space, Stage::Erased)
        })?;
        Ok(true)
    }

    /// Runs a statement until it finds nothing more, one transaction a time.
    fn each_of(&self, space: SpaceId, sql: &str) -> Result<()> {
        loop {
            let run = |tx: &Tx<'_>| tx.execute(sql, [space.as_bytes()]);
            if self.store.write(Priority::Sync, "erase", run)? == 0 {
                return Ok(());
            }
        }
    }
}
