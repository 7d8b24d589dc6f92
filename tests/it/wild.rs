//! Features of real schemas besides tables of plain columns: they are filled, or reported before anything is written.

use crate::program::{Ran, dbmocker};
use crate::servers::{Database, KINDS, Kind, database, sqlite_database};

fn load(db: &Database, rows: &str) -> Ran {
    dbmocker(["load", "--url", &db.url, "--rows", rows])
}

#[test]
fn a_table_of_one_row_that_is_there_is_limited_and_the_others_fill() {
    for kind in KINDS {
        let db = database(
            kind,
            "CREATE TABLE settings (only_one CHAR(1) NOT NULL UNIQUE, place BIGINT, CHECK (only_one = 'X'));
             INSERT INTO settings VALUES ('X', 1);
             CREATE TABLE things (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL);",
        );
        let ran = load(&db, "20").ok();
        assert!(ran.stderr.contains("holds all of its values in existing rows"), "{kind:?}: {}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM settings"), 1, "{kind:?}");
        assert_eq!(db.number("SELECT count(*) FROM things"), 20, "{kind:?}");
    }
}

#[test]
fn floats_with_digits_keep_their_range() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE vitals (id INT PRIMARY KEY, head FLOAT(4,2) NOT NULL, weight DOUBLE(5,1), big FLOAT(10,2) UNSIGNED);",
    );
    load(&db, "300").ok();
    assert_eq!(db.number("SELECT count(*) FROM vitals WHERE head BETWEEN 0 AND 99.99"), 300);
}

#[test]
fn members_partitions_and_history_of_mariadb_fill() {
    let db = database(
        Kind::MariaDb,
        r"CREATE TABLE paths (id INT PRIMARY KEY, a ENUM('c:\\dir','it''s','x,y') NOT NULL, b SET('a\\','b') NOT NULL);
          CREATE TABLE halls (id INT, c VARCHAR(5), e INT) PARTITION BY LIST COLUMNS (c, e)
            (PARTITION p0 VALUES IN (('a',1),('b',2)), PARTITION p1 VALUES IN (('c',NULL)));
          CREATE TABLE prices (id INT PRIMARY KEY, v INT, since TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
            until TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)) WITH SYSTEM VERSIONING;",
    );
    load(&db, "300").ok();
    for table in ["paths", "halls", "prices"] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 300, "{table}");
    }
    assert_eq!(db.number("SELECT count(DISTINCT a) FROM paths"), 3);
    assert!(db.number("SELECT count(DISTINCT c) FROM halls") > 1);
}

#[test]
fn triggers_of_a_database_with_engines_that_keep_everything_are_not_tried() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE shelves (id INT PRIMARY KEY, label VARCHAR(20)) ENGINE=MyISAM;
         CREATE TABLE entries (page INT NOT NULL, n INT NOT NULL AUTO_INCREMENT, PRIMARY KEY (page, n)) ENGINE=MyISAM;
         CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, said VARCHAR(20)) ENGINE=Aria;
         CREATE TRIGGER logs AFTER INSERT ON shelves FOR EACH ROW INSERT INTO log (said) VALUES (NEW.label);",
    );
    let ran = load(&db, "40").ok();
    assert!(ran.stderr.contains("they cannot be tried") && ran.stderr.contains("(engine MyISAM)"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM log"), 40);
    assert_eq!(db.number("SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = database()"), 1);
}

#[test]
fn storage_classes_and_json_in_text_are_kept() {
    let db = sqlite_database(
        "CREATE TABLE loose (id INTEGER PRIMARY KEY, a CHECK (typeof(a) = 'integer'), b CHECK (typeof([b]) IN ('real', 'null')),
           c CHECK (typeof(c) = 'blob'), d NOT NULL CHECK (typeof(\"d\") = 'text'),
           tags TEXT NOT NULL CHECK (json_valid(tags) AND json_type(tags) = 'array'));",
    );
    load(&db, "300").ok();
    let found = "SELECT group_concat(DISTINCT json_type(tags)) || ',' || group_concat(DISTINCT typeof(d)) FROM loose";
    assert_eq!(db.value(found).unwrap(), "array,text");
}

#[test]
fn texts_and_columns_without_a_type_hold_what_the_numbers_of_a_check_equal() {
    let db = sqlite_database(
        "CREATE TABLE prices (id INTEGER PRIMARY KEY, a TEXT NOT NULL CHECK (a IN (1.50, 2.25, 3)),
           b VARCHAR(10) NOT NULL CHECK (b IN (2.50)), c NOT NULL CHECK (c IN (5000, 6000)),
           d NOT NULL CHECK (d IN (1.50, 2)), e NOT NULL CHECK (e BETWEEN 1 AND 5),
           f TEXT NOT NULL CHECK (f IN ('1.50', '2.25')));",
    );
    load(&db, "200").ok();
    let distinct = |c: &str| {
        let sql =
            format!("SELECT group_concat(v) FROM (SELECT DISTINCT typeof({c}) || ' ' || {c} v FROM prices ORDER BY v)");
        db.value(&sql).unwrap()
    };
    assert_eq!(distinct("a"), "text 1.5,text 2.25,text 3");
    assert_eq!(distinct("b"), "text 2.5");
    assert_eq!(distinct("c"), "integer 5000,integer 6000");
    assert_eq!(distinct("d"), "real 1.5,real 2.0");
    assert_eq!(distinct("f"), "text 1.50,text 2.25");
    assert_eq!(db.number("SELECT count(*) FROM prices WHERE typeof(e) <> 'integer'"), 0);
}

#[test]
fn addresses_beside_a_country_keep_to_the_character_set() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE lab (id INT PRIMARY KEY AUTO_INCREMENT, address VARCHAR(255), country VARCHAR(45)) DEFAULT CHARSET=latin1;
         CREATE TABLE site (id INT PRIMARY KEY AUTO_INCREMENT, address VARCHAR(255), country VARCHAR(45)) DEFAULT CHARSET=ascii;",
    );
    load(&db, "200").ok();
    assert!(db.number("SELECT count(DISTINCT address) FROM lab") > 100);
}

#[test]
fn children_of_full_parents_hold_what_is_left_beside_existing_rows() {
    for kind in KINDS {
        let db = database(
            kind,
            "CREATE TABLE state (name VARCHAR(20) PRIMARY KEY, CHECK (name IN ('pending', 'active', 'ended')));
             INSERT INTO state VALUES ('pending'), ('active'), ('ended');
             CREATE TABLE latest (state VARCHAR(20) PRIMARY KEY, note VARCHAR(20), FOREIGN KEY (state) REFERENCES state (name));
             INSERT INTO latest VALUES ('pending', NULL), ('active', NULL), ('ended', NULL);
             CREATE TABLE step (prior VARCHAR(20) NOT NULL, next VARCHAR(20) NOT NULL, PRIMARY KEY (prior, next),
               FOREIGN KEY (prior) REFERENCES state (name), FOREIGN KEY (next) REFERENCES state (name));
             INSERT INTO step VALUES ('pending', 'active'), ('active', 'ended');",
        );
        load(&db, "50").ok();
        assert_eq!(db.number("SELECT count(*) FROM latest"), 3, "{kind:?}");
        assert_eq!(db.number("SELECT count(*) FROM step"), 9, "{kind:?}");
    }
}

#[test]
fn ranges_lie_within_others() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE facts (id INT PRIMARY KEY, act TSTZRANGE NOT NULL, valid TSTZRANGE NOT NULL, CHECK (act <@ valid));
         CREATE TABLE spans (id INT PRIMARY KEY, act INT4RANGE NOT NULL, valid INT4RANGE NOT NULL, CHECK (act <@ valid));
         CREATE TABLE bids (id INT PRIMARY KEY, span INT4RANGE NOT NULL, at INT NOT NULL, other INT4RANGE NOT NULL,
           CHECK (span @> at), CHECK (span && other));",
    );
    load(&db, "200").ok();
    assert_eq!(db.number("SELECT count(DISTINCT act) FROM facts"), 200);
    assert_eq!(db.number("SELECT count(*) FROM bids"), 200);
    for table in ["facts", "spans"] {
        assert!(db.number(&format!("SELECT count(*) FROM {table} WHERE act = valid")) < 20, "{table}");
    }
}

/// Numbers below existing ones are free as well.
#[test]
fn keys_of_small_types_use_the_numbers_between_existing_ones() {
    let tables =
        "CREATE TABLE kinds (id SMALLINT NOT NULL PRIMARY KEY CHECK (id BETWEEN 0 AND 255), name VARCHAR(32) NOT NULL);
         INSERT INTO kinds VALUES (0, 'empty'), (1, 'binary'), (254, 'record');";
    for kind in KINDS {
        let db = database(kind, tables);
        load(&db, "200").ok();
        assert_eq!(db.number("SELECT count(*) FROM kinds"), 203, "{kind:?}");
    }
    let db = database(
        Kind::MariaDb,
        &tables.replace("SMALLINT NOT NULL PRIMARY KEY CHECK (id BETWEEN 0 AND 255)", "TINYINT UNSIGNED PRIMARY KEY"),
    );
    load(&db, "253").ok();
    assert_eq!(db.number("SELECT count(*) FROM kinds"), 256);
}
