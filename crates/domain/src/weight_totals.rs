//! Weighted choice in constant time.

use dbmocker_core::rng_stream::CellRng;

/// Entries of the guide table for each weight, at most.
const GUIDES_PER_WEIGHT: u64 = 8;

/// Cumulative weights with a guide table, which gives for each interval of numbers the item at which the search begins
/// (H. C. Chen and Y. Asau, "On Generating Random Variates from an Empirical Distribution", 1974).
///
/// A search takes a constant number of steps on average, without the unpredictable branches of a binary search.
#[derive(Debug, Clone)]
pub struct WeightTotals {
    /// The sum of the weights up to and including each item's.
    totals: Vec<u64>,
    /// The first item whose total exceeds `i << shift`.
    guide: Vec<u32>,
    shift: u32,
}

impl WeightTotals {
    /// The totals of weights, in the order of the items.
    pub fn new(weights: impl IntoIterator<Item: Into<u64>>) -> Self {
        let sums = weights.into_iter().scan(0, |total, weight| {
            *total += weight.into();
            Some(*total)
        });
        let totals: Vec<u64> = sums.collect();
        let all = totals.last().copied().unwrap_or(0);
        let most = GUIDES_PER_WEIGHT * totals.len() as u64;
        let shift = (0..u64::BITS).find(|&shift| all >> shift <= most).unwrap_or(0);
        let mut item = 0;
        let guide = (0..=all >> shift).map(|i| {
            item += totals[item..].iter().take_while(|&&total| total <= i << shift).count();
            item as u32
        });
        WeightTotals { guide: guide.collect(), totals, shift }
    }

    /// The sum of all weights.
    #[inline]
    pub fn all(&self) -> u64 {
        self.totals.last().copied().unwrap_or(0)
    }

    /// The sum of the weights of the first `n` items; `n` must be from 1 to the number of items.
    #[inline]
    pub fn first(&self, n: usize) -> u64 {
        self.totals[n - 1]
    }

    /// The item for a number below the sum of all weights.
    #[inline]
    pub fn item(&self, at: u64) -> usize {
        let mut i = self.guide[(at >> self.shift) as usize] as usize;
        while self.totals[i] <= at {
            i += 1;
        }
        i
    }

    /// The sum of the weights before an item's.
    #[inline]
    pub fn before(&self, item: usize) -> u64 {
        if item == 0 { 0 } else { self.totals[item - 1] }
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.totals.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.totals.is_empty()
    }

    /// A random item, by weight; at least one weight must not be 0.
    #[inline]
    pub fn draw(&self, rng: &mut CellRng) -> usize {
        self.item(rng.below(self.all()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn items_have_as_many_numbers_as_their_weight(weights in prop::collection::vec(0u32..40, 1..80)) {
            let made = WeightTotals::new(weights.iter().copied());
            let mut seen = vec![0; weights.len()];
            (0..made.all()).for_each(|at| seen[made.item(at)] += 1);
            prop_assert_eq!(seen, weights);
        }

        #[test]
        fn items_are_those_of_a_binary_search(weights in prop::collection::vec(any::<u32>(), 1..300), at: u64) {
            let made = WeightTotals::new(weights.iter().copied());
            let at = at.checked_rem(made.all()).unwrap_or(0);
            prop_assume!(made.all() > 0);
            prop_assert_eq!(made.item(at), made.totals.partition_point(|&total| total <= at));
        }
    }
}
