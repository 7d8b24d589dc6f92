//! Values of the config file that a CHECK over their column alone does not allow.

use super::{PlanContext, TablePlanner};
use crate::apply_override;
use crate::error::formulas::FormulaConflict;
use crate::error::overrides::{ForbiddenValue, OverrideError};
use dbmocker_core::schema::SqlType;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_plan::print::domain_text;
use dbmocker_plan::{Scalar, TablePlan};
use dbmocker_predicate::{Env, Expr, NamedCheck, OneColumn};
use dbmocker_semantics as semantics;

/// The CHECKs over one column alone.
pub(super) struct ChecksOfColumn<'a> {
    column: &'a str,
    checks: Vec<(NamedCheck, Expr)>,
    env: Env,
    /// The column's texts are compared without regard to letter case.
    folded: bool,
}

impl ChecksOfColumn<'_> {
    /// Returns the first CHECK that a value does not meet.
    pub fn forbidding(&self, value: &Value) -> Option<ForbiddenValue> {
        let fails =
            |tree: &Expr, value: &Value| tree.truth(&OneColumn(self.column, value), self.env) == Ok(Some(false));
        let broken = |tree: &Expr| fails(tree, value) && self.equal_texts(tree, value).iter().all(|v| fails(tree, v));
        let broken = self.checks.iter().find(|(_, tree)| broken(tree))?;
        let (check, text) = (broken.0.name.clone(), broken.0.text.clone());
        Some(ForbiddenValue { value: value.clone(), check, text })
    }

    /// Returns the spelling of a value that every CHECK accepts also where letters are compared exactly; `None` if that
    /// is its own.
    fn spelled(&self, value: &Value) -> Option<Value> {
        let fails = |value: &Value| {
            let fails = |(_, tree): &(NamedCheck, Expr)| {
                tree.truth(&OneColumn(self.column, value), self.env) == Ok(Some(false))
            };
            self.checks.iter().any(fails)
        };
        if !fails(value) {
            return None;
        }
        self.checks.iter().flat_map(|(_, tree)| self.equal_texts(tree, value)).find(|value| !fails(value))
    }

    /// Returns the texts that equal a value under the column's collation: those that a CHECK lists, then small and
    /// capital letters.
    fn equal_texts(&self, tree: &Expr, value: &Value) -> Vec<Value> {
        let Value::Text(text) = value else { return Vec::new() };
        if !self.folded {
            return Vec::new();
        }
        let (lower, mut out) = (text.to_lowercase(), Vec::new());
        let mut open = vec![tree];
        while let Some(tree) = open.pop() {
            match tree {
                Expr::Literal(Value::Text(listed)) if listed.to_lowercase() == lower => out.push(listed.clone()),
                _ => open.extend(tree.children()),
            }
        }
        out.extend([lower, text.to_uppercase()]);
        out.into_iter().map(Value::Text).collect()
    }
}

impl TablePlanner<'_> {
    /// Returns the CHECKs that read one column and no other, and can be evaluated here.
    pub(super) fn checks_alone(&self, b: &PlanContext<'_>, c: usize) -> ChecksOfColumn<'_> {
        let column = self.table.columns[c].name.as_str();
        let alone = |check: NamedCheck| {
            let tree = check.tree(b.schema.dialect).ok().filter(|_| check.answer.is_none())?;
            let columns = tree.columns();
            (columns.len() == 1 && columns.contains(column)).then_some((check, tree))
        };
        let of_table = self.table.checks.iter().map(|check| NamedCheck::new(&check.name, &check.text));
        let of_type = self.table.columns[c].domain_checks.iter();
        let of_type = of_type.map(|check| NamedCheck::new(&check.name, &check.text).over_value(column));
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let column_of = &self.table.columns[c];
        let folded = column_of.collation.case_insensitive
            || matches!(column_of.ty, SqlType::Text { case_insensitive: true, .. });
        ChecksOfColumn { column, checks: of_table.chain(of_type).filter_map(alone).collect(), env, folded }
    }

    /// Checks the values that the config file lists for columns. Texts that a CHECK spells in other letters, which the
    /// column's collation considers equal, get the CHECK's spelling.
    ///
    /// # Errors
    /// A value that a CHECK over its column alone does not allow.
    pub(super) fn keeps_listed_values(&mut self, b: &PlanContext<'_>) -> Result<(), OverrideError> {
        let mut spelled: Vec<(usize, Vec<(usize, Value)>)> = Vec::new();
        for (c, column) in self.table.columns.iter().enumerate() {
            let Some(override_) = b.overrides.column(self.index, c) else { continue };
            let key = match override_.first_key() {
                Some(key @ ("possible_values" | "weighted_values" | "values_from")) => key,
                _ => continue,
            };
            let Some(Domain::Choice { values, .. }) = &self.columns[c].domain else { continue };
            let checks = self.checks_alone(b, c);
            if let Some(why) = values.iter().find_map(|value| checks.forbidding(value)) {
                return Err(OverrideError::Forbidden { column: column.name.clone(), key, why: Box::new(why) });
            }
            let other = values.iter().enumerate().filter_map(|(i, value)| Some((i, checks.spelled(value)?)));
            spelled.push((c, other.collect()));
        }
        for (c, spelled) in spelled {
            let column = &mut self.columns[c];
            for domain in [&mut column.domain, &mut column.legal].into_iter().flatten() {
                let Domain::Choice { values, .. } = domain else { continue };
                for (i, value) in &spelled {
                    let same = |old: &&mut Value| old.to_string().to_lowercase() == value.to_string().to_lowercase();
                    if let Some(old) = values.get_mut(*i).filter(same) {
                        *old = value.clone();
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks the values that a rule gives, however rare its rows are.
    ///
    /// # Errors
    /// A value that a CHECK over its column alone does not allow.
    pub(super) fn keeps_rule_values(
        &self,
        b: &PlanContext<'_>,
        c: usize,
        values: &Domain,
    ) -> Result<(), FormulaConflict> {
        let Domain::Choice { values, .. } = values else { return Ok(()) };
        let checks = self.checks_alone(b, c);
        match values.iter().find_map(|value| checks.forbidding(value)) {
            Some(why) => Err(FormulaConflict::Forbidden(Box::new(why))),
            None => Ok(()),
        }
    }

    /// Returns notes for bounds of the config file that a CHECK does not allow, so that the values end before them.
    pub(super) fn narrowed_bounds(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Vec<String> {
        let mut notes = Vec::new();
        for (c, column) in self.table.columns.iter().enumerate() {
            let Some(override_) = b.overrides.column(self.index, c) else { continue };
            let bounds = [("min_value", &override_.min_value), ("max_value", &override_.max_value)];
            let bounds: Vec<(&str, &Scalar)> = bounds.iter().filter_map(|(k, v)| Some((*k, v.as_ref()?))).collect();
            if bounds.is_empty() || matches!(column.ty, SqlType::Array { .. }) {
                continue;
            }
            let checks = self.checks_alone(b, c);
            let Some(legal) = semantics::legal(&column.ty, &b.context()) else { continue };
            for (key, typed) in bounds {
                let Ok(value) = apply_override::value(column, &legal, typed, key, b.schema.dialect) else { continue };
                // A bound between two values that a CHECK allows changes nothing.
                let next = beside(&value, if key == "max_value" { -1 } else { 1 });
                if next.is_some_and(|next| checks.forbidding(&next).is_none()) {
                    continue;
                }
                if let Some(why) = checks.forbidding(&value) {
                    let left = plan.columns[c].rule.domain().map_or(String::new(), |d| format!(": {}", domain_text(d)));
                    notes.push(format!(
                        "CHECK `{}` ({}) does not allow `{key}: {typed}` of `{}`, so that its values {}{left}",
                        why.check,
                        why.text,
                        column.name,
                        if key == "max_value" { "end before" } else { "begin after" }
                    ));
                }
            }
        }
        notes
    }
}

/// Returns the next number, up or down; `None` for other values.
fn beside(value: &Value, by: i128) -> Option<Value> {
    match value {
        Value::Int(n) => n.checked_add(by).map(Value::Int),
        Value::Decimal { unscaled, scale } => {
            unscaled.checked_add(by).map(|unscaled| Value::Decimal { unscaled, scale: *scale })
        }
        _ => None,
    }
}
