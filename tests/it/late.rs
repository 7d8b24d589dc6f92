//! Changes to rows after the trial: late in a load, at COMMIT, or after it.

use crate::program::dbmocker;
use crate::servers::{Database, KINDS, Kind, database};

fn load(db: &Database, more: &[&str]) -> crate::program::Ran {
    dbmocker(["load", "--url", &db.url, "--rows", "1000"].iter().chain(more))
}

/// A constraint trigger that runs `body` at the end of the transaction, for each new row.
fn deferred(table: &str, body: &str) -> String {
    format!(
        "CREATE FUNCTION late_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER late_{table} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION late_{table}();"
    )
}

#[test]
fn rows_that_commit_takes_away_are_missed() {
    let gone = deferred("labels", "DELETE FROM labels WHERE id = NEW.id");
    let ddl = "CREATE TABLE labels (id INT PRIMARY KEY, name TEXT);
               CREATE TABLE uses (id INT PRIMARY KEY, label INT NOT NULL REFERENCES labels ON DELETE CASCADE);";
    let db = database(Kind::Postgres, &format!("{ddl}{gone}"));
    let ran = load(&db, &["--keep-triggers"]).expect(3);
    for said in ["its triggers (`late_labels`) left 0", "without --keep-triggers"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let ran = load(&db, &["--keep-triggers", "--no-probe"]).expect(4);
    for said in ["planned 1000 rows, sent 1000, and the server holds 0 more", "`late_labels`", "--exclude-tables"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let ran = load(&db, &[]).ok();
    assert!(ran.stderr.contains("`public.labels`: its triggers are off while"), "{}", ran.stderr);
    assert!(ran.stderr.contains("verified: 2 tables, 2,000 rows"), "{}", ran.stderr);
}

#[test]
fn rows_that_disappear_after_their_load_fail_the_verification() {
    let gone = deferred("second", "IF NEW.id > 900 THEN EXECUTE 'DELETE FROM first WHERE id = ' || NEW.id; END IF");
    let ddl = "CREATE TABLE first (id SERIAL PRIMARY KEY); CREATE TABLE middle (id INT PRIMARY KEY);
               CREATE TABLE second (id SERIAL PRIMARY KEY, middle INT NOT NULL REFERENCES middle);";
    let db = database(Kind::Postgres, &format!("{ddl}{gone}"));
    // In order: the table is committed before its rows disappear.
    let ran = load(&db, &["--workers", "1"]).expect(1);
    assert!(ran.stderr.contains("1,000 rows loaded, 0 before, 900 now"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM first"), 900);
}

#[test]
fn a_rule_that_speaks_at_commit_is_off_once_it_refuses() {
    let full =
        deferred("seats", "IF (SELECT count(*) FROM seats) > 700 THEN RAISE EXCEPTION 'all seats taken'; END IF");
    let db = database(Kind::Postgres, &format!("CREATE TABLE seats (id INT PRIMARY KEY, n INT NOT NULL);{full}"));
    let ran = load(&db, &[]).ok();
    assert!(ran.stderr.contains("note: `public.seats`: its triggers are off while"), "{}", ran.stderr);
    assert!(ran.stderr.contains("all seats taken"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM seats"), 1000);
    load(&db, &["--truncate", "--keep-triggers"]).expect(4);
}

#[test]
fn a_trigger_that_makes_late_rows_break_a_check_is_off_once_it_does() {
    const DDL: &str =
        "CREATE TABLE goods (id INTEGER NOT NULL PRIMARY KEY, price INTEGER NOT NULL CHECK (price BETWEEN 1 AND 99));";
    for kind in KINDS {
        let trigger = match kind {
            Kind::Postgres => {
                "CREATE FUNCTION raise_price() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF NEW.id > 400 THEN NEW.price := 100; END IF; RETURN NEW; END $$;
                 CREATE TRIGGER raise_price BEFORE INSERT ON goods FOR EACH ROW EXECUTE FUNCTION raise_price();"
            }
            Kind::MariaDb => {
                "CREATE TRIGGER raise_price BEFORE INSERT ON goods FOR EACH ROW
                   SET NEW.price = IF(NEW.id > 400, 100, NEW.price);"
            }
            Kind::Sqlite => {
                "CREATE TRIGGER raise_price AFTER INSERT ON goods WHEN NEW.id > 400 BEGIN
                   UPDATE goods SET price = 100 WHERE id = NEW.id; END;"
            }
        };
        let db = database(kind, &format!("{DDL}{trigger}"));
        let ran = load(&db, &[]).ok();
        let note = format!("note: `{}`: its triggers are off while", db.qualified("goods"));
        assert!(ran.stderr.contains(&note), "{kind:?}: {}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM goods"), 1000, "{kind:?}");
        load(&db, &["--truncate", "--keep-triggers"]).expect(4);
    }
}

#[test]
fn triggers_of_a_parent_that_its_children_fire_are_not_fired() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE kinds (id INT PRIMARY KEY, name VARCHAR(32));
         CREATE TABLE journal (id INT AUTO_INCREMENT PRIMARY KEY, kind INT NOT NULL);
         CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, changed TIMESTAMP NULL);
         CREATE TABLE items (id INT AUTO_INCREMENT PRIMARY KEY, o INT NOT NULL, FOREIGN KEY (o) REFERENCES orders (id));
         CREATE TRIGGER made AFTER INSERT ON orders FOR EACH ROW
           INSERT INTO journal (kind) VALUES ((SELECT id FROM kinds WHERE name = 'made'));
         CREATE TRIGGER changed AFTER UPDATE ON orders FOR EACH ROW
           INSERT INTO journal (kind) VALUES ((SELECT id FROM kinds WHERE name = 'changed'));
         CREATE TRIGGER touch AFTER INSERT ON items FOR EACH ROW UPDATE orders SET changed = now() WHERE id = NEW.o;",
    );
    let ran = load(&db, &[]).ok();
    let line = ran.stderr.lines().find(|l| l.starts_with(&format!("warning: `{}`:", db.qualified("items"))));
    assert!(line.is_some_and(|l| l.contains("could not be there on trial")), "{}", ran.stderr);
    for table in ["kinds", "journal", "orders", "items"] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 1000, "{table}");
    }
}
