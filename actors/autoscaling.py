"""Requests to the cluster's autoscaler: resources for the learner and for the self-play that it can use."""

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from actors import plan as plans
from alphazero.config import schema
from alphazero.config import training as training_config

Bundle = dict[str, float]
"""Resources that must be on one node, as Ray names them."""
_BOOTSTRAP = Path("~/ray_bootstrap_config.yaml").expanduser()
_PREFIX = "alphazero-request-"
_REPEAT_S = 60.0
_FORGOTTEN_S = 300.0
"""Age at which a request counts as that of a dead driver: a live one repeats its request."""
_MOST_GROWTH = 2
"""Largest factor of growth in one request, because the first estimates rest on few actors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscalerNodeType:
    """A type of node that the autoscaler may start."""

    name: str
    resources: Bundle
    most: int
    """Largest number of nodes of this type, -1 without a bound."""


def node_types(file: Path = _BOOTSTRAP) -> list[AutoscalerNodeType]:
    """Node types of the autoscaler, from the cluster file on the head; empty on other machines.

    file: the place where `ray up` leaves the cluster file on the head.
    """
    try:
        config = yaml.safe_load(file.read_text())
        return [
            AutoscalerNodeType(
                name=name, resources=dict(kind.get("resources", {})), most=int(kind.get("max_workers", 0))
            )
            for name, kind in config["available_node_types"].items()
        ]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return []


def demands(
    config: schema.Config,
    plan: plans.Plan | None,
    types: Sequence[AutoscalerNodeType] = (),
    capacity: float | None = None,
) -> list[Bundle]:
    """All resources that the run needs, including those that it has.

    plan: the resources that it has, None before the start. types: node types that may be added.
    capacity: self-play actors that the learner can use, None before it is known.
    """
    cluster, training = config.cluster, config.training
    nodes = {place.node.id: place.node for place in plan.placements}.values() if plan else ()
    may_have_gpus = any(node.gpus for node in nodes) or any(
        kind.resources.get("GPU", 0) and kind.most for kind in types
    )
    is_on_gpus = training.device is training_config.Device.cuda or (
        training.device is training_config.Device.auto and may_have_gpus
    )
    rank = {"CPU": cluster.learner_cpus, **({"GPU": 1.0} if is_on_gpus else {})}
    selfplay = {"CPU": cluster.selfplay_cpus}
    if is_on_gpus:
        selfplay["GPU"] = round(1 / cluster.actors_per_gpu, 4)
    ranks = _bundles(plan.ranks) if plan else []
    if len(ranks) != training.num_ranks or (is_on_gpus and not all("GPU" in bundle for bundle in ranks)):
        ranks = [rank] * training.num_ranks
    there = _bundles(plan.of(plans.SELF_PLAY)) if plan else []
    wanted = _num_selfplay_actors(config, len(there), len(nodes), capacity)
    return ranks + there + [selfplay] * (wanted - len(there))


def _bundles(places: Sequence[plans.Placement]) -> list[Bundle]:
    """The resources of each actor."""
    return [
        {"CPU": place.cpus, **({"GPU": place.gpus} if place.gpus else {})}
        for place in places
        for _ in range(place.count)
    ]


def _num_selfplay_actors(config: schema.Config, there: int, num_nodes: int, capacity: float | None) -> int:
    """selfplay.num_actors, or as many as the learner can use, in steps; never fewer than there are."""
    if config.selfplay.num_actors:
        return max(there, config.selfplay.num_actors)
    if there == 0 or capacity is None:
        return max(1, there)
    grown = min(math.floor(capacity), _MOST_GROWTH * there)
    if config.cluster.max_nodes:
        grown = min(grown, there * config.cluster.max_nodes // max(1, num_nodes))
    return max(there, grown)


class _RunRequest(NamedTuple):
    """The request of one run, in the key-value store as a JSON object with these keys."""

    time: float  # in seconds since 1970
    bundles: list[Bundle]


class Requests:
    """The requests of all runs of a cluster.

    The autoscaler keeps only the last request that it received. Each run therefore writes its own into the
    cluster's key-value store and requests the sum of all.
    """

    def __init__(
        self, run: str, kv: "_RayStore | None" = None, clock: Callable[[], float] = time.time
    ) -> None:
        """run: its name on the cluster. kv: Ray's store and autoscaler, or a fake."""
        self._key = f"{_PREFIX}{run}"
        self._kv = kv or _RayStore()
        self._clock = clock
        self._last = _RunRequest(-math.inf, [])

    def update(self, bundles: Sequence[Bundle]) -> None:
        """Requests these bundles instead of the run's last ones.

        An unchanged request is repeated once a minute, so that it survives the end of another run.
        """
        request = _RunRequest(self._clock(), list(bundles))
        if request.bundles != self._last.bundles or request.time - self._last.time >= _REPEAT_S:
            self._kv.put(self._key, json.dumps(request._asdict()))
            self._last = request
            self._kv.request(self._sum())

    def withdraw(self) -> None:
        """Removes the run's request; those of other runs stay."""
        self._kv.delete(self._key)
        self._kv.request(self._sum())

    def _sum(self) -> list[Bundle]:
        return [bundle for request in self._fresh() for bundle in request.bundles]

    def _fresh(self) -> Iterable[_RunRequest]:
        """The requests of all runs; removes those of dead drivers."""
        for key in self._kv.keys(_PREFIX):
            text = self._kv.get(key)
            if text is None:
                continue
            found = json.loads(text)
            request = _RunRequest(found["time"], found["bundles"])
            if self._clock() - request.time > _FORGOTTEN_S:
                self._kv.delete(key)
            else:
                yield request


class _RayStore:
    """Ray's key-value store, which lives as long as the cluster's head, and its autoscaler."""

    def __init__(self) -> None:
        # Not at the top: tests of the arithmetic do not need Ray.
        from ray.experimental import internal_kv

        self._kv = internal_kv

    def put(self, key: str, text: str) -> None:
        self._kv._internal_kv_put(key.encode(), text.encode(), overwrite=True)

    def get(self, key: str) -> str | None:
        found = self._kv._internal_kv_get(key.encode())
        return None if found is None else found.decode()

    def delete(self, key: str) -> None:
        self._kv._internal_kv_del(key.encode())

    def keys(self, prefix: str) -> list[str]:
        return [key.decode() for key in self._kv._internal_kv_list(prefix.encode())]

    def request(self, bundles: list[Bundle]) -> None:
        # Not at the top: the import takes half a second, and few runs need it.
        from ray.autoscaler import sdk

        sdk.request_resources(bundles=bundles)
