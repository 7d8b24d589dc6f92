//! Values of one column, put to the server in portions: the first of every source, then more of those where some did.
//!
//! The CHECK's function may be slow (one that looks through a catalog takes milliseconds), so what is not likely to be
//! accepted is not asked about in thousands.

use std::collections::HashSet;

use super::check_oracle::{AT_ONCE, OracleAnswer, OracleSession};
use super::{PlanContext, TablePlanner};
use crate::candidates::Hints;
use dbmocker_core::value::{Value, digest};

/// Values by which a source is judged.
const FIRST: usize = 100;
/// With fewer accepted values than this, all of every source is asked about.
const FEW: usize = 50;
/// Different values that do for a column that may repeat them.
const ENOUGH: usize = 300;
/// Different values listed for a key.
const MOST: u64 = 1 << 20;
/// Rounds of questions about a key that needs more values.
const ROUNDS: u64 = 60;
/// Values of one round at most.
const ROUND: u64 = 24_000;
/// Values asked about for each row of a key, and for any key: the rarer ones that are accepted are not looked for on.
const TRIES: usize = 12;
const SEARCH: usize = 40_000;
/// Bytes that a listed value takes.
const LISTED: u64 = 128;

/// What rows the server lets pass.
pub(super) type AcceptedSample<'a> = dyn Fn(Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>, String> + 'a;

/// What has been asked about, and what of it was accepted.
struct OracleSampling<'a> {
    kept: &'a AcceptedSample<'a>,
    asked: HashSet<String>,
    answered: Vec<Value>,
    /// Fingerprints of what was heard: a key takes the same ones as equal.
    seen: HashSet<u128>,
}

/// Candidates of one kind.
struct SampleSource {
    values: Vec<Value>,
    /// Whether one of the first was accepted.
    good: bool,
}

impl<'a> OracleSampling<'a> {
    fn new(kept: &'a AcceptedSample<'a>) -> Self {
        OracleSampling { kept, asked: HashSet::new(), answered: Vec::new(), seen: HashSet::new() }
    }

    /// Asks about values that were not asked about; how many new ones are accepted.
    fn ask(&mut self, values: impl IntoIterator<Item = Value>) -> Result<usize, String> {
        let new = values.into_iter().filter(|v| self.asked.insert(v.to_string()));
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

    /// How many values to ask about for so many more, as far as the accepted ones tell.
    fn round(&self, wanted: usize) -> u64 {
        let missing = wanted.saturating_sub(self.answered.len()) as u64;
        let rate = self.asked.len() as u64 / (self.answered.len() as u64).max(1) + 1;
        missing.saturating_mul(rate.min(8)).clamp(AT_ONCE, ROUND)
    }

    /// The first values of each, then the rest where one of them was accepted.
    fn try_out(&mut self, lists: Vec<Vec<Value>>) -> Result<Vec<SampleSource>, String> {
        let mut sources: Vec<SampleSource> =
            lists.into_iter().map(|values| SampleSource { values, good: false }).collect();
        for source in &mut sources {
            let first = source.values.len().min(FIRST);
            source.good = self.ask(source.values.drain(..first))? > 0;
        }
        for source in sources.iter_mut().filter(|s| s.good) {
            self.ask(source.values.drain(..))?;
        }
        Ok(sources)
    }

    /// What is left of them; whether any was good after all is seen then.
    fn exhaust(&mut self, sources: &mut [SampleSource]) -> Result<(), String> {
        for source in sources {
            source.good |= self.ask(source.values.drain(..))? > 0;
        }
        Ok(())
    }
}

impl TablePlanner<'_> {
    pub(super) fn answer_for_one(
        &self,
        b: &PlanContext<'_>,
        c: usize,
        hints: &Hints,
        asking: &OracleSession,
        kept: &AcceptedSample<'_>,
    ) -> Result<OracleAnswer, String> {
        let null = if b.nullable(self.index, c) { kept(vec![vec![Value::Null]])? } else { Vec::new() };
        let mut hearing = OracleSampling::new(kept);
        match self.known_values(b, c, asking)? {
            Some(values) => _ = hearing.ask(values)?,
            None if !self.answer_for_candidates(b, c, hints, asking, &mut hearing)? => {
                return Ok(OracleAnswer::Nothing);
            }
            None => {}
        }
        let asked = hearing.asked.len() + null.len();
        let rows: Vec<Vec<Value>> = hearing.answered.into_iter().map(|v| vec![v]).chain(null).collect();
        Ok(if rows.is_empty() { OracleAnswer::None(asked) } else { OracleAnswer::Rows(rows, asked) })
    }

    /// `false` if there are no candidates.
    fn answer_for_candidates(
        &self,
        b: &PlanContext<'_>,
        c: usize,
        hints: &Hints,
        asking: &OracleSession,
        hearing: &mut OracleSampling<'_>,
    ) -> Result<bool, String> {
        let Some(asked) = self.asked(b, c, asking) else { return Ok(false) };
        let key = self.in_key(&[c]);
        if key {
            b.afford(&self.table.columns[c].name, b.rows(self.index).min(MOST).saturating_mul(LISTED))?;
        }
        let wanted = b.rows(self.index).min(if key { MOST } else { ENOUGH as u64 }) as usize;
        let likely = asked.likely(AT_ONCE, 0);
        let whole = (likely.len() as u128) >= asked.likely.size();
        let mut sources = hearing.try_out(vec![likely])?;
        let further = |salt| [vec![self.values_read(b, c, hints)], asked.sources(hints, AT_ONCE, salt)].concat();
        if hearing.answered.len() < ENOUGH || key && whole {
            sources.extend(hearing.try_out(further(0))?);
            if hearing.answered.len() < if key { wanted } else { wanted.min(FEW) } {
                hearing.exhaust(&mut sources)?;
            }
        }
        for salt in 1..if key { ROUNDS } else { ROUNDS / 10 } {
            if hearing.answered.len() >= wanted || hearing.answered.is_empty() {
                break;
            }
            if hearing.asked.len() > wanted * TRIES + SEARCH {
                break;
            }
            let round = if key { hearing.round(wanted) } else { AT_ONCE };
            let alike = asked.alike(&hearing.answered, round, salt);
            let before = hearing.answered.len();
            hearing.try_out(vec![alike])?;
            if hearing.answered.len() < before + 10 {
                let tried = sources.len() > 1;
                let others = [vec![asked.likely(round, salt)], if tried { further(salt) } else { Vec::new() }].concat();
                for (_, values) in sources.iter().zip(others).filter(|(s, _)| s.good) {
                    hearing.ask(values)?;
                }
                if !tried {
                    sources.extend(hearing.try_out(further(0))?);
                }
            }
            if hearing.answered.len() == before {
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

    /// How many values are asked about to hear from three sources, of which the accepted ones are below `limit`; the
    /// last has values of the second.
    fn asked(limit: i128) -> (usize, usize, Vec<bool>) {
        let count = Cell::new(0);
        let kept = |rows: Vec<Vec<Value>>| {
            count.set(count.get() + rows.len());
            Ok(rows.into_iter().filter(|row| matches!(row[0], Value::Int(n) if n < limit)).collect())
        };
        let mut hearing = OracleSampling::new(&kept);
        let list = |range: std::ops::Range<i128>| range.map(Value::Int).collect::<Vec<Value>>();
        let mut sources = hearing.try_out(vec![list(1000..2500), list(0..300), list(250..260)]).unwrap();
        if hearing.answered.len() < FEW {
            hearing.exhaust(&mut sources).unwrap();
        }
        (count.get(), hearing.answered.len(), sources.iter().map(|s| s.good).collect())
    }

    #[test]
    fn only_sources_of_accepted_values_are_asked_about_whole_unless_too_little_is_accepted() {
        assert_eq!(asked(200), (FIRST + 300, 200, vec![false, true, false]));
        assert_eq!(asked(20), (1500 + 300, 20, vec![false, true, false]));
        assert_eq!(asked(2400), (1500 + 300, 1700, vec![true, true, true]));
        assert_eq!(asked(-1), (1500 + 300, 0, vec![false, false, false]));
    }
}
