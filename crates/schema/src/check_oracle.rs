//! What the server says of rows that are in no table: whether they would keep a CHECK. Reads only, but for temporary
//! tables with the rows that a CHECK's functions look for.

use dbmocker_loaders::ident::{literal, quote};
use dbmocker_loaders::{Connection, Dialect as Sql};

use super::error::SchemaError;
use super::session::{Row, Session};
use dbmocker_core::value::Value;
use dbmocker_core::value::literal::server_text;
pub use scene::Scene;

mod scene;

/// Rows judged by one statement, which must not take longer than the session allows: a function may need milliseconds a
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
    /// Tables that the functions of the CHECK read, with rows that will be there.
    pub scenes: &'a [Scene<'a>],
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
    let set = if oracle_query.scenes.is_empty() || oracle_query.rows.is_empty() {
        None
    } else {
        scene::set(&mut session, oracle_query.scenes, oracle_query.expression)?
    };
    let oracle_query = &OracleQuery { expression: set.as_deref().unwrap_or(oracle_query.expression), ..*oracle_query };
    // A function that writes fails here, and one that does not end is given up.
    session.rows("the session", "set default_transaction_read_only = on; set statement_timeout = '10s'")?;
    let types = oracle_query.cells.iter().map(|c| cast_type(&mut session, *c)).collect::<Result<Vec<_>, _>>()?;
    let mut kept = vec![false; oracle_query.rows.len()];
    for start in (0..oracle_query.rows.len()).step_by(AT_ONCE) {
        let range = start..(start + AT_ONCE).min(oracle_query.rows.len());
        match session.rows("the answer to a CHECK", &sql(oracle_query, &types, range)) {
            Ok(rows) => {
                let said = rows.last().and_then(|r| r.opt("kept")).unwrap_or_default();
                said.split(',').filter_map(|n| n.parse::<usize>().ok()).for_each(|n| kept[n] = true);
            }
            Err(SchemaError::Query { code: Some(_), .. } | SchemaError::Privilege { .. }) => break,
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

/// A block that goes through the rows, so that one that fails does not hide the others, and a query for those that keep
/// the CHECK.
fn sql(oracle_query: &OracleQuery<'_>, types: &[String], range: std::ops::Range<usize>) -> String {
    let columns: Vec<String> = (oracle_query.cells.iter().zip(types).enumerate())
        .map(|(i, (cell, ty))| format!("dbmocker_r.c{i}::{ty} as {}", quote(Sql::Postgres, cell.name)))
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
    let block = format!(
        "#variable_conflict use_column
         declare dbmocker_r record; dbmocker_kept text := '';
         begin
           for dbmocker_r in select * from (values {}) v(n, {}) loop
             begin
               if (select ({}) is not false from (select {}) q) then dbmocker_kept := dbmocker_kept || dbmocker_r.n || ','; end if;
             exception when others or assert_failure then null;
             end;
           end loop;
           perform set_config('dbmocker.kept', dbmocker_kept, true);
         end",
        rows.join(", "),
        names.join(", "),
        oracle_query.expression,
        columns.join(", ")
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
        let oracle_query = OracleQuery { expression: "f(a)", cells: &cells, rows: &rows, scenes: &[] };
        let types = ["integer".to_owned(), "text".to_owned()];
        let sql = sql(&oracle_query, &types, 0..2);
        for part in [
            "(values (0, '1', 'x''y'), (1, null::text, null::text)) v(n, c0, c1)",
            "(select (f(a)) is not false from (select dbmocker_r.c0::integer as \"a\", dbmocker_r.c1::text as \"it's \"\"b\"\"\") q)",
            "end$b0$; select",
        ] {
            assert!(sql.contains(part), "{sql}");
        }
    }
}
