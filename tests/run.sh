#!/bin/sh
# Runs every test and stops the servers that the tests started, however the tests end.
set -eu
cd "$(dirname "$0")/.."

DBMOCKER_TEST_SERVERS=$(mktemp -d "${TMPDIR:-/tmp}/dbmocker-tests.XXXXXX")
export DBMOCKER_TEST_SERVERS
trap 'sh tests/it/keeper.sh stop "$DBMOCKER_TEST_SERVERS"' EXIT
trap 'exit 130' INT TERM HUP

if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --no-fail-fast "$@"
else
    cargo test --workspace --locked --lib --bins --tests "$@"
fi
[ $# -eq 0 ] || exit 0 # arguments select tests: no other steps
cargo test --doc --workspace --locked
sh tests/wheel.sh
