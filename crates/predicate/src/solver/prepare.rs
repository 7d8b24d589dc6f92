//! Prepares checks: parses them, resolves names to the table's columns, inlines generated columns, and verifies that
//! all functions are supported.

use super::terms::fold;
use super::{ColumnInput, NamedCheck, UnsolvedCheck, ValueSource};
use crate::builtin::builtin;
use crate::composite_fields::numbered;
use crate::eval::matching::of_kind;
use crate::eval::{Env, EvalError, NoRow};
use crate::expr::{Cmp, Expr};
use crate::parse::{ParseError, parse};
use dbmocker_core::schema::{Dialect, SqlType};
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, Special};

/// Generated columns may refer to generated columns.
const MAX_INLINING: usize = 8;

pub(super) struct PreparedChecks {
    pub tree: Expr,
    /// Index of the check.
    pub check: usize,
}

pub(super) fn prepare(
    columns: &[ColumnInput],
    checks: &[NamedCheck],
    env: Env,
    unsolved: &mut Vec<UnsolvedCheck>,
) -> Vec<PreparedChecks> {
    let mut out = vec![];
    for (check, c) in checks.iter().enumerate() {
        match ready(columns, c, env) {
            Ok(tree) => out.push(PreparedChecks { tree, check }),
            Err(_) if c.soft => {}
            Err(e) => {
                unsolved.push(UnsolvedCheck { check: c.name.clone(), text: c.text.clone(), why: e.to_string() });
            }
        }
    }
    out
}

/// Why a check cannot be solved.
#[derive(Debug, thiserror::Error)]
enum Unprepared {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error("generated column `{column}`: {error}")]
    Generated { column: String, error: ParseError },
    #[error("the generated column `{0}` nests too deep")]
    TooDeep(String),
    #[error(transparent)]
    Unknown(#[from] EvalError),
}

fn ready(columns: &[ColumnInput], check: &NamedCheck, env: Env) -> Result<Expr, Unprepared> {
    let tree = check.tree(env.dialect)?;
    let ty = |name: &str| columns.iter().find(|c| c.name == name).map(|c| c.ty.clone());
    let mut tree = numbered(&resolve(&tree, columns, env.dialect)?, &ty);
    for round in 0.. {
        let generated = tree.columns().into_iter().find_map(|n| {
            columns.iter().find(|c| c.name == n).and_then(|c| match &c.role {
                ValueSource::Generated { expr } => Some((n, expr)),
                _ => None,
            })
        });
        let Some((name, expr)) = generated else { break };
        if round >= MAX_INLINING {
            return Err(Unprepared::TooDeep(name));
        }
        let inner = parse(expr, env.dialect).map_err(|error| Unprepared::Generated { column: name.clone(), error })?;
        let inner = resolve(&inner, columns, env.dialect)?;
        tree = tree.substitute(&|c| (c == name).then(|| inner.clone()));
    }
    known(&tree)?;
    understood(&tree, env)?;
    Ok(fold(&plain(&padded(&tree, columns, env.dialect), columns), env))
}

/// Column names as declared. SQLite reads `"text"` as a string literal if there is no such column.
fn resolve(t: &Expr, columns: &[ColumnInput], dialect: Dialect) -> Result<Expr, EvalError> {
    let mut missing = None;
    let find = |name: &str| {
        let exact = columns.iter().find(|c| c.name == name);
        exact.or_else(|| columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)))
    };
    for name in t.columns() {
        let rowid = ["rowid", "oid", "_rowid_"].iter().any(|r| name.eq_ignore_ascii_case(r));
        if find(&name).is_none() && (dialect != Dialect::Sqlite || rowid) {
            missing = Some(name);
        }
    }
    if let Some(name) = missing {
        return Err(EvalError::UnknownColumn(name));
    }
    Ok(t.substitute(&|name| {
        Some(match find(name) {
            Some(c) => Expr::column(&c.name),
            None => Expr::Literal(Value::text(name)),
        })
    }))
}

fn known(t: &Expr) -> Result<(), EvalError> {
    match unknown_function(t) {
        Some(name) => Err(EvalError::UnknownFunction(name.to_owned())),
        None => Ok(()),
    }
}

/// Checks that constant patterns can be evaluated: where one cannot, no row would pass.
fn understood(t: &Expr, env: Env) -> Result<(), EvalError> {
    if let Expr::Matches { pattern, kind, .. } = t
        && let Ok(Value::Text(pattern)) = pattern.value(&NoRow, env)
    {
        of_kind(&pattern, *kind, env)?;
    }
    t.children().into_iter().try_for_each(|child| understood(child, env))
}

/// The first function called that cannot be evaluated here.
pub fn unknown_function(t: &Expr) -> Option<&str> {
    match t {
        Expr::Call { name, args } if !builtin(name).is_some_and(|b| b.accepts(args.len())) => Some(name),
        _ => t.children().into_iter().find_map(unknown_function),
    }
}

/// PostgreSQL matches patterns with a `char(n)` column's blanks, and generated texts have none: so the text must have
/// the column's full length.
fn padded(t: &Expr, columns: &[ColumnInput], dialect: Dialect) -> Expr {
    let t = t.map_children(&mut |c| padded(c, columns, dialect));
    let Expr::Matches { expr, negated: false, .. } = &t else { return t };
    let Expr::Column(name) = &**expr else { return t };
    match columns.iter().find(|c| c.name == *name).map(|c| &c.ty) {
        Some(SqlType::Text { max_chars: Some(n), fixed: true, .. }) if dialect == Dialect::Postgres => {
            let length = Expr::call("length", vec![(**expr).clone()]);
            Expr::And(vec![Expr::compare(Cmp::Eq, length, Expr::int(i128::from(*n))), t.clone()])
        }
        _ => t,
    }
}

/// Removes casts of columns to their own type; distinguishes functions of ranges from those of texts.
fn plain(t: &Expr, columns: &[ColumnInput]) -> Expr {
    let t = t.map_children(&mut |c| plain(c, columns));
    let column = |t: &Expr| match t {
        Expr::Column(n) => columns.iter().find(|c| c.name == *n),
        _ => None,
    };
    match &t {
        Expr::Cast { expr, to } => {
            use crate::expr::CastType as C;
            let Some(c) = column(expr) else { return t };
            let same = match (to, &c.ty) {
                (C::Text { max_chars: None }, SqlType::Text { .. } | SqlType::Name) => true,
                (C::Text { max_chars: None }, SqlType::Enum { .. }) => true,
                (C::Int, SqlType::Int { .. }) | (C::Date, SqlType::Date) | (C::Bool, SqlType::Bool) => true,
                (C::Timestamp, SqlType::Timestamp { .. }) | (C::Float, SqlType::Float { .. }) => true,
                (C::Other(name), SqlType::Text { .. }) => name == "citext",
                _ => false,
            };
            if same { (**expr).clone() } else { t }
        }
        Expr::Call { name, args } if matches!(name.as_str(), "lower" | "upper") && args.len() == 1 => {
            let is_range = column(&args[0]).is_some_and(|c| {
                matches!(c.ty, SqlType::Range { .. })
                    || matches!(c.domain, Some(Domain::Special(Special::RangeOf { .. })))
            });
            if is_range { Expr::call(format!("range_{name}"), args.clone()) } else { t }
        }
        _ => t,
    }
}
