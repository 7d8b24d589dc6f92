//! Input of the key planner: the table's keys, the properties of its columns, its parent selections.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::{PlanContext, TablePlanner};
use crate::formulas::ResolvedFormula;
use crate::keys::{ColumnFacts, Counter, KeyInput, SelectionFacts};
use crate::profile;
use crate::references::is_only_key;
use dbmocker_core::schema::{Auto, Column, Key, SqlType};
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind};
use dbmocker_plan::{ForeignKeyPlan, ParentChoice};
use dbmocker_predicate as predicate;
use dbmocker_predicate::{Expr, Nulls, Solution};
use dbmocker_semantics as semantics;

/// The numbers of an auto-numbered column: `base + i * step`, from `free` on.
struct AutoNumbers {
    base: i128,
    step: i128,
    free: i128,
}

impl TablePlanner<'_> {
    pub(super) fn key_inputs(&mut self, b: &PlanContext<'_>) -> Vec<KeyInput> {
        let table = self.table;
        table.keys.iter().map(|k| self.key_input(b, k)).collect()
    }

    pub(super) fn key_input(&mut self, b: &PlanContext<'_>, key: &Key) -> KeyInput {
        let mut columns = Vec::new();
        let mut exact = true;
        for part in &key.parts {
            match (&part.column, &part.expression) {
                (Some(c), _) => columns.extend(self.table.column_index(c)),
                (None, Some(e)) => match self.worked_out(b, e) {
                    Ok(e) => {
                        exact &= injective(&e);
                        columns.extend(e.columns().iter().filter_map(|c| self.table.column_index(c)));
                    }
                    Err(mentioned) => {
                        exact &= !mentioned.is_empty();
                        columns.extend(&mentioned);
                        self.notes.push(format!(
                            "key `{}`: `{e}` cannot be evaluated here: taken as distinct where its columns are",
                            key.name
                        ));
                    }
                },
                (None, None) => exact = false,
            }
        }
        // A generated column is as unique as its inputs only if it is a plain copy; assume that it is not.
        exact &= !columns.iter().any(|&c| self.table.columns[c].generated.is_some());
        columns.sort_unstable();
        columns.dedup();
        for part in &key.parts {
            let (Some(name), Some(prefix)) = (&part.column, part.prefix) else { continue };
            for domain in self.domains(name) {
                if let Domain::Text(text) = domain {
                    text.distinct_prefix = Some(text.distinct_prefix.map_or(prefix, |p| p.min(prefix)));
                }
            }
        }
        KeyInput {
            name: key.name.clone(),
            primary: key.primary,
            columns,
            exact,
            nulls_distinct: key.nulls_distinct,
            partial: key.predicate.is_some(),
            fixed: false,
        }
    }

    /// Returns the parsed expression; if it cannot be evaluated here, the columns that it mentions.
    pub(super) fn worked_out(&self, b: &PlanContext<'_>, text: &str) -> Result<Expr, Vec<usize>> {
        let ty = |name: &str| self.table.column(name).map(|c| c.ty.clone());
        match predicate::parse(text, b.schema.dialect).map(|e| predicate::numbered(&e, &ty)) {
            Ok(e) if predicate::unknown_function(&e).is_none() => Ok(e),
            Ok(e) => Err(e.columns().iter().filter_map(|c| self.table.column_index(c)).collect()),
            Err(_) => {
                let word = |c: char| c.is_alphanumeric() || c == '_';
                let words: BTreeSet<&str> = text.split(|c| !word(c)).collect();
                let columns = self.table.columns.iter().enumerate();
                Err(columns.filter(|(_, c)| words.contains(c.name.as_str())).map(|(i, _)| i).collect())
            }
        }
    }

    pub(super) fn facts(&self, b: &PlanContext<'_>, solution: &Solution, keys: &[KeyInput]) -> Vec<ColumnFacts> {
        let coupled: BTreeSet<usize> = solution.groups.iter().flat_map(|g| g.columns().iter().copied()).collect();
        (0..self.columns.len())
            .map(|c| {
                let column = &self.table.columns[c];
                let d = &self.columns[c];
                ColumnFacts {
                    name: column.name.clone(),
                    size: if d.foreign.is_some() { 0 } else { d.domain.as_ref().map_or(0, Domain::size) },
                    nullable: b.nullable(self.index, c) && solution.columns[c].nulls != Nulls::Never,
                    sequence: self.counter(b, c).filter(|_| !self.is_pair_id(b, c)),
                    paired: self.is_pair_id(b, c),
                    position: b.coherent(self.index) && semantics::roles::is_position(&column.name),
                    member: d.foreign.map(|(f, _)| self.foreign[f].source),
                    coupled: coupled.contains(&c) && !self.is_key_role(c, keys),
                    series: b.formulas.get(self.index, c).and_then(|f| self.series_of(f, c)),
                    unproved: b
                        .formulas
                        .get(self.index, c)
                        .filter(|f| f.reads_identity(self.table, c) && !f.differs_within(self.table, c))
                        .map(|f| f.origin.clone()),
                    made: d.made.clone().or_else(|| made(d.domain.as_ref()?)),
                    distinct_for_children: b.distinct_for_children(self.index, c),
                }
            })
            .collect()
    }

    /// Returns the parent selection among whose rows the values of a series differ; `Some(None)`: in the table.
    fn series_of(&self, formula: &ResolvedFormula, c: usize) -> Option<Option<usize>> {
        if formula.reads_identity(self.table, c) && !formula.differs_within(self.table, c) {
            return Some(None);
        }
        Some(match formula.unique_series()? {
            None => None,
            Some(link) => Some(self.foreign.iter().find(|f| f.name == link.name)?.source),
        })
    }

    /// Returns true for columns whose value a single key determines: CHECKs treat them as constants.
    pub(super) fn is_key_role(&self, c: usize, keys: &[KeyInput]) -> bool {
        self.columns[c].foreign.is_none()
            && (self.table.columns[c].auto.is_some() || keys.iter().any(|k| k.columns == [c] && k.exact))
    }

    /// Returns true for columns numbered by the server, and single-column integer primary keys: always sequences.
    pub(super) fn counted(&self, b: &PlanContext<'_>, c: usize) -> bool {
        let name = self.table.columns[c].name.as_str();
        let alone = self.table.primary_key().and_then(Key::plain_columns).is_some_and(|p| p == [name]);
        self.table.columns[c].auto.is_some() || (alone && self.counter(b, c).is_some())
    }

    /// Returns the sequence after the existing values, for integer columns.
    pub(super) fn counter(&self, b: &PlanContext<'_>, c: usize) -> Option<Counter> {
        let column = &self.table.columns[c];
        let Some(Domain::Range { kind, lo, hi, step: 1, except, .. }) = &self.columns[c].domain else { return None };
        let whole = matches!(kind, RangeKind::Int | RangeKind::Decimal { scale: 0 });
        if self.is_fixed(c) || !whole || !except.is_empty() || self.columns[c].foreign.is_some() {
            return None;
        }
        let auto = column.auto.is_some();
        // The server's sequence must still be able to advance past the last value.
        let most = (type_max(&column.ty) - 1).min(column.numbering.most.into());
        let hi = if auto { (*hi).min(most) } else { *hi };
        let top = self.top(b, self.index, column);
        if auto && column.numbering.is_descending() && self.counted_series(b, c).is_none() {
            let (base, step, free) = self.down(b, column);
            let start = free - (free - base).rem_euclid(-step);
            let least = (*lo).max(type_min(&column.ty) + 1).max(column.numbering.least.into());
            let room = if start < least { 0 } else { (start - least) / -step + 1 };
            return Some(Counter { start, step, room: u128::try_from(room).unwrap_or(0), auto });
        }
        if let Some((start, step)) = self.counted_series(b, c) {
            let from = top.map_or(start, |t| t + 1).max(start);
            let start = start + (from - start + step - 1).div_euclid(step) * step;
            let room = if start > hi { 0 } else { (hi - start) / step + 1 };
            return Some(Counter { start, step, room: u128::try_from(room).unwrap_or(0), auto });
        }
        let AutoNumbers { base, step, free } = self.counting(b, column, top, *lo..=hi);
        let numbered = |first: i128| {
            let least = free.max(*lo).max(first);
            least + (base - least).rem_euclid(step)
        };
        // The learned numbers, if they fit.
        let learned = profile::numbering(b, self.index, &column.name).map(|(first, gap)| (numbered(first), step * gap));
        let learned = learned.filter(|(from, step)| from + step * i128::from(b.rows(self.index)) <= hi);
        let (natural, step) = learned.unwrap_or((numbered(*lo), step));
        let start =
            if top.is_none() && hi - natural + 1 < i128::from(b.rows(self.index)) && !auto { *lo } else { natural };
        let room = if start > hi { 0 } else { (hi - start) / step + 1 };
        // Too few numbers are above the existing ones: the column draws from those that are free, also below.
        if !auto && top.is_some() && room < i128::from(b.rows(self.index)) && hi - *lo > room {
            return None;
        }
        Some(Counter { start, step, room: u128::try_from(room).unwrap_or(0), auto })
    }

    /// Returns the start and step that the config file gives a column which is numbered.
    fn counted_series(&self, b: &PlanContext<'_>, c: usize) -> Option<(i128, i128)> {
        let series = b.overrides.column(self.index, c)?.series.as_ref()?;
        series.numbers().filter(|_| b.formulas.get(self.index, c).is_none())
    }

    /// Returns the numbers of a sequence that counts down: the first, the step, and from where they are free.
    fn down(&self, b: &PlanContext<'_>, column: &Column) -> (i128, i128, i128) {
        let (turn, sharing) = self.sharing(b, column);
        let step = i128::from(column.numbering.step);
        let base = i128::from(column.numbering.start) + step * turn as i128;
        let taken = sharing.iter().filter_map(|(t, c)| self.top(b, *t, c)).min();
        (base, step * sharing.len().max(1) as i128, taken.map_or(base, |t| (t - 1).min(base)))
    }

    /// Returns the columns that take their numbers from the sequence of a column, with their tables, and the place of
    /// the column among them.
    fn sharing<'b>(&self, b: &PlanContext<'b>, column: &Column) -> (usize, Vec<(usize, &'b Column)>) {
        let Some(sequence) = column.auto.as_ref().and_then(Auto::sequence) else { return (0, Vec::new()) };
        let counts = |c: &&Column| c.auto.as_ref().and_then(Auto::sequence) == Some(sequence);
        let tables = b.schema.tables.iter().enumerate();
        let sharing: Vec<(usize, &Column)> =
            tables.flat_map(|(t, table)| table.columns.iter().filter(counts).map(move |c| (t, c))).collect();
        let turn = sharing.iter().position(|(t, c)| *t == self.index && c.name == column.name).unwrap_or(0);
        (turn, sharing)
    }

    /// Returns the existing number of a column after which its numbers go on: the largest, or the smallest where they
    /// count down.
    fn top(&self, b: &PlanContext<'_>, table: usize, column: &Column) -> Option<i128> {
        if b.rows_before(table) == 0 { None } else { b.schema.tables[table].existing.max.get(&column.name).copied() }
    }

    /// Returns the server's own numbering, if the column's `range` has room for it. Columns that share a sequence take
    /// its numbers in turn.
    fn counting(
        &self,
        b: &PlanContext<'_>,
        column: &Column,
        top: Option<i128>,
        range: RangeInclusive<i128>,
    ) -> AutoNumbers {
        let usual = AutoNumbers { base: 1, step: 1, free: top.map_or(1, |t| t + 1) };
        if column.auto == Some(Auto::AutoIncrement) {
            // Emptying the table resets its AUTO_INCREMENT number.
            let existing = &b.schema.tables[self.index].existing;
            let next = existing.next.filter(|_| b.rows_before(self.index) == existing.rows).map(i128::from);
            let next = next.filter(|n| range.contains(n)).unwrap_or(1);
            let setting = |name: &str| b.schema.settings.get(name).and_then(|n| n.parse::<i128>().ok());
            let step = setting("auto_increment_increment").unwrap_or(1).max(1);
            // The server ignores an offset beyond the increment.
            let base = setting("auto_increment_offset").filter(|n| *n <= step).unwrap_or(1);
            return AutoNumbers { base, step, free: usual.free.max(next) };
        }
        let (start, step) = (i128::from(column.numbering.start), i128::from(column.numbering.step));
        let (turn, sharing) = self.sharing(b, column);
        if sharing.is_empty() {
            return usual;
        }
        let base = start + step * turn as i128;
        if (column.numbering.is_usual() && sharing.len() < 2) || !range.contains(&base) {
            return usual;
        }
        let taken = sharing.iter().filter_map(|(t, c)| self.top(b, *t, c)).max();
        let free = taken.map_or(base, |t| (t + 1).max(base));
        AutoNumbers { base, step: step * sharing.len().max(1) as i128, free }
    }

    /// Removes columns that have the same value in all parent rows: the other columns identify the row.
    fn varying(&self, sets: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
        let varies = |c: &usize| self.columns[*c].parents.as_ref().is_none_or(|d| d.size() > 1);
        let of = |set: Vec<usize>| if set.iter().any(varies) { set.into_iter().filter(varies).collect() } else { set };
        sets.into_iter().map(of).collect()
    }

    /// As [`identifying`], with the table's own keys of one column in which all parent rows differ.
    fn identified_by(&self, b: &PlanContext<'_>, foreign: usize) -> Vec<Vec<usize>> {
        let f = &self.foreign[foreign];
        let mut sets = identifying(b, f);
        let alone = |&c: &usize| self.columns[c].parents_differ && is_only_key(self.table, c);
        sets.extend(f.columns.iter().copied().filter(alone).map(|c| vec![c]));
        sets
    }

    pub(super) fn members(&self, b: &PlanContext<'_>) -> Vec<SelectionFacts> {
        self.sources
            .iter()
            .map(|s| {
                let leader = &self.foreign[s.members[0]];
                // If each combination is selected directly, all parents together identify it.
                let by_itself = s.members.len() > 1 && s.partners == 0;
                let deciding = if by_itself { &s.members[..] } else { &s.members[..1] };
                let columns: BTreeSet<usize> =
                    s.members.iter().flat_map(|&m| self.foreign[m].columns.iter().copied()).collect();
                SelectionFacts {
                    name: leader.parent.name.clone(),
                    size: s.size,
                    others: deciding[1..].iter().map(|&m| self.foreign[m].parent.name.clone()).collect(),
                    identified_by: self.varying(together(deciding.iter().map(|&m| self.identified_by(b, m)))),
                    nullable: !leader.null_columns.is_empty(),
                    columns: columns.into_iter().collect(),
                    fixed: s.pick.is_some(),
                    injective: matches!(
                        s.pick,
                        Some(
                            ParentChoice::Chain { .. }
                                | ParentChoice::Previous { .. }
                                | ParentChoice::Agreeing { own: true, .. }
                        )
                    ),
                    every: s.step == Some(true),
                    counted: s.members.iter().any(|&m| self.is_counted(b, &self.foreign[m].name)),
                    asked: s.members.iter().any(|&m| self.is_aggregated(b, &self.foreign[m])),
                }
            })
            .collect()
    }
}

/// Returns sets of the child's columns that identify the parent row: the whole foreign key, and any unique key of the
/// parent within it.
pub(super) fn identifying(b: &PlanContext<'_>, f: &ForeignKeyPlan) -> Vec<Vec<usize>> {
    let mut sets = vec![f.columns.clone()];
    if let Some(parent) = b.schema.table(&f.parent) {
        for key in parent.keys.iter().filter(|k| k.predicate.is_none()) {
            let inside: Option<Vec<usize>> = key
                .parts
                .iter()
                .map(|p| {
                    let c = parent.column_index(p.column.as_deref()?)?;
                    f.parent_columns.iter().position(|&x| x == c).map(|i| f.columns[i])
                })
                .collect();
            sets.extend(inside);
        }
    }
    sets
}

/// Returns sets of columns that identify several parent rows: the unions of one set of each.
fn together(parents: impl Iterator<Item = Vec<Vec<usize>>>) -> Vec<Vec<usize>> {
    parents.fold(vec![Vec::new()], |correlated, sets| {
        correlated.iter().flat_map(|known| sets.iter().map(|set| [&known[..], set].concat())).collect()
    })
}

/// Returns true if distinct column values give distinct expression values under [`Domain::value`]'s canonical texts.
fn injective(e: &Expr) -> bool {
    match e {
        Expr::Column(_) => true,
        Expr::Cast { expr, .. } => injective(expr),
        Expr::Call { name, args } => {
            let same = [
                "lower", "upper", "trim", "btrim", "ltrim", "rtrim", "md5", "sha256", "sha2", "coalesce", "ifnull",
                "unaccent",
            ];
            same.contains(&name.as_str()) && args.first().is_some_and(injective)
        }
        _ => false,
    }
}

fn type_min(ty: &SqlType) -> i128 {
    match ty {
        SqlType::Int { unsigned: true, .. } => 0,
        ty => -type_max(ty) - 1,
    }
}

fn type_max(ty: &SqlType) -> i128 {
    match ty {
        SqlType::Int { bytes, unsigned, .. } => {
            let bits = u32::from(*bytes) * 8 - u32::from(!unsigned);
            (1i128 << bits) - 1
        }
        _ => i128::from(i64::MAX),
    }
}

/// Describes the size of a text domain, which contains only the texts that the planner can produce; the collation may
/// distinguish more.
fn made(domain: &Domain) -> Option<String> {
    let Domain::Text(text) = domain else { return None };
    let open = !matches!(text.kind, TextKind::Pattern { .. });
    open.then(|| format!("only {} different texts can be made for", domain.size()))
}
