//! Checks whether the next number of a sequence would collide with an existing row.

use dbmocker_loaders::ident::{literal, quote};

use super::queries::{AT_ONCE, from, sql_dialect};
use super::{Finding, FindingKind, TableVerdict};
use dbmocker_core::schema::{Auto, Column, Dialect, Schema, Table};
use dbmocker_schema::SchemaError;
use dbmocker_schema::session::Session;

/// A sequence to check: its table, its column and the query.
struct SequenceProbe {
    table: usize,
    column: String,
    sql: String,
    /// The numbers fall.
    descending: bool,
}

pub(super) fn check(
    session: &mut Session,
    schema: &Schema,
    tables: &[&Table],
    verdicts: &mut [TableVerdict],
) -> Result<(), SchemaError> {
    let mut probes = Vec::new();
    for (i, table) in tables.iter().enumerate() {
        for column in &table.columns {
            let descending = column.numbering.is_descending();
            let sql = column.auto.as_ref().and_then(|auto| query(schema.dialect, table, column, auto));
            probes.extend(sql.map(|sql| SequenceProbe { table: i, column: column.name.clone(), sql, descending }));
        }
    }
    for probe in &probes {
        verdicts[probe.table].sequences += 1;
    }
    for batch in probes.chunks(AT_ONCE) {
        match numbers(session, schema.dialect, batch) {
            Ok(found) => batch.iter().zip(found).for_each(|(probe, found)| probe.found(Ok(found), verdicts)),
            // One of them, or the session.
            Err(_) => {
                for probe in batch {
                    match numbers(session, schema.dialect, std::slice::from_ref(probe)) {
                        Err(e @ (SchemaError::Query { .. } | SchemaError::Privilege { .. })) => {
                            probe.found(Err(e), verdicts);
                        }
                        found => probe.found(Ok(found?.pop().unwrap_or_default()), verdicts),
                    }
                }
            }
        }
    }
    Ok(())
}

/// Next number and largest one, or smallest where numbers fall; either may be unknown.
type Numbers = (Option<i128>, Option<i128>);

/// Runs the queries as one statement.
fn numbers(session: &mut Session, dialect: Dialect, probes: &[SequenceProbe]) -> Result<Vec<Numbers>, SchemaError> {
    let text = if dialect == Dialect::Mysql { "char" } else { "text" };
    // As texts, because columns of different types count.
    let one = |(i, probe): (usize, &SequenceProbe)| {
        format!(
            "select {i} as i, cast(next_value as {text}) as next_value, cast(max_value as {text}) as max_value from ({}) q{i}",
            probe.sql
        )
    };
    let queries: Vec<String> = probes.iter().enumerate().map(one).collect();
    let mut all = vec![Numbers::default(); probes.len()];
    for row in session.rows("the sequences", &queries.join("\nunion all\n"))? {
        if let Some(numbers) = all.get_mut(row.number::<usize>("i")?) {
            *numbers = (row.maybe("next_value")?, row.maybe("max_value")?);
        }
    }
    Ok(all)
}

impl SequenceProbe {
    fn found(&self, numbers: Result<Numbers, SchemaError>, verdicts: &mut [TableVerdict]) {
        let findings = &mut verdicts[self.table].findings;
        let mut found = |kind, detail| findings.push(Finding { kind, name: self.column.clone(), rows: 0, detail });
        match numbers {
            Ok((Some(next), Some(last))) if if self.descending { next >= last } else { next <= last } => {
                found(FindingKind::Sequence, format!("the next number is {next}, but the table holds {last} already"));
            }
            Ok(_) => {}
            Err(SchemaError::Query { message, .. } | SchemaError::Privilege { message, .. }) => {
                found(FindingKind::Unchecked, message);
            }
            Err(e) => found(FindingKind::Unchecked, e.to_string()),
        }
    }
}

/// Returns the next number and the largest one in the table, or the smallest where numbers fall. `None` where the server derives the next number from the
/// rows.
fn query(dialect: Dialect, table: &Table, column: &Column, auto: &Auto) -> Option<String> {
    let sql = sql_dialect(dialect);
    let furthest = if column.numbering.is_descending() { "min" } else { "max" };
    let column = column.name.as_str();
    let rows = from(dialect, &table.name, table.in_parts());
    let max = format!("(select {furthest}({}) from {rows})", quote(sql, column));
    let name = literal(sql, &table.name.name);
    if let Some(sequence) = auto.sequence() {
        if dialect == Dialect::Mysql {
            return Some(format!("select next_not_cached_value as next_value, {max} as max_value from {sequence}"));
        }
        return Some(format!(
            "select s.last_value + case when s.is_called then q.seqincrement else 0 end as next_value, \
             {max} as max_value from {sequence} s, pg_sequence q where q.seqrelid = {}::regclass",
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
