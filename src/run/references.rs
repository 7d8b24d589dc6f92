//! Foreign keys of exported files: the rows that they refer to must be in the files that are loaded with them, or in the
//! database.
//!
//! Where a parent table is not loaded, the referenced keys of the files are inserted into a temporary table and
//! compared by the server, before anything is written: exactly, with the server's own equality, in bounded memory.
//! Where no temporary table can be created, or no plan shows that the files of parent and child belong together,
//! MySQL's and SQLite's rows are compared before they are committed; PostgreSQL checks its foreign keys itself.

use std::sync::Arc;

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, Payload, Target, connect, ident};

use super::jobs::{RowsSource, TableJob, meant};
use super::{RunError, Stop, sql};
use dbmocker_core::schema::{ForeignKey, Schema};
use dbmocker_plan::Plan;

/// Name of the temporary table.
const KEYS: &str = "dbmocker_keys";

/// Checks the foreign keys of files whose parents are not loaded with them.
///
/// # Errors
/// [`RunError::Orphans`] names every foreign key with rows that have no parent row.
pub fn check_references(
    connection: &Connection,
    schema: &Schema,
    jobs: &mut [TableJob],
    plan: Option<&Plan>,
    stop: &Stop,
) -> Result<(), RunError> {
    let mut problems = Vec::new();
    let mut loader: Option<Box<dyn Loader>> = None;
    for at in 0..jobs.len() {
        let (outside, inside) = open_references(schema, jobs, at, plan);
        let job = &mut jobs[at];
        if connection.dialect != Dialect::Postgres {
            job.audited = inside;
        }
        if outside.is_empty() || job.rows == 0 {
            continue;
        }
        let loader = match &mut loader {
            Some(loader) => loader,
            none => none.insert(connect(connection)?),
        };
        let mut check = ReferenceCheck { loader: &mut **loader, dialect: connection.dialect, job, stop };
        match check.outside(&outside)? {
            Some(found) => problems.extend(found),
            None if connection.dialect == Dialect::Postgres => {}
            None => job.audited.extend(outside),
        }
    }
    loader.map_or(Ok(()), Loader::finish)?;
    if problems.is_empty() { Ok(()) } else { Err(RunError::Orphans { problems }) }
}

/// The foreign keys of one table of files: those whose parents are not loaded, and those of loaded parents whose files,
/// as far as the plan shows, may not contain every referenced row.
fn open_references(
    schema: &Schema,
    jobs: &[TableJob],
    at: usize,
    plan: Option<&Plan>,
) -> (Vec<ForeignKey>, Vec<ForeignKey>) {
    let table = schema.table(&jobs[at].name).expect("jobs are made from the schema");
    let loaded = |fk: &ForeignKey| jobs.iter().any(|job| job.name == fk.parent);
    let (mut outside, mut inside): (Vec<ForeignKey>, Vec<ForeignKey>) = (Vec::new(), Vec::new());
    for fk in table.every_foreign_key() {
        let list = if loaded(fk) { &mut inside } else { &mut outside };
        let same = |known: &ForeignKey| {
            (&known.columns, &known.parent, &known.parent_columns) == (&fk.columns, &fk.parent, &fk.parent_columns)
        };
        if !list.iter().any(same) {
            list.push(fk.clone());
        }
    }
    inside.retain(|fk| !plan.is_some_and(|plan| is_planned(schema, plan, &jobs[at], fk)));
    (outside, inside)
}

/// Whether the files were made for this foreign key, and refer to rows of files only.
fn is_planned(schema: &Schema, plan: &Plan, job: &TableJob, fk: &ForeignKey) -> bool {
    let Some(t) = plan.tables.iter().find(|t| meant(schema, &t.label, &t.name).is_some_and(|m| m.name == job.name))
    else {
        return false;
    };
    t.foreign.iter().any(|f| {
        let Some(parent) = f.parent_table.and_then(|p| plan.tables.get(p)) else { return false };
        let here = meant(schema, &parent.label, &parent.name).is_some_and(|m| m.name == fk.parent);
        let pairs = f.columns.iter().zip(&f.parent_columns).filter_map(|(&c, &p)| {
            Some((t.columns.get(c)?.name.to_lowercase(), parent.columns.get(p)?.name.to_lowercase()))
        });
        let pairs: Vec<_> = pairs.collect();
        let wanted = fk.columns.iter().zip(&fk.parent_columns).map(|(c, p)| (c.to_lowercase(), p.to_lowercase()));
        here && f.existing_count == 0 && wanted.eq(pairs)
    })
}

/// One table's files against parents in the database.
struct ReferenceCheck<'a> {
    loader: &'a mut dyn Loader,
    dialect: Dialect,
    job: &'a TableJob,
    stop: &'a Stop,
}

impl ReferenceCheck<'_> {
    /// The missing parent rows, a line for each foreign key; `None` if the account may not create temporary tables, or
    /// a column of a key is not in the files.
    fn outside(&mut self, keys: &[ForeignKey]) -> Result<Option<Vec<String>>, RunError> {
        let mut columns: Vec<&str> = keys.iter().flat_map(|fk| &fk.columns).map(String::as_str).collect();
        columns.sort_unstable();
        columns.dedup();
        let place = |name: &&str| self.job.target.columns.iter().position(|c| c.name == *name);
        let Some(places) = columns.iter().map(place).collect::<Option<Vec<usize>>>() else { return Ok(None) };
        let postgres = self.dialect == Dialect::Postgres;
        if postgres {
            self.loader.execute("BEGIN")?;
        }
        let target = self.target(&places);
        let made = self.make(&target);
        let found = match made {
            Ok(()) => self.fill(&target, &places).and_then(|()| self.missing(&target, keys)).map(Some),
            // The remedy is another check, not a privilege.
            Err(LoadError::Statement { .. }) => Ok(None),
            Err(e) => Err(e.into()),
        };
        let ended = match self.dialect {
            Dialect::Postgres => self.loader.execute("ROLLBACK"),
            Dialect::Mysql => self.loader.execute(&format!("DROP TEMPORARY TABLE IF EXISTS {}", self.name(&target))),
            Dialect::Sqlite => self.loader.execute(&format!("DROP TABLE IF EXISTS {}", self.name(&target))),
        };
        let found = found?;
        ended?;
        Ok(found)
    }

    fn name(&self, target: &Target) -> String {
        ident::qualified(self.dialect, &target.schema, &target.table)
    }

    fn target(&self, places: &[usize]) -> Target {
        let own = &self.job.target;
        let schema = match self.dialect {
            Dialect::Postgres => "pg_temp",
            Dialect::Mysql => &own.schema,
            Dialect::Sqlite => "temp",
        };
        Target {
            schema: schema.into(),
            table: KEYS.into(),
            columns: places.iter().map(|&c| own.columns[c].clone()).collect(),
            freeze: false,
        }
    }

    /// The temporary table: columns of the table's own types and collations, without its constraints.
    fn make(&mut self, target: &Target) -> Result<(), LoadError> {
        let columns: Vec<String> = target.columns.iter().map(|c| ident::quote(self.dialect, &c.name)).collect();
        let (own, columns) = (sql::table(self.dialect, self.job), columns.join(", "));
        let name = match self.dialect {
            Dialect::Postgres => ident::quote(self.dialect, &target.table),
            _ => self.name(target),
        };
        let temporary = if self.dialect == Dialect::Sqlite { "" } else { "TEMPORARY " };
        let create = format!("CREATE {temporary}TABLE {name} AS SELECT {columns} FROM {own} LIMIT 0");
        self.loader.execute(&create).map(drop)
    }

    fn fill(&mut self, target: &Target, places: &[usize]) -> Result<(), RunError> {
        let RowsSource::Files(source) = &self.job.source else { return Ok(()) };
        for file in &source.files {
            let read = source.read(file)?;
            let projected = read.schema.project(places).map_err(|e| LoadError::Source(Box::new(e)))?;
            let stop = self.stop;
            let mut batches = read.batches.map(|batch| {
                if stop.is_set() {
                    return Err(LoadError::Cancelled);
                }
                batch?.project(places).map_err(|e| LoadError::Source(Box::new(e)))
            });
            let payload = Payload::Batches { schema: Arc::new(projected), batches: &mut batches };
            match self.loader.load(target, payload) {
                Err(LoadError::Cancelled) => return Err(RunError::Interrupted),
                loaded => drop(loaded?),
            }
        }
        Ok(())
    }

    fn missing(&mut self, target: &Target, keys: &[ForeignKey]) -> Result<Vec<String>, RunError> {
        let mut problems = Vec::new();
        for fk in keys {
            let tuple = fk.columns.iter().map(|c| format!("c.{}", ident::quote(self.dialect, c)));
            let tuple: Vec<String> = tuple.collect();
            let orphan =
                format!("SELECT {} {} LIMIT 1", tuple.join(", "), orphans(self.dialect, &self.name(target), fk));
            let said = match self.loader.query(&orphan) {
                Ok(rows) => rows.into_iter().next().map(|row| {
                    let values: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
                    format!("it holds no row ({}) = ({})", fk.parent_columns.join(", "), values.join(", "))
                }),
                Err(LoadError::Statement { message, .. }) => Some(format!("its rows cannot be compared: {message}")),
                Err(e) => return Err(e.into()),
            };
            problems.extend(said.map(|said| {
                format!(
                    "table `{}`: foreign key `{}` refers to rows of `{}`, which is not among the tables to load; {said}",
                    self.job.name, fk.name, fk.parent
                )
            }));
        }
        Ok(problems)
    }
}

/// `FROM ... WHERE ...`: rows of a table, as `c`, that refer to no row of the parent.
fn orphans(dialect: Dialect, table: &str, fk: &ForeignKey) -> String {
    let quote = |name: &String| ident::quote(dialect, name);
    let parent = ident::qualified(dialect, &fk.parent.schema, &fk.parent.name);
    let filled: Vec<String> = fk.columns.iter().map(|c| format!("c.{} IS NOT NULL", quote(c))).collect();
    // The parent's collation is used; SQLite uses that of the left operand.
    let meets = fk.columns.iter().zip(&fk.parent_columns).map(|(c, p)| format!("p.{} = c.{}", quote(p), quote(c)));
    let meets: Vec<String> = meets.collect();
    format!(
        "FROM {table} AS c WHERE {} AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE {})",
        filled.join(" AND "),
        meets.join(" AND ")
    )
}

/// Rows of the job's table that refer to no row, by each foreign key that is not checked otherwise.
///
/// # Errors
/// A query fails.
pub(super) fn count_orphans(loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<Vec<u64>, LoadError> {
    let table = sql::table(dialect, job);
    let count = |fk: &ForeignKey| {
        let rows = loader.query(&format!("SELECT count(*) {}", orphans(dialect, &table, fk)))?;
        Ok(rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok()).unwrap_or(u64::MAX))
    };
    job.audited.iter().map(count).collect()
}

/// Compares with the orphans that existed before the load.
///
/// # Errors
/// The load added rows without a parent row.
pub(super) fn no_more_orphans(
    loader: &mut dyn Loader,
    dialect: Dialect,
    job: &TableJob,
    before: &[u64],
) -> Result<(), RunError> {
    let now = count_orphans(loader, dialect, job)?;
    for (i, fk) in job.audited.iter().enumerate() {
        let more = now[i].saturating_sub(before.get(i).copied().unwrap_or(0));
        if more > 0 {
            let message = format!(
                "foreign key `{}`: {more} rows refer to rows of `{}` that are not there; its rows were rolled back",
                fk.name, fk.parent
            );
            return Err(RunError::Table { table: job.name.to_string(), message });
        }
    }
    Ok(())
}
