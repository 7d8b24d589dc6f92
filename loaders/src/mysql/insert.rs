//! Multi-row `INSERT`: used where `LOAD DATA LOCAL` is disabled, and for small tables, because it takes one request where
//! `LOAD DATA` takes two.
//!
//! Data in: record batches. Data out: statements of up to about 1 MiB, one at a time.

use arrow::datatypes::SchemaRef;
use mysql_async::prelude::Queryable as _;

use super::encode::{self, Literals};
use super::session::{MysqlSession, ServerSettings};
use super::{BatchIter, Counts, errors, warnings};
use crate::ident::{qualified, quote};
use crate::{Dialect, LoadError, Target, array_cells};

/// Bytes of one statement, if the server's packet limit allows as many.
const STATEMENT: usize = 1 << 20;

/// At most `most` rows go into one statement. Every key is checked row by row here: in MariaDB's bulk mode, a duplicate is
/// found at the commit only, without its value, and several statements gain nothing from that mode.
pub fn load(
    session: &mut MysqlSession,
    target: &Target,
    schema: &SchemaRef,
    batches: BatchIter<'_>,
    most: Option<usize>,
) -> Result<Counts, LoadError> {
    session.execute("checking keys row by row", CHECKED)?;
    let done = send(session, target, schema, batches, most);
    let usual = unchecked(&session.facts);
    let reset = session.execute("resetting unique_checks", &usual);
    done.and_then(|counts| reset.map(|_| counts))
}

/// Checks every key row by row.
pub const CHECKED: &str = "SET unique_checks = 1";

/// The session's own way again.
pub fn unchecked(facts: &ServerSettings) -> String {
    format!("SET unique_checks = {}", u8::from(facts.unique_checks))
}

/// Sends the rows, while keys are [`CHECKED`].
pub fn send(
    session: &mut MysqlSession,
    target: &Target,
    schema: &SchemaRef,
    batches: BatchIter<'_>,
    most: Option<usize>,
) -> Result<Counts, LoadError> {
    let travels = encode::travels(target, schema, session.facts.mariadb);
    let literals = Literals::new(travels, session.facts.plain_backslash);
    let head = head(target);
    let limit = STATEMENT.min(session.facts.max_allowed_packet / 4 * 3);
    let mut sql = head.clone();
    let mut counts = Counts::default();
    let mut rows = 0;
    for batch in batches {
        let batch = batch?;
        let columns = array_cells::of_batch(target, &batch)?;
        for row in 0..batch.num_rows() {
            let end = sql.len();
            if end > head.len() {
                sql.push(b',');
            }
            literals.row(&mut sql, &columns, row);
            if (sql.len() > limit || most.is_some_and(|m| rows >= m)) && end > head.len() {
                let last = sql.split_off(end);
                run(session, target, &sql, &mut counts)?;
                sql.truncate(head.len());
                sql.extend_from_slice(&last[1..]);
                rows = 0;
            }
            rows += 1;
        }
        counts.sent += batch.num_rows() as u64;
    }
    if sql.len() > head.len() {
        run(session, target, &sql, &mut counts)?;
    }
    Ok(counts)
}

fn head(target: &Target) -> Vec<u8> {
    let names: Vec<String> = target.columns.iter().map(|c| quote(Dialect::Mysql, &c.name)).collect();
    format!("INSERT INTO {} ({}) VALUES ", qualified(Dialect::Mysql, &target.schema, &target.table), names.join(","))
        .into_bytes()
}

fn run(session: &mut MysqlSession, target: &Target, sql: &[u8], counts: &mut Counts) -> Result<(), LoadError> {
    if session.is_cancelled() {
        return Err(LoadError::Cancelled);
    }
    // The server would close the connection.
    let most = session.facts.max_allowed_packet;
    if sql.len() >= most {
        let message = format!(
            "a row takes {} bytes as a statement, and max_allowed_packet allows {most}; raise it, or enable local_infile",
            sql.len()
        );
        return Err(LoadError::Table { table: array_cells::label(target), message, code: Some("HY000".into()) });
    }
    let answer = session.running(|runtime, conn| {
        runtime.block_on(conn.query_drop(sql))?;
        Ok(conn.affected_rows())
    });
    let stopped = session.is_cancelled();
    counts.stored +=
        answer.map_err(|e| errors::table(&session.connection, &array_cells::label(target), &e, stopped))?;
    counts.bytes += sql.len() as u64;
    warnings::read(session, target).map(|notes| counts.notes.extend(notes))
}
