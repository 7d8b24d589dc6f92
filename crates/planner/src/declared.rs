//! References that a config file declares, because the database has no constraint for them.
//!
//! In: columns as the user wrote them. Out: the same by the schema's indices. A reference to one table becomes a
//! foreign key in the planned schema; a reference whose table is named by another column becomes a [`PolymorphicReference`].

use std::borrow::Cow;

use super::PlanError;
use super::foreign_keys;
use super::overrides::{Overrides, ResolvedOverrides, find_column, nearest_column, typed_at};
use super::references::{PolymorphicReference, fits};
use super::select::resolve;
use dbmocker_core::schema::{Deferrable, ForeignKey, Schema, SqlType, TableName};

/// A reference as the user wrote it; columns are `table.column` or `schema.table.column`.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceOverride {
    pub from: String,
    pub to: ReferenceOverrideTarget,
    /// The place of the declaration, for messages.
    pub origin: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ReferenceOverrideTarget {
    Column(String),
    /// A column of the row names the table: its values, and the referenced column for each.
    ByType {
        kind: String,
        to: Vec<(String, String)>,
    },
}

/// A resolved reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredReference {
    pub table: TableName,
    pub column: String,
    pub targets: DeclaredTargets,
    pub origin: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeclaredTargets {
    Column {
        table: TableName,
        column: String,
    },
    /// The column that names the table, and for each of its values the table and column.
    ByType {
        kind: String,
        to: Vec<(String, TableName, String)>,
    },
}

/// The reason why a reference cannot be declared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReferenceProblem {
    #[error("a `{key}` of `{to}` does not fit its type `{column}`; refer to a column of the same type")]
    Type { to: String, key: String, column: String },
    #[error("a foreign key decides it already: {0}; leave the reference out")]
    ForeignKey(String),
    #[error("the server works it out")]
    Generated,
    #[error("`{0}` gives its values as well; keep one of them")]
    Overridden(&'static str),
    #[error("it closes a cycle of references: `{parent}` refers to `{table}`, at some distance; leave one of them out")]
    Ring { parent: String, table: String },
    #[error("`{kind}` is no text and no whole number, so that it names no table")]
    Kind { kind: String },
    #[error("it is declared twice")]
    Twice,
}

impl Overrides {
    /// Resolves the references by the schema's names.
    ///
    /// # Errors
    /// A name that the schema does not contain, or columns that cannot refer to each other; each with its place in the
    /// file.
    pub fn declared_references(&self, schema: &Schema) -> Result<Vec<DeclaredReference>, PlanError> {
        let mut out: Vec<DeclaredReference> = Vec::new();
        for reference in &self.references {
            let found = one(schema, reference).map_err(|e| typed_at(e, &reference.origin))?;
            if out.iter().any(|r| r.table == found.table && r.column == found.column) {
                return Err(problem(reference, ReferenceProblem::Twice));
            }
            out.push(found);
        }
        Ok(out)
    }
}

fn problem(reference: &ReferenceOverride, problem: ReferenceProblem) -> PlanError {
    typed_at(PlanError::Reference { from: reference.from.clone(), problem }, &reference.origin)
}

/// Resolves `table.column`.
fn column(schema: &Schema, name: &str) -> Result<(usize, usize), PlanError> {
    let Some((table, column)) = name.rsplit_once('.').filter(|(t, c)| !t.is_empty() && !c.is_empty()) else {
        return Err(PlanError::NoDot { name: name.into(), nearest: nearest_column(schema, name) });
    };
    let t = resolve(schema, table)?;
    Ok((t, find_column(&schema.tables[t], column)?))
}

fn one(schema: &Schema, reference: &ReferenceOverride) -> Result<DeclaredReference, PlanError> {
    let (t, c) = column(schema, &reference.from)?;
    let table = &schema.tables[t];
    let from = &table.columns[c];
    let refused = |problem| Err(PlanError::Reference { from: reference.from.clone(), problem });
    if let Some(f) = table.every_foreign_key().iter().find(|f| f.columns.contains(&from.name)) {
        return refused(ReferenceProblem::ForeignKey(f.name.clone()));
    }
    if from.generated.is_some() {
        return refused(ReferenceProblem::Generated);
    }
    let target = |to: &String| {
        let (p, k) = column(schema, to)?;
        let key = &schema.tables[p].columns[k];
        if !fits(&from.ty, &key.ty) {
            let (key, column) = (key.type_name.clone(), from.type_name.clone());
            return Err(PlanError::Reference {
                from: reference.from.clone(),
                problem: ReferenceProblem::Type { to: to.clone(), key, column },
            });
        }
        Ok((schema.tables[p].name.clone(), key.name.clone()))
    };
    let targets = match &reference.to {
        ReferenceOverrideTarget::Column(to) => {
            let (table, column) = target(to)?;
            DeclaredTargets::Column { table, column }
        }
        ReferenceOverrideTarget::ByType { kind, to } => {
            let kind = &table.columns[find_column(table, kind)?];
            if !matches!(kind.ty, SqlType::Text { .. } | SqlType::Enum { .. } | SqlType::Int { .. } | SqlType::Untyped)
            {
                return refused(ReferenceProblem::Kind { kind: kind.name.clone() });
            }
            let to = to.iter().map(|(value, to)| target(to).map(|(table, column)| (value.clone(), table, column)));
            DeclaredTargets::ByType { kind: kind.name.clone(), to: to.collect::<Result<_, _>>()? }
        }
    };
    Ok(DeclaredReference {
        table: table.name.clone(),
        column: from.name.clone(),
        targets,
        origin: reference.origin.clone(),
    })
}

/// Suffix of the names of declared foreign keys.
const DECLARED: &str = " as declared";

/// Returns true if a foreign key of the planned schema is declared by the config file.
pub(super) fn is_declared(foreign_key: &str) -> bool {
    foreign_key.ends_with(DECLARED)
}

impl DeclaredReference {
    /// Returns the foreign key, if the reference is to one table.
    pub fn foreign_key(&self) -> Option<ForeignKey> {
        let DeclaredTargets::Column { table, column } = &self.targets else { return None };
        Some(ForeignKey {
            name: format!("{}{DECLARED}", self.column),
            columns: vec![self.column.clone()],
            parent: table.clone(),
            parent_columns: vec![column.clone()],
            match_full: false,
            deferrable: Deferrable::No,
            validated: true,
            actions: String::new(),
        })
    }
}

/// Returns the schema with the declared references to one table as foreign keys.
///
/// # Errors
/// A reference that closes a cycle.
pub(super) fn completed<'a>(
    schema: &'a Schema,
    references: &[DeclaredReference],
) -> Result<Cow<'a, Schema>, PlanError> {
    let mut out = Cow::Borrowed(schema);
    for reference in references {
        let Some(key) = reference.foreign_key() else { continue };
        no_ring(&out, reference, &key.parent)?;
        let t = index(&out, &reference.table);
        out.to_mut().tables[t].foreign_keys.push(key);
    }
    for reference in references {
        if let DeclaredTargets::ByType { to, .. } = &reference.targets {
            to.iter().try_for_each(|(_, parent, _)| no_ring(&out, reference, parent))?;
        }
    }
    Ok(out)
}

fn index(schema: &Schema, name: &TableName) -> usize {
    schema.tables.iter().position(|t| t.name == *name).expect("the reference was found in this schema")
}

fn no_ring(schema: &Schema, reference: &DeclaredReference, parent: &TableName) -> Result<(), PlanError> {
    let (table, to) = (index(schema, &reference.table), index(schema, parent));
    let by_type = matches!(reference.targets, DeclaredTargets::ByType { .. });
    if (table != to || by_type) && foreign_keys::leads(schema, to, table, |_| Vec::new()) {
        let problem = ReferenceProblem::Ring { parent: parent.to_string(), table: reference.table.to_string() };
        let from = format!("{}.{}", reference.table, reference.column);
        return Err(typed_at(PlanError::Reference { from, problem }, &reference.origin));
    }
    Ok(())
}

/// Returns the references whose table is named by another column.
pub(super) fn pairs(
    schema: &Schema,
    references: &[DeclaredReference],
    overrides: &ResolvedOverrides<'_>,
) -> Vec<PolymorphicReference> {
    let pair = |r: &DeclaredReference| {
        let DeclaredTargets::ByType { kind, to } = &r.targets else { return None };
        let table = index(schema, &r.table);
        let at = |t: usize, name: &str| schema.tables[t].column_index(name).expect("it was found in this schema");
        let kind = at(table, kind);
        let parent = |(value, parent, column): &(String, TableName, String)| {
            let p = index(schema, parent);
            (value.clone(), p, at(p, column))
        };
        let listed = overrides.column(table, kind).is_some_and(|w| w.shapes_values());
        let declared = Some(r.origin.clone());
        Some(PolymorphicReference {
            table,
            kind,
            id: at(table, &r.column),
            listed,
            parents: to.iter().map(parent).collect(),
            declared,
        })
    };
    references.iter().filter_map(pair).collect()
}

/// Checks that no override determines the values of a declared reference.
///
/// # Errors
/// The override, with the place of the reference.
pub(super) fn check_overrides(
    schema: &Schema,
    references: &[DeclaredReference],
    overrides: &ResolvedOverrides<'_>,
) -> Result<(), PlanError> {
    for r in references {
        let table = index(schema, &r.table);
        let column = schema.tables[table].column_index(&r.column).expect("it was found in this schema");
        if let Some(key) = overrides.column(table, column).and_then(|w| w.first_key()) {
            let from = format!("{}.{}", r.table, r.column);
            let problem = ReferenceProblem::Overridden(key);
            return Err(typed_at(PlanError::Reference { from, problem }, &r.origin));
        }
    }
    Ok(())
}
