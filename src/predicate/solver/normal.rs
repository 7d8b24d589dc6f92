//! Normal form: what must be so for a predicate to be TRUE, FALSE or not FALSE, without NOT and without UNKNOWN.
//!
//! A CHECK passes on UNKNOWN, so every question has four forms ([`Goal`]). NOT, AND, OR, CASE, COALESCE, boolean
//! equality and `IS` are taken apart here; what remains are atoms over values.

use super::super::eval::Env;
use super::super::tree::{Arith, CastType, Cmp, Is, Tree};
use super::lift;
use super::terms::{absolute, always_null, fold, negated, oriented, rows, strict, strict_in};
use crate::schema::{Dialect, SqlType};
use crate::value::Value;

/// What is wanted of a predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    True,
    False,
    NotFalse,
    NotTrue,
}

impl Goal {
    /// The same wish about `NOT p`.
    fn inverted(self) -> Goal {
        match self {
            Goal::True => Goal::False,
            Goal::False => Goal::True,
            Goal::NotFalse => Goal::NotTrue,
            Goal::NotTrue => Goal::NotFalse,
        }
    }

    fn positive(self) -> bool {
        matches!(self, Goal::True | Goal::NotFalse)
    }
}

/// A two-valued condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Formula {
    Const(bool),
    All(Vec<Formula>),
    Any(Vec<Formula>),
    /// Is TRUE.
    Holds(Tree),
    /// Is not FALSE.
    Passes(Tree),
}

impl Formula {
    pub fn all(items: Vec<Formula>) -> Formula {
        let mut out = vec![];
        for f in items {
            match f {
                Formula::Const(true) => {}
                Formula::Const(false) => return f,
                Formula::All(v) => out.extend(v),
                f => out.push(f),
            }
        }
        out.dedup();
        match out.len() {
            0 => Formula::Const(true),
            1 => out.remove(0),
            _ => Formula::All(out),
        }
    }

    pub fn any(items: Vec<Formula>) -> Formula {
        let mut out: Vec<Formula> = vec![];
        for f in items {
            match f {
                Formula::Const(false) => {}
                Formula::Const(true) => return f,
                Formula::Any(v) => v.into_iter().for_each(|f| {
                    if !out.contains(&f) {
                        out.push(f)
                    }
                }),
                f if out.contains(&f) => {}
                f => out.push(f),
            }
        }
        let mut out = or_absent(out);
        match out.len() {
            0 => Formula::Const(false),
            1 => out.remove(0),
            _ => Formula::Any(out),
        }
    }

    /// The same condition, met by NULL in `column` too; `None` if it is about more than that column's value.
    fn or_null(&self, column: &str) -> Option<Formula> {
        match self {
            Formula::Holds(t) | Formula::Passes(t) if strict_in(t, column) && t.columns().len() == 1 => {
                Some(Formula::Passes(t.clone()))
            }
            Formula::All(items) => Some(Formula::All(items.iter().map(|f| f.or_null(column)).collect::<Option<_>>()?)),
            _ => None,
        }
    }

    pub fn columns(&self, out: &mut std::collections::BTreeSet<String>) {
        match self {
            Formula::Const(_) => {}
            Formula::All(v) | Formula::Any(v) => v.iter().for_each(|f| f.columns(out)),
            Formula::Holds(t) | Formula::Passes(t) => out.extend(t.columns()),
        }
    }
}

/// `c IS NULL OR c > 0` as one lenient condition, which leaves the share of NULLs alone.
fn or_absent(mut items: Vec<Formula>) -> Vec<Formula> {
    let mut i = 0;
    while i < items.len() {
        if let Formula::Holds(Tree::Is { expr, what: Is::Null, negated: false }) = &items[i]
            && let Tree::Column(c) = &**expr
        {
            let found = items.iter().enumerate().find_map(|(j, f)| f.or_null(c).filter(|_| j != i).map(|f| (j, f)));
            if let Some((j, lenient)) = found {
                items[j] = lenient;
                items.remove(i);
                continue;
            }
        }
        i += 1;
    }
    items
}

/// What normalising needs to know of the table.
pub(super) struct Scope<'a> {
    pub env: Env,
    /// A column's type; `None` if there is no such column.
    pub ty: &'a dyn Fn(&str) -> Option<SqlType>,
}

impl Scope<'_> {
    pub fn is_bool(&self, t: &Tree) -> bool {
        match t {
            Tree::Literal(v) => matches!(v, Value::Bool(_)),
            Tree::Column(c) => matches!((self.ty)(c), Some(SqlType::Bool | SqlType::Int { tinyint1: true, .. })),
            Tree::Not(_)
            | Tree::And(_)
            | Tree::Or(_)
            | Tree::Compare { .. }
            | Tree::Same { .. }
            | Tree::Is { .. }
            | Tree::In { .. }
            | Tree::Quantified { .. }
            | Tree::Matches { .. }
            | Tree::Cast { to: CastType::Bool, .. }
            | Tree::Arith { op: Arith::Overlaps | Arith::Contains, .. } => true,
            Tree::Case { whens, otherwise, .. } => {
                let results = || whens.iter().map(|w| &w.1).chain(otherwise.iter().map(|o| &**o));
                let null = |t: &Tree| matches!(t, Tree::Literal(Value::Null));
                results().all(|t| null(t) || self.is_bool(t)) && !results().all(null)
            }
            Tree::Call { name, args } => match name.as_str() {
                "coalesce" => args.iter().all(|a| self.is_bool(a)),
                "starts_with" | "json_valid" | "is_json" | "isempty" | "json_has_key" | "json_has_any_key"
                | "json_has_all_keys" | "isnull" | "lower_inc" | "upper_inc" | "lower_inf" | "upper_inf"
                | "isfinite" => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// The condition for `t` to be as wanted.
    pub fn want(&self, t: &Tree, goal: Goal) -> Formula {
        match t {
            Tree::Literal(v) => {
                let truth = super::super::eval::compare::truthy(v, self.env).ok().flatten();
                Formula::Const(match goal {
                    Goal::True => truth == Some(true),
                    Goal::False => truth == Some(false),
                    Goal::NotFalse => truth != Some(false),
                    Goal::NotTrue => truth != Some(true),
                })
            }
            Tree::Not(e) => self.want(e, goal.inverted()),
            Tree::Cast { expr, to: CastType::Bool } => self.want(expr, goal),
            Tree::And(items) | Tree::Or(items) => {
                let each = items.iter().map(|e| self.want(e, goal)).collect();
                if matches!(t, Tree::And(_)) == goal.positive() { Formula::all(each) } else { Formula::any(each) }
            }
            Tree::Is { expr, what, negated } => self.want_is(expr, *what, *negated != goal.positive()),
            Tree::Compare { op, left, right } => self.want_compare(t, *op, left, right, goal),
            Tree::Same { left, right, same } => self.want_same(left, right, *same == goal.positive()),
            Tree::In { expr, list, negated } => self.want_in(expr, list, if *negated { goal.inverted() } else { goal }),
            Tree::Quantified { expr, op, array, all } => self.want_quantified(t, expr, *op, array, *all, goal),
            Tree::Case { operand, whens, otherwise } => {
                lift::case(self, operand.as_deref(), whens, otherwise.as_deref(), &|r| self.want(r, goal))
            }
            Tree::Call { name, args } if name == "coalesce" && !args.is_empty() => {
                let (first, rest) = (&args[0], &args[1..]);
                if rest.is_empty() {
                    return self.want(first, goal);
                }
                Formula::any(vec![
                    Formula::all(vec![self.null(first, false), self.want(first, goal)]),
                    Formula::all(vec![self.null(first, true), self.want(&Tree::call("coalesce", rest.to_vec()), goal)]),
                ])
            }
            Tree::Column(c) => {
                let bool_type = matches!((self.ty)(c), Some(SqlType::Bool));
                let (op, with) = if bool_type || self.env.dialect == Dialect::Postgres {
                    (Cmp::Eq, Tree::boolean(true))
                } else {
                    (Cmp::Ne, Tree::int(0))
                };
                self.atom(&Tree::compare(op, t.clone(), with), goal)
            }
            Tree::Matches { expr, pattern, .. }
                if lift::switch(self, expr).is_some() || lift::switch(self, pattern).is_some() =>
            {
                lift::atom(self, t, goal)
            }
            // `(length(x) = 3) IS TRUE`, arithmetic in a boolean place (MySQL, SQLite): not zero
            t if !self.is_bool(t) && self.env.dialect != Dialect::Postgres && !matches!(t, Tree::Call { .. }) => {
                self.want(&Tree::compare(Cmp::Ne, t.clone(), Tree::int(0)), goal)
            }
            t => lift::atom(self, t, goal),
        }
    }

    /// An atom without anything to take apart inside.
    pub fn atom(&self, t: &Tree, goal: Goal) -> Formula {
        let t = &oriented(fold(t, self.env));
        if let Tree::Literal(_) = t {
            return self.want(t, goal);
        }
        if always_null(t) {
            return Formula::Const(matches!(goal, Goal::NotFalse | Goal::NotTrue));
        }
        match goal {
            Goal::True => Formula::Holds(t.clone()),
            Goal::NotFalse => Formula::Passes(t.clone()),
            Goal::False => Formula::Holds(negated(t)),
            Goal::NotTrue => Formula::Passes(negated(t)),
        }
    }

    fn want_is(&self, expr: &Tree, what: Is, holds: bool) -> Formula {
        match (what, holds) {
            (Is::Null, holds) => self.null(expr, holds),
            (Is::True, true) => self.want(expr, Goal::True),
            (Is::True, false) => self.want(expr, Goal::NotTrue),
            (Is::False, true) => self.want(expr, Goal::False),
            (Is::False, false) => self.want(expr, Goal::NotFalse),
        }
    }

    fn want_compare(&self, t: &Tree, op: Cmp, left: &Tree, right: &Tree, goal: Goal) -> Formula {
        if let (Tree::Row(l), Tree::Row(r)) = (left, right) {
            return match rows(op, l, r) {
                Some(t) => self.want(&t, goal),
                None => Formula::Const(false),
            };
        }
        if let Some(sides) = absolute(op, left, right, self.env).or_else(|| absolute(op.flip(), right, left, self.env))
        {
            return self.want(&sides, goal);
        }
        let number_bool = |t: &Tree| match t {
            Tree::Literal(Value::Int(i @ (0 | 1))) if self.env.dialect != Dialect::Postgres => {
                Some(Tree::boolean(*i == 1))
            }
            _ => None,
        };
        let plain = |t: &Tree| matches!(t, Tree::Column(_) | Tree::Literal(_));
        // a bare flag against a constant narrows best as a comparison
        let simple = plain(left) && plain(right);
        if matches!(op, Cmp::Eq | Cmp::Ne) && !simple && (self.is_bool(left) || self.is_bool(right)) {
            let l = if self.is_bool(left) { Some(left.clone()) } else { number_bool(left) };
            let r = if self.is_bool(right) { Some(right.clone()) } else { number_bool(right) };
            if let (Some(l), Some(r)) = (l, r) {
                return self.want_bool_equality(&l, &r, if op == Cmp::Eq { goal } else { goal.inverted() });
            }
        }
        lift::atom(self, t, goal)
    }

    /// `l = r` of truth values.
    fn want_bool_equality(&self, l: &Tree, r: &Tree, goal: Goal) -> Formula {
        use Goal as G;
        let pair = |a, b| Formula::all(vec![self.want(l, a), self.want(r, b)]);
        match goal {
            G::True => Formula::any(vec![pair(G::True, G::True), pair(G::False, G::False)]),
            G::False => Formula::any(vec![pair(G::True, G::False), pair(G::False, G::True)]),
            G::NotFalse => Formula::any(vec![pair(G::NotFalse, G::NotFalse), pair(G::NotTrue, G::NotTrue)]),
            G::NotTrue => Formula::any(vec![pair(G::NotFalse, G::NotTrue), pair(G::NotTrue, G::NotFalse)]),
        }
    }

    fn want_same(&self, l: &Tree, r: &Tree, same: bool) -> Formula {
        let both = |a, b| Formula::all(vec![self.null(l, a), self.null(r, b)]);
        let compared = Tree::compare(if same { Cmp::Eq } else { Cmp::Ne }, l.clone(), r.clone());
        let equal = self.want(&compared, Goal::True);
        if same {
            Formula::any(vec![equal, both(true, true)])
        } else {
            Formula::any(vec![equal, both(true, false), both(false, true)])
        }
    }

    fn want_in(&self, expr: &Tree, list: &[Tree], goal: Goal) -> Formula {
        let folded: Vec<Tree> = list.iter().map(|t| fold(t, self.env)).collect();
        let constants = folded.iter().all(|t| matches!(t, Tree::Literal(_)));
        if !constants || matches!(expr, Tree::Row(_)) {
            let each = folded.into_iter().map(|t| Tree::compare(Cmp::Eq, expr.clone(), t)).collect();
            return self.want(&Tree::Or(each), goal);
        }
        let has_null = folded.iter().any(|t| matches!(t, Tree::Literal(Value::Null)));
        let list: Vec<Tree> = folded.into_iter().filter(|t| !matches!(t, Tree::Literal(Value::Null))).collect();
        match (goal, has_null) {
            // a NULL in the list makes every miss UNKNOWN
            (Goal::False, true) => return Formula::Const(false),
            (Goal::NotFalse, true) => return Formula::Const(true),
            _ => {}
        }
        lift::atom(self, &Tree::In { expr: Box::new(expr.clone()), list, negated: false }, goal)
    }

    fn want_quantified(&self, t: &Tree, expr: &Tree, op: Cmp, array: &Tree, all: bool, goal: Goal) -> Formula {
        let folded = fold(array, self.env);
        let items: Vec<Tree> = match &folded {
            Tree::Literal(Value::Array(items)) => items.iter().cloned().map(Tree::Literal).collect(),
            Tree::Array(items) => items.clone(),
            Tree::Cast { expr, .. } => match &**expr {
                Tree::Array(items) => items.clone(),
                _ => return lift::atom(self, t, goal),
            },
            _ => return lift::atom(self, t, goal),
        };
        match (op, all) {
            (Cmp::Eq, false) => self.want_in(expr, &items, goal),
            (Cmp::Ne, true) => self.want_in(expr, &items, goal.inverted()),
            _ => {
                let each = items.into_iter().map(|i| Tree::compare(op, expr.clone(), i)).collect();
                self.want(&if all { Tree::And(each) } else { Tree::Or(each) }, goal)
            }
        }
    }

    /// The condition for `t` to be NULL (or not).
    pub fn null(&self, t: &Tree, wanted: bool) -> Formula {
        let any_or_all = |items: Vec<Formula>| if wanted { Formula::any(items) } else { Formula::all(items) };
        match t {
            Tree::Literal(v) => Formula::Const(v.is_null() == wanted),
            Tree::Interval { .. } => Formula::Const(!wanted),
            Tree::Column(_) => Formula::Holds(t.clone().is_null(!wanted)),
            Tree::Row(fields) => Formula::all(fields.iter().map(|f| self.null(f, wanted)).collect()),
            Tree::Is { .. } | Tree::Same { .. } => Formula::Const(!wanted),
            Tree::Call { name, args } => match name.as_str() {
                "coalesce" => {
                    let items = args.iter().map(|a| self.null(a, wanted)).collect();
                    if wanted { Formula::all(items) } else { Formula::any(items) }
                }
                "num_nulls" | "num_nonnulls" | "typeof" | "isnull" => Formula::Const(!wanted),
                "nullif" if args.len() == 2 => {
                    let equal = Tree::compare(Cmp::Eq, args[0].clone(), args[1].clone());
                    let goal = if wanted { Goal::True } else { Goal::NotTrue };
                    any_or_all(vec![self.null(&args[0], wanted), self.want(&equal, goal)])
                }
                name if strict(name) => any_or_all(args.iter().map(|a| self.null(a, wanted)).collect()),
                _ => Formula::Holds(t.clone().is_null(!wanted)),
            },
            Tree::Case { operand, whens, otherwise } => {
                lift::case(self, operand.as_deref(), whens, otherwise.as_deref(), &|r| self.null(r, wanted))
            }
            Tree::Neg(e) | Tree::Cast { expr: e, .. } => self.null(e, wanted),
            Tree::Compare { left, right, .. } => any_or_all(vec![self.null(left, wanted), self.null(right, wanted)]),
            Tree::Matches { expr, pattern, .. } => {
                any_or_all(vec![self.null(expr, wanted), self.null(pattern, wanted)])
            }
            Tree::Arith { op: Arith::Add | Arith::Sub | Arith::Mul | Arith::Concat, left, right } => {
                any_or_all(vec![self.null(left, wanted), self.null(right, wanted)])
            }
            t if self.is_bool(t) && wanted => {
                Formula::all(vec![self.want(t, Goal::NotFalse), self.want(t, Goal::NotTrue)])
            }
            t if self.is_bool(t) => Formula::any(vec![self.want(t, Goal::True), self.want(t, Goal::False)]),
            t => Formula::Holds(t.clone().is_null(!wanted)),
        }
    }

    /// The condition for `f` not to hold.
    pub fn not(&self, f: &Formula) -> Formula {
        match f {
            Formula::Const(b) => Formula::Const(!b),
            Formula::All(v) => Formula::any(v.iter().map(|f| self.not(f)).collect()),
            Formula::Any(v) => Formula::all(v.iter().map(|f| self.not(f)).collect()),
            Formula::Holds(Tree::Is { expr, what: Is::Null, negated }) => {
                Formula::Holds(Tree::Is { expr: expr.clone(), what: Is::Null, negated: !negated })
            }
            Formula::Holds(t) => Formula::Passes(negated(t)),
            Formula::Passes(t) => Formula::Holds(negated(t)),
        }
    }
}
