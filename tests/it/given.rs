//! Rules of the config file that reach other columns: parts of a place, texts made of names, copies; files that extend
//! each other.

use crate::program::{configured, dbmocker};
use crate::servers::{KINDS, Kind, database};

const PEOPLE: &str = "
    CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, first_name VARCHAR(40) NOT NULL, last_name VARCHAR(40) NOT NULL,
        email VARCHAR(90) NOT NULL UNIQUE, username VARCHAR(60) NOT NULL, city VARCHAR(60) NOT NULL, postal_code VARCHAR(12) NOT NULL,
        country VARCHAR(60) NOT NULL, phone VARCHAR(30) NOT NULL);
    CREATE TABLE visits (id INTEGER NOT NULL PRIMARY KEY, person_id INTEGER NOT NULL, person_first_name VARCHAR(40) NOT NULL,
        FOREIGN KEY (person_id) REFERENCES people (id));";

#[test]
fn one_column_of_a_person_or_place_moves_the_others() {
    let config = "
tables:
  people:
    count: 600
    column_configs:
      country: {weighted_values: {France: 3, Germany: 1}}
      first_name: {possible_values: [Zoltania, Quirina]}
      last_name: {possible_values: [Obermeier, Xanthos]}
  visits: {count: 300}
";
    for kind in KINDS {
        let db = database(kind, PEOPLE);
        configured("load", &db.url, config, &[]).ok();
        let number = |of: &str| db.number(&format!("SELECT count(*) FROM people WHERE {of}"));
        let france = number("country = 'France'");
        assert!((400..500).contains(&france), "{kind:?}: {france} of 600");
        assert_eq!(number("phone LIKE '+33%' OR phone LIKE '0%' OR phone LIKE '+49%'"), 600, "{kind:?}");
        assert_eq!(
            number("country = 'France' AND city IN ('Berlin', 'Hamburg', 'Munich', 'Cologne', 'New York', 'London')"),
            0,
            "{kind:?}"
        );
        assert!(number("country = 'France' AND city IN ('Paris', 'Lyon', 'Marseille')") > 20, "{kind:?}");
        assert!(number("country = 'Germany' AND city IN ('Berlin', 'Hamburg', 'Munich')") > 10, "{kind:?}");
        assert_eq!(number("city = 'Paris' AND postal_code NOT LIKE '75%'"), 0, "{kind:?}");
        assert_eq!(
            number("lower(email) NOT LIKE '%obermeier%@%' AND lower(email) NOT LIKE '%xanthos%@%'"),
            0,
            "{kind:?}"
        );
        assert_eq!(number("last_name = 'Xanthos' AND lower(email) NOT LIKE '%xanthos%'"), 0, "{kind:?}");
        assert_eq!(
            number("lower(username) NOT LIKE '%obermeier%' AND lower(username) NOT LIKE '%xanthos%'"),
            0,
            "{kind:?}"
        );
        let copies = "SELECT count(*) FROM visits v JOIN people p ON p.id = v.person_id WHERE v.person_first_name <> p.first_name";
        assert_eq!(db.number(copies), 0, "{kind:?}");
    }
}

#[test]
fn a_city_moves_its_country_and_one_value_is_enough() {
    let db = database(Kind::Sqlite, PEOPLE);
    let of = |rest: &str| format!("tables: {{people: {{count: 100, column_configs: {{{rest}}}}}}}");
    configured("load", &db.url, &of("city: {possible_values: [Lyon]}"), &[]).ok();
    assert_eq!(db.number("SELECT count(*) FROM people WHERE country <> 'France' OR postal_code NOT LIKE '69%'"), 0);
    configured("load", &db.url, &of("country: {possible_values: [Atlantis, Japan]}"), &["--truncate"]).ok();
    assert!(db.number("SELECT count(*) FROM people WHERE country = 'Japan' AND city IN ('Tokyo', 'Osaka', 'Nagoya', 'Kyoto', 'Sapporo', 'Yokohama')") > 10);
    assert!(db.number("SELECT count(*) FROM people WHERE country = 'Atlantis'") > 30);
    let group = "tables: {people: {count: 100, groups: [{rows: [{city: Lyon, country: France}, {city: Osaka, country: Japan}]}]}}";
    configured("load", &db.url, group, &["--truncate"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM people WHERE city = 'Lyon' AND postal_code NOT LIKE '69%'"), 0);
}

#[test]
fn aggregates_may_have_a_filter() {
    let ddl = "
        CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, paid DECIMAL(12,2), big INTEGER NOT NULL, dearest DECIMAL(10,2));
        CREATE TABLE parts (id INTEGER NOT NULL PRIMARY KEY, order_id INTEGER NOT NULL, state VARCHAR(8) NOT NULL, amount DECIMAL(10,2) NOT NULL,
            FOREIGN KEY (order_id) REFERENCES orders (id));";
    let config = "
tables:
  orders:
    count: 100
    column_configs:
      paid: {expression: \"sum(parts.amount) filter (where parts.state = 'paid')\"}
      big: {expression: \"count(parts) filter (where parts.amount > 50)\"}
      dearest: {expression: \"max(parts.amount) filter (where parts.state <> 'paid' and parts.amount < 90)\"}
  parts:
    count: {per: orders, min: 0, max: 6}
    column_configs: {state: {possible_values: [paid, open]}, amount: {min_value: 1, max_value: 100}}
";
    for kind in KINDS {
        let db = database(kind, ddl);
        configured("load", &db.url, config, &[]).ok();
        let sum = |of: &str, when: &str| format!("(SELECT {of} FROM parts l WHERE l.order_id = o.id AND {when})");
        let wrong = format!(
            "SELECT count(*) FROM orders o WHERE coalesce(paid, 0) <> coalesce({}, 0) OR big <> {} OR coalesce(dearest, 0) <> coalesce({}, 0)",
            sum("sum(amount)", "state = 'paid'"),
            sum("count(*)", "amount > 50"),
            sum("max(amount)", "state <> 'paid' AND amount < 90"),
        );
        if kind == Kind::Sqlite {
            assert_eq!(db.number(&wrong.replace(" <> coalesce", " - 0.001 > coalesce")), 0, "{kind:?}");
        } else {
            assert_eq!(db.number(&wrong), 0, "{kind:?}");
        }
    }
}

#[test]
fn a_file_extends_another_and_reads_the_environment() {
    let db = database(Kind::Sqlite, PEOPLE);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "base.yaml",
        "generation: {seed: 3}\ntables:\n  people:\n    count: 5\n    column_configs: {city: {possible_values: [Ulm]}, phone: {pattern: '[0-9]{4}'}}\n  visits: {count: 2}\n",
    );
    write(
        "own.yaml",
        "extends: base.yaml\ntables:\n  people: {count: \"${DBM_TEST_ROWS:-7}\", column_configs: {city: {possible_values: [Hof]}}}\n",
    );
    let path = folder.path().join("own.yaml");
    let load = || dbmocker(["load", "--url", &db.url, "--truncate", "--config", path.to_str().unwrap()]);
    load().ok();
    assert_eq!(db.number("SELECT count(*) FROM people WHERE city = 'Hof' AND length(phone) = 4"), 7);
    assert_eq!(db.number("SELECT count(*) FROM visits"), 2);
    write("base.yaml", "extends: own.yaml\n");
    let ran = load();
    assert!(ran.code != 0 && ran.stderr.contains("extends this file"), "{}", ran.stderr);
    write("own.yaml", "extends: none.yaml\n");
    let ran = load();
    assert!(
        ran.code != 0 && ran.stderr.contains("`own.yaml`, line 1") && ran.stderr.contains("cannot be read"),
        "{}",
        ran.stderr
    );
    write("own.yaml", "generation:\n  rows: ${DBM_TEST_NEVER_SET}\n");
    let ran = load();
    assert!(
        ran.code != 0 && ran.stderr.contains("line 2") && ran.stderr.contains("DBM_TEST_NEVER_SET"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_plan_says_what_each_rule_did() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, flag INTEGER NOT NULL CHECK (flag IN (0, 1)), size INTEGER NOT NULL)",
    );
    let config = "tables:\n  t:\n    count: 5\n    column_configs:\n      flag: {null_probability: 0}\n      size: {min_value: 3, max_value: 9}\n";
    let ran = configured("plan", &db.url, config, &[]).ok();
    assert!(
        ran.stdout.contains("rules of the config file:") && ran.stdout.contains("t.size: 3 to 9"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("rule of t.flag") && ran.stderr.contains("changes nothing"), "{}", ran.stderr);
}

#[test]
fn ends_of_ranges_and_elements_of_arrays_take_bounds() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE stays (id INTEGER PRIMARY KEY, nights DATERANGE NOT NULL, sizes INT4RANGE NOT NULL, marks INTEGER[] NOT NULL, wait INTERVAL NOT NULL)",
    );
    let config = "
tables:
  stays:
    count: 500
    column_configs:
      nights: {min_value: 2026-03-01, max_value: 2026-03-31}
      sizes: {min_value: 10, max_value: 90}
      marks: {min_value: 1, max_value: 6}
      wait: {min_value: 5min, max_value: 2h}
";
    configured("load", &db.url, config, &[]).ok();
    let wrong = "lower(nights) < '2026-03-01' OR upper(nights) > '2026-04-01' OR lower(sizes) < 10 OR upper(sizes) > 91
        OR 1 > ANY (marks) OR 6 < ANY (marks) OR wait NOT BETWEEN '5 min' AND '2 h'";
    assert_eq!(db.number(&format!("SELECT count(*) FROM stays WHERE {wrong}")), 0);
    assert!(db.number("SELECT count(DISTINCT nights) FROM stays") > 15);
}

#[test]
fn a_full_config_file_can_be_loaded_as_it_is() {
    for kind in KINDS {
        let ddl = format!("{PEOPLE} CREATE TABLE odds (id INTEGER NOT NULL PRIMARY KEY, state VARCHAR(10) NOT NULL CHECK (state IN ('a', 'b')),
            price DECIMAL(8,2), born DATE, seen TIMESTAMP NULL, share DOUBLE PRECISION, note VARCHAR(200))");
        let db = database(kind, &ddl);
        let config = dbmocker(["init-config", "--url", &db.url, "--full"]).ok().stdout;
        assert!(config.contains("# yaml-language-server: $schema="), "{config}");
        assert!(config.lines().any(|l| l.trim_start().starts_with("state: {weighted_values")), "{kind:?}: {config}");
        assert!(config.lines().any(|l| l.trim_start().starts_with("born: {min_value")), "{kind:?}: {config}");
        configured("load", &db.url, &config, &[]).ok();
    }
}
