//! Uniqueness: which column or parent selection makes each key unique, and how many rows a key can hold.
//!
//! In: a table's keys, the size of each column's domain, and its parent selections ([`SelectionFacts`]s). Out: an
//! [`Assignment`] that makes every key unique by arithmetic, lists the keys that need rejection sampling, and limits
//! the rows where a key is full.

use std::collections::BTreeMap;

use dbmocker_plan::{CompositeKey, Fan, KeyLayout, KeyPlan, ParentChoice, UnprovedExpression};

/// Products of domain sizes stay below this, so that permutations fit 64 bits.
const LARGEST: u64 = 1 << 62;

/// A key of the table.
#[derive(Debug, Clone)]
pub struct KeyInput {
    pub name: String,
    pub primary: bool,
    /// Every column that the key reads.
    pub columns: Vec<usize>,
    /// Distinct column values give distinct key values: plain columns, `lower(x)`. Other expressions may map values to
    /// one key.
    pub exact: bool,
    pub nulls_distinct: bool,
    /// Only rows that satisfy a predicate are in the index: a full key leaves room for other rows.
    pub partial: bool,
    /// The rows are fixed, and their keys distinct.
    pub fixed: bool,
}

/// The properties of a column that matter for keys.
#[derive(Debug, Clone)]
pub struct ColumnFacts {
    pub name: String,
    /// Number of distinct values of `domain.value`; 0 for columns without a domain.
    pub size: u128,
    pub nullable: bool,
    /// An integer column that can be numbered.
    pub sequence: Option<Counter>,
    /// Its name marks it as a position within a parent: it is numbered even if it is nullable.
    pub position: bool,
    /// The key of one of several tables: values repeat, so it makes a key unique only together with others.
    pub paired: bool,
    /// The parent selection that determines this column.
    pub member: Option<usize>,
    /// A CHECK couples it to other columns: its value cannot be assigned independently.
    pub coupled: bool,
    /// The values of a series differ: in the table, or among the rows of this parent selection.
    pub series: Option<Option<usize>>,
    /// The place of an expression that is taken for such a series, of whose values only a sample is compared.
    pub unproved: Option<String>,
    /// Description of `size` if the key may hold more values than the planner can produce.
    pub made: Option<String>,
    /// A key of a referring table needs its values to differ in every row.
    pub distinct_for_children: bool,
}

/// First number, and how many numbers follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    pub start: i128,
    pub step: i128,
    pub room: u128,
    /// The server numbers the column: it is always a sequence.
    pub auto: bool,
}

/// A parent selection: for one foreign key, or for several that share columns.
#[derive(Debug, Clone)]
pub struct SelectionFacts {
    pub name: String,
    /// Further parents, if combinations of parent rows are selected.
    pub others: Vec<String>,
    /// Number of rows, or of combinations of rows.
    pub size: u64,
    /// Each of these sets of columns identifies the parent row, or the combination.
    pub identified_by: Vec<Vec<usize>>,
    pub columns: Vec<usize>,
    /// All its columns may be NULL.
    pub nullable: bool,
    /// Not assignable: self references.
    pub fixed: bool,
    /// No two rows have the same parent.
    pub injective: bool,
    /// Every parent must have a row.
    pub every: bool,
    /// The number of rows of each parent is given: it must be the first component of a key.
    pub counted: bool,
    /// A column of the parent aggregates the rows: it is the first component of a key if nothing else must be.
    pub asked: bool,
}

impl SelectionFacts {
    /// Returns ``row of `orders` ``, with `s` appended to the first word for the plural.
    fn choice(&self, s: &str) -> String {
        let names = || self.others.iter().map(|n| format!(", `{n}`")).collect::<String>();
        let what = if self.others.is_empty() { format!("row{s}") } else { format!("combination{s} of rows") };
        format!("{what} of `{}`{}", self.name, names())
    }
}

/// How a column makes a key unique.
#[derive(Debug, Clone, PartialEq)]
pub enum Carrier {
    Sequence {
        start: i128,
        step: i128,
    },
    /// `retried`: rows whose value is taken draw again.
    Unique {
        size: u64,
        total: u64,
        retried: bool,
    },
    Component {
        composite_key: usize,
        place: usize,
    },
}

/// The carriers of each key.
#[derive(Debug, Default)]
pub struct Assignment {
    pub rows: u64,
    pub limited_by: Option<String>,
    pub columns: BTreeMap<usize, Carrier>,
    pub picks: BTreeMap<usize, ParentChoice>,
    pub composite_keys: Vec<CompositeKey>,
    /// For each composite key, one set of columns for each place.
    share_columns: Vec<Vec<Vec<usize>>>,
    /// Keys that need rejection sampling.
    pub attempted_keys: Vec<usize>,
    pub plans: Vec<KeyPlan>,
}

/// Assigns carriers for `rows` rows.
pub fn assign(rows: u64, keys: &[KeyInput], columns: &[ColumnFacts], members: &[SelectionFacts]) -> Assignment {
    let assigned = |shared: bool| {
        let out = Assignment { rows, ..Assignment::default() };
        let mut a = Assigner { keys, columns, members, shared, out };
        a.counters();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|&k| (keys[k].columns.len(), !keys[k].primary, k));
        a.distinct_for_children();
        for &k in &order {
            a.key(k);
        }
        a.out
    };
    let usual = assigned(false);
    if usual.attempted_keys.is_empty() && usual.limited_by.is_none() {
        return usual;
    }
    // Making a shared column unique by itself may satisfy keys that would otherwise have no carrier.
    let other = assigned(true);
    let better = (other.rows, usual.attempted_keys.len()) > (usual.rows, other.attempted_keys.len())
        && other.rows >= usual.rows
        && other.attempted_keys.len() <= usual.attempted_keys.len();
    if better { other } else { usual }
}

/// As [`assign`], but every key that is not a sequence uses rejection sampling. With `spread`, such a key draws a
/// column uniformly from all of its values, ignoring their probabilities.
pub fn assign_redraw(
    rows: u64,
    keys: &[KeyInput],
    columns: &[ColumnFacts],
    members: &[SelectionFacts],
    spread: bool,
) -> Assignment {
    let mut a = Assigner { keys, columns, members, shared: false, out: Assignment { rows, ..Assignment::default() } };
    a.counters();
    for k in 0..keys.len() {
        match a.covered(k) {
            Some(how) => a.done(k, u128::MAX, how),
            None => {
                a.needs_attempts(k);
                if spread {
                    a.spread(k);
                }
            }
        }
    }
    a.out
}

struct Assigner<'a> {
    keys: &'a [KeyInput],
    columns: &'a [ColumnFacts],
    members: &'a [SelectionFacts],
    /// Columns that are part of several keys are made unique by themselves first.
    shared: bool,
    out: Assignment,
}

impl Assigner<'_> {
    /// Sequences: auto-numbered columns, and single-column integer primary keys.
    fn counters(&mut self) {
        for (c, facts) in self.columns.iter().enumerate() {
            let Some(counter) = facts.sequence else { continue };
            let alone = self.keys.iter().any(|k| k.primary && k.exact && k.columns == [c]);
            if facts.member.is_none() && facts.series.is_none() && !facts.coupled && (counter.auto || alone) {
                self.count(c, counter);
            }
        }
    }

    /// Columns that keys of referring tables need to be distinct, where they have enough values.
    fn distinct_for_children(&mut self) {
        let rows = u128::from(self.out.rows);
        for (c, f) in self.columns.iter().enumerate().filter(|(_, f)| f.distinct_for_children && f.size >= rows) {
            if f.member.is_some() || f.series.is_some() || f.coupled || f.paired || self.out.columns.contains_key(&c) {
                continue;
            }
            let primary = self.keys.iter().any(|k| k.primary && k.exact && k.columns.contains(&c));
            match f.sequence.filter(|counter| primary && counter.room >= rows) {
                Some(counter) => self.count(c, counter),
                None => {
                    let size = comfortable(clamp(f.size), self.out.rows);
                    self.out.columns.insert(c, Carrier::Unique { size, total: size, retried: false });
                }
            }
        }
    }

    fn count(&mut self, c: usize, counter: Counter) {
        let name = &self.columns[c].name;
        self.limit(counter.room, || format!("column `{name}` has {} values left", counter.room));
        self.out.columns.insert(c, Carrier::Sequence { start: counter.start, step: counter.step });
    }

    fn limit(&mut self, capacity: u128, reason: impl FnOnce() -> String) {
        if u128::from(self.out.rows) > capacity {
            self.out.rows = u64::try_from(capacity).expect("below a u64");
            self.out.limited_by = Some(reason());
        }
    }

    /// Returns a column of a key whose values differ in every row.
    fn unique_column(&self, k: usize) -> Option<usize> {
        let key = &self.keys[k];
        let unique = |c: &usize| match self.out.columns.get(c) {
            Some(Carrier::Sequence { .. }) => true,
            Some(Carrier::Unique { size, total, .. }) => size == total || key.nulls_distinct,
            _ => false,
        };
        key.columns.iter().copied().filter(|_| key.exact).find(unique)
    }

    /// Returns a column of a key whose series keeps its values apart.
    fn by_series(&self, k: usize) -> Option<usize> {
        let key = &self.keys[k];
        let series = |c: &usize| match self.columns[*c].series {
            Some(Some(m)) => self.identifies(k, m),
            Some(None) => true,
            None => false,
        };
        key.columns.iter().copied().filter(|_| key.exact).find(series)
    }

    /// Returns the reason why a key is unique already.
    fn covered(&self, k: usize) -> Option<String> {
        let key = &self.keys[k];
        if key.fixed {
            return Some("the rows are fixed".into());
        }
        if let Some(c) = self.unique_column(k) {
            return Some(format!("`{}` is unique", self.columns[c].name));
        }
        if let Some(c) = self.by_series(k) {
            let name = &self.columns[c].name;
            return Some(match (self.columns[c].series.flatten(), &self.columns[c].unproved) {
                (_, Some(origin)) => {
                    format!("`{name}` is an expression ({origin}) whose values are not proved to differ")
                }
                (Some(m), None) => format!("`{name}` is a series for each {}", self.members[m].choice("")),
                (None, None) => format!("`{name}` is a series"),
            });
        }
        for (&m, pick) in &self.out.picks {
            if *pick == ParentChoice::OneToOne && key.exact && self.identifies(k, m) {
                return Some(format!("one row for each {}", self.members[m].choice("")));
            }
        }
        let apart = |&m: &usize| self.members[m].injective && key.exact && self.identifies(k, m);
        if let Some(m) = (0..self.members.len()).find(apart) {
            return Some(format!("one row for each {}", self.members[m].choice("")));
        }
        let inside = |sets: &Vec<Vec<usize>>| sets.iter().all(|s| s.iter().all(|c| key.columns.contains(c)));
        let composite_key = self.out.share_columns.iter().position(inside)?;
        key.exact.then(|| self.out.composite_keys[composite_key].reason.clone())
    }

    fn identifies(&self, k: usize, m: usize) -> bool {
        self.members[m].identified_by.iter().any(|set| set.iter().all(|c| self.keys[k].columns.contains(c)))
    }

    fn done(&mut self, k: usize, capacity: u128, how: String) {
        let key = &self.keys[k];
        let columns = key.columns.iter().map(|&c| self.columns[c].name.clone()).collect();
        let unproved = self.unproved(k);
        self.out.plans.push(KeyPlan { name: key.name.clone(), primary: key.primary, columns, capacity, how, unproved });
    }

    /// Returns the expression by which alone the values of a key differ, if that is not proved.
    fn unproved(&self, k: usize) -> Option<UnprovedExpression> {
        let c = self.by_series(k).filter(|_| self.unique_column(k).is_none() && !self.keys[k].fixed)?;
        let origin = self.columns[c].unproved.clone()?;
        Some(UnprovedExpression { column: self.columns[c].name.clone(), origin })
    }

    fn needs_attempts(&mut self, k: usize) {
        self.out.attempted_keys.push(k);
        self.done(k, u128::MAX, "rows tried in order before the run".into());
    }

    /// A column with enough values for all rows draws uniformly from its whole domain.
    fn spread(&mut self, k: usize) {
        let roomy = |c: &usize| self.columns[*c].size >= u128::from(self.out.rows.max(1));
        let Some(c) = self.free(k).into_iter().filter(roomy).max_by_key(|&c| self.columns[c].size) else { return };
        let size = comfortable(clamp(self.columns[c].size), self.out.rows);
        self.out.columns.insert(c, Carrier::Unique { size, total: size, retried: true });
    }

    fn key(&mut self, k: usize) {
        if let Some(how) = self.covered(k) {
            return self.done(k, u128::MAX, how);
        }
        if !self.keys[k].exact {
            return self.needs_attempts(k);
        }
        let shared = if self.shares_a_column(k) { self.carrier(k) } else { None };
        let chosen = shared.or_else(|| self.one_to_one(k));
        let chosen = chosen.or_else(|| self.ordinal(k)).or_else(|| self.carrier(k));
        match chosen.or_else(|| self.product(k)) {
            Some((capacity, how)) => self.done(k, capacity, how),
            None => self.needs_attempts(k),
        }
    }

    /// Returns the columns of the key that no foreign key determines and that have no carrier yet.
    fn free(&self, k: usize) -> Vec<usize> {
        let usable = |&c: &usize| {
            let f = &self.columns[c];
            f.member.is_none() && f.series.is_none() && !f.coupled && f.size > 0 && !self.out.columns.contains_key(&c)
        };
        self.keys[k].columns.iter().copied().filter(usable).collect()
    }

    /// Returns the parent selections that the key identifies and that are still open.
    fn whole(&self, k: usize) -> Vec<usize> {
        let usable = |&m: &usize| {
            let member = &self.members[m];
            !member.fixed
                && member.size > 0
                && !self.out.picks.contains_key(&m)
                && !member.columns.iter().any(|&c| self.columns[c].coupled)
                && self.identifies(k, m)
        };
        (0..self.members.len()).filter(usable).collect()
    }

    fn one_to_one(&mut self, k: usize) -> Option<(u128, String)> {
        let whole = self.whole(k);
        let key = &self.keys[k];
        let only = |m: usize| key.columns.iter().all(|c| self.members[m].columns.contains(c));
        let &m = whole.iter().find(|&&m| only(m))?;
        let member = &self.members[m];
        let capacity = u128::from(member.size);
        if key.partial && capacity < u128::from(self.out.rows) {
            return None;
        }
        if !(member.nullable && key.nulls_distinct && !key.primary) {
            let reason = format!("key `{}` allows one row for each of the {capacity} {}", key.name, member.choice("s"));
            self.limit(capacity, || reason);
        }
        self.out.picks.insert(m, ParentChoice::OneToOne);
        Some((capacity, format!("one row for each {}", member.choice(""))))
    }

    /// (parent, 1, 2, 3, ...): order lines, versions, positions.
    fn ordinal(&mut self, k: usize) -> Option<(u128, String)> {
        let free = self.free(k);
        let countable = |c: &&usize| {
            let facts = &self.columns[**c];
            facts.sequence.is_some_and(|s| !s.auto) && (!facts.nullable || facts.position)
        };
        let &c = free.iter().find(countable)?;
        let whole = self.whole(k);
        let &m = whole.iter().find(|&&m| self.members[m].counted).or(whole.first())?;
        if self.columns[c].name.eq_ignore_ascii_case("id") {
            return None;
        }
        let size = clamp(self.columns[c].size);
        let parents = self.members[m].size;
        let capacity = u128::from(parents) * u128::from(size);
        if capacity < u128::from(self.out.rows) {
            return None;
        }
        let reason = format!("`{}` counts the rows of each `{}`", self.columns[c].name, self.members[m].name);
        self.composite_key(KeyLayout::Ordinal, &[m], &[c], vec![parents, size], reason.clone());
        Some((capacity, reason))
    }

    /// Returns true if a column with enough values for all rows is also part of another key that is not unique yet.
    fn shares_a_column(&self, k: usize) -> bool {
        let open = |o: &usize| *o != k && self.keys[*o].exact && self.covered(*o).is_none();
        let serves = |&c: &usize| {
            let roomy = self.columns[c].size >= u128::from(self.out.rows) && !self.columns[c].nullable;
            roomy && (0..self.keys.len()).filter(open).any(|o| self.keys[o].columns.contains(&c))
        };
        self.shared && self.keys[k].columns.len() > 1 && self.free(k).iter().any(serves)
    }

    /// Makes one column unique by itself.
    fn carrier(&mut self, k: usize) -> Option<(u128, String)> {
        let key = &self.keys[k];
        let rows = u128::from(self.out.rows);
        let alone = key.columns.len() == 1;
        let single = |c: &usize| !self.columns[*c].paired || alone;
        let best = self.free(k).into_iter().filter(single).max_by_key(|&c| {
            let f = &self.columns[c];
            let serves = self.keys.iter().filter(|key| key.exact && key.columns.contains(&c)).count();
            (f.size >= rows, !f.nullable, serves, f.size)
        })?;
        let f = &self.columns[best];
        if f.size < rows && (!alone || key.partial) {
            return None;
        }
        if let Some(counter) = f.sequence.filter(|s| s.room >= rows && key.primary) {
            self.count(best, counter);
            return Some((counter.room, format!("`{}` counts up", f.name)));
        }
        let mut size = u64::try_from(f.size.min(u128::from(LARGEST))).expect("clamped");
        let mut total = size;
        if f.size < rows {
            if f.nullable && key.nulls_distinct && !key.primary {
                total = self.out.rows;
            } else {
                let reason = match &f.made {
                    Some(made) => format!("key `{}`: {made} `{}`", key.name, f.name),
                    None => format!("key `{}` holds {} values", key.name, f.size),
                };
                self.limit(f.size, || reason);
            }
        } else {
            size = comfortable(size, self.out.rows);
            total = size;
        }
        self.out.columns.insert(best, Carrier::Unique { size, total, retried: false });
        Some((f.size, format!("`{}` is unique", f.name)))
    }

    /// Makes several columns and parents unique together.
    fn product(&mut self, k: usize) -> Option<(u128, String)> {
        let key = &self.keys[k];
        let (mut whole, free) = (self.whole(k), self.free(k));
        whole.sort_by_key(|&m| {
            let member = &self.members[m];
            (!member.counted, !member.asked, std::cmp::Reverse(member.size))
        });
        if whole.len() + free.len() < 2 {
            return None;
        }
        let capacity = whole.iter().map(|&m| u128::from(self.members[m].size));
        let capacity = capacity.chain(free.iter().map(|&c| self.columns[c].size)).fold(1, u128::saturating_mul);
        let complete =
            key.columns.iter().all(|c| free.contains(c) || whole.iter().any(|&m| self.members[m].columns.contains(c)));
        if capacity < u128::from(self.out.rows) {
            if !complete || key.partial {
                return None;
            }
            let made = free.iter().any(|&c| self.columns[c].made.is_some());
            let reason = match made {
                true => format!("key `{}`: only {capacity} different combinations can be made", key.name),
                false => format!("key `{}` holds {capacity} combinations", key.name),
            };
            self.limit(capacity, || reason);
        }
        let mut sizes: Vec<u64> = whole.iter().map(|&m| self.members[m].size).collect();
        sizes.extend(free.iter().map(|&c| clamp(self.columns[c].size)));
        shrink(&mut sizes, whole.len());
        // The product of the remaining sizes must still be at least the number of rows.
        let left = sizes.iter().fold(1u128, |a, &b| a.saturating_mul(b.into()));
        self.limit(left, || format!("key `{}` holds {left} combinations here", key.name));
        let law = if whole.is_empty() { KeyLayout::Product } else { KeyLayout::FanOut };
        let names = whole.iter().map(|&m| &self.members[m].name).chain(free.iter().map(|&c| &self.columns[c].name));
        let names: Vec<String> = names.map(|n| format!("`{n}`")).collect();
        let reason = format!("each combination of {} once", names.join(", "));
        self.composite_key(law, &whole, &free, sizes, reason.clone());
        Some((capacity, reason))
    }

    fn composite_key(&mut self, law: KeyLayout, members: &[usize], columns: &[usize], sizes: Vec<u64>, reason: String) {
        let composite_key = self.out.composite_keys.len();
        for (place, &m) in members.iter().enumerate() {
            self.out.picks.insert(m, ParentChoice::Component { composite_key, place });
        }
        for (i, &c) in columns.iter().enumerate() {
            self.out.columns.insert(c, Carrier::Component { composite_key, place: members.len() + i });
        }
        // A key is covered if it identifies each component, so a member counts with the smallest set that identifies
        // it.
        let sets = members.iter().map(|&m| {
            let sets = &self.members[m].identified_by;
            sets.iter().min_by_key(|s| s.len()).cloned().unwrap_or_default()
        });
        let sets = sets.chain(columns.iter().map(|&c| vec![c])).collect();
        self.out.share_columns.push(sets);
        let every = law != KeyLayout::Product && members.first().is_some_and(|&m| self.members[m].every);
        let free = members.len() == 1;
        self.out.composite_keys.push(CompositeKey {
            existing: Vec::new(),
            law,
            sizes,
            every,
            fan: Fan::default(),
            counts: None,
            free,
            reason,
        });
    }
}

fn clamp(size: u128) -> u64 {
    u64::try_from(size.min(u128::from(LARGEST))).expect("clamped")
}

/// Reduces the sizes of free columns (from `first_free` on) until the product fits 62 bits.
fn shrink(sizes: &mut [u64], first_free: usize) {
    let product = |s: &[u64]| s.iter().fold(1u128, |a, &b| a.saturating_mul(u128::from(b)));
    while product(sizes) > u128::from(LARGEST) {
        let from = if first_free < sizes.len() && sizes[first_free..].iter().any(|&s| s > 1) { first_free } else { 0 };
        let largest = sizes[from..].iter_mut().max().expect("a product has members");
        *largest = largest.div_ceil(2);
    }
}

/// Limits a very large domain to a size that gives short codes and leaves room for further runs. Constant over wide
/// ranges of the row count, so that a later run continues the permutation.
fn comfortable(size: u64, rows: u64) -> u64 {
    const BANDS: [u64; 3] = [1 << 31, 1 << 41, 1 << 51];
    let wanted = BANDS.into_iter().find(|&b| rows.saturating_mul(64) <= b).unwrap_or(LARGEST);
    size.min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, size: u128) -> ColumnFacts {
        ColumnFacts {
            name: name.into(),
            size,
            nullable: false,
            sequence: None,
            position: false,
            paired: false,
            member: None,
            coupled: false,
            series: None,
            unproved: None,
            made: None,
            distinct_for_children: false,
        }
    }

    fn counter(name: &str) -> ColumnFacts {
        let sequence = Some(Counter { start: 1, step: 1, room: 1 << 31, auto: false });
        ColumnFacts { sequence, ..column(name, 1 << 31) }
    }

    fn foreign(name: &str, member: usize) -> ColumnFacts {
        ColumnFacts { member: Some(member), ..column(name, 0) }
    }

    fn member(name: &str, size: u64, columns: &[usize]) -> SelectionFacts {
        let columns = columns.to_vec();
        let identified_by = vec![columns.clone()];
        SelectionFacts {
            name: name.into(),
            others: vec![],
            size,
            identified_by,
            columns,
            nullable: false,
            fixed: false,
            injective: false,
            every: false,
            counted: false,
            asked: false,
        }
    }

    fn key(columns: &[usize]) -> KeyInput {
        let columns = columns.to_vec();
        KeyInput {
            name: format!("key{columns:?}"),
            primary: false,
            columns,
            exact: true,
            nulls_distinct: true,
            partial: false,
            fixed: false,
        }
    }

    #[test]
    fn a_small_key_limits_the_rows_with_a_reason() {
        let a = assign(1000, &[key(&[0, 1])], &[column("status", 4), column("kind", 3)], &[]);
        assert_eq!(a.rows, 12);
        assert_eq!(a.limited_by.as_deref(), Some("key `key[0, 1]` holds 12 combinations"));
        assert_eq!(a.composite_keys[0].law, KeyLayout::Product);
    }

    #[test]
    fn order_lines_are_numbered_within_their_order() {
        let a =
            assign(500, &[key(&[0, 1])], &[foreign("order_id", 0), counter("line_no")], &[member("orders", 200, &[0])]);
        assert_eq!(a.composite_keys[0].law, KeyLayout::Ordinal);
        assert_eq!(a.picks[&0], ParentChoice::Component { composite_key: 0, place: 0 });
        assert_eq!(a.columns[&1], Carrier::Component { composite_key: 0, place: 1 });
    }

    #[test]
    fn a_junction_table_uses_combinations_of_parents() {
        let members = [member("actor", 20, &[0]), member("film", 30, &[1])];
        let a = assign(1000, &[key(&[0, 1])], &[foreign("actor_id", 0), foreign("film_id", 1)], &members);
        assert_eq!((a.rows, a.composite_keys[0].sizes.as_slice()), (600, &[30, 20][..]));
        assert!(a.limited_by.is_some());
    }

    #[test]
    fn one_carrier_serves_all_keys_that_contain_it() {
        let columns = [column("a", 5), column("code", 1 << 40), column("b", 7)];
        let a = assign(1000, &[key(&[0, 1]), key(&[1, 2])], &columns, &[]);
        assert_eq!(a.columns.keys().collect::<Vec<_>>(), [&1]);
        assert!(a.attempted_keys.is_empty());
    }

    #[test]
    fn a_column_of_two_keys_is_unique_by_itself() {
        let columns = [counter("i"), foreign("f", 0), column("is_live", 2)];
        let a = assign(1000, &[key(&[0, 1]), key(&[0, 2])], &columns, &[member("parents", 1000, &[1])]);
        assert_eq!((a.rows, &a.attempted_keys[..], a.columns.contains_key(&0)), (1000, &[][..], true));
        assert!(matches!(a.columns[&0], Carrier::Unique { .. }), "{a:?}");
        // If the second key has another column, lines are still numbered within their order.
        let columns = [counter("line"), foreign("f", 0), column("code", 1 << 40)];
        let a = assign(500, &[key(&[0, 1]), key(&[0, 2])], &columns, &[member("orders", 200, &[1])]);
        assert_eq!(a.composite_keys[0].law, KeyLayout::Ordinal);
    }

    #[test]
    fn overlapping_small_keys_use_rejection_sampling() {
        let columns = [column("a", 40), column("b", 40), column("c", 40)];
        let a = assign(1000, &[key(&[0, 1]), key(&[1, 2])], &columns, &[]);
        assert_eq!(a.attempted_keys, [1]);
    }

    #[test]
    fn a_full_partial_key_does_not_limit_the_rows() {
        let partial = KeyInput { partial: true, ..key(&[0]) };
        let a = assign(1000, &[partial], &[column("is_default", 2)], &[]);
        assert_eq!((a.rows, a.attempted_keys.as_slice()), (1000, &[0][..]));
    }

    #[test]
    fn nullable_unique_columns_are_null_beyond_their_size() {
        let columns = [ColumnFacts { nullable: true, ..column("code", 36) }];
        let a = assign(1000, &[key(&[0])], &columns, &[]);
        assert_eq!((a.rows, &a.columns[&0]), (1000, &Carrier::Unique { size: 36, total: 1000, retried: false }));
    }
}
