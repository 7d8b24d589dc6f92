//! The formula of a comment: its clauses, times between moments, lists of terms, arithmetic.

use super::arithmetic::Parser;
use super::operands::{Named, Operands};
use super::tokens::{Token, tokens};
use super::{OperandKind, Stated, TimeUnit};

/// Words that introduce a formula.
const INTRODUCTIONS: &[&str] = &[
    "computed",
    "calculated",
    "derived",
    "formula",
    "equals",
    "equal",
    "is",
    "always",
    "result",
    "as",
    "by",
    "to",
    "of",
    "the",
];
/// Introductions after which `from` does not begin a period.
const COMPUTED: &[&str] = &["computed", "calculated", "derived"];
/// Words before the two moments of a period.
const PERIODS: &[&str] = &[
    "number",
    "of",
    "time",
    "duration",
    "elapsed",
    "whole",
    "full",
    "complete",
    "calendar",
    "the",
    "span",
    "interval",
    "period",
    "difference",
    "length",
];
/// Words after a formula with which it does not hold for each row, or is not the whole formula.
const RESTRICTIONS: &[&str] = &[
    "unless",
    "except",
    "if",
    "when",
    "where",
    "plus",
    "minus",
    "less",
    "times",
    "otherwise",
    "else",
    "or",
    "and",
    "least",
    "most",
    "capped",
    "never",
    "but",
    "only",
    "not",
    "minimum",
    "maximum",
    "until",
    "once",
    "limited",
    "below",
    "above",
];
/// Words that say that both ends of a period count.
const INCLUSIVE: &[&str] = &["included", "inclusive", "including", "incl"];
/// Most tokens of a formula.
const MOST: usize = 60;

/// A formula whose operands may still be numbers or moments.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    Operand(Named),
    Number(i64, u8),
    Duration(i64, u8, TimeUnit),
    Between(usize, usize),
    Binary(Sign, Box<Raw>, Box<Raw>),
}

/// What joins two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Add,
    Sub,
    Mul,
    Div,
    Share,
    Least,
    Most,
}

/// The formula of the first clause that states one.
pub fn parsed(comment: &str, operands: &Operands<'_>) -> Option<Stated> {
    if operands.own_kind() == OperandKind::Other {
        return None;
    }
    clauses(comment).into_iter().find_map(|clause| of_clause(&tokens(clause)?, operands))
}

/// The parts of a comment between colons, semicolons and full stops.
fn clauses(comment: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for line in comment.split([';', ':', '\n']) {
        out.extend(line.split(". ").map(|part| part.trim().trim_end_matches('.')));
    }
    out.retain(|clause| !clause.is_empty());
    out
}

/// What is said beside the formula.
#[derive(Debug, Default, Clone, Copy)]
struct Remarks {
    unit: Option<TimeUnit>,
    both: bool,
}

fn of_clause(all: &[Token], operands: &Operands<'_>) -> Option<Stated> {
    let all = right_side(all, operands).filter(|all| all.len() <= MOST)?;
    let mut remarks = Remarks::default();
    let all = without_introduction(all);
    if let Some(list) = list(all, operands) {
        return typed(&list, operands, remarks);
    }
    let mut depth = 0;
    let comma = all.iter().position(|token| {
        depth += i32::from(*token == Token::Open) - i32::from(*token == Token::Close);
        *token == Token::Comma && depth == 0
    });
    let (formula, rest) = all.split_at(comma.unwrap_or(all.len()));
    read_remarks(rest, &mut remarks)?;
    let formula = without_remarks(formula, &mut remarks);
    if let Some(time) = period(formula, operands, &mut remarks) {
        return typed(&time, operands, remarks);
    }
    if is_pair(formula, operands) {
        return None;
    }
    let shares = [operands.is_share(), false];
    let raw = shares.into_iter().find_map(|shares| {
        let mut parser = Parser { tokens: formula, at: 0, operands, shares };
        let raw = parser.whole()?;
        (parser.at == formula.len()).then_some(raw)
    })?;
    typed(&raw, operands, remarks)
}

/// Whether the clause may name two things with a sign between them, as `home/away` and `min - max` do: the described column
/// is no ratio or difference by its name, and they are not written as identifiers.
fn is_pair(formula: &[Token], operands: &Operands<'_>) -> bool {
    let sign = |token: &Token| matches!(token, Token::Over | Token::Minus);
    let mut sides = formula.split(sign);
    let (Some(left), Some(right), None) = (sides.next(), sides.next(), sides.next()) else { return false };
    let words = |side: &[Token]| !side.is_empty() && side.iter().all(|token| matches!(token, Token::Word(_)));
    let identifier = |side: &[Token]| matches!(side, [Token::Word(word)] if word.contains('_') || word.chars().skip(1).any(char::is_uppercase));
    let said = if formula.contains(&Token::Over) { operands.is_share() } else { operands.is_difference() };
    words(left) && words(right) && !said && !(identifier(left) && identifier(right))
}

/// The side of an equation that is not the column itself; the whole clause if it is none.
fn right_side<'t>(all: &'t [Token], operands: &Operands<'_>) -> Option<&'t [Token]> {
    let Some(at) = all.iter().position(|token| *token == Token::Equals) else { return Some(all) };
    let (left, right) = (&all[..at], &all[at + 1..]);
    let own = |side: &[Token]| match side {
        [Token::Word(word)] => operands.is_own(std::slice::from_ref(word)),
        _ => false,
    };
    match (left.is_empty() || own(left), own(right)) {
        (true, _) => Some(right),
        (_, true) => Some(left),
        _ => None,
    }
}

pub(super) fn is_word(token: Option<&Token>, words: &[&str]) -> bool {
    matches!(token, Some(Token::Word(word)) if words.contains(&word.to_lowercase().as_str()))
}

fn without_introduction(mut all: &[Token]) -> &[Token] {
    while is_word(all.first(), INTRODUCTIONS) {
        let computed = is_word(all.first(), COMPUTED);
        all = &all[1..];
        if computed && is_word(all.first(), &["from"]) {
            all = &all[1..];
        }
    }
    all
}

/// The unit that a token names.
pub(super) fn unit(token: Option<&Token>) -> Option<TimeUnit> {
    match token {
        Some(Token::Word(word)) => TimeUnit::of(&word.to_lowercase()),
        _ => None,
    }
}

/// Reads what follows the first comma; `None` if the formula goes on there, or is restricted.
fn read_remarks(rest: &[Token], remarks: &mut Remarks) -> Option<()> {
    let sign = |token: &Token| !matches!(token, Token::Word(_) | Token::Comma | Token::Percent | Token::Number(..));
    let numbers = matches!(rest.get(1), Some(Token::Number(..)));
    // `negative when early` says what the formula gives.
    let signs = rest.iter().position(|token| is_word(Some(token), &["negative", "positive"]));
    let rest = &rest[..signs.unwrap_or(rest.len())];
    if numbers || rest.iter().any(|token| sign(token) || is_word(Some(token), RESTRICTIONS)) {
        return None;
    }
    remarks.both |= rest.iter().any(|token| is_word(Some(token), INCLUSIVE));
    let said = rest.windows(2).find_map(|pair| unit(pair.last()).filter(|_| is_word(pair.first(), &["in"])));
    remarks.unit = remarks.unit.or(said);
    Some(())
}

/// The formula without `in minutes`, `in per cent`, `rounded`, `both included` at its end.
fn without_remarks<'t>(mut formula: &'t [Token], remarks: &mut Remarks) -> &'t [Token] {
    while let Some((last, before)) = formula.split_last() {
        let n = before.len();
        let in_whole =
            n >= 2 && is_word(before.last(), &["whole", "full", "complete"]) && is_word(before.get(n - 2), &["in"]);
        formula = if let Some(found) = unit(Some(last)).filter(|_| in_whole || is_word(before.last(), &["in"])) {
            remarks.unit = Some(found);
            &before[..n - 1 - usize::from(in_whole)]
        } else if is_word(Some(last), INCLUSIVE) {
            remarks.both = true;
            let both = usize::from(is_word(before.last(), &["both"]));
            &before[..n - both]
        } else if is_word(Some(last), &["rounded"]) {
            before
        } else if is_word(before.last(), &["in"])
            && (*last == Token::Percent || is_word(Some(last), &["percent", "pct", "percentage"]))
        {
            &before[..n - 1]
        } else if n >= 2
            && is_word(Some(last), &["cent"])
            && is_word(before.last(), &["per"])
            && is_word(before.get(n - 2), &["in"])
        {
            &before[..n - 2]
        } else {
            return formula;
        };
    }
    formula
}

/// The time between two moments: `minutes from A to B`, `between A and B`, `A to B`.
fn period(formula: &[Token], operands: &Operands<'_>, remarks: &mut Remarks) -> Option<Raw> {
    let at = |words: &[&str]| formula.iter().position(|token| is_word(Some(token), words));
    let (start, ends): (usize, &[&str]) = match (at(&["from"]), at(&["between"])) {
        (Some(start), _) => (start + 1, &["to", "until", "till"]),
        (_, Some(start)) => (start + 1, &["and"]),
        _ => (0, &["to", "until", "till"]),
    };
    let before = &formula[..start.saturating_sub(1)];
    if !before.iter().all(|token| is_word(Some(token), PERIODS) || unit(Some(token)).is_some()) {
        return None;
    }
    let middle = start + formula[start..].iter().position(|token| is_word(Some(token), ends))?;
    let moment = |part: &[Token]| {
        let words: Option<Vec<String>> =
            part.iter().map(|token| if let Token::Word(word) = token { Some(word.clone()) } else { None }).collect();
        operands.find(&words.filter(|words| !words.is_empty())?)?.moment
    };
    let (from, to) = (moment(&formula[start..middle])?, moment(&formula[middle + 1..])?);
    remarks.unit = remarks.unit.or(before.iter().find_map(|token| unit(Some(token))));
    (from != to).then_some(Raw::Between(from, to))
}

/// `sum of A, B and C`, `difference between A and B`, `product of A and B`, `ratio of A to B`.
fn list(all: &[Token], operands: &Operands<'_>) -> Option<Raw> {
    let (sign, separators): (Sign, &[&str]) = match all.first() {
        Some(Token::Word(word)) => match word.to_lowercase().as_str() {
            "sum" | "total" => (Sign::Add, &["and", "plus"]),
            "difference" => (Sign::Sub, &["and"]),
            "product" => (Sign::Mul, &["and"]),
            "ratio" | "quotient" => (Sign::Div, &["to", "and"]),
            _ => return None,
        },
        _ => return None,
    };
    let rest = all.get(2..).filter(|_| is_word(all.get(1), &["of", "between"]))?;
    let separator = |token: &Token| {
        is_word(Some(token), separators) || sign == Sign::Add && matches!(token, Token::Comma | Token::Plus)
    };
    let mut terms = Vec::new();
    for part in rest.split(separator).filter(|part| !part.is_empty()) {
        let word = |token: &Token| if let Token::Word(word) = token { Some(word.clone()) } else { None };
        let words: Option<Vec<String>> = part.iter().map(word).collect();
        terms.push(Raw::Operand(operands.find(&words?)?));
    }
    let enough = terms.len() >= 2 && (sign == Sign::Add || terms.len() == 2);
    let sum = |a, b| Raw::Binary(sign, Box::new(a), Box::new(b));
    terms.into_iter().reduce(sum).filter(|_| enough)
}

/// A formula with columns of the kind that it needs; `None` if an operand is of another kind, or it is one operand.
fn typed(raw: &Raw, operands: &Operands<'_>, remarks: Remarks) -> Option<Stated> {
    if operands.own_kind() == OperandKind::Moment {
        return shifted(raw, operands);
    }
    // `1 - 10` is a range.
    let made = numeric(raw, remarks).filter(|made| !made.columns().is_empty())?;
    (!matches!(made, Stated::Column(_) | Stated::Number { .. })).then_some(made)
}

fn numeric(raw: &Raw, remarks: Remarks) -> Option<Stated> {
    let moment = |raw: &Raw| if let Raw::Operand(named) = raw { named.moment } else { None };
    let number = |raw: &Raw| if let Raw::Operand(named) = raw { named.number } else { None };
    let time = |from, to| Stated::Time { from, to, unit: remarks.unit, both: remarks.both };
    Some(match raw {
        Raw::Operand(named) => Stated::Column(named.number?),
        Raw::Number(n, scale) => Stated::Number { n: *n, scale: *scale },
        Raw::Duration(..) => return None,
        Raw::Between(from, to) => time(*from, *to),
        Raw::Binary(Sign::Sub, a, b)
            if (remarks.unit.is_some() || number(a).is_none() || number(b).is_none())
                && moment(a).is_some()
                && moment(b).is_some() =>
        {
            time(moment(b)?, moment(a)?)
        }
        Raw::Binary(sign, a, b) => {
            let (a, b) = (Box::new(numeric(a, remarks)?), Box::new(numeric(b, remarks)?));
            match sign {
                Sign::Add => Stated::Add(a, b),
                Sign::Sub => Stated::Sub(a, b),
                Sign::Mul => Stated::Mul(a, b),
                Sign::Div => Stated::Div(a, b),
                Sign::Share => Stated::Share(a, b),
                Sign::Least => Stated::Least(a, b),
                Sign::Most => Stated::Most(a, b),
            }
        }
    })
}

/// A moment before or after another one: `last_pm_date plus pm_interval_days`, `issued_on + 30 days`.
fn shifted(raw: &Raw, operands: &Operands<'_>) -> Option<Stated> {
    let Raw::Binary(sign @ (Sign::Add | Sign::Sub), from, by) = raw else { return None };
    let Raw::Operand(Named { moment: Some(from), .. }) = **from else { return None };
    let (by, unit) = match **by {
        Raw::Operand(Named { number: Some(c), .. }) => (Stated::Column(c), operands.unit_of(c)?),
        Raw::Duration(n, scale, unit) => (Stated::Number { n, scale }, unit),
        _ => return None,
    };
    Some(Stated::Shifted { from, by: Box::new(by), unit, before: *sign == Sign::Sub })
}
