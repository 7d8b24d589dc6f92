//! The inverse of a parent selection: the rows that refer to a given row.

use std::ops::Range;

use super::Generator;
use super::parents::ParentChoiceGen;

impl Generator {
    /// Returns true if the rows that refer to a parent by this foreign key can be computed from the parent's row
    /// number.
    pub fn has_inverse(&self, t: usize, foreign: usize) -> bool {
        let table = &self.tables[t];
        let f = &table.foreign[foreign];
        let source = &table.sources[f.source];
        let told = match &source.pick {
            ParentChoiceGen::Detail(_)
            | ParentChoiceGen::Counted(_)
            | ParentChoiceGen::Active(_)
            | ParentChoiceGen::Ranked(_)
            | ParentChoiceGen::OneToOne(_)
            | ParentChoiceGen::InOrder(_) => true,
            ParentChoiceGen::Component { composite_key, place: 0 } => {
                table.composite_keys[*composite_key].law().is_some()
            }
            _ => false,
        };
        let alone = source.is_plain() && source.meets.is_none() && !table.tries();
        told && alone && f.columns.iter().all(|&c| table.columns[c].is_of(foreign).is_some())
    }

    /// Returns true if the key is NULL in some rows.
    pub fn foreign_may_be_null(&self, t: usize, foreign: usize) -> bool {
        let f = &self.tables[t].foreign[foreign];
        f.null_below > 0 || f.decided.is_some()
    }

    /// Returns the number of rows that refer to row `p` of their parent, before NULLs by `null_share`.
    pub fn children_count(&self, t: usize, foreign: usize, p: u64) -> u64 {
        let source = &self.tables[t].sources[self.tables[t].foreign[foreign].source];
        if let ParentChoiceGen::Active(law) = &source.pick {
            return self.chosen(t, foreign, p).map_or(0, |i| law.count(i));
        }
        if let ParentChoiceGen::Ranked(law) = &source.pick {
            return self.chosen(t, foreign, p).map_or(0, |i| law.count(i));
        }
        let mut count = 0;
        self.each_child(t, foreign, p, &mut |rows| count += rows.end - rows.start);
        count
    }

    /// Calls `each` for the rows that refer to row `p` of their parent, before NULLs by `null_share`.
    pub fn each_child(&self, t: usize, foreign: usize, p: u64, each: &mut dyn FnMut(Range<u64>)) {
        let table = &self.tables[t];
        let source = &table.sources[table.foreign[foreign].source];
        let Some(i) = self.chosen(t, foreign, p) else { return };
        let run = |(start, count): (u64, u64)| start..start + count;
        match &source.pick {
            ParentChoiceGen::Detail(law) | ParentChoiceGen::Counted(law) if i < law.parents() => {
                each(run(law.children(i)))
            }
            ParentChoiceGen::Component { composite_key, .. } => {
                table.composite_keys[*composite_key].children_of_digit(i).map(run).into_iter().for_each(each);
            }
            ParentChoiceGen::Active(law) => law.children(i).for_each(|row| each(row..row + 1)),
            ParentChoiceGen::Ranked(law) => law.children(i).for_each(|row| each(row..row + 1)),
            ParentChoiceGen::InOrder(law) => law.child(i).map(|row| row..row + 1).into_iter().for_each(each),
            ParentChoiceGen::OneToOne(permutation) if i < permutation.size() => {
                let row = permutation.invert(i);
                if row < table.rows {
                    each(row..row + 1);
                }
            }
            _ => {}
        }
    }

    /// Returns the index of a generated parent row in the selection's index space; `None` if it is outside.
    fn chosen(&self, t: usize, foreign: usize, p: u64) -> Option<u64> {
        let table = &self.tables[t];
        let f = &table.foreign[foreign];
        let place = table.sources[f.source].place(f.existing_keys.len() as u64 + p);
        place.filter(|_| table.rows > 0)
    }
}
