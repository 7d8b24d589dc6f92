//! A throw-away PostgreSQL.

use std::fs;
use std::path::Path;
use std::process::Command;

use dbmocker_core::Dialect;

use super::programs::{self, Account};
use super::start::{NAME, Prepared, connection, password, run};
use crate::DdlError;

const DIALECT: Dialect = Dialect::Postgres;

pub(super) fn prepare(folder: &Path, account: &Account) -> Result<Prepared, DdlError> {
    let missing = |program| DdlError::NotInstalled {
        dialect: DIALECT,
        program,
        install: "Debian: apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: brew install postgresql",
    };
    let initdb = programs::find("initdb", programs::POSTGRES).ok_or_else(|| missing("initdb"))?;
    let server = programs::find("postgres", programs::POSTGRES).ok_or_else(|| missing("postgres"))?;
    let failed = |e: std::io::Error| DdlError::Server { dialect: DIALECT, message: e.to_string() };
    let (secret, own) = (password(DIALECT)?, password(DIALECT)?);
    let (data, secrets) = (folder.join("data"), folder.join("secret"));
    fs::write(&secrets, &secret).map_err(failed)?;
    account.give(&secrets).map_err(failed)?;
    let mut init = Command::new(initdb);
    // macOS has no such locale.
    let locale = if cfg!(target_os = "linux") { "--locale=C.UTF-8" } else { "--locale=C" };
    init.args(["--no-sync", "--encoding=UTF8", locale, "--auth=scram-sha-256", "-U", "postgres", "-D"]);
    run(DIALECT, account, init.arg(&data).arg("--pwfile").arg(&secrets))?;
    single_user(&server, &data, account, &own)?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut command =
        vec![text(&server), "-D".into(), text(&data), "-k".into(), text(folder), "-p".into(), "5432".into()];
    for setting in [
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "autovacuum=off",
        "max_connections=20",
        "max_locks_per_transaction=1024",
        "shared_buffers=32MB",
        "logging_collector=off",
    ] {
        command.extend(["-c".into(), setting.into()]);
    }
    Ok(Prepared {
        command,
        signal: "QUIT",
        connection: connection(DIALECT, folder, NAME, &own),
        administrator: connection(DIALECT, folder, "postgres", &secret),
    })
}

/// Makes the account and its database before the server runs.
fn single_user(server: &Path, data: &Path, account: &Account, password: &str) -> Result<(), DdlError> {
    let script = data.join("first.sql");
    let failed = |e: std::io::Error| DdlError::Server { dialect: DIALECT, message: e.to_string() };
    // Its owner may make schemas, but is no superuser: it reads no file and runs no program.
    let sql = format!("CREATE ROLE {NAME} LOGIN PASSWORD '{password}';\nCREATE DATABASE {NAME} OWNER {NAME};\n");
    fs::write(&script, sql).map_err(failed)?;
    account.give(&script).map_err(failed)?;
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" --single -D \"$1\" postgres <\"$1/first.sql\""]).arg(server).arg(data);
    run(DIALECT, account, &mut shell)?;
    fs::remove_file(&script).map_err(failed)
}
