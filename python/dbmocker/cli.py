"""``python -m dbmocker.cli ARGS...``: the program with the same arguments, streams and exit code."""

import os
import subprocess
import sys

from . import program


def main():
    """Runs the program; returns its exit code where the process cannot be replaced by it."""
    try:
        path = program()
    except FileNotFoundError as error:
        print("error: %s" % error, file=sys.stderr)
        return 2
    args = [path] + sys.argv[1:]
    if os.name == "posix":
        os.execv(path, args)
    try:
        return subprocess.call(args)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
