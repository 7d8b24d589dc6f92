//! `--scan`: which queries are run, and what their results add to the statistics and to the profile.

use std::collections::BTreeMap;
use std::time::Duration;

use dbmocker_core::schema::{Schema, SqlType, Table, TableName};
use dbmocker_loaders::{Connection, Dialect};
use dbmocker_profile::{Children, ColumnProfile, Length, NullsBy, TableProfile};
use dbmocker_schema::SchemaError;
use dbmocker_schema::statistics::scan::{self, Query, ScanRequest, Scanned};
use dbmocker_schema::statistics::{ColumnStatistics, HistogramBucket, Statistics};

use super::axis::{Axis, significant, three_digits};
use super::labels::{Decision, LabelOptions};
use super::spread::PiecewiseDistribution;

/// Numbers of children up to this one are kept individually, larger ones in classes.
const ONE_BY_ONE: u64 = 20;
/// The factor by which a class is wider than the one before.
const WIDER: f64 = 1.25;
/// NULLs depend on another column if their shares differ by this, from one value to another.
const DEPENDS: f64 = 0.1;
/// The number of distinct values grows with the table if it is a larger share of the rows.
const GROWING: f64 = 0.1;

/// What the queries found, by table.
pub type ScannedTables = BTreeMap<TableName, Scanned>;

/// Computes what the server's statistics lack: on SQLite counts, frequencies and quantiles, on all but PostgreSQL the
/// physical order. Returns what was left out.
///
/// # Errors
/// The session ended.
pub fn count(
    connection: &Connection,
    schema: &Schema,
    statistics: &mut Statistics,
    label_options: &LabelOptions,
    limit: Duration,
) -> Result<Vec<String>, SchemaError> {
    let queries = count_queries(connection.dialect, schema, label_options);
    let (found, left_out) = scan::run(connection, &queries, limit)?;
    for (name, scanned) in found {
        let Some(table) = statistics.tables.get_mut(&name) else { continue };
        if let Some((rows, columns)) = &scanned.counts {
            table.rows = Some(*rows);
            for (column, (some, distinct)) in columns {
                let known = counted(*rows, *some, *distinct, column, &scanned);
                table.columns.insert(column.clone(), known);
            }
        }
        for (column, correlation) in scanned.correlations {
            if let Some(known) = table.columns.get_mut(&column) {
                known.correlation = Some(correlation);
            }
        }
    }
    Ok(left_out)
}

/// The queries of [`count`].
pub fn count_queries(dialect: Dialect, schema: &Schema, label_options: &LabelOptions) -> Vec<Query> {
    let mut out = Vec::new();
    if dialect == Dialect::Postgres {
        return out;
    }
    for table in schema.tables.iter().filter(|t| !t.outside) {
        out.extend(scan::correlations(dialect, table, &ordered(table)));
        if dialect != Dialect::Sqlite {
            continue;
        }
        let label = schema.label(&table.name);
        let nothing = ColumnStatistics::default();
        let measured = table.columns.iter().filter(|c| {
            Axis::of(&c.ty).is_some() && Decision::of(table, &label, c, &nothing, 0.0, label_options).quantiles
        });
        let measured: Vec<&str> = measured.map(|c| c.name.as_str()).collect();
        out.extend(scan::counts(dialect, &ScanRequest { table, rows: 0.0, status: None }, &measured));
    }
    out
}

/// The columns that may follow the physical order: numbers, moments and foreign keys.
fn ordered(table: &Table) -> Vec<&str> {
    let refers = |name: &str| table.foreign_keys.iter().any(|fk| fk.columns == [name]);
    let may = table.columns.iter().filter(|c| Axis::of(&c.ty).is_some() || refers(&c.name));
    may.map(|c| c.name.as_str()).collect()
}

fn counted(rows: f64, some: f64, distinct: f64, column: &str, scanned: &Scanned) -> ColumnStatistics {
    let share = |n: f64| if rows > 0.0 { n / rows } else { 0.0 };
    let common: Vec<f64> = scanned.common.get(column).into_iter().flatten().map(|n| share(*n)).collect();
    let grows = distinct > GROWING * some;
    let points = scanned.quantiles.get(column).map_or(&[][..], Vec::as_slice);
    let bucket = |w: &[(f64, String)]| HistogramBucket {
        from: w[0].1.clone(),
        to: w[1].1.clone(),
        share: share(some) * (w[1].0 - w[0].0) / 100.0,
    };
    let ends = scanned.ends.get(column).map(|(least, greatest)| HistogramBucket {
        from: least.clone(),
        to: greatest.clone(),
        share: share(some),
    });
    ColumnStatistics {
        nulls: Some(1.0 - share(some)),
        distinct: Some(if grows && some > 0.0 { -distinct / some } else { distinct }),
        complete: !common.is_empty() && common.len() as f64 == distinct,
        common,
        buckets: points.windows(2).map(bucket).chain(ends).collect(),
        ..ColumnStatistics::default()
    }
}

/// The queries for the labels of these columns.
pub fn label_queries(dialect: Dialect, schema: &Schema, wanted: &[(TableName, String)]) -> Vec<Query> {
    let of = |(name, column): &(TableName, String)| {
        let table = schema.table(name)?;
        Some(scan::labels(dialect, &ScanRequest { table, rows: 0.0, status: None }, column))
    };
    wanted.iter().filter_map(of).collect()
}

/// The queries for figures of which no server keeps statistics.
pub fn law_queries(
    dialect: Dialect,
    schema: &Schema,
    statistics: &Statistics,
    kept: &[(TableName, String)],
) -> Vec<Query> {
    let mut out = Vec::new();
    for table in schema.tables.iter().filter(|t| !t.outside) {
        let rows = statistics.tables.get(&table.name).and_then(|t| t.rows).unwrap_or(0.0);
        out.extend(scan::queries(dialect, &ScanRequest { table, rows, status: status(table, kept) }));
    }
    out
}

/// The column that most likely decides which others have values: one with few declared labels, or a status.
fn status<'a>(table: &'a Table, kept: &[(TableName, String)]) -> Option<&'a str> {
    let is_kept = |name: &str| kept.iter().any(|(t, c)| *t == table.name && c == name);
    let is_text = |ty: &SqlType| matches!(ty, SqlType::Text { .. } | SqlType::Enum { .. });
    let candidates: Vec<&str> =
        table.columns.iter().filter(|c| is_text(&c.ty) && is_kept(&c.name)).map(|c| c.name.as_str()).collect();
    let said = |name: &&&str| ["status", "state", "stage", "phase"].iter().any(|w| name.to_lowercase().ends_with(w));
    candidates.iter().find(said).or(candidates.first()).copied()
}

/// Adds what was found of a table to its profile; `parents`: the rows of other tables.
pub fn add(profile: &mut TableProfile, scanned: &Scanned, parents: impl Fn(&str) -> Option<f64>) {
    let labels = |column: &ColumnProfile| column.common.iter().filter_map(|c| c.label.clone()).collect::<Vec<String>>();
    let kept: BTreeMap<String, Vec<String>> = profile.columns.iter().map(|(n, c)| (n.clone(), labels(c))).collect();
    for (name, column) in &mut profile.columns {
        add_to_column(column, name, scanned, &kept);
    }
    for reference in &mut profile.references {
        let Some(counts) = scanned.children.get(&reference.columns) else { continue };
        let with: u64 = counts.iter().map(|(_, parents)| parents).sum();
        let all = parents(&reference.parent).unwrap_or(0.0).max(with as f64); // far below 2^53
        if all > 0.0 {
            reference.children = classes(counts, all);
            reference.parents = Some(with as f64);
            reference.childless = Some(significant(1.0 - with as f64 / all, 3));
        }
        if let Some(order) = scanned.order.get(&reference.columns) {
            reference.in_order = order.iter().map(|(c, share)| (c.clone(), significant(*share, 3))).collect();
        }
    }
}

fn add_to_column(column: &mut ColumnProfile, name: &str, scanned: &Scanned, kept: &BTreeMap<String, Vec<String>>) {
    let shares = |counts: Option<&Vec<(u64, u64)>>, n: usize| -> Vec<f64> {
        let Some(counts) = counts.filter(|c| !c.is_empty()) else { return Vec::new() };
        let total: u64 = counts.iter().map(|(_, k)| k).sum();
        let mut out = vec![0.0; n];
        for (at, k) in counts {
            if let Some(share) = usize::try_from(*at).ok().and_then(|at| out.get_mut(at)) {
                *share = three_digits(*k as f64 / total as f64); // counts of rows
            }
        }
        out
    };
    column.hours = shares(scanned.hours.get(name), 24);
    column.weekdays = shares(scanned.weekdays.get(name), 7);
    if let Some((by, of)) = scanned.nulls.get(name) {
        // The scan returns values that are not in the statistics, and that were not checked for personal data.
        let of = of.iter().filter(|(label, _)| kept.get(by).is_some_and(|kept| kept.contains(label)));
        let shares: BTreeMap<String, f64> = of.map(|(label, share)| (label.clone(), significant(*share, 3))).collect();
        let [least, most] =
            [shares.values().copied().fold(1.0, f64::min), shares.values().copied().fold(0.0, f64::max)];
        column.nulls_by = (most - least >= DEPENDS).then(|| NullsBy { column: by.clone(), shares });
    }
    let named = column.length.is_none() && !column.common.is_empty() && column.common.iter().all(|c| c.label.is_some());
    if let Some(counts) = scanned.lengths.get(name).filter(|_| !named) {
        let singles = counts.iter().map(|(length, k)| (*length as f64, *k as f64)).collect();
        column.length = PiecewiseDistribution::new(singles, Vec::new())
            .map(|s| Length { mean: Some(three_digits(s.mean())), quantiles: Some(s.whole_quantiles()) });
    }
}

/// Shares of the parents, those without children first.
fn classes(counts: &[(u64, u64)], all: f64) -> Vec<Children> {
    let with: u64 = counts.iter().map(|(_, k)| k).sum();
    let mut out = Vec::new();
    let mut add = |from: u64, to: u64, parents: f64| {
        if parents > 0.0 {
            out.push(Children { from, to: (to > from).then_some(to), parents: significant(parents / all, 4) });
        }
    };
    add(0, 0, all - with as f64);
    let mut counts = counts.iter().copied().peekable();
    while let Some((from, k)) = counts.next() {
        let (mut to, mut parents) = (from, k as f64);
        let widest = if from <= ONE_BY_ONE { from } else { (from as f64 * WIDER) as u64 };
        while let Some((n, k)) = counts.next_if(|(n, _)| *n <= widest) {
            to = n;
            parents += k as f64;
        }
        add(from, to, parents);
    }
    out
}

/// The values of the columns whose labels were queried; their frequencies are added to `statistics`.
pub fn labels(found: &ScannedTables, statistics: &mut Statistics) -> BTreeMap<(TableName, String), Vec<String>> {
    let mut out = BTreeMap::new();
    for (name, scanned) in found {
        for (column, values) in &scanned.labels {
            let table = statistics.tables.get_mut(name);
            let rows = table.as_ref().and_then(|t| t.rows).unwrap_or(0.0);
            if let Some(known) = table.and_then(|t| t.columns.get_mut(column))
                && let Some(counts) = scanned.common.get(column).filter(|_| rows > 0.0)
            {
                known.common = counts.iter().map(|n| n / rows).collect();
            }
            out.insert((name.clone(), column.clone()), values.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_children_are_put_into_classes() {
        let counts = [(1, 50), (2, 20), (20, 5), (21, 1), (24, 1), (100, 1), (124, 2)];
        let classes = classes(&counts, 100.0);
        let expected = [
            (0, None, 0.2),
            (1, None, 0.5),
            (2, None, 0.2),
            (20, None, 0.05),
            (21, Some(24), 0.02),
            (100, Some(124), 0.03),
        ];
        let found: Vec<_> = classes.iter().map(|c| (c.from, c.to, c.parents)).collect();
        assert_eq!(found, expected);
    }
}
