//! Encrypted sessions with a separate server, whose certificate is for `localhost` and not for `127.0.0.1`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dbmocker_loaders::{
    AuthMethod, ChannelBinding, ClientCertificate, Connection, Dialect, LoadError, TlsMode, connect,
};

use crate::{complaint, load_all, pairs};

struct TlsServer {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        // SIGINT to the server is its fast shutdown.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// Runs a shell command to its end; fails the test if the command fails.
fn run(command: &str, folder: &Path) {
    let output = Command::new("sh").args(["-ec", command]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
}

const CERTIFICATES: &str = r#"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj '/CN=Test authority' \
        -keyout ca.key -out ca.pem
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr
    printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE' > server.ext
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile server.ext -out server.pem
    cp server.key version1.key
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out version1.pem
    openssl x509 -in version1.pem -noout -text | grep -q 'Version: 1 '
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' -keyout rogue.key -out rogue.csr
    openssl x509 -req -in rogue.csr -CA server.pem -CAkey server.key -CAcreateserial -days 30 -out rogue.pem
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj '/CN=Another' \
        -keyout other.key -out other.pem
    for name in client stranger; do
        authority=ca; [ $name = client ] || authority=other
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=certified' -keyout $name.key -out $name.csr
        openssl x509 -req -in $name.csr -CA $authority.pem -CAkey $authority.key -CAcreateserial -days 30 \
            -extfile server.ext -out $name.pem
    done
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj '/CN=localhost' \
        -addext 'subjectAltName=DNS:localhost' -keyout self.key -out self.pem
    cat > pg_hba.conf <<'END'
    hostssl all certified  all cert
    host    all certified  all reject
    host    all scram      all scram-sha-256
    host    all cleartext  all password
    host    all md5        all md5
    host    all all        all trust
END
    chmod 600 server.key version1.key rogue.key self.key client.key stranger.key
"#;

impl TlsServer {
    /// `name`: of the server's certificate and key.
    fn start(name: &str) -> TlsServer {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        run(CERTIFICATES, path);
        let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        if root {
            run("chown -R postgres . && chmod 755 .", path);
        }
        let become_user = if root { "runuser -u postgres --" } else { "" };
        // The newest installed version, else the one on the PATH.
        let find = "BIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1); PATH=${BIN:+$BIN:}$PATH;";
        run(
            &format!("{find} {become_user} $(command -v initdb) -D data --no-sync -U postgres -A trust >/dev/null"),
            path,
        );
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = format!(
            "-p {port} -k '' -c listen_addresses=localhost -c fsync=off -c ssl=on -c ssl_cert_file={0}/{name}.pem -c ssl_key_file={0}/{name}.key \
             -c ssl_ca_file={0}/ca.pem -c hba_file={0}/pg_hba.conf",
            path.display()
        );
        let command = match root {
            true => format!(
                "{find} exec setpriv --reuid postgres --regid postgres --init-groups $(command -v postgres) -D data {settings}"
            ),
            false => format!("{find} exec $(command -v postgres) -D data {settings}"),
        };
        let mut server = Command::new("sh");
        server
            .args(["-ec", &command])
            .current_dir(path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = TlsServer { child: server.spawn().unwrap(), port, folder };
        let begun = Instant::now();
        while connect(&server.connection(TlsMode::Disable, "localhost")).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the server did not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        server
    }

    fn connection(&self, tls: TlsMode, host: &str) -> Connection {
        Connection {
            dialect: Dialect::Postgres,
            host: host.into(),
            port: self.port,
            user: "postgres".into(),
            password: None,
            database: "postgres".into(),
            tls,
            tls_root: Some(self.folder.path().join("ca.pem")),
            ..Connection::default()
        }
    }
}

#[test]
fn modes_verify_what_they_say() {
    let server = TlsServer::start("server");
    let encrypted = |to: &Connection| {
        let mut loader = connect(to).unwrap();
        let rows = loader.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").unwrap();
        rows[0][0].as_deref() == Some("t")
    };
    use TlsMode::{Disable, Prefer, Require, VerifyCa, VerifyFull};
    assert!(!encrypted(&server.connection(Disable, "127.0.0.1")));
    for (mode, host) in
        [(Prefer, "127.0.0.1"), (Require, "127.0.0.1"), (VerifyCa, "127.0.0.1"), (VerifyFull, "localhost")]
    {
        assert!(encrypted(&server.connection(mode, host)), "{mode:?}");
    }
    let error = complaint(connect(&server.connection(VerifyFull, "127.0.0.1")));
    assert!(error.contains("not made out to `127.0.0.1`") && error.contains("verify-ca"), "{error}");

    let other = Some(server.folder.path().join("other.pem"));
    for mode in [VerifyCa, VerifyFull] {
        let to = Connection { tls_root: other.clone(), ..server.connection(mode, "localhost") };
        let error = complaint(connect(&to));
        assert!(error.contains("TLS with `localhost:") && error.contains("sslrootcert"), "{error}");
    }
    assert!(encrypted(&Connection { tls_root: other, ..server.connection(Require, "localhost") }));
    let missing = Some(server.folder.path().join("missing.pem"));
    let error = complaint(connect(&Connection { tls_root: missing, ..server.connection(VerifyCa, "localhost") }));
    assert!(error.contains("missing.pem"), "{error}");

    encrypted_sessions_cancel_and_notice_refusals(&server);
}

fn encrypted_sessions_cancel_and_notice_refusals(server: &TlsServer) {
    let mut loader = connect(&server.connection(TlsMode::VerifyFull, "localhost")).unwrap();
    let cancel = loader.canceller();
    let mut other = connect(&server.connection(TlsMode::Disable, "localhost")).unwrap();
    let sleeps = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while other.query(sleeps).unwrap().is_empty() {}
            cancel();
        });
        let error = loader.query("SELECT pg_sleep(600)").unwrap_err();
        assert!(matches!(error, LoadError::Cancelled), "{error}");
    });
    loader.execute("CREATE TABLE public.t (id integer PRIMARY KEY, t text)").unwrap();
    let (target, batch) = pairs("t", 0..20_000);
    let mut pulled = 0;
    let mut batches = (0..400).map(|_| {
        pulled += 1;
        Ok(batch.clone())
    });
    let error = complaint(load_all(&mut *loader, &target, batch.schema(), &mut batches));
    assert!(error.contains("t_pkey") && pulled < 100, "{pulled}: {error}");
}

/// Roles that log in with a password of each kind, or with a certificate; the password is `pw`.
const ROLES: &str =
    "SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD 'pw'; SET password_encryption = 'scram-sha-256';
    CREATE ROLE scram LOGIN PASSWORD 'pw'; CREATE ROLE cleartext LOGIN PASSWORD 'pw'; CREATE ROLE certified LOGIN";

fn with_roles(name: &str) -> TlsServer {
    let server = TlsServer::start(name);
    let mut loader = connect(&server.connection(TlsMode::Disable, "localhost")).unwrap();
    loader.execute(ROLES).unwrap();
    server
}

#[test]
fn a_client_certificate_lets_its_owner_in() {
    let server = with_roles("server");
    let file = |name: &str| server.folder.path().join(name);
    let to = |name: Option<&str>| Connection {
        user: "certified".into(),
        tls_identity: name.map(|name| ClientCertificate {
            certificate: file(&format!("{name}.pem")),
            key: file(&format!("{name}.key")),
        }),
        ..server.connection(TlsMode::VerifyFull, "localhost")
    };
    let mut loader = connect(&to(Some("client"))).unwrap();
    assert_eq!(loader.query("SELECT current_user").unwrap()[0][0].as_deref(), Some("certified"));
    let error = complaint(connect(&to(None)));
    assert!(error.contains("client certificate") && error.contains("`sslcert`"), "{error}");
    let error = complaint(connect(&to(Some("stranger"))));
    assert!(error.contains("does not take the client certificate"), "{error}");
    let error = complaint(connect(&to(Some("absent"))));
    assert!(error.contains("absent.pem"), "{error}");
    let swapped = ClientCertificate { certificate: file("server.pem"), key: file("stranger.key") };
    let error = complaint(connect(&Connection { tls_identity: Some(swapped), ..to(None) }));
    assert!(error.contains("server.pem") && error.contains("key"), "{error}");
    run("chmod 644 client.key", server.folder.path());
    let error = complaint(connect(&to(Some("client"))));
    assert!(error.contains("client.key") && error.contains("chmod 600"), "{error}");
}

#[test]
fn a_server_s_own_certificate_is_a_root_where_it_is_named() {
    let server = TlsServer::start("self");
    let to = |root: &str, tls, host: &str| Connection {
        tls_root: Some(server.folder.path().join(root)),
        ..server.connection(tls, host)
    };
    connect(&to("self.pem", TlsMode::VerifyFull, "localhost")).unwrap();
    connect(&to("self.pem", TlsMode::VerifyCa, "127.0.0.1")).unwrap();
    let error = complaint(connect(&to("self.pem", TlsMode::VerifyFull, "127.0.0.1")));
    assert!(error.contains("not made out to `127.0.0.1`"), "{error}");
    for tls in [TlsMode::VerifyCa, TlsMode::VerifyFull] {
        let error = complaint(connect(&to("other.pem", tls, "localhost")));
        assert!(error.contains("TLS with `localhost:"), "{error}");
    }
}

/// `openssl x509 -req` without extensions makes certificates of version 1, and so do the commands of many manuals.
#[test]
fn certificates_of_version_1_are_verified_by_their_authority_and_common_name() {
    let server = TlsServer::start("version1");
    let to = |root: &str, tls, host: &str| Connection {
        tls_root: Some(server.folder.path().join(root)),
        ..server.connection(tls, host)
    };
    for tls in [TlsMode::Prefer, TlsMode::Require] {
        let mut loader = connect(&server.connection(tls, "127.0.0.1")).unwrap();
        let used = loader.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").unwrap();
        assert_eq!(used[0][0].as_deref(), Some("t"), "{tls:?}");
    }
    connect(&to("ca.pem", TlsMode::VerifyCa, "127.0.0.1")).unwrap();
    connect(&to("ca.pem", TlsMode::VerifyFull, "localhost")).unwrap();
    connect(&to("version1.pem", TlsMode::VerifyFull, "localhost")).unwrap();
    let error = complaint(connect(&to("ca.pem", TlsMode::VerifyFull, "127.0.0.1")));
    assert!(error.contains("not made out to `127.0.0.1`"), "{error}");
    // Another authority, and another one that takes the true one's name.
    run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj '/CN=Test authority' \
         -keyout false.key -out false.pem",
        server.folder.path(),
    );
    for root in ["other.pem", "false.pem"] {
        let error = complaint(connect(&to(root, TlsMode::VerifyCa, "localhost")));
        assert!(error.contains("TLS with `localhost:"), "{root}: {error}");
    }
}

/// A certificate that is accepted as a server's own makes that server no authority.
#[test]
fn only_authorities_sign_certificates_of_version_1() {
    let server = TlsServer::start("rogue");
    let root = Some(server.folder.path().join("server.pem"));
    connect(&server.connection(TlsMode::Require, "localhost")).unwrap();
    let error = complaint(connect(&Connection { tls_root: root, ..server.connection(TlsMode::VerifyCa, "localhost") }));
    assert!(error.contains("UnknownIssuer"), "{error}");
}

#[test]
fn channel_binding_and_require_auth_hold() {
    let server = with_roles("server");
    let to = |user: &str, tls| Connection {
        user: user.into(),
        password: Some("pw".into()),
        ..server.connection(tls, "localhost")
    };
    let bound =
        |user: &str, tls| connect(&Connection { channel_binding: ChannelBinding::Require, ..to(user, tls) }).map(drop);
    bound("scram", TlsMode::Require).unwrap();
    for (user, tls) in [
        ("scram", TlsMode::Disable),
        ("cleartext", TlsMode::VerifyFull),
        ("md5", TlsMode::VerifyFull),
        ("postgres", TlsMode::VerifyFull),
    ] {
        let error = bound(user, tls).unwrap_err().to_string();
        assert!(error.contains("channel_binding=require"), "{user}: {error}");
    }
    use AuthMethod::{Md5, None, Password, ScramSha256};
    for tls in [TlsMode::Disable, TlsMode::Require] {
        for (user, method) in [("scram", ScramSha256), ("cleartext", Password), ("md5", Md5), ("postgres", None)] {
            let only = |methods: &[AuthMethod]| {
                connect(&Connection { require_auth: Some(methods.to_vec()), ..to(user, tls) }).map(drop)
            };
            only(&[method]).unwrap();
            let others: Vec<AuthMethod> =
                [None, Password, Md5, ScramSha256].into_iter().filter(|m| *m != method).collect();
            let error = only(&others).unwrap_err().to_string();
            assert!(error.contains("`require_auth` does not allow"), "{user}: {error}");
        }
    }
}
