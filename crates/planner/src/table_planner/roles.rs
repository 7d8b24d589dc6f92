//! The distribution of a table's rows over their parents by role, and the shapes of trees.

use super::{PlanContext, TablePlanner};
use crate::counts::{CountLaw, CountShape};
use crate::keys::KeyInput;
use crate::references;
use dbmocker_core::schema::SqlType;
use dbmocker_domain::Domain;
use dbmocker_plan::{
    ChildCounts, ColumnPlan, CompositeKey, Fan, KeyLayout, ParentChoice, ParentSelection, Rule, Spread, TreeColumn,
    TreeShape,
};
use dbmocker_semantics as semantics;
use dbmocker_semantics::Name;
use dbmocker_semantics::roles;
use dbmocker_semantics::roles::{Hierarchy, Role};

/// Mean number of rows per parent from which each parent gets at least one.
const ONE_EACH: f64 = 1.5;
/// Default number of values per parent in tables of names and values.
const NAMES: u64 = 4;
/// Maximum number of rows of a parent that counts as a list.
const LIST: u64 = 60;

impl TablePlanner<'_> {
    /// Replaces the default parent selections by the distribution of their role.
    pub(super) fn spread(
        &self,
        b: &PlanContext<'_>,
        rows: u64,
        sources: &mut [ParentSelection],
        composite_keys: &mut [CompositeKey],
    ) {
        let entry = self.laws.values().find_map(|law| law.entry());
        for (source, pending) in sources.iter_mut().zip(&self.sources) {
            let role = self.role(b, source);
            let size = pending.size;
            if let Some(counts) = entry.filter(|f| source.members == [*f]).and_then(|_| at_least_two(size, rows)) {
                self.count_lines(b, source, composite_keys, size, counts);
                continue;
            }
            let mean = rows as f64 / size.max(1) as f64;
            match source.pick {
                // Rows that must agree on the parent with rows of other tables, or must have distinct parents, need an
                // even distribution.
                ParentChoice::Skewed if size > 0 && !self.is_agreed_on(b, source) && !self.is_keyed(source) => {
                    let (pick, reason) = match self.is_inferred(b, source.members[0]) {
                        true => (ParentChoice::Spread { how: Spread::Lookup }, "some of its rows are common"),
                        false => by_role(role, size, mean),
                    };
                    if source.reason.is_empty() || source.reason == EARLY {
                        source.reason = reason.into();
                    }
                    source.pick = pick;
                }
                ParentChoice::Earlier { rooted } if source.combinations.is_none() => {
                    let f = &self.foreign[source.members[0]];
                    let [column] = f.columns[..] else { continue };
                    let shape = match roles::hierarchy(&self.table.name.name, &self.table.columns[column].name) {
                        Hierarchy::Staff => TreeShape::Staff,
                        Hierarchy::Thread => TreeShape::Thread,
                        Hierarchy::Groups => TreeShape::Wide,
                    };
                    let undoing = || semantics::undoing_nulls(&Name::new(&self.table.columns[column].name));
                    let roots = self.override_null_share(b, &f.columns).or_else(undoing);
                    // Without a NULL the first row refers to itself.
                    source.pick = ParentChoice::Tree { shape, rooted: rooted || roots == Some(0.0), roots };
                    source.reason = match roots {
                        Some(share) => format!("a tree: {} % begin one", 100.0 * share),
                        None => format!("a tree: {}", shape_text(shape)),
                    };
                }
                ParentChoice::Component { composite_key, place: 0 } => {
                    let composite_key = &mut composite_keys[composite_key];
                    composite_key.fan = fan(role, composite_key, mean, rows, size);
                }
                _ => {}
            }
        }
    }

    /// Gives each entry at least two lines, if nothing else determines its number of lines.
    fn count_lines(
        &self,
        b: &PlanContext<'_>,
        source: &mut ParentSelection,
        composite_keys: &mut [CompositeKey],
        size: u64,
        counts: ChildCounts,
    ) {
        match source.pick {
            ParentChoice::Skewed if !self.is_agreed_on(b, source) && !self.is_keyed(source) => {
                source.pick = ParentChoice::Counted { counts };
            }
            ParentChoice::Component { composite_key, place: 0 } => {
                let key = &mut composite_keys[composite_key];
                let room = key.sizes[1..].iter().fold(1u64, |a, &b| a.saturating_mul(b));
                if counts.most() > room || key.sizes[0] != size {
                    return;
                }
                key.counts = Some(counts);
            }
            _ => return,
        }
        source.reason = "lines of an entry: at least two for each".into();
    }

    /// Returns true if a key of the table contains a column of the foreign key.
    fn is_keyed(&self, source: &ParentSelection) -> bool {
        self.foreign[source.members[0]].columns.iter().any(|&c| self.in_key(&[c]))
    }

    /// Returns true if a foreign key of another table contains the columns together with others.
    fn is_agreed_on(&self, b: &PlanContext<'_>, source: &ParentSelection) -> bool {
        let columns = &self.foreign[source.members[0]].columns;
        let own = |name: &String| self.table.column_index(name).is_some_and(|c| columns.contains(&c));
        b.schema
            .tables
            .iter()
            .flat_map(|t| t.every_foreign_key())
            .any(|f| f.parent == self.table.name && f.columns.len() > 1 && f.parent_columns.iter().any(own))
    }

    /// Returns true for an inferred reference to a column that is not a key: `release_version`.
    pub(super) fn is_inferred(&self, b: &PlanContext<'_>, foreign: usize) -> bool {
        let f = &self.foreign[foreign];
        let key = |parent: &dbmocker_core::schema::Table| {
            let names: Vec<&str> = f.parent_columns.iter().map(|&c| parent.columns[c].name.as_str()).collect();
            parent.keys.iter().any(|k| k.plain_columns().is_some_and(|k| k == names))
        };
        references::is_by_name(&f.name) && b.schema.table(&f.parent).is_some_and(|parent| !key(parent))
    }

    fn role(&self, b: &PlanContext<'_>, source: &ParentSelection) -> Role {
        let parent = |f: usize| self.foreign[f].parent.name.as_str();
        let leading = source.members[0];
        let own = &self.table.name;
        let needed = |f: &usize| {
            let f = &self.foreign[*f];
            f.parent != *own && f.columns.iter().all(|&c| !self.table.columns[c].nullable)
        };
        let mut all: Vec<usize> = (0..self.foreign.len()).filter(needed).collect();
        all.sort_by_key(|&f| self.foreign[f].columns[0]);
        let named = all.iter().copied().find(|&f| roles::is_named_after(&own.name, parent(f)));
        let lists = |f: &usize| self.sources[self.foreign[*f].source].size <= LIST && b.rows(self.index) > 4 * LIST;
        let owner = named.or_else(|| all.iter().copied().find(|f| !lists(f)));
        let booked = |f: &usize| {
            let name = &self.foreign[*f].parent;
            let parent = b.order[..self.position].iter().position(|&t| b.schema.tables[t].name == *name);
            parent.is_some_and(|p| self.is_made_before(b, &self.moments, p))
        };
        // The rows of what is booked are made before it, so they go together.
        if all.iter().find(|f| booked(f)) == Some(&leading) {
            return Role::Detail;
        }
        roles::role(&own.name, parent(leading), owner == Some(leading))
    }

    /// Sets the rules of levels, paths and nested sets.
    pub(super) fn grow(
        &self,
        b: &PlanContext<'_>,
        columns: &mut [ColumnPlan],
        keys: &[KeyInput],
        sources: &[ParentSelection],
    ) {
        let tree = sources.iter().enumerate().find_map(|(s, source)| match source.pick {
            ParentChoice::Tree { shape, .. } => Some((s, shape)),
            _ => None,
        });
        let Some((source, shape)) = tree else { return };
        for c in 0..columns.len() {
            let drawn =
                matches!(columns[c].rule, Rule::Draw { .. }) && columns[c].law.is_none() && columns[c].group.is_none();
            let overridden = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values());
            if !drawn || overridden || columns[c].computed || keys.iter().any(|k| k.columns.contains(&c)) {
                continue;
            }
            let Some(tells) = self.tells(columns, shape, c) else { continue };
            let column = &mut columns[c];
            column.reason = format!("follows the tree of `{}`", self.tree_name(sources, source));
            (column.null_share, column.presence) = (0.0, None);
            column.rule = Rule::Tree { source, tells };
        }
    }

    fn tree_name(&self, sources: &[ParentSelection], source: usize) -> String {
        let f = &self.foreign[sources[source].members[0]];
        self.table.columns[f.columns[0]].name.clone()
    }

    fn tells(&self, columns: &[ColumnPlan], shape: TreeShape, c: usize) -> Option<TreeColumn> {
        let column = &self.table.columns[c];
        let whole = matches!(column.ty, SqlType::Int { .. });
        let nested = whole && shape != TreeShape::Thread;
        match (roles::tree_column(&column.name)?, columns[c].rule.domain()?) {
            ("level", Domain::Range { lo: likely, .. }) if whole => {
                let default = column.default.as_deref().and_then(|d| d.trim_matches(['(', ')', '\'']).parse().ok());
                let root = default.filter(|d: &i64| (0..=1).contains(d)).unwrap_or(i64::from(*likely > 0));
                // Levels usually start at 1; the bounds of the type apply, unless a CHECK restricts them.
                let legal = self.columns[c].legal.as_ref().filter(|_| !self.is_checked(c));
                let Domain::Range { lo, hi, step: 1, .. } = legal.or(columns[c].rule.domain())? else { return None };
                (i128::from(root) >= *lo && *hi >= i128::from(root) + 4).then_some(TreeColumn::Level { root })
            }
            ("left", Domain::Range { .. }) if nested => Some(TreeColumn::Left),
            ("right", Domain::Range { .. }) if nested => Some(TreeColumn::Right),
            ("path", Domain::Text(t)) if t.prefix.is_empty() && t.suffix.is_empty() => {
                let named = |name: &str| columns.iter().position(|x| x.name.eq_ignore_ascii_case(name));
                let part =
                    named("slug").or_else(|| named("code")).or_else(|| self.own_key()).or_else(|| named("name"))?;
                Some(TreeColumn::Path { column: part, separator: "/".into(), leading: false })
            }
            _ => None,
        }
    }

    fn own_key(&self) -> Option<usize> {
        let key = self.table.primary_key()?.plain_columns()?;
        if let [only] = key[..] { self.table.column_index(only) } else { None }
    }
}

/// The default reason of a parent selection.
const EARLY: &str = "any row of the parent, early ones more often";

/// Returns numbers of lines of at least two for each entry, or for as many entries as possible.
fn at_least_two(entries: u64, rows: u64) -> Option<ChildCounts> {
    let used = entries.min(rows / 2);
    if used == 0 {
        return None;
    }
    let mean = rows as f64 / used as f64;
    let law = CountLaw::Drawn { shape: CountShape::Geometric, least: Some(2), most: None, mean: Some(mean) };
    let drawn = law.counts(used).ok().filter(|counts| counts.rows() == rows && counts.parents() == used);
    let mut counts = drawn.unwrap_or_else(|| {
        let (each, more) = (rows / used, rows % used);
        ChildCounts(vec![(each, used - more), (each + 1, more)])
    });
    counts.0.push((0, entries - used));
    Some(counts)
}

fn by_role(role: Role, size: u64, mean: f64) -> (ParentChoice, &'static str) {
    let spread = |how| ParentChoice::Spread { how };
    match role {
        Role::Detail => (ParentChoice::Detail { even: true }, "details: the rows of a parent are consecutive"),
        _ if size <= LIST && mean > 1.0 => (spread(Spread::Lookup), "a list: some of its rows are common"),
        Role::Crowd => (spread(Spread::Extreme), "very few parents have nearly all"),
        Role::Activity => (spread(Spread::Heavy), "activity: few parents have most"),
        Role::Other => (spread(Spread::Some), "half of the parents have none"),
    }
}

/// Returns the distribution of rows over the parents of a key.
fn fan(role: Role, composite_key: &CompositeKey, mean: f64, rows: u64, size: u64) -> Fan {
    let names = composite_key.law == KeyLayout::FanOut && composite_key.sizes.len() == 2;
    let room = composite_key.sizes[1..].iter().fold(1u64, |a, &b| a.saturating_mul(b));
    if names && composite_key.free && mean < NAMES as f64 && room >= 2 * NAMES {
        let percent = (100 * rows / (NAMES * size).max(1)).clamp(1, 99);
        let used = size * percent / 100;
        if used > 0 && used.saturating_mul(room) / 2 >= rows {
            return Fan::Among(u8::try_from(percent).expect("below a hundred"));
        }
    }
    if role == Role::Detail && mean >= ONE_EACH { Fan::Light } else { Fan::Usual }
}

fn shape_text(shape: TreeShape) -> &'static str {
    match shape {
        TreeShape::Wide => "shallow and wide",
        TreeShape::Staff => "one head, some below each",
        TreeShape::Thread => "most begin one, others answer recent ones",
    }
}
