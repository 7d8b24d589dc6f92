//! The model of a schema. It contains everything about the catalogue that the planner needs.

mod caveat;
mod constraints;
mod describe;
#[cfg(feature = "fixtures")]
pub mod fixtures;
pub mod lists;
mod oracle;
mod types;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::dialect::Dialect;
pub use caveat::Caveat;
pub use constraints::*;
pub use describe::left_alone;
pub use oracle::{OracleQuery, QueryCell, Scene};
pub use types::{SPATIAL_KINDS, SqlType};

/// A table's full name. SQLite's schema is `main`, MySQL's is the database.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    pub schema: String,
    pub name: String,
}

impl TableName {
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        TableName { schema: schema.into(), name: name.into() }
    }
}

/// `schema.table`, for messages and reports; SQL text is built by [`crate::ident`] only.
impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// The schema of one database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Schema {
    pub dialect: Dialect,
    /// The server's version text: `PostgreSQL 15.18`, `10.11.19-MariaDB`, `SQLite 3.51.1`.
    pub server: String,
    pub database: String,
    /// The schema to which unqualified names refer: `public` (first of the search path), the database, `main`.
    pub default_schema: String,
    /// Ordinary and partitioned tables of every user schema, sorted by name; partitions appear only in
    /// [`Table::partitioning`].
    pub tables: Vec<Table>,
    /// Objects that are not filled, each with the reason: views, foreign tables, virtual tables, tables owned by
    /// extensions, tables without the privilege to insert.
    pub skipped: Vec<Skipped>,
    /// Functions that CHECKs, indexes and domains may call and that consist of one expression each (PostgreSQL).
    #[serde(default)]
    pub functions: Vec<Function>,
    /// Server settings that loading depends on, e.g. `sql_mode`, `local_infile`, `is_superuser`.
    pub settings: BTreeMap<String, String>,
}

/// A table that is not filled, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Skipped {
    pub name: TableName,
    pub reason: String,
}

/// A table with all constraints on its rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    pub name: TableName,
    /// In the server's order; dropped columns are absent.
    pub columns: Vec<Column>,
    /// Primary key first, then unique constraints and unique indexes, by name.
    pub keys: Vec<Key>,
    pub foreign_keys: Vec<ForeignKey>,
    /// CHECK constraints of the table, those of its columns' domains excluded.
    pub checks: Vec<Check>,
    pub exclusions: Vec<Exclusion>,
    pub partitioning: Option<Partitioning>,
    /// Tables this one inherits from (PostgreSQL `INHERITS`).
    pub inherits: Vec<TableName>,
    pub triggers: Vec<Trigger>,
    /// What affects its rows besides constraints and triggers.
    pub caveats: Vec<Caveat>,
    /// Why only the application that created the table can write to it, each reason with a remedy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfit: Vec<String>,
    /// Parents that a row's foreign keys must choose so that they agree, as required by triggers (SQLite).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parent_agreements: Vec<ParentAgreement>,
    /// Other tables that functions in its CHECKs read: their rows decide whether a row satisfies the CHECK
    /// (PostgreSQL).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<TableName>,
    /// Secondary (non-unique) indexes.
    pub indexes: Vec<Index>,
    pub existing: Existing,
    /// The table is read because foreign keys refer to it, but never written to; it is in another database of the
    /// server (MySQL), or in another schema than the URL names (PostgreSQL).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// `INSERT` and `SELECT` (and, on PostgreSQL, `SELECT` and `UPDATE` of the sequences of its columns) are granted.
    pub can_insert: bool,
    /// PostgreSQL: why a load must not `TRUNCATE` the empty table; `None` if it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_emptied: Option<String>,
    /// SQLite: `WITHOUT ROWID`, `STRICT`; MySQL: the engine; empty otherwise.
    pub options: Vec<String>,
    pub comment: Option<String>,
}

impl Table {
    /// A table of this name without columns and constraints, which can be filled.
    pub fn new(name: TableName) -> Self {
        Table {
            name,
            columns: Vec::new(),
            keys: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            exclusions: Vec::new(),
            partitioning: None,
            inherits: Vec::new(),
            triggers: Vec::new(),
            caveats: Vec::new(),
            unfit: Vec::new(),
            parent_agreements: Vec::new(),
            reads: Vec::new(),
            indexes: Vec::new(),
            existing: Existing::default(),
            outside: false,
            can_insert: true,
            not_emptied: None,
            options: Vec::new(),
            comment: None,
        }
    }
}

/// The rows of a table before the run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Existing {
    pub rows: u64,
    /// The largest value of each integer key column.
    pub max: BTreeMap<String, i128>,
    /// The number that the server gives to the next row, if it is not the first (MySQL's `AUTO_INCREMENT`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// A column with all constraints on its values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub ty: SqlType,
    /// The server's name of the type, e.g. `character varying(24)`, `int(10) unsigned`; for domains the domain's name.
    pub type_name: String,
    /// The schema-qualified type name for statements, if it differs (PostgreSQL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualified_type: Option<String>,
    pub nullable: bool,
    /// The default's expression text.
    pub default: Option<String>,
    /// How the server numbers rows without a value.
    pub auto: Option<Auto>,
    /// Where the server's numbering begins, and its step.
    #[serde(default, skip_serializing_if = "Numbering::is_usual")]
    pub numbering: Numbering,
    pub generated: Option<Generated>,
    pub collation: Collation,
    /// CHECKs of the column's domain (and of the domains below it), over the pseudo-column `VALUE`.
    pub domain_checks: Vec<Check>,
    /// CHECKs of domains inside the type, where `VALUE` is only part of a cell; innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub inner: Vec<Inner>,
    pub comment: Option<String>,
}

impl Column {
    /// A column of this type, NOT NULL, without other properties.
    pub fn new(name: impl Into<String>, ty: SqlType, type_name: impl Into<String>) -> Self {
        Column {
            name: name.into(),
            ty,
            type_name: type_name.into(),
            qualified_type: None,
            nullable: false,
            default: None,
            auto: None,
            numbering: Numbering::default(),
            generated: None,
            collation: Collation::default(),
            domain_checks: Vec::new(),
            inner: Vec::new(),
            comment: None,
        }
    }
}

impl Column {
    /// The type's name in statements.
    pub fn sql_type(&self) -> &str {
        self.qualified_type.as_deref().unwrap_or(&self.type_name)
    }
}

/// A domain with CHECKs inside an array, range or composite, or over a composite.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inner {
    /// The path to it from the column's type.
    pub path: Vec<Step>,
    /// The base type of the domain, by the server's name.
    pub type_name: String,
    pub checks: Vec<Check>,
}

/// One step into a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The element of an array or a range.
    Element,
    /// A composite's field.
    Field(usize),
}

/// How the server numbers rows automatically.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auto {
    /// `GENERATED ALWAYS AS IDENTITY`; `sequence` is the quoted, qualified name.
    IdentityAlways {
        sequence: String,
    },
    IdentityByDefault {
        sequence: String,
    },
    /// `serial`, or a default of `nextval(...)`, also MariaDB's.
    Serial {
        sequence: String,
    },
    /// MySQL `AUTO_INCREMENT`.
    AutoIncrement,
    /// SQLite's alias of the rowid, with or without `AUTOINCREMENT`.
    Rowid {
        autoincrement: bool,
    },
}

/// The numbers that the server gives to rows: `start`, `start + step`, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbering {
    pub start: i64,
    pub step: i64,
    /// The largest number.
    #[serde(default = "largest")]
    pub most: i64,
    /// The smallest number.
    #[serde(default = "smallest")]
    pub least: i64,
}

fn smallest() -> i64 {
    i64::MIN
}

fn largest() -> i64 {
    i64::MAX
}

impl Default for Numbering {
    fn default() -> Self {
        Numbering { start: 1, step: 1, most: largest(), least: smallest() }
    }
}

impl Numbering {
    /// Counts down.
    pub fn is_descending(&self) -> bool {
        self.step < 0
    }

    /// 1, 2, 3, ...
    pub fn is_usual(&self) -> bool {
        (self.start, self.step) == (1, 1)
    }
}

impl Auto {
    /// Its sequence, on PostgreSQL and MariaDB.
    pub fn sequence(&self) -> Option<&str> {
        match self {
            Auto::IdentityAlways { sequence } | Auto::IdentityByDefault { sequence } | Auto::Serial { sequence } => {
                Some(sequence)
            }
            Auto::AutoIncrement | Auto::Rowid { .. } => None,
        }
    }
}

/// A column that the server computes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    pub expression: String,
    pub stored: bool,
}

/// When two texts are "equal" for a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collation {
    /// Empty if the type has no collation.
    pub name: String,
    pub case_insensitive: bool,
    pub accent_insensitive: bool,
    /// Trailing spaces are ignored.
    pub pad_space: bool,
    /// The column's character set where the server has one for each column (`utf8mb4`, `utf8mb3`, `latin1`, ...).
    pub charset: Option<String>,
}

impl Table {
    /// A description of the missing privilege if [`can_insert`](Self::can_insert) is false.
    pub fn lacks(&self) -> String {
        let counts = self.columns.iter().any(|c| matches!(&c.auto, Some(a) if a.sequence().is_some()));
        let sequences = if counts { ", and both SELECT and UPDATE on the sequences that it counts by" } else { "" };
        format!("no privilege to insert: INSERT and SELECT are needed{sequences}")
    }

    /// Triggers that an INSERT fires, in the server's order.
    pub fn insert_triggers(&self) -> impl Iterator<Item = &Trigger> {
        self.triggers.iter().filter(|t| t.enabled && t.event.to_ascii_uppercase().contains("INSERT"))
    }
}

impl Schema {
    pub fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.iter().find(|t| &t.name == name)
    }

    /// MariaDB, not MySQL proper.
    pub fn is_mariadb(&self) -> bool {
        self.settings.get("flavour").is_some_and(|f| f == "mariadb")
    }

    /// The name that keys a table's random streams and names its files: bare in the default schema, so that the same
    /// tables give the same rows in databases of any name.
    pub fn label(&self, name: &TableName) -> String {
        if name.schema == self.default_schema { name.name.clone() } else { name.to_string() }
    }
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// Foreign keys of the table and of its partitions at any depth: rows may land in any of them.
    pub fn every_foreign_key(&self) -> Vec<&ForeignKey> {
        fn below<'a>(p: &'a Partitioning, out: &mut Vec<&'a ForeignKey>) {
            for partition in &p.partitions {
                out.extend(&partition.own_foreign_keys);
                partition.sub.iter().for_each(|s| below(s, out));
            }
        }
        let mut out: Vec<&ForeignKey> = self.foreign_keys.iter().collect();
        self.partitioning.iter().for_each(|p| below(p, &mut out));
        out
    }

    pub fn primary_key(&self) -> Option<&Key> {
        self.keys.iter().find(|k| k.primary)
    }
}

/// The option of a TimescaleDB hypertable.
pub const HYPERTABLE: &str = "HYPERTABLE";

impl Table {
    /// Whether other tables store its rows (PostgreSQL): partitions, or the chunks of a hypertable.
    pub fn in_parts(&self) -> bool {
        self.partitioning.is_some() || self.options.iter().any(|o| o == HYPERTABLE)
    }

    /// Whether the table may hold rows: it has some, or they could not be counted.
    pub fn may_hold_rows(&self) -> bool {
        self.existing.rows > 0 || self.caveats.contains(&Caveat::NotCounted)
    }
}

/// A function whose value is one expression of its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Empty where it is not known.
    #[serde(default)]
    pub schema: String,
    pub name: String,
    /// Their names, empty for those without.
    pub arguments: Vec<String>,
    /// Over the arguments, by name or as `$1`.
    pub expression: String,
}
