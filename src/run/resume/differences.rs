//! Describes how a schema differs from the one that a run was planned for.

use dbmocker_core::schema::{Schema, Table, TableName};
use serde_json::Value;

/// Fields that change with the rows, privileges and the time, and are not compared.
const PASSING: [&str; 5] = ["existing", "caveats", "can_insert", "not_emptied", "comment"];

/// A line for each difference in the tables that are `planned`, except for objects that the run itself has `dropped`.
pub(super) fn differences<'a>(
    kept: &Schema,
    live: &Schema,
    planned: impl IntoIterator<Item = &'a TableName>,
    dropped: &[(TableName, String)],
) -> Vec<String> {
    let mut all = Vec::new();
    for name in planned {
        match (kept.table(name), live.table(name)) {
            (Some(kept), Some(live)) => {
                let own = |what: &str| dropped.iter().any(|(table, own)| table == name && own == what);
                all.extend(of_table(kept, live, &own).into_iter().map(|what| format!("`{name}`: {what}")));
            }
            (_, None) => all.push(format!("`{name}` is gone")),
            (None, Some(_)) => all.push(format!("`{name}` was not there")),
        }
    }
    all
}

fn of_table(kept: &Table, live: &Table, dropped: &dyn Fn(&str) -> bool) -> Vec<String> {
    let fields = |table: &Table| match serde_json::to_value(table) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (kept, live) = (fields(kept), fields(live));
    let mut names: Vec<&String> = kept.keys().chain(live.keys()).collect();
    names.sort();
    names.dedup();
    let mut all = Vec::new();
    for field in names.into_iter().filter(|f| !PASSING.contains(&f.as_str())) {
        let (was, is) = (kept.get(field).unwrap_or(&Value::Null), live.get(field).unwrap_or(&Value::Null));
        let what = field.replace('_', " ");
        match (was, is) {
            (Value::Array(was), Value::Array(is)) if was.iter().chain(is).all(|v| named(v).is_some()) => {
                let one = if field == "indexes" { "index" } else { what.trim_end_matches('s') };
                all.extend(of_list(one, was, is, dropped));
            }
            _ if was == is => {}
            _ => all.push(format!("its {what} differ")),
        }
    }
    all
}

fn named(value: &Value) -> Option<&str> {
    value.get("name")?.as_str()
}

/// Differences of columns, keys and the like, by their names.
fn of_list(what: &str, was: &[Value], is: &[Value], dropped: &dyn Fn(&str) -> bool) -> Vec<String> {
    let find = |all: &[Value], name: &str| all.iter().find(|v| named(v) == Some(name)).cloned();
    let mut all = Vec::new();
    for (name, value) in was.iter().filter_map(|v| Some((named(v)?, v))).filter(|(name, _)| !dropped(name)) {
        match find(is, name) {
            None => all.push(format!("{what} `{name}` is gone")),
            Some(now) if &now != value => all.push(format!("{what} `{name}` was changed")),
            Some(_) => {}
        }
    }
    let new = is.iter().filter_map(named).filter(|name| !dropped(name) && find(was, name).is_none());
    all.extend(new.map(|name| format!("{what} `{name}` is new")));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::{Column, Dialect, Index, SqlType};

    fn schema(columns: &[(&str, &str)], indexes: &[&str]) -> Schema {
        let mut table = Table::new(TableName::new("public", "a"));
        let column = |(name, ty): &(&str, &str)| Column::new(*name, SqlType::Uuid, *ty);
        let index = |name: &&str| Index { name: (*name).into(), definition: String::new(), expressions: Vec::new() };
        (table.columns, table.indexes) = (columns.iter().map(column).collect(), indexes.iter().map(index).collect());
        Schema {
            dialect: Dialect::Postgres,
            server: String::new(),
            database: String::new(),
            default_schema: "public".into(),
            tables: vec![table],
            skipped: Vec::new(),
            functions: Vec::new(),
            settings: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn every_change_is_named_but_the_run_s_own() {
        let kept = schema(&[("id", "int"), ("b", "text")], &["i"]);
        let mut live = schema(&[("id", "int"), ("b", "int"), ("c", "int")], &[]);
        live.tables[0].existing.rows = 7;
        let name = &kept.tables[0].name;
        assert_eq!(
            differences(&kept, &live, [name], &[]),
            ["`public.a`: column `b` was changed", "`public.a`: column `c` is new", "`public.a`: index `i` is gone"]
        );
        assert_eq!(differences(&kept, &live, [name], &[(name.clone(), "i".into())]).len(), 2);
        assert!(differences(&kept, &kept, [name], &[]).is_empty());
        live.tables.clear();
        assert_eq!(differences(&kept, &live, [name], &[]), ["`public.a` is gone"]);
    }
}
