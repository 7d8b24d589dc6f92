//! Decides which errors of a load mean that the server rejected its rows. Only after such an error another attempt,
//! without triggers or without the table, makes sense.

use dbmocker_loaders::{Dialect, LoadError};

use dbmocker_plan::UnprovedExpression;

use super::RunError;
use super::jobs::Unit;

/// The server's message, if the error is about the rows and not about the connection, a lock, the disk or a cancelled
/// run.
pub(super) fn refused(dialect: Dialect, error: &RunError) -> Option<String> {
    match error {
        RunError::Load(
            LoadError::Table { message, code: Some(code), .. } | LoadError::Statement { message, code: Some(code), .. },
        ) => (!is_about_the_server(dialect, code, message)).then(|| message.clone()),
        RunError::Load(LoadError::Short { .. }) | RunError::Count { .. } => Some(error.to_string()),
        RunError::Table { message, .. } => Some(message.clone()),
        RunError::Worker { message, refused: true, .. } => Some(message.clone()),
        _ => None,
    }
}

fn is_about_the_server(dialect: Dialect, code: &str, message: &str) -> bool {
    match dialect {
        // Connections, rolled back transactions, resources, operators, the system, the server itself.
        Dialect::Postgres => {
            ["08", "25", "40", "53", "57", "58", "F0", "XX"].iter().any(|class| code.starts_with(class))
        }
        // A lock wait timeout (1205), a full disk (1021) or tablespace (1114) have no separate SQLSTATE class.
        Dialect::Mysql => {
            code.starts_with("08")
                || code.starts_with("40")
                || ["1021", "1114", "1205"].iter().any(|number| message.contains(&format!("(error {number})")))
        }
        // Only constraints, types and triggers: SQLITE_ERROR, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG.
        Dialect::Sqlite => !matches!(code.parse::<i32>().map(|n| n & 0xff), Ok(1 | 18 | 19 | 20)),
    }
}

/// Whether MySQL waited for another session's lock for as long as a statement may, or found a deadlock.
pub(super) fn is_lock_timeout(error: &LoadError) -> bool {
    let (LoadError::Table { message, code: Some(code), .. } | LoadError::Statement { message, code: Some(code), .. }) =
        error
    else {
        return false;
    };
    code == "40001" || message.contains("(error 1205)")
}

/// The expressions of the config file that may have given a duplicate key; `None` for other errors.
pub(super) fn unproved(dialect: Dialect, unit: &Unit, code: &Option<String>, message: &str) -> Option<String> {
    let all = || unit.tables.iter().flat_map(|job| &job.unproved);
    // Servers name the key, SQLite its columns.
    let named = |(key, of): &&(String, UnprovedExpression)| message.contains(key) || message.contains(&of.column);
    let keys: Vec<&(String, UnprovedExpression)> = all().filter(named).collect();
    let keys = keys.into_iter();
    let text = |(key, of): &(String, UnprovedExpression)| {
        format!(
            "key `{key}` needs different values, and those of `{}`, an expression ({}), were compared for some rows \
             only: let it read more of what identifies the row",
            of.column, of.origin
        )
    };
    let texts: Vec<String> = keys.map(text).collect();
    (is_duplicate(dialect, code.as_deref()?, message) && !texts.is_empty()).then(|| texts.join("; "))
}

/// The rules of the config file that may have given the values which a CHECK refused; `None` for other errors.
pub(super) fn broken_rules(dialect: Dialect, unit: &Unit, code: &Option<String>, message: &str) -> Option<String> {
    if !is_check(dialect, code.as_deref()?, message) {
        return None;
    }
    let all = unit.tables.iter().flat_map(|job| &job.checked);
    // SQLite names a CHECK without a name by its text.
    let check = all.filter(|check| message.contains(&check.name) || message.contains(&check.text));
    let check = check.max_by_key(|check| check.name.len())?;
    let columns = check.columns.iter().map(|(column, reason)| format!("`{column}` ({reason})"));
    let columns: Vec<String> = columns.collect();
    Some(format!("the config file gives the values of {}: change it so that the CHECK holds", columns.join(", ")))
}

/// Whether a row does not meet a CHECK.
fn is_check(dialect: Dialect, code: &str, message: &str) -> bool {
    match dialect {
        Dialect::Postgres => code == "23514",
        Dialect::Mysql => message.contains("(error 3819)") || message.contains("(error 4025)"),
        Dialect::Sqlite => code == "275",
    }
}

/// Whether two rows have one key.
fn is_duplicate(dialect: Dialect, code: &str, message: &str) -> bool {
    match dialect {
        Dialect::Postgres => code == "23505",
        Dialect::Mysql => message.contains("(error 1062)") || message.contains("duplicate key"),
        Dialect::Sqlite => matches!(code, "2067" | "1555"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_keys_are_recognized() {
        for (dialect, code, message, is) in [
            (Dialect::Postgres, "23505", "duplicate key value", true),
            (Dialect::Postgres, "23514", "check", false),
            (Dialect::Mysql, "23000", "duplicate entry 'X' for key 'code' (error 1062)", true),
            (Dialect::Mysql, "23000", "column 'a' cannot be null (error 1048)", false),
            (Dialect::Sqlite, "2067", "UNIQUE constraint failed", true),
            (Dialect::Sqlite, "275", "CHECK constraint failed", false),
        ] {
            assert_eq!(is_duplicate(dialect, code, message), is, "{code} {message}");
        }
    }

    #[test]
    fn broken_checks_are_recognized() {
        for (dialect, code, message, is) in [
            (Dialect::Postgres, "23514", "new row violates check constraint", true),
            (Dialect::Postgres, "23505", "duplicate key value", false),
            (Dialect::Mysql, "HY000", "Check constraint 'c' is violated. (error 3819)", true),
            (Dialect::Mysql, "23000", "CONSTRAINT `c` failed for `t` (error 4025)", true),
            (Dialect::Mysql, "23000", "column 'a' cannot be null (error 1048)", false),
            (Dialect::Sqlite, "275", "CHECK constraint failed: a <= 9990", true),
            (Dialect::Sqlite, "2067", "UNIQUE constraint failed", false),
        ] {
            assert_eq!(is_check(dialect, code, message), is, "{code} {message}");
        }
    }

    #[test]
    fn rows_are_refused_by_constraints_and_triggers_alone() {
        let of = |code: &str, message: &str| {
            LoadError::Table { table: "t".into(), message: message.into(), code: Some(code.into()) }.into()
        };
        for (dialect, code, message, about_rows) in [
            (Dialect::Postgres, "23514", "check", true),
            (Dialect::Postgres, "P0001", "raised", true),
            (Dialect::Postgres, "40P01", "deadlock", false),
            (Dialect::Postgres, "53100", "disk full", false),
            (Dialect::Postgres, "57P01", "shutdown", false),
            (Dialect::Mysql, "45000", "raised (error 1644)", true),
            (Dialect::Mysql, "HY000", "lock wait timeout (error 1205)", false),
            (Dialect::Mysql, "40001", "deadlock (error 1213)", false),
            (Dialect::Sqlite, "1811", "raised", true),
            (Dialect::Sqlite, "787", "foreign key", true),
            (Dialect::Sqlite, "5", "locked", false),
            (Dialect::Sqlite, "13", "full", false),
        ] {
            assert_eq!(refused(dialect, &of(code, message)).is_some(), about_rows, "{code} {message}");
        }
        let lost = LoadError::Table { table: "t".into(), message: "the connection was lost".into(), code: None };
        assert_eq!(refused(Dialect::Postgres, &lost.into()), None);
        assert_eq!(refused(Dialect::Postgres, &RunError::Interrupted), None);
    }
}
