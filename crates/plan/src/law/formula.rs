//! Arithmetic over the cells of a row, of its parents and of its children.

use serde::{Deserialize, Serialize};

use crate::{FkStep, Flow, FlowPart};

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
    /// The cell of the row that the foreign keys of this path lead up to, NULL where there is none; the path begins with
    /// this table.
    Above {
        path: Vec<FkStep>,
        column: usize,
    },
    /// An equal part of the cell of the parent row, so that the parts of its rows add up to it; NULL where there is none,
    /// or where the rows of a parent do not lie together. No part is below `least` (in the unit of the parent's column)
    /// if the cell is large enough.
    Portion {
        foreign: usize,
        column: usize,
        #[serde(skip_serializing_if = "is_zero", default)]
        least: i64,
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
            | Formula::Above { .. }
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}
