//! Emptying tables before they are filled.

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect, ident};

use super::jobs::TableJob;
use super::sql_template::filled;
use super::{RunError, sql};
use dbmocker_core::schema::{Schema, Table, TableName};

/// Checks that these tables can be emptied, before anything is written.
///
/// # Errors
/// Rows of other tables refer to them, or the account lacks the privilege.
pub fn may_empty(connection: &Connection, schema: &Schema, tables: &[TableName]) -> Result<(), RunError> {
    let dialect = connection.dialect;
    let is_filled = |name: &TableName| tables.contains(name);
    unreferenced(schema, &is_filled)?;
    if tables.is_empty() || dialect == Dialect::Sqlite {
        return Ok(());
    }
    let mut loader = connect(connection)?;
    if dialect == Dialect::Postgres {
        let beside = referring(schema, &is_filled)?.into_iter().map(|t| &t.name);
        let all: Vec<&TableName> = tables.iter().chain(beside).collect();
        postgres_allows(&mut *loader, &all)?;
    } else {
        tables.iter().try_for_each(|table| not_referred_from_elsewhere(&mut *loader, table))?;
    }
    Ok(loader.finish()?)
}

/// Checks, by PostgreSQL's catalogue, that no other table refers to the tables, and that the role has the TRUNCATE
/// privilege.
fn postgres_allows(loader: &mut dyn Loader, tables: &[&TableName]) -> Result<(), RunError> {
    let literal = |text: &str| ident::literal(Dialect::Postgres, text);
    let names = tables.iter().map(|t| literal(&ident::qualified(Dialect::Postgres, &t.schema, &t.name)));
    let names = format!("ARRAY[{}]", names.collect::<Vec<_>>().join(", "));
    let sql = filled(include_str!("truncate/postgres.sql"), &[("tables", &names)]);
    let Some(row) = loader.query(&sql)?.into_iter().next() else { return Ok(()) };
    let mut texts = row.into_iter().map(Option::unwrap_or_default);
    let (table, other) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
    if texts.next().as_deref() == Some("t") {
        let message =
            "cannot be emptied, permission denied: grant the TRUNCATE privilege to this role, or leave --truncate out";
        return Err(RunError::Table { table, message: message.into() });
    }
    Err(RunError::Referenced { table, child: other })
}

/// Foreign key checks of the session are off, so the server would leave rows of other databases without parents.
fn not_referred_from_elsewhere(loader: &mut dyn Loader, table: &TableName) -> Result<(), RunError> {
    let literal = |text: &str| ident::literal(Dialect::Mysql, text);
    let values = [("schema", &*literal(&table.schema)), ("table", &*literal(&table.name))];
    for row in loader.query(&filled(include_str!("truncate/mysql.sql"), &values))? {
        let [Some(schema), Some(child)] = &row[..] else { continue };
        let name = ident::qualified(Dialect::Mysql, schema, child);
        let empty = match loader.query(&format!("SELECT 1 FROM {name} LIMIT 1")) {
            Ok(rows) => rows.is_empty(),
            // A table that cannot be read may hold rows.
            Err(LoadError::Statement { .. }) => false,
            Err(e) => return Err(e.into()),
        };
        if !empty {
            return Err(RunError::Referenced { table: table.to_string(), child: format!("{schema}.{child}") });
        }
    }
    Ok(())
}

/// Fails if a table that is not filled has rows that refer to tables that are filled.
fn unreferenced(schema: &Schema, is_filled: &dyn Fn(&TableName) -> bool) -> Result<(), RunError> {
    for child in schema.tables.iter().filter(|t| !is_filled(&t.name) && t.may_hold_rows()) {
        if let Some(fk) = child.foreign_keys.iter().find(|f| is_filled(&f.parent)) {
            return Err(RunError::Referenced { table: fk.parent.to_string(), child: child.name.to_string() });
        }
    }
    Ok(())
}

/// Empties the tables, children first.
///
/// # Errors
/// Rows of other tables refer to them, or the server refuses.
pub fn truncate(loader: &mut dyn Loader, dialect: Dialect, schema: &Schema, jobs: &[TableJob]) -> Result<(), RunError> {
    let statements = statements(dialect, schema, jobs)?;
    match dialect {
        Dialect::Postgres => run(loader, &statements),
        // Faster than DELETE, but not transactional.
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

/// The statements that empty the tables inside a transaction, children first.
///
/// # Errors
/// Rows of other tables refer to them.
pub fn statements(dialect: Dialect, schema: &Schema, jobs: &[TableJob]) -> Result<Vec<String>, RunError> {
    let filled = |name: &TableName| jobs.iter().any(|j| &j.name == name);
    unreferenced(schema, &filled)?;
    let name = |j: &TableJob| sql::table(dialect, j);
    if dialect == Dialect::Postgres {
        let beside = referring(schema, &filled)?;
        let beside = beside.iter().map(|t| ident::qualified(dialect, &t.name.schema, &t.name.name));
        let all: Vec<String> = jobs.iter().map(name).chain(beside).collect();
        return Ok(vec![format!("TRUNCATE {}", all.join(", "))]);
    }
    Ok(jobs.iter().rev().map(|j| format!("DELETE FROM {}", name(j))).collect())
}

/// Tables that PostgreSQL empties only together with those that are `filled`: all that refer to them, directly or
/// indirectly. They must be empty.
fn referring<'a>(schema: &'a Schema, filled: &dyn Fn(&TableName) -> bool) -> Result<Vec<&'a Table>, RunError> {
    let mut beside: Vec<&Table> = Vec::new();
    loop {
        let known = |name: &TableName| filled(name) || beside.iter().any(|t| &t.name == name);
        let refers = |t: &&Table| !known(&t.name) && t.foreign_keys.iter().any(|f| known(&f.parent));
        let Some(more) = schema.tables.iter().find(refers) else { return Ok(beside) };
        if more.may_hold_rows() {
            let parent = more.foreign_keys.iter().find(|f| known(&f.parent)).map(|f| f.parent.to_string());
            return Err(RunError::Referenced { table: parent.unwrap_or_default(), child: more.name.to_string() });
        }
        beside.push(more);
    }
}
