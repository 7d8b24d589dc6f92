//! Dependency order: strongly connected components of the foreign keys, and the order within a cycle.

/// An edge `child -> parent` between table indices.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    pub child: usize,
    pub parent: usize,
    /// A unique foreign key: the parent's row count must be known first.
    pub strong: bool,
    /// Its columns depend on themselves and cannot be NULL: of a cycle's foreign keys the last to become a back edge.
    pub bound: bool,
}

/// Tables in the order in which they can be planned and loaded, each with its level: tables of one level do not depend
/// on each other and are loaded in parallel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOrder {
    /// Parents first.
    pub tables: Vec<usize>,
    /// Parallel to `tables`.
    pub levels: Vec<usize>,
    /// Components with more than one table, in order.
    pub cycles: Vec<Vec<usize>>,
}

/// Orders `n` tables. Self references are ignored.
pub fn order(n: usize, edges: &[Edge]) -> TableOrder {
    let mut parents = vec![Vec::new(); n];
    for e in edges.iter().filter(|e| e.child != e.parent) {
        parents[e.child].push(e.parent);
    }
    let components = components(&parents);
    let mut component_of = vec![0; n];
    for (i, c) in components.iter().enumerate() {
        c.iter().for_each(|&t| component_of[t] = i);
    }
    let mut level = vec![0; components.len()];
    for (i, c) in components.iter().enumerate() {
        let above = c.iter().flat_map(|&t| &parents[t]).map(|&p| component_of[p]).filter(|&p| p != i);
        level[i] = above.map(|p| level[p] + 1).max().unwrap_or(0);
    }
    let mut by_level: Vec<usize> = (0..components.len()).collect();
    by_level.sort_by_key(|&i| (level[i], components[i].iter().min().copied()));
    let mut order = TableOrder { tables: Vec::with_capacity(n), levels: Vec::with_capacity(n), cycles: Vec::new() };
    for i in by_level {
        let inside = arrange(&components[i], edges);
        order.levels.extend(inside.iter().map(|_| level[i]));
        order.tables.extend(&inside);
        if inside.len() > 1 {
            order.cycles.push(inside);
        }
    }
    order
}

/// Orders the tables of a cycle: parents that cannot come later first, then strong ones; ties by the fewest parents
/// still missing, then by index.
fn arrange(component: &[usize], edges: &[Edge]) -> Vec<usize> {
    let mut left: Vec<usize> = component.to_vec();
    left.sort_unstable();
    let mut placed = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let missing = |t: usize, counts: fn(&Edge) -> bool| {
            let waits = |e: &&Edge| e.child == t && e.parent != t && left.contains(&e.parent) && counts(e);
            edges.iter().filter(waits).count()
        };
        let of = |t: usize| (missing(t, |e| e.bound), missing(t, |e| e.strong), missing(t, |_| true), t);
        let best = (0..left.len()).min_by_key(|&i| of(left[i]));
        placed.push(left.remove(best.expect("there are tables left")));
    }
    placed
}

/// Tarjan's strongly connected components, iteratively (schemas may chain hundreds of tables); parents come out first.
pub(super) fn components(parents: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let n = parents.len();
    let (mut index, mut low, mut on_stack) = (vec![NEW; n], vec![0; n], vec![false; n]);
    let (mut stack, mut out, mut next) = (Vec::new(), Vec::new(), 0);
    for root in 0..n {
        if index[root] != NEW {
            continue;
        }
        let mut calls = vec![(root, 0)];
        while let Some(&(v, i)) = calls.last() {
            if i == 0 {
                (index[v], low[v], on_stack[v]) = (next, next, true);
                next += 1;
                stack.push(v);
            }
            if let Some(&w) = parents[v].get(i) {
                calls.last_mut().expect("just seen").1 += 1;
                if index[w] == NEW {
                    calls.push((w, 0));
                } else if on_stack[w] {
                    low[v] = low[v].min(index[w]);
                }
                continue;
            }
            calls.pop();
            if let Some(&(u, _)) = calls.last() {
                low[u] = low[u].min(low[v]);
            }
            if low[v] == index[v] {
                let at = stack.iter().rposition(|&w| w == v).expect("v was pushed");
                let component = stack.split_off(at);
                component.iter().for_each(|&w| on_stack[w] = false);
                out.push(component);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(child: usize, parent: usize) -> Edge {
        Edge { child, parent, strong: false, bound: false }
    }

    #[test]
    fn parents_come_first_and_levels_count_from_the_roots() {
        let o = order(4, &[edge(0, 1), edge(1, 2), edge(3, 2), edge(2, 2)]);
        assert_eq!(o.tables, [2, 1, 3, 0]);
        assert_eq!(o.levels, [0, 1, 1, 2]);
        assert!(o.cycles.is_empty());
    }

    #[test]
    fn a_cycle_starts_with_the_parent_of_a_unique_key() {
        // 0 has a unique foreign key to 1, 1 a plain one to 0.
        let o = order(2, &[Edge { strong: true, ..edge(0, 1) }, edge(1, 0)]);
        assert_eq!(o.tables, [1, 0]);
        // A bound edge takes precedence.
        let o = order(2, &[Edge { strong: true, ..edge(0, 1) }, Edge { bound: true, ..edge(1, 0) }]);
        assert_eq!(o.tables, [0, 1]);
        assert_eq!(o.cycles, [[0, 1]]);
    }

    #[test]
    fn a_chain_of_thousands_does_not_overflow_the_stack() {
        let edges: Vec<Edge> = (1..20_000).map(|t| edge(t, t - 1)).collect();
        assert_eq!(order(20_000, &edges).levels.last(), Some(&19_999));
    }
}
