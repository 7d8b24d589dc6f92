//! A session with the server's settings, for the statements of a script.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error};
use tokio::runtime::Runtime;

use super::session::MysqlSession;
use crate::script::{Script, ScriptError};
use crate::{Connection, LoadError};

pub(crate) struct Plain {
    runtime: Runtime,
    conn: Conn,
}

impl Plain {
    pub fn open(to: &Connection) -> Result<Self, LoadError> {
        let (runtime, conn) = MysqlSession::plain(to)?;
        Ok(Plain { runtime, conn })
    }
}

impl Script for Plain {
    fn run(&mut self, sql: &str) -> Result<(), ScriptError> {
        let Plain { runtime, conn } = self;
        runtime.block_on(async { conn.query_iter(sql).await?.drop_result().await }).map_err(|e| error(&e))
    }

    fn column(&mut self, sql: &str) -> Result<Vec<String>, ScriptError> {
        let Plain { runtime, conn } = self;
        runtime.block_on(conn.query(sql)).map_err(|e| error(&e))
    }
}

fn error(e: &Error) -> ScriptError {
    match e {
        Error::Server(e) => ScriptError::new(e.message.clone(), Some(e.code.to_string())),
        e => ScriptError::new(e.to_string(), None),
    }
}
