//! The store in one SQLite file: WAL, `synchronous=FULL`, one writer that commits requests in groups, and
//! readers that it never blocks. It refuses a file of a newer relay and leaves it untouched.

mod reading;
mod writer;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use holdfast_protocol::entropy::Entropy;
use rusqlite::{Connection, OptionalExtension, params};

use self::reading::Rows;
use self::writer::Writer;
use super::{Reading, Store, StoreError, Stored, Work};

/// The schema that this build writes.
const SCHEMA: i64 = 1;
/// "hold", so that `file` and careful people can tell what the file is.
const APPLICATION_ID: i64 = 0x686f_6c64;
/// The file in the relay's directory.
pub const FILE: &str = "relay.sqlite3";

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase};
        match error.sqlite_error_code() {
            Some(DiskFull) => Self::Full,
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Io(error.to_string()),
        }
    }
}

/// Where reads happen.
enum Readers {
    /// On connections of their own to the same file.
    File { path: PathBuf, idle: Mutex<Vec<Connection>> },
    /// On the writer's connection, between its groups: a database in memory has only one.
    Shared(Arc<Mutex<Connection>>),
}

/// The SQLite store.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
}

impl SqliteStore {
    /// Opens or makes the store in a directory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(directory: &Path, entropy: &mut dyn Entropy) -> Stored<Self> {
        let path = directory.join(FILE);
        let connection = Arc::new(Mutex::new(prepare(Connection::open(&path)?, entropy)?));
        let readers = Readers::File { path, idle: Mutex::new(Vec::new()) };
        Ok(Self { writer: Writer::start(connection)?, readers })
    }

    /// Makes a store in memory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn in_memory(entropy: &mut dyn Entropy) -> Stored<Self> {
        let connection = prepare(Connection::open_in_memory()?, entropy)?;
        let connection = Arc::new(Mutex::new(connection));
        let readers = Readers::Shared(Arc::clone(&connection));
        Ok(Self { writer: Writer::start(connection)?, readers })
    }
}

impl Store for SqliteStore {
    fn read(&self, work: &mut dyn FnMut(&dyn Reading) -> Stored<()>) -> Stored<()> {
        match &self.readers {
            Readers::Shared(connection) => work(&Rows(&lock(connection))),
            Readers::File { path, idle } => {
                let pooled = lock(idle).pop();
                let connection = match pooled {
                    Some(connection) => connection,
                    None => open_reader(path)?,
                };
                connection.prepare_cached("BEGIN")?.execute([])?;
                let found = work(&Rows(&connection));
                // A connection whose transaction does not end is not used again.
                if end(&connection).is_ok() {
                    lock(idle).push(connection);
                }
                found
            }
        }
    }

    fn write(&self, work: Work) -> Stored<()> {
        self.writer.write(work)
    }
}

/// A poisoned lock means that another request panicked; SQLite has rolled its work back.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(connection: &Connection) -> Stored<()> {
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

fn open_reader(path: &Path) -> Stored<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1024;",
    )?;
    Ok(connection)
}

/// Checks whose file it is before anything is written to it.
fn prepare(mut connection: Connection, entropy: &mut dyn Entropy) -> Stored<Connection> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(128);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(StoreError::Damaged("the file is not a relay's store".into()));
    }
    if found > SCHEMA {
        return Err(StoreError::Newer { found, known: SCHEMA });
    }
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -32768;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    if found < SCHEMA {
        let tx = connection.transaction()?;
        tx.execute_batch(include_str!("schema.sql"))?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", SCHEMA)?;
        let mut generation = [0; 16];
        let mut secret = [0; 32];
        entropy.fill(&mut generation);
        entropy.fill(&mut secret);
        put_meta(&tx, "generation", &generation)?;
        put_meta(&tx, "secret", &secret)?;
        tx.commit()?;
    }
    Ok(connection)
}

fn put_meta(connection: &Connection, key: &str, value: &[u8]) -> Stored<()> {
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        params![key, value],
    )?;
    Ok(())
}

fn meta<const N: usize>(connection: &Connection, key: &str) -> Stored<[u8; N]> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::Damaged(format!("its {key} is missing")))
}
