//! Inverses of functions: the part of a column's domain for which `f(column) op constant` holds. The registry names
//! them in its entries.

use super::{calculate, cast, invert, loose, then};
use crate::builtin::builtin;
use crate::eval::Env;
use crate::eval::compare::order;
use crate::expr::{Arith, CastType, Cmp, Expr, MatchKind};
use crate::narrow::{Narrow as _, NarrowTexts as _, Narrowing};
use crate::solver::atom;
use crate::solver::atom::bare;
use crate::solver::terms::fold;
use dbmocker_core::value::Value;
use dbmocker_domain::range_units::units;
use dbmocker_domain::text::{Case, TextKind};
use dbmocker_domain::{Domain, JsonKind, RangeKind};

/// The integers `n` with `n op v`, as bounds.
fn limits(op: Cmp, v: &Value) -> Option<(u32, u32)> {
    let (n, exact) = units(RangeKind::Int, v)?;
    let clip = |n: i128| u32::try_from(n.clamp(0, i128::from(u32::MAX))).unwrap_or(u32::MAX);
    Some(match op {
        Cmp::Eq if exact => (clip(n), clip(n)),
        Cmp::Lt => (0, clip(n - i128::from(exact))),
        Cmp::Le => (0, clip(n)),
        Cmp::Gt => (clip(n + 1), u32::MAX),
        Cmp::Ge => (clip(n + i128::from(!exact)), u32::MAX),
        Cmp::Ne if n == 0 => (1, u32::MAX),
        _ => return None,
    })
    .filter(|_| !(matches!(op, Cmp::Lt) && n <= 0 && exact || matches!(op, Cmp::Le | Cmp::Eq) && n < 0))
}

/// A call with a column in it, and the column's domain.
#[derive(Debug, Clone, Copy)]
pub struct ColumnCall<'a> {
    pub d: &'a Domain,
    pub column: &'a str,
    pub name: &'a str,
    pub args: &'a [Expr],
    pub env: Env,
}

/// The part of the domain for which `call op constant` holds.
pub type Inverse = fn(&ColumnCall<'_>, Cmp, &Value) -> Narrowing;

impl ColumnCall<'_> {
    /// Whether the first argument is the column itself.
    pub fn own(&self) -> bool {
        self.args.first().is_some_and(|first| bare(first, self.column))
    }

    /// The value of an argument that is constant.
    pub fn constant(&self, i: usize) -> Option<Value> {
        match fold(self.args.get(i)?, self.env) {
            Expr::Literal(v) => Some(v),
            _ => None,
        }
    }

    /// `f` of the bounds of a count, if the column itself is counted.
    fn limited(&self, op: Cmp, v: &Value, f: impl Fn(u32, u32) -> Narrowing) -> Narrowing {
        match limits(op, v).filter(|_| self.own()) {
            Some((min, max)) => f(min, max),
            None => Narrowing::Unsupported,
        }
    }
}

/// By the inverse of the function's entry.
pub(super) fn call(d: &Domain, column: &str, name: &str, args: &[Expr], op: Cmp, v: &Value, env: Env) -> Narrowing {
    // `length(btrim(x))`, `lower(btrim(x))`: generated texts are not padded
    if let Some(Expr::Call { name: inner, args: inner_args }) = args.first()
        && matches!(inner.as_str(), "btrim" | "ltrim" | "rtrim" | "lower" | "upper")
        && inner_args.len() == 1
        && matches!(name, "length" | "octet_length" | "btrim" | "ltrim" | "rtrim")
    {
        let stripped = Expr::call(name, vec![inner_args[0].clone()]);
        let kept = invert(d, column, &stripped, op, v, env);
        return if inner.ends_with("trim") { then(kept, trimmed) } else { kept };
    }
    match builtin(name).filter(|b| b.accepts(args.len())).and_then(|b| b.inverse) {
        Some(inverse) => inverse(&ColumnCall { d, column, name, args, env }, op, v),
        None => Narrowing::Unsupported,
    }
}

pub fn length(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    c.limited(op, v, |min, max| c.d.keep_chars(min, max))
}

pub fn octet_length(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    c.limited(op, v, |min, max| c.d.keep_bytes(min, max))
}

pub fn bit_length(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    c.limited(op, v, |min, max| c.d.keep_bytes(min.div_ceil(8), max / 8))
}

pub fn array_length(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    c.limited(op, v, |min, max| c.d.keep_items(min.max(1), max))
}

pub fn cardinality(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    c.limited(op, v, |min, max| c.d.keep_items(min, max))
}

pub fn json_array_length(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    c.limited(op, v, |min, max| match (min, max) {
        (0, 0) => c.d.keep_json(&[JsonKind::EmptyArray]),
        _ => loose(c.d.keep_json(&[JsonKind::Array])),
    })
}

pub fn trim(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    match c.args {
        [_] if c.own() => then(trimmed(c.d), |d| d.keep_compare(op, v, c.env.dialect)),
        _ => Narrowing::Unsupported,
    }
}

pub fn lower(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    cased(c, Case::Lower, op, v)
}

pub fn upper(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    cased(c, Case::Upper, op, v)
}

fn cased(c: &ColumnCall<'_>, case: Case, op: Cmp, v: &Value) -> Narrowing {
    let own = c.own();
    match op {
        _ if !own && !matches!(c.args[0], Expr::Call { .. }) => Narrowing::Unsupported,
        // a value that maps to `v`: `v` itself
        Cmp::Eq => invert(c.d, c.column, &c.args[0], op, v, c.env),
        _ if own => then(c.d.keep_case(case), |d| d.keep_compare(op, v, c.env.dialect)),
        _ => Narrowing::Unsupported,
    }
}

pub fn abs(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    absolute(c.d, c.column, &c.args[0], op, v, c.env)
}

pub fn json_kind(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    if c.own() && c.args.len() == 1 { kind_of_json(c.d, op, v) } else { Narrowing::Unsupported }
}

pub fn type_of(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    if c.own() { typed(c.d, op, v) } else { Narrowing::Unsupported }
}

pub fn date_part(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    match c.args {
        [Expr::Literal(Value::Text(unit)), x] if bare(x, c.column) => match unit.as_str() {
            "year" => year(c.d, op, v, c.env),
            "minute" | "second" if op == Cmp::Eq => clock(c.d, unit, v),
            "epoch" => epoch(c.d, op, v, c.env),
            _ => Narrowing::Unsupported,
        },
        _ => Narrowing::Unsupported,
    }
}

pub fn date(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    match c.args.first() {
        Some(first) if c.own() => cast(c.d, c.column, first, &CastType::Date, op, v, c.env),
        _ => Narrowing::Unsupported,
    }
}

/// `strpos(x, part)`: whether it contains the part.
pub fn strpos(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    let part = match c.constant(1) {
        Some(Value::Text(part)) if c.own() => part,
        _ => return Narrowing::Unsupported,
    };
    match (op, limits(op, v)) {
        (Cmp::Gt | Cmp::Ge | Cmp::Ne, Some((1, _))) => containing(c.d, c.column, &part, false, c.env),
        (Cmp::Eq | Cmp::Lt | Cmp::Le, Some((_, 0))) => containing(c.d, c.column, &part, true, c.env),
        _ => Narrowing::Unsupported,
    }
}

pub fn left(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    if c.own() && op == Cmp::Eq { prefix(c.d, c.args.get(1), v, c.env) } else { Narrowing::Unsupported }
}

pub fn substr(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    match c.constant(1) {
        _ if !c.own() || op != Cmp::Eq => Narrowing::Unsupported,
        Some(Value::Int(1)) => prefix(c.d, c.args.get(2), v, c.env),
        Some(Value::Int(n)) if n > 1 && n < 1000 => {
            let part = regex_syntax::escape(&v.to_string());
            let tail = if c.args.len() == 3 { ".*" } else { "" };
            c.d.keep_pattern(&format!("(?s).{{{}}}{part}{tail}", n - 1))
        }
        _ => Narrowing::Unsupported,
    }
}

pub fn right(c: &ColumnCall<'_>, op: Cmp, v: &Value) -> Narrowing {
    let end = v.to_string();
    match c.constant(1) {
        Some(Value::Int(n)) if c.own() && op == Cmp::Eq && n == end.chars().count() as i128 => c.d.keep_suffix(&end),
        _ => Narrowing::Unsupported,
    }
}

fn kind_of_json(d: &Domain, op: Cmp, v: &Value) -> Narrowing {
    match (op, atom::json_kind(v)) {
        (Cmp::Eq, Some(kind)) => match d {
            Domain::Text(_) => match json_text(kind) {
                Some(pattern) => d.keep_pattern(pattern),
                None => loose(d.keep_kind(TextKind::Json)),
            },
            d => d.keep_json(&[kind]),
        },
        (Cmp::Ne, Some(kind)) => {
            let all = [JsonKind::Object, JsonKind::Array, JsonKind::String, JsonKind::Number];
            let rest: Vec<JsonKind> = all.into_iter().filter(|k| *k != kind).collect();
            d.keep_json(&rest)
        }
        _ => Narrowing::Unsupported,
    }
}

/// Generated texts have no leading or trailing spaces, except perhaps those of a pattern.
pub(in crate::solver) fn trimmed(d: &Domain) -> Narrowing {
    match d {
        Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }) => d.keep_pattern("|[^ ]|[^ ].*[^ ]"),
        Domain::Text(t) if t.prefix.starts_with(' ') || t.suffix.ends_with(' ') => Narrowing::Empty,
        Domain::Text(_) => Narrowing::Exact(d.clone()),
        _ => Narrowing::Unsupported,
    }
}

fn prefix(d: &Domain, len: Option<&Expr>, v: &Value, env: Env) -> Narrowing {
    let text = v.to_string();
    match len.map(|t| fold(t, env)) {
        Some(Expr::Literal(Value::Int(n))) if n == text.chars().count() as i128 => d.keep_prefix(&text),
        Some(Expr::Literal(Value::Int(n))) if n > text.chars().count() as i128 => {
            d.keep_values(&[Value::Text(text)], env.dialect)
        }
        Some(Expr::Literal(Value::Int(_))) => Narrowing::Empty,
        _ => Narrowing::Unsupported,
    }
}

fn containing(d: &Domain, column: &str, p: &str, negated: bool, env: Env) -> Narrowing {
    let like = Expr::Matches {
        expr: Box::new(Expr::column(column)),
        pattern: Box::new(Expr::Literal(Value::Text(format!(
            "*{}*",
            p.replace('[', "[[]").replace('*', "[*]").replace('?', "[?]")
        )))),
        kind: MatchKind::Glob,
        negated,
    };
    atom::narrow(d, column, &like, env, atom::RetryPolicy::Possible)
}

fn absolute(d: &Domain, column: &str, inner: &Expr, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let minus = calculate(Arith::Sub, &Value::Int(0), v, env);
    let Some(minus) = minus else { return Narrowing::Unsupported };
    if order(v, &Value::Int(0), env.dialect).is_some_and(|o| o.is_lt()) {
        // no absolute value is negative
        return if matches!(op, Cmp::Gt | Cmp::Ge | Cmp::Ne) { Narrowing::Exact(d.clone()) } else { Narrowing::Empty };
    }
    match op {
        Cmp::Lt | Cmp::Le => {
            then(invert(d, column, inner, op, v, env), |d| invert(d, column, inner, op.flip(), &minus, env))
        }
        // normal form has split it, unless it is `> 0`
        Cmp::Gt if bare(inner, column) && minus == *v => d.keep_compare(Cmp::Ne, v, env.dialect),
        Cmp::Ge if minus == *v => Narrowing::Exact(d.clone()),
        Cmp::Eq if bare(inner, column) => d.keep_values(&[v.clone(), minus], env.dialect),
        Cmp::Ne if bare(inner, column) => d.drop_values(&[v.clone(), minus], env.dialect),
        _ => Narrowing::Unsupported,
    }
}

/// The format of JSON of a kind in a text column, whose documents are otherwise objects.
fn json_text(kind: JsonKind) -> Option<&'static str> {
    match kind {
        JsonKind::Array => Some(r#"\["[a-z]{3,9}"(, "[a-z]{3,9}"){0,2}\]"#),
        JsonKind::String => Some(r#""[a-z]{3,9}""#),
        JsonKind::Number => Some("[1-9][0-9]{0,3}"),
        _ => None,
    }
}

/// `typeof(x) = 'text'`: known from the values of the domain.
fn typed(d: &Domain, op: Cmp, v: &Value) -> Narrowing {
    let is = match d {
        Domain::Range { kind: RangeKind::Int, .. } => "integer",
        Domain::Range { kind: RangeKind::Decimal { .. }, .. } | Domain::Float { .. } => "real",
        Domain::Bytes { .. } => "blob",
        Domain::Text(_) | Domain::Special(_) | Domain::Range { .. } => "text",
        _ => return Narrowing::Unsupported,
    };
    let equal = v.to_string().eq_ignore_ascii_case(is);
    match op {
        Cmp::Eq | Cmp::Ne if equal == (op == Cmp::Eq) => Narrowing::Exact(d.clone()),
        Cmp::Eq | Cmp::Ne => Narrowing::Empty,
        _ => Narrowing::Unsupported,
    }
}

/// `extract(year from x) op n`.
fn year(d: &Domain, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let Some((n, true)) = units(RangeKind::Int, v) else { return Narrowing::Unsupported };
    let start = |y: i128| {
        i32::try_from(y)
            .ok()
            .filter(|y| (-4000..10_000).contains(y))
            .map(|y| Value::Date(dbmocker_core::time::days(y, 1, 1)))
    };
    let (Some(from), Some(next)) = (start(n), start(n + 1)) else { return Narrowing::Unsupported };
    match op {
        Cmp::Lt => d.keep_compare(Cmp::Lt, &from, env.dialect),
        Cmp::Le => d.keep_compare(Cmp::Lt, &next, env.dialect),
        Cmp::Gt => d.keep_compare(Cmp::Ge, &next, env.dialect),
        Cmp::Ge => d.keep_compare(Cmp::Ge, &from, env.dialect),
        Cmp::Eq => then(d.keep_compare(Cmp::Ge, &from, env.dialect), |d| d.keep_compare(Cmp::Lt, &next, env.dialect)),
        Cmp::Ne => Narrowing::Unsupported,
    }
}

/// `extract(minute from x) = v`, or the second: some of the values: those in which all smaller units are 0.
fn clock(d: &Domain, unit: &str, v: &Value) -> Narrowing {
    let Domain::Range { kind: RangeKind::Timestamp | RangeKind::Time, .. } = d else { return Narrowing::Unsupported };
    let micros: i128 = if unit == "minute" { 60_000_000 } else { 1_000_000 };
    match units(RangeKind::Int, v) {
        Some((n, true)) if (0..60).contains(&n) => d.keep_step(60 * micros, n * micros),
        Some(_) => Narrowing::Empty,
        None => Narrowing::Unsupported,
    }
}

/// `extract(epoch from x) op seconds`.
fn epoch(d: &Domain, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let Some(micros) = units(RangeKind::Decimal { scale: 6 }, v).and_then(|(n, _)| i64::try_from(n).ok()) else {
        return Narrowing::Unsupported;
    };
    let v = match d {
        Domain::Range { kind: RangeKind::Interval, .. } => Value::Interval(micros),
        Domain::Range { kind: RangeKind::Time, .. } => Value::Time(micros),
        _ => Value::Timestamp(micros),
    };
    d.keep_compare(op, &v, env.dialect)
}
