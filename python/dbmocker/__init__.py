"""Finds the ``dbmocker`` program that this package's wheel has installed."""

import os
import sys
import sysconfig


def program():
    """The path of the program.

    Raises FileNotFoundError if the wheel's scripts are gone.
    """
    name = "dbmocker" + (sysconfig.get_config_var("EXE") or "")
    folders = [sysconfig.get_path("scripts"), os.path.dirname(sys.executable)]
    for scheme in ("posix_user", "nt_user", "osx_framework_user"):
        if scheme in sysconfig.get_scheme_names():
            folders.append(sysconfig.get_path("scripts", scheme=scheme))
    # `pip install --target DIR` puts scripts into DIR/bin, beside this package.
    folders.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"))
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(
        "the dbmocker program is in none of %s; install the wheel again" % ", ".join(folders)
    )
