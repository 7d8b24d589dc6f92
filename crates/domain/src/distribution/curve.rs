//! Continuous distributions: cumulative distribution functions and their inverses.

use super::Distribution;

/// The share of values below `x`; `None` for distributions without a formula.
pub(super) fn share_below(law: &Distribution, x: f64) -> Option<f64> {
    Some(match *law {
        Distribution::Normal { mean, sd } => normal((x - mean) / sd),
        Distribution::Lognormal { .. } if x <= 0.0 => 0.0,
        Distribution::Lognormal { median, sigma } => normal((x / median).ln() / sigma),
        Distribution::Exponential { from, mean } => 1.0 - (-(x - from).max(0.0) / mean).exp(),
        Distribution::Pareto { least, .. } if x <= least => 0.0,
        Distribution::Pareto { least, alpha } => 1.0 - (least / x).powf(alpha),
        Distribution::Triangular { least, mode, most } => {
            let x = x.clamp(least, most);
            let wide = most - least;
            if x <= mode && mode > least {
                (x - least) * (x - least) / (wide * (mode - least))
            } else if mode < most {
                1.0 - (most - x) * (most - x) / (wide * (most - mode))
            } else {
                1.0
            }
        }
        _ => return None,
    })
}

/// The `p`-quantile; 0 for distributions without a formula.
pub(super) fn quantile(law: &Distribution, p: f64) -> f64 {
    match *law {
        Distribution::Normal { mean, sd } => mean + sd * normal_quantile(p),
        Distribution::Lognormal { median, sigma } => median * (sigma * normal_quantile(p)).exp(),
        Distribution::Exponential { from, mean } => from - mean * (1.0 - p).ln(),
        Distribution::Pareto { least, alpha } => least * (1.0 - p).powf(-1.0 / alpha),
        Distribution::Triangular { least, mode, most } => {
            let wide = most - least;
            let turn = (mode - least) / wide;
            if p < turn {
                least + (p * wide * (mode - least)).sqrt()
            } else {
                most - ((1.0 - p) * wide * (most - mode)).sqrt()
            }
        }
        _ => 0.0,
    }
}

/// The normal distribution, to seven digits (Abramowitz and Stegun, 26.2.17).
pub(super) fn normal(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let poly =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * poly;
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// The inverse of [`normal`], to nine digits (Acklam's rational approximation).
pub(super) fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -39.696_830_286_653_76,
        220.946_098_424_520_5,
        -275.928_510_446_968_7,
        138.357_751_867_269,
        -30.664_798_066_147_16,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -54.476_098_798_224_06,
        161.585_836_858_040_9,
        -155.698_979_859_886_6,
        66.801_311_887_719_72,
        -13.280_681_552_885_72,
    ];
    const C: [f64; 6] = [
        -0.007_784_894_002_430_293,
        -0.322_396_458_041_136_5,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [0.007_784_695_709_041_462, 0.322_467_129_070_039_8, 2.445_134_137_142_996, 3.754_408_661_907_416];
    let over = |of: &[f64], x: f64| of.iter().fold(0.0, |sum, c| sum * x + c);
    let p = p.clamp(1e-300, 1.0 - 1e-16);
    let far = |p: f64| {
        let q = (-2.0 * p.ln()).sqrt();
        over(&C, q) / (over(&D, q) * q + 1.0)
    };
    if p < 0.024_25 {
        far(p)
    } else if p > 0.975_75 {
        -far(1.0 - p)
    } else {
        let (q, r) = (p - 0.5, (p - 0.5) * (p - 0.5));
        q * over(&A, r) / (over(&B, r) * r + 1.0)
    }
}
