//! Series: values at regular steps, random walks, and factors of the season, as data.

use serde::{Deserialize, Serialize};

use dbmocker_domain::RangeKind;

/// Values at regular steps, in the unit of `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesPlan {
    pub kind: RangeKind,
    pub start: i64,
    pub step: i64,
    /// Months of a step of dates or moments, in place of `step`.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub months: i64,
    /// A value lies at most this far from its step, in multiples of `grain`.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub jitter: i64,
    #[serde(skip_serializing_if = "is_zero", default)]
    pub grain: i64,
    /// Share of steps without a row.
    #[serde(skip_serializing_if = "is_none", default)]
    pub gaps: f64,
    /// Text around the digits of the value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<SeriesText>,
}

/// Text around the digits of a number, which has at least this many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesText {
    pub before: String,
    pub digits: u32,
    pub after: String,
}

/// A walk with normally distributed steps, reflected at its bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WalkPlan {
    pub start: f64,
    /// Standard deviation of a step.
    pub step: f64,
    /// Mean of a step.
    pub drift: f64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub most: Option<f64>,
    /// Digits after the point; `None` for floating point.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scale: Option<u8>,
}

impl SeriesPlan {
    /// The largest share of steps without a row.
    pub const MOST_GAPS: f64 = 0.99;
    /// Digits of a number in a text at most.
    const MOST_DIGITS: u32 = 30;
    /// Months of ten thousand years.
    const MOST_MONTHS: i64 = 120_000;

    /// Returns true if its values can be computed without overflow and in bounded time.
    pub fn is_valid(&self) -> bool {
        let jitter = i128::from(self.jitter) * i128::from(self.grain);
        let shifts = (0..=1 << 61).contains(&self.jitter) && (0..=1 << 62).contains(&jitter);
        let start = self.months == 0 || self.kind != RangeKind::Date || i32::try_from(self.start).is_ok();
        (0.0..=Self::MOST_GAPS).contains(&self.gaps)
            && shifts
            && start
            && self.months.abs() <= Self::MOST_MONTHS
            && self.text.as_ref().is_none_or(|text| text.digits <= Self::MOST_DIGITS)
    }
}

impl WalkPlan {
    /// Returns true if its values are numbers.
    pub fn is_valid(&self) -> bool {
        const MOST: f64 = 1e19;
        let ends = self.least.iter().chain(&self.most);
        let numbers = [self.start, self.step, self.drift];
        let ordered = self.least.zip(self.most).is_none_or(|(least, most)| least < most);
        ends.chain(&numbers).all(|x| (-MOST..=MOST).contains(x))
            && ordered
            && self.scale.is_none_or(|scale| scale <= 38)
    }
}

impl SeasonPlan {
    /// Returns true if it has a factor for each hour, weekday and month, or none.
    pub fn is_valid(&self) -> bool {
        let lists = [(&self.hours, 24), (&self.weekdays, 7), (&self.months, 12)];
        lists.iter().all(|(list, n)| (list.is_empty() || list.len() == *n) && list.iter().all(|x| x.is_finite()))
    }
}

/// Factors by the moment in another column of the row; an empty list stands for 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SeasonPlan {
    /// 24 factors.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub hours: Vec<f64>,
    /// 7 factors, Monday first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub weekdays: Vec<f64>,
    /// 12 factors.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub months: Vec<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none(share: &f64) -> bool {
    *share == 0.0
}
