//! Keys whose values decide the branch of coupled columns: their domain leaves each branch about its share of the rows.

use super::{PlanContext, TablePlanner};
use dbmocker_domain::{Domain, RangeKind};
use dbmocker_predicate::Solution;

/// Values of the narrowed domain for each row, so that existing rows and rejected values leave enough.
const VALUES_PER_ROW: i128 = 4;

impl TablePlanner<'_> {
    /// Narrows the whole numbers of a key of which a branch allows only few, at one end: a value drawn from all of them
    /// would hardly ever lie in that branch.
    pub(super) fn narrow_branch_keys(&self, b: &PlanContext<'_>, solution: &mut Solution) {
        let rows = i128::from(b.rows(self.index)).saturating_add(b.rows_before(self.index).into());
        for c in 0..self.columns.len() {
            let given = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values());
            if given || !self.in_key(&[c]) || self.columns[c].foreign.is_some() {
                continue;
            }
            let Some(group) = solution.groups.iter().find(|g| g.columns().contains(&c)) else { continue };
            let domain = solution.columns[c].domain.as_ref();
            if let Some(near) = domain.and_then(|d| near_scarce_branches(d, &group.branches_of(c), rows)) {
                solution.columns[c].domain = Some(near);
            }
        }
    }
}

/// Returns the part of `domain` next to its scarce branches; `None` if it has none.
fn near_scarce_branches(domain: &Domain, branches: &[(f64, &Domain)], rows: i128) -> Option<Domain> {
    let Domain::Range { kind: kind @ RangeKind::Int, lo, hi, step: 1, except, shape } = domain else { return None };
    let least = rows.saturating_mul(VALUES_PER_ROW);
    let size = hi.checked_sub(*lo)?;
    let scarce = branches.iter().filter_map(|(share, part)| match part {
        Domain::Range { kind: RangeKind::Int, lo: from, hi: to, .. } if *share > 0.0 => {
            let values = ((to - from + 1) as f64 / share).min(size as f64) as i128;
            let values = values.max(least);
            (values < size / 2).then_some((*from, *to, values))
        }
        _ => None,
    });
    let (from, to, values) = scarce.max_by_key(|(_, _, values)| *values)?;
    let (lo, hi) = match (from <= lo + values, to >= hi - values) {
        (true, false) => (*lo, lo + values - 1),
        (false, true) => (hi - values + 1, *hi),
        _ => return None,
    };
    let whole = |(_, part): &(f64, &Domain)| match part {
        Domain::Range { lo: from, hi: to, .. } => *from <= hi && *to >= lo,
        _ => false,
    };
    branches.iter().all(whole).then(|| Domain::Range {
        kind: *kind,
        lo,
        hi,
        step: 1,
        except: except.iter().filter(|n| (lo..=hi).contains(n)).copied().collect(),
        shape: *shape,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_domain::Shape;

    fn ints(lo: i128, hi: i128) -> Domain {
        Domain::Range { kind: RangeKind::Int, lo, hi, step: 1, except: Vec::new(), shape: Shape::Uniform }
    }

    #[test]
    fn a_branch_of_few_values_gets_its_share() {
        let (all, first, last) = (ints(0, 1_000_000_000), ints(0, 49), ints(999_999_000, 1_000_000_000));
        // 50 values are a fifth of 250, and 400 rows need 1,600.
        assert_eq!(near_scarce_branches(&all, &[(0.8, &all), (0.2, &first)], 10), Some(ints(0, 249)));
        assert_eq!(near_scarce_branches(&all, &[(0.8, &all), (0.2, &first)], 400), Some(ints(0, 1_599)));
        let from = 1_000_000_000 - 2_002 + 1;
        assert_eq!(near_scarce_branches(&all, &[(0.5, &all), (0.5, &last)], 10), Some(ints(from, 1_000_000_000)));
        // No branch is scarce, the other branch has no value there, or two scarce branches lie at different ends.
        assert_eq!(near_scarce_branches(&all, &[(0.5, &all), (0.5, &all)], 10), None);
        assert_eq!(near_scarce_branches(&all, &[(0.5, &first), (0.5, &last)], 10), None);
    }
}
