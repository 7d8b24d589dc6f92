//! Samplers of scaled integers, floating-point numbers and bytes.

use super::text_index::{power, skipping};
use super::{Domain, PRACTICALLY_INFINITE, RangeKind, Shape};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// A random index in `[0, n)` with a shape's distribution; `n` must not be 0.
#[inline]
pub(super) fn shaped(shape: Shape, n: u128, rng: &mut CellRng) -> u128 {
    if shape == Shape::Uniform {
        return rng.below_u128(n);
    }
    if let Ok(n) = i64::try_from(n) {
        return u128::from(shaped_word(shape, n.cast_unsigned(), rng));
    }
    let low = shaped_below(shape, n as f64, rng) as u128;
    let low = low.min(n - 1);
    if shape == Shape::High { n - 1 - low } else { low }
}

/// A random number in `[0, n)` with the distribution of a shape that is not uniform; that of [`Shape::High`] is to be
/// mirrored.
#[inline]
fn shaped_below(shape: Shape, n: f64, rng: &mut CellRng) -> f64 {
    let u = rng.unit();
    match shape {
        // With the mean of three uniform numbers, two thirds of the draws are in the middle third.
        Shape::Middle => n * (u + rng.unit() + rng.unit()) / 3.0,
        // With the cube of a uniform number, half of the draws are in the first eighth.
        _ => n * u * u * u,
    }
}

/// As [`shaped`] without 128-bit arithmetic; `n` must be below 2^63.
#[inline]
fn shaped_word(shape: Shape, n: u64, rng: &mut CellRng) -> u64 {
    if shape == Shape::Uniform {
        return rng.below(n);
    }
    // Conversions from floating point are faster to signed integers.
    let low = (shaped_below(shape, n as f64, rng) as i64).cast_unsigned().min(n - 1);
    if shape == Shape::High { n - 1 - low } else { low }
}

#[derive(Debug, Clone)]
pub(super) struct RangeSampler {
    kind: RangeKind,
    lo: i128,
    step: i128,
    shape: Shape,
    /// Indices of the excepted numbers, sorted.
    skip: Vec<u128>,
    /// The number of multiples of the step, including excepted ones.
    grid: u128,
    /// The same range for the fast path, if it applies.
    span: Option<Span>,
}

impl RangeSampler {
    pub fn new(kind: RangeKind, lo: i128, hi: i128, step: i128, except: &[i128], shape: Shape) -> Self {
        let step = step.max(1);
        let index = |n: i128| n.wrapping_sub(lo).cast_unsigned() / step.cast_unsigned();
        let grid = if hi < lo { 0 } else { index(hi).saturating_add(1) };
        let on_grid =
            |n: &i128| *n >= lo && *n <= hi && n.wrapping_sub(lo).cast_unsigned().is_multiple_of(step.cast_unsigned());
        let mut skip: Vec<u128> = except.iter().copied().filter(on_grid).map(index).collect();
        skip.sort_unstable();
        skip.dedup();
        let span = if skip.is_empty() { Span::new(lo, hi, step, shape) } else { None };
        RangeSampler { kind, lo, step, shape, skip, grid, span }
    }

    pub fn span(&self) -> Option<Span> {
        self.span
    }

    pub fn size(&self) -> u128 {
        (self.grid - self.skip.len() as u128).min(PRACTICALLY_INFINITE)
    }

    pub fn kind(&self) -> RangeKind {
        self.kind
    }

    pub fn value(&self, i: u128) -> Value {
        self.scaled(self.number(i))
    }

    /// The `i`-th number, unscaled.
    pub fn number(&self, i: u128) -> i128 {
        let i = if self.skip.is_empty() { i } else { skipping(i, &self.skip) };
        let offset = i.wrapping_mul(self.step.cast_unsigned());
        self.lo.wrapping_add(offset.cast_signed())
    }

    pub fn draw_index(&self, rng: &mut CellRng) -> u128 {
        shaped(self.shape, self.size(), rng)
    }

    pub fn draw(&self, rng: &mut CellRng) -> Value {
        if self.size() == 0 { Value::Null } else { self.value(self.draw_index(rng)) }
    }

    fn scaled(&self, n: i128) -> Value {
        match self.kind {
            RangeKind::Int => Value::Int(n),
            RangeKind::Decimal { scale } => Value::Decimal { unscaled: n, scale },
            RangeKind::Date => Value::Date(saturated(n)),
            RangeKind::Time => Value::Time(saturated(n)),
            RangeKind::Timestamp => Value::Timestamp(saturated(n)),
            RangeKind::Interval => Value::Interval(saturated(n)),
        }
    }

    pub fn contains(&self, value: &Value) -> bool {
        let n = match (self.kind, value) {
            (RangeKind::Int, Value::Int(n)) => Some(*n),
            (RangeKind::Decimal { scale }, Value::Decimal { unscaled, scale: s }) => rescale(*unscaled, *s, scale),
            (RangeKind::Decimal { scale }, Value::Int(n)) => rescale(*n, 0, scale),
            (RangeKind::Date, Value::Date(d)) => Some(i128::from(*d)),
            (RangeKind::Time, Value::Time(t))
            | (RangeKind::Timestamp, Value::Timestamp(t))
            | (RangeKind::Interval, Value::Interval(t)) => Some(i128::from(*t)),
            _ => None,
        };
        n.is_some_and(|n| {
            let offset = n.wrapping_sub(self.lo).cast_unsigned();
            let step = self.step.cast_unsigned();
            n >= self.lo
                && offset.is_multiple_of(step)
                && offset / step < self.grid
                && self.skip.binary_search(&(offset / step)).is_err()
        })
    }
}

/// A range without exceptions whose bounds fit into 63 bits, which is the usual case: narrowing and drawing are fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub lo: i64,
    pub hi: i64,
    step: i64,
    shape: Shape,
}

impl Span {
    /// The range of a domain, with its kind; `None` for other domains.
    pub fn of(domain: &Domain) -> Option<(RangeKind, Span)> {
        let Domain::Range { kind, lo, hi, step, except, shape } = domain else { return None };
        Some((*kind, Span::new(*lo, *hi, *step, *shape).filter(|_| except.is_empty())?))
    }

    fn new(lo: i128, hi: i128, step: i128, shape: Shape) -> Option<Span> {
        // Below 2^62, so that no difference overflows.
        let end = |n: i128| i64::try_from(n).ok().filter(|n| n.unsigned_abs() < 1 << 62);
        let span = Span { lo: end(lo)?, hi: end(hi)?, step: end(step)?.max(1), shape };
        (lo <= hi).then_some(span)
    }

    /// The part of the range within `from..=to`; `None` if it is empty.
    pub fn keep(self, from: i64, to: i64) -> Option<Span> {
        let aligned = |n: i64| if self.step == 1 { n } else { n / self.step * self.step };
        let lo = if from > self.lo {
            self.lo.checked_add(aligned(from.checked_sub(self.lo)?.checked_add(self.step - 1)?))?
        } else {
            self.lo
        };
        let hi = to.min(self.hi);
        (lo <= hi).then(|| Span { lo, hi: lo + aligned(hi - lo), ..self })
    }

    /// The same range with another shape.
    pub fn shaped(self, shape: Shape) -> Span {
        Span { shape, ..self }
    }

    /// The distance of neighbouring numbers.
    pub fn step(self) -> i64 {
        self.step
    }

    /// Draws a number, the same as the range's sampler from the same random stream.
    #[inline]
    pub fn draw(self, rng: &mut CellRng) -> i64 {
        let i = shaped_word(self.shape, self.size(), rng);
        self.lo + i.cast_signed() * self.step
    }

    /// As [`draw`](Self::draw) for each stream, with the common work done once.
    pub fn draw_each(self, streams: impl Iterator<Item = CellRng>) -> Vec<i64> {
        let size = self.size();
        let number = |i: u64| self.lo + i.cast_signed() * self.step;
        match self.shape {
            Shape::Uniform => streams.map(|mut rng| number(rng.below(size))).collect(),
            shape => streams.map(|mut rng| number(shaped_word(shape, size, &mut rng))).collect(),
        }
    }

    #[inline]
    fn size(self) -> u64 {
        let steps = if self.step == 1 { self.hi - self.lo } else { (self.hi - self.lo) / self.step };
        (steps + 1).unsigned_abs()
    }
}

/// The number as a value's integer type, clamped to that type's bounds.
fn saturated<T: TryFrom<i128> + IntBounds>(n: i128) -> T {
    T::try_from(n).unwrap_or(if n < 0 { T::LOWEST } else { T::HIGHEST })
}

trait IntBounds {
    const LOWEST: Self;
    const HIGHEST: Self;
}

impl IntBounds for i32 {
    const LOWEST: Self = i32::MIN;
    const HIGHEST: Self = i32::MAX;
}

impl IntBounds for i64 {
    const LOWEST: Self = i64::MIN;
    const HIGHEST: Self = i64::MAX;
}

/// The `m` with `n / 10^from = m / 10^to`; `None` if there is no such integer.
fn rescale(n: i128, from: u8, to: u8) -> Option<i128> {
    if from <= to {
        return n.checked_mul(10i128.checked_pow(u32::from(to - from))?);
    }
    let unit = 10i128.checked_pow(u32::from(from - to))?;
    (n % unit == 0).then_some(n / unit)
}

#[derive(Debug, Clone)]
pub(super) struct FloatSampler {
    /// The smallest multiple of `1 / unit`, as an integer.
    lo: i64,
    steps: u64,
    unit: f64,
    bounds: (f64, f64),
    shape: Shape,
}

impl FloatSampler {
    pub fn new(lo: f64, hi: f64, decimals: u8, shape: Shape) -> Self {
        let mut unit = 10f64.powi(i32::from(decimals));
        // Integers up to 2^53 are exact; for larger bounds the step is coarser, so that values differ.
        while unit > 1.0 && (lo.abs().max(hi.abs()) * unit) > 9e15 {
            unit /= 10.0;
        }
        let clamp = |x: f64| x.clamp(-9e15, 9e15);
        let first = clamp((lo * unit).ceil()) as i64;
        let last = clamp((hi * unit).floor()) as i64;
        let steps = if last < first { 0 } else { last.abs_diff(first) + 1 };
        FloatSampler { lo: first, steps, unit, bounds: (lo, hi), shape }
    }

    /// The number of values; a range that contains no multiple of the step contains its lower bound only.
    pub fn size(&self) -> u128 {
        if self.steps == 0 { u128::from(self.bounds.0 <= self.bounds.1) } else { u128::from(self.steps) }
    }

    pub fn value(&self, i: u128) -> Value {
        let i = u64::try_from(i).unwrap_or(u64::MAX).min(self.steps.saturating_sub(1));
        if self.steps == 0 {
            return Value::Float(self.bounds.0);
        }
        Value::Float(self.lo.saturating_add_unsigned(i) as f64 / self.unit)
    }

    pub fn draw(&self, rng: &mut CellRng) -> Value {
        if self.size() == 0 { Value::Null } else { self.value(shaped(self.shape, self.size(), rng)) }
    }

    pub fn contains(&self, value: &Value) -> bool {
        let x = match value {
            Value::Float(x) => *x,
            Value::Int(n) => *n as f64,
            Value::Decimal { unscaled, scale } => *unscaled as f64 / 10f64.powi(i32::from(*scale)),
            _ => return false,
        };
        self.bounds.0 <= x && x <= self.bounds.1
    }
}

/// Number of bytes that depend on the index of a unique value.
const INDEX_BYTES: usize = 12;

pub(super) fn bytes_size(min: u32, max: u32) -> u128 {
    if min > max {
        return 0;
    }
    power(256, index_bytes(max))
}

fn index_bytes(max: u32) -> usize {
    (max as usize).min(INDEX_BYTES)
}

/// The `i`-th value; all have one length, so that padding with zero bytes never makes two equal.
pub(super) fn bytes_value(i: u128, min: u32, max: u32) -> Value {
    let n = index_bytes(max);
    let mut bytes = super::text_format::scramble(i, (8 * n.max(1)) as u32).to_be_bytes()[16 - n..].to_vec();
    let mut rng = super::text_index::decoration(i);
    let length = (min as usize).max(n).max((max as usize).min(16));
    bytes.extend((n..length).map(|_| (rng.word() >> 56) as u8));
    Value::Bytes(bytes)
}

pub(super) fn bytes_draw(min: u32, max: u32, rng: &mut CellRng) -> Value {
    let length = u64::from(min) + rng.below(u64::from(max.saturating_sub(min)) + 1);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 8);
    while (bytes.len() as u64) < length {
        bytes.extend(rng.word().to_le_bytes());
    }
    bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    Value::Bytes(bytes)
}
