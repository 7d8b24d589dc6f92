//! How the program ends: exit codes, and failures that carry one.

use std::fmt;
use std::process::ExitCode;

/// The program's exit codes; scripts may rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Ok = 0,
    /// `verify`, or the verification after a load, found rows that break a constraint, or a missing row.
    VerificationFailed = 1,
    /// The command line or the configuration cannot be understood or contradicts itself.
    Usage = 2,
    /// The database's schema, or the files to load, could not be read, or no plan could be made for them.
    Source = 3,
    /// Writing to the database, or to files, failed.
    Target = 4,
    /// Ctrl-C, or a request to terminate.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// An error that ends the program, with its exit code.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub error: anyhow::Error,
}

impl Failure {
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Failure { exit, error: error.into() }
    }

    /// A mistake on the command line; the message has the form `problem; help`.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure { exit: Exit::Usage, error: anyhow::Error::msg(message.into()) }
    }

    /// Whether the reader of the output closed the pipe, e.g. `head`, which is not a failure.
    pub fn is_broken_pipe(&self) -> bool {
        let broken = |e: &std::io::Error| e.kind() == std::io::ErrorKind::BrokenPipe;
        self.error.chain().filter_map(|e| e.downcast_ref()).any(broken)
    }
}

/// The message and its causes, one a line. A cause that the line above already ends with or contains is left out.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.error.to_string();
        write!(f, "error: {told}")?;
        for cause in self.error.chain().skip(1) {
            let text = cause.to_string();
            if !told.contains(&text) {
                write!(f, "\n  cause: {text}")?;
                told = text;
            }
        }
        Ok(())
    }
}

/// Attaches an exit code to an error, by where it occurred.
pub trait OrExit<T> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|e| Failure::new(exit, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    #[test]
    fn repeated_causes_are_told_once() {
        let inner = Layer("disk full", None);
        let middle = Layer("writing `a.csv`: disk full", Some(Box::new(inner)));
        let outer = Layer("export failed", Some(Box::new(middle)));
        assert_eq!(
            Failure::new(Exit::Target, outer).to_string(),
            "error: export failed\n  cause: writing `a.csv`: disk full"
        );
    }

    #[test]
    fn a_broken_pipe_is_seen_through_wrappers() {
        let pipe = anyhow::Error::new(std::io::Error::from(std::io::ErrorKind::BrokenPipe)).context("printing");
        assert!(Failure::new(Exit::Target, pipe).is_broken_pipe());
        assert!(!Failure::usage("x").is_broken_pipe());
    }
}
