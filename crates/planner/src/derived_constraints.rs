//! Constraints that no table declares, but that its rows must satisfy so that the declared ones can be satisfied.
//!
//! In: a schema. Out: the schema with additional constraints, used in planning only:
//! - an exclusion constraint becomes a unique key (`exclusions`);
//! - function calls in CHECKs, indexes and generated columns are inlined; generated columns are restricted to their
//!   type, and equal their expression if a foreign key contains them (`generated_columns`);
//! - a partitioned table gets the constraints of its partitions (`partition_constraints`);
//! - a table that inherits from another gets its foreign keys, because its rows are visible there;
//! - parents that must agree because of a trigger are selected together (`add_agreement_column`);
//! - if two foreign keys of a table share a column but lead to different tables, the unrestricted one takes its values
//!   from the other: otherwise their parents would agree only by chance;
//! - columns that foreign keys copy added_cycle_keys a cycle are equal: all of them refer to the same table outside the cycle
//!   (`added_cycle_keys`).

use std::borrow::Cow;

use super::{exclusions, fk_cycles, foreign_keys, generated_columns, partition_constraints};
use dbmocker_core::schema::{Column, Deferrable, ForeignKey, Generated, ParentAgreement, Schema, Table, TableName};
use dbmocker_plan::ColumnId;

/// Returns the schema with its derived constraints.
pub(super) fn complete(schema: &Schema) -> Cow<'_, Schema> {
    let mut out = Cow::Borrowed(schema);
    for (t, table) in schema.tables.iter().enumerate() {
        let gathered = partition_constraints::gather(table, schema.dialect);
        let inlined = generated_columns::inlined(gathered.as_ref().unwrap_or(table), &schema.functions);
        if let Some(changed) = inlined.or(gathered) {
            out.to_mut().tables[t] = changed;
        }
        let worked_out = generated_columns::agreements(&out.tables[t], schema.dialect);
        if !worked_out.is_empty() {
            out.to_mut().tables[t].checks.extend(worked_out);
        }
    }
    for t in 0..schema.tables.len() {
        let keys = out.tables[t].exclusions.iter().filter_map(|e| exclusions::key(e, &out.tables[t], schema.dialect));
        let keys: Vec<_> = keys.collect();
        if !keys.is_empty() {
            out.to_mut().tables[t].keys.extend(keys);
        }
    }
    for t in 0..schema.tables.len() {
        for fk in inherited(schema, &schema.tables[t], 0) {
            if !out.tables[t].foreign_keys.iter().any(|f| f.columns == fk.columns && f.parent == fk.parent) {
                out.to_mut().tables[t].foreign_keys.push(fk);
            }
        }
    }
    for t in 0..schema.tables.len() {
        for agreement in schema.tables[t].parent_agreements.clone() {
            add_agreement_column(out.to_mut(), t, &agreement);
        }
    }
    for (table, fk) in added_cycle_keys(&out) {
        out.to_mut().tables[table].foreign_keys.push(fk);
    }
    for t in 0..schema.tables.len() {
        // One at a time: each may make further keys overlap.
        while let Some((table, fk)) = joined_parent_key(&out, t) {
            out.to_mut().tables[table].foreign_keys.push(fk);
        }
    }
    out
}

/// Adds a column shared by two foreign keys of table `t`, which exists in planning only: its value is the one on which
/// their parents agree.
fn add_agreement_column(schema: &mut Schema, t: usize, agreement: &ParentAgreement) {
    let [a, b] = &agreement.sides;
    let index = |name: &TableName| schema.tables.iter().position(|p| &p.name == name);
    // In a cycle, the rows of one table cannot be planned before the others'.
    if agreement
        .sides
        .iter()
        .any(|s| index(&s.parent).is_none_or(|p| foreign_keys::leads(schema, p, t, |_| Vec::new())))
    {
        return;
    }
    let Some(agreed) = schema.table(&a.parent).and_then(|p| p.column(&a.agrees)).cloned() else { return };
    let name = format!("{}.{} = {}.{}", a.parent.name, a.agrees, b.parent.name, b.agrees);
    // A foreign key determines its value, and it is not sent.
    let generated = Some(Generated { expression: String::new(), stored: false });
    let table = &mut schema.tables[t];
    table.columns.push(Column { name: name.clone(), generated, nullable: true, auto: None, default: None, ..agreed });
    table.foreign_keys.extend(agreement.sides.iter().map(|side| ForeignKey {
        name: format!("{} ({})", agreement.name, side.column),
        columns: vec![side.column.clone(), name.clone()],
        parent: side.parent.clone(),
        parent_columns: vec![side.key.clone(), side.agrees.clone()],
        match_full: false,
        deferrable: Deferrable::No,
        validated: true,
        actions: String::new(),
    }));
}

/// Returns true if a foreign key of the completed schema is a constraint; the others only make rows consistent.
pub(super) fn is_needed(declared: &Schema, table: usize, name: &str) -> bool {
    let table = &declared.tables[table];
    table.every_foreign_key().iter().any(|f| f.name == name)
        || inherited(declared, table, 0).iter().any(|f| f.name == name)
}

fn inherited(schema: &Schema, table: &Table, depth: usize) -> Vec<ForeignKey> {
    let ancestors = table.inherits.iter().filter_map(|n| schema.table(n)).filter(|_| depth < 8);
    ancestors.flat_map(|a| a.foreign_keys.iter().cloned().chain(inherited(schema, a, depth + 1))).collect()
}

/// Returns the columns from which the values of a column are copied, along foreign keys; the column itself first.
fn copy_path(schema: &Schema, from: ColumnId) -> Vec<ColumnId> {
    let mut copy_path = vec![from];
    while let Some(next) = next(schema, copy_path[copy_path.len() - 1]).filter(|n| !copy_path.contains(n)) {
        copy_path.push(next);
    }
    copy_path
}

fn next(schema: &Schema, (t, c): ColumnId) -> Option<ColumnId> {
    let table = &schema.tables[t];
    let links = table.foreign_keys.iter().filter_map(|f| foreign_keys::resolve(schema, table, f));
    links.filter(|l| l.parent != t).find_map(|l| {
        let i = l.columns.iter().position(|&x| x == c)?;
        Some((l.parent, l.parent_columns[i]))
    })
}

/// Returns the foreign keys that columns of cycles lack, since the table planned first determines the value.
fn added_cycle_keys(schema: &Schema) -> Vec<(usize, ForeignKey)> {
    let all: Vec<usize> = (0..schema.tables.len()).collect();
    let mut new = Vec::new();
    for class in fk_cycles::classes(schema, &all) {
        let inside = |place: &ColumnId| class.contains(place);
        let parents = |&(t, c): &ColumnId| -> Vec<ColumnId> {
            let table = &schema.tables[t];
            let links = table.foreign_keys.iter().filter_map(|f| foreign_keys::resolve(schema, table, f));
            let pairs = links
                .filter(|l| l.parent != t)
                .filter_map(|l| Some((l.parent, l.parent_columns[l.columns.iter().position(|&x| x == c)?])));
            pairs.filter(|p| !inside(p)).collect()
        };
        // The first parent; further ones are joined by `joined_parent_key`.
        let Some(outside) = class.iter().flat_map(parents).next() else { continue };
        let root = *copy_path(schema, outside).last().expect("a copy_path begins with the column itself");
        let lacks = |place: &&ColumnId| {
            parents(place).is_empty() && !class.iter().any(|p| foreign_keys::leads(schema, root.0, p.0, |_| Vec::new()))
        };
        new.extend(class.iter().filter(lacks).map(|&place| (place.0, follow(schema, place, root))));
    }
    new
}

/// Returns, for two foreign keys of table `t` that share a column but have no common source, the foreign key that gives
/// them one.
fn joined_parent_key(schema: &Schema, t: usize) -> Option<(usize, ForeignKey)> {
    let table = &schema.tables[t];
    let links: Vec<_> = table.foreign_keys.iter().filter_map(|f| foreign_keys::resolve(schema, table, f)).collect();
    for (i, a) in links.iter().enumerate() {
        for b in &links[i + 1..] {
            let shared = a.columns.iter().find_map(|c| {
                let (x, y) = (a.columns.iter().position(|x| x == c)?, b.columns.iter().position(|x| x == c)?);
                Some(((a.parent, a.parent_columns[x]), (b.parent, b.parent_columns[y])))
            });
            let Some((x, y)) = shared.filter(|(x, y)| x.0 != t && y.0 != t) else { continue };
            let (x, y) = (copy_path(schema, x), copy_path(schema, y));
            if x.iter().any(|p| y.contains(p)) {
                continue;
            }
            let (x, y) = (x[x.len() - 1], y[y.len() - 1]);
            for (child, parent) in [(x, y), (y, x)] {
                if may_follow(schema, child, parent) {
                    return Some((child.0, follow(schema, child, parent)));
                }
            }
        }
    }
    None
}

/// Returns true if `child` is not a key by itself, has the same type, and no cycle results.
fn may_follow(schema: &Schema, child: ColumnId, parent: ColumnId) -> bool {
    let (c, p) = (&schema.tables[child.0].columns[child.1], &schema.tables[parent.0].columns[parent.1]);
    let key = schema.tables[child.0].keys.iter().any(|k| k.plain_columns().is_some_and(|k| k == [c.name.as_str()]));
    let kind = std::mem::discriminant(&c.ty) == std::mem::discriminant(&p.ty);
    !key && kind
        && next(schema, child).is_none()
        && c.generated.is_none()
        && c.auto.is_none()
        && !foreign_keys::leads(schema, parent.0, child.0, |_| Vec::new())
}

fn follow(schema: &Schema, child: ColumnId, parent: ColumnId) -> ForeignKey {
    let name = |(t, c): ColumnId| -> (TableName, String) {
        (schema.tables[t].name.clone(), schema.tables[t].columns[c].name.clone())
    };
    let ((_, column), (parent, parent_column)) = (name(child), name(parent));
    ForeignKey {
        name: format!("{column} follows {}.{parent_column}", parent.name),
        columns: vec![column],
        parent,
        parent_columns: vec![parent_column],
        match_full: false,
        deferrable: Deferrable::No,
        validated: false,
        actions: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::fixtures::{Fixture, table};

    /// posts(hall) is free text, open_halls(hall) refers to halls: notes requires both to agree.
    #[test]
    fn a_free_column_refers_to_the_key_with_which_it_must_agree() {
        let schema = Fixture::new()
            .with(table("halls").text("hall").primary(&["hall"]))
            .with(table("open_halls").text("hall").primary(&["hall"]).foreign(&["hall"], "halls", &["hall"]))
            .with(table("posts").text("post").text("hall").primary(&["post"]))
            .with(
                table("notes")
                    .text("post")
                    .text("hall")
                    .primary(&["post"])
                    .foreign(&["hall"], "open_halls", &["hall"])
                    .foreign(&["post", "hall"], "posts", &["post", "hall"]),
            )
            .schema();
        let done = complete(&schema);
        let posts = done.tables.iter().find(|t| t.name.name == "posts").unwrap();
        assert_eq!(posts.foreign_keys.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["hall follows halls.hall"]);
        assert_eq!(done.tables.iter().map(|t| t.foreign_keys.len()).sum::<usize>(), 4);
    }

    #[test]
    fn rows_of_an_inheriting_table_satisfy_the_foreign_keys_of_its_ancestors() {
        let mut schema = Fixture::new()
            .with(table("kinds").int("id").primary(&["id"]))
            .with(table("files").int("id").int("kind").primary(&["id"]).foreign(&["kind"], "kinds", &["id"]))
            .with(table("images").int("id").int("kind").primary(&["id"]))
            .schema();
        let (files, images) = (schema.tables[0].name.clone(), 1);
        schema.tables[images].inherits.push(files);
        assert_eq!(complete(&schema).tables[images].foreign_keys[0].columns, ["kind"]);
        schema.tables[images].inherits.clear();
        assert!(matches!(complete(&schema), Cow::Borrowed(_)));
    }
}
