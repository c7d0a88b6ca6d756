"""Plays one game of a competition from the first process started to the last one gone."""

import contextlib
import datetime
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from alphazero.competition import (
    bounded_file,
    engine_side,
    game_sgf,
    guard,
    ledger,
    record,
    referee,
    schedule,
    settings,
    sides,
)
from alphazero.competition import opening as openings
from alphazero.evaluation import engine_process
from alphazero.go import rules


def no_openings(matchup: settings.Matchup, index: int) -> openings.Opening:
    """The first actions of a pair of games, of a matchup that asks for some."""
    raise ValueError(f"matchups.{matchup.id}.openings={matchup.openings}: openings cannot be had here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Where that comes from which settings only name."""

    make_side: sides.MakeSide = engine_side.make
    make_opening: Callable[[settings.Matchup, int], openings.Opening] = no_openings
    """Matchup and `Fixture.opening` -> stones and first moves; called by many threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What has become of a fixture."""

    fixture: schedule.Fixture
    game: record.GameResult | None
    """None for a void game."""
    reason: str = ""
    """Why it is void."""
    sgf: bytes | None
    """None where nobody wants it, and for a void game without moves."""
    logs: tuple[Path, ...]
    descriptions: dict[str, str]


class LiveSides:
    """The sides of all games under way, so that they can be ended at once from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sides: list[sides.Side] = []
        self._is_aborted = False

    def add(self, side: sides.Side) -> None:
        """This side is about to start."""
        with self._lock:
            self._sides.append(side)
            if self._is_aborted:
                side.abort()

    def remove(self, side: sides.Side) -> None:
        """This side is closed."""
        with self._lock:
            self._sides.remove(side)

    @property
    def is_aborted(self) -> bool:
        """Whether `abort` has been called."""
        return self._is_aborted

    def abort(self) -> None:
        """Ends all, and those that are still to come."""
        with self._lock:
            self._is_aborted = True
            for side in self._sides:
                side.abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What all games of a run share."""

    competition: settings.Competition
    book: ledger.Ledger
    keeper: guard.Guard
    supply: Supply
    live: LiveSides = field(default_factory=LiveSides)


def play(room: Room, fixture: schedule.Fixture, slot: int | None) -> Played:
    """Plays, and leaves writing down the result to the caller. slot: as of `sides.Seat`."""
    opening = openings.NONE
    if fixture.opening is not None:
        opening = room.supply.make_opening(fixture.matchup, fixture.opening)
    with contextlib.ExitStack() as stack:
        both, logs = _seat_both(room, fixture, slot, stack)
        ending = referee.play(both[rules.BLACK], both[rules.WHITE], fixture.matchup.game, opening)
        if room.live.is_aborted:
            # Whatever it is that the referee has seen, it may be our doing.
            ending = referee.Void(course=ending.course, reason="the run was stopped")
    # The stack has closed the sides: from here on they know their CPU times.
    is_void = isinstance(ending, referee.Void)
    game = None if is_void else _make_result(fixture, ending, both)
    sgf = None
    if room.competition.record_games and (ending.course.moves or not is_void):
        told = ending.reason if is_void else game
        assert told is not None
        name, now = room.book.contents.name, datetime.datetime.now()
        sgf = game_sgf.write(name, fixture, ending.course, told, both, now)
    return Played(
        fixture=fixture,
        game=game,
        reason=ending.reason if is_void else "",
        sgf=sgf,
        logs=logs,
        descriptions={side.code: side.description for side in both.values()},
    )


def try_out(room: Room, player: settings.Player, game: settings.GameSettings) -> None:
    """Starts the player as if for a game; ValueError in one line if that fails."""
    seat = sides.Seat(
        game_id=sides.STARTUP_CHECK,
        color=rules.BLACK,
        game=game,
        keeper=room.keeper,
    )
    side = room.supply.make_side(player, seat)
    room.live.add(side)
    try:
        side.start()
    except sides.SideFailed as failure:
        raise ValueError(f"players.{player.code}: {failure}") from None
    finally:
        side.close()
        room.live.remove(side)


def _seat_both(
    room: Room, fixture: schedule.Fixture, slot: int | None, stack: contextlib.ExitStack
) -> tuple[dict[int, sides.Side], tuple[Path, ...]]:
    """Both sides by colour, not started; the stack closes them and their logs."""
    gtp_log = stack.enter_context(
        bounded_file.BoundedFile(room.book.log_path(f"{fixture.game_id}.gtp"), last_bytes=1 << 18)
    )
    began = time.monotonic()
    both, logs = {}, [gtp_log.path]
    for color, code in ((rules.BLACK, fixture.black), (rules.WHITE, fixture.white)):
        player, letter = room.competition.players[code], rules.COLOR_NAMES[color][0]

        def log(line: str, letter: str = letter) -> None:
            text = f"{time.monotonic() - began:9.3f} {letter} {line}\n"
            gtp_log.write(text.encode(errors="surrogateescape"))

        stderr, path = _stderr_of(room, fixture, player, stack)
        logs += [path] if path else []
        seat = sides.Seat(
            game_id=fixture.game_id,
            color=color,
            game=fixture.matchup.game,
            slot=slot,
            log=log,
            stderr=stderr,
            keeper=room.keeper,
        )
        both[color] = side = room.supply.make_side(player, seat)
        room.live.add(side)
        stack.callback(room.live.remove, side)
        stack.callback(side.close)
    return both, tuple(logs)


def _stderr_of(
    room: Room, fixture: schedule.Fixture, player: settings.Player, stack: contextlib.ExitStack
) -> tuple[engine_process.Stderr, Path | None]:
    """Where the player's stderr goes, and the file if it goes into one."""
    if player.discard_stderr:
        return subprocess.DEVNULL, None
    if not room.competition.stderr_to_log:
        return None, None
    path = room.book.log_path(f"{fixture.game_id}.{player.code}.stderr")
    return stack.enter_context(bounded_file.BoundedFile(path)).write, path


def _make_result(
    fixture: schedule.Fixture, outcome: referee.Outcome, both: dict[int, sides.Side]
) -> record.GameResult:
    letters = {color: rules.COLOR_NAMES[color][0] for color in both}
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
        num_moves=len(outcome.course.moves),
        moves_sha256=outcome.course.moves_sha256,
        seconds={letters[color]: round(side.seconds, 3) for color, side in both.items()},
        cpu_s={letters[color]: side.cpu_s for color, side in both.items()},
        scores=dict(outcome.scores),
        opening=fixture.opening,
    )
