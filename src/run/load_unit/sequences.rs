//! Sequences after a load.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use crate::run::jobs::TableJob;
use crate::run::sql;
use crate::run::sql_template::filled;

/// Sends, with the next statement, what advances the sequences of a table, so that the next value is greater than the
/// last one loaded.
///
/// # Errors
/// The server refuses a statement.
pub(super) fn advance(loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<(), LoadError> {
    for (column, sequence) in &job.sequences {
        let column = ident::quote(dialect, column);
        let literal = ident::literal(dialect, sequence);
        loader.send_with_next(&format!(
            "SELECT setval({literal}::regclass, m) FROM (SELECT max({column}) AS m FROM {}) AS x \
             WHERE m BETWEEN (SELECT last_value FROM {sequence}) \
             AND (SELECT seqmax FROM pg_catalog.pg_sequence WHERE seqrelid = {literal}::regclass)",
            sql::table(dialect, job)
        ))?;
    }
    Ok(())
}

/// Adds the sequences that columns own to those in the columns' defaults (PostgreSQL).
///
/// # Errors
/// A query fails.
pub(in crate::run) fn add_owned(
    loader: &mut dyn Loader,
    dialect: Dialect,
    jobs: &mut [TableJob],
) -> Result<(), LoadError> {
    let filled_jobs = jobs.iter().enumerate().filter(|(_, job)| job.rows > 0 && !job.done);
    let table = |(place, job): (usize, &TableJob)| {
        format!("({place}, {}::pg_catalog.regclass)", ident::literal(dialect, &sql::table(dialect, job)))
    };
    let tables: Vec<String> = filled_jobs.map(table).collect();
    if dialect != Dialect::Postgres || tables.is_empty() {
        return Ok(());
    }
    for row in loader.query(&filled(include_str!("owned_sequences.sql"), &[("tables", &tables.join(", "))]))? {
        let [Some(place), Some(column), Some(sequence)] = &row[..] else { continue };
        let owned = (column.clone(), sequence.clone());
        if let Some(job) = place.parse::<usize>().ok().and_then(|place| jobs.get_mut(place))
            && !job.sequences.contains(&owned)
        {
            job.sequences.push(owned);
        }
    }
    Ok(())
}
