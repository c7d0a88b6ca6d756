"""GTP commands that report during a search: lz-, kata- and cgos-analyze, and genmove with reports."""

import functools
import math
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from alphazero.engine import engine_search, protocol, rollouts, state
from alphazero.engine.commands import analysis_arguments, move_commands, reports
from alphazero.go import rules
from alphazero.search import inspection

_DEFAULT_INTERVAL_S = 1.0
_POLL_S = 0.02
_TURN = 32
"""Simulations between two moves of the rollouts, while both are under way."""

Style = Callable[
    [inspection.Report, Sequence[inspection.RootMove], analysis_arguments.Request, int, np.ndarray | None],
    str,
]
"""Formats one line from the root, its moves in order, the request, the board size and the ownership."""


class Watch:
    """Timer that writes reports at an interval."""

    def __init__(
        self,
        stream: protocol.AnswerStream,
        interval_s: float,
        now: Callable[[], float],
        line: Callable[[], str],
    ) -> None:
        """line: makes the report; an empty report is not written. now: a clock in seconds."""
        self._stream = stream
        self._interval_s = interval_s
        self._now = now
        self._line = line
        self._last_s = now()

    def report_if_due(self) -> None:
        """Writes a report if one is due. The search calls this after every step."""
        if self._now() - self._last_s >= self._interval_s:
            self.report()

    def report(self) -> None:
        """Writes a report, due or not."""
        self._last_s = self._now()
        if line := self._line():
            self._stream.write(line)

    def should_stop(self) -> bool:
        """Writes a report if one is due; returns whether the controller has sent input."""
        self.report_if_due()
        return self._stream.has_input()


def commands(session: state.State) -> dict[str, protocol.StreamCommand]:
    """Returns `NAME-analyze` and `NAME-genmove_analyze` of each style."""
    styles: dict[str, Style] = {"lz": _leela, "kata": _kata, "cgos": _cgos}
    found: dict[str, protocol.StreamCommand] = {}
    for name, style in styles.items():
        found[f"{name}-analyze"] = functools.partial(_analyse, session, style)
        found[f"{name}-genmove_analyze"] = functools.partial(_generate, session, style)
    return found


def _analyse(
    session: state.State, style: Style, arguments: Sequence[str], stream: protocol.AnswerStream
) -> None:
    """Reports until any input arrives, even an empty line.

    The search also ends when its simulations are done or the tree is full. A last report follows, and the
    command waits for input.
    """
    request = analysis_arguments.parse(arguments, session)
    position = session.position(request.color)
    search = session.search
    wants_games = request.wants_ownership and style is _kata
    games = search.rollouts(position) if wants_games else None
    line = functools.partial(_line, session, style, request, games)
    watch = Watch(stream, request.interval_s or _DEFAULT_INTERVAL_S, session.clock.now, line)
    limits = engine_search.SearchLimits(watch.should_stop, request.allowed, session.num_simulations)
    stream.open()
    while games and not games.is_done and not stream.has_input():
        search.analyse(position, limits._replace(num_simulations=_TURN))
        games.step()
    if style is _leela and not stream.has_input():
        search.analyse(position, limits._replace(num_simulations=1))
        _print_raw_value(session, request.color)
    if not stream.has_input():
        search.analyse(position, limits)
    if not stream.has_input():
        watch.report()
    while not stream.has_input():
        time.sleep(_POLL_S)


def _generate(
    session: state.State, style: Style, arguments: Sequence[str], stream: protocol.AnswerStream
) -> None:
    """Plays a move. Input does not interrupt the search. The last report covers the whole search."""
    request = analysis_arguments.parse(arguments, session)._replace(wants_ownership=False)
    line = functools.partial(_line, session, style, request, None)
    watch = Watch(stream, request.interval_s or math.inf, session.clock.now, line)
    stream.open()
    move = move_commands.generate(session, request.color, request.allowed, watch.report_if_due)
    if session.remark is not None:
        watch.report()
    stream.write(f"play {move}")


def _line(
    session: state.State, style: Style, request: analysis_arguments.Request, games: rollouts.Rollouts | None
) -> str:
    report = session.search.report()
    allowed = request.allowed
    moves = [move for move in report.moves if allowed is None or allowed[move.action]]
    num_visited = sum(move.visits > 0 for move in moves)
    moves = moves[: max(num_visited, request.min_moves)][: request.max_moves]
    if not num_visited or not moves:
        return ""  # a report needs visits: LizGoban divides by them
    ownership = None
    if games is not None and games.is_done:
        sign = 1 if request.color == rules.BLACK else -1
        ownership = sign * games.owners().mean(axis=0) + 0.0  # turns -0.0 to 0.0
    return style(report, moves, request, session.game.size, ownership)


def _leela(
    report: inspection.Report,
    moves: Sequence[inspection.RootMove],
    request: analysis_arguments.Request,
    size: int,
    ownership: np.ndarray | None,
) -> str:
    return reports.leela(moves, size)


def _kata(
    report: inspection.Report,
    moves: Sequence[inspection.RootMove],
    request: analysis_arguments.Request,
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
    request: analysis_arguments.Request,
    size: int,
    ownership: np.ndarray | None,
) -> str:
    return reports.cgos(moves, size, report)


def _print_raw_value(session: state.State, color: int) -> None:
    """Prints Black's win rate by the network alone to stderr, as Leela Zero does. LizGoban reads it."""
    if not sys.stderr.isatty():
        value = session.search.report(with_bounds=False).raw_value
        black_value = value if color == rules.BLACK else -value
        protocol.tell(f"NN eval={reports.win_rate(black_value):.6f}")
