//! Tables whose row counts depend on those of another table.
//!
//! In: the requested counts ([`DependentCount`]) and the schema with inferred references. Out: row counts, estimated before any
//! table is planned, and exact once their parents are planned.

use std::collections::BTreeMap;

use super::context::PlanContext;
use super::counts::{CountLaw, DependentCount};
use super::error::Unplannable;
use super::foreign_keys;
use super::foreign_keys::Link;
use super::overrides::{ResolvedOverrides, find_column, typed_at};
use super::parent_weights::ParentWeights;
use super::select::resolve;
use super::table_planner::POOL_ALONE;
use super::{CountError, PlanError};
use dbmocker_core::schema::{Schema, SqlType};
use dbmocker_plan::{ChildCounts, MOST_ROWS, TablePlan};

/// The reason why a row count cannot depend on another table.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CountProblem {
    #[error(
        "its rows are to be counted for each of `{parent}`, and no foreign key leads there; {}",
        if others.is_empty() { "it has none; a `references` entry of the config file declares one".to_owned() } else { format!("there are some to {}", others.join(", ")) }
    )]
    NoForeignKey { parent: String, others: Vec<String> },
    #[error("several foreign keys lead to `{parent}`; name a column of one with `by`: {}", columns.join(", "))]
    Several { parent: String, columns: Vec<String> },
    #[error("no foreign key to `{parent}` holds column `{column}`; there are {}", columns.join(", "))]
    NotBy { parent: String, column: String, columns: Vec<String> },
    #[error("its rows cannot be counted by its own rows; name another table")]
    Itself,
    #[error("counts depend on themselves: {}", tables.join(" -> "))]
    Circle { tables: Vec<String> },
    #[error("{0}")]
    Law(CountError),
    #[error("`weight`: column `{column}` of `{parent}` is no number")]
    Weight { parent: String, column: String },
    #[error("`null_probability` of `{column}` contradicts its `count`: every row has a parent then; leave one out")]
    Nulls { column: String },
}

/// A resolved count.
struct RowCount<'a> {
    origin: &'a str,
    count: &'a DependentCount,
    of: usize,
    /// The foreign key, if each row of the other table has its own number.
    link: Option<(Link, &'a CountLaw)>,
    /// The column of the other table that holds the weights of its rows.
    weight: Option<usize>,
}

/// All dependent counts, by table.
#[derive(Default)]
pub(super) struct DependentCounts<'a>(BTreeMap<usize, RowCount<'a>>);

/// The foreign key whose parents determine the row count.
#[derive(Debug, Clone)]
pub(super) struct CountedParent {
    pub foreign: String,
    pub counts: ChildCounts,
    /// The requested count, and its place.
    pub reason: String,
    /// The rows of each parent, if a column of the parent decides them.
    pub weights: Option<ParentWeights>,
}

impl<'a> DependentCounts<'a> {
    /// Resolves the tables and foreign keys of dependent counts.
    ///
    /// # Errors
    /// A name that the schema does not contain, no foreign key, an ambiguous one, or counts that depend on each other.
    pub fn find(schema: &Schema, overrides: &ResolvedOverrides<'a>) -> Result<Self, PlanError> {
        let mut out = BTreeMap::new();
        for (table, count, origin) in overrides.counts() {
            let at = |e: PlanError| typed_at(e, origin);
            let problem =
                |problem: CountProblem| at(PlanError::Count { table: schema.tables[table].name.to_string(), problem });
            let found = match count {
                DependentCount::Times { of, .. } => {
                    RowCount { origin, count, of: resolve(schema, of).map_err(at)?, link: None, weight: None }
                }
                DependentCount::PerParent(p) => {
                    let of = resolve(schema, &p.per).map_err(at)?;
                    p.law.counts(1).map_err(|e| problem(CountProblem::Law(e)))?;
                    let by = p.by.as_ref().map(|by| find_column(&schema.tables[table], by).map_err(at)).transpose()?;
                    let link = link(schema, table, of, by).map_err(problem)?;
                    let nulls = |c: &&usize| {
                        overrides.column(table, **c).is_some_and(|w| w.null_probability.is_some_and(|p| p > 0.0))
                    };
                    if let Some(&c) = link.columns.iter().find(nulls) {
                        let column = schema.tables[table].columns[c].name.clone();
                        return Err(problem(CountProblem::Nulls { column }));
                    }
                    let weight = |name: &String| {
                        let c = find_column(&schema.tables[of], name).map_err(at)?;
                        let column = &schema.tables[of].columns[c];
                        let number =
                            matches!(column.ty, SqlType::Int { .. } | SqlType::Decimal { .. } | SqlType::Float { .. });
                        let why = CountProblem::Weight { parent: p.per.clone(), column: column.name.clone() };
                        if number { Ok(c) } else { Err(problem(why)) }
                    };
                    let weight = p.weight.as_ref().map(weight).transpose()?;
                    RowCount { origin, count, of, link: Some((link, &p.law)), weight }
                }
            };
            if found.of == table {
                return Err(problem(CountProblem::Itself));
            }
            out.insert(table, found);
        }
        let counts = DependentCounts(out);
        counts.circle(schema)?;
        Ok(counts)
    }

    fn circle(&self, schema: &Schema) -> Result<(), PlanError> {
        for (&from, first) in &self.0 {
            let (mut path, mut at) = (vec![from], first.of);
            while let Some(next) = self.0.get(&at).filter(|_| at != from && path.len() <= self.0.len()) {
                path.push(at);
                at = next.of;
            }
            if at == from {
                let tables = path.iter().chain([&from]).map(|&t| schema.tables[t].name.to_string()).collect();
                let problem = CountProblem::Circle { tables };
                let table = schema.tables[from].name.to_string();
                return Err(typed_at(PlanError::Count { table, problem }, first.origin));
            }
        }
        Ok(())
    }

    /// Estimates the rows of tables with dependent counts before the others are planned; `rows`: the rows of tables
    /// without.
    pub fn estimate(&self, sizes: &mut BTreeMap<usize, u64>, rows: &dyn Fn(usize) -> u64) {
        let found: Vec<(usize, u64)> = self.0.keys().map(|&t| (t, self.rows(t, rows))).collect();
        sizes.extend(found);
    }

    fn rows(&self, table: usize, rows: &dyn Fn(usize) -> u64) -> u64 {
        let Some(count) = self.0.get(&table) else { return rows(table) };
        let of = self.rows(count.of, rows);
        match (&count.link, count.count) {
            (Some((_, law)), _) => law.counts(of).map_or(0, |counts| counts.rows()),
            (None, DependentCount::Times { factor, .. }) => times(*factor, of),
            (None, DependentCount::PerParent(_)) => 0,
        }
    }

    /// Sets the exact rows of the table at `position`, whose parents are planned.
    ///
    /// # Errors
    /// If the parent is planned later, or has more rows than planning reads.
    pub fn settle(&self, b: &mut PlanContext<'_>, plans: &[TablePlan], position: usize) -> Result<(), Unplannable> {
        let index = b.order[position];
        let Some(RowCount { origin, count, of, link, weight }) = self.0.get(&index) else {
            return series_counts(b, plans, index);
        };
        let planned = b.position(*of).map(|p| plans.get(p).map(|plan| plan.rows));
        let name = &b.schema.tables[*of].name;
        let Some((link, law)) = link else {
            let DependentCount::Times { factor, .. } = count else { return Ok(()) };
            let of = match planned {
                Some(rows) => rows.unwrap_or_else(|| b.requested(*of)),
                None => b.rows_before(*of),
            };
            b.sizes.insert(index, times(*factor, of));
            return Ok(());
        };
        let parents = match planned {
            Some(Some(rows)) => rows,
            Some(None) => return Err(Unplannable::CountedByLater(name.clone())),
            None => existing_parents(b, link)?,
        };
        let counts = law.counts(parents)?;
        if counts.rows() > MOST_ROWS {
            return Err(Unplannable::TooManyRows(Box::new((*count).clone())));
        }
        b.sizes.insert(index, counts.rows());
        let reason = match weight {
            Some(_) => format!("count {count} ({origin})"),
            None => format!("count {count}: {} for each ({origin})", counts.span()),
        };
        let weights = match (weight, b.position(*of)) {
            (None, _) => None,
            (Some(_), None) => return Err(Unplannable::WeightsOfExisting(name.clone())),
            (Some(column), Some(parent)) => {
                let least = match law {
                    CountLaw::Drawn { least, .. } => least.unwrap_or(0),
                    CountLaw::Shares(_) => 0,
                };
                let weights = ParentWeights::read(b, (parent, *column), least, &counts)?;
                Some(match plans.get(parent) {
                    Some(plan) => weights.of(plan),
                    None => weights,
                })
            }
        };
        b.counted.insert(index, CountedParent { foreign: link.name.clone(), counts, reason, weights });
        Ok(())
    }
}

/// Returns the rows of a parent that is not filled.
fn existing_parents(b: &PlanContext<'_>, link: &Link) -> Result<u64, Unplannable> {
    let existing_keys = b.existing_keys(link.parent, &link.parent_columns, POOL_ALONE)?;
    let there = b.rows_before(link.parent);
    if existing_keys.thinned || there > POOL_ALONE {
        return Err(Unplannable::CountedByUnread {
            parent: b.schema.tables[link.parent].name.clone(),
            read: existing_keys.len() as u64,
            existing: there,
        });
    }
    Ok(existing_keys.len() as u64)
}

/// Divides the rows of a table with a series for each parent equally among these.
fn series_counts(b: &mut PlanContext<'_>, plans: &[TablePlan], index: usize) -> Result<(), Unplannable> {
    let found = b.formulas.of(index).find_map(|(_, f)| Some((f.per_parent().next()?.clone(), f.origin.clone())));
    let Some((link, origin)) = found else { return Ok(()) };
    let parents = match b.position(link.parent).map(|p| plans.get(p).map(|plan| plan.rows)) {
        Some(Some(rows)) => rows,
        Some(None) => return Err(Unplannable::CountedByLater(b.schema.tables[link.parent].name.clone())),
        None => existing_parents(b, &link)?,
    };
    let rows = b.rows(index);
    if parents == 0 {
        return Ok(());
    }
    let (each, more) = (rows / parents, rows % parents);
    let mut counts = ChildCounts(vec![(each, parents - more), (each + 1, more)]);
    counts.0.retain(|(_, parents)| *parents > 0);
    let reason = format!("as many for each, whose series they are ({origin})");
    b.counted.insert(index, CountedParent { foreign: link.name, counts, reason, weights: None });
    Ok(())
}

fn times(factor: f64, rows: u64) -> u64 {
    ((rows as f64 * factor).round() as u64).min(MOST_ROWS) // a factor is positive
}

/// Returns the foreign key from a table to its parent; `by` selects it by one of its columns.
fn link(schema: &Schema, table: usize, parent: usize, by: Option<usize>) -> Result<Link, CountProblem> {
    let child = &schema.tables[table];
    let links = child.every_foreign_key().into_iter().filter_map(|f| foreign_keys::resolve(schema, child, f));
    let (mut found, others): (Vec<Link>, Vec<Link>) = links.partition(|l| l.parent == parent);
    found.dedup_by(|a, b| a.columns == b.columns);
    let name = || schema.tables[parent].name.to_string();
    let columns = |found: &[Link]| found.iter().map(|l| child.columns[l.columns[0]].name.clone()).collect();
    if let Some(by) = by {
        let holds = found.iter().position(|l| l.columns.contains(&by));
        return match holds {
            Some(i) => Ok(found.swap_remove(i)),
            None => Err(CountProblem::NotBy {
                parent: name(),
                column: child.columns[by].name.clone(),
                columns: columns(&found),
            }),
        };
    }
    match found.len() {
        1 => Ok(found.swap_remove(0)),
        0 => {
            let others = others.iter().map(|l| format!("`{}`", schema.tables[l.parent].name)).collect();
            Err(CountProblem::NoForeignKey { parent: name(), others })
        }
        _ => Err(CountProblem::Several { parent: name(), columns: columns(&found) }),
    }
}
