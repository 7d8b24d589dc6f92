//! Queries values of one column in portions: the first values of each source, then more from sources with accepted
//! values.
//!
//! The CHECK's function may be slow (a catalogue lookup takes milliseconds), so values that are unlikely to be accepted
//! are not queried by the thousand.

use std::collections::HashSet;

use super::check_oracle::{AT_ONCE, OracleAnswer};
use super::oracle_probe::OracleProbe;
use crate::error::Unplannable;
use dbmocker_core::value::{Value, digest};

/// Number of values by which a source is rated.
const FIRST: usize = 100;
/// If fewer values are accepted, every source is queried to its end.
const FEW: usize = 50;
/// Number of distinct values that suffice for a column that may repeat them.
const ENOUGH: usize = 300;
/// Maximum number of distinct values listed for a key.
const MOST: u64 = 1 << 20;
/// Maximum number of rounds for a key that needs more values.
const ROUNDS: u64 = 60;
/// Maximum number of values of one round.
const ROUND: u64 = 24_000;
/// Values queried per row of a key, and minimum for any key; bounds the search for rarely accepted values.
const TRIES: usize = 12;
const SEARCH: usize = 40_000;
/// Bytes of memory for a listed value.
const LISTED: u64 = 128;

/// Returns whether the server accepts each of the rows.
pub(super) type RowVerdicts<'a> = dyn Fn(&[Vec<Value>]) -> Result<Vec<bool>, Unplannable> + 'a;

/// The values queried so far, and the accepted ones.
struct OracleSampling<'a> {
    verdicts: &'a RowVerdicts<'a>,
    queried: HashSet<String>,
    answered: Vec<Value>,
    /// Digests of the queried values, equal for values that a key regards as equal.
    seen: HashSet<u128>,
    null: NullQuery,
}

/// Whether NULL is queried; it is, with the first values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NullQuery {
    No,
    Next,
    Accepted,
    Rejected,
}

/// Candidates of one origin.
struct SampleSource {
    values: Vec<Value>,
    /// True if one of its first values was accepted.
    good: bool,
}

impl<'a> OracleSampling<'a> {
    fn new(verdicts: &'a RowVerdicts<'a>, nullable: bool) -> Self {
        let null = if nullable { NullQuery::Next } else { NullQuery::No };
        OracleSampling { verdicts, queried: HashSet::new(), answered: Vec::new(), seen: HashSet::new(), null }
    }

    /// Queries values that were not queried before; returns the number of newly accepted ones.
    fn query(&mut self, values: Vec<Value>) -> Result<usize, Unplannable> {
        Ok(self.query_lists(vec![values])?.iter().sum())
    }

    /// As [`query`](Self::query) for several lists in one request; returns the number for each list.
    fn query_lists(&mut self, lists: Vec<Vec<Value>>) -> Result<Vec<usize>, Unplannable> {
        let mut newly = vec![0; lists.len()];
        let (mut rows, mut list_of) = (Vec::new(), Vec::new());
        for (list, values) in lists.into_iter().enumerate() {
            for value in values.into_iter().filter(|v| self.queried.insert(v.to_string())) {
                rows.push(vec![value]);
                list_of.push(list);
            }
        }
        let null = self.null == NullQuery::Next;
        if null {
            rows.push(vec![Value::Null]);
        }
        if rows.is_empty() {
            return Ok(newly);
        }
        let mut verdicts = (self.verdicts)(&rows)?;
        if null {
            let accepted = verdicts.len() == rows.len() && verdicts.pop() == Some(true);
            self.null = if accepted { NullQuery::Accepted } else { NullQuery::Rejected };
            rows.pop();
        }
        let accepted = rows.into_iter().flatten().zip(list_of).zip(verdicts).filter(|(_, accepted)| *accepted);
        for ((value, list), _) in accepted {
            if !value.is_null() && self.seen.insert(digest(std::slice::from_ref(&value))) {
                self.answered.push(value);
                newly[list] += 1;
            }
        }
        Ok(newly)
    }

    /// Returns the number of values to query for `wanted` more, by the acceptance rate so far.
    fn round(&self, wanted: usize) -> u64 {
        let missing = wanted.saturating_sub(self.answered.len()) as u64;
        let rate = self.queried.len() as u64 / (self.answered.len() as u64).max(1) + 1;
        missing.saturating_mul(rate.min(8)).clamp(AT_ONCE, ROUND)
    }

    /// Queries the first values of each list, then the rest of lists with an accepted value.
    fn try_out(&mut self, lists: Vec<Vec<Value>>) -> Result<Vec<SampleSource>, Unplannable> {
        let mut sources: Vec<SampleSource> =
            lists.into_iter().map(|values| SampleSource { values, good: false }).collect();
        let first = |s: &mut SampleSource| s.values.drain(..s.values.len().min(FIRST)).collect();
        let firsts = sources.iter_mut().map(first).collect();
        for (source, newly) in sources.iter_mut().zip(self.query_lists(firsts)?) {
            source.good = newly > 0;
        }
        let rest = sources.iter_mut().filter(|s| s.good).map(|s| std::mem::take(&mut s.values));
        self.query_lists(rest.collect())?;
        Ok(sources)
    }

    /// Queries the remaining values of all sources, and rates the sources again.
    fn exhaust(&mut self, sources: &mut [SampleSource]) -> Result<(), Unplannable> {
        let rest = sources.iter_mut().map(|s| std::mem::take(&mut s.values)).collect();
        for (source, newly) in sources.iter_mut().zip(self.query_lists(rest)?) {
            source.good |= newly > 0;
        }
        Ok(())
    }
}

impl OracleProbe<'_, '_, '_> {
    pub(super) fn answer_for_one(&self, c: usize) -> Result<OracleAnswer, Unplannable> {
        let nullable = self.context().nullable(self.planner.index, c);
        let verdicts = |rows: &[Vec<Value>]| self.verdicts(rows);
        let mut sampling = OracleSampling::new(&verdicts, nullable);
        match self.known_values(c)? {
            Some(values) => _ = sampling.query(values)?,
            None if !self.sample_candidates(c, &mut sampling)? => {
                return Ok(OracleAnswer::Nothing);
            }
            None => {}
        }
        // NULL, if there was no value to query it with.
        sampling.query(Vec::new())?;
        let null = (sampling.null == NullQuery::Accepted).then_some(Value::Null);
        let queried = sampling.queried.len() + usize::from(null.is_some());
        let rows: Vec<Vec<Value>> = sampling.answered.into_iter().chain(null).map(|v| vec![v]).collect();
        Ok(if rows.is_empty() { OracleAnswer::None(queried) } else { OracleAnswer::Rows(rows, queried) })
    }

    /// Returns `false` if there are no candidates.
    fn sample_candidates(&self, c: usize, sampling: &mut OracleSampling<'_>) -> Result<bool, Unplannable> {
        let Some(column) = self.column(c) else { return Ok(false) };
        let (b, planner) = (self.context(), self.planner);
        let key = planner.in_key(&[c]);
        if key {
            b.afford(&planner.table.columns[c].name, b.rows(planner.index).min(MOST).saturating_mul(LISTED))?;
        }
        let wanted = b.rows(planner.index).min(if key { MOST } else { ENOUGH as u64 }) as usize;
        let likely = column.likely(AT_ONCE, 0);
        let whole = (likely.len() as u128) >= column.likely.size();
        let mut sources = sampling.try_out(vec![likely])?;
        let further = |salt| [vec![self.values_read(c)], column.sources(&self.hints, AT_ONCE, salt)].concat();
        if sampling.answered.len() < ENOUGH || key && whole {
            sources.extend(sampling.try_out(further(0))?);
            if sampling.answered.len() < if key { wanted } else { wanted.min(FEW) } {
                sampling.exhaust(&mut sources)?;
            }
        }
        for salt in 1..if key { ROUNDS } else { ROUNDS / 10 } {
            if sampling.answered.len() >= wanted || sampling.answered.is_empty() {
                break;
            }
            if sampling.queried.len() > wanted * TRIES + SEARCH {
                break;
            }
            let round = if key { sampling.round(wanted) } else { AT_ONCE };
            let alike = column.alike(&sampling.answered, round, salt);
            let before = sampling.answered.len();
            sampling.try_out(vec![alike])?;
            if sampling.answered.len() < before + 10 {
                let tried = sources.len() > 1;
                let others =
                    [vec![column.likely(round, salt)], if tried { further(salt) } else { Vec::new() }].concat();
                for (_, values) in sources.iter().zip(others).filter(|(s, _)| s.good) {
                    sampling.query(values)?;
                }
                if !tried {
                    sources.extend(sampling.try_out(further(0))?);
                }
            }
            if sampling.answered.len() == before {
                break;
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Returns the number of values queried from three sources whose accepted values are below `limit`; the last source
    /// contains values of the second.
    fn queried(limit: i128) -> (usize, usize, Vec<bool>) {
        let count = Cell::new(0);
        let verdicts = |rows: &[Vec<Value>]| {
            count.set(count.get() + rows.len());
            Ok(rows.iter().map(|row| matches!(row[0], Value::Int(n) if n < limit)).collect())
        };
        let mut sampling = OracleSampling::new(&verdicts, false);
        let list = |range: std::ops::Range<i128>| range.map(Value::Int).collect::<Vec<Value>>();
        let mut sources = sampling.try_out(vec![list(1000..2500), list(0..300), list(250..260)]).unwrap();
        if sampling.answered.len() < FEW {
            sampling.exhaust(&mut sources).unwrap();
        }
        (count.get(), sampling.answered.len(), sources.iter().map(|s| s.good).collect())
    }

    #[test]
    fn only_sources_with_accepted_values_are_exhausted_unless_too_few_are_accepted() {
        assert_eq!(queried(200), (FIRST + 300, 200, vec![false, true, false]));
        assert_eq!(queried(20), (1500 + 300, 20, vec![false, true, false]));
        assert_eq!(queried(2400), (1500 + 300, 1700, vec![true, true, true]));
        assert_eq!(queried(-1), (1500 + 300, 0, vec![false, false, false]));
    }
}
