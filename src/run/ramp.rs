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

/// The measurement: windows of `limit` parts each, whose rates are compared.
#[derive(Debug)]
pub(super) struct Ramp {
    /// Parts that may be at work at one time.
    limit: usize,
    most: usize,
    /// Rows a second, for each number of parts at one time.
    rates: Vec<(usize, f64)>,
    settled: bool,
    /// When the first part of this window began, and the parts and rows of the window that have ended.
    begun: Option<Duration>,
    window: usize,
    ended: (usize, u64),
}

impl Ramp {
    /// For up to `most` parts at one time.
    pub fn new(most: usize) -> Self {
        Ramp {
            limit: FIRST.min(most),
            most,
            rates: Vec::new(),
            settled: most <= FIRST,
            begun: None,
            window: 0,
            ended: (0, 0),
        }
    }

    /// Parts that may be at work at one time.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// A part begins at this time of the run; returns its window.
    pub fn begin(&mut self, now: Duration) -> usize {
        self.begun.get_or_insert(now);
        self.window
    }

    /// A part of so many rows has ended.
    pub fn end(&mut self, window: usize, rows: u64, now: Duration) {
        if self.settled || window != self.window {
            return;
        }
        self.ended = (self.ended.0 + 1, self.ended.1 + rows);
        if self.ended.0 < self.limit {
            return;
        }
        let seconds = now.saturating_sub(self.begun.unwrap_or(now)).as_secs_f64().max(1e-6);
        let rate = self.ended.1 as f64 / seconds;
        let best = self.rates.last().copied();
        self.rates.push((self.limit, rate));
        (self.begun, self.ended, self.window) = (None, (0, 0), self.window + 1);
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

    /// Loads parts on a server that makes `rate(n)` rows a second with `n` parts at one time.
    fn settled(most: usize, rate: impl Fn(usize) -> f64) -> Ramp {
        let mut ramp = Ramp::new(most);
        let mut now = Duration::ZERO;
        for _ in 0..10 {
            let limit = ramp.limit();
            let windows: Vec<usize> = (0..limit).map(|_| ramp.begin(now)).collect();
            now += Duration::from_secs_f64(limit as f64 * 1000.0 / rate(limit));
            windows.into_iter().for_each(|window| ramp.end(window, 1000, now));
        }
        ramp
    }

    #[test]
    fn the_number_follows_the_rate() {
        let of = |most, rate: fn(usize) -> f64| settled(most, rate).limit();
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
        let early = ramp.begin(Duration::ZERO);
        (0..2).for_each(|_| ramp.end(early, 1000, Duration::from_secs(1)));
        assert_eq!(ramp.limit(), 4);
        ramp.begin(Duration::from_secs(1));
        (0..9).for_each(|_| ramp.end(early, 1000, Duration::from_secs(2)));
        assert_eq!(ramp.limit(), 4);
    }
}
