//! Decides which work is deferred until a table's rows are stored: indexes built once, foreign keys checked by one
//! join.
//!
//! In: the schema, a table's row counts, the rules of its key columns. Out: names, and the reason as text. The run
//! reads the catalogue again and keeps every index that it could not recreate exactly.

use dbmocker_core::humanize;
use dbmocker_core::schema::{Auto, Deferrable, Dialect, Key, Schema, Table};
use dbmocker_plan::{DeferredIndexes, Plan, Rule};

/// Rows loaded into an empty table from which indexes are deferred. Below, the additional statements cost as much as
/// they save.
pub const FROM_ROWS: u64 = 50_000;

/// Decides for one table. `ascending`: whether a key's values come in ascending order; `from` is `None` if indexes
/// shall be kept.
pub fn decide(
    schema: &Schema,
    table: &Table,
    (rows, existing): (u64, u64),
    from: Option<u64>,
    ascending: impl Fn(&Key) -> bool,
) -> DeferredIndexes {
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
    let (indexes, kept) = match schema.dialect {
        Dialect::Mysql => mysql_indexes(schema, table),
        _ => (indexes(schema, table), Vec::new()),
    };
    DeferredIndexes {
        indexes,
        kept,
        keys: keys(schema, table, &ascending),
        foreign_keys: foreign_keys(schema, table),
        freeze,
        reason,
    }
}

/// Decides for every table which work is deferred.
pub fn defer_indexes(plan: &mut Plan, schema: &Schema, from: Option<u64>) {
    for table_plan in &mut plan.tables {
        let table = schema.table(&table_plan.name).expect("a plan is made from the schema");
        let cycle = plan.cycles.iter().any(|c| c.contains(&table_plan.name));
        let ascending = |key: &Key| {
            let first = key.parts.first().and_then(|p| p.column.as_deref());
            let column = first.and_then(|name| table_plan.columns.iter().find(|c| c.name == name));
            column.is_some_and(|c| matches!(c.rule, Rule::Sequence { step: 1.., .. }))
        };
        table_plan.deferred_indexes = Some(if cycle {
            DeferredIndexes { reason: "one transaction with other tables".into(), ..DeferredIndexes::default() }
        } else {
            decide(schema, table, (table_plan.rows, table_plan.existing), from, ascending)
        });
    }
}

fn caveat(schema: &Schema, table: &Table) -> Option<String> {
    match schema.dialect {
        _ if table.partitioning.is_some() => Some("a partitioned table".into()),
        _ if table.in_parts() => Some("a hypertable".into()),
        _ if !table.inherits.is_empty() || schema.tables.iter().any(|t| t.inherits.contains(&table.name)) => {
            Some("inheritance".into())
        }
        // A trigger's statements may need a key (ON CONFLICT) or an index by name.
        _ if !table.triggers.is_empty() => Some("its triggers may need them".into()),
        _ => None,
    }
}

fn indexes(schema: &Schema, table: &Table) -> Vec<String> {
    let referenced = |key: &Key| {
        let columns = key.plain_columns().unwrap_or_default();
        let same = |of: &[String]| of.len() == columns.len() && of.iter().all(|c| columns.contains(&c.as_str()));
        let all = schema.tables.iter().flat_map(Table::every_foreign_key);
        all.into_iter().any(|f| f.parent == table.name && same(&f.parent_columns))
    };
    let waits = |key: &&Key| match schema.dialect {
        // An index made by a constraint cannot be dropped; foreign keys are not enforced during the load.
        Dialect::Sqlite => !key.constraint && !key.primary,
        // A sort is cheaper than inserting every key, even if they come in ascending order (PostgreSQL, 500,000 rows of 8
        // columns: 0.6 CPU s without the key, 0.75 with the key built after the rows, 1.05 with it kept).
        _ => !referenced(key),
    };
    let keys = table.keys.iter().filter(waits).map(|k| k.name.clone());
    keys.chain(table.indexes.iter().map(|i| i.name.clone())).collect()
}

/// Returns the secondary indexes of MySQL that no foreign key and no AUTO_INCREMENT column needs, and the others with the
/// reason. They are dropped only while the table is loaded in parts: MariaDB builds the indexes of an empty table by
/// itself, in one transaction.
fn mysql_indexes(schema: &Schema, table: &Table) -> (Vec<String>, Vec<(String, String)>) {
    let innodb = table.options.iter().any(|o| o.eq_ignore_ascii_case("InnoDB"));
    let own = table.foreign_keys.iter().filter_map(|f| f.columns.first());
    let all = schema.tables.iter().flat_map(Table::every_foreign_key).filter(|f| f.parent == table.name);
    let needed: Vec<String> = own.cloned().chain(all.filter_map(|f| f.parent_columns.first().cloned())).collect();
    let auto: Vec<String> = table.columns.iter().filter(|c| c.auto.is_some()).map(|c| c.name.clone()).collect();
    let why = |begins_with: &dyn Fn(&str) -> bool| match () {
        () if !innodb => Some("the table is not of InnoDB"),
        // Without a primary key, a unique key is the table itself.
        () if !table.keys.iter().any(|k| k.primary) => Some("the table has no primary key"),
        () if needed.iter().any(|column| begins_with(column)) => Some("a foreign key needs it"),
        () if auto.iter().any(|column| begins_with(column)) => Some("AUTO_INCREMENT needs it"),
        () => None,
    };
    let (mut dropped, mut kept) = (Vec::new(), Vec::new());
    let mut add = |name: &String, why: Option<&str>| match why {
        None => dropped.push(name.clone()),
        Some(why) => kept.push((name.clone(), why.to_owned())),
    };
    for key in table.keys.iter().filter(|k| !k.primary) {
        let first = key.parts.first().and_then(|p| p.column.clone()).unwrap_or_default();
        add(&key.name, why(&|column| column.eq_ignore_ascii_case(&first)));
    }
    for index in &table.indexes {
        let parts = index.definition.split_once(" (").map_or("", |(_, parts)| parts);
        let begins_with =
            |column: &str| parts.strip_prefix(column).is_some_and(|rest| rest.starts_with([',', '(', ')']));
        add(&index.name, why(&begins_with));
    }
    (dropped, kept)
}

/// Returns SQLite's constraints with a separate index: all of them or none, since SQLite numbers these indexes.
fn keys(schema: &Schema, table: &Table, ascending: impl Fn(&Key) -> bool) -> Vec<String> {
    let is = |option: &str| table.options.iter().any(|o| o == option);
    let rowid = |key: &Key| key.primary && table.columns.iter().any(|c| matches!(c.auto, Some(Auto::Rowid { .. })));
    let own: Vec<&Key> = table.keys.iter().filter(|k| k.constraint && !rowid(k)).collect();
    // Here the primary key is the table itself, or implies NOT NULL.
    let primary_matters = is("WITHOUT ROWID") || (is("STRICT") && own.iter().any(|k| k.primary));
    // Ascending values need no sort.
    if schema.dialect != Dialect::Sqlite || primary_matters || own.iter().all(|k| ascending(k)) {
        return Vec::new();
    }
    own.into_iter().map(|k| k.name.clone()).collect()
}

fn foreign_keys(schema: &Schema, table: &Table) -> Vec<String> {
    let allowed = schema.settings.get("can_set_session_replication_role").is_some_and(|v| v == "on");
    // A deferrable key is also checked by a trigger, which would be disabled with those of the foreign keys.
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
        super::decide(schema, table, counts, from, |_| false)
    }

    #[test]
    fn indexes_are_deferred_for_large_loads_of_empty_tables_only() {
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
    fn indexes_of_mysql_stay_for_a_reason() {
        let mut schema = shop();
        schema.dialect = Dialect::Mysql;
        for t in &mut schema.tables {
            t.options.push("InnoDB".into());
        }
        let child = schema.tables.iter_mut().find(|t| t.name.name == "child").unwrap();
        child.indexes[0].definition = "BTREE (id)".into();
        child.indexes.push(Index {
            name: "child_parent".into(),
            definition: "BTREE (parent_id, id)".into(),
            expressions: Vec::new(),
        });
        let waits = decide(&schema, "child", (FROM_ROWS, 0), Some(1));
        assert_eq!(waits.indexes, ["child_ix"]);
        assert_eq!(waits.kept, [("child_parent".to_owned(), "a foreign key needs it".to_owned())]);
        let child = schema.tables.iter_mut().find(|t| t.name.name == "child").unwrap();
        child.keys.retain(|k| !k.primary);
        let waits = decide(&schema, "child", (FROM_ROWS, 0), Some(1));
        assert!(waits.is_empty() && waits.kept.iter().all(|(_, why)| why == "the table has no primary key"));
        assert_eq!(waits.kept.len(), 2);
    }

    #[test]
    fn a_referenced_key_is_not_dropped() {
        let waits = decide(&shop(), "parent", (FROM_ROWS, 0), Some(1));
        assert_eq!(waits.indexes, ["parent_code_key"]);
    }

    #[test]
    fn tables_with_triggers_keep_their_indexes() {
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
