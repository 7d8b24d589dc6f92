//! The tables to load, independent of the source of their rows, and which of them must share a transaction.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use dbmocker_loaders::{LoadError, Payload, Target, TargetColumn, staged};

use super::DisabledTriggers;
use dbmocker_core::humanize;
use dbmocker_core::schema::{Column, Deferrable, Dialect, ForeignKey, Schema, SqlType, Table, TableName};
use dbmocker_files::manifest::{Manifest, ManifestError, TableEntry};
use dbmocker_files::{Difference, FilePart, Format, compare, hive};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{DeferredIndexes, Plan, UnprovedExpression};
use dbmocker_planner::order::{Edge, order};

/// The source of a table's rows.
#[derive(Clone)]
pub enum RowsSource {
    Generated { generator: Arc<Generator>, table: usize },
    Files(TableFiles),
}

/// Files of a table, in the order in which they are loaded.
#[derive(Clone)]
pub struct TableFiles {
    pub format: Format,
    /// Of the table's rows.
    pub schema: SchemaRef,
    pub files: Vec<SourceFile>,
}

/// One of the files.
#[derive(Clone)]
pub struct SourceFile {
    path: PathBuf,
    /// The position of the column that the file lacks, and that column's value for all rows, as an array of length one.
    value: Option<(usize, ArrayRef)>,
}

impl TableFiles {
    /// Whether files lack a column, i.e. are partitioned. Their rows are not in the table's order, so a row may come
    /// before the one that it refers to.
    pub(super) fn is_partitioned(&self) -> bool {
        self.files.iter().any(|file| file.value.is_some())
    }

    /// A file as a loader's payload, if it has all columns.
    pub(super) fn payload(&self, file: &SourceFile) -> Payload<'static> {
        payload(self.format, self.schema.clone(), file.path.clone())
    }

    /// The batches of a file, with all columns.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub(super) fn read(&self, file: &SourceFile) -> Result<staged::PayloadBatches<'static>, LoadError> {
        let read = staged::open(self.payload(file))?;
        let Some((at, value)) = file.value.clone() else { return Ok(read) };
        let (schema, path) = (self.schema.clone(), file.path.display().to_string());
        let batches = read.batches.map(move |batch| {
            hive::with_column(&batch?, &schema, at, &value)
                .map_err(|e| LoadError::File { path: path.clone(), message: e.to_string() })
        });
        Ok(staged::PayloadBatches { schema: self.schema.clone(), batches: Box::new(batches) })
    }
}

/// A staged file, as a loader's payload.
pub(super) fn payload(format: Format, schema: SchemaRef, path: PathBuf) -> Payload<'static> {
    match format {
        Format::Csv => Payload::Csv { schema, path },
        Format::Parquet => Payload::Parquet { path },
    }
}

/// One table to load.
#[derive(Clone)]
pub struct TableJob {
    pub name: TableName,
    pub target: Target,
    pub source: RowsSource,
    pub requested: u64,
    pub rows: u64,
    /// Rows of the table before the load.
    pub existing: u64,
    pub limited_by: Option<String>,
    /// Sequences to move past the last value: (column, sequence's qualified name).
    pub sequences: Vec<(String, String)>,
    /// Count without inherited tables (PostgreSQL, ordinary tables).
    pub only: bool,
    /// Whether the table is counted before and after, besides the count that the server returns for each load. InnoDB
    /// has no quick count: it costs as much as a third of a bulk load, and is skipped where no trigger can add or
    /// remove rows.
    pub recount: bool,
    /// Work deferred until the rows are stored.
    pub deferred_indexes: DeferredIndexes,
    /// Rows of a part, where the table is loaded in parts.
    pub chunks: Option<u64>,
    /// All of its rows were committed before the run was resumed.
    pub done: bool,
    /// Foreign keys to check at the end of the transaction: (constraint, how it is declared).
    pub deferred: Vec<(String, Deferrable)>,
    /// Its INSERT triggers are disabled while it is loaded.
    pub triggers_disabled: bool,
    /// They may be disabled: the load is repeated without them if they refuse rows that the trial did not include.
    pub may_be_disabled: bool,
    /// The enabled INSERT triggers, in the order in which they fire.
    pub insert_triggers: Vec<String>,
    /// Foreign keys that neither the server nor the plan ensures: their rows are compared before the commit.
    pub audited: Vec<ForeignKey>,
    /// The table's storage engine has transactions.
    pub transactional: bool,
    /// Keys whose values an expression of the config file gives, which are not proved to differ: (key, expression).
    pub unproved: Vec<(String, UnprovedExpression)>,
    /// CHECKs over columns whose values an expression or rules of the config file give.
    pub checked: Vec<CheckOfRules>,
}

/// A CHECK that the config file's values may break.
#[derive(Clone)]
pub struct CheckOfRules {
    pub name: String,
    pub text: String,
    /// The columns, with the source of their values.
    pub columns: Vec<(String, String)>,
}

/// Rows of a table above which it has a transaction of its own.
const MOST_SHARED: u64 = 1000;

impl TableJob {
    /// Whether the table can be loaded in one transaction with others: if that fails, each is loaded again alone.
    fn may_share(&self) -> bool {
        let plain = self.insert_triggers.is_empty() && self.deferred_indexes.is_empty() && self.audited.is_empty();
        plain
            && self.transactional
            && self.chunks.is_none()
            && self.rows <= MOST_SHARED
            && matches!(self.source, RowsSource::Generated { .. })
    }
}

/// Tables that are loaded in one transaction on one connection: one table, or a cycle of references.
#[derive(Clone)]
pub struct Unit {
    pub tables: Vec<TableJob>,
    pub level: usize,
    /// Units to whose tables this unit refers.
    pub after: Vec<usize>,
    /// Those of them whose rows are needed only once this unit's rows are stored: foreign keys that are checked then lead
    /// there.
    pub late: Vec<usize>,
}

impl Unit {
    /// Whether it can be loaded in one transaction with other units.
    pub fn may_share(&self) -> bool {
        self.tables.iter().all(TableJob::may_share)
    }
}

/// The jobs of a plan.
pub fn jobs_from_plan(schema: &Schema, plan: &Plan, generator: &Arc<Generator>) -> Vec<TableJob> {
    let job = |(t, p): (usize, &dbmocker_plan::TablePlan)| {
        let table = schema.table(&p.name).expect("a plan is made from the schema");
        let sent = &generator.table(t).sent;
        TableJob {
            source: RowsSource::Generated { generator: generator.clone(), table: t },
            requested: p.requested,
            rows: p.rows,
            existing: p.existing,
            limited_by: p.limited_by.clone(),
            deferred_indexes: p.deferred_indexes.clone().unwrap_or_default(),
            unproved: p.keys.iter().filter_map(|k| Some((k.name.clone(), k.unproved.clone()?))).collect(),
            checked: checks_of_rules(table, p),
            chunks: p.chunks.as_ref().and_then(|c| c.rows),
            ..job(schema.dialect, table, sent)
        }
    };
    plan.tables.iter().enumerate().map(job).collect()
}

/// The CHECKs that read a column with an expression or rules of the config file.
fn checks_of_rules(table: &dbmocker_core::schema::Table, plan: &dbmocker_plan::TablePlan) -> Vec<CheckOfRules> {
    let given = |c: &&dbmocker_plan::ColumnPlan| {
        c.law.as_ref().is_some_and(|law| matches!(law.law, dbmocker_plan::Law::Expression { .. }))
    };
    let given: Vec<_> = plan.columns.iter().filter(given).collect();
    let of_table = table.checks.iter().map(|check| (check, None));
    let of_types = table.columns.iter().flat_map(|c| c.domain_checks.iter().map(move |check| (check, Some(&c.name))));
    let checks = of_table.chain(of_types).map(|(check, column)| {
        let read = |c: &&&dbmocker_plan::ColumnPlan| match column {
            Some(name) => c.name == *name,
            None => check.text.contains(c.name.as_str()),
        };
        let columns = given.iter().filter(read).map(|c| (c.name.clone(), c.reason.clone())).collect();
        CheckOfRules { name: check.name.clone(), text: check.text.clone(), columns }
    });
    checks.filter(|check| !check.columns.is_empty()).collect()
}

/// The jobs of an exported folder against those tables of a live schema, which may be another server's, that are
/// `wanted`. Without the `plan`, missing parents are found only by the verification.
///
/// # Errors
/// Every table that is missing or differs, each difference named.
pub fn jobs_from_manifest(
    schema: &Schema,
    (manifest, plan): (&Manifest, Option<&Plan>),
    folder: &std::path::Path,
    wanted: &dyn Fn(&Table) -> bool,
    truncate: bool,
) -> Result<Vec<TableJob>, ManifestMisfits> {
    let mut jobs = Vec::new();
    let mut problems = Vec::new();
    for entry in &manifest.tables {
        match job_from_entry(schema, manifest, folder, entry, wanted, truncate) {
            Ok(job) => jobs.extend(job),
            Err(found) => problems.extend(found),
        }
    }
    problems.extend(plan.into_iter().flat_map(|plan| missing_parents(schema, plan, &jobs, truncate)));
    if problems.is_empty() { Ok(jobs) } else { Err(ManifestMisfits(problems)) }
}

/// Every reason why exported files do not fit a database.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ManifestMisfits(Vec<ManifestMisfit>);

/// Why exported files do not fit a database.
#[derive(Debug, thiserror::Error)]
enum ManifestMisfit {
    #[error("table `{0}` of the files is not in the database")]
    NoTable(String),
    /// Why the server takes no rows of the table.
    #[error("table `{table}`: {why}")]
    Unfit { table: String, why: String },
    #[error("table `{table}`: {difference}")]
    Differs { table: String, difference: Difference },
    #[error("table `{0}`: its columns differ")]
    Columns(String),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("table `{table}`: {why}")]
    Partition { table: String, why: ArrowError },
    #[error(
        "table `{table}`: foreign key `{foreign_key}` refers to {} of `{parent}` that the exporter's database held; {}; \
         export with --truncate, and rows of the files refer to nothing else",
        humanize::rows(*needed), there_are(*held)
    )]
    Parents { table: String, foreign_key: String, parent: String, needed: u64, held: u64 },
}

fn there_are(rows: u64) -> String {
    match rows {
        0 => "there are none here".into(),
        n => format!("there are only {} here", humanize::count(n)),
    }
}

/// Foreign keys of the files to rows of the exporter's database, if this database has fewer such rows.
fn missing_parents(schema: &Schema, plan: &Plan, jobs: &[TableJob], truncate: bool) -> Vec<ManifestMisfit> {
    let mut problems = Vec::new();
    let loaded = |table: &Table| jobs.iter().any(|job| job.name == table.name);
    for t in plan.tables.iter().filter(|t| meant(schema, &t.label, &t.name).is_some_and(loaded)) {
        for f in t.foreign.iter().filter(|f| f.existing_count > t.sources[f.source].first) {
            let label = f.parent_table.map_or_else(|| f.parent.to_string(), |p| plan.tables[p].label.clone());
            let here = meant(schema, &label, &f.parent).filter(|p| !(truncate && loaded(p)));
            let held = here.map_or(0, |p| p.existing.rows);
            if held < f.existing_count {
                problems.push(ManifestMisfit::Parents {
                    table: t.label.clone(),
                    foreign_key: f.name.clone(),
                    parent: label,
                    needed: f.existing_count,
                    held,
                });
            }
        }
    }
    problems
}

/// The table that an entry of a manifest means, in a schema that may be another server's.
pub fn table_of<'a>(schema: &'a Schema, entry: &TableEntry) -> Option<&'a Table> {
    meant(schema, &entry.label, &TableName::new(&entry.schema, &entry.name))
}

pub(super) fn meant<'a>(schema: &'a Schema, label: &str, name: &TableName) -> Option<&'a Table> {
    let same_schema = |t: &&Table| &t.name == name;
    let by_label = |t: &&Table| schema.label(&t.name) == label;
    let loosely = |t: &&Table| t.name.name.eq_ignore_ascii_case(&name.name);
    let find = |f: &dyn Fn(&&Table) -> bool| schema.tables.iter().find(f);
    find(&by_label).or_else(|| find(&same_schema)).or_else(|| find(&loosely))
}

/// The table's column for each of an entry's; `None` if one is missing.
pub fn columns_of(table: &Table, entry: &TableEntry) -> Option<Vec<usize>> {
    let column = |name: &str| {
        let exact = table.column_index(name);
        exact.or_else(|| table.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name)))
    };
    entry.columns.iter().map(|c| column(&c.name)).collect()
}

fn job_from_entry(
    schema: &Schema,
    manifest: &Manifest,
    folder: &std::path::Path,
    entry: &TableEntry,
    wanted: &dyn Fn(&Table) -> bool,
    truncate: bool,
) -> Result<Option<TableJob>, Vec<ManifestMisfit>> {
    let Some(table) = table_of(schema, entry) else {
        return Err(vec![ManifestMisfit::NoTable(entry.label.clone())]);
    };
    if !wanted(table) {
        return Ok(None);
    }
    let label = || entry.label.clone();
    if let Some(why) = table.unfit.first() {
        return Err(vec![ManifestMisfit::Unfit { table: label(), why: why.clone() }]);
    }
    let differences = compare(entry, &table.columns);
    if differences.iter().any(Difference::is_fatal) {
        let fatal = differences.into_iter().filter(Difference::is_fatal);
        return Err(fatal.map(|difference| ManifestMisfit::Differs { table: label(), difference }).collect());
    }
    let sent = columns_of(table, entry).ok_or_else(|| vec![ManifestMisfit::Columns(label())])?;
    let arrow = entry.arrow_schema().map_err(|e| vec![e.into()])?;
    Ok(Some(TableJob {
        source: RowsSource::Files(TableFiles {
            format: manifest.loaded_as(folder).map_err(|e| vec![e.into()])?,
            schema: arrow,
            files: source_files(entry, folder)
                .map_err(|why| vec![ManifestMisfit::Partition { table: label(), why }])?,
        }),
        requested: entry.rows,
        rows: entry.rows,
        existing: if truncate { 0 } else { table.existing.rows },
        limited_by: entry.limited_by.clone(),
        ..job(schema.dialect, table, &sent)
    }))
}

fn source_files(entry: &TableEntry, folder: &std::path::Path) -> Result<Vec<SourceFile>, ArrowError> {
    let file = |f: &FilePart| {
        let value = f.partition.as_ref().map(|p| entry.value_of(p)).transpose()?;
        Ok(SourceFile { path: folder.join(&f.path), value })
    };
    entry.files.iter().map(file).collect()
}

/// Decides the deferred work for rows from files. Their sort order is unknown; primary keys usually ascend.
pub fn defer_indexes(schema: &Schema, jobs: &mut [TableJob], from: Option<u64>) {
    for job in jobs {
        let table = schema.table(&job.name).expect("jobs are made from the schema");
        job.deferred_indexes =
            dbmocker_planner::deferred_indexes::decide(schema, table, (job.rows, job.existing), from, |key| {
                key.primary
            });
    }
}

/// Marks the triggers of these tables to be disabled while they are loaded.
pub fn disable_triggers(jobs: &mut [TableJob], disabled_triggers: &[DisabledTriggers]) {
    for job in jobs {
        job.triggers_disabled = disabled_triggers.iter().any(|s| s.table == job.name);
    }
}

/// Allows triggers to be disabled if they refuse rows that the trial did not include; returns the tables whose
/// triggers, by their text, may refuse rows.
pub fn skip_refused_triggers(schema: &Schema, jobs: &mut [TableJob]) -> Vec<TableName> {
    let mut tables = Vec::new();
    for job in jobs.iter_mut().filter(|job| !job.triggers_disabled && job.rows > 0 && !job.insert_triggers.is_empty()) {
        // Any trigger may cause an error: one that changes a row may violate a CHECK, one that writes to another table
        // a key there.
        job.may_be_disabled = true;
        let table = schema.table(&job.name).expect("jobs are made from the schema");
        if table.insert_triggers().any(|t| t.refuses) {
            tables.push(job.name.clone());
        }
    }
    tables
}

/// A job without its source and counts.
fn job(dialect: Dialect, table: &Table, sent: &[usize]) -> TableJob {
    let column = |&c: &usize| {
        let c = &table.columns[c];
        let srid = if let SqlType::Spatial { srid, .. } = &c.ty { *srid } else { None };
        TargetColumn { name: c.name.clone(), sql_type: c.type_name.clone(), srid }
    };
    let sequence = |c: &Column| Some((c.name.clone(), c.auto.as_ref()?.sequence()?.to_owned()));
    TableJob {
        name: table.name.clone(),
        target: Target {
            schema: table.name.schema.clone(),
            table: table.name.name.clone(),
            columns: sent.iter().map(column).collect(),
            freeze: false,
        },
        source: RowsSource::Files(TableFiles {
            format: Format::Csv,
            schema: Arc::new(arrow::datatypes::Schema::empty()),
            files: Vec::new(),
        }),
        requested: 0,
        rows: 0,
        existing: 0,
        limited_by: None,
        sequences: table.columns.iter().filter_map(sequence).collect(),
        only: dialect == Dialect::Postgres && !table.in_parts(),
        recount: dialect != Dialect::Mysql || !table.triggers.is_empty(),
        deferred: Vec::new(),
        triggers_disabled: false,
        may_be_disabled: false,
        insert_triggers: table.insert_triggers().map(|t| t.name.clone()).collect(),
        deferred_indexes: DeferredIndexes::default(),
        chunks: None,
        done: false,
        audited: Vec::new(),
        unproved: Vec::new(),
        checked: Vec::new(),
        transactional: dialect != Dialect::Mysql || table.options.iter().any(|o| o.eq_ignore_ascii_case("InnoDB")),
    }
}

impl TableJob {
    /// The row ranges of the table's parts; one range if it is not loaded in parts.
    pub fn parts(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        let (rows, size) = (self.rows, self.chunks.unwrap_or(self.rows).max(1));
        (0..rows.div_ceil(size)).map(move |i| i * size..rows.min((i + 1) * size))
    }
}

/// The units after which a table's unit comes, if all of its foreign keys are checked after its rows, except those whose
/// tables a CHECK reads. None where the server limits the time of a transaction, which waits for these units.
fn late(schema: &Schema, job: &TableJob, unit: impl Fn(&TableName) -> Option<usize>, after: &[usize]) -> Vec<usize> {
    let table = schema.table(&job.name).expect("jobs are made from the schema");
    let checked = &job.deferred_indexes.foreign_keys;
    let limited = schema.settings.get("transaction_timeout").is_some_and(|limit| limit != "0");
    if limited || job.chunks.is_some() || !table.every_foreign_key().iter().all(|f| checked.contains(&f.name)) {
        return Vec::new();
    }
    let read: Vec<usize> = table.reads.iter().filter_map(unit).collect();
    after.iter().copied().filter(|u| !read.contains(u)).collect()
}

/// The tables of a plan that may be loaded while the tables that they refer to are.
pub fn early_tables(schema: &Schema, plan: &Plan, generator: &Arc<Generator>) -> Vec<TableName> {
    let units = units(schema, jobs_from_plan(schema, plan, generator));
    let early = units.into_iter().filter(|unit| !unit.late.is_empty());
    early.flat_map(|unit| unit.tables).map(|job| job.name).collect()
}

/// Groups the jobs into units, parents first.
pub fn units(schema: &Schema, jobs: Vec<TableJob>) -> Vec<Unit> {
    let position = |name: &TableName| jobs.iter().position(|j| &j.name == name);
    let mut edges = Vec::new();
    for (child, job) in jobs.iter().enumerate() {
        let table = schema.table(&job.name).expect("jobs are made from the schema");
        let parents = table.every_foreign_key().into_iter().filter_map(|f| position(&f.parent));
        edges.extend(parents.map(|parent| Edge { child, parent, strong: false, bound: false }));
        // Tables that a CHECK reads must be loaded before as well; jobs are in the plan's order, so this creates no
        // cycle.
        let read = table.reads.iter().filter_map(position).filter(|&read| read < child);
        edges.extend(read.map(|parent| Edge { child, parent, strong: false, bound: false }));
    }
    let order = order(jobs.len(), &edges);
    let mut unit_of = vec![0; jobs.len()];
    let mut units: Vec<(Vec<usize>, usize)> = Vec::new();
    for (&t, &level) in order.tables.iter().zip(&order.levels) {
        let cycle = order.cycles.iter().find(|c| c.contains(&t));
        match cycle.and_then(|r| units.iter().position(|(members, _)| r.contains(&members[0]))) {
            Some(u) => units[u].0.push(t),
            None => units.push((vec![t], level)),
        }
        unit_of[t] = units.iter().position(|(m, _)| m.contains(&t)).expect("just placed");
    }
    units
        .iter()
        .enumerate()
        .map(|(u, (members, level))| {
            let parents = edges.iter().filter(|e| members.contains(&e.child)).map(|e| unit_of[e.parent]);
            let mut after: Vec<usize> = parents.filter(|&p| p != u).collect();
            after.sort_unstable();
            after.dedup();
            let inside = |name: &TableName| members.iter().any(|&m| &jobs[m].name == name);
            let tables = members.iter().map(|&m| {
                let table = schema.table(&jobs[m].name).expect("jobs are made from the schema");
                let cycle = members.len() > 1;
                let deferred =
                    table.foreign_keys.iter().filter(|f| cycle && inside(&f.parent) && f.parent != table.name);
                let deferred = deferred.map(|f| (f.name.clone(), f.deferrable)).collect();
                TableJob { deferred, ..jobs[m].clone() }
            });
            // A parent's trigger may use the child's table, which the child locks while it waits.
            let quiet = |u: &usize| {
                units[*u].0.iter().all(|&m| jobs[m].insert_triggers.is_empty() && jobs[m].audited.is_empty())
            };
            let late = match members[..] {
                [m] if after.iter().all(quiet) => {
                    late(schema, &jobs[m], |name| position(name).map(|p| unit_of[p]), &after)
                }
                _ => Vec::new(),
            };
            Unit { tables: tables.collect(), level: *level, after, late }
        })
        .collect()
}
