"""Self-play actors as the plan has them: some are added and removed while the run goes on."""

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from actors import crew as crews
from actors import plan as plans

Hire = Callable[[plans.Placement, int], Any]
"""Makes the self-play actor of this number at this place and returns its handle."""


class Players:
    """The self-play actors of a crew."""

    def __init__(self, crew: crews.Crew, hire: Hire) -> None:
        self._crew = crew
        self._hire = hire
        self._places: dict[int, plans.Placement] = {}

    def follow(self, plan: plans.Plan, held_back: int = 0, without: Collection[str] = ()) -> None:
        """Starts whom the plan has more of and dismisses whom it has no place for.

        held_back: so many of the plan's actors are not started yet. without: ids of nodes on which none is.
        """
        here = [place for place in plan.of(plans.SELF_PLAY) if place.node.id not in without]
        places = {_key(place): place for place in here}
        missing = Counter({key: place.count for key, place in places.items()})
        for number, place in sorted(self._places.items()):
            if missing[_key(place)] > 0:
                missing[_key(place)] -= 1
            else:
                self._dismiss(number)
        for key in list(missing.elements())[: max(0, missing.total() - held_back)]:
            self._start(places[key])

    def leave(self, node_ids: set[str]) -> None:
        """Gives up the actors of nodes that are gone."""
        for number, place in list(self._places.items()):
            if place.node.id in node_ids:
                self._dismiss(number)

    def __len__(self) -> int:
        return len(self._places)

    def _start(self, place: plans.Placement) -> None:
        # The smallest free number: names of files and figures stay few however often nodes come and go.
        number = next(number for number in range(len(self._places) + 1) if number not in self._places)
        self._places[number] = place
        self._crew.start(_name(number), lambda: self._hire(place, number))

    def _dismiss(self, number: int) -> None:
        del self._places[number]
        self._crew.dismiss(_name(number))


def _key(place: plans.Placement) -> tuple[str, float, float]:
    return place.node.id, place.cpus, place.gpus


def _name(number: int) -> str:
    return f"{plans.SELF_PLAY} {number}"
