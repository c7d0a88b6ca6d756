"""What a run asks of the cluster's autoscaler: room for the learner, and for the players that it can feed."""

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
"""A request that nobody has repeated for so long was made by a driver that is gone."""
_MOST_GROWTH = 2
"""Times the players of now that are asked for at once: what a player does is measured on the few at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeType:
    """A kind of node that the autoscaler may start."""

    name: str
    resources: Bundle
    most: int
    """Nodes of this kind at most, -1 without a bound."""


def node_types(file: Path = _BOOTSTRAP) -> list[NodeType]:
    """What the autoscaler can start, as far as its file on the cluster's head tells; empty elsewhere.

    file: where `ray up` leaves the cluster file on the head.
    """
    try:
        config = yaml.safe_load(file.read_text())
        return [
            NodeType(
                name=name, resources=dict(kind.get("resources", {})), most=int(kind.get("max_workers", 0))
            )
            for name, kind in config["available_node_types"].items()
        ]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return []


def demands(
    config: schema.Config,
    plan: plans.Plan | None,
    types: Sequence[NodeType] = (),
    capacity: float | None = None,
) -> list[Bundle]:
    """All that the run wants to have, what it has included.

    plan: what it has, None before it began. types: that may come. capacity: players that the learner can
    feed, None while nobody knows.
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
    player = {"CPU": cluster.selfplay_cpus}
    if is_on_gpus:
        player["GPU"] = round(1 / cluster.actors_per_gpu, 4)
    ranks = _bundles(plan.ranks) if plan else []
    if len(ranks) != training.num_ranks or (is_on_gpus and not all("GPU" in bundle for bundle in ranks)):
        ranks = [rank] * training.num_ranks
    there = _bundles(plan.of(plans.SELF_PLAY)) if plan else []
    wanted = _num_players(config, len(there), len(nodes), capacity)
    return ranks + there + [player] * (wanted - len(there))


def _bundles(places: Sequence[plans.Placement]) -> list[Bundle]:
    """What actors have, one by one."""
    return [
        {"CPU": place.cpus, **({"GPU": place.gpus} if place.gpus else {})}
        for place in places
        for _ in range(place.count)
    ]


def _num_players(config: schema.Config, there: int, num_nodes: int, capacity: float | None) -> int:
    """selfplay.num_actors, or as many as the learner can feed, by steps; at least those who are there."""
    if config.selfplay.num_actors:
        return max(there, config.selfplay.num_actors)
    if there == 0 or capacity is None:
        return max(1, there)
    grown = min(math.floor(capacity), _MOST_GROWTH * there)
    if config.cluster.max_nodes:
        grown = min(grown, there * config.cluster.max_nodes // max(1, num_nodes))
    return max(there, grown)


class Requests:
    """The requests of all runs of a cluster: the autoscaler keeps only the last one that it was told of.

    Each run writes its own into the cluster's key-value store and asks for the sum of all.
    """

    def __init__(self, run: str, kv: Any = None, clock: Callable[[], float] = time.time) -> None:
        """run: its name on the cluster. kv: functions put, get, delete and keys, by default Ray's."""
        self._key = f"{_PREFIX}{run}"
        self._kv = kv or _RayStore()
        self._clock = clock
        self._last: tuple[float, list[Bundle]] = (-math.inf, [])

    def ask(self, bundles: Sequence[Bundle]) -> bool:
        """Asks for these instead of the run's last ones; True if that is news.

        Repeats what is no news once a minute, so that it outlives another run's end.
        """
        now, bundles = self._clock(), list(bundles)
        asked, last = self._last
        is_news = bundles != last
        if is_news or now - asked >= _REPEAT_S:
            self._kv.put(self._key, json.dumps({"time": now, "bundles": bundles}))
            self._last = now, bundles
            self._kv.request(self._sum())
        return is_news

    def end(self) -> None:
        """Takes the run's request back; those of others stay."""
        self._kv.delete(self._key)
        self._kv.request(self._sum())

    def _sum(self) -> list[Bundle]:
        return [bundle for request in self._fresh() for bundle in request["bundles"]]

    def _fresh(self) -> Iterable[dict[str, Any]]:
        for key in self._kv.keys(_PREFIX):
            text = self._kv.get(key)
            if text is None:
                continue
            request = json.loads(text)
            if self._clock() - request["time"] > _FORGOTTEN_S:
                self._kv.delete(key)
            else:
                yield request


class _RayStore:
    """Ray's key-value store, which lives as long as the cluster's head, and its autoscaler."""

    def __init__(self) -> None:
        # Not above: tests of the arithmetic need no Ray.
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
        # Not above: it takes half a second, and few runs need it.
        from ray.autoscaler import sdk

        sdk.request_resources(bundles=bundles)
