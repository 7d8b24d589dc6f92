//! Indexes of MySQL and MariaDB that are dropped and created again, as SHOW CREATE TABLE prints them. Each ALTER TABLE
//! commits, so they are dropped only while a table is loaded in parts, with their definitions in the ledger.
//!
//! Data in: the statement that creates the table. Data out: definitions, and statements.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::IndexDefinition;
use super::index::IndexDefinitionError;
use crate::run::jobs::TableJob;
use dbmocker_core::schema::TableName;

/// How long the indexes may wait to be dropped, in seconds: sessions that come after the ALTER TABLE wait behind it.
const PATIENCE: u32 = 5;
/// Memory for the sorts of index builds, if the server's setting is lower (MySQL 8.0.27).
const BUILD_MEMORY: u64 = 128 << 20;

/// The indexes of a table with these names that can be created again exactly.
///
/// # Errors
/// The query fails.
pub(super) fn read(loader: &mut dyn Loader, job: &TableJob) -> Result<Vec<IndexDefinition>, LoadError> {
    let rows = loader.query(&format!("SHOW CREATE TABLE {}", qualified(&job.name)))?;
    let statement = rows.into_iter().next().and_then(|row| row.into_iter().nth(1)).flatten().unwrap_or_default();
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
    let memory =
        format!("innodb_ddl_buffer_size = CAST(GREATEST(@@innodb_ddl_buffer_size, {BUILD_MEMORY}) AS UNSIGNED)");
    Ok(vec![
        format!("SET @dbmocker_build = 1 /*!80027 , {memory} */"),
        format!("ALTER TABLE {} {}", qualified(table), all.join(", ")),
    ])
}

fn quote(name: &str) -> String {
    ident::quote(Dialect::Mysql, name)
}

fn qualified(table: &TableName) -> String {
    ident::qualified(Dialect::Mysql, &table.schema, &table.name)
}

/// The indexes with these names that have no properties besides their columns. The server lists unique ones first, and
/// new ones last, so an index before one that stays is not dropped: the order would be another one.
fn of_statement(statement: &str, names: &[String]) -> Vec<IndexDefinition> {
    let lines: Vec<IndexDefinition> = statement.lines().filter_map(index_of).collect();
    let may_be_dropped = |index: &&IndexDefinition| {
        let named = lines.iter().filter(|other| other.name == index.name).count();
        named == 1 && names.contains(&index.name) && is_column_list(&index.definition)
    };
    let last_of = |unique: bool| lines.iter().rev().filter(move |i| i.unique == unique).take_while(may_be_dropped);
    let mut found: Vec<IndexDefinition> = last_of(false).chain(last_of(true)).cloned().collect();
    found.reverse();
    found
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
        of_statement(statement, &names).into_iter().map(|index| index.name).collect()
    }

    #[test]
    fn indexes_that_would_change_their_places_stay() {
        assert_eq!(dropped(TABLE, &["u`1", "first", "c", "d"]), ["u`1", "c", "d"]);
        assert_eq!(dropped(TABLE, &["first", "c"]), [""; 0]);
    }

    #[test]
    fn indexes_with_other_properties_stay() {
        for more in [" USING BTREE", " COMMENT 'x'", " /*!80000 INVISIBLE */", " KEY_BLOCK_SIZE=4"] {
            let table = TABLE.replace("KEY `d` (`a`),", &format!("KEY `d` (`a`){more},"));
            assert_eq!(dropped(&table, &["c", "d"]), [""; 0], "{more}");
        }
        let table = TABLE.replace("KEY `d` (`a`)", "KEY `d` ((lower(`a`)))");
        assert_eq!(dropped(&table, &["c", "d"]), [""; 0]);
        let table = TABLE.replace("KEY `d` (`a`)", "FULLTEXT KEY `d` (`a`)");
        assert_eq!(dropped(&table, &["c", "d"]), [""; 0]);
    }

    #[test]
    fn statements_are_built_from_names_and_columns() {
        let table = TableName::new("s", "t");
        let found = of_statement(TABLE, &["u`1".into(), "d".into()]);
        let made = create(found.iter(), &table).unwrap();
        assert_eq!(made[1], "ALTER TABLE `s`.`t` ADD UNIQUE KEY `u``1` (`a`(10) DESC,`id`), ADD KEY `d` (`a`)");
        for bad in ["(`a`); DROP TABLE x", "(`a`) , ADD y", "(a)", "(`a`", "(`a`(x))", "", "(`a`,)"] {
            let index = IndexDefinition { definition: bad.into(), ..found[0].clone() };
            assert!(create([&index].into_iter(), &table).is_err(), "{bad}");
        }
    }
}
