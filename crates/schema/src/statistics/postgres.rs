//! PostgreSQL: `pg_class`, `pg_stats`, `pg_stats_ext` and `pg_sequences`.

use std::collections::{BTreeMap, HashMap};

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::{literal, qualified};

use super::{
    ColumnStatistics, Combinations, ElementStatistics, GroupStatistics, HistogramBucket, Statistics, TableStatistics,
};
use crate::error::SchemaError;
use crate::session::{Session, TextRow};
use dbmocker_core::schema::{Schema, TableName};

/// The catalogues, as printed in messages.
const READ: [&str; 5] = ["pg_class", "pg_stat_all_tables", "pg_stats", "pg_stats_ext", "pg_sequences"];
/// Servers before this version have no value for "never analysed" and report 0 rows.
const ZERO_IS_UNKNOWN: u32 = 140_000;

/// Reads everything.
pub(super) fn read(session: &mut Session, schema: &Schema) -> Result<Statistics, SchemaError> {
    let version = schema.settings.get("server_version_num").and_then(|v| v.parse().ok()).unwrap_or(ZERO_IS_UNKNOWN);
    let mut statistics = Statistics { read: READ.to_vec(), ..Statistics::default() };
    for row in session.rows("the tables' sizes (pg_class)", include_str!("postgres/tables.sql"))? {
        let name = table_name(&row)?;
        if schema.table(&name).is_some() {
            statistics.tables.insert(name.clone(), table(&row, &name, version)?);
        }
    }
    for row in session.rows("the columns' statistics (pg_stats)", include_str!("postgres/columns.sql"))? {
        if let Some(table) = statistics.tables.get_mut(&table_name(&row)?) {
            table.columns.insert(row.string("column_name")?, column(&row)?);
        }
    }
    sequences(session, schema, &mut statistics)?;
    for row in session.rows("extended statistics (pg_stats_ext)", include_str!("postgres/groups.sql"))? {
        if let Some(table) = statistics.tables.get_mut(&table_name(&row)?) {
            table.groups.extend(groups(&row)?);
        }
    }
    Ok(statistics)
}

fn table_name(row: &TextRow) -> Result<TableName, SchemaError> {
    Ok(TableName::new(row.text("schema")?, row.text("name")?))
}

fn table(row: &TextRow, name: &TableName, version: u32) -> Result<TableStatistics, SchemaError> {
    let rows: Option<f64> = row.maybe("rows")?;
    let unknown = |rows: f64| rows < 0.0 || (rows == 0.0 && version < ZERO_IS_UNKNOWN && row.opt("pages") != Some("0"));
    let rows = rows.filter(|rows| !unknown(*rows));
    // The changes before an ANALYZE may be reported after it; if the table's size is the analysed one, it has not
    // changed.
    let same_size =
        row.maybe::<f64>("pages_now")?.is_some_and(|now| row.maybe::<f64>("pages").ok().flatten() == Some(now));
    let changed: f64 = row.maybe("changed")?.filter(|_| !same_size).unwrap_or(0.0);
    let hidden = match (row.flag("can_select"), row.flag("row_security")) {
        (false, _) => Some("pg_stats shows it to accounts with SELECT only".to_owned()),
        (true, true) => Some("row-level security hides it from this account".to_owned()),
        _ => None,
    };
    Ok(TableStatistics {
        rows,
        analyzed: row.opt("analyzed").map(str::to_owned),
        changed: rows.filter(|rows| *rows > 0.0).map_or(0.0, |rows| changed / rows),
        command: format!("ANALYZE {}", qualified(Sql::Postgres, &name.schema, &name.name)),
        hidden,
        ..TableStatistics::default()
    })
}

/// A column's statistics as the server keeps them.
#[derive(Debug, Clone, Default)]
pub(super) struct RawColumn {
    pub nulls: f64,
    pub distinct: f64,
    pub width: Option<f64>,
    pub correlation: Option<f64>,
    /// Shares of the common values, and the values of numbers and moments, or the lengths of others.
    pub common: Vec<f64>,
    pub values: Vec<String>,
    pub lengths: Vec<u32>,
    /// The bounds of the histogram, in the same way.
    pub bounds: Vec<String>,
    pub bound_lengths: Vec<u32>,
    /// Common elements of arrays.
    pub elements: usize,
    pub element_common: Vec<f64>,
    pub element_counts: Vec<f64>,
}

fn column(row: &TextRow) -> Result<ColumnStatistics, SchemaError> {
    let list = |name: &str| row.json::<Option<Vec<f64>>>(name).map(Option::unwrap_or_default);
    let texts = |name: &str| row.json::<Option<Vec<String>>>(name).map(Option::unwrap_or_default);
    let lengths = |name: &str| row.json::<Option<Vec<u32>>>(name).map(Option::unwrap_or_default);
    let raw = RawColumn {
        nulls: row.number("null_frac")?,
        distinct: row.number("n_distinct")?,
        width: row.maybe("avg_width")?,
        correlation: row.maybe("correlation")?,
        common: list("freqs")?,
        values: texts("vals")?,
        lengths: lengths("lengths")?,
        bounds: texts("bounds")?,
        bound_lengths: lengths("bound_lengths")?,
        elements: row.maybe("elements")?.unwrap_or(0),
        element_common: list("element_freqs")?,
        element_counts: list("element_counts")?,
    };
    Ok(raw.into())
}

impl From<RawColumn> for ColumnStatistics {
    fn from(raw: RawColumn) -> Self {
        let RawColumn {
            nulls, distinct, bounds, bound_lengths, common, mut element_counts, mut element_common, ..
        } = raw;
        // The server's share refers to all rows.
        let distinct = if distinct < 0.0 { (distinct / (1.0 - nulls).max(f64::EPSILON)).max(-1.0) } else { distinct };
        let rest = (1.0 - nulls - common.iter().sum::<f64>()).max(0.0);
        let share = rest / bounds.len().saturating_sub(1).max(1) as f64; // at most 10000 buckets
        let bucket = |w: &[String]| HistogramBucket { from: w[0].clone(), to: w[1].clone(), share };
        let buckets: Vec<HistogramBucket> = bounds.windows(2).map(bucket).collect();
        let mean = element_counts.pop();
        // The elements' frequencies are followed by the minimum, the maximum and that of NULL.
        element_common.truncate(raw.elements);
        element_common.sort_by(|a, b| b.total_cmp(a));
        let elements =
            mean.map(|mean| ElementStatistics { common: element_common, counts: element_counts, mean: Some(mean) });
        ColumnStatistics {
            nulls: Some(nulls),
            distinct: Some(distinct),
            width: raw.width,
            correlation: raw.correlation,
            complete: !common.is_empty() && buckets.is_empty() && bound_lengths.is_empty(),
            common,
            values: raw.values,
            lengths: raw.lengths,
            buckets,
            sample_lengths: bound_lengths,
            elements,
            sequence: None,
            computed: false,
        }
    }
}

fn sequences(session: &mut Session, schema: &Schema, statistics: &mut Statistics) -> Result<(), SchemaError> {
    let mut last: HashMap<String, f64> = HashMap::new();
    for row in session.rows("the sequences (pg_sequences)", include_str!("postgres/sequences.sql"))? {
        last.insert(row.string("name")?, row.number("last_value")?);
    }
    for table in &schema.tables {
        let Some(known) = statistics.tables.get_mut(&table.name) else { continue };
        for column in &table.columns {
            let sequence = column.auto.as_ref().and_then(|a| a.sequence());
            if let (Some(at), Some(of)) = (sequence.and_then(|s| last.get(s)), known.columns.get_mut(&column.name)) {
                of.sequence = Some(*at);
            }
        }
    }
    Ok(())
}

/// The common combinations of the values of these columns, with their shares of the rows; NULLs are `None`.
pub(super) fn combinations(
    session: &mut Session,
    wanted: &[(TableName, Vec<String>)],
) -> Result<Combinations, SchemaError> {
    let place = |table: &TableName, columns: &[String]| {
        let names = [table.schema.as_str(), table.name.as_str()].into_iter().chain(columns.iter().map(String::as_str));
        names.collect::<Vec<_>>().join("\u{1}")
    };
    let places: Vec<String> = wanted.iter().map(|(t, columns)| literal(Sql::Postgres, &place(t, columns))).collect();
    let sql = format!(
        "select s.schemaname as schema, s.tablename as name, to_json(s.attnames) as columns,
                array_to_json(s.most_common_vals) as vals, array_to_json(s.most_common_freqs) as freqs
           from pg_stats_ext s
          where s.most_common_vals is not null and to_jsonb(s) ->> 'exprs' is null
            and s.schemaname || chr(1) || s.tablename || chr(1) || array_to_string(s.attnames, chr(1)) = any (array[{}]::text[])",
        places.join(", ")
    );
    let mut out = Combinations::new();
    for row in session.rows("the common combinations (pg_stats_ext)", &sql)? {
        let values: Vec<Vec<Option<String>>> = row.json("vals")?;
        let shares: Vec<f64> = row.json("freqs")?;
        out.insert((table_name(&row)?, row.json("columns")?), shares.into_iter().zip(values).collect());
    }
    Ok(out)
}

/// `{"1, 2": 30}` and `{"1 => 2": 1.0}`, with the columns' numbers; unknown forms of later servers are skipped.
fn groups(row: &TextRow) -> Result<Vec<GroupStatistics>, SchemaError> {
    let names: BTreeMap<String, String> = row.json("numbers")?;
    let columns =
        |numbers: &str| -> Option<Vec<String>> { numbers.split(", ").map(|n| names.get(n).cloned()).collect() };
    let object = |name: &str| -> BTreeMap<String, f64> {
        row.opt(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    let mut out: Vec<GroupStatistics> = Vec::new();
    for (numbers, distinct) in object("n_distinct") {
        let of = columns(&numbers).map(|columns| GroupStatistics {
            columns,
            distinct: Some(distinct),
            ..GroupStatistics::default()
        });
        out.extend(of);
    }
    let all: Vec<String> = row.json::<Option<Vec<String>>>("columns")?.unwrap_or_default();
    let mut depends = Vec::new();
    for (arrow, share) in object("dependencies") {
        let Some((from, to)) = arrow.split_once(" => ") else { continue };
        if let (Some(from), Some(to)) = (columns(from), names.get(to)) {
            depends.push((from, to.clone(), share));
        }
    }
    match out.iter_mut().find(|g| g.columns.len() == all.len()) {
        Some(group) => group.depends = depends,
        None if !depends.is_empty() || row.flag("has_common") => {
            out.push(GroupStatistics { columns: all, depends, ..GroupStatistics::default() });
        }
        None => {}
    }
    Ok(out)
}

/// The common values of these columns.
pub(super) fn labels(
    session: &mut Session,
    columns: &[(TableName, String)],
) -> Result<BTreeMap<(TableName, String), Vec<String>>, SchemaError> {
    // One text for each column: the server compares it in a hash table, where a join would read the view again for each.
    let place = |(table, column): &(TableName, String)| {
        literal(Sql::Postgres, &format!("{}\u{1}{}\u{1}{column}", table.schema, table.name))
    };
    let wanted: Vec<String> = columns.iter().map(place).collect();
    let sql = format!(
        "select s.schemaname as schema, s.tablename as name, s.attname as column_name,
                array_to_json(s.most_common_vals::text::text[]) as vals
           from pg_stats s
           join pg_namespace n on n.nspname = s.schemaname
           join pg_class c on c.relnamespace = n.oid and c.relname = s.tablename
          where s.inherited = (c.relkind = 'p')
            and s.schemaname::text || chr(1) || s.tablename || chr(1) || s.attname = any (array[{}]::text[])",
        wanted.join(", ")
    );
    let mut out = BTreeMap::new();
    for row in session.rows("the labels (pg_stats)", &sql)? {
        let values = row.json::<Option<Vec<String>>>("vals")?.unwrap_or_default();
        out.insert((table_name(&row)?, row.string("column_name")?), values);
    }
    Ok(out)
}
