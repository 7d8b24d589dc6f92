//! How a schema differs from the one that a run was planned for, in words.

use dbmocker_core::schema::{Schema, Table, TableName};
use serde_json::Value;

/// What rows, privileges and the time of day change as well.
const PASSING: [&str; 5] = ["existing", "caveats", "can_insert", "not_emptied", "comment"];

/// A line for each difference in the tables that are `planned`, what the run itself has `dropped` left out.
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
                all.extend(of_list(what.trim_end_matches('s'), was, is, dropped));
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
    use dbmocker_core::schema::fixtures::{Fixture, table};

    #[test]
    fn every_change_is_named_but_the_run_s_own() {
        let kept = Fixture::new().with(table("a").int("id").text("b").primary(&["id"]).unique(&["b"])).schema();
        let mut live = Fixture::new().with(table("a").int("id").int("b").int("c").primary(&["id"])).schema();
        live.tables[0].existing.rows = 7;
        let (name, unique) = (&kept.tables[0].name, kept.tables[0].keys[1].name.clone());
        let all = differences(&kept, &live, [name], &[]);
        let expected = ["`public.a`: column `b` was changed", "`public.a`: column `c` is new"];
        assert!(expected.iter().all(|e| all.iter().any(|a| a == e)), "{all:?}");
        assert!(all.iter().any(|a| a.contains(&unique)) && all.len() == 3, "{all:?}");
        assert_eq!(differences(&kept, &live, [name], &[(name.clone(), unique)]).len(), 2);
        assert!(differences(&kept, &kept, [name], &[]).is_empty());
        live.tables.clear();
        assert_eq!(differences(&kept, &live, [name], &[]), ["`public.a` is gone"]);
    }
}
