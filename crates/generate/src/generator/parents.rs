//! The parent row that a row refers to, and the cells of that row.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::ancestor_agreement::AncestorAgreementGen;
use super::combination_index::CombinationIndex;
use super::composite_key::ParentAndOrdinal;
use super::fk_agreement::{AgreeGen, ChainGen, CoverGen};
use super::group_cache::{CellRequest, remembered_parent};
use super::listed::ListedRows;
use super::ranked::RankedGen;
use super::row_source::is_last_resort;
use super::trees::TreeGen;
use super::{Generator, RowError, TableGen};
use crate::activity::Activity;
use crate::counted::ChildLaw;
use crate::law::Child;
use crate::permute::Permutation;
use crate::spread::SpreadGen;
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::{CellRng, Stream, mix};
use dbmocker_core::value::Value;
use dbmocker_plan::{ExistingKeys, PREFERRED};

#[derive(Debug)]
pub struct ForeignKeyGen {
    pub columns: Vec<usize>,
    pub parent: Option<usize>,
    pub parent_columns: Vec<usize>,
    pub source: usize,
    pub member: usize,
    pub existing_keys: Arc<ExistingKeys>,
    pub(super) null_below: u64,
    /// The column that is NULL by [`Presence`](dbmocker_plan::Presence), if the key has one.
    pub(super) decided: Option<usize>,
    /// Shared by all keys of a parent selection that are NULL together.
    pub(super) null_stream: Stream,
}

#[derive(Debug)]
pub struct ParentSelectionGen {
    pub(super) pick: ParentChoiceGen,
    pub(super) stream: Stream,
    /// The index space is `first .. first + size`.
    pub(super) first: u64,
    pub(super) size: u64,
    pub(super) combinations: Option<Arc<Vec<u64>>>,
    pub(super) members: u64,
    /// Combinations of one leading parent; the stream `partner` draws one of them.
    pub(super) partners: u64,
    pub(super) partner: Stream,
    /// Finds combinations by a parent row; made when first needed.
    pub(super) index: OnceLock<CombinationIndex>,
    /// The other foreign key, which is evaluated before `pick`.
    pub(super) meets: Option<AncestorAgreementGen>,
}

#[derive(Debug)]
pub(super) enum ParentChoiceGen {
    Skewed,
    OneToOne(Permutation),
    InOrder(InOrderGen),
    Component {
        composite_key: usize,
        place: usize,
    },
    Active(Box<Activity>),
    Earlier {
        existing_count: u64,
        rooted: bool,
    },
    Itself {
        existing_count: u64,
    },
    Never,
    Few(FewParentsGen),
    /// Which row of a list a row takes, and the parent of each.
    Listed {
        list: ListedRows,
        rows: Vec<u64>,
    },
    Cover(CoverGen),
    Agreeing(AgreeGen),
    Chain {
        existing_count: u64,
        chain: ChainGen,
    },
    Previous {
        existing_count: u64,
        length: u64,
    },
    Spread(SpreadGen),
    Ranked(RankedGen),
    Detail(ChildLaw),
    Counted(ChildLaw),
    Tree(TreeGen),
}

/// A few parent rows for all rows.
#[derive(Debug)]
pub(super) struct FewParentsGen {
    /// Running sums of the weights.
    pub(super) sums: Vec<u64>,
    pub(super) rows: Vec<u64>,
    /// For a self reference to earlier rows: the number of existing rows.
    pub(super) earlier: Option<u64>,
    pub(super) rooted: bool,
}

impl Generator {
    /// Returns true if the key is NULL in this row, by `null_share` or by presence.
    pub fn foreign_is_null(&self, t: usize, foreign: usize, row: u64) -> bool {
        let table = &self.tables[t];
        let f = &table.foreign[foreign];
        let absent = |c: usize| matches!(self.is_present(t, c, row, table.attempt(row)), Ok(false));
        f.null_below > 0 && f.null_stream.at(row, 0) < f.null_below || f.decided.is_some_and(absent)
    }

    /// Returns the index of the parent row that a foreign key refers to, before NULLs by `null_share`.
    pub fn parent_row(&self, t: usize, foreign: usize, row: u64, attempt: u32) -> Option<u64> {
        let table = &self.tables[t];
        let f = &table.foreign[foreign];
        let source = &table.sources[f.source];
        if let Some(met) = source.meets.as_ref().filter(|_| attempt < PREFERRED) {
            // The parents of these parents may agree as well: without a cache, the time would double with each table.
            let asked = CellRequest { generation_id: self.generation_id, table: t, group: foreign, row, attempt };
            let agreeing = || self.agreeing_parent(t, foreign, met, row, attempt);
            if let Some(parent) = remembered_parent(asked, agreeing) {
                return parent;
            }
        }
        if let ParentChoiceGen::Agreeing(a) = &source.pick {
            return Some(f.existing_keys.len() as u64 + self.agreeing(t, foreign, a, row, attempt)?);
        }
        // Parents of the same cycle are compiled later; their size is read on demand.
        let size = if source.size == u64::MAX { self.space(f) - source.first } else { source.size };
        let i = source.first + table.pick(source, size, row, attempt)?;
        Some(match &source.combinations {
            Some(combinations) => {
                combinations[(source.combination(i, row, attempt) * source.members) as usize + f.member]
            }
            None => i,
        })
    }

    /// As [`parent_row`](Self::parent_row), for consecutive rows.
    pub fn parent_rows(&self, t: usize, foreign: usize, rows: Range<u64>) -> Nullable<u64> {
        let table = &self.tables[t];
        let source = &table.sources[table.foreign[foreign].source];
        if source.meets.is_some() || !source.is_plain() {
            return rows.map(|row| self.parent_row(t, foreign, row, table.attempt(row))).collect();
        }
        match &source.pick {
            ParentChoiceGen::Component { composite_key, place } => {
                let digits = table.digits(*composite_key, *place, rows);
                digits.into_iter().map(|digit| source.row(digit)).collect::<Vec<u64>>().into()
            }
            ParentChoiceGen::Spread(spread) => {
                let pick = |row| spread.pick(source.stream.at(row, table.attempt(row))).map(|p| source.row(p));
                rows.map(pick).collect()
            }
            ParentChoiceGen::Detail(law) | ParentChoiceGen::Counted(law) if !table.tries() => {
                let mut out = Vec::with_capacity((rows.end - rows.start) as usize);
                law.each_run(rows, |run| out.extend(run.ordinals.map(|_| source.row(run.parent))));
                out.into()
            }
            ParentChoiceGen::Skewed if source.size != u64::MAX && source.size > 0 => {
                let pick = |row| source.row(skewed(source.stream.at(row, table.attempt(row)), source.size));
                rows.map(pick).collect::<Vec<u64>>().into()
            }
            _ => rows.map(|row| self.parent_row(t, foreign, row, table.attempt(row))).collect(),
        }
    }

    /// As [`parent_row`](Self::parent_row), for rows in random order. `found`: one cache for each composite key of the
    /// table.
    pub fn scattered_parent_rows(
        &self,
        t: usize,
        foreign: usize,
        rows: &Nullable<u64>,
        found: &mut [Option<ParentAndOrdinal>],
    ) -> Nullable<u64> {
        let table = &self.tables[t];
        let source = &table.sources[table.foreign[foreign].source];
        match &source.pick {
            ParentChoiceGen::Component { composite_key, place } if source.meets.is_none() && source.is_plain() => {
                let digits = table.composite_keys[*composite_key].scattered(*place, rows, &mut found[*composite_key]);
                digits.map(|digit| source.row(digit))
            }
            _ => rows
                .iter()
                .map(|row| row.and_then(|row| self.parent_row(t, foreign, row, table.attempt(row))))
                .collect(),
        }
    }

    /// Returns empty caches for [`scattered_parent_rows`](Self::scattered_parent_rows), one for each composite key of
    /// the table.
    pub fn nothing_found(&self, table: Option<usize>) -> Vec<Option<ParentAndOrdinal>> {
        vec![None; table.map_or(0, |t| self.tables[t].composite_keys.len())]
    }

    /// Returns the generated rows (table, row) that a row refers to; `None` if a CHECK made it choose other rows.
    pub fn parents(&self, t: usize, row: u64) -> Option<Vec<(usize, u64)>> {
        let table = &self.tables[t];
        let mut out = Vec::new();
        for (foreign, f) in table.foreign.iter().enumerate() {
            let Some(parent) = f.parent else { continue };
            let cells = f.columns.iter().map(|&c| self.cell(t, c, row)).collect::<Result<Vec<_>, _>>().ok()?;
            if cells.iter().all(Value::is_null) {
                continue;
            }
            let p = self.parent_row(t, foreign, row, table.attempt(row))?;
            // With a NULL in it the key refers to nothing, but a narrower key derived from it may.
            for (position, value) in cells.iter().enumerate().filter(|(_, v)| !v.is_null()) {
                if self.parent_value(t, foreign, position, p).ok()? != *value {
                    return None;
                }
            }
            out.extend(p.checked_sub(f.existing_keys.len() as u64).map(|p| (parent, p)));
        }
        Some(out)
    }

    /// Returns the row's ordinal among the children of its parent, if these are a range.
    pub fn child(&self, t: usize, foreign: usize, row: u64) -> Option<Child> {
        let table = &self.tables[t];
        let source = &table.sources[table.foreign[foreign].source];
        let law = match &source.pick {
            _ if source.meets.is_some() || !source.is_plain() => return None,
            ParentChoiceGen::InOrder(law) => return Some(Child { parent: law.parent(row), ordinal: 0, count: 1 }),
            ParentChoiceGen::Detail(law) | ParentChoiceGen::Counted(law) => law,
            ParentChoiceGen::Component { composite_key, place: 0 } => table.composite_keys[*composite_key].law()?,
            _ => return None,
        };
        let (parent, ordinal) = law.parent(row);
        Some(Child { parent, ordinal, count: law.children(parent).1 })
    }

    fn space(&self, f: &ForeignKeyGen) -> u64 {
        f.existing_keys.len() as u64 + f.parent.map_or(0, |p| self.tables.get(p).map_or(0, |t| t.rows))
    }

    /// Returns column `position` of parent row `p`; existing rows come first.
    pub fn parent_value(&self, t: usize, foreign: usize, position: usize, p: u64) -> Result<Value, RowError> {
        let f = &self.tables[t].foreign[foreign];
        let existing_count = f.existing_keys.len() as u64;
        if p < existing_count {
            return Ok(f.existing_keys.cell(p as usize, position));
        }
        let parent = f.parent.expect("an index beyond the pool is a planned parent's row");
        self.cell(parent, f.parent_columns[position], p - existing_count)
    }
}

impl TableGen {
    /// Returns the choice of a parent selection for a row, before `first` is added.
    pub(super) fn pick(&self, source: &ParentSelectionGen, size: u64, row: u64, attempt: u32) -> Option<u64> {
        match &source.pick {
            ParentChoiceGen::Never | ParentChoiceGen::Agreeing(_) => None,
            ParentChoiceGen::Cover(cover) => cover.parent(row, source.stream, attempt),
            ParentChoiceGen::Chain { existing_count, chain } => Some(existing_count + chain.next(row)),
            ParentChoiceGen::Previous { existing_count, length } => {
                row.checked_sub(1).filter(|_| !row.is_multiple_of(*length)).map(|before| existing_count + before)
            }
            ParentChoiceGen::Itself { existing_count } => Some(existing_count + row),
            ParentChoiceGen::OneToOne(permutation) => Some(permutation.apply(row)).filter(|&p| p < size),
            ParentChoiceGen::InOrder(law) => Some(law.parent(row)).filter(|&p| p < size),
            ParentChoiceGen::Component { composite_key, place } => Some(self.digit(*composite_key, *place, row)),
            ParentChoiceGen::Active(law) => Some(law.parent(row)),
            ParentChoiceGen::Earlier { existing_count, rooted } => {
                let mut rng = CellRng::of_cell(source.stream.at(row, attempt));
                match if is_last_resort(attempt) { size } else { existing_count + row } {
                    0 if *rooted => Some(row),
                    0 => None,
                    among => Some(rng.below(among)),
                }
            }
            ParentChoiceGen::Spread(spread) => spread.pick(source.stream.at(row, attempt)),
            ParentChoiceGen::Ranked(_) if size == 0 => None,
            ParentChoiceGen::Ranked(law) => Some(law.parent(row, attempt, source.stream.at(row, attempt))),
            // After a rejection any row is a candidate.
            ParentChoiceGen::Detail(law) if attempt == 0 => Some(law.parent(row).0),
            ParentChoiceGen::Counted(law) => Some(law.parent(row).0),
            ParentChoiceGen::Detail(_) => Some(CellRng::of_cell(source.stream.at(row, attempt)).below(size)),
            ParentChoiceGen::Tree(tree) => tree.parent(row, attempt, size),
            ParentChoiceGen::Listed { list, rows } => rows.get(list.at(row, attempt)).copied(),
            ParentChoiceGen::Few(few) => few.pick(source.stream, size, row, attempt),
            ParentChoiceGen::Skewed if size == 0 => None,
            ParentChoiceGen::Skewed => Some(skewed(source.stream.at(row, attempt), size)),
        }
    }
}

impl ParentSelectionGen {
    /// Returns true if each place among the candidates is one parent row.
    pub(super) fn is_plain(&self) -> bool {
        self.members == 1 && self.partners <= 1
    }

    /// Returns the place of a parent row among the candidates; existing rows come first.
    pub(super) fn place(&self, parent: u64) -> Option<u64> {
        match &self.combinations {
            Some(rows) => rows.binary_search(&parent).ok().map(|place| place as u64),
            None => parent.checked_sub(self.first),
        }
    }

    /// Returns the places, before `first` is added, of the combinations with this parent row of a member.
    pub(super) fn places_of(&self, member: usize, parent: u64) -> impl Iterator<Item = u64> {
        let combinations = self.combinations.as_deref().map_or(&[][..], Vec::as_slice);
        let index = self.index.get_or_init(|| CombinationIndex::new(combinations, self.members as usize));
        index.places(combinations, member, parent).filter_map(|place| place.checked_sub(self.first))
    }

    /// Returns the parent row at a place among the candidates.
    pub(super) fn row(&self, place: u64) -> u64 {
        self.combinations.as_ref().map_or(self.first + place, |rows| rows[place as usize])
    }

    /// Returns the parent row after the first `places` candidates.
    pub(super) fn end(&self, places: u64) -> u64 {
        match &self.combinations {
            Some(rows) => places.checked_sub(1).and_then(|i| rows.get(i as usize)).map_or(0, |row| row + 1),
            None => self.first + places,
        }
    }

    /// Returns the index of one of the combinations of leading parent `i`.
    fn combination(&self, i: u64, row: u64, attempt: u32) -> u64 {
        match self.partners {
            0 | 1 => i,
            n => i * n + CellRng::new(self.partner.at(row, attempt)).below(n),
        }
    }
}

/// Rows that have one parent each, in the order of the parents.
#[derive(Debug, Clone, Copy)]
pub(super) struct InOrderGen {
    pub(super) parents: u64,
    pub(super) rows: u64,
}

impl InOrderGen {
    fn parent(self, row: u64) -> u64 {
        let scaled = u128::from(row) * u128::from(self.parents.max(self.rows)) / u128::from(self.rows.max(1));
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }

    /// Returns the row of a parent, if it has one.
    pub(super) fn child(self, parent: u64) -> Option<u64> {
        let scaled =
            (u128::from(parent) * u128::from(self.rows)).div_ceil(u128::from(self.parents.max(self.rows).max(1)));
        u64::try_from(scaled).ok().filter(|&row| row < self.rows && self.parent(row) == parent)
    }
}

impl FewParentsGen {
    fn pick(&self, stream: Stream, size: u64, row: u64, attempt: u32) -> Option<u64> {
        let word = CellRng::of_cell(stream.at(row, attempt)).below(*self.sums.last()?);
        let slot = self.sums.partition_point(|&sum| sum <= word);
        match self.earlier.map(|existing_count| existing_count + row) {
            Some(0) if self.rooted => Some(row),
            Some(0) => None,
            Some(among) => Some(slot as u64 % among),
            None if size == 0 => None,
            None => Some(match self.rows.get(slot) {
                Some(&given) => given,
                None => Permutation::new(mix(stream.key()), size).apply(slot as u64 % size),
            }),
        }
    }
}

/// Returns an index below `size`, low indices more often: half of the words uniform, half squared.
#[inline]
pub(super) fn skewed(word: u64, size: u64) -> u64 {
    let u = word >> 1;
    let scaled = if word & 1 == 0 { u } else { ((u128::from(u) * u128::from(u)) >> 63) as u64 };
    ((u128::from(scaled) * u128::from(size)) >> 63) as u64
}
