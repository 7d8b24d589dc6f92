//! The installed programs of servers, and the account that runs them.

use std::fmt;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use dbmocker_core::Dialect;

/// Folders besides the PATH; `*` stands for a version, the newest of which is used.
pub(super) const POSTGRES: &[&str] = &[
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];
pub(super) const MYSQL: &[&str] = &[
    "/usr/sbin",
    "/usr/libexec",
    "/usr/bin",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/local/libexec",
    "/usr/local/mysql/bin",
    "/usr/local/mysql/scripts",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/mariadb/bin",
    "/opt/homebrew/opt/mysql/bin",
];

/// A program: the newest of the usual folders, else that of the PATH.
pub(super) fn find(name: &str, folders: &[&str]) -> Option<PathBuf> {
    let usual = folders.iter().flat_map(|folder| expand(folder));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    usual.chain(on_path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// The folders that match a pattern with one `*`, newest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![pattern.into()] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let mut found: Vec<(Vec<u32>, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
            Some((version, PathBuf::from(format!("{parent}/{name}{after}"))))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// The account that runs the server: this one, or, if this is root, which servers refuse, the server package's account.
#[derive(Debug)]
pub(super) struct Account(Option<(String, u32, u32)>);

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((name, ..)) => write!(f, "the account `{name}`"),
            None => f.write_str("this account"),
        }
    }
}

impl Account {
    pub fn of_servers(dialect: Dialect) -> Self {
        let root = rustix::process::geteuid().is_root();
        let names: [&str; 3] = if dialect == Dialect::Postgres {
            ["postgres", "_postgres", "nobody"]
        } else {
            ["mysql", "_mysql", "nobody"]
        };
        Account(root.then(|| names.into_iter().find_map(account)).flatten())
    }

    /// Makes a file or folder the account's own.
    pub fn give(&self, path: &Path) -> std::io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |(_, user, group)| chown(path, Some(*user), Some(*group)))
    }

    /// Runs the command as this account.
    pub fn switch(&self, command: &mut Command) {
        if let Some((_, user, group)) = &self.0 {
            command.uid(*user).gid(*group);
        }
    }
}

/// An account of /etc/passwd.
fn account(name: &str) -> Option<(String, u32, u32)> {
    let text = fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [found, _, user, group, ..] = fields[..] else { return None };
        (found == name).then_some((found.to_owned(), user.parse().ok()?, group.parse().ok()?))
    })
}
