//! Columns of one row agree: read back from the database, within keys and CHECKs.

use crate::program::dbmocker;
use crate::servers::{Kind, database};

const PEOPLE: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE CHECK (email LIKE '%_@_%'),
        username VARCHAR(30) NOT NULL UNIQUE, first_name VARCHAR(40) NOT NULL, last_name VARCHAR(40) NOT NULL,
        display_name VARCHAR(90) NOT NULL, gender CHAR(1) NOT NULL CHECK (gender IN ('M', 'F')),
        salutation VARCHAR(10) NOT NULL);
    CREATE TABLE deals (id INTEGER PRIMARY KEY, buyer_name VARCHAR(80) NOT NULL, buyer_email VARCHAR(80) NOT NULL,
        seller_name VARCHAR(80) NOT NULL, seller_email VARCHAR(80) NOT NULL, seller_id INTEGER NOT NULL REFERENCES users (id),
        UNIQUE (seller_id, buyer_email));";

const PLACES: &str = "
    CREATE TABLE orders (id INTEGER PRIMARY KEY, city VARCHAR(60) NOT NULL, state VARCHAR(40) NOT NULL,
        country_code CHAR(2) NOT NULL CHECK (country_code IN ('DE', 'US', 'FR')), phone VARCHAR(20) NOT NULL,
        billing_city VARCHAR(60) NOT NULL, billing_state CHAR(2) NOT NULL, billing_zip CHAR(5) NOT NULL);
    CREATE TABLE towns (id INTEGER PRIMARY KEY, city VARCHAR(60) NOT NULL, state VARCHAR(40) NOT NULL,
        country VARCHAR(60) NOT NULL, UNIQUE (city, state));";

#[test]
fn what_is_made_of_names_is_made_of_the_names_of_its_row() {
    let db = database(Kind::Sqlite, PEOPLE);
    let plan = dbmocker(["plan", "--url", &db.url, "--rows", "400"]).ok().stdout;
    for told in ["-- name `email`; CHECK check_1; unique; of the row's person", "; of the row's buyer person"] {
        assert!(plan.contains(told), "{told}\n{plan}");
    }
    // The numbering of a second run continues after the first.
    for _ in 0..2 {
        dbmocker(["load", "--url", &db.url, "--rows", "400"]).ok();
    }
    assert_eq!(db.number("SELECT count(*) FROM users"), 800);
    // Letters beyond ASCII are folded: `Weiß` is `weiss` there.
    let plain = "first_name || last_name NOT GLOB '*[^ -~]*'";
    assert!(db.number(&format!("SELECT count(*) FROM users WHERE {plain}")) > 700);
    let last = "lower(replace(replace(last_name, '''', ''), ' ', ''))";
    for (table, wrong) in [
        ("users", "display_name <> first_name || ' ' || last_name".to_owned()),
        (
            "users",
            format!("{plain} AND email NOT LIKE substr(lower(first_name), 1, 1) || '%' || {last} || '%@%example%'"),
        ),
        ("users", format!("{plain} AND username NOT LIKE substr(lower(first_name), 1, 1) || '%' || {last} || '%'")),
        ("users", "gender = 'M' AND salutation IN ('Ms.', 'Mrs.') OR gender = 'F' AND salutation = 'Mr.'".to_owned()),
        ("users", "gender = 'M' AND first_name IN (SELECT first_name FROM users WHERE gender = 'F')".to_owned()),
        (
            "deals",
            "substr(buyer_name, 1, 1) GLOB '[A-Z]' AND substr(lower(buyer_name), 1, 1) <> substr(buyer_email, 1, 1)"
                .to_owned(),
        ),
        (
            "deals",
            "substr(seller_name, 1, 1) GLOB '[A-Z]' AND substr(lower(seller_name), 1, 1) <> substr(seller_email, 1, 1)"
                .to_owned(),
        ),
    ] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table} WHERE {wrong}")), 0, "{table}: {wrong}");
    }
    assert!(db.number("SELECT count(*) FROM deals WHERE buyer_name <> seller_name") > 700);
}

#[test]
fn cities_lie_where_their_row_says_unless_a_key_needs_them() {
    let db = database(Kind::Sqlite, PLACES);
    dbmocker(["load", "--url", &db.url, "--rows", "600"]).ok();
    for (city, state, country, phone) in [
        ("Hamburg", "Hamburg", "DE", "+49 40 %"),
        ("Chicago", "Illinois", "US", "+1-312-555-%"),
        ("Toulouse", "Occitanie", "FR", "+33 5 %"),
    ] {
        let of = |also: &str| db.number(&format!("SELECT count(*) FROM orders WHERE city = '{city}'{also}"));
        let right = format!(" AND state = '{state}' AND country_code = '{country}' AND phone LIKE '{phone}'");
        assert!(of("") > 0 && of("") == of(&right), "{city}: {} of {}", of(&right), of(""));
    }
    // Another place of the same row, without a country: codes of two letters and postal codes of five digits.
    let of = |also: &str| db.number(&format!("SELECT count(*) FROM orders WHERE billing_city = 'Seattle'{also}"));
    assert!(of("") > 0 && of("") == of(" AND billing_state = 'WA' AND billing_zip LIKE '981__'"));
    assert_eq!(db.number("SELECT count(*) FROM towns"), 600);
}
