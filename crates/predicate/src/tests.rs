//! Laws of parsing and evaluating: nothing panics, logic is three-valued, SQLite itself agrees.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Env, NoRow, parse};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

const ALL: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

fn truth(text: &str, d: Dialect) -> Option<bool> {
    parse(text, d).unwrap().truth(&NoRow, Env { dialect: d, now: 0 }).unwrap_or_else(|e| panic!("{text}: {e}"))
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
    assert_eq!(of("date('2024-01-31', '+1 month')", Dialect::Sqlite), "2024-02-29");
}

/// Shapes met in the wild, as the servers print them.
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
                    role: super::Role::Free,
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

// ---- SQLite as the judge -------------------------------------------------------------------------------------------

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (-3i32..12).prop_map(|i| format!("({i})")),
        Just("i".to_owned()),
        Just("j".to_owned()),
        Just("NULL".to_owned())
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (pair.clone(), prop::sample::select(vec!["+", "-", "*", "/", "%", "&", "|"]))
                .prop_map(|((a, b), op)| format!("({a} {op} {b})")),
            inner.clone().prop_map(|a| format!("abs({a})")),
            inner.clone().prop_map(|a| format!("(-{a})")),
            (pair.clone(), prop::sample::select(vec!["coalesce", "nullif", "min", "max", "ifnull"]))
                .prop_map(|((a, b), f)| format!("{f}({a}, {b})")),
            pair.clone().prop_map(|(a, b)| format!("CASE WHEN {a} > 2 THEN {b} ELSE {a} END")),
            pair.clone().prop_map(|(a, b)| format!("iif({a} IS NULL, {b}, 7)")),
            text_leaf().prop_map(|t| format!("length({t})")),
            (text_leaf(), text_leaf()).prop_map(|(a, b)| format!("instr({a}, {b})")),
        ]
    })
}

fn text_leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!["''", "'a'", "'Ab'", "'  x '", "'abcab'", "s", "u", "NULL"]).prop_map(str::to_owned),
        prop::sample::select(vec!["s", "u"]).prop_map(|c| format!("lower({c})")),
        prop::sample::select(vec!["s", "u"]).prop_map(|c| format!("upper({c})")),
        (prop::sample::select(vec!["trim", "ltrim", "rtrim"]), prop::sample::select(vec!["s", "' a '"]))
            .prop_map(|(f, c)| format!("{f}({c})")),
        (-3i32..5, -2i32..4).prop_map(|(a, b)| format!("substr(s, {a}, {b})")),
        (-3i32..5).prop_map(|a| format!("substr(u, {a})")),
        Just("(s || u)".to_owned()),
        Just("replace(s, 'a', 'zz')".to_owned()),
    ]
}

fn boolean() -> impl Strategy<Value = String> {
    let op = || prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT"]);
    let leaf = prop_oneof![
        (number(), op(), number()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (text_leaf(), op(), text_leaf()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (number(), any::<bool>()).prop_map(|(a, n)| format!("{a} IS {}NULL", if n { "NOT " } else { "" })),
        (number(), number(), number(), any::<bool>())
            .prop_map(|(a, b, c, n)| format!("{a} {}IN ({b}, {c})", if n { "NOT " } else { "" })),
        (number(), number(), number(), any::<bool>())
            .prop_map(|(a, b, c, n)| format!("{a} {}BETWEEN {b} AND {c}", if n { "NOT " } else { "" })),
        (text_leaf(), prop::sample::select(vec!["a%", "%b", "_b", "%", "A_%", "%ab%"]), any::<bool>())
            .prop_map(|(a, p, n)| format!("{a} {}LIKE '{p}'", if n { "NOT " } else { "" })),
        (text_leaf(), prop::sample::select(vec!["a*", "*[a-c]", "?b", "[^a]*", "*"]), any::<bool>())
            .prop_map(|(a, p, n)| format!("{a} {}GLOB '{p}'", if n { "NOT " } else { "" })),
        prop::sample::select(vec!["i", "s"]).prop_map(|c| format!("typeof({c}) = 'integer'")),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone(), prop::sample::select(vec!["AND", "OR", "="]))
                .prop_map(|(a, b, op)| format!("({a}) {op} ({b})")),
            inner.clone().prop_map(|a| format!("NOT ({a})")),
            inner.clone().prop_map(|a| format!("({a}) IS NOT TRUE")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("CASE WHEN {a} THEN {b} ELSE {c} END")),
        ]
    })
}

thread_local! {
    static SQLITE: rusqlite::Connection = {
        let c = rusqlite::Connection::open_in_memory().unwrap();
        c.execute_batch("CREATE TABLE t (i INTEGER, j INTEGER, s TEXT, u TEXT)").unwrap();
        c
    };
}

fn of_sqlite(expr: &str, row: &BTreeMap<String, Value>) -> Result<Option<bool>, rusqlite::Error> {
    let show = |c: &str| match &row[c] {
        Value::Text(t) => format!("'{t}'"),
        v => v.to_string(),
    };
    SQLITE.with(|c| {
        c.execute_batch(&format!(
            "DELETE FROM t; INSERT INTO t VALUES ({}, {}, {}, {})",
            show("i"),
            show("j"),
            show("s"),
            show("u")
        ))?;
        c.query_row(&format!("SELECT CASE WHEN ({expr}) THEN 1 WHEN NOT ({expr}) THEN 0 END FROM t"), [], |r| {
            Ok(r.get::<_, Option<i64>>(0)?.map(|i| i == 1))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_agrees(expr in boolean(), i in prop::option::of(-2i128..6), j in prop::option::of(-2i128..6), s in prop::option::of("[aAb ]{0,3}"), u in prop::option::of("[aAb ]{0,3}")) {
        let int = |x: Option<i128>| x.map_or(Value::Null, Value::Int);
        let text = |x: Option<String>| x.map_or(Value::Null, Value::Text);
        let row: BTreeMap<String, Value> =
            [("i", int(i)), ("j", int(j)), ("s", text(s)), ("u", text(u))].map(|(n, v)| (n.to_owned(), v)).into();
        let expected = of_sqlite(&expr, &row);
        let ours = parse(&expr, Dialect::Sqlite).unwrap().truth(&row, Env { dialect: Dialect::Sqlite, now: 0 });
        if let (Ok(expected), Ok(ours)) = (&expected, &ours) {
            prop_assert_eq!(ours, expected, "{} on {:?}", expr, row);
        } else {
            prop_assert!(false, "{}: {:?} {:?}", expr, expected, ours);
        }
    }
}
