# Tries all ways into a cluster and prints for each: in, refused (without the right token), or failed (for another
# reason, so that the result is unknown). With the token in the environment all ways succeed, which shows that
# they are correct.
#   bash strangers.sh HEAD PYTHON FOLDER head|elsewhere
# The dashboard, and the raylet that a driver needs, are on the head only.
head=$1 python=$2 folder=$3 place=$4
ray="$(dirname "$python")/ray"
dashboard=http://127.0.0.1:8265
mkdir -p "$folder"

try() {
    name=$1
    log="$folder/$1.log"
    shift
    for _ in 1 2 3; do
        if "$@" > "$log" 2>&1; then
            echo "$name: in"
            return
        # Ray's client reports only that it could not connect.
        elif grep -qiE "token|unauthenticated|error: 40[13]|client connection timeout" "$log"; then
            echo "$name: refused"
            return
        fi
        # Ray waits half a minute for the server of each client, which may be too short on a busy machine.
    done
    echo "$name: failed"
    tail -n 5 "$log" >&2
}

ask() {
    token=()
    [ -z "${RAY_AUTH_TOKEN:-}" ] || token=(-H "Authorization: Bearer $RAY_AUTH_TOKEN")
    curl --fail --show-error --silent --max-time 60 "${token[@]}" "$@"
}

knows_it() {
    [ -n "${RAY_AUTH_TOKEN:-}" ] && [ "${WRONG:-}" != yes ]
}

client() {
    try client "$python" -c "import ray; ray.init(address='ray://$head:10001'); print(ray.nodes())"
}

try status "$ray" status --address "$head:6379" &
try agent ask "http://$head:52365/api/job_agent/jobs/" --json '{"entrypoint": "true"}' &
if [ "$place" = head ]; then
    client &
    try driver "$python" -c "import ray; ray.init(address='$head:6379'); print(ray.nodes())" &
    try submit "$ray" job submit --address $dashboard -- true &
    try jobs ask $dashboard/api/jobs/ &
    try nodes ask "$dashboard/nodes?view=summary" &
    try actors ask $dashboard/logical/actors &
    try logs ask "$dashboard/api/v0/logs?node_ip=$head" &
elif ! knows_it; then
    client &
    # With the token this command joins, as the worker did.
    try node "$ray" start --address="$head:6379" --disable-usage-stats &
fi
wait
