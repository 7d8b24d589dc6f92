//! Inverts functions that extract a part of a text: from the part that a condition requires to the text.
//!
//! In: `split_part(x, '-', 2)`, `substring(x from position(',' in x) + 1)`, `left(x, 4)`. Out: the column and the text
//! before the part, so that a text with a given part can be generated. If a function changes nothing, the part is the
//! whole text (`replace`, `ltrim`, `left` of a short text).

use super::atom::{RetryPolicy, narrow};
use crate::eval::Env;
use crate::expr::{Arith, CastType, Expr};
use crate::narrow::{Narrow as _, NarrowTexts as _, Narrowing};
use dbmocker_core::value::Value;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, TextDomain, pattern};
use regex_syntax::hir::{Hir, HirKind, Look};

/// Maximum length of the text before a separator, and of the part after it.
const WORD: u32 = 7;
/// Maximum number of characters or separators before a part.
const FAR: i128 = 60;
/// Maximum number of listed parts that become one pattern.
const LISTED: usize = 256;

/// A text column and the position of a part in its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPart {
    pub column: String,
    /// A regular expression for the text before the part; empty if the part is the whole text.
    pub before: String,
    /// Maximum number of characters before the part.
    before_chars: u32,
    /// Maximum number of characters of the part.
    pub max_chars: Option<u32>,
}

impl TextPart {
    /// Returns the position of the part that an expression extracts from a text column; `None` if it is not known.
    pub fn of(expr: &Expr) -> Option<TextPart> {
        match expr {
            Expr::Column(column) => {
                Some(TextPart { column: column.clone(), before: String::new(), before_chars: 0, max_chars: None })
            }
            Expr::Cast { expr, to: CastType::Text { max_chars: None } } => TextPart::of(expr),
            Expr::Call { name, args } => TextPart::of(args.first()?)?.cut(name, args),
            _ => None,
        }
    }

    /// The part that a function extracts from this part.
    fn cut(self, name: &str, args: &[Expr]) -> Option<TextPart> {
        match (name, &args[1..]) {
            ("btrim" | "ltrim" | "rtrim" | "lower" | "upper" | "replace" | "regexp_replace" | "coalesce", _) => {
                Some(self)
            }
            ("left" | "right", [n]) => self.at_most(whole(n)?),
            ("split_part", [separator, n]) => {
                let (separator, n) = (text(separator)?, whole(n)?);
                self.behind(&separator, u32::try_from(n.checked_sub(1)?).ok()?)
            }
            ("substr", [from, length @ ..]) => {
                let cut = match whole(from) {
                    Some(from) => self.after(from.checked_sub(1)?)?,
                    None => self.behind(&separator_before(from, &args[0])?, 1)?,
                };
                length.first().map_or(Some(cut.clone()), |n| cut.at_most(whole(n)?))
            }
            _ => None,
        }
    }

    fn at_most(mut self, n: i128) -> Option<TextPart> {
        let n = u32::try_from(n).ok().filter(|n| *n > 0)?;
        self.max_chars = Some(self.max_chars.map_or(n, |old| old.min(n)));
        Some(self)
    }

    /// The part after this many characters.
    fn after(mut self, n: i128) -> Option<TextPart> {
        let n = u32::try_from(n).ok().filter(|n| i128::from(*n) <= FAR)?;
        if n > 0 {
            self.before = format!("{}[a-z]{{{n}}}", self.room(n)?);
            self.before_chars += n;
        }
        Some(self)
    }

    /// The part after this many words that end with the separator.
    fn behind(mut self, separator: &str, n: u32) -> Option<TextPart> {
        if separator.is_empty() || i128::from(n) > FAR {
            return None;
        }
        if n > 0 {
            let letters = match (separator.contains(char::is_lowercase), separator.contains(char::is_uppercase)) {
                (false, _) => "a-z",
                (true, false) => "A-Z",
                (true, true) => return None,
            };
            let word = format!("(?:[{letters}]{{3,{WORD}}}{})", regex_syntax::escape(separator));
            let chars = n * (WORD + u32::try_from(separator.chars().count()).ok()?);
            self.before = format!("{}{word}{{{n}}}", self.room(chars)?);
            self.before_chars += chars;
        }
        Some(self)
    }

    /// The text before the part, if this many more characters fit before the part.
    fn room(&self, chars: u32) -> Option<&str> {
        self.max_chars.is_none_or(|max| max > chars).then_some(&self.before)
    }
}

/// The separator in `strpos(x, separator) + length(separator)`.
fn separator_before(from: &Expr, of: &Expr) -> Option<String> {
    let Expr::Arith { op: Arith::Add, left, right } = from else { return None };
    let (call, n) = whole(right).map(|n| (left, n)).or_else(|| whole(left).map(|n| (right, n)))?;
    match &**call {
        Expr::Call { name, args } if name == "strpos" && args.len() == 2 && args[0] == *of => {
            text(&args[1]).filter(|s| s.chars().count() as i128 == n)
        }
        _ => None,
    }
}

fn whole(e: &Expr) -> Option<i128> {
    match e {
        Expr::Literal(Value::Int(n)) => Some(*n),
        Expr::Cast { expr, .. } => whole(expr),
        _ => None,
    }
}

fn text(e: &Expr) -> Option<String> {
    match e {
        Expr::Literal(Value::Text(t)) => Some(t.clone()),
        Expr::Cast { expr, .. } => text(expr),
        _ => None,
    }
}

/// The texts of `d` a part of which satisfies `t`, whose only column is `column`.
pub(super) fn narrow_part(d: &Domain, column: &str, t: &Expr, env: Env, redraw: RetryPolicy) -> Narrowing {
    let Domain::Text(all) = d else { return Narrowing::Unsupported };
    let Some(call) = whole_call(t, column) else { return Narrowing::Unsupported };
    let Some(part) = TextPart::of(call) else { return Narrowing::Unsupported };
    let condition = replaced(t, call, column);
    let whole = part.before.is_empty();
    let base = if whole {
        d.clone()
    } else {
        let room = all.max_chars.saturating_sub(part.before_chars);
        Domain::Text(TextDomain::new(TextKind::Words, room.min(4 * WORD)))
    };
    let base = match part.max_chars.map(|max| base.keep_chars(0, max)) {
        None => base,
        Some(Narrowing::Exact(short)) => short,
        Some(_) => return Narrowing::Unsupported,
    };
    let (Narrowing::Exact(kept) | Narrowing::Over(kept)) = narrow(&base, column, &condition, env, redraw) else {
        return Narrowing::Unsupported;
    };
    // Whether the text has exactly this part (a separator may occur in it) is tested for each row.
    let found = if whole { Narrowing::Exact(kept) } else { behind(d, &part.before, &kept) };
    super::invert::loose(found)
}

/// The texts of `d` with one of the `parts` after a text that matches `before`.
fn behind(d: &Domain, before: &str, parts: &Domain) -> Narrowing {
    let regex = match parts {
        Domain::Text(TextDomain { kind: TextKind::Pattern { regex }, .. })
            if !regex.contains(pattern::AND) && !regex.contains(pattern::NOT) =>
        {
            let Some(free) = without_ends(regex) else { return Narrowing::Unsupported };
            free
        }
        Domain::Choice { values, .. } if values.len() <= LISTED => {
            let texts = values.iter().map(|v| regex_syntax::escape(&v.to_string()));
            texts.collect::<Vec<_>>().join("|")
        }
        _ => return Narrowing::Unsupported,
    };
    d.keep_pattern(&format!("{before}(?:{regex})"))
}

/// A pattern of whole texts without `^` and `$`, so that a text can precede it; `None` if they occur elsewhere than at
/// its ends.
fn without_ends(regex: &str) -> Option<String> {
    let (open, close) = ("(?s:.*)(?:", ")(?s:.*)");
    let (inner, found) = match regex.strip_prefix(open).and_then(|r| r.strip_suffix(close)) {
        Some(inner) => (inner, true),
        None => (regex, false),
    };
    let hir = regex_syntax::parse(inner).ok()?;
    let mut parts = match hir.kind() {
        HirKind::Concat(parts) => parts.clone(),
        _ => vec![hir],
    };
    let is = |part: Option<&Hir>, look: Look| part.is_some_and(|p| *p.kind() == HirKind::Look(look));
    let (start, end) = (is(parts.first(), Look::Start), is(parts.last(), Look::End));
    if end {
        parts.pop();
    }
    if start {
        parts.remove(0);
    }
    let rest = Hir::concat(parts);
    let (before, after) = (if start || !found { "" } else { "(?s:.*)" }, if end || !found { "" } else { "(?s:.*)" });
    rest.properties().look_set().is_empty().then(|| format!("{before}(?:{rest}){after}"))
}

/// The one call through which `t` reads the column; `None` if it reads it otherwise as well.
fn whole_call<'t>(t: &'t Expr, column: &str) -> Option<&'t Expr> {
    let reading: Vec<&Expr> = t.children().into_iter().filter(|e| e.mentions(column)).collect();
    match t {
        Expr::Call { name, .. } if TextPart::of(t).is_some() && !matches!(name.as_str(), "lower" | "upper") => Some(t),
        _ => {
            let mut calls = reading.iter().map(|e| whole_call(e, column));
            let first = calls.next()??;
            calls.all(|other| other == Some(first)).then_some(first)
        }
    }
}

/// `t` with `call` replaced by the column.
fn replaced(t: &Expr, call: &Expr, column: &str) -> Expr {
    if t == call { Expr::column(column) } else { t.map_children(&mut |e| replaced(e, call, column)) }
}

/// Texts of numbers for which `number op v` holds: those near `v`.
pub(super) fn numbers(d: &Domain, op: crate::expr::Cmp, v: &Value, env: Env) -> Narrowing {
    use crate::expr::Cmp;
    use dbmocker_domain::{RangeKind, range_units::units};
    /// Number of values listed on one side of `v`.
    const NEXT: i128 = 200;
    let Some((n, exact)) = units(RangeKind::Int, v) else { return Narrowing::Unsupported };
    let (lo, hi) = match op {
        Cmp::Eq if exact => (n, n),
        Cmp::Eq => return Narrowing::Empty,
        Cmp::Gt => (n.saturating_add(1), n.saturating_add(NEXT)),
        Cmp::Ge => (n.saturating_add(i128::from(!exact)), n.saturating_add(NEXT)),
        Cmp::Lt => (n.saturating_sub(NEXT), n.saturating_sub(i128::from(exact))),
        Cmp::Le => (n.saturating_sub(NEXT), n),
        Cmp::Ne => return super::invert::loose(d.keep_pattern("[1-9][0-9]{0,5}")),
    };
    // Negative numbers are unusual in texts.
    let lo = if hi >= 0 { lo.max(0) } else { lo };
    let texts: Vec<Value> = (lo..=hi).map(|n| Value::Text(n.to_string())).collect();
    match d.keep_values(&texts, env.dialect) {
        // The domain that the name suggests may contain no number.
        Narrowing::Empty => {
            let digits = texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
            d.keep_pattern(&digits)
        }
        kept => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use dbmocker_core::schema::Dialect;

    fn part(text: &str) -> Option<(String, Option<u32>)> {
        TextPart::of(&parse(text, Dialect::Postgres).unwrap()).map(|p| (p.before, p.max_chars))
    }

    #[test]
    fn what_stands_before_a_part() {
        assert_eq!(part("split_part(v, '-', 2)"), Some(("(?:[a-z]{3,7}\\-){1}".into(), None)));
        assert_eq!(
            part("substring(v from position(',' in v) + 1 for 4)"),
            Some(("(?:[a-z]{3,7},){1}".into(), Some(4)))
        );
        assert_eq!(part("substr(v, 3)"), Some(("[a-z]{2}".into(), None)));
        assert_eq!(part("left(replace(v, 'x', ''), 4)"), Some((String::new(), Some(4))));
        assert_eq!(part("split_part(v, 'aB', 2)"), None);
        assert_eq!(part("substring(v from position(',' in w) + 1)"), None);
    }

    #[test]
    fn texts_with_a_part_that_satisfies_a_condition() {
        let d = Domain::Text(TextDomain::new(TextKind::Words, 40));
        for text in [
            "split_part(v, '-', 2) ~ '^[1-9][0-9]{0,8}$'",
            "substring(v from position(',' in v) + 1)::integer > 5",
            "right(v, 3) ~ '^[1-9][0-9]{0,8}$'",
            "replace(v, 'x', '')::int between 1990 and 2025",
            "split_part(v, ':', 3) in ('red', 'green')",
        ] {
            let t = parse(text, Dialect::Postgres).unwrap();
            let env = Env { dialect: Dialect::Postgres, now: 0 };
            let (Narrowing::Exact(kept) | Narrowing::Over(kept)) = narrow(&d, "v", &t, env, RetryPolicy::Possible)
            else {
                panic!("{text}");
            };
            let sampler = kept.sampler();
            for i in 0..50 {
                let v = sampler.draw(&mut dbmocker_core::rng_stream::CellRng::new(i));
                assert_eq!(t.truth(&crate::OneColumn("v", &v), env), Ok(Some(true)), "{text}: {v}");
            }
        }
    }
}
