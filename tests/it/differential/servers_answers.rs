//! The values that a server gives to expressions on rows.

use std::collections::BTreeMap;

use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

use super::generator::columns;
use crate::servers::{Database, Kind, database};

/// A server's value, as text.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Null,
    Value(String),
    /// An error of the values.
    Refused(String),
    /// An error of the expression: no such function, no such type.
    NotUnderstood(String),
}

const POSTGRES_SETUP: &str = r"
CREATE TABLE e (id integer PRIMARY KEY, expression text);
CREATE FUNCTION answer(expression text, id integer) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
  EXECUTE format('SELECT (%s)::text FROM t WHERE id = %s', expression, id) INTO found;
  RETURN ARRAY['value', found];
EXCEPTION WHEN OTHERS THEN
  RETURN ARRAY[SQLSTATE, SQLERRM];
END $$;
";

/// MariaDB runs text as a statement in procedures alone.
const MARIADB_SETUP: &str = r"
CREATE TABLE e (id integer PRIMARY KEY, expression text);
CREATE TABLE answers (e integer, id integer, state text, found longtext);
DELIMITER //
CREATE PROCEDURE answer() BEGIN
  DECLARE done, e_id, t_id integer DEFAULT 0;
  DECLARE asked, code, message text;
  DECLARE pairs CURSOR FOR SELECT e.id, t.id, expression FROM e, t;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN
    GET DIAGNOSTICS CONDITION 1 code = MYSQL_ERRNO, message = MESSAGE_TEXT;
    INSERT INTO answers VALUES (e_id, t_id, code, message);
  END;
  SET sql_mode = '';
  OPEN pairs;
  walk: LOOP
    FETCH pairs INTO e_id, t_id, asked;
    IF done THEN LEAVE walk; END IF;
    EXECUTE IMMEDIATE concat('INSERT INTO answers SELECT ', e_id, ', id, ''value'', (', asked, ') FROM t WHERE id = ', t_id);
  END LOOP;
END //
DELIMITER ;
";

/// The answers to each expression, row by row.
pub fn ask(dialect: Dialect, expressions: &[&str], rows: &[BTreeMap<String, Value>]) -> Vec<Vec<Answer>> {
    let kind = match dialect {
        Dialect::Postgres => Kind::Postgres,
        Dialect::Mysql => Kind::MariaDb,
        Dialect::Sqlite => Kind::Sqlite,
    };
    let types: Vec<String> = columns(dialect).iter().map(|(name, ty)| format!("{name} {ty}")).collect();
    let database = database(kind, &format!("CREATE TABLE t (id integer PRIMARY KEY, {})", types.join(", ")));
    let quoted = |text: &str| {
        let text = if kind == Kind::MariaDb { text.replace('\\', "\\\\") } else { text.to_owned() };
        format!("'{}'", text.replace('\'', "''"))
    };
    let cell = |v: &Value| if v.is_null() { "NULL".to_owned() } else { quoted(&v.to_string()) };
    let rows_text = rows.iter().enumerate().map(|(id, row)| {
        let cells: Vec<String> = columns(dialect).iter().map(|(name, _)| cell(&row[*name])).collect();
        format!("({id}, {})", cells.join(", "))
    });
    database.execute(&format!("INSERT INTO t VALUES {}", rows_text.collect::<Vec<_>>().join(", ")));
    if kind == Kind::Sqlite {
        return expressions.iter().map(|e| sqlite(&database, e, rows.len())).collect();
    }
    database.execute(if kind == Kind::Postgres { POSTGRES_SETUP } else { MARIADB_SETUP });
    let texts = expressions.iter().enumerate().map(|(id, e)| format!("({id}, {})", quoted(e)));
    database.execute(&format!("INSERT INTO e VALUES {}", texts.collect::<Vec<_>>().join(", ")));
    let answers = if kind == Kind::Postgres {
        database.rows(
            "SELECT e.id, t.id, x.found[1], x.found[2] FROM e, t, LATERAL (SELECT answer(expression, t.id)) AS x(found) ORDER BY 1, 2",
        )
    } else {
        database.execute("CALL answer()");
        database.rows("SELECT e, id, state, found FROM answers ORDER BY e, id")
    };
    assert_eq!(answers.len(), expressions.len() * rows.len());
    let answers: Vec<Answer> = answers.into_iter().map(|row| answer(row, kind)).collect();
    answers.chunks(rows.len()).map(<[Answer]>::to_vec).collect()
}

fn answer(row: Vec<Option<String>>, kind: Kind) -> Answer {
    let [_, _, state, found] = row.try_into().unwrap();
    let state = state.unwrap();
    match (state.as_str(), found) {
        ("value", None) => Answer::Null,
        ("value", Some(text)) => Answer::Value(text),
        (code, message) => {
            let text = format!("{code} {}", message.unwrap_or_default());
            // Syntax, no such column, function or number of arguments.
            let expression = match kind {
                Kind::Postgres => code.starts_with("42"),
                _ => ["1064", "1054", "1305", "1582", "1210"].contains(&code),
            };
            if expression { Answer::NotUnderstood(text) } else { Answer::Refused(text) }
        }
    }
}

fn sqlite(database: &Database, expression: &str, rows: usize) -> Vec<Answer> {
    let connection = rusqlite::Connection::open(&database.name).unwrap();
    let mut statement = match connection.prepare(&format!("SELECT {expression} FROM t WHERE id = ?")) {
        Ok(statement) => statement,
        Err(e) => return vec![Answer::NotUnderstood(e.to_string()); rows],
    };
    let mut one = |id: i64| {
        use rusqlite::types::ValueRef;
        statement.query_row([id], |row| {
            Ok(match row.get_ref(0)? {
                ValueRef::Null => Answer::Null,
                ValueRef::Integer(n) => Answer::Value(n.to_string()),
                ValueRef::Real(x) => Answer::Value(format!("{x:?}")),
                ValueRef::Text(t) | ValueRef::Blob(t) => Answer::Value(String::from_utf8_lossy(t).into_owned()),
            })
        })
    };
    (0..rows as i64).map(|id| one(id).unwrap_or_else(|e| Answer::Refused(e.to_string()))).collect()
}
