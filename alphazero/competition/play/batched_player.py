"""A network that plays many games at once and searches their waiting positions in batches."""

import threading
from concurrent import futures
from typing import NamedTuple

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.evaluation import players
from alphazero.go import play

_CLOSED = "the network was closed"


class BatchedPlayer:
    """A thread that searches for all game slots; any number of threads may use the slots.

    The positions that wait when the thread becomes free form its next batch. Two networks that play many
    games against each other therefore work at the same time, each on the games in which it is to move.
    """

    def __init__(
        self,
        evaluator: evaluators.Evaluator,
        config: search_config.SearchConfig,
        num_games: int,
        rng: np.random.Generator,
    ) -> None:
        """config: includes the number of simulations per move. num_games: games at once."""
        self._evaluator = evaluator
        self._config = config
        self._num_games = num_games
        self._rng = rng
        self._by_layout: dict[np.dtype, _GamesOfOneLayout] = {}
        self._free_slots = list(range(num_games))
        self._waiting: list[_Request] = []
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._search_loop, name="batched player", daemon=True)
        self._thread.start()

    def acquire_slot(self) -> "GameSlot":
        """Returns a slot for one game; `GameSlot.release` frees it."""
        with self._changed:
            assert self._free_slots, f"more than {self._num_games} games at once"
            return GameSlot(self, self._free_slots.pop())

    def close(self) -> None:
        """Ends the thread; calls that still wait for a move raise RuntimeError."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()
        for request in self._waiting:
            request.answer.set_exception(RuntimeError(_CLOSED))

    def _choose(self, slot: int, position: play.Game) -> int:
        request = _Request(slot, position.copy(), futures.Future())
        with self._changed:
            if self._is_closed:
                raise RuntimeError(_CLOSED)
            self._waiting.append(request)
            self._changed.notify()
        return request.answer.result()

    def _release(self, slot: int) -> None:
        with self._changed:
            self._free_slots.append(slot)

    def _search_loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if self._is_closed:
                    return
                taken, self._waiting = self._waiting, []
            try:
                self._search_all(taken)
            except BaseException as error:  # any error must reach the games that wait
                for request in taken:
                    if not request.answer.done():
                        request.answer.set_exception(error)

    def _search_all(self, taken: list["_Request"]) -> None:
        by_layout: dict[np.dtype, list[_Request]] = {}
        for request in taken:
            by_layout.setdefault(request.position.record.dtype, []).append(request)
        for dtype, requests in by_layout.items():
            if dtype not in self._by_layout:
                player = players.SearchPlayer("", self._evaluator, self._config, self._rng)
                self._by_layout[dtype] = _GamesOfOneLayout(player, np.zeros(self._num_games, dtype))
            for request, action in zip(requests, self._by_layout[dtype].choose(requests), strict=True):
                request.answer.set_result(action)


class GameSlot:
    """One game's place in a `BatchedPlayer`."""

    def __init__(self, player: BatchedPlayer, number: int) -> None:
        self._player = player
        self._number = number

    def choose(self, position: play.Game) -> int:
        """Waits for and returns the action of the player to move. The game must not be over."""
        assert not position.is_over
        return self._player._choose(self._number, position)

    def release(self) -> None:
        """Frees the slot."""
        self._player._release(self._number)


class _Request(NamedTuple):
    slot: int
    position: play.Game
    answer: futures.Future[int]


class _GamesOfOneLayout:
    """Games whose records have one layout; a game moves to another layout when its record grows."""

    def __init__(self, player: players.SearchPlayer, games: np.ndarray) -> None:
        self._player = player
        self._games = games
        self._known: dict[int, play.Game] = {}
        player.join(games)

    def choose(self, requests: list[_Request]) -> list[int]:
        """Searches all requests together and returns an action for each."""
        for request in requests:
            self._follow(request.slot, request.position)
        return self._player.choose(np.array([request.slot for request in requests])).tolist()

    def _follow(self, slot: int, position: play.Game) -> None:
        """Advances the slot's game and tree to the position."""
        known = self._known.get(slot)
        actions = None if known is None else position.moves_since(known)
        self._games[slot] = position.record[0]
        if actions is None:
            self._player.reset(slot)
        else:
            for action in actions:
                self._player.advance(np.array([slot]), np.array([action]))
        self._known[slot] = position
