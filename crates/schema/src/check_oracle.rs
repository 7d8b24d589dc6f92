//! What the server says of rows that are in no table: whether they would keep a CHECK. Reads only.

use std::ops::Range;

use dbmocker_loaders::ident::{literal, quote};
use dbmocker_loaders::{Connection, Dialect as Sql};

use super::error::SchemaError;
use super::session::{Row, Session};
use dbmocker_core::value::Value;
use dbmocker_core::value::literal::server_text;

/// Rows judged by one query, as long as none makes it fail.
const TOGETHER: usize = 2000;
/// Rows judged one by one by one statement, which must not take longer than the session allows: a function may need milliseconds a
/// row.
const AT_ONCE: usize = 250;
/// Names of functions that are given.
const NAMES: usize = 100;
/// Functions that call functions, so deep.
const DEPTH: usize = 4;

/// A CHECK and rows to be judged by it.
#[derive(Debug, Clone, Copy)]
pub struct OracleQuery<'a> {
    /// In the server's own words.
    pub expression: &'a str,
    pub cells: &'a [QueryCell<'a>],
    /// One value a cell.
    pub rows: &'a [Vec<Value>],
}

/// A column of the rows that are judged.
#[derive(Debug, Clone, Copy)]
pub struct QueryCell<'a> {
    /// As the CHECK calls it.
    pub name: &'a str,
    /// As the server spells it.
    pub type_name: &'a str,
    /// The type is a domain, and what counts is the type below it: the CHECK is its own.
    pub below: bool,
}

/// Whether each row keeps the CHECK; rows that make it fail do not. `None` for servers whose CHECKs call no functions
/// of the schema.
///
/// # Errors
/// [`SchemaError`] if the server cannot be asked.
pub fn check_oracle(conn: &Connection, oracle_query: &OracleQuery<'_>) -> Result<Option<Vec<bool>>, SchemaError> {
    if conn.dialect != Sql::Postgres {
        return Ok(None);
    }
    let mut session = Session::open(conn)?;
    // A function that writes fails here, and one that does not end is given up.
    session.rows("the session", "set default_transaction_read_only = on; set statement_timeout = '2s'")?;
    let types = oracle_query.cells.iter().map(|c| cast_type(&mut session, *c)).collect::<Result<Vec<_>, _>>()?;
    let mut kept = vec![false; oracle_query.rows.len()];
    let (mut start, mut one_by_one) = (0, false);
    while start < oracle_query.rows.len() {
        let most = if one_by_one { AT_ONCE } else { TOGETHER };
        let range = start..(start + most).min(oracle_query.rows.len());
        let statement = if one_by_one { block } else { query };
        match session.rows("the answer to a CHECK", &statement(oracle_query, &types, range.clone())) {
            Ok(rows) => {
                let said = rows.last().and_then(|r| r.opt("kept")).unwrap_or_default();
                said.split(',').filter_map(|n| n.parse::<usize>().ok()).for_each(|n| kept[n] = true);
                start = range.end;
            }
            Err(SchemaError::Query { code: Some(_), .. } | SchemaError::Privilege { .. }) if one_by_one => break,
            // A row fails, or the function is slow.
            Err(SchemaError::Query { code: Some(_), .. } | SchemaError::Privilege { .. }) => {
                session.rows("the session", "set statement_timeout = '10s'")?;
                one_by_one = true;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(Some(kept))
}

/// What a value is cast to before it is judged.
fn cast_type(session: &mut Session, cell: QueryCell<'_>) -> Result<String, SchemaError> {
    if !cell.below {
        return Ok(cell.type_name.to_owned());
    }
    let sql = format!(
        "with recursive down(oid, typmod) as (
           select {}::regtype::oid, -1
           union all select t.typbasetype, t.typtypmod from down d join pg_type t on t.oid = d.oid where t.typtype = 'd')
         select format_type(d.oid, d.typmod) as name from down d join pg_type t on t.oid = d.oid where t.typtype <> 'd'",
        literal(Sql::Postgres, cell.type_name)
    );
    session.row("the base type of a domain", &sql)?.string("name")
}

/// The numbered rows, and what each of their values is cast to under its name.
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

/// A query for the rows that keep the CHECK; it fails if a row makes the CHECK fail.
fn query(oracle_query: &OracleQuery<'_>, types: &[String], range: Range<usize>) -> String {
    let (rows, columns) = rows_of(oracle_query, types, range, "v");
    let condition = format!("(select ({}) is not false from (select {columns}) q)", oracle_query.expression);
    format!("select string_agg(v.n::text, ',') as kept from {rows} where {condition}")
}

/// A block that goes through the rows, so that one that fails does not hide the others, and a query for those that keep
/// the CHECK.
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

/// The texts of the functions that `text` calls, and of those that these call.
///
/// # Errors
/// [`SchemaError`] if the server cannot be asked.
pub fn sources(conn: &Connection, text: &str) -> Result<Vec<String>, SchemaError> {
    if conn.dialect != Sql::Postgres {
        return Ok(Vec::new());
    }
    let rows = Session::open(conn)?.rows("the functions (pg_proc)", include_str!("postgres/sources.sql"))?;
    let literals = rows.iter().map(|r: &Row| r.string("literal")).collect::<Result<Vec<_>, SchemaError>>()?;
    let all = rows.iter().map(|r: &Row| Ok((r.string("name")?, r.string("source")?)));
    let mut all = all.collect::<Result<Vec<_>, SchemaError>>()?;
    let (mut out, mut open) = (Vec::new(), vec![text.to_owned()]);
    for _ in 0..DEPTH {
        let called = |(name, _): &mut (String, String)| open.iter().any(|text| text.contains(name.as_str()));
        let next: Vec<String> = all.extract_if(.., called).map(|(_, source)| source).collect();
        out.extend(next.iter().cloned());
        open = next;
    }
    let looks_up = |source: &String| ["pg_proc", "information_schema.routines"].iter().any(|c| source.contains(c));
    if out.iter().any(looks_up) {
        // It may want a function's name.
        out.push(literals.into_iter().take(NAMES).collect::<Vec<_>>().join(", "));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cast_and_named_as_the_table_does() {
        let cells = ["a", "it's \"b\""].map(|name| QueryCell { name, type_name: "any", below: false });
        let rows = [vec![Value::Int(1), Value::text("x'y")], vec![Value::Null, Value::Null]];
        let oracle_query = OracleQuery { expression: "f(a)", cells: &cells, rows: &rows };
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
