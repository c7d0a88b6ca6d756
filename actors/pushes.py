"""Bounded queue of pushes: the only way by which finished games leave a self-play actor."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import ray
from ray import exceptions

from actors import handles, messages
from alphazero.data import record as records

_logger = logging.getLogger(__name__)
_RETRY_S = 1.0
_LAST_RETRY_S = 0.1
_WAIT_S = 1.0


class Pushes:
    """Sends finished games in at most `limit` pushes at a time; repeats a push that failed.

    A push fails if it gets no answer or its games could not be written. Sending twice is safe because the
    replay buffer counts a game once.
    """

    def __init__(
        self,
        replay_buffer: handles.ReplayBufferHandle,
        actor: str,
        limit: int,
        stopping: threading.Event,
        wait: Callable[..., Any] = ray.wait,
        get: Callable[[Any], messages.PushReply] = ray.get,
    ) -> None:
        """actor: name of the sender. stopping: ends waits. wait, get: Ray's, replaced in tests."""
        self._replay_buffer = replay_buffer
        self._actor = actor
        self._limit = limit
        self._stopping = stopping
        self._wait = wait
        self._get = get
        self._under_way: dict[ray.ObjectRef[messages.PushReply], Sequence[records.GameRecord]] = {}

    def send(self, games: Sequence[records.GameRecord]) -> messages.PushReply | None:
        """Pushes games as soon as fewer than `limit` pushes are open; returns the newest reply, if any."""
        reply = self._take_reply(timeout_s=0)
        while len(self._under_way) >= self._limit and not self._stopping.is_set():
            reply = self._take_reply(timeout_s=_WAIT_S) or reply
        if games:
            self._push(games)
        return reply

    def drain(self, timeout_s: float) -> None:
        """Waits for the replies of all pushes, at most `timeout_s`; logs the number of games without one."""
        deadline = time.monotonic() + timeout_s
        while self._under_way and time.monotonic() < deadline:
            self._take_reply(timeout_s=0.1)
        if self._under_way:
            lost = sum(len(games) for games in self._under_way.values())
            _logger.warning("%s: %d finished games got no answer from the replay buffer", self._actor, lost)

    def _take_reply(self, timeout_s: float) -> messages.PushReply | None:
        """Waits for one reply, at most `timeout_s`; repeats its push if that failed."""
        if not self._under_way:
            return None
        answered, _ = self._wait(list(self._under_way), num_returns=1, timeout=timeout_s)
        reply: messages.PushReply | None = None
        for reference in answered:
            games = self._under_way.pop(reference)
            try:
                reply = self._get(reference)
            except exceptions.RayActorError as error:
                _logger.info("%s: the replay buffer died, games are sent again: %s", self._actor, error)
                self._push_later(games)
            else:
                if reply.trouble:
                    self._push_later(games)
        return reply

    def _push_later(self, games: Sequence[records.GameRecord]) -> None:
        if self._stopping.wait(_RETRY_S):
            time.sleep(_LAST_RETRY_S)
        self._push(games)

    def _push(self, games: Sequence[records.GameRecord]) -> None:
        reference = self._replay_buffer.add_games.remote(games, self._actor)
        self._under_way[reference] = games
