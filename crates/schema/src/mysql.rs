//! Builds the [`Schema`] from `information_schema` of MySQL and MariaDB: one query per catalogue, for any number of
//! tables.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::{literal, qualified, quote};

use super::RowCounting;
use super::error::SchemaError;
use super::row_counts;
use super::row_counts::{furthest, whole_number_keys};
use super::session::{Session, TextRow};
use dbmocker_core::schema::*;

mod grants;
mod partitions;
mod tables;
mod types;

/// Reads everything; afterwards the session has another `sql_mode` than the server's default.
pub(super) fn read(session: &mut Session, counts: RowCounting) -> Result<Schema, SchemaError> {
    let server = session.row("the server's version", include_str!("mysql/server.sql"))?;
    let version = server.string("version")?;
    let mariadb = version.contains("MariaDB") || server.text("version_comment")?.contains("mariadb");
    let database = server.string("database")?;
    let mut settings = BTreeMap::new();
    for row in session.rows("the server's settings", include_str!("mysql/variables.sql"))? {
        settings.insert(row.string("variable_name")?.to_lowercase(), row.string("value")?);
    }
    settings.insert("flavour".into(), if mariadb { "mariadb" } else { "mysql" }.into());
    settings.insert("account".into(), server.string("account")?);
    if !mariadb {
        // MySQL 8 answers AUTO_INCREMENT from a cache that may be a day old.
        let _ = session.rows("session settings", "set session information_schema_stats_expiry = 0");
    }
    // Expressions are printed for the session's mode: with ANSI_QUOTES, names would look like string literals.
    session.rows("session settings", "set session sql_mode = ''")?;
    let catalogue = MysqlCatalog::load(session, mariadb, &database)?;
    let mut schema = Schema {
        dialect: Dialect::Mysql,
        server: if mariadb { version } else { format!("MySQL {version}") },
        default_schema: database.clone(),
        database,
        tables: Vec::new(),
        functions: Vec::new(),
        skipped: Vec::new(),
        settings,
    };
    for row in &catalogue.tables {
        let name = TableName::new(&schema.database, row.text("table_name")?);
        match row.text("table_type")? {
            "BASE TABLE" | "SYSTEM VERSIONED" => match row.opt("engine").and_then(elsewhere) {
                None => schema.tables.push(catalogue.table(row, name)?),
                Some(reason) => schema.skipped.push(Skipped { name, reason }),
            },
            kind => {
                let reason = if kind.contains("VIEW") { "a view".into() } else { format!("a {}", kind.to_lowercase()) };
                schema.skipped.push(Skipped { name, reason });
            }
        }
    }
    own_parent_names(&mut schema.tables);
    parents_elsewhere(session, mariadb, &mut schema)?;
    let all: Vec<usize> = (0..schema.tables.len()).collect();
    if counts == RowCounting::Exact {
        row_counts::count(session, &mut schema.tables, &all, count_query)?;
    }
    Ok(schema)
}

/// Why a table of this engine is not filled: it stores no rows itself, and a trial could not be rolled back.
fn elsewhere(engine: &str) -> Option<String> {
    Some(match engine.to_uppercase().as_str() {
        "MRG_MYISAM" | "MERGE" => "a MERGE table: its rows are those of the tables below it".into(),
        "BLACKHOLE" => "a BLACKHOLE table: it keeps no rows".into(),
        engine @ ("FEDERATED" | "CONNECT" | "SPIDER" | "S3" | "SPHINX" | "SEQUENCE") => {
            format!("a {engine} table: its rows are somewhere else")
        }
        _ => return None,
    })
}

/// Reads the tables of other databases to which foreign keys refer; these tables are never written to.
fn parents_elsewhere(session: &mut Session, mariadb: bool, schema: &mut Schema) -> Result<(), SchemaError> {
    let foreign = schema.tables.iter().flat_map(|t| &t.foreign_keys).map(|fk| &fk.parent);
    let wanted: BTreeSet<TableName> = foreign.filter(|p| p.schema != schema.database).cloned().collect();
    let databases: BTreeSet<String> = wanted.iter().map(|t| t.schema.clone()).collect();
    for database in &databases {
        match session.rows("another database", &format!("use {}", quote(Sql::Mysql, database))) {
            Ok(_) => {}
            // Their parents stay unknown, which the plan reports.
            Err(SchemaError::Privilege { .. } | SchemaError::Query { .. }) => continue,
            Err(e) => return Err(e),
        }
        let catalogue = MysqlCatalog::load(session, mariadb, database)?;
        for row in &catalogue.tables {
            let name = TableName::new(database, row.text("table_name")?);
            if wanted.contains(&name) {
                let table = catalogue.table(row, name)?;
                schema.tables.push(Table {
                    foreign_keys: Vec::new(),
                    checks: Vec::new(),
                    triggers: Vec::new(),
                    outside: true,
                    ..table
                });
            }
        }
    }
    if !databases.is_empty() {
        session.rows("the database", &format!("use {}", quote(Sql::Mysql, &schema.database)))?;
    }
    Ok(())
}

/// All catalogues, each grouped by table name.
struct MysqlCatalog {
    mariadb: bool,
    database: String,
    grants: grants::Grants,
    tables: Vec<TextRow>,
    columns: HashMap<String, Vec<TextRow>>,
    srids: HashMap<(String, String), i32>,
    indexes: HashMap<String, Vec<TextRow>>,
    foreign_keys: HashMap<String, Vec<TextRow>>,
    checks: HashMap<String, Vec<TextRow>>,
    partitions: HashMap<String, Vec<TextRow>>,
    default_partitions: HashMap<String, String>,
    triggers: HashMap<String, Vec<TextRow>>,
    /// MariaDB's sequences that number columns.
    sequences: HashMap<String, Numbering>,
}

/// A catalogue's rows for one table.
fn grouped(session: &mut Session, context: &str, sql: &str) -> Result<HashMap<String, Vec<TextRow>>, SchemaError> {
    session.grouped(context, sql, |row| row.string("table_name"))
}

impl MysqlCatalog {
    fn load(s: &mut Session, mariadb: bool, database: &str) -> Result<Self, SchemaError> {
        let mut srids = HashMap::new();
        if mariadb {
            for row in s.rows("the spatial columns", include_str!("mysql/geometry.sql"))? {
                srids.insert((row.string("table_name")?, row.string("column_name")?), row.number("srid")?);
            }
        }
        let partitions = grouped(s, "the partitions", include_str!("mysql/partitions.sql"))?;
        let mut default_partitions = HashMap::new();
        for (table, _) in partitions.iter().filter(|(_, rows)| partitions::may_hide_default(rows)) {
            let row = s.row("a partitioned table", &format!("show create table {}", quote(Sql::Mysql, table)))?;
            let name = row.opt("create table").and_then(partitions::default_partition);
            default_partitions.extend(name.map(|name| (table.clone(), name)));
        }
        let columns = grouped(s, "the columns", include_str!("mysql/columns.sql"))?;
        let sequences = if mariadb { sequences(s, &columns)? } else { HashMap::new() };
        Ok(MysqlCatalog {
            mariadb,
            database: database.into(),
            grants: grants::Grants::read(s)?,
            tables: s.rows("the tables", include_str!("mysql/tables.sql"))?,
            columns,
            sequences,
            srids,
            indexes: grouped(s, "the indexes", include_str!("mysql/indexes.sql"))?,
            foreign_keys: grouped(s, "the foreign keys", include_str!("mysql/foreign_keys.sql"))?,
            checks: checks(s, mariadb)?,
            partitions,
            default_partitions,
            triggers: grouped(s, "the triggers", include_str!("mysql/triggers.sql"))?,
        })
    }
}

/// The numbering of the sequences in the defaults of columns; those that may not be read are left out.
fn sequences(
    s: &mut Session,
    columns: &HashMap<String, Vec<TextRow>>,
) -> Result<HashMap<String, Numbering>, SchemaError> {
    let defaults = columns.values().flatten().filter_map(|row| row.opt("column_default"));
    let named: BTreeSet<&str> = defaults.filter_map(tables::next_value).collect();
    let mut out = HashMap::new();
    for name in named {
        let sql = format!("select start_value, increment, minimum_value, maximum_value from {name}");
        let row = match s.row("a sequence", &sql) {
            Err(SchemaError::Privilege { .. } | SchemaError::Query { .. }) => continue,
            row => row?,
        };
        let numbering = Numbering {
            start: row.number("start_value")?,
            step: row.number("increment")?,
            most: row.number("maximum_value")?,
            least: row.number("minimum_value")?,
        };
        // 0 stands for the server's `auto_increment_increment`.
        let step = if numbering.step == 0 { 1 } else { numbering.step };
        out.insert(name.to_owned(), Numbering { step, ..numbering });
    }
    Ok(out)
}

/// MySQL before 8.0.16 has no CHECKs and no table of them.
fn checks(s: &mut Session, mariadb: bool) -> Result<HashMap<String, Vec<TextRow>>, SchemaError> {
    let sql = if mariadb { include_str!("mysql/checks_mariadb.sql") } else { include_str!("mysql/checks_mysql.sql") };
    match grouped(s, "the CHECK constraints", sql) {
        Err(SchemaError::Query { code: Some(code), .. }) if code == "1109" => Ok(HashMap::new()),
        other => other,
    }
}

/// Maxima as text because they may exceed 64 bits signed.
fn count_query(i: usize, table: &Table) -> String {
    let pairs: Vec<String> = whole_number_keys(table)
        .into_iter()
        .map(|c| format!("{}, cast({}({}) as char)", literal(Sql::Mysql, c), furthest(table, c), quote(Sql::Mysql, c)))
        .collect();
    let name = qualified(Sql::Mysql, &table.name.schema, &table.name.name);
    // In MariaDB the result column of a UNION of only empty `json_object()` is too short for the braces.
    let max = if pairs.is_empty() { "'{}'".to_owned() } else { format!("json_object({})", pairs.join(", ")) };
    format!("select {i} as i, count(*) as n, {max} as max from {name}")
}

/// Sets parents' names as in their own tables: a server with case-insensitive names returns the name as written in the
/// REFERENCES clause.
fn own_parent_names(tables: &mut [Table]) {
    let same = |a: &TableName, b: &TableName| a.to_string().to_lowercase() == b.to_string().to_lowercase();
    let names: Vec<TableName> = tables.iter().map(|t| t.name.clone()).collect();
    for fk in tables.iter_mut().flat_map(|t| &mut t.foreign_keys) {
        if !names.contains(&fk.parent)
            && let Some(own) = names.iter().find(|n| same(n, &fk.parent))
        {
            fk.parent = own.clone();
        }
    }
}
