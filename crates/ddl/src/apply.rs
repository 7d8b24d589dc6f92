//! Runs the statements of scripts in a new database, and counts the skipped ones.

use std::collections::BTreeMap;

use dbmocker_core::Dialect;
use dbmocker_core::ident::{literal, quote};
use dbmocker_loaders::Connection;
use dbmocker_loaders::script::{self, Script, ScriptError};

use crate::DdlError;
use crate::rules::{StatementKind, Verdict, client_line, verdict};
use crate::source::DdlSource;
use crate::statements::{Item, Statement, split};
use crate::token::{Lexer, TokenKind};

/// The classified statements of all files, in order.
pub(crate) struct Judged {
    dialect: Dialect,
    statements: Vec<PendingStatement>,
    skipped: SkippedStatement,
}

struct PendingStatement {
    file: String,
    statement: Statement,
    verdict: Verdict,
}

/// Skipped statements, by kind.
#[derive(Default, Clone)]
struct SkippedStatement {
    counts: BTreeMap<StatementKind, usize>,
    /// The first one that failed, with the server's message.
    failed: Option<String>,
    /// Statements that were run with other collations.
    collations: usize,
}

impl SkippedStatement {
    fn add(&mut self, kind: StatementKind) {
        *self.counts.entry(kind).or_default() += 1;
    }

    fn failed(&mut self, step: &PendingStatement, e: &ScriptError) {
        self.add(StatementKind::Failed);
        self.failed.get_or_insert_with(|| format!("`{}`, line {}: {}", step.file, step.statement.line, e.message));
    }

    /// One sentence; `None` if no statement was run with other collations.
    fn other_collations(&self) -> Option<String> {
        let statements = if self.collations == 1 { "statement" } else { "statements" };
        (self.collations > 0).then(|| {
            format!(
                "run with other collations: {} {statements}: this server does not know MySQL 8's utf8mb4_0900 ones; \
                 utf8mb4_unicode_520_ci and utf8mb4_bin stand for them, which may take other texts for equal",
                self.collations
            )
        })
    }

    /// One sentence; `None` if no statement was skipped.
    fn describe(&self) -> Option<String> {
        let each = |(kind, n): (&StatementKind, &usize)| format!("{n} {}", kind.describe());
        let parts: Vec<String> = self.counts.iter().map(each).collect();
        let all: usize = self.counts.values().sum();
        let first = self.failed.as_ref().map(|f| format!(" (the first: {f})")).unwrap_or_default();
        let statements = if all == 1 { "statement" } else { "statements" };
        (all > 0).then(|| format!("passed over: {all} {statements}: {}{first}", parts.join(", ")))
    }
}

/// The result of a script.
pub(crate) struct Applied {
    pub notes: Vec<String>,
    /// MySQL: the database that has the tables.
    pub database: Option<String>,
}

/// Splits all files, and decides for every statement whether it is run.
///
/// # Errors
/// A statement that is refused, or does not end.
pub(crate) fn judge(sources: &[DdlSource], dialect: Dialect) -> Result<Judged, DdlError> {
    let mut judged = Judged { dialect, statements: Vec::new(), skipped: SkippedStatement::default() };
    for source in sources {
        for item in split(dialect, &source.text) {
            judged.take(&source.name, item)?;
        }
    }
    if judged.statements.is_empty() { Err(DdlError::Empty) } else { Ok(judged) }
}

/// MySQL's system databases: an account that can write to them has every privilege.
const OF_THE_SERVER: [&str; 4] = ["mysql", "sys", "information_schema", "performance_schema"];

const BEYOND: &str = "only statements that define tables and what belongs to them are run, so that a file cannot reach beyond \
    the throw-away server; take it out";
const CLIENT: &str = "lines for the server's own client that read or run something are not obeyed; name other files as further \
    --ddl FILES, and take the line out";

impl Judged {
    fn take(&mut self, file: &str, item: Item) -> Result<(), DdlError> {
        let refused = |line: usize, text: &str, why| {
            Err(DdlError::Refused { file: file.to_owned(), line, statement: excerpt(text), why })
        };
        let statement = match item {
            Item::Client { text, line } => match client_line(self.dialect, &text) {
                None => return refused(line, &text, CLIENT),
                Some(kind) => {
                    self.skipped.add(kind);
                    return Ok(());
                }
            },
            Item::Statement(statement) => statement,
        };
        if let Some(line) = statement.unclosed {
            let message = format!("a quote or `$tag$` that begins here does not end, in `{}`", excerpt(&statement.sql));
            return Err(DdlError::Statement { file: file.to_owned(), line, message });
        }
        let verdict = verdict(self.dialect, &statement.words);
        let database = matches!(verdict, Verdict::Use | Verdict::CreateDatabase);
        if database && OF_THE_SERVER.contains(&&*database_name(&statement).to_lowercase()) {
            return refused(statement.line, &statement.sql, "it is a database of the server itself; dump the others");
        }
        match verdict {
            Verdict::Refuse => return refused(statement.line, &statement.sql, BEYOND),
            Verdict::Skip(kind) => self.skipped.add(kind),
            Verdict::Ignore => {}
            verdict => self.statements.push(PendingStatement { file: file.to_owned(), statement, verdict }),
        }
        Ok(())
    }
}

/// Runs the statements. `administrator` is another account of the same server, for extensions and databases.
///
/// # Errors
/// A statement that the server refuses, with its file and line.
pub(crate) fn apply(judged: &Judged, to: &Connection, administrator: Option<&Connection>) -> Result<Applied, DdlError> {
    let mut run = ScriptRun { session: script::open(to)?, to, administrator, skipped: judged.skipped.clone() };
    for step in &judged.statements {
        run.step(step)?;
    }
    let database = match judged.dialect {
        Dialect::Mysql => Some(run.database()?),
        _ => None,
    };
    let n = judged.statements.len();
    let mut notes = vec![format!("{n} {} of the DDL run", if n == 1 { "statement" } else { "statements" })];
    notes.extend(run.skipped.describe());
    notes.extend(run.skipped.other_collations());
    Ok(Applied { notes, database })
}

struct ScriptRun<'a> {
    session: Box<dyn Script>,
    to: &'a Connection,
    administrator: Option<&'a Connection>,
    skipped: SkippedStatement,
}

impl ScriptRun<'_> {
    fn step(&mut self, step: &PendingStatement) -> Result<(), DdlError> {
        let sql = &step.statement.sql;
        let done = match step.verdict {
            Verdict::Extension => match self.session.run(sql) {
                // Only trusted extensions can be created without superuser rights.
                Err(e) if e.code.as_deref() == Some("42501") => {
                    self.by_administrator(&extension(&step.statement.words))?
                }
                done => done,
            },
            Verdict::CreateDatabase => self.create_database(&database_name(&step.statement), &step.statement.words)?,
            Verdict::Use => {
                let name = database_name(&step.statement);
                self.create_database(&name, &[])?.and_then(|()| self.session.run(&use_database(&name)))
            }
            _ => self.session.run(sql),
        };
        match done {
            Ok(()) => Ok(()),
            Err(e) if e.code.is_none() && self.session.run("SELECT 1").is_err() => Err(failure(step, &e)),
            Err(e) if step.verdict == Verdict::IfPossible || is_harmless(self.to.dialect, &step.statement, &e) => {
                self.skipped.failed(step, &e);
                Ok(())
            }
            Err(e) => match self.with_other_collation(sql, &e) {
                Some(Ok(())) => {
                    self.skipped.collations += 1;
                    Ok(())
                }
                _ => Err(failure(step, &e)),
            },
        }
    }

    fn by_administrator(&mut self, sql: &str) -> Result<Result<(), ScriptError>, DdlError> {
        let Some(administrator) = self.administrator else { return Ok(Ok(())) };
        let mut session = script::open(administrator)?;
        Ok(session.run(sql))
    }

    /// Makes a MySQL database, and grants this account everything in it. The administrator's statement is built here
    /// from the parsed words, since the file's text could contain further statements.
    fn create_database(&mut self, name: &str, words: &[String]) -> Result<Result<(), ScriptError>, DdlError> {
        let Some(administrator) = self.administrator else { return Ok(Ok(())) };
        let mut session = script::open(administrator)?;
        let named = quote(Dialect::Mysql, name);
        // A name in a grant is a pattern.
        let pattern = named.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%");
        let sql = format!("CREATE DATABASE IF NOT EXISTS {named}{}", defaults_of_database(words));
        let made = match session.run(&sql) {
            Err(e) if e.code.as_deref() == Some(UNKNOWN_COLLATION) => match with_other_collations(&sql) {
                Some(other) => session.run(&other).inspect(|()| self.skipped.collations += 1),
                None => Err(e),
            },
            made => made,
        };
        let user = literal(Dialect::Mysql, &self.to.user);
        Ok(made.and_then(|()| session.run(&format!("GRANT ALL ON {pattern}.* TO {user}@'localhost'"))))
    }

    /// MariaDB, before 11.4: a statement with the collations of MySQL 8; `None` if it has none.
    fn with_other_collation(&mut self, sql: &str, e: &ScriptError) -> Option<Result<(), ScriptError>> {
        let sql = with_other_collations(sql).filter(|_| e.code.as_deref() == Some(UNKNOWN_COLLATION))?;
        Some(self.session.run(&sql))
    }

    /// The MySQL database with the tables.
    fn database(&mut self) -> Result<String, DdlError> {
        let sql = "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_schema NOT IN \
                   ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY 1";
        let fail = |e: ScriptError| DdlError::Server { dialect: Dialect::Mysql, message: e.message };
        let mut names = self.session.column(sql).map_err(fail)?;
        match names.len() {
            0 => Ok(self.to.database.clone()),
            1 => Ok(names.remove(0)),
            _ => Err(DdlError::Databases(names.join(", "))),
        }
    }
}

/// MySQL's error number.
const UNKNOWN_COLLATION: &str = "1273";

/// `CREATE EXTENSION` with only the name and the schema of the statement.
fn extension(words: &[String]) -> String {
    let name = |word: &String| match word.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
        Some(quoted) => quote(Dialect::Postgres, &quoted.replace("\"\"", "\"")),
        None => quote(Dialect::Postgres, &word.to_lowercase()),
    };
    let mut rest = words.iter().skip(2).skip_while(|w| matches!(w.as_str(), "IF" | "NOT" | "EXISTS"));
    let made = rest.next().map(name).unwrap_or_default();
    let schema = rest.skip_while(|w| *w != "SCHEMA").nth(1).map(name);
    let schema = schema.map(|schema| format!(" SCHEMA {schema}")).unwrap_or_default();
    format!("CREATE EXTENSION IF NOT EXISTS {made}{schema} CASCADE")
}

/// The character set and the collation that `CREATE DATABASE` gives, if they are plain words.
fn defaults_of_database(words: &[String]) -> String {
    let plain = |after: &str| {
        let word = words.iter().skip_while(|w| *w != after).skip(1).find(|w| !matches!(w.as_str(), "SET" | "="))?;
        word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then(|| word.to_lowercase())
    };
    let set = plain("CHARACTER").or_else(|| plain("CHARSET")).map(|set| format!(" CHARACTER SET {set}"));
    let collation = plain("COLLATE").map(|collation| format!(" COLLATE {collation}"));
    set.unwrap_or_default() + &collation.unwrap_or_default()
}

/// The collation of MariaDB before 11.4 that is closest to a collation of MySQL 8.
fn other_collation(name: &str) -> &'static str {
    if name.ends_with("_bin") || name.ends_with("_as_cs") { "utf8mb4_bin" } else { "utf8mb4_unicode_520_ci" }
}

/// The statement with other collations, texts and comments unchanged; `None` if it has none of MySQL 8's.
fn with_other_collations(sql: &str) -> Option<String> {
    let mut lexer = Lexer { dialect: Dialect::Mysql, text: sql, at: 0 };
    let (mut out, mut from) = (String::new(), 0);
    while let Some(token) = lexer.token() {
        let word = sql[token.start..token.end].to_ascii_lowercase();
        if token.kind == TokenKind::Word && word.starts_with("utf8mb4_") && word.contains("0900_") {
            out += &sql[from..token.start];
            out += other_collation(&word);
            from = token.end;
        }
    }
    (from > 0).then(|| out + &sql[from..])
}

fn use_database(name: &str) -> String {
    format!("USE {}", quote(Dialect::Mysql, name))
}

/// The name in `CREATE DATABASE [IF NOT EXISTS] name ...` and `USE name`.
fn database_name(statement: &Statement) -> String {
    let mut words = statement.words.iter().skip(1).map(String::as_str);
    let name = words.find(|w| !matches!(*w, "DATABASE" | "SCHEMA" | "IF" | "NOT" | "EXISTS" | "OR" | "REPLACE"));
    let name = name.unwrap_or_default();
    match name.strip_prefix('`').and_then(|n| n.strip_suffix('`')) {
        Some(quoted) => quoted.replace("``", "`"),
        None => as_written(&statement.sql, name),
    }
}

/// A bare word in the spelling of the statement.
fn as_written(sql: &str, word: &str) -> String {
    let mut spelled = sql.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
    spelled.find(|w| w.to_uppercase() == word).unwrap_or(word).to_owned()
}

/// Whether the error only says that the object exists already, or does not exist any more.
fn is_harmless(dialect: Dialect, statement: &Statement, e: &ScriptError) -> bool {
    let code = e.code.as_deref().unwrap_or_default();
    let has = |word: &str| statement.words.iter().any(|w| w == word);
    let drops = statement.words[0] == "DROP" || (statement.words[0] == "ALTER" && has("DROP"));
    match dialect {
        Dialect::Postgres => {
            let missing = ["42704", "42P01", "3F000", "42883", "42703"].contains(&code);
            let schema = statement.words[0] == "CREATE" && has("SCHEMA") && code == "42P06";
            (drops && missing) || schema
        }
        Dialect::Mysql => drops && ["1051", "1091", "1008", "1305", "1360", "4092", "1146"].contains(&code),
        Dialect::Sqlite => drops && e.message.contains("no such"),
    }
}

fn failure(step: &PendingStatement, e: &ScriptError) -> DdlError {
    let statement = &step.statement;
    let before =
        e.character.map_or(0, |c| statement.sql.chars().take(c.saturating_sub(1)).filter(|c| *c == '\n').count());
    let hint = if step.verdict == Verdict::Extension {
        "; install the extension for this server, or take the statement out if no table needs it"
    } else if statement.sql.contains("${") {
        "; placeholders such as ${name} are not replaced"
    } else {
        ""
    };
    let message = format!("{}{hint}, in `{}`", e.message, excerpt(&statement.sql));
    DdlError::Statement { file: step.file.clone(), line: statement.line + before, message }
}

/// The first words of a statement.
fn excerpt(sql: &str) -> String {
    const SHOWN: usize = 60;
    let words: Vec<&str> = sql.split_whitespace().collect();
    let text = words.join(" ");
    if text.chars().count() <= SHOWN { text } else { text.chars().take(SHOWN - 1).chain(['…']).collect() }
}
