#!/bin/sh
# Runs one temporary database server for the tests and ensures that it ends.
#
#   keeper.sh run DIR SIGNAL COMMAND...   runs COMMAND until no test process has used it for IDLE seconds
#   keeper.sh stop BASE                   stops every server below BASE as soon as no test uses it, and waits
#
# DIR/users  is share-locked by every test process while it runs; the kernel releases the lock however it ends.
# DIR/keeper is locked by this script: a folder whose keeper lock is free is a leftover.
# DIR.lock   is held by a process that decides whether to start, join or stop the server.
set -u
IDLE=${DBMOCKER_TEST_IDLE:-20}

run() {
    dir=$1 signal=$2
    shift 2
    exec 9>"$dir/keeper"
    flock -x 9
    "$@" >"$dir/server.log" 2>&1 </dev/null 9>&- &
    server=$!
    echo "$server" >"$dir/pid"
    trap 'idle=$IDLE' TERM INT HUP
    idle=0
    while :; do
        sleep 1 9>&- &
        wait $!
        kill -0 "$server" 2>/dev/null || break
        if flock -n -x "$dir/users" true 9>&-; then idle=$((idle + 1)); else idle=0; fi
        if [ "$idle" -ge 1 ] && [ -e "$dir/stop" ]; then idle=$IDLE; fi
        if [ "$idle" -ge "$IDLE" ]; then
            exec 8>"$dir.lock"
            flock -x 8
            # A test may have joined while this process waited for the lock.
            if flock -n -x "$dir/users" true 9>&-; then break; fi
            exec 8>&-
            idle=0
        fi
    done
    kill -s "$signal" "$server" 2>/dev/null
    wait "$server"
    # A server that failed to start is left to its starter, who shows the log and removes the folder.
    if [ -e "$dir/ready" ]; then rm -rf "$dir"; fi
}

stop() {
    for dir in "$1"/*/; do
        [ -e "${dir}users" ] && touch "${dir}stop"
    done
    for _ in $(seq 100); do
        ls -d "$1"/*/ >/dev/null 2>&1 || break
        sleep 0.3
    done
    rm -rf "$1"
}

case "$1" in
run) shift && run "$@" ;;
stop) stop "$2" ;;
esac
