//! Laws that compute a cell from other cells instead of drawing it. Data only; the planner chooses them.

use serde::{Deserialize, Serialize};

use super::{FkStep, Flow, FlowKind, FlowPart, SeasonPlan, SeriesPlan, WalkPlan};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_domain::distribution::{Distribution, Ranks};
use dbmocker_domain::entity::{Attribute, Entity};
use dbmocker_predicate::{Env, Expr};

/// The law that replaces a column's draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LawPlan {
    pub law: Law,
    /// The law as text, e.g. `subtotal + tax - discount`.
    pub text: String,
}

impl LawPlan {
    /// Returns the flow of which the column holds a part.
    pub fn flow(&self) -> Option<Flow> {
        match &self.law {
            Law::Side { flow, .. } => Some(*flow),
            Law::Number { expr, .. } => {
                let mut found = None;
                expr.visit(&mut |part| {
                    if let Formula::Flow { flow, .. } = part {
                        found = Some(*flow);
                    }
                });
                found
            }
            _ => None,
        }
    }

    /// Makes each row of an entry's flow independent of the others. `text`: the law as text.
    pub fn flow_alone(&mut self, text: &str) {
        if self.entry().is_none() {
            return;
        }
        let alone = |flow: &mut Flow| (flow.kind, flow.foreign) = (FlowKind::Single, None);
        match &mut self.law {
            Law::Side { flow, .. } => alone(flow),
            Law::Number { expr: Formula::Flow { flow, .. }, .. } => alone(flow),
            Law::Number { expr: Formula::Or(first, _), .. } => {
                if let Formula::Flow { flow, .. } = &mut **first {
                    alone(flow);
                }
            }
            _ => {}
        }
        text.clone_into(&mut self.text);
    }

    /// Returns the foreign key to the entry whose two sides are equal.
    pub fn entry(&self) -> Option<usize> {
        self.flow().filter(|flow| flow.kind == FlowKind::Entry)?.foreign
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// A number, rounded to the column's scale and clamped to the bounds, which are in the column's own unit.
    Number { expr: Formula, least: i64, most: i64 },
    /// The cell of the parent row; the rule's draw where there is no parent, or where its cell is NULL and the column
    /// is not nullable.
    Copy { foreign: usize, column: usize, nullable: bool },
    /// The words of another column of the row in lower case, joined by `-`, of at most `most` characters. `numbered`:
    /// for a unique column, the text ends in the row's number, counted from here.
    Slug { of: usize, most: u32, numbered: Option<u64> },
    /// The first of these words (lower case, with the column's own spelling) that occurs in another column of the row;
    /// the rule's draw if none does.
    Named { of: usize, words: Vec<(String, String)> },
    /// The text mapped to that of another column of the row; the rule's draw if there is no such entry.
    Text { by: usize, cases: Vec<(String, String)> },
    /// One of the texts of the row's side of a flow; the first ones more often.
    Side { flow: Flow, ins: Vec<String>, outs: Vec<String> },
    /// A status on the path that the parent row has taken: the rows of a parent record its changes in order, and the last
    /// one leads to the status in the parent's `column`. The rule's draw where there is no such path.
    StatusPath { foreign: usize, column: usize, before: bool, nullable: bool, paths: Vec<StatusPath> },
    /// The attribute of the entity that the text in another column of the row stands for; the rule's draw if none does.
    Attribute { by: usize, attribute: Attribute, of: String, cases: Vec<(String, Entity)> },
    /// A text made of the names in other columns of the row, of at most `most` characters; the rule's draw if it does not
    /// fit. `numbered`: for a unique column, the text holds the row's number, counted from here.
    Names { names: NameColumns, attribute: Attribute, most: u32, numbered: Option<u64> },
    /// The value of the expression over named `inputs`, converted to the column's type; at most `most` characters.
    Expression { expr: Box<Expr>, inputs: Vec<Input>, env: Env, most: Option<u32> },
    /// A moment, stored in this form. Past events are not after `now` (microseconds since 1970).
    ///
    /// `strict`: a CHECK requires it to be later than the moment that it follows, by at least one unit of the column (a
    /// day or a second).
    Moment {
        at: Moment,
        form: Form,
        now: i64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        strict: bool,
    },
    /// Drawn from a requested or learned distribution.
    Drawn(Box<Drawn>),
}

/// The statuses that lead to one status of the parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusPath {
    /// The parent's status.
    pub status: String,
    /// From the first status to this one, as the column spells them; never empty.
    pub steps: Vec<String>,
    /// A status that is neither of the last two steps, for parents with more changes than steps.
    pub beside: String,
}

impl StatusPath {
    /// Returns the status after change `place` (from 0) of `count`. A place of -1 stands for the time before the first
    /// change: `None` if nothing was before it.
    pub fn after(&self, place: i64, count: u64) -> Option<&str> {
        let (steps, count) = (self.steps.len() as i64, i64::try_from(count).unwrap_or(i64::MAX));
        let (last, rest) = (self.steps.last()?, place - (steps - 1));
        if count <= steps {
            return Some(usize::try_from(place + steps - count).ok().and_then(|at| self.steps.get(at))?);
        }
        if rest < 0 {
            return Some(self.steps.get(usize::try_from(place).ok()?)?);
        }
        // More changes than steps: back and forth before the last one, by another status if their number is odd.
        let odd = (count - steps) % 2;
        let before_last = self.steps.iter().rev().nth(1).unwrap_or(&self.beside);
        Some(match rest - odd {
            ..0 => &self.beside,
            at if at % 2 == 0 => last,
            _ => before_last,
        })
    }
}

/// The columns with a person's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NameColumns {
    pub first: Option<usize>,
    pub last: Option<usize>,
    /// Both names in one text.
    pub full: Option<usize>,
}

impl NameColumns {
    /// Returns the columns.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        self.first.into_iter().chain(self.last).chain(self.full)
    }
}

/// How the cells of a column are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    pub values: DrawnValues,
    /// Correlation of the values with the row order: -1 to 1.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub order: f64,
    /// Number of characters of texts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lengths: Option<Distribution>,
    #[serde(skip_serializing_if = "LengthFit::is_exact", default)]
    pub fit: LengthFit,
    /// The column whose shares of the distribution the rows also have here: a value high in one is high in the other.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub beside: Option<String>,
}

/// How texts get the drawn number of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthFit {
    /// They are cut, or extended, to exactly this number.
    #[default]
    Exact,
    /// Of several values the one with the nearest length, cut between words or extended by words.
    Words,
    /// Of several values the one with the nearest length, unchanged: numbers, addresses, names.
    Nearest,
}

impl LengthFit {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn is_exact(&self) -> bool {
        *self == LengthFit::Exact
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrawnValues {
    /// Numbers between two bounds in the column's own unit.
    Numbers { law: Distribution, least: i64, most: i64, step: i64 },
    /// Values of the rule's domain by rank; `first` holds those of the first ranks.
    Ranked {
        ranks: Ranks,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        first: Vec<Value>,
        /// Texts are drawn by the rank, as the column usually has them, so that a few may be equal; otherwise members
        /// of the domain, which differ.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        natural: bool,
    },
    /// The rule's own draw.
    Own,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(x: &f64) -> bool {
    *x == 0.0
}

/// An input of an expression, by its name there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub name: String,
    pub of: InputOf,
}

/// The source of an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputOf {
    /// A column of the row.
    Cell(usize),
    /// What the column would hold without the law: the group's value or the rule's draw, and this share of NULLs.
    Own { group: Option<(usize, usize)>, null_share: f64 },
    /// A value of this domain, drawn by the column's stream.
    Drawn(Domain),
    /// A column of the row reached along these foreign keys; NULL if there is none.
    Parent { path: Vec<FkStep>, column: usize },
    /// The row's number in its table, after the rows from before, or among the rows of its parent; from 1.
    RowNumber {
        foreign: Option<usize>,
        #[serde(skip_serializing_if = "no_rows", default)]
        before: u64,
    },
    /// The value of a series at the row's place in its table, or among the rows of its parent.
    Series { series: SeriesPlan, foreign: Option<usize> },
    /// The value of a walk at that place.
    Walk { walk: WalkPlan, foreign: Option<usize> },
    /// The factor of the season at the moment in a column of the row.
    Season { season: SeasonPlan, at: usize },
    /// An aggregate over the rows of another table that refer to the row; `distinct`: each value once.
    Children {
        table: usize,
        foreign: usize,
        fold: Aggregate,
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        distinct: bool,
        of: Box<Expr>,
        columns: Vec<(String, usize)>,
        env: Env,
    },
}

fn no_rows(rows: &u64) -> bool {
    *rows == 0
}

/// An aggregate function. NULLs are ignored; without values it is NULL, or 0 for a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    Count,
    Sum,
    Mean,
    Least,
    Greatest,
}

/// A moment relative to another one of the row; `None` stands for the row's start time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    Began,
    /// After the other one by a random part of the gap; less if now is closer.
    After {
        of: Option<usize>,
        gap: Gap,
    },
    /// Between the other one and now, closer to now more often.
    Since {
        of: Option<usize>,
    },
    /// Not before the other one, and at most this number of seconds before now.
    Recent {
        of: Option<usize>,
        most: i64,
    },
    /// Later by one of these spans, in seconds; may be in the future.
    Ahead {
        of: Option<usize>,
        spans: Vec<i64>,
    },
    /// Before the other one by a random part of the gap.
    Before {
        of: Option<usize>,
        gap: Gap,
    },
    /// The start time of the next row of the same owner; for the last row NULL, or in the future if the column is not
    /// nullable.
    Next {
        nullable: bool,
    },
}

impl Moment {
    /// Returns the column from which the moment is computed.
    pub fn of(&self) -> Option<usize> {
        match self {
            Moment::Before { of, .. } => *of,
            other => other.after().flatten(),
        }
    }

    /// Returns the moment that it follows.
    pub fn after(&self) -> Option<Option<usize>> {
        match self {
            Moment::After { of, .. } | Moment::Since { of } | Moment::Recent { of, .. } | Moment::Ahead { of, .. } => {
                Some(*of)
            }
            Moment::Began | Moment::Before { .. } | Moment::Next { .. } => None,
        }
    }
}

/// Minimum and maximum in seconds; a gap is drawn log-uniformly between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub least: i64,
    pub most: i64,
}

/// The representation of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    Timestamp,
    Date,
    /// Integer seconds since 1970.
    Seconds,
    Milliseconds,
    DateText,
    TimestampText,
}

/// How the start times of a table's rows are computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Began {
    Clock(Clock),
    /// After the latest start time of the parents by these foreign keys; by the clock if there are none. `together`:
    /// the rows of the one parent are consecutive, and their start times in order. `course`: they also lie between these
    /// moments of the parent row.
    After {
        parents: Vec<usize>,
        gap: Gap,
        together: bool,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        course: Option<Course>,
        otherwise: Clock,
    },
    /// The rows of one owner (of the table, if there is no foreign key to an owner) divide the time from the owner's
    /// start to now, in order and without overlap.
    Owned(Owned),
}

/// The time in which something takes its course: two columns of moments of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// `None`: the row's start time.
    pub from: Option<usize>,
    pub to: usize,
}

/// Rows in temporal order within the lifetime of an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// The foreign key to the owner, whose rows are consecutive.
    pub foreign: Option<usize>,
    /// The owner's rows have start times; otherwise the owner's time begins with the clock.
    pub timed: bool,
    /// Seconds from one row to the next, if they fit; `None`: equal parts of the owner's time.
    pub step: Option<i64>,
    /// Minimum distance of two rows' start times, in microseconds.
    pub unit: i64,
    pub otherwise: Clock,
}

/// Arithmetic over cells. A NULL operand gives NULL, except in [`Formula::Cell`] and [`Formula::Or`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    /// The constant `n / 10^scale`.
    Number {
        n: i64,
        scale: u8,
    },
    /// The cell of a column of the row, 0 where it is NULL.
    Cell(usize),
    /// The cell of a column of the row.
    Nullable(usize),
    /// The value that the column would draw without a law.
    Own,
    /// The cell of the parent row, NULL where there is none.
    Parent {
        foreign: usize,
        column: usize,
    },
    /// An equal part of the cell of the parent row, so that the parts of its rows add up to it; NULL where there is none,
    /// or where the rows of a parent do not lie together.
    Portion {
        foreign: usize,
        column: usize,
    },
    /// The row's place among the rows of its parent, from 1; NULL where these do not lie together.
    Ordinal {
        foreign: usize,
    },
    /// An aggregate over the rows of another table that refer to the row.
    Children {
        /// Index of that table in the plan, and of its foreign key.
        table: usize,
        foreign: usize,
        fold: Box<Fold>,
    },
    /// One of these values (`n / 10^scale`), drawn by weight.
    OneOf {
        values: Vec<(i64, u32)>,
        scale: u8,
    },
    /// A number between the two, uniformly distributed.
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
    /// One hundredth, without rounding.
    Percent(Box<Formula>),
    /// Bell-shaped around this mean with this deviation, clamped to the bounds (all `n / 10^scale`).
    Normal {
        mean: i64,
        deviation: i64,
        lo: i64,
        hi: i64,
        scale: u8,
    },
    /// Between 0 and 1: waves over the time of the row (its row number, if it has no time) that are specific to the
    /// parent row, so that consecutive readings of one parent differ little.
    Wave {
        foreign: usize,
        at: Option<usize>,
    },
    /// A part of the row's flow; NULL where the amount is on the other side.
    Flow {
        flow: Flow,
        part: FlowPart,
    },
    /// The level after the last row of another table that refers to the row; NULL if there are no rows.
    Closing {
        /// Index of that table in the plan; `foreign` of the flow leads to this row.
        table: usize,
        flow: Flow,
    },
    /// Selected by the text of a column of the row: the first case that it contains, ignoring case.
    ByText {
        column: usize,
        cases: Vec<(Vec<String>, Formula)>,
        otherwise: Box<Formula>,
    },
    /// The first operand that is not NULL.
    Or(Box<Formula>, Box<Formula>),
    Least(Box<Formula>, Box<Formula>),
    Most(Box<Formula>, Box<Formula>),
    /// Whole units, of this number of microseconds, between two moments of the row.
    Span {
        from: usize,
        to: usize,
        unit: i64,
    },
    /// Whole years from a moment of the row to another one (microseconds since 1970).
    Years {
        from: usize,
        until: i64,
    },
}

/// An aggregate over child rows. The columns are those of the child table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    Count,
    /// NULL if there are no rows.
    Sum(Formula),
    /// Rounded to this scale; NULL if there are no rows.
    Mean(usize, u8),
    /// The earliest moment; NULL if there are no rows.
    First(usize),
    Last(usize),
}

impl Fold {
    /// Returns the columns of the child rows that it reads.
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
    /// Returns an integer constant.
    pub fn whole(n: i64) -> Formula {
        Formula::Number { n, scale: 0 }
    }

    /// Returns one of these percentages by weight, as a factor.
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

    /// Visits every subexpression, this one first.
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
            | Formula::Ordinal { .. }
            | Formula::Portion { .. }
            | Formula::Children { .. }
            | Formula::OneOf { .. }
            | Formula::Between { .. }
            | Formula::Normal { .. }
            | Formula::Wave { .. }
            | Formula::Flow { .. }
            | Formula::Closing { .. }
            | Formula::Span { .. }
            | Formula::Years { .. } => {}
        }
    }

    /// Returns the columns of the row that it reads.
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

/// The period over which the rows of a table are distributed: microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clock {
    pub from: i64,
    pub to: i64,
    /// At all hours on all days, as machines do.
    pub machine: bool,
    /// A learned or requested clock: moments before which this many of [`WHOLE`] rows lie.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub learned: Vec<(u32, i64)>,
    /// Weights of the 24 hours of a day, by a profile or the config file.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub hours: Vec<u32>,
    /// Weights of Monday to Sunday.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub week: Vec<u32>,
}

/// The unit of [`Clock::learned`]: all rows.
pub const WHOLE: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_the_status_and_each_change_goes_on() {
        let texts = |of: &[&str]| of.iter().map(|s| (*s).to_owned()).collect::<Vec<String>>();
        for (steps, beside) in
            [(vec!["new"], "open"), (vec!["new", "open"], "done"), (vec!["new", "open", "done"], "new")]
        {
            let path = StatusPath { status: String::new(), steps: texts(&steps), beside: beside.to_owned() };
            for count in 1..9u64 {
                let all: Vec<Option<&str>> = (-1..count as i64).map(|place| path.after(place, count)).collect();
                assert_eq!(all.last().copied().flatten(), steps.last().copied(), "{steps:?} {count}");
                assert!(all[1..].iter().all(Option::is_some), "{steps:?} {count}: {all:?}");
                assert!(all.windows(2).all(|w| w[0] != w[1]), "{steps:?} {count}: {all:?}");
            }
        }
    }
}
