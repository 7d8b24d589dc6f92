//! Values that follow the physical order with a given correlation: the row's position plus a bounded random offset.
//!
//! A row's position (0 to 1), moved by up to `w` and reflected at the ends, is again uniform, and can be the input of
//! any inverse distribution. Its correlation with the row number decreases from 1 (`w` = 0) to 0 (`w` = 1).

/// A correlation prepared for many rows.
#[derive(Debug, Clone, Copy)]
pub struct CorrelatedOrder {
    width: f64,
    falling: bool,
}

impl CorrelatedOrder {
    /// `None` for a correlation near 0.
    pub fn new(correlation: f64) -> Option<CorrelatedOrder> {
        let strength = correlation.abs().min(1.0);
        if strength.is_nan() || strength < 0.02 {
            return None;
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..50 {
            let middle = (low + high) / 2.0;
            if correlation_of(middle) > strength { low = middle } else { high = middle }
        }
        Some(CorrelatedOrder { width: low, falling: correlation < 0.0 })
    }

    /// The uniform number of a row. `place`: the row's position in the table; `jitter`: the row's random number; both
    /// in `[0, 1)`.
    #[inline]
    pub fn lead(self, place: f64, jitter: f64) -> f64 {
        let moved = (place + self.width * (2.0 * jitter - 1.0)).abs();
        let u = if moved > 1.0 { 2.0 - moved } else { moved };
        let u = if self.falling { 1.0 - u } else { u };
        u.clamp(0.0, 1.0 - f64::EPSILON)
    }
}

/// The correlation of a position before and after a reflected move by up to `w`, as a Fourier series.
fn correlation_of(w: f64) -> f64 {
    let waves = (0..8).map(|i| f64::from(2 * i + 1));
    let damped = |k: f64| {
        let x = k * std::f64::consts::PI * w;
        let damping = if x < 1e-9 { 1.0 } else { x.sin() / x };
        damping / k.powi(4)
    };
    let whole: f64 = waves.clone().map(|k| k.powi(-4)).sum();
    waves.map(damped).sum::<f64>() / whole
}
