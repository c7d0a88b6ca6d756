"""Supervision of actors with a loop: starts them, detects their end, and restarts those that died."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import ray
from ray import exceptions

from actors import handles, ray_errors

_logger = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_SHORT_LIFE_S = 20.0
_MOST_SHORT_LIVES = 8
"""Largest number in a row; more are not the machine's fault and end the run."""

_POLL_S = 0.5
StartActor = Callable[[], handles.LoopHandle]
"""Starts an actor and returns its handle."""


class _Running(NamedTuple):
    """An actor that lives."""

    handle: handles.LoopHandle
    result: "ray.ObjectRef[None]"  # of its `run`


@dataclass(slots=True)
class _SupervisedActor:
    start: StartActor
    running: _Running | None = None
    """None while it is dead."""
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

    def start(self, name: str, start: StartActor) -> None:
        """Starts an actor, and starts it again whenever it dies."""
        actor = self._actors[name] = _SupervisedActor(start)
        self._begin(actor)

    def remove(self, name: str, at_once: bool = False) -> None:
        """Stops an actor for good, dead or alive, and ignores how it ends.

        at_once: kills it, for an actor that may block for ever and not notice `stop`.
        """
        actor = self._actors.pop(name, None)
        if actor is None or actor.running is None:
            return
        if at_once:
            _kill(actor.running)
        else:
            actor.running.handle.stop.remote()

    def replace(self, name: str, start: StartActor) -> None:
        """Kills an actor, so that it is restarted like any dead one, from now on by `start`."""
        actor = self._actors[name]
        actor.start = start
        if actor.running is not None:
            _kill(actor.running)

    def handle(self, name: str) -> handles.LoopHandle | None:
        """The living actor, None while there is none."""
        actor = self._actors.get(name)
        return None if actor is None or actor.running is None else actor.running.handle

    @property
    def names(self) -> list[str]:
        """Names of all actors that were started and not removed."""
        return list(self._actors)

    def check(self, timeout_s: float) -> None:
        """Waits for an actor's end, at most `timeout_s`, and restarts dead actors whose pause is over.

        RuntimeError if an actor raised an error, returned, or died too often.
        """
        names = self._names_by_result()
        if names:
            ended, _ = ray.wait(list(names), num_returns=1, timeout=timeout_s)
            for result in ended:
                self._handle_end(names[result], result)
        else:
            time.sleep(timeout_s)
        for actor in self._actors.values():
            if actor.running is None and self._clock() >= actor.due:
                self._begin(actor)

    def finish(
        self, name: str, ask: Callable[[handles.LoopHandle], object], should_stop: Callable[[], bool]
    ) -> bool:
        """Asks a living actor to end, and waits until it has ended or `should_stop` returns True.

        Returns whether it has ended. RuntimeError if it raised an error. Only `ask` and `stop` may follow.
        """
        actor = self._actors.get(name)
        if actor is None or actor.running is None:
            return False
        ask(actor.running.handle)
        while not ray.wait([actor.running.result], num_returns=1, timeout=_POLL_S)[0]:
            if should_stop():
                return False
        try:
            ray.get(actor.running.result)
        except exceptions.RayError as error:
            if not ray_errors.is_death(error):
                raise RuntimeError(f"{name} failed: {ray_errors.last_line(error)}") from error
            return False
        return True

    def ask_to_stop(self, prefix: str) -> None:
        """Calls `stop` of the living actors whose names begin with `prefix`; does not wait for their end."""
        for name, actor in self._actors.items():
            if name.startswith(prefix) and actor.running is not None:
                actor.running.handle.stop.remote()

    def stop(self, patience_s: float) -> list[str]:
        """Stops all actors; returns the names of those that had not ended within `patience_s`."""
        for actor in self._actors.values():
            if actor.running is not None:
                actor.running.handle.stop.remote()
        names = self._names_by_result()
        if not names:
            return []
        _, late = ray.wait(list(names), num_returns=len(names), timeout=patience_s)
        return [names[result] for result in late]

    def _names_by_result(self) -> "dict[ray.ObjectRef[None], str]":
        """Names of the living actors, by the result of their `run`."""
        return {
            actor.running.result: name for name, actor in self._actors.items() if actor.running is not None
        }

    def _begin(self, actor: _SupervisedActor) -> None:
        actor.started = self._clock()
        try:
            handle = actor.start()
        except ValueError:
            # The cluster has not removed the dead actor yet, which still has the name.
            actor.due = self._clock() + _FIRST_PAUSE_S
            return
        actor.running = _Running(handle, handle.run.remote())

    def _handle_end(self, name: str, result: "ray.ObjectRef[None]") -> None:
        try:
            ray.get(result)
        except exceptions.RayError as error:
            if not ray_errors.is_death(error):
                raise RuntimeError(f"{name} failed: {ray_errors.last_line(error)}") from error
            self._schedule_restart(name, error)
        else:
            raise RuntimeError(f"{name} ended without a call of stop")

    def _schedule_restart(self, name: str, error: Exception) -> None:
        self.deaths += 1
        actor, reason = self._actors[name], ray_errors.last_line(error)
        is_short = self._clock() - actor.started < _SHORT_LIFE_S
        actor.short_lives = actor.short_lives + 1 if is_short else 0
        if actor.short_lives > _MOST_SHORT_LIVES:
            raise RuntimeError(f"{name} died {actor.short_lives} times in a row: {reason}")
        pause = min(_FIRST_PAUSE_S * 2 ** max(0, actor.short_lives - 1), _LONGEST_PAUSE_S)
        actor.running = None
        actor.due = self._clock() + pause
        _logger.warning("%s died and is started again in %.0f s: %s", name, pause, reason)


def _kill(actor: _Running) -> None:
    ray.kill(actor.handle)  # pyright: ignore[reportArgumentType]  it is Ray's handle
