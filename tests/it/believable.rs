//! Realistic rows of a business schema, read back from the database.

use crate::program::dbmocker;
use crate::servers::{Database, KINDS, Kind, database};

const SHOP: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE, role VARCHAR(20) NOT NULL
        CHECK (role IN ('admin', 'editor', 'user')), is_active BOOLEAN NOT NULL, deleted_at TIMESTAMP NULL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, cancelled_by INTEGER, status VARCHAR(20) NOT NULL
        CHECK (status IN ('draft', 'open', 'paid', 'void')), order_number VARCHAR(20), payment_method VARCHAR(20) NOT NULL
        CHECK (payment_method IN ('card', 'paypal', 'cash')), card_brand VARCHAR(20), paid_at TIMESTAMP NULL,
        voided_at TIMESTAMP NULL, void_reason VARCHAR(60), CHECK (paid_at IS NULL OR status <> 'draft'),
        FOREIGN KEY (user_id) REFERENCES users (id), FOREIGN KEY (cancelled_by) REFERENCES users (id));";

fn share(db: &Database, table: &str, condition: &str) -> f64 {
    let count = |also: &str| db.number(&format!("SELECT count(*) FROM {table}{also}")) as f64;
    count(&format!(" WHERE {condition}")) / count("")
}

#[test]
fn a_status_decides_what_its_row_has_and_few_are_void() {
    for kind in KINDS {
        let db = database(kind, SHOP);
        dbmocker(["load", "--url", &db.url, "--rows", "800"]).ok();
        for wrong in [
            "(paid_at IS NOT NULL) <> (status = 'paid')",
            "(voided_at IS NOT NULL) <> (status = 'void')",
            "(void_reason IS NOT NULL) <> (status = 'void')",
            "(order_number IS NULL) <> (status = 'draft')",
            "(card_brand IS NOT NULL) <> (payment_method = 'card')",
        ] {
            assert_eq!(db.number(&format!("SELECT count(*) FROM orders WHERE {wrong}")), 0, "{kind:?}: {wrong}");
        }
        for (table, condition, least, most) in [
            ("orders", "status = 'paid'", 0.6, 0.95),
            ("orders", "status = 'void'", 0.002, 0.1),
            ("users", "role = 'admin'", 0.002, 0.1),
            ("users", "is_active", 0.75, 0.97),
            ("users", "deleted_at IS NOT NULL", 0.005, 0.2),
        ] {
            let share = share(&db, table, condition);
            assert!((least..=most).contains(&share), "{kind:?}: {share} of {table} have {condition}");
        }
    }
}

/// Arithmetic of a row by the names of its columns, and by their comments where the server stores these.
#[test]
fn numbers_of_a_row_agree_by_names_and_comments() {
    let ddl = |comment: [&str; 3]| {
        format!(
            "CREATE TABLE jobs (id INTEGER PRIMARY KEY, hours_worked NUMERIC(6,2) NOT NULL, hourly_rate NUMERIC(6,2) NOT NULL,
                labor_cost NUMERIC(10,2) NOT NULL, premium_before INTEGER NOT NULL, premium_change INTEGER NOT NULL,
                premium_after INTEGER NOT NULL, shots INTEGER NOT NULL, shots_on_target INTEGER NOT NULL,
                material NUMERIC(10,2) NOT NULL, outlay NUMERIC(10,2) NOT NULL{}, begun_at TIMESTAMP NOT NULL,
                answered_at TIMESTAMP NOT NULL, lag_size INTEGER NOT NULL{}); {}",
            comment[0], comment[1], comment[2]
        )
    };
    let (outlay, lag) = ("labor cost plus material", "from begun_at to answered_at, in minutes");
    for kind in KINDS {
        let db = match kind {
            Kind::Postgres => {
                let say =
                    format!("COMMENT ON COLUMN jobs.outlay IS '{outlay}'; COMMENT ON COLUMN jobs.lag_size IS '{lag}';");
                database(kind, &ddl(["", "", &say]))
            }
            Kind::MariaDb => database(kind, &ddl([&format!(" COMMENT '{outlay}'"), &format!(" COMMENT '{lag}'"), ""])),
            Kind::Sqlite => database(kind, &ddl(["", "", ""])),
        };
        dbmocker(["load", "--url", &db.url, "--rows", "400"]).ok();
        let minutes = match kind {
            Kind::Postgres => "floor(extract(epoch FROM answered_at - begun_at) / 60)",
            _ => "timestampdiff(MINUTE, begun_at, answered_at)",
        };
        let by_comment = ["abs(outlay - labor_cost - material) > 0.011".to_owned(), format!("lag_size <> {minutes}")];
        let by_name = [
            "abs(labor_cost - hours_worked * hourly_rate) > 0.011".to_owned(),
            "premium_after <> premium_before + premium_change".to_owned(),
            "shots_on_target > shots".to_owned(),
        ];
        let comments = if matches!(kind, Kind::Sqlite) { &[][..] } else { &by_comment[..] };
        for wrong in by_name.iter().chain(comments) {
            assert_eq!(db.number(&format!("SELECT count(*) FROM jobs WHERE {wrong}")), 0, "{kind:?}: {wrong}");
        }
    }
}

#[test]
fn without_coherence_rows_keep_the_schema_and_no_more() {
    let db = database(Kind::Sqlite, SHOP);
    let plan = dbmocker(["plan", "--url", &db.url, "--rows", "800"]).ok().stdout;
    assert!(plan.contains("; set where `status` is paid"), "{plan}");
    dbmocker(["load", "--url", &db.url, "--rows", "800", "--no-coherence"]).ok();
    assert!(share(&db, "orders", "status = 'void' AND voided_at IS NULL") > 0.01);
    assert!(share(&db, "users", "role = 'admin'") > 0.25);
}

/// Conditions that are not false for a missing member, or for a text that is not a date.
#[test]
fn checks_that_null_passes_are_true() {
    let sqlite = "
        CREATE TABLE events (id INTEGER PRIMARY KEY, js TEXT NOT NULL, at TEXT NOT NULL, clock TEXT NOT NULL,
            CHECK (json_valid(js)), CHECK (json_type(js, '$.a') = 'integer'), CHECK (json_extract(js, '$.kind') IN ('x', 'y')),
            CHECK (at = strftime('%Y-%m-%dT%H:%M:%SZ', at)), CHECK (clock = strftime('%H:%M', clock)));";
    let db = database(Kind::Sqlite, sqlite);
    dbmocker(["load", "--url", &db.url, "--rows", "500"]).ok();
    for meant in [
        "json_type(js, '$.a') = 'integer'",
        "json_extract(js, '$.kind') IN ('x', 'y')",
        "at = strftime('%Y-%m-%dT%H:%M:%SZ', at)",
        "clock = strftime('%H:%M', clock)",
    ] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM events WHERE {meant}")), 500, "{meant}");
    }
    assert!(db.number("SELECT count(DISTINCT js) FROM events") > 200);

    let postgres = "
        CREATE TABLE profiles (id integer PRIMARY KEY, p jsonb NOT NULL, CHECK (jsonb_typeof(p->'theme') = 'string'),
            CHECK ((p->>'age')::int >= 18), CHECK (p ? 'locale'));";
    let db = database(Kind::Postgres, postgres);
    dbmocker(["load", "--url", &db.url, "--rows", "500"]).ok();
    let meant = "jsonb_typeof(p->'theme') = 'string' AND (p->>'age')::int >= 18 AND p ? 'locale'";
    assert_eq!(db.number(&format!("SELECT count(*) FROM profiles WHERE {meant}")), 500);
}

/// A blog's schema whose references are declared only in the application.
#[test]
fn without_foreign_keys_references_hit_rows() {
    let blog = "
        CREATE TABLE wp_users (ID bigint PRIMARY KEY, user_login varchar(60) NOT NULL);
        CREATE TABLE wp_posts (ID bigint PRIMARY KEY, post_author bigint NOT NULL, post_title varchar(200) NOT NULL);
        CREATE TABLE wp_postmeta (meta_id bigint PRIMARY KEY, post_id bigint NOT NULL, meta_key varchar(100));
        CREATE TABLE wp_comments (comment_ID bigint PRIMARY KEY, comment_post_ID bigint NOT NULL, user_id bigint NOT NULL);";
    for kind in KINDS {
        let db = database(kind, blog);
        dbmocker(["load", "--url", &db.url, "--rows", "300"]).ok();
        for (child, column, parent, key) in [
            ("wp_posts", "post_author", "wp_users", "ID"),
            ("wp_postmeta", "post_id", "wp_posts", "ID"),
            ("wp_comments", "comment_post_ID", "wp_posts", "ID"),
            ("wp_comments", "user_id", "wp_users", "ID"),
        ] {
            let hits = format!(
                "SELECT count(*) FROM {child} c WHERE EXISTS (SELECT 1 FROM {parent} p WHERE p.{key} = c.{column})"
            );
            assert_eq!(db.number(&hits), 300, "{kind:?}: {child}.{column}");
        }
    }
}
