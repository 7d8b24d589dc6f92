//! Columns that take their values from lists: groups of columns, files of values, rules by conditions.

use crate::program::{command, configured, run};
use crate::servers::{KINDS, Kind, database, postgres};

const CARS: &str = "
    CREATE TABLE makers (name VARCHAR(20) NOT NULL PRIMARY KEY);
    CREATE TABLE cars (id INTEGER NOT NULL PRIMARY KEY, make VARCHAR(20) NOT NULL, model VARCHAR(20) NOT NULL, built DATE NOT NULL, price DECIMAL(9,2),
        sold DATE NOT NULL, owner VARCHAR(20), state VARCHAR(10) NOT NULL,
        CONSTRAINT later CHECK (sold >= built), CONSTRAINT cheap CHECK (price < 100000),
        FOREIGN KEY (make) REFERENCES makers (name));
    CREATE TABLE seats (id INTEGER NOT NULL PRIMARY KEY, place VARCHAR(5) NOT NULL, colour VARCHAR(10) NOT NULL,
        CONSTRAINT one_each UNIQUE (place));";

const MAKERS: &str = "makers: {rows: [{name: Fiat}, {name: Opel}, {name: Saab}]}";
const GROUP: &str = "
      - weight: often
        rows:
          - {make: Fiat, model: Uno, built: 1990-05-01, price: 4000.5, often: 6}
          - {make: Opel, model: Corsa, built: 2001-02-28, price: null, often: 3}
          - {make: Saab, model: '900', built: 1987-12-31, price: 9000, often: 1}";

fn cars(groups: &str) -> String {
    format!("tables:\n  {MAKERS}\n  cars:\n    count: 9000\n    groups:{groups}\n  seats: {{count: 0}}\n")
}

#[test]
fn columns_of_a_group_come_from_one_row_of_its_list() {
    for kind in KINDS {
        let db = database(kind, CARS);
        configured("load", &db.url, &cars(GROUP), &[]).ok();
        let count = |sql: &str| db.number(&format!("SELECT count(*) FROM cars WHERE {sql}"));
        let of = |make: &str, rest: &str| count(&format!("make = '{make}' AND {rest}"));
        let parts = [
            of("Fiat", "model = 'Uno' AND built = '1990-05-01' AND price = 4000.5"),
            of("Opel", "model = 'Corsa' AND built = '2001-02-28' AND price IS NULL"),
            of("Saab", "model = '900' AND built = '1987-12-31' AND price = 9000"),
        ];
        assert_eq!(parts.iter().sum::<i64>(), 9000, "{kind:?} {parts:?}");
        // 5 standard deviations.
        for (part, share) in parts.iter().zip([0.6, 0.3, 0.1]) {
            let (mean, deviation) = (9000.0 * share, f64::sqrt(9000.0 * share * (1.0 - share)));
            assert!((*part as f64 - mean).abs() < 5.0 * deviation, "{kind:?} {parts:?}");
        }
        // A CHECK chooses the other column.
        assert_eq!(count("sold < built"), 0, "{kind:?}");
        assert!(db.number("SELECT count(DISTINCT sold) FROM cars") > 20, "{kind:?}");
    }
}

#[test]
fn a_single_row_has_the_values_of_the_whole() {
    let db = database(Kind::Sqlite, CARS);
    db.execute("INSERT INTO makers VALUES ('Fiat'), ('Opel'), ('Saab')");
    let export = |range: &str| {
        let more = ["--tables", "cars", "--rows-range", range, "--format", "ndjson", "--out", "-"];
        configured("export", &db.url, &cars(GROUP).replace(MAKERS, "makers:"), &more).ok().stdout
    };
    let whole = export("cars:0..50");
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 50);
    for row in [0, 13, 49] {
        assert_eq!(export(&format!("cars:{row}..{}", row + 1)).trim_end(), lines[row]);
    }
}

#[test]
fn a_key_takes_each_row_of_a_list_once() {
    let config = "
tables:
  cars: {count: 0}
  makers: {count: 0}
  seats:
    count: 100
    groups: [{rows: [{place: A1, colour: red}, {place: A2, colour: red}, {place: B1, colour: blue}]}]
";
    for kind in KINDS {
        let db = database(kind, CARS);
        let ran = configured("load", &db.url, config, &[]);
        let rows = db.rows("SELECT place, colour FROM seats ORDER BY place");
        let texts: Vec<String> =
            rows.iter().map(|r| r.iter().flatten().cloned().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(texts, ["A1 red", "A2 red", "B1 blue"], "{kind:?} {}", ran.stderr);
    }
}

#[test]
fn lists_are_checked_before_anything_is_written() {
    let db = database(Kind::Sqlite, CARS);
    let seats = |group: &str| {
        format!("tables:\n  cars: {{count: 0}}\n  makers: {{count: 0}}\n  seats: {{groups: [{group}]}}\n")
    };
    for (config, message) in [
        (
            cars("\n      - rows: [{make: Fiat, model: Uno, built: 1990-05-01, price: 100000}]"),
            "line 6: the row breaks cheap",
        ),
        (
            cars("\n      - rows: [{make: Ford, model: Ka, built: 1990-05-01, price: 1}]"),
            "(Ford) has no matching row in",
        ),
        (cars("\n      - rows: [{make: null, model: Ka}]"), "column `make`: NULL contradicts its NOT NULL"),
        (cars("\n      - rows: [{make: Fiat, built: soon}]"), "`soon` does not fit the type"),
        (cars("\n      - rows: [{make: Fiat, modle: Ka}]"), "did you mean `model`?"),
        (
            cars("\n      - {rows: [{model: Ka}]}\n      - {rows: [{model: Uno}]}"),
            "column `model` gets its values twice",
        ),
        (
            seats("{rows: [{place: A, colour: a}, {place: A, colour: b}]}"),
            "key `one_each` (A) stands in line 4 as well",
        ),
        (
            seats("{weight: w, rows: [{place: A, colour: a, w: 1}, {place: B, colour: b, w: 2}]}"),
            "takes each row of the list once, so that weights cannot be kept",
        ),
        (seats("{columns: [place], weight: n, rows: [{place: A}]}"), "has no column `n`; it has place"),
        (seats("{columns: [place]}"), "a group has `rows` or `rows_from`, one of them"),
        (seats("{rows: [{place: A, w: x}], weight: w}"), "the weight `x` is no number"),
        (seats("{rows_from: none.csv}"), "cannot read the rows in"),
    ] {
        let ran = configured("load", &db.url, &config, &[]);
        assert_ne!(ran.code, 0, "{config}");
        assert!(ran.stderr.contains(message), "{config}\n{message}\n{}", ran.stderr);
        assert_eq!(db.number("SELECT (SELECT count(*) FROM cars) + (SELECT count(*) FROM makers)"), 0);
    }
}

/// Values of every kind of type, from a file.
#[test]
fn values_of_a_file_have_the_type_of_their_column() {
    let db = postgres().create_database(
        "CREATE TABLE t (id INT PRIMARY KEY, day DATE NOT NULL, at TIMESTAMPTZ NOT NULL, tag UUID NOT NULL, n NUMERIC(8,3) NOT NULL, yes BOOLEAN NOT NULL,
            code VARCHAR(8) NOT NULL UNIQUE);",
    );
    let folder = tempfile::tempdir().unwrap();
    let csv = "day,at,tag,n,yes,code,weight\n2024-02-29,2024-03-31 02:30:00,6f1b3f2e-6a4c-4d2a-8d2e-0123456789ab,1.125,true,a,1\n\
        1999-12-31,2000-01-01 00:00:00,00000000-0000-4000-8000-000000000001,-7,false,b,9\n";
    std::fs::write(folder.path().join("v.csv"), csv).unwrap();
    let of = |c: &str| format!("      {c}: {{values_from: {{file: v.csv, column: {c}}}}}\n");
    let columns: String = ["day", "at", "tag", "n", "yes", "code"].iter().map(|c| of(c)).collect();
    let config = format!("tables:\n  t:\n    count: 2\n    column_configs:\n{columns}");
    let file = folder.path().join("c.yaml");
    std::fs::write(&file, config).unwrap();
    let ran = run(command().args(["load", "--url", &db.url, "--config", file.to_str().unwrap()]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let wrong = "SELECT count(*) FROM t WHERE day NOT IN ('2024-02-29', '1999-12-31') OR n NOT IN (1.125, -7)
        OR tag::text NOT IN ('6f1b3f2e-6a4c-4d2a-8d2e-0123456789ab', '00000000-0000-4000-8000-000000000001')";
    assert_eq!(db.number(wrong), 0);
    assert_eq!(db.number("SELECT count(DISTINCT code) FROM t WHERE code IN ('a', 'b')"), 2);
}

const TICKETS: &str = "
    CREATE TABLE agents (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, level INTEGER NOT NULL);
    CREATE TABLE tickets (id INTEGER NOT NULL PRIMARY KEY, state VARCHAR(10) NOT NULL, agent_id INTEGER, opened_at TIMESTAMP NOT NULL, closed_at TIMESTAMP NULL,
        hours INTEGER NOT NULL, fee DECIMAL(8,2) NOT NULL, reason VARCHAR(20), note VARCHAR(60),
        CONSTRAINT in_order CHECK (closed_at >= opened_at), CONSTRAINT fair CHECK (fee <= hours * 100),
        FOREIGN KEY (agent_id) REFERENCES agents (id));";

const RULES: &str = "
tables:
  agents: {count: 20, column_configs: {level: {min_value: 1, max_value: 3}}}
  tickets:
    count: 3000
    column_configs:
      state: {weighted_values: {new: 2, open: 3, closed: 5}}
      hours: {min_value: 1, max_value: 40}
      agent_id: {rules: [{when: \"state = 'new'\", null: true}]}
      closed_at: {rules: [{when: \"state <> 'closed'\", null: true}]}
      fee: {rules: [{when: \"state = 'new'\", values: [0]}, {when: \"agent_id.level = 3\", expression: hours * 90}]}
      reason: {rules: [{when: \"state = 'closed' and hours > 20\", values: {solved: 4, gone: 1}}, {null: true}]}
";

#[test]
fn rules_hold_in_every_row() {
    for kind in KINDS {
        let db = database(kind, TICKETS);
        configured("load", &db.url, RULES, &[]).ok();
        let none = |sql: &str| assert_eq!(db.number(&format!("SELECT count(*) FROM {sql}")), 0, "{kind:?}: {sql}");
        none("tickets WHERE (state = 'new') <> (agent_id IS NULL)");
        none("tickets WHERE (state = 'closed') <> (closed_at IS NOT NULL)");
        none("tickets WHERE state = 'new' AND fee <> 0");
        none("tickets t JOIN agents a ON a.id = t.agent_id WHERE a.level = 3 AND state <> 'new' AND fee <> hours * 90");
        none("tickets WHERE (state = 'closed' AND hours > 20) <> (reason IS NOT NULL)");
        none("tickets WHERE reason NOT IN ('solved', 'gone')");
        assert!(db.number("SELECT count(*) FROM tickets WHERE reason = 'gone'") > 50, "{kind:?}");
        assert!(db.number("SELECT count(DISTINCT fee) FROM tickets WHERE state <> 'new'") > 100, "{kind:?}");
    }
}

#[test]
fn rules_that_cannot_be_kept_are_errors() {
    let db = database(Kind::Sqlite, TICKETS);
    let of = |column: &str, rules: &str| {
        format!("tables:\n  tickets: {{column_configs: {{{column}: {{rules: {rules}}}}}}}\n")
    };
    for (config, message) in [
        (of("agent_id", "[{when: \"state = 'new'\", values: [1]}]"), "its rules can only be `null: true`"),
        (of("agent_id", "[{when: hours > 3 and state = 'a', null: true}]"), "by conditions over one other column"),
        (of("agent_id", "[{when: hours > 3, null: true}]"), "a column with a list of values"),
        (of("state", "[{when: hours > 3, null: true}]"), "NULL, and the column is NOT NULL"),
        (of("fee", "[{when: hours > 3, expression: hours * 1000}]"), "CHECK `fair` does not hold in row"),
        (of("fee", "[{when: hourz > 3, values: [1]}]"), "no column `hourz`"),
        (of("fee", "[{when: hours > 3, values: [abc]}]"), "`abc` is no value of it"),
        (of("fee", "[{when: hours > fee, values: [1]}]"), "fee"),
        (of("fee", "[{values: [1]}, {when: hours > 3, values: [2]}]"), "only the last rule can be without `when`"),
        (of("fee", "[{when: hours > 3}]"), "one of them"),
        (of("fee", "[{when: hours > 3, values: [1], null: true}]"), "one of them"),
        (of("fee", "[{if: hours > 3, values: [1]}]"), "unknown key `if` in a rule"),
    ] {
        let ran = configured("load", &db.url, &config, &[]);
        assert_ne!(ran.code, 0, "{config}");
        assert!(ran.stderr.contains(message), "{config}\n{message}\n{}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM agents"), 0);
    }
}
