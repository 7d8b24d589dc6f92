//! The text of a CHECK in three dialects: parsed, and evaluated for NULL and for a value.
#![no_main]

use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use dbmocker_predicate::{Env, OneColumn, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
        let Ok(expression) = parse(text, dialect) else { continue };
        for value in [Value::Null, Value::Int(7), Value::Text("2024-02-29".into())] {
            let _ = expression.truth(&OneColumn("a", &value), Env { dialect, now: 1_735_689_600_000_000 });
        }
    }
});
