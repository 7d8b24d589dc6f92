//! URLs, flags and environment, without a server.

use super::*;

fn env(vars: &[(&str, &str)]) -> Environment {
    Environment::fixed(vars, "anna")
}

fn found(text: &str, vars: &[(&str, &str)]) -> Result<RequestedDatabase, SchemaError> {
    let url = Some(text.to_owned()).filter(|t| !t.is_empty());
    resolve(&ConnectArgs { url, ..ConnectArgs::default() }, &env(vars))
}

fn url(text: &str) -> Result<Connection, SchemaError> {
    found(text, &[]).map(|f| f.connection)
}

#[test]
fn several_hosts() {
    let of = |text: &str| found(text, &[]).unwrap().addresses;
    let pairs = |list: &[(&str, u16)]| list.iter().map(|(h, p)| ((*h).to_owned(), *p)).collect::<Vec<_>>();
    assert_eq!(of("postgres://u:p@a:1,b,[::1]:3/d"), pairs(&[("a", 1), ("b", 5432), ("::1", 3)]));
    assert_eq!(of("postgres://u@/d?host=a,b&port=7"), pairs(&[("a", 7), ("b", 7)]));
    let error = found("postgres://u@/d?host=a,b&port=1,2,3", &[]).unwrap_err().to_string();
    assert!(error.contains("2 hosts and 3 ports"), "{error}");
}

#[test]
fn login_paths_of_mysql_are_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let notes = |url: &str, more: &[(&str, &str)]| {
        found(url, &[&[("MYSQL_TEST_LOGIN_FILE", path)], more].concat()).unwrap().notes
    };
    assert!(notes("mysql://u@h/d", &[])[0].contains("are not read; write user and password to [client]"));
    assert!(notes("mysql://u:p@h/d", &[]).is_empty() && notes("postgres://u@h/d", &[]).is_empty());
    assert!(notes("mysql://u@h/d", &[("MYSQL_PWD", "p")]).is_empty());
}

#[test]
fn urls_of_other_programs() {
    for text in ["jdbc:postgresql://h/d?currentSchema=a", "postgresql+asyncpg://h/d?schema=a"] {
        assert_eq!(url(text).unwrap().session.schema.as_deref(), Some("a"), "{text}");
    }
    assert_eq!(url("mysql+pymysql://h/d?charset=utf8mb4").unwrap().dialect, Dialect::Mysql);
    let c = url("mysql://h/d?ssl=true&sslmode=verify-full").unwrap();
    assert_eq!((c.tls, url("mysql://h/d?ssl=true").unwrap().tls), (TlsMode::VerifyFull, TlsMode::Require));
    let file = found("file:./dev.db?connection_limit=1", &[]).unwrap();
    assert_eq!((file.connection.database.as_str(), file.notes.len()), ("./dev.db", 1));
    let c = url("postgres://h/d?options=-csearch_path%3Da,b&application_name=x&connect_timeout=0").unwrap();
    assert_eq!(c.session.options.as_deref(), Some("-csearch_path=a,b"));
    assert_eq!((c.session.application_name.as_deref(), c.session.connect_timeout), (Some("x"), None));
}

#[test]
fn the_environment_names_a_database_where_nothing_else_does() {
    let libpq = found("", &[("PGHOST", "a,b"), ("PGPORT", "5,6"), ("PGDATABASE", "d"), ("PGSSLMODE", "require")]);
    let libpq = libpq.unwrap();
    assert_eq!((libpq.addresses.len(), libpq.connection.tls), (2, TlsMode::Require));
    assert!(libpq.notes[0].contains("PGHOST and PGDATABASE"), "{:?}", libpq.notes);
    let url = found("", &[("DATABASE_URL", "mysql://u:s3cret@h/d"), ("PGUSER", "x")]).unwrap();
    assert!(url.notes[0].contains("DATABASE_URL") && !url.notes[0].contains("s3cret"), "{:?}", url.notes);
    assert!(found("", &[("DATABASE_URL", "sqlserver://h")]).unwrap_err().to_string().contains("DATABASE_URL"));
    // The command line has priority over the environment.
    let typed =
        found("postgres://h:1/x?sslmode=disable", &[("PGHOSTADDR", "a"), ("PGPORT", "x"), ("PGSSLMODE", "require")]);
    let typed = typed.unwrap().connection;
    assert_eq!((typed.host.as_str(), typed.port, typed.tls), ("h", 1, TlsMode::Disable));
}

#[test]
fn services_come_between_what_is_typed_and_the_environment() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "[shop]\nhost=db.example\nport=6000\ndbname=shop\nuser=eve\n").unwrap();
    let path = file.path().to_str().unwrap();
    let vars = [("PGSERVICEFILE", path), ("PGUSER", "env"), ("PGDATABASE", "env")];
    let c = found("postgres:///other?service=shop", &vars).unwrap().connection;
    assert_eq!((c.host.as_str(), c.port, c.user.as_str(), c.database.as_str()), ("db.example", 6000, "eve", "other"));
    let c = found("", &[("PGSERVICEFILE", path), ("PGSERVICE", "shop")]).unwrap().connection;
    assert_eq!((c.host.as_str(), c.database.as_str()), ("db.example", "shop"));
    let error = found("postgres:///?service=none", &vars).unwrap_err().to_string();
    assert!(error.contains("no service `none`") && error.contains(path), "{error}");
}

#[test]
fn servers() {
    let c =
        url("postgresql://j%40ne:p%3Aw%2F%23@db.example:6000/my%20db?sslmode=verify-full&sslrootcert=/ca.pem").unwrap();
    assert_eq!((c.user.as_str(), c.password.as_deref()), ("j@ne", Some("p:w/#")));
    assert_eq!((c.host.as_str(), c.port, c.database.as_str()), ("db.example", 6000, "my db"));
    assert_eq!((c.tls, c.tls_root), (TlsMode::VerifyFull, Some(PathBuf::from("/ca.pem"))));

    let c = url("postgres://[::1]/x?sslmode=require&sslrootcert=ca.pem").unwrap();
    assert_eq!((c.host.as_str(), c.port, c.user.as_str(), c.tls), ("::1", 5432, "anna", TlsMode::VerifyCa));
    let c = url("postgres:///shop?host=/run/postgresql&user=bob").unwrap();
    assert_eq!((c.host.as_str(), c.database.as_str(), c.user.as_str()), ("/run/postgresql", "shop", "bob"));
    assert_eq!(url("postgres://%2Frun%2Fpg/shop").unwrap().host, "/run/pg");
    assert_eq!(url("postgres://").unwrap().database, "anna");

    let c = url("mariadb://root@127.0.0.1/shop?ssl-mode=VERIFY_IDENTITY&ssl_ca=x.pem").unwrap();
    assert_eq!((c.dialect, c.port, c.tls), (Dialect::Mysql, 3306, TlsMode::VerifyFull));
    assert_eq!(url("mysql://root@/shop?socket=/run/s.sock").unwrap().host, "/run/s.sock");
}

#[test]
fn sqlite_paths() {
    for (text, path) in [
        ("sqlite://demo.db", "demo.db"),
        ("sqlite:///tmp/a.db", "/tmp/a.db"),
        ("sqlite:demo.db", "demo.db"),
        ("sqlite:/tmp/a.db", "/tmp/a.db"),
        ("sqlite://../x/100%.db", "../x/100%.db"),
        ("sqlite://a%20b.db", "a b.db"),
    ] {
        assert_eq!(url(text).unwrap().database, path, "{text}");
    }
    assert!(url("sqlite::memory:").unwrap_err().to_string().contains("in-memory"));
    assert!(url("sqlite://x.db?mode=ro").is_err());
}

#[test]
fn flags_and_environment() {
    let args = ConnectArgs { driver: Some("postgresql".into()), database: Some("d".into()), ..ConnectArgs::default() };
    let c = resolve(&args, &env(&[("PGUSER", "eve"), ("PGPASSWORD", "s3"), ("PGPORT", "77")])).unwrap().connection;
    assert_eq!((c.user.as_str(), c.password.as_deref(), c.port), ("eve", Some("s3"), 77));
    let c = resolve(&args, &env(&[("DBMOCKER_PASSWORD", "first"), ("PGPASSWORD", "s3")])).unwrap().connection;
    assert_eq!(c.password.as_deref(), Some("first"));
    let both = ConnectArgs { url: Some("sqlite:x".into()), ..args };
    assert!(resolve(&both, &env(&[])).unwrap_err().to_string().contains("--driver"));
    assert!(resolve(&ConnectArgs::default(), &env(&[])).unwrap_err().to_string().contains("sqlite://"));
}

#[test]
fn mistakes_are_named_and_passwords_hidden() {
    assert!(url("postgrse://x").unwrap_err().to_string().contains("did you mean `postgres`"));
    assert!(url("postgres://h/d?sslmod=require").unwrap_err().to_string().contains("`sslmode`"));
    assert!(url("postgres://h/d?sslmode=on").unwrap_err().to_string().contains("verify-ca"));
    assert!(url("mysql://h").unwrap_err().to_string().contains("no database named"));
    for bad in [
        "postgres://u:secret#x@h/d",
        "postgres://u:sec/ret@h/d",
        "postgres://u:secret@h:port/d",
        "postgres:u:secret@h/d",
        "postgres:u:secret",
        "postgres:/u:secret@h/d",
        "mysql:u:secret@h/d?x=y",
        "mysql:secret@h",
    ] {
        let text = url(bad).unwrap_err().to_string();
        assert!(!text.contains("sec"), "{text}");
    }
    let c = url("mysql://u:secret@h/d").unwrap();
    assert!(!format!("{c:?}{c}").contains("secret"));
}

fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

proptest::proptest! {
    #[test]
    fn any_name_and_password_survive_the_url(user in ".+", password in "\\PC{4,}", database in "[^.].*") {
        let text = format!("postgres://{}:{}@h/{}", encoded(&user), encoded(&password), encoded(&database));
        let c = url(&text).unwrap();
        proptest::prop_assert_eq!((&c.user, c.password.as_ref(), &c.database), (&user, Some(&password), &database));
    }

    #[test]
    fn no_mistake_shows_the_password(junk in "[a-z/?#@:%&=]{0,6}", after in "[a-z/?#@:%&=]{0,9}") {
        // The text has no other digits, so their absence shows that the password is hidden.
        for scheme in ["postgres", "mysql"] {
            if let Err(e) = url(&format!("{scheme}://u:{junk}771{junk}@h{after}")) {
                proptest::prop_assert!(!e.to_string().contains("771"), "{}", e);
            }
        }
    }
}
