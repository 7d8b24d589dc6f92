//! The queries that count rows, orphans and violated CHECKs, in batches of one statement.

use std::collections::HashMap;
use std::time::Duration;

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::{literal, qualified, quote};
use dbmocker_loaders::postgres::StatementMode;

use super::{Depth, Finding, FindingKind, TableVerdict};
use dbmocker_core::schema::{Dialect, ForeignKey, Partitioning, Schema, Table, TableName};
use dbmocker_planner::{DeclaredReference, DeclaredTargets};
use dbmocker_schema::SchemaError;
use dbmocker_schema::calls_functions;
use dbmocker_schema::session::{Session, TextRow};

/// Counts gathered in one statement.
pub(super) const AT_ONCE: usize = 100;
/// Time limit for a CHECK that calls functions, which may never end, and the additional time per row.
const PATIENCE: Duration = Duration::from_secs(10);
const A_ROW: Duration = Duration::from_millis(10);
/// Counts read the rows of tables of any kind.
const ROWS: StatementMode<'static> =
    StatementMode { reads_rows: true, calls_functions: false, limit: None, scene: None };

pub(super) fn sql_dialect(dialect: Dialect) -> Sql {
    match dialect {
        Dialect::Postgres => Sql::Postgres,
        Dialect::Mysql => Sql::Mysql,
        Dialect::Sqlite => Sql::Sqlite,
    }
}

/// A table's name in FROM: on PostgreSQL without the tables that inherit from it, but with its partitions.
pub(super) fn from(dialect: Dialect, name: &TableName, partitioned: bool) -> String {
    let only = if dialect == Dialect::Postgres && !partitioned { "only " } else { "" };
    format!("{only}{}", qualified(sql_dialect(dialect), &name.schema, &name.name))
}

pub(super) fn count_rows(
    session: &mut Session,
    schema: &Schema,
    tables: &[&Table],
    verdicts: &mut [TableVerdict],
) -> Result<(), SchemaError> {
    let queries: Vec<String> = tables
        .iter()
        .map(|t| format!("select count(*) as n from {}", from(schema.dialect, &t.name, t.in_parts())))
        .collect();
    let context = "the row counts";
    for (batch, verdicts) in queries.chunks(AT_ONCE).zip(verdicts.chunks_mut(AT_ONCE)) {
        match counts(session, context, batch, ROWS) {
            Ok(found) => found.into_iter().for_each(|(i, n)| verdicts[i].rows = n),
            Err(SchemaError::Query { .. } | SchemaError::Privilege { .. }) => {
                for (query, verdict) in batch.iter().zip(verdicts) {
                    match counts(session, context, std::slice::from_ref(query), ROWS) {
                        Ok(found) => verdict.rows = found.first().map_or(0, |x| x.1),
                        Err(e @ (SchemaError::Query { .. } | SchemaError::Privilege { .. })) => {
                            verdict.findings.push(Finding {
                                kind: FindingKind::Unchecked,
                                name: super::UNCOUNTED.into(),
                                rows: 0,
                                detail: e.to_string(),
                            })
                        }
                        Err(e) => return Err(e),
                    }
                }
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Runs `select count(*) as n ...` queries as one statement; returns (position, count).
fn counts(
    session: &mut Session,
    context: &str,
    queries: &[String],
    manner: StatementMode<'_>,
) -> Result<Vec<(usize, u64)>, SchemaError> {
    let numbered: Vec<String> =
        queries.iter().enumerate().map(|(i, q)| format!("select {i} as i, n from ({q}) q{i}")).collect();
    let rows = session.rows_by(context, &numbered.join("\nunion all\n"), manner)?;
    rows.iter().map(|r| Ok((r.number("i")?, r.number("n")?))).collect()
}

/// One count: its table, and the finding if it is not 0.
struct OrphanProbe {
    table: usize,
    sql: String,
    finding: Finding,
    manner: StatementMode<'static>,
}

/// Counts that call no functions of the schema are batched; if a batch fails, each count is run alone, so that the
/// others still give results.
fn run(session: &mut Session, context: &str, probes: Vec<OrphanProbe>, verdicts: &mut [TableVerdict]) {
    let (alone, together): (Vec<OrphanProbe>, Vec<OrphanProbe>) =
        probes.into_iter().partition(|p| p.manner.calls_functions);
    for preflight in alone {
        let found = counts(session, context, std::slice::from_ref(&preflight.sql), preflight.manner);
        preflight.found(found.map(|n| n.first().map_or(0, |x| x.1)), verdicts);
    }
    let probes = together;
    let mut probes = probes.into_iter().peekable();
    while probes.peek().is_some() {
        let batch: Vec<OrphanProbe> = probes.by_ref().take(AT_ONCE).collect();
        let queries: Vec<String> = batch.iter().map(|p| p.sql.clone()).collect();
        let found = counts(session, context, &queries, ROWS);
        for (i, preflight) in batch.into_iter().enumerate() {
            let alone = match &found {
                Ok(found) => Ok(found.iter().find(|(at, _)| *at == i).map_or(0, |(_, n)| *n)),
                Err(_) => counts(session, context, std::slice::from_ref(&preflight.sql), preflight.manner)
                    .map(|n| n.first().map_or(0, |x| x.1)),
            };
            preflight.found(alone, verdicts);
        }
    }
}

impl OrphanProbe {
    fn found(self, count: Result<u64, SchemaError>, verdicts: &mut [TableVerdict]) {
        let findings = &mut verdicts[self.table].findings;
        match count {
            Ok(0) => {}
            Ok(rows) => findings.push(Finding { rows, ..self.finding }),
            Err(e) => {
                let detail = e.to_string();
                findings.push(Finding { kind: FindingKind::Unchecked, detail, rows: 0, name: self.finding.name });
            }
        }
    }
}

/// Operators of a foreign key's columns, by child and name.
type Operators = HashMap<(TableName, String), Vec<String>>;

fn operators(session: &mut Session, schema: &Schema) -> Result<Operators, SchemaError> {
    let mut all = Operators::new();
    if schema.dialect == Dialect::Postgres {
        for row in session.rows("the operators of foreign keys", include_str!("foreign_key_operators.sql"))? {
            let child = TableName::new(row.text("schema")?, row.text("relation")?);
            all.insert((child, row.string("name")?), row.json("operators")?);
        }
    }
    Ok(all)
}

pub(super) fn foreign_keys(
    session: &mut Session,
    schema: &Schema,
    tables: &[&Table],
    verdicts: &mut [TableVerdict],
) -> Result<(), SchemaError> {
    let operators = operators(session, schema)?;
    let mut probes = Vec::new();
    for (i, table) in tables.iter().enumerate() {
        let own = table.foreign_keys.iter().map(|fk| (&table.name, fk, table.in_parts()));
        let of_partitions = partition_constraints(table.partitioning.as_ref());
        let nested = of_partitions.iter().flat_map(|p| p.foreign_keys.iter().map(|fk| (p.name, fk, p.partitioned)));
        for (child, fk, partitioned) in own.chain(nested).filter(|(_, fk, _)| fk.validated) {
            verdicts[i].foreign_keys += 1;
            let columns = fk.columns.join(", ");
            let detail = format!("({columns}) has no matching row in {} ({})", fk.parent, fk.parent_columns.join(", "));
            let finding = Finding { kind: FindingKind::Orphans, name: fk.name.clone(), rows: 0, detail };
            let by = operators.get(&(child.clone(), fk.name.clone()));
            let sql = orphans(schema, child, partitioned, fk, by.map_or(&[], Vec::as_slice));
            probes.push(OrphanProbe { table: i, sql, finding, manner: StatementMode::default() });
        }
    }
    run(session, "the orphans", probes, verdicts);
    Ok(())
}

/// References that no constraint declares: each counts as a foreign key.
pub(super) fn references(
    session: &mut Session,
    schema: &Schema,
    tables: &[&Table],
    references: &[DeclaredReference],
    verdicts: &mut [TableVerdict],
) {
    let mut probes = Vec::new();
    for reference in references {
        let Some(i) = tables.iter().position(|t| t.name == reference.table) else { continue };
        verdicts[i].foreign_keys += 1;
        let partitioned = tables[i].in_parts();
        let mut probe = |detail: String, sql: String| {
            let name = format!("{} (declared at {})", reference.column, reference.origin);
            let finding = Finding { kind: FindingKind::Orphans, name, rows: 0, detail };
            probes.push(OrphanProbe { table: i, sql, finding, manner: StatementMode::default() });
        };
        match (&reference.targets, reference.foreign_key()) {
            (_, Some(key)) => {
                let detail = format!("has no matching row in {} ({})", key.parent, key.parent_columns.join(", "));
                probe(detail, orphans(schema, &reference.table, partitioned, &key, &[]));
            }
            (DeclaredTargets::ByType { kind, to }, None) => {
                for (value, parent, column) in to {
                    let detail = format!("has no matching row in {parent} ({column}) where {kind} is {value}");
                    probe(detail, orphans_of_kind(schema, reference, partitioned, kind, (value, parent, column)));
                }
            }
            (DeclaredTargets::Column { .. }, None) => {}
        }
    }
    run(session, "the declared references", probes, verdicts);
}

fn orphans_of_kind(
    schema: &Schema,
    reference: &DeclaredReference,
    partitioned: bool,
    kind: &str,
    (value, parent, column): (&str, &TableName, &str),
) -> String {
    let dialect = sql_dialect(schema.dialect);
    let parent_partitioned = schema.table(parent).is_none_or(|p| p.in_parts());
    let id = quote(dialect, &reference.column);
    format!(
        "select count(*) as n from {} c where c.{} = {} and c.{id} is not null and not exists (select 1 from {} p where p.{} = c.{id})",
        from(schema.dialect, &reference.table, partitioned),
        quote(dialect, kind),
        literal(dialect, value),
        from(schema.dialect, parent, parent_partitioned),
        quote(dialect, column),
    )
}

/// `operators`: the operators that compare the columns, where they are not `=`.
fn orphans(schema: &Schema, child: &TableName, partitioned: bool, fk: &ForeignKey, operators: &[String]) -> String {
    let dialect = sql_dialect(schema.dialect);
    let name = |c: &String| quote(dialect, c);
    // A partition as parent is not among the tables, and no other table inherits from it.
    let parent_partitioned = schema.table(&fk.parent).is_none_or(|p| p.in_parts());
    // SQLite compares with the affinity and collation of the parent's column; `+` removes the child's affinity, so that
    // the parent's index is used.
    let bare = if schema.dialect == Dialect::Sqlite { "+" } else { "" };
    let pair = |(i, (c, p)): (usize, (&String, &String))| {
        let equals = operators.get(i).map_or("=", String::as_str);
        format!("p.{} {equals} {bare}c.{}", name(p), name(c))
    };
    let pairs: Vec<String> = fk.columns.iter().zip(&fk.parent_columns).enumerate().map(pair).collect();
    let given: Vec<String> = fk.columns.iter().map(|c| format!("c.{} is not null", name(c))).collect();
    let points_nowhere = format!(
        "{} and not exists (select 1 from {} p where {})",
        given.join(" and "),
        from(schema.dialect, &fk.parent, parent_partitioned),
        pairs.join(" and ")
    );
    let broken = if fk.match_full && fk.columns.len() > 1 {
        format!("({points_nowhere}) or (({}) and not ({}))", given.join(" or "), given.join(" and "))
    } else {
        points_nowhere
    };
    format!("select count(*) as n from {} c where {broken}", from(schema.dialect, child, partitioned))
}

pub(super) fn checks(session: &mut Session, schema: &Schema, tables: &[&Table], verdicts: &mut [TableVerdict]) {
    let mut probes = Vec::new();
    for (i, table) in tables.iter().enumerate() {
        let own = table.checks.iter().map(|c| (&table.name, c, table.in_parts()));
        let of_partitions = partition_constraints(table.partitioning.as_ref());
        let nested = of_partitions.iter().flat_map(|p| p.checks.iter().map(|c| (p.name, c, p.partitioned)));
        for (name, check, partitioned) in own.chain(nested).filter(|(_, c, _)| c.validated) {
            verdicts[i].checks += 1;
            let finding =
                Finding { kind: FindingKind::Check, name: check.name.clone(), rows: 0, detail: String::new() };
            if let Some(why) = table.unfit.first().filter(|_| schema.dialect == Dialect::Postgres) {
                let detail = why.clone();
                verdicts[i].findings.push(Finding { kind: FindingKind::Unchecked, detail, ..finding });
                continue;
            }
            let sql = format!(
                "select count(*) as n from {} where not ({})",
                from(schema.dialect, name, partitioned),
                check.text
            );
            let detail = format!("not ({})", check.text);
            let finding = Finding { detail, ..finding };
            let calls_functions = schema.dialect == Dialect::Postgres && calls_functions(&check.text);
            let limit = calls_functions.then(|| PATIENCE + A_ROW * u32::try_from(verdicts[i].rows).unwrap_or(u32::MAX));
            probes.push(OrphanProbe {
                table: i,
                sql,
                finding,
                manner: StatementMode { calls_functions, limit, ..ROWS },
            });
        }
    }
    run(session, "the CHECKs", probes, verdicts);
}

/// Constraints that partitions have beyond those of their parent.
struct OwnConstraints<'a> {
    name: &'a TableName,
    partitioned: bool,
    foreign_keys: &'a [ForeignKey],
    checks: &'a [dbmocker_core::schema::Check],
}

fn partition_constraints(partitioning: Option<&Partitioning>) -> Vec<OwnConstraints<'_>> {
    let mut out = Vec::new();
    for p in partitioning.into_iter().flat_map(|p| &p.partitions) {
        out.push(OwnConstraints {
            name: &p.name,
            partitioned: p.sub.is_some(),
            foreign_keys: &p.own_foreign_keys,
            checks: &p.own_checks,
        });
        out.extend(partition_constraints(p.sub.as_ref()));
    }
    out
}

/// Foreign keys that SQLite cannot follow: their parent's columns are not unique, or do not exist. SQLite reports this
/// when it compiles a statement, so no statement is run.
fn foreign_key_mismatches(session: &mut Session, tables: &[TableVerdict]) -> Result<Vec<SchemaError>, SchemaError> {
    let context = "the foreign key check";
    session.rows(context, "pragma foreign_keys = on")?;
    let mut out = Vec::new();
    for name in tables.iter().map(|t| &t.name.name) {
        let sql = format!("explain insert into {} default values", quote(Sql::Sqlite, name));
        match session.rows(context, &sql) {
            Err(e @ SchemaError::Query { .. }) if e.to_string().contains("foreign key mismatch") => out.push(e),
            // Other errors of a statement that is not run are ignored.
            Ok(_) | Err(SchemaError::Query { .. }) => {}
            Err(e) => return Err(e),
        }
    }
    session.rows(context, "pragma foreign_keys = off")?;
    Ok(out)
}

/// Damage that SQLite itself finds: broken pages, indexes that disagree with their table, duplicate keys, broken CHECKs
/// and NOT NULLs; and rows without a parent row, beyond those that were found already.
pub(super) fn sqlite_integrity(
    session: &mut Session,
    tables: &[TableVerdict],
    depth: Depth,
) -> Result<Vec<Finding>, SchemaError> {
    let check = if depth == Depth::Loaded { "quick_check" } else { "integrity_check" };
    let finding = |name: &str, rows, detail| Finding { kind: FindingKind::Integrity, name: name.into(), rows, detail };
    let unchecked =
        |name: &str, e: SchemaError| Finding { kind: FindingKind::Unchecked, ..finding(name, 0, e.to_string()) };
    let damage = |rows: &[TextRow]| -> Vec<Finding> {
        let texts = rows.iter().filter_map(|r| r.values().first()?.clone()).filter(|t| t != "ok");
        texts.map(|detail| finding(check, 0, detail)).collect()
    };
    let mut out: Vec<Finding> = match session.rows("the integrity check", &format!("pragma {check}")) {
        Ok(rows) => damage(&rows),
        // A function or a collation of the application stops the check; the other tables can still be checked.
        Err(SchemaError::Query { .. }) => {
            let mut found = Vec::new();
            for name in tables.iter().map(|t| &t.name.name) {
                let sql = format!("pragma {check}({})", literal(Sql::Sqlite, name));
                match session.rows("the integrity check", &sql) {
                    Ok(rows) => found.extend(damage(&rows)),
                    Err(e) => found.push(unchecked(&format!("{check}({name})"), e)),
                }
            }
            found
        }
        Err(e) => return Err(e),
    };
    if depth == Depth::Loaded {
        let mismatches = foreign_key_mismatches(session, tables)?;
        out.extend(mismatches.into_iter().map(|e| unchecked("foreign_key_check", e)));
        return Ok(out);
    }
    let sql = "select \"table\" as child, parent, count(*) as n from pragma_foreign_key_check group by 1, 2";
    match session.rows("the foreign key check", sql) {
        Ok(rows) => {
            for row in rows {
                let (child, parent) = (row.text("child")?, row.text("parent")?);
                let known = tables
                    .iter()
                    .any(|t| t.name.name == child && t.findings.iter().any(|f| f.kind == FindingKind::Orphans));
                if !known {
                    out.push(finding(
                        "foreign_key_check",
                        row.number("n")?,
                        format!("{child} has no matching row in {parent}"),
                    ));
                }
            }
        }
        Err(e) => out.push(unchecked("foreign_key_check", e)),
    }
    Ok(out)
}
