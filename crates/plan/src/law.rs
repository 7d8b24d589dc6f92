//! How a cell is worked out from other cells, instead of being drawn: decided when planning, data and nothing more.

use serde::{Deserialize, Serialize};

use super::Step;
use dbmocker_predicate::{Env, Expr};

/// What takes the place of a column's draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LawPlan {
    pub law: Law,
    /// The law as a formula, e.g. `subtotal + tax - discount`.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// A number, rounded to the column's scale and kept between the two, which are in the column's own unit.
    Number { expr: Formula, least: i64, most: i64 },
    /// The cell of the parent row; where there is none, or no more than a NULL that the column does not hold, what the
    /// rule draws.
    Copy { foreign: usize, column: usize, nullable: bool },
    /// The words of another column of the row in lower case, joined by `-`, of at most so many characters. `numbered`: a
    /// column that is unique ends in the row's number, counted from here.
    Slug { of: usize, most: u32, numbered: Option<u64> },
    /// The first of these words (in small letters, with the column's own spelling) that stands in another column of the
    /// row; where none does, what the rule draws.
    Named { of: usize, words: Vec<(String, String)> },
    /// The text that goes with that of another column of the row; where that one has none, what the rule draws.
    Text { by: usize, cases: Vec<(String, String)> },
    /// What the expression comes to, over `inputs` by their names, converted to the column's type; at most so many
    /// characters.
    Expression { expr: Box<Expr>, inputs: Vec<Input>, env: Env, most: Option<u32> },
    /// A moment, kept in this form; nothing that has happened lies after `now` (microseconds since 1970).
    Moment { at: Moment, form: Form, now: i64 },
}

/// A value that an expression reads, by the name that it has there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub name: String,
    pub of: InputOf,
}

/// Where the value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputOf {
    /// A column of the row.
    Cell(usize),
    /// A column of the row that these foreign keys lead up to, one after the other; NULL where there is none.
    Parent { path: Vec<Step>, column: usize },
    /// The row's number in its table, from 1, or among the rows of its parent.
    RowNumber { foreign: Option<usize> },
    /// What the rows of another table come to that point at the row.
    Children { table: usize, foreign: usize, fold: Aggregate, of: Box<Expr>, columns: Vec<(String, usize)>, env: Env },
}

/// How the values of several rows become one. NULLs do not count; of no values it is NULL, or 0 for a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    Count,
    Sum,
    Mean,
    Least,
    Greatest,
}

/// A moment by others of the row, `None` being the one at which the row began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    Began,
    /// Some time after; sooner where now is near.
    After {
        of: Option<usize>,
        gap: Gap,
    },
    /// Anywhere between the other one and now, rather near now.
    Since {
        of: Option<usize>,
    },
    /// Not before the other one, and within so many seconds of now.
    Recent {
        of: Option<usize>,
        most: i64,
    },
    /// One of these spans later, in seconds: it may be yet to come.
    Ahead {
        of: Option<usize>,
        spans: Vec<i64>,
    },
    /// Some time before.
    Before {
        of: Option<usize>,
        gap: Gap,
    },
    /// When the next row of the same owner begins; NULL for the last one, or some time ahead where it may not be.
    Next {
        nullable: bool,
    },
}

impl Moment {
    /// The column that it is worked out from.
    pub fn of(&self) -> Option<usize> {
        match self {
            Moment::Before { of, .. } => *of,
            other => other.after().flatten(),
        }
    }

    /// The moment that it lies after.
    pub fn after(&self) -> Option<Option<usize>> {
        match self {
            Moment::After { of, .. } | Moment::Since { of } | Moment::Recent { of, .. } | Moment::Ahead { of, .. } => {
                Some(*of)
            }
            Moment::Began | Moment::Before { .. } | Moment::Next { .. } => None,
        }
    }
}

/// From the shortest to the longest, in seconds; short ones are as likely as long ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub least: i64,
    pub most: i64,
}

/// What a moment is kept as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    Timestamp,
    Date,
    /// Whole numbers since 1970.
    Seconds,
    Milliseconds,
    DateText,
    TimestampText,
}

/// When the rows of a table began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Began {
    Clock(Clock),
    /// After the latest of the rows that these foreign keys choose; by the clock where there is none. `together`: the
    /// rows of the one parent lie together, and follow each other in time.
    After {
        parents: Vec<usize>,
        gap: Gap,
        together: bool,
        otherwise: Clock,
    },
    /// The rows of one owner (of the table, where no foreign key leads to one) share out the time from its beginning to
    /// now, one after the other and no two at once.
    Owned(Owned),
}

/// Rows that follow each other in the time of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// Leads to the owner, whose rows lie together.
    pub foreign: Option<usize>,
    /// The owner's rows began at moments that are known; else its time begins with the clock's.
    pub timed: bool,
    /// Seconds from one row to the next, where there is room; none: equal parts of the owner's time.
    pub step: Option<i64>,
    /// No two rows lie in the same so many microseconds.
    pub unit: i64,
    pub otherwise: Clock,
}

/// Arithmetic over cells. NULL makes NULL, but for [`Formula::Cell`] and [`Formula::Or`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    /// `n / 10^scale`.
    Number {
        n: i64,
        scale: u8,
    },
    /// The cell of a column of the row, 0 where it is NULL.
    Cell(usize),
    /// The cell of a column of the row.
    Nullable(usize),
    /// What the column itself would draw without a law.
    Own,
    /// The cell of the parent row, NULL where there is none.
    Parent {
        foreign: usize,
        column: usize,
    },
    /// What the rows of another table that point at the row come to.
    Children {
        /// Index of that table in the plan, and of its foreign key.
        table: usize,
        foreign: usize,
        fold: Box<Fold>,
    },
    /// One of these (`n / 10^scale`), as often as its weight says.
    OneOf {
        values: Vec<(i64, u32)>,
        scale: u8,
    },
    /// A number between the two, evenly.
    Between {
        lo: i64,
        hi: i64,
        scale: u8,
    },
    Add(Box<Formula>, Box<Formula>),
    Sub(Box<Formula>, Box<Formula>),
    /// Rounded to this scale.
    Mul(Box<Formula>, Box<Formula>, u8),
    /// Rounded to this scale; NULL where the divisor is 0.
    Div(Box<Formula>, Box<Formula>, u8),
    /// The hundredth part, exactly.
    Percent(Box<Formula>),
    /// By a bell curve of this mean and deviation, between the two (all `n / 10^scale`).
    Normal {
        mean: i64,
        deviation: i64,
        lo: i64,
        hi: i64,
        scale: u8,
    },
    /// Between 0 and 1: up and down in waves that are the parent row's own, by a moment of the row (by its number, where
    /// it has none), so that what one parent's rows hold changes little from one to the next.
    Wave {
        foreign: usize,
        at: Option<usize>,
    },
    /// By the text of a column of the row: the first case that names it, letter case apart.
    ByText {
        column: usize,
        cases: Vec<(Vec<String>, Formula)>,
        otherwise: Box<Formula>,
    },
    /// The first that is not NULL.
    Or(Box<Formula>, Box<Formula>),
    Least(Box<Formula>, Box<Formula>),
    Most(Box<Formula>, Box<Formula>),
    /// Whole units of so many microseconds between two moments of the row.
    Span {
        from: usize,
        to: usize,
        unit: i64,
    },
    /// Whole years from a moment of the row until another one (microseconds since 1970).
    Years {
        from: usize,
        until: i64,
    },
}

/// What many rows come to. The columns are theirs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    Count,
    /// NULL where there are none.
    Sum(Formula),
    /// Rounded to this scale; NULL where there are none.
    Mean(usize, u8),
    /// A moment, NULL where there are none.
    First(usize),
    Last(usize),
}

impl Fold {
    /// Columns of the rows that it needs.
    pub fn columns(&self) -> Vec<usize> {
        match self {
            Fold::Count => Vec::new(),
            Fold::Sum(of) => of.columns(),
            Fold::Mean(c, _) | Fold::First(c) | Fold::Last(c) => vec![*c],
        }
    }
}

impl std::ops::Add for Formula {
    type Output = Formula;

    fn add(self, other: Formula) -> Formula {
        Formula::Add(Box::new(self), Box::new(other))
    }
}

impl std::ops::Sub for Formula {
    type Output = Formula;

    fn sub(self, other: Formula) -> Formula {
        Formula::Sub(Box::new(self), Box::new(other))
    }
}

impl Formula {
    /// A whole number.
    pub fn whole(n: i64) -> Formula {
        Formula::Number { n, scale: 0 }
    }

    /// One of these percentages, as a factor.
    pub fn percent_of(values: &[(i64, u32)]) -> Formula {
        Formula::OneOf { values: values.to_vec(), scale: 2 }
    }

    #[must_use]
    pub fn percent(self) -> Formula {
        Formula::Percent(Box::new(self))
    }

    #[must_use]
    pub fn times(self, other: Formula, scale: u8) -> Formula {
        Formula::Mul(Box::new(self), Box::new(other), scale)
    }

    #[must_use]
    pub fn over(self, other: Formula, scale: u8) -> Formula {
        Formula::Div(Box::new(self), Box::new(other), scale)
    }

    #[must_use]
    pub fn or(self, other: Formula) -> Formula {
        Formula::Or(Box::new(self), Box::new(other))
    }

    #[must_use]
    pub fn least(self, other: Formula) -> Formula {
        Formula::Least(Box::new(self), Box::new(other))
    }

    #[must_use]
    pub fn most(self, other: Formula) -> Formula {
        Formula::Most(Box::new(self), Box::new(other))
    }

    /// Every part, itself first.
    pub fn visit(&self, each: &mut dyn FnMut(&Formula)) {
        each(self);
        match self {
            Formula::Add(a, b)
            | Formula::Sub(a, b)
            | Formula::Mul(a, b, _)
            | Formula::Div(a, b, _)
            | Formula::Or(a, b)
            | Formula::Least(a, b)
            | Formula::Most(a, b) => {
                a.visit(each);
                b.visit(each);
            }
            Formula::Percent(e) => e.visit(each),
            Formula::ByText { cases, otherwise, .. } => {
                cases.iter().for_each(|(_, e)| e.visit(each));
                otherwise.visit(each);
            }
            Formula::Number { .. }
            | Formula::Cell(_)
            | Formula::Nullable(_)
            | Formula::Own
            | Formula::Parent { .. }
            | Formula::Children { .. }
            | Formula::OneOf { .. }
            | Formula::Between { .. }
            | Formula::Normal { .. }
            | Formula::Wave { .. }
            | Formula::Span { .. }
            | Formula::Years { .. } => {}
        }
    }

    /// Columns of the row that it needs.
    pub fn columns(&self) -> Vec<usize> {
        let mut out = Vec::new();
        self.visit(&mut |e| match e {
            Formula::Cell(c)
            | Formula::Nullable(c)
            | Formula::Years { from: c, .. }
            | Formula::ByText { column: c, .. } => out.push(*c),
            Formula::Span { from, to, .. } => out.extend([*from, *to]),
            Formula::Wave { at, .. } => out.extend(*at),
            _ => {}
        });
        out
    }
}

/// Moments at which rows of a table happened one after the other: microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub from: i64,
    pub to: i64,
    /// At all hours, on all days.
    pub machine: bool,
}
