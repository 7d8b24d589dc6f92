//! How many round trips a run needs: to a server far away they take most of its time.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::program::dbmocker;
use crate::servers::{Kind, database};

/// Tables of the schema.
const TABLES: usize = 80;
/// Round trips for each table that are allowed, of all that a run needs.
const ALLOWED: usize = 6;

/// A link to a server that counts round trips: how often a client writes after the server has answered.
fn link(port: u16) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (own, trips) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = trips.clone();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", port)).unwrap());
            for stream in [&client, &server] {
                stream.set_nodelay(true).unwrap();
            }
            let (answered, trips) = (Arc::new(AtomicBool::new(true)), counted.clone());
            let (to_server, from_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let asked = answered.clone();
            thread::spawn(move || {
                pass(from_client, to_server, || {
                    trips.fetch_add(usize::from(asked.swap(false, Ordering::SeqCst)), Ordering::SeqCst);
                });
            });
            thread::spawn(move || pass(server, client, || answered.store(true, Ordering::SeqCst)));
        }
    });
    (own, trips)
}

fn pass(mut from: TcpStream, mut to: TcpStream, seen: impl Fn()) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(bytes @ 1..) = from.read(&mut buffer) {
        seen();
        if to.write_all(&buffer[..bytes]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Tables that refer to earlier ones, on several levels, each with numbers of its own and a CHECK.
fn schema(kind: Kind) -> String {
    let id = if kind == Kind::Postgres { "id serial PRIMARY KEY" } else { "id int AUTO_INCREMENT PRIMARY KEY" };
    let table = |i: usize| {
        let parent =
            if i < 8 { String::new() } else { format!(", FOREIGN KEY (parent_id) REFERENCES t{} (id)", i / 4) };
        format!(
            "CREATE TABLE t{i} ({id}, parent_id int NOT NULL, name varchar(40), price numeric(8,2) NOT NULL \
             CHECK (price >= 0), made timestamp NOT NULL{parent});"
        )
    };
    (0..TABLES).map(table).collect()
}

fn few_round_trips(kind: Kind) {
    let db = database(kind, &schema(kind));
    let port = db.server.unwrap().port;
    let (own, trips) = link(port);
    let url = db.url.replace(&format!(":{port}/"), &format!(":{own}/"));
    let ran = dbmocker(["load", "--url", &url, "--rows", "50"]).ok();
    assert!(ran.stderr.contains(&format!("{TABLES} tables")), "{}", ran.stderr);
    for table in ["t7".into(), format!("t{}", TABLES - 1)] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 50, "{table}");
    }
    let trips = trips.load(Ordering::SeqCst);
    assert!(trips <= ALLOWED * TABLES, "{kind:?}: {trips} round trips for {TABLES} tables");
}

#[test]
fn few_round_trips_to_postgres() {
    few_round_trips(Kind::Postgres);
}

#[test]
fn few_round_trips_to_mariadb() {
    few_round_trips(Kind::MariaDb);
}

/// Small tables share transactions: one that the server refuses, for a reason that no trial has seen, takes no other with
/// it.
#[test]
fn a_table_that_is_refused_among_others_is_left_out_alone() {
    let sound = ["a", "b", "c", "d", "e", "f"];
    let sound_ddl: String = sound
        .iter()
        .map(|t| format!("CREATE TABLE {t} (id serial PRIMARY KEY, kind int NOT NULL REFERENCES kinds);"))
        .collect();
    let db = database(
        Kind::Postgres,
        &format!(
            "CREATE TABLE parents (id int PRIMARY KEY);
             CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN NEW.id := NEW.id + 1000000; RETURN NEW; END $$;
             CREATE TRIGGER moved BEFORE INSERT ON parents FOR EACH ROW EXECUTE FUNCTION moved();
             CREATE TABLE kinds (id int PRIMARY KEY);
             CREATE TABLE children (id int PRIMARY KEY, parent int NOT NULL REFERENCES parents,
                                    kind int NOT NULL REFERENCES kinds);
             {sound_ddl}"
        ),
    );
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "20", "--no-probe", "--skip-unsolved"]).ok();
    assert!(ran.stderr.contains("left out: public.children: the server refuses its rows"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM children"), 0);
    for table in sound {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 20, "{table}");
        assert_eq!(db.number(&format!("SELECT nextval('{table}_id_seq')")), 21, "{table}");
    }
}
