//! What waits until a table's rows are in: indexes that are built once, foreign keys that are checked by one join.
//!
//! In: the schema, a table's row counts, the rules of its key columns. Out: names, and the reason in words. The run
//! looks at the catalogue again and keeps what it could not make again exactly as it was.

use serde::{Deserialize, Serialize};

use dbmocker_core::humanize;
use dbmocker_core::schema::{Auto, Deferrable, Dialect, Key, Schema, Table};
use dbmocker_plan::{Plan, Rule, TablePlan};

/// Rows into an empty table from which indexes are built after them. Below, the statements cost as much as they save.
pub const FROM_ROWS: u64 = 50_000;

/// What waits for the end of a table's load, inside its transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeferredIndexes {
    /// Dropped before the rows and made again after them.
    pub indexes: Vec<String>,
    /// Constraints of SQLite whose indexes are filled after the rows.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Checked by one join after the rows.
    pub foreign_keys: Vec<String>,
    /// The table, which is empty, is emptied again in the transaction that loads it, so that its rows may be stored
    /// frozen.
    #[serde(default)]
    pub freeze: bool,
    pub reason: String,
}

impl DeferredIndexes {
    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty() && self.keys.is_empty() && self.foreign_keys.is_empty() && !self.freeze
    }

    /// Decides for one table. `ascending` says whether a key's values come in order; `from` is `None` where indexes are
    /// to be kept.
    pub fn decide(
        schema: &Schema,
        table: &Table,
        (rows, existing): (u64, u64),
        from: Option<u64>,
        ascending: impl Fn(&Key) -> bool,
    ) -> Self {
        let nothing = |reason: String| DeferredIndexes { reason, ..DeferredIndexes::default() };
        let Some(from) = from else { return nothing("--keep-indexes".into()) };
        if existing > 0 {
            return nothing("the table holds rows".into());
        }
        if rows < from {
            return nothing(format!("fewer than {} rows", humanize::count(from)));
        }
        if let Some(caveat) = caveat(schema, table) {
            return nothing(caveat);
        }
        let reason = format!("{} rows into an empty table", humanize::count(rows));
        let freeze = schema.dialect == Dialect::Postgres && table.not_emptied.is_none();
        DeferredIndexes {
            indexes: indexes(schema, table, &ascending),
            keys: keys(schema, table, &ascending),
            foreign_keys: foreign_keys(schema, table),
            freeze,
            reason,
        }
    }

    /// For people, in the plan; `None` where the table has nothing that could wait.
    pub fn describe(&self, table: &TablePlan, dialect: Dialect) -> Option<String> {
        if dialect == Dialect::Mysql || (self.is_empty() && table.keys.is_empty() && table.foreign.is_empty()) {
            return None;
        }
        if self.is_empty() {
            return Some(format!("indexes and foreign keys stay in place: {}", self.reason));
        }
        let parts = table.cut.as_ref().is_some_and(|c| c.rows.is_some()) && dialect != Dialect::Sqlite;
        let mut said = Vec::new();
        if !self.indexes.is_empty() {
            said.push(format!("{} dropped, made again after the rows", self.indexes.join(", ")));
        }
        if !self.keys.is_empty() {
            said.push(format!("{} filled after the rows", self.keys.join(", ")));
        }
        if !self.foreign_keys.is_empty() {
            said.push(format!("{} checked once, after the rows", self.foreign_keys.join(", ")));
        }
        // Its transaction is the only one that may see rows before it ends.
        if self.freeze && !parts {
            said.push("TRUNCATE, then COPY FREEZE: no page is written again by the first scan or VACUUM".to_owned());
        }
        if said.is_empty() {
            return None;
        }
        let how = if parts { "written down in the database first" } else { "in the same transaction" };
        Some(format!("{}, {how}: {}", said.join("; "), self.reason))
    }
}

impl Plan {
    /// Decides for every table what waits for its rows.
    pub fn defer_indexes(&mut self, schema: &Schema, from: Option<u64>) {
        for plan in &mut self.tables {
            let table = schema.table(&plan.name).expect("a plan is made from the schema");
            let ring = self.cycles.iter().any(|c| c.contains(&plan.name));
            let ascending = |key: &Key| {
                let first = key.parts.first().and_then(|p| p.column.as_deref());
                let column = first.and_then(|name| plan.columns.iter().find(|c| c.name == name));
                column.is_some_and(|c| matches!(c.rule, Rule::Sequence { .. }))
            };
            plan.deferred_indexes = Some(if ring {
                DeferredIndexes { reason: "one transaction with other tables".into(), ..DeferredIndexes::default() }
            } else {
                DeferredIndexes::decide(schema, table, (plan.rows, plan.existing), from, ascending)
            });
        }
    }
}

fn caveat(schema: &Schema, table: &Table) -> Option<String> {
    match schema.dialect {
        Dialect::Mysql => Some("an empty table is loaded in bulk, its indexes with it".into()),
        _ if table.partitioning.is_some() => Some("a partitioned table".into()),
        _ if !table.inherits.is_empty() || schema.tables.iter().any(|t| t.inherits.contains(&table.name)) => {
            Some("inheritance".into())
        }
        // A trigger's own statements may need a key (ON CONFLICT) or an index by name.
        _ if !table.triggers.is_empty() => Some("its triggers may need them".into()),
        _ => None,
    }
}

fn indexes(schema: &Schema, table: &Table, ascending: impl Fn(&Key) -> bool) -> Vec<String> {
    let referenced = |key: &Key| {
        let columns = key.plain_columns().unwrap_or_default();
        let same = |of: &[String]| of.len() == columns.len() && of.iter().all(|c| columns.contains(&c.as_str()));
        let all = schema.tables.iter().flat_map(Table::every_foreign_key);
        all.into_iter().any(|f| f.parent == table.name && same(&f.parent_columns))
    };
    let waits = |key: &&Key| match schema.dialect {
        // No statement drops what a constraint made; foreign keys are not enforced while it loads.
        Dialect::Sqlite => !key.constraint && !key.primary,
        _ => !ascending(key) && !referenced(key),
    };
    let keys = table.keys.iter().filter(waits).map(|k| k.name.clone());
    keys.chain(table.indexes.iter().map(|i| i.name.clone())).collect()
}

/// SQLite's constraints with an index of their own: all of them or none, since SQLite numbers these indexes.
fn keys(schema: &Schema, table: &Table, ascending: impl Fn(&Key) -> bool) -> Vec<String> {
    let is = |option: &str| table.options.iter().any(|o| o == option);
    let rowid = |key: &Key| key.primary && table.columns.iter().any(|c| matches!(c.auto, Some(Auto::Rowid { .. })));
    let own: Vec<&Key> = table.keys.iter().filter(|k| k.constraint && !rowid(k)).collect();
    // There the primary key is the table itself, or forbids NULLs.
    let primary_matters = is("WITHOUT ROWID") || (is("STRICT") && own.iter().any(|k| k.primary));
    // What comes in order needs no sort.
    if schema.dialect != Dialect::Sqlite || primary_matters || own.iter().all(|k| ascending(k)) {
        return Vec::new();
    }
    own.into_iter().map(|k| k.name.clone()).collect()
}

fn foreign_keys(schema: &Schema, table: &Table) -> Vec<String> {
    let allowed = schema.settings.get("can_set_session_replication_role").is_some_and(|v| v == "on");
    // The check of a deferrable key is a trigger too, and would be lost with those of the foreign keys.
    let late = table.keys.iter().any(|k| k.deferrable != Deferrable::No);
    if schema.dialect != Dialect::Postgres || !allowed || late || !table.exclusions.is_empty() {
        return Vec::new();
    }
    table.foreign_keys.iter().map(|f| f.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::Index;
    use dbmocker_core::schema::fixtures::{Fixture, table};

    fn shop() -> Schema {
        let parent = table("parent").int("id").text("code").primary(&["id"]).unique(&["code"]);
        let child = table("child").int("id").int("parent_id").primary(&["id"]);
        let child = child.foreign(&["parent_id"], "parent", &["id"]);
        let mut schema = Fixture::new().with(parent).with(child).schema();
        schema.settings.insert("can_set_session_replication_role".into(), "on".into());
        let child = schema.tables.iter_mut().find(|t| t.name.name == "child").unwrap();
        child.indexes.push(Index { name: "child_ix".into(), definition: String::new(), expressions: Vec::new() });
        schema
    }

    fn decide(schema: &Schema, name: &str, counts: (u64, u64), from: Option<u64>) -> DeferredIndexes {
        let table = schema.tables.iter().find(|t| t.name.name == name).unwrap();
        DeferredIndexes::decide(schema, table, counts, from, |_| false)
    }

    #[test]
    fn large_loads_of_empty_tables_only() {
        let schema = shop();
        let waits = decide(&schema, "child", (FROM_ROWS, 0), Some(FROM_ROWS));
        assert_eq!(waits.foreign_keys, ["child_parent_id"]);
        assert!(waits.indexes.contains(&"child_ix".to_owned()), "{waits:?}");
        for (counts, from) in [((FROM_ROWS - 1, 0), Some(FROM_ROWS)), ((FROM_ROWS, 1), Some(1)), ((FROM_ROWS, 0), None)]
        {
            assert!(decide(&schema, "child", counts, from).is_empty());
        }
    }

    #[test]
    fn a_key_that_is_referred_to_stays() {
        let waits = decide(&shop(), "parent", (FROM_ROWS, 0), Some(1));
        assert_eq!(waits.indexes, ["parent_code_key"]);
    }

    #[test]
    fn triggers_keep_everything_in_place() {
        let mut schema = shop();
        for t in &mut schema.tables {
            t.triggers.push(dbmocker_core::schema::Trigger {
                name: "t".into(),
                event: "AFTER INSERT".into(),
                enabled: true,
                ..Default::default()
            });
        }
        assert!(decide(&schema, "child", (FROM_ROWS, 0), Some(1)).is_empty());
    }
}
