"""Set of self-play actors that follows the plan while the run goes on."""

from collections import Counter
from collections.abc import Callable, Collection

from actors import handles, supervision
from actors import plan as plans

StartSelfPlay = Callable[[plans.Placement, int], handles.LoopHandle]
"""Starts the self-play actor of this number at this place and returns its handle."""


class SelfPlayActors:
    """The self-play actors of a `SupervisedActors`."""

    def __init__(self, supervised: supervision.SupervisedActors, start_actor: StartSelfPlay) -> None:
        self._supervised = supervised
        self._start_actor = start_actor
        self._places: dict[int, plans.Placement] = {}

    def follow(self, plan: plans.Plan, held_back: int = 0, without: Collection[str] = ()) -> None:
        """Starts the actors that the plan adds and stops those that it does not have.

        held_back: number of the plan's actors not to start yet. without: ids of nodes to leave empty.
        """
        here = [place for place in plan.of(plans.SELF_PLAY) if place.node.id not in without]
        places = {_key(place): place for place in here}
        missing = Counter({key: place.count for key, place in places.items()})
        for number, place in sorted(self._places.items()):
            if missing[_key(place)] > 0:
                missing[_key(place)] -= 1
            else:
                self._remove(number)
        for key in list(missing.elements())[: max(0, missing.total() - held_back)]:
            self._start(places[key])

    def leave(self, node_ids: set[str]) -> None:
        """Removes the actors of nodes that are gone."""
        for number, place in list(self._places.items()):
            if place.node.id in node_ids:
                self._remove(number)

    def _start(self, place: plans.Placement) -> None:
        # The smallest free number keeps the names of files and metrics few when nodes come and go.
        number = next(number for number in range(len(self._places) + 1) if number not in self._places)
        self._places[number] = place
        self._supervised.start(_name(number), lambda: self._start_actor(place, number))

    def _remove(self, number: int) -> None:
        del self._places[number]
        self._supervised.remove(_name(number))


def _key(place: plans.Placement) -> tuple[str, float, float]:
    return place.node.id, place.cpus, place.gpus


def _name(number: int) -> str:
    return f"{plans.SELF_PLAY} {number}"
