//! Classifies the server's warnings after a load: those that mean a changed or lost value are errors.
//!
//! `LOAD DATA LOCAL` implies IGNORE: duplicate keys, failed CHECKs, truncated or out-of-range values become warnings,
//! the row is skipped or adjusted. Only the list of warnings shows it.

use super::session::Session;
use crate::{LoadError, Target, array_cells};

/// Warnings shown in an error; the others are counted.
const SHOWN: usize = 3;

/// Codes that say nothing about the rows: deprecated syntax and functions, statements unsafe for replication, and
/// warnings that a trigger raised itself.
const ABOUT_OTHER_THINGS: [&str; 7] = ["1287", "1681", "1592", "1642", "3719", "3720", "3778"];

/// Notes for the user; an error if any warning is about the rows.
pub fn read(session: &mut Session, target: &Target) -> Result<Vec<String>, LoadError> {
    let total = session.warning_count();
    if total == 0 {
        return Ok(Vec::new());
    }
    let rows = session.query("reading the server's warnings", "SHOW WARNINGS")?;
    check_oracle(target, usize::from(total), rows)
}

fn check_oracle(target: &Target, total: usize, rows: Vec<Vec<Option<String>>>) -> Result<Vec<String>, LoadError> {
    let warnings: Vec<(String, String)> = rows
        .into_iter()
        .filter_map(|row| {
            let mut fields = row.into_iter().skip(1).flatten(); // level, code, message
            Some((fields.next()?, fields.next()?))
        })
        .collect();
    let (other, about_rows): (Vec<_>, Vec<_>) =
        warnings.into_iter().partition(|(code, _)| ABOUT_OTHER_THINGS.contains(&code.as_str()));
    if about_rows.is_empty() {
        let mut notes: Vec<String> = other.into_iter().map(|(code, text)| format!("{text} (warning {code})")).collect();
        notes.dedup();
        return Ok(notes);
    }
    let said: Vec<String> =
        about_rows.iter().take(SHOWN).map(|(code, text)| format!("{text} (error {code})")).collect();
    let more = total.saturating_sub(other.len()).max(about_rows.len()) - said.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Err(LoadError::Table {
        table: array_cells::label(target),
        message: format!(
            "the server refused or changed values: {}{more}; nothing of this load was kept",
            said.join("; ")
        ),
        code: about_rows.first().map(|(code, _)| sqlstate(code).to_owned()),
    })
}

/// SQLSTATE of the errors that `LOAD DATA` turns into warnings.
fn sqlstate(code: &str) -> &'static str {
    match code {
        "1062" | "1048" | "1216" | "1452" | "1586" | "3819" | "4025" => "23000",
        "1264" | "1690" => "22003",
        "1406" => "22001",
        "1292" => "22007",
        "1265" => "01000",
        _ => "HY000",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(code: &str, text: &str) -> Vec<Option<String>> {
        vec![Some("Warning".into()), Some(code.into()), Some(text.into())]
    }

    #[test]
    fn only_warnings_about_rows_are_errors() {
        let target = Target { schema: "s".into(), table: "t".into(), columns: vec![], freeze: false };
        let harmless = vec![warning("1287", "old syntax"), warning("1287", "old syntax")];
        assert_eq!(check_oracle(&target, 2, harmless).unwrap(), ["old syntax (warning 1287)"]);

        let mixed = vec![warning("1287", "old syntax"), warning("1062", "Duplicate entry '1' for key 'PRIMARY'")];
        let error = check_oracle(&target, 9, mixed).unwrap_err();
        assert_eq!(
            error.to_string(),
            "loading `s.t`: the server refused or changed values: Duplicate entry '1' for key 'PRIMARY' (error 1062); \
             and 7 more; nothing of this load was kept"
        );
        assert!(matches!(error, LoadError::Table { code: Some(c), .. } if c == "23000"));
    }
}
