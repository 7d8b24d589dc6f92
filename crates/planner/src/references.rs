//! Inferred references: columns named after another table's key, and pairs of a type and an id.
//!
//! In: the completed schema. Out: the schema with a foreign key for each such column, used in planning only, and the
//! pairs. Columns of a foreign key, in a CHECK, or with an override are left alone, as is a reference that would close
//! a cycle or leave a key too few values.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use super::foreign_keys;
use super::memberships;
use super::overrides::ResolvedOverrides;
use dbmocker_core::schema::{Column, Deferrable, ForeignKey, Schema, SqlType, Table, TableName};
use dbmocker_semantics::references as names;
use dbmocker_semantics::references::ReferenceTarget;

/// Suffix of the names of inferred foreign keys.
pub(super) const BY_NAME: &str = " by name";
/// Maximum number of tables to which a pair refers.
const KINDS: usize = 6;

/// The schema with inferred references, and the pairs.
pub(super) struct References<'a> {
    pub schema: Cow<'a, Schema>,
    pub pairs: Vec<PolymorphicReference>,
}

/// A type column and an id column that refer to a row of one of several tables, by indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PolymorphicReference {
    pub table: usize,
    pub kind: usize,
    pub id: usize,
    /// The schema lists the values of the type column.
    pub listed: bool,
    /// For each value of the type column, the table and key column to which it refers.
    pub parents: Vec<(String, usize, usize)>,
    /// The place in the config file, if it is declared there; then its rows must refer to existing or generated rows.
    pub declared: Option<String>,
}

/// Returns true if a foreign key is inferred.
pub(super) fn is_by_name(foreign_key: &str) -> bool {
    foreign_key.ends_with(BY_NAME)
}

/// Infers the references of the selected tables; `rows`: the number of rows of a table after the load.
pub(super) fn find<'a>(
    schema: &'a Schema,
    overrides: &ResolvedOverrides<'_>,
    chosen: &BTreeSet<usize>,
    rows: &dyn Fn(usize) -> u64,
    declared: Vec<PolymorphicReference>,
) -> References<'a> {
    let finder = Finder::new(schema, overrides, rows);
    let coherent = || chosen.iter().copied().filter(|&t| overrides.coherent(t));
    let mut found: Vec<NamedReference> = coherent().flat_map(|t| finder.of_table(t)).collect();
    found.sort_by_key(|f| (std::cmp::Reverse(f.score), f.table, f.column));
    let mut out = References { schema: Cow::Borrowed(schema), pairs: declared };
    for f in found {
        // The columns of a declared pair are determined.
        if out.pairs.iter().any(|p| p.table == f.table && (p.id == f.column || p.kind == f.column)) {
            continue;
        }
        if f.parent != f.table && leads(&out, f.parent, f.table) || !finder.has_room(&out.schema, &f) {
            continue;
        }
        let key = finder.foreign_key(&f);
        out.schema.to_mut().tables[f.table].foreign_keys.push(key);
    }
    for t in coherent() {
        let overridden = |column: &String| {
            let c = schema.tables[t].column_index(column);
            c.is_none_or(|c| overrides.column(t, c).is_some() || overrides.fixed_column(t, c).is_some())
        };
        let member = |p: usize| {
            let key = memberships::reference(&out.schema, t, p, rows)?;
            (overrides.coherent(p) && !leads(&out, p, t)).then_some(key)
        };
        let key = chosen.iter().copied().find_map(member);
        if let Some(key) = key.filter(|key| !key.columns.iter().any(overridden)) {
            out.schema.to_mut().tables[t].foreign_keys.push(key);
        }
    }
    for t in coherent() {
        out.pairs.extend(finder.pairs(&out, chosen, t));
    }
    out
}

struct NamedReference {
    score: u8,
    table: usize,
    column: usize,
    parent: usize,
    key: usize,
}

struct Finder<'a> {
    schema: &'a Schema,
    overrides: &'a ResolvedOverrides<'a>,
    rows: &'a dyn Fn(usize) -> u64,
    /// Words of the tables' names, and of their columns' names.
    tables: Vec<Vec<String>>,
    columns: Vec<Vec<Vec<String>>>,
    /// For each table, the columns to which others may refer, and whether each is the only column of a key.
    keys: Vec<Vec<(usize, bool)>>,
    /// No table declares a foreign key.
    loose: bool,
}

impl<'a> Finder<'a> {
    fn new(schema: &'a Schema, overrides: &'a ResolvedOverrides<'a>, rows: &'a dyn Fn(usize) -> u64) -> Self {
        let prefix = names::prefix(schema.tables.iter().map(|t| t.name.name.as_str()));
        let tables = schema.tables.iter().map(|t| names::words(&t.name.name, prefix.as_deref())).collect();
        let columns = schema.tables.iter().map(|t| {
            let prefix = names::prefix(t.columns.iter().map(|c| c.name.as_str()));
            t.columns.iter().map(|c| names::words(&c.name, prefix.as_deref())).collect()
        });
        let columns: Vec<Vec<Vec<String>>> = columns.collect();
        let loose = schema.tables.iter().all(|t| t.foreign_keys.is_empty());
        let keys = |(table, names): (&Table, &Vec<Vec<String>>)| {
            let filled = (0..table.columns.len()).filter(|&k| !table.columns[k].nullable);
            let keys = filled.map(|k| (k, is_only_key(table, k)));
            keys.filter(|(k, is_key)| names::may_be_target(&names[*k], *is_key)).collect()
        };
        let keys = schema.tables.iter().zip(&columns).map(keys).collect();
        Finder { schema, overrides, rows, tables, columns, keys, loose }
    }

    /// Returns the best target of each column of a table, where there is one.
    fn of_table(&self, t: usize) -> Vec<NamedReference> {
        let columns = 0..self.schema.tables[t].columns.len();
        columns.filter(|&c| self.is_free(t, c)).filter_map(|c| self.best(t, c)).collect()
    }

    fn best(&self, t: usize, c: usize) -> Option<NamedReference> {
        let mut best: Option<NamedReference> = None;
        let mut several = false;
        let parents: HashSet<&TableName> = self.schema.tables[t].foreign_keys.iter().map(|f| &f.parent).collect();
        for p in 0..self.schema.tables.len() {
            for (key, score) in self.targets(t, c, p, &parents) {
                match &best {
                    Some(b) if b.score > score => {}
                    Some(b) if b.score == score => several |= b.parent != p,
                    _ => {
                        several = false;
                        best = Some(NamedReference { score, table: t, column: c, parent: p, key });
                    }
                }
            }
        }
        best.filter(|_| !several)
    }

    /// Returns the columns of table `p` to which column `c` of table `t`, with these parents, may refer.
    fn targets(&self, t: usize, c: usize, p: usize, parents: &HashSet<&TableName>) -> Vec<(usize, u8)> {
        let (child, parent) = (&self.schema.tables[t], &self.schema.tables[p]);
        let refers = t != p && parents.contains(&parent.name);
        let column = &child.columns[c];
        let score = |&(k, is_key): &(usize, bool)| {
            let key = &parent.columns[k];
            // If the table has a foreign key to this table already, the column is a copy of a column of the parent row.
            if !fits(&column.ty, &key.ty) || (t, c) == (p, k) || (refers && (!is_key || column.name == key.name)) {
                return None;
            }
            let target = ReferenceTarget {
                table: &self.tables[p],
                key: &self.columns[p][k],
                is_key,
                own: t == p,
                text: matches!(key.ty, SqlType::Text { .. }),
            };
            Some((k, names::fit(&self.columns[t][c], &target, self.loose)?))
        };
        self.keys[p].iter().filter_map(score).collect()
    }

    /// Returns true if nothing else determines the column's values.
    fn is_free(&self, t: usize, c: usize) -> bool {
        let table = &self.schema.tables[t];
        let column = &table.columns[c];
        let own_key = is_only_key(table, c) && table.primary_key().is_some_and(|k| k.parts.len() == 1);
        let overridden = self.overrides.column(t, c).is_some_and(|w| w.shapes_values())
            || self.overrides.fixed_column(t, c).is_some();
        let filled = column.generated.is_some() || column.auto.is_some() || overridden;
        let own = own_key && self.columns[t][c].len() < 2;
        let referring = table.every_foreign_key().iter().any(|f| f.columns.contains(&column.name));
        !(filled || own || referring || is_mentioned(table, column))
    }

    /// Returns true if every key made of foreign keys still has more combinations than there are rows.
    fn has_room(&self, schema: &Schema, f: &NamedReference) -> bool {
        let table = &schema.tables[f.table];
        let name = &table.columns[f.column].name;
        let keys = table.keys.iter().filter_map(|k| k.plain_columns()).filter(|k| k.contains(&name.as_str()));
        let holds = |key: Vec<&str>| {
            let room = key.iter().map(|column| {
                if *column == name {
                    return Some((self.rows)(f.parent));
                }
                let parents = table.foreign_keys.iter().filter(|k| k.columns.iter().any(|c| c == column));
                let index = |k: &ForeignKey| schema.tables.iter().position(|t| t.name == k.parent);
                parents.filter_map(index).map(self.rows).max()
            });
            // A column without a foreign key has enough values.
            let room = room.collect::<Option<Vec<u64>>>().map(|r| r.into_iter().fold(1, u64::saturating_mul));
            room.is_none_or(|room| room >= (self.rows)(f.table))
        };
        keys.into_iter().all(holds)
    }

    fn foreign_key(&self, f: &NamedReference) -> ForeignKey {
        let (child, parent) = (&self.schema.tables[f.table], &self.schema.tables[f.parent]);
        let column = &child.columns[f.column].name;
        ForeignKey {
            name: format!("{column}{BY_NAME}"),
            columns: vec![column.clone()],
            parent: parent.name.clone(),
            parent_columns: vec![parent.columns[f.key].name.clone()],
            match_full: false,
            deferrable: Deferrable::No,
            validated: false,
            actions: String::new(),
        }
    }

    /// Returns the pairs of a type and an id in a table.
    fn pairs(&self, so_far: &References<'_>, chosen: &BTreeSet<usize>, t: usize) -> Vec<PolymorphicReference> {
        let table = &self.schema.tables[t];
        let stems = |stem: &dyn Fn(&str) -> Option<String>| -> Vec<(usize, String)> {
            table.columns.iter().enumerate().filter_map(|(c, column)| Some((c, stem(&column.name)?))).collect()
        };
        let kinds = stems(&names::kind_stem).into_iter().filter(|(c, _)| self.is_free(t, *c) || self.is_listed(t, *c));
        let ids: Vec<_> = stems(&names::id_stem).into_iter().filter(|(c, _)| self.is_free(t, *c)).collect();
        let mut out = Vec::new();
        for (kind, stem) in kinds {
            for id in ids.iter().filter(|(_, of)| *of == stem).map(|(id, _)| *id) {
                if so_far.pairs.iter().any(|p| p.table == t && (p.id == id || p.kind == kind)) {
                    continue;
                }
                if so_far.schema.tables[t].foreign_keys.iter().any(|f| f.columns.contains(&table.columns[id].name)) {
                    continue;
                }
                let parents = self.kinds(so_far, chosen, t, kind, id, &stem);
                if !parents.is_empty() {
                    let listed = self.is_listed(t, kind);
                    out.push(PolymorphicReference { table: t, kind, id, listed, parents, declared: None });
                }
            }
        }
        out
    }

    /// Returns the values that the config file lists for a column.
    fn given(&self, t: usize, c: usize) -> Vec<String> {
        let override_ = self.overrides.column(t, c);
        override_.map_or_else(Vec::new, |w| w.listed_values().iter().map(ToString::to_string).collect())
    }

    /// Returns true if the config file, a CHECK or the type enumerates a column's values.
    fn is_listed(&self, t: usize, c: usize) -> bool {
        let table = &self.schema.tables[t];
        let column = &table.columns[c];
        if !self.given(t, c).is_empty() {
            return true;
        }
        matches!(column.ty, SqlType::Enum { .. })
            || !listed(table, column).is_empty()
                && !table.every_foreign_key().iter().any(|f| f.columns.contains(&column.name))
    }

    /// Returns the tables of a pair: those that the list of types names, else the most referenced ones.
    fn kinds(
        &self,
        so_far: &References<'_>,
        chosen: &BTreeSet<usize>,
        t: usize,
        kind: usize,
        id: usize,
        stem: &str,
    ) -> Vec<(String, usize, usize)> {
        let table = &self.schema.tables[t];
        let ty = &table.columns[id].ty;
        let key = |p: usize| {
            let parent = &self.schema.tables[p];
            let k = (0..parent.columns.len()).find(|&k| is_only_key(parent, k))?;
            let apart = p != t && !leads(so_far, p, t);
            (apart && fits(ty, &parent.columns[k].ty)).then_some(k)
        };
        let given = self.given(t, kind);
        let listed = match &table.columns[kind].ty {
            _ if !given.is_empty() => given,
            SqlType::Enum { members } => members.clone(),
            _ => listed(table, &table.columns[kind]),
        };
        if !listed.is_empty() {
            let named = |v: String| {
                let p = chosen.iter().copied().find(|&p| names::names(&v, &self.tables[p]))?;
                Some((v, p, key(p)?))
            };
            return listed.into_iter().filter_map(named).collect();
        }
        if !matches!(table.columns[kind].ty, SqlType::Text { .. }) {
            return Vec::new();
        }
        let popular = |p: &usize| {
            let name = &self.schema.tables[*p].name;
            let referring = so_far.schema.tables.iter().filter(|c| c.foreign_keys.iter().any(|f| f.parent == *name));
            std::cmp::Reverse(referring.count())
        };
        let mut parents: Vec<usize> = chosen.iter().copied().filter(|&p| key(p).is_some()).collect();
        parents.sort_by_key(|p| (popular(p), *p));
        let room = match &table.columns[kind].ty {
            SqlType::Text { max_chars: Some(room), .. } => *room as usize,
            _ => usize::MAX,
        };
        let spelled = |p: usize| (names::spelled(stem, &self.tables[p]), p, key(p).unwrap_or_default());
        parents.into_iter().map(spelled).filter(|(v, ..)| v.chars().count() <= room).take(KINDS).collect()
    }
}

/// Returns the values that a CHECK lists for a column.
fn listed(table: &Table, column: &Column) -> Vec<String> {
    let plain = |text: &str| text.to_lowercase().contains(&column.name.to_lowercase());
    let lists = |text: &str| {
        let lower = text.to_lowercase();
        plain(text) && (lower.contains(" in ") || lower.contains(" in(") || lower.contains("any"))
    };
    let Some(check) = table.checks.iter().find(|c| lists(&c.text)) else { return Vec::new() };
    check.text.split('\'').skip(1).step_by(2).map(String::from).collect()
}

/// Returns true if the column alone is a key without a predicate.
pub(super) fn is_only_key(table: &Table, c: usize) -> bool {
    let name = table.columns[c].name.as_str();
    table.keys.iter().any(|k| k.predicate.is_none() && k.plain_columns().is_some_and(|k| k == [name]))
}

/// Returns true if every value of the key fits the column.
pub(super) fn fits(column: &SqlType, key: &SqlType) -> bool {
    let holds = |a: Option<u32>, b: Option<u32>| a.is_none_or(|a| b.is_some_and(|b| a >= b));
    match (column, key) {
        // Keys are numbered from 1: four bytes suffice for any table.
        (SqlType::Int { bytes, .. }, SqlType::Int { bytes: b, .. }) => *bytes >= 4 || bytes >= b,
        (SqlType::Text { max_chars, .. }, SqlType::Text { max_chars: m, .. }) => holds(*max_chars, *m),
        (SqlType::Uuid, SqlType::Uuid) => true,
        (SqlType::Decimal { precision, scale: 0, .. }, SqlType::Decimal { precision: p, scale: 0, .. }) => {
            precision == p
        }
        (SqlType::Untyped, SqlType::Untyped) => true,
        _ => false,
    }
}

/// Returns true if a CHECK, a generated column, a key's expression or a partition bound reads a column.
pub(super) fn is_mentioned(table: &Table, column: &Column) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let has = |text: &str| text.split(|c: char| !word(c)).any(|w| w.eq_ignore_ascii_case(&column.name));
    !column.domain_checks.is_empty()
        || table.checks.iter().any(|c| has(&c.text))
        || table.columns.iter().any(|c| c.generated.as_ref().is_some_and(|g| has(&g.expression)))
        || table.keys.iter().any(|k| {
            k.predicate.as_deref().is_some_and(has) || k.parts.iter().any(|p| p.expression.as_deref().is_some_and(has))
        })
        || !table.exclusions.is_empty()
        || table.partitioning.is_some()
}

/// Returns true if foreign keys or pairs lead from one table to another, transitively.
fn leads(so_far: &References<'_>, from: usize, to: usize) -> bool {
    let pairs = |t| so_far.pairs.iter().filter(move |p| p.table == t);
    let parents = |t| pairs(t).flat_map(|p| p.parents.iter().map(|(_, parent, _)| *parent)).collect();
    foreign_keys::leads(&so_far.schema, from, to, parents)
}
