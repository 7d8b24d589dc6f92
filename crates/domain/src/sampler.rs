//! A domain prepared for many values, so that work for the column is done once and not for each cell.

use std::fmt::Write;

use super::choice::ChoiceSampler;
use super::distinct_items::distinct_items;
use super::fast_text::{ChoiceLines, Lines};
use super::number::{FloatSampler, RangeSampler, Span, bytes_draw, bytes_size, bytes_value};
use super::special::SpecialSampler;
use super::text_sampler::TextSampler;
use super::{Domain, PRACTICALLY_INFINITE, RangeKind};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// A [`Domain`] prepared for many values; its results are those of the domain's own methods.
#[derive(Debug, Clone)]
pub struct Sampler {
    inner: SamplerKind,
    size: u128,
}

#[derive(Debug, Clone)]
enum SamplerKind {
    Choice(ChoiceSampler),
    Range(RangeSampler),
    Float(FloatSampler),
    /// Boxed, because it is far larger than the other variants.
    Text(Box<TextSampler>),
    Bytes {
        min: u32,
        max: u32,
    },
    Array {
        element: Box<Sampler>,
        min: u32,
        max: u32,
        unique: bool,
    },
    Special(SpecialSampler),
}

impl Sampler {
    /// Prepares a domain.
    pub fn new(domain: &Domain) -> Self {
        let inner = match domain {
            Domain::Choice { values, weights } => SamplerKind::Choice(ChoiceSampler::new(values, weights.as_deref())),
            Domain::Range { kind, lo, hi, step, except, shape } => {
                SamplerKind::Range(RangeSampler::new(*kind, *lo, *hi, *step, except, *shape))
            }
            Domain::Float { lo, hi, decimals, shape } => {
                SamplerKind::Float(FloatSampler::new(*lo, *hi, *decimals, *shape))
            }
            Domain::Text(text) => SamplerKind::Text(Box::new(TextSampler::new(text))),
            Domain::Bytes { min, max } => SamplerKind::Bytes { min: *min, max: *max },
            Domain::Array { element, min, max, unique } => {
                let element = Box::new(Sampler::new(element));
                SamplerKind::Array { element, min: *min, max: *max, unique: *unique }
            }
            Domain::Special(special) => SamplerKind::Special(SpecialSampler::new(special)),
        };
        let size = match &inner {
            SamplerKind::Choice(c) => c.distinct().len() as u128,
            SamplerKind::Range(r) => r.size(),
            SamplerKind::Float(f) => f.size(),
            SamplerKind::Text(t) => t.size(),
            SamplerKind::Bytes { min, max } => bytes_size(*min, *max),
            SamplerKind::Array { element, min, unique: true, .. } => {
                if *min > 0 {
                    element.size
                } else {
                    1
                }
            }
            SamplerKind::Array { element, min, max, .. } => array_size(element.size, *min, *max),
            SamplerKind::Special(s) => s.size(),
        };
        Sampler { inner, size: size.min(PRACTICALLY_INFINITE) }
    }

    /// The number of values of [`value`](Self::value), as [`Domain::size`].
    pub fn size(&self) -> u128 {
        self.size
    }

    /// The `i`-th value; `i` must be below [`size`](Self::size).
    pub fn value(&self, i: u128) -> Value {
        debug_assert!(i < self.size, "value {i} of {}", self.size);
        match &self.inner {
            SamplerKind::Choice(c) => c.values[c.distinct()[i as usize]].clone(),
            SamplerKind::Range(r) => r.value(i),
            SamplerKind::Float(f) => f.value(i),
            SamplerKind::Bytes { min, max } => bytes_value(i, *min, *max),
            // The first element decides the others.
            SamplerKind::Array { element, min, unique: true, .. } => {
                Value::Array((0..u128::from(*min)).map(|n| element.value((i + n) % element.size)).collect())
            }
            SamplerKind::Array { element, min, max, .. } => {
                let mut rest = i;
                let elements = (0..unique_length(*min, *max)).map(|_| {
                    let digit = rest % element.size;
                    rest /= element.size;
                    element.value(digit)
                });
                Value::Array(elements.collect())
            }
            SamplerKind::Text(_) | SamplerKind::Special(_) => {
                let mut text = String::new();
                self.value_text(i, &mut text);
                Value::Text(text)
            }
        }
    }

    /// Appends the text of the `i`-th value, without allocations for texts and most special types.
    pub fn value_text(&self, i: u128, out: &mut String) {
        match &self.inner {
            SamplerKind::Text(t) => t.value(i, out),
            SamplerKind::Special(s) => s.value(i, out),
            _ => write_value(&self.value(i), out),
        }
    }

    /// A value that need not be unique, distributed by the domain's shape or weights; NULL if the domain is empty.
    pub fn draw(&self, rng: &mut CellRng) -> Value {
        if self.size == 0 {
            return Value::Null;
        }
        match &self.inner {
            SamplerKind::Choice(c) => c.pick(rng).cloned().unwrap_or(Value::Null),
            SamplerKind::Range(r) => r.draw(rng),
            SamplerKind::Float(f) => f.draw(rng),
            SamplerKind::Bytes { min, max } => bytes_draw(*min, *max, rng),
            SamplerKind::Array { element, min, max, unique: true } => {
                let n = u64::from(*min) + rng.below(u64::from(max.saturating_sub(*min)) + 1);
                let draw = |rng: &mut CellRng| element.draw(rng);
                let all = (element.size, |i: u128| element.value(i));
                Value::Array(distinct_items(n as usize, rng, draw, all)) // at most a u32
            }
            SamplerKind::Array { element, min, max, .. } => {
                let n = u64::from(*min) + rng.below(u64::from(max.saturating_sub(*min)) + 1);
                Value::Array((0..n).map(|_| element.draw(rng)).collect())
            }
            SamplerKind::Text(_) | SamplerKind::Special(_) => {
                let mut text = String::new();
                self.draw_text(rng, &mut text);
                Value::Text(text)
            }
        }
    }

    /// The index of the list member that [`draw`](Self::draw) returns for the same random stream; `None` for other
    /// domains.
    pub fn draw_member(&self, rng: &mut CellRng) -> Option<usize> {
        match &self.inner {
            SamplerKind::Choice(c) if self.size > 0 => Some(c.pick_index(rng)),
            _ => None,
        }
    }

    /// The values of a list; `None` for other domains.
    pub fn choices(&self) -> Option<&[Value]> {
        if let SamplerKind::Choice(c) = &self.inner { Some(&c.values) } else { None }
    }

    /// Appends the text of the value that [`draw`](Self::draw) returns for the same random stream.
    #[inline]
    pub fn draw_text(&self, rng: &mut CellRng, out: &mut String) {
        match &self.inner {
            SamplerKind::Text(t) => t.draw(rng, out),
            SamplerKind::Special(s) => s.draw(rng, out),
            SamplerKind::Choice(c) => {
                if let Some(value) = c.pick(rng) {
                    write_value(value, out);
                }
            }
            _ => write_value(&self.draw(rng), out),
        }
    }

    /// Whether values are texts, and [`value_text`](Self::value_text) does not allocate.
    pub fn is_text(&self) -> bool {
        matches!(self.inner, SamplerKind::Text(_) | SamplerKind::Special(_))
    }

    /// The kind of a range, and its smallest and largest number in the kind's unit; `None` for empty ranges and other
    /// domains.
    pub fn range(&self) -> Option<(RangeKind, i128, i128)> {
        match &self.inner {
            SamplerKind::Range(r) if self.size > 0 => Some((r.kind(), r.number(0), r.number(r.size() - 1))),
            _ => None,
        }
    }

    /// A faster sampler with the results of [`draw_number`](Self::draw_number); `None` for other domains, and for
    /// ranges with exceptions or beyond 63 bits.
    pub fn span(&self) -> Option<Span> {
        match &self.inner {
            SamplerKind::Range(r) => r.span(),
            _ => None,
        }
    }

    /// A faster writer of the texts that [`draw`](Self::draw) returns; `None` for domains without one.
    pub fn lines(&self) -> Option<Lines<'_>> {
        match &self.inner {
            SamplerKind::Text(text) => text.lines(),
            SamplerKind::Choice(choice) => {
                let texts = choice.texts.as_ref().filter(|texts| texts.len() > 0)?;
                Some(Lines::Choice(ChoiceLines { choice, texts }))
            }
            _ => None,
        }
    }

    /// The number of the value that [`draw`](Self::draw) returns for the same random stream, in the range's unit;
    /// `None` if [`range`](Self::range) is.
    #[inline]
    pub fn draw_number(&self, rng: &mut CellRng) -> Option<i128> {
        match &self.inner {
            SamplerKind::Range(r) if self.size > 0 => Some(r.number(r.draw_index(rng))),
            _ => None,
        }
    }

    /// The number of the `i`-th value, in the range's unit; `None` for other domains, and if `i` is not below the size.
    #[inline]
    pub fn number(&self, i: u128) -> Option<i128> {
        match &self.inner {
            SamplerKind::Range(r) if i < self.size => Some(r.number(i)),
            _ => None,
        }
    }

    /// The first number of a range whose `i`-th number is `first + i`, up to `i = last`; `None` for other domains.
    pub fn in_order(&self, last: u64) -> Option<i64> {
        let first = self.span()?.lo;
        let number = self.number(last.into())?;
        (number == i128::from(first) + i128::from(last) && i64::try_from(number).is_ok()).then_some(first)
    }

    /// Whether the domain contains `value`, by its limits and members; a text's kind is not checked.
    pub fn contains(&self, value: &Value) -> bool {
        match (&self.inner, value) {
            (SamplerKind::Choice(c), v) => c.contains(v),
            (SamplerKind::Range(r), v) => r.contains(v),
            (SamplerKind::Float(f), v) => f.contains(v),
            (SamplerKind::Text(t), Value::Text(s)) => t.contains(s),
            (SamplerKind::Bytes { min, max }, Value::Bytes(b)) => (*min as usize..=*max as usize).contains(&b.len()),
            (SamplerKind::Array { element, min, max, unique }, Value::Array(elements)) => {
                let differ = || (1..elements.len()).all(|i| !elements[..i].contains(&elements[i]));
                (*min as usize..=*max as usize).contains(&elements.len())
                    && (!unique || differ())
                    && elements.iter().all(|e| element.contains(e))
            }
            (SamplerKind::Special(s), Value::Text(text)) => s.contains(text),
            _ => false,
        }
    }
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Text(s) => out.push_str(s),
        Value::Array(elements) => dbmocker_core::value::literal::write_array(elements, ',', out),
        other => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{other}");
        }
    }
}

/// The length of unique arrays: four elements, within `min..=max`.
fn unique_length(min: u32, max: u32) -> u32 {
    max.min(min.max(4))
}

fn array_size(element: u128, min: u32, max: u32) -> u128 {
    if min > max {
        return 0;
    }
    element.saturating_pow(unique_length(min, max)).min(PRACTICALLY_INFINITE)
}
