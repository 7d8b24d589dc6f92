//! Which columns' values a profile may name, and why.
//!
//! Two steps: [`Decision::of`] decides by the schema and by figures alone, so that only the values of columns that may be
//! kept are read at all; [`Decision::confirm`] then looks at these values.

use std::sync::LazyLock;

use dbmocker_core::schema::{Column, SqlType, Table, TableName};
use dbmocker_profile::{Common, Distinct};
use dbmocker_schema::statistics::ColumnStatistics;
use dbmocker_semantics::{Privacy, privacy};
use regex::Regex;
use serde_json::Value;

/// The most distinct values of a column whose labels are kept because they are few.
const FEW: f64 = 64.0;
/// The least number of rows for each of these values.
pub const ROWS_EACH: f64 = 20.0;
/// Characters of a label at most.
const LONGEST: usize = 64;

/// Whether a profile keeps a column's labels, and its quantiles.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub labels: LabelRule,
    pub why: String,
    /// Numbers and moments of the column may be kept as quantiles.
    pub quantiles: bool,
}

/// Whether labels are kept, and on which condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelRule {
    No,
    /// `--keep` names the column.
    Asked,
    /// The type lists its values.
    Declared,
    /// If a CHECK lists them, or else as [`LabelRule::Few`].
    Checked,
    /// If they are codes of public standards, or else as [`LabelRule::Few`].
    Public,
    /// Few values, each of many rows.
    Few,
}

/// The user's settings.
#[derive(Debug, Clone, Default)]
pub struct LabelOptions {
    /// `--mask all`: labels are not kept merely because there are few.
    pub mask_all: bool,
    /// `--keep`, as `label.column` with the table's name in the profile, or `schema.table.column`.
    pub keep: Vec<String>,
}

impl LabelOptions {
    fn keeps(&self, table: &Table, label: &str, column: &str) -> bool {
        let full = format!("{}.{column}", table.name);
        let short = format!("{label}.{column}");
        self.keep.iter().any(|k| *k == full || *k == short)
    }
}

fn masked(why: impl Into<String>, quantiles: bool) -> Decision {
    Decision { labels: LabelRule::No, why: why.into(), quantiles }
}

impl Decision {
    /// Decides by the schema and by figures; `rows` are the table's.
    pub fn of(
        table: &Table,
        label: &str,
        column: &Column,
        known: &ColumnStatistics,
        rows: f64,
        label_options: &LabelOptions,
    ) -> Decision {
        let keep = |labels, why: &str| Decision { labels, why: why.into(), quantiles: true };
        if label_options.keeps(table, label, &column.name) {
            return keep(LabelRule::Asked, "--keep");
        }
        let meaning = meaning(table, column);
        let personal = match &meaning {
            Some((Privacy::Secret, word)) => Some(masked(format!("secret: `{word}`"), false)),
            Some((Privacy::Identifier, word)) => Some(masked(format!("names a person: `{word}`"), false)),
            Some((Privacy::Personal, word)) => Some(masked(format!("describes a person: `{word}`"), true)),
            Some((Privacy::FreeText, word)) => Some(masked(format!("free text: `{word}`"), true)),
            _ => None,
        };
        if is_key(table, &column.name) {
            return masked("a key", false);
        }
        match declared(&column.ty) {
            Some(why) => return keep(LabelRule::Declared, why),
            None if is_in_a_check(table, column, personal.is_some()) => {
                return Decision { quantiles: personal.is_none_or(|p| p.quantiles), ..keep(LabelRule::Checked, "") };
            }
            None => {}
        }
        if let Some(personal) = personal {
            return personal;
        }
        if matches!(meaning, Some((Privacy::Public, _))) && matches!(column.ty, SqlType::Text { .. }) {
            return keep(LabelRule::Public, "");
        }
        if label_options.mask_all {
            return masked("--mask all", true);
        }
        if matches!(column.ty, SqlType::Timestamp { .. } | SqlType::Time { .. }) {
            return masked("moments are kept as quantiles only", true);
        }
        if !is_plain(&column.ty) {
            return masked(format!("values of type {} may hold anything", column.type_name), true);
        }
        match not_few(known, rows) {
            Some(why) => masked(why, true),
            None => keep(LabelRule::Few, ""),
        }
    }

    /// Whether the column's values must be read to decide whether they are kept.
    pub fn reads_labels(&self) -> bool {
        self.labels != LabelRule::No
    }

    /// The final decision, based on the values; returns the kept values, each at its position.
    pub fn confirm(
        mut self,
        column: &Column,
        table: &Table,
        known: &ColumnStatistics,
        values: &[String],
        rows: f64,
        label_options: &LabelOptions,
    ) -> (Decision, Vec<Option<String>>) {
        let spelled = |value: &String| match (&column.ty, value.as_str()) {
            (SqlType::Bool, "t") => "true".to_owned(),
            (SqlType::Bool, "f") => "false".to_owned(),
            _ => value.clone(),
        };
        let all = || values.iter().map(|v| Some(spelled(v))).collect::<Vec<_>>();
        let none = || vec![None; values.len()];
        let one_bit = |v: &String| matches!(v.as_str(), "0" | "1");
        if matches!(column.ty, SqlType::Int { tinyint1: true, .. }) && !values.iter().all(one_bit) {
            let open = meaning(table, column).is_none_or(|m| m.0 > Privacy::Identifier);
            return (masked("a tinyint(1) that is no boolean", open), none());
        }
        if self.labels == LabelRule::Checked {
            if values.iter().all(|v| is_listed(table, column, v)) {
                self.why = "a CHECK lists them".into();
                return (self, all());
            }
            let meaning = meaning(table, column).map(|m| m.0);
            if meaning.is_some_and(|m| m <= Privacy::FreeText) {
                return (masked("the values may be personal, and no CHECK lists them", self.quantiles), none());
            }
            self.labels = LabelRule::Few;
        }
        if self.labels == LabelRule::Public {
            if !values.is_empty() && values.iter().all(|v| CODE.is_match(v.trim_end())) {
                self.why = "codes that are public".into();
                return (self, all());
            }
            self.labels = LabelRule::Few;
        }
        if self.labels != LabelRule::Few {
            return (self, all());
        }
        if label_options.mask_all {
            return (masked("--mask all", self.quantiles), none());
        }
        if let Some(why) = not_few(known, rows) {
            return (masked(why, self.quantiles), none());
        }
        if let Some(why) = values.iter().find_map(|v| suspicious(v, &column.ty)) {
            return (masked(why, self.quantiles), none());
        }
        self.why = format!("few: {}, each of {ROWS_EACH} rows or more", values.len());
        (self, all())
    }
}

/// The personal meaning that the values may have. A timestamp is neither a password nor a name, whatever its column is
/// called, and only texts can be free text.
fn meaning(table: &Table, column: &Column) -> Option<(Privacy, String)> {
    let text = matches!(column.ty, SqlType::Text { .. } | SqlType::Json { .. } | SqlType::Xml | SqlType::Untyped);
    let moment = matches!(column.ty, SqlType::Date | SqlType::Timestamp { .. } | SqlType::Time { .. });
    privacy(table, column).filter(|(meaning, _)| match meaning {
        Privacy::Secret | Privacy::Identifier => !moment,
        Privacy::FreeText => text,
        _ => true,
    })
}

/// Whether a column's values identify or describe a person, judging by its name.
pub fn is_personal(table: &Table, column: &Column) -> bool {
    meaning(table, column).is_some_and(|(meaning, _)| meaning <= Privacy::Personal)
}

/// `DE`, `EUR`, `en_US`, `de-AT`, `Europe/Berlin`.
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^([A-Za-z]{2,3}([-_][A-Za-z]{2,4}){0,2}|[A-Z][A-Za-z]+(/[A-Z][A-Za-z_+-]+[0-9]*){1,2}|UTC|GMT)$")
        .expect("a pattern of this program, tested below")
});

/// Types whose values are short scalars; JSON values are inspected.
fn is_plain(ty: &SqlType) -> bool {
    use SqlType::*;
    matches!(
        ty,
        Text { .. }
            | Name
            | SingleChar
            | Untyped
            | Json { .. }
            | Int { .. }
            | Decimal { .. }
            | Money
            | Float { .. }
            | Date
            | Year
    )
}

/// Whether a document has only numbers and code words, under keys that name nothing personal.
fn is_of_codes(document: &Value) -> bool {
    static WORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("^[a-z0-9_.-]{0,20}$").expect("a pattern of this program"));
    match document {
        Value::Object(map) => map.iter().all(|(key, value)| !is_private_name(key) && is_of_codes(value)),
        Value::Array(items) => items.iter().all(is_of_codes),
        Value::String(text) => WORD.is_match(text),
        Value::Number(n) => n.to_string().len() <= 6,
        Value::Bool(_) | Value::Null => true,
    }
}

/// Whether a column of this name would be personal.
fn is_private_name(name: &str) -> bool {
    let mut table = Table::new(TableName::default());
    let text = SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false };
    table.columns.push(Column::new(name, text, "text"));
    privacy(&table, &table.columns[0]).is_some_and(|(privacy, _)| privacy <= Privacy::FreeText)
}

/// Why a label looks like personal data, or does not look like a label.
fn suspicious(label: &str, ty: &SqlType) -> Option<&'static str> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|([0-9a-fA-F]{1,4}:){3,}").expect("a pattern of this program")
    });
    if !matches!(ty, SqlType::Text { .. } | SqlType::Json { .. } | SqlType::Untyped | SqlType::Name) {
        return None;
    }
    if matches!(ty, SqlType::Json { .. }) && !serde_json::from_str(label).is_ok_and(|d| is_of_codes(&d)) {
        return Some("documents may contain other texts than codes");
    }
    let digits = label.chars().filter(char::is_ascii_digit).count();
    if label.contains('@') {
        Some("a value looks like an e-mail address")
    } else if digits >= 6 {
        Some("a value looks like an identifying number")
    } else if ADDRESS.is_match(label) {
        Some("a value looks like a network address")
    } else if label.chars().count() > LONGEST || label.contains('\n') {
        Some("a value is a long text")
    } else {
        None
    }
}

/// Why a column's values are not few, each with many rows.
fn not_few(known: &ColumnStatistics, rows: f64) -> Option<String> {
    let others = rows * (1.0 - known.nulls.unwrap_or(0.0));
    let distinct = match distinct(known)? {
        Distinct::Count(n) => n,
        Distinct::Share(share) => share * others,
    };
    if distinct > FEW || known.common.is_empty() {
        return Some(format!("{} different values", approximate(distinct)));
    }
    let least = known.common.iter().copied().fold(1.0, f64::min) * rows;
    (least < ROWS_EACH).then(|| format!("a value of {} rows only", approximate(least.max(1.0))))
}

fn approximate(x: f64) -> String {
    format!("{:.0}", super::axis::significant(x, 2))
}

/// The number of different values as a profile has it.
pub fn distinct(known: &ColumnStatistics) -> Option<Distinct> {
    let distinct = known.distinct?;
    Some(if distinct < 0.0 {
        Distinct::Share(super::axis::significant(-distinct, 4).min(1.0))
    } else {
        Distinct::Count(distinct)
    })
}

fn declared(ty: &SqlType) -> Option<&'static str> {
    match ty {
        SqlType::Bool | SqlType::Int { tinyint1: true, .. } => Some("a boolean"),
        SqlType::Enum { .. } => Some("an ENUM lists them"),
        SqlType::Set { .. } => Some("a SET lists them"),
        _ => None,
    }
}

/// The column belongs to a key, or to a foreign key.
pub fn is_key(table: &Table, column: &str) -> bool {
    let keys = table.keys.iter().flat_map(|k| &k.parts).filter_map(|p| p.column.as_deref());
    let foreign = table.foreign_keys.iter().flat_map(|f| &f.columns).map(String::as_str);
    keys.chain(foreign).any(|c| c == column)
}

fn checks<'a>(table: &'a Table, column: &'a Column) -> impl Iterator<Item = &'a str> {
    let about = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
        let odd = !column.name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        words.into_iter().any(|w| w.eq_ignore_ascii_case(&column.name)) || odd && text.contains(&column.name)
    };
    let own = table.checks.iter().map(|c| c.text.as_str()).filter(move |text| about(text));
    own.chain(column.domain_checks.iter().map(|c| c.text.as_str()))
}

/// Whether a CHECK may list the column's values; for a `personal` column the CHECK must have the form of a list.
fn is_in_a_check(table: &Table, column: &Column, personal: bool) -> bool {
    static LIST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(=|\bin)\s*(any\s*)?\(*\s*(array\s*\[\s*)?\(*'").expect("a pattern of this program")
    });
    checks(table, column).any(|text| if personal { LIST.is_match(text) } else { text.contains('\'') })
}

/// A CHECK of the column has this value as a literal.
fn is_listed(table: &Table, column: &Column, value: &str) -> bool {
    let literal = format!("'{}'", value.trim_end().replace('\'', "''"));
    checks(table, column).any(|text| text.contains(&literal))
}

/// The common values of a column as a profile has them.
pub fn common(shares: &[f64], labels: &[Option<String>]) -> Vec<Common> {
    let label = |i: usize| labels.get(i).cloned().flatten();
    let shares = shares.iter().enumerate();
    let mut common: Vec<Common> =
        shares.map(|(i, share)| Common { share: super::axis::significant(*share, 4), label: label(i) }).collect();
    common.sort_by(|a, b| b.share.total_cmp(&a.share));
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_from_texts() {
        for code in ["DE", "EUR", "en_US", "de-AT", "Europe/Berlin", "America/Argentina/Salta", "UTC", "zh_Hans_CN"] {
            assert!(CODE.is_match(code), "{code}");
        }
        for text in ["Anna Meier", "4711", "a@b.de", "Germany (West)", ""] {
            assert!(!CODE.is_match(text), "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_person_is_no_label() {
        let text = SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false };
        for label in ["anna@example.com", "+49 170 1234567", "10.0.0.17", "fe80:0:0:1", "two\nlines", &"x".repeat(65)] {
            assert!(suspicious(label, &text).is_some(), "{label}");
        }
        for label in ["web", "small_business", "WELCOME10", "/p/17", "{\"v\": 1}"] {
            assert_eq!(suspicious(label, &text), None, "{label}");
        }
        let json = SqlType::Json { binary: true };
        for document in [r#"{"v": 3, "ab": "a"}"#, r#"{"theme": ["dark", null, true]}"#] {
            assert_eq!(suspicious(document, &json), None, "{document}");
        }
        for document in
            [r#"{"note": "a"}"#, r#"{"x": "Anna Meier"}"#, r#"{"first_name": "anna"}"#, r#"{"x": 12345678}"#, "{"]
        {
            assert!(suspicious(document, &json).is_some(), "{document}");
        }
    }

    #[test]
    fn checks_that_list_no_values_do_not_have_them_read() {
        let text = SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false };
        let listed = |check: &str| {
            let mut table = Table::new(TableName::default());
            table.columns.push(Column::new("name", text.clone(), "text"));
            table.checks.push(dbmocker_core::schema::Check { name: "c".into(), text: check.into(), validated: true });
            is_in_a_check(&table, &table.columns[0], true)
        };
        for check in
            ["name = 'a'", "(name)::text = ANY ((ARRAY['a'::character varying, 'b'])::text[])", "name IN ('a', 'b')"]
        {
            assert!(listed(check), "{check}");
        }
        for check in ["name LIKE '%@%'", "name <> ''", "username = 'a'", "length(name) > 3"] {
            assert!(!listed(check), "{check}");
        }
    }
}
