//! `LOAD DATA LOCAL INFILE` fed from memory: the fast path.
//!
//! Data in: record batches, pulled and encoded on the caller's thread. Data out: chunks of about 1 MiB through a
//! bounded channel to a thread that runs the driver, so that encoding and sending overlap and a slow server slows the
//! caller. The server cannot request another file: the handler answers once, with the rows, and refuses any other
//! request.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use crossbeam_channel as crossbeam;
use futures_util::StreamExt as _;
use mysql_async::prelude::Queryable as _;
use tokio::sync::mpsc;

use super::encode::{self, Travel};
use super::errors;
use super::session::MysqlSession;
use super::{BatchIter, Counts};
use crate::ident::{qualified, quote};
use crate::{Dialect, LoadError, Target, array_cells};

/// Bytes encoded before they are passed to the sending thread.
const CHUNK: usize = 1 << 20;
/// Chunks that may wait between the encoder and the server.
const WAITING: usize = 2;

/// Sends everything in one statement. `None` if the server or a proxy before it refuses the statement; in that case no
/// batch has been consumed.
pub fn load(
    session: &mut MysqlSession,
    target: &Target,
    schema: &SchemaRef,
    batches: BatchIter<'_>,
) -> Result<Option<Counts>, LoadError> {
    session.send_waiting()?;
    let travels = encode::travels(target, schema, session.facts.mariadb);
    let sql = statement(target, &travels);
    // Half of the server's packet limit leaves room for the protocol's own bytes.
    let packet = (session.facts.max_allowed_packet / 2).clamp(512, CHUNK);
    let cancelled = std::sync::Arc::clone(&session.cancelled);

    let (chunks, mut received) = mpsc::channel::<Bytes>(WAITING);
    let (started, is_started) = crossbeam::bounded::<()>(1);
    let (mut fed, mut no_thread) = (None, None);
    let answer = session.running(|runtime, conn| {
        conn.set_infile_handler(async move {
            let _ = started.send(());
            Ok(futures_util::stream::poll_fn(move |cx| received.poll_recv(cx)).map(Ok).boxed())
        });
        std::thread::scope(|scope| {
            let server = std::thread::Builder::new().spawn_scoped(scope, || {
                runtime.block_on(async {
                    let answer = conn.query_drop(&sql).await;
                    // Drops the handler if the server never requested the file, and refuses later requests.
                    conn.set_infile_handler(async { Err(io::Error::other("no rows are on offer").into()) });
                    answer.map(|()| conn.affected_rows())
                })
            });
            let server = match server {
                Ok(server) => server,
                Err(e) => {
                    no_thread = Some(e);
                    return Ok(0);
                }
            };
            let mut feeder = Feeder::new(chunks, packet, &cancelled);
            fed = is_started.recv().is_ok().then(|| feeder.run(target, &travels, batches));
            drop(feeder); // the end of the stream
            server.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    });
    if let Some(e) = no_thread {
        return Err(LoadError::Statement {
            context: format!("loading `{}`", array_cells::label(target)),
            message: format!("the system gives no thread: {e}"),
            code: None,
        });
    }
    match (fed, answer) {
        (_, Err(e)) if errors::is_local_infile_refused(&e) => Ok(None),
        (Some(Err(e)), _) => Err(e),
        (_, Err(e)) => Err(errors::table(&session.connection, &array_cells::label(target), &e, session.is_cancelled())),
        (Some(Ok(fed)), Ok(stored)) => Ok(Some(Counts { stored, ..fed })),
        (None, Ok(_)) => Ok(Some(Counts::default())),
    }
}

/// Delimiters as hex, which means the same with and without `NO_BACKSLASH_ESCAPES`.
fn statement(target: &Target, travels: &[Travel]) -> String {
    let mut fields = Vec::new();
    let mut set = Vec::new();
    for (i, (column, travel)) in target.columns.iter().zip(travels).enumerate() {
        let name = quote(Dialect::Mysql, &column.name);
        if *travel == Travel::Plain {
            fields.push(name);
        } else {
            let (before, after) = travel.wrap();
            fields.push(format!("@dbmocker_{i}"));
            set.push(format!("{name} = {before}@dbmocker_{i}{after}"));
        }
    }
    if fields.is_empty() {
        fields.push("@dbmocker_none".to_owned()); // no columns to send: one empty line per row
    }
    let set = if set.is_empty() { String::new() } else { format!(" SET {}", set.join(", ")) };
    format!(
        "LOAD DATA LOCAL INFILE 'dbmocker' INTO TABLE {} CHARACTER SET utf8mb4 FIELDS TERMINATED BY x'09' \
         ESCAPED BY x'5c' LINES TERMINATED BY x'0a' ({}){set}",
        qualified(Dialect::Mysql, &target.schema, &target.table),
        fields.join(", "),
    )
}

/// Encodes rows and sends them in chunks, whose buffers are reused.
struct Feeder<'a> {
    chunks: mpsc::Sender<Bytes>,
    buffer: Vec<u8>,
    used: crossbeam::Receiver<Vec<u8>>,
    give_back: crossbeam::Sender<Vec<u8>>,
    /// Bytes in one packet at most.
    packet: usize,
    cancelled: &'a AtomicBool,
    bytes: u64,
}

/// The receiving side has ended; the server's answer has the reason.
struct ReceiverEnded;

impl<'a> Feeder<'a> {
    fn new(chunks: mpsc::Sender<Bytes>, packet: usize, cancelled: &'a AtomicBool) -> Self {
        let (give_back, used) = crossbeam::bounded(WAITING + 2);
        Feeder { chunks, buffer: Vec::with_capacity(CHUNK + CHUNK / 8), used, give_back, packet, cancelled, bytes: 0 }
    }

    /// Counts the bytes sent. On an error the stream ends normally, because the driver drops the connection when a
    /// stream ends with an error; the caller rolls back the rows that the server stored.
    fn run(&mut self, target: &Target, travels: &[Travel], batches: BatchIter<'_>) -> Result<Counts, LoadError> {
        let mut sent = 0;
        'rows: for batch in batches {
            let batch = batch?;
            let columns = array_cells::of_batch(target, &batch)?;
            for row in 0..batch.num_rows() {
                encode::load_data_row(&mut self.buffer, &columns, travels, row);
                sent += 1;
                if self.buffer.len() >= CHUNK && self.hand_on()?.is_err() {
                    break 'rows;
                }
            }
        }
        let _ = self.hand_on()?; // if the receiver has ended, the server's answer has the reason
        Ok(Counts { sent, bytes: self.bytes, ..Counts::default() })
    }

    fn hand_on(&mut self) -> Result<Result<(), ReceiverEnded>, LoadError> {
        if self.cancelled.load(Ordering::SeqCst) {
            return Err(LoadError::Cancelled);
        }
        let mut next = self.used.try_recv().unwrap_or_else(|_| Vec::with_capacity(CHUNK + CHUNK / 8));
        next.clear();
        let buffer = std::mem::replace(&mut self.buffer, next);
        self.bytes += buffer.len() as u64;
        let chunk = Bytes::from_owner(SendBuffer { buffer, give_back: self.give_back.clone() });
        for from in (0..chunk.len()).step_by(self.packet) {
            let part = chunk.slice(from..chunk.len().min(from + self.packet));
            if self.chunks.blocking_send(part).is_err() {
                return Ok(Err(ReceiverEnded));
            }
        }
        Ok(Ok(()))
    }
}

/// Bytes being sent; the buffer returns to the encoder when the driver has written them.
struct SendBuffer {
    buffer: Vec<u8>,
    give_back: crossbeam::Sender<Vec<u8>>,
}

impl AsRef<[u8]> for SendBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for SendBuffer {
    fn drop(&mut self) {
        // If the encoder has enough buffers, or has ended, this one is freed.
        let _ = self.give_back.try_send(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TargetColumn;

    #[test]
    fn columns_that_need_it_pass_through_a_variable() {
        let column = |name: &str| TargetColumn { name: name.into(), sql_type: String::new(), srid: None };
        let mut target =
            Target { schema: "s".into(), table: "t`".into(), columns: vec![column("a"), column("b")], freeze: false };
        let sql = statement(&target, &[Travel::Plain, Travel::Hex]);
        assert_eq!(
            sql,
            "LOAD DATA LOCAL INFILE 'dbmocker' INTO TABLE `s`.`t``` CHARACTER SET utf8mb4 FIELDS TERMINATED BY x'09' \
             ESCAPED BY x'5c' LINES TERMINATED BY x'0a' (`a`, @dbmocker_1) SET `b` = UNHEX(@dbmocker_1)"
        );
        target.columns.clear();
        assert!(statement(&target, &[]).ends_with("(@dbmocker_none)"));
    }
}
