//! The state of tables before the run: exact row counts and the largest integers of their keys.

use dbmocker_loaders::postgres::StatementMode;
use std::collections::{BTreeMap, BTreeSet};

use super::error::SchemaError;
use super::session::{Session, TextRow};
use dbmocker_core::schema::SqlType;
use dbmocker_core::schema::{Caveat, Table};

/// Tables counted in one statement; SQLite allows 500 parts of a UNION.
const AT_ONCE: usize = 50;

/// Counts `tables[i]` for every `i` of `wanted`. `query` returns columns `i`, `n` (rows) and `max` (a JSON object of
/// texts). A table without the SELECT privilege gets an obstacle, a table whose query fails is marked as unfit; the
/// others are still counted.
pub(super) fn count(
    session: &mut Session,
    tables: &mut [Table],
    wanted: &[usize],
    query: impl Fn(usize, &Table) -> String,
) -> Result<(), SchemaError> {
    let context = "the row counts";
    let manner = StatementMode { reads_rows: true, ..StatementMode::default() };
    for batch in wanted.chunks(AT_ONCE) {
        let parts: Vec<String> = batch.iter().map(|i| query(*i, &tables[*i])).collect();
        match session.rows_by(context, &parts.join("\nunion all\n"), manner) {
            Err(SchemaError::Privilege { .. } | SchemaError::Query { .. }) => {
                for (i, part) in batch.iter().zip(&parts) {
                    match session.rows_by(context, part, manner) {
                        Err(SchemaError::Privilege { .. }) => tables[*i].caveats.push(Caveat::NotCounted),
                        Err(SchemaError::Query { message, .. }) => {
                            if tables[*i].unfit.is_empty() {
                                tables[*i].unfit.push(format!("it cannot be read: {message}"));
                            }
                        }
                        rows => store(&rows?, tables)?,
                    }
                }
            }
            rows => store(&rows?, tables)?,
        }
    }
    Ok(())
}

fn store(rows: &[TextRow], tables: &mut [Table]) -> Result<(), SchemaError> {
    for row in rows {
        let max: BTreeMap<String, Option<String>> = row.json("max")?;
        let existing = &mut tables[row.number::<usize>("i")?].existing;
        existing.rows = row.number("n")?;
        existing.max = max.into_iter().filter_map(|(c, m)| Some((c, m?.parse().ok()?))).collect();
    }
    Ok(())
}

/// The aggregate that finds the number after which a column of [`whole_number_keys`] goes on.
pub(super) fn furthest(table: &Table, column: &str) -> &'static str {
    if table.column(column).is_some_and(|c| c.auto.is_some() && c.numbering.is_descending()) { "min" } else { "max" }
}

/// Integer columns of keys, and integer columns that the server numbers.
pub(super) fn whole_number_keys(table: &Table) -> Vec<&str> {
    let keyed: BTreeSet<&str> = table.keys.iter().flat_map(|k| &k.parts).filter_map(|p| p.column.as_deref()).collect();
    let whole = |ty: &SqlType| matches!(ty, SqlType::Int { .. } | SqlType::Decimal { scale: ..=0, precision: 1.., .. });
    let columns = table.columns.iter();
    let chosen = columns.filter(|c| (keyed.contains(c.name.as_str()) || c.auto.is_some()) && whole(&c.ty));
    chosen.map(|c| c.name.as_str()).collect()
}
