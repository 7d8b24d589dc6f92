//! PostgreSQL: record batches in, `COPY ... FROM STDIN` out, in its binary format wherever every column has an encoder.

use std::collections::VecDeque;
use std::time::Instant;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use tokio_postgres::Statement;

use crate::ident::{qualified, quote};
use crate::staged::{self, PayloadBatches};
use crate::{Connection, Dialect, LoadError, Loaded, Loader, Payload, Target};

mod binary;
mod columns;
mod connect;
mod failure;
mod numeric;
pub mod path;
mod prepared;
mod reader;
mod session;
mod text;
mod watch;

pub use columns::{ColumnType, CopyFormat, copy_format};
pub use reader::{NoSession, ReadError, SessionReader, StatementMode, TakeRow, databases};

use columns::{Resolved, WireForm, resolve};
use prepared::PreparedCopy;
use session::{CopyIn, PostgresSession, StatementFailure};

/// Bytes after which a buffer is sent to the server.
const CHUNK: usize = 1 << 20;

/// Opens a session and makes its settings.
///
/// # Errors
/// [`LoadError::Connect`] with a remedy.
pub fn connect(to: &Connection) -> Result<Box<dyn Loader>, LoadError> {
    let session = connect::open(to)?;
    // Cancelling a statement needs the address, not the password.
    let to = Connection { password: None, ..to.clone() };
    Ok(Box::new(PostgresLoader { session, to, prepared: VecDeque::new() }))
}

/// A session with the server's settings, for the statements of a script.
pub(crate) struct PlainSession(pub PostgresSession);

/// Opens one.
///
/// # Errors
/// [`LoadError::Connect`] with a remedy.
pub(crate) fn plain_session(to: &Connection) -> Result<PlainSession, LoadError> {
    connect::plain(to).map(PlainSession)
}

struct PostgresLoader {
    session: PostgresSession,
    to: Connection,
    /// The loads that come next.
    prepared: VecDeque<PreparedCopy>,
}

impl Loader for PostgresLoader {
    fn execute(&mut self, sql: &str) -> Result<u64, LoadError> {
        self.prepared.clear();
        self.session.execute(sql).map_err(|e| failure::statement(failure::excerpt(sql), &e))
    }

    fn send_with_next(&mut self, sql: &str) -> Result<(), LoadError> {
        self.session.send_with_next(sql);
        Ok(())
    }

    fn prepare_loads(&mut self, loads: &[(Target, SchemaRef)]) -> Result<(), LoadError> {
        self.prepared = prepared::prepare(&mut self.session, loads)?;
        Ok(())
    }

    fn calling_functions(&mut self) -> &mut dyn Loader {
        self.session.calling_functions();
        self
    }

    fn default_schema(&self) -> Option<String> {
        self.session.path().default_schema.clone()
    }

    fn query(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, LoadError> {
        self.prepared.clear();
        self.session.query(sql).map_err(|e| failure::statement(failure::excerpt(sql), &e))
    }

    fn load(&mut self, target: &Target, payload: Payload<'_>) -> Result<Loaded, LoadError> {
        let begun = Instant::now();
        let mut source = staged::open(payload)?;
        let label = label(target);
        if let Some(loaded) = prepared::load(&mut self.session, &mut self.prepared, target, &mut source) {
            return loaded.map(|loaded| Loaded { elapsed: begun.elapsed(), ..loaded });
        }
        let own_transaction = !self.session.in_transaction();
        if own_transaction {
            self.session.execute("BEGIN").map_err(|e| failure::table(&label, &e))?;
        }
        let outcome = CopyTask { session: &mut self.session, target, label: &label }.run(&mut source);
        if own_transaction {
            let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
            let ended = self.session.calling_functions().execute(end).map_err(|e| failure::table(&label, &e));
            // The first error is reported.
            return outcome.and_then(|loaded| ended.map(|_| Loaded { elapsed: begun.elapsed(), ..loaded }));
        }
        outcome.map(|loaded| Loaded { elapsed: begun.elapsed(), ..loaded })
    }

    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        let (to, token, gate) = (self.to.clone(), self.session.client().cancel_token(), self.session.gate());
        Box::new(move || gate.cancel(|| connect::cancel(&to, token.clone())))
    }

    fn finish(mut self: Box<Self>) -> Result<(), LoadError> {
        self.session.close();
        Ok(())
    }
}

fn label(target: &Target) -> String {
    format!("{}.{}", target.schema, target.table)
}

/// Rows for one table, within a transaction.
struct CopyTask<'a> {
    session: &'a mut PostgresSession,
    target: &'a Target,
    label: &'a str,
}

impl CopyTask<'_> {
    fn run(&mut self, source: &mut PayloadBatches<'_>) -> Result<Loaded, LoadError> {
        let (fields, wanted) = (source.schema.fields().len(), self.target.columns.len());
        if fields != wanted {
            let message = format!("{fields} columns were given for {wanted} of the table; export it again");
            return Err(LoadError::Table { table: self.label.to_owned(), message, code: None });
        }
        let loaded = if wanted == 0 { self.insert_defaults(source)? } else { self.copy(source)? };
        if loaded.sent != loaded.stored {
            return Err(LoadError::Short { table: self.label.to_owned(), sent: loaded.sent, stored: loaded.stored });
        }
        Ok(loaded)
    }

    fn copy(&mut self, source: &mut PayloadBatches<'_>) -> Result<Loaded, LoadError> {
        let Some(Resolved { forms, policies }) = resolve(self.session, &[self.target], self.label)?.pop() else {
            return Ok(Loaded::default());
        };
        if policies {
            return self.insert_copied(source);
        }
        let copy = CopyParameters::new(self.target, &forms, &source.schema, self.label)?;
        let prepared = self.session.prepare_all(&[copy.statement()]).map_err(|e| failure::table(self.label, &e))?;
        let [statement] = &prepared[..] else { return Ok(Loaded::default()) };
        copy.run(self.session, (statement, None), source)
    }

    /// Copies into a temporary table, then inserts from there: policies are checked for an INSERT, and COPY is refused.
    fn insert_copied(&mut self, source: &mut PayloadBatches<'_>) -> Result<Loaded, LoadError> {
        const ROWS: &str = "pg_temp.dbmocker_rows";
        let (table, label) = (self.table(), self.label);
        let names: Vec<String> = self.target.columns.iter().map(|c| quote(Dialect::Postgres, &c.name)).collect();
        let names = names.join(", ");
        self.execute(&format!("CREATE TABLE {ROWS} AS SELECT {names} FROM {table} WITH NO DATA"))?;
        let target = self.target.clone();
        let aside = Target { schema: "pg_temp".into(), table: "dbmocker_rows".into(), freeze: false, ..target };
        let loaded = CopyTask { session: self.session, target: &aside, label }.copy(source)?;
        let insert = format!("INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {ROWS}");
        self.session.calling_functions();
        let stored = self.execute(&insert)?;
        self.execute(&format!("DROP TABLE {ROWS}"))?;
        let notes =
            vec![format!("`{label}`: rows are inserted from a temporary table: row-level security refuses COPY")];
        Ok(Loaded { stored, notes, ..loaded })
    }

    /// Rows that consist of defaults only: COPY has no syntax for an empty column list.
    fn insert_defaults(&mut self, source: &mut PayloadBatches<'_>) -> Result<Loaded, LoadError> {
        let sent = source.batches.by_ref().map(|batch| Ok(batch?.num_rows() as u64)).sum::<Result<u64, LoadError>>()?;
        let table = self.table();
        let sql = format!("INSERT INTO {table} SELECT FROM pg_catalog.generate_series(1, {sent})");
        self.session.calling_functions();
        let stored = self.execute(&sql)?;
        Ok(Loaded { sent, stored, ..Loaded::default() })
    }

    fn table(&self) -> String {
        qualified(Dialect::Postgres, &self.target.schema, &self.target.table)
    }

    fn execute(&mut self, sql: &str) -> Result<u64, LoadError> {
        self.session.execute(sql).map_err(|e| failure::table(self.label, &e))
    }
}

/// The parameters of one COPY, decided before its first byte.
struct CopyParameters<'a> {
    target: &'a Target,
    label: &'a str,
    forms: &'a [Option<WireForm>],
    binary: bool,
    notes: Vec<String>,
}

impl<'a> CopyParameters<'a> {
    fn new(
        target: &'a Target,
        forms: &'a [Option<WireForm>],
        schema: &Schema,
        label: &'a str,
    ) -> Result<Self, LoadError> {
        let known = target.columns.iter().zip(forms).map(|(c, form)| (c.name.as_str(), c.sql_type.as_str(), *form));
        let format = columns::choose(known, schema);
        let notes = if format.binary { Vec::new() } else { vec![format.reason] };
        let load = CopyParameters { target, label, forms, binary: format.binary, notes };
        load.encoders(&RecordBatch::new_empty(schema.clone().into()))?;
        Ok(load)
    }

    fn statement(&self) -> String {
        let table = qualified(Dialect::Postgres, &self.target.schema, &self.target.table);
        let names: Vec<String> = self.target.columns.iter().map(|c| quote(Dialect::Postgres, &c.name)).collect();
        let format = if self.binary { "binary" } else { "text" };
        let freeze = if self.target.freeze { ", FREEZE" } else { "" };
        format!("COPY {table} ({}) FROM STDIN (FORMAT {format}{freeze})", names.join(", "))
    }

    /// One encoder per column, for the arrays of this batch.
    fn encoders<'b>(&self, batch: &'b RecordBatch) -> Result<Vec<binary::PutField<'b>>, LoadError> {
        if batch.num_columns() != self.forms.len() {
            return Err(self.error(format!("a batch of {} columns for {}", batch.num_columns(), self.forms.len())));
        }
        let columns = self.target.columns.iter().zip(self.forms).zip(batch.columns());
        let encoder =
            |((column, form), array): ((&crate::TargetColumn, &Option<WireForm>), &'b arrow::array::ArrayRef)| {
                let put = match form {
                    Some(form) if self.binary => binary::encoder(*form, array),
                    form => text::encoder(*form, array),
                };
                put.ok_or_else(|| LoadError::NoEncoding {
                    table: self.label.to_owned(),
                    column: column.name.clone(),
                    arrow: array.data_type().to_string(),
                    sql_type: column.sql_type.clone(),
                })
            };
        columns.map(encoder).collect()
    }

    fn error(&self, message: String) -> LoadError {
        LoadError::Table { table: self.label.to_owned(), message, code: None }
    }

    /// Sends the rows; the request that ends the COPY begins the `next` one.
    fn run(
        self,
        session: &mut PostgresSession,
        (statement, next): (&Statement, Option<&Statement>),
        source: &mut PayloadBatches<'_>,
    ) -> Result<Loaded, LoadError> {
        let fail = |e| failure::table(self.label, &e);
        let copy = session.copy_in(statement).map_err(fail)?;
        let mut stream = CopyStream { buffer: copy.buffer(), copy, sent: 0, bytes: 0, refused: false };
        if self.binary {
            stream.buffer.extend_from_slice(binary::HEADER);
        }
        for batch in source.batches.by_ref() {
            self.encode(&batch?, &mut stream)?;
            if stream.refused {
                break;
            }
        }
        if self.binary {
            stream.buffer.extend_from_slice(&binary::TRAILER);
        }
        let CopyStream { copy, buffer, sent, mut bytes, refused } = stream;
        let last = if refused { Vec::new() } else { buffer };
        bytes += last.len() as u64;
        let stored = copy.finish(last, next).map_err(fail)?;
        Ok(Loaded { sent, stored, bytes, notes: self.notes, ..Loaded::default() })
    }

    fn encode(&self, batch: &RecordBatch, stream: &mut CopyStream<'_>) -> Result<(), LoadError> {
        let columns = self.encoders(batch)?;
        let unfit = |row: u64, column: usize, message: binary::FieldError| {
            self.error(format!("row {row} of this load, column `{}`: {message}", self.target.columns[column].name))
        };
        // The server refuses more than 1600 columns, so their count fits.
        let count = i16::try_from(columns.len()).unwrap_or(i16::MAX).to_be_bytes();
        for row in 0..batch.num_rows() {
            let out = &mut stream.buffer;
            if self.binary {
                out.extend_from_slice(&count);
                for (i, put) in columns.iter().enumerate() {
                    put(row, out).map_err(|m| unfit(stream.sent + 1, i, m))?;
                }
            } else {
                for (i, put) in columns.iter().enumerate() {
                    if i > 0 {
                        out.push(b'\t');
                    }
                    put(row, out).map_err(|m| unfit(stream.sent + 1, i, m))?;
                }
                out.push(b'\n');
            }
            stream.sent += 1;
            if stream.buffer.len() >= CHUNK {
                stream.flush().map_err(|e| failure::table(self.label, &e))?;
                if stream.refused {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// A COPY and the buffer being filled for it. Dropped unfinished, the copy is aborted.
struct CopyStream<'a> {
    copy: CopyIn<'a>,
    buffer: Vec<u8>,
    /// Rows encoded.
    sent: u64,
    /// Bytes sent.
    bytes: u64,
    /// The server has answered with an error: sending more is useless.
    refused: bool,
}

impl CopyStream<'_> {
    fn flush(&mut self) -> Result<(), StatementFailure> {
        let full = std::mem::replace(&mut self.buffer, self.copy.buffer());
        self.bytes += full.len() as u64;
        self.refused = !self.copy.send(full)?;
        Ok(())
    }
}
