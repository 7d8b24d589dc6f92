//! Runs the real `dbmocker` binary: data in is a command line, data out is what it printed and its exit code.
#![allow(clippy::unwrap_used)] // test support

use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// The program with no secret or colour setting of the caller in its environment.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbmocker"));
    for name in ["PGPASSWORD", "PGPASSFILE", "MYSQL_PWD", "DBMOCKER_PASSWORD", "DBMOCKER_URL", "NO_COLOR"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// What one run left behind.
#[derive(Debug)]
pub struct Ran {
    /// -1 if a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `dbmocker ARGS...` to its end.
pub fn dbmocker<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    run(command().args(args))
}

pub fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("dbmocker prints UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("dbmocker prints UTF-8"),
    }
}

impl Ran {
    /// Fails the test, showing everything, unless the run ended with `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn ok(self) -> Ran {
        self.expect(0)
    }
}
