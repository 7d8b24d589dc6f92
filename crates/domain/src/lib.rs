//! Domains: the ordered set of values of a column, with `size()` and `value(i)` (unranking).
//!
//! A column's type determines its domain; predicates and the column's name narrow it. Keys enumerate the domain in a
//! permuted order, other columns draw random values from it. Domains are stateless: a value is a function of an index
//! or of a random stream.

use serde::{Deserialize, Serialize};

use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

pub mod catalogue;
mod checksummed;
mod choice;
mod distinct_items;
pub mod distribution;
pub mod document;
mod draw;
pub mod entity;
mod fake;
mod fast_text;
mod fit;
pub mod fold;
mod geo;
mod json;
pub mod locale;
mod members;
pub mod number;
pub mod pattern;
mod pattern_body;
mod prose;
pub mod range_units;
mod rare_types;
mod sampler;
mod signs;
mod special;
mod string_arena;
#[cfg(test)]
mod tests;
pub mod text;
mod text_format;
mod text_index;
mod text_sampler;
pub mod weight_totals;
mod word_templates;

pub use fast_text::{LineText, Lines};
pub use fit::{fit_text, fit_words};
pub use sampler::Sampler;
pub use text::TextDomain;

/// An ordered, finite (or practically infinite) set of values without NULL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Explicit members: enums, booleans, `IN` lists. `weights` (of the same length) apply to draws that need not be
    /// unique.
    Choice {
        values: Vec<Value>,
        weights: Option<Vec<u32>>,
    },
    /// Scaled integers: `lo, lo+step, ... <= hi`, without `except` (sorted, few).
    Range {
        kind: RangeKind,
        #[serde(with = "dbmocker_core::serde_ext::signed")]
        lo: i128,
        #[serde(with = "dbmocker_core::serde_ext::signed")]
        hi: i128,
        #[serde(with = "dbmocker_core::serde_ext::signed")]
        step: i128,
        #[serde(with = "dbmocker_core::serde_ext::list")]
        except: Vec<i128>,
        shape: Shape,
    },
    /// Floating point in `[lo, hi]`, rounded to `decimals` digits.
    Float {
        #[serde(with = "dbmocker_core::serde_ext::float")]
        lo: f64,
        #[serde(with = "dbmocker_core::serde_ext::float")]
        hi: f64,
        decimals: u8,
        shape: Shape,
    },
    Text(TextDomain),
    Bytes {
        min: u32,
        max: u32,
    },
    /// One-dimensional array of `min..=max` elements.
    Array {
        element: Box<Domain>,
        min: u32,
        max: u32,
        /// No element occurs twice.
        #[serde(default)]
        unique: bool,
    },
    /// Types whose values are texts in the server's input syntax.
    Special(Special),
}

/// The type and unit of the integers of a [`Domain::Range`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeKind {
    Int,
    /// Unscaled; the value is `n / 10^scale`.
    Decimal {
        scale: u8,
    },
    /// Days since 1970-01-01.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds since 1970-01-01 UTC.
    Timestamp,
    /// Microseconds.
    Interval,
}

/// The distribution of draws that need not be unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    #[default]
    Uniform,
    /// Small values frequent, large ones rare (prices, quantities, counts).
    Low,
    /// Values near `hi` frequent (recent dates).
    High,
    /// Values near the middle frequent, as of what has a typical value (percentages, weights of people).
    Middle,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Special {
    Uuid,
    Json {
        binary: bool,
        kind: JsonKind,
    },
    /// JSON of a given shape.
    Document {
        binary: bool,
        shape: document::Document,
    },
    Xml,
    Inet,
    /// IPv6.
    Inet6,
    Cidr,
    MacAddr {
        bytes: u8,
    },
    Bit {
        length: u32,
        varying: bool,
    },
    /// MySQL `set`: any subset.
    Set {
        members: Vec<String>,
    },
    Composite {
        fields: Vec<Domain>,
    },
    /// A rare type, by name: `jsonpath`, `txid_snapshot`, `isbn`, `cube` (`rare_types.rs`).
    Spelled {
        kind: String,
    },
    /// An array that is one text for the loader: an element whose type is a domain over arrays, or an array of boxes,
    /// which has its own delimiter.
    Listed {
        array: Box<Domain>,
        delimiter: char,
    },
    /// PostgreSQL range/multirange literal over a [`Domain::Range`] element.
    RangeOf {
        element: Box<Domain>,
        multi: bool,
        /// Each range spans one step of the element, so that different ranges do not overlap.
        #[serde(default)]
        apart: bool,
        #[serde(default)]
        law: RangeShape,
    },
    Geometric {
        kind: String,
        /// Small shapes on a coarse grid, so that different ones do not overlap.
        #[serde(default)]
        apart: bool,
    },
    Spatial {
        kind: String,
        srid: Option<i32>,
        dialect: dbmocker_core::schema::Dialect,
        /// As for geometric shapes.
        #[serde(default)]
        apart: bool,
    },
    TsVector,
    TsQuery,
    Hstore,
    Ltree,
    Reg {
        kind: String,
    },
    PgLsn,
    Vector {
        dimensions: u32,
    },
}

/// The form of a range literal, apart from the values of its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RangeShape {
    /// The bound that all ranges lack (unbounded on this side).
    pub without: Option<End>,
    /// Minimum and maximum distance of the bounds, in values of the element.
    pub steps: Option<(u64, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Lower,
    Upper,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonKind {
    #[default]
    Object,
    Array,
    /// `{}`
    EmptyObject,
    /// `[]`
    EmptyArray,
    String,
    Number,
    Bool,
    Null,
    /// A JSON kind of the catalogue.
    Shape(catalogue::Named),
}

/// Sizes saturate at this value, which exceeds the rows of any table.
pub const PRACTICALLY_INFINITE: u128 = 1 << 100;

/// Each method builds a [`Sampler`] for one call, which suits planning and tests; to generate many values, build one
/// sampler.
impl Domain {
    /// Whether arithmetic on the domain's bounds cannot overflow, which must be checked for a domain read from a file.
    pub fn is_whole(&self) -> bool {
        const FAR: i128 = 1 << 120;
        match self {
            Domain::Choice { .. } | Domain::Bytes { .. } => true,
            Domain::Range { kind, lo, hi, step, .. } => {
                let scale = !matches!(kind, RangeKind::Decimal { scale } if *scale > 38);
                scale && *step > 0 && [lo, hi, step].into_iter().all(|n| (-FAR..=FAR).contains(n))
            }
            Domain::Float { lo, hi, decimals, .. } => lo.is_finite() && hi.is_finite() && *decimals <= 30,
            Domain::Text(_) => true,
            Domain::Array { element, .. } => element.is_whole(),
            Domain::Special(Special::Composite { fields }) => fields.iter().all(Domain::is_whole),
            Domain::Special(Special::Listed { array, .. }) => array.is_whole(),
            Domain::Special(Special::RangeOf { element, .. }) => element.is_whole(),
            Domain::Special(_) => true,
        }
    }

    /// Prepares the domain for many values.
    pub fn sampler(&self) -> Sampler {
        Sampler::new(self)
    }

    /// The number of values of [`value`](Self::value), which differ under every collation: ignoring letter case and
    /// trailing spaces, in the first `distinct_prefix` characters. Saturates at [`PRACTICALLY_INFINITE`].
    pub fn size(&self) -> u128 {
        self.sampler().size()
    }

    /// The `i`-th value, `i < size()`: different `i` give values that differ in this way; texts have no trailing
    /// spaces.
    pub fn value(&self, i: u128) -> Value {
        self.sampler().value(i)
    }

    /// A realistic value that need not be unique; NULL if the domain is empty.
    pub fn draw(&self, rng: &mut CellRng) -> Value {
        let once = if let Domain::Text(text) = self { pattern_body::draw_once(text, rng) } else { None };
        once.map_or_else(|| self.sampler().draw(rng), Value::Text)
    }

    /// Appends the text of the value that [`draw`](Self::draw) returns for the same random stream.
    pub fn draw_text(&self, rng: &mut CellRng, out: &mut String) {
        self.sampler().draw_text(rng, out);
    }

    /// Whether the domain contains `value`, by its limits and members; a text's kind is not checked.
    pub fn contains(&self, value: &Value) -> bool {
        self.sampler().contains(value)
    }
}
