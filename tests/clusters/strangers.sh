# Tries to get at a cluster, one way after the other, and says for each what came of it. With the token in
# the environment it gets in everywhere, which shows that the ways are right.
#   bash strangers.sh HEAD PYTHON
head=$1 python=$2
ray="$(dirname "$python")/ray"
dashboard=http://127.0.0.1:8265

try() {
    name=$1
    shift
    if "$@" > "/tmp/ray/stranger-$name.log" 2>&1; then echo "$name: in"; else echo "$name: refused"; fi
}

ask() {
    token=()
    [ -z "${RAY_AUTH_TOKEN:-}" ] || token=(-H "Authorization: Bearer $RAY_AUTH_TOKEN")
    curl --fail --silent --max-time 10 "${token[@]}" "$@"
}

try driver "$python" -c "import ray; ray.init(address='$head:6379'); print(ray.nodes())" &
try client "$python" -c "import ray; ray.init(address='ray://$head:10001'); print(ray.nodes())" &
try submit "$ray" job submit --address $dashboard -- true &
try jobs ask $dashboard/api/jobs/ &
try nodes ask "$dashboard/nodes?view=summary" &
try actors ask $dashboard/logical/actors &
try logs ask "$dashboard/api/v0/logs?node_ip=$head" &
try agent ask "http://$head:52365/api/job_agent/jobs/" --json '{"entrypoint": "true"}' &
# Only where it must fail: `ray start` would make this machine a node.
[ -n "${RAY_AUTH_TOKEN:-}" ] || try node "$ray" start --address="$head:6379" --disable-usage-stats &
wait
