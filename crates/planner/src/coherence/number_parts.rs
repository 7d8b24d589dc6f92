//! Numbers that are parts of other numbers of their row, what is left of these, and differences.

use super::{ParentLink, RowLaws};
use dbmocker_plan::Formula;
use dbmocker_semantics::number_parts::{NumberWords, PartShare, is_difference, is_middle, is_rest, part_of};
use dbmocker_semantics::{Amount, Name, in_cents};

/// First words of names that stand beside a total, not for a part of it.
const SIDES: &[&str] = &["net", "gross", "average", "avg", "min", "max", "unit", "daily", "last", "first", "ytd"];

impl RowLaws<'_> {
    /// Adds the laws of parts, rests and differences that no other law determines.
    pub fn number_parts(&mut self) {
        self.component_sums();
        let numbers: Vec<usize> = (0..self.scales.len()).filter(|c| self.scales[*c].is_some()).collect();
        let mut pairs = Vec::new();
        let words: Vec<NumberWords> = (0..self.scales.len()).map(|c| NumberWords::of(self.name(c))).collect();
        for &part in numbers.iter().filter(|c| !self.aggregated.contains(c)) {
            let of = |whole: &usize| {
                if !words[part].part && !words[*whole].limit {
                    return None;
                }
                let comparable = *whole != part && in_cents(self.name(part)) == in_cents(self.name(*whole));
                Some((*whole, part_of(self.name(part), self.name(*whole)).filter(|_| comparable)?))
            };
            if let Some((whole, share)) = numbers.iter().find_map(of) {
                pairs.push((part, whole, share));
            }
        }
        for &(part, whole, share) in &pairs {
            let text = format!("part of {}", self.name(whole));
            let expr = self.base(whole, part).times(share_of(share), self.scale(part));
            self.law(Some(part), expr, text);
        }
        for &rest in &numbers {
            let found = pairs.iter().find(|(part, whole, _)| {
                ![*part, *whole].contains(&rest) && is_rest(self.name(rest), self.name(*part), self.name(*whole))
            });
            if let Some(&(part, whole, _)) = found {
                let text = format!("{} - {}", self.name(whole), self.name(part));
                self.law(Some(rest), Formula::Cell(whole) - Formula::Cell(part), text);
            }
        }
        self.differences(&numbers, &words);
        self.middles(&numbers, &words);
    }

    /// The middle of two numbers.
    fn middles(&mut self, numbers: &[usize], words: &[NumberWords]) {
        for &middle in numbers.iter().filter(|c| words[**c].middle) {
            let pairs = numbers.iter().flat_map(|low| numbers.iter().map(move |high| (*low, *high)));
            let is = |(low, high): &(usize, usize)| is_middle(self.name(middle), self.name(*low), self.name(*high));
            let Some((low, high)) = pairs.into_iter().find(is) else { continue };
            // An ask is a little above its bid.
            if Name::new(self.name(high)).has("ask") {
                let spread = Formula::Between { lo: 1001, hi: 1020, scale: 3 };
                let expr = self.base(low, high).times(spread, self.scale(high));
                self.law(Some(high), expr, format!("a little above {}", self.name(low)));
            }
            let sum = self.base(low, middle) + self.base(high, middle);
            let text = format!("the middle of {} and {}", self.name(low), self.name(high));
            self.law(Some(middle), sum.over(Formula::whole(2), self.scale(middle)), text);
        }
    }

    /// Parts of numbers of the parent rows: the score of a submission, of the assignment's largest one.
    pub fn parts_of_parents(&mut self, leads: &[ParentLink<'_>]) {
        let own = |c: &usize| self.scales[*c].is_some() && !self.aggregated.contains(c);
        let limits = |lead: &ParentLink<'_>| -> Vec<bool> {
            lead.parent.columns.iter().map(|c| NumberWords::of(&c.name).limit).collect()
        };
        let limits: Vec<Vec<bool>> = leads.iter().map(limits).collect();
        for part in (0..self.scales.len()).filter(own).collect::<Vec<usize>>() {
            let name = self.name(part);
            let is_part = NumberWords::of(name).part;
            let of = |(lead, limits): (&ParentLink<'_>, &Vec<bool>)| {
                let may = |p: usize| lead.scales[p].is_some() && (is_part || limits[p]);
                let columns = lead.parent.columns.iter().enumerate().filter(|(p, _)| may(*p));
                let share = |theirs: &str| part_of(name, theirs).filter(|_| in_cents(name) == in_cents(theirs));
                columns.into_iter().find_map(|(p, theirs)| Some((lead.foreign, p, share(&theirs.name)?)))
            };
            let found = leads.iter().zip(&limits).find_map(|lead| Some((lead.0, of(lead)?)));
            let Some((lead, (foreign, column, share))) = found else {
                continue;
            };
            let whole = format!("{}.{}", lead.parent.name.name, lead.parent.columns[column].name);
            let parent = Formula::Parent { foreign, column };
            let expr = parent.clone().times(share_of(share), self.scale(part)).or(Formula::Own);
            self.law(Some(part), expr, format!("part of {whole}"));
            if share == PartShare::Score && self.laws.contains_key(&part) {
                self.percent(Amount::Percent, part, parent, whole);
            }
        }
    }

    /// A total of the columns that end in the same word: `total_due` of `principal_due` and `interest_due`.
    fn component_sums(&mut self) {
        let words = |c: usize| Name::new(self.name(c)).words;
        let money = |c: &usize| self.scales[*c].is_some_and(|scale| scale > 0) || in_cents(self.name(*c));
        let all: Vec<(usize, Vec<String>)> = (0..self.scales.len()).filter(money).map(|c| (c, words(c))).collect();
        for (total, name) in &all {
            let Some((first, suffix)) =
                name.split_first().filter(|(first, rest)| *first == "total" && !rest.is_empty())
            else {
                continue;
            };
            let part = |(c, own): &&(usize, Vec<String>)| {
                let one = own.len() == suffix.len() + 1 && own.ends_with(suffix) && own[0] != *first;
                one && self.scales[*c] == self.scales[*total] && !SIDES.contains(&own[0].as_str())
            };
            let parts: Vec<usize> = all.iter().filter(part).map(|(c, _)| *c).collect();
            let Some((&head, rest)) = parts.split_first().filter(|(_, rest)| !rest.is_empty()) else { continue };
            if parts.iter().any(|c| self.table.columns[*c].generated.is_some()) {
                continue;
            }
            let (expr, text) = self.sum(head, rest, &[]);
            self.law(Some(*total), expr, text);
        }
    }

    /// A difference of what was found and what was expected, which is near to it.
    fn differences(&mut self, numbers: &[usize], words: &[NumberWords]) {
        let with = |of: fn(&NumberWords) -> bool| numbers.iter().copied().filter(move |c| of(&words[*c]));
        for difference in with(|w| w.difference) {
            let pairs = with(|w| w.found).flat_map(|found| with(|w| w.expected).map(move |expected| (found, expected)));
            let is = |(found, expected): &(usize, usize)| {
                is_difference(self.name(difference), self.name(*found), self.name(*expected))
            };
            let Some((found, expected)) = pairs.into_iter().find(is) else { continue };
            let near = Formula::percent_of(&[(100, 70), (99, 6), (98, 6), (95, 4), (101, 5), (102, 5), (105, 4)]);
            let text = format!("near {}", self.name(expected));
            self.law(Some(found), self.base(expected, found).times(near, self.scale(found)), text);
            let text = format!("{} - {}", self.name(found), self.name(expected));
            let expr = self.base(found, difference) - self.base(expected, difference);
            self.law(Some(difference), expr, text);
        }
    }

    /// Returns the cell of a column; where that is NULL, NULL if the column of the law may be NULL, else 0.
    fn base(&self, of: usize, column: usize) -> Formula {
        if self.table.columns[column].nullable { Formula::Nullable(of) } else { Formula::Cell(of) }
    }
}

/// Returns the factor of a part.
fn share_of(share: PartShare) -> Formula {
    match share {
        PartShare::Most => Formula::percent_of(&[(100, 75), (90, 8), (80, 7), (50, 6), (0, 4)]),
        PartShare::Some => Formula::Between { lo: 0, hi: 100, scale: 2 },
        PartShare::Few => Formula::percent_of(&[(0, 85), (2, 4), (5, 5), (10, 4), (20, 2)]),
        PartShare::Nearly => Formula::Between { lo: 82, hi: 98, scale: 2 },
        PartShare::Margin => Formula::Between { lo: 40, hi: 85, scale: 2 },
        PartShare::Score => Formula::Normal { mean: 76, deviation: 14, lo: 15, hi: 100, scale: 2 },
    }
}
