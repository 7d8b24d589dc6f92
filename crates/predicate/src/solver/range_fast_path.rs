//! A fast path for the most common coupled columns: ordered numbers (`ends >= starts`), generated without traversing a
//! tree.
//!
//! Data in: coupled columns with one branch, drawn from ranges of one kind and compared with each other. Data out: the
//! same values as the first try of the general search; if the first try fails, the general search is used.

use super::super::expr::{Cmp, Expr};
use super::branch_tree::{BranchLeaf, BranchNode};
use super::coupled_columns::{CoupledMember, WIDEST, halvings};
use super::row_source::RowSource;
use super::state::Relation;
use super::{Nulls, RoleKind};
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;
use dbmocker_domain::number::Span;
use dbmocker_domain::range_units::{of_units, units};
use dbmocker_domain::{RangeKind, Shape};

/// Maximum number of columns; their numbers are stored on the stack.
const MOST: usize = 8;

#[derive(Debug)]
pub(super) struct RangeFastPath {
    /// The cells in the order in which they are drawn.
    cells: Vec<FastCell>,
    /// The coupled columns.
    columns: usize,
    compared: Vec<Compared>,
}

#[derive(Debug)]
struct FastCell {
    /// Index in the table, and in the row of the coupled columns.
    column: usize,
    place: usize,
    kind: RangeKind,
    base: Span,
    /// The bounds left by the conditions with later cells, for any of their values.
    reach: Span,
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
    null_passes: bool,
}

impl RangeFastPath {
    /// `None` for other coupled columns.
    pub fn of(root: &BranchNode, columns: &[usize], members: &[CoupledMember]) -> Option<RangeFastPath> {
        let leaves: Vec<&BranchLeaf> = match root {
            BranchNode::BranchLeaf(leaf) => vec![leaf],
            BranchNode::All(nodes) => nodes
                .iter()
                .map(|n| if let BranchNode::BranchLeaf(l) = n { Some(l) } else { None })
                .collect::<Option<_>>()?,
            BranchNode::Any(_) => return None,
        };
        let mut range_fast_path = RangeFastPath { cells: Vec::new(), columns: columns.len(), compared: Vec::new() };
        for leaf in leaves {
            range_fast_path.add(leaf, columns, members)?;
        }
        (range_fast_path.cells.len() <= MOST && range_fast_path.cells.len() == columns.len()).then_some(range_fast_path)
    }

    fn add(&mut self, leaf: &BranchLeaf, columns: &[usize], members: &[CoupledMember]) -> Option<()> {
        let first = self.cells.len();
        let places = leaf.cells.iter().map(|c| columns.iter().position(|&x| x == c.column));
        let places: Vec<usize> = places.collect::<Option<_>>()?;
        let names: Vec<&str> = places.iter().map(|&p| members[p].name.as_str()).collect();
        let spans = leaf.cells.iter().map(|c| Span::of(c.domain.as_ref()?));
        let spans: Vec<(RangeKind, Span)> = spans.collect::<Option<_>>()?;
        let compared: Vec<Compared> = leaf.relations.iter().map(|r| compared(r, &names)).collect::<Option<_>>()?;
        for (i, c) in leaf.cells.iter().enumerate() {
            let member = &members[places[i]];
            if member.role != RoleKind::Free {
                return None;
            }
            let (kind, base) = spans[i];
            let (mut reach, mut limits) = (base, Vec::new());
            for (op, other) in compared.iter().filter_map(|r| r.seen_from(i)) {
                let (theirs, span) = spans[other];
                if theirs != kind {
                    return None;
                }
                if other < i {
                    limits.push((op, first + other));
                } else {
                    reach = limited(reach, op, if matches!(op, Cmp::Lt | Cmp::Le) { span.hi } else { span.lo })?;
                }
            }
            let (nulls, null_share) = (c.nulls, member.null_share);
            self.cells.push(FastCell {
                column: c.column,
                place: places[i],
                kind,
                base,
                reach,
                nulls,
                null_share,
                limits,
            });
        }
        let shifted = |r: Compared| Compared { left: r.left + first, right: r.right + first, ..r };
        self.compared.extend(compared.into_iter().map(shifted));
        Some(())
    }

    /// The row's values in the order of the coupled columns, if the first try satisfies every condition.
    pub fn first_try(&self, draws: &dyn RowSource) -> Option<Vec<Value>> {
        let tries = self.first_tries(&[draws]);
        let mut row = vec![Value::Null; self.columns];
        for (cell, numbers) in self.cells.iter().zip(&tries.numbers) {
            if let Some(n) = numbers.get(0) {
                row[cell.place] = of_units(cell.kind, n.into());
            }
        }
        tries.met[0].then_some(row)
    }

    /// The first try for many rows, one cell after the other, because the numbers of different rows are independent.
    fn first_tries<D: RowSource>(&self, rows: &[D]) -> Tries {
        let mut met = vec![true; rows.len()];
        let mut columns: Vec<Nullable<i64>> = Vec::with_capacity(self.cells.len());
        for cell in &self.cells {
            let limits = cell.limits.iter().map(|&(op, other)| (op, &columns[other]));
            let limits: Vec<(Cmp, &Nullable<i64>)> = limits.collect();
            let draw = |(row, (draws, met)): (usize, (&D, &mut bool))| {
                let mut rng = CellRng::of_cell(draws.hash(cell.column, 0));
                let null = match cell.nulls {
                    Nulls::Always => true,
                    Nulls::Free => match draws.present(cell.column, &|_| None) {
                        Some(present) => !present,
                        None => rng.unit() < cell.null_share,
                    },
                    Nulls::Never => false,
                };
                let number = if null || !*met { None } else { cell.draw(row, &limits, &mut rng) };
                *met &= null || number.is_some();
                number
            };
            let drawn = rows.iter().zip(&mut met).enumerate().map(draw);
            let column = match cell.nulls {
                // If there is none, another try is needed.
                Nulls::Never => drawn.map(Option::unwrap_or_default).collect::<Vec<i64>>().into(),
                _ => drawn.collect(),
            };
            columns.push(column);
        }
        for r in &self.compared {
            let (left, right) = (&columns[r.left], &columns[r.right]);
            for (row, met) in met.iter_mut().enumerate() {
                *met &= match (left.get(row), right.get(row)) {
                    (Some(left), Some(right)) => r.op.holds(left.cmp(&right)),
                    _ => r.null_passes,
                };
            }
        }
        Tries { numbers: columns, met }
    }

    /// Many rows as numbers, one column after the other in the order of the coupled columns; `None` if the general
    /// `search`, where it is needed, finds no values for a row.
    pub fn columns<D: RowSource>(
        &self,
        rows: &[D],
        search: impl Fn(&D) -> Option<Vec<Value>>,
    ) -> Option<Vec<SolvedNumbers>> {
        let mut tries = self.first_tries(rows);
        for (row, _) in tries.met.iter().enumerate().filter(|(_, met)| !**met) {
            let found = self.numbers_of(&search(&rows[row])?)?;
            tries.numbers.iter_mut().zip(found).for_each(|(column, number)| column.set(row, number));
        }
        let mut out: Vec<Option<SolvedNumbers>> = vec![None; self.columns];
        for (cell, numbers) in self.cells.iter().zip(tries.numbers) {
            out[cell.place] = Some(SolvedNumbers { kind: cell.kind, reach: (cell.base.lo, cell.base.hi), numbers });
        }
        out.into_iter().collect()
    }

    fn numbers_of(&self, row: &[Value]) -> Option<[Option<i64>; MOST]> {
        let mut numbers = [None; MOST];
        for (cell, number) in self.cells.iter().zip(&mut numbers) {
            let value = &row[cell.place];
            if !value.is_null() {
                *number = Some(i64::try_from(units(cell.kind, value).filter(|(_, exact)| *exact)?.0).ok()?);
            }
        }
        Some(numbers)
    }
}

/// First tries of many rows.
struct Tries {
    /// In the units and the order of the cells, one column for each.
    numbers: Vec<Nullable<i64>>,
    /// Whether a row satisfies every condition.
    met: Vec<bool>,
}

/// A column of solved rows, as numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct SolvedNumbers {
    pub kind: RangeKind,
    /// Their minimum and maximum.
    pub reach: (i64, i64),
    /// In the unit of the kind.
    pub numbers: Nullable<i64>,
}

impl FastCell {
    /// `limits`: the columns with which the row's number is compared.
    #[inline]
    fn draw(&self, row: usize, limits: &[(Cmp, &Nullable<i64>)], rng: &mut CellRng) -> Option<i64> {
        let mut now = self.reach;
        for (op, others) in limits {
            if let Some(n) = others.get(row) {
                now = limited(now, *op, n)?;
            }
        }
        let cut = if now == self.base { now } else { near(self.kind, self.base, now, rng) };
        Some(cut.draw(rng))
    }
}

/// As in [`coupled_columns`](super::coupled_columns).
#[inline]
fn near(kind: RangeKind, base: Span, now: Span, rng: &mut CellRng) -> Span {
    let Some(most) = halvings(kind) else {
        return if now.lo == base.lo && now.hi < base.hi { now.shaped(Shape::High) } else { now };
    };
    let span = ((base.hi - base.lo) >> (WIDEST + rng.below(most - WIDEST))).max(now.step());
    let cut = match (now.lo > base.lo, now.hi < base.hi) {
        (true, false) => now.keep(now.lo, now.lo.saturating_add(span)),
        (false, true) => now.keep(now.hi.saturating_sub(span), now.hi),
        _ => return now,
    };
    cut.map_or(now, |cut| cut.shaped(Shape::Uniform))
}

impl Compared {
    /// The comparison with the cell on its left, and the other cell.
    fn seen_from(&self, cell: usize) -> Option<(Cmp, usize)> {
        match cell {
            _ if cell == self.left => Some((self.op, self.right)),
            _ if cell == self.right => Some((self.op.flip(), self.left)),
            _ => None,
        }
    }
}

/// A condition between two cells of the leaf.
fn compared(r: &Relation, names: &[&str]) -> Option<Compared> {
    let Expr::Compare { op: op @ (Cmp::Lt | Cmp::Le | Cmp::Gt | Cmp::Ge), left, right } = &r.tree else { return None };
    let cell = |t: &Expr| match t {
        Expr::Column(name) => names.iter().position(|n| n == name),
        _ => None,
    };
    let (left, right) = (cell(left)?, cell(right)?);
    (left != right).then_some(Compared { left, op: *op, right, null_passes: r.null_passes })
}

#[inline]
fn limited(span: Span, op: Cmp, n: i64) -> Option<Span> {
    match op {
        Cmp::Lt => span.keep(span.lo, n - 1),
        Cmp::Le => span.keep(span.lo, n),
        Cmp::Gt => span.keep(n + 1, span.hi),
        Cmp::Ge => span.keep(n, span.hi),
        Cmp::Eq | Cmp::Ne => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{date, int};
    use super::super::{ColumnInput, NamedCheck, solve};
    use dbmocker_core::schema::Dialect;

    /// Tests which coupled columns use the fast path; that the values equal those of the general search is tested
    /// there.
    #[test]
    fn ordered_ranges_take_the_short_way_and_nothing_else_does() {
        let short = |columns: &[ColumnInput], check: &str| {
            let s = solve(columns, &[NamedCheck::new("c", check)], Dialect::Postgres, 0);
            s.groups.iter().map(super::super::CoupledColumns::is_ordered).collect::<Vec<_>>()
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
