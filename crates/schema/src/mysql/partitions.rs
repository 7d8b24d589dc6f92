//! Builds the [`Partitioning`] from `information_schema.partitions`.

use crate::error::SchemaError;
use crate::session::TextRow;
use dbmocker_core::schema::lists::{literal, split};
use dbmocker_core::schema::*;

/// The rows are those of one table, in the partitions' order; `default` is the name of its DEFAULT partition, if the
/// rows do not show it.
pub(super) fn read(
    rows: &[TextRow],
    database: &str,
    default: Option<&str>,
) -> Result<Option<Partitioning>, SchemaError> {
    let Some(first) = rows.first() else { return Ok(None) };
    let method = first.text("partition_method")?;
    let Some(strategy) = strategy(method) else {
        // `SYSTEM_TIME`: partitions by row history, independent of inserted values.
        return Ok(None);
    };
    let mut partitions: Vec<Partition> = Vec::new();
    let mut lower: Option<Vec<String>> = None;
    for group in rows.chunk_by(|a, b| a.opt("partition_name") == b.opt("partition_name")) {
        let row = &group[0];
        let number = partitions.len();
        let name = TableName::new(database, row.text("partition_name")?);
        let bound = if default == Some(name.name.as_str()) {
            PartitionBound::Default
        } else {
            bound(strategy, row.opt("partition_description"), &mut lower, number, count(rows))?
        };
        let sub = subpartitions(group, database)?;
        let (own_keys, own_checks, own_foreign_keys) = (Vec::new(), Vec::new(), Vec::new());
        partitions.push(Partition { name, bound, sub, own_keys, own_checks, own_foreign_keys });
    }
    Ok(Some(Partitioning { strategy, key: key(first.opt("partition_expression")), partitions }))
}

fn count(rows: &[TextRow]) -> usize {
    rows.chunk_by(|a, b| a.opt("partition_name") == b.opt("partition_name")).count()
}

/// Hash or key only, by the servers' rules.
fn subpartitions(group: &[TextRow], database: &str) -> Result<Option<Partitioning>, SchemaError> {
    let Some(strategy) = group[0].opt("subpartition_method").and_then(strategy) else { return Ok(None) };
    let mut partitions = Vec::new();
    for (i, row) in group.iter().enumerate() {
        let bound = bound(strategy, None, &mut None, i, group.len())?;
        let name = TableName::new(database, row.text("subpartition_name")?);
        let (own_keys, own_checks, own_foreign_keys) = (Vec::new(), Vec::new(), Vec::new());
        partitions.push(Partition { name, bound, sub: None, own_keys, own_checks, own_foreign_keys });
    }
    Ok(Some(Partitioning { strategy, key: key(group[0].opt("subpartition_expression")), partitions }))
}

fn strategy(method: &str) -> Option<PartitionStrategy> {
    match method.split(' ').next_back().unwrap_or_default() {
        _ if method.starts_with("RANGE") => Some(PartitionStrategy::Range),
        _ if method.starts_with("LIST") => Some(PartitionStrategy::List),
        "HASH" | "KEY" => Some(PartitionStrategy::Hash),
        _ => None,
    }
}

/// `` `a`,`b` `` -> the columns; an expression is not split.
fn key(expression: Option<&str>) -> Vec<String> {
    let parts = split(expression.unwrap_or_default());
    parts.into_iter().map(|p| p.strip_prefix('`').and_then(|p| p.strip_suffix('`')).unwrap_or(p).to_owned()).collect()
}

/// `VALUES LESS THAN` gives only the upper bound: the lower one is the previous partition's.
fn bound(
    strategy: PartitionStrategy,
    description: Option<&str>,
    lower: &mut Option<Vec<String>>,
    number: usize,
    of: usize,
) -> Result<PartitionBound, SchemaError> {
    let small = |n: usize| u32::try_from(n).map_err(|e| SchemaError::unexpected("the partitions", e.to_string()));
    let text = description.unwrap_or_default();
    Ok(match strategy {
        PartitionStrategy::Hash => PartitionBound::Hash { modulus: small(of)?, remainder: small(number)? },
        // MariaDB's text for the DEFAULT of `LIST COLUMNS`.
        PartitionStrategy::List if text.trim_start_matches('(').starts_with("MAXVALUE") => PartitionBound::Default,
        PartitionStrategy::List => {
            // A tuple of `LIST COLUMNS` over several columns is kept as text.
            let tuple = |v: &str| v.starts_with('(') && split(&v[1..]).len() > 1;
            let shown = |v: &str| if tuple(v) { v.to_owned() } else { literal(v) };
            let value = |v: &str| if v.eq_ignore_ascii_case("null") { None } else { Some(shown(v)) };
            PartitionBound::List { values: split(text).into_iter().map(value).collect() }
        }
        PartitionStrategy::Range => {
            let to: Vec<String> = split(text).into_iter().map(literal).collect();
            let from = lower.replace(to.clone()).unwrap_or_else(|| vec!["MINVALUE".into(); to.len()]);
            PartitionBound::Range { from, to }
        }
    })
}

/// For a `LIST` table, MariaDB's catalogue shows 0 both for the DEFAULT partition and for a partition of the value 0.
pub(super) fn may_hide_default(rows: &[TextRow]) -> bool {
    rows.iter().any(|r| r.opt("partition_method") == Some("LIST") && r.opt("partition_description") == Some("0"))
}

/// The name of the DEFAULT partition in the text of SHOW CREATE TABLE.
pub(super) fn default_partition(create: &str) -> Option<String> {
    create.lines().find_map(|line| {
        let rest = line.trim_start_matches([' ', '(']).strip_prefix("PARTITION `")?;
        let end = rest.find("` DEFAULT")?;
        Some(rest[..end].replace("``", "`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let shown = |text| format!("{:?}", bound(PartitionStrategy::List, Some(text), &mut None, 0, 1).unwrap());
        assert_eq!(shown("NULL,1,'it''s'"), r#"List { values: [None, Some("1"), Some("it's")] }"#);
        assert_eq!(shown("('a',1),('b',NULL)"), r#"List { values: [Some("('a',1)"), Some("('b',NULL)")] }"#);
        assert_eq!(shown("(MAXVALUE,MAXVALUE)"), "Default");
        let create = " PARTITION BY LIST (`a`)\n(PARTITION `x` VALUES IN (0) ENGINE = InnoDB,\n PARTITION `y``z` DEFAULT ENGINE = InnoDB)";
        assert_eq!(default_partition(create).as_deref(), Some("y`z"));
    }

    #[test]
    fn ranges_follow_each_other() {
        let mut lower = None;
        bound(PartitionStrategy::Range, Some("5,'a'"), &mut lower, 0, 2).unwrap();
        let second = bound(PartitionStrategy::Range, Some("10,MAXVALUE"), &mut lower, 1, 2).unwrap();
        assert_eq!(format!("{second:?}"), r#"Range { from: ["5", "a"], to: ["10", "MAXVALUE"] }"#);
    }
}
