//! Checks of a profile beyond its types. Every error has its position, as a path of keys.

use std::fmt;

use crate::{ColumnProfile, Common, Distinct, Labels, Profile, Quantiles, Reference, TableProfile};

/// Shares are rounded: their sum may exceed 1 by this.
const SLACK: f64 = 0.01;
/// Rows of a table at most.
const MOST_ROWS: u64 = 1_000_000_000_000_000;

/// An invalid value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Keys, and positions in lists, from the file's root.
    pub path: Vec<String>,
    pub message: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.join("."), self.message)
    }
}

impl std::error::Error for Invalid {}

type Checked = Result<(), Invalid>;

fn wrong(message: impl Into<String>) -> Checked {
    Err(Invalid { path: Vec::new(), message: message.into() })
}

/// Adds the key to the path of the mistake below it.
fn under(key: impl ToString, checked: Checked) -> Checked {
    checked.map_err(|mut e| {
        e.path.insert(0, key.to_string());
        e
    })
}

fn each<T>(items: &[T], check: impl Fn(&T) -> Checked) -> Checked {
    items.iter().enumerate().try_for_each(|(i, item)| under(i, check(item)))
}

impl Profile {
    /// Checks everything that the types do not.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn validate(&self) -> Checked {
        let tables = self.tables.iter();
        under("tables", tables.into_iter().try_for_each(|(name, table)| under(name, table.validate())))
    }
}

impl TableProfile {
    fn validate(&self) -> Checked {
        if self.rows > MOST_ROWS {
            return under("rows", wrong(format!("at most {MOST_ROWS} rows")));
        }
        under("width", self.width.map_or(Ok(()), not_negative))?;
        let columns = self.columns.iter();
        under("columns", columns.into_iter().try_for_each(|(name, column)| under(name, column.validate())))?;
        under("references", each(&self.references, |r| r.validate(self)))?;
        under(
            "groups",
            each(&self.groups, |group| {
                under("columns", if group.columns.len() < 2 { wrong("two columns or more") } else { Ok(()) })?;
                under("distinct", group.distinct.map_or(Ok(()), distinct))?;
                under("depends", group.depends.iter().try_for_each(|(key, s)| under(key, share(*s))))?;
                under(
                    "common",
                    each(&group.common, |c| {
                        under("share", share(c.share))?;
                        let (have, want) = (c.labels.len(), group.columns.len());
                        let message = format!("{have} labels for {want} columns");
                        under("labels", if have == want { Ok(()) } else { wrong(message) })
                    }),
                )
            }),
        )
    }
}

impl ColumnProfile {
    fn validate(&self) -> Checked {
        under("nulls", self.nulls.map_or(Ok(()), share))?;
        under("distinct", self.distinct.map_or(Ok(()), distinct))?;
        under("width", self.width.map_or(Ok(()), not_negative))?;
        if let Some(length) = &self.length {
            under("length", under("mean", length.mean.map_or(Ok(()), not_negative)))?;
            under("length", under("quantiles", length.quantiles.as_ref().map_or(Ok(()), numbers)))?;
        }
        under("correlation", self.correlation.map_or(Ok(()), |c| between(c, -1.0, 1.0)))?;
        under("common", common(&self.common, self.nulls.unwrap_or(0.0)))?;
        if self.labels == Some(Labels::Masked) && self.common.iter().any(|c| c.label.is_some()) {
            return under("labels", wrong("`masked`, and `common` has labels; write `kept`, or take the labels out"));
        }
        if let Some(tail) = &self.tail {
            under("tail", under("exponent", not_negative(tail.exponent)))?;
            under("tail", under("distinct", not_negative(tail.distinct)))?;
        }
        under("quantiles", self.quantiles.as_ref().map_or(Ok(()), quantiles))?;
        let endings = self.endings.values().copied().collect::<Vec<_>>();
        under("endings", self.endings.iter().try_for_each(|(key, s)| under(key, share(*s))))?;
        under("endings", sum(&endings, 1.0))?;
        if let Some(elements) = &self.elements {
            under("elements", under("mean", elements.mean.map_or(Ok(()), not_negative)))?;
            under("elements", under("count", elements.count.as_ref().map_or(Ok(()), numbers)))?;
            under("elements", under("common", each(&elements.common, |c| share(c.share))))?;
        }
        under("hours", parts(&self.hours, 24))?;
        under("weekdays", parts(&self.weekdays, 7))?;
        match &self.nulls_by {
            Some(by) => {
                under("nulls_by", under("shares", by.shares.iter().try_for_each(|(key, s)| under(key, share(*s)))))
            }
            None => Ok(()),
        }
    }
}

impl Reference {
    fn validate(&self, table: &TableProfile) -> Checked {
        if self.columns.is_empty() {
            return under("columns", wrong("a column or more"));
        }
        // A profile without columns still has fan-outs.
        if !table.columns.is_empty() {
            under(
                "columns",
                each(&self.columns, |column| match table.columns.contains_key(column) {
                    true => Ok(()),
                    false => wrong(format!("the table has no column `{column}` here")),
                }),
            )?;
        }
        under("childless", self.childless.map_or(Ok(()), share))?;
        under("parents", self.parents.map_or(Ok(()), not_negative))?;
        under("head", each(&self.head, |s| share(*s)))?;
        under("head", falling(&self.head))?;
        under("head", sum(&self.head, 1.0))?;
        under("tail", self.tail.map_or(Ok(()), not_negative))?;
        under("positions", self.positions.as_ref().map_or(Ok(()), numbers))?;
        under(
            "children",
            each(&self.children, |c| {
                under("parents", share(c.parents))?;
                let to = c.to.unwrap_or(c.from);
                under("to", if to < c.from { wrong(format!("below `from`, which is {}", c.from)) } else { Ok(()) })
            }),
        )?;
        let parents: Vec<f64> = self.children.iter().map(|c| c.parents).collect();
        under("children", sum(&parents, 1.0))?;
        under("in_order", self.in_order.iter().try_for_each(|(key, s)| under(key, share(*s))))
    }
}

fn share(x: f64) -> Checked {
    between(x, 0.0, 1.0)
}

fn between(x: f64, from: f64, to: f64) -> Checked {
    if (from..=to).contains(&x) { Ok(()) } else { wrong(format!("{x} is not from {from} to {to}")) }
}

fn not_negative(x: f64) -> Checked {
    if x.is_finite() && x >= 0.0 { Ok(()) } else { wrong(format!("{x} is no number from 0 on")) }
}

fn distinct(d: Distinct) -> Checked {
    match d {
        Distinct::Count(n) => not_negative(n),
        Distinct::Share(s) => under("share", share(s)),
    }
}

fn sum(shares: &[f64], most: f64) -> Checked {
    let sum: f64 = shares.iter().sum();
    if sum <= most + SLACK { Ok(()) } else { wrong(format!("the shares add up to {sum:.3}, more than {most:.3}")) }
}

fn falling(shares: &[f64]) -> Checked {
    match shares.windows(2).position(|w| w[0] < w[1]) {
        Some(i) => under(i + 1, wrong("more frequent than the one before; the most frequent comes first")),
        None => Ok(()),
    }
}

fn common(values: &[Common], nulls: f64) -> Checked {
    each(values, |c| share(c.share))?;
    let shares: Vec<f64> = values.iter().map(|c| c.share).collect();
    falling(&shares)?;
    sum(&shares, 1.0 - nulls)?;
    let labels = values.iter().filter_map(|c| c.label.as_deref());
    let mut seen = std::collections::BTreeSet::new();
    match labels.into_iter().find(|label| !seen.insert(*label)) {
        Some(twice) => wrong(format!("the label `{twice}` is there twice")),
        None => Ok(()),
    }
}

fn parts(shares: &[f64], count: usize) -> Checked {
    if shares.is_empty() {
        return Ok(());
    }
    if shares.len() != count {
        return wrong(format!("{} shares, and there must be {count}", shares.len()));
    }
    each(shares, |s| share(*s))?;
    sum(shares, 1.0)
}

/// Percents rise from 0 to 100. Whether values rise is known once the column's type is.
fn quantiles(q: &Quantiles) -> Checked {
    let (Some(first), Some(last)) = (q.points.first(), q.points.last()) else { return wrong("a point or more") };
    if q.points.len() < 2 || first.0 != 0.0 || last.0 != 100.0 {
        return wrong("the first percent is 0, the last 100");
    }
    if let Some(w) = q.points.windows(2).find(|w| w[0].0.partial_cmp(&w[1].0) != Some(std::cmp::Ordering::Less)) {
        return under(w[1].0, wrong(format!("follows {} percent; percents must rise", w[0].0)));
    }
    let Some(numbers) = q.numbers() else { return Ok(()) };
    match numbers.windows(2).find(|w| w[0].1.partial_cmp(&w[1].1).is_none_or(|o| o.is_gt())) {
        Some(w) => under(w[1].0, wrong(format!("{} is less than {} before it", w[1].1, w[0].1))),
        None => Ok(()),
    }
}

/// As [`quantiles`], for those that are numbers.
fn numbers(q: &Quantiles) -> Checked {
    quantiles(q)?;
    if q.numbers().is_some() { Ok(()) } else { wrong("a number for each percent") }
}
