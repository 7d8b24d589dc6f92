//! Starts a server and waits until it answers.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use dbmocker_core::Dialect;
use dbmocker_loaders::{Connection, TlsMode, script};

use super::programs::Account;
use super::{Server, mysql, postgres};
use crate::DdlError;

const KEEPER: &str = include_str!("keeper.sh");
/// How long a server may take to answer.
const START_LIMIT: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(30);
/// The name of the account, and of the database where the DDL names none.
pub(super) const NAME: &str = "ddl";

/// What a kind of server needs.
pub(super) struct Prepared {
    /// The server's command, in the foreground.
    pub command: Vec<String>,
    /// The signal that ends it at once.
    pub signal: &'static str,
    pub connection: Connection,
    pub administrator: Connection,
}

/// The shell that ends the server.
#[derive(Debug)]
pub(super) struct Keeper {
    child: Child,
    /// Closed to end the server.
    pipe: Option<ChildStdin>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // The shell removes the folder before it ends.
        let _ = self.child.wait();
    }
}

pub(super) fn start(dialect: Dialect, folder: &Path) -> Result<Server, DdlError> {
    let failed = |message: String| DdlError::Server { dialect, message };
    let account = Account::of_servers(dialect);
    account.give(folder).map_err(|e| failed(format!("cannot give `{}` to {account}: {e}", folder.display())))?;
    let prepared = match dialect {
        Dialect::Postgres => postgres::prepare(folder, &account),
        _ => mysql::prepare(folder, &account),
    }?;
    let Prepared { command, signal, connection, administrator } = prepared;
    let mut shell = Command::new("sh");
    shell.args(["-c", KEEPER, "keeper"]).arg(folder).arg(signal).args(&command);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    // Ctrl-C at the terminal must reach this program only.
    shell.process_group(0);
    account.switch(&mut shell);
    let mut child = shell.spawn().map_err(|e| failed(format!("cannot run `sh`: {e}")))?;
    let pipe = child.stdin.take();
    let keeper = Keeper { child, pipe };
    let begun = Instant::now();
    loop {
        match script::open(&connection) {
            Ok(_) => break,
            Err(e) if folder.join("ended").exists() || begun.elapsed() > START_LIMIT => {
                return Err(failed(log_of(folder).unwrap_or_else(|| e.to_string())));
            }
            Err(_) => std::thread::sleep(LOOK),
        }
    }
    Ok(Server { connection, administrator, _keeper: keeper })
}

/// The end of the server's log, in one line.
fn log_of(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("server.log")).ok()?;
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(4)..].join(" | ");
    (!last.is_empty()).then_some(last)
}

/// Runs a program that prepares a server to its end.
pub(super) fn run(dialect: Dialect, account: &Account, command: &mut Command) -> Result<(), DdlError> {
    account.switch(command);
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |message: String| DdlError::Server { dialect, message: format!("`{name}`: {message}") };
    let done = command.stdin(Stdio::null()).current_dir("/").output().map_err(|e| failed(e.to_string()))?;
    if done.status.success() {
        return Ok(());
    }
    let said = [done.stderr, done.stdout].map(|bytes| String::from_utf8_lossy(&bytes).trim().replace('\n', " | "));
    Err(failed(said.into_iter().find(|text| !text.is_empty()).unwrap_or_else(|| done.status.to_string())))
}

/// A random password.
pub(super) fn password(dialect: Dialect) -> Result<String, DdlError> {
    let mut bytes = [0_u8; 16];
    let read = File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes));
    read.map_err(|e| DdlError::Server { dialect, message: format!("/dev/urandom: {e}") })?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// A connection by a socket.
pub(super) fn connection(dialect: Dialect, host: &Path, user: &str, password: &str) -> Connection {
    Connection {
        dialect,
        host: host.to_string_lossy().into_owned(),
        port: if dialect == Dialect::Postgres { 5432 } else { 3306 },
        user: user.to_owned(),
        password: Some(password.to_owned()),
        database: NAME.to_owned(),
        tls: TlsMode::Disable,
        ..Connection::default()
    }
}
