//! Type names of the three servers in casts.

use sqlparser::ast::{self, DataType};

use super::expr::CastType;

fn scale(info: &ast::ExactNumberInfo) -> CastType {
    let scale = match info {
        ast::ExactNumberInfo::None => None,
        ast::ExactNumberInfo::Precision(_) => Some(0),
        ast::ExactNumberInfo::PrecisionAndScale(_, s) => Some(u8::try_from(*s).unwrap_or(0)),
    };
    CastType::Decimal { scale }
}

fn chars(n: &Option<ast::CharacterLength>) -> CastType {
    let max_chars = match n {
        Some(ast::CharacterLength::IntegerLength { length, .. }) => u32::try_from(*length).ok(),
        _ => None,
    };
    CastType::Text { max_chars }
}

/// The target type of a cast.
pub(super) fn cast_type(t: &DataType) -> CastType {
    use DataType as T;
    match t {
        T::Bool | T::Boolean => CastType::Bool,
        T::Character(n) | T::Char(n) | T::CharacterVarying(n) | T::CharVarying(n) | T::Varchar(n) | T::Nvarchar(n) => {
            chars(n)
        }
        T::Text | T::TinyText | T::MediumText | T::LongText | T::String(_) | T::Clob(_) => {
            CastType::Text { max_chars: None }
        }
        T::Numeric(i) | T::Decimal(i) | T::Dec(i) | T::DecimalUnsigned(i) | T::DecUnsigned(i) => scale(i),
        T::Float(_) | T::Float4 | T::Float8 | T::Real | T::Double(_) | T::DoublePrecision => CastType::Float,
        T::Date => CastType::Date,
        T::Time(..) => CastType::Time,
        T::Datetime(_) | T::Timestamp(..) => CastType::Timestamp,
        T::Interval { .. } => CastType::Interval,
        T::Bytea | T::Blob(_) | T::Binary(_) | T::Varbinary(_) => CastType::Bytes,
        T::Array(
            ast::ArrayElemTypeDef::AngleBracket(t)
            | ast::ArrayElemTypeDef::SquareBracket(t, _)
            | ast::ArrayElemTypeDef::Parenthesis(t)
            | ast::ArrayElemTypeDef::Qualified(t, _),
        ) => CastType::Array(Box::new(cast_type(t))),
        T::Signed | T::SignedInteger | T::Unsigned | T::UnsignedInteger => CastType::Int,
        other => named_type(&other.to_string().to_lowercase()),
    }
}

fn named_type(name: &str) -> CastType {
    let bare = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    let word = bare.split(['(', ' ']).next().unwrap_or(bare);
    match word {
        "int" | "integer" | "int2" | "int4" | "int8" | "bigint" | "smallint" | "tinyint" | "mediumint" | "oid" => {
            CastType::Int
        }
        "timestamptz" => CastType::Timestamp,
        "bpchar" | "name" | "character" | "char" => CastType::Text { max_chars: None },
        "number" => CastType::Decimal { scale: None },
        _ => CastType::Other(bare.to_owned()),
    }
}
