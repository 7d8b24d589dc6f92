//! Builds the [`Schema`] from PostgreSQL's catalogue: one query per catalogue, for any number of tables.

use std::collections::{BTreeMap, HashMap};

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::{literal, qualified, quote};

use super::RowCounting;
use super::error::SchemaError;
use super::row_counts;
use super::row_counts::{furthest, whole_number_keys};
use super::session::{Session, TextRow};
use crate::trigger_writes::{TriggerEffects, trigger_effects};
use dbmocker_core::schema::lists::split;
use dbmocker_core::schema::*;
use dbmocker_predicate::functions::function;

/// The setting with the schemas left out of the search path of functions, a line for each.
pub const LEFT_OUT: &str = "left_out_of_search_path";

mod bounds;
mod foreign_code;
mod tables;
mod types;

/// Reads everything; the session is unchanged. `trust`: code of other roles may run.
pub(super) fn read(session: &mut Session, trust: bool, counts: RowCounting) -> Result<Schema, SchemaError> {
    let server = session.row("the server's settings", include_str!("postgres/server.sql"))?;
    let path = session.path().cloned().unwrap_or_default();
    let default_schema = path.default_schema.clone().unwrap_or_else(|| "public".into());
    let catalogue = PostgresCatalog::load(session, &default_schema)?;
    let foreign = if trust { HashMap::new() } else { foreign_code::read(session)? };
    let mut schema = Schema {
        dialect: Dialect::Postgres,
        server: format!("PostgreSQL {}", server.text("version")?),
        database: server.string("database")?,
        default_schema,
        tables: Vec::new(),
        functions: functions(session)?,
        skipped: Vec::new(),
        settings: settings(session, &server)?,
    };
    let mut counted = Vec::new();
    for relation in catalogue.relations.iter().filter(|r| !r.is_partition) {
        if let Some(reason) = skip_reason(relation) {
            schema.skipped.push(Skipped { name: relation.name.clone(), reason });
            continue;
        }
        let mut table = catalogue.table(relation)?;
        table.unfit.extend(catalogue.foreign_code(relation, &foreign));
        match (catalogue.holds_pages(relation), relation.can_select) {
            (false, _) => {}
            (true, true) => counted.push(schema.tables.len()),
            (true, false) => table.caveats.push(Caveat::NotCounted),
        }
        schema.tables.push(table);
    }
    foreign_code::spread(&mut schema.tables);
    if counts == RowCounting::Exact {
        row_counts::count(session, &mut schema.tables, &counted, count_query)?;
    }
    Ok(schema)
}

fn functions(session: &mut Session) -> Result<Vec<Function>, SchemaError> {
    let mut all = Vec::new();
    for row in session.rows("the functions (pg_proc)", include_str!("postgres/functions.sql"))? {
        let count: usize = row.number("arguments")?;
        let mut names: Vec<String> = row.json::<Option<Vec<String>>>("argument_names")?.unwrap_or_default();
        names.resize(count, String::new());
        let source = match row.opt("definition") {
            // `RETURN expression` ends the definition of a function with a parsed body.
            Some(definition) => definition.rsplit_once("RETURN ").map_or("", |(_, e)| e).to_owned(),
            None => row.string("source")?,
        };
        let source = if row.opt("definition").is_some() { format!("RETURN {source}") } else { source };
        let language = row.text("language")?;
        let schema = row.string("schema")?;
        let read = function(row.text("name")?, names, language, row.flag("strict"), &source);
        all.extend(read.map(|f| Function { schema, ..f }));
    }
    Ok(all)
}

fn settings(session: &mut Session, server: &TextRow) -> Result<BTreeMap<String, String>, SchemaError> {
    let names = [
        "server_version_num",
        "is_superuser",
        "role",
        "in_recovery",
        "read_only",
        "wal_level",
        "maintenance_work_mem",
        "max_connections",
        "transaction_timeout",
        "server_encoding",
        "lc_monetary",
        "collate",
    ];
    let yes = |flag: bool| if flag { "on" } else { "off" }.to_owned();
    let mut settings: BTreeMap<String, String> =
        names.iter().map(|n| ((*n).to_owned(), server.opt(n).unwrap_or_default().to_owned())).collect();
    for name in ["is_superuser", "in_recovery"] {
        settings.insert(name.into(), yes(server.flag(name)));
    }
    let mut replication_role = server.flag("is_superuser");
    if !replication_role && server.number::<u32>("server_version_num")? >= 150_000 {
        replication_role =
            session.row("the role's rights", include_str!("postgres/replication_role.sql"))?.flag("granted");
    }
    settings.insert("can_set_session_replication_role".into(), yes(replication_role));
    let path = session.path().cloned().unwrap_or_default();
    settings.insert(LEFT_OUT.into(), path.notes().join("\n"));
    settings.insert("search_path".into(), path.of_functions);
    Ok(settings)
}

fn skip_reason(r: &RelationRow) -> Option<String> {
    if let Some(extension) = &r.extension {
        return Some(format!("belongs to the extension {extension}"));
    }
    if r.name.schema == CHUNKS {
        return Some("a chunk of a hypertable, or the rows of a continuous aggregate (TimescaleDB)".into());
    }
    match r.kind.as_str() {
        "v" => Some("a view".into()),
        "m" => Some("a materialized view".into()),
        "f" => Some("a foreign table".into()),
        _ if !r.can_reach => Some(format!("no USAGE privilege on schema {}", r.name.schema)),
        _ => None,
    }
}

/// TimescaleDB's schema for chunks, compressed rows and the rows of continuous aggregates.
const CHUNKS: &str = "_timescaledb_internal";

/// Marks the hypertables, if the database has TimescaleDB.
fn hypertables(s: &mut Session, relations: &mut [RelationRow]) -> Result<(), SchemaError> {
    let catalogue = TableName::new("_timescaledb_catalog", "hypertable");
    if !relations.iter().any(|r| r.name == catalogue && r.can_select) {
        return Ok(());
    }
    for row in s.rows("the hypertables (TimescaleDB)", include_str!("postgres/hypertables.sql"))? {
        let name = TableName::new(row.text("schema_name")?, row.text("table_name")?);
        if let Some(relation) = relations.iter_mut().find(|r| r.name == name) {
            (relation.hypertable, relation.compressed) = (true, row.flag("compressed"));
        }
    }
    Ok(())
}

/// A row of `relations.sql`.
struct RelationRow {
    oid: u32,
    name: TableName,
    kind: String,
    is_partition: bool,
    bound: Option<String>,
    partitioning: Option<(PartitionStrategy, Vec<String>)>,
    inherits: Vec<TableName>,
    extension: Option<String>,
    can_reach: bool,
    can_insert: bool,
    not_emptied: Option<String>,
    can_select: bool,
    no_pages: bool,
    /// TimescaleDB stores its rows in chunks.
    hypertable: bool,
    /// A hypertable some of whose chunks may be compressed.
    compressed: bool,
    row_security_active: bool,
    unlogged: bool,
    comment: Option<String>,
}

impl RelationRow {
    fn new(r: &TextRow) -> Result<Self, SchemaError> {
        let inherits: Option<Vec<(String, String)>> = r.json("inherits")?;
        let strategy = match r.opt("strategy") {
            Some("r") => Some(PartitionStrategy::Range),
            Some("l") => Some(PartitionStrategy::List),
            Some("h") => Some(PartitionStrategy::Hash),
            _ => None,
        };
        Ok(RelationRow {
            oid: r.number("oid")?,
            name: TableName::new(r.text("schema")?, r.text("name")?),
            kind: r.string("kind")?,
            is_partition: r.flag("is_partition"),
            bound: r.opt("bound").map(str::to_owned),
            partitioning: strategy.map(|s| Ok::<_, SchemaError>((s, partition_key(r)?))).transpose()?,
            inherits: inherits.unwrap_or_default().into_iter().map(|(s, n)| TableName::new(s, n)).collect(),
            extension: r.opt("extension").map(str::to_owned),
            can_reach: r.flag("can_reach"),
            can_insert: r.flag("can_insert"),
            not_emptied: r.opt("not_emptied").map(str::to_owned),
            can_select: r.flag("can_select"),
            no_pages: r.flag("no_pages"),
            hypertable: false,
            compressed: false,
            row_security_active: r.flag("row_security_active"),
            unlogged: r.text("persistence")? == "u",
            comment: r.opt("comment").map(str::to_owned),
        })
    }
}

/// Plain columns by name, expressions as text, in the key's order.
fn partition_key(r: &TextRow) -> Result<Vec<String>, SchemaError> {
    let columns: Vec<Option<String>> = r.json("partition_columns")?;
    let mut expressions = split(r.opt("partition_expressions").unwrap_or_default()).into_iter();
    Ok(columns.into_iter().map(|c| c.unwrap_or_else(|| expressions.next().unwrap_or_default().to_owned())).collect())
}

/// All catalogues, each grouped by the table's oid.
struct PostgresCatalog {
    relations: Vec<RelationRow>,
    partitions: HashMap<u32, Vec<usize>>,
    columns: HashMap<u32, Vec<TextRow>>,
    indexes: HashMap<u32, Vec<TextRow>>,
    checks: HashMap<u32, Vec<TextRow>>,
    foreign_keys: HashMap<u32, Vec<TextRow>>,
    exclusions: HashMap<u32, Vec<TextRow>>,
    triggers: HashMap<u32, Vec<TextRow>>,
    policies: HashMap<u32, Vec<TextRow>>,
    /// The effects of functions, by name.
    bodies: BTreeMap<String, TriggerEffects>,
    types: types::Types,
    collations: HashMap<u32, Collation>,
}

/// A catalogue's rows for one table.
fn grouped(session: &mut Session, context: &str, sql: &str) -> Result<HashMap<u32, Vec<TextRow>>, SchemaError> {
    session.grouped(context, sql, |row| row.number("relation"))
}

impl PostgresCatalog {
    fn load(s: &mut Session, default_schema: &str) -> Result<Self, SchemaError> {
        let rows = s.rows("the tables (pg_class)", include_str!("postgres/relations.sql"))?;
        let mut relations: Vec<RelationRow> = rows.iter().map(RelationRow::new).collect::<Result<_, _>>()?;
        hypertables(s, &mut relations)?;
        let mut partitions: HashMap<u32, Vec<usize>> = HashMap::new();
        for (i, row) in rows.iter().enumerate() {
            if let Some(parent) = row.maybe("partition_of")? {
                partitions.entry(parent).or_default().push(i);
            }
        }
        let types = s.rows("the types (pg_type)", include_str!("postgres/types.sql"))?;
        let collations = s.rows("the collations (pg_collation)", include_str!("postgres/collations.sql"))?;
        Ok(PostgresCatalog {
            relations,
            partitions,
            columns: grouped(s, "the columns (pg_attribute)", include_str!("postgres/columns.sql"))?,
            indexes: grouped(s, "the indexes (pg_index)", include_str!("postgres/indexes.sql"))?,
            checks: grouped(s, "the CHECK constraints (pg_constraint)", include_str!("postgres/checks.sql"))?,
            foreign_keys: grouped(s, "the foreign keys (pg_constraint)", include_str!("postgres/foreign_keys.sql"))?,
            exclusions: grouped(s, "the exclusion constraints", include_str!("postgres/exclusions.sql"))?,
            triggers: grouped(s, "the triggers and rules", include_str!("postgres/triggers.sql"))?,
            bodies: s
                .rows("the functions of triggers and CHECKs (pg_proc)", include_str!("postgres/bodies.sql"))?
                .iter()
                .map(|r| Ok((r.string("name")?, trigger_effects(r.opt("body").unwrap_or_default()))))
                .collect::<Result<_, SchemaError>>()?,
            policies: grouped(s, "the policies of row-level security", include_str!("postgres/policies.sql"))?,
            types: types::Types::new(&types, default_schema)?,
            collations: collations.iter().map(|r| Ok((r.number("oid")?, collation(r)?))).collect::<Result<_, _>>()?,
        })
    }

    /// Whether the table, or any of its partitions, has at least one page: without one it is certainly empty.
    fn holds_pages(&self, r: &RelationRow) -> bool {
        match r.kind.as_str() {
            "p" => self.partitions_of(r).any(|p| self.holds_pages(p)),
            _ => !r.no_pages || r.hypertable,
        }
    }

    fn partitions_of(&self, r: &RelationRow) -> impl Iterator<Item = &RelationRow> {
        self.partitions.get(&r.oid).into_iter().flatten().map(|i| &self.relations[*i])
    }
}

/// The differences that a collation ignores. A non-deterministic one is read from its ICU locale: `ks-level1` ignores
/// case and accents, `ks-level2` case; with tailoring rules anything may be equal, so both are assumed.
fn collation(r: &TextRow) -> Result<Collation, SchemaError> {
    let locale = r.text("locale")?.to_lowercase();
    let (case, accent) = if r.flag("deterministic") {
        (false, false)
    } else if !r.text("rules")?.is_empty() || locale.contains("colstrength=primary") {
        (true, true)
    } else if locale.contains("ks-level1") {
        (!locale.contains("kc-true") && !locale.contains("kc-u"), true)
    } else {
        (locale.contains("ks-level2") || locale.contains("colstrength=secondary"), false)
    };
    Ok(Collation {
        name: r.string("name")?,
        case_insensitive: case,
        accent_insensitive: accent,
        ..Collation::default()
    })
}

/// Partitions are included; tables that only inherit are not.
fn count_query(i: usize, table: &Table) -> String {
    let pairs: Vec<String> = whole_number_keys(table)
        .into_iter()
        .map(|c| format!("{}, {}({})::text", literal(Sql::Postgres, c), furthest(table, c), quote(Sql::Postgres, c)))
        .collect();
    // A function takes at most 100 arguments: 50 pairs.
    let objects: Vec<String> = pairs.chunks(40).map(|p| format!("jsonb_build_object({})", p.join(", "))).collect();
    let max = if objects.is_empty() { "'{}'::jsonb".to_owned() } else { objects.join(" || ") };
    let only = if table.in_parts() { "" } else { "only " };
    let name = qualified(Sql::Postgres, &table.name.schema, &table.name.name);
    format!("select {i} as i, count(*) as n, ({max})::text as max from {only}{name}")
}
