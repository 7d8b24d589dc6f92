//! The distribution of timestamps and dates by growth, hour of the day and day of the week.

use serde::{Deserialize, Serialize};

use super::DistributionError;
use dbmocker_core::time::MICROS_PER_DAY;

/// The frequency of events over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    /// The frequency at the end of the range, relative to that at the beginning.
    pub growth: f64,
    /// Weights of the hours; empty for equal ones.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub hours: Vec<f64>,
    /// Weights of Monday to Sunday; empty for equal ones.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub week: Vec<f64>,
}

impl Calendar {
    pub(super) fn check(&self) -> Result<(), DistributionError> {
        let param = |name, ok: bool, what| if ok { Ok(()) } else { Err(DistributionError::Parameter { name, what }) };
        let weights = |of: &[f64], len: usize| {
            of.is_empty()
                || of.len() == len && of.iter().all(|w| w.is_finite() && *w >= 0.0) && of.iter().any(|w| *w > 0.0)
        };
        param("growth", self.growth.is_finite() && self.growth > 0.0, "a number above 0")?;
        param("hours", weights(&self.hours, 24), "24 weights, one above 0")?;
        param("weekdays", weights(&self.week, 7), "7 weights, one above 0")
    }

    /// The sampler between two timestamps, both inclusive, in microseconds since 1970-01-01; `days`: dates.
    ///
    /// # Errors
    /// All weights between them are 0.
    pub fn sampler(&self, lo: i64, hi: i64, days: bool) -> Result<CalendarSampler, DistributionError> {
        CalendarSampler::new(self, lo, hi, days)
    }
}

impl std::fmt::Display for Calendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if self.growth != 1.0 {
            parts.push(format!("growing {} times", self.growth));
        }
        if !self.hours.is_empty() {
            parts.push("by the hour".to_owned());
        }
        if !self.week.is_empty() {
            parts.push("by the weekday".to_owned());
        }
        f.write_str(&if parts.is_empty() { "even".to_owned() } else { parts.join(", ") })
    }
}

/// A [`Calendar`] between two timestamps.
#[derive(Debug, Clone)]
pub struct CalendarSampler {
    first: i64,
    /// Cumulative shares of the days.
    sums: Vec<f64>,
    lo: i64,
    hi: i64,
    hours: [f64; 25],
    days: bool,
}

/// Maximum number of days; a longer range is truncated.
const MOST_DAYS: i64 = 200_000;

impl CalendarSampler {
    fn new(of: &Calendar, lo: i64, hi: i64, days: bool) -> Result<Self, DistributionError> {
        let (first, last) = (lo.div_euclid(MICROS_PER_DAY), hi.div_euclid(MICROS_PER_DAY));
        let last = last.min(first.saturating_add(MOST_DAYS));
        let mut hours = [0.0; 25];
        for hour in 0..24 {
            hours[hour + 1] = hours[hour] + of.hours.get(hour).copied().unwrap_or(1.0);
        }
        let whole = hours[24];
        hours.iter_mut().for_each(|h| *h /= whole);
        let mut made = CalendarSampler { first, sums: Vec::new(), lo, hi, hours, days };
        let span = (last - first + 1) as f64;
        let mut sum = 0.0;
        for day in first..=last {
            // 1970-01-01 was a Thursday.
            let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
            let weight = of.week.get(weekday).copied().unwrap_or(1.0) * of.growth.powf((day - first) as f64 / span);
            let (from, to) = made.edges(day);
            sum += weight * if days { 1.0 } else { made.until(to) - made.until(from) };
            made.sums.push(sum);
        }
        if sum.is_nan() || sum <= 0.0 {
            return Err(DistributionError::NoMass { lo: lo as f64, hi: hi as f64 });
        }
        made.sums.iter_mut().for_each(|s| *s /= sum);
        Ok(made)
    }

    /// The start and end of the range within a day, in microseconds since midnight.
    fn edges(&self, day: i64) -> (i64, i64) {
        let midnight = day * MICROS_PER_DAY;
        ((self.lo - midnight).max(0), (self.hi.saturating_add(1) - midnight).min(MICROS_PER_DAY))
    }

    /// The share of a day's weight before a time of day, in microseconds since midnight.
    fn until(&self, micros: i64) -> f64 {
        let hour = 24.0 * micros as f64 / MICROS_PER_DAY as f64;
        let whole = (hour as usize).min(23);
        self.hours[whole] + (self.hours[whole + 1] - self.hours[whole]) * (hour - whole as f64)
    }

    /// The timestamp of a uniform number, in microseconds since 1970-01-01; midnight for dates.
    pub fn moment(&self, u: f64) -> i64 {
        let i = self.sums.partition_point(|&sum| sum <= u).min(self.sums.len() - 1);
        let day = self.first + i as i64;
        if self.days {
            return day * MICROS_PER_DAY;
        }
        let before = if i == 0 { 0.0 } else { self.sums[i - 1] };
        let within = ((u - before) / (self.sums[i] - before)).clamp(0.0, 1.0);
        let (from, to) = self.edges(day);
        let (from, to) = (self.until(from), self.until(to));
        let part = from + (to - from) * within;
        let hour = self.hours.partition_point(|&sum| sum <= part).clamp(1, 24) - 1;
        let wide = self.hours[hour + 1] - self.hours[hour];
        let along = if wide > 0.0 { ((part - self.hours[hour]) / wide).clamp(0.0, 1.0) } else { 0.0 };
        let time = ((hour as f64 + along) / 24.0 * MICROS_PER_DAY as f64) as i64;
        (day * MICROS_PER_DAY + time.min(MICROS_PER_DAY - 1)).clamp(self.lo, self.hi)
    }
}
