//! The tail of quantiles: from the last inner quantile to the largest observed value.
//!
//! Linear interpolation would give as many values near the largest as near the last quantile. A generalised Pareto
//! distribution continues the slope of the adjacent interval, and reaches the largest value with the last few rows
//! only.

/// The distribution of the values in a tail, scaled to 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct ParetoTail {
    shape: f64,
    /// The value at the end, before it is scaled.
    end: f64,
}

/// The end of the tail is the largest of about this many values.
const SEEN: f64 = 1500.0;

impl ParetoTail {
    /// `slope`: the slope at the start, relative to that of linear interpolation; `None` if linear interpolation
    /// suffices.
    pub fn new(slope: f64) -> Option<ParetoTail> {
        if !slope.is_finite() || slope >= 0.8 {
            return None;
        }
        let (mut low, mut high) = (-2.0, 2.0);
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            // Heavier tails have a smaller slope at the start.
            if begin(middle) > slope { low = middle } else { high = middle }
        }
        let shape: f64 = (low + high) / 2.0;
        let end = if shape.abs() < 1e-6 { SEEN.ln() } else { SEEN.powf(shape) - 1.0 };
        Some(ParetoTail { shape, end })
    }

    /// The value at the share `t` of the tail, both from 0 to 1.
    #[inline]
    pub fn at(self, t: f64) -> f64 {
        let left = 1.0 - t * (1.0 - 1.0 / SEEN);
        let k = self.shape;
        let value = if k.abs() < 1e-6 { -left.ln() } else { left.powf(-k) - 1.0 };
        value / self.end
    }
}

/// The slope at the start of a tail with the shape `k`.
fn begin(k: f64) -> f64 {
    let whole = if k.abs() < 1e-6 { SEEN.ln() } else { (SEEN.powf(k) - 1.0) / k };
    (1.0 - 1.0 / SEEN) / whole
}
