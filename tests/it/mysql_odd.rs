//! Unusual settings of MySQL and MariaDB servers, and unusual kinds of tables.

use crate::program::dbmocker;
use crate::servers::{KINDS, Kind, database, mariadb};

#[test]
fn names_in_double_quotes_and_plain_backslashes() {
    let db = database(
        Kind::MariaDb,
        r"CREATE TABLE `we``ird 'na_me` (`a\b` INT PRIMARY KEY, `c d` VARCHAR(10) NOT NULL UNIQUE, up INT,
            CHECK (`c d` <> 'x'), CHECK (up < `a\b`), FOREIGN KEY (up) REFERENCES `we``ird 'na_me` (`a\b`));
          CREATE TABLE p (a INT NOT NULL, b VARCHAR(10) NOT NULL, UNIQUE (a, b))
            PARTITION BY LIST COLUMNS (b) (PARTITION p0 VALUES IN ('a', 'b'), PARTITION p1 VALUES IN ('c'));
          CREATE TABLE j (id INT PRIMARY KEY, j JSON NOT NULL, k VARCHAR(9) CHECK (k IN ('q', 'w')), g INT AS (id * 2) STORED UNIQUE);",
    );
    // Only for this account: `init_connect` is not run for accounts with SUPER.
    let user = format!("odd{}", db.name);
    let mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE,PAD_CHAR_TO_FULL_LENGTH";
    mariadb().admin(&format!(
        "SET GLOBAL init_connect = 'SET sql_mode = IF(CURRENT_USER() LIKE ''odd%'', ''{mode}'', @@sql_mode)';
         CREATE USER {user}@'%' IDENTIFIED BY 'x'; GRANT ALL ON {}.* TO {user}@'%';",
        db.name
    ));
    let url = mariadb().url_as(&user, "x", &db.name);
    let ran = dbmocker(["load", "--url", &url, "--rows", "300", "--strict"]).ok();
    assert!(!ran.stderr.contains("could not be solved"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM p WHERE b IN ('a', 'b', 'c')"), 300);
    dbmocker(["verify", "--url", &url, "--strict"]).ok();
    mariadb().admin(&format!("DROP USER {user}@'%';"));
}

#[test]
fn tables_whose_rows_are_elsewhere_are_left_alone() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE one (id INT NOT NULL, v VARCHAR(20), KEY (id)) ENGINE = MyISAM;
         CREATE TABLE both_ways (id INT NOT NULL, v VARCHAR(20), KEY (id)) ENGINE = MERGE UNION = (one) INSERT_METHOD = LAST;
         CREATE TABLE read_only (id INT NOT NULL, v VARCHAR(20), KEY (id)) ENGINE = MERGE UNION = (one) INSERT_METHOD = NO;
         CREATE VIEW seen AS SELECT id FROM one; CREATE SEQUENCE counter;",
    );
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "30"]).ok();
    for (table, reason) in
        [("both_ways", "a MERGE table"), ("read_only", "a MERGE table"), ("seen", "a view"), ("counter", "a sequence")]
    {
        assert!(ran.stderr.contains(&format!("{table}: {reason}")), "{table}\n{}", ran.stderr);
    }
    // Neither the trial nor the load wrote through the MERGE table.
    assert_eq!(db.number("SELECT count(*) FROM one"), 30);
}

#[test]
fn parents_in_another_database_are_referred_to_and_not_written() {
    let other = database(Kind::MariaDb, "CREATE TABLE par (id INT PRIMARY KEY, k VARCHAR(20) NOT NULL UNIQUE);");
    let child = format!(
        "CREATE TABLE child (id INT PRIMARY KEY, p INT NOT NULL, k VARCHAR(20),
         FOREIGN KEY (p) REFERENCES {0}.par (id), FOREIGN KEY (k) REFERENCES {0}.par (k));",
        other.name
    );
    let db = database(Kind::MariaDb, &child);
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "50"]).expect(3);
    assert!(
        ran.stderr.contains("par") && ran.stderr.contains("which is in another database and empty; fill it first"),
        "{}",
        ran.stderr
    );
    other.execute("INSERT INTO par VALUES (1, 'a'), (5, 'b'), (7, 'c');");
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "50"]).ok();
    assert!(ran.stderr.contains("in another database: its rows are only referred to"), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 table, 50 rows, no error found"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(DISTINCT p) FROM child"), 3);
    assert_eq!(other.number("SELECT count(*) FROM par"), 3);
}

/// The value of a generated column must exist in the parent; the columns of its expression determine it.
#[test]
fn generated_columns_in_foreign_keys() {
    for kind in KINDS {
        let db = database(
            kind,
            "CREATE TABLE thing (kind VARCHAR(10) NOT NULL CHECK (kind IN ('a', 'b', 'c')), id INT NOT NULL, PRIMARY KEY (kind, id));
             CREATE TABLE of_a (id INT PRIMARY KEY, kind VARCHAR(10) GENERATED ALWAYS AS ('a') STORED, thing INT NOT NULL,
               FOREIGN KEY (kind, thing) REFERENCES thing (kind, id));
             CREATE TABLE place (id INT PRIMARY KEY);
             CREATE TABLE same (id INT PRIMARY KEY, base INT NOT NULL, copy INT GENERATED ALWAYS AS (base) STORED,
               FOREIGN KEY (copy) REFERENCES place (id));
             CREATE TABLE twice (id INT PRIMARY KEY, n INT NOT NULL, m INT GENERATED ALWAYS AS (n * 2) STORED UNIQUE);",
        );
        let ran = dbmocker(["load", "--url", &db.url, "--rows", "300"]).ok();
        assert!(ran.stderr.contains("no error found"), "{kind:?}: {}", ran.stderr);
        for table in ["of_a", "same", "twice"] {
            assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 300, "{kind:?}: {table}");
        }
        assert_eq!(db.number("SELECT count(*) FROM of_a WHERE kind = 'a'"), 300);
        assert!(db.number("SELECT count(DISTINCT copy) FROM same") > 50, "{kind:?}");
    }
}

#[test]
fn checks_that_mariadb_prints_with_mod_and_sets() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE t (id INT PRIMARY KEY, c INT CHECK (c % 3 = 1), d INT CHECK (MOD(d, 5) = 2 AND d > 10),
           s SET('a', 'b', 'c') NOT NULL CHECK (FIND_IN_SET('a', s) > 0), md INT CHECK (md DIV 10 = 4),
           slot DATETIME NOT NULL, CHECK (HOUR(slot) BETWEEN 8 AND 18), CHECK (MINUTE(slot) IN (0, 30) AND SECOND(slot) = 0),
           w VARCHAR(9) CHECK (STRCMP(w, 'm') >= 0 AND FIELD(w, 'no', 'never') = 0),
           ip BIGINT CHECK (ip > INET_ATON('10.0.0.0')));",
    );
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "200", "--skip-unsolved"]).ok();
    assert!(ran.stderr.contains("1 table, 200 rows, no error found"), "{}", ran.stderr);
}

#[test]
fn times_beyond_a_day_and_below_zero() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE span (id INT PRIMARY KEY, d TIME NOT NULL CHECK (d BETWEEN '100:00:00' AND '838:59:59'),
            e TIME NOT NULL CHECK (e < '00:00:00'), f TIME(2) NOT NULL CHECK (time_to_sec(f) > 100000),
            g TIME NOT NULL CHECK (g > 300000), CHECK (timediff(d, e) > '110:00:00'));
         CREATE TABLE clock (t TIME PRIMARY KEY);
         INSERT INTO clock VALUES ('100:00:00'), ('-5:00:00'), ('-838:59:59');
         CREATE TABLE hand (id INT PRIMARY KEY, t TIME NOT NULL, FOREIGN KEY (t) REFERENCES clock (t));",
    );
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("rows");
    let out = out.to_str().unwrap();
    for format in ["csv", "parquet"] {
        dbmocker(["export", "--url", &db.url, "--rows", "90", "--tables", "span", "--format", format, "--out", out])
            .ok();
        dbmocker(["load", "--url", &db.url, "--from", out, "--truncate"]).ok();
        dbmocker(["verify", "--url", &db.url, "--rows", out]).ok();
        std::fs::remove_dir_all(out).unwrap();
    }
    dbmocker(["load", "--url", &db.url, "--rows", "90", "--tables", "clock,hand", "--strict"]).ok();
    assert!(db.number("SELECT count(*) FROM hand WHERE t NOT BETWEEN '00:00:00' AND '23:59:59'") > 0);
    // A time of day, unless something else is requested.
    assert_eq!(db.number("SELECT count(*) FROM clock WHERE t BETWEEN '00:00:00' AND '23:59:59'"), 90);
    dbmocker(["verify", "--url", &db.url, "--strict"]).ok();
}

/// Engines without transactions would keep a trial's rows, so the trial must not use the table itself.
#[test]
fn where_no_copy_can_be_made_no_row_is_tried() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE kept (id INT NOT NULL PRIMARY KEY, v VARCHAR(20)) ENGINE = MyISAM;
         CREATE TABLE in_memory (id INT NOT NULL PRIMARY KEY, v VARCHAR(20)) ENGINE = MEMORY;
         CREATE TABLE usual (id INT NOT NULL PRIMARY KEY, v VARCHAR(20));",
    );
    let user = format!("copy{}", db.name);
    mariadb().admin(&format!(
        "CREATE USER {user}@'%' IDENTIFIED BY 'x'; GRANT SELECT, INSERT ON {}.* TO {user}@'%';",
        db.name
    ));
    let url = mariadb().url_as(&user, "x", &db.name);
    let ran = dbmocker(["load", "--url", &url, "--rows", "300"]).ok();
    for table in ["kept", "in_memory", "usual"] {
        let said = format!("warning: `{}`: no row was tried: the server makes no copy of it", db.qualified(table));
        assert!(ran.stderr.contains(&said), "{table}: {}", ran.stderr);
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 300, "{table}");
    }
    mariadb().admin(&format!("DROP USER {user}@'%';"));
}

#[test]
fn a_default_that_the_mode_of_a_load_does_not_allow_is_no_obstacle_to_a_trial() {
    let db = database(
        Kind::MariaDb,
        "SET sql_mode = '';
         CREATE TABLE beats (id INT NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00') ENGINE = MyISAM;
         CREATE TABLE days (id INT NOT NULL, at DATE NOT NULL DEFAULT '0000-00-00') ENGINE = MyISAM
           PARTITION BY RANGE COLUMNS (id) (PARTITION p0 VALUES LESS THAN (MAXVALUE));",
    );
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "300"]).ok();
    assert!(!ran.stderr.contains("no row was tried"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT (SELECT count(*) FROM beats) + (SELECT count(*) FROM days)"), 600);
}
