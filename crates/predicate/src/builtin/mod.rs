//! The registry of the servers' functions: one entry is all that is known about a function.
//!
//! Parsing takes the names from it (operators and calls that are rewritten are in `convert_call.rs`), evaluation the rule for NULL and the value, normalisation the type and the rule for
//! NULL, the solver the inverse, and the differential tests the names, the dialects and the types of the arguments. A
//! new function is an entry in the table of its subject.

mod array;
mod conditional;
mod datetime;
mod json;
mod network;
mod number;
pub mod range;
mod span;
mod text;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::eval::number::{Num, num};
use crate::eval::{Env, Eval, EvalError, Row, cast};
use crate::expr::{CastType, Expr};
use crate::solver::{Inverse, Unchanged};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

/// Every entry, by subject.
const TABLES: &[&[Builtin]] = &[
    array::FUNCTIONS,
    conditional::FUNCTIONS,
    datetime::FUNCTIONS,
    json::FUNCTIONS,
    network::FUNCTIONS,
    number::FUNCTIONS,
    range::FUNCTIONS,
    span::FUNCTIONS,
    text::FUNCTIONS,
];

/// The dialects that have a function under a name.
pub type Dialects = &'static [Dialect];

const POSTGRES: Dialects = &[Dialect::Postgres];
const MYSQL: Dialects = &[Dialect::Mysql];
const SQLITE: Dialects = &[Dialect::Sqlite];
const NOT_POSTGRES: Dialects = &[Dialect::Mysql, Dialect::Sqlite];
const NOT_MYSQL: Dialects = &[Dialect::Postgres, Dialect::Sqlite];
const NOT_SQLITE: Dialects = &[Dialect::Postgres, Dialect::Mysql];
const ALL: Dialects = &[Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

/// A function of the servers.
#[derive(Debug, Clone, Copy)]
pub struct Builtin {
    /// Its name in [`Expr::Call`].
    pub name: &'static str,
    /// Its names on the servers; empty if only an operator or a special syntax is parsed as its call.
    pub spellings: &'static [(&'static str, Dialects)],
    /// The types of its arguments.
    pub takes: &'static [ValueType],
    /// How many of its last arguments may be left out.
    pub optional: usize,
    /// Whether its last argument may be repeated.
    pub variadic: bool,
    /// The type of its value.
    pub returns: ValueType,
    /// What it makes of NULL.
    pub nulls: NullRule,
    pub(crate) evaluate: Evaluate,
    /// Solves `f(column) op constant`.
    pub(crate) inverse: Option<Inverse>,
    /// Solves `column = f(column)`.
    pub(crate) unchanged: Option<Unchanged>,
}

/// The type of an argument or a result, as far as rules and tests distinguish types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// The type of the first argument, or any type.
    Any,
    Bool,
    Int,
    Number,
    Text,
    Date,
    Time,
    /// A date, or a date with a time of day.
    Timestamp,
    Interval,
    /// The name of a unit of time, as a text constant.
    Unit,
    /// An address, perhaps with a prefix length.
    Network,
    Json,
    /// A path in a JSON document, as a text constant.
    Path,
    /// A format of a date, as a text constant.
    Format,
    /// A modifier of SQLite's date functions, as a text constant.
    Modifier,
    Array,
    Range,
    /// A regular expression, as a text constant.
    Pattern,
}

/// What a function makes of NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullRule {
    /// NULL if, and only if, an argument is.
    Strict,
    /// NULL if an argument is, and for some other arguments too.
    Propagates,
    /// Never NULL; it is evaluated with arguments that are.
    Never,
    /// It is evaluated with arguments that are NULL.
    Own,
}

/// How the value is found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Evaluate {
    /// From the values of all arguments.
    Values(fn(&Args<'_>) -> Eval),
    /// From the expressions, some of which may stay without a value.
    Lazy(fn(&[Expr], &dyn Row, Env) -> Eval),
}

impl Builtin {
    const fn new(
        name: &'static str,
        takes: &'static [ValueType],
        returns: ValueType,
        nulls: NullRule,
        f: fn(&Args<'_>) -> Eval,
    ) -> Builtin {
        Builtin {
            name,
            spellings: &[],
            takes,
            optional: 0,
            variadic: false,
            returns,
            nulls,
            evaluate: Evaluate::Values(f),
            inverse: None,
            unchanged: None,
        }
    }

    const fn strict(
        name: &'static str,
        takes: &'static [ValueType],
        returns: ValueType,
        f: fn(&Args<'_>) -> Eval,
    ) -> Builtin {
        Builtin::new(name, takes, returns, NullRule::Strict, f)
    }

    const fn propagates(
        name: &'static str,
        takes: &'static [ValueType],
        returns: ValueType,
        f: fn(&Args<'_>) -> Eval,
    ) -> Builtin {
        Builtin::new(name, takes, returns, NullRule::Propagates, f)
    }

    const fn spelled(mut self, spellings: &'static [(&'static str, Dialects)]) -> Builtin {
        self.spellings = spellings;
        self
    }

    const fn optional(mut self, n: usize) -> Builtin {
        self.optional = n;
        self
    }

    const fn variadic(mut self) -> Builtin {
        self.variadic = true;
        self
    }

    const fn lazy(mut self, f: fn(&[Expr], &dyn Row, Env) -> Eval) -> Builtin {
        self.evaluate = Evaluate::Lazy(f);
        self
    }

    const fn inverse(mut self, f: Inverse) -> Builtin {
        self.inverse = Some(f);
        self
    }

    const fn unchanged(mut self, f: Unchanged) -> Builtin {
        self.unchanged = Some(f);
        self
    }

    /// Whether it can be called with `n` arguments.
    pub fn accepts(&self, n: usize) -> bool {
        n + self.optional >= self.takes.len() && (self.variadic || n <= self.takes.len())
    }

    /// The value of a call.
    pub(crate) fn call(&self, args: &[Expr], row: &dyn Row, env: Env) -> Eval {
        if !self.accepts(args.len()) {
            return Err(unknown(self.name));
        }
        match self.evaluate {
            Evaluate::Lazy(f) => f(args, row, env),
            Evaluate::Values(f) => {
                let values = args.iter().map(|a| a.value(row, env)).collect::<Result<Vec<_>, _>>()?;
                let strict = matches!(self.nulls, NullRule::Strict | NullRule::Propagates);
                if strict && values.iter().any(Value::is_null) {
                    return Ok(Value::Null);
                }
                f(&Args { name: self.name, values: &values, env })
            }
        }
    }
}

/// The entry of a name in [`Expr::Call`].
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    static BY_NAME: LazyLock<HashMap<&str, &Builtin>> = LazyLock::new(|| builtins().map(|b| (b.name, b)).collect());
    BY_NAME.get(name).copied()
}

/// The name in [`Expr::Call`] of a function that `dialect` calls `spelling`; `None` if there is none.
pub(crate) fn canonical_name(spelling: &str, dialect: Dialect) -> Option<&'static str> {
    static BY_SPELLING: LazyLock<HashMap<(&str, Dialect), &str>> = LazyLock::new(|| {
        let spelled = |b: &'static Builtin| b.spellings.iter().map(move |(s, dialects)| (*s, *dialects, b.name));
        let each = |(s, dialects, name): (_, Dialects, _)| dialects.iter().map(move |d| ((s, *d), name));
        builtins().flat_map(spelled).flat_map(each).collect()
    });
    BY_SPELLING.get(&(spelling, dialect)).copied()
}

/// Functions that are parsed as operators or other syntax (`convert_call.rs`), and the dialects that have them.
const REWRITTEN: &[(&str, Dialects)] = &[
    ("adddate", MYSQL),
    ("clock_timestamp", POSTGRES),
    ("current_date", ALL),
    ("current_time", ALL),
    ("current_timestamp", ALL),
    ("date_add", NOT_SQLITE),
    ("date_sub", MYSQL),
    ("day", MYSQL),
    ("dayofmonth", MYSQL),
    ("dayofyear", MYSQL),
    ("extract", NOT_SQLITE),
    ("glob", SQLITE),
    ("hour", MYSQL),
    ("if", NOT_POSTGRES),
    ("iif", SQLITE),
    ("json_exists", NOT_SQLITE),
    ("localtime", NOT_SQLITE),
    ("localtimestamp", NOT_SQLITE),
    ("locate", MYSQL),
    ("microsecond", MYSQL),
    ("minute", MYSQL),
    ("mod", ALL),
    ("month", MYSQL),
    ("now", NOT_SQLITE),
    ("position", NOT_SQLITE),
    ("pow", ALL),
    ("power", ALL),
    ("quarter", MYSQL),
    ("regexp", SQLITE),
    ("regexp_like", NOT_SQLITE),
    ("second", MYSQL),
    ("statement_timestamp", POSTGRES),
    ("subdate", MYSQL),
    ("sysdate", MYSQL),
    ("textregexeq", POSTGRES),
    ("transaction_timestamp", POSTGRES),
    ("utc_timestamp", MYSQL),
    ("week", MYSQL),
    ("year", MYSQL),
];

/// The dialects that have a function of this name, if `dialect` is none of them; `None` for names that are not known at
/// all.
pub(crate) fn only_elsewhere(name: &str, dialect: Dialect) -> Option<Vec<Dialect>> {
    let here = |dialects: &Dialects| dialects.contains(&dialect);
    let spelled = |(s, dialects): &(&str, Dialects)| (*s == name).then_some(*dialects);
    let mut known: Vec<Dialects> = builtins().flat_map(|b| b.spellings).chain(REWRITTEN).filter_map(spelled).collect();
    if known.is_empty() {
        // The registry's own name of a function.
        known = builtin(name).into_iter().flat_map(|b| b.spellings).map(|(_, dialects)| *dialects).collect();
    }
    if known.iter().any(here) {
        return None;
    }
    let listed = |d: &Dialect| known.iter().any(|dialects| dialects.contains(d));
    (!known.is_empty()).then(|| ALL.iter().copied().filter(|d| *d != dialect && listed(d)).collect())
}

/// Every entry.
pub fn builtins() -> impl Iterator<Item = &'static Builtin> {
    TABLES.iter().flat_map(|table| *table)
}

/// Whether the call of `name` is NULL if, and only if, an argument is.
pub(crate) fn is_strict(name: &str) -> bool {
    builtin(name).is_some_and(|b| b.nulls == NullRule::Strict)
}

/// Whether the call of `name` is NULL if an argument is.
pub(crate) fn propagates_null(name: &str) -> bool {
    builtin(name).is_some_and(|b| matches!(b.nulls, NullRule::Strict | NullRule::Propagates))
}

fn unknown(name: &str) -> EvalError {
    EvalError::UnknownFunction(name.to_owned())
}

/// The values of a call's arguments, as many as the entry takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Args<'a> {
    name: &'static str,
    values: &'a [Value],
    env: Env,
}

impl Args<'_> {
    fn is(&self, dialect: Dialect) -> bool {
        self.env.dialect == dialect
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    /// The text that the server makes of an argument; empty if it is left out.
    fn text(&self, i: usize) -> String {
        self.values.get(i).map(|v| cast::text(v, self.env)).unwrap_or_default()
    }

    /// A whole number; 0 if it is left out.
    fn int(&self, i: usize) -> Result<i64, EvalError> {
        let Some(v) = self.values.get(i) else { return Ok(0) };
        match cast::cast(v.clone(), &CastType::Int, self.env)? {
            Value::Int(i) => i64::try_from(i).map_err(|_| EvalError::Overflow),
            v => Err(crate::eval::type_error("the whole number", &v)),
        }
    }

    /// A number; 0 if it is left out.
    fn num(&self, i: usize) -> Result<Num, EvalError> {
        self.values.get(i).map_or(Ok(Num::int(0)), |v| num(v, self.env))
    }

    /// The error of arguments for which the function has no value here.
    fn error(&self) -> EvalError {
        match self.values.first() {
            Some(v) => crate::eval::type_error(self.name, v),
            None => unknown(self.name),
        }
    }
}

fn count(n: usize) -> Value {
    Value::Int(n as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_spellings_belong_to_one_entry() {
        let mut seen = std::collections::HashSet::new();
        for b in builtins() {
            assert!(seen.insert((b.name, None)), "two entries are called {}", b.name);
        }
        for b in builtins() {
            for (spelling, dialects) in b.spellings {
                for d in *dialects {
                    assert!(seen.insert((spelling, Some(*d))), "{spelling} is two functions of {d:?}");
                    assert_eq!(canonical_name(spelling, *d), Some(b.name));
                }
            }
            assert!(b.optional <= b.takes.len(), "{}", b.name);
        }
    }
}
