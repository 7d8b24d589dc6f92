//! Cells of series: regular steps with gaps and jitter, random walks, factors of the season. Each is a pure function of
//! the row's place in its series.

use super::Frame;
use crate::generator::RowError;
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::time::{MICROS_PER_DAY, civil, days, parse_timestamp};
use dbmocker_core::value::Value;
use dbmocker_domain::RangeKind;
use dbmocker_domain::range_units::of_units;
use dbmocker_plan::{SeasonPlan, SeriesPlan, WalkPlan};

impl Frame<'_> {
    /// Returns the values of a series: the table's, or one for each parent row of a foreign key.
    pub(super) fn series(&self, c: usize, plan: &SeriesPlan, foreign: Option<usize>) -> Vec<Value> {
        let column = &self.table.columns[c];
        self.places(c, foreign, |key, place, row| {
            let word = column.stream.at(row, self.table.attempt(row));
            series_value(plan, key, place, word)
        })
    }

    /// Returns the values of a walk.
    pub(super) fn walk(&self, c: usize, plan: &WalkPlan, foreign: Option<usize>) -> Vec<Value> {
        self.places(c, foreign, |key, place, _| rounded(walk_value(plan, key, place), plan.scale))
    }

    /// Returns what `value` makes of the series' key, the row's place in it from 0, and the row; NULL without a parent.
    fn places(&self, c: usize, foreign: Option<usize>, value: impl Fn(u64, u64, u64) -> Value) -> Vec<Value> {
        let key = self.table.columns[c].stream.key();
        let of = |&row: &u64| match foreign {
            None => value(key, row, row),
            Some(foreign) => match self.generator.child(self.t, foreign, row) {
                Some(child) => value(mix(key ^ mix(child.parent)), child.ordinal, row),
                None => Value::Null,
            },
        };
        self.rows.iter().map(of).collect()
    }

    /// Returns the factors of the season at the moments in a column of the row; 1 where it has none.
    pub(super) fn season(&self, plan: &SeasonPlan, at: usize) -> Result<Vec<Value>, RowError> {
        let moments = self.values(at)?;
        Ok(moments.iter().map(|moment| rounded(season_factor(plan, moment), Some(FACTOR_SCALE))).collect())
    }
}

/// Digits of a factor after the point.
const FACTOR_SCALE: u8 = 6;

/// Returns a number with this many digits after the point.
fn rounded(x: f64, scale: Option<u8>) -> Value {
    match scale {
        Some(scale) => Value::Decimal { unscaled: (x * 10f64.powi(scale.into())).round() as i128, scale },
        None => Value::Float(x),
    }
}

/// Returns the value at a place of a series; `word` decides its jitter.
fn series_value(plan: &SeriesPlan, key: u64, place: u64, word: u64) -> Value {
    let step = i64::try_from(with_gaps(plan.gaps, key, place)).unwrap_or(i64::MAX);
    let steps = plan.jitter.unsigned_abs();
    let drawn = if steps == 0 { 0 } else { CellRng::of_cell(word).below(2 * steps + 1) };
    let shift = (i128::from(drawn) - i128::from(plan.jitter)) * i128::from(plan.grain);
    let at = match plan.months {
        0 => i128::from(plan.start) + i128::from(plan.step) * i128::from(step),
        months => months_later(plan.kind, plan.start, months.saturating_mul(step)),
    };
    let at = match plan.kind {
        RangeKind::Time => (at + shift).rem_euclid(i128::from(MICROS_PER_DAY)),
        _ => at + shift,
    };
    match (&plan.text, plan.kind) {
        (Some(text), _) => {
            let digits = text.digits as usize;
            Value::Text(format!("{}{at:0digits$}{}", text.before, text.after))
        }
        (None, kind) => of_units(kind, at),
    }
}

/// Returns the step of the row at a place, if this share of the steps has none: one in each stretch of `1 / gaps`
/// steps, where the key says.
fn with_gaps(gaps: f64, key: u64, place: u64) -> u64 {
    if gaps <= 0.0 {
        return place;
    }
    let first = |i: u64| (i as f64 / gaps) as u64;
    // The rows before gap `i`.
    let before = |i: u64| {
        let room = (first(i + 1) - first(i)).max(1);
        first(i) + CellRng::new(mix(key ^ mix(i))).below(room) - i
    };
    let mut passed = ((place as f64) * gaps / (1.0 - gaps)) as u64;
    while passed > 0 && before(passed - 1) > place {
        passed -= 1;
    }
    while before(passed) <= place {
        passed += 1;
    }
    place + passed
}

/// Years for which days have 32 bits.
const YEARS: i64 = 5_000_000;

/// Returns the day or moment this many months later, on the last day of a shorter month.
fn months_later(kind: RangeKind, start: i64, months: i64) -> i128 {
    let day_long = if kind == RangeKind::Date { 1 } else { MICROS_PER_DAY };
    let (day, rest) = (start.div_euclid(day_long), start.rem_euclid(day_long));
    let (year, month, date) = civil(i32::try_from(day).unwrap_or(i32::MAX));
    let all = (i64::from(year) * 12 + i64::from(month) - 1).saturating_add(months);
    // Days have 32 bits; what lies beyond them does not fit the column either.
    let year = all.div_euclid(12).clamp(-YEARS, YEARS) as i32;
    let month = u32::try_from(all.rem_euclid(12) + 1).expect("1 to 12");
    let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
    let day = (days(year, month, 1) + date.cast_signed() - 1).min(next - 1);
    i128::from(day) * i128::from(day_long) + i128::from(rest)
}

/// Returns the value of a walk at a place.
fn walk_value(plan: &WalkPlan, key: u64, place: u64) -> f64 {
    let x = plan.start + plan.drift * place as f64 + plan.step * brownian(key, place);
    match (plan.least, plan.most) {
        // Arithmetic with bounds as wide as a type's would lose the digits of the number.
        (Some(least), Some(most)) if (least..=most).contains(&x) => x,
        (Some(least), Some(most)) if most > least => {
            let width = most - least;
            let along = (x - least).rem_euclid(2.0 * width);
            least + if along > width { 2.0 * width - along } else { along }
        }
        (Some(least), Some(_)) => least,
        (Some(least), None) => least + (x - least).abs(),
        (None, Some(most)) => most - (most - x).abs(),
        (None, None) => x,
    }
}

/// Returns a Brownian motion with steps of deviation 1 at a whole time, from 0 at 0: by Lévy's construction. The powers
/// of two are a walk with growing steps; between two of them, the middle is drawn around the mean of both ends.
fn brownian(key: u64, time: u64) -> f64 {
    if time == 0 {
        return 0.0;
    }
    let noise = |time: u64| normal(mix(key ^ mix(time)));
    let top = time.ilog2();
    // Up to 2^63 the end of the stretch is a power of two as well.
    let (mut from, mut low) = (1u64, noise(1));
    for k in 0..top {
        low += (from as f64).sqrt() * noise(1 << (k + 1));
        from <<= 1;
    }
    if from == time || top >= 62 {
        return low;
    }
    let mut to = from << 1;
    let mut high = low + (from as f64).sqrt() * noise(to);
    while to - from > 1 {
        let middle = from.midpoint(to);
        let at = f64::midpoint(low, high) + ((to - from) as f64).sqrt() / 2.0 * noise(middle);
        if middle == time {
            return at;
        }
        if time < middle {
            (to, high) = (middle, at);
        } else {
            (from, low) = (middle, at);
        }
    }
    low
}

/// Returns a number of mean 0 and deviation 1, close to normal: the sum of four even ones. It needs no function whose
/// result differs between machines.
fn normal(word: u64) -> f64 {
    const THREE: f64 = 1.732_050_807_568_877_2;
    let sum: u64 = (0..4).map(|i| (word >> (16 * i)) & 0xffff).sum();
    ((sum as f64 + 2.0) / 65_536.0 - 2.0) * THREE
}

fn season_factor(plan: &SeasonPlan, moment: &Value) -> f64 {
    let micros = match moment {
        Value::Timestamp(t) => *t,
        Value::Date(d) => i64::from(*d).saturating_mul(MICROS_PER_DAY),
        Value::Time(t) => *t,
        Value::Text(text) => match parse_timestamp(text) {
            Some(t) => t,
            None => return 1.0,
        },
        _ => return 1.0,
    };
    let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0);
    let hour = micros.rem_euclid(MICROS_PER_DAY) / (MICROS_PER_DAY / 24);
    let of = |factors: &[f64], i: i64| usize::try_from(i).ok().and_then(|i| factors.get(i).copied()).unwrap_or(1.0);
    // 1970-01-01 was a Thursday.
    let weekday = i64::from(day + 3).rem_euclid(7);
    of(&plan.hours, hour) * of(&plan.weekdays, weekday) * of(&plan.months, i64::from(civil(day).1) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(kind: RangeKind, start: i64, step: i64) -> SeriesPlan {
        SeriesPlan { kind, start, step, months: 0, jitter: 0, grain: 1, gaps: 0.0, text: None }
    }

    proptest! {
        #[test]
        fn gaps_have_their_share_and_keep_the_order(key: u64, gaps in 0.001f64..0.95, place in 0u64..1 << 40) {
            let here = with_gaps(gaps, key, place);
            prop_assert!(here < with_gaps(gaps, key, place + 1));
            let passed = (here - place) as f64;
            let due = (here as f64) * gaps;
            prop_assert!((passed - due).abs() <= 2.0 + 1e-9 * due, "{passed} of {due}");
        }

        #[test]
        fn walks_stay_within_their_bounds(key: u64, place in 0u64..1 << 50, drift in -1.0f64..1.0) {
            let plan = WalkPlan { start: 5.0, step: 2.0, drift, least: Some(-3.0), most: Some(8.0), scale: None };
            let x = walk_value(&plan, key, place);
            prop_assert!((-3.0..=8.0).contains(&x), "{x}");
        }
    }

    #[test]
    fn wide_bounds_do_not_change_a_walk() {
        for (least, most) in [(Some(-9e18), Some(9e18)), (Some(0.0), Some(9e18)), (Some(-9e18), Some(1000.0))] {
            let plan = |least, most| WalkPlan { start: 100.0, step: 3.0, drift: 0.0, least, most, scale: Some(0) };
            for place in 0..20 {
                assert_eq!(walk_value(&plan(least, most), 7, place), walk_value(&plan(None, None), 7, place));
            }
        }
    }

    #[test]
    fn steps_of_a_walk_are_independent_with_deviation_one() {
        let (mut squares, mut products, mut sum) = (0.0, 0.0, 0.0);
        let walks = 200u64;
        let length = 300u64;
        for key in 0..walks {
            let path: Vec<f64> = (0..=length).map(|t| brownian(mix(key), t)).collect();
            let steps: Vec<f64> = path.windows(2).map(|w| w[1] - w[0]).collect();
            squares += steps.iter().map(|s| s * s).sum::<f64>();
            sum += steps.iter().sum::<f64>();
            products += steps.windows(2).map(|w| w[0] * w[1]).sum::<f64>();
        }
        let n = (walks * length) as f64;
        assert!((squares / n - 1.0).abs() < 0.03, "variance {}", squares / n);
        assert!((products / n).abs() < 0.02, "correlation {}", products / n);
        assert!((sum / n).abs() < 0.02, "mean {}", sum / n);
    }

    #[test]
    fn months_end_on_their_last_day() {
        let end = i64::from(days(2026, 1, 31));
        let of = |months| dbmocker_core::time::date_text(months_later(RangeKind::Date, end, months) as i32);
        assert_eq!([of(1), of(2), of(-2), of(12)], ["2026-02-28", "2026-03-31", "2025-11-30", "2027-01-31"]);
    }

    #[test]
    fn jitter_stays_near_its_step_and_texts_hold_the_number() {
        let plan = SeriesPlan { jitter: 10, grain: 1_000_000, ..series(RangeKind::Timestamp, 0, 300_000_000) };
        for place in 0..200 {
            let Value::Timestamp(t) = series_value(&plan, 7, place, mix(place)) else { panic!("no moment") };
            let off = t - 300_000_000 * i64::try_from(place).unwrap();
            assert!(off.abs() <= 10_000_000 && off % 1_000_000 == 0);
        }
        let text = SeriesText { before: "INV-".into(), digits: 5, after: "/26".into() };
        let plan = SeriesPlan { text: Some(text), ..series(RangeKind::Int, 1, 1) };
        assert_eq!(series_value(&plan, 7, 41, 0), Value::Text("INV-00042/26".into()));
    }
    use dbmocker_plan::SeriesText;

    #[test]
    fn factors_follow_the_moment() {
        let factors = |n: usize, at: usize| (0..n).map(|i| if i == at { 3.0 } else { 1.0 }).collect();
        let plan = SeasonPlan { hours: factors(24, 18), weekdays: factors(7, 5), months: factors(12, 11) };
        // 2026-12-05 was a Saturday.
        let at = |text: &str| season_factor(&plan, &Value::Text(text.into()));
        assert_eq!([at("2026-12-05 18:30:00"), at("2026-12-04 18:30:00"), at("2026-11-03 08:00:00")], [27.0, 9.0, 1.0]);
        assert_eq!(season_factor(&plan, &Value::Null), 1.0);
    }
}
