//! Domains of all values that a type allows, and of types whose values do not depend on a name.

use super::InferContext;
use super::types::ColumnInference;
use dbmocker_core::schema::SqlType;
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_core::value::Value;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, JsonKind, RangeKind, Shape, Special, TextDomain};

/// Minimum and maximum elements of an array.
pub const ARRAY: (u32, u32) = (1, 4);
/// Minimum and maximum bytes of a blob, and of one that is a picture by its name.
pub const BLOB: (u32, u32) = (8, 64);
pub const PICTURE: (u32, u32) = (128, 512);
/// MySQL's TIMESTAMP: 1970-01-01 00:00:01 to 2038-01-19 03:14:07 UTC, in seconds.
pub const EPOCH: (i64, i64) = (1, i32::MAX as i64);
/// Maximum digits of a generated decimal, so that arithmetic on it fits into 128 bits.
pub const DIGITS: u32 = 30;
/// First and last day of dates without a window by name, in days since 1970-01-01: 1900-01-01 to 2099-12-31.
pub const DAYS: (i32, i32) = (-25_567, 47_481);

/// A range of whole multiples of `step`, in the unit of `kind`, both bounds inclusive.
pub fn range(kind: RangeKind, lo: i128, hi: i128, step: i128, shape: Shape) -> Domain {
    Domain::Range { kind, lo, hi, step, except: vec![], shape }
}

/// Smallest and largest value of a whole-number type.
pub fn int_bounds(bytes: u8, unsigned: bool) -> (i128, i128) {
    let bits = 8 * u32::from(bytes.clamp(1, 8));
    if unsigned { (0, (1 << bits) - 1) } else { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) }
}

/// The largest unscaled number of a decimal, its scale, and the step between numbers (above 1 for negative scales).
pub fn decimal_bounds(precision: u16, scale: i16) -> (i128, u8, i128) {
    if precision == 0 {
        return (10i128.pow(14) - 1, 2, 1);
    }
    let step = 10i128.pow(u32::from(scale.min(0).unsigned_abs()).min(DIGITS));
    let scale = u8::try_from(scale.clamp(0, DIGITS as i16)).unwrap_or(0);
    let hi = 10i128.pow(u32::from(precision).min(DIGITS)) - 1;
    (hi.saturating_mul(step), scale, step)
}

/// The domain of all values that a type allows. Types without a limit get one, beyond what applications store. `None`
/// for a type without a generator.
pub fn legal(ty: &SqlType, context: &InferContext<'_>) -> Option<Domain> {
    Some(match ty {
        SqlType::Int { bytes, unsigned, .. } => {
            let (lo, hi) = int_bounds(*bytes, *unsigned);
            range(RangeKind::Int, lo, hi, 1, Shape::Uniform)
        }
        SqlType::Year => range(RangeKind::Int, 1901, 2155, 1, Shape::Uniform),
        SqlType::Oid => range(RangeKind::Int, 1, i128::from(i32::MAX), 1, Shape::Uniform),
        SqlType::Decimal { precision, scale, unsigned } => {
            let (hi, scale, step) = decimal_bounds(*precision, *scale);
            range(RangeKind::Decimal { scale }, if *unsigned { 0 } else { -hi }, hi, step, Shape::Uniform)
        }
        SqlType::Money => range(RangeKind::Decimal { scale: 2 }, -10i128.pow(12), 10i128.pow(12), 1, Shape::Uniform),
        SqlType::Float { bytes, unsigned } => {
            let hi = if *bytes <= 4 { 1e5 } else { 1e9 };
            Domain::Float { lo: if *unsigned { 0.0 } else { -hi }, hi, decimals: 2, shape: Shape::Uniform }
        }
        SqlType::Date => range(RangeKind::Date, DAYS.0.into(), DAYS.1.into(), 1, Shape::Uniform),
        SqlType::Time { span: true, .. } => {
            let most = i128::from((839 * 3600 - 1) * MICROS_PER_SECOND);
            range(RangeKind::Time, -most, most, MICROS_PER_SECOND.into(), Shape::Uniform)
        }
        SqlType::Time { .. } => range(
            RangeKind::Time,
            0,
            i128::from(MICROS_PER_DAY - MICROS_PER_SECOND),
            MICROS_PER_SECOND.into(),
            Shape::Uniform,
        ),
        SqlType::Timestamp { epoch_range, .. } => {
            let (lo, hi) = timestamp_bounds(*epoch_range);
            range(RangeKind::Timestamp, lo.into(), hi.into(), MICROS_PER_SECOND.into(), Shape::Uniform)
        }
        SqlType::Interval => {
            let year = 365 * i128::from(MICROS_PER_DAY);
            range(RangeKind::Interval, -year, year, MICROS_PER_SECOND.into(), Shape::Uniform)
        }
        SqlType::Array { element, dimensions } => array_of(element, *dimensions, legal(element, context)?, 0),
        SqlType::Range { element, multi } => {
            let element = Box::new(legal(element, context)?);
            Domain::Special(Special::RangeOf { element, multi: *multi, apart: false, law: Default::default() })
        }
        SqlType::Binary { max_bytes, fixed } => {
            let max = max_bytes.unwrap_or(PICTURE.1).min(if *fixed { u32::MAX } else { PICTURE.1 });
            Domain::Bytes { min: if *fixed { max } else { 0 }, max }
        }
        SqlType::Text { max_chars, max_bytes, .. } => {
            text_domain(TextKind::Words, max_chars.unwrap_or(u32::MAX), *max_bytes)
        }
        SqlType::Name => text_domain(TextKind::Slug, 63, Some(63)),
        SqlType::SingleChar => text_domain(TextKind::Code { length: 1 }, 1, Some(1)),
        SqlType::Untyped => text_domain(TextKind::Words, u32::MAX, None),
        other => by_type(other, context)?,
    })
}

/// Smallest and largest timestamp, in microseconds since 1970-01-01 UTC; `epoch_range`: MySQL's TIMESTAMP.
pub fn timestamp_bounds(epoch_range: bool) -> (i64, i64) {
    if epoch_range {
        (EPOCH.0 * MICROS_PER_SECOND, EPOCH.1 * MICROS_PER_SECOND)
    } else {
        (i64::from(DAYS.0) * MICROS_PER_DAY, i64::from(DAYS.1) * MICROS_PER_DAY)
    }
}

/// The domain of arrays whose elements come from `domain`. An element that is an array itself (through a domain type)
/// is generated as one value.
pub fn array_of(element: &SqlType, dimensions: u8, domain: Domain, min: u32) -> Domain {
    let text = |array: Domain, delimiter| Domain::Special(Special::Listed { array: Box::new(array), delimiter });
    let domain = if matches!(element, SqlType::Array { .. }) { text(domain, ',') } else { domain };
    let mut array = Domain::Array { element: Box::new(domain), min, max: ARRAY.1, unique: false };
    for _ in 1..dimensions {
        array = nested(array);
    }
    if matches!(element, SqlType::Geometric { kind } if kind == "box") { text(array, ';') } else { array }
}

/// Adds a dimension to an array: inner arrays have exactly two elements, as arrays must be rectangular.
fn nested(element: Domain) -> Domain {
    let inner = match element {
        Domain::Array { element, .. } => Domain::Array { element, min: 2, max: 2, unique: false },
        other => other,
    };
    Domain::Array { element: Box::new(inner), min: 2, max: 2, unique: false }
}

/// The domain of a type whose values do not depend on a name; `None` for other types.
pub fn by_type(ty: &SqlType, context: &InferContext<'_>) -> Option<Domain> {
    let special = match ty {
        SqlType::Bool => {
            return Some(Domain::Choice { values: vec![Value::Bool(true), Value::Bool(false)], weights: None });
        }
        SqlType::Enum { members } => {
            // MySQL's member '' equals the value that it stores for an invalid one.
            let values: Vec<Value> =
                members.iter().filter(|m| !m.is_empty() || members.len() == 1).map(Value::text).collect();
            return (!values.is_empty()).then_some(Domain::Choice { values, weights: None });
        }
        SqlType::Uuid => Special::Uuid,
        SqlType::Json { binary } => Special::Json { binary: *binary, kind: JsonKind::Object },
        SqlType::Xml => Special::Xml,
        SqlType::Inet => Special::Inet,
        SqlType::Inet6 => Special::Inet6,
        SqlType::Cidr => Special::Cidr,
        SqlType::MacAddr { bytes } => Special::MacAddr { bytes: *bytes },
        SqlType::Bit { length, varying } => Special::Bit { length: (*length).max(1), varying: *varying },
        SqlType::Set { members } => Special::Set { members: members.clone() },
        SqlType::Geometric { kind } => Special::Geometric { kind: kind.clone(), apart: false },
        SqlType::Spatial { kind, srid } => {
            Special::Spatial { kind: kind.clone(), srid: *srid, dialect: context.dialect, apart: false }
        }
        SqlType::TsVector => Special::TsVector,
        SqlType::TsQuery => Special::TsQuery,
        SqlType::Hstore => Special::Hstore,
        SqlType::Ltree => Special::Ltree,
        SqlType::Reg { kind } => Special::Reg { kind: kind.clone() },
        SqlType::PgLsn => Special::PgLsn,
        SqlType::Spelled { name } => Special::Spelled { kind: name.clone() },
        SqlType::Vector { dimensions } => Special::Vector { dimensions: dimensions.unwrap_or(3) },
        SqlType::Composite { fields, .. } => {
            let field = |(name, ty): &(String, SqlType)| Some(ColumnInference::by_name(name, context).infer(ty)?.0);
            Special::Composite { fields: fields.iter().map(field).collect::<Option<_>>()? }
        }
        SqlType::Range { element, multi } => {
            let (element, _) = ColumnInference::by_name("", context).infer(element)?;
            Special::RangeOf { element: Box::new(element), multi: *multi, apart: false, law: Default::default() }
        }
        _ => return None,
    };
    let domain = Domain::Special(special);
    (domain.size() > 0).then_some(domain)
}

/// The domain of texts of one kind, limited in characters and bytes.
pub fn text_domain(kind: TextKind, max_chars: u32, max_bytes: Option<u32>) -> Domain {
    Domain::Text(TextDomain { max_bytes, ..TextDomain::new(kind, max_chars) })
}
