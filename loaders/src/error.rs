//! Errors of loading, each with the place it happened.

/// `Display` is one line, lower case, values in backticks, ending with a remedy; the cause is in `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    #[error("cannot connect to `{target}`: {message}")]
    Connect { target: String, message: String },
    #[error("{context}: {message}")]
    Statement {
        /// The operation in progress, e.g. `counting rows of shop.users`.
        context: String,
        message: String,
        /// SQLSTATE (PostgreSQL, MySQL) or the extended result code (SQLite).
        code: Option<String>,
    },
    #[error("loading `{table}`: {message}")]
    Table { table: String, message: String, code: Option<String> },
    #[error("loading `{table}`: sent {sent} rows, but the server stored {stored}; nothing of this table was committed")]
    Short { table: String, sent: u64, stored: u64 },
    #[error("`{table}`.`{column}`: no encoding from {arrow} to `{sql_type}`")]
    NoEncoding { table: String, column: String, arrow: String, sql_type: String },
    #[error("reading `{path}`: {message}")]
    File { path: String, message: String },
    #[error("{0}")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("stopped")]
    Cancelled,
}
