"""Supervision of actors with a loop: starts them, detects their end, and restarts those that died."""

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
"""Largest number in a row; more are not the machine's fault and end the run."""

MakeHandle = Callable[[], Any]
"""Makes an actor and returns its handle."""


@dataclass(slots=True)
class _SupervisedActor:
    make: MakeHandle
    handle: Any = None
    running: Any = None
    """Reference to the result of its `run`, None while it is dead."""
    started: float = 0.0
    short_lives: int = 0
    due: float = 0.0
    """Time at which a dead one is restarted."""


class SupervisedActors:
    """Actors by name, each with a method `run` that lasts until its `stop` is called.

    An actor whose process or node died is restarted after a pause, which grows while lives are short.
    An error of our own code ends the run, because it would happen again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._actors: dict[str, _SupervisedActor] = {}
        self.deaths = 0
        """Deaths of all actors in this session."""

    def start(self, name: str, make: MakeHandle) -> None:
        """Makes an actor, and makes another one whenever it dies."""
        actor = self._actors[name] = _SupervisedActor(make)
        self._begin(actor)

    def remove(self, name: str, at_once: bool = False) -> None:
        """Stops an actor for good, dead or alive, and ignores how it ends.

        at_once: kills it, for an actor that may block for ever and not notice `stop`.
        """
        actor = self._actors.pop(name, None)
        if actor is None or actor.running is None:
            return
        if at_once:
            ray.kill(actor.handle)
        else:
            actor.handle.stop.remote()

    def replace(self, name: str, make: MakeHandle) -> None:
        """Kills an actor, so that it is restarted like any dead one, from now on by `make`."""
        actor = self._actors[name]
        actor.make = make
        if actor.running is not None:
            ray.kill(actor.handle)

    def handle(self, name: str) -> Any:
        """The living actor, None while there is none."""
        actor = self._actors.get(name)
        return None if actor is None or actor.running is None else actor.handle

    @property
    def names(self) -> list[str]:
        """Names of all actors that were started and not removed."""
        return list(self._actors)

    def check(self, timeout_s: float) -> None:
        """Waits for an actor's end, at most `timeout_s`, and restarts dead actors whose pause is over.

        RuntimeError if an actor raised an error, returned, or died too often.
        """
        running = {actor.running: name for name, actor in self._actors.items() if actor.running is not None}
        if running:
            ended, _ = ray.wait(list(running), num_returns=1, timeout=timeout_s)
            for reference in ended:
                self._handle_end(running[reference])
        else:
            time.sleep(timeout_s)
        for actor in self._actors.values():
            if actor.running is None and self._clock() >= actor.due:
                self._begin(actor)

    def stop(self, patience_s: float) -> list[str]:
        """Stops all actors; returns the names of those that had not ended within `patience_s`."""
        running = {actor.running: name for name, actor in self._actors.items() if actor.running is not None}
        for name in running.values():
            self._actors[name].handle.stop.remote()
        if not running:
            return []
        _, late = ray.wait(list(running), num_returns=len(running), timeout=patience_s)
        return [running[reference] for reference in late]

    def _begin(self, actor: _SupervisedActor) -> None:
        actor.started = self._clock()
        try:
            actor.handle = actor.make()
        except ValueError:
            # The cluster has not removed the dead actor yet, which still has the name.
            actor.due = self._clock() + _FIRST_PAUSE_S
            return
        actor.running = actor.handle.run.remote()

    def _handle_end(self, name: str) -> None:
        actor = self._actors[name]
        try:
            ray.get(actor.running)
        except exceptions.RayError as error:
            if not is_death(error):
                raise RuntimeError(f"{name} failed: {last_line(error)}") from error
            self._schedule_restart(name, actor, error)
        else:
            raise RuntimeError(f"{name} ended without a call of stop")

    def _schedule_restart(self, name: str, actor: _SupervisedActor, error: Exception) -> None:
        self.deaths += 1
        is_short = self._clock() - actor.started < _SHORT_LIFE_S
        actor.short_lives = actor.short_lives + 1 if is_short else 0
        if actor.short_lives > _MOST_SHORT_LIVES:
            raise RuntimeError(f"{name} died {actor.short_lives} times in a row: {last_line(error)}")
        pause = min(_FIRST_PAUSE_S * 2 ** max(0, actor.short_lives - 1), _LONGEST_PAUSE_S)
        actor.handle = actor.running = None
        actor.due = self._clock() + pause
        _logger.warning("%s died and is started again in %.0f s: %s", name, pause, last_line(error))


def is_death(error: exceptions.RayError) -> bool:
    """Whether a process, a node or its objects were lost; False if our code raised the error."""
    if isinstance(error, exceptions.RayTaskError):
        return isinstance(error.cause, exceptions.RayError) and is_death(error.cause)
    return not getattr(error, "actor_init_failed", False)


def last_line(error: Exception) -> str:
    """The message of a remote error, without the trace that Ray puts before it."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
