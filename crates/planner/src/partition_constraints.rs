//! Constraints of single partitions as constraints of the table: the planner fills tables, not partitions.
//!
//! In: a partitioned table. Out: the table with the keys and CHECKs of its partitions, each restricted to the rows of
//! the partition; and without partitions whose foreign keys contradict those of others.

use super::partitions::bound_text;
use dbmocker_core::schema::{Caveat, Check, Deferrable, Dialect, ForeignKey, Key, Partition, Partitioning, Table};

/// Returns the table with the constraints of its partitions; `None` if they have none.
pub(super) fn gather(table: &Table, dialect: Dialect) -> Option<Table> {
    let partitioning = table.partitioning.as_ref()?;
    let (partitioning, dropped) = together(partitioning);
    let mut nodes = Vec::new();
    walk(table, &partitioning, dialect, Some(Vec::new()), &mut nodes);
    let keys = keys(&nodes);
    let checks: Vec<Check> = nodes.iter().flat_map(|n| n.partition.own_checks.iter().map(|c| n.check(c))).collect();
    if keys.is_empty() && checks.is_empty() && dropped.is_empty() {
        return None;
    }
    let mut out = table.clone();
    out.keys.extend(keys);
    for check in checks {
        if !out.checks.iter().any(|c| c.text == check.text) {
            out.checks.push(check);
        }
    }
    if !dropped.is_empty() {
        out.caveats.push(Caveat::EmptyPartitions(dropped));
    }
    out.partitioning = Some(partitioning);
    Some(out)
}

/// A partition at any depth, and the predicate of its rows, if there is one.
struct PartitionNode<'a> {
    partition: &'a Partition,
    here: Option<String>,
}

impl PartitionNode<'_> {
    fn check(&self, check: &Check) -> Check {
        let text = match &self.here {
            Some(here) => format!("(NOT ({here})) OR ({})", check.text),
            None => check.text.clone(),
        };
        Check { name: check.name.clone(), text, validated: check.validated }
    }
}

fn walk<'a>(
    table: &Table,
    p: &'a Partitioning,
    dialect: Dialect,
    above: Option<Vec<String>>,
    out: &mut Vec<PartitionNode<'a>>,
) {
    for partition in &p.partitions {
        let mut here = above.clone();
        match (&mut here, bound_text(table, p, &partition.bound, dialect)) {
            (Some(all), Some(bound)) => all.push(format!("({bound})")),
            _ => here = None,
        }
        let said = here.as_ref().map(|all| all.join(" AND "));
        out.push(PartitionNode { partition, here: said });
        if let Some(sub) = &partition.sub {
            walk(table, sub, dialect, here, out);
        }
    }
}

fn parts(key: &Key) -> Vec<(Option<&str>, Option<&str>)> {
    key.parts.iter().map(|p| (p.column.as_deref(), p.expression.as_deref())).collect()
}

/// A key of one partition applies to its rows only; a key of several partitions is enforced across all of them.
fn keys(nodes: &[PartitionNode<'_>]) -> Vec<Key> {
    let all: Vec<(&PartitionNode<'_>, &Key)> =
        nodes.iter().flat_map(|n| n.partition.own_keys.iter().map(move |k| (n, k))).collect();
    let mut out: Vec<Key> = Vec::new();
    for (i, (node, key)) in all.iter().enumerate() {
        let same = |other: &Key| parts(other) == parts(key) && other.predicate == key.predicate;
        if all[..i].iter().any(|(_, k)| same(k)) {
            continue;
        }
        let alone = !all[i + 1..].iter().any(|(_, k)| same(k));
        let here = node.here.as_ref().filter(|_| alone).map(|h| format!("({h})"));
        let predicate =
            [here, key.predicate.as_ref().map(|p| format!("({p})"))].into_iter().flatten().collect::<Vec<_>>();
        out.push(Key {
            primary: false,
            constraint: false,
            deferrable: Deferrable::No,
            predicate: (!predicate.is_empty()).then(|| predicate.join(" AND ")),
            ..(*key).clone()
        });
    }
    out
}

/// Returns the partitions whose foreign keys one row can satisfy, judging by columns, and the names of the others.
fn together(p: &Partitioning) -> (Partitioning, Vec<String>) {
    let mut kept: Vec<&Partition> = Vec::new();
    let mut dropped = Vec::new();
    for partition in &p.partitions {
        let apart = |other: &&Partition| {
            let (own, others) = (foreign_keys(partition), foreign_keys(other));
            own.iter().any(|f| others.iter().any(|g| contradict(f, g)))
        };
        match kept.iter().any(apart) {
            true => dropped.push(format!("partition `{}`", partition.name)),
            false => kept.push(partition),
        }
    }
    (Partitioning { partitions: kept.into_iter().cloned().collect(), ..p.clone() }, dropped)
}

fn foreign_keys(p: &Partition) -> Vec<&ForeignKey> {
    let below = p.sub.iter().flat_map(|s| &s.partitions).flat_map(foreign_keys);
    p.own_foreign_keys.iter().chain(below).collect()
}

/// Returns true if the same columns refer to different parents.
fn contradict(f: &ForeignKey, g: &ForeignKey) -> bool {
    f.columns == g.columns && (&f.parent, &f.parent_columns) != (&g.parent, &g.parent_columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::fixtures::{Fixture, table};
    use dbmocker_core::schema::{PartitionBound, PartitionStrategy, TableName};

    fn partition(name: &str, value: &str) -> Partition {
        Partition {
            name: TableName::new("public", name),
            bound: PartitionBound::List { values: vec![Some(value.into())] },
            sub: None,
            own_keys: vec![],
            own_checks: vec![],
            own_foreign_keys: vec![],
        }
    }

    fn by_kind(partitions: Vec<Partition>) -> Table {
        let mut schema = Fixture::new().with(table("t").text("kind").int("a").int("b").unique(&["a"])).schema();
        let mut t = schema.tables.remove(0);
        let key = vec!["kind".into()];
        t.partitioning = Some(Partitioning { strategy: PartitionStrategy::List, key, partitions });
        t
    }

    fn key(t: &Table, name: &str) -> Key {
        Key { name: name.into(), ..t.keys[0].clone() }
    }

    #[test]
    fn constraints_of_a_partition_apply_to_its_rows() {
        let template = by_kind(vec![]);
        let mut first = partition("t_x", "x");
        first.own_keys.push(key(&template, "t_x_a"));
        first.own_checks.push(Check { name: "c".into(), text: "b > 0".into(), validated: true });
        let done = gather(&by_kind(vec![first, partition("t_y", "y")]), Dialect::Postgres).unwrap();
        let own = done.keys.iter().find(|k| k.name == "t_x_a").unwrap();
        assert!(own.predicate.as_ref().unwrap().contains("IN ('x')"), "{own:?}");
        assert!(done.checks[0].text.starts_with("(NOT (("), "{:?}", done.checks);
        assert!(gather(&by_kind(vec![partition("t_x", "x")]), Dialect::Postgres).is_none());
    }

    #[test]
    fn a_key_of_several_partitions_applies_to_all_rows() {
        let template = by_kind(vec![]);
        let with_key = |name: &str, value: &str| Partition {
            own_keys: vec![key(&template, &format!("{name}_a"))],
            ..partition(name, value)
        };
        let done = gather(&by_kind(vec![with_key("t_x", "x"), with_key("t_y", "y")]), Dialect::Postgres).unwrap();
        assert_eq!(done.keys.len(), 2);
        assert_eq!(done.keys[1].predicate, None);
    }

    #[test]
    fn partitions_with_contradicting_foreign_keys_are_left_out() {
        let to = |parent: &str| ForeignKey {
            name: format!("to_{parent}"),
            columns: vec!["a".into()],
            parent: TableName::new("public", parent),
            parent_columns: vec!["id".into()],
            match_full: false,
            deferrable: Deferrable::No,
            validated: true,
            actions: String::new(),
        };
        let with = |name: &str, value: &str, parent: &str| Partition {
            own_foreign_keys: vec![to(parent)],
            ..partition(name, value)
        };
        let done = gather(&by_kind(vec![with("t_x", "x", "p"), with("t_y", "y", "q")]), Dialect::Postgres).unwrap();
        assert_eq!(done.partitioning.unwrap().partitions.len(), 1);
        assert!(done.caveats[0].to_string().contains("partition `public.t_y`"), "{:?}", done.caveats);
    }
}
