//! Reads the catalogues of real servers: DDL with every supported feature, read back as the model.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use dbmocker_core::schema::{Auto, Caveat, Schema, Table};
use dbmocker_core::value::Value;
use dbmocker_loaders::Connection;
use dbmocker_schema::{ConnectArgs, RequestedDatabase, SchemaError, authenticate, connection, read, read_rows};

use crate::servers::{self, Database, KINDS, Kind, database};
use crate::shop;

pub fn connect(url: &str) -> Connection {
    connection(&ConnectArgs { url: Some(url.to_owned()), ..ConnectArgs::default() }).unwrap().connection
}

/// The schema without machine-dependent values.
fn read_plain(db: &Database) -> Schema {
    let mut schema = read(&connect(&db.url)).unwrap();
    assert!(!schema.settings.is_empty() && !schema.server.is_empty());
    schema.settings.clear();
    schema.server = "server".into();
    schema
}

/// The name of a MariaDB database, or of a SQLite file, is another one every time.
fn named(text: &str, db: &Database) -> String {
    text.replace(&db.name, "shop")
}

fn catalogue(kind: Kind) -> Database {
    database(
        kind,
        match kind {
            Kind::Postgres => include_str!("../schemas/pgsql/catalogue.sql"),
            Kind::MariaDb => include_str!("../schemas/mysql/catalogue.sql"),
            Kind::Sqlite => include_str!("../schemas/sqlite/catalogue.sql"),
        },
    )
}

fn table<'a>(schema: &'a Schema, name: &str) -> &'a Table {
    schema.tables.iter().find(|t| t.name.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

#[test]
fn the_shop_as_json() {
    for kind in KINDS {
        let db = shop::shop(kind);
        let json = serde_json::to_string_pretty(&read_plain(&db)).unwrap();
        insta::assert_snapshot!(format!("shop_{kind:?}"), named(&json, &db));
    }
}

#[test]
fn one_of_everything_as_text() {
    for kind in KINDS {
        let db = catalogue(kind);
        insta::assert_snapshot!(format!("catalogue_{kind:?}"), named(&read_plain(&db).to_string(), &db));
    }
}

#[test]
fn types_as_understood() {
    for kind in KINDS {
        let db = catalogue(kind);
        let schema = read_plain(&db);
        let lines: Vec<String> = table(&schema, "types")
            .columns
            .iter()
            .map(|c| format!("{}: {} = {:?}", c.name, c.type_name, c.ty))
            .collect();
        insta::assert_snapshot!(format!("types_{kind:?}"), lines.join("\n"));
    }
}

#[test]
fn the_model_survives_json() {
    let schema = read_plain(&catalogue(Kind::Postgres));
    let json = serde_json::to_string(&schema).unwrap();
    let back: Schema = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
}

#[test]
fn postgres_details_that_text_does_not_show() {
    let db = catalogue(Kind::Postgres);
    let schema = read(&connect(&db.url)).unwrap();
    assert_eq!(schema.default_schema, "public");
    assert_eq!(schema.settings["is_superuser"], "on");
    assert_eq!(schema.settings["can_set_session_replication_role"], "on");

    // Inherited rows are not counted twice; partitions count as their parent.
    let rows = |name| table(&schema, name).existing.rows;
    assert_eq!((rows("parent"), rows("city"), rows("capital"), rows("event")), (5, 1, 2, 2));
    assert_eq!(table(&schema, "parent").existing.max["id"], 5);

    let child = table(&schema, "Child Table");
    let auto = |name| child.column(name).unwrap().auto.clone();
    assert_eq!(
        auto("id"),
        Some(Auto::IdentityByDefault { sequence: "\"Other Schema\".\"Child Table_id_seq\"".into() })
    );
    assert_eq!(auto("num"), Some(Auto::Serial { sequence: "\"Other Schema\".\"Child Table_num_seq\"".into() }));
    assert_eq!(auto("big"), Some(Auto::Serial { sequence: "\"Other Schema\".\"Odd\"\"Seq\"".into() }));
    assert_eq!(auto("sum"), None);
    let actions: Vec<&str> = child.foreign_keys.iter().map(|f| f.actions.as_str()).collect();
    assert_eq!(actions, ["ON UPDATE SET NULL ON DELETE CASCADE", "", ""]);
    let constraint = |name: &str| child.keys.iter().find(|k| k.name == name).unwrap().constraint;
    assert!(constraint("child pk") && !constraint("child_lower"));
    assert_eq!(
        table(&schema, "booking").exclusions[0].elements,
        [("room".to_owned(), "=".to_owned()), ("during".to_owned(), "&&".to_owned())]
    );
}

#[test]
fn rights_of_a_postgres_role() {
    let db = catalogue(Kind::Postgres);
    let server = servers::postgres();
    let role = format!("role_{}", db.name);
    db.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT SELECT, INSERT ON types, guarded TO {role}; \
         GRANT USAGE ON SCHEMA \"Other Schema\" TO {role}; GRANT INSERT ON \"Other Schema\".\"Child Table\" TO {role};"
    ));
    let schema = read(&connect(&server.url_as(&role, "pw", &db.name))).unwrap();
    db.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role};"));
    assert_eq!(schema.settings["can_set_session_replication_role"], "off");
    assert!(table(&schema, "types").can_insert);
    // The role may not use its sequences, nor count its rows.
    let child = table(&schema, "Child Table");
    assert!(!child.can_insert);
    assert!(!table(&schema, "parent").can_insert);
    assert!(table(&schema, "parent").caveats.contains(&Caveat::NotCounted));
    assert!(table(&schema, "guarded").caveats.contains(&Caveat::RowSecurity));
}

#[test]
fn rights_of_a_mariadb_account() {
    let db = catalogue(Kind::MariaDb);
    let server = servers::mariadb();
    let user = format!("u{}", db.name);
    server.admin(&format!(
        "CREATE USER {user}@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON {0}.* TO {user}@'%'; \
         GRANT INSERT ON {0}.parent TO {user}@'%';",
        db.name
    ));
    let schema = read(&connect(&server.url_as(&user, "pw", &db.name))).unwrap();
    server.admin(&format!("DROP USER {user}@'%'"));
    assert!(table(&schema, "parent").can_insert);
    assert!(!table(&schema, "types").can_insert);
    assert_eq!(table(&schema, "parent").existing.rows, 2);
    assert_eq!(table(&schema, "parent").existing.max["id"], 101);
}

#[test]
fn a_connection_that_fails_says_why() {
    for server in [servers::postgres(), servers::mariadb()] {
        let db = server.create_database("CREATE TABLE t (a int);");
        let error = read(&connect(&server.url_as("nobody", "s3cret", &db.name))).unwrap_err();
        assert!(matches!(error, SchemaError::Login { .. }) && !error.wants_password(), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        let near = format!("{}x", db.name);
        let error = read(&connect(&server.url(&near))).unwrap_err().to_string();
        assert!(error.contains("does not exist") && error.contains(&db.name), "{error}");
    }
    let error = read(&connect("postgres://u@127.0.0.1:1/d")).unwrap_err();
    assert!(matches!(error, SchemaError::NoServer { .. }), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
    std::fs::write(
        folder.path().join("shop.db"),
        "this is not a database, though long enough to be read as one ......",
    )
    .unwrap();
    let error = read(&connect(&path("shp.db"))).unwrap_err().to_string();
    assert!(error.contains("did you mean") && error.contains("shop.db"), "{error}");
    assert!(matches!(read(&connect(&path("shop.db"))).unwrap_err(), SchemaError::NotADatabase { .. }));
    assert!(!folder.path().join("shp.db").exists());
}

#[test]
fn a_password_is_asked_for_only_if_the_server_wants_one() {
    let db = servers::postgres().create_database("");
    let mut conn = connect(&db.url);
    conn.password = None;
    // Without a terminal, the server's refusal is returned, with a hint on how to give a password.
    let error = authenticate(&RequestedDatabase::of(conn)).unwrap_err();
    assert!(error.wants_password() && error.to_string().contains("DBMOCKER_PASSWORD"), "{error}");
    authenticate(&RequestedDatabase::of(connect(&db.url))).unwrap();
}

#[test]
fn key_tuples_of_rows_that_are_there() {
    let ddl = |kind| match kind {
        Kind::Sqlite => "CREATE TABLE t (id INTEGER PRIMARY KEY, d DATE, n DECIMAL(6,2), s TEXT, b BLOB);",
        Kind::Postgres => "CREATE TABLE t (id int PRIMARY KEY, d date, n numeric(6,2), s varchar(9), b bytea);",
        Kind::MariaDb => "CREATE TABLE t (id int PRIMARY KEY, d date, n decimal(6,2), s varchar(9), b varbinary(9));",
    };
    for kind in KINDS {
        let db = database(kind, ddl(kind));
        let hex = if kind == Kind::Postgres { "'\\x00ff'" } else { "x'00ff'" };
        db.execute(&format!(
            "INSERT INTO t VALUES (3, '2020-02-29', -1.5, 'é', {hex}), (1, '1969-12-31', 7, '', {hex}), (2, NULL, 1, 'x', {hex});"
        ));
        let conn = connect(&db.url);
        let schema = read(&conn).unwrap();
        let tuples = |columns: &[usize], limit| {
            let mut tuples = Vec::new();
            read_rows(&conn, &schema.tables[0], columns, limit, &mut |t| tuples.push(t)).unwrap();
            tuples
        };
        let all = tuples(&[0, 1, 2, 3, 4], Some(10));
        let row = |id, day, unscaled, s: &str| {
            vec![
                Value::Int(id),
                Value::Date(day),
                Value::Decimal { unscaled, scale: 2 },
                Value::text(s),
                Value::Bytes(vec![0, 255]),
            ]
        };
        assert_eq!(all, [row(1, -1, 700, ""), row(3, 18_321, -150, "é")], "{kind:?}");
        // Fewer than there are: spread over all of them.
        assert_eq!(tuples(&[0], Some(2)), [[Value::Int(1)], [Value::Int(3)]], "{kind:?}");
        let mut every: Vec<String> = tuples(&[0], None).iter().map(|t| t[0].to_string()).collect();
        every.sort();
        assert_eq!(every, ["1", "2", "3"], "{kind:?}");
    }
}
