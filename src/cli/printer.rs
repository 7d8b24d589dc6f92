//! Prints output: data to stdout, everything else to stderr, filtered by `-q` and `-v`, and to the log file.

use std::fmt::Display;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::args::Color;
use crate::error::{Exit, Failure, OrExit};

/// Longer statements are cut.
const LONGEST: usize = 400;

#[derive(Debug, Clone)]
pub struct Printer {
    quiet: bool,
    verbose: u8,
    /// stderr is a terminal and `NO_COLOR` is not set.
    color: bool,
    shared: Arc<Mutex<PrinterState>>,
}

/// The state that all clones share.
#[derive(Debug, Default)]
struct PrinterState {
    /// The current phase and its start, before rows are loaded.
    phase: Option<(String, Instant)>,
    /// The line at the bottom of the terminal.
    bar: Option<ProgressBar>,
    log: Option<File>,
}

impl Printer {
    pub fn new(quiet: bool, verbose: u8) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let color = std::io::stderr().is_terminal() && !no_color;
        Printer { quiet, verbose, color, shared: Arc::default() }
    }

    /// Sets whether messages have colours, independent of stderr.
    #[must_use]
    pub fn colored(self, when: Color) -> Self {
        let color = match when {
            Color::Auto => self.color,
            Color::Always => true,
            Color::Never => false,
        };
        Printer { color, ..self }
    }

    /// Also writes everything except data to a file, with the time, independent of `-q` and `-v`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn log_to(&self, path: &Path) -> Result<(), Failure> {
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        {
            // The log holds statements, and so values of rows: only this account may read it, and symbolic links are
            // not followed.
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
        }
        let file = options.open(path).map_err(|e| {
            let context = format!("cannot write the log `{}`; choose another --log-file", path.display());
            Failure::new(Exit::Target, anyhow::Error::new(e).context(context))
        })?;
        self.shared().log = Some(file);
        Ok(())
    }

    /// Whether statements are printed or logged.
    pub fn shows_details(&self) -> bool {
        self.verbose > 0 || self.shared().log.is_some()
    }

    /// Prints requested data unchanged.
    ///
    /// # Errors
    /// stdout is closed; a closed pipe ends the program without an error.
    pub fn data(&self, text: impl Display) -> Result<(), Failure> {
        let bar = self.shared().bar.clone();
        let write = || {
            let mut out = std::io::stdout().lock();
            let written =
                if out.is_terminal() { write!(out, "{}", printable(&text.to_string())) } else { write!(out, "{text}") };
            written.and_then(|()| out.flush())
        };
        bar.map_or_else(write, |bar| bar.suspend(write)).or_exit(Exit::Target)
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
        self.line(&printable(&text.to_string()), !self.quiet);
    }

    /// Prints a warning, also with `-q`.
    pub fn warn(&self, text: impl Display) {
        self.line(&format!("{} {}", self.paint("33", "warning:"), printable(&text.to_string())), true);
    }

    /// Details for `-v`.
    pub fn detail(&self, text: impl Display) {
        self.line(&printable(&text.to_string()), self.verbose > 0);
    }

    /// A statement for `-v`, with its time for `-vv`.
    pub fn statement(&self, sql: &str, took: Duration) {
        let words: Vec<&str> = sql.split_whitespace().collect();
        let mut text = words.join(" ");
        if text.chars().count() > LONGEST {
            text = text.chars().take(LONGEST - 1).chain(['…']).collect();
        }
        let took = if self.verbose > 1 { format!("{:9.1} ms  ", took.as_secs_f64() * 1000.0) } else { String::new() };
        self.line(&format!("  {took}{text}"), self.verbose > 0);
    }

    /// Begins a phase, which a [`Ticker`](super::progress::Ticker) shows if it takes long.
    pub fn phase(&self, text: impl Display) {
        self.detail(&text);
        self.shared().phase = Some((text.to_string(), Instant::now()));
    }

    /// As [`Printer::phase`], for a step of the current phase: its time continues to count.
    pub fn phase_step(&self, text: impl Display) {
        let mut shared = self.shared();
        let since = shared.phase.take().map_or_else(Instant::now, |(_, since)| since);
        shared.phase = Some((text.to_string(), since));
    }

    /// Ends the current phase.
    pub fn phase_over(&self) {
        self.shared().phase = None;
        self.hide();
    }

    /// The phase, and when it began.
    pub fn current_phase(&self) -> Option<(String, Instant)> {
        self.shared().phase.clone()
    }

    /// Makes a bar the line at the bottom, around which everything else is printed.
    pub fn show(&self, bar: ProgressBar) -> ProgressBar {
        self.shared().bar = Some(bar.clone());
        bar
    }

    /// Clears the line at the bottom.
    pub fn hide(&self) {
        let bar = self.shared().bar.take();
        bar.into_iter().for_each(|bar| bar.finish_and_clear());
    }

    pub fn failure(&self, failure: &Failure) {
        let text = failure.to_string();
        let text = text.strip_prefix("error:").map_or(text.clone(), |rest| self.paint("31", "error:") + rest);
        self.line(&text, true);
    }

    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn shared(&self) -> MutexGuard<'_, PrinterState> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[1;{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&self, text: &str, shown: bool) {
        let text = text.trim_end();
        let bar = {
            let mut shared = self.shared();
            if let Some(log) = &mut shared.log {
                // A log that cannot be written any more must not stop a run.
                let _ = writeln!(
                    log,
                    "{}  {}",
                    now(),
                    // Lines that begin with a time are entries.
                    text.replace("\x1b[1;33m", "")
                        .replace("\x1b[1;31m", "")
                        .replace("\x1b[0m", "")
                        .replace('\n', "\n    ")
                );
            }
            shared.bar.clone()
        };
        // If stderr is closed, the error cannot be reported.
        let write = || {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        };
        if shown {
            bar.map_or_else(write, |bar| bar.suspend(write));
        }
    }
}

/// The text without control characters, which names in a database may contain and a terminal would execute.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

/// The time, UTC, to the millisecond.
fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let text = dbmocker_core::time::timestamp_text(i64::try_from(since.as_micros()).unwrap_or_default());
    text.chars().take(23).collect()
}
