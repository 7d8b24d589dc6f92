//! The samples of a plan's tables: several in one transaction, and alone where the server refuses one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::datatypes::SchemaRef;
use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, Target, connect, ident};

use super::{NO_MODE, USUAL_MODE, copy_name, mysql_create, postgres_create, sample, send, target};
use crate::run::{RunError, Stop, sql};
use dbmocker_core::schema::{Schema, Table};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;

/// Connections that try samples of a server that is far away.
const CONNECTIONS: usize = 6;
/// Copies in one transaction.
const TOGETHER: usize = 10;

/// The outcome of a table's sample: the reason if the server cannot copy the table.
pub(super) type Outcome = (usize, Result<Option<String>, RunError>);

/// The samples of a plan's tables.
#[derive(Clone, Copy)]
pub(super) struct Samples<'a> {
    pub connection: &'a Connection,
    pub schema: &'a Schema,
    pub plan: &'a Plan,
    pub generator: &'a Arc<Generator>,
    pub stop: &'a Stop,
    /// The number of tables begun, of which `tried` is told.
    pub done: &'a AtomicUsize,
    pub tried: &'a (dyn Fn(usize) + Sync),
}

impl Samples<'_> {
    /// Tries every `of`-th table from the `first` on.
    pub fn on(self, loader: &mut dyn Loader, first: usize, of: usize) -> Result<Vec<Outcome>, RunError> {
        let dialect = self.connection.dialect;
        let tables = (0..self.plan.tables.len()).filter(|&t| self.plan.tables[t].rows > 0);
        let tables: Vec<usize> = tables.skip(first).step_by(of).collect();
        let (mut out, mut left) = (Vec::new(), &tables[..]);
        while let Some((&next, others)) = left.split_first() {
            let accepted = match dialect {
                Dialect::Sqlite => 0,
                _ => self.together(loader, &left[..left.len().min(TOGETHER)])?,
            };
            out.extend(left[..accepted].iter().map(|&t| (t, Ok(None))));
            left = &left[accepted..];
            if accepted > 0 {
                continue;
            }
            left = others;
            self.begun()?;
            let outcome = sample(loader, dialect, self.table(next), &copy_name(next), self.generator, next);
            if matches!(outcome, Err(RunError::Load(LoadError::Cancelled))) {
                return Err(RunError::Interrupted);
            }
            out.push((next, outcome));
        }
        if dialect != Dialect::Sqlite {
            // With what waits to be sent.
            loader.execute("ROLLBACK")?;
        }
        Ok(out)
    }

    /// As [`Samples::on`] for all tables, on several connections, as many as the server gives; in the order of the plan.
    pub fn on_several(self, loader: &mut dyn Loader) -> Result<Vec<Outcome>, RunError> {
        let wanted = CONNECTIONS.min(self.plan.tables.len().div_ceil(TOGETHER)).max(1);
        let other = |first: usize| -> Result<Vec<Outcome>, RunError> {
            let mut loader = connect(self.connection)?;
            let found = self.on(&mut *loader, first, wanted)?;
            loader.finish()?;
            Ok(found)
        };
        let found: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = (1..wanted).map(|first| scope.spawn(move || other(first))).collect();
            let own = self.on(loader, 0, wanted);
            let others = running.into_iter().map(|thread| thread.join().expect("a trial returns its errors"));
            std::iter::once(own).chain(others).collect()
        });
        let mut all = Vec::new();
        for (first, outcomes) in found.into_iter().enumerate() {
            match outcomes {
                // A server that gives no more connections tries these tables on the one that it gave.
                Err(RunError::Load(LoadError::Connect { .. })) if first > 0 => {
                    all.extend(self.on(loader, first, wanted)?);
                }
                outcomes => all.extend(outcomes?),
            }
        }
        all.sort_by_key(|(t, _)| *t);
        Ok(all)
    }

    /// Tries tables in one transaction; how many of them, from the first on, the server accepts.
    fn together(self, loader: &mut dyn Loader, tables: &[usize]) -> Result<usize, RunError> {
        let dialect = self.connection.dialect;
        let targets: Vec<(Target, SchemaRef)> = tables.iter().map(|&t| self.copy(t)).collect();
        let mut accepted = 0;
        let copied = self.begin(loader, tables, &targets).and_then(|()| loader.prepare_loads(&targets));
        if copied.is_ok() {
            for (&t, (target, _)) in tables.iter().zip(&targets) {
                self.begun()?;
                match send(loader, target, self.generator, t) {
                    Ok(()) => accepted += 1,
                    Err(RunError::Load(LoadError::Cancelled)) => return Err(RunError::Interrupted),
                    Err(_) => break,
                }
            }
        }
        if matches!(copied, Err(LoadError::Cancelled)) {
            return Err(RunError::Interrupted);
        }
        let mut end = vec!["ROLLBACK".to_owned()];
        if dialect == Dialect::Mysql {
            let names = targets.iter().map(|(target, _)| ident::qualified(dialect, &target.schema, &target.table));
            let names = names.collect::<Vec<_>>().join(", ");
            end.extend([USUAL_MODE.into(), format!("DROP TEMPORARY TABLE IF EXISTS {names}")]);
        }
        if accepted == tables.len() {
            end.iter().try_for_each(|sql| loader.send_with_next(sql))?;
        } else {
            loader.execute(&end.join("; "))?;
        }
        Ok(accepted)
    }

    /// Sends, with the next statement, what begins a transaction with empty copies.
    fn begin(
        self,
        loader: &mut dyn Loader,
        tables: &[usize],
        targets: &[(Target, SchemaRef)],
    ) -> Result<(), LoadError> {
        let copies = tables.iter().zip(targets).map(|(&t, (target, _))| (self.table(t), target));
        if self.connection.dialect == Dialect::Mysql {
            loader.send_with_next(NO_MODE)?;
            for (table, target) in copies {
                loader.send_with_next(&mysql_create(table, target))?;
            }
            loader.send_with_next(USUAL_MODE)?;
            return loader.send_with_next(sql::begin(Dialect::Mysql));
        }
        loader.send_with_next(sql::begin(Dialect::Postgres))?;
        for (table, target) in copies {
            loader.calling_functions().send_with_next(&postgres_create(table, target))?;
        }
        Ok(())
    }

    fn copy(self, t: usize) -> (Target, SchemaRef) {
        let target = target(self.connection.dialect, self.table(t), &copy_name(t), self.generator, t);
        (target, self.generator.table(t).schema.clone())
    }

    fn table(&self, t: usize) -> &Table {
        self.schema.table(&self.plan.tables[t].name).expect("a plan is made from the schema")
    }

    /// Tells that one more table is tried.
    fn begun(self) -> Result<(), RunError> {
        if self.stop.is_set() {
            return Err(RunError::Interrupted);
        }
        (self.tried)(self.done.fetch_add(1, Ordering::Relaxed) + 1);
        Ok(())
    }
}
