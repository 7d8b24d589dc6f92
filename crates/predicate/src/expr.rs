//! Expressions: a small language, independent of the types of any parser or server.
//!
//! Data in: trees built by [`parse`](super::parse). Data out: the same trees with columns renamed, inlined or listed;
//! `printed` prints them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::value_set::InList;
use dbmocker_core::value::Value;

/// A scalar or boolean SQL expression over the columns of one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    Literal(Value),
    /// An interval constant; months are separate because their length depends on the date to which they are added.
    Interval {
        months: i32,
        micros: i64,
    },
    Column(String),
    /// A column by its place in the row; only in conditions that are evaluated, which are not stored.
    #[serde(skip)]
    Place(usize),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare {
        op: Cmp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `IS NOT DISTINCT FROM` (`same`) or `IS DISTINCT FROM`: never NULL.
    Same {
        left: Box<Expr>,
        right: Box<Expr>,
        same: bool,
    },
    /// `IS [NOT] NULL | TRUE | FALSE`; `UNKNOWN` is `NULL`.
    Is {
        expr: Box<Expr>,
        what: Is,
        negated: bool,
    },
    In {
        expr: Box<Expr>,
        list: InList,
        negated: bool,
    },
    /// `expr op ANY (array)` or `expr op ALL (array)`.
    Quantified {
        expr: Box<Expr>,
        op: Cmp,
        array: Box<Expr>,
        all: bool,
    },
    Matches {
        expr: Box<Expr>,
        pattern: Box<Expr>,
        kind: MatchKind,
        negated: bool,
    },
    Arith {
        op: Arith,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Neg(Box<Expr>),
    /// A function by its lower-case name without schema.
    Call {
        name: String,
        args: Vec<Expr>,
    },
    Case {
        operand: Option<Box<Expr>>,
        whens: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Cast {
        expr: Box<Expr>,
        to: CastType,
    },
    Array(Vec<Expr>),
    Row(Vec<Expr>),
}

/// A comparison's operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cmp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Cmp {
    /// `NOT (a op b)` for non-NULL operands.
    pub fn negate(self) -> Cmp {
        match self {
            Cmp::Eq => Cmp::Ne,
            Cmp::Ne => Cmp::Eq,
            Cmp::Lt => Cmp::Ge,
            Cmp::Le => Cmp::Gt,
            Cmp::Gt => Cmp::Le,
            Cmp::Ge => Cmp::Lt,
        }
    }

    /// The operator of `b op a` that means `a op b`.
    pub fn flip(self) -> Cmp {
        match self {
            Cmp::Lt => Cmp::Gt,
            Cmp::Le => Cmp::Ge,
            Cmp::Gt => Cmp::Lt,
            Cmp::Ge => Cmp::Le,
            same => same,
        }
    }

    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Cmp::Eq => order.is_eq(),
            Cmp::Ne => order.is_ne(),
            Cmp::Lt => order.is_lt(),
            Cmp::Le => order.is_le(),
            Cmp::Gt => order.is_gt(),
            Cmp::Ge => order.is_ge(),
        }
    }
}

/// The operand of `IS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Is {
    Null,
    True,
    False,
}

/// The syntax of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchKind {
    /// `%` and `_`; `escape` is the character that makes them literal.
    Like { insensitive: bool, escape: Option<char> },
    /// SQL's `SIMILAR TO`.
    Similar { escape: Option<char> },
    /// A regular expression searched anywhere in the text.
    Regex { insensitive: bool },
    /// SQLite's `GLOB`.
    Glob,
}

/// An operator that gives a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    /// Integer division (MySQL `DIV`).
    IntDiv,
    Mod,
    Concat,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
    Pow,
    /// `->` and `->>` of JSON.
    JsonGet,
    JsonGetText,
    /// `&&` of arrays and ranges.
    Overlaps,
    /// `@>`; `<@` is converted with swapped operands.
    Contains,
}

/// The target type of a cast; types represented as text are [`CastType::Other`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CastType {
    Bool,
    Int,
    Decimal { scale: Option<u8> },
    Float,
    Text { max_chars: Option<u32> },
    Bytes,
    Date,
    Time,
    Timestamp,
    Interval,
    Array(Box<CastType>),
    Other(String),
}

impl Expr {
    pub fn boolean(b: bool) -> Expr {
        Expr::Literal(Value::Bool(b))
    }

    pub fn int(i: i128) -> Expr {
        Expr::Literal(Value::Int(i))
    }

    pub fn column(name: impl Into<String>) -> Expr {
        Expr::Column(name.into())
    }

    pub fn call(name: impl Into<String>, args: Vec<Expr>) -> Expr {
        Expr::Call { name: name.into(), args }
    }

    pub fn compare(op: Cmp, left: Expr, right: Expr) -> Expr {
        Expr::Compare { op, left: Box::new(left), right: Box::new(right) }
    }

    pub fn arith(op: Arith, left: Expr, right: Expr) -> Expr {
        Expr::Arith { op, left: Box::new(left), right: Box::new(right) }
    }

    pub fn is_null(self, negated: bool) -> Expr {
        Expr::Is { expr: Box::new(self), what: Is::Null, negated }
    }

    pub fn literal(&self) -> Option<&Value> {
        match self {
            Expr::Literal(v) => Some(v),
            _ => None,
        }
    }

    /// The direct sub-expressions, left to right.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Literal(_) | Expr::Interval { .. } | Expr::Column(_) | Expr::Place(_) => vec![],
            Expr::Not(e) | Expr::Neg(e) | Expr::Is { expr: e, .. } | Expr::Cast { expr: e, .. } => vec![e],
            Expr::And(v) | Expr::Or(v) | Expr::Array(v) | Expr::Row(v) | Expr::Call { args: v, .. } => {
                v.iter().collect()
            }
            Expr::Compare { left, right, .. } | Expr::Same { left, right, .. } | Expr::Arith { left, right, .. } => {
                vec![left, right]
            }
            Expr::In { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
            Expr::Quantified { expr, array, .. } => vec![expr, array],
            Expr::Matches { expr, pattern, .. } => vec![expr, pattern],
            Expr::Case { operand, whens, otherwise } => operand
                .iter()
                .map(|e| &**e)
                .chain(whens.iter().flat_map(|(c, r)| [c, r]))
                .chain(otherwise.iter().map(|e| &**e))
                .collect(),
        }
    }

    /// The same node with other children.
    pub fn map_children(&self, f: &mut impl FnMut(&Expr) -> Expr) -> Expr {
        match self {
            Expr::Literal(_) | Expr::Interval { .. } | Expr::Column(_) | Expr::Place(_) => self.clone(),
            Expr::Not(e) => Expr::Not(Box::new(f(e))),
            Expr::Neg(e) => Expr::Neg(Box::new(f(e))),
            Expr::And(v) => Expr::And(v.iter().map(f).collect()),
            Expr::Or(v) => Expr::Or(v.iter().map(f).collect()),
            Expr::Array(v) => Expr::Array(v.iter().map(f).collect()),
            Expr::Row(v) => Expr::Row(v.iter().map(f).collect()),
            Expr::Call { name, args } => Expr::Call { name: name.clone(), args: args.iter().map(f).collect() },
            Expr::Compare { op, left, right } => Expr::compare(*op, f(left), f(right)),
            Expr::Same { left, right, same } => {
                Expr::Same { left: Box::new(f(left)), right: Box::new(f(right)), same: *same }
            }
            Expr::Is { expr, what, negated } => Expr::Is { expr: Box::new(f(expr)), what: *what, negated: *negated },
            Expr::In { expr, list, negated } => {
                Expr::In { expr: Box::new(f(expr)), list: list.iter().map(f).collect(), negated: *negated }
            }
            Expr::Quantified { expr, op, array, all } => {
                Expr::Quantified { expr: Box::new(f(expr)), op: *op, array: Box::new(f(array)), all: *all }
            }
            Expr::Matches { expr, pattern, kind, negated } => {
                Expr::Matches { expr: Box::new(f(expr)), pattern: Box::new(f(pattern)), kind: *kind, negated: *negated }
            }
            Expr::Arith { op, left, right } => Expr::arith(*op, f(left), f(right)),
            Expr::Case { operand, whens, otherwise } => Expr::Case {
                operand: operand.as_ref().map(|e| Box::new(f(e))),
                whens: whens.iter().map(|(c, r)| (f(c), f(r))).collect(),
                otherwise: otherwise.as_ref().map(|e| Box::new(f(e))),
            },
            Expr::Cast { expr, to } => Expr::Cast { expr: Box::new(f(expr)), to: to.clone() },
        }
    }

    /// Every column mentioned.
    pub fn columns(&self) -> BTreeSet<String> {
        self.column_names().into_iter().map(str::to_owned).collect()
    }

    /// The names of its columns, in alphabetical order.
    pub(crate) fn column_names(&self) -> BTreeSet<&str> {
        let mut out = BTreeSet::new();
        self.collect_columns(&mut out);
        out
    }

    fn collect_columns<'e>(&'e self, out: &mut BTreeSet<&'e str>) {
        match self {
            Expr::Column(c) => _ = out.insert(c),
            _ => self.children().into_iter().for_each(|c| c.collect_columns(out)),
        }
    }

    pub fn mentions(&self, column: &str) -> bool {
        match self {
            Expr::Column(c) => c == column,
            _ => self.children().into_iter().any(|e| e.mentions(column)),
        }
    }

    /// The expression with column `from` renamed to `to`: a domain's CHECK is over `VALUE`.
    pub fn rename(&self, from: &str, to: &str) -> Expr {
        self.substitute(&|c| c.eq_ignore_ascii_case(from).then(|| Expr::column(to)))
    }

    /// Replaces each column for which `f` returns an expression.
    pub fn substitute(&self, f: &dyn Fn(&str) -> Option<Expr>) -> Expr {
        match self {
            Expr::Column(c) => f(c).unwrap_or_else(|| self.clone()),
            _ => self.map_children(&mut |e| e.substitute(f)),
        }
    }

    /// Whether it reads the column at this place.
    pub(crate) fn reads(&self, place: usize) -> bool {
        match self {
            Expr::Place(p) => *p == place,
            _ => self.children().into_iter().any(|e| e.reads(place)),
        }
    }

    /// The depth of the tree in nodes, including this one.
    pub fn depth(&self) -> usize {
        1 + self.children().into_iter().map(Expr::depth).max().unwrap_or(0)
    }
}
