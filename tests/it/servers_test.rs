//! Tests of the test harness.

use crate::program::dbmocker;
use crate::servers::{KINDS, database};
use crate::shop::{TABLES as SHOP_TABLES, shop};

#[test]
fn values_come_back_as_they_went_in() {
    for kind in KINDS {
        let db = database(kind, "CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(99));");
        db.execute("INSERT INTO t VALUES (1, 'a<b> & \"c\"'), (2, NULL), (3, 'NULL'), (4, ''), (5, 'é\nü');");
        let got: Vec<_> = db.rows("SELECT s FROM t ORDER BY id").into_iter().map(|mut r| r.remove(0)).collect();
        let want = [Some("a<b> & \"c\""), None, Some("NULL"), Some(""), Some("é\nü")];
        assert_eq!(got, want.map(|s| s.map(str::to_owned)), "{kind:?}");
        assert_eq!(db.number("SELECT count(*) FROM t"), 5);
    }
}

#[test]
fn databases_are_apart_and_dropped() {
    for kind in KINDS {
        let one = database(kind, "CREATE TABLE t (id INT);");
        let other = database(kind, "CREATE TABLE t (id INT); INSERT INTO t VALUES (1);");
        assert_eq!(one.number("SELECT count(*) FROM t"), 0);
        assert_eq!(other.number("SELECT count(*) FROM t"), 1);
        let Some(server) = one.server else { continue };
        let name = one.name.clone();
        drop(one);
        let left = match kind {
            crate::servers::Kind::Postgres => format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"),
            _ => format!("SELECT count(*) FROM information_schema.schemata WHERE schema_name = '{name}'"),
        };
        assert_eq!(other.number(&left), 0, "{server:?}");
    }
}

#[test]
fn the_program_runs() {
    dbmocker(["--version"]).ok();
}

#[test]
fn the_shop_is_accepted_by_every_server() {
    for kind in KINDS {
        let db = shop(kind);
        for table in SHOP_TABLES {
            assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 0, "{kind:?}");
        }
    }
}
