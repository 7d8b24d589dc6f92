//! Functions of texts.

use super::ValueType::{Any, Bool, Int, Pattern, Text};
use super::{ALL, Args, Builtin, MYSQL, NOT_MYSQL, NOT_POSTGRES, NOT_SQLITE, NullRule, POSTGRES, SQLITE, count};
use crate::eval::compare::compare;
use crate::eval::matching::{compile, of_kind, search_regex};
use crate::eval::{Env, Eval, EvalError, cast};
use crate::expr::MatchKind;
use crate::solver::{inverses, unchanged};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

#[rustfmt::skip] // one entry, one paragraph
pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::strict("lower", &[Text], Text, |a| Ok(Value::Text(cased(&a.text(0), false, a.env))))
        .spelled(&[("lower", ALL), ("lcase", MYSQL)])
        .inverse(inverses::lower).unchanged(unchanged::lower),
    Builtin::strict("upper", &[Text], Text, |a| Ok(Value::Text(cased(&a.text(0), true, a.env))))
        .spelled(&[("upper", ALL), ("ucase", MYSQL)])
        .inverse(inverses::upper).unchanged(unchanged::upper),
    Builtin::strict("initcap", &[Text], Text, |a| Ok(Value::Text(initcap(&a.text(0)))))
        .spelled(&[("initcap", POSTGRES)])
        .unchanged(unchanged::initcap),
    Builtin::strict("length", &[Text], Int, |a| Ok(length(a, |t| t.chars().count())))
        .spelled(&[("length", NOT_MYSQL), ("char_length", NOT_SQLITE), ("character_length", NOT_SQLITE)])
        .inverse(inverses::length),
    Builtin::strict("octet_length", &[Text], Int, |a| Ok(length(a, str::len)))
        .spelled(&[("octet_length", ALL), ("length", MYSQL), ("lengthb", MYSQL)])
        .inverse(inverses::octet_length),
    Builtin::strict("bit_length", &[Text], Int, bit_length)
        .spelled(&[("bit_length", NOT_SQLITE)])
        .inverse(inverses::bit_length),
    Builtin::strict("btrim", &[Text, Text], Text, |a| Ok(trim(a, |t, cut| t.trim_matches(cut))))
        .optional(1).spelled(&[("btrim", POSTGRES), ("trim", ALL)])
        .inverse(inverses::trim).unchanged(unchanged::trim),
    Builtin::strict("ltrim", &[Text, Text], Text, |a| Ok(trim(a, |t, cut| t.trim_start_matches(cut))))
        .optional(1).spelled(&[("ltrim", ALL)])
        .inverse(inverses::trim).unchanged(unchanged::trim),
    Builtin::strict("rtrim", &[Text, Text], Text, |a| Ok(trim(a, |t, cut| t.trim_end_matches(cut))))
        .optional(1).spelled(&[("rtrim", ALL)])
        .inverse(inverses::trim).unchanged(unchanged::trim),
    Builtin::strict("substr", &[Text, Int, Int], Text, substr_of)
        .optional(1).spelled(&[("substr", ALL), ("substring", ALL), ("mid", MYSQL)])
        .inverse(inverses::substr),
    Builtin::strict("left", &[Text, Int], Text, left)
        .spelled(&[("left", NOT_SQLITE)])
        .inverse(inverses::left),
    Builtin::strict("right", &[Text, Int], Text, right)
        .spelled(&[("right", NOT_SQLITE)])
        .inverse(inverses::right),
    Builtin::strict("strpos", &[Text, Text], Int, strpos)
        .spelled(&[("strpos", POSTGRES), ("instr", NOT_POSTGRES)])
        .inverse(inverses::strpos),
    Builtin::strict("replace", &[Text, Text, Text], Text, replace)
        .spelled(&[("replace", ALL)]),
    Builtin::strict("reverse", &[Text], Text, |a| Ok(Value::Text(a.text(0).chars().rev().collect())))
        .spelled(&[("reverse", NOT_SQLITE)]),
    Builtin::strict("repeat", &[Text, Int], Text, repeat)
        .spelled(&[("repeat", NOT_SQLITE)]),
    Builtin::propagates("lpad", &[Text, Int, Text], Text, |a| pad(a, |fill, t| fill + t))
        .optional(1).spelled(&[("lpad", NOT_SQLITE)]),
    Builtin::propagates("rpad", &[Text, Int, Text], Text, |a| pad(a, |fill, t| t.to_owned() + &fill))
        .optional(1).spelled(&[("rpad", NOT_SQLITE)]),
    Builtin::strict("starts_with", &[Text, Text], Bool, |a| Ok(Value::Bool(a.text(0).starts_with(&a.text(1)))))
        .spelled(&[("starts_with", POSTGRES)]),
    Builtin::propagates("find_in_set", &[Text, Text], Int, find_in_set)
        .spelled(&[("find_in_set", MYSQL)]),
    Builtin::propagates("strcmp", &[Text, Text], Int, strcmp)
        .spelled(&[("strcmp", MYSQL)]),
    Builtin::new("field", &[Text, Text], Int, NullRule::Own, field)
        .variadic().spelled(&[("field", MYSQL)]),
    Builtin::propagates("ascii", &[Text], Int, |a| Ok(code_point(&a.text(0))))
        .spelled(&[("ascii", NOT_SQLITE)]),
    Builtin::propagates("unicode", &[Text], Int, |a| Ok(match a.text(0) {
        t if t.is_empty() => Value::Null,
        t => code_point(&t),
    }))
        .spelled(&[("unicode", SQLITE)]),
    Builtin::propagates("chr", &[Int], Text, character)
        .spelled(&[("chr", NOT_SQLITE)]),
    Builtin::propagates("char", &[Int], Text, character)
        .spelled(&[("char", NOT_POSTGRES)]),
    Builtin::propagates("split_part", &[Text, Text, Int], Text, split_part)
        .spelled(&[("split_part", POSTGRES)]),
    Builtin::propagates("translate", &[Text, Text, Text], Text, translate)
        .spelled(&[("translate", POSTGRES)]),
    Builtin::new("hex", &[Text], Text, NullRule::Own, hex)
        .spelled(&[("hex", NOT_POSTGRES)]),
    Builtin::propagates("substring_of_pattern", &[Text, Pattern], Text, substring_of_pattern),
    Builtin::propagates("regexp_substr", &[Text, Pattern], Text, regexp_substr)
        .spelled(&[("regexp_substr", NOT_SQLITE)]),
    Builtin::propagates("regexp_replace", &[Text, Pattern, Text, Text], Text, regexp_replace)
        .optional(1).spelled(&[("regexp_replace", NOT_SQLITE)]),
    Builtin::new("concat", &[Any], Text, NullRule::Own, concat)
        .variadic().spelled(&[("concat", ALL)]),
    Builtin::new("concat_ws", &[Text, Any], Text, NullRule::Own, concat_ws)
        .variadic().spelled(&[("concat_ws", ALL)]),
];

/// Letter by letter, as on the servers (no `SS` for `ß`); SQLite converts only ASCII.
fn cased(t: &str, upper: bool, env: Env) -> String {
    let one = |c: char| -> char {
        if env.dialect == Dialect::Sqlite {
            return if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        }
        let mut to: Vec<char> = if upper { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
        if to.len() == 1 { to.remove(0) } else { c }
    };
    t.chars().map(one).collect()
}

fn initcap(t: &str) -> String {
    let mut start = true;
    t.chars()
        .flat_map(|c| {
            let out: Vec<char> = if start { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
            start = !c.is_alphanumeric();
            out
        })
        .collect()
}

/// The bytes of binary data, `of` a text.
fn length(a: &Args<'_>, of: fn(&str) -> usize) -> Value {
    match &a.values[0] {
        Value::Bytes(b) => count(b.len()),
        _ => count(of(&a.text(0))),
    }
}

fn bit_length(a: &Args<'_>) -> Eval {
    Ok(length(a, |t| t.len() * 8)).map(|n| match (&a.values[0], n) {
        (Value::Bytes(_), Value::Int(n)) => Value::Int(n * 8),
        (_, n) => n,
    })
}

fn trim(a: &Args<'_>, cut: for<'t> fn(&'t str, &dyn Fn(char) -> bool) -> &'t str) -> Value {
    let (t, set) = (a.text(0), if a.len() == 2 { a.text(1) } else { " ".into() });
    Value::text(cut(&t, &|c| set.contains(c)))
}

fn substr_of(a: &Args<'_>) -> Eval {
    let len = if a.len() == 3 { Some(a.int(2)?) } else { None };
    if a.is(Dialect::Postgres) && len.is_some_and(|n| n < 0) {
        return Err(EvalError::Overflow);
    }
    Ok(Value::Text(substr(&a.text(0), a.int(1)?, len, a.env)))
}

/// One-based; SQLite and MySQL count negative starts from the end, in PostgreSQL they reduce the length.
fn substr(t: &str, start: i64, len: Option<i64>, env: Env) -> String {
    let chars: Vec<char> = t.chars().collect();
    let total = chars.len() as i64;
    let (mut from, mut to) = (start, len.map_or(i64::MAX, |n| start.saturating_add(n)));
    if env.dialect != Dialect::Postgres {
        if start == 0 && env.dialect == Dialect::Mysql {
            return String::new();
        }
        if start < 0 {
            from = total.saturating_add(start) + 1;
            if from < 1 && env.dialect == Dialect::Mysql {
                return String::new();
            }
            to = len.map_or(i64::MAX, |n| from.saturating_add(n));
        }
        if env.dialect == Dialect::Sqlite
            && let Some(n) = len
            && n < 0
        {
            (from, to) = (from.saturating_add(n), from);
        }
    }
    let (from, to) = (from.max(1), to.min(total + 1));
    if to <= from {
        return String::new();
    }
    let skip = usize::try_from(from - 1).unwrap_or(usize::MAX);
    chars.iter().skip(skip).take(usize::try_from(to - from).unwrap_or(0)).collect()
}

/// The characters that a negative count keeps: all but so many in PostgreSQL, none in MySQL.
fn from_the_end(a: &Args<'_>, len: i64, n: i64) -> i64 {
    if a.is(Dialect::Mysql) { 0 } else { len.saturating_add(n).max(0) }
}

fn left(a: &Args<'_>) -> Eval {
    let (t, n) = (a.text(0), a.int(1)?);
    let len = t.chars().count() as i64;
    let keep = if n < 0 { from_the_end(a, len, n) } else { n };
    Ok(Value::Text(t.chars().take(usize::try_from(keep).unwrap_or(0)).collect()))
}

fn right(a: &Args<'_>) -> Eval {
    let (t, n) = (a.text(0), a.int(1)?);
    let len = t.chars().count() as i64;
    let keep = if n < 0 { from_the_end(a, len, n) } else { n.min(len) };
    Ok(Value::Text(t.chars().skip(usize::try_from(len - keep).unwrap_or(0)).collect()))
}

fn strpos(a: &Args<'_>) -> Eval {
    let (t, p) = (a.text(0), a.text(1));
    let (t, p) = if a.is(Dialect::Mysql) { (t.to_lowercase(), p.to_lowercase()) } else { (t, p) };
    Ok(t.find(&p).map_or(Value::Int(0), |at| count(t[..at].chars().count() + 1)))
}

/// Bytes of a text that functions make: nested calls grow exponentially.
const MOST_BYTES: usize = 16 << 20;

fn bounded(bytes: usize) -> Result<(), EvalError> {
    if bytes <= MOST_BYTES { Ok(()) } else { Err(EvalError::Overflow) }
}

fn replace(a: &Args<'_>) -> Eval {
    let (t, from) = (a.text(0), a.text(1));
    if from.is_empty() {
        return Ok(Value::Text(t));
    }
    let to = a.text(2);
    bounded(t.len().saturating_add(t.matches(&from).count().saturating_mul(to.len())))?;
    Ok(Value::Text(t.replace(&from, &to)))
}

fn repeat(a: &Args<'_>) -> Eval {
    let (t, times) = (a.text(0), usize::try_from(a.int(1)?.max(0)).unwrap_or(usize::MAX));
    bounded(t.len().saturating_mul(times))?;
    Ok(Value::Text(t.repeat(times)))
}

fn pad(a: &Args<'_>, join: fn(String, &str) -> String) -> Eval {
    let (t, with) = (a.text(0), if a.len() == 3 { a.text(2) } else { " ".into() });
    let have = t.chars().count();
    let length = a.int(1)?;
    let to = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
    if a.is(Dialect::Mysql) && (length < 0 || with.is_empty() && have < to) {
        return Ok(Value::Null);
    }
    if have >= to {
        return Ok(Value::Text(t.chars().take(to).collect()));
    }
    bounded(to.saturating_mul(4))?;
    Ok(Value::Text(join(with.chars().cycle().take(to - have).collect(), &t)))
}

fn find_in_set(a: &Args<'_>) -> Eval {
    let (wanted, list) = (a.text(0).to_lowercase(), a.text(1).to_lowercase());
    let found = list.split(',').position(|member| member == wanted).filter(|_| !list.is_empty());
    Ok(found.map_or(Value::Int(0), |at| count(at + 1)))
}

fn strcmp(a: &Args<'_>) -> Eval {
    let order = compare(&Value::Text(a.text(0)), &Value::Text(a.text(1)), a.env)?;
    Ok(order.map_or(Value::Null, |o| Value::Int(o as i128)))
}

fn field(a: &Args<'_>) -> Eval {
    for (i, candidate) in a.values.iter().enumerate().skip(1) {
        if compare(&a.values[0], candidate, a.env)?.is_some_and(std::cmp::Ordering::is_eq) {
            return Ok(count(i));
        }
    }
    Ok(Value::Int(0))
}

fn code_point(t: &str) -> Value {
    t.chars().next().map_or(Value::Int(0), |c| Value::Int(i128::from(u32::from(c))))
}

fn character(a: &Args<'_>) -> Eval {
    let c = u32::try_from(a.int(0)?).ok().and_then(char::from_u32);
    let c = c.filter(|c| *c != '\0' || !a.is(Dialect::Postgres));
    c.map(|c| Value::Text(c.to_string())).ok_or(EvalError::Overflow)
}

fn split_part(a: &Args<'_>) -> Eval {
    let (t, separator, n) = (a.text(0), a.text(1), a.int(2)?);
    if separator.is_empty() {
        return Err(a.error());
    }
    let parts: Vec<&str> = t.split(&separator).collect();
    let at = if n < 0 { parts.len() as i64 + n } else { n - 1 };
    Ok(Value::text(usize::try_from(at).ok().and_then(|i| parts.get(i).copied()).unwrap_or("")))
}

fn translate(a: &Args<'_>) -> Eval {
    let (from, to): (Vec<char>, Vec<char>) = (a.text(1).chars().collect(), a.text(2).chars().collect());
    let swap = |c: char| match from.iter().position(|f| *f == c) {
        Some(i) => to.get(i).copied(),
        None => Some(c),
    };
    Ok(Value::Text(a.text(0).chars().filter_map(swap).collect()))
}

fn hex(a: &Args<'_>) -> Eval {
    Ok(match &a.values[0] {
        // SQLite treats NULL as an empty blob.
        Value::Null if a.is(Dialect::Sqlite) => Value::text(""),
        Value::Null => Value::Null,
        Value::Bytes(b) => Value::Text(b.iter().map(|x| format!("{x:02X}")).collect()),
        _ => Value::Text(a.text(0).bytes().map(|x| format!("{x:02X}")).collect()),
    })
}

/// PostgreSQL's `substring(text from pattern)`: the first group, or all that matches; NULL if nothing does.
fn substring_of_pattern(a: &Args<'_>) -> Eval {
    let re = of_kind(&a.text(1), MatchKind::Regex { insensitive: false }, a.env)?;
    let t = a.text(0);
    let found = re.captures(&t).and_then(|groups| groups.get(usize::from(re.captures_len() > 1)));
    Ok(found.map_or(Value::Null, |m| Value::text(m.as_str())))
}

fn regexp_substr(a: &Args<'_>) -> Eval {
    let re = compile(&search_regex(&a.text(1), a.is(Dialect::Mysql)))?;
    let found = re.find(&a.text(0)).map(|m| m.as_str().to_owned());
    // MariaDB returns an empty text where others return NULL.
    Ok(Value::Text(found.unwrap_or_default()))
}

fn regexp_replace(a: &Args<'_>) -> Eval {
    let (t, flags, with) = (a.text(0), a.text(3), a.text(2));
    let re = compile(&search_regex(&a.text(1), flags.contains('i')))?;
    bounded(t.len().saturating_add(re.find_iter(&t).count().saturating_mul(with.len())))?;
    let with = regex::NoExpand(&with);
    Ok(Value::Text(match flags.contains('g') || !a.is(Dialect::Postgres) {
        true => re.replace_all(&t, with).into_owned(),
        false => re.replace(&t, with).into_owned(),
    }))
}

fn concat(a: &Args<'_>) -> Eval {
    if a.is(Dialect::Mysql) && a.values.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    let parts: Vec<String> = a.values.iter().filter(|x| !x.is_null()).map(|x| cast::text(x, a.env)).collect();
    bounded(parts.iter().map(String::len).sum())?;
    Ok(Value::Text(parts.concat()))
}

fn concat_ws(a: &Args<'_>) -> Eval {
    if a.values[0].is_null() {
        return Ok(Value::Null);
    }
    let parts: Vec<String> = a.values[1..].iter().filter(|x| !x.is_null()).map(|x| cast::text(x, a.env)).collect();
    let between = a.text(0);
    bounded(parts.iter().map(|part| part.len().saturating_add(between.len())).sum())?;
    Ok(Value::Text(parts.join(&between)))
}
