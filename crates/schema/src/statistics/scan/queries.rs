//! The queries of a scan, for each server.

use dbmocker_core::schema::{ForeignKey, SqlType, Table};
use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::{qualified, quote};

use super::{Query, ScanResultKind};

/// From this number of rows on, a table is sampled if the distribution can be estimated from a sample.
const LARGE: f64 = 1_000_000.0;
/// Common values that are counted.
const COMMON: u32 = 100;
/// Percents between which SQLite's values are read.
const STEPS: u32 = 100;

/// The requested figures of a table.
#[derive(Debug, Clone)]
pub struct ScanRequest<'a> {
    pub table: &'a Table,
    /// The row count, if it is known.
    pub rows: f64,
    /// A column with kept labels that may decide which others are NULL.
    pub status: Option<&'a str>,
}

struct Builder<'a> {
    dialect: Sql,
    wanted: &'a ScanRequest<'a>,
    out: Vec<Query>,
}

/// Fan-outs, lengths, hours, weekdays and NULLs of one table.
pub fn queries(dialect: Sql, wanted: &ScanRequest<'_>) -> Vec<Query> {
    let mut builder = Builder { dialect, wanted, out: Vec::new() };
    builder.fan_outs();
    builder.columns();
    builder.nulls();
    builder.out
}

/// For a server without column statistics: rows, NULLs, distinct values, frequencies without values, and the quantiles
/// of the columns in `measured`.
pub fn counts(dialect: Sql, wanted: &ScanRequest<'_>, measured: &[&str]) -> Vec<Query> {
    let mut builder = Builder { dialect, wanted, out: Vec::new() };
    builder.counts(measured);
    builder.out
}

/// For a server that does not keep it: the correlation of each of these columns with the physical order.
pub fn correlations(dialect: Sql, table: &Table, columns: &[&str]) -> Vec<Query> {
    let wanted = ScanRequest { table, rows: 0.0, status: None };
    let mut builder = Builder { dialect, wanted: &wanted, out: Vec::new() };
    builder.correlations(columns);
    builder.out
}

/// The common values of a column.
pub fn labels(dialect: Sql, wanted: &ScanRequest<'_>, column: &str) -> Query {
    let builder = Builder { dialect, wanted, out: Vec::new() };
    let sql = builder.common(column, true);
    Query { table: wanted.table.name.clone(), asked: ScanResultKind::Labels { column: column.to_owned() }, sql }
}

impl Builder<'_> {
    fn q(&self, name: &str) -> String {
        quote(self.dialect, name)
    }

    fn from(&self) -> String {
        let name = &self.wanted.table.name;
        if self.dialect == Sql::Sqlite { self.q(&name.name) } else { qualified(self.dialect, &name.schema, &name.name) }
    }

    /// The table, or a sample if it is large: PostgreSQL can read a sample without reading the other rows.
    fn sample(&self) -> String {
        let large = self.dialect == Sql::Postgres && self.wanted.rows > LARGE;
        let percent = (LARGE / self.wanted.rows.max(1.0) * 100.0).max(0.01);
        if large { format!("{} tablesample system ({percent:.2}) repeatable (1)", self.from()) } else { self.from() }
    }

    fn add(&mut self, asked: ScanResultKind, sql: String) {
        self.out.push(Query { table: self.wanted.table.name.clone(), asked, sql });
    }

    fn fan_outs(&mut self) {
        for fk in &self.wanted.table.foreign_keys {
            let columns: Vec<String> = fk.columns.iter().map(|c| self.q(c)).collect();
            let some: Vec<String> = columns.iter().map(|c| format!("{c} is not null")).collect();
            let sql = format!(
                "select n, count(*) as k from (select count(*) as n from {} where {} group by {}) as x group by n order by n",
                self.from(),
                some.join(" and "),
                columns.join(", ")
            );
            self.add(ScanResultKind::Children { columns: fk.columns.clone() }, sql);
            self.order(fk);
        }
    }

    /// Whether children with larger keys have later moments.
    fn order(&mut self, fk: &ForeignKey) {
        let table = self.wanted.table;
        let key = table.primary_key().map(|k| k.parts.as_slice());
        let Some([part]) = key else { return };
        let (Some(key), [column]) = (&part.column, fk.columns.as_slice()) else { return };
        let moments: Vec<&str> =
            table.columns.iter().filter(|c| is_moment(&c.ty) && !c.nullable).map(|c| c.name.as_str()).collect();
        for moment in moments {
            let (fk_column, key, m) = (self.q(column), self.q(key), self.q(moment));
            let sql = format!(
                "select avg(case when m >= earlier then 1.0 else 0.0 end) as k from (select {m} as m, lag({m}) over \
                 (partition by {fk_column} order by {key}) as earlier from {} where {fk_column} is not null) as x where earlier is not null",
                self.from()
            );
            self.add(ScanResultKind::Order { columns: fk.columns.clone(), column: moment.to_owned() }, sql);
        }
    }

    /// Compares the ranks of a column's values with those of its rows.
    fn correlations(&mut self, columns: &[&str]) {
        let Some(order) = self.physical_order() else { return };
        for column in columns {
            let (c, from) = (self.q(column), self.from());
            let sql = format!(
                "select count(*) as n, sum((a - b) * (a - b) * 1e0) as k from (select row_number() over (order by {order}) as a, \
                 row_number() over (order by {c}, {order}) as b from {from} where {c} is not null) as x"
            );
            self.add(ScanResultKind::Correlation { column: (*column).to_owned() }, sql);
        }
    }

    /// The columns by which the server stores the rows; `None` if they are not known.
    fn physical_order(&self) -> Option<String> {
        let table = self.wanted.table;
        let hidden = self.dialect == Sql::Sqlite && !table.options.iter().any(|o| o == "WITHOUT ROWID");
        if hidden && !table.columns.iter().any(|c| c.name.eq_ignore_ascii_case("rowid")) {
            return Some("rowid".into());
        }
        let parts = table.primary_key()?.parts.iter().map(|part| Some(self.q(part.column.as_ref()?)));
        Some(parts.collect::<Option<Vec<_>>>()?.join(", "))
    }

    fn columns(&mut self) {
        for column in &self.wanted.table.columns {
            let (c, from) = (self.q(&column.name), self.sample());
            let grouped = |what: &str| {
                format!(
                    "select n, count(*) as k from (select {what} as n from {from} where {c} is not null) as x group by n order by n"
                )
            };
            if let SqlType::Text { .. } = column.ty {
                let length = if self.dialect == Sql::Sqlite { "length" } else { "char_length" };
                self.add(ScanResultKind::Lengths { column: column.name.clone() }, grouped(&format!("{length}({c})")));
            }
            if let SqlType::Timestamp { .. } = column.ty {
                let (hour, weekday) = match self.dialect {
                    Sql::Postgres => {
                        (format!("extract(hour from {c})::int"), format!("extract(isodow from {c})::int - 1"))
                    }
                    Sql::Mysql => (format!("hour({c})"), format!("weekday({c})")),
                    Sql::Sqlite => (
                        format!("cast(strftime('%H', {c}) as integer)"),
                        format!("(cast(strftime('%w', {c}) as integer) + 6) % 7"),
                    ),
                };
                self.add(ScanResultKind::Hours { column: column.name.clone() }, grouped(&hour));
                self.add(ScanResultKind::Weekdays { column: column.name.clone() }, grouped(&weekday));
            }
        }
    }

    fn nulls(&mut self) {
        let Some(by) = self.wanted.status else { return };
        let columns: Vec<String> =
            self.wanted.table.columns.iter().filter(|c| c.nullable && c.name != by).map(|c| c.name.clone()).collect();
        if columns.is_empty() {
            return;
        }
        let counts: Vec<String> =
            columns.iter().enumerate().map(|(i, c)| format!("count({}) as n{i}", self.q(c))).collect();
        let status = self.q(by);
        let sql = format!(
            "select {status} as n, count(*) as k, {} from {} where {status} is not null group by {status} order by count(*) desc",
            counts.join(", "),
            self.sample()
        );
        self.add(ScanResultKind::Nulls { by: by.to_owned(), columns }, sql);
    }

    fn counts(&mut self, measured: &[&str]) {
        let table = self.wanted.table;
        let columns: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        let counts: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(i, c)| format!("count({0}) as n{i}, count(distinct {0}) as d{i}", self.q(c)))
            .collect();
        let key = numbered_key(table).map(str::to_owned);
        let ends = key.as_ref().map_or(String::new(), |c| {
            let c = self.q(c);
            format!(", min({c}) as least, max({c}) as greatest")
        });
        let sql = format!("select count(*) as n, {}{ends} from {}", counts.join(", "), self.from());
        self.add(ScanResultKind::Counts { columns, key }, sql);
        for column in &table.columns {
            let name = column.name.clone();
            let sql = self.common(&name, false);
            self.add(ScanResultKind::Common { column: name.clone() }, sql);
            if measured.contains(&name.as_str()) {
                let (c, from) = (self.q(&name), self.from());
                let sql = format!(
                    "select 100.0 * (r - 1) / max(n - 1, 1) as n, v as k from (select {c} as v, row_number() over \
                     (order by {c}) as r, count(*) over () as n from {from} where {c} is not null) as x \
                     where (r - 1) * {STEPS} / max(n - 1, 1) <> (r - 2) * {STEPS} / max(n - 1, 1) or r = 1 or r = n order by r"
                );
                self.add(ScanResultKind::Quantiles { column: name }, sql);
            }
        }
    }

    /// The query for common values; a value that occurs only once is not common.
    fn common(&self, column: &str, with_values: bool) -> String {
        let (c, from) = (self.q(column), self.from());
        let value = if with_values { format!("{c} as n, ") } else { String::new() };
        format!(
            "select {value}count(*) as k from {from} where {c} is not null group by {c} having count(*) > 1 \
             order by count(*) desc, {c} limit {COMMON}"
        )
    }
}

/// The integer that is the primary key.
fn numbered_key(table: &Table) -> Option<&str> {
    let [part] = table.primary_key()?.parts.as_slice() else { return None };
    let column = table.column(part.column.as_ref()?)?;
    matches!(column.ty, SqlType::Int { .. }).then_some(column.name.as_str())
}

fn is_moment(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Timestamp { .. } | SqlType::Date)
}
