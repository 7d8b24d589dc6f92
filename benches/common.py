"""Temporary servers, timed processes, medians and flags for the benchmarks."""
import argparse
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BINARY = HERE.parent / "target" / "release" / "dbmocker"


def parser(about, repeat=None, only=None, **more):
    """The flags that all benchmarks share, with an explanation; `only`: what may be chosen. More may be added."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter, **more)
    made.add_argument("--bin", default=BINARY, help="the program [default: target/release/dbmocker]")
    if repeat:
        made.add_argument("--repeat", type=int, default=repeat)
    if only:
        made.add_argument("--only", nargs="*", choices=only, default=only)
    return made


def timed(argv, stdin=None):
    """Runs a program; wall-clock and CPU seconds. A failure ends the benchmark."""
    return measured(argv, stdin)[:2]


def measured(argv, stdin=None):
    """Runs a program; wall-clock seconds, CPU seconds, peak resident memory in bytes. A failure ends the benchmark."""
    begun = time.monotonic()
    errors = subprocess.PIPE
    process = subprocess.Popen([str(a) for a in argv], stdin=stdin, stdout=subprocess.DEVNULL, stderr=errors)
    said = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{argv[0]} failed:\n{said[-2000:]}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def run(argv, **more):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, argv))[:300]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def compiled(folder, source, *libraries):
    """A C program of this folder, compiled."""
    program = folder / pathlib.Path(source).stem
    run(["cc", "-O2", "-o", program, HERE / source, *libraries])
    return program


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def user_of(user, folder):
    """The servers refuse to run as root: the prefix that makes them another user, who owns the folder."""
    if os.geteuid():
        return []
    shutil.chown(folder, user)
    return ["runuser", "-u", user, "--"]


def median(numbers):
    return statistics.median(numbers)


SERVERS = ["PostgreSQL", "MariaDB", "SQLite"]


class Postgres:
    name = "PostgreSQL"

    def __init__(self, root):
        self.folder = root / "pg"
        self.folder.mkdir()
        self.user = user_of("postgres", self.folder)
        self.port = free_port()
        homes = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        self.bin = homes[0] if homes else pathlib.Path(shutil.which("initdb") or sys.exit("no PostgreSQL server")).parent
        data = self.folder / "data"
        run([*self.user, self.bin / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--locale=C.UTF-8"])
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c max_wal_size=4GB"
        start = [*self.user, self.bin / "pg_ctl", "-D", data, "-l", self.folder / "log", "-o", options, "-w", "start"]
        subprocess.run([str(a) for a in start], check=True, stdout=subprocess.DEVNULL)
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def client(self, *more):
        return ["psql", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", *more]

    def sql(self, text):
        return run(self.client(), input=text)

    def stop(self):
        stop = [*self.user, self.bin / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop"]
        subprocess.run([str(a) for a in stop], stdout=subprocess.DEVNULL)


class MariaDb:
    name = "MariaDB"

    def __init__(self, root):
        self.folder = root / "maria"
        self.folder.mkdir()
        user_of("mysql", self.folder)
        user = [] if os.geteuid() else ["--user=mysql"]
        self.port = free_port()
        data = self.folder / "data"
        # A server removes other servers' temporary tables from a folder that it shares with them.
        temporary = self.folder / "tmp"
        temporary.mkdir()
        user_of("mysql", temporary)
        user += [f"--tmpdir={temporary}"]
        install = ["mariadb-install-db", "--no-defaults", *user, f"--datadir={data}"]
        run([*install, "--auth-root-authentication-method=normal"])
        server = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        self.socket = self.folder / "s.sock"
        options = [f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.socket}", "--local-infile=1",
                   "--innodb-buffer-pool-size=512M", "--innodb-log-file-size=512M", "--secure-file-priv=",
                   "--character-set-server=utf8mb4"]
        log = open(self.folder / "log", "w")
        self.process = subprocess.Popen([server, "--no-defaults", *user, f"--datadir={data}", *options], stdout=log, stderr=log)
        self.url = f"mysql://root@127.0.0.1:{self.port}/bench"
        for _ in range(200):
            made = subprocess.run(self.client("-e", "CREATE DATABASE bench"), capture_output=True)
            if made.returncode == 0:
                return
            time.sleep(0.1)
        sys.exit("MariaDB did not start")

    def client(self, *more):
        return ["mariadb", "--no-defaults", "-uroot", f"--socket={self.socket}", "--local-infile=1", *more]

    def sql(self, text):
        return run(self.client("-N", "bench"), input=text)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Sqlite:
    name = "SQLite"

    def __init__(self, root):
        self.file = root / "bench.db"
        self.url = f"sqlite://{self.file}"

    def sql(self, text):
        return run(["sqlite3", "-bail", self.file], input=text)

    def stop(self):
        pass


def servers(only=None, folder=None):
    """Each server (or those of these names) in turn, running, with a folder for files; stopped and removed afterwards."""
    for kind in (Postgres, MariaDb, Sqlite):
        if only and kind.name not in only:
            continue
        with tempfile.TemporaryDirectory(prefix="dbmocker-bench-", dir=folder, ignore_cleanup_errors=True) as made:
            root = pathlib.Path(made)
            root.chmod(0o755)
            server = kind(root)
            try:
                yield server, root
            finally:
                server.stop()
