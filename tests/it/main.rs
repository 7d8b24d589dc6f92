//! All integration tests, one binary: the real program against real servers.

mod domains;
mod introspect;
mod program;
mod readers;
mod servers;
mod servers_test;
mod shop;
mod verify;
