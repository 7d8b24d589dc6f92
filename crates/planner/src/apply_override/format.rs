//! Format strings: the text around a value, and the number of its digits.

use super::OverrideScope;
use crate::error::overrides::{OverrideError, OverrideMisfit};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_predicate::narrow::{NarrowTexts as _, Narrowing};

impl OverrideScope<'_> {
    /// Applies a format string: `ORD-{:06d}` formats digits, `Mr. {}` surrounds the value.
    pub(super) fn format(&self, domain: Domain, format: &str) -> Result<Domain, OverrideError> {
        let refused = |why: OverrideMisfit| self.refused(&format!("format_string: {format}"), why);
        if self.text().is_none() {
            return Err(refused(OverrideMisfit::OfText));
        }
        let pieces = pieces(format).ok_or_else(|| refused(OverrideMisfit::FormatSyntax))?;
        let places = pieces.iter().filter(|p| matches!(p, OverridePiece::Value)).count();
        let literal = |pieces: &[OverridePiece]| {
            pieces.iter().map(|p| if let OverridePiece::Text(t) = p { t.as_str() } else { "" }).collect::<String>()
        };
        if let (1, true) = (places, pieces.iter().all(|p| !matches!(p, OverridePiece::Digits(_)))) {
            let at = pieces.iter().position(|p| matches!(p, OverridePiece::Value)).unwrap_or(0);
            let (before, after) = (literal(&pieces[..at]), literal(&pieces[at + 1..]));
            return self.around(domain, &before, &after).ok_or_else(|| refused(OverrideMisfit::FormatRoom));
        }
        if places > 0 {
            return Err(refused(OverrideMisfit::FormatParts));
        }
        let regex: String = pieces
            .iter()
            .map(|p| match p {
                OverridePiece::Text(t) => regex_syntax::escape(t),
                OverridePiece::Digits(n) => format!("[0-9]{{{n}}}"),
                OverridePiece::Value => String::new(),
            })
            .collect();
        self.pattern(&regex, "format_string")
    }

    fn around(&self, domain: Domain, before: &str, after: &str) -> Option<Domain> {
        match domain {
            Domain::Choice { values, weights } => {
                let values: Vec<Value> = values.iter().map(|v| Value::Text(format!("{before}{v}{after}"))).collect();
                values.iter().all(|v| self.legal.contains(v)).then_some(Domain::Choice { values, weights })
            }
            Domain::Text(t) => {
                let Narrowing::Exact(d) = Domain::Text(t).keep_prefix(before) else { return None };
                let Narrowing::Exact(d) = d.keep_suffix(after) else { return None };
                Some(d)
            }
            _ => None,
        }
    }
}

#[derive(Debug, PartialEq)]
enum OverridePiece {
    Text(String),
    Value,
    Digits(u32),
}

/// Parses a format string: `{}`, `{:05d}`, `{{`, `}}`; `None` for anything else in braces.
fn pieces(format: &str) -> Option<Vec<OverridePiece>> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("{{") || rest.starts_with("}}") {
            text.push(c);
            rest = &rest[2..];
        } else if c == '{' {
            let end = rest.find('}')?;
            if !text.is_empty() {
                out.push(OverridePiece::Text(std::mem::take(&mut text)));
            }
            out.push(match &rest[1..end] {
                "" => OverridePiece::Value,
                inside => {
                    let digits = inside.strip_prefix(':')?.strip_suffix('d').unwrap_or("");
                    OverridePiece::Digits(digits.parse().ok().filter(|n| (1..=30).contains(n))?)
                }
            });
            rest = &rest[end + 1..];
        } else if c == '}' {
            return None;
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    if !text.is_empty() {
        out.push(OverridePiece::Text(text));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_strings_are_parsed() {
        let text = |s: &str| OverridePiece::Text(s.into());
        assert_eq!(pieces("A{:05d}{{}}"), Some(vec![text("A"), OverridePiece::Digits(5), text("{}")]));
        assert_eq!(pieces("{}"), Some(vec![OverridePiece::Value]));
        for wrong in ["{", "}", "{x}", "{:d}", "{:99d}"] {
            assert_eq!(pieces(wrong), None, "{wrong}");
        }
    }
}
