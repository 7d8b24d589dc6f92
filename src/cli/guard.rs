//! Protects existing rows from being deleted, or mixed with generated ones, by mistake: marks with which a database is
//! always refused, and a question before a run empties tables, or fills tables on another machine, that hold rows which
//! no run of dbmocker made.
//!
//! Data in: the schema as it was read, the journal, the command line. Data out: nothing, or the reason why the run is
//! refused.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use dbmocker_loaders::{Connection, Dialect};

use super::config;
use super::config::Source;
use super::printer::Printer;
use crate::error::{Exit, Failure};
use crate::run;
use dbmocker_core::humanize;
use dbmocker_core::schema::{Caveat, TableName};
use dbmocker_planner::fits;

/// If a table on another machine holds at least so many rows that no run made, a run asks before it adds to them.
const MANY: u64 = 10_000;
/// Tables that a question names.
const NAMED: usize = 10;
/// A table of this name protects its database.
const TABLE: &str = "dbmocker_protected";

/// When a run asks for confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmPolicy {
    /// Before tables are emptied anywhere, or filled on another machine.
    Always,
    /// On another machine only: the commands of the Python tool, so that its scripts go on working.
    Elsewhere,
    /// `--yes`.
    Never,
}

/// Whether the database is protected: by patterns of the config file, or by a mark in itself.
///
/// # Errors
/// It is, and why.
pub fn protected(source: &Source, patterns: &[String]) -> Result<(), Failure> {
    let Source { connection, schema, .. } = source;
    let why = |why: String| Failure::new(Exit::Target, anyhow::anyhow!("{connection} is protected: {why}"));
    if let Some(pattern) = patterns.iter().find(|pattern| covers(pattern, connection)) {
        return Err(why(format!("the config file says `protect: {pattern}`")));
    }
    let names = schema.tables.iter().map(|t| &t.name).chain(schema.skipped.iter().map(|s| &s.name));
    if let Some(mark) = names.into_iter().find(|name| name.name.eq_ignore_ascii_case(TABLE)) {
        return Err(why(format!("it has a table `{mark}`")));
    }
    let comment = run::database_comment(connection).map_err(config::run_failure)?;
    if comment.is_some_and(|c| c.to_lowercase().contains("dbmocker: protected")) {
        return Err(why("the comment on the database says `dbmocker: protected`".into()));
    }
    Ok(())
}

/// `db: NAME` is matched against the database, any other pattern against the host; `*` matches any characters.
fn covers(pattern: &str, connection: &Connection) -> bool {
    let pattern = pattern.trim();
    match pattern.split_once(':').filter(|(what, _)| matches!(what.trim(), "db" | "database")) {
        Some((_, database)) => {
            let path = std::path::Path::new(&connection.database);
            let file = path.file_name().map(|name| name.to_string_lossy());
            let file = file.filter(|_| connection.dialect == Dialect::Sqlite).unwrap_or_default();
            fits(database.trim(), &connection.database) || fits(database.trim(), &file)
        }
        None => connection.dialect != Dialect::Sqlite && fits(pattern, &connection.host),
    }
}

/// Whether the server is another machine, judged by its host name.
pub fn elsewhere(connection: &Connection) -> bool {
    let host = connection.host.trim_matches(['[', ']']).to_lowercase();
    let here = || sysinfo::System::host_name().is_ok_and(|name| name.to_lowercase() == host);
    let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let local = host.is_empty() || host.starts_with('/') || host == "localhost" || loopback;
    connection.dialect != Dialect::Sqlite && !local && !here()
}

/// Asks for confirmation before `tables` are filled, if they hold rows that no run made: a person at a terminal, else by an error.
///
/// # Errors
/// The answer is no, or there is no terminal.
pub fn ask(
    source: &Source,
    tables: &[&TableName],
    truncate: bool,
    asks: ConfirmPolicy,
    printer: &Printer,
) -> Result<(), Failure> {
    let connection = &source.connection;
    let far = elsewhere(connection);
    if asks == ConfirmPolicy::Never || !(far || (truncate && asks == ConfirmPolicy::Always)) {
        return Ok(());
    }
    let made = run::rows_made(connection).map_err(config::run_failure)?;
    let foreign = foreign(source, tables, &made, if truncate { 0 } else { MANY });
    if foreign.is_empty() {
        return Ok(());
    }
    let what = if truncate { "--truncate would remove" } else { "rows would be added beside" };
    let place = place(connection);
    confirmed(&format!("{what} rows that no run of dbmocker made, in {place}:\n{}", listed(&foreign)), printer)
}

fn place(connection: &Connection) -> String {
    match connection.dialect {
        Dialect::Sqlite => format!("`{}`", connection.database),
        _ => format!("database `{}` on host `{}`", connection.database, connection.host),
    }
}

/// Asks at the terminal; anything but yes is an error.
fn confirmed(question: &str, printer: &Printer) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage(format!("{question}\nTo confirm, give --yes")));
    }
    printer.phase_over();
    printer.warn(question);
    let mut answer = String::new();
    let _ = write!(std::io::stderr(), "Go on? [y/N] ");
    let read = std::io::stdin().read_line(&mut answer);
    match read {
        Ok(_) if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") => Ok(()),
        _ => Err(Failure::usage("nothing was written")),
    }
}

/// Asks for confirmation before rows of a run are removed on another machine.
///
/// # Errors
/// The answer is no, or there is no terminal.
pub fn ask_to_undo(source: &Source, tables: &[(&TableName, u64)], printer: &Printer) -> Result<(), Failure> {
    if !elsewhere(&source.connection) {
        return Ok(());
    }
    let tables: Vec<_> = tables.iter().map(|(name, rows)| ((*name).clone(), Some(*rows))).collect();
    let place = place(&source.connection);
    confirmed(&format!("rows would be removed, in {place}:\n{}", listed(&tables)), printer)
}

/// Tables with more than `few` rows that no run made; `None` for a number that cannot be counted.
fn foreign(
    source: &Source,
    tables: &[&TableName],
    made: &BTreeMap<TableName, u64>,
    few: u64,
) -> Vec<(TableName, Option<u64>)> {
    let rows = |name: &&&TableName| {
        let table = source.schema.table(name)?;
        if table.caveats.contains(&Caveat::NotCounted) {
            return Some(((**name).clone(), None));
        }
        let others = table.existing.rows.saturating_sub(made.get(**name).copied().unwrap_or(0));
        (others > few).then(|| ((**name).clone(), Some(others)))
    };
    tables.iter().filter_map(|name| rows(&name)).collect()
}

fn listed(tables: &[(TableName, Option<u64>)]) -> String {
    let line = |(name, rows): &(TableName, Option<u64>)| match rows {
        Some(rows) => format!("  {name}: {}", humanize::rows(*rows)),
        None => format!("  {name}: rows that this account cannot count"),
    };
    let mut lines: Vec<String> = tables.iter().take(NAMED).map(line).collect();
    if tables.len() > NAMED {
        lines.push(format!("  and {} more tables", tables.len() - NAMED));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_the_whole_name() {
        for (pattern, text, fit) in [
            ("*.prod.*", "db1.prod.example.com", true),
            ("*.prod.*", "prod.example.com", false),
            ("billing", "Billing", true),
            ("billing", "billing2", false),
            ("bill*", "billing2", true),
            ("*", "", true),
            ("a*a", "a", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
        ] {
            assert_eq!(fits(pattern, text), fit, "{pattern} {text}");
        }
    }
}
