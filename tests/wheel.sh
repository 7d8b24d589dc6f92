#!/bin/sh
# Builds the wheel, installs it into a fresh virtual environment, and fills a SQLite shop through `python -m dbmocker.cli`.
# Usage: tests/wheel.sh [maturin options, e.g. --release]. Needs python3 with venv, sqlite3, and maturin or a network to fetch it.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/tools"
if command -v maturin >/dev/null; then
    maturin=maturin
else
    "$work/tools/bin/pip" -q install 'maturin>=1.8,<2'
    maturin="$work/tools/bin/maturin"
fi
(cd "$here" && "$maturin" build "${@:---profile=dev}" --out "$work/wheels")

python3 -m venv "$work/fresh"
"$work/fresh/bin/pip" -q install --no-index --no-deps "$work"/wheels/*.whl
sqlite3 "$work/mydb.db" <"$here/tests/schemas/sqlite/shop.sql"
"$work/fresh/bin/python" -m dbmocker.cli high-performance --driver sqlite --database "$work/mydb.db" --rows 2000 \
    --enable-duplicates users.status,orders.priority --smart-duplicates products.rating

for table in users categories products orders order_items; do
    rows=$(sqlite3 "$work/mydb.db" "SELECT count(*) FROM $table")
    [ "$rows" = 2000 ] || { echo "$table holds $rows rows, not 2000" >&2; exit 1; }
done
[ "$(sqlite3 "$work/mydb.db" 'SELECT count(DISTINCT status) FROM users')" = 1 ]
code=0
"$work/fresh/bin/python" -m dbmocker.cli plan --url sqlite:///no/such/file.db 2>/dev/null || code=$?
[ "$code" = 3 ] || { echo "exit code $code, not the program's 3" >&2; exit 1; }
echo "the wheel works"
