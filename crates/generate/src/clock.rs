//! When rows of a table happened, as a monotone law of the row number: growth, season, weekdays, hours, up to now.
//!
//! A density over days is summed up; row `i` of `n` lies where `i / n` of the sum is reached. Inside the day the hours'
//! own density says at what time.

use dbmocker_core::rng_stream::{Stream, mix};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_plan::{Clock, WHOLE};

/// Sums of weights are kept in so many units a day, on average.
const UNIT: f64 = 65_536.0;
/// How much more happens at the end of a clock than at its beginning.
const GROWTH: f64 = 3.0;
/// Weight of the days from Monday to Sunday, where people do things.
const WEEK: [f64; 7] = [1.08, 1.1, 1.08, 1.05, 1.0, 0.62, 0.55];
/// Weight of the hours, where people do things.
const DAY: [f64; 24] = [
    0.35, 0.2, 0.13, 0.1, 0.12, 0.25, 0.6, 1.1, 1.7, 2.2, 2.4, 2.3, 2.1, 2.1, 2.2, 2.2, 2.1, 2.0, 1.9, 1.9, 1.9, 1.7,
    1.2, 0.7,
];

/// The share of a learned clock that lies on a day, straight between its points.
fn learned_share(points: &[(u32, i64)], day: i64) -> f64 {
    let below = |at: i64| {
        let i = points.partition_point(|(_, moment)| *moment <= at);
        match (i.checked_sub(1).map(|i| points[i]), points.get(i)) {
            (None, _) => 0.0,
            (Some(_), None) => 1.0,
            (Some((p, from)), Some((q, to))) => {
                let along = (at - from) as f64 / (to - from).max(1) as f64;
                (f64::from(p) + f64::from(q - p) * along) / f64::from(WHOLE)
            }
        }
    };
    below((day + 1) * MICROS_PER_DAY) - below(day * MICROS_PER_DAY)
}

/// A clock made ready for a table.
#[derive(Debug, Clone)]
pub struct ClockGen {
    /// The first day, since 1970.
    first: i64,
    /// Sums of the weights up to and with each day.
    sums: Vec<u64>,
    /// Time of day, in microseconds since midnight, at which the clock begins on the first day and ends on the last.
    opens: i64,
    closes: i64,
    /// Running sums of the hours' weights, divided by their total: the last is 1.
    hours: [f64; 25],
    rows: u64,
    /// Draws the position of a row within its interval.
    stream: Stream,
}

impl ClockGen {
    pub fn new(seed: u64, table: &str, clock: &Clock, rows: u64) -> Self {
        let stream = Stream::new(seed, table, "clock");
        let (from, to) = (clock.from.min(clock.to - MICROS_PER_SECOND), clock.to);
        let (first, last) = (from.div_euclid(MICROS_PER_DAY), (to - 1).div_euclid(MICROS_PER_DAY));
        let (opens, closes) = (from - first * MICROS_PER_DAY, to - last * MICROS_PER_DAY);
        let mut hours = [0.0; 25];
        for hour in 0..24 {
            hours[hour + 1] = hours[hour] + if clock.machine { 1.0 } else { DAY[hour] };
        }
        let whole = hours[24];
        hours.iter_mut().for_each(|h| *h /= whole);
        let mut made = ClockGen { first, sums: Vec::new(), opens, closes, hours, rows: rows.max(1), stream };
        let days = (last - first + 1) as f64;
        let mut sum = 0;
        for day in first..=last {
            let share = made.until(made.end(day, last)) - made.until(made.begin(day));
            let weight = match clock.learned.as_slice() {
                [] => made.weight(day, (day - first) as f64 / days, clock.machine) * share,
                points => days * learned_share(points, day),
            };
            sum += (weight * UNIT).max(1.0) as u64;
            made.sums.push(sum);
        }
        made
    }

    fn begin(&self, day: i64) -> i64 {
        if day == self.first { self.opens } else { 0 }
    }

    fn end(&self, day: i64, last: i64) -> i64 {
        if day == last { self.closes } else { MICROS_PER_DAY }
    }

    /// Returns the weight of a whole day; `at` is the elapsed share of the clock, from 0 to 1.
    fn weight(&self, day: i64, at: f64, machine: bool) -> f64 {
        let noise = (mix(self.stream.key() ^ day.cast_unsigned()) >> 40) as f64 / f64::from(1 << 24);
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        let season = 1.0 + 0.12 * (std::f64::consts::TAU * (day as f64 - 250.0) / 365.25).sin();
        let rhythm = if machine { 1.0 } else { WEEK[weekday] * season * (0.8 + 0.4 * noise) };
        GROWTH.powf(at) * rhythm
    }

    /// Returns the share of a day's weight that lies before a time of day.
    fn until(&self, micros: i64) -> f64 {
        let hour = micros as f64 / (3600.0 * MICROS_PER_SECOND as f64);
        let whole = (hour as usize).min(23);
        self.hours[whole] + (self.hours[whole + 1] - self.hours[whole]) * (hour - whole as f64)
    }

    /// Returns the time of day before which this share of the day's weight lies.
    fn time(&self, part: f64) -> i64 {
        let hour = self.hours.partition_point(|&sum| sum <= part).clamp(1, 24) - 1;
        let within = (part - self.hours[hour]) / (self.hours[hour + 1] - self.hours[hour]);
        ((hour as f64 + within.clamp(0.0, 1.0)) * 3600.0 * MICROS_PER_SECOND as f64) as i64
    }

    /// Returns the moment before which `row + part / 2^32` rows lie, truncated to the second.
    fn at(&self, row: u64, part: u32) -> i64 {
        let total = *self.sums.last().expect("a clock has a day");
        let place = (u128::from(row) << 32 | u128::from(part)) * u128::from(total) / u128::from(self.rows);
        let (whole, rest) = ((place >> 32) as u64, (place & 0xffff_ffff) as f64 / 4_294_967_296.0);
        let last = self.sums.len() - 1;
        let i = self.sums.partition_point(|&sum| sum <= whole).min(last);
        let before = if i == 0 { 0 } else { self.sums[i - 1] };
        let share = ((whole.min(self.sums[i] - 1) - before) as f64 + rest) / (self.sums[i] - before) as f64;
        let day = self.first + i as i64;
        let (from, to) = (self.until(self.begin(day)), self.until(self.end(day, self.first + last as i64)));
        let time = self.time(from + (to - from) * share.min(1.0));
        let micros = day * MICROS_PER_DAY + time;
        micros - micros.rem_euclid(MICROS_PER_SECOND)
    }

    /// Returns the moment of a row; never before that of the row before it.
    #[inline]
    pub fn moment(&self, row: u64) -> i64 {
        self.at(row, (self.stream.at(row, 0) >> 32) as u32)
    }

    /// Moves a moment, within its day, from the night to hours with weight. Monotone: order is preserved.
    pub fn awake(&self, at: i64) -> i64 {
        let (day, time) = (at.div_euclid(MICROS_PER_DAY), at.rem_euclid(MICROS_PER_DAY));
        day * MICROS_PER_DAY + self.time(time as f64 / MICROS_PER_DAY as f64)
    }

    /// Returns the bounds of a row's moment; both grow with the row.
    pub fn bounds(&self, row: u64) -> (i64, i64) {
        (self.at(row, 0), self.at(row, u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use dbmocker_core::time::days;

    const NOW: i64 = 1_767_225_600_000_000;

    fn clock(from: i64, machine: bool, rows: u64) -> ClockGen {
        ClockGen::new(
            42,
            "orders",
            &Clock { from: NOW - from * MICROS_PER_DAY, to: NOW, machine, learned: Vec::new() },
            rows,
        )
    }

    proptest! {
        #[test]
        fn a_clock_is_monotone_and_ends_before_now(days in 1i64..2000, rows in 1u64..5000, part in 0i64..86_400, machine: bool) {
            let to = NOW + part * MICROS_PER_SECOND;
            let learned = Vec::new();
            let law = Clock { from: to - days * MICROS_PER_DAY - part * 7, to, machine, learned };
            let made = ClockGen::new(7, "t", &law, rows);
            let mut before = law.from - MICROS_PER_SECOND;
            for row in 0..rows {
                let (lo, hi) = made.bounds(row);
                let moment = made.moment(row);
                prop_assert!(before <= lo && lo <= moment && moment <= hi && hi <= to, "{row}: {before} {lo} {moment} {hi} {to}");
                before = moment;
            }
        }
    }

    #[test]
    fn moments_follow_hours_weekdays_and_growth() {
        let made = clock(1095, false, 100_000);
        let moments: Vec<i64> = (0..100_000).map(|row| made.moment(row)).collect();
        let share = |test: &dyn Fn(i64) -> bool| moments.iter().filter(|m| test(**m)).count() as f64 / 1000.0;
        let night = share(&|m| m.rem_euclid(MICROS_PER_DAY) < 6 * 3600 * MICROS_PER_SECOND);
        let weekend = share(&|m| (m.div_euclid(MICROS_PER_DAY) + 3).rem_euclid(7) > 4);
        let late = share(&|m| m > NOW - 90 * MICROS_PER_DAY);
        assert!(night < 6.0 && (15.0..24.0).contains(&weekend), "{night} {weekend}");
        assert!((9.0..20.0).contains(&late), "{late}");
        assert!(moments[0] < i64::from(days(2023, 2, 1)) * MICROS_PER_DAY);
        assert!(moments[99_999] > NOW - MICROS_PER_DAY);
        let made = clock(30, true, 10_000);
        let night = (0..10_000).filter(|&r| made.moment(r).rem_euclid(MICROS_PER_DAY) < 6 * 3600 * MICROS_PER_SECOND);
        assert!((2300..2700).contains(&night.count()), "machines do not sleep");
    }
}
