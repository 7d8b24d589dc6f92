//! Evaluates CHECKs on the server for rows that are in no table. Only reads, except for temporary tables with the rows
//! that a CHECK's functions read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use dbmocker_loaders::ident::{literal, quote};
use dbmocker_loaders::postgres::StatementMode;
use dbmocker_loaders::{Connection, Dialect as Sql};

mod scene;

use super::error::SchemaError;
use super::session::Session;
use dbmocker_core::schema::{OracleQuery, QueryCell};
use dbmocker_core::value::Value;
use dbmocker_core::value::literal::server_text;
/// Rows evaluated by one query, if none causes an error.
const TOGETHER: usize = 2000;
/// Rows evaluated one by one in one statement, which must not exceed the session's time limit: a function may need
/// milliseconds per row.
const AT_ONCE: usize = 250;
/// Maximum number of functions that are returned.
const NAMES: usize = 100;
/// Maximum depth of functions that call functions.
const DEPTH: usize = 4;

/// Time limit of a statement that calls functions of the schema; after a first timeout the next ones get a shorter
/// limit.
const PATIENCE: Duration = Duration::from_secs(10);
const LEAST_PATIENCE: Duration = Duration::from_secs(1);
/// The limit for many rows in one expression; if it is exceeded they are evaluated one by one.
const TOGETHER_PATIENCE: Duration = Duration::from_secs(2);

/// The session that evaluates CHECKs.
pub struct ServerCheckOracle {
    conn: Connection,
    session: Option<Session>,
    /// Functions called when a statement timed out: they are not called again.
    late: BTreeSet<String>,
    patience: Duration,
    /// The functions' bodies, after they were read.
    functions: Option<Functions>,
    /// Base types of domains, by the domain's name.
    base_types: BTreeMap<String, String>,
    answers: CheckAnswers,
}

/// The answers to queries that read no tables: columns of one domain, and repeated plannings, have the same queries.
#[derive(Clone, Default)]
pub struct CheckAnswers(Rc<RefCell<HashMap<[u64; 2], Vec<bool>>>>);

impl CheckAnswers {
    /// A fingerprint of a query.
    fn key(query: &OracleQuery<'_>) -> [u64; 2] {
        let mut hasher = DefaultHasher::new();
        query.expression.hash(&mut hasher);
        for cell in query.cells {
            (cell.name, cell.type_name, cell.below).hash(&mut hasher);
        }
        for value in query.rows.iter().flatten() {
            (!value.is_null()).then(|| server_text(value)).hash(&mut hasher);
        }
        let first = hasher.finish();
        1u8.hash(&mut hasher);
        [first, hasher.finish()]
    }
}

#[derive(Clone, Default)]
struct Functions {
    /// By name.
    sources: Vec<(String, String)>,
    literals: Vec<String>,
}

impl ServerCheckOracle {
    /// Connects at the first query that is not among `answers`.
    pub fn new(conn: &Connection, answers: &CheckAnswers) -> Self {
        ServerCheckOracle {
            conn: conn.clone(),
            session: None,
            late: BTreeSet::new(),
            patience: PATIENCE,
            functions: None,
            base_types: BTreeMap::new(),
            answers: answers.clone(),
        }
    }

    fn session(&mut self) -> Result<&mut Session, SchemaError> {
        if self.session.is_none() {
            self.session = Some(Session::open(&self.conn)?);
        }
        Ok(self.session.as_mut().expect("it was just opened"))
    }

    /// Whether each row satisfies the CHECK; rows that cause an error do not. `None` for servers whose CHECKs cannot
    /// call functions of the schema.
    ///
    /// # Errors
    /// [`SchemaError`] if a query fails or times out.
    pub fn check_oracle(&mut self, oracle_query: &OracleQuery<'_>) -> Result<Option<Vec<bool>>, SchemaError> {
        if self.conn.dialect != Sql::Postgres {
            return Ok(None);
        }
        if oracle_query.rows.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let key = oracle_query.scenes.is_empty().then(|| CheckAnswers::key(oracle_query));
        if let Some(known) = key.and_then(|key| self.answers.0.borrow().get(&key).cloned()) {
            return Ok(Some(known));
        }
        let verdicts = self.verdicts(oracle_query)?;
        if let Some(key) = key {
            self.answers.0.borrow_mut().insert(key, verdicts.clone());
        }
        Ok(Some(verdicts))
    }

    fn verdicts(&mut self, oracle_query: &OracleQuery<'_>) -> Result<Vec<bool>, SchemaError> {
        let called = called(oracle_query.expression);
        if !self.late.is_disjoint(&called) {
            return Err(late(oracle_query, self.patience.min(PATIENCE)));
        }
        let patience = self.patience;
        let types = oracle_query.cells.iter().map(|c| self.cast_type(*c)).collect::<Result<Vec<_>, _>>()?;
        let session = self.session()?;
        let scene = scene::of(session, oracle_query)?;
        let oracle_query = &match &scene {
            Some(scene) => OracleQuery { expression: &scene.expression, ..*oracle_query },
            None => *oracle_query,
        };
        let scene = scene.as_ref().map(|s| s.statements.as_str());
        let mut kept = vec![false; oracle_query.rows.len()];
        let (mut start, mut one_by_one) = (0, false);
        while start < oracle_query.rows.len() {
            let most = if one_by_one { AT_ONCE } else { TOGETHER };
            let range = start..(start + most).min(oracle_query.rows.len());
            let statement = if one_by_one { block } else { query };
            let limit = if one_by_one { patience } else { patience.min(TOGETHER_PATIENCE) };
            let manner = StatementMode { calls_functions: true, limit: Some(limit), scene, ..StatementMode::default() };
            let sql = statement(oracle_query, &types, range.clone());
            match session.rows_by("the answer to a CHECK", &sql, manner) {
                Ok(rows) => {
                    let said = rows.last().and_then(|r| r.opt("kept")).unwrap_or_default();
                    said.split(',').filter_map(|n| n.parse::<usize>().ok()).for_each(|n| kept[n] = true);
                    start = range.end;
                }
                // A row causes an error, or the function is slow.
                Err(
                    SchemaError::Late { .. } | SchemaError::Query { code: Some(_), .. } | SchemaError::Privilege { .. },
                ) if !one_by_one => one_by_one = true,
                Err(SchemaError::Late { .. }) => {
                    self.late.extend(called);
                    self.patience = LEAST_PATIENCE;
                    return Err(late(oracle_query, patience));
                }
                Err(SchemaError::Query { code: Some(_), .. } | SchemaError::Privilege { .. }) => break,
                Err(e) => return Err(e),
            }
        }
        Ok(kept)
    }

    /// The type to which a value is cast before the evaluation.
    fn cast_type(&mut self, cell: QueryCell<'_>) -> Result<String, SchemaError> {
        if !cell.below {
            return Ok(cell.type_name.to_owned());
        }
        if let Some(known) = self.base_types.get(cell.type_name) {
            return Ok(known.clone());
        }
        let sql = include_str!("postgres/base_type.sql").replace(":domain", &literal(Sql::Postgres, cell.type_name));
        let base = self.session()?.row("the base type of a domain", &sql)?.string("name")?;
        self.base_types.insert(cell.type_name.to_owned(), base.clone());
        Ok(base)
    }

    /// The texts of the functions that `text` calls, and of those that these call.
    ///
    /// # Errors
    /// [`SchemaError`] if a query fails.
    pub fn sources(&mut self, text: &str) -> Result<Vec<String>, SchemaError> {
        if self.conn.dialect != Sql::Postgres {
            return Ok(Vec::new());
        }
        let Functions { mut sources, literals } = self.functions()?.clone();
        let (mut out, mut open) = (Vec::new(), vec![text.to_owned()]);
        for _ in 0..DEPTH {
            let called = |(name, _): &mut (String, String)| open.iter().any(|text| text.contains(name.as_str()));
            let next: Vec<String> = sources.extract_if(.., called).map(|(_, source)| source).collect();
            out.extend(next.iter().cloned());
            open = next;
        }
        let looks_up = |source: &String| ["pg_proc", "information_schema.routines"].iter().any(|c| source.contains(c));
        if out.iter().any(looks_up) {
            // The text may be a function's name.
            out.push(literals.into_iter().take(NAMES).collect::<Vec<_>>().join(", "));
        }
        Ok(out)
    }

    fn functions(&mut self) -> Result<&Functions, SchemaError> {
        if self.functions.is_none() {
            let rows = self.session()?.rows("the functions (pg_proc)", include_str!("postgres/sources.sql"))?;
            let mut found = Functions::default();
            for row in &rows {
                found.literals.push(row.string("literal")?);
                found.sources.push((row.string("name")?, row.string("source")?));
            }
            self.functions = Some(found);
        }
        Ok(self.functions.as_ref().expect("they were just read"))
    }
}

fn late(oracle_query: &OracleQuery<'_>, waited: Duration) -> SchemaError {
    let mut shown: String = oracle_query.expression.chars().take(120).collect();
    if shown.len() < oracle_query.expression.len() {
        shown.push_str(" ...");
    }
    SchemaError::Late { context: format!("the condition `{shown}`"), seconds: waited.as_secs() }
}

/// Whether an expression of PostgreSQL's catalogue calls functions of the schema, directly or through operators.
pub fn calls_functions(expression: &str) -> bool {
    expression.contains("OPERATOR(") || !named(expression).is_empty()
}

/// The functions in an expression that may never end.
fn called(expression: &str) -> BTreeSet<String> {
    let named = named(expression);
    if named.is_empty() { [expression.to_owned()].into() } else { named }
}

/// Functions that an expression of the catalogue names with their schema: those that are not built in.
fn named(expression: &str) -> BTreeSet<String> {
    let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '"' | '.');
    let before_call = |(at, _): (usize, &str)| {
        let start = expression[..at].rfind(|c| !name(c)).map_or(0, |i| i + 1);
        expression.get(start..at).filter(|called| called.contains('.')).map(str::to_owned)
    };
    expression.match_indices('(').filter_map(before_call).collect()
}

/// The numbered rows, and the named casts of their values.
fn rows_of(oracle_query: &OracleQuery<'_>, types: &[String], range: Range<usize>, of: &str) -> (String, String) {
    let columns: Vec<String> = (oracle_query.cells.iter().zip(types).enumerate())
        .map(|(i, (cell, ty))| format!("{of}.c{i}::{ty} as {}", quote(Sql::Postgres, cell.name)))
        .collect();
    let row = |n: usize| {
        let cell = |v: &Value| match v {
            Value::Null => "null::text".to_owned(),
            v => literal(Sql::Postgres, &server_text(v)),
        };
        let cells: Vec<String> = oracle_query.rows[n].iter().map(cell).collect();
        format!("({n}, {})", cells.join(", "))
    };
    let rows: Vec<String> = range.map(row).collect();
    let names: Vec<String> = (0..types.len()).map(|i| format!("c{i}")).collect();
    (format!("(values {}) v(n, {})", rows.join(", "), names.join(", ")), columns.join(", "))
}

/// A query for the rows that satisfy the CHECK; it fails if a row causes an error.
fn query(oracle_query: &OracleQuery<'_>, types: &[String], range: Range<usize>) -> String {
    let (rows, columns) = rows_of(oracle_query, types, range, "v");
    let condition = format!("(select ({}) is not false from (select {columns}) q)", oracle_query.expression);
    format!("select string_agg(v.n::text, ',') as kept from {rows} where {condition}")
}

/// A block that evaluates the rows one by one, so that an error for one does not hide the results of the others, and a
/// query for those that satisfy the CHECK.
fn block(oracle_query: &OracleQuery<'_>, types: &[String], range: Range<usize>) -> String {
    let (rows, columns) = rows_of(oracle_query, types, range, "dbmocker_r");
    let block = format!(
        "#variable_conflict use_column
         declare dbmocker_r record; dbmocker_kept text := '';
         begin
           for dbmocker_r in select * from {rows} loop
             begin
               if (select ({}) is not false from (select {columns}) q) then dbmocker_kept := dbmocker_kept || dbmocker_r.n || ','; end if;
             exception when others or assert_failure then null;
             end;
           end loop;
           perform set_config('dbmocker.kept', dbmocker_kept, true);
         end",
        oracle_query.expression,
    );
    let tag = (0u32..).map(|i| format!("$b{i}$")).find(|tag| !block.contains(tag.as_str())).unwrap_or_default();
    format!("do {tag}{block}{tag}; select current_setting('dbmocker.kept') as kept")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_the_schema_are_those_with_a_dot() {
        let of = |text: &str| called(text).into_iter().collect::<Vec<_>>();
        assert_eq!(of("((public.f(a) > lower(b)) AND app.\"G\"(public.f(1)))"), ["app.\"G\"", "public.f"]);
        assert_eq!(of("(lower(a) = 'x')"), ["(lower(a) = 'x')"]);
    }

    #[test]
    fn only_equal_queries_have_one_answer() {
        let rows = [[vec![Value::text("a")], vec![Value::Null]], [vec![Value::text("NULL")], vec![Value::text("a")]]];
        let key = |expression: &str, type_name: &str, rows: &[Vec<Value>]| {
            let cells = [QueryCell { name: "value", type_name, below: true }];
            CheckAnswers::key(&OracleQuery { expression, cells: &cells, rows, scenes: &[] })
        };
        let of = key("f(VALUE)", "public.code", &rows[0]);
        assert_eq!(of, key("f(VALUE)", "public.code", &rows[0]));
        assert_ne!(of, key("g(VALUE)", "public.code", &rows[0]));
        assert_ne!(of, key("f(VALUE)", "public.name", &rows[0]));
        assert_ne!(of, key("f(VALUE)", "public.code", &rows[1]));
    }

    #[test]
    fn rows_are_cast_and_named_as_the_table_does() {
        let cells = ["a", "it's \"b\""].map(|name| QueryCell { name, type_name: "any", below: false });
        let rows = [vec![Value::Int(1), Value::text("x'y")], vec![Value::Null, Value::Null]];
        let oracle_query = OracleQuery { expression: "f(a)", cells: &cells, rows: &rows, scenes: &[] };
        let types = ["integer".to_owned(), "text".to_owned()];
        let sql = block(&oracle_query, &types, 0..2);
        for part in [
            "(values (0, '1', 'x''y'), (1, null::text, null::text)) v(n, c0, c1)",
            "(select (f(a)) is not false from (select dbmocker_r.c0::integer as \"a\", dbmocker_r.c1::text as \"it's \"\"b\"\"\") q)",
            "end$b0$; select",
        ] {
            assert!(sql.contains(part), "{sql}");
        }
    }
}
