//! Shows the progress of a run: the phase before rows are loaded, then rows, rows per second, time left and memory. On
//! a terminal that is a line at its bottom; elsewhere a line every ten seconds.

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printer::Printer;
use crate::report::progress::Reading;
use crate::report::{Progress, memory_now, rate};
use dbmocker_core::humanize;

const EVERY: Duration = Duration::from_millis(150);
/// The interval between two lines if stderr is not a terminal.
const LINES: Duration = Duration::from_secs(10);
/// A phase that ends sooner is not shown.
const SHORT: Duration = Duration::from_millis(500);
/// The time left is computed from the rate of the last so many seconds.
const RECENT: f64 = 10.0;

/// A thread that runs until this value is dropped.
#[derive(Debug)]
pub struct Ticker {
    /// Dropped to end the thread.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(run: impl FnOnce(&mpsc::Receiver<()>) + Send + 'static) -> Self {
        let (stop, stopped) = mpsc::channel();
        // If the thread cannot be started, only the progress is not shown.
        let thread = std::thread::Builder::new().spawn(move || run(&stopped)).ok();
        Ticker { stop: Some(stop), thread }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic while drawing must not fail the run.
            let _ = thread.join();
        }
    }
}

/// Shows the printer's phases until the value is dropped; nothing with `-q`.
pub fn phases(printer: &Printer) -> Option<Ticker> {
    let printer = printer.clone();
    let terminal = std::io::stderr().is_terminal();
    (!printer.is_quiet()).then(|| Ticker::start(move |stopped| show_phases(&printer, terminal, stopped)))
}

fn show_phases(printer: &Printer, terminal: bool, stopped: &mpsc::Receiver<()>) {
    let mut bar: Option<ProgressBar> = None;
    let mut said = Instant::now();
    while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        let shown = printer.current_phase().filter(|(_, since)| since.elapsed() > SHORT);
        match shown {
            Some((phase, since)) if terminal => {
                let bar = bar.get_or_insert_with(|| printer.show(spinner()));
                bar.set_message(format!("{phase}  {}", duration(since.elapsed().as_secs_f64())));
                bar.tick();
            }
            Some((phase, since)) if said.elapsed() >= LINES && since.elapsed() >= LINES => {
                printer.note(format_args!("{phase}: {} so far", duration(since.elapsed().as_secs_f64())));
                said = Instant::now();
            }
            Some(_) => {}
            None => bar.take().into_iter().for_each(|_| printer.hide()),
        }
    }
    if bar.is_some() {
        printer.hide();
    }
}

fn spinner() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner:.cyan} {msg}").expect("the template is a constant that the tests draw");
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
}

/// If this is `json`, a line of JSON with the rows until now and in all goes to stderr a few times a second, also with
/// `-q`: for programs that show a bar of their own.
const FOR_PROGRAMS: &str = "DBMOCKER_PROGRESS";

/// A line about the rows until this value is dropped; nothing with `-q`.
#[derive(Debug)]
pub struct Bar {
    _ticker: Option<Ticker>,
}

impl Bar {
    pub fn start(progress: Arc<Progress>, printer: &Printer) -> Self {
        printer.phase_over();
        if std::env::var_os(FOR_PROGRAMS).is_some_and(|v| v == "json") {
            return Bar { _ticker: Some(Ticker::start(move |stopped| counts(&progress, stopped))) };
        }
        if printer.is_quiet() {
            return Bar { _ticker: None };
        }
        printer.detail("loading");
        let (printer, terminal) = (printer.clone(), std::io::stderr().is_terminal());
        let run = move |stopped: &mpsc::Receiver<()>| match terminal {
            true => draw(&progress, &printer, stopped),
            false => lines(&progress, &printer, stopped),
        };
        Bar { _ticker: Some(Ticker::start(run)) }
    }
}

fn draw(progress: &Progress, printer: &Printer, stopped: &mpsc::Receiver<()>) {
    let style = ProgressStyle::with_template("{wide_bar:.cyan} {percent:>3}% {msg}")
        .expect("the template is a constant that the tests draw");
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr()).with_style(style);
    let bar = printer.show(bar);
    let mut recent = Recent::default();
    while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        let reading = progress.read();
        bar.set_length(reading.planned);
        bar.set_position(reading.rows.min(reading.planned));
        bar.set_message(message(&reading, recent.rate(&reading), memory_now()));
    }
    printer.hide();
}

fn lines(progress: &Progress, printer: &Printer, stopped: &mpsc::Receiver<()>) {
    let mut recent = Recent::default();
    while stopped.recv_timeout(LINES) == Err(RecvTimeoutError::Timeout) {
        let reading = progress.read();
        printer.note(message(&reading, recent.rate(&reading), memory_now()));
    }
}

fn counts(progress: &Progress, stopped: &mpsc::Receiver<()>) {
    let mut ended = false;
    while !ended {
        ended = stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout);
        let reading = progress.read();
        eprintln!("{}", serde_json::json!({ "rows": reading.rows, "planned": reading.planned }));
    }
}

/// The rows of the last seconds.
#[derive(Debug, Default)]
struct Recent(VecDeque<(f64, u64)>);

impl Recent {
    /// Rows per second since the oldest recent reading.
    fn rate(&mut self, r: &Reading) -> f64 {
        self.0.push_back((r.seconds, r.rows));
        while self.0.len() > 2 && r.seconds - self.0[1].0 >= RECENT {
            self.0.pop_front();
        }
        let (seconds, rows) = self.0[0];
        if self.0.len() == 1 { rate(r.rows, r.seconds) } else { rate(r.rows.saturating_sub(rows), r.seconds - seconds) }
    }
}

/// `1,000 of 5,000 rows  2,000 rows/s  2s left  34 MiB  users, orders`.
fn message(r: &Reading, per_second: f64, memory: Option<u64>) -> String {
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
    let doing = match r.phase.as_str() {
        "" if r.rows >= r.planned => "indexes and foreign keys".to_owned(),
        "" => names.join(", "),
        phase => phase.to_owned(),
    };
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

    fn reading(rows: u64, seconds: f64) -> Reading {
        let active = vec![("users".into(), rows, 2000)];
        Reading { rows, planned: 5000, bytes: 1, seconds, active, phase: String::new() }
    }

    #[test]
    fn messages() {
        let mut r = reading(1000, 0.5);
        assert_eq!(message(&r, 2000.0, Some(34 << 20)), "1,000 of 5,000 rows  2,000 rows/s  2s left  34 MiB  users");
        (r.rows, r.phase) = (5000, "waiting for the server".into());
        assert_eq!(message(&r, 10000.0, None), "5,000 of 5,000 rows  10,000 rows/s  waiting for the server");
        r.phase.clear();
        assert_eq!(message(&r, 0.0, None), "5,000 of 5,000 rows  0 rows/s  indexes and foreign keys");
        assert_eq!(duration(185.0), "3m05s");
        assert_eq!(duration(7620.0), "2h07m");
    }

    /// Regression: after half a minute without rows, the displayed time left of a one-minute load was an hour.
    #[test]
    fn the_time_left_follows_the_recent_rate() {
        let mut recent = Recent::default();
        let rates: Vec<f64> =
            (0..60).map(|s| recent.rate(&reading(if s < 30 { 0 } else { (s - 30) * 100 }, s as f64))).collect();
        assert_eq!((rates[20], rates[59]), (0.0, 100.0));
    }

    #[test]
    fn the_templates_are_valid() {
        let progress = Progress::new([("t".to_owned(), 2)]);
        let (stop, stopped) = mpsc::channel();
        drop(stop);
        draw(&progress, &Printer::new(false, 0), &stopped);
        spinner().finish_and_clear();
    }
}
