"""Actors with a loop: starts them, notices how they ended, and starts them again when they died."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ray
from ray import exceptions

_logger = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_SHORT_LIFE_S = 20.0
_MOST_SHORT_LIVES = 8
"""In a row: then it is not the machine that fails."""

Make = Callable[[], Any]
"""Makes an actor and returns its handle."""


@dataclass(slots=True)
class _Role:
    make: Make
    handle: Any = None
    running: Any = None
    """Reference to the end of its `run`, None while it is dead."""
    born: float = 0.0
    short_lives: int = 0
    due: float = 0.0
    """When a dead one is started again."""


class Crew:
    """Actors by name, each with a method `run` that lasts until its `stop` is called.

    A process that died, with its node or alone, is replaced after a pause that grows while lives are short.
    An error of our own code ends the run: it would come again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._roles: dict[str, _Role] = {}
        self.deaths = 0
        """Of all roles in this session."""

    def start(self, name: str, make: Make) -> None:
        """Makes an actor, and from now on another one whenever it dies."""
        role = self._roles[name] = _Role(make)
        self._begin(role)

    def dismiss(self, name: str, at_once: bool = False) -> None:
        """Stops an actor for good, dead or alive; its end is nobody's concern any more.

        at_once: kills it, where it might wait in vain for others and never hear of its end.
        """
        role = self._roles.pop(name, None)
        if role is None or role.running is None:
            return
        if at_once:
            ray.kill(role.handle)
        else:
            role.handle.stop.remote()

    def replace(self, name: str, make: Make) -> None:
        """Kills an actor, which dies as it might at any time, and has it made by `make` from now on."""
        role = self._roles[name]
        role.make = make
        if role.running is not None:
            ray.kill(role.handle)

    def handle(self, name: str) -> Any:
        """The living actor, None while there is none."""
        role = self._roles.get(name)
        return None if role is None or role.running is None else role.handle

    @property
    def names(self) -> list[str]:
        """Everyone who was started and not dismissed."""
        return list(self._roles)

    def check(self, timeout_s: float) -> None:
        """Waits for somebody's end, at most so long, and starts the dead again whose pause is over.

        RuntimeError where an actor failed by an error, returned, or died too often.
        """
        running = {role.running: name for name, role in self._roles.items() if role.running is not None}
        if running:
            ended, _ = ray.wait(list(running), num_returns=1, timeout=timeout_s)
            for reference in ended:
                self._bury(running[reference])
        else:
            time.sleep(timeout_s)
        for role in self._roles.values():
            if role.running is None and self._clock() >= role.due:
                self._begin(role)

    def stop(self, patience_s: float) -> list[str]:
        """Tells everyone to stop; returns who had not ended in time."""
        running = {role.running: name for name, role in self._roles.items() if role.running is not None}
        for name in running.values():
            self._roles[name].handle.stop.remote()
        if not running:
            return []
        _, late = ray.wait(list(running), num_returns=len(running), timeout=patience_s)
        return [running[reference] for reference in late]

    def _begin(self, role: _Role) -> None:
        role.born = self._clock()
        try:
            role.handle = role.make()
        except ValueError:
            # Its name is still that of the dead one, whom the cluster has not yet buried.
            role.due = self._clock() + _FIRST_PAUSE_S
            return
        role.running = role.handle.run.remote()

    def _bury(self, name: str) -> None:
        role = self._roles[name]
        try:
            ray.get(role.running)
        except exceptions.RayError as error:
            if not is_death(error):
                raise RuntimeError(f"{name} failed: {last_line(error)}") from error
            self._plan_return(name, role, error)
        else:
            raise RuntimeError(f"{name} ended before it was told to")

    def _plan_return(self, name: str, role: _Role, error: Exception) -> None:
        self.deaths += 1
        is_short = self._clock() - role.born < _SHORT_LIFE_S
        role.short_lives = role.short_lives + 1 if is_short else 0
        if role.short_lives > _MOST_SHORT_LIVES:
            raise RuntimeError(f"{name} died {role.short_lives} times in a row: {last_line(error)}")
        pause = min(_FIRST_PAUSE_S * 2 ** max(0, role.short_lives - 1), _LONGEST_PAUSE_S)
        role.handle = role.running = None
        role.due = self._clock() + pause
        _logger.warning("%s died and is started again in %.0f s: %s", name, pause, last_line(error))


def is_death(error: exceptions.RayError) -> bool:
    """Whether a process, a node or what they held was lost, and not our code that raised."""
    if isinstance(error, exceptions.RayTaskError):
        return isinstance(error.cause, exceptions.RayError) and is_death(error.cause)
    return not getattr(error, "actor_init_failed", False)


def last_line(error: Exception) -> str:
    """What a remote error says, without the trace that Ray puts before it."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
