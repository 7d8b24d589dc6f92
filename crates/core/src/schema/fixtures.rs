//! Small schemas built by hand, for unit tests of planning and generation.

use super::*;

#[derive(Default)]
pub struct Fixture(Vec<Table>);

impl Fixture {
    pub fn new() -> Self {
        Fixture::default()
    }

    pub fn with(mut self, table: TableFixture) -> Self {
        self.0.push(table.0);
        self
    }

    /// Tables sorted by name, as introspection returns them.
    pub fn schema(mut self) -> Schema {
        self.0.sort_by(|a, b| a.name.cmp(&b.name));
        Schema {
            dialect: Dialect::Postgres,
            server: "none".into(),
            database: "test".into(),
            default_schema: "public".into(),
            tables: self.0,
            functions: Vec::new(),
            skipped: Vec::new(),
            settings: Default::default(),
        }
    }
}

pub struct TableFixture(Table);

pub fn table(name: &str) -> TableFixture {
    TableFixture(Table::new(TableName::new("public", name)))
}

impl TableFixture {
    pub fn column(mut self, name: &str, ty: SqlType, type_name: &str, nullable: bool) -> Self {
        self.0.columns.push(Column { nullable, ..Column::new(name, ty, type_name) });
        self
    }

    /// Sets the comment of the last column.
    pub fn comment(mut self, text: &str) -> Self {
        self.0.columns.last_mut().expect("a column").comment = Some(text.into());
        self
    }

    pub fn int(self, name: &str) -> Self {
        self.column(name, SqlType::Int { bytes: 4, unsigned: false, tinyint1: false }, "integer", false)
    }

    pub fn nullable_int(self, name: &str) -> Self {
        self.column(name, SqlType::Int { bytes: 4, unsigned: false, tinyint1: false }, "integer", true)
    }

    pub fn boolean(self, name: &str) -> Self {
        self.column(name, SqlType::Bool, "boolean", false)
    }

    pub fn text(self, name: &str) -> Self {
        self.varchar(name, 100)
    }

    pub fn varchar(self, name: &str, max: u32) -> Self {
        let ty = SqlType::Text { max_chars: Some(max), max_bytes: None, fixed: false, case_insensitive: false };
        self.column(name, ty, &format!("character varying({max})"), false)
    }

    pub fn key(mut self, primary: bool, columns: &[&str]) -> Self {
        let part = |c: &&str| KeyPart { column: Some(c.to_string()), expression: None, prefix: None, collation: None };
        self.0.keys.push(Key {
            name: format!("{}_{}_key", self.0.name.name, columns.join("_")),
            primary,
            parts: columns.iter().map(part).collect(),
            nulls_distinct: true,
            predicate: None,
            constraint: true,
            deferrable: Deferrable::No,
        });
        self
    }

    pub fn primary(self, columns: &[&str]) -> Self {
        self.key(true, columns)
    }

    pub fn unique(self, columns: &[&str]) -> Self {
        self.key(false, columns)
    }

    pub fn foreign(mut self, columns: &[&str], parent: &str, parent_columns: &[&str]) -> Self {
        self.0.foreign_keys.push(ForeignKey {
            name: format!("{}_{}", self.0.name.name, columns.join("_")),
            columns: columns.iter().map(ToString::to_string).collect(),
            parent: TableName::new("public", parent),
            parent_columns: parent_columns.iter().map(ToString::to_string).collect(),
            match_full: false,
            deferrable: Deferrable::No,
            validated: true,
            actions: String::new(),
        });
        self
    }

    pub fn check(mut self, text: &str) -> Self {
        let name = format!("check_{}", self.0.checks.len() + 1);
        self.0.checks.push(Check { name, text: text.into(), validated: true });
        self
    }
}
