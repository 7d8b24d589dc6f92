//! Exclusion constraints against existing rows: detects overlaps of the planned rows, and moves their domains to free
//! values.
//!
//! Rows of earlier runs occupy slots that new rows skip. Other existing rows may have any values: then ranges are
//! placed after (or before) all of them, and shapes and networks are those that the server reports as free.

use dbmocker_loaders::ident::{qualified, quote};

use super::{PlanContext, TablePlanner};
use crate::error::Unplannable;
use crate::error::constraints::ExclusionError;
use crate::exclusions;
use crate::exclusions::ExclusionStrategy;
use crate::options::QueryError;
use dbmocker_core::schema::{Exclusion, OracleQuery, QueryCell};
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, Special, range_units};
use dbmocker_plan::TablePlan;

/// Number of a table's rows tested against existing ones.
const TRIED: u64 = 20_000;
/// Number of values tested to find free ones.
const LOOKED_AT: u128 = 30_000;
/// Minimum number of units of a range for each row.
const ROOM: u128 = 8;

/// The bounds of an existing range, as texts; `None` if it is unbounded.
type ExistingSlots = (Option<String>, Option<String>);

impl TablePlanner<'_> {
    /// Returns the exclusion constraint under which planned rows conflict with existing ones.
    ///
    /// # Errors
    /// If the query fails.
    pub(super) fn overlapping(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Result<Option<&str>, Unplannable> {
        if b.rows_before(self.index) == 0 {
            return Ok(None);
        }
        for exclusion in &self.table.exclusions {
            let Some((columns, condition)) = self.free(b, exclusion) else { continue };
            let rows = (0..plan.rows.min(TRIED)).map(|row| b.generator.cells(self.position, &columns, row));
            let rows: Vec<Vec<Value>> = rows.collect::<Result<_, _>>()?;
            if self.judged(b, &columns, &condition, &rows)?.is_some_and(|free| free.contains(&false)) {
                return Ok(Some(&exclusion.name));
            }
        }
        Ok(None)
    }

    /// Returns the columns compared, and the condition under which their values overlap no existing row.
    fn free(&self, b: &PlanContext<'_>, exclusion: &Exclusion) -> Option<(Vec<usize>, String)> {
        let dialect = b.schema.dialect;
        let q = |name: &str| quote(dialect, name);
        let column = |name: &String| self.table.column_index(name);
        let overlap = || exclusion.elements.iter().find(|(of, op)| op == "&&" && column(of).is_some());
        let (columns, overlaps) = match (exclusions::strategy(exclusion, self.table, b.schema.dialect)?, overlap()) {
            (ExclusionStrategy::Between { from, to }, _) => {
                let (a, z) = (q(&from), q(&to));
                let text = format!(
                    "coalesce(t.{a} < q.{z}, true) and coalesce(t.{z} > q.{a}, true) and q.{a} is not null and q.{z} is not null"
                );
                (vec![column(&from)?, column(&to)?], text)
            }
            (_, Some((of, _))) => (vec![column(of)?], format!("t.{0} && q.{0}", q(of))),
            _ => return None,
        };
        let table = qualified(dialect, &self.table.name.schema, &self.table.name.name);
        Some((columns, format!("not exists (select 1 from {table} t where {overlaps})")))
    }

    fn judged(
        &self,
        b: &PlanContext<'_>,
        columns: &[usize],
        condition: &str,
        rows: &[Vec<Value>],
    ) -> Result<Option<Vec<bool>>, QueryError> {
        let cell = |&c: &usize| {
            let column = &self.table.columns[c];
            QueryCell { name: &column.name, type_name: column.sql_type(), below: false }
        };
        let cells: Vec<QueryCell<'_>> = columns.iter().map(cell).collect();
        b.existing.check_oracle(&OracleQuery { expression: condition, cells: &cells, rows, scenes: &[] })
    }

    /// Moves the domains of such columns to free values.
    pub(super) fn beside(&mut self, b: &PlanContext<'_>, exclusion: &Exclusion) -> Result<(), Unplannable> {
        let Some((columns, condition)) = self.free(b, exclusion) else { return Ok(()) };
        let no_room = || ExclusionError::NoRoom(exclusion.name.clone());
        let names: Vec<String> = columns.iter().map(|&c| self.table.columns[c].name.clone()).collect();
        let ranged = |d: &Domain| matches!(d, Domain::Range { .. } | Domain::Special(Special::RangeOf { .. }));
        if self.columns[columns[0]].domain.as_ref().is_some_and(ranged) {
            let held = self.held(b, &columns)?;
            for name in &names {
                let legal = self.table.column_index(name).and_then(|c| self.columns[c].legal.clone());
                let rows = u128::from(b.rows(self.index)) * ROOM;
                for domain in self.domains(name) {
                    let room = beyond(domain, &held, rows).or_else(|| beyond(legal.as_ref()?, &held, rows));
                    *domain = room.ok_or_else(no_room)?;
                }
            }
            return Ok(());
        }
        if let Some(domain) = self.columns[columns[0]].domain.clone() {
            let mut separated = domain;
            super::exclusion_slots::slots(&mut separated, u128::from(b.rows(self.index)), None);
            let sampler = separated.sampler();
            let size = sampler.size();
            let n = size.min(LOOKED_AT);
            let rows: Vec<Vec<Value>> = (0..n).map(|i| vec![sampler.value(size / n * i)]).collect();
            let Some(free) = self.judged(b, &columns, &condition, &rows)? else { return Ok(()) };
            let values: Vec<Value> =
                rows.into_iter().flatten().zip(free).filter(|(_, free)| *free).map(|(v, _)| v).collect();
            if values.is_empty() {
                return Err(no_room().into());
            }
            for domain in self.domains(&names[0]) {
                *domain = Domain::Choice { values: values.clone(), weights: None };
            }
        }
        Ok(())
    }

    /// Returns the existing values, as texts: ranges, or the values of two columns.
    fn held(&self, b: &PlanContext<'_>, columns: &[usize]) -> Result<Vec<ExistingSlots>, QueryError> {
        let mut out = Vec::new();
        if let &[from, to] = columns {
            b.all(self.index, &[from, to], &mut |t| out.push((Some(t[0].to_string()), Some(t[1].to_string()))))?;
            // A NULL bound means that the range is unbounded.
            let both = out.len();
            let (mut lower, mut upper) = (Vec::new(), Vec::new());
            b.all(self.index, &[from], &mut |t| lower.push((Some(t[0].to_string()), None)))?;
            b.all(self.index, &[to], &mut |t| upper.push((None, Some(t[0].to_string()))))?;
            out.extend([lower, upper].into_iter().filter(|ends| ends.len() > both).flatten());
            return Ok(out);
        }
        b.all(self.index, columns, &mut |tuple| {
            let text = tuple[0].to_string();
            let inner = text.trim_matches(['{', '}']);
            for one in inner.split_inclusive([']', ')']) {
                let one = one.trim_start_matches(',').trim_matches(['[', ']', '(', ')']);
                if let Some((lo, hi)) = one.split_once(',') {
                    let bound = |s: &str| Some(s.trim_matches('"').to_owned()).filter(|s| !s.is_empty());
                    out.push((bound(lo), bound(hi)));
                }
            }
        })?;
        Ok(out)
    }
}

/// Returns the part of a domain after all existing ranges, or before them; `None` if neither has room for `rows` units.
fn beyond(domain: &Domain, held: &[ExistingSlots], rows: u128) -> Option<Domain> {
    match domain {
        Domain::Special(Special::RangeOf { element, multi, apart, law }) => {
            let element = Box::new(beyond(element, held, rows)?);
            Some(Domain::Special(Special::RangeOf { element, multi: *multi, apart: *apart, law: *law }))
        }
        Domain::Range { kind, lo, hi, step, except, shape } => {
            let number = |text: &String| range_units::units(*kind, &Value::text(text.as_str())).map(|(n, _)| n);
            // A bound that cannot be parsed may be anywhere.
            let last = held.iter().map(|(_, hi)| number(hi.as_ref()?)).collect::<Option<Vec<i128>>>();
            let first = held.iter().map(|(lo, _)| number(lo.as_ref()?)).collect::<Option<Vec<i128>>>();
            let last = last.map(|l| l.into_iter().max().unwrap_or(*lo).max(*lo));
            let first = first.map(|f| f.into_iter().min().unwrap_or(*hi).min(*hi));
            let part = |lo: i128, hi: i128| {
                let room = u128::try_from(hi.checked_sub(lo)?).ok()? / u128::try_from(*step).ok()?.max(1);
                (room >= rows).then_some((lo, hi))
            };
            let after = last.and_then(|last| part(*lo + (last + 1 - *lo).max(0).div_euclid(*step) * step + step, *hi));
            let (lo, hi) = after.or_else(|| part(*lo, first? - 1))?;
            Some(Domain::Range { kind: *kind, lo, hi, step: *step, except: except.clone(), shape: *shape })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_domain::{RangeKind, Shape};

    #[test]
    fn new_ranges_are_after_or_before_all_existing_ones() {
        let domain =
            |lo, hi| Domain::Range { kind: RangeKind::Int, lo, hi, step: 1, except: vec![], shape: Shape::Uniform };
        let held = |lo: Option<&str>, hi: Option<&str>| (lo.map(str::to_owned), hi.map(str::to_owned));
        let both = [held(Some("5"), Some("60")), held(Some("70"), Some("90"))];
        assert_eq!(beyond(&domain(0, 1000), &both, 50), Some(domain(92, 1000)));
        assert_eq!(beyond(&domain(-1000, 100), &both, 50), Some(domain(-1000, 4)));
        assert_eq!(beyond(&domain(0, 100), &both, 50), None);
        let endless = [held(Some("5"), None)];
        assert_eq!(beyond(&domain(-1000, 1000), &endless, 50), Some(domain(-1000, 4)));
        assert_eq!(beyond(&domain(0, 1000), &[held(None, None)], 50), None);
    }
}
