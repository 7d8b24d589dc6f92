//! Statements used by more than one step.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::jobs::TableJob;
use dbmocker_core::schema::Deferrable;

/// Begins a transaction. On PostgreSQL its checks see rows that other transactions of the run commit meanwhile.
pub(super) fn begin(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Mysql => "START TRANSACTION",
        Dialect::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        Dialect::Sqlite => "BEGIN",
    }
}

/// The table that a job fills, as statements name it.
pub(super) fn table(dialect: Dialect, job: &TableJob) -> String {
    ident::qualified(dialect, &job.target.schema, &job.target.table)
}

/// The same without tables that inherit from it, where these hold separate rows.
pub(super) fn alone(dialect: Dialect, job: &TableJob) -> String {
    let only = if job.only { "ONLY " } else { "" };
    format!("{only}{}", table(dialect, job))
}

/// The rows that the tables hold now, after the statements of `first` (each ended by `;`), in one request.
///
/// # Errors
/// If a query or one of the first statements fails.
pub(super) fn counts_after(
    loader: &mut dyn Loader,
    dialect: Dialect,
    first: &str,
    jobs: &[&TableJob],
) -> Result<Vec<u64>, LoadError> {
    let mut all = Vec::with_capacity(jobs.len());
    let mut first = first;
    // SQLite allows 500 parts of a UNION.
    for some in jobs.chunks(200) {
        let one =
            |(i, job): (usize, &&TableJob)| format!("SELECT {i} AS i, count(*) AS n FROM {}", alone(dialect, job));
        let sql: Vec<String> = some.iter().enumerate().map(one).collect();
        // Policies of row-level security, and triggers fired by `first`, call functions of the schema.
        let rows = loader.calling_functions().query(&format!("{first}{}", sql.join(" UNION ALL ")))?;
        first = "";
        let number = |row: &[Option<String>], i: usize| row.get(i)?.as_ref()?.parse::<u64>().ok();
        for (i, job) in some.iter().enumerate() {
            let found = rows.iter().find(|row| number(row, 0) == Some(i as u64)).and_then(|row| number(row, 1));
            all.push(found.ok_or_else(|| LoadError::Table {
                table: job.name.to_string(),
                message: "the server gave no count of its rows".into(),
                code: None,
            })?);
        }
    }
    if !first.is_empty() {
        loader.calling_functions().execute(first)?;
    }
    Ok(all)
}

/// The rows that the table holds now.
///
/// # Errors
/// If a query fails.
pub(super) fn count(loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<u64, LoadError> {
    Ok(counts_after(loader, dialect, "", &[job])?.pop().unwrap_or_default())
}

/// What runs before the counts that hold after COMMIT: deferred constraints and triggers (PostgreSQL).
pub(super) fn check_deferred(dialect: Dialect) -> &'static str {
    if dialect == Dialect::Postgres { "SET CONSTRAINTS ALL IMMEDIATE; " } else { "" }
}

/// Returns true if foreign keys inside a cycle are deferred to the end of the transaction: only PostgreSQL checks them
/// for each statement.
pub(super) fn defers<'a>(dialect: Dialect, jobs: impl IntoIterator<Item = &'a TableJob>) -> bool {
    dialect == Dialect::Postgres && jobs.into_iter().any(|job| !job.deferred.is_empty())
}

/// Sends, with the next statement, what defers the foreign keys inside cycles to the end of the transaction, or restores
/// their declared mode (PostgreSQL).
///
/// # Errors
/// The server refuses a statement.
pub(super) fn defer<'a>(
    loader: &mut dyn Loader,
    jobs: impl IntoIterator<Item = &'a TableJob>,
    on: bool,
) -> Result<(), LoadError> {
    let how = if on { "DEFERRABLE INITIALLY DEFERRED" } else { "NOT DEFERRABLE" };
    for job in jobs {
        let table = table(Dialect::Postgres, job);
        for (name, _) in job.deferred.iter().filter(|(_, declared)| *declared == Deferrable::No) {
            let name = ident::quote(Dialect::Postgres, name);
            loader.send_with_next(&format!("ALTER TABLE {table} ALTER CONSTRAINT {name} {how}"))?;
        }
    }
    if on {
        loader.send_with_next("SET CONSTRAINTS ALL DEFERRED")?;
    }
    Ok(())
}
