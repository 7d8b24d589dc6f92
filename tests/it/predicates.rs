//! Compares the evaluator with a server: random expressions have the same truth value in SQLite and in dbmocker.

use std::collections::BTreeMap;

use proptest::prelude::*;

use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use dbmocker_predicate::{Env, parse};

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
