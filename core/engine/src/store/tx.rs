//! A transaction under way: every write passes the faults, reads do not. It commits nowhere else than
//! in [`super::Store::write`].

use std::cell::Cell;

use rusqlite::{Connection, Params};

use super::faults::{FaultPoint, Faults};
use crate::error::Result;
use crate::observe::{Key, Keys};

/// A transaction under way.
pub(crate) struct Tx<'a> {
    conn: &'a Connection,
    faults: &'a Faults,
    command: &'static str,
    now_ms: i64,
    changed: Cell<Keys>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(
        conn: &'a Connection,
        faults: &'a Faults,
        command: &'static str,
        now_ms: i64,
    ) -> Self {
        Self { conn, faults, command, now_ms, changed: Cell::new(Keys::NONE) }
    }

    /// Runs one writing statement. Gives how many rows it touched.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.faults.at(FaultPoint::Write, self.command)?;
        Ok(self.conn.prepare_cached(sql)?.execute(params)?)
    }

    /// Inserts one row. Gives its rowid.
    pub(crate) fn insert(&self, sql: &str, params: impl Params) -> Result<i64> {
        self.execute(sql, params)?;
        Ok(self.conn.last_insert_rowid())
    }

    /// For queries, which see what this transaction wrote so far. Never for writes.
    pub(crate) const fn reader(&self) -> &'a Connection {
        self.conn
    }

    /// When the transaction began, in milliseconds since 1970-01-01T00:00Z.
    pub(crate) const fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Tells observers, once this is committed, that something changed.
    pub(crate) fn touch(&self, key: Key) {
        self.changed.set(self.changed.get().with(key));
    }

    pub(super) fn changed(&self) -> Keys {
        self.changed.get()
    }
}
