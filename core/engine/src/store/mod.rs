//! The one place that touches the disk: a SQLite file, one writer, several readers, and a lock between
//! processes. One user action is one transaction. It knows no record and no key, only rows.

mod connection;
pub(crate) mod docs;
pub mod faults;
pub(crate) mod lock;
pub(crate) mod meta;
pub(crate) mod outbox;
pub(crate) mod schema;
pub(crate) mod sync_tables;
pub(crate) mod turn;
pub(crate) mod tx;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
pub(crate) mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use crate::clock::Clock;
use crate::config::Sharing;
use crate::error::{Error, Result};
use crate::key_provider::KeyError;
use crate::observe::{Keys, Observers};
use connection::{check_length, connect, data_version, prepare_directory, set_up_writer};
use faults::{FaultPoint, Faults};
use lock::{Held, PATIENCE, ProcessLock};
pub(crate) use turn::Priority;
use turn::Turns;
pub(crate) use tx::Tx;

/// Read connections kept open between queries.
const READERS_KEPT: usize = 4;

/// A write-ahead log is long from here, in bytes: copying it back takes some ten milliseconds.
const LONG_LOG_BYTES: u64 = 4 << 20;

/// How a store is opened.
pub(crate) struct Opening {
    pub(crate) directory: PathBuf,
    pub(crate) sharing: Sharing,
    pub(crate) faults: Faults,
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether to make the database where there is none.
    pub(crate) make: bool,
}

/// How a transaction ends when nothing goes wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Commit,
    RollBack,
}

/// The database of one home.
pub(crate) struct Store {
    path: PathBuf,
    directory: PathBuf,
    sharing: Sharing,
    faults: Faults,
    clock: Arc<dyn Clock>,
    pub(crate) observers: Observers,
    lock: ProcessLock,
    turns: Turns,
    writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
    suspended: AtomicBool,
    broken: AtomicBool,
    others: AtomicU64,
}

#[derive(Default)]
struct Writer {
    conn: Option<Connection>,
    /// The lock of a process that has the directory to itself.
    held: Option<Held>,
    data_version: i64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the database file in a home.
pub(crate) const DATABASE: &str = "holdfast.db";

impl Store {
    /// Opens the database of a home, in time that does not depend on what is in it.
    ///
    /// # Errors
    /// A distinct [`Error`] for each: no home, a file, not writable, in use, newer, damaged, full.
    pub(crate) fn open(opening: Opening) -> Result<Self> {
        let Opening { directory, sharing, faults, clock, make } = opening;
        prepare_directory(&directory, make)?;
        let path = directory.join(DATABASE);
        if !make && !path.exists() {
            let why = "error.no_home.no_database";
            return Err(Error::NotAHome { path: directory, why });
        }
        let store = Self {
            path,
            lock: ProcessLock::new(&directory, PATIENCE),
            directory,
            sharing,
            faults,
            clock,
            observers: Observers::default(),
            turns: Turns::default(),
            writer: Mutex::default(),
            readers: Mutex::default(),
            suspended: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            others: AtomicU64::new(0),
        };
        store.begin("open")?;
        Ok(store)
    }

    /// Takes the lock and opens the writing connection.
    fn begin(&self, command: &str) -> Result<()> {
        let mut writer = lock(&self.writer);
        let held = self.lock.take(command)?;
        writer.connect(&self.path)?;
        writer.held = (self.sharing == Sharing::OneProcess).then_some(held);
        Ok(())
    }

    /// The folder of the home.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether other processes use the directory too.
    pub(crate) const fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// How often another process was seen to have written: what is kept in memory from before such
    /// a time may be stale.
    #[cfg(test)]
    pub(crate) fn others(&self) -> u64 {
        self.others.load(Ordering::Acquire)
    }

    /// Whether other processes write here too.
    pub(crate) fn is_shared(&self) -> bool {
        self.sharing == Sharing::PerTransaction
    }

    /// Marks the engine as not to be trusted any more: every later call says so.
    pub(crate) fn give_up(&self) {
        self.broken.store(true, Ordering::Release);
    }

    /// Whether the engine has not stopped over an error of its own.
    pub(crate) fn is_usable(&self) -> bool {
        !self.broken.load(Ordering::Acquire)
    }

    fn usable(&self) -> Result<()> {
        if self.broken.load(Ordering::Acquire) {
            let why = "it must be opened again".to_owned();
            return Err(Error::RestartNeeded(why));
        }
        Ok(())
    }

    /// Runs one transaction. It is on the disk when this returns, or nothing of it is.
    ///
    /// `command` is what another process is told when it waits. Not to be nested.
    ///
    /// # Errors
    /// What `work` says, or why the transaction could not begin or end.
    pub(crate) fn write<T>(
        &self,
        priority: Priority,
        command: &'static str,
        work: impl FnOnce(&Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        self.usable()?;
        let turn = self.turns.take(priority);
        self.usable()?;
        let suspended = self.suspended.load(Ordering::Acquire);
        if suspended && priority == Priority::Sync {
            return Err(Error::Suspended);
        }
        let mut writer = lock(&self.writer);
        let held = match writer.held {
            Some(_) => None,
            None => Some(self.lock.take(command)?),
        };
        let outcome = self.transact(&mut writer, command, End::Commit, work);
        if suspended {
            // A command that comes while suspended is done all the same, and leaves no lock behind.
            writer.conn = None;
        }
        drop(held);
        drop(writer);
        drop(turn);
        let (value, changed) = outcome?;
        self.observers.changed(changed);
        if priority == Priority::Sync {
            self.copy_back();
        }
        Ok(value)
    }

    /// Runs a transaction and takes all of it back: to see what would come out.
    ///
    /// # Errors
    /// What `work` says, or why the transaction could not begin.
    pub(crate) fn rehearse<T>(
        &self,
        command: &'static str,
        work: impl FnOnce(&Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        self.usable()?;
        let _turn = self.turns.take(Priority::User);
        let mut writer = lock(&self.writer);
        let _held = match writer.held {
            Some(_) => None,
            None => Some(self.lock.take(command)?),
        };
        Ok(self.transact(&mut writer, command, End::RollBack, work)?.0)
    }

    fn transact<T>(
        &self,
        writer: &mut Writer,
        command: &'static str,
        end: End,
        work: impl FnOnce(&Tx<'_>) -> Result<T>,
    ) -> Result<(T, Keys)> {
        writer.connect(&self.path)?;
        let known = writer.data_version;
        let conn = writer.conn.as_ref().expect("the writer was connected just now");
        let failed = |error| Error::sqlite(error, &self.path);
        conn.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        let open = OpenTransaction(conn);
        let version = data_version(conn).map_err(failed)?;
        let mut changed = Keys::NONE;
        if version != known {
            self.others.fetch_add(1, Ordering::AcqRel);
            changed = Keys::ALL;
        }
        let tx = Tx::new(conn, &self.faults, command, self.clock.wall_ms());
        let done = catch_unwind(AssertUnwindSafe(|| work(&tx))).unwrap_or_else(|panic| {
            self.give_up();
            Err(Error::RestartNeeded(panic_text(panic.as_ref())))
        });
        let value = done.map_err(|error| self.located(error))?;
        if end == End::RollBack {
            return Ok((value, changed));
        }
        self.crash_point(FaultPoint::BeforeCommit, command)?;
        conn.execute_batch("COMMIT").map_err(failed)?;
        changed = changed.and(tx.changed());
        std::mem::forget(open);
        writer.data_version = version;
        self.crash_point(FaultPoint::AfterCommit, command)?;
        Ok((value, changed))
    }

    fn crash_point(&self, point: FaultPoint, command: &'static str) -> Result<()> {
        self.faults.at(point, command).map_err(|error| self.located(error))
    }

    /// Gives a database error its path; an asked-for crash stops the engine.
    fn located(&self, error: Error) -> Error {
        match error {
            Error::Sqlite(inner) => Error::sqlite(inner, &self.path),
            Error::Crashed => {
                self.give_up();
                Error::Crashed
            }
            other => other,
        }
    }

    /// Runs queries on a connection of their own, all on one state of the data.
    ///
    /// # Errors
    /// What `work` says, or why the database could not be read.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.usable()?;
        let kept = lock(&self.readers).pop();
        let conn = match kept {
            Some(conn) => conn,
            None => connect(&self.path, true)?,
        };
        let failed = |error| Error::sqlite(error, &self.path);
        conn.execute_batch("BEGIN").map_err(failed)?;
        let open = OpenTransaction(&conn);
        let outcome = work(&conn).map_err(|error| self.located(error));
        drop(open);
        if !self.suspended.load(Ordering::Acquire) {
            let mut readers = lock(&self.readers);
            if readers.len() < READERS_KEPT {
                readers.push(conn);
            }
        }
        outcome
    }

    /// Finishes the transaction under way, closes every connection and lets go of the lock. Later
    /// commands of a person still work, one at a time; sync's do not, until [`Self::resume`].
    pub(crate) fn suspend(&self) {
        self.suspended.store(true, Ordering::Release);
        let _turn = self.turns.take(Priority::User);
        let mut writer = lock(&self.writer);
        lock(&self.readers).clear();
        if let Some(conn) = writer.conn.take() {
            // Only if it is quick: nobody is waited for, and a long log is left for later.
            let _ = conn.busy_timeout(Duration::ZERO);
            let short = std::fs::metadata(self.path.with_extension("db-wal"))
                .is_ok_and(|wal| wal.len() <= LONG_LOG_BYTES);
            if short {
                let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            }
        }
        writer.held = None;
    }

    /// Copies a long write-ahead log back into the database, beside whoever reads and writes. Called after
    /// each write of a sync and after an import, so that the next hold does not wait for it.
    pub(crate) fn copy_back(&self) {
        let long = std::fs::metadata(self.path.with_extension("db-wal"))
            .is_ok_and(|wal| wal.len() > LONG_LOG_BYTES);
        if !long || self.suspended.load(Ordering::Acquire) || self.usable().is_err() {
            return;
        }
        // Nothing is lost where it does not work: the log stays as long as it is.
        if let Ok(conn) = connect(&self.path, false) {
            let _ = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        }
    }

    /// Takes up work again after [`Self::suspend`].
    ///
    /// # Errors
    /// [`Error::HomeInUse`] when another process took the directory meanwhile.
    pub(crate) fn resume(&self) -> Result<()> {
        self.usable()?;
        if !self.suspended.load(Ordering::Acquire) {
            return Ok(());
        }
        let turn = self.turns.take(Priority::User);
        self.begin("resume")?;
        self.suspended.store(false, Ordering::Release);
        drop(turn);
        Ok(())
    }

    /// Runs maintenance that no transaction may surround (integrity check, vacuum).
    ///
    /// # Errors
    /// What `work` says, or why the database could not be had.
    pub(crate) fn maintain<T>(
        &self,
        command: &'static str,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        self.usable()?;
        let _turn = self.turns.take(Priority::User);
        let mut writer = lock(&self.writer);
        let _held = match writer.held {
            Some(_) => None,
            None => Some(self.lock.take(command)?),
        };
        writer.connect(&self.path)?;
        let conn = writer.conn.as_ref().expect("the writer was connected just now");
        work(conn).map_err(|error| self.located(error))
    }
}

impl Store {
    /// Makes sure that nothing of what was deleted is left in the files: the database is written anew without its free
    /// pages, and the write-ahead log is emptied.
    ///
    /// Gives whether it is so: while another process reads what was there before, it is to be done again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) fn purge(&self, command: &'static str) -> Result<bool> {
        self.faults.at(FaultPoint::Write, command).map_err(|error| self.located(error))?;
        // Queries that are over hold nothing; their connections may.
        lock(&self.readers).clear();
        self.maintain(command, |conn| {
            match conn.execute_batch("VACUUM") {
                // Without the room for it the freed pages stay, overwritten with zeros.
                Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {}
                other => other?,
            }
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))? == 0)
        })
    }

    /// Removes the key and then every file this home has of ours; the store is of no use afterwards.
    ///
    /// # Errors
    /// When another process keeps the home, or a file cannot be removed.
    pub(crate) fn erase(
        &self,
        forget: impl FnOnce() -> std::result::Result<(), KeyError>,
    ) -> Result<()> {
        self.usable()?;
        let _turn = self.turns.take(Priority::User);
        let mut writer = lock(&self.writer);
        let held = match writer.held.take() {
            Some(held) => held,
            None => self.lock.take("erase")?,
        };
        self.give_up();
        lock(&self.readers).clear();
        writer.conn = None;
        forget()?;
        for name in [DATABASE, "holdfast.db-wal", "holdfast.db-shm", "play.lock", "lock"] {
            let path = self.directory.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("error.io.remove", &path, error));
                }
                _ => {}
            }
        }
        drop(held);
        // Stays where something of somebody else's is in it.
        let _ = std::fs::remove_dir(&self.directory);
        Ok(())
    }
}

/// Rolls back when dropped: on an error, and when a panic unwinds.
struct OpenTransaction<'a>(&'a Connection);

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

impl Writer {
    /// Opens the connection where it is closed, and brings the schema up to date.
    fn connect(&mut self, path: &Path) -> Result<()> {
        if self.conn.is_some() {
            return Ok(());
        }
        let mut conn = connect(path, false)?;
        let version = schema::version(&conn, path)?;
        check_length(&conn, path)?;
        let failed = |error| Error::sqlite(error, path);
        set_up_writer(&conn).map_err(failed)?;
        schema::migrate(&mut conn, version, path)?;
        self.data_version = data_version(&conn).map_err(failed)?;
        self.conn = Some(conn);
        Ok(())
    }
}

/// What a panic said, without what it was about.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    said.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
