"""Nodes of a cluster, and the plan that assigns actors to them (planning.py makes it)."""

import math
from dataclasses import dataclass

from alphazero.config import schema

SELF_PLAY, LEARNER, RANK, EVALUATOR, LADDER = "self-play", "learner", "learner rank", "evaluator", "ladder"
MIRROR, GATE_PLAYER = "mirror", "gate player"
SERVICES = REPLAY_BUFFER, WEIGHT_STORE, REPORTER = "replay buffer", "weight store", "reporter"

_CALLS_PER_S, _LONGEST_POLL_S = 100, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A machine of the cluster."""

    id: str
    name: str
    cpus: float
    gpus: float
    memory: float = 0.0
    """Bytes for processes, 0 if unknown."""
    gpu_type: str = ""
    """Ray's name of its type of GPU, such as H100; empty if unknown."""
    used_cpus: float = 0.0
    """CPUs that actors of other runs used when this node was first seen."""
    used_gpus: float = 0.0
    """GPUs that they used."""
    is_driver: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Actors of one kind on one node."""

    name: str
    node: Node
    count: int
    cpus: float
    """CPU share of each."""
    gpus: float
    """GPU share of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The places of all actors of a run."""

    placements: tuple[Placement, ...]
    missing: str = ""
    """Actors that wait for new nodes, in words."""

    def of(self, name: str) -> list[Placement]:
        """All placements of one kind of actor."""
        return [place for place in self.placements if place.name == name]

    def one(self, name: str) -> Placement | None:
        """The placement of an actor that exists at most once."""
        return next(iter(self.of(name)), None)

    @property
    def ranks(self) -> list[Placement]:
        """Placements of the processes that train: the learner's ranks, or the learner itself."""
        return self.of(RANK) or self.of(LEARNER)

    @property
    def num_selfplay_actors(self) -> int:
        """Number of self-play actors."""
        return sum(place.count for place in self.of(SELF_PLAY))

    def text(self) -> str:
        """A line for each node and one for each kind of actor there."""
        lines = []
        for node in {place.node.id: place.node for place in self.placements}.values():
            lines.append(f"  {node.name}{' (this node)' * node.is_driver}: {_resources(node)}")
            lines += [
                f"  {place.count:>6} x {place.name:<14} {place.cpus:g} CPU"
                + (f", {place.gpus:.4g} GPU" if place.gpus else "")
                for place in self.placements
                if place.node.id == node.id
            ]
        return "\n".join([*lines, *([f"  missing: {self.missing}"] if self.missing else [])])


def private_cpus(config: schema.Config, cores: int) -> float:
    """CPUs that a private cluster declares: the machine's cores for self-play, plus those of the services.

    The services sleep most of the time, and the operating system shares the cores fairly, so
    self-play need not leave a core free for them.
    """
    cluster = config.cluster
    services = len(SERVICES) * cluster.service_cpus + cluster.evaluator_cpus
    ranks = config.training.num_ranks
    learner = cluster.learner_cpus if ranks == 1 else cluster.service_cpus + ranks * cluster.learner_cpus
    return cores + math.ceil(services + learner)


def poll_interval_s(num_selfplay_actors: int) -> float:
    """Seconds between two polls of a self-play actor for a newer network, and between two reports.

    All actors together make about a hundred calls a second of either kind: a service takes a few hundred
    (docs/scaling.md). The upper bound keeps a live actor from being counted as silent.
    """
    return min(_LONGEST_POLL_S, max(1.0, num_selfplay_actors / _CALLS_PER_S))


def _resources(node: Node) -> str:
    parts = [f"{node.cpus:g} CPU"]
    if node.gpus:
        parts.append(f"{node.gpus:g} GPU")
    if node.memory:
        parts.append(f"{node.memory / 2**30:.1f} GiB of memory")
    return ", ".join(parts)
