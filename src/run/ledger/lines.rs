//! A table that the program keeps in the database: lines of data, each of one run, and each sealed where tables have no
//! owner (MySQL). Ledger and journal are such tables.
//!
//! Any account that may create objects in the schema may have created an object of this name. On PostgreSQL it is an
//! ordinary table that the current role owns and no other role may write to; on MySQL every line is sealed; in a SQLite
//! file no text of a line is ever run.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::seal::Seal;
use crate::run::sql_template::filled;

/// Rows of one INSERT, and bytes of their data.
const AT_ONCE: usize = 200;
const AT_ONCE_BYTES: usize = 1 << 20;

#[derive(Debug, Clone)]
pub struct LineTable {
    pub dialect: Dialect,
    pub schema: String,
    name: &'static str,
    /// Quoted and qualified.
    quoted: String,
    /// MySQL: the key that proves later that this account wrote the lines.
    pub seal: Option<Seal>,
}

/// A line that is about to be written.
#[derive(Debug, Clone)]
pub struct NewLine {
    pub what: &'static str,
    pub subject: String,
    pub place: u64,
    pub data: String,
}

/// A line as the table holds it.
#[derive(Debug, Clone)]
pub struct HeldLine {
    pub run: String,
    pub what: String,
    pub subject: String,
    pub place: String,
    pub data: String,
    code: String,
}

impl HeldLine {
    fn of(row: Vec<Option<String>>) -> Option<Self> {
        let row: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
        let [run, what, subject, place, data, code] = <[String; 6]>::try_from(row).ok()?;
        Some(HeldLine { run, what, subject, place, data, code })
    }
}

/// The object of that name, and why it is not a table of this program, if it is not.
pub type ObjectIdentity = (Option<String>, Option<String>);

impl LineTable {
    pub fn new((dialect, schema): (Dialect, &str), name: &'static str, seal: Option<Seal>) -> Self {
        LineTable { dialect, schema: schema.to_owned(), name, quoted: ident::qualified(dialect, schema, name), seal }
    }

    /// `schema.table`, for messages.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// Creates the table, which must not exist.
    ///
    /// # Errors
    /// If it cannot be made, e.g. without the privilege to create one.
    pub fn create(&self, loader: &mut dyn Loader) -> Result<(), LoadError> {
        loader.execute(&create(self.dialect, &self.quoted))?;
        if self.dialect == Dialect::Postgres {
            // Default privileges may have granted access to other roles.
            let table = ident::literal(self.dialect, &self.quoted);
            let others = loader.query(&filled(include_str!("others.sql"), &[("table", &table)]))?;
            for other in others.into_iter().flatten().flatten() {
                loader.execute(&format!("REVOKE ALL ON TABLE {} FROM {other}", self.quoted))?;
            }
        }
        Ok(())
    }

    /// # Errors
    /// If the server refuses.
    pub fn drop_table(&self, loader: &mut dyn Loader) -> Result<(), LoadError> {
        loader.execute(&format!("DROP TABLE {}", self.quoted)).map(drop)
    }

    /// Whether the table holds lines of other runs.
    ///
    /// # Errors
    /// The server refuses a statement.
    pub fn has_others(&self, loader: &mut dyn Loader, run: &str) -> Result<bool, LoadError> {
        let run = ident::literal(self.dialect, run);
        let found = loader.query(&format!("SELECT 1 FROM {} WHERE run <> {run} LIMIT 1", self.quoted))?;
        Ok(!found.is_empty())
    }

    /// Writes lines of a run.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn add(&self, loader: &mut dyn Loader, run: &str, lines: &[NewLine]) -> Result<(), LoadError> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for line in lines {
            if rows.len() == AT_ONCE || (bytes > 0 && bytes + line.data.len() > AT_ONCE_BYTES) {
                self.insert(loader, &rows)?;
                (rows, bytes) = (Vec::new(), 0);
            }
            bytes += line.data.len();
            rows.push(self.row(run, line));
        }
        if rows.is_empty() { Ok(()) } else { self.insert(loader, &rows) }
    }

    fn insert(&self, loader: &mut dyn Loader, rows: &[String]) -> Result<(), LoadError> {
        loader.execute(&self.insertion(rows)).map(drop)
    }

    fn insertion(&self, rows: &[String]) -> String {
        format!("INSERT INTO {} VALUES {}", self.quoted, rows.join(", "))
    }

    /// Writes a line of a run with the next statement.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn add_with_next(&self, loader: &mut dyn Loader, run: &str, line: &NewLine) -> Result<(), LoadError> {
        loader.send_with_next(&self.insertion(&[self.row(run, line)]))
    }

    fn row(&self, run: &str, line: &NewLine) -> String {
        let place = line.place.to_string();
        let fields = [run, line.what, &line.subject, &place, &line.data];
        let code = self.seal.as_ref().map_or_else(String::new, |seal| seal.code(&self.sealed(fields)));
        let [run, what, subject, _, data] = fields.map(|text| ident::literal(self.dialect, text));
        format!("({run}, {what}, {subject}, {place}, {data}, '{code}')")
    }

    /// The fields from which a line's code is computed: also the database, so that the code is not valid in another
    /// one.
    fn sealed<'a>(&'a self, [run, what, subject, place, data]: [&'a str; 5]) -> [&'a str; 6] {
        [&self.schema, run, what, subject, place, data]
    }

    /// Whether a line was written by this account, on servers where the seal shows that.
    pub fn is_sealed(&self, line: &HeldLine) -> bool {
        let HeldLine { run, what, subject, place, data, code } = line;
        self.seal.as_ref().is_some_and(|seal| seal.fits(&self.sealed([run, what, subject, place, data]), code))
    }

    /// The lines for which a condition on the columns holds, by place.
    ///
    /// # Errors
    /// The server cannot be queried.
    pub fn read(&self, loader: &mut dyn Loader, condition: &str) -> Result<Vec<HeldLine>, LoadError> {
        let only = if self.dialect == Dialect::Postgres { "ONLY " } else { "" };
        let sql = format!(
            "SELECT run, what, subject, place, data, seal FROM {only}{} WHERE {condition} ORDER BY place",
            self.quoted
        );
        Ok(loader.query(&sql)?.into_iter().filter_map(HeldLine::of).collect())
    }

    /// # Errors
    /// If the server refuses.
    pub fn delete(&self, loader: &mut dyn Loader, condition: &str) -> Result<(), LoadError> {
        loader.execute(&format!("DELETE FROM {} WHERE {condition}", self.quoted)).map(drop)
    }

    /// A condition for lines of a run, of a kind, about a subject.
    pub fn of(&self, run: &str, kinds: &[&str], about: Option<&str>) -> String {
        let literal = |text: &str| ident::literal(self.dialect, text);
        let kinds: Vec<String> = kinds.iter().map(|kind| literal(kind)).collect();
        let about = about.map_or_else(String::new, |about| format!(" AND subject = {}", literal(about)));
        format!("run = {} AND what IN ({}){about}", literal(run), kinds.join(", "))
    }

    /// The object of that name; `None` if there is none.
    ///
    /// # Errors
    /// The server cannot be queried.
    pub fn identity(&self, loader: &mut dyn Loader) -> Result<Option<ObjectIdentity>, LoadError> {
        let dialect = self.dialect;
        let (place, name) = (ident::literal(dialect, &self.schema), ident::literal(dialect, self.name));
        let create = ident::literal(dialect, &create(dialect, &ident::quote(dialect, self.name)));
        let sql = match dialect {
            Dialect::Postgres => include_str!("postgres.sql"),
            Dialect::Mysql => include_str!("mysql.sql"),
            Dialect::Sqlite => include_str!("sqlite.sql"),
        };
        let sql = filled(sql, &[("schema", &place), ("name", &name), ("create", &create)]);
        let mut rows = loader.query(&sql)?.into_iter();
        Ok(rows.next().map(|mut row| (row[0].take(), row[1].take())))
    }
}

/// The statement that creates the table.
fn create(dialect: Dialect, table: &str) -> String {
    // Lines of a task must be rolled back with it, and must be able to hold any name.
    let (short, long, text, more) = match dialect {
        Dialect::Mysql => (
            "varchar(64)",
            "varchar(500)",
            "longtext",
            " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ),
        _ => ("text", "text", "text", ""),
    };
    format!(
        "CREATE TABLE {table} (run {short}, what {short}, subject {long}, place bigint, data {text}, seal {short}){more}"
    )
}
