//! Tests rows on the server before anything is written: some generated rows of each table are inserted into a temporary
//! copy of the table, which has its types, NOT NULLs, CHECKs and keys, in a transaction that is rolled back.
//!
//! Triggers are tested after that (`trial_insert`). Foreign keys are not tested, because a sample's parents do not
//! exist yet; they hold by construction and are verified after the load.

mod samples;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, Payload, Target, TargetColumn, connect, ident};

use samples::Samples;

use super::disable_triggers::DisabledTriggers;
use super::trial_insert::{kept_on, trial_insert};
use super::{FAR, RunError, Stop, round_trip_of, sql};
use dbmocker_core::schema::{Schema, Table, TableName};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;

/// Rows of each sample: the first, the middle and the last of a table are tried.
const SAMPLE: u64 = 100;

/// A table whose rows the server would refuse, with its message.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub table: TableName,
    pub message: String,
}

pub(super) fn count(refusals: &[Refusal]) -> String {
    if refusals.len() == 1 { "1 table".into() } else { format!("{} tables", refusals.len()) }
}

pub(super) fn list(refusals: &[Refusal]) -> String {
    refusals.iter().map(|r| format!("  `{}`: {}", r.table, r.message)).collect::<Vec<_>>().join("\n")
}

/// The result of a trial in which the server accepted all rows.
#[derive(Debug, Default)]
pub struct AcceptedTrial {
    /// Tables whose triggers must be disabled while they are loaded.
    pub disabled_triggers: Vec<DisabledTriggers>,
    /// Tables that the server cannot copy, with its reason: none of their rows was tried.
    pub untried: Vec<Refusal>,
}

/// Tries samples of every table of the plan, and rolls them back. Triggers are disabled only where `disable_triggers`
/// allows it.
///
/// # Errors
/// [`RunError::Refused`] names every table whose sample the server refused; others if the server cannot be reached.
pub fn preflight(
    connection: &Connection,
    schema: &Schema,
    plan: &Plan,
    generator: &Arc<Generator>,
    disable_triggers: bool,
    stop: &Stop,
    tried: &(dyn Fn(usize) + Sync),
) -> Result<AcceptedTrial, RunError> {
    let mut loader = connect(connection)?;
    let far = connection.dialect != Dialect::Sqlite && round_trip_of(&mut *loader)? >= FAR;
    let done = AtomicUsize::new(0);
    let trial = Samples { connection, schema, plan, generator, stop, done: &done, tried };
    let found = if far { trial.on_several(&mut *loader)? } else { trial.on(&mut *loader, 0, 1)? };
    let (mut refusals, mut open, mut untried) = (Vec::new(), Vec::new(), Vec::new());
    for (t, outcome) in found {
        let p = &plan.tables[t];
        match outcome {
            Ok(None) => {}
            Ok(Some(message)) => untried.push(Refusal { table: p.name.clone(), message }),
            Err(RunError::Load(e)) => {
                let refusal = Refusal { table: p.name.clone(), message: told(&e, &copy_name(t), &p.name) };
                let table = schema.table(&p.name).expect("a plan is made from the schema");
                if may_repair(connection.dialect, table) || !table.reads.is_empty() {
                    open.push(refusal)
                } else {
                    refusals.push(refusal)
                }
            }
            Err(e @ RunError::NoTrial { .. }) => return Err(e),
            Err(e) => refusals.push(Refusal { table: p.name.clone(), message: e.to_string() }),
        }
    }
    let mut disabled_triggers = Vec::new();
    if refusals.is_empty() {
        let outcome = trial_insert(&mut *loader, connection.dialect, schema, plan, generator, disable_triggers, stop)?;
        (refusals, disabled_triggers) = (outcome.refusals, outcome.disabled_triggers);
        // The rows of the other tables were tried with their triggers firing.
        let unmended = |r: &Refusal| !outcome.tried || disabled_triggers.iter().any(|s| s.table == r.table);
        refusals.extend(open.into_iter().filter(unmended).map(|r| {
            let message = r.message + &kept_on(schema, plan, &r.table);
            Refusal { message, ..r }
        }));
    }
    loader.finish()?;
    if refusals.is_empty() {
        Ok(AcceptedTrial { disabled_triggers, untried })
    } else {
        Err(RunError::Refused { refusals })
    }
}

fn copy_name(t: usize) -> String {
    format!("dbmocker_probe_{t}")
}

/// Whether a trigger may change rows before they are checked: a refusal by the copy, which has no triggers, is then not
/// final. The same holds if CHECKs read other tables, whose rows do not exist yet.
fn may_repair(dialect: Dialect, table: &Table) -> bool {
    dialect != Dialect::Sqlite && table.insert_triggers().any(|t| t.event.starts_with("BEFORE"))
}

/// The server's message, with the table's name instead of its copy's.
fn told(error: &LoadError, copy: &str, name: &TableName) -> String {
    let text = match error {
        LoadError::Table { message, .. } => message.clone(),
        other => other.to_string(),
    };
    text.replace(copy, &name.name)
}

/// Tries a table's sample on a copy; returns the reason if the server cannot make a copy.
fn sample(
    loader: &mut dyn Loader,
    dialect: Dialect,
    table: &Table,
    copy: &str,
    generator: &Generator,
    t: usize,
) -> Result<Option<String>, RunError> {
    let target = target(dialect, table, copy, generator, t);
    if dialect == Dialect::Mysql {
        if let Some(why) = mysql_copy(loader, table, &target)? {
            return Ok(Some(why));
        }
        let outcome = send(loader, &target, generator, t);
        loader
            .execute(&format!("ROLLBACK; DROP TEMPORARY TABLE {}", ident::qualified(dialect, &target.schema, copy)))?;
        return outcome.map(|()| None);
    }
    let outcome = match temporary(loader, dialect, &target, table) {
        Ok(None) => send(loader, &target, generator, t).map(|()| None),
        other => other,
    };
    loader.execute("ROLLBACK")?;
    outcome
}

/// The target of the sample: never the table itself, whose storage engine may not support rollback.
fn target(dialect: Dialect, table: &Table, copy: &str, generator: &Generator, t: usize) -> Target {
    let sent = &generator.table(t).sent;
    let columns = sent.iter().map(|&c| TargetColumn {
        name: table.columns[c].name.clone(),
        sql_type: table.columns[c].type_name.clone(),
        srid: if let dbmocker_core::schema::SqlType::Spatial { srid, .. } = &table.columns[c].ty {
            *srid
        } else {
            None
        },
    });
    let schema = match dialect {
        Dialect::Sqlite => "temp",
        Dialect::Postgres => "pg_temp",
        Dialect::Mysql => &table.name.schema,
    };
    Target { schema: schema.into(), table: copy.into(), columns: columns.collect(), freeze: false }
}

/// The modes of this session may not allow a default that the table was made with (`0000-00-00`).
const NO_MODE: &str = "SET @dbmocker_mode = @@sql_mode, sql_mode = ''";
const USUAL_MODE: &str = "SET sql_mode = @dbmocker_mode";

fn mysql_create(table: &Table, target: &Target) -> String {
    let name = ident::qualified(Dialect::Mysql, &table.name.schema, &table.name.name);
    format!("CREATE TEMPORARY TABLE {} LIKE {name}", ident::qualified(Dialect::Mysql, &target.schema, &target.table))
}

fn postgres_create(table: &Table, target: &Target) -> String {
    let own = ident::qualified(Dialect::Postgres, &table.name.schema, &table.name.name);
    let copy = ident::quote(Dialect::Postgres, &target.table);
    format!("CREATE TEMPORARY TABLE {copy} (LIKE {own} INCLUDING ALL) ON COMMIT DROP")
}

/// Makes an empty copy, without foreign keys and triggers, and begins a transaction; returns the reason if the server
/// cannot.
fn mysql_copy(loader: &mut dyn Loader, table: &Table, target: &Target) -> Result<Option<String>, RunError> {
    let name = ident::qualified(Dialect::Mysql, &table.name.schema, &table.name.name);
    let copy = ident::qualified(Dialect::Mysql, &target.schema, &target.table);
    let create = mysql_create(table, target);
    let made = loader.execute(&format!("{NO_MODE}; {create}; {USUAL_MODE}; START TRANSACTION"));
    let Err(first) = made else { return Ok(None) };
    let made = Err(first).or_else(|first| {
        // A temporary table cannot be partitioned.
        let shown = loader.query(&format!("SHOW CREATE TABLE {name}"))?.into_iter().next();
        let sql = shown.and_then(|row| row.into_iter().nth(1)).flatten().unwrap_or_default();
        match body(&sql).and_then(unpartitioned) {
            Some(body) => loader.execute(&format!("CREATE TEMPORARY TABLE {copy} {body}")),
            None => Err(first),
        }
    });
    loader.execute(&format!("{USUAL_MODE}; START TRANSACTION"))?;
    match made {
        Ok(_) => Ok(None),
        Err(LoadError::Statement { message, code: Some(_), .. }) => Ok(Some(message)),
        Err(e) => Err(e.into()),
    }
}

/// The statement's end without its partitions, as MariaDB and MySQL print them; `None` if it has none.
fn unpartitioned(body: &str) -> Option<&str> {
    let options = body.rfind("\n) ")?;
    let clause = |(at, _): &(usize, &str)| {
        let line = &body[options + at + 1..];
        // `/*!50100 PARTITION BY`, `/*!50500 PARTITION BY RANGE  COLUMNS`
        let line = line.strip_prefix("/*!").map_or(line, |l| l.trim_start_matches(|c: char| c.is_ascii_digit()));
        line.starts_with(" PARTITION BY")
    };
    let (at, _) = body[options..].match_indices('\n').find(clause)?;
    Some(&body[..options + at])
}

/// Begins a transaction with the empty copy, without the table's foreign keys and triggers; returns the reason if the
/// server cannot create one.
fn temporary(
    loader: &mut dyn Loader,
    dialect: Dialect,
    target: &Target,
    table: &Table,
) -> Result<Option<String>, RunError> {
    let copy = ident::quote(dialect, &target.table);
    if dialect == Dialect::Postgres {
        // Indexes of the copy may call functions that name others without their schema.
        return match loader.calling_functions().execute(&format!("BEGIN; {}", postgres_create(table, target))) {
            Ok(_) => Ok(None),
            Err(LoadError::Statement { message, code: Some(code), .. }) if code == "42501" => {
                Err(RunError::NoTrial { message })
            }
            Err(LoadError::Statement { message, code: Some(_), .. }) => Ok(Some(message)),
            Err(e) => Err(e.into()),
        };
    }
    loader.execute(sql::begin(dialect))?;
    let name = ident::literal(dialect, &table.name.name);
    let rows = loader.query(&format!("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = {name}"))?;
    let sql = rows.first().and_then(|r| r.first()).cloned().flatten().unwrap_or_default();
    let Some(body) = body(&sql) else {
        return Err(RunError::Table { table: table.name.to_string(), message: format!("no column list in `{sql}`") });
    };
    let mut body = body.to_owned();
    loop {
        let Err(e) = loader.execute(&format!("CREATE TEMPORARY TABLE {copy} {body}")) else { return Ok(None) };
        match plain_collation(&body, &e) {
            Some(plain) => body = plain,
            None => return Err(e.into()),
        }
    }
}

/// The copy without a collation that is not registered: SQLite accepts rows if no index or CHECK of the table uses the
/// collation.
fn plain_collation(body: &str, error: &LoadError) -> Option<String> {
    let LoadError::Statement { message, .. } = error else { return None };
    let name = regex::escape(message.strip_prefix("no such collation sequence: ")?);
    let collate = regex::Regex::new(&format!("(?i)\\bcollate\\s+[\"`'\\[]?{name}\\b[\"`'\\]]?")).ok()?;
    let plain = collate.replace_all(body, "COLLATE BINARY");
    (plain != body).then(|| plain.into_owned())
}

/// A `CREATE TABLE` statement from its column list on; the name before it may hold anything between its quotes.
fn body(sql: &str) -> Option<&str> {
    let mut quote = None;
    for (i, c) in sql.char_indices() {
        match (quote, c) {
            (None, '(') => return Some(&sql[i..]),
            (None, '"' | '`' | '\'') => quote = Some(c),
            (None, '[') => quote = Some(']'),
            (Some(q), c) if c == q => quote = None,
            _ => {}
        }
    }
    None
}

fn send(loader: &mut dyn Loader, target: &Target, generator: &Generator, t: usize) -> Result<(), RunError> {
    let schema = generator.table(t).schema.clone();
    let mut batches = samples(generator.table(t).rows)
        .into_iter()
        .map(|rows| generator.batch(t, rows).map_err(|e| LoadError::Source(Box::new(e))));
    loader.load(target, Payload::Batches { schema, batches: &mut batches })?;
    Ok(())
}

/// The first, middle and last rows, without overlap.
fn samples(rows: u64) -> [Range<u64>; 3] {
    let size = SAMPLE.min(rows.div_ceil(3));
    // All rows of a small table.
    let middle = if rows <= 3 * SAMPLE { size } else { rows / 2 };
    [0..size, middle..(middle + size).min(rows), (rows - size).max((middle + size).min(rows))..rows]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_takes_the_statement_from_the_column_list_on() {
        assert_eq!(body("CREATE TABLE t(a, b) STRICT"), Some("(a, b) STRICT"));
        assert_eq!(body("CREATE TABLE \"a(b\"\"c\" (x)"), Some("(x)"));
        assert_eq!(body("CREATE TABLE [a(b] (x)"), Some("(x)"));
        assert_eq!(body("CREATE TABLE t AS SELECT 1"), None);
    }

    #[test]
    fn a_collation_that_is_not_known_is_left_out_of_the_copy() {
        let of = |message: &str| LoadError::Statement { context: String::new(), message: message.into(), code: None };
        let unknown = of("no such collation sequence: de.x");
        let body = "(a TEXT COLLATE \"de.x\" UNIQUE, b collate de_x, c COLLATE [DE.X])";
        let plain = "(a TEXT COLLATE BINARY UNIQUE, b collate de_x, c COLLATE BINARY)";
        assert_eq!(plain_collation(body, &unknown).as_deref(), Some(plain));
        assert_eq!(plain_collation(plain, &unknown), None);
        assert_eq!(plain_collation(body, &of("no such function: f")), None);
    }

    #[test]
    fn a_copy_of_a_partitioned_table_has_no_partitions() {
        let mariadb =
            "(\n  `a` int(11) DEFAULT '\n PARTITION BY'\n) ENGINE=InnoDB\n PARTITION BY RANGE (`a`)\n(PARTITION `p`)";
        assert_eq!(unpartitioned(mariadb), Some("(\n  `a` int(11) DEFAULT '\n PARTITION BY'\n) ENGINE=InnoDB"));
        let mysql = "(\n  `a` int\n) ENGINE=InnoDB\n/*!50100 PARTITION BY HASH (`a`)\nPARTITIONS 4 */";
        assert_eq!(unpartitioned(mysql), Some("(\n  `a` int\n) ENGINE=InnoDB"));
        let columns = mysql.replace("50100 PARTITION BY HASH (`a`)", "50500 PARTITION BY RANGE  COLUMNS(`a`)");
        assert_eq!(unpartitioned(&columns), Some("(\n  `a` int\n) ENGINE=InnoDB"));
        assert_eq!(unpartitioned("(\n  `a` int\n) ENGINE=InnoDB"), None);
    }

    #[test]
    fn samples_do_not_overlap() {
        for rows in [0, 1, 299, 300, 301, 302, 1000, 1_000_000] {
            let samples = samples(rows);
            assert!(samples.iter().all(|s| s.start <= s.end));
            assert!(samples.windows(2).all(|w| w[0].end <= w[1].start), "{rows}: {samples:?}");
            assert!(samples[2].end == rows);
        }
    }
}
