//! MySQL cannot disable triggers: they are dropped and created again, in the same order, with the settings with which
//! they were created. Every DROP and CREATE commits, so the ledger holds the statements while the triggers are dropped.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};
use serde::{Deserialize, Serialize};

use super::heading::makes;
use crate::run::jobs::TableJob;
use crate::run::ledger::Ledger;
use crate::run::sql_template::filled;
use dbmocker_core::schema::TableName;

/// Settings of the creating session that a trigger stores.
const SETTINGS: [&str; 3] = ["sql_mode", "character_set_client", "collation_connection"];

fn literal(text: &str) -> String {
    ident::literal(Dialect::Mysql, text)
}

fn texts(loader: &mut dyn Loader, sql: &str) -> Result<Vec<Vec<String>>, LoadError> {
    let rows = loader.query(sql)?;
    Ok(rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect())
}

/// The privilege that the account lacks to create the table's triggers again.
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
    Ok(Some(format!("its triggers cannot be disabled: {why}, so this account could not create them again")))
}

/// A dropped trigger: its statement, and the settings with which it was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DroppedTrigger {
    pub name: String,
    /// Its position in the order in which the table's triggers fire.
    pub order: usize,
    sql_mode: String,
    client: String,
    connection: String,
    /// As printed by the server.
    statement: String,
}

/// A stored statement that does not create its trigger.
#[derive(Debug, thiserror::Error)]
#[error("the statement of the trigger `{trigger}` does not read as one of `{table}`")]
pub struct TriggerStatementError {
    trigger: String,
    table: TableName,
}

impl DroppedTrigger {
    /// The statements that create it again.
    ///
    /// # Errors
    /// The statement does not create this trigger.
    pub fn statements(&self, table: &TableName) -> Result<Vec<String>, TriggerStatementError> {
        if !makes(&self.statement, &self.name, table) {
            return Err(TriggerStatementError { trigger: self.name.clone(), table: table.clone() });
        }
        let values = [&self.sql_mode, &self.client, &self.connection];
        let settings = SETTINGS.iter().zip(values);
        let mut all: Vec<String> =
            settings.map(|(setting, value)| format!("SET {setting} = {}", literal(value))).collect();
        all.push(self.statement.clone());
        Ok(all)
    }

    fn qualified(&self, table: &TableName) -> String {
        ident::qualified(Dialect::Mysql, &table.schema, &self.name)
    }
}

fn unread(table: &TableName, message: String) -> LoadError {
    LoadError::Table { table: table.to_string(), message, code: None }
}

/// Drops the table's INSERT triggers; the ledger records each before it is dropped.
pub(super) fn drop_triggers(
    loader: &mut dyn Loader,
    job: &TableJob,
    ledger: Option<&Ledger>,
) -> Result<Vec<DroppedTrigger>, LoadError> {
    let Some(ledger) = ledger.filter(|_| !job.insert_triggers.is_empty()) else {
        let message =
            "its triggers can only be dropped and made again, and there is no ledger to keep them in; grant CREATE \
                       on the database"
                .to_owned();
        return if job.insert_triggers.is_empty() { Ok(Vec::new()) } else { Err(unread(&job.name, message)) };
    };
    let all = job.insert_triggers.iter().enumerate();
    all.map(|(order, name)| drop_trigger(loader, job, (order, name), ledger)).collect()
}

fn drop_trigger(
    loader: &mut dyn Loader,
    job: &TableJob,
    (order, name): (usize, &String),
    ledger: &Ledger,
) -> Result<DroppedTrigger, LoadError> {
    let qualified = ident::qualified(Dialect::Mysql, &job.target.schema, name);
    let shown = texts(loader, &format!("SHOW CREATE TRIGGER {qualified}"))?;
    let Some([_, sql_mode, statement, client, connection, ..]) = shown.first().map(Vec::as_slice) else {
        return Err(unread(&job.name, format!("trigger `{name}` cannot be read")));
    };
    // The statement is sent in this session's own character set.
    let client = if statement.is_ascii() { client } else { "utf8mb4" };
    let trigger = DroppedTrigger {
        name: name.clone(),
        order,
        sql_mode: sql_mode.clone(),
        client: client.to_owned(),
        connection: connection.clone(),
        statement: statement.clone(),
    };
    // A trigger that could not be created again is not dropped.
    trigger.statements(&job.name).map_err(|e| unread(&job.name, e.to_string()))?;
    ledger.add_trigger(loader, &job.name, &trigger)?;
    if let Err(e) = loader.execute(&format!("DROP TRIGGER {qualified}")) {
        ledger.forget_trigger(loader, &job.name, &trigger)?;
        return Err(e);
    }
    Ok(trigger)
}

/// Creates the trigger again, with its stored settings.
pub(super) fn restore(
    loader: &mut dyn Loader,
    ledger: &Ledger,
    table: &TableName,
    trigger: &DroppedTrigger,
) -> Result<(), LoadError> {
    let statements = trigger.statements(table).map_err(|e| unread(table, e.to_string()))?;
    let now = texts(loader, "SELECT @@sql_mode, @@character_set_client, @@collation_connection")?;
    let made = statements.iter().try_for_each(|s| loader.execute(s).map(drop));
    for (setting, value) in SETTINGS.iter().zip(now.iter().flatten()) {
        loader.execute(&format!("SET {setting} = {}", literal(value)))?;
    }
    made?;
    ledger.forget_trigger(loader, table, trigger)
}

/// Creates the trigger again if it does not exist; it still exists if a run was killed before dropping it.
pub(super) fn recover(
    loader: &mut dyn Loader,
    ledger: &Ledger,
    table: &TableName,
    trigger: &DroppedTrigger,
) -> Result<bool, LoadError> {
    if loader.query(&format!("SHOW CREATE TRIGGER {}", trigger.qualified(table))).is_ok() {
        ledger.forget_trigger(loader, table, trigger)?;
        return Ok(false);
    }
    restore(loader, ledger, table, trigger)?;
    Ok(true)
}
