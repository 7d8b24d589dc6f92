//! Statistics of a column's cells, computed from a sample of rows.

use std::collections::HashMap;

use dbmocker_core::value::Value;
use dbmocker_generate::NumericUnit;
use dbmocker_generate::generator::{Generator, RowError};

#[derive(Debug, Clone)]
pub(super) struct ProfileFigures {
    pub nulls: f64,
    /// Shares of the most frequent values.
    common: Vec<f64>,
    /// Number of pairs of equal values.
    pairs: f64,
    /// For numbers: the quantiles 5 %, 10 %, ... 95 %.
    quantiles: Vec<f64>,
    /// Correlation of numbers with the row number.
    pub order: f64,
    chars: f64,
}

/// Tolerances for a rule's statistics; stricter than the 10 % that a profile allows.
const NULLS: f64 = 0.012;
const COMMON: f64 = 0.07;
const QUANTILES: f64 = 0.06;
const ORDER: f64 = 0.07;
const CHARS: f64 = 0.07;
const PAIRS: f64 = 0.15;
const MOST: usize = 100;

impl ProfileFigures {
    /// Computes the statistics of a sample.
    ///
    /// # Errors
    /// If a row's CHECKs cannot be satisfied.
    pub fn of(
        generator: &Generator,
        t: usize,
        c: usize,
        unit: Option<NumericUnit>,
        sample: u64,
    ) -> Result<ProfileFigures, RowError> {
        let rows = generator.table(t).rows;
        let count = rows.min(sample);
        let row = |i: u64| (u128::from(i) * u128::from(rows) / u128::from(count.max(1))) as u64;
        let cells = generator.cells_of(t, c, (0..count).map(row).collect())?;
        Ok(ProfileFigures::measure(&cells, unit))
    }

    fn measure(cells: &[Value], unit: Option<NumericUnit>) -> ProfileFigures {
        let filled: Vec<(usize, &Value)> = cells.iter().enumerate().filter(|(_, v)| !v.is_null()).collect();
        let count = filled.len().max(1) as f64;
        let mut counts: HashMap<String, u64> = HashMap::new();
        let mut chars = 0.0;
        for (_, value) in &filled {
            let text = value.to_string();
            chars += text.chars().count() as f64;
            *counts.entry(text).or_default() += 1;
        }
        let pairs = counts.values().map(|&n| (n * (n - 1) / 2) as f64).sum();
        let mut common: Vec<f64> = counts.into_values().filter(|n| *n > 1).map(|n| n as f64 / count).collect();
        common.sort_by(|a, b| b.total_cmp(a));
        common.truncate(MOST);
        let mut numbers: Vec<(f64, f64)> = match unit {
            Some(unit) => filled.iter().filter_map(|(i, v)| Some((unit.number(v)? as f64, *i as f64))).collect(),
            None => Vec::new(),
        };
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let at = |k: usize| numbers[(k * (numbers.len() - 1)) / 20].0;
        let quantiles = if numbers.len() > 1 { (1..20).map(at).collect() } else { Vec::new() };
        let order = correlation(numbers.iter().enumerate().map(|(rank, (_, row))| (rank as f64, *row)));
        ProfileFigures {
            nulls: 1.0 - filled.len() as f64 / cells.len().max(1) as f64,
            common,
            pairs,
            quantiles,
            order,
            chars: chars / count,
        }
    }

    /// Returns the name of the first statistic that differs, NULLs excluded.
    pub fn differs(&self, learned: &ProfileFigures) -> Option<&'static str> {
        let (a, b) = (self, learned);
        let place = |of: &[f64], i: usize| of.get(i).copied().unwrap_or(0.0);
        let gaps = (0..a.common.len().max(b.common.len())).map(|i| (place(&a.common, i) - place(&b.common, i)).abs());
        let sums = |f: &ProfileFigures| f.common.iter().sum::<f64>();
        if 0.5 * gaps.sum::<f64>() + 0.5 * (sums(a) - sums(b)).abs() > COMMON {
            return Some("frequencies");
        }
        if (a.pairs - b.pairs).abs() > PAIRS * b.pairs.max(a.pairs) + 2.0 * b.pairs.max(a.pairs).sqrt() + 2.0 {
            return Some("number of different values");
        }
        if a.quantiles.len() == b.quantiles.len() && !b.quantiles.is_empty() {
            let wide = b.quantiles[18] - b.quantiles[0];
            let wide = if wide > 0.0 { wide } else { 1.0 };
            let error: f64 = a.quantiles.iter().zip(&b.quantiles).map(|(x, y)| (x - y).abs()).sum();
            if error / 19.0 / wide > QUANTILES {
                return Some("quantiles");
            }
            if (a.order - b.order).abs() > ORDER {
                return Some("order");
            }
        }
        if (a.chars - b.chars).abs() > CHARS * b.chars.max(1.0) {
            return Some("lengths");
        }
        None
    }

    /// Returns true if the share of NULLs is the same.
    pub fn has_nulls_of(&self, share: f64) -> bool {
        (self.nulls - share).abs() <= NULLS
    }
}

fn correlation(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let n = pairs.clone().count() as f64;
    if n < 2.0 {
        return 0.0;
    }
    let (sx, sy) = pairs.clone().fold((0.0, 0.0), |(x, y), (a, b)| (x + a, y + b));
    let (mx, my) = (sx / n, sy / n);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mx) * (y - my);
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
    }
    if xx > 0.0 && yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
}
