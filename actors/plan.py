"""Which actor gets what of a cluster: a plan that is printed, or refused in one line."""

import math
from dataclasses import dataclass

from alphazero.config import schema
from alphazero.config import training as training_config


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One kind of actor."""

    name: str
    count: int
    cpus: float
    """CPU share of each."""
    gpus: float
    """GPU share of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All actors of a run, by name."""

    placements: dict[str, Placement]

    @property
    def rank(self) -> Placement:
        """What one rank of the learner gets."""
        return self.placements["learner rank" if "learner rank" in self.placements else "learner"]

    def text(self) -> str:
        """One line for each kind of actor."""
        lines = [
            f"  {place.count:>4} x {place.name:<14} {place.cpus:g} CPU"
            + (f", {place.gpus:.2g} GPU" if place.gpus else "")
            for place in self.placements.values()
        ]
        return "\n".join(lines)


def private_cpus(config: schema.Config, cores: int) -> float:
    """CPUs that a private cluster declares: one machine's cores for self-play, and room for the services.

    The services sleep most of the time, and the operating system shares the cores fairly, so
    self-play need not leave a core free for them.
    """
    return cores + math.ceil(_service_cpus(config))


def make_plan(config: schema.Config, cpus: float, gpus: float) -> Plan:
    """Shares out `cpus` and `gpus`; ValueError in one line when they do not suffice."""
    cluster = config.cluster
    if config.training.device is training_config.Device.cuda and gpus == 0:
        raise ValueError("training.device=cuda: the cluster has no GPU")
    if config.training.device is training_config.Device.cpu:
        gpus = 0
    room = cpus - _service_cpus(config)
    fitting = max(0, math.floor(room / cluster.selfplay_cpus + 1e-9)) if cluster.selfplay_cpus else 1
    wanted = config.selfplay.num_actors
    if max(1, wanted) > fitting:
        raise ValueError(
            f"selfplay.num_actors={wanted or 'auto'}: {max(1, wanted)} of {cluster.selfplay_cpus:g} CPUs and "
            f"{_service_cpus(config):g} for the services are needed, the cluster has {cpus:g} CPUs; "
            f"allowed here: at most {fitting}"
        )
    num_actors = wanted or fitting
    num_ranks = config.training.num_ranks
    if gpus and num_ranks > gpus:
        raise ValueError(
            f"training.num_ranks={num_ranks}: the cluster has {gpus:g} GPUs, one for each at most"
        )
    rank_gpus = 0.0 if not gpus else (0.5 if gpus == num_ranks else 1.0)
    evaluator_gpus = 0.1 if gpus else 0.0
    selfplay_gpus = (
        math.floor(100 * (gpus - num_ranks * rank_gpus - evaluator_gpus) / num_actors) / 100 if gpus else 0.0
    )
    places = [
        Placement(
            name="self-play", count=num_actors, cpus=cluster.selfplay_cpus, gpus=min(1.0, selfplay_gpus)
        ),
        *_learner_placements(config, rank_gpus),
        Placement(name="evaluator", count=1, cpus=cluster.evaluator_cpus, gpus=evaluator_gpus),
        Placement(name="replay buffer", count=1, cpus=cluster.service_cpus, gpus=0),
        Placement(name="weight store", count=1, cpus=cluster.service_cpus, gpus=0),
        Placement(name="reporter", count=1, cpus=cluster.service_cpus, gpus=0),
        *([Placement(name="ladder", count=1, cpus=0, gpus=0)] if config.ladder.games_per_network else []),
    ]
    return Plan(placements={place.name: place for place in places})


def _learner_placements(config: schema.Config, gpus: float) -> list[Placement]:
    """The learner and its ranks; a single rank is the learner itself."""
    cluster, count = config.cluster, config.training.num_ranks
    if count == 1:
        return [Placement(name="learner", count=1, cpus=cluster.learner_cpus, gpus=gpus)]
    return [
        Placement(name="learner", count=1, cpus=cluster.service_cpus, gpus=0),
        Placement(name="learner rank", count=count, cpus=cluster.learner_cpus, gpus=gpus),
    ]


def _service_cpus(config: schema.Config) -> float:
    cluster = config.cluster
    learner = sum(place.count * place.cpus for place in _learner_placements(config, 0))
    return learner + cluster.evaluator_cpus + 3 * cluster.service_cpus
