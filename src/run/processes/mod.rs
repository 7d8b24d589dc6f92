//! Worker processes: this program once more, as `dbmocker worker`, each with its own connection and threads.
//!
//! ```text
//! parent --stdin: the plan, where to connect, then tasks--> worker --rows--> server (or a file, for SQLite)
//!        <--stdout: session, progress, results, a JSON line each--
//! ```
//!
//! A worker that dies is noticed by the end of its output. Its session is ended on the server; the ledger tells whether
//! its task was committed; if not, another worker does it again. A worker whose input ends rolls back and stops.

mod protocol;
mod staged_files;
mod worker;
mod worker_handle;

pub use protocol::TableShare;
pub(super) use staged_files::StagedFiles;
pub use worker::worker;
pub use worker_handle::WorkerConfig;
pub(super) use worker_handle::WorkerHandle;
