//! The values of a column in a sample of its rows, as a small picture.

use std::collections::HashMap;

use serde::Serialize;

use super::shortened;
use dbmocker_core::value::Value;

/// Bars of a histogram.
const BARS: usize = 16;
/// Values that are listed with their shares.
const LISTED: usize = 6;
/// Numbers with fewer different values are listed, not drawn as a histogram.
const FEW: usize = 12;

/// How the values of a column are distributed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnPicture {
    /// Share of NULLs.
    pub nulls: f64,
    /// Different values in the sample.
    pub distinct: usize,
    #[serde(flatten)]
    pub picture: Picture,
}

/// The picture that fits the values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// The most frequent values, with their shares of all rows.
    Top(Vec<(String, f64)>),
    /// Rows in equal intervals of numbers or moments.
    Values(Histogram),
    /// Rows in equal intervals of lengths, of texts that hardly repeat.
    Lengths(Histogram),
}

/// Rows in equal intervals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    pub from: String,
    pub to: String,
    pub bars: Vec<u32>,
}

impl ColumnPicture {
    /// The distribution of a sample; texts are cut to `width` characters.
    pub fn of(sample: &[Value], width: usize) -> Self {
        let filled: Vec<&Value> = sample.iter().filter(|v| !v.is_null()).collect();
        let mut counts: HashMap<String, u32> = HashMap::new();
        filled.iter().for_each(|v| *counts.entry(v.to_string()).or_default() += 1);
        let distinct = counts.len();
        let numbers: Option<Vec<f64>> = filled.iter().map(|v| number(v)).collect();
        let picture = match numbers {
            Some(numbers) if distinct > FEW => Picture::Values(histogram(&numbers, |i| filled[i].to_string())),
            None if distinct > FEW && distinct * 2 > filled.len() => {
                let lengths: Vec<f64> = filled.iter().map(|v| v.to_string().chars().count() as f64).collect();
                Picture::Lengths(histogram(&lengths, |i| lengths[i].to_string()))
            }
            _ => Picture::Top(top(counts, sample.len(), width)),
        };
        ColumnPicture { nulls: share(sample.len() - filled.len(), sample.len()), distinct, picture }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 1000.0).round() / 1000.0 }
}

fn top(counts: HashMap<String, u32>, rows: usize, width: usize) -> Vec<(String, f64)> {
    let mut counts: Vec<(String, u32)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.into_iter().take(LISTED).map(|(text, n)| (shortened(&text, width), share(n as usize, rows))).collect()
}

/// `text`: the label of the sample's value at an index.
fn histogram(numbers: &[f64], text: impl Fn(usize) -> String) -> Histogram {
    let by = |a: &usize, b: &usize| numbers[*a].total_cmp(&numbers[*b]);
    let (first, last) = ((0..numbers.len()).min_by(by).unwrap_or(0), (0..numbers.len()).max_by(by).unwrap_or(0));
    let (low, high) = (numbers[first], numbers[last]);
    let mut bars = vec![0; BARS];
    for x in numbers {
        // Halves, so that the difference of the largest and the smallest number is finite.
        let place = if high > low { (x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) } else { 0.0 };
        bars[((place * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    Histogram { from: text(first), to: text(last), bars }
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Int(i) => *i as f64,
        Value::Decimal { unscaled, scale } => *unscaled as f64 / 10_f64.powi(i32::from(*scale)),
        Value::Float(x) => *x,
        Value::Date(days) => f64::from(*days),
        Value::Time(t) | Value::Timestamp(t) | Value::Interval(t) => *t as f64,
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::Bytes(_) | Value::Array(_) => return None,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_a_histogram_and_few_values_a_list() {
        let numbers: Vec<Value> = (0..160).map(Value::Int).chain(std::iter::repeat_n(Value::Null, 40)).collect();
        let d = ColumnPicture::of(&numbers, 20);
        assert_eq!((d.nulls, d.distinct), (0.2, 160));
        let bars = Histogram { from: "0".into(), to: "159".into(), bars: vec![10; 16] };
        assert_eq!(d.picture, Picture::Values(bars));

        let words: Vec<Value> = ["new", "paid", "new", "new"].map(Value::text).to_vec();
        let d = ColumnPicture::of(&words, 20);
        assert_eq!(d.picture, Picture::Top(vec![("new".into(), 0.75), ("paid".into(), 0.25)]));
    }

    #[test]
    fn texts_that_do_not_repeat_are_told_by_length() {
        let texts: Vec<Value> = (1..=20).map(|n| Value::text("é".repeat(n))).collect();
        let d = ColumnPicture::of(&texts, 20);
        assert!(matches!(&d.picture, Picture::Lengths(h) if h.from == "1" && h.to == "20"), "{d:?}");
    }

    #[test]
    fn odd_samples_have_a_picture_too() {
        assert_eq!(ColumnPicture::of(&[], 20).picture, Picture::Top(vec![]));
        assert_eq!(ColumnPicture::of(&[Value::Null], 20).nulls, 1.0);
        let wide: Vec<Value> = (0..30).map(|i| Value::Float(f64::MAX / 16.0 * f64::from(i - 15))).collect();
        assert!(matches!(ColumnPicture::of(&wide, 20).picture, Picture::Values(h) if h.bars.iter().sum::<u32>() == 30));
        let odd: Vec<Value> = (0..30).map(|_| Value::Float(f64::NAN)).collect();
        assert_eq!(ColumnPicture::of(&odd, 20).distinct, 1);
    }
}
