//! Runs the statements of scripts in a fresh database, and counts what is passed over.

use std::collections::BTreeMap;

use dbmocker_core::Dialect;
use dbmocker_core::ident::{literal, quote};
use dbmocker_loaders::Connection;
use dbmocker_loaders::script::{self, Script, ScriptError};

use crate::DdlError;
use crate::rules::{StatementKind, Verdict, client_line, verdict};
use crate::source::DdlSource;
use crate::statements::{Item, Statement, split};

/// The judged statements of all files, in order.
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

/// Statements that are passed over, by kind.
#[derive(Default, Clone)]
struct SkippedStatement {
    counts: BTreeMap<StatementKind, usize>,
    /// The first one that failed, with the server's message.
    failed: Option<String>,
}

impl SkippedStatement {
    fn add(&mut self, kind: StatementKind) {
        *self.counts.entry(kind).or_default() += 1;
    }

    fn failed(&mut self, step: &PendingStatement, e: &ScriptError) {
        self.add(StatementKind::Failed);
        self.failed.get_or_insert_with(|| format!("`{}`, line {}: {}", step.file, step.statement.line, e.message));
    }

    /// One sentence; `None` if nothing was passed over.
    fn describe(&self) -> Option<String> {
        let each = |(kind, n): (&StatementKind, &usize)| format!("{n} {}", kind.describe());
        let parts: Vec<String> = self.counts.iter().map(each).collect();
        let all: usize = self.counts.values().sum();
        let first = self.failed.as_ref().map(|f| format!(" (the first: {f})")).unwrap_or_default();
        let statements = if all == 1 { "statement" } else { "statements" };
        (all > 0).then(|| format!("passed over: {all} {statements}: {}{first}", parts.join(", ")))
    }
}

/// What was made.
pub(crate) struct Applied {
    pub notes: Vec<String>,
    /// MySQL: the database that has the tables.
    pub database: Option<String>,
}

/// Splits all files, and judges every statement.
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
        match verdict(self.dialect, &statement.words) {
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
                // Only extensions that the server trusts are for everybody.
                Err(e) if e.code.as_deref() == Some("42501") => self.by_administrator(sql)?,
                done => done,
            },
            Verdict::CreateDatabase => self.create_database(&database_name(&step.statement), sql)?,
            Verdict::Use => {
                let name = database_name(&step.statement);
                self.create_database(&name, "")?.and_then(|()| self.session.run(&use_database(&name)))
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
                Some(Ok(())) => Ok(()),
                _ => Err(failure(step, &e)),
            },
        }
    }

    fn by_administrator(&mut self, sql: &str) -> Result<Result<(), ScriptError>, DdlError> {
        let Some(administrator) = self.administrator else { return Ok(Ok(())) };
        let mut session = script::open(administrator)?;
        Ok(session.run(sql))
    }

    /// Makes a MySQL database by its statement, or with the server's defaults, and grants this account everything in it.
    fn create_database(&mut self, name: &str, sql: &str) -> Result<Result<(), ScriptError>, DdlError> {
        let Some(administrator) = self.administrator else { return Ok(Ok(())) };
        let mut session = script::open(administrator)?;
        let named = quote(Dialect::Mysql, name);
        // A name in a grant is a pattern.
        let pattern = named.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%");
        let made = if sql.is_empty() {
            session.run(&format!("CREATE DATABASE IF NOT EXISTS {named}"))
        } else {
            session.run(sql)
        };
        let made = match made {
            Err(e) if e.code.as_deref() == Some("1007") => Ok(()),
            made => made,
        };
        let user = literal(Dialect::Mysql, &self.to.user);
        Ok(made.and_then(|()| session.run(&format!("GRANT ALL ON {pattern}.* TO {user}@'localhost'"))))
    }

    /// MariaDB, before 11.4: a table with the collations of MySQL 8, which order texts nearly as those that replace them here.
    fn with_other_collation(&mut self, sql: &str, e: &ScriptError) -> Option<Result<(), ScriptError>> {
        const UNKNOWN_COLLATION: &str = "1273";
        let unknown = e.code.as_deref() == Some(UNKNOWN_COLLATION) && sql.contains("utf8mb4_0900");
        unknown.then(|| {
            let sql = sql.replace("utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_ci");
            self.session
                .run(&sql.replace("utf8mb4_0900_bin", "utf8mb4_bin").replace("utf8mb4_0900_as_cs", "utf8mb4_bin"))
        })
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

/// What is there already, or is gone already, needs no statement.
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
