//! SQLite: `sqlite_stat1`, which `ANALYZE` makes: rows, and rows for each value of an index's first column; and, where
//! the library was compiled with it, `sqlite_stat4`: samples of every index.
//!
//! Of `sqlite_stat4`, the first column of every sample is read: frequencies, and the values of numbers and moments. Of
//! texts only the lengths are kept. `--scan` computes more figures without keeping values.

use std::collections::BTreeMap;

use super::{ColumnStatistics, HistogramBucket, Statistics, TableStatistics};
use crate::error::SchemaError;
use crate::session::{Session, TextRow};
use dbmocker_core::schema::{Schema, SqlType, TableName};
use record::Field;

mod record;

/// The samples of an index that have the most frequent values; the others are at equal distances.
const FREQUENT: usize = 16;

/// Reads the results of `ANALYZE`.
pub(super) fn read(session: &mut Session, schema: &Schema) -> Result<Statistics, SchemaError> {
    let mut statistics = Statistics { read: vec!["sqlite_schema", "sqlite_stat1"], ..Statistics::default() };
    for table in &schema.tables {
        let command =
            format!("ANALYZE {}", dbmocker_loaders::ident::quote(dbmocker_loaders::Dialect::Sqlite, &table.name.name));
        statistics.tables.insert(table.name.clone(), TableStatistics { command, ..TableStatistics::default() });
    }
    if !has_table(session, "sqlite_stat1")? {
        return Ok(statistics);
    }
    let sql =
        "select s.tbl as name, s.stat, (select i.name from pragma_index_info(s.idx) i where i.seqno = 0) as column_name
                 from sqlite_stat1 s order by s.tbl, s.idx";
    for row in session.rows("the statistics (sqlite_stat1)", sql)? {
        let name = TableName::new("main", row.text("name")?);
        let Some(table) = statistics.tables.get_mut(&name) else { continue };
        let mut figures = row.text("stat")?.split(' ').map_while(|n| n.parse::<f64>().ok());
        let Some(rows) = figures.next() else { continue };
        table.rows = Some(rows);
        if let (Some(column), Some(each)) = (row.opt("column_name"), figures.next().filter(|each| *each > 0.0)) {
            table.columns.entry(column.to_owned()).or_default().distinct = Some((rows / each).round().max(1.0));
        }
    }
    for ((name, column), samples) in samples(session)? {
        statistics.read = vec!["sqlite_schema", "sqlite_stat1", "sqlite_stat4"];
        let ty = schema.table(&name).and_then(|t| t.column(&column)).map(|c| &c.ty);
        let Some(table) = statistics.tables.get_mut(&name) else { continue };
        if let (Some(ty), Some(rows)) = (ty, table.rows.filter(|rows| *rows > 0.0)) {
            let known = table.columns.entry(column).or_default();
            of_samples(known, &samples, rows, matches!(ty, SqlType::Text { .. } | SqlType::Untyped));
        }
    }
    Ok(statistics)
}

fn has_table(session: &mut Session, name: &str) -> Result<bool, SchemaError> {
    let sql = format!("select 1 from sqlite_schema where name = '{name}'");
    Ok(!session.rows("the statistics", &sql)?.is_empty())
}

/// A value of an index's first column, in the order of the values.
#[derive(Debug, Clone, PartialEq)]
struct IndexSample {
    value: Field,
    /// Rows with this value.
    equal: f64,
    /// Rows with smaller values.
    less: f64,
}

/// The samples of every column that is the first of an index over all rows.
fn samples(session: &mut Session) -> Result<BTreeMap<(TableName, String), Vec<IndexSample>>, SchemaError> {
    let mut out: BTreeMap<(TableName, String), Vec<IndexSample>> = BTreeMap::new();
    if !has_table(session, "sqlite_stat4")? {
        return Ok(out);
    }
    let sql = "select s.tbl as name, s.idx, s.neq, s.nlt, hex(s.sample) as sample,
                      (select i.name from pragma_index_info(s.idx) i where i.seqno = 0) as column_name
                 from sqlite_stat4 s
                where not exists (select 1 from pragma_index_list(s.tbl) l where l.name = s.idx and l.partial)";
    let mut last = String::new();
    for row in session.rows("the statistics (sqlite_stat4)", sql)? {
        let Some(column) = row.opt("column_name") else { continue };
        let key = (TableName::new("main", row.text("name")?), column.to_owned());
        let index = row.string("idx")?;
        // Of several indexes that begin with the column, the last one.
        if index != last {
            out.remove(&key);
        }
        last = index;
        if let Some(sample) = sample(&row)? {
            out.entry(key).or_default().push(sample);
        }
    }
    for samples in out.values_mut() {
        samples.sort_by(|a, b| a.less.total_cmp(&b.less));
        samples.dedup_by(|b, a| a.less == b.less);
    }
    Ok(out)
}

fn sample(row: &TextRow) -> Result<Option<IndexSample>, SchemaError> {
    let first = |figures: &str| figures.split(' ').next().and_then(|n| n.parse::<f64>().ok());
    let (equal, less) = (first(row.text("neq")?), first(row.text("nlt")?));
    let value = record::first_field(row.text("sample")?);
    let all = value.zip(equal).zip(less);
    Ok(all.map(|((value, equal), less)| IndexSample { value, equal, less }))
}

/// The samples with the most frequent values, of which each is of several rows.
fn frequent(samples: &[IndexSample]) -> Vec<&IndexSample> {
    let mut frequent: Vec<&IndexSample> = samples.iter().filter(|s| s.equal > 1.0 && s.value != Field::Null).collect();
    frequent.sort_by(|a, b| b.equal.total_cmp(&a.equal));
    frequent.truncate(FREQUENT);
    frequent
}

fn of_samples(known: &mut ColumnStatistics, samples: &[IndexSample], rows: f64, is_text: bool) {
    // NULLs are before all values.
    known.nulls = match samples.first() {
        Some(first) if first.value == Field::Null => Some(first.equal / rows),
        Some(first) if first.less == 0.0 => Some(0.0),
        _ => None,
    };
    let common = frequent(samples);
    known.common = common.iter().map(|s| s.equal / rows).collect();
    let counted = samples.iter().filter(|s| s.value != Field::Null).map(|s| s.equal).sum::<f64>();
    known.complete = counted > 0.0 && counted >= rows * (1.0 - known.nulls.unwrap_or(0.0));
    if is_text {
        known.lengths = common.iter().map(|s| s.value.chars()).collect::<Option<_>>().unwrap_or_default();
        let others = samples.iter().filter(|s| !common.contains(s));
        known.sample_lengths = others.filter_map(|s| s.value.chars()).collect();
        return;
    }
    known.values = common.iter().map(|s| s.value.text()).collect::<Option<_>>().unwrap_or_default();
    let valued: Vec<(&IndexSample, String)> = samples.iter().filter_map(|s| Some((s, s.value.text()?))).collect();
    let is_common = |s: &IndexSample| common.iter().any(|c| c.less == s.less);
    let bucket = |pair: &[(&IndexSample, String)]| {
        let [(a, from), (b, to)] = pair else { return None };
        // A sample that is no common value is the end of a bucket.
        let own = if is_common(a) { a.equal } else { 0.0 };
        Some(HistogramBucket { from: from.clone(), to: to.clone(), share: (b.less - a.less - own).max(0.0) / rows })
    };
    known.buckets = valued.windows(2).filter_map(bucket).collect();
    known.buckets.retain(|b| b.share > 0.0);
}

/// The common values of these columns, in the order of their frequencies.
pub(super) fn labels(
    session: &mut Session,
    columns: &[(TableName, String)],
) -> Result<BTreeMap<(TableName, String), Vec<String>>, SchemaError> {
    let mut samples = samples(session)?;
    let of = |key: &(TableName, String)| {
        let samples = samples.remove(key)?;
        let labels = frequent(&samples).into_iter().map(|s| s.value.text()).collect::<Option<Vec<_>>>()?;
        Some((key.clone(), labels))
    };
    Ok(columns.iter().filter_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_become_frequencies_and_buckets() {
        let sample = |value: Field, equal: f64, less: f64| IndexSample { value, equal, less };
        let samples = [
            sample(Field::Null, 10.0, 0.0),
            sample(Field::Integer(3), 1.0, 30.0),
            sample(Field::Integer(7), 40.0, 50.0),
            sample(Field::Integer(9), 1.0, 99.0),
        ];
        let mut known = ColumnStatistics::default();
        of_samples(&mut known, &samples, 100.0, false);
        assert_eq!((known.nulls, known.complete), (Some(0.1), false));
        assert_eq!((known.common, known.values), (vec![0.4], vec!["7".to_owned()]));
        let buckets: Vec<(&str, &str, f64)> =
            known.buckets.iter().map(|b| (b.from.as_str(), b.to.as_str(), b.share)).collect();
        assert_eq!(buckets, [("3", "7", 0.2), ("7", "9", 0.09)]);
        let text = Field::Text("Anna".into());
        let mut known = ColumnStatistics::default();
        of_samples(&mut known, &[sample(text, 20.0, 0.0)], 20.0, true);
        assert_eq!((known.complete, known.lengths, known.values.len()), (true, vec![4], 0));
    }
}
