//! DDL that SQLite accepts is read and planned, or refused.
#![no_main]

use dbmocker_planner::{NoExistingRows, PlanOptions, build};
use dbmocker_schema::{ConnectArgs, connection, read};
use libfuzzer_sys::fuzz_target;
use rusqlite::limits::Limit;

fuzz_target!(|ddl: &str| {
    let file = tempfile::NamedTempFile::new().expect("the temporary folder is writable");
    let Ok(database) = rusqlite::Connection::open(file.path()) else { return };
    let _ = database.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0);
    // A statement that never ends is SQLite's, not dbmocker's.
    database.progress_handler(100_000, Some(|| true)).expect("the handler is set");
    let _ = database.execute_batch(ddl);
    drop(database);
    let url = format!("sqlite://{}", file.path().display());
    let Ok(found) = connection(&ConnectArgs { url: Some(url), ..ConnectArgs::default() }) else { return };
    let Ok(schema) = read(&found.connection) else { return };
    let options = PlanOptions { rows: 20, seed: 42, now: 1_735_689_600_000_000, skip_unsolved: true, ..PlanOptions::default() };
    let _ = build(&schema, &options, &NoExistingRows);
});
