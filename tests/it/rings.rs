//! Foreign keys that refer to each other through a shared column, and tables that refer to themselves.

use crate::program::{Ran, dbmocker};
use crate::servers::{Database, KINDS, Kind, database};

fn load(db: &Database, more: &[&str]) -> Ran {
    dbmocker(["load", "--url", &db.url].iter().chain(more))
}

/// Every row of these foreign keys (`crew (line, captain) -> sailor (line, id)`) has a parent row.
fn no_orphans(db: &Database, keys: &[&str]) {
    for key in keys {
        let part = |text: &str| {
            let (table, columns) = text.trim().split_once(' ').unwrap();
            let columns: Vec<String> = columns.trim_matches(['(', ')']).split(", ").map(str::to_owned).collect();
            (table.to_owned(), columns)
        };
        let (child, parent) = key.split_once("->").unwrap();
        let ((child, own), (parent, above)) = (part(child), part(parent));
        let set: Vec<String> = own.iter().map(|c| format!("c.{c} IS NOT NULL")).collect();
        let same: Vec<String> = own.iter().zip(&above).map(|(c, p)| format!("p.{p} = c.{c}")).collect();
        let lonely = format!(
            "SELECT count(*) FROM {child} c WHERE {} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {})",
            set.join(" AND "),
            same.join(" AND ")
        );
        assert_eq!(db.number(&lonely), 0, "{key}");
    }
    dbmocker(["verify", "--url", &db.url, "--strict"]).ok();
}

/// Tables of a ring: SQLite accepts a foreign key before its parent exists, and cannot add one later.
fn ring(kind: Kind, tables: &[(&str, &str, &str)]) -> Database {
    let inline = kind == Kind::Sqlite;
    let create = tables.iter().map(|(name, columns, key)| {
        let key = if inline && !key.is_empty() { format!(", {key}") } else { String::new() };
        format!("CREATE TABLE {name} ({columns}{key});")
    });
    let alter = tables.iter().filter(|(_, _, key)| !inline && !key.is_empty());
    let alter = alter.map(|(name, _, key)| format!("ALTER TABLE {name} ADD {key};"));
    database(kind, &create.chain(alter).collect::<String>())
}

const CREWS: &[(&str, &str, &str)] = &[
    (
        "crew",
        "line INT NOT NULL, id INT NOT NULL, captain INT, PRIMARY KEY (line, id)",
        "FOREIGN KEY (line, captain) REFERENCES sailor (line, id)",
    ),
    (
        "sailor",
        "line INT NOT NULL, id INT NOT NULL, crew INT, bunk INT, PRIMARY KEY (line, id)",
        "FOREIGN KEY (line, crew) REFERENCES crew (line, id)",
    ),
];

#[test]
fn a_ring_of_two_tables_within_a_tenant() {
    for kind in KINDS {
        let db = ring(kind, CREWS);
        for (round, seed) in [(1, "1"), (2, "2")] {
            load(&db, &["--rows", "300", "--seed", seed]).ok();
            assert_eq!(db.number("SELECT count(*) FROM crew"), 300 * round, "{kind:?}");
            let captains = db.number("SELECT count(captain) FROM crew");
            assert!(captains > 170 * round, "{kind:?}: {captains}");
            no_orphans(&db, &["crew (line, captain) -> sailor (line, id)", "sailor (line, crew) -> crew (line, id)"]);
        }
        load(&db, &["--rows", "300", "--skip-unsolved", "--truncate"]).ok();
        assert_eq!(db.number("SELECT count(*) FROM sailor"), 300, "{kind:?}");
        dbmocker(["verify", "--url", &db.url, "--strict"]).ok();
    }
}

#[test]
fn a_ring_of_three_tables_and_a_table_below_them() {
    let tables = [
        ("hall", "site INT NOT NULL, id INT NOT NULL, best INT, PRIMARY KEY (site, id)", "shelf"),
        ("shelf", "site INT NOT NULL, id INT NOT NULL, best INT, PRIMARY KEY (site, id)", "box"),
        ("box", "site INT NOT NULL, id INT NOT NULL, best INT, PRIMARY KEY (site, id)", "hall"),
    ];
    for kind in KINDS {
        let keys = tables.map(|(_, _, to)| format!("FOREIGN KEY (site, best) REFERENCES {to} (site, id)"));
        let mut all: Vec<(&str, &str, &str)> = tables.iter().zip(&keys).map(|(t, k)| (t.0, t.1, k.as_str())).collect();
        all.push((
            "label",
            "id INT PRIMARY KEY, site INT NOT NULL, hall INT, shelf INT NOT NULL,
             FOREIGN KEY (site, hall) REFERENCES hall (site, id), FOREIGN KEY (site, shelf) REFERENCES shelf (site, id)",
            "",
        ));
        let db = ring(kind, &all);
        load(&db, &["--rows", "200"]).ok();
        for table in ["hall", "shelf", "box"] {
            let set = db.number(&format!("SELECT count(best) FROM {table}"));
            assert!(set > 90, "{kind:?} {table}: {set}");
        }
        assert_eq!(db.number("SELECT count(*) FROM label"), 200, "{kind:?}");
        no_orphans(
            &db,
            &[
                "hall (site, best) -> shelf (site, id)",
                "shelf (site, best) -> box (site, id)",
                "box (site, best) -> hall (site, id)",
                "label (site, hall) -> hall (site, id)",
                "label (site, shelf) -> shelf (site, id)",
            ],
        );
    }
}

#[test]
fn a_parent_names_one_of_its_own_children() {
    for kind in KINDS {
        let db = ring(
            kind,
            &[
                ("house", "id INT PRIMARY KEY, front INT", "FOREIGN KEY (id, front) REFERENCES door (house, id)"),
                (
                    "door",
                    "id INT PRIMARY KEY, house INT NOT NULL, UNIQUE (house, id), FOREIGN KEY (house) REFERENCES house (id)",
                    "",
                ),
            ],
        );
        load(&db, &["--rows", "400"]).ok();
        let front = db.number("SELECT count(front) FROM house");
        assert!((220..400).contains(&front), "{kind:?}: {front}");
        assert_eq!(db.number("SELECT count(*) FROM door"), 400, "{kind:?}");
        no_orphans(&db, &["house (id, front) -> door (house, id)", "door (house) -> house (id)"]);
    }
}

#[test]
fn two_primary_keys_that_refer_to_each_other() {
    for kind in KINDS {
        let columns = "x INT NOT NULL, y INT NOT NULL, PRIMARY KEY (x, y)";
        let db = ring(
            kind,
            &[
                ("head", columns, "FOREIGN KEY (x, y) REFERENCES tail (x, y)"),
                ("tail", columns, "FOREIGN KEY (x, y) REFERENCES head (x, y)"),
            ],
        );
        load(&db, &["--rows", "150"]).ok();
        assert_eq!(db.number("SELECT count(*) FROM head"), 150, "{kind:?}");
        no_orphans(&db, &["head (x, y) -> tail (x, y)", "tail (x, y) -> head (x, y)"]);
    }
}

/// Whether walking up from every row of a table ends.
fn ends(db: &Database, table: &str, up: &str, join: &str) -> bool {
    let depth = format!(
        "WITH RECURSIVE walk AS (SELECT t.*, 0 AS steps FROM {table} t WHERE {up} IS NOT NULL
            UNION ALL SELECT p.*, steps + 1 FROM {table} p JOIN walk w ON {join} WHERE w.steps < 400)
         SELECT coalesce(max(steps), 0) FROM walk"
    );
    db.number(&depth) < 300
}

#[test]
fn trees_end_for_every_seed() {
    for kind in KINDS {
        // MariaDB allows no CHECK on a foreign key's column in a table with AUTO_INCREMENT, so a plain key is used.
        let db = database(
            kind,
            "CREATE TABLE chief (id INT NOT NULL PRIMARY KEY, above INT, CHECK (above <> id), FOREIGN KEY (above) REFERENCES chief (id));
             CREATE TABLE piece (firm INT NOT NULL, id INT NOT NULL, inside INT, PRIMARY KEY (firm, id),
                FOREIGN KEY (firm, inside) REFERENCES piece (firm, id));",
        );
        for seed in ["1", "2", "3", "4"] {
            load(&db, &["--rows", "250", "--seed", seed, "--truncate"]).ok();
            assert!(ends(&db, "chief", "t.above", "p.id = w.above"), "{kind:?} seed {seed}");
            assert!(ends(&db, "piece", "t.inside", "p.firm = w.firm AND p.id = w.inside"), "{kind:?} seed {seed}");
            let set = db.number("SELECT count(inside) FROM piece");
            assert!(set > 120, "{kind:?} seed {seed}: {set}");
        }
        no_orphans(&db, &["chief (above) -> chief (id)", "piece (firm, inside) -> piece (firm, id)"]);
    }
}

#[test]
fn unique_references_to_the_next_row() {
    for kind in KINDS {
        let db = database(
            kind,
            "CREATE TABLE wagon (id INT NOT NULL PRIMARY KEY, next_one INT NOT NULL UNIQUE, FOREIGN KEY (next_one) REFERENCES wagon (id));",
        );
        load(&db, &["--rows", "99"]).ok();
        assert_eq!(db.number("SELECT count(*) FROM wagon WHERE next_one <> id"), 99, "{kind:?}");
        no_orphans(&db, &["wagon (next_one) -> wagon (id)"]);
    }
}
