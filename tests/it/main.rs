//! All integration tests, one binary: the real program against real servers.
#![allow(clippy::unwrap_used)] // a panic here is a failing test, with its place

mod again;
mod audit;
mod cli;
mod correlated;
mod deferred_indexes;
mod domains;
mod errors;
mod export;
mod files;
mod introspect;
mod late;
mod load;
mod lookup;
mod memory;
mod mysql_odd;
mod original;
mod own_functions;
mod processes;
mod program;
mod readers;
mod reads;
mod servers;
mod servers_test;
mod shop;
mod skip;
mod staging;
mod triggers;
mod urls;
mod verify;
mod wild;
mod wild_postgres;
