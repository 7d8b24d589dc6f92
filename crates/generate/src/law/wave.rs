//! Readings of an instrument that vary over time: waves of an owner, a pure function of owner and moment.

use dbmocker_core::rng_stream::{CellRng, mix};

const DAY: i64 = 86_400_000_000;
/// Typical wave lengths in microseconds, and amplitudes.
const WAVES: [(i64, f64); 4] = [(400 * DAY, 0.12), (47 * DAY, 0.09), (6 * DAY, 0.06), (DAY, 0.05)];
/// Amplitude of the noise of a single reading.
const NOISE: f64 = 0.02;

/// Returns a number between 0 and 1 for the owner of this random word at this moment; `noise` is from 0 to 1.
pub(super) fn wave(owner: u64, at: i64, noise: f64) -> f64 {
    let mut own = CellRng::new(owner);
    let level = 0.32 + 0.36 * own.unit();
    let waves: f64 = WAVES
        .iter()
        .map(|&(length, height)| {
            let length = length - length / 4 + (own.unit() * (length / 2) as f64) as i64;
            let start = (mix(own.word()) % length.unsigned_abs()).cast_signed();
            let along = at.wrapping_add(start).rem_euclid(length) as f64 / length as f64;
            height * bow(along)
        })
        .sum();
    (level + waves + NOISE * (2.0 * noise - 1.0)).clamp(0.0, 1.0)
}

/// Returns one wave made of two parabolas: unlike a sine, its result is identical on every machine.
fn bow(along: f64) -> f64 {
    let x = 2.0 * along - 1.0;
    4.0 * x * (1.0 - x.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_readings_are_similar_and_owners_differ() {
        let hour = DAY / 24;
        let of = |owner: u64| (0..500).map(|i| wave(mix(owner), i * hour, 0.5)).collect::<Vec<f64>>();
        for owner in 0..20 {
            let values = of(owner);
            let mean = values.iter().sum::<f64>() / 500.0;
            let spread: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
            let steps: f64 = values.windows(2).map(|w| (w[1] - w[0]).powi(2)).sum();
            assert!(values.iter().all(|v| (0.0..=1.0).contains(v)));
            assert!(spread > 0.1 && steps < spread / 10.0, "{owner}: steps {steps} of {spread}");
        }
        assert!((of(1)[0] - of(2)[0]).abs() > 1e-6);
    }
}
