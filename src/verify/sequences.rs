//! Checks whether the next number of a sequence would collide with an existing row.

use dbmocker_loaders::ident::{literal, quote};

use super::queries::{from, sql_dialect};
use super::{Finding, FindingKind, TableVerdict};
use dbmocker_core::schema::{Auto, Dialect, Schema, Table};
use dbmocker_schema::SchemaError;
use dbmocker_schema::session::Session;

pub(super) fn check(
    session: &mut Session,
    schema: &Schema,
    tables: &[&Table],
    verdicts: &mut [TableVerdict],
) -> Result<(), SchemaError> {
    for (table, verdict) in tables.iter().zip(verdicts) {
        for column in &table.columns {
            let Some(auto) = &column.auto else { continue };
            let Some(sql) = query(schema.dialect, table, &column.name, auto) else { continue };
            verdict.sequences += 1;
            let finding = |kind, detail| Finding { kind, name: column.name.clone(), rows: 0, detail };
            let rows = match session.rows("the sequences", &sql) {
                Ok(rows) => rows,
                Err(SchemaError::Query { message, .. } | SchemaError::Privilege { message, .. }) => {
                    verdict.findings.push(finding(FindingKind::Unchecked, message));
                    continue;
                }
                Err(e) => return Err(e),
            };
            let Some(row) = rows.first() else { continue };
            let (next, max): (Option<i128>, Option<i128>) = (row.maybe("next_value")?, row.maybe("max_value")?);
            if let (Some(next), Some(max)) = (next, max)
                && next <= max
            {
                let detail = format!("the next number is {next}, but the table holds {max} already");
                verdict.findings.push(finding(FindingKind::Sequence, detail));
            }
        }
    }
    Ok(())
}

/// Returns the next number and the largest one in the table. `None` where the server derives the next number from the
/// rows.
fn query(dialect: Dialect, table: &Table, column: &str, auto: &Auto) -> Option<String> {
    let sql = sql_dialect(dialect);
    let max = format!("(select max({}) from {})", quote(sql, column), from(dialect, &table.name, table.in_parts()));
    let name = literal(sql, &table.name.name);
    if let Some(sequence) = auto.sequence() {
        // For a descending sequence the largest value is irrelevant.
        return Some(format!(
            "select s.last_value + case when s.is_called then q.seqincrement else 0 end as next_value, \
             {max} as max_value from {sequence} s, pg_sequence q \
             where q.seqrelid = {}::regclass and q.seqincrement > 0",
            literal(sql, sequence)
        ));
    }
    let next = match auto {
        // MyISAM and Aria number such rows within each value of the columns before it.
        Auto::AutoIncrement if leads(table, column) => format!(
            "select auto_increment from information_schema.tables where table_schema = database() and table_name = {name}"
        ),
        Auto::Rowid { autoincrement: true } => format!("select seq + 1 from sqlite_sequence where name = {name}"),
        _ => return None,
    };
    Some(format!("select ({next}) as next_value, {max} as max_value"))
}

/// Whether a key or an index begins with the column.
fn leads(table: &Table, column: &str) -> bool {
    let key = table.keys.iter().filter_map(|k| k.parts.first()).any(|p| p.column.as_deref() == Some(column));
    let index = |definition: &str| {
        let after = definition.split_once('(').and_then(|(_, parts)| parts.strip_prefix(column));
        after.is_some_and(|rest| rest.starts_with([',', ')', '(']))
    };
    key || table.indexes.iter().any(|i| index(&i.definition))
}
