"""Which actor gets what of a cluster: a plan that is printed, or refused in one line.

Services, learner and evaluator live on the driver's node, whose disk holds the run's folder; a learner that
needs GPUs which are elsewhere has ranks there. Self-play takes what is left, on every node.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from alphazero.config import schema
from alphazero.config import training as training_config

SELF_PLAY, LEARNER, RANK, EVALUATOR, LADDER = "self-play", "learner", "learner rank", "evaluator", "ladder"
MIRROR = "mirror"
SERVICES = ("replay buffer", "weight store", "reporter")

_CALLS_PER_S, _LONGEST_TALK_S = 100, 10.0
_WHOLE = 10_000
"""Ray's smallest share of a GPU is a ten thousandth."""
_EVALUATOR_GPU = 1_000
_SHARED_RANK_GPU = 6_000
"""More than half: two ranks must not meet on one GPU, which NCCL refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A machine of the cluster."""

    id: str
    name: str
    cpus: float
    gpus: float
    memory: float = 0.0
    """Bytes for processes, 0 if unknown."""
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
    """All actors of a run."""

    placements: tuple[Placement, ...]
    missing: str = ""
    """What was asked for and must wait for nodes to come."""

    def of(self, name: str) -> list[Placement]:
        """All placements of one kind of actor."""
        return [place for place in self.placements if place.name == name]

    def one(self, name: str) -> Placement | None:
        """The placement of an actor of which there is at most one."""
        return next(iter(self.of(name)), None)

    @property
    def ranks(self) -> list[Placement]:
        """Where the learner computes: its ranks, or itself."""
        return self.of(RANK) or self.of(LEARNER)

    @property
    def num_players(self) -> int:
        """Self-play actors."""
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


@dataclass(slots=True)
class _Room:
    """What is left of a node."""

    node: Node
    cpus: float = field(init=False)
    gpus: list[int] = field(init=False)
    """Ten thousandths, of each GPU."""

    def __post_init__(self) -> None:
        self.cpus = self.node.cpus
        self.gpus = [_WHOLE] * int(self.node.gpus)

    def has(self, cpus: float, gpu: int = 0) -> bool:
        """Whether one more actor with these shares fits; gpu in ten thousandths."""
        return self.cpus + 1e-9 >= cpus and (gpu == 0 or max(self.gpus, default=0) >= gpu)

    def take(self, cpus: float, gpu: int = 0) -> None:
        """As Ray does: of the GPUs on which the share fits, the one with the least left."""
        self.cpus -= cpus
        if gpu:
            index = min((left, number) for number, left in enumerate(self.gpus) if left >= gpu)[1]
            self.gpus[index] -= gpu

    def slots(self, cpus: float) -> int:
        """How many actors of `cpus` fit; one where they take none."""
        return max(0, math.floor(self.cpus / cpus + 1e-9)) if cpus else 1

    def even_gpu_share(self, count: int) -> int:
        """The largest share of a GPU that `count` actors can have alike, 0 where there is none."""
        low, high = 0, max(self.gpus, default=0) if count else 0
        while low < high:
            middle = (low + high + 1) // 2
            fits = sum(left // middle for left in self.gpus) >= count
            low, high = (middle, high) if fits else (low, middle - 1)
        return low


def private_cpus(config: schema.Config, cores: int) -> float:
    """CPUs that a private cluster declares: one machine's cores for self-play, and room for the services.

    The services sleep most of the time, and the operating system shares the cores fairly, so
    self-play need not leave a core free for them.
    """
    cluster = config.cluster
    services = len(SERVICES) * cluster.service_cpus + cluster.evaluator_cpus
    ranks = config.training.num_ranks
    learner = cluster.learner_cpus if ranks == 1 else cluster.service_cpus + ranks * cluster.learner_cpus
    return cores + math.ceil(services + learner)


def talk_interval_s(num_players: int) -> float:
    """Seconds between two reports of a self-play actor, and between two looks for a newer network.

    So many that all of them together make about a hundred calls a second of either kind: a service takes a
    few hundred (docs/scaling.md). At most as long as nobody takes an actor for silent.
    """
    return min(_LONGEST_TALK_S, max(1.0, num_players / _CALLS_PER_S))


def demands(config: schema.Config) -> list[dict[str, float]]:
    """What an autoscaler is asked for: the resources of the ranks and of the self-play actors, one by one."""
    cluster, training = config.cluster, config.training
    rank = {"CPU": cluster.learner_cpus}
    if training.device is training_config.Device.cuda:
        rank["GPU"] = 1.0
    return [rank] * training.num_ranks + [{"CPU": cluster.selfplay_cpus}] * max(1, config.selfplay.num_actors)


def make_plan(config: schema.Config, nodes: Sequence[Node], before: Plan | None = None) -> Plan:
    """Shares out the nodes' CPUs and GPUs; ValueError in one line when they do not suffice.

    nodes: those that are alive, the driver's among them. before: the plan that actors run by; whoever is
    not self-play keeps its place where that is still there.
    """
    nodes = sorted(nodes, key=lambda node: (not node.is_driver, node.name, node.id))
    rooms = {node.id: _Room(node) for node in nodes}
    fixed = [place for place in before.placements if place.name != SELF_PLAY] if before else []
    if fixed and all(place.node.id in rooms for place in fixed):
        for place in fixed:
            for _ in range(place.count):
                rooms[place.node.id].take(place.cpus, round(place.gpus * _WHOLE))
    else:
        fixed = _place_fixed(config, rooms)
    players, missing = _place_players(config, list(rooms.values()))
    return Plan(placements=tuple(players + fixed), missing=missing)


def _place_fixed(config: schema.Config, rooms: dict[str, _Room]) -> list[Placement]:
    """Everyone but self-play, in the order in which they are started."""
    cluster = config.cluster
    driver = next(room for room in rooms.values() if room.node.is_driver)
    services = dict.fromkeys(SERVICES, cluster.service_cpus)
    needed = sum(services.values()) + cluster.evaluator_cpus
    if not driver.has(needed):
        raise ValueError(
            f"the driver's node {driver.node.name} has {driver.node.cpus:g} CPUs, "
            f"{needed:g} for the services are needed there"
        )
    placed = [_place(driver, name, cpus) for name, cpus in services.items()]
    driver.take(cluster.evaluator_cpus)
    placed += _place_learner(config, list(rooms.values()), driver)
    # After the learner: a rank may need a whole GPU.
    gpu = _EVALUATOR_GPU if _uses_gpus(config, driver.gpus) and driver.has(0, _EVALUATOR_GPU) else 0
    driver.take(0, gpu)
    placed.append(_placement(driver.node, EVALUATOR, 1, cluster.evaluator_cpus, gpu))
    if config.ladder.games_per_network:
        placed.append(_place(driver, LADDER, 0))
    if config.mirror.uri is not None:
        placed.append(_place(driver, MIRROR, 0))
    return placed


def _place_learner(config: schema.Config, rooms: list[_Room], driver: _Room) -> list[Placement]:
    """One rank on the driver's node is the learner itself; others are ranks of a learner that drives them."""
    cluster, training = config.cluster, config.training
    num_gpus = sum(len(room.gpus) for room in rooms)
    if training.device is training_config.Device.cuda and num_gpus == 0:
        raise ValueError("training.device=cuda: the cluster has no GPU")
    gpu = 0
    if _uses_gpus(config, [left for room in rooms for left in room.gpus]):
        if training.num_ranks > num_gpus:
            raise ValueError(
                f"training.num_ranks={training.num_ranks}: the cluster has {num_gpus} GPUs, "
                "one for each at most"
            )
        gpu = _SHARED_RANK_GPU if num_gpus == training.num_ranks else _WHOLE
    if training.num_ranks == 1 and driver.has(cluster.learner_cpus, gpu):
        return [_place(driver, LEARNER, cluster.learner_cpus, gpu)]
    placed = [_place(driver, LEARNER, cluster.service_cpus)]
    # Packed: what the ranks tell each other in every step should not leave the machine.
    counts = Counter[str]()
    for room in sorted(rooms, key=lambda room: (-len(room.gpus) if gpu else 0, -room.cpus)):
        while counts.total() < training.num_ranks and room.has(cluster.learner_cpus, gpu):
            room.take(cluster.learner_cpus, gpu)
            counts[room.node.id] += 1
    if counts.total() < training.num_ranks:
        raise ValueError(
            f"training.num_ranks={training.num_ranks}: {cluster.learner_cpus:g} CPU"
            f"{', a GPU' * bool(gpu)} each are needed, the cluster has room for {counts.total()}"
        )
    return placed + [
        _placement(room.node, RANK, counts[room.node.id], cluster.learner_cpus, gpu)
        for room in rooms
        if counts[room.node.id]
    ]


def _place_players(config: schema.Config, rooms: list[_Room]) -> tuple[list[Placement], str]:
    """Self-play on what is left, and what is missing for it."""
    cpus, wanted = config.cluster.selfplay_cpus, config.selfplay.num_actors
    slots = {room.node.id: room.slots(cpus) for room in rooms}
    fitting = sum(slots.values())
    if fitting == 0 or (wanted > fitting and not config.cluster.grows):
        total = sum(room.node.cpus for room in rooms)
        taken = total - sum(room.cpus for room in rooms)
        raise ValueError(
            f"selfplay.num_actors={wanted or 'auto'}: {max(1, wanted)} of {cpus:g} CPUs and {taken:g} for "
            f"the services are needed, the cluster has {total:g} CPUs; allowed here: at most {fitting}"
            + (" (cluster.grows=true waits for more)" if wanted else "")
        )
    missing = f"room for {wanted - fitting} of {wanted} self-play actors" if wanted > fitting else ""
    counts = Counter[str]()
    for _ in range(min(wanted or fitting, fitting)):
        # Where most is free, so that a bounded number of actors spreads over the nodes.
        counts[max(slots, key=lambda id: slots[id] - counts[id])] += 1
    placed = []
    for room in rooms:
        if counts[room.node.id]:
            # By what fits and not by what is there: a share must not change when other nodes come and go.
            gpu = room.even_gpu_share(slots[room.node.id]) if _uses_gpus(config, room.gpus) else 0
            placed.append(_placement(room.node, SELF_PLAY, counts[room.node.id], cpus, gpu))
    return placed, missing


def _uses_gpus(config: schema.Config, gpus: Sequence[int]) -> bool:
    return bool(gpus) and config.training.device is not training_config.Device.cpu


def _place(room: _Room, name: str, cpus: float, gpu: int = 0) -> Placement:
    room.take(cpus, gpu)
    return _placement(room.node, name, 1, cpus, gpu)


def _placement(node: Node, name: str, count: int, cpus: float, gpu: int) -> Placement:
    return Placement(name=name, node=node, count=count, cpus=cpus, gpus=gpu / _WHOLE)


def _resources(node: Node) -> str:
    parts = [f"{node.cpus:g} CPU"]
    if node.gpus:
        parts.append(f"{node.gpus:g} GPU")
    if node.memory:
        parts.append(f"{node.memory / 2**30:.1f} GiB of memory")
    return ", ".join(parts)
