//! Combinations of parent rows, found by the row of one member.

/// For each member, the places of the combinations in the order of the member's row, 4 bytes each; empty if they are in
/// this order already. The plan counts them ([`held`](dbmocker_plan::Plan::held)).
#[derive(Debug)]
pub(super) struct CombinationIndex {
    orders: Vec<Vec<u32>>,
}

impl CombinationIndex {
    /// `combinations`: `members` rows each.
    pub fn new(combinations: &[u64], members: usize) -> Self {
        let count = combinations.len() / members.max(1);
        let count = u32::try_from(count).expect("a plan has fewer combinations, which it checks");
        let order = |member: usize| {
            let row = |place: &u32| combinations[*place as usize * members + member];
            if (1..count).all(|place| row(&(place - 1)) <= row(&place)) {
                return Vec::new();
            }
            let mut places: Vec<u32> = (0..count).collect();
            places.sort_unstable_by_key(|place| (row(place), *place));
            places
        };
        CombinationIndex { orders: (0..members).map(order).collect() }
    }

    /// Returns the places of the combinations with this row of a member, ascending.
    pub fn places(&self, combinations: &[u64], member: usize, row: u64) -> impl Iterator<Item = u64> {
        let (members, order) = (self.orders.len(), &self.orders[member]);
        let place = move |i: usize| order.get(i).map_or(i, |place| *place as usize);
        let row_at = move |i: usize| combinations[place(i) * members + member];
        let count = combinations.len() / members.max(1);
        let (mut from, mut to) = (0, count);
        while from < to {
            let middle = from + (to - from) / 2;
            if row_at(middle) < row { from = middle + 1 } else { to = middle }
        }
        (from..count).take_while(move |i| row_at(*i) == row).map(move |i| place(i) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_each_member_are_found_with_four_bytes_each() {
        let combinations: Vec<u64> = (0..300u64).flat_map(|place| [place / 3, place * 7 % 50, place % 2]).collect();
        let index = CombinationIndex::new(&combinations, 3);
        for member in 0..3 {
            for row in 0..110 {
                let expected: Vec<u64> =
                    (0..300).filter(|place| combinations[*place as usize * 3 + member] == row).collect();
                assert_eq!(index.places(&combinations, member, row).collect::<Vec<_>>(), expected, "{member} {row}");
            }
        }
        assert_eq!(index.orders.iter().map(|order| order.capacity()).collect::<Vec<_>>(), [0, 300, 300]);
        assert_eq!(CombinationIndex::new(&[], 2).places(&[], 1, 0).count(), 0);
    }
}
