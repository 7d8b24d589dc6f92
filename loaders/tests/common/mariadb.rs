//! A throw-away MariaDB: its own folder, its own port on the loopback, stopped when dropped (also by a panic).

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, Loader, TlsMode};

pub struct Server {
    child: Child,
    dir: tempfile::TempDir,
    pub port: u16,
}

impl Server {
    /// With `LOAD DATA LOCAL` allowed, an empty database `shop` and a user `root` without a password.
    pub fn start() -> Server {
        Server::start_with(&["--local-infile=1"])
    }

    /// With further options of `mariadbd`.
    pub fn start_with(options: &[&str]) -> Server {
        let dir = tempfile::Builder::new().prefix("dbmocker-mariadb-").tempdir().unwrap();
        let data = dir.path().join("data");
        copy(&template(), &data);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let child = Command::new("mariadbd")
            .args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1", "--skip-log-bin"])
            .args(["--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0", "--performance-schema=0"])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", dir.path().join("sock").display()))
            // A server removes other servers' temporary tables from a folder that it shares with them.
            .arg(format!("--tmpdir={}", data.display()))
            .arg(format!("--pid-file={}", dir.path().join("pid").display()))
            .arg(format!("--port={port}"))
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("mariadbd is installed: apt install mariadb-server");
        let mut server = Server { child, dir, port };
        server.wait();
        let mut loader = dbmocker_loaders::mysql::connect(&server.connection("")).unwrap();
        loader.execute("CREATE DATABASE shop CHARACTER SET utf8mb4").unwrap();
        loader.finish().unwrap();
        server
    }

    fn wait(&mut self) {
        let until = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().unwrap().is_some();
            let log = || std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(!ended && Instant::now() < until, "mariadbd did not start:\n{}", log());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    pub fn connection(&self, database: &str) -> Connection {
        Connection {
            dialect: Dialect::Mysql,
            host: "127.0.0.1".into(),
            port: self.port,
            user: "root".into(),
            password: None,
            database: database.into(),
            tls: TlsMode::Disable,
            ..Connection::default()
        }
    }

    pub fn loader(&self) -> Box<dyn Loader> {
        dbmocker_loaders::mysql::connect(&self.connection("shop")).unwrap()
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An initialised data folder, created once and kept in the build folder.
fn template() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mariadb-template");
    if place.is_dir() {
        return place;
    }
    let fresh = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let data = fresh.path().join("data");
    let output = Command::new("mariadb-install-db")
        .args(["--no-defaults", "--user=root", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .args(["--skip-name-resolve", "--innodb-log-file-size=16M"])
        .arg(format!("--datadir={}", data.display()))
        // The installer's server also removes other servers' temporary tables.
        .arg(format!("--tmpdir={}", fresh.path().display()))
        .output()
        .expect("mariadb-install-db is installed: apt install mariadb-server");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Another test may have created the folder first.
    let _ = std::fs::rename(&data, &place);
    assert!(place.is_dir());
    place
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
