//! Config file lines that an error message proposes.

/// Returns the config file lines with which a user sets the columns explicitly, indented for a message.
pub fn lines_to_add(table: &str, columns: &[String]) -> String {
    let mut lines = format!("\n    tables:\n      {table}:\n        column_configs:");
    for column in columns {
        lines += &format!("\n          {column}: {{possible_values: [...]}}");
    }
    lines
}
