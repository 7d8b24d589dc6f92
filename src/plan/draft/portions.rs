//! Values of one column, put to the server in portions: the first of every source, then more of those where some did.
//!
//! The CHECK's function may be slow (one that looks through a catalog takes milliseconds), so what is not likely to be
//! accepted is not asked about in thousands.

use std::collections::HashSet;

use super::ask::{AT_ONCE, Asking, Heard};
use super::{Builder, Draft};
use crate::plan::candidates::{Hints, distinct};
use crate::value::Value;

/// Values by which a source is judged.
const FIRST: usize = 100;
/// With fewer accepted values than this, all of every source is asked about.
const FEW: usize = 50;
/// Different values that do for a column that may repeat them.
const ENOUGH: usize = 300;
/// Different values kept for a key.
const MOST: u64 = 50_000;
/// Questions about a key that needs more values.
const ROUNDS: u64 = 60;

/// What rows the server lets pass.
pub(super) type Kept<'a> = dyn Fn(Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>, String> + 'a;

/// What has been asked about, and what of it was accepted.
struct Hearing<'a> {
    kept: &'a Kept<'a>,
    asked: HashSet<String>,
    heard: Vec<Value>,
}

/// Candidates of one kind.
struct Source {
    values: Vec<Value>,
    /// Whether one of the first was accepted.
    good: bool,
}

impl Hearing<'_> {
    /// Asks about values that were not asked about; how many new ones are accepted.
    fn ask(&mut self, values: impl IntoIterator<Item = Value>) -> Result<usize, String> {
        let new = values.into_iter().filter(|v| self.asked.insert(v.to_string()));
        let rows: Vec<Vec<Value>> = new.map(|v| vec![v]).collect();
        if rows.is_empty() {
            return Ok(0);
        }
        let before = self.heard.len();
        self.heard.extend((self.kept)(rows)?.into_iter().flatten());
        self.heard = distinct(self.heard.drain(..));
        Ok(self.heard.len() - before)
    }

    /// The first values of each, then the rest where one of them was accepted.
    fn try_out(&mut self, lists: Vec<Vec<Value>>) -> Result<Vec<Source>, String> {
        let mut sources: Vec<Source> = lists.into_iter().map(|values| Source { values, good: false }).collect();
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
    fn exhaust(&mut self, sources: &mut [Source]) -> Result<(), String> {
        for source in sources {
            source.good |= self.ask(source.values.drain(..))? > 0;
        }
        Ok(())
    }
}

impl Draft<'_> {
    pub(super) fn hear_of_one(
        &self,
        b: &Builder<'_>,
        c: usize,
        hints: &Hints,
        asking: &Asking,
        kept: &Kept<'_>,
    ) -> Result<Heard, String> {
        let null = if b.nullable(self.index, c) { kept(vec![vec![Value::Null]])? } else { Vec::new() };
        let mut hearing = Hearing { kept, asked: HashSet::new(), heard: Vec::new() };
        match self.known_values(b, c, asking)? {
            Some(values) => _ = hearing.ask(values)?,
            None if !self.hear_of_candidates(b, c, hints, asking, &mut hearing)? => return Ok(Heard::Nothing),
            None => {}
        }
        let asked = hearing.asked.len() + null.len();
        let rows: Vec<Vec<Value>> = hearing.heard.into_iter().map(|v| vec![v]).chain(null).collect();
        Ok(if rows.is_empty() { Heard::None(asked) } else { Heard::Rows(rows) })
    }

    /// `false` if there are no candidates.
    fn hear_of_candidates(
        &self,
        b: &Builder<'_>,
        c: usize,
        hints: &Hints,
        asking: &Asking,
        hearing: &mut Hearing<'_>,
    ) -> Result<bool, String> {
        let Some(asked) = self.asked(b, c, asking) else { return Ok(false) };
        let key = self.in_key(&[c]);
        let wanted = b.rows(self.index).min(if key { MOST } else { ENOUGH as u64 }) as usize;
        let likely = asked.likely(AT_ONCE, 0);
        let whole = (likely.len() as u128) >= asked.likely.size();
        let mut sources = hearing.try_out(vec![likely])?;
        let further = |salt| [vec![self.values_read(b, c, hints)], asked.sources(hints, AT_ONCE, salt)].concat();
        if hearing.heard.len() < ENOUGH || key && whole {
            sources.extend(hearing.try_out(further(0))?);
            if hearing.heard.len() < if key { wanted } else { wanted.min(FEW) } {
                hearing.exhaust(&mut sources)?;
            }
        }
        for salt in 1..if key { ROUNDS } else { ROUNDS / 10 } {
            if hearing.heard.len() >= wanted || hearing.heard.is_empty() {
                break;
            }
            let alike = asked.alike(&hearing.heard, AT_ONCE, salt);
            let before = hearing.heard.len();
            hearing.try_out(vec![alike])?;
            if hearing.heard.len() < before + 10 {
                let tried = sources.len() > 1;
                let others =
                    [vec![asked.likely(AT_ONCE, salt)], if tried { further(salt) } else { Vec::new() }].concat();
                for (_, values) in sources.iter().zip(others).filter(|(s, _)| s.good) {
                    hearing.ask(values)?;
                }
                if !tried {
                    sources.extend(hearing.try_out(further(0))?);
                }
            }
            if hearing.heard.len() == before {
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
        let mut hearing = Hearing { kept: &kept, asked: HashSet::new(), heard: Vec::new() };
        let list = |range: std::ops::Range<i128>| range.map(Value::Int).collect::<Vec<Value>>();
        let mut sources = hearing.try_out(vec![list(1000..2500), list(0..300), list(250..260)]).unwrap();
        if hearing.heard.len() < FEW {
            hearing.exhaust(&mut sources).unwrap();
        }
        (count.get(), hearing.heard.len(), sources.iter().map(|s| s.good).collect())
    }

    #[test]
    fn only_sources_of_accepted_values_are_asked_about_whole_unless_too_little_is_accepted() {
        assert_eq!(asked(200), (FIRST + 300, 200, vec![false, true, false]));
        assert_eq!(asked(20), (1500 + 300, 20, vec![false, true, false]));
        assert_eq!(asked(2400), (1500 + 300, 1700, vec![true, true, true]));
        assert_eq!(asked(-1), (1500 + 300, 0, vec![false, false, false]));
    }
}
