//! Builds the [`Schema`] from pragmas and the text of `sqlite_schema`.

use std::collections::HashMap;

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::{literal, quote};

use super::RowCounting;
use super::error::SchemaError;
use super::row_counts;
use super::row_counts::whole_number_keys;
use super::session::{Session, TextRow};
use crate::trigger_constraints;
use dbmocker_core::schema::*;

mod ddl;
mod raises;
mod tables;
mod tokens;
mod types;
mod unknown;

pub use ddl::without_keys;

/// Reads the `main` database of the file.
pub(super) fn read(session: &mut Session, path: &str, counts: RowCounting) -> Result<Schema, SchemaError> {
    let server = session.row("the library's version", include_str!("sqlite/server.sql"))?;
    let names = ["journal_mode", "encoding", "page_size", "auto_vacuum", "user_version", "application_id"];
    let settings = names.iter().map(|n| ((*n).to_owned(), server.opt(n).unwrap_or_default().to_owned())).collect();
    let catalogue = SqliteCatalog::load(session)?;
    let mut schema = Schema {
        dialect: Dialect::Sqlite,
        server: format!("SQLite {}", server.text("version")?),
        database: path.to_owned(),
        default_schema: "main".into(),
        tables: Vec::new(),
        functions: Vec::new(),
        skipped: Vec::new(),
        settings,
    };
    for row in &catalogue.tables {
        let name = TableName::new("main", row.text("name")?);
        let reason = match row.text("kind")? {
            "table" => {
                schema.tables.push(catalogue.table(row)?);
                continue;
            }
            "view" => "a view".to_owned(),
            "shadow" => "a shadow table, kept by its virtual table".into(),
            kind => format!("a {kind} table"),
        };
        schema.skipped.push(Skipped { name, reason });
    }
    catalogue.trigger_constraint(&mut schema.tables)?;
    catalogue.unknown(session, &mut schema.tables)?;
    mismatches(&mut schema.tables);
    let all: Vec<usize> = (0..schema.tables.len()).collect();
    if counts == RowCounting::Exact {
        row_counts::count(session, &mut schema.tables, &all, count_query)?;
    }
    Ok(schema)
}

/// The pragmas' results, grouped by table.
struct SqliteCatalog {
    tables: Vec<TextRow>,
    columns: HashMap<String, Vec<TextRow>>,
    indexes: HashMap<String, Vec<TextRow>>,
    foreign_keys: HashMap<String, Vec<TextRow>>,
    triggers: HashMap<String, Vec<TextRow>>,
}

/// A pragma's rows for one table; the case of its name is ignored.
fn grouped(session: &mut Session, context: &str, sql: &str) -> Result<HashMap<String, Vec<TextRow>>, SchemaError> {
    session.grouped(context, sql, |row| Ok(row.text("table_name")?.to_lowercase()))
}

impl SqliteCatalog {
    fn load(s: &mut Session) -> Result<Self, SchemaError> {
        Ok(SqliteCatalog {
            tables: s.rows("the tables", include_str!("sqlite/tables.sql"))?,
            columns: grouped(s, "the columns", include_str!("sqlite/columns.sql"))?,
            indexes: grouped(s, "the indexes", include_str!("sqlite/indexes.sql"))?,
            foreign_keys: grouped(s, "the foreign keys", include_str!("sqlite/foreign_keys.sql"))?,
            triggers: grouped(s, "the triggers", include_str!("sqlite/triggers.sql"))?,
        })
    }
}

impl SqliteCatalog {
    /// Adds the conditions under which INSERT triggers raise, as foreign keys and CHECKs.
    fn trigger_constraint(&self, tables: &mut [Table]) -> Result<(), SchemaError> {
        for t in 0..tables.len() {
            for row in self.triggers.get(&tables[t].name.name.to_lowercase()).into_iter().flatten() {
                let sql = row.text("sql")?;
                if !ddl::trigger_event(sql).ends_with("INSERT") {
                    continue;
                }
                for refused in raises::refusals(sql) {
                    if let Some(trigger_constraint) = trigger_constraints::trigger_constraint(&refused, Dialect::Sqlite)
                    {
                        trigger_constraints::keep(tables, t, row.text("name")?, trigger_constraint);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Adds a caveat for each foreign key to columns that are not unique: SQLite lets it be declared, and refuses every
/// statement that would enforce it ("foreign key mismatch").
fn mismatches(tables: &mut [Table]) {
    let unique = |fk: &ForeignKey| {
        let Some(parent) = tables.iter().find(|t| t.name == fk.parent) else { return true };
        let same = |columns: &[&str]| {
            columns.len() == fk.parent_columns.len() && fk.parent_columns.iter().all(|c| columns.contains(&c.as_str()))
        };
        parent.keys.iter().any(|k| k.predicate.is_none() && k.plain_columns().is_some_and(|k| same(&k)))
    };
    let caveat = |fk: &ForeignKey| Caveat::Mismatch {
        foreign_key: fk.name.clone(),
        parent: fk.parent.name.clone(),
        columns: fk.parent_columns.clone(),
    };
    let of = |t: &Table| t.foreign_keys.iter().filter(|fk| fk.validated && !unique(fk)).map(caveat).collect();
    let found: Vec<Vec<Caveat>> = tables.iter().map(of).collect();
    tables.iter_mut().zip(found).for_each(|(t, found)| t.caveats.extend(found));
}

/// Key columns may contain values other than integers.
fn count_query(i: usize, table: &Table) -> String {
    let pair = |c: &str| {
        let column = quote(Sql::Sqlite, c);
        format!(
            "{}, cast(max(case when typeof({column}) = 'integer' then {column} end) as text)",
            literal(Sql::Sqlite, c)
        )
    };
    let pairs: Vec<String> = whole_number_keys(table).into_iter().map(pair).collect();
    let name = quote(Sql::Sqlite, &table.name.name);
    format!("select {i} as i, count(*) as n, json_object({}) as max from {name}", pairs.join(", "))
}
