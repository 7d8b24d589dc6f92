//! Checks of sample rows of computed columns: against types, NULL rules, CHECKs and the server's evaluation.

use std::collections::HashMap;

use super::formulas::{cannot, known_rows, unreachable};
use super::{PlanContext, TRIAL_ROWS, TablePlanner, spaced, trial_rows};
use crate::error::Unplannable;
use crate::error::formulas::{FormulaConflict, ValueMisfit};
use crate::formulas::{FormulaInput, FormulaKind, ResolvedFormula};
use dbmocker_core::schema::{Dialect, OracleQuery, QueryCell, SqlType, Table};
use dbmocker_core::value::{Value, digest};
use dbmocker_domain::fold::fold;
use dbmocker_domain::{Domain, range_units};
use dbmocker_loaders::ident;
use dbmocker_plan::TablePlan;
use dbmocker_predicate::{Env, Expr, NamedCheck, Row};
use dbmocker_semantics as semantics;

/// Number of first rows whose values of a key are compared.
const KEYED: u64 = 2_000;
/// Minimum number of rows, or all of them, for which CHECKs over computed columns are evaluated: most laws take a
/// microsecond a cell.
const CHECKED: u64 = 50_000;
/// Number of rows that the server evaluates.
const ASKED: u64 = 24;

/// A column of a planned table, and the expression or the rules that give its values.
#[derive(Clone, Copy)]
pub(super) struct ComputedColumn<'p> {
    pub plan: &'p TablePlan,
    pub c: usize,
    pub formula: &'p ResolvedFormula,
}

impl TablePlanner<'_> {
    /// Checks sample rows of a table with computed columns.
    ///
    /// # Errors
    /// The first row that violates a constraint.
    pub(super) fn keeps_formulas(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Result<(), Unplannable> {
        for (c, formula) in b.formulas.of(self.index).filter(|(_, f)| !f.aggregates()) {
            let column = ComputedColumn { plan, c, formula };
            let refused = |why: FormulaConflict| cannot(formula, &plan.columns[c].name, why);
            let kept = plan.columns[c].law.is_some()
                || (plan.columns[c].presence.is_some() && matches!(formula.kind, FormulaKind::Absent { .. }));
            let numbered = formula.numbering().all(|key| {
                let foreign = plan.foreign.iter().position(|f| f.name == key.name);
                foreign.is_some_and(|f| {
                    b.generator.child(self.position, f, 0).is_some()
                        && b.generator.has_inverse(self.position, f)
                        && !b.generator.foreign_may_be_null(self.position, f)
                })
            });
            if !kept || plan.rows > 0 && !numbered {
                return Err(refused(unreachable(formula)).into());
            }
            if let Some(why) = known_rows(b, plan, formula) {
                return Err(refused(why).into());
            }
            self.keeps_series(b, column).map_err(refused)?;
            self.keeps_keys(b, column).map_err(refused)?;
            self.keeps_null_rules(b, column).map_err(refused)?;
            self.keeps_expression(b, column).map_err(refused)?;
            self.keeps_affinity(b, column).map_err(refused)?;
            self.ask_server(b, column)?;
        }
        Ok(())
    }

    /// Checks that the type holds the last values of a series, and that none meets an existing row.
    fn keeps_series(
        &self,
        b: &PlanContext<'_>,
        ComputedColumn { plan, c, formula }: ComputedColumn<'_>,
    ) -> Result<(), FormulaConflict> {
        let column = &self.table.columns[c];
        let numbered = formula.inputs.iter().find_map(|(_, input)| match input {
            FormulaInput::RowNumber { key: Some(key) } => plan.foreign.iter().find(|f| f.name == key.name),
            _ => None,
        });
        if let Some(f) = numbered
            && b.rows_before(self.index) > 0
            && f.existing_count > plan.sources[f.source].first
        {
            let (table, rows) = (self.table.name.clone(), b.rows_before(self.index));
            return Err(FormulaConflict::BeginsAgain { table, rows, parent: f.parent.clone() });
        }
        if formula.key != "series" {
            return Ok(());
        }
        let keyed = self.table.keys.iter().any(|k| k.parts.iter().any(|p| p.column.as_ref() == Some(&column.name)));
        let there = b.rows_before(self.index);
        if keyed && there > 0 {
            return Err(FormulaConflict::Meets { table: self.table.name.clone(), rows: there });
        }
        let Some(legal) = semantics::legal(&column.ty, &b.context()) else { return Ok(()) };
        // The last row of a series has its largest value: that of the table's last row, or of any parent.
        for row in trial_rows(plan.rows).chain(plan.rows.checked_sub(1)) {
            let mut values = b.generator.cells(self.position, &[c], row)?;
            let bounded = matches!(column.ty, SqlType::Timestamp { .. } | SqlType::Date | SqlType::Text { .. });
            if bounded && !values[0].is_null() && !reaches(&legal, &values[0]) {
                let (value, ty) = (values.swap_remove(0), column.type_name.clone());
                return Err(FormulaConflict::Value { row, why: ValueMisfit::Outside { value, ty } });
            }
        }
        Ok(())
    }

    /// Checks that the values of an expression over what identifies the row differ as its keys require.
    fn keeps_keys(
        &self,
        b: &PlanContext<'_>,
        ComputedColumn { plan, c, formula }: ComputedColumn<'_>,
    ) -> Result<(), FormulaConflict> {
        if !formula.reads_identity(self.table, c) {
            return Ok(());
        }
        let name = &self.table.columns[c].name;
        let folded = |(value, c): (&Value, &usize)| {
            let collation = &self.table.columns[*c].collation;
            match value {
                Value::Text(text) if collation.accent_insensitive => Value::Text(fold(text)),
                Value::Text(text) if collation.case_insensitive => Value::Text(text.to_lowercase()),
                value => value.clone(),
            }
        };
        for key in self.table.keys.iter().filter(|k| k.predicate.is_none()) {
            let Some(columns) = key.plain_columns().filter(|columns| columns.contains(&name.as_str())) else {
                continue;
            };
            let columns: Vec<usize> = columns.iter().filter_map(|name| self.table.column_index(name)).collect();
            let blamed = |why: &String| why.contains(&format!("`{}`", key.name));
            if plan.rows < plan.requested && plan.limited_by.as_ref().is_some_and(blamed) {
                let (rows, requested) = (plan.rows, plan.requested);
                return Err(FormulaConflict::TooFew { key: key.name.clone(), rows, requested });
            }
            let mut seen = HashMap::new();
            let spread = trial_rows(plan.rows).filter(|row| *row >= KEYED);
            for row in (0..plan.rows.min(KEYED)).chain(spread) {
                let values = b.generator.cells(self.position, &columns, row)?;
                if key.nulls_distinct && values.iter().any(Value::is_null) {
                    continue;
                }
                let values: Vec<Value> = values.iter().zip(&columns).map(folded).collect();
                if let Some(first) = seen.insert(digest(&values), row) {
                    let value = b.generator.cells(self.position, &[c], row)?.swap_remove(0);
                    return Err(FormulaConflict::Repeated { key: key.name.clone(), first, second: row, value });
                }
            }
        }
        Ok(())
    }

    /// Checks that SQLite stores the numbers of an expression in a column of integers: it does not round, and keeps
    /// texts.
    fn keeps_affinity(
        &self,
        b: &PlanContext<'_>,
        ComputedColumn { plan, c, formula }: ComputedColumn<'_>,
    ) -> Result<(), FormulaConflict> {
        let whole = matches!(self.table.columns[c].ty, SqlType::Int { .. }) && formula.key == "expression";
        if b.schema.dialect != Dialect::Sqlite || !whole || !formula.is_plain() {
            return Ok(());
        }
        let Expr::Cast { expr: rounded, .. } = &formula.expr else { return Ok(()) };
        let Expr::Cast { expr: typed, .. } = &**rounded else { return Ok(()) };
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let all: Vec<usize> = (0..self.table.columns.len()).collect();
        for row in trial_rows(plan.rows) {
            let values = b.generator.cells(self.position, &all, row)?;
            let value = typed.value(&NamedCells { table: self.table, cells: &all, values: &values }, env)?;
            let equal = match &value {
                Value::Text(text) => text.trim().parse::<i128>().is_ok(),
                value => Expr::compare(
                    dbmocker_predicate::Cmp::Eq,
                    Expr::Literal(value.clone()),
                    Expr::Literal(values[c].clone()),
                )
                .truth(&dbmocker_predicate::NoRow, env)
                .is_ok_and(|t| t != Some(false)),
            };
            if !equal {
                return Err(FormulaConflict::NotWhole { row, value });
            }
        }
        Ok(())
    }

    /// Compares sample rows with the server's evaluation, for expressions over the row alone.
    fn ask_server(
        &self,
        b: &PlanContext<'_>,
        ComputedColumn { plan, c, formula }: ComputedColumn<'_>,
    ) -> Result<(), Unplannable> {
        if !formula.is_plain() || plan.rows == 0 {
            return Ok(());
        }
        let mut cells: Vec<usize> = formula
            .inputs
            .iter()
            .filter_map(|(_, i)| if let FormulaInput::Cell(c) = i { Some(*c) } else { None })
            .collect();
        cells.push(c);
        let mut rows = Vec::new();
        for row in spaced(plan.rows, ASKED).take(ASKED as usize) {
            let values = b.generator.cells(self.position, &cells, row)?;
            // A NULL by `null_share` is not the result of the expression.
            if plan.columns[c].null_share == 0.0 || !values[cells.len() - 1].is_null() {
                rows.push(values);
            }
        }
        let named = |&c: &usize| QueryCell {
            name: &self.table.columns[c].name,
            type_name: &self.table.columns[c].type_name,
            below: false,
        };
        let asked: Vec<QueryCell<'_>> = cells.iter().map(named).collect();
        let Some(text) = agreement(b.schema.dialect, &self.table.columns[c], &formula.text) else { return Ok(()) };
        let query = OracleQuery { expression: &text, cells: &asked, rows: &rows, scenes: &[] };
        let Some(answers) = b.existing.check_oracle(&query)? else { return Ok(()) };
        let Some(wrong) = answers.iter().position(|agrees| !agrees) else { return Ok(()) };
        let shown = cells.iter().zip(&rows[wrong]).map(|(&c, v)| format!("{} = {v}", self.table.columns[c].name));
        let shown: Vec<String> = shown.collect();
        let why = FormulaConflict::Server(shown.join(", "));
        Err(cannot(formula, &self.table.columns[c].name, why).into())
    }
}

/// Returns true if a value lies within the bounds of a type, whatever the steps in which its values are usually drawn.
fn reaches(legal: &Domain, value: &Value) -> bool {
    match legal {
        Domain::Range { kind, lo, hi, .. } => {
            range_units::units(*kind, value).is_some_and(|(n, _)| (*lo..=*hi).contains(&n))
        }
        legal => legal.contains(value),
    }
}

/// Checks rows of a table with computed columns: types, NOT NULL and CHECKs.
pub(super) fn sample(b: &PlanContext<'_>, plan: &TablePlan, position: usize) -> Result<(), Unplannable> {
    let index = b.order[position];
    let table = &b.schema.tables[index];
    let columns: Vec<usize> = b.formulas.of(index).map(|(c, _)| c).collect();
    if columns.is_empty() || plan.rows == 0 {
        return Ok(());
    }
    let env = Env { dialect: b.schema.dialect, now: b.options.now };
    let mentioned = |e: &Expr| columns.iter().any(|&c| e.mentions(&table.columns[c].name));
    let of_table = table.checks.iter().map(|check| NamedCheck::new(&check.name, &check.text));
    let of_types = table.columns.iter().flat_map(|column| {
        let checks = column.domain_checks.iter();
        checks.map(|check| NamedCheck::new(&check.name, &check.text).over_value(&column.name))
    });
    let checks = of_table.chain(of_types).filter_map(|check| Some((check.tree(b.schema.dialect).ok()?, check)));
    let checks: Vec<(Expr, NamedCheck)> = checks.filter(|(tree, _)| mentioned(tree)).collect();
    let read = |&c: &usize| checks.iter().any(|(tree, _)| tree.mentions(&table.columns[c].name));
    let cells: Vec<usize> = (0..table.columns.len()).filter(|c| columns.contains(c) || read(c)).collect();
    let formula = |c: usize| b.formulas.get(index, c).expect("the column has an expression");
    // Aggregates read many rows for each one.
    let least = if columns.iter().any(|&c| formula(c).aggregates()) { TRIAL_ROWS } else { CHECKED };
    // The last row has the largest number.
    for row in spaced(plan.rows, least).chain(plan.rows.checked_sub(1)) {
        let values = b.generator.cells(position, &cells, row)?;
        for (&c, value) in cells.iter().zip(&values) {
            if columns.contains(&c) {
                fits(b, table, index, c, value)
                    .map_err(|why| cannot(formula(c), &table.columns[c].name, FormulaConflict::Value { row, why }))?;
            }
        }
        let named = NamedCells { table, cells: &cells, values: &values };
        for (tree, check) in &checks {
            if tree.truth(&named, env) == Ok(Some(false)) {
                let given = cells.iter().zip(&values).filter(|(c, _)| columns.contains(c));
                let given = given.map(|(&c, value)| (&table.columns[c].name, value, formula(c)));
                let shown = given.filter(|(name, ..)| tree.mentions(name)).map(|(name, value, formula)| {
                    format!("{} of `{name}` ({}) gives {value}", formula.key, formula.origin)
                });
                let values = shown.collect::<Vec<String>>().join(" and ");
                return Err(Unplannable::FormulaCheck { check: check.name.clone(), row, values });
            }
        }
    }
    Ok(())
}

/// Checks that a column can hold a value.
fn fits(b: &PlanContext<'_>, table: &Table, index: usize, c: usize, value: &Value) -> Result<(), ValueMisfit> {
    let column = &table.columns[c];
    let strict = b.schema.dialect != Dialect::Sqlite;
    match (value, &column.ty) {
        (Value::Null, _) if !b.nullable(index, c) => Err(ValueMisfit::Null),
        (Value::Int(n), SqlType::Int { bytes, unsigned, .. }) => {
            let bits = u32::from(*bytes) * 8;
            let (lo, hi) =
                if *unsigned { (0, (1i128 << bits) - 1) } else { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) };
            if (lo..=hi).contains(n) {
                Ok(())
            } else {
                Err(ValueMisfit::Range { n: *n, ty: column.type_name.clone(), lo, hi })
            }
        }
        (Value::Decimal { unscaled, .. }, SqlType::Decimal { precision: 1.., .. }) if strict => {
            let SqlType::Decimal { precision, .. } = column.ty else { return Ok(()) };
            let digits = unscaled.unsigned_abs().checked_ilog10().map_or(1, |n| n + 1);
            if digits <= u32::from(precision) {
                Ok(())
            } else {
                Err(ValueMisfit::Outside { value: value.clone(), ty: column.type_name.clone() })
            }
        }
        _ => Ok(()),
    }
}

/// Cells of a row, by column name.
struct NamedCells<'a> {
    table: &'a Table,
    /// The columns of the values, in ascending order.
    cells: &'a [usize],
    values: &'a [Value],
}

impl Row for NamedCells<'_> {
    fn get(&self, column: &str) -> Option<Value> {
        let c = self.table.column_index(column)?;
        self.cells.binary_search(&c).ok().map(|at| self.values[at].clone())
    }
}

/// Returns the condition that the server's value of the expression, stored in the column, equals the column's.
fn agreement(dialect: Dialect, column: &dbmocker_core::schema::Column, text: &str) -> Option<String> {
    let name = ident::quote(dialect, &column.name);
    Some(match (dialect, &column.ty) {
        (Dialect::Postgres, SqlType::Text { .. }) => format!("({text})::text is not distinct from {name}::text"),
        (Dialect::Postgres, _) => format!("cast(({text}) as {}) is not distinct from {name}", column.type_name),
        (Dialect::Mysql, SqlType::Decimal { precision: 1.., .. }) => {
            let SqlType::Decimal { precision, scale, .. } = column.ty else { return None };
            format!("cast(({text}) as decimal({precision},{scale})) <=> {name}")
        }
        (Dialect::Mysql, SqlType::Int { .. }) => format!("round({text}) <=> {name}"),
        (Dialect::Mysql, SqlType::Text { .. } | SqlType::Date) => format!("({text}) <=> {name}"),
        (Dialect::Sqlite, SqlType::Text { .. }) => format!("({text}) is {name}"),
        (Dialect::Sqlite, SqlType::Decimal { scale, .. }) => {
            format!("({text}) is {name} or abs(({text}) - {name}) <= 0.5000001 * {}", 10f64.powi(-i32::from(*scale)))
        }
        (Dialect::Sqlite, SqlType::Int { .. }) => format!("({text}) is {name}"),
        _ => return None,
    })
}
