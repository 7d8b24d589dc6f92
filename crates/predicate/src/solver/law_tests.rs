//! Laws of the solver, against brute force over small domains.

use proptest::prelude::*;

use super::fixtures::*;
use super::*;
use crate::parse;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_domain::range_units::of_units;

const D: Dialect = Dialect::Postgres;

fn scalar() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned),
        (-1i32..5).prop_map(|i| format!("({i})"))
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (pair.clone(), prop::sample::select(vec!["+", "-", "*"]))
                .prop_map(|((a, b), op)| format!("({a} {op} {b})")),
            pair.clone().prop_map(|(a, b)| format!("COALESCE({a}, {b})")),
            pair.clone().prop_map(|(a, b)| format!("NULLIF({a}, {b})")),
            pair.clone().prop_map(|(a, b)| format!("GREATEST({a}, {b})")),
            inner.clone().prop_map(|a| format!("abs({a})")),
            inner.prop_map(|a| format!("({a} IS NULL)::integer")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    let op = || prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        4 => (scalar(), op(), scalar()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        2 => (prop::sample::select(vec!["a", "b", "c", "p"]), any::<bool>()).prop_map(|(a, n)| format!("({a} IS {}NULL)", if n { "NOT " } else { "" })),
        1 => Just("p".to_owned()),
        1 => (scalar(), prop::collection::vec(-1i32..5, 1..3), any::<bool>()).prop_map(|(a, l, n)| {
            let l: Vec<String> = l.iter().map(|i| i.to_string()).collect();
            if n { format!("({a} <> ALL (ARRAY[{}]))", l.join(", ")) } else { format!("({a} = ANY (ARRAY[{}]))", l.join(", ")) }
        }),
        1 => (op(), 0i32..4).prop_map(|(op, n)| format!("(num_nonnulls(a, b, c) {op} {n})")),
        1 => (scalar(), scalar()).prop_map(|(a, b)| format!("({a} IS DISTINCT FROM {b})")),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} = {b})")),
            inner.clone().prop_map(|a| format!("(NOT {a})")),
            inner.clone().prop_map(|a| format!("({a} IS NOT TRUE)")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("CASE WHEN {a} THEN {b} ELSE {c} END")),
        ]
    })
}

fn columns() -> Vec<ColumnInput> {
    vec![int("a", -1, 3).null(), int("b", 0, 4), int("c", 0, 2).null(), boolean("p").null()]
}

/// Every row of the small domains.
fn every_row() -> Vec<RowMap> {
    let ints = |lo, hi, null| {
        let null = if null { vec![Value::Null] } else { vec![] };
        (lo..=hi).map(Value::Int).chain(null).collect::<Vec<_>>()
    };
    let mut out = vec![];
    for a in ints(-1, 3, true) {
        for b in ints(0, 4, false) {
            for c in ints(0, 2, true) {
                for p in [Value::Bool(true), Value::Bool(false), Value::Null] {
                    let row = [("a", a.clone()), ("b", b.clone()), ("c", c.clone()), ("p", p)];
                    out.push(row.map(|(n, v)| (n.to_owned(), v)).into());
                }
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn solved_if_and_only_if_it_can_be(checks in prop::collection::vec(condition(), 1..4)) {
        let columns = columns();
        let env = Env { dialect: D, now: NOW };
        let parsed: Vec<_> = checks.iter().map(|c| parse(c, D).unwrap()).collect();
        let ok = |row: &RowMap| parsed.iter().all(|e| e.truth(row, env).unwrap() != Some(false));
        let possible = every_row().into_iter().filter(|r| ok(r)).count();
        let named: Vec<NamedCheck> = checks.iter().map(|c| NamedCheck::new(c, c)).collect();
        let s = solve(&columns, &named, D, NOW);
        if possible == 0 {
            prop_assert!(!s.unsolved.is_empty());
        } else if s.unsolved.is_empty() {
            for r in rows(&columns, &s, 60) {
                prop_assert!(ok(&r), "{:?} from {:?}", r, s);
            }
        } else {
            prop_assert!(false, "{} rows of {} were missed: {:?}", possible, every_row().len(), s.unsolved);
        }
    }

    /// For any part of its values that a column's name may suggest.
    #[test]
    fn rows_of_suggested_domains_satisfy(
        checks in prop::collection::vec(condition(), 1..4),
        parts in prop::collection::vec((0i128..5, 0i128..3, any::<bool>()), 3),
    ) {
        let suggested = columns().into_iter().zip(parts.into_iter().map(Some).chain([None])).map(|(column, part)| {
            let (Some((from, more, list)), Some(Domain::Range { lo, hi, .. })) = (part, column.domain.clone()) else { return column };
            let (from, to) = ((lo + from).min(hi), (lo + from + more).min(hi));
            let values = (from..=to).map(Value::Int).collect();
            let likely = if list { Domain::Choice { values, weights: None } } else { int("x", from, to).domain.unwrap() };
            ColumnInput { legal: column.domain, domain: Some(likely), ..column }
        });
        let columns: Vec<ColumnInput> = suggested.collect();
        let env = Env { dialect: D, now: NOW };
        let parsed: Vec<_> = checks.iter().map(|c| parse(c, D).unwrap()).collect();
        let named: Vec<NamedCheck> = checks.iter().map(|c| NamedCheck::new(c, c)).collect();
        let s = solve(&columns, &named, D, NOW);
        if s.unsolved.is_empty() {
            for r in rows(&columns, &s, 60) {
                prop_assert!(parsed.iter().all(|e| e.truth(&r, env).unwrap() != Some(false)), "{:?} from {:?}", r, s);
            }
        }
    }

    #[test]
    fn the_short_way_of_ordered_columns_gives_what_the_long_way_gives(
        pairs in prop::collection::vec((0usize..4, 0usize..4, 0usize..4, any::<bool>()), 1..5),
        nulls in any::<[bool; 4]>(),
        dates: bool,
    ) {
        let names = ["a", "b", "c", "d"];
        let one = |(name, null): (&&str, bool)| {
            let column = if dates { date(name) } else { int(name, -40, 900) };
            if null { column.null() } else { column }
        };
        let columns: Vec<ColumnInput> = names.iter().zip(nulls).map(one).collect();
        let checks = pairs.iter().filter(|(l, r, ..)| l < r).map(|(l, r, op, soft)| {
            let text = format!("{} {} {}", names[*l], ["<", "<=", ">", ">="][*op], names[*r]);
            let check = NamedCheck::new(&text, &text);
            if *soft { check.as_preference() } else { check }
        });
        let s = solve(&columns, &checks.collect::<Vec<_>>(), D, NOW);
        let samplers: Vec<_> = s.columns.iter().map(|c| c.domain.as_ref().map(Domain::sampler)).collect();
        for group in &s.groups {
            for row in 0..60 {
                let draws = TestDraws { row, samplers: &samplers, columns: &columns };
                prop_assert_eq!(group.solve_row(&draws), group.search(&draws));
            }
            let all = (0..60u32).map(|row| TestDraws { row: row.into(), samplers: &samplers, columns: &columns });
            for (place, column) in group.solve_numbers(all).into_iter().flatten().enumerate() {
                for (row, number) in column.numbers.iter().enumerate() {
                    let draws = TestDraws { row: row as u64, samplers: &samplers, columns: &columns };
                    let value = number.map_or(Value::Null, |n| of_units(column.kind, n.into()));
                    prop_assert_eq!(&value, &group.solve_row(&draws).unwrap()[place]);
                }
            }
        }
    }

    #[test]
    fn every_value_of_a_narrowed_domain_satisfies(ops in prop::collection::vec((0usize..6, -5i32..60, 0usize..7), 1..4)) {
        let op = ["=", "<>", "<", "<=", ">", ">="];
        let checks: Vec<String> = ops.iter().map(|(o, n, f)| match f {
            0 => format!("a {} {n}", op[*o]),
            1 => format!("a * 3 - 1 {} {n}", op[*o]),
            2 => format!("{n} - a {} 7", op[*o]),
            3 => format!("a % {} = {}", n.abs() + 1, *o),
            4 => format!("abs(a - 20) {} {}", op[*o], n.abs()),
            5 => format!("a / 4 {} {n}", op[*o]),
            _ => format!("a * a {} {n}", op[*o]),
        }).collect();
        let columns = [int("a", -10, 1000)];
        let named: Vec<NamedCheck> = checks.iter().map(|c| NamedCheck::new(c, c)).collect();
        let s = solve(&columns, &named, D, NOW);
        let env = Env { dialect: D, now: NOW };
        let parsed: Vec<_> = checks.iter().map(|c| parse(c, D).unwrap()).collect();
        let ok = |v: &Value| {
            let row: RowMap = [("a".to_owned(), v.clone())].into();
            parsed.iter().all(|e| e.truth(&row, env).unwrap() != Some(false))
        };
        let good = (-10..=1000).filter(|i| ok(&Value::Int(*i))).count();
        if good == 0 {
            prop_assert!(!s.unsolved.is_empty());
        } else if s.unsolved.is_empty() && s.groups.is_empty() {
            let d = s.columns[0].domain.as_ref().unwrap();
            for i in 0..d.size() {
                prop_assert!(ok(&d.value(i)), "{} from {:?}", d.value(i), d);
            }
        } else if s.unsolved.is_empty() {
            for r in rows(&columns, &s, 50) {
                prop_assert!(ok(&r["a"]), "{:?}", r);
            }
        } else {
            prop_assert!(false, "{} values were missed: {:?}", good, s.unsolved);
        }
    }
}

/// A column that gets its wider domain in a part of the columns that is solved by itself.
#[test]
fn wider_values_satisfy_conditions_over_columns_of_other_parts() {
    let checks =
        ["((1) - a) = NULLIF(b, c)", "CASE WHEN (p IS NULL) THEN (b > abs((0))) ELSE ((NULLIF((1), a) + a) = a) END"];
    let parsed: Vec<_> = checks.iter().map(|c| parse(c, D).unwrap()).collect();
    let named: Vec<NamedCheck> = checks.iter().map(|c| NamedCheck::new(*c, *c)).collect();
    let env = Env { dialect: D, now: NOW };
    for (from, to, most) in
        (0..5).flat_map(|from| (from..5).flat_map(move |to| (0..3).map(move |most| (from, to, most))))
    {
        let mut columns = columns();
        for (c, from, to) in [(0, -1, -1), (1, from, to), (2, 0, most)] {
            let list = || Domain::Choice { values: (from..=to).map(Value::Int).collect(), weights: None };
            let suggested = if c == 0 { Some(list()) } else { int("x", from, to).domain };
            columns[c] = ColumnInput { legal: columns[c].domain.clone(), domain: suggested, ..columns[c].clone() };
        }
        let s = solve(&columns, &named, D, NOW);
        assert!(s.unsolved.is_empty());
        for r in rows(&columns, &s, 60) {
            assert!(parsed.iter().all(|e| e.truth(&r, env).unwrap() != Some(false)), "{r:?} of b from {from} to {to}");
        }
    }
}
