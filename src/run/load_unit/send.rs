//! Sends the rows of a task to the server, from any source.

use std::ops::Range;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use dbmocker_loaders::{LoadError, Payload, Target};

use super::{Supply, UnitLoad};
use crate::run::jobs::{RowsSource, TableJob};
use crate::run::processes::StagedFiles;
use crate::run::{Batches, RunError};

impl UnitLoad<'_> {
    /// Streams some of the job's rows; returns rows and bytes sent.
    pub(super) fn send(&mut self, job: &TableJob, rows: Range<u64>) -> Result<(u64, u64), RunError> {
        match (&job.source, &self.run.supply) {
            (RowsSource::Generated { .. }, Supply::Files(staged_files)) if self.triggers_disabled.is_none() => {
                self.staged(job, staged_files)
            }
            (RowsSource::Generated { generator, table }, supply) => {
                let whole = rows == (0..job.rows);
                let schema = generator.table(*table).schema.clone();
                let flow = self.run.flow;
                if let Supply::Files(staged_files) = supply {
                    // Some of its files were sent to the server and removed.
                    while staged_files.take(&job.name, &flow.stop)?.is_some() {}
                }
                match supply {
                    // The prefetched rows were sent to the server already.
                    Supply::Prefetcher(prefetcher) if whole && self.triggers_disabled.is_none() && !self.again => {
                        self.batches(job, schema, prefetcher.rows(generator, *table, flow))
                    }
                    _ => self.batches(job, schema, Batches::new(generator.clone(), flow, *table).part(rows)),
                }
            }
            // The server checks references to rows of the same table when all of them are there.
            (RowsSource::Files(source), _) if source.is_partitioned() => {
                let batches = source.files.iter().flat_map(|file| {
                    let (read, failed) = match source.read(file) {
                        Ok(read) => (Some(read.batches), None),
                        Err(e) => (None, Some(Err(e))),
                    };
                    read.into_iter().flatten().chain(failed).map(|batch| batch.map_err(RunError::from))
                });
                self.batches(job, source.schema.clone(), batches)
            }
            (RowsSource::Files(source), _) => {
                let mut total = (0, 0);
                for file in &source.files {
                    self.file(job, source.payload(file), &mut total)?;
                }
                Ok(total)
            }
        }
    }

    fn batches(
        &mut self,
        job: &TableJob,
        schema: SchemaRef,
        batches: impl Iterator<Item = Result<RecordBatch, RunError>>,
    ) -> Result<(u64, u64), RunError> {
        let (progress, flow, position) = (self.run.progress, self.run.flow, self.run.position(job));
        let stop = &flow.stop;
        let mut counted = (0, 0);
        let mut batches = batches.map(|batch| {
            if stop.is_set() {
                return Err(LoadError::Cancelled);
            }
            let batch = batch.map_err(|e| LoadError::Source(Box::new(e)))?;
            let (rows, bytes) = (batch.num_rows() as u64, batch.get_array_memory_size() as u64);
            flow.pace.wait(rows, stop);
            progress.add(position, rows, bytes);
            counted = (counted.0 + rows, counted.1 + bytes);
            Ok(batch)
        });
        let loaded = self.payload(job, Payload::Batches { schema, batches: &mut batches });
        drop(batches);
        let all = self.counted.entry(position).or_default();
        *all = (all.0 + counted.0, all.1 + counted.1);
        loaded
    }

    /// The files that other processes write, in order.
    fn staged(&mut self, job: &TableJob, staged_files: &StagedFiles) -> Result<(u64, u64), RunError> {
        let mut total = (0, 0);
        while let Some(file) = staged_files.take(&job.name, &self.run.flow.stop)? {
            self.file(job, file.payload(), &mut total)?;
        }
        Ok(total)
    }

    fn file(&mut self, job: &TableJob, payload: Payload<'_>, total: &mut (u64, u64)) -> Result<(), RunError> {
        let (rows, bytes) = self.payload(job, payload)?;
        self.run.flow.pace.wait(rows, &self.run.flow.stop);
        self.run.progress.add(self.run.position(job), rows, bytes);
        *total = (total.0 + rows, total.1 + bytes);
        if self.run.flow.stop.is_set() { Err(RunError::Interrupted) } else { Ok(()) }
    }

    fn payload(&mut self, job: &TableJob, payload: Payload<'_>) -> Result<(u64, u64), RunError> {
        let target = Target { freeze: self.freeze, ..job.target.clone() };
        let loaded = self.loader.load(&target, payload)?;
        self.run.note(loaded.notes);
        if loaded.sent != loaded.stored {
            return Err(
                LoadError::Short { table: job.name.to_string(), sent: loaded.sent, stored: loaded.stored }.into()
            );
        }
        Ok((loaded.sent, loaded.bytes))
    }
}
