//! Analyses the foreign keys of one table: which are implied by others, which share columns, which refer to existing
//! rows only.
//!
//! In: the table and the schema. Out: [`Link`]s (foreign keys to satisfy), grouped into components that share columns.

use std::collections::BTreeSet;

use crate::references;
use dbmocker_core::schema::{ForeignKey, Key, Schema, Table, TableName};

/// A foreign key that needs a parent selection.
#[derive(Debug, Clone)]
pub struct Link {
    pub name: String,
    pub columns: Vec<usize>,
    /// Index into the schema's tables.
    pub parent: usize,
    pub parent_columns: Vec<usize>,
    pub match_full: bool,
}

#[derive(Debug, Default)]
pub struct Links {
    /// Components of links that share columns; most have one member.
    pub components: Vec<Vec<Link>>,
    /// Foreign keys that were left out, with the reason, for the plan.
    pub notes: Vec<String>,
    /// Columns of foreign keys whose parent table does not exist: only NULL is valid.
    pub dangling: Vec<usize>,
}

/// Resolves a foreign key's names; `None` if its parent is not in the schema.
pub fn resolve(schema: &Schema, table: &Table, fk: &ForeignKey) -> Option<Link> {
    let parent = schema.tables.iter().position(|t| t.name == fk.parent)?;
    let columns = fk.columns.iter().map(|c| table.column_index(c)).collect::<Option<Vec<_>>>()?;
    let parent_columns =
        fk.parent_columns.iter().map(|c| schema.tables[parent].column_index(c)).collect::<Option<Vec<_>>>()?;
    (columns.len() == parent_columns.len() && !columns.is_empty()).then(|| Link {
        name: fk.name.clone(),
        columns,
        parent,
        parent_columns,
        match_full: fk.match_full,
    })
}

/// Facts about foreign keys that are not in the schema.
pub struct ForeignKeyFacts<'a> {
    /// Returns true if a table has rows or gets some.
    pub holds: &'a dyn Fn(usize) -> bool,
    /// Inferred foreign keys are left out.
    pub declared_only: bool,
    /// Returns the looped columns of a foreign key that is the back edge of a cycle: they do not come from its parent.
    pub back: &'a dyn Fn(usize, &Link) -> Option<&'a BTreeSet<usize>>,
}

/// Analyses the foreign keys of `table`. Foreign keys implied by others, to parents that have rows, are left out.
pub fn links(schema: &Schema, table: usize, known: &ForeignKeyFacts<'_>) -> Links {
    let t = &schema.tables[table];
    let mut out = Links::default();
    let mut all: Vec<Link> = Vec::new();
    for fk in t.every_foreign_key().into_iter().filter(|fk| !known.declared_only || !references::is_by_name(&fk.name)) {
        match resolve(schema, t, fk) {
            Some(link) if all.iter().any(|l| same(l, &link)) => {}
            Some(link) => all.push(link),
            None => {
                out.notes.push(unresolved(fk));
                out.dangling.extend(fk.columns.iter().filter_map(|c| t.column_index(c)));
            }
        }
    }
    // The widest keys first: narrower ones may be implied by them.
    all.sort_by_key(|l| std::cmp::Reverse(l.columns.len()));
    let mut kept: Vec<Link> = Vec::new();
    for link in all {
        match kept.iter().find(|k| (known.holds)(k.parent) && implies(schema, table, k, &link, known, 0)) {
            Some(k) => out.notes.push(format!("foreign key `{}` follows from `{}`", link.name, k.name)),
            None => kept.push(link),
        }
    }
    kept.sort_by_key(|l| t.every_foreign_key().iter().position(|f| f.name == l.name));
    out.components = components(kept);
    out
}

fn unresolved(fk: &ForeignKey) -> String {
    let TableName { schema, name } = &fk.parent;
    format!(
        "foreign key `{}` refers to `{schema}.{name}`, which does not exist: its columns are NULL where they are nullable",
        fk.name
    )
}

fn same(a: &Link, b: &Link) -> bool {
    let pairs = |l: &Link| {
        let mut p: Vec<_> = l.columns.iter().copied().zip(l.parent_columns.iter().copied()).collect();
        p.sort_unstable();
        p
    };
    a.parent == b.parent && pairs(a) == pairs(b)
}

/// Returns true if `wide` implies `narrow`: `narrow`'s columns are among `wide`'s, and in `wide`'s parent they refer,
/// by foreign keys at any depth, to the same key, or are that key.
fn implies(
    schema: &Schema,
    table: usize,
    wide: &Link,
    narrow: &Link,
    known: &ForeignKeyFacts<'_>,
    depth: usize,
) -> bool {
    if depth > 8 {
        return false;
    }
    let mapped: Option<Vec<usize>> = narrow
        .columns
        .iter()
        .map(|c| wide.columns.iter().position(|w| w == c).map(|i| wide.parent_columns[i]))
        .collect();
    let Some(mapped) = mapped else { return false };
    let direct = wide.parent == narrow.parent && mapped == narrow.parent_columns;
    if let Some(looped) = (known.back)(table, wide) {
        // Its other columns come from a parent row, or one of them is NULL.
        let nullable = |c: &usize| schema.tables[table].columns[*c].nullable;
        let mut others = wide.columns.iter().filter(|c| !narrow.columns.contains(c));
        return depth == 0 && direct && narrow.columns.iter().all(|c| !looped.contains(c)) && !others.any(nullable);
    }
    if direct {
        return true;
    }
    if wide.parent == table {
        return false;
    }
    let parent = &schema.tables[wide.parent];
    let target = Link { columns: mapped, ..narrow.clone() };
    // A nullable column of the parent could be NULL where the child's must not be.
    if target.columns.iter().any(|&c| parent.columns[c].nullable) {
        return false;
    }
    parent.every_foreign_key().into_iter().filter_map(|fk| resolve(schema, parent, fk)).any(|l| {
        let leads = |l: &Link| implies(schema, wide.parent, l, &target, known, depth + 1);
        (same(&l, &target) && (known.back)(wide.parent, &l).is_none())
            || (l.columns.len() >= target.columns.len() && leads(&l))
    })
}

/// Joins self references that lead to one row: what they share is a key of the table, so their parents are the same.
pub fn merged(table: &Table, links: Vec<Link>) -> Vec<Link> {
    let mut out: Vec<Link> = Vec::new();
    for link in links {
        match out.iter_mut().find(|l| meet(table, l, &link)) {
            Some(l) => {
                for (c, p) in link.columns.into_iter().zip(link.parent_columns) {
                    if !l.columns.contains(&c) {
                        l.columns.push(c);
                        l.parent_columns.push(p);
                    }
                }
                l.match_full |= link.match_full;
            }
            None => out.push(link),
        }
    }
    out
}

/// Returns true if two links to one table share the columns of one of its keys.
fn meet(parent: &Table, a: &Link, b: &Link) -> bool {
    let pairs = |l: &Link| l.columns.iter().copied().zip(l.parent_columns.iter().copied()).collect::<BTreeSet<_>>();
    let shared: BTreeSet<usize> = pairs(a).intersection(&pairs(b)).map(|&(_, p)| p).collect();
    let within = |k: &Key| {
        let columns = k.plain_columns().filter(|_| k.predicate.is_none());
        columns.is_some_and(|k| k.iter().all(|c| parent.column_index(c).is_some_and(|c| shared.contains(&c))))
    };
    parent.keys.iter().any(within)
}

/// Groups links that share a column, directly or through others.
pub fn components(links: Vec<Link>) -> Vec<Vec<Link>> {
    let mut out: Vec<Vec<Link>> = Vec::new();
    for link in links {
        let shares = |c: &Vec<Link>| c.iter().any(|l| l.columns.iter().any(|x| link.columns.contains(x)));
        let (mut joined, rest): (Vec<_>, Vec<_>) = out.into_iter().partition(shares);
        out = rest;
        let mut merged: Vec<Link> = joined.drain(..).flatten().collect();
        merged.push(link);
        out.push(merged);
    }
    out
}

/// Returns true if foreign keys, or `more` links of a table, lead from one table to another, transitively.
pub fn leads(schema: &Schema, from: usize, to: usize, more: impl Fn(usize) -> Vec<usize>) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(t) = open.pop() {
        if t == to {
            return true;
        }
        if seen.insert(t) {
            let table = &schema.tables[t];
            open.extend(
                table.every_foreign_key().into_iter().filter_map(|f| resolve(schema, table, f)).map(|l| l.parent),
            );
            open.extend(more(t));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::fixtures::{Fixture, table};

    const FILLED: ForeignKeyFacts<'static> =
        ForeignKeyFacts { holds: &|_| true, declared_only: false, back: &|_, _| None };

    fn names(links: &Links) -> Vec<Vec<&str>> {
        links.components.iter().map(|c| c.iter().map(|l| l.name.as_str()).collect()).collect()
    }

    /// scopes(scope) <- dids(scope, name) <- contents(scope, name, ...): contents.scope -> scopes follows.
    #[test]
    fn a_key_implied_by_a_wider_one_is_left_out() {
        let schema = Fixture::new()
            .with(table("scopes").text("scope").primary(&["scope"]))
            .with(table("dids").text("scope").text("name").primary(&["scope", "name"]).foreign(
                &["scope"],
                "scopes",
                &["scope"],
            ))
            .with(table("contents").text("scope").text("name").foreign(&["scope"], "scopes", &["scope"]).foreign(
                &["scope", "name"],
                "dids",
                &["scope", "name"],
            ))
            .schema();
        let links = links(&schema, schema.tables.iter().position(|t| t.name.name == "contents").unwrap(), &FILLED);
        assert_eq!(names(&links), [["contents_scope_name"]]);
        assert_eq!(links.notes, ["foreign key `contents_scope` follows from `contents_scope_name`"]);
    }

    #[test]
    fn keys_that_share_a_tenant_column_are_one_component() {
        let tenant = |name| table(name).int("tenant").int("id").primary(&["tenant", "id"]);
        let schema = Fixture::new()
            .with(tenant("orders"))
            .with(tenant("products"))
            .with(
                table("items")
                    .int("tenant")
                    .int("order_id")
                    .int("product_id")
                    .int("note_id")
                    .foreign(&["tenant", "order_id"], "orders", &["tenant", "id"])
                    .foreign(&["tenant", "product_id"], "products", &["tenant", "id"]),
            )
            .schema();
        let links = links(&schema, 0, &FILLED);
        assert_eq!(names(&links), [["items_tenant_order_id", "items_tenant_product_id"]]);
    }
}
