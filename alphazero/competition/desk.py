"""A network that plays many games at once: all positions that wait for it are searched together."""

import threading
from concurrent import futures
from typing import NamedTuple

import numpy as np

from alphazero.config import search as search_config
from alphazero.evaluation import players
from alphazero.go import play
from alphazero.search import evaluator as evaluators


class Desk:
    """One thread that searches for all seats; seats are used by as many threads as one likes.

    The positions that wait when the thread becomes free are its next batch. So two networks that meet in many
    games work at the same time, each on the games in which it is to move.
    """

    def __init__(
        self,
        evaluator: evaluators.Evaluator,
        config: search_config.SearchConfig,
        num_seats: int,
        rng: np.random.Generator,
    ) -> None:
        """config: also says how many simulations a move gets. num_seats: games at once."""
        self._evaluator = evaluator
        self._config = config
        self._num_seats = num_seats
        self._rng = rng
        self._rooms: dict[np.dtype, _Room] = {}
        self._free = list(range(num_seats))
        self._waiting: list[_Request] = []
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)
        self._thread.start()

    def take_seat(self) -> "Seat":
        """A place for one game; `Seat.leave` gives it back."""
        with self._changed:
            assert self._free, f"more than {self._num_seats} games at once"
            return Seat(self, self._free.pop())

    def close(self) -> None:
        """Ends the thread; whoever still waits for a move gets a RuntimeError."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()
        for request in self._waiting:
            request.answer.set_exception(RuntimeError("the network has stopped playing"))

    def _ask(self, seat: int, position: play.Game) -> int:
        request = _Request(seat, position.copy(), futures.Future())
        with self._changed:
            if self._is_closed:
                raise RuntimeError("the network has stopped playing")
            self._waiting.append(request)
            self._changed.notify()
        return request.answer.result()

    def _leave(self, seat: int) -> None:
        with self._changed:
            self._free.append(seat)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if self._is_closed:
                    return
                taken, self._waiting = self._waiting, []
            try:
                self._answer(taken)
            except BaseException as error:  # whatever it was, a game waits for it
                for request in taken:
                    if not request.answer.done():
                        request.answer.set_exception(error)

    def _answer(self, taken: list["_Request"]) -> None:
        by_room: dict[np.dtype, list[_Request]] = {}
        for request in taken:
            by_room.setdefault(request.position.record.dtype, []).append(request)
        for dtype, requests in by_room.items():
            if dtype not in self._rooms:
                player = players.Player("", self._evaluator, self._config, self._rng)
                self._rooms[dtype] = _Room(player, np.zeros(self._num_seats, dtype))
            for request, action in zip(requests, self._rooms[dtype].choose(requests), strict=True):
                request.answer.set_result(action)


class Seat:
    """One game's place at a desk."""

    def __init__(self, desk: Desk, number: int) -> None:
        self._desk = desk
        self._number = number

    def choose(self, position: play.Game) -> int:
        """The action for the player to move; waits for it. The game must not be over."""
        assert not position.is_over
        return self._desk._ask(self._number, position)

    def leave(self) -> None:
        """Gives the place back."""
        self._desk._leave(self._number)


class _Request(NamedTuple):
    seat: int
    position: play.Game
    answer: futures.Future[int]


class _Room:
    """Games with records of one layout; a long game changes rooms when its record grows."""

    def __init__(self, player: players.Player, games: np.ndarray) -> None:
        self._player = player
        self._games = games
        self._known: dict[int, play.Game] = {}
        player.join(games)

    def choose(self, requests: list[_Request]) -> list[int]:
        """An action for each, of a search of all together."""
        for request in requests:
            self._follow(request.seat, request.position)
        return self._player.choose(np.array([request.seat for request in requests])).tolist()

    def _follow(self, seat: int, position: play.Game) -> None:
        """Brings the seat's game and tree to the position."""
        known = self._known.get(seat)
        actions = None if known is None else position.moves_since(known)
        self._games[seat] = position.record[0]
        if actions is None:
            self._player.reset(seat)
        else:
            for action in actions:
                self._player.advance(np.array([seat]), np.array([action]))
        self._known[seat] = position
