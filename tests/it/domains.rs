//! Values of domains, parsed by the servers' input functions.

use std::fmt::Write;

use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::schema::{Column, Dialect, SPATIAL_KINDS, SqlType, Table, TableName};
use dbmocker_core::value::Value;
use dbmocker_core::value::literal::array_literal;
use dbmocker_domain::Domain;
use dbmocker_loaders::ident;
use dbmocker_semantics::{InferContext, infer};

use crate::program::dbmocker;
use crate::servers::{Database, Kind, database};

const VALUES: u64 = 60;

/// The domain of a column by its type, as planning infers it.
fn inferred(dialect: Dialect, name: &str, ty: SqlType, in_key: bool) -> Domain {
    let type_name = format!("{ty:?}");
    let columns = vec![Column::new(name, ty, type_name)];
    let table = Table { columns, ..Table::new(TableName::new("public", "things")) };
    let now_micros = 1_735_689_600_000_000;
    infer(
        &table,
        &table.columns[0],
        &InferContext { dialect, now_micros, in_key, locales: &[], valid_phones: false, ascii: false },
    )
    .expect("a generator")
    .domain
}

fn literal(dialect: dbmocker_loaders::Dialect, value: &Value) -> String {
    match value {
        Value::Array(elements) => ident::literal(dialect, &array_literal(elements)),
        Value::Bytes(bytes) => {
            let hex = bytes.iter().fold(String::new(), |mut hex, b| {
                write!(hex, "{b:02x}").expect("a String takes everything");
                hex
            });
            if dialect == dbmocker_loaders::Dialect::Postgres { format!("'\\x{hex}'") } else { format!("x'{hex}'") }
        }
        other => ident::literal(dialect, &other.to_string()),
    }
}

/// Inserts drawn and numbered values; `wrap` is an expression around the literal `?`.
fn insert(db: &Database, dialect: dbmocker_loaders::Dialect, table: &str, domain: &Domain, wrap: &str) -> u64 {
    let sampler = domain.sampler();
    let numbered = sampler.size().min(VALUES.into());
    let step = sampler.size() / numbered;
    let values = (0..VALUES)
        .map(|seed| sampler.draw(&mut CellRng::new(seed)))
        .chain((0..numbered).map(|i| sampler.value(i * step)));
    let rows: Vec<String> = values.map(|v| format!("({})", wrap.replace('?', &literal(dialect, &v)))).collect();
    db.execute(&format!("INSERT INTO {table} VALUES {}", rows.join(", ")));
    u64::try_from(numbered).expect("few")
}

fn boxed(ty: SqlType) -> Box<SqlType> {
    Box::new(ty)
}

fn int(bytes: u8) -> SqlType {
    SqlType::Int { bytes, unsigned: false, tinyint1: false }
}

fn text(max_chars: Option<u32>) -> SqlType {
    SqlType::Text { max_chars, max_bytes: None, fixed: false, case_insensitive: false }
}

#[test]
fn postgres_reads_every_type() {
    let timestamp = SqlType::Timestamp { precision: 6, tz: true, epoch_range: false };
    let composite =
        SqlType::Composite { name: "pair".into(), fields: vec![("product".into(), text(None)), ("n".into(), int(4))] };
    let mut types: Vec<(String, SqlType)> = vec![
        ("boolean".into(), SqlType::Bool),
        ("smallint".into(), int(2)),
        ("bigint".into(), int(8)),
        ("numeric".into(), SqlType::Decimal { precision: 0, scale: 0, unsigned: false }),
        ("numeric(4,4)".into(), SqlType::Decimal { precision: 4, scale: 4, unsigned: false }),
        ("numeric(3,-2)".into(), SqlType::Decimal { precision: 3, scale: -2, unsigned: false }),
        ("numeric(3,5)".into(), SqlType::Decimal { precision: 3, scale: 5, unsigned: false }),
        ("money".into(), SqlType::Money),
        ("real".into(), SqlType::Float { bytes: 4, unsigned: false }),
        ("varchar(3)".into(), text(Some(3))),
        ("text".into(), text(None)),
        ("bytea".into(), SqlType::Binary { max_bytes: None, fixed: false }),
        ("date".into(), SqlType::Date),
        ("time".into(), SqlType::Time { precision: 6, tz: false, span: false }),
        ("timestamptz".into(), timestamp.clone()),
        ("interval".into(), SqlType::Interval),
        ("uuid".into(), SqlType::Uuid),
        ("json".into(), SqlType::Json { binary: false }),
        ("jsonb".into(), SqlType::Json { binary: true }),
        ("xml".into(), SqlType::Xml),
        ("bit(5)".into(), SqlType::Bit { length: 5, varying: false }),
        ("varbit(70)".into(), SqlType::Bit { length: 70, varying: true }),
        ("inet".into(), SqlType::Inet),
        ("cidr".into(), SqlType::Cidr),
        ("macaddr".into(), SqlType::MacAddr { bytes: 6 }),
        ("macaddr8".into(), SqlType::MacAddr { bytes: 8 }),
        ("int[]".into(), SqlType::Array { element: boxed(int(4)), dimensions: 1 }),
        ("text[][]".into(), SqlType::Array { element: boxed(text(None)), dimensions: 2 }),
        ("pair".into(), composite.clone()),
        ("pair[]".into(), SqlType::Array { element: boxed(composite), dimensions: 1 }),
        ("int4range".into(), SqlType::Range { element: boxed(int(4)), multi: false }),
        ("daterange".into(), SqlType::Range { element: boxed(SqlType::Date), multi: false }),
        ("tstzrange".into(), SqlType::Range { element: boxed(timestamp.clone()), multi: false }),
        ("tsmultirange".into(), SqlType::Range { element: boxed(timestamp), multi: true }),
        ("int4multirange".into(), SqlType::Range { element: boxed(int(4)), multi: true }),
        ("tsvector".into(), SqlType::TsVector),
        ("tsquery".into(), SqlType::TsQuery),
        ("pg_lsn".into(), SqlType::PgLsn),
        ("oid".into(), SqlType::Oid),
        ("name".into(), SqlType::Name),
        ("\"char\"".into(), SqlType::SingleChar),
        ("hstore".into(), SqlType::Hstore),
        ("ltree".into(), SqlType::Ltree),
    ];
    for kind in ["point", "line", "lseg", "box", "path", "polygon", "circle"] {
        types.push((kind.into(), SqlType::Geometric { kind: kind.into() }));
    }
    for kind in [
        "class",
        "type",
        "proc",
        "procedure",
        "oper",
        "operator",
        "namespace",
        "role",
        "config",
        "dictionary",
        "collation",
    ] {
        types.push((format!("reg{kind}"), SqlType::Reg { kind: format!("reg{kind}") }));
    }
    let db = database(
        Kind::Postgres,
        "CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE TYPE pair AS (product text, n int);",
    );
    let incomparable = ["json", "xml", "point", "line", "box", "path", "polygon", "circle", "lseg"];
    for (i, (sql, ty)) in types.into_iter().enumerate() {
        for in_key in [false, true] {
            let domain = inferred(Dialect::Postgres, "thing", ty.clone(), in_key);
            let table = format!("t{i}_{in_key}");
            db.execute(&format!("CREATE TABLE {table} (v {sql})"));
            let numbered = insert(&db, dbmocker_loaders::Dialect::Postgres, &table, &domain, "?");
            if !incomparable.contains(&sql.as_str()) {
                let different = db.number(&format!("SELECT count(DISTINCT v) FROM {table}"));
                assert!(different >= i64::try_from(numbered).expect("few"), "{sql}: {different} of {numbered}");
            }
        }
    }
}

#[test]
fn mariadb_reads_every_type() {
    let types: Vec<(String, SqlType)> = vec![
        ("tinyint(1)".into(), SqlType::Int { bytes: 1, unsigned: false, tinyint1: true }),
        ("mediumint unsigned".into(), SqlType::Int { bytes: 3, unsigned: true, tinyint1: false }),
        ("decimal(4,4)".into(), SqlType::Decimal { precision: 4, scale: 4, unsigned: false }),
        ("float".into(), SqlType::Float { bytes: 4, unsigned: false }),
        ("char(2)".into(), SqlType::Text { max_chars: Some(2), max_bytes: None, fixed: true, case_insensitive: false }),
        (
            "tinytext".into(),
            SqlType::Text { max_chars: None, max_bytes: Some(255), fixed: false, case_insensitive: false },
        ),
        ("binary(3)".into(), SqlType::Binary { max_bytes: Some(3), fixed: true }),
        ("tinyblob".into(), SqlType::Binary { max_bytes: Some(255), fixed: false }),
        ("date".into(), SqlType::Date),
        ("time".into(), SqlType::Time { precision: 0, tz: false, span: false }),
        ("datetime(6)".into(), SqlType::Timestamp { precision: 6, tz: false, epoch_range: false }),
        ("timestamp".into(), SqlType::Timestamp { precision: 0, tz: true, epoch_range: true }),
        ("year".into(), SqlType::Year),
        ("json".into(), SqlType::Json { binary: false }),
        ("enum('a','b c')".into(), SqlType::Enum { members: vec!["a".into(), "b c".into()] }),
        ("set('a','b c','d')".into(), SqlType::Set { members: vec!["a".into(), "b c".into(), "d".into()] }),
        ("uuid".into(), SqlType::Uuid),
        ("inet4".into(), SqlType::Inet),
    ];
    let db = database(Kind::MariaDb, "SET time_zone = '+00:00';");
    db.execute("SET sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE'");
    for (i, (sql, ty)) in types.into_iter().enumerate() {
        for in_key in [false, true] {
            let domain = inferred(Dialect::Mysql, "thing", ty.clone(), in_key);
            let table = format!("t{i}_{in_key}");
            db.execute(&format!("CREATE TABLE {table} (v {sql})"));
            let numbered = insert(&db, dbmocker_loaders::Dialect::Mysql, &table, &domain, "?");
            let different = db.number(&format!("SELECT count(DISTINCT v) FROM {table}"));
            assert!(different >= i64::try_from(numbered).expect("few"), "{sql}: {different} of {numbered}");
        }
    }
    for kind in SPATIAL_KINDS {
        let domain = inferred(Dialect::Mysql, "place", SqlType::Spatial { kind: kind.into(), srid: Some(4326) }, false);
        db.execute(&format!("CREATE TABLE s_{kind} (v {kind} NOT NULL)"));
        insert(&db, dbmocker_loaders::Dialect::Mysql, &format!("s_{kind}"), &domain, "ST_GeomFromText(?, 4326)");
    }
}

#[test]
fn ranges_over_types_of_the_users_choice() {
    let db = database(
        Kind::Postgres,
        "CREATE TYPE uuidrange AS RANGE (subtype = uuid);
         CREATE TYPE wordrange AS RANGE (subtype = text);
         CREATE TABLE t (id serial PRIMARY KEY, u uuidrange NOT NULL, w wordrange NOT NULL)",
    );
    dbmocker(["load", "--url", &db.url, "--rows", "300"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM t WHERE NOT isempty(u) AND NOT isempty(w)"), 300);
}
