//! Columns computed by an expression of the config file, for many rows at once.

use std::collections::HashSet;

use super::Frame;
use crate::generator::{RowError, RuleGen, threshold};
use dbmocker_core::schema::{Dialect, SqlType};
use dbmocker_core::value::Value;
use dbmocker_plan::{Aggregate, FkStep, Input, InputOf, Law};
use dbmocker_predicate::{Arith, Cmp, Env, EvalError, Expr, NoRow, Row};

/// Number of child rows that are generated at once.
const AT_ONCE: usize = 1 << 12;
/// Maximum number of values of a DISTINCT aggregate of one row, which are kept in memory.
const MOST_DISTINCT: usize = 100_000;

/// The inputs of one row.
struct InputRow<'a> {
    names: &'a [&'a str],
    columns: &'a [Vec<Value>],
    row: usize,
}

impl Row for InputRow<'_> {
    fn get(&self, column: &str) -> Option<Value> {
        let at = self.names.iter().position(|name| *name == column)?;
        Some(self.columns[at][self.row].clone())
    }
}

impl Frame<'_> {
    /// Evaluates the expression of a law for each row, before `null_share` is applied.
    ///
    /// # Errors
    /// If a row's value cannot be evaluated, or does not fit the column.
    pub fn expression(&self, c: usize, law: &Law) -> Result<Vec<Value>, RowError> {
        let Law::Expression { expr, inputs, env, most } = law else {
            return Ok(vec![Value::Null; self.rows.len()]);
        };
        let columns = inputs.iter().map(|input| self.input(c, input)).collect::<Result<Vec<_>, RowError>>()?;
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        let worked_out = |row: usize| {
            let value = expr.value(&InputRow { names: &names, columns: &columns, row }, *env);
            let value = value.map_err(|e| self.failed(c, row, &e.to_string()))?;
            match (&value, most) {
                (Value::Text(text), Some(most)) if text.chars().count() > *most as usize => {
                    let why = format!(
                        "{} characters, and the column holds {most}; shorten it with {}",
                        text.chars().count(),
                        if env.dialect == Dialect::Sqlite {
                            format!("substr(..., 1, {most})")
                        } else {
                            format!("left(..., {most})")
                        }
                    );
                    Err(self.failed(c, row, &why))
                }
                _ => Ok(value),
            }
        };
        (0..self.rows.len()).map(worked_out).collect()
    }

    fn failed(&self, c: usize, row: usize, why: &str) -> RowError {
        let column = self.table.columns[c].name.clone();
        RowError {
            table: self.table.label.clone(),
            row: self.rows[row],
            check: String::new(),
            expression: Some(format!("expression of `{column}`: {why}")),
            columns: vec![column],
        }
    }

    fn input(&self, c: usize, input: &Input) -> Result<Vec<Value>, RowError> {
        match &input.of {
            InputOf::Cell(of) => self.values(*of),
            InputOf::Own { group, null_share } => self.own_values(c, *group, *null_share),
            InputOf::Drawn(domain) => {
                let sampler = domain.sampler();
                Ok(self.rows.iter().map(|&row| sampler.draw(&mut self.stream(&self.table.columns[c], row))).collect())
            }
            InputOf::Parent { path, column } => self.above(path, *column),
            InputOf::RowNumber { foreign: None, before } => {
                Ok(self.rows.iter().map(|row| Value::Int(i128::from(*before) + i128::from(row + 1))).collect())
            }
            InputOf::RowNumber { foreign: Some(foreign), .. } => {
                let ordinal = |row: &u64| self.generator.child(self.t, *foreign, *row).map(|child| child.ordinal + 1);
                let number = |row| ordinal(row).map_or(Value::Null, |n| Value::Int(n.into()));
                Ok(self.rows.iter().map(number).collect())
            }
            InputOf::Series { series, foreign } => Ok(self.series(c, series, *foreign)),
            InputOf::Walk { walk, foreign } => Ok(self.walk(c, walk, *foreign)),
            InputOf::Season { season, at } => self.season(season, *at),
            InputOf::Children { table, foreign, fold, distinct, of, columns, env } => {
                self.aggregate(c, (*table, *foreign), (*fold, *distinct), of, columns, *env)
            }
        }
    }

    /// Returns the values that a column would have without its law.
    fn own_values(&self, c: usize, group: Option<(usize, usize)>, null_share: f64) -> Result<Vec<Value>, RowError> {
        let column = &self.table.columns[c];
        let below = threshold(null_share);
        let own = |&row: &u64| {
            let attempt = self.table.attempt(row);
            match (group, &column.rule) {
                (Some((g, place)), _) => self.generator.of_group(self.t, (g, place), row, attempt),
                (None, _) if below > 0 && column.null_stream.at(row, 0) < below => Ok(Value::Null),
                (None, RuleGen::Law(law)) => self.generator.by_rule(self.t, c, &law.own, row, attempt),
                (None, rule) => self.generator.by_rule(self.t, c, rule, row, attempt),
            }
        };
        self.rows.iter().map(own).collect()
    }

    /// Returns the cells of a column.
    pub(super) fn values(&self, c: usize) -> Result<Vec<Value>, RowError> {
        let column = &self.table.columns[c];
        if let Some(unit) = column.unit.filter(|_| column.small) {
            return Ok(self.numbers(c)?.iter().map(|n| n.map_or(Value::Null, |n| unit.value(n))).collect());
        }
        self.rows.iter().map(|&row| self.generator.cell(self.t, c, row)).collect()
    }

    /// Returns the cells of a column of the rows reached along foreign keys.
    fn above(&self, path: &[FkStep], column: usize) -> Result<Vec<Value>, RowError> {
        let Some((step, rest)) = path.split_first() else { return self.values(column) };
        let parents = self.parents(step.foreign)?;
        let known = parents.frame.above(rest, column)?;
        Ok(parents.at.iter().map(|i| i.map_or(Value::Null, |i| known[i as usize].clone())).collect())
    }

    /// Returns, for each row, the aggregate over the rows of another table that refer to it.
    fn aggregate(
        &self,
        c: usize,
        (t, foreign): (usize, usize),
        (fold, distinct): (Aggregate, bool),
        of: &Expr,
        columns: &[(String, usize)],
        env: Env,
    ) -> Result<Vec<Value>, RowError> {
        let generator = self.generator;
        let nullable = generator.foreign_may_be_null(t, foreign);
        let mut totals: Vec<RunningTotal> = self.rows.iter().map(|_| RunningTotal::new(distinct)).collect();
        let mut open: (Vec<u64>, Vec<usize>) = Default::default();
        let mut failed = None;
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let mut add = |(rows, at): (Vec<u64>, Vec<usize>)| -> Result<(), RowError> {
            let frame = Frame::new(generator, t, rows);
            let cells = columns.iter().map(|(_, c)| frame.values(*c)).collect::<Result<Vec<_>, _>>()?;
            for (row, i) in at.into_iter().enumerate() {
                let value = of.value(&InputRow { names: &names, columns: &cells, row }, env);
                let added = value.and_then(|value| totals[i].add(fold, value, env));
                added.map_err(|e| self.failed(c, i, &e.to_string()))?;
                if totals[i].has_too_many() {
                    let why = format!("DISTINCT is limited to {MOST_DISTINCT} values for a row; leave it out");
                    return Err(self.failed(c, i, &why));
                }
            }
            Ok(())
        };
        for (i, &p) in self.rows.iter().enumerate() {
            generator.each_child(t, foreign, p, &mut |rows| {
                if failed.is_some() {
                    return;
                }
                for row in rows.filter(|&row| !nullable || !generator.foreign_is_null(t, foreign, row)) {
                    open.0.push(row);
                    open.1.push(i);
                    if open.0.len() == AT_ONCE {
                        failed = add(std::mem::take(&mut open)).err();
                        if failed.is_some() {
                            return;
                        }
                    }
                }
            });
        }
        if let Some(error) = failed {
            return Err(error);
        }
        add(open)?;
        let total =
            |(i, total): (usize, RunningTotal)| total.value(fold, env).map_err(|e| self.failed(c, i, &e.to_string()));
        totals.into_iter().enumerate().map(total).collect()
    }
}

/// Running aggregate over the children of one row.
#[derive(Default)]
struct RunningTotal {
    count: u64,
    value: Option<Value>,
    /// With DISTINCT: the values so far.
    seen: Option<HashSet<String>>,
}

impl RunningTotal {
    fn new(distinct: bool) -> Self {
        RunningTotal { seen: distinct.then(HashSet::new), ..RunningTotal::default() }
    }

    fn has_too_many(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.len() > MOST_DISTINCT)
    }

    fn add(&mut self, fold: Aggregate, value: Value, env: Env) -> Result<(), EvalError> {
        if value.is_null() {
            return Ok(());
        }
        if let Some(seen) = &mut self.seen
            && !seen.insert(identity(&value, env))
        {
            return Ok(());
        }
        self.count += 1;
        self.value = match (fold, self.value.take()) {
            (Aggregate::Count, _) => None,
            (_, None) => Some(value),
            (Aggregate::Sum | Aggregate::Mean, Some(sum)) => Some(summed(sum, value, env)?),
            (Aggregate::Least | Aggregate::Greatest, Some(known)) => {
                let op = if fold == Aggregate::Least { Cmp::Lt } else { Cmp::Gt };
                let beyond = Expr::compare(op, Expr::Literal(value.clone()), Expr::Literal(known.clone()));
                Some(if beyond.truth(&NoRow, env)? == Some(true) { value } else { known })
            }
        };
        Ok(())
    }

    fn value(self, fold: Aggregate, env: Env) -> Result<Value, EvalError> {
        match (fold, self.value) {
            (Aggregate::Count, _) => Ok(Value::Int(self.count.into())),
            (Aggregate::Mean, Some(sum)) => {
                // The mean of integers need not be an integer.
                let sum = match sum {
                    Value::Int(n) => {
                        let unscaled = n.checked_mul(1_000_000).ok_or(EvalError::Overflow)?;
                        Value::Decimal { unscaled, scale: 6 }
                    }
                    sum => sum,
                };
                let count = Expr::int(self.count.into());
                Expr::arith(Arith::Div, Expr::Literal(sum), count).value(&NoRow, env)
            }
            (_, value) => Ok(value.unwrap_or(Value::Null)),
        }
    }
}

/// Returns a text that is the same for values which DISTINCT counts once.
fn identity(value: &Value, env: Env) -> String {
    match value {
        // The collations of MySQL ignore case and trailing blanks by default.
        Value::Text(text) if env.dialect == Dialect::Mysql => text.trim_end().to_lowercase(),
        value => format!("{value:?}"),
    }
}

fn summed(sum: Value, value: Value, env: Env) -> Result<Value, EvalError> {
    match (&sum, &value) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(*b).map(Value::Int).ok_or(EvalError::Overflow),
        (Value::Decimal { unscaled: a, scale }, Value::Decimal { unscaled: b, scale: s }) if scale == s => {
            let unscaled = a.checked_add(*b).ok_or(EvalError::Overflow)?;
            Ok(Value::Decimal { unscaled, scale: *scale })
        }
        _ => Expr::arith(Arith::Add, Expr::Literal(sum), Expr::Literal(value)).value(&NoRow, env),
    }
}

/// Returns true if every value of a type fits 64 bits in its column's unit.
pub fn is_small(ty: &SqlType) -> bool {
    match ty {
        SqlType::Int { bytes, unsigned, tinyint1 } => !tinyint1 && (*bytes < 8 || !unsigned),
        SqlType::Decimal { precision: 1..=18, .. } | SqlType::Date => true,
        _ => false,
    }
}
