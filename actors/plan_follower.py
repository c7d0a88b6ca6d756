"""Actors of a run at the places of its plan: which start first, which wait, and which change their node."""

from collections.abc import Sequence

from actors import handles, rank_group, selfplay_actors, starting, supervision
from actors import plan as plans


class PlanFollower:
    """Starts, moves and ends the actors with a loop, so that they are where the plan wants them."""

    def __init__(
        self, plan: plans.Plan, starter: starting.ActorStarter, supervised: supervision.SupervisedActors
    ) -> None:
        """supervised: where the actors are started and ended. The services stay where they are."""
        self.plan = plan
        """The current plan."""
        self._starter = starter
        self._supervised = supervised
        self._selfplay = selfplay_actors.SelfPlayActors(
            supervised, lambda place, number: starter.start_selfplay(self.plan, place, number)
        )
        self._has_first_move = False
        self._waits_for_ranks = False

    def start(self) -> None:
        """Starts what the first move of a game needs: the learner, and all self-play actors but one."""
        self._supervised.start(plans.LEARNER, self._start_learner)
        self._follow_selfplay()

    def start_others(self) -> None:
        """Starts the actors that would have delayed the first move of a game."""
        self._has_first_move = True
        self._follow_selfplay()
        self._supervised.start(plans.EVALUATOR, self._start_evaluator)
        if self.plan.of(plans.LADDER):
            self._supervised.start(plans.LADDER, lambda: self._starter.start_ladder(self.plan))
        self.start_mirror()

    def start_mirror(self) -> None:
        """Starts the mirror, if the run has one."""
        if self.plan.of(plans.MIRROR):
            self._supervised.start(plans.MIRROR, lambda: self._starter.start_mirror(self.plan))

    def leave_lost_nodes(self, nodes: Sequence[plans.Node]) -> None:
        """Removes the self-play actors of nodes that are gone. nodes: those that are there."""
        planned = {place.node.id for place in self.plan.placements}
        self._selfplay.leave(planned - {node.id for node in nodes})

    def follow(self, plan: plans.Plan) -> None:
        """Moves the actors whose place differs in the new plan."""
        if plan == self.plan:
            if self._waits_for_ranks:
                self._follow_selfplay()
            return
        before, self.plan = self.plan, plan
        self._move((plans.LEARNER, plans.RANK), before, self._start_learner)
        if self._has_first_move:
            self._move((plans.EVALUATOR, plans.GATE_PLAYER), before, self._start_evaluator)
        self._follow_selfplay()

    def _start_learner(self) -> handles.LoopHandle:
        return self._starter.start_learner(self.plan)

    def _start_evaluator(self) -> handles.LoopHandle:
        return self._starter.start_evaluator(self.plan)

    def _move(self, names: tuple[str, str], before: plans.Plan, start: supervision.StartActor) -> None:
        """Restarts an actor if its place or that of its helpers changed; ends it if it has none.

        names: of the actor itself and of its helpers.
        """
        places = [place for name in names for place in self.plan.of(name)]
        if places == [place for name in names for place in before.of(name)]:
            return
        if not self.plan.of(names[0]):
            self._supervised.remove(names[0], at_once=True)
            rank_group.remove_reservation()
        elif names[0] in self._supervised.names:
            self._supervised.replace(names[0], start)
        else:
            self._supervised.start(names[0], start)

    def _follow_selfplay(self) -> None:
        """Starts and ends self-play actors as the plan requires.

        The last one waits for the first move, because the learner's start needs a core until then. The nodes
        of ranks on GPUs wait for the ranks' reservation, because self-play could leave a part of each GPU
        that is too small for a rank.
        """
        held_back = 0 if self._has_first_move else min(1, self.plan.num_selfplay_actors - 1)
        ranks = [place for place in self.plan.of(plans.RANK) if place.gpus]
        self._waits_for_ranks = bool(ranks) and not rank_group.has_reservation(ranks)
        without = {place.node.id for place in ranks} if self._waits_for_ranks else ()
        self._selfplay.follow(self.plan, held_back, without)
