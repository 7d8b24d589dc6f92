#!/bin/sh
# formula.sh HOMEPAGE SOURCE.tar.gz: prints the Homebrew formula of the version in Cargo.toml.
set -eu
here=$(dirname "$0")
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/../Cargo.toml" | head -1)
sum=$(sha256sum "$2" | cut -d' ' -f1)
sed -e "s|@HOMEPAGE@|$1|g" -e "s|@VERSION@|$version|g" -e "s|@SHA256@|$sum|g" -e '/^# Untested/d' "$here/dbmocker.rb"
