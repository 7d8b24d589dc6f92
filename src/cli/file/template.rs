//! A commented config file for a schema: the rule of each column, and how to override it.

use std::fmt::Write;

mod rule_keys;

use super::keys::{COLUMN, ConfigKey, GENERATION, KeyKind, TABLE};
use dbmocker_core::schema::{Schema, Table};
use dbmocker_plan::{Plan, TablePlan};

/// The file. `plan` has the rules that would be used; without one (the schema cannot be planned without overrides),
/// `problem` has the reason.
/// `full`: counts, and rules of columns that have one of their own, are keys and not comments.
pub fn template(schema: &Schema, plan: Option<&Plan>, problem: Option<&str>, rows: u64, full: bool) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        writeln!(out, "{}", text.trim_end()).expect("writing to memory is infallible");
    };
    line(format!(
        "# dbmocker: how to fill `{}`. {}",
        schema.database,
        match full {
            true => "Comments say which rules follow from others: keys, foreign keys, columns that agree.",
            false => "Every line but table names is a comment to start from.",
        }
    ));
    line("# yaml-language-server: $schema=dbmocker.schema.json".into());
    line(
        "# (an editor completes and checks it by the file that `dbmocker config-schema > dbmocker.schema.json` makes)"
            .into(),
    );
    line("# Use it with --config FILE; flags of the command line override it. `dbmocker config-schema` prints its JSON Schema.".into());
    for text in problem.iter().flat_map(|p| p.lines()) {
        line(format!("# to settle: {text}"));
    }
    line(String::new());
    line("generation:".into());
    for ConfigKey { name, doc, example, .. } in GENERATION {
        line(format!("  # {name}: {example}    # {doc}"));
    }
    line(String::new());
    line("# Keys of a table:".into());
    for ConfigKey { name, doc, example, .. } in TABLE.iter().filter(|k| !matches!(k.kind, KeyKind::Named(_))) {
        line(format!("#   {name}: {example}    # {doc}"));
    }
    line("# Keys of a column:".into());
    for ConfigKey { name, doc, example, .. } in COLUMN {
        line(format!("#   {name}: {example}    # {doc}"));
    }
    line(String::new());
    line("tables:".into());
    for table in &schema.tables {
        let planned = plan.and_then(|p| p.tables.iter().find(|t| t.name == table.name));
        line(format!("  {}:", name(&schema.label(&table.name))));
        let count = planned.map_or(rows, |t| t.requested);
        line(if full && planned.is_some() { format!("    count: {count}") } else { format!("    # count: {count}") });
        line("    # use_existing_data: false".into());
        line("    column_configs:".into());
        for (text, keys) in columns(table, planned, full) {
            let mark = if keys { "" } else { "# " };
            line(format!("      {mark}{text}"));
        }
    }
    out
}

/// One line per column: `email: {...}    # character varying(100): name "email"`.
/// With `full`, the keys of the column's rule, and whether it has any.
fn columns(table: &Table, planned: Option<&TablePlan>, full: bool) -> Vec<(String, bool)> {
    let of = |c: usize| {
        let column = &table.columns[c];
        let why = match planned {
            Some(plan) => format!("; {}: {}", plan.rule_text(c), plan.columns[c].reason),
            None => String::new(),
        };
        let nullable = if column.nullable { "" } else { " NOT NULL" };
        let why = why.replace(['\n', '\r'], " ");
        let keys = planned.filter(|_| full).and_then(|plan| rule_keys::of(&plan.columns[c]));
        let shown = keys.as_deref().unwrap_or("");
        (format!("{}: {{{shown}}}    # {}{nullable}{why}", name(&column.name), column.type_name), keys.is_some())
    };
    (0..table.columns.len()).map(of).collect()
}

/// A text in quotes; a `${` of the schema is no variable.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace("${", "$${")
}

/// A key in YAML: unquoted where that is safe.
fn name(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain { text.to_owned() } else { quoted(text) }
}
