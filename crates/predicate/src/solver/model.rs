//! The input and the output of the solver.

use serde::{Deserialize, Serialize};

use super::coupled_columns::CoupledColumns;
#[cfg(doc)]
use super::coupled_columns::Exhausted;
use crate::expr::Expr;
use crate::parse::{ParseError, parse};
use dbmocker_core::schema::{Dialect, SqlType};
use dbmocker_domain::Domain;

/// A column before its checks are applied.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnInput {
    pub name: String,
    /// The domain by its type, name and configuration; `None` for columns whose values are given.
    pub domain: Option<Domain>,
    /// The domain of its type, if `domain` is only what its name suggests: used if CHECKs leave no value of `domain`.
    pub legal: Option<Domain>,
    pub ty: SqlType,
    pub nullable: bool,
    /// The desired share of NULLs where they are allowed, 0 to 1.
    pub null_share: f64,
    pub role: ValueSource,
    /// Columns with the same number get their values from one choice of parent rows: if one is drawn again, all are.
    pub same_parent: Option<usize>,
}

/// The source of a column's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// Drawn from its domain.
    Free,
    /// Unique by permutation: checks may narrow the domain, but the row's value cannot be drawn again.
    Key,
    /// From a parent row; `redraw` if another parent may be tried.
    Foreign { redraw: bool },
    /// Computed by the server.
    Generated { expr: String },
}

/// [`ValueSource`] of the columns that take part in solving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoleKind {
    Free,
    Key,
    Foreign { redraw: bool },
}

/// A predicate that rows must not violate.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedCheck {
    pub name: String,
    pub text: String,
    /// A preference: dropped if it cannot be satisfied.
    pub soft: bool,
    /// For a domain's check: the column that `VALUE` stands for.
    pub value: Option<String>,
    /// The predicate that replaces the text, from the rows that the server accepted.
    pub answer: Option<Expr>,
}

impl NamedCheck {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        NamedCheck { name: name.into(), text: text.into(), soft: false, value: None, answer: None }
    }

    /// A preference, dropped if it cannot be satisfied.
    pub fn as_preference(mut self) -> Self {
        self.soft = true;
        self
    }

    /// A domain's check over the pseudo-column `VALUE`.
    pub fn over_value(mut self, column: impl Into<String>) -> Self {
        self.value = Some(column.into());
        self
    }

    /// The predicate over the table's columns.
    ///
    /// # Errors
    /// The text cannot be parsed.
    pub fn tree(&self, dialect: Dialect) -> Result<Expr, ParseError> {
        if let Some(answer) = &self.answer {
            return Ok(answer.clone());
        }
        let tree = parse(&self.text, dialect)?;
        Ok(self.value.iter().fold(tree, |t, column| t.rename("VALUE", column)))
    }
}

/// The result of applying the checks to a table's columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// One for each column, in the order given.
    pub columns: Vec<Narrowed>,
    pub groups: Vec<CoupledColumns>,
    pub unsolved: Vec<UnsolvedCheck>,
    pub impossible: Vec<Impossible>,
    /// Conditions between columns of which none is drawn by the solver: the source of their values must satisfy them.
    pub filters: Vec<Filter>,
    /// Columns that were NULL in every row tried, although their types allow more values than their names suggest.
    #[serde(skip)]
    pub(super) only_null_columns: Vec<usize>,
}

/// A condition on given values only; rows that violate it are reported as [`Exhausted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    pub check: String,
    /// Indices of the columns.
    pub columns: Vec<usize>,
    /// Rows for which it is FALSE are not allowed.
    pub predicate: Expr,
}

/// The domain of a column after the checks on this column alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Narrowed {
    pub domain: Option<Domain>,
    pub nulls: Nulls,
    /// The domain that its name suggests was not used.
    #[serde(default)]
    pub dropped: bool,
    /// The solver makes it NULL in every row.
    #[serde(default)]
    pub only_null: bool,
    /// The checks that narrowed it.
    pub reasons: Vec<String>,
}

/// Whether a column is NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// By the column's own share.
    Free,
    Never,
    Always,
}

/// A check that rows may violate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsolvedCheck {
    pub check: String,
    pub text: String,
    pub why: String,
}

/// Checks (with types and nullability) that no row satisfies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impossible {
    /// The last one is the one that left no value.
    pub checks: Vec<String>,
    pub columns: Vec<String>,
}
