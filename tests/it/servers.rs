//! Throw-away databases on real servers: data in is DDL, data out is the URL of a fresh database that holds it.
//!
//! The PostgreSQL and MariaDB servers are started from the installed binaries on first use, on loopback and a free
//! port, with their files in a temporary folder, and shared by all test processes (nextest runs every test in its own).
//! The script `keeper.sh` stops a server and removes its folder once no test process has used it for some seconds,
//! however those processes ended. `DBMOCKER_TEST_POSTGRES_URL` and `DBMOCKER_TEST_MYSQL_URL` name servers on loopback
//! that run already, with accounts that have all privileges: these are used instead, and not stopped. Other packages'
//! tests may include this file with `#[path]`; it needs `postgres`, `rusqlite` and `tempfile`, and the `mariadb` client
//! for MariaDB.
#![allow(dead_code, clippy::unwrap_used)] // test support: not every user needs every part

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const KEEPER: &str = include_str!("keeper.sh");
/// Changes with this file and the keeper, so that checkouts of different versions do not share a server.
const SOURCE: &str = include_str!("servers.rs");
const PASSWORD: &str = "not-a-secret-1";
const START_LIMIT: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Postgres,
    MariaDb,
    Sqlite,
}

/// All three, for tests that run the same on each.
pub const KINDS: [Kind; 3] = [Kind::Postgres, Kind::MariaDb, Kind::Sqlite];

/// A running server that accepts `user` with `password` on `127.0.0.1:port`.
#[derive(Debug)]
pub struct Server {
    pub kind: Kind,
    pub port: u16,
    pub user: &'static str,
    pub password: &'static str,
    /// Data, log and socket; removed when the server stops.
    pub folder: PathBuf,
    /// Share-locked while this process lives.
    _users: File,
}

/// The PostgreSQL server of this machine's test run, started if need be. The user is a superuser.
pub fn postgres() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::join_or_start(Kind::Postgres))
}

/// The MariaDB server of this machine's test run, started if need be. The user has all privileges.
pub fn mariadb() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::join_or_start(Kind::MariaDb))
}

/// A fresh database of any kind, filled with `ddl`.
pub fn database(kind: Kind, ddl: &str) -> Database {
    match kind {
        Kind::Postgres => postgres().create_database(ddl),
        Kind::MariaDb => mariadb().create_database(ddl),
        Kind::Sqlite => sqlite_database(ddl),
    }
}

/// A fresh SQLite file in a temporary folder.
pub fn sqlite_database(ddl: &str) -> Database {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let database = Database {
        kind: Kind::Sqlite,
        url: format!("sqlite://{}", path.display()),
        name: path.to_str().expect("a UTF-8 temporary folder").to_owned(),
        server: None,
        _folder: Some(folder),
    };
    database.execute(ddl);
    database
}

/// A separate database, dropped with this value.
#[derive(Debug)]
pub struct Database {
    pub kind: Kind,
    /// With user and password, as dbmocker takes it.
    pub url: String,
    /// The database's name; for SQLite the file's path.
    pub name: String,
    pub server: Option<&'static Server>,
    _folder: Option<tempfile::TempDir>,
}

impl Server {
    /// A new database with a random name, in which `ddl` has been run by the server's own client.
    pub fn create_database(&'static self, ddl: &str) -> Database {
        let name = unique_name();
        self.admin(&format!("CREATE DATABASE {name}"));
        let database = Database { kind: self.kind, url: self.url(&name), name, server: Some(self), _folder: None };
        database.execute(ddl);
        database
    }

    pub fn url(&self, database: &str) -> String {
        self.url_as(self.user, self.password, database)
    }

    /// The URL of another account, which the test has created.
    pub fn url_as(&self, user: &str, password: &str, database: &str) -> String {
        let scheme = if self.kind == Kind::Postgres { "postgres" } else { "mysql" };
        format!("{scheme}://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Statements outside any test's own database.
    pub fn admin(&self, sql: &str) {
        let database = if self.kind == Kind::Postgres { "postgres" } else { "mysql" };
        self.run_client(database, sql);
    }

    fn run_client(&self, database: &str, sql: &str) {
        let output = feed(self.client(database), sql);
        assert!(output.status.success(), "client: {}\n{sql:.400}", String::from_utf8_lossy(&output.stderr));
    }

    /// The server's own command line client, reading statements from standard input, stopping at the first error.
    fn client(&self, database: &str) -> Command {
        let port = self.port.to_string();
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut c = Command::new("psql");
                c.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port, "-U", self.user]);
                c.env("PGPASSWORD", self.password).env("PGOPTIONS", "-c client_min_messages=warning");
                c.args(["-d", database]);
                c
            }
            _ => {
                let mut c = Command::new("mariadb");
                c.args(["--no-defaults", "--default-character-set=utf8mb4", "-h", "127.0.0.1", "-P", &port]);
                c.args(["-u", self.user]).env("MYSQL_PWD", self.password).arg(database);
                c
            }
        };
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The major version, 18 or 9; 10 and 11 are MariaDB's.
    pub fn version(&self) -> u32 {
        let database = if self.kind == Kind::Postgres { "postgres" } else { "mysql" };
        let sql = if self.kind == Kind::Postgres { "\\t\nSHOW server_version;" } else { "SELECT version();" };
        let output = feed(self.client(database), sql);
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().map(str::trim).find(|l| l.starts_with(|c: char| c.is_ascii_digit()));
        let number = line.and_then(|l| l.split('.').next());
        number.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("no version: {text}"))
    }

    /// Whether the tests have started it: its folder then holds its log and its socket.
    pub fn is_own(&self) -> bool {
        given(self.kind).is_none()
    }

    fn given(kind: Kind, url: &str) -> Server {
        let malformed = || -> ! { panic!("`{url}` should be SCHEME://USER:PASSWORD@127.0.0.1:PORT") };
        let rest = url.split_once("://").map_or_else(|| malformed(), |(_, rest)| rest);
        let Some((account, address)) = rest.rsplit_once('@') else { malformed() };
        let address = address.split(['/', '?']).next().unwrap_or(address);
        let port = address.strip_prefix("127.0.0.1:").and_then(|port| port.parse().ok());
        let Some(port) = port else { malformed() };
        let (user, password) = account.split_once(':').unwrap_or((account, ""));
        let folder = base_folder().join(format!("{kind:?}-{port}"));
        fs::create_dir_all(&folder).unwrap();
        let users = File::create(folder.join("given")).unwrap();
        let kept = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        Server { kind, port, user: kept(user), password: kept(password), folder, _users: users }
    }

    fn join_or_start(kind: Kind) -> Server {
        if let Some(url) = given(kind) {
            return Server::given(kind, &url);
        }
        let base = base_folder();
        let mut hash = DefaultHasher::new();
        (SOURCE, KEEPER).hash(&mut hash);
        let name = if kind == Kind::Postgres { "postgres" } else { "mariadb" };
        let folder = base.join(format!("{name}-{:08x}", hash.finish() >> 32));
        let deciding = File::create(folder.with_extension("lock")).unwrap();
        deciding.lock().unwrap();
        if let Some(server) = Server::join(kind, &folder) {
            return server;
        }
        remove_leftover(&folder);
        Server::start(kind, &folder)
    }

    /// The server in `folder`, if one is running there.
    fn join(kind: Kind, folder: &Path) -> Option<Server> {
        let port = fs::read_to_string(folder.join("ready")).ok()?.trim().parse().ok()?;
        let keeper = File::open(folder.join("keeper")).ok()?;
        if keeper.try_lock_shared().is_ok() {
            return None; // it has no keeper: a leftover
        }
        Some(Server::new(kind, folder, port))
    }

    fn new(kind: Kind, folder: &Path, port: u16) -> Server {
        let users = File::create(folder.join("users")).unwrap();
        users.lock_shared().unwrap();
        let user = if kind == Kind::Postgres { "postgres" } else { "tester" };
        Server { kind, port, user, password: PASSWORD, folder: folder.to_owned(), _users: users }
    }

    #[expect(clippy::zombie_processes, reason = "the keeper outlives this process on purpose")]
    fn start(kind: Kind, folder: &Path) -> Server {
        fs::create_dir(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Server::new(kind, folder, port);
        let (signal, command) = match kind {
            Kind::Postgres => ("QUIT", prepare_postgres(folder, port)),
            _ => ("KILL", prepare_mariadb(folder, port)),
        };
        let mut keeper = Command::new("setsid")
            .args(["sh", "-c", KEEPER, "keeper", "run"])
            .arg(folder)
            .arg(signal)
            .args(command)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`setsid` (util-linux) should be installed");
        let begun = Instant::now();
        while !server.answers() {
            if keeper.try_wait().unwrap().is_some() || begun.elapsed() > START_LIMIT {
                let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
                let _ = keeper.kill();
                remove_leftover(folder);
                panic!("the {kind:?} server did not start:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        fs::write(folder.join("ready"), port.to_string()).unwrap();
        server
    }

    fn answers(&self) -> bool {
        let database = if self.kind == Kind::Postgres { "postgres" } else { "mysql" };
        feed(self.client(database), "SELECT 1;").status.success()
    }
}

impl Database {
    /// Runs statements; fails the test at the first error.
    pub fn execute(&self, sql: &str) {
        match self.server {
            Some(server) => server.run_client(&self.name, sql),
            None => self.sqlite().execute_batch(sql).unwrap_or_else(|e| panic!("{e}\n{sql:.400}")),
        }
    }

    /// Runs a script with the client of the server, in the folder that holds it; fails the test at the first error.
    pub fn run_script(&self, folder: &Path, script: &str) {
        let mut command = match self.server {
            Some(server) => server.client(&self.name),
            None => {
                let mut c = Command::new("sqlite3");
                c.arg(&self.name).stdout(Stdio::piped()).stderr(Stdio::piped());
                c
            }
        };
        if self.kind == Kind::Postgres {
            command.args(["-f", script]);
        }
        let text = fs::read_to_string(folder.join(script)).unwrap();
        command.current_dir(folder);
        let output = feed(command, &text);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The rows of one query, every value as the server's text, `None` for NULL.
    pub fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        match self.kind {
            Kind::Postgres => self.postgres_rows(sql),
            Kind::MariaDb => self.mariadb_rows(sql),
            Kind::Sqlite => self.sqlite_rows(sql),
        }
    }

    /// The one value of a query that gives one.
    pub fn value(&self, sql: &str) -> Option<String> {
        let mut rows = self.rows(sql);
        assert_eq!(rows.len(), 1, "one row expected from {sql}");
        rows.remove(0).remove(0)
    }

    /// The one whole number of a query such as `SELECT count(*) ...`.
    pub fn number(&self, sql: &str) -> i64 {
        let text = self.value(sql).expect("a number, not NULL");
        text.parse().unwrap_or_else(|e| panic!("`{text}`: {e}: {sql}"))
    }

    /// `schema.table` as dbmocker's reports name a table of the default schema.
    pub fn qualified(&self, table: &str) -> String {
        match self.kind {
            Kind::Postgres => format!("public.{table}"),
            Kind::MariaDb => format!("{}.{table}", self.name),
            Kind::Sqlite => format!("main.{table}"),
        }
    }

    fn sqlite(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(&self.name).unwrap();
        connection.busy_timeout(Duration::from_secs(30)).unwrap();
        connection
    }

    fn sqlite_rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        use rusqlite::types::ValueRef;
        let connection = self.sqlite();
        let mut statement = connection.prepare(sql).unwrap_or_else(|e| panic!("{e}\n{sql:.400}"));
        let width = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut out = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            out.push(
                (0..width)
                    .map(|i| match row.get_ref(i).unwrap() {
                        ValueRef::Null => None,
                        ValueRef::Integer(n) => Some(n.to_string()),
                        ValueRef::Real(x) => Some(format!("{x:?}")),
                        ValueRef::Text(t) => Some(String::from_utf8_lossy(t).into_owned()),
                        ValueRef::Blob(b) => Some(b.iter().map(|x| format!("{x:02x}")).collect()),
                    })
                    .collect(),
            );
        }
        out
    }

    fn postgres_rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let mut client = postgres::Client::connect(&self.url, postgres::NoTls).unwrap();
        let messages = client.simple_query(sql).unwrap_or_else(|e| panic!("{e}: {:?}\n{sql:.400}", e.as_db_error()));
        messages
            .iter()
            .filter_map(|m| match m {
                postgres::SimpleQueryMessage::Row(r) => Some(r),
                _ => None,
            })
            .map(|r| (0..r.len()).map(|i| r.get(i).map(str::to_owned)).collect())
            .collect()
    }

    /// Uses the client's XML output, the only format that distinguishes NULL from the text `NULL`.
    fn mariadb_rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let server = self.server.expect("a MariaDB database has a server");
        let mut command = server.client(&self.name);
        command.arg("--xml");
        let output = feed(command, sql);
        assert!(output.status.success(), "{}\n{sql:.400}", String::from_utf8_lossy(&output.stderr));
        parse_xml(&String::from_utf8_lossy(&output.stdout))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A failing drop must not hide the test's own failure; the server is removed in any case.
        let Some(server) = self.server else { return };
        let (database, force) = if self.kind == Kind::Postgres { ("postgres", " WITH (FORCE)") } else { ("mysql", "") };
        feed(server.client(database), &format!("DROP DATABASE IF EXISTS {}{force};", self.name));
    }
}

/// The URL of a server that runs already.
fn given(kind: Kind) -> Option<String> {
    let name = if kind == Kind::Postgres { "DBMOCKER_TEST_POSTGRES_URL" } else { "DBMOCKER_TEST_MYSQL_URL" };
    std::env::var(name).ok().filter(|url| !url.is_empty())
}

/// The folder of all servers of this user; `DBMOCKER_TEST_SERVERS` names another folder.
fn base_folder() -> PathBuf {
    let uid = fs::metadata("/proc/self").map_or(0, |m| m.uid());
    let base = std::env::var_os("DBMOCKER_TEST_SERVERS")
        .map_or_else(|| std::env::temp_dir().join(format!("dbmocker-tests-{uid}")), PathBuf::from);
    fs::create_dir_all(&base).unwrap();
    fs::set_permissions(&base, fs::Permissions::from_mode(0o755)).unwrap();
    base
}

fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() % 1_000_000_000_000;
    format!("t{}_{nanos}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn feed(mut command: Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{:?}: {e}; `make test` installs the database servers", command.get_program()));
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_owned();
    // In a separate thread: a client may fill its output pipe before it has read everything.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Stops a server whose keeper was killed.
fn remove_leftover(folder: &Path) {
    if let Ok(pid) = fs::read_to_string(folder.join("pid")) {
        let pid = pid.trim();
        let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let ours = String::from_utf8_lossy(&command_line).contains(&*folder.to_string_lossy());
        if ours {
            let _ = Command::new("kill").args(["-QUIT", pid]).status();
            std::thread::sleep(Duration::from_millis(500));
            let _ = Command::new("kill").args(["-KILL", pid]).stderr(Stdio::null()).status();
        }
    }
    let _ = fs::remove_dir_all(folder);
}

/// Makes the data folder; returns the command that runs the server in the foreground.
fn prepare_postgres(folder: &Path, port: u16) -> Vec<String> {
    let data = folder.join("data");
    let passwords = folder.join("password");
    fs::create_dir(&data).unwrap();
    fs::write(&passwords, PASSWORD).unwrap();
    let root = is_root();
    if root {
        // PostgreSQL refuses to run as root; the system user comes with the distribution's package.
        run(Command::new("chown").arg("postgres").args([&data, &passwords, &folder.to_owned()]));
    }
    let path = |p: &Path| p.to_str().expect("a UTF-8 temporary folder").to_owned();
    let mut initdb = as_user(root, &postgres_binary("initdb"));
    initdb.extend(["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D"].map(String::from));
    initdb.extend([path(&data), "--auth-local=trust".into(), "--auth-host=scram-sha-256".into()]);
    initdb.push(format!("--pwfile={}", path(&passwords)));
    run(Command::new(&initdb[0]).args(&initdb[1..]));
    let mut server = as_user(root, &postgres_binary("postgres"));
    server.extend(["-D".into(), path(&data), "-p".into(), port.to_string(), "-k".into(), path(folder)]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "max_connections=200",
        "max_locks_per_transaction=512",
        "shared_buffers=256MB",
        "max_wal_size=4GB",
    ] {
        server.extend(["-c".into(), setting.into()]);
    }
    server
}

fn prepare_mariadb(folder: &Path, port: u16) -> Vec<String> {
    let path = |name: &str| folder.join(name).to_str().expect("a UTF-8 temporary folder").to_owned();
    let user: &[&str] = if is_root() { &["--user=mysql"] } else { &[] };
    // A server, also the installer's, removes other servers' temporary tables from a folder that it shares with them.
    fs::create_dir(path("tmp")).unwrap();
    if is_root() {
        run(Command::new("chown").arg("mysql").arg(folder).arg(path("tmp")));
    }
    run(Command::new("mariadb-install-db")
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--datadir={}", path("data")))
        .arg(format!("--tmpdir={}", path("tmp")))
        .args(user));
    let account = format!(
        "CREATE USER tester@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO tester@'%' WITH GRANT OPTION;\n"
    );
    fs::write(folder.join("accounts.sql"), account).unwrap();
    let daemon = ["/usr/sbin/mariadbd", "/usr/libexec/mariadbd"].into_iter().find(|p| Path::new(p).exists());
    let mut command = vec![daemon.unwrap_or("mariadbd").to_owned()];
    command.extend([
        "--no-defaults".into(),
        format!("--datadir={}", path("data")),
        format!("--socket={}", path("socket")),
        format!("--tmpdir={}", path("tmp")),
        format!("--pid-file={}", path("mariadb.pid")),
        format!("--init-file={}", path("accounts.sql")),
        format!("--port={port}"),
    ]);
    command.extend(
        [
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--local-infile=1",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            "--innodb-buffer-pool-size=256M",
            "--innodb-log-file-size=256M",
            "--max-connections=300",
            "--max-allowed-packet=64M",
        ]
        .map(String::from),
    );
    command.extend(user.iter().map(|u| (*u).to_owned()));
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// `setpriv` replaces itself with the program, so that the keeper's signals reach the server.
fn as_user(root: bool, program: &str) -> Vec<String> {
    let switch = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"];
    let mut command: Vec<String> = if root { switch.map(String::from).to_vec() } else { Vec::new() };
    command.push(program.to_owned());
    command
}

/// From the newest of the distribution's versions, else from the PATH.
fn postgres_binary(name: &str) -> String {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|e| {
            let path = e.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            let program = path.join("bin").join(name);
            program.exists().then_some((version, program))
        })
        .collect();
    found.sort();
    found.pop().map_or_else(|| name.to_owned(), |(_, p)| p.to_string_lossy().into_owned())
}

fn run(command: &mut Command) {
    let output = command
        .stdin(Stdio::null())
        .current_dir("/")
        .output()
        .unwrap_or_else(|e| panic!("{:?}: {e}; `make test` installs the database servers", command.get_program()));
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The `mariadb --xml` form: `<row>` of `<field name="c">text</field>` or `<field name="c" xsi:nil="true" />`.
fn parse_xml(xml: &str) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    for row in xml.split("<row>").skip(1) {
        let row = row.split("</row>").next().unwrap_or(row);
        let mut values = Vec::new();
        for field in row.split("<field name=\"").skip(1) {
            let (_, rest) = field.split_once('"').expect("a quoted field name");
            values.push(rest.strip_prefix('>').map(|text| unescape(text.split("</field>").next().unwrap_or(text))));
        }
        rows.push(values);
    }
    rows
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
