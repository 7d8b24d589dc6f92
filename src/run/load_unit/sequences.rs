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
        let table = sql::table(dialect, job);
        if dialect == Dialect::Mysql {
            // SETVAL takes a literal, and ignores a number that the sequence has passed.
            let furthest = format!(
                "SELECT CASE WHEN increment < 0 THEN (SELECT min({column}) FROM {table}) \
                 ELSE (SELECT max({column}) FROM {table}) END, minimum_value, maximum_value FROM {sequence}"
            );
            let found = loader.query(&furthest)?;
            let number = |i: usize| found.first()?.get(i)?.as_deref()?.parse::<i128>().ok();
            if let (Some(last), Some(least), Some(most)) = (number(0), number(1), number(2))
                && (least..=most).contains(&last)
            {
                loader.query(&format!("SELECT setval({sequence}, {last})"))?;
            }
            continue;
        }
        loader.send_with_next(&format!(
            "SELECT setval({literal}::regclass, m) FROM (SELECT q.*, last_value AS passed, CASE WHEN seqincrement < 0 \
             THEN (SELECT min({column}) FROM {table}) ELSE (SELECT max({column}) FROM {table}) END AS m \
             FROM {sequence}, pg_catalog.pg_sequence AS q WHERE seqrelid = {literal}::regclass) AS x \
             WHERE CASE WHEN seqincrement < 0 THEN m BETWEEN seqmin AND passed ELSE m BETWEEN passed AND seqmax END"
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
