//! Numbers of rows in proportion to a column of the parent.
//!
//! In: the cells of the parent's column and the number of rows. Out: a number of rows for each parent. This is the only
//! choice of parents that keeps a number for each of them; hence the limit of [`MOST`].

use std::sync::Arc;

use crate::context::PlanContext;
use crate::error::Unplannable;
use dbmocker_core::schema::TableName;
use dbmocker_core::value::Value;
use dbmocker_plan::{ChildCounts, ColumnPlan, Rule, TablePlan};

/// Maximum number of parents: 4 bytes for each are kept.
const MOST: u64 = 10_000_000;

/// Why rows cannot be counted by a weight.
#[derive(Debug, thiserror::Error)]
pub enum WeightError {
    #[error("its rows can be counted by the weights of at most {MOST} rows, and `{parent}` has {rows}; give a `law`")]
    Many { parent: TableName, rows: u64 },
    #[error("a row of `{parent}` would have more than {} rows; give a smaller `mean` or `min`", u32::MAX)]
    Rows { parent: TableName },
    #[error("its rows are counted by `{column}` of `{parent}`, which holds no number above 0")]
    None { parent: TableName, column: String },
    #[error(
        "its rows are counted by `{column}` of `{parent}`, which depends on tables that are planned later; count by another column, or give `{column}` a rule in the config file"
    )]
    Later { parent: TableName, column: String },
}

impl From<WeightError> for Unplannable {
    fn from(error: WeightError) -> Self {
        Unplannable::Weights(Box::new(error))
    }
}

/// The rows of each parent, and the column that decides them.
#[derive(Debug, Clone)]
pub struct ParentWeights {
    pub counts: Arc<Vec<u32>>,
    parent: usize,
    column: usize,
    least: u64,
    /// The column as it was planned when its cells were read.
    read_as: String,
}

impl ParentWeights {
    /// Returns a number of rows for each row of the parent (its position and column), at least `least`: the rows up to
    /// each parent are the same share of all as the weights up to it, rounded down. `counts` holds the numbers of
    /// parents and rows.
    ///
    /// # Errors
    /// Too many parents, or none with a weight.
    pub fn read(
        b: &PlanContext<'_>,
        (parent, column): (usize, usize),
        least: u64,
        counts: &ChildCounts,
    ) -> Result<Self, Unplannable> {
        let (parents, rows) = (counts.parents(), counts.rows());
        let table = &b.schema.tables[b.order[parent]];
        if parents > MOST {
            return Err(WeightError::Many { parent: table.name.clone(), rows: parents }.into());
        }
        let mut sums = Vec::new();
        let mut sum = 0.0;
        for row in 0..parents {
            // The sum of as many of the largest numbers is finite.
            sum += weight(&b.generator.cell(parent, column, row)?) / MOST as f64;
            sums.push(sum);
        }
        if sum <= 0.0 && parents > 0 {
            let column = table.columns[column].name.clone();
            return Err(WeightError::None { parent: table.name.clone(), column }.into());
        }
        let rest = rows.saturating_sub(least * parents) as f64;
        let mut before = 0;
        let count = |upto: &f64| {
            let upto = (rest * (upto / sum)) as u64;
            let own = upto - before + least;
            before = upto;
            u32::try_from(own).ok()
        };
        let counts: Option<Vec<u32>> = sums.iter().map(count).collect();
        let counts = Arc::new(counts.ok_or_else(|| WeightError::Rows { parent: table.name.clone() })?);
        Ok(ParentWeights { counts, parent, column, least, read_as: String::new() })
    }

    /// Remembers the plan of the parent's column.
    pub fn of(mut self, parent: &TablePlan) -> Self {
        self.read_as = alone(&parent.columns[self.column]).unwrap_or_default();
        self
    }

    /// Checks that the weights are those of the final plan: laws that read other tables are set last. Cells that depend
    /// on the column's own plan alone are not read again if that is the same.
    ///
    /// # Errors
    /// A column whose cells have changed since.
    pub fn kept(&self, b: &PlanContext<'_>, tables: &[TablePlan], counts: &ChildCounts) -> Result<(), Unplannable> {
        if tables.get(self.parent).and_then(|parent| alone(&parent.columns[self.column])).as_ref()
            == Some(&self.read_as)
        {
            return Ok(());
        }
        let now = Self::read(b, (self.parent, self.column), self.least, counts)?;
        if now.counts == self.counts {
            return Ok(());
        }
        let table = &b.schema.tables[b.order[self.parent]];
        let column = table.columns[self.column].name.clone();
        Err(WeightError::Later { parent: table.name.clone(), column }.into())
    }
}

/// Returns the plan of a column whose cells no other column and no other table determine.
fn alone(column: &ColumnPlan) -> Option<String> {
    let own = column.law.is_none()
        && column.group.is_none()
        && column.correlated.is_none()
        && column.presence.is_none()
        && matches!(
            column.rule,
            Rule::Draw { .. } | Rule::Constant { .. } | Rule::Sequence { .. } | Rule::Unique { .. }
        );
    let parts = || serde_json::to_string(&(&column.rule, column.null_share, &column.edges, &column.nulls_of));
    own.then(parts)?.ok()
}

/// A weight; 0 for NULL and negative numbers.
fn weight(cell: &Value) -> f64 {
    let weight = match cell {
        Value::Int(n) => *n as f64,
        Value::Float(x) => *x,
        Value::Decimal { unscaled, scale } => *unscaled as f64 / 10f64.powi(i32::from(*scale)),
        _ => 0.0,
    };
    if weight.is_finite() { weight.max(0.0) } else { 0.0 }
}
