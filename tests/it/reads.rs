//! CHECKs whose functions read other tables (PostgreSQL): rows satisfy them although these tables are still empty.

use crate::program::dbmocker;
use crate::servers::{Kind, database};

/// Functions that find their table by the search path, by its schema, and through another function with its own search
/// path.
const DDL: &str = "
    CREATE SCHEMA shop;
    CREATE TABLE shop.party (id SERIAL PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('person', 'firm')), size INT NOT NULL);
    CREATE TABLE room (id SERIAL PRIMARY KEY, open BOOLEAN NOT NULL);
    CREATE FUNCTION open_room(i INT) RETURNS BOOLEAN LANGUAGE sql AS $$ SELECT open FROM room WHERE id = i $$;
    CREATE FUNCTION shop.kind_of(i INT) RETURNS TEXT LANGUAGE sql SET search_path = shop, pg_temp AS
      $$ SELECT kind FROM shop.party WHERE id = i $$;
    CREATE FUNCTION shop.is_firm(i INT) RETURNS BOOLEAN LANGUAGE plpgsql STABLE AS $$ DECLARE r shop.party; BEGIN
      SELECT * INTO r FROM shop.party p WHERE p.id = i;
      IF NOT FOUND THEN RETURN false; END IF;
      RETURN shop.kind_of(r.id) = 'firm'; END $$;
    CREATE TABLE a_booking (id SERIAL PRIMARY KEY, room INT NOT NULL REFERENCES room, CHECK (open_room(room)));
    CREATE TABLE b_invoice (id SERIAL PRIMARY KEY, firm INT NOT NULL REFERENCES shop.party, CHECK (shop.is_firm(firm)));
    CREATE TABLE c_stamp (id SERIAL PRIMARY KEY, firm INT NOT NULL UNIQUE REFERENCES shop.party, CHECK (shop.is_firm(firm)));
    CREATE TABLE d_note (id SERIAL PRIMARY KEY, firm INT NOT NULL, CHECK (shop.is_firm(firm)));";

#[test]
fn rows_keep_checks_that_read_tables_which_are_still_empty() {
    let db = database(Kind::Postgres, DDL);
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "1000"]).ok();
    assert!(ran.stderr.contains("no error found"), "{}", ran.stderr);
    for table in ["a_booking", "b_invoice", "d_note"] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 1000, "{table}");
    }
    let firms = db.number("SELECT count(*) FROM shop.party WHERE kind = 'firm'");
    // Rejection sampling may not find the last free keys.
    let stamps = db.number("SELECT count(*) FROM c_stamp");
    assert!((firms * 9 / 10..=firms).contains(&stamps), "{stamps} of {firms}: {}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM d_note WHERE NOT shop.is_firm(firm)"), 0);
    // With existing rows, to which the new ones may refer.
    dbmocker(["load", "--url", &db.url, "--rows", "100", "--tables", "a_booking,b_invoice,d_note"]).ok();
    // Temporary objects of the oracle are removed.
    assert_eq!(db.number("SELECT count(*) FROM pg_proc WHERE proname = 'is_firm'"), 1);
}

#[test]
fn a_table_comes_after_those_that_its_checks_read() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE a_word (id SERIAL PRIMARY KEY, word TEXT NOT NULL);
         CREATE TABLE z_list (id SERIAL PRIMARY KEY, word TEXT NOT NULL);
         CREATE FUNCTION listed(w TEXT) RETURNS BOOLEAN LANGUAGE sql AS
           $$ SELECT EXISTS (SELECT FROM z_list WHERE word = w) $$;
         ALTER TABLE a_word ADD CONSTRAINT known CHECK (listed(word));
         CREATE FUNCTION fine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE TRIGGER t BEFORE INSERT ON a_word FOR EACH ROW EXECUTE FUNCTION fine();",
    );
    dbmocker(["load", "--url", &db.url, "--rows", "1000"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM a_word a JOIN (SELECT DISTINCT word FROM z_list) z USING (word)"), 1000);
}

#[test]
fn functions_of_others_are_not_taken_for_those_of_a_check() {
    let db = database(Kind::Postgres, DDL);
    let other = format!("other_{}", db.name);
    db.execute(&format!(
        "CREATE ROLE {other} LOGIN PASSWORD 'not-a-secret-4'; CREATE SCHEMA z AUTHORIZATION {other};
         CREATE FUNCTION z.is_firm(i INT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$ BEGIN RAISE 'run'; END $$;
         CREATE FUNCTION z.kind_of(i INT) RETURNS TEXT LANGUAGE sql AS $$ SELECT 'firm' $$;
         ALTER FUNCTION z.is_firm(INT) OWNER TO {other}; ALTER FUNCTION z.kind_of(INT) OWNER TO {other};"
    ));
    dbmocker(["load", "--url", &db.url, "--rows", "300"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM b_invoice WHERE shop.is_firm(firm)"), 300);
}
