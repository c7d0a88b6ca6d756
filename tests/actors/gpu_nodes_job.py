"""A run with GPUs on other nodes than the driver's; the nodes come and go. Argument: a folder, for told.json.

The GPUs are logical ones: Ray counts them, and all actors compute on CPUs.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import ray
from ray._private import state

from tests import machines, tiny_run
from tools.chaos import world

FOLDER = Path(sys.argv[1])
RUN = FOLDER / "run"
WORDS = [
    *tiny_run.WORDS,
    "cluster=auto",
    "selfplay.num_actors=0",
    "cluster.actors_per_gpu=1",
    "cluster.selfplay_on=gpus",
    "ladder.games_per_network=0",
    "training.device=auto",
    "training.timeout_s=60",
    f"run.dir={RUN}",
]
STEPS_S = 150


def start_node(name):
    log = FOLDER / f"{name}.log"
    words = ["--address=127.0.0.1:6379", "--num-cpus=2", "--num-gpus=1", "--object-store-memory=100000000"]
    return world.RayNode([*words, "--resources", json.dumps({name: 1})], log)


def places():
    """Names of the nodes of each class of actors."""
    nodes = {
        entry["NodeID"]: next((name for name in entry["Resources"] if name.startswith("gpu-")), "head")
        for entry in ray.nodes()
    }
    found = {}
    for actor in state.actors().values():
        if actor["State"] == "ALIVE":
            kind = actor["ActorClassName"]
            found.setdefault(kind, []).append(nodes.get(actor["Address"]["NodeID"], "gone"))
    return {kind: sorted(names) for kind, names in found.items()}


def is_all_on_head():
    found = places()
    working = [found.get(kind) for kind in ("LearnerActor", "EvaluatorActor")]
    return working == [["head"]] * 2 and set(found.get("SelfPlayActor", [])) == {"head"}


def status():
    try:
        return json.loads((RUN / "status.json").read_text())
    except (OSError, ValueError):
        return {}


def wait_for(what, condition):
    machines.wait_until(condition, what, STEPS_S)


def wait_for_steps(count):
    target = status().get("step", 0) + count
    wait_for(f"step {target}", lambda: status().get("step", 0) >= target)


def main():
    os.environ["RAY_AUTH_TOKEN"] = "a" * 64
    # A killed node counts as dead after two seconds instead of at least fifteen.
    os.environ |= {"RAY_health_check_period_ms": "1000", "RAY_health_check_failure_threshold": "2"}
    told = {}
    words = ["--head", "--port=6379", "--num-cpus=3", "--include-dashboard=false"]
    world.RayNode([*words, "--object-store-memory=100000000"], FOLDER / "head.log")
    nodes = {name: start_node(name) for name in ("gpu-a", "gpu-b", "gpu-c")}
    ray.init("127.0.0.1:6379", log_to_driver=False)
    with (FOLDER / "driver.log").open("w") as output:
        run = subprocess.Popen(
            [sys.executable, "-m", "alphazero.run", *WORDS],
            stdout=output,
            stderr=output,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        wait_for("a promotion", lambda: status().get("promotions", 0) >= 1)
        told["first"] = places()

        (home,) = places()["LearnerRank"]
        nodes.pop(home).kill()
        wait_for("another place", lambda: places().get("LearnerRank", [home]) != [home])
        wait_for_steps(20)
        told["moved"] = places()

        for node in nodes.values():
            node.kill()
        # Late reports of the lost actors must not be taken for steps of the new ones.
        wait_for("all actors on the head", is_all_on_head)
        wait_for_steps(20)
        told["without"] = places()

        start_node("gpu-d")
        wait_for("the learner", lambda: places().get("LearnerRank") == ["gpu-d"])
        wait_for_steps(20)
        told["again"] = places()
        run.send_signal(signal.SIGINT)
        told["code"] = run.wait(90)
    finally:
        run.kill()
        told["log"] = (FOLDER / "driver.log").read_text()[-3000:]
        (FOLDER / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
