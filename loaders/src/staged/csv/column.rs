//! One CSV column being read: an Arrow builder and the text format of its type.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder, LargeStringBuilder, PrimitiveBuilder,
    StringBuilder,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow::error::ArrowError;

use dbmocker_core::time;

type Parse<T> = fn(&str) -> Option<<T as ArrowPrimitiveType>::Native>;

/// Why a column has no text format in CSV.
#[derive(Debug, thiserror::Error)]
pub enum CsvColumnError {
    #[error("column `{0}` has a negative width")]
    NegativeWidth(String),
    #[error("column `{column}` of type {arrow} has no CSV form")]
    NoForm { column: String, arrow: DataType },
}

/// Why a field is no value of its column.
#[derive(Debug, thiserror::Error)]
pub enum CsvFieldError {
    #[error("not UTF-8 text")]
    Encoding,
    /// The beginning of the text, and what it must be.
    #[error("`{shown}` is not {needed}")]
    Value { shown: String, needed: &'static str },
    #[error("`{shown}` is not a decimal of {precision} digits, {scale} after the point")]
    Decimal { shown: String, precision: u8, scale: i8 },
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// A column under construction; values arrive as the text of one field, `None` for NULL.
pub struct CsvColumn(Box<dyn Build>);

impl CsvColumn {
    /// # Errors
    /// The field's type has no text format in dbmocker's CSV.
    pub fn new(field: &Field) -> Result<CsvColumn, CsvColumnError> {
        use DataType as D;
        let build: Box<dyn Build> = match field.data_type() {
            D::Boolean => Box::new(Bools(BooleanBuilder::new())),
            D::Int8 => numbers::<Int8Type>("a number of 1 byte", |s| s.parse().ok()),
            D::Int16 => numbers::<Int16Type>("a number of 2 bytes", |s| s.parse().ok()),
            D::Int32 => numbers::<Int32Type>("a number of 4 bytes", |s| s.parse().ok()),
            D::Int64 => numbers::<Int64Type>("a number of 8 bytes", |s| s.parse().ok()),
            D::UInt8 => numbers::<UInt8Type>("a positive number of 1 byte", |s| s.parse().ok()),
            D::UInt16 => numbers::<UInt16Type>("a positive number of 2 bytes", |s| s.parse().ok()),
            D::UInt32 => numbers::<UInt32Type>("a positive number of 4 bytes", |s| s.parse().ok()),
            D::UInt64 => numbers::<UInt64Type>("a positive number of 8 bytes", |s| s.parse().ok()),
            D::Float32 => numbers::<Float32Type>("a number", |s| s.parse().ok()),
            D::Float64 => numbers::<Float64Type>("a number", |s| s.parse().ok()),
            D::Date32 => numbers::<Date32Type>("a date", time::parse_date),
            D::Time64(TimeUnit::Microsecond) => numbers::<Time64MicrosecondType>("a time", time::parse_clock),
            D::Timestamp(TimeUnit::Microsecond, zone) => {
                let builder = PrimitiveBuilder::<TimestampMicrosecondType>::new().with_timezone_opt(zone.clone());
                let parse: Parse<TimestampMicrosecondType> = time::parse_instant;
                Box::new(NumberBuilder { builder, parse, what: "a timestamp" })
            }
            D::Decimal128(precision, scale) => {
                let builder = PrimitiveBuilder::new().with_data_type(field.data_type().clone());
                Box::new(Decimals { builder, precision: *precision, scale: *scale })
            }
            D::Utf8 => Box::new(Texts(StringBuilder::new())),
            D::LargeUtf8 => Box::new(LargeTexts(LargeStringBuilder::new())),
            D::Binary => Box::new(Bytes(BinaryBuilder::new(), Vec::new())),
            D::FixedSizeBinary(width) => {
                if *width < 0 {
                    return Err(CsvColumnError::NegativeWidth(field.name().clone()));
                }
                Box::new(Fixed(FixedSizeBinaryBuilder::new(*width), Vec::new()))
            }
            other => return Err(CsvColumnError::NoForm { column: field.name().clone(), arrow: other.clone() }),
        };
        Ok(CsvColumn(build))
    }

    pub fn push(&mut self, field: Option<&[u8]>) -> Result<(), CsvFieldError> {
        let text = field.map(std::str::from_utf8).transpose().map_err(|_| CsvFieldError::Encoding)?;
        self.0.push(text)
    }

    pub fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.0.finish()
    }
}

trait Build {
    fn push(&mut self, text: Option<&str>) -> Result<(), CsvFieldError>;
    fn finish(&mut self) -> Result<ArrayRef, ArrowError>;
}

fn wrong(text: &str, needed: &'static str) -> CsvFieldError {
    CsvFieldError::Value { shown: beginning(text), needed }
}

fn beginning(text: &str) -> String {
    text.chars().take(60).collect()
}

struct NumberBuilder<T: ArrowPrimitiveType> {
    builder: PrimitiveBuilder<T>,
    parse: Parse<T>,
    what: &'static str,
}

fn numbers<T: ArrowPrimitiveType>(what: &'static str, parse: Parse<T>) -> Box<dyn Build> {
    Box::new(NumberBuilder { builder: PrimitiveBuilder::<T>::new(), parse, what })
}

impl<T: ArrowPrimitiveType> Build for NumberBuilder<T> {
    fn push(&mut self, text: Option<&str>) -> Result<(), CsvFieldError> {
        match text {
            None => self.builder.append_null(),
            Some(text) => self.builder.append_value((self.parse)(text).ok_or_else(|| wrong(text, self.what))?),
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.builder.finish()))
    }
}

struct Decimals {
    builder: PrimitiveBuilder<Decimal128Type>,
    precision: u8,
    scale: i8,
}

impl Build for Decimals {
    fn push(&mut self, text: Option<&str>) -> Result<(), CsvFieldError> {
        let Some(text) = text else {
            self.builder.append_null();
            return Ok(());
        };
        let value = parse_decimal(text, self.scale)
            .filter(|v| v.unsigned_abs() < 10_u128.pow(u32::from(self.precision.min(38))))
            .ok_or_else(|| CsvFieldError::Decimal {
                shown: beginning(text),
                precision: self.precision,
                scale: self.scale,
            })?;
        self.builder.append_value(value);
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.builder.finish()))
    }
}

/// `-12.5` at scale 2 is -1250. Digits beyond the scale are refused, not rounded.
fn parse_decimal(text: &str, scale: i8) -> Option<i128> {
    let scale = usize::try_from(scale).ok()?;
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |t| (true, t));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || fraction.len() > scale {
        return None;
    }
    let zeros = std::iter::repeat_n(b'0', scale - fraction.len());
    let value = whole.bytes().chain(fraction.bytes()).chain(zeros).try_fold(0_i128, |n, b| {
        b.is_ascii_digit().then_some(())?;
        n.checked_mul(10)?.checked_add(i128::from(b - b'0'))
    })?;
    Some(if negative { -value } else { value })
}

struct Bools(BooleanBuilder);

impl Build for Bools {
    fn push(&mut self, text: Option<&str>) -> Result<(), CsvFieldError> {
        self.0.append_option(match text {
            None => None,
            Some("true" | "t" | "1") => Some(true),
            Some("false" | "f" | "0") => Some(false),
            Some(other) => return Err(wrong(other, "true or false")),
        });
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

struct Texts(StringBuilder);

impl Build for Texts {
    fn push(&mut self, text: Option<&str>) -> Result<(), CsvFieldError> {
        self.0.append_option(text);
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

struct LargeTexts(LargeStringBuilder);

impl Build for LargeTexts {
    fn push(&mut self, text: Option<&str>) -> Result<(), CsvFieldError> {
        self.0.append_option(text);
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

/// Hexadecimal digits, after `\x` or `0x` or neither; hyphens (UUIDs) are skipped if `hyphens` is set.
fn parse_hex(text: &str, hyphens: bool, out: &mut Vec<u8>) -> Result<(), CsvFieldError> {
    let digits = text.strip_prefix("\\x").or_else(|| text.strip_prefix("0x")).unwrap_or(text);
    out.clear();
    let mut high = None;
    for c in digits.chars().filter(|&c| !(hyphens && c == '-')) {
        let digit = c.to_digit(16).and_then(|d| u8::try_from(d).ok()).ok_or_else(|| wrong(text, "hexadecimal"))?;
        match high.take() {
            None => high = Some(digit),
            Some(h) => out.push(h << 4 | digit),
        }
    }
    if high.is_some() { Err(wrong(text, "an even number of hexadecimal digits")) } else { Ok(()) }
}

struct Bytes(BinaryBuilder, Vec<u8>);

impl Build for Bytes {
    fn push(&mut self, text: Option<&str>) -> Result<(), CsvFieldError> {
        match text {
            None => self.0.append_null(),
            Some(text) => {
                parse_hex(text, false, &mut self.1)?;
                self.0.append_value(&self.1);
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

struct Fixed(FixedSizeBinaryBuilder, Vec<u8>);

impl Build for Fixed {
    fn push(&mut self, text: Option<&str>) -> Result<(), CsvFieldError> {
        match text {
            None => self.0.append_null(),
            Some(text) => {
                parse_hex(text, true, &mut self.1)?;
                self.0.append_value(&self.1)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}
