//! Resolves the names in an expression, or in the rules, of one column.

use super::{FormulaInput, FormulaKind, FormulaProblem, ResolvedFormula, stored_as};
use crate::foreign_keys;
use crate::foreign_keys::Link;
use crate::overrides::{ColumnOverride, RuleOverride, RuleValue, TableOverride, find_column};
use crate::select::resolve;
use dbmocker_core::schema::{Key, Schema, Table};
use dbmocker_core::value::Value;
use dbmocker_plan::Aggregate;
use dbmocker_predicate::{DISTINCT, Expr, parse_paths, unknown_function};

/// Resolves the names of one expression.
pub(super) struct NameResolver<'a> {
    pub schema: &'a Schema,
    pub t: usize,
    pub now: i64,
    pub inputs: Vec<(String, FormulaInput)>,
}

impl NameResolver<'_> {
    /// Resolves the expression or the rules of a column.
    pub fn of(
        mut self,
        c: usize,
        table: &TableOverride,
        settings: &ColumnOverride,
    ) -> Result<ResolvedFormula, FormulaProblem> {
        if settings.serial_key().is_some() {
            return self.serial(c, table, settings);
        }
        let absent = !settings.rules.is_empty() && settings.rules.iter().all(|rule| rule.then == RuleValue::Null);
        let clash = match settings.expression {
            Some(_) if !settings.rules.is_empty() => Some("expression"),
            Some(_) => settings.first_key(),
            None => Some("distribution").filter(|_| settings.distribution.is_some() && !absent),
        };
        if let Some(key) = clash {
            return Err(FormulaProblem::Overridden(key));
        }
        let given = || table.fixed_rows.as_ref().map(|_| "its rows are fixed".to_owned());
        let decided = decided(&self.schema.tables[self.t], c).or_else(given);
        if !settings.rules.is_empty() {
            let formula = self.rules(c, &settings.rules, &settings.origin)?;
            return match decided {
                // The constraint allows rules that only make the column NULL.
                Some(why) if !matches!(formula.kind, FormulaKind::Absent { .. }) => Err(FormulaProblem::OnlyNull(why)),
                _ => Ok(formula),
            };
        }
        let table_of = &self.schema.tables[self.t];
        // Values of a key may be computed, if they differ.
        let key = key_alone(table_of, c).filter(|_| table.fixed_rows.is_none());
        if let (Some(why), None) = (decided, key) {
            return Err(FormulaProblem::Decided(why));
        }
        let text = settings.expression.clone().unwrap_or_default();
        let expr = stored_as(self.tree(&text)?, &table_of.columns[c].ty, self.schema.dialect);
        let (kind, origin) = (FormulaKind::Expression, settings.origin.clone());
        let out = ResolvedFormula { key: "expression", kind, expr, text, origin, inputs: self.inputs };
        match key {
            // A number among the rows of a parent, in keys with the parent.
            Some(_) if out.differs_within(table_of, c) => Ok(out),
            Some(key) if !out.reads_identity(table_of, c) => Err(FormulaProblem::MayRepeat(key.name.clone())),
            _ => Ok(out),
        }
    }

    pub(super) fn tree(&mut self, text: &str) -> Result<Expr, FormulaProblem> {
        let tree = parse_paths(text, self.schema.dialect).map_err(|e| FormulaProblem::Syntax(e.to_string()))?;
        let expr = self.found(&tree)?;
        match unknown_function(&expr) {
            Some(name) => Err(FormulaProblem::Function(name.to_owned())),
            None => Ok(expr),
        }
    }

    /// Resolves rules: a CASE whose last branch is what the column would hold without them.
    fn rules(mut self, c: usize, rules: &[RuleOverride], origin: &str) -> Result<ResolvedFormula, FormulaProblem> {
        let absent = rules.iter().all(|rule| rule.then == RuleValue::Null);
        let children = |f: &NameResolver<'_>| f.inputs.iter().any(|(_, i)| matches!(i, FormulaInput::Children { .. }));
        let (mut whens, mut otherwise, mut shown) = (Vec::new(), None, Vec::new());
        for rule in rules {
            let when = rule.when.as_ref().map(|text| self.tree(text)).transpose()?;
            let then = match &rule.then {
                RuleValue::Null => Expr::Literal(if absent { Value::Bool(true) } else { Value::Null }),
                RuleValue::Values(values) => {
                    let name = format!("rule {}", self.inputs.len());
                    self.put(&name, FormulaInput::Drawn(values.clone()))
                }
                RuleValue::Expression(text) => {
                    let ty = &self.schema.tables[self.t].columns[c].ty;
                    stored_as(self.tree(text)?, ty, self.schema.dialect)
                }
            };
            match (when, &rule.when) {
                (Some(when), Some(text)) => {
                    shown.push(format!("when {text} then {}", rule.then));
                    whens.push((when, then));
                }
                _ => {
                    shown.push(format!("else {}", rule.then));
                    otherwise = Some(then);
                }
            }
        }
        if children(&self) {
            return Err(FormulaProblem::RuleOfChildren);
        }
        let otherwise = match otherwise {
            Some(otherwise) => otherwise,
            None if absent => Expr::Literal(Value::Bool(false)),
            None => self.put("own value", FormulaInput::Own),
        };
        let expr = match whens.is_empty() {
            true => otherwise,
            false => Expr::Case { operand: None, whens, otherwise: Some(Box::new(otherwise)) },
        };
        let (kind, expr) = match &self.inputs[..] {
            [(_, FormulaInput::Cell(by))] if absent => (FormulaKind::Absent { by: *by }, expr),
            _ if absent => {
                let own = self.put("own value", FormulaInput::Own);
                let whens = vec![(expr, Expr::Literal(Value::Null))];
                (FormulaKind::Rules, Expr::Case { operand: None, whens, otherwise: Some(Box::new(own)) })
            }
            _ => (FormulaKind::Rules, expr),
        };
        let (text, origin) = (shown.join(", "), origin.to_owned());
        Ok(ResolvedFormula { key: "rules", kind, expr, text, origin, inputs: self.inputs })
    }

    /// Returns the expression with paths replaced by the names of inputs.
    fn found(&mut self, tree: &Expr) -> Result<Expr, FormulaProblem> {
        match tree {
            Expr::Column(name) => {
                let input = self.path(name)?;
                Ok(self.put(name, input))
            }
            Expr::Call { name, args } if name == "row_number" => {
                let key = match &args[..] {
                    [] => None,
                    [Expr::Column(column)] => Some(self.key(column).ok_or(FormulaProblem::RowNumber(column.clone()))?),
                    _ => return Err(FormulaProblem::RowNumber("...".into())),
                };
                let place = key.as_ref().map_or(String::new(), |k| k.name.clone());
                Ok(self.put(&format!("row_number({place})"), FormulaInput::RowNumber { key }))
            }
            Expr::Call { name, args } => match (aggregate(name), &args[..]) {
                (Some(fold), [of]) => self.children(name, fold, of),
                (Some(_), []) => Err(FormulaProblem::Alone(name.clone())),
                _ => self.parts(tree),
            },
            other => self.parts(other),
        }
    }

    fn parts(&mut self, tree: &Expr) -> Result<Expr, FormulaProblem> {
        let mut failed = None;
        let out = tree.map_children(&mut |part| match self.found(part) {
            Ok(part) => part,
            Err(e) => {
                failed = failed.take().or(Some(e));
                part.clone()
            }
        });
        failed.map_or(Ok(out), Err)
    }

    /// Adds an input and returns the column that represents it.
    pub(super) fn put(&mut self, name: &str, input: FormulaInput) -> Expr {
        let name = match &input {
            FormulaInput::Cell(c) => self.schema.tables[self.t].columns[*c].name.clone(),
            _ => name.to_owned(),
        };
        if !self.inputs.iter().any(|(known, _)| *known == name) {
            self.inputs.push((name.clone(), input));
        }
        Expr::Column(name)
    }

    pub(super) fn column(&self, t: usize, name: &str) -> Result<usize, FormulaProblem> {
        find_column(&self.schema.tables[t], name).map_err(|e| FormulaProblem::Name(e.to_string()))
    }

    /// Returns the foreign key of a column.
    pub(super) fn key(&self, column: &str) -> Option<Link> {
        key_of(self.schema, self.t, column)
    }

    /// Resolves a column of the row, or of an ancestor row.
    fn path(&self, name: &str) -> Result<FormulaInput, FormulaProblem> {
        let own = &self.schema.tables[self.t];
        let bare = name.strip_prefix(&format!("{}.", own.name.name)).unwrap_or(name);
        let parts: Vec<&str> = bare.split('.').collect();
        let (last, keys) = parts.split_last().expect("a split has parts");
        let (mut path, mut at) = (Vec::new(), self.t);
        for key in keys {
            let link = key_of(self.schema, at, key);
            let link = link.ok_or_else(|| FormulaProblem::NoPath { path: name.into(), column: (*key).into() })?;
            let parent = link.parent;
            path.push((at, link));
            at = parent;
        }
        let column = self.column(at, last)?;
        Ok(if path.is_empty() { FormulaInput::Cell(column) } else { FormulaInput::Parent { path, column } })
    }

    /// Resolves an aggregate of an expression over the columns of one other table.
    fn children(&mut self, name: &str, fold: Aggregate, of: &Expr) -> Result<Expr, FormulaProblem> {
        let (of, distinct) = match of {
            Expr::Call { name, args } if name == DISTINCT => (&args[0], true),
            of => (of, false),
        };
        let names = of.columns();
        let found: Option<Vec<(usize, &str)>> = names.iter().map(|path| table_of(self.schema, path)).collect();
        let child = found.as_ref().and_then(|f| f.first()).map(|(t, _)| *t);
        let (Some(found), Some(child)) = (found, child.filter(|t| *t != self.t)) else {
            return Err(FormulaProblem::Alone(name.into()));
        };
        if found.iter().any(|(t, _)| *t != child) {
            return Err(FormulaProblem::Alone(name.into()));
        }
        let labels = || {
            let label = |t: usize| self.schema.tables[t].name.to_string();
            (label(child), label(self.t))
        };
        let table = &self.schema.tables[child];
        let keys = table.every_foreign_key().into_iter().filter_map(|f| foreign_keys::resolve(self.schema, table, f));
        let mut keys: Vec<Link> = keys.filter(|l| l.parent == self.t).collect();
        keys.dedup_by(|a, b| a.columns == b.columns);
        let key = match keys.len() {
            1 => keys.swap_remove(0),
            0 => {
                let (child, table) = labels();
                return Err(FormulaProblem::NoChildren { child, table });
            }
            _ => {
                let (child, table) = labels();
                return Err(FormulaProblem::SeveralChildren { child, table });
            }
        };
        let mut columns = Vec::new();
        for (path, (_, column)) in names.iter().zip(&found).filter(|(_, (_, column))| !column.is_empty()) {
            columns.push((path.clone(), self.column(child, column)?));
        }
        if let Some(name) = unknown_function(of) {
            return Err(FormulaProblem::Function(name.to_owned()));
        }
        // The table's name stands for its rows, which are counted.
        let rows: Vec<&String> = names.iter().zip(&found).filter(|(_, (_, c))| c.is_empty()).map(|(n, _)| n).collect();
        let of = each_row(of, &rows);
        let place = format!("{name} #{}", self.inputs.len());
        Ok(self.put(&place, FormulaInput::Children { table: child, key, fold, distinct, of, columns }))
    }
}

/// Returns an expression with 1 in the place of a table's name.
fn each_row(of: &Expr, tables: &[&String]) -> Expr {
    match of {
        Expr::Column(name) if tables.contains(&name) => Expr::int(1),
        other => other.map_children(&mut |part| each_row(part, tables)),
    }
}

/// Resolves the table and column of `order_lines.amount`; the column is empty for a table name.
fn table_of<'p>(schema: &Schema, path: &'p str) -> Option<(usize, &'p str)> {
    let of_column = path.rsplit_once('.').and_then(|(table, column)| Some((resolve(schema, table).ok()?, column)));
    of_column.or_else(|| resolve(schema, path).ok().map(|t| (t, "")))
}

fn key_of(schema: &Schema, t: usize, column: &str) -> Option<Link> {
    let table = &schema.tables[t];
    let c = find_column(table, column).ok()?;
    let links = table.every_foreign_key().into_iter().filter_map(|f| foreign_keys::resolve(schema, table, f));
    links.filter(|l| l.columns.contains(&c)).min_by_key(|l| l.columns.len())
}

fn aggregate(name: &str) -> Option<Aggregate> {
    Some(match name {
        "count" => Aggregate::Count,
        "sum" => Aggregate::Sum,
        "avg" => Aggregate::Mean,
        "min" => Aggregate::Least,
        "max" => Aggregate::Greatest,
        _ => return None,
    })
}

/// Returns a key of a column that nothing but keys determines.
fn key_alone(table: &Table, c: usize) -> Option<&Key> {
    let column = &table.columns[c];
    let other = column.generated.is_some()
        || column.auto.is_some()
        || table.every_foreign_key().iter().any(|f| f.columns.contains(&column.name));
    table.keys.iter().find(|k| !other && k.parts.iter().any(|p| p.column.as_ref() == Some(&column.name)))
}

/// Returns the constraint that determines a column's values, if there is one.
pub(super) fn decided(table: &Table, c: usize) -> Option<String> {
    let column = &table.columns[c];
    if column.generated.is_some() {
        return Some("the server generates the column".into());
    }
    if let Some(f) = table.every_foreign_key().iter().find(|f| f.columns.contains(&column.name)) {
        return Some(format!("foreign key `{}` decides the column", f.name));
    }
    let keyed = |k: &&Key| k.parts.iter().any(|p| p.column.as_ref() == Some(&column.name));
    table.keys.iter().find(keyed).map(|k| format!("key `{}` needs different values", k.name))
}
