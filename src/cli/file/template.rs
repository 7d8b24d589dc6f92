//! A commented config file for a schema: the rule of each column, and how to override it.

use std::fmt::Write;

use super::keys::{COLUMN, ConfigKey, GENERATION, KeyKind, TABLE};
use dbmocker_core::schema::{Schema, Table};
use dbmocker_plan::{Plan, TablePlan};

/// The file. `plan` has the rules that would be used; without one (the schema cannot be planned without overrides),
/// `problem` has the reason.
pub fn template(schema: &Schema, plan: Option<&Plan>, problem: Option<&str>, rows: u64) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        writeln!(out, "{}", text.trim_end()).expect("writing to memory is infallible");
    };
    line(format!(
        "# dbmocker: how to fill `{}`. Every line but table names is a comment to start from.",
        schema.database
    ));
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
    line("# What a table may be told:".into());
    for ConfigKey { name, doc, example, .. } in TABLE.iter().filter(|k| !matches!(k.kind, KeyKind::Named(_))) {
        line(format!("#   {name}: {example}    # {doc}"));
    }
    line("# What a column may be told:".into());
    for ConfigKey { name, doc, example, .. } in COLUMN {
        line(format!("#   {name}: {example}    # {doc}"));
    }
    line(String::new());
    line("tables:".into());
    for table in &schema.tables {
        let planned = plan.and_then(|p| p.tables.iter().find(|t| t.name == table.name));
        line(format!("  {}:", name(&schema.label(&table.name))));
        line(format!("    # count: {}", planned.map_or(rows, |t| t.requested)));
        line("    # use_existing_data: false".into());
        line("    column_configs:".into());
        for text in columns(table, planned) {
            line(format!("      # {text}"));
        }
    }
    out
}

/// One line per column: `email: {...}    # character varying(100): name "email"`.
fn columns(table: &Table, planned: Option<&TablePlan>) -> Vec<String> {
    let of = |c: usize| {
        let column = &table.columns[c];
        let why = match planned {
            Some(plan) => format!("; {}: {}", plan.rule_text(c), plan.columns[c].reason),
            None => String::new(),
        };
        let nullable = if column.nullable { "" } else { " NOT NULL" };
        let why = why.replace(['\n', '\r'], " ");
        format!("{}: {{}}    # {}{nullable}{why}", name(&column.name), column.type_name)
    };
    (0..table.columns.len()).map(of).collect()
}

/// A key in YAML: unquoted where that is safe.
fn name(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
