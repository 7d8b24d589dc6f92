//! What affects the rows of a table besides its constraints and triggers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::TableName;

/// A property of a table that may change or prevent the effect of an INSERT, or that leaves its row count unknown.
///
/// ```
/// use dbmocker_core::schema::Caveat;
///
/// let rule = Caveat::Rule { name: "log".into(), events: "INSERT".into() };
/// assert_eq!(rule.to_string(), "rule log INSERT");
/// assert!(rule.acts_on_insert() && !Caveat::NotCounted.acts_on_insert());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caveat {
    /// The account may not read the table.
    NotCounted,
    /// PostgreSQL: policies apply to the role.
    RowSecurity,
    /// PostgreSQL: a rule rewrites statements.
    Rule { name: String, events: String },
    /// PostgreSQL: a partition at any depth is a foreign table.
    ForeignPartition(TableName),
    /// Partitions whose foreign keys contradict those of the other partitions.
    EmptyPartitions(Vec<String>),
    /// SQLite: a foreign key to columns that are not unique, which can be declared, but not enforced.
    Mismatch { foreign_key: String, parent: String, columns: Vec<String> },
    /// TimescaleDB: a hypertable some of whose chunks may be compressed.
    Compressed,
}

impl Caveat {
    /// Whether the server does something with inserted rows besides storing them.
    pub fn acts_on_insert(&self) -> bool {
        matches!(self, Caveat::RowSecurity | Caveat::Rule { .. })
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caveat::NotCounted => f.write_str("no SELECT privilege: existing rows cannot be counted"),
            Caveat::RowSecurity => f.write_str(
                "row-level security applies to this role: rows may be refused, and are inserted from a temporary table",
            ),
            Caveat::Rule { name, events } => write!(f, "rule {name} {events}"),
            Caveat::ForeignPartition(name) => write!(f, "its partition {name} is a foreign table"),
            Caveat::Mismatch { foreign_key, parent, columns } => write!(
                f,
                "foreign key `{foreign_key}` cannot be enforced: {parent}({}) is no PRIMARY KEY and not UNIQUE (foreign key mismatch); \
                 add a unique index over it",
                columns.join(", ")
            ),
            Caveat::Compressed => f.write_str(
                "new rows of the hypertable are not compressed until its policy, or compress_chunk(), does it",
            ),
            Caveat::EmptyPartitions(names) => write!(
                f,
                "no rows for {}: other partitions have foreign keys that no row could keep together with theirs",
                names.join(", ")
            ),
        }
    }
}
