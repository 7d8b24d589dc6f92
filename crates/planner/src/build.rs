//! Schema + overrides -> plan: tables in dependency order, each planned once, after its parents.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::back_edges::{CycleFailure, complete_cycles};
use super::coherence;
use super::context::PlanContext;
use super::declared;
use super::declared::ReferenceProblem;
use super::error::Unplannable;
use super::formulas::{FormulaProblem, Formulas};
use super::options::{ExistingRows, PlanOptions, TableProblem};
use super::overrides::ResolvedOverrides;
use super::profile;
use super::references;
use super::references::References;
use super::row_counts::{CountProblem, DependentCounts};
use super::select::select;
use super::sizes;
use super::{derived_constraints, sampled_nulls, table_planner};
use dbmocker_core::schema::{Schema, Skipped};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Depths;
use dbmocker_plan::{ALGORITHM_VERSION, Plan, TablePlan};

/// The reason why nothing is planned; lists all problems of a schema.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("no table `{name}`{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownTable { name: String, nearest: Option<String> },
    #[error("several tables are named `{name}`; write one of {}", all.join(", "))]
    SeveralTables { name: String, all: Vec<String> },
    #[error("no column `{name}` in table `{table}`{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownColumn { table: String, name: String, nearest: Option<String> },
    #[error("`{name}` is no column; write table.column{}", nearest.as_ref().map_or(String::new(), |n| format!(", e.g. `{n}`")))]
    NoDot { name: String, nearest: Option<String> },
    #[error("table `{name}` is named twice; keep one of them")]
    Twice { name: String },
    #[error("column `{column}` gets its values twice, here and by {before}; keep one of them")]
    Grouped { column: String, before: String },
    /// An error about a name, with the place where the user wrote it.
    #[error("{origin}: {error}")]
    At { origin: String, error: Box<PlanError> },
    #[error("no table fits `{pattern}`; `*` stands for any characters")]
    NoneFits { pattern: String },
    #[error("no table of schema `{name}`; there are {}", all.join(", "))]
    NoSchema { name: String, all: Vec<String> },
    #[error("expression of `{column}`: {problem}")]
    Formula { column: String, problem: FormulaProblem },
    #[error("reference from `{from}`: {problem}")]
    Reference { from: String, problem: ReferenceProblem },
    #[error("table `{table}`: {problem}")]
    Count { table: String, problem: CountProblem },
    #[error("the database has no tables; create them first")]
    Empty,
    #[error("no table to fill: every table is excluded or left alone")]
    Nothing,
    #[error("{} cannot be planned:\n{}{}", count(problems.len()), list(problems), way_out(*skipped))]
    Tables {
        problems: Vec<TableProblem>,
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

fn list(problems: &[TableProblem]) -> String {
    problems.iter().map(|p| format!("  `{}`: {}", p.table, p.message)).collect::<Vec<_>>().join("\n")
}

/// Plans the selected tables.
///
/// # Errors
/// If a selected table does not exist, or tables cannot be filled: each of them is listed with the reason.
pub fn build(
    schema: &Schema,
    options: &PlanOptions,
    existing: &dyn ExistingRows,
) -> Result<(Plan, Generator), PlanError> {
    let wanted = options.overrides.declared_references(schema)?;
    let declared = &*declared::completed(schema, &wanted)?;
    let expanded = options.overrides.expanded(declared)?;
    let formulas = Formulas::find(declared, &expanded, options.now)?;
    let declared = &*formulas.complete(declared);
    let schema = &*derived_constraints::complete(declared);
    let (mut chosen, mut left_out) = select(schema, &options.selection)?;
    let overrides = expanded.resolve(schema)?;
    declared::check_overrides(schema, &wanted, &overrides)?;
    let pairs = declared::pairs(schema, &wanted, &overrides);
    let mut sizes = sizes::of(schema, options, &chosen);
    let counts = DependentCounts::find(schema, &overrides)?;
    estimate(&counts, &mut sizes, schema, &overrides, options, &chosen);
    let references = if options.no_coherence {
        References { schema: Cow::Borrowed(schema), pairs }
    } else {
        let rows = |t: usize| {
            let new = overrides.rows(t).unwrap_or_else(|| sizes.get(&t).copied().unwrap_or(options.rows));
            let filled = chosen.contains(&t);
            let there = if filled && options.truncate { 0 } else { schema.tables[t].existing.rows };
            there + if filled { new } else { 0 }
        };
        references::find(schema, &overrides, &chosen, &rows, pairs)
    };
    let again = !(references.pairs.is_empty() && matches!(references.schema, Cow::Borrowed(_)));
    if again {
        sizes = sizes::of(&references.schema, options, &chosen);
        estimate(&counts, &mut sizes, schema, &overrides, options, &chosen);
    }
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
        context.formulas = formulas.clone();
        context.sizes.clone_from(&sizes);
        let (plan, problems) = tables(&mut context, &counts, left_out);
        if context.caps != caps {
            // Terminates: the caps decrease each time.
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
fn refused(schema: &Schema, options: &PlanOptions, chosen: &mut BTreeSet<usize>) -> BTreeMap<usize, TableProblem> {
    let index = |p: &TableProblem| schema.tables.iter().position(|t| t.name == p.table);
    let out: BTreeMap<usize, TableProblem> =
        options.refused.iter().filter_map(|p| Some((index(p)?, p.clone()))).collect();
    chosen.retain(|t| !out.contains_key(t));
    out
}

/// Adds the tables with dependent row counts to those sized by role.
fn estimate(
    counts: &DependentCounts<'_>,
    sizes: &mut BTreeMap<usize, u64>,
    schema: &Schema,
    overrides: &ResolvedOverrides<'_>,
    options: &PlanOptions,
    chosen: &BTreeSet<usize>,
) {
    let known = sizes.clone();
    let rows = |t: usize| {
        if !chosen.contains(&t) || overrides.left_alone(t).is_some() {
            return schema.tables[t].existing.rows;
        }
        overrides.rows(t).or_else(|| known.get(&t).copied()).unwrap_or(options.rows)
    };
    counts.estimate(sizes, &rows);
}

/// Plans every table; returns the tables that cannot be planned with the reason.
fn tables(
    context: &mut PlanContext<'_>,
    counts: &DependentCounts<'_>,
    left_out: Vec<Skipped>,
) -> (Plan, BTreeMap<usize, TableProblem>) {
    let (schema, options) = (context.schema, context.options);
    let mut plan = Plan {
        algorithm_version: ALGORITHM_VERSION,
        seed: options.seed,
        now: options.now,
        dialect: schema.dialect,
        tables: Vec::with_capacity(context.order.len()),
        cycles: context.cycles(),
        left_out,
        loaders: None,
        sized: None,
    };
    let mut problems = BTreeMap::new();
    let mut depths = Depths::default();
    for position in 0..context.order.len() {
        let index = context.order[position];
        let settled = counts.settle(context, &plan.tables, position);
        let planned = settled.and_then(|()| table_planner::plan_table(context, &plan.tables, position));
        let mut failed = |context: &mut PlanContext<'_>, index: usize, message: String| {
            problems.insert(index, TableProblem { table: schema.tables[index].name.clone(), message });
            context.failed.insert(index);
            if options.skip_unsolved {
                context.skipped.insert(index);
            }
        };
        match planned.and_then(|table| solved(table, options.skip_unsolved)) {
            Ok(table) => {
                context.foreign_names.push(table.foreign.iter().map(|f| f.name.clone()).collect());
                plan.tables.push(table);
            }
            Err(why) => {
                failed(context, index, placed(context, index, &why));
                // A stub keeps the positions of the following tables.
                let stub = table_planner::stub(context, position);
                context.ordered.resize(position + 1, false);
                context.generator.truncate(position);
                context.generator.push(options.seed, &stub);
                context.foreign_names.push(Vec::new());
                plan.tables.push(stub);
            }
        }
        match complete_cycles(context, &mut plan.tables, &mut depths, position) {
            Ok(()) => {}
            Err(CycleFailure::Never { table, why }) => failed(context, table, why.to_string()),
            Err(CycleFailure::Fewer { table, rows, why }) => {
                context.caps.insert(table, (rows, why));
                break;
            }
        }
    }
    for (index, why) in table_planner::fold(context, &mut plan.tables) {
        let message = placed(context, index, &why);
        problems.entry(index).or_insert(TableProblem { table: schema.tables[index].name.clone(), message });
    }
    coherence::fold(context, &mut plan.tables);
    coherence::keep_within(context, &mut plan.tables);
    profile::settle(context, &mut plan.tables);
    if problems.is_empty() {
        sampled_nulls::measure(context, &mut plan.tables);
    }
    for (&index, counted) in &context.counted {
        let kept =
            counted.weights.as_ref().map_or(Ok(()), |weights| weights.kept(context, &plan.tables, &counted.counts));
        if let Err(why) = kept {
            let table = schema.tables[index].name.clone();
            problems.entry(index).or_insert(TableProblem { table, message: why.to_string() });
        }
    }
    (plan, problems)
}

/// Returns an error's message, with the place of the column's settings in the config file.
fn placed(context: &PlanContext<'_>, index: usize, why: &Unplannable) -> String {
    let c = why.column().and_then(|column| context.schema.tables[index].column_index(column));
    let origin = c.and_then(|c| context.overrides.column(index, c)).map_or("", |w| w.origin.as_str());
    if origin.is_empty() { why.to_string() } else { format!("{why} ({origin})") }
}

/// With `strictly`, an unsolved CHECK is an error.
fn solved(table: TablePlan, strictly: bool) -> Result<TablePlan, Unplannable> {
    match table.unsolved.first().filter(|_| strictly) {
        Some(u) => Err(Unplannable::Unsolved { check: u.check.clone(), why: u.why.clone(), text: u.text.clone() }),
        None => Ok(table),
    }
}
