//! PostgreSQL: tables that are loaded while the tables that they refer to are, and other sessions whose locks are in the
//! way.

use ::postgres::{Client, NoTls};

use crate::deferred_indexes::{dump, wait};
use crate::program::{Ran, start};
use crate::servers::{Database, Kind, database};

const TABLES: &str = "
    CREATE TABLE parents (id integer PRIMARY KEY, code text NOT NULL UNIQUE);
    CREATE TABLE children (id integer PRIMARY KEY, parent_id integer NOT NULL REFERENCES parents, code text UNIQUE);";
const LOAD: [&str; 6] = ["--rebuild-from", "1", "--rows", "3000", "--connections", "2"];

/// The children hold their table, and the parents wait for theirs.
const BOTH: &str =
    "SELECT count(*) FROM pg_locks l JOIN pg_locks w ON w.relation = 'parents'::regclass AND NOT w.granted
    WHERE l.relation = 'children'::regclass AND l.mode = 'AccessExclusiveLock' AND l.granted";
/// Sessions that wait for the children's table.
const WAITING: &str = "SELECT count(*) FROM pg_locks WHERE relation = 'children'::regclass AND NOT granted";
/// Children that wait for the task of their parents.
const LATE: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

fn session(db: &Database) -> Client {
    Client::connect(&db.url, NoTls).unwrap()
}

/// Starts a load whose parents cannot drop their key, because another session has written to the table.
fn load(db: &Database, other: &mut Client) -> std::process::Child {
    other.batch_execute("BEGIN; INSERT INTO parents VALUES (-1, 'mine')").unwrap();
    start(["load", "--url", &db.url].iter().chain(&LOAD))
}

fn joined(db: &Database) -> i64 {
    db.number("SELECT count(*) FROM children JOIN parents p ON p.id = parent_id")
}

/// A check that does not end for rows of the `table` as long as another session holds the advisory lock 7: only in the
/// load, which has dropped the table's index.
fn gate(table: &str) -> String {
    format!(
        "CREATE FUNCTION gate(n integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
            'BEGIN
                WHILE to_regclass(''public.{table}_code_key'') IS NULL AND EXISTS (SELECT FROM pg_locks
                    WHERE locktype = ''advisory'' AND objid = 7 AND classid = 0 AND granted
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                LOOP PERFORM pg_sleep(0.01); END LOOP;
                RETURN true;
            END';
         ALTER TABLE {table} ADD CHECK (gate(id));"
    )
}

#[test]
fn a_table_is_loaded_while_its_parent_is() {
    let db = database(Kind::Postgres, TABLES);
    // The rows of the parents are not there in the first snapshot of the children's transaction.
    db.execute(&format!("ALTER DATABASE {} SET default_transaction_isolation = 'repeatable read'", db.name));
    let before = dump(&db);
    let mut other = session(&db);
    let child = load(&db, &mut other);
    wait(|| db.number(BOTH) > 0);
    other.batch_execute("ROLLBACK").unwrap();
    Ran::from(child.wait_with_output().unwrap()).ok();
    assert_eq!(joined(&db), 3000);
    assert_eq!(dump(&db), before);
}

#[test]
fn a_deadlock_with_another_session_ends() {
    let db = database(Kind::Postgres, TABLES);
    let mut other = session(&db);
    let child = load(&db, &mut other);
    wait(|| db.number(LATE) > 0);
    // The children wait for the parents, the parents for this session, and this session for the children. Without the
    // limit, a server that does not see the first wait would never answer.
    other.batch_execute("SET statement_timeout = '60s'").unwrap();
    let read = other.batch_execute("SELECT count(*) FROM children");
    if let Err(e) = read {
        assert_eq!(e.code().map(::postgres::error::SqlState::code), Some("40P01"), "{e}");
    }
    other.batch_execute("ROLLBACK").unwrap();
    Ran::from(child.wait_with_output().unwrap()).ok();
    assert_eq!(joined(&db), 3000);
}

#[test]
fn a_table_that_a_deadlock_has_ended_is_loaded_again() {
    let db = database(Kind::Postgres, &format!("{TABLES}{}", gate("children")));
    let before = dump(&db);
    let [mut other, mut holder] = [(); 2].map(|()| session(&db));
    holder.batch_execute("SELECT pg_advisory_lock(7)").unwrap();
    let child = load(&db, &mut other);
    wait(|| db.number(BOTH) > 0);
    // This session never looks for deadlocks, so that it is not the one that is ended.
    other.batch_execute("SET deadlock_timeout = '1h'; SET statement_timeout = '60s'").unwrap();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            other.batch_execute("SELECT count(*) FROM children").unwrap();
            other.batch_execute("ROLLBACK").unwrap();
        });
        wait(|| db.number(WAITING) > 0);
        holder.batch_execute("SELECT pg_advisory_unlock(7)").unwrap();
        reader.join().unwrap();
    });
    Ran::from(child.wait_with_output().unwrap()).ok();
    assert_eq!(joined(&db), 3000);
    assert_eq!(dump(&db), before);
}

#[test]
fn the_sessions_limits_are_not_for_the_wait_for_parents() {
    let db = database(Kind::Postgres, &format!("{TABLES}{}", gate("parents")));
    for limit in ["lock_timeout = '500ms'", "idle_in_transaction_session_timeout = '500ms'"] {
        db.execute(&format!("ALTER DATABASE {} SET {limit}", db.name));
    }
    let mut holder = session(&db);
    holder.batch_execute("SELECT pg_advisory_lock(7)").unwrap();
    let child = start(["load", "--url", &db.url].iter().chain(&LOAD));
    let longer = format!("{LATE} AND waitstart < clock_timestamp() - interval '1s'");
    wait(|| db.number(&longer) > 0);
    holder.batch_execute("SELECT pg_advisory_unlock(7)").unwrap();
    Ran::from(child.wait_with_output().unwrap()).ok();
    assert_eq!(joined(&db), 3000);
}

#[test]
fn nobody_else_can_hold_the_parents_lock_against_the_load() {
    let db = database(Kind::Postgres, &format!("{TABLES}{}", gate("parents")));
    let [mut holder, mut stranger] = [(); 2].map(|()| session(&db));
    holder.batch_execute("SELECT pg_advisory_lock(7)").unwrap();
    let child = start(["load", "--url", &db.url].iter().chain(&LOAD));
    wait(|| db.number(LATE) > 0);
    let task = db.number(&LATE.replacen("count(*)", "min(objid::bigint)", 1));
    std::thread::scope(|scope| {
        let lock = format!("SELECT pg_advisory_lock({}, {task})", 0x6462_6d74);
        let waits = scope.spawn(move || {
            stranger.batch_execute(&lock).unwrap();
            stranger
        });
        // The children wait behind the stranger, who then holds the lock as long as it likes.
        let behind = format!(
            "{LATE} AND mode = 'ShareLock' AND waitstart > (SELECT min(waitstart) FROM pg_locks
            WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND NOT granted)"
        );
        wait(|| db.number(&behind) > 0);
        holder.batch_execute("SELECT pg_advisory_unlock(7)").unwrap();
        let stranger = waits.join().unwrap();
        Ran::from(child.wait_with_output().unwrap()).ok();
        drop(stranger);
    });
    assert_eq!(joined(&db), 3000);
}
