"""The plan of a run as the nodes of its cluster come and go."""

import logging
import threading
import time
from collections.abc import Sequence

from actors import autoscaling, cluster_nodes, planning
from actors import plan as plans
from alphazero.config import schema

_logger = logging.getLogger(__name__)
_NODES_S = 2.0


class Replanner:
    """Makes the first plan when the nodes suffice, and a new one whenever they changed.

    On a cluster that grows it tells the autoscaler what the run needs.
    """

    def __init__(
        self,
        config: schema.Config,
        nodes: cluster_nodes.Nodes,
        requests: autoscaling.Requests | None = None,
    ) -> None:
        """requests: to the autoscaler, None if the cluster does not grow."""
        self._config = config
        self._nodes = nodes
        self._requests = requests
        self._node_types = autoscaling.node_types() if requests is not None else []
        self._checked_at = time.monotonic()
        self._without_learner_since: float | None = None

    def first_plan(self, interrupted: threading.Event) -> plans.Plan | None:
        """The first plan, on a growing cluster after the nodes have come; None after an interrupt.

        ValueError in one line if the nodes do not suffice.
        """
        has_told, began = False, time.monotonic()
        while not interrupted.is_set():
            try:
                return planning.make_plan(self._config, self._refresh())
            except ValueError as error:
                if self._requests is None:
                    raise
                if self._is_over(began):
                    minutes = self._config.cluster.wait_minutes
                    raise ValueError(f"cluster.wait_minutes={minutes:g}: {error}") from None
                if not has_told:
                    print(f"waiting for nodes: {error}", flush=True)
                has_told = True
                self._nodes.forget_use()
                self._requests.update(autoscaling.demands(self._config, None, self._node_types))
                interrupted.wait(_NODES_S)
        return None

    def check_nodes(self) -> list[plans.Node] | None:
        """The nodes, once every two seconds; None in between."""
        return self._refresh() if time.monotonic() - self._checked_at >= _NODES_S else None

    def next_plan(
        self, nodes: Sequence[plans.Node], before: plans.Plan, capacity: float | None
    ) -> plans.Plan:
        """The plan for these nodes, in which actors keep their places if possible.

        before: the plan so far. capacity: self-play actors that the learner can use, None before it is known.
        Raises RuntimeError if the learner has had no place for longer than `cluster.wait_minutes`.
        """
        plan = planning.make_plan(self._config, nodes, before=before)
        self._limit_wait(plan)
        if self._requests is not None:
            demands = autoscaling.demands(self._config, plan, self._node_types, capacity)
            self._requests.update(demands)
        if plan != before:
            _logger.warning(
                "the cluster has %d nodes now: %d self-play actors instead of %d",
                len(nodes),
                plan.num_selfplay_actors,
                before.num_selfplay_actors,
            )
            _logger.info("the plan:\n%s", plan.text())
        return plan

    def withdraw(self) -> None:
        """Tells the autoscaler that the run needs nothing more."""
        if self._requests is not None:
            self._requests.withdraw()

    def _refresh(self) -> list[plans.Node]:
        self._checked_at = time.monotonic()
        return self._nodes.refresh()

    def _limit_wait(self, plan: plans.Plan) -> None:
        """Raises RuntimeError if the learner has had no place for longer than `cluster.wait_minutes`."""
        if plan.of(plans.LEARNER):
            self._without_learner_since = None
        elif self._without_learner_since is None:
            self._without_learner_since = time.monotonic()
            _logger.warning("the learner waits for a place: %s", plan.missing)
        elif self._is_over(self._without_learner_since):
            minutes = self._config.cluster.wait_minutes
            raise RuntimeError(f"cluster.wait_minutes={minutes:g}: no place for the learner: {plan.missing}")

    def _is_over(self, since: float) -> bool:
        """Whether a wait that began at `since` has lasted for `cluster.wait_minutes`."""
        minutes = self._config.cluster.wait_minutes
        return minutes is not None and time.monotonic() - since >= 60 * minutes
