//! Exactly the rows of a load are removed, wherever they are among others.

use crate::audit;
use crate::program::{Ran, dbmocker, start, stop};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::{TABLES, shop};

fn run(db: &Database, name: &str, more: &[&str]) -> Ran {
    dbmocker([name, "--url", &db.url].iter().chain(more))
}

/// Every row of the shop, as text.
fn content(db: &Database) -> Vec<Vec<Vec<Option<String>>>> {
    TABLES.iter().map(|t| db.rows(&format!("SELECT * FROM {t} ORDER BY id"))).collect()
}

fn numbering(db: &Database) -> Vec<i64> {
    let of = |table: &&str| {
        match db.kind {
        Kind::Postgres => db.number(&format!("SELECT last_value FROM {table}_id_seq")),
        Kind::MariaDb => db.number(&format!(
            "SELECT auto_increment FROM information_schema.tables WHERE table_schema = database() AND table_name = '{table}'"
        )),
        // SQLite continues from the largest number.
        Kind::Sqlite => 0,
    }
    };
    TABLES.iter().map(of).collect()
}

/// A folder and the path of a manifest in it.
fn manifest() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("load.json").to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn rows_of_others_stay_and_the_rest_goes() {
    for kind in KINDS {
        let db = shop(kind);
        run(&db, "load", &["--rows", "20000", "--seed", "7", "--no-verify"]).ok();
        let (before, numbers) = (content(&db), numbering(&db));
        let (_folder, path) = manifest();
        run(&db, "load", &["--rows", "3000", "--manifest", &path, "--no-verify"]).ok();
        let both = content(&db);
        let ran = run(&db, "undo", &["--manifest", &path, "--dry-run"]).ok();
        assert!(ran.stdout.contains("to remove") && ran.stdout.contains("3,000"), "{}", ran.stdout);
        assert!(content(&db) == both, "{kind:?}: a dry run removes nothing");
        let ran = run(&db, "undo", &["--manifest", &path]).ok();
        assert!(ran.stdout.contains("removed"), "{}", ran.stdout);
        assert!(content(&db) == before, "{kind:?}: {}", ran.stdout);
        assert_eq!(numbering(&db), numbers, "{kind:?}");
        assert!(run(&db, "runs", &[]).ok().stdout.contains("undone"), "{kind:?}");
        let ran = run(&db, "undo", &["--manifest", &path, "--json"]).ok();
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((&json["tables"][0]["removed"], &json["tables"][0]["gone"]), (&0.into(), &3000.into()));
        audit::rules(&db);
    }
}

#[test]
fn an_undo_that_was_killed_goes_on() {
    for kind in KINDS {
        let db = shop(kind);
        run(&db, "load", &["--rows", "1000", "--seed", "7", "--no-verify"]).ok();
        let before = content(&db);
        run(&db, "load", &["--rows", "8000", "--no-verify"]).ok();
        for table in ["order_items", "orders", "users"] {
            let child = start(["undo", "--url", &db.url]);
            stop(child, &["KILL"], &|| db.number(&format!("SELECT count(*) FROM {table}")) < 9000);
            audit::rules(&db);
        }
        // The last run of the journal.
        let ran = run(&db, "undo", &[]).ok();
        assert!(content(&db) == before, "{kind:?}: {}", ran.stdout);
        let ran = run(&db, "undo", &[]).ok();
        assert!(ran.stderr.contains("is undone already"), "{}", ran.stderr);
    }
}

#[test]
fn changed_rows_and_references_of_others_stop_it() {
    for kind in KINDS {
        let db = shop(kind);
        let (_folder, path) = manifest();
        run(&db, "load", &["--rows", "2000", "--manifest", &path]).ok();
        let order = db.number("SELECT min(id) FROM orders WHERE id > 100");
        let product = db.number(&format!(
            "SELECT min(id) FROM products WHERE id NOT IN (SELECT product_id FROM order_items WHERE order_id = {order})"
        ));
        db.execute(&format!(
            "INSERT INTO order_items (id, order_id, product_id, quantity, unit_price) VALUES (900000, {order}, {product}, 1, 5)"
        ));
        db.execute("UPDATE users SET first_name = 'Changed' WHERE id = 5");
        let all = content(&db);
        for more in [&[][..], &["--dry-run"], &["--changed", "remove"]] {
            let ran = run(&db, "undo", &[&["--manifest", &path], more].concat()).expect(4);
            let cascade = [
                &*format!("referred to by {}: id = 900000", db.qualified("order_items")),
                "nothing was removed",
                "--changed keep",
            ];
            assert!(cascade.iter().all(|t| ran.stderr.contains(t)), "{kind:?}: {}", ran.stderr);
            assert!(ran.stderr.contains("changed: id = 5: `first_name` was "), "{kind:?}: {}", ran.stderr);
        }
        assert!(content(&db) == all, "{kind:?}");
        run(&db, "undo", &["--manifest", &path, "--changed", "keep"]).ok();
        audit::rules(&db);
        // The kept rows are those that the foreign rows need: their users, products and categories.
        let left: Vec<i64> = TABLES.iter().map(|t| db.number(&format!("SELECT count(*) FROM {t}"))).collect();
        assert_eq!((left[3], left[4]), (1, 1), "{kind:?}: {left:?}");
        assert!((1..=2).contains(&left[0]) && left[2] == 1 && (1..10).contains(&left[1]), "{kind:?}: {left:?}");
        assert_eq!(db.number("SELECT count(*) FROM order_items WHERE id = 900000"), 1);
        assert_eq!(db.number("SELECT count(*) FROM users WHERE id = 5 AND first_name = 'Changed'"), 1);
        db.execute("DELETE FROM order_items");
        run(&db, "undo", &["--manifest", &path, "--changed", "remove"]).ok();
        assert!(content(&db).iter().all(Vec::is_empty), "{kind:?}");
    }
}

/// A cycle of NOT NULL references, a self reference, keys of several columns and texts, a table without a key.
fn odd(kind: Kind) -> Database {
    let deferrable = if kind == Kind::MariaDb { "" } else { "DEFERRABLE INITIALLY DEFERRED" };
    let ring =
        format!("ALTER TABLE team ADD CONSTRAINT lead FOREIGN KEY (lead_id) REFERENCES person (id) {deferrable};");
    let (ring, inline) = match kind {
        Kind::Sqlite => ("", "REFERENCES person (id)"),
        _ => (&*ring, ""),
    };
    database(
        kind,
        &format!(
            "CREATE TABLE team (id INT PRIMARY KEY, lead_id INT NOT NULL {inline});
             CREATE TABLE person (id INT PRIMARY KEY, team_id INT NOT NULL, boss INT, name VARCHAR(40) NOT NULL,
                                  FOREIGN KEY (team_id) REFERENCES team (id) ON DELETE CASCADE,
                                  FOREIGN KEY (boss) REFERENCES person (id));
             {ring}
             CREATE TABLE code (region VARCHAR(20) NOT NULL, nr INT NOT NULL, day DATE NOT NULL, note VARCHAR(50),
                                PRIMARY KEY (region, nr, day));
             CREATE TABLE uses (id INT PRIMARY KEY, region VARCHAR(20) NOT NULL, nr INT NOT NULL, day DATE NOT NULL,
                                FOREIGN KEY (region, nr, day) REFERENCES code (region, nr, day));
             CREATE TABLE log (at TIMESTAMP NULL, what VARCHAR(30));"
        ),
    )
}

#[test]
fn rings_wide_keys_and_tables_without_a_key() {
    for kind in KINDS {
        let db = odd(kind);
        let all = |db: &Database| -> Vec<_> {
            ["team", "person", "code", "uses", "log"]
                .map(|t| db.rows(&format!("SELECT * FROM {t} ORDER BY 1, 2")))
                .to_vec()
        };
        let but_log = ["--exclude-tables", "log"];
        run(&db, "load", &[&["--rows", "500", "--seed", "7"][..], &but_log].concat()).ok();
        let before = all(&db);
        let (_folder, path) = manifest();
        run(&db, "load", &["--rows", "1500", "--manifest", &path]).ok();
        run(&db, "undo", &["--manifest", &path]).ok();
        assert!(all(&db) == before, "{kind:?}");
        // A foreign row in the table without a key.
        run(&db, "load", &["--rows", "50", "--manifest", &path, "--seed", "9"]).ok();
        db.execute("INSERT INTO log (what) VALUES ('somebody''s')");
        let ran = run(&db, "undo", &["--manifest", &path]).expect(4);
        assert!(ran.stderr.contains("log` has no key"), "{}", ran.stderr);
        run(&db, "undo", &["--manifest", &path, "--changed", "keep"]).ok();
        assert_eq!(db.number("SELECT count(*) FROM log"), 51);
        assert!(all(&db)[..4] == before[..4], "{kind:?}");
    }
}

#[test]
fn runs_that_left_something_and_protected_databases_are_not_undone() {
    for kind in KINDS {
        let db = shop(kind);
        let ran = run(&db, "undo", &[]).expect(3);
        assert!(ran.stderr.contains("no run is recorded"), "{}", ran.stderr);
        let args = ["load", "--url", &db.url, "--rows", "20000", "--part-rows", "500", "--rebuild-from", "1"];
        let tasks = match kind {
            Kind::Postgres => "SELECT count(*) FROM pg_class WHERE relname = 'dbmocker_journal'",
            Kind::MariaDb => {
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = 'dbmocker_journal'"
            }
            Kind::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE name = 'dbmocker_journal'",
        };
        let at_work =
            || db.number(tasks) > 0 && db.number("SELECT count(*) FROM dbmocker_journal WHERE what = 'task'") > 25;
        stop(start(args), &["KILL"], &at_work);
        let ran = run(&db, "undo", &[]).expect(4);
        assert!(ran.stderr.contains("did not end") && ran.stderr.contains("dbmocker restore"), "{}", ran.stderr);
        run(&db, "restore", &[]).ok();
        db.execute("CREATE TABLE dbmocker_protected (id INT)");
        assert!(run(&db, "undo", &[]).expect(4).stderr.contains("is protected"));
        db.execute("DROP TABLE dbmocker_protected");
        run(&db, "undo", &[]).ok();
        assert!(content(&db).iter().all(Vec::is_empty), "{kind:?}");
        run(&db, "load", &["--rows", "20"]).ok();
        audit::shop(&db, 20);
    }
}

#[test]
fn triggers_fire_for_removed_rows_and_may_not_keep_them() {
    for kind in KINDS {
        let tables = "CREATE TABLE p (id INT PRIMARY KEY, name VARCHAR(30) NOT NULL);
                      CREATE TABLE gone (id INT NOT NULL);";
        let fires = match kind {
            Kind::Postgres => {
                "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN INSERT INTO public.gone VALUES (OLD.id); RETURN NULL; END $$;
                 CREATE TRIGGER note AFTER DELETE ON p FOR EACH ROW EXECUTE FUNCTION note();"
            }
            Kind::MariaDb => "CREATE TRIGGER note AFTER DELETE ON p FOR EACH ROW INSERT INTO gone VALUES (OLD.id);",
            Kind::Sqlite => "CREATE TRIGGER note AFTER DELETE ON p BEGIN INSERT INTO gone VALUES (OLD.id); END;",
        };
        let db = database(kind, &format!("{tables}{fires}"));
        let (_folder, path) = manifest();
        run(&db, "load", &["--rows", "1200", "--tables", "p", "--manifest", &path]).ok();
        let ran = run(&db, "undo", &["--manifest", &path, "--dry-run"]).ok();
        assert!(ran.stdout.contains("every removed row fires its triggers `note`"), "{}", ran.stdout);
        run(&db, "undo", &["--manifest", &path]).ok();
        assert_eq!((db.number("SELECT count(*) FROM p"), db.number("SELECT count(*) FROM gone")), (0, 1200));
    }
    let db = database(
        Kind::Postgres,
        "CREATE TABLE p (id INT PRIMARY KEY, name VARCHAR(30) NOT NULL);
         CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
         CREATE TRIGGER stay BEFORE DELETE ON p FOR EACH ROW EXECUTE FUNCTION stay();",
    );
    run(&db, "load", &["--rows", "1200"]).ok();
    let ran = run(&db, "undo", &[]).expect(4);
    assert!(ran.stderr.contains("removed 0 of 1000 rows: its triggers (`stay`)"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM p"), 1200);
}

#[test]
fn an_owner_who_is_no_superuser() {
    let db = odd(Kind::Postgres);
    let server = db.server.unwrap();
    let role = format!("undoes_{}", db.name);
    db.execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'not-a-secret-2'; GRANT ALL ON SCHEMA public TO {role};"));
    for table in ["team", "person", "code", "uses", "log"] {
        db.execute(&format!("ALTER TABLE {table} OWNER TO {role}"));
    }
    let url = server.url_as(&role, "not-a-secret-2", &db.name);
    let (_folder, path) = manifest();
    let as_role = |name: &str, more: &[&str]| dbmocker([name, "--url", &url].iter().chain(more));
    as_role("load", &["--rows", "300", "--seed", "7", "--tables", "code,uses"]).ok();
    as_role("load", &["--rows", "1500", "--manifest", &path]).ok();
    as_role("undo", &["--manifest", &path]).ok();
    let left = ["team", "person", "code", "uses", "log"].map(|t| db.number(&format!("SELECT count(*) FROM {t}")));
    assert_eq!(left, [0, 0, 300, 300, 0]);
    as_role("load", &["--rows", "30", "--manifest", &path]).ok();
    db.execute(&format!("REVOKE TEMP ON DATABASE {} FROM PUBLIC", db.name));
    let ran = as_role("undo", &["--manifest", &path]).expect(4);
    assert!(ran.stderr.contains("grant it TEMP"), "{}", ran.stderr);
    let far = url.replace("127.0.0.1", "127.1");
    db.execute(&format!("GRANT TEMP ON DATABASE {} TO {role}", db.name));
    let ran = dbmocker(["undo", "--url", &far, "--manifest", &path]).expect(2);
    assert!(ran.stderr.contains("rows would be removed") && ran.stderr.contains("--yes"), "{}", ran.stderr);
    dbmocker(["undo", "--url", &far, "--manifest", &path, "--yes"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM uses"), 300);
}

/// Rows that refer to the run's are found although a policy hides them, or they refer to a partition; and a sequence
/// that two tables use is not reset.
#[test]
fn what_a_role_does_not_see_at_first() {
    let db = database(
        Kind::Postgres,
        "CREATE SEQUENCE ids;
         CREATE TABLE a (id bigint PRIMARY KEY DEFAULT nextval('ids'), n int NOT NULL);
         CREATE TABLE b (id bigint PRIMARY KEY DEFAULT nextval('ids'), n int NOT NULL);
         CREATE TABLE parted (id int NOT NULL, part int NOT NULL CHECK (part IN (1, 2)), PRIMARY KEY (id, part)) PARTITION BY LIST (part);
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
         CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);",
    );
    let (_folder, path) = manifest();
    run(&db, "load", &["--rows", "50", "--manifest", &path]).ok();
    let used = db.number("SELECT last_value FROM ids");
    db.execute(
        "CREATE TABLE hidden (id int PRIMARY KEY, a_id bigint NOT NULL REFERENCES a ON DELETE CASCADE);
         ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
         INSERT INTO hidden SELECT 1, min(id) FROM a;",
    );
    let role = format!("sees_{}", db.name);
    db.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'not-a-secret-3'; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}; GRANT ALL ON SCHEMA public TO {role};"
    ));
    let url = db.server.unwrap().url_as(&role, "not-a-secret-3", &db.name);
    let ran = dbmocker(["undo", "--url", &url, "--manifest", &path]);
    assert!(ran.code != 0 && ran.stderr.contains("row-level security"), "{}", ran.stderr);
    assert_eq!([db.number("SELECT count(*) FROM hidden"), db.number("SELECT count(*) FROM a")], [1, 50]);
    db.execute(
        "DROP TABLE hidden; CREATE TABLE of_part (id int PRIMARY KEY, p int, k int, FOREIGN KEY (p, k) REFERENCES parted_1 ON DELETE CASCADE);
         INSERT INTO of_part SELECT 1, id, part FROM parted_1 LIMIT 1;",
    );
    let ran = run(&db, "undo", &["--manifest", &path]);
    assert!(
        ran.code != 0 && ran.stdout.clone().contains("of_part") || ran.stderr.contains("of_part"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!([db.number("SELECT count(*) FROM of_part"), db.number("SELECT count(*) FROM parted")], [1, 50]);
    db.execute("DROP TABLE of_part");
    let ran = run(&db, "undo", &["--manifest", &path]).ok();
    assert!(
        (ran.stdout.clone() + &ran.stderr).contains("several columns take their numbers from it"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!([db.number("SELECT count(*) FROM a"), db.number("SELECT last_value FROM ids")], [0, used]);
}
