//! Why a plan cannot be run.

/// The first inconsistency of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    #[error("table `{table}`: {fault}")]
    Table { table: String, fault: TableFault },
    #[error("table `{table}`: column `{column}` {why}")]
    Column { table: String, column: String, why: Endless },
}

/// An inconsistency of one table's plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableFault {
    #[error("{what} {index} of {len}")]
    OutOfRange { what: &'static str, index: usize, len: usize },
    #[error("{0}")]
    Inconsistent(&'static str),
}

impl From<&'static str> for TableFault {
    fn from(what: &'static str) -> Self {
        TableFault::Inconsistent(what)
    }
}

/// Why a column's value cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Endless {
    #[error("leads to itself")]
    Circular,
    #[error("is copied through more than {} tables", super::validate::MOST_COPIES)]
    TooDeep,
}
