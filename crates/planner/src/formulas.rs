//! Columns computed by an expression of the config file: over the row's columns, columns of parent rows by their path
//! (`customer_id.name`), the row's number, and aggregates of child rows (`sum(order_lines.amount)`).
//!
//! In: expressions as the user wrote them, and the schema. Out: the expressions with resolved names, in an acyclic
//! order. In planning, a column computed from its own row is a generated column, so CHECKs on it restrict the inputs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::PlanError;
use super::foreign_keys;
use super::foreign_keys::Link;
use super::overrides::{Overrides, find_column, typed_at};
use super::select::resolve;
use dbmocker_core::schema::{Generated, Schema, SqlType, Table};
use dbmocker_plan::{Aggregate, ColumnId};
use dbmocker_predicate::{CastType, Expr, parse_paths, unknown_function};

/// The reason why an expression is invalid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FormulaProblem {
    #[error("{0}")]
    Syntax(String),
    #[error("the function `{0}` is not known here")]
    Function(String),
    #[error("{0}")]
    Name(String),
    #[error(
        "`{path}`: `{column}` is no column of a foreign key; a path leads from one to a column of its parent, e.g. `customer_id.name`"
    )]
    NoPath { path: String, column: String },
    #[error("no foreign key leads from `{child}` to `{table}`, so that it has no rows to aggregate")]
    NoChildren { child: String, table: String },
    #[error("several foreign keys lead from `{child}` to `{table}`, so that it is open which rows are meant")]
    SeveralChildren { child: String, table: String },
    #[error("`{0}` aggregates the rows of another table; name one, as in `{0}(order_lines.amount)`")]
    Alone(String),
    #[error("`row_number({0})`: name a column of a foreign key, or none for the row's number in its table")]
    RowNumber(String),
    #[error("{0}; the expression cannot give its values, leave it out")]
    Decided(String),
    #[error("`{0}` gives its values as well; keep one of them")]
    Overridden(&'static str),
    #[error("expressions depend on themselves: {}", .0.join(" -> "))]
    Circle(Vec<String>),
}

/// A resolved expression.
#[derive(Debug, Clone)]
pub(super) struct ResolvedFormula {
    pub expr: Expr,
    pub text: String,
    pub origin: String,
    pub inputs: Vec<(String, FormulaInput)>,
}

#[derive(Debug, Clone)]
pub(super) enum FormulaInput {
    Cell(usize),
    /// The path of tables and foreign keys, and the column at its end.
    Parent {
        path: Vec<(usize, Link)>,
        column: usize,
    },
    RowNumber {
        key: Option<Link>,
    },
    Children {
        table: usize,
        key: Link,
        fold: Aggregate,
        of: Expr,
        columns: Vec<(String, usize)>,
    },
}

impl ResolvedFormula {
    /// Returns true if the expression reads only columns of its own row.
    pub fn is_plain(&self) -> bool {
        self.inputs.iter().all(|(_, input)| matches!(input, FormulaInput::Cell(_)))
    }

    /// Returns true if the expression aggregates child rows, which are planned later.
    pub fn aggregates(&self) -> bool {
        self.inputs.iter().any(|(_, input)| matches!(input, FormulaInput::Children { .. }))
    }
}

/// All resolved expressions, by table and column.
#[derive(Debug, Clone, Default)]
pub(super) struct Formulas(BTreeMap<usize, BTreeMap<usize, ResolvedFormula>>);

impl Formulas {
    /// Resolves the names of all expressions.
    ///
    /// # Errors
    /// An expression that is invalid, has an unknown name, or whose column is determined otherwise; with its place.
    pub fn find(schema: &Schema, overrides: &Overrides) -> Result<Self, PlanError> {
        let mut out = Formulas::default();
        for (name, table) in &overrides.tables {
            for (column, wish) in &table.columns {
                let Some(text) = &wish.expression else { continue };
                let t = resolve(schema, name).map_err(|e| typed_at(e, &table.origin))?;
                let c = find_column(&schema.tables[t], column).map_err(|e| typed_at(e, &wish.origin))?;
                let failed = |problem| {
                    let place = format!("{}.{}", schema.tables[t].name, schema.tables[t].columns[c].name);
                    typed_at(PlanError::Formula { column: place, problem }, &wish.origin)
                };
                if let Some(key) = wish.first_key() {
                    return Err(failed(FormulaProblem::Overridden(key)));
                }
                if let Some(why) =
                    decided(&schema.tables[t], c).or(table.fixed_rows.as_ref().map(|_| "its rows are fixed".into()))
                {
                    return Err(failed(FormulaProblem::Decided(why)));
                }
                let formula =
                    NameResolver { schema, t, inputs: Vec::new() }.formula(c, text, &wish.origin).map_err(failed)?;
                out.0.entry(t).or_default().insert(c, formula);
            }
        }
        out.circle(schema)?;
        Ok(out)
    }

    pub fn of(&self, table: usize) -> impl Iterator<Item = (usize, &ResolvedFormula)> {
        self.0.get(&table).into_iter().flatten().map(|(c, formula)| (*c, formula))
    }

    pub fn get(&self, table: usize, column: usize) -> Option<&ResolvedFormula> {
        self.0.get(&table)?.get(&column)
    }

    /// Returns true if an expression of `parent` aggregates the rows of `child` by a foreign key of these columns.
    pub fn aggregate(&self, parent: usize, child: usize, columns: &[usize]) -> bool {
        let of = |input: &FormulaInput| matches!(input, FormulaInput::Children { table, key, .. } if *table == child && key.columns == columns);
        self.of(parent).any(|(_, formula)| formula.inputs.iter().any(|(_, input)| of(input)))
    }

    /// Returns the schema in which columns computed from their own row are generated columns.
    pub fn complete<'a>(&self, schema: &'a Schema) -> Cow<'a, Schema> {
        let mut out = Cow::Borrowed(schema);
        for (&t, formulas) in &self.0 {
            for (&c, formula) in formulas.iter().filter(|(_, formula)| formula.is_plain()) {
                out.to_mut().tables[t].columns[c].generated =
                    Some(Generated { expression: formula.text.clone(), stored: true });
            }
        }
        out
    }

    fn circle(&self, schema: &Schema) -> Result<(), PlanError> {
        let mut done = BTreeSet::new();
        for (&t, formulas) in &self.0 {
            for &c in formulas.keys() {
                let mut way = Vec::new();
                if let Some(circle) = self.follow((t, c), &mut way, &mut done) {
                    let name = |(t, c): &ColumnId| {
                        let table = &schema.tables[*t];
                        format!("{}.{}", table.name.name, table.columns[*c].name)
                    };
                    let problem = FormulaProblem::Circle(circle.iter().map(name).collect());
                    let (column, origin) = (name(&(t, c)), &formulas[&c].origin);
                    return Err(typed_at(PlanError::Formula { column, problem }, origin));
                }
            }
        }
        Ok(())
    }

    fn follow(&self, place: ColumnId, way: &mut Vec<ColumnId>, done: &mut BTreeSet<ColumnId>) -> Option<Vec<ColumnId>> {
        if let Some(at) = way.iter().position(|p| *p == place) {
            return Some(way[at..].iter().copied().chain([place]).collect());
        }
        if !done.insert(place) {
            return None;
        }
        way.push(place);
        let formula = self.get(place.0, place.1);
        let found = formula.into_iter().flat_map(|f| &f.inputs).find_map(|(_, input)| {
            let next: Vec<ColumnId> = match input {
                FormulaInput::Cell(c) => vec![(place.0, *c)],
                FormulaInput::Parent { path, column } => {
                    path.last().map(|(_, link)| (link.parent, *column)).into_iter().collect()
                }
                FormulaInput::RowNumber { .. } => Vec::new(),
                FormulaInput::Children { table, columns, .. } => columns.iter().map(|(_, c)| (*table, *c)).collect(),
            };
            next.into_iter().find_map(|next| self.follow(next, way, done))
        });
        way.pop();
        found
    }
}

/// Returns the constraint that determines a column's values otherwise.
fn decided(table: &Table, c: usize) -> Option<String> {
    let column = &table.columns[c];
    if column.generated.is_some() {
        return Some("the server generates the column".into());
    }
    if let Some(f) = table.every_foreign_key().iter().find(|f| f.columns.contains(&column.name)) {
        return Some(format!("foreign key `{}` decides the column", f.name));
    }
    let keyed = |k: &&dbmocker_core::schema::Key| k.parts.iter().any(|p| p.column.as_ref() == Some(&column.name));
    table.keys.iter().find(keyed).map(|k| format!("key `{}` needs different values", k.name))
}

/// Casts an expression to the type in which the server stores the column.
fn stored_as(expr: Expr, ty: &SqlType) -> Expr {
    let cast = |expr, to| Expr::Cast { expr: Box::new(expr), to };
    match ty {
        // All servers round numbers.
        SqlType::Int { .. } | SqlType::Year => cast(cast(expr, CastType::Decimal { scale: Some(0) }), CastType::Int),
        SqlType::Decimal { precision: 0, .. } => cast(expr, CastType::Decimal { scale: None }),
        SqlType::Decimal { scale, .. } => cast(expr, CastType::Decimal { scale: u8::try_from(*scale).ok() }),
        SqlType::Money => cast(expr, CastType::Decimal { scale: Some(2) }),
        SqlType::Float { .. } => cast(expr, CastType::Float),
        SqlType::Text { .. } | SqlType::Enum { .. } => cast(expr, CastType::Text { max_chars: None }),
        SqlType::Bool => cast(expr, CastType::Bool),
        SqlType::Date => cast(expr, CastType::Date),
        SqlType::Timestamp { .. } => cast(expr, CastType::Timestamp),
        _ => expr,
    }
}

/// Resolves the names of one expression.
struct NameResolver<'a> {
    schema: &'a Schema,
    t: usize,
    inputs: Vec<(String, FormulaInput)>,
}

impl NameResolver<'_> {
    fn formula(mut self, c: usize, text: &str, origin: &str) -> Result<ResolvedFormula, FormulaProblem> {
        let tree = parse_paths(text, self.schema.dialect).map_err(|e| FormulaProblem::Syntax(e.to_string()))?;
        let expr = self.found(&tree)?;
        if let Some(name) = unknown_function(&expr) {
            return Err(FormulaProblem::Function(name.to_owned()));
        }
        let expr = stored_as(expr, &self.schema.tables[self.t].columns[c].ty);
        Ok(ResolvedFormula { expr, text: text.into(), origin: origin.into(), inputs: self.inputs })
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

    /// Adds an input and returns the column that stands for it.
    fn put(&mut self, name: &str, input: FormulaInput) -> Expr {
        let name = match &input {
            FormulaInput::Cell(c) => self.schema.tables[self.t].columns[*c].name.clone(),
            _ => name.to_owned(),
        };
        if !self.inputs.iter().any(|(known, _)| *known == name) {
            self.inputs.push((name.clone(), input));
        }
        Expr::Column(name)
    }

    fn column(&self, t: usize, name: &str) -> Result<usize, FormulaProblem> {
        find_column(&self.schema.tables[t], name).map_err(|e| FormulaProblem::Name(e.to_string()))
    }

    /// Returns the foreign key of a column.
    fn key(&self, column: &str) -> Option<Link> {
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
        // Without columns, the aggregate counts rows.
        let of = if columns.is_empty() { Expr::int(1) } else { of.clone() };
        let place = format!("{name} #{}", self.inputs.len());
        Ok(self.put(&place, FormulaInput::Children { table: child, key, fold, of, columns }))
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
