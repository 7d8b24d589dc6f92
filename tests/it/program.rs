//! Runs the real `dbmocker` binary: data in is a command line, data out is what it printed and its exit code.
#![allow(clippy::unwrap_used)] // test support

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The program, without the caller's passwords and colour settings in its environment.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbmocker"));
    for name in ["PGPASSWORD", "PGPASSFILE", "MYSQL_PWD", "DBMOCKER_PASSWORD", "DBMOCKER_URL", "NO_COLOR"] {
        command.env_remove(name);
    }
    // Keys of killed runs must not be left in the home folder of the user who runs the tests.
    command.env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
    // Most tests of runs read the journal.
    command.env("DBMOCKER_JOURNAL", "1");
    command.stdin(Stdio::null());
    command
}

/// The result of one run.
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
    command.output().unwrap().into()
}

/// Starts `dbmocker ARGS...`; its stderr can be read, its stdout is dropped.
pub fn start<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Child {
    command().args(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Sends these signals one after the other once the run is `under_way`, and waits for its end. Fails the test if the run
/// is over before.
#[track_caller]
pub fn stop(mut child: Child, signals: &[&str], under_way: &dyn Fn() -> bool) -> Ran {
    let begun = Instant::now();
    while !under_way() && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be stopped");
    for signal in signals {
        Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
    }
    child.wait_with_output().unwrap().into()
}

/// Returns a function that tells whether so much time has passed since this call.
pub fn after(time: Duration) -> impl Fn() -> bool {
    let begun = Instant::now();
    move || begun.elapsed() > time
}

/// The path of a file in a folder, as text.
pub fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().expect("a UTF-8 temporary folder").to_owned()
}

/// A command on a database by a config file with this text.
pub fn configured(command: &str, url: &str, config: &str, more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "shop.yaml");
    std::fs::write(&file, config).unwrap();
    dbmocker([command, "--url", url, "--config", &file].iter().chain(more))
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("dbmocker prints UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("dbmocker prints UTF-8"),
        }
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
