//! One connection of the asynchronous driver with a blocking interface, on its own runtime.
//!
//! The connection only makes progress while one of these calls runs; no thread is started for it.

use std::borrow::Cow;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Buf;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use tokio_postgres::{AsyncMessage, Client, Connection, CopyInSink, Error, SimpleQueryMessage, Statement};

use super::path::{self, Path};
use super::watch::Seen;
use crate::gate::{Gate, Running};

/// How long closing may take before the socket is simply dropped.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// The part of the driver that does the I/O, for any type of stream.
pub trait Drive: Send {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>>;
}

impl<S, T> Drive for Connection<S, T>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    T: AsyncRead + AsyncWrite + Unpin + Send,
{
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>> {
        Connection::poll_message(self, cx)
    }
}

/// The I/O part and its result.
struct Wire {
    connection: Option<Box<dyn Drive>>,
    /// Why the connection ended, e.g. the server's message at its shutdown.
    lost: Option<Error>,
}

impl Wire {
    /// Polls the connection until it is idle.
    fn drive(&mut self, cx: &mut Context<'_>) {
        while let Some(connection) = &mut self.connection {
            match connection.poll_message(cx) {
                Poll::Ready(Some(Ok(_))) => {} // notices never mean lost rows
                Poll::Ready(Some(Err(e))) => {
                    self.lost = Some(e);
                    self.connection = None;
                }
                Poll::Ready(None) => self.connection = None,
                Poll::Pending => return,
            }
        }
    }

    async fn run<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            self.drive(cx);
            future.as_mut().poll(cx)
        })
        .await
    }
}

pub struct PostgresSession {
    runtime: Runtime,
    client: Option<Client>,
    wire: Wire,
    seen: Arc<Seen>,
    gate: Arc<Gate>,
    path: Path,
    /// The next statement runs with the search path of functions.
    calling: bool,
    /// Functions may have run since the path was set.
    strayed: bool,
    /// Statements that are sent together with the next one.
    waiting: String,
    /// The COPY that was begun while the one before it ended.
    begun: Option<Result<CopySink, StatementFailure>>,
}

type CopySink = Pin<Box<CopyInSink<CopyBuffer>>>;

/// Why a statement failed.
#[derive(Debug)]
pub struct StatementFailure {
    pub error: Error,
    /// This program cancelled it.
    pub stopped: bool,
}

impl PostgresSession {
    pub fn new(runtime: Runtime, client: Client, connection: Box<dyn Drive>, seen: Arc<Seen>) -> PostgresSession {
        let wire = Wire { connection: Some(connection), lost: None };
        PostgresSession {
            runtime,
            client: Some(client),
            wire,
            seen,
            gate: Arc::default(),
            path: Path::default(),
            calling: false,
            strayed: true,
            waiting: String::new(),
            begun: None,
        }
    }

    pub fn client(&self) -> &Client {
        self.client.as_ref().expect("the client is only taken by `close`, because that ends the session")
    }

    /// Whether a transaction is open, or will be by a statement that waits to be sent.
    pub fn in_transaction(&self) -> bool {
        self.seen.in_transaction() || !self.waiting.is_empty()
    }

    /// Makes the settings of the session, [`path::OWN`] among them, and determines the search path of functions of the
    /// schema.
    pub fn begin(&mut self, settings: &str, to: &crate::Connection) -> Result<(), StatementFailure> {
        let named = to.session.schema.as_deref().map(path::only).unwrap_or_default();
        let sql = format!("{named}{}; {settings}; {}", path::KEEP, path::oracle_query());
        let mut rows = self.rows(&sql)?;
        let first = if rows.is_empty() { None } else { rows.remove(0).into_iter().next().flatten() };
        self.path = Path::new(first, rows, to.trust_schema);
        // Settings of the transaction no longer apply.
        self.strayed = settings.contains("SET LOCAL search_path");
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// For the next statement, which may call functions of the schema.
    pub fn calling_functions(&mut self) -> &mut Self {
        self.calling = true;
        self
    }

    /// The statement, preceded by the setting of its search path. A rollback gets none: it undoes settings, and a
    /// failed transaction accepts no other statement before it.
    fn with_path<'a>(&mut self, sql: &'a str) -> Cow<'a, str> {
        let calling = std::mem::take(&mut self.calling);
        if sql.starts_with("ROLLBACK") {
            self.strayed = true;
            return sql.into();
        }
        let wanted = if calling { &self.path.of_functions } else { path::OWN };
        let set = calling || self.strayed;
        self.strayed = calling;
        if set { format!("{}; {sql}", path::set(wanted)).into() } else { sql.into() }
    }

    /// Sends a statement, whose rows are dropped, together with the next one.
    pub fn send_with_next(&mut self, sql: &str) {
        let sql = self.with_path(sql);
        if !self.waiting.is_empty() {
            self.waiting.push_str("; ");
        }
        self.waiting.push_str(&sql);
    }

    /// The statement after those that wait. A COPY that was begun is aborted.
    fn after_waiting<'a>(&mut self, sql: Cow<'a, str>) -> Cow<'a, str> {
        self.begun = None;
        match std::mem::take(&mut self.waiting) {
            waiting if waiting.is_empty() => sql,
            waiting => format!("{waiting}; {sql}").into(),
        }
    }

    /// What a canceller needs besides [`PostgresSession::client`]'s token.
    pub fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    /// Adds the server's last message, if `error` only says that the connection is closed.
    fn explain(&mut self, error: Error) -> StatementFailure {
        // Settings made by a failed statement may have been rolled back.
        self.strayed = true;
        let error = if error.is_closed() { self.wire.lost.take().unwrap_or(error) } else { error };
        StatementFailure { error, stopped: self.gate.was_cancelled() }
    }

    /// Runs statements, drops their rows; the rows affected by the last.
    pub fn execute(&mut self, sql: &str) -> Result<u64, StatementFailure> {
        let sql = self.with_path(sql);
        let sql = self.after_waiting(sql);
        let mut affected = 0;
        self.simple(&sql, |message| {
            if let SimpleQueryMessage::CommandComplete(rows) = message {
                affected = rows;
            }
            Ok(())
        })?;
        Ok(affected)
    }

    pub fn query(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, StatementFailure> {
        let sql = self.with_path(sql);
        let sql = self.after_waiting(sql);
        self.last_rows(&sql)
    }

    /// As [`PostgresSession::query`]; the next statement is a COPY, whose rows call functions of the schema.
    pub fn query_before_copy(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, StatementFailure> {
        let sql = format!("{}; {}", self.with_path(sql), path::set(&self.path.of_functions));
        self.strayed = true;
        let sql = self.after_waiting(sql.into());
        self.last_rows(&sql)
    }

    /// The rows of a statement that is sent unchanged.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, StatementFailure> {
        let mut rows = Vec::new();
        self.simple(sql, |message| {
            if let SimpleQueryMessage::Row(row) = message {
                let values = (0..row.len()).map(|i| Ok(row.try_get(i)?.map(str::to_owned)));
                rows.push(values.collect::<Result<_, Error>>()?);
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// The rows of the last one of several statements that gives any.
    fn last_rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, StatementFailure> {
        let mut rows = Vec::new();
        self.simple(sql, |message| {
            match message {
                SimpleQueryMessage::RowDescription(_) => rows.clear(),
                SimpleQueryMessage::Row(row) => {
                    let values = (0..row.len()).map(|i| Ok(row.try_get(i)?.map(str::to_owned)));
                    rows.push(values.collect::<Result<_, Error>>()?);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(rows)
    }

    fn simple(
        &mut self,
        sql: &str,
        mut each: impl FnMut(SimpleQueryMessage) -> Result<(), Error>,
    ) -> Result<(), StatementFailure> {
        let done = self.run(None, async |client| {
            let mut messages = pin!(client.simple_query_raw(sql).await?);
            while let Some(message) = messages.next().await {
                each(message?)?;
            }
            Ok(())
        });
        done.expect("without a limit it runs to its end")
    }

    /// Runs an operation that a canceller may stop; `None` if it takes longer than `limit`: then the session can no
    /// longer be used.
    pub fn run<T>(
        &mut self,
        limit: Option<Duration>,
        work: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Option<Result<T, StatementFailure>> {
        let running = self.gate.begin();
        let PostgresSession { runtime, client, wire, .. } = self;
        let client = client.as_ref().expect("the client is only taken by `close`, because that ends the session");
        let outcome = runtime.block_on(async {
            let work = wire.run(work(client));
            match limit {
                Some(limit) => tokio::time::timeout(limit, work).await.ok(),
                None => Some(work.await),
            }
        });
        drop(running);
        outcome.map(|done| done.map_err(|e| self.explain(e)))
    }

    /// Prepares statements, in one request.
    pub fn prepare_all(&mut self, statements: &[String]) -> Result<Vec<Statement>, StatementFailure> {
        let prepared = self.run(None, async |client| {
            futures_util::future::try_join_all(statements.iter().map(|sql| client.prepare(sql))).await
        });
        prepared.expect("without a limit it runs to its end")
    }

    /// Starts a `COPY ... FROM STDIN`, if it was not begun already by [`CopyIn::finish`].
    pub fn copy_in(&mut self, statement: &Statement) -> Result<CopyIn<'_>, StatementFailure> {
        let running = self.gate.begin();
        let begun = match self.begun.take() {
            Some(begun) => begun,
            None => {
                self.seen.forget_errors();
                let PostgresSession { runtime, client, wire, .. } = &mut *self;
                let client =
                    client.as_ref().expect("the client is only taken by `close`, because that ends the session");
                let begun = runtime.block_on(wire.run(client.copy_in(statement)));
                self.sink(begun)
            }
        };
        match begun {
            Ok(sink) => Ok(CopyIn { session: self, sink, pool: Pool::default(), running: Some(running) }),
            Err(e) => Err(e),
        }
    }

    fn sink(&mut self, begun: Result<CopyInSink<CopyBuffer>, Error>) -> Result<CopySink, StatementFailure> {
        begun.map(Box::pin).map_err(|e| {
            if e.as_db_error().is_some() {
                self.seen.expect_surplus_answer();
            }
            self.explain(e)
        })
    }

    /// Drops the connection at once, whatever the server is doing.
    pub fn abandon(mut self) {
        self.begun = None;
        self.client = None;
        self.wire.connection = None;
    }

    /// Closes the connection to the server in order.
    pub fn close(&mut self) {
        self.begun = None;
        if self.client.take().is_none() {
            return;
        }
        let PostgresSession { runtime, wire, .. } = self;
        let goodbye = std::future::poll_fn(|cx| {
            wire.drive(cx);
            if wire.connection.is_none() { Poll::Ready(()) } else { Poll::Pending }
        });
        // A slow close needs no more waiting: the server rolls back when the socket is closed.
        let _ = runtime.block_on(async { tokio::time::timeout(CLOSE_LIMIT, goodbye).await });
    }
}

impl Drop for PostgresSession {
    fn drop(&mut self) {
        self.close();
    }
}

/// A COPY in progress. Dropped unfinished, it is aborted with the session's next statement.
#[must_use = "a copy that is not finished is aborted"]
pub struct CopyIn<'a> {
    session: &'a mut PostgresSession,
    sink: CopySink,
    pool: Pool,
    running: Option<Running>,
}

impl CopyIn<'_> {
    /// An empty buffer, reused if possible.
    pub fn buffer(&self) -> Vec<u8> {
        self.pool.take()
    }

    /// Sends one buffer. `false`: the server has refused the copy, and [`CopyIn::finish`] returns the reason.
    pub fn send(&mut self, data: Vec<u8>) -> Result<bool, StatementFailure> {
        let chunk = CopyBuffer { data, at: 0, home: self.pool.clone() };
        let PostgresSession { runtime, wire, seen, .. } = &mut *self.session;
        let sink = &mut self.sink;
        let sent = runtime.block_on(wire.run(async {
            let sent = sink.send(chunk).await;
            // While the socket accepts all bytes at once, the runtime never waits, and it only checks for bytes to read
            // when it waits: without this yield the server's error would not be noticed.
            tokio::task::yield_now().await;
            sent
        }));
        let refused = seen.failed();
        sent.map_err(|e| self.session.explain(e))?;
        Ok(!refused)
    }

    /// Sends the last buffer and ends the copy; the rows that the server stored. The request that ends it begins the
    /// `next` one.
    pub fn finish(mut self, last: Vec<u8>, next: Option<&Statement>) -> Result<u64, StatementFailure> {
        let last = (!last.is_empty()).then(|| CopyBuffer { data: last, at: 0, home: self.pool.clone() });
        let PostgresSession { runtime, wire, client, .. } = &mut *self.session;
        let client = client.as_ref().expect("the client is only taken by `close`, because that ends the session");
        let sink = &mut self.sink;
        let end = async {
            if let Some(last) = last {
                // Not flushed, so that one packet has room for all of it.
                sink.feed(last).await?;
            }
            sink.as_mut().finish().await
        };
        let begin = async {
            match next {
                Some(next) => Some(client.copy_in(next).await),
                None => None,
            }
        };
        // The driver sends the second request after the first one.
        let (stored, begun) = runtime.block_on(wire.run(futures_util::future::join(end, begin)));
        drop(self.running.take());
        let stored = stored.map_err(|e| self.session.explain(e));
        let begun = begun.map(|begun| self.session.sink(begun));
        self.session.begun = begun.filter(|_| stored.is_ok());
        stored
    }
}

/// Buffers that are reused once the driver has written them.
#[derive(Clone, Default)]
struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn put(&self, mut data: Vec<u8>) {
        data.clear();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(data);
    }
}

/// A lent buffer, in the type that the driver expects.
struct CopyBuffer {
    data: Vec<u8>,
    at: usize,
    home: Pool,
}

impl Buf for CopyBuffer {
    fn remaining(&self) -> usize {
        self.data.len() - self.at
    }

    fn chunk(&self) -> &[u8] {
        &self.data[self.at..]
    }

    fn advance(&mut self, count: usize) {
        self.at += count;
        assert!(self.at <= self.data.len(), "advanced by {count}, beyond the buffer's end");
    }
}

impl Drop for CopyBuffer {
    fn drop(&mut self) {
        self.home.put(std::mem::take(&mut self.data));
    }
}
