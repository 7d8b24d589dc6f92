//! Threads, connections and memory of a run, from the flags and the machine.

use std::num::NonZero;
use std::sync::Arc;

use super::file::Generation;
use super::{args, interrupt};
use crate::error::{Exit, Failure, OrExit};
use crate::run::{ExportOptions, Flow, PrefetchLimits, PrefetchTier, TableShare, pool};
use dbmocker_core::humanize;
use dbmocker_files::error::free_space;
use dbmocker_files::memory::{Available, Budget};
use dbmocker_files::{Format, ParquetOptions, SpillStore};

/// Threads, connections, and the sizes of the buffers between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resources {
    /// Threads that generate.
    pub workers: usize,
    /// Tables written or loaded concurrently.
    pub streams: usize,
    /// Connections that load; `None`: as many as streams.
    pub connections: Option<usize>,
    /// As many of them load parts of large tables as the rates of the first seconds suggest.
    pub measures_connections: bool,
    /// Batches generated ahead for each stream.
    pub ahead: usize,
    /// Approximate bytes of one batch.
    pub batch_bytes: u64,
    /// Rows of one batch, if set by the user; fewer if memory is short.
    pub batch_rows: Option<u64>,
    /// Bytes of rows in memory: batches, lines, row groups.
    pub limit: u64,
}

/// Large enough to make the overhead per batch small, small enough for a core's cache.
const LARGEST_BATCH: u64 = 1 << 20;
const SMALLEST_BATCH: u64 = 64 << 10;
const MOST_STREAMS: usize = 8;
/// Bytes of prefetched rows in memory: more would only make the process grow with the rows.
const MOST_WAITING: u64 = 128 << 20;
/// Bytes of rows in a Parquet row group; less only if the limit is below 128 MiB.
const ROW_GROUP: u64 = 16 << 20;
const SMALLEST_ROW_GROUP: u64 = 256 << 10;

impl Resources {
    /// From the flags, with defaults from the machine.
    pub fn new(typed: &args::ResourceArgs, file: &Generation) -> Self {
        let limit = typed.memory_limit.unwrap_or_else(default_memory);
        let workers = typed.workers.or(file.max_workers);
        let resources = Resources::of(workers.map_or_else(cores, usize::from), limit);
        Resources { batch_rows: file.batch_size, ..resources }
    }

    /// Fits the buffers into `limit` bytes: first smaller batches, then fewer of them.
    pub fn of(workers: usize, limit: u64) -> Self {
        let mut resources = Resources {
            workers,
            streams: workers.clamp(1, MOST_STREAMS),
            connections: None,
            measures_connections: false,
            ahead: workers + 1,
            batch_bytes: LARGEST_BATCH,
            batch_rows: None,
            limit,
        };
        while resources.bytes() > limit {
            if resources.batch_bytes > SMALLEST_BATCH {
                resources.batch_bytes /= 2;
            } else if resources.streams > 1 {
                resources.streams -= 1;
            } else if resources.ahead > 1 {
                resources.ahead -= 1;
            } else {
                break;
            }
        }
        resources
    }

    /// Twice what the batches hold: builders grow by doubling.
    fn bytes(&self) -> u64 {
        let batches = self.streams.saturating_mul(self.ahead + 1);
        u64::try_from(batches).unwrap_or(u64::MAX).saturating_mul(self.batch_bytes).saturating_mul(2)
    }

    /// Bytes of rows in a Parquet row group. Files must not depend on the number of workers, nor, if a limit is given,
    /// on the machine.
    fn row_group(&self) -> u64 {
        (self.limit / 8).clamp(SMALLEST_ROW_GROUP, ROW_GROUP)
    }

    /// The options of an export within the limit.
    pub fn fit(&self, options: ExportOptions) -> ExportOptions {
        let row_group_bytes = usize::try_from(self.row_group()).unwrap_or(usize::MAX);
        ExportOptions { parquet: ParquetOptions { row_group_bytes, ..options.parquet }, ..options }
    }

    /// The limit that is left after subtracting the plan's `held` bytes in each of `copies` processes.
    ///
    /// # Errors
    /// Too little memory is left.
    pub fn beside(&self, held: u64, copies: u64) -> Result<Self, Failure> {
        let held = held.saturating_mul(copies);
        if held > self.limit / 4 * 3 {
            return Err(Failure::new(
                Exit::Source,
                anyhow::anyhow!(
                    "the plan needs {} for existing keys and for unique keys, and --memory-limit allows {} in \
                     all; raise it, or use fewer --processes or rows",
                    humanize::bytes(held),
                    humanize::bytes(self.limit)
                ),
            ));
        }
        let left = Resources::of(self.workers, self.limit - held);
        Ok(Resources {
            streams: left.streams.min(self.streams),
            connections: self.connections,
            measures_connections: self.measures_connections,
            batch_rows: self.batch_rows,
            ..left
        })
    }

    /// The shared state of a run's streams: generating threads and the budget. The rest of the limit is a quarter for
    /// prefetched rows, and a quarter for the buffers of writers and loaders.
    ///
    /// # Errors
    /// The system cannot start the threads.
    pub fn flow(&self) -> Result<Flow, Failure> {
        Ok(Flow {
            pool: pool(self.workers).or_exit(Exit::Target)?,
            budget: Budget::new(self.limit / 2),
            stop: interrupt::stop().clone(),
            ahead: self.ahead,
            batch_bytes: self.batch_bytes,
            batch_rows: self.batch_rows,
            pace: Arc::default(),
            wait_stats: Arc::default(),
        })
    }
}

impl Resources {
    /// The share of one of several worker processes.
    pub fn share(&self, processes: usize) -> TableShare {
        let each = Resources::of((self.workers / processes).max(1), self.limit / processes as u64);
        TableShare {
            threads: each.workers,
            memory: each.limit / 2,
            ahead: each.ahead,
            batch_bytes: each.batch_bytes,
            batch_rows: self.batch_rows,
            rate: None,
        }
    }

    /// The options of prefetching and spilling.
    ///
    /// # Errors
    /// The folder for spilled files cannot be created.
    pub fn staging(&self, typed: &args::StagingArgs, flow: &Flow) -> Result<PrefetchLimits, Failure> {
        let stage = match typed.stage {
            args::StageArg::Memory => PrefetchTier::Memory,
            args::StageArg::Files => PrefetchTier::Files,
        };
        // Rows are spilled to disk only on request.
        let request = typed.spill_dir.is_some() || typed.spill_format.is_some() || typed.disk_limit.is_some();
        let store = (stage == PrefetchTier::Files || request).then(|| self.store(typed)).transpose()?;
        let ahead = (flow.ahead / 2).max(1);
        // A loader must never wait for memory that is held by rows which wait for that loader.
        let flow = Flow { budget: Budget::new(self.limit / 8), ahead, wait_stats: Arc::default(), ..flow.clone() };
        Ok(PrefetchLimits {
            stage,
            memory: Budget::new((self.limit / 8).min(MOST_WAITING)),
            store: store.map(Arc::new),
            flow,
        })
    }

    fn store(&self, typed: &args::StagingArgs) -> Result<SpillStore, Failure> {
        if let Some(folder) = &typed.spill_dir {
            std::fs::create_dir_all(folder).map_err(|e| {
                let context = format!("cannot use the folder `{}`; choose another --spill-dir", folder.display());
                Failure::new(Exit::Target, anyhow::Error::new(e).context(context))
            })?;
        }
        let format = match typed.spill_format {
            Some(args::FileFormat::Csv) => Format::Csv,
            Some(args::FileFormat::Parquet) | None => Format::Parquet,
        };
        let folder = typed.spill_dir.clone().unwrap_or_else(std::env::temp_dir);
        let free = || free_space(&folder).map_or(u64::MAX, |free| free / 2);
        let store = SpillStore::new(Some(&folder), format, typed.disk_limit.unwrap_or_else(free));
        // The memory of concurrently written files, and all other memory outside of the budgets.
        let held = self.limit / 8 / self.streams as u64;
        Ok(store.with_row_groups(held.clamp(SMALLEST_ROW_GROUP, ROW_GROUP / 4) as usize))
    }
}

/// The default of `--memory-limit`.
pub fn default_memory() -> u64 {
    Available::now().map_or(u64::MAX, |a| a.default_limit())
}

/// Cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_plan_holds_is_part_of_the_limit() {
        let all = Resources::of(4, 64 << 20);
        assert_eq!(all.beside(16 << 20, 1).unwrap().limit, 48 << 20);
        assert_eq!(all.beside(8 << 20, 3).unwrap().limit, 40 << 20);
        let error = all.beside(20 << 20, 3).unwrap_err().to_string();
        assert!(error.contains("needs 60 MiB") && error.contains("allows 64 MiB"), "{error}");
    }

    #[test]
    fn little_memory_makes_small_batches_then_few() {
        let free = Resources::of(4, u64::MAX);
        assert_eq!((free.streams, free.ahead, free.batch_bytes, free.row_group()), (4, 5, 1 << 20, ROW_GROUP));
        let some = Resources::of(4, 32 << 20);
        assert_eq!((some.streams, some.ahead, some.batch_bytes, some.row_group()), (4, 5, 512 << 10, 4 << 20));
        let least = Resources::of(4, 1);
        assert_eq!((least.streams, least.ahead, least.batch_bytes), (1, 1, 64 << 10));
        for limit in [64 << 20, 100 << 20, 1 << 30] {
            assert!(Resources::of(64, limit).bytes() <= limit);
        }
    }
}
