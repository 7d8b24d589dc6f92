use proptest::prelude::*;

use super::*;
use dbmocker_core::rng_stream::mix;
use dbmocker_core::time::MICROS_PER_DAY;

const ROWS: u64 = 100_000;

fn whole(lo: i64, hi: i64) -> NumberGrid {
    NumberGrid { lo, hi, step: 1, unit: 1.0, days: false }
}

fn numbers(law: &Distribution, grid: NumberGrid) -> Vec<i64> {
    let inverse = InverseCdf::new(law, grid).unwrap();
    (0..ROWS).map(|row| inverse.number(unit(mix(row ^ 0x7e57)))).collect()
}

/// Whether a share of the rows is the expected one within 3 sigma.
fn is_share(found: usize, share: f64) -> bool {
    let rows = ROWS as f64;
    (found as f64 - share * rows).abs() <= 3.0 * (rows * share * (1.0 - share)).sqrt() + 1.0
}

#[test]
fn buckets_have_their_shares() {
    let bucket = |to, share| Bucket { to, share };
    let law =
        Distribution::Buckets { from: None, buckets: vec![bucket(65.0, 0.3), bucket(80.0, 0.3), bucket(100.0, 0.4)] };
    let made = numbers(&law, whole(0, 100));
    let within = |lo: i64, hi: i64| made.iter().filter(|n| (lo..=hi).contains(*n)).count();
    assert!(is_share(within(0, 65), 0.3) && is_share(within(66, 80), 0.3) && is_share(within(81, 100), 0.4));
    assert!(is_share(within(66, 66), 0.3 / 15.0), "even within a bucket");
}

#[test]
fn curves_have_their_quantiles_and_stay_within_the_grid() {
    for law in [
        Distribution::Normal { mean: 70.0, sd: 12.0 },
        Distribution::Lognormal { median: 40.0, sigma: 0.8 },
        Distribution::Exponential { from: 0.0, mean: 30.0 },
        Distribution::Pareto { least: 10.0, alpha: 1.5 },
        Distribution::Triangular { least: 0.0, mode: 30.0, most: 120.0 },
    ] {
        let grid = NumberGrid { lo: 0, hi: 100_000, step: 1, unit: 0.01, days: false };
        let made = numbers(&law, grid);
        let (low, all) = (curve::share_below(&law, -0.005).unwrap(), curve::share_below(&law, 1000.005).unwrap());
        for p in [0.1, 0.25, 0.5, 0.75, 0.9, 0.99] {
            let value = curve::quantile(&law, low + p * (all - low));
            let below = made.iter().filter(|n| **n as f64 * 0.01 < value).count();
            assert!(is_share(below, p), "{law}: {p} {value} {below}");
        }
        let cut = numbers(&law, whole(20, 60));
        assert!(cut.iter().all(|n| (20..=60).contains(n)), "{law}");
    }
}

#[test]
fn a_distribution_without_values_in_the_range_is_an_error() {
    let law = Distribution::Normal { mean: 0.0, sd: 1.0 };
    assert!(matches!(InverseCdf::new(&law, whole(1000, 2000)), Err(DistributionError::NoMass { .. })));
    assert!(Distribution::Normal { mean: 0.0, sd: 0.0 }.check().is_err());
}

#[test]
fn ranks_of_zipf_have_their_shares() {
    for (s, size) in [(1.0, 10u64), (1.2, 5000), (0.7, 100_000), (0.0, 7)] {
        let ranks = Ranks::zipf(s, size).sampler();
        let total: f64 = (1..=size).map(|k| (k as f64).powf(-s)).sum();
        let mut counts = std::collections::HashMap::new();
        for row in 0..ROWS {
            let rank = ranks.rank(unit(mix(row)));
            assert!(rank < size);
            *counts.entry(rank).or_insert(0usize) += 1;
        }
        for k in [1, 2, 3, 7, 300] {
            let expected = (k as f64).powf(-s) / total;
            if k <= size {
                assert!(is_share(counts.get(&(k - 1)).copied().unwrap_or(0), expected), "{s} {size} {k}");
            }
        }
    }
}

#[test]
fn learned_numbers_keep_frequencies_quantiles_and_distinct_values() {
    let rest: Vec<Point> = (0..=20).map(|i| Point { p: f64::from(i) / 20.0, value: f64::from(i * i) * 10.0 }).collect();
    let atoms = vec![Atom { value: 0.0, share: 0.35 }, Atom { value: 1000.0, share: 0.05 }];
    let law = Distribution::Learned(LearnedDistribution { atoms, rest, distinct: Some(500), ..Default::default() });
    let made = numbers(&law, NumberGrid { lo: -100_000, hi: 100_000_000, step: 1, unit: 0.01, days: false });
    let of = |n: i64| made.iter().filter(|m| **m == n).count();
    assert!(is_share(of(0), 0.35) && is_share(of(100_000), 0.05));
    let below = made.iter().filter(|n| **n < 100_000).count();
    assert!(is_share(below, 0.35 + 0.6 * 0.5), "half of the rest lies below 1000: {below}");
    let distinct: std::collections::HashSet<i64> = made.into_iter().collect();
    assert_eq!(distinct.len(), 502);
}

#[test]
fn prices_have_the_learned_endings() {
    let rest = vec![Point { p: 0.0, value: 1.0 }, Point { p: 1.0, value: 900.0 }];
    let ending = Some(Ending { fraction: 0.99, share: 0.8 });
    let law = Distribution::Learned(LearnedDistribution { rest, ending, ..LearnedDistribution::default() });
    let made = numbers(&law, NumberGrid { lo: 0, hi: 1_000_000, step: 1, unit: 0.01, days: false });
    let ended = made.iter().filter(|n| *n % 100 == 99).count();
    assert!((0.79..0.82).contains(&(ended as f64 / ROWS as f64)), "{ended}");
}

#[test]
fn a_long_tail_continues_the_slope_of_its_neighbour() {
    let law = Distribution::Lognormal { median: 100.0, sigma: 1.0 };
    let value = |p: f64| curve::quantile(&law, p.clamp(1e-9, 1.0 - 1.0 / 30_000.0));
    let rest = (0..=20).map(|i| Point { p: f64::from(i) / 20.0, value: value(f64::from(i) / 20.0) }).collect();
    let made = numbers(
        &Distribution::Learned(LearnedDistribution { rest, ..LearnedDistribution::default() }),
        whole(0, 1_000_000),
    );
    let below = made.iter().filter(|n| (**n as f64) < value(0.99)).count() as f64 / ROWS as f64;
    assert!((0.982..0.996).contains(&below), "{below}");
}

#[test]
fn values_have_the_correlation_with_the_row_number() {
    for correlation in [1.0, 0.98, 0.7, 0.3, -0.5, -1.0] {
        let order = CorrelatedOrder::new(correlation).unwrap();
        let lead = |row: u64| order.lead(row as f64 / ROWS as f64, unit(mix(row)));
        let (mut sum, mut cross, mut square) = (0.0, 0.0, 0.0);
        for row in 0..ROWS {
            let (x, u) = (row as f64 / ROWS as f64 - 0.5, lead(row) - 0.5);
            (sum, cross, square) = (sum + u, cross + x * u, square + u * u);
        }
        let rows = ROWS as f64;
        assert!((sum / rows).abs() < 0.01 && (square / rows - 1.0 / 12.0).abs() < 0.002, "uniform");
        assert!((cross / rows * 12.0 - correlation).abs() < 0.02, "{correlation}: {}", cross / rows * 12.0);
    }
    assert!(CorrelatedOrder::new(0.0).is_none());
}

#[test]
fn calendars_keep_weekdays_hours_and_growth() {
    let mut hours = vec![0.0; 24];
    hours[9..17].fill(1.0);
    let week = vec![1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0];
    let law = Distribution::Calendar(Calendar { growth: 4.0, hours, week });
    let from = 20_000 * MICROS_PER_DAY;
    let made = numbers(&law, whole(from, from + 728 * MICROS_PER_DAY - 1));
    let hour = |m: &i64| m.rem_euclid(MICROS_PER_DAY) * 24 / MICROS_PER_DAY;
    let weekday = |m: &i64| (m.div_euclid(MICROS_PER_DAY) + 3).rem_euclid(7);
    assert!(made.iter().all(|m| (9..17).contains(&hour(m)) && weekday(m) != 6));
    assert!(is_share(made.iter().filter(|m| weekday(m) == 5).count(), 0.5 / 5.5));
    let late = made.iter().filter(|m| **m >= from + 364 * MICROS_PER_DAY).count();
    // A growth of 4 doubles from one half to the next.
    assert!((late as f64 / ROWS as f64 - 2.0 / 3.0).abs() < 0.01, "{late}");
    let even = numbers(&Distribution::Uniform, NumberGrid { days: true, ..whole(0, 89) });
    assert!(is_share(even.iter().filter(|d| **d < 31).count(), 31.0 / 90.0));
}

#[test]
fn draws_give_the_expected_number_of_distinct_values() {
    for (distinct, draws) in [(600.0, 5000.0), (4000.0, 5000.0), (20.0, 100_000.0)] {
        let size = domain_of_distinct(distinct, draws, None);
        let seen = -size * f64::exp_m1(-draws / size);
        assert!((seen - distinct).abs() < 0.01 * distinct, "{distinct} {draws} {size}");
    }
    assert_eq!(domain_of_distinct(600.0, 5000.0, Some(0.0)).round(), 600.0);
    assert!(domain_of_distinct(5000.0, 5000.0, None).is_infinite());
}

proptest! {
    #[test]
    fn a_rank_is_the_inverse_of_its_share(s in 0.0f64..2.5, size in 1u64..100_000, head in prop::collection::vec(0.001f64..0.01, 0..40), u in 0.0f64..1.0) {
        let mut head = head;
        head.sort_by(|a, b| b.total_cmp(a));
        let ranks = Ranks { size, head, exponent: Some(s) }.sampler();
        let rank = ranks.rank(u);
        prop_assert!(rank < size);
        prop_assert!(ranks.before(rank) <= u + 1e-9 && u <= ranks.before(rank + 1) + 1e-9);
    }

    #[test]
    fn numbers_grow_with_the_uniform_one(a in 0.0f64..1.0, b in 0.0f64..1.0, mean in -100.0f64..100.0, sd in 0.1f64..50.0) {
        let inverse = InverseCdf::new(&Distribution::Normal { mean, sd }, whole(-1000, 1000)).unwrap();
        let (a, b) = (a.min(b), a.max(b));
        prop_assert!(inverse.number(a) <= inverse.number(b));
    }
}

#[test]
fn the_whole_range_of_floats_is_a_grid() {
    // A column of coordinates without a CHECK, in units of 1e-5.
    let grid = NumberGrid { lo: i64::MIN + 1, hi: i64::MAX, step: 1, unit: 1e-5, days: false };
    let points = vec![Point { p: 0.0, value: 47.0 }, Point { p: 1.0, value: 55.0 }];
    for law in [
        Distribution::Quantiles { points: points.clone() },
        Distribution::Learned(LearnedDistribution { rest: points, ..Default::default() }),
        Distribution::Buckets { from: Some(47.0), buckets: vec![Bucket { to: 55.0, share: 1.0 }] },
    ] {
        let inverse = InverseCdf::new(&law, grid).unwrap();
        let numbers: Vec<i64> = (0..100).map(|i| inverse.number(f64::from(i) / 100.0)).collect();
        assert!(
            numbers.is_sorted() && numbers.iter().all(|n| (4_700_000..=5_500_000).contains(n)),
            "{law}: {numbers:?}"
        );
        assert!(numbers.windows(2).all(|w| w[1] - w[0] > 7000), "{law}: {numbers:?}");
    }
    let even = InverseCdf::new(&Distribution::Uniform, grid).unwrap();
    assert!(even.number(0.0) < even.number(0.5) && even.number(0.5) < even.number(0.999));
}
