//! The column that a phrase of a comment names.

use super::{OperandColumn, OperandKind, TimeUnit};
use crate::names::Name;

/// Words that name nothing by themselves.
const ARTICLES: &[&str] =
    &["the", "a", "an", "its", "this", "their", "of", "row", "rows", "in", "for", "column", "all"];
/// Words of names that only say that the column holds an amount, or its unit.
const PLAIN: &[&str] = &[
    "amount", "quantity", "value", "number", "count", "cent", "minor", "usd", "eur", "gbp", "chf", "kg", "km", "kwh",
    "kw", "mw", "m2", "sqm", "at", "on", "date", "time", "min", "minute", "hour", "day",
];
/// Words of rates, which no phrase without them means first.
const RATES: &[&str] = &["percent", "rate", "per", "ratio", "share"];
const RATE_COST: u32 = 20;
/// Costs of a word that the phrase does not have: one of the described column, and another one.
const SHARED_COST: u32 = 2;
const OTHER_COST: u32 = 4;
/// Fewest letters of an abbreviation.
const ABBREVIATION: usize = 3;

/// A column that phrases may name.
struct Operand {
    column: usize,
    kind: OperandKind,
    name: Name,
    /// The parts of the identifier as written, in lower case.
    raw: Vec<String>,
}

/// The columns of a table, as comments name them.
pub struct Columns<'a> {
    all: Vec<Operand>,
    language: Option<&'a str>,
}

/// The columns that the comment of one of them may name.
pub struct Operands<'a> {
    own: &'a Operand,
    all: &'a [Operand],
    language: Option<&'a str>,
}

/// The columns that a phrase names: one of numbers and one of moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    pub number: Option<usize>,
    pub moment: Option<usize>,
}

impl<'a> Columns<'a> {
    pub fn new(columns: &[OperandColumn<'_>], language: Option<&'a str>) -> Self {
        let operand = |(column, of): (usize, &OperandColumn<'_>)| Operand {
            column,
            kind: of.kind,
            name: Name::in_language(of.name, language),
            raw: parts(of.name),
        };
        Columns { all: columns.iter().enumerate().map(operand).collect(), language }
    }

    pub(super) fn beside(&self, own: usize) -> Operands<'_> {
        Operands { own: &self.all[own], all: &self.all, language: self.language }
    }
}

impl Operands<'_> {
    fn others(&self) -> impl Iterator<Item = &Operand> {
        self.all.iter().filter(|o| o.column != self.own.column && o.kind != OperandKind::Other)
    }

    pub fn own_kind(&self) -> OperandKind {
        self.own.kind
    }

    /// Whether the described column is a share of something, by its name.
    pub fn is_share(&self) -> bool {
        self.own.name.has_any(&["percent", "ratio", "rate", "share", "factor", "utilization", "utilisation", "yield"])
    }

    /// Whether the described column is a difference of two numbers, by its name.
    pub fn is_difference(&self) -> bool {
        const WORDS: &[&str] = &[
            "difference",
            "diff",
            "delta",
            "change",
            "net",
            "remaining",
            "balance",
            "profit",
            "margin",
            "gap",
            "variance",
            "gain",
            "loss",
            "due",
            "open",
            "outstanding",
            "rest",
            "left",
            "movement",
            "consumption",
            "usage",
            "age",
        ];
        self.own.name.has_any(WORDS)
    }

    /// Whether the phrase is the identifier of the described column.
    pub fn is_own(&self, phrase: &[String]) -> bool {
        matches!(phrase, [one] if one.to_lowercase() == self.own.name.whole)
    }

    /// The unit of time in the name of a column.
    pub fn unit_of(&self, column: usize) -> Option<TimeUnit> {
        let of = self.others().find(|o| o.column == column)?;
        of.name.words.iter().rev().find_map(|w| TimeUnit::of(w))
    }

    /// Whether a column is a percentage, by its name.
    pub fn is_percent(&self, column: usize) -> bool {
        self.others().any(|o| o.column == column && o.name.has("percent"))
    }

    /// The columns that the phrase names; `None` if it names none of either kind, or several equally well.
    pub fn find(&self, phrase: &[String]) -> Option<Named> {
        let (number, moment) = (self.of_kind(phrase, OperandKind::Number), self.of_kind(phrase, OperandKind::Moment));
        (number.is_some() || moment.is_some()).then_some(Named { number, moment })
    }

    fn of_kind(&self, phrase: &[String], kind: OperandKind) -> Option<usize> {
        let candidates = || self.others().filter(move |o| o.kind == kind);
        if let [one] = phrase {
            let one = one.rsplit('.').next().unwrap_or(one).to_lowercase();
            if let Some(exact) = candidates().find(|o| o.name.whole == one) {
                return Some(exact.column);
            }
        }
        let words = self.words(phrase);
        // `rate of interest` is the described column itself.
        let own = |word: &String| {
            RATES.contains(&word.as_str())
                || PLAIN.contains(&word.as_str())
                || self.own.name.words.iter().any(|w| is_same(w, word))
        };
        if words.iter().all(own) {
            return None;
        }
        let by_cost = |cost: &dyn Fn(&Operand) -> Option<u32>| {
            let mut found: Vec<(u32, usize)> = candidates().filter_map(|o| Some((cost(o)?, o.column))).collect();
            found.sort_unstable();
            match found[..] {
                [(first, _), (second, _), ..] if first == second => Err(()),
                [(_, column), ..] => Ok(Some(column)),
                [] => Ok(None),
            }
        };
        match by_cost(&|o| self.cost(o, &words)) {
            Ok(None) => by_cost(&|o| abbreviated(o, phrase)).ok().flatten(),
            found => found.ok().flatten(),
        }
    }

    /// The words of a phrase as in names, without articles.
    fn words(&self, phrase: &[String]) -> Vec<String> {
        let kept: Vec<&str> =
            phrase.iter().map(String::as_str).filter(|w| !ARTICLES.contains(&w.to_lowercase().as_str())).collect();
        let words = Name::in_language(&kept.join("_"), self.language).words;
        words.into_iter().filter(|w| !w.is_empty()).collect()
    }

    /// How many words of the name the phrase leaves out, weighted; `None` if the name lacks one of the phrase.
    fn cost(&self, operand: &Operand, phrase: &[String]) -> Option<u32> {
        let words = &operand.name.words;
        if !phrase.iter().all(|p| words.iter().any(|w| is_same(w, p))) {
            return None;
        }
        let left = words.iter().filter(|w| !phrase.iter().any(|p| is_same(w, p)));
        let of = |word: &String| match word.as_str() {
            word if RATES.contains(&word) => RATE_COST,
            word if PLAIN.contains(&word) => 1,
            _ if self.own.name.words.contains(word) => SHARED_COST,
            _ => OTHER_COST,
        };
        Some(left.map(of).sum())
    }
}

/// How many parts of the name the phrase leaves out; `None` if one of its words is no part, and none abbreviates it.
fn abbreviated(operand: &Operand, phrase: &[String]) -> Option<u32> {
    let of = |word: &String| {
        let word = word.to_lowercase();
        ARTICLES.contains(&word.as_str()) || operand.raw.iter().any(|part| *part == word || abbreviates(part, &word))
    };
    let left = operand.raw.len().saturating_sub(phrase.len());
    phrase.iter().all(of).then(|| u32::try_from(left).unwrap_or(u32::MAX))
}

/// Whether the letters of a part of a name are those of a longer word, in order: `rpt` of `report`.
fn abbreviates(part: &str, word: &str) -> bool {
    let mut letters = word.chars();
    let first = part.chars().next() == word.chars().next();
    first && part.len() >= ABBREVIATION && part.len() < word.len() && part.chars().all(|c| letters.any(|l| l == c))
}

/// Whether two words differ in their endings only: `deductions` and `deducted`.
fn is_same(a: &str, b: &str) -> bool {
    a == b || crate::number_parts::root(a) == crate::number_parts::root(b)
}

/// The parts of an identifier, in lower case.
fn parts(identifier: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut before = ' ';
    for c in identifier.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && before.is_lowercase() {
            out.push(String::new());
        }
        if c.is_alphanumeric() {
            out.last_mut().expect("one part").extend(c.to_lowercase());
        }
        before = c;
    }
    out.retain(|part| !part.is_empty());
    out
}
