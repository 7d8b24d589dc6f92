//! The resources of the machine, and the sizes that the original's rules derive from them.

use super::resources::cores;
use dbmocker_core::humanize;
use dbmocker_files::memory::Available;

const GIB: u64 = 1 << 30;

/// The resources that this process may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub cores: usize,
    /// Limits of control groups are included.
    pub memory: Option<Available>,
}

/// Sizes by the available memory; flags override them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adaptive {
    pub batch_rows: u64,
    pub processes: usize,
    /// The measured resources, for printing in the plan.
    pub because: String,
}

impl Machine {
    pub fn now() -> Self {
        Machine { cores: cores(), memory: Available::now() }
    }

    /// 16 GiB and more: batches of 50 000 rows and up to 8 processes; 8 GiB: 25 000 and 4; less: 10 000 and 2; never
    /// more processes than cores.
    pub fn adaptive(&self) -> Adaptive {
        let (batch_rows, processes) = match (self.has(16), self.has(8)) {
            (true, _) => (50_000, 8),
            (false, true) => (25_000, 4),
            (false, false) => (10_000, 2),
        };
        let because = match &self.memory {
            Some(m) => format!(
                "{} available ({}), {}",
                humanize::bytes(m.bytes),
                m.source,
                humanize::plural(self.cores as u64, "core")
            ),
            None => "memory unknown".into(),
        };
        Adaptive { batch_rows, processes: processes.min(self.cores.max(1)), because }
    }

    fn has(&self, gib: u64) -> bool {
        self.memory.as_ref().is_some_and(|m| m.bytes >= gib * GIB)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_original() {
        let of = |gib: u64, cores| {
            let memory = Some(Available { bytes: gib * GIB, source: "system".into() });
            let a = Machine { cores, memory }.adaptive();
            (a.batch_rows, a.processes)
        };
        assert_eq!(of(64, 32), (50_000, 8));
        assert_eq!(of(16, 4), (50_000, 4));
        assert_eq!(of(15, 32), (25_000, 4));
        assert_eq!(of(8, 2), (25_000, 2));
        assert_eq!(of(7, 32), (10_000, 2));
        assert_eq!(Machine { cores: 1, memory: None }.adaptive().processes, 1);
    }
}
