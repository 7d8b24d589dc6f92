//! One connection to one existing SQLite file, and its settings for loading.
//!
//! Data in: a [`Connection`] whose `database` is a path. Data out: a `rusqlite` connection that can write. No setting
//! that outlives the connection is changed: the journal mode stays the same, so a crash loses only the transaction.

use std::path::Path;
use std::time::Duration;

use regex::Regex;
use rusqlite::OpenFlags;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

use super::errors;
use crate::{Connection, LoadError};

/// How long to wait for another writer at the start, where waiting costs no more than starting again, and later.
const BUSY_AT_START: Duration = Duration::from_secs(5);
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Page cache in KiB, so that inserting into a random index does not read pages from the disk for every row.
pub const CACHE_KIB: u32 = 64 * 1024;

pub fn open(connection: &Connection) -> Result<rusqlite::Connection, LoadError> {
    let path = Path::new(&connection.database);
    let fail = |message: &str| Err(errors::connect(connection, message));
    match path.parent() {
        Some(folder) if folder != Path::new("") && !folder.is_dir() => {
            return fail(&format!("no folder `{}`; check the path", folder.display()));
        }
        _ if path.is_dir() => return fail("it is a folder; name a database file"),
        _ if !path.exists() => return fail("no such file; create the database and its tables first"),
        _ => {}
    }
    let db = rusqlite::Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|e| errors::connecting(connection, &e))?;
    prepare(&db).map_err(|e| errors::connecting(connection, &e))?;
    if db.is_readonly("main") != Ok(false) {
        return fail("it can only be read; give write permission to the file and to its folder");
    }
    // Another writer is detected now, not after rows were generated.
    db.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
        .and_then(|()| db.busy_timeout(BUSY_TIMEOUT))
        .map_err(|e| errors::connecting(connection, &e))?;
    Ok(db)
}

/// `X REGEXP Y` is `regexp(Y, X)`, which SQLite leaves to the program.
fn regexp(context: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    let pattern = context.get_or_create_aux(0, |pattern| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Regex::new(pattern.as_str()?)?)
    });
    let text = match context.get_raw(1) {
        ValueRef::Null => return Ok(None),
        _ if context.get_raw(0) == ValueRef::Null => return Ok(None),
        ValueRef::Integer(n) => n.to_string().into(),
        ValueRef::Real(x) => format!("{x:?}").into(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes),
    };
    Ok(Some(pattern?.is_match(&text)))
}

fn prepare(db: &rusqlite::Connection) -> rusqlite::Result<()> {
    let always_the_same = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("regexp", 2, always_the_same, regexp)?;
    db.busy_timeout(BUSY_AT_START)?;
    // The first access to the file: a file that is not a database, or is locked, is detected here.
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    db.pragma_update(None, "foreign_keys", false)?;
    // Sorts for new indexes go to files when they outgrow the page cache: in memory they would take as much as the
    // index.
    db.pragma_update(None, "temp_store", "FILE")?;
    db.pragma_update(None, "cache_size", -i64::from(CACHE_KIB))?;
    let journal: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if journal.eq_ignore_ascii_case("wal") {
        // As safe as FULL against corruption; only a power failure can lose the last commits.
        db.pragma_update(None, "synchronous", "NORMAL")?;
    }
    Ok(())
}
