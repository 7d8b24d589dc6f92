//! Rules that nobody declared for a table, but that its rows must keep for the declared ones to hold.
//!
//! In: a schema. Out: the same with more rules, for planning alone:
//! - an exclusion constraint is a key that keeps rows apart (`exclusions`);
//! - what a CHECK, an index or a generated column calls is replaced by what the function says, a generated column fits
//!   its type, and one that a foreign key has is what it is worked out to be (`computed`);
//! - a partitioned table has the rules of its partitions (`own_rules`);
//! - a table that inherits from another keeps its foreign keys, because its rows are seen there;
//! - parents that must agree, as a trigger has it, are chosen together (`meet`);
//! - where two foreign keys of a table share a column and lead to different places, the place that could hold anything
//!   takes its values from the other: else no two parents would agree but by luck;
//! - columns that foreign keys carry around a ring are equal: what one of them refers to outside of it, all do
//!   (`around`).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{exclusions, foreign_keys, generated_columns, partition_constraints, rings};
use dbmocker_core::schema::{Column, Deferrable, ForeignKey, Generated, ParentAgreement, Schema, Table, TableName};

/// The schema with its implied rules.
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
        for meeting in schema.tables[t].meetings.clone() {
            meet(out.to_mut(), t, &meeting);
        }
    }
    for (table, fk) in around(&out) {
        out.to_mut().tables[table].foreign_keys.push(fk);
    }
    for t in 0..schema.tables.len() {
        // One at a time: each may make others meet.
        while let Some((table, fk)) = meeting(&out, t) {
            out.to_mut().tables[table].foreign_keys.push(fk);
        }
    }
    out
}

/// Lets two foreign keys of table `t` share a column, which is in no database: its value is where their parents agree.
fn meet(schema: &mut Schema, t: usize, meeting: &ParentAgreement) {
    let [a, b] = &meeting.sides;
    let index = |name: &TableName| schema.tables.iter().position(|p| &p.name == name);
    // In a ring nobody's rows are known before the others'.
    if meeting.sides.iter().any(|s| index(&s.parent).is_none_or(|p| leads(schema, p, t))) {
        return;
    }
    let Some(agreed) = schema.table(&a.parent).and_then(|p| p.column(&a.agrees)).cloned() else { return };
    let name = format!("{}.{} = {}.{}", a.parent.name, a.agrees, b.parent.name, b.agrees);
    // Worked out by nobody: a foreign key chooses it, and it is not sent.
    let generated = Some(Generated { expression: String::new(), stored: false });
    let table = &mut schema.tables[t];
    table.columns.push(Column { name: name.clone(), generated, nullable: true, auto: None, default: None, ..agreed });
    table.foreign_keys.extend(meeting.sides.iter().map(|side| ForeignKey {
        name: format!("{} ({})", meeting.name, side.column),
        columns: vec![side.column.clone(), name.clone()],
        parent: side.parent.clone(),
        parent_columns: vec![side.key.clone(), side.agrees.clone()],
        match_full: false,
        deferrable: Deferrable::No,
        validated: true,
        actions: String::new(),
    }));
}

/// Whether a foreign key of the completed schema is one that rows must keep; the others only help them to agree.
pub(super) fn is_needed(declared: &Schema, table: usize, name: &str) -> bool {
    let table = &declared.tables[table];
    table.every_foreign_key().iter().any(|f| f.name == name)
        || inherited(declared, table, 0).iter().any(|f| f.name == name)
}

fn inherited(schema: &Schema, table: &Table, depth: usize) -> Vec<ForeignKey> {
    let ancestors = table.inherits.iter().filter_map(|n| schema.table(n)).filter(|_| depth < 8);
    ancestors.flat_map(|a| a.foreign_keys.iter().cloned().chain(inherited(schema, a, depth + 1))).collect()
}

/// A column of a table, by indices.
type Place = (usize, usize);

/// Where the values of a column come from: along foreign keys, the column itself first.
fn way(schema: &Schema, from: Place) -> Vec<Place> {
    let mut way = vec![from];
    while let Some(next) = next(schema, way[way.len() - 1]).filter(|n| !way.contains(n)) {
        way.push(next);
    }
    way
}

fn next(schema: &Schema, (t, c): Place) -> Option<Place> {
    let table = &schema.tables[t];
    let links = table.foreign_keys.iter().filter_map(|f| foreign_keys::resolve(schema, table, f));
    links.filter(|l| l.parent != t).find_map(|l| {
        let i = l.columns.iter().position(|&x| x == c)?;
        Some((l.parent, l.parent_columns[i]))
    })
}

/// Foreign keys of the columns of rings that lack them: whichever of their tables is planned first, decides the column.
fn around(schema: &Schema) -> Vec<(usize, ForeignKey)> {
    let all: Vec<usize> = (0..schema.tables.len()).collect();
    let mut new = Vec::new();
    for class in rings::classes(schema, &all) {
        let inside = |place: &Place| class.contains(place);
        let parents = |&(t, c): &Place| -> Vec<Place> {
            let table = &schema.tables[t];
            let links = table.foreign_keys.iter().filter_map(|f| foreign_keys::resolve(schema, table, f));
            let pairs = links
                .filter(|l| l.parent != t)
                .filter_map(|l| Some((l.parent, l.parent_columns[l.columns.iter().position(|&x| x == c)?])));
            pairs.filter(|p| !inside(p)).collect()
        };
        // The first of them: where there are others, they meet.
        let Some(outside) = class.iter().flat_map(parents).next() else { continue };
        let root = *way(schema, outside).last().expect("a way begins with the column itself");
        let lacks = |place: &&Place| parents(place).is_empty() && !class.iter().any(|p| leads(schema, root.0, p.0));
        new.extend(class.iter().filter(lacks).map(|&place| (place.0, follow(schema, place, root))));
    }
    new
}

/// Two foreign keys of table `t` that share a column but never meet, and the foreign key that makes them.
fn meeting(schema: &Schema, t: usize) -> Option<(usize, ForeignKey)> {
    let table = &schema.tables[t];
    let links: Vec<_> = table.foreign_keys.iter().filter_map(|f| foreign_keys::resolve(schema, table, f)).collect();
    for (i, a) in links.iter().enumerate() {
        for b in &links[i + 1..] {
            let shared = a.columns.iter().find_map(|c| {
                let (x, y) = (a.columns.iter().position(|x| x == c)?, b.columns.iter().position(|x| x == c)?);
                Some(((a.parent, a.parent_columns[x]), (b.parent, b.parent_columns[y])))
            });
            let Some((x, y)) = shared.filter(|(x, y)| x.0 != t && y.0 != t) else { continue };
            let (x, y) = (way(schema, x), way(schema, y));
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

/// `child` is no key of its own, has the same type, and its table does not lead to itself through `parent`'s.
fn may_follow(schema: &Schema, child: Place, parent: Place) -> bool {
    let (c, p) = (&schema.tables[child.0].columns[child.1], &schema.tables[parent.0].columns[parent.1]);
    let key = schema.tables[child.0].keys.iter().any(|k| k.plain_columns().is_some_and(|k| k == [c.name.as_str()]));
    let kind = std::mem::discriminant(&c.ty) == std::mem::discriminant(&p.ty);
    !key && kind
        && next(schema, child).is_none()
        && c.generated.is_none()
        && c.auto.is_none()
        && !leads(schema, parent.0, child.0)
}

/// Whether foreign keys lead from one table to another.
fn leads(schema: &Schema, from: usize, to: usize) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(t) = open.pop() {
        if t == to {
            return true;
        }
        if seen.insert(t) {
            let table = &schema.tables[t];
            open.extend(
                table.foreign_keys.iter().filter_map(|f| foreign_keys::resolve(schema, table, f)).map(|l| l.parent),
            );
        }
    }
    false
}

fn follow(schema: &Schema, child: Place, parent: Place) -> ForeignKey {
    let name = |(t, c): Place| -> (TableName, String) {
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

    /// posts(hall) is free text, open_halls(hall) comes from halls: notes need both to agree.
    #[test]
    fn a_free_column_follows_the_key_it_must_agree_with() {
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
    fn rows_of_an_heir_keep_the_foreign_keys_of_its_ancestors() {
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
