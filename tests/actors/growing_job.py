"""A run on a cluster with Ray's autoscaler and processes as nodes. Argument: a folder, for told.json."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ray
from ray import cluster_utils

from tests import machines, tiny_run
from tools.chaos import world

FOLDER = Path(sys.argv[1])
RUN = FOLDER / "run"
WORDS = [
    *tiny_run.WORDS,
    "cluster=auto",
    "cluster.grows=true",
    "cluster.max_nodes=4",
    "selfplay.num_actors=0",
    "ladder.games_per_network=0",
    "training.replay_ratio=0.2",  # so that the learner can use many self-play actors
    f"run.dir={RUN}",
]
WAIT_S = 200


class Autoscaling(cluster_utils.AutoscalingCluster):
    """Ray's cluster of fake nodes, without an example file that Ray's package on PyPI lacks."""

    def _generate_config(self, head_resources, worker_node_types, autoscaler_v2=False, **settings):
        head = {"resources": dict(head_resources), "node_config": {}, "max_workers": 0}
        empty = (
            "setup",
            "head_setup",
            "worker_setup",
            "initialization",
            "head_start_ray",
            "worker_start_ray",
        )
        return {
            "cluster_name": "growing",
            "max_workers": 6,
            "provider": {
                "type": "fake_multinode",
                "use_node_id_as_ip": True,
                "disable_node_updaters": True,
                "disable_launch_config_check": True,
            },
            "available_node_types": {"head": head, **worker_node_types},
            "head_node_type": "head",
            "auth": {},
            "docker": {},
            "file_mounts": {},
            "cluster_synced_files": [],
            "file_mounts_sync_continuously": False,
            "rsync_exclude": [],
            "rsync_filter": [],
            **{f"{name}_commands": [] for name in empty},
            **settings,
        }


def num_nodes():
    return sum(node["Alive"] for node in ray.nodes())


def num_selfplay_actors():
    return len(world.actors().get("self-play", []))


def wait_for(what, condition):
    began = time.monotonic()
    machines.wait_until(condition, what, WAIT_S)
    return round(time.monotonic() - began, 1)


def main():
    os.environ["RAY_AUTH_TOKEN"] = "a" * 64
    os.environ |= {"RAY_health_check_period_ms": "1000", "RAY_health_check_failure_threshold": "2"}
    kind = {"resources": {"CPU": 1, "object_store_memory": 80_000_000}, "node_config": {}}
    cluster = Autoscaling(
        head_resources={"CPU": 2, "object_store_memory": 80_000_000},
        worker_node_types={"worker": {**kind, "min_workers": 0, "max_workers": 6}},
        idle_timeout_minutes=0.1,
        upscaling_speed=10,
    )
    cluster.start()
    ray.init("auto", log_to_driver=False)
    told = {"nodes at first": num_nodes()}
    with (FOLDER / "driver.log").open("w") as output:
        run = subprocess.Popen(
            [sys.executable, "-m", "alphazero.run", *WORDS],
            stdout=output,
            stderr=output,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        told["grown after"] = wait_for("four nodes", lambda: num_nodes() == 4)
        told["played after"] = wait_for("their self-play actors", lambda: num_selfplay_actors() == 4)
        lost = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU") == 1][:2]
        for node in lost:
            os.kill(raylet_of(node["NodeID"]), signal.SIGKILL)
        gone = {node["NodeID"] for node in lost}
        wait_for("the loss", lambda: not gone & {node["NodeID"] for node in ray.nodes() if node["Alive"]})
        told["grown again after"] = wait_for("four nodes again", lambda: num_nodes() == 4)
        told["played again after"] = wait_for("their self-play actors", lambda: num_selfplay_actors() == 4)
        run.send_signal(signal.SIGINT)
        told["code"] = run.wait(90)
        told["shrunk after"] = wait_for("the head alone", lambda: num_nodes() == 1)
    finally:
        run.kill()
        told["log"] = (FOLDER / "driver.log").read_text()[-3000:]
        (FOLDER / "told.json").write_text(json.dumps(told))


def raylet_of(node_id):
    """The id of the node's raylet process; the node's workers end with it."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or b"/raylet" not in (folder / "cmdline").read_bytes().split(b"\0")[0]:
            continue
        if f"RAY_OVERRIDE_NODE_ID_FOR_TESTING={node_id}".encode() in (folder / "environ").read_bytes():
            return int(folder.name)
    raise AssertionError(f"no process is node {node_id}")


if __name__ == "__main__":
    main()
