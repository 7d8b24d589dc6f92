//! Triggers are tested before anything is written, and the rules that they enforce hold.

use crate::deferred_indexes::wait;
use crate::program::{Ran, dbmocker, start};
use crate::servers::{Database, KINDS, Kind, database, sqlite_database};

fn load(db: &Database, rows: &str) -> Ran {
    dbmocker(["load", "--url", &db.url, "--rows", rows])
}

/// `CREATE TRIGGER` that raises `message` before an insert into `table` where `condition` holds.
fn raising(kind: Kind, name: &str, table: &str, condition: &str, message: &str) -> String {
    match kind {
        Kind::Postgres => format!(
            "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF {condition} THEN RAISE EXCEPTION '{message}'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();"
        ),
        Kind::MariaDb => format!(
            "\nDELIMITER //\nCREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW
               IF {condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{message}'; END IF//\nDELIMITER ;\n"
        ),
        Kind::Sqlite => format!(
            "CREATE TRIGGER {name} BEFORE INSERT ON {table} BEGIN
               SELECT RAISE(ABORT, '{message}') WHERE {condition}; END;"
        ),
    }
}

const LIBRARY: &str = "CREATE TABLE shelves (id INT PRIMARY KEY, label VARCHAR(40) NOT NULL);
    CREATE TABLE books (id INT PRIMARY KEY, shelf INT NOT NULL, title VARCHAR(80) NOT NULL,
      FOREIGN KEY (shelf) REFERENCES shelves (id));";

#[test]
fn a_trigger_that_raises_is_told_before_anything_is_written() {
    for kind in KINDS {
        let full = raising(kind, "no_room", "books", "(SELECT count(*) FROM books) > 100", "the library is full");
        let db = database(kind, &format!("{LIBRARY}{full}"));
        let ran = dbmocker(["load", "--url", &db.url, "--rows", "200", "--keep-triggers"]);
        assert_ne!(ran.code, 0, "{kind:?}");
        for said in ["the library is full", "nothing was written", "books"] {
            assert!(ran.stderr.contains(said), "{kind:?}: {}", ran.stderr);
        }
        assert_eq!(db.number("SELECT count(*) FROM shelves"), 0, "{kind:?}");
    }
}

#[test]
fn a_trigger_that_mends_rows_is_asked_and_what_keeps_it_on_is_told() {
    let tables = "CREATE TABLE log (id INT, what VARCHAR(20));
        CREATE TABLE sealed (id INT PRIMARY KEY, seal VARCHAR(40) NOT NULL CHECK (seal = md5(concat(id, 'salt'))));";
    for (kind, ddl) in [
        (
            Kind::Postgres,
            "CREATE TABLE log (id INT, what VARCHAR(20));
             CREATE TABLE sealed (id INT PRIMARY KEY, seal VARCHAR(40) NOT NULL CHECK (seal = md5(id || 'salt')));
             CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               NEW.seal := md5(NEW.id || 'salt'); INSERT INTO log (what) VALUES ('sealed'); RETURN NEW; END $$;
             CREATE TRIGGER fill BEFORE INSERT ON sealed FOR EACH ROW EXECUTE FUNCTION fill();"
                .to_owned(),
        ),
        (
            Kind::MariaDb,
            format!(
                "{tables}\nDELIMITER //\nCREATE TRIGGER fill BEFORE INSERT ON sealed FOR EACH ROW BEGIN
                   SET NEW.seal = md5(concat(NEW.id, 'salt')); INSERT INTO log (what) VALUES ('sealed'); END//\nDELIMITER ;\n"
            ),
        ),
    ] {
        let db = database(kind, &ddl);
        // The trigger would write to a table that is filled, so it is disabled, and no other rule generates such seals.
        let ran = load(&db, "40").expect(3);
        let way_out = format!("with those left out they stay on (--exclude-tables {})", db.qualified("log"));
        assert!(ran.stderr.contains(&way_out), "{kind:?}: {}", ran.stderr);
        dbmocker(["load", "--url", &db.url, "--rows", "40", "--exclude-tables", "log"]).ok();
        let counts = ["sealed", "log"].map(|table| db.number(&format!("SELECT count(*) FROM {table}")));
        assert_eq!(counts, [40, 40], "{kind:?}");
    }
}

#[test]
fn a_trigger_finds_the_parents_of_rows_on_trial() {
    for kind in KINDS {
        // This form is not translated to a foreign key: the trigger itself must find the parent.
        let there = "(SELECT count(*) + 0 FROM shelves WHERE id = NEW.shelf) < 1";
        let db = database(kind, &format!("{LIBRARY}{}", raising(kind, "known", "books", there, "no such shelf")));
        load(&db, "2000").ok();
        assert_eq!(db.number("SELECT count(*) FROM books"), 2000, "{kind:?}");
    }
}

#[test]
fn rows_that_a_trigger_takes_away_are_told() {
    let prune = "CREATE TRIGGER prune AFTER INSERT ON books BEGIN DELETE FROM books WHERE id % 2 = 0; END;";
    let db = sqlite_database(&format!("{LIBRARY}{prune}"));
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "20", "--keep-triggers"]);
    assert!(ran.stderr.contains("20 rows were sent, and its triggers (`prune`) left 10"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM shelves"), 0);
}

#[test]
fn references_that_only_triggers_keep_are_kept() {
    let db = sqlite_database(
        "CREATE TABLE shelves (id INTEGER PRIMARY KEY, hall TEXT NOT NULL, label TEXT NOT NULL);
         CREATE TABLE books (id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, hall TEXT NOT NULL, title TEXT NOT NULL);
         CREATE TRIGGER known BEFORE INSERT ON books BEGIN SELECT CASE
           WHEN (SELECT id FROM shelves WHERE id = NEW.shelf) IS NULL THEN RAISE(ABORT, 'no such shelf')
           WHEN NEW.title = '' THEN RAISE(ABORT, 'no title') END; END;
         CREATE TRIGGER same_hall BEFORE INSERT ON books WHEN NEW.shelf IS NOT NULL BEGIN
           SELECT RAISE(ABORT, 'another hall') WHERE NEW.hall <> (SELECT hall FROM shelves WHERE id = NEW.shelf); END;",
    );
    load(&db, "300").ok();
    let met = "SELECT count(*) FROM books b JOIN shelves s ON s.id = b.shelf AND s.hall = b.hall";
    assert_eq!(db.number(met), 300);
}

/// The enabled triggers of a PostgreSQL database, with their modes.
const SPEAKING: &str =
    "SELECT string_agg(tgname || tgenabled::text, ',' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal";

#[test]
fn triggers_that_stand_in_the_way_are_off_while_their_table_is_loaded() {
    let db = database(
        Kind::Postgres,
        &format!(
            "{LIBRARY}
             CREATE TABLE lent (book INT PRIMARY KEY REFERENCES books (id), days INT NOT NULL);
             CREATE FUNCTION raises() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'closed'; END $$;
             CREATE FUNCTION swallows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
             CREATE FUNCTION lends() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               INSERT INTO lent VALUES (NEW.id, 1); RETURN NULL; END $$;
             CREATE FUNCTION grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               EXECUTE format('CREATE TABLE hall_%s ()', NEW.id); RETURN NULL; END $$;
             CREATE TABLE halls (id INT PRIMARY KEY);
             CREATE TABLE days (id INT NOT NULL) PARTITION BY HASH (id);
             CREATE TABLE days_0 PARTITION OF days FOR VALUES WITH (MODULUS 2, REMAINDER 0);
             CREATE TABLE days_1 PARTITION OF days FOR VALUES WITH (MODULUS 2, REMAINDER 1);
             CREATE TRIGGER a BEFORE INSERT ON shelves FOR EACH ROW EXECUTE FUNCTION swallows();
             CREATE TRIGGER b AFTER INSERT ON books FOR EACH ROW EXECUTE FUNCTION lends();
             CREATE TRIGGER c AFTER INSERT ON halls FOR EACH ROW EXECUTE FUNCTION grows();
             CREATE TRIGGER d BEFORE INSERT ON days FOR EACH STATEMENT EXECUTE FUNCTION raises();
             CREATE TRIGGER e BEFORE INSERT ON days_1 FOR EACH ROW EXECUTE FUNCTION raises();
             ALTER TABLE days_1 ENABLE ALWAYS TRIGGER e;
             CREATE CONSTRAINT TRIGGER f AFTER INSERT ON lent DEFERRABLE INITIALLY DEFERRED
               FOR EACH ROW EXECUTE FUNCTION raises();"
        ),
    );
    let speaking = db.value(SPEAKING);
    let ran = load(&db, "100").ok();
    for (table, said) in [
        ("shelves", "left 0"),
        ("books", "would also write to `public.lent`"),
        ("halls", "they create tables"),
        ("days", "closed"),
        ("lent", "closed"),
    ] {
        let line = ran.stderr.lines().find(|l| l.starts_with(&format!("warning: `public.{table}`:")));
        assert!(line.is_some_and(|l| l.contains(said) && l.contains("off while")), "{table}: {}", ran.stderr);
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 100, "{table}");
    }
    assert_eq!(db.value(SPEAKING), speaking);
    assert_eq!(db.number("SELECT count(*) FROM pg_class WHERE relname LIKE 'hall\\_%'"), 0);
}

/// The trial fills tables one after another; a load fills several at once.
#[test]
fn triggers_that_write_once_a_later_table_has_rows_are_off_though_the_trial_saw_nothing() {
    let db = database(
        Kind::Postgres,
        &format!(
            "{LIBRARY}
             CREATE TABLE lent (book INT PRIMARY KEY, days INT NOT NULL);
             CREATE TABLE readers (id INT PRIMARY KEY REFERENCES lent);
             CREATE FUNCTION lends() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF EXISTS (SELECT FROM readers) THEN INSERT INTO lent VALUES (NEW.id, 1); END IF; RETURN NULL; END $$;
             CREATE TRIGGER lends AFTER INSERT ON books FOR EACH ROW EXECUTE FUNCTION lends();"
        ),
    );
    let ran = load(&db, "100").ok();
    let told = "warning: `public.books`: its triggers are off while its rows are loaded, and on again after them: they may also write to `public.lent`";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
}

#[test]
fn sqlite_and_mysql_make_their_triggers_again() {
    for kind in [Kind::MariaDb, Kind::Sqlite] {
        let row = if kind == Kind::Sqlite { "" } else { "FOR EACH ROW" };
        let lends = format!(
            "\nDELIMITER //\nCREATE TRIGGER lends AFTER INSERT ON books {row} BEGIN INSERT INTO lent VALUES (NEW.id, 1); END//\n\
             CREATE TRIGGER counts AFTER INSERT ON books {row} BEGIN UPDATE shelves SET label = 'ü;' WHERE id = NEW.shelf; END//\n\
             DELIMITER ;\n"
        );
        let lends = if kind == Kind::Sqlite {
            lends.replace("\nDELIMITER //\n", "").replace("DELIMITER ;\n", "").replace("//\n", ";\n")
        } else {
            lends
        };
        let closed = raising(kind, "closed", "shelves", "(SELECT count(*) FROM shelves) > 3", "the hall is closed");
        let lent = "CREATE TABLE lent (book INT NOT NULL, days INT NOT NULL);";
        let db = database(kind, &format!("{LIBRARY}{lent}{closed}{lends}"));
        let triggers = match kind {
            Kind::Sqlite => "SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name)",
            _ => "SELECT group_concat(trigger_name, action_order, sql_mode, definer, character_set_client, action_statement ORDER BY 1)
                    FROM information_schema.triggers WHERE trigger_schema = database()",
        };
        let before = db.value(triggers);
        let ran = load(&db, "100").ok();
        for (table, said) in [("shelves", "the hall is closed"), ("books", "would also write to")] {
            let line = ran
                .stderr
                .lines()
                .find(|l| l.starts_with("warning:") && l.contains(&format!("{table}`: its triggers")));
            assert!(line.is_some_and(|l| l.contains(said)), "{kind:?} {table}: {}", ran.stderr);
        }
        for table in ["shelves", "books", "lent"] {
            assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 100, "{kind:?} {table}");
        }
        assert!(before.is_some());
        assert_eq!(db.value(triggers), before, "{kind:?}");
    }
}

#[test]
fn a_trigger_that_ends_the_transaction_is_silent_too() {
    let db = sqlite_database(&format!(
        "{LIBRARY} CREATE TRIGGER closed BEFORE INSERT ON shelves BEGIN SELECT RAISE(ROLLBACK, 'closed'); END;"
    ));
    load(&db, "20").ok();
    assert_eq!(db.number("SELECT count(*) FROM books"), 20);
    assert_eq!(db.number("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"), 1);
}

#[test]
fn triggers_that_a_killed_run_dropped_are_made_again() {
    let one = raising(Kind::MariaDb, "known", "books", "NEW.id > 0", "ü; not today");
    let db = database(
        Kind::MariaDb,
        &format!(
            "{LIBRARY} SET sql_mode = 'ANSI_QUOTES'; {one} SET sql_mode = '';
             CREATE TRIGGER before_known BEFORE INSERT ON books FOR EACH ROW PRECEDES known SET NEW.title = 'x';"
        ),
    );
    let triggers = || {
        db.rows(
            "SELECT trigger_name, action_order, sql_mode, definer, character_set_client, action_statement
               FROM information_schema.triggers WHERE trigger_schema = database() ORDER BY 1",
        )
    };
    let before = triggers();
    let mut child = start(["load", "--url", &db.url, "--rows", "300000"]);
    wait(|| {
        assert!(child.try_wait().unwrap().is_none(), "the load was over before it could be killed");
        triggers().is_empty()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = load(&db, "20").expect(4);
    assert!(ran.stderr.contains("dbmocker restore"), "{}", ran.stderr);
    let ran = dbmocker(["restore", "--url", &db.url]).ok();
    assert!(ran.stdout.contains("known: the trigger was made again"), "{}", ran.stdout);
    assert_eq!(triggers(), before);
    let whole = db.number("SELECT count(*) FROM books");
    assert!(whole == 0 || whole == 300_000, "{whole} rows");
}

#[test]
fn triggers_beyond_the_trial_are_off_where_their_text_says_or_their_refusal() {
    let db = database(
        Kind::Postgres,
        &format!(
            "{LIBRARY}
             CREATE TABLE logs (id INT PRIMARY KEY, book INT);
             CREATE FUNCTION note(book int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
               INSERT INTO logs VALUES (book, book); END $$;
             CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF NEW.id > 400 THEN PERFORM note(NEW.id); END IF; RETURN NEW; END $$;
             CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF (SELECT count(*) FROM shelves) > 700 THEN RAISE EXCEPTION 'no more shelves'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER a AFTER INSERT ON books FOR EACH ROW EXECUTE FUNCTION noted();
             CREATE TRIGGER b BEFORE INSERT ON shelves FOR EACH ROW EXECUTE FUNCTION full_up();"
        ),
    );
    let ran = load(&db, "1000").ok();
    for said in [
        "warning: `public.books`: its triggers are off while its rows are loaded, and on again after them: they may also write to `public.logs`",
        "triggers of `public.shelves` may refuse rows",
        "note: `public.shelves`: its triggers are off while its rows are loaded, and on again after them: no more shelves",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    for table in ["shelves", "books", "logs"] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 1000, "{table}");
    }
    let refused = dbmocker(["load", "--url", &db.url, "--rows", "1000", "--truncate", "--keep-triggers"]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
}

#[test]
fn what_a_trigger_refuses_in_earnest_is_loaded_without_it_by_any_number_of_processes() {
    for kind in KINDS {
        let full = raising(kind, "full_up", "shelves", "(SELECT count(*) FROM shelves) > 700", "no more shelves");
        let db = database(kind, &format!("{LIBRARY}{full}"));
        let shelves = db.qualified("shelves");
        for processes in ["1", "3"] {
            let flags = ["--rows", "1000", "--processes", processes, "--rows-per-process", "300", "--truncate"];
            let ran = dbmocker(["load", "--url", &db.url].iter().chain(&flags)).ok();
            for said in [
                format!("triggers of `{shelves}` may refuse rows"),
                format!(
                    "note: `{shelves}`: its triggers are off while its rows are loaded, and on again after them: no more shelves"
                ),
                "2 tables, 2,000 rows, no error found".into(),
            ] {
                assert!(ran.stderr.contains(&said), "{kind:?}, {processes} processes: {said}\n{}", ran.stderr);
            }
        }
        // The trigger exists again.
        assert_ne!(
            dbmocker(["load", "--url", &db.url, "--rows", "50", "--tables", "shelves", "--keep-triggers"]).code,
            0
        );
        assert_eq!(db.number("SELECT count(*) FROM shelves"), 1000, "{kind:?}");
    }
}

#[test]
fn parents_that_a_trigger_wants_to_agree_are_chosen_together() {
    let db = sqlite_database(
        "CREATE TABLE hall (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE shelf (id INTEGER PRIMARY KEY, hall INT NOT NULL REFERENCES hall);
         CREATE TABLE book (id INTEGER PRIMARY KEY, hall INT NOT NULL REFERENCES hall);
         CREATE TABLE stands (shelf INT NOT NULL REFERENCES shelf, book INT NOT NULL REFERENCES book, PRIMARY KEY (shelf, book));
         CREATE TRIGGER same_hall BEFORE INSERT ON stands BEGIN SELECT RAISE(ABORT, 'another hall')
           WHERE (SELECT hall FROM shelf WHERE id = NEW.shelf) != (SELECT hall FROM book WHERE id = NEW.book); END;",
    );
    let ran = load(&db, "300").ok();
    assert!(!ran.stderr.contains("triggers are off") && ran.stderr.contains("no error found"), "{}", ran.stderr);
    assert!(db.number("SELECT count(*) FROM stands") > 100, "{}", ran.stderr);
    let apart = "FROM stands JOIN shelf ON shelf.id = shelf JOIN book ON book.id = book WHERE shelf.hall <> book.hall";
    assert_eq!(db.number(&format!("SELECT count(*) {apart}")), 0);
}

#[test]
fn parents_on_trial_are_those_of_every_foreign_key() {
    let db = database(
        Kind::Postgres,
        &format!(
            "{LIBRARY}
             CREATE TABLE parts (a INT PRIMARY KEY, b INT, UNIQUE (a, b));
             CREATE TABLE uses (a INT REFERENCES parts, b INT, FOREIGN KEY (a, b) REFERENCES parts (a, b));
             CREATE TABLE twice (id INT PRIMARY KEY REFERENCES parts REFERENCES books);
             CREATE FUNCTION fine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
             CREATE TRIGGER t BEFORE INSERT ON uses FOR EACH ROW EXECUTE FUNCTION fine();"
        ),
    );
    load(&db, "3000").ok();
    assert_eq!(db.number("SELECT count(*) FROM uses"), 3000);
}
