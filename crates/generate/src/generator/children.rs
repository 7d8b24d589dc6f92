//! The inverse of a parent selection: the rows that refer to a given row.

use std::ops::Range;

use super::Generator;
use super::ancestor_agreement::AncestorAgreementGen;
use super::parents::ParentChoiceGen;
use dbmocker_plan::FkStep;

impl Generator {
    /// Returns true if the rows that refer to a parent by this foreign key can be computed from the parent's row
    /// number.
    pub fn has_inverse(&self, t: usize, foreign: usize) -> bool {
        let table = &self.tables[t];
        let f = &table.foreign[foreign];
        let source = &table.sources[f.source];
        if table.tries() || !f.columns.iter().all(|&c| table.columns[c].is_of(foreign).is_some()) {
            return false;
        }
        if let Some(met) = &source.meets {
            return met.followed().is_some_and(|(by, up)| {
                let certain = |t: usize, foreign: usize| {
                    let f = &self.tables[t].foreign[foreign];
                    !self.foreign_may_be_null(t, foreign) && f.existing_keys.is_empty() && self.has_inverse(t, foreign)
                };
                certain(t, by) && up.iter().all(|step| certain(step.table, step.foreign))
            });
        }
        match &source.pick {
            ParentChoiceGen::OneToOne(_) => {
                source.partners <= 1 && (source.members == 1 || source.combinations.is_some())
            }
            ParentChoiceGen::Detail(_)
            | ParentChoiceGen::Counted(_)
            | ParentChoiceGen::Active(_)
            | ParentChoiceGen::Ranked(_)
            | ParentChoiceGen::InOrder(_) => source.is_plain(),
            ParentChoiceGen::Component { composite_key, place: 0 } => {
                source.is_plain() && table.composite_keys[*composite_key].law().is_some()
            }
            _ => false,
        }
    }

    /// Returns true if the key is NULL in some rows.
    pub fn foreign_may_be_null(&self, t: usize, foreign: usize) -> bool {
        let f = &self.tables[t].foreign[foreign];
        f.null_below > 0 || f.decided.is_some()
    }

    /// Returns the number of rows that refer to row `p` of their parent, before NULLs by `null_share`.
    pub fn children_count(&self, t: usize, foreign: usize, p: u64) -> u64 {
        let source = &self.tables[t].sources[self.tables[t].foreign[foreign].source];
        match &source.pick {
            _ if source.meets.is_some() => {}
            ParentChoiceGen::Active(law) => return self.chosen(t, foreign, p).map_or(0, |i| law.count(i)),
            ParentChoiceGen::Ranked(law) => return self.chosen(t, foreign, p).map_or(0, |i| law.count(i)),
            _ => {}
        }
        let mut count = 0;
        self.each_child(t, foreign, p, &mut |rows| count += rows.end - rows.start);
        count
    }

    /// Calls `each` for the rows that refer to row `p` of their parent, before NULLs by `null_share`.
    pub fn each_child(&self, t: usize, foreign: usize, p: u64, each: &mut dyn FnMut(Range<u64>)) {
        let table = &self.tables[t];
        let f = &table.foreign[foreign];
        let source = &table.sources[f.source];
        if let Some((by, up)) = source.meets.as_ref().and_then(AncestorAgreementGen::followed) {
            return self.each_descendant(up, p, &mut |rows| rows.for_each(|x| self.each_child(t, by, x, each)));
        }
        if let ParentChoiceGen::OneToOne(permutation) = &source.pick
            && source.members > 1
        {
            let parent = f.existing_keys.len() as u64 + p;
            let places =
                source.places_of(f.member, parent).filter(|&place| place < source.size.min(permutation.size()));
            let rows = places.map(|place| permutation.invert(place));
            return rows.filter(|&row| row < table.rows).for_each(|row| each(row..row + 1));
        }
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

    /// Calls `each` for the rows that lead up to row `p` of an ancestor by these steps, child first.
    fn each_descendant(&self, up: &[FkStep], p: u64, each: &mut dyn FnMut(Range<u64>)) {
        match up {
            [] => each(p..p + 1),
            [below @ .., step] => self.each_child(step.table, step.foreign, p, &mut |rows| {
                rows.for_each(|row| self.each_descendant(below, row, each));
            }),
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
