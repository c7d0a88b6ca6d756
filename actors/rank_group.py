"""Group of learner processes that act as one learner."""

import contextlib
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import ray
from ray import exceptions, util
from ray.util.placement_group import PlacementGroup
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from actors import handles, learner_rank, ray_errors, worker_setup
from actors import plan as plans
from alphazero.config import schema
from alphazero.data import batch as batches

if TYPE_CHECKING:
    from alphazero.net import weights as network_weights

Answer = TypeVar("Answer")
_logger = logging.getLogger(__name__)
_START_S = 120.0
_LONGEST_S = 1e7
_MOST_RESTARTS = 3
"""Largest number in a row, without a training step between them."""
_GROUP = "learner ranks"
"""The placement group's name within the run's namespace."""


class RanksLost(exceptions.RayError):
    """A rank died or did not answer; the group has been restarted without any state.

    If it is not caught, the learner counts as dead and is restarted.
    """


class PlaceLost(exceptions.RayError):
    """The ranks do not fit on their nodes any more; the driver must find another place."""


def remove_reservation() -> None:
    """Removes the placement group that a killed learner left, if there is one."""
    with contextlib.suppress(ValueError):
        util.remove_placement_group(util.get_placement_group(_GROUP))


def has_reservation(places: Sequence[plans.Placement]) -> bool:
    """Whether the ranks' shares of nodes are reserved; before that no other actor may take parts of GPUs."""
    try:
        group = util.get_placement_group(_GROUP)
    except ValueError:
        return False
    return _nodes_of(group) == sorted(place.node.id for place in places for _ in range(place.count))


def _nodes_of(group: PlacementGroup) -> list[str] | None:
    """Sorted ids of the nodes of a placement group's bundles; None before all are reserved."""
    entry = util.placement_group_table(group)
    return sorted(entry["bundles_to_node_id"].values()) if entry.get("state") == "CREATED" else None


class RankGroup:
    """`training.num_ranks` ranks in a placement group, with the methods of `training.learner.Learner`.

    One call trains for many steps. If all ranks return the same, the result of the first is taken. The
    placement group outlives the ranks, so that no other actor can take a part of their GPUs during a restart.
    """

    def __init__(self, config: schema.Config, places: Sequence[plans.Placement]) -> None:
        """places: nodes and shares of the ranks. Raises PlaceLost if the ranks do not start there in time."""
        self._place = places[0]
        # Ray does not hide GPUs from ranks without a share of one.
        self._config = config if self._place.gpus else worker_setup.on_cpus(config)
        self._nodes = [place.node for place in places for _ in range(place.count)]
        self._restarts = 0
        self._rendezvous = ""
        self.step = 0
        self.samples = 0
        self.learning_rate_factor = 1.0
        self._stage = config.net.name
        self._reserve()
        self._start()

    def train(
        self, drawn: "Sequence[ray.ObjectRef[list[batches.TrainingBatch]]]", progress: float
    ) -> list[dict[str, float]]:
        """Trains the ranks and returns the metrics of each step; RanksLost if a rank is lost.

        drawn: for each rank a reference to its list of batches.
        """
        shards = zip(self._ranks, drawn, strict=True)
        trained = self._get([rank.train.remote(shard, progress) for rank, shard in shards])[0]
        self.samples = trained.samples
        self.step += len(trained.metrics)
        self._restarts = 0
        return trained.metrics

    def evaluate(self, drawn: Sequence[batches.TrainingBatch]) -> dict[str, float]:
        """Evaluates batches on the first rank."""
        return self._get([self._ranks[0].evaluate.remote(drawn)])[0]

    def candidate(self) -> "network_weights.Weights":
        """The averaged network."""
        first, *_ = self._get([rank.candidate.remote() for rank in self._ranks])
        assert first is not None
        return first

    @property
    def stage(self) -> str:
        """`Learner.stage`."""
        return self._stage

    def grow(self, stage: str) -> None:
        """`Learner.grow` on all ranks."""
        self._get([rank.grow.remote(stage) for rank in self._ranks])
        self._stage = stage

    def state(self) -> dict[str, Any]:
        """All mutable state; batch norm's statistics are means over the ranks."""
        first, *_ = self._get([rank.state.remote() for rank in self._ranks])
        assert first is not None
        return first

    def load_state(self, state: dict[str, Any]) -> None:
        """Continues from a `state`."""
        shared = ray.put(state)
        self._get([rank.load_state.remote(shared) for rank in self._ranks])
        self.step, self.samples = state["step"], state["samples"]
        self.learning_rate_factor = state["rate_factor"]
        self._stage = state.get("stage", self._config.net.name)

    def stop(self) -> None:
        """Ends all ranks and removes their placement group."""
        self._kill()
        util.remove_placement_group(self._group)

    def _kill(self) -> None:
        for rank in self._ranks:
            ray.kill(rank)  # pyright: ignore[reportArgumentType]  the stubs lack proxies
        if self._rendezvous.startswith("file://"):
            # Usually the ranks' machine is this one; on another an empty folder stays.
            shutil.rmtree(Path(self._rendezvous.removeprefix("file://")).parent, ignore_errors=True)

    def _reserve(self) -> None:
        # Ray keeps the group of a learner that died, and its reservation, for as long as the driver lives.
        remove_reservation()
        bundle = {"CPU": self._place.cpus, "GPU": self._place.gpus}
        self._group = util.placement_group(
            [bundle] * len(self._nodes),
            name=_GROUP,
            bundle_label_selector=[{"ray.io/node-id": node.id} for node in self._nodes],
        )
        # No short timeout: other actors may free the resources, and the driver ends this learner if a node is
        # lost.
        minutes = self._config.cluster.wait_minutes
        if not self._group.wait(_LONGEST_S if minutes is None else max(_START_S, 60 * minutes)):
            util.remove_placement_group(self._group)
            names = [node.name for node in self._nodes]
            raise RuntimeError(f"cluster.wait_minutes={minutes:g}: {bundle} are not free on each of {names}")

    def _start(self) -> None:
        actor: Any = ray.remote(worker_setup.on_start(learner_rank.LearnerRank))
        self._ranks: list[handles.RankHandle] = [
            actor.options(
                num_cpus=self._place.cpus,
                num_gpus=self._place.gpus,
                scheduling_strategy=PlacementGroupSchedulingStrategy(self._group, number),
            ).remote(self._config)
            for number in range(len(self._nodes))
        ]
        is_local = len({node.id for node in self._nodes}) == 1
        try:
            self._rendezvous = ray.get(self._ranks[0].rendezvous.remote(is_local), timeout=_START_S)
            joined = [rank.join.remote(self._rendezvous, number) for number, rank in enumerate(self._ranks)]
            ray.get(joined, timeout=self._config.training.timeout_s + _START_S)
        except exceptions.GetTimeoutError as error:
            self.stop()
            raise PlaceLost(
                "the learner's ranks did not start in time: is one of their nodes gone?"
            ) from error
        except (FloatingPointError, ValueError):
            raise
        except exceptions.RayError as error:
            # If one rank dies, the ranks that wait for it fail with errors that do not name the cause.
            self._kill()
            raise RanksLost(f"while they started: {ray_errors.last_line(error)}") from error

    def _get(self, references: "list[ray.ObjectRef[Answer]]") -> list[Answer]:
        """The replies of ranks; RanksLost, after a restart of all ranks, if one of them has none."""
        try:
            return ray.get(references)
        except (FloatingPointError, ValueError):
            raise  # the learner's own errors, the same on all ranks
        except exceptions.RayError as error:
            reason = ray_errors.last_line(error)
            if self._restarts == _MOST_RESTARTS:
                raise RuntimeError(
                    f"the learner's ranks were lost {_MOST_RESTARTS} times: {reason}"
                ) from error
            self._restarts += 1
            _logger.warning("a rank of the learner was lost, all are started again: %s", reason)
            self._kill()
            self._start()
            raise RanksLost(reason) from error
