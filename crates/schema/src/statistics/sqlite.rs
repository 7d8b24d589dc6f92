//! SQLite: `sqlite_stat1`, which `ANALYZE` makes: rows, and rows for each value of an index's first column.
//!
//! `sqlite_stat4` is not read: it holds real values with their keys, and no frequencies of columns without an index.
//! `--scan` computes more figures without keeping values.

use super::{Statistics, TableStatistics};
use crate::error::SchemaError;
use crate::session::Session;
use dbmocker_core::schema::{Schema, TableName};

/// Reads the results of `ANALYZE`.
pub(super) fn read(session: &mut Session, schema: &Schema) -> Result<Statistics, SchemaError> {
    let mut statistics = Statistics { read: vec!["sqlite_schema", "sqlite_stat1"], ..Statistics::default() };
    for table in &schema.tables {
        let command =
            format!("ANALYZE {}", dbmocker_loaders::ident::quote(dbmocker_loaders::Dialect::Sqlite, &table.name.name));
        statistics.tables.insert(table.name.clone(), TableStatistics { command, ..TableStatistics::default() });
    }
    let there = session.rows("the statistics", "select 1 from sqlite_schema where name = 'sqlite_stat1'")?;
    if there.is_empty() {
        return Ok(statistics);
    }
    let sql =
        "select s.tbl as name, s.stat, (select i.name from pragma_index_info(s.idx) i where i.seqno = 0) as column_name
                 from sqlite_stat1 s order by s.tbl, s.idx";
    for row in session.rows("the statistics (sqlite_stat1)", sql)? {
        let name = TableName::new("main", row.text("name")?);
        let Some(table) = statistics.tables.get_mut(&name) else { continue };
        let mut figures = row.text("stat")?.split(' ').map_while(|n| n.parse::<f64>().ok());
        let Some(rows) = figures.next() else { continue };
        table.rows = Some(rows);
        if let (Some(column), Some(each)) = (row.opt("column_name"), figures.next().filter(|each| *each > 0.0)) {
            table.columns.entry(column.to_owned()).or_default().distinct = Some((rows / each).round().max(1.0));
        }
    }
    Ok(statistics)
}
