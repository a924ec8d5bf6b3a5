//! The database's schema and its way forward. Opening runs constant-time statements only; what would
//! have to walk the history is done later, in chunks.

use std::path::Path;

use rusqlite::Connection;

use crate::error::{Error, Result};

/// "HOLD": marks the file as ours.
const APPLICATION_ID: i32 = 0x484f_4c44;

/// What each version adds. A version that was released is never edited: the next one changes it.
const MIGRATIONS: &[&[&str]] = &[&[
    include_str!("schema/0001_records.sql"),
    include_str!("schema/0001_progress.sql"),
    include_str!("schema/0001_sync.sql"),
    include_str!("schema/0001_play.sql"),
    include_str!("schema/0001_sharing.sql"),
    include_str!("schema/0001_prescriptions.sql"),
]];

/// The version this build reads and writes.
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

/// The version of a database, having checked that it is ours and not newer. 0 is an empty file.
pub(crate) fn version(conn: &Connection, path: &Path) -> Result<u32> {
    let failed = |error| Error::sqlite(error, path);
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let found = pragma("user_version").map_err(failed)?;
    let application = pragma("application_id").map_err(failed)?;
    if found == 0 {
        let sql = "SELECT count(*) FROM sqlite_schema";
        let tables: i64 = conn.query_row(sql, [], |row| row.get(0)).map_err(failed)?;
        if tables > 0 || application != 0 {
            return Err(Error::Damaged {
                path: path.to_owned(),
                detail: "it is the database of another program".to_owned(),
            });
        }
        return Ok(0);
    }
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    if application != APPLICATION_ID {
        return Err(Error::Damaged {
            path: path.to_owned(),
            detail: "it is the database of another program".to_owned(),
        });
    }
    if found > VERSION {
        return Err(Error::NewerData { path: path.to_owned(), found, known: VERSION });
    }
    Ok(found)
}

/// Brings a database from `from` to [`VERSION`], each step in one transaction.
pub(crate) fn migrate(conn: &mut Connection, from: u32, path: &Path) -> Result<()> {
    let failed = |error| Error::sqlite(error, path);
    for (to, step) in (1_u32..).zip(MIGRATIONS).skip(from as usize) {
        let tx = conn
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(failed)?;
        for sql in *step {
            tx.execute_batch(sql).map_err(failed)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        tx.pragma_update(None, "user_version", to).map_err(failed)?;
        tx.commit().map_err(failed)?;
    }
    Ok(())
}
