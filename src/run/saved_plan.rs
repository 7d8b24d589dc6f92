//! Checks whether a saved plan fits a database.

use std::collections::HashSet;

use dbmocker_core::humanize;
use dbmocker_core::schema::{Column, Schema, Table};
use dbmocker_core::value::{Value, digest};
use dbmocker_plan::{Plan, TablePlan};
use dbmocker_schema::SchemaError;

use super::jobs::meant;

/// What differs between a plan and a database, by table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("the plan is for {plan}, and the database is {database}")]
    Dialect { plan: String, database: String },
    #[error("table `{table}` of the plan is not in the database")]
    NoTable { table: String },
    #[error("table `{table}` has the columns {here}, and the plan is for {planned}")]
    Columns { table: String, planned: String, here: String },
    #[error("column `{table}.{column}` is {here}, and the plan is for {planned}")]
    Column { table: String, column: String, planned: String, here: String },
    #[error("table `{table}` holds {}, and the plan was made when it held {}", humanize::rows(*here), humanize::rows(*planned))]
    Existing { table: String, planned: u64, here: u64 },
    #[error("foreign key `{name}` of table `{table}` is not in the plan; save a plan of this schema")]
    ForeignKey { table: String, name: String },
    #[error("key `{name}` of table `{table}` is not in the plan; save a plan of this schema")]
    Key { table: String, name: String },
    #[error("two tables of the plan are `{table}` here")]
    Twice { table: String },
    #[error(
        "foreign key `{name}` of table `{table}` refers to rows that `{parent}` held when the plan was made, and some are not there"
    )]
    Parents { table: String, name: String, parent: String },
}

/// Why a plan cannot be loaded.
#[derive(Debug)]
pub enum Unfit {
    Misfits(Vec<Misfit>),
    /// The keys of existing rows cannot be read.
    Read(SchemaError),
}

impl From<Vec<Misfit>> for Unfit {
    fn from(misfits: Vec<Misfit>) -> Self {
        Unfit::Misfits(misfits)
    }
}

impl From<SchemaError> for Unfit {
    fn from(e: SchemaError) -> Self {
        Unfit::Read(e)
    }
}

/// Reads the values of some columns of a table's existing rows, at most so many.
pub type ReadKeys<'a> =
    dyn Fn(&Table, &[usize], Option<u64>, &mut dyn FnMut(Vec<Value>)) -> Result<(), SchemaError> + 'a;

/// Gives the plan's tables the names that they have in the database, where they fit. With `truncate`, the tables are
/// emptied first.
///
/// # Errors
/// Everything that differs.
pub fn fit(plan: &mut Plan, schema: &Schema, truncate: bool, read: &ReadKeys<'_>) -> Result<(), Unfit> {
    if plan.dialect != schema.dialect {
        let (plan, database) = (plan.dialect.to_string(), schema.dialect.to_string());
        return Err(vec![Misfit::Dialect { plan, database }].into());
    }
    let mut misfits = Vec::new();
    let mut names = Vec::new();
    for planned in &plan.tables {
        match meant(schema, &planned.label, &planned.name) {
            None => misfits.push(Misfit::NoTable { table: planned.label.clone() }),
            Some(table) => {
                misfits.extend(differences(planned, table, truncate));
                if names.contains(&table.name) {
                    misfits.push(Misfit::Twice { table: table.name.to_string() });
                }
                names.push(table.name.clone());
            }
        }
    }
    if !misfits.is_empty() {
        return Err(misfits.into());
    }
    misfits.extend(missing_parents(plan, schema, read)?);
    if !misfits.is_empty() {
        return Err(Unfit::Misfits(misfits));
    }
    plan.tables.iter_mut().zip(names).for_each(|(planned, name)| planned.name = name);
    Ok(())
}

fn differences(planned: &TablePlan, table: &Table, truncate: bool) -> Vec<Misfit> {
    let name = || planned.label.clone();
    let list = |names: &mut dyn Iterator<Item = &str>| names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let (then, now) = (&planned.columns, &table.columns);
    if then.len() != now.len() || then.iter().zip(now).any(|(a, b)| a.name != b.name) {
        let planned = list(&mut then.iter().map(|c| c.name.as_str()));
        return vec![Misfit::Columns { table: name(), planned, here: list(&mut now.iter().map(|c| c.name.as_str())) }];
    }
    let other = |(a, b): (&dbmocker_plan::ColumnPlan, &Column)| {
        let spell = |name: &str, nullable: bool| format!("{name}{}", if nullable { "" } else { " NOT NULL" });
        let (was, is) = (spell(&a.type_name, a.nullable), spell(&b.type_name, b.nullable));
        let looser = a.type_name == b.type_name && !a.nullable;
        (was != is && !looser).then(|| Misfit::Column { table: name(), column: a.name.clone(), planned: was, here: is })
    };
    let mut out: Vec<Misfit> = then.iter().zip(now).filter_map(other).collect();
    let here = if truncate { 0 } else { table.existing.rows };
    if here != planned.existing {
        out.push(Misfit::Existing { table: name(), planned: planned.existing, here });
    }
    let column = |c: &String| table.column_index(c);
    for key in &table.foreign_keys {
        let columns: Option<Vec<usize>> = key.columns.iter().map(column).collect();
        let known = |f: &dbmocker_plan::ForeignKeyPlan| Some(&f.columns) == columns.as_ref();
        // A foreign key within the columns of another one may have been dropped as implied.
        let within = |f: &dbmocker_plan::ForeignKeyPlan| columns.iter().flatten().all(|c| f.columns.contains(c));
        if !planned.foreign.iter().any(|f| known(f) || within(f)) {
            out.push(Misfit::ForeignKey { table: name(), name: key.name.clone() });
        }
    }
    for key in table.keys.iter().filter_map(|k| Some((k, k.plain_columns()?))) {
        let same = |k: &dbmocker_plan::KeyPlan| k.columns.iter().map(String::as_str).eq(key.1.iter().copied());
        if !planned.keys.iter().any(same) {
            out.push(Misfit::Key { table: name(), name: key.0.name.clone() });
        }
    }
    out
}

/// Foreign keys to existing rows that do not exist any more.
fn missing_parents(plan: &Plan, schema: &Schema, read: &ReadKeys<'_>) -> Result<Vec<Misfit>, SchemaError> {
    let mut out = Vec::new();
    for planned in &plan.tables {
        for f in planned.foreign.iter().filter(|f| !f.existing_keys.is_empty()) {
            let label = f.parent_table.map_or_else(|| f.parent.to_string(), |p| plan.tables[p].label.clone());
            let parent = meant(schema, &label, &f.parent);
            let mut there: HashSet<u128> = HashSet::new();
            if let Some(parent) = parent {
                let held = f.existing_keys.len() as u64;
                // A sample of a large table was read at regular intervals, which are the same as long as the table's
                // rows are.
                let limit = (held < parent.existing.rows).then_some(held);
                read(parent, &f.parent_columns, limit, &mut |key| {
                    there.insert(digest(&key));
                })?;
            }
            if f.existing_keys.tuples().any(|key| !there.contains(&digest(&key))) {
                let (table, name) = (planned.label.clone(), f.name.clone());
                out.push(Misfit::Parents { table, name, parent: label });
            }
        }
    }
    Ok(out)
}
