//! Indexes of MySQL and MariaDB that are dropped and created again, as SHOW CREATE TABLE prints them. Each ALTER TABLE
//! commits, so they are dropped only while a table is loaded in parts, with their definitions in the ledger.
//!
//! Data in: the statement that creates the table. Data out: definitions, and statements.

use std::time::Duration;

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::IndexDefinition;
use super::index::IndexDefinitionError;
use crate::run::jobs::TableJob;
use crate::run::refused::is_lock_timeout;
use dbmocker_core::schema::TableName;

/// How long the indexes may wait to be dropped, in seconds: sessions that come after the ALTER TABLE wait behind it.
const PATIENCE: u32 = 5;
/// How long the statement that creates them may wait for others' locks, in seconds, if the session's limit is lower: the
/// rows are there, and without it the load has failed.
const PATIENCE_TO_BUILD: u32 = 600;
/// How often that statement is tried.
const ATTEMPTS: u32 = 5;
const BETWEEN: Duration = Duration::from_secs(1);
/// Memory for the sorts of index builds, if the server's setting is lower (MySQL 8.0.27).
const BUILD_MEMORY: u64 = 128 << 20;

/// Other modes leave out properties of indexes, or quote names otherwise; with `sql_quote_show_create = 0`, most names
/// are not quoted.
const PRINTED: &str = "SET @dbmocker_mode = @@sql_mode, @dbmocker_quote = @@sql_quote_show_create, sql_mode = '', \
    sql_quote_show_create = 1";
const USUAL: &str = "SET sql_mode = @dbmocker_mode, sql_quote_show_create = @dbmocker_quote";

/// The planned indexes of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PlannedIndexes {
    /// Those that can be created again exactly.
    pub dropped: Vec<IndexDefinition>,
    /// The others: name, and why they stay.
    pub kept: Vec<(String, &'static str)>,
}

/// The planned indexes of a table, as the server defines them.
///
/// # Errors
/// A statement fails.
pub(super) fn read(loader: &mut dyn Loader, job: &TableJob) -> Result<PlannedIndexes, LoadError> {
    loader.execute(PRINTED)?;
    let shown = loader.query(&format!("SHOW CREATE TABLE {}", qualified(&job.name)));
    let usual = loader.execute(USUAL);
    let statement = shown?.into_iter().next().and_then(|row| row.into_iter().nth(1)).flatten().unwrap_or_default();
    usual?;
    Ok(of_statement(&statement, &job.deferred_indexes.indexes))
}

/// Drops them, all or none, unless another session uses the table.
///
/// # Errors
/// The server refuses it: a foreign key needs one of them, the account may not alter the table, or the table is locked.
pub(super) fn drop_all(
    loader: &mut dyn Loader,
    table: &TableName,
    indexes: &[IndexDefinition],
) -> Result<(), LoadError> {
    if indexes.is_empty() {
        return Ok(());
    }
    let drops: Vec<String> = indexes.iter().map(|index| format!("DROP INDEX {}", quote(&index.name))).collect();
    // With unchecked foreign keys, the server would drop an index that one of them needs.
    loader.execute(&format!(
        "SET @dbmocker_keys = @@foreign_key_checks, @dbmocker_wait = @@lock_wait_timeout, foreign_key_checks = 1, \
         lock_wait_timeout = {PATIENCE}"
    ))?;
    let dropped = loader.execute(&format!("ALTER TABLE {} {}", qualified(table), drops.join(", ")));
    loader.execute("SET foreign_key_checks = @dbmocker_keys, lock_wait_timeout = @dbmocker_wait")?;
    dropped.map(drop)
}

/// The statements that create indexes in one pass over the table.
///
/// # Errors
/// A definition is not a list of columns.
pub(super) fn create<'a>(
    indexes: impl Iterator<Item = &'a IndexDefinition>,
    table: &TableName,
) -> Result<Vec<String>, IndexDefinitionError> {
    let add = |index: &IndexDefinition| {
        if !is_column_list(&index.definition) {
            return Err(IndexDefinitionError::ColumnList(index.name.clone()));
        }
        let unique = if index.unique { "UNIQUE " } else { "" };
        Ok(format!("ADD {unique}KEY {} {}", quote(&index.name), index.definition))
    };
    let all = indexes.map(add).collect::<Result<Vec<String>, IndexDefinitionError>>()?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![format!("ALTER TABLE {} {}", qualified(table), all.join(", "))])
}

/// Executes the statements that create indexes, with patience and memory; again, if other sessions' locks were in the way,
/// unless the run `stops`.
///
/// # Errors
/// A row violates a key, or another session holds a lock on the table for long.
pub(super) fn build(loader: &mut dyn Loader, statements: &[String], stops: &dyn Fn() -> bool) -> Result<(), LoadError> {
    if statements.is_empty() {
        return Ok(());
    }
    let at_least = |setting: &str, least: u64| format!("{setting} = CAST(GREATEST(@@{setting}, {least}) AS UNSIGNED)");
    let patience = at_least("lock_wait_timeout", PATIENCE_TO_BUILD.into());
    let memory = at_least("innodb_ddl_buffer_size", BUILD_MEMORY);
    loader.execute(&format!("SET @dbmocker_build_wait = @@lock_wait_timeout, {patience} /*!80027 , {memory} */"))?;
    let mut left = ATTEMPTS;
    let built = loop {
        left -= 1;
        match statements.iter().try_for_each(|statement| loader.execute(statement).map(drop)) {
            Err(e) if left > 0 && is_lock_timeout(&e) && !stops() => std::thread::sleep(BETWEEN),
            outcome => break outcome,
        }
    };
    // After a lost connection there is nothing to restore.
    let _ = loader.execute("SET lock_wait_timeout = @dbmocker_build_wait");
    built
}

fn quote(name: &str) -> String {
    ident::quote(Dialect::Mysql, name)
}

fn qualified(table: &TableName) -> String {
    ident::qualified(Dialect::Mysql, &table.schema, &table.name)
}

/// The indexes with these names that have no properties besides their columns are dropped. The server lists unique ones
/// first, and new ones last, so an index before one that stays is not dropped: the order would be another one.
fn of_statement(statement: &str, names: &[String]) -> PlannedIndexes {
    let lines: Vec<IndexDefinition> = statement.lines().filter_map(index_of).collect();
    let once = |index: &IndexDefinition| lines.iter().filter(|other| other.name == index.name).count() == 1;
    let is_planned = |index: &&IndexDefinition| names.contains(&index.name) && once(index);
    let may_be_dropped = |index: &&IndexDefinition| is_planned(index) && is_column_list(&index.definition);
    let last_of = |unique: bool| lines.iter().rev().filter(move |i| i.unique == unique).take_while(may_be_dropped);
    let mut dropped: Vec<IndexDefinition> = last_of(false).chain(last_of(true)).cloned().collect();
    dropped.reverse();
    let why = |name: &str| match lines.iter().filter(|index| index.name == name).collect::<Vec<_>>()[..] {
        [index] if is_column_list(&index.definition) => "an index after it stays, and new ones come last",
        [_] => "not only columns define it",
        _ => "its definition cannot be read",
    };
    let stays = |name: &&String| dropped.iter().all(|index| index.name != **name);
    let kept = names.iter().filter(stays).map(|name| (name.clone(), why(name))).collect();
    PlannedIndexes { dropped, kept }
}

/// The index of a line of the statement; its definition is the rest of the line.
fn index_of(line: &str) -> Option<IndexDefinition> {
    let line = line.trim();
    let line = line.strip_suffix(',').unwrap_or(line);
    let (unique, rest) = match line.strip_prefix("UNIQUE KEY ") {
        Some(rest) => (true, rest),
        None => (false, ["KEY ", "SPATIAL KEY ", "FULLTEXT KEY "].iter().find_map(|kind| line.strip_prefix(kind))?),
    };
    let (name, definition) = name_of(rest)?;
    // Only plain indexes are created again.
    let definition =
        if unique || line.starts_with("KEY ") { definition.trim_start().to_owned() } else { String::new() };
    Some(IndexDefinition { name, unique, definition, tablespace: String::new(), comment: None, constraint: None })
}

/// A quoted name at the beginning of a text, and the text after it.
fn name_of(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('`')?;
    let mut name = String::new();
    loop {
        let (part, after) = rest.split_once('`')?;
        name.push_str(part);
        match after.strip_prefix('`') {
            Some(more) => {
                name.push('`');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

/// Whether a text is a list of columns in parentheses, each with a prefix length or DESC at most.
fn is_column_list(text: &str) -> bool {
    let Some(mut rest) = text.strip_prefix('(') else { return false };
    loop {
        let Some((_, after)) = name_of(rest) else { return false };
        rest = after;
        if let Some(prefix) = rest.strip_prefix('(') {
            let Some((length, after)) = prefix.split_once(')') else { return false };
            if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) {
                return false;
            }
            rest = after;
        }
        rest = rest.strip_prefix(" DESC").unwrap_or(rest);
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return rest == ")",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "CREATE TABLE `t` (
  `id` int NOT NULL COMMENT '\\n  KEY `d` (`id`)',
  `a` varchar(40) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `u``1` (`a`(10) DESC,`id`),
  KEY `first` (`a`),
  KEY `needed` (`id`),
  KEY `c` (`a`,`id`),
  KEY `d` (`a`),
  CONSTRAINT `x` FOREIGN KEY (`id`) REFERENCES `p` (`id`)
) ENGINE=InnoDB";

    fn dropped(statement: &str, names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        of_statement(statement, &names).dropped.into_iter().map(|index| index.name).collect()
    }

    fn kept(statement: &str, names: &[&str]) -> Vec<(String, &'static str)> {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        of_statement(statement, &names).kept
    }

    #[test]
    fn indexes_that_would_change_their_places_stay() {
        assert_eq!(dropped(TABLE, &["u`1", "first", "c", "d"]), ["u`1", "c", "d"]);
        assert_eq!(dropped(TABLE, &["first", "c"]), [""; 0]);
        let why = "an index after it stays, and new ones come last";
        assert_eq!(kept(TABLE, &["u`1", "first", "c", "d"]), [("first".to_owned(), why)]);
    }

    #[test]
    fn indexes_with_other_properties_stay() {
        for more in [" USING BTREE", " COMMENT 'x'", " /*!80000 INVISIBLE */", " KEY_BLOCK_SIZE=4"] {
            let table = TABLE.replace("KEY `d` (`a`),", &format!("KEY `d` (`a`){more},"));
            assert_eq!(dropped(&table, &["c", "d"]), [""; 0], "{more}");
            assert_eq!(kept(&table, &["d"]), [("d".to_owned(), "not only columns define it")], "{more}");
        }
        let table = TABLE.replace("KEY `d` (`a`)", "KEY `d` ((lower(`a`)))");
        assert_eq!(dropped(&table, &["c", "d"]), [""; 0]);
        let table = TABLE.replace("KEY `d` (`a`)", "FULLTEXT KEY `d` (`a`)");
        assert_eq!(dropped(&table, &["c", "d"]), [""; 0]);
    }

    #[test]
    fn statements_are_built_from_names_and_columns() {
        let table = TableName::new("s", "t");
        let found = of_statement(TABLE, &["u`1".into(), "d".into()]).dropped;
        let made = create(found.iter(), &table).unwrap();
        assert_eq!(made, ["ALTER TABLE `s`.`t` ADD UNIQUE KEY `u``1` (`a`(10) DESC,`id`), ADD KEY `d` (`a`)"]);
        for bad in ["(`a`); DROP TABLE x", "(`a`) , ADD y", "(a)", "(`a`", "(`a`(x))", "", "(`a`,)"] {
            let index = IndexDefinition { definition: bad.into(), ..found[0].clone() };
            assert!(create([&index].into_iter(), &table).is_err(), "{bad}");
        }
    }
}
