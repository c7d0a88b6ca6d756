"""Nodes of the cluster that this process has joined."""

import collections
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ray

from actors import node_facts
from actors import plan as plans
from alphazero.config import schema

_logger = logging.getLogger(__name__)
_SETTLE_S = 2.0


class _Use(NamedTuple):
    """Resources in use on a node."""

    cpus: float
    gpus: float


class Nodes:
    """The nodes of the cluster, with the resources that other runs used on each at first sight.

    Later use by other runs cannot be told apart from that of this run's own actors.
    """

    def __init__(self, config: schema.Config) -> None:
        self._config = config
        self._used: dict[str, _Use] = {}
        self._checked: dict[str, bool] = {}
        """Whether a node may take part, by id."""

    def refresh(self) -> list[plans.Node]:
        """The nodes that are alive and suitable now; a warning names an unsuitable one once.

        ValueError in one line if the driver's node is unsuitable.
        """
        nodes = self._alive()
        new = [node for node in nodes if node.id not in self._checked]
        if new:
            self._check(new)
        return [node for node in nodes if self._checked[node.id]]

    def forget_use(self) -> None:
        """Makes the next `refresh` measure the other runs' use again, for a run without actors."""
        self._used.clear()

    def _check(self, new: Sequence[plans.Node]) -> None:
        ours = node_facts.find()
        others = [node for node in new if not node.is_driver]
        collected = node_facts.collect(others) if others else {}
        for node in new:
            # A node that does not answer in time is accepted.
            facts = ours if node.is_driver else collected.get(node.id, ours)
            problems, notes = node_facts.check(self._config, node, facts, ours)
            self._checked[node.id] = not problems
            if problems and node.is_driver:
                raise ValueError(problems[0])
            for line in notes:
                _logger.warning("%s", line)
            for line in problems:
                _logger.warning("%s; the run does without this node", line)

    def _alive(self) -> list[plans.Node]:
        here = ray.get_runtime_context().get_node_id()
        alive = [entry for entry in ray.nodes() if entry["Alive"]]
        self._note_use(alive)
        addresses = collections.Counter(entry["NodeManagerAddress"] for entry in alive)
        found = []
        for entry in alive:
            id, address, resources = entry["NodeID"], entry["NodeManagerAddress"], entry["Resources"]
            types = [name.partition(":")[2] for name in resources if name.startswith("accelerator_type:")]
            found.append(
                plans.Node(
                    id=id,
                    # Several nodes may live on one machine, in tests for example.
                    name=address if addresses[address] == 1 else f"{address}/{id[:6]}",
                    cpus=resources.get("CPU", 0.0),
                    gpus=resources.get("GPU", 0.0),
                    memory=resources.get("memory", 0.0),
                    gpu_type=types[0] if types else "",
                    used_cpus=self._used[id].cpus,
                    used_gpus=self._used[id].gpus,
                    is_driver=id == here,
                )
            )
        return found

    def _note_use(self, alive: Sequence[Mapping[str, Any]]) -> None:
        new = {entry["NodeID"]: entry["Resources"] for entry in alive if entry["NodeID"] not in self._used}
        if not new:
            return
        self._used |= _used_of(new)
        if any(any(self._used[id]) for id in new):
            # For some seconds Ray still counts the resources of an earlier session of this run.
            time.sleep(_SETTLE_S)
            again = _used_of(new)
            for id in new:
                first, second = self._used[id], again[id]
                self._used[id] = _Use(min(first.cpus, second.cpus), min(first.gpus, second.gpus))


def _used_of(nodes: Mapping[str, Mapping[str, float]]) -> dict[str, _Use]:
    """Resources in use on each of these nodes."""
    # Private in Ray 2.60: the public functions return the sum over all nodes or need the dashboard.
    from ray._private import state

    free = state.available_resources_per_node()

    def used(id: str, kind: str) -> float:
        total = nodes[id]
        return max(0.0, round(total.get(kind, 0.0) - free.get(id, total).get(kind, 0.0), 4))

    return {id: _Use(cpus=used(id, "CPU"), gpus=used(id, "GPU")) for id in nodes}
