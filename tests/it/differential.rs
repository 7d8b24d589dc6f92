//! The evaluator beside the three servers: random calls of every spelling of the registry of functions, and conditions
//! made of them, have the same value for the server and for dbmocker, on rows with NULLs and edge values.
//!
//! A spelling is covered without being named here: its spellings, dialects and types say how it is called. The seed is
//! fixed; `DBMOCKER_TEST_SEED` gives another one. A failure that has been found and fixed is a case of its own in
//! `differential/saved.rs`; one that is still to be fixed stands in `differential/known.rs`.

mod compared;
mod generator;
mod known;
mod saved;
mod servers_answers;

use std::collections::{BTreeMap, BTreeSet};

use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use dbmocker_predicate::{Env, builtins, parse};

use compared::{Verdict, compare};
use generator::{Generator, rows};
use servers_answers::{Answer, ask};

/// Random calls of each spelling and number of arguments.
const CALLS: usize = 10;
/// Random conditions over several functions.
const CONDITIONS: usize = 300;

/// Functions that SQLite has only if it is compiled with them; the tests' own is not.
const MATHEMATICS: &[&str] = &["ceil", "ceiling", "exp", "floor", "ln", "log", "log10", "log2", "pi", "sqrt"];

/// An expression, and the spelling of which it is a call.
struct Case {
    text: String,
    of: Option<&'static str>,
}

fn cases(dialect: Dialect) -> Vec<Case> {
    let seed =
        std::env::var("DBMOCKER_TEST_SEED").map_or(1, |s| s.parse().expect("DBMOCKER_TEST_SEED is a whole number"));
    let mut generator = Generator::new(dialect, seed);
    let mut all = Vec::new();
    for builtin in builtins() {
        for (spelling, _) in builtin.spellings.iter().filter(|(_, dialects)| dialects.contains(&dialect)) {
            let call = |text: &str| text.strip_prefix(spelling).is_some_and(|rest| rest.starts_with('('));
            all.extend(
                saved::cases(dialect).filter(|t| call(t)).map(|t| Case { text: t.to_owned(), of: Some(spelling) }),
            );
            let calls = (0..CALLS).flat_map(|_| generator.calls(builtin, spelling));
            all.extend(calls.map(|text| Case { text, of: Some(spelling) }).collect::<Vec<_>>());
        }
    }
    all.extend((0..CONDITIONS).map(|_| Case { text: generator.condition(3), of: None }));
    all
}

/// Compares the values of all cases on all rows.
fn agree(dialect: Dialect) {
    let (cases, rows) = (cases(dialect), rows(dialect));
    let texts: Vec<&str> = cases.iter().map(|c| c.text.as_str()).collect();
    let answers = ask(dialect, &texts, &rows);
    let env = Env { dialect, now: 0 };
    let (mut failures, mut compared) = (Vec::new(), 0usize);
    let mut understood: BTreeMap<&str, bool> = BTreeMap::new();
    // The values, not NULLs and not errors, that agree; known faults that are seen.
    let mut agreed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (case, answers) in cases.iter().zip(&answers) {
        let ours = parse(&case.text, dialect);
        let known: Vec<&str> = known::within(&case.text, known::of(dialect));
        for (row, answer) in rows.iter().zip(answers) {
            if let Some(of) = case.of {
                *understood.entry(of).or_default() |= !matches!(answer, Answer::NotUnderstood(_));
            }
            let ours = match &ours {
                Ok(tree) => tree.value(row, env).map_err(|e| e.to_string()),
                Err(e) => Err(e.to_string()),
            };
            match compare(answer, &ours, dialect) {
                Verdict::Same => {
                    compared += usize::from(known.is_empty());
                    let real = matches!((answer, case.of), (Answer::Value(_), Some(_)));
                    case.of.into_iter().for_each(|of| *agreed.entry(of).or_default() += usize::from(real));
                }
                Verdict::Skipped => {}
                Verdict::Different if !known.is_empty() => seen.extend(&known),
                Verdict::Different => {
                    failures.push(format!("{}\n  {answer:?}, here {ours:?}, of {}", case.text, shown(row)))
                }
            }
        }
    }
    println!("{dialect:?}: {} expressions, {compared} values compared", cases.len());
    assert!(failures.is_empty(), "{} values differ:\n{}", failures.len(), failures.join("\n"));
    let missing = |of: &str| match dialect {
        Dialect::Sqlite => MATHEMATICS.contains(&of),
        // MariaDB has it since version 11.1.
        Dialect::Mysql => of == "json_schema_valid",
        Dialect::Postgres => false,
    };
    let unknown = understood.iter().filter(|(of, known)| !**known && !missing(of));
    let unknown: Vec<&str> = unknown.map(|(of, _)| *of).collect();
    assert!(unknown.is_empty(), "{dialect:?} does not have these functions: {unknown:?}");
    let never: Vec<&str> = agreed.iter().filter(|(of, n)| **n == 0 && !missing(of)).map(|(of, _)| *of).collect();
    assert!(never.is_empty(), "{dialect:?}: no value of these functions agrees: {never:?}");
    let mended: Vec<&&str> = known::of(dialect).iter().filter(|k| !seen.contains(*k)).collect();
    assert!(mended.is_empty(), "{dialect:?}: strike these from the known faults: {mended:?}");
}

fn shown(row: &BTreeMap<String, Value>) -> String {
    row.iter().map(|(name, v)| format!("{name}={v}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn sqlite_gives_the_same_values() {
    agree(Dialect::Sqlite);
}

#[test]
fn postgres_gives_the_same_values() {
    agree(Dialect::Postgres);
}

#[test]
fn mariadb_gives_the_same_values() {
    agree(Dialect::Mysql);
}
