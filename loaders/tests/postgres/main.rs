//! The PostgreSQL loader against real servers, which these tests start from the installed binaries.
#![allow(clippy::unwrap_used)] // a test's panic is its message

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, StringArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use dbmocker_loaders::{
    Connection, Dialect, LoadError, Loaded, Loader, Payload, Target, TargetColumn, TlsMode, connect,
};

#[path = "../../../tests/it/servers.rs"]
mod servers;

mod connecting;
mod refusals;
mod speed;
mod tls;
mod transactions;
mod types;

use servers::{Database, postgres};

fn connection(database: &Database) -> Connection {
    let server = database.server.unwrap();
    Connection {
        dialect: Dialect::Postgres,
        host: "127.0.0.1".into(),
        port: server.port,
        user: server.user.into(),
        password: Some(server.password.into()),
        database: database.name.clone(),
        tls: TlsMode::Prefer,
        ..Connection::default()
    }
}

fn open(database: &Database) -> Box<dyn Loader> {
    connect(&connection(database)).unwrap()
}

/// Returns once a loader's session runs `pg_sleep`.
fn wait_until_it_sleeps(database: &Database) {
    let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    while database.number(sleeps) == 0 {}
}

/// The text of an expected error.
fn complaint<T>(outcome: Result<T, LoadError>) -> String {
    outcome.map(|_| ()).unwrap_err().to_string()
}

fn target(table: &str, columns: &[(&str, &str)]) -> Target {
    let column = |(name, sql_type): &(&str, &str)| TargetColumn {
        name: (*name).into(),
        sql_type: (*sql_type).into(),
        srid: None,
    };
    Target {
        schema: "public".into(),
        table: table.into(),
        columns: columns.iter().map(column).collect(),
        freeze: false,
    }
}

/// A batch of named arrays, and the target of that table with the server's types.
fn table(name: &str, columns: Vec<(&str, &str, ArrayRef)>) -> (Target, RecordBatch) {
    let names: Vec<(&str, &str)> = columns.iter().map(|c| (c.0, c.1)).collect();
    let fields: Vec<Field> = columns.iter().map(|c| Field::new(c.0, c.2.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|c| c.2).collect();
    (target(name, &names), RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap())
}

fn load(loader: &mut dyn Loader, target: &Target, batch: RecordBatch) -> Result<Loaded, LoadError> {
    let schema = batch.schema();
    load_all(loader, target, schema, &mut [Ok(batch)].into_iter())
}

fn load_all(
    loader: &mut dyn Loader,
    target: &Target,
    schema: SchemaRef,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, LoadError>>,
) -> Result<Loaded, LoadError> {
    loader.load(target, Payload::Batches { schema, batches })
}

/// `(id integer, t text)`.
fn pairs(name: &str, rows: std::ops::Range<i32>) -> (Target, RecordBatch) {
    let texts: StringArray = rows.clone().map(|i| Some(format!("text {i}"))).collect();
    let ids = Int32Array::from_iter_values(rows);
    table(name, vec![("id", "integer", Arc::new(ids)), ("t", "text", Arc::new(texts))])
}
