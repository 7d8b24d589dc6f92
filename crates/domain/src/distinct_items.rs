//! The items of an array in which none occurs twice.

use dbmocker_core::rng_stream::CellRng;

/// Number of draws of items that the array already holds, for each item, before the remaining ones are counted up.
const REDRAWS: usize = 20;

/// Draws `n` different items. `all`: the number of different items, and the item of a number.
pub(super) fn distinct_items<T: PartialEq>(
    n: usize,
    rng: &mut CellRng,
    draw: impl Fn(&mut CellRng) -> T,
    all: (u128, impl Fn(u128) -> T),
) -> Vec<T> {
    let mut items: Vec<T> = Vec::new();
    let mut redraws = n.saturating_mul(REDRAWS);
    while items.len() < n && redraws > 0 {
        let item = draw(rng);
        if items.contains(&item) { redraws -= 1 } else { items.push(item) }
    }
    let (size, value) = all;
    for item in (0..size).map(value) {
        if items.len() >= n {
            break;
        }
        if !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_items_fill_the_array() {
        let mut rng = CellRng::new(7);
        let items = distinct_items(5, &mut rng, |rng| u128::from(rng.below(2)), (5, |i| i));
        let mut sorted = items.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4], "{items:?}");
        let few = distinct_items(5, &mut rng, |_| 1, (1, |_| 1));
        assert_eq!(few, [1]);
    }
}
