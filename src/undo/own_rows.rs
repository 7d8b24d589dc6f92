//! Looks the run's rows up by their keys and compares them; keeps the keys of those that are to be removed in a
//! temporary table on the server, with the columns that foreign keys may refer to.

use std::collections::{BTreeSet, HashMap};

use arrow::record_batch::RecordBatch;
use dbmocker_loaders::LoadError;

use super::keys::{among, key, key_literal};
use super::references::IncomingReference;
use super::{Changed, EXAMPLES, RunTable, UndoError, UndoWork, UndoneTable, from, pieces};
use crate::verify::rows::{Canon, RowSetError, RowsError, shown_cell};
use dbmocker_core::ident::quote;
use dbmocker_core::schema::{Dialect, Schema, TableName};
use dbmocker_schema::key_reader::output;

/// A row in canonical form.
pub(super) type Cells = Vec<Option<String>>;

/// One table's rows.
pub(super) struct OwnRows<'a> {
    pub run: RunTable<'a>,
    canon: Vec<Canon>,
    pub how: How,
    /// Columns of the table whose values the temporary table holds.
    held: Vec<usize>,
    /// The largest value that the run made, by the field's position.
    pub largest: HashMap<usize, i128>,
}

/// How the run's rows are distinguished from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// By a key: the positions of its fields, and the temporary table.
    Key(Vec<usize>, String),
    /// All rows of the table are the run's.
    All(u64),
    /// There is no key and the table holds other rows: all rows are kept.
    Not,
}

/// The name of a held column in the temporary table.
pub(super) fn held(column: usize) -> String {
    format!("dbmocker_c{column}")
}

impl<'a> OwnRows<'a> {
    pub fn new(schema: &Schema, number: usize, run: RunTable<'a>, references: &[IncomingReference]) -> Self {
        let dialect = schema.dialect;
        let canon = run.columns.iter().map(|&c| Canon::new(&run.table.columns[c], dialect, schema.is_mariadb()));
        let canon = canon.collect();
        let temporary = match dialect {
            Dialect::Postgres => format!("pg_temp.dbmocker_undo_{number}"),
            Dialect::Mysql => format!("{}.dbmocker_undo_{number}", quote(dialect, &schema.default_schema)),
            Dialect::Sqlite => format!("temp.dbmocker_undo_{number}"),
        };
        let key = key(dialect, run.table, &run.columns);
        let mut columns: BTreeSet<usize> = key.iter().flatten().map(|&k| run.columns[k]).collect();
        let referred = references.iter().filter(|r| r.parent == number);
        columns.extend(referred.flat_map(|r| r.parent_columns.iter().copied()));
        let how = key.map_or(How::Not, |key| How::Key(key, temporary));
        OwnRows { run, canon, how, held: columns.into_iter().collect(), largest: HashMap::new() }
    }

    pub fn name(&self) -> &TableName {
        &self.run.table.name
    }

    /// The key's columns in the table.
    pub fn key_columns(&self) -> Vec<usize> {
        match &self.how {
            How::Key(key, _) => key.iter().map(|&k| self.run.columns[k]).collect(),
            _ => Vec::new(),
        }
    }

    fn key_names(&self) -> Vec<&str> {
        self.key_columns().into_iter().map(|c| self.run.table.columns[c].name.as_str()).collect()
    }

    /// The condition that a row's key is in the temporary table, of one batch or of all.
    pub fn in_temporary(&self, dialect: Dialect, batch: Option<usize>) -> String {
        let How::Key(_, temporary) = &self.how else { return "1 = 1".into() };
        let names: Vec<String> = self.key_names().iter().map(|c| quote(dialect, c)).collect();
        let held: Vec<String> = self.key_columns().into_iter().map(held).collect();
        let of = batch.map_or(String::new(), |n| format!(" WHERE dbmocker_n = {n}"));
        let row = if names.len() == 1 { names[0].clone() } else { format!("({})", names.join(", ")) };
        format!("{row} IN (SELECT {} FROM {temporary}{of})", held.join(", "))
    }

    /// All compared columns as texts.
    fn outputs(&self, dialect: Dialect) -> String {
        let outputs: Vec<String> =
            self.run.columns.iter().map(|&c| output(dialect, &self.run.table.columns[c])).collect();
        outputs.join(", ")
    }

    /// A row that the server returned, in canonical form.
    fn canonical(&self, texts: &[Option<String>]) -> Cells {
        let mut rest = texts;
        let cell = |canon: &Canon| {
            let (own, more) = rest.split_at(canon.width());
            rest = more;
            canon.found(own)
        };
        self.canon.iter().map(cell).collect()
    }

    fn key_of(&self, cells: &Cells) -> Cells {
        let How::Key(key, _) = &self.how else { return cells.clone() };
        key.iter().map(|&k| cells[k].clone()).collect()
    }

    fn literals(&self, dialect: Dialect, key: &Cells) -> Vec<String> {
        let columns = self.key_columns().into_iter().zip(key);
        let literal = |(c, text): (usize, &Option<String>)| {
            text.as_deref().map_or("NULL".into(), |text| key_literal(dialect, &self.run.table.columns[c], text))
        };
        columns.map(literal).collect()
    }

    /// `id = 7`
    pub fn key_text(&self, key: &Cells) -> String {
        let pairs = self.key_names().into_iter().zip(key);
        let pairs: Vec<String> = pairs.map(|(name, cell)| format!("{name} = {}", shown_cell(cell))).collect();
        pairs.join(", ")
    }

    /// The first cell that differs.
    fn difference(&self, made: &Cells, found: &Cells) -> String {
        let at = (0..made.len()).find(|&i| made[i] != found[i]).unwrap_or(0);
        let name = &self.run.table.columns[self.run.columns[at]].name;
        format!("`{name}` was {}, is {}", shown_cell(&made[at]), shown_cell(&found[at]))
    }

    fn remember(&mut self, rows: &[Cells]) {
        for (i, &c) in self.run.columns.iter().enumerate() {
            if self.run.table.columns[c].auto.is_some() {
                let largest = rows.iter().filter_map(|row| row[i].as_deref()?.parse::<i128>().ok()).max();
                if let Some(n) = largest {
                    self.largest.entry(i).and_modify(|m| *m = n.max(*m)).or_insert(n);
                }
            }
        }
    }
}

impl UndoWork<'_> {
    /// Finds the rows of a table, compares them, and stores the keys of those that are to be removed in the temporary
    /// table.
    pub(super) fn look_up(&mut self, t: usize) -> Result<UndoneTable, UndoError> {
        if self.tables[t].how == How::Not {
            return self.look_at_all(t);
        }
        self.create_temporary(t)?;
        let (schema, source) = (self.tables[t].run.schema.clone(), self.tables[t].run.source);
        let mut out = UndoneTable { name: self.tables[t].name().clone(), ..UndoneTable::default() };
        for piece in pieces(&schema, source) {
            self.go_on()?;
            let (n, batch) = piece.map_err(|message| self.not_made(t, message))?;
            self.look_up_batch(t, n, &batch, &mut out)?;
        }
        if self.schema.dialect == Dialect::Postgres
            && let How::Key(_, temporary) = &self.tables[t].how
        {
            self.loader.execute(&format!("ANALYZE {temporary}"))?;
        }
        Ok(out)
    }

    pub(super) fn not_made(&self, t: usize, message: RowSetError) -> UndoError {
        RowsError::Generate { table: self.tables[t].name().clone(), message }.into()
    }

    fn create_temporary(&mut self, t: usize) -> Result<(), UndoError> {
        let (dialect, own) = (self.schema.dialect, &self.tables[t]);
        let How::Key(_, temporary) = &own.how else { return Ok(()) };
        let columns: Vec<String> =
            own.held.iter().map(|&c| format!("{} AS {}", name(dialect, own, c), held(c))).collect();
        let key: Vec<String> = own.key_columns().into_iter().map(held).collect();
        let key = key.join(", ");
        let keys = match dialect {
            Dialect::Mysql => format!(" (KEY (dbmocker_n), KEY ({key}))"),
            _ => String::new(),
        };
        let created = self.loader.execute(&format!(
            "CREATE TEMPORARY TABLE {temporary}{keys} AS SELECT 0 AS dbmocker_n, {} FROM {} WHERE 1 = 0",
            columns.join(", "),
            from(dialect, own.run.table)
        ));
        created.map_err(|e| match e {
            LoadError::Statement { message, .. } => UndoError::NoTemporary { message },
            e => e.into(),
        })?;
        let bare = temporary.rsplit('.').next().unwrap_or_default();
        let (place, on) = match dialect {
            Dialect::Sqlite => ("temp.", bare),
            _ => ("", temporary.as_str()),
        };
        if dialect != Dialect::Mysql {
            self.loader.execute(&format!("CREATE INDEX {place}{bare}_n ON {on} (dbmocker_n)"))?;
            self.loader.execute(&format!("CREATE INDEX {place}{bare}_k ON {on} ({key})"))?;
        }
        Ok(())
    }

    fn look_up_batch(
        &mut self,
        t: usize,
        n: usize,
        batch: &RecordBatch,
        out: &mut UndoneTable,
    ) -> Result<(), UndoError> {
        let rows = self.made(t, batch)?;
        self.tables[t].remember(&rows);
        let (dialect, own) = (self.schema.dialect, &self.tables[t]);
        let How::Key(_, temporary) = &own.how else { return Ok(()) };
        let keys: Vec<Vec<String>> = rows.iter().map(|row| own.literals(dialect, &own.key_of(row))).collect();
        let columns: Vec<String> = own.held.iter().map(|&c| name(dialect, own, c)).collect();
        let condition = among(dialect, &own.key_names(), &keys);
        let table = from(dialect, own.run.table);
        let present = self.loader.execute(&format!(
            "INSERT INTO {temporary} SELECT {n}, {} FROM {table} WHERE {condition}",
            columns.join(", ")
        ))?;
        out.made += rows.len() as u64;
        out.gone += (rows.len() as u64).saturating_sub(present);
        if present == 0 {
            return Ok(());
        }
        let changed = self.differing(t, n, rows, false)?;
        let own = &self.tables[t];
        out.changed += changed.len() as u64;
        for (key, difference) in &changed {
            if out.examples.len() < EXAMPLES {
                out.examples.push(format!("changed: {}: {difference}", own.key_text(key)));
            }
        }
        if !changed.is_empty() && self.options.changed != Changed::Remove {
            let keys: Vec<Vec<String>> = changed.iter().map(|(key, _)| own.literals(dialect, key)).collect();
            let held: Vec<String> = own.key_columns().into_iter().map(held).collect();
            let held: Vec<&str> = held.iter().map(String::as_str).collect();
            let condition = among(dialect, &held, &keys);
            let How::Key(_, temporary) = &own.how else { return Ok(()) };
            self.loader.execute(&format!("DELETE FROM {temporary} WHERE dbmocker_n = {n} AND {condition}"))?;
        }
        Ok(())
    }

    /// The rows of a batch in canonical form.
    pub(super) fn made(&mut self, t: usize, batch: &RecordBatch) -> Result<Vec<Cells>, UndoError> {
        let own = &self.tables[t];
        let mut rows: Vec<Cells> = vec![Vec::with_capacity(own.canon.len()); batch.num_rows()];
        for (i, canon) in own.canon.iter().enumerate() {
            let cells = canon.made(batch.column(i).as_ref(), batch.schema_ref().field(i), &mut self.session)?;
            rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
        }
        Ok(rows)
    }

    /// Rows with keys of a batch that differ from those that the run made, with the first difference. `lock`: locks the
    /// rows until the transaction ends.
    pub(super) fn differing(
        &mut self,
        t: usize,
        n: usize,
        rows: Vec<Cells>,
        lock: bool,
    ) -> Result<Vec<(Cells, String)>, UndoError> {
        let (dialect, own) = (self.schema.dialect, &self.tables[t]);
        let lock = if lock && dialect != Dialect::Sqlite { " FOR UPDATE" } else { "" };
        let sql = format!(
            "SELECT {} FROM {} WHERE {}{lock}",
            own.outputs(dialect),
            from(dialect, own.run.table),
            own.in_temporary(dialect, Some(n))
        );
        let found = self.loader.query(&sql)?;
        let made: HashMap<Cells, Cells> = rows.into_iter().map(|row| (own.key_of(&row), row)).collect();
        let mut changed = Vec::new();
        for texts in found {
            let cells = own.canonical(&texts);
            let key = own.key_of(&cells);
            match made.get(&key) {
                Some(row) if *row == cells => {}
                Some(row) => changed.push((key, own.difference(row, &cells))),
                None => changed.push((key, "its key is spelled otherwise".into())),
            }
        }
        Ok(changed)
    }

    /// Rows that are to be removed.
    pub(super) fn left(&mut self, t: usize) -> Result<u64, UndoError> {
        match &self.tables[t].how {
            How::Key(_, temporary) => {
                let sql = format!("SELECT count(*) FROM {temporary}");
                Ok(number(&self.loader.query(&sql)?))
            }
            How::All(rows) => Ok(*rows),
            How::Not => Ok(0),
        }
    }
}

fn name(dialect: Dialect, own: &OwnRows<'_>, column: usize) -> String {
    quote(dialect, &own.run.table.columns[column].name)
}

/// The first value of a query's answer.
pub(super) fn number(rows: &[Vec<Option<String>>]) -> u64 {
    rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok()).unwrap_or(0)
}
