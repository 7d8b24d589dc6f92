//! The predicate tree: our own small expression language, free of any parser's or server's types.
//!
//! Data in: trees built by [`parse`](super::parse). Data out: the same trees, renamed, inlined, listed; `printed` shows
//! them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// A scalar or boolean SQL expression over the columns of one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tree {
    Literal(Value),
    /// An interval constant; months are kept apart because their length depends on the date they are added to.
    Interval {
        months: i32,
        micros: i64,
    },
    Column(String),
    Not(Box<Tree>),
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Compare {
        op: Cmp,
        left: Box<Tree>,
        right: Box<Tree>,
    },
    /// `IS NOT DISTINCT FROM` (`same`) or `IS DISTINCT FROM`: never NULL.
    Same {
        left: Box<Tree>,
        right: Box<Tree>,
        same: bool,
    },
    /// `IS [NOT] NULL | TRUE | FALSE`; `UNKNOWN` is `NULL`.
    Is {
        expr: Box<Tree>,
        what: Is,
        negated: bool,
    },
    In {
        expr: Box<Tree>,
        list: Vec<Tree>,
        negated: bool,
    },
    /// `expr op ANY (array)` or `expr op ALL (array)`.
    Quantified {
        expr: Box<Tree>,
        op: Cmp,
        array: Box<Tree>,
        all: bool,
    },
    Matches {
        expr: Box<Tree>,
        pattern: Box<Tree>,
        kind: MatchKind,
        negated: bool,
    },
    Arith {
        op: Arith,
        left: Box<Tree>,
        right: Box<Tree>,
    },
    Neg(Box<Tree>),
    /// A function by its lower-case name without schema.
    Call {
        name: String,
        args: Vec<Tree>,
    },
    Case {
        operand: Option<Box<Tree>>,
        whens: Vec<(Tree, Tree)>,
        otherwise: Option<Box<Tree>>,
    },
    Cast {
        expr: Box<Tree>,
        to: CastType,
    },
    Array(Vec<Tree>),
    Row(Vec<Tree>),
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

/// What `IS` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Is {
    Null,
    True,
    False,
}

/// How a pattern is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whole-number division (MySQL `DIV`).
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
    /// `@>`; `<@` is turned round.
    Contains,
}

/// What a cast turns a value into; types that travel as text are [`CastType::Other`].
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

impl Tree {
    pub fn boolean(b: bool) -> Tree {
        Tree::Literal(Value::Bool(b))
    }

    pub fn int(i: i128) -> Tree {
        Tree::Literal(Value::Int(i))
    }

    pub fn column(name: impl Into<String>) -> Tree {
        Tree::Column(name.into())
    }

    pub fn call(name: impl Into<String>, args: Vec<Tree>) -> Tree {
        Tree::Call { name: name.into(), args }
    }

    pub fn compare(op: Cmp, left: Tree, right: Tree) -> Tree {
        Tree::Compare { op, left: Box::new(left), right: Box::new(right) }
    }

    pub fn arith(op: Arith, left: Tree, right: Tree) -> Tree {
        Tree::Arith { op, left: Box::new(left), right: Box::new(right) }
    }

    pub fn is_null(self, negated: bool) -> Tree {
        Tree::Is { expr: Box::new(self), what: Is::Null, negated }
    }

    pub fn literal(&self) -> Option<&Value> {
        match self {
            Tree::Literal(v) => Some(v),
            _ => None,
        }
    }

    /// The direct sub-expressions, left to right.
    pub fn children(&self) -> Vec<&Tree> {
        match self {
            Tree::Literal(_) | Tree::Interval { .. } | Tree::Column(_) => vec![],
            Tree::Not(e) | Tree::Neg(e) | Tree::Is { expr: e, .. } | Tree::Cast { expr: e, .. } => vec![e],
            Tree::And(v) | Tree::Or(v) | Tree::Array(v) | Tree::Row(v) | Tree::Call { args: v, .. } => {
                v.iter().collect()
            }
            Tree::Compare { left, right, .. } | Tree::Same { left, right, .. } | Tree::Arith { left, right, .. } => {
                vec![left, right]
            }
            Tree::In { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
            Tree::Quantified { expr, array, .. } => vec![expr, array],
            Tree::Matches { expr, pattern, .. } => vec![expr, pattern],
            Tree::Case { operand, whens, otherwise } => operand
                .iter()
                .map(|e| &**e)
                .chain(whens.iter().flat_map(|(c, r)| [c, r]))
                .chain(otherwise.iter().map(|e| &**e))
                .collect(),
        }
    }

    /// The same node over other children.
    pub fn map_children(&self, f: &mut impl FnMut(&Tree) -> Tree) -> Tree {
        match self {
            Tree::Literal(_) | Tree::Interval { .. } | Tree::Column(_) => self.clone(),
            Tree::Not(e) => Tree::Not(Box::new(f(e))),
            Tree::Neg(e) => Tree::Neg(Box::new(f(e))),
            Tree::And(v) => Tree::And(v.iter().map(f).collect()),
            Tree::Or(v) => Tree::Or(v.iter().map(f).collect()),
            Tree::Array(v) => Tree::Array(v.iter().map(f).collect()),
            Tree::Row(v) => Tree::Row(v.iter().map(f).collect()),
            Tree::Call { name, args } => Tree::Call { name: name.clone(), args: args.iter().map(f).collect() },
            Tree::Compare { op, left, right } => Tree::compare(*op, f(left), f(right)),
            Tree::Same { left, right, same } => {
                Tree::Same { left: Box::new(f(left)), right: Box::new(f(right)), same: *same }
            }
            Tree::Is { expr, what, negated } => Tree::Is { expr: Box::new(f(expr)), what: *what, negated: *negated },
            Tree::In { expr, list, negated } => {
                Tree::In { expr: Box::new(f(expr)), list: list.iter().map(f).collect(), negated: *negated }
            }
            Tree::Quantified { expr, op, array, all } => {
                Tree::Quantified { expr: Box::new(f(expr)), op: *op, array: Box::new(f(array)), all: *all }
            }
            Tree::Matches { expr, pattern, kind, negated } => {
                Tree::Matches { expr: Box::new(f(expr)), pattern: Box::new(f(pattern)), kind: *kind, negated: *negated }
            }
            Tree::Arith { op, left, right } => Tree::arith(*op, f(left), f(right)),
            Tree::Case { operand, whens, otherwise } => Tree::Case {
                operand: operand.as_ref().map(|e| Box::new(f(e))),
                whens: whens.iter().map(|(c, r)| (f(c), f(r))).collect(),
                otherwise: otherwise.as_ref().map(|e| Box::new(f(e))),
            },
            Tree::Cast { expr, to } => Tree::Cast { expr: Box::new(f(expr)), to: to.clone() },
        }
    }

    /// Every column mentioned.
    pub fn columns(&self) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        self.collect_columns(&mut out);
        out
    }

    fn collect_columns(&self, out: &mut BTreeSet<String>) {
        if let Tree::Column(c) = self {
            out.insert(c.clone());
        }
        self.children().into_iter().for_each(|c| c.collect_columns(out));
    }

    pub fn mentions(&self, column: &str) -> bool {
        match self {
            Tree::Column(c) => c == column,
            _ => self.children().into_iter().any(|e| e.mentions(column)),
        }
    }

    /// The expression with column `from` called `to`: a domain's CHECK is over `VALUE`.
    pub fn rename(&self, from: &str, to: &str) -> Tree {
        self.substitute(&|c| c.eq_ignore_ascii_case(from).then(|| Tree::column(to)))
    }

    /// Columns for which `f` has an answer are replaced by it.
    pub fn substitute(&self, f: &dyn Fn(&str) -> Option<Tree>) -> Tree {
        match self {
            Tree::Column(c) => f(c).unwrap_or_else(|| self.clone()),
            _ => self.map_children(&mut |e| e.substitute(f)),
        }
    }

    /// Nodes on the longest way down, this one included.
    pub fn depth(&self) -> usize {
        1 + self.children().into_iter().map(Tree::depth).max().unwrap_or(0)
    }
}
