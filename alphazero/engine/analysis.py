"""GTP commands that report while the engine thinks: lz-, kata- and cgos-analyze, and genmove with reports."""

import functools
import math
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from alphazero.engine import move_commands, playouts, protocol, reports, requests, state, thinking
from alphazero.go import rules
from alphazero.search import inspection

_DEFAULT_INTERVAL_S = 1.0
_POLL_S = 0.02
_TURN = 32
"""Simulations between two moves of the playouts, while both are under way."""

Style = Callable[
    [inspection.Report, Sequence[inspection.RootMove], requests.Request, int, np.ndarray | None], str
]
"""One line, from the root, its moves in order, the request, the board's size and whose the points are."""


class Watch:
    """Writes a report when one is due."""

    def __init__(
        self, stream: protocol.Stream, interval_s: float, now: Callable[[], float], line: Callable[[], str]
    ) -> None:
        """line: makes the report; an empty one is not written. now: a clock in seconds."""
        self._stream = stream
        self._interval_s = interval_s
        self._now = now
        self._line = line
        self._last_s = now()

    def look(self) -> None:
        """To be called often."""
        if self._now() - self._last_s >= self._interval_s:
            self.report()

    def report(self) -> None:
        """Writes a report whether one is due or not."""
        self._last_s = self._now()
        if line := self._line():
            self._stream.write(line)

    def should_stop(self) -> bool:
        """Looks, and then says whether the controller has written something."""
        self.look()
        return self._stream.has_input()


def commands(session: state.State) -> dict[str, protocol.StreamCommand]:
    """`NAME-analyze` and `NAME-genmove_analyze` of each style."""
    styles: dict[str, Style] = {"lz": _leela, "kata": _kata, "cgos": _cgos}
    found: dict[str, protocol.StreamCommand] = {}
    for name, style in styles.items():
        found[f"{name}-analyze"] = functools.partial(_analyse, session, style)
        found[f"{name}-genmove_analyze"] = functools.partial(_generate, session, style)
    return found


def _analyse(session: state.State, style: Style, arguments: Sequence[str], stream: protocol.Stream) -> None:
    """Reports until the controller writes anything, be it an empty line.

    The tree has an end: what is known then is reported once, and the rest is waiting.
    """
    request = requests.parse(arguments, session)
    position = session.position(request.color)
    thinker = session.thinker
    wants_games = request.wants_ownership and style is _kata
    games = thinker.playouts(position) if wants_games else None
    line = functools.partial(_line, session, style, request, games)
    watch = Watch(stream, request.interval_s or _DEFAULT_INTERVAL_S, session.clock.now, line)
    limits = thinking.Limits(watch.should_stop, request.allowed, session.num_simulations)
    stream.open()
    while games and not games.is_done and not stream.has_input():
        thinker.analyse(position, limits._replace(num_simulations=_TURN))
        games.step()
    if style is _leela and not stream.has_input():
        thinker.analyse(position, limits._replace(num_simulations=1))
        _print_raw_value(session, request.color)
    if not stream.has_input():
        thinker.analyse(position, limits)
    if not stream.has_input():
        watch.report()
    while not stream.has_input():
        time.sleep(_POLL_S)


def _generate(session: state.State, style: Style, arguments: Sequence[str], stream: protocol.Stream) -> None:
    """Plays a move, whatever the controller writes meanwhile; the last report is about the whole search."""
    request = requests.parse(arguments, session)._replace(wants_ownership=False)
    line = functools.partial(_line, session, style, request, None)
    watch = Watch(stream, request.interval_s or math.inf, session.clock.now, line)
    stream.open()
    move = move_commands.generate(session, request.color, request.allowed, watch.look)
    if session.remark is not None:
        watch.report()
    stream.write(f"play {move}")


def _line(
    session: state.State, style: Style, request: requests.Request, games: playouts.Playouts | None
) -> str:
    report = session.thinker.report()
    allowed = request.allowed
    moves = [move for move in report.moves if allowed is None or allowed[move.action]]
    num_visited = sum(move.visits > 0 for move in moves)
    moves = moves[: max(num_visited, request.min_moves)][: request.max_moves]
    if not num_visited or not moves:
        return ""  # without visits there is no win rate; LizGoban would divide by them
    ownership = None
    if games is not None and games.is_done:
        sign = 1 if request.color == rules.BLACK else -1
        ownership = sign * games.owners().mean(axis=0) + 0.0  # turns -0.0 to 0.0
    return style(report, moves, request, session.game.size, ownership)


def _leela(
    report: inspection.Report,
    moves: Sequence[inspection.RootMove],
    request: requests.Request,
    size: int,
    ownership: np.ndarray | None,
) -> str:
    return reports.leela(moves, size)


def _kata(
    report: inspection.Report,
    moves: Sequence[inspection.RootMove],
    request: requests.Request,
    size: int,
    ownership: np.ndarray | None,
) -> str:
    return reports.kata(
        moves,
        size,
        has_pv_visits=request.wants_pv_visits,
        root=report if request.wants_root else None,
        ownership=ownership,
    )


def _cgos(
    report: inspection.Report,
    moves: Sequence[inspection.RootMove],
    request: requests.Request,
    size: int,
    ownership: np.ndarray | None,
) -> str:
    return reports.cgos(moves, size, report)


def _print_raw_value(session: state.State, color: int) -> None:
    """Prints Black's win rate as the network sees it: on stderr, where Leela Zero does and LizGoban looks."""
    if not sys.stderr.isatty():
        value = session.thinker.report(with_bounds=False).raw_value
        black_value = value if color == rules.BLACK else -value
        protocol.tell(f"NN eval={reports.win_rate(black_value):.6f}")
