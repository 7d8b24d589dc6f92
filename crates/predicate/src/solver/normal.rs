//! Normal form: the two-valued conditions, without NOT and UNKNOWN, under which a predicate is TRUE, FALSE or not
//! FALSE.
//!
//! A CHECK passes on UNKNOWN, so there are four goals ([`Goal`]). NOT, AND, OR, CASE, COALESCE, boolean equality and
//! `IS` are decomposed here; what remains are atoms over values.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::super::eval::Env;
use super::super::expr::{Arith, CastType, Cmp, Expr, Is};
use super::case_split;
use super::terms::{absolute, always_null, fold, negated, oriented, rows, strict_in};
use crate::builtin::{NullRule, ValueType, builtin, is_strict};
use dbmocker_core::schema::{Dialect, SqlType};
use dbmocker_core::value::Value;

/// The desired truth value of a predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    True,
    False,
    NotFalse,
    NotTrue,
}

impl Goal {
    /// The same goal for `NOT p`.
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
pub(super) enum NormalForm {
    Const(bool),
    All(Vec<NormalForm>),
    Any(Vec<NormalForm>),
    /// Is TRUE.
    IsTrue(Expr),
    /// Is not FALSE.
    NotFalse(Expr),
}

impl NormalForm {
    pub fn all(items: Vec<NormalForm>) -> NormalForm {
        let mut out = vec![];
        for f in items {
            match f {
                NormalForm::Const(true) => {}
                NormalForm::Const(false) => return f,
                NormalForm::All(v) => out.extend(v),
                f => out.push(f),
            }
        }
        out.dedup();
        match out.len() {
            0 => NormalForm::Const(true),
            1 => out.remove(0),
            _ => NormalForm::All(out),
        }
    }

    pub fn any(items: Vec<NormalForm>) -> NormalForm {
        let mut out: Vec<NormalForm> = vec![];
        for f in items {
            match f {
                NormalForm::Const(false) => {}
                NormalForm::Const(true) => return f,
                NormalForm::Any(v) => v.into_iter().for_each(|f| {
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
            0 => NormalForm::Const(false),
            1 => out.remove(0),
            _ => NormalForm::Any(out),
        }
    }

    /// The same condition, satisfied by NULL in `column` too; `None` if it is about more than that column's value.
    fn or_null(&self, column: &str) -> Option<NormalForm> {
        match self {
            NormalForm::IsTrue(t) | NormalForm::NotFalse(t) if strict_in(t, column) && t.columns().len() == 1 => {
                Some(NormalForm::NotFalse(t.clone()))
            }
            NormalForm::All(items) => {
                Some(NormalForm::All(items.iter().map(|f| f.or_null(column)).collect::<Option<_>>()?))
            }
            _ => None,
        }
    }

    pub fn columns(&self, out: &mut std::collections::BTreeSet<String>) {
        match self {
            NormalForm::Const(_) => {}
            NormalForm::All(v) | NormalForm::Any(v) => v.iter().for_each(|f| f.columns(out)),
            NormalForm::IsTrue(t) | NormalForm::NotFalse(t) => out.extend(t.columns()),
        }
    }
}

/// `c IS NULL OR c > 0` as one lenient condition, which does not change the share of NULLs.
fn or_absent(mut items: Vec<NormalForm>) -> Vec<NormalForm> {
    let mut i = 0;
    while i < items.len() {
        if let NormalForm::IsTrue(Expr::Is { expr, what: Is::Null, negated: false }) = &items[i]
            && let Expr::Column(c) = &**expr
        {
            let found = items.iter().enumerate().find_map(|(j, f)| f.or_null(c).filter(|_| j != i).map(|f| (j, f)));
            if let Some((j, null_passes)) = found {
                items[j] = null_passes;
                items.remove(i);
                continue;
            }
        }
        i += 1;
    }
    items
}

/// The properties of the table that normalisation needs.
pub(super) struct NormalizeContext<'a> {
    pub env: Env,
    /// A column's type; `None` if there is no such column.
    pub ty: &'a dyn Fn(&str) -> Option<SqlType>,
    /// Set where an alternative beside one of NULLs needs values (see [`as_meant`]); `None` if none shall.
    pub as_meant: Option<&'a Cell<bool>>,
}

impl NormalizeContext<'_> {
    pub fn is_bool(&self, t: &Expr) -> bool {
        match t {
            Expr::Literal(v) => matches!(v, Value::Bool(_)),
            Expr::Column(c) => matches!((self.ty)(c), Some(SqlType::Bool | SqlType::Int { tinyint1: true, .. })),
            Expr::Not(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::Same { .. }
            | Expr::Is { .. }
            | Expr::In { .. }
            | Expr::Quantified { .. }
            | Expr::Matches { .. }
            | Expr::Cast { to: CastType::Bool, .. }
            | Expr::Arith { op: Arith::Overlaps | Arith::Contains, .. } => true,
            Expr::Case { whens, otherwise, .. } => {
                let results = || whens.iter().map(|w| &w.1).chain(otherwise.iter().map(|o| &**o));
                let null = |t: &Expr| matches!(t, Expr::Literal(Value::Null));
                results().all(|t| null(t) || self.is_bool(t)) && !results().all(null)
            }
            Expr::Call { name, args } => match name.as_str() {
                "coalesce" => args.iter().all(|a| self.is_bool(a)),
                name => builtin(name).is_some_and(|b| b.returns == ValueType::Bool),
            },
            _ => false,
        }
    }

    /// The condition under which `t` meets the goal.
    pub fn to_nnf(&self, t: &Expr, goal: Goal) -> NormalForm {
        match t {
            Expr::Literal(v) => {
                let truth = super::super::eval::compare::truthy(v, self.env).ok().flatten();
                NormalForm::Const(match goal {
                    Goal::True => truth == Some(true),
                    Goal::False => truth == Some(false),
                    Goal::NotFalse => truth != Some(false),
                    Goal::NotTrue => truth != Some(true),
                })
            }
            Expr::Not(e) => self.to_nnf(e, goal.inverted()),
            Expr::Cast { expr, to: CastType::Bool } => self.to_nnf(expr, goal),
            Expr::And(items) | Expr::Or(items) => {
                let mut each: Vec<NormalForm> = items.iter().map(|e| self.to_nnf(e, goal)).collect();
                if matches!(t, Expr::And(_)) == goal.positive() {
                    return NormalForm::all(each);
                }
                if let Some(changed) = self.as_meant
                    && goal == Goal::NotFalse
                    && as_meant(&mut each)
                {
                    changed.set(true);
                }
                NormalForm::any(each)
            }
            Expr::Is { expr, what, negated } => self.nnf_is(expr, *what, *negated != goal.positive()),
            Expr::Compare { op, left, right } => self.nnf_compare(t, *op, left, right, goal),
            Expr::Same { left, right, same } => self.nnf_same(left, right, *same == goal.positive()),
            Expr::In { expr, list, negated } => self.nnf_in(expr, list, if *negated { goal.inverted() } else { goal }),
            Expr::Quantified { expr, op, array, all } => self.nnf_quantified(t, expr, *op, array, *all, goal),
            Expr::Case { operand, whens, otherwise } => {
                case_split::case(self, operand.as_deref(), whens, otherwise.as_deref(), &|r| self.to_nnf(r, goal))
            }
            Expr::Call { name, args } if name == "coalesce" && !args.is_empty() => {
                let (first, rest) = (&args[0], &args[1..]);
                if rest.is_empty() {
                    return self.to_nnf(first, goal);
                }
                NormalForm::any(vec![
                    NormalForm::all(vec![self.null(first, false), self.to_nnf(first, goal)]),
                    NormalForm::all(vec![
                        self.null(first, true),
                        self.to_nnf(&Expr::call("coalesce", rest.to_vec()), goal),
                    ]),
                ])
            }
            Expr::Column(c) => {
                let bool_type = matches!((self.ty)(c), Some(SqlType::Bool));
                let (op, with) = if bool_type || self.env.dialect == Dialect::Postgres {
                    (Cmp::Eq, Expr::boolean(true))
                } else {
                    (Cmp::Ne, Expr::int(0))
                };
                self.atom(&Expr::compare(op, t.clone(), with), goal)
            }
            Expr::Matches { expr, pattern, .. }
                if case_split::switch(self, expr).is_some() || case_split::switch(self, pattern).is_some() =>
            {
                case_split::atom(self, t, goal)
            }
            // `(length(x) = 3) IS TRUE`, arithmetic in a boolean place (MySQL, SQLite): not zero
            t if !self.is_bool(t) && self.env.dialect != Dialect::Postgres && !matches!(t, Expr::Call { .. }) => {
                self.to_nnf(&Expr::compare(Cmp::Ne, t.clone(), Expr::int(0)), goal)
            }
            t => case_split::atom(self, t, goal),
        }
    }

    /// An atom that cannot be decomposed.
    pub fn atom(&self, t: &Expr, goal: Goal) -> NormalForm {
        let t = &oriented(fold(t, self.env));
        if let Expr::Literal(_) = t {
            return self.to_nnf(t, goal);
        }
        if always_null(t) {
            return NormalForm::Const(matches!(goal, Goal::NotFalse | Goal::NotTrue));
        }
        match goal {
            Goal::True => NormalForm::IsTrue(t.clone()),
            Goal::NotFalse => NormalForm::NotFalse(t.clone()),
            Goal::False => NormalForm::IsTrue(negated(t)),
            Goal::NotTrue => NormalForm::NotFalse(negated(t)),
        }
    }

    fn nnf_is(&self, expr: &Expr, what: Is, holds: bool) -> NormalForm {
        match (what, holds) {
            (Is::Null, holds) => self.null(expr, holds),
            (Is::True, true) => self.to_nnf(expr, Goal::True),
            (Is::True, false) => self.to_nnf(expr, Goal::NotTrue),
            (Is::False, true) => self.to_nnf(expr, Goal::False),
            (Is::False, false) => self.to_nnf(expr, Goal::NotFalse),
        }
    }

    fn nnf_compare(&self, t: &Expr, op: Cmp, left: &Expr, right: &Expr, goal: Goal) -> NormalForm {
        if let (Expr::Row(l), Expr::Row(r)) = (left, right) {
            return match rows(op, l, r) {
                Some(t) => self.to_nnf(&t, goal),
                None => NormalForm::Const(false),
            };
        }
        if let Some(sides) = absolute(op, left, right, self.env).or_else(|| absolute(op.flip(), right, left, self.env))
        {
            return self.to_nnf(&sides, goal);
        }
        let number_bool = |t: &Expr| match t {
            Expr::Literal(Value::Int(i @ (0 | 1))) if self.env.dialect != Dialect::Postgres => {
                Some(Expr::boolean(*i == 1))
            }
            _ => None,
        };
        let plain = |t: &Expr| matches!(t, Expr::Column(_) | Expr::Literal(_));
        // a bare flag against a constant narrows best as a comparison
        let simple = plain(left) && plain(right);
        if matches!(op, Cmp::Eq | Cmp::Ne) && !simple && (self.is_bool(left) || self.is_bool(right)) {
            let l = if self.is_bool(left) { Some(left.clone()) } else { number_bool(left) };
            let r = if self.is_bool(right) { Some(right.clone()) } else { number_bool(right) };
            if let (Some(l), Some(r)) = (l, r) {
                return self.nnf_bool_equality(&l, &r, if op == Cmp::Eq { goal } else { goal.inverted() });
            }
        }
        case_split::atom(self, t, goal)
    }

    /// `l = r` of truth values.
    fn nnf_bool_equality(&self, l: &Expr, r: &Expr, goal: Goal) -> NormalForm {
        use Goal as G;
        let pair = |a, b| NormalForm::all(vec![self.to_nnf(l, a), self.to_nnf(r, b)]);
        match goal {
            G::True => NormalForm::any(vec![pair(G::True, G::True), pair(G::False, G::False)]),
            G::False => NormalForm::any(vec![pair(G::True, G::False), pair(G::False, G::True)]),
            G::NotFalse => NormalForm::any(vec![pair(G::NotFalse, G::NotFalse), pair(G::NotTrue, G::NotTrue)]),
            G::NotTrue => NormalForm::any(vec![pair(G::NotFalse, G::NotTrue), pair(G::NotTrue, G::NotFalse)]),
        }
    }

    fn nnf_same(&self, l: &Expr, r: &Expr, same: bool) -> NormalForm {
        let both = |a, b| NormalForm::all(vec![self.null(l, a), self.null(r, b)]);
        let compared = Expr::compare(if same { Cmp::Eq } else { Cmp::Ne }, l.clone(), r.clone());
        let equal = self.to_nnf(&compared, Goal::True);
        if same {
            NormalForm::any(vec![equal, both(true, true)])
        } else {
            NormalForm::any(vec![equal, both(true, false), both(false, true)])
        }
    }

    fn nnf_in(&self, expr: &Expr, list: &[Expr], goal: Goal) -> NormalForm {
        let folded: Vec<Expr> = list.iter().map(|t| fold(t, self.env)).collect();
        let constants = folded.iter().all(|t| matches!(t, Expr::Literal(_)));
        if !constants || matches!(expr, Expr::Row(_)) {
            let each = folded.into_iter().map(|t| Expr::compare(Cmp::Eq, expr.clone(), t)).collect();
            return self.to_nnf(&Expr::Or(each), goal);
        }
        let has_null = folded.iter().any(|t| matches!(t, Expr::Literal(Value::Null)));
        let list: Vec<Expr> = folded.into_iter().filter(|t| !matches!(t, Expr::Literal(Value::Null))).collect();
        match (goal, has_null) {
            // a NULL in the list makes every miss UNKNOWN
            (Goal::False, true) => return NormalForm::Const(false),
            (Goal::NotFalse, true) => return NormalForm::Const(true),
            _ => {}
        }
        case_split::atom(self, &Expr::In { expr: Box::new(expr.clone()), list: list.into(), negated: false }, goal)
    }

    fn nnf_quantified(&self, t: &Expr, expr: &Expr, op: Cmp, array: &Expr, all: bool, goal: Goal) -> NormalForm {
        let folded = fold(array, self.env);
        let items: Vec<Expr> = match &folded {
            Expr::Literal(Value::Array(items)) => items.iter().cloned().map(Expr::Literal).collect(),
            Expr::Array(items) => items.clone(),
            Expr::Cast { expr, .. } => match &**expr {
                Expr::Array(items) => items.clone(),
                _ => return case_split::atom(self, t, goal),
            },
            _ => return case_split::atom(self, t, goal),
        };
        match (op, all) {
            (Cmp::Eq, false) => self.nnf_in(expr, &items, goal),
            (Cmp::Ne, true) => self.nnf_in(expr, &items, goal.inverted()),
            _ => {
                let each = items.into_iter().map(|i| Expr::compare(op, expr.clone(), i)).collect();
                self.to_nnf(&if all { Expr::And(each) } else { Expr::Or(each) }, goal)
            }
        }
    }

    /// The condition for `t` to be NULL (or not).
    pub fn null(&self, t: &Expr, wanted: bool) -> NormalForm {
        let any_or_all = |items: Vec<NormalForm>| if wanted { NormalForm::any(items) } else { NormalForm::all(items) };
        match t {
            Expr::Literal(v) => NormalForm::Const(v.is_null() == wanted),
            Expr::Interval { .. } => NormalForm::Const(!wanted),
            Expr::Column(_) => NormalForm::IsTrue(t.clone().is_null(!wanted)),
            Expr::Row(fields) => NormalForm::all(fields.iter().map(|f| self.null(f, wanted)).collect()),
            Expr::Is { .. } | Expr::Same { .. } => NormalForm::Const(!wanted),
            Expr::Call { name, args } => match name.as_str() {
                "coalesce" => {
                    let items = args.iter().map(|a| self.null(a, wanted)).collect();
                    if wanted { NormalForm::all(items) } else { NormalForm::any(items) }
                }
                name if builtin(name).is_some_and(|b| b.nulls == NullRule::Never) => NormalForm::Const(!wanted),
                "nullif" if args.len() == 2 => {
                    let equal = Expr::compare(Cmp::Eq, args[0].clone(), args[1].clone());
                    let goal = if wanted { Goal::True } else { Goal::NotTrue };
                    any_or_all(vec![self.null(&args[0], wanted), self.to_nnf(&equal, goal)])
                }
                name if is_strict(name) => any_or_all(args.iter().map(|a| self.null(a, wanted)).collect()),
                _ => NormalForm::IsTrue(t.clone().is_null(!wanted)),
            },
            Expr::Case { operand, whens, otherwise } => {
                case_split::case(self, operand.as_deref(), whens, otherwise.as_deref(), &|r| self.null(r, wanted))
            }
            Expr::Neg(e) | Expr::Cast { expr: e, .. } => self.null(e, wanted),
            Expr::Compare { left, right, .. } => any_or_all(vec![self.null(left, wanted), self.null(right, wanted)]),
            Expr::Matches { expr, pattern, .. } => {
                any_or_all(vec![self.null(expr, wanted), self.null(pattern, wanted)])
            }
            Expr::Arith { op: Arith::Add | Arith::Sub | Arith::Mul | Arith::Concat, left, right } => {
                any_or_all(vec![self.null(left, wanted), self.null(right, wanted)])
            }
            t if self.is_bool(t) && wanted => {
                NormalForm::all(vec![self.to_nnf(t, Goal::NotFalse), self.to_nnf(t, Goal::NotTrue)])
            }
            t if self.is_bool(t) => NormalForm::any(vec![self.to_nnf(t, Goal::True), self.to_nnf(t, Goal::False)]),
            t => NormalForm::IsTrue(t.clone().is_null(!wanted)),
        }
    }

    /// The condition for `f` not to hold.
    pub fn not(&self, f: &NormalForm) -> NormalForm {
        match f {
            NormalForm::Const(b) => NormalForm::Const(!b),
            NormalForm::All(v) => NormalForm::any(v.iter().map(|f| self.not(f)).collect()),
            NormalForm::Any(v) => NormalForm::all(v.iter().map(|f| self.not(f)).collect()),
            NormalForm::IsTrue(Expr::Is { expr, what: Is::Null, negated }) => {
                NormalForm::IsTrue(Expr::Is { expr: expr.clone(), what: Is::Null, negated: !negated })
            }
            NormalForm::IsTrue(t) => NormalForm::NotFalse(negated(t)),
            NormalForm::NotFalse(t) => NormalForm::IsTrue(negated(t)),
        }
    }
}

/// Alternatives of which one has several columns NULL: the others hold with values of these, although NULL in one of
/// them would not make them false. `a IS NULL AND b IS NULL OR a < b` means both or neither. Returns true if that changes one.
fn as_meant(alternatives: &mut [NormalForm]) -> bool {
    let null = |f: &NormalForm| match f {
        NormalForm::IsTrue(Expr::Is { expr, what: Is::Null, negated: false }) => match &**expr {
            Expr::Column(c) => Some(c.clone()),
            _ => None,
        },
        _ => None,
    };
    let absent = alternatives.iter().find_map(|alternative| match alternative {
        NormalForm::All(parts) => parts.iter().map(null).collect::<Option<BTreeSet<String>>>(),
        _ => None,
    });
    let Some(absent) = absent.filter(|columns| columns.len() > 1) else { return false };
    let mut changed = false;
    let mut meant = |f: &mut NormalForm| {
        let NormalForm::NotFalse(t) = &*f else { return };
        let columns = t.columns();
        if !columns.is_empty() && columns.is_subset(&absent) {
            *f = NormalForm::IsTrue(t.clone());
            changed = true;
        }
    };
    for alternative in alternatives {
        match alternative {
            NormalForm::All(parts) => parts.iter_mut().for_each(&mut meant),
            one => meant(one),
        }
    }
    changed
}
