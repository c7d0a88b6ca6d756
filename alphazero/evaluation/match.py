"""Matches between two players, in pairs of games with the same opening and colours swapped."""

from collections.abc import Callable, Sequence

import numpy as np

from alphazero.config import game as game_config
from alphazero.evaluation import openings, players
from alphazero.evaluation import result as results
from alphazero.go import board, game_kernels, geometry, rules, scoring

_MOST_PARALLEL = 128  # games advanced together; more use memory and gain little

Decided = Callable[[Sequence[float]], int | None]
"""Takes the points of pairs in the order of their start; returns how many pairs decide the match, or None."""
_PARALLEL_UNTIL_SURE = 48
"""Games advanced together in a match that any pair may end. The games that are then unfinished are wasted."""


def play_match(
    a: players.SearchPlayer,
    b: players.SearchPlayer,
    config: game_config.GameConfig,
    first_moves: Sequence[openings.Opening],
    *,
    on_game: Callable[[results.PlayedGame], None] = lambda played: None,
    should_stop: Callable[[], bool] = lambda: False,
    decided: Decided | None = None,
) -> results.MatchResult | None:
    """Plays every opening twice, with a as Black first, and scores the games by area.

    Games are advanced together. Each ends by two passes or at the move limit; players do not resign.
    on_game: receives each game when it ends. Returns None as soon as should_stop returns true.

    decided: may end the match early. It receives only complete pairs without a gap before them. A short game
    must not count before a long one that started earlier, as that would favour the side that wins faster.
    Games after the deciding pairs are left out.
    """
    most_parallel = _MOST_PARALLEL if decided is None else _PARALLEL_UNTIL_SURE
    table = _ParallelGames(a, b, config, first_moves, most_parallel)
    num_pairs: int | None = None
    while table.is_busy and num_pairs is None:
        if should_stop():
            return None
        for played in table.play_move():
            on_game(played)
        num_pairs = None if decided is None else table.check_if_decided(decided)
    games = table.finished() if num_pairs is None else table.finished()[: 2 * num_pairs]
    return results.MatchResult(names=(a.name, b.name), config=config, games=games)


class _ParallelGames:
    """The running games, in G slots. Slot p holds game number numbers[p], 0 if it is empty."""

    def __init__(
        self,
        a: players.SearchPlayer,
        b: players.SearchPlayer,
        config: game_config.GameConfig,
        first_moves: Sequence[openings.Opening],
        most_parallel: int,
    ) -> None:
        self._players = (a, b)
        self._config = config
        self._first_moves = first_moves
        self._num_games = 2 * len(first_moves)
        self._num_started = 0
        self._finished: dict[int, results.PlayedGame] = {}
        self._pair_scores: list[float] = []  # of pairs without a gap before them
        num_places = min(self._num_games, most_parallel)
        self._geometry = geometry.make(config.size)
        self._scratch = board.make_scratch(self._geometry.num_points)
        self._games = game_kernels.new_games(num_places, config)
        self._moves: list[list[int]] = [[] for _ in range(num_places)]
        self._numbers = np.zeros(num_places, np.int64)
        for player in self._players:
            player.join(self._games)
        for place in range(num_places):
            self._start_next(place)

    @property
    def is_busy(self) -> bool:
        """Whether games are running."""
        return bool(self._numbers.any())

    def finished(self) -> tuple[results.PlayedGame, ...]:
        """Returns all finished games in the order in which they started."""
        return tuple(self._finished[number] for number in sorted(self._finished))

    def check_if_decided(self, decided: Decided) -> int | None:
        """Returns after how many pairs the match is decided, or None. Calls `decided` only for new pairs."""
        count = len(self._pair_scores)
        while (first := self._finished.get(2 * len(self._pair_scores) + 1)) and (
            second := self._finished.get(first.number + 1)
        ):
            self._pair_scores.append(first.points + second.points)
        return decided(self._pair_scores) if len(self._pair_scores) > count else None

    def play_move(self) -> list[results.PlayedGame]:
        """Plays one move in every running game; returns the games that it ended."""
        places = np.flatnonzero(self._numbers)
        actions = np.zeros(len(self._numbers), np.int64)
        a_is_black = self._numbers % 2 == 1
        a_moves = (self._games["to_play"] == rules.BLACK) == a_is_black
        for player, is_theirs in zip(self._players, (a_moves, ~a_moves), strict=True):
            theirs = places[is_theirs[places]]
            if len(theirs):
                actions[theirs] = player.choose(theirs)
        for place in places:
            self._play(int(place), int(actions[place]))
        for player in self._players:
            player.advance(places, actions[places])
        ended = places[self._games["over"][places]]
        return [self._finish(int(place)) for place in ended]

    def _play(self, place: int, action: int) -> None:
        status = game_kernels.play(self._geometry, self._games, self._scratch, place, action)
        assert status == rules.OK, f"a player chose an illegal move ({status})"
        self._moves[place].append(action)

    def _finish(self, place: int) -> results.PlayedGame:
        """Scores the game and starts the next one in its slot."""
        final, number = self._games[place], int(self._numbers[place])
        margin = scoring.area_score(self._geometry, final["stones"], self._scratch)
        played = results.PlayedGame(
            number=number,
            a_is_black=number % 2 == 1,
            moves=tuple(self._moves[place]),
            score=float(margin - self._config.komi),
            hit_limit=bool(final["passes"] < 2),
        )
        self._finished[number] = played
        self._start_next(place)
        return played

    def _start_next(self, place: int) -> None:
        if self._num_started == self._num_games:
            self._numbers[place] = 0
            return
        self._num_started += 1
        self._numbers[place] = self._num_started
        self._games[place] = game_kernels.new_games(1, self._config)[0]
        self._moves[place] = []
        for player in self._players:
            player.reset(place)
        for action in self._first_moves[(self._num_started - 1) // 2]:
            self._play(place, action)
