//! Which tables a run fills.

use std::collections::BTreeSet;

use dbmocker_core::schema::{Schema, Skipped, Table};

use super::PlanError;

/// The wishes of the command line: names as typed, `table` or `schema.table`.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Empty: all.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
}

/// Indices of the tables to fill, and those left out with the reason.
///
/// # Errors
/// If a name is no table of the schema; the error names the nearest match.
pub fn select(schema: &Schema, selection: &Selection) -> Result<(BTreeSet<usize>, Vec<Skipped>), PlanError> {
    let include = resolve_all(schema, &selection.include)?;
    let exclude = resolve_all(schema, &selection.exclude)?;
    let mut chosen = BTreeSet::new();
    let mut left_out = schema.skipped.clone();
    for (i, table) in schema.tables.iter().enumerate() {
        let wanted = selection.include.is_empty() || include.contains(&i);
        let reason = if exclude.contains(&i) {
            Some("excluded".into())
        } else if !wanted {
            Some("not selected".into())
        } else if table.outside {
            Some(format!("in {}: its rows are only referred to", schema.elsewhere()))
        } else if !table.can_insert {
            Some(table.lacks())
        } else {
            None
        };
        match reason {
            None => drop(chosen.insert(i)),
            Some(reason) => left_out.push(Skipped { name: table.name.clone(), reason }),
        }
    }
    Ok((chosen, left_out))
}

fn resolve_all(schema: &Schema, names: &[String]) -> Result<BTreeSet<usize>, PlanError> {
    names.iter().map(|n| resolve(schema, n)).collect()
}

/// Finds a table by `name` or `schema.name`; exact spelling first, then without case.
///
/// # Errors
/// If there is none; the error names the nearest match.
pub fn resolve(schema: &Schema, name: &str) -> Result<usize, PlanError> {
    let matches = |same: &dyn Fn(&str, &str) -> bool| {
        let bare = |t: &Table| same(&t.name.name, name);
        let full = |t: &Table| same(&t.name.to_string(), name);
        let in_default = |t: &Table| bare(t) && t.name.schema == schema.default_schema;
        schema
            .tables
            .iter()
            .position(full)
            .or(schema.tables.iter().position(in_default))
            .or(schema.tables.iter().position(bare))
    };
    matches(&|a, b| a == b).or_else(|| matches(&|a, b| a.eq_ignore_ascii_case(b))).ok_or_else(|| {
        PlanError::UnknownTable {
            name: name.into(),
            nearest: nearest(name, schema.tables.iter().map(|t| schema.label(&t.name))),
        }
    })
}

/// Returns the candidate most similar to `name`, if one is close.
pub fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let score = |c: &String| strsim::jaro_winkler(&c.to_lowercase(), &name.to_lowercase());
    candidates.map(|c| (score(&c), c)).filter(|(s, _)| *s > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c)
}
