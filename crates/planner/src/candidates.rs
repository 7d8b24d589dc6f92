//! Candidate values for CHECKs that only the server can evaluate.
//!
//! In: a column's domain, and the texts of the CHECK and of the functions it calls. Out: values, likely ones first; the
//! constants, patterns and document keys in the texts are better candidates than random values.

use std::collections::HashSet;

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::schema::{Dialect, SPATIAL_KINDS, SqlType};
use dbmocker_core::value::{Value, digest};
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind, Special, TextDomain};
use dbmocker_predicate as predicate;
use dbmocker_predicate::narrow::{Narrow as _, Narrowing};
use dbmocker_predicate::{ColumnInput, NamedCheck, ValueSource};

/// Maximum number of constants taken from the texts.
const HINTS: usize = 120;
/// Values of each column, where several columns are queried together.
pub(super) const EACH_OF_SEVERAL: usize = 60;
/// Values of each pattern or shape.
const EACH: u64 = 25;
/// Maximum number of accepted values from which similar ones are derived.
const ALIKE: usize = 500;
/// Number of documents made of the keys in the texts.
const DOCUMENTS: u64 = 400;
/// Words of texts that refer to time zone names.
const ZONE_WORDS: [&str; 4] = ["zone", "timezone", "pg_timezone_names", "convert_tz"];
/// Maximum number of time zone names tried.
const ZONES: u64 = 400;

/// Common shapes of codes.
const SHAPES: [&str; 12] = [
    "[0-9]+",
    "[0-9]{8}",
    "[0-9]{10,13}",
    "[A-Z]+",
    "[a-z]+",
    "[A-Z]{2}[0-9]+",
    "[A-Z]{3}-[0-9]{3,6}",
    "[A-Z0-9]+",
    "[0-9a-f]{32}",
    "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
    "[a-z]{3,8}@[a-z]{3,8}\\.(com|org)",
    "\\+[1-9][0-9]{9,12}",
];

/// Constants, patterns and names in a CHECK and its functions.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Hints {
    pub texts: Vec<String>,
    pub numbers: Vec<i128>,
    /// Unquoted names, including those of tables.
    pub words: HashSet<String>,
}

impl Hints {
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Hints {
        let mut out = Hints::default();
        for text in texts {
            for token in Tokenizer::new(&PostgreSqlDialect {}, text).tokenize().unwrap_or_default() {
                match token {
                    Token::SingleQuotedString(s) | Token::EscapedStringLiteral(s) => out.text(s),
                    Token::DollarQuotedString(s) => out.text(s.value),
                    Token::Number(n, _) => {
                        let n = n.split('.').next().and_then(|n| n.parse().ok());
                        out.numbers.extend(n.filter(|n| !out.numbers.contains(n)));
                    }
                    Token::Word(w) => {
                        _ = out.words.insert(if w.quote_style.is_some() { w.value } else { w.value.to_lowercase() })
                    }
                    _ => {}
                }
            }
        }
        out.texts.truncate(HINTS);
        out.numbers.truncate(HINTS);
        out
    }

    fn text(&mut self, s: String) {
        if !self.texts.contains(&s) {
            self.texts.push(s);
        }
    }

    /// Returns each number, and its neighbours.
    fn around(&self) -> impl Iterator<Item = i128> {
        self.numbers.iter().flat_map(|&n| [n, n - 1, n + 1, -n])
    }
}

/// A column for which candidate values are collected.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProbeColumn<'a> {
    /// The domain inferred from its name.
    pub likely: &'a Domain,
    /// All values that its type allows.
    pub legal: &'a Domain,
    pub ty: &'a SqlType,
    pub dialect: Dialect,
    pub now: i64,
}

impl ProbeColumn<'_> {
    /// Returns up to `n` values of the likely domain, all of them if it is not larger.
    pub fn likely(&self, n: u64, salt: u64) -> Vec<Value> {
        distinct(sample(self.likely, n, salt))
    }

    /// Returns values suggested by the texts, then values of the type, then common shapes of codes.
    pub fn further(&self, hints: &Hints, n: u64, salt: u64) -> Vec<Value> {
        distinct(self.sources(hints, n, salt).into_iter().flatten())
    }

    /// Returns the same values grouped by origin. The number of groups is the same for every `salt`: if one of the
    /// first values of a group is accepted, more values of that group are tried.
    pub fn sources(&self, hints: &Hints, n: u64, salt: u64) -> Vec<Vec<Value>> {
        let mut out = self.hinted(hints, salt);
        out.push(sample(self.legal, n, salt));
        if let Domain::Text(_) = self.legal {
            out.push(in_turns(SHAPES.iter().map(|shape| self.matching(&format!("^({shape})$"), "~", salt))));
        }
        out
    }

    /// Returns texts similar, character by character, to accepted ones.
    pub fn alike(&self, accepted: &[Value], n: u64, salt: u64) -> Vec<Value> {
        let mut shapes: Vec<(String, u64)> = Vec::new();
        for text in accepted.iter().take(ALIKE).filter_map(|v| if let Value::Text(t) = v { Some(t) } else { None }) {
            let shape = shape(text);
            match shapes.iter_mut().find(|(s, _)| *s == shape) {
                Some((_, count)) => *count += 1,
                None => shapes.push((shape, 1)),
            }
        }
        shapes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        shapes.truncate(SHAPES.len());
        let each = n / (shapes.len() as u64).max(1);
        let found = |(shape, _): &(String, u64)| match self.narrowed(&format!("^{shape}$"), "~") {
            Some(domain) => sample(&domain, each, salt),
            None => Vec::new(),
        };
        distinct(shapes.iter().flat_map(found))
    }

    fn hinted(&self, hints: &Hints, salt: u64) -> Vec<Vec<Value>> {
        let constants = hints.texts.iter().map(|t| Value::text(t.as_str())).chain(hints.around().map(Value::Int));
        let document = matches!(self.legal, Domain::Special(Special::Json { .. }));
        let readable = |v: &Value| serde_json::from_str::<serde_json::Value>(&v.to_string()).is_ok();
        let constants: Vec<Value> = constants.filter(|v| !document || readable(v)).collect();
        let mut out = vec![chosen(self.legal.keep_values(&constants, self.dialect))];
        match self.legal {
            Domain::Text(_) => {
                if ZONE_WORDS.iter().any(|word| hints.words.contains(*word)) {
                    let zones = sample(&Domain::Text(TextDomain::new(TextKind::TimeZone, u32::MAX)), ZONES, salt);
                    out.push(chosen(self.legal.keep_values(&zones, self.dialect)));
                }
                let marks = |t: &str, marks: &str| t.chars().any(|c| marks.contains(c));
                let patterns = hints.texts.iter().filter(|t| !t.is_empty()).map(|text| {
                    if marks(text, "^$[\\+*?|(.") {
                        self.matching(text, "~", salt)
                    } else if marks(text, "%_") {
                        self.matching(text, "LIKE", salt)
                    } else {
                        self.matching(&format!("{text}%"), "LIKE", salt)
                    }
                });
                out.push(in_turns(patterns));
            }
            Domain::Range { kind: RangeKind::Int | RangeKind::Decimal { .. }, .. } => {
                let small: Vec<Value> = (-20..=200).map(Value::Int).collect();
                out.push(chosen(self.legal.keep_values(&small, self.dialect)));
            }
            Domain::Special(Special::Json { .. }) => out.push(documents(hints, salt)),
            Domain::Special(Special::Spatial { kind, srid, dialect: Dialect::Postgres, .. }) => {
                out.push(shapes(kind, *srid, hints, salt));
            }
            _ => {}
        }
        out
    }

    /// Returns values of the type that match a pattern; none if it is not a pattern.
    fn matching(&self, pattern: &str, operator: &str, salt: u64) -> Vec<Value> {
        self.narrowed(pattern, operator).map_or_else(Vec::new, |domain| sample(&domain, EACH, salt))
    }

    fn narrowed(&self, pattern: &str, operator: &str) -> Option<Domain> {
        let column = ColumnInput {
            name: "v".into(),
            domain: Some(self.legal.clone()),
            legal: None,
            ty: self.ty.clone(),
            nullable: false,
            null_share: 0.0,
            role: ValueSource::Free,
            same_parent: None,
        };
        let check = NamedCheck::new("hint", format!("v {operator} '{}'", pattern.replace('\'', "''")));
        let solution = predicate::solve(&[column], &[check], self.dialect, self.now);
        let narrowed = solution.columns.into_iter().next().and_then(|c| c.domain);
        narrowed.filter(|_| solution.unsolved.is_empty() && solution.groups.is_empty())
    }
}

/// Returns a pattern of a text that replaces each letter and digit by its class.
fn shape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => out.push_str("[0-9]"),
            'a'..='z' => out.push_str("[a-z]"),
            'A'..='Z' => out.push_str("[A-Z]"),
            c => out.push_str(&regex_syntax::escape(&c.to_string())),
        }
    }
    out
}

/// Returns the first of each list, then the second of each, and so on.
fn in_turns(lists: impl Iterator<Item = Vec<Value>>) -> Vec<Value> {
    let mut lists: Vec<_> = lists.map(Vec::into_iter).collect();
    let mut out = Vec::new();
    loop {
        let before = out.len();
        out.extend(lists.iter_mut().filter_map(Iterator::next));
        if out.len() == before {
            return out;
        }
    }
}

fn chosen(kept: Narrowing) -> Vec<Value> {
    if let Narrowing::Exact(Domain::Choice { values, .. }) = kept { values } else { Vec::new() }
}

/// Returns all values of a domain if there are at most `n`; otherwise `n` values, some by probability, some evenly
/// spaced.
fn sample(domain: &Domain, n: u64, salt: u64) -> Vec<Value> {
    let sampler = domain.sampler();
    let size = sampler.size();
    if size <= u128::from(n) && salt == 0 {
        return (0..size).map(|i| sampler.value(i)).collect();
    }
    let spread = u128::from(n / 4).min(size);
    let draws = (0..n - n / 4).map(|i| sampler.draw(&mut CellRng::new(mix(i ^ mix(salt)))));
    let over =
        (0..spread).map(|i| sampler.value(size / spread * i + u128::from(mix(salt ^ (i as u64))) % (size / spread)));
    draws.chain(over).filter(|v| !v.is_null()).collect()
}

/// Returns geometries of each kind in each reference system that the texts name, where the type leaves them open.
fn shapes(kind: &str, srid: Option<i32>, hints: &Hints, salt: u64) -> Vec<Value> {
    let any = || SPATIAL_KINDS.into_iter().filter(|k| *k != "geometry").chain(["pointz", "pointzm"]).collect();
    let kinds: Vec<&str> = if kind == "geometry" { any() } else { vec![kind] };
    let named = hints.numbers.iter().filter_map(|n| i32::try_from(*n).ok()).filter(|n| *n > 100);
    let systems: Vec<Option<i32>> = if srid.is_some() { vec![srid] } else { named.map(Some).chain([None]).collect() };
    let shape = |kind: &&str, srid: Option<i32>| {
        let (kind, dialect) = ((*kind).to_owned(), Dialect::Postgres);
        sample(&Domain::Special(Special::Spatial { kind, srid, dialect, apart: false }), EACH, salt)
    };
    kinds.iter().flat_map(|kind| systems.iter().flat_map(move |&srid| shape(kind, srid))).collect()
}

/// Returns objects with the members that the texts name.
fn documents(hints: &Hints, salt: u64) -> Vec<Value> {
    const TYPES: [&str; 8] = ["object", "array", "string", "number", "boolean", "null", "true", "false"];
    let name = |t: &&String| {
        t.len() < 40
            && !t.is_empty()
            && t.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
            && !TYPES.contains(&t.as_str())
    };
    // A path contains several names: `{a,b}`, `$.a.b`.
    let word = |c: char| !(c.is_alphanumeric() || c == '_' || c == '-');
    let parts = || hints.texts.iter().filter(|t| t.starts_with(['{', '$'])).flat_map(|t| t.split(word));
    let parts: Vec<String> = parts().filter(|p| !p.is_empty()).map(str::to_owned).collect();
    let keys: Vec<&String> = hints.texts.iter().chain(&parts).filter(name).take(12).collect();
    let strings: Vec<&String> = hints.texts.iter().filter(|t| t.len() < 40).collect();
    let cell = |rng: &mut CellRng, kind: u64| match kind {
        0 if !strings.is_empty() && rng.below(2) == 0 => serde_json::json!(*rng.pick(&strings)),
        0 => serde_json::json!(format!("item {}", rng.below(900) + 100)),
        1 if !hints.numbers.is_empty() && rng.below(2) == 0 => {
            serde_json::json!(i64::try_from(*rng.pick(&hints.numbers)).unwrap_or(1))
        }
        1 => serde_json::json!(rng.below(100) + 1),
        2 => serde_json::json!(rng.below(2) == 0),
        3 => serde_json::json!([format!("item {}", rng.below(9))]),
        4 => serde_json::json!(format!(
            "20{}-0{}-1{} 1{}:00:00",
            rng.below(6) + 20,
            rng.below(9) + 1,
            rng.below(9),
            rng.below(9)
        )),
        // A nested object with the same members, for paths.
        _ => keys
            .iter()
            .map(|k| ((*k).clone(), serde_json::json!(rng.below(100) + 1)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    };
    let document = |i: u64| {
        let mut rng = CellRng::new(mix(i ^ mix(salt ^ 7)));
        // All values of one type, or each of a random type.
        let all = rng.below(8);
        let mut object = serde_json::Map::new();
        for key in &keys {
            if rng.below(8) > 0 {
                let kind = if all < 3 { all } else { rng.below(6) };
                object.insert((*key).clone(), cell(&mut rng, kind));
            }
        }
        Value::text(serde_json::Value::Object(object).to_string())
    };
    let plain = ["{}", "[]", "0", "\"text\"", "true"].into_iter().map(Value::text);
    plain.chain((0..DOCUMENTS).filter(|_| !keys.is_empty()).map(document)).collect()
}

/// Removes values that a key would regard as equal.
pub(super) fn distinct(values: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    values.into_iter().filter(|v| !v.is_null() && seen.insert(digest(std::slice::from_ref(v)))).collect()
}

/// Returns combinations of the first `lengths` values of each list (a NULL at a list's end included): all of them, or
/// `n` random ones and as many combinations of the first values.
pub(super) fn combinations(lists: &[Vec<Value>], lengths: &[usize], n: u64, salt: u64) -> Vec<Vec<Value>> {
    let lists: Vec<Vec<&Value>> = lists
        .iter()
        .zip(lengths)
        .map(|(list, &length)| {
            list.iter().take(length).chain(list.iter().skip(length).filter(|v| v.is_null())).collect()
        })
        .collect();
    let product = |most: usize| lists.iter().fold(1u64, |n, l| n.saturating_mul(l.len().min(most) as u64));
    let grid = |most: usize| {
        (0..product(most)).map(move |i| (i, most)).map(|(mut i, most)| {
            let cell = |list: &Vec<&Value>| {
                let size = list.len().min(most) as u64;
                let at = (i % size) as usize;
                i /= size;
                list[at].clone()
            };
            lists.iter().map(cell).collect::<Vec<Value>>()
        })
    };
    if product(usize::MAX) <= n * 2 {
        return grid(usize::MAX).collect();
    }
    let most = (2..EACH_OF_SEVERAL).rev().find(|&m| product(m) <= n).unwrap_or(1);
    let drawn = (0..n).map(|i| {
        let mut rng = CellRng::new(mix(i ^ mix(salt)));
        lists.iter().map(|list| (*rng.pick(list)).clone()).collect()
    });
    let mut out: Vec<Vec<Value>> = if salt == 1 { Vec::new() } else { grid(most).collect() };
    out.extend(drawn);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_domain::JsonKind;

    fn asked<'a>(domain: &'a Domain, ty: &'a SqlType) -> ProbeColumn<'a> {
        ProbeColumn { likely: domain, legal: domain, ty, dialect: Dialect::Postgres, now: 0 }
    }

    #[test]
    fn constants_and_patterns_in_the_texts_are_candidates() {
        let hints = Hints::of([
            "f(code)",
            "BEGIN IF left(code, 2) = 'AB' THEN RETURN code ~ '^AB[0-9]{3}$'; END IF; RETURN 700 < x; END",
        ]);
        assert_eq!((hints.texts.len(), hints.words.contains("code")), (2, true));
        let text = Domain::Text(TextDomain::new(TextKind::Words, 20));
        let ty = SqlType::Text { max_chars: Some(20), max_bytes: None, fixed: false, case_insensitive: false };
        let values = asked(&text, &ty).further(&hints, 50, 0);
        let pattern = regex::Regex::new("^AB[0-9]{3}$").unwrap();
        assert!(values.iter().filter(|v| pattern.is_match(&v.to_string())).count() > 10, "{values:?}");
        let int = Domain::Range {
            kind: RangeKind::Int,
            lo: 0,
            hi: 1 << 30,
            step: 1,
            except: vec![],
            shape: Default::default(),
        };
        let ty = SqlType::Int { bytes: 4, unsigned: false, tinyint1: false };
        assert!(asked(&int, &ty).further(&hints, 50, 0).contains(&Value::Int(701)));
    }

    #[test]
    fn documents_have_the_members_that_the_texts_name() {
        let hints = Hints::of(["RETURN j ? 'name' AND jsonb_typeof(j -> 'age') = 'number';"]);
        let json = Domain::Special(Special::Json { binary: true, kind: JsonKind::Object });
        let values = asked(&json, &SqlType::Json { binary: true }).further(&hints, 50, 0);
        let fits = |v: &&Value| {
            let v: serde_json::Value = serde_json::from_str(&v.to_string()).unwrap();
            v.get("name").is_some() && v.get("age").is_some_and(serde_json::Value::is_number)
        };
        assert!(values.iter().filter(fits).count() > 20);
    }

    #[test]
    fn time_zone_names_are_candidates_if_the_text_refers_to_them() {
        let text = Domain::Text(TextDomain::new(TextKind::Words, 40));
        let ty = SqlType::Text { max_chars: Some(40), max_bytes: None, fixed: false, case_insensitive: false };
        let zones = |check: &str| {
            let values = asked(&text, &ty).further(&Hints::of([check]), 50, 0);
            values.iter().filter(|v| v.to_string().starts_with("Europe/")).count()
        };
        assert!(zones("(now() AT TIME ZONE home) IS NOT NULL") > 5);
        assert_eq!(zones("upper(home) IS NOT NULL"), 0);
    }

    #[test]
    fn small_domains_are_enumerated() {
        let int =
            Domain::Range { kind: RangeKind::Int, lo: 1, hi: 90, step: 1, except: vec![], shape: Default::default() };
        let ty = SqlType::Int { bytes: 4, unsigned: false, tinyint1: false };
        assert_eq!(asked(&int, &ty).likely(100, 0).len(), 90);
        assert!(asked(&int, &ty).likely(40, 1).len() > 20);
    }
}
