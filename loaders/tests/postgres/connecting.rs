//! Connection errors contain a remedy, and never the password.

use dbmocker_loaders::{Connection, TlsMode, connect};

use crate::{complaint, connection, postgres};

const SECRET: &str = "s3cr3t-of-the-test";

fn refused(to: &Connection) -> String {
    let error = complaint(connect(to));
    assert!(!error.contains(SECRET), "{error}");
    assert!(error.starts_with("cannot connect to `postgres://"), "{error}");
    error
}

#[test]
fn errors_say_what_to_do() {
    let database = postgres().create_database("");
    let good = connection(&database);
    let secret = Some(SECRET.to_owned());

    let error = refused(&Connection { password: secret.clone(), ..good.clone() });
    assert!(error.contains("password authentication failed") && error.contains("check the user name"), "{error}");
    let error = refused(&Connection { password: None, ..good.clone() });
    assert!(error.contains("asks user `postgres` for a password and none was given"), "{error}");

    let mut near = database.name.clone();
    near.pop();
    let error = refused(&Connection { database: near.clone(), ..good.clone() });
    assert!(error.contains(&format!("database \"{near}\" does not exist; there are `{}`", database.name)), "{error}");
    assert!(error.contains("createdb"), "{error}");

    let error = refused(&Connection { user: "nobody_here".into(), password: secret.clone(), ..good.clone() });
    assert!(error.contains("authentication failed for user \"nobody_here\""), "{error}");
    let error = refused(&Connection { tls: TlsMode::Require, ..good.clone() });
    assert!(error.contains("does not offer TLS") && error.contains("ssl = on"), "{error}");
    let error = refused(&Connection { host: "no-such-host.invalid".into(), ..good.clone() });
    assert!(error.contains("check the host name"), "{error}");
    let error = refused(&Connection { port: 1, password: secret, ..good });
    assert!(error.contains("no server listens on `127.0.0.1:1`") && error.contains("pg_isready"), "{error}");
}

#[test]
fn by_unix_socket() {
    if !postgres().is_own() {
        eprintln!("passed over: the socket of a server that runs already is not known");
        return;
    }
    let database = postgres().create_database("");
    let server = database.server.unwrap();
    let folder = server.folder.to_str().unwrap().to_owned();
    // `sslmode` has no effect on a socket.
    let local = Connection { host: folder, password: None, tls: TlsMode::Require, ..connection(&database) };
    let mut loader = connect(&local).unwrap();
    assert_eq!(loader.query("SELECT inet_server_addr()").unwrap()[0][0], None);
    (loader.canceller())();
    loader.finish().unwrap();

    let error = refused(&Connection { user: "nobody_here".into(), ..local.clone() });
    assert!(error.contains("role \"nobody_here\" does not exist; create the role"), "{error}");
    let error = refused(&Connection { port: 1, ..local });
    assert!(error.contains("there is no socket") && error.contains(".s.PGSQL.1"), "{error}");
}

#[test]
fn something_else_on_the_port() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let other = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let database = postgres().create_database("");
    for tls in [TlsMode::Disable, TlsMode::Prefer] {
        let error = refused(&Connection { port, tls, ..connection(&database) });
        assert!(error.contains("is") && error.contains("a PostgreSQL server?"), "{error}");
    }
    other.join().unwrap();
}
