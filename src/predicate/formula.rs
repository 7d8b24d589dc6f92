//! A parsed predicate that can be asked: [`Tree`] plus what its meaning depends on.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::eval::{Env, EvalError, Row};
use super::tree::Tree;
use crate::schema::Dialect;
use crate::value::Value;

/// A predicate or scalar expression of one dialect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    tree: Tree,
    env: Env,
}

impl Expr {
    pub(super) fn new(tree: Tree, dialect: Dialect) -> Expr {
        Expr { tree, env: Env { dialect, now: 0 } }
    }

    /// With `now` (microseconds since 1970-01-01 UTC) for `CURRENT_TIMESTAMP` and its like; 0 unless said.
    pub fn at(mut self, now: i64) -> Expr {
        self.env.now = now;
        self
    }

    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Every column mentioned.
    pub fn columns(&self) -> BTreeSet<String> {
        self.tree.columns()
    }

    /// With column `from` called `to` (letter case ignored): a domain's CHECK is over `VALUE`.
    pub fn rename(&self, from: &str, to: &str) -> Expr {
        Expr { tree: self.tree.rename(from, to), env: self.env }
    }

    /// `Some(true)`, `Some(false)`, or `None` for UNKNOWN. A CHECK is broken by `Some(false)` only.
    ///
    /// # Errors
    /// Unknown functions and columns, values the dialect would refuse.
    pub fn truth(&self, row: &dyn Row) -> Result<Option<bool>, EvalError> {
        self.tree.truth(row, self.env)
    }

    /// The expression's value; NULL is [`Value::Null`].
    ///
    /// # Errors
    /// As [`Expr::truth`].
    pub fn value(&self, row: &dyn Row) -> Result<Value, EvalError> {
        self.tree.value(row, self.env)
    }
}

/// SQL-like spelling, for messages.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree.fmt(f)
    }
}
