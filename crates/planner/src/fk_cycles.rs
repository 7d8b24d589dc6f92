//! Cycles of foreign keys that copy a column around: the tenant of two tables that refer to each other, the key of a
//! row that refers to its default child.
//!
//! In: a schema and the order of its tables. Out: for every foreign key the columns whose values depend on themselves,
//! which must be determined otherwise; and for every back edge (a foreign key to a table planned later) the path of
//! foreign keys from its parent back to its own table.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::foreign_keys;
use super::foreign_keys::Link;
use super::order::components;
use dbmocker_core::schema::{Schema, TableName};

/// A foreign key: its table and its name.
pub(super) type FkName = (usize, String);

#[derive(Debug, Default)]
pub(super) struct FkCycles {
    self_dependent: BTreeMap<FkName, BTreeSet<usize>>,
    paths: BTreeMap<FkName, Vec<FkName>>,
    /// Foreign keys on a path; true if every row of their parent needs a child.
    steps: BTreeMap<FkName, bool>,
}

/// One column pair of a foreign key, as an edge of the graph of columns.
struct ColumnEdge {
    of: FkName,
    column: usize,
    child: usize,
    parent: usize,
}

impl FkCycles {
    /// Finds the cycles among these tables.
    pub fn of(schema: &Schema, tables: &[usize]) -> Self {
        let (copies, places) = copies(schema, tables);
        let mut component = vec![0; places.len()];
        for (i, c) in circles(&copies, places.len()).iter().enumerate() {
            c.iter().for_each(|&n| component[n] = i + 1);
        }
        let mut fk_cycles = FkCycles::default();
        for c in copies.into_iter().filter(|c| component[c.child] > 0 && component[c.child] == component[c.parent]) {
            fk_cycles.self_dependent.entry(c.of).or_default().insert(c.column);
        }
        fk_cycles
    }

    /// Returns the columns of the foreign key whose values depend on themselves.
    pub fn self_dependent(&self, table: usize, name: &str) -> Option<&BTreeSet<usize>> {
        self.self_dependent.get(&(table, name.to_owned()))
    }

    /// Returns true if the foreign key may be NULL without a self_dependent column being NULL.
    pub fn may_be_null(&self, table: usize, link: &Link, nullable: &dyn Fn(usize, usize) -> bool) -> bool {
        let self_dependent = self.self_dependent(table, &link.name);
        let free = |c: &&usize| self_dependent.is_none_or(|l| !l.contains(c));
        link.columns.iter().filter(free).any(|&c| nullable(table, c))
    }

    /// Finds the paths of all back edges, once the tables have positions.
    pub fn arrange(
        &mut self,
        schema: &Schema,
        position: &BTreeMap<usize, usize>,
        nullable: &dyn Fn(usize, usize) -> bool,
    ) {
        let names: Vec<FkName> = self.self_dependent.keys().cloned().collect();
        for of in names {
            let Some(link) = resolved(schema, &of).filter(|l| position.get(&l.parent) > position.get(&of.0)) else {
                continue;
            };
            let Some(path) = self.find_path(schema, position, of.0, &link) else { continue };
            let all = !self.may_be_null(of.0, &link, nullable);
            for step in &path {
                *self.steps.entry(step.clone()).or_default() |= all;
            }
            self.paths.insert(of, path);
        }
    }

    /// Returns the shortest path from the parent of a back edge to its table, along foreign keys that copy all its
    /// self_dependent columns.
    fn find_path(
        &self,
        schema: &Schema,
        position: &BTreeMap<usize, usize>,
        table: usize,
        link: &Link,
    ) -> Option<Vec<FkName>> {
        let self_dependent = self.self_dependent(table, &link.name)?;
        let pairs = link.columns.iter().zip(&link.parent_columns).filter(|(c, _)| self_dependent.contains(c));
        let (goal, start): (Vec<usize>, Vec<usize>) = pairs.unzip();
        let mut seen = BTreeSet::from([(link.parent, start.clone())]);
        let mut open = VecDeque::from([(link.parent, start, Vec::new())]);
        while let Some((at, columns, path)) = open.pop_front() {
            if at == table && columns == goal && !path.is_empty() {
                return Some(path);
            }
            let parent = &schema.tables[at];
            for next in parent.every_foreign_key().into_iter().filter_map(|f| foreign_keys::resolve(schema, parent, f))
            {
                let ahead = position.get(&next.parent).is_none_or(|p| position.get(&at) <= Some(p));
                let carried = columns.iter().map(|c| next.columns.iter().position(|x| x == c));
                let carried: Option<Vec<usize>> = carried.map(|i| Some(next.parent_columns[i?])).collect();
                let Some(carried) = carried.filter(|_| !ahead) else { continue };
                if seen.insert((next.parent, carried.clone())) {
                    let path = path.iter().cloned().chain([(at, next.name)]).collect();
                    open.push_back((next.parent, carried, path));
                }
            }
        }
        None
    }

    /// Returns the foreign keys that lead from the parent of a back edge to its table, the parent's own first.
    pub fn path_of(&self, table: usize, name: &str) -> &[FkName] {
        self.paths.get(&(table, name.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Returns `Some` if the foreign key is part of such a path; true if every row of its parent needs a child.
    pub fn step(&self, table: usize, name: &str) -> Option<bool> {
        self.steps.get(&(table, name.to_owned())).copied()
    }
}

fn resolved(schema: &Schema, (table, name): &FkName) -> Option<Link> {
    let table = &schema.tables[*table];
    let mut all = table.every_foreign_key().into_iter().filter(|f| f.name == *name);
    all.find_map(|f| foreign_keys::resolve(schema, table, f))
}

/// Returns the columns that foreign keys between different tables copy around cycles: those of one cycle are equal.
pub(super) fn classes(schema: &Schema, tables: &[usize]) -> Vec<Vec<(usize, usize)>> {
    let (copies, places) = copies(schema, tables);
    let circles = circles(&copies, places.len());
    let of = |nodes: &Vec<usize>| -> Vec<(usize, usize)> { nodes.iter().map(|&n| places[n]).collect() };
    let several = |class: &Vec<(usize, usize)>| class.iter().any(|(t, _)| *t != class[0].0);
    circles.iter().map(of).filter(several).collect()
}

/// Returns the cycles of the graph of columns.
fn circles(copies: &[ColumnEdge], nodes: usize) -> Vec<Vec<usize>> {
    let mut parents = vec![Vec::new(); nodes];
    copies.iter().for_each(|c| parents[c.child].push(c.parent));
    let mut circles = components(&parents);
    circles.retain(|c| c.len() > 1);
    circles.iter_mut().for_each(|c| c.sort_unstable());
    circles
}

/// Returns every column pair of the foreign keys between these tables, and their columns. A self reference that copies
/// a column to itself is omitted: the row may be its own parent.
fn copies(schema: &Schema, tables: &[usize]) -> (Vec<ColumnEdge>, Vec<(usize, usize)>) {
    let named: HashMap<&TableName, usize> = tables.iter().map(|&t| (&schema.tables[t].name, t)).collect();
    let mut nodes: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut places = Vec::new();
    let mut node = |place| {
        *nodes.entry(place).or_insert_with(|| {
            places.push(place);
            places.len() - 1
        })
    };
    let mut copies = Vec::new();
    for &t in tables {
        let table = &schema.tables[t];
        let among = table.every_foreign_key().into_iter().filter(|f| named.contains_key(&f.parent));
        for link in among.filter_map(|f| foreign_keys::resolve(schema, table, f)) {
            let pairs = link.columns.iter().zip(&link.parent_columns);
            copies.extend(pairs.filter(|&(&c, &p)| (t, c) != (link.parent, p)).map(|(&c, &p)| ColumnEdge {
                of: (t, link.name.clone()),
                column: c,
                child: node((t, c)),
                parent: node((link.parent, p)),
            }));
        }
    }
    (copies, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::fixtures::{Fixture, table};

    fn tenants() -> Schema {
        Fixture::new()
            .with(
                table("teams")
                    .int("org")
                    .int("id")
                    .nullable_int("lead")
                    .primary(&["org", "id"])
                    .foreign(&["org"], "orgs", &["id"])
                    .foreign(&["org", "lead"], "users", &["org", "id"]),
            )
            .with(table("orgs").int("id").primary(&["id"]))
            .with(table("users").int("org").int("id").nullable_int("team").primary(&["org", "id"]).foreign(
                &["org", "team"],
                "teams",
                &["org", "id"],
            ))
            .schema()
    }

    #[test]
    fn the_shared_column_is_looped_and_the_path_copies_it() {
        let schema = tenants();
        let index = |name: &str| schema.tables.iter().position(|t| t.name.name == name).unwrap();
        let (orgs, teams, users) = (index("orgs"), index("teams"), index("users"));
        let mut fk_cycles = FkCycles::of(&schema, &[orgs, teams, users]);
        assert_eq!(fk_cycles.self_dependent(teams, "teams_org_lead"), Some(&[0].into()));
        assert_eq!(fk_cycles.self_dependent(teams, "teams_org"), None);
        let nullable = |t: usize, c: usize| schema.tables[t].columns[c].nullable;
        fk_cycles.arrange(&schema, &[(orgs, 0), (teams, 1), (users, 2)].into(), &nullable);
        assert_eq!(fk_cycles.path_of(teams, "teams_org_lead"), [(users, "users_org_team".to_owned())]);
        assert_eq!(fk_cycles.step(users, "users_org_team"), Some(false));
        assert_eq!(fk_cycles.step(teams, "teams_org"), None);
    }

    #[test]
    fn a_cycle_without_a_shared_column_has_no_looped_columns() {
        let schema = Fixture::new()
            .with(table("a").int("id").int("b").primary(&["id"]).foreign(&["b"], "b", &["id"]))
            .with(table("b").int("id").int("a").primary(&["id"]).foreign(&["a"], "a", &["id"]))
            .schema();
        assert!(FkCycles::of(&schema, &[0, 1]).self_dependent.is_empty());
    }
}
