//! The constraints of a table: keys, foreign keys, CHECKs, partitions, triggers.

use serde::{Deserialize, Serialize};

use super::{Collation, TableName};

/// A primary key, unique constraint or unique index.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Key {
    pub name: String,
    pub primary: bool,
    pub parts: Vec<KeyPart>,
    /// `false` for `NULLS NOT DISTINCT`.
    pub nulls_distinct: bool,
    /// The predicate of a partial index.
    pub predicate: Option<String>,
    /// A constraint (may be the target of a foreign key), not a bare index.
    pub constraint: bool,
    pub deferrable: Deferrable,
}

/// A column or expression of a [`Key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPart {
    /// A plain column, or `None` for an expression.
    pub column: Option<String>,
    /// The expression's text where `column` is `None`.
    pub expression: Option<String>,
    /// MySQL: the prefix length of the index, in characters (text) or bytes (binary).
    pub prefix: Option<u32>,
    /// The index's own collation if it differs from the column's.
    pub collation: Option<Collation>,
}

impl Key {
    /// The columns, if every part is a plain column.
    pub fn plain_columns(&self) -> Option<Vec<&str>> {
        self.parts.iter().map(|p| p.column.as_deref()).collect()
    }

    /// Returns true if a column is one of its parts.
    pub fn holds(&self, column: &str) -> bool {
        self.parts.iter().any(|part| part.column.as_deref() == Some(column))
    }
}

/// When a constraint is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferrable {
    #[default]
    No,
    InitiallyImmediate,
    InitiallyDeferred,
}

/// A reference to rows of a parent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForeignKey {
    pub name: String,
    pub columns: Vec<String>,
    pub parent: TableName,
    /// Always resolved: an omitted list is the parent's primary key.
    pub parent_columns: Vec<String>,
    pub match_full: bool,
    pub deferrable: Deferrable,
    /// `false` for `NOT VALID` / not enforced.
    pub validated: bool,
    /// `ON DELETE`/`ON UPDATE` text, empty for the default.
    pub actions: String,
}

/// A CHECK.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Check {
    pub name: String,
    /// The predicate alone, in the server's own normal form, without the word CHECK.
    pub text: String,
    /// `false` for `NOT VALID` / `NOT ENFORCED`: the generated rows satisfy it anyway.
    pub validated: bool,
}

/// PostgreSQL's `EXCLUDE`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exclusion {
    pub name: String,
    /// (column or expression, operator), e.g. `("room", "=")`, `("during", "&&")`.
    pub elements: Vec<(String, String)>,
    pub predicate: Option<String>,
    pub definition: String,
}

/// The partitioning of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Partitioning {
    pub strategy: PartitionStrategy,
    /// Columns or expressions of the partition key.
    pub key: Vec<String>,
    pub partitions: Vec<Partition>,
}

/// The partitioning strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartitionStrategy {
    Range,
    List,
    Hash,
}

/// One part of a partitioned table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Partition {
    pub name: TableName,
    pub bound: PartitionBound,
    pub sub: Option<Partitioning>,
    /// Keys, CHECKs and foreign keys that only this partition has (beyond the parent's).
    pub own_keys: Vec<Key>,
    pub own_checks: Vec<Check>,
    pub own_foreign_keys: Vec<ForeignKey>,
}

/// Bounds as literal text without quotes (`2022-01-01 00:00:00+00`, `MINVALUE`, `MAXVALUE`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartitionBound {
    /// `from` inclusive, `to` exclusive, one entry per key column.
    Range {
        from: Vec<String>,
        to: Vec<String>,
    },
    /// `None` is NULL.
    List {
        values: Vec<Option<String>>,
    },
    Hash {
        modulus: u32,
        remainder: u32,
    },
    Default,
}

/// Two parents of a row in which a pair of columns must have the same value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentAgreement {
    /// The trigger's name.
    pub name: String,
    pub sides: [Side; 2],
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The column of the row that refers to the parent.
    pub column: String,
    pub parent: TableName,
    /// The referenced column of the parent, and the column that must agree.
    pub key: String,
    pub agrees: String,
}

/// The properties of a trigger that matter for loading.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Trigger {
    pub name: String,
    /// `BEFORE INSERT`, `AFTER INSERT OR UPDATE`, ...
    pub event: String,
    pub enabled: bool,
    /// Tables to which it writes, by its text, `table` or `schema.table`.
    #[serde(default)]
    pub writes: Vec<String>,
    /// Whether it may raise an error or discard the row, by its text.
    #[serde(default)]
    pub refuses: bool,
}

/// A secondary index.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Index {
    pub name: String,
    /// The server's own definition.
    pub definition: String,
    /// The expressions and the predicate, which are evaluated for every row (PostgreSQL).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expressions: Vec<String>,
}
