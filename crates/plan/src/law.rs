//! Laws that compute a cell from other cells instead of drawing it. Data only; the planner chooses them.

mod formula;
mod time;

pub use formula::{Fold, Formula};
pub use time::{Began, Clock, Course, Form, Gap, Moment, Owned, WHOLE};

use serde::{Deserialize, Serialize};

use super::{FkStep, Flow, FlowKind, SeasonPlan, SeriesPlan, WalkPlan};
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
    ///
    /// `up`: the path from the parent up to the row that is copied, if that is not the parent itself.
    Copy {
        foreign: usize,
        column: usize,
        nullable: bool,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        up: Vec<FkStep>,
    },
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
    /// One of the texts that agree with that in a column of the parent row: the rule's draw if it is one of them, or if
    /// there is no such entry; otherwise the first ones more often.
    Among { foreign: usize, column: usize, cases: Vec<(String, Vec<String>)> },
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
    /// A status that is neither of the last two steps, for parents with more changes than steps; `None` if there is none.
    pub beside: Option<String>,
}

impl StatusPath {
    /// Returns the status after change `place` (from 0) of `count`. A place of -1 stands for the time before the first
    /// change: `None` if nothing was before it.
    pub fn after(&self, place: i64, count: u64) -> Option<&str> {
        let (steps, count) = (self.steps.len() as i64, i64::try_from(count).unwrap_or(i64::MAX));
        let step = |at: i64| self.steps.get(usize::try_from(at).ok()?).map(String::as_str);
        if count <= steps {
            return step(place + steps - count);
        }
        // More changes than steps: back and forth before the last one, by another status if their number is odd. Without
        // one, a step is left out.
        let (first, beside) = (steps - 1, self.beside.as_deref());
        let odd = (count - steps) % 2 == 1;
        match (odd, beside) {
            _ if place < first - i64::from(odd && beside.is_none()) => step(place),
            (true, Some(beside)) if place == first => Some(beside),
            _ if (count - 1 - place) % 2 == 0 => step(steps - 1),
            _ => step(steps - 2).or(beside),
        }
    }

    /// Returns the status before the place's change, for a column that must hold one: before the first change, another
    /// one than the status after it.
    pub fn before(&self, place: i64, count: u64) -> Option<&str> {
        let after = self.after(place, count);
        let others = self.beside.iter().chain(&self.steps).map(String::as_str);
        self.after(place - 1, count).or_else(|| others.into_iter().find(|other| Some(*other) != after))
    }

    /// Returns every pair of statuses before and after a change; `None` if some change has no status. `nullable`: nothing
    /// may be before the first change.
    pub fn changes(&self, nullable: bool) -> Option<Vec<(Option<&str>, &str)>> {
        // Longer histories go back and forth between the last two statuses.
        let counts = 1..=self.steps.len() as u64 + 3;
        let places = counts.flat_map(|count| (0..count).map(move |place| (place.cast_signed(), count)));
        let pair = |(place, count): (i64, u64)| {
            let before = if nullable { self.after(place - 1, count) } else { self.before(place, count) };
            let pair = (before, self.after(place, count)?);
            (nullable || before.is_some()).then_some(pair)
        };
        places.map(pair).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_the_status_and_each_change_goes_on() {
        let texts = |of: &[&str]| of.iter().map(|s| (*s).to_owned()).collect::<Vec<String>>();
        let cases = [
            (vec!["new"], Some("open")),
            (vec!["new", "open"], Some("done")),
            (vec!["new", "open"], None),
            (vec!["new", "open", "done"], None),
            (vec!["new", "open", "done"], Some("new")),
        ];
        for (steps, beside) in cases {
            let path = StatusPath { status: String::new(), steps: texts(&steps), beside: beside.map(str::to_owned) };
            for count in 1..9u64 {
                let all: Vec<Option<&str>> = (-1..count as i64).map(|place| path.after(place, count)).collect();
                assert_eq!(all.last().copied().flatten(), steps.last().copied(), "{steps:?} {count}");
                assert!(all[1..].iter().all(Option::is_some), "{steps:?} {count}: {all:?}");
                assert!(all.windows(2).all(|w| w[0] != w[1]), "{steps:?} {count}: {all:?}");
            }
        }
    }
}
