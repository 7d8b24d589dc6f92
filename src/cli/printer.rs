//! Prints output: data to stdout, everything else to stderr, filtered by `-q` and `-v`.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use crate::error::{Exit, Failure, OrExit};

#[derive(Debug, Clone)]
pub struct Printer {
    quiet: bool,
    verbose: u8,
    /// stderr is a terminal and `NO_COLOR` is not set.
    color: bool,
}

impl Printer {
    pub fn new(quiet: bool, verbose: u8) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Printer { quiet, verbose, color: std::io::stderr().is_terminal() && !no_color }
    }

    /// Prints requested data unchanged.
    ///
    /// # Errors
    /// stdout is closed; a closed pipe ends the program without an error.
    pub fn data(&self, text: impl Display) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        write!(out, "{text}").and_then(|()| out.flush()).or_exit(Exit::Target)
    }

    /// Prints requested data as indented JSON.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn json(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).or_exit(Exit::Source)?;
        self.data(text + "\n")
    }

    /// Prints a status message; not with `-q`.
    pub fn note(&self, text: impl Display) {
        if !self.quiet {
            self.line(&text.to_string());
        }
    }

    /// Prints a warning, also with `-q`.
    pub fn warn(&self, text: impl Display) {
        self.line(&format!("{} {text}", self.paint("33", "warning:")));
    }

    /// Details for `-v`.
    pub fn detail(&self, text: impl Display) {
        if self.verbose > 0 {
            self.line(&text.to_string());
        }
    }

    pub fn failure(&self, failure: &Failure) {
        let text = failure.to_string();
        let text = text.strip_prefix("error:").map_or(text.clone(), |rest| self.paint("31", "error:") + rest);
        self.line(&text);
    }

    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[1;{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&self, text: &str) {
        // If stderr is closed, the error cannot be reported.
        let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
    }
}
