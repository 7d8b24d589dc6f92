//! Whether the rows keep what the config file says about NULLs and weights: another constraint may decide them.

use super::formula_checks::ComputedColumn;
use super::{PlanContext, TablePlanner, trial_rows};
use crate::error::Unplannable;
use crate::error::formulas::FormulaConflict;
use crate::error::overrides::OverrideError;
use crate::formulas::{FormulaInput, FormulaKind, ResolvedFormula};
use crate::overrides::RuleOverride;
use dbmocker_core::schema::{Dialect, SqlType};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_generate::generator::RowError;
use dbmocker_plan::{ParentChoice, Rule, TablePlan};
use dbmocker_predicate::{Env, Expr, OneColumn, Row};

/// Standard deviations by which a share of the sample may differ from the requested one.
const DEVIATIONS: f64 = 6.0;
/// Maximum number of combinations of listed values for which a condition is evaluated.
const COMBINATIONS: usize = 4_000;
/// Minimum number of rows for which NULL in all of them is no chance.
const FEW_ROWS: u64 = 32;

/// One combination of listed values of the columns of a condition.
struct ListedRow<'a> {
    names: &'a [String],
    listed: &'a [Vec<Value>],
    i: usize,
}

impl Row for ListedRow<'_> {
    fn get(&self, column: &str) -> Option<Value> {
        let at = self.names.iter().position(|name| name == column)?;
        let before: usize = self.listed[..at].iter().map(Vec::len).product();
        let values = &self.listed[at];
        Some(values[self.i / before % values.len()].clone())
    }
}

impl TablePlanner<'_> {
    /// Checks the shares of NULLs that the config file requests, and notes weights that cannot be kept.
    ///
    /// # Errors
    /// A column that other constraints make NULL, or keep from being NULL.
    pub(super) fn keeps_shares(&self, b: &PlanContext<'_>, plan: &mut TablePlan) -> Result<(), Unplannable> {
        if plan.rows == 0 {
            return Ok(());
        }
        let mut notes = Vec::new();
        for c in 0..plan.columns.len() {
            let Some(override_) = b.overrides.column(self.index, c) else { continue };
            if matches!(plan.columns[c].rule, Rule::Omit) || b.formulas.get(self.index, c).is_some() {
                continue;
            }
            if let Some(asked) = override_.null_probability
                && !self.is_known_later(plan, c)
            {
                self.keeps_null_share(b, plan, c, asked)?;
            }
            let key = match &override_.weighted_values[..] {
                [] => override_.values_from.as_ref().filter(|file| !file.weights.is_empty()).map(|_| "values_from"),
                _ => Some("weighted_values"),
            };
            if let Some(key) = key {
                notes.extend(self.lost_weights(b, plan, c, key));
            }
        }
        for (c, formula) in b.formulas.of(self.index) {
            notes.extend(self.idle_conditions(b, plan, c, formula));
        }
        notes.extend(self.misread_pipes(b));
        notes.extend(self.narrowed_bounds(b, plan));
        plan.notes.extend(notes);
        Ok(())
    }

    /// Returns notes for expressions of texts that MySQL and MariaDB read as conditions.
    fn misread_pipes(&self, b: &PlanContext<'_>) -> Vec<String> {
        let text = |c: usize| matches!(self.table.columns[c].ty, SqlType::Text { .. });
        let joined = |text: &str| text.split('\'').step_by(2).any(|code| code.contains("||"));
        let misread = b.formulas.of(self.index).filter(|(c, formula)| text(*c) && joined(&formula.text));
        let note = |(c, formula): (usize, &ResolvedFormula)| {
            format!(
                "{} of `{}` ({}): `||` is OR on MySQL and MariaDB; texts are joined by concat(...)",
                formula.key, self.table.columns[c].name, formula.origin
            )
        };
        if b.schema.dialect == Dialect::Mysql { misread.map(note).collect() } else { Vec::new() }
    }

    /// Returns true for columns of foreign keys to rows that are planned later.
    fn is_known_later(&self, plan: &TablePlan, c: usize) -> bool {
        let later = |f: &dbmocker_plan::ForeignKeyPlan| f.parent_table.is_some_and(|p| p > self.position);
        plan.foreign.iter().any(|f| {
            f.columns.contains(&c) && (later(f) || matches!(plan.sources[f.source].pick, ParentChoice::Agreeing { .. }))
        })
    }

    fn sampled_cells(&self, b: &PlanContext<'_>, plan: &TablePlan, c: usize) -> Result<Vec<Value>, RowError> {
        trial_rows(plan.rows).map(|row| b.generator.cell(self.position, c, row)).collect()
    }

    fn keeps_null_share(&self, b: &PlanContext<'_>, plan: &TablePlan, c: usize, asked: f64) -> Result<(), Unplannable> {
        let values = self.sampled_cells(b, plan, c)?;
        let nulls = values.iter().filter(|value| value.is_null()).count() as f64;
        let n = values.len() as f64;
        let exact = asked <= 0.0 || asked >= 1.0;
        let tolerance = if exact { 0.0 } else { DEVIATIONS * (asked * (1.0 - asked) / n).sqrt() + 1.5 / n };
        if (nulls / n - asked).abs() <= tolerance {
            return Ok(());
        }
        let why = self.decider(b, plan, c);
        let column = plan.columns[c].name.clone();
        Err(OverrideError::NullShareUnkept { column, asked, why, nulls, sampled: n }.into())
    }

    /// Names what decides where a column is NULL.
    fn decider(&self, b: &PlanContext<'_>, plan: &TablePlan, c: usize) -> String {
        let column = &plan.columns[c];
        if self.table.columns[c].nullable && self.is_fixed(c) {
            return "the list of rows that gives its values".into();
        }
        if !self.table.columns[c].nullable {
            return "its NOT NULL".into();
        }
        let mentioning = self.mentioning(b, c);
        let foreign = plan.foreign.iter().find(|f| f.columns.contains(&c));
        let key = self.table.keys.iter().find(|k| k.parts.iter().any(|p| p.column.as_ref() == Some(&column.name)));
        match (mentioning.as_slice(), foreign, key) {
            ([_, ..], _, _) if column.group.is_some() || self.columns[c].always_null => mentioning.join(", "),
            (_, Some(f), _) => format!("foreign key `{}`", f.name),
            (_, _, Some(key)) => format!("key `{}`", key.name),
            _ => format!("another rule ({})", column.reason),
        }
    }

    /// Returns the CHECKs that mention a column.
    fn mentioning(&self, b: &PlanContext<'_>, c: usize) -> Vec<String> {
        let name = &self.table.columns[c].name;
        let checks = self.hard_checks(b).into_iter();
        let reads = |tree: &Expr| tree.mentions(name);
        checks
            .filter(|check| match check.tree(b.schema.dialect) {
                Ok(tree) => reads(&tree),
                Err(_) => check.text.contains(name.as_str()),
            })
            .map(|check| if check.name.contains(' ') { check.name.clone() } else { format!("CHECK `{}`", check.name) })
            .collect()
    }

    /// Returns the note for weights that the values do not have.
    fn lost_weights(&self, b: &PlanContext<'_>, plan: &TablePlan, c: usize, key: &str) -> Option<String> {
        let Some(Domain::Choice { values, weights: Some(weights) }) = &self.columns[c].domain else { return None };
        let sampled = self.sampled_cells(b, plan, c).ok()?;
        let n = sampled.iter().filter(|value| !value.is_null()).count() as f64;
        let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
        let lost = values.iter().zip(weights).find_map(|(value, weight)| {
            let asked = f64::from(*weight) / total;
            let found = sampled.iter().filter(|v| *v == value).count() as f64 / n;
            let tolerance = DEVIATIONS * (asked * (1.0 - asked) / n).sqrt() + 1.5 / n;
            ((found - asked).abs() > tolerance).then_some((value, asked, found))
        });
        let (value, asked, found) = lost.filter(|_| n > 0.0)?;
        let why = match self.mentioning(b, c) {
            checks if checks.is_empty() || plan.columns[c].group.is_none() => {
                format!("the column is decided otherwise ({})", plan.columns[c].reason)
            }
            checks => format!("{} decides it with other columns", checks.join(", ")),
        };
        Some(format!(
            "the weights of `{key}` of `{}` are not kept: about {:.0} % of the rows have {value}, and not {:.0} %; {why}",
            plan.columns[c].name,
            100.0 * found,
            100.0 * asked,
        ))
    }

    /// Checks that a column is NULL in the rows that meet its rules.
    ///
    /// # Errors
    /// A row that has a value all the same.
    pub(super) fn keeps_null_rules(
        &self,
        b: &PlanContext<'_>,
        ComputedColumn { plan, c, formula }: ComputedColumn<'_>,
    ) -> Result<(), FormulaConflict> {
        let FormulaKind::Absent { by } = formula.kind else { return Ok(()) };
        if plan.columns[c].law.is_some() || self.is_known_later(plan, c) {
            return Ok(());
        }
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        for row in trial_rows(plan.rows) {
            let cells = b.generator.cells(self.position, &[by, c], row)?;
            let absent = formula.expr.truth(&OneColumn(&plan.columns[by].name, &cells[0]), env);
            if absent == Ok(Some(true)) && !cells[1].is_null() {
                let why = self.decider(b, plan, c);
                let (column, value) = (plan.columns[by].name.clone(), cells[0].clone());
                return Err(FormulaConflict::NeedsValue { why, column, value });
            }
        }
        Ok(())
    }

    /// Checks that no CHECK makes a computed column NULL in all rows.
    ///
    /// # Errors
    /// The CHECKs that only NULL satisfies.
    pub(super) fn keeps_expression(
        &self,
        b: &PlanContext<'_>,
        ComputedColumn { plan, c, formula }: ComputedColumn<'_>,
    ) -> Result<(), FormulaConflict> {
        if !formula.is_plain() || !formula.inputs.iter().any(|(_, input)| matches!(input, FormulaInput::Cell(_))) {
            return Ok(());
        }
        let checks = self.mentioning(b, c);
        let all_null = || Ok::<_, RowError>(self.sampled_cells(b, plan, c)?.iter().all(Value::is_null));
        if checks.is_empty() || plan.rows < FEW_ROWS || !all_null()? {
            return Ok(());
        }
        Err(FormulaConflict::OnlyNull(checks.join(", ")))
    }

    /// Returns a note for each rule whose condition holds for none of the values that its columns can have.
    fn idle_conditions(
        &self,
        b: &PlanContext<'_>,
        plan: &TablePlan,
        c: usize,
        formula: &ResolvedFormula,
    ) -> Vec<String> {
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let rules = b.overrides.column(self.index, c).into_iter().flat_map(|w| &w.rules);
        let idle = conditions(&formula.expr).into_iter().zip(rules).filter(|(when, _)| {
            let names: Vec<String> = when.columns().into_iter().collect();
            let listed: Option<Vec<Vec<Value>>> = names.iter().map(|name| listed_values(plan, formula, name)).collect();
            let Some(listed) = listed.filter(|_| !names.is_empty()) else { return false };
            let all = listed.iter().map(Vec::len).product::<usize>();
            let never =
                |i| when.truth(&ListedRow { names: &names, listed: &listed, i }, env).is_ok_and(|t| t != Some(true));
            all <= COMBINATIONS && (0..all).all(never)
        });
        let name = &plan.columns[c].name;
        let note = |rule: &RuleOverride| {
            let when = rule.when.as_deref().unwrap_or_default();
            format!("rules of `{name}` ({}): `{when}` holds in no row, so that the rule changes nothing", rule.origin)
        };
        idle.map(|(_, rule)| note(rule)).collect()
    }
}

/// Returns the conditions of resolved rules, in order.
fn conditions(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Case { operand: None, whens, .. } => match &whens[..] {
            // Rules that only give NULL may be one condition around the column's own value.
            [(inner @ Expr::Case { .. }, _)] => conditions(inner),
            whens => whens.iter().map(|(when, _)| when).collect(),
        },
        _ => Vec::new(),
    }
}

/// Returns the values that an input of an expression can have, if they are listed.
fn listed_values(plan: &TablePlan, formula: &ResolvedFormula, name: &str) -> Option<Vec<Value>> {
    let (_, input) = formula.inputs.iter().find(|(known, _)| known == name)?;
    let FormulaInput::Cell(c) = input else { return None };
    let column = &plan.columns[*c];
    match &column.rule {
        Rule::Draw { domain: Domain::Choice { values, .. } } if column.law.is_none() && column.correlated.is_none() => {
            Some(values.iter().cloned().chain([Value::Null]).collect())
        }
        _ => None,
    }
}
