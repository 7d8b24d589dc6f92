//! Decides which tables are divided into parts that are loaded in parallel, each in its own transaction.
//!
//! In: the schema, a table's row counts, the available loaders. Out: rows per part, and the reason as text.

use dbmocker_core::humanize;
use dbmocker_core::schema::{Dialect, Schema, Table};
use dbmocker_plan::{ChunkPlan, DeferredIndexes, Plan, ProcessChoice, TablePlan};

/// Default number of rows above which a table is divided.
pub const ROWS: u64 = 250_000;

/// Rows per part of a table that is divided only so that an interrupted load can be resumed: a few seconds of work.
pub const PART_ROWS: u64 = 5_000_000;

/// The available loaders, and the options that the user set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoaderPool {
    /// Worker processes; 1 means this process only.
    pub processes: usize,
    /// Connections of this process, if it loads itself.
    pub connections: usize,
    /// Why several connections load parts of one table.
    pub shared: Option<String>,
    /// The server is nearby: a way to load that takes one connection is not given up for several.
    pub nearby: bool,
    /// Number of rows above which a table is divided.
    pub rows: u64,
    /// Rows per part of a table loaded by a single connection; `None`: it is not divided.
    pub part_rows: Option<u64>,
    /// The user set the part size.
    pub parts_asked: bool,
    /// Number of rows of the largest table from which worker processes are used: they take time to start.
    pub from: u64,
    /// The user set the number of processes.
    pub asked: bool,
    /// The reason for the number of processes.
    pub because: String,
}

impl LoaderPool {
    fn choose(&self, rows: u64) -> ProcessChoice {
        let LoaderPool { processes, from, because, .. } = self;
        let largest = format!("the largest table gets {} rows", humanize::count(rows));
        match (*processes, rows < *from) {
            (0 | 1, _) => ProcessChoice { processes: 1, reason: because.clone() },
            (_, true) => {
                let reason = format!("{largest}; threads are quicker below {}", humanize::count(*from));
                ProcessChoice { processes: 1, reason }
            }
            (n, false) => ProcessChoice { processes: n, reason: format!("{largest}; {because}") },
        }
    }
}

/// Decides for every table whether it is divided; `cut` stays `None` where a single connection loads everything.
pub fn chunk(plan: &mut Plan, schema: &Schema, loaders: &LoaderPool) {
    let chosen = loaders.choose(plan.tables.iter().map(|t| t.rows).max().unwrap_or(0));
    let loaders = &LoaderPool { processes: chosen.processes, ..loaders.clone() };
    plan.loaders = Some(chosen);
    for table_plan in &mut plan.tables {
        let table = schema.table(&table_plan.name).expect("a plan is made from the schema");
        let cycle = plan.cycles.iter().any(|c| c.contains(&table_plan.name));
        table_plan.chunks = decide(schema, table, table_plan, cycle, loaders);
        let parts = table_plan.chunks.as_ref().is_some_and(|c| c.rows.is_some());
        let kept = match schema.dialect {
            // Indexes are hidden or dropped within one transaction only.
            Dialect::Sqlite => (parts && loaders.processes <= 1).then_some("loaded in parts"),
            // Each ALTER TABLE commits.
            Dialect::Mysql => (!parts).then_some("loaded in one transaction"),
            Dialect::Postgres => None,
        };
        if let Some(reason) = kept {
            let reason = reason.to_owned();
            table_plan.deferred_indexes = Some(DeferredIndexes { reason, ..DeferredIndexes::default() });
        }
    }
}

fn decide(schema: &Schema, table: &Table, plan: &TablePlan, cycle: bool, loaders: &LoaderPool) -> Option<ChunkPlan> {
    let by_processes = loaders.processes > 1;
    let quicker = schema.dialect == Dialect::Mysql && !schema.is_mariadb();
    let in_bulk = schema.is_mariadb() && loaders.nearby;
    let shared = loaders.shared.as_ref().filter(|_| schema.dialect != Dialect::Sqlite && !in_bulk);
    let by_connections = loaders.connections > 1 && (quicker || shared.is_some());
    let side_by_side = by_processes || by_connections;
    let most = if side_by_side && !loaders.parts_asked { Some(loaders.rows) } else { loaders.part_rows }?.max(1);
    let whole = |reason: String| Some(ChunkPlan { rows: None, reason });
    if plan.rows <= most {
        let told = side_by_side || loaders.parts_asked;
        return whole(format!("not more than {} rows", humanize::count(most))).filter(|_| told);
    }
    if !(schema.dialect == Dialect::Sqlite && by_processes)
        && let Some(caveat) = caveat(schema, table, plan, cycle, (loaders, shared.is_some()))
    {
        return whole(caveat);
    }
    // Parts of equal size, so that no small last part is loaded alone.
    let rows = plan.rows.div_ceil(plan.rows.div_ceil(most));
    if let Some(why) = shared.filter(|_| by_connections) {
        let most = if loaders.nearby { "up to " } else { "" };
        let reason =
            format!("loaded by {most}{} connections, each part in its own transaction: {why}", loaders.connections);
        return Some(ChunkPlan { rows: Some(rows), reason });
    }
    let reason = match schema.dialect {
        Dialect::Sqlite if by_processes => {
            "processes generate files, one connection writes them in order, in one transaction"
        }
        _ if by_processes => "loaded by processes, each part in its own transaction",
        _ if by_connections => "loaded by several connections, each part in its own transaction",
        _ => "each part in its own transaction, so that a load that is stopped can go on with the next one (--resume)",
    };
    Some(ChunkPlan { rows: Some(rows), reason: reason.into() })
}

fn caveat(
    schema: &Schema,
    table: &Table,
    plan: &TablePlan,
    cycle: bool,
    (loaders, shared): (&LoaderPool, bool),
) -> Option<String> {
    if plan.existing > 0 {
        // After a failure, rows of a part could not be distinguished from existing rows.
        return Some("the table holds rows".into());
    }
    if cycle {
        return Some("one transaction with other tables".into());
    }
    if !table.triggers.is_empty() {
        return Some("its triggers may look at other rows".into());
    }
    if plan.self_reference && schema.dialect == Dialect::Postgres {
        return Some("its rows refer to rows of other parts".into());
    }
    if schema.is_mariadb() && !loaders.asked && !loaders.parts_asked && !shared {
        return Some("MariaDB takes an empty table in bulk, by one statement".into());
    }
    let after = |d: &DeferredIndexes| !d.indexes.is_empty() || !d.keys.is_empty();
    if schema.dialect == Dialect::Sqlite && !loaders.parts_asked && plan.deferred_indexes.as_ref().is_some_and(after) {
        return Some("its indexes are built after its rows, in the same transaction".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoExistingRows, PlanOptions, build};
    use dbmocker_core::schema::fixtures::{Fixture, table};

    fn rows(dialect: Dialect, flavour: &str, loaders: LoaderPool) -> Vec<Option<Option<u64>>> {
        let a = table("a").int("id").primary(&["id"]);
        let b = table("b").int("id").nullable_int("up").primary(&["id"]).foreign(&["up"], "b", &["id"]);
        let mut schema = Fixture::new().with(a).with(b).schema();
        let options = PlanOptions { rows: 1000, seed: 42, ..PlanOptions::default() };
        let (mut plan, _) = build(&schema, &options, &NoExistingRows).unwrap();
        schema.dialect = dialect;
        schema.settings.insert("flavour".into(), flavour.into());
        chunk(&mut plan, &schema, &loaders);
        plan.tables.into_iter().map(|t| t.chunks.map(|c| c.rows)).collect()
    }

    #[test]
    fn tables_are_divided_where_that_is_possible_and_useful() {
        let few = || LoaderPool { processes: 4, connections: 4, rows: 400, ..LoaderPool::default() };
        let threads = || LoaderPool { processes: 1, ..few() };
        let asked = || LoaderPool { asked: true, ..few() };
        assert_eq!(rows(Dialect::Postgres, "", few()), [Some(Some(334)), Some(None)]);
        assert_eq!(rows(Dialect::Postgres, "", threads()), [None, None]);
        let shared = || LoaderPool { shared: Some("--connections 4".into()), ..threads() };
        assert_eq!(rows(Dialect::Postgres, "", shared()), [Some(Some(334)), Some(None)]);
        assert_eq!(rows(Dialect::Mysql, "mariadb", shared()), [Some(Some(334)), Some(Some(334))]);
        assert_eq!(rows(Dialect::Sqlite, "", shared()), [None, None]);
        let nearby = || LoaderPool { nearby: true, ..shared() };
        assert_eq!(rows(Dialect::Postgres, "", nearby()), [Some(Some(334)), Some(None)]);
        assert_eq!(rows(Dialect::Mysql, "mariadb", nearby()), [None, None]);
        assert_eq!(rows(Dialect::Mysql, "mysql", few()), [Some(Some(334)), Some(Some(334))]);
        assert_eq!(rows(Dialect::Mysql, "mysql", threads()), [Some(Some(334)), Some(Some(334))]);
        assert_eq!(rows(Dialect::Mysql, "mariadb", few()), [Some(None), Some(None)]);
        assert_eq!(rows(Dialect::Mysql, "mariadb", threads()), [None, None]);
        assert_eq!(rows(Dialect::Mysql, "mariadb", asked()), [Some(Some(334)), Some(Some(334))]);
        assert_eq!(rows(Dialect::Sqlite, "", few()), [Some(Some(334)), Some(Some(334))]);
        assert_eq!(rows(Dialect::Sqlite, "", LoaderPool { rows: 1000, ..few() }), [Some(None), Some(None)]);
        let parts = || LoaderPool { part_rows: Some(400), ..threads() };
        assert_eq!(rows(Dialect::Postgres, "", parts()), [Some(Some(334)), Some(None)]);
        assert_eq!(rows(Dialect::Sqlite, "", parts()), [Some(Some(334)), Some(Some(334))]);
        assert_eq!(rows(Dialect::Mysql, "mariadb", parts()), [Some(None), Some(None)]);
        assert_eq!(rows(Dialect::Mysql, "mariadb", LoaderPool { parts_asked: true, ..parts() }), [Some(Some(334)); 2]);
        assert_eq!(rows(Dialect::Postgres, "", LoaderPool { part_rows: Some(1000), ..threads() }), [None, None]);
    }

    #[test]
    fn small_tables_are_loaded_by_threads() {
        let loaders = LoaderPool { processes: 4, from: 100_000, because: "4 cores".into(), ..LoaderPool::default() };
        assert_eq!(loaders.choose(99_999).processes, 1);
        assert_eq!(loaders.choose(100_000).processes, 4);
        assert_eq!(LoaderPool { processes: 1, ..loaders }.choose(1 << 40).processes, 1);
    }
}
