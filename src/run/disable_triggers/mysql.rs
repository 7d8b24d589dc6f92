//! MySQL has no switch for triggers: they are dropped and made again, in the same order, under the settings that they
//! were made with. Every DROP and CREATE commits, so the ledger holds the statements while the triggers are gone.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use crate::run::jobs::TableJob;
use crate::run::ledger::{Ledger, Undo};
use crate::run::sql_template::filled;

/// Settings of the session that a trigger keeps from when it was made.
const SETTINGS: [&str; 3] = ["sql_mode", "character_set_client", "collation_connection"];

fn literal(text: &str) -> String {
    ident::literal(Dialect::Mysql, text)
}

fn texts(loader: &mut dyn Loader, sql: &str) -> Result<Vec<Vec<String>>, LoadError> {
    let rows = loader.query(sql)?;
    Ok(rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect())
}

/// What the account lacks to make the table's triggers again.
pub(super) fn forbidden(loader: &mut dyn Loader, job: &TableJob) -> Result<Option<String>, LoadError> {
    let values = [("schema", &*literal(&job.target.schema)), ("table", &*literal(&job.target.table))];
    let sql = filled(include_str!("mysql.sql"), &values);
    let rows = texts(loader, &sql)?;
    let Some([others, logged, powers]) = rows.first().map(Vec::as_slice) else { return Ok(None) };
    let why = match powers == "0" {
        true if others != "0" => "they have another definer",
        true if logged == "1" => "the binary log is on (log_bin_trust_function_creators)",
        _ => return Ok(None),
    };
    Ok(Some(format!("switching its triggers off is no way: {why}, so this account could not make them again")))
}

/// Drops the table's INSERT triggers; the ledger knows of each before it is gone.
pub(super) fn drop_triggers(loader: &mut dyn Loader, job: &TableJob, ledger: &Ledger) -> Result<Vec<Undo>, LoadError> {
    job.insert_triggers.iter().map(|name| drop_trigger(loader, job, name, ledger)).collect()
}

fn drop_trigger(loader: &mut dyn Loader, job: &TableJob, name: &str, ledger: &Ledger) -> Result<Undo, LoadError> {
    let qualified = ident::qualified(Dialect::Mysql, &job.target.schema, name);
    let shown = texts(loader, &format!("SHOW CREATE TRIGGER {qualified}"))?;
    let Some([_, sql_mode, statement, client, connection, ..]) = shown.first().map(Vec::as_slice) else {
        let message = format!("trigger `{name}` cannot be read");
        return Err(LoadError::Table { table: job.name.to_string(), message, code: None });
    };
    // The statement is sent in this session's own character set.
    let client = if statement.is_ascii() { client } else { "utf8mb4" };
    let mut statements: Vec<String> = SETTINGS
        .iter()
        .zip([sql_mode.as_str(), client, connection.as_str()])
        .map(|(setting, value)| format!("SET {setting} = {}", literal(value)))
        .collect();
    statements.push(statement.clone());
    ledger.add_trigger(loader, &qualified, &statements)?;
    if let Err(e) = loader.execute(&format!("DROP TRIGGER {qualified}")) {
        ledger.forget_trigger(loader, &qualified)?;
        return Err(e);
    }
    Ok(Undo { table: qualified, statements })
}

/// Makes the trigger again, under its own settings.
pub(super) fn restore(loader: &mut dyn Loader, ledger: &Ledger, trigger: &Undo) -> Result<(), LoadError> {
    let now = texts(loader, "SELECT @@sql_mode, @@character_set_client, @@collation_connection")?;
    let made = trigger.statements.iter().try_for_each(|s| loader.execute(s).map(drop));
    for (setting, value) in SETTINGS.iter().zip(now.iter().flatten()) {
        loader.execute(&format!("SET {setting} = {}", literal(value)))?;
    }
    made?;
    ledger.forget_trigger(loader, &trigger.table)
}

/// Makes the trigger again if it is gone; it is there where a run was killed before it could drop it.
pub(super) fn recover(loader: &mut dyn Loader, ledger: &Ledger, trigger: &Undo) -> Result<bool, LoadError> {
    if loader.query(&format!("SHOW CREATE TRIGGER {}", trigger.table)).is_ok() {
        ledger.forget_trigger(loader, &trigger.table)?;
        return Ok(false);
    }
    restore(loader, ledger, trigger)?;
    Ok(true)
}
