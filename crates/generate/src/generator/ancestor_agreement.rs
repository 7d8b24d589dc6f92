//! Parent rows that must have the same ancestor as the parent by another foreign key of the row.

use std::sync::Arc;

use super::parents::ParentChoiceGen;
use super::{Generator, TableGen};
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_plan::{AncestorAgreement, FkStep, ForeignKeyPlan};

/// Number of the ancestor's rows that are tried until one leads back to the ancestor.
const TRIES: u32 = 8;

#[derive(Debug)]
pub(super) struct AncestorAgreementGen {
    meets: AncestorAgreement,
    /// The key is NULL where the ancestor has no row to refer to.
    optional: bool,
    /// Pairs of the ancestor's row and a row below it, sorted; empty if a law gives these rows.
    list: Arc<Vec<u64>>,
}

impl AncestorAgreementGen {
    pub fn new(meets: &AncestorAgreement, foreign: &ForeignKeyPlan, list: Arc<Vec<u64>>) -> Self {
        AncestorAgreementGen { meets: meets.clone(), optional: !foreign.null_columns.is_empty(), list }
    }

    /// Returns the other foreign key and the path from its parent up, if the parent row is the ancestor itself.
    pub fn followed(&self) -> Option<(usize, &[FkStep])> {
        let follows = self.meets.down.is_empty() && self.meets.earlier.is_none();
        follows.then_some((self.meets.by, &self.meets.up[..]))
    }

    /// Returns one of the listed rows of an ancestor below `limit`, by a random word.
    fn listed(&self, ancestor: u64, limit: u64, word: u64) -> Option<u64> {
        let pairs = self.list.as_chunks::<2>().0;
        let from = pairs.partition_point(|p| p[0] < ancestor);
        let to = pairs.partition_point(|p| p[0] < ancestor || p[0] == ancestor && p[1] < limit);
        let count = self.first_of((to - from) as u64);
        (count > 0).then(|| pairs[from + CellRng::new(word).below(count) as usize][1])
    }

    /// Returns how many of an ancestor's rows before the row are candidates.
    fn first_of(&self, before: u64) -> u64 {
        self.meets.earlier.map_or(before, |every| before.div_ceil(every))
    }
}

/// A foreign key by which an ancestor can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUp {
    pub foreign: usize,
    pub parent: usize,
    /// The only column of the key.
    pub column: usize,
}

impl Generator {
    /// Returns the parent row that has the same ancestor as the row's other foreign key; `Some(None)` if the ancestor
    /// has none and the key may be NULL, `None` if the choice does not depend on the other key.
    pub(super) fn agreeing_parent(
        &self,
        t: usize,
        foreign: usize,
        met: &AncestorAgreementGen,
        row: u64,
        attempt: u32,
    ) -> Option<Option<u64>> {
        let table = &self.tables[t];
        let f = &table.foreign[foreign];
        let source = &table.sources[f.source];
        let existing_count = f.existing_keys.len() as u64;
        let meets = &met.meets;
        if meets.earlier.is_some() {
            // A root of a tree stays a root.
            match table.pick(source, source.size, row, attempt) {
                None => return Some(None),
                Some(own) if own == existing_count + row => return None,
                Some(_) => {}
            }
        }
        if self.foreign_is_null(t, meets.by, row) {
            return None;
        }
        let first = self.parent_row(t, meets.by, row, attempt)?;
        let first = first.checked_sub(table.foreign[meets.by].existing_keys.len() as u64)?;
        let ancestor = self.ancestor_up(&meets.up, first)?;
        let limit = match (meets.earlier, &source.pick) {
            (Some(_), _) => row,
            (None, ParentChoiceGen::Active(law)) => source.end(law.existing(row)).saturating_sub(existing_count),
            _ => self.tables[f.parent?].rows,
        };
        let word = source.stream.at(row, attempt);
        match self.random_descendant(met, ancestor, limit, word) {
            Some(parent) => Some(Some(existing_count + parent)),
            None if met.optional => Some(None),
            None => meets.earlier.map(|_| Some(existing_count + row)),
        }
    }

    /// Returns the ancestor of a row of the first step's table; `None` if a key is NULL or leads to an existing row.
    pub fn ancestor_up(&self, path: &[FkStep], row: u64) -> Option<u64> {
        path.iter().try_fold(row, |row, step| Some(self.planned_parent(step.table, step.foreign, row)?.1))
    }

    /// Returns a row below `limit` that leads up to the ancestor's row.
    fn random_descendant(&self, met: &AncestorAgreementGen, ancestor: u64, limit: u64, word: u64) -> Option<u64> {
        let [step, more @ ..] = &met.meets.down[..] else { return Some(ancestor) };
        if !met.list.is_empty() || !more.is_empty() {
            return met.listed(ancestor, limit, word);
        }
        let every = met.meets.earlier.unwrap_or(1);
        let words = (0..TRIES).scan(word, |w, _| Some(std::mem::replace(w, mix(*w ^ 0x3d))));
        words.into_iter().find_map(|word| {
            let child = self.tables[step.table].child_before(step.foreign, ancestor, limit, every, word)?;
            (self.ancestor_up(&met.meets.down, child) == Some(ancestor)).then_some(child)
        })
    }
}

impl TableGen {
    /// Returns the single-column foreign keys to earlier tables whose parent rows follow from the row number.
    pub fn keys_up(&self, own: usize) -> Vec<KeyUp> {
        self.every_key_up(own).into_iter().filter(|up| self.foreign[up.foreign].columns.len() == 1).collect()
    }

    /// As [`keys_up`](Self::keys_up), with the keys of several columns, of which the first is returned.
    pub fn every_key_up(&self, own: usize) -> Vec<KeyUp> {
        let keys = self.foreign.iter().enumerate();
        let up = keys.filter_map(|(foreign, f)| {
            let parent = f.parent.filter(|&p| p < own)?;
            let source = &self.sources[f.source];
            let free = !matches!(source.pick, ParentChoiceGen::Agreeing(_) | ParentChoiceGen::Never);
            let owned = f.columns.iter().all(|&c| self.columns[c].is_of(foreign).is_some());
            (free && owned).then_some(KeyUp { foreign, parent, column: *f.columns.first()? })
        });
        up.collect()
    }

    /// Returns true if a law gives the child rows of a foreign key's parent.
    pub fn has_children(&self, foreign: usize) -> bool {
        let source = &self.sources[self.foreign[foreign].source];
        let law = match &source.pick {
            ParentChoiceGen::Detail(_) | ParentChoiceGen::Counted(_) | ParentChoiceGen::Active(_) => true,
            ParentChoiceGen::Component { composite_key, place: 0 } => {
                self.composite_keys[*composite_key].law().is_some()
            }
            _ => false,
        };
        law && source.is_plain() && source.meets.is_none()
    }

    /// Returns a child row below `limit` of a generated row of the parent, by a random word; one of the first `1 / every`.
    fn child_before(&self, foreign: usize, parent: u64, limit: u64, every: u64, word: u64) -> Option<u64> {
        let f = &self.foreign[foreign];
        let source = &self.sources[f.source];
        let p = source.place(parent + f.existing_keys.len() as u64).filter(|p| *p < source.size)?;
        let (first, count) = match &source.pick {
            ParentChoiceGen::Active(law) => return law.child(p, limit.div_ceil(every), word),
            ParentChoiceGen::Detail(law) | ParentChoiceGen::Counted(law) => law.children(p),
            ParentChoiceGen::Component { composite_key, place: 0 } => {
                self.composite_keys[*composite_key].children_of_digit(p)?
            }
            _ => return None,
        };
        let count = count.min(limit.saturating_sub(first)).div_ceil(every);
        (count > 0).then(|| first + CellRng::new(word).below(count))
    }
}
