//! Forms of CHECKs: each is solved, and every generated row is evaluated.

use super::fixtures::*;
use super::*;
use dbmocker_core::schema::SqlType;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_domain::text::TextKind;

#[test]
fn ranges_and_lists() {
    for check in [
        "a >= 10 AND a < 20",
        "a BETWEEN 10 AND 19",
        "NOT (a < 10 OR a > 19)",
        "10 <= a AND 20 > a",
        "a + 5 >= 15 AND 2 * a <= 39",
    ] {
        let r = pg(&[int("a", 0, 1000)], &[check]);
        assert_eq!(seen(&r, "a").len(), 10, "{check}");
    }
    for check in [
        "a IN (1, 2, 3)",
        "a = ANY (ARRAY[1, 2, 3])",
        "(a = 1) OR a = 2 OR a = 3",
        "NOT a <> ALL (ARRAY[1,2,3])",
        "a > 0 AND a < 5 AND a <> 4",
    ] {
        let r = pg(&[int("a", 0, 1000)], &[check]);
        assert_eq!(seen(&r, "a").len(), 3, "{check}");
    }
    let r = pg(&[int("a", 0, 1000).null()], &["a IS NULL OR a > 998"]);
    assert!(has_null(&r, "a") && seen(&r, "a").len() == 3);
    let r = pg(&[int("a", 0, 1000).null()], &["a IS NOT NULL AND a > 998"]);
    assert!(!has_null(&r, "a"));
    let r = pg(&[int("a", 0, 100)], &["a < 10 OR a > 90"]);
    assert!(seen(&r, "a").contains("5") && seen(&r, "a").contains("95"));
    pg(&[decimal("d", 100_000, 2)], &["d > (0)::numeric", "d * 1.5 <= 100"]);
    pg(&[int("a", -100, 100)], &["abs(a) > 50 AND mod(a, 5) = 0"]);
    pg(&[int("a", 0, 100)], &["power(a, 2) < 50"]);
}

#[test]
fn texts() {
    let t = |max| [text("x", TextKind::Words, max)];
    pg(&t(40), &["(x)::text = lower((x)::text)"]);
    pg(&t(40), &["x = upper(x)", "length(x) >= 30"]);
    pg(&t(40), &["x <> ''::text", "char_length(btrim(x)) > 0"]);
    pg(
        &t(40),
        &["length(TRIM(BOTH FROM x)) > 10", "length(TRIM(TRAILING FROM x)) < 30", "lower(TRIM(BOTH FROM x)) = x"],
    );
    pg(&t(40), &["TRIM(BOTH FROM (x)::text) = (x)::text", "TRIM(LEADING '_'::text FROM x) <> ''::text"]);
    pg(&t(40), &["\"substring\"((x)::text, '[^.]*$'::text) !~ '^[0-9]+$'::text"]);
    pg(&t(40), &["x ~ '^[A-Z]{3}-[0-9]+$'::text"]);
    pg(&t(40), &["x ~* '^[a-z]+$'", "length(x) = 12"]);
    pg(&t(40), &["x !~ '[0-9]'", "x !~~ '% %'::text"]);
    pg(&t(40), &["x ~ similar_to_escape('(A|B)[0-9]{2}%'::text)"]);
    pg(&t(40), &["x SIMILAR TO '[a-z]+@[a-z]+.com'"]);
    pg(&t(40), &["x LIKE 'AB-%'", "x NOT LIKE '%z%'"]);
    pg(&t(40), &["x ~~ '%@%'::text", "POSITION(('@'::text) IN (x)) > 1"]);
    pg(&t(40), &["left(x, 2) = 'ab' AND right(x, 1) = 'z'", "\"substring\"(x, 4, 2) = 'qq'"]);
    pg(&t(40), &["x ~ '^[[:alpha:]_][[:alnum:]_]*$'", "octet_length(x) <= 10"]);
    pg(&t(40), &["x ~ '^https?://'", "x <> ALL (ARRAY['http://a'::text, 'http://b'::text])"]);
    pg(&t(40), &["x = initcap(x)"]);
    solved(Dialect::Mysql, &t(40), &["`x` regexp '^[a-z]+$'", "char_length(`x`) > 5"]);
    solved(Dialect::Mysql, &t(40), &["regexp_like(`x`,_utf8mb4\\'^[a-z]+$\\')"]);
    solved(Dialect::Sqlite, &t(40), &["x GLOB '[0-9][0-9]*'", "typeof(x)='text' AND length(x)>=1"]);
    solved(Dialect::Sqlite, &t(40), &["x NOT GLOB '*[^a-z]*' AND x IS NOT ''"]);
    let r = solved(
        Dialect::Sqlite,
        &[text("x", TextKind::Words, 90).null()],
        &["x is null or x like '%Trailers%' or x like '%Scenes%'"],
    );
    assert!(
        has_null(&r, "x")
            && seen(&r, "x").iter().any(|s| s.contains("Trailers"))
            && seen(&r, "x").iter().any(|s| s.contains("Scenes"))
    );
}

#[test]
fn keys_keep_their_own_value() {
    let key = |c: ColumnInput| c.role(ValueSource::Key);
    let r = pg(
        &[key(int("id", 0, 999)), int("parent_id", 0, 0).null().role(ValueSource::Foreign { redraw: true })],
        &["(parent_id IS NULL) = (id = 0)", "id <> parent_id"],
    );
    assert_eq!(r.iter().filter(|r| r["parent_id"].is_null()).count(), 1);
    assert_eq!(seen(&r, "id").len(), 500);
    let r = pg(
        &[key(text("u", TextKind::Hex { length: 64 }, 64)), key(int("rid", -5, 9999))],
        &["length(u) >= 40 AND rid > 0"],
    );
    assert_eq!(seen(&r, "u").len(), 500);
    let r = pg(&[key(text("u", TextKind::Slug, 64))], &["u ~ '^[a-z][a-z0-9-]*$'", "u <> 'admin'"]);
    assert_eq!(seen(&r, "u").len(), 500);
    pg(&[key(int("a", 0, 9999)), int("b", 0, 99_999)], &["a < b"]);
    pg(&[key(int("a", 0, 9999))], &["a = 3 OR a > 7"]);
    pg(&[key(text("u", TextKind::Email, 64))], &["u ~~ '%@%'"]);
}

#[test]
fn implications_over_an_enum() {
    let mut columns = vec![int("type", 0, 100)];
    let refs = ["user_id", "group_id", "email", "role_id", "network_id", "form_id"];
    columns.extend(refs.iter().map(|n| int(n, 1, 50).null().role(ValueSource::Foreign { redraw: true })));
    columns.extend([boolean("read_access"), boolean("full_access"), array("permissions")]);
    let mut checks = vec!["type = ANY (ARRAY[1, 2, 3, 4, 5, 6])".to_owned()];
    for (i, n) in refs.iter().enumerate() {
        let others: Vec<String> = refs.iter().filter(|o| *o != n).map(|o| format!("({o} IS NULL)")).collect();
        checks.push(format!("((type <> {}) OR ({} AND ({n} IS NOT NULL)))", i + 1, others.join(" AND ")));
    }
    checks.push("(type <> 5) OR ((NOT full_access) AND (array_length(permissions, 1) IS NULL))".into());
    checks.push("read_access OR full_access OR (array_length(permissions, 1) IS NOT NULL)".into());
    checks.push("(type <> ALL (ARRAY[2, 3])) OR (NOT ((permissions)::text[] && ARRAY['a'::text, 'b'::text]))".into());
    let checks: Vec<&str> = checks.iter().map(String::as_str).collect();
    let r = pg(&columns, &checks);
    assert_eq!(seen(&r, "type").len(), 6);
    for t in seen(&r, "type") {
        let share = r.iter().filter(|r| r["type"].to_string() == t).count();
        assert!(share > 25, "type {t}: {share} of 500");
    }
    assert_eq!(seen(&r, "read_access").len(), 2);
    assert_eq!(seen(&r, "full_access").len(), 2);
}

#[test]
fn boolean_equalities() {
    let fk = |n| int(n, 1, 50).null().role(ValueSource::Foreign { redraw: false });
    let r = pg(&[fk("a"), fk("b")], &["(a IS NULL) <> (b IS NULL)"]);
    assert!(has_null(&r, "a") && has_null(&r, "b"));
    let r = pg(&[fk("a"), int("b", 0, 3)], &["(a IS NULL) = (b = 0)"]);
    assert_eq!(seen(&r, "b").len(), 4);
    let r = pg(
        &[int("state", 1, 7), timestamp("t").null(), fk("who")],
        &[
            "(state = ANY (ARRAY[3, 4, 5, 6])) = (t IS NOT NULL)",
            "(state = ANY (ARRAY[3, 4, 5, 6])) = (who IS NOT NULL)",
            "(state = 5) = (who IS NOT NULL) OR state <> 5",
        ],
    );
    assert_eq!(seen(&r, "state").len(), 7);
    let r = pg(
        &[boolean("submitted"), boolean("anonymous"), fk("user_id"), timestamp("dt").null()],
        &[
            "((submitted AND anonymous) = (user_id IS NULL))",
            "submitted = (dt IS NOT NULL)",
            "anonymous OR user_id IS NOT NULL",
        ],
    );
    assert_eq!(seen(&r, "submitted").len(), 2);
    let r = pg(
        &[text("fg", TextKind::HexColor, 7), text("bg", TextKind::HexColor, 7)],
        &["((fg)::text = ''::text) = ((bg)::text = ''::text)"],
    );
    assert!(r.iter().any(|r| r["fg"] == Value::text("")) && r.iter().any(|r| r["fg"] != Value::text("")));
    let r = pg(
        &[
            column("logo", Some(Domain::Bytes { min: 1, max: 9 }), SqlType::Binary { max_bytes: None, fixed: false })
                .null(),
            json("meta"),
        ],
        &["(logo IS NULL) = ((meta)::text = 'null'::text)"],
    );
    assert!(has_null(&r, "logo") && has_value(&r, "logo"));
    let r = pg(
        &[int("type", 1, 5), json("d"), fk("parent")],
        &["(type <> 3) OR (((d)::text = '{}'::text) AND parent IS NOT NULL)"],
    );
    assert_eq!(seen(&r, "type").len(), 5);
    let r = pg(&[boolean("system"), fk("u")], &["(u IS NULL) = system"]);
    assert_eq!(seen(&r, "system").len(), 2);
    let bools = |n: &str| int(n, 0, 1);
    let r = solved(
        Dialect::Mysql,
        &[bools("is_default"), text("title", TextKind::Title, 40).null()],
        &["`is_default` = (`title` is null)"],
    );
    assert!(has_null(&r, "title"));
    solved(Dialect::Sqlite, &[int("a", 0, 9).null(), int("b", 0, 9).null()], &["(a IS NULL) + (b IS NULL) = 1"]);
}

#[test]
fn counting() {
    let c = |n| int(n, 1, 9).null();
    for check in [
        "num_nonnulls(a, b, c) = 1",
        "(a IS NOT NULL)::int + (b IS NOT NULL)::int + (c IS NOT NULL)::integer = 1",
        "num_nulls(a, b, c) = 2",
        "CASE WHEN a IS NULL THEN 0 ELSE 1 END + CASE WHEN b IS NULL THEN 0 ELSE 1 END + CASE WHEN c IS NULL THEN 0 ELSE 1 END = 1",
    ] {
        let r = pg(&[c("a"), c("b"), c("c")], &[check]);
        for n in ["a", "b", "c"] {
            assert!(has_null(&r, n) && has_value(&r, n), "{check} {n}");
        }
    }
    pg(&[c("a"), c("b"), c("c")], &["num_nonnulls(a, b, c) >= 2"]);
    pg(&[c("a"), c("b")], &["COALESCE(a, b) IS NOT NULL"]);
    pg(&[c("a"), c("b")], &["COALESCE(a, 0) + COALESCE(b, 0) > 5"]);
    pg(&[text("a", TextKind::Word, 9).null(), c("b")], &["NULLIF(btrim(a), '') IS NOT NULL OR b IS NOT NULL"]);
}

#[test]
fn columns_compared() {
    let r = pg(&[timestamp("starts"), timestamp("ends")], &["ends > starts"]);
    assert!(seen(&r, "starts").len() > 400);
    pg(&[timestamp("a").null(), timestamp("b").null(), timestamp("c").null()], &["a <= b", "b <= c", "a <= c"]);
    pg(&[int("a", 0, 5), int("b", 0, 5), int("c", 0, 5)], &["a < b", "b < c"]);
    pg(&[int("a", 0, 5), int("b", 0, 5)], &["a <> b"]);
    pg(
        &[int("lo", 0, 100).null(), int("hi", 0, 100).null()],
        &["(lo IS NULL AND hi IS NULL) OR (lo IS NOT NULL AND hi IS NOT NULL AND lo < hi)"],
    );
    pg(
        &[decimal("price", 100_000, 2), int("qty", 1, 100), decimal("total", 100_000_000, 2)],
        &["total = price * qty", "price > 0"],
    );
    pg(
        &[decimal("net", 100_000, 2), decimal("tax", 100_000, 2), decimal("gross", 1_000_000, 2)],
        &["gross = net + tax"],
    );
    pg(
        &[decimal("credit", 100_000, 2), decimal("debit", 100_000, 2)],
        &["credit * debit = 0", "credit + debit > 0", "credit >= 0 AND debit >= 0"],
    );
    pg(&[int("minutes", 1, 600), int("slot", 1, 60)], &["mod(minutes, slot) = 0"]);
    pg(&[int("minutes", 1, 600).role(ValueSource::Key), int("slot", 1, 60)], &["minutes % slot = 0"]);
    pg(&[date("born"), date("hired")], &["hired >= born + INTERVAL '18 years'", "born < CURRENT_DATE"]);
    pg(&[date("a"), date("b")], &["(b - a) <= 30 AND b >= a"]);
    pg(&[timestamp("a"), timestamp("b")], &["b - a <= '2 days'::interval", "a < b"]);
    pg(&[text("a", TextKind::Word, 9), text("b", TextKind::Word, 9)], &["(a)::text <> (b)::text"]);
    pg(&[int("a", 0, 9), int("b", 0, 9), int("c", 0, 9)], &["(a, b) < (b, c)"]);
    pg(&[int("a", 0, 9), int("b", 0, 9)], &["GREATEST(a, b) < 5 AND LEAST(a, b) > 1"]);
    pg(&[int("x", 0, 100), int("y", 0, 100), int("z", 0, 100)], &["x + y + z = 100"]);
    let r = pg(
        &[
            int("a", 0, 50).role(ValueSource::Foreign { redraw: true }),
            int("b", 0, 50).role(ValueSource::Foreign { redraw: true }),
        ],
        &["a <> b"],
    );
    assert_eq!(r.len(), 500);
}

#[test]
fn dates_and_times() {
    pg(&[interval("d")], &["date_trunc('minute'::text, d) = d", "d > '00:00:00'::interval"]);
    pg(&[timestamp("t")], &["date_trunc('hour', t) = t", "t >= '2022-01-01'::timestamp with time zone"]);
    pg(&[date("d")], &["EXTRACT(year FROM d) >= 2000", "EXTRACT(dow FROM d) = 1"]);
    pg(&[date("d")], &["date_part('month', d) = 1 AND EXTRACT(day FROM d) = 1"]);
    pg(&[date("d")], &["date_part('year', age(d)) >= 18"]);
    pg(&[date("d")], &["d <= CURRENT_DATE - '18 years'::interval"]);
    pg(&[timestamp("t")], &["(t)::date >= '2021-05-05'::date AND (t)::date < '2021-06-01'::date"]);
    pg(&[date("d")], &["d = date_trunc('month', d)"]);
    solved(Dialect::Mysql, &[date("d")], &["year(`d`) > 1999 and `d` < '2015-01-01'"]);
    solved(Dialect::Sqlite, &[text("d", TextKind::Words, 10)], &["d = date(d)"]);
    solved(
        Dialect::Sqlite,
        &[text("d", TextKind::Words, 30)],
        &["date(d) IS NOT NULL", "typeof(d) IN ('text', 'null')"],
    );
    let t = text("d", TextKind::DateText, 10);
    solved(Dialect::Sqlite, &[t], &["d IS strftime('%Y-%m-%d', d)"]);
    let t = text("d", TextKind::Words, 40);
    let rows = solved(Dialect::Sqlite, &[t], &["d = strftime('%Y-%m-%dT%H:%M:%SZ', d)"]);
    assert!(seen(&rows, "d").iter().all(|d| d.len() == 20 && d.ends_with('Z')), "{:?}", seen(&rows, "d"));
}

#[test]
fn arrays_and_json() {
    let r = pg(&[array("p"), boolean("full")], &["array_length(p, 1) IS NOT NULL OR full"]);
    assert_eq!(seen(&r, "full").len(), 2);
    pg(&[array("p")], &["cardinality(p) BETWEEN 1 AND 2"]);
    pg(&[array("p")], &["p <@ ARRAY['a'::text, 'b'::text] AND array_length(p, 1) > 0"]);
    pg(&[array("p")], &["array_position(p, NULL) IS NULL"]);
    pg(&[array("p")], &["p <> '{}'::text[]"]);
    pg(&[json("j")], &["jsonb_typeof(j) = 'array'"]);
    pg(&[json("j")], &["jsonb_typeof(j) = ANY (ARRAY['object'::text, 'array'::text])"]);
    solved(Dialect::Mysql, &[text("j", TextKind::Words, 200).null()], &["json_valid(`j`)"]);
    for kind in ["object", "array", "text", "integer"] {
        let kind = format!("json_valid(j) AND json_type(j) = '{kind}'");
        solved(Dialect::Sqlite, &[text("j", TextKind::Words, 200)], &[kind.as_str()]);
    }
}

#[test]
fn forms_of_booleans() {
    let r = pg(&[boolean("a"), boolean("b"), boolean("c")], &["NOT (a AND b)", "a OR b OR c"]);
    assert_eq!(seen(&r, "a").len(), 2);
    pg(&[boolean("a")], &["NOT a"]);
    pg(&[boolean("a").null(), boolean("b").null()], &["a IS NOT TRUE OR b IS FALSE"]);
    pg(&[boolean("a").null(), int("b", 0, 9).null()], &["a IS DISTINCT FROM (b > 3)"]);
    pg(&[int("a", 0, 9).null(), int("b", 0, 9).null()], &["a IS NOT DISTINCT FROM b"]);
    let r = pg(
        &[text("status", TextKind::Status, 20), boolean("abort")],
        &[
            "status = ANY (ARRAY['todo'::text, 'doing'::text])",
            "NOT ((status = 'todo'::public.job_status) AND (abort = true))",
        ],
    );
    assert_eq!(seen(&r, "status").len(), 2);
    pg(
        &[int("k", 1, 3), int("v", 0, 100)],
        &["CASE k WHEN 1 THEN v < 10 WHEN 2 THEN v BETWEEN 10 AND 20 ELSE v > 20 END"],
    );
    pg(
        &[boolean("i"), int("venue", 1, 9).null(), text("name", TextKind::Name, 30)],
        &["NOT i OR (venue IS NULL AND name = '')"],
    );
    pg(
        &[int("a", 1, 3), int("b", 0, 6)],
        &["((a = 1) AND (b = ANY (ARRAY[0, 1]))) OR (a = 2) OR ((a = 3) AND (b = ANY (ARRAY[0, 3, 4, 6])))"],
    );
    pg(
        &[int("t", 1, 5), int("p", 1, 9).null(), boolean("r")],
        &["r OR (t <> 5) OR (p <> ALL (ARRAY[1, 2, 3]))", "(t <> 5) = (p IS NULL)"],
    );
    solved(Dialect::Mysql, &[int("a", 0, 1), int("b", 0, 1)], &["`a` xor `b`"]);
    solved(Dialect::Mysql, &[int("a", 0, 1), int("b", 0, 1)], &["!`a` || `b`"]);
}

#[test]
fn dated_texts_and_names() {
    let fk = |n| int(n, 1, 500).role(ValueSource::Foreign { redraw: false });
    let columns = [fk("entity0"), fk("entity1")];
    let s = solve(&columns, &[NamedCheck::new("no_loop", "entity0 <> entity1")], Dialect::Postgres, NOW);
    assert_eq!(s.unsolved, []);
    assert_eq!((s.filters.len(), s.filters[0].columns.as_slice()), (1, [0, 1].as_slice()));
    let date = |n| int(n, 1, 28).null();
    let r = pg(
        &[date("y"), date("m"), date("d"), boolean("ended")],
        &[
            "((((y IS NOT NULL) OR (m IS NOT NULL) OR (d IS NOT NULL)) AND (ended = true)) OR ((y IS NULL) AND (m IS NULL) AND (d IS NULL)))",
        ],
    );
    assert_eq!(seen(&r, "ended").len(), 2);
    assert!(has_null(&r, "y") && has_value(&r, "y") && has_value(&r, "m") && has_value(&r, "d"));
    let r = pg(
        &[
            int("type", 1, 3).null(),
            text("name", TextKind::Name, 60),
            text("sort_name", TextKind::Name, 60),
            date("y"),
            boolean("primary_for_locale"),
            text("locale", TextKind::Locale, 9).null(),
        ],
        &[
            "((type <> 3) OR ((type = 3) AND ((sort_name)::text = (name)::text) AND (y IS NULL) AND (primary_for_locale IS FALSE) AND (locale IS NULL)))",
            "(((locale IS NULL) AND (primary_for_locale IS FALSE)) OR (locale IS NOT NULL))",
        ],
    );
    assert_eq!(seen(&r, "type").len(), 4);
    let r = pg(
        &[int("gender", 1, 3).null(), int("type", 1, 6).null()],
        &["((gender IS NULL) AND (type = ANY (ARRAY[2, 5, 6]))) OR (type <> ALL (ARRAY[2, 5, 6]))"],
    );
    assert_eq!(seen(&r, "type").len(), 7);
    pg(&[text("isrc", TextKind::Words, 12)], &["(isrc ~ '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$'::text)"]);
    pg(&[text("iswc", TextKind::Words, 15)], &["(iswc ~ '^T-?\\d{3}.?\\d{3}.?\\d{3}[-.]?\\d$'::text)"]);
    pg(
        &[column("hash", Some(Domain::Bytes { min: 0, max: 99 }), SqlType::Binary { max_bytes: None, fixed: false })
            .null()],
        &["hash IS NULL OR octet_length(hash) = 20"],
    );
    let line = ["line_section", "line_note", "product"];
    let kind = column(
        "display_type",
        Some(Domain::Choice { values: line.iter().map(|l| Value::text(*l)).collect(), weights: None }),
        SqlType::Untyped,
    )
    .null();
    let money = |n| decimal(n, 100_000, 2);
    let r = pg(
        &[
            kind,
            money("credit"),
            money("debit"),
            money("balance"),
            money("amount"),
            int("account", 1, 50).null().role(ValueSource::Foreign { redraw: false }),
        ],
        &[
            "COALESCE(((display_type)::text = ANY ((ARRAY['line_section'::character varying, 'line_note'::character varying])::text[])), false) OR (account IS NOT NULL)",
            "((display_type)::text = ANY (ARRAY['line_section'::text, 'line_note'::text])) OR ((credit * debit) = (0)::numeric)",
            "((display_type)::text <> ALL (ARRAY['line_section'::text, 'line_note'::text])) OR ((amount = (0)::numeric) AND (debit = (0)::numeric) AND (credit = (0)::numeric) AND (account IS NULL))",
            "((display_type)::text = ANY (ARRAY['line_section'::text])) OR (((balance <= (0)::numeric) AND (amount <= (0)::numeric)) OR ((balance >= (0)::numeric) AND (amount >= (0)::numeric)))",
            "balance = debit - credit",
        ],
    );
    assert_eq!(seen(&r, "display_type").len(), 4);
}

#[test]
fn domains_and_generated_columns() {
    let columns = [
        int("y", 0, 5000),
        int("a", 0, 100),
        column("g", None, SqlType::Untyped).role(ValueSource::Generated { expr: "a * 2".into() }),
    ];
    let checks = [
        NamedCheck::new("year", "((VALUE >= 1901) AND (VALUE <= 2155))").over_value("y"),
        NamedCheck::new("g", "g < 50"),
    ];
    let s = solve(&columns, &checks, Dialect::Postgres, NOW);
    assert_eq!(s.unsolved, []);
    assert!(s.groups.is_empty());
    for r in rows(&columns, &s, 200) {
        assert!(matches!(r["y"], Value::Int(1901..=2155)) && matches!(r["a"], Value::Int(0..=24)), "{r:?}");
    }
    assert!(s.columns[0].reasons.contains(&"CHECK year".to_owned()));
}

#[test]
fn wishes_give_way() {
    let columns = [timestamp("created"), timestamp("updated"), int("a", 0, 9)];
    let checks = [
        NamedCheck::new("must", "updated < created"),
        NamedCheck::new("wish", "updated >= created").as_preference(),
        NamedCheck::new("no", "nonsense(a)").as_preference(),
    ];
    let s = solve(&columns, &checks, Dialect::Postgres, NOW);
    assert_eq!(s.unsolved, []);
    rows(&columns, &s, 100);
}

#[test]
fn what_cannot_be_done_is_said() {
    let of = |columns: &[ColumnInput], checks: &[&str]| {
        let named: Vec<NamedCheck> = checks.iter().map(|t| NamedCheck::new(*t, *t)).collect();
        solve(columns, &named, Dialect::Postgres, NOW)
    };
    let s = of(&[int("a", 0, 9)], &["is_ok(a)", "a > ", "b = 1", "a IN (SELECT 1)", "a > 3"]);
    let names: Vec<&str> = s.unsolved.iter().map(|u| u.check.as_str()).collect();
    assert_eq!(names, ["is_ok(a)", "a > ", "b = 1", "a IN (SELECT 1)"]);
    assert!(s.unsolved[0].why.contains("is_ok"));
    let s = of(&[int("a", 0, 9)], &["a > 3", "a < 2"]);
    assert_eq!(s.impossible[0].checks, ["a > 3", "a < 2"]);
    let s = of(&[int("a", 0, 9), int("b", 0, 9)], &["a > b", "b > a"]);
    assert!(!s.unsolved.is_empty());
}

#[test]
fn numbers_are_not_nan() {
    let rows = pg(&[decimal("amount", 1000, 2)], &["amount <> 'NaN'::numeric", "amount < 'infinity'::numeric"]);
    assert!(seen(&rows, "amount").len() > 10);
}

/// The server matches `char(n)` with its blanks.
#[test]
fn patterns_on_padded_texts_fill_them() {
    let ty = SqlType::Text { max_chars: Some(8), max_bytes: None, fixed: true, case_insensitive: false };
    let code = ColumnInput { ty, ..text("code", TextKind::Words, 8) };
    for row in pg(&[code], &[r"code ~ '^K-?\d{2}.?\d{2}.?\d$'"]) {
        assert_eq!(row["code"].to_string().chars().count(), 8, "{row:?}");
    }
}

#[test]
fn a_column_on_both_sides_of_a_condition_with_one_that_comes_later() {
    let columns = [int("a", -1, 3).null(), int("c", 0, 2).null(), boolean("p").null()];
    let check = "CASE WHEN GREATEST(c, GREATEST(a, 0)) IS DISTINCT FROM (c + a) THEN false ELSE p END";
    assert!(seen(&pg(&columns, &[check]), "a").contains("2"));
    pg(&columns, &["a <= c AND c = c + a"]);
}

#[test]
fn no_value_fits_but_null() {
    let columns = [int("b", 0, 4), int("c", 0, 2).null()];
    assert_eq!(seen(&pg(&columns, &["c > b + 3"]), "c"), ["NULL".to_owned()].into());
}

/// Splits on the parts of an alternative do not multiply to a rare one.
#[test]
fn each_of_two_alternatives_has_a_fair_share() {
    let columns = ["a", "b", "d", "c"].map(|name| int(name, 1, 1000).null());
    let columns: Vec<ColumnInput> = columns.into_iter().map(|c| ColumnInput { null_share: 0.08, ..c }).collect();
    for check in ["a IS NULL AND b IS NULL AND d IS NULL OR c IS NOT NULL", "a IS NULL AND b IS NULL OR c IS NOT NULL"]
    {
        let r = pg(&columns, &[check]);
        let null = |row: &RowMap, column: &str| row[column].is_null();
        let both = if check.contains('d') { &["a", "b", "d"][..] } else { &["a", "b"] };
        let first = r.iter().filter(|row| both.iter().all(|c| null(row, c))).count();
        assert!(first * 100 >= r.len() * 10, "{check}: {first} of {}", r.len());
    }
}

/// A comparison that passes because of a NULL is no case of its own beside "both are NULL".
#[test]
fn columns_that_are_null_together_have_values_together() {
    let columns = ["lo", "hi"].map(|name| ColumnInput { null_share: 0.08, ..int(name, 1, 1000).null() });
    let r = pg(&columns, &["lo IS NULL AND hi IS NULL OR lo < hi"]);
    let both = r.iter().filter(|row| row["lo"].is_null() && row["hi"].is_null()).count();
    assert!(both * 100 >= r.len() * 8, "{both} of {}", r.len());
    assert!(r.iter().all(|row| row["lo"].is_null() == row["hi"].is_null()));
    // The stricter reading is given up where other CHECKs leave no row for it.
    let r = pg(&columns, &["lo IS NULL AND hi IS NULL OR lo < hi", "lo IS NULL", "hi IS NOT NULL"]);
    assert!(r.iter().all(|row| row["lo"].is_null() && !row["hi"].is_null()));
}
