//! The outermost stretch of quantiles: from the last inner one to the largest value that was seen.
//!
//! A straight line would put as many values near the largest as near the last quantile. A generalised Pareto law goes on
//! with the slope that the neighbouring stretch has, and reaches the largest value with its last few rows.

/// The law between two values, from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    shape: f64,
}

/// The largest of about so many values is the end.
const SEEN: f64 = 1500.0;

impl Tail {
    /// `slope`: of the neighbour at the joint, over this stretch's own as a line; `None` where a line will do.
    pub fn new(slope: f64) -> Option<Tail> {
        if !slope.is_finite() || slope >= 0.8 {
            return None;
        }
        let (mut low, mut high) = (-2.0, 2.0);
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            // The heavier the tail, the flatter it begins.
            if begin(middle) > slope { low = middle } else { high = middle }
        }
        Some(Tail { shape: (low + high) / 2.0 })
    }

    /// How far along the values a share `t` of the stretch lies, both 0 to 1.
    #[inline]
    pub fn at(self, t: f64) -> f64 {
        let left = 1.0 - t * (1.0 - 1.0 / SEEN);
        let k = self.shape;
        if k.abs() < 1e-6 { -left.ln() / SEEN.ln() } else { (left.powf(-k) - 1.0) / (SEEN.powf(k) - 1.0) }
    }
}

/// The slope at which a tail of a shape begins.
fn begin(k: f64) -> f64 {
    let whole = if k.abs() < 1e-6 { SEEN.ln() } else { (SEEN.powf(k) - 1.0) / k };
    (1.0 - 1.0 / SEEN) / whole
}
