#!/bin/sh
# Pages of plans and of reports in a headless browser. Screenshots are in target/browser/screenshots.
#
#   tests/browser.sh [PROGRAM]      without one, the program is built for development
#
# DBMOCKER_BROWSER_SCHEMAS: paths of further SQLite schemas whose pages are opened.
set -eu
cd "$(dirname "$0")/.."
need() { command -v "$1" >/dev/null || { echo "install $2: apt-get install $2" >&2; exit 2; }; }
need chromium chromium
need node nodejs
need sqlite3 sqlite3

program=${1:-}
[ -n "$program" ] || { cargo build --locked && program=target/debug/dbmocker; }
work=target/browser
mkdir -p "$work/screenshots"
[ -d "$work/node_modules/puppeteer-core" ] || npm install --no-save --no-audit --no-fund --prefix "$work" puppeteer-core@24.43.1

# 400 tables, most with one or two parents, some with none.
awk 'BEGIN { srand(1)
  for (t = 0; t < 400; t++) {
    printf "CREATE TABLE business_object_%d (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL, status VARCHAR(12), amount DECIMAL(10, 2), created_at TIMESTAMP NOT NULL", t
    for (p = 0; t % 9 && p < 1 + t % 3; p++) printf ", parent_%d_id INT REFERENCES business_object_%d (id)", p, int(rand() * (rand() < 0.3 ? 20 : t))
    print ");"
  } }' >"$work/generated.sql"

set -- benches/shop.sql "$work/generated.sql" ${DBMOCKER_BROWSER_SCHEMAS:-}
pages=
for schema; do
    name=$(basename "$schema" .sql)
    rm -f "$work/$name.db"
    sqlite3 "$work/$name.db" <"$schema"
    "$program" plan --quiet --url "sqlite://$work/$name.db" --html "$work/plan-$name.html" >/dev/null
    pages="$pages $work/plan-$name.html"
done
"$program" load --quiet --url "sqlite://$work/shop.db" --rows 20000 --report "$work/report-shop.html"
pages="$pages $work/report-shop.html"
# shellcheck disable=SC2086 # the names of the pages have no spaces
NODE_PATH="$work/node_modules" node tests/browser/pages.js "$(command -v chromium)" "$work/screenshots" $pages
