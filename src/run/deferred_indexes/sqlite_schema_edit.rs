//! The indexes that SQLite keeps for UNIQUE and PRIMARY KEY constraints, filled by one sort after a table's rows.
//!
//! No statement drops them. Their rows are removed from `sqlite_schema`, and the constraints from the table's SQL text;
//! both are restored byte for byte before the transaction ends, then REINDEX fills the indexes and refuses duplicates.
//! A rollback or a crash restores the original schema. `schema_version` is incremented with each change, so that every
//! connection with another version of the schema, including this one after a rollback, reads it again.

use dbmocker_loaders::{Dialect, LoadError, Loader, Target, ident};

use super::single;
use dbmocker_schema::sqlite::without_keys;

const KEPT: &str = "temp.dbmocker_hidden";

/// A table whose schema, as SQLite reads it, lacks these indexes, which are empty.
#[derive(Debug)]
#[must_use = "what was hidden must be shown again"]
pub(super) struct Hidden {
    schema: String,
    /// Quoted names.
    indexes: Vec<String>,
}

/// The properties of a table on which inserting rows depends, besides the keys.
#[derive(PartialEq)]
struct TableShape(Vec<Vec<Option<String>>>);

impl Hidden {
    /// Hides the indexes of an empty table, in the open transaction. `None`: they stay, e.g. because a constraint has
    /// ON CONFLICT, or because the file has `auto_vacuum`, which moves pages.
    pub(super) fn begin(loader: &mut dyn Loader, target: &Target) -> Result<Option<Self>, LoadError> {
        let schema = ident::quote(Dialect::Sqlite, &target.schema);
        if single(loader, &format!("PRAGMA {schema}.auto_vacuum"))?.as_deref() != Some("0") {
            return Ok(None);
        }
        let table = ident::literal(Dialect::Sqlite, &target.table);
        let list = format!("pragma_index_list({table}, {})", ident::literal(Dialect::Sqlite, &target.schema));
        let own = loader.query(&format!("SELECT name, origin FROM {list} WHERE origin <> 'c' ORDER BY seq DESC"))?;
        let primary = own.iter().any(|row| row[1].as_deref() == Some("pk"));
        let text =
            format!("SELECT sql FROM {schema}.sqlite_schema WHERE type = 'table' AND name = {table} COLLATE NOCASE");
        let bare = single(loader, &text)?.and_then(|sql| without_keys(&sql, primary));
        let Some(bare) = bare.filter(|_| !own.is_empty()) else { return Ok(None) };

        let before = TableShape::of(loader, target, primary)?;
        loader.execute("SAVEPOINT dbmocker_hidden")?;
        let hidden = hide(loader, &schema, &table, &bare).and_then(|()| TableShape::of(loader, target, primary));
        let left = hidden.and_then(|after| {
            Ok((after, single(loader, &format!("SELECT count(*) FROM {list} WHERE origin <> 'c'"))?))
        });
        // A SQL text that cannot be edited is not an error.
        if !left.is_ok_and(|(after, left)| after == before && left.as_deref() == Some("0")) {
            loader.execute("ROLLBACK TO dbmocker_hidden; RELEASE dbmocker_hidden; PRAGMA writable_schema = RESET")?;
            return Ok(None);
        }
        loader.execute("RELEASE dbmocker_hidden")?;
        let quoted =
            |row: Vec<Option<String>>| row.into_iter().next().flatten().map(|n| ident::quote(Dialect::Sqlite, &n));
        Ok(Some(Hidden { schema, indexes: own.into_iter().filter_map(quoted).collect() }))
    }

    /// Restores them; returns the statements that fill them.
    pub(super) fn end(self, loader: &mut dyn Loader) -> Result<Vec<String>, LoadError> {
        let Hidden { schema, indexes } = self;
        let all = "rowid, type, name, tbl_name, rootpage, sql";
        let changes = [
            format!(
                "UPDATE {schema}.sqlite_schema AS s SET sql = k.sql FROM {KEPT} AS k WHERE k.type = 'table' AND s.rowid = k.place"
            ),
            format!("INSERT INTO {schema}.sqlite_schema ({all}) SELECT * FROM {KEPT} WHERE type = 'index'"),
        ];
        change(loader, &schema, &changes)?;
        loader.execute(&format!("DROP TABLE {KEPT}"))?;
        Ok(indexes.iter().map(|index| format!("REINDEX {schema}.{index}")).collect())
    }
}

fn hide(loader: &mut dyn Loader, schema: &str, table: &str, bare: &str) -> Result<(), LoadError> {
    let bare = ident::literal(Dialect::Sqlite, bare);
    let of_table = format!("tbl_name = {table} COLLATE NOCASE AND (type = 'table' OR type = 'index' AND sql IS NULL)");
    // Stored within SQLite, so that no text is converted to another encoding.
    loader.execute(&format!(
        "CREATE TEMP TABLE dbmocker_hidden AS SELECT rowid AS place, type, name, tbl_name, rootpage, sql \
         FROM {schema}.sqlite_schema WHERE {of_table}"
    ))?;
    let changes = [
        format!("UPDATE {schema}.sqlite_schema SET sql = {bare} WHERE {of_table} AND type = 'table'"),
        format!("DELETE FROM {schema}.sqlite_schema WHERE {of_table} AND type = 'index'"),
    ];
    change(loader, schema, &changes)
}

/// Changes the rows of `sqlite_schema`, and makes all connections read the schema again.
fn change(loader: &mut dyn Loader, schema: &str, statements: &[String]) -> Result<(), LoadError> {
    let version = single(loader, &format!("PRAGMA {schema}.schema_version"))?;
    let version: u32 = version.and_then(|v| v.parse::<i32>().ok()).unwrap_or_default().cast_unsigned();
    loader.execute("PRAGMA writable_schema = ON")?;
    let done = statements.iter().try_for_each(|statement| loader.execute(statement).map(drop));
    let next = version.wrapping_add(1).cast_signed();
    let done = done.and_then(|()| loader.execute(&format!("PRAGMA {schema}.schema_version = {next}")).map(drop));
    // As OFF, and this connection reads the schema again at once.
    done.and(loader.execute("PRAGMA writable_schema = RESET").map(drop))
}

impl TableShape {
    fn of(loader: &mut dyn Loader, target: &Target, primary: bool) -> Result<Self, LoadError> {
        let [table, schema] = [&target.table, &target.schema].map(|name| ident::literal(Dialect::Sqlite, name));
        let pk = if primary { "0" } else { "pk" };
        let sql = format!(
            "SELECT name, type, \"notnull\", dflt_value, hidden, {pk} FROM pragma_table_xinfo({table}, {schema})"
        );
        loader.query(&sql).map(TableShape)
    }
}
