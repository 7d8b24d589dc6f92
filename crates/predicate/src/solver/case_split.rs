//! Case splitting: CASE, COALESCE, NULLIF, GREATEST and truth values used as numbers inside an atom are moved outside
//! as cases.
//!
//! `coalesce(a, 0) > 5` is `(a IS NOT NULL AND a > 5) OR (a IS NULL AND 0 > 5)`; `(a IS NULL)::int + (b IS NULL)::int =
//! 1` and `num_nonnulls(a, b) = 1` count their parts.

use super::super::expr::{Arith, CastType, Cmp, Expr};
use super::normal::{Goal, NormalForm, NormalizeContext};
use super::terms::fold;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

/// More cases than this in one atom are left to the evaluator.
const MAX_SWITCHES: usize = 10;

/// Splits a CASE; `of` is the condition on a result.
pub(super) fn case(
    scope: &NormalizeContext<'_>,
    operand: Option<&Expr>,
    whens: &[(Expr, Expr)],
    otherwise: Option<&Expr>,
    of: &dyn Fn(&Expr) -> NormalForm,
) -> NormalForm {
    let mut cases = vec![];
    let mut before: Vec<NormalForm> = vec![];
    for (when, then) in whens {
        let condition = match operand {
            Some(o) => Expr::compare(Cmp::Eq, o.clone(), when.clone()),
            None => when.clone(),
        };
        let mut parts = before.clone();
        parts.push(scope.to_nnf(&condition, Goal::True));
        parts.push(of(then));
        cases.push(NormalForm::all(parts));
        before.push(scope.to_nnf(&condition, Goal::NotTrue));
    }
    before.push(of(otherwise.unwrap_or(&Expr::Literal(Value::Null))));
    cases.push(NormalForm::all(before));
    NormalForm::any(cases)
}

/// An atom with its goal, with all inner branches moved outside.
pub(super) fn atom(scope: &NormalizeContext<'_>, t: &Expr, goal: Goal) -> NormalForm {
    let t = fold(t, scope.env);
    if let Some(f) = counted(scope, &t, goal) {
        return f;
    }
    let mut switches = 0;
    count_switches(scope, &t, true, &mut switches);
    if switches == 0 || switches > MAX_SWITCHES {
        return if matches!(t, Expr::Column(_) | Expr::Literal(_)) {
            scope.to_nnf(&t, goal)
        } else {
            scope.atom(&t, goal)
        };
    }
    let found = t.children().into_iter().find_map(|c| switch(scope, c));
    let Some(found) = found else { return scope.atom(&t, goal) };
    let found = found.clone();
    let with = |value: &Expr| {
        let replaced = replace(&t, &found, value);
        // a comparison may have become one of truth values or constants
        match &replaced {
            Expr::Compare { .. } | Expr::In { .. } | Expr::Quantified { .. } => {
                scope.to_nnf(&fold(&replaced, scope.env), goal)
            }
            _ => atom(scope, &replaced, goal),
        }
    };
    split(scope, &found, &with)
}

/// The cases of one switch.
fn split(scope: &NormalizeContext<'_>, found: &Expr, with: &dyn Fn(&Expr) -> NormalForm) -> NormalForm {
    match found {
        Expr::Case { operand, whens, otherwise } => case(scope, operand.as_deref(), whens, otherwise.as_deref(), with),
        Expr::Call { name, args } if name == "coalesce" => {
            let (first, rest) = (&args[0], &args[1..]);
            let rest = if rest.len() == 1 { rest[0].clone() } else { Expr::call("coalesce", rest.to_vec()) };
            NormalForm::any(vec![
                NormalForm::all(vec![scope.null(first, false), with(first)]),
                NormalForm::all(vec![scope.null(first, true), with(&rest)]),
            ])
        }
        Expr::Call { name, args } if name == "nullif" => {
            let equal = Expr::compare(Cmp::Eq, args[0].clone(), args[1].clone());
            NormalForm::any(vec![
                NormalForm::all(vec![scope.to_nnf(&equal, Goal::NotTrue), with(&args[0])]),
                NormalForm::all(vec![scope.to_nnf(&equal, Goal::True), with(&Expr::Literal(Value::Null))]),
            ])
        }
        Expr::Call { name, args } if matches!(name.as_str(), "greatest" | "least") && args.len() == 2 => {
            let op = if name == "greatest" { Cmp::Ge } else { Cmp::Le };
            let (a, b) = (&args[0], &args[1]);
            let first = Expr::compare(op, a.clone(), b.clone());
            let mut cases = vec![
                NormalForm::all(vec![scope.to_nnf(&first, Goal::True), with(a)]),
                NormalForm::all(vec![scope.to_nnf(&first, Goal::False), with(b)]),
            ];
            let one_null = |x, y, v: &Expr| NormalForm::all(vec![scope.null(a, x), scope.null(b, y), with(v)]);
            if scope.env.dialect == Dialect::Postgres {
                cases.push(one_null(true, false, b));
                cases.push(one_null(false, true, a));
                cases.push(one_null(true, true, &Expr::Literal(Value::Null)));
            } else {
                let null = NormalForm::any(vec![scope.null(a, true), scope.null(b, true)]);
                cases.push(NormalForm::all(vec![null, with(&Expr::Literal(Value::Null))]));
            }
            NormalForm::any(cases)
        }
        // a truth value used as a number
        t => {
            let inner = match t {
                Expr::Cast { expr, to: CastType::Int } => expr,
                t => t,
            };
            NormalForm::any(vec![
                NormalForm::all(vec![scope.to_nnf(inner, Goal::True), with(&Expr::int(1))]),
                NormalForm::all(vec![scope.to_nnf(inner, Goal::False), with(&Expr::int(0))]),
                NormalForm::all(vec![scope.null(inner, true), with(&Expr::Literal(Value::Null))]),
            ])
        }
    }
}

fn replace(t: &Expr, from: &Expr, to: &Expr) -> Expr {
    if t == from { to.clone() } else { t.map_children(&mut |c| replace(c, from, to)) }
}

fn is_switch(scope: &NormalizeContext<'_>, t: &Expr) -> bool {
    match t {
        Expr::Case { .. } => true,
        Expr::Call { name, args } => match name.as_str() {
            "coalesce" => args.len() > 1,
            "nullif" => args.len() == 2,
            "greatest" | "least" => args.len() == 2,
            _ => false,
        },
        Expr::Cast { expr, to: CastType::Int } => predicate(scope, expr),
        t => scope.env.dialect != Dialect::Postgres && predicate(scope, t),
    }
}

/// A truth value that is computed, not stored.
fn predicate(scope: &NormalizeContext<'_>, t: &Expr) -> bool {
    scope.is_bool(t) && !matches!(t, Expr::Column(_) | Expr::Literal(_))
}

fn count_switches(scope: &NormalizeContext<'_>, t: &Expr, top: bool, n: &mut usize) {
    if !top && is_switch(scope, t) {
        *n += 1;
    }
    t.children().into_iter().for_each(|c| count_switches(scope, c, false, n));
}

/// The outermost switch of a value.
pub(super) fn switch<'t>(scope: &NormalizeContext<'_>, t: &'t Expr) -> Option<&'t Expr> {
    if is_switch(scope, t) { Some(t) } else { t.children().into_iter().find_map(|c| switch(scope, c)) }
}

/// `indicator + indicator + ... op n`, also as `num_nonnulls(...)`: expanded to conditions by counting.
fn counted(scope: &NormalizeContext<'_>, t: &Expr, goal: Goal) -> Option<NormalForm> {
    let Expr::Compare { op, left, right } = t else { return None };
    let (op, sum, n) = match (&**left, &**right) {
        (sum, Expr::Literal(Value::Int(n))) => (*op, sum, *n),
        (Expr::Literal(Value::Int(n)), sum) => (op.flip(), sum, *n),
        _ => return None,
    };
    let mut terms = vec![];
    let mut offset = 0;
    indicators(scope, sum, &mut terms, &mut offset)?;
    if terms.len() < 2 {
        return None;
    }
    let op = if matches!(goal, Goal::False | Goal::NotTrue) { op.negate() } else { op };
    Some(count(&terms, op, n - offset))
}

/// (condition for 1, condition for 0) of each term that is never NULL.
fn indicators(
    scope: &NormalizeContext<'_>,
    t: &Expr,
    terms: &mut Vec<(NormalForm, NormalForm)>,
    offset: &mut i128,
) -> Option<()> {
    match t {
        Expr::Literal(Value::Int(i)) => {
            *offset += i;
            Some(())
        }
        Expr::Arith { op: Arith::Add, left, right } => {
            indicators(scope, left, terms, offset)?;
            indicators(scope, right, terms, offset)
        }
        Expr::Call { name, args } if name == "num_nonnulls" || name == "num_nulls" => {
            let counted_null = name == "num_nulls";
            terms.extend(args.iter().map(|a| (scope.null(a, counted_null), scope.null(a, !counted_null))));
            Some(())
        }
        Expr::Case { operand: None, whens, otherwise: Some(o) } => match (whens.as_slice(), &**o) {
            ([(c, Expr::Literal(Value::Int(1)))], Expr::Literal(Value::Int(0))) => {
                terms.push((scope.to_nnf(c, Goal::True), scope.to_nnf(c, Goal::NotTrue)));
                Some(())
            }
            ([(c, Expr::Literal(Value::Int(0)))], Expr::Literal(Value::Int(1))) => {
                terms.push((scope.to_nnf(c, Goal::NotTrue), scope.to_nnf(c, Goal::True)));
                Some(())
            }
            _ => None,
        },
        Expr::Cast { expr, to: CastType::Int } => truth_term(scope, expr, terms),
        t if scope.env.dialect != Dialect::Postgres => truth_term(scope, t, terms),
        _ => None,
    }
}

fn truth_term(scope: &NormalizeContext<'_>, t: &Expr, terms: &mut Vec<(NormalForm, NormalForm)>) -> Option<()> {
    if !predicate(scope, t) || scope.null(t, true) != NormalForm::Const(false) {
        return None;
    }
    terms.push((scope.to_nnf(t, Goal::True), scope.to_nnf(t, Goal::False)));
    Some(())
}

fn count(terms: &[(NormalForm, NormalForm)], op: Cmp, n: i128) -> NormalForm {
    // how many of the remaining terms may still be 1: all of `0..=len`
    let possible = |k: i128| op.holds(k.cmp(&n));
    let len = terms.len() as i128;
    if (0..=len).all(|k| !possible(k)) {
        return NormalForm::Const(false);
    }
    if (0..=len).all(possible) {
        return NormalForm::Const(true);
    }
    let (one, zero) = &terms[0];
    NormalForm::any(vec![
        NormalForm::all(vec![one.clone(), count(&terms[1..], op, n - 1)]),
        NormalForm::all(vec![zero.clone(), count(&terms[1..], op, n)]),
    ])
}
