//! When the rows of a table begin: a monotone function of the row number, with growth, season, weekdays and hours, up
//! to now.
//!
//! A density over days is summed up; row `i` of `n` is where the sum reaches `i / n` of its total. Within a day, a
//! density over hours gives the time.

use dbmocker_core::rng_stream::{Stream, mix};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_domain::weight_totals::WeightTotals;
use dbmocker_plan::{Clock, WHOLE};

/// Average weight of a day; the sums of the weights are integers.
const UNIT: f64 = 65_536.0;
/// Ratio of the density at the end of a clock to that at its beginning.
const GROWTH: f64 = 3.0;
/// Weights of Monday to Sunday, for rows that people create.
const WEEK: [f64; 7] = [1.08, 1.1, 1.08, 1.05, 1.0, 0.62, 0.55];
/// Weights of the hours, for rows that people create.
const DAY: [f64; 24] = [
    0.35, 0.2, 0.13, 0.1, 0.12, 0.25, 0.6, 1.1, 1.7, 2.2, 2.4, 2.3, 2.1, 2.1, 2.2, 2.2, 2.1, 2.0, 1.9, 1.9, 1.9, 1.7,
    1.2, 0.7,
];

/// Returns the share of a learned clock that lies on a day, by linear interpolation.
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

/// Returns the weight of a day by its weekday; 1 on average.
fn weekday_factor(week: &[u32], day: i64) -> f64 {
    let total: f64 = week.iter().map(|weight| f64::from(*weight)).sum();
    week.get(weekday(day)).map_or(1.0, |weight| f64::from(*weight) * 7.0 / total.max(1.0))
}

/// Returns the weekday, from Monday, of a day since 1970-01-01, a Thursday.
fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// Entries of the guide table of hours.
const GUIDES: usize = 128;

/// A [`Clock`] compiled for a table.
#[derive(Debug, Clone)]
pub struct ClockGen {
    /// First day, in days since 1970-01-01.
    first: i64,
    /// The weights of the days.
    days: WeightTotals,
    /// Time of day, in microseconds since midnight, at which the clock begins on the first day and ends on the last.
    opens: i64,
    closes: i64,
    /// Running sums of the hours' weights, divided by their total: the last is 1.
    hours: [f64; 25],
    /// For each share of a day in units of `1 / GUIDES`: the hour in which it lies, or an earlier one.
    guide: [u8; GUIDES + 1],
    /// The shares of a day's weight before the clock begins and before it ends: on the first day, on days between, and
    /// on the last day.
    open: [(f64, f64); 3],
    rows: u64,
    /// Products of a row and the total weight fit 64 bits.
    small: bool,
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
            let least = u32::from(!clock.machine);
            let learned = clock.hours.get(hour).map(|weight| f64::from((*weight).max(least)));
            hours[hour + 1] = hours[hour] + learned.unwrap_or(if clock.machine { 1.0 } else { DAY[hour] });
        }
        let none = WeightTotals::new([0u64; 0]);
        let (rows, open) = (rows.max(1), [(0.0, 0.0); 3]);
        let guide = [0; GUIDES + 1];
        let mut made = ClockGen { first, days: none, opens, closes, hours, guide, open, rows, small: false, stream };
        made.set_hours(hours, last);
        // A short clock may lie in hours without weight.
        if (first..=last).all(|day| made.open_share(day, last) <= 0.0) {
            made.set_hours(std::array::from_fn(|hour| hour as f64), last);
        }
        let days = (last - first + 1) as f64;
        let weight = |day| {
            let share = made.open_share(day, last);
            let weight = match clock.learned.as_slice() {
                [] => made.weight(day, (day - first) as f64 / days, clock.machine) * share,
                points => days * learned_share(points, day) * weekday_factor(&clock.week, day),
            };
            let never = clock.machine && clock.week.get(weekday(day)) == Some(&0);
            // The clock may begin after the last hour with weight of its first day, and end before the first of its
            // last day.
            if never || share <= 0.0 { 0 } else { (weight * UNIT).max(1.0) as u64 }
        };
        let mut weights: Vec<u64> = (first..=last).map(weight).collect();
        // A clock of a few days may have none of its weekdays.
        if weights.iter().all(|w| *w == 0) {
            weights = (first..=last).map(|day| u64::from(made.open_share(day, last) > 0.0)).collect();
        }
        made.days = WeightTotals::new(weights);
        made.small = rows >> 31 == 0 && made.days.all() >> 31 == 0;
        made
    }

    /// Sets the running sums of the hours' weights, and what depends on them.
    fn set_hours(&mut self, sums: [f64; 25], last: i64) {
        let whole = if sums[24] > 0.0 { sums[24] } else { 1.0 };
        self.hours = sums.map(|sum| sum / whole);
        self.guide = std::array::from_fn(|i| {
            let part = i as f64 / GUIDES as f64;
            self.hours.partition_point(|&sum| sum <= part).clamp(1, 24) as u8 - 1
        });
        let spans = [(self.opens, self.end(self.first, last)), (0, MICROS_PER_DAY), (self.begin(last), self.closes)];
        self.open = spans.map(|(begin, end)| (self.until(begin), self.until(end)));
    }

    /// Returns the share of a day's weight within the clock.
    fn open_share(&self, day: i64, last: i64) -> f64 {
        self.until(self.end(day, last)) - self.until(self.begin(day))
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
        let season = 1.0 + 0.12 * (std::f64::consts::TAU * (day as f64 - 250.0) / 365.25).sin();
        let rhythm = if machine { 1.0 } else { WEEK[weekday(day)] * season * (0.8 + 0.4 * noise) };
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
        // Hours without weight may end the day.
        let part = part.min(1.0 - f64::EPSILON);
        let mut hour = usize::from(self.guide[((part * GUIDES as f64) as usize).min(GUIDES)]);
        while hour < 23 && self.hours[hour + 1] <= part {
            hour += 1;
        }
        let within = (part - self.hours[hour]) / (self.hours[hour + 1] - self.hours[hour]);
        // The end of an hour is part of the next, which may have no weight.
        let end = (hour as i64 + 1) * 3600 * MICROS_PER_SECOND;
        (((hour as f64 + within.clamp(0.0, 1.0)) * 3600.0 * MICROS_PER_SECOND as f64) as i64).min(end - 1)
    }

    /// Returns the moment before which `row + part / 2^32` rows lie, truncated to the second.
    fn at(&self, row: u64, part: u32) -> i64 {
        let total = self.days.all();
        let (whole, rest) = if self.small {
            // The same in 64 bits.
            let product = row * total;
            let fraction = (((product % self.rows) << 32) + u64::from(part) * total) / self.rows;
            (product / self.rows + (fraction >> 32), fraction as u32)
        } else {
            let place = (u128::from(row) << 32 | u128::from(part)) * u128::from(total) / u128::from(self.rows);
            ((place >> 32) as u64, place as u32)
        };
        let rest = f64::from(rest) / 4_294_967_296.0;
        let i = self.days.item(whole.min(total - 1));
        let (before, end) = (self.days.before(i), self.days.first(i + 1));
        let share = ((whole.min(end - 1) - before) as f64 + rest) / (end - before) as f64;
        let last = self.days.len() - 1;
        let (from, to) = match i {
            0 => self.open[0],
            i if i == last => self.open[2],
            _ => self.open[1],
        };
        // Below the end: the next hour with weight may lie after the end of the clock.
        let time = self.time((from + (to - from) * share).min(to.next_down()));
        let micros = (self.first + i as i64) * MICROS_PER_DAY + time;
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
            &Clock { from: NOW - from * MICROS_PER_DAY, to: NOW, machine, ..Clock::default() },
            rows,
        )
    }

    proptest! {
        #[test]
        fn moments_are_monotone_and_before_now(days in 1i64..2000, rows in 1u64..5000, part in 0i64..86_400, machine: bool) {
            let to = NOW + part * MICROS_PER_SECOND;
            let law = Clock { from: to - days * MICROS_PER_DAY - part * 7, to, machine, ..Clock::default() };
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

    proptest! {
        #[test]
        fn moments_keep_to_the_hours_with_weight(
            hours in prop::collection::vec(prop_oneof![Just(0u32), 1u32..100], 24),
            minutes in 1i64..6000,
            part in 0i64..86_400,
            rows in 1u64..300,
            learned: bool,
        ) {
            let to = NOW + part * MICROS_PER_SECOND;
            let from = to - minutes * 60 * MICROS_PER_SECOND;
            let learned = if learned { vec![(0, from), (WHOLE, to)] } else { vec![] };
            let law = Clock { from, to, machine: true, learned, hours, ..Clock::default() };
            let made = ClockGen::new(7, "t", &law, rows);
            let hour = |at: i64| (at.rem_euclid(MICROS_PER_DAY) / (3600 * MICROS_PER_SECOND)) as usize;
            let minute = |i: i64| from + i * 60 * MICROS_PER_SECOND;
            let open = (0..minutes).any(|i| law.hours[hour(minute(i))] > 0);
            for row in 0..rows {
                for at in [made.moment(row), made.bounds(row).0, made.bounds(row).1] {
                    prop_assert!(from - MICROS_PER_SECOND <= at && at <= to, "{row}: {from} {at} {to}");
                    prop_assert!(!open || law.hours[hour(at)] > 0, "{row}: hour {} of {at}", hour(at));
                }
            }
        }
    }

    #[test]
    fn a_clock_that_ends_at_night_has_no_rows_at_night() {
        let hours: Vec<u32> = (0..24).map(|hour| if (8..18).contains(&hour) { 10 } else { 0 }).collect();
        let three = NOW + 3 * 3600 * MICROS_PER_SECOND;
        for learned in [vec![], vec![(0, NOW - 9 * MICROS_PER_DAY), (WHOLE, three)]] {
            let from = NOW - 9 * MICROS_PER_DAY + 20 * 3600 * MICROS_PER_SECOND;
            let law = Clock { from, to: three, machine: true, learned, hours: hours.clone(), ..Clock::default() };
            let made = ClockGen::new(1, "t", &law, 5000);
            let moments: Vec<i64> = (0..5000).map(|row| made.moment(row)).collect();
            let hour = |at: i64| at.rem_euclid(MICROS_PER_DAY) / (3600 * MICROS_PER_SECOND);
            assert!(moments.iter().all(|at| (from..NOW).contains(at) && (8..18).contains(&hour(*at))));
        }
    }

    #[test]
    fn learned_clocks_have_their_shares() {
        let mut hours = vec![10; 24];
        (hours[8], hours[2], hours[23]) = (770, 0, 0);
        let at = |days: i64| NOW - days * MICROS_PER_DAY;
        let learned = vec![(0, at(400)), (250_000, at(300)), (WHOLE, at(0))];
        let week = vec![200, 200, 200, 200, 200, 0, 100];
        let clock = Clock { from: at(400), to: at(0), machine: false, learned, hours, week };
        let made = ClockGen::new(42, "orders", &clock, 100_000);
        let moments: Vec<i64> = (0..100_000).map(|row| made.moment(row)).collect();
        assert!(moments.is_sorted());
        let share = |test: &dyn Fn(i64) -> bool| moments.iter().filter(|m| test(**m)).count() as f64 / 1000.0;
        let hour = |m: i64| m.rem_euclid(MICROS_PER_DAY) / (3600 * MICROS_PER_SECOND);
        let eight = share(&|m| hour(m) == 8);
        assert!((eight - 78.6).abs() < 1.0 && share(&|m| hour(m) == 2) < 0.5, "{eight}");
        assert!((share(&|m| m < at(300)) - 25.0).abs() < 0.5);
        assert!(share(&|m| weekday(m.div_euclid(MICROS_PER_DAY)) == 5) < 0.1);
        let sunday = share(&|m| weekday(m.div_euclid(MICROS_PER_DAY)) == 6);
        assert!((sunday - 9.1).abs() < 0.7, "{sunday}");
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
