//! Partition bounds as a predicate: only values for which a partition exists.

use dbmocker_loaders::ident;

use dbmocker_core::schema::lists::{literal, split};
use dbmocker_core::schema::{
    Dialect, Partition, PartitionBound, PartitionStrategy, Partitioning, SqlType, Table, TableName,
};

/// Returns the condition for rows of `table` to be routed to a partition, as SQL text; `None` if every row is.
pub fn predicate(table: &Table, dialect: Dialect) -> Option<String> {
    level(table, &table.name, table.partitioning.as_ref()?, dialect)
}

/// Returns the partitioned table without partitions, if no row can be routed to a partition: there is none, or each is
/// subdivided into none.
pub fn nowhere(table: &Table) -> Option<TableName> {
    let p = table.partitioning.as_ref().filter(|p| takes_nothing(p))?;
    Some(p.partitions.first().map_or(&table.name, |first| &first.name).clone())
}

fn takes_nothing(p: &Partitioning) -> bool {
    p.partitions.iter().all(|x| x.sub.as_ref().is_some_and(takes_nothing))
}

/// Returns the predicate of the partitions of `owner` (the table or one of its partitions); empty ones are ignored.
fn level(table: &Table, owner: &TableName, p: &Partitioning, dialect: Dialect) -> Option<String> {
    let taking = |x: &&Partition| !x.sub.as_ref().is_some_and(takes_nothing);
    let all = p;
    let fewer: Partitioning;
    let p = if all.partitions.iter().all(|x| taking(&x)) {
        all
    } else {
        fewer = Partitioning { partitions: all.partitions.iter().filter(taking).cloned().collect(), ..all.clone() };
        &fewer
    };
    if p.strategy == PartitionStrategy::Hash && dialect == Dialect::Postgres {
        return hashed(table, owner, p, dialect);
    }
    let default = p.partitions.iter().find(|x| matches!(x.bound, PartitionBound::Default));
    let bounded = p.partitions.iter().filter(|x| !matches!(x.bound, PartitionBound::Default));
    let mut branches: Vec<String> = Vec::new();
    for (bound, members) in merge(p, bounded.collect()) {
        let own = bound_text(table, p, &bound, dialect);
        let below: Vec<Option<String>> =
            members.iter().map(|m| m.sub.as_ref().and_then(|s| level(table, &m.name, s, dialect))).collect();
        match (own, below.as_slice()) {
            (None, [None]) => return None,
            (own, [below]) => {
                branches.extend(match (own, below) {
                    (Some(own), Some(below)) => Some(format!("({own}) AND ({below})")),
                    (own, below) => own.or_else(|| below.clone()),
                });
            }
            (own, _) => branches.extend(own),
        }
    }
    match default {
        // The default partition takes the rest, unless it is subdivided itself.
        Some(d) if d.sub.is_none() => beside_default(table, all, dialect),
        _ if branches.is_empty() => None,
        _ => Some(branches.iter().map(|b| format!("({b})")).collect::<Vec<_>>().join(" OR ")),
    }
}

/// Returns the predicate with a default partition: rows within the bounds of a subdivided partition must be routed to
/// one of its partitions.
fn beside_default(table: &Table, p: &Partitioning, dialect: Dialect) -> Option<String> {
    let kept = |x: &Partition| {
        let (sub, own) = (x.sub.as_ref()?, bound_text(table, p, &x.bound, dialect)?);
        if takes_nothing(sub) {
            return Some(format!("(NOT ({own}))"));
        }
        level(table, &x.name, sub, dialect).map(|below| format!("((NOT ({own})) OR ({below}))"))
    };
    let all: Vec<String> = p.partitions.iter().filter_map(kept).collect();
    (!all.is_empty()).then(|| all.join(" AND "))
}

/// Returns the predicate of hash partitions, which only the server can evaluate; `None` if every remainder has a
/// partition that takes every row.
fn hashed(table: &Table, owner: &TableName, p: &Partitioning, dialect: Dialect) -> Option<String> {
    let modulus = |x: &Partition| match x.bound {
        PartitionBound::Hash { modulus, .. } => u64::from(modulus),
        _ => 0,
    };
    let most = p.partitions.iter().map(modulus).max().filter(|m| *m > 0)?;
    // The greatest modulus is a multiple of the others.
    let covered: u64 = p.partitions.iter().map(|x| most / modulus(x).max(1)).sum();
    let below: Vec<Option<String>> =
        p.partitions.iter().map(|x| x.sub.as_ref().and_then(|s| level(table, &x.name, s, dialect))).collect();
    if covered >= most && below.iter().all(Option::is_none) {
        return None;
    }
    let owner = ident::qualified(dialect, &owner.schema, &owner.name);
    let owner = ident::literal(dialect, &owner);
    let column = |k: &String| if table.column(k).is_some() { ident::quote(dialect, k) } else { k.clone() };
    let key = p.key.iter().map(column).collect::<Vec<_>>().join(", ");
    let branch = |(x, below): (&Partition, Option<String>)| {
        let PartitionBound::Hash { modulus, remainder } = x.bound else { return None };
        let own = format!("satisfies_hash_partition({owner}::regclass, {modulus}, {remainder}, {key})");
        Some(match below {
            Some(below) => format!("({own} AND ({below}))"),
            None => own,
        })
    };
    let branches: Vec<String> = p.partitions.iter().zip(below).filter_map(branch).collect();
    Some(branches.join(" OR "))
}

/// Merges adjacent plain ranges, so that a table partitioned by month has one range of dates.
fn merge<'a>(p: &Partitioning, partitions: Vec<&'a Partition>) -> Vec<(PartitionBound, Vec<&'a Partition>)> {
    let mut out: Vec<(PartitionBound, Vec<&Partition>)> = Vec::new();
    for part in partitions {
        if p.strategy == PartitionStrategy::Range
            && part.sub.is_none()
            && let PartitionBound::Range { from, to } = &part.bound
            && let Some((PartitionBound::Range { to: end, .. }, members)) = out
                .iter_mut()
                .find(|(b, m)| matches!(b, PartitionBound::Range { to, .. } if to == from) && m[0].sub.is_none())
        {
            end.clone_from(to);
            members.push(part);
            // The merged range may now be adjacent to one that came earlier in name order.
            continue;
        }
        out.push((part.bound.clone(), vec![part]));
    }
    out
}

/// Returns the predicate of the rows within these bounds; `None` if it cannot be expressed.
pub(super) fn bound_text(table: &Table, p: &Partitioning, bound: &PartitionBound, dialect: Dialect) -> Option<String> {
    let words = BoundWords { table, dialect };
    match bound {
        PartitionBound::Default | PartitionBound::Hash { .. } => None,
        PartitionBound::List { values } if p.key.len() > 1 => words.tuples(&p.key, values),
        PartitionBound::List { values } => Some(words.list(p.key.first()?, values)),
        PartitionBound::Range { from, to } if p.key.len() > 1 => Some(words.ranges(&p.key, from, to)),
        PartitionBound::Range { from, to } => Some(words.range(p.key.first()?, from.first()?, to.first()?)),
    }
}

/// Formats partition bounds as conditions on the table's columns.
struct BoundWords<'a> {
    table: &'a Table,
    dialect: Dialect,
}

impl BoundWords<'_> {
    fn column(&self, k: &str) -> String {
        match self.table.column(k) {
            Some(_) => ident::quote(self.dialect, k),
            None => k.to_string(),
        }
    }

    fn value(&self, k: &str, v: &str) -> String {
        let number = self.table.column(k).is_none_or(|c| matches!(c.ty, SqlType::Int { .. } | SqlType::Decimal { .. }));
        if number && v.parse::<f64>().is_ok() { v.to_string() } else { ident::literal(self.dialect, v) }
    }

    fn tuples(&self, key: &[String], values: &[Option<String>]) -> Option<String> {
        let equal = |(k, v): (&String, &str)| {
            if v.eq_ignore_ascii_case("null") {
                format!("{} IS NULL", self.column(k))
            } else {
                format!("{0} IS NOT NULL AND {0} = {1}", self.column(k), self.value(k, &literal(v)))
            }
        };
        let tuple = |v: &String| {
            let inner = v.strip_prefix('(')?.strip_suffix(')')?;
            let all: Vec<String> = key.iter().zip(split(inner)).map(equal).collect();
            Some(format!("({})", all.join(" AND ")))
        };
        let any = values.iter().flatten().map(tuple).collect::<Option<Vec<_>>>()?;
        Some(any.join(" OR "))
    }

    fn list(&self, key: &str, values: &[Option<String>]) -> String {
        let listed: Vec<String> = values.iter().flatten().map(|v| self.value(key, v)).collect();
        let mut any = Vec::new();
        if !listed.is_empty() {
            any.push(format!("{} IN ({})", self.column(key), listed.join(", ")));
        }
        if values.iter().any(Option::is_none) {
            any.push(format!("{} IS NULL", self.column(key)));
        } else {
            any = vec![format!("{} AND {} IS NOT NULL", any.join(""), self.column(key))];
        }
        any.join(" OR ")
    }

    fn ranges(&self, key: &[String], from: &[String], to: &[String]) -> String {
        let mut all: Vec<String> = key.iter().map(|k| format!("{} IS NOT NULL", self.column(k))).collect();
        all.extend(self.beyond(key, from, ">", ">="));
        all.extend(self.beyond(key, to, "<", "<"));
        all.join(" AND ")
    }

    fn range(&self, key: &str, from: &str, to: &str) -> String {
        let column = self.column(key);
        let mut all = vec![format!("{column} IS NOT NULL")];
        if from != "MINVALUE" {
            all.push(format!("{column} >= {}", self.value(key, from)));
        }
        if to != "MAXVALUE" {
            all.push(format!("{column} < {}", self.value(key, to)));
        }
        all.join(" AND ")
    }

    /// Compares several columns lexicographically: `(a > 1 OR (a = 1 AND b >= 5))`. `None` if the bound excludes
    /// nothing.
    fn beyond(&self, key: &[String], bound: &[String], strictly: &str, at_last: &str) -> Option<String> {
        let ((k, further), (v, rest)) = (key.split_first()?, bound.split_first()?);
        if matches!(v.as_str(), "MINVALUE" | "MAXVALUE") {
            return None;
        }
        let (k, v) = (self.column(k), self.value(k, v));
        if further.is_empty() {
            return Some(format!("{k} {at_last} {v}"));
        }
        let open = rest.first().map(String::as_str);
        match self.beyond(further, rest, strictly, at_last) {
            Some(inner) => Some(format!("({k} {strictly} {v} OR ({k} = {v} AND {inner}))")),
            // If the next column's bound is MINVALUE or MAXVALUE, the bound itself is included.
            None if (open == Some("MINVALUE")) == (strictly == ">") => Some(format!("{k} {strictly}= {v}")),
            None => Some(format!("{k} {strictly} {v}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::TableName;
    use dbmocker_core::schema::fixtures::{Fixture, table};

    fn partition(name: &str, bound: PartitionBound) -> Partition {
        let name = TableName::new("public", name);
        Partition { name, bound, sub: None, own_keys: vec![], own_checks: vec![], own_foreign_keys: vec![] }
    }

    fn range(from: &str, to: &str) -> PartitionBound {
        PartitionBound::Range { from: vec![from.into()], to: vec![to.into()] }
    }

    fn predicate_of(strategy: PartitionStrategy, partitions: Vec<Partition>) -> Option<String> {
        let mut schema = Fixture::new().with(table("t").int("k")).schema();
        schema.tables[0].partitioning = Some(Partitioning { strategy, key: vec!["k".into()], partitions });
        predicate(&schema.tables[0], Dialect::Postgres)
    }

    #[test]
    fn adjacent_ranges_are_merged() {
        let parts = vec![
            partition("a", range("1", "10")),
            partition("b", range("10", "20")),
            partition("c", range("30", "40")),
        ];
        assert_eq!(
            predicate_of(PartitionStrategy::Range, parts).unwrap(),
            r#"("k" IS NOT NULL AND "k" >= 1 AND "k" < 20) OR ("k" IS NOT NULL AND "k" >= 30 AND "k" < 40)"#
        );
    }

    #[test]
    fn a_default_partition_takes_all_rows() {
        let parts = vec![partition("a", range("1", "10")), partition("d", PartitionBound::Default)];
        assert_eq!(predicate_of(PartitionStrategy::Range, parts), None);
    }

    #[test]
    fn partitions_subdivided_into_none_take_no_rows() {
        let cut = |name: &str, bound, partitions| {
            let sub = Partitioning { strategy: PartitionStrategy::List, key: vec!["k".into()], partitions };
            Partition { sub: Some(sub), ..partition(name, bound) }
        };
        let of = |partitions: Vec<Partition>| {
            let mut schema = Fixture::new().with(table("t").int("k")).schema();
            let p = Partitioning { strategy: PartitionStrategy::Range, key: vec!["k".into()], partitions };
            schema.tables[0].partitioning = Some(p);
            (nowhere(&schema.tables[0]).is_some(), predicate(&schema.tables[0], Dialect::Postgres))
        };
        assert!(of(vec![]).0 && of(vec![cut("a", range("1", "10"), vec![])]).0);
        let some = of(vec![cut("a", range("1", "10"), vec![]), partition("b", range("10", "20"))]);
        assert_eq!(some, (false, Some(r#"("k" IS NOT NULL AND "k" >= 10 AND "k" < 20)"#.into())));
        let rest = of(vec![cut("a", range("1", "10"), vec![]), partition("d", PartitionBound::Default)]);
        assert_eq!(rest, (false, Some(r#"(NOT ("k" IS NOT NULL AND "k" >= 1 AND "k" < 10))"#.into())));
        let five = partition("f", PartitionBound::List { values: vec![Some("5".into())] });
        let (_, five) = of(vec![cut("a", range("1", "10"), vec![five]), partition("d", PartitionBound::Default)]);
        assert!(five.unwrap().contains(r#"OR (("k" IN (5)"#));
    }

    #[test]
    fn list_partitions_may_contain_null() {
        let bound = PartitionBound::List { values: vec![Some("1".into()), Some("2".into()), None] };
        let text = predicate_of(PartitionStrategy::List, vec![partition("a", bound)]).unwrap();
        assert_eq!(text, r#"("k" IN (1, 2) OR "k" IS NULL)"#);
    }
}
