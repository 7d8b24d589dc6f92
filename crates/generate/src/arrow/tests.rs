use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use dbmocker_domain::Shape;

fn column(ty: SqlType, type_name: &str) -> Column {
    Column { nullable: true, ..Column::new("c", ty, type_name) }
}

fn type_of(ty: SqlType) -> DataType {
    field(&column(ty, "t"), None).data_type().clone()
}

fn int(bytes: u8, unsigned: bool) -> SqlType {
    SqlType::Int { bytes, unsigned, tinyint1: false }
}

fn number(precision: u16, scale: i16) -> SqlType {
    SqlType::Decimal { precision, scale, unsigned: false }
}

fn range(kind: RangeKind) -> Domain {
    Domain::Range { kind, lo: 0, hi: 9, step: 1, except: Vec::new(), shape: Shape::Uniform }
}

#[test]
fn every_sql_type_has_an_arrow_type() {
    use DataType as D;
    for (bytes, signed, unsigned) in [
        (1, D::Int16, D::Int16),
        (2, D::Int16, D::Int32),
        (3, D::Int32, D::Int32),
        (4, D::Int32, D::Int64),
        (8, D::Int64, D::UInt64),
    ] {
        assert_eq!((type_of(int(bytes, false)), type_of(int(bytes, true))), (signed, unsigned), "{bytes} bytes");
    }
    assert_eq!(type_of(SqlType::Money), D::Decimal128(19, 2));
    assert_eq!(type_of(SqlType::Time { precision: 0, tz: true, span: false }), D::Utf8);
    assert_eq!(type_of(SqlType::Inet), D::Utf8);
    let tz = |tz| SqlType::Timestamp { precision: 0, tz, epoch_range: false };
    assert_eq!(type_of(tz(false)), D::Timestamp(TimeUnit::Microsecond, None));
    assert_eq!(type_of(tz(true)), D::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))));
    let json = field(&column(SqlType::Json { binary: true }, "jsonb"), None);
    assert_eq!(
        (extension(&json), json.metadata().get(SQL_TYPE_KEY).map(String::as_str)),
        (Some(JSON_EXTENSION), Some("jsonb"))
    );
    assert_eq!(extension(&field(&column(SqlType::Uuid, "uuid"), None)), Some(UUID_EXTENSION));
}

#[test]
fn decimals_stay_within_the_limits_of_arrow_and_parquet() {
    use DataType::Decimal128;
    let scale = |scale| range(RangeKind::Decimal { scale });
    let of = |ty, domain: Option<&Domain>| field(&column(ty, "numeric"), domain).data_type().clone();
    assert_eq!(of(number(10, 2), None), Decimal128(10, 2));
    assert_eq!(of(number(0, 0), None), Decimal128(38, 2));
    assert_eq!(of(number(0, 0), Some(&scale(5))), Decimal128(38, 5));
    assert_eq!(of(number(65, 30), None), Decimal128(38, 30));
    assert_eq!(of(number(65, 30), Some(&scale(4))), Decimal128(38, 4));
    assert_eq!(of(number(5, -3), None), Decimal128(8, 0));
    assert_eq!(of(number(3, 5), None), Decimal128(5, 5));
    assert_eq!(of(number(1000, 500), None), Decimal128(38, 38));
}

#[test]
fn a_column_without_a_type_gets_the_type_of_its_values() {
    let of = |domain: &Domain| field(&column(SqlType::Untyped, ""), Some(domain)).data_type().clone();
    let choice = |values: Vec<Value>| Domain::Choice { values, weights: None };
    assert_eq!(of(&range(RangeKind::Int)), DataType::Int64);
    assert_eq!(of(&Domain::Bytes { min: 0, max: 4 }), DataType::Binary);
    assert_eq!(of(&choice(vec![Value::Int(1), Value::Null])), DataType::Int64);
    assert_eq!(
        of(&choice(vec![Value::Int(1), Value::Decimal { unscaled: 15, scale: 1 }])),
        DataType::Decimal128(38, 1)
    );
    assert_eq!(of(&choice(vec![Value::Int(1), Value::text("x")])), DataType::Utf8);
    assert_eq!(type_of(SqlType::Untyped), DataType::Utf8);
}

/// Appends one value to a column of the type and returns the cell read back.
fn through(ty: SqlType, type_name: &str, value: &Value) -> Result<Value, ConvertError> {
    let field = field(&column(ty, type_name), None);
    let mut builder = ColumnBuilder::with_capacity(&field, 1)?;
    builder.append(value)?;
    Ok(value_at(builder.finish().as_ref(), &field, 0))
}

#[test]
fn conversions_are_exact_or_errors() {
    let text = SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false };
    let dec = |unscaled, scale| Value::Decimal { unscaled, scale };
    let ok = |ty: SqlType, name: &str, v: Value, want: Value| assert_eq!(through(ty, name, &v).unwrap(), want, "{v:?}");
    ok(number(5, 2), "numeric", Value::Int(7), dec(700, 2));
    ok(number(5, 2), "numeric", dec(12_000, 4), dec(120, 2));
    ok(number(5, 2), "numeric", Value::text("-0.5"), dec(-50, 2));
    ok(int(4, false), "integer", Value::text("-12"), Value::Int(-12));
    ok(int(1, false), "tinyint(1)", Value::Bool(true), Value::Int(1));
    ok(SqlType::Bool, "boolean", Value::Int(0), Value::Bool(false));
    ok(SqlType::Float { bytes: 4, unsigned: false }, "real", Value::Float(0.1), Value::Float(0.1));
    ok(SqlType::Date, "date", Value::text("1970-01-03"), Value::Date(2));
    ok(text.clone(), "text", Value::Timestamp(0), Value::text("1970-01-01 00:00:00"));
    ok(text.clone(), "text", dec(-5, 2), Value::text("-0.05"));
    ok(
        SqlType::Time { precision: 0, tz: true, span: false },
        "time with time zone",
        Value::Time(1_000_000),
        Value::text("00:00:01+00"),
    );
    ok(SqlType::Interval, "interval", Value::Interval(-1_000_000), Value::text("-00:00:01"));
    let array = Value::Array(vec![
        Value::Int(1),
        Value::Null,
        Value::text("a \"b\" \\"),
        Value::Array(vec![]),
        Value::Bytes(vec![255]),
    ]);
    ok(text.clone(), "text[]", array, Value::text(r#"{1,NULL,"a \"b\" \\",{},"\\xff"}"#));
    let uuid = "00112233-4455-6677-8899-aabbccddeeff";
    ok(SqlType::Uuid, "uuid", Value::text(uuid.to_uppercase()), Value::text(uuid));

    let refused = |ty: SqlType, v: Value| {
        let error = through(ty, "its_type", &v).unwrap_err();
        assert!(matches!(error, ConvertError::Unfit { .. }), "{v:?}: {error}");
        error.to_string()
    };
    let said = refused(int(2, false), Value::Int(40_000));
    assert!(said.contains("`c`") && said.contains("`40000`") && said.contains("`its_type`"), "{said}");
    refused(int(8, true), Value::Int(-1));
    refused(int(4, false), Value::Float(1.5));
    refused(number(5, 2), Value::Int(1000));
    refused(number(5, 2), dec(1, 3));
    refused(number(5, 2), Value::text("1e3"));
    refused(SqlType::Float { bytes: 4, unsigned: false }, Value::Float(1e300));
    refused(SqlType::Time { precision: 0, tz: false, span: false }, Value::Time(dbmocker_core::time::MICROS_PER_DAY));
    refused(SqlType::Date, Value::text("2023-02-30"));
    refused(SqlType::Date, Value::Timestamp(1));
    refused(SqlType::Uuid, Value::text("0011"));
    refused(text, Value::Bytes(vec![0xff]));
    assert!(refused(SqlType::Date, Value::text("x".repeat(500))).len() < 300);
}

#[test]
fn null_in_a_not_null_column_is_an_error_and_leaves_the_builder_unchanged() {
    let mut not_null = column(int(4, false), "integer");
    not_null.nullable = false;
    let mut builder = ColumnBuilder::with_capacity(&field(&not_null, None), 2).unwrap();
    assert!(matches!(builder.append(&Value::Null), Err(ConvertError::Null { .. })));
    assert!(builder.append(&Value::Int(i128::MAX)).is_err());
    assert!(builder.is_empty());
}

proptest! {
    #[test]
    fn integers_never_wrap(n in any::<i128>(), small in any::<i64>(), bytes in prop::sample::select(&[1u8, 2, 3, 4, 8][..]), unsigned: bool) {
        for n in [n, small.into(), i128::from(small) >> 40] {
            let got = through(int(bytes, unsigned), "t", &Value::Int(n));
            if let Ok(got) = got {
                prop_assert_eq!(got, Value::Int(n));
            }
        }
    }

    #[test]
    fn fast_paths_agree_with_append(n in any::<i64>(), x in any::<f64>(), s in ".{0,20}", which in 0usize..17) {
        let column = &crate::testdata::columns()[which];
        let field = field(column, None);
        let build = |f: &dyn Fn(&mut ColumnBuilder) -> Result<(), ConvertError>| {
            let mut b = ColumnBuilder::with_capacity(&field, 1).unwrap();
            f(&mut b).ok().map(|()| format!("{:?}", value_at(b.finish().as_ref(), &field, 0)))
        };
        prop_assert_eq!(build(&|b| b.append_i64(n)), build(&|b| b.append(&Value::Int(n.into()))));
        prop_assert_eq!(build(&|b| b.append_f64(x)), build(&|b| b.append(&Value::Float(x))));
        prop_assert_eq!(build(&|b| b.append_text(&s)), build(&|b| b.append(&Value::text(s.as_str()))));
        prop_assert_eq!(build(&|b| b.append_bytes(s.as_bytes())), build(&|b| b.append(&Value::Bytes(s.clone().into_bytes()))));
        prop_assert_eq!(build(&|b| b.append_bool(n > 0)), build(&|b| b.append(&Value::Bool(n > 0))));
    }
}

#[test]
fn raw_numbers_are_in_the_unit_of_the_column() {
    let raw = |ty, n| {
        let field = field(&column(ty, "t"), None);
        let mut b = ColumnBuilder::with_capacity(&field, 1).unwrap();
        b.append_raw(n).map(|()| value_at(b.finish().as_ref(), &field, 0))
    };
    let timestamp = SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };
    let time = SqlType::Time { precision: 6, tz: false, span: false };
    assert_eq!(raw(int(2, false), -3).unwrap(), Value::Int(-3));
    assert_eq!(raw(number(5, 2), 12_345).unwrap(), Value::Decimal { unscaled: 12_345, scale: 2 });
    assert_eq!(raw(SqlType::Date, -1).unwrap(), Value::Date(-1));
    assert_eq!(raw(timestamp, 1).unwrap(), Value::Timestamp(1));
    assert_eq!(raw(time.clone(), 1).unwrap(), Value::Time(1));
    for (ty, n) in
        [(number(5, 2), 100_000), (SqlType::Date, i128::MAX), (time, -1), (int(2, false), 1 << 15), (SqlType::Uuid, 0)]
    {
        assert!(raw(ty.clone(), n).is_err(), "{ty:?}");
    }
}

#[test]
fn append_lines_and_append_text_can_be_mixed() {
    use dbmocker_core::rng_stream::CellRng;
    use dbmocker_domain::text::TextKind;
    use dbmocker_domain::{Domain, Lines, TextDomain};

    let domain = Domain::Text(TextDomain::new(TextKind::Word, 20)).sampler();
    let Some(Lines::Word(words)) = domain.lines() else { panic!("a word is written on a line") };
    let mut built = ColumnBuilder::with_capacity(&Field::new("word", DataType::Utf8, true), 0).unwrap();
    let streams = |n: u64| (0..n).map(|i| (i % 3 > 0).then(|| CellRng::new(i)));
    built.append_text("ü").unwrap();
    built.append_lines(streams(200), &words).unwrap();
    built.append_text("é").unwrap();
    built.append_lines(streams(1), &words).unwrap();
    let array = built.finish();
    let array: &arrow::array::StringArray = array.as_string();
    let drawn = streams(200).map(|rng| rng.map(|mut rng| domain.draw(&mut rng).to_string()));
    let expected: Vec<Option<String>> =
        ([Some("ü".into())].into_iter().chain(drawn)).chain([Some("é".into()), None]).collect();
    assert_eq!(array.iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>(), expected);
}
