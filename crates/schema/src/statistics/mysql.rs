//! MariaDB: `mysql.table_stats`, `mysql.column_stats` with histograms of every kind. MySQL:
//! `information_schema.column_statistics`. Both: index cardinalities and table sizes.

use std::collections::BTreeMap;

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::{literal, quote};

use super::{ColumnStatistics, HistogramBucket, Statistics, TableStatistics};
use crate::error::SchemaError;
use crate::session::{Session, TextRow};
use dbmocker_core::schema::{Schema, SqlType, TableName};

/// The sources of the figures, as printed in messages.
const MARIADB: [&str; 4] =
    ["mysql.table_stats", "mysql.column_stats", "information_schema.tables", "information_schema.statistics"];
const MYSQL: [&str; 3] =
    ["information_schema.column_statistics", "information_schema.tables", "information_schema.statistics"];

/// Reads everything.
pub(super) fn read(session: &mut Session, schema: &Schema) -> Result<Statistics, SchemaError> {
    let mariadb = schema.is_mariadb();
    let read = if mariadb { MARIADB.to_vec() } else { MYSQL.to_vec() };
    let mut statistics = Statistics { read, ..Statistics::default() };
    let name = |row: &TextRow| Ok::<_, SchemaError>(TableName::new(&schema.database, row.text("name")?));
    let sizes = if mariadb { include_str!("mysql/tables_mariadb.sql") } else { include_str!("mysql/tables_mysql.sql") };
    for row in session.rows("the tables' sizes", sizes)? {
        let name = name(&row)?;
        if let Some(table) = schema.table(&name) {
            let rows = row.maybe("counted")?.or(row.maybe("estimated")?);
            let columns: Vec<String> = table.columns.iter().map(|c| quote(Sql::Mysql, &c.name)).collect();
            let table = quote(Sql::Mysql, &name.name);
            let command = match mariadb {
                true => format!("ANALYZE TABLE {table} PERSISTENT FOR ALL"),
                false => format!("ANALYZE TABLE {table} UPDATE HISTOGRAM ON {}", columns.join(", ")),
            };
            statistics.tables.insert(name, TableStatistics { rows, command, ..TableStatistics::default() });
        }
    }
    if mariadb {
        for row in session.rows("the columns' statistics", include_str!("mysql/columns_mariadb.sql"))? {
            if let Some(table) = statistics.tables.get_mut(&name(&row)?) {
                let column = of_mariadb(&row, table.rows.unwrap_or(0.0))?;
                table.columns.insert(row.string("column_name")?, column);
            }
        }
    }
    histograms(session, mariadb, &mut statistics, &name)?;
    for row in session.rows("the indexes' cardinalities", include_str!("mysql/cardinalities.sql"))? {
        let Some(table) = statistics.tables.get_mut(&name(&row)?) else { continue };
        let column = table.columns.entry(row.string("column_name")?).or_default();
        if column.distinct.is_none() {
            column.distinct = row.maybe("cardinality")?;
        }
    }
    unique_columns(schema, &mut statistics);
    Ok(statistics)
}

/// A column that is a key alone has as many values as rows.
fn unique_columns(schema: &Schema, statistics: &mut Statistics) {
    for table in &schema.tables {
        let Some(known) = statistics.tables.get_mut(&table.name) else { continue };
        for key in table.keys.iter().filter(|k| k.predicate.is_none()) {
            if let [part] = key.parts.as_slice()
                && let Some(column) = part.column.as_ref().and_then(|c| known.columns.get_mut(c))
            {
                column.distinct = Some(-1.0);
            }
        }
    }
}

fn of_mariadb(row: &TextRow, rows: f64) -> Result<ColumnStatistics, SchemaError> {
    let nulls: f64 = row.maybe("nulls_ratio")?.unwrap_or(0.0);
    let each: Option<f64> = row.maybe("avg_frequency")?;
    let distinct = each.filter(|each| *each > 0.0).map(|each| (rows * (1.0 - nulls) / each).round());
    let mut column = ColumnStatistics {
        nulls: Some(nulls),
        distinct,
        width: row.maybe("avg_length")?,
        ..ColumnStatistics::default()
    };
    if let Some(hex) = row.opt("positions") {
        let ends = row.opt("least").zip(row.opt("greatest"));
        of_positions(&mut column, &positions(hex, row.opt("hist_type") == Some("DOUBLE_PREC_HB")), ends);
    }
    Ok(column)
}

/// The bounds of equal-height buckets, as fractions of the range from the least to the greatest value.
fn positions(hex: &str, double: bool) -> Vec<f64> {
    let bytes: Vec<u8> =
        (0..hex.len() / 2).filter_map(|i| u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()).collect();
    match double {
        true => {
            bytes.chunks_exact(2).map(|b| f64::from(u16::from_le_bytes([b[0], b[1]])) / f64::from(u16::MAX)).collect()
        }
        false => bytes.iter().map(|b| f64::from(*b) / f64::from(u8::MAX)).collect(),
    }
}

/// A bound that is repeated is a common value; its share of the bounds is its share of the rows.
fn of_positions(column: &mut ColumnStatistics, bounds: &[f64], ends: Option<(&str, &str)>) {
    column.computed = true;
    let some = 1.0 - column.nulls.unwrap_or(0.0);
    let mut runs: Vec<(f64, usize)> = Vec::new();
    for at in bounds {
        match runs.last_mut() {
            Some((last, count)) if last == at => *count += 1,
            _ => runs.push((*at, 1)),
        }
    }
    let value = |at: f64| ends.and_then(|(least, greatest)| between(least, greatest, at));
    let of = |count: usize| some * count as f64 / bounds.len() as f64; // at most 255 bounds
    let mut common: Vec<(f64, f64)> = runs.iter().filter(|(_, n)| *n > 1).map(|(at, n)| (of(*n), *at)).collect();
    common.sort_by(|a, b| b.0.total_cmp(&a.0));
    column.common = common.iter().map(|(share, _)| *share).collect();
    column.complete = column.distinct.is_some_and(|d| d == common.len() as f64);
    if let Some(values) = common.iter().map(|(_, at)| value(*at)).collect::<Option<Vec<_>>>() {
        column.values = values;
    }
    let rest = some - column.common.iter().sum::<f64>();
    if rest <= 0.0 || column.complete {
        return;
    }
    let edges: Vec<f64> = [0.0].into_iter().chain(runs.iter().map(|(at, _)| *at)).chain([1.0]).collect();
    let gaps: Vec<(f64, f64)> = edges.windows(2).filter(|w| w[0] < w[1]).map(|w| (w[0], w[1])).collect();
    let share = rest / gaps.len().max(1) as f64; // at most 256
    let bucket = |(from, to): (f64, f64)| Some(HistogramBucket { from: value(from)?, to: value(to)?, share });
    column.buckets = gaps.into_iter().filter_map(bucket).collect();
}

/// The value at a fraction of the range: numbers, dates, date-times and times.
fn between(least: &str, greatest: &str, at: f64) -> Option<String> {
    use dbmocker_core::time::{parse_timestamp, time_text, timestamp_text};
    let whole = |x: f64| x.round() as i64; // microseconds
    if let (Ok(a), Ok(b)) = (least.parse::<f64>(), greatest.parse::<f64>()) {
        let digits = least.split_once('.').map_or(0, |(_, d)| d.len());
        return Some(format!("{:.digits$}", a + (b - a) * at));
    }
    if let (Some(a), Some(b)) = (parse_timestamp(least), parse_timestamp(greatest)) {
        let text = timestamp_text(whole(a as f64 + (b - a) as f64 * at));
        return Some(if least.len() == 10 { text[..10].to_owned() } else { text });
    }
    let (a, b) = (dbmocker_core::time::parse_time(least)?, dbmocker_core::time::parse_time(greatest)?);
    Some(time_text(whole(a as f64 + (b - a) as f64 * at)))
}

/// Histograms in JSON: a bucket with one value is a common value.
fn histograms(
    session: &mut Session,
    mariadb: bool,
    statistics: &mut Statistics,
    name: &impl Fn(&TextRow) -> Result<TableName, SchemaError>,
) -> Result<(), SchemaError> {
    let sql = if mariadb { include_str!("mysql/buckets_mariadb.sql") } else { include_str!("mysql/buckets_mysql.sql") };
    let rows = match session.rows("the columns' histograms", sql) {
        // A server before JSON_TABLE has no histograms in JSON.
        Err(SchemaError::Query { code: Some(code), .. }) if mariadb && code == "1064" => return Ok(()),
        rows => rows?,
    };
    let mut columns: BTreeMap<(TableName, String), Vec<TextRow>> = BTreeMap::new();
    for row in rows {
        columns.entry((name(&row)?, row.string("column_name")?)).or_default().push(row);
    }
    for ((table, column), rows) in columns {
        let Some(table) = statistics.tables.get_mut(&table) else { continue };
        if let Some(day) = rows[0].opt("analyzed") {
            table.analyzed = Some(day.to_owned());
        }
        let column = table.columns.entry(column).or_default();
        column.nulls = rows[0].maybe("nulls_ratio")?.or(column.nulls);
        let some = 1.0 - column.nulls.unwrap_or(0.0);
        let steps = rows.iter().map(|row| if mariadb { step_of_mariadb(row, some) } else { step_of_mysql(row) });
        of_steps(column, steps.collect::<Result<_, _>>()?, mariadb);
    }
    Ok(())
}

/// A bucket of a JSON histogram.
struct HistogramStep {
    start: Option<String>,
    end: Option<String>,
    length: Option<u32>,
    /// Of all rows; cumulative on MySQL.
    share: f64,
    distinct: f64,
}

fn step_of_mariadb(row: &TextRow, some: f64) -> Result<HistogramStep, SchemaError> {
    Ok(HistogramStep {
        start: row.opt("start").map(str::to_owned),
        end: None,
        length: row.maybe("length")?,
        share: row.number::<f64>("size")? * some,
        distinct: row.maybe("ndv")?.unwrap_or(1.0),
    })
}

fn step_of_mysql(row: &TextRow) -> Result<HistogramStep, SchemaError> {
    let single = row.opt("kind") == Some("singleton");
    Ok(HistogramStep {
        start: row.opt("start").map(str::to_owned),
        end: row.opt("second").filter(|_| !single).map(str::to_owned),
        length: row.maybe("length")?,
        share: row.number("cumulative")?,
        distinct: if single { 1.0 } else { row.maybe("ndv")?.unwrap_or(1.0) },
    })
}

fn of_steps(column: &mut ColumnStatistics, mut steps: Vec<HistogramStep>, mariadb: bool) {
    let last = steps.len().saturating_sub(1);
    for i in (0..steps.len()).rev() {
        if mariadb && i < last {
            // A bucket ends where the next begins.
            steps[i].end = steps[i + 1].start.clone();
        } else if !mariadb && i > 0 {
            steps[i].share = (steps[i].share - steps[i - 1].share).max(0.0);
        }
    }
    let (mut single, several): (Vec<HistogramStep>, Vec<HistogramStep>) =
        steps.into_iter().partition(|s| s.distinct <= 1.0);
    single.sort_by(|a, b| b.share.total_cmp(&a.share));
    if column.distinct.is_none() {
        column.distinct = Some(single.len() as f64 + several.iter().map(|s| s.distinct).sum::<f64>());
    }
    column.complete = several.is_empty();
    column.common = single.iter().map(|s| s.share).collect();
    column.values = single.iter().map(|s| s.start.clone()).collect::<Option<_>>().unwrap_or_default();
    column.lengths = single.iter().map(|s| s.length).collect::<Option<_>>().unwrap_or_default();
    column.sample_lengths = several.iter().filter_map(|s| s.length).collect();
    let bucket =
        |s: HistogramStep| Some(HistogramBucket { from: s.start.clone()?, to: s.end.or(s.start)?, share: s.share });
    column.buckets = several.into_iter().filter_map(bucket).collect();
}

/// The common values of these columns, most frequent first.
pub(super) fn labels(
    session: &mut Session,
    schema: &Schema,
    columns: &[(TableName, String)],
) -> Result<BTreeMap<(TableName, String), Vec<String>>, SchemaError> {
    let text = |s: &str| literal(Sql::Mysql, s);
    let mut wanted: Vec<String> = Vec::new();
    let mut out = BTreeMap::new();
    for (table, column) in columns {
        wanted.push(format!("({}, {})", text(&table.name), text(column)));
        out.insert((table.clone(), column.clone()), Vec::new());
    }
    let sql = match schema.is_mariadb() {
        true => format!(
            "select s.table_name as name, s.column_name, b.start as label from mysql.column_stats s
               join json_table(s.histogram, '$.histogram_hb[*]' columns (i for ordinality, start text path '$.start',
                    size double path '$.size', ndv bigint path '$.ndv')) as b
              where s.db_name = database() and s.hist_type = 'JSON_HB' and b.ndv = 1 and (s.table_name, s.column_name) in ({})
              order by s.table_name, s.column_name, b.size desc, b.i",
            wanted.join(", ")
        ),
        false => format!(
            "select b.table_name as name, b.column_name as column_name,
                    case when json_unquote(b.a) like 'base64:%'
                         then convert(from_base64(substring_index(json_unquote(b.a), ':', -1)) using utf8mb4)
                         else json_unquote(b.a) end as label
               from (select s.table_name, s.column_name, b.i, b.a,
                            b.b - coalesce(lag(b.b) over (partition by s.table_name, s.column_name order by b.i), 0) as share
                       from information_schema.column_statistics s
                       join json_table(json_extract(s.histogram, '$.buckets'), '$[*]' columns (i for ordinality, a json path '$[0]', b double path '$[1]')) as b
                      where s.schema_name = database() and (s.table_name, s.column_name) in ({})
                        and json_unquote(json_extract(s.histogram, '$.\"histogram-type\"')) = 'singleton') as b
              order by name, b.column_name, b.share desc, b.i",
            wanted.join(", ")
        ),
    };
    let rows = match session.rows("the labels", &sql) {
        Err(SchemaError::Query { code: Some(code), .. }) if code == "1064" => return Ok(out),
        rows => rows?,
    };
    for row in rows {
        let key = (TableName::new(&schema.database, row.text("name")?), row.string("column_name")?);
        if let Some(labels) = out.get_mut(&key) {
            labels.push(row.opt("label").unwrap_or_default().to_owned());
        }
    }
    members(schema, &mut out);
    Ok(out)
}

/// Replaces the numbers of ENUM members, which the server's histograms hold, by the members.
fn members(schema: &Schema, labels: &mut BTreeMap<(TableName, String), Vec<String>>) {
    for ((table, column), values) in labels {
        let ty = schema.table(table).and_then(|t| t.column(column)).map(|c| &c.ty);
        let Some(SqlType::Enum { members }) = ty else { continue };
        for value in values {
            let member = value.parse::<usize>().ok().and_then(|n| members.get(n.checked_sub(1)?));
            if let Some(member) = member.filter(|_| !members.contains(value)) {
                value.clone_from(member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_repeat_are_common_values() {
        let mut column = ColumnStatistics { nulls: Some(0.5), distinct: Some(2.0), ..ColumnStatistics::default() };
        of_positions(&mut column, &positions("00000000000000FF", false), Some(("0", "1")));
        assert_eq!((column.complete, column.common.len()), (false, 1));
        of_positions(&mut column, &positions("0000000000FFFFFF", false), Some(("0", "1")));
        assert!(column.complete);
        assert_eq!(column.values, ["0", "1"]);
        assert_eq!(column.common, [0.5 * 5.0 / 8.0, 0.5 * 3.0 / 8.0]);
    }

    #[test]
    fn values_between_the_ends() {
        assert_eq!(between("0.99", "100.99", 0.5).unwrap(), "50.99");
        assert_eq!(between("2020-01-01", "2020-01-03", 0.5).unwrap(), "2020-01-02");
        assert_eq!(between("2020-01-01 00:00:00", "2020-01-02 00:00:00", 0.25).unwrap(), "2020-01-01 06:00:00");
        assert_eq!(between("00:00:00", "10:00:00", 0.5).unwrap(), "05:00:00");
        assert_eq!(between("a", "b", 0.5), None);
    }
}
