//! Laws of parsing and evaluating: nothing panics, logic is three-valued, results equal SQLite's.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Env, NoRow, OneColumn, ParseError, parse};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

const ALL: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

fn truth(text: &str, d: Dialect) -> Option<bool> {
    parse(text, d).unwrap().truth(&NoRow, Env { dialect: d, now: 0 }).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn patterns_with_look_ahead_are_evaluated() {
    let password = "'^(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]{4,}$'";
    for (text, wanted) in [("'abC1'", Some(true)), ("'abcd1'", Some(false)), ("'aB1'", Some(false)), ("NULL", None)] {
        assert_eq!(truth(&format!("{text}::text ~ {password}"), Dialect::Postgres), wanted, "{text}");
        assert_eq!(truth(&format!("{text}::text !~ {password}"), Dialect::Postgres), wanted.map(|b| !b), "{text}");
        assert_eq!(truth(&format!("regexp_like({text}, {password})"), Dialect::Postgres), wanted, "{text}");
    }
    assert_eq!(truth("'a.-b' ~ '^[a-z]+([.](?!-)[a-z-]+)*$'", Dialect::Postgres), Some(false));
    assert_eq!(truth("'a.b-' ~ '^[a-z]+([.](?!-)[a-z-]+)*$'", Dialect::Postgres), Some(true));
    // A class may begin with its `]`, and may hold `[`, `(?=` and `(?!`.
    for (text, wanted) in [("a]1", true), ("a[1", true), ("a1", false)] {
        let pattern = "^(?=.*[][])a.*[0-9]$";
        assert_eq!(truth(&format!("'{text}' ~ '{pattern}'"), Dialect::Postgres), Some(wanted), "{text}");
    }
    for (text, wanted) in [("1(", true), ("1a", false), ("0=", false)] {
        let pattern = "^x?(?!0)[0-9][(?=]$";
        assert_eq!(truth(&format!("'{text}' ~ '{pattern}'"), Dialect::Postgres), Some(wanted), "{text}");
    }
}

#[test]
fn values_are_identical_as_the_servers_say() {
    for (text, d, wanted) in [
        ("(1, NULL) IS NOT DISTINCT FROM (1, NULL)", Dialect::Postgres, true),
        ("(1, NULL) IS DISTINCT FROM (1, 2)", Dialect::Postgres, true),
        ("(1, NULL) IS (1, NULL)", Dialect::Sqlite, true),
        ("(1, NULL) <=> (1, NULL)", Dialect::Mysql, true),
        ("(1, NULL) <=> (2, NULL)", Dialect::Mysql, false),
        ("'a' <=> 'A '", Dialect::Mysql, true),
        ("-0.0 IS DISTINCT FROM 0.0", Dialect::Postgres, false),
        ("ARRAY[1, NULL] IS NOT DISTINCT FROM ARRAY[1, NULL]", Dialect::Postgres, true),
        ("ARRAY[1, NULL] = ARRAY[1, 5]", Dialect::Postgres, false),
        ("ARRAY[1, NULL] > ARRAY[1, 5]", Dialect::Postgres, true),
    ] {
        assert_eq!(truth(text, d), Some(wanted), "{text}");
    }
    let of = |text: &str, x: Value, d| parse(text, d).unwrap().truth(&OneColumn("x", &x), Env { dialect: d, now: 0 });
    assert_eq!(of("x IS NOT DISTINCT FROM x", Value::Float(f64::NAN), Dialect::Postgres), Ok(Some(true)));
    // SQLite compares a column of texts with the text of a number.
    for (text, x, wanted) in [
        ("x = 1", Value::text("01"), false),
        ("x IS 1", Value::text("01"), false),
        ("x IN (1, 2)", Value::text("01"), false),
        ("x IN (1.50, 2.25)", Value::text("1.5"), true),
        ("x IN (1.50, 2.25)", Value::text("1.50"), false),
        ("x = 0.250", Value::text("0.25"), true),
        ("1 = x", Value::text("1"), true),
        ("x = '1'", Value::Int(1), true),
        ("x = '1.0'", Value::Int(1), true),
    ] {
        assert_eq!(of(text, x.clone(), Dialect::Sqlite), Ok(Some(wanted)), "{text} {x:?}");
    }
}

#[test]
fn functions_of_other_servers_are_refused() {
    for (text, d, dialects) in [
        ("strpos(a, 'x') = 1", Dialect::Sqlite, vec![Dialect::Postgres]),
        ("year(a) = 2000", Dialect::Postgres, vec![Dialect::Mysql]),
        ("extract(year from a) = 2000", Dialect::Sqlite, vec![Dialect::Postgres, Dialect::Mysql]),
        ("unixepoch(a) = 1", Dialect::Mysql, vec![Dialect::Sqlite]),
    ] {
        let Err(ParseError::Elsewhere { dialects: found, dialect, .. }) = parse(text, d) else { panic!("{text}") };
        assert_eq!((found, dialect), (dialects, d), "{text}");
    }
    for d in ALL {
        assert!(["length(a) = 1", "octet_length(a) = 1", "fancy(a) = 1"].iter().all(|text| parse(text, d).is_ok()));
    }
}

#[test]
fn three_valued_logic() {
    let values = [("(1=1)", Some(true)), ("(1=2)", Some(false)), ("(1=NULL)", None)];
    for (a, x) in values {
        for (b, y) in values {
            let and = match (x, y) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            let or = match (x, y) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
            for d in ALL {
                assert_eq!(truth(&format!("{a} AND {b}"), d), and, "{a} AND {b}");
                assert_eq!(truth(&format!("{a} OR {b}"), d), or, "{a} OR {b}");
                assert_eq!(truth(&format!("NOT ({a} AND {b})"), d), and.map(|b| !b));
                let equal = x.and_then(|x| y.map(|y| x == y));
                assert_eq!(truth(&format!("({a}) = ({b})"), d), equal, "{a} = {b}");
            }
            let same = format!("{a} IS NOT DISTINCT FROM {b}");
            assert_eq!(truth(&same, Dialect::Postgres), Some(x == y));
        }
        for d in ALL {
            assert_eq!(truth(&format!("{a} IS TRUE"), d), Some(x == Some(true)));
            assert_eq!(truth(&format!("{a} IS NOT FALSE"), d), Some(x != Some(false)));
            assert_eq!(truth(&format!("({a}) IS NULL"), d), Some(x.is_none()));
        }
    }
}

#[test]
fn nulls_in_lists() {
    for d in ALL {
        assert_eq!(truth("1 IN (1, NULL)", d), Some(true));
        assert_eq!(truth("2 IN (1, NULL)", d), None);
        assert_eq!(truth("2 NOT IN (1, NULL)", d), None);
        assert_eq!(truth("1 NOT IN (1, NULL)", d), Some(false));
        assert_eq!(truth("NULL BETWEEN 1 AND 2", d), None);
    }
    assert_eq!(truth("1 = ANY (ARRAY[2, NULL])", Dialect::Postgres), None);
    assert_eq!(truth("1 <> ALL (ARRAY[2, 3])", Dialect::Postgres), Some(true));
    assert_eq!(truth("(1, NULL) = (2, 3)", Dialect::Postgres), Some(false));
    assert_eq!(truth("(1, NULL) IS NOT NULL", Dialect::Postgres), Some(false));
}

#[test]
fn dialects_differ_where_the_servers_do() {
    let of = |t: &str, d| parse(t, d).unwrap().value(&NoRow, Env { dialect: d, now: 0 }).unwrap().to_string();
    assert_eq!(of("7 / 2", Dialect::Postgres), "3");
    assert!(of("7 / 2", Dialect::Mysql).starts_with("3.5"));
    assert_eq!(of("length('äö')", Dialect::Postgres), "2");
    assert_eq!(of("length('äö')", Dialect::Mysql), "4");
    assert_eq!(of("concat('a', NULL)", Dialect::Postgres), "a");
    assert_eq!(of("concat('a', NULL)", Dialect::Mysql), "NULL");
    assert_eq!(of("5 / 0", Dialect::Sqlite), "NULL");
    assert_eq!(of("greatest(1, NULL)", Dialect::Postgres), "1");
    assert_eq!(of("greatest(1, NULL)", Dialect::Mysql), "NULL");
    assert_eq!(of("substring('a.b.77' from '[^.]*$')", Dialect::Postgres), "77");
    assert_eq!(of("\"substring\"('foobar'::text, 'o(.)b'::text)", Dialect::Postgres), "o");
    assert_eq!(of("substring('foobar' from 'x')", Dialect::Postgres), "NULL");
    assert_eq!(of("2 ^ 3", Dialect::Postgres), "8");
    assert_eq!(of("2 ^ 3", Dialect::Mysql), "1");
    assert_eq!(truth("'a' = 'A'", Dialect::Mysql), Some(true));
    assert_eq!(truth("'a' = 'A'", Dialect::Postgres), Some(false));
    assert_eq!(truth("'abc' LIKE 'A%'", Dialect::Sqlite), Some(true));
    assert_eq!(truth("'abc' LIKE 'A%'", Dialect::Postgres), Some(false));
    assert_eq!(truth("'2020-02-29'::date + '1 year'::interval = '2021-02-28'::date", Dialect::Postgres), Some(true));
    assert_eq!(truth("'2020-01-31' + interval 1 month = '2020-02-29'", Dialect::Mysql), Some(true));
    assert_eq!(truth("1 || 0", Dialect::Mysql), Some(true));
    assert_eq!(of("1 || 0", Dialect::Postgres), "10");
    assert_eq!(of("date('2024-01-31', '+1 month')", Dialect::Sqlite), "2024-03-02");
}

/// Forms from real schemas, as printed by the servers.
const SEEDS: &[&str] = &[
    "((name)::text = lower((name)::text))",
    "((type <> 3) OR ((a IS NULL) AND (b IS NULL) AND (c IS NOT NULL)))",
    "((state = ANY (ARRAY[2, 3, 4])) = (judge_id IS NOT NULL))",
    "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
    "(NOT ((status = 'todo'::public.job_status) AND (abort_requested = true)))",
    "(date_trunc('minute'::text, duration) = duration)",
    "(x ~ '^[A-Z]{2}[0-9]+$'::text)",
    "(num_nonnulls(a, b, c) = 1)",
    "((end_dt >= start_dt) AND (x >= '1 day'::interval))",
    "CASE WHEN (a > 0) THEN (b IS NULL) ELSE (b < (a * 2)) END",
    "`a` in (0,1) and json_valid(`b`)",
    "`c` MOD 3 = 1 and (`a` + 1) MOD `mod` = mod(5,2)",
    "`d` > _utf8mb4'x' collate utf8mb4_bin or `d` regexp '^a.*$'",
    "length(uuid)>=40 AND rid>0 AND typeof(name)='text'",
    "x GLOB '[0-9]*' OR x IS NOT 'y' OR x NOTNULL",
    "EXTRACT(year FROM (d)::timestamp without time zone) > (1990)::numeric",
    "(\"position\"(a, '@'::text) > 1) AND (POSITION(('@'::text) IN (a)) > 1)",
    "((a)::text !~~ '%x%'::text) AND (a <> ALL (ARRAY['q'::text]))",
    "(VALUE IS NULL) OR (octet_length(VALUE) = 20)",
    "(length(TRIM(BOTH FROM a)) > 0) AND (TRIM(LEADING '0'::text FROM a) <> ''::text)",
    "SUBSTRING(a FROM 1 FOR 2) = 'xy'::text",
    "(d AT TIME ZONE 'UTC'::text) > '2020-01-01 00:00:00'::timestamp without time zone",
];

#[test]
fn every_seed_is_read_by_one_of_the_dialects() {
    for s in SEEDS {
        assert!(ALL.iter().any(|d| parse(s, *d).is_ok()), "{s}: {:?}", parse(s, Dialect::Postgres));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_never_panics(text in ".{0,60}", d in 0usize..3) {
        let _ = parse(&text, ALL[d]);
    }

    #[test]
    fn mutated_checks_never_panic(seed in 0usize..SEEDS.len(), cut in 0usize..60, paste in "[()'a-z0-9=<>,. ~\\[\\]:*%-]{0,6}", other in 0usize..SEEDS.len(), d in 0usize..3) {
        let chars: Vec<char> = SEEDS[seed].chars().collect();
        let at = cut.min(chars.len());
        let tail: String = SEEDS[other].chars().skip(at).collect();
        for text in [
            chars[..at].iter().collect::<String>() + &paste + &chars[at..].iter().collect::<String>(),
            chars[..at].iter().collect::<String>() + &tail,
            chars.iter().skip(at).collect::<String>(),
        ] {
            if let Ok(e) = parse(&text, ALL[d]) {
                let row: BTreeMap<String, Value> = e.columns().into_iter().map(|c| (c, Value::text("a1"))).collect();
                let env = Env { dialect: ALL[d], now: 0 };
                let _ = e.truth(&row, env);
                let nulls: BTreeMap<String, Value> = row.keys().map(|c| (c.clone(), Value::Null)).collect();
                let _ = e.truth(&nulls, env);
                let columns: Vec<super::ColumnInput> = row.keys().map(|c| super::ColumnInput {
                    name: c.clone(),
                    domain: Some(dbmocker_domain::Domain::Choice { values: vec![Value::Int(1), Value::Int(5)], weights: None }),
                    legal: None,
                    ty: dbmocker_core::schema::SqlType::Untyped,
                    nullable: true,
                    null_share: 0.1,
                    role: super::ValueSource::Free,
                    same_parent: None,
                }).collect();
                let _ = super::solve(&columns, &[super::NamedCheck::new("c", text)], ALL[d], 0);
            }
        }
    }

    #[test]
    fn deep_nesting_is_refused_or_read(n in 0usize..400, d in 0usize..3) {
        let _ = parse(&format!("{}1{}", "(".repeat(n), ")".repeat(n)), ALL[d]);
        let _ = parse(&format!("{}1", "NOT ".repeat(n)), ALL[d]);
        let _ = parse(&format!("{}1", "- ".repeat(n)), ALL[d]);
        let _ = parse(&vec!["a = 1"; n + 1].join(" AND "), ALL[d]);
        let _ = parse(&vec!["a"; n + 1].join(" + "), ALL[d]);
    }
}
