# keeper FOLDER SIGNAL COMMAND...   runs the server COMMAND until the standard input ends, then removes FOLDER
folder=$1 signal=$2
shift 2
(
    "$@" >"$folder/server.log" 2>&1 </dev/null &
    echo $! >"$folder/pid"
    wait $!
    : >"$folder/ended"
) &
job=$!
trap '' INT TERM HUP QUIT
cat >/dev/null
kill -s "$signal" "$(cat "$folder/pid")" 2>/dev/null
wait "$job"
cd /
rm -rf "$folder"
