"""Planner of a run: assigns shares of CPUs and GPUs to the actors, or refuses with one line.

Services, learner and evaluator are placed on the driver's node, whose disk holds the run's folder. If the
GPUs are on other nodes, the learner has ranks there, and a gate player there plays the evaluator's games.
Self-play takes the rest: several actors on each GPU, which share the node's CPUs, and one actor for each CPU
of the other nodes.
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
"""More than half, because NCCL refuses two ranks on one GPU."""
_LEAST_GPU = 1_000
"""Smallest free share of a GPU that self-play uses."""
_MOST_THREADS = 8
"""Most CPUs of one self-play actor on a GPU, which are the threads of its search."""
_WORTH_OF_CPUS = 100
"""CPU actors that one GPU actor must replace before the CPUs of nodes without GPUs stay free."""
# For that comparison only: sustained FLOP/s of a GPU (an assumption, about a third of an H100's data sheet)
# and of a core (docs/results.md), and positions/s of one search thread.
_GPU_FLOPS, _CORE_FLOPS, _THREAD_POSITIONS = 1e14, 1.5e11, 25_000


@dataclass(slots=True)
class _FreeResources:
    """Free resources of a node."""

    node: plans.Node
    cpus: float = field(init=False)
    gpus: list[int] = field(init=False)
    """Ten thousandths that are free on each GPU."""

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
        """Takes the shares as Ray does: from the GPU with the least left among those on which it fits."""
        self.cpus -= cpus
        if gpu:
            index = min((left, number) for number, left in enumerate(self.gpus) if left >= gpu)[1]
            self.gpus[index] -= gpu

    def slots(self, cpus: float) -> int:
        """The number of actors of `cpus` that fit; one if they take no CPU."""
        return max(0, math.floor(self.cpus / cpus + 1e-9)) if cpus else 1


class _InsufficientResourcesError(ValueError):
    """Raised if the nodes do not suffice."""


def make_plan(
    config: schema.Config, nodes: Sequence[plans.Node], before: plans.Plan | None = None
) -> plans.Plan:
    """Distributes the nodes' CPUs and GPUs; ValueError in one line if they do not suffice.

    nodes: all that are alive, including the driver's. before: the current plan of a run that goes on. Its
    actors except self-play keep their places if the nodes are still there, but a learner moves from CPUs to
    new GPUs. Such a run is never refused: `missing` names the actors without a place.
    """
    nodes = sorted(nodes, key=lambda node: (not node.is_driver, node.name, node.id))
    return _Planner(config, nodes, before).make()


class _Planner:
    """State of making one plan."""

    def __init__(self, config: schema.Config, nodes: Sequence[plans.Node], before: plans.Plan | None) -> None:
        self._config = config
        self._before = before
        self._free = {node.id: _FreeResources(node) for node in nodes}
        self._driver = next(free for free in self._free.values() if free.node.is_driver)
        self._placed: list[plans.Placement] = []
        self._missing: list[str] = []

    def make(self) -> plans.Plan:
        """Places first the actors that keep their places, then the others, most important first."""
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
            except _InsufficientResourcesError as error:
                if self._before is None:
                    raise
                if not self._keep(names, may_stay_on_cpus=True):
                    self._missing.append(str(error))
        try:
            selfplay = self._place_selfplay()
        except _InsufficientResourcesError as error:
            if self._before is None:
                raise
            selfplay = []
            self._missing.append(str(error))
        # In a fixed order, because plans are compared.
        names = [name for kind in kinds for name in kind]
        placed = sorted(self._placed, key=lambda place: names.index(place.name))
        return plans.Plan(placements=tuple(selfplay + placed), missing="; ".join(self._missing))

    def _keep(self, names: Sequence[str], may_stay_on_cpus: bool = False) -> bool:
        """Keeps the places of actors with these names if possible, and returns whether it did.

        may_stay_on_cpus: whether a learner stays on CPUs although GPUs are available.
        """
        before = [place for name in names for place in self._before.of(name)] if self._before else []
        if not before or not all(place.node.id in self._free for place in before):
            return False
        is_on_cpu = plans.LEARNER in names and not any(place.gpus for place in before)
        if is_on_cpu and not may_stay_on_cpus and self._free_with_gpus():
            return False
        for place in before:
            for _ in range(place.count):
                self._free[place.node.id].take(place.cpus, round(place.gpus * _WHOLE))
        self._placed += before
        return True

    def _free_with_gpus(self) -> list[_FreeResources]:
        """Nodes with GPUs that this run may use, those with most free GPUs first."""
        if self._config.training.device is training_config.Device.cpu:
            return []
        with_gpus = [free for free in self._free.values() if free.gpus]
        return sorted(with_gpus, key=lambda free: (-sum(free.gpus), -free.cpus))

    def _place(self, free: _FreeResources, name: str, cpus: float, gpu: int = 0, count: int = 1) -> None:
        for _ in range(count):
            free.take(cpus, gpu)
        share = gpu / _WHOLE
        self._placed.append(plans.Placement(name=name, node=free.node, count=count, cpus=cpus, gpus=share))

    def _place_services(self) -> None:
        cluster = self._config.cluster
        needed = len(plans.SERVICES) * cluster.service_cpus + cluster.evaluator_cpus
        if not self._driver.has(needed):
            raise _InsufficientResourcesError(
                f"the driver's node {self._driver.node.name} has {_free(self._driver.node)}, "
                f"{needed:g} for the services are needed there"
            )
        for name in plans.SERVICES:
            self._place(self._driver, name, cluster.service_cpus)
        self._driver.cpus -= cluster.evaluator_cpus  # given back when the evaluator is placed

    def _place_learner(self) -> None:
        """Places the learner: alone if it is the only rank and fits on the driver's node, else with ranks."""
        cluster, training = self._config.cluster, self._config.training
        nodes_free = self._free_with_gpus()
        num_gpus = sum(len(free.gpus) for free in nodes_free)
        if training.device is training_config.Device.cuda and num_gpus == 0:
            raise _InsufficientResourcesError("training.device=cuda: the cluster has no GPU")
        gpu = 0
        if num_gpus:
            if training.num_ranks > num_gpus:
                raise _InsufficientResourcesError(
                    f"training.num_ranks={training.num_ranks}: must be at most the cluster's {num_gpus} GPUs"
                )
            gpu = _SHARED_RANK_GPU if num_gpus == training.num_ranks else _WHOLE
        if training.num_ranks == 1 and self._driver.has(cluster.learner_cpus, gpu):
            self._place(self._driver, plans.LEARNER, cluster.learner_cpus, gpu)
            return
        if not self._driver.has(cluster.service_cpus):
            raise _InsufficientResourcesError(
                f"the driver's node {self._driver.node.name} has no CPU left for the learner"
            )
        # Packed, so that the ranks' gradients stay on one machine if possible.
        counts = Counter[str]()
        self._driver.cpus -= cluster.service_cpus
        for free in nodes_free or sorted(self._free.values(), key=lambda free: -free.cpus):
            fitting = copy.deepcopy(free)  # nothing is taken before all ranks fit
            while counts.total() < training.num_ranks and fitting.has(cluster.learner_cpus, gpu):
                fitting.take(cluster.learner_cpus, gpu)
                counts[free.node.id] += 1
        self._driver.cpus += cluster.service_cpus
        if counts.total() < training.num_ranks:
            raise _InsufficientResourcesError(
                f"training.num_ranks={training.num_ranks}: {cluster.learner_cpus:g} CPU"
                f"{', a GPU' * bool(gpu)} each are needed, {counts.total()} of them fit into the cluster"
            )
        self._place(self._driver, plans.LEARNER, cluster.service_cpus)
        for id, count in counts.items():
            self._place(self._free[id], plans.RANK, cluster.learner_cpus, gpu, count)

    def _place_evaluator(self) -> None:
        """Places the evaluator, after the learner because a rank may need a whole GPU."""
        cpus = self._config.cluster.evaluator_cpus
        self._driver.cpus += cpus
        has_gpu = self._driver in self._free_with_gpus() and self._driver.has(0, _GATE_GPU)
        self._place(self._driver, plans.EVALUATOR, cpus, _GATE_GPU if has_gpu else 0)

    def _place_gate_player(self) -> None:
        """Places a gate player if the evaluator has no GPU and another node has one."""
        evaluator = next(place for place in self._placed if place.name == plans.EVALUATOR)
        cpus = self._config.cluster.selfplay_cpus
        fitting = [free for free in self._free_with_gpus() if free.has(cpus, _GATE_GPU)]
        if not evaluator.gpus and fitting:
            self._place(fitting[0], plans.GATE_PLAYER, cpus, _GATE_GPU)

    def _place_observers(self) -> None:
        if self._config.ladder.games_per_network:
            self._place(self._driver, plans.LADDER, 0)
        if self._config.mirror.uri is not None:
            self._place(self._driver, plans.MIRROR, 0)

    def _place_selfplay(self) -> list[plans.Placement]:
        """Places self-play on the remaining resources; adds the actors that do not fit to `missing`."""
        cpus, wanted = self._config.cluster.selfplay_cpus, self._config.selfplay.num_actors
        on_gpus = {free.node.id: self._gpu_slots(free) for free in self._free_with_gpus()}
        on_gpus = {id: slots for id, slots in on_gpus.items() if slots}
        slots = dict(on_gpus)
        if not (on_gpus and self._are_cpus_spared()):
            with_cpus = [free for free in self._free.values() if free not in self._free_with_gpus()]
            slots |= {free.node.id: free.slots(cpus) for free in with_cpus}
        fitting = sum(slots.values())
        if fitting == 0 or (wanted > fitting and not (self._config.cluster.grows or self._before)):
            raise _InsufficientResourcesError(self._refusal(wanted, fitting))
        if wanted > fitting:
            self._missing.append(f"resources for {wanted - fitting} of {wanted} self-play actors")
        counts = Counter[str]()
        for _ in range(min(wanted or fitting, fitting)):
            # GPUs first, evenly; then the node with most free CPUs, so that few actors spread over the nodes.
            counts[max(slots, key=lambda id: self._need(id, id in on_gpus, slots[id], counts[id]))] += 1
        placed: list[plans.Placement] = []
        for id, free in self._free.items():
            if counts[id] and id in on_gpus:
                placed += self._on_gpus(free, counts[id])
            elif counts[id]:
                placed.append(_selfplay(free, counts[id], cpus, 0))
        return placed

    def _refusal(self, wanted: int, fitting: int) -> str:
        cpus = self._config.cluster.selfplay_cpus
        total = sum(free.node.cpus for free in self._free.values())
        used = sum(free.node.used_cpus for free in self._free.values())
        taken = total - used - sum(free.cpus for free in self._free.values())
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
        return is_on_gpu, -count / len(_usable(self._free[id])) if is_on_gpu else slots - count

    def _gpu_slots(self, free: _FreeResources) -> int:
        """Number of self-play actors for a node's GPUs: equal on each, bounded by the node's CPUs."""
        gpus, cpus = _usable(free), self._config.cluster.selfplay_cpus
        if not gpus:
            return 0
        on_each = self._config.cluster.actors_per_gpu
        if min(gpus) < _WHOLE / 2:
            on_each = max(1, on_each // 2)  # a rank uses the other half
        return min(len(gpus) * on_each, free.slots(cpus) if cpus else len(gpus) * on_each)

    def _on_gpus(self, free: _FreeResources, count: int) -> list[plans.Placement]:
        """Placements of at most two sizes with which Ray loads all GPUs evenly.

        Ray gives an actor the fullest GPU on which its share fits. Whole GPUs and halves can therefore be
        mixed in any order of starting. Smaller shares must be equal, and a remainder of actors is left out.
        """
        gpus, cluster = _usable(free), self._config.cluster
        each, rest = divmod(count, len(gpus))
        if each == 0:
            parts = [(count, 1)]
        elif each == 1:
            parts = [(len(gpus) - rest, 1), (2 * rest, 2)]
        else:
            parts = [(each * len(gpus), each)]
        cpus = cluster.selfplay_cpus
        if cpus:
            share = math.floor(free.cpus / sum(number for number, _ in parts))
            cpus = max(cpus, min(_MOST_THREADS, share))
        return [_selfplay(free, number, cpus, min(gpus) // on_one) for number, on_one in parts if number]

    def _are_cpus_spared(self) -> bool:
        """Whether self-play leaves out the nodes without GPUs."""
        kind = self._config.cluster.selfplay_on
        if kind is not cluster_config.SelfPlayOn.auto:
            return kind is cluster_config.SelfPlayOn.gpus
        flops = operations.evaluation_operations(self._config.net.largest, self._config.game.size)
        on_gpu = min(_GPU_FLOPS / flops / self._config.cluster.actors_per_gpu, _THREAD_POSITIONS)
        return on_gpu >= _WORTH_OF_CPUS * _CORE_FLOPS / flops


def _selfplay(free: _FreeResources, count: int, cpus: float, gpu: int) -> plans.Placement:
    return plans.Placement(name=plans.SELF_PLAY, node=free.node, count=count, cpus=cpus, gpus=gpu / _WHOLE)


def _usable(free: _FreeResources) -> list[int]:
    """Free shares of the GPUs that self-play may use, without those that a rank uses for the most part."""
    most = max(free.gpus, default=0)
    return [left for left in free.gpus if left >= max(_LEAST_GPU, most / 2)]


def _free(node: plans.Node) -> str:
    used = f", of which other runs have {node.used_cpus:g}" if node.used_cpus else ""
    return f"{node.cpus:g} CPUs{used}"
