//! Copies that are filled with a profile, on each server: their statistics are those of the original.

use crate::program::dbmocker;
use crate::servers::{Database, Kind, database};

/// Members with visits: skewed fan-outs, hours of work, a status that decides NULLs, moments in order. `AT`: the type of
/// moments.
const TABLES: &str = "
    create table members (id integer primary key, name varchar(60) not null, plan varchar(10) not null, points integer not null,
        joined_at AT not null);
    create table visits (id integer primary key, member_id integer not null, state varchar(10) not null, amount decimal(8,2),
        created_at AT not null, closed_at AT, place varchar(40), foreign key (member_id) references members (id));
    create index visits_member on visits (member_id);";

/// How a server writes the numbers from 1, a text with a number, and a moment of so many seconds since 2021.
struct Dialect {
    moments: &'static str,
    numbers: fn(u32) -> String,
    text: fn(&str, &str) -> String,
    moment: fn(&str) -> String,
}

fn dialect(kind: Kind) -> Dialect {
    match kind {
        Kind::Postgres => Dialect {
            moments: "timestamp",
            numbers: |count| format!("generate_series(1, {count}) as s (n)"),
            text: |text, number| format!("'{text}' || ({number})"),
            moment: |seconds| format!("timestamp '2021-01-01' + interval '1 second' * ({seconds})"),
        },
        Kind::MariaDb => Dialect {
            moments: "datetime",
            numbers: |count| format!("(select seq as n from seq_1_to_{count}) as s"),
            text: |text, number| format!("concat('{text}', {number})"),
            moment: |seconds| format!("date_add('2021-01-01', interval ({seconds}) second)"),
        },
        Kind::Sqlite => Dialect {
            moments: "timestamp",
            numbers: |count| {
                format!(
                    "(with recursive s (n) as (select 1 union all select n + 1 from s where n < {count}) select n from s) as s"
                )
            },
            text: |text, number| format!("'{text}' || ({number})"),
            moment: |seconds| format!("datetime('2021-01-01', '+' || ({seconds}) || ' seconds')"),
        },
    }
}

/// 1000 members and 20 000 visits, and empty tables of the same form.
fn databases(kind: Kind) -> (Database, Database) {
    let sql = dialect(kind);
    let ddl = TABLES.replace("AT", sql.moments);
    let (original, copy) = (database(kind, &ddl), database(kind, &ddl));
    let insert = |table: &str, count: u32, cells: &[String]| {
        original.execute(&format!("insert into {table} select {} from {}", cells.join(", "), (sql.numbers)(count)));
    };
    let cell = str::to_owned;
    let members = [
        cell("n"),
        (sql.text)("MARK Person ", "n"),
        cell("case when n % 10 < 7 then 'basic' when n % 10 < 9 then 'plus' else 'gold' end"),
        cell("(n * 7919) % 1000 * ((n * 31) % 7)"),
        (sql.moment)("n * 86400 + 28800 + (n * 977) % 20000"),
    ];
    insert("members", 1000, &members);
    let visits = [
        cell("n"),
        cell("1 + ((n * 7919) % 997) * ((n * 7919) % 997) / 1000"),
        cell("case when n % 8 < 5 then 'done' when n % 8 < 7 then 'lost' else 'open' end"),
        cell("case when n % 5 > 0 then (n * 37) % 300 * ((n * 13) % 9) + 0.99 end"),
        (sql.moment)("n * 5000 + 30000"),
        format!("case when n % 8 < 5 then {} end", (sql.moment)("n * 5000 + 32000")),
        (sql.text)("Hall ", "n % 61"),
    ];
    insert("visits", 20_000, &visits);
    (original, copy)
}

/// Fills a copy with the profile of the original; at least this share of the columns is within 10 %.
fn copied(kind: Kind, analyze: &str, scan: &[&str], at_least: &str) -> (Database, Database) {
    let (original, copy) = databases(kind);
    original.execute(analyze);
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile.yaml");
    let profile = profile.to_str().unwrap();
    dbmocker([&["learn", "--url", &original.url, "--out", profile], scan].concat()).ok();
    assert!(!std::fs::read_to_string(profile).unwrap().contains("MARK"));
    dbmocker(["load", "--url", &copy.url, "--profile", profile, "--now", "2025-01-01"]).ok();
    copy.execute(analyze);
    let compare = ["compare", "--url", &copy.url, "--profile", profile, "--columns", "--at-least", at_least];
    // On SQLite the figures of the copy come from a scan as well.
    let compared = dbmocker([&compare[..], scan].concat());
    assert_eq!(compared.code, 0, "{}{}", compared.stdout, compared.stderr);
    (original, copy)
}

#[test]
fn a_copy_of_postgresql_is_alike() {
    copied(Kind::Postgres, "analyze", &[], "0.9");
}

#[test]
fn a_copy_of_mariadb_is_alike() {
    let analyze = "set histogram_type = 'JSON_HB'; analyze table members, visits persistent for all";
    copied(Kind::MariaDb, analyze, &[], "0.8");
}

#[test]
fn a_scanned_copy_has_the_order_the_nulls_and_the_fan_out() {
    for (kind, analyze) in [
        (Kind::Sqlite, "analyze"),
        (Kind::MariaDb, "set histogram_type = 'JSON_HB'; analyze table members, visits persistent for all"),
        (Kind::Postgres, "analyze"),
    ] {
        let (original, copy) = copied(kind, analyze, &["--scan"], "0.8");
        let number = |sql: &str| copy.number(sql);
        assert_eq!(number("select count(*) from visits where (closed_at is null) = (state = 'done')"), 0, "{kind:?}");
        let later = "select count(*) from (select created_at, lag(created_at) over (order by id) as earlier from visits) as x where created_at < earlier";
        assert_eq!(number(later), 0, "{kind:?}");
        let parents = |db: &Database| db.number("select count(distinct member_id) from visits");
        let (there, here) = (parents(&original), parents(&copy));
        assert!((there - here).abs() * 20 <= there, "{kind:?}: {there} {here}");
    }
}

#[test]
fn samples_of_indexes_are_read_on_sqlite() {
    // The library of this program makes `sqlite_stat4`.
    let (original, _) = databases(Kind::Sqlite);
    original.execute("create index people on members (name); create index amounts on visits (amount); create index states on visits (state); analyze");
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile.yaml");
    let learned = dbmocker(["learn", "--url", &original.url, "--out", profile.to_str().unwrap()]).ok();
    assert!(learned.stderr.contains("sqlite_stat4"), "{}", learned.stderr);
    let text = std::fs::read_to_string(&profile).unwrap();
    for line in ["    rows: 20000", "        nulls: 0.2", "        distinct: 3"] {
        assert!(text.lines().any(|l| l == line), "no `{line}` in\n{text}");
    }
    assert!(text.contains("{share: 0.625, label: done}"), "{text}");
    let amounts = text.split_once("amount:").unwrap().1;
    assert!(amounts.split_once("quantiles: {0: ").is_some_and(|(before, _)| !before.contains("closed_at")), "{text}");
    assert!(!text.contains("MARK"), "{text}");
}

#[test]
fn combinations_of_labels_are_learned() {
    let ddl = "create table t (id int primary key, kind text not null, colour text not null, size int);";
    let (original, copy) = (database(Kind::Postgres, ddl), database(Kind::Postgres, ddl));
    original.execute(
        "insert into t select i, (array['apple', 'lemon', 'plum'])[1 + i % 3], (array['red', 'yellow', 'blue'])[1 + i % 3], i
             from generate_series(1, 6000) i;
         create statistics together (mcv) on kind, colour from t; analyze t;",
    );
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile.yaml");
    let profile = profile.to_str().unwrap();
    dbmocker(["learn", "--url", &original.url, "--out", profile]).ok();
    dbmocker(["load", "--url", &copy.url, "--profile", profile]).ok();
    assert_eq!(copy.number("select count(distinct (kind, colour)) from t"), 3);
    assert_eq!(copy.number("select count(*) from t where kind = 'apple' and colour = 'red'") / 100, 20);
    let masked = folder.path().join("masked.yaml");
    dbmocker(["learn", "--url", &original.url, "--out", masked.to_str().unwrap(), "--mask", "all"]).ok();
    assert!(!std::fs::read_to_string(masked).unwrap().contains("apple"));
}
