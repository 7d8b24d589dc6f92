//! Columns computed by expressions of the config file: their laws.

use super::formula_checks::sample;
use super::status_presence::decides;
use super::{PlanContext, TablePlanner};
use crate::apply_override;
use crate::error::Unplannable;
use crate::error::formulas::{FormulaConflict, FormulaError};
use crate::error::overrides::OverrideError;
use crate::formulas::{FormulaInput, FormulaKind, ResolvedFormula};
use dbmocker_core::schema::{SqlType, Table};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_plan::{
    ColumnPlan, Depths, FkStep, Input, InputOf, Law, LawPlan, ParentChoice, Presence, Rule, Scalar, TablePlan,
};
use dbmocker_predicate::{Env, Expr, NamedCheck, OneColumn};
use dbmocker_semantics as semantics;

/// Values of a column by which others may be NULL.
const FEW: usize = 1_000;

impl TablePlanner<'_> {
    /// Sets the laws of expressions that read no table planned later.
    pub(super) fn express(&self, b: &PlanContext<'_>, columns: &mut [ColumnPlan]) {
        for (c, formula) in b.formulas.of(self.index).filter(|(_, f)| f.kind == FormulaKind::Expression) {
            let column = &mut columns[c];
            (column.group, column.correlated, column.presence, column.nulls_of) = (None, None, None, None);
            column.null_share = b.overrides.column(self.index, c).and_then(|w| w.null_probability).unwrap_or(0.0);
            column.reason = format!("{} of {}", formula.key, formula.origin);
            column.law = None;
            if formula.aggregates() {
                continue;
            }
            column.law = self.law_of(b, c, formula);
        }
    }

    /// Returns the law of a column's expression or rules.
    fn law_of(&self, b: &PlanContext<'_>, c: usize, formula: &ResolvedFormula) -> Option<LawPlan> {
        let foreign = |_: usize, name: &str| self.foreign.iter().position(|f| f.name == name);
        law(b, self.table, c, formula, &foreign, &|values| self.rule_values(b, c, values).ok())
    }

    /// Applies rules, once everything else about the columns is decided.
    ///
    /// # Errors
    /// A rule that cannot be satisfied.
    pub(super) fn apply_rules(&self, b: &PlanContext<'_>, plan: &mut TablePlan) -> Result<(), Unplannable> {
        for (c, formula) in b.formulas.of(self.index) {
            let refused = |why: FormulaConflict| cannot(formula, &self.table.columns[c].name, why);
            match formula.kind {
                FormulaKind::Expression => {}
                // A column that a CHECK couples has its value, or NULL, once the CHECK is solved.
                FormulaKind::Absent { by } if self.lists_values(plan, by) && plan.columns[c].group.is_none() => {
                    self.absent_by(b, plan, (c, by), formula).map_err(refused)?;
                }
                FormulaKind::Absent { .. } if matches!(plan.columns[c].rule, Rule::Foreign { .. }) => {
                    return Err(refused(FormulaConflict::ForeignKeyByOther).into());
                }
                FormulaKind::Absent { .. } | FormulaKind::Rules => {
                    for (_, input) in &formula.inputs {
                        if let FormulaInput::Drawn(values) = input {
                            let values = self.rule_values(b, c, values)?;
                            self.keeps_rule_values(b, c, &values).map_err(refused)?;
                        }
                    }
                    let mut law = self.law_of(b, c, formula).ok_or_else(|| refused(unreachable(formula)))?;
                    let Law::Expression { expr, inputs, .. } = &mut law.law else { continue };
                    if matches!(formula.kind, FormulaKind::Absent { .. }) {
                        own_unless(expr, inputs);
                    }
                    let override_ = b.overrides.column(self.index, c);
                    if override_.is_some_and(|w| w.distribution.is_some()) {
                        return Err(refused(FormulaConflict::Distribution).into());
                    }
                    let column = &mut plan.columns[c];
                    let null_share = b.overrides.column(self.index, c).and_then(|w| w.null_probability);
                    let null_share = null_share.unwrap_or(column.null_share);
                    for input in inputs {
                        if let InputOf::Own { group, null_share: share } = &mut input.of {
                            (*group, *share) = (column.group, null_share);
                        }
                    }
                    (column.group, column.presence, column.null_share) = (None, None, 0.0);
                    let instead = if column.law.is_some() { ", which replace its usual law" } else { "" };
                    column.reason = format!("{}; by rules of {}{instead}", column.reason, formula.origin);
                    column.law = Some(law);
                }
            }
        }
        Ok(())
    }

    /// Returns true if a column's values are few, and known.
    fn lists_values(&self, plan: &TablePlan, c: usize) -> bool {
        let column = &plan.columns[c];
        let few = matches!(column.rule.domain(), Some(Domain::Choice { values, .. }) if values.len() <= FEW);
        few && column.law.is_none() && column.correlated.is_none()
    }

    /// Makes a column NULL for some values of another column.
    fn absent_by(
        &self,
        b: &PlanContext<'_>,
        plan: &mut TablePlan,
        (c, by): (usize, usize),
        formula: &ResolvedFormula,
    ) -> Result<(), FormulaConflict> {
        if !b.nullable(self.index, c) {
            return Err(FormulaConflict::NotNull);
        }
        let Some(Domain::Choice { values, .. }) = plan.columns[by].rule.domain() else { return Ok(()) };
        let share = 1.0 - b.overrides.column(self.index, c).and_then(|w| w.null_probability).unwrap_or(0.0);
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let of = |value: &Value| {
            let absent = formula.expr.truth(&OneColumn(&plan.columns[by].name, value), env)?;
            Ok(if absent == Some(true) { 0.0 } else { share })
        };
        let shares = values.iter().map(of).collect::<Result<Vec<f64>, FormulaConflict>>()?;
        let presence = Presence {
            by,
            of: format!("{} rules", plan.columns[c].name),
            values: values.clone(),
            shares,
            otherwise: of(&Value::Null)?,
            instead: None,
        };
        if let Rule::Foreign { foreign, .. } = plan.columns[c].rule {
            let f = &mut plan.foreign[foreign];
            if f.null_columns != [c] || f.columns != [c] || f.parent == self.table.name {
                return Err(FormulaConflict::ForeignKeyByOwn(f.name.clone()));
            }
            if matches!(plan.sources[f.source].pick, ParentChoice::Counted { .. }) {
                return Err(FormulaConflict::Counted(f.parent.clone()));
            }
            f.null_share = 0.0;
        }
        if decides(&plan.columns, c, by) {
            // Otherwise the other column's presence would depend on this one, and neither could be computed.
            plan.columns[by].presence = None;
        }
        let column = &mut plan.columns[c];
        column.null_share = 1.0 - share;
        column.reason = format!("{}; {} by rules of {}", column.reason, formula.text, formula.origin);
        column.presence = Some(presence);
        Ok(())
    }

    /// Returns the values of a rule, in the column's type.
    fn rule_values(&self, b: &PlanContext<'_>, c: usize, values: &[(Scalar, f64)]) -> Result<Domain, OverrideError> {
        let column = &self.table.columns[c];
        let legal = semantics::legal(&column.ty, &b.context());
        let none = || OverrideError::NoRuleValues { column: column.name.clone(), ty: column.type_name.clone() };
        let legal = legal.ok_or_else(none)?;
        apply_override::listed(column, &legal, values, (b.schema.dialect, b.options.now))
    }

    /// Returns true if a CHECK reads a column whose expression reads other rows: it cannot be solved, so sample rows
    /// are checked.
    pub(super) fn reads_formula(&self, b: &PlanContext<'_>, check: &NamedCheck) -> bool {
        let far = |(_, f): &(usize, &ResolvedFormula)| f.kind == FormulaKind::Expression && !f.is_plain();
        let mut far = b.formulas.of(self.index).filter(far).peekable();
        if far.peek().is_none() {
            return false;
        }
        let Ok(tree) = check.tree(b.schema.dialect) else { return false };
        far.any(|(c, _)| tree.mentions(&self.table.columns[c].name))
    }
}

pub(super) fn cannot(formula: &ResolvedFormula, column: &str, why: FormulaConflict) -> FormulaError {
    let (column, origin) = (column.to_owned(), formula.origin.clone());
    FormulaError { key: formula.key, column, origin, why: Box::new(why) }
}

/// Replaces a condition by an expression: NULL where the condition is true, else the column's own value.
fn own_unless(expr: &mut Expr, inputs: &mut Vec<Input>) {
    let name = "own value".to_owned();
    inputs.push(Input { name: name.clone(), of: InputOf::Own { group: None, null_share: 0.0 } });
    let condition = std::mem::replace(expr, Expr::Literal(Value::Null));
    let whens = vec![(condition, Expr::Literal(Value::Null))];
    *expr = Expr::Case { operand: None, whens, otherwise: Some(Box::new(Expr::Column(name))) };
}

pub(super) fn unreachable(formula: &ResolvedFormula) -> FormulaConflict {
    match formula.numbering().next().is_some() {
        true => FormulaConflict::NotNumbered,
        false => FormulaConflict::NotPlanned,
    }
}

/// Returns the error for existing parent rows: the planner reads only their keys, not the columns that an expression
/// needs.
pub(super) fn known_rows(b: &PlanContext<'_>, plan: &TablePlan, formula: &ResolvedFormula) -> Option<FormulaConflict> {
    formula.inputs.iter().find_map(|(_, input)| {
        let FormulaInput::Parent { path, .. } = input else { return None };
        let f = plan.foreign.iter().find(|f| f.name == path[0].1.name)?;
        // Rows of this run may refer to rows from before at each step.
        let beyond = path[1..].iter().any(|(_, link)| b.rows_before(link.parent) > 0);
        let (there, from) = (b.rows_before(path[0].1.parent), plan.sources[f.source].first);
        let unread = || FormulaConflict::Unread { table: f.parent.clone(), rows: there };
        (f.existing_count > from || beyond).then(unread)
    })
}

/// Returns the domain of weighted values in the column's type.
type WeightedDomain<'a> = &'a dyn Fn(&[(Scalar, f64)]) -> Option<Domain>;

/// Returns the law of an expression; `None` if one of its foreign keys is not planned, or its child rows cannot be
/// computed. `foreign`: returns the index of a foreign key, by table and name; `values`: those of a rule, in the
/// column's type.
pub(super) fn law(
    b: &PlanContext<'_>,
    table: &Table,
    c: usize,
    formula: &ResolvedFormula,
    foreign: &dyn Fn(usize, &str) -> Option<usize>,
    values: WeightedDomain<'_>,
) -> Option<LawPlan> {
    let env = Env { dialect: b.schema.dialect, now: b.options.now };
    let own = b.schema.tables.iter().position(|t| t.name == table.name)?;
    let input = |(name, input): &(String, FormulaInput)| {
        let of = match input {
            FormulaInput::Cell(c) => InputOf::Cell(*c),
            FormulaInput::Own => InputOf::Own { group: None, null_share: 0.0 },
            FormulaInput::Drawn(typed) => InputOf::Drawn(values(typed)?),
            FormulaInput::RowNumber { key: None } => InputOf::RowNumber { foreign: None, before: b.rows_before(own) },
            FormulaInput::RowNumber { key: Some(key) } => {
                InputOf::RowNumber { foreign: Some(foreign(own, &key.name)?), before: 0 }
            }
            FormulaInput::Series { key, series } => {
                let foreign = key.as_ref().map(|key| foreign(own, &key.name).ok_or(())).transpose().ok()?;
                InputOf::Series { series: series.clone(), foreign }
            }
            FormulaInput::Walk { key, walk } => {
                let foreign = key.as_ref().map(|key| foreign(own, &key.name).ok_or(())).transpose().ok()?;
                InputOf::Walk { walk: walk.clone(), foreign }
            }
            FormulaInput::Season { season, at } => InputOf::Season { season: season.clone(), at: *at },
            FormulaInput::Parent { path, column } => {
                let step = |(t, link): &(usize, crate::foreign_keys::Link)| {
                    b.position(link.parent)?;
                    let place = if *t == own { foreign(own, &link.name) } else { b.foreign_place(*t, &link.name) };
                    Some(FkStep { table: b.position(*t)?, foreign: place? })
                };
                InputOf::Parent { path: path.iter().map(step).collect::<Option<_>>()?, column: *column }
            }
            FormulaInput::Children { table, key, fold, distinct, of, columns } => InputOf::Children {
                table: b.position(*table)?,
                foreign: foreign(*table, &key.name)?,
                fold: *fold,
                distinct: *distinct,
                of: Box::new(of.clone()),
                columns: columns.clone(),
                env,
            },
        };
        Some(Input { name: name.clone(), of })
    };
    let inputs = formula.inputs.iter().map(input).collect::<Option<Vec<Input>>>()?;
    let most = match table.columns[c].ty {
        SqlType::Text { max_chars, .. } => max_chars,
        _ => None,
    };
    let law = Law::Expression { expr: Box::new(formula.expr.clone()), inputs, env, most };
    Some(LawPlan { law, text: formula.text.clone() })
}

/// Sets the laws of expressions that aggregate child rows, once all tables are planned; returns each table whose rows
/// violate a constraint, with the error.
pub(crate) fn fold(b: &mut PlanContext<'_>, tables: &mut [TablePlan]) -> Vec<(usize, Unplannable)> {
    let mut problems = Vec::new();
    for p in 0..tables.len() {
        let index = b.order[p];
        let formulas: Vec<(usize, ResolvedFormula)> = b.formulas.of(index).map(|(c, f)| (c, f.clone())).collect();
        if formulas.is_empty() || b.has_failed(index) {
            continue;
        }
        for (c, formula) in formulas.iter().filter(|(_, f)| f.aggregates()) {
            if let Err(why) = folded(b, tables, (p, *c), formula) {
                problems.push((index, cannot(formula, &tables[p].columns[*c].name, why).into()));
            }
        }
        b.generator.replace(b.options.seed, p, &tables[p]);
    }
    // Aggregates may read each other's columns: set all laws first.
    for (p, plan) in tables.iter().enumerate() {
        let index = b.order[p];
        if !b.has_failed(index)
            && let Err(why) = sample(b, plan, p)
        {
            problems.push((index, why));
        }
    }
    problems
}

fn folded(
    b: &PlanContext<'_>,
    tables: &mut [TablePlan],
    (p, c): (usize, usize),
    formula: &ResolvedFormula,
) -> Result<(), FormulaConflict> {
    let place = |t: usize, name: &str| {
        let position = b.position(t)?;
        tables[position].foreign.iter().position(|f| f.name == name)
    };
    for (_, input) in &formula.inputs {
        let FormulaInput::Children { table, key, .. } = input else { continue };
        let label = &b.schema.tables[*table].name;
        let Some(position) = b.position(*table).filter(|_| !b.has_failed(*table)) else {
            return Err(FormulaConflict::NotFilled(label.clone()));
        };
        let told = place(*table, &key.name).is_some_and(|f| b.generator.has_inverse(position, f));
        if tables[position].rows > 0 && !told {
            return Err(FormulaConflict::NotFound { child: label.clone(), parent: tables[p].name.clone() });
        }
    }
    if let Some(why) = known_rows(b, &tables[p], formula) {
        return Err(why);
    }
    let table = &b.schema.tables[b.order[p]];
    let found = law(b, table, c, formula, &place, &|_| None).ok_or_else(|| unreachable(formula))?;
    tables[p].columns[c].law = Some(found);
    if Depths::is_endless(tables, p, c) {
        tables[p].columns[c].law = None;
        return Err(FormulaConflict::Circular);
    }
    Ok(())
}
