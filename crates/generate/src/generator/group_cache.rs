//! Caches of recently solved groups and of parents that agree with another foreign key: child rows read the cells of a
//! parent row one by one, and each child reads them again.
//!
//! Each thread has its own caches. A group is a pure function of its row, so a cached result equals a computed one.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use dbmocker_core::rng_stream::mix;
use dbmocker_core::value::Value;

/// Number of rows cached by each thread.
const KEPT: u64 = 4096;
/// Number of parents cached by each thread.
const PARENTS: u64 = 1 << 14;

/// Identifies one state of one generator: results of another state are not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GenerationId(u64);

impl Default for GenerationId {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        GenerationId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Identifies a group, or a foreign key, of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellRequest {
    pub generation_id: GenerationId,
    pub table: usize,
    pub group: usize,
    pub row: u64,
    pub attempt: u32,
}

impl CellRequest {
    fn slot(self, of: u64) -> usize {
        let group = (self.table as u64) << 32 | self.group as u64;
        let hash = mix(mix(self.generation_id.0 ^ group) ^ mix(self.row ^ u64::from(self.attempt) << 48));
        (hash % of) as usize
    }
}

/// Returns the value at `place` of the result of `solve`, from the cache if possible.
///
/// # Errors
/// Those of `solve`.
pub(super) fn remembered<E>(
    asked: CellRequest,
    place: usize,
    solve: impl FnOnce() -> Result<Vec<Value>, E>,
) -> Result<Value, E> {
    type CachedGroup = Vec<Option<(CellRequest, Vec<Value>)>>;
    thread_local! {
        static KNOWN: RefCell<CachedGroup> = const { RefCell::new(Vec::new()) };
    }
    let known = KNOWN.with_borrow(|known| match known.get(asked.slot(KEPT)) {
        Some(Some((of, values))) if *of == asked => Some(values[place].clone()),
        _ => None,
    });
    if let Some(value) = known {
        return Ok(value);
    }
    // The cache is not borrowed during `solve`: a group may solve its parents' groups.
    let values = solve()?;
    let value = values[place].clone();
    KNOWN.with_borrow_mut(|known| {
        known.resize_with(KEPT as usize, || None);
        known[asked.slot(KEPT)] = Some((asked, values));
    });
    Ok(value)
}

/// Returns the result of `find`, from the cache if possible: whether a foreign key's parent agrees, and that parent.
pub(super) fn remembered_parent(asked: CellRequest, find: impl FnOnce() -> Option<Option<u64>>) -> Option<Option<u64>> {
    type CachedParents = Vec<Option<(CellRequest, Option<Option<u64>>)>>;
    thread_local! {
        static KNOWN: RefCell<CachedParents> = const { RefCell::new(Vec::new()) };
    }
    let slot = asked.slot(PARENTS);
    let known = KNOWN.with_borrow(|known| known.get(slot).copied().flatten());
    if let Some((_, parent)) = known.filter(|(of, _)| *of == asked) {
        return parent;
    }
    // As above: other parents may be found during `find`.
    let parent = find();
    KNOWN.with_borrow_mut(|known| {
        known.resize(PARENTS as usize, None);
        known[slot] = Some((asked, parent));
    });
    parent
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_row_is_solved_once_per_generation() {
        let solved = Cell::new(0);
        let ask = |asked: CellRequest, place| {
            let solve = || {
                solved.set(solved.get() + 1);
                Ok::<_, ()>(vec![Value::Int(asked.row.into()), Value::Int(7)])
            };
            remembered(asked, place, solve).unwrap()
        };
        let first = CellRequest { generation_id: GenerationId::default(), table: 1, group: 0, row: 5, attempt: 0 };
        assert_eq!((ask(first, 0), ask(first, 1), ask(first, 0)), (Value::Int(5), Value::Int(7), Value::Int(5)));
        assert_eq!(solved.get(), 1);
        for other in [
            CellRequest { generation_id: GenerationId::default(), ..first },
            CellRequest { attempt: 1, ..first },
            CellRequest { table: 2, ..first },
            CellRequest { group: 3, ..first },
            CellRequest { row: 6, ..first },
        ] {
            let before = solved.get();
            assert_eq!(ask(other, 0), Value::Int(other.row.into()));
            assert_eq!(solved.get(), before + 1, "{other:?}");
        }
        (0..3 * KEPT).for_each(|row| assert_eq!(ask(CellRequest { row, ..first }, 0), Value::Int(row.into())));
    }

    #[test]
    fn a_parent_is_found_once_per_generation() {
        let found = Cell::new(0);
        let ask = |asked: CellRequest| {
            remembered_parent(asked, || {
                found.set(found.get() + 1);
                Some(asked.row.checked_sub(1))
            })
        };
        let first = CellRequest { generation_id: GenerationId::default(), table: 1, group: 0, row: 5, attempt: 0 };
        assert_eq!((ask(first), ask(first)), (Some(Some(4)), Some(Some(4))));
        assert_eq!(found.get(), 1);
        let later = CellRequest { generation_id: GenerationId::default(), ..first };
        assert_eq!((ask(later), found.get()), (Some(Some(4)), 2));
        assert_eq!(ask(CellRequest { row: 0, ..first }), Some(None));
        (0..3 * PARENTS).for_each(|row| assert_eq!(ask(CellRequest { row, ..first }), Some(row.checked_sub(1))));
    }

    #[test]
    fn nested_groups_work_and_errors_are_not_cached() {
        let asked = |row| CellRequest { generation_id: GenerationId::default(), table: 0, group: 0, row, attempt: 0 };
        let (child, parent) = (asked(1), asked(2));
        let of_parent = || remembered(parent, 0, || Ok::<_, &str>(vec![Value::Int(2)]));
        let of_child = remembered(child, 0, || Ok::<_, &str>(vec![of_parent()?]));
        assert_eq!(of_child, Ok(Value::Int(2)));
        let failing = asked(3);
        assert_eq!(remembered(failing, 0, || Err("no")), Err("no"));
        assert_eq!(remembered(failing, 0, || Ok::<_, &str>(vec![Value::Int(3)])), Ok(Value::Int(3)));
    }
}
