//! Emptying tables before they are filled.

use dbmocker_loaders::{Dialect, Loader, ident};

use super::jobs::TableJob;
use super::{RunError, sql};
use dbmocker_core::schema::{Schema, Table, TableName};

/// Empties the tables, children first.
///
/// # Errors
/// Rows of other tables refer to them, or the server refuses.
pub fn truncate(loader: &mut dyn Loader, dialect: Dialect, schema: &Schema, jobs: &[TableJob]) -> Result<(), RunError> {
    let statements = statements(dialect, schema, jobs)?;
    match dialect {
        Dialect::Postgres => run(loader, &statements),
        // Faster than DELETE, but no part of a transaction.
        Dialect::Mysql => {
            jobs.iter().try_for_each(|j| run(loader, &[format!("TRUNCATE TABLE {}", sql::table(dialect, j))]))
        }
        Dialect::Sqlite => {
            loader.execute("BEGIN")?;
            run(loader, &statements)?;
            loader.execute("COMMIT")?;
            Ok(())
        }
    }
}

fn run(loader: &mut dyn Loader, statements: &[String]) -> Result<(), RunError> {
    statements.iter().try_for_each(|sql| loader.calling_functions().execute(sql).map(drop))?;
    Ok(())
}

/// What empties the tables inside a transaction, children first.
///
/// # Errors
/// Rows of other tables refer to them.
pub fn statements(dialect: Dialect, schema: &Schema, jobs: &[TableJob]) -> Result<Vec<String>, RunError> {
    let filled = |name: &TableName| jobs.iter().any(|j| &j.name == name);
    for child in schema.tables.iter().filter(|t| !filled(&t.name) && t.existing.rows > 0) {
        if let Some(fk) = child.foreign_keys.iter().find(|f| filled(&f.parent)) {
            return Err(RunError::Referenced { table: fk.parent.to_string(), child: child.name.to_string() });
        }
    }
    let name = |j: &TableJob| sql::table(dialect, j);
    if dialect == Dialect::Postgres {
        let beside = referring(schema, &filled)?;
        let beside = beside.iter().map(|t| ident::qualified(dialect, &t.name.schema, &t.name.name));
        let all: Vec<String> = jobs.iter().map(name).chain(beside).collect();
        return Ok(vec![format!("TRUNCATE {}", all.join(", "))]);
    }
    Ok(jobs.iter().rev().map(|j| format!("DELETE FROM {}", name(j))).collect())
}

/// Tables that PostgreSQL empties only together with those that are `filled`: all that refer to them, at any distance.
/// They must hold nothing.
fn referring<'a>(schema: &'a Schema, filled: &dyn Fn(&TableName) -> bool) -> Result<Vec<&'a Table>, RunError> {
    let mut beside: Vec<&Table> = Vec::new();
    loop {
        let known = |name: &TableName| filled(name) || beside.iter().any(|t| &t.name == name);
        let refers = |t: &&Table| !known(&t.name) && t.foreign_keys.iter().any(|f| known(&f.parent));
        let Some(more) = schema.tables.iter().find(refers) else { return Ok(beside) };
        if more.existing.rows > 0 {
            let parent = more.foreign_keys.iter().find(|f| known(&f.parent)).map(|f| f.parent.to_string());
            return Err(RunError::Referenced { table: parent.unwrap_or_default(), child: more.name.to_string() });
        }
        beside.push(more);
    }
}
