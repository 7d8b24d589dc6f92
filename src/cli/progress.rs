//! Draws a run's progress on a terminal: rows, rows per second, time left, memory.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printer::Printer;
use crate::report::progress::Reading;
use crate::report::{Progress, memory_now, rate};
use dbmocker_core::humanize;

const EVERY: Duration = Duration::from_millis(150);

/// A line at the bottom of the terminal, drawn by a separate thread until this value is dropped. Nothing is drawn with
/// `-q`, or if stderr is no terminal.
#[derive(Debug)]
pub struct Bar {
    /// Dropped to end the thread.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    pub fn start(progress: Arc<Progress>, printer: &Printer) -> Self {
        if printer.is_quiet() || !std::io::stderr().is_terminal() {
            return Bar { stop: None, thread: None };
        }
        let (stop, stopped) = mpsc::channel();
        // Without the thread there is only no progress bar.
        let thread = std::thread::Builder::new().spawn(move || draw(&progress, &stopped)).ok();
        Bar { stop: Some(stop), thread }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic while drawing must not fail the run.
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, stopped: &mpsc::Receiver<()>) {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar:.cyan} {percent:>3}% {msg}")
        .expect("the template is a constant that the tests draw");
    bar.set_style(style);
    while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        let reading = progress.read();
        bar.set_length(reading.planned);
        bar.set_position(reading.rows.min(reading.planned));
        bar.set_message(message(&reading, memory_now()));
    }
    bar.finish_and_clear();
}

/// `1,000 of 5,000 rows  2,000 rows/s  2s left  34 MiB  users, orders`.
fn message(r: &Reading, memory: Option<u64>) -> String {
    let per_second = rate(r.rows, r.seconds);
    let mut parts = vec![
        format!("{} of {} rows", humanize::count(r.rows), humanize::count(r.planned)),
        format!("{} rows/s", humanize::rate(per_second)),
    ];
    if per_second > 0.0 && r.rows < r.planned {
        let seconds = (r.planned - r.rows) as f64 / per_second;
        parts.push(format!("{} left", duration(seconds)));
    }
    parts.extend(memory.map(humanize::bytes));
    let names: Vec<&str> = r.active.iter().take(3).map(|(name, _, _)| name.as_str()).collect();
    let doing = if r.phase.is_empty() { names.join(", ") } else { r.phase.clone() };
    parts.extend((!doing.is_empty()).then_some(doing));
    parts.join("  ")
}

/// `8s`, `3m05s`, `2h07m`.
fn duration(seconds: f64) -> String {
    let s = seconds.round() as u64; // saturates, for display only
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m{:02}s", s / 60, s % 60),
        _ => format!("{}h{:02}m", s / 3600, s / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        let mut r = Reading {
            rows: 1000,
            planned: 5000,
            bytes: 1,
            seconds: 0.5,
            active: vec![("users".into(), 1000, 2000)],
            phase: String::new(),
        };
        assert_eq!(message(&r, Some(34 << 20)), "1,000 of 5,000 rows  2,000 rows/s  2s left  34 MiB  users");
        (r.rows, r.phase) = (5000, "building indexes".into());
        assert_eq!(message(&r, None), "5,000 of 5,000 rows  10,000 rows/s  building indexes");
        assert_eq!(duration(185.0), "3m05s");
        assert_eq!(duration(7620.0), "2h07m");
    }

    #[test]
    fn the_template_is_valid() {
        let progress = Progress::new([("t".to_owned(), 2)]);
        let (stop, stopped) = mpsc::channel();
        drop(stop);
        draw(&progress, &stopped);
    }
}
