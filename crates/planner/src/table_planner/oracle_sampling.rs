//! Queries values of one column in portions: the first values of each source, then more from sources with accepted
//! values.
//!
//! The CHECK's function may be slow (a catalogue lookup takes milliseconds), so values that are unlikely to be accepted
//! are not queried by the thousand.

use std::collections::HashSet;

use super::check_oracle::{AT_ONCE, OracleAnswer};
use super::oracle_probe::OracleProbe;
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

/// Returns those of the rows that the server accepts.
pub(super) type AcceptedSample<'a> = dyn Fn(Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>, String> + 'a;

/// The values queried so far, and the accepted ones.
struct OracleSampling<'a> {
    kept: &'a AcceptedSample<'a>,
    queried: HashSet<String>,
    answered: Vec<Value>,
    /// Digests of the queried values, equal for values that a key regards as equal.
    seen: HashSet<u128>,
}

/// Candidates of one origin.
struct SampleSource {
    values: Vec<Value>,
    /// True if one of its first values was accepted.
    good: bool,
}

impl<'a> OracleSampling<'a> {
    fn new(kept: &'a AcceptedSample<'a>) -> Self {
        OracleSampling { kept, queried: HashSet::new(), answered: Vec::new(), seen: HashSet::new() }
    }

    /// Queries values that were not queried before; returns the number of newly accepted ones.
    fn query(&mut self, values: impl IntoIterator<Item = Value>) -> Result<usize, String> {
        let new = values.into_iter().filter(|v| self.queried.insert(v.to_string()));
        let rows: Vec<Vec<Value>> = new.map(|v| vec![v]).collect();
        if rows.is_empty() {
            return Ok(0);
        }
        let before = self.answered.len();
        let accepted = (self.kept)(rows)?.into_iter().flatten();
        let seen = &mut self.seen;
        self.answered.extend(accepted.filter(|v| !v.is_null() && seen.insert(digest(std::slice::from_ref(v)))));
        Ok(self.answered.len() - before)
    }

    /// Returns the number of values to query for `wanted` more, by the acceptance rate so far.
    fn round(&self, wanted: usize) -> u64 {
        let missing = wanted.saturating_sub(self.answered.len()) as u64;
        let rate = self.queried.len() as u64 / (self.answered.len() as u64).max(1) + 1;
        missing.saturating_mul(rate.min(8)).clamp(AT_ONCE, ROUND)
    }

    /// Queries the first values of each list, then the rest of lists with an accepted value.
    fn try_out(&mut self, lists: Vec<Vec<Value>>) -> Result<Vec<SampleSource>, String> {
        let mut sources: Vec<SampleSource> =
            lists.into_iter().map(|values| SampleSource { values, good: false }).collect();
        for source in &mut sources {
            let first = source.values.len().min(FIRST);
            source.good = self.query(source.values.drain(..first))? > 0;
        }
        for source in sources.iter_mut().filter(|s| s.good) {
            self.query(source.values.drain(..))?;
        }
        Ok(sources)
    }

    /// Queries the remaining values of all sources, and rates the sources again.
    fn exhaust(&mut self, sources: &mut [SampleSource]) -> Result<(), String> {
        for source in sources {
            source.good |= self.query(source.values.drain(..))? > 0;
        }
        Ok(())
    }
}

impl OracleProbe<'_, '_, '_> {
    pub(super) fn answer_for_one(&self, c: usize) -> Result<OracleAnswer, String> {
        let nullable = self.context().nullable(self.planner.index, c);
        let null = if nullable { self.accepted(vec![vec![Value::Null]])? } else { Vec::new() };
        let kept = |rows: Vec<Vec<Value>>| self.accepted(rows);
        let mut sampling = OracleSampling::new(&kept);
        match self.known_values(c)? {
            Some(values) => _ = sampling.query(values)?,
            None if !self.sample_candidates(c, &mut sampling)? => {
                return Ok(OracleAnswer::Nothing);
            }
            None => {}
        }
        let queried = sampling.queried.len() + null.len();
        let rows: Vec<Vec<Value>> = sampling.answered.into_iter().map(|v| vec![v]).chain(null).collect();
        Ok(if rows.is_empty() { OracleAnswer::None(queried) } else { OracleAnswer::Rows(rows, queried) })
    }

    /// Returns `false` if there are no candidates.
    fn sample_candidates(&self, c: usize, sampling: &mut OracleSampling<'_>) -> Result<bool, String> {
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
        let kept = |rows: Vec<Vec<Value>>| {
            count.set(count.get() + rows.len());
            Ok(rows.into_iter().filter(|row| matches!(row[0], Value::Int(n) if n < limit)).collect())
        };
        let mut sampling = OracleSampling::new(&kept);
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
