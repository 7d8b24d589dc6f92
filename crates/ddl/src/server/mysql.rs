//! A throw-away MariaDB or MySQL.

use std::fs;
use std::path::Path;
use std::process::Command;

use dbmocker_core::Dialect;

use super::programs::{self, Account};
use super::start::{NAME, Prepared, connection, password, run};
use crate::DdlError;

const DIALECT: Dialect = Dialect::Mysql;

pub(super) fn prepare(folder: &Path, account: &Account) -> Result<Prepared, DdlError> {
    let find = |name: &str| programs::find(name, programs::MYSQL);
    let server = find("mariadbd").or_else(|| find("mysqld")).ok_or(DdlError::NotInstalled {
        dialect: DIALECT,
        program: "mariadbd or mysqld",
        install: "Debian: apt-get install mariadb-server; Fedora: dnf install mariadb-server; macOS: brew install mysql",
    })?;
    let failed = |e: std::io::Error| DdlError::Server { dialect: DIALECT, message: e.to_string() };
    let (data, plugins, first) = (folder.join("data"), folder.join("plugins"), folder.join("first.sql"));
    // A server removes other servers' temporary tables from a folder that it shares with them.
    let (temporary, files) = (folder.join("tmp"), folder.join("files"));
    for own in [&plugins, &temporary, &files] {
        fs::create_dir(own).map_err(failed)?;
        account.give(own).map_err(failed)?;
    }
    let install = find("mariadb-install-db").filter(|_| server.file_name().is_some_and(|n| n == "mariadbd"));
    let mut init = match &install {
        Some(install) => {
            let mut init = Command::new(install);
            init.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
            init
        }
        None => {
            let mut init = Command::new(&server);
            init.args(["--no-defaults", "--initialize-insecure"]);
            init
        }
    };
    init.args([format!("--datadir={}", data.display()), format!("--tmpdir={}", temporary.display())]);
    run(DIALECT, account, &mut init)?;
    let (secret, own) = (password(DIALECT)?, password(DIALECT)?);
    // The account has no privilege outside of its databases: neither FILE nor SUPER.
    let sql = format!(
        "ALTER USER root@localhost IDENTIFIED BY '{secret}';\nCREATE USER {NAME}@localhost IDENTIFIED BY '{own}';\n\
         CREATE DATABASE {NAME};\nGRANT ALL ON {NAME}.* TO {NAME}@localhost;\n"
    );
    fs::write(&first, sql).map_err(failed)?;
    account.give(&first).map_err(failed)?;
    let socket = folder.join("socket");
    let mut command = vec![server.to_string_lossy().into_owned(), "--no-defaults".into()];
    for (name, path) in [
        ("datadir", &data),
        ("socket", &socket),
        ("init-file", &first),
        ("plugin-dir", &plugins),
        ("tmpdir", &temporary),
    ] {
        command.push(format!("--{name}={}", path.display()));
    }
    command.push(format!("--pid-file={}", folder.join("server.pid").display()));
    // No statement can read or write files elsewhere, in particular not a library that the server loads.
    command.push(format!("--secure-file-priv={}", files.display()));
    command.extend(
        [
            "--skip-networking",
            "--skip-log-bin",
            "--event-scheduler=OFF",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            "--innodb-buffer-pool-size=64M",
            "--max-connections=20",
            "--max-allowed-packet=64M",
        ]
        .map(String::from),
    );
    Ok(Prepared {
        command,
        signal: "KILL",
        connection: connection(DIALECT, &socket, NAME, &own),
        administrator: connection(DIALECT, &socket, "root", &secret),
    })
}
