#!/bin/sh
# Installs the missing packages that the tests need, from Debian, without prompts. Starts no service: the tests start their
# own servers.
set -eu

missing=""
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
have mariadbd || missing="$missing mariadb-server"
have mariadb || missing="$missing mariadb-client"
have psql || missing="$missing postgresql-client"
if ! have initdb && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then missing="$missing postgresql"; fi
# PostGIS is built for one version of the server: the newest one installed, or the one to be installed.
version=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sed 's|.*/postgresql/||; s|/.*||' | sort -n | tail -1)
[ -n "$version" ] || version=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1)
if [ -n "$version" ] && ! ls /usr/share/postgresql/"$version"/extension/postgis.control >/dev/null 2>&1; then
    missing="$missing postgresql-$version-postgis-3"
fi
have sqlite3 || missing="$missing sqlite3"
have setsid && have flock && have setpriv || missing="$missing util-linux"
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
[ -n "$missing" ] || exit 0

if ! have apt-get; then
    echo "the tests need these, please install them:$missing" >&2
    exit 1
fi
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo -n"
echo "installing for the tests:$missing"

# While this file exists, packages do not start their services.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod +x "$policy"
    trap '$sudo rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086  # a list of words
if ! { $sudo apt-get update -q && $sudo apt-get install -q -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    exit 1
fi
rm -f "$log"
