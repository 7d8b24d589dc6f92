//! Worker processes: instances of this program, started as `dbmocker worker`, each with its own connection and threads.
//!
//! ```text
//! parent --stdin: the plan, where to connect, then tasks--> worker --rows--> server (or a file, for SQLite)
//!        <--stdout: session, progress, results, one JSON line each--
//! ```
//!
//! The death of a worker is detected by the end of its output. Its session is terminated on the server; the ledger
//! shows whether its task was committed; if not, another worker repeats it. A worker whose input ends rolls back and
//! stops.

mod protocol;
mod staged_files;
mod worker;
mod worker_handle;

pub use protocol::TableShare;
pub(super) use staged_files::StagedFiles;
pub use worker::worker;
pub use worker_handle::WorkerConfig;
pub(super) use worker_handle::WorkerHandle;
