"""Runner of one game of a competition, from the start of its processes to their end."""

import contextlib
import datetime
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from alphazero.competition.control_files import settings
from alphazero.competition.play import (
    bounded_file,
    engine_side,
    game_sgf,
    opening_moves,
    referee,
    schedule,
    sides,
    watchdog,
)
from alphazero.competition.results import ledger, record
from alphazero.engine_client import engine_process
from alphazero.go import rules


def no_openings(matchup: settings.Matchup, index: int) -> opening_moves.OpeningMoves:
    """Raises ValueError: the default factory of openings has none."""
    raise ValueError(f"matchups.{matchup.id}.openings={matchup.openings}: openings are not available here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Factories:
    """Functions that create the sides and the openings that settings only name."""

    make_side: sides.MakeSide = engine_side.make
    make_opening: Callable[[settings.Matchup, int], opening_moves.OpeningMoves] = no_openings
    """Matchup and `Fixture.opening` -> stones and first moves; called from many threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureResult:
    """The outcome of a fixture."""

    fixture: schedule.Fixture
    game: record.GameResult | None
    """None for a void game."""
    reason: str = ""
    """Why it is void."""
    sgf: bytes | None
    """None if games are not recorded, and for a void game without moves."""
    logs: tuple[Path, ...]
    descriptions: dict[str, str]


class ActiveSides:
    """The sides of all games in progress, so that another thread can abort them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sides: list[sides.Side] = []
        self._is_aborted = False

    def add(self, side: sides.Side) -> None:
        """Adds a side that is about to start."""
        with self._lock:
            self._sides.append(side)
            if self._is_aborted:
                side.abort()

    def remove(self, side: sides.Side) -> None:
        """Removes a closed side."""
        with self._lock:
            self._sides.remove(side)

    @property
    def is_aborted(self) -> bool:
        """Whether `abort` has been called."""
        return self._is_aborted

    def abort(self) -> None:
        """Aborts all sides, and those that are added later."""
        with self._lock:
            self._is_aborted = True
            for side in self._sides:
                side.abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Objects that all games of a run share."""

    competition: settings.Competition
    book: ledger.Ledger
    registry: watchdog.Watchdog
    factories: Factories
    live: ActiveSides = field(default_factory=ActiveSides)


def play(context: RunContext, fixture: schedule.Fixture, slot: int | None) -> FixtureResult:
    """Plays a game; the caller stores the result. slot: as in `sides.SideContext`."""
    opening = opening_moves.NONE
    if fixture.opening is not None:
        opening = context.factories.make_opening(fixture.matchup, fixture.opening)
    with contextlib.ExitStack() as stack:
        pair, logs = _make_sides(context, fixture, slot, stack)
        ending = referee.play_game(pair[rules.BLACK], pair[rules.WHITE], fixture.matchup.game, opening)
        if context.live.is_aborted:
            # The abort may have caused the ending, so it does not count.
            ending = referee.VoidGame(transcript=ending.transcript, reason="the run was stopped")
    # The stack has closed the sides, so their CPU times are known.
    is_void = isinstance(ending, referee.VoidGame)
    game = None if is_void else _make_result(fixture, ending, pair)
    sgf = None
    if context.competition.record_games and (ending.transcript.moves or not is_void):
        outcome = ending.reason if is_void else game
        assert outcome is not None
        name, now = context.book.contents.name, datetime.datetime.now()
        sgf = game_sgf.write(name, fixture, ending.transcript, outcome, pair, now)
    return FixtureResult(
        fixture=fixture,
        game=game,
        reason=ending.reason if is_void else "",
        sgf=sgf,
        logs=logs,
        descriptions={side.code: side.description for side in pair.values()},
    )


def check_startup(context: RunContext, player: settings.PlayerSettings, game: settings.GameSettings) -> None:
    """Starts the player as for a game; raises ValueError with one line if that fails."""
    side_context = sides.SideContext(
        game_id=sides.STARTUP_CHECK,
        color=rules.BLACK,
        game=game,
        registry=context.registry,
    )
    side = context.factories.make_side(player, side_context)
    context.live.add(side)
    try:
        side.start()
    except sides.SideFailed as failure:
        raise ValueError(f"players.{player.code}: {failure}") from None
    finally:
        side.close()
        context.live.remove(side)


def _make_sides(
    context: RunContext, fixture: schedule.Fixture, slot: int | None, stack: contextlib.ExitStack
) -> tuple[dict[int, sides.Side], tuple[Path, ...]]:
    """Both sides by colour, not started, and the paths of their logs; the stack closes all of them."""
    gtp_log = stack.enter_context(
        bounded_file.BoundedFile(context.book.log_path(f"{fixture.game_id}.gtp"), last_bytes=1 << 18)
    )
    began = time.monotonic()
    pair, logs = {}, [gtp_log.path]
    for color, code in ((rules.BLACK, fixture.black), (rules.WHITE, fixture.white)):
        player, letter = context.competition.players[code], rules.COLOR_NAMES[color][0]

        def log(line: str, letter: str = letter) -> None:
            text = f"{time.monotonic() - began:9.3f} {letter} {line}\n"
            gtp_log.write(text.encode(errors="surrogateescape"))

        stderr, path = _stderr_of(context, fixture, player, stack)
        logs += [path] if path else []
        side_context = sides.SideContext(
            game_id=fixture.game_id,
            color=color,
            game=fixture.matchup.game,
            slot=slot,
            log=log,
            stderr=stderr,
            registry=context.registry,
        )
        pair[color] = side = context.factories.make_side(player, side_context)
        context.live.add(side)
        stack.callback(context.live.remove, side)
        stack.callback(side.close)
    return pair, tuple(logs)


def _stderr_of(
    context: RunContext,
    fixture: schedule.Fixture,
    player: settings.PlayerSettings,
    stack: contextlib.ExitStack,
) -> tuple[engine_process.Stderr, Path | None]:
    """The destination of the player's stderr, and its path if it is a file."""
    if player.discard_stderr:
        return subprocess.DEVNULL, None
    if not context.competition.stderr_to_log:
        return None, None
    path = context.book.log_path(f"{fixture.game_id}.{player.code}.stderr")
    return stack.enter_context(bounded_file.BoundedFile(path)).write, path


def _make_result(
    fixture: schedule.Fixture, outcome: referee.CountedGame, pair: dict[int, sides.Side]
) -> record.GameResult:
    letters = {color: rules.COLOR_NAMES[color][0] for color in pair}
    return record.GameResult(
        game_id=fixture.game_id,
        matchup_id=fixture.matchup.id,
        number=fixture.number,
        black=fixture.black,
        white=fixture.white,
        end=outcome.end,
        winner=outcome.winner,
        result=outcome.result,
        detail=outcome.detail,
        num_moves=len(outcome.transcript.moves),
        moves_sha256=outcome.transcript.moves_sha256,
        seconds={letters[color]: round(side.seconds, 3) for color, side in pair.items()},
        cpu_s={letters[color]: side.cpu_s for color, side in pair.items()},
        scores=dict(outcome.scores),
        opening=fixture.opening,
    )
