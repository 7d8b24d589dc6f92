//! The rows of recently asked parents in a period, sorted, so that neighbouring rows are found by binary search.
//!
//! Each thread has its own lists, of bounded size. A list is a pure function of its key.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// Maximum number of rows in the lists of a thread, 4 bytes each.
const MOST: usize = 1 << 19;

/// Identifies one [`Activity`](super::Activity).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ActivityId(u64);

impl ActivityId {
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        ActivityId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Identifies the rows of a parent in a period.
pub(super) type ListKey = (ActivityId, usize, u64);

#[derive(Default)]
struct RowLists {
    /// The rows of all lists, as offsets in their periods.
    rows: Vec<u32>,
    lists: HashMap<ListKey, Range<usize>>,
}

/// Returns the last of a parent's rows, as offsets in their period, that is below `limit`. `rows` are those in any
/// order; they are sorted once, and found again as long as the thread has them.
pub(super) fn last_below(key: ListKey, limit: u32, rows: impl FnOnce() -> Vec<u32>) -> Option<u32> {
    thread_local! {
        static LISTS: RefCell<RowLists> = RefCell::default();
    }
    LISTS.with_borrow_mut(|known| {
        let list = match known.lists.get(&key) {
            Some(list) => list.clone(),
            None => {
                let mut rows = rows();
                rows.sort_unstable();
                if known.rows.len() + rows.len() > MOST {
                    known.rows.clear();
                    known.lists.clear();
                }
                let from = known.rows.len();
                known.rows.append(&mut rows);
                let list = from..known.rows.len();
                known.lists.insert(key, list.clone());
                list
            }
        };
        let list = &known.rows[list];
        list[..list.partition_point(|row| *row < limit)].last().copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_made_once_while_there_is_room() {
        let key = (ActivityId::new(), 0, 7);
        let ask = |key, limit, made: &mut u32| {
            last_below(key, limit, || {
                *made += 1;
                vec![9, 3, 5]
            })
        };
        let mut made = 0;
        assert_eq!([3, 4, 5, 100].map(|limit| ask(key, limit, &mut made)), [None, Some(3), Some(3), Some(9)]);
        assert_eq!(made, 1);
        assert_eq!(ask((ActivityId::new(), 0, 7), 100, &mut made), Some(9));
        assert_eq!(made, 2);
        // The lists of a thread are dropped when they are full.
        let many = (MOST / 3) as u64;
        (0..many).for_each(|parent| _ = ask((key.0, 1, parent), 4, &mut made));
        assert_eq!((ask(key, 6, &mut made), made), (Some(5), many as u32 + 3));
    }
}
