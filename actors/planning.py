"""The plan of a run: shares of CPUs and GPUs for each actor, or a refusal in one line.

Services, learner and evaluator live on the driver's node, whose disk holds the run's folder. Where the GPUs
are on other nodes, the learner has ranks there, and a gate player there plays the evaluator's games.
Self-play takes what is left: some actors on each GPU, which share the node's CPUs, and one for each CPU
elsewhere.
"""

import copy
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from actors import plan as plans
from alphazero.config import cluster as cluster_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.net import operations

_WHOLE = 10_000
"""Ray's smallest share of a GPU is a ten thousandth."""
_GATE_GPU = 1_000
_SHARED_RANK_GPU = 6_000
"""More than half: two ranks must not meet on one GPU, which NCCL refuses."""
_LEAST_GPU = 1_000
"""A GPU with less left takes no self-play."""
_MOST_THREADS = 8
"""CPUs of one self-play actor on a GPU: its search has as many threads."""
_WORTH_OF_CPUS = 100
"""CPU actors whose work one GPU actor does: from then on CPUs elsewhere stay free."""
# For that comparison alone: sustained FLOP/s of a GPU (an assumption, about a third of an H100's sheet) and
# of a core (docs/results.md), and positions/s that one thread of the search can bring forth.
_GPU_FLOPS, _CORE_FLOPS, _THREAD_POSITIONS = 1e14, 1.5e11, 25_000


@dataclass(slots=True)
class _Room:
    """What is left of a node."""

    node: plans.Node
    cpus: float = field(init=False)
    gpus: list[int] = field(init=False)
    """Ten thousandths, of each GPU."""

    def __post_init__(self) -> None:
        self.cpus = self.node.cpus - self.node.used_cpus
        self.gpus = [_WHOLE] * int(self.node.gpus)
        taken = round(_WHOLE * self.node.used_gpus)
        for index, whole in enumerate(self.gpus):
            self.gpus[index] -= min(whole, taken)
            taken -= min(whole, taken)

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


class _NoRoomError(ValueError):
    """The nodes do not suffice."""


def make_plan(
    config: schema.Config, nodes: Sequence[plans.Node], before: plans.Plan | None = None
) -> plans.Plan:
    """Shares out the nodes' CPUs and GPUs; ValueError in one line when they do not suffice.

    nodes: those that are alive, the driver's among them. before: the plan that actors run by; whoever is not
    self-play keeps its place where that is still there, and a learner moves from CPUs to GPUs that came. A
    run that goes on is never refused: `missing` names who has no place for now.
    """
    nodes = sorted(nodes, key=lambda node: (not node.is_driver, node.name, node.id))
    return _Planner(config, nodes, before).make()


class _Planner:
    """One plan in the making."""

    def __init__(self, config: schema.Config, nodes: Sequence[plans.Node], before: plans.Plan | None) -> None:
        self._config = config
        self._before = before
        self._rooms = {node.id: _Room(node) for node in nodes}
        self._driver = next(room for room in self._rooms.values() if room.node.is_driver)
        self._placed: list[plans.Placement] = []
        self._missing: list[str] = []

    def make(self) -> plans.Plan:
        """First those who stay where they are, then the others in the order of need."""
        kinds: Mapping[tuple[str, ...], Callable[[], None]] = {
            plans.SERVICES: self._place_services,
            (plans.LEARNER, plans.RANK): self._place_learner,
            (plans.EVALUATOR,): self._place_evaluator,
            (plans.GATE_PLAYER,): self._place_gate_player,
            (plans.LADDER, plans.MIRROR): self._place_observers,
        }
        for names in [names for names in kinds if not self._keep(names)]:
            try:
                kinds[names]()
            except _NoRoomError as error:
                if self._before is None:
                    raise
                if not self._keep(names, may_stay_on_cpus=True):
                    self._missing.append(str(error))
        try:
            players = self._place_players()
        except _NoRoomError as error:
            if self._before is None:
                raise
            players = []
            self._missing.append(str(error))
        # In the same order whoever was kept: plans are compared.
        names = [name for kind in kinds for name in kind]
        placed = sorted(self._placed, key=lambda place: names.index(place.name))
        return plans.Plan(placements=tuple(players + placed), missing="; ".join(self._missing))

    def _keep(self, names: Sequence[str], may_stay_on_cpus: bool = False) -> bool:
        """Whether actors of these names stay; then they have their shares.

        may_stay_on_cpus: whether a learner stays on CPUs although GPUs have come.
        """
        before = [place for name in names for place in self._before.of(name)] if self._before else []
        if not before or not all(place.node.id in self._rooms for place in before):
            return False
        is_on_cpu = plans.LEARNER in names and not any(place.gpus for place in before)
        if is_on_cpu and not may_stay_on_cpus and self._gpu_rooms():
            return False
        for place in before:
            for _ in range(place.count):
                self._rooms[place.node.id].take(place.cpus, round(place.gpus * _WHOLE))
        self._placed += before
        return True

    def _gpu_rooms(self) -> list[_Room]:
        """Nodes with GPUs that this run may use, most of them first."""
        if self._config.training.device is training_config.Device.cpu:
            return []
        with_gpus = [room for room in self._rooms.values() if room.gpus]
        return sorted(with_gpus, key=lambda room: (-sum(room.gpus), -room.cpus))

    def _place(self, room: _Room, name: str, cpus: float, gpu: int = 0, count: int = 1) -> None:
        for _ in range(count):
            room.take(cpus, gpu)
        share = gpu / _WHOLE
        self._placed.append(plans.Placement(name=name, node=room.node, count=count, cpus=cpus, gpus=share))

    def _place_services(self) -> None:
        cluster = self._config.cluster
        needed = len(plans.SERVICES) * cluster.service_cpus + cluster.evaluator_cpus
        if not self._driver.has(needed):
            raise _NoRoomError(
                f"the driver's node {self._driver.node.name} has {_free(self._driver.node)}, "
                f"{needed:g} for the services are needed there"
            )
        for name in plans.SERVICES:
            self._place(self._driver, name, cluster.service_cpus)
        self._driver.cpus -= cluster.evaluator_cpus  # given back when the evaluator is placed

    def _place_learner(self) -> None:
        """One rank on the driver's node is the learner itself; others have a learner that drives them."""
        cluster, training = self._config.cluster, self._config.training
        rooms = self._gpu_rooms()
        num_gpus = sum(len(room.gpus) for room in rooms)
        if training.device is training_config.Device.cuda and num_gpus == 0:
            raise _NoRoomError("training.device=cuda: the cluster has no GPU")
        gpu = 0
        if num_gpus:
            if training.num_ranks > num_gpus:
                raise _NoRoomError(
                    f"training.num_ranks={training.num_ranks}: the cluster has {num_gpus} GPUs, "
                    "one for each at most"
                )
            gpu = _SHARED_RANK_GPU if num_gpus == training.num_ranks else _WHOLE
        if training.num_ranks == 1 and self._driver.has(cluster.learner_cpus, gpu):
            self._place(self._driver, plans.LEARNER, cluster.learner_cpus, gpu)
            return
        if not self._driver.has(cluster.service_cpus):
            raise _NoRoomError(f"the driver's node {self._driver.node.name} has no CPU left for the learner")
        # Packed: what the ranks tell each other in every step should not leave the machine.
        counts = Counter[str]()
        self._driver.cpus -= cluster.service_cpus
        for room in rooms or sorted(self._rooms.values(), key=lambda room: -room.cpus):
            fitting = copy.deepcopy(room)  # nothing is taken before there is room for all
            while counts.total() < training.num_ranks and fitting.has(cluster.learner_cpus, gpu):
                fitting.take(cluster.learner_cpus, gpu)
                counts[room.node.id] += 1
        self._driver.cpus += cluster.service_cpus
        if counts.total() < training.num_ranks:
            raise _NoRoomError(
                f"training.num_ranks={training.num_ranks}: {cluster.learner_cpus:g} CPU"
                f"{', a GPU' * bool(gpu)} each are needed, the cluster has room for {counts.total()}"
            )
        self._place(self._driver, plans.LEARNER, cluster.service_cpus)
        for id, count in counts.items():
            self._place(self._rooms[id], plans.RANK, cluster.learner_cpus, gpu, count)

    def _place_evaluator(self) -> None:
        """After the learner: a rank may need a whole GPU."""
        cpus = self._config.cluster.evaluator_cpus
        self._driver.cpus += cpus
        has_gpu = self._driver in self._gpu_rooms() and self._driver.has(0, _GATE_GPU)
        self._place(self._driver, plans.EVALUATOR, cpus, _GATE_GPU if has_gpu else 0)

    def _place_gate_player(self) -> None:
        """Only where the evaluator has no GPU and another node does."""
        evaluator = next(place for place in self._placed if place.name == plans.EVALUATOR)
        cpus = self._config.cluster.selfplay_cpus
        fitting = [room for room in self._gpu_rooms() if room.has(cpus, _GATE_GPU)]
        if not evaluator.gpus and fitting:
            self._place(fitting[0], plans.GATE_PLAYER, cpus, _GATE_GPU)

    def _place_observers(self) -> None:
        if self._config.ladder.games_per_network:
            self._place(self._driver, plans.LADDER, 0)
        if self._config.mirror.uri is not None:
            self._place(self._driver, plans.MIRROR, 0)

    def _place_players(self) -> list[plans.Placement]:
        """Self-play on what is left; `missing` tells what there is no room for."""
        cpus, wanted = self._config.cluster.selfplay_cpus, self._config.selfplay.num_actors
        on_gpus = {room.node.id: self._gpu_slots(room) for room in self._gpu_rooms()}
        on_gpus = {id: slots for id, slots in on_gpus.items() if slots}
        slots = dict(on_gpus)
        if not (on_gpus and self._are_cpus_spared()):
            with_cpus = [room for room in self._rooms.values() if room not in self._gpu_rooms()]
            slots |= {room.node.id: room.slots(cpus) for room in with_cpus}
        fitting = sum(slots.values())
        if fitting == 0 or (wanted > fitting and not (self._config.cluster.grows or self._before)):
            raise _NoRoomError(self._refusal(wanted, fitting))
        if wanted > fitting:
            self._missing.append(f"room for {wanted - fitting} of {wanted} self-play actors")
        counts = Counter[str]()
        for _ in range(min(wanted or fitting, fitting)):
            # GPUs first, evenly; on CPUs where most is free, so that a bounded number spreads over the nodes.
            counts[max(slots, key=lambda id: self._need(id, id in on_gpus, slots[id], counts[id]))] += 1
        placed: list[plans.Placement] = []
        for id, room in self._rooms.items():
            if counts[id] and id in on_gpus:
                placed += self._on_gpus(room, counts[id])
            elif counts[id]:
                placed.append(_players(room, counts[id], cpus, 0))
        return placed

    def _refusal(self, wanted: int, fitting: int) -> str:
        cpus = self._config.cluster.selfplay_cpus
        total = sum(room.node.cpus for room in self._rooms.values())
        used = sum(room.node.used_cpus for room in self._rooms.values())
        taken = total - used - sum(room.cpus for room in self._rooms.values())
        return (
            f"selfplay.num_actors={wanted or 'auto'}: {max(1, wanted)} of {cpus:g} CPUs "
            f"and {taken:g} for the services are needed, the cluster has {total:g} CPUs"
            + (f", of which other runs have {used:g}" if used else "")
            + f"; allowed here: at most {fitting}"
            + (" (cluster.grows=true waits for more)" if wanted else "")
        )

    def _need(self, id: str, is_on_gpu: bool, slots: int, count: int) -> tuple[bool, float]:
        if count >= slots:
            return False, -math.inf
        return is_on_gpu, -count / len(_usable(self._rooms[id])) if is_on_gpu else slots - count

    def _gpu_slots(self, room: _Room) -> int:
        """Self-play actors that a node's GPUs take: as many on each, bounded by the node's CPUs."""
        gpus, cpus = _usable(room), self._config.cluster.selfplay_cpus
        if not gpus:
            return 0
        on_each = self._config.cluster.actors_per_gpu
        if min(gpus) < _WHOLE / 2:
            on_each = max(1, on_each // 2)  # a rank has the other half
        return min(len(gpus) * on_each, room.slots(cpus) if cpus else len(gpus) * on_each)

    def _on_gpus(self, room: _Room, count: int) -> list[plans.Placement]:
        """At most two kinds of shares, such that Ray, which fills one GPU after the other, uses all alike.

        It gives an actor the fullest GPU on which the share fits. Whole GPUs and halves can be mixed in any
        order of starting; with smaller shares only equal ones can, so that a remainder is left out.
        """
        gpus, cluster = _usable(room), self._config.cluster
        each, rest = divmod(count, len(gpus))
        if each == 0:
            parts = [(count, 1)]
        elif each == 1:
            parts = [(len(gpus) - rest, 1), (2 * rest, 2)]
        else:
            parts = [(each * len(gpus), each)]
        cpus = cluster.selfplay_cpus
        if cpus:
            share = math.floor(room.cpus / sum(number for number, _ in parts))
            cpus = max(cpus, min(_MOST_THREADS, share))
        return [_players(room, number, cpus, min(gpus) // on_one) for number, on_one in parts if number]

    def _are_cpus_spared(self) -> bool:
        """Whether nodes without GPUs are left out of self-play."""
        kind = self._config.cluster.selfplay_on
        if kind is not cluster_config.SelfPlayOn.auto:
            return kind is cluster_config.SelfPlayOn.gpus
        flops = operations.evaluation_operations(self._config.net, self._config.game.size)
        on_gpu = min(_GPU_FLOPS / flops / self._config.cluster.actors_per_gpu, _THREAD_POSITIONS)
        return on_gpu >= _WORTH_OF_CPUS * _CORE_FLOPS / flops


def _players(room: _Room, count: int, cpus: float, gpu: int) -> plans.Placement:
    return plans.Placement(name=plans.SELF_PLAY, node=room.node, count=count, cpus=cpus, gpus=gpu / _WHOLE)


def _usable(room: _Room) -> list[int]:
    """What is left of the GPUs that self-play may share; not of those on which a rank has most of it."""
    most = max(room.gpus, default=0)
    return [left for left in room.gpus if left >= max(_LEAST_GPU, most / 2)]


def _free(node: plans.Node) -> str:
    used = f", of which other runs have {node.used_cpus:g}" if node.used_cpus else ""
    return f"{node.cpus:g} CPUs{used}"
