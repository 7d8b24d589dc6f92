//! The waiting times of a run, and the bottleneck that they show.

use serde::{Deserialize, Serialize};

/// Seconds, summed over the streams of a run (its connections, or the files being written).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waits {
    /// Connections waited for rows to be generated.
    pub server_for_rows: f64,
    /// Connections waited for spilled rows to be read back.
    pub server_for_disk: f64,
    /// All rows that may be generated ahead were ready, and the connection was busy.
    pub rows_for_server: f64,
    /// The same, for rows that go to files.
    pub rows_for_disk: f64,
    /// Files waited for rows to be generated.
    pub disk_for_rows: f64,
    /// Generation waited for free memory.
    pub rows_for_memory: f64,
    /// Connections (or files) were busy, without waiting.
    pub at_work: f64,
}

/// Shorter waits are not reported.
const SHORTEST: f64 = 0.05;

impl Waits {
    /// The stage for which the others waited longest; `None` if no wait was long.
    pub fn bottleneck(&self) -> Option<&'static str> {
        let longest = self.all().into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let worker = match longest.2 {
            "rows" => None,
            // A stage that waited less than it worked was itself the bottleneck.
            waiting => (self.at_work > longest.0).then_some(if waiting == "files" { "the disk" } else { waiting }),
        };
        (longest.0 >= SHORTEST).then_some(worker.unwrap_or(longest.1))
    }

    /// Sets the time that connections or files took in total, waits included.
    pub fn within(self, busy: f64) -> Waits {
        let waited = self.server_for_rows + self.server_for_disk + self.disk_for_rows;
        Waits { at_work: (busy - waited).max(0.0), ..self }
    }

    /// (seconds, the stage waited for, the waiting stage).
    fn all(&self) -> [(f64, &'static str, &'static str); 6] {
        [
            (self.rows_for_server, "the server", "rows"),
            (self.server_for_rows, "generation", "the server"),
            (self.server_for_disk, "spilled rows", "the server"),
            (self.rows_for_disk, "the disk", "rows"),
            (self.disk_for_rows, "generation", "files"),
            (self.rows_for_memory, "memory (--memory-limit)", "rows"),
        ]
    }

    /// `bottleneck: the server (waited: rows 31.20 s for the server, the server 0.40 s for generation)`.
    pub fn line(&self) -> Option<String> {
        let mut listener: Vec<_> = self.all().into_iter().filter(|w| w.0 >= SHORTEST).collect();
        listener.sort_by(|a, b| b.0.total_cmp(&a.0));
        let listener: Vec<String> =
            listener.iter().map(|(s, what, who)| format!("{who} {s:.2} s for {what}")).collect();
        Some(format!("bottleneck: {} (waited: {})", self.bottleneck()?, listener.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_names_the_bottleneck() {
        assert_eq!(Waits::default().line(), None);
        let waits = Waits { server_for_rows: 0.4, rows_for_server: 31.2, rows_for_memory: 0.01, ..Waits::default() };
        assert_eq!(
            waits.line().unwrap(),
            "bottleneck: the server (waited: rows 31.20 s for the server, the server 0.40 s for generation)"
        );
        // Most of the time the server was executing statements.
        let working = Waits { server_for_rows: 0.1, ..Waits::default() }.within(6.6);
        assert_eq!(working.line().unwrap(), "bottleneck: the server (waited: the server 0.10 s for generation)");
        let starving = Waits { server_for_rows: 6.0, ..Waits::default() }.within(6.6);
        assert_eq!(starving.bottleneck(), Some("generation"));
        let export = Waits { disk_for_rows: 2.0, rows_for_disk: 1.0, ..Waits::default() };
        assert_eq!(export.bottleneck(), Some("generation"));
    }
}
