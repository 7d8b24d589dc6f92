//! Every type arrives as it was sent, in both formats.

use std::cell::RefCell;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float32Array,
    Float64Array, Int16Array, Int32Array, Int64Array, LargeStringArray, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, UInt64Array,
};
use dbmocker_loaders::LoadError;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::{complaint, load, open, postgres, table};

const NASTY: &str = "quote ' \" back\\slash \\N \\. new\nline \r tab\t é 漢 😀";

fn strings(values: [Option<&str>; 3]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn decimals(values: [Option<i128>; 3], precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(values.to_vec()).with_precision_and_scale(precision, scale).unwrap())
}

/// A column: name, type in DDL, values, what the server shows of the first and the third; the second is NULL.
type Case = (&'static str, &'static str, ArrayRef, &'static str, &'static str);

fn numbers() -> Vec<Case> {
    let stamp = TimestampMicrosecondArray::from(vec![Some(-1), None, Some(1_709_251_199_000_000)]);
    let zoned = stamp.clone().with_timezone("UTC");
    vec![
        ("bo", "boolean", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])), "t", "f"),
        ("i2", "smallint", Arc::new(Int16Array::from(vec![Some(i16::MIN), None, Some(7)])), "-32768", "7"),
        ("i2w", "smallint", Arc::new(Int32Array::from(vec![Some(-5), None, Some(7)])), "-5", "7"),
        ("i4", "integer", Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(7)])), "-2147483648", "7"),
        ("i8", "bigint", Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(7)])), "-9223372036854775808", "7"),
        ("i8u", "bigint", Arc::new(UInt64Array::from(vec![Some(9), None, Some(7)])), "9", "7"),
        (
            "nu",
            "numeric(20,0)",
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(0)])),
            "18446744073709551615",
            "0",
        ),
        (
            "f4",
            "real",
            Arc::new(Float32Array::from(vec![Some(1.5), None, Some(f32::MIN_POSITIVE)])),
            "1.5",
            "1.1754944e-38",
        ),
        ("f8", "double precision", Arc::new(Float64Array::from(vec![Some(0.1), None, Some(1e300)])), "0.1", "1e+300"),
        (
            "fs",
            "double precision",
            Arc::new(Float64Array::from(vec![Some(f64::NAN), None, Some(f64::NEG_INFINITY)])),
            "NaN",
            "-Infinity",
        ),
        ("nm", "numeric(12,3)", decimals([Some(-1_234_567), None, Some(10)], 12, 3), "-1234.567", "0.010"),
        (
            "nw",
            "numeric",
            decimals([Some(i128::pow(10, 38) - 1), None, Some(1)], 38, 38),
            "0.99999999999999999999999999999999999999",
            "0.00000000000000000000000000000000000001",
        ),
        ("mo", "money", decimals([Some(-123_456), None, Some(5)], 19, 2), "-$1,234.56", "$0.05"),
        ("oi", "oid", Arc::new(Int64Array::from(vec![Some(4_294_967_295), None, Some(1)])), "4294967295", "1"),
        (
            "da",
            "date",
            Arc::new(Date32Array::from(vec![Some(-719_163), None, Some(19_782)])),
            "0001-12-31 BC",
            "2024-02-29",
        ),
        (
            "ti",
            "time(6)",
            Arc::new(Time64MicrosecondArray::from(vec![Some(86_400_000_000), None, Some(1)])),
            "24:00:00",
            "00:00:00.000001",
        ),
        ("ts", "timestamp", Arc::new(stamp), "1969-12-31 23:59:59.999999", "2024-02-29 23:59:59"),
        ("tz", "timestamp with time zone", Arc::new(zoned), "1969-12-31 23:59:59.999999+00", "2024-02-29 23:59:59+00"),
        ("po", "positive", Arc::new(Int32Array::from(vec![Some(1), None, Some(7)])), "1", "7"),
    ]
}

fn texts() -> Vec<Case> {
    let uuid = "00112233-4455-6677-8899-aabbccddeeff";
    let bytes: Vec<Option<&[u8]>> = vec![Some(b"\0\\x'\xff\n"), None, Some(b"")];
    let uuids = [Some([0xab_u8; 16]), None, Some([0; 16])];
    let uuids = FixedSizeBinaryArray::try_from_sparse_iter_with_size(uuids.into_iter(), 16).unwrap();
    let zero = "00000000-0000-0000-0000-000000000000";
    vec![
        ("te", "text", strings([Some(NASTY), None, Some("")]), NASTY, ""),
        ("tl", "text", Arc::new(LargeStringArray::from(vec![Some("\\N"), None, Some("\\.")])), "\\N", "\\."),
        ("vc", "character varying(5)", strings([Some("漢漢漢漢漢"), None, Some("")]), "漢漢漢漢漢", ""),
        ("ch", "character(3)", strings([Some("ab"), None, Some("")]), "ab ", "   "),
        ("na", "name", strings([Some("a name"), None, Some("")]), "a name", ""),
        ("ci", "citext", strings([Some("MiXed"), None, Some("\t")]), "MiXed", "\t"),
        ("sc", "\"char\"", strings([Some("x"), None, Some("")]), "x", ""),
        ("en", "mood", strings([Some("it's \"fine\""), None, Some("sad")]), "it's \"fine\"", "sad"),
        ("em", "nested", strings([Some("a@b"), None, Some("@")]), "a@b", "@"),
        ("lt", "ltree", strings([Some("a.b.c"), None, Some("x")]), "a.b.c", "x"),
        ("by", "bytea", Arc::new(BinaryArray::from_opt_vec(bytes)), "\\x005c7827ff0a", "\\x"),
        ("uu", "uuid", Arc::new(uuids), "abababab-abab-abab-abab-abababababab", zero),
        ("ut", "uuid", strings([Some(uuid), None, Some(&zero.replace('-', ""))]), uuid, zero),
        ("js", "json", strings([Some("{\"a\" : [1, \"\\n\"]}"), None, Some("null")]), "{\"a\" : [1, \"\\n\"]}", "null"),
        (
            "jb",
            "jsonb",
            strings([Some("{\"b\":1,\"a\":\"\\\\\"}"), None, Some("[]")]),
            "{\"a\": \"\\\\\", \"b\": 1}",
            "[]",
        ),
    ]
}

const TYPES: &str = "CREATE EXTENSION citext; CREATE EXTENSION ltree;
    CREATE TYPE mood AS ENUM ('sad', 'it''s \"fine\"');
    CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE DOMAIN email AS varchar(40) CHECK (VALUE LIKE '%@%');
    CREATE DOMAIN nested AS email;";

/// DDL of a table with the cases' columns.
fn ddl(name: &str, cases: &[Case], more: &str) -> String {
    let columns: Vec<String> = cases.iter().map(|c| format!("{} {}", c.0, c.1)).collect();
    format!("CREATE TABLE {name} ({}{more});", columns.join(", "))
}

#[test]
fn every_type_in_both_formats() {
    let cases: Vec<Case> = numbers().into_iter().chain(texts()).collect();
    let database = postgres().create_database(TYPES);
    database.execute(&(ddl("b", &cases, "") + &ddl("t", &cases, ", forces_text xml")));
    let mut loader = open(&database);

    let columns = |extra: Option<ArrayRef>| {
        let own = cases.iter().map(|c| (c.0, c.1, c.2.clone()));
        own.chain(extra.map(|array| ("forces_text", "xml", array))).collect()
    };
    let (target, batch) = table("b", columns(None));
    let loaded = load(&mut *loader, &target, batch).unwrap();
    assert_eq!((loaded.sent, loaded.stored, loaded.notes.len()), (3, 3, 0), "{:?}", loaded.notes);
    let (target, batch) = table("t", columns(Some(strings([Some("<a>&#233;</a>"), None, None]))));
    let loaded = load(&mut *loader, &target, batch).unwrap();
    assert_eq!(loaded.notes, ["COPY text because column `forces_text` is xml"]);

    for format in ["b", "t"] {
        for (name, sql_type, _, first, third) in &cases {
            let rows = loader.query(&format!("SELECT {name} FROM public.{format} ORDER BY i4")).unwrap();
            let shown: Vec<Option<&str>> = rows.iter().map(|row| row[0].as_deref()).collect();
            assert_eq!(shown, [Some(*first), Some(*third), None], "{sql_type} in {format}");
        }
    }
    loader.finish().unwrap();
}

#[test]
fn types_without_a_binary_form_travel_as_the_servers_text() {
    let cases: Vec<Case> = vec![
        ("ia", "integer[]", strings([Some("{1,NULL,3}"), None, Some("{}")]), "{1,NULL,3}", "{}"),
        (
            "ta",
            "text[]",
            strings([Some(r#"{"a,\"b","\\"}"#), None, Some("{{x},{y}}")]),
            r#"{"a,\"b","\\"}"#,
            "{{x},{y}}",
        ),
        ("ip", "inet", strings([Some("10.0.0.1/8"), None, Some("::1")]), "10.0.0.1/8", "::1"),
        (
            "ma",
            "macaddr",
            strings([Some("08:00:2b:01:02:03"), None, Some("00:00:00:00:00:00")]),
            "08:00:2b:01:02:03",
            "00:00:00:00:00:00",
        ),
        ("iv", "interval", strings([Some("1 mon -02:00:00"), None, Some("0")]), "1 mon -02:00:00", "00:00:00"),
        ("ra", "int4range", strings([Some("[1,5)"), None, Some("empty")]), "[1,5)", "empty"),
        ("mr", "int4multirange", strings([Some("{[1,3),[5,8)}"), None, Some("{}")]), "{[1,3),[5,8)}", "{}"),
        ("co", "pair", strings([Some(r#"(1,"a""b,")"#), None, Some("(,)")]), r#"(1,"a""b,")"#, "(,)"),
        ("pt", "point", strings([Some("(1,2)"), None, Some("(0,0)")]), "(1,2)", "(0,0)"),
        ("tv", "tsvector", strings([Some("'a' 'b''c':2"), None, Some("")]), "'a' 'b''c':2", ""),
        ("hs", "hstore", strings([Some(r#""k"=>"v\"\\""#), None, Some("")]), r#""k"=>"v\"\\""#, ""),
        ("bi", "bit(3)", strings([Some("101"), None, Some("000")]), "101", "000"),
        ("tt", "timetz", strings([Some("12:00:00+02"), None, Some("00:00:00+00")]), "12:00:00+02", "00:00:00+00"),
        ("ls", "pg_lsn", strings([Some("16/B374D848"), None, Some("0/0")]), "16/B374D848", "0/0"),
    ];
    let database = postgres().create_database("CREATE EXTENSION hstore; CREATE TYPE pair AS (a integer, b text);");
    database.execute(&ddl("t", &cases, ""));
    let mut loader = open(&database);
    let (target, batch) = table("t", cases.iter().map(|c| (c.0, c.1, c.2.clone())).collect());
    load(&mut *loader, &target, batch).unwrap();
    for (name, sql_type, _, first, third) in &cases {
        let rows = loader.query(&format!("SELECT {name} FROM public.t ORDER BY ip")).unwrap();
        let mut shown: Vec<Option<&str>> = rows.iter().map(|row| row[0].as_deref()).collect();
        shown.sort_unstable();
        let mut expected = [None, Some(*first), Some(*third)];
        expected.sort_unstable();
        assert_eq!(shown, expected, "{sql_type}");
    }
}

#[test]
fn a_megabyte_of_text_and_odd_names() {
    let database = postgres().create_database(
        "CREATE SCHEMA \"Od\"\"d schema\"; CREATE TABLE \"Od\"\"d schema\".\"sel ect\" (\"Co\"\"l{}\" text, \"tab\tle\" tsvector);
         CREATE TABLE \"Od\"\"d schema\".\"été\" (\"Co\"\"l{}\" text, \"from\" text);",
    );
    let mut loader = open(&database);
    let text = "é\\\n\t".repeat(250_000);
    for (name, second, sql_type) in [("sel ect", "tab\tle", "tsvector"), ("été", "from", "text")] {
        let arrays = [StringArray::from(vec![Some(text.as_str()), None]), StringArray::from(vec![Some(""), None])];
        let [a, b] = arrays.map(|array| Arc::new(array) as ArrayRef);
        let (mut target, batch) = table(name, vec![("Co\"l{}", "text", a), (second, sql_type, b)]);
        target.schema = "Od\"d schema".into();
        let loaded = load(&mut *loader, &target, batch).unwrap();
        assert!(loaded.bytes > 1_250_000 && loaded.stored == 2);
        let name = format!("\"Od\"\"d schema\".\"{name}\"");
        let rows = loader.query(&format!("SELECT \"Co\"\"l{{}}\" FROM {name}")).unwrap();
        assert!(rows[0][0].as_deref() == Some(text.as_str()) && rows[1][0].is_none());
    }
}

/// The server reads the digits as the same number.
#[test]
fn numerics_arrive_exactly() {
    let database = postgres().create_database("CREATE TABLE t (id integer, n numeric)");
    let loader = RefCell::new(open(&database)); // proptest wants a `Fn`
    let strategy = (0_i8..=38, prop::collection::vec((any::<i128>(), 0_u32..38), 200));
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&strategy, |(scale, draws)| {
        let values: Vec<i128> = draws.iter().map(|(n, digits)| n % 10_i128.pow(*digits + 1)).collect();
        let array = Decimal128Array::from(values.clone()).with_precision_and_scale(38, scale).unwrap();
        let expected: Vec<String> = (0..array.len()).map(|i| array.value_as_string(i)).collect();
        let ids = Int32Array::from_iter_values(0..200);
        let (target, batch) = table("t", vec![("id", "integer", Arc::new(ids)), ("n", "numeric", Arc::new(array))]);
        let mut loader = loader.borrow_mut();
        loader.execute("TRUNCATE public.t").unwrap();
        load(&mut **loader, &target, batch).unwrap();
        let rows = loader.query("SELECT n FROM public.t ORDER BY id").unwrap();
        for ((row, expected), value) in rows.iter().zip(&expected).zip(&values) {
            prop_assert_eq!(row[0].as_deref(), Some(expected.as_str()), "{} at scale {}", value, scale);
        }
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn values_and_types_that_do_not_fit_are_named() {
    let database = postgres().create_database("CREATE TABLE t (a smallint, d date); CREATE TABLE u (x tsvector)");
    let mut loader = open(&database);
    let big: ArrayRef = Arc::new(Int32Array::from(vec![1, 70_000]));
    let day: ArrayRef = Arc::new(Date32Array::from(vec![0, 0]));
    let (target, batch) = table("t", vec![("a", "smallint", big), ("d", "date", day)]);
    let error = complaint(load(&mut *loader, &target, batch));
    assert_eq!(error, "loading `public.t`: row 2 of this load, column `a`: 70000 is out of range for smallint");
    assert_eq!(loader.query("SELECT count(*) FROM public.t").unwrap()[0][0].as_deref(), Some("0"));

    let lists = arrow::array::ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>([Some([Some(1)])]);
    let (target, batch) = table("u", vec![("x", "tsvector", Arc::new(lists))]);
    let error = load(&mut *loader, &target, batch).unwrap_err();
    assert!(matches!(error, LoadError::NoEncoding { .. }), "{error}");
    // The server's message, for values that only the server can check.
    let days: ArrayRef = Arc::new(Date32Array::from(vec![i32::MAX]));
    let one: ArrayRef = Arc::new(Int16Array::from(vec![1]));
    let (target, batch) = table("t", vec![("a", "smallint", one), ("d", "date", days)]);
    let error = complaint(load(&mut *loader, &target, batch));
    assert!(error.contains("date out of range"), "{error}");
}
