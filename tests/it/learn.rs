//! `learn`, `compare` and `explain` on real servers: what a profile contains, and what it must not contain.

use std::fs;
use std::path::PathBuf;

use crate::program::dbmocker;
use crate::servers::{Database, Kind, database, postgres};

/// A profile in a separate folder.
struct Learned {
    text: String,
    said: String,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

fn learn(db: &Database, more: &[&str]) -> Learned {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.yaml");
    let mut args = vec!["learn", "--url", &db.url, "--out", path.to_str().unwrap()];
    args.extend(more);
    let ran = dbmocker(args).ok();
    assert_eq!(ran.stdout, "");
    Learned { text: fs::read_to_string(&path).unwrap(), said: ran.stderr, path, _folder: folder }
}

/// Customers with orders: 1000 and 5000.
const SHOP: &str = "
    create table customers (
        id int primary key, email text not null unique, country char(2) not null, born date,
        plan text not null check (plan in ('free', 'paid')), age int not null);
    create table orders (
        id int primary key, customer_id int not null references customers, channel text not null, total numeric(10,2) not null,
        placed timestamptz not null, tags text[] not null, coupon text);
    create table never_analysed (id int primary key, a int);
    insert into customers select i, 'u' || i || '@example.com', case when i % 4 = 0 then 'DE' else 'US' end,
        case when i % 2 = 0 then date '1970-01-01' + i end, case when i % 10 = 0 then 'paid' else 'free' end, 20 + i % 50
        from generate_series(1, 1000) i;
    insert into orders select i, case when i <= 1000 then 7 else 1 + i % 400 end, (array['web', 'web', 'web', 'shop'])[1 + i % 4],
        (i % 100) + 0.99, timestamptz '2020-01-01 10:11:12+00' + i * interval '1 hour', array['a' || i % 3, 'z'],
        case when i % 5 = 0 then 'C' || i end
        from generate_series(1, 5000) i;
    insert into never_analysed select i, i from generate_series(1, 500) i;
    analyze customers; analyze orders;
    alter table never_analysed set (autovacuum_enabled = off);";

#[test]
fn a_profile_says_what_the_statistics_say() {
    let db = database(Kind::Postgres, SHOP);
    let learned = learn(&db, &[]);
    for line in [
        "    rows: 5000",
        // A CHECK's list, a public code, few values of many rows.
        "        why: \"a CHECK lists them\"",
        "        common: [{share: 0.9, label: free}, {share: 0.1, label: paid}]",
        "        common: [{share: 0.75, label: US}, {share: 0.25, label: DE}]",
        "        common: [{share: 0.75, label: web}, {share: 0.25, label: shop}]",
        // Numbers by quantiles and endings, moments to the day.
        "        endings: {\".99\": 1}",
        "        nulls: 0.5",
        "        why: \"a key\"",
        "        elements: {mean: 2, count: {0: 2, 100: 2}, common: [1, 0.3334, 0.3334, 0.3332]}",
        // A fifth of the orders are of one customer, and 400 of the 1000 have any.
        "        childless: 0.6",
        "        parents: 400",
    ] {
        assert!(learned.text.lines().any(|l| l == line), "no `{line}` in\n{}", learned.text);
    }
    assert!(learned.text.contains("        head: [0.202"), "{}", learned.text);
    assert!(!learned.text.contains(':'.to_string().repeat(2).as_str()) && !learned.text.contains("10:11:12"));
    assert!(learned.said.contains("read, and nothing else: pg_class, "), "{}", learned.said);
    let missing = "never_analysed: the server has no statistics of it, so it is left out; run ANALYZE \"public\".\"never_analysed\"";
    assert!(learned.said.contains(missing), "{}", learned.said);
    assert!(!learned.text.contains("never_analysed"));

    // The same seed moves quantiles the same way.
    assert_eq!(learn(&db, &[]).text, learned.text);
    assert_ne!(learn(&db, &["--seed", "7"]).text, learned.text);

    // The database matches its own profile, and itself.
    let path = learned.path.to_str().unwrap();
    let like = dbmocker(["compare", "--url", &db.url, "--profile", path, "--at-least", "1"]).ok();
    assert!(like.stdout.contains("within 10 %: 13 of 13 columns"), "{}", like.stdout);
    let itself = dbmocker(["compare", "--url", &db.url, "--with", &db.url, "--at-least", "1"]).ok();
    assert!(itself.stdout.contains("within 10 %: 13 of 13 columns"), "{}", itself.stdout);
}

#[test]
fn masks_and_exceptions() {
    let db = database(Kind::Postgres, SHOP);
    let masked = learn(&db, &["--mask", "all", "--keep", "public.orders.channel"]);
    assert!(masked.text.contains("label: web") && masked.text.contains("why: \"--keep\""), "{}", masked.text);
    // Labels that the schema lists, and public codes, are not masked.
    assert!(masked.text.contains("label: free") && masked.text.contains("label: US"), "{}", masked.text);
    let none = learn(&db, &["--mask", "all"]);
    assert!(!none.text.contains("web") && !none.text.contains("shop"), "{}", none.text);
    let out = masked.path.with_file_name("other.yaml");
    let args = ["learn", "--url", &db.url, "--out", out.to_str().unwrap(), "--keep", "public.orders.chanel"];
    let ran = dbmocker(args).expect(2);
    assert!(
        ran.stderr.contains("no column `public.orders.chanel`; did you mean `public.orders.channel`?"),
        "{}",
        ran.stderr
    );
    // A profile, which may have been edited, is not replaced without --overwrite.
    let again = ["learn", "--url", &db.url, "--out", masked.path.to_str().unwrap()];
    assert!(dbmocker(again).expect(4).stderr.contains("--overwrite"));
}

/// Every text value is marked, as are numbers that identify a person; timestamps have a distinctive time of day.
const PEOPLE: &str = "
    create type marked_kind as enum ('new', 'old');
    create table marked_people (
        id int primary key, email text not null, full_name text not null, phone text, phone_number bigint, ssn text,
        street text, password_hash text, api_token text, note text, biography text, ip inet, salary numeric(10,2),
        born timestamptz, gender text, diagnosis text, handled_by text, aliases text[], card_number text, settings jsonb,
        username varchar(60), iban text, kind marked_kind not null, contact json, photo bytea, last_message xml);
    insert into marked_people select i, 'MARK' || i % 30 || '@example.com', 'MARKName' || i % 25, 'MARK+49' || i % 20,
        4917012345000 + i % 40, 'MARK' || i, 'MARKstreet ' || i % 30, 'MARKhash' || i % 9, 'MARKtoken' || i % 9,
        'MARK has said ' || i % 12, repeat('MARK wrote ', 200), '10.77.88.99', 54321.09 + i, timestamptz '1971-03-04 04:05:06+00' + i * interval '1 day',
        'MARK' || i % 2, 'MARKitis' || i % 3, 'MARKdoctor' || i % 4, array['MARKalias' || i % 5], 'MARK4111' || i % 10,
        jsonb_build_object('mail', 'MARK' || i % 3 || '@example.com'), 'MARKuser' || i % 30, 'MARKDE' || i % 10, 'new',
        json_build_object('name', 'MARK' || i % 3), 'MARKphoto', '<a>MARK</a>'
        from generate_series(1, 3000) i;
    create statistics marked_together (mcv, ndistinct, dependencies) on gender, diagnosis from marked_people;
    analyze marked_people;";

#[test]
fn nothing_personal_and_no_row_is_read() {
    if !postgres().is_own() {
        eprintln!("passed over: the log of a server that runs already cannot be read");
        return;
    }
    let db = database(Kind::Postgres, PEOPLE);
    db.execute(&format!("alter database {} set log_statement = 'all'", db.name));
    let log = postgres().folder.join("server.log");
    let before = fs::read(&log).unwrap().len();
    let learned = learn(&db, &[]);
    let masked = learn(&db, &["--mask", "all"]);
    let compared = dbmocker(["compare", "--url", &db.url, "--profile", learned.path.to_str().unwrap()]).ok();
    for text in [&learned.text, &learned.said, &masked.text, &masked.said, &compared.stdout, &compared.stderr] {
        for marked in ["MARK", "4917012345", "10.77.88", "04:05:06", "54321", "5432", "@example"] {
            assert!(!text.contains(marked), "`{marked}` in\n{text}");
        }
    }
    assert!(learned.text.contains("an ENUM lists them"), "{}", learned.text);
    // The server's log: the table's name occurs only as a literal, in the query for labels; the table is never read.
    let log = String::from_utf8_lossy(&fs::read(&log).unwrap()[before..]).into_owned();
    assert!(log.contains("pg_stats"), "the statements are not in the log");
    let about = log.lines().filter(|line| line.contains("marked_people"));
    let read: Vec<&str> = about.filter(|line| !line.contains("'public\u{1}marked_people\u{1}")).collect();
    assert!(read.is_empty(), "{read:?}");
    assert!(!log.contains("MARK"), "values in the log");
}

#[test]
fn a_copy_that_differs_is_told() {
    let db = database(Kind::Postgres, SHOP);
    let learned = learn(&db, &[]);
    let copy = database(Kind::Postgres, SHOP);
    copy.execute("update orders set channel = 'fax'; alter table customers drop column born; analyze");
    let path = learned.path.to_str().unwrap();
    let args = ["compare", "--url", &copy.url, "--profile", path, "--at-least", "0.9"];
    let ran = dbmocker(args).expect(1);
    assert!(ran.stdout.contains("  customers.born: the copy has no such column\n"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("  orders.channel: distinct 2 > 1; common values 100 % > 100 % of the rows"),
        "{}",
        ran.stdout
    );
    let json = dbmocker(["compare", "--url", &copy.url, "--profile", path, "--json"]).ok();
    let found: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(found["of"], 13);
    assert_eq!(found["columns"].as_array().unwrap().len(), 13);
    assert!(found["columns"][0]["figures"][0]["off"].is_number(), "{found}");
}

#[test]
fn plans_are_compared_without_running_a_query() {
    let db = database(Kind::Postgres, SHOP);
    let folder = tempfile::tempdir().unwrap();
    let (sql, plans) = (folder.path().join("q.sql"), folder.path().join("plans.json"));
    // It would fail if it ran.
    fs::write(&sql, "-- all; of them\nselect 1 / (id - id) from orders where channel = 'shop';\nselect * from customers where id = 5;\n").unwrap();
    let [sql, plans] = [&sql, &plans].map(|p| p.to_str().unwrap());
    dbmocker(["explain", "--url", &db.url, "--queries", sql, "--out", plans]).ok();
    let profile = learn(&db, &[]);
    let profile = profile.path.to_str().unwrap();
    let same = dbmocker(["compare", "--url", &db.url, "--profile", profile, "--queries", plans]).ok();
    assert!(same.stdout.contains("same plan: 2 of 2 queries; estimate within 2x: 2 of 2"), "{}", same.stdout);
    let copy = database(Kind::Postgres, SHOP);
    copy.execute("alter table orders drop constraint orders_customer_id_fkey; alter table customers drop constraint customers_pkey; delete from orders where channel = 'shop' and id > 500; analyze");
    let other = dbmocker(["compare", "--url", &copy.url, "--with", &db.url, "--queries", sql]).ok();
    assert!(
        other.stdout.contains("other plan, rows 1 > 1; Index Scan:customers_pkey > Seq Scan:customers"),
        "{}",
        other.stdout
    );
    assert!(other.stdout.contains("same plan: 1 of 2 queries; estimate within 2x: 1 of 2"), "{}", other.stdout);
    let missing = dbmocker(["compare", "--url", &db.url, "--profile", profile, "--queries", sql]).expect(2);
    assert!(
        missing.stderr.contains("a profile has no plans of them; take them first: dbmocker explain"),
        "{}",
        missing.stderr
    );
}

/// The shop of [`SHOP`] in SQLite, with a person's name of many rows.
const SHOP_SQLITE: &str = "
    create table customers (id integer primary key, email text not null unique, plan text not null check (plan in ('free', 'paid')), born date);
    create table orders (id integer primary key, customer_id integer not null references customers, channel text not null,
        total numeric(10,2) not null, placed timestamp not null, agent text, paid_at timestamp);
    with recursive s (i) as (select 1 union all select i + 1 from s where i < 1000)
        insert into customers select i, 'u' || i || '@example.com', case when i % 10 = 0 then 'paid' else 'free' end, date('1970-01-01', '+' || i || ' days') from s;
    with recursive s (i) as (select 1 union all select i + 1 from s where i < 5000)
        insert into orders select i, case when i <= 1000 then 7 else 1 + i % 400 end, case when i % 4 = 0 then 'shop' else 'web' end, i % 100 + 0.99,
            datetime('2020-01-01 10:00:00', '+' || i || ' days'), 'MARK' || i % 3, case when i % 4 = 0 then null else '2020-01-02 10:11:12' end from s;";

#[test]
fn sqlite_is_scanned() {
    let db = database(Kind::Sqlite, SHOP_SQLITE);
    let nothing = tempfile::tempdir().unwrap();
    let out = nothing.path().join("p.yaml");
    let args = ["learn", "--url", &db.url, "--out", out.to_str().unwrap()];
    let ran = dbmocker(args).expect(3);
    assert!(ran.stderr.contains("run ANALYZE \"orders\"") && ran.stderr.contains("--scan"), "{}", ran.stderr);

    let asked = dbmocker(["learn", "--url", &db.url, "--scan", "--dry-run"]).ok();
    assert!(asked.stdout.contains("group by \"customer_id\""), "{}", asked.stdout);
    let learned = learn(&db, &["--scan"]);
    for line in [
        "    rows: 5000",
        "        common: [{share: 0.75, label: web}, {share: 0.25, label: shop}]",
        "        hours: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
        "        nulls_by: {column: channel, shares: {shop: 1, web: 0}}",
        "        childless: 0.6",
        "        parents: 400",
    ] {
        assert!(learned.text.lines().any(|l| l == line), "no `{line}` in\n{}", learned.text);
    }
    assert!(learned.text.contains("{from: 0, parents: 0.6}"), "{}", learned.text);
    for marked in ["MARK", "@example", "10:11:12"] {
        assert!(!learned.text.contains(marked), "{marked} in\n{}", learned.text);
    }
    let path = learned.path.to_str().unwrap();
    let like = dbmocker(["compare", "--url", &db.url, "--profile", path, "--scan", "--at-least", "1"]).ok();
    assert!(like.stdout.contains("within 10 %: 11 of 11 columns"), "{}", like.stdout);
}

#[test]
fn a_scan_aggregates_on_a_server() {
    let db = database(Kind::Postgres, SHOP);
    let asked = dbmocker(["learn", "--url", &db.url, "--scan", "--dry-run"]).ok();
    assert!(asked.stdout.lines().all(|l| l.starts_with("select ") && l.ends_with(';')), "{}", asked.stdout);
    let learned = learn(&db, &["--scan"]);
    for part in ["read: \"statistics and scan\"", "children: ", "{from: 0, parents: 0.6}", "weekdays: [0.14"] {
        assert!(learned.text.contains(part), "no `{part}` in\n{}", learned.text);
    }
    // Coupons are as rare in one channel as in the other.
    assert!(!learned.text.contains("nulls_by: {column: channel"), "{}", learned.text);
    assert!(!learned.said.contains("warning: public.orders"), "{}", learned.said);
}

#[test]
fn mariadb_is_learned_from_its_histograms() {
    let ddl = "create table p (id int primary key, email varchar(60), kind varchar(10) not null, price decimal(8,2), at datetime, born date, flag tinyint(1));
        insert into p select seq, concat('MARK', seq % 30, '@example.com'), if(seq % 4, 'a', 'b'), (seq % 900) + 0.99, '2020-01-01 04:05:06' + interval seq hour,
            if(seq % 2, '1970-01-01' + interval seq day, null), seq % 3 = 0 from seq_1_to_5000;";
    for (histogram, kept) in [("DOUBLE_PREC_HB", false), ("JSON_HB", true)] {
        let db = database(Kind::MariaDb, ddl);
        let before = learn_error(&db);
        assert!(before.contains("run ANALYZE TABLE `p` PERSISTENT FOR ALL"), "{before}");
        db.execute(&format!("set histogram_type = '{histogram}'; analyze table p persistent for all"));
        let learned = learn(&db, &[]);
        for line in ["    rows: 5000", "        nulls: 0.5", "        distinct: 900"] {
            assert!(learned.text.lines().any(|l| l == line), "no `{line}` in\n{}", learned.text);
        }
        assert_eq!(
            learned.text.contains("common: [{share: 0.75, label: a}, {share: 0.25, label: b}]"),
            kept,
            "{}",
            learned.text
        );
        for marked in ["MARK", "@example", "04:05:06"] {
            assert!(!learned.text.contains(marked), "{marked} in\n{}", learned.text);
        }
        let path = learned.path.to_str().unwrap();
        let like = dbmocker(["compare", "--url", &db.url, "--profile", path, "--at-least", "1"]).ok();
        assert!(like.stdout.contains("within 10 %: 7 of 7 columns"), "{}", like.stdout);
    }
}

/// The error for a database without statistics.
fn learn_error(db: &Database) -> String {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("p.yaml");
    dbmocker(["learn", "--url", &db.url, "--out", out.to_str().unwrap()]).stderr
}

#[test]
fn a_copy_of_marked_people_holds_none_of_them() {
    let (ddl, _) = PEOPLE.split_once("insert into").unwrap();
    let source = database(Kind::Postgres, PEOPLE);
    let log = postgres().folder.join("server.log");
    for mask in [&[][..], &["--mask", "all"]] {
        let learned = learn(&source, mask);
        let (copy, folder) = (database(Kind::Postgres, ddl), tempfile::tempdir().unwrap());
        copy.execute(&format!("alter database {} set log_statement = 'all'", copy.name));
        let before = fs::read(&log).unwrap().len();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (report, manifest, plan) = (file("report.json"), file("manifest.json"), file("plan.json"));
        let profile = ["--url", &copy.url, "--profile", learned.path.to_str().unwrap()];
        let planned = dbmocker([&["plan"], &profile[..], &["--save", &plan]].concat()).ok();
        let kept = ["--report", &report, "--manifest", &manifest, "--journal"];
        let loaded = dbmocker([&["load"], &profile[..], &kept].concat()).ok();
        assert_eq!(copy.number("SELECT count(*) FROM marked_people"), 3000);
        let rows = copy.rows("SELECT p::text FROM marked_people p");
        let rows: String = rows.into_iter().flatten().flatten().collect();
        let server = String::from_utf8_lossy(&fs::read(&log).unwrap()[before..]).into_owned();
        let read = |path: &str| fs::read_to_string(path).unwrap();
        let texts = [rows, server, planned.stdout, planned.stderr, loaded.stdout, loaded.stderr];
        for text in texts.into_iter().chain([read(&report), read(&manifest), read(&plan)]) {
            for marked in ["MARK", "4917012345", "10.77.88.99"] {
                assert!(!text.contains(marked), "`{marked}` in\n{}", &text[..text.len().min(5000)]);
            }
        }
    }
}

/// The statistics of a database as `pg_dump --statistics-only` of PostgreSQL 18 writes them.
const DUMPED: &str = r"
    with called (sql) as (
        select format(E'SELECT * FROM pg_catalog.pg_restore_relation_stats(\n\t''version'', ''180000''::integer,\n\t''schemaname'', %L,\n\t''relname'', %L,\n\t''relpages'', ''%s''::integer,\n\t''reltuples'', ''%s''::real,\n\t''relallvisible'', ''0''::integer\n);',
                      n.nspname, c.relname, c.relpages, c.reltuples)
          from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'i')
        union all
        select format(E'SELECT * FROM pg_catalog.pg_restore_attribute_stats(\n\t''version'', ''180000''::integer,\n\t''schemaname'', %L,\n\t''relname'', %L,\n\t''attname'', %L,\n\t''inherited'', ''%s''::boolean',
                      schemaname, tablename, attname, inherited)
               || case when null_frac is null then '' else format(E',\n\t''null_frac'', ''%s''::real', null_frac) end
               || case when avg_width is null then '' else format(E',\n\t''avg_width'', ''%s''::integer', avg_width) end
               || case when n_distinct is null then '' else format(E',\n\t''n_distinct'', ''%s''::real', n_distinct) end
               || case when most_common_vals::text is null then '' else format(E',\n\t''most_common_vals'', %L::text', most_common_vals::text) end
               || case when most_common_freqs::text is null then '' else format(E',\n\t''most_common_freqs'', ''%s''::real[]', most_common_freqs::text) end
               || case when histogram_bounds::text is null then '' else format(E',\n\t''histogram_bounds'', %L::text', histogram_bounds::text) end
               || case when correlation is null then '' else format(E',\n\t''correlation'', ''%s''::real', correlation) end
               || case when most_common_elems::text is null then '' else format(E',\n\t''most_common_elems'', %L::text', most_common_elems::text) end
               || case when most_common_elem_freqs::text is null then '' else format(E',\n\t''most_common_elem_freqs'', ''%s''::real[]', most_common_elem_freqs::text) end
               || case when elem_count_histogram::text is null then '' else format(E',\n\t''elem_count_histogram'', ''%s''::real[]', elem_count_histogram::text) end
               || E'\n);'
          from pg_stats where schemaname = 'public')
    select sql from called";

#[test]
fn a_file_of_statistics_is_as_good_as_the_server() {
    for ddl in [SHOP, PEOPLE] {
        let db = database(Kind::Postgres, ddl);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("statistics.sql");
        let dumped: Vec<String> = db.rows(DUMPED).into_iter().flatten().flatten().collect();
        fs::write(
            &file,
            format!("--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n\n{}\n", dumped.join("\n\n")),
        )
        .unwrap();
        let server = learn(&db, &[]);
        // The database has only the schema, and no statistics.
        db.execute("do $$ declare t text; begin for t in select tablename from pg_tables where schemaname = 'public' loop
            execute format('truncate %I cascade', t); end loop; end $$; drop statistics if exists marked_together; analyze");
        let learned = learn(&db, &["--statistics", file.to_str().unwrap()]);
        let without = |text: &str| -> Vec<String> {
            // PostgreSQL 18 writes no calls for extended statistics.
            text.lines()
                .filter(|l| !["groups", "columns: [", "analyzed:"].iter().any(|part| l.contains(part)))
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(without(&learned.text), without(&server.text));
        assert!(
            learned.said.contains("the file of --statistics") && !learned.text.contains("MARK"),
            "{}",
            learned.said
        );
    }
    let db = database(Kind::Sqlite, "create table t (id int)");
    let other = dbmocker(["learn", "--url", &db.url, "--statistics", "x.sql", "--out", "x.yaml"]).expect(2);
    assert!(other.stderr.contains("--statistics is for PostgreSQL"), "{}", other.stderr);
}
