//! PostgreSQL and MySQL/MariaDB: an advisory lock, held by a session that does nothing else.
//!
//! PostgreSQL's is bound to a transaction that stays open: behind a pooler, a transaction keeps its server session,
//! while a session-level lock would outlive its client, or be shared with another one. The transaction holds no
//! snapshot, so it does not hold back VACUUM.

use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect, ident};
use twox_hash::XxHash3_128;

use super::holder::{Holder, Who, plain};
use super::{Attempt, Held, LockLoss};
use crate::run::RunError;
use crate::run::sql_template::filled;

/// The two numbers of PostgreSQL's advisory lock, which is local to the database: `dbmk`, and 1 for its first use.
const KEYS: (u32, u32) = (0x6462_6d6b, 1);
const EVERY: Duration = Duration::from_secs(5);
/// MySQL: how often a statement that names the holder is run, and for how long; other sessions can see it only while it
/// runs.
const SHOWN_EVERY: Duration = Duration::from_secs(1);
const SHOWN_SECONDS: &str = "0.2";
/// How long that statement is searched for.
const LOOK: Duration = Duration::from_millis(1500);
const BETWEEN: Duration = Duration::from_millis(30);

/// A session that requests the lock.
pub(super) struct ServerAttempt {
    dialect: Dialect,
    /// `None` once it holds the lock.
    loader: Option<Box<dyn Loader>>,
    /// MySQL: the lock's name, as a literal.
    name: String,
    line: String,
}

struct ServerLock {
    dialect: Dialect,
    loader: Box<dyn Loader>,
    check: String,
    release: String,
}

impl ServerAttempt {
    /// # Errors
    /// The server cannot be reached, or refuses the session's settings.
    pub(super) fn new(connection: &Connection, who: &Who) -> Result<Self, RunError> {
        let dialect = connection.dialect;
        let mut loader = connect(connection)?;
        let (name, line) = (prepare(&mut *loader, dialect, &who.line())?, who.line());
        Ok(ServerAttempt { dialect, loader: Some(loader), name, line })
    }

    fn loader(&mut self) -> &mut dyn Loader {
        &mut **self.loader.as_mut().expect("nobody asks again for a lock that is held")
    }

    /// The session that holds the lock: its number, and what the server shows of it.
    fn session(&mut self) -> Result<Option<(u64, Holder)>, LoadError> {
        match self.dialect {
            Dialect::Postgres => self.postgres_holder(),
            _ => self.mysql_holder(),
        }
    }

    fn postgres_holder(&mut self) -> Result<Option<(u64, Holder)>, LoadError> {
        let sql = keyed(include_str!("holder.sql"));
        let Some([pid, user, application]) =
            texts(self.loader(), &sql)?.and_then(|row| <[String; 3]>::try_from(row).ok())
        else {
            return Ok(None);
        };
        let session = Some(format!("server session {pid} of `{}`", plain(&user)));
        Ok(pid.parse().ok().map(|pid| (pid, Holder { who: Who::read(&application), session })))
    }

    fn mysql_holder(&mut self) -> Result<Option<(u64, Holder)>, LoadError> {
        let begun = Instant::now();
        let sql = format!(
            "SELECT p.id, p.user, p.host, coalesce(p.info, '') FROM information_schema.processlist AS p \
             WHERE p.id = IS_USED_LOCK({})",
            self.name
        );
        loop {
            let row = texts(self.loader(), &sql)?.and_then(|row| <[String; 4]>::try_from(row).ok());
            let Some([id, user, host, statement]) = row else { break };
            let who = statement.split("/*").nth(1).and_then(|s| Who::read(s.split("*/").next().unwrap_or_default()));
            if who.is_some() || begun.elapsed() > LOOK {
                let session = Some(format!("server session {id} of `{}` at `{}`", plain(&user), plain(&host)));
                return Ok(id.parse().ok().map(|id| (id, Holder { who, session })));
            }
            std::thread::sleep(BETWEEN);
        }
        // A session of another account, which this one may not see.
        let sql = format!("SELECT IS_USED_LOCK({})", self.name);
        let id = texts(self.loader(), &sql)?.and_then(|row| row.first().and_then(|id| id.parse().ok()));
        let session = id.map(|id| format!("server session {id}, of another account"));
        Ok(id.map(|id: u64| (id, Holder { who: None, session })))
    }
}

impl Attempt for ServerAttempt {
    fn attempt(&mut self) -> Result<Option<Box<dyn Held>>, RunError> {
        let take = match self.dialect {
            Dialect::Postgres => format!("SELECT pg_catalog.pg_try_advisory_xact_lock({}, {})", KEYS.0, KEYS.1),
            _ => format!("SELECT GET_LOCK({}, 0)", self.name),
        };
        let taken = texts(self.loader(), &take)?.and_then(|row| row.into_iter().next()).unwrap_or_default();
        match taken.as_str() {
            "t" | "1" => {}
            "f" | "0" => return Ok(None),
            _ => return Err(RunError::Lock { message: "the server did not grant the lock and gave no reason".into() }),
        }
        let loader = self.loader.take().expect("nobody asks again for a lock that is held");
        let (check, release) = match self.dialect {
            // The lock belongs to the transaction, and this statement fails only if the session is a different one.
            Dialect::Postgres => (holds(), "ROLLBACK".to_owned()),
            _ => (
                format!(
                    "SELECT /* {} */ IS_USED_LOCK({}) = CONNECTION_ID(), SLEEP({SHOWN_SECONDS})",
                    self.line, self.name
                ),
                format!("DO RELEASE_LOCK({})", self.name),
            ),
        };
        Ok(Some(Box::new(ServerLock { dialect: self.dialect, loader, check, release })))
    }

    fn holder(&mut self) -> Result<Holder, RunError> {
        Ok(self.session()?.map(|(_, holder)| holder).unwrap_or_default())
    }

    fn end_holder(&mut self) -> Result<(), RunError> {
        let Some((id, _)) = self.session()? else { return Ok(()) };
        let end = match self.dialect {
            Dialect::Postgres => format!("SELECT pg_catalog.pg_terminate_backend({id})"),
            _ => format!("KILL {id}"),
        };
        match self.loader().query(&end) {
            // The session ended in the meantime.
            Err(_) if self.session()?.is_none_or(|(now, _)| now != id) => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }
}

impl Held for ServerLock {
    fn check(&mut self) -> Result<(), LockLoss> {
        match texts(&mut *self.loader, &self.check) {
            Ok(Some(row)) if row.first().is_some_and(|held| held == "1") => Ok(()),
            Ok(_) => Err(LockLoss::OtherSession),
            Err(e) => Err(LockLoss::NoSession(e)),
        }
    }

    fn every(&self) -> Duration {
        if self.dialect == Dialect::Postgres { EVERY } else { SHOWN_EVERY }
    }

    fn release(mut self: Box<Self>) {
        // The lock ends with the session in any case.
        let _ = self.loader.execute(&self.release);
        let _ = self.loader.finish();
    }
}

/// A statement with the lock's numbers filled in.
fn keyed(sql: &str) -> String {
    filled(sql, &[("class", &KEYS.0.to_string()), ("object", &KEYS.1.to_string())])
}

/// Whether this session holds the lock: 1 or 0.
fn holds() -> String {
    keyed(include_str!("holds.sql"))
}

/// Disables the session's timeouts, and returns the name of the lock as a literal (MySQL).
fn prepare(loader: &mut dyn Loader, dialect: Dialect, line: &str) -> Result<String, LoadError> {
    if dialect == Dialect::Postgres {
        loader.execute("BEGIN")?;
        loader.query(&filled(include_str!("settings.sql"), &[("line", &ident::literal(dialect, line))]))?;
        return Ok(String::new());
    }
    loader.execute(
        "SET SESSION wait_timeout = 86400 /*M! , max_statement_time = 0 */ /*!50708 , max_execution_time = 0 */",
    )?;
    let row = texts(loader, "SELECT DATABASE(), @@lower_case_table_names")?.unwrap_or_default();
    let database = row.first().cloned().unwrap_or_default();
    let exact = row.get(1).is_some_and(|fold| fold == "0");
    let database = if exact { database } else { database.to_lowercase() };
    // At most 64 characters, and names are case-insensitive there.
    let name = format!("dbmocker-{:032x}", XxHash3_128::oneshot(database.as_bytes()));
    Ok(ident::literal(dialect, &name))
}

/// The first row of a query, NULL as an empty text.
fn texts(loader: &mut dyn Loader, sql: &str) -> Result<Option<Vec<String>>, LoadError> {
    let first = loader.query(sql)?.into_iter().next();
    Ok(first.map(|row| row.into_iter().map(Option::unwrap_or_default).collect()))
}
