//! Whether a server's value and the evaluator's are the same.

use dbmocker_core::schema::Dialect;
use dbmocker_core::time::{parse_date, parse_time, parse_timestamp};
use dbmocker_core::value::Value;

use super::servers_answers::Answer;

/// Relative difference of floating point numbers that are the same.
const TOLERANCE: f64 = 1e-9;

pub enum Verdict {
    Same,
    Different,
    /// The expression has no meaning on the server: no schema can contain it.
    Skipped,
}

pub fn compare(answer: &Answer, ours: &Result<Value, String>, dialect: Dialect) -> Verdict {
    let same = match (answer, ours) {
        (Answer::NotUnderstood(_), _) => return Verdict::Skipped,
        (Answer::Refused(_), Err(_)) | (Answer::Null, Ok(Value::Null)) => true,
        (Answer::Value(theirs), Ok(ours)) => same(theirs, ours, dialect),
        _ => false,
    };
    if same { Verdict::Same } else { Verdict::Different }
}

fn same(theirs: &str, ours: &Value, dialect: Dialect) -> bool {
    match ours {
        Value::Null => false,
        Value::Bool(b) if dialect == Dialect::Postgres => theirs == b.to_string(),
        Value::Bool(b) => theirs == i32::from(*b).to_string(),
        Value::Int(_) | Value::Decimal { .. } | Value::Float(_) => number(theirs, &ours.to_string()),
        Value::Date(d) => parse_date(theirs) == Some(*d),
        Value::Time(t) => parse_time(theirs) == Some(*t),
        Value::Timestamp(t) => parse_timestamp(theirs.trim_end_matches("+00")) == Some(*t),
        // SQLite and MariaDB store a computed text where it is a number, too.
        ours => theirs == ours.to_string(),
    }
}

fn number(theirs: &str, ours: &str) -> bool {
    match (theirs.parse::<f64>(), ours.parse::<f64>()) {
        (Ok(a), Ok(b)) => a == b || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()),
        _ => false,
    }
}
