//! Statements that more than one step makes.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::jobs::TableJob;
use dbmocker_core::schema::Deferrable;

/// Begins a transaction.
pub(super) fn begin(dialect: Dialect) -> &'static str {
    if dialect == Dialect::Mysql { "START TRANSACTION" } else { "BEGIN" }
}

/// The table that a job fills, as statements name it.
pub(super) fn table(dialect: Dialect, job: &TableJob) -> String {
    ident::qualified(dialect, &job.target.schema, &job.target.table)
}

/// The same without the tables that inherit from it, where these are others.
pub(super) fn alone(dialect: Dialect, job: &TableJob) -> String {
    let only = if job.only { "ONLY " } else { "" };
    format!("{only}{}", table(dialect, job))
}

/// The rows that the table holds now.
///
/// # Errors
/// If the server cannot be asked.
pub(super) fn count(loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<u64, LoadError> {
    // Policies of row-level security are asked.
    let rows = loader.calling_functions().query(&format!("SELECT count(*) FROM {}", alone(dialect, job)))?;
    let text = rows.first().and_then(|r| r.first()).cloned().flatten().unwrap_or_default();
    text.parse().map_err(|_| LoadError::Table {
        table: job.name.to_string(),
        message: format!("count(*) gave `{text}`"),
        code: None,
    })
}

/// Lets foreign keys inside rings wait for the end of the transaction, or has them as they were declared (PostgreSQL).
///
/// # Errors
/// What the server says against it.
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
            loader.execute(&format!("ALTER TABLE {table} ALTER CONSTRAINT {name} {how}"))?;
        }
    }
    if on {
        loader.execute("SET CONSTRAINTS ALL DEFERRED")?;
    }
    Ok(())
}
