//! The report of a run: data in are the counts of the pipeline, data out is a table for reading and JSON for programs.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub mod grid;
pub mod progress;
pub mod recorder;
pub mod waits;

pub use grid::{Align, Grid};
pub use progress::Progress;
pub use recorder::{Recorder, TaskTime, UsageSample};
pub use waits::Waits;

use crate::verify::Verification;
use dbmocker_core::humanize;
use dbmocker_core::json_file;
use dbmocker_core::schema::{Skipped, left_alone};

/// The report of a run, as written by `--report FILE`. Fields are added over time, never renamed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The program's version.
    pub version: String,
    /// `load`, `export`, ...
    pub command: String,
    /// The database's URL without its password, or the folder.
    pub target: String,
    /// The server's name and version; empty if only files were written.
    pub server: String,
    pub seed: u64,
    /// "Today" of the generated rows, in the format of `--now`.
    pub now: String,
    pub workers: usize,
    /// Number of processes that loaded; 1 without worker processes.
    #[serde(default)]
    pub processes: usize,
    /// In the order in which they were filled.
    pub tables: Vec<TableReport>,
    pub totals: Totals,
    /// Largest resident memory of the process, in bytes.
    pub peak_memory: u64,
    /// The same of the worker processes: the largest sum, and the largest single one.
    #[serde(default)]
    pub workers_peak_memory: u64,
    #[serde(default)]
    pub worker_peak_memory: u64,
    /// The limit for rows in memory by `--memory-limit`, in bytes.
    #[serde(default)]
    pub memory_limit: u64,
    /// Spilled bytes in total.
    #[serde(default)]
    pub spilled: u64,
    /// The most spilled bytes at one time.
    #[serde(default)]
    pub spilled_at_once: u64,
    #[serde(default)]
    pub waits: Waits,
    /// The bottleneck, i.e. the stage for which the others waited longest: `the server`, `generation`, `the disk`, ...
    #[serde(default)]
    pub bottleneck: Option<String>,
    /// Tables that were not filled, with the reason.
    pub left_out: Vec<LeftOut>,
    /// Notes for the user, e.g. a slower path and how to enable the fast one.
    pub notes: Vec<String>,
    /// The run over time.
    #[serde(default)]
    pub samples: Vec<UsageSample>,
    /// What each connection or worker process did, and when.
    #[serde(default)]
    pub tasks: Vec<TaskTime>,
    /// What the verification after the load found, if there was one.
    #[serde(default)]
    pub verification: Option<Verification>,
}

/// The result for one table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableReport {
    /// `schema.table`.
    pub name: String,
    /// Dependency level, from 0: tables of one level do not depend on each other.
    pub level: usize,
    /// Requested rows.
    pub requested: u64,
    /// Rows stored, as counted by the server; for files, rows written.
    pub rows: u64,
    /// Rows of the table before the run.
    #[serde(default)]
    pub before: u64,
    /// Bytes sent to the server or written.
    pub bytes: u64,
    /// From the first batch to the last commit of this table.
    pub seconds: f64,
    pub rows_per_second: f64,
    /// Why `rows` is below `requested`.
    pub limited_by: Option<String>,
}

/// All tables together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub rows: u64,
    pub bytes: u64,
    /// Wall clock of the whole run.
    pub seconds: f64,
    pub rows_per_second: f64,
}

/// A table that was left out, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    pub name: String,
    pub reason: String,
}

impl From<&Skipped> for LeftOut {
    fn from(s: &Skipped) -> Self {
        LeftOut { name: s.name.to_string(), reason: s.reason.clone() }
    }
}

impl TableReport {
    pub fn new(name: impl Into<String>, requested: u64, rows: u64, bytes: u64, seconds: f64) -> Self {
        let rows_per_second = rate(rows, seconds);
        TableReport { name: name.into(), requested, rows, bytes, seconds, rows_per_second, ..Default::default() }
    }
}

impl Report {
    /// Fills in version, totals (from the tables and the wall clock of the run) and peak memory.
    pub fn seal(mut self, seconds: f64) -> Self {
        let rows = self.tables.iter().map(|t| t.rows).sum();
        let bytes = self.tables.iter().map(|t| t.bytes).sum();
        self.version = env!("CARGO_PKG_VERSION").to_owned();
        self.totals = Totals { rows, bytes, seconds, rows_per_second: rate(rows, seconds) };
        self.peak_memory = peak_memory().unwrap_or(0);
        self.waits = self.waits.within(self.tables.iter().map(|t| t.seconds).sum());
        self.bottleneck = self.waits.bottleneck().map(str::to_owned);
        self
    }

    /// Checks that [`Report::write_json`] can write there, before the run starts.
    ///
    /// # Errors
    /// As for [`Report::write_json`].
    pub fn can_write(path: &Path) -> std::io::Result<()> {
        json_file::can_write(path)
    }

    /// Writes the JSON form atomically.
    ///
    /// # Errors
    /// The file's folder cannot be written to.
    pub fn write_json(&self, path: &Path) -> std::io::Result<()> {
        json_file::write_json(path, self)
    }
}

/// The closing table.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grid = Grid::new(&[
            ("table", Align::Left),
            ("rows", Align::Right),
            ("bytes", Align::Right),
            ("seconds", Align::Right),
            ("rows/s", Align::Right),
        ]);
        let row = |name: &str, rows, bytes, seconds: f64, rate: f64| {
            [
                name.to_owned(),
                humanize::count(rows),
                humanize::bytes(bytes),
                format!("{seconds:.2}"),
                humanize::rate(rate),
            ]
        };
        for t in &self.tables {
            grid.row(row(&t.name, t.rows, t.bytes, t.seconds, t.rows_per_second));
        }
        let t = &self.totals;
        grid.rule();
        grid.row(row("total", t.rows, t.bytes, t.seconds, t.rows_per_second));
        write!(f, "{grid}")?;
        for t in self.tables.iter().filter(|t| t.limited_by.is_some()) {
            let why = t.limited_by.as_deref().unwrap_or_default();
            writeln!(
                f,
                "limited: {}: {} of {} rows: {why}",
                t.name,
                humanize::count(t.rows),
                humanize::count(t.requested)
            )?;
        }
        for left in left_alone(self.left_out.iter().map(|l| (l.name.clone(), &*l.reason))) {
            writeln!(f, "left out: {left}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        if self.peak_memory > 0 {
            write!(f, "peak memory: {}", humanize::bytes(self.peak_memory))?;
            if self.worker_peak_memory > 0 {
                let (all, one) = (humanize::bytes(self.workers_peak_memory), humanize::bytes(self.worker_peak_memory));
                write!(f, " and {all} of {} worker processes, {one} the largest", self.processes)?;
            }
            if self.memory_limit > 0 {
                write!(f, " (limit for rows in flight: {})", humanize::bytes(self.memory_limit))?;
            }
            writeln!(f)?;
        }
        if self.spilled > 0 {
            let (all, most) = (humanize::bytes(self.spilled), humanize::bytes(self.spilled_at_once));
            writeln!(f, "waited on disk: {all} (at most {most} at once)")?;
        }
        if let Some(line) = self.waits.line() {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

/// Rows per second; 0 if no time passed.
pub fn rate(rows: u64, seconds: f64) -> f64 {
    // Rounded for display; a count above 2^53 would lose its last digits only.
    if seconds > 0.0 { (rows as f64 / seconds).round() } else { 0.0 }
}

/// The largest resident memory of this process so far, in bytes. `None` if the system does not report it (not Linux).
pub fn peak_memory() -> Option<u64> {
    status_kib("VmHWM:")
}

/// The resident memory of this process now, in bytes. `None` if the system does not report it (not Linux).
pub fn memory_now() -> Option<u64> {
    status_kib("VmRSS:")
}

fn status_kib(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix(key))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut limited = TableReport::new("public.kinds", 1000, 12, 480, 0.001);
        limited.limited_by = Some("UNIQUE (status, kind) holds 12 rows".into());
        Report {
            command: "load".into(),
            target: "postgres://me@localhost:5432/shop".into(),
            tables: vec![limited, TableReport::new("public.users", 1000, 1000, 2_500_000, 0.25)],
            left_out: vec![LeftOut { name: "public.v".into(), reason: "a view".into() }],
            notes: vec!["local_infile is off".into()],
            ..Default::default()
        }
    }

    #[test]
    fn for_people() {
        let mut sealed = report().seal(0.5);
        sealed.peak_memory = 64 << 20;
        (sealed.processes, sealed.workers_peak_memory, sealed.worker_peak_memory) = (3, 90 << 20, 31 << 20);
        (sealed.spilled, sealed.spilled_at_once) = (3 << 30, 1 << 30);
        sealed.waits.rows_for_server = 0.4;
        insta::assert_snapshot!(sealed.to_string(), @r"
        table          rows    bytes  seconds  rows/s
        public.kinds     12    480 B     0.00  12,000
        public.users  1,000  2.4 MiB     0.25   4,000
        ---------------------------------------------
        total         1,012  2.4 MiB     0.50   2,024
        limited: public.kinds: 12 of 1,000 rows: UNIQUE (status, kind) holds 12 rows
        left out: public.v: a view
        note: local_infile is off
        peak memory: 64 MiB and 90 MiB of 3 worker processes, 31 MiB the largest
        waited on disk: 3 GiB (at most 1 GiB at once)
        bottleneck: the server (waited: rows 0.40 s for the server)
        ");
    }

    #[test]
    fn json_holds_what_programs_read_and_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        let sealed = report().seal(0.5);
        sealed.write_json(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["tables"][0]["name"], "public.kinds");
        assert_eq!(json["tables"][0]["rows"], 12);
        assert_eq!(json["tables"][1]["limited_by"], serde_json::Value::Null);
        assert_eq!(json["totals"]["rows"], 1012);
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), sealed);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
