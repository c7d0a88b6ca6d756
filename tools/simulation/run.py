"""Real supervisor with fake self-play and a fake learner, and its measurement."""

import contextlib
import io
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import ray
from ray import cluster_utils

from actors import cluster_nodes, loop, planning, replanning, starting
from actors import plan as plans
from alphazero import run_paths
from alphazero.config import schema
from alphazero.data import record as records
from alphazero.run_files import run_folder
from tools import proc_samples, ray_metrics
from tools.simulation import clients, services

MIB = 2**20
HOST_CLIENTS = 32
"""Clients of one process, unless they need more than MOST_HOSTS processes."""
MOST_HOSTS = 8
STORE_BYTES = 512 * MIB
_SERVICES = ("reporter", "weight_store", "replay_buffer")
_POLL_S = 0.2
_METRICS_S = 12.0
"""Delay after which Ray's metrics include everything before."""


@dataclass(slots=True)
class Measured:
    """Work of services and clients in `seconds`."""

    seconds: float
    spent: dict[str, dict[str, services.Spent]]
    """Calls by service and method."""
    counts: dict[str, int]
    """Counts of all clients."""
    latencies: np.ndarray
    """Seconds from each push to its reply."""
    games: int
    positions: int
    log_bytes: int
    batches: int
    clients: int
    published: int
    """Networks since the start of the run."""
    fetched_bytes: float
    """Bytes that the clients' node received from the services' node since then."""
    store_bytes: float = 0.0
    """Bytes in the object store of the services' node at the end of the measurement."""
    spilled_bytes: float = 0.0
    """Bytes of those objects that were spilled to disk."""
    memory: dict[str, float] = field(default_factory=dict)
    """Bytes without shared memory, summed over all processes of a name."""
    cpu: dict[str, float] = field(default_factory=dict)
    """Cores used, summed over all processes of a name."""

    def of(self, service: str, method: str) -> services.Spent:
        """All calls of one method."""
        return self.spent[service].get(method, services.Spent())

    def calls(self, service: str, method: str) -> float:
        """Calls per second."""
        return self.of(service, method).calls / self.seconds

    def busy(self, service: str) -> float:
        """Share of the time in which one of the service's methods ran, waiting included."""
        return sum(spent.seconds for spent in self.spent[service].values()) / self.seconds

    def cost(self, service: str, method: str) -> tuple[float, float]:
        """Milliseconds of one call: wall-clock time and CPU time."""
        spent = self.of(service, method)
        calls = max(1, spent.calls)
        return 1e3 * spent.seconds / calls, 1e3 * spent.cpu_s / calls


class FakeStarter(starting.ActorStarter):
    """Starts timed services, and fakes of self-play and of the learner."""

    def __init__(
        self,
        config: schema.Config,
        folder: run_folder.RunFolder,
        fakes: tuple[clients.ClientLoad, list[records.GameRecord], int],
        learner: services.LearnerLoad,
    ) -> None:
        """fakes: load of each client, games that it pushes, and number of clients."""
        super().__init__(config, folder)
        self._load, self._made, self._num_clients = fakes
        self._learner_load = learner
        self.hosts: list[Any] = []

    def start_selfplay(self, plan: plans.Plan, place: plans.Placement, number: int) -> Any:
        """Starts a process of clients."""
        most = host_clients(self._num_clients)
        first = number * most
        count = min(most, self._num_clients - first)
        arguments = (self._load, self._made, first, count, self.services)
        host = starting.start_at(place, clients.ClientHost, f"{plans.SELF_PLAY} {number}", *arguments)
        self.hosts.append(host)
        return host

    def start_learner(self, plan: plans.Plan) -> Any:
        """Starts the fake learner."""
        place = plan.one(plans.LEARNER)
        assert place is not None
        arguments = (self._config, self.services, self._learner_load)
        return starting.start_at(place, services.FakeLearner, plans.LEARNER, *arguments)

    def _start(self, plan: plans.Plan, actor: type, name: str, *arguments: Any) -> Any:
        return super()._start(plan, services.timed(actor), name, *arguments)


class FakeRun(loop.RunDriver):
    """The driver with its services, actors and reports; self-play and the learner are fakes."""

    def __init__(
        self,
        config: schema.Config,
        folder: run_folder.RunFolder,
        fakes: tuple[clients.ClientLoad, list[records.GameRecord], int],
        learner: services.LearnerLoad,
    ) -> None:
        """fakes: load of each client, games that it pushes, and number of clients."""
        self._num_clients = fakes[2]
        self._ended = threading.Event()
        nodes = cluster_nodes.Nodes(config)
        starter = FakeStarter(config, folder, fakes, learner)
        self.hosts = starter.hosts
        replanner = replanning.Replanner(config, nodes)
        super().__init__(config, folder, _plan(config, nodes), replanner, self._ended, starter)

    def measure(self, warm_up_s: float, seconds: float) -> Measured:
        """Runs the loop in this thread, measures from another one, and stops everything."""
        found: list[Measured] = []
        errors: list[BaseException] = []

        def watch() -> None:
            try:
                found.append(self._measured(warm_up_s, seconds))
            except BaseException as error:  # raised again in the main thread
                errors.append(error)
            finally:
                self._ended.set()

        watcher = threading.Thread(target=watch)
        with contextlib.redirect_stdout(io.StringIO()):
            watcher.start()
            try:
                self.run()
            finally:
                self._ended.set()
                watcher.join()
        if errors:
            raise errors[0]
        return found[0]

    def _measured(self, warm_up_s: float, seconds: float) -> Measured:
        self._wait_for_everyone()
        learner, fetched_before = self._learner(), self._fetched()
        learner.publish.remote(True)
        self._ended.wait(warm_up_s)
        before = self._totals()
        self._ended.wait(seconds)
        after = self._totals()
        took = after["at"] - before["at"]
        published: Any = ray.get(learner.publish.remote(False))
        store_bytes, spilled_bytes = stored_bytes(self.services_node())
        counts: dict[str, int] = {}
        for counted, _ in after["hosts"]:
            for name, count in counted.items():
                counts[name] = counts.get(name, 0) + count
        metrics = {name: after["metrics"][name] - before["metrics"][name] for name in ("games", "positions")}
        return Measured(
            seconds=took,
            spent=after["spent"],
            counts=counts,
            latencies=np.array([latency for _, measured in after["hosts"] for latency in measured]),
            games=int(metrics["games"]),
            positions=int(metrics["positions"]),
            log_bytes=after["log"] - before["log"],
            batches=after["batches"],
            clients=self._num_clients,
            published=published,
            store_bytes=store_bytes,
            spilled_bytes=spilled_bytes,
            fetched_bytes=self._fetched() - fetched_before,
            memory={name: own for name, (own, _) in after["processes"].items()},
            cpu={
                name: (cpu_s - before["processes"][name][1]) / took
                for name, (_, cpu_s) in after["processes"].items()
                if name in before["processes"]
            },
        )

    def _wait_for_everyone(self) -> None:
        """Waits until all clients are alive and a first batch shows that the kernels are compiled."""
        wanted = num_hosts(self._num_clients)
        while len(self.hosts) < wanted and not self._ended.wait(_POLL_S):
            pass
        ray.get([host.__ray_ready__.remote() for host in self.hosts])
        learner = self._learner()
        while not ray.get(learner.measured.remote()) and not self._ended.wait(_POLL_S):
            pass

    def _totals(self) -> dict[str, Any]:
        """Counts of all services and clients; those that count since the last call are reset."""
        timed = self._starter.services
        spent = {name: getattr(timed, name).spent.remote() for name in _SERVICES}
        learner = self._learner()
        metrics = ray.get(timed.replay_buffer.metrics.remote())
        return {
            # A request waits behind all pushes, and counting continues meanwhile.
            "at": time.monotonic(),
            "metrics": metrics,
            "hosts": ray.get([host.measured.remote() for host in self.hosts]),
            "spent": {name: ray.get(reference) for name, reference in spent.items()},
            "batches": ray.get(learner.measured.remote()),
            "processes": _processes(),
            "log": sum(path.stat().st_size for path in self._folder.games.glob(run_paths.GAME_LOGS)),
        }

    def _learner(self) -> Any:
        return self._supervised.handle(plans.LEARNER)

    def _fetched(self) -> float:
        """Total bytes of objects that the clients' node received; waits until Ray's metrics include them."""
        self._ended.wait(_METRICS_S)
        return received_bytes(self.hosts_node())

    def hosts_node(self) -> str:
        """Id of the clients' node."""
        return self._placement.plan.of(plans.SELF_PLAY)[0].node.id

    def services_node(self) -> str:
        """Id of the node of services and learner."""
        return self._placement.plan.of(plans.LEARNER)[0].node.id


def host_clients(num_clients: int) -> int:
    """Clients of each process but the last."""
    return max(HOST_CLIENTS, -(-num_clients // MOST_HOSTS))


def num_hosts(num_clients: int) -> int:
    """Number of processes for the clients."""
    return -(-num_clients // host_clients(num_clients))


def _processes() -> dict[str, tuple[float, float]]:
    """Unshared bytes and CPU seconds of this process and its descendants, by name."""
    found: dict[str, tuple[float, float]] = {}
    for pid in proc_samples.family(os.getpid()):
        sample = proc_samples.sample(pid)
        if sample is not None:
            own, cpu_s = found.get(sample.name, (0.0, 0.0))
            found[sample.name] = own + sample.own, cpu_s + sample.cpu_s
    return found


def received_bytes(node_id: str) -> float:
    """Bytes of objects that a node received from others, in Ray's last report, which is some seconds old."""
    return ray_metrics.total(_metrics(node_id), "ray_object_manager_bytes", Type="Received")


def stored_bytes(node_id: str) -> tuple[float, float]:
    """Bytes in a node's object store, and bytes spilled to disk, in Ray's last report."""
    metrics, name = _metrics(node_id), "ray_object_store_memory"
    held = sum(ray_metrics.total(metrics, name, Location=place) for place in ("MMAP_SHM", "MMAP_DISK"))
    return held, ray_metrics.total(metrics, name, Location="SPILLED")


def _metrics(node_id: str) -> list[ray_metrics.Metric]:
    node = next(entry for entry in ray.nodes() if entry["NodeID"] == node_id)
    return ray_metrics.fetch(node["MetricsExportPort"], node["NodeManagerAddress"])


@contextlib.contextmanager
def two_nodes(num_hosts: int, store_bytes: int = STORE_BYTES, namespace: str = "simulation"):
    """A cluster of two nodes on this machine: one for the services, one for `num_hosts` processes of clients.

    store_bytes: object store of the services' node; the other one has half as much.
    """
    # Workers get the driver's priority: the load of the services counts, not their order on a busy machine.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 Ray knows it by this name
    made = cluster_utils.Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": store_bytes, "include_dashboard": False},
    )
    try:
        made.add_node(num_cpus=num_hosts, object_store_memory=store_bytes // 2)
        ray.init(made.address, namespace=namespace, logging_level=logging.ERROR, log_to_driver=False)
        yield
    finally:
        ray.shutdown()
        made.shutdown()


def _plan(config: schema.Config, nodes: cluster_nodes.Nodes) -> plans.Plan:
    """Plan for the services' node, without self-play, and the clients' node; no matches are played."""
    made = planning.make_plan(config, nodes.refresh())
    here = [place for place in made.placements if place.name not in (plans.EVALUATOR, plans.LADDER)]
    return plans.Plan(placements=tuple(here))
