//! Schema + overrides -> plan: tables in dependency order, each planned once, after its parents.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::close::{Open, close};
use super::coherence;
use super::context::PlanContext;
use super::options::{ExistingRows, Options, Problem};
use super::profile;
use super::references;
use super::references::References;
use super::select::select;
use super::sizes;
use super::{derived_constraints, table_planner};
use dbmocker_core::schema::{Schema, Skipped};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Depths;
use dbmocker_plan::{ALGORITHM_VERSION, Plan, TablePlan};

/// The reason why nothing is planned; lists all problems of a schema.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("no table `{name}`{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownTable { name: String, nearest: Option<String> },
    #[error("no column `{name}` in table `{table}`{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownColumn { table: String, name: String, nearest: Option<String> },
    #[error("`{name}` is no column; write table.column{}", nearest.as_ref().map_or(String::new(), |n| format!(", e.g. `{n}`")))]
    NoDot { name: String, nearest: Option<String> },
    #[error("table `{name}` is named twice; keep one of them")]
    Twice { name: String },
    /// An error about a name, with the place where it was typed.
    #[error("{origin}: {error}")]
    At { origin: String, error: Box<PlanError> },
    #[error("the database has no tables; create them first")]
    Empty,
    #[error("no table to fill: every table is excluded or left alone")]
    Nothing,
    #[error("{} cannot be planned:\n{}{}", count(problems.len()), list(problems), way_out(*skipped))]
    Tables {
        problems: Vec<Problem>,
        /// True if these tables were left out, and no table remained.
        skipped: bool,
    },
}

impl PlanError {
    /// Returns true for a name that the schema does not contain.
    pub fn is_about_names(&self) -> bool {
        !matches!(self, PlanError::Empty | PlanError::Nothing | PlanError::Tables { .. })
    }
}

fn count(n: usize) -> String {
    if n == 1 { "1 table".into() } else { format!("{n} tables") }
}

fn way_out(skipped: bool) -> &'static str {
    if skipped {
        "\nno table is left to fill"
    } else {
        "\nleave such tables out, with the tables that need them, by --skip-unsolved"
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("  `{}`: {}", p.table, p.message)).collect::<Vec<_>>().join("\n")
}

/// Plans the selected tables.
///
/// # Errors
/// If a selected table does not exist, or a table cannot be filled: every such table is named with its reason.
pub fn build(schema: &Schema, options: &Options, existing: &dyn ExistingRows) -> Result<(Plan, Generator), PlanError> {
    let (declared, schema) = (schema, &*derived_constraints::complete(schema));
    let (mut chosen, mut left_out) = select(schema, &options.selection)?;
    let overrides = options.overrides.resolve(schema)?;
    let sizes = sizes::of(schema, options, &chosen);
    let references = if options.no_coherence {
        References { schema: Cow::Borrowed(schema), pairs: Vec::new() }
    } else {
        let rows = |t: usize| {
            let new = overrides.rows(t).unwrap_or_else(|| sizes.get(&t).copied().unwrap_or(options.rows));
            let filled = chosen.contains(&t);
            let there = if filled && options.truncate { 0 } else { schema.tables[t].existing.rows };
            there + if filled { new } else { 0 }
        };
        references::find(schema, &overrides, &chosen, &rows)
    };
    let sizes = if references.pairs.is_empty() && matches!(references.schema, Cow::Borrowed(_)) {
        sizes
    } else {
        sizes::of(&references.schema, options, &chosen)
    };
    let schema = &*references.schema;
    let sizes = sizes.into_iter().chain(profile::rows(schema, options, &chosen)).collect::<BTreeMap<_, _>>();
    chosen.retain(|&t| match overrides.left_alone(t) {
        None => true,
        Some(reason) => {
            left_out.push(Skipped { name: schema.tables[t].name.clone(), reason: reason.into() });
            false
        }
    });
    if schema.tables.is_empty() && left_out.is_empty() {
        return Err(PlanError::Empty);
    }
    if chosen.is_empty() {
        return Err(PlanError::Nothing);
    }
    let mut skipped = refused(schema, options, &mut chosen);
    let mut caps = BTreeMap::new();
    loop {
        if chosen.is_empty() {
            return Err(PlanError::Tables { problems: skipped.into_values().collect(), skipped: true });
        }
        let reasons = skipped.values().map(|p| Skipped { name: p.table.clone(), reason: p.message.clone() });
        let left_out = left_out.iter().cloned().chain(reasons).collect();
        let mut context = PlanContext::new(
            declared,
            &references,
            options,
            overrides.clone(),
            existing,
            &chosen,
            skipped.keys().copied(),
        );
        context.caps = caps.clone();
        context.sizes.clone_from(&sizes);
        let (plan, problems) = tables(&mut context, left_out);
        if context.caps != caps {
            // Fewer rows each time.
            caps = context.caps;
            continue;
        }
        if problems.is_empty() {
            return Ok((plan, context.generator));
        }
        if !options.skip_unsolved {
            return Err(PlanError::Tables { problems: problems.into_values().collect(), skipped: false });
        }
        chosen.retain(|t| !problems.contains_key(t));
        skipped.extend(problems);
    }
}

/// Removes the tables that the server rejected from those to fill; returns them.
fn refused(schema: &Schema, options: &Options, chosen: &mut BTreeSet<usize>) -> BTreeMap<usize, Problem> {
    let index = |p: &Problem| schema.tables.iter().position(|t| t.name == p.table);
    let out: BTreeMap<usize, Problem> = options.refused.iter().filter_map(|p| Some((index(p)?, p.clone()))).collect();
    chosen.retain(|t| !out.contains_key(t));
    out
}

/// Plans every table, and gives those that cannot be planned with the reason.
fn tables(context: &mut PlanContext<'_>, left_out: Vec<Skipped>) -> (Plan, BTreeMap<usize, Problem>) {
    let (schema, options) = (context.schema, context.options);
    let mut plan = Plan {
        algorithm_version: ALGORITHM_VERSION,
        seed: options.seed,
        now: options.now,
        dialect: schema.dialect,
        tables: Vec::with_capacity(context.order.len()),
        cycles: context.cycles(),
        left_out,
        hands: None,
    };
    let mut problems = BTreeMap::new();
    let mut depths = Depths::default();
    for position in 0..context.order.len() {
        let index = context.order[position];
        let planned = table_planner::plan_table(context, &plan.tables, position);
        let mut failed = |context: &mut PlanContext<'_>, index: usize, message: String| {
            problems.insert(index, Problem { table: schema.tables[index].name.clone(), message });
            context.failed.insert(index);
            if options.skip_unsolved {
                context.skipped.insert(index);
            }
        };
        match planned.and_then(|table| solved(table, options.skip_unsolved)) {
            Ok(table) => plan.tables.push(table),
            Err(message) => {
                failed(context, index, message);
                // A stub keeps the positions of the following tables.
                let stub = table_planner::stub(context, position);
                context.ordered.resize(position + 1, false);
                context.generator.truncate(position);
                context.generator.push(options.seed, &stub);
                plan.tables.push(stub);
            }
        }
        match close(context, &mut plan.tables, &mut depths, position) {
            Ok(()) => {}
            Err(Open::Never { table, why }) => failed(context, table, why),
            Err(Open::Fewer { table, rows, why }) => {
                context.caps.insert(table, (rows, why));
                break;
            }
        }
    }
    coherence::fold(context, &mut plan.tables);
    profile::settle(context, &mut plan.tables);
    (plan, problems)
}

/// With `strictly`, a table that has an unsolved CHECK is no plan.
fn solved(table: TablePlan, strictly: bool) -> Result<TablePlan, String> {
    match table.unsolved.first().filter(|_| strictly) {
        Some(u) => Err(format!("CHECK `{}` could not be solved ({}): {}", u.check, u.why, u.text)),
        None => Ok(table),
    }
}
