//! Formulas that the comment of a column states over other columns of its row, in words or symbols: `net premium plus
//! tax`, `qty_per * (1 + scrap_pct / 100)`, `from received_at to first_response_at`.
//!
//! In: the comment, and the columns of the table. Out: the formula over columns, if each operand of the comment is one
//! column; otherwise nothing.

mod arithmetic;
mod operands;
mod parse;
#[cfg(test)]
mod tests;
mod tokens;

pub use operands::Columns;
use parse::parsed;

/// What a column may stand for in a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperandKind {
    Number,
    /// A date or a timestamp.
    Moment,
    Other,
}

/// A column of the table whose comment is read.
#[derive(Debug, Clone, Copy)]
pub struct OperandColumn<'a> {
    pub name: &'a str,
    pub kind: OperandKind,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
}

impl TimeUnit {
    /// The unit that a word names, in the singular or the plural.
    pub fn of(word: &str) -> Option<TimeUnit> {
        Some(match word {
            "second" | "seconds" | "sec" | "secs" => TimeUnit::Second,
            "minute" | "minutes" | "min" | "mins" => TimeUnit::Minute,
            "hour" | "hours" | "hr" | "hrs" => TimeUnit::Hour,
            "day" | "days" | "night" | "nights" => TimeUnit::Day,
            "week" | "weeks" => TimeUnit::Week,
            _ => return None,
        })
    }

    pub fn seconds(self) -> i64 {
        match self {
            TimeUnit::Second => 1,
            TimeUnit::Minute => 60,
            TimeUnit::Hour => 3_600,
            TimeUnit::Day => 86_400,
            TimeUnit::Week => 7 * 86_400,
        }
    }
}

/// A formula over columns, by their indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stated {
    Column(usize),
    /// `n / 10^scale`.
    Number {
        n: i64,
        scale: u8,
    },
    Add(Box<Stated>, Box<Stated>),
    Sub(Box<Stated>, Box<Stated>),
    Mul(Box<Stated>, Box<Stated>),
    Div(Box<Stated>, Box<Stated>),
    /// A part of a whole, in the unit of the column: in percent, or a number from 0 to 1.
    Share(Box<Stated>, Box<Stated>),
    Least(Box<Stated>, Box<Stated>),
    Most(Box<Stated>, Box<Stated>),
    /// The time between two moments, in this unit, or in that of the column. `both`: the first and the last day count.
    Time {
        from: usize,
        to: usize,
        unit: Option<TimeUnit>,
        both: bool,
    },
    /// A moment and a number of units of time after it, or before.
    Shifted {
        from: usize,
        by: Box<Stated>,
        unit: TimeUnit,
        before: bool,
    },
}

impl Stated {
    /// Visits every part, this one first.
    pub fn visit(&self, each: &mut dyn FnMut(&Stated)) {
        each(self);
        match self {
            Stated::Add(a, b)
            | Stated::Sub(a, b)
            | Stated::Mul(a, b)
            | Stated::Div(a, b)
            | Stated::Share(a, b)
            | Stated::Least(a, b)
            | Stated::Most(a, b) => {
                a.visit(each);
                b.visit(each);
            }
            Stated::Shifted { by, .. } => by.visit(each),
            Stated::Column(_) | Stated::Number { .. } | Stated::Time { .. } => {}
        }
    }

    /// The columns that it reads.
    pub fn columns(&self) -> Vec<usize> {
        let mut out = Vec::new();
        self.visit(&mut |part| match part {
            Stated::Column(c) | Stated::Shifted { from: c, .. } => out.push(*c),
            Stated::Time { from, to, .. } => out.extend([*from, *to]),
            _ => {}
        });
        out
    }
}

/// The formula that the comment of column `own` states for it; `None` if it states none, or if one of its operands is
/// not exactly one column. `language`: that of the table's names.
///
/// ```
/// use dbmocker_semantics::stated::{OperandColumn, OperandKind, Stated, stated};
/// let columns = ["net_amount", "vat_amount", "total_amount"];
/// let columns = columns.map(|name| OperandColumn { name, kind: OperandKind::Number });
/// let sum = Stated::Add(Box::new(Stated::Column(0)), Box::new(Stated::Column(1)));
/// assert_eq!(stated("net plus vat", 2, &columns, None), Some(sum));
/// assert_eq!(stated("net plus shipping", 2, &columns, None), None);
/// ```
pub fn stated(comment: &str, own: usize, columns: &[OperandColumn<'_>], language: Option<&str>) -> Option<Stated> {
    Columns::new(columns, language).stated(comment, own)
}

impl Columns<'_> {
    /// As [`stated`]: the formula that the comment of column `own` states for it.
    pub fn stated(&self, comment: &str, own: usize) -> Option<Stated> {
        parsed(comment, &self.beside(own))
    }
}
