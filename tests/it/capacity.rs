//! The number of rows that a key can hold, and the plan's message if that is less than the requested number.

use crate::program::dbmocker;
use crate::servers::{Kind, database};

#[test]
fn numbered_columns_count_up_whatever_their_names() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE release (version serial, note text); CREATE TABLE vintage (year bigserial, note text NOT NULL);",
    );
    dbmocker(["load", "--url", &db.url, "--rows", "700"]).ok();
    for (table, column) in [("release", "version"), ("vintage", "year")] {
        let counted = format!("SELECT count(DISTINCT {column}) FROM {table} WHERE {column} BETWEEN 1 AND 700");
        assert_eq!(db.number(&counted), 700, "{table}");
    }
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE client (code char(32) PRIMARY KEY, rating int NOT NULL AUTO_INCREMENT, KEY (rating))",
    );
    dbmocker(["load", "--url", &db.url, "--rows", "1500"]).ok();
    assert_eq!(db.number("SELECT max(rating) FROM client"), 1500);
}

#[test]
fn short_texts_of_keys_are_all_that_the_collation_tells_apart() {
    let ddl = "CREATE TABLE shelf (mark char(2) PRIMARY KEY, note varchar(40) NOT NULL);
               CREATE TABLE rack (mark char(1) CHARACTER SET latin1 NOT NULL UNIQUE)";
    let db = database(Kind::MariaDb, ddl);
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "6000"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM shelf"), 6000);
    assert!(ran.stderr.contains("only 68 different texts can be made for `mark`"), "{}", ran.stderr);
}

#[test]
fn a_key_whose_check_only_the_server_can_judge_holds_as_many_as_were_asked_for() {
    let db = database(
        Kind::Postgres,
        "CREATE FUNCTION proper(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
           BEGIN RETURN t ~ '^[A-Z]{2}[0-9]{4,8}$' AND ascii(t) % 2 = 0; END $$;
         CREATE TABLE part (code text NOT NULL UNIQUE CHECK (proper(code)));
         CREATE FUNCTION lucky(n integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
           BEGIN RETURN get_byte(decode(md5(n::text), 'hex'), 0) < 3; END $$;
         CREATE TABLE bin (place integer NOT NULL UNIQUE CHECK (lucky(place)));",
    );
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "4000"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM part"), 4000);
    let bins = db.number("SELECT count(*) FROM bin");
    let said = format!("the server accepts {bins} of ");
    assert!(bins > 0 && ran.stderr.contains(&said), "{bins}: {}", ran.stderr);
    assert!(ran.stderr.contains("different values tried for `place`"), "{}", ran.stderr);
}

#[test]
fn ranges_have_slots_for_each_row_of_the_parent_that_they_are_compared_with() {
    let db = database(
        Kind::Postgres,
        "CREATE EXTENSION btree_gist;
         CREATE TABLE court (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
         CREATE TABLE reservation (id serial PRIMARY KEY, court int NOT NULL REFERENCES court, slot tstzrange NOT NULL,
           created_at timestamptz NOT NULL, EXCLUDE USING gist (court WITH =, slot WITH &&));",
    );
    dbmocker(["load", "--url", &db.url, "--rows", "3000"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM reservation"), 3000);
    assert!(db.number("SELECT count(DISTINCT slot) FROM reservation") < 100, "several courts are taken at a time");
    let far = "SELECT count(*) FROM reservation WHERE NOT slot <@ tstzrange('2025-09-01', '2027-06-01')";
    assert_eq!(db.number(far), 0);
    assert_eq!(db.number("SELECT count(*) FROM reservation WHERE created_at > lower(slot)"), 0);
    dbmocker(["load", "--url", &db.url, "--rows", "500", "--seed", "7", "--tables", "reservation"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM reservation"), 3500);
}
