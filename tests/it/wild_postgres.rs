//! Features of real PostgreSQL schemas besides tables and constraints: functions in CHECKs, constraints of single
//! partitions, keys that are already full.

use crate::program::{Ran, dbmocker};
use crate::servers::{Database, Kind, database};

/// Fills an empty database with `rows` rows a table; the load verifies itself.
fn filled(ddl: &str, rows: &str) -> (Database, Ran) {
    let db = database(Kind::Postgres, ddl);
    let ran = dbmocker(["load", "--url", &db.url, "--rows", rows]).ok();
    (db, ran)
}

#[test]
fn checks_and_keys_say_what_their_functions_say() {
    let (db, _) = filled(
        "CREATE SCHEMA lib;
         CREATE FUNCTION lib.padded(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT btrim($1) <> $1';
         CREATE FUNCTION lib.tidy(t text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT NOT lib.padded(t) AND t <> '''''; 
         CREATE FUNCTION level_ok(kind text, n int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
           IF kind = 'low' THEN RETURN n < 10; ELSIF kind IS NULL THEN RETURN false; END IF;
           RETURN n BETWEEN 1000 AND 2000; END $$;
         CREATE FUNCTION canon(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT replace(lower($1), ''-'', ''_'')';
         CREATE FUNCTION odd(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE out text := '';
           BEGIN FOR i IN 1..length(t) LOOP out := substr(t, i, 1) || out; END LOOP; RETURN out; END $$;
         CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL CHECK (lib.tidy(name)),
           kind text CHECK (kind IN ('low', 'high')), n int NOT NULL, CHECK (level_ok(kind, n)));
         CREATE UNIQUE INDEX ON items (canon(name));
         CREATE TABLE tags (id int PRIMARY KEY, label varchar(30) NOT NULL);
         CREATE UNIQUE INDEX ON tags (odd(label));",
        "500",
    );
    assert_eq!(db.number("SELECT count(DISTINCT n < 10) FROM items"), 2);
    assert_eq!(db.number("SELECT count(*) FROM tags"), 500);
}

#[test]
fn sequences_that_a_default_names_as_text_go_on_after_the_rows() {
    let (db, _) = filled(
        "CREATE SEQUENCE user_numbers;
         CREATE TABLE users (id int PRIMARY KEY DEFAULT nextval('user_numbers'::text));
         CREATE SCHEMA app;
         CREATE SEQUENCE app.codes;
         CREATE TABLE app.coded (id int PRIMARY KEY DEFAULT nextval('codes'::text));",
        "20",
    );
    assert_eq!(db.number("SELECT nextval('user_numbers')"), 21);
    assert_eq!(db.number("SELECT nextval('app.codes')"), 21);
}

#[test]
fn domains_that_trim_their_value_need_no_query() {
    let (db, ran) = filled(
        "CREATE DOMAIN code AS text CHECK (length(btrim(VALUE)) > 10);
         CREATE DOMAIN host AS text CHECK (length(btrim(VALUE)) < 40 AND \"substring\"(VALUE, '[^.]*$') !~ '^[0-9]+$');
         CREATE TABLE a (id code PRIMARY KEY, at host NOT NULL);
         CREATE TABLE b (id code PRIMARY KEY, a code NOT NULL REFERENCES a);",
        "300",
    );
    assert!(!ran.stderr.contains("the server accepts"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM b"), 300);
}

#[test]
fn texts_that_an_index_casts_can_be_cast() {
    let (db, _) = filled(
        "CREATE TABLE builds (id int PRIMARY KEY, number varchar, token text, twice int GENERATED ALWAYS AS (number::int * 2) STORED);
         CREATE INDEX ON builds ((number::int));
         CREATE UNIQUE INDEX ON builds ((token::uuid));",
        "300",
    );
    assert!(db.number("SELECT count(DISTINCT number::int) FROM builds") > 100);
}

#[test]
fn partitions_keep_their_own_keys_checks_and_foreign_keys() {
    let (db, _) = filled(
        "CREATE TABLE photos (id int PRIMARY KEY);
         CREATE TABLE places (id int PRIMARY KEY);
         CREATE TABLE links (kind text NOT NULL, a int NOT NULL, b int NOT NULL) PARTITION BY LIST (kind);
         CREATE TABLE links_x PARTITION OF links FOR VALUES IN ('x');
         CREATE TABLE links_y PARTITION OF links FOR VALUES IN ('y');
         CREATE UNIQUE INDEX ON links_x (a, b);
         CREATE UNIQUE INDEX ON links_y (b);
         ALTER TABLE links_x ADD CHECK (a < 50), ADD CHECK (b < 50);
         CREATE TABLE tags (kind text NOT NULL, target int NOT NULL) PARTITION BY LIST (kind);
         CREATE TABLE tags_photo PARTITION OF tags FOR VALUES IN ('photo');
         CREATE TABLE tags_place PARTITION OF tags FOR VALUES IN ('place');
         ALTER TABLE tags_photo ADD FOREIGN KEY (target) REFERENCES photos;
         ALTER TABLE tags_place ADD FOREIGN KEY (target) REFERENCES places;",
        "400",
    );
    assert!(db.number("SELECT count(*) FROM links_x") > 0 && db.number("SELECT count(*) FROM links_y") > 0);
    assert_eq!(db.number("SELECT count(*) FROM tags"), 400);
    let plan = dbmocker(["plan", "--url", &db.url]).ok().stdout;
    assert!(plan.contains("no rows for partition `public.tags_place`"), "{plan}");
}

#[test]
fn a_key_that_rows_have_filled_limits_its_table_to_none() {
    let (db, ran) = filled(
        "CREATE TABLE state (lock char(1) NOT NULL DEFAULT 'X' UNIQUE CHECK (lock = 'X'), n int);
         INSERT INTO state VALUES ('X', 1);
         CREATE TABLE kinds (id int PRIMARY KEY CHECK (id BETWEEN 1 AND 3));
         INSERT INTO kinds VALUES (1), (2), (3);
         CREATE TABLE things (id int PRIMARY KEY, kind int NOT NULL REFERENCES kinds);",
        "50",
    );
    assert!(ran.stderr.contains("holds all of its values in existing rows"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM things"), 50);
    assert_eq!(db.number("SELECT count(*) FROM kinds"), 3);
}

#[test]
fn row_level_security_is_kept_by_inserts() {
    let server = crate::servers::postgres();
    let db = database(
        Kind::Postgres,
        "CREATE TABLE notes (id int PRIMARY KEY, owner text NOT NULL, n int NOT NULL);
         ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
         CREATE POLICY mine ON notes FOR ALL USING (owner = 'web') WITH CHECK (owner = 'web' AND n > 10);
         CREATE POLICY few ON notes AS RESTRICTIVE FOR INSERT WITH CHECK (n < 50);
         CREATE TABLE codes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text);
         DO $$ BEGIN CREATE ROLE dbmocker_policy LOGIN PASSWORD 'not-a-secret-1'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
         GRANT ALL ON ALL TABLES IN SCHEMA public TO dbmocker_policy;
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO dbmocker_policy;",
    );
    let url = server.url_as("dbmocker_policy", "not-a-secret-1", &db.name);
    dbmocker(["load", "--url", &url, "--rows", "60"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM notes WHERE owner = 'web' AND n > 10 AND n < 50"), 60);
}

#[test]
fn types_without_a_binary_form_keep_their_table_from_binary_copy() {
    let (db, _) = filled("CREATE EXTENSION isn; CREATE TABLE books (number isbn, title text NOT NULL);", "30");
    assert_eq!(db.number("SELECT count(*) FROM books"), 30);
}

#[test]
fn checks_on_a_foreign_key_choose_among_its_parents() {
    let (db, _) = filled(
        "CREATE TABLE classes (id int PRIMARY KEY, name text NOT NULL);
         INSERT INTO classes VALUES (1, 'a'), (2, 'b'), (3, 'c');
         CREATE TABLE notes (id int PRIMARY KEY, class int NOT NULL REFERENCES classes CHECK (class = 3));
         CREATE TABLE boxes (kind text NOT NULL, n int NOT NULL, PRIMARY KEY (kind, n));
         CREATE TABLE red (kind text NOT NULL CHECK (kind < 'm'), n int NOT NULL, v int,
           FOREIGN KEY (kind, n) REFERENCES boxes);
         CREATE TABLE parted (class int NOT NULL REFERENCES classes, v int) PARTITION BY LIST (class);
         CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
         CREATE TABLE never (id int PRIMARY KEY, class int REFERENCES classes CHECK (class > 9000));",
        "300",
    );
    assert_eq!(db.number("SELECT count(*) FROM notes WHERE class = 3"), 300);
    assert!(db.number("SELECT count(DISTINCT (kind, n)) FROM red") > 20);
    assert_eq!(db.number("SELECT count(*) FROM parted_2"), 300);
    // Classes above 9000 are generated for it.
    assert!(db.number("SELECT count(DISTINCT class) FROM never WHERE class > 9000") > 0);
}

#[test]
fn sequences_that_columns_own_without_counting_by_them_move_on() {
    let (db, _) = filled(
        "CREATE SEQUENCE shared;
         CREATE TABLE jobs (id bigserial PRIMARY KEY, old_id serial);
         ALTER TABLE jobs ALTER id SET DEFAULT nextval('shared'), ALTER old_id DROP DEFAULT;",
        "50",
    );
    for sequence in ["shared", "jobs_id_seq"] {
        assert_eq!(db.number(&format!("SELECT nextval('{sequence}')")), 51, "{sequence}");
    }
    assert_eq!(db.number("SELECT count(*) FROM jobs WHERE old_id > (SELECT last_value FROM jobs_old_id_seq)"), 0);
}

#[test]
fn arrays_of_boxes_and_of_domains_over_arrays() {
    let (db, _) = filled(
        "CREATE TYPE part AS (name text, n int);
         CREATE DOMAIN parts AS part[];
         CREATE DOMAIN halls AS parts[];
         CREATE TABLE t (id int PRIMARY KEY, boxes box[] NOT NULL, grid int[][] NOT NULL, halls halls NOT NULL, parts parts);",
        "100",
    );
    assert!(db.number("SELECT count(*) FROM t WHERE cardinality(boxes) > 1 AND (halls[1])[1] IS NOT NULL") > 10);
}

#[test]
fn exclusion_constraints_are_kept() {
    let (db, _) = filled(
        "CREATE EXTENSION btree_gist;
         CREATE TABLE rooms (id int PRIMARY KEY);
         CREATE TABLE bookings (id int PRIMARY KEY, room int NOT NULL REFERENCES rooms, during tstzrange NOT NULL,
           EXCLUDE USING gist (room WITH =, during WITH &&));
         CREATE TABLE closings (during daterange CHECK (NOT isempty(during)), EXCLUDE USING gist (during WITH &&));
         CREATE TABLE shifts (worker int, starts timestamp NOT NULL, ends timestamp, CHECK (starts < ends),
           EXCLUDE USING gist (worker WITH =, tsrange(starts, COALESCE(ends, 'infinity'), '[]') WITH &&));
         CREATE TABLE versions (doc int NOT NULL, from_n int, to_n int NOT NULL, live boolean NOT NULL,
           EXCLUDE USING gist (doc WITH =, int4range(from_n, to_n) WITH &&) WHERE (live));
         CREATE TABLE prices (item int NOT NULL, valid date NOT NULL, until date NOT NULL, CHECK (until > valid),
           EXCLUDE USING gist (item WITH =, daterange(valid, until) WITH &&));
         CREATE TABLE plots (at box NOT NULL, round circle, EXCLUDE USING gist (at WITH &&), EXCLUDE USING gist (round WITH &&));
         CREATE TABLE kinds (kind text NOT NULL, n int NOT NULL, EXCLUDE USING btree (kind WITH =, n WITH =));
         CREATE TABLE hosts (net inet NOT NULL, EXCLUDE USING gist (net inet_ops WITH &&));
         CREATE TABLE spans (part int4multirange NOT NULL, EXCLUDE USING gist (part WITH &&));",
        "400",
    );
    for table in ["bookings", "closings", "shifts", "versions", "prices", "plots", "kinds", "hosts", "spans"] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 400, "{table}");
    }
    assert!(db.number("SELECT count(DISTINCT room) FROM bookings") > 50);
}

#[test]
fn the_server_says_which_rows_a_function_takes() {
    let (db, ran) = filled(
        "CREATE TABLE units (code text PRIMARY KEY, kind int);
         INSERT INTO units SELECT 'U' || md5(n::text), n FROM generate_series(1, 40) n;
         CREATE FUNCTION luhn(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE s int := 0; d int; BEGIN
           IF t !~ '^[0-9]{12}$' THEN RAISE EXCEPTION 'no digits: %', t; END IF;
           FOR i IN 1..12 LOOP d := substr(t, i, 1)::int * (1 + i % 2); s := s + d / 10 + d % 10; END LOOP;
           RETURN s % 10 = 0; END $$;
         CREATE FUNCTION fits(kind text, n numeric) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE most numeric := 10; BEGIN
           FOR i IN 1..3 LOOP most := most + i; END LOOP;
           CASE kind WHEN 'small' THEN RETURN n < most; WHEN 'large' THEN RETURN n >= most * 3; END CASE; END $$;
         CREATE FUNCTION known(c text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
           BEGIN RETURN EXISTS (SELECT FROM units u WHERE u.code = c); END $$;
         CREATE FUNCTION settings_ok(j jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE k text; BEGIN
           FOR k IN SELECT jsonb_object_keys(j) LOOP IF k NOT IN ('theme', 'size') THEN RETURN false; END IF; END LOOP;
           RETURN j ? 'theme' AND jsonb_typeof(j -> 'size') = 'number'; END $$;
         CREATE FUNCTION odd_weekday(d date) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
           BEGIN FOR i IN 1..1 LOOP RETURN extract(isodow FROM d)::int % 2 = 1; END LOOP; END $$;
         CREATE FUNCTION low_bit(n int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM 1; RETURN n % 2 = 1; END $$;
         CREATE DOMAIN card AS varchar(12) CHECK (luhn(VALUE));
         CREATE TABLE cards (id int PRIMARY KEY, number card NOT NULL UNIQUE, day date, settings jsonb NOT NULL,
           unit text CHECK (known(unit)), kind text, few int NOT NULL CHECK (few >= 700000 AND few < 700050), CHECK (low_bit(few)), CHECK (low_bit(few / 2)),
           big int NOT NULL, CHECK (kind <> 'small' OR low_bit(big)), CHECK (kind <> 'large' OR NOT low_bit(big)), n numeric(8,2) NOT NULL,
           CHECK (odd_weekday(day) AND id > 0), CHECK (settings_ok(settings)), CHECK (kind IS NOT NULL AND fits(kind, n)));",
        "400",
    );
    for (what, least) in
        [("number", 400), ("day", 50), ("settings", 20), ("unit", 20), ("kind", 2), ("n", 5), ("few", 5)]
    {
        let different = db.number(&format!("SELECT count(DISTINCT {what}) FROM cards"));
        assert!(different >= least, "{what}: {different}");
    }
    assert_eq!(db.number("SELECT count(*) FROM cards"), 400);
    assert!(!ran.stderr.contains("could not be solved"), "{}", ran.stderr);
}

#[test]
fn a_function_that_takes_no_row_is_said_before_anything_is_written() {
    let db = database(
        Kind::Postgres,
        "CREATE FUNCTION never(n int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN md5(n::text) = 'x'; END $$;
         CREATE TABLE t (n int NOT NULL CHECK (never(n)));
         CREATE TABLE written (n int);
         CREATE FUNCTION writes(n int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written VALUES (n); RETURN true; END $$;
         CREATE TABLE u (n int NOT NULL CHECK (writes(n)));",
    );
    let plan = dbmocker(["plan", "--url", &db.url]).ok();
    assert!(plan.stdout.contains("the server takes none of"), "{}", plan.stdout);
    assert_eq!(db.number("SELECT count(*) FROM written"), 0);
    dbmocker(["load", "--url", &db.url, "--rows", "20"]).expect(3);
}

#[test]
fn domains_inside_arrays_and_composites_are_kept() {
    let (db, _) = filled(
        "CREATE DOMAIN email AS text NOT NULL CHECK (VALUE ~ '^[a-z.]+@[a-z]+[.]org$');
         CREATE DOMAIN share AS numeric(5,2) CHECK (VALUE >= 0 AND VALUE <= 100);
         CREATE TYPE contact AS (mail email, share share, tags text[]);
         CREATE DOMAIN contacts AS contact[] CHECK (cardinality(VALUE) <= 3);
         CREATE TYPE span_parts AS (from_hour smallint, to_hour smallint);
         CREATE DOMAIN span AS span_parts CHECK ((VALUE).from_hour >= 0 AND (VALUE).to_hour <= 24
           AND (VALUE).from_hour < (VALUE).to_hour);
         CREATE FUNCTION rising(s span[]) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE last int := -1; x span_parts; BEGIN
           FOREACH x IN ARRAY s LOOP IF x.from_hour < last THEN RETURN false; END IF; last := x.to_hour; END LOOP; RETURN true; END $$;
         CREATE DOMAIN spans AS span[] NOT NULL CHECK (rising(VALUE));
         CREATE DOMAIN week AS spans[] CHECK (cardinality(VALUE) = 7);
         CREATE TABLE people (id int PRIMARY KEY, mails email[] NOT NULL, main contact NOT NULL, others contacts NOT NULL,
           office span NOT NULL, week week NOT NULL, months daterange[] CHECK (cardinality(months) > 1));",
        "150",
    );
    assert!(db.number("SELECT count(DISTINCT (main).mail) FROM people") > 50);
    assert!(db.number("SELECT count(DISTINCT office) FROM people") > 20);
    let domain = "CREATE DOMAIN odd AS text CHECK (length(VALUE) = 3 AND md5(VALUE) = 'x');
                  CREATE TABLE t (id int PRIMARY KEY, odd odd[] NOT NULL);";
    let plan = dbmocker(["plan", "--url", &database(Kind::Postgres, domain).url]).expect(3);
    assert!(plan.stderr.contains("takes none of") && plan.stderr.contains("odd: {possible_values"), "{}", plan.stderr);
}

#[test]
fn conditions_on_documents_and_on_the_ends_of_ranges_are_kept() {
    let checks = [
        ("jsonb", "c ->> 'k' IS NOT NULL"),
        ("jsonb", "c ? 'k' AND NOT c ? 'secret'"),
        ("jsonb", "(c ->> 'n')::int > 0"),
        ("jsonb", "jsonb_typeof(c -> 'k') = 'string' AND jsonb_array_length(c -> 'items') > 0"),
        ("json", "c #>> '{a,b}' IS NOT NULL"),
        ("jsonb", "(c ->> 'at')::timestamptz IS NOT NULL"),
        (
            "int4range",
            "lower(c) IS NOT NULL AND NOT upper_inf(c) AND lower(c) < upper(c) AND NOT isempty(c) AND lower_inc(c)",
        ),
        ("int4range", "upper(c) - lower(c) BETWEEN 3 AND 10 AND c <@ int4range(1, 1000)"),
        ("tstzrange", "upper(c) - lower(c) = '2 hours'::interval AND lower(c) = date_trunc('hour', lower(c))"),
        ("daterange", "upper_inf(c) OR upper(c) > lower(c) + 7"),
        ("tstzrange", "upper(c) > '2050-01-01'"),
    ];
    let tables = checks
        .iter()
        .enumerate()
        .map(|(i, (ty, check))| format!("CREATE TABLE t{i} (id int PRIMARY KEY, c {ty} NOT NULL CHECK ({check}));"));
    let both = "CREATE TABLE tenancies (id int PRIMARY KEY, starts date NOT NULL, term daterange NOT NULL, CHECK (lower(term) = starts));";
    let (db, ran) = filled(&(tables.collect::<String>() + both), "200");
    assert!(!ran.stderr.contains("could not be solved"), "{}", ran.stderr);
    for i in 0..checks.len() {
        let different = db.number(&format!("SELECT count(DISTINCT c::text) FROM t{i}"));
        assert!(different > 15, "t{i}: {different}");
    }
}

#[test]
fn rows_that_must_not_overlap_go_where_nothing_is() {
    let db = database(
        Kind::Postgres,
        "CREATE EXTENSION btree_gist;
         CREATE TABLE bookings (room int NOT NULL, during tstzrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&));
         INSERT INTO bookings SELECT 1, tstzrange(d, d + '3 days') FROM generate_series('2022-01-01'::timestamptz, '2025-12-01', '4 days') d;
         CREATE TABLE shifts (worker int, starts timestamp NOT NULL, ends timestamp,
           EXCLUDE USING gist (worker WITH =, tsrange(starts, COALESCE(ends, 'infinity'), '[]') WITH &&));
         INSERT INTO shifts VALUES (1, '2024-02-01', '2024-05-01'), (2, '2025-01-01', NULL);
         CREATE TABLE plots (at box NOT NULL, EXCLUDE USING gist (at WITH &&));
         INSERT INTO plots VALUES ('(60,60),(-60,-60)');
         CREATE TABLE nets (net inet NOT NULL, EXCLUDE USING gist (net inet_ops WITH &&));
         INSERT INTO nets SELECT (n || '.0.0.0/8')::inet FROM generate_series(1, 120) n;
         CREATE TABLE taken (n int4range NOT NULL, EXCLUDE USING gist (n WITH &&));
         INSERT INTO taken VALUES ('(,)');",
    );
    let tables = "bookings,shifts,plots,nets";
    for _ in 0..2 {
        dbmocker(["load", "--url", &db.url, "--rows", "300", "--tables", tables]).ok();
    }
    for (table, rows) in [("bookings", 958), ("shifts", 602), ("plots", 601), ("nets", 720)] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
    let full = dbmocker(["load", "--url", &db.url, "--rows", "300", "--tables", "taken"]).expect(3);
    assert!(full.stderr.contains("leave no room for new ones"), "{}", full.stderr);
    assert_eq!(db.number("SELECT count(*) FROM taken"), 1);
}

#[test]
fn postgis_columns_fill() {
    let (db, _) = filled(
        "CREATE EXTENSION postgis;
         CREATE TABLE places (id int PRIMARY KEY, at geometry(Point,4326) NOT NULL CHECK (ST_IsValid(at) AND ST_SRID(at) = 4326),
           area geometry(MultiPolygon,3857), pos geography NOT NULL, route geography(LineString,4326), shape geometry NOT NULL,
           old geometry, CONSTRAINT enforce_srid CHECK (st_srid(old) = 28992), CONSTRAINT enforce_dims CHECK (st_ndims(old) = 2),
           CONSTRAINT enforce_type CHECK (geometrytype(old) = 'POLYGON'::text OR old IS NULL));
         CREATE INDEX ON places USING gist (at);
         CREATE INDEX ON places USING gist (pos);
         CREATE TABLE lots (id int PRIMARY KEY, shape geometry(Polygon,4326) NOT NULL CHECK (ST_Area(shape) > 0 AND NOT ST_IsEmpty(shape)),
           z geometry(PointZ,4326) NOT NULL, zm geometry(LineStringZM,4326), at geometry(MultiPoint,4326) UNIQUE,
           EXCLUDE USING gist (shape WITH &&));
         CREATE TABLE cells (id int PRIMARY KEY, center geometry(Point) NOT NULL,
           e geometry(Point,4326) GENERATED ALWAYS AS (ST_SetSRID(center, 4326)) STORED);",
        "300",
    );
    assert_eq!(db.number("SELECT count(*) FROM places WHERE ST_SRID(at) = 4326 AND ST_IsValid(at)"), 300);
    assert_eq!(db.number("SELECT count(*) FROM places WHERE area IS NULL OR ST_SRID(area) = 3857"), 300);
    assert_eq!(db.number("SELECT count(*) FROM lots WHERE ST_IsValid(shape)"), 300);
    assert!(db.number("SELECT count(old) FROM places WHERE ST_SRID(old) = 28992") > 100);
}

#[test]
fn match_full_keys_are_null_as_a_whole_where_checks_look_at_a_part() {
    let (db, _) = filled(
        "CREATE TABLE regions (country char(2) NOT NULL, code varchar(6) NOT NULL, PRIMARY KEY (country, code));
         CREATE TABLE a (id int PRIMARY KEY, country char(2), region varchar(6), FOREIGN KEY (country, region) REFERENCES regions MATCH FULL, CHECK (region <> 'XX'));
         CREATE TABLE b (id int PRIMARY KEY, country char(2), region varchar(6), kind int NOT NULL, FOREIGN KEY (country, region) REFERENCES regions MATCH FULL, CHECK (kind > 3 OR region IS NULL));
         CREATE TABLE c (id int PRIMARY KEY, country char(2), region varchar(6), kind text, FOREIGN KEY (country, region) REFERENCES regions MATCH FULL, CHECK (kind <> region));
         CREATE TABLE d (id int PRIMARY KEY, country char(2), region varchar(6), at date, until date, FOREIGN KEY (country, region) REFERENCES regions MATCH FULL, CHECK ((country IS NULL) = (at IS NULL)), UNIQUE (country, region, at));",
        "300",
    );
    for table in ["a", "b", "c", "d"] {
        let nulls = db.number(&format!("SELECT count(*) FROM {table} WHERE country IS NULL AND region IS NULL"));
        assert!((1..300).contains(&nulls), "{table}: {nulls}");
    }
}

#[test]
fn what_hardly_any_schema_holds_at_once_fills() {
    let (db, _) = filled(include_str!("../schemas/pgsql/torture.sql"), "150");
    for table in [
        "accounts",
        "offices",
        "cars",
        "laptops",
        "order_lines",
        "readings",
        "ops.tickets",
        "payments",
        "tasks",
        "products",
    ] {
        assert_eq!(
            db.number(&format!("SELECT count(*) FROM ONLY {table}")) + in_partitions(&db, table),
            150,
            "{table}"
        );
    }
    // Columns of one foreign key come from one row, also if a CHECK causes some of them to be drawn again.
    assert!(db.number("SELECT count(*) FROM task_links") > 5);
    assert!(db.number("SELECT count(*) FROM orders_done") > 10);
    assert_eq!(db.number("SELECT count(*) FROM orders"), 150);
}

/// Counts the rows of a partitioned table's partitions.
fn in_partitions(db: &Database, table: &str) -> i64 {
    let partitioned = format!("SELECT count(*) FROM pg_partitioned_table WHERE partrelid = '{table}'::regclass");
    if db.number(&partitioned) == 0 { 0 } else { db.number(&format!("SELECT count(*) FROM {table}")) }
}

/// Values of a key fit the narrower types of the columns that refer to it.
#[test]
fn keys_hold_what_the_columns_that_refer_to_them_hold() {
    filled(
        "CREATE TABLE names (id numeric PRIMARY KEY, label varchar(255) NOT NULL UNIQUE, code text UNIQUE);
         CREATE TABLE uses (id int PRIMARY KEY, name numeric(10,0) NOT NULL REFERENCES names,
           label varchar(3) NOT NULL REFERENCES names (label), code varchar(40) NOT NULL UNIQUE REFERENCES names (code));
         CREATE TABLE parts (id int PRIMARY KEY, code varchar(5) NOT NULL REFERENCES uses (code));",
        "300",
    );
}

#[test]
fn defaults_functions_and_zones_are_tried_where_only_the_server_knows() {
    let (db, _) = filled(
        "CREATE FUNCTION known(name text) RETURNS boolean LANGUAGE sql AS
           'SELECT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname || ''.'' || proname = $1)';
         CREATE TABLE rules (id int PRIMARY KEY, does text NOT NULL CHECK (known(does)));
         CREATE FUNCTION odd(name text) RETURNS boolean LANGUAGE plpgsql AS
           $$ BEGIN FOR i IN 1..1 LOOP RETURN md5(name) = '8d777f385d3dfec8815d20f7496026dc'; END LOOP; END $$;
         CREATE TABLE kinds (id int PRIMARY KEY, kind text NOT NULL DEFAULT 'data' CHECK (odd(kind)));
         CREATE TABLE people (id int PRIMARY KEY, home text CHECK (home IS NULL OR now() AT TIME ZONE home IS NOT NULL));",
        "200",
    );
    assert!(db.number("SELECT count(DISTINCT home) FROM people") > 20);
}

#[test]
fn indexes_by_functions_that_call_others_without_their_schema_are_tried_and_verified() {
    let db = database(
        Kind::Postgres,
        "CREATE FUNCTION pt(int, int) RETURNS point IMMUTABLE LANGUAGE sql AS 'SELECT point($1, $2)';
         CREATE FUNCTION rng(int, int) RETURNS box IMMUTABLE LANGUAGE sql AS 'SELECT box(pt(0, $1), pt(10, $2))';
         CREATE TABLE loc (id serial PRIMARY KEY, fmin int NOT NULL, fmax int NOT NULL CHECK (fmin < fmax));
         CREATE INDEX loc_i ON loc USING gist (rng(fmin, fmax));
         CREATE TABLE other (id serial PRIMARY KEY);",
    );
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "200"]).ok();
    assert!(ran.stderr.contains("verified: 2 tables, 400 rows, no error found\n"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("no row was tried"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM loc"), 200);
}
