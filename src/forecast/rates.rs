//! Recorded rates, from the runs of `benches/`: seconds on one connection, with a server on two cores of an ordinary
//! machine.

use super::size::RowSizes;
use dbmocker_core::schema::Dialect;
use dbmocker_plan::TablePlan;

/// Seconds for each of these.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    pub dialect: Dialect,
    /// Per run: its lock, ledger, trial, verification.
    pub run: f64,
    /// Per table: its statements and its commit.
    pub table: f64,
    pub row: f64,
    pub byte: f64,
    /// Per index entry, besides the primary key's.
    pub entry: f64,
    /// Connections that make the load faster, at most.
    pub connections: f64,
}

/// Bytes of the log for an entry that is inserted into an existing index.
const LOGGED_ENTRY: f64 = 75.0;
/// Bytes of the log per byte of rows, including record headers.
const LOGGED_ROW: f64 = 1.15;
/// Bytes of the log per byte of an index that is built as a whole.
const LOGGED_BUILT: f64 = 1.05;

impl Rates {
    pub fn of(dialect: Dialect, mariadb: bool) -> Self {
        match dialect {
            Dialect::Postgres => {
                Rates { dialect, run: 0.3, table: 0.01, row: 1.2e-6, byte: 6.5e-9, entry: 1.1e-6, connections: 16.0 }
            }
            // MySQL proper has no bulk insert into an empty table.
            Dialect::Mysql if !mariadb => {
                Rates { dialect, run: 0.3, table: 0.03, row: 5e-6, byte: 2e-8, entry: 4e-6, connections: 4.0 }
            }
            // Concurrent bulk inserts wait for one another.
            Dialect::Mysql => {
                Rates { dialect, run: 0.3, table: 0.03, row: 3e-6, byte: 1.2e-8, entry: 1.3e-6, connections: 1.25 }
            }
            Dialect::Sqlite => {
                Rates { dialect, run: 0.1, table: 0.005, row: 5e-7, byte: 4e-9, entry: 5e-7, connections: 1.0 }
            }
        }
    }

    /// Bytes of the log for a row.
    pub fn logged(&self, planned: &TablePlan, sizes: &RowSizes) -> f64 {
        match self.dialect {
            Dialect::Postgres => {
                let built = planned.deferred_indexes.as_ref().is_some_and(|d| !d.indexes.is_empty());
                let entries = if built { LOGGED_BUILT * sizes.indexes } else { LOGGED_ENTRY * (sizes.entries + 0.5) };
                LOGGED_ROW * sizes.row + entries
            }
            // The statement's rows, as they were sent.
            Dialect::Mysql | Dialect::Sqlite => sizes.sent,
        }
    }
}
