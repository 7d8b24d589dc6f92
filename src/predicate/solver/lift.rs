//! Lifting: CASE, COALESCE, NULLIF, GREATEST and truth values used as numbers, inside an atom, become cases outside it.
//!
//! `coalesce(a, 0) > 5` is `(a IS NOT NULL AND a > 5) OR (a IS NULL AND 0 > 5)`; `(a IS NULL)::int + (b IS NULL)::int =
//! 1` and `num_nonnulls(a, b) = 1` count their parts.

use super::super::tree::{Arith, CastType, Cmp, Tree};
use super::normal::{Formula, Goal, Scope};
use super::terms::fold;
use crate::schema::Dialect;
use crate::value::Value;

/// More cases than this in one atom are left to the evaluator.
const MAX_SWITCHES: usize = 10;

/// CASE taken apart; `of` is the condition wanted of a result.
pub(super) fn case(
    scope: &Scope<'_>,
    operand: Option<&Tree>,
    whens: &[(Tree, Tree)],
    otherwise: Option<&Tree>,
    of: &dyn Fn(&Tree) -> Formula,
) -> Formula {
    let mut cases = vec![];
    let mut before: Vec<Formula> = vec![];
    for (when, then) in whens {
        let condition = match operand {
            Some(o) => Tree::compare(Cmp::Eq, o.clone(), when.clone()),
            None => when.clone(),
        };
        let mut parts = before.clone();
        parts.push(scope.want(&condition, Goal::True));
        parts.push(of(then));
        cases.push(Formula::all(parts));
        before.push(scope.want(&condition, Goal::NotTrue));
    }
    before.push(of(otherwise.unwrap_or(&Tree::Literal(Value::Null))));
    cases.push(Formula::all(before));
    Formula::any(cases)
}

/// An atom as wanted, with everything that branches inside it taken out.
pub(super) fn atom(scope: &Scope<'_>, t: &Tree, goal: Goal) -> Formula {
    let t = fold(t, scope.env);
    if let Some(f) = counted(scope, &t, goal) {
        return f;
    }
    let mut switches = 0;
    count_switches(scope, &t, true, &mut switches);
    if switches == 0 || switches > MAX_SWITCHES {
        return if matches!(t, Tree::Column(_) | Tree::Literal(_)) {
            scope.want(&t, goal)
        } else {
            scope.atom(&t, goal)
        };
    }
    let found = t.children().into_iter().find_map(|c| switch(scope, c));
    let Some(found) = found else { return scope.atom(&t, goal) };
    let found = found.clone();
    let with = |value: &Tree| {
        let replaced = replace(&t, &found, value);
        // a comparison may have become one of truth values or constants
        match &replaced {
            Tree::Compare { .. } | Tree::In { .. } | Tree::Quantified { .. } => {
                scope.want(&fold(&replaced, scope.env), goal)
            }
            _ => atom(scope, &replaced, goal),
        }
    };
    split(scope, &found, &with)
}

/// The cases of one switch.
fn split(scope: &Scope<'_>, found: &Tree, with: &dyn Fn(&Tree) -> Formula) -> Formula {
    match found {
        Tree::Case { operand, whens, otherwise } => case(scope, operand.as_deref(), whens, otherwise.as_deref(), with),
        Tree::Call { name, args } if name == "coalesce" => {
            let (first, rest) = (&args[0], &args[1..]);
            let rest = if rest.len() == 1 { rest[0].clone() } else { Tree::call("coalesce", rest.to_vec()) };
            Formula::any(vec![
                Formula::all(vec![scope.null(first, false), with(first)]),
                Formula::all(vec![scope.null(first, true), with(&rest)]),
            ])
        }
        Tree::Call { name, args } if name == "nullif" => {
            let equal = Tree::compare(Cmp::Eq, args[0].clone(), args[1].clone());
            Formula::any(vec![
                Formula::all(vec![scope.want(&equal, Goal::NotTrue), with(&args[0])]),
                Formula::all(vec![scope.want(&equal, Goal::True), with(&Tree::Literal(Value::Null))]),
            ])
        }
        Tree::Call { name, args } if matches!(name.as_str(), "greatest" | "least") && args.len() == 2 => {
            let op = if name == "greatest" { Cmp::Ge } else { Cmp::Le };
            let (a, b) = (&args[0], &args[1]);
            let first = Tree::compare(op, a.clone(), b.clone());
            let mut cases = vec![
                Formula::all(vec![scope.want(&first, Goal::True), with(a)]),
                Formula::all(vec![scope.want(&first, Goal::False), with(b)]),
            ];
            let one_null = |x, y, v: &Tree| Formula::all(vec![scope.null(a, x), scope.null(b, y), with(v)]);
            if scope.env.dialect == Dialect::Postgres {
                cases.push(one_null(true, false, b));
                cases.push(one_null(false, true, a));
                cases.push(one_null(true, true, &Tree::Literal(Value::Null)));
            } else {
                let null = Formula::any(vec![scope.null(a, true), scope.null(b, true)]);
                cases.push(Formula::all(vec![null, with(&Tree::Literal(Value::Null))]));
            }
            Formula::any(cases)
        }
        // a truth value in the place of a number
        t => {
            let inner = match t {
                Tree::Cast { expr, to: CastType::Int } => expr,
                t => t,
            };
            Formula::any(vec![
                Formula::all(vec![scope.want(inner, Goal::True), with(&Tree::int(1))]),
                Formula::all(vec![scope.want(inner, Goal::False), with(&Tree::int(0))]),
                Formula::all(vec![scope.null(inner, true), with(&Tree::Literal(Value::Null))]),
            ])
        }
    }
}

fn replace(t: &Tree, from: &Tree, to: &Tree) -> Tree {
    if t == from { to.clone() } else { t.map_children(&mut |c| replace(c, from, to)) }
}

fn is_switch(scope: &Scope<'_>, t: &Tree) -> bool {
    match t {
        Tree::Case { .. } => true,
        Tree::Call { name, args } => match name.as_str() {
            "coalesce" => args.len() > 1,
            "nullif" => args.len() == 2,
            "greatest" | "least" => args.len() == 2,
            _ => false,
        },
        Tree::Cast { expr, to: CastType::Int } => predicate(scope, expr),
        t => scope.env.dialect != Dialect::Postgres && predicate(scope, t),
    }
}

/// A truth value that is made, not stored.
fn predicate(scope: &Scope<'_>, t: &Tree) -> bool {
    scope.is_bool(t) && !matches!(t, Tree::Column(_) | Tree::Literal(_))
}

fn count_switches(scope: &Scope<'_>, t: &Tree, top: bool, n: &mut usize) {
    if !top && is_switch(scope, t) {
        *n += 1;
    }
    t.children().into_iter().for_each(|c| count_switches(scope, c, false, n));
}

/// The outermost switch of a value.
pub(super) fn switch<'t>(scope: &Scope<'_>, t: &'t Tree) -> Option<&'t Tree> {
    if is_switch(scope, t) { Some(t) } else { t.children().into_iter().find_map(|c| switch(scope, c)) }
}

/// `indicator + indicator + ... op n`, also as `num_nonnulls(...)`: the condition counted out.
fn counted(scope: &Scope<'_>, t: &Tree, goal: Goal) -> Option<Formula> {
    let Tree::Compare { op, left, right } = t else { return None };
    let (op, sum, n) = match (&**left, &**right) {
        (sum, Tree::Literal(Value::Int(n))) => (*op, sum, *n),
        (Tree::Literal(Value::Int(n)), sum) => (op.flip(), sum, *n),
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
fn indicators(scope: &Scope<'_>, t: &Tree, terms: &mut Vec<(Formula, Formula)>, offset: &mut i128) -> Option<()> {
    match t {
        Tree::Literal(Value::Int(i)) => {
            *offset += i;
            Some(())
        }
        Tree::Arith { op: Arith::Add, left, right } => {
            indicators(scope, left, terms, offset)?;
            indicators(scope, right, terms, offset)
        }
        Tree::Call { name, args } if name == "num_nonnulls" || name == "num_nulls" => {
            let counted_null = name == "num_nulls";
            terms.extend(args.iter().map(|a| (scope.null(a, counted_null), scope.null(a, !counted_null))));
            Some(())
        }
        Tree::Case { operand: None, whens, otherwise: Some(o) } => match (whens.as_slice(), &**o) {
            ([(c, Tree::Literal(Value::Int(1)))], Tree::Literal(Value::Int(0))) => {
                terms.push((scope.want(c, Goal::True), scope.want(c, Goal::NotTrue)));
                Some(())
            }
            ([(c, Tree::Literal(Value::Int(0)))], Tree::Literal(Value::Int(1))) => {
                terms.push((scope.want(c, Goal::NotTrue), scope.want(c, Goal::True)));
                Some(())
            }
            _ => None,
        },
        Tree::Cast { expr, to: CastType::Int } => truth_term(scope, expr, terms),
        t if scope.env.dialect != Dialect::Postgres => truth_term(scope, t, terms),
        _ => None,
    }
}

fn truth_term(scope: &Scope<'_>, t: &Tree, terms: &mut Vec<(Formula, Formula)>) -> Option<()> {
    if !predicate(scope, t) || scope.null(t, true) != Formula::Const(false) {
        return None;
    }
    terms.push((scope.want(t, Goal::True), scope.want(t, Goal::False)));
    Some(())
}

fn count(terms: &[(Formula, Formula)], op: Cmp, n: i128) -> Formula {
    // how many of the remaining terms may still be 1: all of `0..=len`
    let possible = |k: i128| op.holds(k.cmp(&n));
    let len = terms.len() as i128;
    if (0..=len).all(|k| !possible(k)) {
        return Formula::Const(false);
    }
    if (0..=len).all(possible) {
        return Formula::Const(true);
    }
    let (one, zero) = &terms[0];
    Formula::any(vec![
        Formula::all(vec![one.clone(), count(&terms[1..], op, n - 1)]),
        Formula::all(vec![zero.clone(), count(&terms[1..], op, n)]),
    ])
}
