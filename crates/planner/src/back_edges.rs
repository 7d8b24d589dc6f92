//! Completes the plans of a cycle's tables once the last of them is planned: foreign keys to tables that are planned
//! later.
//!
//! In: the plans of a cycle's tables, compiled. Out: the paths and lists by which their back edges find rows that
//! agree, and those of self references that share columns; or the reason why rows have no parent.

use super::context::PlanContext;
use super::error::parents::CycleError;
use dbmocker_core::humanize;
use dbmocker_generate::generator::agreement;
use dbmocker_plan::{Copied, Depths};
use dbmocker_plan::{FkStep, ParentChoice, ParentSelection, Rule, TablePlan};

/// Maximum number of a parent's rows in a list, and of rows that are checked for a parent.
const ROWS: u64 = 1 << 20;

/// The reason why the foreign keys of a cycle cannot be satisfied.
pub(super) enum CycleFailure {
    /// The table (an index of the schema) has more rows than can have a parent.
    Fewer { table: usize, rows: u64, why: String },
    /// The table cannot be filled.
    Never { table: usize, why: CycleError },
}

/// Completes the cycles whose last table is the one at `position`.
///
/// # Errors
/// The table whose rows cannot all have a parent.
pub(super) fn complete_cycles(
    b: &mut PlanContext<'_>,
    tables: &mut [TablePlan],
    depths: &mut Depths,
    position: usize,
) -> Result<(), CycleFailure> {
    let closed = b.closed_by(position);
    assign_back_edges(b, tables, depths, &closed)?;
    for p in closed {
        for s in 0..tables[p].sources.len() {
            if is_open(&tables[p].sources[s].pick) && !b.has_failed(b.order[p]) {
                let found = find(b, tables, p, s);
                found.map_err(|e| CycleFailure::Never { table: b.order[p], why: e.into() })?;
                b.generator.replace(b.options.seed, p, &tables[p]);
            }
            if needs_all(&tables[p], s) {
                complete(b, tables, p, s)?;
            }
        }
    }
    Ok(())
}

/// Prevents values that depend on themselves, through CHECKs that couple a reference to the columns in which it must
/// agree: such references are NULL where they may be.
fn assign_back_edges(
    b: &mut PlanContext<'_>,
    tables: &mut [TablePlan],
    depths: &mut Depths,
    closed: &[usize],
) -> Result<(), CycleFailure> {
    let mut look = |tables: &[TablePlan]| closed.iter().try_for_each(|&p| depths.look(tables, p));
    if look(tables).is_ok() {
        return Ok(());
    }
    for &p in closed {
        let TablePlan { sources, foreign, .. } = &mut tables[p];
        let optional = |s: &ParentSelection| is_open(&s.pick) && !foreign[s.members[0]].null_columns.is_empty();
        for source in sources.iter_mut().filter(|s| optional(s)) {
            source.pick = ParentChoice::Never;
            source.reason = "CHECKs couple it to the columns in which it must agree: left NULL".into();
        }
        b.generator.replace(b.options.seed, p, &tables[p]);
    }
    look(tables).map_err(|Copied { table, column, why }| {
        let column = tables[table].columns[column].name.clone();
        // The table is not generated.
        tables[table] = super::table_planner::stub(b, table);
        b.generator.replace(b.options.seed, table, &tables[table]);
        CycleFailure::Never { table: b.order[table], why: CycleError::Endless { column, why } }
    })
}

fn is_open(pick: &ParentChoice) -> bool {
    matches!(pick, ParentChoice::Agreeing { .. })
}

/// Returns true if every row needs a parent that agrees.
fn needs_all(table: &TablePlan, source: usize) -> bool {
    let source = &table.sources[source];
    let foreign = &table.foreign[source.members[0]];
    let by_agreement = matches!(source.pick, ParentChoice::Agreeing { rooted: false, .. });
    by_agreement
        && foreign.null_columns.is_empty()
        && !foreign.columns.iter().any(|&c| table.columns[c].rule == Rule::Null)
}

/// Adds the path and the list of a foreign key to its plan.
fn find(
    b: &PlanContext<'_>,
    tables: &mut [TablePlan],
    p: usize,
    s: usize,
) -> Result<(), dbmocker_generate::generator::RowError> {
    let source = &tables[p].sources[s];
    let foreign = &tables[p].foreign[source.members[0]];
    let ParentChoice::Agreeing { shared, own, earlier, .. } = &source.pick else { return Ok(()) };
    let parent = foreign.parent_table.expect("only tables that are planned are in cycles");
    let steps = steps(b, tables, b.order[p], &foreign.name);
    let invertible = steps
        .iter()
        .flatten()
        .all(|step| b.generator.table(step.table).is_invertible(tables[step.table].foreign[step.foreign].source));
    let columns: Vec<usize> = shared.iter().map(|&i| foreign.parent_columns[i]).collect();
    let (own, earlier) = (*own, *earlier);
    let path = steps.unwrap_or_default();
    let list = match (own && !earlier, invertible && !path.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => own_children(b, parent, &path)?,
        (false, _) => agreeing(b, parent, &columns)?,
    };
    let source = &mut tables[p].sources[s];
    source.agreeing = Some(std::sync::Arc::new(list));
    if let ParentChoice::Agreeing { path: known, .. } = &mut source.pick {
        *known = if invertible { path } else { Vec::new() };
    }
    Ok(())
}

/// Returns the path of a back edge as foreign keys of the plan, from its own table on; `None` if one of them is not in
/// the plan.
fn steps(b: &PlanContext<'_>, tables: &[TablePlan], table: usize, name: &str) -> Option<Vec<FkStep>> {
    let path = b.fk_cycles.path_of(table, name).iter().rev();
    path.map(|(child, name)| {
        let table = b.position(*child)?;
        let foreign = tables.get(table)?.foreign.iter().position(|f| f.name == *name)?;
        Some(FkStep { table, foreign })
    })
    .collect()
}

/// Returns the pairs of the digest of these columns and the row, sorted.
fn agreeing(
    b: &PlanContext<'_>,
    table: usize,
    columns: &[usize],
) -> Result<Vec<u64>, dbmocker_generate::generator::RowError> {
    let mut pairs = Vec::new();
    for row in 0..b.generator.table(table).rows.min(ROWS) {
        let cells = b.generator.cells(table, columns, row)?;
        pairs.extend(agreement(&cells).map(|digest| (digest, row)));
    }
    Ok(sorted(pairs))
}

/// Returns the pairs of an ancestor reached along the path and the row, sorted: the row's own children.
fn own_children(
    b: &PlanContext<'_>,
    table: usize,
    path: &[FkStep],
) -> Result<Vec<u64>, dbmocker_generate::generator::RowError> {
    let rows = if path.is_empty() { 0 } else { b.generator.table(table).rows.min(ROWS) };
    let pairs = (0..rows).filter_map(|row| b.generator.ancestor(path, row).map(|above| (above, row)));
    Ok(sorted(pairs.collect()))
}

fn sorted(mut pairs: Vec<(u64, u64)>) -> Vec<u64> {
    pairs.sort_unstable();
    pairs.into_iter().flat_map(|(key, row)| [key, row]).collect()
}

/// Checks that every row has a parent.
fn complete(b: &PlanContext<'_>, tables: &[TablePlan], p: usize, s: usize) -> Result<(), CycleFailure> {
    let table = &tables[p];
    let source = &table.sources[s];
    let (member, index) = (source.members[0], b.order[p]);
    let foreign = &table.foreign[member];
    let parent = foreign.parent_table.expect("only tables that are planned are in cycles");
    if b.has_failed(index) || b.has_failed(b.order[parent]) {
        return Ok(());
    }
    let step = table.rows.div_ceil(ROWS).max(1);
    let attempt = |row| b.generator.table(p).attempt(row);
    let mut lonely = (0..table.rows).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    let Some(row) = lonely.find(|&row| b.generator.parent_row(p, member, row, attempt(row)).is_none()) else {
        return Ok(());
    };
    let rows = tables[parent].rows;
    match &source.pick {
        ParentChoice::Agreeing { path, .. } if !path.is_empty() && 0 < rows && rows < table.rows => {
            Err(CycleFailure::Fewer {
                table: index,
                rows,
                why: format!(
                    "foreign key `{}` needs a row of `{}` for each that refers back to it, and there are {}",
                    foreign.name,
                    foreign.parent.name,
                    humanize::count(rows)
                ),
            })
        }
        _ => Err(CycleFailure::Never {
            table: index,
            why: CycleError::Lonely { foreign_key: foreign.name.clone(), parent: foreign.parent.name.clone(), row },
        }),
    }
}
