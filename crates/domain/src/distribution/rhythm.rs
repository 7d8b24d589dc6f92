//! Hours of the day and days of the week, applied to moments whose distribution over months is given otherwise.

use serde::{Deserialize, Serialize};

use super::DistributionError;
use dbmocker_core::time::MICROS_PER_DAY;

const DAY: f64 = MICROS_PER_DAY as f64;
const HOUR: f64 = DAY / 24.0;
const WEEK: f64 = 7.0 * DAY;
/// 1970-01-01 was a Thursday: microseconds since a Monday.
const MONDAY: f64 = 3.0 * DAY;

/// Shares of the hours of a day and of the days of a week.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rhythm {
    /// Weights of the hours from 0; empty for equal ones.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub hours: Vec<f64>,
    /// Weights of Monday to Sunday; empty for equal ones.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub week: Vec<f64>,
}

impl Rhythm {
    pub(super) fn check(&self) -> Result<(), DistributionError> {
        let weights = |name, of: &[f64], len: usize, what| {
            let valid = of.iter().all(|w| w.is_finite() && *w >= 0.0) && of.iter().any(|w| *w > 0.0);
            let ok = of.is_empty() || of.len() == len && valid;
            if ok { Ok(()) } else { Err(DistributionError::Parameter { name, what }) }
        };
        weights("hours", &self.hours, 24, "24 weights, one above 0")?;
        weights("weekdays", &self.week, 7, "7 weights, one above 0")
    }
}

/// A [`Rhythm`] between two moments. Each week is mapped onto itself, so the order of moments is preserved.
#[derive(Debug, Clone)]
pub(super) struct RhythmWarp {
    hours: Vec<f64>,
    week: Vec<f64>,
    from: f64,
    to: f64,
}

impl RhythmWarp {
    pub fn new(of: &Rhythm, from: f64, to: f64) -> RhythmWarp {
        RhythmWarp { hours: sums(&of.hours, 24), week: sums(&of.week, 7), from, to }
    }

    /// Moves a moment, in microseconds since 1970, to a day and an hour by their shares.
    #[inline]
    pub fn at(&self, moment: f64) -> f64 {
        let monday = ((moment + MONDAY) / WEEK).floor() * WEEK - MONDAY;
        let (midnight, part) = if monday >= self.from && monday + WEEK <= self.to {
            let (day, part) = place(&self.week, (moment - monday) / WEEK);
            (monday + day * DAY, part)
        } else {
            // A week that is not whole keeps its days.
            let midnight = (moment / DAY).floor() * DAY;
            (midnight, (moment - midnight) / DAY)
        };
        if midnight < self.from || midnight + DAY > self.to {
            return midnight + part * DAY;
        }
        let (hour, part) = place(&self.hours, part);
        midnight + (hour + part) * HOUR
    }
}

/// Running sums of weights, divided by their total; equal ones for no weights.
fn sums(weights: &[f64], count: usize) -> Vec<f64> {
    let weight = |i: usize| if weights.is_empty() { 1.0 } else { weights[i] };
    let total: f64 = (0..count).map(weight).sum();
    let mut sum = 0.0;
    let mut sums: Vec<f64> = (0..count)
        .map(|i| {
            sum += weight(i) / total;
            sum
        })
        .collect();
    sums[count - 1] = 1.0;
    sums
}

/// The interval in which a share lies, and the part of it that lies before.
#[inline]
fn place(sums: &[f64], share: f64) -> (f64, f64) {
    let i = sums.partition_point(|sum| *sum <= share).min(sums.len() - 1);
    let before = if i == 0 { 0.0 } else { sums[i - 1] };
    let width = sums[i] - before;
    let part = if width > 0.0 { ((share - before) / width).clamp(0.0, 1.0 - f64::EPSILON) } else { 0.0 };
    (i as f64, part) // at most 23
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_weekdays_have_their_shares_and_order_is_preserved() {
        let mut rhythm = Rhythm { hours: vec![1.0; 24], week: vec![1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.5] };
        rhythm.hours[9] = 10.0;
        rhythm.hours[3] = 0.0;
        let (from, to) = (10.5 * DAY, 410.25 * DAY);
        let warp = RhythmWarp::new(&rhythm, from, to);
        let (n, mut last) = (200_000, 0.0);
        let (mut nine, mut three, mut saturday, mut sunday) = (0, 0, 0, 0);
        for i in 0..n {
            let at = warp.at(from + (to - from) * f64::from(i) / f64::from(n));
            assert!(at >= last && (from..=to).contains(&at), "{i}: {at} {last}");
            last = at;
            let hour = (at / HOUR).floor() as i64 % 24;
            let day = ((at + MONDAY) / DAY).floor() as i64 % 7;
            nine += i32::from(hour == 9);
            three += i32::from(hour == 3);
            saturday += i32::from(day == 5);
            sunday += i32::from(day == 6);
        }
        let share = |count: i32| f64::from(count) / f64::from(n);
        assert!((share(nine) - 10.0 / 32.0).abs() < 0.01, "{}", share(nine));
        assert!(share(three) < 0.001 && share(saturday) < 0.01, "{} {}", share(three), share(saturday));
        assert!((share(sunday) - 0.5 / 5.5).abs() < 0.01, "{}", share(sunday));
    }
}
