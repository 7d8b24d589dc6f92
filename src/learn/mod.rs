//! `dbmocker learn`: from a server's statistics to a profile that can be passed on.
//!
//! Data in: the schema and what [`dbmocker_schema::statistics`] reads. Data out: a [`Profile`], and what is missing.
//! [`labels`] decides which values are kept, [`spread`] how numbers are perturbed and rounded, [`tail`] how rare values
//! and parents with few children are distributed.

use std::collections::BTreeMap;
use std::time::Duration;

use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::schema::{Column, Dialect, ForeignKey, Schema, SqlType, Table, TableName};
use dbmocker_loaders::{Connection, Dialect as Server};
use dbmocker_profile::{
    Children, ColumnProfile, Combination, Common, Distinct, Elements, Group, Labels, Length, Profile, ProfileSource,
    Reference, TableProfile, Tail, VERSION,
};
use dbmocker_schema::SchemaError;
use dbmocker_schema::statistics::dump::Dump;
use dbmocker_schema::statistics::scan::Query;
use dbmocker_schema::statistics::{self, ColumnStatistics, GroupStatistics, Statistics, TableStatistics};

pub mod axis;
pub mod labels;
pub mod scan;
pub mod spread;
pub mod tail;

use axis::{Axis, significant, three_digits};
use labels::{Decision, LabelOptions};
use spread::{Piece, PiecewiseDistribution};

/// Statistics are outdated if a larger share of the rows has changed since.
const OLD: f64 = 0.2;
/// Rows of PostgreSQL's sample: 300 times the default statistics target of 100.
const SAMPLE: f64 = 30_000.0;
/// Common values that PostgreSQL keeps by the same target.
const ROOM: usize = 100;
/// The least share of numbers with an ending that is kept in the profile.
const ENDING: f64 = 0.04;

/// What was learned.
#[derive(Debug)]
pub struct Learned {
    pub profile: Profile,
    /// What is missing or old, with the command that helps.
    pub notes: Vec<String>,
    /// The catalogues that were read.
    pub read: Vec<&'static str>,
}

/// The user's settings.
#[derive(Debug, Clone, Default)]
pub struct LearnOptions {
    pub label_options: LabelOptions,
    /// The seed of the random numbers by which quantiles are moved.
    pub seed: u64,
    /// Also query the tables, with this time limit for each query.
    pub scan: Option<Duration>,
    /// The day, for the profile.
    pub day: Option<String>,
}

/// The values of columns whose labels may be kept.
type LabelValues = BTreeMap<(TableName, String), Vec<String>>;

/// Reads the statistics of a database, scans it if requested, and makes a profile of it.
///
/// # Errors
/// The catalogue that could not be read.
pub fn learn(connection: &Connection, schema: &Schema, options: &LearnOptions) -> Result<Learned, SchemaError> {
    let mut statistics = statistics::read(connection, schema)?;
    let mut left_out = Vec::new();
    if let Some(limit) = options.scan {
        left_out.extend(scan::count(connection, schema, &mut statistics, &options.label_options, limit)?);
    }
    let wanted = wanted(schema, &statistics, options);
    let values = match options.scan {
        Some(limit) if connection.dialect == Server::Sqlite => {
            let queries = scan::label_queries(connection.dialect, schema, &wanted);
            let (found, more) = statistics::scan::run(connection, &queries, limit)?;
            left_out.extend(more);
            scan::labels(&found, &mut statistics)
        }
        _ => statistics::labels(connection, schema, &wanted)?,
    };
    let mut learned = profile(schema, &statistics, &values, options);
    let groups = groups_of_labels(schema, &learned.profile);
    add_combinations(schema, &mut learned.profile, statistics::combinations(connection, &groups)?);
    if let Some(limit) = options.scan {
        let queries = scan::law_queries(connection.dialect, schema, &statistics, &kept(schema, &learned.profile));
        let (found, more) = statistics::scan::run(connection, &queries, limit)?;
        left_out.extend(more);
        add_scanned(schema, &mut learned.profile, &found);
    }
    learned.notes.extend(left_out);
    Ok(learned)
}

/// Makes a profile of statistics that a file holds.
pub fn learn_file(dump: &Dump, schema: &Schema, options: &LearnOptions) -> Learned {
    let values = dump.labels(&wanted(schema, &dump.statistics, options));
    profile(schema, &dump.statistics, &values, options)
}

/// Every query of a scan, as far as they are known before the first one runs.
///
/// # Errors
/// As [`learn`].
pub fn scan_queries(
    connection: &Connection,
    schema: &Schema,
    options: &LearnOptions,
) -> Result<Vec<Query>, SchemaError> {
    let statistics = statistics::read(connection, schema)?;
    let mut out = scan::count_queries(connection.dialect, schema, &options.label_options);
    let wanted = match connection.dialect {
        // The numbers of distinct values are not known yet: includes every column that may have few.
        Server::Sqlite => {
            let nothing = ColumnStatistics::default();
            let all = schema.tables.iter().filter(|t| !t.outside).flat_map(|t| t.columns.iter().map(move |c| (t, c)));
            let may = all.filter(|(t, c)| {
                Decision::of(t, &schema.label(&t.name), c, &nothing, 0.0, &options.label_options).reads_labels()
            });
            may.map(|(t, c)| (t.name.clone(), c.name.clone())).collect()
        }
        _ => wanted(schema, &statistics, options),
    };
    if connection.dialect == Server::Sqlite {
        out.extend(scan::label_queries(connection.dialect, schema, &wanted));
    }
    out.extend(scan::law_queries(connection.dialect, schema, &statistics, &wanted));
    Ok(out)
}

/// The columns with labels.
fn kept(schema: &Schema, profile: &Profile) -> Vec<(TableName, String)> {
    let tables = schema.tables.iter().filter_map(|t| Some((t, profile.tables.get(&schema.label(&t.name))?)));
    let columns = tables.flat_map(|(t, p)| p.columns.iter().map(move |(name, c)| (t, name, c)));
    let kept = columns.filter(|(_, _, c)| c.labels == Some(Labels::Kept));
    kept.map(|(t, name, _)| (t.name.clone(), name.clone())).collect()
}

/// The labels of a column, if they are kept.
fn labels_of<'a>(table: &'a TableProfile, column: &str) -> Option<Vec<&'a str>> {
    let column = table.columns.get(column).filter(|c| c.labels == Some(Labels::Kept))?;
    column.common.iter().map(|c| c.label.as_deref()).collect()
}

/// The groups of columns that all have labels.
fn groups_of_labels(schema: &Schema, profile: &Profile) -> Vec<(TableName, Vec<String>)> {
    let tables = schema.tables.iter().filter_map(|t| Some((t, profile.tables.get(&schema.label(&t.name))?)));
    let groups = tables.flat_map(|(t, table)| table.groups.iter().map(move |group| (t, table, group)));
    let labelled = groups.filter(|(_, table, group)| group.columns.iter().all(|c| labels_of(table, c).is_some()));
    labelled.map(|(t, _, group)| (t.name.clone(), group.columns.clone())).collect()
}

/// Adds the combinations of kept labels that many rows have.
fn add_combinations(schema: &Schema, profile: &mut Profile, found: statistics::Combinations) {
    for ((name, columns), combinations) in found {
        let Some(table) = profile.tables.get_mut(&schema.label(&name)) else { continue };
        let labels: Vec<Vec<&str>> = columns.iter().filter_map(|c| labels_of(table, c)).collect();
        let rows = table.rows as f64; // far below 2^53
        let kept = |share: f64, values: &[Option<String>]| {
            share * rows >= labels::ROWS_EACH
                && values.len() == labels.len()
                && values.iter().zip(&labels).all(|(v, of)| v.as_ref().is_none_or(|v| of.contains(&spelled(v, of))))
        };
        let kept = combinations.iter().filter(|(share, values)| kept(*share, values));
        let common: Vec<Combination> = kept
            .map(|(share, values)| {
                let label = |(v, of): (&Option<String>, &Vec<&str>)| v.as_ref().map(|v| spelled(v, of).to_owned());
                Combination { share: significant(*share, 4), labels: values.iter().zip(&labels).map(label).collect() }
            })
            .collect();
        if let Some(group) = table.groups.iter_mut().find(|group| group.columns == columns) {
            group.common = common;
        }
    }
}

/// A value as its column's labels spell it: booleans are words.
fn spelled<'a>(value: &'a str, labels: &[&'a str]) -> &'a str {
    let word = match value {
        "t" => "true",
        "f" => "false",
        other => return other,
    };
    if labels.contains(&word) { word } else { value }
}

fn add_scanned(schema: &Schema, profile: &mut Profile, found: &scan::ScannedTables) {
    profile.source.read = "statistics and scan".into();
    let rows: BTreeMap<String, f64> = profile.tables.iter().map(|(label, t)| (label.clone(), t.rows as f64)).collect();
    for (name, scanned) in found {
        if let Some(table) = profile.tables.get_mut(&schema.label(name)) {
            scan::add(table, scanned, |parent| rows.get(parent).copied());
        }
    }
}

/// The columns whose values are read.
fn wanted(schema: &Schema, statistics: &Statistics, options: &LearnOptions) -> Vec<(TableName, String)> {
    let mut out = Vec::new();
    for (table, known, rows) in known_tables(schema, statistics) {
        for column in &table.columns {
            let Some(of) = known.columns.get(&column.name) else { continue };
            if Decision::of(table, &schema.label(&table.name), column, of, rows, &options.label_options).reads_labels()
            {
                out.push((table.name.clone(), column.name.clone()));
            }
        }
    }
    out
}

/// The tables whose rows the server has counted or estimated.
fn known_tables<'a>(
    schema: &'a Schema,
    statistics: &'a Statistics,
) -> impl Iterator<Item = (&'a Table, &'a TableStatistics, f64)> {
    schema.tables.iter().filter(|t| !t.outside).filter_map(|table| {
        let known = statistics.tables.get(&table.name)?;
        Some((table, known, known.rows?))
    })
}

/// The profile of what was read.
pub fn profile(schema: &Schema, statistics: &Statistics, values: &LabelValues, options: &LearnOptions) -> Learned {
    let mut notes = Vec::new();
    let mut tables = BTreeMap::new();
    for table in schema.tables.iter().filter(|t| !t.outside) {
        let label = schema.label(&table.name);
        let Some(known) = statistics.tables.get(&table.name) else { continue };
        let missing = missing(schema.dialect, table, known);
        notes.extend(missing.iter().map(|m| format!("{label}: {m}")));
        let Some(rows) = known.rows else { continue };
        let learner = Learner { schema, statistics, values, options, table, label: &label, known, rows };
        tables.insert(label.clone(), TableProfile { notes: missing, ..learner.table() });
    }
    let dialect = match schema.dialect {
        Dialect::Postgres => "postgresql",
        Dialect::Mysql => "mysql",
        Dialect::Sqlite => "sqlite",
    };
    let source = ProfileSource {
        dialect: dialect.into(),
        server: schema.server.clone(),
        read: "statistics".into(),
        day: options.day.clone(),
        masked: options.label_options.mask_all,
    };
    Learned { profile: Profile { dbmocker_profile: VERSION, source, tables }, notes, read: statistics.read.clone() }
}

/// What the statistics of a table lack.
fn missing(dialect: Dialect, table: &Table, known: &TableStatistics) -> Vec<String> {
    let command = &known.command;
    if let Some(why) = &known.hidden {
        return vec![format!("its statistics are not visible: {why}")];
    }
    let Some(rows) = known.rows else {
        return vec![format!("the server has no statistics of it, so it is left out; run {command}")];
    };
    if rows == 0.0 {
        return Vec::new();
    }
    let without: Vec<&str> = table
        .columns
        .iter()
        .filter(|c| {
            c.generated.is_none() && has_statistics(dialect, &c.type_name) && !known.columns.contains_key(&c.name)
        })
        .map(|c| c.name.as_str())
        .collect();
    let mut out = Vec::new();
    if without.len() == table.columns.len() {
        out.push(format!("the server has no statistics of its columns; run {command}"));
    } else if !without.is_empty() {
        out.push(format!("no statistics of `{}`; run {command}", without.join("`, `")));
    }
    if known.changed > OLD {
        let percent = (known.changed * 100.0).min(9999.0);
        out.push(format!("the statistics are old: {percent:.0} % of the rows changed since; run {command}"));
    }
    out
}

/// MySQL and MariaDB never keep statistics of long texts, documents and geometries.
fn has_statistics(dialect: Dialect, type_name: &str) -> bool {
    let none = [
        "tinytext",
        "text",
        "mediumtext",
        "longtext",
        "tinyblob",
        "blob",
        "mediumblob",
        "longblob",
        "geometry",
        "point",
        "polygon",
    ];
    dialect != Dialect::Mysql || !none.contains(&type_name)
}

/// One table being learned.
struct Learner<'a> {
    schema: &'a Schema,
    statistics: &'a Statistics,
    values: &'a LabelValues,
    options: &'a LearnOptions,
    table: &'a Table,
    label: &'a str,
    known: &'a TableStatistics,
    rows: f64,
}

impl Learner<'_> {
    fn table(&self) -> TableProfile {
        let columns = self.table.columns.iter();
        let known = columns.filter_map(|c| Some((c, self.known.columns.get(&c.name)?)));
        let columns: BTreeMap<String, ColumnProfile> =
            known.map(|(column, known)| (column.name.clone(), self.column(column, known))).collect();
        let width: f64 = columns.values().filter_map(|c| c.width).sum();
        TableProfile {
            rows: self.rows.round() as u64, // a count from 0 on
            width: (width > 0.0).then_some(significant(width, 4)),
            analyzed: self.known.analyzed.clone(),
            notes: Vec::new(),
            references: self.table.foreign_keys.iter().filter_map(|fk| self.reference(fk)).collect(),
            groups: self.known.groups.iter().map(|g| self.group(g)).collect(),
            columns,
        }
    }

    fn random(&self, column: &str) -> CellRng {
        let text = format!("{}.{column}", self.label);
        CellRng::new(text.bytes().fold(mix(self.options.seed), |h, b| mix(h ^ u64::from(b))))
    }

    fn column(&self, column: &Column, known: &ColumnStatistics) -> ColumnProfile {
        let (decision, labels) = self.decide(column, known);
        let kept = labels.iter().any(Option::is_some);
        // The values of a foreign key are described by its fan-out.
        let refers = self.table.foreign_keys.iter().any(|fk| fk.columns == [column.name.as_str()]);
        let common = if refers { Vec::new() } else { labels::common(&known.common, &labels) };
        let nulls = known.nulls.unwrap_or(0.0);
        let all_named = kept && known.complete;
        let axis = Axis::of(&column.ty).filter(|_| decision.quantiles);
        let spread = axis.and_then(|axis| spread::of_statistics(axis, known));
        let quantiles = spread.as_ref().zip(axis).filter(|_| !all_named);
        let numbers = self.numbers_of_key(column, known);
        ColumnProfile {
            type_name: column.type_name.clone(),
            nulls: Some(significant(nulls, 4)),
            distinct: labels::distinct(known),
            width: known.width.map(|w| significant(w, 4)),
            length: if all_named { None } else { self.length(column, known) },
            correlation: known.correlation.map(|c| (c * 1000.0).round() / 1000.0 + 0.0), // no -0
            labels: Some(if kept { Labels::Kept } else { Labels::Masked }),
            why: decision.why,
            tail: self
                .tail(known, self.rows, false)
                .map(|law| Tail { exponent: three_digits(law.exponent), distinct: three_digits(law.distinct) }),
            common,
            quantiles: quantiles.and_then(|(spread, axis)| {
                spread.quantiles(axis, self.rows * (1.0 - nulls), &mut self.random(&column.name))
            }),
            endings: if quantiles.is_some() && !known.computed {
                endings(&column.ty, known, self.rows)
            } else {
                BTreeMap::new()
            },
            elements: known.elements.as_ref().map(|e| Elements {
                mean: e.mean.map(three_digits),
                count: counts(&e.counts),
                common: e.common.iter().map(|s| Common { share: significant(*s, 4), label: None }).collect(),
            }),
            first: numbers.map(|(first, _)| first),
            sequence: known.sequence.map(three_digits).or(numbers.map(|(_, last)| last)),
            hours: Vec::new(),
            weekdays: Vec::new(),
            nulls_by: None,
        }
    }

    /// The least and the largest number of a primary key with many rows, unless its name says that its numbers identify persons.
    fn numbers_of_key(&self, column: &Column, known: &ColumnStatistics) -> Option<(f64, f64)> {
        let key = self.table.primary_key()?;
        let alone = matches!(key.parts.as_slice(), [part] if part.column.as_ref() == Some(&column.name));
        let few = self.rows < labels::ROWS_EACH;
        let refers = self.table.foreign_keys.iter().any(|fk| fk.columns.contains(&column.name));
        if !alone
            || few
            || refers
            || !matches!(column.ty, SqlType::Int { .. })
            || labels::is_personal(self.table, column)
        {
            return None;
        }
        let spread = spread::of_statistics(Axis::of(&column.ty)?, known)?;
        let (first, last) = (spread.quantile(0.0), spread.quantile(1.0));
        (first >= 0.0).then(|| (three_digits(first), three_digits(last)))
    }

    fn decide(&self, column: &Column, known: &ColumnStatistics) -> (Decision, Vec<Option<String>>) {
        let decision = Decision::of(self.table, self.label, column, known, self.rows, &self.options.label_options);
        let key = (self.table.name.clone(), column.name.clone());
        match self.values.get(&key) {
            Some(values) if decision.reads_labels() => {
                decision.confirm(column, self.table, known, values, self.rows, &self.options.label_options)
            }
            _ if decision.reads_labels() => {
                (Decision { why: "the server's statistics name no values".into(), ..decision }, Vec::new())
            }
            _ => (decision, Vec::new()),
        }
    }

    /// The distribution of values below the common ones; `most`: the largest possible number of distinct values.
    fn tail(&self, known: &ColumnStatistics, most: f64, by_chance: bool) -> Option<tail::PowerLaw> {
        let some = 1.0 - known.nulls.unwrap_or(0.0);
        let others = self.rows * some;
        let distinct = labels::distinct(known)?.of(others);
        if known.complete || some <= 0.0 || distinct >= others * 0.999 {
            return None;
        }
        let head: Vec<f64> = known.common.iter().map(|f| f / some).collect();
        let sample = if self.schema.dialect == Dialect::Postgres { SAMPLE.min(self.rows) * some } else { others };
        let room = if self.schema.dialect == Dialect::Postgres { ROOM } else { 0 };
        tail::fit(&tail::TailFacts { head: &head, distinct, rows: others, sample, most, room, by_chance })
    }

    fn reference(&self, fk: &ForeignKey) -> Option<Reference> {
        // The server has no statistics of column combinations: the column with the most distinct values represents
        // them.
        let known = fk.columns.iter().zip(&fk.parent_columns);
        let known = known.filter_map(|(c, p)| Some((self.known.columns.get(c)?, p)));
        let (known, parent_column) = known.max_by(|a, b| {
            let of = |k: &ColumnStatistics| labels::distinct(k).map_or(0.0, |d| d.of(self.rows));
            of(a.0).total_cmp(&of(b.0))
        })?;
        let some = 1.0 - known.nulls.unwrap_or(0.0);
        let parent = self.statistics.tables.get(&fk.parent);
        let parents = parent.and_then(|p| p.rows);
        let law = self.tail(known, parents.unwrap_or(self.rows), true);
        let with_children = match law {
            Some(law) => law.distinct,
            None => labels::distinct(known)?.of(self.rows * some),
        };
        let with_children = parents.map_or(with_children, |p| with_children.min(p));
        let head = known.common.iter().map(|f| significant((f / some).min(1.0), 4));
        Some(Reference {
            columns: fk.columns.clone(),
            parent: self.schema.label(&fk.parent),
            childless: parents.filter(|p| *p > 0.0).map(|p| significant((1.0 - with_children / p).max(0.0), 3)),
            parents: Some(three_digits(with_children)),
            head: if some > 0.0 { head.collect() } else { Vec::new() },
            // A list that is not full says nothing about the distribution below it.
            tail: law.filter(|_| known.common.len() >= ROOM).map(|law| three_digits(law.exponent)),
            positions: self.positions(known, parent, fk, parent_column),
            children: Vec::<Children>::new(),
            in_order: BTreeMap::new(),
        })
    }

    /// The positions of the rows' parents, in the order of the parent key.
    fn positions(
        &self,
        known: &ColumnStatistics,
        parent: Option<&TableStatistics>,
        fk: &ForeignKey,
        parent_column: &str,
    ) -> Option<dbmocker_profile::Quantiles> {
        let table = self.schema.table(&fk.parent)?;
        let key = table.column(parent_column)?;
        let axis = Axis::of(&key.ty)?;
        let children = spread::of_statistics(axis, known)?;
        let counted = parent?.columns.get(parent_column).and_then(|key| spread::of_statistics(axis, key));
        // MySQL and MariaDB make no histograms of unique columns.
        let numbered = || {
            let to = parent?.rows?.max(children.quantile(1.0));
            PiecewiseDistribution::new(Vec::new(), vec![Piece { from: 0.0, to, share: 1.0 }])
        };
        let parents = counted.or_else(|| key.auto.as_ref().and_then(|_| numbered()))?;
        let at = [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0];
        let mut last = 0.0_f64;
        let points = at.map(|percent| {
            last = ((parents.rank(children.quantile(percent / 100.0)) * 100.0).round() / 100.0).max(last);
            (percent, last.to_string())
        });
        Some(dbmocker_profile::Quantiles { points: points.to_vec() })
    }

    /// The lengths of texts; those of very long ones, which the server leaves out of its lists, by their mean width.
    fn length(&self, column: &Column, known: &ColumnStatistics) -> Option<Length> {
        if !matches!(
            column.ty,
            SqlType::Text { .. } | SqlType::Binary { .. } | SqlType::Json { .. } | SqlType::Xml | SqlType::Untyped
        ) {
            return None;
        }
        let rest = (1.0 - known.nulls.unwrap_or(0.0) - known.common.iter().sum::<f64>()).max(0.0);
        let common = known.lengths.iter().zip(&known.common).map(|(length, share)| (f64::from(*length), *share));
        let each = rest / known.sample_lengths.len().max(1) as f64; // at most 10001
        let sample = known.sample_lengths.iter().map(|length| (f64::from(*length), each));
        let spread = PiecewiseDistribution::new(common.chain(sample).collect(), Vec::new());
        // PostgreSQL counts a header of one byte, or of four from 127 bytes on.
        let header = |width: f64| match self.schema.dialect {
            Dialect::Postgres => {
                if width > 127.0 {
                    4.0
                } else {
                    1.0
                }
            }
            _ => 0.0,
        };
        let stored = known.width.map(|w| (w - header(w)).max(0.0));
        let only = |mean: f64| Length { mean: Some(three_digits(mean)), quantiles: None };
        let Some(spread) = spread else { return stored.map(only) };
        let mean = spread.mean();
        let longer = stored.filter(|stored| *stored > mean * 1.25).map_or(1.0, |stored| stored / mean.max(1.0));
        let lengths = if longer > 1.0 { spread.scaled(longer) } else { spread };
        Some(Length { mean: Some(three_digits(mean * longer)), quantiles: Some(lengths.whole_quantiles()) })
    }

    fn group(&self, group: &GroupStatistics) -> Group {
        let distinct = group.distinct.map(|d| match d {
            d if d < 0.0 => Distinct::Share(significant(-d, 4).min(1.0)),
            d => Distinct::Count(d),
        });
        let depends = group.depends.iter();
        let depends = depends.map(|(from, to, share)| (format!("{} => {to}", from.join(", ")), significant(*share, 4)));
        Group { columns: group.columns.clone(), distinct, depends: depends.collect(), common: Vec::new() }
    }
}

fn counts(counts: &[f64]) -> Option<dbmocker_profile::Quantiles> {
    let (first, rest) = counts.split_first()?;
    let mut last = *first;
    let share = 1.0 / rest.len().max(1) as f64; // at most 10000
    let pieces = rest.iter().map(|to| {
        let from = std::mem::replace(&mut last, *to);
        Piece { from, to: *to, share }
    });
    let pieces = pieces.collect();
    PiecewiseDistribution::new(if rest.is_empty() { vec![(*first, 1.0)] } else { Vec::new() }, pieces)
        .map(|s| s.whole_quantiles())
}

/// The last digits that many of the numbers share: `.99`, or `0` and `00` of whole ones.
fn endings(ty: &SqlType, known: &ColumnStatistics, rows: f64) -> BTreeMap<String, f64> {
    let whole = match ty {
        SqlType::Int { .. } => true,
        SqlType::Decimal { scale: 1.., .. } | SqlType::Money => false,
        _ => return BTreeMap::new(),
    };
    let each: f64 = known.buckets.iter().map(|b| b.share).sum::<f64>() / known.buckets.len().max(1) as f64;
    let values = known.values.iter().zip(known.common.iter().copied());
    // The digits of one frequent value show no pattern.
    let values =
        values.chain(known.buckets.iter().map(|b| (&b.to, each))).filter(|(_, share)| *share < spread::FREQUENT);
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    let mut total = 0.0;
    for (value, share) in values {
        total += share;
        let ending = if whole {
            let zeros = value.len() - value.trim_end_matches('0').len();
            if zeros == 0 || value == "0" { continue } else { "0".repeat(zeros.min(3)) }
        } else {
            match value.split_once('.') {
                Some((_, digits)) => format!(".{digits}"),
                None => continue,
            }
        };
        *shares.entry(ending).or_default() += share;
    }
    // By chance one number in ten ends in 0, one in a hundred in 00.
    let chance = |ending: &str| if whole { 0.1_f64.powi(ending.len() as i32) } else { 0.01 };
    shares.retain(|_, share| *share * rows >= labels::ROWS_EACH);
    shares.values_mut().for_each(|s| *s = significant(*s / total, 3).min(1.0));
    shares.retain(|ending, share| *share >= ENDING.max(3.0 * chance(ending)));
    shares
}
