//! Numbers in order, the commonest group (`ends >= starts`), made without a tree being looked at.
//!
//! Data in: a group of one way, whose columns are drawn from ranges of one kind and compared with each other. Data out: what
//! the group's first try gives, the same values; whatever is more than that is left to the group.

use super::super::tree::{Cmp, Tree};
use super::RoleKind;
use super::group::{Draws, Member, near};
use super::tree_of_leaves::{Leaf, Node};
use super::{Nulls, state::Relation};
use crate::domain::narrow::{Kept, of_units, units};
use crate::domain::{Domain, RangeKind, Sampler};
use crate::generate::stream::CellRng;
use crate::value::Value;

#[derive(Debug)]
pub(super) struct Ordered {
    /// In the order in which they are drawn.
    cells: Vec<Cell>,
    /// Columns of the group.
    columns: usize,
    compared: Vec<Compared>,
}

#[derive(Debug)]
struct Cell {
    /// Index in the table, and in the row as the group gives it.
    column: usize,
    place: usize,
    kind: RangeKind,
    /// What the conditions with later cells leave, whatever these will be; `None` where these change nothing.
    reach: Option<Domain>,
    base: Domain,
    sampler: Sampler,
    nulls: Nulls,
    null_share: f64,
    /// `self op number of the cell`, for cells drawn before.
    limits: Vec<(Cmp, usize)>,
}

/// `left op right`, both indices of cells.
#[derive(Debug)]
struct Compared {
    left: usize,
    op: Cmp,
    right: usize,
    lenient: bool,
}

impl Ordered {
    /// `None` for groups that are anything else.
    pub fn of(root: &Node, columns: &[usize], members: &[Member]) -> Option<Ordered> {
        let leaves: Vec<&Leaf> = match root {
            Node::Leaf(leaf) => vec![leaf],
            Node::All(nodes) => {
                nodes.iter().map(|n| if let Node::Leaf(l) = n { Some(l) } else { None }).collect::<Option<_>>()?
            }
            Node::Any(_) => return None,
        };
        let mut ordered = Ordered { cells: Vec::new(), columns: columns.len(), compared: Vec::new() };
        for leaf in leaves {
            let names = leaf.cells.iter().map(|c| {
                let place = columns.iter().position(|&x| x == c.column)?;
                Some((place, members[place].name.as_str()))
            });
            let names: Vec<(usize, &str)> = names.collect::<Option<_>>()?;
            let compared: Vec<Compared> =
                leaf.relations.iter().map(|r| compared(r, &names)).collect::<Option<Vec<_>>>()?;
            let first = ordered.cells.len();
            for (i, c) in leaf.cells.iter().enumerate() {
                let member = &members[names[i].0];
                let base = c.domain.clone().filter(|d| plain(d) && member.role == RoleKind::Free)?;
                let Domain::Range { kind, .. } = base else { return None };
                let mut reach = base.clone();
                let mut limits = Vec::new();
                for (op, other) in compared.iter().filter_map(|r| r.seen_from(i)) {
                    let Some(Domain::Range { kind: theirs, lo, hi, .. }) = &leaf.cells[other].domain else {
                        return None;
                    };
                    if *theirs != kind {
                        return None;
                    }
                    if other < i {
                        limits.push((op, first + other));
                    } else {
                        let end = if matches!(op, Cmp::Lt | Cmp::Le) { *hi } else { *lo };
                        reach = limited(&reach, op, end)?;
                    }
                }
                ordered.cells.push(Cell {
                    column: c.column,
                    place: names[i].0,
                    kind,
                    reach: (reach != base).then_some(reach),
                    sampler: base.sampler(),
                    base,
                    nulls: c.nulls,
                    null_share: member.null_share,
                    limits,
                });
            }
            let shifted = |r: Compared| Compared { left: r.left + first, right: r.right + first, ..r };
            ordered.compared.extend(compared.into_iter().map(shifted));
        }
        Some(ordered)
    }

    /// The row's values in the group's order, if its first try meets every condition.
    pub fn first_try(&self, draws: &dyn Draws) -> Option<Vec<Value>> {
        let mut numbers: Vec<Option<i128>> = vec![None; self.cells.len()];
        let mut row = vec![Value::Null; self.columns];
        for (i, cell) in self.cells.iter().enumerate() {
            let mut rng = CellRng::new(draws.hash(cell.column, 0));
            let nullable = cell.nulls == Nulls::Free;
            if cell.nulls == Nulls::Always || (nullable && rng.unit() < cell.null_share) {
                continue;
            }
            let value = cell.draw(&numbers, &mut rng)?;
            numbers[i] = Some(units(cell.kind, &value)?.0);
            row[cell.place] = value;
        }
        let met = |r: &Compared| match (numbers[r.left], numbers[r.right]) {
            (Some(left), Some(right)) => r.op.holds(left.cmp(&right)),
            _ => r.lenient,
        };
        self.compared.iter().all(met).then_some(row)
    }
}

impl Cell {
    fn draw(&self, numbers: &[Option<i128>], rng: &mut CellRng) -> Option<Value> {
        let mut now: Option<Domain> = self.reach.clone();
        for &(op, other) in &self.limits {
            let Some(n) = numbers[other] else { continue };
            let before = now.as_ref().unwrap_or(&self.base);
            let after = limited(before, op, n)?;
            if after != *before {
                now = Some(after);
            }
        }
        let value = match now {
            None => self.sampler.draw(rng),
            Some(now) => near(&self.base, now, rng).draw(rng),
        };
        let (n, _) = units(self.kind, &value)?;
        Some(of_units(self.kind, n))
    }
}

impl Compared {
    /// The comparison with the cell on its left, and the other cell.
    fn seen_from(&self, cell: usize) -> Option<(Cmp, usize)> {
        if self.left == cell {
            Some((self.op, self.right))
        } else {
            (self.right == cell).then(|| (self.op.flip(), self.left))
        }
    }
}

/// A condition between two of the leaf's cells, `names` being (place, name) of each.
fn compared(r: &Relation, names: &[(usize, &str)]) -> Option<Compared> {
    let Tree::Compare { op: op @ (Cmp::Lt | Cmp::Le | Cmp::Gt | Cmp::Ge), left, right } = &r.tree else { return None };
    let cell = |t: &Tree| match t {
        Tree::Column(name) => names.iter().position(|(_, n)| n == name),
        _ => None,
    };
    let (left, right) = (cell(left)?, cell(right)?);
    (left != right).then_some(Compared { left, op: *op, right, lenient: r.lenient })
}

/// A range without exceptions, whose copies cost nothing.
fn plain(d: &Domain) -> bool {
    matches!(d, Domain::Range { except, .. } if except.is_empty())
}

fn limited(d: &Domain, op: Cmp, n: i128) -> Option<Domain> {
    let kept = match op {
        Cmp::Lt => d.keep_range(i128::MIN, n.saturating_sub(1)),
        Cmp::Le => d.keep_range(i128::MIN, n),
        Cmp::Gt => d.keep_range(n.saturating_add(1), i128::MAX),
        Cmp::Ge => d.keep_range(n, i128::MAX),
        Cmp::Eq | Cmp::Ne => return None,
    };
    match kept {
        Kept::Exact(d) => Some(d),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{date, int};
    use super::super::{ColumnInput, NamedCheck, solve};
    use crate::schema::Dialect;

    /// That the values are the general way's is a law, tested there; here: which groups take the short way.
    #[test]
    fn ordered_ranges_take_the_short_way_and_nothing_else_does() {
        let short = |columns: &[ColumnInput], check: &str| {
            let s = solve(columns, &[NamedCheck::new("c", check)], Dialect::Postgres, 0);
            s.groups.iter().map(super::super::Group::is_ordered).collect::<Vec<_>>()
        };
        let dates = [date("a"), date("b"), date("c")];
        assert_eq!(short(&dates, "a < b AND b <= c"), [true]);
        assert_eq!(short(&dates, "a < b OR b < c"), [false]);
        assert_eq!(short(&dates, "a <> b"), [false]);
        let numbers = [int("a", 0, 9), int("b", 0, 9), int("c", 0, 9)];
        assert_eq!(short(&numbers, "a <= b"), [true]);
        assert_eq!(short(&numbers, "a + c <= b"), [false]);
    }
}
