//! The selection of tables to fill.

use std::collections::BTreeSet;

use dbmocker_core::schema::{Schema, Skipped, Table, TableName};

use super::PlanError;
use super::patterns::{is_pattern, stands_for};

/// Reasons of tables that the command line leaves out.
const EXCLUDED: &str = "excluded";
const NOT_SELECTED: &str = "not selected";

/// The selection by the command line: names as the user wrote them, `table` or `schema.table`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Empty: all tables.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Only tables of these schemas; empty: all schemas.
    pub schemas: Vec<String>,
}

impl Selection {
    /// Returns true if a table's schema is selected.
    pub fn is_of_schema(&self, table: &TableName) -> bool {
        self.schemas.is_empty() || self.schemas.iter().any(|s| fits(s, &table.schema))
    }
}

/// Leaves the selected tables of a schema.
///
/// # Errors
/// As [`select`].
pub fn retain(schema: &mut Schema, selection: &Selection) -> Result<(), PlanError> {
    if *selection == Selection::default() {
        return Ok(());
    }
    let (_, left_out) = select(schema, selection)?;
    let unselected =
        |name: &TableName| left_out.iter().any(|l| l.name == *name && [EXCLUDED, NOT_SELECTED].contains(&&*l.reason));
    schema.tables.retain(|t| !unselected(&t.name));
    schema.skipped.clear();
    Ok(())
}

/// Returns the indices of the tables to fill, and the tables left out with the reason.
///
/// # Errors
/// If a name is no table of the schema; the error names the nearest match.
pub fn select(schema: &Schema, selection: &Selection) -> Result<(BTreeSet<usize>, Vec<Skipped>), PlanError> {
    let include = resolve_all(schema, &selection.include)?;
    let exclude = resolve_all(schema, &selection.exclude)?;
    for name in &selection.schemas {
        if !schema.tables.iter().any(|t| fits(name, &t.name.schema)) {
            let all: BTreeSet<String> = schema.tables.iter().map(|t| t.name.schema.clone()).collect();
            return Err(PlanError::NoSchema { name: name.clone(), all: all.into_iter().collect() });
        }
    }
    let mut chosen = BTreeSet::new();
    let mut left_out = schema.skipped.clone();
    for (i, table) in schema.tables.iter().enumerate() {
        let wanted = (selection.include.is_empty() || include.contains(&i)) && selection.is_of_schema(&table.name);
        let reason = if exclude.contains(&i) {
            Some(EXCLUDED.into())
        } else if !wanted {
            Some(NOT_SELECTED.into())
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
    let found: Vec<Vec<usize>> = names.iter().map(|n| matching(schema, n)).collect::<Result<_, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Returns the tables that match a name, or a pattern in which `*` matches any characters.
///
/// # Errors
/// If there is none; the error names the nearest match.
pub(super) fn matching(schema: &Schema, name: &str) -> Result<Vec<usize>, PlanError> {
    // A table name may contain a literal `*`.
    match resolve(schema, name) {
        Ok(table) => Ok(vec![table]),
        Err(_) if is_pattern(name) => {
            let found: Vec<usize> = (0..schema.tables.len()).filter(|&t| stands_for(name, &schema.tables[t])).collect();
            if found.is_empty() {
                return Err(PlanError::NoneFits { pattern: name.into() });
            }
            Ok(found)
        }
        Err(error) => Err(error),
    }
}

/// Returns true if a text matches a pattern in which `*` matches any characters, ignoring case.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Finds a table by `name` or `schema.name`; exact spelling first, then ignoring case. A bare name prefers the default
/// schema.
///
/// # Errors
/// If there is none, with the nearest match; if several schemas have such a table, with their names.
pub fn resolve(schema: &Schema, name: &str) -> Result<usize, PlanError> {
    let spelled = |same: &dyn Fn(&str, &str) -> bool| {
        let bare = |t: &&Table| same(&t.name.name, name);
        let full = |t: &Table| same(&t.name.to_string(), name);
        let in_default = |t: &Table| bare(&t) && t.name.schema == schema.default_schema;
        if let Some(t) = schema.tables.iter().position(full).or(schema.tables.iter().position(in_default)) {
            return Some(Ok(t));
        }
        let all: Vec<String> = schema.tables.iter().filter(bare).map(|t| t.name.to_string()).collect();
        match all.len() {
            0 => None,
            1 => schema.tables.iter().position(|t| bare(&t)).map(Ok),
            _ => Some(Err(PlanError::SeveralTables { name: name.into(), all })),
        }
    };
    let found = spelled(&|a, b| a == b).or_else(|| spelled(&|a, b| a.eq_ignore_ascii_case(b)));
    found.unwrap_or_else(|| {
        Err(PlanError::UnknownTable {
            name: name.into(),
            nearest: nearest(name, schema.tables.iter().map(|t| schema.label(&t.name))),
        })
    })
}

/// Returns the candidate most similar to `name`, if one is close.
pub fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let score = |c: &String| strsim::jaro_winkler(&c.to_lowercase(), &name.to_lowercase());
    candidates.map(|c| (score(&c), c)).filter(|(s, _)| *s > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c)
}
