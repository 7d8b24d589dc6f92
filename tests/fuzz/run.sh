#!/bin/sh
# Runs the fuzz targets: all of them, or the one named, for so many seconds each. The first crash ends it; its input stays in
# tests/fuzz/artifacts. Inputs that reach new code go to target/fuzz/corpus; those in the repository are read only.
set -eu
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
test -x "$root/target/tools/bin/cargo-fuzz" || cargo install --quiet --locked --root "$root/target/tools" cargo-fuzz@0.13.2
PATH="$root/target/tools/bin:$PATH"
for target in ${1:-$(ls targets | sed 's/[.]rs$//')}; do
    mkdir -p "$root/target/fuzz/corpus/$target"
    echo "$target"
    cargo fuzz run --fuzz-dir . --target-dir "$root/target/fuzz" --sanitizer none "$target" \
        "$root/target/fuzz/corpus/$target" "corpus/$target" -- -max_total_time="${2:-600}" -timeout=20 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1
done
