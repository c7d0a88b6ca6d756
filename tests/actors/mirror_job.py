"""A mirror actor of `SupervisedActors` that is killed, restarted and finished."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import ray

from actors import cluster, cluster_nodes, handles, starting, supervision
from actors import plan as plans
from actors.mirror import MirrorActor
from alphazero import run_paths
from alphazero.config import compose
from alphazero.storage import layout, stores
from tests.storage import runs


class Listener:
    """Replaces the reporter."""

    def __init__(self):
        self._received = []

    def record(self, source, metrics, step=None):
        self._received.append((source, metrics["behind"]))

    def received(self):
        return self._received


def main(folder):
    run, place = Path(folder) / "run", Path(folder) / "mirror"
    config = compose.compose(["conf=9x9", f"run.dir={run}", f"mirror.uri={place}", "mirror.state_minutes=0"])
    cluster.connect(config, str(Path(folder) / "log.txt"), "mirror")
    runs.make(run)
    node = next(node for node in cluster_nodes.Nodes(config).refresh() if node.is_driver)
    there = plans.Placement(name=plans.MIRROR, node=node, count=1, cpus=0, gpus=0)
    listener = ray.remote(num_cpus=0)(Listener).remote()
    supervised = supervision.SupervisedActors()
    services = handles.Services(reporter=listener, weight_store=listener, replay_buffer=listener)
    arguments = (config, services)
    supervised.start(plans.MIRROR, lambda: starting.start_at(there, MirrorActor, plans.MIRROR, *arguments))
    store = stores.Folder(place)
    wait_until(lambda: layout.steps(store.sizes()) == [20], supervised)
    (pid,) = processes()
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
    os.kill(pid, signal.SIGKILL)
    runs.promote(run, 7)
    wait_until(lambda: len(layout.certificates(store.sizes(), run_paths.PROMOTED)) == 4, supervised)
    assert supervised.deaths == 1
    runs.save(run, 30)
    assert supervised.stop(60) == []
    runs.save(run, 40)  # the learner saves after the other actors have stopped
    mirror: Any = supervised.handle(plans.MIRROR)
    ray.get(mirror.finish.remote(), timeout=60)
    assert 40 in layout.steps(store.sizes())
    assert ("mirror", 0.0) in ray.get(listener.received.remote(), timeout=60)


def processes():
    """Process ids of the mirror actors of this world."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::MirrorActor"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def wait_until(holds, supervised):
    deadline = time.monotonic() + 200
    while not holds():
        assert time.monotonic() < deadline, "timeout"
        supervised.check(0.2)


if __name__ == "__main__":
    main(sys.argv[1])
