//! How many parts of large tables are loaded at one time, by the rates that are measured in the first seconds.
//!
//! The number is doubled as long as that makes the load faster. In: when parts begin and end. Out: how many may be at
//! work. It decides the speed alone: which rows there are does not depend on it.

use std::time::Duration;

use dbmocker_core::humanize;

/// Parts at one time in the first measurement.
const FIRST: usize = 2;
/// More parts at one time are kept if they are faster by this factor.
const FASTER: f64 = 1.1;

/// The largest share of a window, in hundredths, in which fewer parts were at work than may be.
const MOST_IDLE: u32 = 10;

/// The measurement: windows of `limit` parts each, whose rates are compared.
#[derive(Debug)]
pub(super) struct Ramp {
    /// Parts that may be at work at one time.
    limit: usize,
    most: usize,
    /// Rows a second of one table, for each number of parts at one time.
    rates: Vec<(usize, f64)>,
    /// The table of the rates.
    measured: Option<usize>,
    settled: bool,
    at_work: Vec<PartAtWork>,
    window: Option<Window>,
    /// Windows so far.
    windows: usize,
}

/// A part that has begun.
#[derive(Debug)]
struct PartAtWork {
    number: usize,
    table: usize,
    /// The window in which it began; `None`: it is not counted.
    window: Option<usize>,
}

/// A window: from its first part's begin until `limit` of its parts have ended.
#[derive(Debug)]
struct Window {
    number: usize,
    table: usize,
    begun: Duration,
    /// Parts and rows that have ended.
    ended: (usize, u64),
    /// The time in which fewer parts were at work than may be, as of the last begin or end of a part.
    idle: Duration,
    seen: Duration,
}

impl Ramp {
    /// For up to `most` parts at one time.
    pub fn new(most: usize) -> Self {
        Ramp {
            limit: FIRST.min(most),
            most,
            rates: Vec::new(),
            measured: None,
            settled: most <= FIRST,
            at_work: Vec::new(),
            window: None,
            windows: 0,
        }
    }

    /// Whether one more part may be at work.
    pub fn has_room(&self) -> bool {
        self.at_work.len() < self.limit
    }

    /// A part of a table begins at this time of the run.
    pub fn begin(&mut self, number: usize, table: usize, now: Duration) {
        self.count_idle(now);
        // Tables have different rates, so a window is of one table's parts alone.
        if self.at_work.iter().any(|part| part.table != table) {
            self.window = None;
        } else if self.window.as_ref().is_none_or(|window| window.table != table) {
            self.compare_parts_of(table);
            self.windows += 1;
            let (number, ended, idle) = (self.windows, (0, 0), Duration::ZERO);
            self.window = Some(Window { number, table, begun: now, ended, idle, seen: now });
        }
        self.at_work.push(PartAtWork { number, table, window: self.window.as_ref().map(|window| window.number) });
    }

    /// The rates of another table are not compared with this one's: its first is measured with the last number that
    /// was.
    fn compare_parts_of(&mut self, table: usize) {
        if self.measured.replace(table) != Some(table)
            && !self.settled
            && let Some((limit, _)) = self.rates.last()
        {
            self.limit = *limit;
            self.rates.clear();
        }
    }

    fn count_idle(&mut self, now: Duration) {
        if let Some(window) = &mut self.window {
            if self.at_work.len() < self.limit {
                window.idle += now.saturating_sub(window.seen);
            }
            window.seen = now;
        }
    }

    /// A part has ended, with so many rows; `None`: it was given back.
    pub fn end(&mut self, number: usize, rows: Option<u64>, now: Duration) {
        self.count_idle(now);
        let Some(place) = self.at_work.iter().position(|part| part.number == number) else { return };
        let part = self.at_work.swap_remove(place);
        let Some(window) = self.window.as_mut().filter(|window| Some(window.number) == part.window) else { return };
        match rows {
            Some(rows) => window.ended = (window.ended.0 + 1, window.ended.1 + rows),
            // Its time was at work, but its rows are not loaded.
            None => return self.window = None,
        }
        if !self.settled && window.ended.0 >= self.limit {
            self.close(now);
        }
    }

    /// The window is complete.
    fn close(&mut self, now: Duration) {
        let Some(window) = self.window.take() else { return };
        let time = now.saturating_sub(window.begun);
        if window.idle * 100 > time * MOST_IDLE {
            return;
        }
        let rate = window.ended.1 as f64 / time.as_secs_f64().max(1e-6);
        let best = self.rates.last().copied();
        self.rates.push((self.limit, rate));
        match best {
            Some((limit, best)) if rate < best * FASTER => (self.limit, self.settled) = (limit, true),
            _ if self.limit == self.most => self.settled = true,
            _ => self.limit = (self.limit * 2).min(self.most),
        }
    }

    /// What was measured, for the report; `None`: there was only one number.
    pub fn note(&self) -> Option<String> {
        let each: Vec<String> = self
            .rates
            .iter()
            .map(|(limit, rate)| format!("{} with {limit}", humanize::count(rate.round() as u64)))
            .collect();
        let told =
            || format!("{} connections loaded parts of large tables; rows a second: {}", self.limit, each.join(", "));
        (each.len() > 1).then(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Loads `limit` parts of 1000 rows at one time, on a server that makes `rate(n)` rows a second with `n` of them.
    fn round(ramp: &mut Ramp, table: usize, now: &mut Duration, rate: impl Fn(usize) -> f64) {
        let limit = ramp.limit;
        (0..limit).for_each(|part| ramp.begin(part, table, *now));
        assert!(!ramp.has_room());
        *now += Duration::from_secs_f64(limit as f64 * 1000.0 / rate(limit));
        (0..limit).for_each(|part| ramp.end(part, Some(1000), *now));
    }

    fn settled(most: usize, rate: impl Fn(usize) -> f64) -> Ramp {
        let (mut ramp, mut now) = (Ramp::new(most), Duration::ZERO);
        (0..10).for_each(|_| round(&mut ramp, 0, &mut now, &rate));
        ramp
    }

    #[test]
    fn the_number_follows_the_rate() {
        let of = |most, rate: fn(usize) -> f64| settled(most, rate).limit;
        assert_eq!(of(8, |n| 1000.0 * n as f64), 8, "a server with enough cores");
        assert_eq!(of(8, |n| 1000.0 * n.min(4) as f64), 4, "a server with four cores");
        assert_eq!(of(8, |_| 1000.0), 2, "a server that is not faster with more");
        assert_eq!(of(6, |n| 1000.0 * n as f64), 6);
        assert_eq!(of(1, |_| 1000.0), 1);
        let told = settled(8, |n| 1000.0 * n.min(4) as f64).note().unwrap();
        assert_eq!(
            told,
            "4 connections loaded parts of large tables; rows a second: 2,000 with 2, 4,000 with 4, 4,000 with 8"
        );
        assert_eq!(settled(2, |_| 1000.0).note(), None);
    }

    #[test]
    fn parts_that_began_earlier_are_not_counted() {
        let mut ramp = Ramp::new(8);
        (0..3).for_each(|part| ramp.begin(part, 0, Duration::ZERO));
        (0..2).for_each(|part| ramp.end(part, Some(1000), SECOND));
        assert_eq!(ramp.limit, 4);
        (3..6).for_each(|part| ramp.begin(part, 0, SECOND));
        (2..5).for_each(|part| ramp.end(part, Some(1000), SECOND * 2));
        assert!(ramp.limit == 4 && ramp.rates.len() == 1, "{ramp:?}");
    }

    #[test]
    fn windows_of_one_table_are_compared() {
        let (mut ramp, mut now) = (Ramp::new(8), Duration::ZERO);
        round(&mut ramp, 0, &mut now, |n| 1000.0 * n as f64);
        assert_eq!(ramp.limit, 4);
        // Another table is much slower, but faster with four parts than with two.
        (0..3).for_each(|_| round(&mut ramp, 1, &mut now, |n| 10.0 * n as f64));
        assert!(ramp.limit == 8 && ramp.rates.len() == 3, "{ramp:?}");
        // Parts of two tables at one time say nothing.
        let mut ramp = Ramp::new(8);
        (0..2).for_each(|part| ramp.begin(part, part, Duration::ZERO));
        (0..2).for_each(|part| ramp.end(part, Some(1000), SECOND));
        assert!(ramp.limit == 2 && ramp.rates.is_empty(), "{ramp:?}");
    }

    #[test]
    fn windows_with_idle_time_or_given_back_parts_are_dropped() {
        let mut ramp = Ramp::new(8);
        ramp.begin(0, 0, Duration::ZERO);
        ramp.end(0, Some(1000), SECOND);
        ramp.begin(1, 0, SECOND);
        ramp.end(1, Some(1000), SECOND * 2);
        assert!(ramp.limit == 2 && ramp.rates.is_empty(), "one part at a time: {ramp:?}");
        (0..2).for_each(|part| ramp.begin(part, 0, SECOND * 2));
        ramp.end(0, None, SECOND * 3);
        ramp.begin(2, 0, SECOND * 3);
        (1..3).for_each(|part| ramp.end(part, Some(1000), SECOND * 4));
        assert!(ramp.limit == 2 && ramp.rates.is_empty(), "{ramp:?}");
        let mut now = SECOND * 4;
        round(&mut ramp, 0, &mut now, |_| 1000.0);
        assert!(ramp.limit == 4 && ramp.rates.len() == 1, "{ramp:?}");
    }
}
