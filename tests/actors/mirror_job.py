"""Mirrors a run's folder by an actor of the crew, kills it in the middle, and lets it finish."""

import os
import signal
import sys
import time
from pathlib import Path

import ray

from actors import cluster, crew, loop, plan
from actors import nodes as all_nodes
from actors.mirror import MirrorActor
from alphazero.config import compose
from alphazero.storage import layout, stores
from tests.storage import runs


class Listener:
    """In the reporter's place."""

    def __init__(self):
        self._heard = []

    def record(self, source, figures, step=None):
        self._heard.append((source, figures["behind"]))

    def heard(self):
        return self._heard


def main(folder):
    run, place = Path(folder) / "run", Path(folder) / "mirror"
    config = compose.compose(["conf=9x9", f"run.dir={run}", f"mirror.uri={place}", "mirror.state_minutes=0"])
    cluster.connect(config, str(Path(folder) / "log.txt"), "mirror")
    runs.make(run)
    node = next(node for node in all_nodes.Nodes(config).look() if node.is_driver)
    there = plan.Placement(name=plan.MIRROR, node=node, count=1, cpus=0, gpus=0)
    listener = ray.remote(num_cpus=0)(Listener).remote()
    hired = crew.Crew()
    arguments = (config, {"reporter": listener})
    hired.start(plan.MIRROR, lambda: loop._spawn_at(there, MirrorActor, plan.MIRROR, *arguments))
    store = stores.Folder(place)
    wait_until(lambda: layout.steps(store.sizes()) == [20], hired)
    (pid,) = processes()
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
    os.kill(pid, signal.SIGKILL)
    runs.promote(run, 7)
    wait_until(lambda: len(layout.certificates(store.sizes(), layout.PROMOTED)) == 4, hired)
    assert hired.deaths == 1
    runs.save(run, 30)
    assert hired.stop(60) == []
    runs.save(run, 40)  # the learner saves when the others have stopped
    ray.get(hired.handle(plan.MIRROR).finish.remote(), timeout=60)
    assert 40 in layout.steps(store.sizes())
    assert ("mirror", 0.0) in ray.get(listener.heard.remote(), timeout=60)


def processes():
    """Pids of mirror actors of this world."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::MirrorActor"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def wait_until(holds, hired):
    deadline = time.monotonic() + 200
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        hired.check(0.2)


if __name__ == "__main__":
    main(sys.argv[1])
