"""Finds the ``dbmocker`` program that this package's wheel has installed, and runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from typing import Any, Iterable, List, Optional


class DbmockerError(Exception):
    """The program failed, with its message.

    ``exit_code`` is the program's: 1 the verification found an error, 2 wrong usage, 3 the schema or a file cannot be
    read or no plan fits, 4 writing failed, 130 interrupted.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def program() -> str:
    """The path of the program; the environment variable ``DBMOCKER_BIN`` names another one.

    Raises FileNotFoundError if the wheel's scripts are missing.
    """
    named = os.environ.get("DBMOCKER_BIN")
    if named:
        return named
    name = "dbmocker" + (sysconfig.get_config_var("EXE") or "")
    folders = [sysconfig.get_path("scripts"), os.path.dirname(sys.executable)]
    for scheme in ("posix_user", "nt_user", "osx_framework_user"):
        if scheme in sysconfig.get_scheme_names():
            folders.append(sysconfig.get_path("scripts", scheme=scheme))
    # `pip install --target DIR` puts scripts into DIR/bin, next to this package.
    folders.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"))
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(
        "the dbmocker program is in none of %s; install the wheel again" % ", ".join(folders)
    )


def flags(options: dict) -> List[str]:
    """Keyword arguments as flags: ``seed=7`` is ``--seed 7``, ``truncate=True`` is ``--truncate``."""
    args: List[str] = []
    for name, value in options.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            args.append(flag)
        elif isinstance(value, (list, tuple)):
            args += [flag, ",".join(str(v) for v in value)]
        else:
            args += [flag, str(value)]
    return args


def run(args: Iterable[str], progress: bool = False) -> None:
    """Runs the program to its end, with a bar of tqdm if ``progress``; raises DbmockerError with its message."""
    command, bar = [program(), *args], Bar(progress)
    environment = {**os.environ, "DBMOCKER_PROGRESS": "json"} if progress else None
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    said = []
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if not (progress and bar.reads(line)):
                said.append(line)
        code = process.wait()
    except BaseException:
        # It ends its transaction and leaves the database as it was.
        process.terminate()
        process.communicate()  # reads what it still says
        raise
    finally:
        bar.close()
        if process.stderr is not None:
            process.stderr.close()
    check(code, b"".join(said))


class Bar:
    """A bar of tqdm, if it is wanted and tqdm is installed."""

    def __init__(self, wanted: bool, total: Optional[int] = None, about: str = "rows") -> None:
        self._bar: Any = None
        if wanted:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return
            self._bar = tqdm(total=total, desc=about, unit=" rows", unit_scale=True)

    def add(self, rows: int) -> None:
        if self._bar is not None:
            self._bar.update(rows)

    def reads(self, line: bytes) -> bool:
        """Whether this is a line about the progress; the bar shows it."""
        try:
            told = json.loads(line)
            rows, planned = told["rows"], told["planned"]
        except (ValueError, TypeError, KeyError):
            return False
        if self._bar is not None:
            self._bar.total = planned
            self._bar.update(rows - self._bar.n)
        return True

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def check(code: Optional[int], stderr: bytes) -> None:
    """Raises the exception for a run that ended with ``code``."""
    if code == 0:
        return
    text = stderr.decode(errors="replace").strip()
    at = text.rfind("error: ")
    if code in (130, -2):
        raise KeyboardInterrupt
    raise DbmockerError(text[at + len("error: "):] if at >= 0 else text, code if code is not None else -1)
