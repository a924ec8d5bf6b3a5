//! Opening a connection and a directory: what SQLite is told, and what is looked at before anything is
//! written. It runs no transaction.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::lock::PATIENCE;
use crate::error::{Error, Result};

/// How long SQLite itself waits for another process's transaction.
const BUSY: Duration = PATIENCE;
/// A commit copies the write-ahead log back itself when it has grown to so many pages, about 64 MB: only where nothing
/// did so before (`Store::copy_back`, suspending, closing), because whoever logs a hold then waits for it.
const CHECKPOINT_PAGES: u32 = 16_000;
/// How much of the log's file is kept once it was copied back, in bytes: writing into it again is faster than growing
/// it anew.
const LOG_KEPT_BYTES: u32 = 16 << 20;

pub(super) fn connect(path: &Path, read_only: bool) -> Result<Connection> {
    let failed = |error| Error::sqlite(error, path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    conn.busy_timeout(BUSY).map_err(failed)?;
    conn.set_prepared_statement_cache_capacity(64);
    conn.pragma_update(None, "temp_store", "MEMORY").map_err(failed)?;
    if read_only {
        conn.pragma_update(None, "query_only", true).map_err(failed)?;
    }
    Ok(conn)
}

pub(super) fn set_up_writer(conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    // Only Darwin knows it; there a plain fsync does not reach the disk.
    conn.pragma_update(None, "fullfsync", true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten with zeros: nothing of it is to be found in the file afterwards.
    conn.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    conn.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    conn.pragma_update_and_check(None, "journal_size_limit", LOG_KEPT_BYTES, |_| Ok(()))
}

pub(super) fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// A file shorter than it says is damaged, even where its first pages read well.
pub(super) fn check_length(conn: &Connection, path: &Path) -> Result<()> {
    let wal = std::fs::metadata(path.with_extension("db-wal")).map_or(0, |file| file.len());
    let file = std::fs::metadata(path).map_or(0, |file| file.len());
    if wal > 0 || file == 0 {
        return Ok(());
    }
    let pragma = |name| conn.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let failed = |error| Error::sqlite(error, path);
    let pages = pragma("page_count").map_err(failed)?;
    let size = pragma("page_size").map_err(failed)?;
    if file < pages.saturating_mul(size) {
        let detail = format!("it has {file} of its {} bytes", pages.saturating_mul(size));
        return Err(Error::Damaged { path: path.to_owned(), detail });
    }
    Ok(())
}

pub(super) fn prepare_directory(directory: &Path, make: bool) -> Result<()> {
    let no_home = |why| Err(Error::NotAHome { path: directory.to_owned(), why });
    match std::fs::metadata(directory) {
        Ok(found) if !found.is_dir() => return no_home("error.no_home.a_file"),
        Ok(found) if found.permissions().readonly() => {
            return Err(Error::ReadOnly { path: directory.to_owned() });
        }
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            return no_home("error.no_home.under_a_file");
        }
        Err(error) => return Err(Error::io("error.io.look_at", directory, error)),
    }
    if !make {
        return no_home("error.no_home.missing");
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| Error::io("error.io.make", directory, error))
}
