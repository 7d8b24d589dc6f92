//! An index or key that is dropped and created again: its definition as data, and the statements built
//! from it.

use dbmocker_loaders::{Dialect, ident};
use serde::{Deserialize, Serialize};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::mysql_index;
use dbmocker_core::schema::TableName;

/// Why an index cannot be created from its definition, with the index's name.
#[derive(Debug, thiserror::Error)]
pub enum IndexDefinitionError {
    /// It is not the rest of one CREATE INDEX.
    #[error("the definition of the index `{0}` is no single statement")]
    Statement(String),
    /// MySQL and MariaDB.
    #[error("the definition of the index `{0}` is no list of columns")]
    ColumnList(String),
}

/// The definition of an index, without its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexDefinition {
    pub name: String,
    pub unique: bool,
    /// From `USING` on, as the server prints it: method, keys, parameters, predicate. MySQL: the columns.
    pub definition: String,
    /// Empty: the database's default tablespace.
    pub tablespace: String,
    pub comment: Option<String>,
    pub constraint: Option<Constraint>,
}

/// The constraint to which the index belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    pub name: String,
    pub primary: bool,
    pub deferrable: bool,
    pub deferred: bool,
    pub comment: Option<String>,
}

fn quote(name: &str) -> String {
    ident::quote(Dialect::Postgres, name)
}

fn literal(text: &str) -> String {
    ident::literal(Dialect::Postgres, text)
}

impl IndexDefinition {
    /// PostgreSQL: the statement that drops it.
    pub fn drop(&self, table: &TableName) -> String {
        match &self.constraint {
            Some(c) => format!("ALTER TABLE {} DROP CONSTRAINT {}", qualified(table), quote(&c.name)),
            None => format!("DROP INDEX {}", self.qualified(table)),
        }
    }

    /// The statements that create indexes again; inside a transaction, but MySQL's commit. MySQL creates all of them in
    /// one pass over the table.
    ///
    /// # Errors
    /// A definition is not the rest of one CREATE INDEX.
    pub fn create_all<'a>(
        all: impl IntoIterator<Item = &'a IndexDefinition>,
        dialect: Dialect,
        table: &TableName,
    ) -> Result<Vec<String>, IndexDefinitionError> {
        if dialect == Dialect::Mysql {
            return mysql_index::create(all.into_iter(), table);
        }
        let each = all.into_iter().map(|index| index.create(table)).collect::<Result<Vec<_>, _>>()?;
        Ok(each.into_iter().flatten().collect())
    }

    /// PostgreSQL: the statements that create it again; inside a transaction.
    ///
    /// # Errors
    /// The definition is not the rest of one CREATE INDEX.
    pub fn create(&self, table: &TableName) -> Result<Vec<String>, IndexDefinitionError> {
        if !is_rest_of_one(&self.definition) {
            return Err(IndexDefinitionError::Statement(self.name.clone()));
        }
        let own = qualified(table);
        let unique = if self.unique { "UNIQUE " } else { "" };
        let mut all = vec![
            format!("SET LOCAL default_tablespace = {}", literal(&self.tablespace)),
            format!("CREATE {unique}INDEX {} ON {own} {}", quote(&self.name), self.definition),
        ];
        if let Some(c) = &self.constraint {
            let kind = if c.primary { "PRIMARY KEY" } else { "UNIQUE" };
            let deferrable = if c.deferrable { " DEFERRABLE" } else { "" };
            let deferred = if c.deferred { " INITIALLY DEFERRED" } else { "" };
            let (name, index) = (quote(&c.name), quote(&self.name));
            all.push(format!(
                "ALTER TABLE {own} ADD CONSTRAINT {name} {kind} USING INDEX {index}{deferrable}{deferred}"
            ));
        }
        if let Some(comment) = &self.comment {
            all.push(format!("COMMENT ON INDEX {} IS {}", self.qualified(table), literal(comment)));
        }
        if let Some((name, comment)) = self.constraint.as_ref().and_then(|c| Some((&c.name, c.comment.as_ref()?))) {
            all.push(format!("COMMENT ON CONSTRAINT {} ON {own} IS {}", quote(name), literal(comment)));
        }
        Ok(all)
    }

    fn qualified(&self, table: &TableName) -> String {
        ident::qualified(Dialect::Postgres, &table.schema, &self.name)
    }
}

fn qualified(table: &TableName) -> String {
    ident::qualified(Dialect::Postgres, &table.schema, &table.name)
}

/// Whether the text can only be the end of one statement: it begins with the access method, and contains no semicolon
/// outside of string literals and quoted names.
fn is_rest_of_one(definition: &str) -> bool {
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, definition).tokenize() else { return false };
    let begins = matches!(tokens.first(), Some(Token::Word(w)) if w.quote_style.is_none() && w.value == "USING");
    let plain = |t: &Token| {
        !matches!(
            t,
            Token::SemiColon
                | Token::DollarQuotedString(_)
                | Token::Whitespace(
                    sqlparser::tokenizer::Whitespace::SingleLineComment { .. }
                        | sqlparser::tokenizer::Whitespace::MultiLineComment(_)
                )
        )
    };
    begins && tokens.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(definition: &str) -> IndexDefinition {
        IndexDefinition {
            name: "a \"b".into(),
            unique: true,
            definition: definition.into(),
            tablespace: String::new(),
            comment: Some("it's".into()),
            constraint: Some(Constraint {
                name: "k".into(),
                primary: false,
                deferrable: true,
                deferred: false,
                comment: None,
            }),
        }
    }

    #[test]
    fn statements_are_built_from_names_and_facts() {
        let table = TableName::new("s", "t");
        let index = index("USING btree (split_part(x, ';'::text, 1) COLLATE \"C\") WHERE (a = E'\\'')");
        assert_eq!(
            index.create(&table).unwrap(),
            [
                "SET LOCAL default_tablespace = ''",
                "CREATE UNIQUE INDEX \"a \"\"b\" ON \"s\".\"t\" USING btree (split_part(x, ';'::text, 1) COLLATE \"C\") WHERE (a = E'\\'')",
                "ALTER TABLE \"s\".\"t\" ADD CONSTRAINT \"k\" UNIQUE USING INDEX \"a \"\"b\" DEFERRABLE",
                "COMMENT ON INDEX \"s\".\"a \"\"b\" IS 'it''s'",
            ]
        );
        assert_eq!(index.drop(&table), "ALTER TABLE \"s\".\"t\" DROP CONSTRAINT \"k\"");
    }

    #[test]
    fn mysql_creates_all_indexes_of_a_table_by_one_statement() {
        let named = |name: &str| IndexDefinition { name: name.into(), definition: "(`x`)".into(), ..index("") };
        let all = [named("a"), named("b")];
        let statements = IndexDefinition::create_all(&all, Dialect::Mysql, &TableName::new("s", "t")).unwrap();
        let alters: Vec<_> = statements.iter().filter(|s| s.starts_with("ALTER TABLE")).collect();
        assert_eq!(alters, ["ALTER TABLE `s`.`t` ADD UNIQUE KEY `a` (`x`), ADD UNIQUE KEY `b` (`x`)"]);
    }

    #[test]
    fn a_definition_is_one_statement() {
        let table = TableName::new("s", "t");
        for bad in [
            "USING btree (x); ALTER ROLE mallory SUPERUSER",
            "ON other USING btree (x)",
            "USING btree (x) -- '",
            "USING btree ($$;$$)",
            "",
            "USING btree ('",
        ] {
            assert!(index(bad).create(&table).is_err(), "{bad}");
        }
    }
}
