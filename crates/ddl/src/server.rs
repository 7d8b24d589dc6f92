//! Throw-away servers: started from the installed programs in a private folder, reachable only by a socket in it, and
//! removed when this program ends, for any reason.
//!
//! A shell script, [`KEEPER`], runs the server. It reads a pipe whose other end this program holds: when the pipe is
//! closed, also because this program was killed, it stops the server and removes the folder.

use dbmocker_core::Dialect;
use dbmocker_loaders::Connection;

#[cfg(unix)]
mod mysql;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod programs;
#[cfg(unix)]
mod start;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    /// The account that owns what the DDL makes; it may neither read files nor run programs.
    pub connection: Connection,
    /// The server's administrator, in the same database.
    pub administrator: Connection,
    #[cfg(unix)]
    _keeper: start::Keeper,
}

impl Server {
    /// Starts a server of this kind with its files in `folder`.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    #[cfg(unix)]
    pub fn start(dialect: Dialect, folder: &std::path::Path) -> Result<Self, crate::DdlError> {
        start::start(dialect, folder)
    }

    /// There are no throw-away servers on this system.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(unix))]
    pub fn start(dialect: Dialect, _: &std::path::Path) -> Result<Self, crate::DdlError> {
        let message =
            "this works on Unix only; run dbmocker in WSL or a container, or name a database with --url".into();
        Err(crate::DdlError::Server { dialect, message })
    }
}
