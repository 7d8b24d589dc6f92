//! Pairs of foreign keys that refer to a row of members: attendance and marks only for students who are enrolled.
//!
//! In: the schema, with inferred references. Out: a foreign key of two columns for each such pair, used in planning only.

use crate::references::{BY_NAME, is_mentioned};
use dbmocker_core::schema::{Deferrable, ForeignKey, Key, Schema, Table, TableName};
use dbmocker_semantics::memberships::is_by_members;

/// Returns the foreign key of a table to another one that makes pairs of the same parents' rows members; `rows`: the number
/// of rows of a table after the load.
pub(super) fn reference(schema: &Schema, t: usize, p: usize, rows: &dyn Fn(usize) -> u64) -> Option<ForeignKey> {
    let (child, members) = (&schema.tables[t], &schema.tables[p]);
    let related = child.foreign_keys.iter().any(|f| f.parent == members.name);
    if t == p || related || !is_by_members(&child.name.name, &members.name.name) || rows(p) == 0 {
        return None;
    }
    members.keys.iter().filter(|k| k.predicate.is_none()).find_map(|key| {
        let pair: [&str; 2] = key.plain_columns()?.try_into().ok()?;
        let same = |column: &str| {
            let (own, theirs) = (required_parent(child, column), required_parent(members, column));
            own.is_some() && own == theirs
        };
        if !pair.iter().all(|column| same(column)) {
            return None;
        }
        // Of a key within the pair, each member has one row.
        let within =
            |k: &Key| k.plain_columns().is_some_and(|columns| columns.iter().all(|column| pair.contains(column)));
        if child.keys.iter().any(within) && rows(t) > rows(p) {
            return None;
        }
        let columns = pair.map(str::to_owned).to_vec();
        Some(ForeignKey {
            name: format!("{}{BY_NAME}", columns.join(", ")),
            parent: members.name.clone(),
            parent_columns: columns.clone(),
            columns,
            match_full: false,
            deferrable: Deferrable::No,
            validated: false,
            actions: String::new(),
        })
    })
}

/// Returns the only parent of a column that is never NULL and that nothing else determines, and the parent's column.
fn required_parent<'s>(table: &'s Table, column: &str) -> Option<(&'s TableName, &'s str)> {
    let own = &table.columns[table.column_index(column)?];
    let mut of = table.foreign_keys.iter().filter(|f| f.columns.iter().any(|c| c == column));
    let only = of.next().filter(|f| f.columns.len() == 1 && !own.nullable && !is_mentioned(table, own))?;
    of.next().is_none().then(|| (&only.parent, only.parent_columns[0].as_str()))
}
