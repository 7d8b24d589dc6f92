//! Classifies the server's warnings after a load: those that mean a changed or lost value are errors.
//!
//! `LOAD DATA LOCAL` implies IGNORE: duplicate keys, failed CHECKs, truncated or out-of-range values become warnings,
//! the row is skipped or adjusted. Only the list of warnings shows it.

use super::session::{KEPT_WARNINGS, MysqlSession};
use crate::ident::literal;
use crate::{Dialect, LoadError, Target, array_cells};

/// Warnings shown in an error; the others are counted.
const SHOWN: usize = 3;

/// Codes that say nothing about the rows: deprecated syntax and functions, statements unsafe for replication, and
/// warnings that a trigger raised itself.
const ABOUT_OTHER_THINGS: [&str; 7] = ["1287", "1681", "1592", "1642", "3719", "3720", "3778"];

/// Data truncated: a value lost digits or another part. A note instead of a warning if the standard allows it.
const ROUNDED: &str = "1265";

/// One line of `SHOW WARNINGS`.
struct Warning {
    note: bool,
    code: String,
    text: String,
}

impl Warning {
    fn new(row: Vec<Option<String>>) -> Option<Warning> {
        let mut fields = row.into_iter().flatten(); // level, code, message
        let note = fields.next()? == "Note";
        Some(Warning { note, code: fields.next()?, text: fields.next()? })
    }

    /// Whether the warning is not about the values that were sent.
    fn is_harmless(&self, target: &Target) -> bool {
        ABOUT_OTHER_THINGS.contains(&self.code.as_str()) || self.is_rounding_elsewhere(target)
    }

    /// Whether the server rounded a value that it computed: of a generated column, or a default.
    fn is_rounding_elsewhere(&self, target: &Target) -> bool {
        let column = || self.text.split_once("for column '")?.1.rsplit_once("' at row").map(|(name, _)| name);
        let sent = |name: &str| target.columns.iter().any(|c| c.name.to_lowercase() == name.to_lowercase());
        self.note && self.code == ROUNDED && column().is_some_and(|name| !sent(name))
    }
}

/// Rows that one statement may send to each table so that the server keeps all its warnings: a generated column may be
/// rounded, a trigger may warn, once a row. `None` where the table has neither. In: the answer to
/// [`sources_of_warnings`].
pub fn rows_of_a_statement(rows: Vec<Vec<Option<String>>>, tables: usize) -> Vec<Option<usize>> {
    let mut limits = vec![None; tables];
    for row in rows {
        let number = |i: usize| row.get(i)?.as_ref()?.parse::<usize>().ok();
        if let (Some(table), Some(sources)) = (number(0).and_then(|place| limits.get_mut(place)), number(1)) {
            *table = (usize::from(KEPT_WARNINGS) / 2).checked_div(sources).map(|rows| rows.max(1));
        }
    }
    limits
}

/// The query that counts tables' generated columns and triggers.
pub fn sources_of_warnings(targets: &[&Target]) -> String {
    let of_each: Vec<String> = targets.iter().enumerate().map(|(place, target)| of_table(place, target)).collect();
    of_each.join(" UNION ALL ")
}

fn of_table(place: usize, target: &Target) -> String {
    let name = |text: &str| literal(Dialect::Mysql, text);
    let (schema, table) = (name(&target.schema), name(&target.table));
    format!(
        "SELECT {place}, (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = {schema} AND table_name = {table} \
         AND extra LIKE '%GENERATED%') + (SELECT COUNT(*) FROM information_schema.triggers \
         WHERE event_object_schema = {schema} AND event_object_table = {table})"
    )
}

/// Returns notes for the user; an error if any warning is about the rows.
pub fn read(session: &mut MysqlSession, target: &Target) -> Result<Vec<String>, LoadError> {
    let total = session.warning_count();
    if total == 0 {
        return Ok(Vec::new());
    }
    let rows = session.query("reading the server's warnings", "SHOW WARNINGS")?;
    judge(target, usize::from(total), rows)
}

fn judge(target: &Target, total: usize, rows: Vec<Vec<Option<String>>>) -> Result<Vec<String>, LoadError> {
    let (harmless, about_rows): (Vec<_>, Vec<_>) =
        rows.into_iter().filter_map(Warning::new).partition(|w| w.is_harmless(target));
    let refused = |message: String, code: Option<String>| LoadError::Table {
        table: array_cells::label(target),
        message: format!("{message}; nothing of this load was kept"),
        code,
    };
    if about_rows.is_empty() {
        if total > harmless.len() || total >= usize::from(KEPT_WARNINGS) {
            let message = format!(
                "the server raised more warnings than the {} that it keeps ({}, ...), so that changed values could be \
                 among the others",
                harmless.len(),
                harmless.first().map_or("none", |w| &w.text),
            );
            return Err(refused(message, None));
        }
        let told = harmless.into_iter().filter(|w| !w.is_rounding_elsewhere(target));
        let mut notes: Vec<String> = told.map(|w| format!("{} (warning {})", w.text, w.code)).collect();
        notes.dedup();
        return Ok(notes);
    }
    let said: Vec<String> = about_rows.iter().take(SHOWN).map(|w| format!("{} (error {})", w.text, w.code)).collect();
    let more = total.saturating_sub(harmless.len()).max(about_rows.len()) - said.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Err(refused(
        format!("the server refused or changed values: {}{more}", said.join("; ")),
        about_rows.first().map(|w| sqlstate(&w.code).to_owned()),
    ))
}

/// SQLSTATE of the errors that `LOAD DATA` turns into warnings.
fn sqlstate(code: &str) -> &'static str {
    match code {
        "1062" | "1048" | "1216" | "1452" | "1586" | "3819" | "4025" => "23000",
        "1264" | "1690" => "22003",
        "1406" => "22001",
        "1292" => "22007",
        ROUNDED => "01000",
        _ => "HY000",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TargetColumn;

    fn warning(level: &str, code: &str, text: &str) -> Vec<Option<String>> {
        [level, code, text].map(|field| Some(field.to_owned())).to_vec()
    }

    fn target(columns: &[&str]) -> Target {
        let column = |name: &&str| TargetColumn { name: (*name).into(), sql_type: String::new(), srid: None };
        Target { schema: "s".into(), table: "t".into(), columns: columns.iter().map(column).collect(), freeze: false }
    }

    #[test]
    fn only_warnings_about_rows_are_errors() {
        let old = || warning("Warning", "1287", "old syntax");
        assert_eq!(judge(&target(&[]), 2, vec![old(), old()]).unwrap(), ["old syntax (warning 1287)"]);

        let mixed = vec![old(), warning("Warning", "1062", "Duplicate entry '1' for key 'PRIMARY'")];
        let error = judge(&target(&[]), 9, mixed).unwrap_err();
        assert_eq!(
            error.to_string(),
            "loading `s.t`: the server refused or changed values: Duplicate entry '1' for key 'PRIMARY' (error 1062); \
             and 7 more; nothing of this load was kept"
        );
        assert!(matches!(error, LoadError::Table { code: Some(c), .. } if c == "23000"));
    }

    #[test]
    fn a_rounding_note_is_an_error_only_where_the_column_was_sent() {
        let rounded = |level| vec![warning(level, "1265", "Data truncated for column 'Gross' at row 2")];
        assert_eq!(judge(&target(&["net"]), 1, rounded("Note")).unwrap(), [""; 0]);
        assert!(judge(&target(&["net", "gross"]), 1, rounded("Note")).is_err());
        assert!(judge(&target(&["net"]), 1, rounded("Warning")).is_err());
    }

    #[test]
    fn harmless_warnings_do_not_hide_others() {
        let error = judge(&target(&[]), 2, vec![warning("Warning", "1287", "old syntax")]).unwrap_err();
        assert!(error.to_string().contains("more warnings than the 1 that it keeps (old syntax, ...)"), "{error}");
    }
}
