//! Errors of connecting and of reading a [`Schema`](dbmocker_core::schema::Schema).

/// `Display` is one line, lower case, values in backticks, ending with a remedy. Never contains a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The URL or the flags name no database, or are contradictory.
    #[error("{problem}; {help}")]
    Usage { problem: String, help: String },
    #[error("no server answers at `{target}` ({message}); check that it runs and that host and port are right")]
    NoServer { target: String, message: String },
    #[error("`{target}` refuses the session: {message}; {help}")]
    Refused { target: String, message: String, help: String },
    #[error("`{target}` refuses user `{user}`: {message}; {help}")]
    Login { target: String, user: String, message: String, help: String, password_given: bool },
    #[error("no encrypted connection to `{target}`: {message}; see `sslmode` and `sslrootcert` in the URL")]
    Tls { target: String, message: String },
    #[error("database `{database}` does not exist at `{target}`; {help}")]
    NoDatabase { target: String, database: String, help: String },
    #[error("there is no file `{path}`; {help}")]
    NoFile { path: String, help: String },
    #[error("`{path}` cannot be opened as a SQLite database: {message}")]
    NotADatabase { path: String, message: String },
    /// Another connection holds a lock on a SQLite file.
    #[error("`{path}` cannot be opened as a SQLite database: {message}")]
    Locked { path: String, message: String },
    #[error("no permission while reading {context}: {message}; grant it, or connect as the owner of the tables")]
    Privilege { context: String, message: String },
    #[error("reading {context} failed: {message}")]
    Query { context: String, message: String, code: Option<String> },
    #[error(
        "{context} gave no answer within {seconds} s: a function that it calls may not return; fix it, or leave the table out with --exclude-tables"
    )]
    Late { context: String, seconds: u64 },
    /// The catalogue's result has an unknown form: the server's version is not supported.
    #[error("reading {context}: {message}; please report it with the server's version")]
    Unexpected { context: String, message: String },
    #[error("connection to `{target}` lost while reading {context}: {message}")]
    Lost { target: String, context: String, message: String },
    #[error("cannot read `{path}`: {message}")]
    File { path: String, message: String },
}

impl SchemaError {
    /// The server requires a password and none was given: the program may prompt for one.
    pub fn wants_password(&self) -> bool {
        matches!(self, SchemaError::Login { password_given: false, .. })
    }

    pub fn usage(problem: impl Into<String>, help: impl Into<String>) -> Self {
        SchemaError::Usage { problem: problem.into(), help: help.into() }
    }

    pub fn unexpected(context: impl Into<String>, message: impl Into<String>) -> Self {
        SchemaError::Unexpected { context: context.into(), message: message.into() }
    }
}

/// The candidate most similar to `name`, if its edit distance is small enough for a typing error.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(&wanted, &c.to_lowercase()), c))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}
