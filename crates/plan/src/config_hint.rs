//! The lines of a config file that an error message proposes.

/// What a person can write into the config file to settle columns by hand, indented below a message.
pub fn lines_to_add(table: &str, columns: &[String]) -> String {
    let mut lines = format!("\n    tables:\n      {table}:\n        column_configs:");
    for column in columns {
        lines += &format!("\n          {column}: {{possible_values: [...]}}");
    }
    lines
}
