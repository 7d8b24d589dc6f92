#!/bin/sh
# demo.sh PROGRAM FOLDER: a shop from its DDL to 500 000 verified rows.
set -eu
program=$1 folder=$2
here=$(dirname "$0")
rows=${ROWS_DEMO:-100000}

rm -rf "$folder"
mkdir -p "$folder"
database=$folder/shop.db
sqlite3 "$database" <"$here/schemas/sqlite/shop.sql"
url=sqlite://$database

say() { printf '\n== %s\n' "$*"; }
say "plan: dbmocker plan --url $url --rows $rows"
"$program" plan --url "$url" --rows "$rows"
say "load: dbmocker load --url $url --rows $rows"
"$program" load --url "$url" --rows "$rows" --report "$folder/report.json"
say "verify: dbmocker verify --url $url"
"$program" verify --url "$url"
for table in users order_items; do
    say "five rows of $table"
    sqlite3 -box "$database" "SELECT * FROM $table ORDER BY id LIMIT 5"
done
printf '\nThe database is %s, the report %s/report.json\n' "$database" "$folder"
