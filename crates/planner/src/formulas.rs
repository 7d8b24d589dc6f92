//! Columns computed by an expression of the config file: over the row's columns, columns of parent rows by their path
//! (`customer_id.name`), the row's number, and aggregates of child rows (`sum(order_lines.amount)`).
//!
//! In: expressions as the user wrote them, and the schema. Out: the expressions with resolved names, in an acyclic
//! order. In planning, a column computed from its own row is a generated column, so CHECKs on it restrict the inputs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::PlanError;
use super::foreign_keys::Link;
use super::overrides::{ColumnOverride, Overrides, find_column, typed_at};
use super::select::resolve;
use super::series::{SeriesProblem, is_injective};
use dbmocker_core::schema::{Dialect, Generated, Key, Schema, SqlType, Table};
use dbmocker_core::value::Value;
use dbmocker_plan::{Aggregate, ColumnId, Scalar, SeasonPlan, SeriesPlan, WalkPlan};
use dbmocker_predicate::{CastType, Expr};
use resolver::NameResolver;

mod resolver;
mod serial;

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
    #[error("{0}")]
    Series(#[from] SeriesProblem),
    #[error("`per: {0}` is no column of a foreign key; each row of its parent has a series of its own then")]
    NoParent(String),
    #[error(
        "key `{0}` needs different values, and these may repeat; a `series` without `jitter`, or with `per` a column of the key, keeps them apart"
    )]
    Repeats(String),
    #[error(
        "key `{0}` needs different values; the expression cannot give its values, unless it reads all columns of another key of the row, `row_number()`, or a parent's column with `row_number(PARENT)`"
    )]
    MayRepeat(String),
    #[error("rules read the row and rows above it, not the rows that refer to it")]
    RuleOfChildren,
    #[error("{0}; its rules can only be `null: true`, by conditions over one other column of the row")]
    OnlyNull(String),
    #[error("expressions depend on themselves: {}", .0.join(" -> "))]
    Circle(Vec<String>),
}

/// A resolved expression, or resolved rules.
#[derive(Debug, Clone)]
pub(super) struct ResolvedFormula {
    /// The key of the config file.
    pub key: &'static str,
    pub kind: FormulaKind,
    pub expr: Expr,
    pub text: String,
    pub origin: String,
    pub inputs: Vec<(String, FormulaInput)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormulaKind {
    Expression,
    /// Rules: in rows that meet no condition, the column has the value that it would have without rules.
    Rules,
    /// Rules by one column of the row, each of which gives NULL: the column is NULL where the expression is true.
    Absent {
        by: usize,
    },
}

#[derive(Debug, Clone)]
pub(super) enum FormulaInput {
    Cell(usize),
    /// What the column would hold without rules.
    Own,
    /// One of these values, with their relative frequencies.
    Drawn(Vec<(Scalar, f64)>),
    /// The path of tables and foreign keys, and the column at its end.
    Parent {
        path: Vec<(usize, Link)>,
        column: usize,
    },
    RowNumber {
        key: Option<Link>,
    },
    Series {
        key: Option<Link>,
        series: SeriesPlan,
    },
    Walk {
        key: Option<Link>,
        walk: WalkPlan,
    },
    /// The factor of the season at the moment in a column.
    Season {
        season: SeasonPlan,
        at: usize,
    },
    Children {
        table: usize,
        key: Link,
        fold: Aggregate,
        /// Each value once.
        distinct: bool,
        of: Expr,
        columns: Vec<(String, usize)>,
    },
}

impl FormulaInput {
    /// Returns the columns that it reads, for an expression of table `t`.
    fn columns(&self, t: usize) -> Vec<ColumnId> {
        match self {
            FormulaInput::Cell(c) | FormulaInput::Season { at: c, .. } => vec![(t, *c)],
            FormulaInput::Parent { path, column } => {
                path.last().map(|(_, link)| (link.parent, *column)).into_iter().collect()
            }
            FormulaInput::Children { table, columns, .. } => columns.iter().map(|(_, c)| (*table, *c)).collect(),
            FormulaInput::RowNumber { .. }
            | FormulaInput::Series { .. }
            | FormulaInput::Walk { .. }
            | FormulaInput::Own
            | FormulaInput::Drawn(_) => Vec::new(),
        }
    }
}

impl ResolvedFormula {
    /// Returns true if it is an expression that reads only columns of its own row.
    pub fn is_plain(&self) -> bool {
        self.kind == FormulaKind::Expression
            && self.inputs.iter().all(|(_, input)| matches!(input, FormulaInput::Cell(_)))
    }

    /// Returns the foreign keys whose parents have series of their own, with their places in the rows.
    pub fn per_parent(&self) -> impl Iterator<Item = &Link> {
        self.inputs.iter().filter_map(|(_, input)| match input {
            FormulaInput::Series { key, .. } | FormulaInput::Walk { key, .. } => key.as_ref(),
            _ => None,
        })
    }

    /// Returns the foreign keys among whose parents' rows the row has a number.
    pub fn numbering(&self) -> impl Iterator<Item = &Link> {
        let numbers = self.inputs.iter().filter_map(|(_, input)| match input {
            FormulaInput::RowNumber { key } => key.as_ref(),
            _ => None,
        });
        numbers.chain(self.per_parent())
    }

    /// Returns the foreign key of a series whose values differ among the rows of one parent, or in the table.
    pub fn unique_series(&self) -> Option<Option<&Link>> {
        match &self.inputs[..] {
            [(_, FormulaInput::Series { key, series })] if is_injective(series) => Some(key.as_ref()),
            [(name, FormulaInput::RowNumber { key: Some(key) })] if self.is_column(name) => Some(Some(key)),
            _ => None,
        }
    }

    /// Returns true if the expression is one input, as the column stores it.
    fn is_column(&self, name: &str) -> bool {
        let mut expr = &self.expr;
        while let Expr::Cast { expr: inner, .. } = expr {
            expr = inner;
        }
        self.kind == FormulaKind::Expression && matches!(expr, Expr::Column(column) if column == name)
    }

    /// Returns true if the expression of column `c` reads what identifies the row: all columns of another key, the
    /// row's number in the table, or its number among the rows of a parent that it reads, or that the keys of `c` hold.
    /// Whether its values differ is tested on sample rows.
    pub fn reads_identity(&self, table: &Table, c: usize) -> bool {
        let read = |name: &String| {
            let of = |input: &FormulaInput| matches!(input, FormulaInput::Cell(i) if table.columns[*i].name == *name);
            self.inputs.iter().any(|(_, input)| of(input))
        };
        let filled = |name: &&str| table.column(name).is_some_and(|column| !column.nullable);
        let whole = |key: &Key| {
            let columns: Option<Vec<&String>> = key.parts.iter().map(|part| part.column.as_ref()).collect();
            let columns = columns.filter(|_| key.predicate.is_none() && key.parts.iter().all(|p| p.prefix.is_none()));
            columns.is_some_and(|columns| {
                columns.iter().all(|name| **name != table.columns[c].name && read(name) && filled(&name.as_str()))
            })
        };
        let keys = table.keys.iter().filter(|key| key.holds(&table.columns[c].name));
        let numbered = |input: &FormulaInput| match input {
            FormulaInput::RowNumber { key: None } => true,
            FormulaInput::RowNumber { key: Some(link) } => link.columns.iter().all(|&of| {
                let name = &table.columns[of].name;
                filled(&name.as_str()) && (read(name) || keys.clone().all(|key| key.holds(name)))
            }),
            _ => false,
        };
        self.kind == FormulaKind::Expression
            && (table.keys.iter().any(whole) || self.inputs.iter().any(|(_, input)| numbered(input)))
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
    pub fn find(schema: &Schema, overrides: &Overrides, now: i64) -> Result<Self, PlanError> {
        let mut out = Formulas::default();
        for (name, table) in &overrides.tables {
            for (column, settings) in &table.columns {
                if settings.expression.is_none() && settings.rules.is_empty() && settings.serial_key().is_none() {
                    continue;
                }
                let t = resolve(schema, name).map_err(|e| typed_at(e, &table.origin))?;
                let c = find_column(&schema.tables[t], column).map_err(|e| typed_at(e, &settings.origin))?;
                let failed = |problem| {
                    let place = format!("{}.{}", schema.tables[t].name, schema.tables[t].columns[c].name);
                    typed_at(PlanError::Formula { column: place, problem }, &settings.origin)
                };
                if is_counter(&schema.tables[t], c, settings) {
                    continue;
                }
                let names = NameResolver { schema, t, now, inputs: Vec::new() };
                let formula = names.of(c, table, settings).map_err(failed)?;
                out.0.entry(t).or_default().insert(c, formula);
            }
        }
        out.circle(schema)?;
        Ok(out)
    }

    pub fn of(&self, table: usize) -> impl Iterator<Item = (usize, &ResolvedFormula)> {
        self.0.get(&table).into_iter().flatten().map(|(c, formula)| (*c, formula))
    }

    /// Returns true if an expression reads a column.
    pub fn read(&self, table: usize, column: usize) -> bool {
        let all = self.0.iter().flat_map(|(t, formulas)| formulas.values().map(move |f| (*t, f)));
        all.into_iter().any(|(t, f)| f.inputs.iter().any(|(_, input)| input.columns(t).contains(&(table, column))))
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
                let mut path = Vec::new();
                if let Some(circle) = self.follow((t, c), &mut path, &mut done) {
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

    fn follow(
        &self,
        place: ColumnId,
        path: &mut Vec<ColumnId>,
        done: &mut BTreeSet<ColumnId>,
    ) -> Option<Vec<ColumnId>> {
        if let Some(at) = path.iter().position(|p| *p == place) {
            return Some(path[at..].iter().copied().chain([place]).collect());
        }
        if !done.insert(place) {
            return None;
        }
        path.push(place);
        let formula = self.get(place.0, place.1);
        let found = formula
            .into_iter()
            .flat_map(|f| &f.inputs)
            .find_map(|(_, input)| input.columns(place.0).into_iter().find_map(|next| self.follow(next, path, done)));
        path.pop();
        found
    }
}

/// Returns true for a series that counts up a column which the planner numbers anyway.
fn is_counter(table: &Table, c: usize, settings: &ColumnOverride) -> bool {
    let column = &table.columns[c];
    let alone = table.primary_key().and_then(Key::plain_columns).is_some_and(|p| p == [column.name.as_str()]);
    let whole = matches!(column.ty, SqlType::Int { .. } | SqlType::Decimal { scale: 0, .. });
    let other = settings.first_key().is_some() || settings.expression.is_some() || !settings.rules.is_empty();
    let only = settings.walk.is_none() && settings.season.is_none() && !other;
    let counts = settings.series.as_ref().is_some_and(|s| s.counts() && s.numbers().is_some_and(|(_, step)| step > 0));
    let free = !table.every_foreign_key().iter().any(|f| f.columns.contains(&column.name));
    counts && only && whole && free && (column.auto.is_some() || alone)
}

/// Casts an expression to the type in which the server stores the column.
pub(super) fn stored_as(expr: Expr, ty: &SqlType, dialect: Dialect) -> Expr {
    let cast = |expr, to| Expr::Cast { expr: Box::new(expr), to };
    match ty {
        // SQLite stores all digits of a double, but the column's values have the digits of its type.
        SqlType::Decimal { precision: 1.., scale, .. } if dialect == Dialect::Sqlite => {
            let digits = Expr::Literal(Value::Int((*scale).into()));
            cast(Expr::call("round", vec![expr, digits]), CastType::Decimal { scale: u8::try_from(*scale).ok() })
        }
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
